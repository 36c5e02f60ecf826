//! `jsonpath` literals, read and written again as the server writes them.
//!
//! Follows jsonpath_gram.y, jsonpath_scan.l and `printJsonPathItem`, jsonpath.c (PG 18). Comments and escapes in
//! bare words are refused; regular expressions are not compiled.

use super::{Normal, Refusal, json, number, refuse, reject};

/// How deep a path may be nested before it is refused.
const DEPTH_LIMIT: usize = 100;

/// A path: its first item, then what is applied to it.
type Chain = Vec<Item>;

enum Item {
    Root,
    Current,
    Last,
    Null,
    Bool(bool),
    Text(String),
    Number(String),
    Variable(String),
    Key(String),
    AnyKey,
    AnyArray,
    Any(u32, u32),
    Index(Vec<(Chain, Option<Chain>)>),
    Filter(Chain),
    Method(String, Vec<String>),
    Binary(&'static str, u8, Box<Chain>, Box<Chain>),
    Unary(char, Box<Chain>),
    Not(Box<Chain>),
    IsUnknown(Box<Chain>),
    Exists(Box<Chain>),
    LikeRegex(Box<Chain>, String, String),
}

const OR: u8 = 0;
const AND: u8 = 1;
const COMPARE: u8 = 2;
const ADD: u8 = 3;
const MULTIPLY: u8 = 4;
const SIGN: u8 = 5;
const PRIMARY: u8 = 6;

/// Stands for `last` among the levels of `**`.
const LAST_LEVEL: u32 = u32::MAX;

/// A path in its normal form.
pub(super) fn jsonpath(text: &str, major: u32) -> Normal {
    if text.trim().is_empty() {
        return Err(super::invalid_syntax("jsonpath", text));
    }
    let mut p = Parser { tokens: tokens(text)?, at: 0, whole: text, major, filters: 0, subscripts: 0, depth: 0 };
    let mut out = String::new();
    if p.eat_word("strict") {
        out.push_str("strict ");
    } else {
        p.eat_word("lax");
    }
    let chain = p.expression(OR)?;
    if p.at < p.tokens.len() {
        return Err(p.bad());
    }
    print(&chain, false, true, &mut out);
    Ok(out)
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Symbol(&'static str),
    Word(String),
    Text(String),
    Number(String),
    /// `$name` or `$"name"`.
    Variable(String),
}

const SYMBOLS: [&str; 26] = [
    "**", "&&", "||", "==", "!=", "<>", "<=", ">=", "$", "@", ".", "*", "[", "]", "(", ")", "{", "}", "?", ",", "<",
    ">", "!", "+", "-", "/",
];

fn is_special(c: char) -> bool {
    matches!(
        c,
        '?' | '%'
            | '$'
            | '.'
            | '['
            | ']'
            | '{'
            | '}'
            | '('
            | ')'
            | '|'
            | '&'
            | '!'
            | '='
            | '<'
            | '>'
            | '@'
            | '#'
            | ','
            | '*'
            | ':'
            | '-'
            | '+'
            | '/'
            | ' '
            | '\t'
            | '\n'
            | '\r'
            | '\x0c'
            | '\\'
            | '"'
    )
}

fn syntax(text: &str) -> Refusal {
    reject("42601", format!("syntax error in jsonpath: \"{text}\""))
}

fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c') {
            rest = rest.get(1..).unwrap_or("");
        } else if rest.starts_with("/*") {
            return Err(refuse("unsupported.literal.jsonpath", "a jsonpath literal with a comment"));
        } else if c == '"' {
            let (value, after) = quoted(rest, text)?;
            out.push(Token::Text(value));
            rest = after;
        } else if c == '$' && rest.get(1..).is_some_and(|r| r.starts_with('"')) {
            let (value, after) = quoted(rest.get(1..).unwrap_or(""), text)?;
            out.push(Token::Variable(value));
            rest = after;
        } else if c == '$' && rest.get(1..).is_some_and(|r| r.starts_with(|n: char| !is_special(n))) {
            let (word, after) = bare(rest.get(1..).unwrap_or(""));
            out.push(Token::Variable(word.to_owned()));
            rest = after;
        } else if c.is_ascii_digit()
            || (c == '.' && rest.get(1..).is_some_and(|r| r.starts_with(|d: char| d.is_ascii_digit())))
        {
            let (value, after) = numeral(rest).ok_or_else(|| syntax(text))?;
            out.push(Token::Number(value.to_owned()));
            rest = after;
        } else if c == '%' {
            out.push(Token::Symbol("%"));
            rest = rest.get(1..).unwrap_or("");
        } else if let Some(symbol) = SYMBOLS.into_iter().find(|s| rest.starts_with(s)) {
            out.push(Token::Symbol(symbol));
            rest = rest.get(symbol.len()..).unwrap_or("");
        } else if c == '\\' {
            return Err(refuse("unsupported.literal.jsonpath", "a jsonpath literal with an escape in a bare word"));
        } else if is_special(c) {
            return Err(syntax(text));
        } else {
            let (word, after) = bare(rest);
            if after.starts_with('\\') {
                return Err(refuse("unsupported.literal.jsonpath", "a jsonpath literal with an escape in a bare word"));
            }
            out.push(Token::Word(word.to_owned()));
            rest = after;
        }
    }
    Ok(out)
}

fn bare(text: &str) -> (&str, &str) {
    text.split_at(text.find(is_special).unwrap_or(text.len()))
}

fn quoted<'t>(text: &'t str, whole: &str) -> Result<(String, &'t str), Refusal> {
    let mut escaped = false;
    let end = text
        .char_indices()
        .skip(1)
        .find(|(_, c)| {
            let closes = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        })
        .map(|(i, _)| i + 1)
        .ok_or_else(|| syntax(whole))?;
    let (token, after) = text.split_at(end);
    Ok((json::string_value(token).ok_or_else(|| syntax(whole))?, after))
}

/// A decimal number without sign; what follows must not be a word.
fn numeral(text: &str) -> Option<(&str, &str)> {
    let digits = |t: &str| t.bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(text);
    if text.get(end..)?.starts_with('.') {
        end += 1 + digits(text.get(end + 1..)?);
    }
    if text.get(end..)?.starts_with(['e', 'E']) {
        let sign = usize::from(text.get(end + 1..)?.starts_with(['+', '-']));
        let exponent = digits(text.get(end + 1 + sign..)?);
        if exponent == 0 {
            return None;
        }
        end += 1 + sign + exponent;
    }
    let (number, after) = text.split_at(end);
    let leading_zero =
        number.len() > 1 && number.starts_with('0') && !number.starts_with("0.") && !number.starts_with("0e");
    let joined = after.starts_with(|c: char| !is_special(c));
    (!leading_zero && !joined).then_some((number, after))
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    whole: &'a str,
    major: u32,
    filters: usize,
    subscripts: usize,
    depth: usize,
}

impl Parser<'_> {
    fn bad(&self) -> Refusal {
        syntax(self.whole)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(s)) if *s == symbol);
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Refusal> {
        if self.eat(symbol) { Ok(()) } else { Err(self.bad()) }
    }

    fn text(&mut self) -> Result<String, Refusal> {
        match self.peek() {
            Some(Token::Text(t)) => {
                let t = t.clone();
                self.at += 1;
                Ok(t)
            }
            _ => Err(self.bad()),
        }
    }

    fn operator(&self) -> Option<(&'static str, u8)> {
        Some(match self.peek()? {
            Token::Symbol(s) => match *s {
                "||" => ("||", OR),
                "&&" => ("&&", AND),
                "==" => ("==", COMPARE),
                "!=" | "<>" => ("!=", COMPARE),
                "<" => ("<", COMPARE),
                ">" => (">", COMPARE),
                "<=" => ("<=", COMPARE),
                ">=" => (">=", COMPARE),
                "+" => ("+", ADD),
                "-" => ("-", ADD),
                "*" => ("*", MULTIPLY),
                "/" => ("/", MULTIPLY),
                "%" => ("%", MULTIPLY),
                _ => return None,
            },
            Token::Word(w) if w.eq_ignore_ascii_case("starts") => ("starts with", COMPARE),
            Token::Word(w) if w.eq_ignore_ascii_case("like_regex") => ("like_regex", COMPARE),
            _ => return None,
        })
    }

    /// Operands joined by operators that bind at least as tightly as `least`, from left to right.
    fn expression(&mut self, least: u8) -> Result<Chain, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(refuse("unsupported.literal.jsonpath-depth", "a deeply nested jsonpath literal"));
        }
        let mut left = self.operand()?;
        while let Some((name, priority)) = self.operator().filter(|(_, p)| *p >= least) {
            self.at += 1;
            left = match name {
                "like_regex" => {
                    let pattern = self.text()?;
                    let flags = if self.eat_word("flag") { self.flags()? } else { String::new() };
                    vec![Item::LikeRegex(Box::new(left), pattern, flags)]
                }
                "starts with" => {
                    if !self.eat_word("with") {
                        return Err(self.bad());
                    }
                    let start = match self.peek() {
                        Some(Token::Text(t)) => Item::Text(t.clone()),
                        Some(Token::Variable(v)) => Item::Variable(v.clone()),
                        _ => return Err(self.bad()),
                    };
                    self.at += 1;
                    vec![Item::Binary(name, priority, Box::new(left), Box::new(vec![start]))]
                }
                _ => {
                    let right = self.expression(priority + 1)?;
                    vec![Item::Binary(name, priority, Box::new(left), Box::new(right))]
                }
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn flags(&mut self) -> Result<String, Refusal> {
        let written = self.text()?;
        if written.contains('x') || !written.chars().all(|c| "ismq".contains(c)) {
            return Err(reject("42601", "invalid input syntax for type jsonpath"));
        }
        Ok("ismq".chars().filter(|c| written.contains(*c)).collect())
    }

    fn operand(&mut self) -> Result<Chain, Refusal> {
        for sign in ["+", "-"] {
            if self.eat(sign) {
                let inner = self.expression(SIGN)?;
                return Ok(signed(sign == "-", inner));
            }
        }
        if self.eat("!") {
            let inner = self.delimited()?;
            return Ok(vec![Item::Not(Box::new(inner))]);
        }
        let mut chain = if self.eat("(") {
            let inner = self.expression(OR)?;
            self.expect(")")?;
            if self.eat_word("is") {
                if !self.eat_word("unknown") {
                    return Err(self.bad());
                }
                return Ok(vec![Item::IsUnknown(Box::new(inner))]);
            }
            inner
        } else if matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case("exists")) {
            return self.delimited();
        } else {
            vec![self.primary()?]
        };
        while let Some(step) = self.accessor()? {
            if self.major < 15 && matches!(chain.as_slice(), [Item::Number(_)]) {
                // written without the parentheses that reading it back needs
                return Err(refuse("unsupported.literal.jsonpath", "a jsonpath literal with a method of a number"));
            }
            chain.push(step);
        }
        Ok(chain)
    }

    /// A predicate in parentheses, or `exists (…)`.
    fn delimited(&mut self) -> Result<Chain, Refusal> {
        if self.eat_word("exists") {
            self.expect("(")?;
            let inner = self.expression(OR)?;
            self.expect(")")?;
            return Ok(vec![Item::Exists(Box::new(inner))]);
        }
        self.expect("(")?;
        let inner = self.expression(OR)?;
        self.expect(")")?;
        Ok(inner)
    }

    fn primary(&mut self) -> Result<Item, Refusal> {
        let token = self.peek().cloned().ok_or_else(|| self.bad())?;
        self.at += 1;
        Ok(match token {
            Token::Symbol("$") => Item::Root,
            Token::Symbol("@") if self.filters == 0 => {
                return Err(reject("42601", "@ is not allowed in root expressions"));
            }
            Token::Symbol("@") => Item::Current,
            Token::Text(t) => Item::Text(t),
            Token::Number(n) => Item::Number(number::numeric(&n, 14)?),
            Token::Variable(v) => Item::Variable(v),
            Token::Word(w) => match w.to_ascii_lowercase().as_str() {
                "last" if self.subscripts == 0 => {
                    return Err(reject("42601", "LAST is allowed only in array subscripts"));
                }
                "last" => Item::Last,
                // these three are written in lower case only
                "null" if w == "null" => Item::Null,
                "true" if w == "true" => Item::Bool(true),
                "false" if w == "false" => Item::Bool(false),
                _ => return Err(self.bad()),
            },
            Token::Symbol(_) => return Err(self.bad()),
        })
    }

    fn accessor(&mut self) -> Result<Option<Item>, Refusal> {
        if self.eat("[") {
            return self.subscript().map(Some);
        }
        if self.eat("?") {
            self.expect("(")?;
            self.filters += 1;
            let inner = self.expression(OR)?;
            self.filters -= 1;
            self.expect(")")?;
            return Ok(Some(Item::Filter(inner)));
        }
        if !self.eat(".") {
            return Ok(None);
        }
        if self.eat("**") {
            return self.any_levels().map(Some);
        }
        if self.eat("*") {
            return Ok(Some(Item::AnyKey));
        }
        let token = self.peek().cloned().ok_or_else(|| self.bad())?;
        self.at += 1;
        match token {
            Token::Text(key) => Ok(Some(Item::Key(key))),
            Token::Word(word) if self.eat("(") => self.method(&word.to_ascii_lowercase()).map(Some),
            Token::Word(word) => Ok(Some(Item::Key(word))),
            _ => Err(self.bad()),
        }
    }

    fn method(&mut self, name: &str) -> Result<Item, Refusal> {
        let (most, since) = match name {
            "type" | "size" | "abs" | "floor" | "ceiling" | "double" | "keyvalue" => (0, 14),
            "datetime" => (1, 14),
            "bigint" | "boolean" | "date" | "integer" | "number" | "string" => (0, 17),
            "time" | "time_tz" | "timestamp" | "timestamp_tz" => (1, 17),
            "decimal" => (2, 17),
            _ => return Err(self.bad()),
        };
        if self.major < since {
            return Err(self.bad());
        }
        let mut args = Vec::new();
        while !self.eat(")") {
            if !args.is_empty() {
                self.expect(",")?;
            }
            let sign = if self.eat("-") { "-" } else { "" };
            match self.peek().cloned() {
                Some(Token::Text(t)) if name == "datetime" => args.push(json::quoted(&t)),
                Some(Token::Number(n)) if name != "datetime" => args.push(format!("{sign}{n}")),
                _ => return Err(self.bad()),
            }
            self.at += 1;
        }
        if args.len() > most {
            return Err(self.bad());
        }
        Ok(Item::Method(name.to_owned(), args))
    }

    fn subscript(&mut self) -> Result<Item, Refusal> {
        if self.eat("*") {
            self.expect("]")?;
            return Ok(Item::AnyArray);
        }
        self.subscripts += 1;
        let mut list = Vec::new();
        loop {
            let from = self.expression(ADD)?;
            let to = if self.eat_word("to") { Some(self.expression(ADD)?) } else { None };
            list.push((from, to));
            if !self.eat(",") {
                break;
            }
        }
        self.subscripts -= 1;
        self.expect("]")?;
        Ok(Item::Index(list))
    }

    /// What follows `**`: nothing, `{n}` or `{n to m}`.
    fn any_levels(&mut self) -> Result<Item, Refusal> {
        if !self.eat("{") {
            return Ok(Item::Any(0, LAST_LEVEL));
        }
        let first = self.level()?;
        let last = if self.eat_word("to") { self.level()? } else { first };
        self.expect("}")?;
        Ok(Item::Any(first, last))
    }

    fn level(&mut self) -> Result<u32, Refusal> {
        if self.eat_word("last") {
            return Ok(LAST_LEVEL);
        }
        match self.peek() {
            Some(Token::Number(n)) => {
                let level = n.parse().map_err(|_| self.bad())?;
                self.at += 1;
                Ok(level)
            }
            _ => Err(self.bad()),
        }
    }
}

/// A sign in front: a lone number takes it in.
fn signed(negative: bool, inner: Chain) -> Chain {
    if let [Item::Number(n)] = inner.as_slice() {
        let turned = match (negative, n.strip_prefix('-')) {
            (false, _) => n.clone(),
            (true, Some(positive)) => positive.to_owned(),
            (true, None) if n.bytes().any(|b| (b'1'..=b'9').contains(&b)) => format!("-{n}"),
            (true, None) => n.clone(),
        };
        return vec![Item::Number(turned)];
    }
    vec![Item::Unary(if negative { '-' } else { '+' }, Box::new(inner))]
}

fn priority(chain: &Chain) -> u8 {
    match chain.first() {
        Some(Item::Binary(_, p, ..)) => *p,
        Some(Item::Unary(..)) => SIGN,
        _ => PRIMARY,
    }
}

/// `printJsonPathItem` for an item and all that follows it.
fn print(chain: &Chain, in_key: bool, brackets: bool, out: &mut String) {
    let mut items = chain.iter();
    if let Some(first) = items.next() {
        item(first, in_key, brackets, chain.len() > 1, out);
    }
    for next in items {
        item(next, true, true, false, out);
    }
}

fn item(item: &Item, in_key: bool, brackets: bool, has_next: bool, out: &mut String) {
    let dot = if in_key { "." } else { "" };
    let bracketed = |out: &mut String, body: &dyn Fn(&mut String)| {
        if brackets {
            out.push('(');
        }
        body(out);
        if brackets {
            out.push(')');
        }
    };
    match item {
        Item::Root => out.push('$'),
        Item::Current => out.push('@'),
        Item::Last => out.push_str("last"),
        Item::Null => out.push_str("null"),
        Item::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Item::Text(t) => out.push_str(&json::quoted(t)),
        Item::Number(n) if has_next => out.push_str(&format!("({n})")),
        Item::Number(n) => out.push_str(n),
        Item::Variable(v) => out.push_str(&format!("${}", json::quoted(v))),
        Item::Key(k) => out.push_str(&format!("{dot}{}", json::quoted(k))),
        Item::AnyKey => out.push_str(&format!("{dot}*")),
        Item::AnyArray => out.push_str("[*]"),
        Item::Any(first, last) => out.push_str(&format!("{dot}{}", levels(*first, *last))),
        Item::Index(list) => {
            out.push('[');
            for (i, (from, to)) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                print(from, false, false, out);
                if let Some(to) = to {
                    out.push_str(" to ");
                    print(to, false, false, out);
                }
            }
            out.push(']');
        }
        Item::Filter(inner) => {
            out.push_str("?(");
            print(inner, false, false, out);
            out.push(')');
        }
        Item::Method(name, args) => out.push_str(&format!(".{name}({})", args.join(","))),
        Item::Binary(name, p, left, right) => bracketed(out, &|out| {
            print(left, false, priority(left) <= *p, out);
            out.push_str(&format!(" {name} "));
            print(right, false, priority(right) <= *p, out);
        }),
        Item::Unary(sign, inner) => bracketed(out, &|out| {
            out.push(*sign);
            print(inner, false, priority(inner) <= SIGN, out);
        }),
        Item::Not(inner) => {
            out.push_str("!(");
            print(inner, false, false, out);
            out.push(')');
        }
        Item::IsUnknown(inner) => {
            out.push('(');
            print(inner, false, false, out);
            out.push_str(") is unknown");
        }
        Item::Exists(inner) => {
            out.push_str("exists (");
            print(inner, false, false, out);
            out.push(')');
        }
        Item::LikeRegex(left, pattern, flags) => bracketed(out, &|out| {
            print(left, false, true, out);
            out.push_str(&format!(" like_regex {}", json::quoted(pattern)));
            if !flags.is_empty() {
                out.push_str(&format!(" flag \"{flags}\""));
            }
        }),
    }
}

fn levels(first: u32, last: u32) -> String {
    let shown = |level: u32| if level == LAST_LEVEL { "last".to_owned() } else { level.to_string() };
    if first == 0 && last == LAST_LEVEL {
        "**".to_owned()
    } else if first == last {
        format!("**{{{}}}", shown(first))
    } else {
        format!("**{{{} to {}}}", shown(first), shown(last))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_are_written_as_the_server_writes_them() {
        for (input, output) in [
            ("$.a.b[0][*].\"c d\"", "$.\"a\".\"b\"[0][*].\"c d\""),
            ("strict $.x", "strict $.\"x\""),
            ("lax $", "$"),
            ("$.a[*] ? (@ > 1)", "$.\"a\"[*]?(@ > 1)"),
            ("$.a == 1", "($.\"a\" == 1)"),
            ("$ ? (@.a == \"x\" && !(@.b < -1.50))", "$?(@.\"a\" == \"x\" && !(@.\"b\" < -1.50))"),
            ("$.a + 2 * 3", "($.\"a\" + 2 * 3)"),
            ("$[1 to last, 0]", "$[1 to last,0]"),
            ("$.**{2 to last}.size()", "$.**{2 to last}.size()"),
            ("$ ? (exists (@.x) || @.y starts with \"a\")", "$?(exists (@.\"x\") || @.\"y\" starts with \"a\")"),
            ("$ ? (@.n like_regex \"^a\" flag \"i\")", "$?(@.\"n\" like_regex \"^a\" flag \"i\")"),
            ("$x", "$\"x\""),
        ] {
            assert_eq!(jsonpath(input, 14).unwrap(), output, "{input}");
        }
        assert_eq!(jsonpath("@.a", 14).unwrap_err().sqlstate(), Some("42601"));
        assert_eq!(jsonpath("$.a.", 14).unwrap_err().sqlstate(), Some("42601"));
    }
}
