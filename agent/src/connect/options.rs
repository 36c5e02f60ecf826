//! The options that there are: those that are used, those with one value that is meant anyway, those of libpq that are refused; and
//! what was given, with where it comes from.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::{ConnectError, dsn};

/// libpq's environment variables and the options that they stand for.
pub(super) const VARIABLES: [(&str, &str); 24] = [
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
pub(super) const UNSUPPORTED_VARIABLES: [&str; 10] = [
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
const USED: [&str; 22] = [
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
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "application_name",
    "options",
];

/// Options that are accepted with the values that change nothing, and refused with any other.
const FIXED: [(&str, &[&str]); 9] = [
    ("target_session_attrs", &["any"]),
    ("load_balance_hosts", &["disable"]),
    ("gssencmode", &["disable", "prefer"]),
    ("client_encoding", &["UTF8", "utf8", "UTF-8", "utf-8", "unicode", "UNICODE", "auto"]),
    ("sslcompression", &["0"]),
    ("sslsni", &["1"]),
    ("sslcertmode", &["allow"]),
    ("fallback_application_name", &[]),
    ("replication", &["false", "off", "no", "0"]),
];

/// Options of libpq that this program does not have.
const UNSUPPORTED: [&str; 13] = [
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
];

/// Where options come from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// As messages name it.
    name: String,
    values: Values,
}

/// Whether messages may show the values of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    Shown,
    Hidden,
}

impl Source {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), values: Values::Shown }
    }

    /// A connection URI: a password that is not encoded as it should be can end up as a piece of anything else.
    pub fn uri(name: &str) -> Self {
        Self { name: name.to_owned(), values: Values::Hidden }
    }

    fn shown(&self, value: &str) -> Option<String> {
        (self.values == Values::Shown).then(|| value.to_owned())
    }
}

/// An option that was given.
pub(super) struct Given {
    pub value: Zeroizing<String>,
    source: Source,
}

impl Given {
    pub fn invalid(&self, option: &str) -> ConnectError {
        ConnectError::InvalidValue {
            option: option.to_owned(),
            origin: self.source.name.clone(),
            value: self.source.shown(&self.value),
        }
    }

    pub fn unsupported(&self, option: &str) -> ConnectError {
        ConnectError::UnsupportedOption {
            option: option.to_owned(),
            origin: self.source.name.clone(),
            value: self.source.shown(&self.value),
        }
    }

    /// Whether it is an argument of this name.
    pub fn is_from(&self, name: &str) -> bool {
        self.source.name == name
    }
}

/// Options by name; the first one given counts, also when it is empty: then it is the default that counts, not what comes after.
#[derive(Default)]
pub(super) struct Options(BTreeMap<String, Given>);

impl Options {
    pub fn add_all(&mut self, pairs: dsn::Pairs, source: &Source) -> Result<(), ConnectError> {
        // Within one source the last one counts, as in libpq.
        let last: BTreeMap<_, _> = pairs.into_iter().collect();
        last.into_iter().try_for_each(|(option, value)| self.add(&option, value, source))
    }

    pub fn add(&mut self, option: &str, value: Zeroizing<String>, source: &Source) -> Result<(), ConnectError> {
        let given = Given { value, source: source.clone() };
        if let Some((_, values)) = FIXED.iter().find(|(name, _)| *name == option) {
            if values.is_empty() || given.value.is_empty() || values.contains(&given.value.as_str()) {
                return Ok(());
            }
            return Err(given.unsupported(option));
        }
        let (option, origin) = (option.to_owned(), source.name.clone());
        if UNSUPPORTED.contains(&option.as_str()) {
            return Err(ConnectError::UnsupportedOption { option, origin, value: None });
        }
        if !USED.contains(&option.as_str()) {
            return Err(ConnectError::UnknownOption { option, origin });
        }
        self.0.entry(option).or_insert(given);
        Ok(())
    }

    /// An option, unless it is empty.
    pub fn take(&mut self, option: &str) -> Option<Given> {
        self.take_even_empty(option).filter(|given| !given.value.is_empty())
    }

    /// An option as it was given.
    pub fn take_even_empty(&mut self, option: &str) -> Option<Given> {
        self.0.remove(option)
    }

    /// Whether an option was given with this very value.
    pub fn is(&self, option: &str, value: &str) -> bool {
        self.0.get(option).is_some_and(|given| given.value.as_str() == value)
    }

    pub fn text(&mut self, option: &str) -> Option<String> {
        self.take(option).map(|given| given.value.to_string())
    }

    /// One of a few words, or the default; nothing at all is none of them, as in libpq.
    pub fn word<T: Copy>(&mut self, option: &str, words: &[(&str, T)]) -> Result<Option<T>, ConnectError> {
        let Some(given) = self.take_even_empty(option) else {
            return Ok(None);
        };
        let word = words.iter().find(|(word, _)| *word == given.value.as_str());
        word.map(|(_, meaning)| Some(*meaning)).ok_or_else(|| given.invalid(option))
    }

    /// A number; a negative one is zero, as in libpq.
    pub fn number(&mut self, option: &str) -> Result<Option<u32>, ConnectError> {
        let Some(given) = self.take_even_empty(option) else {
            return Ok(None);
        };
        let number: i32 = given.value.trim().parse().map_err(|_| given.invalid(option))?;
        Ok(Some(u32::try_from(number).unwrap_or(0)))
    }
}
