//! `xml` literals: kept as they are, once they are seen to be well-formed.
//!
//! Only plain content is read: elements with attributes, text and the predefined entities.
//! Declarations, document types, comments, processing instructions and CDATA are refused by name.

use super::{Normal, refuse, reject};

/// Plain XML content, verbatim.
pub(super) fn xml(text: &str) -> Normal {
    if text.contains("<?") || text.contains("<!") {
        return Err(refuse(
            "unsupported.literal.xml",
            "an xml literal with a declaration, comment, CDATA or processing instruction",
        ));
    }
    if is_content(text) { Ok(text.to_owned()) } else { Err(reject("2200N", "invalid XML content")) }
}

fn is_content(text: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    loop {
        let Some(at) = rest.find('<') else {
            return open.is_empty() && entities_ok(rest);
        };
        let (plain, after) = rest.split_at(at);
        if !entities_ok(plain) {
            return false;
        }
        let Some((tag, after)) = after.get(1..).and_then(|a| a.split_once('>')) else {
            return false;
        };
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.trim_end()) {
                return false;
            }
            continue;
        }
        let (body, closed) = match tag.strip_suffix('/') {
            Some(b) => (b, true),
            None => (tag, false),
        };
        let end = body.find(|c: char| c.is_ascii_whitespace()).unwrap_or(body.len());
        let (name, attributes) = body.split_at(end);
        let name_ok = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'));
        if !name_ok || !attributes_ok(attributes) {
            return false;
        }
        if !closed {
            open.push(name);
        }
    }
}

fn attributes_ok(text: &str) -> bool {
    let mut rest = text.trim();
    while !rest.is_empty() {
        let Some((name, after)) = rest.split_once('=') else {
            return false;
        };
        let name = name.trim();
        if name.is_empty() || name.contains(|c: char| c.is_ascii_whitespace() || c == '"') {
            return false;
        }
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return false;
        };
        let Some((value, after)) = after.get(1..).and_then(|a| a.split_once(quote)) else {
            return false;
        };
        if value.contains('<') || !entities_ok(value) {
            return false;
        }
        rest = after.trim_start();
    }
    true
}

fn entities_ok(text: &str) -> bool {
    text.split('&').skip(1).all(|part| {
        part.split_once(';').is_some_and(|(name, _)| {
            matches!(name, "lt" | "gt" | "amp" | "quot" | "apos")
                || name
                    .strip_prefix('#')
                    .is_some_and(|n| !n.is_empty() && n.trim_start_matches('x').bytes().all(|b| b.is_ascii_hexdigit()))
        })
    })
}
