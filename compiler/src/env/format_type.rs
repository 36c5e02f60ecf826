//! The printed form of a type.
//!
//! Follows `format_type_extended` and `printTypmod`, format_type.c (PG 14 and 18). With a modifier asked for,
//! `bit` and `bpchar` without one keep their catalog names, since their SQL spellings would mean a length of 1.

use super::{Env, Major, Oid, SearchPath, TypeRow, typmod};

impl Env {
    /// A type with its modifier (-1 for none) as the server prints it under an empty search path:
    /// `format_type(oid, typmod)` in SQL. `???` for a type that is not there.
    #[must_use]
    pub fn format_type(&self, oid: Oid, typmod: i32) -> String {
        self.format_type_under(&SearchPath::empty(), oid, Some(typmod))
    }

    /// A type without a modifier as the server prints it under an empty search path (`format_type_be`).
    #[must_use]
    pub fn format_type_be(&self, oid: Oid) -> String {
        self.format_type_under(&SearchPath::empty(), oid, None)
    }

    /// A type as the server prints it under a search path. `typmod` is `None` where none is asked for, and
    /// `Some(-1)` where there is none.
    #[must_use]
    pub fn format_type_under(&self, path: &SearchPath, oid: Oid, typmod: Option<i32>) -> String {
        if !oid.is_valid() {
            return "-".to_owned();
        }
        let Some(row) = self.type_by_oid(oid) else {
            return "???".to_owned();
        };
        if row.is_true_array() && row.storage != 'p' {
            return match self.type_by_oid(row.element) {
                Some(element) => {
                    let mut text = self.format_one(path, element, typmod);
                    text.push_str("[]");
                    text
                }
                None => "???[]".to_owned(),
            };
        }
        self.format_one(path, row, typmod)
    }

    fn format_one(&self, path: &SearchPath, row: &TypeRow, typmod: Option<i32>) -> String {
        let given = typmod.filter(|typmod| *typmod >= 0);
        // Spelling without a modifier, and the one that a modifier is appended to.
        let special = match row.oid {
            Oid::BIT => typmod.is_none_or(|t| t >= 0).then_some(("bit", "bit")),
            Oid::BPCHAR => typmod.is_none_or(|t| t >= 0).then_some(("character", "character")),
            Oid::BOOL => Some(("boolean", "boolean")),
            Oid::FLOAT4 => Some(("real", "real")),
            Oid::FLOAT8 => Some(("double precision", "double precision")),
            Oid::INT2 => Some(("smallint", "smallint")),
            Oid::INT4 => Some(("integer", "integer")),
            Oid::INT8 => Some(("bigint", "bigint")),
            Oid::NUMERIC => Some(("numeric", "numeric")),
            Oid::INTERVAL => Some(("interval", "interval")),
            Oid::TIME => Some(("time without time zone", "time")),
            Oid::TIMETZ => Some(("time with time zone", "time")),
            Oid::TIMESTAMP => Some(("timestamp without time zone", "timestamp")),
            Oid::TIMESTAMPTZ => Some(("timestamp with time zone", "timestamp")),
            Oid::VARBIT => Some(("bit varying", "bit varying")),
            Oid::VARCHAR => Some(("character varying", "character varying")),
            Oid::JSON if self.major() >= Major::V17 => Some(("json", "json")),
            _ => None,
        };
        match (special, given) {
            (Some((plain, _)), None) => plain.to_owned(),
            (Some((_, stem)), Some(typmod)) => self.with_typmod(stem.to_owned(), row, typmod),
            (None, given) => {
                let schema = (!self.type_is_visible(path, row.oid)).then(|| row.schema.as_str());
                let name = self.quote_qualified(schema, &row.name);
                match given {
                    Some(typmod) => self.with_typmod(name, row, typmod),
                    None => name,
                }
            }
        }
    }

    fn with_typmod(&self, mut name: String, row: &TypeRow, typmod: i32) -> String {
        let bare = prints_bare(row.oid) || (row.oid == Oid::JSON && self.major() >= Major::V17);
        if !bare {
            name.push_str(&typmod::typmod_out(self.major(), row, typmod));
        }
        name
    }
}

/// Types with a special spelling that never print a modifier, whatever is asked.
fn prints_bare(oid: Oid) -> bool {
    matches!(oid, Oid::BOOL | Oid::FLOAT4 | Oid::FLOAT8 | Oid::INT2 | Oid::INT4 | Oid::INT8)
}
