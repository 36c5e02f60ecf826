//! `pgseal diff`: how two databases differ, each given as a snapshot or as a schema.

use std::path::{Path, PathBuf};

use pgseal_catalog::Snapshot;

use super::files::print;
use super::inputs::{ReadingOptions, check, compile_failure, read_snapshot, read_text};
use super::said::Terminal;
use crate::bodies;
use crate::compile::desired;
use crate::diagnostic::Diagnostics;
use crate::elaborate::Model;
use crate::syntax::SchemaText;
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
            let model =
                Model::from_snapshot(snapshot).map_err(|error| Failure::from_error(Exit::InvalidInput, &error))?;
            Ok(Side { model, schema: None })
        }
        None => schema_side(argument, server, arguments, terminal),
    };
    let (from, to) = (side(&arguments.from, &from)?, side(&arguments.to, &to)?);
    for (own, other) in [(&from, &to), (&to, &from)] {
        if let Some(schema) = &own.schema {
            schema.say(server, &own.model, &other.model, terminal)?;
        }
    }
    let deltas = diff::diff(&from.model, &to.model);
    print(report::delta::render(&deltas, terminal.output_colour()).as_bytes())?;
    let changes = !deltas.is_empty();
    Ok(if changes && arguments.detailed_exitcode { Exit::Changes } else { Exit::Done })
}

fn snapshot_of(argument: &str) -> Result<Option<Snapshot>, Failure> {
    let is_snapshot = Path::new(argument).extension().is_some_and(|extension| extension == "json");
    Ok(if is_snapshot { Some(read_snapshot(Path::new(argument))?.snapshot) } else { None })
}

/// One of the two databases.
struct Side {
    model: Model,
    /// What it was read from, when that is SQL.
    schema: Option<Schema>,
}

struct Schema {
    text: SchemaText,
    diagnostics: Diagnostics,
}

impl Schema {
    /// Says what there is to say of it, and of the bodies that the other side does not have.
    fn say(&self, server: &Snapshot, own: &Model, other: &Model, terminal: &Terminal) -> Result<(), Failure> {
        let mut said = self.diagnostics.clone();
        said.append(bodies::warnings(server, other, own, &self.text, &self.diagnostics));
        terminal.say(&said.sorted(), &self.text.sources)
    }
}

fn schema_side(argument: &str, server: &Snapshot, arguments: &Arguments, terminal: &Terminal) -> Result<Side, Failure> {
    let text = read_text(&[argument], &arguments.reading, server);
    check(&text, terminal)?;
    match desired(server, &text) {
        Ok((model, diagnostics)) => Ok(Side { model, schema: Some(Schema { text, diagnostics }) }),
        Err(error) => Err(compile_failure(&error, &text, terminal)),
    }
}
