//! What the agent sets in its session on behalf of a plan.

use pgseal_catalog::{Name, Plan};

use crate::connect::{Session, StatementError};

/// Bounds how long the session waits for a lock wherever it does, and lets the server notice within seconds that the agent is
/// gone, also while a statement runs.
pub(super) fn limit_waiting(session: &mut Session, plan: &Plan) -> Result<(), StatementError> {
    session.simple(&format!("SET lock_timeout = {}", plan.timeouts.lock_ms))?;
    // servers on some operating systems cannot do this, and then notice when the statement ends
    session.simple("SET client_connection_check_interval = '2s'").ok();
    Ok(())
}

/// Makes the plan's settings, for the whole session.
pub(super) fn make(session: &mut Session, plan: &Plan) -> Result<(), StatementError> {
    for (name, value) in &plan.settings {
        session.query_text("SELECT pg_catalog.set_config($1, $2, false)", &[name, value])?;
    }
    Ok(())
}

/// Sets the search path for the rest of the transaction.
pub(super) fn set_search_path(session: &mut Session, path: &[Name]) -> Result<(), StatementError> {
    let list = path.iter().map(|name| format!("\"{}\"", name.as_str().replace('"', "\"\""))).collect::<Vec<_>>();
    session.query_text("SELECT pg_catalog.set_config('search_path', $1, true)", &[&list.join(", ")])?;
    Ok(())
}
