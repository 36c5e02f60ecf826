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
use crate::tree::{Const, Expr, Location, expr_type};

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
                    ps.shown(target.type_oid),
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

fn is_time(ty: Oid) -> bool {
    matches!(ty, Oid::TIME | Oid::TIMETZ | Oid::TIMESTAMP | Oid::TIMESTAMPTZ)
}

fn is_whole(ty: Oid) -> bool {
    matches!(ty, Oid::INT2 | Oid::INT4 | Oid::INT8)
}

fn convert(ps: &ParseState<'_>, value: Const, source: Oid, result: Oid, typmod: i32) -> Analyzed<Const> {
    let Some(text) = &value.value else {
        return Ok(Const { ty: result, typmod, ..value });
    };
    let kept = source == result && (is_text(result) || result == Oid::NUMERIC || is_time(result));
    let text = if kept {
        literal::fitted(result, typmod, text.clone(), ps.major())?
    } else if typmod < 0
        && ((is_whole(source) && (is_whole(result) || result == Oid::NUMERIC))
            || (source == Oid::DATE && matches!(result, Oid::TIMESTAMP | Oid::TIMESTAMPTZ)))
    {
        literal::type_input(ps, result, -1, text)?
    } else {
        return Err(refuse());
    };
    Ok(Const { ty: result, typmod, collation: value.collation, value: Some(text), location: Location::NONE })
}
