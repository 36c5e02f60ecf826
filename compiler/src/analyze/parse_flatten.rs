//! The columns of joins replaced by what they stand for.
//!
//! Follows `flatten_join_alias_vars`, var.c, and `substitute_grouped_columns`, parse_agg.c (PG 18).

use super::parse_grouped::same;
use crate::env::Oid;
use crate::tree::{CoercionForm, Expr, Query, RangeTblEntry, RowExpr, RteKind};

/// An entry of a range table.
pub(super) fn entry(rtable: &[RangeTblEntry], varno: u32) -> Option<&RangeTblEntry> {
    rtable.get(usize::try_from(varno).ok()?.checked_sub(1)?)
}

/// Looks through the columns of a query's joins, in an expression of its own; not in subqueries.
pub(super) fn flatten(rtable: &[RangeTblEntry], expr: &mut Expr) {
    let mut waiting = vec![expr];
    while let Some(at) = waiting.pop() {
        while let Some(inner) = join_column(rtable, at, 0) {
            *at = inner;
        }
        waiting.extend(at.children_mut());
    }
}

/// What a column of a join stands for, seen from so many queries further in.
fn join_column(rtable: &[RangeTblEntry], expr: &Expr, depth: u32) -> Option<Expr> {
    let Expr::Var(var) = expr else { return None };
    if var.levels_up != depth {
        return None;
    }
    let found = entry(rtable, var.varno)?;
    let RteKind::Join(join) = &found.kind else { return None };
    let mut inner = if var.attno == 0 {
        Expr::RowExpr(RowExpr {
            args: join.alias_vars.iter().flatten().cloned().collect(),
            row_type: Oid::RECORD,
            format: CoercionForm::ImplicitCast,
            colnames: found.eref.columns.clone(),
            location: var.location,
        })
    } else {
        join.alias_vars.get(usize::try_from(var.attno).ok()?.checked_sub(1)?)?.clone()?
    };
    raise(&mut inner, depth);
    if matches!(inner, Expr::Var(_)) {
        inner = inner.placed(var.location.offset());
    }
    Some(inner)
}

/// Makes an expression of a query one for so many queries further in.
fn raise(expr: &mut Expr, by: u32) {
    if by == 0 {
        return;
    }
    let mut waiting = vec![expr];
    while let Some(at) = waiting.pop() {
        if let Expr::Var(var) = at {
            var.levels_up += by;
        }
        waiting.extend(at.children_mut());
    }
}

/// Looks through the columns of joins in all of an expression, subqueries too, but in what is grouped, where it stays as it
/// was written.
pub(super) fn flatten_beside_groups(rtable: &[RangeTblEntry], written: &[Expr], expr: &mut Expr) {
    let groups = written.iter().map(|written| {
        let mut flat = written.clone();
        flatten_deeply(rtable, &mut flat, 0);
        (flat, written)
    });
    let substitution = Substitution { groups: groups.collect() };
    flatten_deeply(rtable, expr, 0);
    substitution.expression(expr, 0);
}

fn flatten_deeply(rtable: &[RangeTblEntry], expr: &mut Expr, depth: u32) {
    let mut waiting = vec![expr];
    while let Some(at) = waiting.pop() {
        while let Some(inner) = join_column(rtable, at, depth) {
            *at = inner;
        }
        if let Expr::SubLink(link) = at {
            flatten_query(rtable, &mut link.query, depth + 1);
        }
        waiting.extend(at.children_mut());
    }
}

fn flatten_query(rtable: &[RangeTblEntry], query: &mut Query, depth: u32) {
    query.change_expressions(&mut |expr| flatten_deeply(rtable, expr, depth));
    for inner in query.subqueries_mut() {
        flatten_query(rtable, inner, depth + 1);
    }
}

/// What is grouped: looked through, and as it was written.
struct Substitution<'q> {
    groups: Vec<(Expr, &'q Expr)>,
}

impl Substitution<'_> {
    fn expression(&self, expr: &mut Expr, depth: u32) {
        let mut waiting = vec![expr];
        while let Some(at) = waiting.pop() {
            let computed_before = match &*at {
                Expr::Const(_) | Expr::Param(_) => continue,
                Expr::Aggref(aggregate) if aggregate.levels_up > depth => continue,
                Expr::GroupingFunc(grouping) if grouping.levels_up >= depth => continue,
                // what an aggregate computes is computed before grouping
                Expr::Aggref(aggregate) => aggregate.levels_up == depth,
                _ => false,
            };
            if computed_before {
                if let Expr::Aggref(aggregate) = at {
                    waiting.extend(aggregate.direct_args.iter_mut());
                }
                continue;
            }
            if self.put_back(at, depth) {
                continue;
            }
            if let Expr::SubLink(link) = at {
                self.query(&mut link.query, depth + 1);
            }
            waiting.extend(at.children_mut());
        }
    }

    fn query(&self, query: &mut Query, depth: u32) {
        query.change_expressions(&mut |expr| self.expression(expr, depth));
        for inner in query.subqueries_mut() {
            self.query(inner, depth + 1);
        }
    }

    /// Puts what is grouped back as it was written; in subqueries that is so for plain columns only.
    fn put_back(&self, expr: &mut Expr, depth: u32) -> bool {
        let found = match &*expr {
            at if depth == 0 => self.groups.iter().find(|(grouped, _)| same(grouped, at)),
            Expr::Var(var) if var.levels_up >= depth => {
                let own = Expr::Var(crate::tree::Var { levels_up: var.levels_up - depth, ..var.clone() });
                self.groups.iter().find(|(grouped, _)| same(grouped, &own))
            }
            _ => None,
        };
        let Some((_, written)) = found else { return false };
        *expr = (*written).clone();
        raise(expr, depth);
        true
    }
}
