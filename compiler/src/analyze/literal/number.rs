//! Integers, floating point, numeric, boolean, `oid` and their kin, read as the server's input
//! functions read them and written as its output functions write them.

use super::{Normal, Refusal, invalid_syntax, out_of_range, refuse, reject};

/// The bounds and the SQL name of an integer type.
struct IntegerRange {
    min: i128,
    max: i128,
    name: &'static str,
}

/// `smallint`.
pub(super) fn int2(text: &str, major: u32) -> Normal {
    integer(text, major, &IntegerRange { min: i128::from(i16::MIN), max: i128::from(i16::MAX), name: "smallint" })
}

/// `integer`.
pub(super) fn int4(text: &str, major: u32) -> Normal {
    integer(text, major, &IntegerRange { min: i128::from(i32::MIN), max: i128::from(i32::MAX), name: "integer" })
}

/// `bigint`.
pub(in crate::analyze) fn int8(text: &str, major: u32) -> Normal {
    integer(text, major, &IntegerRange { min: i128::from(i64::MIN), max: i128::from(i64::MAX), name: "bigint" })
}

fn integer(text: &str, major: u32, range: &IntegerRange) -> Normal {
    let body = text.trim_matches(is_space);
    let (negative, digits) = split_sign(body);
    let value = magnitude(digits, major)
        .ok_or_else(|| invalid_syntax(range.name, text))?
        .map(|m| if negative { -m } else { m });
    match value {
        Some(v) if v >= range.min && v <= range.max => Ok(v.to_string()),
        _ => Err(reject("22003", format!("value \"{text}\" is out of range for type {}", range.name))),
    }
}

/// `oid`, `xid`, `cid`: unsigned 32 bits, a negative number wraps (as `strtoul` does).
pub(super) fn oid(text: &str, name: &str) -> Normal {
    let body = text.trim_matches(is_space);
    let (negative, digits) = split_sign(body);
    let m = unsigned_c(digits).ok_or_else(|| invalid_syntax(name, text))?;
    let Some(m) = m else {
        return Err(out_of_range(name, text));
    };
    let limit = if negative { 0x8000_0000 } else { 0xffff_ffff };
    if m > limit {
        return Err(out_of_range(name, text));
    }
    let value = if negative { (0x1_0000_0000_u64 - m) & 0xffff_ffff } else { m };
    Ok(value.to_string())
}

/// `xid8`: unsigned 64 bits.
pub(super) fn xid8(text: &str) -> Normal {
    let body = text.trim_matches(is_space);
    match unsigned_c(body) {
        None => Err(invalid_syntax("xid8", text)),
        Some(None) => Err(out_of_range("xid8", text)),
        Some(Some(v)) => Ok(v.to_string()),
    }
}

/// An unsigned number as `strtoul(s, &end, 10)` reads it for oids (decimal only).
fn unsigned_c(digits: &str) -> Option<Option<u64>> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse::<u64>().ok())
}

/// The magnitude of an integer literal: `None` when it is malformed, `Some(None)` when too big.
fn magnitude(digits: &str, major: u32) -> Option<Option<i128>> {
    if digits.is_empty() {
        return None;
    }
    if major >= 16 {
        let lower = digits.to_ascii_lowercase();
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
            if let Some(rest) = lower.strip_prefix(prefix) {
                let clean = without_underscores(rest, true)?;
                return radix_magnitude(&clean, radix);
            }
        }
        let clean = without_underscores(digits, false)?;
        return radix_magnitude(&clean, 10);
    }
    radix_magnitude(digits, 10)
}

fn radix_magnitude(digits: &str, radix: u32) -> Option<Option<i128>> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    Some(i128::from_str_radix(digits, radix).ok())
}

/// Removes the underscores between digits that PG 16 allows.
fn without_underscores(digits: &str, leading: bool) -> Option<String> {
    let mut out = String::with_capacity(digits.len());
    let mut previous_was_digit = leading;
    for c in digits.chars() {
        if c == '_' {
            if !previous_was_digit {
                return None;
            }
            previous_was_digit = false;
        } else {
            out.push(c);
            previous_was_digit = true;
        }
    }
    previous_was_digit.then_some(out)
}

pub(super) fn split_sign(body: &str) -> (bool, &str) {
    if let Some(rest) = body.strip_prefix('-') {
        (true, rest)
    } else if let Some(rest) = body.strip_prefix('+') {
        (false, rest)
    } else {
        (false, body)
    }
}

/// The characters that C's `isspace` accepts in the C locale.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// `boolean`: any unique prefix of true, false, yes, no, and on, off, 1, 0.
pub(super) fn boolean(text: &str) -> Normal {
    let word = text.trim_matches(is_space).to_ascii_lowercase();
    let prefix_of = |whole: &str, least: usize| word.len() >= least && whole.starts_with(&word);
    let value = if prefix_of("true", 1) || prefix_of("yes", 1) || word == "on" || word == "1" {
        true
    } else if prefix_of("false", 1) || prefix_of("no", 1) || prefix_of("off", 2) || word == "0" {
        false
    } else {
        return Err(invalid_syntax("boolean", text));
    };
    Ok(if value { "t" } else { "f" }.to_owned())
}

/// `double precision`, printed in the shortest form that reads back.
pub(super) fn float8(text: &str) -> Normal {
    let value = parse_float(text, "double precision")?;
    let Some(value) = value.finite else {
        return Ok(value.special.to_owned());
    };
    let parsed: f64 = value.parse().map_err(|_| invalid_syntax("double precision", text))?;
    let nonzero = value.split(['e', 'E']).next().is_some_and(|m| m.bytes().any(|b| (b'1'..=b'9').contains(&b)));
    if parsed.is_infinite() || (parsed == 0.0 && nonzero) {
        return Err(reject(
            "22003",
            format!("\"{}\" is out of range for type double precision", text.trim_matches(is_space)),
        ));
    }
    Ok(print_float8(parsed))
}

/// `real`, printed in the shortest form that reads back.
pub(super) fn float4(text: &str) -> Normal {
    let value = parse_float(text, "real")?;
    let Some(value) = value.finite else {
        return Ok(value.special.to_owned());
    };
    let parsed: f32 = value.parse().map_err(|_| invalid_syntax("real", text))?;
    let nonzero = value.split(['e', 'E']).next().is_some_and(|m| m.bytes().any(|b| (b'1'..=b'9').contains(&b)));
    if parsed.is_infinite() || (parsed == 0.0 && nonzero) {
        return Err(reject("22003", format!("\"{}\" is out of range for type real", text.trim_matches(is_space))));
    }
    Ok(print_float4(parsed))
}

struct FloatText<'a> {
    finite: Option<&'a str>,
    special: &'static str,
}

fn parse_float<'a>(text: &'a str, name: &str) -> Result<FloatText<'a>, Refusal> {
    let body = text.trim_matches(is_space);
    let lower = body.to_ascii_lowercase();
    let special = match lower.as_str() {
        "nan" => Some("NaN"),
        "inf" | "+inf" | "infinity" | "+infinity" => Some("Infinity"),
        "-inf" | "-infinity" => Some("-Infinity"),
        _ => None,
    };
    if let Some(special) = special {
        return Ok(FloatText { finite: None, special });
    }
    let (_, unsigned) = split_sign(&lower);
    if unsigned.starts_with("0x") {
        return Err(refuse("unsupported.literal.hexadecimal-float", "a hexadecimal floating-point literal"));
    }
    if !is_decimal(unsigned) {
        return Err(invalid_syntax(name, text));
    }
    Ok(FloatText { finite: Some(body), special: "" })
}

fn is_decimal(s: &str) -> bool {
    let (mantissa, exponent) = match s.split_once('e') {
        Some((m, e)) => (m, Some(e)),
        None => (s, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |p: &str| p.bytes().all(|b| b.is_ascii_digit());
    let mantissa_ok = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent_ok = exponent.is_none_or(|e| {
        let (_, e) = split_sign(e);
        !e.is_empty() && digits(e)
    });
    mantissa_ok && exponent_ok
}

/// Writes a double as `float8out` with `extra_float_digits = 1`.
pub(super) fn print_float8(v: f64) -> String {
    if v.is_nan() {
        return "NaN".to_owned();
    }
    if v.is_infinite() {
        return if v > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let reads_back = |s: &str| s.parse::<f64>().is_ok_and(|p| p == v.abs());
    let longer = (0..=16).map(|digits| format!("{:.digits$e}", v.abs()));
    let text = shortest(format!("{:e}", v.abs()), longer, reads_back);
    layout(&text, v.is_sign_negative(), 15)
}

/// Writes a real as `float4out` with `extra_float_digits = 1`.
#[must_use]
pub fn print_float4(v: f32) -> String {
    if v.is_nan() {
        return "NaN".to_owned();
    }
    if v.is_infinite() {
        return if v > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let reads_back = |s: &str| s.parse::<f32>().is_ok_and(|p| p == v.abs());
    let longer = (0..=8).map(|digits| format!("{:.digits$e}", v.abs()));
    let text = shortest(format!("{:e}", v.abs()), longer, reads_back);
    layout(&text, v.is_sign_negative(), 6)
}

/// The first form that reads back with room to spare.
fn shortest(first: String, mut longer: impl Iterator<Item = String>, reads_back: impl Fn(&str) -> bool) -> String {
    if strictly_inside(&first, &reads_back) {
        return first;
    }
    longer.find(|text| reads_back(text) && strictly_inside(text, &reads_back)).unwrap_or(first)
}

/// The server's printer never uses a decimal that lies exactly on the edge of the interval that
/// rounds to the value; the standard library's does when the mantissa is even.
fn strictly_inside(shortest: &str, reads_back: impl Fn(&str) -> bool) -> bool {
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        return true;
    };
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    if digits == "0" {
        return true;
    }
    let Ok(exponent) = exponent.parse::<i32>() else {
        return true;
    };
    let tail = 40;
    let above =
        format!("{digits}{}1e{}", "0".repeat(tail - 1), exponent + 1 - i32::try_from(digits.len() + tail).unwrap_or(0));
    let lowered = digits.parse::<u128>().ok().and_then(|d| d.checked_sub(1)).unwrap_or(0);
    let below =
        format!("{lowered}{}e{}", "9".repeat(tail), exponent + 1 - i32::try_from(digits.len() + tail).unwrap_or(0));
    reads_back(&above) && reads_back(&below)
}

/// Lays out `d.ddde±x` as printf's `%g` does: fixed for exponents from -4 below `fixed_below`.
fn layout(scientific: &str, negative: bool, fixed_below: i32) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let mut digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    while digits.len() > 1 && digits.ends_with('0') {
        digits.pop();
    }
    let mut out = String::new();
    if negative {
        out.push('-');
    }
    if digits == "0" {
        out.push('0');
        return out;
    }
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if exponent >= -4 && exponent < fixed_below {
        if exponent < 0 {
            out.push_str("0.");
            for _ in 0..(-exponent - 1) {
                out.push('0');
            }
            out.push_str(&digits);
        } else {
            for (i, c) in (0_i32..).zip(digits.chars()) {
                if i == exponent + 1 {
                    out.push('.');
                }
                out.push(c);
            }
            for _ in count..=exponent {
                out.push('0');
            }
        }
        return out;
    }
    let mut chars = digits.chars();
    if let Some(first) = chars.next() {
        out.push(first);
    }
    let rest = chars.as_str();
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    out.push_str(&format!("e{sign}{:02}", exponent.abs()));
    out
}

/// The most digits before and after the decimal point that a numeric can hold.
const NUMERIC_MAX_WHOLE: i64 = 131_072;
const NUMERIC_MAX_SCALE: i64 = 16_383;

/// `numeric`, keeping the written scale.
pub(in crate::analyze) fn numeric(text: &str, major: u32) -> Normal {
    let body = text.trim_matches(is_space);
    let lower = body.to_ascii_lowercase();
    match lower.as_str() {
        "nan" => return Ok("NaN".to_owned()),
        "inf" | "+inf" | "infinity" | "+infinity" => return Ok("Infinity".to_owned()),
        "-inf" | "-infinity" => return Ok("-Infinity".to_owned()),
        _ => {}
    }
    let (negative, unsigned) = split_sign(&lower);
    if major >= 16 {
        for (prefix, radix) in [("0x", 16_u32), ("0o", 8), ("0b", 2)] {
            if let Some(rest) = unsigned.strip_prefix(prefix) {
                let digits = without_underscores(rest, true).ok_or_else(|| invalid_syntax("numeric", text))?;
                if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
                    return Err(invalid_syntax("numeric", text));
                }
                let decimal = radix_to_decimal(&digits, radix);
                return Ok(if negative && decimal != "0" { format!("-{decimal}") } else { decimal });
            }
        }
    }
    let clean = if major >= 16 && unsigned.contains('_') {
        decimal_without_underscores(unsigned).ok_or_else(|| invalid_syntax("numeric", text))?
    } else {
        unsigned.to_owned()
    };
    if !is_decimal(&clean) {
        return Err(invalid_syntax("numeric", text));
    }
    let (mantissa, exponent) = clean.split_once('e').unwrap_or((&clean, "0"));
    let exponent: i64 = exponent.parse().map_err(|_| invalid_syntax("numeric", text))?;
    let overflow = || reject("22003", "value overflows numeric format");
    if exponent.abs() >= i64::from(i32::MAX / 2) {
        return Err(overflow());
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let scale = i64::try_from(fraction.len()).unwrap_or(i64::MAX) - exponent;
    let digits = format!("{whole}{fraction}");
    place_point(&digits, scale, negative).ok_or_else(overflow)
}

/// Writes `digits × 10^-scale` with `max(scale, 0)` decimals; `None` when it does not fit.
fn place_point(digits: &str, scale: i64, negative: bool) -> Option<String> {
    let significant = digits.trim_start_matches('0');
    let whole_digits = i64::try_from(significant.len()).ok()? - scale;
    if !significant.is_empty() && whole_digits > NUMERIC_MAX_WHOLE {
        return None;
    }
    let printed_scale = scale.max(0);
    if printed_scale > NUMERIC_MAX_SCALE {
        return None;
    }
    if significant.is_empty() {
        return Some(if printed_scale > 0 {
            format!("0.{}", "0".repeat(usize::try_from(printed_scale).ok()?))
        } else {
            "0".to_owned()
        });
    }
    let mut all = significant.to_owned();
    if scale < 0 {
        all.push_str(&"0".repeat(usize::try_from(-scale).ok()?));
    }
    let point = usize::try_from(printed_scale).ok()?;
    if all.len() <= point {
        all.insert_str(0, &"0".repeat(point + 1 - all.len()));
    }
    let (whole, fraction) = all.split_at(all.len() - point);
    let mut out = String::new();
    if negative {
        out.push('-');
    }
    out.push_str(whole);
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    Some(out)
}

fn decimal_without_underscores(s: &str) -> Option<String> {
    // an underscore must stand between two digits
    let bytes = s.as_bytes();
    for (i, b) in bytes.iter().enumerate() {
        if *b == b'_' {
            let before = i.checked_sub(1).and_then(|p| bytes.get(p));
            let after = bytes.get(i + 1);
            if !before.is_some_and(u8::is_ascii_digit) || !after.is_some_and(u8::is_ascii_digit) {
                return None;
            }
        }
    }
    Some(s.replace('_', ""))
}

fn radix_to_decimal(digits: &str, radix: u32) -> String {
    let mut value: Vec<u32> = vec![0]; // base 10^9, little endian
    for c in digits.chars() {
        let mut carry = u64::from(c.to_digit(radix).unwrap_or(0));
        for limb in &mut value {
            let v = u64::from(*limb) * u64::from(radix) + carry;
            *limb = u32::try_from(v % 1_000_000_000).unwrap_or(0);
            carry = v / 1_000_000_000;
        }
        if carry > 0 {
            value.push(u32::try_from(carry).unwrap_or(0));
        }
    }
    let mut out = String::new();
    for (i, limb) in value.iter().rev().enumerate() {
        if i == 0 {
            out.push_str(&limb.to_string());
        } else {
            out.push_str(&format!("{limb:09}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn integers_follow_the_server() {
        assert_eq!(int4(" 42 ", 14).unwrap(), "42");
        assert_eq!(int4("-0", 14).unwrap(), "0");
        assert_eq!(int4("0x1F", 16).unwrap(), "31");
        assert!(int4("0x1F", 15).is_err());
        assert_eq!(int4("1_000", 16).unwrap(), "1000");
        assert_eq!(int2("40000", 14).unwrap_err().sqlstate(), Some("22003"));
        assert_eq!(int8("abc", 14).unwrap_err().sqlstate(), Some("22P02"));
    }

    #[test]
    fn numerics_keep_their_scale() {
        for (input, output) in [
            ("1.50", "1.50"),
            ("1e5", "100000"),
            ("1.5e-3", "0.0015"),
            ("-0.0", "0.0"),
            ("007", "7"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1e0", "1"),
            ("123.456e1", "1234.56"),
            ("Infinity", "Infinity"),
        ] {
            assert_eq!(numeric(input, 14).unwrap(), output, "{input}");
        }
        assert_eq!(numeric("0x1F", 16).unwrap(), "31");
        assert!(numeric("1e", 14).is_err());
    }

    #[test]
    fn floats_print_shortest() {
        for (input, output) in [
            ("1.5", "1.5"),
            ("1e10", "10000000000"),
            ("1e15", "1e+15"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("-0", "-0"),
            ("123456789012345678", "1.2345678901234568e+17"),
            ("1e23", "9.999999999999999e+22"),
        ] {
            assert_eq!(float8(input).unwrap(), output, "{input}");
        }
        assert_eq!(float4("1e6").unwrap(), "1e+06");
        assert_eq!(float4("0.1").unwrap(), "0.1");
        assert!(float8("1e400").is_err());
    }

    #[test]
    fn booleans() {
        assert_eq!(boolean(" YES ").unwrap(), "t");
        assert_eq!(boolean("of").unwrap(), "f");
        assert!(boolean("o").is_err());
        assert!(boolean("").is_err());
    }
}
