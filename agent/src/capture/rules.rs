//! Rewrite rules of tables and views, but for the rule that a view is.

use pgseal_catalog::facts::{Enabled, Expression, Payload, Rule, RuleEvent};
use pgseal_catalog::{Fact, FactId, Name};

use super::address::class;
use super::build::Build;
use super::error::CaptureError;
use super::session::Session;
use super::text;

/// A row of `pg_rewrite`.
pub(super) struct RuleRow {
    pub oid: u32,
    pub relation: u32,
    name: Name,
    event: char,
    instead: bool,
    enabled: char,
    definition: Option<String>,
}

pub(super) fn read_rules(s: &mut Session<'_>) -> Result<Vec<RuleRow>, CaptureError> {
    s.rows(
        "rules",
        "SELECT r.oid, r.ev_class, r.rulename, r.ev_type, r.is_instead, r.ev_enabled, pg_get_ruledef(r.oid) \
         FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class \
         WHERE r.oid >= 16384 AND r.rulename <> '_RETURN' AND c.relpersistence <> 't'",
        |c| {
            Ok(RuleRow {
                oid: c.next()?,
                relation: c.next()?,
                name: c.name()?,
                event: c.letter()?,
                instead: c.next()?,
                enabled: c.letter()?,
                definition: c.next()?,
            })
        },
    )
}

/// Adds the facts of the rules of tables and views.
pub(super) fn add_rules(b: &mut Build<'_>, rows: &[RuleRow]) -> Result<(), CaptureError> {
    for row in rows {
        let id = match b.nodes.fact_at(class::CLASS, row.relation) {
            Some(FactId::Table(table)) => FactId::Rule(table.clone(), row.name.clone()),
            Some(FactId::View(view)) => FactId::ViewRule(view.clone(), row.name.clone()),
            _ => continue,
        };
        if b.is_member(class::REWRITE, row.oid) || !b.scope.holds(&id) {
            continue;
        }
        let rule = rule(row, &id)?;
        b.nodes.add_at(class::REWRITE, row.oid, Fact::new(id, Payload::Rule(rule)));
    }
    Ok(())
}

fn rule(row: &RuleRow, id: &FactId) -> Result<Rule, CaptureError> {
    let definition = row.definition.as_deref().ok_or_else(|| CaptureError::Concurrent { what: id.in_words() })?;
    let unexpected = |what: &str| CaptureError::unexpected("rule", format!("{id} {what}"));
    let parts = text::rule_parts(definition, row.instead)
        .ok_or_else(|| unexpected("is not printed in the way that is expected"))?;
    Ok(Rule {
        event: match row.event {
            '2' => RuleEvent::Update,
            '3' => RuleEvent::Insert,
            '4' => RuleEvent::Delete,
            _ => return Err(unexpected("is fired by what is not known")),
        },
        instead: row.instead,
        condition: parts.condition.map(|text| Expression(text.to_owned())),
        actions: parts.actions.into_iter().map(|text| Expression(text.to_owned())).collect(),
        enabled: match row.enabled {
            'D' => Enabled::Disabled,
            'R' => Enabled::Replica,
            'A' => Enabled::Always,
            _ => Enabled::Origin,
        },
    })
}
