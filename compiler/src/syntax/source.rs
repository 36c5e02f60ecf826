//! Where schema text comes from: the one door through which the syntax stage reads.
//!
//! The stage itself does no I/O; a [`SourceReader`] does it. The filesystem's is in the CLI; [`MemoryReader`] serves
//! tests and anybody who has the text already. Every file lies under a *root* (the folder of the file or folder that
//! was named), and a [`SourcePath`] cannot be written that leaves it. What the path leads to on a disk (symbolic links)
//! is the reader's to check.

use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

/// A path below a root: relative, with forward slashes, without `.`, `..` and empty parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourcePath(String);

impl SourcePath {
    /// Takes a path as written in an include, relative to a folder below the root (empty for the root itself).
    ///
    /// # Errors
    ///
    /// When it is absolute, empty, names a folder, or climbs out of the root.
    pub fn resolve(folder: &str, written: &str) -> Result<SourcePath, PathError> {
        let unified = written.replace('\\', "/");
        if unified.starts_with('/') || has_drive(&unified) {
            return Err(PathError::Absolute);
        }
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in unified.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        return Err(PathError::Outside);
                    }
                }
                name => parts.push(name),
            }
        }
        let named = !unified.ends_with('/') && !unified.ends_with("/.") && !unified.ends_with("..");
        if parts.is_empty() || !named || unified.is_empty() || unified == "." {
            return Err(PathError::NoFile);
        }
        Ok(SourcePath(parts.join("/")))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that the file is in, below the root; empty for the root itself.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl fmt::Display for SourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn has_drive(path: &str) -> bool {
    let mut bytes = path.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic()) && bytes.next() == Some(b':')
}

/// Why a path is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PathError {
    /// It starts at the top of the file system.
    #[error("the path is absolute")]
    Absolute,
    /// It leaves the root.
    #[error("the path leaves the folder of the first file")]
    Outside,
    /// It names no file.
    #[error("the path names no file")]
    NoFile,
}

/// What an argument of the command line stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// What precedes a path below the root when it is shown: empty, or ending in a slash.
    pub prefix: String,
    /// What was named.
    pub entry: Entry,
}

/// What was named: a file or a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file. Includes stay in its folder.
    File(SourcePath),
    /// A folder, with all its `*.sql` files at any depth, in no particular order. Includes stay in the folder.
    Folder(Vec<SourcePath>),
    /// A stream without a folder: it can include nothing. Shown under this name.
    Stream(String),
}

/// Why a reader could not read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// What the path leads to lies outside of the root.
    #[error("the path leaves the folder of the first file through a symbolic link")]
    Outside,
    /// The file is larger than asked for.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// There are more files than asked for.
    #[error("there are more than {limit} files")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// The system says no.
    #[error("{0}")]
    Other(String),
}

/// Reads schema text for the syntax stage.
pub trait SourceReader {
    /// Finds out what an argument of the command line stands for.
    ///
    /// # Errors
    ///
    /// When there is nothing of that name, or it cannot be listed.
    fn open(&self, argument: &str, max_files: usize) -> Result<Root, ReadError>;

    /// Reads a file below a root that [`SourceReader::open`] returned for the same argument; `None` for a stream.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is larger than `limit` bytes, or lies outside of the root.
    fn read(&self, argument: &str, path: Option<&SourcePath>, limit: usize) -> Result<Vec<u8>, ReadError>;
}

/// Files held in memory: each argument is the name of a file, or a folder (ending in a slash) of them.
#[derive(Debug, Clone, Default)]
pub struct MemoryReader {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryReader {
    /// No files.
    #[must_use]
    pub fn new() -> MemoryReader {
        MemoryReader::default()
    }

    /// Adds a file.
    #[must_use]
    pub fn with(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> MemoryReader {
        self.files.insert(path.to_owned(), bytes.into());
        self
    }

    fn folder(argument: &str) -> &str {
        argument.rfind('/').and_then(|slash| argument.get(..=slash)).unwrap_or("")
    }
}

impl SourceReader for MemoryReader {
    fn open(&self, argument: &str, max_files: usize) -> Result<Root, ReadError> {
        let prefix = MemoryReader::folder(argument).to_owned();
        let below = |path: &str| SourcePath::resolve("", path).map_err(|error| ReadError::Other(error.to_string()));
        if argument.ends_with('/') {
            let inside = self.files.keys().filter_map(|path| path.strip_prefix(argument));
            let files: Vec<_> = inside.filter(|path| path.ends_with(".sql")).map(below).collect::<Result<_, _>>()?;
            if files.len() > max_files {
                return Err(ReadError::TooMany { limit: max_files });
            }
            return Ok(Root { prefix, entry: Entry::Folder(files) });
        }
        if !self.files.contains_key(argument) {
            return Err(ReadError::NotFound);
        }
        let path = below(argument.strip_prefix(prefix.as_str()).unwrap_or(argument))?;
        Ok(Root { prefix, entry: Entry::File(path) })
    }

    fn read(&self, argument: &str, path: Option<&SourcePath>, limit: usize) -> Result<Vec<u8>, ReadError> {
        let name = path.map_or(argument.to_owned(), |path| format!("{}{path}", MemoryReader::folder(argument)));
        let bytes = self.files.get(&name).ok_or(ReadError::NotFound)?;
        if bytes.len() > limit {
            return Err(ReadError::TooLarge { limit });
        }
        Ok(bytes.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_root() {
        let resolve = |folder: &str, path: &str| SourcePath::resolve(folder, path).map(|p| p.to_string());
        assert_eq!(resolve("", "a.sql"), Ok("a.sql".into()));
        assert_eq!(resolve("x/y", "../z/./a.sql"), Ok("x/z/a.sql".into()));
        assert_eq!(resolve("x", "..\\a.sql"), Ok("a.sql".into()));
        assert_eq!(resolve("", "../a.sql"), Err(PathError::Outside));
        assert_eq!(resolve("x", "../../x/a.sql"), Err(PathError::Outside));
        assert_eq!(resolve("x", "/a.sql"), Err(PathError::Absolute));
        assert_eq!(resolve("x", "c:/a.sql"), Err(PathError::Absolute));
        assert_eq!(resolve("x", ""), Err(PathError::NoFile));
        assert_eq!(resolve("x", "a/"), Err(PathError::NoFile));
        assert_eq!(resolve("x/y", ".."), Err(PathError::NoFile));
    }
}
