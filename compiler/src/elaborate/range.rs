//! Range types, each with its multirange type.
//!
//! Follows `DefineRange`, typecmds.c (PG 14 to 18). A canonical function needs a shell type first, which is not managed: refused.

use pg_query::NodeEnum;
use pg_query::protobuf::{CreateRangeStmt, DefElem, Node, TypeName};
use pgseal_catalog::facts::{Payload, Range};
use pgseal_catalog::{Fact, FactId, Needs, QualifiedName, Routine};

use super::error::{Elaborated, Problem};
use super::names::{name, name_parts, string_of};
use super::options::definitions;
use super::run::Interpreter;
use crate::env::{Oid, TypeKind, Volatility, multirange_type_name};

/// What CREATE TYPE … AS RANGE says.
#[derive(Default)]
struct Wanted<'s> {
    subtype: Option<&'s DefElem>,
    opclass: Option<&'s DefElem>,
    collation: Option<&'s DefElem>,
    canonical: Option<&'s DefElem>,
    diff: Option<&'s DefElem>,
    multirange: Option<&'s DefElem>,
}

impl Interpreter<'_> {
    /// Carries out CREATE TYPE … AS RANGE.
    pub(super) fn create_range(&mut self, statement: &CreateRangeStmt) -> Elaborated<()> {
        let new = self.creation_name_of(&statement.type_name)?;
        self.type_is_free(&new)?;
        let wanted = wanted(&statement.params)?;
        let Some(subtype) = wanted.subtype else {
            return Err(Problem::invalid("42601", "type attribute \"subtype\" is required"));
        };
        let subtype = self.type_option(subtype)?;
        if self.env().type_by_oid(subtype).is_some_and(|row| row.kind == TypeKind::Pseudo) {
            return Err(Problem::invalid(
                "42804",
                format!("range subtype cannot be {}", self.env().format_type_be(subtype)),
            ));
        }
        let mut needs = Needs::new();
        self.type_needs(subtype, &mut needs);
        let subtype_opclass = self.range_opclass(wanted.opclass, subtype, &mut needs)?;
        let collation = self.range_collation(wanted.collation, subtype, &mut needs)?;
        if let Some(canonical) = wanted.canonical {
            return Err(Problem::unsupported("a range type with a canonical function").at(canonical.location));
        }
        let subtype_diff = match wanted.diff {
            Some(element) => Some(self.range_diff(element, subtype, &mut needs)?),
            None => None,
        };
        let multirange = self.range_multirange(wanted.multirange, &new)?;
        let range = Range {
            subtype: self.env().format_type_be(subtype),
            subtype_opclass,
            collation,
            canonical: None,
            subtype_diff,
            multirange,
        };
        let mut fact = Fact::new(FactId::Range(new), Payload::Range(range));
        fact.needs = needs;
        self.model.put(fact);
        Ok(())
    }

    /// The type that an option names.
    pub(super) fn type_option(&self, element: &DefElem) -> Elaborated<Oid> {
        let node = element.arg.as_ref().and_then(|arg| arg.node.as_ref());
        let ty = match node {
            Some(NodeEnum::TypeName(ty)) => ty.clone(),
            Some(NodeEnum::String(_)) => {
                let names: Vec<Node> = element.arg.iter().map(|arg| arg.as_ref().clone()).collect();
                TypeName { names, typemod: -1, location: -1, ..TypeName::default() }
            }
            _ => {
                return Err(
                    Problem::invalid("42601", format!("{} requires a type name", element.defname)).at(element.location)
                );
            }
        };
        self.env()
            .lookup_type_name(&self.path, &ty)
            .map(|(oid, _)| oid)
            .map_err(|error| Box::<Problem>::from(error).at(element.location))
    }

    fn range_opclass(&self, given: Option<&DefElem>, subtype: Oid, needs: &mut Needs) -> Elaborated<QualifiedName> {
        let env = self.env();
        let oid = match given {
            Some(element) => {
                let parts = parts(element);
                let (schema, class) = self.split_name(&parts).map_err(|problem| problem.at(element.location))?;
                let Some(row) = env.lookup_opclass(&self.path, Oid::BTREE_AM, schema, class) else {
                    return Err(Problem::undefined(
                        "42704",
                        format!("operator class \"{}\" does not exist for access method \"btree\"", parts.join(".")),
                        class,
                    )
                    .at(element.location));
                };
                if !env.is_binary_coercible(subtype, row.input) {
                    return Err(Problem::invalid(
                        "42804",
                        format!(
                            "operator class \"{}\" does not accept data type {}",
                            parts.join("."),
                            env.format_type_be(subtype)
                        ),
                    )
                    .at(element.location));
                }
                row.oid
            }
            None => env.default_opclass(subtype, Oid::BTREE_AM).ok_or_else(|| {
                Problem::invalid(
                    "42704",
                    format!(
                        "data type {} has no default operator class for access method \"btree\"",
                        env.format_type_be(subtype)
                    ),
                )
                .hint(
                    "You must specify an operator class for the range type or define a default operator class for \
                     the subtype.",
                )
            })?,
        };
        needs.extend(self.model.fact_of(oid).cloned());
        let row = env.opclass_by_oid(oid).ok_or_else(|| Problem::internal("an operator class without its row"))?;
        Ok(QualifiedName::new(name(&row.schema)?, name(&row.name)?))
    }

    fn range_collation(
        &self,
        given: Option<&DefElem>,
        subtype: Oid,
        needs: &mut Needs,
    ) -> Elaborated<Option<QualifiedName>> {
        let own = self.env().type_collation(subtype);
        let collation = match given {
            Some(element) if !own.is_valid() => {
                return Err(Problem::invalid(
                    "42809",
                    "range collation specified but subtype does not support collation",
                )
                .at(element.location));
            }
            Some(element) => {
                let nodes: Vec<Node> = element.arg.iter().map(|arg| arg.as_ref().clone()).collect();
                self.collation_of(&nodes, element.location)?
            }
            None => own,
        };
        self.collation_needs(collation, needs);
        self.collation_beside(collation, Oid::INVALID)
    }

    fn range_diff(&self, element: &DefElem, subtype: Oid, needs: &mut Needs) -> Elaborated<Routine> {
        let parts = parts(element);
        let (schema, function) = self.split_name(&parts).map_err(|problem| problem.at(element.location))?;
        let signature = self.signature(&parts.join("."), &[subtype, subtype]);
        let Some(row) = self.env().lookup_proc(&self.path, schema, function, &[subtype, subtype]) else {
            return Err(Problem::undefined("42883", format!("function {signature} does not exist"), function)
                .at(element.location));
        };
        if row.result != Oid::FLOAT8 {
            return Err(Problem::invalid(
                "42P17",
                format!("range subtype diff function {signature} must return type double precision"),
            )
            .at(element.location));
        }
        if row.volatility != Volatility::Immutable {
            return Err(Problem::invalid(
                "42P17",
                format!("range subtype diff function {signature} must be immutable"),
            )
            .at(element.location));
        }
        let oid = row.oid;
        needs.extend(self.model.fact_of(oid).cloned());
        self.routine_called(oid)
    }

    fn range_multirange(&self, given: Option<&DefElem>, range: &QualifiedName) -> Elaborated<QualifiedName> {
        match given {
            Some(element) => {
                let nodes: Vec<Node> = element.arg.iter().map(|arg| arg.as_ref().clone()).collect();
                let chosen = self.creation_name_of(&nodes).map_err(|p| p.at(element.location))?;
                if chosen == *range {
                    return Err(Problem::duplicate(
                        "42710",
                        format!("type \"{}\" already exists", chosen.name.as_str()),
                    )
                    .at(element.location));
                }
                self.type_is_free(&chosen).map_err(|p| p.at(element.location))?;
                Ok(chosen)
            }
            None => {
                let made = multirange_type_name(range.name.as_str());
                let chosen = QualifiedName::new(range.schema.clone(), name(&made)?);
                if self.env().type_in(chosen.schema.as_str(), chosen.name.as_str()).is_some() {
                    return Err(Problem::duplicate(
                        "42710",
                        format!("type \"{}\" already exists", chosen.name.as_str()),
                    )
                    .detail(format!("Failed while creating a multirange type for type \"{}\".", range.name.as_str()))
                    .hint(
                        "You can manually specify a multirange type name using the \"multirange_type_name\" attribute.",
                    ));
                }
                Ok(chosen)
            }
        }
    }
}

fn wanted(params: &[Node]) -> Elaborated<Wanted<'_>> {
    let mut wanted = Wanted::default();
    for element in definitions(params) {
        let place = match element.defname.as_str() {
            "subtype" => &mut wanted.subtype,
            "subtype_opclass" => &mut wanted.opclass,
            "collation" => &mut wanted.collation,
            "canonical" => &mut wanted.canonical,
            "subtype_diff" => &mut wanted.diff,
            "multirange_type_name" => &mut wanted.multirange,
            other => {
                return Err(Problem::invalid("42601", format!("type attribute \"{other}\" not recognized"))
                    .at(element.location));
            }
        };
        if place.replace(element).is_some() {
            return Err(Problem::invalid("42601", "conflicting or redundant options").at(element.location));
        }
    }
    Ok(wanted)
}

fn parts(element: &DefElem) -> Vec<String> {
    match element.arg.as_deref() {
        Some(node) => match string_of(node) {
            Some(text) => vec![text.to_owned()],
            None => name_parts(node),
        },
        None => Vec::new(),
    }
}
