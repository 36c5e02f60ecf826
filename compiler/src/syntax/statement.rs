//! One statement as it leaves the syntax stage.

use std::ops::Range;
use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::List;

use super::lex::Lexer;
use super::settings::Settings;
use crate::diagnostic::{SourceFile, SourceId, Span};

/// A statement of the schema: its raw tree, its place and the settings in force.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The raw tree; an empty list once it is done with. Locations in it are relative to the text that was parsed: see
    /// [`Statement::span_at`].
    pub node: NodeEnum,
    /// From the first token to the last, without the semicolon.
    pub span: Span,
    /// The settings with which the statement is read.
    pub settings: Arc<Settings>,
    /// What to add to a location in the tree to get a byte of the file.
    pub(super) location_base: u32,
    /// The text of the file.
    pub(super) text: Arc<str>,
}

impl Statement {
    /// The statement as the user wrote it, without the semicolon.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.get(self.range()).unwrap_or("")
    }

    /// Turns a location of the raw tree into the place of the token there; the whole statement where the parser knows
    /// none (-1).
    #[must_use]
    pub fn span_at(&self, location: i32) -> Span {
        let Some(start) = u32::try_from(location).ok().and_then(|at| at.checked_add(self.location_base)) else {
            return self.span;
        };
        if start < self.span.start || start > self.span.end {
            return self.span;
        }
        let start = start as usize;
        let token = match self.text.is_char_boundary(start) {
            true => Lexer::starting_at(&self.text, start).next(),
            false => None,
        };
        let end = token.filter(|token| token.start == start).map_or(start, |token| token.end);
        span(self.span.source, start..end)
    }

    /// The place of the token that starts at a byte of [`Statement::text`].
    #[must_use]
    pub fn span_within(&self, at: usize) -> Span {
        let start = (self.span.start as usize).saturating_add(at).min(self.span.end as usize);
        let token = match self.text.is_char_boundary(start) {
            true => Lexer::starting_at(&self.text, start).next(),
            false => None,
        };
        let end = token.filter(|token| token.start == start).map_or(start, |token| token.end);
        span(self.span.source, start..end.min(self.span.end as usize))
    }

    /// How far into the text that was parsed the statement starts, in bytes.
    #[must_use]
    pub fn offset_in_parsed(&self) -> usize {
        self.span.start.saturating_sub(self.location_base) as usize
    }

    /// The part of the statement on its first line: enough to point at a whole statement.
    #[must_use]
    pub fn first_line(&self) -> Span {
        let length = self.text().find(['\n', '\r']).unwrap_or(self.text().len());
        let start = self.span.start as usize;
        span(self.span.source, start..start + length)
    }

    /// Takes the tree out: what is left knows its text and its place.
    pub(super) fn take_tree(&mut self) -> NodeEnum {
        std::mem::replace(&mut self.node, NodeEnum::List(List::default()))
    }

    fn range(&self) -> Range<usize> {
        self.span.start as usize..self.span.end as usize
    }
}

/// A parsed statement before its settings are known.
#[derive(Debug)]
pub(super) struct RawStatement {
    pub(super) node: NodeEnum,
    pub(super) range: Range<usize>,
    pub(super) location_base: u32,
}

impl RawStatement {
    pub(super) fn place(self, source: SourceId, file: &SourceFile, settings: Arc<Settings>) -> Statement {
        Statement {
            node: self.node,
            span: span(source, self.range),
            settings,
            location_base: self.location_base,
            text: file.shared_text(),
        }
    }
}

/// A span from byte positions; files are limited so that these fit.
pub(super) fn span(source: SourceId, range: Range<usize>) -> Span {
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(source, narrow(range.start), narrow(range.end))
}
