//! Diagnostics for people: place, code, message, the line with a caret, detail and hint.
//!
//! Tabs are widened and wide characters counted, so that the caret stands under the character it means. Control
//! characters of the source are shown as a replacement mark: a schema file cannot drive the reader's terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::source::cells;
use super::{Diagnostic, Severity, SourceFile, Sources, Span};

/// Lines longer than this many cells are cut around the place.
const LINE_CELLS: usize = 160;

/// Whether escape sequences for colour are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI escape sequences.
    Always,
}

impl Colour {
    fn paint(self, style: Style, text: &str) -> String {
        match self {
            Colour::Never => text.to_owned(),
            Colour::Always => format!("{style}{text}{style:#}"),
        }
    }
}

/// Writes several diagnostics, set apart by blank lines.
#[must_use]
pub fn render_all<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
    colour: Colour,
) -> String {
    let mut out = String::new();
    let mut last = None;
    for diagnostic in diagnostics {
        // notes stay together
        let apart = last.is_some_and(|last| (last, diagnostic.severity) != (Severity::Note, Severity::Note));
        if apart {
            out.push('\n');
        }
        out.push_str(&render(diagnostic, sources, colour));
        last = Some(diagnostic.severity);
    }
    out
}

/// Writes one diagnostic, ending in a line feed.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &Sources, colour: Colour) -> String {
    let mut out = String::new();
    let located = diagnostic.span.and_then(|span| sources.file(span.source).map(|file| (file, span)));
    if let Some((file, span)) = located {
        let place = file.place(span.start);
        let name = visible(file.name());
        let _ =
            write!(out, "{}: ", colour.paint(Style::new().bold(), &format!("{name}:{}:{}", place.line, place.column)));
    }
    let head = format!("{}[{}]", diagnostic.severity, diagnostic.code);
    let _ = writeln!(
        out,
        "{}: {}",
        colour.paint(style_of(diagnostic.severity), &head),
        colour.paint(Style::new().bold(), &visible(&diagnostic.message))
    );
    // a note is read in passing: its place is enough
    if let Some((file, span)) = located
        && diagnostic.severity != Severity::Note
    {
        excerpt(&mut out, file, span, style_of(diagnostic.severity), colour);
    }
    if let Some(detail) = &diagnostic.detail {
        labelled(&mut out, "detail", detail, colour);
    }
    if let Some(hint) = &diagnostic.hint {
        labelled(&mut out, "hint", hint, colour);
    }
    out
}

fn style_of(severity: Severity) -> Style {
    let style = Style::new().bold();
    match severity {
        Severity::Error => style.fg_color(Some(AnsiColor::Red.into())),
        Severity::Warning => style.fg_color(Some(AnsiColor::Yellow.into())),
        Severity::Note => style.fg_color(Some(AnsiColor::Cyan.into())),
    }
}

fn labelled(out: &mut String, label: &str, text: &str, colour: Colour) {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or("");
    let _ = writeln!(out, "  {}: {}", colour.paint(Style::new().bold(), label), visible(first));
    for line in lines {
        let _ = writeln!(out, "  {:width$}  {}", "", visible(line), width = label.len());
    }
}

/// Writes the source line and the carets below it.
fn excerpt(out: &mut String, file: &SourceFile, span: Span, style: Style, colour: Colour) {
    let place = file.place(span.start);
    let text = file.line_text(place.line);
    let marked = file.slice(span.start, span.end);
    let marked = marked.split(['\n', '\r']).next().unwrap_or("").chars().count();
    let line = Layout::of(text, place.column - 1, marked);
    let number = place.line.to_string();
    let bar = colour.paint(Style::new().fg_color(Some(AnsiColor::Blue.into())), "|");
    let _ = writeln!(out, " {number} {bar} {}", line.shown);
    let _ = writeln!(
        out,
        " {:width$} {bar} {:indent$}{}",
        "",
        "",
        colour.paint(style, &"^".repeat(line.width)),
        width = number.len(),
        indent = line.indent
    );
}

/// A source line as it is shown, and where its marked part lies, in terminal cells.
struct Layout {
    shown: String,
    indent: usize,
    width: usize,
}

impl Layout {
    fn of(text: &str, first: usize, count: usize) -> Layout {
        let mut whole: Vec<(String, usize)> = Vec::new();
        let (mut at, mut indent, mut width) = (0, None, 0);
        for (index, character) in text.chars().enumerate() {
            if index == first {
                indent = Some(at);
            }
            let (shown, cells) = match character {
                '\t' => (" ".repeat(cells('\t', at)), cells('\t', at)),
                c if c.is_control() => ('\u{FFFD}'.to_string(), 1),
                c => (c.to_string(), cells(c, at)),
            };
            if index >= first && index < first + count {
                width += cells;
            }
            at += cells;
            whole.push((shown, cells));
        }
        let indent = indent.unwrap_or(at);
        Layout::cut(&whole, indent, width.max(1))
    }

    /// Drops what is far to the left and to the right of the mark.
    fn cut(whole: &[(String, usize)], indent: usize, width: usize) -> Layout {
        let total: usize = whole.iter().map(|(_, cells)| cells).sum();
        if total <= LINE_CELLS {
            let shown = whole.iter().map(|(text, _)| text.as_str()).collect();
            return Layout { shown, indent, width };
        }
        let from = indent.saturating_sub(LINE_CELLS / 2);
        let (mut shown, mut at, mut skipped, mut used) = (String::new(), 0, 0, 0);
        for (text, cells) in whole {
            if at < from {
                skipped += cells;
            } else if used + cells <= LINE_CELLS {
                shown.push_str(text);
                used += cells;
            } else {
                shown.push_str(" ...");
                break;
            }
            at += cells;
        }
        let lead = if skipped > 0 { "... " } else { "" };
        let indent = indent - skipped;
        Layout {
            shown: format!("{lead}{shown}"),
            indent: indent + lead.len(),
            width: width.min(LINE_CELLS.saturating_sub(indent)).max(1),
        }
    }
}

/// A text without anything that a terminal would act on.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Span, codes};

    fn shown(text: &str, start: u32, end: u32) -> String {
        let mut sources = Sources::new();
        let id = sources.add("s.sql", text);
        let diagnostic = Diagnostic::error(codes::SYNTAX_ERROR, "syntax error").at(Span::new(id, start, end));
        render(&diagnostic, &sources, Colour::Never)
    }

    #[test]
    fn the_caret_stands_under_the_token() {
        assert_eq!(
            shown("a;\ncreate tabel x;\n", 10, 15),
            "s.sql:2:8: error[PGS1001]: syntax error\n 2 | create tabel x;\n   |        ^^^^^\n"
        );
    }

    #[test]
    fn tabs_and_wide_characters_are_counted() {
        assert_eq!(
            shown("\t'日本' x", 10, 11),
            "s.sql:1:7: error[PGS1001]: syntax error\n 1 |         '日本' x\n   |                ^\n"
        );
    }

    #[test]
    fn a_place_at_the_end_has_a_caret() {
        assert!(shown("select", 6, 6).ends_with(" 1 | select\n   |       ^\n"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}BAD{}", "x ".repeat(500), " y".repeat(500));
        let out = shown(&text, 1000, 1003);
        let lines: Vec<_> = out.lines().collect();
        let caret = lines[2].find('^').unwrap_or(0);
        assert_eq!(lines[1].get(caret..caret + 3), Some("BAD"));
        assert!(lines[1].len() < 200);
    }

    #[test]
    fn notes_are_short() {
        let mut sources = Sources::new();
        let id = sources.add("s.sql", "create view v");
        let note = Diagnostic::note(codes::NOT_YET_MANAGED, "views").at(Span::new(id, 0, 6));
        let error = Diagnostic::error(codes::DML, "rows");
        assert_eq!(
            render_all([&note, &note, &error], &sources, Colour::Never),
            "s.sql:1:1: note[PGS1035]: views\ns.sql:1:1: note[PGS1035]: views\n\nerror[PGS1020]: rows\n"
        );
    }

    #[test]
    fn escape_sequences_of_the_source_are_not_passed_on() {
        assert!(!shown("a\u{1b}[31m", 0, 1).contains('\u{1b}'));
    }

    #[test]
    fn colour_is_written_when_asked() {
        let diagnostic = Diagnostic::warning(codes::NOT_YET_MANAGED, "x").with_hint("do\nthis");
        let out = render(&diagnostic, &Sources::new(), Colour::Always);
        assert!(out.contains("\u{1b}["));
        let plain = render(&diagnostic, &Sources::new(), Colour::Never);
        assert_eq!(plain, "warning[PGS1035]: x\n  hint: do\n        this\n");
    }
}
