//! The readers, by what they read.

pub mod connection;
pub mod documents;
pub mod keys;
pub mod verify;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A folder of this process for readers that take files, in memory where the system has such a place. Left behind when the process
/// is killed, like any temporary file.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let memory = Path::new("/dev/shm");
            let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
            folder.expect("a temporary folder")
        })
        .path()
}

/// Writes a private file for a reader.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(format!("{:?}-{name}", std::thread::current().id()));
    fs::write(&path, bytes).expect("a file is written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a file is made private");
    path
}
