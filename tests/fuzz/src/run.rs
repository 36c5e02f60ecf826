//! Running a target with the mutator. Without coverage, what a reader says guides: an input that makes it say something new is kept
//! and changed further.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::mutate::{Numbers, mutate};
use crate::{Said, Target};

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// How many inputs were read.
    pub executions: u64,
    /// How many of them were accepted.
    pub accepted: u64,
    /// How many different things the reader said.
    pub ways: usize,
    /// The input that broke a promise, and how.
    pub broken: Option<(Vec<u8>, String)>,
}

/// The most inputs that are kept for one target.
const MAX_KEPT: usize = 1_000;

/// Runs a target for a time, from one number.
#[must_use]
pub fn run(target: &Target, time: Duration, seed: u64) -> Outcome {
    let end = Instant::now() + time;
    let mut numbers = Numbers::new(seed);
    let mut outcome = Outcome::default();
    let mut known = BTreeSet::new();
    let mut kept = (target.seeds)();
    let mut next = 0;
    while Instant::now() < end {
        // the seeds as they are first
        let input = match kept.get(next) {
            Some(seed) if outcome.executions == next as u64 => seed.clone(),
            _ => {
                let (one, other) = (numbers.below(kept.len()), numbers.below(kept.len()));
                mutate(&kept[one], &kept[other], &mut numbers)
            }
        };
        next += 1;
        outcome.executions += 1;
        match catch_unwind(AssertUnwindSafe(|| (target.read)(&input))) {
            Ok(said) => {
                outcome.accepted += u64::from(said.is_ok());
                if known.insert(way(&said)) && kept.len() < MAX_KEPT {
                    kept.push(input);
                }
            }
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
                outcome.broken = Some((input, text.to_owned()));
                break;
            }
        }
    }
    outcome.ways = known.len();
    outcome
}

/// What was said, without what is only of this input: digits and what is in quotes.
fn way(said: &Said) -> String {
    let Err(text) = said else { return String::new() };
    let mut way = String::new();
    let mut quoted = false;
    for c in text.chars().take(300) {
        match c {
            '"' | '`' => quoted = !quoted,
            c if quoted || c.is_ascii_digit() => {}
            c => way.push(c),
        }
    }
    way
}
