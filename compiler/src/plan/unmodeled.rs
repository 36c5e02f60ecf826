//! What the database holds and this version does not model must not be touched by a plan.

use std::collections::BTreeSet;

use pgseal_catalog::{FactId, Snapshot};

use super::PlanError;
use super::action::{Action, Effect};
use crate::elaborate::Model;

/// Refuses actions that drop or retype what something not modelled needs. Grants go with what they are on; but what is dropped to
/// be made anew would lose them.
///
/// # Errors
/// The first one, by name.
pub(super) fn check(
    snapshot: &Snapshot,
    working: &Model,
    desired: &Model,
    actions: &[Action],
) -> Result<(), PlanError> {
    if snapshot.unmodeled.is_empty() {
        return Ok(());
    }
    let mut touched: BTreeSet<FactId> = BTreeSet::new();
    let mut destroyed: BTreeSet<&FactId> = BTreeSet::new();
    for action in actions {
        destroyed.extend(&action.destroys);
        touched.extend(action.destroys.iter().cloned());
        if action.effect == Some(Effect::Retypes) {
            touched.insert(action.about.clone());
        }
    }
    // what belongs to a table goes with it
    if destroyed.iter().any(|id| matches!(id, FactId::Table(_))) {
        let members = working.catalog().iter().map(|fact| &fact.id).filter(|id| match id.object() {
            table @ FactId::Table(_) => destroyed.contains(&table),
            _ => false,
        });
        touched.extend(members.cloned());
    }
    for other in &snapshot.unmodeled {
        let grants = other.kind == "grants";
        let is_lost = |need: &&FactId| {
            touched.contains(*need) && (!grants || destroyed.contains(*need) && desired.contains(need))
        };
        if let Some(id) = other.needs.iter().find(is_lost) {
            return Err(PlanError::Unmodeled {
                kind: other.kind.clone(),
                name: other.name.clone(),
                touched: Box::new(id.clone()),
            });
        }
    }
    Ok(())
}
