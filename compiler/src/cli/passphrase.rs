//! The passphrase of a private key: from a file, never from the command line.

use std::path::{Path, PathBuf};

use pgseal_keys::key_file::{self, KeyFileError, Passphrase};
use pgseal_keys::{Signer, Workstation};

use pgseal_catalog::Failure;

/// Where the passphrase comes from.
#[derive(Debug, clap::Args)]
pub(super) struct PassphraseOption {
    /// File that holds the key's passphrase in one line (mode 0600)
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
}

impl PassphraseOption {
    pub(super) fn read(&self) -> Result<Option<Passphrase>, KeyFileError> {
        self.passphrase_file.as_deref().map(Passphrase::read).transpose()
    }
}

/// Reads the private key for use on a workstation.
pub(super) fn signer(key: &Path, passphrase: &PassphraseOption) -> Result<Signer<Workstation>, Failure> {
    Ok(key_file::read_private(key, passphrase.read()?.as_ref())?)
}
