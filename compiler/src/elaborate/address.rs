//! From what COMMENT, DROP, RENAME and SET SCHEMA name to the fact that it is.
//!
//! Follows `get_object_address`, objectaddress.c (PG 17).

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, ObjectType, ObjectWithArgs};
use pgseal_catalog::{FactId, Kind, QualifiedName};

use super::error::{Elaborated, Problem};
use super::names::{name, name_parts};
use super::run::Interpreter;
use crate::env::{RelationKind, TypeKind};

impl Interpreter<'_> {
    /// The fact that an object's name means; none when there is no such object.
    pub(super) fn address(&self, of: ObjectType, object: &Node) -> Elaborated<Option<FactId>> {
        match self.must_address(of, object) {
            Ok(id) => Ok(Some(id)),
            Err(problem) if problem.missing.is_some() => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// The fact that an object's name means.
    pub(super) fn must_address(&self, of: ObjectType, object: &Node) -> Elaborated<FactId> {
        let parts = name_parts(object);
        match of {
            ObjectType::ObjectSchema => self.named_once(&parts, FactId::Schema, "3F000"),
            ObjectType::ObjectExtension => self.named_once(&parts, FactId::Extension, "42704"),
            ObjectType::ObjectTable
            | ObjectType::ObjectIndex
            | ObjectType::ObjectSequence
            | ObjectType::ObjectView
            | ObjectType::ObjectMatview
            | ObjectType::ObjectForeignTable => {
                let range = Self::range_of(&parts)?;
                self.relation_address(of, &range)
            }
            ObjectType::ObjectColumn => {
                let Some((column, owner)) = parts.split_last() else { return Err(improper(&parts)) };
                let (owner, kind) = self.relation(&Self::range_of(owner)?)?;
                let column = name(column)?;
                if kind == RelationKind::CompositeType {
                    let known =
                        self.model.relation_row(&owner).is_some_and(|row| row.column(column.as_str()).is_some());
                    if known && self.model.contains(&FactId::Composite(owner.clone())) {
                        return Ok(FactId::Attribute(owner, column));
                    }
                    return Err(self.no_column(&owner, &column));
                }
                if let (RelationKind::View, Some(view)) = (kind, self.model.view(&owner)) {
                    if view.columns.iter().any(|known| known.name == column) {
                        return Ok(FactId::ViewColumn(owner, column));
                    }
                    return Err(self.no_column(&owner, &column));
                }
                if let Some(view) = self.model.materialized_view(&owner) {
                    if view.columns.iter().any(|known| known.name == column) {
                        return Ok(FactId::MaterializedViewColumn(owner, column));
                    }
                    return Err(self.no_column(&owner, &column));
                }
                if self.model.table(&owner).is_none() {
                    self.require_table(&owner, kind)?;
                }
                let id = FactId::Column(owner.clone(), column.clone());
                if self.model.contains(&id) { Ok(id) } else { Err(self.no_column(&owner, &column)) }
            }
            ObjectType::ObjectTabconstraint | ObjectType::ObjectTrigger | ObjectType::ObjectPolicy => {
                let Some((member, owner)) = parts.split_last() else { return Err(improper(&parts)) };
                let (owner, kind) = self.relation(&Self::range_of(owner)?)?;
                let on_view = of == ObjectType::ObjectTrigger && self.model.view(&owner).is_some();
                if !on_view {
                    self.require_table(&owner, kind)?;
                }
                let member = name(member)?;
                let (id, what) = match of {
                    ObjectType::ObjectTrigger if on_view => {
                        (FactId::ViewTrigger(owner.clone(), member.clone()), "trigger")
                    }
                    ObjectType::ObjectTrigger => (FactId::Trigger(owner.clone(), member.clone()), "trigger"),
                    ObjectType::ObjectPolicy => (FactId::Policy(owner.clone(), member.clone()), "policy"),
                    _ => (FactId::Constraint(owner.clone(), member.clone()), "constraint"),
                };
                if self.model.contains(&id) {
                    return Ok(id);
                }
                Err(Problem::undefined(
                    "42704",
                    format!("{what} \"{}\" for table \"{}\" does not exist", member.as_str(), owner.name.as_str()),
                    member.as_str(),
                ))
            }
            ObjectType::ObjectRule => {
                let Some((rule, owner)) = parts.split_last() else { return Err(improper(&parts)) };
                self.rule_address(&Self::range_of(owner)?, &name(rule)?)
            }
            ObjectType::ObjectType | ObjectType::ObjectDomain => self.type_address(of, &parts),
            ObjectType::ObjectDomconstraint => self.domain_constraint_address(object),
            ObjectType::ObjectAttribute => Err(Problem::internal("an attribute is addressed through its type")),
            ObjectType::ObjectFunction
            | ObjectType::ObjectProcedure
            | ObjectType::ObjectRoutine
            | ObjectType::ObjectAggregate => match &object.node {
                Some(NodeEnum::ObjectWithArgs(routine)) => self.routine_address(of, routine),
                _ => Err(improper(&parts)),
            },
            _ => Err(Problem::unsupported("an object of this kind")),
        }
    }

    fn named_once(
        &self,
        parts: &[String],
        make: fn(pgseal_catalog::Name) -> FactId,
        sqlstate: &'static str,
    ) -> Elaborated<FactId> {
        let [text] = parts else { return Err(improper(parts)) };
        let id = make(name(text)?);
        if self.model.contains(&id) {
            return Ok(id);
        }
        if id.kind() == Kind::Schema && self.model.env.schema_exists(text) {
            return Err(Problem::unsupported(format!(
                "a statement on schema \"{text}\", which is outside of the scope,"
            )));
        }
        Err(Problem::undefined(sqlstate, format!("{} \"{text}\" does not exist", id.kind().words()), text))
    }

    /// The fact of a relation of a kind.
    pub(super) fn relation_address(&self, of: ObjectType, range: &pg_query::protobuf::RangeVar) -> Elaborated<FactId> {
        let (found, kind) = self.relation(range)?;
        let shown = found.name.as_str();
        let wrong =
            |what: &str| Err(Problem::invalid("42809", format!("\"{shown}\" is not {what}")).at(range.location));
        match of {
            ObjectType::ObjectTable => match kind {
                RelationKind::Table | RelationKind::PartitionedTable => {
                    self.require_table(&found, kind)?;
                    Ok(FactId::Table(found))
                }
                _ => wrong("a table"),
            },
            ObjectType::ObjectSequence => match kind {
                RelationKind::Sequence => {
                    let id = FactId::Sequence(found.clone());
                    if self.model.contains(&id) {
                        return Ok(id);
                    }
                    Err(Problem::unsupported(format!(
                        "a statement on sequence \"{found}\", which belongs to an identity column or an extension,"
                    )))
                }
                _ => wrong("a sequence"),
            },
            ObjectType::ObjectView => match kind {
                RelationKind::View if self.model.view(&found).is_some() => Ok(FactId::View(found)),
                RelationKind::View => Err(Problem::unsupported(format!(
                    "a statement on view \"{found}\", which an extension owns or which is outside of the scope,"
                ))),
                _ => wrong("a view"),
            },
            ObjectType::ObjectMatview => match kind {
                RelationKind::MaterializedView => {
                    self.require_materialized_view(&found)?;
                    Ok(FactId::MaterializedView(found))
                }
                _ => wrong("a materialized view"),
            },
            ObjectType::ObjectIndex => match kind {
                RelationKind::Index | RelationKind::PartitionedIndex => self.index_address(&found),
                _ => wrong("an index"),
            },
            _ => Err(Problem::unsupported("a relation of this kind")),
        }
    }

    /// The fact of an index: itself, or the constraint that owns it.
    pub(super) fn index_address(&self, found: &QualifiedName) -> Elaborated<FactId> {
        let row = self.model.relation_row(found);
        match row.and_then(|row| self.model.fact_of(row.oid)) {
            Some(id) => Ok(id.clone()),
            None => Err(Problem::unsupported(format!("a statement on index \"{found}\", which no fact stands for,"))),
        }
    }

    fn type_address(&self, of: ObjectType, parts: &[String]) -> Elaborated<FactId> {
        let (schema, text) = self.split_name(parts)?;
        let row = self.model.env.lookup_type(&self.path, schema, text);
        let Some(row) = row else {
            return Err(Problem::undefined("42704", format!("type \"{}\" does not exist", parts.join(".")), text));
        };
        if of == ObjectType::ObjectDomain && row.kind != TypeKind::Domain {
            return Err(Problem::invalid("42809", format!("\"{text}\" is not a domain")));
        }
        match self.model.fact_of(row.oid) {
            Some(FactId::Table(_)) => Err(Problem::new(
                crate::diagnostic::codes::DEPENDENTS_EXIST,
                Some("2BP01"),
                format!("cannot drop type {text} because table {text} requires it"),
            )
            .hint(format!("You can drop table {text} instead."))),
            Some(FactId::Extension(extension)) => Err(Problem::unsupported(format!(
                "a statement on type \"{text}\", which belongs to extension \"{}\",",
                extension.as_str()
            ))),
            Some(id) => Ok(id.clone()),
            None => Err(Problem::unsupported(format!("a statement on type \"{text}\", which no fact stands for,"))),
        }
    }

    fn domain_constraint_address(&self, object: &Node) -> Elaborated<FactId> {
        let Some(NodeEnum::List(list)) = &object.node else { return Err(improper(&[])) };
        let (Some(domain), Some(constraint)) = (list.items.first(), list.items.get(1)) else {
            return Err(improper(&[]));
        };
        let domain = self.type_address(ObjectType::ObjectDomain, &name_parts(domain))?;
        let FactId::Domain(domain) = domain else { return Err(improper(&[])) };
        let parts = name_parts(constraint);
        let constraint = name(parts.last().map_or("", String::as_str))?;
        let id = FactId::DomainConstraint(domain.clone(), constraint.clone());
        if self.model.contains(&id) {
            return Ok(id);
        }
        Err(Problem::undefined(
            "42704",
            format!("constraint \"{}\" for domain {} does not exist", constraint.as_str(), domain.name.as_str()),
            constraint.as_str(),
        ))
    }

    /// The fact of a routine by name and argument types.
    fn routine_address(&self, of: ObjectType, routine: &ObjectWithArgs) -> Elaborated<FactId> {
        match self.routine_with_args(of, routine, false)? {
            Some(oid) => self.routine_fact(oid),
            None => Err(Problem::internal("a missing routine passed over")),
        }
    }
}

fn improper(parts: &[String]) -> Box<Problem> {
    Problem::invalid("42601", format!("improper qualified name (wrong number of dotted names): {}", parts.join(".")))
}
