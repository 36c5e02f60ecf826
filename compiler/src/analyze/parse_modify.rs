//! `INSERT`, `UPDATE`, `DELETE`, and `RETURNING`.
//!
//! Follows `transformInsertStmt`, `transformOnConflictClause`, `transformUpdateStmt`, `transformDeleteStmt` and
//! `transformReturningClause`, analyze.c, and `setTargetTable`, parse_clause.c (PG 18).
//!
//! Whether the constraint of `ON CONFLICT ON CONSTRAINT` is there is not known here: its name is among the query's
//! dependencies.

use pg_query::protobuf::{
    ColumnRef, DeleteStmt, IndexElem, InferClause, InsertStmt, Node, OnConflictAction as RawAction, OnConflictClause,
    OverridingKind, RangeVar, ReturningClause, ReturningOptionKind, SelectStmt, SortByDir, SortByNulls,
    String as RawString, UpdateStmt, WithClause, node,
};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_assign::{
    InsertColumn, conflict_expression, insert_columns, insert_row, insert_targets, update_targets,
};
use super::parse_clause::{from_clause, where_clause};
use super::parse_collate::assign_expr_collations;
use super::parse_cte::with_clause;
use super::parse_expr::{lookup_collation, transform_expr};
use super::parse_expr_kind::ParseExprKind;
use super::parse_level::Level;
use super::parse_node::{ParseState, missing, split_name, strings_of};
use super::parse_query::{expression_list, finish, list_items, transform_statement, uses_level};
use super::parse_rte::{alias_of, column, open_relation};
use super::parse_target::{resolve_unknowns, transform_target_list};
use crate::env::{Major, Oid, RelationRow};
use crate::tree::{
    Alias, CommandType, Expr, FromItem, InferenceElem, OnConflict, OnConflictAction, Overriding, Query, VarReturning,
    expr_location, expr_type, expr_typmod,
};

/// Whether the relation that is written is read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetUse {
    Written,
    WrittenAndRead,
}

/// The `WITH` of a statement that writes.
pub(super) fn own_with(ps: &mut ParseState<'_>, query: &mut Query, with: Option<&WithClause>) -> Analyzed<()> {
    if let Some(with) = with {
        query.has_recursive = with.recursive;
        with_clause(ps, with)?;
    }
    Ok(())
}

/// The relation that is written, with its position; follows `setTargetTable`.
pub(super) fn target_table<'a>(
    ps: &mut ParseState<'a>,
    raw: Option<&RangeVar>,
    inherits: bool,
    how: TargetUse,
) -> Analyzed<(u32, &'a RelationRow)> {
    let raw = raw.ok_or_else(|| missing("relation"))?;
    let relation = open_relation(ps, raw)?;
    let item = ps.add_relation(relation, alias_of(raw.alias.as_ref()), inherits, false)?;
    let varno = item.varno;
    ps.level.target = Some(item.clone());
    if how == TargetUse::WrittenAndRead {
        ps.level.join_list.push(FromItem::Entry(varno));
        ps.namespace.push(item);
    }
    Ok((varno, relation))
}

/// `FROM` of an `UPDATE` or `USING` of a `DELETE`, where subqueries do not see the relation that is written.
fn other_relations(ps: &mut ParseState<'_>, raw: &[Node]) -> Analyzed<()> {
    if let Some(target) = ps.namespace.last_mut() {
        target.lateral_only = true;
        target.lateral_ok = false;
    }
    from_clause(ps, raw)
}

/// `transformDeleteStmt`.
pub(super) fn transform_delete(ps: &mut ParseState<'_>, raw: &DeleteStmt) -> Analyzed<Query> {
    let mut query = Query::new(CommandType::Delete);
    own_with(ps, &mut query, raw.with_clause.as_ref())?;
    let inherits = raw.relation.as_ref().is_some_and(|r| r.inh);
    query.result_relation = target_table(ps, raw.relation.as_ref(), inherits, TargetUse::WrittenAndRead)?.0;
    other_relations(ps, &raw.using_clause)?;
    query.jointree.quals = where_clause(ps, raw.where_clause.as_deref(), ParseExprKind::Where, "WHERE")?;
    returning(ps, &mut query, raw.returning_clause.as_ref(), ParseExprKind::Returning)?;
    finish(ps, &mut query)?;
    Ok(query)
}

/// `transformUpdateStmt`.
pub(super) fn transform_update(ps: &mut ParseState<'_>, raw: &UpdateStmt) -> Analyzed<Query> {
    let mut query = Query::new(CommandType::Update);
    own_with(ps, &mut query, raw.with_clause.as_ref())?;
    let inherits = raw.relation.as_ref().is_some_and(|r| r.inh);
    let (varno, relation) = target_table(ps, raw.relation.as_ref(), inherits, TargetUse::WrittenAndRead)?;
    query.result_relation = varno;
    other_relations(ps, &raw.from_clause)?;
    query.jointree.quals = where_clause(ps, raw.where_clause.as_deref(), ParseExprKind::Where, "WHERE")?;
    returning(ps, &mut query, raw.returning_clause.as_ref(), ParseExprKind::Returning)?;
    query.target_list = update_targets(ps, relation, varno, &raw.target_list)?;
    finish(ps, &mut query)?;
    Ok(query)
}

/// `OVERRIDING`.
pub(super) fn overriding(raw: i32) -> Overriding {
    match OverridingKind::try_from(raw) {
        Ok(OverridingKind::OverridingUserValue) => Overriding::UserValue,
        Ok(OverridingKind::OverridingSystemValue) => Overriding::SystemValue,
        _ => Overriding::NotSet,
    }
}

/// Whether rows come from a query that is more than bare `VALUES`.
fn is_general(select: &SelectStmt) -> bool {
    select.values_lists.is_empty()
        || !select.sort_clause.is_empty()
        || select.limit_offset.is_some()
        || select.limit_count.is_some()
        || !select.locking_clause.is_empty()
        || select.with_clause.is_some()
}

/// `transformInsertStmt`.
pub(super) fn transform_insert(ps: &mut ParseState<'_>, raw: &InsertStmt) -> Analyzed<Query> {
    let mut query = Query::new(CommandType::Insert);
    own_with(ps, &mut query, raw.with_clause.as_ref())?;
    query.overriding = overriding(raw.r#override);
    let select = match raw.select_stmt.as_deref() {
        None => None,
        Some(source) => match &source.node {
            Some(node::Node::SelectStmt(select)) => Some((source, &**select)),
            _ => return Err(missing("source")),
        },
    };
    // the rows of a rule are rows of the source, not of the statement around it
    let mut inner = Level { resolve_unknowns: false, ..Level::default() };
    let mut names = Vec::new();
    let general = select.is_some_and(|(_, select)| is_general(select));
    if general {
        inner.rtable = std::mem::take(&mut ps.level.rtable);
        names = std::mem::take(&mut ps.namespace);
    }
    let (varno, relation) = target_table(ps, raw.relation.as_ref(), false, TargetUse::Written)?;
    query.result_relation = varno;
    let columns = insert_columns(relation, &raw.cols)?;
    let listed = !raw.cols.is_empty();
    let values = match select {
        None => Vec::new(),
        Some((source, _)) if general => {
            let rows = ps.inside(inner, |ps| {
                ps.namespace = names;
                transform_statement(ps, source)
            })?;
            let values = rows_of(ps, rows)?;
            insert_row(ps, values, listed, &columns, false)?
        }
        Some((_, select)) => match select.values_lists.as_slice() {
            [only] => {
                let values = expression_list(ps, list_items(only)?, ParseExprKind::ValuesSingle, true)?;
                insert_row(ps, values, listed, &columns, false)?
            }
            lists => several_rows(ps, lists, listed, &columns)?,
        },
    };
    query.target_list = insert_targets(values, &columns);
    if raw.on_conflict_clause.is_some() || raw.returning_clause.is_some() {
        ps.namespace = ps.level.target.iter().cloned().collect();
    }
    if let Some(clause) = raw.on_conflict_clause.as_deref() {
        query.on_conflict = Some(Box::new(on_conflict(ps, clause, relation, varno)?));
    }
    returning(ps, &mut query, raw.returning_clause.as_ref(), ParseExprKind::Returning)?;
    finish(ps, &mut query)?;
    Ok(query)
}

/// Takes the source of an `INSERT` into its range table; gives the columns of its rows.
fn rows_of(ps: &mut ParseState<'_>, rows: Query) -> Analyzed<Vec<Expr>> {
    let unknown: Vec<Option<Expr>> = rows
        .target_list
        .iter()
        .filter(|target| !target.junk)
        .map(|target| {
            let constant = matches!(target.expr, Expr::Const(_) | Expr::Param(_));
            (constant && expr_type(&target.expr) == Oid::UNKNOWN).then(|| target.expr.clone())
        })
        .collect();
    let places: Vec<i32> = rows.target_list.iter().filter(|t| !t.junk).map(|t| expr_location(&t.expr)).collect();
    let alias = Alias { name: "*SELECT*".to_owned(), columns: Vec::new() };
    let item = ps.add_subquery(rows, Some(alias), false, false)?;
    ps.level.join_list.push(FromItem::Entry(item.varno));
    // a literal of no type takes that of the column that it fills
    let columns = item.all_columns(0).into_iter().zip(places).map(|(var, place)| var.placed(place));
    Ok(columns.zip(unknown).map(|(var, own)| own.unwrap_or(var)).collect())
}

/// `VALUES` of several rows.
fn several_rows(
    ps: &mut ParseState<'_>,
    lists: &[Node],
    listed: bool,
    columns: &[InsertColumn<'_>],
) -> Analyzed<Vec<Expr>> {
    let mut rows: Vec<Vec<Expr>> = Vec::with_capacity(lists.len());
    let mut width = None;
    for list in lists {
        let values = expression_list(ps, list_items(list)?, ParseExprKind::Values, true)?;
        if *width.get_or_insert(values.len()) != values.len() {
            return Err(AnalyzeError::rejected(
                sqlstate::SYNTAX_ERROR,
                "VALUES lists must all be the same length",
                super::parse_node::raw_location(list),
            ));
        }
        let mut row = insert_row(ps, values, listed, columns, true)?;
        for value in &mut row {
            assign_expr_collations(ps.env, value)?;
        }
        rows.push(row);
    }
    let first = rows.first().map(Vec::as_slice).unwrap_or_default();
    let types = first.iter().map(|e| column("", expr_type(e), expr_typmod(e), Oid::INVALID)).collect();
    let lateral = ps.level.rtable.len() != 1 && rows.iter().flatten().any(|e| uses_level(e, 0));
    let item = ps.add_values(rows, types, None, lateral)?;
    ps.level.join_list.push(FromItem::Entry(item.varno));
    insert_row(ps, item.all_columns(0), listed, columns, false)
}

/// `transformOnConflictClause`.
fn on_conflict(
    ps: &mut ParseState<'_>,
    raw: &OnConflictClause,
    relation: &RelationRow,
    varno: u32,
) -> Analyzed<OnConflict> {
    let update = RawAction::try_from(raw.action) == Ok(RawAction::OnconflictUpdate);
    let mut excluded = None;
    if update {
        let alias = Alias { name: "excluded".to_owned(), columns: Vec::new() };
        let mut item = ps.add_relation(relation, Some(alias), false, false)?;
        item.system_columns = false;
        excluded = Some(item);
    }
    if update && raw.infer.is_none() {
        return Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            "ON CONFLICT DO UPDATE requires inference specification or constraint name",
            raw.location,
        )
        .hint("For example, ON CONFLICT (column_name)."));
    }
    if relation.schema.as_str() == "pg_catalog" {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "ON CONFLICT is not supported with system catalog tables",
            raw.location,
        ));
    }
    let mut made = OnConflict {
        action: OnConflictAction::Nothing,
        elements: Vec::new(),
        arbiter_where: None,
        constraint: None,
        excluded_relation: excluded.as_ref().map_or(0, |item| item.varno),
    };
    if let Some(infer) = raw.infer.as_deref() {
        for element in &infer.index_elems {
            let Some(node::Node::IndexElem(element)) = &element.node else { return Err(missing("element")) };
            made.elements.push(inference_element(ps, infer, element)?);
        }
        if let Some(condition) = infer.where_clause.as_deref() {
            made.arbiter_where = Some(ps.of_kind(ParseExprKind::IndexPredicate, |ps| transform_expr(ps, condition))?);
        }
        made.constraint = (!infer.conname.is_empty()).then(|| infer.conname.clone());
    }
    if let Some(excluded) = excluded {
        ps.namespace.push(excluded);
        let list = update_targets(ps, relation, varno, &raw.target_list)?;
        let condition = where_clause(ps, raw.where_clause.as_deref(), ParseExprKind::Where, "WHERE")?;
        ps.namespace.pop();
        made.action = OnConflictAction::Update(list, condition);
    }
    Ok(made)
}

/// `resolve_unique_index_expr`.
fn inference_element(ps: &mut ParseState<'_>, infer: &InferClause, raw: &IndexElem) -> Analyzed<InferenceElem> {
    let refuse = |what: &str| {
        AnalyzeError::rejected(
            sqlstate::INVALID_COLUMN_REFERENCE,
            format!("{what} is not allowed in ON CONFLICT clause"),
            infer.location,
        )
    };
    if !matches!(SortByDir::try_from(raw.ordering), Ok(SortByDir::SortbyDefault | SortByDir::Undefined)) {
        return Err(refuse("ASC/DESC"));
    }
    if !matches!(
        SortByNulls::try_from(raw.nulls_ordering),
        Ok(SortByNulls::SortbyNullsDefault | SortByNulls::Undefined)
    ) {
        return Err(refuse("NULLS FIRST/LAST"));
    }
    let expr = match raw.expr.as_deref() {
        Some(expr) => conflict_expression(ps, expr)?,
        None => {
            let name = Node { node: Some(node::Node::String(RawString { sval: raw.name.clone() })) };
            let reference = ColumnRef { fields: vec![name], location: infer.location };
            conflict_expression(ps, &Node { node: Some(node::Node::ColumnRef(reference)) })?
        }
    };
    let collation = match strings_of(&raw.collation).as_slice() {
        [] => Oid::INVALID,
        names => lookup_collation(ps, names, infer.location)?,
    };
    let opclass = match strings_of(&raw.opclass).as_slice() {
        [] => Oid::INVALID,
        names => btree_opclass(ps, names, infer.location)?,
    };
    Ok(InferenceElem { expr, collation, opclass })
}

fn btree_opclass(ps: &ParseState<'_>, names: &[&str], location: i32) -> Analyzed<Oid> {
    let (schema, name) = split_name(ps.env, names, location)?;
    let rows = ps.env.opclasses_named(name).filter(|row| row.method == Oid::BTREE_AM);
    let visible = rows.filter_map(|row| match schema {
        Some(schema) => (row.schema.as_str() == schema).then_some((0, row.oid)),
        None => ps.path.position(&row.schema).map(|at| (at, row.oid)),
    });
    visible.min().map(|(_, oid)| oid).ok_or_else(|| {
        AnalyzeError::rejected(
            sqlstate::UNDEFINED_OBJECT,
            format!("operator class \"{}\" does not exist for access method \"btree\"", names.join(".")),
            location,
        )
    })
}

/// `RETURNING`; follows `transformReturningClause`.
pub(super) fn returning(
    ps: &mut ParseState<'_>,
    query: &mut Query,
    raw: Option<&ReturningClause>,
    kind: ParseExprKind,
) -> Analyzed<()> {
    let Some(raw) = raw else { return Ok(()) };
    let before = ps.namespace.len();
    for option in &raw.options {
        let Some(node::Node::ReturningOption(option)) = &option.node else { return Err(missing("option")) };
        ps.require(Major::V18, "RETURNING WITH", option.location)?;
        let (row, slot, word) = match ReturningOptionKind::try_from(option.option) {
            Ok(ReturningOptionKind::ReturningOptionOld) => (VarReturning::Old, &mut query.returning_old_alias, "OLD"),
            _ => (VarReturning::New, &mut query.returning_new_alias, "NEW"),
        };
        if slot.is_some() {
            return Err(AnalyzeError::rejected(
                sqlstate::SYNTAX_ERROR,
                format!("{word} cannot be specified multiple times"),
                option.location,
            ));
        }
        *slot = Some(option.value.clone());
        if is_named(ps, &option.value) {
            return Err(AnalyzeError::rejected(
                sqlstate::DUPLICATE_ALIAS,
                format!("table name \"{}\" specified more than once", option.value),
                option.location,
            ));
        }
        name_row(ps, &option.value, row);
    }
    if ps.env.major() >= Major::V18 {
        if query.returning_old_alias.is_none() && !is_named(ps, "old") {
            query.returning_old_alias = Some("old".to_owned());
            name_row(ps, "old", VarReturning::Old);
        }
        if query.returning_new_alias.is_none() && !is_named(ps, "new") {
            query.returning_new_alias = Some("new".to_owned());
            name_row(ps, "new", VarReturning::New);
        }
    }
    query.returning = transform_target_list(ps, &raw.exprs, kind)?;
    if query.returning.is_empty() {
        return Err(AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, "RETURNING must have at least one column", -1));
    }
    if ps.level.resolve_unknowns {
        resolve_unknowns(ps, &mut query.returning)?;
    }
    ps.namespace.truncate(before);
    Ok(())
}

fn is_named(ps: &ParseState<'_>, name: &str) -> bool {
    ps.namespace.iter().any(|item| item.relation_visible && item.refname == name)
}

/// `addNSItemForReturning`.
fn name_row(ps: &mut ParseState<'_>, name: &str, row: VarReturning) {
    if let Some(mut item) = ps.level.target.clone() {
        item.relation = None;
        name.clone_into(&mut item.refname);
        item.returning = row;
        item.relation_visible = true;
        item.columns_visible = false;
        item.lateral_only = false;
        item.lateral_ok = true;
        ps.namespace.push(item);
    }
}
