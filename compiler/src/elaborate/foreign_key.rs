//! Foreign keys: the key they lean on, their names, and partitions on both sides.
//!
//! Follows `ATAddForeignKeyConstraint`, `transformFkeyCheckAttrs`, `addFkRecurseReferencing` and `CloneFkReferencing`,
//! tablecmds.c (PG 14 to 18).

use pg_query::protobuf::Constraint as RawConstraint;
use pgseal_catalog::facts::{
    Constraint, ConstraintKind, ForeignKey, ForeignKeyAction, KeyTarget, MatchType, Payload, Persistence,
};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::error::{Elaborated, Problem};
use super::index::names_joined;
use super::names::{name, names};
use super::run::{Interpreter, Order};
use crate::env::{Major, Oid};

/// A foreign key of a new table that waits for the table or key that it references.
#[derive(Debug, Clone)]
pub(super) struct PendingForeignKey {
    table: QualifiedName,
    name: Name,
    raw: RawConstraint,
    /// What it waits for.
    pub(super) problem: Box<Problem>,
}

/// What a foreign key leans on.
struct ReferencedKey {
    id: FactId,
    columns: Vec<Name>,
}

/// Refuses actions that would write a generated column.
fn refuse_generated(raw: &RawConstraint) -> Elaborated<()> {
    let invalid = |event: &str| {
        Err(Problem::invalid(
            "42601",
            format!("invalid {event} action for foreign key constraint containing generated column"),
        ))
    };
    if matches!(raw.fk_upd_action.as_str(), "n" | "d" | "c") {
        return invalid("ON UPDATE");
    }
    if matches!(raw.fk_del_action.as_str(), "n" | "d") {
        return invalid("ON DELETE");
    }
    Ok(())
}

impl Interpreter<'_> {
    /// Adds a foreign key written in CREATE TABLE. In a schema of any order one toward what is not there yet is set aside, its
    /// name chosen now.
    pub(super) fn add_foreign_key_of_new_table(
        &mut self,
        table: &QualifiedName,
        raw: &RawConstraint,
    ) -> Elaborated<()> {
        let chosen = self.foreign_key_name(table, raw)?;
        let savepoint = self.model.savepoint();
        match self.add_foreign_key(table, raw, &chosen, true, true) {
            Err(problem) if self.order == Order::Any && problem.missing.is_some() => {
                self.model.rollback(savepoint);
                self.pending.push(PendingForeignKey {
                    table: table.clone(),
                    name: chosen,
                    raw: raw.clone(),
                    problem: problem.at(raw.location),
                });
                Ok(())
            }
            other => other.map_err(|p| p.at(raw.location)),
        }
    }

    /// Adds a foreign key that was set aside.
    pub(super) fn add_foreign_key_set_aside(&mut self, pending: &PendingForeignKey) -> Elaborated<()> {
        if self.model.table(&pending.table).is_none() {
            return Ok(());
        }
        self.add_foreign_key(&pending.table, &pending.raw, &pending.name, true, true)
            .map_err(|p| p.at(pending.raw.location))
    }

    /// The name of a foreign key, given or made up.
    pub(super) fn foreign_key_name(&self, table: &QualifiedName, raw: &RawConstraint) -> Elaborated<Name> {
        match raw.conname.as_str() {
            "" => {
                let columns = names(&raw.fk_attrs)?;
                let joined = names_joined(columns.iter().map(Name::as_str));
                let pending: std::collections::BTreeSet<Name> =
                    self.pending.iter().filter(|p| p.table == *table).map(|p| p.name.clone()).collect();
                self.choose_constraint_name(table.name.as_str(), Some(&joined), "fkey", &table.schema, &pending)
            }
            text => {
                let given = name(text)?;
                self.constraint_is_free(table, &given)?;
                Ok(given)
            }
        }
    }

    /// Adds a foreign key under a name. `new_table`: there is nothing to validate.
    pub(super) fn add_foreign_key(
        &mut self,
        table: &QualifiedName,
        raw: &RawConstraint,
        chosen: &Name,
        recurse: bool,
        new_table: bool,
    ) -> Elaborated<()> {
        let Some(range) = &raw.pktable else { return Err(Problem::internal("a foreign key without a table")) };
        let (references, kind) = self.relation(range)?;
        if self.model.table(&references).is_none() {
            self.require_table(&references, kind).map_err(|problem| match problem.sqlstate {
                Some(_) => Problem::invalid(
                    "42809",
                    format!("referenced relation \"{}\" is not a table", references.name.as_str()),
                ),
                None => problem,
            })?;
        }
        self.check_persistence(table, &references)?;
        let partitioned = self.model.table(table).is_some_and(|t| t.partition_key.is_some());
        if partitioned && !recurse {
            return Err(Problem::invalid(
                "42809",
                format!(
                    "cannot use ONLY for foreign key on partitioned table \"{}\" referencing relation \"{}\"",
                    table.name.as_str(),
                    references.name.as_str()
                ),
            ));
        }
        if partitioned && raw.skip_validation && !new_table && self.model.major() < Major::V18 {
            return Err(Problem::invalid(
                "42809",
                format!(
                    "cannot add NOT VALID foreign key on partitioned table \"{}\" referencing relation \"{}\"",
                    table.name.as_str(),
                    references.name.as_str()
                ),
            ));
        }
        let columns = names(&raw.fk_attrs)?;
        for column in &columns {
            self.referencing_column(table, column)?;
            if self.model.column(table, column).is_some_and(|found| found.generated.is_some()) {
                refuse_generated(raw)?;
            }
        }
        let period = raw.fk_with_period || raw.pk_with_period;
        if raw.fk_with_period != raw.pk_with_period && !raw.pk_attrs.is_empty() {
            return Err(Problem::invalid(
                "42830",
                "foreign key must use PERIOD on the referencing table and on the referenced one alike",
            ));
        }
        let key = self.referenced_key(&references, &names(&raw.pk_attrs)?, period)?;
        if columns.len() != key.columns.len() {
            return Err(Problem::invalid(
                "42830",
                "number of referencing and referenced columns for foreign key disagree",
            ));
        }
        self.check_comparable(table, &columns, &references, &key.columns, chosen)?;
        let on_delete_columns = names(&raw.fk_del_set_cols)?;
        if !on_delete_columns.is_empty() && self.model.major() < Major::V15 {
            return Err(Problem::invalid(
                "42601",
                "syntax error: a column list after ON DELETE SET is not known before PostgreSQL 15",
            ));
        }
        for column in &on_delete_columns {
            self.referencing_column(table, column)?;
            if !columns.contains(column) {
                return Err(Problem::invalid(
                    "42P10",
                    format!(
                        "column \"{}\" referenced in ON DELETE SET action must be part of foreign key",
                        column.as_str()
                    ),
                ));
            }
        }
        let foreign_key = ForeignKey {
            columns,
            references,
            referenced_columns: key.columns,
            match_type: match raw.fk_matchtype.as_str() {
                "f" => MatchType::Full,
                "p" => return Err(Problem::invalid("0A000", "MATCH PARTIAL not yet implemented")),
                _ => MatchType::Simple,
            },
            on_update: action(&raw.fk_upd_action),
            on_delete: action(&raw.fk_del_action),
            on_delete_columns,
            period,
        };
        let enforced = raw.is_enforced || self.model.major() < Major::V18;
        let validated = enforced && (new_table || !raw.skip_validation);
        let constraint = Constraint {
            is: ConstraintKind::ForeignKey(foreign_key),
            deferrable: raw.deferrable,
            initially_deferred: raw.initdeferred,
            validated,
            enforced,
            is_local: true,
            inherit_count: 0,
            parent: None,
            switched: Vec::new(),
        };
        let mut fact = Fact::new(FactId::Constraint(table.clone(), chosen.clone()), Payload::Constraint(constraint));
        fact.needs.insert(key.id);
        self.model.put(fact);
        for partition in self.model.children(table).into_iter().filter(|_| partitioned) {
            self.foreign_key_on_partition(table, chosen, &partition)?;
        }
        Ok(())
    }

    fn referencing_column(&self, table: &QualifiedName, column: &Name) -> Elaborated<()> {
        match self.model.column(table, column) {
            Some(found) => match &found.generated {
                Some(g) if g.kind == pgseal_catalog::facts::GeneratedKind::Virtual => Err(Problem::invalid(
                    "0A000",
                    "foreign key constraints on virtual generated columns are not supported",
                )),
                _ => Ok(()),
            },
            None => Err(Problem::undefined(
                "42703",
                format!("column \"{}\" referenced in foreign key constraint does not exist", column.as_str()),
                table.name.as_str(),
            )),
        }
    }

    /// A permanent table may reference permanent ones only.
    fn check_persistence(&self, table: &QualifiedName, references: &QualifiedName) -> Elaborated<()> {
        let logged =
            |name: &QualifiedName| self.model.table(name).is_none_or(|t| t.persistence == Persistence::Permanent);
        if logged(table) && !logged(references) {
            return Err(Problem::invalid(
                "42P16",
                "constraints on permanent tables may reference only permanent tables",
            ));
        }
        Ok(())
    }

    /// The key that a foreign key references: the primary key, or a unique index over exactly these columns.
    fn referenced_key(&self, table: &QualifiedName, wanted: &[Name], period: bool) -> Elaborated<ReferencedKey> {
        let shown = table.name.as_str();
        if wanted.is_empty() {
            for (name, constraint) in self.model.constraints(table) {
                if let ConstraintKind::PrimaryKey(key) = &constraint.is {
                    if constraint.deferrable {
                        return Err(Problem::invalid(
                            "55000",
                            format!("cannot use a deferrable primary key for referenced table \"{shown}\""),
                        ));
                    }
                    return Ok(ReferencedKey {
                        id: FactId::Constraint(table.clone(), name.clone()),
                        columns: key.columns.clone(),
                    });
                }
            }
            return Err(Problem::undefined(
                "42704",
                format!("there is no primary key for referenced table \"{shown}\""),
                shown,
            ));
        }
        for column in wanted {
            if self.model.column(table, column).is_none() {
                return Err(Problem::undefined(
                    "42703",
                    format!("column \"{}\" referenced in foreign key constraint does not exist", column.as_str()),
                    shown,
                ));
            }
        }
        let fits = |columns: &[Name]| {
            columns.len() == wanted.len()
                && wanted.iter().all(|column| columns.contains(column))
                && columns.iter().all(|column| wanted.contains(column))
        };
        let mut deferrable = false;
        for (name, constraint) in self.model.constraints(table) {
            let (ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key)) = &constraint.is else { continue };
            if !fits(&key.columns) || key.without_overlaps != period {
                continue;
            }
            if constraint.deferrable {
                deferrable = true;
                continue;
            }
            return Ok(ReferencedKey { id: FactId::Constraint(table.clone(), name.clone()), columns: wanted.to_vec() });
        }
        for (name, index) in self.model.indexes(table) {
            let columns: Option<Vec<Name>> = index
                .keys
                .iter()
                .map(|key| match &key.target {
                    KeyTarget::Column(column) => Some(column.clone()),
                    KeyTarget::Expression(_) => None,
                })
                .collect();
            if index.unique && index.predicate.is_none() && !period && columns.is_some_and(|columns| fits(&columns)) {
                return Ok(ReferencedKey { id: FactId::Index(name), columns: wanted.to_vec() });
            }
        }
        if deferrable {
            return Err(Problem::invalid(
                "55000",
                format!("cannot use a deferrable unique constraint for referenced table \"{shown}\""),
            ));
        }
        Err(Problem::invalid(
            "42830",
            format!("there is no unique constraint matching given keys for referenced table \"{shown}\""),
        )
        .waits_for(shown))
    }

    /// Referencing and referenced columns must be comparable by an equality operator that the key knows.
    fn check_comparable(
        &self,
        table: &QualifiedName,
        columns: &[Name],
        references: &QualifiedName,
        referenced: &[Name],
        chosen: &Name,
    ) -> Elaborated<()> {
        let env = &self.model.env;
        let type_of = |table: &QualifiedName, column: &Name| {
            self.model.relation_row(table).and_then(|row| row.column(column.as_str())).map(|column| column.type_oid)
        };
        for (column, other) in columns.iter().zip(referenced) {
            let (Some(fk), Some(pk)) = (type_of(table, column), type_of(references, other)) else { continue };
            let (fk_base, pk_base) = (env.base_type(fk), env.base_type(pk));
            if fk_base == pk_base {
                continue;
            }
            let opclass = env.default_opclass(pk_base, Oid::BTREE_AM).and_then(|oid| env.opclass_by_oid(oid));
            let direct = opclass.is_some_and(|row| {
                env.family_operator(row.family, row.input, fk_base, 3).is_some()
                    || env.is_binary_coercible(fk_base, row.input)
            });
            let implicit = opclass.is_some_and(|row| {
                env.cast(fk_base, row.input).is_some_and(|c| c.context == crate::env::CastContext::Implicit)
                    || env.cast(fk_base, pk_base).is_some_and(|c| c.context == crate::env::CastContext::Implicit)
            });
            if !direct && !implicit {
                return Err(Problem::invalid(
                    "42804",
                    format!("foreign key constraint \"{}\" cannot be implemented", chosen.as_str()),
                )
                .detail(format!(
                    "Key columns \"{}\" of the referencing table and \"{}\" of the referenced table are of \
                     incompatible types: {} and {}.",
                    column.as_str(),
                    other.as_str(),
                    env.format_type_be(fk),
                    env.format_type_be(pk)
                )));
            }
        }
        Ok(())
    }

    /// Gives a partition its part of the parent's foreign key: an equal one becomes it, else one is made.
    pub(super) fn foreign_key_on_partition(
        &mut self,
        parent: &QualifiedName,
        constraint: &Name,
        partition: &QualifiedName,
    ) -> Elaborated<()> {
        let Some(of_parent) = self.model.constraint(parent, constraint).cloned() else { return Ok(()) };
        let ConstraintKind::ForeignKey(wanted) = &of_parent.is else { return Ok(()) };
        let found = self.model.constraints(partition).find(|(_, c)| {
            matches!(&c.is, ConstraintKind::ForeignKey(own) if own == wanted)
                && c.parent.is_none()
                && c.deferrable == of_parent.deferrable
                && c.initially_deferred == of_parent.initially_deferred
                && (self.model.major() >= Major::V18 || c.validated)
                && (c.enforced || !of_parent.enforced)
        });
        let found = found.map(|(name, own)| (name.clone(), own.clone()));
        let chosen = match found {
            Some((chosen, mut own)) => {
                own.parent = Some((parent.clone(), constraint.clone()));
                own.is_local = false;
                own.inherit_count += 1;
                self.put_constraint(partition, &chosen, own);
                chosen
            }
            None => {
                let taken = self.model.contains(&FactId::Constraint(partition.clone(), constraint.clone()));
                let chosen = if !taken {
                    constraint.clone()
                } else if self.model.major() >= Major::V18 {
                    self.choose_constraint_name(
                        constraint.as_str(),
                        None,
                        "",
                        &partition.schema,
                        &std::collections::BTreeSet::new(),
                    )?
                } else {
                    let joined = names_joined(wanted.columns.iter().map(Name::as_str));
                    self.choose_constraint_name(
                        partition.name.as_str(),
                        Some(&joined),
                        "fkey",
                        &partition.schema,
                        &std::collections::BTreeSet::new(),
                    )?
                };
                let own = Constraint {
                    parent: Some((parent.clone(), constraint.clone())),
                    is_local: false,
                    inherit_count: 1,
                    switched: Vec::new(),
                    ..of_parent.clone()
                };
                let id = FactId::Constraint(partition.clone(), chosen.clone());
                let mut fact = Fact::new(id, Payload::Constraint(own));
                let of = FactId::Constraint(parent.clone(), constraint.clone());
                if let Some(parent_fact) = self.model.fact(&of) {
                    let keys = parent_fact.needs.iter().filter(|need| match need {
                        FactId::Constraint(table, _) => *table == wanted.references,
                        FactId::Index(_) => true,
                        _ => false,
                    });
                    fact.needs.extend(keys.cloned());
                }
                self.model.put(fact);
                chosen
            }
        };
        if self.model.table(partition).is_some_and(|t| t.partition_key.is_some()) {
            for child in self.model.children(partition) {
                self.foreign_key_on_partition(partition, &chosen, &child)?;
            }
        }
        Ok(())
    }
}

/// `confupdtype`, `confdeltype`.
fn action(letter: &str) -> ForeignKeyAction {
    match letter {
        "r" => ForeignKeyAction::Restrict,
        "c" => ForeignKeyAction::Cascade,
        "n" => ForeignKeyAction::SetNull,
        "d" => ForeignKeyAction::SetDefault,
        _ => ForeignKeyAction::NoAction,
    }
}
