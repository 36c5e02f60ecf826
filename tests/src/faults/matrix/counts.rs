//! How many runs there were, by fault and major.

use std::collections::BTreeMap;
use std::fmt;

use super::{Case, Fault};
use crate::server::MAJORS;

/// The runs so far.
#[derive(Debug, Default)]
pub struct Counts {
    runs: BTreeMap<(Fault, u16), usize>,
    left_out: BTreeMap<String, usize>,
    failures: Vec<String>,
}

impl Counts {
    /// Counts a run; `Ok(Some)` says why it was left out.
    pub fn add(&mut self, case: &Case, result: Result<Option<&'static str>, String>) {
        match result {
            Ok(None) => {}
            Ok(Some(why)) => {
                *self.left_out.entry(format!("{}: {why}", case.fault.word())).or_default() += 1;
                return;
            }
            Err(reason) => self.failures.push(format!(
                "== {case} on {}\n{reason}\nto repeat it: PGSEAL_CASE={case} PGSEAL_MAJORS={} cargo test -p pgseal-tests --test fault_matrix\n",
                case.major, case.major
            )),
        }
        *self.runs.entry((case.fault, case.major)).or_default() += 1;
    }

    /// How many there were.
    pub fn total(&self) -> usize {
        self.runs.values().sum()
    }

    /// What failed.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:<13}", "fault")?;
        MAJORS.iter().try_for_each(|major| write!(out, "{major:>7}"))?;
        writeln!(out, "{:>7}", "all")?;
        let of = |wanted: &dyn Fn(Fault, u16) -> bool| -> usize {
            self.runs.iter().filter(|((fault, major), _)| wanted(*fault, *major)).map(|(_, count)| count).sum()
        };
        for fault in Fault::ALL {
            write!(out, "{:<13}", fault.word())?;
            MAJORS.iter().try_for_each(|major| write!(out, "{:>7}", of(&|f, m| f == fault && m == *major)))?;
            writeln!(out, "{:>7}", of(&|f, _| f == fault))?;
        }
        write!(out, "{:<13}", "all")?;
        MAJORS.iter().try_for_each(|major| write!(out, "{:>7}", of(&|_, m| m == *major)))?;
        writeln!(out, "{:>7}", self.total())?;
        self.left_out.iter().try_for_each(|(why, count)| writeln!(out, "left out {count} times: {why}"))
    }
}
