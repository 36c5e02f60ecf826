//! `pgseal-agent drift`: whether a database is what a snapshot or a plan says, for monitors.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use pgseal_catalog::shown::one_line;
use pgseal_catalog::{Exit, Failure, Plan, Recorded, Scope, Snapshot, limits};
use pgseal_keys::files::{self, Guard};
use serde_json::{Value, json};

use super::said::{Log, print_out};
use crate::apply::{Difference, Expectation, compare, compare_with_plan, is_opaque};
use crate::capture::capture;
use crate::connect::{ConnectionArgs, Environment, Session, Settings};

const EXAMPLES: &str = "\
Examples:
  pgseal-agent drift --snapshot snapshot.json --db shop
  pgseal-agent drift --plan plan.json --expect target --db shop --json

Exit code 0: the database is as it should be. 4: it is not, and standard output says what differs.
Any other exit code says that it could not be looked at.
A plan is only compared with, never applied: its seal is not asked for.";

/// Say what differs between a database and a snapshot of it, or a plan
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group(clap::ArgGroup::new("with").required(true).args(["snapshot", "plan"])))]
pub(super) struct Arguments {
    /// Snapshot to compare with; its scope is used
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Plan to compare with; its scope is used
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// State of the plan that the database must be in
    #[arg(long, value_enum, default_value_t, requires = "plan", value_name = "STATE")]
    expect: State,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// The state of a plan that a database must be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum State {
    /// As before its first phase, or as after any phase
    #[default]
    Any,
    /// As before its first phase
    Source,
    /// As after its last phase
    Target,
}

/// What a database is compared with.
enum Model {
    Snapshot(Box<Recorded>),
    Plan(Box<Plan>),
}

impl Model {
    fn read(arguments: &Arguments) -> Result<Self, Failure> {
        let read = |path: &Path, limit| files::read(path, Guard::Untrusted, limit).map_err(Failure::from);
        match (&arguments.snapshot, &arguments.plan) {
            (Some(path), _) => {
                let read = Recorded::from_bytes(&read(path, limits::MAX_SNAPSHOT_BYTES)?);
                let about = |error| Failure::from(error).about(&path.display().to_string());
                Ok(Self::Snapshot(Box::new(read.map_err(about)?)))
            }
            (None, Some(path)) => {
                let read = Plan::from_bytes(&read(path, limits::MAX_PLAN_BYTES)?);
                let about = |error| Failure::from(error).about(&path.display().to_string());
                Ok(Self::Plan(Box::new(read.map_err(about)?)))
            }
            // the argument group admits no other
            (None, None) => Err(Failure::new(Exit::Usage, "one of --snapshot and --plan is needed")),
        }
    }

    fn scope(&self) -> &Scope {
        match self {
            Self::Snapshot(snapshot) => &snapshot.scope,
            Self::Plan(plan) => &plan.scope,
        }
    }

    /// For a plan, how many of its phases the database has behind it; or what differs. The fingerprint decides: what is known of the
    /// objects need not say in which of them it is.
    fn compare(&self, live: &Snapshot, expect: State) -> Result<Option<usize>, Vec<Difference>> {
        match self {
            Self::Snapshot(captured) if captured.fingerprint == live.fingerprint() => Ok(None),
            Self::Snapshot(captured) => Err(compare(captured, &live.catalog)),
            Self::Plan(plan) => {
                let expectation = match expect {
                    State::Any => Expectation::AnyState,
                    State::Source => Expectation::Source,
                    State::Target => Expectation::Target,
                };
                compare_with_plan(plan, live, expectation).map(Some)
            }
        }
    }
}

pub(super) fn run(arguments: &Arguments, log: Log) -> Result<Exit, Failure> {
    let model = Model::read(arguments)?;
    let settings = Settings::resolve(&arguments.connection, &Environment::of_process())?;
    let mut session = Session::open(&settings)?;
    let live = capture(session.client(), model.scope(), String::new())?;
    let found = model.compare(&live, arguments.expect);
    if arguments.json {
        print_out(&format!("{:#}\n", as_json(&live, &found)))?;
    }
    let differences = match found {
        Ok(phases) => {
            let members = json!({ "fingerprint": live.fingerprint(), "phases": phases });
            log.say("no_drift", &no_drift(&model, &live, phases), members);
            return Ok(Exit::Done);
        }
        Err(differences) => differences,
    };
    if !arguments.json {
        print_out(&differences.iter().map(|difference| one_line(&difference.to_string()) + "\n").collect::<String>())?;
    }
    let what = if arguments.plan.is_some() { "plan" } else { "snapshot" };
    let places = match differences.len() {
        0 => format!("in its fingerprint, {}, and in no object that the {what} lists", live.fingerprint()),
        1 => "in one place".to_owned(),
        count => format!("in {count} places"),
    };
    let failure = Failure::new(Exit::Drift, format!("the database differs from the {what} {places}"));
    if is_opaque(&differences) {
        let hint =
            "of some objects the plan has a digest only: --snapshot with the snapshot that it was made from says more";
        return Err(failure.with_hint(hint));
    }
    Err(failure)
}

fn no_drift(model: &Model, live: &Snapshot, phases: Option<usize>) -> String {
    let fingerprint = live.fingerprint();
    match (model, phases) {
        (Model::Plan(plan), Some(phases)) if phases == plan.phases.len() => {
            format!("no drift: the database is at the plan's target, {fingerprint}")
        }
        (Model::Plan(_), Some(0)) => format!("no drift: the database is at the plan's source, {fingerprint}"),
        (Model::Plan(plan), Some(phases)) => {
            format!("no drift: the database has {phases} of {} phases behind it, {fingerprint}", plan.phases.len())
        }
        (Model::Plan(_) | Model::Snapshot(_), _) => format!("no drift: the database is at {fingerprint}"),
    }
}

fn as_json(live: &Snapshot, found: &Result<Option<usize>, Vec<Difference>>) -> Value {
    let told =
        |difference: &Difference| json!({ "object": difference.object.to_string(), "detail": difference.detail });
    let differences: Vec<Value> = found.as_ref().err().into_iter().flatten().map(told).collect();
    json!({
        "format": "pgseal-drift",
        "version": 1,
        "drift": found.is_err(),
        "fingerprint": live.fingerprint(),
        "phases": found.as_ref().ok().copied().flatten(),
        "differences": differences,
    })
}
