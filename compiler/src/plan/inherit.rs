//! What a table has from its parents, in a round: what follows by itself and is not planned, what is a part of something
//! larger, and in which order own definitions come and go beside those of parents.

use std::collections::BTreeSet;

use pgseal_catalog::facts::{Constraint, ConstraintKind, Payload};
use pgseal_catalog::{Fact, FactId, QualifiedName};

use super::round::{Doers, Work};
use super::rules::{self, Context};
use crate::elaborate::Model;

/// Whether a fact follows from a parent's.
pub(super) fn is_derived(fact: &Fact) -> bool {
    match &fact.payload {
        Payload::Column(column) => !column.is_local,
        Payload::Constraint(constraint) => !constraint.is_local || constraint.parent.is_some(),
        Payload::Index(index) => index.attached_to.is_some(),
        Payload::Trigger(trigger) => trigger.cloned,
        _ => false,
    }
}

/// Whether parents have it too: nothing takes it away or changes it before theirs.
pub(super) fn is_inherited(fact: &Fact) -> bool {
    match &fact.payload {
        Payload::Column(column) => column.inherit_count > 0,
        Payload::Constraint(constraint) => constraint.inherit_count > 0,
        Payload::Index(index) => index.attached_to.is_some(),
        _ => false,
    }
}

/// Whether a new not-null constraint is of a column that has its parents' under another name: that one stays when the table
/// leaves them, and is renamed then.
pub(super) fn has_parents_not_null(ctx: &Context<'_>, new: &Fact) -> bool {
    parents_not_null(ctx.working, new).is_some()
}

/// Whether a not-null constraint counts as its parents', which has another name, once the table joins them.
pub(super) fn joins_parents_not_null(ctx: &Context<'_>, old: &Fact) -> bool {
    parents_not_null(ctx.desired, old).is_some_and(|id| !ctx.working.contains(&id))
}

/// The not-null constraint that a column of a not-null constraint has from its parents alone.
fn parents_not_null(model: &Model, of: &Fact) -> Option<FactId> {
    let (FactId::Constraint(table, _), Payload::Constraint(Constraint { is: ConstraintKind::NotNull(wanted), .. })) =
        (&of.id, &of.payload)
    else {
        return None;
    };
    let is_it = |fact: &&Fact| match &fact.payload {
        Payload::Constraint(Constraint { is: ConstraintKind::NotNull(there), .. }) => {
            there.column == wanted.column && is_derived(fact)
        }
        _ => false,
    };
    model.catalog().constraints(table).find(is_it).map(|fact| fact.id.clone())
}

/// Whether a new table brings the fact along from its parents: a default or a comment of nobody's own.
pub(super) fn comes_with_its_table(ctx: &Context<'_>, fact: &Fact) -> bool {
    let FactId::Default(table, column) = &fact.id else { return false };
    if ctx.working.table(table).is_some() {
        return false;
    }
    ctx.desired.column(table, column).is_some_and(|column| !column.is_local)
}

/// The table that something which can be inherited belongs to.
pub(super) fn table_of(fact: &Fact) -> Option<&QualifiedName> {
    match (&fact.id, &fact.payload) {
        (FactId::Column(table, _) | FactId::Constraint(table, _), _) => Some(table),
        (_, Payload::Index(index)) => Some(&index.table),
        _ => None,
    }
}

/// Whether a fact's table stays where it is, so that the fact does not come loose from what it is a part of.
pub(super) fn stays_a_part(ctx: &Context<'_>, fact: &Fact) -> bool {
    table_of(fact).is_some_and(|table| !rules::moves(ctx, table))
}

/// What a fact is a part of, and only goes with: a partitioned index or key.
pub(super) fn whole(fact: &Fact) -> Option<FactId> {
    match &fact.payload {
        Payload::Index(index) => index.attached_to.clone().map(FactId::Index),
        Payload::Constraint(constraint) => {
            constraint.parent.clone().map(|(table, name)| FactId::Constraint(table, name))
        }
        _ => None,
    }
}

/// A constraint that children have from the table counts as inherited there for ever when it goes with its column alone. Where
/// they keep the column it is dropped first.
pub(super) fn is_kept_by_children(ctx: &Context<'_>, work: &Work, fact: &Fact) -> bool {
    let FactId::Constraint(table, _) = &fact.id else { return false };
    if work.drops.contains(&FactId::Table(table.clone())) || !rules::is_inherited_by_name(fact) {
        return false;
    }
    let kept = |child: &QualifiedName| {
        fact.needs.iter().any(|need| {
            matches!(need, FactId::Column(of, column) if of == table && ctx.desired.column(child, column).is_some())
        })
    };
    ctx.working.children(table).iter().any(kept)
}

/// What parents have too goes after theirs, or after the table has left them.
pub(super) fn edges_of_inherited_drop(
    ctx: &Context<'_>,
    doers: &Doers,
    n: usize,
    fact: &Fact,
    is_late: impl Fn(usize) -> bool,
    out: &mut BTreeSet<(usize, usize)>,
) {
    if !is_inherited(fact) {
        return;
    }
    let Some(table) = table_of(fact) else { return };
    if doers.destroyers.get(&FactId::Table(table.clone())) == Some(&n) {
        return;
    }
    let leaves = doers.alterers.get(&FactId::Table(table.clone())).into_iter().flatten();
    let mut before: Vec<usize> = leaves.copied().filter(|&n| !is_late(n)).collect();
    for parent in ctx.working.parents(table) {
        if doers.destroyers.contains_key(&FactId::Table(parent.clone())) {
            continue;
        }
        match (&fact.id, &fact.payload) {
            (FactId::Column(_, column), _) => {
                before.extend(doers.destroyers.get(&FactId::Column(parent, column.clone())));
            }
            (_, Payload::Constraint(constraint)) => {
                for theirs in ctx.working.catalog().constraints(&parent) {
                    let same = match (&constraint.is, &theirs.payload) {
                        (
                            ConstraintKind::NotNull(own),
                            Payload::Constraint(Constraint { is: ConstraintKind::NotNull(of_parent), .. }),
                        ) => own.column == of_parent.column,
                        _ => {
                            matches!((&fact.id, &theirs.id), (FactId::Constraint(_, a), FactId::Constraint(_, b)) if a == b)
                        }
                    };
                    before.extend(doers.destroyers.get(&theirs.id).filter(|_| same));
                }
            }
            _ => {}
        }
    }
    out.extend(before.into_iter().filter(|&first| first != n).map(|first| (first, n)));
}

/// A child defines a column for its own before it gets it from its parents.
pub(super) fn edges_of_own_definition(
    ctx: &Context<'_>,
    doers: &Doers,
    n: usize,
    id: &FactId,
    out: &mut BTreeSet<(usize, usize)>,
) {
    let FactId::Column(table, column) = id else { return };
    if ctx.working.table(table).is_none() {
        return;
    }
    for parent in ctx.working.parents(table) {
        let theirs = doers.creators.get(&FactId::Column(parent, column.clone()));
        out.extend(theirs.filter(|&&after| after != n).map(|&after| (n, after)));
    }
}
