//! `FROM` and `WHERE`.
//!
//! Follows `transformFromClause` and what it calls, parse_clause.c (PG 18). Joins are in `parse_join`.

use pg_query::protobuf::{
    Node, RangeFunction, RangeSubselect, RangeTableFunc, RangeTableSample, RangeVar, SelectStmt, node,
};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::figure_name::column_name;
use super::parse_coerce::{Coercion, coerce_to_boolean, coerce_to_specific_type, coerce_to_target_type};
use super::parse_collate::assign_expr_collations;
use super::parse_cte::find_cte;
use super::parse_expr::{descend, transform_child, transform_expr, type_name};
use super::parse_expr_kind::ParseExprKind;
use super::parse_join::transform_join;
use super::parse_jsontable::json_table;
use super::parse_level::Level;
use super::parse_node::{ParseState, missing, raw_location, split_name, strings_of};
use super::parse_query::{sub_analyze, uses_level};
use super::parse_relation::{NamespaceItem, check_conflicts};
use super::parse_rte::{FunctionItem, alias_of, column, open_relation, require_alias};
use super::parse_sublink::unnest_call;
use crate::env::{Oid, RelationKind};
use crate::tree::{
    ColumnDefinition, Expr, FromItem, RteKind, TableFunc, TableSample, XmlTable, XmlTableColumn, expr_location,
    expr_type,
};

/// `FROM`: the relations and their names.
pub(super) fn from_clause(ps: &mut ParseState<'_>, raw: &[Node]) -> Analyzed<()> {
    for item in raw {
        let (tree, mut names, _) = from_item(ps, item)?;
        check_conflicts(&ps.namespace, &names)?;
        for name in &mut names {
            name.lateral_only = true;
            name.lateral_ok = true;
        }
        ps.level.join_list.push(tree);
        ps.namespace.extend(names);
    }
    for name in &mut ps.namespace {
        name.lateral_only = false;
        name.lateral_ok = true;
    }
    Ok(())
}

/// A condition; follows `transformWhereClause`.
pub(super) fn where_clause(
    ps: &mut ParseState<'_>,
    raw: Option<&Node>,
    kind: ParseExprKind,
    construct: &str,
) -> Analyzed<Option<Expr>> {
    let Some(raw) = raw else { return Ok(None) };
    let expr = ps.of_kind(kind, |ps| transform_expr(ps, raw))?;
    coerce_to_boolean(ps, expr, construct, raw_location(raw)).map(Some)
}

/// An item of `FROM`: its tree, the names that it brings, and what it is as a whole.
pub(super) type Joined = (FromItem, Vec<NamespaceItem>, NamespaceItem);

pub(super) fn from_item(ps: &mut ParseState<'_>, raw: &Node) -> Analyzed<Joined> {
    descend(ps, raw_location(raw), |ps| from_item_here(ps, raw))
}

fn alone(item: NamespaceItem) -> Joined {
    (FromItem::Entry(item.varno), vec![item.clone()], item)
}

fn from_item_here(ps: &mut ParseState<'_>, raw: &Node) -> Analyzed<Joined> {
    match &raw.node {
        Some(node::Node::RangeVar(rv)) => range_var(ps, rv).map(alone),
        Some(node::Node::RangeSubselect(sub)) => range_subselect(ps, sub).map(alone),
        Some(node::Node::RangeFunction(function)) => range_function(ps, function).map(alone),
        Some(node::Node::RangeTableFunc(function)) => xml_table(ps, function).map(alone),
        Some(node::Node::JsonTable(table)) => json_table(ps, table).map(alone),
        Some(node::Node::RangeTableSample(sample)) => table_sample(ps, sample),
        Some(node::Node::JoinExpr(join)) => transform_join(ps, join),
        _ => Err(AnalyzeError::unsupported("unsupported.query.from", "this kind of item in FROM", -1)),
    }
}

fn range_var(ps: &mut ParseState<'_>, rv: &RangeVar) -> Analyzed<NamespaceItem> {
    if rv.schemaname.is_empty()
        && let Some((entry, up)) = find_cte(ps, &rv.relname)
    {
        return ps.add_cte(&entry, up, rv);
    }
    let relation = open_relation(ps, rv)?;
    ps.add_relation(relation, alias_of(rv.alias.as_ref()), rv.inh, true)
}

/// `transformRangeSubselect`.
fn range_subselect(ps: &mut ParseState<'_>, sub: &RangeSubselect) -> Analyzed<NamespaceItem> {
    let raw = sub.subquery.as_deref().ok_or_else(|| missing("subquery"))?;
    let alias = alias_of(sub.alias.as_ref());
    if alias.is_none() {
        let values = matches!(&raw.node, Some(node::Node::SelectStmt(s)) if has_values(s));
        require_alias(ps, values, raw_location(raw))?;
    }
    let locked = match &alias {
        None => locks(ps, None),
        Some(alias) => locks(ps, Some(&alias.name)),
    };
    let lateral = std::mem::replace(&mut ps.level.lateral_active, sub.lateral);
    let level = Level { resolve_unknowns: true, locked_from_parent: locked, ..Level::default() };
    let query = ps.of_kind(ParseExprKind::FromSubselect, |ps| sub_analyze(ps, raw, level));
    ps.level.lateral_active = lateral;
    ps.add_subquery(query?, alias, sub.lateral, true)
}

fn has_values(select: &SelectStmt) -> bool {
    !select.values_lists.is_empty()
}

/// `isLockedRefname`.
fn locks(ps: &ParseState<'_>, name: Option<&str>) -> bool {
    ps.level.locked_from_parent
        || ps.level.locking.iter().any(|clause| {
            clause.locked_rels.is_empty()
                || clause
                    .locked_rels
                    .iter()
                    .any(|rel| matches!(&rel.node, Some(node::Node::RangeVar(rv)) if Some(rv.relname.as_str()) == name))
        })
}

/// `transformRangeFunction`.
fn range_function(ps: &mut ParseState<'_>, function: &RangeFunction) -> Analyzed<NamespaceItem> {
    let mut made: Vec<FunctionItem> = Vec::new();
    let lateral = std::mem::replace(&mut ps.level.lateral_active, true);
    let result = functions(ps, function, &mut made);
    ps.level.lateral_active = lateral;
    let location = result?;
    for item in &mut made {
        assign_expr_collations(ps.env, &mut item.expr)?;
    }
    if !function.coldeflist.is_empty() {
        let at = function.coldeflist.first().map_or(location, raw_location);
        let error = |message: &str| AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, message, at);
        if made.len() != 1 {
            return Err(if function.is_rowsfrom {
                error("ROWS FROM() with multiple functions cannot have a column definition list")
                    .hint("Put a separate column definition list for each function inside ROWS FROM().")
            } else {
                error("UNNEST() with multiple arguments cannot have a column definition list").hint(
                    "Use separate UNNEST() calls inside ROWS FROM(), and attach a column definition list to each one.",
                )
            });
        }
        if function.ordinality {
            return Err(error("WITH ORDINALITY cannot be used with a column definition list")
                .hint("Put the column definition list inside ROWS FROM()."));
        }
        let definitions = column_definitions(ps, &function.coldeflist)?;
        if let Some(only) = made.first_mut() {
            only.definitions = definitions;
            only.definitions_at = at;
        }
    }
    let lateral = function.lateral || made.iter().any(|item| uses_level(&item.expr, 0));
    ps.add_functions(made, function.ordinality, alias_of(function.alias.as_ref()), lateral, location)
}

fn functions(ps: &mut ParseState<'_>, function: &RangeFunction, made: &mut Vec<FunctionItem>) -> Analyzed<i32> {
    let mut location = -1;
    for pair in &function.functions {
        let Some(node::Node::List(pair)) = &pair.node else { return Err(missing("function")) };
        let Some(raw) = pair.items.first() else { return Err(missing("function")) };
        let definitions = match pair.items.get(1).and_then(|n| n.node.as_ref()) {
            Some(node::Node::List(list)) => column_definitions(ps, &list.items)?,
            _ => Vec::new(),
        };
        let definitions_at = pair.items.get(1).map_or(-1, raw_location);
        if !definitions.is_empty() && !function.coldeflist.is_empty() {
            return Err(AnalyzeError::rejected(
                sqlstate::SYNTAX_ERROR,
                "multiple column definition lists are not allowed for the same function",
                function.coldeflist.first().map_or(-1, raw_location),
            ));
        }
        if let Some(node::Node::FuncCall(call)) = &raw.node {
            location = call.location;
            let several = strings_of(&call.funcname) == ["unnest"]
                && call.args.len() > 1
                && call.agg_order.is_empty()
                && call.agg_filter.is_none()
                && call.over.is_none()
                && !call.agg_star
                && !call.agg_distinct
                && !call.func_variadic
                && definitions.is_empty();
            if several {
                for arg in &call.args {
                    let single = unnest_call(arg, call.location);
                    let expr = top_level_call(ps, &single)?;
                    let name = column_name(ps.env.major(), &single, &expr);
                    made.push(FunctionItem { name, expr, definitions: Vec::new(), definitions_at: -1 });
                }
                continue;
            }
        }
        let expr = top_level_call(ps, raw)?;
        let name = column_name(ps.env.major(), raw, &expr);
        made.push(FunctionItem { name, expr, definitions, definitions_at });
    }
    Ok(location)
}

/// A function in `FROM`, with no other set inside.
fn top_level_call(ps: &mut ParseState<'_>, raw: &Node) -> Analyzed<Expr> {
    let before = ps.set_calls;
    let expr = ps.of_kind(ParseExprKind::FromFunction, |ps| transform_expr(ps, raw))?;
    let allowed =
        usize::from(matches!(&expr, Expr::FuncExpr(f) if f.retset) || matches!(&expr, Expr::OpExpr(o) if o.retset));
    if ps.set_calls - before > allowed && !expr.any(|e| matches!(e, Expr::SubLink(_))) {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "set-returning functions must appear at top level of FROM",
            nested_set(&expr),
        ));
    }
    Ok(expr)
}

/// The place of the last set-returning call within another expression.
fn nested_set(expr: &Expr) -> i32 {
    let mut last = -1;
    for child in expr.children() {
        child.visit(&mut |e| {
            if matches!(e, Expr::FuncExpr(f) if f.retset) || matches!(e, Expr::OpExpr(o) if o.retset) {
                last = expr_location(e);
            }
        });
    }
    last
}

/// A column definition list.
fn column_definitions(ps: &ParseState<'_>, raw: &[Node]) -> Analyzed<Vec<ColumnDefinition>> {
    let mut found = Vec::with_capacity(raw.len());
    for item in raw {
        let Some(node::Node::ColumnDef(def)) = &item.node else { return Err(missing("column")) };
        if def.type_name.as_ref().is_some_and(|t| t.setof) {
            return Err(AnalyzeError::rejected(
                sqlstate::INVALID_TABLE_DEFINITION,
                format!("column \"{}\" cannot be declared SETOF", def.colname),
                def.location,
            ));
        }
        let (ty, typmod) = type_name(ps, def.type_name.as_ref())?;
        let collation = match def.coll_clause.as_deref() {
            Some(clause) => super::parse_expr::lookup_collation(ps, &strings_of(&clause.collname), clause.location)?,
            None => ps.env.type_collation(ty),
        };
        found.push(column(def.colname.clone(), ty, typmod, collation));
    }
    Ok(found)
}

/// `transformRangeTableSample`.
fn table_sample(ps: &mut ParseState<'_>, sample: &RangeTableSample) -> Analyzed<Joined> {
    let raw = sample.relation.as_deref().ok_or_else(|| missing("relation"))?;
    let joined = from_item(ps, raw)?;
    let relation = match ps.entry(joined.2.varno, 0).map(|entry| &entry.kind) {
        Some(RteKind::Relation(relation)) => ps.env.relation_by_oid(relation.oid).map(|row| row.kind),
        _ => None,
    };
    if !matches!(relation, Some(RelationKind::Table | RelationKind::MaterializedView | RelationKind::PartitionedTable))
    {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "TABLESAMPLE clause can only be applied to tables and materialized views",
            raw_location(raw),
        ));
    }
    let names = strings_of(&sample.method);
    let shown = names.join(".");
    let (schema, name) = split_name(ps.env, &names, sample.location)?;
    let handler = ps.env.lookup_proc(ps.path, schema, name, &[Oid::INTERNAL]).map(|row| row.oid).ok_or_else(|| {
        AnalyzeError::rejected(
            sqlstate::UNDEFINED_OBJECT,
            format!("tablesample method {shown} does not exist"),
            sample.location,
        )
    })?;
    if !matches!(name, "bernoulli" | "system") || handler >= Oid::FIRST_USER {
        return Err(AnalyzeError::unsupported(
            "unsupported.query.tablesample",
            format!("TABLESAMPLE by method {shown}"),
            sample.location,
        ));
    }
    if sample.args.len() != 1 {
        return Err(AnalyzeError::rejected(
            sqlstate::INVALID_TABLESAMPLE_ARGUMENT,
            format!("tablesample method {shown} requires 1 argument, not {}", sample.args.len()),
            sample.location,
        ));
    }
    let mut args = Vec::with_capacity(1);
    for arg in &sample.args {
        args.push(sample_value(ps, arg, Oid::FLOAT4, "TABLESAMPLE")?);
    }
    let repeatable = match sample.repeatable.as_deref() {
        None => None,
        Some(raw) => Some(sample_value(ps, raw, Oid::FLOAT8, "REPEATABLE")?),
    };
    let at = usize::try_from(joined.2.varno).ok().and_then(|n| n.checked_sub(1));
    if let Some(entry) = at.and_then(|at| ps.level.rtable.get_mut(at))
        && let RteKind::Relation(relation) = &mut entry.kind
    {
        relation.sample = Some(TableSample { handler, args, repeatable });
    }
    Ok(joined)
}

fn sample_value(ps: &mut ParseState<'_>, raw: &Node, ty: Oid, construct: &str) -> Analyzed<Expr> {
    let expr = ps.of_kind(ParseExprKind::FromFunction, |ps| transform_expr(ps, raw))?;
    let mut expr = coerce_to_specific_type(ps, expr, ty, construct, raw_location(raw))?;
    assign_expr_collations(ps.env, &mut expr)?;
    Ok(expr)
}

/// `transformRangeTableFunc`.
fn xml_table(ps: &mut ParseState<'_>, raw: &RangeTableFunc) -> Analyzed<NamespaceItem> {
    let lateral = std::mem::replace(&mut ps.level.lateral_active, true);
    let made = xml_table_parts(ps, raw);
    ps.level.lateral_active = lateral;
    let table = made?;
    let mut uses = raw.lateral;
    let parts = [&table.document, &table.row];
    let columns = table.columns.iter().flat_map(|c| c.path.iter().chain(&c.default));
    for expr in parts.into_iter().chain(columns).chain(table.namespaces.iter().map(|(_, uri)| uri)) {
        uses = uses || uses_level(expr, 0);
    }
    let columns: Vec<ColumnDefinition> = table.columns.iter().map(|c| c.definition.clone()).collect();
    ps.add_table_func(TableFunc::Xml(table), &columns, alias_of(raw.alias.as_ref()), uses, -1)
}

fn xml_table_parts(ps: &mut ParseState<'_>, raw: &RangeTableFunc) -> Analyzed<XmlTable> {
    let part = |ps: &mut ParseState<'_>, raw: Option<&Node>, ty: Oid| -> Analyzed<Expr> {
        let expr = ps.of_kind(ParseExprKind::FromFunction, |ps| transform_child(ps, raw))?;
        let mut expr = coerce_to_specific_type(ps, expr, ty, "XMLTABLE", raw.map_or(-1, raw_location))?;
        assign_expr_collations(ps.env, &mut expr)?;
        Ok(expr)
    };
    let syntax = |message: String, at: i32| AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, message, at);
    let row = part(ps, raw.rowexpr.as_deref(), Oid::TEXT)?;
    let document = part(ps, raw.docexpr.as_deref(), Oid::XML)?;
    let mut columns: Vec<XmlTableColumn> = Vec::with_capacity(raw.columns.len());
    for item in &raw.columns {
        let Some(node::Node::RangeTableFuncCol(c)) = &item.node else { return Err(missing("column")) };
        let (ty, typmod) = if c.for_ordinality {
            if columns.iter().any(|before| before.ordinality) {
                return Err(syntax("only one FOR ORDINALITY column is allowed".to_owned(), c.location));
            }
            (Oid::INT4, -1)
        } else {
            type_name(ps, c.type_name.as_ref())?
        };
        if columns.iter().any(|before| before.definition.name == c.colname) {
            return Err(syntax(format!("column name \"{}\" is not unique", c.colname), c.location));
        }
        let path = match c.colexpr.as_deref() {
            None => None,
            path => Some(part(ps, path, Oid::TEXT)?),
        };
        let default = match c.coldefexpr.as_deref() {
            None => None,
            Some(raw) => {
                let expr = ps.of_kind(ParseExprKind::FromFunction, |ps| transform_expr(ps, raw))?;
                let source = expr_type(&expr);
                let coerced = coerce_to_target_type(ps, expr, ty, typmod, Coercion::assignment(-1))?;
                let mut expr = coerced.ok_or_else(|| {
                    AnalyzeError::rejected(
                        sqlstate::DATATYPE_MISMATCH,
                        format!("argument of XMLTABLE must be type {}, not type {}", ps.shown(ty), ps.shown(source)),
                        raw_location(raw),
                    )
                })?;
                assign_expr_collations(ps.env, &mut expr)?;
                Some(expr)
            }
        };
        columns.push(XmlTableColumn {
            definition: column(c.colname.clone(), ty, typmod, ps.env.type_collation(ty)),
            ordinality: c.for_ordinality,
            path,
            default,
            not_null: c.is_not_null,
        });
    }
    let mut namespaces: Vec<(Option<String>, Expr)> = Vec::with_capacity(raw.namespaces.len());
    for item in &raw.namespaces {
        let target = super::parse_target::res_target(item)?;
        let uri = part(ps, target.val.as_deref(), Oid::TEXT)?;
        let name = (!target.name.is_empty()).then(|| target.name.clone());
        if namespaces.iter().any(|(before, _)| *before == name) {
            return Err(match name {
                Some(name) => syntax(format!("namespace name \"{name}\" is not unique"), target.location),
                None => syntax("only one default namespace is allowed".to_owned(), target.location),
            });
        }
        namespaces.push((name, uri));
    }
    Ok(XmlTable { namespaces, document, row, columns })
}
