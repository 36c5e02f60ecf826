//! Limits on every input, each with the attack or accident that it stops.

/// The largest snapshot that is read, in bytes: memory.
pub const MAX_SNAPSHOT_BYTES: u64 = 512 * 1024 * 1024;
/// The largest plan that is read, in bytes: memory of the agent.
pub const MAX_PLAN_BYTES: u64 = 64 * 1024 * 1024;
/// The largest seal that is read, in bytes.
pub const MAX_SEAL_BYTES: u64 = 256 * 1024;
/// The largest trust policy that is read, in bytes.
pub const MAX_TRUST_BYTES: u64 = 1024 * 1024;
/// The largest key file that is read, in bytes.
pub const MAX_KEY_BYTES: u64 = 64 * 1024;
/// The largest receipt that is read, in bytes.
pub const MAX_RECEIPT_BYTES: u64 = 64 * 1024 * 1024;
/// The most facts in one catalog.
pub const MAX_FACTS: usize = 2_000_000;
/// The most phases in one plan.
pub const MAX_PHASES: usize = 10_000;
/// The most steps in one plan.
pub const MAX_STEPS: usize = 1_000_000;
/// The longest single statement of a plan, in bytes.
pub const MAX_STATEMENT_BYTES: usize = 16 * 1024 * 1024;
/// The deepest nesting of a JSON document: the reader's stack.
pub const MAX_JSON_DEPTH: usize = 64;

/// An input went over one of the limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is over the limit: {found} > {limit} {unit}")]
pub struct LimitError {
    /// What was measured.
    pub what: &'static str,
    /// How much there is.
    pub found: u64,
    /// How much is allowed.
    pub limit: u64,
    /// Of what.
    pub unit: &'static str,
}

/// Compares a count or size with its limit.
///
/// # Errors
/// It is over.
pub fn check(what: &'static str, found: u64, limit: u64, unit: &'static str) -> Result<(), LimitError> {
    if found > limit { Err(LimitError { what, found, limit, unit }) } else { Ok(()) }
}
