//! Values fitted to a type modifier, as the input functions fit them: the length of strings, the precision and
//! scale of numerics.
//!
//! Follows varchar.c, varbit.c and numeric.c (PG 18). The rounding of times is refused unless it changes nothing.

use super::{Normal, Refusal, refuse, reject};
use crate::env::Oid;

/// A value in its type's normal form, fitted to a modifier; -1 leaves it as it is.
pub(in crate::analyze) fn fitted(ty: Oid, typmod: i32, value: String, major: u32) -> Normal {
    if typmod < 0 {
        return Ok(value);
    }
    match ty {
        Oid::VARCHAR | Oid::BPCHAR => string(&value, ty, usize::try_from(typmod - 4).unwrap_or(0)),
        Oid::BIT | Oid::VARBIT => bits(value, ty, usize::try_from(typmod).unwrap_or(0)),
        Oid::NUMERIC => numeric(&value, typmod, major),
        Oid::TIME | Oid::TIMETZ | Oid::TIMESTAMP | Oid::TIMESTAMPTZ => {
            let fraction = value.split_once('.').map_or(0, |(_, f)| f.bytes().take_while(u8::is_ascii_digit).count());
            if i32::try_from(fraction).is_ok_and(|f| f <= typmod) {
                Ok(value)
            } else {
                Err(refuse("unsupported.literal.rounding", "a time literal that has to be rounded"))
            }
        }
        _ => Ok(value),
    }
}

/// Too long is an error, unless only blanks are lost; `char(n)` is padded.
fn string(value: &str, ty: Oid, length: usize) -> Normal {
    let count = value.chars().count();
    if count <= length {
        let padding = if ty == Oid::BPCHAR { length - count } else { 0 };
        return Ok(format!("{value}{}", " ".repeat(padding)));
    }
    if value.chars().skip(length).any(|c| c != ' ') {
        let name = if ty == Oid::BPCHAR { "character" } else { "character varying" };
        return Err(reject("22001", format!("value too long for type {name}({length})")));
    }
    Ok(value.chars().take(length).collect())
}

fn bits(value: String, ty: Oid, length: usize) -> Normal {
    if ty == Oid::BIT && value.len() != length {
        return Err(reject("22026", format!("bit string length {} does not match type bit({length})", value.len())));
    }
    if value.len() > length {
        return Err(reject("22001", format!("bit string too long for type bit varying({length})")));
    }
    Ok(value)
}

/// The scale that a numeric's modifier stands for.
fn scale_of(typmod: i32, major: u32) -> i32 {
    let packed = typmod - 4;
    if major >= 15 { ((packed & 0x7ff) ^ 1024) - 1024 } else { packed & 0xffff }
}

fn numeric(value: &str, typmod: i32, major: u32) -> Normal {
    let overflow = || -> Refusal { reject("22003", "numeric field overflow") };
    if value == "NaN" {
        return Ok(value.to_owned());
    }
    let (negative, unsigned) = match value.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, value),
    };
    if unsigned == "Infinity" {
        return Err(overflow());
    }
    let scale = scale_of(typmod, major);
    let precision = ((typmod - 4) >> 16) & 0xffff;
    let rounded = round(unsigned, scale).ok_or_else(overflow)?;
    let whole = rounded.split('.').next().unwrap_or("").trim_start_matches('0').len();
    let leading_zeros = if whole == 0 {
        rounded.split_once('.').map_or(0, |(_, f)| f.bytes().take_while(|b| *b == b'0').count())
    } else {
        0
    };
    let zero = !rounded.bytes().any(|b| (b'1'..=b'9').contains(&b));
    let magnitude = i64::try_from(whole).unwrap_or(i64::MAX) - i64::try_from(leading_zeros).unwrap_or(0);
    if !zero && magnitude > i64::from(precision - scale) {
        return Err(overflow());
    }
    Ok(if negative && !zero { format!("-{rounded}") } else { rounded })
}

/// An unsigned decimal rounded half away from zero to a scale, which may be negative.
fn round(text: &str, scale: i32) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').collect();
    let keep = i64::try_from(whole.len()).ok()? + i64::from(scale);
    let shown = usize::try_from(scale.max(0)).ok()?;
    if keep < 0 {
        return Some("0".to_owned());
    }
    let keep = usize::try_from(keep).ok()?;
    let up = digits.get(keep).is_some_and(|d| *d >= 5);
    digits.resize(keep, 0);
    let mut carry = up;
    for d in digits.iter_mut().rev() {
        if !carry {
            break;
        }
        carry = *d == 9;
        *d = if carry { 0 } else { *d + 1 };
    }
    if carry {
        digits.insert(0, 1);
    }
    if scale < 0 {
        digits.extend(std::iter::repeat_n(0, usize::try_from(-scale).ok()?));
    }
    let text: String = digits.iter().map(|d| char::from(b'0' + d)).collect();
    let point = text.len().checked_sub(shown)?;
    let (whole, fraction) = text.split_at(point);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn typmod(precision: i32, scale: i32) -> i32 {
        ((precision << 16) | (scale & 0x7ff)) + 4
    }

    #[test]
    fn numerics_are_rounded_to_their_scale() {
        let fit = |v: &str, p, s| fitted(Oid::NUMERIC, typmod(p, s), v.to_owned(), 17);
        assert_eq!(fit("1.5", 5, 2).unwrap(), "1.50");
        assert_eq!(fit("1.005", 5, 2).unwrap(), "1.01");
        assert_eq!(fit("-9.996", 5, 2).unwrap(), "-10.00");
        assert_eq!(fit("1250", 3, -2).unwrap(), "1300");
        assert_eq!(fit("0.00123", 2, 4).unwrap(), "0.0012");
        assert_eq!(fit("999.996", 5, 2).unwrap_err().sqlstate(), Some("22003"));
    }

    #[test]
    fn strings_are_measured_in_characters() {
        assert_eq!(fitted(Oid::VARCHAR, 7, "äöü".to_owned(), 17).unwrap(), "äöü");
        assert_eq!(fitted(Oid::VARCHAR, 7, "abc  ".to_owned(), 17).unwrap(), "abc");
        assert!(fitted(Oid::VARCHAR, 7, "abcd".to_owned(), 17).is_err());
        assert_eq!(fitted(Oid::BPCHAR, 8, "ab".to_owned(), 17).unwrap(), "ab  ");
    }
}
