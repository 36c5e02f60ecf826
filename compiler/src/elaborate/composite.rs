//! Free-standing composite types: CREATE TYPE … AS (…) and ALTER TYPE … ATTRIBUTE.
//!
//! Follows `DefineCompositeType`, typecmds.c, and what tablecmds.c does for `RELKIND_COMPOSITE_TYPE` (PG 14 to 18).

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableCmd, AlterTableStmt, AlterTableType, ColumnDef, CompositeTypeStmt, Node, RangeVar};
use pgseal_catalog::facts::{Attribute, Composite, Payload};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::names::name;
use super::run::Interpreter;
use crate::env::{RelationKind, TypeKind};

/// An attribute that a statement defines, with what it needs.
struct NewAttribute {
    attribute: Attribute,
    needs: Needs,
}

impl Interpreter<'_> {
    /// Carries out CREATE TYPE … AS (…).
    pub(super) fn create_composite(&mut self, statement: &CompositeTypeStmt) -> Elaborated<()> {
        let Some(range) = &statement.typevar else { return Err(Problem::internal("a type without a name")) };
        let new = self.creation_name(range)?;
        self.type_is_free(&new)?;
        self.relation_is_free(&new)?;
        let mut attributes: Vec<Attribute> = Vec::new();
        let mut needs = Needs::new();
        for definition in statement.coldeflist.iter().filter_map(column_of) {
            let made = self.new_attribute(definition)?;
            if attributes.iter().any(|known| known.name == made.attribute.name) {
                return Err(Problem::duplicate(
                    "42701",
                    format!("column \"{}\" specified more than once", made.attribute.name.as_str()),
                )
                .at(definition.location));
            }
            attributes.push(made.attribute);
            needs.extend(made.needs);
        }
        let mut fact = Fact::new(FactId::Composite(new), Payload::Composite(Composite { attributes }));
        fact.needs = needs;
        self.model.put(fact);
        Ok(())
    }

    fn new_attribute(&self, definition: &ColumnDef) -> Elaborated<NewAttribute> {
        let attribute = name(&definition.colname)?;
        let Some(ty) = &definition.type_name else { return Err(Problem::internal("an attribute without a type")) };
        let (oid, typmod) = self.type_of(ty)?;
        self.attribute_type_is_real(attribute.as_str(), oid, ty.location)?;
        let collation = self.column_collation(definition, oid)?;
        let mut needs = Needs::new();
        self.type_needs(oid, &mut needs);
        self.collation_needs(collation, &mut needs);
        Ok(NewAttribute {
            attribute: Attribute {
                name: attribute,
                data_type: self.env().format_type(oid, typmod),
                collation: self.collation_beside(collation, self.env().type_collation(oid))?,
            },
            needs,
        })
    }

    /// Carries out ALTER TYPE … ADD, DROP or ALTER ATTRIBUTE.
    pub(super) fn alter_composite(&mut self, statement: &AlterTableStmt) -> Elaborated<()> {
        let Some(range) = &statement.relation else { return Err(Problem::internal("a type without a name")) };
        let composite = self.composite_named(range)?;
        for node in &statement.cmds {
            let Some(NodeEnum::AlterTableCmd(command)) = &node.node else { continue };
            self.alter_attribute(&composite, command)?;
        }
        Ok(())
    }

    /// The composite type that a range variable means.
    pub(super) fn composite_named(&self, range: &RangeVar) -> Elaborated<QualifiedName> {
        let (found, kind) = self.relation(range)?;
        if kind != RelationKind::CompositeType {
            return Err(Problem::invalid("42809", format!("\"{}\" is not a composite type", found.name.as_str()))
                .at(range.location));
        }
        match self.model.contains(&FactId::Composite(found.clone())) {
            true => Ok(found),
            false => Err(Problem::unsupported(format!(
                "a change of type \"{found}\", which an extension owns or which is outside of the scope,"
            ))),
        }
    }

    fn composite(&self, id: &FactId) -> Elaborated<Composite> {
        match self.model.fact(id).map(|fact| &fact.payload) {
            Some(Payload::Composite(found)) => Ok(found.clone()),
            _ => Err(Problem::internal(format!("{} is gone", id.in_words()))),
        }
    }

    fn alter_attribute(&mut self, composite: &QualifiedName, command: &AlterTableCmd) -> Elaborated<()> {
        let kind = AlterTableType::try_from(command.subtype).unwrap_or(AlterTableType::Undefined);
        self.no_typed_tables(composite)?;
        match kind {
            AlterTableType::AtAddColumn => self.add_attribute(composite, command),
            AlterTableType::AtDropColumn => self.drop_attribute(composite, command),
            AlterTableType::AtAlterColumnType => self.retype_attribute(composite, command),
            AlterTableType::AtChangeOwner => Ok(()),
            _ => Err(Problem::unsupported("this form of ALTER TYPE")),
        }
    }

    /// Refuses to change a type that typed tables are of.
    pub(super) fn no_typed_tables(&self, composite: &QualifiedName) -> Elaborated<()> {
        let typed = self.model.dependents(&FactId::Composite(composite.clone())).find_map(|id| match id {
            FactId::Table(table) => {
                self.model.table(table).filter(|found| found.of_type.as_ref() == Some(composite)).map(|_| table)
            }
            _ => None,
        });
        match typed {
            Some(table) => Err(Problem::unsupported(format!(
                "a change of the attributes of type \"{composite}\", which is the type of table \"{table}\","
            ))),
            None => Ok(()),
        }
    }

    fn add_attribute(&mut self, composite: &QualifiedName, command: &AlterTableCmd) -> Elaborated<()> {
        let Some(definition) = command.def.as_deref().and_then(column_of) else {
            return Err(Problem::internal("an attribute without a definition"));
        };
        let id = FactId::Composite(composite.clone());
        let mut found = self.composite(&id)?;
        let made = self.new_attribute(definition)?;
        if found.attributes.iter().any(|known| known.name == made.attribute.name) {
            return Err(self.attribute_exists(composite, &made.attribute.name));
        }
        found.attributes.push(made.attribute);
        self.edit_payload_needing(&id, Payload::Composite(found), made.needs)
    }

    /// There is an attribute of that name.
    pub(super) fn attribute_exists(&self, composite: &QualifiedName, attribute: &Name) -> Box<Problem> {
        Problem::duplicate(
            "42701",
            format!("column \"{}\" of relation \"{}\" already exists", attribute.as_str(), composite.name.as_str()),
        )
    }

    /// There is no attribute of that name.
    pub(super) fn no_attribute(&self, composite: &QualifiedName, attribute: &Name) -> Box<Problem> {
        Problem::undefined(
            "42703",
            format!("column \"{}\" of relation \"{}\" does not exist", attribute.as_str(), composite.name.as_str()),
            attribute.as_str(),
        )
    }

    fn drop_attribute(&mut self, composite: &QualifiedName, command: &AlterTableCmd) -> Elaborated<()> {
        let id = FactId::Composite(composite.clone());
        let mut found = self.composite(&id)?;
        let dropped = name(&command.name)?;
        if !found.attributes.iter().any(|known| known.name == dropped) {
            return if command.missing_ok { Ok(()) } else { Err(self.no_attribute(composite, &dropped)) };
        }
        found.attributes.retain(|known| known.name != dropped);
        self.put_attributes(composite, found)?;
        let comment = FactId::Comment(Box::new(FactId::Attribute(composite.clone(), dropped)));
        self.model.take(&comment);
        Ok(())
    }

    fn retype_attribute(&mut self, composite: &QualifiedName, command: &AlterTableCmd) -> Elaborated<()> {
        let Some(definition) = command.def.as_deref().and_then(column_of) else {
            return Err(Problem::internal("an attribute without a definition"));
        };
        self.no_stored_values(composite)?;
        let attribute = name(&command.name)?;
        let mut found = self.composite(&FactId::Composite(composite.clone()))?;
        let definition = ColumnDef { colname: command.name.clone(), ..definition.clone() };
        let made = self.new_attribute(&definition)?;
        let Some(place) = found.attributes.iter_mut().find(|known| known.name == attribute) else {
            return Err(self.no_attribute(composite, &attribute));
        };
        *place = made.attribute;
        self.put_attributes(composite, found)
    }

    /// Puts a composite type with exactly the edges that its attributes ask for.
    pub(super) fn put_attributes(&mut self, composite: &QualifiedName, found: Composite) -> Elaborated<()> {
        let mut needs = Needs::new();
        for attribute in &found.attributes {
            let (oid, _) = self.model.stored_type(&attribute.data_type);
            self.type_needs(oid, &mut needs);
            if let Some(collation) = &attribute.collation {
                self.collation_needs(self.model.stored_collation(collation), &mut needs);
            }
        }
        let mut fact = Fact::new(FactId::Composite(composite.clone()), Payload::Composite(found));
        fact.needs = needs;
        self.model.put(fact);
        Ok(())
    }

    /// Refuses to change the type of an attribute while a column holds values of the type; follows
    /// `find_composite_type_dependencies`.
    fn no_stored_values(&self, composite: &QualifiedName) -> Elaborated<()> {
        let mut seen: BTreeSet<FactId> = BTreeSet::new();
        let mut waiting = vec![FactId::Composite(composite.clone())];
        while let Some(next) = waiting.pop() {
            for id in self.model.dependents(&next) {
                match id {
                    FactId::Column(table, column) if self.column_holds(table, column, &next) => {
                        return Err(Problem::invalid(
                            "0A000",
                            format!(
                                "cannot alter type \"{}\" because column \"{}.{}\" uses it",
                                composite.name.as_str(),
                                table.name.as_str(),
                                column.as_str()
                            ),
                        ));
                    }
                    FactId::Composite(_) | FactId::Domain(_) | FactId::Range(_) if seen.insert(id.clone()) => {
                        waiting.push(id.clone());
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Whether a column is of a type (or of arrays over it): it may only name the type in its expression.
    fn column_holds(&self, table: &QualifiedName, column: &Name, ty: &FactId) -> bool {
        let Some(found) = self.model.column(table, column) else { return false };
        let (oid, _) = self.model.stored_type(&found.data_type);
        let element = self.env().element_type_of(oid).unwrap_or(oid);
        let range = self.env().type_by_oid(element).filter(|row| row.kind == TypeKind::Multirange);
        let oid = range.and_then(|row| row.range).map_or(element, |link| link.range);
        self.model.fact_of(oid) == Some(ty)
    }

    /// Whether an attribute may take another name (ALTER TYPE … RENAME ATTRIBUTE).
    pub(super) fn may_rename_attribute(&self, composite: &QualifiedName, old: &Name, new: &Name) -> Elaborated<()> {
        self.no_typed_tables(composite)?;
        let found = self.composite(&FactId::Composite(composite.clone()))?;
        if !found.attributes.iter().any(|known| known.name == *old) {
            return Err(Problem::undefined(
                "42703",
                format!("column \"{}\" does not exist", old.as_str()),
                old.as_str(),
            ));
        }
        if found.attributes.iter().any(|known| known.name == *new) {
            return Err(self.attribute_exists(composite, new));
        }
        match self.expression_with(&FactId::Composite(composite.clone())) {
            Some(user) => Err(Problem::unsupported(format!(
                "renaming an attribute of type \"{composite}\", whose fields {} may name,",
                user.in_words()
            ))),
            None => Ok(()),
        }
    }

    /// A fact whose expressions may name fields of a type, and that holds no tree to print again.
    fn expression_with(&self, id: &FactId) -> Option<&FactId> {
        self.model.dependents(id).find(|id| match id {
            FactId::Default(..)
            | FactId::Constraint(..)
            | FactId::Index(_)
            | FactId::Trigger(..)
            | FactId::ViewTrigger(..)
            | FactId::DomainConstraint(..) => true,
            FactId::View(view) => {
                self.model.view(view).is_some_and(|found| found.columns.iter().any(|column| column.default.is_some()))
            }
            FactId::Function(_) | FactId::Procedure(_) => match self.model.fact(id).map(|fact| &fact.payload) {
                Some(Payload::Function(function) | Payload::Procedure(function)) => {
                    function.arguments.iter().any(|argument| argument.default.is_some())
                }
                _ => false,
            },
            FactId::Column(table, column) => {
                self.model.column(table, column).is_some_and(|found| found.generated.is_some())
            }
            _ => false,
        })
    }
}

/// The column definition that a node is.
fn column_of(node: &Node) -> Option<&ColumnDef> {
    match &node.node {
        Some(NodeEnum::ColumnDef(definition)) => Some(definition),
        _ => None,
    }
}
