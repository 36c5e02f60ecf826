//! Why an agent's memory was not used, or not written.

use std::path::PathBuf;

use pgseal_catalog::Exit;
use thiserror::Error;

use crate::files::FileError;
use crate::refusal::Refusal;

/// Why an agent's memory was not used, or not written.
#[derive(Debug, Error)]
pub enum StateError {
    /// There is no such folder.
    #[error("state folder \"{}\" is not there", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Others can change the memory.
    #[error("state folder \"{}\" is writable by group or others (mode {mode:04o})", path.display())]
    FolderOpen {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else's folder.
    #[error("state folder \"{}\" belongs to user {owner}, and this program runs as user {user}", path.display())]
    FolderOfAnother {
        /// The folder.
        path: PathBuf,
        /// The number of the folder's user.
        owner: u32,
        /// The number of this program's user.
        user: u32,
    },
    /// Others changed the policy that is remembered whenever this one was about to be.
    #[error("the trust policy in state folder \"{}\" is changed by others all the time", path.display())]
    Unsteady {
        /// The folder.
        path: PathBuf,
    },
    /// The memory is not as it was written.
    #[error("state file \"{}\" is malformed: {detail}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The memory is one of another version of the format.
    #[error("state file \"{}\" is of version {found}, which this agent does not know", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The file itself is the problem.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is remembered stands in the way.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl StateError {
    /// The stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFolder { .. } => "K0501",
            Self::FolderOpen { .. } => "K0502",
            Self::Malformed { .. } => "K0503",
            Self::FolderOfAnother { .. } => "K0504",
            Self::Unsteady { .. } => "K0505",
            Self::OtherVersion { .. } => "K0506",
            Self::File(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
        }
    }

    /// 3 where what is remembered, or who could have changed it, is the reason; 1 where the environment is.
    #[must_use]
    pub fn exit_code(&self) -> Exit {
        match self {
            Self::NoFolder { .. }
            | Self::FolderOpen { .. }
            | Self::FolderOfAnother { .. }
            | Self::Malformed { .. }
            | Self::OtherVersion { .. } => Exit::Refused,
            Self::Unsteady { .. } => Exit::Environment,
            Self::File(error) => error.exit_code(),
            Self::Refused(refusal) => refusal.exit_code(),
        }
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoFolder { .. } => Some("make it with \"mkdir -m 700\", and keep it: it is what the agent remembers"),
            Self::FolderOpen { .. } => Some("run \"chmod 700\" on it"),
            Self::FolderOfAnother { .. } => {
                Some("run this as the user whose memory it is, which is the service's: sudo -u pgseal pgseal-agent …")
            }
            Self::Unsteady { .. } => Some("let one run put the new trust policy in force, then run this again"),
            Self::Malformed { .. } => Some(
                "it was changed or damaged, and an old copy would let old plans in again: see \"Recover\" in AGENT.md",
            ),
            Self::OtherVersion { .. } => Some("a newer agent wrote it: run that one, or a later one"),
            Self::File(error) => error.hint(),
            Self::Refused(refusal) => refusal.hint(),
        }
    }
}
