//! Making inputs from inputs: bytes and bits, words and numbers, lines and brackets. The same number makes the same changes.

/// Numbers without order (SplitMix64); the tests have no randomness of their own.
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// Those that follow from one number.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below another one; 0 below 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.next().checked_rem(end).unwrap_or(0)).unwrap_or(0)
    }
}

/// Words that mean something to some reader.
const WORDS: [&str; 46] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "=",
    "\n",
    "\0",
    "null",
    "true",
    "false",
    "-1",
    "0",
    "1e999",
    "18446744073709551615",
    "9223372036854775808",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{202e}",
    "é",
    "''",
    "'''",
    "\"\"\"",
    "#",
    "[[keys]]",
    "[hazards.data-loss]",
    "threshold = 0",
    "revoked = true",
    "\"signed\"",
    "\"reproduced\"",
    "application/vnd.pgseal.receipt+json",
    "-----BEGIN PUBLIC KEY-----",
    "password",
    "service",
    "sslmode",
    "host",
    "%00",
    "%ff",
    "@",
    "*",
    "..",
    "2027-01-01T00:00:00Z",
];

/// The longest input that is made, in bytes: what readers do with long ones is for tests of limits.
const MAX_BYTES: usize = 256 * 1024;

/// Makes an input from one, with pieces of another.
pub fn mutate(input: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=numbers.below(4) {
        change(&mut bytes, other, numbers);
    }
    bytes.truncate(MAX_BYTES);
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let at = numbers.below(bytes.len() + 1);
    match numbers.below(11) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << numbers.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = u8::try_from(numbers.below(256)).unwrap_or(0);
            }
        }
        2 => put(bytes, at..at, WORDS[numbers.below(WORDS.len())].as_bytes()),
        3 => {
            let range = span(bytes, at, numbers);
            put(bytes, range, b"");
        }
        4 => {
            let piece = bytes[span(bytes, at, numbers)].to_vec();
            let to = numbers.below(bytes.len() + 1);
            put(bytes, to..to, &piece);
        }
        5 => {
            let from = numbers.below(other.len() + 1);
            let piece = other[span(other, from, numbers)].to_vec();
            let range = span(bytes, at, numbers);
            put(bytes, range, &piece);
        }
        6 => bytes.truncate(at),
        7 => number(bytes, at, numbers),
        // a line once more, or gone
        8 => {
            let range = line(bytes, at);
            let piece = bytes[range.clone()].to_vec();
            put(bytes, range.end..range.end, &piece);
        }
        9 => {
            let range = line(bytes, at);
            put(bytes, range, b"");
        }
        // what is within the next quotes becomes something else
        _ => {
            let quote = |from: usize| bytes.iter().skip(from).position(|byte| *byte == b'"').map(|found| from + found);
            if let Some((start, end)) = quote(at).and_then(|start| Some((start + 1, quote(start + 1)?))) {
                let word = WORDS[numbers.below(WORDS.len())].as_bytes();
                put(bytes, start..end, word);
            }
        }
    }
}

/// Up to 16 bytes from a place on, at times more.
fn span(bytes: &[u8], at: usize, numbers: &mut Numbers) -> std::ops::Range<usize> {
    let longest = if numbers.below(8) == 0 { 4096 } else { 16 };
    at..(at + numbers.below(longest + 1)).min(bytes.len())
}

fn line(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |found| found + 1);
    let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |found| at + found + 1);
    start..end
}

/// The next number becomes another one.
fn number(bytes: &mut Vec<u8>, at: usize, numbers: &mut Numbers) {
    const NUMBERS: [&str; 10] = [
        "0",
        "1",
        "2",
        "255",
        "256",
        "65536",
        "2147483648",
        "4294967296",
        "9223372036854775807",
        "18446744073709551616",
    ];
    let Some(start) = bytes.iter().skip(at).position(u8::is_ascii_digit).map(|found| at + found) else { return };
    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    put(bytes, start..start + length, NUMBERS[numbers.below(NUMBERS.len())].as_bytes());
}

fn put(bytes: &mut Vec<u8>, range: std::ops::Range<usize>, piece: &[u8]) {
    bytes.splice(range, piece.iter().copied());
}
