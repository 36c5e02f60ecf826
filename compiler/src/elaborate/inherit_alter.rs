//! INHERIT and NO INHERIT of a table that is there: counts on columns and constraints.
//!
//! Follows `MergeAttributesIntoExisting`, `MergeConstraintsIntoExisting` and `RemoveInheritance`, tablecmds.c (PG 14 to 18).

use pgseal_catalog::QualifiedName;
use pgseal_catalog::facts::ConstraintKind;

use super::error::{Elaborated, Problem};
use super::run::Interpreter;
use crate::env::Major;

impl Interpreter<'_> {
    /// ALTER TABLE … INHERIT.
    pub(super) fn add_inherit(&mut self, table: &QualifiedName, parent: &QualifiedName) -> Elaborated<()> {
        let (Some(child), Some(found)) = (self.model.table(table).cloned(), self.model.table(parent)) else {
            return Err(Problem::internal("a table is gone"));
        };
        let wrong = |message: String| Err(Problem::invalid("42809", message));
        if child.partition_of.is_some() {
            return wrong("cannot change inheritance of a partition".to_owned());
        }
        if found.partition_key.is_some() {
            return wrong(format!("cannot inherit from partitioned table \"{}\"", parent.name.as_str()));
        }
        if found.partition_of.is_some() {
            return wrong("cannot inherit from a partition".to_owned());
        }
        if child.inherits.contains(parent) {
            return Err(Problem::duplicate(
                "42P07",
                format!("relation \"{}\" would be inherited from more than once", parent.name.as_str()),
            ));
        }
        if self.descends_from(parent, table) {
            return Err(Problem::duplicate("42P07", "circular inheritance not allowed"));
        }
        self.merge_into_existing(table, parent, false)?;
        let parent = parent.clone();
        self.edit_table(table, |t| t.inherits.push(parent))
    }

    /// ALTER TABLE … NO INHERIT.
    pub(super) fn drop_inherit(&mut self, table: &QualifiedName, parent: &QualifiedName) -> Elaborated<()> {
        let is_child = self.model.table(table).is_some_and(|t| t.inherits.contains(parent));
        if !is_child {
            return Err(Problem::undefined(
                "42P01",
                format!(
                    "relation \"{}\" is not a parent of relation \"{}\"",
                    parent.name.as_str(),
                    table.name.as_str()
                ),
                parent.name.as_str(),
            ));
        }
        self.take_out_of_parent(table, parent)?;
        self.edit_table(table, |t| t.inherits.retain(|other| other != parent))
    }

    fn descends_from(&self, table: &QualifiedName, ancestor: &QualifiedName) -> bool {
        table == ancestor || self.model.parents(table).iter().any(|parent| self.descends_from(parent, ancestor))
    }

    /// Merges a table's columns and constraints with those of a new parent.
    pub(super) fn merge_into_existing(
        &mut self,
        table: &QualifiedName,
        parent: &QualifiedName,
        partition: bool,
    ) -> Elaborated<()> {
        let mismatch = |message: String| Err(Problem::invalid("42804", message));
        for (column, of_parent) in self.model.columns(parent) {
            let shown = column.as_str();
            let Some(own) = self.model.column(table, &column).cloned() else {
                return mismatch(format!("child table is missing column \"{shown}\""));
            };
            if own.data_type != of_parent.data_type {
                return mismatch(format!(
                    "child table \"{}\" has different type for column \"{shown}\"",
                    table.name.as_str()
                ));
            }
            if own.collation != of_parent.collation {
                return Err(Problem::invalid(
                    "42P21",
                    format!("child table \"{}\" has different collation for column \"{shown}\"", table.name.as_str()),
                ));
            }
            let inherits_not_null = match self.not_nulls_are_constraints() {
                true => self.not_nulls_to_inherit(parent).iter().any(|(_, n)| n.column == column),
                false => of_parent.not_null,
            };
            if inherits_not_null && !own.not_null {
                return mismatch(match self.model.major() {
                    Major::V18 => {
                        format!("column \"{shown}\" in child table \"{}\" must be marked NOT NULL", table.name.as_str())
                    }
                    _ => format!("column \"{shown}\" in child table must be marked NOT NULL"),
                });
            }
            match (&of_parent.generated, &own.generated) {
                (Some(_), None) => {
                    return mismatch(format!("column \"{shown}\" in child table must be a generated column"));
                }
                (None, Some(_)) => {
                    return mismatch(format!("column \"{shown}\" in child table must not be a generated column"));
                }
                _ => {}
            }
            if partition && own.identity.is_some() {
                return Err(Problem::invalid(
                    "42P17",
                    format!("table \"{}\" being attached contains an identity column \"{shown}\"", table.name.as_str()),
                )
                .detail("The new partition may not contain an identity column."));
            }
            let identity = match (partition, self.model.major() >= Major::V17) {
                (true, true) => of_parent.identity.clone(),
                _ => own.identity.clone(),
            };
            self.edit_column(table, &column, |c| {
                c.inherit_count += 1;
                if partition {
                    c.is_local = false;
                }
                c.identity = identity;
            })?;
        }
        for (constraint, of_parent) in self.model.constraints_copied(parent) {
            self.merge_constraint(table, &constraint, &of_parent, partition)?;
        }
        Ok(())
    }

    fn merge_constraint(
        &mut self,
        table: &QualifiedName,
        constraint: &pgseal_catalog::Name,
        of_parent: &pgseal_catalog::facts::Constraint,
        partition: bool,
    ) -> Elaborated<()> {
        let own = match &of_parent.is {
            ConstraintKind::Check(check) if !check.no_inherit => {
                let Some(own) = self.model.constraint(table, constraint).cloned() else {
                    return Err(Problem::invalid(
                        "42804",
                        format!("child table is missing constraint \"{}\"", constraint.as_str()),
                    ));
                };
                let ConstraintKind::Check(own_check) = &own.is else {
                    return Err(Problem::invalid(
                        "42804",
                        format!("child table is missing constraint \"{}\"", constraint.as_str()),
                    ));
                };
                if own_check.expression != check.expression {
                    return Err(Problem::invalid(
                        "42804",
                        format!(
                            "child table \"{}\" has different definition for check constraint \"{}\"",
                            table.name.as_str(),
                            constraint.as_str()
                        ),
                    ));
                }
                if own_check.no_inherit {
                    return Err(Problem::invalid(
                        "42P17",
                        format!(
                            "constraint \"{}\" conflicts with non-inherited constraint on child table \"{}\"",
                            constraint.as_str(),
                            table.name.as_str()
                        ),
                    ));
                }
                if of_parent.validated && own.enforced && !own.validated {
                    return Err(Problem::invalid(
                        "42P17",
                        format!(
                            "constraint \"{}\" conflicts with NOT VALID constraint on child table \"{}\"",
                            constraint.as_str(),
                            table.name.as_str()
                        ),
                    ));
                }
                Some((constraint.clone(), own))
            }
            ConstraintKind::NotNull(not_null) if !not_null.no_inherit => self.not_null_of(table, &not_null.column),
            _ => None,
        };
        if let Some((name, mut own)) = own {
            own.inherit_count += 1;
            if partition {
                own.is_local = false;
            }
            self.put_constraint(table, &name, own);
        }
        Ok(())
    }

    /// Takes away a parent's share in a table's columns and constraints.
    pub(super) fn take_out_of_parent(&mut self, table: &QualifiedName, parent: &QualifiedName) -> Elaborated<()> {
        for (column, _) in self.model.columns(parent) {
            if self.model.column(table, &column).is_some_and(|c| c.inherit_count > 0) {
                self.edit_column(table, &column, |c| {
                    c.inherit_count -= 1;
                    if c.inherit_count == 0 {
                        c.is_local = true;
                    }
                })?;
            }
        }
        for (constraint, of_parent) in self.model.constraints_copied(parent) {
            let own = match &of_parent.is {
                ConstraintKind::Check(check) if !check.no_inherit => {
                    self.model.constraint(table, &constraint).cloned().map(|own| (constraint.clone(), own))
                }
                ConstraintKind::NotNull(n) if !n.no_inherit => self.not_null_of(table, &n.column),
                _ => None,
            };
            if let Some((name, mut own)) = own.filter(|(_, own)| own.inherit_count > 0) {
                own.inherit_count -= 1;
                if own.inherit_count == 0 {
                    own.is_local = true;
                }
                self.put_constraint(table, &name, own);
            }
        }
        Ok(())
    }
}
