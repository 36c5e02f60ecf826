//! The receipt: what an agent was asked, what it verified, what it did, signed by the agent and chained to its receipt before.

mod chain;

use serde::{Deserialize, Serialize};

pub use self::chain::{Chain, ChainError, Extent, Gap, Keys, Placed, judge};

use crate::canonical::{self, ReadError};
use crate::fingerprint::Digest;
use crate::limits;

/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 1;
/// The format's name.
pub const FORMAT: &str = "pgseal-receipt";

/// What an agent did with a plan, also when it refused or failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Always [`FORMAT`].
    pub format: String,
    /// Always [`VERSION`].
    pub version: u32,
    /// The agent's version.
    pub agent: String,
    /// The id of the key that seals this; none where none does. So no two agents write the same first receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What it was asked to do.
    pub command: Command,
    /// Its place among the agent's receipts.
    pub chain: Link,
    /// SHA-256 of the plan file; none where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Digest>,
    /// The label of the target that was asked for, or that plan and policy leave no choice about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The trust policy that judged; none where none was found in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRecord>,
    /// The keys whose signatures on the plan counted, by their ids.
    pub signers: Vec<SignerRecord>,
    /// The database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_identifier: Option<String>,
    /// When it began, UTC, RFC 3339.
    pub started_at: String,
    /// When it ended, UTC, RFC 3339.
    pub finished_at: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The exit code (design: command line).
    pub exit_code: u8,
    /// The stable code of the refusal or failure, where it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The message, where it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The facts behind a refusal: what differs, which targets there are. Never what a server says about rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// The fingerprint found before anything ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Digest>,
    /// The fingerprint found at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Digest>,
    /// Phases that were committed by this run, in order.
    pub phases: Vec<PhaseRecord>,
    /// The phase that was begun and not committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<UnfinishedRecord>,
}

/// What an agent was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// To apply the plan.
    Apply,
    /// To say whether it could be applied.
    Check,
}

/// A receipt's place in the chain of an agent's receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Its number, from 1.
    pub number: u64,
    /// SHA-256 of the chain's first receipt; none in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Digest>,
    /// SHA-256 of the receipt before; none in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
}

impl Link {
    /// The place of an agent's first receipt.
    pub const FIRST: Self = Self { number: 1, first: None, previous: None };

    /// The place behind a receipt that has this one, and this digest.
    #[must_use]
    pub fn next(&self, digest: Digest) -> Self {
        Self {
            number: self.number.saturating_add(1),
            first: Some(self.first.unwrap_or(digest)),
            previous: Some(digest),
        }
    }

    /// What every receipt of a chain shares: the digest of the first one.
    #[must_use]
    pub fn chain(&self, digest: Digest) -> Digest {
        self.first.unwrap_or(digest)
    }

    /// Whether only a first receipt is without what comes before, and numbers begin with 1.
    fn is_consistent(&self) -> bool {
        let bound = self.first.is_some() && self.previous.is_some();
        match self.number {
            0 => false,
            1 => self.first.is_none() && self.previous.is_none(),
            2 => bound && self.first == self.previous,
            _ => bound,
        }
    }
}

/// A trust policy, as far as a receipt tells which one it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRecord {
    /// Its version.
    pub version: u64,
    /// SHA-256 of its file.
    pub sha256: Digest,
}

/// A key whose signature on the plan counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerRecord {
    /// The key's id.
    pub key: String,
    /// Its name in the trust policy.
    pub name: String,
    /// What it stated about the plan: `signed`, `reproduced`.
    pub statements: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The database is at the target.
    Applied,
    /// It was there already.
    NothingToDo,
    /// The plan could be applied; nothing was, as nobody asked for that.
    Applicable,
    /// Refused before anything ran.
    Refused,
    /// Something failed; the running phase was rolled back.
    Failed,
}

/// One committed phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseRecord {
    /// Its number, from 1.
    pub phase: u32,
    /// The checkpoint that it reached.
    pub checkpoint: Digest,
    /// How often it was tried again after a lock timeout.
    pub retries: u32,
    /// How long the try that was committed took, in milliseconds.
    pub duration_ms: u64,
    /// How long that try waited for the locks that the phase takes before its statements, in milliseconds.
    #[serde(default)]
    pub lock_wait_ms: u64,
    /// Whether no ledger tells of it, as the role may not keep one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_ledger: bool,
    /// The tries that were rolled back because something stood in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<WaitRecord>,
    /// Each statement, in order.
    pub steps: Vec<StepRecord>,
}

/// A try of a phase that was rolled back, to be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitRecord {
    /// The statement that it did not get past, from 1; none where that was one of the agent's own, such as the locks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// How long the try took, in milliseconds.
    pub duration_ms: u64,
}

/// A phase that was begun and is not known to be committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnfinishedRecord {
    /// Its number, from 1.
    pub phase: u32,
    /// The statement at which the last try ended, from 1; none where that was one of the agent's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// The tries before the last one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<WaitRecord>,
    /// How long the last try took, in milliseconds.
    pub duration_ms: u64,
    /// The statements of the last try, in order, with the one at which it ended.
    pub steps: Vec<StepRecord>,
}

/// One executed statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// SHA-256 of its text.
    pub sql: Digest,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// How long of that it was seen to wait for locks, in milliseconds: it is looked at once a second, over a second connection.
    #[serde(default, skip_serializing_if = "is_none")]
    pub lock_wait_ms: u64,
}

/// Whether there was no waiting.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_none(waited: &u64) -> bool {
    *waited == 0
}

impl Receipt {
    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_document(self)
    }

    /// Reads a file's bytes strictly.
    ///
    /// # Errors
    /// Over a limit, malformed, another format or version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        const NAME: &str = "receipt";
        let receipt: Self = canonical::from_bytes(NAME, bytes, limits::MAX_RECEIPT_BYTES)?;
        if receipt.format != FORMAT {
            return Err(ReadError::WrongFormat { document: NAME, found: receipt.format });
        }
        if receipt.version != VERSION {
            return Err(ReadError::WrongVersion { document: NAME, found: receipt.version, supported: VERSION });
        }
        if !receipt.chain.is_consistent() {
            let detail = "no receipt can have its place in the chain".to_owned();
            return Err(ReadError::Inconsistent { document: NAME, detail });
        }
        Ok(receipt)
    }
}
