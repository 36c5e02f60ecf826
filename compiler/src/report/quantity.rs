//! Numbers for people.

/// `1 step`, `2 steps`.
pub(crate) fn count(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        _ => format!("{} {what}s", grouped(n as u64)),
    }
}

/// `1,234,567`.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in the largest unit that keeps at least two digits, as `pg_size_pretty` prints them.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];
    let (mut value, mut unit) = (bytes, UNITS[0]);
    for next in &UNITS[1..] {
        if value < 10 * 1024 {
            break;
        }
        value = (value + 512) / 1024;
        unit = next;
    }
    format!("{value} {unit}")
}

/// Milliseconds in words: `5 s`, `250 ms`, `none`.
pub(super) fn duration(ms: u64) -> String {
    match ms {
        0 => "none".to_owned(),
        ms if ms % 60_000 == 0 => format!("{} min", ms / 60_000),
        ms if ms % 1000 == 0 => format!("{} s", ms / 1000),
        ms => format!("{ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(123), "123");
        assert_eq!(count(1, "step"), "1 step");
        assert_eq!(count(1000, "step"), "1,000 steps");
        assert_eq!(size(8192), "8192 bytes");
        assert_eq!(size(10 * 1024 * 1024), "10 MB");
        assert_eq!(size(123_456_789_012), "115 GB");
        assert_eq!(duration(5000), "5 s");
        assert_eq!(duration(120_000), "2 min");
        assert_eq!(duration(250), "250 ms");
        assert_eq!(duration(0), "none");
    }
}
