//! ALTER TABLE on constraints that are there: VALIDATE, ALTER, DROP.
//!
//! Follows `ATExecValidateConstraint`, `ATExecAlterConstraint` and `dropconstraint_internal`, tablecmds.c (PG 14 to 18).

use pg_query::NodeEnum;
use pg_query::protobuf::AlterTableCmd;
use pgseal_catalog::facts::{Constraint, ConstraintKind, ReplicaIdentity};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::error::{Elaborated, Problem};
use super::names::name;
use super::run::Interpreter;
use crate::env::Major;

/// What ALTER CONSTRAINT changes.
struct Alteration {
    deferrability: Option<(bool, bool)>,
    enforced: Option<bool>,
    no_inherit: Option<bool>,
}

impl Interpreter<'_> {
    /// VALIDATE CONSTRAINT.
    pub(super) fn validate_constraint(
        &mut self,
        table: &QualifiedName,
        constraint: &Name,
        recurse: bool,
    ) -> Elaborated<()> {
        let Some(found) = self.model.constraint(table, constraint).cloned() else {
            return Err(self.no_constraint(table, constraint));
        };
        let children = self.model.children(table);
        match &found.is {
            ConstraintKind::ForeignKey(_) | ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => {}
            _ => {
                return Err(Problem::invalid(
                    "42809",
                    format!(
                        "constraint \"{}\" of relation \"{}\" is not a foreign key or check constraint",
                        constraint.as_str(),
                        table.name.as_str()
                    ),
                ));
            }
        }
        if !found.enforced {
            return Err(Problem::invalid("42809", "cannot validate NOT ENFORCED constraint"));
        }
        if found.validated {
            return Ok(());
        }
        match &found.is {
            ConstraintKind::Check(check) if !check.no_inherit => {
                for child in &children {
                    if !recurse {
                        return Err(Problem::invalid("42P16", "constraint must be validated on child tables too"));
                    }
                    self.validate_constraint(child, constraint, recurse)?;
                }
            }
            ConstraintKind::NotNull(not_null) if !not_null.no_inherit => {
                for child in &children {
                    if !recurse {
                        return Err(Problem::invalid("42P16", "constraint must be validated on child tables too"));
                    }
                    if let Some((own, _)) = self.not_null_of(child, &not_null.column) {
                        self.validate_constraint(child, &own, recurse)?;
                    }
                }
            }
            ConstraintKind::ForeignKey(_) => {
                for child in &children {
                    let parts: Vec<Name> = self
                        .model
                        .constraints(child)
                        .filter(|(_, c)| c.parent.as_ref().is_some_and(|(t, n)| t == table && n == constraint))
                        .map(|(name, _)| name.clone())
                        .collect();
                    for part in parts {
                        self.validate_constraint(child, &part, recurse)?;
                    }
                }
            }
            _ => {}
        }
        self.edit_constraint(table, constraint, |c| c.validated = true)
    }

    /// ALTER CONSTRAINT.
    pub(super) fn alter_constraint(&mut self, table: &QualifiedName, command: &AlterTableCmd) -> Elaborated<()> {
        let Some(node) = command.def.as_ref().and_then(|d| d.node.as_ref()) else {
            return Err(Problem::internal("ALTER CONSTRAINT of nothing"));
        };
        let (text, change) = match node {
            NodeEnum::AtalterConstraint(alter) => (
                alter.conname.as_str(),
                Alteration {
                    deferrability: alter.alter_deferrability.then_some((alter.deferrable, alter.initdeferred)),
                    enforced: alter.alter_enforceability.then_some(alter.is_enforced),
                    no_inherit: alter.alter_inheritability.then_some(alter.noinherit),
                },
            ),
            _ => return Err(Problem::unsupported("this form of ALTER CONSTRAINT")),
        };
        let constraint = name(text)?;
        let Some(found) = self.model.constraint(table, &constraint).cloned() else {
            return Err(self.no_constraint(table, &constraint));
        };
        if (change.enforced.is_some() || change.no_inherit.is_some()) && self.model.major() < Major::V18 {
            return Err(Problem::invalid(
                "42601",
                "syntax error: this form of ALTER CONSTRAINT is not known before PostgreSQL 18",
            ));
        }
        let shown = constraint.as_str();
        let relation = table.name.as_str();
        let is_foreign_key = matches!(found.is, ConstraintKind::ForeignKey(_));
        if (change.deferrability.is_some() || change.enforced.is_some()) && !is_foreign_key {
            return Err(Problem::invalid(
                "42809",
                format!("constraint \"{shown}\" of relation \"{relation}\" is not a foreign key constraint"),
            ));
        }
        if found.parent.is_some() {
            return Err(Problem::invalid(
                "55000",
                format!("cannot alter constraint \"{shown}\" on relation \"{relation}\""),
            ));
        }
        if let Some(no_inherit) = change.no_inherit {
            let ConstraintKind::NotNull(_) = &found.is else {
                return Err(Problem::invalid(
                    "42809",
                    format!("constraint \"{shown}\" of relation \"{relation}\" is not a not-null constraint"),
                ));
            };
            return self.change_not_null_inheritance(table, &constraint, no_inherit);
        }
        self.alter_foreign_key_down(table, &constraint, &change)
    }

    fn alter_foreign_key_down(
        &mut self,
        table: &QualifiedName,
        constraint: &Name,
        change: &Alteration,
    ) -> Elaborated<()> {
        self.edit_constraint(table, constraint, |c| {
            if let Some((deferrable, deferred)) = change.deferrability {
                c.deferrable = deferrable;
                c.initially_deferred = deferred;
            }
            if let Some(enforced) = change.enforced {
                c.enforced = enforced;
                c.validated = enforced;
            }
        })?;
        for child in self.model.children(table) {
            let parts: Vec<Name> = self
                .model
                .constraints(&child)
                .filter(|(_, c)| c.parent.as_ref().is_some_and(|(t, n)| t == table && n == constraint))
                .map(|(name, _)| name.clone())
                .collect();
            for part in parts {
                self.alter_foreign_key_down(&child, &part, change)?;
            }
        }
        Ok(())
    }

    fn change_not_null_inheritance(
        &mut self,
        table: &QualifiedName,
        constraint: &Name,
        no_inherit: bool,
    ) -> Elaborated<()> {
        let Some(found) = self.model.constraint(table, constraint).cloned() else { return Ok(()) };
        let ConstraintKind::NotNull(not_null) = &found.is else { return Ok(()) };
        if not_null.no_inherit == no_inherit {
            return Ok(());
        }
        if found.inherit_count > 0 {
            return Err(Problem::invalid(
                "42P16",
                format!(
                    "cannot alter inherited constraint \"{}\" on relation \"{}\"",
                    constraint.as_str(),
                    table.name.as_str()
                ),
            ));
        }
        let column = not_null.column.clone();
        self.edit_constraint(table, constraint, |c| {
            if let ConstraintKind::NotNull(n) = &mut c.is {
                n.no_inherit = no_inherit;
            }
        })?;
        for child in self.model.children(table) {
            if no_inherit {
                if let Some((own, mut payload)) = self.not_null_of(&child, &column) {
                    payload.inherit_count = payload.inherit_count.saturating_sub(1);
                    if payload.inherit_count == 0 {
                        payload.is_local = true;
                    }
                    self.put_constraint(&child, &own, payload);
                }
            } else {
                self.set_not_null(&child, &column, Some(constraint.clone()), true, true)?;
            }
        }
        Ok(())
    }

    /// DROP CONSTRAINT.
    pub(super) fn drop_constraint(
        &mut self,
        table: &QualifiedName,
        constraint: &Name,
        recurse: bool,
        recursing: bool,
        cascade: bool,
    ) -> Elaborated<()> {
        let Some(found) = self.model.constraint(table, constraint).cloned() else {
            return Err(self.no_constraint(table, constraint));
        };
        if found.inherit_count > 0 && !recursing {
            return Err(Problem::invalid(
                "42P16",
                format!(
                    "cannot drop inherited constraint \"{}\" of relation \"{}\"",
                    constraint.as_str(),
                    table.name.as_str()
                ),
            ));
        }
        let id = FactId::Constraint(table.clone(), constraint.clone());
        let own_index = matches!(
            found.is,
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclusion(_)
        );
        if let ConstraintKind::NotNull(not_null) = &found.is {
            self.refuse_nullable(table, &not_null.column)?;
            let column = not_null.column.clone();
            self.edit_column(table, &column, |c| c.not_null = false)?;
        }
        let identity = ReplicaIdentity::Index(constraint.clone());
        if own_index && self.model.table(table).is_some_and(|t| t.replica_identity == identity) {
            self.edit_table(table, |t| t.replica_identity = ReplicaIdentity::Nothing)?;
        }
        self.drop_facts_by(vec![id], cascade)?;
        let no_inherit = match &found.is {
            ConstraintKind::Check(check) => check.no_inherit,
            ConstraintKind::NotNull(not_null) => not_null.no_inherit,
            _ => true,
        };
        if no_inherit {
            return Ok(());
        }
        for child in self.model.children(table) {
            let own: Option<(Name, Constraint)> = match &found.is {
                ConstraintKind::NotNull(not_null) => self.not_null_of(&child, &not_null.column),
                _ => self.model.constraint(&child, constraint).cloned().map(|c| (constraint.clone(), c)),
            };
            let Some((own, mut payload)) = own.filter(|(_, c)| c.inherit_count > 0) else { continue };
            if recurse && payload.inherit_count == 1 && !payload.is_local {
                self.drop_constraint(&child, &own, recurse, true, cascade)?;
            } else {
                payload.inherit_count -= 1;
                if !recurse && payload.inherit_count == 0 {
                    payload.is_local = true;
                }
                self.put_constraint(&child, &own, payload);
            }
        }
        Ok(())
    }

    fn refuse_nullable(&self, table: &QualifiedName, column: &Name) -> Elaborated<()> {
        if self.in_primary_key(table, column) {
            return Err(Problem::invalid("42P16", format!("column \"{}\" is in a primary key", column.as_str())));
        }
        if self.model.column(table, column).is_some_and(|c| c.identity.is_some()) {
            return Err(Problem::invalid(
                "55000",
                format!("column \"{}\" of relation \"{}\" is an identity column", column.as_str(), table.name.as_str()),
            ));
        }
        Ok(())
    }
}
