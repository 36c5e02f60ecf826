//! Opening a session: the addresses of the host in turn, each within the deadline, TLS as the mode says, and what the server is.
//!
//! The driver's own deadline ends with the connection of the socket. A listener that takes connections and says nothing, such as a
//! pool that is full or half of a load balancer, would be waited for for ever: so all of it, up to the pinned session, is done on a
//! thread that is left behind when time is up.

use std::error::Error as _;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::{Client, Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::carrier::{Carrier, ClearText};
use super::session::{Notice, ServerVersion};
use super::{ChannelBinding, ConnectError, Host, Settings, SslMode, SslNegotiation, StatementError, deadline};

/// The most notices that are kept.
const MAX_NOTICES: usize = 10_000;

/// What is the same in every session, whatever the role, the database or the options say. Settings that
/// change what DDL means are not here: a snapshot records them and a plan sets them. `pg_temp` would be searched first, were it not
/// named last.
const PINNED: &str = "\
SET ROLE NONE;
SET row_security = off;
SET standard_conforming_strings = on;
SET backslash_quote = safe_encoding;
SET quote_all_identifiers = off;
SET search_path = pg_catalog, pg_temp;
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

/// The notices of a session, which come while it does something else.
pub(super) type Notices = Arc<Mutex<Vec<Notice>>>;

/// A session that is open and pinned.
pub(super) struct Opened {
    pub client: Client,
    /// What carries it, which a request to cancel needs too.
    pub carrier: Carrier,
    pub version: ServerVersion,
    pub backend_pid: i32,
    pub notices: Notices,
}

/// Opens a session at the first address of the host that gives one. Each address has the settings' deadline, and no more than its share
/// of what is left for all of them, where there is such a limit.
pub(super) fn open(
    settings: &Settings,
    connector: &MakeRustlsConnect,
    all: Option<Duration>,
) -> Result<Opened, ConnectError> {
    let refused = |source| ConnectError::Refused { server: settings.to_string(), source };
    let end = all.map(|all| Instant::now() + all);
    let limit = |shares: u32| {
        let share = end.map(|end| end.saturating_duration_since(Instant::now()) / shares.max(1));
        [settings.connect_timeout, share].into_iter().flatten().min()
    };
    let shared = Arc::new(settings.clone());
    let asked = Arc::clone(&shared);
    let for_names = limit(2);
    let addresses = deadline::within(for_names, move || addresses(&asked));
    let addresses = addresses.unwrap_or_else(|| Err(overdue(for_names))).map_err(refused)?;
    let mut last = StatementError::Client { detail: "the host has no address".to_owned() };
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for address in addresses {
        let limit = limit(left);
        left -= 1;
        let (settings, connector, until) =
            (Arc::clone(&shared), connector.clone(), limit.map(|limit| Instant::now() + limit));
        let begun = deadline::within(limit, move || begin(&settings, address, &connector, until));
        match begun.unwrap_or_else(|| Err(overdue(limit))) {
            Ok(Begun::Open(opened)) => return Ok(*opened),
            Ok(Begun::Foreign(found)) => return Err(ConnectError::UnsupportedServer { found }),
            Ok(Begun::Barred { role, source }) => {
                return Err(ConnectError::Role { role, server: shared.to_string(), source });
            }
            // It has been reached: another address would only be asked the same.
            Err(source @ StatementError::Server(_)) => return Err(refused(source)),
            Err(source) => last = source,
        }
    }
    Err(refused(last))
}

fn overdue(limit: Option<Duration>) -> StatementError {
    let seconds = limit.unwrap_or_default().as_secs();
    StatementError::Client { detail: format!("no session within {seconds} s") }
}

/// Where the host is: nothing for a socket, which has no address.
fn addresses(settings: &Settings) -> Result<Vec<Option<IpAddr>>, StatementError> {
    let name = match &settings.host {
        Host::Unix(_) => return Ok(vec![None]),
        Host::Tcp { address: Some(address), .. } => return Ok(vec![Some(*address)]),
        Host::Tcp { name, address: None } => name,
    };
    let found = (name.as_str(), settings.port).to_socket_addrs();
    let found = found.map_err(|error| StatementError::Client { detail: error.to_string() })?;
    let mut addresses: Vec<Option<IpAddr>> = Vec::new();
    for address in found.map(|found| Some(found.ip())) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// What an address turned out to be.
enum Begun {
    Open(Box<Opened>),
    /// A server of another version.
    Foreign(String),
    /// One that does not let the user act as the role.
    Barred {
        role: String,
        source: StatementError,
    },
}

/// Begins a session at one address, as often as it may be worth it.
fn begin(
    settings: &Settings,
    address: Option<IpAddr>,
    connector: &MakeRustlsConnect,
    until: Option<Instant>,
) -> Result<Begun, StatementError> {
    let notices = Notices::default();
    let mut more = BEGINNINGS;
    loop {
        more -= 1;
        let (mut client, carrier) = connect(settings, address, connector, &notices)?;
        let in_time = until.is_none_or(|until| Instant::now() < until);
        match settle(&mut client) {
            Ok(Settled::Ready { version, backend_pid }) => {
                if let Some(role) = &settings.role
                    && let Err(source) = act_as(&mut client, role)
                {
                    return Ok(Begun::Barred { role: role.clone(), source });
                }
                return Ok(Begun::Open(Box::new(Opened { client, carrier, version, backend_pid, notices })));
            }
            Ok(Settled::Foreign(found)) => return Ok(Begun::Foreign(found)),
            Err(source) if more > 0 && in_time && (source.is_cancelled() || source.is_lost()) => {}
            Err(source) => return Err(source.while_connecting()),
        }
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

/// Does what follows with the rights of a role, and makes what is made its.
fn act_as(client: &mut Client, role: &str) -> Result<(), StatementError> {
    Ok(client.batch_execute(&format!("SET ROLE \"{}\"", role.replace('"', "\"\"")))?)
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
    address: Option<IpAddr>,
    connector: &MakeRustlsConnect,
    notices: &Notices,
) -> Result<(Client, Carrier), StatementError> {
    let attempt = |attempt| {
        let tls = (attempt != Attempt::Plain).then(|| connector.clone());
        let carrier = Carrier { tls, clear_text: settings.clear_text };
        let client = config(settings, address, attempt, notices).connect(carrier.clone())?;
        Ok((client, carrier))
    };
    let turned_away = |error: &postgres::Error| error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    let (first, second) = match (&settings.host, settings.ssl_mode) {
        (Host::Unix(_), _) | (_, SslMode::Disable) => (Attempt::Plain, None),
        (_, SslMode::Allow) => (Attempt::Plain, Some(Attempt::Tls)),
        // what is not TLS after all has to be carried as well
        (_, SslMode::Prefer) if is_carried(settings) => (Attempt::Tls, Some(Attempt::Plain)),
        (_, SslMode::Prefer) => (Attempt::TlsIfOffered, Some(Attempt::Plain)),
        (_, SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull) => (Attempt::Tls, None),
    };
    match (attempt(first), second) {
        (Ok(client), _) => Ok(client),
        (Err(error), Some(second)) if is_not_offered(&error) => {
            attempt(second).map_err(|error| StatementError::before_session(&error))
        }
        (Err(error), Some(second)) if turned_away(&error) || is_tls(&error) => {
            // The first error tells more when the second attempt fails as well.
            attempt(second).map_err(|_| StatementError::before_session(&error))
        }
        (Err(error), _) => Err(StatementError::before_session(&error)),
    }
}

/// Whether what the server says without TLS is looked at as well. The driver lets nobody in between there, but where TLS begins
/// with the first byte, it lets us make of that what we want.
fn is_carried(settings: &Settings) -> bool {
    settings.clear_text == ClearText::Refused && matches!(settings.host, Host::Tcp { .. })
}

/// Whether the server has no TLS.
fn is_not_offered(error: &postgres::Error) -> bool {
    error.source().is_some_and(|cause| cause.to_string() == "server does not support TLS")
}

/// Whether it was the TLS handshake that failed.
fn is_tls(error: &postgres::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.and_then(io::Error::get_ref).is_some_and(|inner| inner.is::<rustls::Error>())
}

fn config(settings: &Settings, address: Option<IpAddr>, attempt: Attempt, notices: &Notices) -> Config {
    let mut config = Config::new();
    match &settings.host {
        Host::Unix(folder) => {
            config.host_path(folder);
        }
        Host::Tcp { name, .. } => {
            config.host(name);
            if let Some(address) = address {
                config.hostaddr(address);
            }
        }
    }
    watch_the_network(settings, &mut config);
    config.port(settings.port).dbname(&settings.database).user(&settings.user);
    config.application_name(&settings.application_name);
    if let Some(password) = &settings.password {
        config.password(password.as_bytes());
    }
    if let Some(options) = &settings.options {
        config.options(options);
    }
    config.ssl_mode(match attempt {
        Attempt::Plain if is_carried(settings) => postgres::config::SslMode::Require,
        Attempt::Plain => postgres::config::SslMode::Disable,
        Attempt::Tls => postgres::config::SslMode::Require,
        Attempt::TlsIfOffered => postgres::config::SslMode::Prefer,
    });
    let is_direct = match attempt {
        Attempt::Plain => is_carried(settings),
        Attempt::Tls | Attempt::TlsIfOffered => settings.ssl_negotiation == SslNegotiation::Direct,
    };
    if is_direct {
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

/// Lets the operating system find out when the other side is silently gone, also while a statement runs.
fn watch_the_network(settings: &Settings, config: &mut Config) {
    if let Some(timeout) = settings.connect_timeout {
        // an attempt that nobody waits for any more ends as well
        config.connect_timeout(timeout);
    }
    config.keepalives(settings.keepalive.is_some());
    let keepalive = settings.keepalive.unwrap_or_default();
    if let Some(idle) = keepalive.idle {
        config.keepalives_idle(idle);
    }
    if let Some(interval) = keepalive.interval {
        config.keepalives_interval(interval);
    }
    if let Some(count) = keepalive.count {
        config.keepalives_retries(count);
    }
    if let Some(timeout) = settings.user_timeout {
        config.tcp_user_timeout(timeout);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{ConnectionArgs, Environment};
    use super::*;

    #[test]
    fn the_operating_system_is_told_when_a_connection_is_dead() {
        let made = |dsn: &str| {
            let args = ConnectionArgs { dsn: Some(dsn.to_owned()), ..ConnectionArgs::default() };
            let settings = Settings::resolve(&args, &Environment::new(&[], None, Some("u"))).unwrap();
            config(&settings, None, Attempt::Plain, &Notices::default())
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let default = made("host=h");
        assert!(default.get_keepalives());
        assert_eq!(default.get_keepalives_idle(), Duration::from_secs(30));
        assert_eq!((default.get_keepalives_interval(), default.get_keepalives_retries()), (seconds(10), Some(3)));
        assert_eq!(default.get_tcp_user_timeout().copied(), seconds(60));
        assert_eq!(default.get_connect_timeout().copied(), seconds(30));
        let off = made("host=h keepalives=0 tcp_user_timeout=0");
        assert_eq!((off.get_keepalives(), off.get_tcp_user_timeout()), (false, None));
    }
}
