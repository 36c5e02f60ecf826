//! `ORDER BY`, `GROUP BY` and `DISTINCT` over a target list.
//!
//! Follows parse_clause.c and `get_sort_group_operators`, parse_oper.c (PG 18).

use pg_query::protobuf::{GroupingSet as RawSet, GroupingSetKind, Node, SortBy, SortByDir, SortByNulls, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_expr::descend;
use super::parse_expr_kind::ParseExprKind;
use super::parse_node::{ParseState, missing, raw_location, strings_of};
use super::parse_oper::oper;
use super::parse_target::{find_by_expression, find_by_output, unknown_to_text};
use crate::env::{Env, Oid, TypeKind};
use crate::tree::{GroupingSet, SortGroupClause, TargetEntry, expr_location, expr_type};

/// The operators that a type is sorted and grouped by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TypeOperators {
    pub(crate) less: Option<Oid>,
    pub(crate) equal: Option<Oid>,
    pub(crate) greater: Option<Oid>,
}

/// Follows `lookup_type_cache`, typcache.c.
pub(crate) fn type_operators(env: &Env, ty: Oid) -> TypeOperators {
    let member = |method: Oid, strategy: i16| {
        let class = env.opclass_by_oid(env.default_opclass(ty, method)?)?;
        env.family_operator(class.family, class.input, class.input, strategy)
    };
    let mut found = TypeOperators {
        less: member(Oid::BTREE_AM, 1),
        equal: member(Oid::BTREE_AM, 3).or_else(|| member(Oid::HASH_AM, 1)),
        greater: member(Oid::BTREE_AM, 5),
    };
    let base = env.base_type(ty);
    // what is made of other values is as sortable as they are
    let parts: Vec<Oid> = if let Some(element) = env
        .element_type_of(base)
        .filter(|_| env.type_by_oid(base).is_some_and(super::super::env::TypeRow::is_true_array))
    {
        vec![element]
    } else if env.type_by_oid(base).is_some_and(|row| row.kind == TypeKind::Composite) {
        env.relation_of_type(base).map(|r| r.columns.iter().map(|c| c.type_oid).collect()).unwrap_or_default()
    } else {
        Vec::new()
    };
    for part in parts {
        if part == ty || base == Oid::RECORD {
            continue;
        }
        let inner = type_operators(env, part);
        if inner.equal.is_none() {
            found.equal = None;
        }
        if inner.less.is_none() {
            found.less = None;
            found.greater = None;
        }
    }
    found
}

fn no_equality(ps: &ParseState<'_>, ty: Oid, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(
        sqlstate::UNDEFINED_FUNCTION,
        format!("could not identify an equality operator for type {}", ps.shown(ty)),
        location,
    )
}

fn no_ordering(ps: &ParseState<'_>, ty: Oid, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(
        sqlstate::UNDEFINED_FUNCTION,
        format!("could not identify an ordering operator for type {}", ps.shown(ty)),
        location,
    )
    .hint("Use an explicit ordering operator or modify the query.")
}

/// How equal values of a type are found; follows `get_sort_group_operators` for grouping.
pub(super) fn group_operators(ps: &ParseState<'_>, ty: Oid, target: u32, location: i32) -> Analyzed<SortGroupClause> {
    let operators = type_operators(ps.env, ty);
    let eq_op = operators.equal.ok_or_else(|| no_equality(ps, ty, location))?;
    let sort_op = operators.less.unwrap_or(Oid::INVALID);
    Ok(SortGroupClause { target, eq_op, sort_op, reverse: false, nulls_first: false })
}

/// `targetIsInSortList`.
fn in_sort_list(env: &Env, target: &TargetEntry, sort_op: Option<Oid>, list: &[SortGroupClause]) -> bool {
    target.sort_group_ref != 0
        && list.iter().filter(|clause| clause.target == target.sort_group_ref).any(|clause| match sort_op {
            None => true,
            Some(op) => {
                op == clause.sort_op || env.operator_by_oid(clause.sort_op).is_some_and(|row| row.commutator == op)
            }
        })
}

/// `assignSortGroupRef`.
pub(super) fn assign_ref(list: &mut [TargetEntry], at: usize) -> u32 {
    let next = list.iter().map(|target| target.sort_group_ref).max().unwrap_or(0) + 1;
    let Some(target) = list.get_mut(at) else { return 0 };
    if target.sort_group_ref == 0 {
        target.sort_group_ref = next;
    }
    target.sort_group_ref
}

/// `addTargetToSortList`.
pub(super) fn add_to_sort(
    ps: &ParseState<'_>,
    at: usize,
    sort: &mut Vec<SortGroupClause>,
    list: &mut [TargetEntry],
    by: &SortBy,
) -> Analyzed<()> {
    let location = if by.location >= 0 { by.location } else { by.node.as_deref().map_or(-1, raw_location) };
    let Some(target) = list.get_mut(at) else { return Err(missing("target")) };
    unknown_to_text(ps, &mut target.expr)?;
    let ty = expr_type(&target.expr);
    let direction = SortByDir::try_from(by.sortby_dir).unwrap_or(SortByDir::Undefined);
    let (sort_op, eq_op, reverse) = match direction {
        SortByDir::SortbyUsing => ordering_operator(ps, by, ty, location)?,
        SortByDir::SortbyDesc => {
            let operators = type_operators(ps.env, ty);
            let op = operators.greater.ok_or_else(|| no_ordering(ps, ty, location))?;
            (op, operators.equal.ok_or_else(|| no_equality(ps, ty, location))?, true)
        }
        SortByDir::SortbyAsc | SortByDir::SortbyDefault | SortByDir::Undefined => {
            let operators = type_operators(ps.env, ty);
            let op = operators.less.ok_or_else(|| no_ordering(ps, ty, location))?;
            (op, operators.equal.ok_or_else(|| no_equality(ps, ty, location))?, false)
        }
    };
    if in_sort_list(ps.env, target, Some(sort_op), sort) {
        return Ok(());
    }
    let nulls_first = match SortByNulls::try_from(by.sortby_nulls) {
        Ok(SortByNulls::SortbyNullsFirst) => true,
        Ok(SortByNulls::SortbyNullsLast) => false,
        Ok(SortByNulls::SortbyNullsDefault | SortByNulls::Undefined) | Err(_) => reverse,
    };
    let target = assign_ref(list, at);
    sort.push(SortGroupClause { target, eq_op, sort_op, reverse, nulls_first });
    Ok(())
}

/// `USING operator`: the operator, the equality that goes with it, and whether it sorts downwards.
fn ordering_operator(ps: &ParseState<'_>, by: &SortBy, ty: Oid, location: i32) -> Analyzed<(Oid, Oid, bool)> {
    let name = strings_of(&by.use_op);
    let row = oper(ps, &name, ty, ty, location)?;
    let compatible = ps.env.is_binary_coercible(ty, row.left) && ps.env.is_binary_coercible(ty, row.right);
    if !compatible {
        return Err(AnalyzeError::rejected(
            sqlstate::UNDEFINED_FUNCTION,
            format!("operator requires run-time type coercion: {} {} {}", ps.shown(ty), name.join("."), ps.shown(ty)),
            location,
        ));
    }
    for (family, op) in ps.env.families_of_operator(row.oid) {
        if family.method == Oid::BTREE_AM
            && !op.ordering
            && matches!(op.strategy, 1 | 5)
            && let Some(equal) = ps.env.family_operator(family.oid, op.left, op.right, 3)
        {
            return Ok((row.oid, equal, op.strategy == 5));
        }
    }
    Err(AnalyzeError::rejected(
        sqlstate::WRONG_OBJECT_TYPE,
        format!("operator {} is not a valid ordering operator", name.join(".")),
        location,
    )
    .hint("Ordering operators must be \"<\" or \">\" members of btree operator families."))
}

/// `addTargetToGroupList`.
fn add_to_group(
    ps: &ParseState<'_>,
    at: usize,
    group: &mut Vec<SortGroupClause>,
    list: &mut [TargetEntry],
    location: i32,
) -> Analyzed<()> {
    let Some(target) = list.get_mut(at) else { return Err(missing("target")) };
    unknown_to_text(ps, &mut target.expr)?;
    if in_sort_list(ps.env, target, None, group) {
        return Ok(());
    }
    let ty = expr_type(&target.expr);
    let mut clause = group_operators(ps, ty, 0, location)?;
    clause.target = assign_ref(list, at);
    group.push(clause);
    Ok(())
}

/// The `SortBy` that an item of a list is.
pub(super) fn sort_by(raw: &Node) -> Analyzed<&SortBy> {
    match &raw.node {
        Some(node::Node::SortBy(by)) => Ok(by),
        _ => Err(missing("sort key")),
    }
}

/// `transformSortClause`; `sql99` where names of output columns mean nothing.
pub(super) fn transform_sort(
    ps: &mut ParseState<'_>,
    raw: &[Node],
    list: &mut Vec<TargetEntry>,
    kind: ParseExprKind,
    sql99: bool,
) -> Analyzed<Vec<SortGroupClause>> {
    let mut sort = Vec::with_capacity(raw.len());
    for item in raw {
        let by = sort_by(item)?;
        let key = by.node.as_deref().ok_or_else(|| missing("sort key"))?;
        let at = if sql99 { find_by_expression(ps, key, list, kind)? } else { find_by_output(ps, key, list, kind)? };
        add_to_sort(ps, at, &mut sort, list, by)?;
    }
    Ok(sort)
}

/// What a `GROUP BY` amounts to.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    pub(super) clauses: Vec<SortGroupClause>,
    pub(super) sets: Vec<GroupingSet>,
}

/// An element of `GROUP BY` after nested parentheses are taken off; follows `flatten_grouping_sets`.
#[derive(Debug, Clone)]
enum Flat<'r> {
    Expr(&'r Node),
    List(Vec<Flat<'r>>),
    Set(GroupingSetKind, Vec<Flat<'r>>, i32),
}

fn flatten<'r>(
    ps: &mut ParseState<'_>,
    raw: &'r Node,
    toplevel: bool,
    has_sets: &mut bool,
) -> Analyzed<Option<Flat<'r>>> {
    match &raw.node {
        Some(node::Node::RowExpr(row))
            if row.row_format == pg_query::protobuf::CoercionForm::CoerceImplicitCast as i32 =>
        {
            let mut unused = false;
            Ok(Some(Flat::List(flatten_list(ps, &row.args, false, &mut unused)?)))
        }
        Some(node::Node::GroupingSet(set)) => {
            *has_sets = true;
            let kind = GroupingSetKind::try_from(set.kind).unwrap_or(GroupingSetKind::Undefined);
            if toplevel && kind == GroupingSetKind::GroupingSetEmpty {
                return Ok(None);
            }
            let content = descend(ps, set.location, |ps| flatten_content(ps, set))?;
            if toplevel || kind != GroupingSetKind::GroupingSetSets {
                Ok(Some(Flat::Set(kind, content, set.location)))
            } else {
                Ok(Some(Flat::List(content)))
            }
        }
        _ => Ok(Some(Flat::Expr(raw))),
    }
}

fn flatten_content<'r>(ps: &mut ParseState<'_>, set: &'r RawSet) -> Analyzed<Vec<Flat<'r>>> {
    let mut content = Vec::with_capacity(set.content.len());
    for item in &set.content {
        let nested_sets = matches!(&item.node, Some(node::Node::GroupingSet(inner))
            if inner.kind == GroupingSetKind::GroupingSetSets as i32);
        let mut unused = false;
        match flatten(ps, item, false, &mut unused)? {
            Some(Flat::List(inner)) if nested_sets => content.extend(inner),
            Some(other) => content.push(other),
            None => {}
        }
    }
    Ok(content)
}

fn flatten_list<'r>(
    ps: &mut ParseState<'_>,
    raw: &'r [Node],
    toplevel: bool,
    has_sets: &mut bool,
) -> Analyzed<Vec<Flat<'r>>> {
    let mut found = Vec::with_capacity(raw.len());
    for item in raw {
        match flatten(ps, item, toplevel, has_sets)? {
            Some(Flat::List(inner)) => found.extend(inner),
            Some(other) => found.push(other),
            None => {}
        }
    }
    Ok(found)
}

/// What the elements of a `GROUP BY` are looked for in.
struct GroupTarget<'t> {
    list: &'t mut Vec<TargetEntry>,
    sort: &'t [SortGroupClause],
    kind: ParseExprKind,
    sql99: bool,
}

/// `transformGroupClause`.
pub(super) fn transform_group(
    ps: &mut ParseState<'_>,
    raw: &[Node],
    list: &mut Vec<TargetEntry>,
    sort: &[SortGroupClause],
    kind: ParseExprKind,
    sql99: bool,
) -> Analyzed<Grouping> {
    let mut has_sets = false;
    let flat = flatten_list(ps, raw, true, &mut has_sets)?;
    let mut grouping = Grouping::default();
    if flat.is_empty() && has_sets {
        grouping.sets.push(GroupingSet::Empty);
        return Ok(grouping);
    }
    let mut to = GroupTarget { list, sort, kind, sql99 };
    let mut seen = Vec::new();
    for item in &flat {
        match item {
            Flat::Expr(expr) => {
                let target = group_expr(ps, expr, &mut grouping.clauses, &mut to, &seen, true)?;
                if target > 0 {
                    seen.push(target);
                    if has_sets {
                        grouping.sets.push(GroupingSet::Simple(vec![target]));
                    }
                }
            }
            Flat::Set(kind, content, location) => {
                let set = grouping_set(ps, *kind, content, *location, &mut grouping.clauses, &mut to)?;
                grouping.sets.push(set);
            }
            Flat::List(_) => return Err(missing("element")),
        }
    }
    Ok(grouping)
}

fn grouping_set(
    ps: &mut ParseState<'_>,
    kind: GroupingSetKind,
    content: &[Flat<'_>],
    location: i32,
    flat: &mut Vec<SortGroupClause>,
    to: &mut GroupTarget<'_>,
) -> Analyzed<GroupingSet> {
    let mut made = Vec::with_capacity(content.len());
    for item in content {
        match item {
            Flat::List(list) => {
                let mut refs = Vec::new();
                for inner in list {
                    let Flat::Expr(expr) = inner else { return Err(missing("element")) };
                    let target = group_expr(ps, expr, flat, to, &refs, false)?;
                    if target > 0 {
                        refs.push(target);
                    }
                }
                made.push(GroupingSet::Simple(refs));
            }
            Flat::Set(kind, content, location) => made.push(grouping_set(ps, *kind, content, *location, flat, to)?),
            Flat::Expr(expr) => {
                let target = group_expr(ps, expr, flat, to, &[], false)?;
                made.push(GroupingSet::Simple(vec![target]));
            }
        }
    }
    Ok(match kind {
        GroupingSetKind::GroupingSetEmpty => GroupingSet::Empty,
        GroupingSetKind::GroupingSetRollup => GroupingSet::Rollup(made),
        GroupingSetKind::GroupingSetCube => {
            if made.len() > 12 {
                return Err(AnalyzeError::rejected(
                    sqlstate::TOO_MANY_COLUMNS,
                    "CUBE is limited to 12 elements",
                    location,
                ));
            }
            GroupingSet::Cube(made)
        }
        GroupingSetKind::GroupingSetSets => GroupingSet::Sets(made),
        GroupingSetKind::GroupingSetSimple | GroupingSetKind::Undefined => return Err(missing("kind")),
    })
}

/// `transformGroupClauseExpr`: the target's reference, 0 when it was seen before.
fn group_expr(
    ps: &mut ParseState<'_>,
    raw: &Node,
    flat: &mut Vec<SortGroupClause>,
    to: &mut GroupTarget<'_>,
    seen: &[u32],
    toplevel: bool,
) -> Analyzed<u32> {
    let at = if to.sql99 {
        find_by_expression(ps, raw, to.list, to.kind)?
    } else {
        find_by_output(ps, raw, to.list, to.kind)?
    };
    let target = to.list.get(at).map_or(0, |t| t.sort_group_ref);
    if target > 0 {
        if seen.contains(&target) {
            return Ok(0);
        }
        if flat.iter().any(|clause| clause.target == target) {
            return Ok(target);
        }
        if let Some(sorted) = to.sort.iter().find(|clause| clause.target == target) {
            let mut clause = *sorted;
            if !toplevel {
                clause.nulls_first = false;
            }
            flat.push(clause);
            return Ok(target);
        }
    }
    add_to_group(ps, at, flat, to.list, raw_location(raw))?;
    Ok(to.list.get(at).map_or(0, |t| t.sort_group_ref))
}

fn not_selected(aggregate: bool, location: i32) -> AnalyzeError {
    let message = if aggregate {
        "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list"
    } else {
        "for SELECT DISTINCT, ORDER BY expressions must appear in select list"
    };
    AnalyzeError::rejected(sqlstate::INVALID_COLUMN_REFERENCE, message, location)
}

/// `transformDistinctClause`.
pub(super) fn transform_distinct(
    ps: &ParseState<'_>,
    list: &mut [TargetEntry],
    sort: &[SortGroupClause],
    aggregate: bool,
) -> Analyzed<Vec<SortGroupClause>> {
    let mut found = Vec::new();
    for clause in sort {
        if let Some(target) = list.iter().find(|t| t.sort_group_ref == clause.target && t.junk) {
            return Err(not_selected(aggregate, expr_location(&target.expr)));
        }
        found.push(*clause);
    }
    for at in 0..list.len() {
        if let Some(target) = list.get(at).filter(|t| !t.junk) {
            let location = expr_location(&target.expr);
            add_to_group(ps, at, &mut found, list, location)?;
        }
    }
    if found.is_empty() {
        return Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            if aggregate {
                "an aggregate with DISTINCT must have at least one argument"
            } else {
                "SELECT DISTINCT must have at least one column"
            },
            -1,
        ));
    }
    Ok(found)
}

/// `transformDistinctOnClause`.
pub(super) fn transform_distinct_on(
    ps: &mut ParseState<'_>,
    raw: &[Node],
    list: &mut Vec<TargetEntry>,
    sort: &[SortGroupClause],
) -> Analyzed<Vec<SortGroupClause>> {
    let mut places = Vec::with_capacity(raw.len());
    for item in raw {
        let at = find_by_output(ps, item, list, ParseExprKind::DistinctOn)?;
        let target = assign_ref(list, at);
        places.push((at, target, raw_location(item)));
    }
    let mismatch = |location| {
        AnalyzeError::rejected(
            sqlstate::INVALID_COLUMN_REFERENCE,
            "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
            location,
        )
    };
    let mut found: Vec<SortGroupClause> = Vec::new();
    let mut skipped = false;
    for clause in sort {
        if let Some((_, _, location)) = places.iter().find(|(_, target, _)| *target == clause.target) {
            if skipped {
                return Err(mismatch(*location));
            }
            found.push(*clause);
        } else {
            skipped = true;
        }
    }
    for (at, target, location) in places {
        if found.iter().any(|clause| clause.target == target) {
            continue;
        }
        if skipped {
            return Err(mismatch(location));
        }
        add_to_group(ps, at, &mut found, list, location)?;
    }
    Ok(found)
}
