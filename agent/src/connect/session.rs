//! One session on one connection, pinned for its whole life.
//!
//! Three ways to run SQL: [`Session::rows`] for our own constant queries (simple protocol, every column
//! as text), [`Session::query_text`] for queries with parameters, and [`Session::execute`] for one
//! statement of a plan (extended protocol, so that one string is one statement). A session whose
//! connection is lost stays lost: it never reconnects by itself.

use std::fmt;
use std::time::Duration;

use postgres::types::{ToSql, Type};
use postgres::{CancelToken, Client, SimpleQueryMessage};

use super::carrier::Carrier;
use super::opening::{self, Notices, Opened};
use super::{ConnectError, Settings, StatementError, deadline, tls};

/// The number that `server_version_num` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerVersion(pub(super) u32);

impl ServerVersion {
    /// 14 to 18.
    #[must_use]
    pub fn major(self) -> u32 {
        self.0 / 10_000
    }

    /// The whole number, such as 180004.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major(), self.0 % 10_000)
    }
}

/// One row, every column as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Vec<Option<String>>);

impl Row {
    /// A column by its place, counted from 0; `None` for null and for a column that is not there.
    #[must_use]
    pub fn column(&self, index: usize) -> Option<&str> {
        self.0.get(index)?.as_deref()
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[Option<String>] {
        &self.0
    }

    /// The columns, owned.
    #[must_use]
    pub fn into_columns(self) -> Vec<Option<String>> {
        self.0
    }
}

/// A notice or warning of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `NOTICE`, `WARNING` …
    pub severity: String,
    /// The SQLSTATE.
    pub sqlstate: String,
    /// The message.
    pub message: String,
}

/// Cancels what a session is running, from another thread.
#[derive(Clone)]
pub struct CancelHandle {
    token: CancelToken,
    carrier: Carrier,
}

impl CancelHandle {
    /// Asks the server to cancel; whether it did shows in the session's own statement. The request goes over a connection of its own,
    /// which is not waited for any longer than that.
    ///
    /// # Errors
    /// The request could not be sent, or not in time.
    pub fn cancel_within(&self, limit: Duration) -> Result<(), StatementError> {
        let (token, carrier) = (self.token.clone(), self.carrier.clone());
        let sent = deadline::within(Some(limit), move || token.cancel_query(carrier));
        let late = || StatementError::Client { detail: "the request to cancel was not sent in time".to_owned() };
        sent.ok_or_else(late)?.map_err(StatementError::from)
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CancelHandle")
    }
}

/// A session.
pub struct Session {
    client: Client,
    carrier: Carrier,
    version: ServerVersion,
    backend_pid: i32,
    notices: Notices,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("version", &self.version).field("backend_pid", &self.backend_pid).finish()
    }
}

impl Session {
    /// Connects, refuses servers of other majors, and pins the session's settings, all within the settings' deadline.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn open(settings: &Settings) -> Result<Self, ConnectError> {
        Self::open_within(settings, None)
    }

    /// The same, and all addresses of the host together take no longer than that.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn open_within(settings: &Settings, all: Option<Duration>) -> Result<Self, ConnectError> {
        let connector = tls::connector(settings)?;
        let Opened { client, carrier, version, backend_pid, notices } = opening::open(settings, &connector, all)?;
        let mut session = Self { client, carrier, version, backend_pid, notices };
        session.drain_notices();
        Ok(session)
    }

    /// The server's version.
    #[must_use]
    pub fn version(&self) -> ServerVersion {
        self.version
    }

    /// The process id of this session's backend.
    #[must_use]
    pub fn backend_pid(&self) -> i32 {
        self.backend_pid
    }

    /// Whether the connection is known to be lost.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Runs constant SQL of this program that returns nothing, such as `BEGIN` or `SET`.
    ///
    /// # Errors
    /// See [`StatementError`].
    pub fn simple(&mut self, sql: &str) -> Result<(), StatementError> {
        Ok(self.client.batch_execute(sql)?)
    }

    /// Runs a constant query of this program; every column comes as the text that the server prints.
    ///
    /// # Errors
    /// See [`StatementError`].
    pub fn rows(&mut self, sql: &str) -> Result<Vec<Row>, StatementError> {
        let messages = self.client.simple_query(sql)?;
        Ok(messages
            .into_iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => {
                    Some(Row((0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect()))
                }
                _ => None,
            })
            .collect())
    }

    /// Runs a query with parameters of type text. Its columns must be of type text too, by a cast in the
    /// query where need be.
    ///
    /// # Errors
    /// See [`StatementError`].
    pub fn query_text(&mut self, sql: &str, parameters: &[&str]) -> Result<Vec<Row>, StatementError> {
        let typed: Vec<(&(dyn ToSql + Sync), Type)> =
            parameters.iter().map(|parameter| (parameter as &(dyn ToSql + Sync), Type::TEXT)).collect();
        let rows = self.client.query_typed(sql, &typed)?;
        rows.iter()
            .map(|row| {
                let columns: Result<_, postgres::Error> =
                    (0..row.len()).map(|index| row.try_get::<_, Option<String>>(index)).collect();
                // the connection has nothing to do with it: the answer is there
                Ok(Row(columns.map_err(|error| StatementError::Client { detail: error.to_string() })?))
            })
            .collect()
    }

    /// Runs one statement of a plan. A string of several statements is refused by the server. Returns the
    /// number of rows that it reports.
    ///
    /// # Errors
    /// See [`StatementError`].
    pub fn execute(&mut self, sql: &str) -> Result<u64, StatementError> {
        if sql.contains('\0') {
            // the driver would find that out too, and say so as if the server's answer were wrong
            return Err(StatementError::Client { detail: "a statement holds a null character".to_owned() });
        }
        Ok(self.client.execute_typed(sql, &[])?)
    }

    /// The driver's client, for the capture.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// What cancels this session's statements.
    #[must_use]
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle { token: self.client.cancel_token(), carrier: self.carrier.clone() }
    }

    /// The notices since the last call, in order; at most 10,000.
    pub fn drain_notices(&mut self) -> Vec<Notice> {
        self.notices.lock().map(|mut notices| std::mem::take(&mut *notices)).unwrap_or_default()
    }

    /// Ends the session in good order.
    ///
    /// # Errors
    /// The connection was lost before.
    pub fn close(self) -> Result<(), StatementError> {
        Ok(self.client.close()?)
    }
}
