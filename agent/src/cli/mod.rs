//! The command line: one file per command, one place for exit codes and errors.

mod apply;
mod capture;
mod check;
mod completions;
mod drift;
mod failure;
mod receipt;
mod said;
mod sealed;
mod signer;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use self::said::{Log, LogFormat};

pub use self::completions::script as completions;
pub use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
A first run:
  pgseal-agent capture --db shop --out snapshot.json
  pgseal-agent check --plan plan.json --trust trust.toml --db shop
  pgseal-agent apply --plan plan.json --trust trust.toml --db shop --receipt receipt.json

Connection options that are not given come from libpq's environment variables, service file and
password file.

Exit codes: 0 done; 1 the environment failed; 2 wrong usage; 3 refused: seal or trust policy;
4 refused: drift; 5 a statement failed, rolled back; 6 the result was not the promised one,
rolled back; 7 lock timeout after all retries, rolled back; 8 stopped between phases, resumable;
10 the input is invalid.";

/// Captures snapshots of a Postgres database, and applies sealed plans to it.
#[derive(Debug, Parser)]
#[command(name = "pgseal-agent", version, max_term_width = 100, after_help = EXAMPLES, disable_help_subcommand = true)]
struct Arguments {
    /// How what happens is told on standard error: human, or json (one object per line)
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORM")]
    #[arg(hide_possible_values = true, hide_default_value = true, display_order = 900)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Apply(apply::Arguments),
    Capture(capture::Arguments),
    Check(check::Arguments),
    Drift(drift::Arguments),
    Completions(completions::Arguments),
}

/// Runs the program with these arguments (the first is its own name); returns how it ends.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let in_json = LogFormat::is_json_in(&arguments);
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) if in_json && error.use_stderr() => {
            Log::new(LogFormat::Json).failure(&wrong_usage(&error));
            return Exit::Usage;
        }
        Err(error) => {
            // a failure to print help leaves nothing to report it with
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let log = Log::new(arguments.log_format);
    let outcome = match arguments.command {
        Command::Apply(arguments) => apply::run(&arguments, log),
        Command::Capture(arguments) => capture::run(&arguments, log),
        Command::Check(arguments) => check::run(&arguments, log),
        Command::Drift(arguments) => drift::run(&arguments, log),
        Command::Completions(arguments) => completions::run(&arguments),
    };
    match outcome {
        Ok(exit) => exit,
        Err(failure) => {
            log.failure(&failure);
            failure.exit
        }
    }
}

/// What is wrong with a command line, without how it should be.
fn wrong_usage(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n").map(str::trim).take_while(|part| !part.starts_with("Usage:"));
    let message = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
    paragraphs.fold(Failure::new(Exit::Usage, message), Failure::with_detail)
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
