//! Names in statements: which schema something is made in, which relation a name means, and the names that the server makes up.
//!
//! Follows namespace.c, `ChooseRelationName` (indexcmds.c) and `ChooseConstraintName` (pg_constraint.c), PG 18.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, RangeVar};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::error::{Elaborated, Problem};
use super::run::Interpreter;
use crate::env::{InDatabase, RelationKind, object_name};

/// An identifier of the grammar as the server stores it: cut to 63 bytes.
pub(super) fn name(text: &str) -> Elaborated<Name> {
    Name::truncated(text).map_err(|error| Problem::invalid("42602", error.to_string()))
}

/// The text of a `String` node.
pub(super) fn string_of(node: &Node) -> Option<&str> {
    match &node.node {
        Some(NodeEnum::String(text)) => Some(&text.sval),
        _ => None,
    }
}

/// A list of `String` nodes as names.
pub(super) fn names(nodes: &[Node]) -> Elaborated<Vec<Name>> {
    nodes.iter().filter_map(string_of).map(name).collect()
}

/// The parts of an object's name, wherever the grammar keeps them: a list, one string, or a type name.
pub(super) fn name_parts(node: &Node) -> Vec<String> {
    match &node.node {
        Some(NodeEnum::List(list)) => list.items.iter().flat_map(name_parts).collect(),
        Some(NodeEnum::String(text)) => vec![text.sval.clone()],
        Some(NodeEnum::TypeName(ty)) => ty.names.iter().flat_map(name_parts).collect(),
        Some(NodeEnum::ObjectWithArgs(object)) => object.objname.iter().flat_map(name_parts).collect(),
        _ => Vec::new(),
    }
}

impl Interpreter<'_> {
    /// The schema of that name, which must exist.
    pub(super) fn existing_schema(&self, schema: &str) -> Elaborated<Name> {
        if self.model.env.schema_exists(schema) {
            return name(schema);
        }
        Err(Problem::undefined("3F000", format!("schema \"{schema}\" does not exist"), schema))
    }

    /// The schema in which something is made (`QualifiedNameGetCreationNamespace`).
    pub(super) fn creation_schema(&self, schema: Option<&str>) -> Elaborated<Name> {
        if let Some(schema) = schema.filter(|schema| !schema.is_empty()) {
            return self.existing_schema(schema);
        }
        for schema in self.path.explicit() {
            if self.model.env.schema_exists(schema) {
                return name(schema);
            }
        }
        let nowhere = |named| Problem::undefined("3F000", "no schema has been selected to create in", named);
        Err(match self.path.explicit().first() {
            Some(schema) => nowhere(schema.as_str()),
            None => nowhere("public").hint(
                "search_path is empty here, as set further up: write the schema before the name, as in \"public.name\"",
            ),
        })
    }

    /// Refuses a name with another database in front.
    pub(super) fn require_own_database(&self, database: &str, shown: impl FnOnce() -> String) -> Elaborated<()> {
        if database.is_empty() || self.model.env.surroundings().in_database(database) == InDatabase::Own {
            return Ok(());
        }
        Err(Problem::invalid("0A000", format!("cross-database references are not implemented: {}", shown())))
    }

    /// Splits `[[database.]schema.]name`; follows `DeconstructQualifiedName`, and the schema must exist.
    pub(super) fn split_name<'p>(&self, parts: &'p [String]) -> Elaborated<(Option<&'p str>, &'p str)> {
        let (schema, object) = match parts {
            [object] => return Ok((None, object)),
            [schema, object] => (schema, object),
            [database, schema, object] => {
                self.require_own_database(database, || parts.join("."))?;
                (schema, object)
            }
            _ => {
                return Err(Problem::invalid(
                    "42601",
                    format!("improper qualified name (too many dotted names): {}", parts.join(".")),
                ));
            }
        };
        self.existing_schema(schema)?;
        Ok((Some(schema), object))
    }

    fn require_relation_here(&self, range: &RangeVar) -> Elaborated<()> {
        let shown = || format!("\"{}.{}.{}\"", range.catalogname, range.schemaname, range.relname);
        self.require_own_database(&range.catalogname, shown).map_err(|p| p.at(range.location))
    }

    /// The name under which a relation is made.
    pub(super) fn creation_name(&self, range: &RangeVar) -> Elaborated<QualifiedName> {
        self.require_relation_here(range)?;
        let schema = self.creation_schema(Some(&range.schemaname)).map_err(|p| p.at(range.location))?;
        Ok(QualifiedName::new(schema, name(&range.relname)?))
    }

    /// The relation that a range variable means, of any kind; none when there is no such relation.
    pub(super) fn find_relation(&self, range: &RangeVar) -> Elaborated<Option<(QualifiedName, RelationKind)>> {
        self.require_relation_here(range)?;
        let schema = Some(range.schemaname.as_str()).filter(|schema| !schema.is_empty());
        let relation = name(&range.relname)?;
        match self.model.env.lookup_relation(&self.path, schema, relation.as_str()) {
            Some(row) => Ok(Some((QualifiedName::new(name(&row.schema)?, relation), row.kind))),
            None => Ok(None),
        }
    }

    /// The relation that a range variable means, of any kind.
    pub(super) fn relation(&self, range: &RangeVar) -> Elaborated<(QualifiedName, RelationKind)> {
        self.find_relation(range)?.ok_or_else(|| {
            let written = match range.schemaname.as_str() {
                "" => range.relname.clone(),
                schema => format!("{schema}.{}", range.relname),
            };
            Problem::undefined("42P01", format!("relation \"{written}\" does not exist"), &range.relname)
                .at(range.location)
        })
    }

    /// The table that a range variable means: one that is a fact.
    pub(super) fn table(&self, range: &RangeVar) -> Elaborated<QualifiedName> {
        let (found, kind) = self.relation(range)?;
        self.require_table(&found, kind).map_err(|p| p.at(range.location))?;
        Ok(found)
    }

    /// Refuses a relation that is no table, or one that no fact stands for.
    pub(super) fn require_table(&self, found: &QualifiedName, kind: RelationKind) -> Elaborated<()> {
        if self.model.table(found).is_some() {
            return Ok(());
        }
        match kind {
            RelationKind::Table | RelationKind::PartitionedTable => Err(Problem::unsupported(format!(
                "a statement on table \"{found}\", which an extension owns or which is outside of the scope,"
            ))),
            _ => Err(Problem::invalid("42809", format!("\"{}\" is not a table", found.name.as_str()))),
        }
    }

    /// The names in a dotted name as a range variable.
    pub(super) fn range_of(parts: &[String]) -> Elaborated<RangeVar> {
        let (schema, relation) = match parts {
            [relation] => (String::new(), relation.clone()),
            [schema, relation] => (schema.clone(), relation.clone()),
            [database, schema, relation] => {
                let (catalogname, schemaname, relname) = (database.clone(), schema.clone(), relation.clone());
                return Ok(RangeVar {
                    catalogname,
                    schemaname,
                    relname,
                    location: -1,
                    inh: true,
                    ..RangeVar::default()
                });
            }
            _ => {
                return Err(Problem::invalid(
                    "42601",
                    format!("improper relation name (too many dotted names): {}", parts.join(".")),
                ));
            }
        };
        Ok(RangeVar { schemaname: schema, relname: relation, location: -1, inh: true, ..RangeVar::default() })
    }

    /// Whether a relation or composite type of that name is there.
    pub(super) fn relation_exists(&self, found: &QualifiedName) -> bool {
        self.model.relation_row(found).is_some()
    }

    /// Whether a type of that name is there, other than an array type that would step aside.
    pub(super) fn type_exists(&self, found: &QualifiedName) -> bool {
        self.model
            .env
            .type_in(found.schema.as_str(), found.name.as_str())
            .is_some_and(|row| !row.is_true_array() || !row.name.starts_with('_'))
    }

    /// Refuses to make a relation whose name is taken; says so quietly when it is no error.
    pub(super) fn relation_is_free(&self, new: &QualifiedName) -> Elaborated<()> {
        if self.relation_exists(new) {
            return Err(Problem::duplicate("42P07", format!("relation \"{}\" already exists", new.name.as_str())));
        }
        Ok(())
    }

    /// Refuses to move a relation to where its name is taken.
    pub(super) fn relation_is_free_there(&self, new: &QualifiedName) -> Elaborated<()> {
        self.relation_is_free(new).map_err(|mut problem| {
            problem.message.push_str(&format!(" in schema \"{}\"", new.schema.as_str()));
            problem
        })
    }

    /// Refuses to make a type whose name is taken.
    pub(super) fn type_is_free(&self, new: &QualifiedName) -> Elaborated<()> {
        if self.type_exists(new) {
            return Err(Problem::duplicate("42710", format!("type \"{}\" already exists", new.name.as_str())));
        }
        Ok(())
    }

    /// A name for a relation that none has yet; with `constraint` also none of a constraint of that schema.
    pub(super) fn choose_relation_name(
        &self,
        name1: &str,
        name2: Option<&str>,
        label: &str,
        schema: &Name,
        constraint: bool,
    ) -> Elaborated<Name> {
        for pass in 0_u32.. {
            let modified = if pass == 0 { label.to_owned() } else { format!("{label}{pass}") };
            let chosen = name(&object_name(name1, name2, Some(&modified)))?;
            let qualified = QualifiedName::new(schema.clone(), chosen.clone());
            let taken = constraint && self.model.constraint_name_taken(schema, &chosen);
            if !taken && !self.relation_exists(&qualified) {
                return Ok(chosen);
            }
        }
        Err(Problem::internal("no name is free"))
    }

    /// A name for a constraint that none of that schema has yet, nor any of `others`.
    pub(super) fn choose_constraint_name(
        &self,
        name1: &str,
        name2: Option<&str>,
        label: &str,
        schema: &Name,
        others: &BTreeSet<Name>,
    ) -> Elaborated<Name> {
        for pass in 0_u32.. {
            let modified = if pass == 0 { label.to_owned() } else { format!("{label}{pass}") };
            let chosen = name(&object_name(name1, name2, Some(&modified)))?;
            if !others.contains(&chosen) && !self.model.constraint_name_taken(schema, &chosen) {
                return Ok(chosen);
            }
        }
        Err(Problem::internal("no name is free"))
    }

    /// Refuses a constraint name that the table has already.
    pub(super) fn constraint_is_free(&self, table: &QualifiedName, new: &Name) -> Elaborated<()> {
        if self.model.contains(&FactId::Constraint(table.clone(), new.clone())) {
            return Err(Problem::duplicate(
                "42710",
                format!("constraint \"{}\" for relation \"{}\" already exists", new.as_str(), table.name.as_str()),
            ));
        }
        Ok(())
    }
}
