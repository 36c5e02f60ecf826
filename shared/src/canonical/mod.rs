//! Canonical JSON: keys in byte order, no white space in what is hashed, two-space indentation in what people read, no floats.
//!
//! Every document pgseal writes is in the readable canonical form and ends in one line feed, so the same value has the same
//! bytes on every machine. Reading is strict: unknown fields, duplicate keys, trailing bytes and excessive depth are refused.

mod tree;
mod writer;

pub use tree::Tree;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::limits::MAX_JSON_DEPTH;
use crate::parts::{in_parts, processors};

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not JSON, or not of the document's form; names line and column.
    #[error("malformed {document}: {source}")]
    Malformed {
        /// Which document.
        document: &'static str,
        /// What the reader found.
        source: serde_json::Error,
    },
    /// No object at all.
    #[error("malformed {document}: this is not a JSON object")]
    NotAnObject {
        /// Which document.
        document: &'static str,
    },
    /// Nested deeper than any document of ours.
    #[error("malformed {document}: nested deeper than {MAX_JSON_DEPTH} levels")]
    TooDeep {
        /// Which document.
        document: &'static str,
    },
    /// Over a limit.
    #[error(transparent)]
    Limit(#[from] crate::limits::LimitError),
    /// Another kind of document.
    #[error("this is {}, not a {document}", called(found))]
    WrongFormat {
        /// What was expected.
        document: &'static str,
        /// The format it names.
        found: String,
    },
    /// A version that this program does not know.
    #[error("{document} version {found} is not supported (this program reads version {supported})")]
    WrongVersion {
        /// Which document.
        document: &'static str,
        /// Its version.
        found: u32,
        /// Ours.
        supported: u32,
    },
    /// Well-formed but contradicting itself.
    #[error("inconsistent {document}: {detail}")]
    Inconsistent {
        /// Which document.
        document: &'static str,
        /// What contradicts what.
        detail: String,
    },
}

impl ReadError {
    /// The stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } | Self::NotAnObject { .. } => "D0101",
            Self::TooDeep { .. } => "D0102",
            Self::Limit(_) => "D0103",
            Self::WrongFormat { .. } => "D0104",
            Self::WrongVersion { .. } => "D0105",
            Self::Inconsistent { .. } => "D0106",
        }
    }
}

/// The compact canonical bytes of a value: what is hashed.
#[must_use]
pub fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, value, None);
    out
}

/// Puts the compact canonical bytes of a value behind what is there.
pub fn append<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    write(out, value, None);
}

/// The readable canonical bytes of a value, ending in a line feed: what is written to files.
#[must_use]
pub fn to_document<T: Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, value, Some(0));
    out.push(b'\n');
    out
}

/// Puts a value behind what is there, at a depth.
pub(crate) type Append<'a> = &'a dyn Fn(&mut Vec<u8>, Option<usize>);

/// The readable canonical bytes of an object of the given members, which come in byte order of their keys: no tree of the whole is
/// ever in memory.
#[must_use]
pub(crate) fn to_document_of(members: &[(&str, Append<'_>)]) -> Vec<u8> {
    let mut out = Vec::new();
    write_list(&mut out, members.len(), b"{}", Some(0), members, |out, (key, append), indent| {
        write_string(out, key);
        out.extend_from_slice(b": ");
        append(out, indent);
    });
    out.push(b'\n');
    out
}

/// How many items of a long list one thread writes at once.
const ITEMS_AT_ONCE: usize = 500;

/// How many bytes most items of a long list have at most: what comes to more than that takes more memory as it comes.
const ITEM_BYTES: usize = 512;

/// Puts a list behind what is there, as [`write`] does, on several threads when it is long.
pub(crate) fn write_long_list<T: Serialize + Sync>(out: &mut Vec<u8>, items: &[T], indent: Option<usize>) {
    let inner = indent.map(|n| n + 1);
    // each item with the comma that comes behind it
    let written = |part: &[T]| {
        let mut out = Vec::with_capacity(part.len() * ITEM_BYTES);
        for item in part {
            line(&mut out, inner);
            write(&mut out, item, inner);
            out.push(b',');
        }
        out
    };
    out.reserve(items.len() * ITEM_BYTES);
    out.push(b'[');
    in_parts(items, ITEMS_AT_ONCE, processors(), written, |part| out.extend_from_slice(&part));
    if !items.is_empty() {
        out.pop();
        line(out, indent);
    }
    out.push(b']');
}

/// A value as a JSON tree, by way of its bytes: that takes one writer for all. The formats hold only what JSON can say, so this cannot
/// fail for them.
#[must_use]
pub fn to_value<T: Serialize>(value: &T) -> Value {
    serde_json::from_slice(&to_bytes(value)).unwrap_or(Value::Null)
}

/// Reads a document strictly. Where its form has a place for JSON of any kind, that is a [`Tree`].
///
/// # Errors
/// Over the limit, nested too deep, malformed, unknown or duplicate fields, trailing bytes.
pub fn from_bytes<T: DeserializeOwned>(document: &'static str, bytes: &[u8], limit: u64) -> Result<T, ReadError> {
    crate::limits::check(document, bytes.len() as u64, limit, "bytes")?;
    // the parser stops at twice that depth, and no document has a place for so many levels: what is read is not too deep
    serde_json::from_slice(bytes).map_err(|source| {
        if depth(bytes) > MAX_JSON_DEPTH {
            ReadError::TooDeep { document }
        } else if bytes.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
            ReadError::NotAnObject { document }
        } else {
            match format_named(bytes) {
                Some(found) if kind_of(&found).is_some_and(|kind| kind != document) => {
                    ReadError::WrongFormat { document, found }
                }
                _ => ReadError::Malformed { document, source },
            }
        }
    })
}

/// The format that a JSON object names, whatever else it says: for messages, since nothing else of it is looked at.
#[must_use]
pub fn format_named(bytes: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        format: String,
    }
    serde_json::from_slice::<Named>(bytes).ok().map(|named| named.format)
}

/// What messages call a document of that format, where it is one of ours.
fn kind_of(format: &str) -> Option<&'static str> {
    Some(match format {
        crate::snapshot::FORMAT => "snapshot",
        crate::plan::FORMAT => "plan",
        crate::receipt::FORMAT => "receipt",
        "pgseal-seal" => "seal",
        "pgseal-state" => "memory of an agent",
        _ => return None,
    })
}

/// A document of that format, as messages name it.
#[must_use]
pub fn called(format: &str) -> String {
    kind_of(format).map_or_else(|| format!("of format \"{format}\""), |kind| format!("a {kind}"))
}

/// The deepest nesting of brackets outside strings.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for &b in bytes {
        if quoted {
            match b {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
        } else {
            match b {
                b'"' => quoted = true,
                b'{' | b'[' => {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    deepest
}

/// The formats hold only what JSON can say, so the writer cannot fail for them.
pub(crate) fn write<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T, indent: Option<usize>) {
    let start = out.len();
    if writer::append(out, value, indent).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

fn write_list<T>(
    out: &mut Vec<u8>,
    len: usize,
    brackets: &[u8; 2],
    indent: Option<usize>,
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut Vec<u8>, T, Option<usize>),
) {
    let inner = indent.map(|n| n + 1);
    out.push(brackets[0]);
    for (n, item) in items.into_iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        line(out, inner);
        each(out, item, inner);
    }
    if len > 0 {
        line(out, indent);
    }
    out.push(brackets[1]);
}

fn line(out: &mut Vec<u8>, indent: Option<usize>) {
    if let Some(levels) = indent {
        out.push(b'\n');
        out.resize(out.len() + 2 * levels, b' ');
    }
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write_escaped(out, text.as_bytes());
    out.push(b'"');
}

/// Text that is put behind what is there.
pub(crate) struct Appended<'a>(pub(crate) &'a mut Vec<u8>);

impl fmt::Write for Appended<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Whether a byte cannot stand in a string as it is.
fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0x7f | 0..0x20)
}

fn write_escaped(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    // every byte that needs it is ASCII, so it is a character
    while let Some(at) = rest.iter().position(|byte| is_special(*byte)) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((byte, behind)) = special.split_first() else { return };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        rest = behind;
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_text_is_escaped() {
        let value: Value = serde_json::from_str(r#"{"b":[1,{}],"a":"x\n\"\u0001é","c":[]}"#).unwrap();
        assert_eq!(String::from_utf8(to_bytes(&value)).unwrap(), r#"{"a":"x\n\"\u0001é","b":[1,{}],"c":[]}"#);
        assert_eq!(
            String::from_utf8(to_document(&value)).unwrap(),
            "{\n  \"a\": \"x\\n\\\"\\u0001é\",\n  \"b\": [\n    1,\n    {}\n  ],\n  \"c\": []\n}\n"
        );
    }

    #[test]
    fn reading_is_strict() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Probe {
            #[allow(dead_code)]
            a: u8,
        }
        assert!(from_bytes::<Probe>("probe", br#"{"a":1}"#, 100).is_ok());
        for bad in [&br#"{"a":1,"a":2}"#[..], br#"{"a":1,"b":2}"#, br#"{"a":1} x"#, br#"{"a":1}{}"#, b"", b"[[[["] {
            assert!(from_bytes::<Probe>("probe", bad, 100).is_err(), "{}", String::from_utf8_lossy(bad));
        }
        assert!(matches!(from_bytes::<Probe>("probe", br#"{"a":1}"#, 3), Err(ReadError::Limit(_))));
        let said = |document, bytes: &[u8]| from_bytes::<Probe>(document, bytes, 100).unwrap_err().to_string();
        assert_eq!(said("plan", br#"{"facts":[1],"format":"pgseal-snapshot"}"#), "this is a snapshot, not a plan");
        assert_eq!(said("snapshot", b"-- SQL"), "malformed snapshot: this is not a JSON object");
        for own in [&br#"{"b":[1],"format":"pgseal-plan"}"#[..], br#"{"b":1,"format":"elsewhere"}"#, b"", b"{"] {
            assert!(said("plan", own).starts_with("malformed plan: "), "{}", said("plan", own));
        }
        assert!(matches!(
            from_bytes::<Value>("probe", "[".repeat(1000).as_bytes(), 5000),
            Err(ReadError::TooDeep { .. })
        ));
    }
}
