//! The receipt of a run: written aside and renamed, signed with the agent's key, chained to the one before, also when the run was
//! refused or failed.
//!
//! A receipt goes to a file, in the place of the one before, or to a folder, where it gets a name by its number. What came before is
//! what the agent's memory says; without a memory, what lies at that place.

use std::fs;
use std::path::{Path, PathBuf};

use pgseal_catalog::receipt::{Command, FORMAT, Link, Outcome, PolicyRecord, Receipt, SignerRecord, VERSION};
use pgseal_catalog::{Digest, Exit, Failure, limits};
use pgseal_keys::files::{self, Access, FileError, Guard};
use pgseal_keys::{
    self as keys, AgentHost, CountedSigner, LiveTarget, PreparedDocument, Signer, State, prepare_sealed,
};
use serde_json::json;

use super::said::{Log, now};
use super::signer;
use crate::apply::Report;

/// Where the receipt goes, and what signs it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Receipt")]
pub(super) struct ReceiptOptions {
    /// File to write the receipt to, in the place of an older one; or a folder, where each receipt gets a file of its own. A receipt
    /// names the digest of the one before
    #[arg(long, value_name = "FILE|DIR")]
    receipt: Option<PathBuf>,
    /// Private key of this agent that signs the receipt; the signature goes to FILE.sig
    #[arg(long, value_name = "FILE", requires = "receipt")]
    key: Option<PathBuf>,
    /// File that holds the key's passphrase in one line (mode 0600)
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
}

/// Where a receipt goes.
enum Place {
    File(PathBuf),
    Folder(PathBuf),
}

/// What an earlier receipt is known from.
enum Before {
    /// The agent's memory.
    Memory(State),
    /// What lies where the receipt goes.
    Place,
    /// Nothing: the memory cannot be used, for which the run will be refused.
    Nothing,
}

/// A receipt that is being filled while the run goes on.
pub(super) struct Draft {
    command: Command,
    place: Option<Place>,
    before: Before,
    signer: Option<Signer<AgentHost>>,
    started_at: String,
    /// SHA-256 of the plan.
    pub plan: Option<Digest>,
    /// The label of the target.
    pub target: Option<String>,
    /// The policy in force.
    pub policy: Option<PolicyRecord>,
    /// The keys whose signatures counted.
    pub signers: Vec<CountedSigner>,
    /// The database, once connected.
    pub live: Option<LiveTarget>,
    /// What the run found and did.
    pub report: Report,
    /// What to say instead of the message, which may hold what is in rows.
    pub message: Option<String>,
}

impl ReceiptOptions {
    /// Says which file a receipt got, where that is not what was asked for.
    pub fn say_where(&self, written: Option<&PathBuf>, log: Log) {
        if let Some(path) = written.filter(|path| Some(*path) != self.receipt.as_ref()) {
            let path = path.display().to_string();
            log.say("receipt", &format!("receipt: {path}"), json!({ "file": path }));
        }
    }

    /// Opens a draft: a key that cannot be read, or a place that is taken, is found out before anything runs.
    pub fn open(&self, command: Command, state: Option<&Path>) -> Result<Draft, Failure> {
        let signer = signer::read(self.key.as_deref(), self.passphrase_file.as_deref())?;
        let place = self.receipt.as_ref().map(|path| match path.is_dir() {
            true => Place::Folder(path.clone()),
            false => Place::File(path.clone()),
        });
        let before = match state.map(State::open) {
            Some(Ok(state)) => Before::Memory(state),
            Some(Err(_)) => Before::Nothing,
            None => Before::Place,
        };
        let draft = Draft {
            command,
            place,
            before,
            signer,
            started_at: now()?,
            plan: None,
            target: None,
            policy: None,
            signers: Vec::new(),
            live: None,
            report: Report::default(),
            message: None,
        };
        if let Some(place) = &draft.place {
            let remembered = if let Before::Memory(state) = &draft.before { state.next_receipt() } else { None };
            place.file(draft.link(place, remembered)?)?;
        }
        Ok(draft)
    }
}

impl Place {
    /// The file of the receipt with this place in the chain; in a folder no older one is replaced.
    fn file(&self, link: Link) -> Result<PathBuf, FileError> {
        let folder = match self {
            Self::File(path) => return Ok(path.clone()),
            Self::Folder(folder) => folder,
        };
        let path = folder.join(format!("receipt-{:06}.json", link.number));
        if path.symlink_metadata().is_ok() {
            return Err(FileError::Exists { path });
        }
        Ok(path)
    }

    /// The place in the chain behind what lies there, if that is a receipt.
    fn after_present(&self) -> Result<Option<Link>, Failure> {
        let last = match self {
            Self::File(path) => path.exists().then(|| path.clone()),
            Self::Folder(folder) => last_of(folder)?,
        };
        let Some(path) = last else { return Ok(None) };
        let bytes = files::read(&path, Guard::Untrusted, limits::MAX_RECEIPT_BYTES)?;
        Ok(Receipt::from_bytes(&bytes).ok().map(|receipt| receipt.chain.next(Digest::of(&bytes))))
    }
}

/// The receipt with the highest number in a folder.
fn last_of(folder: &Path) -> Result<Option<PathBuf>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::from_error(Exit::Environment, &error).about(&format!("folder \"{}\"", folder.display()))
    };
    let mut last: Option<(u64, PathBuf)> = None;
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let digits = name.to_str().and_then(|name| name.strip_prefix("receipt-")?.strip_suffix(".json"));
        let Some(number) = digits.and_then(|digits| digits.parse().ok()) else { continue };
        if last.as_ref().is_none_or(|(highest, _)| *highest < number) {
            last = Some((number, entry.path()));
        }
    }
    Ok(last.map(|(_, path)| path))
}

impl Draft {
    /// The receipt's place in the chain.
    fn link(&self, place: &Place, remembered: Option<Link>) -> Result<Link, Failure> {
        let known = match (remembered, &self.before) {
            (Some(link), _) => Some(link),
            (None, Before::Nothing) => None,
            (None, Before::Memory(_) | Before::Place) => place.after_present()?,
        };
        Ok(known.unwrap_or(Link::FIRST))
    }

    /// Writes the receipt, if one was asked for.
    pub fn close(mut self, outcome: Outcome, failure: Option<&Failure>) -> Result<Option<PathBuf>, Failure> {
        let Some(place) = self.place.take() else { return Ok(None) };
        let mut receipt = self.receipt(outcome, failure)?;
        let mut written = None;
        let mut prepare = |draft: &Self, remembered: Option<Link>| {
            let link = draft.link(&place, remembered)?;
            receipt.chain = link;
            let (path, bytes) = (place.file(link)?, receipt.to_bytes());
            let prepared: PreparedDocument =
                prepare_sealed::<keys::Receipt, _>(&path, Access::Everybody, &bytes, draft.signer.as_ref())?;
            written = Some(path);
            Ok::<_, Failure>((link, prepared))
        };
        if let Before::Memory(state) = &self.before {
            state.clone().append_receipt(|remembered| prepare(&self, remembered))?;
        } else {
            prepare(&self, None)?.1.put()?;
        }
        Ok(written)
    }

    fn receipt(&mut self, outcome: Outcome, failure: Option<&Failure>) -> Result<Receipt, Failure> {
        let (database, system_identifier) =
            self.live.take().map_or((None, None), |live| (Some(live.database), live.system_identifier));
        let report = std::mem::take(&mut self.report);
        let message = self.message.take().or_else(|| failure.map(|failure| failure.message().to_owned()));
        Ok(Receipt {
            format: FORMAT.to_owned(),
            version: VERSION,
            agent: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.command,
            chain: Link::FIRST,
            plan: self.plan,
            target: self.target.take(),
            policy: self.policy,
            signers: self.signers.iter().map(signer_record).collect(),
            database,
            system_identifier,
            started_at: std::mem::take(&mut self.started_at),
            finished_at: now()?,
            outcome,
            exit_code: failure.map_or(Exit::Done, |failure| failure.exit).number(),
            code: failure.and_then(Failure::code).map(str::to_owned),
            message,
            details: failure
                .filter(|failure| is_about_schemas(failure.exit))
                .map_or(&[][..], Failure::details)
                .to_vec(),
            before: report.before,
            after: report.after,
            phases: report.phases,
            unfinished: report.unfinished,
        })
    }
}

fn signer_record(signer: &CountedSigner) -> SignerRecord {
    SignerRecord {
        key: signer.key.id().to_string(),
        name: signer.name.clone(),
        statements: signer.statements.iter().map(ToString::to_string).collect(),
    }
}

/// Whether the facts behind a failure are about schemas and policies; what a server says of a failed statement can hold rows.
fn is_about_schemas(exit: Exit) -> bool {
    matches!(exit, Exit::Refused | Exit::Drift | Exit::WrongResult | Exit::InvalidInput)
}
