//! Triggers.

use pgseal_catalog::facts::{Enabled, Trigger, TriggerEvent, TriggerLevel, TriggerTiming};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::{Renderer, Sql, literal};
use crate::elaborate::Part;

/// How a trigger or a rule is switched.
pub(super) fn enabled_word(enabled: Enabled) -> &'static str {
    match enabled {
        Enabled::Origin => "ENABLE",
        Enabled::Disabled => "DISABLE",
        Enabled::Replica => "ENABLE REPLICA",
        Enabled::Always => "ENABLE ALWAYS",
    }
}

impl Renderer<'_> {
    /// `CREATE TRIGGER` or `CREATE CONSTRAINT TRIGGER`; with `replace`, `CREATE OR REPLACE`.
    #[must_use]
    pub fn create_trigger(
        &self,
        id: &FactId,
        table: &QualifiedName,
        name: &Name,
        trigger: &Trigger,
        replace: bool,
    ) -> Sql {
        let mut draft = self.draft(format!(
            "CREATE {}{}TRIGGER {}\n    {} {} ON {}",
            if replace && trigger.constraint.is_none() { "OR REPLACE " } else { "" },
            if trigger.constraint.is_some() { "CONSTRAINT " } else { "" },
            self.name(name),
            match trigger.timing {
                TriggerTiming::Before => "BEFORE",
                TriggerTiming::After => "AFTER",
                TriggerTiming::InsteadOf => "INSTEAD OF",
            },
            self.events(trigger),
            self.qualified(table),
        ));
        if let Some(constraint) = &trigger.constraint {
            if let Some(from) = &constraint.from {
                draft.push(format!(" FROM {}", self.qualified(from)));
            }
            draft.push(if constraint.deferrable { " DEFERRABLE" } else { "" });
            draft.push(if constraint.initially_deferred { " INITIALLY DEFERRED" } else { "" });
        }
        if trigger.old_table.is_some() || trigger.new_table.is_some() {
            draft.push("\n    REFERENCING");
            if let Some(old) = &trigger.old_table {
                draft.push(format!(" OLD TABLE AS {}", self.name(old)));
            }
            if let Some(new) = &trigger.new_table {
                draft.push(format!(" NEW TABLE AS {}", self.name(new)));
            }
        }
        draft.push(match trigger.level {
            TriggerLevel::Row => "\n    FOR EACH ROW",
            TriggerLevel::Statement => "\n    FOR EACH STATEMENT",
        });
        if let Some(when) = &trigger.when {
            draft.push("\n    WHEN (").expression(id, Part::When, when).push(")");
        }
        let arguments: Vec<String> = trigger.arguments.iter().map(|argument| literal(argument)).collect();
        draft.push(format!(
            "\n    EXECUTE FUNCTION {}({})",
            self.qualified(&trigger.function.name),
            arguments.join(", ")
        ));
        draft.done()
    }

    fn events(&self, trigger: &Trigger) -> String {
        let words: Vec<String> = trigger
            .events
            .iter()
            .map(|event| match event {
                TriggerEvent::Insert => "INSERT".to_owned(),
                TriggerEvent::Delete => "DELETE".to_owned(),
                TriggerEvent::Truncate => "TRUNCATE".to_owned(),
                TriggerEvent::Update if trigger.update_of.is_empty() => "UPDATE".to_owned(),
                TriggerEvent::Update => format!("UPDATE OF {}", self.names(&trigger.update_of)),
            })
            .collect();
        words.join(" OR ")
    }

    /// `ALTER TABLE … ENABLE/DISABLE TRIGGER`.
    #[must_use]
    pub fn enable_trigger(&self, table: &QualifiedName, name: &Name, enabled: Enabled) -> Sql {
        let word = enabled_word(enabled);
        self.plain(format!("ALTER TABLE {} {word} TRIGGER {}", self.qualified(table), self.name(name)))
    }
}
