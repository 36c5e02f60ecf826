//! Why a capture fails.

use pgseal_catalog::id::IdError;
use postgres::error::SqlState;

use crate::connect::ends_session;

/// Why a database cannot be captured.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// A major version that this program does not know.
    #[error("server version {version} is not supported")]
    UnsupportedServer {
        /// `server_version`.
        version: String,
    },
    /// The role may not read something that the capture needs.
    #[error("the role may not read {what}: {message}")]
    MissingRight {
        /// What was being read.
        what: &'static str,
        /// What the server said; it names the object.
        message: String,
    },
    /// The server refused or the connection broke.
    #[error("cannot read {what}: {}", describe(source))]
    Query {
        /// What was being read.
        what: &'static str,
        /// What the driver said.
        source: postgres::Error,
    },
    /// An object changed while it was read: expressions are printed from the newest state, rows are of the snapshot.
    #[error("{what} was changed while it was being read")]
    Concurrent {
        /// Which object.
        what: String,
    },
    /// No such extension on the server.
    #[error("extension \"{name}\" is not available on this server")]
    NoExtension {
        /// Its name.
        name: String,
    },
    /// An extension whose members were asked for cannot be created.
    #[error("cannot create extension \"{name}\" to list its members: {}", describe(source))]
    Extension {
        /// Its name.
        name: String,
        /// What the driver said.
        source: Box<postgres::Error>,
    },
    /// Something the server should not hold.
    #[error("unexpected {what}: {detail}")]
    Unexpected {
        /// What was read.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// A name that no id can hold.
    #[error("cannot name an object: {0}")]
    Name(#[from] IdError),
}

impl CaptureError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnsupportedServer { .. } => "C0201",
            Self::MissingRight { .. } => "C0202",
            Self::Query { .. } => "C0203",
            Self::Concurrent { .. } => "C0204",
            Self::Unexpected { .. } => "C0205",
            Self::Name(_) => "C0206",
            Self::NoExtension { .. } => "C0207",
            Self::Extension { .. } => "C0208",
        }
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnsupportedServer { .. } => Some("supported are the major versions 14 to 18"),
            Self::MissingRight { .. } => Some("grant the right, or capture as a role that has it"),
            Self::Concurrent { .. } => Some("capture again when no schema change is running"),
            Self::NoExtension { .. } => Some("install its files on the server's machine, or leave it out"),
            Self::Extension { .. } => Some("capture as a role that may create it: nothing of it stays in the database"),
            Self::Query { .. } | Self::Unexpected { .. } | Self::Name(_) => None,
        }
    }

    /// Whether a lock was not granted in time.
    #[must_use]
    pub fn is_lock_timeout(&self) -> bool {
        matches!(self, Self::Query { source, .. } if source.code() == Some(&SqlState::LOCK_NOT_AVAILABLE))
    }

    /// Whether reading again may help: a deadlock, a serialization failure, an object that changed meanwhile. Rows that do not fit
    /// together are such a change where each query sees what is committed by then, as in the middle of a phase.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Concurrent { .. } | Self::Unexpected { .. } => true,
            Self::Query { source, .. } => source.code().is_some_and(|code| {
                *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE
            }),
            _ => false,
        }
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Query { source, .. } if source.code() == Some(&SqlState::QUERY_CANCELED))
    }

    /// Whether the connection is gone.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        let Self::Query { source, .. } = self else { return false };
        // without a message from the server it is the transport that failed
        source.as_db_error().is_none_or(ends_session)
    }

    pub(super) fn query(what: &'static str, source: postgres::Error) -> Self {
        match source.as_db_error() {
            Some(db) if *db.code() == SqlState::INSUFFICIENT_PRIVILEGE => {
                Self::MissingRight { what, message: db.message().to_owned() }
            }
            // a function that prints from the catalog met an object that a concurrent command dropped
            Some(db) if *db.code() == SqlState::INTERNAL_ERROR && is_gone(db.message()) => {
                Self::Concurrent { what: what.to_owned() }
            }
            _ => Self::Query { what, source },
        }
    }

    pub(super) fn unexpected(what: &'static str, detail: impl Into<String>) -> Self {
        Self::Unexpected { what, detail: detail.into() }
    }
}

/// Whether a server's internal error says that what it was about to look at is no longer there.
fn is_gone(message: &str) -> bool {
    message.starts_with("cache lookup failed") || message.starts_with("could not open relation with OID")
}

fn describe(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        None => {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(error);
            while let Some(inner) = cause {
                text.push_str(": ");
                text.push_str(&inner.to_string());
                cause = inner.source();
            }
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_meanwhile_is_read_again() {
        assert!(is_gone("could not open relation with OID 16795") && is_gone("cache lookup failed for type 7"));
        assert!(!is_gone("could not open relation mapping file"));
        assert!(CaptureError::unexpected("relation", "there is none with the OID 7").is_passing());
        assert!(CaptureError::Concurrent { what: "views".to_owned() }.is_passing());
    }
}
