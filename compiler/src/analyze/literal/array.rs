//! Array literals: `{1,2}`, `{{a,b},{c,d}}`, `[0:1]={x,y}`.
//!
//! Follows `array_in` and `array_out`, arrayfuncs.c (PG 18).

use super::number::is_space;
use super::{Normal, ParseState, Refusal, input_at, reject};
use crate::env::TypeRow;

/// The most dimensions that an array can have.
const MAX_DIMENSIONS: usize = 6;

/// The explicit lower and upper bound of each dimension.
type Bounds = Vec<(i64, i64)>;

enum Item {
    Null,
    Value(String),
    List(Vec<Item>),
}

fn malformed(text: &str, detail: &str) -> Refusal {
    reject("22P02", format!("malformed array literal: \"{text}\"")).detail(detail)
}

/// An array literal, each element in its type's normal form.
pub(super) fn array(ps: &ParseState<'_>, row: &TypeRow, text: &str, level: usize) -> Normal {
    let element = ps.env.type_by_oid(row.element);
    let delimiter = element.map_or(',', |e| e.delimiter);
    let (bounds, body) = dimensions(text)?;
    let mut p = Parser { whole: text, rest: body, delimiter };
    let items = p.list(1)?;
    p.space();
    if !p.rest.is_empty() {
        return Err(malformed(text, "Junk after closing right brace."));
    }
    let shape = shape(&items, text)?;
    if !bounds.is_empty() {
        let lengths: Vec<i64> = bounds.iter().map(|(l, u)| u - l + 1).collect();
        let actual: Vec<i64> = shape.iter().map(|n| i64::try_from(*n).unwrap_or(i64::MAX)).collect();
        if lengths != actual {
            return Err(malformed(text, "Specified array dimensions do not match array contents."));
        }
    }
    let mut out = String::new();
    if bounds.iter().any(|(l, _)| *l != 1) {
        for (l, u) in &bounds {
            out.push_str(&format!("[{l}:{u}]"));
        }
        out.push('=');
    }
    if shape.is_empty() {
        out.push_str("{}");
    } else {
        print(ps, row, &items, delimiter, level, &mut out)?;
    }
    Ok(out)
}

/// The explicit bounds in front, and what follows them.
fn dimensions(text: &str) -> Result<(Bounds, &str), Refusal> {
    let mut rest = text.trim_start_matches(is_space);
    let mut bounds = Vec::new();
    while let Some(after) = rest.strip_prefix('[') {
        let (inner, after) =
            after.split_once(']').ok_or_else(|| malformed(text, "Missing \"]\" after array dimensions."))?;
        let bad = || malformed(text, "\"[\" must introduce explicitly-specified array dimensions.");
        let (lower, upper) = match inner.split_once(':') {
            Some((l, u)) => (l.trim().parse().map_err(|_| bad())?, u.trim().parse().map_err(|_| bad())?),
            None => (1, inner.trim().parse().map_err(|_| bad())?),
        };
        if upper < lower {
            return Err(reject("2202E", "upper bound cannot be less than lower bound"));
        }
        bounds.push((lower, upper));
        rest = after.trim_start_matches(is_space);
    }
    if bounds.is_empty() {
        if !rest.starts_with('{') {
            return Err(malformed(text, "Array value must start with \"{\" or dimension information."));
        }
    } else {
        rest = rest
            .strip_prefix('=')
            .ok_or_else(|| malformed(text, "Missing \"=\" after array dimensions."))?
            .trim_start_matches(is_space);
    }
    Ok((bounds, rest))
}

struct Parser<'a> {
    whole: &'a str,
    rest: &'a str,
    delimiter: char,
}

impl Parser<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches(is_space);
    }

    fn next(&mut self) -> Result<char, Refusal> {
        let mut chars = self.rest.chars();
        let c = chars.next().ok_or_else(|| malformed(self.whole, "Unexpected end of input."))?;
        self.rest = chars.as_str();
        Ok(c)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Item>, Refusal> {
        if depth > MAX_DIMENSIONS {
            return Err(reject(
                "54000",
                format!("number of array dimensions exceeds the maximum allowed ({MAX_DIMENSIONS})"),
            ));
        }
        self.space();
        if self.next()? != '{' {
            return Err(malformed(self.whole, "Array contents must start with \"{\"."));
        }
        let mut items = Vec::new();
        self.space();
        if self.rest.starts_with('}') {
            self.next()?;
            return Ok(items);
        }
        loop {
            self.space();
            let item = if self.rest.starts_with('{') { Item::List(self.list(depth + 1)?) } else { self.element()? };
            items.push(item);
            self.space();
            match self.next()? {
                '}' => return Ok(items),
                c if c == self.delimiter => {}
                c => {
                    return Err(malformed(self.whole, &format!("Unexpected \"{c}\" character.")));
                }
            }
        }
    }

    fn element(&mut self) -> Result<Item, Refusal> {
        let mut value = String::new();
        if self.rest.starts_with('"') {
            self.next()?;
            loop {
                match self.next()? {
                    '"' => return Ok(Item::Value(value)),
                    '\\' => value.push(self.next()?),
                    c => value.push(c),
                }
            }
        }
        let mut kept = 0; // trailing space is dropped unless escaped
        let mut escaped = false;
        loop {
            match self.rest.chars().next() {
                Some(c) if c == self.delimiter || c == '}' => break,
                Some(c @ ('{' | '"')) => {
                    return Err(malformed(self.whole, &format!("Unexpected \"{c}\" character.")));
                }
                _ => {}
            }
            match self.next()? {
                '\\' => {
                    value.push(self.next()?);
                    escaped = true;
                    kept = value.len();
                }
                c => {
                    value.push(c);
                    if !is_space(c) {
                        kept = value.len();
                    }
                }
            }
        }
        value.truncate(kept);
        if value.is_empty() {
            return Err(malformed(
                self.whole,
                &format!("Unexpected \"{}\" character.", self.rest.chars().next().unwrap_or('}')),
            ));
        }
        if !escaped && value.eq_ignore_ascii_case("null") {
            return Ok(Item::Null);
        }
        Ok(Item::Value(value))
    }
}

/// The length of each dimension; every sub-array must have the same.
fn shape(items: &[Item], text: &str) -> Result<Vec<usize>, Refusal> {
    let mut inner: Option<Vec<usize>> = None;
    for item in items {
        let this = match item {
            Item::List(list) => {
                let mut s = shape(list, text)?;
                if s.is_empty() {
                    s.push(0);
                }
                s
            }
            Item::Null | Item::Value(_) => Vec::new(),
        };
        match &inner {
            None => inner = Some(this),
            Some(before) if *before != this => {
                return Err(malformed(text, "Multidimensional arrays must have sub-arrays with matching dimensions."));
            }
            Some(_) => {}
        }
    }
    let Some(inner) = inner else {
        return Ok(Vec::new());
    };
    if inner.contains(&0) {
        return Ok(Vec::new());
    }
    let mut out = vec![items.len()];
    out.extend(inner);
    Ok(out)
}

fn print(
    ps: &ParseState<'_>,
    row: &TypeRow,
    items: &[Item],
    delimiter: char,
    level: usize,
    out: &mut String,
) -> Result<(), Refusal> {
    out.push('{');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(delimiter);
        }
        match item {
            Item::Null => out.push_str("NULL"),
            Item::List(list) => print(ps, row, list, delimiter, level, out)?,
            Item::Value(v) => {
                let v = input_at(ps, row.element, -1, v, level + 1)?;
                quote(&v, delimiter, out);
            }
        }
    }
    out.push('}');
    Ok(())
}

/// An element as `array_out` writes it.
fn quote(value: &str, delimiter: char, out: &mut String) {
    let plain = !value.is_empty()
        && !value.eq_ignore_ascii_case("null")
        && !value.chars().any(|c| matches!(c, '"' | '\\' | '{' | '}') || c == delimiter || is_space(c));
    if plain {
        out.push_str(value);
        return;
    }
    out.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}
