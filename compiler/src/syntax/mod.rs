//! Sources to raw statements: reads files and folders, carries out psql's includes, parses with Postgres's own
//! grammar, follows SET, and sorts out what is no part of a schema.
//!
//! | file | what it is for |
//! |---|---|
//! | `source` | the [`SourceReader`] through which all text comes; paths that cannot leave their root |
//! | `script` | files with their includes in the order of psql |
//! | `lex`, `split` | where strings, comments and statements end |
//! | `meta` | psql commands |
//! | `parse`, `locate` | raw trees, and the token at which a wrong statement goes wrong |
//! | `settings` | SET, and the settings carried with each statement |
//! | `classify`, `unmanaged`, `subject`, `sift` | what is handed on, noted, passed over or refused |
//!
//! The settings start anew with each file that is named or found in a folder, and go on through includes, as if psql ran
//! each named file in a session of its own.
//!
//! Refused: text that is not UTF-8, psql variables and conditions, statements on rows (unless they are to be skipped),
//! queries, DO blocks, statements on the cluster, settings that would change how the rest is read. Pure: the same texts
//! give the same result.

mod classify;
mod diagnose;
pub(crate) mod lex;
pub(crate) mod locate;
mod meta;
mod parse;
mod script;
mod settings;
mod sift;
mod source;
mod split;
mod statement;
mod subject;
#[cfg(test)]
mod tests;
mod unmanaged;

pub use self::script::{MAX_DEPTH, MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES};
pub use self::settings::Settings;
pub use self::source::{Entry, MemoryReader, PathError, ReadError, Root, SourcePath, SourceReader};
pub use self::statement::Statement;
pub use self::unmanaged::UnmanagedKind;

use std::collections::BTreeMap;
use std::thread::Scope;

use pgseal_catalog::Digest;

use self::parse::ParsedRuns;
use crate::diagnostic::{Diagnostics, Sources};

/// What to do with statements on rows, queries and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowStatements {
    /// They are errors.
    #[default]
    Refuse,
    /// They are passed over with a note.
    Skip,
}

/// How schema text is read.
#[derive(Debug, Clone, Default)]
pub struct SyntaxOptions {
    /// What to do with statements on rows, queries and code.
    pub row_statements: RowStatements,
    /// The settings at the start of each file.
    pub settings: Settings,
}

/// A statement about something that is not managed yet.
#[derive(Debug, Clone)]
pub struct Unmanaged {
    /// What it is about.
    pub kind: UnmanagedKind,
    /// The statement.
    pub statement: Statement,
}

/// Schema text as statements.
#[derive(Debug, Clone, Default)]
pub struct SchemaText {
    /// The texts, for diagnostics.
    pub sources: Sources,
    /// SHA-256 of each file's bytes, by its path below the folder of the first argument: what a plan says it was made
    /// from.
    pub digests: BTreeMap<String, Digest>,
    /// The statements that make up the schema, in the order in which psql would run them.
    pub statements: Vec<Statement>,
    /// The statements that are noted only, in the same order.
    pub unmanaged: Vec<Unmanaged>,
    /// What there is to say. With an error among them the statements are incomplete.
    pub diagnostics: Diagnostics,
}

/// Reads the files and folders that the arguments name, in their order.
#[must_use]
pub fn read_schema(reader: &dyn SourceReader, arguments: &[&str], options: &SyntaxOptions) -> SchemaText {
    let files = SchemaFiles::read(reader, arguments);
    let sifted =
        std::thread::scope(|scope| files.parse(pgseal_catalog::processors(), scope).sift(options, |_| Vec::new()));
    files.into_text(sifted)
}

/// The files of a schema, not parsed yet.
#[derive(Debug)]
pub struct SchemaFiles(script::Scripts);

impl SchemaFiles {
    /// Reads the files and folders that the arguments name, with what they include.
    #[must_use]
    pub fn read(reader: &dyn SourceReader, arguments: &[&str]) -> Self {
        Self(script::read_scripts(reader, arguments))
    }

    /// See [`SchemaText::digests`].
    #[must_use]
    pub fn digests(&self) -> &BTreeMap<String, Digest> {
        &self.0.digests
    }

    /// Starts to parse on a number of threads of the scope, which end when the result is dropped.
    pub fn parse<'scope>(&'scope self, threads: usize, scope: &'scope Scope<'scope, '_>) -> Parsing<'scope> {
        Parsing { files: &self.0, runs: ParsedRuns::start(&self.0.runs, threads, scope) }
    }

    /// The files with what came of them.
    #[must_use]
    pub fn into_text(self, sifted: SiftedStatements) -> SchemaText {
        let (scripts, sifted) = (self.0, sifted.0);
        let mut diagnostics = scripts.diagnostics;
        diagnostics.append(sifted.diagnostics);
        SchemaText {
            sources: scripts.sources,
            digests: scripts.digests,
            statements: sifted.statements,
            unmanaged: sifted.unmanaged,
            diagnostics: diagnostics.sorted(),
        }
    }
}

/// A schema that is being parsed.
#[derive(Debug)]
pub struct Parsing<'a> {
    files: &'a script::Scripts,
    runs: ParsedRuns<'a>,
}

impl Parsing<'_> {
    /// Follows the settings, and sorts out what is no part of a schema. `each` is shown the statements of the schema from the
    /// first on, more each time, while others are still being parsed; no longer once there is an error. It returns the
    /// numbers of those whose trees are done with.
    #[must_use]
    pub fn sift(self, options: &SyntaxOptions, mut each: impl FnMut(&[Statement]) -> Vec<usize>) -> SiftedStatements {
        let readable = !self.files.diagnostics.has_errors();
        SiftedStatements(sift::sift(&self.files.sources, self.runs, options, |statements| match readable {
            true => each(statements),
            false => Vec::new(),
        }))
    }
}

/// The statements of a schema, sorted out.
#[derive(Debug)]
pub struct SiftedStatements(sift::Sifted);

impl SiftedStatements {
    /// The statements that make up the schema.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.0.statements
    }

    /// Whether it would have taken all trees to the end to sort them out: a statement that came later made something that is
    /// noted only, and so is what is done to it.
    #[must_use]
    pub fn need_all_trees(&self) -> bool {
        self.0.need_all_trees
    }
}

/// Reads one text, as `name`.
#[must_use]
pub fn read_text(name: &str, text: &str, options: &SyntaxOptions) -> SchemaText {
    read_schema(&MemoryReader::new().with(name, text), &[name], options)
}
