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
    std::io::stdout()
        .write_all(&script(arguments.shell))
        .map_err(|error| Failure::from_error(Exit::Environment, &error).about("standard output"))?;
    Ok(Exit::Done)
}

/// The completions of this program for a shell.
#[must_use]
pub fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::definition(), "pgseal-agent", &mut script);
    if shell != Shell::Bash {
        return script;
    }
    // the hyphen of the program's name becomes one thing where the script says which command it is at, and another where it asks
    match String::from_utf8(script) {
        Ok(text) => text.replace("pgseal__subcmd__agent", "pgseal__agent").into_bytes(),
        Err(other) => other.into_bytes(),
    }
}
