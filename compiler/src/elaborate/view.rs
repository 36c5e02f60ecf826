//! Views: CREATE [OR REPLACE] VIEW, and ALTER VIEW.
//!
//! Follows `DefineView`, `DefineVirtualRelation` and `checkViewColumns`, view.c, and what tablecmds.c lets ALTER TABLE do to a
//! view (PG 14 to 18).

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableCmd, AlterTableType, Node, ViewCheckOption, ViewStmt};
use pgseal_catalog::facts::{Expression, Payload, View, ViewColumn};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::model::{Model, Part, Written};
use super::names::{name, string_of};
use super::options::{OptionsOf, reset_options, set_options};
use super::run::Interpreter;
use crate::analyze::{self, Dependencies, Target};
use crate::deparse::deparse_view;
use crate::env::{Major, Oid, RelationKind, SearchPath, TypeKind};
use crate::tree::{ColumnDefinition, Query};

/// What a view's query comes to.
pub(super) struct Viewed {
    pub(super) query: Query,
    pub(super) columns: Vec<ViewColumn>,
    pub(super) text: Expression,
    pub(super) needs: Needs,
}

impl Interpreter<'_> {
    /// Carries out CREATE VIEW.
    pub(super) fn create_view(&mut self, statement: &ViewStmt) -> Elaborated<()> {
        let (Some(range), Some(raw)) = (&statement.view, statement.query.as_deref()) else {
            return Err(Problem::internal("a view without a name or a query"));
        };
        let aliases: Vec<String> = statement.aliases.iter().filter_map(string_of).map(str::to_owned).collect();
        let viewed = self.model.view_over(&self.path, raw, &aliases)?;
        let mut options = BTreeMap::new();
        set_options(&mut options, &statement.options, OptionsOf::View)?;
        match ViewCheckOption::try_from(statement.with_check_option) {
            Ok(ViewCheckOption::LocalCheckOption) => options.insert("check_option".to_owned(), "local".to_owned()),
            Ok(ViewCheckOption::CascadedCheckOption) => {
                options.insert("check_option".to_owned(), "cascaded".to_owned())
            }
            _ => None,
        };
        self.check_view_options(&options, Some(&viewed.query))?;
        if range.relpersistence == "u" {
            return Err(Problem::invalid("42601", "views cannot be unlogged because they do not have storage"));
        }
        let view = self.creation_name(range)?;
        let id = FactId::View(view.clone());
        let mut columns = viewed.columns;
        match (self.relation_exists(&view), self.model.view(&view)) {
            (true, Some(before)) if statement.replace => {
                check_replaced_columns(self.model, before, &columns)?;
                for (column, before) in columns.iter_mut().zip(&before.columns) {
                    column.default.clone_from(&before.default);
                }
            }
            (true, None) if statement.replace && !self.is_a_view(&view) => {
                return Err(Problem::invalid("42809", format!("\"{}\" is not a view", view.name.as_str())));
            }
            (true, _) => self.relation_is_free(&view).map_err(|p| p.at(range.location))?,
            (false, _) => self.type_is_free(&view).map_err(|p| p.at(range.location))?,
        }
        let mut needs = viewed.needs;
        for column in &columns {
            if let Some(default) = &column.default {
                needs.extend(self.model.view_default_needs(column, default)?);
            }
        }
        let mut fact = Fact::new(id.clone(), Payload::View(View { columns, query: viewed.text, options }));
        fact.needs = needs;
        self.model.put(fact);
        for part in [Part::Query, Part::ViewColumns] {
            self.model.forget_written(&id, part);
        }
        self.remember_view(&id, raw, &aliases);
        Ok(())
    }

    /// Keeps the query as it was written, and the list of columns where there was one.
    pub(super) fn remember_view(&mut self, id: &FactId, raw: &Node, aliases: &[String]) {
        let Some(sql) = analyze::print_raw_statement(raw) else { return };
        let search_path: Vec<Name> =
            self.path.explicit().iter().filter_map(|schema| Name::new(schema.as_str()).ok()).collect();
        if !aliases.is_empty() {
            let list: Vec<String> = aliases.iter().map(|alias| self.model.env.quote_ident(alias)).collect();
            let written = Written::text(format!("({})", list.join(", ")), search_path.clone());
            self.model.set_written(id, Part::ViewColumns, written);
        }
        self.model.set_written(id, Part::Query, Written::text(sql, search_path));
    }

    fn is_a_view(&self, name: &QualifiedName) -> bool {
        self.model.relation_row(name).is_some_and(|row| row.kind == RelationKind::View)
    }

    /// Refuses options that a server would not take.
    fn check_view_options(&self, options: &BTreeMap<String, String>, query: Option<&Query>) -> Elaborated<()> {
        for (option, value) in options {
            match option.as_str() {
                "check_option" => {
                    if let Some(query) = query
                        && let Some(why) = analyze::why_not_updatable(&self.model.env, query)
                    {
                        return Err(Problem::invalid(
                            "0A000",
                            "WITH CHECK OPTION is supported only on automatically updatable views",
                        )
                        .hint(why));
                    }
                    if !matches!(value.to_ascii_lowercase().as_str(), "local" | "cascaded") {
                        return Err(Problem::invalid(
                            "22023",
                            format!("invalid value for enum option \"check_option\": {value}"),
                        )
                        .detail("Valid values are \"local\" and \"cascaded\"."));
                    }
                }
                "security_invoker" if self.model.major() < Major::V15 => {
                    return Err(Problem::invalid("22023", "unrecognized parameter \"security_invoker\""));
                }
                _ => {
                    let known = ["true", "false", "on", "off", "yes", "no", "1", "0", "t", "f", "y", "n"];
                    if !known.contains(&value.to_ascii_lowercase().as_str()) {
                        return Err(Problem::invalid(
                            "22023",
                            format!("invalid value for boolean option \"{option}\": {value}"),
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    /// Carries out one subcommand of ALTER VIEW, or of ALTER TABLE on a view.
    pub(super) fn alter_view(
        &mut self,
        view: &QualifiedName,
        command: &AlterTableCmd,
        kind: AlterTableType,
    ) -> Elaborated<()> {
        use AlterTableType as T;
        let Some(mut found) = self.model.view(view).cloned() else {
            return Err(Problem::unsupported(format!(
                "a statement on view \"{view}\", which an extension owns or which is outside of the scope,"
            )));
        };
        let options = match command.def.as_ref().and_then(|def| def.node.as_ref()) {
            Some(NodeEnum::List(list)) => list.items.as_slice(),
            _ => &[],
        };
        match kind {
            T::AtColumnDefault => return self.set_view_default(view, command),
            T::AtSetRelOptions => {
                set_options(&mut found.options, options, OptionsOf::View)?;
                let query = self.model.query_of_view(view)?;
                self.check_view_options(&found.options, Some(&query))?;
            }
            T::AtResetRelOptions => reset_options(&mut found.options, options, OptionsOf::View)?,
            _ => {
                return Err(Problem::invalid(
                    "42809",
                    format!("ALTER action cannot be performed on relation \"{}\"", view.name.as_str()),
                )
                .detail("This operation is not supported for views."));
            }
        }
        self.edit_view(view, |view| view.options = found.options)
    }

    fn edit_view(&mut self, view: &QualifiedName, edit: impl FnOnce(&mut View)) -> Elaborated<()> {
        let Some(mut fact) = self.model.fact(&FactId::View(view.clone())).cloned() else {
            return Err(Problem::internal(format!("view \"{view}\" is gone")));
        };
        if let Payload::View(found) = &mut fact.payload {
            edit(found);
        }
        self.model.put(fact);
        Ok(())
    }

    fn set_view_default(&mut self, view: &QualifiedName, command: &AlterTableCmd) -> Elaborated<()> {
        let column = name(&command.name)?;
        let id = FactId::View(view.clone());
        let Some(found) = self.model.view(view) else { return Err(Problem::internal("no view")) };
        let Some(at) = found.columns.iter().position(|c| c.name == column) else {
            return Err(self.no_column(view, &column));
        };
        let part = Part::ViewDefault(u16::try_from(at).unwrap_or(u16::MAX));
        let data_type = found.columns.get(at).map(|c| c.data_type.clone()).unwrap_or_default();
        self.model.forget_written(&id, part);
        let Some(raw) = command.def.as_deref() else {
            return self.edit_view(view, |view| {
                if let Some(column) = view.columns.get_mut(at) {
                    column.default = None;
                }
            });
        };
        let (text, needs) = self.model.view_default_over(&self.path, &column, &data_type, raw)?;
        let is_there = text.is_some();
        self.edit_view(view, |view| {
            if let Some(column) = view.columns.get_mut(at) {
                column.default = text;
            }
        })?;
        if is_there {
            self.add_needs(&id, needs);
            self.remember(&id, part, raw);
        }
        Ok(())
    }

    /// Gives a column of a view or a materialized view another name.
    pub(super) fn rename_view_column(&mut self, view: &QualifiedName, old: &Name, new: &Name) -> Elaborated<()> {
        let (id, make_column): (FactId, fn(QualifiedName, Name) -> FactId) = match self.model.view(view) {
            Some(_) => (FactId::View(view.clone()), FactId::ViewColumn),
            None => (FactId::MaterializedView(view.clone()), FactId::MaterializedViewColumn),
        };
        let Some(mut fact) = self.model.fact(&id).cloned() else {
            return Err(Problem::unsupported(format!(
                "a statement on view \"{view}\", which an extension owns or which is outside of the scope,"
            )));
        };
        let mut names = self.model.column_names_of_view(view);
        if names.contains(new) {
            return Err(Problem::duplicate(
                "42701",
                format!("column \"{}\" of relation \"{}\" already exists", new.as_str(), view.name.as_str()),
            ));
        }
        let Some(place) = names.iter_mut().find(|column| *column == old) else { return Err(self.no_column(view, old)) };
        *place = new.clone();
        let owned = self.sequences_owned_by(&id);
        let stays = |user: &&FactId| matches!(user, FactId::Comment(_)) || owned.contains(user);
        if let Some(user) = self.model.dependents(&id).find(|user| !stays(user)) {
            return Err(Problem::unsupported(format!(
                "another name for a column of {}, which {} uses,",
                id.in_words(),
                user.in_words()
            ))
            .hint("Write the new name where the view is created, and in what uses it."));
        }
        let aliases: Vec<String> = names.iter().map(|column| column.as_str().to_owned()).collect();
        let again = |model: &Model, text: &Expression| -> Elaborated<Expression> {
            let raw = analyze::parse_statement_text(text.as_str()).map_err(Box::<Problem>::from)?;
            Ok(model.view_over(&SearchPath::empty(), &raw, &aliases)?.text)
        };
        match &mut fact.payload {
            Payload::View(found) => {
                found.query = again(self.model, &found.query)?;
                for (column, name) in found.columns.iter_mut().zip(&names) {
                    column.name = name.clone();
                }
            }
            Payload::MaterializedView(found) => {
                found.query = again(self.model, &found.query)?;
                for (column, name) in found.columns.iter_mut().zip(&names) {
                    column.name = name.clone();
                }
            }
            _ => return Err(Problem::internal("no view")),
        }
        for sequence in owned {
            let Some(mut found) = self.model.fact(&sequence).cloned() else { continue };
            if let Payload::Sequence(payload) = &mut found.payload
                && payload.owned_by == Some(make_column(view.clone(), old.clone()))
            {
                payload.owned_by = Some(make_column(view.clone(), new.clone()));
                self.model.put(found);
            }
        }
        let comment = self.model.take(&FactId::Comment(Box::new(make_column(view.clone(), old.clone()))));
        self.model.forget_all_written(&id);
        self.model.put(fact);
        if let Some(mut comment) = comment.map(std::sync::Arc::unwrap_or_clone) {
            comment.id = FactId::Comment(Box::new(make_column(view.clone(), new.clone())));
            comment.needs = Needs::new();
            self.model.put(comment);
        }
        Ok(())
    }
}

/// Whether a view may get these columns in place of those that it has (`checkViewColumns`).
fn check_replaced_columns(model: &Model, before: &View, after: &[ViewColumn]) -> Elaborated<()> {
    let wrong = |message: String| Problem::invalid("42P16", message);
    if after.len() < before.columns.len() {
        return Err(wrong("cannot drop columns from view".to_owned()));
    }
    for (old, new) in before.columns.iter().zip(after) {
        if old.name != new.name {
            return Err(wrong(format!(
                "cannot change name of view column \"{}\" to \"{}\"",
                old.name.as_str(),
                new.name.as_str()
            ))
            .hint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead."));
        }
        if old.data_type != new.data_type {
            return Err(wrong(format!(
                "cannot change data type of view column \"{}\" from {} to {}",
                old.name.as_str(),
                old.data_type,
                new.data_type
            )));
        }
        if old.collation != new.collation && model.major() >= Major::V15 {
            let shown = |collation: &Option<QualifiedName>| match collation {
                Some(name) => model.env.quote_ident(name.name.as_str()),
                None => "default".to_owned(),
            };
            return Err(wrong(format!(
                "cannot change collation of view column \"{}\" from \"{}\" to \"{}\"",
                old.name.as_str(),
                shown(&old.collation),
                shown(&new.collation)
            )));
        }
    }
    Ok(())
}

impl Model {
    /// What a view over a query is.
    pub(super) fn view_over(&self, path: &SearchPath, raw: &Node, aliases: &[String]) -> Elaborated<Viewed> {
        let query = analyze::analyze_view_query(&self.env, path, raw, aliases).map_err(Box::<Problem>::from)?;
        let mut columns: Vec<ViewColumn> = Vec::new();
        for column in analyze::query_columns(&query) {
            let new = self.view_column(&column)?;
            if columns.iter().any(|other| other.name == new.name) {
                return Err(Problem::duplicate(
                    "42701",
                    format!("column \"{}\" specified more than once", new.name.as_str()),
                ));
            }
            columns.push(new);
        }
        let text = deparse_view(&self.env, &query).map_err(Box::<Problem>::from)?;
        let text = Expression(text.strip_suffix(';').unwrap_or(&text).to_owned());
        let needs = self.needs_of(&analyze::query_dependencies(&self.env, &query))?;
        Ok(Viewed { query, columns, text, needs })
    }

    fn view_column(&self, column: &ColumnDefinition) -> Elaborated<ViewColumn> {
        let row = self.env.type_by_oid(column.ty);
        if column.ty == Oid::UNKNOWN || row.is_some_and(|row| row.kind == TypeKind::Pseudo) {
            return Err(Problem::invalid(
                "42P16",
                format!("column \"{}\" has pseudo-type {}", column.name, self.env.format_type_be(column.ty)),
            ));
        }
        let of_type = self.env.type_collation(column.ty);
        let collation = match column.collation {
            _ if !of_type.is_valid() => None,
            Oid::INVALID => {
                return Err(Problem::invalid(
                    "42P22",
                    format!("could not determine which collation to use for view column \"{}\"", column.name),
                )
                .hint("Use the COLLATE clause to set the collation explicitly."));
            }
            own if own == of_type => None,
            own => {
                let row = self.env.collation_by_oid(own).ok_or_else(|| Problem::internal("a collation is gone"))?;
                Some(QualifiedName::new(name(&row.schema)?, name(&row.name)?))
            }
        };
        Ok(ViewColumn {
            name: name(&column.name)?,
            data_type: self.env.format_type(column.ty, column.typmod),
            collation,
            default: None,
        })
    }

    /// The facts that a query uses.
    pub(super) fn needs_of(&self, found: &Dependencies) -> Elaborated<Needs> {
        let mut needs = Needs::new();
        for (relation, number) in &found.relation_columns {
            let row = self.env.relation_by_oid(*relation);
            let column = row.and_then(|row| row.column_by_number(*number));
            match (self.fact_of(*relation), column) {
                (Some(FactId::Table(table)), Some(column)) => {
                    needs.insert(FactId::Column(table.clone(), name(&column.name)?));
                }
                (Some(id), _) => {
                    needs.insert(id.clone());
                }
                (None, _) => {}
            }
        }
        for (relation, constraint) in &found.constraints {
            let Some(FactId::Table(on) | FactId::View(on)) = self.fact_of(*relation) else { continue };
            let id = FactId::Constraint(on.clone(), name(constraint)?);
            // ON CONFLICT ON CONSTRAINT may name one that is not there
            if !self.contains(&id) {
                let message = format!("constraint \"{constraint}\" for table \"{}\" does not exist", on.name.as_str());
                return Err(Problem::undefined("42704", message, constraint));
            }
            needs.insert(id);
        }
        let others = found
            .relations
            .iter()
            .chain(&found.types)
            .chain(&found.procs)
            .chain(&found.operators)
            .chain(&found.collations)
            .chain(&found.opfamilies)
            .chain(&found.opclasses)
            .copied()
            .chain(found.types.iter().filter_map(|oid| self.env.element_type_of(*oid)))
            .chain(found.fields.iter().map(|(relation, _)| *relation));
        needs.extend(others.filter_map(|oid| self.fact_of(oid).cloned()));
        Ok(needs)
    }

    /// The names of the columns of a view or a materialized view, in order.
    fn column_names_of_view(&self, view: &QualifiedName) -> Vec<Name> {
        let of_view = self.view(view).into_iter().flat_map(|found| &found.columns).map(|column| &column.name);
        let stored = self.materialized_view(view).into_iter().flat_map(|found| &found.columns);
        of_view.chain(stored.map(|column| &column.name)).cloned().collect()
    }

    pub(super) fn aliases_of_view(&self, view: &QualifiedName) -> Vec<String> {
        self.column_names_of_view(view).iter().map(|column| column.as_str().to_owned()).collect()
    }

    /// The query of a view, analysed.
    fn query_of_view(&self, view: &QualifiedName) -> Elaborated<Query> {
        let Some(found) = self.view(view) else { return Err(Problem::internal("no view")) };
        let raw = analyze::parse_statement_text(found.query.as_str()).map_err(Box::<Problem>::from)?;
        analyze::analyze_view_query(&self.env, &SearchPath::empty(), &raw, &self.aliases_of_view(view))
            .map_err(Box::<Problem>::from)
    }

    /// What the stored query of a view or a materialized view becomes when it is elaborated again.
    pub(super) fn view_text_again(&self, view: &QualifiedName, text: &str) -> Elaborated<String> {
        let raw = analyze::parse_statement_text(text).map_err(Box::<Problem>::from)?;
        Ok(self.view_over(&SearchPath::empty(), &raw, &self.aliases_of_view(view))?.text.0)
    }

    /// The default of a view's column; none for a bare NULL.
    pub(super) fn view_default_over(
        &self,
        path: &SearchPath,
        column: &Name,
        data_type: &str,
        raw: &Node,
    ) -> Elaborated<(Option<Expression>, Needs)> {
        let (type_oid, typmod) = self.stored_type(data_type);
        let target = Target { name: column.as_str(), type_oid, typmod };
        let cooked = self.plain_default(path, &target, raw)?;
        Ok(cooked.map_or_else(|| (None, Needs::new()), |cooked| (Some(cooked.text), cooked.needs)))
    }

    fn view_default_needs(&self, column: &ViewColumn, default: &Expression) -> Elaborated<Needs> {
        let raw = analyze::parse_expr_text(default.as_str()).map_err(Box::<Problem>::from)?;
        Ok(self.view_default_over(&SearchPath::empty(), &column.name, &column.data_type, &raw)?.1)
    }
}
