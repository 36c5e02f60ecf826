//! What a change of the policy needs at the least.
//!
//! Whoever can change the policy can take any of its rules away, and then sign a plan that the rule would have stopped. So a change
//! needs no less than the strictest of them: of all, of hazards and of environments, in all and for each role. Where a role has
//! no key that may sign policies, the default cannot be given and is refused; a table that leaves that role out says so, and may.

use std::collections::{BTreeMap, BTreeSet};

use super::{Demand, EnvironmentRule, HazardRule, PolicyError};

/// The most that any plan needs, and which field says so.
#[derive(Debug)]
pub(super) struct Least {
    threshold: Most,
    roles: BTreeMap<String, Most>,
}

/// A number of keys, and the path of the field that demands it.
#[derive(Debug)]
struct Most {
    count: u32,
    by: String,
}

impl Most {
    fn raise(&mut self, count: u32, by: impl FnOnce() -> String) {
        if count > self.count {
            *self = Self { count, by: by() };
        }
    }
}

impl Least {
    /// The most of what plans need.
    pub(super) fn of(
        overall: &Demand,
        raised_by_cosign: bool,
        hazards: &BTreeMap<String, HazardRule>,
        environments: &BTreeMap<String, EnvironmentRule>,
    ) -> Self {
        let by = if raised_by_cosign { "require_cosign" } else { "threshold" };
        let mut least =
            Self { threshold: Most { count: overall.threshold, by: by.to_owned() }, roles: BTreeMap::new() };
        least.raise_roles(overall, "role_thresholds");
        for (hazard, rule) in hazards {
            if let HazardRule::Needs(demand) = rule {
                least.raise(demand, &format!("hazards.{hazard}"));
            }
        }
        for (name, rule) in environments {
            least.raise(&rule.demand, &format!("environments.{name}"));
        }
        least
    }

    fn raise(&mut self, demand: &Demand, table: &str) {
        self.threshold.raise(demand.threshold, || format!("{table}.threshold"));
        self.raise_roles(demand, &format!("{table}.roles"));
    }

    fn raise_roles(&mut self, demand: &Demand, table: &str) {
        for (role, count) in &demand.roles {
            let most = self.roles.entry(role.clone()).or_insert_with(|| Most { count: 0, by: String::new() });
            most.raise(*count, || format!("{table}.{role}"));
        }
    }

    /// Without the roles that have no say.
    pub(super) fn among(mut self, roles: &BTreeSet<&str>) -> Self {
        self.roles.retain(|role, _| roles.contains(role.as_str()));
        self
    }

    /// Just that.
    pub(super) fn demand(&self) -> Demand {
        let roles = self.roles.iter().map(|(role, most)| (role.clone(), most.count)).collect();
        Demand { threshold: self.threshold.count, roles }
    }

    /// Whether a demand, of a table in that line, is no less.
    pub(super) fn check(&self, line: usize, demand: &Demand) -> Result<(), PolicyError> {
        let weak = |field: String, found: u32, most: &Most| {
            Err(PolicyError::ChangesTooWeak { line, field, found, by: most.by.clone(), demanded: most.count })
        };
        if demand.threshold < self.threshold.count {
            return weak("policy_changes.threshold".to_owned(), demand.threshold, &self.threshold);
        }
        for (role, most) in &self.roles {
            let found = demand.roles.get(role).copied().unwrap_or(0);
            if found < most.count {
                return weak(format!("policy_changes.roles.{role}"), found, most);
            }
        }
        Ok(())
    }
}
