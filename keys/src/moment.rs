//! Moments as people write them: RFC 3339, with an offset, to the second, from 1970 on.
//!
//! TOML's reader of times does the reading, since policies need it anyway. What is left, from days to dates and back, is a few lines,
//! for which a crate for calendars would bring five more into the agent.

use toml::value::{Datetime, Offset};

const DAY: i64 = 86_400;

/// Days from the first of March of the year 0 to the first of January 1970. Years that begin in March end with the leap day.
const DAYS_TO_1970: i64 = 719_468;
/// The days of 400 years, after which everything repeats.
const DAYS_OF_400_YEARS: i64 = 146_097;

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
    let days = days_since_1970(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let minutes = i64::from(time.hour) * 60 + i64::from(time.minute) - minutes;
    u64::try_from(days * DAY + minutes * 60 + i64::from(time.second?)).ok()
}

/// Writes seconds since 1970 in UTC; after the year 9999, as a number.
#[must_use]
pub fn written(seconds: u64) -> String {
    let date = i64::try_from(seconds).ok().map(|seconds| (date_of(seconds / DAY), seconds % DAY));
    match date {
        Some(((year, month, day), time)) if year <= 9999 => {
            let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
        }
        Some(_) | None => format!("{seconds} seconds after 1970"),
    }
}

/// The number of days from 1970 to a date of the Gregorian calendar, which must be one.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // counted in years that begin in March
    let year = if month <= 2 { year - 1 } else { year };
    let (cycle, year) = (year.div_euclid(400), year.rem_euclid(400));
    // the months from March on have 31, 30, 31, 30, 31 days and again
    let day = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    cycle * DAYS_OF_400_YEARS + year * 365 + year / 4 - year / 100 + day - DAYS_TO_1970
}

/// Year, month and day of a day, counted from 1970.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_1970;
    let (cycle, day) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    // the leap days so far, which are those of 4, less those of 100 years, and that of 400 years
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (cycle * 400 + year, month, day)
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
                for of_month in 1..=length {
                    assert_eq!(date_of(day), (year, month, of_month));
                    assert_eq!(days_since_1970(year, month, of_month), day);
                    day += 1;
                }
            }
        }
    }
}
