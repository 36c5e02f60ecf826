//! `json` (checked, kept verbatim) and `jsonb` (normalised: keys sorted by length and bytes, the
//! last of equal keys kept, numbers as numeric).

use super::{Normal, Refusal, number, refuse, reject};

/// A JSON value as jsonb holds it.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// How deep a document may be nested before it is refused.
const DEPTH_LIMIT: usize = 500;

/// `json`: valid or rejected, never changed.
pub(super) fn json(text: &str) -> Normal {
    parse(text, "json", false)?;
    Ok(text.to_owned())
}

/// `jsonb`.
pub(super) fn jsonb(text: &str) -> Normal {
    let value = parse(text, "json", true)?;
    let mut out = String::new();
    print(&value, &mut out);
    Ok(out)
}

/// The value of a JSON string in its quotes, for other notations that borrow it.
pub(super) fn string_value(token: &str) -> Option<String> {
    match parse(token, "json", true) {
        Ok(Value::Text(value)) => Some(value),
        _ => None,
    }
}

/// A text as a JSON string.
pub(in crate::analyze) fn quoted(text: &str) -> String {
    let mut out = String::new();
    quote(text, &mut out);
    out
}

fn parse(text: &str, name: &str, strict_text: bool) -> Result<Value, Refusal> {
    let mut p = Parser { rest: text, name, strict_text };
    p.space();
    let v = p.value(0)?;
    p.space();
    if p.rest.is_empty() { Ok(v) } else { Err(p.bad()) }
}

struct Parser<'a> {
    rest: &'a str,
    name: &'a str,
    strict_text: bool,
}

impl Parser<'_> {
    fn bad(&self) -> Refusal {
        reject("22P02", format!("invalid input syntax for type {}", self.name))
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(r) => {
                self.rest = r;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Refusal> {
        if depth > DEPTH_LIMIT {
            return Err(refuse(
                "unsupported.literal.json-depth",
                format!("a json literal nested deeper than {DEPTH_LIMIT} levels"),
            ));
        }
        match self.rest.chars().next() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => Ok(Value::Text(self.string()?)),
            Some(c) if c == '-' || c.is_ascii_digit() => self.number(),
            _ => {
                let end = self
                    .rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()))
                    .unwrap_or(self.rest.len());
                let (word, rest) = self.rest.split_at(end);
                let value = match word {
                    "null" => Value::Null,
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    _ => return Err(self.bad()),
                };
                self.rest = rest;
                Ok(value)
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Refusal> {
        self.eat("{");
        let mut fields: Vec<(String, Value)> = Vec::new();
        self.space();
        if self.eat("}") {
            return Ok(Value::Object(fields));
        }
        loop {
            self.space();
            if !self.rest.starts_with('"') {
                return Err(self.bad());
            }
            let key = self.string()?;
            self.space();
            if !self.eat(":") {
                return Err(self.bad());
            }
            self.space();
            let value = self.value(depth + 1)?;
            fields.push((key, value));
            self.space();
            if self.eat(",") {
                continue;
            }
            if self.eat("}") {
                return Ok(Value::Object(unique_sorted(fields)));
            }
            return Err(self.bad());
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Refusal> {
        self.eat("[");
        let mut items = Vec::new();
        self.space();
        if self.eat("]") {
            return Ok(Value::Array(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            if self.eat(",") {
                continue;
            }
            if self.eat("]") {
                return Ok(Value::Array(items));
            }
            return Err(self.bad());
        }
    }

    fn number(&mut self) -> Result<Value, Refusal> {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        if !is_json_number(text) {
            return Err(self.bad());
        }
        self.rest = rest;
        if self.strict_text {
            Ok(Value::Number(number::numeric(text, 14)?))
        } else {
            Ok(Value::Number(text.to_owned()))
        }
    }

    fn string(&mut self) -> Result<String, Refusal> {
        self.eat("\"");
        let mut out = String::new();
        let mut high: Option<u32> = None;
        loop {
            let mut chars = self.rest.chars();
            let c = chars.next().ok_or_else(|| self.bad())?;
            self.rest = chars.as_str();
            if c != '\\' {
                if high.is_some() {
                    return Err(self.surrogate());
                }
                match c {
                    '"' => return Ok(out),
                    c if u32::from(c) < 0x20 => return Err(self.bad()),
                    c => out.push(c),
                }
                continue;
            }
            let mut chars = self.rest.chars();
            let e = chars.next().ok_or_else(|| self.bad())?;
            self.rest = chars.as_str();
            if e != 'u' {
                if high.is_some() {
                    return Err(self.surrogate());
                }
                out.push(match e {
                    '"' | '\\' | '/' => e,
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    _ => return Err(self.bad()),
                });
                continue;
            }
            let hex = self.rest.get(..4).ok_or_else(|| self.bad())?;
            if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(self.bad());
            }
            let code = u32::from_str_radix(hex, 16).map_err(|_| self.bad())?;
            self.rest = self.rest.get(4..).unwrap_or("");
            match (high.take(), code) {
                (None, 0xD800..=0xDBFF) => high = Some(code),
                (Some(h), 0xDC00..=0xDFFF) => {
                    let full = 0x10000 + ((h - 0xD800) << 10) + (code - 0xDC00);
                    out.push(char::from_u32(full).ok_or_else(|| self.bad())?);
                }
                (Some(_), _) | (None, 0xDC00..=0xDFFF) => return Err(self.surrogate()),
                (None, 0) if self.strict_text => {
                    return Err(reject("22P05", "unsupported Unicode escape sequence"));
                }
                (None, code) => out.push(char::from_u32(code).ok_or_else(|| self.bad())?),
            }
        }
    }

    fn surrogate(&self) -> Refusal {
        self.bad()
    }
}

fn is_json_number(text: &str) -> bool {
    let body = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(i) => (body.get(..i).unwrap_or(""), body.get(i + 1..)),
        None => (body, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((w, f)) => (w, Some(f)),
        None => (mantissa, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

fn unique_sorted(fields: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let mut out: Vec<(String, Value)> = Vec::with_capacity(fields.len());
    for (key, value) in fields {
        if let Some(slot) = out.iter_mut().find(|(k, _)| *k == key) {
            slot.1 = value;
        } else {
            out.push((key, value));
        }
    }
    out.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.as_bytes().cmp(b.as_bytes())));
    out
}

fn print(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => out.push_str(n),
        Value::Text(t) => quote(t, out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                print(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (i, (key, item)) in fields.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                quote(key, out);
                out.push_str(": ");
                print(item, out);
            }
            out.push('}');
        }
    }
}

/// `escape_json`.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn jsonb_is_normalised() {
        assert_eq!(
            jsonb(r#" {"bb":1, "a":[1.50,true,null], "a":"x\u00e9\n"} "#).unwrap(),
            "{\"a\": \"xé\\n\", \"bb\": 1}"
        );
        assert_eq!(jsonb("1e2").unwrap(), "100");
        assert_eq!(json("{ }").unwrap(), "{ }");
        assert_eq!(json("{a}").unwrap_err().sqlstate(), Some("22P02"));
        assert!(jsonb("01").is_err());
    }
}
