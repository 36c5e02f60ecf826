//! Triggers.

use pgseal_catalog::facts::{Enabled, Trigger};
use pgseal_catalog::plan::LockMode;
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::super::action::{Action, Verb};
use super::{Alteration, Context};

pub(super) fn create(
    ctx: &Context<'_>,
    id: &FactId,
    table: &QualifiedName,
    name: &Name,
    trigger: &Trigger,
) -> Vec<Action> {
    let sql = ctx.to().create_trigger(id, table, name, trigger, false);
    let mut action = Action::new(Verb::Create, id.clone(), sql).locking(table, LockMode::ShareRowExclusive);
    if let Some(from) = trigger.constraint.as_ref().and_then(|constraint| constraint.from.as_ref()) {
        action = action.locking(from, LockMode::ShareRowExclusive);
    }
    let mut out = vec![action];
    if trigger.enabled != Enabled::Origin {
        out.push(enable(ctx, table, name, trigger.enabled));
    }
    out
}

fn enable(ctx: &Context<'_>, table: &QualifiedName, name: &Name, enabled: Enabled) -> Action {
    let sql = ctx.to().enable_trigger(table, name, enabled);
    Action::new(Verb::Alter, FactId::Trigger(table.clone(), name.clone()), sql)
        .locking(table, LockMode::ShareRowExclusive)
}

pub(super) fn drop(ctx: &Context<'_>, id: &FactId, table: &QualifiedName) -> Action {
    let sql = ctx.from().plain(format!("DROP {}", ctx.from().object(id)));
    Action::new(Verb::Drop, id.clone(), sql).locking(table, LockMode::AccessExclusive)
}

pub(super) fn alter(
    ctx: &Context<'_>,
    id: &FactId,
    table: &QualifiedName,
    name: &Name,
    from: &Trigger,
    to: &Trigger,
) -> Alteration {
    let mut rest = from.clone();
    rest.enabled = to.enabled;
    rest.cloned = to.cloned;
    if rest == *to {
        return Alteration::InPlace(vec![enable(ctx, table, name, to.enabled)]);
    }
    if from.constraint.is_some() || to.constraint.is_some() {
        return Alteration::Replace;
    }
    let sql = ctx.to().create_trigger(id, table, name, to, true);
    let mut out = vec![Action::new(Verb::Alter, id.clone(), sql).locking(table, LockMode::ShareRowExclusive)];
    // replacing a trigger enables it
    if to.enabled != Enabled::Origin {
        out.push(enable(ctx, table, name, to.enabled));
    }
    Alteration::InPlace(out)
}
