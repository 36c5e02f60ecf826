//! `FOR UPDATE` and its like.
//!
//! Follows `transformLockingClause` and `CheckSelectLocking`, analyze.c (PG 18).

use pg_query::protobuf::{LockClauseStrength, LockWaitPolicy, LockingClause, Node, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_node::missing;
use crate::tree::{Expr, LockStrength, LockWait, Query, RowMark, RteKind};

/// The words of a clause.
pub(super) fn strength_name(strength: i32) -> &'static str {
    match LockClauseStrength::try_from(strength) {
        Ok(LockClauseStrength::LcsForkeyshare) => "FOR KEY SHARE",
        Ok(LockClauseStrength::LcsForshare) => "FOR SHARE",
        Ok(LockClauseStrength::LcsFornokeyupdate) => "FOR NO KEY UPDATE",
        _ => "FOR UPDATE",
    }
}

fn strength_of(clause: &LockingClause) -> LockStrength {
    match LockClauseStrength::try_from(clause.strength) {
        Ok(LockClauseStrength::LcsForkeyshare) => LockStrength::KeyShare,
        Ok(LockClauseStrength::LcsForshare) => LockStrength::Share,
        Ok(LockClauseStrength::LcsFornokeyupdate) => LockStrength::NoKeyUpdate,
        _ => LockStrength::Update,
    }
}

fn wait_of(clause: &LockingClause) -> LockWait {
    match LockWaitPolicy::try_from(clause.wait_policy) {
        Ok(LockWaitPolicy::LockWaitSkip) => LockWait::Skip,
        Ok(LockWaitPolicy::LockWaitError) => LockWait::Error,
        _ => LockWait::Block,
    }
}

fn refused(message: String) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::FEATURE_NOT_SUPPORTED, message, -1)
}

/// `CheckSelectLocking`.
fn check(query: &Query, name: &str, windows: bool) -> Analyzed<()> {
    let sets = query.target_list.iter().any(|t| {
        t.expr.any(|e| matches!(e, Expr::FuncExpr(f) if f.retset) || matches!(e, Expr::OpExpr(o) if o.retset))
    });
    let what = if query.set_operations.is_some() {
        "UNION/INTERSECT/EXCEPT"
    } else if !query.distinct_clause.is_empty() {
        "DISTINCT clause"
    } else if !query.group_clause.is_empty() || !query.grouping_sets.is_empty() {
        "GROUP BY clause"
    } else if query.having.is_some() {
        "HAVING clause"
    } else if query.has_aggs {
        "aggregate functions"
    } else if windows {
        "window functions"
    } else if sets {
        "set-returning functions in the target list"
    } else {
        return Ok(());
    };
    Err(refused(format!("{name} is not allowed with {what}")))
}

/// Notes the rows that a clause locks, those of subqueries too.
pub(super) fn lock_rows(query: &mut Query, clause: &LockingClause, pushed_down: bool, windows: bool) -> Analyzed<()> {
    let name = strength_name(clause.strength);
    let windows = windows || query.target_list.iter().any(|t| t.expr.any(|e| matches!(e, Expr::WindowFunc(_))));
    check(query, name, windows)?;
    let all = LockingClause { locked_rels: Vec::new(), ..clause.clone() };
    if clause.locked_rels.is_empty() {
        for at in 0..query.rtable.len() {
            if query.rtable.get(at).is_some_and(|entry| entry.in_from) {
                lock_entry(query, at, &all, pushed_down)?;
            }
        }
        return Ok(());
    }
    for raw in &clause.locked_rels {
        lock_named(query, raw, clause, &all, pushed_down)?;
    }
    Ok(())
}

fn lock_entry(query: &mut Query, at: usize, all: &LockingClause, pushed_down: bool) -> Analyzed<()> {
    let Some(entry) = query.rtable.get_mut(at) else { return Ok(()) };
    match &mut entry.kind {
        RteKind::Relation(_) => {}
        RteKind::Subquery(inner) => lock_rows(inner, all, true, false)?,
        RteKind::NamedRelation(_)
        | RteKind::Join(_)
        | RteKind::Function(_)
        | RteKind::TableFunc(_)
        | RteKind::Values(_)
        | RteKind::Cte(_) => return Ok(()),
    }
    let rtindex = u32::try_from(at + 1).map_err(|_| missing("relation"))?;
    let (strength, wait) = (strength_of(all), wait_of(all));
    match query.row_marks.iter_mut().find(|mark| mark.rtindex == rtindex) {
        Some(mark) => {
            mark.strength = mark.strength.max(strength);
            mark.wait = mark.wait.max(wait);
            mark.pushed_down &= pushed_down;
        }
        None => query.row_marks.push(RowMark { rtindex, strength, wait, pushed_down }),
    }
    Ok(())
}

fn lock_named(
    query: &mut Query,
    raw: &Node,
    clause: &LockingClause,
    all: &LockingClause,
    pushed_down: bool,
) -> Analyzed<()> {
    let Some(node::Node::RangeVar(wanted)) = &raw.node else { return Err(missing("relation")) };
    let name = strength_name(clause.strength);
    if !wanted.schemaname.is_empty() || !wanted.catalogname.is_empty() {
        return Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            format!("{name} must specify unqualified relation names"),
            wanted.location,
        ));
    }
    let found = query.rtable.iter().position(|entry| {
        let own = match &entry.kind {
            RteKind::Join(join) if entry.alias.is_none() => join.using_alias.as_deref(),
            RteKind::Subquery(_) | RteKind::Values(_) if entry.alias.is_none() => None,
            _ => Some(entry.eref.name.as_str()),
        };
        entry.in_from && own == Some(wanted.relname.as_str())
    });
    let Some(at) = found else {
        return Err(AnalyzeError::rejected(
            sqlstate::UNDEFINED_TABLE,
            format!("relation \"{}\" in {name} clause not found in FROM clause", wanted.relname),
            wanted.location,
        ));
    };
    let what = match query.rtable.get(at).map(|entry| &entry.kind) {
        Some(RteKind::Relation(_) | RteKind::Subquery(_)) | None => return lock_entry(query, at, all, pushed_down),
        Some(RteKind::Join(_)) => "a join",
        Some(RteKind::Function(_)) => "a function",
        Some(RteKind::TableFunc(_)) => "a table function",
        Some(RteKind::Values(_)) => "VALUES",
        Some(RteKind::Cte(_)) => "a WITH query",
        Some(RteKind::NamedRelation(_)) => "a named tuplestore",
    };
    Err(AnalyzeError::rejected(
        sqlstate::FEATURE_NOT_SUPPORTED,
        format!("{name} cannot be applied to {what}"),
        wanted.location,
    ))
}
