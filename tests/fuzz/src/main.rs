//! `fuzz [--seconds N] [--seed N] [TARGET …]`: runs targets with the project's own mutator; ends with 1 when a promise was broken.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;
use std::time::Duration;

use pgseal_fuzz::TARGETS;
use pgseal_fuzz::run::run;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut seconds, mut seed, mut names) = (60_u64, 1_u64, Vec::new());
    while let Some(argument) = arguments.next() {
        let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
        match argument.as_str() {
            "--seconds" => seconds = number(arguments.next()).unwrap_or(seconds),
            "--seed" => seed = number(arguments.next()).unwrap_or(seed),
            _ => names.push(argument),
        }
    }
    let mut broken = false;
    for target in TARGETS.iter().filter(|target| names.is_empty() || names.iter().any(|name| name == target.name)) {
        let outcome = run(target, Duration::from_secs(seconds), seed);
        println!(
            "{:<12} {:>9} executions, {:>8} accepted, {:>4} ways to end",
            target.name, outcome.executions, outcome.accepted, outcome.ways
        );
        if let Some((input, how)) = outcome.broken {
            broken = true;
            let path = format!("broken-{}", target.name);
            let kept =
                std::fs::write(&path, &input).map_or_else(|error| error.to_string(), |()| format!("kept in {path}"));
            println!("{}: {how} ({} bytes, {kept})", target.name, input.len());
        }
    }
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
