//! What the statements on types have in common: where a type is made, which type a name means, and the fact behind it.

use pg_query::protobuf::{Node, TypeName};
use pgseal_catalog::facts::Payload;
use pgseal_catalog::{FactId, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::names::{name, name_parts};
use super::run::Interpreter;
use crate::env::{Oid, TypeKind};

impl Interpreter<'_> {
    /// The name under which a dotted name makes something (`QualifiedNameGetCreationNamespace`).
    pub(super) fn creation_name_of(&self, nodes: &[Node]) -> Elaborated<QualifiedName> {
        let parts: Vec<String> = nodes.iter().flat_map(name_parts).collect();
        let (schema, object) = match parts.as_slice() {
            [object] => (None, object),
            [schema, object] => (Some(schema.as_str()), object),
            [database, schema, object] => {
                self.require_own_database(database, || parts.join("."))?;
                (Some(schema.as_str()), object)
            }
            _ => {
                return Err(Problem::invalid(
                    "42601",
                    format!("improper qualified name (too many dotted names): {}", parts.join(".")),
                ));
            }
        };
        Ok(QualifiedName::new(self.creation_schema(schema)?, name(object)?))
    }

    /// The type that a dotted name means, and the name as written.
    pub(super) fn type_named(&self, nodes: &[Node]) -> Elaborated<(Oid, String)> {
        let written = nodes.iter().flat_map(name_parts).collect::<Vec<_>>().join(".");
        let ty = TypeName { names: nodes.to_vec(), typemod: -1, location: -1, ..TypeName::default() };
        let (oid, _) = self.env().lookup_type_name(&self.path, &ty).map_err(Box::<Problem>::from)?;
        Ok((oid, written))
    }

    /// The fact that a type is; one of an extension or a built-in one has none.
    pub(super) fn type_fact(&self, oid: Oid, written: &str) -> Elaborated<FactId> {
        match self.model.fact_of(oid) {
            Some(FactId::Extension(extension)) => Err(Problem::unsupported(format!(
                "a change of type \"{written}\", which belongs to extension \"{}\",",
                extension.as_str()
            ))),
            Some(id) => Ok(id.clone()),
            None => {
                Err(Problem::unsupported(format!("a change of type \"{written}\", which is outside of the scope,")))
            }
        }
    }

    /// Replaces what a fact says, its edges kept.
    pub(super) fn edit_payload(&mut self, id: &FactId, payload: Payload) -> Elaborated<()> {
        let Some(mut fact) = self.model.fact(id).cloned() else {
            return Err(Problem::internal(format!("{} is gone", id.in_words())));
        };
        fact.payload = payload;
        self.model.put(fact);
        Ok(())
    }

    /// Replaces what a fact says and adds edges.
    pub(super) fn edit_payload_needing(&mut self, id: &FactId, payload: Payload, needs: Needs) -> Elaborated<()> {
        self.edit_payload(id, payload)?;
        self.add_needs(id, needs);
        Ok(())
    }

    /// What a use of a collation needs.
    pub(super) fn collation_needs(&self, collation: Oid, needs: &mut Needs) {
        needs.extend(self.model.fact_of(collation).cloned());
    }

    /// Refuses a pseudo-type for an attribute of a composite type (`CheckAttributeType`).
    pub(super) fn attribute_type_is_real(&self, attribute: &str, oid: Oid, location: i32) -> Elaborated<()> {
        match self.env().type_by_oid(oid) {
            Some(row) if row.kind == TypeKind::Pseudo => Err(Problem::invalid(
                "42P16",
                format!("column \"{attribute}\" has pseudo-type {}", self.env().format_type_be(oid)),
            )
            .at(location)),
            _ => Ok(()),
        }
    }
}
