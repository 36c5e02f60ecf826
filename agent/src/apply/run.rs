//! A run: where the database stands, phase after phase, and what to do about a connection that is lost on the way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pgseal_catalog::fingerprint::fingerprint;
use pgseal_catalog::receipt::{Outcome, PhaseRecord};
use pgseal_catalog::{Catalog, Plan, Scope, Snapshot};
use pgseal_keys::Admitted;
use postgres::Client;

use super::attempt::Attempt;
use super::drift::Expected;
use super::error::{ApplyError, Place};
use super::guard::{self, Guard};
use super::ledger::{Ledger, Standing};
use super::watch::{Waiting, Watcher};
use super::{Event, Means, Report, backoff, leftover, not_used_before, settings};
use crate::capture::{self, CaptureError};
use crate::connect::{Session, StatementError};

/// How often the advisory lock is asked for.
const ADVISORY_TRIES: u32 = 5;
/// The most connections that one run may lose.
const MOST_LOSSES: u32 = 20;
/// The most of them without a phase in between: a statement that ends its session, or the whole server, would do so each time.
const MOST_IN_VAIN: u32 = 3;
/// The longest that another connection is waited for.
const LONGEST_RECONNECT: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Where nothing of the plan was begun.
const START: Place = Place { phase: 1, step: None };

/// A run in progress.
pub(super) struct Run<'a> {
    pub session: &'a mut Session,
    pub plan: &'a Plan,
    pub admitted: &'a Admitted<Plan>,
    pub means: &'a Means,
    pub watcher: Watcher,
    /// Whom the phase, or the reading before it, was last seen to wait for.
    pub waits: Option<Waiting>,
    pub guard: Guard,
    /// How many phases were there when this run found the database.
    there: usize,
    pub records: Vec<PhaseRecord>,
    /// The phase that was begun, until it is committed.
    pub attempt: Option<Attempt>,
    /// Whether its COMMIT was not answered.
    pub in_doubt: bool,
    pub tell: &'a mut dyn FnMut(&Event<'_>),
}

/// How many phases a database has behind it; what a killed run left of a phase outside a transaction is looked over.
pub(super) fn position(plan: &Plan, snapshot: &Snapshot) -> Result<usize, ApplyError> {
    let expected = Expected::new(plan);
    let found = snapshot.fingerprint();
    if let Some(phases) = expected.position(found) {
        return Ok(phases);
    }
    let begun = (0..plan.phases.len()).find(|&index| leftover::of_phase(plan, index, snapshot).is_some());
    begun.ok_or_else(|| ApplyError::Drift { differences: expected.explain_nearest(&snapshot.catalog), found })
}

impl<'a> Run<'a> {
    pub fn new(
        session: &'a mut Session,
        admitted: &'a Admitted<Plan>,
        means: &'a Means,
        tell: &'a mut dyn FnMut(&Event<'_>),
    ) -> Self {
        let (watcher, guard) = (Watcher::default(), Guard::default());
        Self {
            session,
            plan: admitted.plan(),
            admitted,
            means,
            watcher,
            waits: None,
            guard,
            there: 0,
            records: Vec::new(),
            attempt: None,
            in_doubt: false,
            tell,
        }
    }

    /// Runs until it is settled what became of the plan, over as many connections as it takes, and bounded.
    pub fn settle(mut self, report: &mut Report) -> Result<Outcome, ApplyError> {
        let mut outcome = self.over_one_connection(report);
        let (mut losses, mut in_vain, mut committed) = (0, 0, self.records.len());
        while matches!(outcome, Err(ApplyError::Lost { .. })) && losses < MOST_LOSSES && in_vain < MOST_IN_VAIN {
            losses += 1;
            let Some(deadline) = self.reconnect(in_vain) else { break };
            outcome = self.over_one_connection(report);
            // the session that was lost may hold the lock until the server notices
            while matches!(outcome, Err(ApplyError::Busy { .. })) && Instant::now() < deadline {
                outcome = self.over_one_connection(report);
            }
            in_vain = if self.records.len() > committed { 0 } else { in_vain + 1 };
            committed = self.records.len();
        }
        if losses > 0 && matches!(outcome, Err(ApplyError::Busy { .. })) && (self.in_doubt || committed > 0) {
            let detail = "the session that was lost is still at work".to_owned();
            let source = StatementError::Lost { detail };
            outcome = Err(ApplyError::Lost { place: self.place(), between: true, source });
        }
        guard::unlock(self.session);
        let outcome = match outcome {
            Err(error) if self.means.interrupt.is_raised() && error.is_cancellation() => {
                Err(ApplyError::Interrupted { place: self.place() })
            }
            outcome => outcome,
        };
        report.phases = std::mem::take(&mut self.records);
        report.unfinished = self.attempt.take().map(Attempt::given_up);
        outcome
    }

    fn over_one_connection(&mut self, report: &mut Report) -> Result<Outcome, ApplyError> {
        self.means.interrupt.watch(self.session.cancel_handle());
        self.prepare()?;
        self.all(report)
    }

    /// Opens another session in place of the one that was lost, later where others were lost in vain; returns until when it may wait
    /// for the lost one to end.
    fn reconnect(&mut self, in_vain: u32) -> Option<Instant> {
        let another = self.means.another.as_ref()?;
        let deadline = Instant::now() + self.means.reconnect.min(LONGEST_RECONNECT);
        self.watcher.rest();
        for tries in 1 + 2 * in_vain.. {
            let pause = backoff::pause(tries).min(deadline.saturating_duration_since(Instant::now()));
            if pause.is_zero() {
                return None;
            }
            (self.tell)(&Event::Reconnecting { pause });
            if !self.means.interrupt.pause(pause) {
                return None;
            }
            let (another, left) = (Arc::clone(another), deadline.saturating_duration_since(Instant::now()));
            // a standby may be what follows the primary one day, and until then its state may be an old one
            let primary = move || {
                let mut session = another(Some(left)).ok()?;
                (!super::is_standby(&mut session).ok()?).then_some(session)
            };
            if let Some(Some(session)) = self.means.interrupt.within(Some(left), primary) {
                *self.session = session;
                return Some(deadline);
            }
        }
        None
    }

    /// Makes the session one that the plan can be run in, and alone.
    fn prepare(&mut self) -> Result<(), ApplyError> {
        let plan = self.plan;
        self.early("limit the waiting for locks", |session| settings::limit_waiting(session, plan))?;
        if !self.early("look how triggers fire", settings::is_origin)? {
            return Err(ApplyError::NotOrigin);
        }
        self.guard = self.early("mark the session", Guard::set)?;
        self.take_advisory_lock()?;
        // a session that two connections are given is nobody's
        let pid = self.session.backend_pid();
        if self.watcher.glance(self.means, move |another| guard::is_shared(pid, another).ok()) == Some(true) {
            return Err(ApplyError::OtherSession { between: !self.records.is_empty() });
        }
        Ok(())
    }

    fn take_advisory_lock(&mut self) -> Result<(), ApplyError> {
        for tries in 1..=ADVISORY_TRIES {
            if self.early("take the advisory lock", guard::try_lock)? {
                return Ok(());
            }
            if tries < ADVISORY_TRIES {
                self.pause(self.place(), backoff::pause(tries))?;
            }
        }
        let holder = self.early("look who holds the advisory lock", guard::holder)?;
        Err(ApplyError::Busy { holder })
    }

    fn all(&mut self, report: &mut Report) -> Result<Outcome, ApplyError> {
        let plan = self.plan;
        let snapshot = self.capture(self.place())?;
        report.before = report.before.or(Some(snapshot.fingerprint()));
        report.after = Some(snapshot.fingerprint());
        let found = position(plan, &snapshot)?;
        let first = not_used_before(self.session, self.admitted, found)?.phases;
        self.settle_doubt(first)?;
        if self.records.is_empty() {
            self.there = first;
        }
        (self.tell)(&Event::Found { phases: first });
        // from here on the plan counts as begun: what comes before it in the order of its targets is over, whatever happens to it
        self.admitted.begin()?;
        self.note_finished(found)?;
        if first == plan.phases.len() {
            let nothing = self.records.is_empty() && report.before == report.after;
            return Ok(if nothing { Outcome::NothingToDo } else { Outcome::Applied });
        }
        self.early("make the plan's settings", |session| settings::make(session, plan))?;
        let mut catalog: Catalog = snapshot.catalog;
        for index in first..plan.phases.len() {
            self.go_on(Place { phase: index + 1, step: None })?;
            catalog = self.phase(index, &catalog)?;
            report.after = Some(Expected::new(plan).fingerprint(index + 1));
        }
        let last = self.reading(Place { phase: plan.phases.len(), step: None }, capture::facts)?;
        report.after = Some(fingerprint(&last));
        if report.after != Some(plan.target) {
            let expected = Expected::new(plan).knowing(&catalog, "the last phase was committed");
            let differences = expected.explain(&last, plan.phases.len());
            return Err(ApplyError::ChangedAfterwards { differences });
        }
        Ok(Outcome::Applied)
    }

    /// Whether the COMMIT that was not answered was done: the state says so, or the ledger, which is what says from which phase on to
    /// go.
    fn settle_doubt(&mut self, first: usize) -> Result<(), ApplyError> {
        if !std::mem::take(&mut self.in_doubt) {
            return Ok(());
        }
        let Some(attempt) = &self.attempt else { return Ok(()) };
        let place = Place { phase: attempt.phase(), step: None };
        let index = place.phase.saturating_sub(1);
        let Some(phase) = self.plan.phases.get(index) else { return Ok(()) };
        if first > index {
            if let Some(attempt) = self.attempt.take() {
                self.committed(phase, attempt);
            }
            return Ok(());
        }
        // what runs outside a transaction is made to be run again
        if !phase.transaction {
            return Ok(());
        }
        let expected = Expected::new(self.plan);
        if expected.fingerprint(index) == expected.fingerprint(index + 1) {
            // a role that may make the ledger would have, in the same transaction
            let ledger = Ledger::new(self.admitted.ledger_schema());
            let standing = self.early("look for the ledger", |session| ledger.look(session))?;
            if !matches!(standing, Standing::Kept | Standing::Absent { .. }) {
                return Err(ApplyError::Undecided { place });
            }
        }
        Ok(())
    }

    /// The phase that is next as far as this run knows.
    fn place(&self) -> Place {
        let done = self.records.last().map_or(self.there, |record| record.phase as usize);
        let next = self.attempt.as_ref().map_or(done + 1, Attempt::phase);
        Place { phase: next.min(self.plan.phases.len().max(1)), ..START }
    }

    /// Runs a statement of the agent's own outside a phase.
    pub(super) fn early<T>(
        &mut self,
        what: &'static str,
        run: impl FnOnce(&mut Session) -> Result<T, StatementError>,
    ) -> Result<T, ApplyError> {
        let ran = run(self.session);
        self.means.interrupt.returned();
        ran.map_err(|source| {
            if source.is_lost() {
                return ApplyError::Lost { place: self.place(), between: !self.records.is_empty(), source };
            }
            ApplyError::Agent { what, source }
        })
    }

    /// Refuses to begin what comes after the plan's end.
    pub(super) fn in_time(&self, place: Place) -> Result<(), ApplyError> {
        let over = |end: i64| crate::clock::seconds().is_none_or(|now| u64::try_from(end).unwrap_or_default() <= now);
        if self.plan.binding.expires.is_some_and(over) {
            return Err(ApplyError::Expired { place });
        }
        Ok(())
    }

    /// Refuses to go on once the run is to end.
    pub(super) fn go_on(&self, place: Place) -> Result<(), ApplyError> {
        if self.means.interrupt.is_raised() { Err(ApplyError::Interrupted { place }) } else { Ok(()) }
    }

    /// Waits, unless the run is to end.
    pub(super) fn pause(&self, place: Place, length: Duration) -> Result<(), ApplyError> {
        if self.means.interrupt.pause(length) { Ok(()) } else { Err(ApplyError::Interrupted { place }) }
    }

    /// Captures the database outside a phase.
    pub(super) fn capture(&mut self, place: Place) -> Result<Snapshot, ApplyError> {
        self.reading(place, |client, scope| capture::capture(client, scope, String::new()))
    }

    /// Reads the database outside a phase; what passes is tried again, as often as a phase would be.
    fn reading<T: Send>(
        &mut self,
        place: Place,
        read: fn(&mut Client, &Scope) -> Result<T, CaptureError>,
    ) -> Result<T, ApplyError> {
        let mut tries = 0;
        self.waits = None;
        loop {
            tries += 1;
            let scope = &self.plan.scope;
            let (found, _) = self.watched(place, |session| read(session.client(), scope));
            let lost = |source| ApplyError::Lost { place, between: !self.records.is_empty(), source };
            match found.map_err(lost)? {
                Ok(found) => return Ok(found),
                Err(error) if error.is_lock_timeout() || error.is_passing() => {
                    if tries > self.plan.timeouts.lock_retries {
                        let locked = error.is_lock_timeout();
                        let waits = self.waits.take();
                        return Err(if locked {
                            ApplyError::Unreadable { tries, waits }
                        } else {
                            ApplyError::Capture(error)
                        });
                    }
                    let pause = backoff::pause(tries);
                    (self.tell)(&Event::WaitingToRead { tries, pause });
                    self.pause(place, pause)?;
                }
                Err(error) => return Err(self.unread(place, error)),
            }
        }
    }

    /// Why the database could not be read: a lost connection leaves it open what was committed.
    pub(super) fn unread(&self, place: Place, error: CaptureError) -> ApplyError {
        if error.is_lost() {
            let source = StatementError::Lost { detail: error.to_string() };
            return ApplyError::Lost { place, between: !self.records.is_empty(), source };
        }
        ApplyError::Capture(error)
    }
}
