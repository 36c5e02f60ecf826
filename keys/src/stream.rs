//! Pipes and devices in a file's place: bytes go through them and do not stay, and renamed over they would be gone for everybody.
//!
//! What was found there when a run began may be something else when there is something to write, so what counts is looked at once more
//! on what was opened. Links are followed in `/dev` only. What this program was started with (`/dev/stdout`, `/dev/fd/63`) is written to
//! whatever it is, as standard output is; a pipe with a name must be this user's or root's, and is waited for, but not for ever.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Component, Path};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use crate::files::{FileError, foreign_owner};

/// How long the reader of a pipe is waited for, until it opens it and whenever it is full, and how long between two looks.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(2);

/// Whether something is there that bytes go through and do not stay in; also what `/dev/stdout` leads to, whatever it is. Elsewhere a link
/// is not followed: whoever can put one there says neither what is written to nor what is waited for.
#[must_use]
pub fn is_stream(path: &Path) -> bool {
    is_given(path) || look(path).is_ok_and(|found| goes_through(&found))
}

/// Refuses a pipe of somebody else's.
pub(crate) fn check(path: &Path) -> Result<(), FileError> {
    if is_given(path) {
        return Ok(());
    }
    check_found(path, &look(path).map_err(|error| failed(path, error))?)
}

/// Writes all of it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_within(path, bytes, PATIENCE)
}

fn write_within(path: &Path, bytes: &[u8], patience: Duration) -> Result<(), FileError> {
    let mut stream = open(path, patience)?;
    if is_given(path) {
        let flags = fcntl_getfl(&stream).map_err(|error| failed(path, error.into()))?;
        fcntl_setfl(&stream, flags.difference(OFlags::NONBLOCK)).map_err(|error| failed(path, error.into()))?;
        return stream.write_all(bytes).map_err(|error| failed(path, error));
    }
    check_found(path, &stream.metadata().map_err(|error| failed(path, error))?)?;
    write_patiently(&mut stream, bytes, patience).map_err(|error| failed(path, error))
}

/// Whether a path names what this program was started with.
fn is_given(path: &Path) -> bool {
    let name = |component| match component {
        Component::Normal(name) => name.to_str(),
        Component::RootDir => Some("/"),
        Component::Prefix(_) | Component::CurDir | Component::ParentDir => None,
    };
    let Some(names) = path.components().map(name).collect::<Option<Vec<&str>>>() else { return false };
    matches!(names.as_slice(), ["/", "dev", "stdout" | "stderr"] | ["/", "dev", "fd", _] | ["/", "proc", _, "fd", _])
}

/// Whether links are followed there: nobody but root makes names in `/dev`.
fn is_of_root(path: &Path) -> bool {
    path.parent() == Some(Path::new("/dev"))
}

fn look(path: &Path) -> io::Result<fs::Metadata> {
    if is_of_root(path) { fs::metadata(path) } else { fs::symlink_metadata(path) }
}

fn goes_through(found: &fs::Metadata) -> bool {
    found.file_type().is_char_device() || found.file_type().is_fifo()
}

fn check_found(path: &Path, found: &fs::Metadata) -> Result<(), FileError> {
    if !goes_through(found) {
        return Err(FileError::Exchanged { path: path.to_owned() });
    }
    match foreign_owner(found).filter(|_| found.file_type().is_fifo()) {
        Some(owner) => Err(FileError::OwnedByAnother { path: path.to_owned(), owner }),
        None => Ok(()),
    }
}

/// Opens what is written to, without waiting for anything but a reader.
fn open(path: &Path, patience: Duration) -> Result<File, FileError> {
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if !is_given(path) && !is_of_root(path) {
        flags |= OFlags::NOFOLLOW;
    }
    let flags = i32::try_from(flags.bits()).map_err(|error| failed(path, io::Error::other(error)))?;
    let end = Instant::now() + patience;
    loop {
        let error = match File::options().write(true).custom_flags(flags).open(path) {
            Ok(stream) => return Ok(stream),
            Err(error) => error,
        };
        match Errno::from_io_error(&error) {
            Some(Errno::LOOP) => return Err(FileError::Exchanged { path: path.to_owned() }),
            Some(Errno::NXIO) => wait_until(end).map_err(|error| failed(path, error))?,
            Some(_) | None => return Err(failed(path, error)),
        }
    }
}

/// Writes as there is room; whoever makes none ends it.
fn write_patiently(stream: &mut File, mut bytes: &[u8], patience: Duration) -> io::Result<()> {
    let mut end = Instant::now() + patience;
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                end = Instant::now() + patience;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_until(end)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn wait_until(end: Instant) -> io::Result<()> {
    if Instant::now() >= end {
        return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody reads what is written to it"));
    }
    std::thread::sleep(PAUSE);
    Ok(())
}

fn failed(path: &Path, source: io::Error) -> FileError {
    FileError::Io { action: "write", path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::files::{self, Access};

    const SHORT: Duration = Duration::from_millis(50);

    fn timed_out(path: &Path, bytes: &[u8]) -> bool {
        let error = write_within(path, bytes, SHORT).unwrap_err();
        matches!(error, FileError::Io { source, .. } if source.kind() == io::ErrorKind::TimedOut)
    }

    #[test]
    fn a_pipe_is_waited_for_and_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(timed_out(&pipe, b"x"));
        assert!(files::open(&pipe).unwrap().is_none());
        // more than a pipe holds
        let bytes = vec![b'x'; 200_000];
        let held = File::options().read(true).write(true).open(&pipe).unwrap();
        assert!(timed_out(&pipe, &bytes), "somebody has it open and reads nothing");
        drop(held);
        let reader = {
            let pipe = pipe.clone();
            std::thread::spawn(move || fs::read(pipe).unwrap())
        };
        files::replace(&pipe, Access::Everybody, &bytes).unwrap();
        assert!(reader.join().unwrap() == bytes);
        files::prepare_file(&pipe, Access::Everybody, b"x").unwrap().put().unwrap();
        assert_eq!(fs::read(&pipe).unwrap(), b"x");
    }

    #[test]
    fn what_a_program_was_started_with_is_known_by_its_name() {
        for given in ["/dev/stdout", "/dev/stderr", "/dev/fd/63", "/proc/self/fd/1", "/proc/12/fd/63"] {
            assert!(is_given(Path::new(given)), "{given}");
        }
        for other in ["/dev/null", "/dev/shm/fd", "/dev/fd/..", "/proc/self/cwd/x", "/proc/../fd/x", "dev/stdout"] {
            assert!(!is_given(Path::new(other)), "{other}");
        }
        assert!(is_stream(Path::new("/dev/null")) && !is_stream(Path::new("/proc/self/cwd/x")));
        check(Path::new("/dev/null")).unwrap();
        write(Path::new("/dev/null"), b"x").unwrap();
    }
}
