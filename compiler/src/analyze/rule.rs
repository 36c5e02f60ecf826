//! Rules: their conditions and actions.
//!
//! Follows `transformRuleStmt`, parse_utilcmd.c, and `DefineQueryRewrite`, rewriteDefine.c (PG 18). `old` and `new` are the first
//! two relations of each action, or of the query that an `INSERT` has its rows from. `ON SELECT` is the business of views: what a
//! server would not take is refused as it does, and the rest is refused as well.

use pg_query::protobuf::{CmdType, RuleStmt};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_clause::where_clause;
use super::parse_collate::assign_expr_collations;
use super::parse_expr_kind::ParseExprKind;
use super::parse_level::Level;
use super::parse_node::ParseState;
use super::parse_query::{finish, transform_statement};
use super::parse_relation::NamespaceItem;
use super::parse_rte::open_relation;
use crate::env::{Env, Major, Oid, RelationKind, RelationRow, SearchPath};
use crate::tree::{Alias, CommandType, Expr, FromItem, Query, RteKind, TargetEntry, expr_type, expr_typmod};

const OLD: u32 = 1;
const NEW: u32 = 2;

/// An analysed rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyzedRule {
    /// The table or view that it is on.
    pub relation: Oid,
    /// What fires it.
    pub event: CommandType,
    /// `WHERE`.
    pub condition: Option<Expr>,
    /// What it does; a query that does nothing for `NOTHING`.
    pub actions: Vec<Query>,
}

/// A rule, as `CREATE RULE` makes it.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn analyze_rule(env: &Env, path: &SearchPath, raw: &RuleStmt) -> Analyzed<AnalyzedRule> {
    let mut ps = ParseState::new(env, path, ParseExprKind::Other);
    let rv = raw.relation.as_ref().ok_or_else(|| super::parse_node::missing("relation"))?;
    let relation = open_relation(&ps, rv)?;
    let event = event_of(raw)?;
    if relation.kind == RelationKind::MaterializedView {
        return Err(refused("rules on materialized views are not supported"));
    }
    let [old, new] = add_rows(&mut ps, relation)?;
    ps.namespace = match event {
        CommandType::Insert => vec![new],
        CommandType::Delete | CommandType::Select => vec![old],
        _ => vec![old, new],
    };
    let mut condition = where_clause(&mut ps, raw.where_clause.as_deref(), ParseExprKind::Where, "WHERE")?;
    if let Some(condition) = &mut condition {
        assign_expr_collations(env, condition)?;
    }
    let mut actions = Vec::with_capacity(raw.actions.len());
    for action in &raw.actions {
        let mut ps = ParseState::new(env, path, ParseExprKind::Other);
        ps.level = Level { resolve_unknowns: true, ..Level::default() };
        for mut row in add_rows(&mut ps, relation)? {
            row.columns_visible = false;
            ps.namespace.push(row);
        }
        let mut query = transform_statement(&mut ps, action)?;
        settle_action(&mut query, event, condition.as_ref())?;
        actions.push(query);
    }
    check_relation(relation)?;
    if event == CommandType::Select {
        return Err(on_select(env, path, raw, relation, &actions).err().unwrap_or_else(|| {
            AnalyzeError::unsupported("unsupported.rule.select", "a rule ON SELECT, which makes a view,", -1)
        }));
    }
    check_returning(env, path, raw, relation, &actions)?;
    if raw.rulename == "_RETURN" {
        return Err(invalid(format!("non-view rule for \"{}\" must not be named \"_RETURN\"", relation.name.as_str())));
    }
    if actions.is_empty() {
        let mut nothing = Query::new(CommandType::Nothing);
        finish(&mut ps, &mut nothing)?;
        actions.push(nothing);
    }
    Ok(AnalyzedRule { relation: relation.oid, event, condition, actions })
}

fn refused(message: impl Into<String>) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::FEATURE_NOT_SUPPORTED, message, -1)
}

fn invalid(message: impl Into<String>) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::INVALID_OBJECT_DEFINITION, message, -1)
}

fn event_of(raw: &RuleStmt) -> Analyzed<CommandType> {
    match CmdType::try_from(raw.event) {
        Ok(CmdType::CmdInsert) => Ok(CommandType::Insert),
        Ok(CmdType::CmdUpdate) => Ok(CommandType::Update),
        Ok(CmdType::CmdDelete) => Ok(CommandType::Delete),
        _ => Ok(CommandType::Select),
    }
}

fn check_relation(relation: &RelationRow) -> Analyzed<()> {
    match relation.kind {
        RelationKind::Table if relation.schema == *"pg_catalog" => Err(AnalyzeError::rejected(
            sqlstate::INSUFFICIENT_PRIVILEGE,
            format!("permission denied: \"{}\" is a system catalog", relation.name.as_str()),
            -1,
        )),
        RelationKind::Table | RelationKind::PartitionedTable | RelationKind::View => Ok(()),
        RelationKind::MaterializedView
        | RelationKind::ForeignTable
        | RelationKind::CompositeType
        | RelationKind::Sequence
        | RelationKind::Index
        | RelationKind::PartitionedIndex => Err(AnalyzeError::rejected(
            sqlstate::WRONG_OBJECT_TYPE,
            format!("relation \"{}\" cannot have rules", relation.name.as_str()),
            -1,
        )),
    }
}

/// Puts `old` and `new` first into the range table.
fn add_rows(ps: &mut ParseState<'_>, relation: &RelationRow) -> Analyzed<[NamespaceItem; 2]> {
    let mut row = |name: &str| {
        let alias = Alias { name: name.to_owned(), columns: Vec::new() };
        ps.add_relation(relation, Some(alias), false, false)
    };
    Ok([row("old")?, row("new")?])
}

/// Whether an expression of that level, or what is below it, names the relation.
fn names(expr: &Expr, varno: u32, base: u32) -> bool {
    let mut found = false;
    expr.visit_levels(&mut |e, depth| {
        if let Expr::Var(var) = e {
            found = found || (var.varno == varno && var.levels_up == base + depth);
        }
    });
    found
}

/// `rangeTableEntry_used`, for a query whose own level is that many below the relation's.
fn uses(query: &Query, varno: u32, base: u32) -> bool {
    let mut found = false;
    query.visit_queries(&mut |inner, level| {
        found = found
            || inner.expressions().into_iter().any(|expr| {
                expr.any(|e| matches!(e, Expr::Var(var) if var.varno == varno && var.levels_up == base + level))
            });
    });
    found
}

fn has_rows(query: &Query) -> bool {
    let mut names = query.rtable.iter().map(|entry| entry.eref.name.as_str());
    query.command != CommandType::Insert || (names.next() == Some("old") && names.next() == Some("new"))
}

/// Where `old` and `new` are: the action, or the query that an `INSERT` has its rows from; follows `getInsertSelectQuery`.
fn with_rows(query: &mut Query) -> Option<&mut Query> {
    if has_rows(query) {
        return Some(query);
    }
    let mut found = None;
    for entry in &mut query.rtable {
        if let RteKind::Subquery(source) = &mut entry.kind {
            found = found.or(Some(source));
        }
    }
    found.map(|source| &mut **source)
}

/// Checks how an action uses `old` and `new`, and puts `old` into its `FROM` where it is needed.
fn settle_action(query: &mut Query, event: CommandType, condition: Option<&Expr>) -> Analyzed<()> {
    if query.command == CommandType::Notify {
        return match condition {
            Some(_) => {
                Err(invalid("rules with WHERE conditions can only have SELECT, INSERT, UPDATE, or DELETE actions"))
            }
            None => Ok(()),
        };
    }
    let in_with = |ctes: &[crate::tree::CommonTableExpr], varno| ctes.iter().any(|cte| uses(&cte.query, varno, 1));
    let outer_old = in_with(&query.ctes, OLD);
    let outer_new = in_with(&query.ctes, NEW);
    let Some(inner) = with_rows(query) else { return Ok(()) };
    if inner.set_operations.is_some() && condition.is_some() {
        return Err(refused("conditional UNION/INTERSECT/EXCEPT statements are not implemented"));
    }
    let has_old = uses(inner, OLD, 0) || condition.is_some_and(|c| names(c, OLD, 0));
    let has_new = uses(inner, NEW, 0) || condition.is_some_and(|c| names(c, NEW, 0));
    match event {
        CommandType::Select if has_old => return Err(invalid("ON SELECT rule cannot use OLD")),
        CommandType::Select if has_new => return Err(invalid("ON SELECT rule cannot use NEW")),
        CommandType::Insert if has_old => return Err(invalid("ON INSERT rule cannot use OLD")),
        CommandType::Delete if has_new => return Err(invalid("ON DELETE rule cannot use NEW")),
        _ => {}
    }
    if outer_old || in_with(&inner.ctes, OLD) {
        return Err(refused("cannot refer to OLD within WITH query"));
    }
    if outer_new || in_with(&inner.ctes, NEW) {
        return Err(refused("cannot refer to NEW within WITH query"));
    }
    if has_old || (has_new && event == CommandType::Update) {
        if inner.set_operations.is_some() {
            return Err(refused("conditional UNION/INTERSECT/EXCEPT statements are not implemented"));
        }
        inner.jointree.items.push(FromItem::Entry(OLD));
    }
    Ok(())
}

/// What a server refuses of a rule that is to make a view.
fn on_select(env: &Env, path: &SearchPath, raw: &RuleStmt, relation: &RelationRow, actions: &[Query]) -> Analyzed<()> {
    let is_view = relation.kind == RelationKind::View;
    if !is_view && env.major() >= Major::V16 {
        let message = format!("relation \"{}\" cannot have ON SELECT rules", relation.name.as_str());
        return Err(AnalyzeError::rejected(sqlstate::WRONG_OBJECT_TYPE, message, -1));
    }
    let [query] = actions else {
        return Err(refused("multiple actions for rules on SELECT are not implemented"));
    };
    if !raw.instead || query.command != CommandType::Select {
        return Err(refused("rules on SELECT must have action INSTEAD SELECT"));
    }
    if query.ctes.iter().any(|cte| cte.query.command != CommandType::Select) {
        return Err(refused("rules on SELECT must not contain data-modifying statements in WITH"));
    }
    if raw.where_clause.is_some() {
        return Err(refused("event qualifications are not implemented for rules on SELECT"));
    }
    check_result_list(env, path, &query.target_list, relation, ResultOf::Select)?;
    if is_view && !raw.replace {
        let message = format!("\"{}\" is already a view", relation.name.as_str());
        return Err(AnalyzeError::rejected(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, message, -1));
    }
    if !raw.rulename.starts_with("_RET") {
        return Err(invalid(format!("view rule for \"{}\" must be named \"_RETURN\"", relation.name.as_str())));
    }
    Ok(())
}

/// Whose list has to be one of a relation's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ResultOf {
    Select,
    Returning,
}

/// Whether a list gives what a relation has; follows `checkRuleResultList`.
fn check_result_list(
    env: &Env,
    path: &SearchPath,
    targets: &[TargetEntry],
    relation: &RelationRow,
    of: ResultOf,
) -> Analyzed<()> {
    let (list, entry) = match of {
        ResultOf::Select => ("SELECT rule's target list", "SELECT rule's target entry"),
        ResultOf::Returning => ("RETURNING list", "RETURNING list's entry"),
    };
    let mut columns = relation.columns.iter();
    let mut number = 0;
    for target in targets.iter().filter(|target| !target.junk) {
        number += 1;
        let column = columns.next().ok_or_else(|| invalid(format!("{list} has too many entries")))?;
        if column.number != number {
            return Err(refused("cannot create a RETURNING list for a relation containing dropped columns"));
        }
        let (ty, typmod) = (expr_type(&target.expr), expr_typmod(&target.expr));
        let name = column.name.as_str();
        if of == ResultOf::Select && target.name.as_deref() != Some(name) {
            return Err(invalid(format!("{entry} {number} has different column name from column \"{name}\"")));
        }
        if ty != column.type_oid {
            return Err(invalid(format!("{entry} {number} has different type from column \"{name}\"")).detail(
                format!(
                    "It has type {}, but column has type {}.",
                    env.format_type_under(path, ty, None),
                    env.format_type_under(path, column.type_oid, None)
                ),
            ));
        }
        if typmod != column.typmod && typmod != -1 && column.typmod != -1 {
            return Err(invalid(format!("{entry} {number} has different size from column \"{name}\"")));
        }
    }
    if columns.next().is_some() {
        return Err(invalid(format!("{list} has too few entries")));
    }
    Ok(())
}

/// At most one `RETURNING`, of the relation's own columns; follows `DefineQueryRewrite`.
fn check_returning(
    env: &Env,
    path: &SearchPath,
    raw: &RuleStmt,
    relation: &RelationRow,
    actions: &[Query],
) -> Analyzed<()> {
    let mut returning = actions.iter().filter(|action| !action.returning.is_empty());
    let Some(action) = returning.next() else { return Ok(()) };
    if raw.where_clause.is_some() {
        return Err(refused("RETURNING lists are not supported in conditional rules"));
    }
    if !raw.instead {
        return Err(refused("RETURNING lists are not supported in non-INSTEAD rules"));
    }
    check_result_list(env, path, &action.returning, relation, ResultOf::Returning)?;
    if returning.next().is_some() {
        return Err(refused("cannot have multiple RETURNING lists in a rule"));
    }
    Ok(())
}
