//! What a plan may set in its session, and what its statements may not be: nothing that would take it out of the hands of whoever
//! applies it. It can be told from the plan alone, so it is told before a connection is opened.

use thiserror::Error;

use crate::outside::{Outside, behind_comments};
use crate::plan::Plan;

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
        }
    }
}

/// Refuses a plan that sets what it may not, has a statement that would leave its transaction, or runs one outside that may not.
///
/// # Errors
/// See [`RestraintError`].
pub fn check(plan: &Plan) -> Result<(), RestraintError> {
    for name in plan.settings.keys() {
        if !ALLOWED.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)) {
            return Err(RestraintError::ForeignSetting { name: name.clone() });
        }
    }
    for (phase, content) in plan.phases.iter().enumerate() {
        if !content.transaction && !content.steps.iter().all(|step| Outside::of(&step.sql).is_some()) {
            return Err(RestraintError::OutsideTransaction { phase: phase + 1 });
        }
        for (step, content) in content.steps.iter().enumerate() {
            let word = first_word(&content.sql).to_ascii_uppercase();
            if TRANSACTION_WORDS.contains(&word.as_str()) {
                return Err(RestraintError::TransactionControl { phase: phase + 1, step: step + 1, word });
            }
        }
    }
    Ok(())
}

/// The first word of a statement, behind white space and comments.
fn first_word(sql: &str) -> &str {
    let rest = behind_comments(sql);
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
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
