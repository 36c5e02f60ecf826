//! `pgseal diff`: how two databases differ, each given as a snapshot or as a schema.

use std::path::{Path, PathBuf};

use pgseal_catalog::Snapshot;

use super::files::print;
use super::inputs::{ReadingOptions, check, compile_failure, read_snapshot, read_text};
use super::said::Terminal;
use crate::compile::desired;
use crate::elaborate::Model;
use crate::{diff, report};
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  pgseal diff prod.json schema.sql                  # what the schema changes
  pgseal diff staging.json prod.json                # how two databases differ
  pgseal diff old.sql new.sql --like prod.json      # two schemas, read as that server would

An argument that ends in .json is a snapshot; anything else is SQL, a file or a folder.";

/// Show how two snapshots or schemas differ
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Snapshot (.json) or schema
    #[arg(value_name = "FROM")]
    from: String,
    /// Snapshot (.json) or schema
    #[arg(value_name = "TO")]
    to: String,
    /// Snapshot whose server reads the schemas, when both sides are schemas
    #[arg(long, value_name = "SNAPSHOT")]
    like: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadingOptions,
    /// Exit with 20 when they differ
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let from = snapshot_of(&arguments.from)?;
    let to = snapshot_of(&arguments.to)?;
    let like = arguments.like.as_deref().map(read_snapshot).transpose()?.map(|loaded| loaded.snapshot);
    let server = like.as_ref().or(from.as_ref()).or(to.as_ref()).ok_or_else(|| {
        Failure::new(Exit::Usage, "two schemas need --like SNAPSHOT: it says which server reads them")
    })?;
    if let (Some(from), Some(to)) = (&from, &to)
        && from.major() != to.major()
    {
        let message = format!("the snapshots are of different majors: {} and {}", from.major(), to.major());
        return Err(Failure::new(Exit::InvalidInput, message));
    }
    let side = |argument: &str, snapshot: &Option<Snapshot>| match snapshot {
        Some(snapshot) => {
            Model::from_snapshot(snapshot).map_err(|error| Failure::from_error(Exit::InvalidInput, &error))
        }
        None => schema_model(argument, server, arguments, terminal),
    };
    let deltas = diff::diff(&side(&arguments.from, &from)?, &side(&arguments.to, &to)?);
    print(report::delta::render(&deltas, terminal.output_colour()).as_bytes())?;
    let changes = !deltas.is_empty();
    Ok(if changes && arguments.detailed_exitcode { Exit::Changes } else { Exit::Done })
}

fn snapshot_of(argument: &str) -> Result<Option<Snapshot>, Failure> {
    let is_snapshot = Path::new(argument).extension().is_some_and(|extension| extension == "json");
    Ok(if is_snapshot { Some(read_snapshot(Path::new(argument))?.snapshot) } else { None })
}

fn schema_model(
    argument: &str,
    server: &Snapshot,
    arguments: &Arguments,
    terminal: &Terminal,
) -> Result<Model, Failure> {
    let text = read_text(&[argument], &arguments.reading, server);
    check(&text, terminal)?;
    match desired(server, &text) {
        Ok((model, diagnostics)) => {
            terminal.say(&diagnostics, &text.sources)?;
            Ok(model)
        }
        Err(error) => Err(compile_failure(&error, &text, terminal)),
    }
}
