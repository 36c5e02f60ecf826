//! Work on a long list, done in parts on several threads.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Builder;

/// How many threads can work at once.
#[must_use]
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How many parts a thread may be ahead of what was taken: what is done and not taken yet stays small.
const AHEAD: usize = 2;

/// Cuts a list into parts of that many items, does them in turn on that many threads, one of which is the one that asks, and hands
/// on what comes of them, in order. A list of one part is done without others.
pub fn in_parts<T: Sync, R: Send>(
    items: &[T],
    size: usize,
    threads: usize,
    work: impl Fn(&[T]) -> R + Sync,
    mut take: impl FnMut(R),
) {
    let parts = items.chunks(size.max(1));
    let threads = threads.clamp(1, parts.len().max(1));
    let work = &work;
    std::thread::scope(|scope| {
        let begin = |first: usize| -> Receiver<R> {
            let (sender, receiver) = sync_channel(AHEAD);
            let own = parts.clone().skip(first).step_by(threads);
            let run = move || own.map(work).try_for_each(|done| sender.send(done)).unwrap_or_default();
            // where there is no other thread to be had, nothing is sent
            Builder::new().spawn_scoped(scope, run).ok();
            receiver
        };
        let others: Vec<Receiver<R>> = (1..threads).map(begin).collect();
        for (at, part) in parts.clone().enumerate() {
            let other = (at % threads).checked_sub(1).and_then(|other| others.get(other));
            // a thread that failed has its part done again here, where the failure shows
            take(other.and_then(|other| other.recv().ok()).unwrap_or_else(|| work(part)));
        }
    });
}

/// Does two things at the same time, the first on a thread of its own. Where there is no other thread to be had, or that one fails,
/// the first is done after the second.
pub fn both<A: Send, B>(first: impl Fn() -> A + Sync, second: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let thread = Builder::new().spawn_scoped(scope, &first).ok();
        let second = second();
        (thread.and_then(|thread| thread.join().ok()).unwrap_or_else(&first), second)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_done() {
        let second = String::from("second");
        assert_eq!(both(|| "first", || second), ("first", "second".to_owned()));
    }

    #[test]
    fn parts_come_in_order_and_hold_everything_once() {
        for count in [0, 1, 2, 3, 100, 1001] {
            let items: Vec<usize> = (0..count).collect();
            for size in [0, 1, 10, 5000] {
                for threads in [0, 1, 3] {
                    let mut taken = Vec::new();
                    in_parts(&items, size, threads, <[usize]>::to_vec, |part| taken.extend(part));
                    assert_eq!(taken, items, "{count} in parts of {size} on {threads}");
                }
            }
        }
    }
}
