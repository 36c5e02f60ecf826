//! `pgseal-agent check`: what `apply` would say to a plan, without changing anything.

use super::said::say;
use super::sealed::{SealedPlan, admit, live_target};
use crate::apply::{Report, check_plan};
use crate::connect::{ConnectionArgs, Environment, Session, Settings};
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Example:
  pgseal-agent check --plan plan.json --trust trust.toml --db shop";

/// Check whether a sealed plan could be applied to a database, without changing anything
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    plan: SealedPlan,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let received = arguments.plan.read()?;
    let authorized = arguments.plan.authorize(received, &mut Vec::new())?;
    let settings = Settings::resolve(&arguments.connection, &Environment::of_process())?;
    let mut session = Session::open(&settings)?;
    let live = live_target(&mut session)?;
    let admitted = admit(authorized, &live)?;
    let plan = admitted.plan();
    let found = check_plan(&mut session, &admitted, &mut Report::default())?;
    let ahead = plan.phases.len() - found;
    if ahead == 0 {
        say("nothing to do: the database is at the plan's target");
    } else {
        let steps: usize = plan.phases.iter().skip(found).map(|phase| phase.steps.len()).sum();
        let s = |n: usize| if n == 1 { "" } else { "s" };
        let all = plan.phases.len();
        say(&format!("the plan can be applied: {steps} step{} in {ahead} of {all} phase{} ahead", s(steps), s(all)));
    }
    Ok(Exit::Done)
}
