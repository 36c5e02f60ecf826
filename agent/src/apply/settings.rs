//! What a plan may set in its session, and what its statements may not be.

use pgseal_catalog::{Name, Plan};

use super::error::{ApplyError, Place};
use crate::connect::{Session, StatementError};

/// The settings that change what DDL means. Nothing else is a plan's business: no role, no timeout, no planner setting.
const ALLOWED: &[&str] = &[
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "array_nulls",
    "backslash_quote",
    "bytea_output",
    "check_function_bodies",
    "default_table_access_method",
    "default_tablespace",
    "default_toast_compression",
    "extra_float_digits",
    "lc_monetary",
    "quote_all_identifiers",
    "row_security",
    "search_path",
    "standard_conforming_strings",
    "transform_null_equals",
    "xmlbinary",
    "xmloption",
];

/// Statements that begin or end transactions, by their first word.
const TRANSACTION_WORDS: &[&str] =
    &["ABORT", "BEGIN", "COMMIT", "END", "PREPARE", "RELEASE", "ROLLBACK", "SAVEPOINT", "START"];

/// Refuses a plan that sets what it may not, or has a statement that would leave its transaction.
pub(super) fn check(plan: &Plan) -> Result<(), ApplyError> {
    for name in plan.settings.keys() {
        if !ALLOWED.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)) {
            return Err(ApplyError::ForeignSetting { name: name.clone() });
        }
    }
    for (phase, content) in plan.phases.iter().enumerate() {
        for (step, content) in content.steps.iter().enumerate() {
            let word = first_word(&content.sql).to_ascii_uppercase();
            if TRANSACTION_WORDS.contains(&word.as_str()) {
                let place = Place { phase: phase + 1, step: Some(step + 1) };
                return Err(ApplyError::TransactionControl { place, word });
            }
        }
    }
    Ok(())
}

/// Bounds how long the session waits for a lock wherever it does, and lets the server notice within seconds that the agent is
/// gone, also while a statement runs.
pub(super) fn limit_waiting(session: &mut Session, plan: &Plan) -> Result<(), StatementError> {
    session.simple(&format!("SET lock_timeout = {}", plan.timeouts.lock_ms))?;
    // servers on some operating systems cannot do this, and then notice when the statement ends
    session.simple("SET client_connection_check_interval = '2s'").ok();
    Ok(())
}

/// Makes the plan's settings, for the whole session.
pub(super) fn make(session: &mut Session, plan: &Plan) -> Result<(), StatementError> {
    for (name, value) in &plan.settings {
        session.query_text("SELECT pg_catalog.set_config($1, $2, false)", &[name, value])?;
    }
    Ok(())
}

/// Sets the search path for the rest of the transaction.
pub(super) fn set_search_path(session: &mut Session, path: &[Name]) -> Result<(), StatementError> {
    let list = path.iter().map(|name| format!("\"{}\"", name.as_str().replace('"', "\"\""))).collect::<Vec<_>>();
    session.query_text("SELECT pg_catalog.set_config('search_path', $1, true)", &[&list.join(", ")])?;
    Ok(())
}

/// The first word of a statement, behind white space and comments.
fn first_word(sql: &str) -> &str {
    let mut rest = sql;
    loop {
        rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.find('\n').and_then(|end| comment.get(end..)).unwrap_or_default();
        } else if rest.starts_with("/*") {
            rest = behind_comment(rest);
        } else {
            break;
        }
    }
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// What follows a block comment; these nest.
fn behind_comment(text: &str) -> &str {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return text.get(at..).unwrap_or_default();
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_found() {
        assert_eq!(first_word("CREATE TABLE t ()"), "CREATE");
        assert_eq!(first_word(" -- x\n /* a /* b */ ; */ commit"), "commit");
        assert_eq!(first_word("/* never closed"), "");
        assert_eq!(first_word("-- only"), "");
        assert_eq!(first_word(""), "");
    }
}
