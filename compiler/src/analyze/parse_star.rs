//! What `*` stands for, in target lists and rows.
//!
//! Follows `ExpandColumnRefStar`, `ExpandIndirectionStar`, `ExpandRowReference` and `expandRecordVariable`, parse_target.c (PG 18).

use pg_query::protobuf::{AIndirection, ColumnRef, Node, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_expr::transform_expr;
use super::parse_node::{ParseState, require_own_database, strings_of};
use super::parse_relation::{item_by_name, item_of_var, missing_relation};
use super::parse_rte::{Returned, output_columns, result_of};
use crate::env::Oid;
use crate::tree::{ColumnDefinition, Expr, FieldSelect, RangeTblEntry, RteKind, Var, expr_location, expr_type};

fn is_star(field: Option<&Node>) -> bool {
    field.is_some_and(|f| matches!(f.node, Some(node::Node::AStar(_))))
}

/// The columns, with their names, that an item of a list stands for when it ends in a star.
pub(super) fn expand_star(ps: &mut ParseState<'_>, raw: &Node) -> Analyzed<Option<Vec<(String, Expr)>>> {
    match &raw.node {
        Some(node::Node::ColumnRef(cref)) if is_star(cref.fields.last()) => expand_column_star(ps, cref).map(Some),
        Some(node::Node::AIndirection(ind)) if is_star(ind.indirection.last()) => {
            expand_indirection_star(ps, ind).map(Some)
        }
        _ => Ok(None),
    }
}

fn expand_column_star(ps: &mut ParseState<'_>, cref: &ColumnRef) -> Analyzed<Vec<(String, Expr)>> {
    if let Some(error) = ps.kind.refuse_column(cref.location) {
        return Err(error);
    }
    let names = strings_of(&cref.fields);
    let (schema, relation) = match names.as_slice() {
        [] => return all_tables(ps, cref.location),
        [relation] => (None, *relation),
        [schema, relation] => (Some(*schema), *relation),
        [database, schema, relation] => {
            require_own_database(ps.env, database, || format!("{}.*", names.join(".")), cref.location)?;
            (Some(*schema), *relation)
        }
        _ => {
            return Err(AnalyzeError::rejected(
                sqlstate::SYNTAX_ERROR,
                format!("improper qualified name (too many dotted names): {}.*", names.join(".")),
                cref.location,
            ));
        }
    };
    if let Some((item, up)) = item_by_name(ps, schema, relation, cref.location)? {
        return Ok(placed(item.named_columns(up), cref.location));
    }
    if schema.is_none()
        && let Some(parameter) = ps.parameters.by_name(ps.env, relation)
    {
        return expand_row(ps, parameter, cref.location);
    }
    Err(missing_relation(ps, relation, cref.location))
}

/// The columns with the place of their star.
fn placed(columns: Vec<(String, Expr)>, location: i32) -> Vec<(String, Expr)> {
    columns.into_iter().map(|(name, column)| (name, column.placed(location))).collect()
}

/// `ExpandAllTables`.
fn all_tables(ps: &ParseState<'_>, location: i32) -> Analyzed<Vec<(String, Expr)>> {
    let mut found = Vec::new();
    let mut any = false;
    for item in ps.namespace.iter().filter(|item| item.columns_visible) {
        any = true;
        found.extend(placed(item.named_columns(0), location));
    }
    if !any {
        return Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            "SELECT * with no tables specified is not valid",
            location,
        ));
    }
    Ok(found)
}

fn expand_indirection_star(ps: &mut ParseState<'_>, ind: &AIndirection) -> Analyzed<Vec<(String, Expr)>> {
    let mut steps = ind.indirection.clone();
    steps.pop();
    let inner = match (steps.is_empty(), ind.arg.as_deref()) {
        (true, Some(arg)) => transform_expr(ps, arg)?,
        _ => {
            let inner = AIndirection { arg: ind.arg.clone(), indirection: steps };
            transform_expr(ps, &Node { node: Some(node::Node::AIndirection(Box::new(inner))) })?
        }
    };
    let location = expr_location(&inner);
    expand_row(ps, inner, location)
}

/// `ExpandRowReference`.
fn expand_row(ps: &ParseState<'_>, row: Expr, location: i32) -> Analyzed<Vec<(String, Expr)>> {
    if let Expr::Var(var) = &row
        && var.attno == 0
        && let Some(item) = item_of_var(ps, var)
    {
        return Ok(placed(item.named_columns(var.levels_up), location));
    }
    let ty = expr_type(&row);
    let columns = match result_of(ps, &row)? {
        Some(Returned::Row(columns, _)) => columns,
        Some(Returned::Scalar(_)) => {
            return Err(AnalyzeError::rejected(
                sqlstate::WRONG_OBJECT_TYPE,
                format!("type {} is not composite", ps.shown(ty)),
                location,
            ));
        }
        None => {
            return Err(AnalyzeError::rejected(
                sqlstate::WRONG_OBJECT_TYPE,
                "record type has not been registered",
                location,
            ));
        }
    };
    let numbers: Vec<i16> = match ps.env.relation_of_type(ps.env.base_type(ty)) {
        Some(relation) => relation.columns.iter().map(|c| c.number).collect(),
        None => (1..).take(columns.len()).collect(),
    };
    Ok(columns
        .into_iter()
        .zip(numbers)
        .map(|(c, fieldnum)| {
            let field = FieldSelect {
                arg: Box::new(row.clone()),
                fieldnum,
                name: c.name.clone(),
                result_type: c.ty,
                typmod: c.typmod,
                collation: c.collation,
            };
            (c.name, Expr::FieldSelect(field))
        })
        .collect())
}

/// The fields of a variable of type `record`, none when they are not known.
pub(super) fn record_variable(ps: &ParseState<'_>, var: &Var) -> Analyzed<Option<Vec<ColumnDefinition>>> {
    if var.ty != Oid::RECORD {
        return Ok(None);
    }
    let mut scopes: Vec<&[RangeTblEntry]> =
        ps.outer.iter().map(|o| o.level.rtable.as_slice()).chain([ps.level.rtable.as_slice()]).collect();
    let mut var = var;
    loop {
        let up = usize::try_from(var.levels_up).unwrap_or(usize::MAX);
        let Some(keep) = scopes.len().checked_sub(up) else { return Ok(None) };
        scopes.truncate(keep);
        let at = usize::try_from(var.varno).ok().and_then(|n| n.checked_sub(1));
        let Some(entry) = scopes.last().zip(at).and_then(|(table, at)| table.get(at)) else { return Ok(None) };
        let column = usize::try_from(var.attno).unwrap_or_default();
        let Some(column) = column.checked_sub(1) else {
            return Ok(whole_row_fields(entry));
        };
        let inner = match &entry.kind {
            RteKind::Subquery(query) => {
                scopes.push(&query.rtable);
                query.target_list.get(column).map(|target| &target.expr)
            }
            RteKind::Join(join) => join.alias_vars.get(column).and_then(Option::as_ref),
            RteKind::Cte(cte) if !cte.self_reference => {
                let up = usize::try_from(cte.levels_up).unwrap_or(usize::MAX);
                let Some(keep) = scopes.len().checked_sub(up) else { return Ok(None) };
                let found = ps.level_up(ps.outer.len() + 1 - keep.min(ps.outer.len() + 1));
                let query = found.and_then(|level| level.ctes.iter().find(|c| c.name == cte.name && c.analysed));
                let Some(query) = query.map(|c| &*c.cte.query) else { return Ok(None) };
                scopes.truncate(keep);
                scopes.push(&query.rtable);
                query.target_list.get(column).map(|target| &target.expr)
            }
            RteKind::Relation(_)
            | RteKind::NamedRelation(_)
            | RteKind::Function(_)
            | RteKind::TableFunc(_)
            | RteKind::Values(_)
            | RteKind::Cte(_) => None,
        };
        match inner {
            Some(Expr::Var(next)) => var = next,
            Some(other) => {
                return Ok(match result_of(ps, other)? {
                    Some(Returned::Row(columns, _)) => Some(columns),
                    Some(Returned::Scalar(_)) | None => None,
                });
            }
            None => return Ok(None),
        }
    }
}

fn whole_row_fields(entry: &RangeTblEntry) -> Option<Vec<ColumnDefinition>> {
    let named = |columns: Vec<ColumnDefinition>| {
        columns
            .into_iter()
            .zip(&entry.eref.columns)
            .map(|(c, name)| ColumnDefinition { name: name.clone(), ..c })
            .collect::<Vec<_>>()
    };
    match &entry.kind {
        RteKind::Subquery(query) => Some(named(output_columns(query))),
        RteKind::Values(values) => Some(named(values.columns.clone())),
        RteKind::Cte(cte) => Some(named(cte.columns.clone())),
        RteKind::Join(join) => {
            let columns = join.alias_vars.iter().flatten().map(|e| ColumnDefinition {
                name: String::new(),
                ty: expr_type(e),
                typmod: crate::tree::expr_typmod(e),
                collation: crate::tree::expr_collation(e),
            });
            Some(named(columns.collect()))
        }
        RteKind::Relation(_) | RteKind::NamedRelation(_) | RteKind::Function(_) | RteKind::TableFunc(_) => None,
    }
}
