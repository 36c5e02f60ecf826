//! `WITH RECURSIVE` before it is analysed: which of its queries need which, and whether each refers to itself where it may.
//!
//! Follows `makeDependencyGraphWalker`, `checkWellFormedRecursion` and its walker, parse_cte.c (PG 18). The walk keeps its own
//! stack: no query is nested so deep that it overflows one.

use pg_query::protobuf::{CommonTableExpr as RawCte, JoinType, Node, RangeVar, SelectStmt, SetOperation, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_node::raw_location;
use super::raw_walk::{Raw, children, children_of_select};

/// Where a part of a recursive query stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Allowed,
    FirstTerm,
    Subquery,
    OuterJoin,
    Intersect,
    Except,
}

impl Context {
    fn words(self) -> &'static str {
        match self {
            Context::Allowed | Context::FirstTerm => "its non-recursive term",
            Context::Subquery => "a subquery",
            Context::OuterJoin => "an outer join",
            Context::Intersect => "INTERSECT",
            Context::Except => "EXCEPT",
        }
    }
}

/// A part still to be looked at, with the innermost `WITH` around it.
struct Waiting<'n> {
    part: Raw<'n>,
    context: Context,
    scope: Option<usize>,
}

/// Names of a `WITH` that hide those further out.
struct Scope<'n> {
    names: Vec<&'n str>,
    outer: Option<usize>,
}

struct Walk<'n> {
    waiting: Vec<Waiting<'n>>,
    scopes: Vec<Scope<'n>>,
}

/// Calls `found` for every bare name of a relation that no `WITH` inside gives.
fn references<'n>(
    part: Raw<'n>,
    context: Context,
    found: &mut dyn FnMut(&'n RangeVar, Context) -> Analyzed<()>,
) -> Analyzed<()> {
    let mut walk = Walk { waiting: vec![Waiting { part, context, scope: None }], scopes: Vec::new() };
    while let Some(next) = walk.waiting.pop() {
        let Waiting { part, context, scope } = next;
        match part {
            Raw::Select(select) => walk.select(select, context, scope),
            Raw::Node(node) => match &node.node {
                Some(node::Node::RangeVar(rv)) => {
                    if rv.schemaname.is_empty() && !walk.hidden(&rv.relname, scope) {
                        found(rv, context)?;
                    }
                }
                Some(node::Node::SelectStmt(select)) => walk.select(select, context, scope),
                Some(node::Node::JoinExpr(join)) => {
                    let outer = if context == Context::Allowed { Context::OuterJoin } else { context };
                    let (left, right) = match JoinType::try_from(join.jointype) {
                        Ok(JoinType::JoinLeft) => (context, outer),
                        Ok(JoinType::JoinRight) => (outer, context),
                        Ok(JoinType::JoinFull) => (outer, outer),
                        _ => (context, context),
                    };
                    let sides = [(&join.larg, left), (&join.rarg, right), (&join.quals, context)];
                    let sides =
                        sides.into_iter().filter_map(|(side, context)| Some((Raw::Node(side.as_deref()?), context)));
                    walk.push(sides.collect(), scope);
                }
                Some(node::Node::SubLink(link)) => {
                    let parts = [(&link.subselect, Context::Subquery), (&link.testexpr, context)];
                    let parts =
                        parts.into_iter().filter_map(|(part, context)| Some((Raw::Node(part.as_deref()?), context)));
                    walk.push(parts.collect(), scope);
                }
                _ => walk.push(children(node).into_iter().map(|part| (part, context)).collect(), scope),
            },
        }
    }
    Ok(())
}

impl<'n> Walk<'n> {
    fn push(&mut self, parts: Vec<(Raw<'n>, Context)>, scope: Option<usize>) {
        let parts = parts.into_iter().rev();
        self.waiting.extend(parts.map(|(part, context)| Waiting { part, context, scope }));
    }

    fn hidden(&self, name: &str, mut scope: Option<usize>) -> bool {
        while let Some(at) = scope.and_then(|at| self.scopes.get(at)) {
            if at.names.contains(&name) {
                return true;
            }
            scope = at.outer;
        }
        false
    }

    fn scope(&mut self, names: Vec<&'n str>, outer: Option<usize>) -> Option<usize> {
        self.scopes.push(Scope { names, outer });
        Some(self.scopes.len() - 1)
    }

    fn select(&mut self, select: &'n SelectStmt, context: Context, scope: Option<usize>) {
        let mut inner = scope;
        let mut queries: Vec<(&'n Node, Option<usize>)> = Vec::new();
        if let Some(with) = &select.with_clause {
            let ctes = with.ctes.iter().filter_map(|cte| match &cte.node {
                Some(node::Node::CommonTableExpr(cte)) => Some(cte),
                _ => None,
            });
            if with.recursive {
                inner = self.scope(ctes.clone().map(|cte| cte.ctename.as_str()).collect(), scope);
                queries.extend(ctes.filter_map(|cte| Some((cte.ctequery.as_deref()?, inner))));
            } else {
                for cte in ctes {
                    queries.extend(cte.ctequery.as_deref().map(|query| (query, inner)));
                    inner = self.scope(vec![cte.ctename.as_str()], inner);
                }
            }
        }
        let parts = children_of_select(select).into_iter();
        let op = SetOperation::try_from(select.op).unwrap_or(SetOperation::SetopNone);
        let parts = match (context, op) {
            (Context::Allowed, SetOperation::SetopIntersect | SetOperation::SetopExcept) => {
                let except = op == SetOperation::SetopExcept;
                let refused = if except { Context::Except } else { Context::Intersect };
                let left = if select.all { refused } else { context };
                let right = if select.all || except { refused } else { context };
                let mut side = 0;
                let mut placed = Vec::new();
                for part in parts {
                    let here = match part {
                        Raw::Select(_) => {
                            side += 1;
                            if side == 1 { left } else { right }
                        }
                        Raw::Node(_) => context,
                    };
                    placed.push((part, here));
                }
                placed
            }
            _ => parts.map(|part| (part, context)).collect(),
        };
        self.push(parts, inner);
        for (query, scope) in queries.into_iter().rev() {
            self.waiting.push(Waiting { part: Raw::Node(query), context, scope });
        }
    }
}

/// The queries of the same `WITH` that a query refers to, itself included.
pub(super) fn needs_of(raw: &RawCte, all: &[&RawCte]) -> Analyzed<Vec<String>> {
    let mut needs: Vec<String> = Vec::new();
    let Some(query) = raw.ctequery.as_deref() else { return Ok(needs) };
    references(Raw::Node(query), Context::Allowed, &mut |rv, _| {
        if all.iter().any(|other| other.ctename == rv.relname) && !needs.contains(&rv.relname) {
            needs.push(rv.relname.clone());
        }
        Ok(())
    })?;
    Ok(needs)
}

/// Refuses a query that refers to itself where it may not; follows `checkWellFormedRecursion`.
pub(super) fn check_well_formed(raw: &RawCte) -> Analyzed<()> {
    let refused = |message: String, at: i32| AnalyzeError::rejected(sqlstate::INVALID_RECURSION, message, at);
    let name = &raw.ctename;
    let Some(node::Node::SelectStmt(select)) = raw.ctequery.as_deref().and_then(|query| query.node.as_ref()) else {
        let message = format!("recursive query \"{name}\" must not contain data-modifying statements");
        return Err(refused(message, raw.location));
    };
    if SetOperation::try_from(select.op) != Ok(SetOperation::SetopUnion) {
        let form = "non-recursive-term UNION [ALL] recursive-term";
        return Err(refused(format!("recursive query \"{name}\" does not have the form {form}"), raw.location));
    }
    let mut count = 0;
    let mut own = |rv: &RangeVar, context: Context| {
        if rv.relname != *name {
            return Ok(());
        }
        let reference = format!("recursive reference to query \"{name}\"");
        if context != Context::Allowed {
            return Err(refused(format!("{reference} must not appear within {}", context.words()), rv.location));
        }
        count += 1;
        if count > 1 {
            return Err(refused(format!("{reference} must not appear more than once"), rv.location));
        }
        Ok(())
    };
    for cte in select.with_clause.iter().flat_map(|with| &with.ctes) {
        references(Raw::Node(cte), Context::Subquery, &mut own)?;
    }
    let decorations = [
        ("ORDER BY", select.sort_clause.first()),
        ("OFFSET", select.limit_offset.as_deref()),
        ("LIMIT", select.limit_count.as_deref()),
        ("FOR UPDATE/SHARE", select.locking_clause.first()),
    ];
    if let Some((what, Some(part))) = decorations.into_iter().find(|(_, part)| part.is_some()) {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            format!("{what} in a recursive query is not implemented"),
            raw_location(part),
        ));
    }
    for (side, context) in [(&select.larg, Context::FirstTerm), (&select.rarg, Context::Allowed)] {
        if let Some(side) = side.as_deref() {
            references(Raw::Select(side), context, &mut own)?;
        }
    }
    Ok(())
}
