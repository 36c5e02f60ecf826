//! The agent's own key, which signs what the agent says: snapshots and receipts, never plans.

use std::path::Path;

use pgseal_catalog::Failure;
use pgseal_keys::key_file::{self, KeyFileError, Passphrase};
use pgseal_keys::{AgentHost, Signer};

/// Reads the agent's key, where one was named.
pub(super) fn read(key: Option<&Path>, passphrase_file: Option<&Path>) -> Result<Option<Signer<AgentHost>>, Failure> {
    let Some(path) = key else { return Ok(None) };
    let passphrase = passphrase_file.map(Passphrase::read).transpose()?;
    key_file::read_private(path, passphrase.as_ref()).map(Some).map_err(|error| match error {
        // nobody sits at an agent's terminal
        KeyFileError::PassphraseNeeded { .. } => Failure::from(error).with_hint("give it with --passphrase-file"),
        error => error.into(),
    })
}
