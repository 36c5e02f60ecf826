//! What an agent remembers between runs, in a folder of its own: the latest time that it has seen, the trust policy that it last
//! accepted, the number of the last plan that it began, per target, and the last receipt that it wrote. It goes only forward.
//!
//! ```text
//! state.json   the memory, whole or not at all; not there before the first run
//! lock         held while the memory is read and written anew: agents of several databases may share a folder
//! ```
//!
//! Refused: a folder that is missing, somebody else's, or one that others can write or exchange, a memory that is not as it was written.
//! An agent that has lost its memory would accept an old policy again, so only a person can take it away.

mod error;
mod file;

use std::fs;
use std::path::{Path, PathBuf};

use pgseal_catalog::receipt::Link;
use pgseal_catalog::{Digest, Failure};

pub use self::error::StateError;
pub use self::file::Mark;
use self::file::{Contents, RememberedPolicy, RememberedReceipt, Unread};
use crate::files::{self, Access, Guard};
use crate::lock;
use crate::policy::MAX_POLICY_BYTES;
use crate::refusal::Refusal;
use crate::sealed::PreparedDocument;

/// The largest memory that is read, in bytes: a policy in quotes, and the marks.
const MAX_STATE_BYTES: u64 = 4 * MAX_POLICY_BYTES;

/// The memory of an agent, as it was when it was opened.
#[derive(Debug, Clone)]
pub struct State {
    folder: PathBuf,
    contents: Box<Contents>,
}

/// Whether a policy is remembered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It is.
    Remembered,
    /// Another agent of this folder had another one accepted since the memory was opened.
    NotSinceOthersDid,
}

impl State {
    /// Opens the memory in a folder; an empty folder is an agent that has seen nothing yet.
    ///
    /// # Errors
    /// See [`StateError`].
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        check_folder(folder)?;
        let contents = Box::new(read(folder)?);
        Ok(Self { folder: folder.to_owned(), contents })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether any plan with a number was begun, and on which targets.
    pub(crate) fn marked(&self) -> impl Iterator<Item = &str> {
        self.contents.sequences.keys().map(String::as_str)
    }

    /// The trust policy that was last accepted, as its file was.
    pub(crate) fn policy(&self) -> Option<&[u8]> {
        self.contents.policy.as_ref().map(|policy| policy.text.as_bytes())
    }

    /// The plan that was last begun on a target.
    pub(crate) fn mark(&self, label: &str) -> Option<&Mark> {
        self.contents.sequences.get(label)
    }

    /// Refuses a clock that shows an earlier time than it did.
    pub(crate) fn check_clock(&self, now: u64) -> Result<(), Refusal> {
        let remembered = self.contents.time;
        if now < remembered { Err(Refusal::ClockBefore { now, remembered }) } else { Ok(()) }
    }

    /// Remembers a time and the policy that was accepted then, unless another one is remembered by now than when this was opened,
    /// which is what the policy was held against.
    pub(crate) fn accept(&mut self, now: u64, version: u64, policy: &str) -> Result<Accepted, StateError> {
        let _held = lock(&self.folder)?;
        let mut contents = read(&self.folder)?;
        if contents.policy != self.contents.policy {
            return Ok(Accepted::NotSinceOthersDid);
        }
        contents.time = contents.time.max(now);
        if contents.policy.as_ref().is_none_or(|known| known.text != policy) {
            contents.policy = Some(RememberedPolicy { version, text: policy.to_owned() });
        }
        self.write(contents)?;
        Ok(Accepted::Remembered)
    }

    /// Remembers that a plan was begun on a target.
    pub(crate) fn begin(&mut self, label: &str, mark: Mark) -> Result<(), StateError> {
        self.update(|contents| {
            // another agent may have been faster since the plan was let through
            check_mark(contents.sequences.get(label), label, mark)?;
            contents.sequences.insert(label.to_owned(), mark);
            Ok(())
        })
    }

    /// Remembers that it is as late as this, however the run ends that saw it.
    ///
    /// # Errors
    /// A memory that cannot be read or written.
    pub fn note_time(&mut self, now: u64) -> Result<(), StateError> {
        self.update(|contents| {
            contents.time = contents.time.max(now);
            Ok(())
        })
    }

    /// The place of the receipt that comes next, if any was written before.
    #[must_use]
    pub fn next_receipt(&self) -> Option<Link> {
        self.contents.receipt.map(|last| last.link.next(last.sha256))
    }

    /// Puts the next receipt behind the last one, alone: `prepare` gets its place, none where no receipt is remembered, writes it
    /// aside and says when its run ended, which is remembered too. The receipt is remembered before it gets its name, so that no two
    /// ever have the same place: if the agent is killed in between, one is missing. Whoever reads it from a pipe keeps no other agent
    /// waiting.
    ///
    /// # Errors
    /// What `prepare` says; a memory or a receipt that cannot be written.
    pub fn append_receipt(
        &mut self,
        prepare: impl FnOnce(Option<Link>) -> Result<(Link, u64, PreparedDocument), Failure>,
    ) -> Result<(), Failure> {
        let held = lock(&self.folder)?;
        let mut contents = read(&self.folder)?;
        let place = contents.receipt.map(|last| last.link.next(last.sha256));
        let (link, ended, prepared) = prepare(place)?;
        contents.time = contents.time.max(ended);
        contents.receipt = Some(RememberedReceipt { link, sha256: prepared.digest() });
        self.write(contents)?;
        let _held = (!prepared.is_stream()).then_some(held);
        prepared.put()
    }

    /// Changes the memory as it is now, alone.
    fn update(&mut self, change: impl FnOnce(&mut Contents) -> Result<(), Refusal>) -> Result<(), StateError> {
        let _held = lock(&self.folder)?;
        let mut contents = read(&self.folder)?;
        change(&mut contents)?;
        self.write(contents)
    }

    fn write(&mut self, contents: Contents) -> Result<(), StateError> {
        files::replace(&self.folder.join(file::NAME), Access::Owner, &contents.to_bytes())?;
        *self.contents = contents;
        Ok(())
    }
}

/// Whether a plan may follow the one that was last begun on the target: a later one, or the very same once more.
pub(crate) fn check_mark(remembered: Option<&Mark>, label: &str, mark: Mark) -> Result<(), Refusal> {
    let Some(remembered) = remembered else { return Ok(()) };
    let (label, found) = (label.to_owned(), mark.sequence);
    if found < remembered.sequence {
        return Err(Refusal::SequencePassed { label, found, remembered: remembered.sequence });
    }
    if found == remembered.sequence && mark.plan != remembered.plan {
        return Err(Refusal::SequenceTaken { label, found });
    }
    Ok(())
}

impl Mark {
    /// The mark of a plan.
    #[must_use]
    pub fn new(sequence: u64, plan: Digest) -> Self {
        Self { sequence, plan }
    }
}

fn read(folder: &Path) -> Result<Contents, StateError> {
    let path = folder.join(file::NAME);
    // a link that leads nowhere is there all the same, and is no first run
    if path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Ok(Contents::default());
    }
    let bytes = files::read(&path, guard(folder), MAX_STATE_BYTES)?;
    Contents::from_bytes(&bytes).map_err(|error| match error {
        Unread::Version(found) => StateError::OtherVersion { path, found },
        Unread::Malformed(detail) => StateError::Malformed { path, detail },
    })
}

fn check_folder(folder: &Path) -> Result<(), StateError> {
    let found = fs::metadata(folder);
    let missing = || StateError::NoFolder { path: folder.to_owned() };
    let found = found.ok().filter(fs::Metadata::is_dir).ok_or_else(missing)?;
    check_mode(folder, &found)?;
    // nothing may be in it yet: who can exchange it takes all away that is remembered
    #[cfg(unix)]
    crate::way::check(folder)?;
    Ok(())
}

/// Where others may come into the folder, nobody else may write the file. Where they may not, the rights of its group mean nothing: on a
/// volume of Kubernetes they come by themselves.
#[cfg(unix)]
fn guard(folder: &Path) -> Guard {
    use std::os::unix::fs::PermissionsExt as _;
    let is_closed = |found: fs::Metadata| found.permissions().mode() & 0o011 == 0;
    if fs::metadata(folder).is_ok_and(is_closed) { Guard::Trusted } else { Guard::Own }
}

#[cfg(not(unix))]
fn guard(_: &Path) -> Guard {
    Guard::Own
}

#[cfg(unix)]
fn check_mode(folder: &Path, found: &fs::Metadata) -> Result<(), StateError> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    // root may not either: what it left there would be closed to the service
    let (owner, user) = (found.uid(), rustix::process::geteuid().as_raw());
    if owner != user {
        return Err(StateError::FolderOfAnother { path: folder.to_owned(), owner, user });
    }
    let mode = found.permissions().mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(StateError::FolderOpen { path: folder.to_owned(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &fs::Metadata) -> Result<(), StateError> {
    Ok(())
}

/// Waits until nobody else changes the memory.
fn lock(folder: &Path) -> Result<lock::Lock, StateError> {
    Ok(lock::file(&folder.join("lock"))?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// What a policy was held against is what is remembered when it is accepted, or it is not accepted.
    #[test]
    fn nothing_is_accepted_behind_anothers_back() {
        let policy = |version: u64| {
            let key = "MCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=";
            format!(
                "format = \"pgseal-trust\"\nversion = 1\npolicy_version = {version}\n[[keys]]\nname = \"a\"\nkey = \"{key}\"\n"
            )
        };
        let temporary = tempfile::tempdir().unwrap();
        let open = || State::open(temporary.path()).unwrap();
        // two see it for the first time
        let (mut one, mut other) = (open(), open());
        assert_eq!(one.accept(1, 1, &policy(1)).unwrap(), Accepted::Remembered);
        assert_eq!(other.accept(1, 3, &policy(3)).unwrap(), Accepted::NotSinceOthersDid);
        assert_eq!(open().policy(), Some(policy(1).as_bytes()));
        // two successors, each held against the first
        let (mut one, mut other) = (open(), open());
        assert_eq!(one.accept(1, 2, &policy(2)).unwrap(), Accepted::Remembered);
        assert_eq!(other.accept(1, 3, &policy(3)).unwrap(), Accepted::NotSinceOthersDid);
        assert_eq!(open().policy(), Some(policy(2).as_bytes()));
        // the same once more, and what else others remember is no obstacle
        let (mut one, mut other) = (open(), open());
        one.begin("shop", Mark::new(1, Digest::of(b""))).unwrap();
        assert_eq!(other.accept(5, 2, &policy(2)).unwrap(), Accepted::Remembered);
        assert_eq!(open().marked().collect::<Vec<_>>(), ["shop"]);
    }

    /// What a run saw last counts, not what it saw first.
    #[test]
    fn the_latest_time_is_remembered() {
        use crate::kind::Receipt;
        use crate::signer::AgentHost;
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("state");
        fs::create_dir(&folder).unwrap();
        let open = || State::open(&folder).unwrap();
        let (mut state, mut other) = (open(), open());
        state.note_time(20).unwrap();
        // one that began earlier, and ends in between
        other.note_time(10).unwrap();
        open().check_clock(20).unwrap();
        assert_eq!(open().check_clock(19).unwrap_err().code(), "K0331");
        let append = |state: &mut State, ended| {
            state.append_receipt(|place| {
                let path = temporary.path().join("receipt");
                let prepared = crate::prepare_sealed::<Receipt, AgentHost>(&path, Access::Owner, b"{}", None)?;
                Ok((place.unwrap_or(Link::FIRST), ended, prepared))
            })
        };
        append(&mut state, 30).unwrap();
        append(&mut other, 25).unwrap();
        open().check_clock(30).unwrap();
        assert_eq!(open().check_clock(29).unwrap_err().code(), "K0331");
    }

    /// A memory is everybody's again before a pipe's reader is waited for.
    #[cfg(unix)]
    #[test]
    fn nobody_waits_for_the_reader_of_anothers_receipt() {
        use crate::kind::Receipt;
        use crate::signer::AgentHost;
        let temporary = tempfile::tempdir().unwrap();
        let (pipe, folder) = (temporary.path().join("pipe"), temporary.path().join("state"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        fs::create_dir(&folder).unwrap();
        let open = || State::open(&folder).unwrap();
        let mut state = open();
        let writer = {
            let pipe = pipe.clone();
            std::thread::spawn(move || {
                state.append_receipt(|_| {
                    let prepared = crate::prepare_sealed::<Receipt, AgentHost>(&pipe, Access::Owner, b"receipt", None)?;
                    assert!(prepared.is_stream());
                    Ok((Link::FIRST, 0, prepared))
                })
            })
        };
        while open().next_receipt().is_none() {
            std::thread::yield_now();
        }
        open().begin("shop", Mark::new(1, Digest::of(b""))).unwrap();
        assert!(!writer.is_finished());
        assert_eq!(fs::read(&pipe).unwrap(), b"receipt");
        writer.join().unwrap().unwrap();
    }

    /// A receipt is remembered before it gets its name, and one that cannot be remembered gets none.
    #[test]
    fn receipts_follow_one_another() {
        use crate::kind::Receipt;
        use crate::signer::AgentHost;
        let temporary = tempfile::tempdir().unwrap();
        let place = |name: &str| temporary.path().join(name);
        let append = |state: &mut State, name: &str| {
            let mut place_found = None;
            let added = state.append_receipt(|place_given| {
                place_found = place_given;
                let link = place_given.unwrap_or(Link::FIRST);
                let bytes = name.as_bytes();
                let prepared = crate::prepare_sealed::<Receipt, AgentHost>(&place(name), Access::Owner, bytes, None)?;
                assert!(!prepared.is_stream(), "the memory is held until a file has its name");
                Ok((link, 0, prepared))
            });
            added.map(|()| place_found)
        };
        let folder = place("state");
        fs::create_dir(&folder).unwrap();
        let open = || State::open(&folder).unwrap();
        let mut state = open();
        assert_eq!(state.next_receipt(), None);
        assert_eq!(append(&mut state, "first").unwrap(), None);
        let second = Link::FIRST.next(Digest::of(b"first"));
        assert_eq!((state.next_receipt(), open().next_receipt()), (Some(second), Some(second)));
        assert_eq!(append(&mut open(), "second").unwrap(), Some(second));
        // another agent was faster: its receipt is the one that is followed
        let third = second.next(Digest::of(b"second"));
        assert_eq!(append(&mut state, "third").unwrap(), Some(third));
        assert!(["first", "second", "third"].iter().all(|name| fs::read(place(name)).unwrap() == name.as_bytes()));
        // killed between the memory and the name, or no room for it: the next one has the next place
        fs::create_dir(place("taken")).unwrap();
        append(&mut state, "taken").unwrap_err();
        assert_eq!(open().next_receipt(), Some(third.next(Digest::of(b"third")).next(Digest::of(b"taken"))));
        // a receipt that is not made is not remembered
        let before = open().next_receipt();
        state.append_receipt(|_| Err(Failure::new(pgseal_catalog::Exit::Environment, "no"))).unwrap_err();
        assert_eq!(open().next_receipt(), before);
    }
}
