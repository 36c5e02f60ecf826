//! From pieces of a script to raw trees, by Postgres's own grammar.
//!
//! In the good case the text goes through the parser exactly once, in runs of statements; runs of a large file are
//! parsed on several threads while what came first is worked on, and the result does not depend on how many. Only when a run is refused are its statements
//! parsed one by one, so that every wrong one is reported in one go.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::Scope;

use pg_query::NodeEnum;

use super::lex::TokenKind;
use super::locate::locate;
use super::split::{Piece, StatementPiece, split};
use super::statement::{RawStatement, span};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceId, SqlState, codes};
use crate::grammar::{GrammarError, parse};
use crate::stack;

/// Statements are handed to the parser in runs of about this many bytes: few enough that what is left to elaborate when the last
/// run is parsed is little.
const RUN_BYTES: usize = 16 * 1024;

/// After this many wrong statements in one file the rest is not examined.
const MAX_ERRORS: usize = 50;

/// Neighbouring statements of a file that are parsed in one call.
#[derive(Debug)]
pub(super) struct Run {
    /// Which script it is part of: those with the same number share their settings, as one run of psql would have it.
    pub(super) script: usize,
    /// The file.
    pub(super) source: SourceId,
    text: Arc<str>,
    range: Range<usize>,
    statements: Vec<StatementPiece>,
}

/// Cuts neighbouring statements of a file into runs.
pub(super) fn runs(script: usize, source: SourceId, text: &Arc<str>, pieces: &[Piece]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for piece in pieces {
        let Piece::Statement(statement) = piece else { continue };
        match runs.last_mut() {
            Some(run) if statement.range.end - run.range.start <= RUN_BYTES => {
                run.range.end = statement.range.end;
                run.statements.push(statement.clone());
            }
            _ => runs.push(Run {
                script,
                source,
                text: Arc::clone(text),
                range: statement.range.clone(),
                statements: vec![statement.clone()],
            }),
        }
    }
    runs
}

/// The runs of a schema in their order, while threads are parsing those that come later.
#[derive(Debug)]
pub(super) struct ParsedRuns<'a> {
    runs: &'a [Run],
    next: usize,
    parsed: Receiver<(usize, Trees)>,
    /// What came before its turn.
    early: BTreeMap<usize, Trees>,
    spent: Arc<Mutex<Vec<NodeEnum>>>,
    /// How many statements of a file were wrong.
    wrong: BTreeMap<SourceId, usize>,
}

/// The statements of a run; none when one of them is refused.
type Trees = Option<Vec<RawStatement>>;

/// So many runs may be parsed and not worked on yet: trees take a hundred times the memory of their text.
const AHEAD: usize = 4;

impl<'a> ParsedRuns<'a> {
    /// Starts to parse on a number of threads, but not on more than are useful.
    pub(super) fn start<'scope>(runs: &'a [Run], threads: usize, scope: &'scope Scope<'scope, '_>) -> Self
    where
        'a: 'scope,
    {
        let threads = if runs.len() < 2 { 0 } else { threads.min(runs.len()) };
        let (sender, parsed) = sync_channel(AHEAD);
        let claimed = Arc::new(AtomicUsize::new(0));
        let spent = Arc::new(Mutex::new(Vec::new()));
        for _ in 0..threads {
            let (sender, claimed, spent) = (sender.clone(), Arc::clone(&claimed), Arc::clone(&spent));
            let work = move || {
                while let index = claimed.fetch_add(1, Ordering::Relaxed)
                    && let Some(run) = runs.get(index)
                    && sender.send((index, run.parse())).is_ok()
                {
                    // their memory serves the next run
                    drop(spent.lock().map(|mut spent| std::mem::take(&mut *spent)));
                }
            };
            // what no thread does is done by whoever asks for it
            if stack::spawn(scope, work).is_err() {
                break;
            }
        }
        Self { runs, next: 0, parsed, early: BTreeMap::new(), spent, wrong: BTreeMap::new() }
    }

    /// Leaves trees that are done with to the threads that made them.
    pub(super) fn give_back(&self, trees: Vec<NodeEnum>) {
        if let Ok(mut spent) = self.spent.lock() {
            spent.extend(trees);
        }
    }

    /// The next run with its statements, and what is wrong with them.
    pub(super) fn next(&mut self) -> Option<(&'a Run, Vec<RawStatement>, Diagnostics)> {
        let run = self.runs.get(self.next)?;
        let trees = loop {
            if let Some(trees) = self.early.remove(&self.next) {
                break trees;
            }
            match self.parsed.recv() {
                Ok((index, trees)) => self.early.insert(index, trees),
                // no thread is left, though not all is done: one that panicked is heard of here
                Err(_) => break run.parse(),
            };
        };
        self.next += 1;
        let mut diagnostics = Diagnostics::new();
        let statements = match trees {
            Some(statements) => statements,
            None => {
                let wrong = self.wrong.entry(run.source).or_insert(0);
                let statements = run.parse_apart(MAX_ERRORS.saturating_sub(*wrong), &mut diagnostics);
                let before = std::mem::replace(wrong, *wrong + diagnostics.len());
                if before < MAX_ERRORS && *wrong >= MAX_ERRORS {
                    let message = "too many errors: the rest of the file was not examined";
                    diagnostics.push(Diagnostic::note(codes::SYNTAX_ERROR, message));
                }
                statements
            }
        };
        Some((run, statements, diagnostics))
    }
}

impl Run {
    fn parse(&self) -> Trees {
        let parsed = parse(self.text.get(self.range.clone())?).ok()?;
        // the parser and the splitter must agree on what a statement is
        if parsed.protobuf.stmts.len() != self.statements.len() {
            return None;
        }
        let location_base = u32::try_from(self.range.start).ok()?;
        let nodes = parsed.protobuf.stmts.into_iter().map(|raw| raw.stmt.and_then(|statement| statement.node));
        nodes
            .zip(&self.statements)
            .map(|(node, piece)| node.map(|node| RawStatement { node, range: piece.range.clone(), location_base }))
            .collect()
    }

    /// Parses one statement after the other, to say what is wrong with each, up to a number of errors.
    fn parse_apart(&self, errors: usize, diagnostics: &mut Diagnostics) -> Vec<RawStatement> {
        let mut statements = Vec::new();
        for piece in &self.statements {
            if diagnostics.len() >= errors {
                break;
            }
            parse_alone(&self.text, self.source, piece.clone(), errors, &mut statements, diagnostics);
        }
        statements
    }
}

/// Parses one statement; after an error at a place where a semicolon follows, goes on behind that.
fn parse_alone(
    text: &str,
    source: SourceId,
    piece: StatementPiece,
    errors: usize,
    statements: &mut Vec<RawStatement>,
    diagnostics: &mut Diagnostics,
) {
    let mut waiting = vec![piece];
    while let Some(piece) = waiting.pop() {
        let range = piece.range.clone();
        let Some(own) = text.get(range.clone()) else { return };
        let error = match parse(own) {
            Ok(parsed) => match only_node(parsed) {
                Ok(node) => {
                    let location_base = u32::try_from(range.start).unwrap_or(u32::MAX);
                    statements.push(RawStatement { node, range, location_base });
                    continue;
                }
                Err(message) => Diagnostic::error(codes::INTERNAL, message).at(span(source, range.clone())),
            },
            Err(error) => refusal(source, own, range.start, error),
        };
        let at = error.span.map_or(range.end, |span| span.start as usize);
        diagnostics.push(error);
        if !piece.atomic && diagnostics.len() < errors {
            waiting.extend(rest_behind(text, at, range.end).into_iter().rev());
        }
    }
}

fn only_node(parsed: pg_query::ParseResult) -> Result<NodeEnum, String> {
    let mut raw = parsed.protobuf.stmts.into_iter();
    match (raw.next().and_then(|raw| raw.stmt).and_then(|statement| statement.node), raw.next()) {
        (Some(node), None) => Ok(node),
        _ => Err("the parser and the splitter disagree on where a statement ends".to_owned()),
    }
}

/// What is left of a wrong statement behind the next semicolon: an unclosed parenthesis must not hide it.
fn rest_behind(text: &str, at: usize, end: usize) -> Vec<StatementPiece> {
    let Some(head) = text.get(..end) else { return Vec::new() };
    let semicolon = super::lex::Lexer::starting_at(head, at).find(|token| token.kind == TokenKind::Semicolon);
    let Some(semicolon) = semicolon else { return Vec::new() };
    split(text, semicolon.end..end)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Statement(piece) => Some(piece),
            Piece::Meta { .. } | Piece::CopyBlock(_) | Piece::Unterminated { .. } => None,
        })
        .collect()
}

fn refusal(source: SourceId, text: &str, base: usize, error: GrammarError) -> Diagnostic {
    let whole = base..base + text.len();
    let message = match error {
        GrammarError::Refused(message) => message,
        GrammarError::TooDeep => return too_deep().at(span(source, first_line(text, base))),
    };
    let place = locate(text, &message);
    let marked = text.get(place.clone()).unwrap_or("");
    let place = span(source, base + place.start..base + place.end);
    if whole.is_empty() {
        return Diagnostic::error(codes::SYNTAX_ERROR, message).at(place);
    }
    if marked.starts_with(':') && message.contains("at or near \":\"") {
        return Diagnostic::error(codes::PSQL_VARIABLE, "psql variables are not expanded")
            .at(place)
            .with_detail(message)
            .with_hint("write the value in full")
            .with_sqlstate(SqlState::SYNTAX_ERROR);
    }
    Diagnostic::error(codes::SYNTAX_ERROR, message).at(place).with_sqlstate(SqlState::SYNTAX_ERROR)
}

fn first_line(text: &str, base: usize) -> Range<usize> {
    base..base + text.find('\n').unwrap_or(text.len())
}

fn too_deep() -> Diagnostic {
    Diagnostic::error(codes::TOO_DEEP, "the statement is nested too deeply")
        .with_detail(
            "A chain like a || b || c counts one level for each operator, as every call, subquery and CASE does.",
        )
        .with_hint("split the expression, or move a part of it into a function")
        .with_sqlstate(SqlState::STATEMENT_TOO_COMPLEX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::diagnostic::Sources;

    fn parsed(text: &str) -> (Vec<RawStatement>, Vec<(String, String)>) {
        let mut sources = Sources::new();
        let id = sources.add("s.sql", text);
        let runs = runs(0, id, &text.into(), &split(text, 0..text.len()));
        let (mut statements, mut diagnostics) = (Vec::new(), Diagnostics::new());
        std::thread::scope(|scope| {
            let mut parsed = ParsedRuns::start(&runs, 2, scope);
            while let Some((_, of_run, said)) = parsed.next() {
                statements.extend(of_run);
                diagnostics.append(said);
            }
        });
        let said = diagnostics
            .sorted()
            .into_iter()
            .map(|d| (d.code.id().to_owned(), d.span.map_or(String::new(), |span| sources.text(span).to_owned())))
            .collect();
        (statements, said)
    }

    #[test]
    fn every_wrong_statement_is_reported_at_its_token() {
        let (statements, said) =
            parsed("create table a (x int);\ncreate tabel b ();\nselect 1;\ncreate table c (x int,);\n");
        assert_eq!(statements.len(), 2);
        assert_eq!(said, [("PGS1001".into(), "tabel".into()), ("PGS1001".into(), ")".into())]);
    }

    #[test]
    fn an_unclosed_parenthesis_hides_nothing() {
        let (statements, said) = parsed("create table a (x int;\ncreate table b (y int);\ncreate tabel c ();");
        assert_eq!(statements.len(), 1);
        assert_eq!(said, [("PGS1001".into(), ";".into()), ("PGS1001".into(), "tabel".into())]);
    }

    #[test]
    fn psql_variables_have_a_code_of_their_own() {
        let (_, said) = parsed("create schema :name; comment on schema a is :'text'");
        assert_eq!(said, [("PGS1006".into(), ":".into()), ("PGS1006".into(), ":".into())]);
    }

    #[test]
    fn deep_nesting_is_refused() {
        for (text, at) in [
            (format!("{}1{}", "f(".repeat(6000), ")".repeat(6000)), 6000),
            (format!("{}1", "1 + ".repeat(20_000)), 20_000),
            (format!("1{}", " union select 1".repeat(20_000)), 20_000),
        ] {
            let text = format!("select 1; select\n{text}; select 2");
            let (statements, said) = parsed(&text);
            assert_eq!(statements.len(), 2, "{at}");
            assert_eq!(said, [("PGS1005".to_owned(), "select".to_owned())], "{at}");
        }
    }

    #[test]
    fn a_thousand_levels_are_not_too_deep() {
        let said = stack::on_large(|| {
            [
                format!("create table t (a text default {}'x')", "'x' || ".repeat(1000)),
                format!("create table t (a int check ({}1{} > 0))", "(".repeat(400), ")".repeat(400)),
                format!("create table t (a int check ({}a > 0))", "a > 1 and ".repeat(2000)),
                format!("create table t (a text default {}'x'{})", "lower(".repeat(1000), ")".repeat(1000)),
                format!("create view v as select 1{}", " union select 1".repeat(1000)),
            ]
            .map(|text| parsed(&text).1)
        });
        assert!(said.is_ok_and(|said| said.iter().all(Vec::is_empty)));
    }

    #[test]
    fn runs_on_several_threads_keep_the_order() {
        let statement = |n: usize| format!("create table t{n} (a int, b text default '{}');\n", "x".repeat(200));
        let text: String = (0..3000).map(statement).collect();
        let source = Sources::new().add("s.sql", text.as_str());
        assert!(runs(0, source, &text.as_str().into(), &split(&text, 0..text.len())).len() > 3);
        let (statements, said) = parsed(&text);
        assert!(said.is_empty());
        for (n, raw) in statements.iter().enumerate() {
            let NodeEnum::CreateStmt(create) = &raw.node else { panic!("not a table") };
            let relation = create.relation.as_ref().unwrap();
            assert_eq!(relation.relname, format!("t{n}"));
            let at = raw.location_base as usize + usize::try_from(relation.location).unwrap();
            assert!(text[at..].starts_with(&format!("t{n} ")));
        }
    }

    #[test]
    fn the_number_of_errors_is_bounded() {
        let (_, said) = parsed(&"bad;".repeat(5000));
        assert_eq!(said.len(), MAX_ERRORS + 1);
    }
}
