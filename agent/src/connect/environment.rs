//! The process's environment as far as it concerns connections, as a value that tests can make.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Environment variables, the home folder and the operating system's user.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, Zeroizing<String>>,
    home: Option<PathBuf>,
    user: Option<String>,
}

impl Environment {
    /// Reads the environment of this process. Variables that are not UTF-8 are left out.
    #[must_use]
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, Zeroizing::new(value.into_string().ok()?))))
            .filter(|(name, _)| name.starts_with("PG"))
            .collect();
        let account = Account::current();
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        Self {
            variables,
            home: home.or_else(|| account.as_ref().map(|account| account.home.clone())),
            user: account.map(|account| account.name).or_else(|| std::env::var("USER").ok()),
        }
    }

    /// An environment of these variables.
    #[must_use]
    pub fn new(variables: &[(&str, &str)], home: Option<&Path>, user: Option<&str>) -> Self {
        Self {
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).to_owned())))
                .collect(),
            home: home.map(Path::to_owned),
            user: user.map(str::to_owned),
        }
    }

    /// A variable, when it is set and not empty (libpq's reading of an empty one).
    pub(super) fn variable(&self, name: &str) -> Option<&Zeroizing<String>> {
        self.variables.get(name).filter(|value| !value.is_empty())
    }

    /// A file below the home folder.
    pub(super) fn in_home(&self, name: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(name))
    }

    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("variables", &self.variables.keys()).finish_non_exhaustive()
    }
}

/// The line of `/etc/passwd` that belongs to this process.
struct Account {
    name: String,
    home: PathBuf,
}

impl Account {
    #[cfg(unix)]
    fn current() -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
        let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
        accounts.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            match fields.as_slice() {
                [name, _, id, _, _, home, ..] if *id == uid => {
                    Some(Self { name: (*name).to_owned(), home: PathBuf::from(home) })
                }
                _ => None,
            }
        })
    }

    #[cfg(not(unix))]
    fn current() -> Option<Self> {
        None
    }
}
