//! Small changes of facts that are there.

use pgseal_catalog::facts::{Column, Constraint, Expression, Index, Payload, Table};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::run::Interpreter;

impl Interpreter<'_> {
    /// Changes a column.
    pub(super) fn edit_column(
        &mut self,
        table: &QualifiedName,
        column: &Name,
        edit: impl FnOnce(&mut Column),
    ) -> Elaborated<()> {
        let id = FactId::Column(table.clone(), column.clone());
        let Some(mut fact) = self.model.fact(&id).cloned() else { return Err(self.no_column(table, column)) };
        if let Payload::Column(found) = &mut fact.payload {
            edit(found);
        }
        self.model.put(fact);
        Ok(())
    }

    /// Changes a table.
    pub(super) fn edit_table(&mut self, table: &QualifiedName, edit: impl FnOnce(&mut Table)) -> Elaborated<()> {
        let id = FactId::Table(table.clone());
        let Some(mut fact) = self.model.fact(&id).cloned() else {
            return Err(Problem::internal(format!("table \"{table}\" is gone")));
        };
        if let Payload::Table(found) = &mut fact.payload {
            edit(found);
        }
        self.model.put(fact);
        Ok(())
    }

    /// Changes an index.
    pub(super) fn edit_index(&mut self, index: &QualifiedName, edit: impl FnOnce(&mut Index)) -> Elaborated<()> {
        let id = FactId::Index(index.clone());
        let Some(mut fact) = self.model.fact(&id).cloned() else {
            return Err(Problem::internal(format!("index \"{index}\" is gone")));
        };
        if let Payload::Index(found) = &mut fact.payload {
            edit(found);
        }
        self.model.put(fact);
        Ok(())
    }

    /// Changes a constraint.
    pub(super) fn edit_constraint(
        &mut self,
        table: &QualifiedName,
        constraint: &Name,
        edit: impl FnOnce(&mut Constraint),
    ) -> Elaborated<()> {
        let id = FactId::Constraint(table.clone(), constraint.clone());
        let Some(mut fact) = self.model.fact(&id).cloned() else {
            return Err(self.no_constraint(table, constraint));
        };
        if let Payload::Constraint(found) = &mut fact.payload {
            edit(found);
        }
        self.model.put(fact);
        Ok(())
    }

    /// Replaces what a constraint says, its edges kept.
    pub(super) fn put_constraint(&mut self, table: &QualifiedName, constraint: &Name, payload: Constraint) {
        let id = FactId::Constraint(table.clone(), constraint.clone());
        let needs = self.model.fact(&id).map(|fact| fact.needs.clone()).unwrap_or_default();
        let mut fact = Fact::new(id, Payload::Constraint(payload));
        fact.needs = needs;
        self.model.put(fact);
    }

    /// Adds edges to a fact.
    pub(super) fn add_needs(&mut self, id: &FactId, needs: Needs) {
        if let Some(mut fact) = self.model.fact(id).cloned() {
            fact.needs.extend(needs);
            self.model.put(fact);
        }
    }

    /// A column's default as it is stored.
    pub(super) fn stored_default(&self, table: &QualifiedName, column: &Name) -> Option<Expression> {
        match &self.model.fact(&FactId::Default(table.clone(), column.clone()))?.payload {
            Payload::Default(default) => Some(default.expression.clone()),
            _ => None,
        }
    }

    /// There is no such constraint.
    pub(super) fn no_constraint(&self, table: &QualifiedName, constraint: &Name) -> Box<Problem> {
        Problem::undefined(
            "42704",
            format!("constraint \"{}\" of relation \"{}\" does not exist", constraint.as_str(), table.name.as_str()),
            constraint.as_str(),
        )
    }
}
