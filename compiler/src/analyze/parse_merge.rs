//! `MERGE`.
//!
//! Follows parse_merge.c (PG 15, 18). Known from 15 on; `RETURNING`, views and `NOT MATCHED BY SOURCE` from 17 on.

use pg_query::protobuf::{CmdType, MergeMatchKind, MergeStmt, MergeWhenClause, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_assign::{insert_columns, insert_row, insert_targets, update_targets};
use super::parse_clause::{from_clause, where_clause};
use super::parse_expr::transform_child;
use super::parse_expr_kind::ParseExprKind;
use super::parse_modify::{TargetUse, overriding, own_with, returning, target_table};
use super::parse_node::{ParseState, missing};
use super::parse_query::{expression_list, finish};
use crate::env::{Major, RelationKind, RelationRow};
use crate::tree::{CommandType, MergeAction, MergeMatch, Query};

fn syntax(message: &str) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, message, -1)
}

fn matched(raw: &MergeWhenClause) -> MergeMatch {
    match MergeMatchKind::try_from(raw.match_kind) {
        Ok(MergeMatchKind::MergeWhenNotMatchedBySource) => MergeMatch::NotMatchedBySource,
        Ok(MergeMatchKind::MergeWhenNotMatchedByTarget) => MergeMatch::NotMatchedByTarget,
        _ => MergeMatch::Matched,
    }
}

/// Refuses what the grammar of the server does not know yet.
pub(super) fn require_known(ps: &ParseState<'_>, raw: &MergeStmt) -> Analyzed<()> {
    let by_source = raw.merge_when_clauses.iter().any(|arm| match &arm.node {
        Some(node::Node::MergeWhenClause(arm)) => matched(arm) == MergeMatch::NotMatchedBySource,
        _ => false,
    });
    if by_source {
        ps.require(Major::V17, "NOT MATCHED BY SOURCE", -1)?;
    }
    if raw.returning_clause.is_some() {
        ps.require(Major::V17, "RETURNING of MERGE", -1)?;
    }
    Ok(())
}

/// `transformMergeStmt`.
pub(super) fn transform_merge(ps: &mut ParseState<'_>, raw: &MergeStmt) -> Analyzed<Query> {
    ps.require(Major::V15, "MERGE", -1)?;
    require_known(ps, raw)?;
    let mut query = Query::new(CommandType::Merge);
    if raw.with_clause.as_ref().is_some_and(|with| with.recursive) {
        return Err(syntax("WITH RECURSIVE is not supported for MERGE statement"));
    }
    own_with(ps, &mut query, raw.with_clause.as_ref())?;
    let mut arms = Vec::with_capacity(raw.merge_when_clauses.len());
    let mut closed: Vec<MergeMatch> = Vec::new();
    for arm in &raw.merge_when_clauses {
        let Some(node::Node::MergeWhenClause(arm)) = &arm.node else { return Err(missing("arm")) };
        let kind = matched(arm);
        if closed.contains(&kind) {
            return Err(syntax("unreachable WHEN clause specified after unconditional WHEN clause"));
        }
        if arm.condition.is_none() {
            closed.push(kind);
        }
        arms.push(&**arm);
    }
    let inherits = raw.relation.as_ref().is_some_and(|r| r.inh);
    let (varno, relation) = target_table(ps, raw.relation.as_ref(), inherits, TargetUse::Written)?;
    query.result_relation = varno;
    check_target(ps, relation)?;
    let source = raw.source_relation.as_deref().ok_or_else(|| missing("source"))?;
    from_clause(ps, std::slice::from_ref(source))?;
    let source = u32::try_from(ps.level.rtable.len()).unwrap_or(u32::MAX);
    let target = ps.level.target.clone().ok_or_else(|| missing("target"))?;
    if ps.namespace.iter().any(|item| item.varno == source && item.refname == target.refname) {
        return Err(AnalyzeError::rejected(
            sqlstate::DUPLICATE_ALIAS,
            format!("name \"{}\" specified more than once", target.refname),
            -1,
        )
        .detail("The name is used both as MERGE target table and data source."));
    }
    ps.namespace.push(target);
    query.merge_condition =
        Some(ps.of_kind(ParseExprKind::JoinOn, |ps| transform_child(ps, raw.join_condition.as_deref()))?);
    returning(ps, &mut query, raw.returning_clause.as_ref(), ParseExprKind::MergeReturning)?;
    for arm in arms {
        query.merge_actions.push(transform_arm(ps, arm, relation, varno, source)?);
    }
    finish(ps, &mut query)?;
    Ok(query)
}

fn check_target(ps: &ParseState<'_>, relation: &RelationRow) -> Analyzed<()> {
    let allowed = match relation.kind {
        RelationKind::Table | RelationKind::PartitionedTable => true,
        RelationKind::View => ps.env.major() >= Major::V17,
        RelationKind::MaterializedView
        | RelationKind::ForeignTable
        | RelationKind::CompositeType
        | RelationKind::Sequence
        | RelationKind::Index
        | RelationKind::PartitionedIndex => false,
    };
    if allowed {
        return Ok(());
    }
    Err(AnalyzeError::rejected(
        sqlstate::FEATURE_NOT_SUPPORTED,
        format!("cannot execute MERGE on relation \"{}\"", relation.name.as_str()),
        -1,
    ))
}

/// Lets names of the relation at that position be used, or not.
fn show(ps: &mut ParseState<'_>, varno: u32, visible: bool) {
    for item in ps.namespace.iter_mut().filter(|item| item.varno == varno) {
        item.relation_visible = visible;
        item.columns_visible = visible;
    }
}

fn transform_arm(
    ps: &mut ParseState<'_>,
    raw: &MergeWhenClause,
    relation: &RelationRow,
    target: u32,
    source: u32,
) -> Analyzed<MergeAction> {
    let kind = matched(raw);
    show(ps, target, kind != MergeMatch::NotMatchedByTarget);
    show(ps, source, kind != MergeMatch::NotMatchedBySource);
    let mut action = MergeAction {
        matched: kind,
        command: CommandType::Nothing,
        overriding: overriding(raw.r#override),
        condition: where_clause(ps, raw.condition.as_deref(), ParseExprKind::MergeWhen, "WHEN")?,
        target_list: Vec::new(),
    };
    match CmdType::try_from(raw.command_type) {
        Ok(CmdType::CmdInsert) => {
            action.command = CommandType::Insert;
            let columns = insert_columns(relation, &raw.target_list)?;
            if !raw.values.is_empty() {
                let values = expression_list(ps, &raw.values, ParseExprKind::ValuesSingle, true)?;
                let values = insert_row(ps, values, !raw.target_list.is_empty(), &columns, false)?;
                action.target_list = insert_targets(values, &columns);
            }
        }
        Ok(CmdType::CmdUpdate) => {
            action.command = CommandType::Update;
            action.target_list = update_targets(ps, relation, target, &raw.target_list)?;
        }
        Ok(CmdType::CmdDelete) => action.command = CommandType::Delete,
        Ok(CmdType::CmdNothing) => {}
        _ => return Err(missing("action")),
    }
    Ok(action)
}
