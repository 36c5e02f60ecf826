//! Key files: modes, limits, encryption, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use pgseal_keys::files::{self, Access, FileError, Guard};
use pgseal_keys::key_file::{self, KeyFileError, Passphrase, Protection};
use pgseal_keys::{PublicKey, Signer, Workstation};
use zeroize::Zeroizing;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, mode: u32, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        chmod(&path, mode);
        path
    }

    fn key(&self, protection: Protection<'_>) -> (PathBuf, PathBuf, PublicKey) {
        let (private, public) = (self.path("a.pem"), self.path("a.pub.pem"));
        let key = key_file::generate(&private, &public, protection).unwrap();
        (private, public, key)
    }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
}

fn read(path: &Path, passphrase: Option<&Passphrase>) -> Result<Signer<Workstation>, KeyFileError> {
    key_file::read_private(path, passphrase)
}

fn code(path: &Path) -> &'static str {
    read(path, None).map_or_else(|error| error.code(), |_| "read")
}

#[test]
fn a_plain_key_comes_back() {
    let folder = Folder::new();
    let (private, public, key) = folder.key(Protection::Plain);
    assert_eq!((mode(&private), mode(&public)), (0o600, 0o644));
    assert_eq!(read(&private, None).unwrap().public_key(), key);
    assert_eq!(key_file::read_public(&public).unwrap(), key);
    assert!(!key_file::is_encrypted(&private).unwrap());
    assert!(fs::read_to_string(&private).unwrap().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    // Nothing is left aside.
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 2);
}

#[test]
fn an_encrypted_key_comes_back_with_its_passphrase_only() {
    let folder = Folder::new();
    let secret = passphrase("correct horse");
    let (private, _, key) = folder.key(Protection::Encrypted(&secret));
    assert!(fs::read_to_string(&private).unwrap().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    assert!(key_file::is_encrypted(&private).unwrap());
    assert_eq!(read(&private, Some(&secret)).unwrap().public_key(), key);
    assert_eq!(code(&private), "K0412");
    for wrong in ["correct horse ", "Correct horse", "c"] {
        assert_eq!(read(&private, Some(&passphrase(wrong))).unwrap_err().code(), "K0413");
    }
}

#[test]
fn two_keys_are_never_the_same() {
    let (first, second) = (Folder::new(), Folder::new());
    assert_ne!(first.key(Protection::Plain).2, second.key(Protection::Plain).2);
}

#[test]
fn nothing_is_overwritten() {
    for taken in ["a.pem", "a.pub.pem"] {
        let folder = Folder::new();
        let kept = folder.write(taken, 0o600, b"mine");
        let refused =
            key_file::generate(&folder.path("a.pem"), &folder.path("a.pub.pem"), Protection::Plain).unwrap_err();
        assert_eq!(refused.code(), "K0403");
        assert_eq!(fs::read(&kept).unwrap(), b"mine");
        assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 1);
    }
}

/// The file system takes the name of one half, and not the other's: neither is there.
#[test]
fn a_key_is_there_with_both_halves_or_not_at_all() {
    let long = "k".repeat(248);
    for (private, public) in [(".pem", ".pub.pem"), (".pub.pem", ".pem")] {
        let folder = Folder::new();
        let half = |end: &str| folder.path(&format!("{long}{end}"));
        let failed = key_file::generate(&half(private), &half(public), Protection::Plain).unwrap_err();
        assert_eq!(failed.code(), "K0406");
        assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 0, "{private}");
    }
}

#[test]
fn a_symbolic_link_in_place_of_a_new_file_is_not_followed() {
    let folder = Folder::new();
    let elsewhere = folder.path("elsewhere");
    symlink(&elsewhere, folder.path("new")).unwrap();
    let refused = files::create(&folder.path("new"), Access::Owner, b"secret").unwrap_err();
    assert_eq!(refused.code(), "K0403");
    assert!(!elsewhere.exists());
    // Replacing puts the file in the place of the link.
    files::replace(&folder.path("new"), Access::Everybody, b"public").unwrap();
    assert!(!elsewhere.exists());
    assert_eq!(fs::read(folder.path("new")).unwrap(), b"public");
}

#[test]
fn a_pipe_is_written_to_and_stays() {
    use std::os::unix::fs::FileTypeExt as _;
    let folder = Folder::new();
    let (pipe, link) = (folder.path("pipe"), folder.path("link"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::read(pipe).unwrap())
    };
    files::replace(&pipe, Access::Everybody, b"a report").unwrap();
    assert_eq!(reader.join().unwrap(), b"a report");
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    // a link to one is no more followed than a link to a file: nobody reads there, and nobody is waited for
    for to in [pipe.as_path(), Path::new("/dev/full")] {
        symlink(to, &link).unwrap();
        assert!(!files::is_stream(&link));
        files::replace(&link, Access::Everybody, b"a report").unwrap();
        assert_eq!(fs::read(&link).unwrap(), b"a report");
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
        fs::remove_file(&link).unwrap();
    }
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    assert!(files::is_stream(Path::new("/dev/stdout")) && files::is_stream(Path::new("/dev/null")));
}

#[test]
fn private_keys_open_to_others_are_refused() {
    let folder = Folder::new();
    let (private, _, _) = folder.key(Protection::Plain);
    for bits in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777] {
        chmod(&private, bits);
        assert_eq!(code(&private), "K0401", "{bits:o}");
        assert_eq!(key_file::is_encrypted(&private).unwrap_err().code(), "K0401");
    }
    for bits in [0o600, 0o400, 0o700] {
        chmod(&private, bits);
        assert_eq!(code(&private), "read", "{bits:o}");
    }
}

#[test]
fn trusted_files_writable_by_everybody_are_refused() {
    let folder = Folder::new();
    let (_, public, key) = folder.key(Protection::Plain);
    for bits in [0o646, 0o666, 0o602] {
        chmod(&public, bits);
        assert_eq!(key_file::read_public(&public).unwrap_err().code(), "K0402", "{bits:o}");
    }
    chmod(&public, 0o444);
    assert_eq!(key_file::read_public(&public).unwrap(), key);
}

#[test]
fn files_that_are_none_are_refused() {
    let folder = Folder::new();
    assert_eq!(code(&folder.path("missing")), "K0406");
    assert_eq!(code(folder.0.path()), "K0404");
    let pipe = folder.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    assert_eq!(code(&pipe), "K0404");
    assert_eq!(code(Path::new("/dev/zero")), "K0404");
    let large = folder.write("large", 0o600, &vec![b'x'; 17 * 1024]);
    assert_eq!(code(&large), "K0405");
    let exact = folder.write("exact", 0o600, &[b'x'; 10]);
    assert_eq!(files::read(&exact, Guard::Private, 10).unwrap().len(), 10);
    assert!(matches!(files::read(&exact, Guard::Private, 9), Err(FileError::TooLarge { limit: 9, .. })));
}

#[test]
fn what_is_no_private_key_is_refused() {
    let folder = Folder::new();
    let (private, public, _) = folder.key(Protection::Plain);
    let pem = fs::read_to_string(&private).unwrap();
    chmod(&public, 0o600);
    assert_eq!(code(&public), "K0410");
    // said first, whatever its mode is
    for mode in [0o600, 0o644] {
        chmod(&public, mode);
        let said = read(&public, None).unwrap_err();
        assert!(said.to_string().ends_with("is a public key, and the private one is needed"), "{said}");
        assert!(said.hint().unwrap().contains("NAME.pem"));
    }
    for (number, text) in [
        String::new(),
        "secret".to_owned(),
        pem.replace("PRIVATE", "OPENSSH PRIVATE"),
        pem.replace("-----END PRIVATE KEY-----\n", ""),
        pem.replacen("MC4C", "MC4D", 1),
        pem.replacen("MC4C", "????", 1),
        pem.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
    ]
    .iter()
    .enumerate()
    {
        let path = folder.write("bad.pem", 0o600, text.as_bytes());
        let refused = code(&path);
        let expected = if number == 6 { "K0412" } else { "K0410" };
        assert_eq!(refused, expected, "{number}");
    }
    let garbled = folder.write("bad.pem", 0o600, pem.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY").as_bytes());
    assert_eq!(read(&garbled, Some(&passphrase("x"))).unwrap_err().code(), "K0414");
    // X25519 under the same structure.
    let other = folder.write("x.pem", 0o600, pem.replacen("MC4CAQAwBQYDK2Vw", "MC4CAQAwBQYDK2Vu", 1).as_bytes());
    assert_eq!(code(&other), "K0411");
}

#[test]
fn what_is_no_public_key_is_refused() {
    let folder = Folder::new();
    let (private, _, _) = folder.key(Protection::Plain);
    assert_eq!(key_file::read_public(&private).unwrap_err().code(), "K0420");
    let garbage = folder.write("g", 0o644, b"\xff");
    assert_eq!(key_file::read_public(&garbage).unwrap_err().code(), "K0420");
    let weak = folder.write("w", 0o644, b"MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    assert_eq!(key_file::read_public(&weak).unwrap_err().code(), "K0422");
}

#[test]
fn passphrase_files_are_private_and_one_line() {
    let folder = Folder::new();
    let secret = passphrase("correct horse");
    let (private, _, key) = folder.key(Protection::Encrypted(&secret));
    for text in ["correct horse", "correct horse\n", "correct horse\r\n"] {
        let read_back = Passphrase::read(&folder.write("p", 0o600, text.as_bytes())).unwrap();
        assert_eq!(read(&private, Some(&read_back)).unwrap().public_key(), key);
    }
    let code = |mode, bytes: &[u8]| Passphrase::read(&folder.write("p", mode, bytes)).unwrap_err().code();
    assert_eq!(code(0o600, b""), "K0416");
    assert_eq!(code(0o600, b"\n"), "K0416");
    assert_eq!(code(0o600, b"two\nlines\n"), "K0417");
    assert_eq!(code(0o600, b"\xff"), "K0417");
    assert_eq!(code(0o600, b"a\0b"), "K0417");
    assert_eq!(code(0o644, b"x"), "K0401");
    assert_eq!(Passphrase::read(&folder.path("missing")).unwrap_err().code(), "K0406");
}

#[test]
fn secrets_are_not_printed() {
    let folder = Folder::new();
    let secret = passphrase("correct horse");
    let (private, _, key) = folder.key(Protection::Plain);
    let shown = format!("{secret:?} {:?}", read(&private, None).unwrap());
    assert_eq!(shown, format!("Passphrase(..) Signer({})", key.id().short()));
    let pem = fs::read_to_string(&private).unwrap();
    let body = pem.lines().nth(1).unwrap().to_owned();
    let bad = folder.write("bad.pem", 0o600, format!("-----BEGIN X-----\n{body}\n-----END X-----\n").as_bytes());
    let error = read(&bad, None).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&body));
}

/// An encrypted key whose scrypt parameters were raised: derived from a good one, so that nothing but
/// the cost is wrong.
#[test]
fn costly_key_derivations_are_refused_before_they_start() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let folder = Folder::new();
    let secret = passphrase("x");
    let (private, _, _) = folder.key(Protection::Encrypted(&secret));
    let pem = fs::read_to_string(&private).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).unwrap();
    // INTEGER 16384, INTEGER 8, INTEGER 5.
    let cost = [0x02, 0x02, 0x40, 0x00, 0x02, 0x01, 0x08, 0x02, 0x01, 0x05];
    let at = der.windows(cost.len()).position(|window| window == cost).expect("the cost is N 2^14, r 8, p 5");
    for (position, value, expected) in [
        (at + 2, 0x41, "K0415"), // not a power of two
        (at + 2, 0x00, "K0414"), // not minimal DER: 0x0000
        (at + 6, 0x09, "K0413"), // r = 9 is within bounds, but another key comes out
        (at + 9, 0x01, "K0413"), // as is p = 1
        (at + 9, 0x00, "K0415"), // p = 0
        (at + 6, 0x00, "K0415"), // r = 0
    ] {
        let mut bad = der.clone();
        bad[position] = value;
        let text = format!(
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----\n",
            STANDARD
                .encode(&bad)
                .as_bytes()
                .chunks(64)
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect::<Vec<_>>()
                .join("\n")
        );
        let path = folder.write("costly.pem", 0o600, text.as_bytes());
        assert_eq!(read(&path, Some(&secret)).unwrap_err().code(), expected, "{position} {value}");
    }
}

#[test]
fn files_of_other_users_are_refused() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let folder = Folder::new();
    let (private, public) = (folder.path("key.pem"), folder.path("key.pub.pem"));
    key_file::generate(&private, &public, Protection::Plain).unwrap();
    if fs::metadata(&private).unwrap().uid() != 0 {
        println!("skipped: only root can give a file to somebody else");
        return;
    }
    let nobody = 65_534;
    for (given, code) in [(&private, "K0408"), (&public, "K0408")] {
        chown(given, Some(nobody), None).unwrap();
        let refused = match given == &private {
            true => read(&private, None).map(drop),
            false => key_file::read_public(&public).map(drop),
        };
        assert_eq!(refused.unwrap_err().code(), code);
        chown(given, Some(0), None).unwrap();
    }
    let home = private.parent().unwrap();
    chown(home, Some(nobody), None).unwrap();
    assert_eq!(read(&private, None).unwrap_err().code(), "K0409");
    chown(home, Some(0), None).unwrap();
    assert!(read(&private, None).is_ok());
}
