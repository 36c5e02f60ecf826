//! `pgseal-agent drift`: what changed in a database since a snapshot of it was taken.

use std::path::PathBuf;

use pgseal_catalog::{Snapshot, limits};
use pgseal_keys::files::{self, Guard};

use super::said::say;
use crate::apply::compare;
use crate::capture::capture;
use crate::connect::{ConnectionArgs, Environment, Session, Settings};
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Example:
  pgseal-agent drift --snapshot snapshot.json --db shop

Exit code 0: the database is as it was. 4: it is not, and standard output says what differs.";

/// Say what changed in a database since a snapshot of it was taken
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Snapshot to compare with; its scope is used
    #[arg(long, value_name = "FILE")]
    snapshot: PathBuf,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let bytes = files::read(&arguments.snapshot, Guard::Untrusted, limits::MAX_SNAPSHOT_BYTES)?;
    let captured = Snapshot::from_bytes(&bytes)
        .map_err(|error| Failure::from(error).about(&arguments.snapshot.display().to_string()))?;
    drop(bytes);
    let settings = Settings::resolve(&arguments.connection, &Environment::of_process())?;
    let mut session = Session::open(&settings)?;
    let live = capture(session.client(), &captured.scope, String::new())?;
    if live.fingerprint() == captured.fingerprint() {
        say(&format!("no drift: the database is at {}", live.fingerprint()));
        return Ok(Exit::Done);
    }
    let differences = compare(&captured.catalog, &live.catalog);
    let lines: String = differences.iter().map(|difference| format!("{difference}\n")).collect();
    std::io::Write::write_all(&mut std::io::stdout(), lines.as_bytes())
        .map_err(|error| Failure::from_error(Exit::Environment, &error).about("standard output"))?;
    Err(Failure::new(Exit::Drift, format!("the database differs from the snapshot in {} places", differences.len())))
}
