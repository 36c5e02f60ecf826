//! The steps of the way from a database to its next state, each as one call with an error for people to read.

use pgseal_agent::capture::capture;
use pgseal_catalog::{Scope, Snapshot};

use crate::difference::difference;
use crate::server::Database;

/// Captures a database as superuser, with every schema in scope.
///
/// # Errors
/// What the capture says.
pub fn snapshot(database: &Database<'_>) -> Result<Snapshot, String> {
    let scope = Scope::default();
    capture(&mut database.connect(), &scope, "2026-01-01T00:00:00Z".to_owned())
        .map_err(|error| format!("capture: {error}"))
}

/// Expects two snapshots to be of the same schema.
///
/// # Errors
/// How they differ, fact by fact; that fingerprints and facts disagree, if they do.
pub fn expect_same(left_name: &str, left: &Snapshot, right_name: &str, right: &Snapshot) -> Result<(), String> {
    let text = difference(left_name, &left.catalog, right_name, &right.catalog);
    match (text.is_empty(), left.fingerprint() == right.fingerprint()) {
        (true, true) => Ok(()),
        (false, _) => Err(format!("{left_name} is not {right_name}:\n{text}")),
        (true, false) => Err(format!("{left_name} and {right_name} have equal facts and unequal fingerprints")),
    }
}
