//! Functions and procedures.

use pgseal_catalog::facts::{ArgumentMode, Function};
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
