//! ALTER COLUMN … TYPE: the column, its default, and everything that is built over it from its printed text.
//!
//! Follows `ATPrepAlterColumnType`, `ATExecAlterColumnType` and `ATPostAlterTypeCleanup`, tablecmds.c (PG 14 to 18): indexes and
//! constraints over the column are printed, dropped and made again from that text, so their stored text settles.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableCmd, ColumnDef, Node};
use pgseal_catalog::facts::{ConstraintKind, Default as DefaultFact, Expression, KeyTarget, Payload};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::names::name;
use super::run::Interpreter;
use crate::analyze::{self, Coercion, ParseExprKind, ParseState, Target};
use crate::deparse::{Scope, deparse_expression};
use crate::env::{Major, Oid, SearchPath};
use crate::tree::{expr_type, strip_implicit_coercions};

/// What a column is changed to.
struct NewType {
    oid: Oid,
    typmod: i32,
    collation: Oid,
}

impl Interpreter<'_> {
    /// ALTER COLUMN … TYPE.
    pub(super) fn alter_column_type(
        &mut self,
        table: &QualifiedName,
        command: &AlterTableCmd,
        recurse: bool,
    ) -> Elaborated<()> {
        let column = name(&command.name)?;
        let Some(NodeEnum::ColumnDef(definition)) = command.def.as_ref().and_then(|d| d.node.as_ref()) else {
            return Err(Problem::internal("TYPE without a type"));
        };
        let Some(ty) = &definition.type_name else { return Err(Problem::internal("TYPE without a type")) };
        let Some(found) = self.model.column(table, &column).cloned() else {
            return Err(self.no_column(table, &column));
        };
        if self.model.table(table).is_some_and(|t| t.of_type.is_some()) {
            return Err(Problem::invalid("42809", "cannot alter column type of typed table").at(definition.location));
        }
        if found.inherit_count > 0 {
            return Err(Problem::invalid("42P16", format!("cannot alter inherited column \"{}\"", column.as_str()))
                .at(definition.location));
        }
        let (oid, typmod) = self.type_of(ty)?;
        let collation = self.column_collation(definition, oid)?;
        let new = NewType { oid, typmod, collation };
        self.change_type(table, &column, definition, &new, recurse)
    }

    fn change_type(
        &mut self,
        table: &QualifiedName,
        column: &Name,
        definition: &ColumnDef,
        new: &NewType,
        recurse: bool,
    ) -> Elaborated<()> {
        if self.in_partition_key(table, column) {
            return Err(Problem::invalid(
                "42P16",
                format!(
                    "cannot alter column \"{}\" because it is part of the partition key of relation \"{}\"",
                    column.as_str(),
                    table.name.as_str()
                ),
            )
            .at(definition.location));
        }
        let children = self.model.children(table);
        if !recurse && !children.is_empty() {
            return Err(Problem::invalid(
                "42P16",
                format!("type of inherited column \"{}\" must be changed in child tables too", column.as_str()),
            ));
        }
        self.refuse_users_of_type(table, column)?;
        let default = self.converted_default(table, column, definition.raw_default.as_deref(), new)?;
        let id = FactId::Column(table.clone(), column.clone());
        let rebuilt: Vec<FactId> = self
            .model
            .dependents(&id)
            .filter(|dependent| matches!(dependent, FactId::Index(_) | FactId::Constraint(..)))
            .cloned()
            .collect();
        self.store_type(table, column, new)?;
        if let Some(default) = default {
            let id = FactId::Default(table.clone(), column.clone());
            self.model.forget_all_written(&id);
            let mut fact = Fact::new(id, Payload::Default(DefaultFact { expression: default.clone() }));
            fact.needs = self.stored_needs(table, &default)?;
            self.model.put(fact);
        }
        for dependent in rebuilt {
            self.rebuild(&dependent)?;
        }
        for child in children {
            self.change_type(&child, column, definition, new, recurse)?;
        }
        Ok(())
    }

    /// What names a column in an expression that a server does not make again forbids the change.
    fn refuse_users_of_type(&self, table: &QualifiedName, column: &Name) -> Elaborated<()> {
        let id = FactId::Column(table.clone(), column.clone());
        for dependent in self.model.dependents(&id) {
            let what = match dependent {
                FactId::Trigger(..) => "used in a trigger definition",
                FactId::Policy(..) => "used in a policy definition",
                FactId::View(_) | FactId::MaterializedView(_) | FactId::Rule(..) | FactId::ViewRule(..) => {
                    "used by a view or rule"
                }
                FactId::Column(owner, _) if owner == table => "used by a generated column",
                FactId::Function(_) | FactId::Procedure(_) => "used by a function or procedure",
                _ => continue,
            };
            let generated = what == "used by a generated column" && self.model.major() < Major::V15;
            let sqlstate = if generated { "42601" } else { "0A000" };
            return Err(Problem::invalid(sqlstate, format!("cannot alter type of a column {what}")).detail(format!(
                "{} depends on column \"{}\"",
                dependent.in_words(),
                column.as_str()
            )));
        }
        Ok(())
    }

    /// The column's default under the new type; none where there is none. Checks that values can be converted.
    fn converted_default(
        &self,
        table: &QualifiedName,
        column: &Name,
        using: Option<&Node>,
        new: &NewType,
    ) -> Elaborated<Option<Expression>> {
        let model = &*self.model;
        let Some(row) = model.relation_row(table) else { return Err(Problem::internal("a table is gone")) };
        let Some(found) = model.column(table, column) else { return Err(self.no_column(table, column)) };
        let target = Target { name: column.as_str(), type_oid: new.oid, typmod: new.typmod };
        if found.generated.is_some() {
            if using.is_some() {
                return Err(Problem::invalid("42611", "cannot specify USING when altering type of generated column"));
            }
        } else {
            analyze::cook_using(&model.env, &self.path, row, using, &target).map_err(Box::<Problem>::from)?;
        }
        let stored = match &found.generated {
            Some(generated) => Some(generated.expression.clone()),
            None => self.stored_default(table, column),
        };
        let Some(stored) = stored else { return Ok(None) };
        let raw = analyze::parse_expr_text(stored.as_str()).map_err(Box::<Problem>::from)?;
        let path = SearchPath::empty();
        let before = row.column(column.as_str()).map_or((Oid::INVALID, -1), |c| (c.type_oid, c.typmod));
        let old = Target { name: column.as_str(), type_oid: before.0, typmod: before.1 };
        let kind = match found.generated {
            Some(_) => analyze::DefaultKind::Generated,
            None => analyze::DefaultKind::Plain,
        };
        let expr =
            analyze::cook_default(&model.env, &path, Some(row), &raw, &old, kind).map_err(Box::<Problem>::from)?;
        let stripped = strip_implicit_coercions(&expr).clone();
        let source = expr_type(&stripped);
        let state = ParseState::new(&model.env, &path, ParseExprKind::ColumnDefault);
        let converted = analyze::coerce_to_target_type(&state, stripped, new.oid, new.typmod, Coercion::assignment(-1))
            .map_err(Box::<Problem>::from)?;
        let Some(mut converted) = converted else {
            let what = if found.generated.is_some() { "generation expression" } else { "default" };
            return Err(Problem::invalid(
                "42804",
                format!(
                    "{what} for column \"{}\" cannot be cast automatically to type {}",
                    column.as_str(),
                    model.env.format_type_be(new.oid)
                ),
            )
            .detail(format!("It is of type {}.", model.env.format_type_be(source))));
        };
        analyze::assign_expr_collations(&model.env, &mut converted).map_err(Box::<Problem>::from)?;
        let text = deparse_expression(&model.env, Scope::Relation(table.name.as_str()), &converted)
            .map_err(Box::<Problem>::from)?;
        if found.generated.is_some() {
            if text == stored.as_str() {
                return Ok(None);
            }
            return Err(Problem::unsupported("a type change that rewrites a generation expression"));
        }
        Ok(Some(Expression(text)))
    }

    fn store_type(&mut self, table: &QualifiedName, column: &Name, new: &NewType) -> Elaborated<()> {
        let data_type = self.model.env.format_type(new.oid, new.typmod);
        let own = self.model.env.type_collation(new.oid);
        let collation = self.collation_beside(new.collation, own)?;
        let identity = match self.model.column(table, column).and_then(|c| c.identity.clone()) {
            Some(mut identity) => {
                if !matches!(new.oid, Oid::INT2 | Oid::INT4 | Oid::INT8) {
                    return Err(Problem::invalid("22023", "identity column type must be smallint, integer, or bigint"));
                }
                identity.options = self.sequence_of_type(&identity.options, &data_type)?;
                Some(identity)
            }
            None => None,
        };
        self.edit_column(table, column, |c| {
            c.data_type = data_type;
            c.collation = collation;
            c.storage = None;
            c.compression = None;
            c.identity = identity;
        })?;
        let id = FactId::Column(table.clone(), column.clone());
        if let Some(mut fact) = self.model.fact(&id).cloned() {
            let expression = match &fact.payload {
                Payload::Column(c) => c.generated.as_ref().map(|g| g.expression.clone()),
                _ => None,
            };
            fact.needs = match expression {
                Some(text) => self.stored_needs(table, &text)?,
                None => Needs::new(),
            };
            self.type_needs(new.oid, &mut fact.needs);
            self.model.put(fact);
        }
        Ok(())
    }

    /// Makes an index or constraint again from its printed text.
    fn rebuild(&mut self, id: &FactId) -> Elaborated<()> {
        let path = SearchPath::empty();
        self.model.forget_all_written(id);
        let Some(mut fact) = self.model.fact(id).cloned() else { return Ok(()) };
        let over = match (&fact.payload, id) {
            (Payload::Index(index), _) => index.table.clone(),
            (_, FactId::Constraint(table, _)) => table.clone(),
            _ => return Ok(()),
        };
        let raw = |text: &Expression| analyze::parse_expr_text(text.as_str()).map_err(Box::<Problem>::from);
        let model = &*self.model;
        match &mut fact.payload {
            Payload::Index(index) => {
                for key in &mut index.keys {
                    if let KeyTarget::Expression(text) = &mut key.target {
                        *text = model.index_key_over(&over, &path, &raw(text)?)?.text;
                    }
                }
                if let Some(text) = &mut index.predicate
                    && let Some(cooked) = model.predicate_over(&over, &path, &raw(text)?)?
                {
                    *text = cooked.text;
                }
                index.storage.statistics.clear();
            }
            Payload::Constraint(constraint) => match &mut constraint.is {
                ConstraintKind::Check(check) => {
                    check.expression = model.check_over(&over, &path, &raw(&check.expression)?)?.text;
                }
                ConstraintKind::Exclusion(exclusion) => {
                    for element in &mut exclusion.elements {
                        if let KeyTarget::Expression(text) = &mut element.key.target {
                            *text = model.index_key_over(&over, &path, &raw(text)?)?.text;
                        }
                    }
                    if let Some(text) = &mut exclusion.predicate
                        && let Some(cooked) = model.predicate_over(&over, &path, &raw(text)?)?
                    {
                        *text = cooked.text;
                    }
                }
                _ => {}
            },
            _ => {}
        }
        self.model.put(fact);
        Ok(())
    }

    /// The options of an identity column's sequence under a new type.
    fn sequence_of_type(
        &self,
        before: &pgseal_catalog::facts::SequenceOptions,
        data_type: &str,
    ) -> Elaborated<pgseal_catalog::facts::SequenceOptions> {
        let (oid, _) = self.model.stored_type(data_type);
        let ty = pg_query::protobuf::TypeName { type_oid: oid.0, typemod: -1, ..Default::default() };
        let element = pg_query::protobuf::DefElem {
            defname: "as".to_owned(),
            arg: Some(Box::new(Node { node: Some(NodeEnum::TypeName(ty)) })),
            ..Default::default()
        };
        self.sequence_options(Some(before), None, &[Node { node: Some(NodeEnum::DefElem(Box::new(element))) }])
    }
}
