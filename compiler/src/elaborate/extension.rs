//! Extensions: what the server has available is known from the snapshot; their members become visible with them.
//!
//! Follows `CreateExtension` and `ExecAlterExtensionStmt`, extension.c (PG 14 to 18). No script is run: version, schema and
//! comment come from the list of available extensions, members from the snapshot.

use std::collections::BTreeSet;

use pg_query::protobuf::{AlterExtensionContentsStmt, AlterExtensionStmt, CreateExtensionStmt};
use pgseal_catalog::facts::{Comment, Extension, Payload, Schema};
use pgseal_catalog::snapshot::AvailableExtension;
use pgseal_catalog::{Fact, FactId, Name, QualifiedName, Routine};

use super::error::{Elaborated, Problem};
use super::names::name;
use super::options::{definitions, value_of};
use super::rewrite::Rewrite;
use super::run::Interpreter;
use crate::diagnostic::{Diagnostic, codes};
use crate::env::{Sym, SymbolRow};

/// What CREATE EXTENSION says.
#[derive(Debug, Default)]
struct Wanted {
    schema: Option<String>,
    version: Option<String>,
    cascade: bool,
}

impl Interpreter<'_> {
    /// Carries out CREATE EXTENSION.
    pub(super) fn create_extension(&mut self, statement: &CreateExtensionStmt) -> Elaborated<()> {
        let extension = name(&statement.extname)?;
        if self.extension_is_installed(&extension) {
            if statement.if_not_exists {
                return Ok(());
            }
            return Err(Problem::duplicate("42710", format!("extension \"{}\" already exists", extension.as_str())));
        }
        let mut wanted = Wanted::default();
        for element in definitions(&statement.options) {
            let twice = || Err(Problem::invalid("42601", "conflicting or redundant options").at(element.location));
            match element.defname.as_str() {
                "schema" if wanted.schema.is_some() => return twice(),
                "schema" => wanted.schema = value_of(element)?,
                "new_version" if wanted.version.is_some() => return twice(),
                "new_version" => wanted.version = value_of(element)?,
                "cascade" if wanted.cascade => return twice(),
                "cascade" => wanted.cascade = true,
                other => return Err(Problem::unsupported(format!("option \"{other}\" of CREATE EXTENSION"))),
            }
        }
        self.install(&extension, &wanted, &mut Vec::new())
    }

    /// Whether an extension is there; `plpgsql` is part of every database.
    fn extension_is_installed(&self, extension: &Name) -> bool {
        extension.as_str() == "plpgsql" || self.model.contains(&FactId::Extension(extension.clone()))
    }

    fn available(&self, extension: &Name) -> Elaborated<AvailableExtension> {
        self.model.header().extensions_available.get(extension.as_str()).cloned().ok_or_else(|| {
            Problem::invalid("0A000", format!("extension \"{}\" is not available", extension.as_str()))
                .detail("The server of the snapshot does not list it among the extensions that it could install.")
                .hint("The extension must first be installed on the system where PostgreSQL is running.")
        })
    }

    /// Makes an extension, and before it those that it requires; `above` are the ones that are waiting for it.
    fn install(&mut self, extension: &Name, wanted: &Wanted, above: &mut Vec<Name>) -> Elaborated<()> {
        let available = self.available(extension)?;
        let schema = self.extension_schema(extension, &available, wanted)?;
        above.push(extension.clone());
        for required in &available.requires {
            if self.extension_is_installed(required) {
                continue;
            }
            if !wanted.cascade {
                return Err(Problem::undefined(
                    "42704",
                    format!("required extension \"{}\" is not installed", required.as_str()),
                    required.as_str(),
                )
                .hint("Use CREATE EXTENSION ... CASCADE to install required extensions too."));
            }
            if above.contains(required) {
                return Err(Problem::invalid(
                    "42P19",
                    format!(
                        "cyclic dependency detected between extensions \"{}\" and \"{}\"",
                        required.as_str(),
                        extension.as_str()
                    ),
                ));
            }
            let along = Wanted { schema: wanted.schema.clone(), version: None, cascade: true };
            self.install(required, &along, above)?;
        }
        above.pop();
        let version = wanted.version.clone().unwrap_or_else(|| available.version.clone());
        self.model.learn_members(extension, &version, &schema).map_err(|error| {
            Problem::unsupported(format!("the list of what extension \"{}\" brings ({error})", extension.as_str()))
        })?;
        if version != available.version && !self.model.knows_members_of(extension) {
            return Err(Problem::unsupported(format!(
                "version \"{version}\" of extension \"{}\", of which the snapshot knows only \"{}\",",
                extension.as_str(),
                available.version
            )));
        }
        let id = FactId::Extension(extension.clone());
        let mut fact = Fact::new(id.clone(), Payload::Extension(Extension { schema, version }));
        fact.needs
            .extend(available.requires.iter().cloned().map(FactId::Extension).filter(|id| self.model.contains(id)));
        self.model.put(fact);
        if !self.model.knows_members_of(extension) {
            self.notes.push(
                Diagnostic::warning(
                    codes::MEMBERS_UNKNOWN,
                    format!("the members of extension \"{}\" are not known", extension.as_str()),
                )
                .with_detail("it is neither installed in the database of the snapshot nor one of contrib, so names do not resolve to its types, functions, operators and operator classes")
                .with_hint("where the schema uses them, capture again with \"--with-extension\""),
            );
        }
        if let Some(text) = available.comment.filter(|text| !text.is_empty()) {
            let comment = FactId::Comment(Box::new(id));
            self.model.put(Fact::new(comment, Payload::Comment(Comment { text })));
        }
        Ok(())
    }

    fn extension_schema(
        &mut self,
        extension: &Name,
        available: &AvailableExtension,
        wanted: &Wanted,
    ) -> Elaborated<Name> {
        let chosen = wanted.schema.as_deref().map(|schema| self.existing_schema(schema)).transpose()?;
        let Some(fixed) = &available.schema else {
            return match chosen {
                Some(schema) => Ok(schema),
                None => self.creation_schema(None),
            };
        };
        if let Some(chosen) = chosen
            && chosen != *fixed
            && !wanted.cascade
        {
            return Err(Problem::invalid(
                "0A000",
                format!("extension \"{}\" must be installed in schema \"{}\"", extension.as_str(), fixed.as_str()),
            ));
        }
        if !self.env().schema_exists(fixed.as_str()) {
            self.model.put(Fact::new(FactId::Schema(fixed.clone()), Payload::Schema(Schema::default())));
        }
        Ok(fixed.clone())
    }

    /// Carries out ALTER EXTENSION … UPDATE.
    pub(super) fn alter_extension(&mut self, statement: &AlterExtensionStmt) -> Elaborated<()> {
        let extension = name(&statement.extname)?;
        let id = FactId::Extension(extension.clone());
        let Some(Payload::Extension(found)) = self.model.fact(&id).map(|fact| fact.payload.clone()) else {
            return Err(self.no_extension(&extension));
        };
        let mut version = None;
        for element in definitions(&statement.options) {
            if element.defname != "new_version" {
                return Err(Problem::unsupported(format!("option \"{}\" of ALTER EXTENSION", element.defname)));
            }
            if version.is_some() {
                return Err(Problem::invalid("42601", "conflicting or redundant options").at(element.location));
            }
            version = value_of(element)?;
        }
        let available = self.available(&extension)?;
        let version = version.unwrap_or_else(|| available.version.clone());
        if version == found.version {
            return Ok(());
        }
        if version != available.version {
            return Err(Problem::unsupported(format!(
                "an update of extension \"{}\" to version \"{version}\", of which the snapshot knows only \"{}\",",
                extension.as_str(),
                available.version
            )));
        }
        self.edit_payload(&id, Payload::Extension(Extension { version, ..found }))
    }

    /// Moves an extension with its members to another schema (ALTER EXTENSION … SET SCHEMA; `AlterExtensionNamespace`).
    pub(super) fn move_extension(&mut self, extension: &Name, schema: &Name) -> Elaborated<()> {
        let id = FactId::Extension(extension.clone());
        let Some(Payload::Extension(found)) = self.model.fact(&id).map(|fact| fact.payload.clone()) else {
            return Err(self.no_extension(extension));
        };
        let fixed = self.model.header().extensions_available.get(extension.as_str()).and_then(|a| a.schema.as_ref());
        if fixed.is_some() {
            return Err(Problem::invalid(
                "0A000",
                format!("extension \"{}\" does not support SET SCHEMA", extension.as_str()),
            ));
        }
        if !self.model.knows_members_of(extension) {
            return Err(Problem::unsupported(format!(
                "another schema for extension \"{}\", whose members the snapshot does not know,",
                extension.as_str()
            )));
        }
        let rewrite = self.members_moved(extension, &found.schema, schema)?;
        let mut fact = Fact::new(id, Payload::Extension(Extension { schema: schema.clone(), ..found }));
        fact.needs.extend(
            self.model
                .fact(&fact.id)
                .into_iter()
                .flat_map(|before| before.needs.iter().cloned())
                .filter(|need| matches!(need, FactId::Extension(_))),
        );
        self.model.put(fact);
        self.apply(&rewrite)
    }

    /// What a move of the members of an extension changes in facts that name them.
    fn members_moved(&self, extension: &Name, from: &Name, to: &Name) -> Elaborated<Rewrite> {
        let mut rewrite = Rewrite::default();
        let mut operators = BTreeSet::new();
        let env = self.env();
        let both = |schema: &Sym, text: &Sym| -> Elaborated<Option<(QualifiedName, QualifiedName)>> {
            if *schema != *from.as_str() {
                return Ok(None);
            }
            let text = name(text)?;
            Ok(Some((QualifiedName::new(from.clone(), text.clone()), QualifiedName::new(to.clone(), text))))
        };
        for row in self.model.members(extension) {
            match *row {
                SymbolRow::Type(oid) => {
                    if let Some(row) = env.type_by_oid(oid) {
                        rewrite.types.extend(both(&row.schema, &row.name)?);
                    }
                }
                SymbolRow::Relation(oid) => {
                    if let Some(row) = env.relation_by_oid(oid) {
                        rewrite.relations.extend(both(&row.schema, &row.name)?);
                    }
                }
                SymbolRow::Opclass(oid) => {
                    if let Some(row) = env.opclass_by_oid(oid) {
                        rewrite.opclasses.extend(both(&row.schema, &row.name)?);
                    }
                }
                SymbolRow::Proc(oid) => {
                    if let Some(row) = env.proc_by_oid(oid)
                        && let Some((_, new)) = both(&row.schema, &row.name)?
                    {
                        let old = self.routine_called(oid)?;
                        let arguments = old.arguments.clone();
                        rewrite.routines.insert(old, Routine { name: new, arguments });
                    }
                }
                SymbolRow::Operator(oid) => {
                    if let Some(row) = env.operator_by_oid(oid).filter(|row| row.schema == *from.as_str()) {
                        operators.insert(row.name.to_string());
                    }
                }
                SymbolRow::Opfamily(_)
                | SymbolRow::Collation(_)
                | SymbolRow::Cast(..)
                | SymbolRow::AccessMethod(_)
                | SymbolRow::Language(_) => {}
            }
        }
        rewrite.operators = Some((from.clone(), to.clone(), operators));
        Ok(rewrite)
    }

    /// Refuses ALTER EXTENSION … ADD and DROP, which change what the extension's version stands for.
    pub(super) fn alter_extension_contents(&mut self, statement: &AlterExtensionContentsStmt) -> Elaborated<()> {
        Err(Problem::unsupported(format!("ALTER EXTENSION \"{}\" ADD or DROP of a member", statement.extname)))
    }

    /// There is no such extension.
    pub(super) fn no_extension(&self, extension: &Name) -> Box<Problem> {
        Problem::undefined("42704", format!("extension \"{}\" does not exist", extension.as_str()), extension.as_str())
    }
}
