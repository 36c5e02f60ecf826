//! Work on a long list, done in parts on several threads.

/// How many threads can work at once.
#[must_use]
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Cuts a list into parts and does each on one of that many threads, in order; one part when the list is shorter than `many`.
pub(crate) fn in_parts<T: Sync, R: Send>(
    items: &[T],
    many: usize,
    threads: usize,
    work: impl Fn(&[T]) -> R + Sync,
) -> Vec<R> {
    let threads = if items.len() < many { 1 } else { threads.max(1) };
    let mut parts: Vec<&[T]> = items.chunks(items.len().div_ceil(threads).max(1)).collect();
    let work = &work;
    std::thread::scope(|scope| {
        let own = parts.pop();
        let others: Vec<_> = parts.into_iter().map(|part| (part, scope.spawn(move || work(part)))).collect();
        let own = own.map(work);
        // a thread that failed has its part done again here, where the failure shows
        others.into_iter().map(|(part, thread)| thread.join().unwrap_or_else(|_| work(part))).chain(own).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_order_and_hold_everything_once() {
        for count in [0, 1, 2, 3, 100, 1001] {
            let items: Vec<usize> = (0..count).collect();
            for many in [0, 10, 5000] {
                assert_eq!(in_parts(&items, many, 3, <[usize]>::to_vec).concat(), items);
            }
        }
    }
}
