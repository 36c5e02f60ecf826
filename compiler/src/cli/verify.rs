//! `pgseal verify`: what an agent with this trust policy would say to a plan.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use pgseal_catalog::Plan;
use pgseal_keys::files::{self, Guard};
use pgseal_keys::policy::MAX_POLICY_BYTES;
use pgseal_keys::seal::MAX_SEAL_BYTES;
use pgseal_keys::{self as keys, Kind as _, PlanFacts, TrustPolicy, Unverified};

use super::exit::Exit;
use super::failure::Failure;
use super::files::print;
use super::sign::seal_path;

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
    let document = files::read(&arguments.plan, Guard::Untrusted, keys::Plan::MAX_BYTES)?.to_vec();
    let seal_path = arguments.seal.clone().unwrap_or_else(|| seal_path(&arguments.plan));
    let seal = match seal_path.try_exists() {
        Ok(false) if arguments.seal.is_none() => None,
        _ => Some(files::read(&seal_path, Guard::Untrusted, MAX_SEAL_BYTES)?.to_vec()),
    };
    let policy = TrustPolicy::read(&files::read(&arguments.trust, Guard::Trusted, MAX_POLICY_BYTES)?)?;
    let verified = Unverified::<keys::Plan>::new(document, seal).verify(&policy, now()?)?;
    let opened = verified
        .open(|bytes| {
            let plan = Plan::from_bytes(bytes).map_err(Failure::from)?;
            let facts = plan_facts(&plan)?;
            Ok::<_, Failure>((plan, facts))
        })
        .map_err(|failure| failure.about(&arguments.plan.display().to_string()))?;
    let authorized = opened.authorize(arguments.target.as_deref())?;

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

/// What a trust policy judges in a plan.
fn plan_facts(plan: &Plan) -> Result<PlanFacts, Failure> {
    let seconds = |time: Option<i64>| {
        time.map(u64::try_from)
            .transpose()
            .map_err(|_| Failure::new(Exit::InvalidInput, "the plan's validity lies before 1970"))
    };
    Ok(PlanFacts {
        hazards: plan.hazards.iter().map(|hazard| hazard.word().to_owned()).collect::<BTreeSet<_>>(),
        valid_from: seconds(plan.binding.not_before)?,
        expires: seconds(plan.binding.expires)?,
        targets: plan.binding.targets.clone(),
        database: plan.binding.database.clone(),
        system_identifier: plan.binding.system_identifier.clone(),
        sequence: plan.binding.sequence,
        compiler_version: plan.compiler.clone(),
    })
}
