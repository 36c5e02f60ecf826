//! Cuts a script into statements, psql commands and COPY data, as psql does.
//!
//! A statement ends at a semicolon outside of parentheses and of an SQL-standard function body (`BEGIN ATOMIC … END`).
//! Whether a statement is right is not known here: the parser is asked about whole runs of them.

use std::ops::Range;

use super::lex::{Lexer, Opened, Token, TokenKind, line_end};

/// A part of a script; the ranges are bytes of the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// From the first token of a statement to its last, without the semicolon.
    Statement(StatementPiece),
    /// A psql command: from its backslash to the end of the line.
    Meta {
        /// Its text.
        range: Range<usize>,
        /// Whether a statement was begun and not ended before it.
        inside_statement: bool,
    },
    /// The lines that feed `COPY … FROM stdin`, with the end mark.
    CopyBlock(Range<usize>),
    /// A quote, comment or COPY block without its end. It is the last piece.
    Unterminated {
        /// From the opening to the end of the script.
        range: Range<usize>,
        /// What was opened; `None` for a COPY block.
        opened: Option<Opened>,
    },
}

/// Where a statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatementPiece {
    /// From the first token to the last.
    pub(crate) range: Range<usize>,
    /// Whether it holds a `BEGIN ATOMIC` body, so that semicolons in it mean nothing.
    pub(crate) atomic: bool,
}

/// Cuts the part of a text that `range` covers.
pub(crate) fn split(text: &str, range: Range<usize>) -> Vec<Piece> {
    let text = text.get(..range.end).unwrap_or(text);
    let mut splitter = Splitter {
        text,
        lexer: Lexer::starting_at(text, range.start),
        pieces: Vec::new(),
        current: Current::default(),
    };
    while let Some(token) = splitter.lexer.next() {
        splitter.take(token);
    }
    splitter.end_statement();
    splitter.pieces
}

/// The statement that is being read.
#[derive(Debug, Default)]
struct Current {
    range: Option<Range<usize>>,
    parentheses: usize,
    atomic_depth: usize,
    atomic: bool,
    words: usize,
    first: Leader,
    routine: bool,
    copies_in: bool,
    last_word: Range<usize>,
}

/// The first word of a statement, as far as it matters here.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Leader {
    #[default]
    Any,
    Create,
    Copy,
}

struct Splitter<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    pieces: Vec<Piece>,
    current: Current,
}

impl Splitter<'_> {
    fn take(&mut self, token: Token) {
        match token.kind {
            TokenKind::Semicolon if self.current.parentheses == 0 && self.current.atomic_depth == 0 => {
                let copies_in = self.current.copies_in;
                self.end_statement();
                if copies_in {
                    self.copy_block();
                }
                return;
            }
            TokenKind::Backslash => return self.meta(token.start),
            TokenKind::Unterminated(opened) => {
                // the statement that it belongs to cannot be judged either
                self.current = Current::default();
                self.pieces.push(Piece::Unterminated { range: token.start..token.end, opened: Some(opened) });
                return;
            }
            TokenKind::Open => self.current.parentheses += 1,
            TokenKind::Close => self.current.parentheses = self.current.parentheses.saturating_sub(1),
            TokenKind::Word => self.word(token),
            TokenKind::Semicolon | TokenKind::Quoted | TokenKind::Dollar | TokenKind::Other => {}
        }
        if token.kind != TokenKind::Word {
            self.current.last_word = 0..0;
        }
        match &mut self.current.range {
            Some(range) => range.end = token.end,
            None => self.current.range = Some(token.start..token.end),
        }
    }

    fn word(&mut self, token: Token) {
        let word = self.text.get(token.start..token.end).unwrap_or("");
        let last = self.text.get(self.current.last_word.clone()).unwrap_or("");
        let current = &mut self.current;
        current.words += 1;
        match current.words {
            1 if word.eq_ignore_ascii_case("create") => current.first = Leader::Create,
            1 if word.eq_ignore_ascii_case("copy") => current.first = Leader::Copy,
            2..=4 if current.first == Leader::Create => {
                current.routine |= word.eq_ignore_ascii_case("function") || word.eq_ignore_ascii_case("procedure");
            }
            _ => {}
        }
        if current.first == Leader::Copy && last.eq_ignore_ascii_case("from") && word.eq_ignore_ascii_case("stdin") {
            current.copies_in = true;
        }
        if current.routine && current.parentheses == 0 {
            if last.eq_ignore_ascii_case("begin") && word.eq_ignore_ascii_case("atomic") {
                current.atomic_depth += 1;
                current.atomic = true;
            } else if current.atomic_depth > 0 && word.eq_ignore_ascii_case("case") {
                current.atomic_depth += 1;
            } else if current.atomic_depth > 0 && word.eq_ignore_ascii_case("end") {
                current.atomic_depth -= 1;
            }
        }
        current.last_word = token.start..token.end;
    }

    fn end_statement(&mut self) {
        let current = std::mem::take(&mut self.current);
        if let Some(range) = current.range {
            self.pieces.push(Piece::Statement(StatementPiece { range, atomic: current.atomic }));
        }
    }

    fn meta(&mut self, start: usize) {
        let end = line_end(self.text.as_bytes(), start);
        self.lexer.jump(end);
        let inside_statement = self.current.range.is_some();
        self.pieces.push(Piece::Meta { range: start..end, inside_statement });
    }

    /// Passes over the lines up to `\.`.
    fn copy_block(&mut self) {
        let from = self.lexer.position();
        let rest = self.text.get(from..).unwrap_or("");
        // the data starts on the line after the statement's
        let mut at = from + rest.find('\n').map_or(rest.len(), |found| found + 1);
        let start = at;
        for line in self.text.get(at..).unwrap_or("").split_inclusive('\n') {
            at += line.len();
            if line.trim_end_matches(['\n', '\r']) == "\\." {
                self.pieces.push(Piece::CopyBlock(start..at));
                self.lexer.jump(at);
                return;
            }
        }
        self.lexer.jump(self.text.len());
        self.pieces.push(Piece::Unterminated { range: start..at, opened: None });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        split(text, 0..text.len())
            .into_iter()
            .map(|piece| match piece {
                Piece::Statement(piece) => text.get(piece.range).unwrap_or("?").to_owned(),
                Piece::Meta { range, inside_statement } => {
                    format!("meta{} {}", if inside_statement { "!" } else { "" }, text.get(range).unwrap_or("?"))
                }
                Piece::CopyBlock(range) => format!("copy {}", text.get(range).unwrap_or("?")),
                Piece::Unterminated { range, .. } => format!("open {}", text.get(range).unwrap_or("?")),
            })
            .collect()
    }

    #[test]
    fn statements_end_at_semicolons() {
        assert_eq!(cut(" a; ;; b /* x; */ ; -- ;\n c"), ["a", "b", "c"]);
        assert_eq!(cut("do (a; b); c"), ["do (a; b)", "c"]);
        assert_eq!(cut(""), Vec::<String>::new());
        assert_eq!(cut(" -- nothing"), Vec::<String>::new());
    }

    #[test]
    fn standard_bodies_keep_their_semicolons() {
        let body =
            "create or replace function f() returns int begin atomic select case when a then 1 end; select 2; end";
        assert_eq!(cut(&format!("{body}; x")), [body, "x"]);
        assert_eq!(cut("begin; create table t (); end; x"), ["begin", "create table t ()", "end", "x"]);
        let named = "create function begin() returns int as 'x'";
        assert_eq!(cut(&format!("{named}; x")), [named, "x"]);
    }

    #[test]
    fn psql_commands_end_with_their_line() {
        assert_eq!(
            cut("a;\n\\restrict x;y\nb; \\i f\r\n c \\g\n"),
            ["a", "meta \\restrict x;y", "b", "meta \\i f", "meta! \\g", "c"]
        );
        assert_eq!(cut("select '\\x';"), ["select '\\x'"]);
    }

    #[test]
    fn copy_data_is_passed_over() {
        assert_eq!(
            cut("COPY t (a) FROM stdin;\n1;'\n\\N\n\\.\nb;"),
            ["COPY t (a) FROM stdin", "copy 1;'\n\\N\n\\.\n", "b"]
        );
        assert_eq!(cut("copy t from stdin;\r\n\\.\r\nx"), ["copy t from stdin", "copy \\.\r\n", "x"]);
        assert_eq!(cut("copy t from stdin;\n1"), ["copy t from stdin", "open 1"]);
        assert_eq!(cut("copy t from 'f';\nb"), ["copy t from 'f'", "b"]);
    }

    #[test]
    fn an_open_quote_ends_the_script() {
        assert_eq!(cut("a; b 'c; d"), ["a", "open 'c; d"]);
    }

    proptest::proptest! {
        #[test]
        fn concatenation_splits_into_the_same_statements(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "create table t (a int)", "select ';'", "select $q$;$q$", "comment on table t is E'\\';'",
                    "create function f() returns int begin atomic select 1; end", "select 1 /* ; */ + 2", "x (a; b)",
                    "select U&'\\0061;'", "insert into \"a;b\" values (1)",
                ]), 0..12),
            glue in proptest::sample::select(vec![";", ";\n", " ;\r\n", "; -- ;'\n", ";/* ; /* */ */"]),
        ) {
            proptest::prop_assert_eq!(cut(&parts.join(glue)), parts);
        }
    }
}
