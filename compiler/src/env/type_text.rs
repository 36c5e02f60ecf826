//! From a type as the server prints it (`format_type`) back to the type.
//!
//! Snapshots spell every type that way, under an empty search path. Only what `format_type` prints is read:
//! this is no parser of type names.

use super::type_name::TypeNameError;
use super::{Env, Oid, SearchPath, Sym, typmod};

/// Why a printed type means nothing here.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TypeTextError {
    /// Not how a server prints a type.
    #[error("\"{text}\" is not a type as a server prints it")]
    Malformed {
        /// The text.
        text: String,
    },
    /// No type of that name.
    #[error("type \"{text}\" does not exist")]
    Undefined {
        /// The text.
        text: String,
    },
    /// A modifier that does not suit the type.
    #[error(transparent)]
    Modifier(#[from] TypeNameError),
}

/// The spellings that are not the catalog's names, longest first where one starts another.
const SPECIAL: [(&str, Oid); 15] = [
    ("character varying", Oid::VARCHAR),
    ("character", Oid::BPCHAR),
    ("bit varying", Oid::VARBIT),
    ("bit", Oid::BIT),
    ("boolean", Oid::BOOL),
    ("real", Oid::FLOAT4),
    ("double precision", Oid::FLOAT8),
    ("smallint", Oid::INT2),
    ("integer", Oid::INT4),
    ("bigint", Oid::INT8),
    ("numeric", Oid::NUMERIC),
    ("interval", Oid::INTERVAL),
    ("timestamp", Oid::TIMESTAMP),
    ("time", Oid::TIME),
    ("json", Oid::JSON),
];

impl Env {
    /// The type and modifier (-1 for none) that a text printed by `format_type` stands for.
    ///
    /// # Errors
    ///
    /// When it is no such text, or names nothing.
    pub fn parse_format_type(&self, text: &str) -> Result<(Oid, i32), TypeTextError> {
        let malformed = || TypeTextError::Malformed { text: text.to_owned() };
        let (element, is_array) = match text.strip_suffix("[]") {
            Some(element) => (element, true),
            None => (text, false),
        };
        let (oid, typmod) = match special(element) {
            Some((oid, rest)) => self.special_rest(oid, rest).ok_or_else(malformed)??,
            None => {
                let (schema, name, rest) = split_name(element).ok_or_else(malformed)?;
                let row = self
                    .lookup_type(&SearchPath::empty(), schema.as_deref(), &name)
                    .ok_or_else(|| TypeTextError::Undefined { text: text.to_owned() })?;
                match words(rest).ok_or_else(malformed)? {
                    (None, "") => (row.oid, -1),
                    (Some(words), "") => (row.oid, typmod::typmod_in(self.major(), row, &words)?),
                    _ => return Err(malformed()),
                }
            }
        };
        if !is_array {
            return Ok((oid, typmod));
        }
        match self.array_type_of(oid) {
            Some(array) => Ok((array, typmod)),
            None => Err(TypeTextError::Undefined { text: text.to_owned() }),
        }
    }

    /// Reads what follows a special spelling: modifiers, and for times the zone, for intervals the fields.
    fn special_rest(&self, oid: Oid, rest: &str) -> Option<Result<(Oid, i32), TypeTextError>> {
        if oid == Oid::INTERVAL {
            return interval_rest(rest).map(Ok);
        }
        let (words, rest) = words(rest)?;
        let oid = match (oid, rest) {
            (Oid::TIME | Oid::TIMESTAMP, " without time zone") => oid,
            (Oid::TIME, " with time zone") => Oid::TIMETZ,
            (Oid::TIMESTAMP, " with time zone") => Oid::TIMESTAMPTZ,
            (Oid::TIME | Oid::TIMESTAMP, _) => return None,
            (_, "") => oid,
            _ => return None,
        };
        let typmod = match words {
            None => -1,
            Some(words) => match typmod::typmod_in(self.major(), self.type_by_oid(oid)?, &words) {
                Ok(typmod) => typmod,
                Err(error) => return Some(Err(error.into())),
            },
        };
        Some(Ok((oid, typmod)))
    }
}

/// The special spelling that a text starts with, and what follows it.
fn special(text: &str) -> Option<(Oid, &str)> {
    SPECIAL.into_iter().find_map(|(spelling, oid)| {
        let rest = text.strip_prefix(spelling)?;
        let ends = rest.is_empty() || rest.starts_with(['(', ' ']);
        ends.then_some((oid, rest))
    })
}

/// The fields and digits of an interval.
fn interval_rest(rest: &str) -> Option<(Oid, i32)> {
    if rest.is_empty() {
        return Some((Oid::INTERVAL, -1));
    }
    let (fields, digits) = match rest.split_once('(') {
        Some((fields, digits)) => (fields, Some(digits.strip_suffix(')')?.parse().ok()?)),
        None => (rest, None),
    };
    let (mask, _) = typmod::INTERVAL_FIELDS.iter().find(|(_, text)| *text == fields)?;
    Some((Oid::INTERVAL, typmod::interval_typmod(*mask, digits)))
}

/// The words in parentheses at the start, if there are any, and what follows them.
fn words(text: &str) -> Option<(Option<Vec<Sym>>, &str)> {
    let Some(inner) = text.strip_prefix('(') else {
        return Some((None, text));
    };
    let (inner, rest) = inner.split_once(')')?;
    Some((Some(inner.split(',').map(Sym::from).collect()), rest))
}

/// A name with or without a schema at the start, and what follows it.
fn split_name(text: &str) -> Option<(Option<String>, String, &str)> {
    let (first, rest) = identifier(text)?;
    match rest.strip_prefix('.') {
        Some(rest) => {
            let (second, rest) = identifier(rest)?;
            Some((Some(first), second, rest))
        }
        None => Some((None, first, rest)),
    }
}

/// An identifier at the start, quoted or plain, and what follows it.
fn identifier(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end =
            text.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end)?;
        return (!name.is_empty()).then(|| (name.to_owned(), rest));
    };
    let mut name = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                name.push('"');
                rest = after;
            }
            None => return (!name.is_empty()).then_some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_end_where_they_should() {
        assert_eq!(identifier("a_1(3)"), Some(("a_1".to_owned(), "(3)")));
        assert_eq!(identifier("\"a\"\"b\".c"), Some(("a\"b".to_owned(), ".c")));
        assert_eq!(identifier("\"a"), None);
        assert_eq!(identifier("[]"), None);
    }
}
