//! What a statement of a plan is about, by its words: the names of what it makes, alters, drops or comments on, where they say a schema.

use std::iter::Peekable;
use std::slice::Iter;

use crate::outside::{behind_comments, quoted_length};
use crate::snapshot::is_agents_schema;

/// A piece of a statement, outside of parentheses.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A word that is not quoted, in upper case.
    Word(String),
    /// A name in double quotes.
    Quoted(String),
    /// Any other sign.
    Sign(char),
    /// A string, or what stands in parentheses.
    Other,
}

/// Words between a kind and a name.
const BEFORE_NAMES: &[&str] = &["CONCURRENTLY", "DOMAIN", "EXISTS", "IF", "NOT", "ONLY", "VIEW"];

/// Kinds of which the second name is the one of a table.
const ON_TABLES: &[&str] = &["CONSTRAINT", "INDEX", "POLICY", "RULE", "TRIGGER"];

/// Whether a statement is about what no fingerprint holds: something in a schema of the server's own, in one that goes with the session
/// or in one of the agent's, or rows, which a query puts into a new table.
pub(crate) fn is_out_of_sight(sql: &str) -> bool {
    let tokens = tokens(sql);
    let mut rest = tokens.iter().peekable();
    let mut is_word = |words: &[&str]| {
        rest.next_if(|token| matches!(token, Token::Word(word) if words.contains(&word.as_str()))).is_some()
    };
    let (creates, drops) = (is_word(&["CREATE"]), is_word(&["DROP"]));
    is_word(&["ALTER", "COMMENT"]);
    is_word(&["ON", "OR"]);
    is_word(&["REPLACE"]);
    if creates {
        is_word(&["CONSTRAINT", "RECURSIVE", "UNIQUE", "UNLOGGED"]);
    }
    let kind = match rest.next() {
        Some(Token::Word(kind)) => kind.as_str(),
        _ => return false,
    };
    if creates && kind == "TABLE" && tokens.contains(&Token::Word("AS".to_owned())) {
        return true;
    }
    // how many parts a name has that says a schema
    let parts = match kind {
        "SCHEMA" => 1,
        "COLUMN" => 3,
        _ => 2,
    };
    let is_foreign = |rest: &mut Peekable<Iter<'_, Token>>| {
        let name = name(rest);
        name.len().checked_sub(parts).and_then(|at| name.get(at)).is_some_and(|schema| is_foreign_schema(schema))
    };
    if is_foreign(&mut rest) {
        return true;
    }
    let mut is_first_on = ON_TABLES.contains(&kind);
    while let Some(token) = rest.next() {
        let leads = match token {
            Token::Sign(',') => drops,
            // a rule is on an event, to a table
            Token::Word(word) if is_first_on && (word == "TO" || word == "ON") => {
                is_first_on = word == "ON" && creates && kind == "RULE";
                !is_first_on
            }
            _ => false,
        };
        if leads && is_foreign(&mut rest) {
            return true;
        }
    }
    false
}

fn is_foreign_schema(schema: &str) -> bool {
    schema.starts_with("pg_") || schema == "information_schema" || is_agents_schema(schema)
}

/// The parts of the name that comes next.
fn name(rest: &mut Peekable<Iter<'_, Token>>) -> Vec<String> {
    while rest.next_if(|token| matches!(token, Token::Word(word) if BEFORE_NAMES.contains(&word.as_str()))).is_some() {}
    let mut parts = Vec::new();
    loop {
        match rest.peek() {
            Some(Token::Word(word)) => parts.push(word.to_ascii_lowercase()),
            Some(Token::Quoted(name)) => parts.push(name.clone()),
            _ => return parts,
        }
        rest.next();
        if rest.next_if_eq(&&Token::Sign('.')).is_none() {
            return parts;
        }
    }
}

fn tokens(sql: &str) -> Vec<Token> {
    let (mut tokens, mut rest, mut depth) = (Vec::new(), sql, 0_usize);
    loop {
        rest = behind_comments(rest);
        let Some(first) = rest.chars().next() else { return tokens };
        let (length, token) = match first {
            '"' => {
                let length = whole(rest, '"');
                let inner = rest.get(1..length.saturating_sub(1)).unwrap_or_default();
                (length, Token::Quoted(inner.replace("\"\"", "\"")))
            }
            '\'' => (whole(rest, '\''), Token::Other),
            '$' => (dollar_quoted(rest).unwrap_or(1), Token::Other),
            '(' | '[' => {
                depth += 1;
                (1, Token::Other)
            }
            ')' | ']' => {
                depth = depth.saturating_sub(1);
                (1, Token::Other)
            }
            first if first.is_alphanumeric() || first == '_' => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
                let word = rest.get(..end).unwrap_or_default();
                let quoted = rest.get(end..).unwrap_or_default();
                if quoted.starts_with('\'') && word.eq_ignore_ascii_case("e") {
                    (end + escaped(quoted), Token::Other)
                } else {
                    (end, Token::Word(word.to_ascii_uppercase()))
                }
            }
            other => (other.len_utf8(), Token::Sign(other)),
        };
        if depth == 0 {
            tokens.push(token);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// The length of what is quoted at the beginning of a text, doubled quotes within.
fn whole(text: &str, quote: char) -> usize {
    let mut length = quoted_length(text, quote);
    while let Some(more) = text.get(length..).filter(|more| more.starts_with(quote)) {
        length += quoted_length(more, quote);
    }
    length
}

/// The length of a string in which a backslash takes the next sign's meaning.
fn escaped(text: &str) -> usize {
    let mut signs = text.char_indices().skip(1);
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => {
                signs.next();
            }
            '\'' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a string between dollars, if it is one.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag = text.get(1..)?.find('$').and_then(|end| text.get(..end + 2))?;
    let is_tag = tag.trim_matches('$').chars().all(|c| c.is_alphanumeric() || c == '_');
    let begins_well = !tag.trim_matches('$').starts_with(|c: char| c.is_ascii_digit());
    let inner = text.get(tag.len()..)?;
    (is_tag && begins_well).then(|| inner.find(tag).map_or(text.len(), |end| tag.len() * 2 + end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_statement_is_about_is_known_by_its_names() {
        for sql in [
            "CREATE TABLE app.t AS SELECT 1",
            "CREATE UNLOGGED TABLE IF NOT EXISTS t (a) WITH (fillfactor = 70) as table x",
            "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE OR REPLACE FUNCTION \"pg_catalog\" . lower(text) RETURNS text LANGUAGE sql AS 'SELECT 1'",
            "CREATE OR REPLACE VIEW information_schema.tables AS SELECT 1",
            "CREATE VIEW pg_temp_3.pg_proc AS SELECT 1",
            "CREATE MATERIALIZED VIEW IF NOT EXISTS pgseal.v AS SELECT 1",
            "CREATE TRIGGER t AFTER INSERT OR UPDATE OF a ON pgseal.ledger EXECUTE FUNCTION app.f()",
            "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON /* x */ PGSEAL.ledger EXECUTE FUNCTION app.f()",
            "CREATE RULE r AS ON INSERT TO pgseal_of_app.ledger DO NOTHING",
            "CREATE UNIQUE INDEX i ON ONLY pgseal.ledger (plan)",
            "CREATE POLICY p ON pgseal.ledger",
            "DROP TRIGGER t ON pgseal.ledger",
            "DROP TABLE app.t, pgseal.ledger",
            "DROP FUNCTION app.f(numeric(10, 2)), pg_catalog.lower(text)",
            "DROP SCHEMA IF EXISTS pgseal",
            "ALTER SCHEMA pgseal RENAME TO x",
            "ALTER TABLE IF EXISTS ONLY postgres.pgseal.ledger ADD COLUMN a integer",
            "COMMENT ON COLUMN pgseal.ledger.plan IS 'x'",
            "COMMENT ON CONSTRAINT c ON DOMAIN pg_temp.d IS 'x'",
            "COMMENT ON SCHEMA pg_catalog IS 'x'",
        ] {
            assert!(is_out_of_sight(sql), "{sql}");
        }
        for sql in [
            "",
            "CREATE",
            "CREATE TABLE app.t (a text GENERATED ALWAYS AS (lower(b)) STORED)",
            "CREATE TABLE app.\"as\" (a pg_catalog.int4)",
            "CREATE TABLE app.p PARTITION OF app.t FOR VALUES FROM ('as ') TO ('pgseal.')",
            "CREATE FUNCTION app.f() RETURNS pg_catalog.int4 SET search_path TO pg_catalog, pg_temp LANGUAGE sql AS $$, pgseal.x ON pg_temp.y$$",
            "CREATE FUNCTION app.f() RETURNS text LANGUAGE sql AS E'\\', pgseal.x'",
            "CREATE VIEW app.v AS SELECT pgseal_log.id FROM app.pgseal_log",
            "CREATE RULE r AS ON UPDATE TO app.t DO ALSO NOTIFY pgseal",
            "CREATE INDEX pg_temp ON app.t (a)",
            "CREATE TRIGGER t AFTER UPDATE ON app.pgseal EXECUTE FUNCTION app.pgseal()",
            "ALTER TABLE app.t ADD COLUMN a pg_catalog.int4 DEFAULT 1, ADD COLUMN b pg_catalog.text",
            "ALTER TABLE app.t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES app.u ON DELETE CASCADE",
            "ALTER INDEX app.i RENAME TO pgseal",
            "DROP FUNCTION app.f(pg_catalog.int4, pgseal.x)",
            "DROP SCHEMA app",
            "COMMENT ON COLUMN pgseal.plan IS 'a table of the path'",
            "COMMENT ON CONSTRAINT c ON DOMAIN app.d IS 'pgseal.x'",
        ] {
            assert!(!is_out_of_sight(sql), "{sql}");
        }
    }

    #[test]
    fn what_is_never_closed_ends_with_the_statement() {
        for sql in [
            "CREATE TABLE \"",
            "CREATE TABLE '",
            "CREATE TABLE $x$",
            "CREATE TABLE E'\\",
            "DROP TABLE a,",
            "CREATE TABLE $",
            "é\"ü",
        ] {
            assert!(!is_out_of_sight(sql), "{sql}");
        }
    }
}
