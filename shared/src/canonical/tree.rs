//! JSON of any kind, read as strictly as the documents that it is a part of.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The deepest that such a value is nested.
const MOST_LEVELS: usize = 32;

/// A JSON value without fractions, nested at most 32 levels deep, with each key of an object there once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree(Value);

impl Tree {
    /// What a value of one of the formats says.
    #[must_use]
    pub fn of<T: Serialize>(value: &T) -> Self {
        Self(super::to_value(value))
    }

    /// It, as JSON.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The name of the variant, where it is one of an enum whose variants hold something: an object's only key.
    #[must_use]
    pub fn variant(&self) -> Option<&str> {
        let members = self.0.as_object().filter(|members| members.len() == 1)?;
        members.keys().next().map(String::as_str)
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Any { levels: MOST_LEVELS }.deserialize(d).map(Self)
    }
}

/// Reads a value with at most that many levels.
#[derive(Clone, Copy)]
struct Any {
    levels: usize,
}

impl Any {
    fn within<E: Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1);
        levels.map(|levels| Self { levels }).ok_or_else(|| E::custom(format_args!("more than {MOST_LEVELS} levels")))
    }
}

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without fractions")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let (within, mut list) = (self.within()?, Vec::new());
        while let Some(item) = items.next_element_seed(within)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let (within, mut object) = (self.within()?, Map::new());
        while let Some(key) = members.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(Error::custom(format_args!("duplicate field `{key}`")));
            }
            object.insert(key, members.next_value_seed(within)?);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_strictly() {
        let read = |text: &str| serde_json::from_str::<Tree>(text);
        for good in [r#"{"a":[1,-1,true,null,"x\n"],"b":{"a":18446744073709551615}}"#, "[]", "\"\""] {
            assert_eq!(String::from_utf8(super::super::to_bytes(&read(good).unwrap())).unwrap(), good);
        }
        for bad in [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":1,"c":2,"a":2}]}"#, "1.5", "1e3", "[1", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let nested = |levels: usize| read(&format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
        assert!(nested(MOST_LEVELS).is_ok());
        assert!(nested(MOST_LEVELS + 1).unwrap_err().to_string().starts_with("more than 32 levels"));
        assert!(read(r#"{"a":{"b":1,"b":1}}"#).unwrap_err().to_string().starts_with("duplicate field `b`"));
    }

    #[test]
    fn a_variant_is_an_only_key() {
        let variant = |text: &str| serde_json::from_str::<Tree>(text).unwrap().variant().map(str::to_owned);
        assert_eq!(variant(r#"{"table":{}}"#).as_deref(), Some("table"));
        for other in [r#"{"table":{},"view":{}}"#, "{}", "[]", "\"table\""] {
            assert_eq!(variant(other), None, "{other}");
        }
    }
}
