//! One agent, one session: an advisory lock that one agent at a time holds in a database, and a mark by which each transaction knows
//! that it is still in the session that holds it.
//!
//! Behind a proxy that pools transactions, each transaction may meet another session of the server, without the lock and without the
//! settings. Such a proxy is found out where it gives two connections the same session, and each phase looks anew.

use crate::connect::{Row, Session, StatementError};

/// The key of the advisory lock: `pgseal` in ASCII.
const ADVISORY_LOCK: u64 = 123_589_619_966_316;

/// The mark of a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Guard {
    mark: String,
}

impl Guard {
    /// Marks a session.
    pub fn set(session: &mut Session) -> Result<Self, StatementError> {
        let mut bytes = [0; 16];
        // without randomness the process id of the session is all that tells it from others
        getrandom::fill(&mut bytes).ok();
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mark = format!("{}-{digits}", session.backend_pid());
        session.simple(&format!("SET pgseal.session = '{mark}'"))?;
        Ok(Self { mark })
    }

    /// Whether the transaction is in the session that was marked and no other session holds the lock.
    pub fn holds(&self, session: &mut Session) -> Result<bool, StatementError> {
        let sql = format!(
            "SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting('pgseal.session', true), \
             pg_catalog.pg_try_advisory_xact_lock({ADVISORY_LOCK})"
        );
        let rows = session.rows(&sql)?;
        let column = |index| rows.first().and_then(|row| row.column(index));
        let pid = session.backend_pid().to_string();
        Ok((column(0), column(1), column(2)) == (Some(&*pid), Some(&*self.mark), Some("t")))
    }
}

/// Takes the lock for the session, if nobody holds it.
pub(super) fn try_lock(session: &mut Session) -> Result<bool, StatementError> {
    let rows = session.rows(&format!("SELECT pg_catalog.pg_try_advisory_lock({ADVISORY_LOCK})"))?;
    Ok(rows.first().and_then(|row| row.column(0)) == Some("t"))
}

/// Who holds the lock: the process id and the role of a session, in words.
pub(super) fn holder(session: &mut Session) -> Result<Option<String>, StatementError> {
    let (high, low) = (ADVISORY_LOCK >> 32, ADVISORY_LOCK & 0xffff_ffff);
    let rows = session.rows(&format!(
        "SELECT l.pid, a.usename FROM pg_catalog.pg_locks AS l \
         JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) l.pid \
         WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 1 \
         AND l.classid OPERATOR(pg_catalog.=) {high} AND l.objid OPERATOR(pg_catalog.=) {low} AND l.database OPERATOR(pg_catalog.=) \
         (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())"
    ))?;
    let in_words = |row: &Row| Some(format!("process {} of role \"{}\"", row.column(0)?, row.column(1)?));
    Ok(rows.first().and_then(in_words))
}

/// Gives the lock back; it goes with the session too.
pub(super) fn unlock(session: &mut Session) {
    session.rows(&format!("SELECT pg_catalog.pg_advisory_unlock({ADVISORY_LOCK})")).ok();
}

/// Whether a connection reaches, at this moment, the session of this process id, which another one was told to be its own.
pub(super) fn is_shared(own: i32, another: &mut Session) -> Result<bool, StatementError> {
    let rows = another.rows("SELECT pg_catalog.pg_backend_pid()")?;
    let found = rows.first().and_then(|row| row.column(0)).and_then(|pid| pid.parse().ok());
    Ok(found == Some(own) || another.backend_pid() == own)
}
