//! The receipt of a run: written aside and renamed, signed with the agent's key, chained to the one before, also when the run was
//! refused or failed.
//!
//! A receipt goes to a file, in the place of the one before, or to a folder, where it gets a name by its number and never takes another
//! one's. What came before is what the agent's memory says; without a memory, what lies at that place, which is then a receipt and
//! nothing else. Number, predecessor and writing are under one lock, so that agents may share the place.
//!
//! Refused before anything runs: a place that is missing, taken or cannot be written, a predecessor that is none, and a memory that
//! cannot be used, without which no receipt has a place; and a key that the trust policy names and does not let seal receipts, which
//! would leave one behind that cannot be verified. None of these writes a receipt.

use std::fs;
use std::path::{Path, PathBuf};

use pgseal_catalog::receipt::{Command, FORMAT, Link, Outcome, PolicyRecord, Receipt, SignerRecord, VERSION};
use pgseal_catalog::{Digest, Exit, Failure};
use pgseal_keys::files::{self, Access, FileError, Guard};
use pgseal_keys::lock::{self, Lock};
use pgseal_keys::seal::MAX_SEAL_BYTES;
use pgseal_keys::{
    self as keys, AgentHost, CountedSigner, Kind as _, LiveTarget, PreparedDocument, Seal, Signer, State, Statement,
    TrustPolicy, moment, prepare_sealed, seal_path,
};
use serde_json::json;

use super::said::{Log, now, seconds};
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

/// A receipt that is being filled while the run goes on.
pub(super) struct Draft {
    command: Command,
    place: Option<Place>,
    /// What knows the receipt before; without one, what lies at the place does.
    memory: Option<State>,
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
    /// What is missing where the end of a run could not be written down.
    pub fn missing(&self) -> (&'static str, &'static str) {
        if self.receipt.is_some() { ("receipt", "its receipt") } else { ("memory", "the agent's memory") }
    }

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
        let place = self.receipt.as_deref().map(Place::open).transpose()?;
        let memory = state.map(State::open).transpose()?;
        let draft = Draft {
            command,
            place,
            memory,
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
            let _held = place.lock()?;
            let remembered = draft.memory.as_ref().and_then(State::next_receipt);
            let path = place.file(draft.link(place, remembered)?).map_err(|error| {
                let failure = Failure::from(error);
                if draft.memory.is_none() {
                    return failure;
                }
                failure.with_hint("receipts of another memory, or of a later state of this one, are there: each memory has a folder of its own")
            })?;
            files::check_place(&path)?;
            if draft.memory.is_some() {
                place.refuse_anothers(remembered)?;
            }
            if draft.signer.is_none() {
                place.refuse_unsealed()?;
            }
        }
        Ok(draft)
    }
}

impl Place {
    fn open(path: &Path) -> Result<Self, Failure> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            let message = format!("receipt folder \"{}\" is not there", path.display());
            return Err(Failure::new(Exit::Environment, message).with_hint("make it with \"mkdir\""));
        }
        Ok(Self::File(path.to_owned()))
    }

    /// Keeps other agents from writing receipts into a folder. The lock is a file of the agent's own: whoever may only read the folder
    /// could lock that, and so keep a receipt from being written.
    fn lock(&self) -> Result<Option<Lock>, FileError> {
        match self {
            Self::Folder(folder) => lock::file(&folder.join(".lock")).map(Some),
            Self::File(_) => Ok(None),
        }
    }

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

    /// Refuses to put a receipt without a seal behind those that have one, which could not be verified any more with it.
    fn refuse_unsealed(&self) -> Result<(), Failure> {
        let Self::Folder(folder) = self else { return Ok(()) };
        let Some((_, path)) = last_of(folder)? else { return Ok(()) };
        if seal_path(&path).symlink_metadata().is_err() {
            return Ok(());
        }
        let message = format!("the receipts in \"{}\" are sealed, and this one would not be", folder.display());
        let hint = "give this agent's key with --key, or another folder";
        Err(Failure::new(Exit::Refused, message).with_code("R0302").with_hint(hint))
    }

    /// Refuses to put a receipt among those of another memory's chain, in whose way it would be.
    fn refuse_anothers(&self, own: Option<Link>) -> Result<(), Failure> {
        let Self::Folder(folder) = self else { return Ok(()) };
        let Some((number, path)) = last_of(folder)? else { return Ok(()) };
        let bytes = files::read(&path, Guard::Untrusted, keys::Receipt::MAX_BYTES)?;
        let last = Receipt::from_bytes(&bytes).map_err(|error| no_receipt(&path, error.to_string()))?;
        let first = last.chain.chain(Digest::of(&bytes));
        if own.is_some_and(|own| own.first == Some(first) && number < own.number) {
            return Ok(());
        }
        let message = format!("receipt \"{}\" is not of this memory's chain", path.display());
        let hint = "each memory has a folder of its own: give that of this one; where a receipt got into another's folder, move it, \
                    with its .sig, to its own";
        Err(Failure::new(Exit::Refused, message).with_code("R0305").with_hint(hint))
    }

    /// The place in the chain behind what lies there. Who could put anything else there could have this agent number its receipts as
    /// they like.
    fn after_present(&self, signer: Option<&Signer<AgentHost>>) -> Result<Option<Link>, Failure> {
        let (path, number) = match self {
            Self::File(path) if files::is_stream(path) || path.symlink_metadata().is_err() => return Ok(None),
            Self::File(path) => (path.clone(), None),
            Self::Folder(folder) => match last_of(folder)? {
                Some((number, path)) => (path, Some(number)),
                None => return Ok(None),
            },
        };
        let bytes = files::read(&path, Guard::Untrusted, keys::Receipt::MAX_BYTES)?;
        let none = |why: String| no_receipt(&path, why);
        let receipt = Receipt::from_bytes(&bytes).map_err(|error| none(error.to_string()))?;
        let own = signer.map(|signer| signer.public_key().id().to_string());
        if let (Some(own), Some(other)) = (&own, receipt.key.as_ref().filter(|key| own.as_ref() != Some(key))) {
            // in the place of an older one a chain of its own begins; in a folder its numbers are taken
            return if number.is_none() { Ok(None) } else { Err(of_another_key(&path, other, own)) };
        }
        if number.is_some_and(|number| number != receipt.chain.number) {
            return Err(none(format!("it says that it is number {}", receipt.chain.number)));
        }
        if let Some(signer) = signer.filter(|_| receipt.key.is_some()) {
            let sealed = is_sealed_by(&path, &bytes, signer)?;
            // in the place of an older one the seal comes last: a run that was killed there leaves none
            let killed = number.is_none() && sealed.is_none();
            if sealed != Some(true) && !killed {
                return Err(none("it names this agent's key, which did not seal it".to_owned()));
            }
        }
        Ok(Some(receipt.chain.next(Digest::of(&bytes))))
    }
}

/// In the place of the receipt before this one lies something else.
fn no_receipt(path: &Path, why: String) -> Failure {
    let message = format!("file \"{}\" is not the receipt before this one", path.display());
    let hint = "move it away, once you know who put it there";
    Failure::new(Exit::Refused, message).with_code("R0301").with_detail(why).with_hint(hint)
}

/// A chain is of one key: only a memory can tell that the agent's own was exchanged.
fn of_another_key(last: &Path, other: &str, own: &str) -> Failure {
    let message = format!("receipt \"{}\" is of another key than this agent's", last.display());
    Failure::new(Exit::Refused, message)
        .with_code("R0303")
        .with_detail(format!("it names key {other}, and this run's is {own}"))
        .with_hint("give each agent a folder of its own, and begin a new one when its key was exchanged; with --state it goes on")
}

/// Whether the seal beside a receipt is the one that this key makes; none where there is no seal.
fn is_sealed_by(path: &Path, bytes: &[u8], signer: &Signer<AgentHost>) -> Result<Option<bool>, Failure> {
    let beside = seal_path(path);
    if beside.symlink_metadata().is_err() {
        return Ok(None);
    }
    let found = files::read(&beside, Guard::Untrusted, MAX_SEAL_BYTES)?;
    let mut seal = Seal::<keys::Receipt>::default();
    seal.sign(signer, Statement::Signed, bytes)?;
    Ok(Some(seal.to_bytes() == *found))
}

/// The receipt with the highest number in a folder.
fn last_of(folder: &Path) -> Result<Option<(u64, PathBuf)>, Failure> {
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
    Ok(last)
}

impl Draft {
    /// Refuses to go on with a key that the policy names and does not let seal receipts: whoever reads them would have to refuse them
    /// all. A policy need not name the agent's key, but what it says counts.
    pub fn check_key(&mut self, policy: &TrustPolicy, now: u64) -> Result<(), Failure> {
        let Some(signer) = &self.signer else { return Ok(()) };
        let Some(reason) = policy.objection::<keys::Receipt>(&signer.public_key(), now) else { return Ok(()) };
        self.place = None;
        let message = "the trust policy does not let this agent's key seal receipts";
        let hint = "give the key of this agent with --key; the trust policy lets it seal receipts where its \"signs\" has \"receipt\"";
        Err(Failure::new(Exit::Refused, message).with_code("R0304").with_detail(reason.to_string()).with_hint(hint))
    }

    /// The receipt's place in the chain.
    fn link(&self, place: &Place, remembered: Option<Link>) -> Result<Link, Failure> {
        let known = match (remembered, &self.memory) {
            (Some(link), _) => Some(link),
            // a new memory begins a chain of its own: what lies there is another one's
            (None, Some(_)) => None,
            (None, None) => place.after_present(self.signer.as_ref())?,
        };
        Ok(known.unwrap_or(Link::FIRST))
    }

    /// Writes the receipt, if one was asked for. That the run saw it get late is remembered in any case.
    pub fn close(mut self, outcome: Outcome, failure: Option<&Failure>) -> Result<Option<PathBuf>, Failure> {
        if let Some(memory) = &mut self.memory {
            memory.note_time(seconds()?)?;
        }
        let Some(place) = self.place.take() else { return Ok(None) };
        let mut receipt = self.receipt(outcome, failure)?;
        let mut written = None;
        // before the memory's own lock, here as everywhere
        let _held = place.lock()?;
        let mut prepare = |draft: &Self, remembered: Option<Link>| {
            let link = draft.link(&place, remembered)?;
            receipt.chain = link;
            // here, so that the later of two receipts does not say the earlier time
            let ended = seconds()?;
            receipt.finished_at = moment::written(ended);
            let (path, bytes) = (place.file(link)?, receipt.to_bytes());
            let prepared: PreparedDocument =
                prepare_sealed::<keys::Receipt, _>(&path, Access::Everybody, &bytes, draft.signer.as_ref())?;
            written = Some(path);
            let prepared = if matches!(place, Place::Folder(_)) { prepared.never_replacing() } else { prepared };
            Ok::<_, Failure>((link, ended, prepared))
        };
        match &self.memory {
            Some(state) => state.clone().append_receipt(|remembered| prepare(&self, remembered))?,
            None => prepare(&self, None)?.2.put()?,
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
            key: self.signer.as_ref().map(|signer| signer.public_key().id().to_string()),
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
