//! What flags, connection string, service file, environment and defaults say together.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::carrier::ClearText;
use super::options::{Given, Options, Source, UNSUPPORTED_VARIABLES, VARIABLES};
use super::passfile::{self, Wanted};
use super::{ConnectError, ConnectionArgs, Environment, dsn, service};

const DEFAULT_PORT: u16 = 5432;
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// A network that is silently gone is noticed within a minute, which is how long the server lets a transaction of the agent idle.
const DEFAULT_KEEPALIVE: Keepalive =
    Keepalive { idle: Some(Duration::from_secs(30)), interval: Some(Duration::from_secs(10)), count: Some(3) };
const DEFAULT_USER_TIMEOUT: Duration = Duration::from_secs(60);
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

/// How the operating system asks a silent connection whether it is still there; `None` is its own default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keepalive {
    /// How long nothing must have come before it asks.
    pub idle: Option<Duration>,
    /// How long it waits before it asks again.
    pub interval: Option<Duration>,
    /// How often it asks before it gives up.
    pub count: Option<u32>,
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
#[derive(Clone)]
pub struct Settings {
    /// Where the server is.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The user.
    pub user: String,
    /// The role that a session acts as, where that is not the user.
    pub role: Option<String>,
    /// How TLS is used.
    pub ssl_mode: SslMode,
    /// How TLS begins.
    pub ssl_negotiation: SslNegotiation,
    /// Whether SCRAM is bound to the TLS channel.
    pub channel_binding: ChannelBinding,
    /// How long it may take until there is a session, at each address of the host; `None` is for ever.
    pub connect_timeout: Option<Duration>,
    /// How the connection is kept alive, and found dead; `None` is not at all.
    pub keepalive: Option<Keepalive>,
    /// How long what was sent may be unacknowledged; `None` is the operating system's default.
    pub user_timeout: Option<Duration>,
    /// `application_name`.
    pub application_name: String,
    /// `options` for the server.
    pub options: Option<String>,
    /// The root certificates that were asked for, or that are where libpq looks for them.
    pub(super) roots: Option<Roots>,
    /// Only who chose a mode that does not say who the server is gives it a password as it is.
    pub(super) clear_text: ClearText,
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
            .field("role", &self.role)
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
            // A flag or variable that is empty is as if it were not there, as for psql.
            if !value.is_empty() {
                options.add(option, Zeroizing::new(value), &Source::new(flag))?;
            }
        }
        if let Some(text) = &args.dsn {
            let pairs = dsn::parse(text)?;
            if pairs.iter().any(|(option, _)| option == "password" || option == "sslpassword") {
                return Err(ConnectError::PasswordInDsn);
            }
            let source = if dsn::is_uri(text) { Source::uri("--dsn") } else { Source::new("--dsn") };
            options.add_all(pairs, &source)?;
        }
        let named = options.take_even_empty("service").map(|given| given.value);
        if let Some(name) = named.as_ref().or_else(|| environment.variable("PGSERVICE")) {
            let (pairs, path) = service::find(name, environment)?;
            options.add_all(pairs, &Source::new(&format!("service file \"{}\"", path.display())))?;
        }
        for (variable, option) in VARIABLES {
            if let Some(value) = environment.variable(variable) {
                options.add(option, value.clone(), &Source::new(variable))?;
            }
        }
        if let Some(variable) = UNSUPPORTED_VARIABLES.iter().find(|name| environment.variable(name).is_some()) {
            return Err(ConnectError::UnsupportedOption {
                option: (*variable).to_owned(),
                origin: "the environment".to_owned(),
                value: None,
            });
        }
        let role = args.role.clone().filter(|role| !role.is_empty());
        Ok(Self { role, ..from_options(options, environment)? })
    }
}

fn from_options(mut options: Options, environment: &Environment) -> Result<Settings, ConnectError> {
    let host = host(&mut options)?;
    let port = port(&mut options)?;
    let user = options.text("user").or_else(|| environment.user().map(str::to_owned)).ok_or(ConnectError::NoUser)?;
    let database = database(&mut options)?.unwrap_or_else(|| user.clone());
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
    let is_public = options.is("sslrootcert", "system");
    let default_mode = if host.is_local() && !is_public { SslMode::Prefer } else { SslMode::VerifyFull };
    let is_unchosen = ssl_mode.is_none() && default_mode == SslMode::Prefer && matches!(host, Host::Tcp { .. });
    let clear_text = if is_unchosen { ClearText::Refused } else { ClearText::Allowed };
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
        clear_text,
        connect_timeout: connect_timeout(&mut options)?,
        keepalive: keepalive(&mut options)?,
        user_timeout: user_timeout(&mut options)?,
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
        role: None,
    })
}

fn host(options: &mut Options) -> Result<Host, ConnectError> {
    let name = options.take("host");
    let address = options.take("hostaddr");
    for (option, given) in [("host", &name), ("hostaddr", &address)] {
        if let Some(given) = given.as_ref().filter(|given| given.value.contains(',')) {
            // Which of several servers answers would be left to chance.
            return Err(given.unsupported(option));
        }
    }
    let address =
        address.map(|given| given.value.parse::<IpAddr>().map_err(|_| given.invalid("hostaddr"))).transpose()?;
    match name {
        Some(given) if given.value.starts_with('@') => Err(given.unsupported("host")),
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

/// The database. libpq would expand a name that is a connection string, with what it holds of a password.
fn database(options: &mut Options) -> Result<Option<String>, ConnectError> {
    let Some(given) = options.take("dbname") else {
        return Ok(None);
    };
    if dsn::is_uri(&given.value) || (given.is_from("--db") && given.value.contains('=')) {
        let detail = "it stands where the name of a database belongs: give it with --dsn".to_owned();
        return Err(ConnectError::MalformedDsn { detail });
    }
    Ok(Some(given.value.to_string()))
}

fn port(options: &mut Options) -> Result<u16, ConnectError> {
    let Some(given) = options.take("port") else {
        return Ok(DEFAULT_PORT);
    };
    given.value.parse().ok().filter(|port| *port > 0).ok_or_else(|| given.invalid("port"))
}

/// Seconds; zero and negative numbers are for ever, as in libpq, but there is a default.
fn connect_timeout(options: &mut Options) -> Result<Option<Duration>, ConnectError> {
    Ok(match options.number("connect_timeout")? {
        None => Some(DEFAULT_CONNECT_TIMEOUT),
        Some(seconds) => seconds_of(seconds),
    })
}

/// Seconds, unless there are none.
fn seconds_of(seconds: u32) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

/// Zero means the operating system's default, as in libpq.
fn keepalive(options: &mut Options) -> Result<Option<Keepalive>, ConnectError> {
    let is_on = !matches!(options.number("keepalives")?, Some(0));
    let mut keepalive = DEFAULT_KEEPALIVE;
    if let Some(seconds) = options.number("keepalives_idle")? {
        keepalive.idle = seconds_of(seconds);
    }
    if let Some(seconds) = options.number("keepalives_interval")? {
        keepalive.interval = seconds_of(seconds);
    }
    if let Some(count) = options.number("keepalives_count")? {
        keepalive.count = Some(count).filter(|count| *count > 0);
    }
    Ok(is_on.then_some(keepalive))
}

/// Milliseconds; zero means the operating system's default.
fn user_timeout(options: &mut Options) -> Result<Option<Duration>, ConnectError> {
    let millis = options.number("tcp_user_timeout")?;
    Ok(millis.map_or(Some(DEFAULT_USER_TIMEOUT), |millis| (millis > 0).then(|| Duration::from_millis(millis.into()))))
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
    let Some(given) = options.take_even_empty("sslnegotiation") else {
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
