//! What the database holds and this version does not model must not be touched by a plan.

use std::collections::BTreeSet;

use pgseal_catalog::{FactId, Snapshot};

use super::PlanError;
use super::action::{Action, Effect};
use crate::elaborate::Model;

/// Refuses actions that drop or retype what something not modelled needs.
///
/// # Errors
/// The first one, by name.
pub(super) fn check(snapshot: &Snapshot, working: &Model, actions: &[Action]) -> Result<(), PlanError> {
    if snapshot.unmodeled.is_empty() {
        return Ok(());
    }
    let mut touched: BTreeSet<FactId> = BTreeSet::new();
    for action in actions {
        touched.extend(action.destroys.iter().cloned());
        if action.effect == Some(Effect::Retypes) {
            touched.insert(action.about.clone());
        }
        for id in &action.destroys {
            if matches!(id, FactId::Table(_)) {
                let members = working.catalog().iter().filter(|fact| fact.id.object() == *id);
                touched.extend(members.map(|fact| fact.id.clone()));
            }
        }
    }
    for other in &snapshot.unmodeled {
        if let Some(id) = other.needs.iter().find(|need| touched.contains(*need)) {
            return Err(PlanError::Unmodeled {
                kind: other.kind.clone(),
                name: other.name.clone(),
                touched: Box::new(id.clone()),
            });
        }
    }
    Ok(())
}
