//! What decides about trust is refused where others could exchange it: the file, a link to it, or a folder on the way.
#![allow(clippy::unwrap_used, missing_docs)]
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use pgseal_keys::files::{self, Guard};

fn code(path: &Path) -> &'static str {
    files::read(path, Guard::Trusted, 10).map_or_else(|error| error.code(), |_| "kept")
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Folders `way/to/here` with a file in the last one, and `far/off` with another one.
fn world() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (way, far) = (folder.path().join("way"), folder.path().join("far"));
    for (folder, file) in [(way.join("to/here"), "file"), (far.join("off"), "real")] {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(file), "").unwrap();
    }
    (folder, way, far)
}

#[test]
fn every_folder_on_the_way_counts() {
    let (_folder, way, _) = world();
    let file = way.join("to/here/file");
    assert_eq!(code(&file), "kept");
    for open in [way.clone(), way.join("to"), way.join("to/here")] {
        for (mode, expected) in [(0o777, "K0407"), (0o702, "K0407"), (0o1777, "kept"), (0o775, "kept")] {
            chmod(&open, mode);
            assert_eq!(code(&file), expected, "{} {mode:o}", open.display());
        }
        chmod(&open, 0o755);
    }
    // out of a folder and back in
    chmod(&way.join("to"), 0o777);
    assert_eq!(code(&way.join("to/../to/here/file")), "K0407");
}

#[test]
fn what_a_link_leads_through_counts_as_well() {
    let (folder, way, far) = world();
    let (link, over) = (way.join("to/here/link"), way.join("over"));
    symlink("../../over/off/real", &link).unwrap();
    symlink(&far, &over).unwrap();
    assert_eq!(code(&link), "kept");
    for open in [&way.join("to"), &way, &far, &far.join("off")] {
        chmod(open, 0o777);
        assert_eq!(code(&link), "K0407", "{}", open.display());
        chmod(open, 0o755);
    }
    // one that leads nowhere, one in a circle, and a file that is taken for a folder
    symlink(folder.path().join("nowhere"), folder.path().join("lost")).unwrap();
    symlink("round", folder.path().join("round")).unwrap();
    for bad in ["lost", "round", "way/to/here/file/more"] {
        assert_eq!(code(&folder.path().join(bad)), "K0406", "{bad}");
    }
}

#[test]
fn owners_on_the_way_count() {
    let (folder, way, far) = world();
    if folder.path().metadata().unwrap().uid() != 0 {
        println!("skipped: only root can give a folder to somebody else");
        return;
    }
    let nobody = Some(65_534);
    for given in [way.clone(), way.join("to"), way.join("to/here")] {
        chown(&given, nobody, None).unwrap();
        assert_eq!(code(&way.join("to/here/file")), "K0409", "{}", given.display());
        chown(&given, Some(0), None).unwrap();
    }
    // a link of somebody else's, where everybody may make one and where its folder is kept
    let link = way.join("link");
    symlink(far.join("off/real"), &link).unwrap();
    lchown(&link, nobody, None).unwrap();
    assert_eq!(code(&link), "kept");
    chmod(&way, 0o1777);
    assert_eq!(code(&link), "K0408");
}
