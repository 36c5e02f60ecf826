//! Row literals: `(1,"a b",)`.
//!
//! Follows `record_in` and `record_out`, rowtypes.c (PG 18).

use super::number::is_space;
use super::{Normal, ParseState, Refusal, input_at, reject};
use crate::env::TypeRow;

fn malformed(text: &str, detail: &str) -> Refusal {
    reject("22P02", format!("malformed record literal: \"{text}\"")).detail(detail)
}

/// A row literal, each field in its type's normal form.
pub(super) fn record(ps: &ParseState<'_>, row: &TypeRow, text: &str, level: usize) -> Normal {
    let relation = ps.env.relation_by_oid(row.relation).ok_or_else(|| malformed(text, "Unknown row type."))?;
    let fields = fields(text)?;
    if fields.len() < relation.columns.len() {
        return Err(malformed(text, "Too few columns."));
    }
    if fields.len() > relation.columns.len() && !(relation.columns.is_empty() && fields == [None]) {
        return Err(malformed(text, "Too many columns."));
    }
    let mut out = String::from("(");
    for (i, (field, column)) in fields.iter().zip(&relation.columns).enumerate() {
        if i > 0 {
            out.push(',');
        }
        if let Some(field) = field {
            let (base, typmod) = ps.env.base_type_and_typmod(column.type_oid, column.typmod);
            let value = input_at(ps, base, typmod, field, level + 1)?;
            quote(&value, &mut out);
        }
    }
    out.push(')');
    Ok(out)
}

fn fields(text: &str) -> Result<Vec<Option<String>>, Refusal> {
    let body = text.trim_matches(is_space);
    let mut chars =
        body.strip_prefix('(').ok_or_else(|| malformed(text, "Missing left parenthesis."))?.chars().peekable();
    let mut out = Vec::new();
    loop {
        let mut value: Option<String> = None;
        let mut quoted = false;
        loop {
            let c = *chars.peek().ok_or_else(|| malformed(text, "Unexpected end of input."))?;
            if !quoted && (c == ',' || c == ')') {
                break;
            }
            chars.next();
            let slot = value.get_or_insert_with(String::new);
            match c {
                '\\' => slot.push(chars.next().ok_or_else(|| malformed(text, "Unexpected end of input."))?),
                '"' if !quoted => quoted = true,
                '"' if chars.peek() == Some(&'"') => {
                    chars.next();
                    slot.push('"');
                }
                '"' => quoted = false,
                c => slot.push(c),
            }
        }
        out.push(value);
        if chars.next() == Some(')') {
            break;
        }
    }
    if chars.next().is_some() {
        return Err(malformed(text, "Junk after right parenthesis."));
    }
    Ok(out)
}

/// A field as `record_out` writes it.
fn quote(value: &str, out: &mut String) {
    let plain = !value.is_empty() && !value.chars().any(|c| matches!(c, '"' | '\\' | '(' | ')' | ',') || is_space(c));
    if plain {
        out.push_str(value);
        return;
    }
    out.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            out.push(c);
        }
        out.push(c);
    }
    out.push('"');
}
