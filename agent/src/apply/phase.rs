//! One phase in one transaction: locks, the state under the locks, the statements, the promise, the ledger, COMMIT.

use std::time::Instant;

use pgseal_catalog::plan::Phase;
use pgseal_catalog::receipt::{PhaseRecord, StepRecord};
use pgseal_catalog::{Catalog, Digest, FactId};

use super::drift::Expected;
use super::error::{ApplyError, Place};
use super::ledger::Ledger;
use pgseal_keys::LedgerRule;

use super::{Event, Run, backoff, ledger, settings};
use crate::capture::capture_within;
use crate::connect::{Session, StatementError};

/// A commit that is reported must survive a crash of the server, also where the database commits asynchronously.
const DURABLE: &str = "SELECT pg_catalog.set_config('synchronous_commit', 'on', true) \
                       WHERE pg_catalog.current_setting('synchronous_commit') = 'off'";

/// Why one try ended without a commit.
enum Stop {
    /// A lock was not granted in time, or the server broke a deadlock: trying again may help.
    Again,
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
            match self.try_phase(index, phase, before) {
                Ok((catalog, steps)) => {
                    let duration_ms = millis(started);
                    (self.tell)(&Event::Committed { phase: index + 1, duration_ms });
                    self.records.push(PhaseRecord {
                        phase: u32::try_from(index + 1).unwrap_or(u32::MAX),
                        checkpoint: phase.checkpoint.fingerprint,
                        retries: tries - 1,
                        duration_ms,
                        steps,
                    });
                    return Ok(catalog);
                }
                Err(Stop::Over(error)) => {
                    self.roll_back();
                    return Err(error);
                }
                Err(Stop::Again) => {
                    self.roll_back();
                    if tries > plan.timeouts.lock_retries {
                        return Err(ApplyError::LockTimeout { place, tries });
                    }
                    let pause = backoff::pause(tries);
                    (self.tell)(&Event::Waiting { phase: index + 1, tries, pause });
                    std::thread::sleep(pause);
                }
            }
        }
    }

    fn roll_back(&mut self) {
        // a session that is lost has been rolled back by the server
        self.session.simple("ROLLBACK").ok();
    }

    fn try_phase(&mut self, index: usize, phase: &Phase, before: &Catalog) -> Result<(Catalog, Vec<StepRecord>), Stop> {
        let place = Place { phase: index + 1, step: None };
        let expected = Expected::new(self.plan);
        let timeouts = self.plan.timeouts;
        let begin = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {}; \
             SET LOCAL statement_timeout = {}; SET LOCAL pgseal.phase = '{}'; {DURABLE}",
            timeouts.lock_ms,
            timeouts.statement_ms,
            index + 1
        );
        self.own("begin", place, |session| session.simple(&begin))?;
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
        let rule = self.admitted.ledger();
        // before the statements, so that whatever else this sets off is in what is read after them
        let kept = self.own("make the ledger", place, ledger::open)?;
        if kept == Ledger::Forgone && rule == LedgerRule::Required {
            return Err(ApplyError::NoLedger.into());
        }
        let steps = self.steps(index, phase)?;
        let after = self.read(place)?;
        if fingerprint(&after) != phase.checkpoint.fingerprint {
            let differences = expected.explain(&after, index + 1);
            return Err(ApplyError::WrongResult { place, differences }.into());
        }
        let digest = self.admitted.digest();
        match kept {
            Ledger::Kept => self.own("note the phase in the ledger", place, |session| {
                ledger::note(session, digest, index + 1, phase.checkpoint.fingerprint)
            })?,
            Ledger::Forgone => (self.tell)(&Event::NoLedger { phase: index + 1 }),
        }
        self.still_inside(place)?;
        self.commit(place)?;
        Ok((after, steps))
    }

    fn steps(&mut self, index: usize, phase: &Phase) -> Result<Vec<StepRecord>, Stop> {
        let mut records = Vec::with_capacity(phase.steps.len());
        for (number, step) in phase.steps.iter().enumerate() {
            let place = Place { phase: index + 1, step: Some(number + 1) };
            let path = step.search_path.as_ref().unwrap_or(&phase.search_path);
            self.own("set the search path", place, |session| settings::set_search_path(session, path))?;
            (self.tell)(&Event::Step { place, sql: &step.sql });
            let started = Instant::now();
            match self.session.execute(&step.sql) {
                Ok(_) => {}
                Err(source) => return Err(self.failed(place, &step.sql, source)),
            }
            records.push(StepRecord { sql: Digest::of(step.sql.as_bytes()), duration_ms: millis(started) });
        }
        Ok(records)
    }

    fn failed(&self, place: Place, sql: &str, source: StatementError) -> Stop {
        if source.is_lost() {
            return ApplyError::Lost { place, between: !self.records.is_empty(), source }.into();
        }
        if source.is_lock_timeout() || source.is_serialization_failure() {
            return Stop::Again;
        }
        ApplyError::Statement { place, sql: sql.to_owned(), source }.into()
    }

    /// Runs a statement of the agent's own.
    fn own<T>(
        &mut self,
        what: &'static str,
        place: Place,
        run: impl FnOnce(&mut Session) -> Result<T, StatementError>,
    ) -> Result<T, Stop> {
        run(self.session).map_err(|source| {
            if source.is_lost() {
                ApplyError::Lost { place, between: !self.records.is_empty(), source }.into()
            } else if source.is_lock_timeout() || source.is_serialization_failure() {
                Stop::Again
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
            Err(error) if error.is_lock_timeout() => return Err(Stop::Again),
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

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A relation as SQL names it, whatever the names are.
fn quoted(name: &pgseal_catalog::QualifiedName) -> String {
    let part = |name: &pgseal_catalog::Name| format!("\"{}\"", name.as_str().replace('"', "\"\""));
    format!("{}.{}", part(&name.schema), part(&name.name))
}
