//! One session on one connection, pinned for its whole life.
//!
//! Three ways to run SQL: [`Session::rows`] for our own constant queries (simple protocol, every column
//! as text), [`Session::query_text`] for queries with parameters, and [`Session::execute`] for one
//! statement of a plan (extended protocol, so that one string is one statement). A session whose
//! connection is lost stays lost: it never reconnects by itself.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use postgres::error::{DbError, SqlState};
use postgres::types::{ToSql, Type};
use postgres::{CancelToken, Client, Config, SimpleQueryMessage};
use thiserror::Error;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{ChannelBinding, ConnectError, Host, Settings, SslMode, SslNegotiation, tls};

/// The most notices that are kept.
const MAX_NOTICES: usize = 10_000;

/// What is the same in every session, whatever the role, the database or the options say. Settings that
/// change what DDL means are not here: a snapshot records them and a plan sets them.
const PINNED: &str = "\
SET search_path = '';
SET row_security = off;
SET standard_conforming_strings = on;
SET backslash_quote = safe_encoding;
SET quote_all_identifiers = off;
SET transform_null_equals = off;
SET array_nulls = on;
SET datestyle = 'ISO, MDY';
SET intervalstyle = 'postgres';
SET timezone = 'UTC';
SET bytea_output = 'hex';
SET extra_float_digits = 1;
SET xmloption = 'content';
SET client_min_messages = 'notice';
SET default_transaction_isolation = 'read committed';
SET default_transaction_deferrable = off;
SET default_transaction_read_only = off;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET idle_session_timeout = 0";

/// How often a session is begun at most. Limits of the role or the database can be so short that one ends before they are lifted.
const BEGINNINGS: u32 = 10;

/// What a server says about a statement that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    /// The five characters of SQLSTATE.
    pub sqlstate: String,
    /// The primary message.
    pub message: String,
    /// The detail, if there is one.
    pub detail: Option<String>,
    /// The hint, if there is one.
    pub hint: Option<String>,
    /// The context, if there is one.
    pub context: Option<String>,
}

/// Whether a server that says so ends the session: administrator, crash, shutdown, a database that goes, a session that idled.
pub(crate) fn ends_session(sqlstate: &str) -> bool {
    matches!(sqlstate, "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25P04")
}

/// Why a statement failed.
#[derive(Debug, Error)]
pub enum StatementError {
    /// The server said so.
    #[error("{}", .0.message)]
    Server(Box<ServerError>),
    /// The connection is gone; what the server did last is not known.
    #[error("the connection to the server was lost: {detail}")]
    Lost {
        /// What the operating system or the protocol said.
        detail: String,
    },
    /// The client gave up: TLS, authentication, or an answer of an unexpected form.
    #[error("{detail}")]
    Client {
        /// What was wrong.
        detail: String,
    },
}

impl StatementError {
    /// The SQLSTATE, when the server sent one.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Server(error) => Some(&error.sqlstate),
            Self::Lost { .. } | Self::Client { .. } => None,
        }
    }

    /// Whether a lock was not granted in time (55P03).
    #[must_use]
    pub fn is_lock_timeout(&self) -> bool {
        self.sqlstate() == Some(SqlState::LOCK_NOT_AVAILABLE.code())
    }

    /// Whether trying the transaction again may help (serialization failure, deadlock).
    #[must_use]
    pub fn is_serialization_failure(&self) -> bool {
        [SqlState::T_R_SERIALIZATION_FAILURE.code(), SqlState::T_R_DEADLOCK_DETECTED.code()]
            .into_iter()
            .any(|code| self.sqlstate() == Some(code))
    }

    /// Whether the statement was cancelled, by a request or by a timeout (57014).
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.sqlstate() == Some(SqlState::QUERY_CANCELED.code())
    }

    /// Whether it is unknown what became of the statement.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        match self {
            Self::Lost { .. } => true,
            // The server ends the session itself: administrator, crash, shutdown.
            Self::Server(error) => ends_session(&error.sqlstate),
            Self::Client { .. } => false,
        }
    }

    pub(super) fn connect_hint(&self) -> Option<&'static str> {
        const PASSWORD: &str = "the password comes from PGPASSWORD, a service file or ~/.pgpass";
        if let Self::Client { detail } = self {
            let found = |part: &str| detail.contains(part);
            return match () {
                () if found("password missing") => Some(PASSWORD),
                () if found("UnknownIssuer") => {
                    Some("name the file of the authority that signed the server's certificate with --sslrootcert")
                }
                () if found("CaUsedAsEndEntity") => {
                    Some("the server's certificate is an authority's: give the server one that an authority signed")
                }
                () => None,
            };
        }
        match self.sqlstate() {
            Some("28P01") => Some(PASSWORD),
            Some("28000") => Some("look at the server's pg_hba.conf, and at --sslmode"),
            Some("3D000") => Some("name the database with --db"),
            _ => None,
        }
    }

    /// The same, as long as nothing was there that could be lost.
    fn while_connecting(self) -> Self {
        match self {
            Self::Lost { detail } => {
                Self::Client { detail: detail.trim_start_matches("error connecting to server: ").to_owned() }
            }
            other => other,
        }
    }

    fn of_server(error: &DbError) -> Self {
        Self::Server(Box::new(ServerError {
            sqlstate: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
            context: error.where_().map(str::to_owned),
        }))
    }
}

impl From<postgres::Error> for StatementError {
    fn from(error: postgres::Error) -> Self {
        if let Some(server) = error.as_db_error() {
            return Self::of_server(server);
        }
        // The chain in one line; none of its links carries a secret.
        let mut detail = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !detail.contains(&text) {
                detail = format!("{detail}: {text}");
            }
            cause = inner.source();
        }
        let io = error.source().is_some_and(|cause| cause.is::<io::Error>());
        if error.is_closed() || (io && !is_tls(&error)) { Self::Lost { detail } } else { Self::Client { detail } }
    }
}

/// Whether it was the TLS handshake that failed.
fn is_tls(error: &postgres::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.and_then(io::Error::get_ref).is_some_and(|inner| inner.is::<rustls::Error>())
}

/// The number that `server_version_num` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerVersion(u32);

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
    connector: MakeRustlsConnect,
}

impl CancelHandle {
    /// Asks the server to cancel; whether it did shows in the session's own statement.
    ///
    /// # Errors
    /// The request could not be sent.
    pub fn cancel(&self) -> Result<(), StatementError> {
        self.token.cancel_query(self.connector.clone()).map_err(StatementError::from)
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
    connector: MakeRustlsConnect,
    version: ServerVersion,
    backend_pid: i32,
    notices: Arc<Mutex<Vec<Notice>>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("version", &self.version).field("backend_pid", &self.backend_pid).finish()
    }
}

impl Session {
    /// Connects, refuses servers of other majors, and pins the session's settings.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn open(settings: &Settings) -> Result<Self, ConnectError> {
        let connector = tls::connector(settings)?;
        let notices = Arc::new(Mutex::new(Vec::new()));
        let refused = |source: StatementError| ConnectError::Refused {
            server: settings.to_string(),
            source: source.while_connecting(),
        };
        let mut more = BEGINNINGS;
        let (client, found) = loop {
            more -= 1;
            let mut client = connect(settings, &connector, &notices).map_err(refused)?;
            match settle(&mut client) {
                Ok(found) => break (client, found),
                Err(source) if more > 0 && (source.is_cancelled() || source.is_lost()) => {}
                Err(source) => return Err(refused(source)),
            }
        };
        let (version, backend_pid) = match found {
            Settled::Ready { version, backend_pid } => (version, backend_pid),
            Settled::Foreign(found) => return Err(ConnectError::UnsupportedServer { found }),
        };
        let mut session = Self { client, connector, version, backend_pid, notices };
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
                Ok(Row(columns?))
            })
            .collect()
    }

    /// Runs one statement of a plan. A string of several statements is refused by the server. Returns the
    /// number of rows that it reports.
    ///
    /// # Errors
    /// See [`StatementError`].
    pub fn execute(&mut self, sql: &str) -> Result<u64, StatementError> {
        Ok(self.client.execute_typed(sql, &[])?)
    }

    /// The driver's client, for the capture.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// What cancels this session's statements.
    #[must_use]
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle { token: self.client.cancel_token(), connector: self.connector.clone() }
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

fn unexpected(detail: &str) -> StatementError {
    StatementError::Client { detail: detail.to_owned() }
}

/// What a new session turned out to be.
enum Settled {
    /// One of a server that this program is for, its settings pinned.
    Ready { version: ServerVersion, backend_pid: i32 },
    /// One of another server: its version.
    Foreign(String),
}

/// Looks at the server behind a new session and pins its settings. The limits on time go first, each by itself: those of the role or
/// the database may be a millisecond.
fn settle(client: &mut Client) -> Result<Settled, StatementError> {
    client.batch_execute("SET statement_timeout = 0")?;
    let version = number(client, "SHOW server_version_num")?.map(ServerVersion);
    let Some(version) = version.filter(|version| (14..=18).contains(&version.major())) else {
        return Ok(Settled::Foreign(version.map_or_else(|| "unknown".to_owned(), |version| version.to_string())));
    };
    if version.major() >= 17 {
        client.batch_execute("SET transaction_timeout = 0")?;
    }
    client.batch_execute(PINNED)?;
    let backend_pid = number(client, "SELECT pg_catalog.pg_backend_pid()")?;
    let backend_pid = backend_pid.ok_or_else(|| unexpected("pg_backend_pid() returned no number"))?;
    Ok(Settled::Ready { version, backend_pid })
}

fn number<T: std::str::FromStr>(client: &mut Client, sql: &str) -> Result<Option<T>, StatementError> {
    let messages = client.simple_query(sql)?;
    Ok(messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
        _ => None,
    }))
}

/// Whether one attempt uses TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Plain,
    Tls,
    TlsIfOffered,
}

/// Connects as the mode says; `allow` and `prefer` have a second attempt where libpq has one, except
/// after a wrong password, which a second attempt would only count twice.
fn connect(
    settings: &Settings,
    connector: &MakeRustlsConnect,
    notices: &Arc<Mutex<Vec<Notice>>>,
) -> Result<Client, StatementError> {
    let attempt = |attempt| {
        let config = config(settings, attempt, notices);
        config.connect(connector.clone())
    };
    let turned_away = |error: &postgres::Error| error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    let (first, second) = match (&settings.host, settings.ssl_mode) {
        (Host::Unix(_), _) | (_, SslMode::Disable) => (Attempt::Plain, None),
        (_, SslMode::Allow) => (Attempt::Plain, Some(Attempt::Tls)),
        (_, SslMode::Prefer) => (Attempt::TlsIfOffered, Some(Attempt::Plain)),
        (_, SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull) => (Attempt::Tls, None),
    };
    match (attempt(first), second) {
        (Ok(client), _) => Ok(client),
        (Err(error), Some(second)) if turned_away(&error) || is_tls(&error) => {
            // The first error tells more when the second attempt fails as well.
            attempt(second).map_err(|_| error.into())
        }
        (Err(error), _) => Err(error.into()),
    }
}

fn config(settings: &Settings, attempt: Attempt, notices: &Arc<Mutex<Vec<Notice>>>) -> Config {
    let mut config = Config::new();
    match &settings.host {
        Host::Unix(folder) => {
            config.host_path(folder);
        }
        Host::Tcp { name, address } => {
            config.host(name);
            if let Some(address) = address {
                config.hostaddr(*address);
            }
        }
    }
    config.port(settings.port).dbname(&settings.database).user(&settings.user);
    config.application_name(&settings.application_name);
    if let Some(password) = &settings.password {
        config.password(password.as_bytes());
    }
    if let Some(options) = &settings.options {
        config.options(options);
    }
    if let Some(timeout) = settings.connect_timeout {
        config.connect_timeout(timeout);
    }
    config.ssl_mode(match attempt {
        Attempt::Plain => postgres::config::SslMode::Disable,
        Attempt::Tls => postgres::config::SslMode::Require,
        Attempt::TlsIfOffered => postgres::config::SslMode::Prefer,
    });
    if settings.ssl_negotiation == SslNegotiation::Direct && attempt == Attempt::Tls {
        config.ssl_negotiation(postgres::config::SslNegotiation::Direct);
    }
    config.channel_binding(match settings.channel_binding {
        ChannelBinding::Disable => postgres::config::ChannelBinding::Disable,
        ChannelBinding::Prefer => postgres::config::ChannelBinding::Prefer,
        ChannelBinding::Require => postgres::config::ChannelBinding::Require,
    });
    let notices = Arc::clone(notices);
    config.notice_callback(move |notice| {
        if let Ok(mut notices) = notices.lock()
            && notices.len() < MAX_NOTICES
        {
            notices.push(Notice {
                severity: notice.severity().to_owned(),
                sqlstate: notice.code().code().to_owned(),
                message: notice.message().to_owned(),
            });
        }
    });
    config
}
