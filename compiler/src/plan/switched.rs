//! Constraints that are switched off in the database: `ALTER TABLE … DISABLE TRIGGER ALL` does that to foreign keys and deferrable keys.

use pgseal_catalog::facts::Constraint;
use pgseal_catalog::{FactId, Payload};

use super::PlanError;
use crate::diff::Delta;
use crate::elaborate::Model;

/// Refuses to plan for a constraint that is switched off and is to stay: no schema says so, and to switch it on would let rows stay
/// that it forbids.
///
/// # Errors
/// The first one, by name.
pub(super) fn check(working: &Model, desired: &Model, deltas: &[Delta]) -> Result<(), PlanError> {
    let switched = deltas.iter().find_map(|delta| {
        let trigger = constraint(working, delta.id())?.switched.first()?;
        (constraint(desired, delta.id())?.switched.is_empty()).then_some((delta.id(), trigger))
    });
    let Some((id, trigger)) = switched else { return Ok(()) };
    Err(PlanError::SwitchedOff {
        constraint: Box::new(id.clone()),
        table: Box::new(FactId::Table(trigger.table.clone())),
    })
}

fn constraint<'m>(model: &'m Model, id: &FactId) -> Option<&'m Constraint> {
    match &model.fact(id)?.payload {
        Payload::Constraint(constraint) => Some(constraint),
        _ => None,
    }
}
