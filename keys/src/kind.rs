//! The kinds of document that can be signed, and what a signature on each says.
//!
//! Each kind is a type of its own with a payload type of its own, so that neither the compiler of
//! this program nor a signature can take one for another.

use std::fmt;

use pgseal_catalog::limits;

mod closed {
    pub trait Closed {}
}

/// A kind of document. Only the types of this module implement it.
pub trait Kind: closed::Closed + 'static {
    /// What messages call a document of this kind.
    const NAME: &'static str;
    /// The payload type of a plain signature.
    const PAYLOAD_TYPE: &'static str;
    /// The payload type of a signature by somebody who reproduced the document from its inputs.
    const REPRODUCED_TYPE: Option<&'static str>;
    /// The largest document that is read, in bytes.
    const MAX_BYTES: u64;
    /// Whether the thresholds, roles and co-signing of the policy apply; else one signature will do.
    const NEEDS_QUORUM: bool;
    /// The word for this kind in a policy's `signs`.
    const PURPOSE: Purpose;
}

/// What a key in a trust policy may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Plans.
    Plan,
    /// New versions of the trust policy.
    TrustPolicy,
    /// Snapshots.
    Snapshot,
    /// Receipts.
    Receipt,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::Plan, Self::TrustPolicy, Self::Snapshot, Self::Receipt];

    /// The word in the policy file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::TrustPolicy => "trust-policy",
            Self::Snapshot => "snapshot",
            Self::Receipt => "receipt",
        }
    }
}

/// What the signer states about the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statement {
    /// The signer approves of it.
    Signed,
    /// The signer approves of it and made the same bytes from the inputs.
    Reproduced,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signed => "signed",
            Self::Reproduced => "reproduced",
        })
    }
}

/// The payload type that `statement` on a document of kind `K` is signed under, if there is one.
pub fn payload_type<K: Kind>(statement: Statement) -> Option<&'static str> {
    match statement {
        Statement::Signed => Some(K::PAYLOAD_TYPE),
        Statement::Reproduced => K::REPRODUCED_TYPE,
    }
}

/// `plan.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {}

impl closed::Closed for Plan {}
impl Kind for Plan {
    const NAME: &'static str = "plan";
    const PAYLOAD_TYPE: &'static str = "application/vnd.pgseal.plan+json";
    const REPRODUCED_TYPE: Option<&'static str> = Some("application/vnd.pgseal.plan.reproduced+json");
    const MAX_BYTES: u64 = limits::MAX_PLAN_BYTES;
    const NEEDS_QUORUM: bool = true;
    const PURPOSE: Purpose = Purpose::Plan;
}

/// `trust.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustPolicyDocument {}

impl closed::Closed for TrustPolicyDocument {}
impl Kind for TrustPolicyDocument {
    const NAME: &'static str = "trust policy";
    const PAYLOAD_TYPE: &'static str = "application/vnd.pgseal.trust-policy+toml";
    const REPRODUCED_TYPE: Option<&'static str> = None;
    const MAX_BYTES: u64 = limits::MAX_TRUST_BYTES;
    const NEEDS_QUORUM: bool = true;
    const PURPOSE: Purpose = Purpose::TrustPolicy;
}

/// `snapshot.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshot {}

impl closed::Closed for Snapshot {}
impl Kind for Snapshot {
    const NAME: &'static str = "snapshot";
    const PAYLOAD_TYPE: &'static str = "application/vnd.pgseal.snapshot+json";
    const REPRODUCED_TYPE: Option<&'static str> = None;
    const MAX_BYTES: u64 = limits::MAX_SNAPSHOT_BYTES;
    const NEEDS_QUORUM: bool = false;
    const PURPOSE: Purpose = Purpose::Snapshot;
}

/// `receipt.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {}

impl closed::Closed for Receipt {}
impl Kind for Receipt {
    const NAME: &'static str = "receipt";
    const PAYLOAD_TYPE: &'static str = "application/vnd.pgseal.receipt+json";
    const REPRODUCED_TYPE: Option<&'static str> = None;
    const MAX_BYTES: u64 = limits::MAX_RECEIPT_BYTES;
    const NEEDS_QUORUM: bool = false;
    const PURPOSE: Purpose = Purpose::Receipt;
}
