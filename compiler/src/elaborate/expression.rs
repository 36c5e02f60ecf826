//! Expressions in statements: from what the user wrote to the text that the server stores, with what it depends on.

use pg_query::protobuf::Node;
use pgseal_catalog::facts::{Default as DefaultFact, Expression, Generated, GeneratedKind, Payload};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::model::{Model, Part, Written};
use super::names::name;
use super::run::Interpreter;
use crate::analyze::{self, AnalyzeError, DefaultKind, Target, TriggerEvents};
use crate::deparse::{DeparseError, Scope, deparse_argument_default, deparse_expression};
use crate::diagnostic::codes;
use crate::env::{Env, Oid, RelationRow, SearchPath, TypeKind};
use crate::tree::{Expr, expr_collation, expr_type};

/// An expression as the server will store it.
#[derive(Debug, Clone)]
pub(super) struct Cooked {
    /// Its text.
    pub(super) text: Expression,
    /// Its type.
    pub(super) ty: Oid,
    /// Its collation, an explicit one on top included.
    pub(super) collation: Oid,
    /// Its own collation, an explicit one on top left out.
    pub(super) own_collation: Oid,
    /// What it depends on.
    pub(super) needs: Needs,
    /// The one column of its table that it names, when there is exactly one.
    pub(super) single_column: Option<Name>,
    /// The column that it is, when it is nothing more than one.
    pub(super) column: Option<Name>,
}

impl From<AnalyzeError> for Box<Problem> {
    fn from(error: AnalyzeError) -> Self {
        let location = error.location().and_then(|at| i32::try_from(at).ok()).unwrap_or(-1);
        match error {
            AnalyzeError::Rejected(rejection) => {
                let mut problem = Problem::from_server(rejection.sqlstate, rejection.message);
                problem.detail = rejection.detail;
                problem.hint = rejection.hint;
                problem.at(location)
            }
            AnalyzeError::Unsupported(unsupported) => {
                let mut problem = Problem::unsupported(&unsupported.feature);
                problem.code = match unsupported.code {
                    analyze::TOO_DEEP => codes::TOO_DEEP,
                    _ => codes::EXPRESSION_UNSUPPORTED,
                };
                problem.detail = Some(format!("The refusal is {}.", unsupported.code));
                problem.at(location)
            }
        }
    }
}

impl From<DeparseError> for Box<Problem> {
    fn from(error: DeparseError) -> Self {
        match error {
            DeparseError::Unsettled { .. } | DeparseError::TooDeep => {
                let mut problem = Problem::unsupported("an expression that");
                problem.code = codes::EXPRESSION_UNSUPPORTED;
                problem.message = error.to_string();
                problem
            }
            DeparseError::Missing { .. } | DeparseError::Malformed { .. } => Problem::internal(error.to_string()),
        }
    }
}

impl Model {
    /// The row of a relation, which must be there.
    fn row(&self, table: &QualifiedName) -> Elaborated<&RelationRow> {
        self.relation_row(table).ok_or_else(|| Problem::internal(format!("relation \"{table}\" is gone")))
    }

    /// What an analysed expression over a table becomes.
    fn cooked(&self, table: Option<&QualifiedName>, scope: Scope<'_>, expr: &Expr) -> Elaborated<Cooked> {
        let text = deparse_expression(&self.env, scope, expr).map_err(Box::<Problem>::from)?;
        let found = analyze::dependencies(&self.env, expr);
        let mut needs = Needs::new();
        let mut single_column = None;
        let mut column = None;
        if let Some(table) = table {
            let row = self.row(table)?;
            let named = |number: i16| -> Elaborated<Option<Name>> {
                match (row.column_by_number(number), number) {
                    (Some(found), _) => Ok(Some(name(&found.name)?)),
                    (None, ..0) => Ok(self.system_column_name(number)),
                    _ => Ok(None),
                }
            };
            for (_, number) in &found.columns {
                match row.column_by_number(*number) {
                    _ if self.view(table).is_some() => needs.insert(FactId::View(table.clone())),
                    _ if self.materialized_view(table).is_some() => {
                        needs.insert(FactId::MaterializedView(table.clone()))
                    }
                    Some(found) => needs.insert(FactId::Column(table.clone(), name(&found.name)?)),
                    None => needs.insert(FactId::Table(table.clone())),
                };
            }
            if found.columns.len() == 1
                && let Some((_, number)) = found.columns.first()
            {
                single_column = named(*number)?;
            }
            if let Expr::Var(var) = expr
                && var.attno > 0
            {
                column = named(var.attno)?;
            }
        }
        needs.extend(self.needs_of(&found)?);
        let collation = expr_collation(expr);
        Ok(Cooked {
            text: Expression(text),
            ty: expr_type(expr),
            collation,
            own_collation: collation,
            needs,
            single_column,
            column,
        })
    }

    fn system_column_name(&self, number: i16) -> Option<Name> {
        ["ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"]
            .into_iter()
            .find(|text| self.env.system_column(text).is_some_and(|column| column.number == number))
            .and_then(|text| Name::new(text).ok())
    }

    /// What a stored text becomes when it is elaborated again: two texts that settle on the same one mean the same. A text that
    /// cannot be elaborated stands for itself.
    #[must_use]
    pub fn settled(&self, id: &FactId, part: Part, text: &str) -> String {
        let mut settled = text.to_owned();
        // one round is enough for what servers print; a second one makes sure
        for _ in 0..2 {
            match self.elaborate_again(id, part, &settled) {
                Ok(again) if again != settled => settled = again,
                _ => break,
            }
        }
        settled
    }

    /// What the server would store for a text, were it written in place of what is stored.
    ///
    /// # Errors
    /// What the server would refuse, and what is not covered.
    pub fn stored_text(&self, id: &FactId, part: Part, text: &str) -> Elaborated<String> {
        self.elaborate_again(id, part, text)
    }

    fn elaborate_again(&self, id: &FactId, part: Part, text: &str) -> Elaborated<String> {
        if part == Part::PartitionBound {
            return Ok(text.to_owned());
        }
        if part == Part::Body {
            return self.body_again(id, text);
        }
        if let FactId::Rule(on, _) | FactId::ViewRule(on, _) = id {
            return self.rule_text_again(id, on, part, text);
        }
        if let (FactId::View(view) | FactId::MaterializedView(view), Part::Query) = (id, part) {
            return self.view_text_again(view, text);
        }
        let raw = analyze::parse_expr_text(text).map_err(Box::<Problem>::from)?;
        let path = SearchPath::empty();
        let cooked = match (id, part) {
            (FactId::Default(table, column) | FactId::Column(table, column), Part::Default | Part::Generated) => {
                let row = self.row(table)?;
                let Some(found) = row.column(column.as_str()) else {
                    return Err(Problem::internal("a default without its column"));
                };
                let target = Target { name: column.as_str(), type_oid: found.type_oid, typmod: found.typmod };
                let kind = if part == Part::Generated { DefaultKind::Generated } else { DefaultKind::Plain };
                let expr = analyze::cook_default(&self.env, &path, Some(row), &raw, &target, kind)
                    .map_err(Box::<Problem>::from)?;
                self.cooked(Some(table), Scope::Relation(table.name.as_str()), &expr)?
            }
            (FactId::Constraint(table, _), Part::Check) => self.check_over(table, &path, &raw)?,
            (FactId::Constraint(table, _), Part::Predicate) => self
                .predicate_over(table, &path, &raw)?
                .ok_or_else(|| Problem::internal("a predicate that is always true"))?,
            (FactId::Constraint(table, _), Part::ExclusionKey(_)) => self.index_key_over(table, &path, &raw)?,
            (FactId::Index(index), Part::IndexKey(_) | Part::Predicate) => {
                let table = self
                    .index(index)
                    .map(|index| index.table.clone())
                    .ok_or_else(|| Problem::internal("an index without its table"))?;
                match part {
                    Part::IndexKey(_) => self.index_key_over(&table, &path, &raw)?,
                    _ => self
                        .predicate_over(&table, &path, &raw)?
                        .ok_or_else(|| Problem::internal("a predicate that is always true"))?,
                }
            }
            (FactId::Table(table), Part::PartitionKey(_)) => self.partition_key_over(table, &path, &raw)?,
            (FactId::DomainConstraint(domain, _), Part::Check) => self.domain_check_over(domain, &path, &raw)?,
            (FactId::Domain(domain), Part::DomainDefault) => {
                let row = self
                    .env
                    .type_in(domain.schema.as_str(), domain.name.as_str())
                    .ok_or_else(|| Problem::internal("a domain without its type"))?;
                let target = Target { name: domain.name.as_str(), type_oid: row.base, typmod: row.base_typmod };
                let expr = analyze::cook_default(&self.env, &path, None, &raw, &target, DefaultKind::Plain)
                    .map_err(Box::<Problem>::from)?;
                self.cooked(None, Scope::Nothing, &expr)?
            }
            (FactId::Trigger(table, _), Part::When) => {
                let row = self.row(table)?;
                let events = TriggerEvents { for_each_row: true, ..TriggerEvents::default() };
                let expr =
                    analyze::cook_trigger_when(&self.env, &path, row, &raw, events).map_err(Box::<Problem>::from)?;
                self.cooked(Some(table), Scope::Trigger, &expr)?
            }
            (FactId::View(view), Part::ViewDefault(at)) => {
                let column = self.view(view).and_then(|view| view.columns.get(usize::from(at)));
                let column = column.ok_or_else(|| Problem::internal("a default without its column"))?;
                let (text, _) = self.view_default_over(&path, &column.name, &column.data_type, &raw)?;
                return text.map(|text| text.0).ok_or_else(|| Problem::internal("a default that is NULL"));
            }
            (FactId::ViewTrigger(table, _), Part::When) => {
                let events = TriggerEvents { for_each_row: true, ..TriggerEvents::default() };
                self.when_over(table, &path, &raw, events)?
            }
            (FactId::Policy(table, _), Part::Using | Part::WithCheck) => self.policy_over(table, &path, &raw)?,
            (FactId::Function(_) | FactId::Procedure(_), Part::ArgumentDefault(at)) => {
                let argument = match self.fact(id).map(|fact| &fact.payload) {
                    Some(Payload::Function(f) | Payload::Procedure(f)) => f.arguments.get(usize::from(at)),
                    _ => None,
                };
                let argument = argument.ok_or_else(|| Problem::internal("a default without its argument"))?;
                self.argument_default_over(&path, &argument.data_type, &raw)?
            }
            _ => return Err(Problem::internal("no such part of a fact")),
        };
        Ok(cooked.text.0)
    }

    /// A check over a table.
    pub(super) fn check_over(&self, table: &QualifiedName, path: &SearchPath, raw: &Node) -> Elaborated<Cooked> {
        let expr = analyze::cook_constraint(&self.env, path, self.row(table)?, raw).map_err(Box::<Problem>::from)?;
        self.cooked(Some(table), Scope::Relation(table.name.as_str()), &expr)
    }

    /// A check over a domain.
    pub(super) fn domain_check_over(
        &self,
        domain: &QualifiedName,
        path: &SearchPath,
        raw: &Node,
    ) -> Elaborated<Cooked> {
        let row = self
            .env
            .type_in(domain.schema.as_str(), domain.name.as_str())
            .ok_or_else(|| Problem::internal("a domain without its type"))?;
        self.domain_check_on(row.base, row.base_typmod, path, raw)
    }

    /// A check over a domain's base type.
    pub(super) fn domain_check_on(&self, base: Oid, typmod: i32, path: &SearchPath, raw: &Node) -> Elaborated<Cooked> {
        let expr = analyze::cook_domain_check(&self.env, path, base, typmod, raw).map_err(Box::<Problem>::from)?;
        self.cooked(None, Scope::Nothing, &expr)
    }

    /// A default that no table is in scope of: a domain's. None for a bare NULL, which is not stored.
    pub(super) fn plain_default(
        &self,
        path: &SearchPath,
        target: &Target<'_>,
        raw: &Node,
    ) -> Elaborated<Option<Cooked>> {
        let expr = analyze::cook_default(&self.env, path, None, raw, target, DefaultKind::Plain)
            .map_err(Box::<Problem>::from)?;
        if analyze::is_null_default(&expr) {
            return Ok(None);
        }
        self.cooked(None, Scope::Nothing, &expr).map(Some)
    }

    /// The default of a routine's argument of a type.
    pub(super) fn argument_default_over(&self, path: &SearchPath, data_type: &str, raw: &Node) -> Elaborated<Cooked> {
        let (type_oid, typmod) = self.stored_type(data_type);
        let target = Target { name: "", type_oid, typmod };
        let expr = analyze::cook_default(&self.env, path, None, raw, &target, DefaultKind::FunctionArgument)
            .map_err(Box::<Problem>::from)?;
        let text = deparse_argument_default(&self.env, &expr).map_err(Box::<Problem>::from)?;
        Ok(Cooked { text: Expression(text), ..self.cooked(None, Scope::Nothing, &expr)? })
    }

    /// A trigger's condition.
    pub(super) fn when_over(
        &self,
        table: &QualifiedName,
        path: &SearchPath,
        raw: &Node,
        events: TriggerEvents,
    ) -> Elaborated<Cooked> {
        let expr =
            analyze::cook_trigger_when(&self.env, path, self.row(table)?, raw, events).map_err(Box::<Problem>::from)?;
        self.cooked(Some(table), Scope::Trigger, &expr)
    }

    /// An expression of a policy.
    pub(super) fn policy_over(&self, table: &QualifiedName, path: &SearchPath, raw: &Node) -> Elaborated<Cooked> {
        let expr = analyze::cook_policy(&self.env, path, self.row(table)?, raw).map_err(Box::<Problem>::from)?;
        self.cooked(Some(table), Scope::Relation(table.name.as_str()), &expr)
    }

    /// What a stored expression of a policy depends on.
    pub(super) fn policy_needs(&self, table: &QualifiedName, text: &Expression) -> Elaborated<Needs> {
        let raw = analyze::parse_expr_text(text.as_str()).map_err(Box::<Problem>::from)?;
        Ok(self.policy_over(table, &SearchPath::empty(), &raw)?.needs)
    }

    /// An expression of an index.
    pub(super) fn index_key_over(&self, table: &QualifiedName, path: &SearchPath, raw: &Node) -> Elaborated<Cooked> {
        let key =
            analyze::cook_index_expression(&self.env, path, self.row(table)?, raw).map_err(Box::<Problem>::from)?;
        self.key(table, &key)
    }

    /// An expression of a partition key.
    pub(super) fn partition_key_over(
        &self,
        table: &QualifiedName,
        path: &SearchPath,
        raw: &Node,
    ) -> Elaborated<Cooked> {
        let key = analyze::cook_partition_key(&self.env, path, self.row(table)?, raw).map_err(Box::<Problem>::from)?;
        self.key(table, &key)
    }

    fn key(&self, table: &QualifiedName, key: &analyze::IndexKey) -> Elaborated<Cooked> {
        let mut cooked = self.cooked(Some(table), Scope::Relation(table.name.as_str()), &key.expr)?;
        // a key list has no room for the line break that some expressions start with
        cooked.text.0 = cooked.text.0.trim_start().to_owned();
        cooked.ty = key.type_oid;
        cooked.collation = key.collation;
        Ok(cooked)
    }

    /// The predicate of an index; none when it is always true.
    pub(super) fn predicate_over(
        &self,
        table: &QualifiedName,
        path: &SearchPath,
        raw: &Node,
    ) -> Elaborated<Option<Cooked>> {
        let expr =
            analyze::cook_index_predicate(&self.env, path, self.row(table)?, raw).map_err(Box::<Problem>::from)?;
        match expr {
            Some(expr) => self.cooked(Some(table), Scope::Relation(table.name.as_str()), &expr).map(Some),
            None => Ok(None),
        }
    }

    /// What a stored expression over a table depends on.
    pub(super) fn needs_of_text(&self, table: &QualifiedName, text: &str) -> Elaborated<Needs> {
        let raw = analyze::parse_expr_text(text).map_err(Box::<Problem>::from)?;
        let row = self.row(table)?;
        let path = SearchPath::empty();
        let mut state = analyze::ParseState::new(&self.env, &path, analyze::ParseExprKind::GeneratedColumn)
            .with(analyze::NamespaceItem::table(row));
        let expr = analyze::transform_expr(&mut state, &raw).map_err(Box::<Problem>::from)?;
        Ok(self.cooked(Some(table), Scope::Relation(table.name.as_str()), &expr)?.needs)
    }
}

impl Interpreter<'_> {
    /// The environment.
    pub(super) fn env(&self) -> &Env {
        &self.model.env
    }

    /// A check over a table, as written.
    pub(super) fn cook_check(&self, table: &QualifiedName, raw: &Node) -> Elaborated<Cooked> {
        self.model.check_over(table, &self.path, raw)
    }

    /// What a stored expression over a table depends on.
    pub(super) fn stored_needs(&self, table: &QualifiedName, text: &Expression) -> Elaborated<Needs> {
        self.model.needs_of_text(table, text.as_str())
    }

    /// Gives a column the default that was written; a bare NULL is none.
    pub(super) fn put_default(&mut self, table: &QualifiedName, column: &Name, raw: &Node) -> Elaborated<()> {
        let row = self.model.row(table)?;
        let Some(found) = row.column(column.as_str()) else { return Err(self.no_column(table, column)) };
        let target = Target { name: column.as_str(), type_oid: found.type_oid, typmod: found.typmod };
        let expr = analyze::cook_default(self.env(), &self.path, Some(row), raw, &target, DefaultKind::Plain)
            .map_err(Box::<Problem>::from)?;
        let id = FactId::Default(table.clone(), column.clone());
        if analyze::is_null_default(&expr) {
            self.model.take(&id);
            return Ok(());
        }
        let cooked = self.model.cooked(Some(table), Scope::Relation(table.name.as_str()), &expr)?;
        let mut fact = Fact::new(id.clone(), Payload::Default(DefaultFact { expression: cooked.text }));
        fact.needs = cooked.needs;
        self.model.put(fact);
        self.remember(&id, Part::Default, raw);
        Ok(())
    }

    /// Gives a column the generation expression that was written.
    pub(super) fn put_generated(
        &mut self,
        table: &QualifiedName,
        column: &Name,
        kind: GeneratedKind,
        raw: &Node,
    ) -> Elaborated<()> {
        let row = self.model.row(table)?;
        let Some(found) = row.column(column.as_str()) else { return Err(self.no_column(table, column)) };
        let target = Target { name: column.as_str(), type_oid: found.type_oid, typmod: found.typmod };
        let sort = match kind {
            GeneratedKind::Stored => DefaultKind::Generated,
            GeneratedKind::Virtual => DefaultKind::GeneratedVirtual,
        };
        let expr = analyze::cook_default(self.env(), &self.path, Some(row), raw, &target, sort)
            .map_err(Box::<Problem>::from)?;
        let is_domain = self.env().type_by_oid(target.type_oid).is_some_and(|row| row.kind == TypeKind::Domain);
        if kind == GeneratedKind::Virtual && is_domain {
            return Err(Problem::invalid(
                "0A000",
                format!("virtual generated column \"{}\" cannot have a domain type", column.as_str()),
            ));
        }
        let cooked = self.model.cooked(Some(table), Scope::Relation(table.name.as_str()), &expr)?;
        let id = FactId::Column(table.clone(), column.clone());
        self.edit_column(table, column, |column| {
            column.generated = Some(Generated { kind, expression: cooked.text.clone() });
        })?;
        self.add_needs(&id, cooked.needs);
        self.remember(&id, Part::Generated, raw);
        Ok(())
    }

    /// What the user wrote, from the raw tree.
    pub(super) fn written(&self, raw: &Node) -> Written {
        let search_path = self.path.explicit().iter().filter_map(|schema| Name::new(schema.as_str()).ok()).collect();
        Written::tree(raw, search_path)
    }
}
