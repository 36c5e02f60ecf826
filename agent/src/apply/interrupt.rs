//! Stopping a run from outside: the statement that runs is cancelled, its phase is rolled back, and the program ends in good order.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pgseal_catalog::Exit;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::connect::{CancelHandle, deadline};

/// How long a request to cancel may take, and how long is waited for what becomes of it before there is another.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a pause goes on before it looks whether it is to end.
const GLANCE: Duration = Duration::from_millis(50);

/// A wish to stop, and what it cancels.
#[derive(Clone, Default)]
pub struct Interrupt {
    raised: Arc<AtomicBool>,
    /// What ran when it was raised has come back.
    returned: Arc<AtomicBool>,
    running: Arc<Mutex<Option<CancelHandle>>>,
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt").field("raised", &self.is_raised()).finish()
    }
}

impl Interrupt {
    /// One that SIGINT and SIGTERM raise, from now on for the whole process. A second signal ends it at once, as stopped: the
    /// server rolls back what is left.
    ///
    /// # Errors
    /// The operating system does not let the process handle them.
    pub fn on_signals() -> io::Result<Self> {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM] {
            let status = i32::from(Exit::Stopped.number());
            // before the one that sets the flag: the first signal finds it unset
            flag::register_conditional_shutdown(signal, status, Arc::clone(&interrupt.raised))?;
            flag::register(signal, Arc::clone(&interrupt.raised))?;
        }
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let raised = interrupt.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for _ in &mut signals {
                raised.raise();
                raised.insist();
            }
        })?;
        Ok(interrupt)
    }

    /// Raises it: what runs is cancelled, and nothing else is begun.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::SeqCst);
        self.cancel();
    }

    fn cancel(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(handle) = running {
            // a request that cannot be sent leaves the statement running, and the run ends behind it
            handle.cancel_within(PATIENCE).ok();
        }
    }

    /// Asks again as long as the statement runs that was to be cancelled: a request can get lost on the way, and nobody says so. What
    /// the run does afterwards, such as to clear up, is left in peace.
    fn insist(&self) {
        let returned = || self.returned.load(Ordering::SeqCst);
        while !returned() {
            let end = Instant::now() + PATIENCE;
            while !returned() && Instant::now() < end {
                std::thread::sleep(GLANCE);
            }
            if !returned() {
                self.cancel();
            }
        }
    }

    /// A statement has come back from the server.
    pub(super) fn returned(&self) {
        if self.is_raised() {
            self.returned.store(true, Ordering::SeqCst);
        }
    }

    /// Whether it was raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::SeqCst)
    }

    /// From now on it cancels what this session runs.
    pub(super) fn watch(&self, handle: CancelHandle) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
    }

    /// Does something that cannot be cancelled, such as to open a session, and no longer than it is left in peace. `None` is that it
    /// was raised, or that it was not done in time.
    pub fn within<T, F>(&self, limit: Option<Duration>, run: F) -> Option<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        deadline::within_and_while(limit, || !self.is_raised(), run)
    }

    /// Waits; says whether it was left in peace.
    pub(super) fn pause(&self, length: Duration) -> bool {
        let end = Instant::now() + length;
        loop {
            if self.is_raised() {
                return false;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(GLANCE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_when_it_is_raised() {
        let interrupt = Interrupt::default();
        assert!(interrupt.pause(Duration::from_millis(1)));
        interrupt.raise();
        let began = Instant::now();
        assert!(!interrupt.pause(Duration::from_secs(60)));
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
