//! Stacks that are large enough for the deepest tree.
//!
//! Trees of SQL are followed, copied and dropped by functions that call themselves. Postgres's grammar gives no tree
//! deeper than 10,000 messages ([`crate::grammar`]), analysis goes no deeper than its own limit: so a stack of one fixed
//! size is enough, and no input overflows it. Only address space is taken for it; memory follows as it is used.

use std::cell::Cell;
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// The size of a large stack, in bytes: four times what the deepest tree was seen to use. Frames of builds that are not
/// optimised are much larger.
const SIZE: usize = if cfg!(debug_assertions) { 1 << 30 } else { 256 << 20 };

thread_local! {
    static LARGE: Cell<bool> = const { Cell::new(false) };
}

/// The system has no room for a large stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system has no memory for a stack of {} MB", SIZE >> 20)]
pub(crate) struct NoRoom;

/// Whether the calling thread has a large stack.
pub(crate) fn is_large() -> bool {
    LARGE.get()
}

/// Does some work on a large stack: on the caller's when that is one, else on a thread of its own.
///
/// # Errors
/// When the system has no room for such a thread.
pub(crate) fn on_large<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, NoRoom> {
    if is_large() {
        return Ok(work());
    }
    std::thread::scope(|scope| Ok(joined(spawn(scope, work)?)))
}

/// Starts a thread with a large stack.
///
/// # Errors
/// When the system has no room for it.
pub(crate) fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, NoRoom> {
    let marked = || {
        LARGE.set(true);
        work()
    };
    Builder::new().stack_size(SIZE).spawn_scoped(scope, marked).map_err(|_| NoRoom)
}

/// What a thread returned; its panic goes on in the caller.
pub(crate) fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Drops a value that is large. Taking a database of many thousand facts apart takes a while; the program, which works on a large
/// stack and ends soon, leaves that to the system.
pub(crate) fn let_go<T>(value: T) {
    if is_large() { std::mem::forget(value) } else { drop(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_on_a_large_stack_stays_there() {
        assert!(!is_large());
        let ids = on_large(|| {
            let outer = std::thread::current().id();
            (outer, on_large(|| std::thread::current().id()), is_large())
        });
        assert!(ids.is_ok_and(|(outer, inner, large)| inner == Ok(outer) && large));
        assert!(!is_large());
    }
}
