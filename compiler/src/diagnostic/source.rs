//! The texts that diagnostics point into, and places in them.
//!
//! Offsets are bytes of the UTF-8 text as it was read (a byte order mark already removed). A file is at most 4 GiB by
//! construction, so an offset is a `u32`.

use std::sync::Arc;

use unicode_width::UnicodeWidthChar;

/// Columns to the next tab stop are counted in steps of this many.
pub(super) const TAB_STOP: usize = 8;

/// One file of a [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A run of bytes in one file: from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte; equal to `start` for a point.
    pub end: u32,
}

impl Span {
    /// The bytes from `start` up to `end` of a file.
    #[must_use]
    pub fn new(source: SourceId, start: u32, end: u32) -> Span {
        Span { source, start, end: end.max(start) }
    }

    /// The place just before a byte.
    #[must_use]
    pub fn point(source: SourceId, at: u32) -> Span {
        Span { source, start: at, end: at }
    }
}

/// A place as people count: from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line (characters, not bytes).
    pub column: usize,
}

/// One file that was read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    name: String,
    text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    /// The name as the user would write it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole text, shared.
    #[must_use]
    pub fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// The line and column of a byte.
    #[must_use]
    pub fn place(&self, offset: u32) -> Place {
        let line = self.line_of(offset);
        let start = self.line_starts.get(line).copied().unwrap_or(0);
        let before = self.slice(start, offset);
        Place { line: line + 1, column: before.chars().count() + 1 }
    }

    /// The text of a line (from one) without its line end.
    #[must_use]
    pub fn line_text(&self, line: usize) -> &str {
        let index = line.saturating_sub(1);
        let Some(start) = self.line_starts.get(index).copied() else {
            return "";
        };
        let end = self.line_starts.get(index + 1).copied().unwrap_or(self.len());
        self.slice(start, end).trim_end_matches(['\n', '\r'])
    }

    /// The text between two bytes; widened to whole characters, empty where the range is outside of the text.
    #[must_use]
    pub fn slice(&self, start: u32, end: u32) -> &str {
        let mut from = (start as usize).min(self.text.len());
        let mut to = (end as usize).clamp(from, self.text.len());
        while from > 0 && !self.text.is_char_boundary(from) {
            from -= 1;
        }
        while to < self.text.len() && !self.text.is_char_boundary(to) {
            to += 1;
        }
        self.text.get(from..to).unwrap_or("")
    }

    fn line_of(&self, offset: u32) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    fn len(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }
}

/// All the files of a run, in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// No files.
    #[must_use]
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Adds a file.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.bytes().zip(1u32..).filter(|(byte, _)| *byte == b'\n').map(|(_, next)| next))
            .collect();
        self.files.push(SourceFile { name: name.into(), text, line_starts });
        id
    }

    /// A file that was added.
    #[must_use]
    pub fn file(&self, id: SourceId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The text of a span.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.file(span.source).map_or("", |file| file.slice(span.start, span.end))
    }

    /// The files in reading order.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        (0u32..).map(SourceId).zip(self.files.iter())
    }
}

/// How many terminal cells a character takes when it starts in column `at` (from zero).
pub(super) fn cells(character: char, at: usize) -> usize {
    match character {
        '\t' => TAB_STOP - at % TAB_STOP,
        other => other.width().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn places_count_characters_and_survive_odd_line_ends() {
        let mut sources = Sources::new();
        let id = sources.add("a.sql", "ab\r\nü日x\n\nlast");
        let file = sources.file(id).unwrap();
        assert_eq!(file.place(0), Place { line: 1, column: 1 });
        assert_eq!(file.place(4), Place { line: 2, column: 1 });
        assert_eq!(file.place(9), Place { line: 2, column: 3 });
        assert_eq!(file.place(11), Place { line: 3, column: 1 });
        assert_eq!(file.place(16), Place { line: 4, column: 5 });
        assert_eq!(file.line_text(1), "ab");
        assert_eq!(file.line_text(2), "ü日x");
        assert_eq!(file.line_text(4), "last");
        assert_eq!(file.line_text(9), "");
        assert_eq!(file.slice(5, 6), "ü");
        assert_eq!(file.slice(90, 99), "");
    }
}
