//! The SQL in a PL/pgSQL body: queries, expressions and types, each with its place.
//!
//! Follows the statements of pl_gram.y (PG 18) as far as it takes to know where SQL begins and ends: a statement is told by its
//! first word, an expression ends at the word or the semicolon that the grammar waits for outside of parentheses. Nothing is
//! judged: what is not understood gives a fragment that the SQL grammar will not take, and that is then passed over. (The
//! PL/pgSQL parser that comes with `pg_query` takes no type with a schema in front, and tells lines only.)
//!
//! Invariants: one pass, no recursion; a fragment has the bytes of the body from its place on, with words that are PL/pgSQL's
//! own (`INTO` and its targets) blanked out.

use std::collections::BTreeSet;

use crate::syntax::lex::{Lexer, Token, TokenKind, line_end};

/// What a fragment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FragmentKind {
    /// A statement of SQL.
    Statement,
    /// What may follow `SELECT`.
    Expression,
    /// The type of a variable.
    Type,
}

/// A piece of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) kind: FragmentKind,
    pub(super) text: String,
    /// Where it stands in the body, in bytes.
    pub(super) at: usize,
}

/// A body as far as it is read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) fragments: Vec<Fragment>,
    /// The names of variables and of the blocks that they are in, in lower case where they are not quoted.
    pub(super) variables: BTreeSet<String>,
}

/// What an `END` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Block,
    Handlers,
    Case,
    Other,
}

/// Reads a body.
pub(super) fn read(body: &str) -> Reading {
    let mut reader = Reader {
        body,
        tokens: Lexer::starting_at(body, 0).collect(),
        at: 0,
        open: Vec::new(),
        out: Reading::default(),
    };
    reader.options();
    while reader.at < reader.tokens.len() {
        let before = reader.at;
        reader.statement();
        // whatever happens, it goes on
        reader.at = reader.at.max(before + 1);
    }
    reader.out
}

/// An identifier as the server stores it.
pub(super) fn folded(token: &str) -> String {
    match token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => token.to_ascii_lowercase(),
    }
}

struct Reader<'b> {
    body: &'b str,
    tokens: Vec<Token>,
    at: usize,
    open: Vec<Open>,
    out: Reading,
}

impl Reader<'_> {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).and_then(|token| self.body.get(token.start..token.end)).unwrap_or("")
    }

    fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.text(at).eq_ignore_ascii_case(word)
    }

    fn is_any(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(at, word))
    }

    fn is_name(&self, at: usize) -> bool {
        match self.kind(at) {
            Some(TokenKind::Word) => !self.text(at).starts_with(|c: char| c.is_ascii_digit()),
            Some(TokenKind::Quoted) => self.text(at).starts_with('"'),
            _ => false,
        }
    }

    /// The first of these words, or the semicolon, from a token on and outside of parentheses.
    fn until(&self, from: usize, words: &[&str]) -> usize {
        let mut depth = 0_usize;
        for at in from..self.tokens.len() {
            match self.kind(at) {
                Some(TokenKind::Semicolon) => return at,
                Some(TokenKind::Open) => depth += 1,
                Some(TokenKind::Close) => depth = depth.saturating_sub(1),
                Some(TokenKind::Other) if self.text(at) == "[" => depth += 1,
                Some(TokenKind::Other) if self.text(at) == "]" => depth = depth.saturating_sub(1),
                Some(TokenKind::Word | TokenKind::Other) if depth == 0 && self.is_any(at, words) => return at,
                _ => {}
            }
        }
        self.tokens.len()
    }

    fn end_of_statement(&self, from: usize) -> usize {
        self.until(from, &[])
    }

    fn push(&mut self, kind: FragmentKind, from: usize, to: usize) {
        let (Some(first), Some(last)) = (self.tokens.get(from), to.checked_sub(1).and_then(|at| self.tokens.get(at)))
        else {
            return;
        };
        if from >= to {
            return;
        }
        let start = first.start;
        let Some(text) = self.body.get(start..last.end) else { return };
        let mut text = text.to_owned();
        if kind == FragmentKind::Statement {
            for (a, b) in self.targets(from, to) {
                if let (Some(a), Some(b)) = (self.tokens.get(a), b.checked_sub(1).and_then(|b| self.tokens.get(b))) {
                    text.replace_range(a.start - start..b.end - start, &" ".repeat(b.end - a.start));
                }
            }
        }
        self.out.fragments.push(Fragment { kind, text, at: start });
    }

    /// `INTO` with its targets, wherever it is not part of the statement itself.
    fn targets(&self, from: usize, to: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut at = from;
        while at < to {
            let own = at > from && self.is_any(at - 1, &["insert", "merge"]);
            if self.kind(at) == Some(TokenKind::Word) && self.is(at, "into") && !own {
                let end = self.end_of_targets(at + 1, to);
                found.push((at, end));
                at = end;
            } else {
                at += 1;
            }
        }
        found
    }

    /// Behind a list of variables.
    fn end_of_targets(&self, from: usize, to: usize) -> usize {
        let mut at = from;
        if self.is(at, "strict") && self.is_name(at + 1) {
            at += 1;
        }
        loop {
            let end = self.end_of_variable(at);
            if end == at {
                return at.min(to);
            }
            at = end;
            if self.text(at) != "," {
                return at.min(to);
            }
            at += 1;
        }
    }

    /// Behind `name.field[subscript]`; the same token where there is no name.
    fn end_of_variable(&self, from: usize) -> usize {
        if self.text(from) == "$" && self.kind(from + 1) == Some(TokenKind::Word) {
            return from + 2;
        }
        if !self.is_name(from) {
            return from;
        }
        let mut at = from + 1;
        loop {
            match self.text(at) {
                "." if self.is_name(at + 1) => at += 2,
                "[" => {
                    let mut depth = 0_usize;
                    while at < self.tokens.len() && self.kind(at) != Some(TokenKind::Semicolon) {
                        match self.text(at) {
                            "[" => depth += 1,
                            "]" => depth -= 1,
                            _ => {}
                        }
                        at += 1;
                        if depth == 0 {
                            break;
                        }
                    }
                }
                _ => return at,
            }
        }
    }

    /// Where the value starts when the statement is an assignment.
    fn assigned(&self, from: usize) -> Option<usize> {
        let at = self.end_of_variable(from);
        match (self.text(at), self.text(at + 1)) {
            _ if at == from => None,
            (":", "=") => Some(at + 2),
            ("=", _) => Some(at + 1),
            _ => None,
        }
    }

    /// `#variable_conflict` and its like.
    fn options(&mut self) {
        while self.text(self.at) == "#" {
            let Some(token) = self.tokens.get(self.at) else { return };
            let end = line_end(self.body.as_bytes(), token.start);
            while self.tokens.get(self.at).is_some_and(|token| token.start < end) {
                self.at += 1;
            }
        }
    }

    fn expression_until(&mut self, from: usize, words: &[&str]) {
        let end = self.until(from, words);
        self.push(FragmentKind::Expression, from, end);
        self.at = end;
    }

    fn rest(&mut self, kind: FragmentKind, from: usize) {
        let end = self.end_of_statement(from);
        self.push(kind, from, end);
        self.at = end + 1;
    }

    fn skip(&mut self) {
        self.at = self.end_of_statement(self.at) + 1;
    }

    fn statement(&mut self) {
        let at = self.at;
        if let Some(value) = self.assigned(at) {
            return self.rest(FragmentKind::Expression, value);
        }
        if self.kind(at) != Some(TokenKind::Word) {
            if self.text(at) == "<" && self.text(at + 1) == "<" {
                // a variable may be called by the label of its block
                if self.is_name(at + 2) {
                    let label = folded(self.text(at + 2));
                    self.out.variables.insert(label);
                }
                self.at = at + 5;
            } else if self.kind(at) == Some(TokenKind::Open) {
                self.rest(FragmentKind::Statement, at);
            }
            return;
        }
        let word = self.text(at).to_ascii_lowercase();
        match word.as_str() {
            "declare" => self.declarations(),
            "begin" => self.open.push(Open::Block),
            "exception" => {
                if let Some(last) = self.open.last_mut().filter(|last| **last == Open::Block) {
                    *last = Open::Handlers;
                }
            }
            "when" => {
                let then = self.until(at + 1, &["then"]);
                if self.open.last() == Some(&Open::Case) {
                    self.push(FragmentKind::Expression, at + 1, then);
                }
                self.at = then + 1;
            }
            "if" | "elsif" | "elseif" => {
                if word == "if" {
                    self.open.push(Open::Other);
                }
                self.expression_until(at + 1, &["then"]);
            }
            "case" => {
                self.open.push(Open::Case);
                self.expression_until(at + 1, &["when"]);
            }
            "loop" => self.open.push(Open::Other),
            "end" => {
                self.open.pop();
                self.skip();
            }
            "then" | "else" => {}
            "while" => self.expression_until(at + 1, &["loop"]),
            "for" => self.for_loop(),
            "foreach" => {
                let array = self.until(at + 1, &["array"]);
                self.expression_until(array + 1, &["loop"]);
            }
            "exit" | "continue" => {
                let when = self.until(at + 1, &["when"]);
                self.rest(FragmentKind::Expression, when + usize::from(self.is(when, "when")));
            }
            "return" => self.returned(),
            "raise" => self.raise(),
            "assert" => self.rest(FragmentKind::Expression, at + 1),
            "perform" => self.rest(FragmentKind::Expression, at + 1),
            "execute" => {
                self.dynamic(at + 1, &[]);
                self.skip();
            }
            "open" => self.opened(),
            "get" | "fetch" | "move" | "close" | "null" | "commit" | "rollback" | "do" => self.skip(),
            _ => self.rest(FragmentKind::Statement, at),
        }
    }

    /// Behind EXECUTE: the text of the command, then values. Stands at its end afterwards.
    fn dynamic(&mut self, from: usize, ends: &[&str]) {
        let mut words = vec!["into", "using"];
        words.extend(ends);
        self.expression_until(from, &words);
        while self.is_any(self.at, &["into", "using"]) {
            if self.is(self.at, "using") {
                self.expression_until(self.at + 1, &words);
            } else {
                self.at = self.until(self.at + 1, &words);
            }
        }
    }

    fn is_query(&self, at: usize) -> bool {
        self.kind(at) == Some(TokenKind::Open)
            || self.is_any(at, &["select", "with", "values", "table", "insert", "update", "delete", "merge"])
    }

    fn for_loop(&mut self) {
        let start = self.until(self.at + 1, &["in"]) + 1;
        let end = self.until(start, &["loop"]);
        if self.is(start, "execute") {
            self.dynamic(start + 1, &["loop"]);
        } else if let Some(dots) = self.dots(start, end) {
            self.push(FragmentKind::Expression, start + usize::from(self.is(start, "reverse")), dots);
            let by = self.until(dots + 2, &["by", "loop"]);
            self.push(FragmentKind::Expression, dots + 2, by);
            self.push(FragmentKind::Expression, by + 1, end);
        } else if self.is_query(start) {
            self.push(FragmentKind::Statement, start, end);
        }
        // anything else is the name of a cursor
        self.at = end;
    }

    /// `..` outside of parentheses.
    fn dots(&self, from: usize, to: usize) -> Option<usize> {
        let mut at = from;
        loop {
            at = self.until(at, &[".", "loop"]);
            if at >= to {
                return None;
            }
            let adjacent = match (self.tokens.get(at), self.tokens.get(at + 1)) {
                (Some(a), Some(b)) => a.end == b.start,
                _ => false,
            };
            if adjacent && self.text(at + 1) == "." {
                return Some(at);
            }
            at += 1;
        }
    }

    fn returned(&mut self) {
        let at = self.at + 1;
        if self.is(at, "query") && self.is(at + 1, "execute") {
            self.dynamic(at + 2, &[]);
            self.skip();
        } else if self.is(at, "query") {
            self.rest(FragmentKind::Statement, at + 1);
        } else {
            self.rest(FragmentKind::Expression, at + usize::from(self.is(at, "next")));
        }
    }

    fn raise(&mut self) {
        let end = self.end_of_statement(self.at);
        let using = self.until(self.at + 1, &["using"]);
        let comma = self.until(self.at + 1, &[",", "using"]);
        if comma < using {
            self.push(FragmentKind::Expression, comma + 1, using);
        }
        let mut option = using + 1;
        while option < end {
            let next = self.until(option, &[","]);
            if let Some(value) = self.assigned(option) {
                self.push(FragmentKind::Expression, value, next);
            }
            option = next + 1;
        }
        self.at = end + 1;
    }

    fn opened(&mut self) {
        let query = self.until(self.at + 1, &["for"]);
        if self.is(query + 1, "execute") {
            self.dynamic(query + 2, &[]);
        } else if self.is(query, "for") {
            self.push(FragmentKind::Statement, query + 1, self.end_of_statement(query));
        }
        self.skip();
    }

    fn declarations(&mut self) {
        self.at += 1;
        while self.at < self.tokens.len() && !self.is(self.at, "begin") {
            if self.is(self.at, "declare") {
                self.at += 1;
                continue;
            }
            if self.is_name(self.at) {
                let name = folded(self.text(self.at));
                self.out.variables.insert(name);
            }
            self.declaration();
            self.skip();
        }
    }

    fn declaration(&mut self) {
        let mut at = self.at + 1;
        if self.is(at, "alias") {
            return;
        }
        if self.is_any(at, &["no", "scroll", "cursor"]) {
            let query = self.until(at, &["for", "is"]);
            self.cursor_arguments(self.until(at, &["cursor", "for", "is"]) + 1, query);
            self.push(FragmentKind::Statement, query + 1, self.end_of_statement(query));
            return;
        }
        at += usize::from(self.is(at, "constant"));
        let end = self.until(at, &["collate", "not", "default", ":", "="]);
        self.push(FragmentKind::Type, at, end);
        let value = self.until(at, &["default", ":", "="]);
        if self.kind(value).is_some_and(|kind| kind != TokenKind::Semicolon) {
            let value = value + 1 + usize::from(self.text(value) == ":");
            self.push(FragmentKind::Expression, value, self.end_of_statement(value));
        }
    }
}

impl Reader<'_> {
    /// `(name type, …)` of a cursor.
    fn cursor_arguments(&mut self, open: usize, end: usize) {
        if open >= end || self.kind(open) != Some(TokenKind::Open) {
            return;
        }
        let (mut depth, mut start) = (0_usize, open + 1);
        for at in open..end {
            match (self.kind(at), self.text(at)) {
                (Some(TokenKind::Open), _) | (Some(TokenKind::Other), "[") => depth += 1,
                (Some(TokenKind::Close), _) | (Some(TokenKind::Other), "]") => depth = depth.saturating_sub(1),
                (_, ",") if depth == 1 => {}
                _ => continue,
            }
            if depth == 0 || depth == 1 && self.text(at) == "," {
                if self.is_name(start) {
                    let name = folded(self.text(start));
                    self.out.variables.insert(name);
                    self.push(FragmentKind::Type, start + 1, at);
                }
                start = at + 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragments(body: &str) -> Vec<String> {
        let reading = read(body);
        let mut out = Vec::new();
        for fragment in reading.fragments {
            // a fragment stands where it says, apart from what is blanked out
            let there = body.get(fragment.at..fragment.at + fragment.text.len()).unwrap_or("");
            assert!(there.bytes().zip(fragment.text.bytes()).all(|(a, b)| a == b || b == b' '), "{fragment:?}");
            let kind = match fragment.kind {
                FragmentKind::Statement => "S",
                FragmentKind::Expression => "E",
                FragmentKind::Type => "T",
            };
            out.push(format!("{kind} {}", fragment.text.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
        out
    }

    #[test]
    fn declarations() {
        let body = "#variable_conflict use_column\n<<l>> DECLARE a int; b CONSTANT app.t.c%TYPE NOT NULL := f(1); c ALIAS FOR $1; \
            d app.t%ROWTYPE; e CURSOR (k int) FOR SELECT * FROM u WHERE x = k; \"F f\" numeric(3, 2) = 1; BEGIN END";
        assert_eq!(
            fragments(body),
            [
                "T int",
                "T app.t.c%TYPE",
                "E f(1)",
                "T app.t%ROWTYPE",
                "T int",
                "S SELECT * FROM u WHERE x = k",
                "T numeric(3, 2)",
                "E 1"
            ]
        );
        let variables = read(body).variables;
        assert_eq!(
            variables.iter().map(String::as_str).collect::<Vec<_>>(),
            ["F f", "a", "b", "c", "d", "e", "k", "l"]
        );
    }

    #[test]
    fn statements() {
        let body = "BEGIN\n SELECT a, b INTO STRICT x, r.y[1] FROM t; INSERT INTO t SELECT 1 RETURNING id INTO x;\n\
            a.b[f(1)] := g(2); IF EXISTS (SELECT 1 FROM u) THEN NULL; ELSIF x = 1 THEN RETURN; ELSE RETURN NEXT y; END IF;\n\
            PERFORM h(1) FROM v; CALL p(1); DELETE FROM w; END";
        assert_eq!(
            fragments(body),
            [
                "S SELECT a, b FROM t",
                "S INSERT INTO t SELECT 1 RETURNING id",
                "E g(2)",
                "E EXISTS (SELECT 1 FROM u)",
                "E x = 1",
                "E y",
                "E h(1) FROM v",
                "S CALL p(1)",
                "S DELETE FROM w",
            ]
        );
    }

    #[test]
    fn loops_and_cases() {
        let body = "BEGIN FOR r IN SELECT * FROM t LOOP EXIT WHEN f(r); CONTINUE; END LOOP; FOR i IN REVERSE 1..g(3) BY 2 LOOP \
            END LOOP; FOR r IN c(1) LOOP END LOOP; FOR r IN EXECUTE 'x' USING h(1) LOOP END LOOP l; FOREACH e SLICE 1 IN ARRAY a \
            LOOP END LOOP; WHILE k(1) LOOP END LOOP; CASE m(1) WHEN 1, 2 THEN PERFORM n(1); ELSE END CASE; \
            EXCEPTION WHEN unique_violation OR SQLSTATE '22012' THEN RAISE; END";
        assert_eq!(
            fragments(body),
            [
                "S SELECT * FROM t",
                "E f(r)",
                "E 1",
                "E g(3)",
                "E 2",
                "E 'x'",
                "E h(1)",
                "E a",
                "E k(1)",
                "E m(1)",
                "E 1, 2",
                "E n(1)",
            ]
        );
    }

    #[test]
    fn the_rest() {
        let body = "BEGIN RAISE NOTICE '% %', f(1), (SELECT 1 FROM t) USING HINT = g(2), DETAIL := 'x'; RAISE unique_violation; \
            EXECUTE format('x', h(1)) INTO a, b USING c, d; RETURN QUERY SELECT 1 FROM u; RETURN QUERY EXECUTE 'y' USING e; \
            OPEN k FOR SELECT 2 FROM v; OPEN k(1); OPEN k FOR EXECUTE z; GET STACKED DIAGNOSTICS m = MESSAGE_TEXT; ASSERT n(1), 'no'; \
            FETCH k INTO o; END";
        assert_eq!(
            fragments(body),
            [
                "E f(1), (SELECT 1 FROM t)",
                "E g(2)",
                "E 'x'",
                "E format('x', h(1))",
                "E c, d",
                "S SELECT 1 FROM u",
                "E 'y'",
                "E e",
                "S SELECT 2 FROM v",
                "E z",
                "E n(1), 'no'",
            ]
        );
    }

    #[test]
    fn nonsense_ends() {
        for body in [
            "",
            ";",
            "BEGIN",
            "DECLARE",
            "DECLARE x",
            "FOR",
            "IF",
            "x[",
            "<<",
            "RAISE USING ,,",
            "END END",
            "$1 := ",
            "É := 'ü",
        ] {
            let _ = read(body);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_words_are_read(words in proptest::collection::vec(
            proptest::sample::select(vec![
                "declare", "begin", "end", "if", "then", "loop", "for", "in", "case", "when", "into", "using", "execute", "open",
                "raise", "return", "query", "x", ".", "[", "]", "(", ")", ";", ":", "=", ",", "$1", "'s'", "\"q\"", "#", "<", "é",
            ]), 0..60)) {
            let _ = fragments(&words.join(" "));
        }
    }
}
