//! Operators with the database's name in front: `OPERATOR(db.schema.+)`.
//!
//! Servers take them where the name is that of the database at hand, and it then says nothing more. The grammar's own printer, by
//! which the words of a schema come into a plan, does not know them. So such a statement is read once more without that name; a
//! name of another database stays, and is refused where the operator is looked up.

use pg_query::NodeEnum;

use super::run::Interpreter;
use crate::env::InDatabase;
use crate::grammar;
use crate::syntax::Statement;
use crate::syntax::lex::{Lexer, TokenKind};

impl Interpreter<'_> {
    /// The tree of a statement without the own database's name in front of operators; none where it names none.
    pub(super) fn without_own_database(&self, statement: &Statement) -> Option<NodeEnum> {
        let text = statement.text();
        if !text.as_bytes().windows(WORD.len()).any(|part| part.eq_ignore_ascii_case(WORD.as_bytes())) {
            return None;
        }
        let surroundings = self.model.env.surroundings();
        let plain = blanked(text, |database| surroundings.in_database(database) == InDatabase::Own)?;
        let parsed = grammar::parse(&format!("{}{plain}", " ".repeat(statement.offset_in_parsed()))).ok()?;
        parsed.protobuf.stmts.into_iter().next()?.stmt?.node
    }
}

const WORD: &str = "operator";

/// The text with spaces in place of own databases' names in front of operators; none where there are none.
fn blanked(text: &str, is_own: impl Fn(&str) -> bool) -> Option<String> {
    let tokens: Vec<_> = Lexer::starting_at(text, 0).collect();
    let word = |at: usize| tokens.get(at).and_then(|token| text.get(token.start..token.end)).unwrap_or("");
    let mut out = String::new();
    let mut done = 0;
    for (at, token) in tokens.iter().enumerate() {
        let named = token.kind == TokenKind::Word
            && word(at).eq_ignore_ascii_case(WORD)
            && [word(at + 1), word(at + 3), word(at + 5)] == ["(", ".", "."];
        let (Some(database), Some(schema)) = (tokens.get(at + 2), tokens.get(at + 4)) else { break };
        if named && is_own(&folded(word(at + 2))) {
            out.push_str(text.get(done..database.start)?);
            out.push_str(&" ".repeat(schema.start - database.start));
            done = schema.start;
        }
    }
    out.push_str(text.get(done..)?);
    (done > 0).then_some(out)
}

/// An identifier as the server stores it.
fn folded(token: &str) -> String {
    match token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => token.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_names_in_front_of_operators_are_blanked() {
        let own = |text: &str| blanked(text, |database| database == "my\"db");
        assert_eq!(
            own("SELECT 1 operator ( \"my\"\"db\".s.+) 2, x OPERATOR(/* */\"my\"\"db\" . s.-)").as_deref(),
            Some("SELECT 1 operator (          s.+) 2, x OPERATOR(/* */           s.-)")
        );
        for other in
            ["SELECT 1 OPERATOR(s.+) 2", "SELECT 1 OPERATOR(x.s.+) 2", "SELECT 'OPERATOR(a.b.+)'", "OPERATOR", ""]
        {
            assert_eq!(own(other), None);
        }
        assert_eq!(blanked("x Operator(DB.s.+)", |database| database == "db").as_deref(), Some("x Operator(   s.+)"));
    }
}
