//! Aggregates, `GROUPING` and window functions: which query they belong to, and where they may stand.
//!
//! Follows parse_agg.c and the parts of `ParseFuncOrColumn` that make them (PG 18). Whether what a query returns is grouped is
//! in `parse_grouped`.

use pg_query::protobuf::{GroupingFunc as RawGrouping, WindowDef};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_coerce::{Coercion, coerce_type, place_or};
use super::parse_common::{common_typmod, select_common_type};
use super::parse_expr::transform_expr;
use super::parse_expr_kind::ParseExprKind;
use super::parse_func::{CallSyntax, Decoration, Prepared};
use super::parse_node::{ParseState, missing};
use super::parse_sort::{add_to_sort, sort_by, transform_distinct, transform_sort};
use super::parse_target::target_entry;
use crate::env::{AggregateKind, Oid, ProcKind, ProcRow};
use crate::tree::{
    Aggref, Expr, GroupingFunc, Location, Query, RteKind, TargetEntry, WindowFunc, expr_location, expr_type,
};

/// Makes the hypothetical arguments and those that they are compared with of one type; follows
/// `unify_hypothetical_args`, and the check of their number in `ParseFuncOrColumn`.
pub(super) fn unify_hypothetical(
    ps: &ParseState<'_>,
    name: &str,
    args: &mut [Expr],
    actual: &mut [Oid],
    declared: &[Oid],
    sorted: usize,
    location: i32,
) -> Analyzed<()> {
    let direct = args.len().saturating_sub(sorted);
    if let (Some(variadic), true) = (declared.last(), direct != sorted)
        && *variadic == Oid::ANY
    {
        let shown: Vec<String> = actual.iter().map(|ty| ps.shown(*ty)).collect();
        return Err(AnalyzeError::rejected(
            sqlstate::UNDEFINED_FUNCTION,
            format!("function {name}({}) does not exist", shown.join(", ")),
            location,
        )
        .hint(format!(
            "To use the hypothetical-set aggregate {name}, the number of hypothetical direct arguments (here {direct}) must \
             match the number of ordering columns (here {sorted})."
        )));
    }
    let Some(first) = direct.checked_sub(sorted) else {
        return Err(missing("hypothetical argument"));
    };
    for direct_at in first..direct {
        let sorted_at = direct_at + sorted;
        if declared.get(direct_at) != Some(&Oid::ANY) {
            continue;
        }
        let (Some(d), Some(s)) = (args.get(direct_at), args.get(sorted_at)) else {
            return Err(missing("argument"));
        };
        let pair = [s.clone(), d.clone()];
        let common = select_common_type(ps, &pair, "WITHIN GROUP", &[location, location])?;
        let typmod = common_typmod(pair.iter(), common);
        for at in [direct_at, sorted_at] {
            if let (Some(arg), Some(ty)) = (args.get_mut(at), actual.get_mut(at)) {
                let inner = std::mem::replace(arg, Expr::MergeSupportFunc);
                *arg = coerce_type(ps, inner, *ty, common, typmod, Coercion::implicit())?;
                *ty = common;
            }
        }
    }
    Ok(())
}

/// An aggregate call; follows `transformAggregateCall`.
pub(super) fn aggregate_call(
    ps: &mut ParseState<'_>,
    _: &[&str],
    row: &ProcRow,
    prepared: Prepared,
    syntax: &CallSyntax,
    decoration: Decoration<'_>,
    location: i32,
) -> Analyzed<Expr> {
    let kind = row.aggregate.map_or(AggregateKind::Normal, |a| a.kind);
    let mut list: Vec<TargetEntry> = Vec::new();
    let mut order = Vec::new();
    let mut distinct = Vec::new();
    let mut args = prepared.args;
    let mut direct_args = Vec::new();
    match kind {
        AggregateKind::OrderedSet | AggregateKind::Hypothetical => {
            let count = args.len().saturating_sub(decoration.order.len());
            let sorted = args.split_off(count);
            direct_args = args;
            for (arg, raw) in sorted.into_iter().zip(decoration.order) {
                list.push(target_entry(&list, arg, None, false));
                add_to_sort(ps, list.len() - 1, &mut order, &mut list, sort_by(raw)?)?;
            }
        }
        AggregateKind::Normal => {
            for arg in args {
                list.push(target_entry(&list, arg, None, false));
            }
            order = transform_sort(ps, decoration.order, &mut list, ParseExprKind::OrderBy, true)?;
            if syntax.distinct {
                distinct = transform_distinct(ps, &mut list, &order, true)?;
                for clause in &distinct {
                    if !clause.sort_op.is_valid() {
                        let ty = list.iter().find(|t| t.sort_group_ref == clause.target).map(|t| expr_type(&t.expr));
                        return Err(AnalyzeError::rejected(
                            sqlstate::UNDEFINED_FUNCTION,
                            format!(
                                "could not identify an ordering operator for type {}",
                                ps.shown(ty.unwrap_or_default())
                            ),
                            list.iter()
                                .find(|t| t.sort_group_ref == clause.target)
                                .map_or(location, |t| place_or(&t.expr, location)),
                        )
                        .detail("Aggregates with DISTINCT must be able to sort their inputs."));
                    }
                }
            }
        }
    }
    let plain = list.iter().filter(|t| !t.junk).map(|t| &t.expr);
    let arg_types = direct_args.iter().chain(plain).map(expr_type).collect();
    let mut agg = Aggref {
        funcid: row.oid,
        result_type: prepared.result_type,
        collation: Oid::INVALID,
        input_collation: Oid::INVALID,
        arg_types,
        direct_args,
        args: list,
        order,
        distinct,
        filter: decoration.filter.map(Box::new),
        star: syntax.star,
        variadic: prepared.variadic,
        kind,
        levels_up: 0,
        location: Location::at(location),
    };
    let inner: Vec<&Expr> = agg.args.iter().map(|t| &t.expr).chain(agg.filter.as_deref()).collect();
    let direct: Vec<&Expr> = agg.direct_args.iter().collect();
    let level = belongs_to(&inner, &direct, location)?;
    agg.levels_up = level;
    settle(ps, level, location, true)?;
    Ok(Expr::Aggref(Box::new(agg)))
}

/// `GROUPING(…)`.
pub(super) fn transform_grouping_func(ps: &mut ParseState<'_>, raw: &RawGrouping) -> Analyzed<Expr> {
    if raw.args.len() > 31 {
        return Err(AnalyzeError::rejected(
            sqlstate::TOO_MANY_ARGUMENTS,
            "GROUPING must have fewer than 32 arguments",
            raw.location,
        ));
    }
    let mut args = Vec::with_capacity(raw.args.len());
    for arg in &raw.args {
        args.push(transform_expr(ps, arg)?);
    }
    let level = belongs_to(&args.iter().collect::<Vec<_>>(), &[], raw.location)?;
    settle(ps, level, raw.location, false)?;
    Ok(Expr::GroupingFunc(GroupingFunc {
        args,
        refs: Vec::new(),
        levels_up: level,
        location: Location::at(raw.location),
    }))
}

/// Notes an aggregate in its query, if it may stand there; follows `check_agglevels_and_constraints`.
fn settle(ps: &mut ParseState<'_>, level: u32, location: i32, aggregate: bool) -> Analyzed<()> {
    let up = usize::try_from(level).unwrap_or_default();
    let kind = if up == 0 {
        ps.level.has_aggs = true;
        ps.kind
    } else {
        let at = ps.outer.len().checked_sub(up);
        let Some(outer) = at.and_then(|at| ps.outer.get_mut(at)) else {
            return Err(missing("query"));
        };
        outer.level.has_aggs = true;
        outer.kind
    };
    let refused = if aggregate { kind.refuse_aggregate(location) } else { kind.refuse_grouping(location) };
    refused.map_or(Ok(()), Err)
}

/// The lowest query that anything in there belongs to, of columns and of aggregates.
#[derive(Debug, Default)]
struct Lowest {
    column: Option<u32>,
    aggregate: Option<u32>,
    window: bool,
    set: bool,
}

fn keep_lowest(slot: &mut Option<u32>, level: Option<u32>) {
    if let Some(level) = level {
        *slot = Some(slot.map_or(level, |before| before.min(level)));
    }
}

fn lowest(exprs: &[&Expr]) -> Lowest {
    let mut found = Lowest::default();
    for expr in exprs {
        expr.visit_levels(&mut |e, depth| match e {
            Expr::Var(v) => keep_lowest(&mut found.column, v.levels_up.checked_sub(depth)),
            Expr::Aggref(a) => keep_lowest(&mut found.aggregate, a.levels_up.checked_sub(depth)),
            Expr::GroupingFunc(g) => keep_lowest(&mut found.aggregate, g.levels_up.checked_sub(depth)),
            Expr::WindowFunc(_) if depth == 0 => found.window = true,
            Expr::FuncExpr(f) if depth == 0 && f.retset => found.set = true,
            Expr::OpExpr(o) if depth == 0 && o.retset => found.set = true,
            _ => {}
        });
    }
    found
}

/// Where the first part of expressions is that is looked for, subqueries included; -1 where there is none.
pub(super) fn place_in(exprs: &[&Expr], wanted: impl Fn(&Expr, u32) -> bool) -> i32 {
    let mut found = -1;
    for expr in exprs {
        expr.visit_levels(&mut |e, depth| {
            if found < 0 && wanted(e, depth) {
                found = expr_location(e);
            }
        });
    }
    found
}

/// Whether an expression is an aggregate, or `GROUPING`, of the query that many steps further out.
pub(super) fn aggregate_of(level: u32) -> impl Fn(&Expr, u32) -> bool {
    move |e, depth| match e {
        Expr::Aggref(a) => a.levels_up == level + depth,
        Expr::GroupingFunc(g) => g.levels_up == level + depth,
        _ => false,
    }
}

/// How many queries further out an aggregate of these arguments belongs; follows `check_agg_arguments`.
fn belongs_to(args: &[&Expr], direct: &[&Expr], location: i32) -> Analyzed<u32> {
    let grouping = |message: &str, at: i32| {
        AnalyzeError::rejected(sqlstate::GROUPING_ERROR, message, if at >= 0 { at } else { location })
    };
    let in_args = lowest(args);
    if in_args.set {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "aggregate function calls cannot contain set-returning function calls",
            place_in(args, |e, depth| depth == 0 && matches!(e, Expr::FuncExpr(f) if f.retset)).max(location),
        )
        .hint("You might be able to move the set-returning function into a LATERAL FROM item."));
    }
    if in_args.window {
        let at = place_in(args, |e, depth| depth == 0 && matches!(e, Expr::WindowFunc(_)));
        return Err(grouping("aggregate function calls cannot contain window function calls", at));
    }
    let level = match (in_args.column, in_args.aggregate) {
        (None, None) => 0,
        (Some(level), None) | (None, Some(level)) => level,
        (Some(a), Some(b)) => a.min(b),
    };
    if in_args.aggregate == Some(level) {
        return Err(grouping("aggregate function calls cannot be nested", place_in(args, aggregate_of(level))));
    }
    let in_direct = lowest(direct);
    if in_direct.column.is_some_and(|column| column < level) {
        let at = place_in(
            direct,
            |e, depth| matches!(e, Expr::Var(v) if v.levels_up.checked_sub(depth) == in_direct.column),
        );
        let message = "outer-level aggregate cannot contain a lower-level variable in its direct arguments";
        return Err(grouping(message, at));
    }
    if let Some(inner) = in_direct.aggregate.filter(|aggregate| *aggregate <= level) {
        return Err(grouping("aggregate function calls cannot be nested", place_in(direct, aggregate_of(inner))));
    }
    Ok(level)
}

/// A call with `OVER`; follows `transformWindowFuncCall`.
pub(super) fn window_call(
    ps: &mut ParseState<'_>,
    name: &[&str],
    row: &ProcRow,
    prepared: Prepared,
    syntax: &CallSyntax,
    decoration: Decoration<'_>,
    location: i32,
) -> Analyzed<Expr> {
    let refused = |message: String| AnalyzeError::rejected(sqlstate::FEATURE_NOT_SUPPORTED, message, location);
    if syntax.distinct {
        return Err(refused("DISTINCT is not implemented for window functions".to_owned()));
    }
    let aggregate = row.kind == ProcKind::Aggregate;
    if aggregate && prepared.args.is_empty() && !syntax.star {
        return Err(AnalyzeError::rejected(
            sqlstate::WRONG_OBJECT_TYPE,
            format!("{}(*) must be used to call a parameterless aggregate function", name.join(".")),
            location,
        ));
    }
    if !decoration.order.is_empty() {
        return Err(refused("aggregate ORDER BY is not implemented for window functions".to_owned()));
    }
    if !aggregate && decoration.filter.is_some() {
        return Err(refused("FILTER is not implemented for non-aggregate window functions".to_owned()));
    }
    let over = decoration.over.ok_or_else(|| missing("window"))?;
    let nested = prepared.args.iter().any(|arg| arg.any(|e| matches!(e, Expr::WindowFunc(_))));
    if nested {
        return Err(AnalyzeError::rejected(
            sqlstate::WINDOWING_ERROR,
            "window function calls cannot be nested",
            place_in(&prepared.args.iter().collect::<Vec<_>>(), |e, depth| {
                depth == 0 && matches!(e, Expr::WindowFunc(_))
            }),
        ));
    }
    if let Some(error) = ps.kind.refuse_window(location) {
        return Err(error);
    }
    let window = window_number(ps, over)?;
    ps.level.has_windows = true;
    Ok(Expr::WindowFunc(Box::new(WindowFunc {
        funcid: row.oid,
        result_type: prepared.result_type,
        collation: Oid::INVALID,
        input_collation: Oid::INVALID,
        args: prepared.args,
        filter: decoration.filter.map(Box::new),
        window,
        star: syntax.star,
        aggregate,
        location: Location::at(location),
    })))
}

/// The number of the window that a call names or describes; one that is written twice is one window.
fn window_number(ps: &mut ParseState<'_>, over: &WindowDef) -> Analyzed<u32> {
    let defs = &mut ps.level.window_defs;
    let found = if over.name.is_empty() {
        let wanted = without_places(over);
        defs.iter().position(|def| def.refname == over.refname && without_places(def) == wanted)
    } else {
        let found = defs.iter().position(|def| def.name == over.name);
        if found.is_none() {
            return Err(AnalyzeError::rejected(
                sqlstate::UNDEFINED_OBJECT,
                format!("window \"{}\" does not exist", over.name),
                over.location,
            ));
        }
        found
    };
    let at = found.unwrap_or_else(|| {
        defs.push(over.clone());
        defs.len() - 1
    });
    u32::try_from(at + 1).map_err(|_| missing("window"))
}

/// A window's raw tree as text without the places of its parts, as `equal` compares it; its name does not count.
fn without_places(def: &WindowDef) -> String {
    let def = WindowDef { name: String::new(), ..def.clone() };
    let text = format!("{def:?}");
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("location: ") {
        let (before, after) = rest.split_at(at);
        kept.push_str(before);
        let number = after.strip_prefix("location: ").unwrap_or(after);
        rest = number.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit());
    }
    kept.push_str(rest);
    kept
}

/// Whether a query refers to itself as a recursive `WITH`.
pub(super) fn has_self_reference(query: &Query) -> bool {
    query.rtable.iter().any(|entry| matches!(&entry.kind, RteKind::Cte(cte) if cte.self_reference))
}
