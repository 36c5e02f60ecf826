//! `pgseal-agent completions`: completion for a shell, from the same definition as the command line.

use std::io::Write as _;

use clap_complete::Shell;

use pgseal_catalog::{Exit, Failure};

/// Print completions for a shell
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::definition(), "pgseal-agent", &mut script);
    std::io::stdout()
        .write_all(&script)
        .map_err(|error| Failure::from_error(Exit::Environment, &error).about("standard output"))?;
    Ok(Exit::Done)
}
