//! What every stage of the compiler says to the user: errors, warnings and notes with a stable code and a place.
//!
//! Owns [`Diagnostic`], the list [`Diagnostics`] that a stage fills, the texts they point into ([`Sources`], [`Span`])
//! and both renderings: [`render`] for people, [`json`] for programs. The catalogue of codes is [`codes`].
//!
//! Invariants: a code never changes its meaning and is never used twice; the order of printed diagnostics depends only
//! on what they say (file in reading order, then place, then code), never on the order in which stages found them.
//!
//! The voice is Postgres's: the message is one line that starts in lower case, with names in double quotes; the detail
//! states facts; the hint says what to do.

pub mod codes;
pub mod json;
pub mod render;
mod source;

use std::fmt;

pub use self::codes::Code;
pub use self::source::{Place, SourceFile, SourceId, Sources, Span};

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The input is refused.
    Error,
    /// The input is accepted, but is probably not what was meant.
    Warning,
    /// A fact worth knowing.
    Note,
}

impl Severity {
    /// The word printed in front of the code.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The five characters with which a server would have reported the same error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SqlState(&'static str);

impl SqlState {
    /// `syntax_error`.
    pub const SYNTAX_ERROR: SqlState = SqlState("42601");
    /// `feature_not_supported`.
    pub const FEATURE_NOT_SUPPORTED: SqlState = SqlState("0A000");
    /// `undefined_table`.
    pub const UNDEFINED_TABLE: SqlState = SqlState("42P01");
    /// `undefined_column`.
    pub const UNDEFINED_COLUMN: SqlState = SqlState("42703");
    /// `undefined_function` (operators too).
    pub const UNDEFINED_FUNCTION: SqlState = SqlState("42883");
    /// `undefined_object`.
    pub const UNDEFINED_OBJECT: SqlState = SqlState("42704");
    /// `invalid_schema_name`.
    pub const INVALID_SCHEMA_NAME: SqlState = SqlState("3F000");
    /// `duplicate_table`.
    pub const DUPLICATE_TABLE: SqlState = SqlState("42P07");
    /// `duplicate_column`.
    pub const DUPLICATE_COLUMN: SqlState = SqlState("42701");
    /// `duplicate_object`.
    pub const DUPLICATE_OBJECT: SqlState = SqlState("42710");
    /// `duplicate_schema`.
    pub const DUPLICATE_SCHEMA: SqlState = SqlState("42P06");
    /// `duplicate_function`.
    pub const DUPLICATE_FUNCTION: SqlState = SqlState("42723");
    /// `ambiguous_column`.
    pub const AMBIGUOUS_COLUMN: SqlState = SqlState("42702");
    /// `ambiguous_function` (operators too).
    pub const AMBIGUOUS_FUNCTION: SqlState = SqlState("42725");
    /// `datatype_mismatch`.
    pub const DATATYPE_MISMATCH: SqlState = SqlState("42804");
    /// `indeterminate_datatype`.
    pub const INDETERMINATE_DATATYPE: SqlState = SqlState("42P18");
    /// `cannot_coerce`.
    pub const CANNOT_COERCE: SqlState = SqlState("42846");
    /// `wrong_object_type`.
    pub const WRONG_OBJECT_TYPE: SqlState = SqlState("42809");
    /// `invalid_table_definition`.
    pub const INVALID_TABLE_DEFINITION: SqlState = SqlState("42P16");
    /// `invalid_object_definition`.
    pub const INVALID_OBJECT_DEFINITION: SqlState = SqlState("42P17");
    /// `invalid_column_reference`.
    pub const INVALID_COLUMN_REFERENCE: SqlState = SqlState("42P10");
    /// `invalid_foreign_key`.
    pub const INVALID_FOREIGN_KEY: SqlState = SqlState("42830");
    /// `invalid_text_representation`.
    pub const INVALID_TEXT_REPRESENTATION: SqlState = SqlState("22P02");
    /// `invalid_parameter_value`.
    pub const INVALID_PARAMETER_VALUE: SqlState = SqlState("22023");
    /// `dependent_objects_still_exist`.
    pub const DEPENDENT_OBJECTS_STILL_EXIST: SqlState = SqlState("2BP01");
    /// `character_not_in_repertoire`.
    pub const CHARACTER_NOT_IN_REPERTOIRE: SqlState = SqlState("22021");
    /// `statement_too_complex`.
    pub const STATEMENT_TOO_COMPLEX: SqlState = SqlState("54001");

    /// Takes any other SQLSTATE as the server writes it.
    #[must_use]
    pub const fn new(code: &'static str) -> SqlState {
        SqlState(code)
    }

    /// The five characters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// One thing said about the input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Diagnostic {
    /// The stable code, `PGS1001`.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// One line in lower case.
    pub message: String,
    /// Facts behind the message.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The text it is about.
    pub span: Option<Span>,
    /// What a server would have reported.
    pub sqlstate: Option<SqlState>,
}

impl Diagnostic {
    /// Starts an error.
    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, message)
    }

    /// Starts a warning.
    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, message)
    }

    /// Starts a note.
    pub fn note(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Note, code, message)
    }

    fn new(severity: Severity, code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, severity, message: message.into(), detail: None, hint: None, span: None, sqlstate: None }
    }

    /// Adds the place.
    pub fn at(mut self, span: Span) -> Diagnostic {
        self.span = Some(span);
        self
    }

    /// Adds the place where there is one.
    pub fn at_opt(mut self, span: Option<Span>) -> Diagnostic {
        self.span = span;
        self
    }

    /// Adds the detail.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Diagnostic {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the hint.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the SQLSTATE.
    pub fn with_sqlstate(mut self, sqlstate: SqlState) -> Diagnostic {
        self.sqlstate = Some(sqlstate);
        self
    }

    /// Tells whether the input is refused.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    fn sort_key(&self) -> (bool, Option<Span>, Severity, &'static str, &str) {
        (self.span.is_none(), self.span, self.severity, self.code.id(), &self.message)
    }
}

/// The diagnostics of a run, in the order of their places once [`Diagnostics::sorted`] has been called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// An empty list.
    #[must_use]
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds all of another list.
    pub fn append(&mut self, mut other: Diagnostics) {
        self.list.append(&mut other.list);
    }

    /// Tells whether the input is refused.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// How many of a severity there are.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|d| d.severity == severity).count()
    }

    /// Puts the list in the order of places (those without a place last) and drops exact repetitions.
    #[must_use]
    pub fn sorted(mut self) -> Diagnostics {
        self.list.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        self.list.dedup();
        self
    }

    /// Tells whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The number of diagnostics.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The diagnostics, one after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, iter: I) {
        self.list.extend(iter);
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Diagnostics {
        Diagnostics { list: iter.into_iter().collect() }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Diagnostics {
        Diagnostics { list: vec![diagnostic] }
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}
