//! Check constraints: their names, merging with inherited ones, and children.
//!
//! Follows `AddRelationNewConstraints` and `MergeWithExistingConstraint`, heap.c, and `ATAddCheckNNConstraint`, tablecmds.c
//! (PG 14 to 18).

use std::collections::BTreeSet;

use pg_query::protobuf::Constraint as RawConstraint;
use pgseal_catalog::facts::{Check, Constraint, ConstraintKind, Payload};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::error::{Elaborated, Problem};
use super::expression::Cooked;
use super::model::Part;
use super::names::name;
use super::run::Interpreter;

/// A check that is being added to a table and its children.
#[derive(Debug, Clone)]
struct NewCheck {
    name: Name,
    no_inherit: bool,
    validated: bool,
    enforced: bool,
}

impl Interpreter<'_> {
    /// Adds a check to a table that is being made, or alone; `taken` are names that the statement has given already. Returns its name.
    pub(super) fn add_check(
        &mut self,
        table: &QualifiedName,
        raw: &RawConstraint,
        validated: bool,
        taken: &mut BTreeSet<Name>,
        recurse: bool,
    ) -> Elaborated<Name> {
        let Some(expression) = &raw.raw_expr else { return Err(Problem::internal("a check without text")) };
        let cooked = self.cook_check(table, expression)?;
        let chosen = match raw.conname.as_str() {
            "" => {
                let column = cooked.single_column.as_ref().map(Name::as_str);
                self.choose_constraint_name(table.name.as_str(), column, "check", &table.schema, taken)?
            }
            text => {
                let given = name(text)?;
                if taken.contains(&given) {
                    return Err(Problem::duplicate(
                        "42710",
                        format!("check constraint \"{}\" already exists", given.as_str()),
                    )
                    .at(raw.location));
                }
                given
            }
        };
        let new = NewCheck {
            name: chosen.clone(),
            no_inherit: raw.is_no_inherit,
            validated,
            enforced: raw.is_enforced || self.model.major() < crate::env::Major::V18,
        };
        if self.model.table(table).is_some_and(|t| t.partition_key.is_some()) && new.no_inherit {
            return Err(Problem::invalid(
                "42P16",
                format!("cannot add NO INHERIT constraint to partitioned table \"{}\"", table.name.as_str()),
            ));
        }
        let added = self.store_check(table, &new, &cooked, true, false).map_err(|p| p.at(raw.location))?;
        if added {
            let id = FactId::Constraint(table.clone(), chosen.clone());
            self.remember(&id, Part::Check, expression);
            if !new.no_inherit {
                self.check_children(table, &new, raw, recurse)?;
            }
        }
        Ok(chosen)
    }

    fn check_children(
        &mut self,
        table: &QualifiedName,
        new: &NewCheck,
        raw: &RawConstraint,
        recurse: bool,
    ) -> Elaborated<()> {
        let children = self.model.children(table);
        if !recurse && !children.is_empty() {
            return Err(Problem::invalid("42P16", "constraint must be added to child tables too"));
        }
        for child in children {
            let Some(expression) = &raw.raw_expr else { continue };
            let cooked = self.cook_check(&child, expression)?;
            if self.store_check(&child, new, &cooked, false, true)? {
                self.check_children(&child, new, raw, recurse)?;
            }
        }
        Ok(())
    }

    /// Stores a check, or merges it with the one of that name; says whether it is new.
    fn store_check(
        &mut self,
        table: &QualifiedName,
        new: &NewCheck,
        cooked: &Cooked,
        is_local: bool,
        allow_merge: bool,
    ) -> Elaborated<bool> {
        let id = FactId::Constraint(table.clone(), new.name.clone());
        let is_partition = self.model.table(table).is_some_and(|t| t.partition_of.is_some());
        if let Some(mut before) = self.model.constraint(table, &new.name).cloned() {
            let allow = allow_merge || (is_local && !before.is_local);
            let same = matches!(&before.is, ConstraintKind::Check(check) if check.expression == cooked.text);
            if !allow || !same {
                return self.constraint_is_free(table, &new.name).map(|()| false);
            }
            let clash = |what: &str| {
                Err(Problem::invalid(
                    "42P17",
                    format!(
                        "constraint \"{}\" conflicts with {what} constraint on relation \"{}\"",
                        new.name.as_str(),
                        table.name.as_str()
                    ),
                ))
            };
            if let ConstraintKind::Check(check) = &before.is
                && check.no_inherit
            {
                return clash("non-inherited");
            }
            if before.inherit_count > 0 && new.no_inherit {
                return clash("inherited");
            }
            if new.validated && before.enforced && !before.validated {
                return clash("NOT VALID");
            }
            if (!is_local && new.enforced && !before.enforced) || (is_local && !new.enforced && before.enforced) {
                return clash("NOT ENFORCED");
            }
            if is_partition {
                before.inherit_count = 1;
                before.is_local = false;
            } else if is_local {
                before.is_local = true;
            } else {
                before.inherit_count += 1;
            }
            if new.enforced && !before.enforced {
                before.enforced = true;
                before.validated = true;
            }
            let needs = self.model.fact(&id).map(|fact| fact.needs.clone()).unwrap_or_default();
            let mut fact = Fact::new(id, Payload::Constraint(before));
            fact.needs = needs;
            self.model.put(fact);
            return Ok(false);
        }
        let constraint = Constraint {
            is: ConstraintKind::Check(Check { expression: cooked.text.clone(), no_inherit: new.no_inherit }),
            deferrable: false,
            initially_deferred: false,
            validated: new.validated,
            enforced: new.enforced,
            is_local,
            inherit_count: u32::from(!is_local),
            parent: None,
            switched: Vec::new(),
        };
        let mut fact = Fact::new(id, Payload::Constraint(constraint));
        fact.needs = cooked.needs.clone();
        self.model.put(fact);
        Ok(true)
    }
}
