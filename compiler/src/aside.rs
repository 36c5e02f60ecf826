//! Large values are dropped while the work goes on.

/// Drops a value on a thread of its own: taking a database of many thousand facts apart takes a while, and nobody needs to wait
/// for it. Where no thread can be had it is dropped here.
pub(crate) fn drop_aside<T: Send + 'static>(value: T) {
    let _ = std::thread::Builder::new().spawn(move || drop(value));
}
