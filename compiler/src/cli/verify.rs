//! `pgseal verify`: what an agent with this trust policy would say to a plan.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use pgseal_catalog::{Exit, Failure};
use pgseal_keys::{self as keys, Received};

use super::files::print;

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
    let policy = keys::read_policy(&arguments.trust)?;
    let authorized = received.authorize(&policy, arguments.target.as_deref(), now()?, &mut Vec::new())?;

    let mut said = format!("{}: accepted\n", arguments.plan.display());
    let _ = writeln!(said, "sha256: {}", authorized.digest());
    for signer in authorized.signers() {
        let statements: Vec<String> = signer.statements.iter().map(ToString::to_string).collect();
        let _ = writeln!(said, "{} by {} ({})", statements.join(" and "), signer.name, signer.key.id().short());
    }
    if let Some(target) = authorized.target() {
        let _ = writeln!(said, "target: {target}");
    }
    print(said.as_bytes())?;
    Ok(Exit::Done)
}

/// Seconds since 1970.
pub(super) fn now() -> Result<u64, Failure> {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map(|since| since.as_secs()).map_err(|_| Failure::new(Exit::Environment, "the clock is before 1970"))
}
