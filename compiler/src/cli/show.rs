//! `pgseal show`: a plan for a reader.

use std::path::PathBuf;

use pgseal_catalog::{Plan, limits};

use super::files::{print, read_input, shown};
use super::said::Terminal;
use crate::report;
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  pgseal show plan.json                 # what it does, its locks and hazards
  pgseal show plan.json --form sql      # the statements only
  ssh build cat plan.json | pgseal show -";

/// Show what a plan does
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Plan, or - for standard input
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// How to show it: human (by object, with locks and hazards) or sql (a script to read)
    #[arg(long, value_enum, default_value_t, value_name = "FORM", hide_possible_values = true)]
    form: Form,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Form {
    /// Grouped by object, with locks and hazards
    #[default]
    Human,
    /// A script with transactions, to read rather than to run
    Sql,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let bytes = read_input(&arguments.plan, limits::MAX_PLAN_BYTES)?;
    let plan = Plan::from_bytes(&bytes).map_err(|error| Failure::from(error).about(&shown(&arguments.plan)))?;
    let text = match arguments.form {
        Form::Human => report::human::render(&plan, terminal.output_colour()),
        Form::Sql => report::sql::render(&plan),
    };
    print(text.as_bytes())?;
    Ok(Exit::Done)
}
