//! Connecting to the database: one pinned session, with libpq's options and files behind the flags.
//!
//! | file | owns |
//! |---|---|
//! | `args` | the flags, as clap reads them |
//! | `environment` | the environment variables and the home folder, as a value |
//! | `dsn` | connection strings, both forms |
//! | `service` | the connection service file |
//! | `passfile` | the password file |
//! | `settings` | what all of these together say, in libpq's order of precedence |
//! | `tls` | what each `sslmode` means for rustls |
//! | `options` | the options and variables that there are, and where each was given |
//! | `deadline` | waiting no longer than one means to |
//! | `carrier` | what carries a connection, and keeps a password in |
//! | `opening` | how a session comes about |
//! | `session` | the session itself |
//! | `statement` | why a statement failed |
//!
//! An option that is not understood is refused by name, never ignored. Passwords are wiped from memory,
//! are never a flag, and are in no error and no debug output. Only server majors 14 to 18 are accepted.

pub mod args;
mod carrier;
pub(crate) mod deadline;
mod dsn;
pub mod environment;
mod opening;
mod options;
mod passfile;
mod service;
mod session;
mod settings;
mod statement;
mod tls;

use std::path::PathBuf;

use pgseal_catalog::Exit;
use pgseal_keys::files::FileError;
use thiserror::Error;

pub use self::args::ConnectionArgs;
pub use self::environment::Environment;
pub use self::session::{CancelHandle, Notice, Row, ServerVersion, Session};
pub use self::settings::{ChannelBinding, Host, Keepalive, Settings, SslMode, SslNegotiation};
pub(crate) use self::statement::ends_session;
pub use self::statement::{ServerError, StatementError};

/// Why there is no session.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// A connection string that cannot be read.
    #[error("the connection string is malformed: {detail}")]
    MalformedDsn {
        /// What is wrong, without the string.
        detail: String,
    },
    /// A password where others can see it.
    #[error("the connection string holds a password")]
    PasswordInDsn,
    /// An option that libpq does not know either.
    #[error("connection option \"{option}\" from {origin} is unknown")]
    UnknownOption {
        /// The option.
        option: String,
        /// Where it came from.
        origin: String,
    },
    /// An option of libpq that this program does not have, or a value of it.
    #[error("connection option \"{option}\" from {origin} is not supported{}", value.as_ref().map_or(String::new(), |value| format!(" with value \"{value}\"")))]
    UnsupportedOption {
        /// The option.
        option: String,
        /// Where it came from.
        origin: String,
        /// The value, where that is the reason.
        value: Option<String>,
    },
    /// A value that makes no sense.
    #[error("connection option \"{option}\" from {origin} has {}", value.as_ref().map_or("an invalid value".to_owned(), |value| format!("invalid value \"{value}\"")))]
    InvalidValue {
        /// The option.
        option: String,
        /// Where it came from.
        origin: String,
        /// The value, unless it may be a piece of a secret.
        value: Option<String>,
    },
    /// The service is in no service file.
    #[error("definition of service \"{service}\" not found")]
    ServiceNotFound {
        /// The service.
        service: String,
    },
    /// A line of a service or password file that cannot be read.
    #[error("file \"{}\", line {line}: {detail}", path.display())]
    MalformedFile {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong, without the line's content.
        detail: &'static str,
    },
    /// A file could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Nothing says which user to connect as.
    #[error("no user name was given and the operating system has none")]
    NoUser,
    /// Certificates or keys that cannot be used.
    #[error("could not prepare TLS: {detail}")]
    Tls {
        /// What is wrong.
        detail: String,
    },
    /// Nothing says which authority the server's certificate must come from.
    #[error("sslmode=verify-ca needs a root certificate: none is given, and there is no ~/.postgresql/root.crt")]
    NoRoots,
    /// The server could not be reached, or refused.
    #[error("could not connect to {server}: {source}")]
    Refused {
        /// Host, port and database.
        server: String,
        /// Why.
        source: StatementError,
    },
    /// The user may not act as the role that was asked for, or there is none.
    #[error("could not act as role \"{role}\" in {server}: {source}")]
    Role {
        /// The role.
        role: String,
        /// Host, port and database.
        server: String,
        /// Why.
        source: StatementError,
    },
    /// A server of another major version.
    #[error("server version {found} is not supported: this program is for majors 14 to 18")]
    UnsupportedServer {
        /// The version it has.
        found: String,
    },
}

impl ConnectError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MalformedDsn { .. } => "C0101",
            Self::PasswordInDsn => "C0102",
            Self::UnknownOption { .. } => "C0103",
            Self::UnsupportedOption { .. } => "C0104",
            Self::InvalidValue { .. } => "C0105",
            Self::ServiceNotFound { .. } => "C0106",
            Self::MalformedFile { .. } => "C0107",
            Self::File(error) => error.code(),
            Self::NoUser => "C0108",
            Self::Tls { .. } => "C0109",
            Self::Refused { .. } => "C0110",
            Self::UnsupportedServer { .. } => "C0111",
            Self::NoRoots => "C0112",
            Self::Role { .. } => "C0113",
        }
    }

    /// 2 for wrong usage, 3 for a file that others may access, 1 for everything that the environment is to blame for.
    #[must_use]
    pub fn exit_code(&self) -> Exit {
        match self {
            Self::MalformedDsn { .. }
            | Self::PasswordInDsn
            | Self::UnknownOption { .. }
            | Self::UnsupportedOption { .. }
            | Self::InvalidValue { .. }
            | Self::NoUser => Exit::Usage,
            // a file's mode or owner is refused here as everywhere
            Self::File(error) => error.exit_code(),
            Self::ServiceNotFound { .. }
            | Self::MalformedFile { .. }
            | Self::Tls { .. }
            | Self::NoRoots
            | Self::Refused { .. }
            | Self::Role { .. }
            | Self::UnsupportedServer { .. } => Exit::Environment,
        }
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::PasswordInDsn => {
                Some("everybody on this machine can read arguments: put the password into ~/.pgpass or PGPASSWORD")
            }
            Self::NoRoots => Some(
                "name the file of the authority that signs the server's certificate with --sslrootcert; the system's \
                 authorities, who sign for everybody, serve with sslmode=verify-full only",
            ),
            Self::NoUser => Some("give it with --user or PGUSER"),
            Self::File(error) => error.hint(),
            Self::Refused { source, .. } => source.connect_hint(),
            Self::Role { .. } => Some("--role names a role that the user is a member of"),
            _ => None,
        }
    }
}
