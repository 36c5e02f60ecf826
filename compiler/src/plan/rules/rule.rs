//! Rewrite rules.

use pgseal_catalog::facts::{Enabled, Rule};
use pgseal_catalog::plan::LockMode;
use pgseal_catalog::{FactId, QualifiedName};

use super::super::action::{Action, Verb};
use super::{Alteration, Context};

pub(super) fn create(ctx: &Context<'_>, id: &FactId, on: &QualifiedName, rule: &Rule) -> Vec<Action> {
    let sql = ctx.to().create_rule(id, on, rule, false);
    let mut out = vec![Action::new(Verb::Create, id.clone(), sql).locking(on, LockMode::AccessExclusive)];
    if rule.enabled != Enabled::Origin {
        out.push(enable(ctx, id, on, rule.enabled));
    }
    out
}

fn enable(ctx: &Context<'_>, id: &FactId, on: &QualifiedName, enabled: Enabled) -> Action {
    let sql = ctx.to().enable_rule(id, on, enabled);
    Action::new(Verb::Alter, id.clone(), sql).locking(on, LockMode::AccessExclusive)
}

pub(super) fn drop(ctx: &Context<'_>, id: &FactId, on: &QualifiedName) -> Action {
    let sql = ctx.from().plain(format!("DROP {}", ctx.from().object(id)));
    Action::new(Verb::Drop, id.clone(), sql).locking(on, LockMode::AccessExclusive)
}

/// `CREATE OR REPLACE RULE` changes everything but whether it is enabled.
pub(super) fn alter(ctx: &Context<'_>, id: &FactId, on: &QualifiedName, from: &Rule, to: &Rule) -> Alteration {
    let mut out = Vec::new();
    if (Rule { enabled: to.enabled, ..from.clone() }) != *to {
        let sql = ctx.to().create_rule(id, on, to, true);
        out.push(Action::new(Verb::Alter, id.clone(), sql).locking(on, LockMode::AccessExclusive));
    }
    if from.enabled != to.enabled {
        out.push(enable(ctx, id, on, to.enabled));
    }
    Alteration::InPlace(out)
}
