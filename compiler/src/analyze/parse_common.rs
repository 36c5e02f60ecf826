//! The one type that several expressions are brought to.
//!
//! Follows `select_common_type` and its kin, parse_coerce.c (PG 18).

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_coerce::{Coercion, can_coerce_type, coerce_type, place_or};
use super::parse_node::ParseState;
use crate::env::{CastContext, Env, Oid};
use crate::tree::{Expr, expr_location, expr_type, expr_typmod};

/// The common type of `types`, `None` when their categories differ.
///
/// On failure the two types that do not match and the position of the second.
pub(super) fn common_type(env: &Env, types: &[Oid]) -> Result<Oid, (Oid, Oid, usize)> {
    let Some(first) = types.first().copied() else {
        return Ok(Oid::TEXT);
    };
    if first != Oid::UNKNOWN && types.iter().all(|t| *t == first) {
        return Ok(first);
    }
    let category = |ty| env.category(ty).unwrap_or(('X', false));
    let mut chosen = env.base_type(first);
    let (mut chosen_category, mut chosen_preferred) = category(chosen);
    for (i, ty) in types.iter().enumerate().skip(1) {
        let ty = env.base_type(*ty);
        if ty == Oid::UNKNOWN || ty == chosen {
            continue;
        }
        let (next_category, next_preferred) = category(ty);
        let replace = if chosen == Oid::UNKNOWN {
            true
        } else if next_category != chosen_category {
            return Err((chosen, ty, i));
        } else {
            !chosen_preferred
                && can_coerce_type(env, &[chosen], &[ty], CastContext::Implicit)
                && !can_coerce_type(env, &[ty], &[chosen], CastContext::Implicit)
        };
        if replace {
            chosen = ty;
            chosen_category = next_category;
            chosen_preferred = next_preferred;
        }
    }
    Ok(if chosen == Oid::UNKNOWN { Oid::TEXT } else { chosen })
}

/// The common type of the arguments of a construct; follows `select_common_type`.
///
/// # Errors
///
/// When the types belong to different categories.
pub fn select_common_type(ps: &ParseState<'_>, exprs: &[Expr], construct: &str, locations: &[i32]) -> Analyzed<Oid> {
    let types: Vec<Oid> = exprs.iter().map(expr_type).collect();
    common_type(ps.env, &types).map_err(|(a, b, i)| {
        AnalyzeError::rejected(
            sqlstate::DATATYPE_MISMATCH,
            format!("{construct} types {} and {} cannot be matched", ps.shown(a), ps.shown(b)),
            exprs.get(i).map_or(-1, |e| place_or(e, locations.get(i).copied().unwrap_or(-1))),
        )
    })
}

/// Which of two expressions gave the common type its name; follows `select_common_type`.
pub(super) fn chosen_place(ps: &ParseState<'_>, pair: &[Expr; 2], common: Oid) -> i32 {
    let [first, second] = pair;
    let base = |e: &Expr| ps.env.base_type(expr_type(e));
    let second_won = expr_type(first) != expr_type(second) && base(first) != common && base(second) == common;
    expr_location(if second_won { second } else { first })
}

/// The modifier that all expressions share, when all have the common type; follows `select_common_typmod`.
pub(super) fn common_typmod<'e>(exprs: impl Iterator<Item = &'e Expr>, common: Oid) -> i32 {
    let mut found: Option<i32> = None;
    for expr in exprs {
        let typmod = expr_typmod(expr);
        if expr_type(expr) != common || found.is_some_and(|before| before != typmod) {
            return -1;
        }
        found = Some(typmod);
    }
    found.unwrap_or(-1)
}

/// Whether every type can become the common one without being asked to; follows
/// `verify_common_type`.
#[must_use]
pub fn verify_common_type(env: &Env, common: Oid, types: &[Oid]) -> bool {
    types.iter().all(|t| can_coerce_type(env, &[*t], &[common], CastContext::Implicit))
}

/// Brings an expression to the common type; follows `coerce_to_common_type`.
///
/// # Errors
///
/// When there is no implicit cast.
pub fn coerce_to_common_type(
    ps: &ParseState<'_>,
    expr: Expr,
    target: Oid,
    construct: &str,
    location: i32,
) -> Analyzed<Expr> {
    let source = expr_type(&expr);
    if source == target {
        return Ok(expr);
    }
    let location = place_or(&expr, location);
    if can_coerce_type(ps.env, &[source], &[target], CastContext::Implicit) {
        return coerce_type(ps, expr, source, target, -1, Coercion::implicit()).map_err(|e| e.at(location));
    }
    Err(AnalyzeError::rejected(
        sqlstate::CANNOT_COERCE,
        format!("{construct} could not convert type {} to {}", ps.shown(source), ps.shown(target)),
        location,
    ))
}
