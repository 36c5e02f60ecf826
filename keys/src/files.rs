//! Reading with limits and creating without surprises.
//!
//! Readers look at the opened file, not at the path, so that nothing can be exchanged in between.
//! A private file that group or others can read, a trusted file that others can write, either of somebody else's, and either in a
//! place where others could exchange it, are refused. New files are written aside with mode 0600 and moved into place only when the name is
//! free: nothing is ever overwritten by [`create`].

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use pgseal_catalog::Exit;
use thiserror::Error;
use zeroize::Zeroizing;

#[cfg(unix)]
use crate::stream;
#[cfg(unix)]
pub use crate::stream::is_stream;

/// Who else may have access to a file that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Holds a secret: no access at all for group and others.
    Private,
    /// Decides about trust: others must not be able to write it.
    Trusted,
    /// The same, and no group may either: nobody but this program writes it.
    Own,
    /// Its content is verified by other means.
    Untrusted,
}

/// Who may read a file that is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The owner only (0600).
    Owner,
    /// Everybody (0644).
    Everybody,
}

/// Why a file was not read or not created.
#[derive(Debug, Error)]
pub enum FileError {
    /// A private file is open to group or others.
    #[error("private file \"{}\" is accessible by group or others (mode {mode:04o})", path.display())]
    NotPrivate {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A trusted file is writable by others.
    #[error("file \"{}\" is writable by {} (mode {mode:04o})", path.display(), if mode & 0o002 == 0 { "a group" } else { "everybody" })]
    WritableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Others can exchange the file.
    #[error("folder \"{}\" is writable by everybody (mode {mode:04o}): its files can be exchanged", path.display())]
    FolderWritableByOthers {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else could have written the file.
    #[error("file \"{}\" belongs to user {owner}, who is neither the one that runs this program nor root", path.display())]
    OwnedByAnother {
        /// The file.
        path: PathBuf,
        /// The number of the user.
        owner: u32,
    },
    /// Somebody else can exchange the file.
    #[error("folder \"{}\" belongs to user {owner}, who can exchange its files", path.display())]
    FolderOwnedByAnother {
        /// The folder.
        path: PathBuf,
        /// The number of the user.
        owner: u32,
    },
    /// The path is a folder or a device.
    #[error("\"{}\" is not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A pipe or device was there, and something else is now.
    #[error("something else was put in the place of \"{}\"", path.display())]
    Exchanged {
        /// The path.
        path: PathBuf,
    },
    /// The file is larger than any valid one.
    #[error("file \"{}\" is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The name is taken.
    #[error("file \"{}\" already exists", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Another run holds the lock on it.
    #[error("\"{}\" is locked by another run", path.display())]
    Locked {
        /// The file or folder.
        path: PathBuf,
    },
    /// The operating system said no.
    #[error("could not {action} file \"{}\": {source}", path.display())]
    Io {
        /// What was tried: `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl FileError {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotPrivate { .. } => "K0401",
            Self::WritableByOthers { .. } => "K0402",
            Self::Exists { .. } => "K0403",
            Self::NotAFile { .. } => "K0404",
            Self::TooLarge { .. } => "K0405",
            Self::Io { .. } => "K0406",
            Self::FolderWritableByOthers { .. } => "K0407",
            Self::OwnedByAnother { .. } => "K0408",
            Self::FolderOwnedByAnother { .. } => "K0409",
            Self::Locked { .. } => "K0430",
            Self::Exchanged { .. } => "K0431",
        }
    }

    /// 3 (refused) where the file's state is the reason, 1 where the environment is.
    pub fn exit_code(&self) -> Exit {
        match self {
            Self::NotPrivate { .. }
            | Self::WritableByOthers { .. }
            | Self::FolderWritableByOthers { .. }
            | Self::OwnedByAnother { .. }
            | Self::FolderOwnedByAnother { .. }
            | Self::Exchanged { .. }
            | Self::TooLarge { .. } => Exit::Refused,
            Self::Exists { .. } | Self::NotAFile { .. } | Self::Locked { .. } | Self::Io { .. } => Exit::Environment,
        }
    }

    /// What to do about it, if that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotPrivate { .. } => Some("run \"chmod 600\" on it, or make it read-only for its owner"),
            Self::FolderWritableByOthers { .. } => Some("run \"chmod o-w\" on it"),
            Self::WritableByOthers { mode, .. } if mode & 0o002 == 0 => Some("run \"chmod g-w\" on it"),
            Self::WritableByOthers { .. } => Some("run \"chmod o-w\" on it"),
            Self::OwnedByAnother { .. } | Self::FolderOwnedByAnother { .. } => {
                Some("give it to the user that runs this program with \"chown\", or to root")
            }
            Self::Exists { .. } => Some("choose another name, or move the old file away first"),
            Self::Locked { .. } => {
                Some("a run of pgseal or pgseal-agent there has not ended: wait for it, or look why it hangs")
            }
            Self::Exchanged { .. } => Some("find out who can write in its folder, and who did"),
            Self::NotAFile { .. } | Self::TooLarge { .. } | Self::Io { .. } => None,
        }
    }
}

/// Reads a file of at most `limit` bytes; the content is wiped from memory when dropped.
///
/// # Errors
/// See [`FileError`].
pub fn read(path: &Path, guard: Guard, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let failed = |source| FileError::Io { action: "read", path: path.to_owned(), source };
    let too_large = || FileError::TooLarge { path: path.to_owned(), limit };
    let (file, metadata) = open(path).map_err(failed)?.ok_or_else(|| FileError::NotAFile { path: path.to_owned() })?;
    check_owner(path, &metadata, guard)?;
    check_mode(path, &metadata, guard)?;
    check_folders(path, guard)?;
    if metadata.len() > limit {
        return Err(too_large());
    }
    // Reserved in full so that no copy of a secret is left behind by growing.
    let room = usize::try_from(metadata.len()).map_err(|_| too_large())?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room.saturating_add(1)));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Opens a regular file, and nothing else: none for a folder, a device or a pipe. Nothing is waited for: neither a writer to a pipe that
/// came into the file's place a moment ago, nor what one of the kernel's own files says only when there is something to say.
///
/// # Errors
/// What the operating system says.
pub fn open(path: &Path) -> io::Result<Option<(File, fs::Metadata)>> {
    // before it is opened: some devices do something then
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let file = without_waiting(File::options().read(true), path)?;
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata)))
}

#[cfg(unix)]
fn without_waiting(options: &mut fs::OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    options.custom_flags(i32::try_from(flags.bits()).map_err(io::Error::other)?).open(path)
}

#[cfg(not(unix))]
fn without_waiting(options: &mut fs::OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

/// What decides about trust is written by this user or by root, and by nobody else.
#[cfg(unix)]
fn check_owner(path: &Path, metadata: &fs::Metadata, guard: Guard) -> Result<(), FileError> {
    match (guard, foreign_owner(metadata)) {
        (Guard::Untrusted, _) | (_, None) => Ok(()),
        (Guard::Private | Guard::Trusted | Guard::Own, Some(owner)) => {
            Err(FileError::OwnedByAnother { path: path.to_owned(), owner })
        }
    }
}

/// The owner, where that is neither this user nor root.
#[cfg(unix)]
pub(crate) fn foreign_owner(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let owner = metadata.uid();
    (owner != 0 && owner != rustix::process::geteuid().as_raw()).then_some(owner)
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &fs::Metadata, _: Guard) -> Result<(), FileError> {
    Ok(())
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata, guard: Guard) -> Result<(), FileError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o7777;
    match guard {
        Guard::Private if mode & 0o077 != 0 => Err(FileError::NotPrivate { path: path.to_owned(), mode }),
        Guard::Trusted if mode & 0o002 != 0 => Err(FileError::WritableByOthers { path: path.to_owned(), mode }),
        Guard::Own if mode & 0o022 != 0 => Err(FileError::WritableByOthers { path: path.to_owned(), mode }),
        Guard::Private | Guard::Trusted | Guard::Own | Guard::Untrusted => Ok(()),
    }
}

#[cfg(unix)]
fn check_folders(path: &Path, guard: Guard) -> Result<(), FileError> {
    match guard {
        Guard::Untrusted => Ok(()),
        Guard::Private | Guard::Trusted | Guard::Own => crate::way::check(path),
    }
}

#[cfg(not(unix))]
fn check_folders(_: &Path, _: Guard) -> Result<(), FileError> {
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &fs::Metadata, _: Guard) -> Result<(), FileError> {
    Ok(())
}

/// Creates a file that must not exist yet: written aside, flushed to disk, then moved into place.
///
/// # Errors
/// See [`FileError`]; [`FileError::Exists`] also when somebody else was faster.
pub fn create(path: &Path, access: Access, bytes: &[u8]) -> Result<(), FileError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(FileError::Exists { path: path.to_owned() });
    }
    put_new(write_aside(path, access, bytes)?, path)
}

fn put_new(aside: tempfile::NamedTempFile, path: &Path) -> Result<(), FileError> {
    match aside.persist_noclobber(path) {
        Ok(_) => sync_folder(path),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(FileError::Exists { path: path.to_owned() })
        }
        Err(error) => Err(FileError::Io { action: "write", path: path.to_owned(), source: error.error }),
    }
}

/// Writes a file whole or not at all, in the place of an older one of that name. A terminal, `/dev/null` or a pipe is written to:
/// renamed over, it would be gone for everybody.
///
/// # Errors
/// See [`FileError`].
pub fn replace(path: &Path, access: Access, bytes: &[u8]) -> Result<(), FileError> {
    prepare(path, access, bytes)?.put()
}

/// Finds out whether a file can be written there, before there is anything to write.
///
/// # Errors
/// See [`FileError`].
pub fn check_place(path: &Path) -> Result<(), FileError> {
    if is_stream(path) { stream::check(path) } else { aside(path).map(drop) }
}

/// A file that is written, whole and on disk, and only has to get its name.
#[derive(Debug)]
#[must_use]
pub struct Prepared {
    path: PathBuf,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Aside(tempfile::NamedTempFile),
    Stream(Vec<u8>),
}

/// Writes a file aside, as [`replace`] does.
///
/// # Errors
/// See [`FileError`].
pub fn prepare(path: &Path, access: Access, bytes: &[u8]) -> Result<Prepared, FileError> {
    if is_stream(path) {
        stream::check(path)?;
        return Ok(Prepared { path: path.to_owned(), content: Content::Stream(bytes.to_vec()) });
    }
    prepare_file(path, access, bytes)
}

/// Writes a file aside that takes the place even of a pipe.
///
/// # Errors
/// See [`FileError`].
pub fn prepare_file(path: &Path, access: Access, bytes: &[u8]) -> Result<Prepared, FileError> {
    let aside = write_aside(path, access, bytes)?;
    Ok(Prepared { path: path.to_owned(), content: Content::Aside(aside) })
}

impl Prepared {
    /// Whether somebody has to read it before it is written.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self.content, Content::Stream(_))
    }

    /// Gives the file its name, which must be free.
    ///
    /// # Errors
    /// See [`FileError`]; [`FileError::Exists`] when it is taken.
    pub fn put_new(self) -> Result<(), FileError> {
        let Self { path, content } = self;
        match content {
            Content::Stream(_) => Err(FileError::Exists { path }),
            Content::Aside(aside) => put_new(aside, &path),
        }
    }

    /// Gives the file its name, in the place of an older one.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn put(self) -> Result<(), FileError> {
        let Self { path, content } = self;
        let failed = |source| FileError::Io { action: "write", path: path.clone(), source };
        match content {
            Content::Stream(bytes) => stream::write(&path, &bytes),
            Content::Aside(aside) => match aside.persist(&path) {
                Ok(_) => sync_folder(&path),
                Err(error) => Err(failed(error.error)),
            },
        }
    }
}

#[cfg(not(unix))]
#[must_use]
pub fn is_stream(_: &Path) -> bool {
    false
}

#[cfg(not(unix))]
mod stream {
    use super::{FileError, Path};

    pub fn check(path: &Path) -> Result<(), FileError> {
        Err(FileError::NotAFile { path: path.to_owned() })
    }

    pub fn write(path: &Path, _: &[u8]) -> Result<(), FileError> {
        check(path)
    }
}

fn write_aside(path: &Path, access: Access, bytes: &[u8]) -> Result<tempfile::NamedTempFile, FileError> {
    let failed = |source| FileError::Io { action: "write", path: path.to_owned(), source };
    let mut aside = aside(path)?;
    aside.write_all(bytes).map_err(failed)?;
    open_to(&aside, access).map_err(failed)?;
    aside.as_file().sync_all().map_err(failed)?;
    Ok(aside)
}

fn aside(path: &Path) -> Result<tempfile::NamedTempFile, FileError> {
    let failed = |source| FileError::Io { action: "write", path: path.to_owned(), source };
    tempfile::Builder::new().prefix(".pgseal-").tempfile_in(folder_of(path)).map_err(failed)
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

fn sync_folder(path: &Path) -> Result<(), FileError> {
    let synced = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    match synced {
        Ok(()) => Ok(()),
        // Some file systems cannot flush a folder; the file itself is on disk.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        Err(source) => Err(FileError::Io { action: "write", path: path.to_owned(), source }),
    }
}

#[cfg(unix)]
fn open_to(file: &tempfile::NamedTempFile, access: Access) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = match access {
        Access::Owner => 0o600,
        Access::Everybody => 0o644,
    };
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn open_to(_: &tempfile::NamedTempFile, _: Access) -> io::Result<()> {
    Ok(())
}
