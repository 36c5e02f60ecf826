//! Literals of the types of Postgres's own extensions that schemas have defaults of: citext, hstore, ltree, and
//! pgvector's vector.
//!
//! Follows hstore_io.c and ltree_io.c (PG 15, 18). An hstore that names a key twice is refused, since which of the
//! values stays is left to the sort.

use super::{Normal, refuse, reject};
use crate::analyze::error::sqlstate;
use crate::env::TypeRow;

/// The longest key or value of an hstore, in bytes.
const HSTORE_LIMIT: usize = 0x3FFF_FFFF;

/// The normal form of a literal of an extension's type; none for a type that is not known.
pub(super) fn extension(row: &TypeRow, text: &str, major: u32) -> Option<Normal> {
    match (row.extension.as_deref()?, row.name.as_str()) {
        ("citext", "citext") => Some(Ok(text.to_owned())),
        ("hstore", "hstore") => Some(hstore(text)),
        ("ltree", "ltree") => Some(ltree(text, major)),
        ("ltree", "lquery") => Some(lquery(text, major)),
        ("vector", "vector") => Some(vector(text)),
        _ => None,
    }
}

/// Labels with dots between them, or nothing.
fn ltree(text: &str, major: u32) -> Normal {
    let longest = if major >= 16 { 1000 } else { 255 };
    if text.is_empty() {
        return Ok(String::new());
    }
    for label in text.split('.') {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || (c == '-' && major >= 16);
        if let Some(letter) = label.chars().find(|c| !plain(*c)) {
            return Err(if letter.is_ascii() {
                reject(sqlstate::SYNTAX_ERROR, format!("ltree syntax error near \"{letter}\""))
            } else {
                refuse("unsupported.literal.ltree", "a literal of type ltree with letters beyond ASCII")
            });
        }
        if label.is_empty() {
            return Err(reject(sqlstate::SYNTAX_ERROR, "ltree syntax error"));
        }
        if label.len() > longest {
            return Err(reject("42622", "label string is too long"));
        }
    }
    if text.split('.').count() > 65535 {
        return Err(reject("54000", "number of ltree labels exceeds the maximum allowed (65535)"));
    }
    Ok(text.to_owned())
}

/// Labels and stars with dots between them; quantifiers, alternatives and modifiers are refused.
fn lquery(text: &str, major: u32) -> Normal {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || (c == '-' && major >= 16);
    let level = |l: &str| l == "*" || (!l.is_empty() && l.len() <= 255 && l.chars().all(plain));
    if text.split('.').all(level) {
        return Ok(text.to_owned());
    }
    Err(refuse("unsupported.literal.lquery", "a literal of type lquery with more than labels and stars"))
}

/// Numbers of single precision in brackets (pgvector).
fn vector(text: &str) -> Normal {
    let bad = || super::invalid_syntax("vector", text);
    let inner = text.trim().strip_prefix('[').and_then(|t| t.strip_suffix(']')).ok_or_else(bad)?;
    let values =
        inner.split(',').map(|v| super::number::float4(v).map_err(|_| bad())).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("[{}]", values.join(",")))
}

/// `key => value` pairs, by length and bytes of the key.
fn hstore(text: &str) -> Normal {
    let mut reader = Reader { text, at: 0 };
    let mut pairs: Vec<(String, Option<String>)> = Vec::new();
    while let Some((key, _)) = reader.word(Side::Key)? {
        reader.skip_spaces();
        reader.expect('=')?;
        reader.expect('>')?;
        let (value, quoted) = reader.word(Side::Value)?.ok_or_else(unexpected_end)?;
        if key.len() > HSTORE_LIMIT || value.len() > HSTORE_LIMIT {
            return Err(reject("22001", "string too long for hstore key"));
        }
        let null = !quoted && value.eq_ignore_ascii_case("null");
        pairs.push((key, (!null).then_some(value)));
        reader.skip_spaces();
        if reader.peek().is_none() {
            break;
        }
        reader.expect(',')?;
    }
    pairs.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.as_bytes().cmp(b.as_bytes())));
    if pairs.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b)) {
        return Err(refuse("unsupported.literal.hstore", "a literal of type hstore that names a key twice"));
    }
    let written: Vec<String> = pairs
        .iter()
        .map(|(key, value)| {
            let value = value.as_ref().map_or_else(|| "NULL".to_owned(), |value| quoted(value));
            format!("{}=>{value}", quoted(key))
        })
        .collect();
    Ok(written.join(", "))
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
    out
}

fn unexpected_end() -> super::Refusal {
    reject(sqlstate::SYNTAX_ERROR, "syntax error in hstore: unexpected end of string")
}

/// Which side of `=>` a word stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// `=` ends it.
    Key,
    /// `,` ends it.
    Value,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.next();
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), super::Refusal> {
        let at = self.at;
        match self.next() {
            Some(letter) if letter == wanted => Ok(()),
            Some(letter) => Err(syntax_error(letter, at)),
            None => Err(unexpected_end()),
        }
    }

    /// The next word and whether it began with a quote; none at the end of the text.
    fn word(&mut self, side: Side) -> Result<Option<(String, bool)>, super::Refusal> {
        self.skip_spaces();
        let mut word = String::new();
        let start = self.at;
        match self.peek() {
            None => return Ok(None),
            Some('=') if side == Side::Key => return Err(syntax_error('=', start)),
            Some('"') => {
                self.next();
                loop {
                    match self.next().ok_or_else(unexpected_end)? {
                        '"' => return Ok(Some((word, true))),
                        '\\' => word.push(self.next().ok_or_else(unexpected_end)?),
                        letter => word.push(letter),
                    }
                }
            }
            Some(_) => {}
        }
        // The first letter belongs to the word whatever it is.
        while let Some(letter) = self.peek() {
            let ends = match letter {
                '=' => side == Side::Key,
                ',' => side == Side::Value,
                letter => is_space(letter),
            };
            if ends && self.at > start {
                break;
            }
            self.next();
            match letter {
                '\\' => word.push(self.next().ok_or_else(unexpected_end)?),
                letter => word.push(letter),
            }
        }
        Ok(Some((word, false)))
    }
}

fn syntax_error(letter: char, at: usize) -> super::Refusal {
    reject(sqlstate::SYNTAX_ERROR, format!("syntax error in hstore, near \"{letter}\" at position {at}"))
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{hstore, ltree};

    #[test]
    fn hstore_is_sorted_and_quoted() {
        let normal = [
            ("", ""),
            ("  ", ""),
            ("a=>1", "\"a\"=>\"1\""),
            ("bb=>1, a => NULL ,", "\"a\"=>NULL, \"bb\"=>\"1\""),
            ("a=>\"NULL\"", "\"a\"=>\"NULL\""),
            ("\"a b\"=>\"x\\\"y\\\\\"", "\"a b\"=>\"x\\\"y\\\\\""),
            ("a\\=b=>c=d", "\"a=b\"=>\"c=d\""),
            ("a=>\"\"", "\"a\"=>\"\""),
        ];
        for (text, expected) in normal {
            assert_eq!(hstore(text).unwrap(), expected, "{text}");
        }
        for text in ["a", "a=1", "a=>", "=>1", "a=>1 b=>2", "\"a", "a=>1,a=>2"] {
            assert!(hstore(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ltree_is_kept() {
        assert_eq!(ltree("a.b_c.1", 14).unwrap(), "a.b_c.1");
        assert_eq!(ltree("", 14).unwrap(), "");
        assert!(ltree("a-b", 15).is_err());
        assert_eq!(ltree("a-b", 16).unwrap(), "a-b");
        for text in [".", "a.", "a..b", "a b", "ä"] {
            assert!(ltree(text, 18).is_err(), "{text}");
        }
    }
}
