//! `MERGE` into tables with rules, before PG 17.
//!
//! Servers of those majors refuse it (`transformMergeStmt`, parse_merge.c, PG 15), by the rules that are there when they read the
//! statement; one that is stored by then goes on to say so whenever it runs. What comes first in a schema does not come first in a
//! plan, so here the two never go together: a rule on a table that a stored statement merges into is refused as not covered.

use std::collections::BTreeSet;

use pgseal_catalog::facts::Payload;
use pgseal_catalog::{Fact, FactId, QualifiedName};

use super::error::{Elaborated, Problem};
use super::model::Model;
use super::stored_query::{holds_query, stored_texts};
use crate::env::Major;
use crate::tree::{CommandType, RteKind};

impl Model {
    /// Refuses a fact whose queries merge into a table with rules.
    pub(super) fn check_merges(&self, fact: &Fact) -> Elaborated<()> {
        if self.major() >= Major::V17 {
            return Ok(());
        }
        let has_rules = |table: &QualifiedName| {
            self.dependents(&FactId::Table(table.clone())).any(|id| matches!(id, FactId::Rule(on, _) if on == table))
        };
        match self.merged_into(fact).iter().find(|table| has_rules(table)) {
            Some(table) => {
                Err(Problem::invalid("0A000", format!("cannot execute MERGE on relation \"{}\"", table.name.as_str()))
                    .detail("MERGE is not supported for relations with rules."))
            }
            None => Ok(()),
        }
    }

    /// Refuses a rule on a table that another fact merges into.
    pub(super) fn check_merges_into(&self, table: &QualifiedName, rule: &FactId) -> Elaborated<()> {
        if self.major() >= Major::V17 {
            return Ok(());
        }
        let over = FactId::Table(table.clone());
        let columns =
            self.catalog().columns(table).into_iter().map(|(name, _)| FactId::Column(table.clone(), name.clone()));
        let dependents: BTreeSet<&FactId> =
            columns.chain([over.clone()]).flat_map(|id| self.dependents(&id).collect::<Vec<_>>()).collect();
        for id in dependents.into_iter().filter(|id| *id != rule) {
            let merges = self.fact(id).is_some_and(|fact| self.merged_into(fact).contains(table));
            if merges {
                return Err(Problem::unsupported(format!(
                    "a rule on {}, into which {} merges,",
                    over.in_words(),
                    id.in_words()
                )));
            }
        }
        Ok(())
    }

    /// The tables that the queries of a fact merge into.
    fn merged_into(&self, fact: &Fact) -> Vec<QualifiedName> {
        let is_statement = matches!(fact.payload, Payload::Rule(_) | Payload::Function(_) | Payload::Procedure(_));
        if !is_statement
            || !holds_query(&fact.payload)
            || !stored_texts(&fact.payload).iter().any(|(_, text)| text.contains("MERGE INTO "))
        {
            return Vec::new();
        }
        let mut found = Vec::new();
        let Some(stored) = self.stored_query(fact) else { return found };
        for query in stored.queries() {
            query.visit_queries(&mut |inner, _| {
                let target = usize::try_from(inner.result_relation).ok().and_then(|number| number.checked_sub(1));
                let entry = target.and_then(|at| inner.rtable.get(at));
                if let (CommandType::Merge, Some(RteKind::Relation(relation))) = (inner.command, entry.map(|e| &e.kind))
                    && let Some(FactId::Table(table)) = self.fact_of(relation.oid)
                {
                    found.push(table.clone());
                }
            });
        }
        found
    }
}
