//! The time that this program goes by. It never goes back while the program runs, whatever is done to the clock: what was over stays over.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// When the clock was first looked at, by itself and by one that nobody can set.
static FIRST: OnceLock<(Duration, Instant)> = OnceLock::new();
/// The latest time that was seen.
static LATEST: AtomicU64 = AtomicU64::new(0);

/// Seconds since 1970; none where the clock was before that when it was first looked at.
pub(crate) fn seconds() -> Option<u64> {
    let shown = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let (first, at) = match (FIRST.get(), shown) {
        (Some(first), _) => first,
        (None, shown) => {
            let shown = shown?;
            FIRST.get_or_init(|| (shown, Instant::now()))
        }
    };
    let now = later(shown, *first, at.elapsed());
    Some(LATEST.fetch_max(now, Ordering::Relaxed).max(now))
}

/// What the clock shows, or the time that must have passed since it was first looked at.
fn later(shown: Option<Duration>, first: Duration, passed: Duration) -> u64 {
    shown.unwrap_or_default().max(first.saturating_add(passed)).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_goes_on_when_the_clock_goes_back() {
        let seconds = Duration::from_secs;
        assert_eq!(later(Some(seconds(105)), seconds(100), seconds(5)), 105);
        // set ahead, set back, and set back to before 1970
        assert_eq!(later(Some(seconds(200)), seconds(100), seconds(5)), 200);
        assert_eq!(later(Some(seconds(60)), seconds(100), seconds(5)), 105);
        assert_eq!(later(None, seconds(100), seconds(5)), 105);
    }
}
