//! Intervals, read as `DecodeInterval` and `DecodeISO8601Interval` read them and written in
//! Postgres's style (`IntervalStyle = postgres`).

use super::calendar::fraction_text;
use super::datefields::{Fault, Field, FieldKind, split_fields};
use super::{Normal, reject};

const MONTH: i32 = 1 << 1;
const YEAR: i32 = 1 << 2;
const DAY: i32 = 1 << 3;
const HOUR: i32 = 1 << 10;
const MINUTE: i32 = 1 << 11;
const SECOND: i32 = 1 << 12;
/// The range that stands for "no fields named".
const FULL_RANGE: i32 = 0x7fff;
/// The precision that stands for "none named".
const FULL_PRECISION: i32 = 0xffff;

/// The three parts of an interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Parts {
    months: i64,
    days: i64,
    micros: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Decade,
    Century,
    Millennium,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Unit(Unit),
    Ago,
    Ignore,
    Infinity,
    NegativeInfinity,
}

fn word(text: &str) -> Option<Word> {
    let text = text.get(..10).unwrap_or(text);
    Some(Word::Unit(match text {
        "ago" => return Some(Word::Ago),
        "@" | "at" | "on" => return Some(Word::Ignore),
        "infinity" | "+infinity" => return Some(Word::Infinity),
        "-infinity" => return Some(Word::NegativeInfinity),
        "c" | "cent" | "centuries" | "century" => Unit::Century,
        "d" | "day" | "days" => Unit::Day,
        "dec" | "decade" | "decades" | "decs" => Unit::Decade,
        "h" | "hour" | "hours" | "hr" | "hrs" => Unit::Hour,
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
        "microsecon" | "us" | "usec" | "usecond" | "useconds" | "usecs" => Unit::Microsecond,
        "mil" | "millennia" | "millennium" | "mils" => Unit::Millennium,
        "millisecon" | "ms" | "msec" | "msecond" | "mseconds" | "msecs" => Unit::Millisecond,
        "mon" | "mons" | "month" | "months" => Unit::Month,
        "s" | "sec" | "second" | "seconds" | "secs" => Unit::Second,
        "w" | "week" | "weeks" => Unit::Week,
        "y" | "year" | "years" | "yr" | "yrs" => Unit::Year,
        _ => return None,
    }))
}

enum Decoded {
    Finite(Parts),
    Infinity,
    NegativeInfinity,
}

/// `interval`, with the fields and precision of `typmod` applied (-1 for none).
pub(super) fn interval(text: &str, typmod: i32, major: u32) -> Normal {
    let range = if typmod >= 0 { (typmod >> 16) & 0x7fff } else { FULL_RANGE };
    let decoded = match split_fields(text).and_then(|f| decode(&f, range, major)) {
        Err(Fault::BadFormat) => iso8601(text),
        other => other,
    };
    let overflow = |f| match f {
        Fault::FieldOverflow => Fault::IntervalOverflow,
        other => other,
    };
    match decoded.map_err(|f| overflow(f).report("interval", text))? {
        Decoded::Infinity => Ok("infinity".to_owned()),
        Decoded::NegativeInfinity => Ok("-infinity".to_owned()),
        Decoded::Finite(parts) => {
            let parts = apply_typmod(parts, typmod);
            if i32::try_from(parts.months).is_err() || i32::try_from(parts.days).is_err() {
                return Err(reject("22008", "interval out of range"));
            }
            Ok(print(parts))
        }
    }
}

fn rightmost_unit(range: i32) -> Unit {
    match range {
        YEAR => Unit::Year,
        r if r == MONTH || r == YEAR | MONTH => Unit::Month,
        DAY => Unit::Day,
        r if r == HOUR || r == DAY | HOUR => Unit::Hour,
        r if r == MINUTE || r == HOUR | MINUTE || r == DAY | HOUR | MINUTE => Unit::Minute,
        _ => Unit::Second,
    }
}

fn decode(fields: &[Field], range: i32, major: u32) -> Result<Decoded, Fault> {
    let mut parts = Parts::default();
    let mut seen: Vec<Unit> = Vec::new();
    let mut time_seen = false;
    let mut any = false;
    let mut unit: Option<Unit> = None;
    let mut before = false;
    let count = fields.len();
    for (i, field) in fields.iter().enumerate().rev() {
        match field.kind {
            FieldKind::Time => {
                clock(&field.text, range, 1, &mut parts)?;
                claim_time(&mut time_seen, &seen)?;
                any = true;
                unit = Some(Unit::Day);
            }
            FieldKind::Zone if field.text.contains(':') => {
                let (sign, body) = signed(&field.text);
                clock(body, range, sign, &mut parts)?;
                claim_time(&mut time_seen, &seen)?;
                any = true;
                unit = Some(Unit::Day);
            }
            FieldKind::Zone | FieldKind::Date | FieldKind::Number => {
                let this = unit.unwrap_or_else(|| rightmost_unit(range));
                let this = quantity(&field.text, this, &mut parts)?;
                let is_time = matches!(this, Unit::Hour | Unit::Minute | Unit::Second);
                if seen.contains(&this) || (is_time && time_seen) {
                    return Err(Fault::BadFormat);
                }
                seen.push(this);
                any = true;
            }
            FieldKind::Word | FieldKind::Special => match word(&field.text) {
                Some(Word::Unit(u)) => {
                    if major >= 16 && i == 0 {
                        return Err(Fault::BadFormat);
                    }
                    unit = Some(u);
                }
                Some(Word::Ago) => {
                    if major >= 16 && i + 1 != count {
                        return Err(Fault::BadFormat);
                    }
                    before = true;
                }
                Some(Word::Ignore) => {}
                Some(w @ (Word::Infinity | Word::NegativeInfinity)) if major >= 17 => {
                    if count != 1 {
                        return Err(Fault::BadFormat);
                    }
                    return Ok(if w == Word::Infinity { Decoded::Infinity } else { Decoded::NegativeInfinity });
                }
                _ => return Err(Fault::BadFormat),
            },
        }
    }
    if !any {
        return Err(Fault::BadFormat);
    }
    if before {
        parts = Parts { months: -parts.months, days: -parts.days, micros: -parts.micros };
    }
    Ok(Decoded::Finite(parts))
}

fn claim_time(time_seen: &mut bool, seen: &[Unit]) -> Result<(), Fault> {
    if *time_seen || seen.iter().any(|u| matches!(u, Unit::Hour | Unit::Minute | Unit::Second)) {
        return Err(Fault::BadFormat);
    }
    *time_seen = true;
    Ok(())
}

fn signed(text: &str) -> (i64, &str) {
    if let Some(rest) = text.strip_prefix('-') { (-1, rest) } else { (1, text.strip_prefix('+').unwrap_or(text)) }
}

fn digits(text: &str) -> Result<i64, Fault> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::BadFormat);
    }
    text.parse().map_err(|_| Fault::FieldOverflow)
}

fn fraction_of(text: &str) -> Result<f64, Fault> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::BadFormat);
    }
    if text.is_empty() {
        return Ok(0.0);
    }
    format!("0.{text}").parse().map_err(|_| Fault::BadFormat)
}

fn clock(text: &str, range: i32, sign: i64, parts: &mut Parts) -> Result<(), Fault> {
    let (body, frac) = text.split_once('.').unwrap_or((text, ""));
    let mut pieces = body.split(':');
    let first = digits(pieces.next().unwrap_or(""))?;
    let second = digits(pieces.next().unwrap_or(""))?;
    let (h, m, s) = match pieces.next() {
        Some(third) => (first, second, digits(third)?),
        None if text.contains('.') || range == MINUTE | SECOND => (0, first, second),
        None => (first, second, 0),
    };
    if pieces.next().is_some() {
        return Err(Fault::BadFormat);
    }
    if m > 59 || s > 60 {
        return Err(Fault::FieldOverflow);
    }
    let micros = h
        .checked_mul(3_600_000_000)
        .and_then(|v| v.checked_add((m * 60 + s) * 1_000_000))
        .and_then(|v| v.checked_add(rounded(fraction_of(frac).ok()? * 1_000_000.0)))
        .ok_or(Fault::FieldOverflow)?;
    parts.micros += sign * micros;
    Ok(())
}

#[allow(clippy::cast_possible_truncation)]
fn rounded(v: f64) -> i64 {
    v.round_ties_even() as i64
}

/// Adds a number in a unit; answers the unit that it claimed.
fn quantity(text: &str, unit: Unit, parts: &mut Parts) -> Result<Unit, Fault> {
    let (sign, body) = signed(text);
    if let Some((years, months)) = body.split_once('-') {
        let months = digits(months)?;
        if months >= 12 {
            return Err(Fault::FieldOverflow);
        }
        parts.months += sign * (digits(years)? * 12 + months);
        return Ok(Unit::Month);
    }
    let (whole, frac) = match body.split_once('.') {
        Some((w, f)) => (w, fraction_of(f)?),
        None => (body, 0.0),
    };
    let whole = if whole.is_empty() && body.starts_with('.') { 0 } else { digits(whole)? };
    #[allow(clippy::cast_precision_loss)]
    add(unit, sign * whole, frac * sign as f64, parts)?;
    Ok(unit)
}

#[allow(clippy::cast_precision_loss)]
fn add(unit: Unit, whole: i64, frac: f64, parts: &mut Parts) -> Result<(), Fault> {
    let micros_per = |n: i64| -> Result<i64, Fault> { whole.checked_mul(n).ok_or(Fault::FieldOverflow) };
    let mut fract_days = 0.0;
    match unit {
        Unit::Microsecond => parts.micros += whole + rounded(frac),
        Unit::Millisecond => parts.micros += micros_per(1000)? + rounded(frac * 1000.0),
        Unit::Second => parts.micros += micros_per(1_000_000)? + rounded(frac * 1_000_000.0),
        Unit::Minute => parts.micros += micros_per(60_000_000)? + rounded(frac * 60_000_000.0),
        Unit::Hour => {
            parts.micros += micros_per(3_600_000_000)? + rounded(frac * 3_600_000_000.0);
        }
        Unit::Day => {
            parts.days += whole;
            parts.micros += rounded(frac * 86_400_000_000.0);
        }
        Unit::Week => {
            parts.days += whole * 7;
            fract_days = frac * 7.0;
        }
        Unit::Month => {
            parts.months += whole;
            fract_days = frac * 30.0;
        }
        Unit::Year | Unit::Decade | Unit::Century | Unit::Millennium => {
            let years = match unit {
                Unit::Year => 1,
                Unit::Decade => 10,
                Unit::Century => 100,
                _ => 1000,
            };
            parts.months += micros_per(years * 12)? + rounded(frac * years as f64 * 12.0);
        }
    }
    let days = fract_days.trunc();
    parts.days += rounded(days);
    parts.micros += rounded((fract_days - days) * 86_400_000_000.0);
    Ok(())
}

/// `P1Y2M3DT4H5M6S`.
fn iso8601(text: &str) -> Result<Decoded, Fault> {
    let mut rest = text.strip_prefix('P').ok_or(Fault::BadFormat)?;
    let mut parts = Parts::default();
    let mut in_time = false;
    let mut any = false;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            if in_time {
                return Err(Fault::BadFormat);
            }
            in_time = true;
            rest = after;
            continue;
        }
        let length =
            rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))).ok_or(Fault::BadFormat)?;
        let (value, after) = rest.split_at(length);
        let mut chars = after.chars();
        let unit = match (chars.next(), in_time) {
            (Some('Y'), false) => Unit::Year,
            (Some('M'), false) => Unit::Month,
            (Some('W'), false) => Unit::Week,
            (Some('D'), false) => Unit::Day,
            (Some('H'), true) => Unit::Hour,
            (Some('M'), true) => Unit::Minute,
            (Some('S'), true) => Unit::Second,
            _ => return Err(Fault::BadFormat),
        };
        let (_, unsigned) = signed(value);
        if unsigned.contains('-') {
            return Err(Fault::BadFormat);
        }
        quantity(value, unit, &mut parts)?;
        any = true;
        rest = chars.as_str();
    }
    if any { Ok(Decoded::Finite(parts)) } else { Err(Fault::BadFormat) }
}

/// `AdjustIntervalForTypmod`.
fn apply_typmod(mut p: Parts, typmod: i32) -> Parts {
    if typmod < 0 {
        return p;
    }
    let range = (typmod >> 16) & 0x7fff;
    let precision = typmod & 0xffff;
    let to_hour = |p: &mut Parts| p.micros = p.micros / 3_600_000_000 * 3_600_000_000;
    let to_minute = |p: &mut Parts| p.micros = p.micros / 60_000_000 * 60_000_000;
    match range {
        YEAR => {
            p.months = p.months / 12 * 12;
            p.days = 0;
            p.micros = 0;
        }
        r if r == MONTH || r == YEAR | MONTH => {
            p.days = 0;
            p.micros = 0;
        }
        DAY => p.micros = 0,
        r if r == HOUR || r == DAY | HOUR => to_hour(&mut p),
        r if r == MINUTE || r == HOUR | MINUTE || r == DAY | HOUR | MINUTE => to_minute(&mut p),
        _ => {}
    }
    if precision != FULL_PRECISION && (0..6).contains(&precision) {
        let scale = 10_i64.pow(u32::try_from(6 - precision).unwrap_or(0));
        let offset = scale / 2;
        p.micros =
            if p.micros >= 0 { (p.micros + offset) / scale * scale } else { -((-p.micros + offset) / scale * scale) };
    }
    p
}

fn print(p: Parts) -> String {
    let mut out = String::new();
    let mut after_negative = false;
    for (value, unit) in [(p.months / 12, "year"), (p.months % 12, "mon"), (p.days, "day")] {
        if value == 0 {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        if after_negative && value > 0 {
            out.push('+');
        }
        out.push_str(&format!("{value} {unit}{}", if value == 1 { "" } else { "s" }));
        after_negative = value < 0;
    }
    if out.is_empty() || p.micros != 0 {
        if !out.is_empty() {
            out.push(' ');
        }
        if p.micros < 0 {
            out.push('-');
        } else if after_negative {
            out.push('+');
        }
        let micros = p.micros.unsigned_abs();
        let seconds = micros / 1_000_000;
        out.push_str(&format!(
            "{:02}:{:02}:{:02}{}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            fraction_text(i64::try_from(micros % 1_000_000).unwrap_or(0))
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn intervals() {
        for (input, output) in [
            ("1 day", "1 day"),
            ("1 year 2 months 3 days 04:05:06", "1 year 2 mons 3 days 04:05:06"),
            ("-1 day +02:00", "-1 days +02:00:00"),
            ("1-2", "1 year 2 mons"),
            ("1.5 days", "1 day 12:00:00"),
            ("1.5 months", "1 mon 15 days"),
            ("2 weeks ago", "-14 days"),
            ("90 minutes", "01:30:00"),
            ("0", "00:00:00"),
            ("30", "00:00:30"),
            ("P1Y2M3DT4H5M6.5S", "1 year 2 mons 3 days 04:05:06.5"),
            ("@ 1 hour", "01:00:00"),
            ("1h", "01:00:00"),
            ("3 4:05:06", "3 days 04:05:06"),
        ] {
            assert_eq!(interval(input, -1, 15).unwrap(), output, "{input}");
        }
        assert!(interval("x", -1, 15).is_err());
        assert_eq!(interval("infinity", -1, 17).unwrap(), "infinity");
        assert!(interval("infinity", -1, 16).is_err());
    }
}
