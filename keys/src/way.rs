//! Whether others can exchange what a path leads to.
//!
//! Whoever may write a folder, or owns it, can put something else in the place of any name in it: of the file, of a link to it, and of
//! every folder further up. So every folder is looked at in which a name is looked up on the way from the root to the file, also on the
//! way that a link leads. Where folder and name belong to this user, to root or to the owner of `/`, only everybody's right to write
//! counts: who is in a group with that right was put there by the administrator.
//!
//! In a folder such as `/tmp` everybody may make names, and nobody may exchange another's: there the owner of each name counts too.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use super::files::FileError;

/// The most links that are followed, as many as Linux follows.
const MOST_LINKS: u32 = 40;

/// Everybody may write.
const BY_EVERYBODY: u32 = 0o002;
/// Names may be exchanged by their owners only.
const STICKY: u32 = 0o1000;

/// Whoever owns what is on the way has a say anyway.
struct Trusted {
    user: u32,
    /// Root, but where this program runs among users of its own who root is none of.
    root: u32,
}

/// What the names in a folder are worth.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    /// Nobody else can make or exchange any.
    Kept,
    /// Everybody can make some, and exchange their own.
    OfTheirOwners,
}

/// Refuses a path on which others can exchange something.
///
/// # Errors
/// The folder or link that is not this user's or root's alone.
pub(crate) fn check(path: &Path) -> Result<(), FileError> {
    let failed = |source| FileError::Io { action: "read", path: path.to_owned(), source };
    let top = PathBuf::from("/");
    let root = fs::metadata(&top).map_err(failed)?;
    let trusted = Trusted { user: rustix::process::geteuid().as_raw(), root: root.uid() };
    let mut ahead = names(&std::path::absolute(path).map_err(failed)?);
    let (mut here, mut kept) = (top.clone(), trusted.folder(&top, &root)?);
    let mut links = 0;
    while let Some(name) = ahead.pop() {
        if name == ".." {
            here.pop();
            kept = trusted.folder(&here, &fs::metadata(&here).map_err(failed)?)?;
            continue;
        }
        let next = here.join(name);
        let found = fs::symlink_metadata(&next).map_err(failed)?;
        if found.is_dir() {
            kept = trusted.folder(&next, &found)?;
            here = next;
        } else if found.is_symlink() {
            if kept == Names::OfTheirOwners && trusted.is_foreign(&found) {
                return Err(FileError::OwnedByAnother { path: next, owner: found.uid() });
            }
            links += 1;
            if links > MOST_LINKS {
                return Err(failed(rustix::io::Errno::LOOP.into()));
            }
            let target = fs::read_link(&next).map_err(failed)?;
            if target.is_absolute() {
                here.clone_from(&top);
                kept = trusted.folder(&top, &root)?;
            }
            ahead.append(&mut names(&target));
        } else if !ahead.is_empty() {
            return Err(failed(io::Error::from(rustix::io::Errno::NOTDIR)));
        }
    }
    Ok(())
}

/// The names of a path, the first one last.
fn names(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    });
    let mut names: Vec<OsString> = names.collect();
    names.reverse();
    names
}

impl Trusted {
    fn is_foreign(&self, found: &Metadata) -> bool {
        ![0, self.user, self.root].contains(&found.uid())
    }

    fn folder(&self, path: &Path, found: &Metadata) -> Result<Names, FileError> {
        let mode = found.mode() & 0o7777;
        if mode & BY_EVERYBODY != 0 && mode & STICKY == 0 {
            return Err(FileError::FolderWritableByOthers { path: path.to_owned(), mode });
        }
        if self.is_foreign(found) {
            return Err(FileError::FolderOwnedByAnother { path: path.to_owned(), owner: found.uid() });
        }
        Ok(if mode & BY_EVERYBODY == 0 { Names::Kept } else { Names::OfTheirOwners })
    }
}
