//! ALTER TABLE on columns: adding, dropping, defaults, generation, identity, storage, statistics, options.
//!
//! Follows `ATExecAddColumn`, `ATExecDropColumn`, `ATExecColumnDefault`, `ATExecSetExpression`, `ATExecDropExpression` and
//! `ATExec…Identity`, tablecmds.c (PG 14 to 18).

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableCmd, AlterTableType, Node};
use pgseal_catalog::facts::{GeneratedKind, Identity, KeyTarget};
use pgseal_catalog::{FactId, Name, Needs, QualifiedName};

use super::alter::{change_options, statistics_target};
use super::column_definition::{Collected, NewColumn, constraint_type, identity_kind};
use super::drop::Behavior;
use super::error::{Elaborated, Problem};
use super::names::name;
use super::options::{OptionsOf, value_of};
use super::run::Interpreter;
use crate::env::{Major, Oid};

impl Interpreter<'_> {
    /// ADD COLUMN.
    pub(super) fn add_column(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        recurse: bool,
    ) -> Elaborated<()> {
        let Some(NodeEnum::ColumnDef(definition)) = command.def.as_ref().and_then(|d| d.node.as_ref()) else {
            return Err(Problem::internal("ADD COLUMN without a column"));
        };
        let column = name(&definition.colname)?;
        if self.model.column(table, &column).is_some() {
            if command.missing_ok {
                return Ok(());
            }
            return Err(Problem::invalid(
                "42701",
                format!("column \"{}\" of relation \"{}\" already exists", column.as_str(), table.name.as_str()),
            )
            .at(definition.location));
        }
        let Some(found) = self.model.table(table).cloned() else { return Err(Problem::internal("a table is gone")) };
        if found.of_type.is_some() {
            return Err(Problem::invalid("42809", "cannot add column to typed table"));
        }
        if found.partition_of.is_some() {
            return Err(Problem::invalid("42809", "cannot add column to a partition"));
        }
        let unlogged = found.persistence == pgseal_catalog::facts::Persistence::Unlogged;
        let mut collected = Collected::default();
        self.collect_column(table, unlogged, definition, &mut collected)?;
        let children = self.model.children(table);
        let has_identity = collected.columns.iter().any(|c| c.identity.is_some());
        if has_identity && !children.is_empty() && (found.partition_key.is_none() || self.model.major() < Major::V17) {
            return Err(Problem::invalid(
                "42P16",
                "cannot recursively add identity column to table that has child tables",
            ));
        }
        if !children.is_empty() && !recurse {
            return Err(Problem::invalid("42P16", "column must be added to child tables too"));
        }
        if self.not_nulls_are_constraints() {
            // the constraint marks the column, here and on children
            for new in &mut collected.columns {
                new.not_null = false;
            }
        }
        let queries = self.queries_before(&self.with_descendants(table));
        self.put_column_down(table, &collected.columns, false)?;
        self.queries_after(queries)?;
        for (sequence, column) in std::mem::take(&mut collected.owned) {
            self.own_sequence(&sequence, table, &column);
        }
        let mut taken = BTreeSet::new();
        for check in &collected.checks {
            let added = self.add_check(table, check, !check.skip_validation, &mut taken, recurse)?;
            taken.insert(added);
        }
        if self.not_nulls_are_constraints() {
            for new in &collected.not_nulls {
                self.add_not_null(table, new, recurse, true, &BTreeSet::new())?;
            }
        }
        let mut keys = collected.keys.clone();
        keys.sort_by_key(|key| constraint_type(key) != pg_query::protobuf::ConstrType::ConstrPrimary);
        for key in &keys {
            self.add_key(table, key, recurse)?;
        }
        for key in &collected.foreign_keys {
            let chosen = self.foreign_key_name(table, key)?;
            self.add_foreign_key(table, key, &chosen, recurse, true).map_err(|p| p.at(key.location))?;
        }
        Ok(())
    }

    /// Adds a column to a table and to its children.
    fn put_column_down(&mut self, table: &QualifiedName, columns: &[NewColumn], child: bool) -> Elaborated<()> {
        let mut fresh = Vec::new();
        for new in columns {
            let mut new = new.clone();
            if child {
                if let Some(own) = self.model.column(table, &new.name).cloned() {
                    let wanted = self.column_payload(&new)?;
                    if own.data_type != wanted.data_type {
                        return Err(Problem::invalid(
                            "42804",
                            format!(
                                "child table \"{}\" has different type for column \"{}\"",
                                table.name.as_str(),
                                new.name.as_str()
                            ),
                        ));
                    }
                    self.edit_column(table, &new.name, |c| c.inherit_count += 1)?;
                    continue;
                }
                new.is_local = false;
                new.inherit_count = 1;
            }
            fresh.push(new);
        }
        if fresh.is_empty() {
            return Ok(());
        }
        self.put_new_columns(table, &fresh)?;
        self.put_defaults(table, &fresh)?;
        for child in self.model.children(table) {
            self.put_column_down(&child, &fresh, true)?;
        }
        Ok(())
    }

    /// DROP COLUMN.
    pub(super) fn drop_column(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        recurse: bool,
    ) -> Elaborated<()> {
        let column = name(&command.name)?;
        if self.model.column(table, &column).is_none() && command.missing_ok {
            return Ok(());
        }
        if self.model.column(table, &column).is_none() && self.model.env.system_column(column.as_str()).is_some() {
            return Err(Problem::invalid("0A000", format!("cannot drop system column \"{}\"", column.as_str())));
        }
        if self.model.table(table).is_some_and(|t| t.of_type.is_some()) {
            return Err(Problem::invalid("42809", "cannot drop column from typed table"));
        }
        let mut gone = Vec::new();
        self.columns_to_drop(table, &column, recurse, false, &mut gone)?;
        let tables = gone.iter().filter_map(|id| match id {
            FactId::Column(table, _) => Some(table.clone()),
            _ => None,
        });
        let queries = self.queries_before(&tables.collect());
        self.drop_facts(gone, super::drop::behavior(command.behavior))?;
        self.queries_after(queries)
    }

    fn columns_to_drop(
        &mut self,
        table: &QualifiedName,
        column: &Name,
        recurse: bool,
        recursing: bool,
        gone: &mut Vec<FactId>,
    ) -> Elaborated<()> {
        let Some(found) = self.model.column(table, column).cloned() else {
            return Err(self.no_column(table, column));
        };
        if found.inherit_count > 0 && !recursing {
            return Err(Problem::invalid("42P16", format!("cannot drop inherited column \"{}\"", column.as_str())));
        }
        if self.in_partition_key(table, column) {
            return Err(Problem::invalid(
                "42P16",
                format!(
                    "cannot drop column \"{}\" because it is part of the partition key of relation \"{}\"",
                    column.as_str(),
                    table.name.as_str()
                ),
            ));
        }
        let children = self.model.children(table);
        let partitioned = self.model.table(table).is_some_and(|t| t.partition_key.is_some());
        if partitioned && !recurse && !children.is_empty() {
            return Err(Problem::invalid(
                "42P16",
                "cannot drop column from only the partitioned table when partitions exist",
            )
            .hint("Do not specify the ONLY keyword."));
        }
        for child in children {
            let Some(own) = self.model.column(&child, column).cloned() else { continue };
            if recurse && own.inherit_count == 1 && !own.is_local {
                self.columns_to_drop(&child, column, recurse, true, gone)?;
            } else {
                self.edit_column(&child, column, |c| {
                    c.inherit_count = c.inherit_count.saturating_sub(1);
                    if !recurse {
                        c.is_local = true;
                    }
                })?;
            }
        }
        gone.push(FactId::Column(table.clone(), column.clone()));
        Ok(())
    }

    /// Whether a column is a part of its table's partition key, alone or in an expression.
    pub(super) fn in_partition_key(&self, table: &QualifiedName, column: &Name) -> bool {
        let Some(key) = self.model.table(table).and_then(|t| t.partition_key.as_ref()) else { return false };
        key.parts.iter().any(|part| match &part.target {
            KeyTarget::Column(own) => own == column,
            KeyTarget::Expression(text) => self
                .model
                .needs_of_text(table, text.as_str())
                .is_ok_and(|needs| needs.contains(&FactId::Column(table.clone(), column.clone()))),
        })
    }

    /// SET DEFAULT and DROP DEFAULT.
    pub(super) fn set_default(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        recurse: bool,
    ) -> Elaborated<()> {
        let column = name(&command.name)?;
        self.set_default_down(table, &column, command.def.as_deref(), recurse)
    }

    fn set_default_down(
        &mut self,
        table: &QualifiedName,
        column: &Name,
        raw: Option<&Node>,
        recurse: bool,
    ) -> Elaborated<()> {
        let Some(found) = self.model.column(table, column).cloned() else {
            return Err(self.no_column(table, column));
        };
        let is = |what: &str| {
            Err(Problem::invalid(
                "42601",
                format!("column \"{}\" of relation \"{}\" is {what}", column.as_str(), table.name.as_str()),
            ))
        };
        if found.identity.is_some() {
            return is("an identity column");
        }
        if found.generated.is_some() {
            return is("a generated column");
        }
        match raw {
            Some(raw) => {
                self.model.take(&FactId::Default(table.clone(), column.clone()));
                self.put_default(table, column, raw)?;
            }
            None => {
                self.model.take(&FactId::Default(table.clone(), column.clone()));
            }
        }
        if recurse {
            for child in self.model.children(table) {
                self.set_default_down(&child, column, raw, recurse)?;
            }
        }
        Ok(())
    }

    /// SET EXPRESSION.
    pub(super) fn set_expression(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        recurse: bool,
    ) -> Elaborated<()> {
        if self.model.major() < Major::V17 {
            return Err(Problem::invalid("42601", "syntax error: SET EXPRESSION is not known before PostgreSQL 17"));
        }
        let column = name(&command.name)?;
        let Some(raw) = command.def.as_deref() else { return Err(Problem::internal("SET EXPRESSION to nothing")) };
        let Some(found) = self.model.column(table, &column).cloned() else {
            return Err(self.no_column(table, &column));
        };
        let Some(generated) = &found.generated else {
            return Err(Problem::invalid(
                "55000",
                format!(
                    "column \"{}\" of relation \"{}\" is not a generated column",
                    column.as_str(),
                    table.name.as_str()
                ),
            ));
        };
        let kind = generated.kind;
        let id = FactId::Column(table.clone(), column.clone());
        self.drop_expression_needs(&id);
        self.put_generated(table, &column, kind, raw)?;
        if recurse {
            for child in self.model.children(table) {
                self.set_expression(&child, command, recurse)?;
            }
        }
        Ok(())
    }

    /// Leaves a generated column the edges of its type only.
    pub(super) fn drop_expression_needs(&mut self, id: &FactId) {
        let FactId::Column(table, column) = id else { return };
        let type_oid = self.model.relation_row(table).and_then(|row| row.column(column.as_str())).map(|c| c.type_oid);
        if let Some(mut fact) = self.model.fact(id).cloned() {
            fact.needs = Needs::new();
            self.type_needs(type_oid.unwrap_or(Oid::INVALID), &mut fact.needs);
            self.model.put(fact);
        }
    }

    /// DROP EXPRESSION.
    pub(super) fn drop_expression(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        recurse: bool,
    ) -> Elaborated<()> {
        let column = name(&command.name)?;
        let children = self.model.children(table);
        if !recurse && !children.is_empty() {
            return Err(Problem::invalid("42P16", "ALTER TABLE / DROP EXPRESSION must be applied to child tables too"));
        }
        let Some(found) = self.model.column(table, &column).cloned() else {
            return Err(self.no_column(table, &column));
        };
        if found.inherit_count > 0 {
            return Err(Problem::invalid("42P16", "cannot drop generation expression from inherited column"));
        }
        match found.generated.as_ref().map(|g| g.kind) {
            Some(GeneratedKind::Stored) => self.drop_expression_down(table, &column),
            Some(GeneratedKind::Virtual) => Err(Problem::invalid(
                "0A000",
                "ALTER TABLE / DROP EXPRESSION is not supported for virtual generated columns",
            )),
            None if command.missing_ok => Ok(()),
            None => Err(Problem::invalid(
                "55000",
                format!(
                    "column \"{}\" of relation \"{}\" is not a stored generated column",
                    column.as_str(),
                    table.name.as_str()
                ),
            )),
        }
    }

    fn drop_expression_down(&mut self, table: &QualifiedName, column: &Name) -> Elaborated<()> {
        let id = FactId::Column(table.clone(), column.clone());
        self.edit_column(table, column, |c| c.generated = None)?;
        self.drop_expression_needs(&id);
        self.model.forget_all_written(&id);
        for child in self.model.children(table) {
            self.drop_expression_down(&child, column)?;
        }
        Ok(())
    }

    /// SET STATISTICS of a column.
    pub(super) fn set_statistics(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        recurse: bool,
    ) -> Elaborated<()> {
        let column = name(&command.name)?;
        let target = statistics_target(command)?;
        self.column_down(table, &column, recurse, &mut |c| c.statistics = target)
    }

    /// Changes a column and those of children.
    fn column_down(
        &mut self,
        table: &QualifiedName,
        column: &Name,
        recurse: bool,
        edit: &mut impl FnMut(&mut pgseal_catalog::facts::Column),
    ) -> Elaborated<()> {
        self.edit_column(table, column, &mut *edit)?;
        if recurse {
            for child in self.model.children(table) {
                self.column_down(&child, column, recurse, edit)?;
            }
        }
        Ok(())
    }

    /// SET (…) and RESET (…) of a column.
    pub(super) fn set_column_options(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        kind: AlterTableType,
        _recurse: bool,
    ) -> Elaborated<()> {
        let column = name(&command.name)?;
        let Some(found) = self.model.column(table, &column) else { return Err(self.no_column(table, &column)) };
        let mut options = found.options.clone();
        change_options(&mut options, command, kind, OptionsOf::Column)?;
        self.edit_column(table, &column, |c| c.options = options)
    }

    /// SET STORAGE.
    pub(super) fn set_storage(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        recurse: bool,
    ) -> Elaborated<()> {
        let column = name(&command.name)?;
        let text = word_of(command);
        let row = self.model.relation_row(table).and_then(|row| row.column(column.as_str()));
        let Some(row) = row else { return Err(self.no_column(table, &column)) };
        let storage = self.storage_of(&text, row.type_oid)?;
        self.column_down(table, &column, recurse, &mut |c| c.storage = storage)
    }

    /// SET COMPRESSION.
    pub(super) fn set_compression(&mut self, table: &QualifiedName, command: &AlterTableCmd) -> Elaborated<()> {
        let column = name(&command.name)?;
        let text = word_of(command);
        let row = self.model.relation_row(table).and_then(|row| row.column(column.as_str()));
        let Some(row) = row else { return Err(self.no_column(table, &column)) };
        let compression = self.compression_of(&text, row.type_oid)?;
        self.edit_column(table, &column, |c| c.compression = compression)
    }

    /// ADD GENERATED … AS IDENTITY.
    pub(super) fn add_identity(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        recurse: bool,
    ) -> Elaborated<()> {
        let column = name(&command.name)?;
        let Some(NodeEnum::Constraint(raw)) = command.def.as_ref().and_then(|d| d.node.as_ref()) else {
            return Err(Problem::internal("no identity"));
        };
        let Some(found) = self.model.column(table, &column).cloned() else {
            return Err(self.no_column(table, &column));
        };
        let of = format!("column \"{}\" of relation \"{}\"", column.as_str(), table.name.as_str());
        if !matches!(found.data_type.as_str(), "smallint" | "integer" | "bigint") {
            return Err(Problem::invalid("22023", "identity column type must be smallint, integer, or bigint"));
        }
        if !found.not_null {
            return Err(Problem::invalid(
                "55000",
                format!("{of} must be declared NOT NULL before identity can be added"),
            ));
        }
        if found.identity.is_some() {
            return Err(Problem::invalid("55000", format!("{of} is already an identity column")));
        }
        if self.stored_default(table, &column).is_some() || found.generated.is_some() {
            return Err(Problem::invalid("55000", format!("{of} already has a default value")));
        }
        let type_oid = self
            .model
            .relation_row(table)
            .and_then(|row| row.column(column.as_str()))
            .map_or(Oid::INVALID, |row| row.type_oid);
        let kind = identity_kind(&raw.generated_when);
        let identity = self.new_identity(table, &column, type_oid, kind, &raw.options, &Collected::default())?;
        self.identity_down(table, &column, recurse, &Some(identity))
    }

    /// Puts an identity on a column, and from 17 on those of partitions.
    fn identity_down(
        &mut self,
        table: &QualifiedName,
        column: &Name,
        recurse: bool,
        identity: &Option<Identity>,
    ) -> Elaborated<()> {
        self.edit_column(table, column, |c| c.identity.clone_from(identity))?;
        let partitioned = self.model.table(table).is_some_and(|t| t.partition_key.is_some());
        if recurse && partitioned && self.model.major() >= Major::V17 {
            for child in self.model.children(table) {
                self.identity_down(&child, column, recurse, identity)?;
            }
        }
        Ok(())
    }

    /// SET GENERATED …, SET and RESTART of an identity column.
    pub(super) fn set_identity(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        recurse: bool,
    ) -> Elaborated<()> {
        let column = name(&command.name)?;
        let Some(found) = self.model.column(table, &column).cloned() else {
            return Err(self.no_column(table, &column));
        };
        let Some(mut identity) = found.identity else {
            return Err(Problem::invalid(
                "55000",
                format!(
                    "column \"{}\" of relation \"{}\" is not an identity column",
                    column.as_str(),
                    table.name.as_str()
                ),
            ));
        };
        let nodes = match command.def.as_ref().and_then(|d| d.node.as_ref()) {
            Some(NodeEnum::List(list)) => list.items.clone(),
            _ => Vec::new(),
        };
        let mut rest = Vec::new();
        for node in nodes {
            match &node.node {
                Some(NodeEnum::DefElem(element)) if element.defname == "generated" => {
                    let letter = match element.arg.as_ref().and_then(|arg| arg.node.as_ref()) {
                        Some(NodeEnum::Integer(value)) => {
                            char::from_u32(u32::try_from(value.ival).unwrap_or(0)).unwrap_or('a').to_string()
                        }
                        _ => value_of(element)?.unwrap_or_default(),
                    };
                    identity.kind = identity_kind(&letter);
                }
                Some(NodeEnum::DefElem(element)) if element.defname == "restart" => {}
                _ => rest.push(node),
            }
        }
        let data_type = identity.options.data_type.clone();
        identity.options = self.sequence_options(Some(&identity.options), Some(&data_type), &rest)?;
        self.identity_down(table, &column, recurse, &Some(identity))
    }

    /// DROP IDENTITY.
    pub(super) fn drop_identity(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        recurse: bool,
    ) -> Elaborated<()> {
        let column = name(&command.name)?;
        let Some(found) = self.model.column(table, &column) else { return Err(self.no_column(table, &column)) };
        if found.identity.is_none() {
            if command.missing_ok {
                return Ok(());
            }
            return Err(Problem::invalid(
                "55000",
                format!(
                    "column \"{}\" of relation \"{}\" is not an identity column",
                    column.as_str(),
                    table.name.as_str()
                ),
            ));
        }
        self.identity_down(table, &column, recurse, &None)
    }

    /// DROP CONSTRAINT, also as a part of other commands.
    pub(super) fn drop_facts_by(&mut self, ids: Vec<FactId>, cascade: bool) -> Elaborated<()> {
        self.drop_facts(ids, if cascade { Behavior::Cascade } else { Behavior::Restrict })
    }
}

/// The word that SET STORAGE and SET COMPRESSION name.
pub(super) fn word_of(command: &AlterTableCmd) -> String {
    match command.def.as_ref().and_then(|d| d.node.as_ref()) {
        Some(NodeEnum::String(text)) => text.sval.clone(),
        _ => command.name.clone(),
    }
}
