//! Finds the token that a parse error is about.
//!
//! The parser's binding returns the message without its position. Postgres's grammar is LALR(1): a run of tokens from
//! the start of a statement that can still be completed fails only "at end of input", and the first that fails in
//! another way ends with the token at fault. So the token is found by halving, in a logarithmic number of parses of one
//! statement that is known to be wrong.

use std::ops::Range;

use super::lex::{Lexer, Token};
use crate::grammar::{GrammarError, parse};

/// Searching one token at a time (where halving fails) stops after this many.
const MAX_LINEAR: usize = 400;

/// The place in `text`, which is one statement, that `message` is about.
pub(crate) fn locate(text: &str, message: &str) -> Range<usize> {
    let tokens: Vec<Token> = Lexer::starting_at(text, 0).collect();
    let end = text.len()..text.len();
    if message.ends_with("at end of input") {
        return end;
    }
    let fails = |count: usize| fault(text, &tokens, count);
    let (mut good, mut bad) = (0, tokens.len());
    while good + 1 < bad {
        let middle = good + (bad - good) / 2;
        match fails(middle) {
            Some(_) => bad = middle,
            None => good = middle,
        }
    }
    let found = match fails(bad) {
        Some(found) if found == message => Some(bad),
        _ => (1..=tokens.len().min(MAX_LINEAR)).find(|count| fails(*count).is_some_and(|found| found == message)),
    };
    let found = found.map(|count| meant(text, &tokens, count, message));
    match found.and_then(|count| tokens.get(count - 1)) {
        Some(token) => token.start..token.end,
        None => 0..text.find('\n').unwrap_or(text.len()),
    }
}

/// The token that the grammar's own errors name, where that is not the one at which it notices.
fn meant(text: &str, tokens: &[Token], count: usize, message: &str) -> usize {
    let word = |at: usize| at.checked_sub(1).and_then(|at| tokens.get(at)).and_then(|t| text.get(t.start..t.end));
    let is = |at: usize, wanted: &str| word(at).is_some_and(|word| word.eq_ignore_ascii_case(wanted));
    let before = |wanted: &str| (1..=count).rev().find(|at| is(*at, wanted));
    let found = match message {
        m if m.contains("WITH TIES") && is(count, "ties") => before("with"),
        m if m.ends_with("with WITHIN GROUP") => before("within"),
        "only one DEFAULT value is allowed" => before("default"),
        m if m.starts_with("conflicting or redundant NULL") && is(count.saturating_sub(1), "not") => Some(count - 1),
        _ => None,
    };
    found.unwrap_or(count)
}

/// What is wrong with the first `count` tokens, apart from being incomplete.
fn fault(text: &str, tokens: &[Token], count: usize) -> Option<String> {
    let end = tokens.get(count.checked_sub(1)?)?.end;
    match parse(text.get(..end)?) {
        Ok(_) | Err(GrammarError::TooDeep) => None,
        Err(GrammarError::Refused(message)) => Some(message).filter(|message| !message.ends_with("at end of input")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> (String, String) {
        match parse(text) {
            Ok(_) => ("accepted".to_owned(), String::new()),
            Err(error) => {
                let message = error.to_string();
                let place = locate(text, &message);
                (text.get(place.clone()).unwrap_or("?").to_owned(), format!("{}", place.start))
            }
        }
    }

    #[test]
    fn the_token_at_fault_is_found_even_where_it_occurs_before() {
        assert_eq!(found("create table a (b int b)"), ("b".into(), "22".into()));
        assert_eq!(found("create table, a (b int)"), (",".into(), "12".into()));
        assert_eq!(found("alter table a add constraint"), (String::new(), "28".into()));
        assert_eq!(found("create table é (\"ü\" int) with with (x)"), ("with".into(), "32".into()));
        assert_eq!(found("bad"), ("bad".into(), "0".into()));
    }

    #[test]
    fn errors_that_are_not_about_syntax_are_placed_too() {
        assert_eq!(
            found("create table a (b int check (b > 0) deferrable, c int default 1 default E'\\u00')").0,
            "E'\\u00'"
        );
        assert_eq!(found("select 'a' from b where c = U&'\\00'").0, "U&'\\00'");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(60))]
        #[test]
        fn a_stray_token_is_found_wherever_it_stands(at in 0usize..19) {
            let words = "create table s . t ( a int default 1 , b text not null unique ) tablespace x".split(' ');
            let mut words: Vec<&str> = words.collect();
            let at = at.min(words.len());
            words.insert(at, "]");
            let text = words.join(" ");
            let place = text.find(']').unwrap_or(0).to_string();
            proptest::prop_assert_eq!(found(&text), ("]".to_owned(), place));
        }
    }
}
