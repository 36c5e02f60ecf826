//! The receipt of a run: written aside and renamed, signed with the agent's key, also when the run was refused or failed.

use std::path::PathBuf;

use pgseal_catalog::receipt::{FORMAT, Outcome, Receipt, VERSION};
use pgseal_catalog::{Digest, limits};
use pgseal_keys::files::{self, Access, Guard};
use pgseal_keys::{self as keys, AgentHost, LiveTarget, Signer, write_sealed};

use super::said::now;
use super::signer;
use crate::apply::Report;
use pgseal_catalog::{Exit, Failure};

/// Where the receipt goes, and what signs it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Receipt")]
pub(super) struct ReceiptOptions {
    /// File to write the receipt to; an older one is replaced, and the new one names its digest
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Private key of this agent that signs the receipt; the signature goes to FILE.sig
    #[arg(long, value_name = "FILE", requires = "receipt")]
    key: Option<PathBuf>,
    /// File that holds the key's passphrase in one line (mode 0600)
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
}

/// A receipt that is being filled while the run goes on.
pub(super) struct Draft {
    path: Option<PathBuf>,
    signer: Option<Signer<AgentHost>>,
    started_at: String,
    previous: Option<Digest>,
    /// SHA-256 of the plan.
    pub plan: Option<Digest>,
    /// Key ids whose signatures counted.
    pub signers: Vec<String>,
    /// The database, once connected.
    pub target: Option<LiveTarget>,
    /// What the run found and did.
    pub report: Report,
}

impl ReceiptOptions {
    /// Opens a draft: a key that cannot be read is found out before anything runs.
    pub fn open(&self) -> Result<Draft, Failure> {
        let signer = signer::read(self.key.as_deref(), self.passphrase_file.as_deref())?;
        let previous = match &self.receipt {
            Some(path) if path.exists() => {
                Some(Digest::of(&files::read(path, Guard::Untrusted, limits::MAX_RECEIPT_BYTES)?))
            }
            _ => None,
        };
        Ok(Draft {
            path: self.receipt.clone(),
            signer,
            started_at: now()?,
            previous,
            plan: None,
            signers: Vec::new(),
            target: None,
            report: Report::default(),
        })
    }
}

impl Draft {
    /// Writes the receipt, if one was asked for and there was a plan to speak of.
    pub fn close(self, outcome: Outcome, exit: Exit, message: Option<&str>) -> Result<Option<PathBuf>, Failure> {
        let (Some(path), Some(plan)) = (self.path, self.plan) else { return Ok(None) };
        let (database, system_identifier) =
            self.target.map_or((None, None), |live| (Some(live.database), live.system_identifier));
        let receipt = Receipt {
            format: FORMAT.to_owned(),
            version: VERSION,
            agent: env!("CARGO_PKG_VERSION").to_owned(),
            plan,
            signers: self.signers,
            database,
            system_identifier,
            started_at: self.started_at,
            finished_at: now()?,
            outcome,
            exit_code: exit.number(),
            message: message.map(str::to_owned),
            before: self.report.before,
            after: self.report.after,
            phases: self.report.phases,
            previous: self.previous,
        };
        let bytes = receipt.to_bytes();
        write_sealed::<keys::Receipt, _>(&path, Access::Everybody, &bytes, self.signer.as_ref())?;
        Ok(Some(path))
    }
}
