//! Phases: one transaction where one can do it, several where Postgres demands it.

use std::collections::BTreeSet;

use pgseal_catalog::FactId;

use super::action::Action;
use crate::elaborate::Model;

/// Splits the actions into runs that commit together. New enum values are committed first when anything else of the plan could
/// use them: a server refuses to use one in the transaction that added it.
pub(super) fn split(desired: &Model, actions: Vec<Action>) -> Vec<Vec<Action>> {
    let (values, rest): (Vec<Action>, Vec<Action>) = actions.into_iter().partition(|action| action.commit_before_use);
    let enums: BTreeSet<FactId> = values.iter().map(|action| action.about.clone()).collect();
    let used = rest.iter().any(|action| uses(desired, action, &enums));
    let phases = if used { vec![values, rest] } else { vec![values.into_iter().chain(rest).collect()] };
    phases.into_iter().filter(|phase| !phase.is_empty()).collect()
}

/// Whether an action's facts need one of these, at any distance.
fn uses(desired: &Model, action: &Action, enums: &BTreeSet<FactId>) -> bool {
    if enums.is_empty() {
        return false;
    }
    let mut seen: BTreeSet<&FactId> = BTreeSet::new();
    let mut next: Vec<&FactId> = action.creates.iter().chain([&action.about]).collect();
    while let Some(id) = next.pop() {
        if enums.contains(id) {
            return true;
        }
        if seen.insert(id) {
            next.extend(desired.fact(id).into_iter().flat_map(|fact| &fact.needs));
        }
    }
    false
}
