//! Why a document was not accepted. Every variant has a stable code, and exit code 3.

use thiserror::Error;

use pgseal_catalog::{Digest, Exit};

use crate::kind::{Kind as _, Snapshot, TrustPolicyDocument};
use crate::moment;
use crate::policy::{PolicyError, ProgramVersion};
use crate::seal::SealError;

/// What a demand for signatures belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every document of the kind.
    Overall,
    /// Plans with this hazard.
    Hazard(String),
    /// Plans for this environment.
    Environment(String),
    /// The next version of a trust policy.
    PolicyChange,
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Overall => f.write_str("the trust policy"),
            Self::Hazard(hazard) => write!(f, "hazard \"{hazard}\""),
            Self::Environment(environment) => write!(f, "environment \"{environment}\""),
            Self::PolicyChange => f.write_str("a change of the trust policy"),
        }
    }
}

/// How many signatures are demanded, in words.
pub(crate) fn wanted(keys: u32) -> String {
    if keys == 1 { "a signature of one key".to_owned() } else { format!("signatures of {keys} distinct keys") }
}

/// How many there are, in words.
fn counted(keys: u32) -> String {
    match keys {
        0 => "is none".to_owned(),
        1 => "is 1".to_owned(),
        keys => format!("are {keys}"),
    }
}

/// Which of two policies, one of which should follow the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    /// The one that is in force.
    Old,
    /// The one that should follow.
    New,
}

impl std::fmt::Display for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Old => "old",
            Self::New => "new",
        })
    }
}

/// Why a document was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The seal could not be read, or a signature in it is wrong.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The trust policy could not be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// There is no seal.
    #[error("the {kind} has no seal")]
    NoSeal {
        /// The kind of document.
        kind: &'static str,
    },
    /// The document is larger than any valid one.
    #[error("the {kind} is larger than {limit} bytes")]
    DocumentTooLarge {
        /// The kind of document.
        kind: &'static str,
        /// The limit in bytes.
        limit: u64,
    },
    /// No key that signed is in the policy.
    #[error("the {kind} is signed only by keys that the trust policy does not know")]
    UnknownSigner {
        /// The kind of document.
        kind: &'static str,
        /// The short ids of these keys.
        keys: Vec<String>,
    },
    /// A key that was needed is revoked.
    #[error("key \"{name}\" is revoked")]
    KeyRevoked {
        /// The key's name.
        name: String,
    },
    /// A key that was needed is no longer valid.
    #[error("key \"{name}\" is no longer valid")]
    KeyExpired {
        /// The key's name.
        name: String,
    },
    /// A key that was needed is not valid yet.
    #[error("key \"{name}\" is not valid yet")]
    KeyNotYetValid {
        /// The key's name.
        name: String,
    },
    /// A key that was needed may not sign documents of this kind.
    #[error("key \"{name}\" may not sign a {kind}")]
    KeyNotForKind {
        /// The key's name.
        name: String,
        /// The kind of document.
        kind: &'static str,
    },
    /// Too few distinct keys signed.
    #[error("{scope} demands {} and there {}", wanted(*demanded), counted(*present))]
    TooFewKeys {
        /// Who demands it.
        scope: Scope,
        /// How many keys are demanded.
        demanded: u32,
        /// How many valid ones signed.
        present: u32,
    },
    /// Too few distinct keys with a role signed.
    #[error("{scope} demands {} with role \"{role}\" and there {}", wanted(*demanded), counted(*present))]
    RoleMissing {
        /// Who demands it.
        scope: Scope,
        /// The role.
        role: String,
        /// How many keys are demanded.
        demanded: u32,
        /// How many valid ones signed.
        present: u32,
    },
    /// Nobody reproduced the plan from its inputs.
    #[error("the trust policy demands a co-signature by somebody who reproduced the plan")]
    CosignMissing,
    /// The plan has a hazard that is refused.
    #[error("{by} forbids hazard \"{hazard}\"")]
    HazardForbidden {
        /// Who forbids it.
        by: Scope,
        /// The hazard.
        hazard: String,
    },
    /// The plan has a hazard that is not on the list of allowed ones.
    #[error("hazard \"{hazard}\" is not among the allowed ones")]
    HazardNotAllowed {
        /// The hazard.
        hazard: String,
    },
    /// The plan has a hazard that no policy can speak of.
    #[error("the plan has unknown hazard \"{hazard}\"")]
    UnknownHazard {
        /// The hazard.
        hazard: String,
    },
    /// The plan's time has passed.
    #[error("the plan expired at {}, and it is {}", moment::written(*expires), moment::written(*now))]
    PlanExpired {
        /// When, in seconds since 1970.
        expires: u64,
        /// The time that the clock shows.
        now: u64,
    },
    /// The plan's time has not come.
    #[error("the plan is not valid before {}, and it is {}", moment::written(*valid_from), moment::written(*now))]
    PlanNotYetValid {
        /// From when on it is, in seconds since 1970.
        valid_from: u64,
        /// The time that the clock shows.
        now: u64,
    },
    /// The plan is older than the policy allows.
    #[error("the plan is older than the trust policy allows")]
    PlanTooOld,
    /// The policy limits the age of plans and this one does not say when it begins.
    #[error("the trust policy limits the age of plans and this one has no beginning of validity")]
    PlanUndated,
    /// The compiler that made the plan is too old, or does not say its version.
    #[error("the trust policy demands a plan of compiler {demanded} or later and this one is of \"{found}\"")]
    CompilerTooOld {
        /// The least version.
        demanded: ProgramVersion,
        /// The plan's.
        found: String,
    },
    /// There are several targets and none was chosen.
    #[error("which of the targets this database is was not said")]
    TargetNotChosen {
        /// The labels to choose from.
        labels: Vec<String>,
    },
    /// The chosen target is not in the policy.
    #[error("target \"{label}\" is not in the trust policy")]
    TargetUnknown {
        /// The label.
        label: String,
    },
    /// The plan is bound to other targets.
    #[error("the plan is not meant for target \"{label}\"")]
    PlanForOtherTarget {
        /// The chosen target.
        label: String,
        /// The plan's targets.
        meant_for: Vec<String>,
    },
    /// The database has another name.
    #[error("{by} names database \"{expected}\" and this one is \"{found}\"")]
    OtherDatabase {
        /// `trust policy` or `plan`.
        by: &'static str,
        /// The name demanded.
        expected: String,
        /// The name found.
        found: String,
    },
    /// The server has another identifier, or did not tell it.
    #[error("{by} names the server with system identifier {expected} and this one is {}", found.as_deref().unwrap_or("unknown"))]
    OtherServer {
        /// `trust policy` or `plan`.
        by: &'static str,
        /// The identifier demanded.
        expected: String,
        /// The identifier found.
        found: Option<String>,
    },
    /// The plan wants to be applied in order, which needs a memory of earlier plans.
    #[error("the plan has a sequence number, and there is no memory of the plans before it")]
    SequenceNotEnforceable,
    /// A later plan of the target was begun already.
    #[error("the plan is number {found} of target \"{label}\", where number {remembered} was begun already")]
    SequencePassed {
        /// The target.
        label: String,
        /// The plan's number.
        found: u64,
        /// The highest number that was begun.
        remembered: u64,
    },
    /// The plan has no number, and others of the target have.
    #[error("the plan has no sequence number, and number {remembered} was begun already on target \"{label}\"")]
    SequenceMissing {
        /// The target.
        label: String,
        /// The highest number that was begun.
        remembered: u64,
    },
    /// Another plan with the same number was begun already.
    #[error("another plan with number {found} was begun already on target \"{label}\"")]
    SequenceTaken {
        /// The target.
        label: String,
        /// The number.
        found: u64,
    },
    /// The policy demands that the agent remembers.
    #[error("the trust policy demands a memory of earlier runs, and no state folder was named")]
    StateRequired,
    /// The clock shows an earlier time than it did.
    #[error("the clock shows {}, and it was {} already", moment::written(*now), moment::written(*remembered))]
    ClockBefore {
        /// The time that the clock shows, in seconds since 1970.
        now: u64,
        /// The latest time that was seen.
        remembered: u64,
    },
    /// An older policy than the one that was accepted.
    #[error("the trust policy is version {found}, and version {remembered} was accepted already")]
    PolicyRollback {
        /// The version of the file.
        found: u64,
        /// The highest version that was accepted.
        remembered: u64,
    },
    /// Another policy than the one whose digest was said.
    #[error("the trust policy is not the pinned one")]
    PolicyNotPinned {
        /// The SHA-256 that was said.
        pinned: Digest,
        /// That of the file.
        found: Digest,
    },
    /// The policy that should follow is the one before.
    #[error("the trust policy is the one before, byte for byte: both are version {version}")]
    PolicyTheSame {
        /// The version of both.
        version: u64,
    },
    /// One of two policies does not let the change from one to the other pass.
    #[error("by the {judge} policy (version {version}): {refusal}")]
    Change {
        /// Which of them.
        judge: Judge,
        /// Its version.
        version: u64,
        /// What it objects to.
        refusal: Box<Refusal>,
        /// What it demands, what counts and what does not.
        detail: String,
    },
    /// Another policy of the version that was accepted.
    #[error("the trust policy was changed and is still version {version}")]
    PolicyChanged {
        /// The version of both.
        version: u64,
    },
}

impl Refusal {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Seal(error) => error.code(),
            Self::Policy(error) => error.code(),
            Self::Change { refusal, .. } => refusal.code(),
            Self::NoSeal { .. } => "K0100",
            Self::DocumentTooLarge { .. } => "K0114",
            Self::UnknownSigner { .. } => "K0301",
            Self::TooFewKeys { scope: Scope::Overall, .. } => "K0302",
            Self::RoleMissing { scope: Scope::Overall, .. } => "K0303",
            Self::KeyRevoked { .. } => "K0304",
            Self::KeyExpired { .. } => "K0305",
            Self::KeyNotYetValid { .. } => "K0306",
            Self::KeyNotForKind { .. } => "K0307",
            Self::CosignMissing => "K0308",
            Self::HazardForbidden { by: Scope::Overall | Scope::Hazard(_) | Scope::PolicyChange, .. } => "K0309",
            Self::HazardForbidden { by: Scope::Environment(_), .. } => "K0310",
            Self::HazardNotAllowed { .. } => "K0311",
            Self::UnknownHazard { .. } => "K0312",
            Self::TooFewKeys { scope: Scope::Hazard(_), .. } => "K0313",
            Self::RoleMissing { scope: Scope::Hazard(_), .. } => "K0314",
            Self::TooFewKeys { scope: Scope::Environment(_), .. } => "K0315",
            Self::RoleMissing { scope: Scope::Environment(_), .. } => "K0316",
            Self::PlanExpired { .. } => "K0317",
            Self::PlanNotYetValid { .. } => "K0318",
            Self::PlanTooOld => "K0319",
            Self::PlanUndated => "K0320",
            Self::CompilerTooOld { .. } => "K0321",
            Self::TargetNotChosen { .. } => "K0322",
            Self::TargetUnknown { .. } => "K0323",
            Self::PlanForOtherTarget { .. } => "K0324",
            Self::OtherDatabase { .. } => "K0325",
            Self::OtherServer { .. } => "K0326",
            Self::SequenceNotEnforceable => "K0327",
            Self::SequencePassed { .. } => "K0328",
            Self::SequenceTaken { .. } => "K0329",
            Self::StateRequired => "K0330",
            Self::ClockBefore { .. } => "K0331",
            Self::PolicyRollback { .. } => "K0332",
            Self::PolicyChanged { .. } => "K0333",
            Self::TooFewKeys { scope: Scope::PolicyChange, .. } => "K0334",
            Self::RoleMissing { scope: Scope::PolicyChange, .. } => "K0335",
            Self::PolicyNotPinned { .. } => "K0336",
            Self::SequenceMissing { .. } => "K0337",
            Self::PolicyTheSame { .. } => "K0338",
        }
    }

    /// Always 3: refused by seal or trust policy.
    pub fn exit_code(&self) -> Exit {
        Exit::Refused
    }

    /// The facts behind the refusal, one line, if there are more.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Change { detail, .. } => Some(detail.clone()),
            Self::UnknownSigner { keys, .. } => Some(format!("key ids {}", keys.join(", "))),
            Self::PolicyNotPinned { pinned, found } => Some(format!("its sha256 is {found}, and not {pinned}")),
            Self::TargetNotChosen { labels } => Some(format!("targets {}", labels.join(", "))),
            Self::PlanForOtherTarget { meant_for, .. } => Some(format!("it is meant for {}", meant_for.join(", "))),
            _ => None,
        }
    }

    /// What to do about it, if that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoSeal { kind: TrustPolicyDocument::NAME } => {
                Some("have it signed with \"pgseal trust sign\" by the keys of the policy before it")
            }
            Self::NoSeal { kind: Snapshot::NAME } => Some("capture it with --key"),
            Self::NoSeal { .. } | Self::Seal(SealError::NoSignature) => Some("sign it with \"pgseal sign\""),
            Self::Seal(SealError::BadSignature { kind: TrustPolicyDocument::NAME, .. }) => Some(
                "the seal may belong to an earlier version of the policy: if so, remove it and have the policy signed again",
            ),
            Self::Seal(SealError::BadSignature { .. }) => {
                Some("the document or its seal was altered after signing; have it signed again")
            }
            Self::Change { refusal, .. } => refusal.hint(),
            Self::RoleMissing { scope: Scope::PolicyChange, .. } => {
                Some("somebody with that role has to add a signature with \"pgseal trust sign\"")
            }
            Self::RoleMissing { .. } => Some("somebody with that role has to add a signature with \"pgseal sign\""),
            Self::TooFewKeys { scope: Scope::PolicyChange, .. } => {
                Some("others can add a signature with \"pgseal trust sign\"")
            }
            Self::TooFewKeys { .. } => Some("another reviewer can add a signature with \"pgseal sign\""),
            Self::KeyRevoked { .. } | Self::KeyExpired { .. } => Some("another key has to sign in its place"),
            Self::CosignMissing => Some("a second reviewer can add one with \"pgseal cosign\""),
            Self::StateRequired | Self::SequenceNotEnforceable => Some("name the folder of its memory with --state"),
            Self::SequencePassed { .. } => Some("make a new plan with a higher number"),
            Self::SequenceMissing { .. } => Some("make the plan again with a higher --sequence"),
            Self::SequenceTaken { .. } => Some("make the plan again with a higher number"),
            Self::ClockBefore { .. } => {
                Some("set the clock right; if it was wrong before, and is right now, see \"Recover\" in AGENT.md")
            }
            Self::PolicyRollback { .. } => Some("put the latest version in its place"),
            Self::PolicyTheSame { .. } => Some("there is nothing to follow: name the changed policy"),
            Self::PolicyChanged { .. } => {
                Some("raise its policy_version, and have it signed with \"pgseal trust sign\"")
            }
            Self::Policy(error) => error.hint(),
            Self::TargetNotChosen { .. } => Some("say it with --target"),
            Self::PlanExpired { .. } | Self::PlanTooOld | Self::PlanUndated => Some("make a new plan"),
            Self::PlanNotYetValid { .. } => Some("apply it later; if the clock is wrong, set it right"),
            _ => None,
        }
    }
}
