//! The command line: one file per command, one place for exit codes, errors, files and colours.
//!
//! The commands read files, call the library and write files; no logic of the compiler lives here.

mod completions;
mod cosign;
mod diff;
mod dump;
pub mod files;
mod inputs;
mod keygen;
mod passphrase;
mod plan;
mod receipt;
mod said;
mod show;
mod sign;
mod signing;
mod trust;
mod verify;

use std::ffi::OsString;
use std::io::Write as _;

use clap::{Parser, Subcommand};

pub use self::completions::script as completions;
pub use self::said::{ColourChoice, MessageFormat, Terminal};
use crate::stack::on_large;
pub use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
A first run, from a snapshot that the agent captured:
  pgseal keygen --out me.pem --no-passphrase
  pgseal trust init --key me.pub.pem --out trust.toml
  pgseal dump snapshot.json --out schema.sql
  $EDITOR schema.sql
  pgseal plan --snapshot snapshot.json --schema schema.sql --out plan.json --key me.pem
  pgseal show plan.json

Exit codes: 0 done; 1 the environment failed; 2 wrong usage; 3 refused: seal or trust policy;
9 plan written, not signed; 10 the input (schema, snapshot, plan) is invalid;
20 there are changes (with --detailed-exitcode).";

/// Plans Postgres schema changes offline, from a snapshot and schema.sql, and signs them.
#[derive(Debug, Parser)]
#[command(name = "pgseal", version, max_term_width = 100, after_help = EXAMPLES, disable_help_subcommand = true)]
struct Arguments {
    /// Colours in what is printed: auto, always or never
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    #[arg(hide_possible_values = true, hide_default_value = true, display_order = 900)]
    color: ColourChoice,
    /// How errors in SQL are printed: human (with the line and a caret) or json
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORM")]
    #[arg(hide_possible_values = true, hide_default_value = true, display_order = 901)]
    messages: MessageFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Keygen(keygen::Arguments),
    #[command(subcommand)]
    Trust(trust::Command),
    Plan(plan::Arguments),
    Show(show::Arguments),
    Sign(sign::Arguments),
    Cosign(cosign::CosignArguments),
    Verify(verify::Arguments),
    Reproduce(cosign::ReproduceArguments),
    Dump(dump::Arguments),
    Diff(diff::Arguments),
    #[command(subcommand)]
    Receipt(receipt::Command),
    Completions(completions::Arguments),
}

/// Runs the program with these arguments (the first is its own name); returns how it ends.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // a failure to print help leaves nothing to report it with
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let terminal = Terminal::new(arguments.color, arguments.messages);
    // no schema is nested so deep that what follows its trees overflows
    let ended = on_large(|| dispatch(arguments.command, &terminal))
        .unwrap_or_else(|error| Err(Failure::new(Exit::Environment, error.to_string())));
    match ended {
        Ok(exit) => exit,
        Err(failure) => {
            let _ = std::io::stderr().write_all(failure.render("pgseal").as_bytes());
            failure.exit
        }
    }
}

fn dispatch(command: Command, terminal: &Terminal) -> Result<Exit, Failure> {
    match command {
        Command::Keygen(arguments) => keygen::run(&arguments),
        Command::Trust(command) => trust::run(&command),
        Command::Plan(arguments) => plan::run(&arguments, terminal),
        Command::Show(arguments) => show::run(&arguments, terminal),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Cosign(arguments) => cosign::cosign(&arguments, terminal),
        Command::Reproduce(arguments) => cosign::reproduce(&arguments, terminal),
        Command::Dump(arguments) => dump::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments, terminal),
        Command::Receipt(command) => receipt::run(&command),
        Command::Completions(arguments) => completions::run(&arguments),
    }
}

/// The definition of the command line, for man pages and tests.
#[must_use]
pub fn definition() -> clap::Command {
    <Arguments as clap::CommandFactory>::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed() {
        super::definition().debug_assert();
    }
    #[test]
    fn what_is_written_by_hand_fits_the_width_of_the_help() {
        let whole = super::definition();
        for command in std::iter::once(&whole).chain(whole.get_subcommands()) {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in text.lines() {
                assert!(line.chars().count() <= 100, "{}: {line}", command.get_name());
            }
        }
    }
}
