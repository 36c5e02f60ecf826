//! The ledger: a table in the database, outside every fingerprint, that says which phases of which plans were run there.
//!
//! A phase in a transaction has one row, `committed`, written in that very transaction. One that cannot run in a transaction has a
//! row `started` before its statement and a row `finished` after its result was checked. Where to begin is decided by the state of
//! the database alone; the ledger says whether a plan was used before, which a database that was brought back to the plan's source
//! cannot tell.
//!
//! It is made in the transaction of the first phase, so a run that commits nothing leaves nothing. A role that may not write one
//! goes without, unless the policy demands it. A ledger of somebody else's, or with triggers, is refused: these would run with this
//! role's rights, and its rows would be worth nothing.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::Digest;

use crate::connect::{Session, StatementError};

/// The columns that are written and read, sorted.
const COLUMNS: &str = "agent,before,began_at,checkpoint,event,noted_at,phase,plan,role,signers";

/// What was done to a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// It is being committed with the row.
    Committed,
    /// Its statement is about to be run outside a transaction.
    Started,
    /// Its statement was run, and its result is the promised one.
    Finished,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Started => "started",
            Self::Finished => "finished",
        }
    }
}

/// What can be done with the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is there and may be read and written.
    Kept,
    /// There is none, and the role may make one.
    Absent {
        /// Whether its schema is there.
        schema: bool,
    },
    /// The role may neither use it nor make it.
    Forgone,
    /// It is not one to trust, for this reason.
    Foreign(String),
}

/// What is noted about a phase.
#[derive(Debug)]
pub(super) struct Note<'a> {
    /// SHA-256 of the plan.
    pub plan: &'a str,
    /// The phase, from 1.
    pub phase: usize,
    /// What was done.
    pub mark: Mark,
    /// The fingerprint before the phase.
    pub before: Digest,
    /// The fingerprint promised after it.
    pub checkpoint: Digest,
    /// Who signed: name and id of each key, a line each.
    pub signers: &'a str,
}

/// The ledger in a schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ledger<'a> {
    /// One of the agent's own schemas, see [`pgseal_catalog::snapshot::is_agents_schema`]: a plain name.
    schema: &'a str,
}

impl<'a> Ledger<'a> {
    pub fn new(schema: &'a str) -> Self {
        Self { schema }
    }

    /// Its name.
    pub fn name(self) -> String {
        format!("{}.ledger", self.schema)
    }

    /// Looks what can be done with it.
    pub fn look(self, session: &mut Session) -> Result<Standing, StatementError> {
        let rows = session.rows(&look(self.schema))?;
        let row = rows.first();
        let column = |index| row.and_then(|row| row.column(index));
        Ok(match (column(0), column(1), column(2)) {
            (_, Some(owner), _) => {
                let is = "belongs to role";
                Standing::Foreign(format!(
                    "{is} \"{owner}\", which is neither this role nor the database's owner nor a superuser"
                ))
            }
            (Some("write"), None, Some(COLUMNS)) if column(4) == Some("t") => {
                let has = "has triggers, rules or row security, which would run with this role's rights";
                Standing::Foreign(has.to_owned())
            }
            (Some("write"), None, Some(COLUMNS)) => Standing::Kept,
            (Some("write"), None, _) => Standing::Foreign("is not a table as this version makes it".to_owned()),
            (Some("make"), None, _) => Standing::Absent { schema: column(3) == Some("t") },
            _ => Standing::Forgone,
        })
    }

    /// Makes it where there is none and the role may; says whether it is kept from now on. What somebody else made in the meantime
    /// under its name is an error (42P06, 42P07, 23505), never a ledger. One that is there gets no trigger until the transaction ends.
    pub fn open(self, session: &mut Session) -> Result<Standing, StatementError> {
        match self.look(session)? {
            Standing::Absent { schema } => {
                if !schema {
                    session.simple(&format!("CREATE SCHEMA {}", self.schema))?;
                }
                session.simple(&create(self.schema))?;
                self.close_to_others(session)?;
            }
            Standing::Kept => {
                session.simple(&format!("LOCK TABLE ONLY {}.ledger IN ROW EXCLUSIVE MODE", self.schema))?
            }
            other => return Ok(other),
        }
        self.look(session)
    }

    /// Takes back what default privileges gave others of a new ledger: who can write there could make a plan be used again, or have
    /// triggers run.
    fn close_to_others(self, session: &mut Session) -> Result<(), StatementError> {
        let rows = session.rows(&format!(
            "SELECT DISTINCT coalesce(pg_catalog.quote_ident(r.rolname), 'PUBLIC')
FROM pg_catalog.pg_class AS c
CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) a.grantee
WHERE c.oid OPERATOR(pg_catalog.=) CAST('{}.ledger' AS pg_catalog.regclass)
    AND a.grantee OPERATOR(pg_catalog.<>) c.relowner AND a.privilege_type OPERATOR(pg_catalog.<>) 'SELECT'",
            self.schema
        ))?;
        let others: Vec<&str> = rows.iter().filter_map(|row| row.column(0)).collect();
        if others.is_empty() {
            return Ok(());
        }
        session.simple(&format!(
            "REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON TABLE {}.ledger FROM {}",
            self.schema,
            others.join(", ")
        ))
    }

    /// The phases of a plan that were committed or finished here, with the time of the last row of each.
    pub fn done(self, session: &mut Session, plan: &str) -> Result<BTreeMap<usize, String>, StatementError> {
        let sql = format!(
            "SELECT CAST(phase AS pg_catalog.text), pg_catalog.to_char(pg_catalog.max(noted_at), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
             FROM {}.ledger WHERE plan OPERATOR(pg_catalog.=) $1 \
             AND event OPERATOR(pg_catalog.=) ANY (ARRAY['committed', 'finished']) GROUP BY phase",
            self.schema
        );
        let rows = session.query_text(&sql, &[plan])?;
        let entry = |row: &crate::connect::Row| {
            Some((row.column(0)?.parse().ok()?, row.column(1).unwrap_or_default().to_owned()))
        };
        Ok(rows.iter().filter_map(entry).collect())
    }

    /// The phases of a plan that were started here and never finished.
    pub fn unfinished(self, session: &mut Session, plan: &str) -> Result<BTreeSet<usize>, StatementError> {
        let sql = format!(
            "SELECT CAST(phase AS pg_catalog.text) FROM {}.ledger WHERE plan OPERATOR(pg_catalog.=) $1 GROUP BY phase \
             HAVING pg_catalog.bool_and(event OPERATOR(pg_catalog.=) 'started')",
            self.schema
        );
        let rows = session.query_text(&sql, &[plan])?;
        Ok(rows.iter().filter_map(|row| row.column(0)?.parse().ok()).collect())
    }

    /// Notes a phase.
    pub fn note(self, session: &mut Session, note: &Note<'_>) -> Result<(), StatementError> {
        let sql = format!(
            "INSERT INTO {}.ledger (plan, phase, event, before, checkpoint, signers, agent) VALUES \
             ($1, CAST($2 AS pg_catalog.int4), $3, $4, $5, pg_catalog.string_to_array($6, E'\\n'), $7)",
            self.schema
        );
        let (phase, before, checkpoint) =
            (note.phase.to_string(), note.before.to_string(), note.checkpoint.to_string());
        let agent = env!("CARGO_PKG_VERSION");
        session.query_text(&sql, &[note.plan, &phase, note.mark.word(), &before, &checkpoint, note.signers, agent])?;
        Ok(())
    }
}

/// What the role may do, the owner of schema or table where that is one not to trust, the table's columns where it is an ordinary one,
/// whether the schema is there, and whether writing to the table would run anything else.
fn look(schema: &str) -> String {
    // a trigger or a default of a table runs as whoever writes to it, so that its owner must be one who could do as much anyway
    let stranger = |owner: &str| {
        format!(
            "(SELECT r.rolname FROM pg_catalog.pg_roles AS r, pg_catalog.pg_database AS d \
             WHERE r.oid OPERATOR(pg_catalog.=) {owner} AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() \
             AND NOT r.rolsuper AND r.oid OPERATOR(pg_catalog.<>) d.datdba AND r.rolname OPERATOR(pg_catalog.<>) CURRENT_USER \
             AND r.rolname OPERATOR(pg_catalog.<>) SESSION_USER)"
        )
    };
    format!(
        "SELECT CASE
    WHEN c.oid IS NOT NULL THEN
        CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
              AND pg_catalog.has_table_privilege(c.oid, 'SELECT') THEN 'write' ELSE 'nothing' END
    WHEN n.oid IS NOT NULL THEN
        CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'CREATE')
              AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN 'make' ELSE 'nothing' END
    WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') THEN 'make'
    ELSE 'nothing' END,
    coalesce({}, {}),
    (SELECT pg_catalog.string_agg(CAST(a.attname AS pg_catalog.text), ',' ORDER BY CAST(a.attname AS pg_catalog.text) COLLATE pg_catalog.\"C\")
     FROM pg_catalog.pg_attribute AS a WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
     AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped AND c.relkind OPERATOR(pg_catalog.=) 'r'),
    n.oid IS NOT NULL,
    c.relrowsecurity
        OR EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid OPERATOR(pg_catalog.=) c.oid)
        OR EXISTS (SELECT FROM pg_catalog.pg_rewrite AS w WHERE w.ev_class OPERATOR(pg_catalog.=) c.oid)
FROM (VALUES (1)) AS one
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname OPERATOR(pg_catalog.=) '{schema}'
LEFT JOIN pg_catalog.pg_class AS c
    ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) 'ledger'",
        stranger("n.nspowner"),
        stranger("c.relowner"),
    )
}

// no number from a sequence: with wal_level = minimal, one that was made and used in one transaction may give the same numbers again
// after a crash
fn create(schema: &str) -> String {
    format!(
        "CREATE TABLE {schema}.ledger (
    plan pg_catalog.text NOT NULL,
    phase pg_catalog.int4 NOT NULL,
    event pg_catalog.text NOT NULL,
    before pg_catalog.text NOT NULL,
    checkpoint pg_catalog.text NOT NULL,
    signers pg_catalog.text[] NOT NULL,
    agent pg_catalog.text NOT NULL,
    role pg_catalog.text NOT NULL DEFAULT SESSION_USER,
    began_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
    noted_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE {schema}.ledger IS 'phases of plans that pgseal-agent ran';"
    )
}
