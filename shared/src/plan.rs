//! The plan file: phases of statements with the fingerprint that the catalog must have after each.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::canonical::{self, ReadError};
use crate::catalog::RecordedFact;
use crate::fingerprint::Digest;
use crate::id::{FactId, Name, QualifiedName};
use crate::limits;
use crate::snapshot::Scope;

/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 1;
/// The format's name.
pub const FORMAT: &str = "pgseal-plan";

/// A compiled migration: what brings a database at `source` to `target`, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Always [`FORMAT`].
    pub format: String,
    /// Always [`VERSION`].
    pub version: u32,
    /// The compiler's version.
    pub compiler: String,
    /// The server's major version.
    pub server_major: u32,
    /// Where and when it may be applied.
    #[serde(default, skip_serializing_if = "Binding::is_empty")]
    pub binding: Binding,
    /// What part of the database it is about.
    pub scope: Scope,
    /// Digests of what it was made from.
    pub inputs: Inputs,
    /// What the database must be before.
    pub source: Source,
    /// The fingerprint after the last phase.
    pub target: Digest,
    /// Session settings that the agent makes before it runs anything.
    pub settings: BTreeMap<String, String>,
    /// How long to wait and to run, in milliseconds.
    pub timeouts: Timeouts,
    /// Every kind of hazard of any step, for the trust policy.
    pub hazards: BTreeSet<HazardKind>,
    /// In order; empty when there is nothing to do.
    pub phases: Vec<Phase>,
    /// What the reader should know besides: differences not planned, objects not modelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Where and when a plan may be applied. Everything that is absent does not bind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Labels of the targets, as trust policies name them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub targets: BTreeSet<String>,
    /// The database's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The cluster's system identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_identifier: Option<String>,
    /// Not before, seconds since 1970-01-01 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<i64>,
    /// Not from then on, seconds since 1970-01-01 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// Plans of a target come in rising order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Whether it may be applied again to a database that it was applied to before and that is at its source once more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reusable: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Binding {
    /// Whether nothing binds.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Says what makes no sense about it, if anything does not: no database could satisfy it, or no agent could enforce it.
    ///
    /// # Errors
    /// The reason, in words.
    pub fn check(&self) -> Result<(), String> {
        if let Some(label) = self.targets.iter().find(|label| !is_label(label)) {
            return Err(format!("target {label:?} is not of 1 to {MAX_LABEL_CHARS} printable characters"));
        }
        if self.database.as_deref().is_some_and(|name| name.is_empty() || name.contains('\0')) {
            return Err("no database has that name".to_owned());
        }
        if let Some(text) = &self.system_identifier
            && text.parse::<u64>().map_or(true, |number| number.to_string() != *text)
        {
            return Err(format!("{text:?} is not a system identifier as pg_control_system() shows it"));
        }
        if [self.not_before, self.expires].into_iter().flatten().any(|time| time < 0) {
            return Err("its validity lies before 1970".to_owned());
        }
        if let (Some(start), Some(end)) = (self.not_before, self.expires)
            && start >= end
        {
            return Err("it expires before it begins to be valid".to_owned());
        }
        if self.sequence.is_some() && self.targets.is_empty() {
            return Err("a sequence number needs targets, whose plans it orders".to_owned());
        }
        Ok(())
    }
}

/// The longest label of a target, in characters.
const MAX_LABEL_CHARS: usize = 128;

/// Whether a text can be the label of a target, as trust policies have it.
fn is_label(text: &str) -> bool {
    let printable = !text.chars().any(char::is_control) && text.trim() == text;
    printable && !text.is_empty() && text.chars().count() <= MAX_LABEL_CHARS
}

/// Digests of what a plan was made from, so that anybody can make it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// SHA-256 of the snapshot file.
    pub snapshot: Digest,
    /// SHA-256 of each file of the schema, by its path relative to the first.
    pub schema: BTreeMap<String, Digest>,
}

/// The catalog that the plan starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its fingerprint.
    pub fingerprint: Digest,
    /// The digest of each object in scope, so that drift can be located.
    pub objects: BTreeMap<FactId, Digest>,
    /// The facts of the objects that the plan touches, so that drift in them can be explained.
    pub facts: Vec<RecordedFact>,
}

/// How long to wait and to run, in milliseconds; 0 means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// `lock_timeout` of each statement.
    pub lock_ms: u64,
    /// `statement_timeout` of each statement.
    pub statement_ms: u64,
    /// How often a phase is tried again after a lock timeout.
    pub lock_retries: u32,
}

/// A run of steps that commit together, or one that cannot run in a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Whether it runs in one transaction.
    pub transaction: bool,
    /// The search path of its steps; `pg_catalog` comes first without being named.
    pub search_path: Vec<Name>,
    /// What is locked before anything runs, strongest mode per relation, in the order of locking. Only what exists before the
    /// phase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<Lock>,
    /// In order.
    pub steps: Vec<Step>,
    /// What the catalog must be afterwards.
    pub checkpoint: Checkpoint,
}

/// The promise after a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The fingerprint of the whole catalog.
    pub fingerprint: Digest,
    /// The digest of each object that the phase touches; null when it must be gone.
    pub objects: BTreeMap<FactId, Option<Digest>>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The statement, without a semicolon.
    pub sql: String,
    /// The search path, where it is not the phase's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_path: Option<Vec<Name>>,
    /// Facts that it creates.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub creates: BTreeSet<FactId>,
    /// Facts that it changes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub alters: BTreeSet<FactId>,
    /// Facts that it removes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub destroys: BTreeSet<FactId>,
    /// Relations that it locks against others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locks: Vec<Lock>,
    /// What could hurt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hazards: Vec<Hazard>,
    /// How its duration grows.
    pub cost: Cost,
}

/// A lock on a relation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The table or index.
    pub relation: QualifiedName,
    /// How strong.
    pub mode: LockMode,
}

/// Postgres's table lock modes, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockMode {
    /// ACCESS SHARE.
    AccessShare,
    /// ROW SHARE.
    RowShare,
    /// ROW EXCLUSIVE.
    RowExclusive,
    /// SHARE UPDATE EXCLUSIVE.
    ShareUpdateExclusive,
    /// SHARE.
    Share,
    /// SHARE ROW EXCLUSIVE.
    ShareRowExclusive,
    /// EXCLUSIVE.
    Exclusive,
    /// ACCESS EXCLUSIVE.
    AccessExclusive,
}

impl LockMode {
    /// As SQL spells it.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::AccessShare => "ACCESS SHARE",
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }
}

/// What could hurt about a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hazard {
    /// In what way.
    pub kind: HazardKind,
    /// Which relation suffers, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<QualifiedName>,
    /// Its estimated rows when the snapshot was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// Its estimated bytes when the snapshot was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    /// In words.
    pub detail: String,
}

/// Ways in which a step could hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HazardKind {
    /// Rows or values go.
    DataLoss,
    /// The table is written anew.
    TableRewrite,
    /// The table is read from end to end under a lock.
    FullScan,
    /// Readers wait.
    BlocksReads,
    /// Writers wait.
    BlocksWrites,
}

impl HazardKind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::DataLoss, Self::TableRewrite, Self::FullScan, Self::BlocksReads, Self::BlocksWrites];

    /// As plans, policies and options spell it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::DataLoss => "data-loss",
            Self::TableRewrite => "table-rewrite",
            Self::FullScan => "full-scan",
            Self::BlocksReads => "blocks-reads",
            Self::BlocksWrites => "blocks-writes",
        }
    }
}

/// How a step's duration grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// Only the catalog changes.
    Instant,
    /// With the size of a table, which is read.
    Scan,
    /// With the size of a table, which is written (index builds among them).
    Rewrite,
}

impl Plan {
    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_document(self)
    }

    /// Reads a file's bytes strictly. The agent calls this only with bytes whose seal it has verified.
    ///
    /// # Errors
    /// Over a limit, malformed, another format or version, contradicting itself.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        const NAME: &str = "plan";
        let plan: Self = canonical::from_bytes(NAME, bytes, limits::MAX_PLAN_BYTES)?;
        if plan.format != FORMAT {
            return Err(ReadError::WrongFormat { document: NAME, found: plan.format });
        }
        if plan.version != VERSION {
            return Err(ReadError::WrongVersion { document: NAME, found: plan.version, supported: VERSION });
        }
        plan.check()?;
        Ok(plan)
    }

    fn check(&self) -> Result<(), ReadError> {
        let inconsistent = |detail: String| ReadError::Inconsistent { document: "plan", detail };
        self.binding.check().map_err(inconsistent)?;
        limits::check("number of phases in the plan", self.phases.len() as u64, limits::MAX_PHASES as u64, "phases")?;
        let steps: usize = self.phases.iter().map(|phase| phase.steps.len()).sum();
        limits::check("number of steps in the plan", steps as u64, limits::MAX_STEPS as u64, "steps")?;
        let mut hazards = BTreeSet::new();
        for (n, phase) in self.phases.iter().enumerate() {
            let n = n + 1;
            if phase.steps.is_empty() {
                return Err(inconsistent(format!("phase {n} has no steps")));
            }
            if !phase.transaction && phase.steps.len() != 1 {
                return Err(inconsistent(format!("phase {n} runs outside a transaction and has more than one step")));
            }
            for step in &phase.steps {
                limits::check(
                    "length of a statement in the plan",
                    step.sql.len() as u64,
                    limits::MAX_STATEMENT_BYTES as u64,
                    "bytes",
                )?;
                if step.sql.trim().is_empty() || step.sql.contains('\0') {
                    return Err(inconsistent(format!("phase {n} has an empty statement or one with a zero byte")));
                }
                hazards.extend(step.hazards.iter().map(|hazard| hazard.kind));
            }
        }
        if hazards != self.hazards {
            return Err(inconsistent("its list of hazards is not that of its steps".to_owned()));
        }
        let last = self.phases.last().map_or(self.source.fingerprint, |phase| phase.checkpoint.fingerprint);
        if last != self.target {
            return Err(inconsistent("its target is not its last checkpoint".to_owned()));
        }
        Ok(())
    }
}
