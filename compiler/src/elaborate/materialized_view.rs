//! Materialized views: CREATE and ALTER MATERIALIZED VIEW.
//!
//! Follows `ExecCreateTableAs` and `intorel_startup`, createas.c, and what tablecmds.c lets ALTER TABLE do to a materialized
//! view (PG 14 to 18).

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableCmd, AlterTableType, CreateTableAsStmt};
use pgseal_catalog::facts::{MaterializedView, MaterializedViewColumn, Payload};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::alter::{change_options, statistics_target};
use super::alter_column::word_of;
use super::error::{Elaborated, Problem};
use super::model::Part;
use super::names::{name, string_of};
use super::options::{OptionsOf, reset_options, set_options};
use super::run::Interpreter;
use crate::env::Oid;

impl Interpreter<'_> {
    /// Carries out CREATE MATERIALIZED VIEW.
    pub(super) fn create_materialized_view(&mut self, statement: &CreateTableAsStmt) -> Elaborated<()> {
        let Some(into) = statement.into.as_deref() else { return Err(Problem::internal("a view without a name")) };
        let (Some(range), Some(raw)) = (&into.rel, statement.query.as_deref()) else {
            return Err(Problem::internal("a materialized view without a name or a query"));
        };
        let view = self.creation_name(range)?;
        if self.relation_exists(&view) && statement.if_not_exists {
            return Ok(());
        }
        let aliases: Vec<String> = into.col_names.iter().filter_map(string_of).map(str::to_owned).collect();
        let viewed = self.model.view_over(&self.path, raw, &aliases).map_err(|mut problem| {
            if problem.message == "CREATE VIEW specifies more column names than columns" {
                problem.message = "too many column names were specified".to_owned();
            }
            problem
        })?;
        if range.relpersistence == "u" {
            return Err(Problem::invalid("0A000", "materialized views cannot be unlogged"));
        }
        self.relation_is_free(&view).map_err(|p| p.at(range.location))?;
        self.type_is_free(&view).map_err(|p| p.at(range.location))?;
        let mut options = BTreeMap::new();
        set_options(&mut options, &into.options, OptionsOf::Table)?;
        let method = match into.access_method.as_str() {
            "" => name(&self.settings.default_table_access_method)?,
            text => name(text)?,
        };
        if self.model.env.lookup_access_method(method.as_str()).is_none() {
            return Err(Problem::undefined(
                "42704",
                format!("access method \"{}\" does not exist", method.as_str()),
                method.as_str(),
            ));
        }
        let tablespace = match into.table_space_name.as_str() {
            "" if self.settings.default_tablespace.is_empty() => None,
            "" => Some(name(&self.settings.default_tablespace)?),
            "pg_default" => None,
            text => Some(name(text)?),
        };
        let columns = viewed
            .columns
            .into_iter()
            .map(|column| MaterializedViewColumn {
                name: column.name,
                data_type: column.data_type,
                collation: column.collation,
                storage: None,
                compression: None,
                statistics: None,
                options: BTreeMap::new(),
            })
            .collect();
        let id = FactId::MaterializedView(view);
        let payload = MaterializedView {
            columns,
            query: viewed.text,
            options,
            access_method: Some(method).filter(|method| *method != *"heap"),
            tablespace,
        };
        let mut fact = Fact::new(id.clone(), Payload::MaterializedView(payload));
        fact.needs = viewed.needs;
        self.model.put(fact);
        for part in [Part::Query, Part::ViewColumns] {
            self.model.forget_written(&id, part);
        }
        self.remember_view(&id, raw, &aliases);
        Ok(())
    }

    /// Refuses a materialized view that no fact stands for.
    pub(super) fn require_materialized_view(&self, view: &QualifiedName) -> Elaborated<()> {
        match self.model.materialized_view(view) {
            Some(_) => Ok(()),
            None => Err(Problem::unsupported(format!(
                "a statement on materialized view \"{view}\", which an extension owns or which is outside of the scope,"
            ))),
        }
    }

    /// Carries out one subcommand of ALTER MATERIALIZED VIEW, or of ALTER TABLE on one.
    pub(super) fn alter_materialized_view(
        &mut self,
        view: &QualifiedName,
        command: &AlterTableCmd,
        kind: AlterTableType,
    ) -> Elaborated<()> {
        use AlterTableType as T;
        let list = match command.def.as_ref().and_then(|def| def.node.as_ref()) {
            Some(NodeEnum::List(list)) => list.items.clone(),
            _ => Vec::new(),
        };
        match kind {
            T::AtSetRelOptions => {
                self.edit_materialized_view(view, |v| set_options(&mut v.options, &list, OptionsOf::Table))
            }
            T::AtResetRelOptions => {
                self.edit_materialized_view(view, |v| reset_options(&mut v.options, &list, OptionsOf::Table))
            }
            T::AtSetTableSpace => {
                let tablespace = Some(name(&command.name)?).filter(|tablespace| *tablespace != *"pg_default");
                self.edit_materialized_view(view, |v| {
                    v.tablespace = tablespace;
                    Ok(())
                })
            }
            T::AtClusterOn => self.cluster_on(view, Some(&name(&command.name)?)),
            T::AtDropCluster => self.cluster_on(view, None),
            T::AtSetStatistics => {
                let target = statistics_target(command)?;
                self.edit_column_of_view(view, &name(&command.name)?, |column| {
                    column.statistics = target;
                    Ok(())
                })
            }
            T::AtSetOptions | T::AtResetOptions => self.edit_column_of_view(view, &name(&command.name)?, |column| {
                change_options(&mut column.options, command, kind, OptionsOf::Column)
            }),
            T::AtSetStorage => {
                let column = name(&command.name)?;
                let storage = self.storage_of(&word_of(command), self.type_in_view(view, &column)?)?;
                self.edit_column_of_view(view, &column, |column| {
                    column.storage = storage;
                    Ok(())
                })
            }
            T::AtSetCompression => {
                let column = name(&command.name)?;
                let compression = self.compression_of(&word_of(command), self.type_in_view(view, &column)?)?;
                self.edit_column_of_view(view, &column, |column| {
                    column.compression = compression;
                    Ok(())
                })
            }
            T::AtSetAccessMethod => {
                let method = Some(name(&command.name)?).filter(|method| *method != *"heap");
                self.edit_materialized_view(view, |v| {
                    v.access_method = method;
                    Ok(())
                })
            }
            _ => Err(Problem::invalid(
                "42809",
                format!("ALTER action cannot be performed on relation \"{}\"", view.name.as_str()),
            )
            .detail("This operation is not supported for materialized views.")),
        }
    }

    fn type_in_view(&self, view: &QualifiedName, column: &Name) -> Elaborated<Oid> {
        let row = self.model.relation_row(view).and_then(|row| row.column(column.as_str()));
        row.map(|row| row.type_oid).ok_or_else(|| self.no_column(view, column))
    }

    fn edit_materialized_view(
        &mut self,
        view: &QualifiedName,
        edit: impl FnOnce(&mut MaterializedView) -> Elaborated<()>,
    ) -> Elaborated<()> {
        let Some(mut fact) = self.model.fact(&FactId::MaterializedView(view.clone())).cloned() else {
            return Err(Problem::internal(format!("materialized view \"{view}\" is gone")));
        };
        if let Payload::MaterializedView(found) = &mut fact.payload {
            edit(found)?;
        }
        self.model.put(fact);
        Ok(())
    }

    fn edit_column_of_view(
        &mut self,
        view: &QualifiedName,
        column: &Name,
        edit: impl FnOnce(&mut MaterializedViewColumn) -> Elaborated<()>,
    ) -> Elaborated<()> {
        let missing = self.no_column(view, column);
        self.edit_materialized_view(view, |found| {
            edit(found.columns.iter_mut().find(|known| known.name == *column).ok_or(missing)?)
        })
    }
}
