//! One phase outside a transaction: what a killed run left is cleared up, a row says that it is started, the statement runs, the
//! result is compared with the promise, and a row says that it is finished.

use pgseal_catalog::outside::Outside;
use pgseal_catalog::plan::Phase;
use pgseal_catalog::{Catalog, Digest, QualifiedName};

use super::attempt::Attempt;
use super::drift::Expected;
use super::error::{ApplyError, Place};
use super::ledger::{Ledger, Mark, Standing};
use super::leftover::{self, Leftover};
use super::phase::{Stop, quoted};
use super::run::Run;
use super::{Event, settings};

impl Run<'_> {
    /// Runs the only step of a phase, once.
    pub(super) fn try_outside(&mut self, index: usize, phase: &Phase) -> Result<Catalog, Stop> {
        let place = Place { phase: index + 1, step: None };
        let expected = Expected::new(self.plan);
        let (before, promised) = (expected.fingerprint(index), expected.fingerprint(index + 1));
        let nothing = Catalog::new();
        let Some(step) = phase.steps.first() else { return Err(self.wrong(index, &nothing, &nothing).into()) };
        let mut live = self.capture(place)?;
        let mut left = leftover::of_phase(self.plan, index, &live).unwrap_or_default();
        if left.iter().any(|left| *left != Leftover::HalfDropped) {
            self.clear(place, &left)?;
            live = self.capture(place)?;
            left = leftover::of_phase(self.plan, index, &live).unwrap_or_default();
        }
        let found = live.fingerprint();
        if found == promised && promised != before {
            // the run before got that far
            self.in_transaction(index, Mark::Finished)?;
            return Ok(live.catalog);
        }
        if found != before && left.is_empty() {
            let differences = expected.explain(&live.catalog, index);
            return Err(ApplyError::DriftUnderLock { place, differences }.into());
        }
        self.in_transaction(index, Mark::Started)?;
        let timeouts = self.plan.timeouts;
        let ran = self.alone(index, phase, &step.sql);
        let restored = self.own("make the session's settings", place, |session| settings::leave(session, timeouts));
        match ran {
            Ok(()) => self.note_attempt(Attempt::steps_done),
            Err(Stop::Over(ApplyError::Lost { place, source, .. })) => {
                // the server goes on without the agent, and may get to the end
                return Err(ApplyError::Lost { place, between: true, source }.into());
            }
            Err(stop) => {
                if self.clear_up(index).is_err() {
                    (self.tell)(&Event::NotClearedUp { place });
                }
                return Err(stop);
            }
        }
        restored?;
        let after = self.capture(place)?.catalog;
        if fingerprint(&after) != promised {
            return Err(self.wrong(index, &live.catalog, &after).into());
        }
        self.in_transaction(index, Mark::Finished)?;
        Ok(after)
    }

    /// Runs the statement with the settings that it needs.
    fn alone(&mut self, index: usize, phase: &Phase, sql: &str) -> Result<(), Stop> {
        let place = Place { phase: index + 1, step: Some(1) };
        let path = phase.steps.first().and_then(|step| step.search_path.as_ref()).unwrap_or(&phase.search_path);
        let patience = match Outside::of(sql) {
            // it waits where it is in nobody's way, so all the waiting that the plan allows may be done at once
            Some(Outside::CreateIndex | Outside::DropIndex | Outside::Reindex) => self.plan.timeouts.lock_retries,
            Some(Outside::AddValue | Outside::Detach) | None => 0,
        };
        let timeouts = self.plan.timeouts;
        self.own("make the settings of a phase", place, |session| settings::enter(session, timeouts, patience, path))?;
        self.go_on(place)?;
        (self.tell)(&Event::Step { place, sql });
        self.timed(place, sql)
    }

    /// Notes the phase in a transaction of its own, which is in the right session.
    fn in_transaction(&mut self, index: usize, mark: Mark) -> Result<(), Stop> {
        let place = Place { phase: index + 1, step: None };
        self.begin(place)?;
        self.same_session(place)?;
        self.note_or_forgo(index, mark)?;
        self.commit(place)
    }

    /// Notes phases that are there, of so many, and that a run before started and could not say to be finished: a plan whose only trace
    /// is a start would not be known as used.
    pub(super) fn note_finished(&mut self, there: usize) -> Result<(), ApplyError> {
        let outside = |index: &usize| self.plan.phases.get(*index).is_some_and(|phase| !phase.transaction);
        let outside: Vec<usize> = (0..there).filter(outside).collect();
        let ledger = Ledger::new(self.admitted.ledger_schema());
        if outside.is_empty() || self.early("look for the ledger", |session| ledger.look(session))? != Standing::Kept {
            return Ok(());
        }
        let plan = self.admitted.digest();
        let unfinished = self.early("read the ledger", |session| ledger.unfinished(session, plan))?;
        for index in outside.into_iter().filter(|index| unfinished.contains(&(index + 1))) {
            if let Err(stop) = self.in_transaction(index, Mark::Finished) {
                self.roll_back();
                let place = Place { phase: index + 1, step: None };
                return Err(match stop {
                    Stop::Over(error) | Stop::Again(Some(error)) => error,
                    Stop::Again(None) => ApplyError::LockTimeout { place, tries: 1, waits: self.waits.take() },
                });
            }
        }
        Ok(())
    }

    /// Clears up what a run that was killed left.
    fn clear(&mut self, place: Place, left: &[Leftover]) -> Result<(), Stop> {
        for left in left {
            let (sql, relation): (String, &QualifiedName) = match left {
                Leftover::Built(name) => (format!("DROP INDEX CONCURRENTLY {}", quoted(name)), name),
                Leftover::Detaching { parent, partition } => {
                    let (parent, child) = (quoted(parent), quoted(partition));
                    (format!("ALTER TABLE {parent} DETACH PARTITION {child} FINALIZE"), partition)
                }
                Leftover::HalfDropped => continue,
            };
            (self.tell)(&Event::ClearingUp { place, relation });
            self.own("clear up what an earlier run left", place, |session| session.execute(&sql).map(drop))?;
        }
        Ok(())
    }

    /// Clears up after a statement that failed.
    fn clear_up(&mut self, index: usize) -> Result<(), Stop> {
        let place = Place { phase: index + 1, step: None };
        let live = self.capture(place)?;
        let left = leftover::of_phase(self.plan, index, &live).unwrap_or_default();
        self.clear(place, &left)?;
        if left.contains(&Leftover::HalfDropped) {
            // only dropping it clears that up, which is what has just failed
            (self.tell)(&Event::NotClearedUp { place });
        }
        Ok(())
    }

    /// Why the result is not the promised one: others changed something, or the statement did something else.
    fn wrong(&self, index: usize, before: &Catalog, after: &Catalog) -> ApplyError {
        let place = Place { phase: index + 1, step: None };
        let differences = Expected::new(self.plan).knowing(before, "the phase began").explain(after, index + 1);
        let touched = self.plan.phases.get(index).map(|phase| &phase.checkpoint.objects);
        if differences.iter().any(|difference| touched.is_none_or(|touched| touched.contains_key(&difference.object))) {
            return ApplyError::WrongResultKept { place, differences };
        }
        ApplyError::DriftUnderLock { place, differences }
    }
}

fn fingerprint(catalog: &Catalog) -> Digest {
    pgseal_catalog::fingerprint::fingerprint(catalog)
}
