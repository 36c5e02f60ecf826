//! Pipes in the place of a file, and what others put into the place of a pipe.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use pgseal_keys::files::{self, Access};

fn pipe(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    let pipe = folder.path().join(name);
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    pipe
}

/// What was a pipe when it was looked at may be a link to a file of this user's when it is opened.
#[test]
fn what_comes_into_the_place_of_a_pipe_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let (place, victim) = (folder.path().join("receipt.json"), folder.path().join("victim"));
    fs::write(&victim, "precious").unwrap();
    let exchange: [fn(&Path, &Path); 3] = [
        |victim, place| symlink(victim, place).unwrap(),
        |victim, place| fs::hard_link(victim, place).unwrap(),
        |_, place| symlink("/dev/null", place).unwrap(),
    ];
    for exchange in exchange {
        let _pipe = pipe(&folder, "receipt.json");
        files::check_place(&place).unwrap();
        let prepared = files::prepare(&place, Access::Everybody, b"a receipt").unwrap();
        fs::remove_file(&place).unwrap();
        exchange(&victim, &place);
        assert_eq!(prepared.put().unwrap_err().code(), "K0431");
        fs::remove_file(&place).unwrap();
    }
    // and while a reader is waited for
    let pipe = pipe(&folder, "receipt.json");
    let prepared = files::prepare(&pipe, Access::Everybody, b"a receipt").unwrap();
    let waiting = std::thread::spawn(move || prepared.put());
    std::thread::sleep(std::time::Duration::from_millis(50));
    symlink(&victim, folder.path().join("link")).unwrap();
    fs::rename(folder.path().join("link"), &place).unwrap();
    assert_eq!(waiting.join().unwrap().unwrap_err().code(), "K0431");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}

#[test]
fn a_pipe_of_somebody_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = pipe(&folder, "pipe");
    if fs::metadata(&pipe).unwrap().uid() != 0 {
        println!("skipped: only root can give a file to somebody else");
        return;
    }
    let prepared = files::prepare(&pipe, Access::Everybody, b"x").unwrap();
    let _reader = File::options().read(true).write(true).open(&pipe).unwrap();
    chown(&pipe, Some(65_534), None).unwrap();
    assert_eq!(files::check_place(&pipe).unwrap_err().code(), "K0408");
    assert_eq!(files::prepare(&pipe, Access::Everybody, b"x").unwrap_err().code(), "K0408");
    assert_eq!(prepared.put().unwrap_err().code(), "K0408");
}
