//! From pieces of a script to raw trees, by Postgres's own grammar.
//!
//! In the good case the text goes through the parser exactly once, in runs of statements; runs of a large file are
//! parsed on several threads, and the result does not depend on how many. Only when a run is refused are its statements
//! parsed one by one, so that every wrong one is reported in one go.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use pg_query::NodeEnum;

use super::lex::TokenKind;
use super::locate::locate;
use super::split::{Piece, StatementPiece, split};
use super::statement::{RawStatement, span};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceId, SqlState, codes};
use crate::grammar::{GrammarError, parse};
use crate::stack;

/// Statements are handed to the parser in runs of about this many bytes.
const RUN_BYTES: usize = 128 * 1024;

/// After this many wrong statements in one file the rest is not examined.
const MAX_ERRORS: usize = 50;

/// Neighbouring statements that are parsed in one call.
#[derive(Debug)]
struct Run<'a> {
    pieces: &'a [Piece],
    range: Range<usize>,
}

/// Parses the statements among the pieces of a file, in their order.
pub(super) fn parse_pieces(text: &str, source: SourceId, pieces: &[Piece]) -> (Vec<RawStatement>, Diagnostics) {
    let runs = runs(pieces);
    let parsed = parse_runs(text, &runs);
    let mut statements = Vec::with_capacity(pieces.len());
    let mut diagnostics = Diagnostics::new();
    for (run, parsed) in runs.iter().zip(parsed) {
        match parsed {
            Some(mut parsed) => statements.append(&mut parsed),
            None => {
                for piece in run.pieces {
                    if let Piece::Statement(piece) = piece
                        && diagnostics.len() < MAX_ERRORS
                    {
                        parse_alone(text, source, piece.clone(), &mut statements, &mut diagnostics);
                    }
                }
            }
        }
    }
    if diagnostics.len() >= MAX_ERRORS {
        diagnostics
            .push(Diagnostic::note(codes::SYNTAX_ERROR, "too many errors: the rest of the file was not examined"));
    }
    (statements, diagnostics)
}

fn runs(pieces: &[Piece]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut first = 0;
    while let Some(rest) = pieces.get(first..).filter(|rest| !rest.is_empty()) {
        let mut range: Option<Range<usize>> = None;
        let mut count = 0;
        for piece in rest {
            let Piece::Statement(statement) = piece else { break };
            let start = range.as_ref().map_or(statement.range.start, |range| range.start);
            if count > 0 && statement.range.end - start > RUN_BYTES {
                break;
            }
            range = Some(start..statement.range.end);
            count += 1;
        }
        match (range, rest.get(..count)) {
            (Some(range), Some(pieces)) => {
                runs.push(Run { pieces, range });
                first += count;
            }
            _ => first += 1,
        }
    }
    runs
}

/// Parses each run; `None` for one that is refused.
fn parse_runs(text: &str, runs: &[Run<'_>]) -> Vec<Option<Vec<RawStatement>>> {
    let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = if runs.len() < 2 { 1 } else { processors().min(runs.len()) };
    if threads < 2 {
        return runs.iter().map(|run| parse_run(text, run)).collect();
    }
    let next = AtomicUsize::new(0);
    let mut results: Vec<Option<Vec<RawStatement>>> = Vec::new();
    results.resize_with(runs.len(), || None);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .filter_map(|_| {
                let worker = stack::spawn(scope, || {
                    let mut done = Vec::new();
                    while let Some((index, run)) = {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        runs.get(index).map(|run| (index, run))
                    } {
                        done.push((index, parse_run(text, run)));
                    }
                    done
                });
                worker.ok()
            })
            .collect();
        for worker in workers {
            // runs that no worker did are parsed one by one; after a panic it shows again there
            for (index, parsed) in worker.join().unwrap_or_default() {
                if let Some(slot) = results.get_mut(index) {
                    *slot = parsed;
                }
            }
        }
    });
    results
}

fn parse_run(text: &str, run: &Run<'_>) -> Option<Vec<RawStatement>> {
    let parsed = parse(text.get(run.range.clone())?).ok()?;
    // the parser and the splitter must agree on what a statement is
    if parsed.protobuf.stmts.len() != run.pieces.len() {
        return None;
    }
    let base = u32::try_from(run.range.start).ok()?;
    let nodes = parsed.protobuf.stmts.into_iter().map(|raw| raw.stmt.and_then(|statement| statement.node));
    nodes
        .zip(run.pieces)
        .map(|(node, piece)| match piece {
            Piece::Statement(piece) => {
                node.map(|node| RawStatement { node, range: piece.range.clone(), location_base: base })
            }
            Piece::Meta { .. } | Piece::CopyBlock(_) | Piece::Unterminated { .. } => None,
        })
        .collect()
}

/// Parses one statement; after an error at a place where a semicolon follows, goes on behind that.
fn parse_alone(
    text: &str,
    source: SourceId,
    piece: StatementPiece,
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
        if !piece.atomic && diagnostics.len() < MAX_ERRORS {
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
        let (statements, diagnostics) = parse_pieces(text, id, &split(text, 0..text.len()));
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
        let pieces = split(&text, 0..text.len());
        assert!(runs(&pieces).len() > 3);
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
