//! Locks between runs of these programs, which the kernel lets go however a program ends. Nobody waits for one for ever.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use crate::files::{FileError, folder_of};

/// How often a lock is tried, and how long is waited between two tries.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// A lock, held until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Lock {
    _open: File,
}

/// Locks the folder that a file is in against others who change what is in it. Where the file system cannot lock a folder, nobody is
/// kept out.
///
/// # Errors
/// [`FileError::Locked`] where somebody holds it for half a minute.
pub fn around(file: &Path) -> Result<Lock, FileError> {
    let path = folder_of(file);
    let open = open_folder(path).map_err(|source| failed(path, source))?;
    wait(open, path, TRIES)
}

/// Locks a file that is there for nothing else, and is made where it is not. A link is not followed: it could lead to a file of
/// somebody else's.
///
/// # Errors
/// [`FileError::Locked`] where somebody holds it for half a minute; a file that cannot be opened.
pub fn file(path: &Path) -> Result<Lock, FileError> {
    let file = open(path).map_err(|source| failed(path, source))?;
    if !file.metadata().map_err(|source| failed(path, source))?.is_file() {
        return Err(FileError::NotAFile { path: path.to_owned() });
    }
    wait(file, path, TRIES)
}

/// What is no regular file is opened without waiting for whoever would read it.
#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).map_err(std::io::Error::other)?;
    fs::File::options().create(true).truncate(false).write(true).mode(0o600).custom_flags(flags).open(path)
}

#[cfg(unix)]
fn open_folder(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = i32::try_from(rustix::fs::OFlags::DIRECTORY.bits()).map_err(std::io::Error::other)?;
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open_folder(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    fs::File::options().create(true).truncate(false).write(true).open(path)
}

fn wait(file: File, path: &Path, tries: u32) -> Result<Lock, FileError> {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;
    for _ in 0..tries {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Lock { _open: file }),
            Err(Errno::WOULDBLOCK | Errno::INTR) => std::thread::sleep(PAUSE),
            // network file systems: some cannot, some need a descriptor that may write, which a folder has none of
            Err(Errno::NOLCK | Errno::OPNOTSUPP | Errno::BADF | Errno::INVAL) if path.is_dir() => {
                return Ok(Lock { _open: file });
            }
            Err(error) => return Err(failed(path, error.into())),
        }
    }
    Err(FileError::Locked { path: path.to_owned() })
}

fn failed(path: &Path, source: std::io::Error) -> FileError {
    FileError::Io { action: "lock", path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nobody_waits_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = file(&path).unwrap();
        let tried = || wait(open(&path).unwrap(), &path, 2);
        assert_eq!(tried().unwrap_err().code(), "K0430");
        drop(held);
        assert!(tried().is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_is_private_and_no_link_or_pipe() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        drop(file(&path).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (link, victim) = (folder.path().join("link"), folder.path().join("victim"));
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        assert_eq!(file(&link).unwrap_err().code(), "K0406");
        assert!(!victim.exists());
        // a pipe, with a reader and without
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(file(&pipe).unwrap_err().code(), "K0406");
        let _reader = File::options().read(true).write(true).open(&pipe).unwrap();
        assert_eq!(file(&pipe).unwrap_err().code(), "K0404");
        assert_eq!(around(&pipe.join("file")).unwrap_err().code(), "K0406");
    }
}
