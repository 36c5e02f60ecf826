//! Moments as people write them: RFC 3339, with an offset, to the second, from 1970 on.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Reads a time with its offset (`2027-01-01T00:00:00Z`) as seconds since 1970; anything else is `None`.
#[must_use]
pub fn read(text: &str) -> Option<u64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp()).ok()
}

/// Writes seconds since 1970 in UTC; where no calendar reaches, as a number.
#[must_use]
pub fn written(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{seconds} seconds after 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_written() {
        assert_eq!(read("2027-01-15T08:00:00Z"), Some(1_800_000_000));
        assert_eq!(read("2027-01-15T09:00:00+01:00"), Some(1_800_000_000));
        for text in ["", "2027-01-15", "2027-01-15T08:00:00", "1969-12-31T23:59:59Z", "2027-02-30T00:00:00Z", "now"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(written(1_800_000_000), "2027-01-15T08:00:00Z");
        assert_eq!(written(u64::MAX), format!("{} seconds after 1970", u64::MAX));
    }
}
