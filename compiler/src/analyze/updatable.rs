//! Whether the rows of a view can be written through it.
//!
//! Follows `view_query_is_auto_updatable` and `view_col_is_auto_updatable`, rewriteHandler.c (PG 14 to 18).

use crate::env::{Env, RelationKind};
use crate::tree::{Expr, FromItem, Query, RteKind};

/// Why a view over a query is not automatically updatable, in the server's words; none when it is, in at least one column.
#[must_use]
pub fn why_not_updatable(env: &Env, query: &Query) -> Option<&'static str> {
    const ONE_TABLE: &str = "Views that do not select from a single table or view are not automatically updatable.";
    if !query.distinct_clause.is_empty() {
        return Some("Views containing DISTINCT are not automatically updatable.");
    }
    if !query.group_clause.is_empty() || !query.grouping_sets.is_empty() {
        return Some("Views containing GROUP BY are not automatically updatable.");
    }
    if query.having.is_some() {
        return Some("Views containing HAVING are not automatically updatable.");
    }
    if query.set_operations.is_some() {
        return Some("Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable.");
    }
    if !query.ctes.is_empty() {
        return Some("Views containing WITH are not automatically updatable.");
    }
    if query.limit_offset.is_some() || query.limit_count.is_some() {
        return Some("Views containing LIMIT or OFFSET are not automatically updatable.");
    }
    if query.has_aggs {
        return Some("Views that return aggregate functions are not automatically updatable.");
    }
    let outputs = || query.target_list.iter().filter(|target| !target.junk);
    if outputs().any(|target| target.expr.any(|expr| matches!(expr, Expr::WindowFunc(_)))) {
        return Some("Views that return window functions are not automatically updatable.");
    }
    if query.target_list.iter().any(|target| target.expr.any(|expr| returns_set(env, expr))) {
        return Some("Views that return set-returning functions are not automatically updatable.");
    }
    let [FromItem::Entry(at)] = query.jointree.items.as_slice() else { return Some(ONE_TABLE) };
    let entry = usize::try_from(*at).ok().and_then(|at| query.rtable.get(at.checked_sub(1)?));
    let Some(RteKind::Relation(base)) = entry.map(|entry| &entry.kind) else { return Some(ONE_TABLE) };
    let kind = env.relation_by_oid(base.oid).map(|row| row.kind);
    let writable = matches!(
        kind,
        Some(RelationKind::Table | RelationKind::PartitionedTable | RelationKind::ForeignTable | RelationKind::View)
    );
    if !writable {
        return Some(ONE_TABLE);
    }
    if base.sample.is_some() {
        return Some("Views containing TABLESAMPLE are not automatically updatable.");
    }
    let updatable =
        |expr: &Expr| matches!(expr, Expr::Var(var) if var.varno == *at && var.levels_up == 0 && var.attno > 0);
    if !outputs().any(|target| updatable(&target.expr)) {
        return Some("Views that have no updatable columns are not automatically updatable.");
    }
    None
}

fn returns_set(env: &Env, expr: &Expr) -> bool {
    let of = match expr {
        Expr::FuncExpr(call) => call.funcid,
        Expr::OpExpr(call) => call.funcid,
        _ => return false,
    };
    env.proc_by_oid(of).is_some_and(|row| row.returns_set)
}
