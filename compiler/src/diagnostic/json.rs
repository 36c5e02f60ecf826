//! Diagnostics for programs: one JSON object each, with the place resolved to file, line and column.

use serde::Serialize;

use super::{Diagnostic, Sources};

/// The JSON form of a diagnostic; absent parts are left out.
#[derive(Debug, Serialize)]
struct Record<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqlstate: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<PlaceRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct PlaceRecord<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    byte: u32,
    end_byte: u32,
}

/// Writes the diagnostics as a JSON array.
///
/// # Errors
///
/// When the JSON writer fails, which it does for no input that can be made here.
pub fn to_json<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
) -> Result<String, serde_json::Error> {
    let records: Vec<Record<'_>> = diagnostics.into_iter().map(|diagnostic| record(diagnostic, sources)).collect();
    serde_json::to_string_pretty(&records)
}

fn record<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Record<'a> {
    let place = diagnostic.span.and_then(|span| {
        let file = sources.file(span.source)?;
        let (start, end) = (file.place(span.start), file.place(span.end));
        Some(PlaceRecord {
            file: file.name(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            byte: span.start,
            end_byte: span.end,
        })
    });
    Record {
        code: diagnostic.code.id(),
        severity: diagnostic.severity.word(),
        message: &diagnostic.message,
        detail: diagnostic.detail.as_deref(),
        hint: diagnostic.hint.as_deref(),
        sqlstate: diagnostic.sqlstate.map(super::SqlState::as_str),
        place,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::diagnostic::{Span, SqlState, codes};

    #[test]
    fn the_place_is_resolved() {
        let mut sources = Sources::new();
        let id = sources.add("s.sql", "ü\nabc");
        let diagnostic =
            Diagnostic::error(codes::SYNTAX_ERROR, "no").at(Span::new(id, 4, 6)).with_sqlstate(SqlState::SYNTAX_ERROR);
        let json: serde_json::Value = serde_json::from_str(&to_json([&diagnostic], &sources).unwrap()).unwrap();
        assert_eq!(json[0]["code"], "PGS1001");
        assert_eq!(json[0]["sqlstate"], "42601");
        assert_eq!(json[0]["place"]["line"], 2);
        assert_eq!(json[0]["place"]["column"], 2);
        assert!(json[0].get("hint").is_none());
    }
}
