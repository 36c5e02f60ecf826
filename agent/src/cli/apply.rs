//! `pgseal-agent apply`: brings a database to a plan's target.

use std::time::Duration;

use pgseal_catalog::receipt::Outcome;

use super::receipt::{Draft, ReceiptOptions};
use super::said::say;
use super::sealed::{SealedPlan, admit, live_target};
use crate::apply::{Event, Interrupt, Means, Progress, apply};
use crate::connect::{ConnectionArgs, Environment, Session, Settings};
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  pgseal-agent apply --plan plan.json --trust trust.toml --db shop
  pgseal-agent apply --plan plan.json --trust trust.toml --dsn service=shop \\
    --receipt receipt.json --key agent.pem

A run that stopped in the middle is continued by the same command: the state of the database says
where.";

/// Apply a sealed plan to a database
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    plan: SealedPlan,
    /// Print only errors
    #[arg(long, short)]
    quiet: bool,
    /// How long a lost connection is tried to be replaced, in seconds; 0 for not at all
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    reconnect: u64,
    #[command(flatten)]
    receipt: ReceiptOptions,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut draft = arguments.receipt.open()?;
    let (outcome, failure) = match run_plan(arguments, &mut draft) {
        Ok(outcome) => (outcome, None),
        Err(failure) => {
            let ran = !draft.report.phases.is_empty();
            let refused = matches!(failure.exit, Exit::Refused | Exit::Drift | Exit::InvalidInput);
            (if refused && !ran { Outcome::Refused } else { Outcome::Failed }, Some(failure))
        }
    };
    let exit = failure.as_ref().map_or(Exit::Done, |failure| failure.exit);
    let written = draft.close(outcome, exit, failure.as_ref().map(Failure::message));
    match (failure, written) {
        (None, Ok(_)) => Ok(Exit::Done),
        (None, Err(failure)) => Err(failure.about("the plan was applied, but its receipt was not written")),
        (Some(failure), Ok(_)) => Err(failure),
        (Some(failure), Err(other)) => Err(failure.with_detail(format!("no receipt: {}", other.message()))),
    }
}

fn run_plan(arguments: &Arguments, draft: &mut Draft) -> Result<Outcome, Failure> {
    let received = arguments.plan.read()?;
    draft.plan = Some(received.digest());
    let authorized = arguments.plan.authorize(received, &mut draft.signers)?;
    let settings = Settings::resolve(&arguments.connection, &Environment::of_process())?;
    let mut session = Session::open(&settings)?;
    let live = live_target(&mut session)?;
    draft.target = Some(live.clone());
    let admitted = admit(authorized, &live)?;
    let phases = admitted.plan().phases.len();
    let quiet = arguments.quiet;
    let another = || {
        let mut session = Session::open(&settings)?;
        // behind the same name there may be another server by now
        if live_target(&mut session)? == live {
            return Ok(session);
        }
        Err(Failure::new(Exit::Environment, "another database answers under the same name"))
    };
    let interrupt = Interrupt::on_signals().map_err(|error| Failure::from_error(Exit::Environment, &error))?;
    let means = Means { another: Some(&another), reconnect: Duration::from_secs(arguments.reconnect), interrupt };
    let outcome = apply(&mut session, &admitted, &means, &mut draft.report, &mut |event| {
        if !quiet {
            tell(event, phases);
        }
    })?;
    if !quiet {
        match outcome {
            Outcome::NothingToDo => say("nothing to do: the database is at the plan's target"),
            _ => say(&format!("applied: the database is at {}", admitted.plan().target)),
        }
    }
    // everything is committed: a session that ends badly changes nothing
    session.close().ok();
    Ok(outcome)
}

fn tell(event: &Event<'_>, phases: usize) {
    match event {
        Event::Found { phases: 0 } => {}
        Event::Found { phases: found } if *found == phases => {}
        Event::Found { phases: found } => say(&format!("{found} of {phases} phases are there already, going on")),
        Event::Step { place, sql } => {
            let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
            say(&format!("{place}: {}", line.chars().take(140).collect::<String>()));
        }
        Event::NoLedger { phase } => say(&format!("phase {phase}: the role may not keep the ledger")),
        Event::WaitingToRead { tries, pause } => {
            say(&format!("try {tries} to read the database met a lock, trying again in {} ms", pause.as_millis()));
        }
        Event::Waiting { phase, tries, pause } => {
            say(&format!("phase {phase}: try {tries} met a lock, trying again in {} ms", pause.as_millis()));
        }
        Event::Progress { place, progress } => say(&format!("{place}: {}", in_words(progress))),
        Event::ClearingUp { place, relation } => {
            say(&format!("{place}: clearing up what an earlier run left of {relation}"));
        }
        Event::NotClearedUp { place } => {
            say(&format!("{place}: what is left of it could not be cleared up for now; the next run will"));
        }
        Event::Reconnecting { pause } => {
            say(&format!("the connection was lost, connecting again in {} ms", pause.as_millis()));
        }
        Event::Committed { phase, duration_ms } => {
            say(&format!("phase {phase} of {phases}: committed after {duration_ms} ms"));
        }
    }
}

fn in_words(progress: &Progress) -> String {
    let mut words = progress.what.clone();
    if let Some((done, total)) = progress.share {
        words.push_str(&format!(" ({done} of {total}, {} %)", done.saturating_mul(100) / total.max(1)));
    }
    if let Some(pids) = &progress.blocked_by {
        words.push_str(&format!(", held by process {pids}"));
    }
    words
}
