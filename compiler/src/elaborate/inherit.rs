//! What a table takes over from its parents: columns, defaults, checks and not-nulls.
//!
//! Follows `MergeAttributes`, `MergeInheritedAttribute`, `MergeChildAttribute` and `MergeCheckConstraint`, tablecmds.c
//! (PG 14 to 18).

use pgseal_catalog::facts::{Check, Constraint, ConstraintKind, NotNull, Payload};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::column_definition::{NewColumn, NewDefault};
use super::error::{Elaborated, Problem};
use super::run::Interpreter;
use crate::env::Major;

/// A table's columns with those of its parents, and the constraints that come from them.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) columns: Vec<NewColumn>,
    pub(super) checks: Vec<InheritedCheck>,
    /// Name and column, once per parent.
    pub(super) not_nulls: Vec<(Name, Name)>,
}

/// A check that comes from parents.
#[derive(Debug, Clone)]
pub(super) struct InheritedCheck {
    pub(super) name: Name,
    pub(super) check: Check,
    pub(super) enforced: bool,
    pub(super) count: u32,
}

impl Interpreter<'_> {
    /// Merges a table's own columns into those of its parents.
    pub(super) fn merge_attributes(
        &self,
        own: Vec<NewColumn>,
        parents: &[QualifiedName],
        is_partition: bool,
    ) -> Elaborated<Merged> {
        let mut merged = Merged::default();
        for parent in parents {
            self.merge_parent(parent, is_partition, &mut merged)?;
        }
        for column in own {
            let at = merged.columns.iter().position(|c| c.name == column.name);
            match at.and_then(|at| merged.columns.get_mut(at)) {
                Some(inherited) if is_partition => {
                    check_generation(inherited, &column)?;
                    if !matches!(column.default, NewDefault::None) {
                        inherited.default = column.default;
                    }
                    inherited.not_null |= column.not_null;
                }
                None if is_partition || column.options_only => {
                    return Err(Problem::undefined(
                        "42703",
                        format!("column \"{}\" does not exist", column.name.as_str()),
                        column.name.as_str(),
                    ));
                }
                Some(inherited) => self.merge_child(inherited, column)?,
                None => merged.columns.push(column),
            }
        }
        Ok(merged)
    }

    /// A parent's column as a new column of a child.
    fn inherited_column(&self, parent: &QualifiedName, column: &Name) -> Elaborated<NewColumn> {
        let missing = || Problem::internal(format!("column \"{column}\" of \"{parent}\" is gone"));
        let found = self.model.column(parent, column).ok_or_else(missing)?;
        let row = self.model.relation_row(parent).and_then(|row| row.column(column.as_str())).ok_or_else(missing)?;
        Ok(NewColumn {
            name: column.clone(),
            type_oid: row.type_oid,
            typmod: row.typmod,
            collation: row.collation,
            not_null: false,
            default: NewDefault::None,
            generated: found.generated.as_ref().map(|g| g.kind),
            identity: None,
            storage: found.storage,
            compression: found.compression.clone(),
            is_local: false,
            inherit_count: 1,
            from_type: false,
            options_only: false,
        })
    }

    fn merge_parent(&self, parent: &QualifiedName, is_partition: bool, merged: &mut Merged) -> Elaborated<()> {
        let not_nulls: Vec<(Name, NotNull)> = self.not_nulls_to_inherit(parent);
        for (column, found) in self.model.columns(parent) {
            let mut new = self.inherited_column(parent, &column)?;
            if is_partition && self.model.major() >= Major::V17 {
                new.identity = found.identity.clone();
            }
            let stored = match &found.generated {
                Some(generated) => Some(generated.expression.clone()),
                None => self.stored_default(parent, &column),
            };
            let at = match merged.columns.iter().position(|c| c.name == column) {
                Some(at) => {
                    if let Some(before) = merged.columns.get_mut(at) {
                        self.same_column(before, &new)?;
                        before.inherit_count += 1;
                        if before.storage != new.storage {
                            return Err(conflict("42804", &column, "storage parameter"));
                        }
                        match (&before.compression, new.compression) {
                            (None, compression) => before.compression = compression,
                            (Some(a), Some(b)) if *a != b => {
                                return Err(conflict("42804", &column, "compression method"));
                            }
                            _ => {}
                        }
                        if before.generated != new.generated {
                            return Err(Problem::invalid(
                                "42804",
                                format!("inherited column \"{}\" has a generation conflict", column.as_str()),
                            ));
                        }
                    }
                    at
                }
                None => {
                    merged.columns.push(new);
                    merged.columns.len() - 1
                }
            };
            if let Some(column) = merged.columns.get_mut(at) {
                column.not_null |= match self.model.major() {
                    Major::V18 => not_nulls.iter().any(|(_, n)| n.column == column.name),
                    _ => found.not_null,
                };
                if let Some(stored) = stored {
                    column.default = match &column.default {
                        NewDefault::None => NewDefault::Stored(stored),
                        NewDefault::Stored(before) if *before == stored => NewDefault::Stored(stored),
                        _ => NewDefault::Conflict,
                    };
                }
            }
        }
        for (constraint_name, constraint) in self.model.constraints_copied(parent) {
            let ConstraintKind::Check(check) = constraint.is else { continue };
            if check.no_inherit {
                continue;
            }
            match merged.checks.iter_mut().find(|c| c.name == constraint_name) {
                Some(before) if before.check.expression == check.expression => {
                    before.count += 1;
                    before.enforced |= constraint.enforced;
                }
                Some(_) => {
                    return Err(Problem::invalid(
                        "42710",
                        format!(
                            "check constraint name \"{}\" appears multiple times but with different expressions",
                            constraint_name.as_str()
                        ),
                    ));
                }
                None => merged.checks.push(InheritedCheck {
                    name: constraint_name,
                    check,
                    enforced: constraint.enforced,
                    count: 1,
                }),
            }
        }
        merged.not_nulls.extend(not_nulls.into_iter().map(|(name, n)| (name, n.column)));
        Ok(())
    }

    /// The not-null constraints of a table that its children get, in the order of columns.
    pub(super) fn not_nulls_to_inherit(&self, table: &QualifiedName) -> Vec<(Name, NotNull)> {
        let mut list: Vec<(Name, NotNull)> = self
            .model
            .constraints(table)
            .filter_map(|(name, constraint)| match &constraint.is {
                ConstraintKind::NotNull(n) if !n.no_inherit => Some((name.clone(), n.clone())),
                _ => None,
            })
            .collect();
        list.sort_by_key(|(_, n)| {
            self.model.fact(&FactId::Column(table.clone(), n.column.clone())).and_then(|fact| fact.position)
        });
        list
    }

    /// Refuses two columns of one name that differ in type or collation.
    fn same_column(&self, before: &NewColumn, new: &NewColumn) -> Elaborated<()> {
        if (before.type_oid, before.typmod) != (new.type_oid, new.typmod) {
            let env = &self.model.env;
            return Err(conflict("42804", &before.name, "type").detail(format!(
                "{} versus {}",
                env.format_type(before.type_oid, before.typmod),
                env.format_type(new.type_oid, new.typmod)
            )));
        }
        if before.collation != new.collation {
            return Err(conflict("42P21", &before.name, "collation"));
        }
        Ok(())
    }

    /// Merges a column of the child's own definition into the inherited one.
    fn merge_child(&self, inherited: &mut NewColumn, own: NewColumn) -> Elaborated<()> {
        if !own.options_only {
            self.same_column(inherited, &own)?;
        }
        check_generation(inherited, &own)?;
        inherited.identity = own.identity;
        if own.storage.is_some() {
            if inherited.storage.is_some() && inherited.storage != own.storage {
                return Err(conflict("42804", &own.name, "storage parameter"));
            }
            inherited.storage = own.storage;
        }
        match (&inherited.compression, own.compression) {
            (_, None) => {}
            (None, compression) => inherited.compression = compression,
            (Some(a), Some(b)) if *a != b => return Err(conflict("42804", &own.name, "compression method")),
            _ => {}
        }
        inherited.not_null |= own.not_null;
        if !matches!(own.default, NewDefault::None) {
            inherited.default = own.default;
        }
        inherited.is_local = true;
        Ok(())
    }

    /// Puts in the checks that come from parents.
    pub(super) fn put_inherited_checks(&mut self, table: &QualifiedName, checks: &[InheritedCheck]) {
        for inherited in checks {
            let constraint = Constraint {
                is: ConstraintKind::Check(inherited.check.clone()),
                deferrable: false,
                initially_deferred: false,
                validated: inherited.enforced,
                enforced: inherited.enforced,
                is_local: false,
                inherit_count: inherited.count,
                parent: None,
                switched: Vec::new(),
            };
            let id = FactId::Constraint(table.clone(), inherited.name.clone());
            let mut fact = Fact::new(id, Payload::Constraint(constraint));
            if let Ok(needs) = self.stored_needs(table, &inherited.check.expression) {
                fact.needs = needs;
            }
            self.model.put(fact);
        }
    }
}

fn conflict(sqlstate: &'static str, column: &Name, what: &str) -> Box<Problem> {
    Problem::invalid(sqlstate, format!("column \"{}\" has a {what} conflict", column.as_str()))
}

/// Refuses a child's column that is generated otherwise than its parent's.
fn check_generation(inherited: &NewColumn, own: &NewColumn) -> Elaborated<()> {
    let column = own.name.as_str();
    let invalid = |message: String| Err(Problem::invalid("42611", message));
    match (inherited.generated, own.generated) {
        (Some(_), None) if !matches!(own.default, NewDefault::None) => {
            invalid(format!("column \"{column}\" inherits from generated column but specifies default"))
        }
        (Some(_), _) if own.identity.is_some() => {
            invalid(format!("column \"{column}\" inherits from generated column but specifies identity"))
        }
        (None, Some(_)) => invalid(format!("child column \"{column}\" specifies generation expression")),
        (Some(a), Some(b)) if a != b => {
            invalid(format!("column \"{column}\" inherits from generated column of different kind"))
        }
        _ => Ok(()),
    }
}
