//! Schemas and installed extensions.

use pgseal_catalog::facts::{Extension, Payload, Schema};
use pgseal_catalog::{Fact, FactId, Name};

use super::address::class;
use super::build::Build;
use super::error::CaptureError;
use super::session::Session;

/// A row of `pg_extension`.
pub(super) struct ExtensionRow {
    pub oid: u32,
    pub name: Name,
    pub schema: u32,
    pub version: String,
}

pub(super) fn read_extensions(s: &mut Session<'_>) -> Result<Vec<ExtensionRow>, CaptureError> {
    // initdb installs plpgsql: every database has it, and no schema.sql says so
    s.rows("extensions", "SELECT oid, extname, extnamespace, extversion FROM pg_extension WHERE oid >= 16384", |c| {
        Ok(ExtensionRow { oid: c.next()?, name: c.name()?, schema: c.next()?, version: c.next()? })
    })
}

/// Adds the facts of schemas and extensions; what belongs to an extension stands for it.
pub(super) fn add_extensions(b: &mut Build<'_>) -> Result<(), CaptureError> {
    for (oid, name) in &b.raw.namespaces {
        let id = FactId::Schema(name.clone());
        if b.scope.holds(&id) && !b.is_member(class::NAMESPACE, *oid) {
            b.nodes.add_at(class::NAMESPACE, *oid, Fact::new(id, Payload::Schema(Schema {})));
        }
    }
    for row in &b.raw.extensions {
        let id = FactId::Extension(row.name.clone());
        if b.scope.holds(&id) {
            let schema = b.names.schema(row.schema)?.clone();
            let extension = Payload::Extension(Extension { schema, version: row.version.clone() });
            b.nodes.add_at(class::EXTENSION, row.oid, Fact::new(id, extension));
        }
    }
    for (at, extension) in b.members() {
        if let Some(extension) = b.nodes.number_at(class::EXTENSION, extension) {
            b.nodes.part(at.0, at.1, extension);
        }
    }
    Ok(())
}
