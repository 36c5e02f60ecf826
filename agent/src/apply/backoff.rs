//! How long to wait before a phase is tried again: doubling, bounded, with jitter so that two agents do not meet again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

/// The time to wait after so many tries (from 1).
pub(super) fn pause(tries: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(tries.saturating_sub(1).min(16)).unwrap_or(u32::MAX));
    let whole = doubled.min(LONGEST);
    // between half and the whole; without randomness the whole
    let mut byte = [u8::MAX];
    getrandom::fill(&mut byte).ok();
    let share = u32::from(byte.first().copied().unwrap_or(u8::MAX));
    whole / 2 + whole / 2 * share / u32::from(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        for tries in 1..40 {
            let pause = pause(tries);
            assert!(pause >= FIRST / 2 && pause <= LONGEST, "{tries}: {pause:?}");
        }
        assert!(super::pause(8) >= LONGEST / 2);
    }
}
