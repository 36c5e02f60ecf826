//! Names that are cheap to keep and to copy: built-in ones borrow the program's own text, others hold theirs or share it.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use smol_str::SmolStr;

/// A name as the catalog holds it (folded, unquoted).
#[derive(Clone)]
pub enum Sym {
    /// Text that is part of the program.
    Static(&'static str),
    /// Text that came from a file.
    Shared(SmolStr),
}

impl Sym {
    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Sym::Static(text) => text,
            Sym::Shared(text) => text,
        }
    }
}

impl Deref for Sym {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Sym {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Sym {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Sym {
    fn from(text: &str) -> Self {
        Sym::Shared(SmolStr::from(text))
    }
}

impl From<String> for Sym {
    fn from(text: String) -> Self {
        Sym::Shared(SmolStr::from(text))
    }
}

impl From<&String> for Sym {
    fn from(text: &String) -> Self {
        Sym::Shared(SmolStr::from(text.as_str()))
    }
}

impl PartialEq for Sym {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Sym {}

impl PartialEq<str> for Sym {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Sym {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialOrd for Sym {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sym {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Sym {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl From<&pgseal_catalog::id::Name> for Sym {
    fn from(name: &pgseal_catalog::id::Name) -> Self {
        Sym::Shared(name.to_shared())
    }
}
