//! `pgseal-agent apply`: brings a database to a plan's target.

use std::sync::Arc;
use std::time::Duration;

use pgseal_catalog::receipt::{Command, Outcome};
use pgseal_keys::LiveTarget;
use serde_json::json;

use super::receipt::{Draft, ReceiptOptions};
use super::said::{Log, WITHOUT_LEDGER};
use super::sealed::{SealedPlan, admit, live_target};
use crate::apply::{ApplyError, Event, Interrupt, Means, Progress, apply, shortened};
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

pub(super) fn run(arguments: &Arguments, log: Log) -> Result<Exit, Failure> {
    // before anything that takes its time: a signal that comes earlier leaves no receipt, and in a container none comes at all
    let interrupt = Interrupt::on_signals().map_err(|error| Failure::from_error(Exit::Environment, &error))?;
    let mut draft = arguments.receipt.open(Command::Apply, arguments.plan.state())?;
    let told = log.unless(arguments.quiet);
    let (outcome, failure) = match run_plan(arguments, &mut draft, interrupt, told) {
        Ok(outcome) => (outcome, None),
        Err(failure) => (ended_badly(&draft, &failure), Some(failure)),
    };
    let written = draft.close(outcome, failure.as_ref());
    if let Ok(path) = &written {
        arguments.receipt.say_where(path.as_ref(), told);
    }
    match (failure, written) {
        (None, Ok(_)) => Ok(Exit::Done),
        // whatever would have been said of the receipt alone: nothing was refused
        (None, Err(failure)) => {
            let missing = format!("the plan was applied, but {} was not written", arguments.receipt.missing().1);
            Err(failure.about(&missing).with_exit(Exit::Environment))
        }
        (Some(failure), Ok(_)) => Err(failure),
        (Some(failure), Err(other)) => {
            Err(failure.with_detail(format!("no {}: {}", arguments.receipt.missing().0, other.message())))
        }
    }
}

/// Whether a run was refused before anything of the plan ran.
fn ended_badly(draft: &Draft, failure: &Failure) -> Outcome {
    let refused = matches!(failure.exit, Exit::Refused | Exit::Drift | Exit::InvalidInput);
    if refused && draft.report.phases.is_empty() { Outcome::Refused } else { Outcome::Failed }
}

fn run_plan(arguments: &Arguments, draft: &mut Draft, interrupt: Interrupt, log: Log) -> Result<Outcome, Failure> {
    let received = arguments.plan.read()?;
    draft.plan = Some(received.digest());
    let authorized = arguments.plan.authorize(received, draft, log)?;
    let settings = Settings::resolve(&arguments.connection, &Environment::of_process())?;
    let (mut session, live) = open(&settings, &interrupt)?;
    draft.live = Some(live.clone());
    let admitted = admit(authorized, &live)?;
    let phases = admitted.plan().phases.len();
    let this = live.clone();
    let another = move |within| {
        let mut session = Session::open_within(&settings, within)?;
        // behind the same name there may be another server by now
        if live_target(&mut session)? == this {
            return Ok(session);
        }
        Err(Failure::new(Exit::Environment, "another database answers under the same name"))
    };
    if interrupt.is_raised() {
        return Err(ApplyError::NotBegun.into());
    }
    let means =
        Means { another: Some(Arc::new(another)), reconnect: Duration::from_secs(arguments.reconnect), interrupt };
    let outcome = apply(&mut session, &admitted, &means, &mut draft.report, &mut |event| tell(log, event, phases));
    let outcome = outcome.inspect_err(|error| {
        draft.message = error.without_rows();
        if let Some(last) = draft.report.phases.last() {
            let said =
                format!("what was committed stays, up to phase {} of {phases}; apply goes on from there", last.phase);
            log.say("stays", &said, json!({ "phase": last.phase, "phases": phases }));
        }
    })?;
    match outcome {
        Outcome::NothingToDo => log.note("nothing_to_do", "nothing to do: the database is at the plan's target"),
        _ => {
            let target = admitted.plan().target;
            log.say("applied", &format!("applied: the database is at {target}"), json!({ "fingerprint": target }));
        }
    }
    // everything is committed: a session that ends badly changes nothing
    session.close().ok();
    Ok(outcome)
}

/// Opens the session, and asks what database it is of; a signal ends the wait for it.
fn open(settings: &Settings, interrupt: &Interrupt) -> Result<(Session, LiveTarget), Failure> {
    let settings = settings.clone();
    let opened = interrupt.within(None, move || {
        let mut session = Session::open(&settings)?;
        let live = live_target(&mut session)?;
        Ok((session, live))
    });
    opened.unwrap_or_else(|| {
        if interrupt.is_raised() {
            return Err(ApplyError::NotBegun.into());
        }
        Err(Failure::new(Exit::Environment, "no thread could be started to open a session"))
    })
}

fn tell(log: Log, event: &Event<'_>, phases: usize) {
    match event {
        Event::Found { phases: 0 } => {}
        Event::Found { phases: found } if *found == phases => {}
        Event::Found { phases: found } => log.say(
            "resumed",
            &format!("{found} of {phases} phases are there already, going on"),
            json!({ "found": found, "phases": phases }),
        ),
        Event::Step { place, sql } => {
            log.say(
                "step",
                &format!("{place}: {}", shortened(sql, 140)),
                json!({ "phase": place.phase, "step": place.step }),
            );
        }
        Event::NoLedger { phase } => {
            let said = format!("phase {phase}: the role may not keep the ledger, {WITHOUT_LEDGER}");
            log.say("no_ledger", &said, json!({ "phase": phase }));
        }
        Event::WaitingToRead { tries, pause } => log.say(
            "read_retry",
            &format!("try {tries} to read the database met a lock, trying again in {} ms", pause.as_millis()),
            json!({ "tries": tries, "pause_ms": millis(*pause) }),
        ),
        Event::Waiting { phase, tries, pause } => log.say(
            "phase_retry",
            &format!("phase {phase}: try {tries} met a lock, trying again in {} ms", pause.as_millis()),
            json!({ "phase": phase, "tries": tries, "pause_ms": millis(*pause) }),
        ),
        Event::Progress { place, progress } => log.say(
            "progress",
            &format!("{place}: {}", in_words(progress)),
            json!({
                "phase": place.phase, "step": place.step, "what": progress.what,
                "done": progress.share.map(|(done, _)| done), "total": progress.share.map(|(_, total)| total),
                "blocked_by": progress.waits.as_ref().map(|waits| waits.pids.join(", ")),
                "locked": progress.waits.as_ref().and_then(|waits| waits.on.clone()),
                "sessions": progress.waits.as_ref().map(|waits| waits.sessions.clone()),
            }),
        ),
        Event::ClearingUp { place, relation } => log.say(
            "clearing_up",
            &format!("{place}: clearing up what an earlier run left of {relation}"),
            json!({ "phase": place.phase, "relation": relation.to_string() }),
        ),
        Event::NotClearedUp { place } => log.say(
            "not_cleared_up",
            &format!("{place}: what is left of it could not be cleared up for now; the next run will"),
            json!({ "phase": place.phase }),
        ),
        Event::Reconnecting { pause } => log.say(
            "reconnecting",
            &format!("the connection was lost, connecting again in {} ms", pause.as_millis()),
            json!({ "pause_ms": millis(*pause) }),
        ),
        Event::Committed { phase, duration_ms } => log.say(
            "phase_committed",
            &format!("phase {phase} of {phases}: committed after {duration_ms} ms"),
            json!({ "phase": phase, "phases": phases, "duration_ms": duration_ms }),
        ),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn in_words(progress: &Progress) -> String {
    let mut words = progress.what.clone();
    if let Some((done, total)) = progress.share {
        words.push_str(&format!(" ({done} of {total}, {} %)", done.saturating_mul(100) / total.max(1)));
    }
    if let Some(waits) = &progress.waits {
        waits.on.iter().for_each(|on| words.push_str(&format!(" on {on}")));
        words.push_str(&format!(", held by {waits}"));
    }
    words
}
