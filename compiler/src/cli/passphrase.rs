//! The passphrase of a private key: from a file, or typed on a terminal; never from the command line.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use pgseal_keys::key_file::{self, KeyFileError, Passphrase};
use pgseal_keys::{Signer, Workstation};
use zeroize::Zeroizing;

use pgseal_catalog::{Exit, Failure};

/// Where the passphrase comes from.
#[derive(Debug, clap::Args)]
pub(super) struct PassphraseOption {
    /// File that holds the key's passphrase in one line (mode 0600); without it, an encrypted key's is asked for on the terminal
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
}

impl PassphraseOption {
    fn read(&self) -> Result<Option<Passphrase>, KeyFileError> {
        self.passphrase_file.as_deref().map(Passphrase::read).transpose()
    }
}

/// Reads the private key for use on a workstation.
pub(super) fn signer(key: &Path, passphrase: &PassphraseOption) -> Result<Signer<Workstation>, Failure> {
    let passphrase = match passphrase.read()? {
        None if is_attended() && key_file::is_encrypted(key)? => {
            Some(ask(&format!("Passphrase of {}: ", key.display()))?)
        }
        given => given,
    };
    Ok(key_file::read_private(key, passphrase.as_ref())?)
}

/// Asks for the passphrase of a new key, twice; without a terminal, says what is missing.
pub(super) fn ask_for_new() -> Result<Passphrase, Failure> {
    if !is_attended() {
        let message = "a passphrase is needed, and there is no terminal to ask on";
        return Err(Failure::new(Exit::Usage, message).with_hint("name one of --passphrase-file and --no-passphrase"));
    }
    let typed = read("Passphrase for the new key: ")?;
    if *typed != *read("The same once more: ")? {
        return Err(Failure::new(Exit::Usage, "the two passphrases are not the same"));
    }
    Ok(Passphrase::new(typed)?)
}

fn ask(prompt: &str) -> Result<Passphrase, Failure> {
    Ok(Passphrase::new(read(prompt)?)?)
}

/// Whether somebody sits there. A program that is run by another one must not wait for an answer that never comes.
fn is_attended() -> bool {
    std::io::stdin().is_terminal()
}

fn read(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let typed = rpassword::prompt_password(prompt).map(Zeroizing::new);
    typed.map_err(|error| Failure::from_error(Exit::Environment, &error).about("the terminal"))
}
