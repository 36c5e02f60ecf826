//! What a plan may set in its session, and what its statements may not be: nothing that would take it out of the hands of whoever
//! applies it. It can be told from the plan alone, so it is told before a connection is opened. It goes by the first words of a statement
//! and the names of what it is about: what more it says (grants with a schema, functions that it calls) is for those who sign to read.

use thiserror::Error;

use crate::outside::{Outside, words};
use crate::plan::Plan;
use crate::subject::is_out_of_sight;

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
    "standard_conforming_strings",
    "transform_null_equals",
    "xmlbinary",
    "xmloption",
];

/// Statements that begin or end transactions, by their first word.
const TRANSACTION_WORDS: &[&str] =
    &["ABORT", "BEGIN", "COMMIT", "END", "PREPARE", "RELEASE", "ROLLBACK", "SAVEPOINT", "START"];

/// What a plan makes, alters and drops, by the first word of its kind: all of it is in the fingerprint. Roles, databases,
/// servers, subscriptions, casts and the like are not, so that nothing could be promised of them.
const KINDS: &[&str] = &[
    "AGGREGATE",
    "CONSTRAINT",
    "DOMAIN",
    "EXTENSION",
    "FUNCTION",
    "INDEX",
    "MATERIALIZED",
    "POLICY",
    "PROCEDURE",
    "ROUTINE",
    "RULE",
    "SCHEMA",
    "SEQUENCE",
    "TABLE",
    "TRIGGER",
    "TYPE",
    "VIEW",
];

/// Why a plan is not one that an agent runs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RestraintError {
    /// The plan makes a setting that plans may not make.
    #[error("the plan sets \"{name}\", which is none of the settings that a plan may set")]
    ForeignSetting {
        /// The setting.
        name: String,
    },
    /// A step would end the transaction that guards it.
    #[error("phase {phase}, step {step}: statement \"{word}\" would leave the transaction of its phase")]
    TransactionControl {
        /// The phase, from 1.
        phase: usize,
        /// The step within it, from 1.
        step: usize,
        /// The statement's first word.
        word: String,
    },
    /// A step is no statement that a plan runs.
    #[error("phase {phase}, step {step}: statement \"{words}\" is none of those that a plan runs")]
    ForeignStatement {
        /// The phase, from 1.
        phase: usize,
        /// The step within it, from 1.
        step: usize,
        /// The statement's first words.
        words: String,
    },
    /// A phase outside a transaction runs what need not, or must not, run there.
    #[error("phase {phase} runs outside a transaction and is none of the statements that may")]
    OutsideTransaction {
        /// The phase, from 1.
        phase: usize,
    },
}

impl RestraintError {
    /// The stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ForeignSetting { .. } => "A0102",
            Self::TransactionControl { .. } => "A0103",
            Self::OutsideTransaction { .. } => "A0104",
            Self::ForeignStatement { .. } => "A0109",
        }
    }
}

/// Refuses a plan that sets what it may not, or has a statement that would leave its transaction, is none that plans run, or runs
/// outside a transaction and may not.
///
/// # Errors
/// See [`RestraintError`].
pub fn check(plan: &Plan) -> Result<(), RestraintError> {
    for name in plan.settings.keys() {
        if !ALLOWED.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)) {
            return Err(RestraintError::ForeignSetting { name: name.clone() });
        }
    }
    for (index, content) in plan.phases.iter().enumerate() {
        let phase = index + 1;
        if !content.transaction && !content.steps.iter().all(|step| Outside::of(&step.sql).is_some()) {
            return Err(RestraintError::OutsideTransaction { phase });
        }
        for (index, content) in content.steps.iter().enumerate() {
            let (step, words) = (index + 1, words(&content.sql));
            let first = words.first().map(String::as_str).unwrap_or_default();
            if TRANSACTION_WORDS.contains(&first) {
                return Err(RestraintError::TransactionControl { phase, step, word: first.to_owned() });
            }
            let is_known = is_of_plans(&words) || Outside::of(&content.sql).is_some();
            if !is_known || is_out_of_sight(&content.sql) {
                let words = words.into_iter().take(3).collect::<Vec<_>>().join(" ");
                return Err(RestraintError::ForeignStatement { phase, step, words });
            }
        }
    }
    Ok(())
}

/// Whether a statement is one that makes, alters, drops or comments on what is in the fingerprint. What stands before its first word
/// counts: a server passes over a semicolon there, and so the word behind it would be the first.
fn is_of_plans(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let kind = match words.as_slice() {
        ["COMMENT", "ON", "COLUMN", ..] => return true,
        ["COMMENT", "ON", kind, ..]
        | ["ALTER" | "DROP", kind, ..]
        | ["CREATE", "OR", "REPLACE", "CONSTRAINT" | "RECURSIVE", kind, ..]
        | ["CREATE", "OR", "REPLACE", kind, ..]
        | ["CREATE", "UNIQUE" | "UNLOGGED" | "RECURSIVE" | "CONSTRAINT", kind, ..]
        | ["CREATE", kind, ..] => kind,
        _ => return false,
    };
    KINDS.contains(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_plans_run_is_known_by_its_first_words() {
        let runs = |sql: &str| is_of_plans(&words(sql));
        for sql in [
            "CREATE TABLE t ()",
            " -- x\n /* a /* b */ ; */ create unlogged table t ()",
            "CREATE OR REPLACE VIEW v AS SELECT 1",
            "CREATE RECURSIVE VIEW v (a) AS SELECT 1",
            "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON s.t",
            "CREATE UNIQUE INDEX i ON t (a)",
            "CREATE MATERIALIZED VIEW v AS SELECT 1",
            "ALTER TABLE t ADD COLUMN a integer",
            "DROP INDEX s.i",
            "COMMENT ON COLUMN s.t.a IS 'x'",
            "COMMENT ON MATERIALIZED VIEW s.v IS 'x'",
        ] {
            assert!(runs(sql), "{sql}");
        }
        for sql in [
            "",
            "-- only",
            "/* never closed",
            ";CREATE TABLE t ()",
            "(CREATE TABLE t ())",
            ";COMMIT",
            "VACUUM t",
            "GRANT ALL ON t TO PUBLIC",
            "SET session_replication_role = replica",
            "DO 'BEGIN END'",
            "SELECT 1",
            "INSERT INTO t VALUES (1)",
            "COPY t TO PROGRAM 'x'",
            "COMMENT ON DATABASE d IS 'x'",
            "COMMENT ON OPERATOR CLASS s.c USING btree IS 'x'",
            "COMMENT ON ROLE mallory IS 'x'",
            "CREATE ROLE mallory SUPERUSER",
            "ALTER ROLE mallory SUPERUSER",
            "ALTER SYSTEM SET fsync = off",
            "ALTER DATABASE d SET search_path = x",
            "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC",
            "CREATE TEMPORARY TABLE t ()",
            "CREATE EVENT TRIGGER t ON sql_drop EXECUTE FUNCTION f()",
            "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p",
            "DROP OWNED BY mallory",
            "CREATE \"TABLE\" t ()",
        ] {
            assert!(!runs(sql), "{sql}");
        }
    }
}
