//! One phase, tried until it is over; and one try in one transaction: locks, the state under the locks, the statements, the promise, the ledger, COMMIT.

use std::time::Instant;

use pgseal_catalog::plan::Phase;
use pgseal_catalog::{Catalog, Digest, FactId};

use super::attempt::Attempt;
use super::drift::Expected;
use super::error::{ApplyError, Place};
use super::ledger::{Ledger, Mark, Note, Standing};
use super::run::Run;
use super::{Event, backoff, settings, trusted};
use crate::capture::facts_within;
use crate::connect::{Session, StatementError};

/// A commit that is reported must survive a crash of the server, also where the database commits asynchronously.
const DURABLE: &str = "SELECT pg_catalog.set_config('synchronous_commit', 'on', true) \
                       WHERE pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off'";

/// How long the server lets a transaction of the agent idle: a machine that is suddenly gone holds no lock for longer.
const IDLE_LIMIT: &str = "60s";

/// What cannot be locked by itself: the role has not the right, or what there is now is none or another thing, which reading the state
/// then explains.
const NOT_LOCKED: &[&str] = &["42501", "42P01", "42809", "3F000"];
/// Somebody has just made what was about to be made: a schema, a table, or a row of the catalog about either.
const TAKEN: &[&str] = &["42P06", "42P07", "23505"];

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
        self.in_time(place)?;
        self.attempt = Some(Attempt::begin(index + 1));
        self.waits = None;
        loop {
            tries += 1;
            let tried =
                if phase.transaction { self.try_phase(index, phase, before) } else { self.try_outside(index, phase) };
            self.note_attempt(Attempt::ended);
            match tried {
                Ok(catalog) => {
                    if let Some(attempt) = self.attempt.take() {
                        self.committed(phase, attempt);
                    }
                    return Ok(catalog);
                }
                Err(Stop::Over(error)) => {
                    // what runs outside a transaction may get to its end without the agent
                    self.in_doubt |= !phase.transaction && matches!(error, ApplyError::Lost { .. });
                    self.roll_back();
                    return Err(error);
                }
                Err(Stop::Again(reason)) => {
                    self.roll_back();
                    if tries > plan.timeouts.lock_retries {
                        let waits = self.waits.take();
                        return Err(reason.unwrap_or(ApplyError::LockTimeout { place, tries, waits }));
                    }
                    let pause = backoff::pause(tries);
                    (self.tell)(&Event::Waiting { phase: index + 1, tries, pause });
                    self.pause(place, pause)?;
                    self.in_time(place)?;
                    self.note_attempt(Attempt::again);
                }
            }
        }
    }

    /// Notes something for the receipt about the phase that is being run.
    pub(super) fn note_attempt(&mut self, note: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = &mut self.attempt {
            note(attempt);
        }
    }

    /// Notes for the receipt that a phase is committed.
    pub(super) fn committed(&mut self, phase: &Phase, attempt: Attempt) {
        let record = attempt.committed(phase.checkpoint.fingerprint);
        (self.tell)(&Event::Committed { phase: record.phase as usize, duration_ms: record.duration_ms });
        self.records.push(record);
    }

    pub(super) fn roll_back(&mut self) {
        // a session that is lost has been rolled back by the server
        self.session.simple("ROLLBACK").ok();
    }

    /// Begins a transaction that waits, runs and idles no longer than it may.
    pub(super) fn begin(&mut self, place: Place) -> Result<(), Stop> {
        let timeouts = self.plan.timeouts;
        let begin = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {}; \
             SET LOCAL statement_timeout = {}; SET LOCAL idle_in_transaction_session_timeout = '{IDLE_LIMIT}'; {DURABLE}",
            timeouts.lock_ms, timeouts.statement_ms
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

    fn try_phase(&mut self, index: usize, phase: &Phase, before: &Catalog) -> Result<Catalog, Stop> {
        let place = Place { phase: index + 1, step: None };
        let expected = Expected::new(self.plan).knowing(before, "the phase began");
        self.begin(place)?;
        self.same_session(place)?;
        let asked = Instant::now();
        self.lock(index, phase, before)?;
        self.note_attempt(|attempt| attempt.locked(asked));
        let live = self.read(place)?;
        if fingerprint(&live) != expected.fingerprint(index) {
            let differences = expected.explain(&live, index);
            return Err(ApplyError::DriftUnderLock { place, differences }.into());
        }
        // before the statements, so that whatever else this sets off is in what is read after them
        let kept = self.open_ledger(place)?;
        let transaction = self.transaction(place)?;
        self.steps(index, phase)?;
        self.note(index, Mark::Committed, kept)?;
        self.settle_transaction(place)?;
        // from here on nothing runs that is not the agent's own
        let after = self.read(place)?;
        if fingerprint(&after) != phase.checkpoint.fingerprint {
            let differences = expected.explain(&after, index + 1);
            return Err(ApplyError::WrongResult { place, differences }.into());
        }
        if self.transaction(place)? != transaction {
            // a statement ended the one that guarded it
            return Err(ApplyError::WrongResult { place, differences: Vec::new() }.into());
        }
        let committed = self.commit(place);
        self.in_doubt = matches!(committed, Err(Stop::Over(ApplyError::Lost { .. })));
        committed?;
        Ok(after)
    }

    /// Takes the locks that the phase needs, before the state under them is read. Views get one that keeps others from replacing or
    /// dropping them: the phase would undo that unseen. A lock that the role has no right to take by itself is left to the statement that
    /// needs it.
    fn lock(&mut self, index: usize, phase: &Phase, before: &Catalog) -> Result<(), Stop> {
        let place = Place { phase: index + 1, step: None };
        let declared = phase.locks.iter().filter_map(|lock| {
            let id = &lock.relation;
            // no command locks these by themselves: the lock on their table does
            let other = before.contains(&FactId::Index(id.clone())) || before.contains(&FactId::Sequence(id.clone()));
            (!other).then(|| format!("LOCK TABLE ONLY {} IN {} MODE", quoted(id), lock.mode.sql()))
        });
        // reading the name takes the lock, and of what it stands for nothing is planned or run: it may be another one's by now
        let views = phase.checkpoint.objects.keys().filter(|id| before.contains(id)).filter_map(|id| match id {
            FactId::View(name) | FactId::MaterializedView(name) => {
                Some(format!("PREPARE pgseal_lock AS SELECT FROM {}; DEALLOCATE pgseal_lock", quoted(name)))
            }
            _ => None,
        });
        for sql in declared.chain(views) {
            let sql = format!("SAVEPOINT pgseal_lock; {sql}; RELEASE SAVEPOINT pgseal_lock");
            match self.watched(place, |session| session.simple(&sql)).0.and_then(|locked| locked) {
                Err(source) if source.sqlstate().is_some_and(|sqlstate| NOT_LOCKED.contains(&sqlstate)) => {
                    let undo = "ROLLBACK TO SAVEPOINT pgseal_lock; RELEASE SAVEPOINT pgseal_lock";
                    self.own("go back to a savepoint", place, |session| session.simple(undo))?;
                }
                locked => self.own("lock", place, |_| locked)?,
            }
        }
        Ok(())
    }

    /// Makes the ledger where there is none; whether it is kept.
    fn open_ledger(&mut self, place: Place) -> Result<bool, Stop> {
        const WHAT: &str = "make the ledger";
        let ledger = Ledger::new(self.admitted.ledger_schema());
        let opened = ledger.open(self.session);
        let standing = match opened {
            Err(source) if source.sqlstate().is_some_and(|sqlstate| TAKEN.contains(&sqlstate)) => {
                return Err(Stop::Again(Some(ApplyError::Agent { what: WHAT, source })));
            }
            opened => self.own(WHAT, place, |_| opened)?,
        };
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
            self.note_attempt(Attempt::without_ledger);
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

    fn steps(&mut self, index: usize, phase: &Phase) -> Result<(), Stop> {
        for (number, step) in phase.steps.iter().enumerate() {
            let place = Place { phase: index + 1, step: Some(number + 1) };
            let path = step.search_path.as_ref().unwrap_or(&phase.search_path);
            self.own("set the search path", place, |session| settings::set_search_path(session, path))?;
            self.go_on(place)?;
            (self.tell)(&Event::Step { place, sql: &step.sql });
            self.timed(place, &step.sql)?;
        }
        self.note_attempt(Attempt::steps_done);
        Ok(())
    }

    /// Runs a statement of the plan, and notes how long it took.
    pub(super) fn timed(&mut self, place: Place, sql: &str) -> Result<(), Stop> {
        self.note_attempt(|attempt| attempt.step_begins(place.step.unwrap_or_default()));
        let started = Instant::now();
        let (ran, waited) = self.watched(place, |session| session.execute(sql));
        self.note_attempt(|attempt| attempt.step_ended(sql, started, waited));
        ran.and_then(|ran| ran).map(drop).map_err(|source| self.failed(place, sql, source))
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
        let ran = run(self.session);
        self.means.interrupt.returned();
        ran.map_err(|source| {
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
        let scope = &self.plan.scope;
        let (read, _) = self.watched(place, |session| facts_within(session.client(), scope));
        let lost = |source| Stop::Over(ApplyError::Lost { place, between: !self.records.is_empty(), source });
        let catalog = match read.map_err(lost)? {
            Ok(catalog) => catalog,
            Err(error) if error.is_lock_timeout() => return Err(Stop::Again(None)),
            Err(error) if error.is_passing() => return Err(Stop::Again(Some(ApplyError::Capture(error)))),
            Err(error) => return Err(self.unread(place, error).into()),
        };
        self.own("go back to a savepoint", place, |session| {
            session.simple("ROLLBACK TO SAVEPOINT pgseal_capture; RELEASE SAVEPOINT pgseal_capture")
        })?;
        Ok(catalog)
    }

    /// The number of the transaction, which no statement can give to another.
    fn transaction(&mut self, place: Place) -> Result<Option<String>, Stop> {
        let sql = "SELECT pg_catalog.pg_current_xact_id()";
        let rows = self.own("look at the transaction", place, |session| session.rows(sql))?;
        Ok(rows.first().and_then(|row| row.column(0)).map(str::to_owned))
    }

    /// Runs what COMMIT would, and leaves it nothing to run: triggers of deferred constraints, the queries of cursors that outlive the
    /// transaction, and what goes with temporary tables may change what was promised, so it is read after them.
    fn settle_transaction(&mut self, place: Place) -> Result<(), Stop> {
        for sql in ["SET CONSTRAINTS ALL IMMEDIATE", "CLOSE ALL", "DISCARD TEMP"] {
            self.session.simple(sql).map_err(|source| self.failed(place, sql, source))?;
        }
        Ok(())
    }

    pub(super) fn commit(&mut self, place: Place) -> Result<(), Stop> {
        match self.session.simple("COMMIT") {
            Ok(()) => Ok(()),
            // without a word of the server it is unknown whether it committed: the state will tell
            Err(source) if source.is_lost() || source.sqlstate().is_none() => {
                Err(ApplyError::Lost { place, between: true, source }.into())
            }
            Err(source) => Err(self.failed(place, "COMMIT", source)),
        }
    }
}

fn fingerprint(catalog: &Catalog) -> Digest {
    pgseal_catalog::fingerprint::fingerprint(catalog)
}

/// A relation as SQL names it, whatever the names are.
pub(super) fn quoted(name: &pgseal_catalog::QualifiedName) -> String {
    let part = |name: &pgseal_catalog::Name| format!("\"{}\"", name.as_str().replace('"', "\"\""));
    format!("{}.{}", part(&name.schema), part(&name.name))
}
