//! A trust policy in sentences, for whoever has to agree to it.

use std::collections::BTreeSet;

use pgseal_catalog::snapshot::AGENTS_SCHEMA;

use super::{Demand, EnvironmentRule, HazardRule, LedgerRule, MemoryRule, TargetRule, TrustPolicy, TrustedKey};
use crate::kind::Purpose;
use crate::moment;

impl TrustPolicy {
    /// What the policy demands, a line each; those of a list are indented.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let mut lines = vec![format!("a plan needs {}", demand(&self.demand))];
        if self.require_cosign {
            lines.push("one of its signers, who are two at least, must have compiled it again (cosign)".to_owned());
        }
        lines.extend(self.min_compiler_version.map(|version| format!("it must be of compiler {version} or later")));
        lines.extend(self.max_plan_age.map(|age| format!("it must begin to be valid at most {} ago", duration(age))));
        match &self.allowed_hazards {
            Some(allowed) if allowed.is_empty() => lines.push("no hazard is allowed".to_owned()),
            Some(allowed) => lines.push(format!("no other hazards are allowed than {}", list(allowed))),
            None => lines.push("any hazard is allowed that is not named here".to_owned()),
        }
        lines.extend(self.hazards.iter().map(|(hazard, rule)| match rule {
            HazardRule::Forbidden => format!("hazard \"{hazard}\" is never allowed"),
            HazardRule::Needs(needs) => format!("a plan with hazard \"{hazard}\" needs {}", demand(needs)),
        }));
        lines.extend(self.environments.iter().map(|(name, rule)| environment(name, rule)));
        if self.targets.is_empty() {
            lines.push("it may be applied to any database that it was made for".to_owned());
        } else {
            lines.push("it may be applied to these databases:".to_owned());
            lines.extend(self.targets.iter().map(target));
        }
        if self.ledger == LedgerRule::Required {
            lines.push("every phase must be noted in the database".to_owned());
        }
        if self.ledger_schema != AGENTS_SCHEMA {
            lines.push(format!("what is applied is noted in schema \"{}\"", self.ledger_schema));
        }
        if self.memory == MemoryRule::Required {
            lines.push("the agent must have a memory (--state)".to_owned());
        }
        lines.push(format!("the next version of this policy needs {}", demand(&self.changes)));
        lines.push("keys:".to_owned());
        lines.extend(self.keys.iter().map(key));
        lines
    }

    /// What an earlier policy demanded and this one does not, and the other way round, a line each.
    #[must_use]
    pub fn changes_since(&self, earlier: &Self) -> Vec<String> {
        let (before, now) = (earlier.in_words(), self.in_words());
        let sets = |lines: &[String]| lines.iter().cloned().collect::<BTreeSet<_>>();
        let (said_before, said_now) = (sets(&before), sets(&now));
        let gone = before.iter().filter(|line| !said_now.contains(*line));
        let new = now.iter().filter(|line| !said_before.contains(*line));
        let gone = gone.map(|line| format!("no longer: {}", line.trim_start()));
        gone.chain(new.map(|line| format!("now: {}", line.trim_start()))).collect()
    }
}

fn demand(demand: &Demand) -> String {
    let keys = |count: u32| if count == 1 { "1 key".to_owned() } else { format!("{count} distinct keys") };
    let roles: Vec<String> =
        demand.roles.iter().map(|(role, count)| format!("{count} of them with role \"{role}\"")).collect();
    let roles = if roles.is_empty() { String::new() } else { format!(", {}", roles.join(", ")) };
    format!("the signatures of {}{roles}", keys(demand.threshold))
}

fn environment(name: &str, rule: &EnvironmentRule) -> String {
    let mut text = format!("in environment \"{name}\" it needs {}", demand(&rule.demand));
    if !rule.forbidden_hazards.is_empty() {
        text.push_str(&format!("; never allowed there: {}", list(&rule.forbidden_hazards)));
    }
    text
}

fn target(rule: &TargetRule) -> String {
    let mut text = format!("  {}", rule.label);
    let mut parts: Vec<String> = Vec::new();
    parts.extend(rule.environment.iter().map(|name| format!("environment \"{name}\"")));
    parts.extend(rule.database.iter().map(|name| format!("database \"{name}\"")));
    parts.extend(rule.system_identifier.map(|id| format!("system identifier {id}")));
    if !parts.is_empty() {
        text.push_str(&format!(": {}", parts.join(", ")));
    }
    text
}

fn key(key: &TrustedKey) -> String {
    let signs = key.signs.iter().map(|purpose| match purpose {
        Purpose::Plan => "plans",
        Purpose::TrustPolicy => "trust policies",
        Purpose::Snapshot => "snapshots",
        Purpose::Receipt => "receipts",
    });
    let signs: Vec<&str> = signs.collect();
    let mut text = format!("  {} ({}) signs {}", key.name, key.key.id().short(), signs.join(", "));
    if !key.roles.is_empty() {
        text.push_str(&format!("; roles {}", list(&key.roles)));
    }
    if let Some(start) = key.not_before {
        text.push_str(&format!("; from {}", moment::written(start)));
    }
    if let Some(end) = key.not_after {
        text.push_str(&format!("; until {}", moment::written(end)));
    }
    if key.revoked {
        text.push_str("; REVOKED: counts nothing");
    }
    text
}

fn list(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// In the largest unit that divides it.
fn duration(seconds: u64) -> String {
    for (unit, name) in [(86_400, "days"), (3_600, "hours"), (60, "minutes")] {
        if seconds.is_multiple_of(unit) {
            return format!("{} {name}", seconds / unit);
        }
    }
    format!("{seconds} seconds")
}
