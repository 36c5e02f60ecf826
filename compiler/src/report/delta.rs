//! Differences on a terminal: by object, property by property.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use pgseal_catalog::FactId;
use serde_json::Value;

use super::one_line;
use super::quantity::count;
use crate::diagnostic::render::Colour;
use crate::diff::Delta;

/// Values longer than this many characters are cut.
const MAX_VALUE: usize = 200;

/// Writes the differences, ending in a line feed.
#[must_use]
pub fn render(deltas: &[Delta], colour: Colour) -> String {
    if deltas.is_empty() {
        return "No differences.\n".to_owned();
    }
    let mut out = String::new();
    let mut objects: BTreeMap<FactId, Vec<&Delta>> = BTreeMap::new();
    for delta in deltas {
        objects.entry(delta.id().object()).or_default().push(delta);
    }
    for (object, mut deltas) in objects {
        // what happens to the object itself comes first
        deltas.sort_by_key(|delta| *delta.id() != object);
        if deltas.first().is_some_and(|delta| *delta.id() != object) {
            let title = paint(colour, Style::new().bold(), &one_line(&object.in_words()));
            let _ = writeln!(out, "  {title}");
        }
        for delta in deltas {
            write_delta(&mut out, delta, if *delta.id() == object { "" } else { "  " }, colour);
        }
        out.push('\n');
    }
    let number = |wanted: fn(&Delta) -> bool| deltas.iter().filter(|delta| wanted(delta)).count();
    let _ = writeln!(
        out,
        "{}: {} added, {} removed, {} changed.",
        count(deltas.len(), "difference"),
        number(|delta| matches!(delta, Delta::Added(_))),
        number(|delta| matches!(delta, Delta::Removed(_))),
        number(|delta| matches!(delta, Delta::Changed { .. })),
    );
    out
}

fn write_delta(out: &mut String, delta: &Delta, margin: &str, colour: Colour) {
    let (mark, paint_with) = match delta {
        Delta::Added(_) => ("+", AnsiColor::Green),
        Delta::Removed(_) => ("-", AnsiColor::Red),
        Delta::Changed { .. } => ("~", AnsiColor::Yellow),
    };
    let style = Style::new().bold().fg_color(Some(paint_with.into()));
    let line = paint(colour, style, &format!("{mark} {}", one_line(&delta.id().in_words())));
    let _ = writeln!(out, "{margin}{line}");
    if let Delta::Changed { properties, .. } = delta {
        for property in properties {
            let path = if property.path.is_empty() { "value" } else { &property.path };
            let _ = writeln!(out, "{margin}    {path}: {} -> {}", shown(&property.from), shown(&property.to));
        }
    }
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => one_line(text),
        other => one_line(&other.to_string()),
    };
    match text.char_indices().nth(MAX_VALUE) {
        Some((at, _)) => format!("{} ...", text.get(..at).unwrap_or("")),
        None => text,
    }
}

fn paint(colour: Colour, style: Style, text: &str) -> String {
    match colour {
        Colour::Never => text.to_owned(),
        Colour::Always => format!("{style}{text}{style:#}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::diff::Property;

    fn id(text: &str) -> FactId {
        text.parse().unwrap()
    }

    #[test]
    fn differences_are_grouped_by_object() {
        let deltas = [
            Delta::Removed(id("sequence:app.s")),
            Delta::Added(id("table:app.t")),
            Delta::Added(id("column:app.t.a")),
            Delta::Changed {
                id: id("column:app.u.b"),
                properties: vec![Property {
                    path: "type".to_owned(),
                    from: Value::String("integer".to_owned()),
                    to: Value::Null,
                }],
            },
        ];
        let expected = "\
- sequence app.s

+ table app.t
  + column app.t.a

  table app.u
  ~ column app.u.b
      type: integer -> none

4 differences: 2 added, 1 removed, 1 changed.
";
        assert_eq!(render(&deltas, Colour::Never), expected);
        assert_eq!(render(&[], Colour::Never), "No differences.\n");
    }

    #[test]
    fn long_values_are_cut_on_characters() {
        assert_eq!(shown(&Value::String("é".repeat(500))).chars().count(), MAX_VALUE + 4);
    }
}
