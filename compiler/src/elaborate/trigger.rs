//! Triggers: CREATE [OR REPLACE] [CONSTRAINT] TRIGGER, their copies on partitions, and their names.
//!
//! Follows `CreateTriggerFiringOn` and `renametrig`, trigger.c (PG 14 to 18).
//! Triggers on foreign tables are refused: those are not managed.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{CreateTrigStmt, TriggerTransition};
use pgseal_catalog::facts::{ConstraintTrigger, Enabled, Payload, Trigger, TriggerEvent, TriggerLevel, TriggerTiming};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::model::Part;
use super::names::{name, name_parts, names, string_of};
use super::run::Interpreter;
use crate::analyze::TriggerEvents;
use crate::env::{Major, Oid, RelationKind};

/// `TRIGGER_TYPE_BEFORE` and its kin.
mod bit {
    pub(super) const BEFORE: i32 = 1 << 1;
    pub(super) const INSERT: i32 = 1 << 2;
    pub(super) const DELETE: i32 = 1 << 3;
    pub(super) const UPDATE: i32 = 1 << 4;
    pub(super) const TRUNCATE: i32 = 1 << 5;
    pub(super) const INSTEAD: i32 = 1 << 6;
}

/// The transition tables of a trigger.
#[derive(Default)]
struct TransitionTables {
    old: Option<Name>,
    new: Option<Name>,
}

impl Interpreter<'_> {
    /// Carries out CREATE TRIGGER.
    pub(super) fn create_trigger(&mut self, statement: &CreateTrigStmt) -> Elaborated<()> {
        let Some(range) = &statement.relation else { return Err(Problem::internal("a trigger without a table")) };
        let (table, kind) = self.relation(range)?;
        let on_view = kind == RelationKind::View && self.model.view(&table).is_some();
        if !on_view {
            self.require_table(&table, kind).map_err(|p| p.at(range.location))?;
        }
        let trigger_name = name(&statement.trigname)?;
        let is_partitioned = self.model.table(&table).is_some_and(|found| found.partition_key.is_some());
        if on_view {
            check_shape_on_view(statement, &table)?;
        } else {
            check_shape(statement, &table, is_partitioned)?;
        }
        let constraint = match statement.isconstraint {
            true => Some(ConstraintTrigger {
                deferrable: statement.deferrable,
                initially_deferred: statement.initdeferred,
                from: statement.constrrel.as_ref().map(|from| self.table(from)).transpose()?,
            }),
            false => None,
        };
        let transition = self.transition_tables(statement, &table)?;
        let mut needs = Needs::new();
        let when = match statement.when_clause.as_deref() {
            Some(raw) => {
                let events = TriggerEvents {
                    for_each_row: statement.row,
                    before: statement.timing == bit::BEFORE,
                    insert: statement.events & bit::INSERT != 0,
                    delete: statement.events & bit::DELETE != 0,
                };
                let cooked = self.model.when_over(&table, &self.path, raw, events)?;
                needs.extend(cooked.needs);
                Some(cooked.text)
            }
            None => None,
        };
        let row = self.routine_by_types(&statement.funcname, &[])?;
        if row.result != Oid::TRIGGER {
            let written = statement.funcname.iter().flat_map(name_parts).collect::<Vec<_>>().join(".");
            return Err(Problem::invalid("42P17", format!("function {written} must return type trigger")));
        }
        let function = row.oid;
        needs.extend(self.model.fact_of(function).cloned());
        let trigger = Trigger {
            timing: match statement.timing {
                bit::BEFORE => TriggerTiming::Before,
                bit::INSTEAD => TriggerTiming::InsteadOf,
                _ => TriggerTiming::After,
            },
            events: events(statement.events),
            update_of: self.trigger_columns(statement, &table)?,
            level: if statement.row { TriggerLevel::Row } else { TriggerLevel::Statement },
            when,
            function: self.routine_called(function)?,
            arguments: statement.args.iter().filter_map(string_of).map(str::to_owned).collect(),
            old_table: transition.old,
            new_table: transition.new,
            constraint,
            enabled: Enabled::Origin,
            cloned: false,
        };
        self.may_replace_trigger(&table, &trigger_name, statement.replace, false)?;
        let id = self.trigger_id(&table, &trigger_name);
        let mut fact = Fact::new(id.clone(), Payload::Trigger(trigger.clone()));
        fact.needs = needs;
        self.model.put(fact);
        self.model.forget_all_written(&id);
        if let Some(raw) = statement.when_clause.as_deref() {
            self.remember(&id, Part::When, raw);
        }
        if statement.row && is_partitioned {
            let Some(of) = self.model.fact(&id).cloned() else {
                return Err(Problem::internal(format!("{} is gone", id.in_words())));
            };
            for partition in self.model.children(&table) {
                self.take_replaced_copies(&trigger_name, &partition, statement.replace)?;
                self.clone_trigger(&partition, &trigger_name, &trigger, &of)?;
            }
        }
        Ok(())
    }

    /// The id of a trigger on a table or a view.
    fn trigger_id(&self, on: &QualifiedName, trigger: &Name) -> FactId {
        match self.model.view(on) {
            Some(_) => FactId::ViewTrigger(on.clone(), trigger.clone()),
            None => FactId::Trigger(on.clone(), trigger.clone()),
        }
    }

    fn transition_tables(&self, statement: &CreateTrigStmt, table: &QualifiedName) -> Elaborated<TransitionTables> {
        let mut tables = TransitionTables::default();
        for node in &statement.transition_rels {
            let Some(NodeEnum::TriggerTransition(transition)) = &node.node else { continue };
            self.check_transition(statement, transition, table)?;
            let (place, word) = if transition.is_new { (&mut tables.new, "NEW") } else { (&mut tables.old, "OLD") };
            if place.replace(name(&transition.name)?).is_some() {
                return Err(Problem::invalid("42P17", format!("{word} TABLE cannot be specified multiple times")));
            }
        }
        if tables.old.is_some() && tables.old == tables.new {
            return Err(Problem::invalid("42P17", "OLD TABLE name and NEW TABLE name cannot be the same"));
        }
        Ok(tables)
    }

    fn check_transition(
        &self,
        statement: &CreateTrigStmt,
        transition: &TriggerTransition,
        table: &QualifiedName,
    ) -> Elaborated<()> {
        let has = |bit: i32| statement.events & bit != 0;
        let refused = |what: &str| Err(Problem::invalid("0A000", what));
        let wrong = |what: &str| Err(Problem::invalid("42P17", what));
        if !transition.is_table {
            return Err(Problem::invalid("0A000", "ROW variable naming in the REFERENCING clause is not supported")
                .hint("Use OLD TABLE or NEW TABLE for naming transition tables."));
        }
        if statement.row && !self.model.parents(table).is_empty() {
            let is_partition = self.model.table(table).is_some_and(|found| found.partition_of.is_some());
            return refused(if is_partition {
                "ROW triggers with transition tables are not supported on partitions"
            } else {
                "ROW triggers with transition tables are not supported on inheritance children"
            });
        }
        if statement.timing != 0 {
            return wrong("transition table name can only be specified for an AFTER trigger");
        }
        if has(bit::TRUNCATE) {
            return refused("TRUNCATE triggers with transition tables are not supported");
        }
        if [bit::INSERT, bit::UPDATE, bit::DELETE].into_iter().filter(|bit| has(*bit)).count() != 1 {
            return refused("transition tables cannot be specified for triggers with more than one event");
        }
        if !statement.columns.is_empty() {
            return refused("transition tables cannot be specified for triggers with column lists");
        }
        if transition.is_new && !(has(bit::INSERT) || has(bit::UPDATE)) {
            return wrong("NEW TABLE can only be specified for an INSERT or UPDATE trigger");
        }
        if !(transition.is_new || has(bit::DELETE) || has(bit::UPDATE)) {
            return wrong("OLD TABLE can only be specified for a DELETE or UPDATE trigger");
        }
        Ok(())
    }

    fn trigger_columns(&self, statement: &CreateTrigStmt, table: &QualifiedName) -> Elaborated<Vec<Name>> {
        let columns = names(&statement.columns)?;
        let mut seen = BTreeSet::new();
        for column in &columns {
            if self.model.relation_row(table).and_then(|row| row.column(column.as_str())).is_none() {
                return Err(self.no_column(table, column));
            }
            if !seen.insert(column) {
                return Err(Problem::duplicate(
                    "42701",
                    format!("column \"{}\" specified more than once", column.as_str()),
                ));
            }
        }
        Ok(columns)
    }

    /// Refuses to make a trigger where there is one that may not be replaced.
    fn may_replace_trigger(
        &self,
        table: &QualifiedName,
        trigger: &Name,
        replace: bool,
        on_partition: bool,
    ) -> Elaborated<()> {
        let id = self.trigger_id(table, trigger);
        let Some(Payload::Trigger(before)) = self.model.fact(&id).map(|fact| &fact.payload) else { return Ok(()) };
        let clash = |what: &str| {
            Err(Problem::duplicate(
                "42710",
                format!("trigger \"{}\" for relation \"{}\" {what}", trigger.as_str(), table.name.as_str()),
            ))
        };
        if !replace {
            return clash("already exists");
        }
        if before.cloned && !on_partition {
            return clash("is an internal or a child trigger");
        }
        if before.constraint.is_some() {
            return clash("is a constraint trigger");
        }
        Ok(())
    }

    /// Makes room for the copies of a trigger on a partition and its partitions where they may be replaced.
    fn take_replaced_copies(&mut self, trigger: &Name, partition: &QualifiedName, replace: bool) -> Elaborated<()> {
        self.may_replace_trigger(partition, trigger, replace, true)?;
        self.model.take(&FactId::Trigger(partition.clone(), trigger.clone()));
        for child in self.model.children(partition) {
            self.take_replaced_copies(trigger, &child, replace)?;
        }
        Ok(())
    }

    /// Whether a trigger may take another name (ALTER TRIGGER … RENAME TO).
    pub(super) fn may_rename_trigger(&self, table: &QualifiedName, old: &Name, new: &Name) -> Elaborated<()> {
        let id = self.trigger_id(table, old);
        let Some(Payload::Trigger(found)) = self.model.fact(&id).map(|fact| &fact.payload) else {
            return Err(Problem::undefined(
                "42704",
                format!("trigger \"{}\" for table \"{}\" does not exist", old.as_str(), table.name.as_str()),
                old.as_str(),
            ));
        };
        let copies = self.model.dependents(&id).any(|dependent| matches!(dependent, FactId::Trigger(..)));
        if self.model.major() < Major::V15 && (found.cloned || copies) {
            return Err(Problem::unsupported(
                "renaming a trigger that has copies on partitions, which a server of major 14 does not rename along,",
            ));
        }
        if found.cloned {
            let parent = self.model.parents(table).into_iter().next();
            let parent = parent.map_or_else(String::new, |parent| parent.name.as_str().to_owned());
            return Err(Problem::invalid(
                "0A000",
                format!("cannot rename trigger \"{}\" on table \"{}\"", old.as_str(), table.name.as_str()),
            )
            .hint(format!("Rename the trigger on the partitioned table \"{parent}\" instead.")));
        }
        if old != new && self.model.contains(&self.trigger_id(table, new)) {
            return Err(Problem::duplicate(
                "42710",
                format!("trigger \"{}\" for relation \"{}\" already exists", new.as_str(), table.name.as_str()),
            ));
        }
        Ok(())
    }
}

/// What can be said of a trigger without its table's columns.
fn check_shape(statement: &CreateTrigStmt, table: &QualifiedName, is_partitioned: bool) -> Elaborated<()> {
    if statement.timing == bit::INSTEAD {
        return Err(Problem::invalid("42809", format!("\"{}\" is a table", table.name.as_str()))
            .detail("Tables cannot have INSTEAD OF triggers."));
    }
    if is_partitioned && statement.row && !statement.transition_rels.is_empty() {
        return Err(Problem::invalid("0A000", format!("\"{}\" is a partitioned table", table.name.as_str()))
            .detail("ROW triggers with transition tables are not supported on partitioned tables."));
    }
    if statement.row && statement.events & bit::TRUNCATE != 0 {
        return Err(Problem::invalid("0A000", "TRUNCATE FOR EACH ROW triggers are not supported"));
    }
    Ok(())
}

/// What can be said of a trigger on a view without its columns.
fn check_shape_on_view(statement: &CreateTrigStmt, view: &QualifiedName) -> Elaborated<()> {
    let is_a_view = |detail: &str| {
        Err(Problem::invalid("42809", format!("\"{}\" is a view", view.name.as_str())).detail(detail.to_owned()))
    };
    let refused = |what: &str| Err(Problem::invalid("0A000", what));
    if statement.timing != bit::INSTEAD && statement.row {
        return is_a_view("Views cannot have row-level BEFORE or AFTER triggers.");
    }
    if statement.events & bit::TRUNCATE != 0 {
        return is_a_view("Views cannot have TRUNCATE triggers.");
    }
    if statement.timing == bit::INSTEAD {
        if !statement.row {
            return refused("INSTEAD OF triggers must be FOR EACH ROW");
        }
        if statement.when_clause.is_some() {
            return refused("INSTEAD OF triggers cannot have WHEN conditions");
        }
        if !statement.columns.is_empty() {
            return refused("INSTEAD OF triggers cannot have column lists");
        }
    }
    if !statement.transition_rels.is_empty() {
        return is_a_view("Triggers on views cannot have transition tables.");
    }
    Ok(())
}

/// The events in the order in which they are stored.
fn events(bits: i32) -> Vec<TriggerEvent> {
    [
        (bit::INSERT, TriggerEvent::Insert),
        (bit::DELETE, TriggerEvent::Delete),
        (bit::UPDATE, TriggerEvent::Update),
        (bit::TRUNCATE, TriggerEvent::Truncate),
    ]
    .into_iter()
    .filter(|(bit, _)| bits & bit != 0)
    .map(|(_, event)| event)
    .collect()
}
