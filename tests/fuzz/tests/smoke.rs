//! Every reader of untrusted bytes, for a second each; `make fuzz` goes on where this ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use pgseal_fuzz::TARGETS;
use pgseal_fuzz::run::run;

/// The most memory that all readers together may have needed, in KiB: an input of a few bytes must not ask for more than it is.
const MAX_MEMORY: u64 = 256 * 1024;

#[test]
fn the_seeds_are_what_they_are_said_to_be() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(seeds.len() >= target.good, "{}", target.name);
        for (n, seed) in seeds.iter().enumerate().take(target.good) {
            assert_eq!((target.read)(seed), Ok(()), "{}, seed {n}", target.name);
        }
    }
}

#[test]
fn no_reader_breaks_its_promises() {
    let seconds = std::env::var("PGSEAL_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    for target in TARGETS {
        let outcome = run(&target, Duration::from_secs_f64(seconds), 1);
        println!("{}: {} executions, {} ways to end", target.name, outcome.executions, outcome.ways);
        if let Some((input, how)) = outcome.broken {
            panic!("{}: {how}\n{}", target.name, input.escape_ascii());
        }
        assert!(outcome.executions > 0 && outcome.accepted > 0, "{} accepted nothing", target.name);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    if let Some(peak) = peak {
        println!("peak memory {peak} KiB");
        assert!(peak < MAX_MEMORY, "the readers needed {peak} KiB");
    }
}

/// A reader that lets something through is found: the mutator and the promises do their work.
#[test]
fn a_reader_that_breaks_its_promise_is_found() {
    fn careless(bytes: &[u8]) -> pgseal_fuzz::Said {
        assert!(!bytes.starts_with(b"{\"plan\": 1}") || bytes.ends_with(b"}\n"), "trailing bytes");
        Err("no".to_owned())
    }
    let target =
        pgseal_fuzz::Target { name: "careless", seeds: || vec![b"{\"plan\": 1}\n".to_vec()], good: 0, read: careless };
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = run(&target, Duration::from_secs(5), 1);
    std::panic::set_hook(hook);
    assert_eq!(outcome.broken.unwrap().1, "trailing bytes");
}
