//! A phase that is being run, as the receipt tells it: how often it was tried, how long its statements took and what it waited for.

use std::time::{Duration, Instant};

use pgseal_catalog::Digest;
use pgseal_catalog::receipt::{PhaseRecord, StepRecord, UnfinishedRecord, WaitRecord};

/// The tries of one phase; the last of them is going on.
#[derive(Debug)]
pub(super) struct Attempt {
    phase: u32,
    waits: Vec<WaitRecord>,
    started: Instant,
    step: Option<u32>,
    steps: Vec<StepRecord>,
    lock_wait: Duration,
    without_ledger: bool,
    ended: Option<u64>,
}

impl Attempt {
    /// The phase, from 1.
    pub fn phase(&self) -> usize {
        self.phase as usize
    }

    /// The first try of a phase begins.
    pub fn begin(phase: usize) -> Self {
        Self {
            phase: number(phase),
            waits: Vec::new(),
            started: Instant::now(),
            step: None,
            steps: Vec::new(),
            lock_wait: Duration::ZERO,
            without_ledger: false,
            ended: None,
        }
    }

    /// The try is over, whatever becomes of the phase.
    pub fn ended(&mut self) {
        self.ended = Some(millis(self.started));
    }

    /// The next try begins: what the last one did was rolled back.
    pub fn again(&mut self) {
        self.waits.push(WaitRecord { step: self.step, duration_ms: self.duration_ms() });
        let waits = std::mem::take(&mut self.waits);
        *self = Self { phase: self.phase, waits, ..Self::begin(0) };
    }

    /// The locks that the phase takes first are held.
    pub fn locked(&mut self, since: Instant) {
        self.lock_wait = since.elapsed();
    }

    /// The ledger does not tell of the phase.
    pub fn without_ledger(&mut self) {
        self.without_ledger = true;
    }

    /// A statement of the plan begins, counted from 1.
    pub fn step_begins(&mut self, step: usize) {
        self.step = Some(number(step));
    }

    /// It ended, well or not, and was seen to wait for locks for so long.
    pub fn step_ended(&mut self, sql: &str, since: Instant, waited: Duration) {
        let (duration_ms, waited) = (millis(since), u64::try_from(waited.as_millis()).unwrap_or(u64::MAX));
        let lock_wait_ms = waited.min(duration_ms);
        self.steps.push(StepRecord { sql: Digest::of(sql.as_bytes()), duration_ms, lock_wait_ms });
    }

    /// All statements of the plan ran; what follows is the agent's own.
    pub fn steps_done(&mut self) {
        self.step = None;
    }

    /// How long the last try has taken, in milliseconds.
    pub fn duration_ms(&self) -> u64 {
        self.ended.unwrap_or_else(|| millis(self.started))
    }

    /// The phase was committed.
    pub fn committed(self, checkpoint: Digest) -> PhaseRecord {
        PhaseRecord {
            phase: self.phase,
            checkpoint,
            retries: number(self.waits.len()),
            duration_ms: self.duration_ms(),
            lock_wait_ms: u64::try_from(self.lock_wait.as_millis()).unwrap_or(u64::MAX),
            without_ledger: self.without_ledger,
            waits: self.waits,
            steps: self.steps,
        }
    }

    /// It is over without a commit, or nobody knows.
    pub fn given_up(self) -> UnfinishedRecord {
        UnfinishedRecord {
            phase: self.phase,
            step: self.step,
            duration_ms: self.duration_ms(),
            waits: self.waits,
            steps: self.steps,
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
