//! Dates and times, read as `ParseDateTime` and `DecodeDateTime` (datetime.c) read them under
//! `DateStyle = ISO, MDY` and `TimeZone = UTC`.
//!
//! Refused: `now`, `today` and their kin (their value is that of the moment), and time zones that
//! need the time zone database.

use super::calendar::{
    DAY_MICROS, civil, day_number, days_in_month, print_date, print_offset, print_time, print_timestamp,
    print_timestamptz,
};
use super::datefields::{Fault, Field, FieldKind, Keyword, keyword, split_fields};
use super::{Normal, Refusal, reject};

const YEAR: u32 = 1;
const MONTH: u32 = 2;
const DAY: u32 = 4;
const DATE: u32 = YEAR | MONTH | DAY;
const TIME: u32 = 8 | 16 | 32;
const ZONE: u32 = 64;
const DOY: u32 = 128;

/// What a string of fields says.
#[derive(Debug, Clone, Default)]
struct Decoded {
    seen: u32,
    year: i64,
    month: i64,
    day: i64,
    day_of_year: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    two_digit_year: bool,
    text_month: bool,
    before_christ: bool,
    meridian: Option<bool>,
    zone: Option<i64>,
    special: Option<Special>,
    julian: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Special {
    Epoch,
    Infinity,
    NegativeInfinity,
}

fn number(text: &str) -> Result<i64, Fault> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::BadFormat);
    }
    let v: i64 = text.parse().map_err(|_| Fault::FieldOverflow)?;
    if v > i64::from(i32::MAX) {
        return Err(Fault::FieldOverflow);
    }
    Ok(v)
}

/// Fractional seconds (with the leading point) in microseconds, rounded.
pub(super) fn fraction(text: &str) -> Result<i64, Fault> {
    let digits = text.strip_prefix('.').ok_or(Fault::BadFormat)?;
    if digits.is_empty() {
        return Ok(0);
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::BadFormat);
    }
    let value: f64 = format!("0.{digits}").parse().map_err(|_| Fault::BadFormat)?;
    #[allow(clippy::cast_possible_truncation)]
    Ok((value * 1_000_000.0).round_ties_even() as i64)
}

impl Decoded {
    fn claim(&mut self, mask: u32) -> Result<(), Fault> {
        if self.seen & mask != 0 {
            return Err(Fault::BadFormat);
        }
        self.seen |= mask;
        Ok(())
    }

    fn fields(&mut self, fields: &[Field], date_allowed: bool) -> Result<(), Fault> {
        let mut i = 0;
        let mut prefix_time = false;
        while let Some(field) = fields.get(i) {
            if prefix_time && !matches!(field.kind, FieldKind::Time | FieldKind::Number) {
                return Err(Fault::BadFormat);
            }
            match field.kind {
                FieldKind::Date => self.date_field(&field.text, date_allowed)?,
                FieldKind::Time => {
                    self.claim(TIME)?;
                    self.time(&field.text)?;
                }
                FieldKind::Zone => {
                    self.claim(ZONE)?;
                    self.zone = Some(offset(&field.text)?);
                }
                FieldKind::Number if self.julian => {
                    return Err(Fault::Moment);
                }
                FieldKind::Number => self.number_field(&field.text, prefix_time)?,
                FieldKind::Word | FieldKind::Special => {
                    self.word(&field.text, fields, i, &mut prefix_time)?;
                    i += 1;
                    continue;
                }
            }
            prefix_time = false;
            i += 1;
        }
        if prefix_time {
            return Err(Fault::BadFormat);
        }
        Ok(())
    }

    fn word(&mut self, text: &str, fields: &[Field], i: usize, prefix_time: &mut bool) -> Result<(), Fault> {
        match keyword(text) {
            Some(Keyword::Month(m)) => {
                if self.seen & MONTH != 0 && !self.text_month && self.seen & DAY == 0 {
                    // "1 jan": what looked like the month was the day
                    self.day = self.month;
                    self.seen |= DAY;
                } else {
                    self.claim(MONTH)?;
                }
                self.text_month = true;
                self.month = m;
            }
            Some(Keyword::WeekDay | Keyword::Ignore | Keyword::Ad) => {}
            Some(Keyword::Am) => self.meridian = Some(false),
            Some(Keyword::Pm) => self.meridian = Some(true),
            Some(Keyword::Bc) => self.before_christ = true,
            Some(Keyword::Epoch) => self.special = Some(Special::Epoch),
            Some(Keyword::Infinity) => self.special = Some(Special::Infinity),
            Some(Keyword::NegativeInfinity) => self.special = Some(Special::NegativeInfinity),
            Some(Keyword::AllBalls) => {
                self.claim(TIME)?;
                self.zone = Some(0);
            }
            Some(Keyword::Moment) => return Err(Fault::Moment),
            Some(Keyword::Zone(z)) => {
                self.claim(ZONE)?;
                self.zone = Some(z);
            }
            Some(Keyword::IsoTime) => {
                if self.seen & DATE != DATE || i + 1 >= fields.len() {
                    return Err(Fault::BadFormat);
                }
                *prefix_time = true;
            }
            Some(Keyword::Julian) => return Err(Fault::ZoneName),
            Some(Keyword::Dst) => {
                let z = self.zone.ok_or(Fault::BadFormat)?;
                self.zone = Some(z + 3600);
            }
            Some(Keyword::Unit) => return Err(Fault::BadFormat),
            None => {
                // may be a time zone of the database; plain words are not
                return Err(if self.seen & TIME != 0 || self.seen & DATE == DATE {
                    Fault::ZoneName
                } else {
                    Fault::BadFormat
                });
            }
        }
        Ok(())
    }

    /// A field with `-`, `/` or `.` in it: a date, or what stands for a time after one.
    fn date_field(&mut self, text: &str, date_allowed: bool) -> Result<(), Fault> {
        let have_date = self.seen & DATE == DATE || (self.seen & (MONTH | DAY)) == (MONTH | DAY) || !date_allowed;
        if have_date {
            if text.starts_with(|c: char| c.is_ascii_digit()) {
                // "04-05" after a date: a time with an attached zone
                let Some(split) = text.find('-') else {
                    return Err(Fault::BadFormat);
                };
                let (clock, zone) = text.split_at(split);
                self.claim(ZONE)?;
                self.zone = Some(offset(zone)?);
                return self.number_field(clock, true);
            }
            return Err(Fault::ZoneName);
        }
        self.date(text)
    }

    /// `DecodeDate`.
    fn date(&mut self, text: &str) -> Result<(), Fault> {
        let mut parts: Vec<String> = Vec::new();
        let mut previous = None;
        for c in text.chars() {
            let class = if c.is_ascii_digit() {
                Some(true)
            } else if c.is_ascii_alphabetic() {
                Some(false)
            } else {
                None
            };
            match class {
                None => {}
                Some(k) if previous == Some(k) => {
                    if let Some(last) = parts.last_mut() {
                        last.push(c);
                    }
                }
                Some(_) => parts.push(c.to_string()),
            }
            previous = class;
        }
        let mut numbers = Vec::new();
        for part in parts {
            if part.starts_with(|c: char| c.is_ascii_alphabetic()) {
                match keyword(&part) {
                    Some(Keyword::Month(m)) => {
                        self.claim(MONTH)?;
                        self.text_month = true;
                        self.month = m;
                    }
                    Some(Keyword::Ignore) => {}
                    _ => return Err(Fault::BadFormat),
                }
            } else {
                numbers.push(part);
            }
        }
        for part in numbers {
            if self.seen & DATE == DATE {
                return Err(Fault::BadFormat);
            }
            self.date_number(&part)?;
        }
        if self.seen & DATE != DATE && self.seen & DOY == 0 {
            return Err(Fault::BadFormat);
        }
        Ok(())
    }

    fn number_field(&mut self, text: &str, as_time: bool) -> Result<(), Fault> {
        let point = text.find('.');
        if as_time {
            return self.packed(text, true);
        }
        match point {
            Some(_) if self.seen & DATE == 0 => self.date(text),
            Some(p) if p > 2 => self.packed(text, false),
            _ if text.len() >= 6 && (self.seen & DATE == 0 || self.seen & TIME == 0) => {
                self.packed(text, self.seen & DATE == DATE)
            }
            _ => self.date_number(text),
        }
    }

    /// `DecodeNumberField`: `yyyymmdd`, `hhmmss`, `hhmm`.
    fn packed(&mut self, text: &str, time_only: bool) -> Result<(), Fault> {
        let (digits, frac) = match text.split_once('.') {
            Some((d, f)) => (d, Some(format!(".{f}"))),
            None => (text, None),
        };
        if frac.is_none() && !time_only && self.seen & DATE != DATE && digits.len() >= 6 {
            let (rest, day) = digits.split_at(digits.len() - 2);
            let (year, month) = rest.split_at(rest.len() - 2);
            self.claim(DATE)?;
            self.two_digit_year = year.len() == 2;
            self.year = number(year)?;
            self.month = number(month)?;
            self.day = number(day)?;
            return Ok(());
        }
        if self.seen & TIME != TIME {
            let (h, m, s) = match digits.len() {
                6 => (digits.get(..2), digits.get(2..4), digits.get(4..)),
                4 => (digits.get(..2), digits.get(2..), Some("0")),
                _ => return Err(Fault::BadFormat),
            };
            self.claim(TIME)?;
            self.hour = number(h.unwrap_or(""))?;
            self.minute = number(m.unwrap_or(""))?;
            self.second = number(s.unwrap_or(""))?;
            if let Some(f) = frac {
                self.micros = fraction(&f)?;
            }
            return Ok(());
        }
        Err(Fault::BadFormat)
    }

    /// `DecodeNumber`.
    fn date_number(&mut self, text: &str) -> Result<(), Fault> {
        if let Some((whole, _)) = text.split_once('.') {
            if whole.len() > 2 {
                return self.packed(text, false);
            }
            return Err(Fault::BadFormat);
        }
        let len = text.len();
        let value = number(text)?;
        let mask = if len == 3 && self.seen & DATE == YEAR && (1..=366).contains(&value) {
            self.claim(DOY | MONTH | DAY)?;
            self.day_of_year = value;
            return Ok(());
        } else {
            match self.seen & DATE {
                0 if len >= 3 => YEAR,
                0 => MONTH,
                YEAR => MONTH,
                MONTH if self.text_month && len >= 3 => YEAR,
                MONTH => DAY,
                x if x == YEAR | MONTH => {
                    if self.text_month && len >= 3 && self.two_digit_year {
                        self.day = self.year;
                        self.year = value;
                        self.two_digit_year = false;
                        self.seen |= DAY;
                        return Ok(());
                    }
                    DAY
                }
                DAY => MONTH,
                x if x == MONTH | DAY => YEAR,
                _ => return self.packed(text, true),
            }
        };
        self.claim(mask)?;
        match mask {
            YEAR => {
                self.year = value;
                self.two_digit_year = len <= 2;
            }
            MONTH => self.month = value,
            _ => self.day = value,
        }
        Ok(())
    }

    /// `DecodeTime`.
    fn time(&mut self, text: &str) -> Result<(), Fault> {
        let (clock, frac) = match text.split_once('.') {
            Some((c, f)) => (c, fraction(&format!(".{f}"))?),
            None => (text, 0),
        };
        let mut parts = clock.split(':');
        let first = number(parts.next().unwrap_or(""))?;
        let second = number(parts.next().unwrap_or(""))?;
        match parts.next() {
            None if text.contains('.') => {
                // mm:ss.fff
                self.minute = first;
                self.second = second;
            }
            None => {
                self.hour = first;
                self.minute = second;
            }
            Some(third) => {
                self.hour = first;
                self.minute = second;
                self.second = number(third)?;
            }
        }
        if parts.next().is_some() {
            return Err(Fault::BadFormat);
        }
        self.micros = frac;
        if self.minute > 59 || self.second > 60 {
            return Err(Fault::FieldOverflow);
        }
        Ok(())
    }

    /// `ValidateDate` and the rest of what `DecodeDateTime` checks at its end.
    fn validate(&mut self) -> Result<(), Fault> {
        if self.seen & YEAR != 0 {
            if self.before_christ {
                if self.year <= 0 {
                    return Err(Fault::FieldOverflow);
                }
                self.year = 1 - self.year;
            } else if self.two_digit_year {
                self.year += if self.year < 70 { 2000 } else { 1900 };
            } else if self.year <= 0 {
                return Err(Fault::FieldOverflow);
            }
        }
        if self.seen & DOY != 0 {
            let (y, m, d) = civil(day_number(self.year, 1, 1) + self.day_of_year - 1);
            self.year = y;
            self.month = m;
            self.day = d;
        }
        if self.seen & MONTH != 0 && !(1..=12).contains(&self.month) {
            return Err(Fault::MonthDayOverflow);
        }
        if self.seen & DAY != 0 && !(1..=31).contains(&self.day) {
            return Err(Fault::MonthDayOverflow);
        }
        if self.seen & DATE == DATE && self.day > days_in_month(self.year, self.month) {
            return Err(Fault::FieldOverflow);
        }
        if let Some(pm) = self.meridian {
            if self.hour > 12 {
                return Err(Fault::FieldOverflow);
            }
            if pm && self.hour != 12 {
                self.hour += 12;
            } else if !pm && self.hour == 12 {
                self.hour = 0;
            }
        }
        if self.hour > 24
            || self.minute > 59
            || self.second > 60
            || (self.hour == 24 && (self.minute > 0 || self.second > 0 || self.micros > 0))
        {
            return Err(Fault::FieldOverflow);
        }
        Ok(())
    }

    fn clock(&self) -> i64 {
        ((self.hour * 60 + self.minute) * 60 + self.second) * 1_000_000 + self.micros
    }
}

/// An offset such as `+05:30` in seconds east; follows `DecodeTimezone`.
fn offset(text: &str) -> Result<i64, Fault> {
    let (sign, body) = match text.split_at_checked(1) {
        Some(("+", b)) => (1, b),
        Some(("-", b)) => (-1, b),
        _ => return Err(Fault::BadFormat),
    };
    let (h, m, s) = if body.contains(':') {
        let mut parts = body.split(':');
        let h = number(parts.next().unwrap_or(""))?;
        let m = number(parts.next().unwrap_or(""))?;
        let s = parts.next().map_or(Ok(0), number)?;
        if parts.next().is_some() {
            return Err(Fault::BadFormat);
        }
        (h, m, s)
    } else if body.len() > 2 {
        let v = number(body)?;
        (v / 100, v % 100, 0)
    } else {
        (number(body)?, 0, 0)
    };
    if h > 15 || m > 59 || s > 59 {
        return Err(Fault::ZoneOverflow);
    }
    Ok(sign * ((h * 60 + m) * 60 + s))
}

fn decode(text: &str, date_allowed: bool) -> Result<Decoded, Fault> {
    if text.len() > 128 {
        return Err(Fault::BadFormat);
    }
    let fields = split_fields(text)?;
    if fields.is_empty() {
        return Err(Fault::BadFormat);
    }
    let mut d = Decoded::default();
    d.fields(&fields, date_allowed)?;
    d.validate()?;
    Ok(d)
}

const JULIAN_MINIMUM: i64 = -2_451_545; // 4714-11-24 BC
const DATE_MAXIMUM: i64 = 2_145_031_949; // 5874898-01-01 exclusive
const TIMESTAMP_MINIMUM: i64 = -211_813_488_000_000_000;
const TIMESTAMP_MAXIMUM: i64 = 9_223_371_331_200_000_000;

/// `date`.
pub(super) fn date(text: &str) -> Normal {
    let d = decode(text, true).map_err(|f| f.report("date", text))?;
    match d.special {
        Some(Special::Epoch) => return Ok("1970-01-01".to_owned()),
        Some(Special::Infinity) => return Ok("infinity".to_owned()),
        Some(Special::NegativeInfinity) => return Ok("-infinity".to_owned()),
        None => {}
    }
    if d.seen & DATE != DATE {
        return Err(Fault::BadFormat.report("date", text));
    }
    let days = day_number(d.year, d.month, d.day);
    if !(JULIAN_MINIMUM..DATE_MAXIMUM).contains(&days) {
        return Err(reject("22008", format!("date out of range: \"{text}\"")));
    }
    Ok(print_date(days))
}

fn timestamp_micros(text: &str, name: &str, zoned: bool) -> Result<Result<i64, Special>, Refusal> {
    let d = decode(text, true).map_err(|f| f.report(name, text))?;
    match d.special {
        Some(Special::Epoch) => return Ok(Ok(-10_957 * DAY_MICROS)),
        Some(s) => return Ok(Err(s)),
        None => {}
    }
    if d.seen & DATE != DATE {
        return Err(Fault::BadFormat.report(name, text));
    }
    let days = day_number(d.year, d.month, d.day);
    let shift = if zoned { d.zone.unwrap_or(0) * 1_000_000 } else { 0 };
    let micros = days
        .checked_mul(DAY_MICROS)
        .and_then(|m| m.checked_add(d.clock()))
        .and_then(|m| m.checked_sub(shift))
        .filter(|m| (TIMESTAMP_MINIMUM..TIMESTAMP_MAXIMUM).contains(m))
        .ok_or_else(|| reject("22008", format!("timestamp out of range: \"{text}\"")))?;
    Ok(Ok(micros))
}

fn infinity(s: Special) -> String {
    if s == Special::NegativeInfinity { "-infinity".to_owned() } else { "infinity".to_owned() }
}

/// `timestamp without time zone`.
pub(super) fn timestamp(text: &str) -> Normal {
    Ok(match timestamp_micros(text, "timestamp", false)? {
        Ok(m) => print_timestamp(m),
        Err(s) => infinity(s),
    })
}

/// `timestamp with time zone`, shown in UTC.
pub(super) fn timestamptz(text: &str) -> Normal {
    Ok(match timestamp_micros(text, "timestamp with time zone", true)? {
        Ok(m) => print_timestamptz(m),
        Err(s) => infinity(s),
    })
}

fn time_fields(text: &str, name: &str) -> Result<Decoded, Refusal> {
    // a date before the time is allowed and ignored
    let has_date = split_fields(text).map_err(|f| f.report(name, text))?.iter().any(|f| f.kind == FieldKind::Date);
    let d = decode(text, has_date).map_err(|f| f.report(name, text))?;
    if d.special.is_some() || d.seen & TIME == 0 {
        return Err(Fault::BadFormat.report(name, text));
    }
    Ok(d)
}

/// `time without time zone`.
pub(super) fn time(text: &str) -> Normal {
    let text_fields = lone_time(text);
    let d = time_fields(&text_fields, "time").map_err(|e| rename(e, text, &text_fields))?;
    Ok(print_time(d.clock()))
}

/// `time with time zone`.
pub(super) fn timetz(text: &str) -> Normal {
    let text_fields = lone_time(text);
    let d = time_fields(&text_fields, "time with time zone").map_err(|e| rename(e, text, &text_fields))?;
    Ok(format!("{}{}", print_time(d.clock()), print_offset(d.zone.unwrap_or(0))))
}

/// A time may be written as bare digits (`040506`, `0405`), which a date would claim first.
fn lone_time(text: &str) -> String {
    let body = text.trim();
    let body = body.strip_prefix(['t', 'T']).unwrap_or(body);
    let digits: usize = body.bytes().take_while(u8::is_ascii_digit).count();
    let after = body.get(digits..).unwrap_or("");
    let separated = after.starts_with([':', '-', '/']);
    if separated && !after.starts_with('-') {
        return body.to_owned();
    }
    match (digits, body.get(..digits)) {
        (6, Some(d)) => match (d.get(..2), d.get(2..4), d.get(4..)) {
            (Some(h), Some(m), Some(s)) => format!("{h}:{m}:{s}{after}"),
            _ => body.to_owned(),
        },
        (4, Some(d)) if !after.starts_with('-') => match (d.get(..2), d.get(2..)) {
            (Some(h), Some(m)) => format!("{h}:{m}{after}"),
            _ => body.to_owned(),
        },
        _ => body.to_owned(),
    }
}

fn rename(e: Refusal, original: &str, shown: &str) -> Refusal {
    match e {
        Refusal::Rejected(mut r) => {
            r.message = r.message.replace(shown, original);
            Refusal::Rejected(r)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dates() {
        for (input, output) in [
            ("2020-01-02", "2020-01-02"),
            ("20200102", "2020-01-02"),
            ("1/8/1999", "1999-01-08"),
            ("January 8, 1999", "1999-01-08"),
            ("8 Jan 1999", "1999-01-08"),
            ("1999-Jan-08", "1999-01-08"),
            ("08-Jan-99", "1999-01-08"),
            ("2020-1-2 10:00", "2020-01-02"),
            ("infinity", "infinity"),
            ("epoch", "1970-01-01"),
            ("0044-03-15 BC", "0044-03-15 BC"),
            ("1999.008", "1999-01-08"),
        ] {
            assert_eq!(date(input).unwrap(), output, "{input}");
        }
        assert_eq!(date("2020-13-01").unwrap_err().sqlstate(), Some("22008"));
        assert_eq!(date("2021-02-29").unwrap_err().sqlstate(), Some("22008"));
        assert_eq!(date("garbage").unwrap_err().sqlstate(), Some("22007"));
        assert_eq!(date("today").unwrap_err().code(), "unsupported.literal.moment");
    }

    #[test]
    fn timestamps() {
        for (input, output) in [
            ("2020-01-02", "2020-01-02 00:00:00"),
            ("2020-01-02T03:04:05.678", "2020-01-02 03:04:05.678"),
            ("2020-01-02 03:04:05.1234567", "2020-01-02 03:04:05.123457"),
            ("2020-01-02 24:00", "2020-01-03 00:00:00"),
            ("2020-01-02 03:04 PM", "2020-01-02 15:04:00"),
            ("20200102T030405", "2020-01-02 03:04:05"),
        ] {
            assert_eq!(timestamp(input).unwrap(), output, "{input}");
        }
        for (input, output) in [
            ("2020-01-02 03:04:05+02", "2020-01-02 01:04:05+00"),
            ("2020-01-02 03:04:05 UTC", "2020-01-02 03:04:05+00"),
            ("2020-01-02T03:04:05Z", "2020-01-02 03:04:05+00"),
            ("2020-01-02 03:04:05-05:30", "2020-01-02 08:34:05+00"),
        ] {
            assert_eq!(timestamptz(input).unwrap(), output, "{input}");
        }
    }

    #[test]
    fn times() {
        for (input, output) in [
            ("04:05:06.789", "04:05:06.789"),
            ("04:05", "04:05:00"),
            ("040506", "04:05:06"),
            ("04:05 AM", "04:05:00"),
            ("12:00 am", "00:00:00"),
            ("allballs", "00:00:00"),
            ("24:00:00", "24:00:00"),
        ] {
            assert_eq!(time(input).unwrap(), output, "{input}");
        }
        assert_eq!(timetz("04:05:06-08").unwrap(), "04:05:06-08");
        assert_eq!(timetz("04:05:06+05:30").unwrap(), "04:05:06+05:30");
    }
}
