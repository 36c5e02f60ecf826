//! The one way to Postgres's own grammar, for statements and for the expressions that a server printed.
//!
//! The grammar answers for the depth of what it is given: it stops at a stack of 10,000 open tokens, at 2 MB of C stack, and at
//! trees that take more than 10,000 levels of messages to hand over (about 5,000 operators, or 1,600 subqueries). Each of
//! these is [`GrammarError::TooDeep`]. Reading such a tree needs a large stack, so long texts are parsed on one; short
//! ones cannot be deep.

use pg_query::ParseResult;

use crate::stack::{is_large, on_large};
use crate::syntax::lex::Lexer;

/// A text of no more tokens than this is parsed on any stack. A token nests a handful of messages at most.
const SHORT: usize = 24;

/// Why there is no tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GrammarError {
    /// In the words of Postgres.
    #[error("{0}")]
    Refused(String),
    /// The text is nested deeper than the grammar follows.
    #[error("the statement is nested too deeply")]
    TooDeep,
}

/// Parses statements.
pub(crate) fn parse(text: &str) -> Result<ParseResult, GrammarError> {
    if is_large() || Lexer::starting_at(text, 0).nth(SHORT).is_none() {
        return parse_here(text);
    }
    on_large(|| parse_here(text)).map_err(|error| GrammarError::Refused(error.to_string()))?
}

fn parse_here(text: &str) -> Result<ParseResult, GrammarError> {
    pg_query::parse(text, 0).map_err(|error| {
        let message = match error {
            pg_query::Error::Parse(message) => message,
            other => other.to_string(),
        };
        let message = message.lines().next().unwrap_or("").to_owned();
        if TOO_DEEP.iter().any(|start| message.starts_with(start)) {
            GrammarError::TooDeep
        } else {
            GrammarError::Refused(message)
        }
    })
}

/// How the grammar says that it stopped: its own stack, the C stack, the tree's levels.
const TOO_DEEP: [&str; 3] =
    ["memory exhausted", "stack depth limit exceeded", "parse tree is nested too deeply to serialize"];

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Result<usize, GrammarError> {
        // a deep tree is also dropped on a large stack
        on_large(|| parse(text).map(|parsed| parsed.protobuf.stmts.len()))
            .unwrap_or_else(|error| Err(GrammarError::Refused(error.to_string())))
    }

    #[test]
    fn a_thousand_levels_of_everything_are_read() {
        for (text, shape) in shapes(1000) {
            assert_eq!(answer(&text), Ok(1), "{shape}");
        }
    }

    #[test]
    fn what_is_deeper_still_is_read_or_refused() {
        for levels in [1700, 2500, 4900, 6000, 10_000, 100_000] {
            for (text, shape) in shapes(levels) {
                assert!(matches!(answer(&text), Ok(1) | Err(GrammarError::TooDeep)), "{levels} {shape}");
            }
        }
    }

    /// Statements that nest in every way the grammar has.
    pub(crate) fn shapes(levels: usize) -> Vec<(String, &'static str)> {
        let around = |head: &str, before: &str, middle: &str, after: &str| {
            format!("{head} {}{middle}{}", before.repeat(levels), after.repeat(levels))
        };
        vec![
            (around("select", "1 + ", "1", ""), "operators, to the left"),
            (around("select", "2 < (", "1", ")"), "operators, to the right"),
            (around("select", "- + ", "a", ""), "signs"),
            (around("select", "not ", "true", ""), "not"),
            (around("select", "(", "1", ")"), "parentheses"),
            (around("select", "f(", "1", ")"), "calls"),
            (around("select", "case when true then ", "1", " end"), "case"),
            (around("select", "case ", "1", " when 1 then 1 end"), "case operands"),
            (around("select", "array[", "1", "]"), "arrays"),
            (around("select", "row(", "1", ")"), "rows"),
            (around("select", "", "a", "::int"), "casts"),
            (around("select", "", "a", " collate \"C\""), "collations"),
            (around("select", "", "a", " is null"), "tests"),
            (around("select", "", "a", "[1]"), "subscripts"),
            (around("select", "", "a", " at time zone b"), "zones"),
            (around("select", "a[", "1", "]"), "subscripts in subscripts"),
            (around("select", "true and (false or ", "true", ")"), "and and or"),
            (around("select", "(select ", "1", ")"), "subqueries"),
            (around("select 1 from", "(select 1 from ", "a", ") b"), "subqueries in from"),
            (around("select 1 from a", "", "", " join a on true"), "joins"),
            (around("select 1", "", "", " union select 1"), "set operations"),
            (around("", "with a as (", "select 1", ") select 1"), "with"),
            (around("select null::int", "[]", "", ""), "dimensions of a type"),
            (around("select json_object('a': ", "json_object('a': ", "1", ")") + ")", "json objects"),
            (around("select xmlelement(name a, ", "xmlelement(name a, ", "null", ")") + ")", "xml elements"),
        ]
    }
}
