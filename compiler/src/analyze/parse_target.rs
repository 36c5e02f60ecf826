//! Target lists, and the entries that sort and group clauses add to them.
//!
//! Follows parse_target.c and the `findTargetlistEntry…` functions of parse_clause.c (PG 18). Assignments are in `parse_assign`.

use pg_query::protobuf::{Node, ResTarget, a_const, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::figure_name::column_name;
use super::parse_agg::{aggregate_of, place_in};
use super::parse_coerce::{Coercion, coerce_type};
use super::parse_expr::transform_expr;
use super::parse_expr_kind::ParseExprKind;
use super::parse_node::{ParseState, missing, string_of};
use super::parse_relation::column_at;
use super::parse_star::expand_star;
use crate::env::{Major, Oid};
use crate::tree::{Expr, RteKind, TargetEntry, expr_type, strip_implicit_coercions};

/// A new entry at the end of a list.
pub(super) fn target_entry(list: &[TargetEntry], expr: Expr, name: Option<String>, junk: bool) -> TargetEntry {
    TargetEntry {
        expr,
        resno: i16::try_from(list.len() + 1).unwrap_or(i16::MAX),
        name,
        sort_group_ref: 0,
        junk,
        origin: None,
    }
}

/// The `ResTarget` that an item of a list is.
pub(super) fn res_target(raw: &Node) -> Analyzed<&ResTarget> {
    match &raw.node {
        Some(node::Node::ResTarget(target)) => Ok(target),
        _ => Err(missing("target")),
    }
}

/// A target list; follows `transformTargetList`.
pub(super) fn transform_target_list(
    ps: &mut ParseState<'_>,
    raw: &[Node],
    kind: ParseExprKind,
) -> Analyzed<Vec<TargetEntry>> {
    ps.of_kind(kind, |ps| {
        let mut list: Vec<TargetEntry> = Vec::with_capacity(raw.len());
        for item in raw {
            let target = res_target(item)?;
            let value = target.val.as_deref().ok_or_else(|| missing("value"))?;
            let star = if kind == ParseExprKind::UpdateSource { None } else { expand_star(ps, value)? };
            match star {
                Some(columns) => {
                    for (name, expr) in columns {
                        list.push(target_entry(&list, expr, Some(name), false));
                    }
                }
                None => {
                    let expr = transform_expr(ps, value)?;
                    let name = if target.name.is_empty() {
                        column_name(ps.env.major(), value, &expr)
                    } else {
                        target.name.clone()
                    };
                    list.push(target_entry(&list, expr, Some(name), false));
                }
            }
        }
        mark_origins(ps, &mut list);
        Ok(list)
    })
}

/// `markTargetListOrigins`, for plain columns.
fn mark_origins(ps: &ParseState<'_>, list: &mut [TargetEntry]) {
    for target in list {
        if let Expr::Var(var) = &target.expr
            && let Some(entry) = ps.entry(var.varno, var.levels_up)
        {
            target.origin = match &entry.kind {
                RteKind::Relation(relation) => Some((relation.oid, var.attno)),
                RteKind::Subquery(query) => usize::try_from(var.attno)
                    .ok()
                    .and_then(|n| query.target_list.get(n.checked_sub(1)?))
                    .and_then(|inner| inner.origin),
                RteKind::NamedRelation(_)
                | RteKind::Join(_)
                | RteKind::Function(_)
                | RteKind::TableFunc(_)
                | RteKind::Values(_)
                | RteKind::Cte(_) => None,
            };
        }
    }
}

/// Outputs of unknown type become text; follows `resolveTargetListUnknowns`.
pub(super) fn resolve_unknowns(ps: &ParseState<'_>, list: &mut [TargetEntry]) -> Analyzed<()> {
    for target in list {
        unknown_to_text(ps, &mut target.expr)?;
    }
    Ok(())
}

/// A value of unknown type becomes text.
pub(super) fn unknown_to_text(ps: &ParseState<'_>, expr: &mut Expr) -> Analyzed<()> {
    if expr_type(expr) == Oid::UNKNOWN {
        let inner = std::mem::replace(expr, Expr::MergeSupportFunc);
        *expr = coerce_type(ps, inner, Oid::UNKNOWN, Oid::TEXT, -1, Coercion::implicit())?;
    }
    Ok(())
}

/// Finds an expression in a target list, or adds it; follows `findTargetlistEntrySQL99`. Returns its position.
pub(super) fn find_by_expression(
    ps: &mut ParseState<'_>,
    raw: &Node,
    list: &mut Vec<TargetEntry>,
    kind: ParseExprKind,
) -> Analyzed<usize> {
    let expr = ps.of_kind(kind, |ps| transform_expr(ps, raw))?;
    if let Some(found) = list.iter().position(|target| *strip_implicit_coercions(&target.expr) == expr) {
        return Ok(found);
    }
    list.push(target_entry(list, expr, None, true));
    Ok(list.len() - 1)
}

/// The same where a name or a number of an output column may stand; follows `findTargetlistEntrySQL92`.
pub(super) fn find_by_output(
    ps: &mut ParseState<'_>,
    raw: &Node,
    list: &mut Vec<TargetEntry>,
    kind: ParseExprKind,
) -> Analyzed<usize> {
    match &raw.node {
        Some(node::Node::ColumnRef(cref)) => {
            if let [field] = cref.fields.as_slice()
                && let Some(name) = string_of(field)
            {
                let shadowed = kind == ParseExprKind::GroupBy && column_at(ps, name, 0, cref.location)?.is_some();
                if !shadowed && let Some(found) = by_name(ps, name, list, kind, cref.location)? {
                    return Ok(found);
                }
            }
        }
        Some(node::Node::AConst(constant)) => {
            if matches!(constant.val, Some(a_const::Val::Boolval(_))) && ps.env.major() < Major::V15 {
                // before 15 the grammar reads a cast there
                return find_by_expression(ps, raw, list, kind);
            }
            let position = match &constant.val {
                Some(a_const::Val::Ival(v)) if !constant.isnull => Some(v.ival),
                None if !constant.isnull => Some(0),
                _ => None,
            };
            let Some(position) = position else {
                return Err(AnalyzeError::rejected(
                    sqlstate::SYNTAX_ERROR,
                    format!("non-integer constant in {}", kind.name()),
                    constant.location,
                ));
            };
            let outputs = list.iter().enumerate().filter(|(_, t)| !t.junk).map(|(i, _)| i);
            let wanted = usize::try_from(position).ok().and_then(|p| p.checked_sub(1));
            let Some(found) = wanted.and_then(|w| outputs.into_iter().nth(w)) else {
                return Err(AnalyzeError::rejected(
                    sqlstate::INVALID_COLUMN_REFERENCE,
                    format!("{} position {position} is not in select list", kind.name()),
                    constant.location,
                ));
            };
            check_output(list, found, kind, constant.location)?;
            return Ok(found);
        }
        _ => {}
    }
    find_by_expression(ps, raw, list, kind)
}

fn by_name(
    _: &ParseState<'_>,
    name: &str,
    list: &[TargetEntry],
    kind: ParseExprKind,
    location: i32,
) -> Analyzed<Option<usize>> {
    let mut found: Option<usize> = None;
    for (i, target) in list.iter().enumerate() {
        if target.junk || target.name.as_deref() != Some(name) {
            continue;
        }
        match found.and_then(|f| list.get(f)) {
            Some(before) if before.expr != target.expr => {
                return Err(AnalyzeError::rejected(
                    sqlstate::AMBIGUOUS_COLUMN,
                    format!("{} \"{name}\" is ambiguous", kind.name()),
                    location,
                ));
            }
            Some(_) => {}
            None => found = Some(i),
        }
    }
    if let Some(found) = found {
        check_output(list, found, kind, location)?;
    }
    Ok(found)
}

/// `checkTargetlistEntrySQL92`: an output that `GROUP BY` names may hold no aggregate.
fn check_output(list: &[TargetEntry], at: usize, kind: ParseExprKind, location: i32) -> Analyzed<()> {
    if kind != ParseExprKind::GroupBy {
        return Ok(());
    }
    let Some(target) = list.get(at) else { return Ok(()) };
    let aggregate = target.expr.any(|e| match e {
        Expr::Aggref(a) => a.levels_up == 0,
        Expr::GroupingFunc(g) => g.levels_up == 0,
        _ => false,
    });
    if aggregate {
        let at = place_in(&[&target.expr], aggregate_of(0));
        let at = if at >= 0 { at } else { location };
        return Err(kind.refuse_aggregate(at).unwrap_or_else(|| missing("place")));
    }
    if target.expr.any(|e| matches!(e, Expr::WindowFunc(_))) {
        let at = place_in(&[&target.expr], |e, depth| depth == 0 && matches!(e, Expr::WindowFunc(_)));
        return Err(kind.refuse_window(if at >= 0 { at } else { location }).unwrap_or_else(|| missing("place")));
    }
    Ok(())
}
