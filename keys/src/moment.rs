//! Moments as people write them: RFC 3339, with an offset, to the second, from 1970 on.
//!
//! TOML's reader of times knows offsets, and policies need it anyway; the calendar is that of certificates and keys.

use std::time::Duration;

use pkcs8::der::DateTime;
use toml::value::{Datetime, Offset};

/// Reads a time with its offset (`2027-01-01T00:00:00Z`) as seconds since 1970; anything else is `None`.
#[must_use]
pub fn read(text: &str) -> Option<u64> {
    of(&text.parse().ok()?)
}

/// A time with its offset as seconds since 1970; a date alone, or one without an offset, is `None`.
pub(crate) fn of(moment: &Datetime) -> Option<u64> {
    let (date, time, offset) = (moment.date?, moment.time?, moment.offset?);
    let minutes = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    // what the clock on the wall shows there, as if it were UTC
    let shown = DateTime::new(date.year, date.month, date.day, time.hour, time.minute, time.second?).ok()?;
    shown.unix_duration().as_secs().checked_add_signed(-minutes * 60)
}

/// Writes seconds since 1970 in UTC; after the year 9999, as a number.
#[must_use]
pub fn written(seconds: u64) -> String {
    match DateTime::from_unix_duration(Duration::from_secs(seconds)) {
        Ok(moment) => moment.to_string(),
        Err(_) => format!("{seconds} seconds after 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_written() {
        assert_eq!(read("2027-01-15T08:00:00Z"), Some(1_800_000_000));
        assert_eq!(read("2027-01-15T09:00:00+01:00"), Some(1_800_000_000));
        assert_eq!(read("2027-01-14T22:30:00.999-09:30"), Some(1_800_000_000));
        assert_eq!(read("1970-01-01T00:00:00Z"), Some(0));
        for text in [
            "",
            "2027-01-15",
            "08:00:00Z",
            "2027-01-15T08:00Z",
            "2027-01-15T08:00:00",
            "2027-01-15T24:00:00Z",
            "2027-01-15T08:00:00Z ",
            "2027-01-15T08:00:00+25:00",
            "+2027-01-15T08:00:00Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:59:59+01:00",
            "2027-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2027-00-01T00:00:00Z",
            "now",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(written(1_800_000_000), "2027-01-15T08:00:00Z");
        assert_eq!(written(253_402_300_799), "9999-12-31T23:59:59Z");
        for seconds in [253_402_300_800, u64::MAX] {
            assert_eq!(written(seconds), format!("{seconds} seconds after 1970"));
        }
    }

    /// The days follow each other as a calendar on paper has them.
    #[test]
    fn every_day_has_its_date() {
        let mut day = 0;
        for year in 1970..=9999 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            for (month, length) in (1..).zip(lengths) {
                for of_month in [1, length] {
                    let (text, seconds) =
                        (format!("{year}-{month:02}-{of_month:02}T23:59:58Z"), (day + of_month) * 86_400 - 2);
                    assert_eq!(written(seconds), text);
                    assert_eq!(read(&text), Some(seconds));
                }
                day += length;
            }
        }
    }
}
