//! Sequences.

use pgseal_catalog::facts::Sequence;
use pgseal_catalog::plan::HazardKind;
use pgseal_catalog::{FactId, QualifiedName};

use super::super::action::{Action, Effect, Verb};
use super::{Alteration, Context};

pub(super) fn create(ctx: &Context<'_>, name: &QualifiedName, payload: &Sequence) -> Vec<Action> {
    let id = FactId::Sequence(name.clone());
    vec![Action::new(Verb::Create, id, ctx.to().create_sequence(name, payload))]
}

/// Who owns it comes after the owner: an action of its own.
pub(crate) fn set_owner(ctx: &Context<'_>, name: &QualifiedName, payload: &Sequence) -> Action {
    if payload.owned_by.is_none() {
        return leave_owner(ctx, name);
    }
    let sql = ctx.to().sequence_owner(name, payload.owned_by.as_ref());
    Action::new(Verb::Alter, FactId::Sequence(name.clone()), sql).with(Effect::Links)
}

/// A sequence whose owner goes stays behind.
pub(crate) fn leave_owner(ctx: &Context<'_>, name: &QualifiedName) -> Action {
    let sql = ctx.to().sequence_owner(name, None);
    Action::new(Verb::Alter, FactId::Sequence(name.clone()), sql).with(Effect::LetsGo)
}

pub(super) fn drop(ctx: &Context<'_>, name: &QualifiedName, _payload: &Sequence) -> Action {
    let sql = ctx.from().plain(format!("DROP SEQUENCE {}", ctx.from().qualified(name)));
    Action::new(Verb::Drop, FactId::Sequence(name.clone()), sql).hazard(
        ctx.header,
        HazardKind::DataLoss,
        Some(name),
        "the sequence's position goes",
    )
}

pub(super) fn alter(ctx: &Context<'_>, name: &QualifiedName, from: &Sequence, to: &Sequence) -> Alteration {
    let id = FactId::Sequence(name.clone());
    let mut out = Vec::new();
    let changes = ctx.to().sequence_changes(&from.options, &to.options, " ");
    if !changes.is_empty() {
        let sql = ctx.to().plain(format!("ALTER SEQUENCE {}{changes}", ctx.to().qualified(name)));
        out.push(Action::new(Verb::Alter, id.clone(), sql));
    }
    if from.unlogged != to.unlogged {
        let word = if to.unlogged { "UNLOGGED" } else { "LOGGED" };
        let sql = ctx.to().plain(format!("ALTER SEQUENCE {} SET {word}", ctx.to().qualified(name)));
        out.push(Action::new(Verb::Alter, id, sql));
    }
    if from.owned_by != to.owned_by {
        out.push(set_owner(ctx, name, to));
    }
    Alteration::InPlace(out)
}
