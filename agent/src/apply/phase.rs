//! One phase, tried until it is over; and one try in one transaction: locks, the state under the locks, the statements, the promise, the ledger, COMMIT.

use std::time::Instant;

use pgseal_catalog::plan::Phase;
use pgseal_catalog::receipt::{PhaseRecord, StepRecord};
use pgseal_catalog::{Catalog, Digest, FactId};

use super::drift::Expected;
use super::error::{ApplyError, Place};
use super::ledger::{Ledger, Mark, Note, Standing};
use super::run::Run;
use super::{Event, backoff, settings, trusted};
use crate::capture::capture_within;
use crate::connect::{Session, StatementError};

/// A commit that is reported must survive a crash of the server, also where the database commits asynchronously.
const DURABLE: &str = "SELECT pg_catalog.set_config('synchronous_commit', 'on', true) \
                       WHERE pg_catalog.current_setting('synchronous_commit') = 'off'";

/// How long the server lets a transaction of the agent idle: a machine that is suddenly gone holds no lock for longer.
const IDLE_LIMIT: &str = "60s";

/// Why one try ended without a commit.
pub(super) enum Stop {
    /// A lock was not granted in time, the server broke a deadlock, or something was changed while it was read: trying again may
    /// help. If it does not, this is the reason; without one it was a lock.
    Again(Option<ApplyError>),
    /// It is over.
    Over(ApplyError),
}

impl From<ApplyError> for Stop {
    fn from(error: ApplyError) -> Self {
        Self::Over(error)
    }
}

impl Run<'_> {
    /// Runs the phase of that index until it is committed; `before` is the catalog that it starts from.
    pub(super) fn phase(&mut self, index: usize, before: &Catalog) -> Result<Catalog, ApplyError> {
        let plan = self.plan;
        let place = Place { phase: index + 1, step: None };
        let Some(phase) = plan.phases.get(index) else { return Ok(before.clone()) };
        let mut tries = 0;
        loop {
            tries += 1;
            let started = Instant::now();
            let tried =
                if phase.transaction { self.try_phase(index, phase, before) } else { self.try_outside(index, phase) };
            match tried {
                Ok((catalog, steps)) => {
                    self.committed(index, phase, tries - 1, millis(started), steps);
                    return Ok(catalog);
                }
                Err(Stop::Over(error)) => {
                    self.roll_back();
                    return Err(error);
                }
                Err(Stop::Again(reason)) => {
                    self.roll_back();
                    if tries > plan.timeouts.lock_retries {
                        return Err(reason.unwrap_or(ApplyError::LockTimeout { place, tries }));
                    }
                    let pause = backoff::pause(tries);
                    (self.tell)(&Event::Waiting { phase: index + 1, tries, pause });
                    self.pause(place, pause)?;
                }
            }
        }
    }

    /// Notes for the receipt that a phase is committed.
    pub(super) fn committed(
        &mut self,
        index: usize,
        phase: &Phase,
        retries: u32,
        duration_ms: u64,
        steps: Vec<StepRecord>,
    ) {
        (self.tell)(&Event::Committed { phase: index + 1, duration_ms });
        self.records.push(PhaseRecord {
            phase: u32::try_from(index + 1).unwrap_or(u32::MAX),
            checkpoint: phase.checkpoint.fingerprint,
            retries,
            duration_ms,
            steps,
        });
    }

    fn roll_back(&mut self) {
        // a session that is lost has been rolled back by the server
        self.session.simple("ROLLBACK").ok();
    }

    /// Begins a transaction that waits, runs and idles no longer than it may.
    pub(super) fn begin(&mut self, place: Place) -> Result<(), Stop> {
        let timeouts = self.plan.timeouts;
        let begin = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {}; \
             SET LOCAL statement_timeout = {}; SET LOCAL idle_in_transaction_session_timeout = '{IDLE_LIMIT}'; \
             SET LOCAL pgseal.phase = '{}'; {DURABLE}",
            timeouts.lock_ms, timeouts.statement_ms, place.phase
        );
        self.own("begin", place, |session| session.simple(&begin))
    }

    /// Makes sure that the transaction is in the session that was prepared, and that no other agent is at work.
    pub(super) fn same_session(&mut self, place: Place) -> Result<(), Stop> {
        let guard = self.guard.clone();
        if self.own("look at the session", place, |session| guard.holds(session))? {
            return Ok(());
        }
        Err(ApplyError::OtherSession { between: !self.records.is_empty() }.into())
    }

    fn try_phase(&mut self, index: usize, phase: &Phase, before: &Catalog) -> Result<(Catalog, Vec<StepRecord>), Stop> {
        let place = Place { phase: index + 1, step: None };
        let expected = Expected::new(self.plan);
        let began = Instant::now();
        self.begin(place)?;
        self.same_session(place)?;
        for lock in &phase.locks {
            let id = &lock.relation;
            if before.contains(&FactId::Index(id.clone())) || before.contains(&FactId::Sequence(id.clone())) {
                // no command locks these by themselves: the lock on their table does
                continue;
            }
            let sql = format!("LOCK TABLE ONLY {} IN {} MODE", quoted(id), lock.mode.sql());
            self.own("lock", place, |session| session.simple(&sql))?;
        }
        let live = self.read(place)?;
        if fingerprint(&live) != expected.fingerprint(index) {
            let differences = expected.explain(&live, index);
            return Err(ApplyError::DriftUnderLock { place, differences }.into());
        }
        // before the statements, so that whatever else this sets off is in what is read after them
        let kept = self.open_ledger(place)?;
        let steps = self.steps(index, phase)?;
        let after = self.read(place)?;
        if fingerprint(&after) != phase.checkpoint.fingerprint {
            let differences = expected.explain(&after, index + 1);
            return Err(ApplyError::WrongResult { place, differences }.into());
        }
        self.note(index, Mark::Committed, kept)?;
        self.still_inside(place)?;
        self.commit(place).map_err(|stop| {
            if matches!(stop, Stop::Over(ApplyError::Lost { .. })) {
                self.doubt = Some((index, millis(began), steps.clone()));
            }
            stop
        })?;
        Ok((after, steps))
    }

    /// Makes the ledger where there is none; whether it is kept.
    fn open_ledger(&mut self, place: Place) -> Result<bool, Stop> {
        let ledger = Ledger::new(self.admitted.ledger_schema());
        let standing = self.own("make the ledger", place, |session| ledger.open(session))?;
        trusted(&ledger, &standing, self.admitted.ledger())?;
        Ok(standing == Standing::Kept)
    }

    /// Notes a phase in the ledger, in the transaction that there is; the ledger is made where need be.
    pub(super) fn note_or_forgo(&mut self, index: usize, mark: Mark) -> Result<(), Stop> {
        let kept = self.open_ledger(Place { phase: index + 1, step: None })?;
        self.note(index, mark, kept)
    }

    fn note(&mut self, index: usize, mark: Mark, kept: bool) -> Result<(), Stop> {
        if !kept {
            (self.tell)(&Event::NoLedger { phase: index + 1 });
            return Ok(());
        }
        let (expected, admitted) = (Expected::new(self.plan), self.admitted);
        let signers: Vec<String> =
            admitted.signers().iter().map(|signer| format!("{} {}", signer.name, signer.key.id())).collect();
        let note = Note {
            plan: admitted.digest(),
            phase: index + 1,
            mark,
            before: expected.fingerprint(index),
            checkpoint: expected.fingerprint(index + 1),
            signers: &signers.join("\n"),
        };
        let ledger = Ledger::new(admitted.ledger_schema());
        let place = Place { phase: index + 1, step: None };
        self.own("note the phase in the ledger", place, |session| ledger.note(session, &note))
    }

    fn steps(&mut self, index: usize, phase: &Phase) -> Result<Vec<StepRecord>, Stop> {
        let mut records = Vec::with_capacity(phase.steps.len());
        for (number, step) in phase.steps.iter().enumerate() {
            let place = Place { phase: index + 1, step: Some(number + 1) };
            let path = step.search_path.as_ref().unwrap_or(&phase.search_path);
            self.own("set the search path", place, |session| settings::set_search_path(session, path))?;
            self.go_on(place)?;
            (self.tell)(&Event::Step { place, sql: &step.sql });
            let started = Instant::now();
            match self.watched(place, &step.sql) {
                Ok(_) => {}
                Err(source) => return Err(self.failed(place, &step.sql, source)),
            }
            records.push(StepRecord { sql: Digest::of(step.sql.as_bytes()), duration_ms: millis(started) });
        }
        Ok(records)
    }

    pub(super) fn failed(&self, place: Place, sql: &str, source: StatementError) -> Stop {
        if source.is_lost() {
            return ApplyError::Lost { place, between: !self.records.is_empty(), source }.into();
        }
        if source.is_lock_timeout() || source.is_serialization_failure() {
            return Stop::Again(None);
        }
        ApplyError::Statement { place, sql: sql.to_owned(), source }.into()
    }

    /// Runs a statement of the agent's own.
    pub(super) fn own<T>(
        &mut self,
        what: &'static str,
        place: Place,
        run: impl FnOnce(&mut Session) -> Result<T, StatementError>,
    ) -> Result<T, Stop> {
        run(self.session).map_err(|source| {
            if source.is_lost() {
                ApplyError::Lost { place, between: !self.records.is_empty(), source }.into()
            } else if source.is_lock_timeout() || source.is_serialization_failure() {
                Stop::Again(None)
            } else {
                ApplyError::Agent { what, source }.into()
            }
        })
    }

    /// Reads the catalog as the transaction sees it; the settings that this pins go with the savepoint.
    fn read(&mut self, place: Place) -> Result<Catalog, Stop> {
        self.own("set a savepoint", place, |session| session.simple("SAVEPOINT pgseal_capture"))?;
        let snapshot = match capture_within(self.session.client(), &self.plan.scope, String::new()) {
            Ok(snapshot) => snapshot,
            Err(error) if error.is_lock_timeout() => return Err(Stop::Again(None)),
            Err(error) if error.is_passing() => return Err(Stop::Again(Some(ApplyError::Capture(error)))),
            Err(error) => return Err(self.unread(place, error).into()),
        };
        self.own("go back to a savepoint", place, |session| {
            session.simple("ROLLBACK TO SAVEPOINT pgseal_capture; RELEASE SAVEPOINT pgseal_capture")
        })?;
        Ok(snapshot.catalog)
    }

    /// Makes sure that no statement ended the transaction: a setting of its own is there only inside it.
    fn still_inside(&mut self, place: Place) -> Result<(), Stop> {
        let sql = "SELECT pg_catalog.current_setting('pgseal.phase', true)";
        let rows = self.own("look at the transaction", place, |session| session.rows(sql))?;
        let found = rows.first().and_then(|row| row.column(0)).unwrap_or_default().to_owned();
        if found == place.phase.to_string() {
            return Ok(());
        }
        Err(ApplyError::WrongResult { place, differences: Vec::new() }.into())
    }

    fn commit(&mut self, place: Place) -> Result<(), Stop> {
        match self.session.simple("COMMIT") {
            Ok(()) => Ok(()),
            // whether the server committed is unknown: the next run will see
            Err(source) if source.is_lost() => Err(ApplyError::Lost { place, between: true, source }.into()),
            Err(source) => Err(self.failed(place, "COMMIT", source)),
        }
    }
}

fn fingerprint(catalog: &Catalog) -> Digest {
    pgseal_catalog::fingerprint::fingerprint(catalog)
}

pub(super) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A relation as SQL names it, whatever the names are.
pub(super) fn quoted(name: &pgseal_catalog::QualifiedName) -> String {
    let part = |name: &pgseal_catalog::Name| format!("\"{}\"", name.as_str().replace('"', "\"\""));
    format!("{}.{}", part(&name.schema), part(&name.name))
}
