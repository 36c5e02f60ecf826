//! Waiting no longer than one means to for something that knows no deadline.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often it is asked whether to wait on.
const GLANCE: Duration = Duration::from_millis(50);

/// Does something on a thread of its own, and waits for it so long; without a limit, here and to its end. `None` is that it was not
/// done in time: the thread is left behind then, and what it still brings is dropped.
pub(crate) fn within<T, F>(limit: Option<Duration>, run: F) -> Option<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    match limit {
        Some(limit) => begun(run)?.recv_timeout(limit).ok(),
        None => Some(run()),
    }
}

/// The same, and it is waited for only as long as that is so; without a limit for as long as that takes.
pub(crate) fn within_and_while<T, F>(limit: Option<Duration>, worth_it: impl Fn() -> bool, run: F) -> Option<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let end = limit.map(|limit| Instant::now() + limit);
    let receiver = begun(run)?;
    while worth_it() {
        let left = end.map_or(GLANCE, |end| end.saturating_duration_since(Instant::now()));
        match receiver.recv_timeout(left.min(GLANCE)) {
            Ok(done) => return Some(done),
            Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
            Err(_) => break,
        }
    }
    None
}

fn begun<T, F>(run: F) -> Option<mpsc::Receiver<T>>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let (sender, receiver) = mpsc::channel();
    let spawned = thread::Builder::new().name("deadline".to_owned()).spawn(move || sender.send(run()).ok());
    spawned.ok().map(|_| receiver)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_is_left_behind() {
        let (sender, receiver) = mpsc::channel::<()>();
        assert_eq!(within(Some(Duration::from_millis(20)), move || receiver.recv().is_ok()), None);
        drop(sender);
        assert_eq!(within(Some(Duration::from_secs(60)), || 1), Some(1));
        assert_eq!(within(None, || 2), Some(2));
    }

    #[test]
    fn what_nobody_wants_any_more_is_left_behind() {
        let began = Instant::now();
        let (sender, receiver) = mpsc::channel::<()>();
        let wanted = || began.elapsed() < Duration::from_millis(20);
        assert_eq!(within_and_while(None, wanted, move || receiver.recv().is_ok()), None);
        drop(sender);
        let (sender, receiver) = mpsc::channel::<()>();
        let limit = Some(Duration::from_millis(20));
        assert_eq!(within_and_while(limit, || true, move || receiver.recv().is_ok()), None);
        drop(sender);
        assert_eq!(within_and_while(None, || true, || 1), Some(1));
        assert_eq!(within_and_while(None, || false, || 1), None);
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
