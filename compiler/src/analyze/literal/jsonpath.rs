//! `jsonpath` literals: the plain paths that need no printing rules beyond quoting.
//!
//! Follows the output of jsonpath.c (PG 18) for accessors: `$`, `$name`, `.key`, `[n]`, `[*]`, `.*`.
//! Filters, methods and arithmetic are refused by name.

use super::{Normal, Refusal, refuse};

fn beyond() -> Refusal {
    refuse("unsupported.literal.jsonpath", "a jsonpath literal with filters, methods or arithmetic")
}

/// A path of accessors.
pub(super) fn jsonpath(text: &str, _major: u32) -> Normal {
    let mut rest = text.trim();
    let mut out = String::new();
    if let Some(after) = rest.strip_prefix("strict ") {
        out.push_str("strict ");
        rest = after.trim_start();
    } else if let Some(after) = rest.strip_prefix("lax ") {
        rest = after.trim_start();
    }
    rest = rest.strip_prefix('$').ok_or_else(beyond)?;
    out.push('$');
    let (name, after) = word(rest);
    if !name.is_empty() {
        out.push_str(&format!("\"{name}\""));
        rest = after;
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            if let Some(after) = after.strip_prefix('*') {
                if after.starts_with('*') {
                    return Err(beyond());
                }
                out.push_str(".*");
                rest = after;
            } else if let Some(after) = after.strip_prefix('"') {
                let (key, after) = after.split_once('"').ok_or_else(beyond)?;
                if key.contains('\\') {
                    return Err(beyond());
                }
                out.push_str(&format!(".\"{key}\""));
                rest = after;
            } else {
                let (key, after) = word(after);
                if key.is_empty() || after.starts_with('(') {
                    return Err(beyond());
                }
                out.push_str(&format!(".\"{key}\""));
                rest = after;
            }
        } else if let Some(after) = rest.strip_prefix('[') {
            let (inner, after) = after.split_once(']').ok_or_else(beyond)?;
            let inner = inner.trim();
            let plain = inner == "*"
                || (!inner.is_empty()
                    && inner.len() < 9
                    && inner.bytes().all(|b| b.is_ascii_digit())
                    && (inner == "0" || !inner.starts_with('0')));
            if !plain {
                return Err(beyond());
            }
            out.push_str(&format!("[{inner}]"));
            rest = after;
        } else {
            return Err(beyond());
        }
    }
    Ok(out)
}

fn word(text: &str) -> (&str, &str) {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let end =
        if starts { text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len()) } else { 0 };
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn plain_paths() {
        assert_eq!(jsonpath("$.a.b[0][*].\"c d\"", 14).unwrap(), "$.\"a\".\"b\"[0][*].\"c d\"");
        assert_eq!(jsonpath("strict $.x", 14).unwrap(), "strict $.\"x\"");
        assert!(jsonpath("$.a ? (@ > 1)", 14).is_err());
    }
}
