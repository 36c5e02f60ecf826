//! Byte strings, bit strings, UUIDs and log positions.

use super::number::is_space;
use super::{Normal, invalid_syntax, reject};

/// `bytea`, written in hexadecimal.
pub(super) fn bytea(text: &str) -> Normal {
    let bytes = if let Some(hex) = text.strip_prefix("\\x") { hexadecimal(hex)? } else { escaped(text)? };
    Ok(format!("\\x{}", hex::encode(bytes)))
}

fn hexadecimal(text: &str) -> Result<Vec<u8>, super::Refusal> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut high: Option<u8> = None;
    for c in text.chars() {
        if high.is_none() && matches!(c, ' ' | '\n' | '\t' | '\r') {
            continue;
        }
        let digit = c
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
            .ok_or_else(|| reject("22023", format!("invalid hexadecimal digit: \"{c}\"")))?;
        match high.take() {
            None => high = Some(digit),
            Some(h) => out.push(h << 4 | digit),
        }
    }
    if high.is_some() {
        return Err(reject("22023", "invalid hexadecimal data: odd number of digits"));
    }
    Ok(out)
}

fn escaped(text: &str) -> Result<Vec<u8>, super::Refusal> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().peekable();
    while let Some(b) = bytes.next() {
        if b != b'\\' {
            out.push(b);
            continue;
        }
        if bytes.peek() == Some(&b'\\') {
            bytes.next();
            out.push(b'\\');
            continue;
        }
        let mut value: u32 = 0;
        for position in 0..3 {
            let limit = if position == 0 { b'3' } else { b'7' };
            match bytes.next() {
                Some(d) if (b'0'..=limit).contains(&d) => value = value * 8 + u32::from(d - b'0'),
                _ => return Err(reject("22P02", "invalid input syntax for type bytea")),
            }
        }
        out.push(u8::try_from(value).unwrap_or(u8::MAX));
    }
    Ok(out)
}

/// `bit` and `bit varying`, with no length demanded; `b…` and `x…` prefixes allowed.
pub(in crate::analyze) fn bits(text: &str) -> Normal {
    if let Some(hex) = text.strip_prefix(['x', 'X']) {
        let mut out = String::with_capacity(hex.len() * 4);
        for c in hex.chars() {
            let d =
                c.to_digit(16).ok_or_else(|| reject("22P02", format!("\"{c}\" is not a valid hexadecimal digit")))?;
            out.push_str(&format!("{d:04b}"));
        }
        return Ok(out);
    }
    let body = text.strip_prefix(['b', 'B']).unwrap_or(text);
    if let Some(c) = body.chars().find(|c| !matches!(c, '0' | '1')) {
        return Err(reject("22P02", format!("\"{c}\" is not a valid binary digit")));
    }
    Ok(body.to_owned())
}

/// `uuid`: 32 hexadecimal digits, hyphens after any group of four, braces allowed.
pub(super) fn uuid(text: &str) -> Normal {
    let bad = || invalid_syntax("uuid", text);
    let (body, braces) = match text.strip_prefix('{') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let mut digits = String::with_capacity(32);
    let mut chars = body.chars().peekable();
    while digits.len() < 32 {
        let c = chars.next().ok_or_else(bad)?;
        if !c.is_ascii_hexdigit() {
            return Err(bad());
        }
        digits.push(c.to_ascii_lowercase());
        if digits.len().is_multiple_of(4) && digits.len() < 32 && chars.peek() == Some(&'-') {
            chars.next();
        }
        if digits.len() % 2 == 1 && !chars.peek().is_some_and(char::is_ascii_hexdigit) {
            return Err(bad());
        }
    }
    if braces && chars.next() != Some('}') {
        return Err(bad());
    }
    if chars.next().is_some() {
        return Err(bad());
    }
    let mut out = String::with_capacity(36);
    for (i, c) in digits.chars().enumerate() {
        if matches!(i, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(c);
    }
    Ok(out)
}

/// `pg_lsn`: `XXXXXXXX/XXXXXXXX`.
pub(super) fn pg_lsn(text: &str) -> Normal {
    let bad = || invalid_syntax("pg_lsn", text);
    let (high, low) = text.split_once('/').ok_or_else(bad)?;
    let part = |p: &str| -> Option<u32> {
        if p.is_empty() || p.len() > 8 || !p.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(p, 16).ok()
    };
    match (part(high), part(low)) {
        (Some(h), Some(l)) => Ok(format!("{h:X}/{l:X}")),
        _ => Err(bad()),
    }
}

/// `"char"`: one byte; from 16 on, `\ooo` for bytes outside ASCII.
pub(super) fn single_char(text: &str, major: u32) -> Normal {
    let bytes = text.as_bytes();
    if major >= 16 {
        if let [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7'] = bytes {
            let value = (a - b'0') * 64 + (b - b'0') * 8 + (c - b'0');
            return Ok(if value >= 128 {
                text.to_owned()
            } else if value == 0 {
                String::new()
            } else {
                char::from(value).to_string()
            });
        }
        return Ok(match bytes.first() {
            None => String::new(),
            Some(b) if *b >= 128 => format!("\\{b:03o}"),
            Some(b) => char::from(*b).to_string(),
        });
    }
    match bytes.first() {
        None => Ok(String::new()),
        Some(b) if *b >= 128 => Err(super::refuse("unsupported.literal.char-byte", "a \"char\" literal outside ASCII")),
        Some(b) => Ok(char::from(*b).to_string()),
    }
}

/// `tid`: `(block,offset)`.
pub(super) fn tid(text: &str) -> Normal {
    let bad = || invalid_syntax("tid", text);
    let body = text.trim_matches(is_space);
    let inner = body.strip_prefix('(').and_then(|b| b.strip_suffix(')')).ok_or_else(bad)?;
    let (block, offset) = inner.split_once(',').ok_or_else(bad)?;
    let block: u32 = block.trim().parse().map_err(|_| bad())?;
    let offset: u16 = offset.trim().parse().map_err(|_| bad())?;
    Ok(format!("({block},{offset})"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn bytes_bits_and_uuids() {
        assert_eq!(bytea("\\xDEADbeef").unwrap(), "\\xdeadbeef");
        assert_eq!(bytea("a\\\\b\\000").unwrap(), "\\x615c6200");
        assert!(bytea("\\x1").is_err());
        assert_eq!(bits("x1F").unwrap(), "00011111");
        assert_eq!(bits("b101").unwrap(), "101");
        assert_eq!(uuid("{A0EEBC99-9C0B4EF8-BB6D6BB9-BD380A11}").unwrap(), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
        assert!(uuid("a0").is_err());
        assert_eq!(pg_lsn("16/b374d848").unwrap(), "16/B374D848");
    }
}
