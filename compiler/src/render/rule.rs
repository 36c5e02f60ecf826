//! Rewrite rules.

use pgseal_catalog::facts::{Enabled, Rule, RuleEvent};
use pgseal_catalog::{FactId, QualifiedName};

use super::trigger::enabled_word;
use super::{Renderer, Sql};
use crate::elaborate::Part;

/// What fires a rule.
pub(crate) fn rule_event_word(event: RuleEvent) -> &'static str {
    match event {
        RuleEvent::Insert => "INSERT",
        RuleEvent::Update => "UPDATE",
        RuleEvent::Delete => "DELETE",
    }
}

impl Renderer<'_> {
    /// `CREATE RULE`; with `replace`, `CREATE OR REPLACE RULE`.
    #[must_use]
    pub fn create_rule(&self, id: &FactId, on: &QualifiedName, rule: &Rule, replace: bool) -> Sql {
        let replace = if replace { "OR REPLACE " } else { "" };
        let event = rule_event_word(rule.event);
        let name = self.member(id);
        let mut draft = self.draft(format!("CREATE {replace}RULE {name} AS\n    ON {event} TO {}", self.qualified(on)));
        if let Some(condition) = &rule.condition {
            draft.push("\n    WHERE ").expression(id, Part::Condition, condition);
        }
        draft.push(if rule.instead { "\n    DO INSTEAD" } else { "\n    DO ALSO" });
        match rule.actions.as_slice() {
            [] => {
                draft.push(" NOTHING");
            }
            [action] => {
                draft.push("\n    ").expression(id, Part::Action(0), action);
            }
            several => {
                draft.push(" (");
                for (n, action) in (0_u16..).zip(several) {
                    draft.push(if n == 0 { "\n    " } else { ";\n    " }).expression(id, Part::Action(n), action);
                }
                draft.push("\n    )");
            }
        }
        draft.done()
    }

    /// `ALTER TABLE … ENABLE/DISABLE RULE`.
    #[must_use]
    pub fn enable_rule(&self, id: &FactId, on: &QualifiedName, enabled: Enabled) -> Sql {
        let word = enabled_word(enabled);
        self.plain(format!("ALTER TABLE {} {word} RULE {}", self.qualified(on), self.member(id)))
    }

    fn member(&self, id: &FactId) -> String {
        match id {
            FactId::Rule(_, name) | FactId::ViewRule(_, name) => self.name(name),
            other => other.path(),
        }
    }
}
