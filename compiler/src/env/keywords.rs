//! The grammar's keywords, and when an identifier must be quoted.
//!
//! Follows `quote_identifier` and `quote_qualified_identifier`, ruleutils.c (PG 17).

use super::Env;

/// How far a keyword is reserved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeywordCategory {
    /// Any name may be this word.
    Unreserved,
    /// A column's name may be.
    ColumnName,
    /// A type's or function's name may be.
    TypeOrFunctionName,
    /// No bare name may be.
    Reserved,
}

/// A keyword of the grammar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keyword {
    /// The word, in lower case.
    pub word: &'static str,
    /// How far it is reserved.
    pub category: KeywordCategory,
    /// Whether it can be a column label without `AS`.
    pub bare_label: bool,
}

impl Env {
    /// The keyword of that spelling in this major's grammar.
    #[must_use]
    pub fn keyword(&self, word: &str) -> Option<&'static Keyword> {
        let keywords = self.builtins.keywords();
        let at = keywords.binary_search_by(|keyword| keyword.word.cmp(word)).ok()?;
        keywords.get(at)
    }

    /// Every keyword of this major's grammar, sorted.
    #[must_use]
    pub fn keywords(&self) -> &'static [Keyword] {
        self.builtins.keywords()
    }

    /// Whether a name can stand bare.
    #[must_use]
    pub fn is_plain_ident(&self, name: &str) -> bool {
        let mut letters = name.bytes();
        let safe = letters.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
            && letters.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        safe && self.keyword(name).is_none_or(|keyword| keyword.category == KeywordCategory::Unreserved)
    }

    /// Appends a name, quoted where it has to be.
    pub fn push_ident(&self, out: &mut String, name: &str) {
        if self.is_plain_ident(name) {
            out.push_str(name);
            return;
        }
        out.push('"');
        for letter in name.chars() {
            if letter == '"' {
                out.push('"');
            }
            out.push(letter);
        }
        out.push('"');
    }

    /// A name, quoted where it has to be.
    #[must_use]
    pub fn quote_ident(&self, name: &str) -> String {
        let mut out = String::with_capacity(name.len() + 2);
        self.push_ident(&mut out, name);
        out
    }

    /// A name with its schema, when there is one, each quoted where it has to be.
    #[must_use]
    pub fn quote_qualified(&self, schema: Option<&str>, name: &str) -> String {
        let mut out = String::with_capacity(schema.map_or(0, str::len) + name.len() + 3);
        if let Some(schema) = schema {
            self.push_ident(&mut out, schema);
            out.push('.');
        }
        self.push_ident(&mut out, name);
        out
    }
}
