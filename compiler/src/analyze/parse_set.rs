//! `UNION`, `INTERSECT` and `EXCEPT`.
//!
//! Follows `transformSetOperationStmt` and `transformSetOperationTree`, analyze.c (PG 18).

use pg_query::protobuf::{Node, SelectStmt, SetOperation as RawOp, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_agg::place_in;
use super::parse_collate::select_common_collation;
use super::parse_common::{chosen_place, coerce_to_common_type, common_typmod, select_common_type};
use super::parse_cte::{set_recursive_columns, with_clause};
use super::parse_expr::descend;
use super::parse_expr_kind::ParseExprKind;
use super::parse_level::Level;
use super::parse_locking::strength_name;
use super::parse_node::{ParseState, missing};
use super::parse_query::{finish, is_set_operation, limits, locking, sub_analyze, uses_level};
use super::parse_relation::{NamespaceColumn, NamespaceItem, WholeRow};
use super::parse_rte::column;
use super::parse_sort::{group_operators, transform_sort};
use super::parse_target::target_entry;
use crate::env::Oid;
use crate::tree::{
    Alias, ColumnDefinition, CommandType, Expr, Location, Query, RteKind, SetOperand, SetOperation, SetOperationStmt,
    SetToDefault, Syntactic, Var, VarReturning, expr_collation, expr_location, expr_type, expr_typmod,
};

/// A column of a side: what it is, and the target that it comes from.
struct SideColumn {
    expr: Expr,
    home: Option<(u32, usize)>,
}

fn refused(message: String) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::FEATURE_NOT_SUPPORTED, message, -1)
}

fn leftmost(operand: &SetOperand) -> u32 {
    let mut at = operand;
    loop {
        match at {
            SetOperand::Entry(varno) => return *varno,
            SetOperand::Nested(set) => at = &set.left,
        }
    }
}

/// A set operation with what follows it.
pub(super) fn transform_set_operation(ps: &mut ParseState<'_>, select: &SelectStmt) -> Analyzed<Query> {
    let mut query = Query::new(CommandType::Select);
    if let Some(first) = select.locking_clause.first() {
        let name = strength_name(locking(first)?.strength);
        return Err(refused(format!("{name} is not allowed with UNION/INTERSECT/EXCEPT")));
    }
    if let Some(with) = &select.with_clause {
        query.has_recursive = with.recursive;
        with_clause(ps, with)?;
    }
    let (operand, _) = branch(ps, select, true)?;
    let SetOperand::Nested(set) = operand else { return Err(missing("set operation")) };
    let first = leftmost(&set.left);
    let names = subquery_names(ps, first)?;
    let mut columns = Vec::with_capacity(names.len());
    let places: Vec<i32> = match ps.entry(first, 0).map(|entry| &entry.kind) {
        Some(RteKind::Subquery(query)) => query.target_list.iter().map(|t| expr_location(&t.expr)).collect(),
        _ => Vec::new(),
    };
    for (at, (attno, (name, c))) in (1_i16..).zip(names.into_iter().zip(&set.columns)).enumerate() {
        let var = Var {
            varno: first,
            attno,
            name: name.clone(),
            ty: c.ty,
            typmod: c.typmod,
            collation: c.collation,
            levels_up: 0,
            returning: VarReturning::Default,
            syntactic: Syntactic::default(),
            location: places.get(at).map_or(Location::NONE, |at| Location::at(*at)),
        };
        query.target_list.push(target_entry(&query.target_list, Expr::Var(var.clone()), Some(name.clone()), false));
        columns.push(NamespaceColumn { name, var: Some(var), in_star: true });
    }
    query.set_operations = Some(set);
    // only the names of the result can be sorted by
    let item = NamespaceItem {
        relation: None,
        system_columns: false,
        varno: first,
        refname: String::new(),
        columns,
        whole: WholeRow::Var(Oid::RECORD),
        relation_visible: false,
        columns_visible: true,
        lateral_only: false,
        lateral_ok: true,
        returning: VarReturning::Default,
    };
    let namespace = std::mem::replace(&mut ps.namespace, vec![item]);
    let width = query.target_list.len();
    let sorted = transform_sort(ps, &select.sort_clause, &mut query.target_list, ParseExprKind::OrderBy, false);
    ps.namespace = namespace;
    query.sort_clause = sorted?;
    if query.target_list.len() != width {
        let at = query.target_list.get(width).map_or(-1, |t| expr_location(&t.expr));
        return Err(refused("invalid UNION/INTERSECT/EXCEPT ORDER BY clause".to_owned())
            .at(at)
            .detail("Only result column names can be used, not expressions or functions.")
            .hint("Add the expression/function to every SELECT, or move the UNION into a FROM clause."));
    }
    limits(ps, select, &mut query)?;
    finish(ps, &mut query)?;
    Ok(query)
}

fn subquery_names(ps: &ParseState<'_>, varno: u32) -> Analyzed<Vec<String>> {
    match ps.entry(varno, 0).map(|entry| &entry.kind) {
        Some(RteKind::Subquery(query)) => {
            Ok(query.target_list.iter().filter(|t| !t.junk).map(|t| t.name.clone().unwrap_or_default()).collect())
        }
        _ => Err(missing("subquery")),
    }
}

fn branch(ps: &mut ParseState<'_>, select: &SelectStmt, top: bool) -> Analyzed<(SetOperand, Vec<SideColumn>)> {
    descend(ps, -1, |ps| branch_here(ps, select, top))
}

fn branch_here(ps: &mut ParseState<'_>, select: &SelectStmt, top: bool) -> Analyzed<(SetOperand, Vec<SideColumn>)> {
    if select.into_clause.is_some() {
        return Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            "INTO is only allowed on first SELECT of UNION/INTERSECT/EXCEPT",
            select.into_clause.as_ref().and_then(|into| into.rel.as_ref()).map_or(-1, |rel| rel.location),
        ));
    }
    if let Some(first) = select.locking_clause.first() {
        let name = strength_name(locking(first)?.strength);
        return Err(refused(format!("{name} is not allowed with UNION/INTERSECT/EXCEPT")));
    }
    let decorated = !select.sort_clause.is_empty()
        || select.limit_offset.is_some()
        || select.limit_count.is_some()
        || select.with_clause.is_some();
    if !is_set_operation(select) || (decorated && !top) {
        return leaf(ps, select);
    }
    let (Some(left), Some(right)) = (select.larg.as_deref(), select.rarg.as_deref()) else {
        return Err(missing("side"));
    };
    let (op, context) = match RawOp::try_from(select.op) {
        Ok(RawOp::SetopIntersect) => (SetOperation::Intersect, "INTERSECT"),
        Ok(RawOp::SetopExcept) => (SetOperation::Except, "EXCEPT"),
        _ => (SetOperation::Union, "UNION"),
    };
    let (left, mut left_columns) = branch(ps, left, false)?;
    if top {
        let names = subquery_names(ps, leftmost(&left))?;
        let columns: Vec<ColumnDefinition> = left_columns
            .iter()
            .zip(names)
            .map(|(c, name)| column(name, expr_type(&c.expr), expr_typmod(&c.expr), expr_collation(&c.expr)))
            .collect();
        set_recursive_columns(ps, columns)?;
    }
    let (right, mut right_columns) = branch(ps, right, false)?;
    if left_columns.len() != right_columns.len() {
        return Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            format!("each {context} query must have the same number of columns"),
            right_columns.iter().map(|c| expr_location(&c.expr)).find(|at| *at >= 0).unwrap_or(-1),
        ));
    }
    let mut columns = Vec::with_capacity(left_columns.len());
    let mut group_clauses = Vec::new();
    let mut places = Vec::with_capacity(left_columns.len());
    let union_all = op == SetOperation::Union && select.all;
    for (l, r) in left_columns.iter_mut().zip(&mut right_columns) {
        let pair = [l.expr.clone(), r.expr.clone()];
        let ty = select_common_type(ps, &pair, context, &[-1, -1])?;
        let chosen = chosen_place(ps, &pair, ty);
        let mut left_expr = side(ps, l, ty, context)?;
        let mut right_expr = side(ps, r, ty, context)?;
        let typmod = common_typmod([&left_expr, &right_expr].into_iter(), ty);
        let collation = select_common_collation(ps.env, [&mut left_expr, &mut right_expr], union_all)?;
        if !union_all {
            group_clauses.push(group_operators(ps, ty, 0, chosen)?);
        }
        columns.push(column("", ty, typmod, collation));
        places.push(chosen);
    }
    let outputs = columns
        .iter()
        .zip(places)
        .map(|(c, at)| SideColumn {
            expr: Expr::SetToDefault(SetToDefault {
                ty: c.ty,
                typmod: c.typmod,
                collation: c.collation,
                location: Location::at(at),
            }),
            home: None,
        })
        .collect();
    let set = SetOperationStmt { op, all: select.all, left, right, columns, group_clauses };
    Ok((SetOperand::Nested(Box::new(set)), outputs))
}

/// A side's column in the common type; a literal takes it in its own query.
fn side(ps: &mut ParseState<'_>, own: &mut SideColumn, ty: Oid, context: &str) -> Analyzed<Expr> {
    let literal = matches!(own.expr, Expr::Const(_) | Expr::Param(_));
    if expr_type(&own.expr) == Oid::UNKNOWN && !literal {
        return Ok(own.expr.clone());
    }
    let unknown = expr_type(&own.expr) == Oid::UNKNOWN;
    let coerced = coerce_to_common_type(ps, own.expr.clone(), ty, context, -1)?;
    if unknown
        && let Some((varno, at)) = own.home
        && let Some(entry) = usize::try_from(varno).ok().and_then(|n| ps.level.rtable.get_mut(n.checked_sub(1)?))
        && let RteKind::Subquery(query) = &mut entry.kind
        && let Some(target) = query.target_list.get_mut(at)
    {
        target.expr = coerced.clone();
        own.expr = coerced.clone();
    }
    Ok(coerced)
}

fn leaf(ps: &mut ParseState<'_>, select: &SelectStmt) -> Analyzed<(SetOperand, Vec<SideColumn>)> {
    let raw = Node { node: Some(node::Node::SelectStmt(Box::new(select.clone()))) };
    let query = sub_analyze(ps, &raw, Level::default())?;
    if !ps.namespace.is_empty() {
        let mut uses = None;
        query.visit_queries(&mut |inner, level| {
            for e in inner.expressions() {
                if uses.is_none() && uses_level(e, level + 1) {
                    let own = |e: &Expr, depth| matches!(e, Expr::Var(v) if v.levels_up == level + 1 + depth);
                    uses = Some(place_in(&[e], own));
                }
            }
        });
        if let Some(at) = uses {
            return Err(AnalyzeError::rejected(
                sqlstate::INVALID_COLUMN_REFERENCE,
                "UNION/INTERSECT/EXCEPT member statement cannot refer to other relations of same query level",
                at,
            ));
        }
    }
    let varno = u32::try_from(ps.level.rtable.len() + 1).map_err(|_| missing("subquery"))?;
    let columns = query
        .target_list
        .iter()
        .enumerate()
        .filter(|(_, t)| !t.junk)
        .map(|(at, t)| SideColumn { expr: t.expr.clone(), home: Some((varno, at)) })
        .collect();
    let alias = Alias { name: format!("*SELECT* {varno}"), columns: Vec::new() };
    let item = ps.add_subquery(query, Some(alias), false, false)?;
    Ok((SetOperand::Entry(item.varno), columns))
}
