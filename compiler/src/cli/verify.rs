//! `pgseal verify`: what an agent with this trust policy would say to a plan.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use pgseal_catalog::{Exit, Failure, Plan};
use pgseal_keys::{self as keys, Authorized, InForce, Received, TrustPolicy, moment};

use super::files::print;
use crate::report::quantity::count;

const EXAMPLES: &str = "\
Examples:
  pgseal verify plan.json --trust trust.toml
  pgseal verify plan.json --trust trust.toml --target production

Exit code 0: the policy lets the plan through. 3: it does not, and the message says why.";

/// Check a plan's seal against a trust policy, as the agent will
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Plan to check; its seal is FILE.sig
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Trust policy
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// Seal, if it is not beside the plan
    #[arg(long, value_name = "FILE")]
    seal: Option<PathBuf>,
    /// Target that the policy names
    #[arg(long, value_name = "LABEL")]
    target: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let received = Received::<keys::Plan>::read(&arguments.plan, arguments.seal.as_deref())?;
    let trust = InForce::elsewhere(&arguments.trust)?;
    let authorized = received.authorize(&trust, arguments.target.as_deref(), now()?, &mut Vec::new())?;
    let said = format!("{}: accepted\n{}", arguments.plan.display(), describe(&authorized, trust.policy()));
    print(said.as_bytes())?;
    Ok(Exit::Done)
}

/// What was found in order, and what an agent will look at besides, a line each.
fn describe(authorized: &Authorized<Plan>, policy: &TrustPolicy) -> String {
    let plan = authorized.plan();
    let mut said = format!("sha256: {}\n", authorized.digest());
    for signer in authorized.signers() {
        let statements: Vec<String> = signer.statements.iter().map(ToString::to_string).collect();
        let roles: Vec<&str> = signer.roles.iter().map(String::as_str).collect();
        let roles = if roles.is_empty() { String::new() } else { format!(", {}", roles.join(", ")) };
        let _ = writeln!(said, "{} by {} ({}{roles})", statements.join(" and "), signer.name, signer.key.id().short());
    }
    for line in authorized.not_counted() {
        let _ = writeln!(said, "not counted: {line}");
    }
    let _ = writeln!(
        said,
        "trust policy: version {}, satisfied; it demands {} of any plan (\"pgseal trust show\" says what else)",
        policy.policy_version(),
        count(policy.threshold() as usize, "signature")
    );
    let hazards: Vec<&str> = plan.hazards.iter().map(|hazard| hazard.word()).collect();
    let hazards = if hazards.is_empty() { "none".to_owned() } else { format!("{}: allowed", hazards.join(", ")) };
    let _ = writeln!(said, "hazards: {hazards}");
    let written = |time: i64| u64::try_from(time).map_or_else(|_| time.to_string(), moment::written);
    if let Some(start) = plan.binding.not_before {
        let _ = writeln!(said, "valid from: {}", written(start));
    }
    if let Some(end) = plan.binding.expires {
        let _ = writeln!(said, "expires: {}", written(end));
    }
    if let Some(target) = authorized.target() {
        let _ = writeln!(said, "target: {target}");
    }
    let steps: usize = plan.phases.iter().map(|phase| phase.steps.len()).sum();
    let _ = writeln!(
        said,
        "content: {} in {} for PostgreSQL {}, compiler {}",
        count(steps, "step"),
        count(plan.phases.len(), "phase"),
        plan.server_major,
        plan.compiler
    );
    let fingerprint = format!("the catalog at {}, or at one of the plan's checkpoints", plan.source.fingerprint);
    for line in authorized.expectations().iter().chain([&fingerprint]) {
        let _ = writeln!(said, "left to the agent: {line}");
    }
    said
}

/// Seconds since 1970.
pub(super) fn now() -> Result<u64, Failure> {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map(|since| since.as_secs()).map_err(|_| Failure::new(Exit::Environment, "the clock is before 1970"))
}
