//! Why a plan was not applied, and how the program ends then.

use std::fmt;

use pgseal_catalog::Digest;

use pgseal_catalog::Exit;
use pgseal_catalog::restraint::RestraintError;
use pgseal_keys::state::StateError;

use super::drift::{Difference, is_opaque};
use super::watch::Waiting;
use crate::capture::CaptureError;
use crate::connect::StatementError;

/// Where in a plan something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The phase, from 1.
    pub phase: usize,
    /// The step within it, from 1; none for what the agent does itself.
    pub step: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(f, "phase {}, step {step}", self.phase),
            None => write!(f, "phase {}", self.phase),
        }
    }
}

/// Why a plan was not applied, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The plan is for another major version.
    #[error("the plan is for servers of major version {planned} and this one is of {found}")]
    OtherMajor {
        /// The plan's.
        planned: u32,
        /// The server's.
        found: u32,
    },
    /// The plan is not one that an agent runs.
    #[error(transparent)]
    Restraint(#[from] RestraintError),
    /// The trust policy demands a ledger and the role may not keep one.
    #[error("the trust policy demands the ledger {name}, which this role may neither use nor make")]
    NoLedger {
        /// The table.
        name: String,
    },
    /// The ledger is not the agent's.
    #[error("the ledger {name} {reason}")]
    ForeignLedger {
        /// The table.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The plan was applied to this database already.
    #[error("the plan was applied to this database before: the ledger has its phase {phase} at {at}")]
    UsedBefore {
        /// The first of its phases that was run and would be again, from 1.
        phase: usize,
        /// When that was noted.
        at: String,
    },
    /// The agent's memory does not let the plan through, or cannot be written.
    #[error(transparent)]
    Memory(#[from] StateError),
    /// The session is set up so that triggers do not fire as usual, and the role may not change that.
    #[error("setting session_replication_role is not \"origin\", and this role may not change it")]
    NotOrigin,
    /// Another agent is at work in the database.
    #[error("another agent is applying a plan to this database{}", .holder.as_ref().map_or_else(String::new, |holder| format!(": {holder} holds the advisory lock")))]
    Busy {
        /// Who holds the lock, in words, where that can be seen.
        holder: Option<String>,
    },
    /// The server is a standby.
    #[error("the server is a standby, in which nothing can be changed")]
    Standby,
    /// The plan's time is over.
    #[error("{place}: the plan expired while it was being applied")]
    Expired {
        /// What was to come next.
        place: Place,
    },
    /// Whether a phase was committed cannot be told.
    #[error(
        "{place}: the connection was lost, and whether the phase was committed cannot be told: it changes nothing that shows, and there is no ledger"
    )]
    Undecided {
        /// The phase.
        place: Place,
    },
    /// Transactions of one connection meet several sessions of the server.
    #[error("the connection does not stay in one session of the server")]
    OtherSession {
        /// Whether something was committed before.
        between: bool,
    },
    /// A signal ended the run.
    #[error("{place}: stopped by a signal; what was not committed is rolled back")]
    Interrupted {
        /// Where.
        place: Place,
    },
    /// A signal ended the run before it looked at the database.
    #[error("stopped by a signal before anything of the plan was begun")]
    NotBegun,
    /// The database is neither at the plan's source nor at one of its checkpoints.
    #[error("the database is not the one that the plan was made for")]
    Drift {
        /// What differs.
        differences: Vec<Difference>,
        /// The fingerprint found.
        found: Digest,
    },
    /// The database changed between the check and the lock.
    #[error("{place}: the database was changed while the plan was being applied")]
    DriftUnderLock {
        /// Where.
        place: Place,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// A statement failed.
    #[error("{place}: {source}")]
    Statement {
        /// Where.
        place: Place,
        /// The statement.
        sql: String,
        /// What the server said.
        source: StatementError,
    },
    /// The agent's own statement failed.
    #[error("{what}: {source}")]
    Agent {
        /// What it was for.
        what: &'static str,
        /// What the server said.
        source: StatementError,
    },
    /// The result of a phase is not what the plan promises.
    #[error("{place}: the result is not what the plan promises; rolled back")]
    WrongResult {
        /// Where.
        place: Place,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// The result of a phase outside a transaction is not what the plan promises.
    #[error("{place}: the result is not what the plan promises, and cannot be rolled back")]
    WrongResultKept {
        /// Where.
        place: Place,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// After the last phase somebody else changed the database.
    #[error("the database was changed after the last phase of the plan was committed")]
    ChangedAfterwards {
        /// What differs.
        differences: Vec<Difference>,
    },
    /// No lock was granted in time, however often it was tried.
    #[error("{place}: a lock{} was not granted in time, {tries} times{}; rolled back", on(.waits), by(.waits))]
    LockTimeout {
        /// Where.
        place: Place,
        /// How often it was tried.
        tries: u32,
        /// Whom it was last seen to wait for.
        waits: Option<Waiting>,
    },
    /// No lock was granted in time to read the database with.
    #[error("the database could not be read: a lock{} was not granted in time, {tries} times{}", on(.waits), by(.waits))]
    Unreadable {
        /// How often it was tried.
        tries: u32,
        /// Whom it was last seen to wait for.
        waits: Option<Waiting>,
    },
    /// The connection broke.
    #[error("{place}: {source}")]
    Lost {
        /// Where.
        place: Place,
        /// Whether it is unknown if the phase was committed, or earlier phases were.
        between: bool,
        /// What happened.
        source: StatementError,
    },
    /// The database could not be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
}

/// What a lock is on, behind the word.
fn on(waits: &Option<Waiting>) -> String {
    waits.as_ref().and_then(|waits| waits.on.as_ref()).map_or_else(String::new, |on| format!(" on {on}"))
}

/// Who has it, behind the sentence.
fn by(waits: &Option<Waiting>) -> String {
    waits.as_ref().map_or_else(String::new, |waits| format!(", held by {waits}"))
}

/// What to do where a right is missing.
const RIGHTS: &str = "the role has to own what the plan changes, and needs USAGE and CREATE on the schemas (\"Rights\" in README.md has \
                      all); \"--role\" acts as the owner";

impl ApplyError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherMajor { .. } => "A0101",
            Self::Restraint(error) => error.code(),
            Self::NoLedger { .. } => "A0105",
            Self::ForeignLedger { .. } => "A0106",
            Self::UsedBefore { .. } => "A0107",
            Self::Memory(error) => error.code(),
            Self::NotOrigin => "A0108",
            Self::Standby => "A0110",
            Self::Expired { .. } => "A0111",
            Self::Busy { .. } => "A0201",
            Self::OtherSession { .. } => "A0202",
            Self::Drift { .. } => "A0301",
            Self::DriftUnderLock { .. } => "A0302",
            Self::ChangedAfterwards { .. } => "A0303",
            Self::Statement { .. } => "A0401",
            Self::Agent { .. } => "A0402",
            Self::WrongResult { .. } => "A0501",
            Self::WrongResultKept { .. } => "A0502",
            Self::LockTimeout { .. } => "A0601",
            Self::Unreadable { .. } => "A0602",
            Self::Lost { .. } => "A0701",
            Self::Undecided { .. } => "A0702",
            Self::Interrupted { .. } | Self::NotBegun => "A0801",
            Self::Capture(error) => error.code(),
        }
    }

    /// How the program ends.
    #[must_use]
    pub fn exit_code(&self) -> Exit {
        match self {
            Self::OtherMajor { .. }
            | Self::Restraint(_)
            | Self::NoLedger { .. }
            | Self::ForeignLedger { .. }
            | Self::UsedBefore { .. }
            | Self::Expired { .. } => Exit::Refused,
            Self::Memory(error) => error.exit_code(),
            Self::Drift { .. } | Self::DriftUnderLock { .. } | Self::ChangedAfterwards { .. } => Exit::Drift,
            Self::Statement { .. } => Exit::StatementFailed,
            Self::WrongResult { .. } | Self::WrongResultKept { .. } => Exit::WrongResult,
            Self::Capture(error) if error.is_lock_timeout() => Exit::LockTimeout,
            Self::Busy { .. } | Self::LockTimeout { .. } | Self::Unreadable { .. } => Exit::LockTimeout,
            Self::Lost { between: true, .. }
            | Self::Undecided { .. }
            | Self::OtherSession { between: true }
            | Self::Interrupted { .. }
            | Self::NotBegun => Exit::Stopped,
            Self::Lost { between: false, .. }
            | Self::OtherSession { between: false }
            | Self::NotOrigin
            | Self::Standby
            | Self::Agent { .. }
            | Self::Capture(_) => Exit::Environment,
        }
    }

    /// Whether it is that a statement of the session was cancelled.
    pub(super) fn is_cancellation(&self) -> bool {
        match self {
            Self::Statement { source, .. } | Self::Agent { source, .. } => source.is_cancelled(),
            Self::Capture(error) => error.is_cancelled(),
            _ => false,
        }
    }

    /// Whether nothing of the plan ran.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self.exit_code(), Exit::Refused | Exit::Drift)
            && !matches!(self, Self::ChangedAfterwards { .. } | Self::DriftUnderLock { .. } | Self::Expired { .. })
    }

    /// The facts behind it, a line each.
    #[must_use]
    pub fn detail(&self) -> Vec<String> {
        match self {
            Self::Drift { differences, .. }
            | Self::DriftUnderLock { differences, .. }
            | Self::ChangedAfterwards { differences }
            | Self::WrongResult { differences, .. }
            | Self::WrongResultKept { differences, .. } => differences.iter().map(Difference::to_string).collect(),
            Self::Statement { sql, source, .. } => {
                let mut lines = vec![format!("statement: {}", shortened(sql, 300))];
                if let StatementError::Server(error) = source {
                    lines.extend(error.detail.iter().map(|detail| format!("server: {detail}")));
                    lines.extend(error.context.iter().map(|context| format!("context: {context}")));
                    lines.push(format!("sqlstate: {}", error.sqlstate));
                }
                lines
            }
            _ => Vec::new(),
        }
    }

    /// What a receipt says instead, where the server's message may hold what is in rows.
    #[must_use]
    pub fn without_rows(&self) -> Option<String> {
        match self {
            Self::Statement { place, source: StatementError::Server(error), .. } => {
                Some(format!("{place}: the server refused the statement with SQLSTATE {}", error.sqlstate))
            }
            Self::Lost { place, source: StatementError::Server(error), .. } => {
                Some(format!("{place}: the server ended the session with SQLSTATE {}", error.sqlstate))
            }
            Self::Agent { what, source: StatementError::Server(error) } => {
                Some(format!("{what}: the server refused it with SQLSTATE {}", error.sqlstate))
            }
            _ => None,
        }
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::OtherMajor { .. } => Some("capture this database and make a plan for it"),
            Self::NoLedger { .. } => Some(
                "grant SELECT and INSERT on it and USAGE on its schema, or CREATE on the database where there is none",
            ),
            Self::ForeignLedger { .. } => {
                Some("find out who made it; give it to the database's owner with ALTER … OWNER TO, or drop it")
            }
            Self::UsedBefore { .. } => {
                Some("make a new plan; one that is made with \"pgseal plan --reusable\" may be applied more than once")
            }
            Self::Memory(error) => error.hint(),
            Self::NotOrigin => {
                Some("a role or database has the setting: take it away with ALTER … RESET, or apply as a superuser")
            }
            Self::Busy { .. } => Some("try again when it is done"),
            Self::Standby => Some("connect to the primary"),
            Self::Expired { .. } => {
                Some("what was committed stays; sign the plan anew with a later end, or make another")
            }
            Self::Undecided { .. } => {
                Some("find out whether its statements ran; apply again if they did not, or let the role keep a ledger")
            }
            Self::OtherSession { .. } => Some(
                "a proxy that pools transactions is in between: connect to the server itself, or to a pool of sessions",
            ),
            Self::NotBegun => Some("apply again"),
            Self::Interrupted { .. } => Some("apply again: what was committed is recognised, and the rest follows"),
            Self::Drift { differences, .. } if is_opaque(differences) => Some(
                "\"pgseal-agent drift --snapshot\" with the snapshot that the plan was made from says more; undo it, or \
                 capture the database as it is now and make a new plan",
            ),
            Self::Drift { .. } => Some("undo that, or capture the database as it is now and make a new plan"),
            Self::DriftUnderLock { .. } => Some("find out who changes the schema, then apply again"),
            Self::ChangedAfterwards { .. } => Some("the plan was applied; capture the database to see what came after"),
            Self::Statement { source: StatementError::Server(error), .. } if error.sqlstate == "42501" => Some(RIGHTS),
            Self::Statement { source: StatementError::Server(error), .. } => error.hint.as_deref(),
            Self::WrongResult { .. } => Some(
                "apply again if somebody else was changing the schema; if not, report it with the plan and a snapshot",
            ),
            Self::WrongResultKept { .. } => {
                Some("look at what is there, and undo it or make a new plan from a new snapshot")
            }
            Self::LockTimeout { waits: Some(_), .. } | Self::Unreadable { waits: Some(_), .. } => {
                Some("apply again when that session is done, or end it")
            }
            Self::LockTimeout { .. } | Self::Unreadable { .. } => Some("apply again when the relation is less busy"),
            Self::Lost { .. } => Some("apply again: what was committed is recognised, and the rest follows"),
            Self::Capture(error) => error.hint(),
            _ => None,
        }
    }
}

/// A statement in one line of bounded length, in characters.
pub(crate) fn shortened(sql: &str, longest: usize) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    line.chars().take(longest).chain("…".chars()).collect()
}
