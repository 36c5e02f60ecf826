//! `pgseal receipt`: what an agent says it did, once its signature is checked.

use std::fmt::Write as _;
use std::path::PathBuf;

use pgseal_catalog::receipt::{Outcome, Receipt};
use pgseal_catalog::{Digest, Plan, limits};
use pgseal_keys::files::{self, Guard};
use pgseal_keys::{self as keys, Received};

use super::files::print;
use super::verify::now;
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  pgseal receipt receipt.json --trust trust.toml
  pgseal receipt receipt.json --trust trust.toml --plan plan.json   # also: is it about this plan?

Exit code 0 means that the receipt is genuine, not that the run went well: read its outcome.";

/// Check an agent's receipt and show it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Receipt to check; its seal is FILE.sig
    #[arg(value_name = "RECEIPT")]
    receipt: PathBuf,
    /// Trust policy that names the agent's key
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// Plan that it must be about
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let received = Received::<keys::Receipt>::read(&arguments.receipt, None)?;
    let policy = keys::read_policy(&arguments.trust)?;
    let verified = received.unverified().verify(&policy, now()?)?;
    let receipt = Receipt::from_bytes(verified.document())
        .map_err(|error| Failure::from(error).about(&arguments.receipt.display().to_string()))?;
    if let Some(path) = &arguments.plan {
        let bytes = files::read(path, Guard::Untrusted, limits::MAX_PLAN_BYTES)?;
        let plan = Plan::from_bytes(&bytes).map_err(|error| Failure::from(error).about(&path.display().to_string()))?;
        matches_plan(&receipt, &plan, Digest::of(&bytes))?;
    }
    let mut said = String::new();
    for signer in verified.signers() {
        let _ = writeln!(said, "signed by {} ({})", signer.name, signer.key.id().short());
    }
    said.push_str(&describe(&receipt));
    print(said.as_bytes())?;
    Ok(Exit::Done)
}

/// Checks that a receipt is about a plan, statement by statement.
fn matches_plan(receipt: &Receipt, plan: &Plan, digest: Digest) -> Result<(), Failure> {
    let other = |detail: String| Failure::new(Exit::Refused, "the receipt is about another plan").with_detail(detail);
    if receipt.plan != digest {
        return Err(other(format!("the receipt's is {}, this one is {digest}", receipt.plan)));
    }
    for record in &receipt.phases {
        let phase = usize::try_from(record.phase).ok().and_then(|n| n.checked_sub(1)).and_then(|n| plan.phases.get(n));
        let phase = phase.ok_or_else(|| other(format!("the plan has no phase {}", record.phase)))?;
        let same = phase.steps.len() == record.steps.len()
            && phase.steps.iter().zip(&record.steps).all(|(step, ran)| Digest::of(step.sql.as_bytes()) == ran.sql);
        if !same || phase.checkpoint.fingerprint != record.checkpoint {
            return Err(other(format!("phase {} ran other statements or reached another checkpoint", record.phase)));
        }
    }
    Ok(())
}

fn describe(receipt: &Receipt) -> String {
    let outcome = match receipt.outcome {
        Outcome::Applied => "applied: the database is at the target",
        Outcome::NothingToDo => "nothing to do: the database was at the target already",
        Outcome::Refused => "refused before anything ran",
        Outcome::Failed => "failed: the running phase was rolled back",
    };
    let mut text = format!("outcome:  {outcome} (exit code {})\n", receipt.exit_code);
    let mut line = |label: &str, value: &str| {
        let shown: String = value.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
        let _ = writeln!(text, "{label:<9} {shown}");
    };
    if let Some(message) = &receipt.message {
        line("message:", message);
    }
    line("plan:", &receipt.plan.to_string());
    if let Some(database) = &receipt.database {
        line("database:", database);
    }
    if let Some(identifier) = &receipt.system_identifier {
        line("cluster:", identifier);
    }
    line("started:", &receipt.started_at);
    line("finished:", &receipt.finished_at);
    if let Some(before) = &receipt.before {
        line("before:", &before.to_string());
    }
    if let Some(after) = &receipt.after {
        line("after:", &after.to_string());
    }
    for phase in &receipt.phases {
        let steps = phase.steps.len();
        line(
            &format!("phase {}:", phase.phase),
            &format!("{steps} statements in {} ms, {} lock retries", phase.duration_ms, phase.retries),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use pgseal_catalog::receipt::{FORMAT, PhaseRecord, StepRecord, VERSION};

    use super::*;
    use crate::report::sample;

    fn receipt(plan: &Plan, digest: Digest) -> Receipt {
        let phase = &plan.phases[0];
        Receipt {
            format: FORMAT.to_owned(),
            version: VERSION,
            agent: "0.1.0".to_owned(),
            plan: digest,
            signers: Vec::new(),
            database: Some("app\u{1b}".to_owned()),
            system_identifier: None,
            started_at: "2026-01-01T00:00:00Z".to_owned(),
            finished_at: "2026-01-01T00:00:01Z".to_owned(),
            outcome: Outcome::Failed,
            exit_code: 5,
            message: None,
            before: None,
            after: None,
            phases: vec![PhaseRecord {
                phase: 1,
                checkpoint: phase.checkpoint.fingerprint,
                retries: 0,
                duration_ms: 3,
                steps: phase
                    .steps
                    .iter()
                    .map(|step| StepRecord { sql: Digest::of(step.sql.as_bytes()), duration_ms: 1 })
                    .collect(),
            }],
            previous: None,
        }
    }

    #[test]
    fn a_receipt_is_held_against_its_plan() {
        let plan = sample::plan();
        let digest = Digest::of(&plan.to_bytes());
        let good = receipt(&plan, digest);
        assert!(matches_plan(&good, &plan, digest).is_ok());
        assert!(matches_plan(&good, &plan, Digest::of(b"x")).is_err());
        let mut other = good.clone();
        other.phases[0].steps[1].sql = Digest::of(b"x");
        assert!(matches_plan(&other, &plan, digest).is_err());
        let mut other = good.clone();
        other.phases[0].phase = 3;
        assert!(matches_plan(&other, &plan, digest).is_err());
        let mut other = good;
        other.phases[0].phase = 0;
        assert!(matches_plan(&other, &plan, digest).is_err());
    }

    #[test]
    fn a_receipt_is_described_without_control_characters() {
        let plan = sample::plan();
        let text = describe(&receipt(&plan, Digest::of(b"")));
        assert!(text.starts_with("outcome:  failed: the running phase was rolled back (exit code 5)\n"));
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains("phase 1:  3 statements in 3 ms, 0 lock retries\n"));
    }
}
