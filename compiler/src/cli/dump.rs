//! `pgseal dump`: a snapshot as schema.sql.

use std::path::PathBuf;

use super::files::write_output;
use super::inputs::read_snapshot;
use crate::dump;
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  pgseal dump prod.json --out schema.sql
  pgseal dump prod.json --out -              # to standard output
  pgseal dump prod.json --out-dir schema/    # one file per object, and main.sql that includes them

Planning the dump against its own snapshot gives an empty plan.";

/// Write a snapshot as SQL
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group(clap::ArgGroup::new("where").required(true).args(["out", "out_dir"])))]
pub(super) struct Arguments {
    /// Snapshot that pgseal-agent captured, or - for standard input
    #[arg(value_name = "SNAPSHOT")]
    snapshot: PathBuf,
    /// File to write, or - for standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Folder to write; it is made where there is none, and other files in it stay
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let source = read_snapshot(&arguments.snapshot)?;
    let dump = dump::dump(&source.snapshot).map_err(|error| Failure::from_error(Exit::InvalidInput, &error))?;
    if let Some(path) = &arguments.out {
        write_output(path, dump.script().as_bytes())?;
    }
    if let Some(folder) = &arguments.out_dir {
        for file in dump.files() {
            let path = folder.join(&file.path);
            let parent = path.parent().unwrap_or(folder);
            std::fs::create_dir_all(parent).map_err(|error| {
                Failure::new(Exit::Environment, format!("could not make folder \"{}\": {error}", parent.display()))
            })?;
            write_output(&path, file.text.as_bytes())?;
        }
    }
    Ok(Exit::Done)
}
