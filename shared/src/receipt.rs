//! The receipt: what an agent did, signed by the agent.

use serde::{Deserialize, Serialize};

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
    /// SHA-256 of the plan file.
    pub plan: Digest,
    /// Key ids whose signatures counted, sorted.
    pub signers: Vec<String>,
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
    /// The message, where it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The fingerprint found before anything ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Digest>,
    /// The fingerprint found at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Digest>,
    /// Phases that were committed by this run, in order.
    pub phases: Vec<PhaseRecord>,
    /// SHA-256 of the agent's previous receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The database is at the target.
    Applied,
    /// It was there already.
    NothingToDo,
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
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Each statement, in order.
    pub steps: Vec<StepRecord>,
}

/// One executed statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// SHA-256 of its text.
    pub sql: Digest,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
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
        Ok(receipt)
    }
}
