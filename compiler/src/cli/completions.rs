//! `pgseal completions`: completion for a shell, from the same definition as the command line.

use clap_complete::Shell;

use super::files::print;
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  pgseal completions bash > /etc/bash_completion.d/pgseal
  pgseal completions zsh > \"${fpath[1]}/_pgseal\"";

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    print(&script(arguments.shell))?;
    Ok(Exit::Done)
}

/// The completions of this program for a shell.
#[must_use]
pub fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::definition(), "pgseal", &mut script);
    script
}
