//! `pgseal-agent check`: what `apply` would say to a plan and what it would execute, without changing anything.

use std::fmt::Write as _;

use pgseal_catalog::receipt::{Command, Outcome};
use pgseal_catalog::shown::visible;
use pgseal_catalog::{Exit, Failure, Plan};
use serde_json::{Value, json};

use super::receipt::{Draft, ReceiptOptions};
use super::said::{Log, WITHOUT_LEDGER, print_out};
use super::sealed::{SealedPlan, admit, live_target};
use crate::apply::{Found, check_plan};
use crate::connect::{ConnectionArgs, Environment, Session, Settings};

const EXAMPLES: &str = "\
Examples:
  pgseal-agent check --plan plan.json --trust trust.toml --db shop
  pgseal-agent check --plan plan.json --trust trust.toml --db shop --json

Standard output lists the phases that are there already and the statements that apply would
execute. Exit code 0 means that it could be applied now, or that there is nothing to do.
Nothing is changed in the database; a trust policy that follows is accepted, as by apply.";

/// Check whether a sealed plan could be applied to a database, and what would be executed, without changing anything
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    plan: SealedPlan,
    /// List the phases as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    receipt: ReceiptOptions,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) fn run(arguments: &Arguments, log: Log) -> Result<Exit, Failure> {
    let mut draft = arguments.receipt.open(Command::Check, arguments.plan.state())?;
    let (outcome, failure) = match check(arguments, &mut draft, log) {
        Ok(outcome) => (outcome, None),
        Err(failure) => {
            let refused = matches!(failure.exit, Exit::Refused | Exit::Drift | Exit::InvalidInput);
            (if refused { Outcome::Refused } else { Outcome::Failed }, Some(failure))
        }
    };
    let written = draft.close(outcome, failure.as_ref());
    if let Ok(path) = &written {
        arguments.receipt.say_where(path.as_ref(), log);
    }
    match (failure, written) {
        (None, written) => written.map(|_| Exit::Done),
        (Some(failure), Ok(_)) => Err(failure),
        (Some(failure), Err(other)) => {
            Err(failure.with_detail(format!("no {}: {}", arguments.receipt.missing().0, other.message())))
        }
    }
}

fn check(arguments: &Arguments, draft: &mut Draft, log: Log) -> Result<Outcome, Failure> {
    let received = arguments.plan.read()?;
    draft.plan = Some(received.digest());
    let authorized = arguments.plan.authorize(received, draft, log)?;
    let settings = Settings::resolve(&arguments.connection, &Environment::of_process())?;
    let mut session = Session::open(&settings)?;
    let live = live_target(&mut session)?;
    draft.live = Some(live.clone());
    let admitted = admit(authorized, &live)?;
    let plan = admitted.plan();
    let Found { phases: found, keeps_ledger } = check_plan(&mut session, &admitted, &mut draft.report)?;
    let list = if arguments.json { format!("{:#}\n", as_json(plan, found)) } else { in_words(plan, found) };
    print_out(&list)?;
    let all = plan.phases.len();
    let ahead = all - found;
    if ahead == 0 {
        log.note("nothing_to_do", "nothing to do: the database is at the plan's target");
        return Ok(Outcome::NothingToDo);
    }
    if !keeps_ledger {
        let said = format!("the role may not keep the ledger, {WITHOUT_LEDGER}");
        log.say("no_ledger", &said, json!({}));
    }
    let steps: usize = plan.phases.iter().skip(found).map(|phase| phase.steps.len()).sum();
    let s = |n: usize| if n == 1 { "" } else { "s" };
    log.say(
        "applicable",
        &format!("the plan can be applied: {steps} step{} in {ahead} of {all} phase{} ahead", s(steps), s(all)),
        json!({ "steps": steps, "found": found, "phases": all }),
    );
    Ok(Outcome::Applicable)
}

/// The phases of a plan, those that are there already without their statements.
fn in_words(plan: &Plan, found: usize) -> String {
    let all = plan.phases.len();
    let mut text = String::new();
    for (index, phase) in plan.phases.iter().enumerate() {
        let number = index + 1;
        // writing to a string cannot fail
        let _ = if index < found {
            writeln!(text, "phase {number} of {all}: there already")
        } else {
            let how = if phase.transaction { "in one transaction" } else { "without a transaction" };
            writeln!(text, "phase {number} of {all}: {how}, to {}", phase.checkpoint.fingerprint)
        };
        for step in phase.steps.iter().filter(|_| index >= found) {
            let _ = writeln!(text, "  {};", visible(&step.sql).trim_end_matches(';').replace('\n', "\n  "));
        }
    }
    text
}

fn as_json(plan: &Plan, found: usize) -> Value {
    let phases: Vec<Value> = plan
        .phases
        .iter()
        .enumerate()
        .map(|(index, phase)| {
            json!({
                "phase": index + 1,
                "state": if index < found { "there" } else { "ahead" },
                "transaction": phase.transaction,
                "checkpoint": phase.checkpoint.fingerprint,
                "statements": phase.steps.iter().map(|step| step.sql.as_str()).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "format": "pgseal-check", "version": 1, "found": found, "target": plan.target, "phases": phases })
}
