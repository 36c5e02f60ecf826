//! The proleptic Gregorian calendar and the printing of dates and times in ISO style.

/// Microseconds in a day.
pub(super) const DAY_MICROS: i64 = 86_400_000_000;

/// Day number of a date, counted from 2000-01-01; year 0 is 1 BC.
pub(super) fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let shifted = (month + 9) % 12;
    let doy = (153 * shifted + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468 - 10_957
}

/// Year, month and day of a day number counted from 2000-01-01.
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 10_957 + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Days in a month; year 0 is 1 BC.
pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// `2020-01-02`, with ` BC` kept apart.
fn date_parts(days: i64) -> (String, &'static str) {
    let (year, month, day) = civil(days);
    let (shown, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    (format!("{shown:04}-{month:02}-{day:02}"), era)
}

/// A date as `date_out` writes it.
pub(super) fn print_date(days: i64) -> String {
    let (date, era) = date_parts(days);
    format!("{date}{era}")
}

/// A time of day as `time_out` writes it.
pub(super) fn print_time(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let fraction = micros % 1_000_000;
    let mut out = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    out.push_str(&fraction_text(fraction));
    out
}

/// `.5` for half a second, nothing for none.
pub(super) fn fraction_text(micros: i64) -> String {
    if micros == 0 {
        return String::new();
    }
    let digits = format!("{:06}", micros.abs());
    format!(".{}", digits.trim_end_matches('0'))
}

/// A timestamp as `timestamp_out` writes it.
pub(super) fn print_timestamp(micros: i64) -> String {
    let (date, era) = date_parts(micros.div_euclid(DAY_MICROS));
    format!("{date} {}{era}", print_time(micros.rem_euclid(DAY_MICROS)))
}

/// A timestamp with time zone as `timestamptz_out` writes it in UTC.
pub(super) fn print_timestamptz(micros: i64) -> String {
    let (date, era) = date_parts(micros.div_euclid(DAY_MICROS));
    format!("{date} {}+00{era}", print_time(micros.rem_euclid(DAY_MICROS)))
}

/// An offset east of Greenwich in seconds, as the server appends it.
pub(super) fn print_offset(east: i64) -> String {
    let sign = if east < 0 { '-' } else { '+' };
    let s = east.abs();
    let mut out = format!("{sign}{:02}", s / 3600);
    if s % 3600 != 0 {
        out.push_str(&format!(":{:02}", s / 60 % 60));
    }
    if s % 60 != 0 {
        out.push_str(&format!(":{:02}", s % 60));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        assert_eq!(day_number(2000, 1, 1), 0);
        assert_eq!(day_number(1970, 1, 1), -10_957);
        for d in (-3_000_000..3_000_000).step_by(977) {
            let (y, m, day) = civil(d);
            assert_eq!(day_number(y, m, day), d);
        }
        assert_eq!(print_date(day_number(0, 3, 1)), "0001-03-01 BC");
    }
}
