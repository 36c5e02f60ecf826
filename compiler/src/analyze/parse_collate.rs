//! Which collation each node of a finished expression works with.
//!
//! Follows parse_collate.c (PG 18). Run once over a whole expression, bottom up, after all types
//! are settled.

use super::error::{AnalyzeError, Analyzed, sqlstate};
use crate::env::{Env, Oid};
use crate::tree::{Expr, Subscripts, expr_collation, expr_set_collation, expr_set_input_collation, expr_type};

/// How firmly a collation is held; in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    None,
    Implicit,
    Conflict,
    Explicit,
}

/// What is known of the expressions seen so far.
#[derive(Debug, Clone, Copy)]
struct State {
    collation: Oid,
    strength: Strength,
    /// The other side of a conflict.
    rival: Oid,
}

impl State {
    const NONE: State = State { collation: Oid::INVALID, strength: Strength::None, rival: Oid::INVALID };

    fn implicit(collation: Oid) -> State {
        if collation.is_valid() {
            State { collation, strength: Strength::Implicit, rival: Oid::INVALID }
        } else {
            State::NONE
        }
    }
}

/// Assigns collations to every node of an expression; follows `assign_expr_collations`.
///
/// # Errors
///
/// When two explicit collations contradict each other.
pub fn assign_expr_collations(env: &Env, expr: &mut Expr) -> Analyzed<()> {
    let mut state = State::NONE;
    walk(env, expr, &mut state)
}

/// The collation that several expressions agree on; follows `select_common_collation` with
/// `none_ok`.
fn common_collation(env: &Env, exprs: [&mut Expr; 2]) -> Analyzed<Oid> {
    let mut state = State::NONE;
    for expr in exprs {
        walk(env, expr, &mut state)?;
    }
    Ok(if state.strength == Strength::Conflict { Oid::INVALID } else { state.collation })
}

fn walk_children(env: &Env, expr: &mut Expr) -> Analyzed<State> {
    let mut inner = State::NONE;
    for child in expr.children_mut() {
        walk(env, child, &mut inner)?;
    }
    Ok(inner)
}

fn walk(env: &Env, expr: &mut Expr, outer: &mut State) -> Analyzed<()> {
    let own = match expr {
        Expr::CollateExpr(_) => {
            walk_children(env, expr)?;
            State { collation: expr_collation(expr), strength: Strength::Explicit, rival: Oid::INVALID }
        }
        Expr::FieldSelect(_) => {
            walk_children(env, expr)?;
            State::implicit(expr_collation(expr))
        }
        Expr::RowExpr(row) => {
            for arg in &mut row.args {
                assign_expr_collations(env, arg)?;
            }
            return Ok(());
        }
        Expr::RowCompareExpr(row) => {
            let mut collations = Vec::with_capacity(row.largs.len());
            for (l, r) in row.largs.iter_mut().zip(&mut row.rargs) {
                collations.push(common_collation(env, [l, r])?);
            }
            row.input_collations = collations;
            return Ok(());
        }
        Expr::CoerceToDomain(_) => {
            let inner = walk_children(env, expr)?;
            let own = match env.type_collation(expr_type(expr)) {
                c if !c.is_valid() => State::NONE,
                Oid::DEFAULT_COLLATION => inner,
                c => State::implicit(c),
            };
            set_result(expr, own);
            own
        }
        Expr::Var(_) | Expr::Const(_) | Expr::Param(_) | Expr::CoerceToDomainValue(_) | Expr::CaseTestExpr(_) => {
            State::implicit(expr_collation(expr))
        }
        _ => general(env, expr)?,
    };
    merge(env, own, outer)
}

fn set_result(expr: &mut Expr, own: State) {
    let collation = if own.strength == Strength::Conflict { Oid::INVALID } else { own.collation };
    expr_set_collation(expr, collation);
}

/// A node whose collation is that of its arguments, if its type has one at all.
fn general(env: &Env, expr: &mut Expr) -> Analyzed<State> {
    let inner = match expr {
        Expr::CaseExpr(case) => {
            let mut inner = State::NONE;
            // the operand has been seen to before the branches were
            for when in &mut case.whens {
                walk(env, &mut when.condition, &mut inner)?;
                walk(env, &mut when.result, &mut inner)?;
            }
            walk(env, &mut case.default, &mut inner)?;
            inner
        }
        Expr::SubscriptingRef(sub) => {
            match &mut sub.subscripts {
                Subscripts::Elements(elements) => {
                    for e in elements {
                        assign_expr_collations(env, e)?;
                    }
                }
                Subscripts::Slices(slices) => {
                    for s in slices {
                        for bound in [s.upper.as_mut(), s.lower.as_mut()].into_iter().flatten() {
                            assign_expr_collations(env, bound)?;
                        }
                    }
                }
            }
            let mut inner = State::NONE;
            walk(env, &mut sub.arg, &mut inner)?;
            inner
        }
        _ => walk_children(env, expr)?,
    };
    let type_collation = env.type_collation(expr_type(expr));
    let own = if !type_collation.is_valid() {
        State::NONE
    } else if inner.strength > Strength::None {
        inner
    } else {
        State::implicit(type_collation)
    };
    set_result(expr, own);
    let input = if inner.strength == Strength::Conflict { Oid::INVALID } else { inner.collation };
    expr_set_input_collation(expr, input);
    Ok(own)
}

/// `merge_collation_state`.
fn merge(env: &Env, own: State, outer: &mut State) -> Analyzed<()> {
    if own.strength > outer.strength {
        *outer = own;
        return Ok(());
    }
    if own.strength < outer.strength || own.collation == outer.collation {
        return Ok(());
    }
    match own.strength {
        Strength::None | Strength::Conflict => {}
        Strength::Implicit => {
            if outer.collation == Oid::DEFAULT_COLLATION {
                *outer = own;
            } else if own.collation != Oid::DEFAULT_COLLATION {
                outer.strength = Strength::Conflict;
                outer.rival = own.collation;
            }
        }
        Strength::Explicit => {
            let name = |oid| env.collation_by_oid(oid).map_or_else(|| oid.to_string(), |c| c.name.as_str().to_owned());
            return Err(AnalyzeError::rejected(
                sqlstate::COLLATION_MISMATCH,
                format!(
                    "collation mismatch between explicit collations \"{}\" and \"{}\"",
                    name(outer.collation),
                    name(own.collation)
                ),
                -1,
            ));
        }
    }
    Ok(())
}
