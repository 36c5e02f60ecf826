//! Not-null: a mark on the column, and from 18 on a constraint with a name that is inherited.
//!
//! Follows `AddRelationNotNullConstraints`, heap.c, `AdjustNotNullInheritance`, pg_constraint.c, `ATExecSetNotNull` and
//! `ATExecDropNotNull`, tablecmds.c (PG 14 to 18).

use std::collections::BTreeSet;

use pgseal_catalog::facts::{Constraint, ConstraintKind, NotNull, Payload};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::column_definition::NewNotNull;
use super::error::{Elaborated, Problem};
use super::run::Interpreter;
use crate::env::Major;

impl Interpreter<'_> {
    /// Whether not-nulls are constraints of their own.
    pub(super) fn not_nulls_are_constraints(&self) -> bool {
        self.model.major() >= Major::V18
    }

    /// The not-null constraint of a column.
    pub(super) fn not_null_of(&self, table: &QualifiedName, column: &Name) -> Option<(Name, Constraint)> {
        self.model
            .constraints(table)
            .find(|(_, constraint)| matches!(&constraint.is, ConstraintKind::NotNull(n) if n.column == *column))
            .map(|(name, constraint)| (name.clone(), constraint.clone()))
    }

    /// Puts in a not-null constraint and marks its column.
    fn put_not_null(
        &mut self,
        table: &QualifiedName,
        new: &NewNotNull,
        chosen: Name,
        is_local: bool,
        count: u32,
    ) -> Elaborated<()> {
        let constraint = Constraint {
            is: ConstraintKind::NotNull(NotNull { column: new.column.clone(), no_inherit: new.no_inherit }),
            deferrable: false,
            initially_deferred: false,
            validated: new.validated,
            enforced: true,
            is_local,
            inherit_count: count,
            parent: None,
            switched: Vec::new(),
        };
        self.model.put(Fact::new(FactId::Constraint(table.clone(), chosen), Payload::Constraint(constraint)));
        self.edit_column(table, &new.column, |column| column.not_null = true)
    }

    /// Adds the not-nulls of a table that is being made: its own, then those that only come from parents.
    pub(super) fn add_not_nulls(
        &mut self,
        table: &QualifiedName,
        own: Vec<NewNotNull>,
        mut inherited: Vec<(Name, Name)>,
        mut taken: BTreeSet<Name>,
    ) -> Elaborated<()> {
        if !self.not_nulls_are_constraints() {
            return Ok(());
        }
        let mut given: BTreeSet<Name> = BTreeSet::new();
        let mut list: Vec<NewNotNull> = Vec::new();
        for new in own {
            let Some(before) = list.iter_mut().find(|n| n.column == new.column) else {
                list.push(new);
                continue;
            };
            if before.no_inherit != new.no_inherit {
                return Err(Problem::invalid(
                    "42601",
                    format!(
                        "conflicting NO INHERIT declaration for not-null constraint on column \"{}\"",
                        new.column.as_str()
                    ),
                ));
            }
            match (&before.name, new.name) {
                (None, chosen) => before.name = chosen,
                (Some(a), Some(b)) if *a != b => {
                    return Err(Problem::invalid(
                        "42601",
                        format!("conflicting not-null constraint names \"{}\" and \"{}\"", a.as_str(), b.as_str()),
                    ));
                }
                _ => {}
            }
        }
        for new in list {
            if self.model.column(table, &new.column).is_none() {
                return Err(self.no_column(table, &new.column));
            }
            let count = inherited.iter().filter(|(_, column)| *column == new.column).count();
            if count > 0 && new.no_inherit {
                return Err(Problem::invalid(
                    "42804",
                    format!("cannot define not-null constraint with NO INHERIT on column \"{}\"", new.column.as_str()),
                )
                .detail("The column has an inherited not-null constraint."));
            }
            inherited.retain(|(_, column)| *column != new.column);
            let chosen = match &new.name {
                Some(chosen) => {
                    if !given.insert(chosen.clone()) {
                        return Err(Problem::duplicate(
                            "42710",
                            format!(
                                "constraint \"{}\" for relation \"{}\" already exists",
                                chosen.as_str(),
                                table.name.as_str()
                            ),
                        ));
                    }
                    chosen.clone()
                }
                None => self.not_null_name(table, &new.column, &taken)?,
            };
            self.constraint_is_free(table, &chosen)?;
            taken.insert(chosen.clone());
            self.put_not_null(table, &new, chosen, true, u32::try_from(count).unwrap_or(u32::MAX))?;
        }
        while let Some((wanted, column)) = inherited.first().cloned() {
            let count = inherited.iter().filter(|(_, other)| *other == column).count();
            inherited.retain(|(_, other)| *other != column);
            let chosen = if taken.contains(&wanted) { self.not_null_name(table, &column, &taken)? } else { wanted };
            taken.insert(chosen.clone());
            let new = NewNotNull { name: None, column, no_inherit: false, validated: true };
            self.put_not_null(table, &new, chosen, false, u32::try_from(count).unwrap_or(u32::MAX))?;
        }
        Ok(())
    }

    fn not_null_name(&self, table: &QualifiedName, column: &Name, taken: &BTreeSet<Name>) -> Elaborated<Name> {
        self.choose_constraint_name(table.name.as_str(), Some(column.as_str()), "not_null", &table.schema, taken)
    }

    /// Adds one not-null to a table that is there, and to its children; `is_local` is false for a child.
    pub(super) fn add_not_null(
        &mut self,
        table: &QualifiedName,
        new: &NewNotNull,
        recurse: bool,
        is_local: bool,
        taken: &BTreeSet<Name>,
    ) -> Elaborated<()> {
        if self.model.column(table, &new.column).is_none() {
            return Err(self.no_column(table, &new.column));
        }
        if !self.not_nulls_are_constraints() {
            self.edit_column(table, &new.column, |column| column.not_null = true)?;
            if recurse {
                for child in self.model.children(table) {
                    self.add_not_null(&child, new, recurse, false, taken)?;
                }
            }
            return Ok(());
        }
        if let Some((found, mut before)) = self.not_null_of(table, &new.column) {
            return self.adjust_not_null(table, new, is_local, found, &mut before);
        }
        let chosen = match &new.name {
            Some(chosen) => {
                self.constraint_is_free(table, chosen)?;
                chosen.clone()
            }
            None => self.not_null_name(table, &new.column, taken)?,
        };
        self.put_not_null(table, new, chosen.clone(), is_local, u32::from(!is_local))?;
        if new.no_inherit {
            return Ok(());
        }
        let children = self.model.children(table);
        if !recurse && !children.is_empty() {
            return Err(Problem::invalid("42P16", "constraint must be added to child tables too"));
        }
        let for_child = NewNotNull { name: Some(chosen), ..new.clone() };
        for child in children {
            self.add_not_null(&child, &for_child, recurse, false, &BTreeSet::new())?;
        }
        Ok(())
    }

    fn adjust_not_null(
        &mut self,
        table: &QualifiedName,
        new: &NewNotNull,
        is_local: bool,
        found: Name,
        before: &mut Constraint,
    ) -> Elaborated<()> {
        let ConstraintKind::NotNull(not_null) = &before.is else { return Ok(()) };
        if not_null.no_inherit != new.no_inherit {
            return Err(Problem::invalid(
                "55000",
                format!(
                    "cannot change NO INHERIT status of NOT NULL constraint \"{}\" on relation \"{}\"",
                    found.as_str(),
                    table.name.as_str()
                ),
            ));
        }
        if new.validated && !before.validated {
            return Err(Problem::invalid(
                "55000",
                format!(
                    "incompatible NOT VALID constraint \"{}\" on relation \"{}\"",
                    found.as_str(),
                    table.name.as_str()
                ),
            ));
        }
        if is_local && new.name.as_ref().is_some_and(|chosen| *chosen != found) {
            return Err(Problem::invalid(
                "55000",
                format!(
                    "cannot create not-null constraint \"{}\" on column \"{}\" of table \"{}\"",
                    new.name.as_ref().map_or("", Name::as_str),
                    new.column.as_str(),
                    table.name.as_str()
                ),
            )
            .detail(format!("A not-null constraint named \"{}\" already exists for this column.", found.as_str())));
        }
        if is_local {
            before.is_local = true;
        } else {
            before.inherit_count += 1;
        }
        self.put_constraint(table, &found, before.clone());
        Ok(())
    }

    /// ALTER COLUMN … SET NOT NULL.
    pub(super) fn set_not_null(
        &mut self,
        table: &QualifiedName,
        column: &Name,
        given: Option<Name>,
        recurse: bool,
        recursing: bool,
    ) -> Elaborated<()> {
        if self.model.column(table, column).is_none() {
            return Err(self.no_column(table, column));
        }
        let children = self.model.children(table);
        if !self.not_nulls_are_constraints() {
            let partitioned = self.model.table(table).is_some_and(|t| t.partition_key.is_some());
            if !recurse && partitioned && !children.is_empty() {
                let all = children.iter().all(|child| self.model.column(child, column).is_some_and(|c| c.not_null));
                if !all {
                    return Err(Problem::invalid("42P16", "constraint must be added to child tables too")
                        .hint("Do not specify the ONLY keyword."));
                }
            }
            self.edit_column(table, column, |column| column.not_null = true)?;
            if recurse {
                for child in children {
                    self.set_not_null(&child, column, None, recurse, true)?;
                }
            }
            return Ok(());
        }
        if let Some((found, mut before)) = self.not_null_of(table, column) {
            if matches!(&before.is, ConstraintKind::NotNull(n) if n.no_inherit && recurse) {
                return Err(Problem::invalid(
                    "0A000",
                    format!(
                        "cannot change NO INHERIT status of NOT NULL constraint \"{}\" on relation \"{}\"",
                        found.as_str(),
                        table.name.as_str()
                    ),
                ));
            }
            if recursing {
                before.inherit_count += 1;
            } else if !before.is_local {
                before.is_local = true;
            } else if !before.validated {
                return self.validate_constraint(table, &found, recurse);
            }
            self.put_constraint(table, &found, before);
            return Ok(());
        }
        let mut no_inherit = false;
        if !recurse && !children.is_empty() {
            if self.model.table(table).is_some_and(|t| t.partition_key.is_some()) {
                return Err(Problem::invalid("42P16", "constraint must be added to child tables too")
                    .hint("Do not specify the ONLY keyword."));
            }
            no_inherit = true;
        }
        let chosen = match given {
            Some(given) if recursing => given,
            _ => self.not_null_name(table, column, &BTreeSet::new())?,
        };
        self.constraint_is_free(table, &chosen)?;
        let new = NewNotNull { name: None, column: column.clone(), no_inherit, validated: true };
        self.put_not_null(table, &new, chosen.clone(), !recursing, u32::from(recursing))?;
        if recurse {
            for child in children {
                self.set_not_null(&child, column, Some(chosen.clone()), recurse, true)?;
            }
        }
        Ok(())
    }

    /// ALTER COLUMN … DROP NOT NULL.
    pub(super) fn drop_not_null(&mut self, table: &QualifiedName, column: &Name, recurse: bool) -> Elaborated<()> {
        let Some(found) = self.model.column(table, column).cloned() else {
            return Err(self.no_column(table, column));
        };
        if !found.not_null {
            return Ok(());
        }
        if found.identity.is_some() {
            return Err(Problem::invalid(
                "42601",
                format!("column \"{}\" of relation \"{}\" is an identity column", column.as_str(), table.name.as_str()),
            ));
        }
        if self.in_primary_key(table, column) {
            return Err(Problem::invalid("42P16", format!("column \"{}\" is in a primary key", column.as_str())));
        }
        if let Some(partition) = self.model.table(table).and_then(|t| t.partition_of.as_ref())
            && self.model.column(&partition.parent, column).is_some_and(|c| c.not_null)
        {
            return Err(Problem::invalid(
                "42P16",
                format!("column \"{}\" is marked NOT NULL in parent table", column.as_str()),
            ));
        }
        if self.not_nulls_are_constraints() {
            let Some((constraint, _)) = self.not_null_of(table, column) else {
                return Err(Problem::internal("a column is not null without its constraint"));
            };
            return self.drop_constraint(table, &constraint, recurse, false, false);
        }
        self.edit_column(table, column, |column| column.not_null = false)?;
        if recurse {
            for child in self.model.children(table) {
                self.drop_not_null(&child, column, recurse)?;
            }
        }
        Ok(())
    }

    /// Whether a column is in its table's primary key.
    pub(super) fn in_primary_key(&self, table: &QualifiedName, column: &Name) -> bool {
        self.model.constraints(table).any(
            |(_, constraint)| matches!(&constraint.is, ConstraintKind::PrimaryKey(key) if key.columns.contains(column)),
        )
    }

    /// There is no such column.
    pub(super) fn no_column(&self, table: &QualifiedName, column: &Name) -> Box<Problem> {
        Problem::undefined(
            "42703",
            format!("column \"{}\" of relation \"{}\" does not exist", column.as_str(), table.name.as_str()),
            table.name.as_str(),
        )
    }
}
