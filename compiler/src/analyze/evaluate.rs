//! Values of partition bounds, which a server computes when the partition is made.
//!
//! Follows `transformPartitionBoundValue`, parse_utilcmd.c (PG 18). Only conversions between
//! literals are computed here; any other expression in a bound is refused.

use pg_query::protobuf::Node;

use super::cook::Target;
use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::literal;
use super::parse_coerce::{Coercion, coerce_to_target_type};
use super::parse_expr::transform_expr;
use super::parse_expr_kind::ParseExprKind;
use super::parse_node::{ParseState, raw_location};
use crate::env::{Env, Oid, SearchPath};
use crate::tree::{Const, Expr, expr_type};

/// A value of a partition's bound, for a key column of the given type.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn cook_partition_bound_value(
    env: &Env,
    path: &SearchPath,
    raw: &Node,
    target: &Target<'_>,
    collation: Oid,
) -> Analyzed<Const> {
    let location = raw_location(raw);
    let mut ps = ParseState::new(env, path, ParseExprKind::PartitionBound);
    let expr = transform_expr(&mut ps, raw)?;
    let how = Coercion::assignment(-1);
    let expr = coerce_to_target_type(&ps, expr, target.type_oid, target.typmod, how)
        .map_err(|e| e.at(location))?
        .ok_or_else(|| {
            AnalyzeError::rejected(
                sqlstate::DATATYPE_MISMATCH,
                format!(
                    "specified value cannot be cast to type {} for column \"{}\"",
                    env.format_type_be(target.type_oid),
                    target.name
                ),
                location,
            )
        })?;
    let mut value = evaluate(&ps, expr).map_err(|e| e.at(location))?;
    value.collation = collation;
    Ok(value)
}

fn refuse() -> AnalyzeError {
    AnalyzeError::unsupported("unsupported.expression.partition-bound", "a partition bound that has to be computed", -1)
}

/// The value of a literal under conversions.
fn evaluate(ps: &ParseState<'_>, expr: Expr) -> Analyzed<Const> {
    match expr {
        Expr::Const(c) => Ok(c),
        Expr::RelabelType(r) => {
            let mut c = evaluate(ps, *r.arg)?;
            let source = c.ty;
            c.ty = r.result_type;
            c.typmod = r.typmod;
            if is_text(source) == is_text(r.result_type) { Ok(c) } else { Err(refuse()) }
        }
        Expr::CollateExpr(c) => evaluate(ps, *c.arg),
        Expr::CoerceToDomain(d) => evaluate(ps, *d.arg),
        Expr::FuncExpr(f) => {
            let result = f.result_type;
            let mut args = f.args.into_iter();
            let arg = args.next().ok_or_else(refuse)?;
            let source = expr_type(&arg);
            let value = evaluate(ps, arg)?;
            let typmod = match args.next() {
                None => -1,
                Some(Expr::Const(c)) if c.ty == Oid::INT4 => {
                    c.value.as_deref().and_then(|v| v.parse().ok()).ok_or_else(refuse)?
                }
                Some(_) => return Err(refuse()),
            };
            convert(ps, value, source, result, typmod)
        }
        _ => Err(refuse()),
    }
}

fn is_text(ty: Oid) -> bool {
    matches!(ty, Oid::TEXT | Oid::VARCHAR | Oid::BPCHAR)
}

fn is_whole(ty: Oid) -> bool {
    matches!(ty, Oid::INT2 | Oid::INT4 | Oid::INT8)
}

fn convert(ps: &ParseState<'_>, value: Const, source: Oid, result: Oid, typmod: i32) -> Analyzed<Const> {
    let Some(text) = &value.value else {
        return Ok(Const { ty: result, typmod, ..value });
    };
    let text = if is_whole(source) && (is_whole(result) || result == Oid::NUMERIC) && typmod < 0 {
        literal::type_input(ps, result, -1, text)?
    } else if source == result && is_text(result) && typmod >= 4 {
        fitted(text, result, usize::try_from(typmod - 4).unwrap_or(0))?
    } else if source == Oid::DATE && matches!(result, Oid::TIMESTAMP | Oid::TIMESTAMPTZ) {
        literal::type_input(ps, result, -1, text)?
    } else if source == result && matches!(result, Oid::TIMESTAMP | Oid::TIMESTAMPTZ | Oid::TIME) {
        // a precision of six keeps everything; a lower one only what has no fraction
        if typmod == 6 || !text.contains('.') {
            text.clone()
        } else {
            return Err(refuse());
        }
    } else if source == Oid::NUMERIC && result == Oid::NUMERIC {
        rescaled(ps, text, typmod)?
    } else {
        return Err(refuse());
    };
    Ok(Const { ty: result, typmod, collation: value.collation, value: Some(text) })
}

/// A text fitted to `varchar(n)` or `char(n)`: too long is an error unless only blanks are lost.
fn fitted(text: &str, ty: Oid, length: usize) -> Analyzed<String> {
    let count = text.chars().count();
    if count > length {
        let kept: String = text.chars().take(length).collect();
        if text.chars().skip(length).any(|c| c != ' ') {
            let name = if ty == Oid::BPCHAR { "character" } else { "character varying" };
            return Err(AnalyzeError::rejected(
                sqlstate::STRING_DATA_RIGHT_TRUNCATION,
                format!("value too long for type {name}({length})"),
                -1,
            ));
        }
        return Ok(kept);
    }
    let mut out = text.to_owned();
    if ty == Oid::BPCHAR {
        out.push_str(&" ".repeat(length - count));
    }
    Ok(out)
}

/// A numeric given a scale that it fits into without rounding.
fn rescaled(ps: &ParseState<'_>, text: &str, typmod: i32) -> Analyzed<String> {
    let packed = typmod - 4;
    let scale = if ps.major() >= 15 { ((packed & 0x7ff) ^ 1024) - 1024 } else { packed & 0xffff };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let scale = usize::try_from(scale).map_err(|_| refuse())?;
    let significant = fraction.trim_end_matches('0');
    if significant.len() > scale || !whole.ends_with(|c: char| c.is_ascii_digit()) {
        return Err(refuse());
    }
    let precision = usize::try_from((packed >> 16) & 0xffff).unwrap_or(0);
    if whole.trim_start_matches(['-', '0']).len() + scale > precision {
        return Err(AnalyzeError::rejected(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow", -1));
    }
    if scale == 0 {
        return Ok(whole.to_owned());
    }
    Ok(format!("{whole}.{significant:0<scale$}"))
}
