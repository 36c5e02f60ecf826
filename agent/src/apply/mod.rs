//! Apply: brings a database from a plan's source to its target, phase by phase, or says why not.
//!
//! | file | owns |
//! |---|---|
//! | `run` | the run: where to begin, phase after phase, what to do about a lost connection |
//! | `phase` | one phase, and one try of it in a transaction |
//! | `attempt` | what the receipt tells of a phase |
//! | `outside` | one try of a phase that cannot run in a transaction |
//! | `leftover` | what a killed run leaves of such a phase |
//! | `guard` | one agent, one session |
//! | `drift` | what differs from what the plan expects |
//! | `settings` | what is set in the session |
//! | `ledger` | rows that say which phases were run |
//! | `watch` | how far a long statement is, and whom it waits for |
//! | `interrupt` | stopping a run by a signal |
//! | `backoff` | pauses between tries |
//! | `error` | why not, and the exit codes |
//!
//! Invariants: only an [`Admitted`] plan gets here, that is, one whose seal was verified and that the trust policy lets through
//! for this very database. A phase is committed only if the catalog under its locks was the expected one and the catalog that it
//! made is the promised one. The state of the database alone decides where to begin: killed at any instant, the next run goes on.

mod attempt;
mod backoff;
mod drift;
mod error;
mod guard;
mod interrupt;
mod ledger;
mod leftover;
mod outside;
mod phase;
mod run;
mod settings;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use pgseal_catalog::receipt::{Outcome, PhaseRecord, UnfinishedRecord};
use pgseal_catalog::{Digest, Failure, Plan, QualifiedName, restraint};
use pgseal_keys::{Admitted, LedgerRule};

pub(crate) use self::drift::is_opaque;
pub use self::drift::{Difference, Expectation, compare, compare_with_plan};
pub(crate) use self::error::shortened;
pub use self::error::{ApplyError, Place};
pub use self::interrupt::Interrupt;
use self::ledger::{Ledger, Standing};
use self::run::{Run, position};
pub use self::watch::{Progress, Waiting};
use crate::capture::capture;
use crate::connect::{Session, StatementError};

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
    /// A statement takes long.
    Progress {
        /// Where.
        place: Place,
        /// How far it is.
        progress: &'a Progress,
    },
    /// What a killed run left of a phase is cleared up.
    ClearingUp {
        /// The phase.
        place: Place,
        /// The index or partition.
        relation: &'a QualifiedName,
    },
    /// What a phase left could not be cleared up, mostly for others that are still at work; the next try or run will do it.
    NotClearedUp {
        /// The phase.
        place: Place,
    },
    /// The connection is lost, and another one is opened after a pause.
    Reconnecting {
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
    /// The phase that it began and did not commit.
    pub unfinished: Option<UnfinishedRecord>,
}

/// Opens another session of the same database, within that time where there is such a limit.
pub type Another = Arc<dyn Fn(Option<Duration>) -> Result<Session, Failure> + Send + Sync>;

/// What a run may use besides its session. With nothing of it, nothing is watched, and a lost connection ends the run.
#[derive(Default)]
pub struct Means {
    /// Opens another session of the very same database, or fails.
    pub another: Option<Another>,
    /// How long a lost connection is tried to be replaced.
    pub reconnect: Duration,
    /// What ends the run.
    pub interrupt: Interrupt,
}

/// Applies a plan; `report` says what happened, whatever the outcome. After a lost connection, `session` is another one.
///
/// # Errors
/// See [`ApplyError`].
pub fn apply(
    session: &mut Session,
    admitted: &Admitted<Plan>,
    means: &Means,
    report: &mut Report,
    tell: &mut dyn FnMut(&Event<'_>),
) -> Result<Outcome, ApplyError> {
    check(session, admitted.plan())?;
    Run::new(session, admitted, means, tell).settle(report)
}

/// What a plan meets in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// How many of its phases are there already.
    pub phases: usize,
    /// Whether the role may keep the ledger, as far as there is something to keep; without one, nothing but the state says that the plan was used.
    pub keeps_ledger: bool,
}

/// Looks whether a plan could be applied, and from which phase on, without changing anything.
///
/// # Errors
/// See [`ApplyError`].
pub fn check_plan(session: &mut Session, admitted: &Admitted<Plan>, report: &mut Report) -> Result<Found, ApplyError> {
    let plan = admitted.plan();
    check(session, plan)?;
    let snapshot = capture(session.client(), &plan.scope, String::new())?;
    report.before = Some(snapshot.fingerprint());
    let found = position(plan, &snapshot)?;
    not_used_before(session, admitted, found)
}

/// Refuses a plan that was used here before, a ledger that cannot be trusted, and one that cannot be kept where the policy demands it.
/// Returns from which phase on to go, given how many the state of the database shows.
fn not_used_before(session: &mut Session, admitted: &Admitted<Plan>, found: usize) -> Result<Found, ApplyError> {
    let plan = admitted.plan();
    if found == plan.phases.len() {
        return Ok(Found { phases: found, keeps_ledger: true });
    }
    let source = |source: StatementError| {
        if source.is_lost() {
            let place = Place { phase: found + 1, step: None };
            return ApplyError::Lost { place, between: found > 0, source };
        }
        ApplyError::Agent { what: "look for the ledger", source }
    };
    let ledger = Ledger::new(admitted.ledger_schema());
    let standing = ledger.look(session).map_err(source)?;
    trusted(&ledger, &standing, admitted.ledger())?;
    if standing != Standing::Kept {
        return Ok(Found { phases: found, keeps_ledger: standing != Standing::Forgone });
    }
    let done = ledger.done(session, admitted.digest()).map_err(source)?;
    // a phase that changes nothing that shows (an index that is built anew) leaves its trace in the ledger only
    let expected = drift::Expected::new(plan);
    let unseen = |phases: &usize| {
        expected.fingerprint(*phases) == expected.fingerprint(phases + 1) && done.contains_key(&(phases + 1))
    };
    let first = found + (found..plan.phases.len()).take_while(unseen).count();
    match done.range(first + 1..).next() {
        Some((&phase, at)) if !plan.binding.reusable => Err(ApplyError::UsedBefore { phase, at: at.clone() }),
        Some(_) | None => Ok(Found { phases: first, keeps_ledger: true }),
    }
}

/// Refuses a ledger that is somebody else's, and goes without only where the policy lets it.
fn trusted(ledger: &Ledger<'_>, standing: &Standing, rule: LedgerRule) -> Result<(), ApplyError> {
    match standing {
        Standing::Foreign(reason) => Err(ApplyError::ForeignLedger { name: ledger.name(), reason: reason.clone() }),
        Standing::Forgone if rule == LedgerRule::Required => Err(ApplyError::NoLedger { name: ledger.name() }),
        Standing::Kept | Standing::Absent { .. } | Standing::Forgone => Ok(()),
    }
}

/// What can be refused without reading the schema.
fn check(session: &mut Session, plan: &Plan) -> Result<(), ApplyError> {
    let found = session.version().major();
    if found != plan.server_major {
        return Err(ApplyError::OtherMajor { planned: plan.server_major, found });
    }
    restraint::check(plan)?;
    let standby = is_standby(session).map_err(|source| {
        if source.is_lost() {
            return ApplyError::Lost { place: Place { phase: 1, step: None }, between: false, source };
        }
        ApplyError::Agent { what: "look whether the server is a standby", source }
    })?;
    if standby { Err(ApplyError::Standby) } else { Ok(()) }
}

/// Whether the server is a standby.
fn is_standby(session: &mut Session) -> Result<bool, StatementError> {
    let rows = session.rows("SELECT pg_catalog.pg_is_in_recovery()")?;
    Ok(rows.first().and_then(|row| row.column(0)) == Some("t"))
}
