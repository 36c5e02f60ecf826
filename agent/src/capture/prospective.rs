//! Extensions that a database could have: created for the length of a transaction, so that their members can be listed.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::Name;
use pgseal_catalog::snapshot::AvailableExtension;
use pgseal_catalog::symbols::home_of;
use postgres::Client;

use super::error::CaptureError;

/// Creates an extension, after those that it requires, each in the schema that stands for its own; `created` grows by those that
/// were not there.
pub(super) fn create(
    client: &mut Client,
    available: &BTreeMap<String, AvailableExtension>,
    extension: &Name,
    created: &mut BTreeSet<Name>,
) -> Result<(), CaptureError> {
    let Some(known) = available.get(extension.as_str()) else {
        return Err(CaptureError::NoExtension { name: extension.as_str().to_owned() });
    };
    if created.contains(extension) || is_installed(client, extension)? {
        return Ok(());
    }
    // before what it requires, so that a circle ends
    created.insert(extension.clone());
    for required in &known.requires {
        create(client, available, required, created)?;
    }
    let statement = match &known.schema {
        Some(_) => format!("CREATE EXTENSION {extension}"),
        None => {
            let home = home_of(extension);
            format!("CREATE SCHEMA {home}; CREATE EXTENSION {extension} SCHEMA {home}")
        }
    };
    client
        .batch_execute(&statement)
        .map_err(|source| CaptureError::Extension { name: extension.as_str().to_owned(), source: Box::new(source) })
}

fn is_installed(client: &mut Client, extension: &Name) -> Result<bool, CaptureError> {
    let row = client
        .query_typed_one(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = $1)",
            &[(&extension.as_str(), postgres::types::Type::NAME)],
        )
        .map_err(|error| CaptureError::query("extensions", error))?;
    row.try_get(0).map_err(|error| CaptureError::unexpected("extensions", error.to_string()))
}
