//! Documents held against the JSON Schemas that are published: those keywords of draft 2020-12 that our schemas use, and no other.

use serde_json::{Map, Value};

/// Holds a document against a schema.
///
/// # Panics
/// When it does not conform, or the schema uses a keyword that is not known here.
#[track_caller]
pub fn conforms(schema: &[u8], document: &[u8]) {
    let read = |bytes| serde_json::from_slice::<Value>(bytes).expect("JSON");
    let (root, document) = (read(schema), read(document));
    let mut faults = Vec::new();
    Schema { root: &root, at: &root }.judge(&document, "", &mut faults);
    assert!(faults.is_empty(), "{}\n{document:#}", faults.join("\n"));
}

struct Schema<'a> {
    root: &'a Value,
    at: &'a Value,
}

impl<'a> Schema<'a> {
    fn inner(&self, at: &'a Value) -> Self {
        Self { root: self.root, at }
    }

    fn judge(&self, value: &Value, place: &str, faults: &mut Vec<String>) {
        let members = match self.at {
            Value::Bool(true) => return,
            Value::Object(members) => members,
            other => panic!("no schema: {other}"),
        };
        for (keyword, operand) in members {
            let before = faults.len();
            let holds = self.holds(members, keyword, operand, value, place, faults);
            if !holds && faults.len() == before {
                faults.push(format!("{place}: {keyword} {operand} does not hold for {value}"));
            }
        }
    }

    fn holds(
        &self,
        schema: &'a Map<String, Value>,
        keyword: &str,
        operand: &'a Value,
        value: &Value,
        place: &str,
        faults: &mut Vec<String>,
    ) -> bool {
        let number = |value: &Value| value.as_f64().expect("a number");
        match (keyword, value) {
            ("$schema" | "$id" | "title" | "description" | "$defs", _) => true,
            ("$ref", _) => {
                let pointer = operand.as_str().and_then(|text| text.strip_prefix('#')).expect("a local reference");
                let target = self.root.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}"));
                self.inner(target).judge(value, place, faults);
                true
            }
            ("type", _) => is_of_type(operand.as_str().expect("a type"), value),
            ("const", _) => value == operand,
            ("enum", _) => operand.as_array().expect("a list").contains(value),
            ("minimum", Value::Number(_)) => number(value) >= number(operand),
            ("maximum", Value::Number(_)) => number(value) <= number(operand),
            ("pattern", Value::String(text)) => is_like(operand.as_str().expect("a pattern"), text),
            ("minItems", Value::Array(items)) => items.len() as f64 >= number(operand),
            ("uniqueItems", Value::Array(items)) => {
                items.iter().enumerate().all(|(index, item)| !items[..index].contains(item))
            }
            ("items", Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.inner(operand).judge(item, &format!("{place}/{index}"), faults);
                }
                true
            }
            ("required", Value::Object(members)) => all_there(operand, members),
            ("dependentRequired", Value::Object(members)) => {
                let rules = operand.as_object().expect("rules");
                rules.iter().all(|(name, others)| !members.contains_key(name) || all_there(others, members))
            }
            ("properties", Value::Object(members)) => {
                for (name, inner) in operand.as_object().expect("properties") {
                    if let Some(member) = members.get(name) {
                        self.inner(inner).judge(member, &format!("{place}/{name}"), faults);
                    }
                }
                true
            }
            ("additionalProperties", Value::Object(members)) => {
                assert_eq!(operand, &Value::Bool(false), "another additionalProperties than false");
                let known = schema.get("properties").and_then(Value::as_object);
                members.keys().all(|name| known.is_some_and(|known| known.contains_key(name)))
            }
            ("minimum" | "maximum" | "pattern" | "minItems" | "uniqueItems" | "items" | "required", _)
            | ("dependentRequired" | "properties" | "additionalProperties", _) => true,
            (other, _) => panic!("keyword \"{other}\" is not known"),
        }
    }
}

fn all_there(names: &Value, members: &Map<String, Value>) -> bool {
    names.as_array().expect("names").iter().all(|name| members.contains_key(name.as_str().expect("a name")))
}

fn is_of_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        other => panic!("type \"{other}\" is not known"),
    }
}

/// The few patterns there are.
fn is_like(pattern: &str, text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match pattern {
        "^[0-9a-f]{64}$" => text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        "^[0-9]+$" => digits(text),
        "^[A-Z]+[0-9]{4}$" => {
            let letters = text.trim_end_matches(|c: char| c.is_ascii_digit());
            let upper = !letters.is_empty() && letters.bytes().all(|b| b.is_ascii_uppercase());
            upper && text.len() - letters.len() == 4
        }
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$" => {
            let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            form == "0000-00-00T00:00:00Z"
        }
        other => panic!("pattern {other} is not known"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_conform_is_told() {
        let schema = br##"{"type": "object", "additionalProperties": false, "required": ["a"],
            "properties": {"a": {"$ref": "#/$defs/n"}, "b": {"type": "array", "items": {"enum": ["x"]}, "uniqueItems": true}},
            "$defs": {"n": {"type": "integer", "minimum": 1}}}"##;
        conforms(schema, br#"{"a": 1, "b": ["x"]}"#);
        for wrong in [
            "{}",
            "[]",
            r#"{"a": 0}"#,
            r#"{"a": "1"}"#,
            r#"{"a": 1, "c": 1}"#,
            r#"{"a": 1, "b": ["y"]}"#,
            r#"{"a": 1, "b": ["x", "x"]}"#,
        ] {
            let told = std::panic::catch_unwind(|| conforms(schema, wrong.as_bytes()));
            assert!(told.is_err(), "{wrong}");
        }
    }
}
