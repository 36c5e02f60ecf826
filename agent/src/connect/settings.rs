//! What flags, connection string, service file, environment and defaults say together.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::passfile::{self, Wanted};
use super::{ConnectError, ConnectionArgs, Environment, dsn, service};

const DEFAULT_PORT: u16 = 5432;
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// Where the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A unix socket in this folder.
    Unix(PathBuf),
    /// A host by name or address, reached at another address if that is given.
    Tcp {
        /// What the certificate must be for.
        name: String,
        /// `hostaddr`.
        address: Option<IpAddr>,
    },
}

impl Host {
    /// Whether nothing leaves this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp { address: Some(address), .. } => address.is_loopback(),
            Self::Tcp { name, address: None } => {
                name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

/// `sslmode`, as libpq has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// TLS if the server does not let us in without.
    Allow,
    /// TLS if the server has it.
    Prefer,
    /// TLS, whoever answers, unless there is a root certificate file.
    Require,
    /// TLS with a certificate of a trusted authority.
    VerifyCa,
    /// And the certificate is for this host.
    VerifyFull,
}

/// `channel_binding`, as libpq has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// If there is TLS.
    Prefer,
    /// Always; else no connection.
    Require,
}

/// `sslnegotiation`, as libpq has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslNegotiation {
    /// By the server's leave.
    Postgres,
    /// TLS from the first byte (servers of major 17 or later).
    Direct,
}

/// The roots that certificates are checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// A PEM file.
    File(PathBuf),
    /// Those of the operating system.
    System,
}

/// A client certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClientIdentity {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Everything that a session is opened with.
pub struct Settings {
    /// Where the server is.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The user.
    pub user: String,
    /// How TLS is used.
    pub ssl_mode: SslMode,
    /// How TLS begins.
    pub ssl_negotiation: SslNegotiation,
    /// Whether SCRAM is bound to the TLS channel.
    pub channel_binding: ChannelBinding,
    /// How long connecting may take; `None` is for ever.
    pub connect_timeout: Option<Duration>,
    /// `application_name`.
    pub application_name: String,
    /// `options` for the server.
    pub options: Option<String>,
    /// The root certificates that were asked for, or that are where libpq looks for them.
    pub(super) roots: Option<Roots>,
    pub(super) identity: Option<ClientIdentity>,
    pub(super) password: Option<Zeroizing<String>>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("database", &self.database)
            .field("user", &self.user)
            .field("ssl_mode", &self.ssl_mode)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Settings {
    /// Database, host and port; no user, no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Unix(folder) => {
                write!(f, "database \"{}\" at socket \"{}\" port {}", self.database, folder.display(), self.port)
            }
            Host::Tcp { name, .. } => write!(f, "database \"{}\" at \"{name}\" port {}", self.database, self.port),
        }
    }
}

impl Settings {
    /// Resolves the flags against an environment and its files, in libpq's order: flags, connection
    /// string, service, environment variables, defaults.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn resolve(args: &ConnectionArgs, environment: &Environment) -> Result<Self, ConnectError> {
        let mut options = Options::default();
        for (flag, option, value) in args.given() {
            options.add(option, Zeroizing::new(value), flag)?;
        }
        if let Some(text) = &args.dsn {
            let pairs = dsn::parse(text)?;
            if pairs.iter().any(|(option, _)| option == "password" || option == "sslpassword") {
                return Err(ConnectError::PasswordInDsn);
            }
            options.add_all(pairs, "--dsn")?;
        }
        let named = options.take("service").map(|given| given.value);
        if let Some(name) = named.as_ref().or_else(|| environment.variable("PGSERVICE")) {
            let (pairs, path) = service::find(name, environment)?;
            options.add_all(pairs, &format!("service file \"{}\"", path.display()))?;
        }
        for (variable, option) in VARIABLES {
            if let Some(value) = environment.variable(variable) {
                options.add(option, value.clone(), variable)?;
            }
        }
        if let Some(variable) = UNSUPPORTED_VARIABLES.iter().find(|name| environment.variable(name).is_some()) {
            return Err(ConnectError::UnsupportedOption {
                option: (*variable).to_owned(),
                origin: "the environment".to_owned(),
                value: None,
            });
        }
        from_options(options, environment)
    }
}

/// libpq's environment variables and the options that they stand for.
const VARIABLES: [(&str, &str); 24] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGAPPNAME", "application_name"),
    ("PGOPTIONS", "options"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
    ("PGGSSENCMODE", "gssencmode"),
    ("PGCLIENTENCODING", "client_encoding"),
    ("PGSSLCOMPRESSION", "sslcompression"),
    ("PGSSLSNI", "sslsni"),
    ("PGSSLCERTMODE", "sslcertmode"),
    ("PGREPLICATION", "replication"),
];

/// Variables that libpq obeys and this program cannot.
const UNSUPPORTED_VARIABLES: [&str; 10] = [
    "PGREQUIRESSL",
    "PGREQUIREAUTH",
    "PGREQUIREPEER",
    "PGKRBSRVNAME",
    "PGGSSLIB",
    "PGGSSDELEGATION",
    "PGSSLCRL",
    "PGSSLCRLDIR",
    "PGSSLMINPROTOCOLVERSION",
    "PGSSLMAXPROTOCOLVERSION",
];

/// Options that are used.
const USED: [&str; 17] = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "service",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslnegotiation",
    "channel_binding",
    "connect_timeout",
    "application_name",
    "options",
];

/// Options that are accepted with the values that change nothing, and refused with any other.
const FIXED: [(&str, &[&str]); 10] = [
    ("target_session_attrs", &["any"]),
    ("load_balance_hosts", &["disable"]),
    ("gssencmode", &["disable", "prefer"]),
    ("client_encoding", &["UTF8", "utf8", "UTF-8", "utf-8", "unicode", "UNICODE", "auto"]),
    ("sslcompression", &["0"]),
    ("sslsni", &["1"]),
    ("sslcertmode", &["allow"]),
    ("fallback_application_name", &[]),
    ("replication", &["false", "off", "no", "0"]),
    ("keepalives", &["1"]),
];

/// Options of libpq that this program does not have.
const UNSUPPORTED: [&str; 17] = [
    "sslpassword",
    "sslcrl",
    "sslcrldir",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "min_protocol_version",
    "max_protocol_version",
    "requirepeer",
    "require_auth",
    "requiressl",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
];

struct Given {
    value: Zeroizing<String>,
    origin: String,
}

impl Given {
    fn invalid(&self, option: &str) -> ConnectError {
        ConnectError::InvalidValue {
            option: option.to_owned(),
            origin: self.origin.clone(),
            value: self.value.to_string(),
        }
    }
}

/// Options by name; the first one given counts.
#[derive(Default)]
struct Options(BTreeMap<String, Given>);

impl Options {
    fn add_all(&mut self, pairs: dsn::Pairs, origin: &str) -> Result<(), ConnectError> {
        // Within one source the last one counts, as in libpq.
        let last: BTreeMap<_, _> = pairs.into_iter().collect();
        last.into_iter().try_for_each(|(option, value)| self.add(&option, value, origin))
    }

    fn add(&mut self, option: &str, value: Zeroizing<String>, origin: &str) -> Result<(), ConnectError> {
        let unsupported =
            |value| ConnectError::UnsupportedOption { option: option.to_owned(), origin: origin.to_owned(), value };
        if let Some((_, values)) = FIXED.iter().find(|(name, _)| *name == option) {
            if values.is_empty() || value.is_empty() || values.contains(&value.as_str()) {
                return Ok(());
            }
            return Err(unsupported(Some(value.to_string())));
        }
        if UNSUPPORTED.contains(&option) {
            return Err(unsupported(None));
        }
        if !USED.contains(&option) {
            return Err(ConnectError::UnknownOption { option: option.to_owned(), origin: origin.to_owned() });
        }
        if !value.is_empty() {
            let origin = origin.to_owned();
            self.0.entry(option.to_owned()).or_insert(Given { value, origin });
        }
        Ok(())
    }

    fn take(&mut self, option: &str) -> Option<Given> {
        self.0.remove(option)
    }

    fn text(&mut self, option: &str) -> Option<String> {
        self.take(option).map(|given| given.value.to_string())
    }

    /// One of a few words, or the default.
    fn word<T: Copy>(&mut self, option: &str, words: &[(&str, T)]) -> Result<Option<T>, ConnectError> {
        let Some(given) = self.take(option) else {
            return Ok(None);
        };
        let word = words.iter().find(|(word, _)| *word == given.value.as_str());
        word.map(|(_, meaning)| Some(*meaning)).ok_or_else(|| given.invalid(option))
    }
}

fn from_options(mut options: Options, environment: &Environment) -> Result<Settings, ConnectError> {
    let host = host(&mut options)?;
    let port = port(&mut options)?;
    let user = options.text("user").or_else(|| environment.user().map(str::to_owned)).ok_or(ConnectError::NoUser)?;
    let database = options.text("dbname").unwrap_or_else(|| user.clone());
    let ssl_mode = options.word(
        "sslmode",
        &[
            ("disable", SslMode::Disable),
            ("allow", SslMode::Allow),
            ("prefer", SslMode::Prefer),
            ("require", SslMode::Require),
            ("verify-ca", SslMode::VerifyCa),
            ("verify-full", SslMode::VerifyFull),
        ],
    )?;
    let default_mode = if host.is_local() { SslMode::Prefer } else { SslMode::VerifyFull };
    let ssl_mode = ssl_mode.unwrap_or(default_mode);
    let roots = roots(&mut options, environment, ssl_mode)?;
    let ssl_negotiation = ssl_negotiation(&mut options, ssl_mode)?;
    let channel_binding = options.word(
        "channel_binding",
        &[
            ("disable", ChannelBinding::Disable),
            ("prefer", ChannelBinding::Prefer),
            ("require", ChannelBinding::Require),
        ],
    )?;
    Ok(Settings {
        password: password(&mut options, environment, &host, port, &database, &user)?,
        identity: identity(&mut options, environment),
        connect_timeout: connect_timeout(&mut options)?,
        application_name: options.text("application_name").unwrap_or_else(|| "pgseal-agent".to_owned()),
        options: options.text("options"),
        channel_binding: channel_binding.unwrap_or(ChannelBinding::Prefer),
        ssl_negotiation,
        roots,
        ssl_mode,
        host,
        port,
        database,
        user,
    })
}

fn host(options: &mut Options) -> Result<Host, ConnectError> {
    let name = options.take("host");
    let address = options.take("hostaddr");
    for (option, given) in [("host", &name), ("hostaddr", &address)] {
        if let Some(given) = given.as_ref().filter(|given| given.value.contains(',')) {
            // Which of several servers answers would be left to chance.
            return Err(ConnectError::UnsupportedOption {
                option: option.to_owned(),
                origin: given.origin.clone(),
                value: Some(given.value.to_string()),
            });
        }
    }
    let address =
        address.map(|given| given.value.parse::<IpAddr>().map_err(|_| given.invalid("hostaddr"))).transpose()?;
    match name {
        Some(given) if given.value.starts_with('@') => Err(ConnectError::UnsupportedOption {
            option: "host".to_owned(),
            origin: given.origin.clone(),
            value: Some(given.value.to_string()),
        }),
        Some(given) if given.value.starts_with('/') && address.is_none() => {
            Ok(Host::Unix(PathBuf::from(given.value.as_str())))
        }
        Some(given) => Ok(Host::Tcp { name: given.value.to_string(), address }),
        None => match address {
            Some(address) => Ok(Host::Tcp { name: address.to_string(), address: Some(address) }),
            None => Ok(default_host()),
        },
    }
}

/// The socket folder of the distribution or of an own build, else the loopback interface.
fn default_host() -> Host {
    let folder = DEFAULT_SOCKET_FOLDERS.iter().map(Path::new).find(|folder| folder.is_dir());
    match folder {
        Some(folder) => Host::Unix(folder.to_owned()),
        None => Host::Tcp { name: "localhost".to_owned(), address: None },
    }
}

fn port(options: &mut Options) -> Result<u16, ConnectError> {
    let Some(given) = options.take("port") else {
        return Ok(DEFAULT_PORT);
    };
    given.value.parse().ok().filter(|port| *port > 0).ok_or_else(|| given.invalid("port"))
}

/// Seconds; zero, a negative number or nothing at all mean what they mean to libpq, except that there
/// is a default.
fn connect_timeout(options: &mut Options) -> Result<Option<Duration>, ConnectError> {
    let Some(given) = options.take("connect_timeout") else {
        return Ok(Some(DEFAULT_CONNECT_TIMEOUT));
    };
    let seconds: i32 = given.value.trim().parse().map_err(|_| given.invalid("connect_timeout"))?;
    Ok(u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs))
}

fn roots(options: &mut Options, environment: &Environment, ssl_mode: SslMode) -> Result<Option<Roots>, ConnectError> {
    match options.take("sslrootcert") {
        Some(given) if given.value.as_str() == "system" => {
            if ssl_mode != SslMode::VerifyFull {
                // Anybody can have a certificate of a public authority.
                return Err(given.invalid("sslrootcert"));
            }
            Ok(Some(Roots::System))
        }
        Some(given) => Ok(Some(Roots::File(PathBuf::from(given.value.as_str())))),
        None => {
            let default = environment.in_home(".postgresql/root.crt").filter(|path| path.exists());
            Ok(default.map(Roots::File))
        }
    }
}

fn ssl_negotiation(options: &mut Options, ssl_mode: SslMode) -> Result<SslNegotiation, ConnectError> {
    let Some(given) = options.take("sslnegotiation") else {
        return Ok(SslNegotiation::Postgres);
    };
    let weak = matches!(ssl_mode, SslMode::Disable | SslMode::Allow | SslMode::Prefer);
    match given.value.as_str() {
        "postgres" => Ok(SslNegotiation::Postgres),
        "direct" if !weak => Ok(SslNegotiation::Direct),
        _ => Err(given.invalid("sslnegotiation")),
    }
}

fn identity(options: &mut Options, environment: &Environment) -> Option<ClientIdentity> {
    let path = |given: Option<Given>, default: &str| {
        given.map(|given| PathBuf::from(given.value.as_str())).or_else(|| environment.in_home(default))
    };
    let named = options.take("sslcert");
    let was_named = named.is_some();
    let certificate = path(named, ".postgresql/postgresql.crt").filter(|path| was_named || path.exists())?;
    let key = path(options.take("sslkey"), ".postgresql/postgresql.key")?;
    Some(ClientIdentity { certificate, key })
}

fn password(
    options: &mut Options,
    environment: &Environment,
    host: &Host,
    port: u16,
    database: &str,
    user: &str,
) -> Result<Option<Zeroizing<String>>, ConnectError> {
    if let Some(given) = options.take("password") {
        return Ok(Some(given.value));
    }
    let file = match options.take("passfile") {
        Some(given) => Some(PathBuf::from(given.value.as_str())),
        None => environment.in_home(".pgpass"),
    };
    // Like libpq, no word about a file that is not there.
    let Some(file) = file.filter(|file| file.exists()) else {
        return Ok(None);
    };
    let socket;
    let host = match host {
        Host::Tcp { name, .. } => name.as_str(),
        Host::Unix(folder) if DEFAULT_SOCKET_FOLDERS.iter().any(|default| folder == Path::new(default)) => "localhost",
        Host::Unix(folder) => {
            socket = folder.display().to_string();
            &socket
        }
    };
    passfile::find(&file, &Wanted { host, port, database, user })
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
