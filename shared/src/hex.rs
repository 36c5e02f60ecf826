//! Bytes in lower-case hexadecimal digits: the one form that digests and key ids have in every document.

use std::fmt;

/// Writes bytes as digits, two for each.
///
/// # Errors
/// What the writer says.
pub fn write(bytes: &[u8], out: &mut impl fmt::Write) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

/// Bytes as digits.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    // appending to a text cannot fail
    let _ = write(bytes, &mut text);
    text
}

/// Reads exactly that many bytes from digits; anything else, upper-case digits too, is `None`.
#[must_use]
pub fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !odd.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_lower_case_and_all_there() {
        for byte in 0..=255_u8 {
            let written = text(&[byte]);
            assert_eq!(written, format!("{byte:02x}"));
            assert_eq!(read(&written), Some([byte]));
        }
        assert_eq!(text(&[0, 0xab, 0xff]), "00abff");
        assert_eq!(read::<3>("00abff"), Some([0, 0xab, 0xff]));
        assert_eq!(read::<0>(""), Some([]));
        for bad in ["", "00ab", "00abf", "00abfff", "00abff00", "00aBff", "00abfg", "00ab f", "+0abff", "00abé"] {
            assert_eq!(read::<3>(bad), None, "{bad}");
        }
    }
}
