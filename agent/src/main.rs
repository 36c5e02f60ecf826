//! The program `pgseal-agent`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(pgseal_agent::cli::run(std::env::args_os()).number())
}
