//! DROP: what goes along, and what forbids it.
//!
//! Follows `performDeletion`, dependency.c: parts of an object go with it, anything else that depends on it forbids the drop,
//! unless CASCADE takes it too.

use std::collections::BTreeSet;

use pg_query::protobuf::{DropBehavior, DropStmt, ObjectType};
use pgseal_catalog::facts::{ConstraintKind, Payload};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::dispatch::object_type;
use super::error::{Elaborated, Problem};
use super::run::Interpreter;
use crate::diagnostic::codes;
use crate::env::Major;

/// Whether dependents go too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behavior {
    /// They forbid the drop.
    Restrict,
    /// They go too.
    Cascade,
}

/// RESTRICT or CASCADE of a statement.
pub(super) fn behavior(code: i32) -> Behavior {
    match DropBehavior::try_from(code) {
        Ok(DropBehavior::DropCascade) => Behavior::Cascade,
        _ => Behavior::Restrict,
    }
}

impl Interpreter<'_> {
    /// Carries out DROP.
    pub(super) fn drop(&mut self, statement: &DropStmt) -> Elaborated<()> {
        let of = object_type(statement.remove_type);
        let mut ids = Vec::new();
        for object in &statement.objects {
            if of == ObjectType::ObjectRule {
                self.refuse_rule_of_view(object)?;
            }
            let id = if statement.missing_ok {
                match self.address(of, object)? {
                    Some(id) => id,
                    None => continue,
                }
            } else {
                self.must_address(of, object).map_err(|mut problem| {
                    if of == ObjectType::ObjectIndex && problem.sqlstate == Some("42P01") {
                        problem.sqlstate = Some("42704");
                        problem.message = problem.message.replacen("relation", "index", 1);
                    }
                    problem
                })?
            };
            if let (ObjectType::ObjectFunction, FactId::Aggregate(routine)) = (of, &id) {
                let bare = routine.name.name.as_str();
                return Err(Problem::invalid("42809", format!("\"{bare}\" is an aggregate function"))
                    .hint("Use DROP AGGREGATE to drop aggregate functions."));
            }
            if let FactId::Constraint(table, constraint) = &id
                && of == ObjectType::ObjectIndex
            {
                return Err(Problem::new(
                    codes::DEPENDENTS_EXIST,
                    Some("2BP01"),
                    format!(
                        "cannot drop index {} because constraint {} on table {} requires it",
                        constraint.as_str(),
                        constraint.as_str(),
                        table.name.as_str()
                    ),
                )
                .hint("You can drop the constraint instead."));
            }
            self.refuse_part(&id)?;
            ids.push(id);
        }
        self.drop_facts(ids, behavior(statement.behavior))
    }

    /// Refuses to drop what only goes with something else.
    fn refuse_part(&self, id: &FactId) -> Elaborated<()> {
        let (part, whole) = match id {
            FactId::Index(index) => match self.model.index(index).and_then(|i| i.attached_to.as_ref()) {
                Some(parent) => (format!("index {}", index.name.as_str()), format!("index {}", parent.name.as_str())),
                None => return Ok(()),
            },
            FactId::Trigger(table, trigger) => match self.model.fact(id).map(|fact| &fact.payload) {
                Some(Payload::Trigger(found)) if found.cloned => {
                    let parent = self.model.parents(table).into_iter().next();
                    let parent = parent.map_or_else(String::new, |p| p.name.as_str().to_owned());
                    (
                        format!("trigger {} on table {}", trigger.as_str(), table.name.as_str()),
                        format!("trigger {} on table {parent}", trigger.as_str()),
                    )
                }
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        Err(Problem::new(
            codes::DEPENDENTS_EXIST,
            Some("2BP01"),
            format!("cannot drop {part} because {whole} requires it"),
        )
        .hint(format!("You can drop {whole} instead.")))
    }

    /// Takes facts out with everything that goes along.
    pub(super) fn drop_facts(&mut self, ids: Vec<FactId>, behavior: Behavior) -> Elaborated<()> {
        let mut gone: BTreeSet<FactId> = BTreeSet::new();
        let mut work = ids;
        while let Some(id) = work.pop() {
            if !gone.insert(id.clone()) {
                continue;
            }
            let dependents: Vec<FactId> = self.model.dependents(&id).cloned().collect();
            work.extend(dependents.into_iter().filter(|dependent| self.goes_with(dependent, &id)));
        }
        loop {
            let blocking: Vec<(FactId, FactId)> = gone
                .iter()
                .flat_map(|id| self.model.dependents(id).map(move |dependent| (dependent.clone(), id.clone())))
                .filter(|(dependent, _)| !gone.contains(dependent) && !gone.contains(&dependent.object()))
                .collect();
            let Some((dependent, id)) = blocking.first() else { break };
            if behavior == Behavior::Restrict {
                let first = gone.iter().next().unwrap_or(id);
                let facts: Vec<String> = blocking
                    .iter()
                    .map(|(dependent, id)| format!("{} depends on {}", dependent.in_words(), id.in_words()))
                    .collect();
                return Err(Problem::new(
                    codes::DEPENDENTS_EXIST,
                    Some("2BP01"),
                    format!("cannot drop {} because other objects depend on it", first.in_words()),
                )
                .detail(facts.join("; "))
                .hint("Use DROP ... CASCADE to drop the dependent objects too."));
            }
            if matches!(dependent, FactId::Column(table, _) if self.model.contains(&FactId::Table(table.clone()))) {
                self.refuse_last_column(dependent)?;
            }
            let mut work: Vec<FactId> = blocking.into_iter().map(|(dependent, _)| dependent).collect();
            while let Some(id) = work.pop() {
                if !gone.insert(id.clone()) {
                    continue;
                }
                let dependents: Vec<FactId> = self.model.dependents(&id).cloned().collect();
                work.extend(dependents.into_iter().filter(|dependent| self.goes_with(dependent, &id)));
            }
        }
        self.take_out(&gone)
    }

    fn refuse_last_column(&self, column: &FactId) -> Elaborated<()> {
        if let FactId::Column(table, _) = column
            && self.model.table(table).is_some_and(|t| t.partition_key.is_some())
        {
            return Err(Problem::unsupported("CASCADE that takes a column of a partitioned table"));
        }
        Ok(())
    }

    /// Takes the facts out, whole objects first, so that columns left over can be numbered again.
    fn take_out(&mut self, gone: &BTreeSet<FactId>) -> Elaborated<()> {
        let mut renumber: BTreeSet<QualifiedName> = BTreeSet::new();
        for id in gone.iter().rev() {
            if let FactId::Column(table, _) = id
                && !gone.contains(&FactId::Table(table.clone()))
            {
                renumber.insert(table.clone());
            }
            if let FactId::Index(index) = id
                && let Some(found) = self.model.index(index).cloned()
                && !gone.contains(&FactId::Table(found.table.clone()))
            {
                self.forget_replica_identity(&found.table, &index.name)?;
            }
            self.model.take(id);
        }
        for table in renumber {
            self.number_columns(&table);
        }
        Ok(())
    }

    /// A dropped index is no replica identity any more, though the table goes on saying that it has one.
    fn forget_replica_identity(&mut self, table: &QualifiedName, index: &Name) -> Elaborated<()> {
        use pgseal_catalog::facts::ReplicaIdentity;
        let named = self
            .model
            .table(table)
            .is_some_and(|t| matches!(&t.replica_identity, ReplicaIdentity::Index(name) if name == index));
        if named {
            self.edit_table(table, |t| t.replica_identity = ReplicaIdentity::Nothing)?;
        }
        Ok(())
    }

    /// Numbers the columns of a table from 1 without gaps.
    pub(super) fn number_columns(&mut self, table: &QualifiedName) {
        let columns: Vec<_> = self.model.catalog.columns(table).into_iter().map(|(_, fact)| fact.clone()).collect();
        for (mut fact, position) in columns.into_iter().zip(1_u32..) {
            if fact.position != Some(position) {
                fact.position = Some(position);
                self.model.put(fact);
            }
        }
        self.model.renumber_primary_key(table);
    }

    /// Whether a dependent is a part of what it depends on, and goes with it.
    fn goes_with(&self, dependent: &FactId, id: &FactId) -> bool {
        if matches!(dependent, FactId::Comment(_)) {
            return true;
        }
        match (id, dependent) {
            (FactId::Table(table), FactId::Table(child)) => self
                .model
                .table(child)
                .and_then(|t| t.partition_of.as_ref())
                .is_some_and(|partition| partition.parent == *table),
            (
                FactId::Table(table),
                FactId::Column(owner, _)
                | FactId::Constraint(owner, _)
                | FactId::Trigger(owner, _)
                | FactId::Policy(owner, _)
                | FactId::Rule(owner, _)
                | FactId::Default(owner, _),
            ) => owner == table,
            (FactId::Table(table), FactId::Index(index)) => {
                self.model.index(index).is_some_and(|found| found.table == *table)
            }
            (FactId::View(view), FactId::ViewTrigger(owner, _) | FactId::ViewRule(owner, _)) => owner == view,
            (FactId::MaterializedView(view), FactId::Index(index)) => {
                self.model.index(index).is_some_and(|found| found.table == *view)
            }
            (FactId::Domain(domain), FactId::DomainConstraint(owner, _)) => owner == domain,
            (FactId::Column(table, column), FactId::Default(owner, of)) => owner == table && of == column,
            (FactId::Column(..) | FactId::View(_), FactId::Sequence(sequence)) => {
                match self.model.fact(&FactId::Sequence(sequence.clone())).map(|fact| &fact.payload) {
                    Some(Payload::Sequence(found)) => found.owner().as_ref() == Some(id),
                    _ => false,
                }
            }
            // before 15, a generated column went with what it is made of
            (FactId::Column(table, _), FactId::Column(owner, generated)) => {
                self.model.major() < Major::V15
                    && owner == table
                    && self.model.column(owner, generated).is_some_and(|found| found.generated.is_some())
            }
            (FactId::Column(table, column), FactId::Constraint(owner, constraint)) => {
                owner == table && self.leans_on(owner, constraint, column)
            }
            (FactId::Column(table, _), FactId::Index(index)) => {
                self.model.index(index).is_some_and(|found| found.table == *table)
            }
            (FactId::Index(parent), FactId::Index(child)) => {
                self.model.index(child).and_then(|i| i.attached_to.as_ref()) == Some(parent)
            }
            (FactId::Constraint(table, constraint), FactId::Constraint(owner, child)) => self
                .model
                .constraint(owner, child)
                .and_then(|c| c.parent.as_ref())
                .is_some_and(|(t, n)| t == table && n == constraint),
            (FactId::Trigger(..), FactId::Trigger(..)) => true,
            _ => false,
        }
    }

    /// Whether a constraint of a table goes with one of its columns. A foreign key that references columns of its own table goes
    /// with those that reference, not with those referenced.
    fn leans_on(&self, table: &QualifiedName, constraint: &Name, column: &Name) -> bool {
        match self.model.constraint(table, constraint).map(|c| &c.is) {
            Some(ConstraintKind::ForeignKey(key)) => key.columns.contains(column),
            Some(_) => true,
            None => false,
        }
    }
}
