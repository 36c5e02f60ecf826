//! A fact under other names: ids, references, types and the names within stored texts.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::facts::{
    Body, Constraint, ConstraintKind, Expression, IndexKey, KeyTarget, Payload, ReplicaIdentity,
};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName, Routine};

use super::retext::{Columns, move_operators, replace_column, replace_in_literals, replace_qualified};
use crate::env::Env;

/// What gets another name.
#[derive(Debug, Clone, Default)]
pub(super) struct Rewrite {
    pub(super) schema: Option<(Name, Name)>,
    pub(super) relations: BTreeMap<QualifiedName, QualifiedName>,
    pub(super) types: BTreeMap<QualifiedName, QualifiedName>,
    pub(super) routines: BTreeMap<Routine, Routine>,
    pub(super) columns: Vec<(QualifiedName, Name, Name)>,
    pub(super) attributes: Vec<(QualifiedName, Name, Name)>,
    pub(super) constraints: Vec<(QualifiedName, Name, Name)>,
    pub(super) triggers: Vec<(QualifiedName, Name, Name)>,
    pub(super) policies: Vec<(QualifiedName, Name, Name)>,
    pub(super) rules: Vec<(QualifiedName, Name, Name)>,
    pub(super) domain_constraints: Vec<(QualifiedName, Name, Name)>,
    pub(super) opclasses: BTreeMap<QualifiedName, QualifiedName>,
    /// Operators that move from one schema to another, all of them along.
    pub(super) operators: Option<(Name, Name, BTreeSet<String>)>,
}

/// A fact being rewritten: the names of its table before and after.
struct At<'a> {
    rewrite: &'a Rewrite,
    env: &'a Env,
    /// The relation whose columns are in scope, under its old name.
    table: Option<QualifiedName>,
    /// The routines with other names that its texts can mean: by a bare name alone, one of several cannot be told.
    routines: Vec<(&'a Routine, &'a Routine)>,
}

impl Rewrite {
    /// The fact under the new names; none when nothing changes.
    pub(super) fn fact(&self, env: &Env, fact: &Fact) -> Option<Fact> {
        let table = match (&fact.id, &fact.payload) {
            (_, Payload::Index(index)) => Some(index.table.clone()),
            (FactId::Table(table), _)
            | (FactId::Column(table, _), _)
            | (FactId::Default(table, _), _)
            | (FactId::Constraint(table, _), _)
            | (FactId::Trigger(table, _), _)
            | (FactId::Policy(table, _), _)
            | (FactId::Rule(table, _), _)
            | (FactId::ViewTrigger(table, _), _)
            | (FactId::ViewRule(table, _), _) => Some(table.clone()),
            _ => None,
        };
        let at = At { rewrite: self, env, table, routines: self.routines_of(fact) };
        let id = at.id(&fact.id);
        let mut payload = fact.payload.clone();
        at.payload(&mut payload);
        if let (FactId::Composite(name), Payload::Composite(composite)) = (&fact.id, &mut payload) {
            for attribute in &mut composite.attributes {
                attribute.name = member(&self.attributes, name, &attribute.name);
            }
        }
        let needs = fact.needs.iter().map(|need| at.id(need)).collect();
        let new = Fact { id, payload, needs, position: fact.position };
        (new != *fact).then_some(new)
    }
}

impl Rewrite {
    /// A text of a query, printed with what names mean afterwards: literals that stand for relations, types and functions follow.
    pub(super) fn literals(&self, env: &Env, fact: &Fact, text: &str) -> String {
        let at = At { rewrite: self, env, table: None, routines: self.routines_of(fact) };
        replace_in_literals(text, &at.quote(), &|schema, name| at.named(schema, name))
    }
}

impl Rewrite {
    /// The routines with other names that a fact uses.
    fn routines_of(&self, fact: &Fact) -> Vec<(&Routine, &Routine)> {
        let uses = |routine: &Routine| {
            [FactId::Function, FactId::Procedure, FactId::Aggregate]
                .into_iter()
                .any(|make| fact.needs.contains(&make(routine.clone())))
        };
        self.routines.iter().filter(|(old, _)| uses(old)).collect()
    }

    /// A routine with another name that a fact uses beside one that it shares the old name with and that keeps it.
    pub(super) fn one_of_several(&self, fact: &Fact) -> Option<FactId> {
        let named = |id: &FactId, name: &QualifiedName| match id {
            FactId::Function(other) | FactId::Procedure(other) | FactId::Aggregate(other) => {
                other.name == *name && !self.routines.contains_key(other)
            }
            _ => false,
        };
        self.routines_of(fact)
            .into_iter()
            .find(|(old, _)| fact.needs.iter().any(|id| named(id, &old.name)))
            .map(|(old, _)| FactId::Function(old.clone()))
    }
}

fn member(list: &[(QualifiedName, Name, Name)], owner: &QualifiedName, name: &Name) -> Name {
    let found = list.iter().find(|(of, old, _)| of == owner && old == name);
    found.map_or_else(|| name.clone(), |(_, _, new)| new.clone())
}

impl At<'_> {
    fn schema(&self, name: &Name) -> Name {
        match &self.rewrite.schema {
            Some((old, new)) if old == name => new.clone(),
            _ => name.clone(),
        }
    }

    fn in_schema(&self, name: &QualifiedName) -> QualifiedName {
        QualifiedName::new(self.schema(&name.schema), name.name.clone())
    }

    fn relation(&self, name: &QualifiedName) -> QualifiedName {
        self.rewrite.relations.get(name).cloned().unwrap_or_else(|| self.in_schema(name))
    }

    fn type_named(&self, name: &QualifiedName) -> QualifiedName {
        self.rewrite.types.get(name).cloned().unwrap_or_else(|| self.in_schema(name))
    }

    fn column(&self, table: &QualifiedName, name: &Name) -> Name {
        member(&self.rewrite.columns, table, name)
    }

    fn own_column(&self, name: &Name) -> Name {
        self.table.as_ref().map_or_else(|| name.clone(), |table| self.column(table, name))
    }

    fn routine(&self, routine: &Routine) -> Routine {
        let found = self.rewrite.routines.get(routine).cloned().unwrap_or_else(|| routine.clone());
        Routine {
            name: self.in_schema(&found.name),
            arguments: found.arguments.iter().map(|text| self.ty(text)).collect(),
        }
    }

    fn id(&self, id: &FactId) -> FactId {
        match id {
            FactId::Schema(name) => FactId::Schema(self.schema(name)),
            FactId::Extension(name) => FactId::Extension(name.clone()),
            FactId::Enum(name) => FactId::Enum(self.type_named(name)),
            FactId::Domain(name) => FactId::Domain(self.type_named(name)),
            FactId::DomainConstraint(name, own) => {
                FactId::DomainConstraint(self.type_named(name), member(&self.rewrite.domain_constraints, name, own))
            }
            FactId::Composite(name) => FactId::Composite(self.type_named(name)),
            FactId::Attribute(name, own) => {
                FactId::Attribute(self.type_named(name), member(&self.rewrite.attributes, name, own))
            }
            FactId::Range(name) => FactId::Range(self.type_named(name)),
            FactId::Sequence(name) => FactId::Sequence(self.relation(name)),
            FactId::Table(name) => FactId::Table(self.relation(name)),
            FactId::Column(table, own) => FactId::Column(self.relation(table), self.column(table, own)),
            FactId::Default(table, own) => FactId::Default(self.relation(table), self.column(table, own)),
            FactId::Constraint(table, own) => {
                FactId::Constraint(self.relation(table), member(&self.rewrite.constraints, table, own))
            }
            FactId::Index(name) => FactId::Index(self.relation(name)),
            FactId::Function(routine) => FactId::Function(self.routine(routine)),
            FactId::Procedure(routine) => FactId::Procedure(self.routine(routine)),
            FactId::Aggregate(routine) => FactId::Aggregate(self.routine(routine)),
            FactId::Trigger(table, own) => {
                FactId::Trigger(self.relation(table), member(&self.rewrite.triggers, table, own))
            }
            FactId::Policy(table, own) => {
                FactId::Policy(self.relation(table), member(&self.rewrite.policies, table, own))
            }
            FactId::Rule(table, own) => FactId::Rule(self.relation(table), member(&self.rewrite.rules, table, own)),
            FactId::View(name) => FactId::View(self.relation(name)),
            FactId::MaterializedView(name) => FactId::MaterializedView(self.relation(name)),
            FactId::MaterializedViewColumn(view, own) => {
                FactId::MaterializedViewColumn(self.relation(view), own.clone())
            }
            FactId::ViewColumn(view, own) => FactId::ViewColumn(self.relation(view), own.clone()),
            FactId::ViewTrigger(view, own) => {
                FactId::ViewTrigger(self.relation(view), member(&self.rewrite.triggers, view, own))
            }
            FactId::ViewRule(view, own) => {
                FactId::ViewRule(self.relation(view), member(&self.rewrite.rules, view, own))
            }
            FactId::Comment(on) => FactId::Comment(Box::new(self.id(on))),
        }
    }

    fn quote(&self) -> impl Fn(&str) -> String {
        |name: &str| self.env.quote_ident(name)
    }

    /// A type as printed.
    fn ty(&self, text: &str) -> String {
        if self.rewrite.types.is_empty() && self.rewrite.schema.is_none() {
            return text.to_owned();
        }
        replace_qualified(text, &self.quote(), &|schema, name| {
            let old = QualifiedName::new(Name::new(schema).ok()?, Name::new(name).ok()?);
            let new = self.type_named(&old);
            (new != old).then(|| (new.schema.as_str().to_owned(), new.name.as_str().to_owned()))
        })
    }

    /// What a schema and a name in an expression become; none for what stays.
    fn named(&self, schema: &str, name: &str) -> Option<(String, String)> {
        let old = QualifiedName::new(Name::new(schema).ok()?, Name::new(name).ok()?);
        let routine = self.routines.iter().find(|(of, _)| of.name == old).map(|(_, to)| to.name.clone());
        let new = routine.or_else(|| self.rewrite.types.get(&old).cloned()).unwrap_or_else(|| self.relation(&old));
        (new != old).then(|| (new.schema.as_str().to_owned(), new.name.as_str().to_owned()))
    }

    /// A query as printed, but for what its tree is needed for: see `Interpreter::apply`.
    fn query(&self, query: &mut Expression) {
        query.0 = replace_in_literals(query.as_str(), &self.quote(), &|schema, name| self.named(schema, name));
    }

    /// An expression as printed.
    fn text(&self, text: &str, columns: Columns) -> String {
        let mut text = replace_qualified(text, &self.quote(), &|schema, name| self.named(schema, name));
        if let Some((from, to, operators)) = &self.rewrite.operators {
            text = move_operators(&text, from.as_str(), &self.env.quote_ident(to.as_str()), operators);
        }
        if let Some(table) = &self.table {
            for (of, old, new) in &self.rewrite.columns {
                if of == table {
                    text = replace_column(&text, columns, old.as_str(), new.as_str(), &self.quote());
                }
            }
        }
        text
    }

    fn expression(&self, expression: &mut Expression) {
        expression.0 = self.text(expression.as_str(), Columns::Bare);
    }

    fn key(&self, key: &mut IndexKey) {
        self.target(&mut key.target);
        self.opclass(&mut key.opclass);
    }

    fn opclass(&self, opclass: &mut Option<QualifiedName>) {
        if let Some(new) = opclass.as_ref().and_then(|old| self.rewrite.opclasses.get(old)) {
            *opclass = Some(new.clone());
        }
    }

    fn target(&self, target: &mut KeyTarget) {
        match target {
            KeyTarget::Column(column) => *column = self.own_column(column),
            KeyTarget::Expression(text) => self.expression(text),
        }
    }

    fn columns(&self, columns: &mut [Name]) {
        for column in columns {
            *column = self.own_column(column);
        }
    }

    fn payload(&self, payload: &mut Payload) {
        match payload {
            Payload::Schema(_) | Payload::Enum(_) | Payload::Comment(_) => {}
            // the query of a view is no old text with other names in it: see `Interpreter::apply`
            Payload::View(view) => {
                self.query(&mut view.query);
                for column in &mut view.columns {
                    column.data_type = self.ty(&column.data_type);
                    column.default.iter_mut().for_each(|text| self.expression(text));
                }
            }
            Payload::MaterializedView(view) => {
                self.query(&mut view.query);
                for column in &mut view.columns {
                    column.data_type = self.ty(&column.data_type);
                }
            }
            Payload::Extension(extension) => extension.schema = self.schema(&extension.schema),
            Payload::Domain(domain) => {
                domain.base = self.ty(&domain.base);
                domain.default.iter_mut().for_each(|text| self.expression(text));
            }
            Payload::DomainConstraint(constraint) => self.expression(&mut constraint.expression),
            Payload::Composite(composite) => {
                for attribute in &mut composite.attributes {
                    attribute.data_type = self.ty(&attribute.data_type);
                }
            }
            Payload::Range(range) => {
                range.subtype = self.ty(&range.subtype);
                range.multirange = self.type_named(&range.multirange);
                if let Some(new) = self.rewrite.opclasses.get(&range.subtype_opclass) {
                    range.subtype_opclass = new.clone();
                }
                for routine in [&mut range.canonical, &mut range.subtype_diff].into_iter().flatten() {
                    *routine = self.routine(routine);
                }
            }
            Payload::Sequence(sequence) => {
                sequence.owned_by = sequence.owned_by.as_ref().map(|owner| self.id(owner));
            }
            Payload::Table(table) => self.table(table),
            Payload::Column(column) => {
                column.data_type = self.ty(&column.data_type);
                if let Some(identity) = &mut column.identity {
                    identity.sequence = self.relation(&identity.sequence);
                }
                if let Some(generated) = &mut column.generated {
                    self.expression(&mut generated.expression);
                }
            }
            Payload::Default(default) => self.expression(&mut default.expression),
            Payload::Constraint(constraint) => self.constraint(constraint),
            Payload::Index(index) => {
                index.keys.iter_mut().for_each(|key| self.key(key));
                self.columns(&mut index.include);
                index.predicate.iter_mut().for_each(|text| self.expression(text));
                index.attached_to = index.attached_to.as_ref().map(|to| self.relation(to));
                index.table = self.relation(&index.table);
            }
            Payload::Function(function) | Payload::Procedure(function) => {
                for argument in &mut function.arguments {
                    argument.data_type = self.ty(&argument.data_type);
                    argument.default.iter_mut().for_each(|text| self.expression(text));
                }
                function.returns = function.returns.as_ref().map(|text| self.ty(text));
                function.transforms = function.transforms.iter().map(|text| self.ty(text)).collect();
                if let Body::Sql(body) = &mut function.body {
                    self.query(body);
                }
                function.support = function.support.as_ref().map(|routine| self.routine(routine));
            }
            Payload::Aggregate(aggregate) => self.aggregate(aggregate),
            Payload::Policy(policy) => {
                policy.using.iter_mut().chain(&mut policy.check).for_each(|text| self.expression(text));
            }
            // only good for seeing whether anything changes: see `Interpreter::apply`
            Payload::Rule(rule) => {
                for text in rule.condition.iter_mut().chain(&mut rule.actions) {
                    text.0 = self.text(text.as_str(), Columns::OldAndNew);
                }
            }
            Payload::Trigger(trigger) => {
                self.columns(&mut trigger.update_of);
                if let Some(when) = &mut trigger.when {
                    when.0 = self.text(when.as_str(), Columns::OldAndNew);
                }
                trigger.function = self.routine(&trigger.function);
                if let Some(constraint) = &mut trigger.constraint {
                    constraint.from = constraint.from.as_ref().map(|from| self.relation(from));
                }
            }
        }
    }

    fn aggregate(&self, aggregate: &mut pgseal_catalog::facts::Aggregate) {
        for argument in &mut aggregate.arguments {
            argument.data_type = self.ty(&argument.data_type);
        }
        aggregate.returns = self.ty(&aggregate.returns);
        let moving = aggregate.moving.as_mut();
        if let Some(moving) = moving {
            moving.inverse = self.routine(&moving.inverse);
        }
        for state in std::iter::once(&mut aggregate.state).chain(aggregate.moving.as_mut().map(|m| &mut m.state)) {
            state.function = self.routine(&state.function);
            state.data_type = self.ty(&state.data_type);
            state.final_function = state.final_function.as_ref().map(|routine| self.routine(routine));
        }
        for routine in
            [&mut aggregate.combine, &mut aggregate.serialize, &mut aggregate.deserialize].into_iter().flatten()
        {
            *routine = self.routine(routine);
        }
        if let Some(operator) = &mut aggregate.sort_operator {
            operator.schema = match &self.rewrite.operators {
                Some((from, to, operators))
                    if operator.schema == *from && operators.contains(operator.name.as_str()) =>
                {
                    to.clone()
                }
                _ => self.schema(&operator.schema),
            };
        }
    }

    fn table(&self, table: &mut pgseal_catalog::facts::Table) {
        if let Some(key) = &mut table.partition_key {
            for part in &mut key.parts {
                self.target(&mut part.target);
                self.opclass(&mut part.opclass);
            }
        }
        if let Some(partition) = &mut table.partition_of {
            partition.parent = self.relation(&partition.parent);
            partition.bound.0 = self.ty(partition.bound.as_str());
        }
        table.inherits = table.inherits.iter().map(|parent| self.relation(parent)).collect();
        table.of_type = table.of_type.as_ref().map(|of| self.type_named(of));
        if let (ReplicaIdentity::Index(index), Some(own)) = (&mut table.replica_identity, &self.table) {
            let old = QualifiedName::new(own.schema.clone(), index.clone());
            let renamed = self.rewrite.relations.get(&old).map(|new| new.name.clone());
            *index = renamed.unwrap_or_else(|| member(&self.rewrite.constraints, own, index));
        }
    }

    fn constraint(&self, constraint: &mut Constraint) {
        if let Some((table, name)) = &mut constraint.parent {
            *name = member(&self.rewrite.constraints, table, name);
            *table = self.relation(table);
        }
        match &mut constraint.is {
            ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => {
                self.columns(&mut key.columns);
                self.columns(&mut key.include);
                key.index_keys.iter_mut().flatten().for_each(|key| self.key(key));
            }
            ConstraintKind::ForeignKey(key) => {
                self.columns(&mut key.columns);
                self.columns(&mut key.on_delete_columns);
                for column in &mut key.referenced_columns {
                    *column = self.column(&key.references, column);
                }
                key.references = self.relation(&key.references);
            }
            ConstraintKind::Check(check) => self.expression(&mut check.expression),
            ConstraintKind::Exclusion(exclusion) => {
                for element in &mut exclusion.elements {
                    self.key(&mut element.key);
                    if let Some((from, to, operators)) = &self.rewrite.operators {
                        let to = self.env.quote_ident(to.as_str());
                        element.operator = move_operators(&element.operator, from.as_str(), &to, operators);
                    }
                }
                self.columns(&mut exclusion.include);
                exclusion.predicate.iter_mut().for_each(|text| self.expression(text));
            }
            ConstraintKind::NotNull(not_null) => not_null.column = self.own_column(&not_null.column),
        }
    }
}
