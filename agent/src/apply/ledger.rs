//! The ledger: a table in the database, outside every fingerprint, with a row per phase that was committed.
//!
//! It is for people to read: what to do next is decided by the state of the database alone. It is made in the transaction of the
//! first phase, so a run that commits nothing leaves nothing. A role that may not write one goes without.

use pgseal_catalog::Digest;

use crate::connect::{Session, StatementError};

/// What can be done: write the ledger that is there, make one, or nothing for lack of a right.
const READINESS: &str = "
SELECT CASE
    WHEN c.oid IS NOT NULL THEN
        CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE')
              AND pg_catalog.has_table_privilege(c.oid, 'INSERT') THEN 'write' ELSE 'nothing' END
    WHEN n.oid IS NOT NULL THEN
        CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'CREATE')
              AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN 'make' ELSE 'nothing' END
    WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') THEN 'make'
    ELSE 'nothing' END
FROM (VALUES (1)) AS one
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname OPERATOR(pg_catalog.=) 'pgseal'
LEFT JOIN pg_catalog.pg_class AS c
    ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) 'ledger'";

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
                      VALUES ($1, CAST($2 AS pg_catalog.int4), $3, $4)";

/// Whether phases are noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ledger {
    /// In the table, which is there.
    Kept,
    /// The role may neither write it nor make it.
    Forgone,
}

/// Whether the role may write the ledger, or make one.
pub(super) fn is_possible(session: &mut Session) -> Result<bool, StatementError> {
    let rows = session.rows(READINESS)?;
    Ok(matches!(rows.first().and_then(|row| row.column(0)), Some("write" | "make")))
}

/// Makes the ledger where there is none and the role may.
pub(super) fn open(session: &mut Session) -> Result<Ledger, StatementError> {
    let rows = session.rows(READINESS)?;
    match rows.first().and_then(|row| row.column(0)) {
        Some("write") => Ok(Ledger::Kept),
        Some("make") => session.simple(CREATE).map(|()| Ledger::Kept),
        _ => Ok(Ledger::Forgone),
    }
}

/// Notes a phase within its own transaction.
pub(super) fn note(session: &mut Session, plan: &str, phase: usize, checkpoint: Digest) -> Result<(), StatementError> {
    let (phase, checkpoint) = (phase.to_string(), checkpoint.to_string());
    session.query_text(INSERT, &[plan, &phase, &checkpoint, env!("CARGO_PKG_VERSION")])?;
    Ok(())
}
