//! The trust policy `trust.toml`: what must hold before a document is acted on.
//!
//! ```toml
//! format = "pgseal-trust"
//! version = 1
//! policy_version = 1          # rises with every change
//! threshold = 2               # distinct keys, default 1
//! max_plan_age = "30d"
//! min_compiler_version = "0.1.0"
//! require_cosign = true       # two distinct keys at least, one of which says "reproduced"
//! require_ledger = true       # every phase is noted in the database
//! ledger_schema = "pgseal_ops" # where; default: "pgseal"
//! require_state = true        # the agent remembers what it has seen
//! allowed_hazards = ["blocks-writes", "full-scan"]
//! forbidden_hazards = ["table-rewrite"]
//! role_thresholds = { reviewer = 1 }
//!
//! [[keys]]
//! name = "alice"
//! key = "MCowBQYDK2VwAyEA…"   # base64 of SPKI, or PEM
//! roles = ["reviewer", "dba"]
//! signs = ["plan"]            # default: plan, trust-policy
//! not_before = 2026-01-01T00:00:00Z
//! not_after = 2027-01-01T00:00:00Z
//! revoked = false
//!
//! [policy_changes]            # what the next version of this policy needs; default, and no less: the most that any plan needs
//! threshold = 2
//! roles = { security = 1, dba = 1, reviewer = 1 }
//!
//! [hazards.data-loss]
//! threshold = 2
//! roles = { dba = 1 }
//!
//! [environments.production]
//! threshold = 2
//! roles = { dba = 1 }
//! forbidden_hazards = ["data-loss"]
//!
//! [[targets]]
//! label = "shop-production"
//! environment = "production"
//! database = "shop"
//! system_identifier = "7423568901234567890"
//! ```
//!
//! A policy that says something this program cannot understand or could never satisfy is refused as a whole.

mod changes;
mod read;
mod words;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::key::{PublicKey, PublicKeyError};
use crate::kind::Purpose;

pub use write::InitialKey;

/// The largest policy that is read, in bytes.
pub const MAX_POLICY_BYTES: u64 = pgseal_catalog::limits::MAX_TRUST_BYTES;
/// The most keys in a policy.
pub const MAX_KEYS: usize = 256;
/// The most targets in a policy.
pub const MAX_TARGETS: usize = 4096;

/// The hazards that a policy can speak of; a plan with any other is refused.
pub const HAZARDS: [&str; 5] = ["blocks-reads", "blocks-writes", "data-loss", "full-scan", "table-rewrite"];

/// Why a policy was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// More bytes than any valid policy.
    #[error("the trust policy is larger than {MAX_POLICY_BYTES} bytes")]
    TooLarge,
    /// Not TOML, or not the TOML of a policy.
    #[error("the trust policy is malformed: {detail}")]
    Malformed {
        /// What the reader found, with the line where it is known.
        detail: String,
    },
    /// Another format.
    #[error("the file is not a trust policy: its format is \"{found}\"")]
    WrongFormat {
        /// The format named in the file.
        found: String,
    },
    /// Another version of the format.
    #[error("trust policy version {found} is not supported")]
    UnknownVersion {
        /// The version named in the file.
        found: i64,
    },
    /// A field whose value makes no sense.
    #[error("trust policy field \"{field}\": {reason}")]
    Invalid {
        /// The path of the field.
        field: String,
        /// What is wrong with its value.
        reason: String,
    },
    /// A key that strict verification cannot use.
    #[error("key \"{name}\": {source}")]
    BadKey {
        /// The key's name in the policy.
        name: String,
        /// What is wrong with it.
        source: PublicKeyError,
    },
    /// One key under two names, or one name for two keys.
    #[error("keys \"{first}\" and \"{second}\" are the same key or have the same name")]
    DuplicateKey {
        /// The first entry's name.
        first: String,
        /// The second entry's name.
        second: String,
    },
    /// A demand that the keys of the policy can never meet.
    #[error("trust policy field \"{field}\" demands {demanded} keys and only {available} could sign")]
    Unreachable {
        /// The path of the field.
        field: String,
        /// The number of keys demanded.
        demanded: u32,
        /// The number of keys that are not revoked and may sign such documents.
        available: u32,
    },
    /// A change of the policy would need less than the plans that the policy governs.
    #[error("the trust policy, line {line}: \"{field}\" is {found}, and \"{by}\" demands {demanded} for plans")]
    ChangesTooWeak {
        /// The line of the table, from 1.
        line: usize,
        /// The path of the field.
        field: String,
        /// The number of keys that it demands.
        found: u32,
        /// The path of the field that demands more.
        by: String,
        /// The number of keys that that one demands.
        demanded: u32,
    },
    /// A hazard that this program does not know.
    #[error("trust policy field \"{field}\" names unknown hazard \"{hazard}\"")]
    UnknownHazard {
        /// The path of the field.
        field: String,
        /// The hazard.
        hazard: String,
    },
    /// A target in an environment that the policy does not describe.
    #[error("target \"{label}\" is in environment \"{environment}\", which the trust policy does not describe")]
    UnknownEnvironment {
        /// The target.
        label: String,
        /// The environment.
        environment: String,
    },
}

impl PolicyError {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "K0201",
            Self::Malformed { .. } => "K0202",
            Self::WrongFormat { .. } => "K0203",
            Self::UnknownVersion { .. } => "K0204",
            Self::Invalid { .. } => "K0205",
            Self::BadKey { .. } => "K0206",
            Self::DuplicateKey { .. } => "K0207",
            Self::Unreachable { .. } => "K0208",
            Self::UnknownHazard { .. } => "K0209",
            Self::UnknownEnvironment { .. } => "K0210",
            Self::ChangesTooWeak { .. } => "K0211",
        }
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::ChangesTooWeak { .. } => Some(
                "a new version can take any rule away, so it needs no less than the strictest of them: raise it, or leave [policy_changes] out",
            ),
            Self::UnknownEnvironment { .. } => {
                Some("add a table [environments.NAME], which may be empty, or leave \"environment\" out of the target")
            }
            Self::Unreachable { field, .. } if field.starts_with("policy_changes") => Some(
                "a change needs the most that any plan needs, by keys whose \"signs\" has \"trust-policy\" (as it has by default)",
            ),
            Self::UnknownHazard { .. } => {
                Some("the hazards are blocks-reads, blocks-writes, data-loss, full-scan and table-rewrite")
            }
            _ => None,
        }
    }
}

/// Whether a plan is applied where its phases cannot be noted in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerRule {
    /// It is, and the receipt says so.
    Optional,
    /// It is not.
    Required,
}

/// Whether the policy is good for an agent that remembers nothing between runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryRule {
    /// It is.
    Optional,
    /// It is not.
    Required,
}

/// A number of distinct keys in all, and of distinct keys per role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Distinct keys in all.
    pub threshold: u32,
    /// Distinct keys with each role.
    pub roles: BTreeMap<String, u32>,
}

/// One key and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The person or machine, for messages.
    pub name: String,
    /// The key.
    pub key: PublicKey,
    /// Its roles.
    pub roles: BTreeSet<String>,
    /// What it may sign.
    pub signs: BTreeSet<Purpose>,
    /// Not trusted before, in seconds since 1970.
    pub not_before: Option<u64>,
    /// Not trusted from then on, in seconds since 1970.
    pub not_after: Option<u64>,
    /// Not trusted at all any more.
    pub revoked: bool,
}

/// What a hazard demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HazardRule {
    /// A plan with it is refused.
    Forbidden,
    /// A plan with it needs these signatures.
    Needs(Demand),
}

/// What an environment demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentRule {
    /// The signatures that a plan needs there.
    pub demand: Demand,
    /// The hazards that are refused there.
    pub forbidden_hazards: BTreeSet<String>,
}

/// A database that the policy speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRule {
    /// Its label.
    pub label: String,
    /// The environment that it belongs to.
    pub environment: Option<String>,
    /// The name that the database must have.
    pub database: Option<String>,
    /// The identifier that the server must have (`pg_control_system()`).
    pub system_identifier: Option<u64>,
}

/// A version of a program, compared number by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProgramVersion(u32, u32, u32);

impl ProgramVersion {
    /// Reads `major.minor.patch`; what follows a `-` or `+` is refused, a version is what was released.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|part| {
            let plain = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if plain { part.parse::<u32>().ok() } else { None }
        });
        let version = Self(numbers.next()??, numbers.next()??, numbers.next()??);
        numbers.next().is_none().then_some(version)
    }
}

impl std::fmt::Display for ProgramVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A trust policy, read and found consistent. Its parts are private: only the verifier acts on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustPolicy {
    pub(crate) policy_version: u64,
    pub(crate) demand: Demand,
    pub(crate) keys: Vec<TrustedKey>,
    pub(crate) changes: Demand,
    pub(crate) require_cosign: bool,
    pub(crate) ledger: LedgerRule,
    pub(crate) ledger_schema: String,
    pub(crate) memory: MemoryRule,
    pub(crate) min_compiler_version: Option<ProgramVersion>,
    pub(crate) max_plan_age: Option<u64>,
    pub(crate) allowed_hazards: Option<BTreeSet<String>>,
    pub(crate) hazards: BTreeMap<String, HazardRule>,
    pub(crate) environments: BTreeMap<String, EnvironmentRule>,
    pub(crate) targets: Vec<TargetRule>,
}

impl TrustPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    /// See [`PolicyError`].
    pub fn read(bytes: &[u8]) -> Result<Self, PolicyError> {
        read::read(bytes)
    }

    /// Writes the first policy: these keys, this threshold, no further rule.
    ///
    /// # Errors
    /// Whatever [`TrustPolicy::read`] would refuse about it.
    pub fn initial(keys: &[InitialKey], threshold: u32) -> Result<String, PolicyError> {
        let text = write::initial(keys, threshold);
        Self::read(text.as_bytes())?;
        Ok(text)
    }

    /// The number that rises with every change of the policy.
    pub fn policy_version(&self) -> u64 {
        self.policy_version
    }

    /// The keys, in the order of the file.
    pub fn keys(&self) -> &[TrustedKey] {
        &self.keys
    }

    /// The number of distinct keys that every plan needs.
    pub fn threshold(&self) -> u32 {
        self.demand.threshold
    }

    /// The databases that the policy speaks of; none means any.
    pub fn targets(&self) -> &[TargetRule] {
        &self.targets
    }
}
