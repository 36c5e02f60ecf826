//! The program `pgseal`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(pgseal::cli::run(std::env::args_os()).number())
}
