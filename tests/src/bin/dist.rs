//! `dist FOLDER`: man pages, completions and bills of materials of both programs, for scripts/dist.sh.
#![allow(clippy::print_stderr)]

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: dist FOLDER");
        return ExitCode::from(2);
    };
    match pgseal_tests::dist::write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dist: {error}");
            ExitCode::FAILURE
        }
    }
}
