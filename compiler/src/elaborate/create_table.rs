//! CREATE TABLE: the order of its steps.
//!
//! Follows `transformCreateStmt`, parse_utilcmd.c, `ProcessUtilitySlow`, utility.c, and `DefineRelation`, tablecmds.c
//! (PG 14 to 18): sequences, the table with its columns, defaults, partition bound and key, what a partition gets from its
//! parent, checks, not-nulls, then keys and indexes, LIKE, foreign keys and comments. The order decides the names.

use pg_query::NodeEnum;
use pg_query::protobuf::{ConstrType, Constraint, CreateStmt};
use pgseal_catalog::facts::{Default as DefaultFact, Expression, Generated, Payload, Persistence, Sequence, Table};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::column_definition::{Collected, NewColumn, NewDefault, NewNotNull, constraint_type};
use super::error::{Elaborated, Problem};
use super::like::Like;
use super::model::Part;
use super::names::{name, names};
use super::options::{OptionsOf, set_options};
use super::run::Interpreter;
use crate::env::{Major, RelationKind};

impl Interpreter<'_> {
    /// Carries out CREATE TABLE.
    pub(super) fn create_table(&mut self, statement: &CreateStmt) -> Elaborated<()> {
        let Some(range) = &statement.relation else { return Err(Problem::internal("a table without a name")) };
        let table = self.creation_name(range)?;
        if self.relation_exists(&table) && statement.if_not_exists {
            return Ok(());
        }
        self.relation_is_free(&table).map_err(|p| p.at(range.location))?;
        self.type_is_free(&table).map_err(|p| p.at(range.location))?;
        if statement.partspec.is_some() && !statement.inh_relations.is_empty() && statement.partbound.is_none() {
            return Err(Problem::invalid("42P17", "cannot create partitioned table as inheritance child"));
        }
        let unlogged = range.relpersistence == "u";
        let parents = self.parents_of(statement)?;
        let mut collected = Collected::default();
        let mut likes = Vec::new();
        let of_type = match &statement.of_typename {
            Some(ty) => Some(self.collect_of_type(ty, &mut collected)?),
            None => None,
        };
        self.collect_elements(statement, &table, unlogged, &mut collected, &mut likes)?;
        self.key_columns_not_null(&parents, &mut collected)?;
        let is_partition = statement.partbound.is_some();
        let merged = self.merge_attributes(std::mem::take(&mut collected.columns), &parents, is_partition)?;

        let mut fact = Table { of_type, ..Table::default() };
        fact.persistence = if unlogged { Persistence::Unlogged } else { Persistence::Permanent };
        if !is_partition {
            fact.inherits = parents.clone();
        }
        self.table_storage(statement, &parents, &mut fact)?;
        self.model.put(Fact::new(FactId::Table(table.clone()), Payload::Table(fact)));
        self.put_new_columns(&table, &merged.columns)?;
        self.put_defaults(&table, &merged.columns)?;
        if let (Some(bound), Some(parent)) = (&statement.partbound, parents.first()) {
            self.make_partition(&table, parent, bound)?;
        }
        if let Some(spec) = &statement.partspec {
            self.make_partitioned(&table, spec)?;
        }
        self.put_inherited_checks(&table, &merged.checks);
        if is_partition && let Some(parent) = parents.first() {
            self.clone_to_partition(parent, &table)?;
        }
        let mut taken = std::collections::BTreeSet::new();
        for check in &collected.checks {
            let valid = check.is_enforced || self.model.major() < Major::V18;
            let added = self.add_check(&table, check, valid, &mut taken, false)?;
            taken.insert(added);
        }
        self.add_not_nulls(&table, collected.not_nulls, merged.not_nulls, taken)?;
        for (sequence, column) in std::mem::take(&mut collected.owned) {
            self.own_sequence(&sequence, &table, &column);
        }
        self.add_new_keys(&table, &collected.keys)?;
        for like in &likes {
            self.expand_like(&table, like)?;
        }
        for constraint in &collected.foreign_keys {
            self.add_foreign_key_of_new_table(&table, constraint)?;
        }
        for like in &likes {
            self.comments_like(&table, like);
        }
        Ok(())
    }

    fn parents_of(&self, statement: &CreateStmt) -> Elaborated<Vec<QualifiedName>> {
        let mut parents: Vec<QualifiedName> = Vec::new();
        for node in &statement.inh_relations {
            let Some(NodeEnum::RangeVar(range)) = &node.node else { continue };
            let (parent, kind) = self.relation(range)?;
            self.require_table(&parent, kind).map_err(|_| {
                Problem::invalid(
                    "42809",
                    format!("inherited relation \"{}\" is not a table or foreign table", range.relname),
                )
                .at(range.location)
            })?;
            if parents.contains(&parent) {
                return Err(Problem::invalid(
                    "42P07",
                    format!("relation \"{}\" would be inherited from more than once", range.relname),
                )
                .at(range.location));
            }
            let is_partition_of = statement.partbound.is_some();
            let found = self.model.table(&parent);
            if !is_partition_of && kind == RelationKind::PartitionedTable {
                return Err(Problem::invalid(
                    "42809",
                    format!("cannot inherit from partitioned table \"{}\"", range.relname),
                )
                .at(range.location));
            }
            if !is_partition_of && found.is_some_and(|t| t.partition_of.is_some()) {
                return Err(Problem::invalid("42809", format!("cannot inherit from partition \"{}\"", range.relname))
                    .at(range.location));
            }
            if is_partition_of && kind != RelationKind::PartitionedTable {
                return Err(
                    Problem::invalid("42P17", format!("\"{}\" is not partitioned", range.relname)).at(range.location)
                );
            }
            parents.push(parent);
        }
        Ok(parents)
    }

    /// The columns of the composite type of a typed table; follows `transformOfType`.
    fn collect_of_type(
        &mut self,
        ty: &pg_query::protobuf::TypeName,
        collected: &mut Collected,
    ) -> Elaborated<QualifiedName> {
        let (oid, _) = self.type_of(ty)?;
        let relation = self.model.env.relation_of_type(oid).cloned();
        let Some(relation) = relation.filter(|row| row.kind == RelationKind::CompositeType) else {
            return Err(Problem::invalid(
                "42809",
                format!("type {} is not a composite type", self.model.env.format_type_be(oid)),
            )
            .at(ty.location));
        };
        for column in &relation.columns {
            collected.columns.push(NewColumn {
                name: name(&column.name)?,
                type_oid: column.type_oid,
                typmod: column.typmod,
                collation: column.collation,
                not_null: false,
                default: NewDefault::None,
                generated: None,
                identity: None,
                storage: None,
                compression: None,
                is_local: true,
                inherit_count: 0,
                from_type: true,
                options_only: false,
            });
        }
        Ok(QualifiedName::new(name(&relation.schema)?, name(&relation.name)?))
    }

    fn collect_elements(
        &mut self,
        statement: &CreateStmt,
        table: &QualifiedName,
        unlogged: bool,
        collected: &mut Collected,
        likes: &mut Vec<Like>,
    ) -> Elaborated<()> {
        for element in statement.table_elts.iter().chain(&statement.constraints) {
            match &element.node {
                Some(NodeEnum::ColumnDef(definition)) => {
                    self.collect_column(table, unlogged, definition, collected)?;
                    self.merge_with_type(collected)?;
                }
                Some(NodeEnum::Constraint(constraint)) => self.collect_table_constraint(constraint, collected)?,
                Some(NodeEnum::TableLikeClause(clause)) => {
                    if statement.of_typename.is_some() {
                        return Err(Problem::invalid("0A000", "LIKE is not supported for creating typed tables"));
                    }
                    likes.push(self.collect_like(table, clause, collected)?);
                }
                _ => return Err(Problem::unsupported("this element of CREATE TABLE")),
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for column in &collected.columns {
            if !seen.insert(&column.name) {
                return Err(Problem::invalid(
                    "42701",
                    format!("column \"{}\" specified more than once", column.name.as_str()),
                ));
            }
        }
        for not_null in &collected.not_nulls {
            if let Some(column) = collected.columns.iter_mut().find(|c| c.name == not_null.column) {
                column.not_null = true;
            }
        }
        Ok(())
    }

    /// Merges a column with options into the one of the same name from the type of a typed table.
    fn merge_with_type(&self, collected: &mut Collected) -> Elaborated<()> {
        let Some(last) = collected.columns.last() else { return Ok(()) };
        if !last.options_only {
            return Ok(());
        }
        let at = collected.columns.iter().position(|c| c.from_type && c.name == last.name);
        if let Some(at) = at
            && let Some(last) = collected.columns.pop()
            && let Some(column) = collected.columns.get_mut(at)
        {
            column.not_null = last.not_null;
            column.default = last.default;
            column.from_type = false;
        }
        Ok(())
    }

    /// Collects a constraint written for the table; follows `transformTableConstraint`.
    pub(super) fn collect_table_constraint(
        &self,
        constraint: &Constraint,
        collected: &mut Collected,
    ) -> Elaborated<()> {
        match constraint_type(constraint) {
            ConstrType::ConstrPrimary | ConstrType::ConstrUnique | ConstrType::ConstrExclusion => {
                collected.keys.push(constraint.clone());
            }
            ConstrType::ConstrCheck => collected.checks.push(constraint.clone()),
            ConstrType::ConstrForeign => collected.foreign_keys.push(constraint.clone()),
            ConstrType::ConstrNotnull => {
                if self.model.major() < Major::V18 {
                    return Err(Problem::invalid(
                        "42601",
                        "syntax error: NOT NULL as a constraint of the table is not known before PostgreSQL 18",
                    )
                    .at(constraint.location));
                }
                let column = names(&constraint.keys)?
                    .pop()
                    .ok_or_else(|| Problem::internal("a not-null constraint without a column"))?;
                collected.not_nulls.push(NewNotNull {
                    name: match constraint.conname.as_str() {
                        "" => None,
                        text => Some(name(text)?),
                    },
                    column,
                    no_inherit: constraint.is_no_inherit,
                    validated: !constraint.skip_validation,
                });
            }
            _ => return Err(Problem::unsupported("this constraint of a table").at(constraint.location)),
        }
        Ok(())
    }

    /// Marks the columns of primary keys not null; follows `transformIndexConstraint`.
    fn key_columns_not_null(&self, parents: &[QualifiedName], collected: &mut Collected) -> Elaborated<()> {
        let keys = collected.keys.clone();
        for key in keys.iter().filter(|key| constraint_type(key) == ConstrType::ConstrPrimary) {
            for column in names(&key.keys)? {
                let inherited = || parents.iter().any(|parent| self.model.column(parent, &column).is_some());
                match collected.columns.iter_mut().find(|c| c.name == column) {
                    Some(found) if found.not_null => continue,
                    Some(found) => found.not_null = true,
                    None if inherited() => {}
                    None => {
                        return Err(Problem::undefined(
                            "42703",
                            format!("column \"{}\" named in key does not exist", column.as_str()),
                            column.as_str(),
                        )
                        .at(key.location));
                    }
                }
                collected.not_nulls.push(NewNotNull { name: None, column, no_inherit: false, validated: true });
            }
        }
        Ok(())
    }

    /// Options, access method and tablespace.
    fn table_storage(&self, statement: &CreateStmt, parents: &[QualifiedName], fact: &mut Table) -> Elaborated<()> {
        let partitioned = statement.partspec.is_some();
        let of = if partitioned { OptionsOf::PartitionedTable } else { OptionsOf::Table };
        set_options(&mut fact.options, &statement.options, of)?;
        let parent = match statement.partbound {
            Some(_) => parents.first().and_then(|parent| self.model.table(parent)),
            None => None,
        };
        let method = match statement.access_method.as_str() {
            "" if partitioned => parent.and_then(|p| p.access_method.clone()),
            "" => match parent.and_then(|p| p.access_method.clone()) {
                Some(method) => Some(method),
                None => Some(name(&self.settings.default_table_access_method)?),
            },
            text => {
                if partitioned && self.model.major() < Major::V17 {
                    return Err(Problem::invalid(
                        "0A000",
                        "specifying a table access method is not supported on a partitioned table",
                    ));
                }
                Some(name(text)?)
            }
        };
        if let Some(method) = &method
            && self.model.env.lookup_access_method(method.as_str()).is_none()
        {
            return Err(Problem::undefined(
                "42704",
                format!("access method \"{}\" does not exist", method.as_str()),
                method.as_str(),
            ));
        }
        fact.access_method = method.filter(|method| *method != *"heap");
        fact.tablespace = match statement.tablespacename.as_str() {
            "" => match parent.and_then(|p| p.tablespace.clone()) {
                Some(tablespace) => Some(tablespace),
                None if self.settings.default_tablespace.is_empty() => None,
                None => Some(name(&self.settings.default_tablespace)?),
            },
            "pg_default" => None,
            text => Some(name(text)?),
        };
        Ok(())
    }

    /// Puts the facts of new columns in, at the end of the table.
    pub(super) fn put_new_columns(&mut self, table: &QualifiedName, columns: &[NewColumn]) -> Elaborated<()> {
        let mut position = u32::try_from(self.model.catalog().columns(table).len()).unwrap_or(u32::MAX);
        for new in columns {
            position += 1;
            let mut payload = self.column_payload(new)?;
            payload.generated = new.generated.map(|kind| Generated { kind, expression: Expression("NULL".to_owned()) });
            let mut fact = Fact::new(FactId::Column(table.clone(), new.name.clone()), Payload::Column(payload));
            fact.position = Some(position);
            self.type_needs(new.type_oid, &mut fact.needs);
            self.model.put(fact);
        }
        Ok(())
    }

    /// Puts in the defaults and generation expressions of new columns, all of which are there by now.
    pub(super) fn put_defaults(&mut self, table: &QualifiedName, columns: &[NewColumn]) -> Elaborated<()> {
        for new in columns {
            match &new.default {
                NewDefault::None => {}
                NewDefault::Conflict => {
                    let message = match new.generated {
                        Some(_) => "inherits conflicting generation expressions",
                        None => "inherits conflicting default values",
                    };
                    return Err(Problem::invalid("42611", format!("column \"{}\" {message}", new.name.as_str())));
                }
                NewDefault::Stored(text) => self.put_stored_default(table, new, text.clone())?,
                NewDefault::NextValue(sequence) => {
                    let text = self.next_value(sequence);
                    let id = FactId::Default(table.clone(), new.name.clone());
                    let mut fact = Fact::new(id, Payload::Default(DefaultFact { expression: text }));
                    fact.needs.insert(FactId::Sequence(sequence.clone()));
                    self.model.put(fact);
                }
                NewDefault::Raw(raw) => match new.generated {
                    Some(kind) => self.put_generated(table, &new.name, kind, raw)?,
                    None => self.put_default(table, &new.name, raw)?,
                },
            }
        }
        Ok(())
    }

    /// Gives a column a default as it is stored elsewhere, on the parent or the table that it is made like.
    pub(super) fn put_stored_default(
        &mut self,
        table: &QualifiedName,
        new: &NewColumn,
        text: Expression,
    ) -> Elaborated<()> {
        let needs = self.stored_needs(table, &text)?;
        match new.generated {
            Some(kind) => {
                let id = FactId::Column(table.clone(), new.name.clone());
                self.edit_column(table, &new.name, |column| {
                    column.generated = Some(Generated { kind, expression: text });
                })?;
                self.add_needs(&id, needs);
            }
            None => {
                let id = FactId::Default(table.clone(), new.name.clone());
                let mut fact = Fact::new(id, Payload::Default(DefaultFact { expression: text }));
                fact.needs = needs;
                self.model.put(fact);
            }
        }
        Ok(())
    }

    /// The stored text of the next value of a sequence.
    pub(super) fn next_value(&self, sequence: &QualifiedName) -> Expression {
        let env = &self.model.env;
        let quoted = env.quote_qualified(Some(sequence.schema.as_str()), sequence.name.as_str());
        Expression(format!("nextval('{}'::regclass)", quoted.replace('\'', "''")))
    }

    /// Makes a sequence belong to a column.
    pub(super) fn own_sequence(&mut self, sequence: &QualifiedName, table: &QualifiedName, column: &Name) {
        let id = FactId::Sequence(sequence.clone());
        if let Some(Payload::Sequence(found)) = self.model.fact(&id).map(|fact| fact.payload.clone()) {
            let owned_by = Some(FactId::Column(table.clone(), column.clone()));
            self.model.put(Fact::new(id, Payload::Sequence(Sequence { owned_by, ..found })));
        }
    }

    /// The definition that only speaks of one part of a fact.
    pub(super) fn remember(&mut self, id: &FactId, part: Part, raw: &pg_query::protobuf::Node) {
        let written = self.written(raw);
        self.model.set_written(id, part, written);
    }
}
