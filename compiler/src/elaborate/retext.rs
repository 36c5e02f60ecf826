//! Names within stored texts: what a rename changes in an expression or a type as the server prints it.
//!
//! Works on tokens, not on trees: what the server prints after a rename is what it printed before with other names, letter for
//! letter, while analysing a text anew could settle it on another spelling. Relies on how servers print under an empty search
//! path: objects of users are always qualified, columns of the one relation in scope never.

use std::collections::BTreeSet;

/// A run of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    /// An identifier or keyword, with its spelling and what it names.
    Word(&'a str, String),
    /// A string literal with its quotes.
    Literal(&'a str),
    /// Anything else, one character or a run of blanks, digits and the like.
    Other(&'a str),
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut list = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (end, kind) = match first {
            '"' => (closing(rest, '"'), 'w'),
            '\'' => (closing(rest, '\''), 'l'),
            c if c.is_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
                (end, 'w')
            }
            c if c.is_ascii_digit() => {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(rest.len());
                (end, 'o')
            }
            c => (c.len_utf8(), 'o'),
        };
        let (token, after) = rest.split_at(end);
        list.push(match kind {
            'w' if first == '"' => {
                Token::Word(token, token.trim_start_matches('"').trim_end_matches('"').replace("\"\"", "\""))
            }
            'w' => Token::Word(token, token.to_owned()),
            'l' => Token::Literal(token),
            _ => Token::Other(token),
        });
        rest = after;
    }
    list
}

/// Where a quoted run that starts a text ends.
fn closing(text: &str, quote: char) -> usize {
    let mut at = quote.len_utf8();
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(quote)) {
        let after = at + found + 1;
        if text.get(after..).is_some_and(|rest| rest.starts_with(quote)) {
            at = after + 1;
        } else {
            return after;
        }
    }
    text.len()
}

fn spelled(token: &Token<'_>) -> String {
    match token {
        Token::Word(text, _) | Token::Literal(text) | Token::Other(text) => (*text).to_owned(),
    }
}

/// What a schema and a name become.
pub(super) type Renaming<'a> = dyn Fn(&str, &str) -> Option<(String, String)> + 'a;

/// What a schema and a name in it become; none for what stays.
pub(super) trait Renames {
    /// The schema and name after.
    fn renamed(&self, schema: &str, name: &str) -> Option<(String, String)>;
}

impl<F: Fn(&str, &str) -> Option<(String, String)>> Renames for F {
    fn renamed(&self, schema: &str, name: &str) -> Option<(String, String)> {
        self(schema, name)
    }
}

/// Whether a parenthesis closes the arguments of a function.
fn ends_call(list: &[Token<'_>], mut at: usize) -> bool {
    let mut depth = 0_usize;
    loop {
        match list.get(at) {
            Some(Token::Other(")")) => depth += 1,
            Some(Token::Other("(")) => depth = depth.saturating_sub(1),
            _ => {}
        }
        let Some(before) = at.checked_sub(1) else { return false };
        at = before;
        if depth == 0 {
            return matches!(list.get(at), Some(Token::Word(..)));
        }
    }
}

/// Whether a query may print lists of names for columns that follow what is there: those behind an alias, which is no keyword and
/// stands behind no keyword, and those of `USING`. The list behind a function stays as long as it was.
pub(super) fn names_by_place(text: &str) -> bool {
    let list = tokens(text);
    let is_name = |token: &Token<'_>| matches!(token, Token::Word(spelling, _) if spelling.to_uppercase() != *spelling);
    list.iter().enumerate().any(|(at, token)| {
        let before = at.checked_sub(1).and_then(|at| list.get(at));
        let further = at.checked_sub(2).and_then(|at| list.get(at));
        let is_list = matches!(list.get(at + 1), Some(Token::Other("(")))
            && matches!(before, Some(Token::Other(" ")))
            && further.is_some_and(|token| match token {
                Token::Other(")") => !ends_call(&list, at.saturating_sub(2)),
                token => is_name(token),
            });
        is_name(token) && is_list || matches!(token, Token::Word("USING", _))
    })
}

/// Replaces qualified names in literals that stand for relations, types and functions, and nowhere else.
pub(super) fn replace_in_literals(text: &str, quote: &dyn Fn(&str) -> String, rename: &Renaming<'_>) -> String {
    let list = tokens(text);
    let mut out = String::with_capacity(text.len());
    for (at, token) in list.iter().enumerate() {
        let cast = (list.get(at + 1), list.get(at + 2), list.get(at + 3));
        match (token, cast) {
            (
                Token::Literal(literal),
                (
                    Some(Token::Other(":")),
                    Some(Token::Other(":")),
                    Some(Token::Word("regclass" | "regtype" | "regproc" | "regprocedure", _)),
                ),
            ) => {
                let inner = replace_qualified(&literal.trim_matches('\'').replace("''", "'"), quote, rename);
                out.push('\'');
                out.push_str(&inner.replace('\'', "''"));
                out.push('\'');
            }
            (token, _) => out.push_str(&spelled(token)),
        }
    }
    out
}

/// Replaces qualified names: `rename` says what a schema and a name become. In literals that stand for relations, types and functions too.
pub(super) fn replace_qualified(text: &str, quote: &dyn Fn(&str) -> String, rename: &Renaming<'_>) -> String {
    let list = tokens(text);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(token) = list.get(at) {
        if let (Token::Word(_, schema), Some(Token::Other(".")), Some(Token::Word(_, name))) =
            (token, list.get(at + 1), list.get(at + 2))
            && let Some((schema, name)) = rename.renamed(schema, name)
        {
            out.push_str(&quote(&schema));
            out.push('.');
            out.push_str(&quote(&name));
            at += 3;
            continue;
        }
        match (token, list.get(at + 1), list.get(at + 2), list.get(at + 3)) {
            (
                Token::Literal(literal),
                Some(Token::Other(":")),
                Some(Token::Other(":")),
                Some(Token::Word("regclass" | "regtype" | "regproc" | "regprocedure", _)),
            ) => {
                let inner = literal.trim_matches('\'').replace("''", "'");
                let inner = replace_qualified(&inner, quote, rename);
                out.push('\'');
                out.push_str(&inner.replace('\'', "''"));
                out.push('\'');
            }
            (token, ..) => out.push_str(&spelled(token)),
        }
        at += 1;
    }
    out
}

/// Puts operators of a schema into another: `OPERATOR(from.op)`; `to` is quoted already.
pub(super) fn move_operators(text: &str, from: &str, to: &str, operators: &BTreeSet<String>) -> String {
    let list = tokens(text);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(token) = list.get(at) {
        out.push_str(&spelled(token));
        at += 1;
        let (
            Token::Word("OPERATOR", _),
            Some(Token::Other("(")),
            Some(Token::Word(schema, named)),
            Some(Token::Other(".")),
        ) = (token, list.get(at), list.get(at + 1), list.get(at + 2))
        else {
            continue;
        };
        let operator: String = list
            .iter()
            .skip(at + 3)
            .map_while(|token| match token {
                Token::Other(")") => None,
                other => Some(spelled(other)),
            })
            .collect();
        let schema = if named == from && operators.contains(&operator) { to } else { schema };
        out.push('(');
        out.push_str(schema);
        at += 2;
    }
    out
}

/// Where the columns of an expression stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    /// Bare, of the one relation in scope.
    Bare,
    /// After `old.` and `new.`.
    OldAndNew,
}

/// Replaces a column's name.
pub(super) fn replace_column(
    text: &str,
    columns: Columns,
    before: &str,
    after: &str,
    quote: &dyn Fn(&str) -> String,
) -> String {
    let list = tokens(text);
    let mut out = String::with_capacity(text.len());
    for (at, token) in list.iter().enumerate() {
        let is_column = match token {
            Token::Word(_, name) if name == before => {
                let previous = at.checked_sub(1).and_then(|at| list.get(at));
                let qualifier = at.checked_sub(2).and_then(|at| list.get(at));
                let after_blank = match previous {
                    Some(Token::Other(" ")) => qualifier,
                    _ => None,
                };
                let called = matches!(list.get(at + 1), Some(Token::Other("(")));
                let qualifies = matches!(list.get(at + 1), Some(Token::Other(".")));
                let is_type = matches!(previous, Some(Token::Other(":")));
                let is_collation = matches!(after_blank, Some(Token::Word("COLLATE", _)));
                match columns {
                    Columns::Bare => {
                        !called
                            && !qualifies
                            && !is_type
                            && !is_collation
                            && !matches!(previous, Some(Token::Other(".")))
                    }
                    Columns::OldAndNew => {
                        matches!(previous, Some(Token::Other(".")))
                            && matches!(qualifier, Some(Token::Word("old" | "new", _)))
                    }
                }
            }
            _ => false,
        };
        if is_column {
            out.push_str(&quote(after));
        } else {
            out.push_str(&spelled(token));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(name: &str) -> String {
        let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
    }

    #[test]
    fn columns_are_told_from_calls_types_and_strings() {
        let text = "((a)::text = ANY (ARRAY['a'::text, lower(a)])) AND a(b) > (b)::a";
        assert_eq!(
            replace_column(text, Columns::Bare, "a", "A b", &quote),
            "((\"A b\")::text = ANY (ARRAY['a'::text, lower(\"A b\")])) AND a(b) > (b)::a"
        );
        assert_eq!(
            replace_column("(old.a IS DISTINCT FROM new.a) AND a", Columns::OldAndNew, "a", "z", &quote),
            "(old.z IS DISTINCT FROM new.z) AND a"
        );
    }

    #[test]
    fn lists_of_names_are_seen() {
        assert!(names_by_place(" SELECT x.a\n   FROM public.t x(a, b)"));
        assert!(names_by_place(" SELECT 1\n   FROM (public.t\n     JOIN public.u ON (true)) j(a, b)"));
        assert!(names_by_place(" SELECT 1\n   FROM (public.t\n     JOIN public.u USING (a))"));
        assert!(!names_by_place(" SELECT r.a\n   FROM public.f(1, (2)) r(a, b)"));
        assert!(!names_by_place(" SELECT lower(x.a) AS b\n   FROM public.t x\n  WHERE (NOT f(a))"));
    }

    #[test]
    fn operators_move_with_their_schema() {
        let operators = BTreeSet::from(["<->".to_owned()]);
        assert_eq!(
            move_operators(
                "((a OPERATOR(ext.<->) b) OPERATOR(ext.=) c) || 'OPERATOR(ext.<->)'",
                "ext",
                "\"T\"",
                &operators
            ),
            "((a OPERATOR(\"T\".<->) b) OPERATOR(ext.=) c) || 'OPERATOR(ext.<->)'"
        );
    }

    #[test]
    fn qualified_names_are_replaced_in_literals_of_relations_too() {
        let rename =
            |schema: &str, name: &str| (schema == "app" && name == "s").then(|| ("app".to_owned(), "T".to_owned()));
        assert_eq!(
            replace_qualified("nextval('app.s'::regclass) || app.s || 'app.s'::text", &quote, &rename),
            "nextval('app.\"T\"'::regclass) || app.\"T\" || 'app.s'::text"
        );
    }
}
