//! Apply: brings a database from a plan's source to its target, phase by phase, or says why not.
//!
//! | file | owns |
//! |---|---|
//! | `phase` | one phase in one transaction |
//! | `drift` | what differs from what the plan expects |
//! | `settings` | what is set in the session |
//! | `ledger` | a row per committed phase, for people |
//! | `backoff` | pauses between tries |
//! | `error` | why not, and the exit codes |
//!
//! Invariants: only an [`Admitted`] plan gets here, that is, one whose seal was verified and that the trust policy lets through
//! for this very database. A phase is committed only if the catalog under its locks was the expected one and the catalog that it
//! made is the promised one. The state of the database alone decides where to begin: killed at any instant, the next run goes on.

mod backoff;
mod drift;
mod error;
mod ledger;
mod phase;
mod settings;

use std::time::Duration;

use pgseal_catalog::receipt::{Outcome, PhaseRecord};
use pgseal_catalog::{Catalog, Digest, Plan, Snapshot, restraint};
use pgseal_keys::{Admitted, LedgerRule};

use self::drift::Expected;
pub use self::drift::{Difference, compare};
pub use self::error::{ApplyError, Place};
use crate::capture::{CaptureError, capture};
use crate::connect::{Session, StatementError};

/// The key of the advisory lock that one agent at a time holds in a database: `pgseal` in ASCII.
const ADVISORY_LOCK: &str = "123589619966316";

/// How often the advisory lock is asked for.
const ADVISORY_TRIES: u32 = 5;

/// What happens, for whoever watches.
#[derive(Debug)]
pub enum Event<'a> {
    /// The database was found to have so many phases behind it.
    Found {
        /// Phases that are there already.
        phases: usize,
    },
    /// A statement begins.
    Step {
        /// Where.
        place: Place,
        /// The statement.
        sql: &'a str,
    },
    /// The role may not keep a ledger in the database: the phase is noted in the receipt only.
    NoLedger {
        /// The phase, from 1.
        phase: usize,
    },
    /// The database could not be read for a lock that somebody holds, which is tried again after a pause.
    WaitingToRead {
        /// How often it was tried.
        tries: u32,
        /// The pause.
        pause: Duration,
    },
    /// A phase is tried again after a pause.
    Waiting {
        /// The phase, from 1.
        phase: usize,
        /// How often it was tried.
        tries: u32,
        /// The pause.
        pause: Duration,
    },
    /// A phase was committed.
    Committed {
        /// The phase, from 1.
        phase: usize,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
}

/// What a run found and did, also when it ended badly.
#[derive(Debug, Default)]
pub struct Report {
    /// The fingerprint found before anything ran.
    pub before: Option<Digest>,
    /// The fingerprint found at the end.
    pub after: Option<Digest>,
    /// Phases that this run committed.
    pub phases: Vec<PhaseRecord>,
}

/// A run in progress.
pub(crate) struct Run<'a> {
    session: &'a mut Session,
    plan: &'a Plan,
    admitted: &'a Admitted<Plan>,
    records: Vec<PhaseRecord>,
    tell: &'a mut dyn FnMut(&Event<'_>),
}

/// Applies a plan; `report` says what happened, whatever the outcome.
///
/// # Errors
/// See [`ApplyError`].
pub fn apply(
    session: &mut Session,
    admitted: &Admitted<Plan>,
    report: &mut Report,
    tell: &mut dyn FnMut(&Event<'_>),
) -> Result<Outcome, ApplyError> {
    let plan = admitted.plan();
    check(session, plan)?;
    take_advisory_lock(session)?;
    let mut run = Run { session, plan, admitted, records: Vec::new(), tell };
    let outcome = run.all(report);
    report.phases = std::mem::take(&mut run.records);
    // it goes with the session too
    session.rows(&format!("SELECT pg_catalog.pg_advisory_unlock({ADVISORY_LOCK})")).ok();
    outcome
}

/// Looks whether a plan could be applied, and from which phase on, without changing anything.
///
/// # Errors
/// See [`ApplyError`].
pub fn check_plan(session: &mut Session, admitted: &Admitted<Plan>, report: &mut Report) -> Result<usize, ApplyError> {
    let plan = admitted.plan();
    check(session, plan)?;
    let snapshot = capture(session.client(), &plan.scope, String::new())?;
    report.before = Some(snapshot.fingerprint());
    let found = position(plan, &snapshot)?;
    if found < plan.phases.len() {
        ledger_where_demanded(session, admitted.ledger())?;
    }
    Ok(found)
}

/// Refuses where the policy demands a ledger that the role can neither write nor make.
fn ledger_where_demanded(session: &mut Session, ledger: LedgerRule) -> Result<(), ApplyError> {
    if ledger == LedgerRule::Optional {
        return Ok(());
    }
    let source = |source| ApplyError::Agent { what: "look for the ledger", source };
    if ledger::is_possible(session).map_err(source)? { Ok(()) } else { Err(ApplyError::NoLedger) }
}

/// What can be refused without reading the database.
fn check(session: &Session, plan: &Plan) -> Result<(), ApplyError> {
    let found = session.version().major();
    if found != plan.server_major {
        return Err(ApplyError::OtherMajor { planned: plan.server_major, found });
    }
    Ok(restraint::check(plan)?)
}

fn position(plan: &Plan, snapshot: &Snapshot) -> Result<usize, ApplyError> {
    let expected = Expected::new(plan);
    let found = snapshot.fingerprint();
    let phases = expected
        .position(found)
        .ok_or_else(|| ApplyError::Drift { differences: expected.explain_nearest(&snapshot.catalog), found })?;
    if let Some(ahead) = plan.phases.iter().skip(phases).position(|phase| !phase.transaction) {
        return Err(ApplyError::NotTransactional { place: Place { phase: phases + ahead + 1, step: None } });
    }
    Ok(phases)
}

fn take_advisory_lock(session: &mut Session) -> Result<(), ApplyError> {
    let sql = format!("SELECT pg_catalog.pg_try_advisory_lock({ADVISORY_LOCK})");
    for tries in 1..=ADVISORY_TRIES {
        let rows = session.rows(&sql).map_err(|source| ApplyError::Agent { what: "take the advisory lock", source })?;
        if rows.first().and_then(|row| row.column(0)) == Some("t") {
            return Ok(());
        }
        if tries < ADVISORY_TRIES {
            std::thread::sleep(backoff::pause(tries));
        }
    }
    Err(ApplyError::Busy)
}

impl Run<'_> {
    fn all(&mut self, report: &mut Report) -> Result<Outcome, ApplyError> {
        let own = |what| move |source| ApplyError::Agent { what, source };
        settings::limit_waiting(self.session, self.plan).map_err(own("limit the waiting for locks"))?;
        let snapshot = self.capture(Place { phase: 1, step: None })?;
        report.before = Some(snapshot.fingerprint());
        report.after = report.before;
        let first = position(self.plan, &snapshot)?;
        (self.tell)(&Event::Found { phases: first });
        // from here on the plan counts as used: what comes before it in the order of its targets is over, whatever happens to it
        self.admitted.begin()?;
        if first == self.plan.phases.len() {
            return Ok(Outcome::NothingToDo);
        }
        ledger_where_demanded(self.session, self.admitted.ledger())?;
        settings::make(self.session, self.plan).map_err(own("make the plan's settings"))?;
        let mut catalog: Catalog = snapshot.catalog;
        for index in first..self.plan.phases.len() {
            catalog = self.phase(index, &catalog)?;
            report.after = Some(Expected::new(self.plan).fingerprint(index + 1));
        }
        let last = self.capture(Place { phase: self.plan.phases.len(), step: None })?;
        report.after = Some(last.fingerprint());
        if report.after != Some(self.plan.target) {
            let differences = Expected::new(self.plan).explain(&last.catalog, self.plan.phases.len());
            return Err(ApplyError::ChangedAfterwards { differences });
        }
        Ok(Outcome::Applied)
    }

    /// Captures the database outside a phase; a lock that is not granted in time is asked for again, as often as a phase would.
    fn capture(&mut self, place: Place) -> Result<Snapshot, ApplyError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match capture(self.session.client(), &self.plan.scope, String::new()) {
                Ok(snapshot) => return Ok(snapshot),
                Err(error) if error.is_lock_timeout() => {
                    if tries > self.plan.timeouts.lock_retries {
                        return Err(ApplyError::Unreadable { tries });
                    }
                    let pause = backoff::pause(tries);
                    (self.tell)(&Event::WaitingToRead { tries, pause });
                    std::thread::sleep(pause);
                }
                Err(error) => return Err(self.unread(place, error)),
            }
        }
    }

    /// Why the database could not be read: a lost connection leaves it open what was committed.
    fn unread(&self, place: Place, error: CaptureError) -> ApplyError {
        if error.is_lost() {
            let source = StatementError::Lost { detail: error.to_string() };
            return ApplyError::Lost { place, between: !self.records.is_empty(), source };
        }
        ApplyError::Capture(error)
    }
}
