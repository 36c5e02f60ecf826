//! Range literals: `[1,5)`, `empty`, and multiranges: `{[1,2),[5,6)}`.
//!
//! Follows `range_in`, `range_out` and the canonical functions, rangetypes.c (PG 18).

use std::cmp::Ordering;

use super::calendar::print_date;
use super::number::is_space;
use super::{Normal, ParseState, Refusal, input_at, refuse, reject};
use crate::env::{Oid, RangeLink, TypeKind, TypeRow};

fn malformed(text: &str, detail: &str) -> Refusal {
    reject("22P02", format!("malformed range literal: \"{text}\"")).detail(detail)
}

/// A range, in canonical form where its type has one.
pub(super) fn range(ps: &ParseState<'_>, row: &TypeRow, text: &str, level: usize) -> Normal {
    Ok(bounds(ps, row, text, level)?.map_or_else(|| "empty".to_owned(), |b| print(&b)))
}

/// The bounds of a range, none when it is empty.
fn bounds(ps: &ParseState<'_>, row: &TypeRow, text: &str, level: usize) -> Result<Option<Bounds>, Refusal> {
    let link = row.range.ok_or_else(|| malformed(text, "Unknown range type."))?;
    let Some(parsed) = parse(text)? else {
        return Ok(None);
    };
    let (base, typmod) = ps.env.base_type_and_typmod(link.subtype, -1);
    let normal = |v: &Option<String>| -> Result<Option<String>, Refusal> {
        v.as_ref().map(|v| input_at(ps, base, typmod, v, level + 1)).transpose()
    };
    let mut bounds = Bounds {
        lower: normal(&parsed.lower)?,
        upper: normal(&parsed.upper)?,
        lower_inclusive: parsed.lower_inclusive && parsed.lower.is_some(),
        upper_inclusive: parsed.upper_inclusive && parsed.upper.is_some(),
    };
    if let (Some(l), Some(u)) = (&bounds.lower, &bounds.upper) {
        match Order::of(ps, &link).compare(l, u)? {
            Ordering::Greater => {
                return Err(reject("22000", "range lower bound must be less than or equal to range upper bound"));
            }
            Ordering::Equal if !(bounds.lower_inclusive && bounds.upper_inclusive) => return Ok(None),
            Ordering::Equal | Ordering::Less => {}
        }
    }
    if matches!(row.oid, Oid::INT4RANGE | Oid::INT8RANGE | Oid::DATERANGE) {
        bounds = canonical(base, bounds)?;
        if bounds.lower.is_some() && bounds.lower == bounds.upper {
            return Ok(None);
        }
    }
    Ok(Some(bounds))
}

/// A multirange: its ranges in order, those that touch made one.
pub(super) fn multirange(ps: &ParseState<'_>, row: &TypeRow, text: &str, level: usize) -> Normal {
    let bad = || reject("22P02", format!("malformed multirange literal: \"{text}\""));
    let link = row.range.ok_or_else(bad)?;
    let range_type = ps.env.type_by_oid(link.range).ok_or_else(bad)?;
    let order = Order::of(ps, &link);
    let inner = text.trim_matches(is_space).strip_prefix('{').and_then(|t| t.strip_suffix('}')).ok_or_else(bad)?;
    let mut ranges: Vec<Bounds> = Vec::new();
    for one in split_ranges(inner).ok_or_else(bad)? {
        let Some(new) = bounds(ps, range_type, one, level + 1)? else {
            continue;
        };
        let mut at = ranges.len();
        while let Some(before) = at.checked_sub(1).and_then(|i| ranges.get(i)) {
            if order.of_lower(before, &new)? != Ordering::Greater {
                break;
            }
            at -= 1;
        }
        ranges.insert(at, new);
    }
    let mut merged: Vec<Bounds> = Vec::new();
    for next in ranges {
        match merged.last_mut() {
            Some(last) if order.touch(last, &next)? => order.extend(last, next)?,
            _ => merged.push(next),
        }
    }
    let shown: Vec<String> = merged.iter().map(print).collect();
    Ok(format!("{{{}}}", shown.join(",")))
}

/// The texts of the ranges in a multirange; `None` when it is malformed.
fn split_ranges(text: &str) -> Option<Vec<&str>> {
    let mut out = Vec::new();
    let mut rest = text.trim_matches(is_space);
    while !rest.is_empty() {
        let end = if rest.get(..5).is_some_and(|w| w.eq_ignore_ascii_case("empty")) {
            5
        } else if rest.starts_with(['[', '(']) {
            let (mut quoted, mut escaped) = (false, false);
            let close = rest.char_indices().find(|(_, c)| {
                if escaped {
                    escaped = false;
                    return false;
                }
                match c {
                    '\\' => escaped = true,
                    '"' => quoted = !quoted,
                    ']' | ')' => return !quoted,
                    _ => {}
                }
                false
            });
            close?.0 + 1
        } else {
            return None;
        };
        let (one, after) = rest.split_at_checked(end)?;
        out.push(one);
        rest = after.trim_start_matches(is_space);
        match rest.strip_prefix(',') {
            Some(after) => {
                rest = after.trim_start_matches(is_space);
                if rest.is_empty() {
                    return None;
                }
            }
            None if rest.is_empty() => {}
            None => return None,
        }
    }
    Some(out)
}

struct Bounds {
    lower: Option<String>,
    upper: Option<String>,
    lower_inclusive: bool,
    upper_inclusive: bool,
}

fn parse(text: &str) -> Result<Option<Bounds>, Refusal> {
    let body = text.trim_matches(is_space);
    if body.eq_ignore_ascii_case("empty") {
        return Ok(None);
    }
    let mut chars = body.chars().peekable();
    let lower_inclusive = match chars.next() {
        Some('[') => true,
        Some('(') => false,
        _ => return Err(malformed(text, "Missing left parenthesis or bracket.")),
    };
    let mut bound = |ends: &[char]| -> Result<(Option<String>, char), Refusal> {
        let mut value: Option<String> = None;
        let mut quoted = false;
        loop {
            let c = chars.next().ok_or_else(|| malformed(text, "Unexpected end of input."))?;
            if !quoted && ends.contains(&c) {
                return Ok((value, c));
            }
            if !quoted && matches!(c, ',') {
                return Err(malformed(text, "Too many commas."));
            }
            let slot = value.get_or_insert_with(String::new);
            match c {
                '\\' => slot.push(chars.next().ok_or_else(|| malformed(text, "Unexpected end of input."))?),
                '"' if !quoted => quoted = true,
                '"' if chars.peek() == Some(&'"') => {
                    chars.next();
                    slot.push('"');
                }
                '"' => quoted = false,
                c => slot.push(c),
            }
        }
    };
    let (lower, _) = bound(&[','])?;
    let (upper, end) = bound(&[']', ')'])?;
    if chars.next().is_some() {
        return Err(malformed(text, "Junk after right parenthesis or bracket."));
    }
    Ok(Some(Bounds { lower, upper, lower_inclusive, upper_inclusive: end == ']' }))
}

/// How the bounds of a range type are ordered.
struct Order<'a> {
    ps: &'a ParseState<'a>,
    /// The type of the bounds, under domains.
    base: Oid,
    /// By the operator class that its type has by default; what another one does nobody knows offline.
    usual: bool,
}

impl<'a> Order<'a> {
    fn of(ps: &'a ParseState<'a>, link: &RangeLink) -> Self {
        let base = ps.env.base_type(link.subtype);
        Self { ps, base, usual: ps.env.default_opclass(base, Oid::BTREE_AM) == Some(link.opclass) }
    }

    /// Orders two bounds of types whose normal form shows their order.
    fn compare(&self, a: &str, b: &str) -> Result<Ordering, Refusal> {
        let unknown = || refuse("unsupported.literal.range", "a range literal whose bounds cannot be ordered offline");
        match self.base {
            _ if a == b => Ok(Ordering::Equal),
            _ if !self.usual => Err(unknown()),
            Oid::INT2 | Oid::INT4 | Oid::INT8 => {
                let n = |s: &str| s.parse::<i64>().map_err(|_| unknown());
                Ok(n(a)?.cmp(&n(b)?))
            }
            Oid::NUMERIC => numeric_order(a, b).ok_or_else(unknown),
            Oid::FLOAT4 | Oid::FLOAT8 => {
                let n = |s: &str| s.parse::<f64>().map_err(|_| unknown());
                n(a)?.partial_cmp(&n(b)?).ok_or_else(unknown)
            }
            Oid::DATE | Oid::TIMESTAMP | Oid::TIMESTAMPTZ | Oid::TIME => match (self.time_rank(a), self.time_rank(b)) {
                (Some(a), Some(b)) => Ok(a.cmp(&b)),
                _ => Err(unknown()),
            },
            ty => self.label_order(ty, a, b).ok_or_else(unknown),
        }
    }

    /// What orders two times as text; none where it takes a calendar.
    fn time_rank(&self, text: &str) -> Option<(i8, String)> {
        match text {
            "-infinity" => Some((-1, String::new())),
            "infinity" => Some((1, String::new())),
            s if s.ends_with("BC") => None,
            s if self.base != Oid::TIME && s.find('-') != Some(4) => None,
            s => Some((0, s.trim_end_matches("+00").to_owned())),
        }
    }

    /// Labels of an enum stand in the order of its definition.
    fn label_order(&self, ty: Oid, a: &str, b: &str) -> Option<Ordering> {
        let row = self.ps.env.type_by_oid(ty).filter(|row| row.kind == TypeKind::Enum)?;
        let at = |wanted: &str| row.labels.iter().position(|label| label.as_str() == wanted);
        Some(at(a)?.cmp(&at(b)?))
    }

    /// Which of two ranges starts first.
    fn of_lower(&self, a: &Bounds, b: &Bounds) -> Result<Ordering, Refusal> {
        Ok(match (&a.lower, &b.lower) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => self.compare(x, y)?.then(b.lower_inclusive.cmp(&a.lower_inclusive)),
        })
    }

    /// Whether a range that starts no earlier overlaps or adjoins one.
    fn touch(&self, a: &Bounds, b: &Bounds) -> Result<bool, Refusal> {
        Ok(match (&a.upper, &b.lower) {
            (None, _) | (_, None) => true,
            (Some(x), Some(y)) => match self.compare(x, y)? {
                Ordering::Greater => true,
                Ordering::Equal => a.upper_inclusive || b.lower_inclusive,
                Ordering::Less => false,
            },
        })
    }

    /// Lets a range reach as far as another that it touches.
    fn extend(&self, a: &mut Bounds, b: Bounds) -> Result<(), Refusal> {
        let further = match (&a.upper, &b.upper) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(x), Some(y)) => match self.compare(x, y)? {
                Ordering::Less => true,
                Ordering::Equal => b.upper_inclusive,
                Ordering::Greater => false,
            },
        };
        if further {
            a.upper = b.upper;
            a.upper_inclusive = b.upper_inclusive;
        }
        Ok(())
    }
}

fn numeric_order(a: &str, b: &str) -> Option<Ordering> {
    let parts = |s: &str| -> Option<(bool, String, String)> {
        let (negative, body) = match s.strip_prefix('-') {
            Some(r) => (true, r),
            None => (false, s),
        };
        if !body.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (w, f) = body.split_once('.').unwrap_or((body, ""));
        Some((negative, w.trim_start_matches('0').to_owned(), f.trim_end_matches('0').to_owned()))
    };
    let (an, aw, af) = parts(a)?;
    let (bn, bw, bf) = parts(b)?;
    let magnitude = aw.len().cmp(&bw.len()).then_with(|| aw.cmp(&bw)).then_with(|| af.cmp(&bf));
    Some(match (an, bn) {
        (false, false) => magnitude,
        (true, true) => magnitude.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    })
}

/// Discrete ranges are kept as `[lower,upper)`.
fn canonical(ty: Oid, b: Bounds) -> Result<Bounds, Refusal> {
    let next = |v: String| -> Result<String, Refusal> {
        if ty == Oid::DATE {
            let mut parts = v.split('-').map(str::parse::<i64>);
            return match (parts.next(), parts.next(), parts.next()) {
                (Some(Ok(y)), Some(Ok(m)), Some(Ok(d))) => Ok(print_date(super::calendar::day_number(y, m, d) + 1)),
                _ => Ok(v), // infinities stay
            };
        }
        let max = if ty == Oid::INT8 { i64::MAX } else { i64::from(i32::MAX) };
        let n: i64 = v.parse().map_err(|_| super::out_of_range("integer", &v))?;
        if n >= max {
            let name = if ty == Oid::INT8 { "bigint" } else { "integer" };
            return Err(reject("22003", format!("{name} out of range")));
        }
        Ok((n + 1).to_string())
    };
    let infinite = |v: &Option<String>| v.as_deref().is_some_and(|v| v.ends_with("infinity"));
    let lower_inclusive = b.lower.is_some() && (b.lower_inclusive || !infinite(&b.lower));
    let lower = match b.lower {
        Some(v) if !b.lower_inclusive && !v.ends_with("infinity") => Some(next(v)?),
        other => other,
    };
    let upper_infinite = infinite(&b.upper);
    let upper = match b.upper {
        Some(v) if b.upper_inclusive && !upper_infinite => Some(next(v)?),
        other => other,
    };
    Ok(Bounds { lower, upper, lower_inclusive, upper_inclusive: b.upper_inclusive && upper_infinite })
}

fn print(b: &Bounds) -> String {
    let mut out = String::new();
    out.push(if b.lower_inclusive { '[' } else { '(' });
    if let Some(v) = &b.lower {
        quote(v, &mut out);
    }
    out.push(',');
    if let Some(v) = &b.upper {
        quote(v, &mut out);
    }
    out.push(if b.upper_inclusive { ']' } else { ')' });
    out
}

/// A bound as `range_bound_escape` writes it.
fn quote(value: &str, out: &mut String) {
    let plain = !value.is_empty()
        && !value.chars().any(|c| matches!(c, '"' | '\\' | '(' | ')' | '[' | ']' | ',') || is_space(c));
    if plain {
        out.push_str(value);
        return;
    }
    out.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            out.push(c);
        }
        out.push(c);
    }
    out.push('"');
}
