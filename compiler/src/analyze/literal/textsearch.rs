//! `tsvector` and `tsquery` literals of plain words.
//!
//! Follows tsvector_parser.c and tsquery.c (PG 18) for words without quotes, positions or weights,
//! and queries without operators; the rest is refused by name.

use super::number::is_space;
use super::{Normal, refuse};

fn is_plain(word: &str) -> bool {
    word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Words, sorted by length and bytes, each once, quoted.
pub(super) fn tsvector(text: &str) -> Normal {
    let mut words: Vec<&str> = text.split(is_space).filter(|w| !w.is_empty()).collect();
    if !words.iter().all(|w| is_plain(w)) {
        return Err(refuse("unsupported.literal.tsvector", "a tsvector literal with quotes, positions or weights"));
    }
    words.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    words.dedup();
    let quoted: Vec<String> = words.iter().map(|w| format!("'{w}'")).collect();
    Ok(quoted.join(" "))
}

/// One word, or nothing.
pub(super) fn tsquery(text: &str) -> Normal {
    let word = text.trim_matches(is_space);
    if word.is_empty() {
        return Ok(String::new());
    }
    if !is_plain(word) {
        return Err(refuse("unsupported.literal.tsquery", "a tsquery literal with operators"));
    }
    Ok(format!("'{word}'"))
}
