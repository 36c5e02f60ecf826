//! Functions, procedures and aggregates.

use pgseal_catalog::facts::{Aggregate, ArgumentMode, Function};
use pgseal_catalog::{FactId, Routine};

use super::super::action::{Action, Verb};
use super::{Alteration, Context};

/// `CREATE OR REPLACE` where Postgres allows it: the same kind, result, argument modes and names, and no default taken away.
pub(super) fn alter(ctx: &Context<'_>, id: &FactId, routine: &Routine, from: &Function, to: &Function) -> Alteration {
    let same_result = from.kind == to.kind && from.returns == to.returns && from.returns_set == to.returns_set;
    if !same_result || from.arguments.len() != to.arguments.len() {
        return Alteration::Replace;
    }
    for (a, b) in from.arguments.iter().zip(&to.arguments) {
        let renamed = a.name.is_some() && a.name != b.name;
        let output_named = a.mode != ArgumentMode::In && a.name != b.name;
        let default_gone = a.default.is_some() && b.default.is_none();
        if a.mode != b.mode || a.data_type != b.data_type || renamed || output_named || default_gone {
            return Alteration::Replace;
        }
    }
    let sql = ctx.to().create_function(routine, to, true);
    Alteration::InPlace(vec![Action::new(Verb::Alter, id.clone(), sql)])
}

/// `CREATE OR REPLACE` where Postgres allows it: the same kind, result and arguments.
pub(super) fn alter_aggregate(ctx: &Context<'_>, routine: &Routine, from: &Aggregate, to: &Aggregate) -> Alteration {
    let same_use = from.kind == to.kind
        && from.direct_arguments == to.direct_arguments
        && from.returns == to.returns
        && from.arguments.len() == to.arguments.len();
    let same_arguments = from
        .arguments
        .iter()
        .zip(&to.arguments)
        .all(|(a, b)| a.mode == b.mode && a.data_type == b.data_type && (a.name.is_none() || a.name == b.name));
    if !same_use || !same_arguments {
        return Alteration::Replace;
    }
    let sql = ctx.to().create_aggregate(routine, to, true);
    Alteration::InPlace(vec![Action::new(Verb::Alter, FactId::Aggregate(routine.clone()), sql)])
}
