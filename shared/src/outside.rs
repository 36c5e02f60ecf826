//! The statements that a plan may run outside a transaction.
//!
//! What runs there cannot be taken back when its result is not the promised one, so only statements of known effect may, and only
//! those that a server refuses within a transaction, or whose effect it shows only behind it. Whether a phase runs outside is what
//! the plan says; the words of the statement only decide whether it may.

/// A statement that may run outside a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// CREATE INDEX CONCURRENTLY.
    CreateIndex,
    /// DROP INDEX CONCURRENTLY.
    DropIndex,
    /// REINDEX … CONCURRENTLY.
    Reindex,
    /// ALTER TYPE … ADD VALUE.
    AddValue,
    /// ALTER TABLE … DETACH PARTITION … CONCURRENTLY.
    Detach,
}

impl Outside {
    /// Which of them a statement is.
    #[must_use]
    pub fn of(sql: &str) -> Option<Self> {
        let words = words(sql);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["CREATE", "INDEX", "CONCURRENTLY", ..] | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", ..] => {
                Some(Self::CreateIndex)
            }
            ["DROP", "INDEX", "CONCURRENTLY", ..] => Some(Self::DropIndex),
            ["REINDEX", rest @ ..] if rest.iter().take(4).any(|word| *word == "CONCURRENTLY") => Some(Self::Reindex),
            // a name is one word or two
            ["ALTER", "TYPE", _, "ADD", "VALUE", ..] | ["ALTER", "TYPE", _, _, "ADD", "VALUE", ..] => {
                Some(Self::AddValue)
            }
            ["ALTER", "TABLE", rest @ .., "CONCURRENTLY"] if is_detaching(rest) => Some(Self::Detach),
            _ => None,
        }
    }
}

/// Whether these are a table, `DETACH PARTITION` and a partition, and nothing more.
fn is_detaching(words: &[&str]) -> bool {
    let at = words.windows(2).position(|pair| pair == ["DETACH", "PARTITION"]);
    at.is_some_and(|at| matches!(at, 1 | 2) && matches!(words.len() - at, 3 | 4))
}

/// The most words that are looked at: names of columns and expressions follow.
const MOST_WORDS: usize = 64;

/// The words of a statement in upper case; what is quoted stands as an empty word, as does a sign before the first, and comments
/// are left out.
pub(crate) fn words(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql;
    while words.len() < MOST_WORDS {
        rest = behind_comments(rest);
        let Some(first) = rest.chars().next() else { break };
        let length = match first {
            '"' | '\'' => {
                words.push(String::new());
                quoted_length(rest, first)
            }
            first if first.is_alphanumeric() || first == '_' => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
                words.push(rest.get(..end).unwrap_or_default().to_ascii_uppercase());
                end
            }
            other => {
                // what stands before the first word is no word of any statement
                if words.is_empty() {
                    words.push(String::new());
                }
                other.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    words
}

/// The length of what is quoted at the beginning of a text; a doubled quote begins anew, which comes to the same.
pub(crate) fn quoted_length(text: &str, quote: char) -> usize {
    text.get(1..).and_then(|inner| inner.find(quote)).map_or(text.len(), |end| end + 2)
}

/// What follows white space and comments, which end and begin where they do for a server (`scan.l`): no other space than ASCII's, and
/// a line ends with a carriage return too.
pub(crate) fn behind_comments(sql: &str) -> &str {
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.find(['\n', '\r']).and_then(|end| comment.get(end..)).unwrap_or_default();
        } else if rest.starts_with("/*") {
            rest = behind_comment(rest);
        } else {
            return rest;
        }
    }
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
    fn statements_are_known_by_their_words() {
        for (sql, expected) in [
            ("CREATE INDEX CONCURRENTLY i ON t (a)", Some(Outside::CreateIndex)),
            ("create /* x */ unique index concurrently if not exists i on t (a)", Some(Outside::CreateIndex)),
            ("CREATE INDEX \"concurrently\" ON t (a)", None),
            ("CREATE INDEX i ON t (concurrently)", None),
            ("DROP INDEX CONCURRENTLY s.i", Some(Outside::DropIndex)),
            ("DROP INDEX s.i -- CONCURRENTLY", None),
            ("REINDEX INDEX CONCURRENTLY s.i", Some(Outside::Reindex)),
            ("REINDEX (VERBOSE, CONCURRENTLY) TABLE s.t", Some(Outside::Reindex)),
            ("REINDEX TABLE s.t", None),
            ("ALTER TYPE s.state ADD VALUE 'x' BEFORE 'y'", Some(Outside::AddValue)),
            ("ALTER TYPE s.\"of\" ADD VALUE 'x'", Some(Outside::AddValue)),
            ("ALTER TYPE s.state RENAME VALUE 'x' TO 'add value'", None),
            ("ALTER TYPE s.state RENAME VALUE E'\\' ADD VALUE ' TO 'y'", None),
            ("ALTER TYPE state ADD ATTRIBUTE value text", None),
            ("ALTER TABLE s.t DETACH PARTITION s.p CONCURRENTLY", Some(Outside::Detach)),
            ("ALTER TABLE s.t DETACH PARTITION s.\"CONCURRENTLY\"", None),
            ("ALTER TABLE s.t DETACH PARTITION s.p /* CONCURRENTLY */", None),
            ("ALTER TABLE s.t DROP COLUMN concurrently", None),
            ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", Some(Outside::Detach)),
            ("ALTER TABLE s.t DROP COLUMN a, DETACH PARTITION s.p CONCURRENTLY", None),
            ("ALTER TABLE s.t DETACH PARTITION s.p, DROP COLUMN concurrently", None),
            // what ends a comment, and what does not
            ("--x\rDROP TABLE s.p/*\nCREATE INDEX CONCURRENTLY i ON s.t (a)*/", None),
            ("--x\u{85}\nCREATE INDEX CONCURRENTLY i ON s.t (a)", Some(Outside::CreateIndex)),
            ("\u{a0}CREATE INDEX CONCURRENTLY i ON s.t (a)", None),
            (";CREATE INDEX CONCURRENTLY i ON s.t (a)", None),
            ("VACUUM t", None),
            ("CREATE DATABASE x", None),
            ("", None),
        ] {
            assert_eq!(Outside::of(sql), expected, "{sql}");
        }
    }
}
