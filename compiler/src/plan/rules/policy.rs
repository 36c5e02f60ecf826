//! Row security policies.

use pgseal_catalog::facts::Policy;
use pgseal_catalog::plan::LockMode;
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::super::action::{Action, Verb};
use super::{Alteration, Context};

pub(super) fn create(ctx: &Context<'_>, table: &QualifiedName, name: &Name, policy: &Policy) -> Vec<Action> {
    let sql = ctx.to().create_policy(table, name, policy);
    let id = FactId::Policy(table.clone(), name.clone());
    vec![Action::new(Verb::Create, id, sql).locking(table, LockMode::AccessExclusive)]
}

pub(super) fn drop(ctx: &Context<'_>, table: &QualifiedName, name: &Name) -> Action {
    let id = FactId::Policy(table.clone(), name.clone());
    let sql = ctx.from().plain(format!("DROP {}", ctx.from().object(&id)));
    Action::new(Verb::Drop, id, sql).locking(table, LockMode::AccessExclusive)
}

/// `ALTER POLICY` changes roles and expressions; it cannot take an expression away.
pub(super) fn alter(ctx: &Context<'_>, table: &QualifiedName, name: &Name, from: &Policy, to: &Policy) -> Alteration {
    let expression_gone = from.using.is_some() && to.using.is_none() || from.check.is_some() && to.check.is_none();
    if from.command != to.command || from.restrictive != to.restrictive || expression_gone {
        return Alteration::Replace;
    }
    let id = FactId::Policy(table.clone(), name.clone());
    let sql = ctx.to().alter_policy(table, name, to);
    Alteration::InPlace(vec![Action::new(Verb::Alter, id, sql).locking(table, LockMode::AccessExclusive)])
}
