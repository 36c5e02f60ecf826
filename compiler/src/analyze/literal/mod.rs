//! Literals: what a type's input function makes of a text, as its output function writes it again.
//!
//! Follows the input and output functions of the built-in types under the pinned settings
//! `DateStyle = ISO, MDY`, `IntervalStyle = postgres`, `TimeZone = UTC`, `extra_float_digits = 1`.
//! Amounts of money are read where `lc_monetary` is one that writes them as `C` does.
//! A literal whose value depends on anything else (the moment, the time zone database, the
//! server's locale, an extension's code) is refused with a code that names the type.

mod array;
mod binary;
mod calendar;
mod composite;
mod datefields;
mod datetime;
mod extension;
mod geometry;
mod interval;
mod json;
mod jsonpath;
mod modifier;
mod money;
mod network;
mod number;
mod object;
mod range;
mod textsearch;
mod xml;

pub use number::print_float4;

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_node::ParseState;
use crate::env::{Oid, TypeKind};

pub(super) use binary::bits;
pub(super) use json::quoted as quoted_json;
pub(super) use modifier::fitted;
pub(super) use number::{int8, numeric};
pub(super) use object::names_of;

/// A literal in its normal form.
type Normal = Result<String, Refusal>;
/// Why it has none.
type Refusal = AnalyzeError;

/// The longest name, in bytes.
pub(super) const NAME_LIMIT: usize = 63;

/// How deep arrays and rows in a literal may nest.
const NESTING_LIMIT: usize = 32;

fn reject(state: &'static str, message: impl Into<String>) -> Refusal {
    AnalyzeError::rejected(state, message, -1)
}

fn refuse(code: &'static str, feature: impl Into<String>) -> Refusal {
    AnalyzeError::unsupported(code, feature, -1)
}

fn invalid_syntax(name: &str, text: &str) -> Refusal {
    reject(sqlstate::INVALID_TEXT_REPRESENTATION, format!("invalid input syntax for type {name}: \"{text}\""))
}

fn out_of_range(name: &str, text: &str) -> Refusal {
    reject(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("value \"{text}\" is out of range for type {name}"))
}

/// The normal form of a literal of a type that is no domain.
///
/// # Errors
///
/// What the input function would say, or that it is not covered.
pub(super) fn type_input(ps: &ParseState<'_>, ty: Oid, typmod: i32, text: &str) -> Analyzed<String> {
    input_at(ps, ty, typmod, text, 0)
}

fn input_at(ps: &ParseState<'_>, ty: Oid, typmod: i32, text: &str, level: usize) -> Normal {
    if level > NESTING_LIMIT {
        return Err(refuse("unsupported.literal.nesting", "a literal of deeply nested arrays and rows"));
    }
    if let Some(result) = scalar(ps, ty, typmod, text) {
        return result.and_then(|value| modifier::fitted(ty, typmod, value, ps.major()));
    }
    let Some(row) = ps.env.type_by_oid(ty) else {
        return Err(refuse("unsupported.literal.type", "a literal of an unknown type"));
    };
    if row.is_true_array() {
        return array::array(ps, row, text, level);
    }
    match row.kind {
        TypeKind::Enum => enum_label(ps, ty, text),
        TypeKind::Composite => composite::record(ps, row, text, level),
        TypeKind::Range => range::range(ps, row, text, level),
        TypeKind::Multirange => range::multirange(ps, row, text, level),
        TypeKind::Domain => {
            let (base, base_typmod) = ps.env.base_type_and_typmod(ty, typmod);
            input_at(ps, base, base_typmod, text, level + 1)
        }
        TypeKind::Pseudo => {
            Err(reject(sqlstate::FEATURE_NOT_SUPPORTED, format!("cannot accept a value of type {}", ps.shown(ty))))
        }
        TypeKind::Base => extension::extension(row, text, ps.major())
            .unwrap_or_else(|| Err(refuse("unsupported.literal.type", format!("a literal of type {}", ps.shown(ty))))),
    }
}

/// The built-in types whose text stands for itself.
fn scalar(ps: &ParseState<'_>, ty: Oid, typmod: i32, text: &str) -> Option<Normal> {
    let major = ps.major();
    Some(match ty {
        Oid::BOOL => number::boolean(text),
        Oid::INT2 => number::int2(text, major),
        Oid::INT4 => number::int4(text, major),
        Oid::INT8 => number::int8(text, major),
        Oid::FLOAT4 => number::float4(text),
        Oid::FLOAT8 => number::float8(text),
        Oid::NUMERIC => number::numeric(text, major),
        Oid::OID => number::oid(text, "oid"),
        Oid::XID => number::oid(text, "xid"),
        Oid::CID => number::oid(text, "cid"),
        Oid::XID8 => number::xid8(text),
        Oid::TEXT | Oid::VARCHAR | Oid::BPCHAR | Oid::UNKNOWN | Oid::CSTRING | Oid::REFCURSOR => Ok(text.to_owned()),
        Oid::NAME => Ok(truncated(text).to_owned()),
        Oid::CHAR => binary::single_char(text, major),
        Oid::BYTEA => binary::bytea(text),
        Oid::BIT | Oid::VARBIT => binary::bits(text),
        Oid::UUID => binary::uuid(text),
        Oid::PG_LSN => binary::pg_lsn(text),
        Oid::TID => binary::tid(text),
        Oid::PG_SNAPSHOT => snapshot(text, "pg_snapshot"),
        Oid::TXID_SNAPSHOT => snapshot(text, "pg_snapshot"),
        Oid::DATE => datetime::date(text),
        Oid::TIME => datetime::time(text),
        Oid::TIMETZ => datetime::timetz(text),
        Oid::TIMESTAMP => datetime::timestamp(text),
        Oid::TIMESTAMPTZ => datetime::timestamptz(text),
        Oid::INTERVAL => interval::interval(text, typmod, major),
        Oid::JSON => json::json(text),
        Oid::JSONB => json::jsonb(text),
        Oid::JSONPATH => jsonpath::jsonpath(text, major),
        Oid::XML => xml::xml(text),
        Oid::INET => network::inet(text),
        Oid::CIDR => network::cidr(text),
        Oid::MACADDR => network::macaddr(text),
        Oid::MACADDR8 => network::macaddr8(text),
        Oid::POINT => geometry::point(text),
        Oid::LSEG => geometry::lseg(text),
        Oid::BOX => geometry::rectangle(text),
        Oid::PATH => geometry::path(text),
        Oid::POLYGON => geometry::polygon(text),
        Oid::CIRCLE => geometry::circle(text),
        Oid::LINE => geometry::line(text),
        Oid::TSVECTOR => textsearch::tsvector(text),
        Oid::TSQUERY => textsearch::tsquery(text),
        Oid::INT2VECTOR => vector(text, |w| number::int2(w, major)),
        Oid::OIDVECTOR => vector(text, |w| number::oid(w, "oid")),
        Oid::REGCLASS
        | Oid::REGTYPE
        | Oid::REGPROC
        | Oid::REGPROCEDURE
        | Oid::REGOPER
        | Oid::REGOPERATOR
        | Oid::REGNAMESPACE
        | Oid::REGROLE
        | Oid::REGCOLLATION
        | Oid::REGCONFIG
        | Oid::REGDICTIONARY => object::object(ps, ty, text),
        Oid::MONEY => money::money(ps.env.surroundings(), text),
        Oid::ACLITEM => Err(refuse("unsupported.literal.aclitem", "a literal of type aclitem")),
        _ => return None,
    })
}

/// `xmin:xmax:xip,…`, the running transactions in ascending order.
fn snapshot(text: &str, name: &str) -> Normal {
    let bad = || invalid_syntax(name, text);
    let number = |t: &str| -> Result<u64, Refusal> {
        if t.is_empty() || !t.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        t.parse().map_err(|_| bad())
    };
    let mut parts = text.splitn(3, ':');
    let xmin = number(parts.next().unwrap_or(""))?;
    let xmax = number(parts.next().ok_or_else(bad)?)?;
    let list = parts.next().ok_or_else(bad)?;
    if xmin == 0 || xmax == 0 || xmax < xmin {
        return Err(bad());
    }
    let mut running: Vec<u64> = Vec::new();
    for item in list.split(',').filter(|_| !list.is_empty()) {
        let id = number(item)?;
        let last = running.last().copied().unwrap_or(xmin);
        if id < last || id < xmin || id >= xmax {
            return Err(bad());
        }
        if running.last() != Some(&id) {
            running.push(id);
        }
    }
    let running: Vec<String> = running.iter().map(u64::to_string).collect();
    Ok(format!("{xmin}:{xmax}:{}", running.join(",")))
}

fn vector(text: &str, element: impl Fn(&str) -> Normal) -> Normal {
    let words = text.split_ascii_whitespace().map(element).collect::<Result<Vec<_>, _>>()?;
    Ok(words.join(" "))
}

/// A name cut to the server's limit, at a character's edge.
fn truncated(text: &str) -> &str {
    if text.len() <= NAME_LIMIT {
        return text;
    }
    let mut end = NAME_LIMIT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

fn enum_label(ps: &ParseState<'_>, ty: Oid, text: &str) -> Normal {
    let known = ps.env.type_by_oid(ty).is_some_and(|row| row.labels.iter().any(|l| l.as_str() == text));
    if known {
        return Ok(text.to_owned());
    }
    Err(reject(
        sqlstate::INVALID_TEXT_REPRESENTATION,
        format!("invalid input value for enum {}: \"{text}\"", ps.shown(ty)),
    ))
}
