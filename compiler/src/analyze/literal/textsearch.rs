//! `tsvector` and `tsquery` literals.
//!
//! Follows tsvector.c, tsvector_parser.c and tsquery.c (PG 18): no dictionary is involved, words are taken as they
//! are written.

use std::collections::BTreeMap;

use super::number::is_space;
use super::{Normal, Refusal, refuse, reject};

/// The largest position that is kept.
const MAX_POSITION: u32 = 16383;
/// How deep a query may be nested before it is refused.
const DEPTH_LIMIT: usize = 100;

/// Reads words, quoted or not.
struct Words<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    whole: &'a str,
    name: &'static str,
    /// Whether the operators of a query end a word.
    operators_end: bool,
}

impl<'a> Words<'a> {
    fn new(name: &'static str, whole: &'a str, operators_end: bool) -> Self {
        Self { rest: whole.chars().peekable(), whole, name, operators_end }
    }

    fn bad(&self) -> Refusal {
        reject("42601", format!("syntax error in {}: \"{}\"", self.name, self.whole))
    }

    fn space(&mut self) {
        while self.rest.peek().is_some_and(|c| is_space(*c)) {
            self.rest.next();
        }
    }

    fn ends_word(&self, c: char) -> bool {
        is_space(c) || c == ':' || (self.operators_end && matches!(c, '!' | '&' | '|' | '(' | ')'))
    }

    fn word(&mut self) -> Result<String, Refusal> {
        let mut out = String::new();
        if self.rest.peek() == Some(&'\'') {
            self.rest.next();
            loop {
                match self.rest.next().ok_or_else(|| self.bad())? {
                    '\'' if self.rest.peek() == Some(&'\'') => {
                        self.rest.next();
                        out.push('\'');
                    }
                    '\'' => break,
                    '\\' => out.push(self.rest.next().ok_or_else(|| self.bad())?),
                    c => out.push(c),
                }
            }
        } else {
            while let Some(c) = self.rest.peek().copied() {
                if self.ends_word(c) {
                    break;
                }
                self.rest.next();
                match c {
                    '\\' => out.push(self.rest.next().ok_or_else(|| self.bad())?),
                    c => out.push(c),
                }
            }
        }
        if out.is_empty() {
            return Err(self.bad());
        }
        Ok(out)
    }

    fn number(&mut self) -> u32 {
        let mut value: u32 = 0;
        while let Some(d) = self.rest.peek().and_then(|c| c.to_digit(10)) {
            self.rest.next();
            value = value.saturating_mul(10).saturating_add(d);
        }
        value
    }
}

/// A word as it is printed: in quotes, quotes and backslashes doubled.
fn quoted(word: &str) -> String {
    let mut out = String::from("'");
    for c in word.chars() {
        if matches!(c, '\'' | '\\') {
            out.push(c);
        }
        out.push(c);
    }
    out.push('\'');
    out
}

/// Words with positions, sorted, each once.
pub(super) fn tsvector(text: &str) -> Normal {
    let mut p = Words::new("tsvector", text, false);
    // position to weight, 3 for A down to 0 for D
    let mut words: BTreeMap<Vec<u8>, (String, BTreeMap<u32, u8>)> = BTreeMap::new();
    loop {
        p.space();
        if p.rest.peek().is_none() {
            break;
        }
        let word = p.word()?;
        let entry = words.entry(word.as_bytes().to_vec()).or_insert_with(|| (word, BTreeMap::new()));
        if p.rest.peek() == Some(&':') {
            p.rest.next();
            positions(&mut p, &mut entry.1)?;
        }
    }
    let shown: Vec<String> = words.into_values().map(|(word, positions)| vector_word(&word, &positions)).collect();
    Ok(shown.join(" "))
}

fn positions(p: &mut Words<'_>, positions: &mut BTreeMap<u32, u8>) -> Result<(), Refusal> {
    loop {
        if !p.rest.peek().is_some_and(char::is_ascii_digit) {
            return Err(p.bad());
        }
        let position = p.number().min(MAX_POSITION);
        if position == 0 {
            return Err(reject("42601", format!("wrong position info in tsvector: \"{}\"", p.whole)));
        }
        let weight = match p.rest.peek() {
            Some('A' | 'a' | '*') => 3,
            Some('B' | 'b') => 2,
            Some('C' | 'c') => 1,
            Some('D' | 'd') => 0,
            _ => u8::MAX,
        };
        if weight != u8::MAX {
            p.rest.next();
        }
        let weight = if weight == u8::MAX { 0 } else { weight };
        let slot = positions.entry(position).or_insert(weight);
        *slot = (*slot).max(weight);
        match p.rest.peek() {
            Some(',') => {
                p.rest.next();
            }
            Some(c) if !is_space(*c) => return Err(p.bad()),
            _ => return Ok(()),
        }
    }
}

fn vector_word(word: &str, positions: &BTreeMap<u32, u8>) -> String {
    let mut out = quoted(word);
    for (i, (position, weight)) in positions.iter().enumerate() {
        out.push(if i == 0 { ':' } else { ',' });
        out.push_str(&position.to_string());
        out.push_str(match weight {
            3 => "A",
            2 => "B",
            1 => "C",
            _ => "",
        });
    }
    out
}

/// A query, in the order of its binding: `|`, `&`, `<->`, `!`.
enum Query {
    Word(String),
    Not(Box<Query>),
    Binary(u8, u32, Box<Query>, Box<Query>),
}

const OR: u8 = 1;
const AND: u8 = 2;
const PHRASE: u8 = 3;
const NOT: u8 = 4;

/// A query, with no more parentheses than it needs.
pub(super) fn tsquery(text: &str) -> Normal {
    let mut p = Words::new("tsquery", text, true);
    p.space();
    if p.rest.peek().is_none() {
        return Ok(String::new());
    }
    let query = expression(&mut p, 0, 0)?;
    p.space();
    if p.rest.peek().is_some() {
        return Err(p.bad());
    }
    let mut out = String::new();
    print(&query, 0, false, &mut out);
    Ok(out)
}

fn operand(p: &mut Words<'_>, depth: usize) -> Result<Query, Refusal> {
    if depth > DEPTH_LIMIT {
        return Err(refuse("unsupported.literal.tsquery-depth", "a deeply nested tsquery literal"));
    }
    p.space();
    match p.rest.peek() {
        None | Some(':') => Err(p.bad()),
        Some('!') => {
            p.rest.next();
            Ok(Query::Not(Box::new(operand(p, depth + 1)?)))
        }
        Some('(') => {
            p.rest.next();
            let inner = expression(p, 0, depth + 1)?;
            p.space();
            if p.rest.next() == Some(')') { Ok(inner) } else { Err(p.bad()) }
        }
        Some(_) => {
            let mut shown = quoted(&p.word()?);
            if p.rest.peek() == Some(&':') {
                p.rest.next();
                shown.push_str(&flags(p));
            }
            Ok(Query::Word(shown))
        }
    }
}

/// The prefix mark and the weights of a word.
fn flags(p: &mut Words<'_>) -> String {
    let (mut prefix, mut weights) = (false, 0_u8);
    while let Some(c) = p.rest.peek() {
        match c.to_ascii_uppercase() {
            '*' => prefix = true,
            'A' => weights |= 8,
            'B' => weights |= 4,
            'C' => weights |= 2,
            'D' => weights |= 1,
            _ => break,
        }
        p.rest.next();
    }
    let mut out = String::new();
    if prefix || weights != 0 {
        out.push(':');
    }
    if prefix {
        out.push('*');
    }
    for (bit, letter) in [(8, 'A'), (4, 'B'), (2, 'C'), (1, 'D')] {
        if weights & bit != 0 {
            out.push(letter);
        }
    }
    out
}

/// Operands joined by operators that bind tighter than `least`, from left to right.
fn expression(p: &mut Words<'_>, least: u8, depth: usize) -> Result<Query, Refusal> {
    if depth > DEPTH_LIMIT {
        return Err(refuse("unsupported.literal.tsquery-depth", "a deeply nested tsquery literal"));
    }
    let mut left = operand(p, depth)?;
    loop {
        p.space();
        let mut ahead = p.rest.clone();
        let (priority, distance) = match ahead.next() {
            Some('|') => (OR, 0),
            Some('&') => (AND, 0),
            Some('<') => (PHRASE, phrase_distance(&mut ahead).ok_or_else(|| p.bad())?),
            _ => return Ok(left),
        };
        if priority <= least {
            return Ok(left);
        }
        p.rest = ahead;
        let right = expression(p, priority, depth + 1)?;
        left = Query::Binary(priority, distance, Box::new(left), Box::new(right));
    }
}

/// What follows the `<` of a phrase operator: `->` for 1, or a number and `>`.
fn phrase_distance(ahead: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<u32> {
    if ahead.peek() == Some(&'-') {
        ahead.next();
        return (ahead.next() == Some('>')).then_some(1);
    }
    let mut digits = String::new();
    while let Some(c) = ahead.peek().filter(|c| c.is_ascii_digit()) {
        digits.push(*c);
        ahead.next();
    }
    (ahead.next() == Some('>')).then(|| digits.parse().ok().filter(|d| *d <= MAX_POSITION + 1))?
}

fn print(query: &Query, parent: u8, right_of_phrase: bool, out: &mut String) {
    let (priority, phrase) = match query {
        Query::Word(shown) => {
            out.push_str(shown);
            return;
        }
        Query::Not(_) => (NOT, false),
        Query::Binary(priority, ..) => (*priority, *priority == PHRASE),
    };
    let parentheses = priority < parent || (phrase && right_of_phrase);
    if parentheses {
        out.push_str("( ");
    }
    match query {
        Query::Word(_) => {}
        Query::Not(inner) => {
            out.push('!');
            print(inner, priority, false, out);
        }
        Query::Binary(_, distance, left, right) => {
            print(left, priority, false, out);
            match (priority, distance) {
                (OR, _) => out.push_str(" | "),
                (AND, _) => out.push_str(" & "),
                (_, 1) => out.push_str(" <-> "),
                (_, d) => out.push_str(&format!(" <{d}> ")),
            }
            print(right, priority, phrase, out);
        }
    }
    if parentheses {
        out.push_str(" )");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn vectors() {
        assert_eq!(tsvector("a fat cat a").unwrap(), "'a' 'cat' 'fat'");
        assert_eq!(tsvector("b:2A,1 'x y':3d").unwrap(), "'b':1,2A 'x y':3");
        assert!(tsvector("a:x").is_err());
    }

    #[test]
    fn queries() {
        for (input, output) in [
            ("fat & cat", "'fat' & 'cat'"),
            ("fat & (cat | !rat)", "'fat' & ( 'cat' | !'rat' )"),
            ("a <-> (b <2> c)", "'a' <-> ( 'b' <2> 'c' )"),
            ("sup:*AB", "'sup':*AB"),
            ("!(a & b)", "!( 'a' & 'b' )"),
        ] {
            assert_eq!(tsquery(input).unwrap(), output, "{input}");
        }
        assert!(tsquery("a &").is_err());
    }
}
