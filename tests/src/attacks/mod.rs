//! Ways to cheat, each a folder `tests/attacks/<name>/` with an `attack.toml` that says what is tried, by whom, and how it ends.
//!
//! ```toml
//! attack = "The plan is altered after it was signed."       # in words
//! by = "somebody on the way, without a key"                 # who could try it
//! judge = "apply"            # who has to refuse it, see [`Judge`]; this one is the default
//! policy = "threshold = 2"   # lines for the head of trust.toml
//! tables = "[[targets]]…"    # tables for its end
//! keys = { alice = "revoked = true" }   # lines for the entry of a key
//! arguments = "--target staging"        # further arguments of the judge; {policy} is the sha256 of the policy as it was first
//! state = true               # the agent has a memory
//! verify = false             # pgseal verify cannot tell, only the agent can
//! setup = [ … ]              # steps before, in the honest run too
//! honest = [ … ]             # steps of the honest run [default: alice, bob and carol sign]
//! steps = [ … ]              # steps of the attack, see [`Step`]
//! code = "K0113"             # how it is refused
//! exit = 3                   # the exit code [default: 3]
//! untouched = "victim"       # a file that must be as it was
//! written = "applied.json"   # a file that must be there in the end, and no link
//! ```
//!
//! Every attack is run twice: honestly, which the judge must let through, and as an attack, which it must refuse with this code. So a
//! refusal is never that of a mistake in the folder.

mod desk;
mod judge;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

pub use self::desk::AttackDesk;
pub use self::judge::{Judge, run};

/// One way to cheat.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// The folder's name.
    #[serde(skip)]
    pub name: String,
    /// What is tried, in words.
    pub attack: String,
    /// Who could try it.
    pub by: String,
    /// Who has to refuse it.
    #[serde(default)]
    pub judge: Judge,
    /// Lines for the head of the policy.
    #[serde(default)]
    pub policy: String,
    /// Tables for the end of the policy.
    #[serde(default)]
    pub tables: String,
    /// Lines for the entry of a key.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
    /// Further arguments of the judge.
    #[serde(default)]
    pub arguments: String,
    /// Whether the agent has a memory.
    #[serde(default)]
    pub state: bool,
    /// Whether `pgseal verify` has to say the same as the agent.
    #[serde(default = "yes")]
    pub verify: bool,
    /// Steps before either run.
    #[serde(default)]
    pub setup: Vec<Step>,
    /// Steps of the honest run.
    #[serde(default = "all_sign")]
    pub honest: Vec<Step>,
    /// Steps of the attack.
    pub steps: Vec<Step>,
    /// The code of the refusal.
    pub code: String,
    /// The exit code.
    #[serde(default = "three")]
    pub exit: i32,
    /// A file that must be as it was.
    pub untouched: Option<String>,
    /// A file that must be there in the end, and no link.
    pub written: Option<String>,
}

fn yes() -> bool {
    true
}

fn three() -> i32 {
    3
}

fn all_sign() -> Vec<Step> {
    ["alice", "bob", "carol"].map(|name| Step::Sign(name.to_owned())).into()
}

/// One thing that somebody does at the desk. Files are named relative to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Somebody signs the plan.
    Sign(String),
    /// Somebody signs the plan as reproduced.
    Reproduce(String),
    /// Somebody signs a file as a document of a kind, whatever it holds: `plan`, `snapshot`, `receipt` or `trust-policy`.
    Forge {
        /// The file.
        file: String,
        /// The kind.
        kind: String,
        /// Whose key.
        by: String,
    },
    /// A value of the plan is replaced (by JSON pointer), and the plan written anew, without its seal.
    Plan {
        /// Where.
        at: String,
        /// The value as JSON; nothing removes it.
        to: Option<String>,
    },
    /// Text in a file is replaced, wherever it is.
    Replace {
        /// The file.
        file: String,
        /// What is there.
        from: String,
        /// What comes there; `{id:NAME}` is the id of somebody's key, `{key:NAME}` the key.
        to: String,
    },
    /// The only signature of a seal is there once more, under an id that no key has.
    Echo(String),
    /// The only signature of a seal is there once more, as it is.
    Repeat(String),
    /// Text is put behind a file.
    Append {
        /// The file.
        file: String,
        /// What is put there.
        text: String,
        /// How often.
        #[serde(default = "once")]
        times: usize,
    },
    /// A file loses so many bytes at its end.
    Truncate {
        /// The file.
        file: String,
        /// How many.
        bytes: u64,
    },
    /// A file becomes so many bytes long.
    Grow {
        /// The file.
        file: String,
        /// How many.
        bytes: u64,
    },
    /// A file is written.
    Write {
        /// The file.
        file: String,
        /// What it holds.
        text: String,
    },
    /// A file is copied.
    Copy {
        /// From where.
        file: String,
        /// To where.
        to: String,
    },
    /// A file is replaced by a symbolic link.
    Link {
        /// The link.
        file: String,
        /// Where it leads.
        to: String,
    },
    /// A file or folder goes.
    Remove(String),
    /// A file's or folder's mode is set, in octal digits.
    Chmod {
        /// The file.
        file: String,
        /// The mode.
        mode: String,
    },
    /// `pgseal` is run with these arguments, and succeeds.
    Run(String),
    /// The agent is asked, and lets the plan through: it remembers that, where it has a memory.
    Accepted,
    /// The agent applies the plan to the desk's database.
    Applied,
    /// Somebody runs statements in the desk's database, as its owner.
    Sql(String),
}

fn once() -> usize {
    1
}

/// Reads every attack in a folder, in the order of their names.
///
/// # Panics
/// When a folder is not as it should be.
pub fn read_all(folder: &Path) -> Vec<Attack> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut folders: Vec<_> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.iter().map(|folder| read(folder)).collect()
}

fn read(folder: &Path) -> Attack {
    let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
    let path = folder.join("attack.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let attack: Attack = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Attack { name, ..attack }
}
