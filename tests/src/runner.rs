//! Runs a check over many cases on several servers at once, and counts what became of them.
//!
//! Every case runs on one or two majors (see [`Breadth`]); with `PGSEAL_FULL=1` on all.
//! `PGSEAL_CASE=part-of-a-name` and `PGSEAL_MAJORS=17,18` narrow a run down while one works on something, and
//! `PGSEAL_PROGRESS=1` prints every failure at once.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::corpus::{Rejection, Unmodeled};
use crate::server::{MAJORS, Server};

/// Why a case did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The server itself does not accept the case.
    Rejected(Rejection),
    /// It holds kinds that are not modeled yet.
    Unmodeled(BTreeSet<Unmodeled>),
    /// It fails, and why.
    Failed(String),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Stop {
        Stop::Rejected(rejection)
    }
}

impl From<String> for Stop {
    fn from(reason: String) -> Stop {
        Stop::Failed(reason)
    }
}

/// What became of the cases on one major.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// Cases that passed.
    pub passed: usize,
    /// Cases that the server itself does not accept.
    pub rejected: usize,
    /// Cases with kinds that are not modeled yet.
    pub unmodeled: usize,
    /// Cases that failed.
    pub failed: usize,
}

/// What became of all cases on all majors.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// What was run.
    pub title: String,
    /// The counts by major.
    pub counts: BTreeMap<u16, Count>,
    /// What failed: major, case, reason.
    pub failures: BTreeSet<(u16, String, String)>,
    /// What the servers do not accept: major, case, reason.
    pub rejections: BTreeSet<(u16, String, String)>,
    /// How often each kind kept a case out.
    pub kinds: BTreeMap<Unmodeled, usize>,
}

impl Tally {
    /// Prints the counts, then panics when anything failed, showing the first failures in full and the names of all.
    ///
    /// # Panics
    /// When a case failed, or when no case passed at all.
    pub fn conclude(&self) {
        println!("{self}");
        let failures = &self.failures;
        let shown: Vec<String> =
            failures.iter().take(40).map(|(major, name, reason)| format!("== {name} on {major}\n{reason}\n")).collect();
        let names: BTreeSet<&str> = failures.iter().map(|(_, name, _)| name.as_str()).collect();
        assert!(
            failures.is_empty(),
            "{}: {} failures in {} cases\n{}\nall failed cases: {names:#?}",
            self.title,
            failures.len(),
            names.len(),
            shown.join("\n"),
        );
        let passed: usize = self.counts.values().map(|count| count.passed).sum();
        assert!(passed > 0 || narrowed(), "{}: nothing ran", self.title);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\n{}", self.title)?;
        writeln!(out, "  major    passed  server rejects  unmodeled  failed")?;
        for (major, count) in &self.counts {
            let Count { passed, rejected, unmodeled, failed } = count;
            writeln!(out, "  {major:>5}  {passed:>8}  {rejected:>14}  {unmodeled:>9}  {failed:>6}")?;
        }
        if !self.kinds.is_empty() {
            let kinds: Vec<String> = self.kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
            writeln!(out, "  unmodeled kinds (cases, all majors): {}", kinds.join(", "))?;
        }
        if !self.failures.is_empty() {
            let mut parts: BTreeMap<&str, usize> = BTreeMap::new();
            for (_, _, reason) in &self.failures {
                *parts.entry(reason.split(':').next().unwrap_or_default()).or_default() += 1;
            }
            let parts: Vec<String> = parts.iter().map(|(part, count)| format!("{part} {count}")).collect();
            writeln!(out, "  failed at: {}", parts.join(", "))?;
        }
        Ok(())
    }
}

/// On how many majors each case of a run is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// The newest and, for one case in three, one of the older ones in turn.
    Newest,
    /// One in turn; the newest where the case is not for that one.
    One,
}

/// Runs a check for every item on majors that `is_for` admits, on as many threads as there are processors. A panic of the check
/// is a failure of that item.
pub fn run<T: Sync>(
    title: &str,
    breadth: Breadth,
    items: &[T],
    name: impl Fn(&T) -> String + Sync,
    is_for: impl Fn(&T, u16) -> bool + Sync,
    check: impl Fn(&T, &Server) -> Result<(), Stop> + Sync,
) -> Tally {
    let wanted = std::env::var("PGSEAL_CASE").unwrap_or_default();
    let progress = std::env::var_os("PGSEAL_PROGRESS").is_some();
    let majors = Majors::wanted(breadth);
    let jobs: Vec<(&T, u16)> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| name(item).contains(&wanted))
        .flat_map(|(number, item)| {
            majors.of(number, |major| is_for(item, major)).into_iter().map(move |major| (item, major))
        })
        .collect();
    let tally = Mutex::new(Tally { title: title.to_owned(), ..Tally::default() });
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((item, major)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = catch_unwind(AssertUnwindSafe(|| check(item, Server::shared(*major))))
                .unwrap_or_else(|payload| Err(Stop::Failed(format!("panic: {}", message(payload.as_ref())))));
            if let (true, Err(Stop::Failed(reason))) = (progress, &result) {
                println!("== {} on {major}\n{reason}\n", name(item));
            }
            tally.lock().unwrap_or_else(PoisonError::into_inner).add(*major, name(item), result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    fn add(&mut self, major: u16, name: String, result: Result<(), Stop>) {
        let count = self.counts.entry(major).or_default();
        match result {
            Ok(()) => count.passed += 1,
            Err(Stop::Rejected(rejection)) => {
                count.rejected += 1;
                self.rejections.insert((major, name, rejection.to_string()));
            }
            Err(Stop::Unmodeled(kinds)) => {
                count.unmodeled += 1;
                for kind in kinds {
                    *self.kinds.entry(kind).or_default() += 1;
                }
            }
            Err(Stop::Failed(reason)) => {
                count.failed += 1;
                self.failures.insert((major, name, reason));
            }
        }
    }
}

/// On which majors a case runs.
enum Majors {
    /// On these.
    Named(Vec<u16>),
    /// On some.
    Sample(Breadth),
}

impl Majors {
    fn wanted(breadth: Breadth) -> Majors {
        let named = std::env::var("PGSEAL_MAJORS").unwrap_or_default();
        let named: Vec<u16> = named.split(',').filter_map(|major| major.trim().parse().ok()).collect();
        match (named.is_empty(), std::env::var_os("PGSEAL_FULL")) {
            (false, _) => Majors::Named(MAJORS.into_iter().filter(|major| named.contains(major)).collect()),
            (true, Some(_)) => Majors::Named(MAJORS.to_vec()),
            (true, None) => Majors::Sample(breadth),
        }
    }

    /// The majors of the case with this number.
    fn of(&self, number: usize, is_for: impl Fn(u16) -> bool) -> Vec<u16> {
        let (newest, older) = (MAJORS[MAJORS.len() - 1], &MAJORS[..MAJORS.len() - 1]);
        let mut majors = match self {
            Majors::Named(majors) => majors.clone(),
            Majors::Sample(Breadth::Newest) => {
                let mut majors = vec![newest];
                majors.extend(number.is_multiple_of(3).then(|| older[number / 3 % older.len()]));
                // a case that the newest is not for has another
                if is_for(newest) { majors } else { older.to_vec() }
            }
            Majors::Sample(Breadth::One) => {
                let one = MAJORS[number % MAJORS.len()];
                vec![if is_for(one) { one } else { newest }]
            }
        };
        majors.retain(|major| is_for(*major));
        majors
    }
}

fn narrowed() -> bool {
    ["PGSEAL_CASE", "PGSEAL_MAJORS"].iter().any(|name| std::env::var_os(name).is_some())
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("of an unknown kind")
}
