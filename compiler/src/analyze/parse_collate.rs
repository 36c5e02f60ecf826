//! Which collation each node of a finished expression works with.
//!
//! Follows parse_collate.c (PG 18). Run once over a whole expression, bottom up, after all types
//! are settled.

use super::error::{AnalyzeError, Analyzed, sqlstate};
use crate::env::{AggregateKind, Env, Oid};
use crate::tree::{
    Aggref, CoercionForm, Expr, Location, RelabelType, Subscripts, TargetEntry, expr_collation, expr_location,
    expr_set_collation, expr_set_input_collation, expr_type, expr_typmod,
};

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
    /// Where it comes from; of a conflict, where its other side does.
    at: i32,
}

impl State {
    const NONE: State = State { collation: Oid::INVALID, strength: Strength::None, rival: Oid::INVALID, at: -1 };

    fn implicit(collation: Oid, at: i32) -> State {
        if collation.is_valid() {
            State { collation, strength: Strength::Implicit, rival: Oid::INVALID, at }
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

fn walk_children(env: &Env, expr: &mut Expr) -> Analyzed<State> {
    let mut inner = State::NONE;
    for child in expr.children_mut() {
        walk(env, child, &mut inner)?;
    }
    Ok(inner)
}

fn walk(env: &Env, expr: &mut Expr, outer: &mut State) -> Analyzed<()> {
    let own = match expr {
        Expr::CollateExpr(collate) => {
            let at = collate.location.offset();
            walk_children(env, expr)?;
            State { collation: expr_collation(expr), strength: Strength::Explicit, rival: Oid::INVALID, at }
        }
        Expr::FieldSelect(_) => {
            walk_children(env, expr)?;
            State::implicit(expr_collation(expr), expr_location(expr))
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
                collations.push(select_common_collation(env, [l, r], true)?);
            }
            row.input_collations = collations;
            return Ok(());
        }
        Expr::CoerceToDomain(_) => {
            let inner = walk_children(env, expr)?;
            let own = match env.type_collation(expr_type(expr)) {
                c if !c.is_valid() => State::NONE,
                Oid::DEFAULT_COLLATION => inner,
                c => State::implicit(c, expr_location(expr)),
            };
            set_result(expr, own);
            own
        }
        Expr::Var(_)
        | Expr::Const(_)
        | Expr::Param(_)
        | Expr::CoerceToDomainValue(_)
        | Expr::CaseTestExpr(_)
        | Expr::SubLinkOutput(_)
        | Expr::MultiAssignment(_)
        | Expr::SetToDefault(_) => State::implicit(expr_collation(expr), expr_location(expr)),
        // the query in it has its collations already
        Expr::SubLink(_) => {
            walk_children(env, expr)?;
            State::implicit(expr_collation(expr), expr_location(expr))
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
        Expr::Aggref(agg) => walk_aggref(env, agg)?,
        Expr::WindowFunc(call) => {
            let mut inner = State::NONE;
            for arg in &mut call.args {
                walk(env, arg, &mut inner)?;
            }
            if let Some(filter) = call.filter.as_deref_mut() {
                assign_expr_collations(env, filter)?;
            }
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
        State::implicit(type_collation, expr_location(expr))
    };
    set_result(expr, own);
    let input = if inner.strength == Strength::Conflict { Oid::INVALID } else { inner.collation };
    expr_set_input_collation(expr, input);
    Ok(own)
}

/// The arguments of an aggregate: which of them count depends on its kind. Follows `assign_aggregate_collations`,
/// `assign_ordered_set_collations` and `assign_hypothetical_collations`.
fn walk_aggref(env: &Env, agg: &mut Aggref) -> Analyzed<State> {
    let mut inner = State::NONE;
    let variadic = env.proc_by_oid(agg.funcid).is_some_and(|row| row.variadic.is_valid());
    let merge_sorted = agg.args.len() == 1 && !variadic;
    match agg.kind {
        AggregateKind::Normal => {
            for arg in &mut agg.args {
                if arg.junk {
                    assign_target(env, arg)?;
                } else {
                    walk_target(env, arg, &mut inner)?;
                }
            }
        }
        AggregateKind::OrderedSet => {
            for arg in &mut agg.direct_args {
                walk(env, arg, &mut inner)?;
            }
            for arg in &mut agg.args {
                if merge_sorted {
                    walk_target(env, arg, &mut inner)?;
                } else {
                    assign_target(env, arg)?;
                }
            }
        }
        AggregateKind::Hypothetical => {
            // each direct argument goes with the sorted one that it is compared with
            let extra = agg.direct_args.len().saturating_sub(agg.args.len());
            for arg in agg.direct_args.iter_mut().take(extra) {
                walk(env, arg, &mut inner)?;
            }
            for (direct, sorted) in agg.direct_args.iter_mut().skip(extra).zip(&mut agg.args) {
                let mut pair = State::NONE;
                walk(env, direct, &mut pair)?;
                walk(env, &mut sorted.expr, &mut pair)?;
                if pair.strength == Strength::Conflict {
                    return Err(conflict(env, pair));
                }
                if pair.collation.is_valid() && pair.collation != expr_collation(&sorted.expr) {
                    relabel(&mut sorted.expr, pair.collation);
                }
                if merge_sorted {
                    merge(env, pair, &mut inner)?;
                }
            }
        }
    }
    if let Some(filter) = agg.filter.as_deref_mut() {
        assign_expr_collations(env, filter)?;
    }
    Ok(inner)
}

/// Gives an expression another collation without a word of it being printed.
fn relabel(expr: &mut Expr, collation: Oid) {
    let arg = std::mem::replace(expr, Expr::MergeSupportFunc);
    *expr = Expr::RelabelType(RelabelType {
        result_type: expr_type(&arg),
        typmod: expr_typmod(&arg),
        arg: Box::new(arg),
        collation,
        format: CoercionForm::ImplicitCast,
        location: Location::NONE,
    });
}

/// An entry of a target list, whose collation must be clear if anything sorts or groups by it.
fn walk_target(env: &Env, target: &mut TargetEntry, outer: &mut State) -> Analyzed<()> {
    let mut own = State::NONE;
    walk(env, &mut target.expr, &mut own)?;
    if own.strength == Strength::Conflict && target.sort_group_ref != 0 {
        return Err(conflict(env, own));
    }
    merge(env, own, outer)
}

/// Assigns collations to an entry of a target list.
///
/// # Errors
///
/// When explicit collations contradict each other, or implicit ones where something sorts or groups by them.
pub(super) fn assign_target(env: &Env, target: &mut TargetEntry) -> Analyzed<()> {
    let mut outer = State::NONE;
    walk_target(env, target, &mut outer)
}

fn name_of(env: &Env, oid: Oid) -> String {
    env.collation_by_oid(oid).map_or_else(|| oid.to_string(), |c| c.name.as_str().to_owned())
}

fn conflict(env: &Env, state: State) -> AnalyzeError {
    AnalyzeError::rejected(
        sqlstate::COLLATION_MISMATCH,
        format!(
            "collation mismatch between implicit collations \"{}\" and \"{}\"",
            name_of(env, state.collation),
            name_of(env, state.rival)
        ),
        state.at,
    )
    .hint("You can choose the collation by applying the COLLATE clause to one or both expressions.")
}

/// The collation that expressions of one type agree on; follows `select_common_collation`.
///
/// # Errors
///
/// When explicit collations contradict each other, or implicit ones and `none_ok` is not set.
pub(super) fn select_common_collation<'e>(
    env: &Env,
    exprs: impl IntoIterator<Item = &'e mut Expr>,
    none_ok: bool,
) -> Analyzed<Oid> {
    let mut state = State::NONE;
    for expr in exprs {
        walk(env, expr, &mut state)?;
    }
    match state.strength {
        Strength::Conflict if none_ok => Ok(Oid::INVALID),
        Strength::Conflict => Err(conflict(env, state)),
        Strength::None | Strength::Implicit | Strength::Explicit => Ok(state.collation),
    }
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
                outer.at = own.at;
            }
        }
        Strength::Explicit => {
            return Err(AnalyzeError::rejected(
                sqlstate::COLLATION_MISMATCH,
                format!(
                    "collation mismatch between explicit collations \"{}\" and \"{}\"",
                    name_of(env, outer.collation),
                    name_of(env, own.collation)
                ),
                own.at,
            ));
        }
    }
    Ok(())
}
