//! Files as the commands read and write them, and the filesystem behind the syntax stage.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use pgseal_keys::files::{self, Access, Guard};

use crate::syntax::{Entry, ReadError, Root, SourcePath, SourceReader};
use pgseal_catalog::{Exit, Failure};

/// The name that stands for standard input or output.
const STREAM: &str = "-";

/// Folders may be this deep.
const MAX_FOLDER_DEPTH: usize = 32;

/// Tells whether a path stands for standard input or output.
pub fn is_stream(path: &Path) -> bool {
    path.as_os_str() == STREAM
}

/// A path as messages name it.
pub fn shown(path: &Path) -> String {
    if is_stream(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// Reads a whole file (or standard input for `-`) of at most `limit` bytes.
///
/// # Errors
///
/// When it cannot be read, is no regular file or is larger.
pub fn read_input(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    if !is_stream(path) {
        let mut bytes = files::read(path, Guard::Untrusted, limit)?;
        return Ok(std::mem::take(&mut *bytes));
    }
    let mut bytes = Vec::new();
    let mut input = io::stdin().lock().take(limit.saturating_add(1));
    input.read_to_end(&mut bytes).map_err(|error| failed("read", "standard input", &error))?;
    if bytes.len() as u64 > limit {
        return Err(Failure::new(Exit::InvalidInput, format!("standard input is larger than {limit} bytes")));
    }
    Ok(bytes)
}

/// Writes a file whole or not at all (readable by everybody), or to standard output for `-`.
///
/// # Errors
///
/// When it cannot be written.
pub fn write_output(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if is_stream(path) {
        return print(bytes);
    }
    Ok(files::replace(path, Access::Everybody, bytes)?)
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no failure.
///
/// # Errors
///
/// When standard output fails otherwise.
pub fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(failed("write", "standard output", &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn failed(action: &str, what: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::Environment, format!("could not {action} {what}: {error}"))
}

/// The filesystem for the syntax stage. `-` is standard input.
///
/// In folders, names that begin with a dot are passed over, and a symbolic link to a folder is refused rather than
/// followed. A file below the root may be a symbolic link only to another file below the root; the file that was named
/// itself may lie anywhere.
#[derive(Debug, Default)]
pub struct FileSystem;

impl SourceReader for FileSystem {
    fn open(&self, argument: &str, max_files: usize) -> Result<Root, ReadError> {
        if argument == STREAM {
            return Ok(Root { prefix: String::new(), entry: Entry::Stream("<stdin>".to_owned()) });
        }
        let path = Path::new(argument);
        if fs::metadata(path).map_err(read_error)?.is_dir() {
            let prefix = if argument.ends_with('/') { argument.to_owned() } else { format!("{argument}/") };
            let mut files = Vec::new();
            list(path, "", 0, max_files, &mut files)?;
            return Ok(Root { prefix, entry: Entry::Folder(files) });
        }
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| not_utf8(path))?;
        let prefix = argument.strip_suffix(name).unwrap_or("").to_owned();
        let file = SourcePath::resolve("", name).map_err(|error| ReadError::Other(error.to_string()))?;
        Ok(Root { prefix, entry: Entry::File(file) })
    }

    fn read(&self, argument: &str, path: Option<&SourcePath>, limit: usize) -> Result<Vec<u8>, ReadError> {
        let Some(path) = path else { return read_bounded(io::stdin().lock(), limit) };
        let root = root_of(Path::new(argument)).map_err(read_error)?;
        let named = root.join(path.as_str());
        let real = fs::canonicalize(&named).map_err(read_error)?;
        let argument = Path::new(argument);
        let is_named = !argument.is_dir() && argument.file_name().is_some_and(|name| name == path.as_str());
        let inside = real.starts_with(fs::canonicalize(&root).map_err(read_error)?);
        if !inside && !is_named {
            return Err(ReadError::Outside);
        }
        let opened = files::open(&real).map_err(read_error)?;
        let (file, _) = opened.ok_or_else(|| ReadError::Other("it is not a regular file".to_owned()))?;
        read_bounded(file, limit)
    }
}

/// The folder that includes must stay in.
fn root_of(argument: &Path) -> io::Result<PathBuf> {
    if fs::metadata(argument)?.is_dir() {
        return Ok(argument.to_owned());
    }
    Ok(match argument.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    })
}

fn list(
    folder: &Path,
    below: &str,
    depth: usize,
    max_files: usize,
    files: &mut Vec<SourcePath>,
) -> Result<(), ReadError> {
    if depth > MAX_FOLDER_DEPTH {
        return Err(ReadError::Other(format!("folders are more than {MAX_FOLDER_DEPTH} deep")));
    }
    for entry in fs::read_dir(folder).map_err(read_error)? {
        let entry = entry.map_err(read_error)?;
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| not_utf8(&entry.path()))?;
        if name.starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(read_error)?;
        if kind.is_dir() {
            list(&entry.path(), &format!("{below}{name}/"), depth + 1, max_files, files)?;
        } else if kind.is_symlink() && fs::metadata(entry.path()).is_ok_and(|target| target.is_dir()) {
            return Err(ReadError::Other(format!("\"{below}{name}\" is a symbolic link to a folder")));
        } else if name.ends_with(".sql") {
            if files.len() >= max_files {
                return Err(ReadError::TooMany { limit: max_files });
            }
            let path = SourcePath::resolve(below, name).map_err(|error| ReadError::Other(error.to_string()))?;
            files.push(path);
        }
    }
    Ok(())
}

fn read_bounded(input: impl Read, limit: usize) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    input.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(read_error)?;
    if bytes.len() > limit {
        return Err(ReadError::TooLarge { limit });
    }
    Ok(bytes)
}

fn read_error(error: io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => ReadError::NotFound,
        _ => ReadError::Other(error.to_string()),
    }
}

fn not_utf8(path: &Path) -> ReadError {
    ReadError::Other(format!("the name of \"{}\" is not valid UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::syntax::{SyntaxOptions, read_schema};

    fn codes(argument: &Path) -> Vec<&'static str> {
        let schema = read_schema(&FileSystem, &[argument.to_str().unwrap()], &SyntaxOptions::default());
        schema.diagnostics.iter().map(|d| d.code.id()).collect()
    }

    #[test]
    fn folders_and_includes_are_read_from_disk() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        fs::write(folder.path().join(".git/x.sql"), "bad").unwrap();
        fs::write(folder.path().join("b.sql"), "create schema b; \\ir sub/a.sql\n").unwrap();
        fs::write(folder.path().join("sub/a.sql"), "create schema a").unwrap();
        let schema = read_schema(&FileSystem, &[folder.path().to_str().unwrap()], &SyntaxOptions::default());
        assert_eq!(schema.statements.len(), 3);
        assert!(codes(&folder.path().join("b.sql")).is_empty());
        assert_eq!(codes(&folder.path().join("c.sql")), ["PGS1013"]);
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_do_not_lead_out() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.sql"), "create schema a").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
        link(&outside.path().join("secret.sql"), "x.sql");
        fs::write(folder.path().join("a.sql"), "\\ir x.sql").unwrap();
        assert_eq!(codes(&folder.path().join("a.sql")), ["PGS1009"]);
        assert_eq!(codes(folder.path()), ["PGS1009", "PGS1009"]);
        assert!(codes(&folder.path().join("x.sql")).is_empty());
        link(outside.path(), "deep");
        assert_eq!(codes(folder.path()), ["PGS1013"]);
    }

    #[test]
    fn only_regular_files_are_read() {
        assert_eq!(codes(Path::new("/dev/null")), ["PGS1013"]);
        // nobody writes to it, and nobody is waited for
        let folder = tempfile::tempdir().unwrap();
        let (pipe, link) = (folder.path().join("pipe.sql"), folder.path().join("link.sql"));
        let (mode, fifo) = (rustix::fs::Mode::RWXU, rustix::fs::FileType::Fifo);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, mode, 0).unwrap();
        fs::hard_link(&pipe, &link).unwrap();
        assert_eq!(codes(&pipe), ["PGS1013"]);
        assert_eq!(codes(folder.path()), ["PGS1013", "PGS1013"]);
    }
}
