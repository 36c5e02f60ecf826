//! Waiting no longer than one means to for something that knows no deadline.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Does something on a thread of its own, and waits for it so long; without a limit, here and to its end. `None` is that it was not
/// done in time: the thread is left behind then, and what it still brings is dropped.
pub(crate) fn within<T, F>(limit: Option<Duration>, run: F) -> Option<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let Some(limit) = limit else { return Some(run()) };
    let (sender, receiver) = mpsc::channel();
    let spawned = thread::Builder::new().name("deadline".to_owned()).spawn(move || sender.send(run()).ok());
    spawned.ok()?;
    receiver.recv_timeout(limit).ok()
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
}
