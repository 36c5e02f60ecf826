//! Rules with `RETURNING` on tables that lost a column.
//!
//! A server compares such a list with the columns that a table has and ever had, and takes none where one is gone
//! (`checkRuleResultList`, rewriteDefine.c). Which tables that is no fact tells; a snapshot's header does.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pgseal_catalog::facts::{Payload, Rule};
use pgseal_catalog::{FactId, QualifiedName, Snapshot};

use super::PlanError;
use super::action::{Action, Verb};
use crate::elaborate::Model;
use crate::grammar;

/// The tables that lost a column, as a plan goes on.
pub(super) struct LostColumns(BTreeSet<QualifiedName>);

impl LostColumns {
    /// Those that lost one before the plan.
    pub(super) fn before(snapshot: &Snapshot) -> Self {
        Self(snapshot.header.lost_columns.clone())
    }

    /// Refuses an action that puts a rule with `RETURNING` on one of the tables, and sees which tables it makes one of them.
    /// `working` is the database before the action.
    ///
    /// # Errors
    /// The rule, by name.
    pub(super) fn follow(&mut self, working: &Model, desired: &Model, action: &Action) -> Result<(), PlanError> {
        if let FactId::Rule(table, _) = &action.about
            && self.0.contains(table)
            && puts_returning(working, desired, action)
        {
            return Err(PlanError::LostColumns {
                rule: Box::new(action.about.clone()),
                table: Box::new(FactId::Table(table.clone())),
            });
        }
        for gone in &action.destroys {
            if let FactId::Column(table, _) = gone {
                self.0.insert(table.clone());
            }
        }
        for gone in &action.destroys {
            if let FactId::Table(table) = gone {
                self.0.remove(table);
            }
        }
        Ok(())
    }
}

fn puts_returning(working: &Model, desired: &Model, action: &Action) -> bool {
    let rule_of = |model: &Model| match model.fact(&action.about).map(|fact| &fact.payload) {
        Some(Payload::Rule(rule)) => Some(rule.clone()),
        _ => None,
    };
    // one that is there with the same actions is only enabled, or disabled
    let puts = |rule: &Rule| rule_of(working).is_none_or(|there| there.actions != rule.actions);
    action.verb != Verb::Drop && rule_of(desired).is_some_and(|rule| puts(&rule) && returns(&rule))
}

fn returns(rule: &Rule) -> bool {
    rule.actions.iter().filter(|action| action.as_str().contains("RETURNING")).any(|action| {
        let Ok(parsed) = grammar::parse(action.as_str()) else { return false };
        let statements = parsed.protobuf.stmts.iter().filter_map(|raw| raw.stmt.as_ref()?.node.as_ref());
        statements.into_iter().any(|statement| match statement {
            NodeEnum::InsertStmt(n) => n.returning_clause.is_some(),
            NodeEnum::UpdateStmt(n) => n.returning_clause.is_some(),
            NodeEnum::DeleteStmt(n) => n.returning_clause.is_some(),
            NodeEnum::MergeStmt(n) => n.returning_clause.is_some(),
            _ => false,
        })
    })
}
