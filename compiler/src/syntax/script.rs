//! Reads scripts with their includes, and cuts them into runs of statements for the parser.
//!
//! A folder that has a `main.sql` is read from there; any other folder is all its `*.sql` files, at any depth, in byte
//! order of their paths. Includes stay below the root, do not form cycles, and are bounded in depth, number and size.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::Digest;
use pgseal_catalog::canonical::{called, format_named};

use super::lex::Opened;
use super::meta::{MetaCommand, parse_meta};
use super::parse::{Run, runs};
use super::source::{Entry, PathError, ReadError, Root, SourcePath, SourceReader};
use super::split::{Piece, split};
use super::statement::span;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceId, Sources, Span, SqlState, codes};

/// A file may have this many bytes (64 MiB).
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;
/// All files together may have this many bytes (256 MiB).
pub const MAX_TOTAL_BYTES: usize = 256 * 1024 * 1024;
/// This many files may be read, each include counted.
pub const MAX_FILES: usize = 20_000;
/// Includes may be this deep.
pub const MAX_DEPTH: usize = 32;

/// The file that says what a folder holds.
const MAIN_FILE: &str = "main.sql";

/// Everything that was read.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    pub(super) sources: Sources,
    /// The statements in the order of psql.
    pub(super) runs: Vec<Run>,
    pub(super) digests: BTreeMap<String, Digest>,
    pub(super) diagnostics: Diagnostics,
}

/// Reads what the arguments name, in their order.
pub(super) fn read_scripts(reader: &dyn SourceReader, arguments: &[&str]) -> Scripts {
    let mut reading = Reading { reader, read: Scripts::default(), script: 0, files: 0, bytes: 0, first_prefix: None };
    for (number, argument) in (1..).zip(arguments) {
        match reader.open(argument, MAX_FILES) {
            Ok(root) => reading.argument(number, argument, &root),
            Err(error) => reading.read.diagnostics.push(unreadable(argument, &error)),
        }
    }
    if arguments.is_empty() {
        reading.read.diagnostics.push(Diagnostic::error(codes::NO_SOURCES, "no schema file was named"));
    }
    reading.read
}

struct Reading<'a> {
    reader: &'a dyn SourceReader,
    read: Scripts,
    /// How many scripts were begun.
    script: usize,
    files: usize,
    bytes: usize,
    /// What precedes the files of the first argument.
    first_prefix: Option<String>,
}

/// The files that led to the one being read, innermost last.
struct Trail<'a> {
    number: usize,
    argument: &'a str,
    root: &'a Root,
    open: Vec<SourcePath>,
    seen: BTreeSet<SourcePath>,
}

impl Reading<'_> {
    fn argument(&mut self, number: usize, argument: &str, root: &Root) {
        self.first_prefix.get_or_insert_with(|| root.prefix.clone());
        let mut trail = Trail { number, argument, root, open: Vec::new(), seen: BTreeSet::new() };
        match &root.entry {
            Entry::File(path) => self.script(&mut trail, Some(path)),
            Entry::Stream(_) => self.script(&mut trail, None),
            Entry::Folder(files) => self.folder(&mut trail, files),
        }
    }

    fn folder(&mut self, trail: &mut Trail<'_>, files: &[SourcePath]) {
        let mut files: Vec<&SourcePath> = files.iter().collect();
        files.sort_by(|a, b| a.as_str().as_bytes().cmp(b.as_str().as_bytes()));
        if files.is_empty() {
            let message = format!("there is no SQL file in \"{}\"", trail.argument);
            self.read.diagnostics.push(Diagnostic::error(codes::NO_SOURCES, message));
        }
        let Some(main) = files.iter().find(|path| path.as_str() == MAIN_FILE) else {
            for path in files {
                self.script(trail, Some(path));
            }
            return;
        };
        self.script(trail, Some(main));
        for path in files.iter().filter(|path| !trail.seen.contains(**path)) {
            let message = format!("\"{}{path}\" is not included by \"{MAIN_FILE}\"", trail.root.prefix);
            self.read.diagnostics.push(
                Diagnostic::warning(codes::NOT_INCLUDED, message)
                    .with_hint(format!("add \"\\ir {path}\" to \"{MAIN_FILE}\", or move the file out of the folder")),
            );
        }
    }

    fn script(&mut self, trail: &mut Trail<'_>, path: Option<&SourcePath>) {
        self.script += 1;
        self.file(trail, path, None);
    }

    /// Reads a file; `from` is the include that names it.
    fn file(&mut self, trail: &mut Trail<'_>, path: Option<&SourcePath>, from: Option<Span>) {
        let name = match (path, &trail.root.entry) {
            (Some(path), _) => format!("{}{path}", trail.root.prefix),
            (None, Entry::Stream(name)) => name.clone(),
            (None, Entry::File(_) | Entry::Folder(_)) => trail.argument.to_owned(),
        };
        if let Some(path) = path {
            trail.seen.insert(path.clone());
        }
        let Some(source) = self.text(trail, path, &name, from) else { return };
        let Some(file) = self.read.sources.file(source) else { return };
        let text = file.shared_text();
        let pieces = split(&text, 0..text.len());
        let mut pieces = pieces.as_slice();
        while let Some((first, rest)) = pieces.split_first() {
            match first {
                Piece::Statement(_) => {
                    let end = pieces.iter().position(|piece| !matches!(piece, Piece::Statement(_)));
                    let (statements, rest) = pieces.split_at(end.unwrap_or(pieces.len()));
                    self.read.runs.extend(runs(self.script, source, &text, statements));
                    pieces = rest;
                    continue;
                }
                Piece::CopyBlock(_) => {}
                Piece::Meta { range, inside_statement } => {
                    let place = span(source, range.clone());
                    let command = text.get(range.clone()).unwrap_or("");
                    self.meta(trail, path, command, place, *inside_statement);
                }
                Piece::Unterminated { range, opened } => {
                    self.read.diagnostics.push(unterminated(source, range.start, *opened))
                }
            }
            pieces = rest;
        }
    }

    fn meta(&mut self, trail: &mut Trail<'_>, path: Option<&SourcePath>, text: &str, place: Span, inside: bool) {
        if inside {
            self.read.diagnostics.push(
                Diagnostic::error(codes::META_COMMAND_INSIDE_STATEMENT, "a psql command in the middle of a statement")
                    .at(place)
                    .with_hint("end the statement with a semicolon"),
            );
            return;
        }
        let folder = path.map_or("", SourcePath::folder);
        match parse_meta(text) {
            MetaCommand::Ignored => {}
            MetaCommand::Refused { name, hint } => self.read.diagnostics.push(
                Diagnostic::error(codes::META_COMMAND, format!("psql command \"{name}\" is not supported"))
                    .at(place)
                    .with_hint(hint),
            ),
            MetaCommand::Include(written) => self.include(trail, path, "", &written, place),
            MetaCommand::IncludeRelative(written) => self.include(trail, path, folder, &written, place),
        }
    }

    fn include(&mut self, trail: &mut Trail<'_>, from: Option<&SourcePath>, folder: &str, written: &str, place: Span) {
        let Some(from) = from else {
            let message = "standard input cannot include files";
            return self.read.diagnostics.push(Diagnostic::error(codes::INCLUDE_OUTSIDE, message).at(place));
        };
        let path = match SourcePath::resolve(folder, written) {
            Ok(path) => path,
            Err(error) => return self.read.diagnostics.push(misplaced(written, error).at(place)),
        };
        trail.open.push(from.clone());
        if trail.open.contains(&path) {
            let message = format!("\"{written}\" includes itself");
            let steps: Vec<&str> = trail.open.iter().map(SourcePath::as_str).collect();
            self.read.diagnostics.push(
                Diagnostic::error(codes::INCLUDE_CYCLE, message)
                    .at(place)
                    .with_detail(format!("{} -> {path}", steps.join(" -> "))),
            );
        } else if trail.open.len() >= MAX_DEPTH {
            let message = format!("includes are more than {MAX_DEPTH} deep");
            self.read.diagnostics.push(Diagnostic::error(codes::INCLUDE_DEPTH, message).at(place));
        } else {
            self.file(trail, Some(&path), Some(place));
        }
        trail.open.pop();
    }

    /// The name of a file among the inputs of a plan: the same on every machine. Relative to the folder of the first
    /// argument; outside of it, below the number of its argument.
    fn input_name(&self, trail: &Trail<'_>, path: Option<&SourcePath>, name: &str) -> String {
        let below_first = self.first_prefix.as_deref().and_then(|prefix| name.strip_prefix(prefix));
        match (path, below_first) {
            (Some(_), Some(below)) if !below.starts_with('/') && !below.starts_with("..") => below.to_owned(),
            (Some(path), _) => format!("{}:{path}", trail.number),
            (None, _) => name.to_owned(),
        }
    }

    /// Reads and checks the text of a file.
    fn text(
        &mut self,
        trail: &Trail<'_>,
        path: Option<&SourcePath>,
        name: &str,
        from: Option<Span>,
    ) -> Option<SourceId> {
        self.files += 1;
        if self.files > MAX_FILES {
            // said once, however many includes are left
            if self.files == MAX_FILES + 1 {
                let message = format!("there are more than {MAX_FILES} schema files");
                self.read.diagnostics.push(Diagnostic::error(codes::SOURCE_TOO_LARGE, message).at_opt(from));
            }
            return None;
        }
        let left = MAX_TOTAL_BYTES.saturating_sub(self.bytes);
        let bytes = match self.reader.read(trail.argument, path, MAX_FILE_BYTES.min(left)) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.read.diagnostics.push(unreadable(name, &error).at_opt(from));
                return None;
            }
        };
        self.bytes += bytes.len();
        self.read.digests.insert(self.input_name(trail, path, name), Digest::of(&bytes));
        match decode(bytes) {
            // no SQL begins like that, and each word of it would be an error
            Ok(text) if text.trim_start().starts_with('{') => {
                let kind = format_named(text.as_bytes()).map(|format| format!("it is {}", called(&format)));
                let source = self.read.sources.add(name, text);
                let said = Diagnostic::error(codes::SYNTAX_ERROR, "the file holds JSON, not SQL")
                    .at(span(source, 0..1))
                    .with_hint("--schema names the SQL that the database should have");
                self.read.diagnostics.push(match kind {
                    Some(kind) => said.with_detail(kind),
                    None => said,
                });
            }
            Ok(text) => {
                let nul = text.find('\0');
                let source = self.read.sources.add(name, text);
                let Some(at) = nul else { return Some(source) };
                self.read.diagnostics.push(
                    Diagnostic::error(codes::NUL_BYTE, "the file holds a NUL byte")
                        .at(span(source, at..at + 1))
                        .with_hint("Postgres cannot store it: remove it, or convert the file to UTF-8")
                        .with_sqlstate(SqlState::CHARACTER_NOT_IN_REPERTOIRE),
                );
            }
            Err(NotUtf8 { readable, at, byte }) => {
                let source = self.read.sources.add(name, readable);
                self.read.diagnostics.push(
                    Diagnostic::error(codes::NOT_UTF8, "invalid byte sequence for encoding \"UTF8\"")
                        .at(span(source, at..at + 1))
                        .with_detail(format!("the byte is 0x{byte:02x}"))
                        .with_hint("convert the file to UTF-8")
                        .with_sqlstate(SqlState::CHARACTER_NOT_IN_REPERTOIRE),
                );
            }
        }
        None
    }
}

struct NotUtf8 {
    readable: String,
    at: usize,
    byte: u8,
}

fn decode(mut bytes: Vec<u8>) -> Result<String, NotUtf8> {
    // a byte order mark is no part of the text
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        NotUtf8 {
            at,
            byte: bytes.get(at).copied().unwrap_or(0),
            readable: String::from_utf8_lossy(&bytes).into_owned(),
        }
    })
}

fn unreadable(name: &str, error: &ReadError) -> Diagnostic {
    let code = match error {
        ReadError::Outside => codes::INCLUDE_OUTSIDE,
        ReadError::TooLarge { .. } | ReadError::TooMany { .. } => codes::SOURCE_TOO_LARGE,
        ReadError::NotFound | ReadError::Other(_) => codes::SOURCE_UNREADABLE,
    };
    Diagnostic::error(code, format!("cannot read \"{name}\"")).with_detail(error.to_string())
}

fn misplaced(written: &str, error: PathError) -> Diagnostic {
    Diagnostic::error(codes::INCLUDE_OUTSIDE, format!("cannot include \"{written}\""))
        .with_detail(error.to_string())
        .with_hint(
            "includes stay in the folder of the first file: \\ir is relative to the including file, \\i to that folder",
        )
}

fn unterminated(source: SourceId, at: usize, opened: Option<Opened>) -> Diagnostic {
    let message = opened.map_or("COPY data without its end mark \"\\.\"", Opened::message);
    Diagnostic::error(codes::UNTERMINATED, message).at(span(source, at..at + 1)).with_sqlstate(SqlState::SYNTAX_ERROR)
}
