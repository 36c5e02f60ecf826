//! Why a statement failed: the server said so, the connection is lost, or nothing was asked.

use std::error::Error as _;

use postgres::error::{DbError, Severity, SqlState};
use thiserror::Error;

use super::carrier::REFUSED;

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
    /// Whether the server ended the session with it.
    pub ends_session: bool,
}

/// Whether a server ends the session with an error: administrator, crash, shutdown, a database that goes, a session that idled. The
/// SQLSTATE does not tell: `RAISE` gives an error any that it likes, but not this severity.
pub(crate) fn ends_session(error: &DbError) -> bool {
    match error.parsed_severity() {
        Some(severity) => matches!(severity, Severity::Fatal | Severity::Panic),
        // a proxy between may leave out what is not for people
        None => matches!(error.severity(), "FATAL" | "PANIC"),
    }
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
    /// There was no session yet, or the client found something wrong before it asked, or in what it was told.
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
            Self::Server(error) => error.ends_session,
            Self::Client { .. } => false,
        }
    }

    pub(super) fn connect_hint(&self) -> Option<&'static str> {
        const PASSWORD: &str = "the password comes from PGPASSWORD, a service file or ~/.pgpass";
        if let Self::Client { detail } = self {
            let found = |part: &str| detail.contains(part);
            return match () {
                () if found("password missing") => Some(PASSWORD),
                () if found(REFUSED) => Some(
                    "let the server use SCRAM, connect by its unix socket or with --sslmode verify-full; or say --sslmode prefer",
                ),
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
            Some("28000") => Some(
                "if the role is not the one that was meant, name it with --user; if it is, look at the server's pg_hba.conf, and at --sslmode",
            ),
            Some("3D000") => Some("name the database with --db"),
            _ => None,
        }
    }

    /// What the driver says before there is a session: nothing is there yet that could be lost.
    pub(super) fn before_session(error: &postgres::Error) -> Self {
        Self::from_driver(error).while_connecting()
    }

    /// The same, as long as nothing was there that could be lost.
    pub(super) fn while_connecting(self) -> Self {
        match self {
            Self::Lost { detail } => {
                Self::Client { detail: detail.trim_start_matches("error connecting to server: ").to_owned() }
            }
            other => other,
        }
    }

    fn from_driver(error: &postgres::Error) -> Self {
        if let Some(server) = error.as_db_error() {
            return Self::of_server(server);
        }
        // All else is the connection's: it broke, or what came over it was no message of a server. Only the server can tell what
        // became of the statement then.
        Self::Lost { detail: chain(error) }
    }

    fn of_server(error: &DbError) -> Self {
        Self::Server(Box::new(ServerError {
            sqlstate: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
            context: error.where_().map(str::to_owned),
            ends_session: ends_session(error),
        }))
    }
}

impl From<postgres::Error> for StatementError {
    /// What the driver says about a statement of a session.
    fn from(error: postgres::Error) -> Self {
        Self::from_driver(&error)
    }
}

/// The chain in one line; none of its links carries a secret.
fn chain(error: &postgres::Error) -> String {
    let mut detail = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !detail.contains(&text) {
            detail = format!("{detail}: {text}");
        }
        cause = inner.source();
    }
    detail
}
