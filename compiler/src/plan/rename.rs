//! What only goes under another name: a constraint, an index, a policy or a rule that is the same in everything else is renamed.

use std::collections::BTreeMap;

use pgseal_catalog::facts::Payload;
use pgseal_catalog::plan::LockMode;
use pgseal_catalog::{Fact, FactId, QualifiedName};

use super::action::{Action, Verb};
use super::inherit::is_derived;
use super::round::Work;
use super::rules::Context;
use crate::diff::Delta;

/// Pairs what was removed with what was added where one statement renames it.
pub(super) fn pair(ctx: &Context<'_>, deltas: &[Delta], number: u32, work: &mut Work) {
    let mut removed: BTreeMap<QualifiedName, Vec<&Fact>> = BTreeMap::new();
    for delta in deltas {
        let Delta::Removed(id) = delta else { continue };
        let Some(fact) = ctx.working.fact(id) else { continue };
        if let Some(table) = table_of(fact) {
            removed.entry(table).or_default().push(fact);
        }
    }
    for delta in deltas {
        let Delta::Added(id) = delta else { continue };
        let Some(new) = ctx.desired.fact(id) else { continue };
        let Some(candidates) = table_of(new).and_then(|table| removed.get_mut(&table)) else { continue };
        if number == 1 && is_derived(new) {
            continue;
        }
        let same = |old: &&Fact| old.id.kind() == new.id.kind() && old.payload == new.payload && can_be_renamed(old);
        let Some(at) = candidates.iter().position(same) else { continue };
        let old = candidates.remove(at);
        if let Some(action) = rename(ctx, &old.id, id) {
            work.renames.insert(old.id.clone(), (id.clone(), action));
        }
    }
}

fn table_of(fact: &Fact) -> Option<QualifiedName> {
    match (&fact.id, &fact.payload) {
        (
            FactId::Constraint(table, _)
            | FactId::Policy(table, _)
            | FactId::Rule(table, _)
            | FactId::ViewRule(table, _),
            _,
        ) => Some(table.clone()),
        (_, Payload::Index(index)) => Some(index.table.clone()),
        _ => None,
    }
}

/// What is inherited by name keeps its parent's.
fn can_be_renamed(fact: &Fact) -> bool {
    match &fact.payload {
        Payload::Constraint(constraint) => constraint.inherit_count == 0 || constraint.parent.is_some(),
        _ => true,
    }
}

fn rename(ctx: &Context<'_>, from: &FactId, to: &FactId) -> Option<Action> {
    match (from, to) {
        (FactId::Constraint(table, old), FactId::Constraint(_, new)) => {
            let what = format!("RENAME CONSTRAINT {} TO {}", ctx.from().name(old), ctx.from().name(new));
            let sql = ctx.from().alter_table(table, &what);
            Some(Action::new(Verb::Alter, from.clone(), sql).locking(table, LockMode::AccessExclusive))
        }
        (FactId::Policy(table, _), FactId::Policy(_, new))
        | (FactId::Rule(table, _), FactId::Rule(_, new))
        | (FactId::ViewRule(table, _), FactId::ViewRule(_, new)) => {
            let text = format!("ALTER {} RENAME TO {}", ctx.from().object(from), ctx.from().name(new));
            let action = Action::new(Verb::Alter, from.clone(), ctx.from().plain(text));
            Some(action.locking(table, LockMode::AccessExclusive))
        }
        (FactId::Index(old), FactId::Index(new)) if old.schema == new.schema => {
            let text = format!("ALTER INDEX {} RENAME TO {}", ctx.from().qualified(old), ctx.from().name(&new.name));
            Some(Action::new(Verb::Alter, from.clone(), ctx.from().plain(text)))
        }
        _ => None,
    }
}
