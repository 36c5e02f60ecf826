//! What the agent sets in its session on behalf of a plan.

use pgseal_catalog::plan::Timeouts;
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

/// Whether triggers and rules fire as in any session; a role or database can be set up so that they do not. It is mended where the
/// role may.
pub(super) fn is_origin(session: &mut Session) -> Result<bool, StatementError> {
    let role = "SELECT pg_catalog.current_setting('session_replication_role')";
    let is_origin = |session: &mut Session| -> Result<bool, StatementError> {
        Ok(session.rows(role)?.first().and_then(|row| row.column(0)) == Some("origin"))
    };
    if is_origin(session)? {
        return Ok(true);
    }
    session.simple("SET session_replication_role = origin").ok();
    is_origin(session)
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
    session.query_text("SELECT pg_catalog.set_config('search_path', $1, true)", &[&list(path)])?;
    Ok(())
}

/// Makes the settings of a statement outside a transaction. It may wait for a lock as long as so many tries more would.
pub(super) fn enter(session: &mut Session, timeouts: Timeouts, more: u32, path: &[Name]) -> Result<(), StatementError> {
    let most = u64::from(i32::MAX.unsigned_abs());
    let lock_ms = timeouts.lock_ms.saturating_mul(u64::from(more) + 1).min(most);
    session.simple(&format!("SET lock_timeout = {lock_ms}; SET statement_timeout = {}", timeouts.statement_ms))?;
    session.simple(
        "SELECT pg_catalog.set_config('synchronous_commit', 'on', false) \
         WHERE pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off'",
    )?;
    session.query_text("SELECT pg_catalog.set_config('search_path', $1, false)", &[&list(path)])?;
    Ok(())
}

/// Makes the settings between phases again.
pub(super) fn leave(session: &mut Session, timeouts: Timeouts) -> Result<(), StatementError> {
    let lock_ms = timeouts.lock_ms;
    session.simple(&format!(
        "SET lock_timeout = {lock_ms}; SET statement_timeout = 0; SET search_path = pg_catalog, pg_temp"
    ))
}

fn list(path: &[Name]) -> String {
    path.iter().map(|name| format!("\"{}\"", name.as_str().replace('"', "\"\""))).collect::<Vec<_>>().join(", ")
}
