//! The ledger: a table in the database, outside every fingerprint, with a row per phase that was committed.
//!
//! It is for people to read. What to do next is decided by the state of the database alone.

use pgseal_catalog::Digest;

use crate::connect::{Session, StatementError};

const EXISTS: &str = "SELECT (pg_catalog.to_regclass('pgseal.ledger') IS NOT NULL)::pg_catalog.text";

const CREATE: &str = "
CREATE SCHEMA IF NOT EXISTS pgseal;
CREATE TABLE IF NOT EXISTS pgseal.ledger (
    plan pg_catalog.text NOT NULL,
    phase pg_catalog.int4 NOT NULL,
    checkpoint pg_catalog.text NOT NULL,
    agent pg_catalog.text NOT NULL,
    role pg_catalog.text NOT NULL DEFAULT SESSION_USER,
    committed_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE pgseal.ledger IS 'phases of plans that pgseal-agent committed';";

const INSERT: &str = "INSERT INTO pgseal.ledger (plan, phase, checkpoint, agent) \
                      VALUES ($1, CAST($2 AS pg_catalog.int4), $3, $4) RETURNING plan";

/// Makes the ledger where there is none.
pub(super) fn create(session: &mut Session) -> Result<(), StatementError> {
    let there = session.query_text(EXISTS, &[])?;
    if there.first().and_then(|row| row.column(0)) == Some("true") {
        return Ok(());
    }
    session.simple(CREATE)
}

/// Notes a phase within its own transaction.
pub(super) fn note(session: &mut Session, plan: &str, phase: usize, checkpoint: Digest) -> Result<(), StatementError> {
    let (phase, checkpoint) = (phase.to_string(), checkpoint.to_string());
    session.query_text(INSERT, &[plan, &phase, &checkpoint, env!("CARGO_PKG_VERSION")])?;
    Ok(())
}
