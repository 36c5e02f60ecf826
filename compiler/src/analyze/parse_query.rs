//! Statements: `SELECT`, `VALUES`, and the way to the others.
//!
//! Follows analyze.c (PG 18). Set operations are in `parse_set`, statements that write in `parse_modify` and `parse_merge`.

use pg_query::protobuf::{LimitOption as RawLimit, LockingClause, Node, SelectStmt, SetOperation, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_clause::{from_clause, where_clause};
use super::parse_coerce::coerce_to_specific_type;
use super::parse_collate::{assign_expr_collations, assign_target, select_common_collation};
use super::parse_common::{coerce_to_common_type, common_typmod, select_common_type};
use super::parse_cte::with_clause;
use super::parse_expr::{descend, transform_expr};
use super::parse_expr_kind::ParseExprKind;
use super::parse_grouped::check_aggregates;
use super::parse_level::Level;
use super::parse_locking::{lock_rows, strength_name};
use super::parse_merge::transform_merge;
use super::parse_modify::{transform_delete, transform_insert, transform_update};
use super::parse_node::{ParseState, missing, raw_location};
use super::parse_rte::column;
use super::parse_set::transform_set_operation;
use super::parse_sort::{transform_distinct, transform_distinct_on, transform_group, transform_sort};
use super::parse_target::{resolve_unknowns, target_entry, transform_target_list};
use super::parse_window::{refuse_columns, transform_windows};
use crate::env::Oid;
use crate::tree::{
    ColumnDefinition, CommandType, Expr, FrameBound, FromItem, LimitOption, Location, OnConflictAction, Query,
    SetToDefault, expr_type,
};

/// A query inside another one; follows `parse_sub_analyze`.
pub(super) fn sub_analyze(ps: &mut ParseState<'_>, raw: &Node, level: Level) -> Analyzed<Query> {
    descend(ps, raw_location(raw), |ps| ps.inside(level, |ps| transform_statement(ps, raw)))
}

/// A statement at the query at hand; follows `transformStmt`.
pub(super) fn transform_statement(ps: &mut ParseState<'_>, raw: &Node) -> Analyzed<Query> {
    match &raw.node {
        Some(node::Node::SelectStmt(select)) => transform_select_any(ps, select),
        Some(node::Node::InsertStmt(raw)) => transform_insert(ps, raw),
        Some(node::Node::UpdateStmt(raw)) => transform_update(ps, raw),
        Some(node::Node::DeleteStmt(raw)) => transform_delete(ps, raw),
        Some(node::Node::MergeStmt(raw)) => transform_merge(ps, raw),
        Some(node::Node::ReturnStmt(returned)) => {
            let value = returned.returnval.as_deref().ok_or_else(|| missing("value"))?;
            let mut query = Query::new(CommandType::Select);
            query.is_return = true;
            let expr = ps.of_kind(ParseExprKind::SelectTarget, |ps| transform_expr(ps, value))?;
            query.target_list.push(target_entry(&[], expr, None, false));
            if ps.level.resolve_unknowns {
                resolve_unknowns(ps, &mut query.target_list)?;
            }
            finish(ps, &mut query)?;
            Ok(query)
        }
        Some(node::Node::NotifyStmt(notify)) => {
            let mut query = Query::new(CommandType::Notify);
            query.notify =
                Some((notify.conditionname.clone(), (!notify.payload.is_empty()).then(|| notify.payload.clone())));
            Ok(query)
        }
        _ => Err(AnalyzeError::unsupported("unsupported.query.statement", "this kind of statement in a query", -1)),
    }
}

/// Any `SELECT` or `VALUES`.
pub(super) fn transform_select_any(ps: &mut ParseState<'_>, select: &SelectStmt) -> Analyzed<Query> {
    if !select.values_lists.is_empty() {
        transform_values(ps, select)
    } else if is_set_operation(select) {
        transform_set_operation(ps, select)
    } else {
        transform_select(ps, select)
    }
}

/// Whether a raw query is a set operation.
pub(super) fn is_set_operation(select: &SelectStmt) -> bool {
    !matches!(SetOperation::try_from(select.op), Ok(SetOperation::SetopNone | SetOperation::Undefined) | Err(_))
}

/// Takes over what the query in the making has gathered, and settles its collations.
pub(super) fn finish(ps: &mut ParseState<'_>, query: &mut Query) -> Analyzed<()> {
    query.rtable = std::mem::take(&mut ps.level.rtable);
    query.jointree.items = std::mem::take(&mut ps.level.join_list);
    query.ctes = std::mem::take(&mut ps.level.ctes).into_iter().map(|entry| entry.cte).collect();
    query.has_aggs = ps.level.has_aggs;
    query_collations(ps, query)
}

/// `assign_query_collations`.
fn query_collations(ps: &ParseState<'_>, query: &mut Query) -> Analyzed<()> {
    let env = ps.env;
    for target in query.target_list.iter_mut().chain(&mut query.returning) {
        assign_target(env, target)?;
    }
    if let Some(conflict) = &mut query.on_conflict {
        for element in &mut conflict.elements {
            assign_expr_collations(env, &mut element.expr)?;
        }
        if let Some(condition) = &mut conflict.arbiter_where {
            assign_expr_collations(env, condition)?;
        }
        if let OnConflictAction::Update(list, condition) = &mut conflict.action {
            for target in list {
                assign_target(env, target)?;
            }
            if let Some(condition) = condition {
                assign_expr_collations(env, condition)?;
            }
        }
    }
    for action in &mut query.merge_actions {
        if let Some(condition) = &mut action.condition {
            assign_expr_collations(env, condition)?;
        }
        for target in &mut action.target_list {
            assign_target(env, target)?;
        }
    }
    let mut waiting: Vec<&mut FromItem> = query.jointree.items.iter_mut().collect();
    while let Some(item) = waiting.pop() {
        if let FromItem::Join(join) = item {
            if let Some(quals) = &mut join.quals {
                assign_expr_collations(env, quals)?;
            }
            waiting.push(&mut join.left);
            waiting.push(&mut join.right);
        }
    }
    let singles = [
        &mut query.jointree.quals,
        &mut query.having,
        &mut query.limit_offset,
        &mut query.limit_count,
        &mut query.merge_condition,
    ];
    for expr in singles.into_iter().flatten() {
        assign_expr_collations(env, expr)?;
    }
    for frame in query.windows.iter_mut().filter_map(|window| window.frame.as_mut()) {
        for bound in [&mut frame.start, &mut frame.end] {
            match bound {
                FrameBound::Preceding(offset) | FrameBound::Following(offset) => assign_expr_collations(env, offset)?,
                FrameBound::UnboundedPreceding | FrameBound::CurrentRow | FrameBound::UnboundedFollowing => {}
            }
        }
    }
    Ok(())
}

/// `transformSelectStmt`.
fn transform_select(ps: &mut ParseState<'_>, select: &SelectStmt) -> Analyzed<Query> {
    let mut query = Query::new(CommandType::Select);
    if let Some(with) = &select.with_clause {
        query.has_recursive = with.recursive;
        with_clause(ps, with)?;
    }
    if select.into_clause.is_some() {
        return Err(AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, "SELECT ... INTO is not allowed here", -1));
    }
    for clause in &select.locking_clause {
        ps.level.locking.push(locking(clause)?.clone());
    }
    for def in &select.window_clause {
        if let Some(node::Node::WindowDef(def)) = &def.node {
            ps.level.window_defs.push((**def).clone());
        }
    }
    from_clause(ps, &select.from_clause)?;
    query.target_list = transform_target_list(ps, &select.target_list, ParseExprKind::SelectTarget)?;
    query.jointree.quals = where_clause(ps, select.where_clause.as_deref(), ParseExprKind::Where, "WHERE")?;
    query.having = where_clause(ps, select.having_clause.as_deref(), ParseExprKind::Having, "HAVING")?;
    query.sort_clause = transform_sort(ps, &select.sort_clause, &mut query.target_list, ParseExprKind::OrderBy, false)?;
    let grouping = transform_group(
        ps,
        &select.group_clause,
        &mut query.target_list,
        &query.sort_clause,
        ParseExprKind::GroupBy,
        false,
    )?;
    query.group_clause = grouping.clauses;
    query.grouping_sets = grouping.sets;
    query.group_distinct = select.group_distinct;
    match select.distinct_clause.as_slice() {
        [] => {}
        [Node { node: None }] => {
            query.distinct_clause = transform_distinct(ps, &mut query.target_list, &query.sort_clause, false)?;
        }
        expressions => {
            query.distinct_clause = transform_distinct_on(ps, expressions, &mut query.target_list, &query.sort_clause)?;
            query.has_distinct_on = true;
        }
    }
    limits(ps, select, &mut query)?;
    let defs = std::mem::take(&mut ps.level.window_defs);
    query.windows = transform_windows(ps, &defs, &mut query.target_list)?;
    if ps.level.resolve_unknowns {
        resolve_unknowns(ps, &mut query.target_list)?;
    }
    let windows = ps.level.has_windows;
    let locks = std::mem::take(&mut ps.level.locking);
    finish(ps, &mut query)?;
    for clause in &locks {
        lock_rows(&mut query, clause, false, windows)?;
    }
    if query.has_aggs || !query.group_clause.is_empty() || !query.grouping_sets.is_empty() || query.having.is_some() {
        check_aggregates(ps, &mut query)?;
    }
    Ok(query)
}

/// The locking clause that a raw node is.
pub(super) fn locking(raw: &Node) -> Analyzed<&LockingClause> {
    match &raw.node {
        Some(node::Node::LockingClause(clause)) => Ok(clause),
        _ => Err(missing("locking clause")),
    }
}

/// `OFFSET` and `LIMIT`.
pub(super) fn limits(ps: &mut ParseState<'_>, select: &SelectStmt, query: &mut Query) -> Analyzed<()> {
    query.limit_offset = limit(ps, select.limit_offset.as_deref(), ParseExprKind::Offset, "OFFSET")?;
    query.limit_count = limit(ps, select.limit_count.as_deref(), ParseExprKind::Limit, "LIMIT")?;
    if RawLimit::try_from(select.limit_option) == Ok(RawLimit::WithTies) {
        query.limit_option = LimitOption::WithTies;
        let null = matches!(&select.limit_count.as_deref().and_then(|n| n.node.as_ref()),
            Some(node::Node::AConst(c)) if c.isnull);
        if null {
            return Err(AnalyzeError::rejected(
                "2201W",
                "row count cannot be null in FETCH FIRST ... WITH TIES clause",
                -1,
            ));
        }
    }
    Ok(())
}

fn limit(ps: &mut ParseState<'_>, raw: Option<&Node>, kind: ParseExprKind, name: &str) -> Analyzed<Option<Expr>> {
    let Some(raw) = raw else { return Ok(None) };
    let location = raw_location(raw);
    let expr = ps.of_kind(kind, |ps| transform_expr(ps, raw))?;
    let expr = coerce_to_specific_type(ps, expr, Oid::INT8, name, location)?;
    refuse_columns(&expr, name, location)?;
    Ok(Some(expr))
}

/// A value of `VALUES`, where `DEFAULT` may stand only in an `INSERT`.
pub(super) fn transform_or_default(ps: &mut ParseState<'_>, raw: &Node, allowed: bool) -> Analyzed<Expr> {
    match &raw.node {
        Some(node::Node::SetToDefault(_)) if allowed => Ok(Expr::SetToDefault(SetToDefault {
            ty: Oid::INVALID,
            typmod: -1,
            collation: Oid::INVALID,
            location: Location::NONE,
        })),
        Some(node::Node::SetToDefault(default)) => Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            "DEFAULT is not allowed in this context",
            default.location,
        )),
        _ => transform_expr(ps, raw),
    }
}

/// The values of a row of `VALUES`; follows `transformExpressionList`.
pub(super) fn expression_list(
    ps: &mut ParseState<'_>,
    raw: &[Node],
    kind: ParseExprKind,
    defaults: bool,
) -> Analyzed<Vec<Expr>> {
    ps.of_kind(kind, |ps| {
        let mut found = Vec::with_capacity(raw.len());
        for item in raw {
            match super::parse_star::expand_star(ps, item)? {
                Some(columns) => found.extend(columns.into_iter().map(|(_, e)| e)),
                None => found.push(transform_or_default(ps, item, defaults)?),
            }
        }
        Ok(found)
    })
}

/// The items of a raw list.
pub(super) fn list_items(raw: &Node) -> Analyzed<&[Node]> {
    match &raw.node {
        Some(node::Node::List(list)) => Ok(&list.items),
        _ => Err(missing("list")),
    }
}

/// `transformValuesClause`.
fn transform_values(ps: &mut ParseState<'_>, select: &SelectStmt) -> Analyzed<Query> {
    let mut query = Query::new(CommandType::Select);
    if let Some(with) = &select.with_clause {
        query.has_recursive = with.recursive;
        with_clause(ps, with)?;
    }
    let mut rows: Vec<Vec<Expr>> = Vec::with_capacity(select.values_lists.len());
    for raw in &select.values_lists {
        let row = expression_list(ps, list_items(raw)?, ParseExprKind::Values, false)?;
        if rows.first().is_some_and(|first| first.len() != row.len()) {
            return Err(AnalyzeError::rejected(
                sqlstate::SYNTAX_ERROR,
                "VALUES lists must all be the same length",
                raw_location(raw),
            ));
        }
        rows.push(row);
    }
    let columns = unify_columns(ps, &mut rows)?;
    let lateral = !ps.level.rtable.is_empty() && rows.iter().flatten().any(|e| uses_level(e, 0));
    let item = ps.add_values(rows, columns, None, lateral)?;
    ps.level.join_list.push(FromItem::Entry(item.varno));
    for (name, expr) in item.named_columns(0) {
        query.target_list.push(target_entry(&query.target_list, expr, Some(name), false));
    }
    ps.namespace.push(item);
    query.sort_clause = transform_sort(ps, &select.sort_clause, &mut query.target_list, ParseExprKind::OrderBy, false)?;
    limits(ps, select, &mut query)?;
    if let Some(first) = select.locking_clause.first() {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            format!("{} cannot be applied to VALUES", strength_name(locking(first)?.strength)),
            -1,
        ));
    }
    finish(ps, &mut query)?;
    Ok(query)
}

/// Whether an expression uses a column of the query that many steps further out.
pub(super) fn uses_level(expr: &Expr, level: u32) -> bool {
    let mut found = false;
    expr.visit_levels(&mut |e, depth| {
        if let Expr::Var(var) = e {
            found = found || var.levels_up == level + depth;
        }
    });
    found
}

/// Brings each column of `VALUES` to one type.
fn unify_columns(ps: &ParseState<'_>, rows: &mut [Vec<Expr>]) -> Analyzed<Vec<ColumnDefinition>> {
    let width = rows.first().map_or(0, Vec::len);
    let mut columns = Vec::with_capacity(width);
    for at in 0..width {
        let values: Vec<Expr> = rows.iter().filter_map(|row| row.get(at).cloned()).collect();
        let locations = vec![-1; values.len()];
        let ty = select_common_type(ps, &values, "VALUES", &locations)?;
        for row in rows.iter_mut() {
            if let Some(slot) = row.get_mut(at) {
                let value = std::mem::replace(slot, Expr::MergeSupportFunc);
                *slot =
                    if expr_type(&value) == ty { value } else { coerce_to_common_type(ps, value, ty, "VALUES", -1)? };
            }
        }
        let typmod = common_typmod(rows.iter().filter_map(|row| row.get(at)), ty);
        let collation = select_common_collation(ps.env, rows.iter_mut().filter_map(|row| row.get_mut(at)), true)?;
        columns.push(column("", ty, typmod, collation));
    }
    Ok(columns)
}
