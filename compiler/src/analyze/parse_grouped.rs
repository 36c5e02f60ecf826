//! Whether everything that a grouped query returns is grouped or computed by an aggregate.
//!
//! Follows `parseCheckAggregates`, parse_agg.c, and `check_functional_grouping`, pg_constraint.c (PG 18).

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_agg::{aggregate_of, has_self_reference, place_in};
use super::parse_flatten::{entry, flatten, flatten_beside_groups};
use super::parse_node::ParseState;
use crate::env::{Major, Oid};
use crate::tree::{Expr, GroupingSet, Query, RangeTblEntry, RteKind, SubLink, TargetEntry, Var, expr_location};

/// The most grouping sets that a query may have.
const MAX_SETS: usize = 4096;

/// What is known while expressions are looked through.
struct Check<'q> {
    rtable: &'q [RangeTblEntry],
    /// The grouped expressions, with their references, joins' columns looked through.
    groups: Vec<(u32, Expr)>,
    /// The same before joins' columns were looked through.
    written: Vec<Expr>,
    /// The columns that are in every grouping set.
    common: Vec<Var>,
    joins: bool,
    /// The primary keys that make other columns follow.
    keys: Vec<(Oid, String)>,
    followed: Vec<u32>,
}

/// Checks a query with aggregates or groups, and finds what the arguments of its `GROUPING` refer to.
///
/// # Errors
///
/// When an expression is neither grouped nor aggregated.
pub(super) fn check_aggregates(ps: &ParseState<'_>, query: &mut Query) -> Analyzed<()> {
    let mut in_all: Option<Vec<u32>> = None;
    if !query.grouping_sets.is_empty() {
        let sets = expand_sets(&query.grouping_sets).ok_or_else(|| {
            AnalyzeError::rejected(
                sqlstate::STATEMENT_TOO_COMPLEX,
                format!("too many grouping sets present (maximum {MAX_SETS})"),
                -1,
            )
        })?;
        let mut common = sets.first().cloned().unwrap_or_default();
        for set in sets.iter().skip(1) {
            common.retain(|r| set.contains(r));
        }
        in_all = Some(common);
        let distinct = if query.group_distinct { dedup_count(&sets) } else { sets.len() };
        if distinct == 1 && !query.group_clause.is_empty() {
            query.grouping_sets = Vec::new();
        }
    }
    let joins = query.rtable.iter().any(|e| matches!(e.kind, RteKind::Join(_)));
    let mut groups = Vec::new();
    let mut written = Vec::new();
    for clause in &query.group_clause {
        if let Some(target) = query.target_list.iter().find(|t| t.sort_group_ref == clause.target) {
            let mut expr = target.expr.clone();
            written.push(expr.clone());
            if joins {
                flatten(&query.rtable, &mut expr);
            }
            groups.push((clause.target, expr));
        }
    }
    let sets = !query.grouping_sets.is_empty();
    let common = groups
        .iter()
        .filter(|(target, _)| !sets || in_all.as_ref().is_none_or(|all| all.contains(target)))
        .filter_map(|(_, expr)| if let Expr::Var(var) = expr { Some(var.clone()) } else { None })
        .collect();
    let mut check = Check {
        rtable: &query.rtable,
        groups,
        written,
        common,
        joins,
        keys: std::mem::take(&mut query.constraint_deps),
        followed: Vec::new(),
    };
    let mut list = query.target_list.clone();
    let mut having = query.having.clone();
    for expr in list.iter_mut().map(|t: &mut TargetEntry| &mut t.expr).chain(having.as_mut()) {
        check.finish_grouping(expr)?;
    }
    for expr in list.iter().map(|t| &t.expr).chain(having.as_ref()) {
        check.expression(ps, expr)?;
    }
    if ps.env.major() >= Major::V18 && check.joins {
        // from 18 on the columns of joins are looked through in the tree itself, but not in what is grouped
        for expr in list.iter_mut().map(|t| &mut t.expr).chain(having.as_mut()) {
            flatten_beside_groups(check.rtable, &check.written, expr);
        }
    }
    let keys = check.keys;
    query.target_list = list;
    query.having = having;
    query.constraint_deps = keys;
    if query.has_aggs && has_self_reference(query) {
        return Err(AnalyzeError::rejected(
            sqlstate::INVALID_RECURSION,
            "aggregate functions are not allowed in a recursive query's recursive term",
            place_in(
                &query.target_list.iter().map(|t| &t.expr).chain(&query.having).collect::<Vec<_>>(),
                aggregate_of(0),
            ),
        ));
    }
    Ok(())
}

fn dedup_count(sets: &[Vec<u32>]) -> usize {
    let mut sorted: Vec<Vec<u32>> = sets.to_vec();
    for set in &mut sorted {
        set.sort_unstable();
    }
    sorted.sort();
    sorted.dedup();
    sorted.len()
}

impl Check<'_> {
    /// Sets the references of the arguments of `GROUPING`; follows `finalize_grouping_exprs`.
    fn finish_grouping(&self, expr: &mut Expr) -> Analyzed<()> {
        if let Expr::GroupingFunc(grouping) = expr
            && grouping.levels_up == 0
        {
            let mut refs = Vec::with_capacity(grouping.args.len());
            for arg in &grouping.args {
                let mut flat = arg.clone();
                if self.joins {
                    flatten(self.rtable, &mut flat);
                }
                let found = self.groups.iter().find(|(_, grouped)| same(grouped, &flat)).map(|(target, _)| *target);
                refs.push(found.ok_or_else(|| {
                    AnalyzeError::rejected(
                        sqlstate::GROUPING_ERROR,
                        "arguments to GROUPING must be grouping expressions of the associated query level",
                        expr_location(arg),
                    )
                })?);
            }
            grouping.refs = refs;
        }
        for child in expr.children_mut() {
            self.finish_grouping(child)?;
        }
        Ok(())
    }

    fn expression(&mut self, ps: &ParseState<'_>, expr: &Expr) -> Analyzed<()> {
        let mut flat = expr.clone();
        if self.joins {
            flatten(self.rtable, &mut flat);
        }
        let mut waiting = vec![(&flat, false)];
        let mut links: Vec<&SubLink> = Vec::new();
        while let Some((at, in_direct)) = waiting.pop() {
            match at {
                Expr::Const(_) | Expr::Param(_) => continue,
                Expr::Aggref(agg) if agg.levels_up == 0 => {
                    waiting.extend(agg.direct_args.iter().map(|arg| (arg, true)));
                    continue;
                }
                Expr::Aggref(agg) if agg.levels_up > 0 => continue,
                Expr::GroupingFunc(_) => continue,
                _ => {}
            }
            if self.groups.iter().any(|(_, grouped)| same(grouped, at)) {
                continue;
            }
            if let Expr::Var(var) = at {
                if var.levels_up == 0 && !self.follows(ps, var) {
                    return Err(self.ungrouped(var, false, in_direct));
                }
                continue;
            }
            if let Expr::SubLink(link) = at {
                links.push(link);
            }
            waiting.extend(at.children().into_iter().map(|child| (child, in_direct)));
        }
        let mut vars: Vec<Var> = Vec::new();
        for link in links {
            collect_outer_of_query(&link.query, 1, &mut vars);
        }
        for var in vars {
            let column = Var { levels_up: 0, ..var };
            let plain = Expr::Var(column.clone());
            let grouped = self.groups.iter().any(|(_, grouped)| same(grouped, &plain))
                || self.written.iter().any(|grouped| same(grouped, &plain));
            let mut flat = plain;
            flatten(self.rtable, &mut flat);
            let grouped = grouped || self.groups.iter().any(|(_, grouped)| same(grouped, &flat));
            if !grouped && !self.follows(ps, &column) {
                return Err(self.ungrouped(&column, true, false));
            }
        }
        Ok(())
    }

    /// Whether a column follows from grouped ones by the primary key of its table.
    fn follows(&mut self, ps: &ParseState<'_>, var: &Var) -> bool {
        if self.followed.contains(&var.varno) {
            return true;
        }
        let Some(RteKind::Relation(relation)) = entry(self.rtable, var.varno).map(|e| &e.kind) else {
            return false;
        };
        let Some(key) = ps.env.relation_by_oid(relation.oid).and_then(|row| row.primary_key.as_ref()) else {
            return false;
        };
        let complete = key
            .columns
            .iter()
            .all(|column| self.common.iter().any(|v| v.varno == var.varno && v.levels_up == 0 && v.attno == *column));
        if complete {
            self.followed.push(var.varno);
            self.keys.push((relation.oid, key.name.as_str().to_owned()));
        }
        complete
    }

    fn ungrouped(&self, var: &Var, in_subquery: bool, in_direct: bool) -> AnalyzeError {
        let found = entry(self.rtable, var.varno);
        let relation = found.map_or("", |e| e.eref.name.as_str());
        let at = usize::try_from(var.attno).ok().and_then(|n| n.checked_sub(1));
        let column = match (at, found) {
            (Some(at), Some(found)) => found.eref.columns.get(at).map_or(var.name.as_str(), String::as_str),
            _ if var.attno == 0 => "*",
            _ => var.name.as_str(),
        };
        let message = if in_subquery {
            format!("subquery uses ungrouped column \"{relation}.{column}\" from outer query")
        } else {
            format!(
                "column \"{relation}.{column}\" must appear in the GROUP BY clause or be used in an aggregate function"
            )
        };
        let error = AnalyzeError::rejected(sqlstate::GROUPING_ERROR, message, var.location.offset());
        if in_direct {
            error.detail("Direct arguments of an ordered-set aggregate must use only grouped columns.")
        } else {
            error
        }
    }
}

/// The columns of the query that many steps further out that a query uses outside of its aggregates. A subquery in an aggregate
/// belongs to that.
fn collect_outer_of_query(query: &Query, level: u32, found: &mut Vec<Var>) {
    let mut queries = vec![(query, level)];
    while let Some((query, level)) = queries.pop() {
        let mut waiting = query.expressions();
        while let Some(at) = waiting.pop() {
            match at {
                Expr::Var(var) if var.levels_up == level => found.push(var.clone()),
                Expr::Aggref(agg) if agg.levels_up >= level => {
                    if agg.levels_up == level {
                        waiting.extend(&agg.direct_args);
                    }
                    continue;
                }
                Expr::GroupingFunc(grouping) if grouping.levels_up >= level => continue,
                Expr::SubLink(link) => queries.push((&link.query, level + 1)),
                _ => {}
            }
            waiting.extend(at.children());
        }
        queries.extend(query.subqueries().into_iter().map(|inner| (inner, level + 1)));
    }
}

/// Whether two expressions are the same; a column is known by its place alone.
pub(super) fn same(a: &Expr, b: &Expr) -> bool {
    match (a, b) {
        (Expr::Var(a), Expr::Var(b)) => a.varno == b.varno && a.attno == b.attno && a.levels_up == b.levels_up,
        (a, b) => a == b,
    }
}

/// Every grouping set that an element stands for; none when there are too many. Follows `expand_groupingset_node`.
fn expand_set(set: &GroupingSet) -> Option<Vec<Vec<u32>>> {
    let members = |set: &GroupingSet| match set {
        GroupingSet::Simple(refs) => refs.clone(),
        GroupingSet::Empty | GroupingSet::Rollup(_) | GroupingSet::Cube(_) | GroupingSet::Sets(_) => Vec::new(),
    };
    Some(match set {
        GroupingSet::Empty => vec![Vec::new()],
        GroupingSet::Simple(refs) => vec![refs.clone()],
        GroupingSet::Rollup(parts) => {
            (0..=parts.len()).rev().map(|count| parts.iter().take(count).flat_map(members).collect()).collect()
        }
        GroupingSet::Cube(parts) => {
            let count = 1_usize.checked_shl(u32::try_from(parts.len()).ok()?).filter(|n| *n <= MAX_SETS)?;
            (0..count)
                .map(|mask| {
                    parts
                        .iter()
                        .enumerate()
                        .filter(|(i, _)| mask & (1 << i) != 0)
                        .flat_map(|(_, p)| members(p))
                        .collect()
                })
                .collect()
        }
        GroupingSet::Sets(parts) => {
            let mut found = Vec::new();
            for part in parts {
                found.extend(expand_set(part)?);
            }
            found
        }
    })
}

/// `expand_grouping_sets`.
fn expand_sets(sets: &[GroupingSet]) -> Option<Vec<Vec<u32>>> {
    let mut result: Vec<Vec<u32>> = vec![Vec::new()];
    for set in sets {
        let own = expand_set(set)?;
        if result.len().saturating_mul(own.len()) > MAX_SETS {
            return None;
        }
        result = result
            .iter()
            .flat_map(|before| {
                own.iter().map(move |more| {
                    let mut joined = before.clone();
                    for r in more {
                        if !joined.contains(r) {
                            joined.push(*r);
                        }
                    }
                    joined
                })
            })
            .collect();
    }
    Some(result)
}
