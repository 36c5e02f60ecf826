//! The password file: `host:port:database:user:password` lines, as libpq reads them.

use std::path::Path;

use pgseal_keys::files::{self, Guard};
use zeroize::Zeroizing;

use super::ConnectError;

/// The largest password file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// What a password is looked up by.
pub(super) struct Wanted<'a> {
    /// The host's name, its address, or `localhost` for the default unix socket.
    pub host: &'a str,
    pub port: u16,
    pub database: &'a str,
    pub user: &'a str,
}

/// Finds the first line that matches.
///
/// # Errors
/// Where libpq warns and goes on without it, a file that group or others can access is refused.
pub(super) fn find(path: &Path, wanted: &Wanted<'_>) -> Result<Option<Zeroizing<String>>, ConnectError> {
    let bytes = files::read(path, Guard::Private, MAX_BYTES)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| ConnectError::MalformedFile {
        path: path.to_owned(),
        line: 1,
        detail: "not UTF-8 text",
    })?;
    Ok(text.lines().find_map(|line| password_in(line, wanted)))
}

fn password_in(line: &str, wanted: &Wanted<'_>) -> Option<Zeroizing<String>> {
    if line.starts_with('#') {
        return None;
    }
    let port = wanted.port.to_string();
    let mut rest = line;
    for value in [wanted.host, &port, wanted.database, wanted.user] {
        let (field, wildcard, after) = take_field(rest)?;
        if !wildcard && *field != value {
            return None;
        }
        rest = after;
    }
    // The password goes to the end of the line; a colon in it may be escaped or not.
    let mut password = Zeroizing::new(String::with_capacity(rest.len()));
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => password.extend(chars.next()),
            c => password.push(c),
        }
    }
    (!password.is_empty()).then_some(password)
}

/// A field up to the next colon that is not escaped, whether it is a bare `*`, and what follows.
fn take_field(text: &str) -> Option<(Zeroizing<String>, bool, &str)> {
    let mut field = Zeroizing::new(String::new());
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => field.extend(chars.next().map(|(_, escaped)| escaped)),
            ':' => return Some((field, text.get(..at) == Some("*"), text.get(at + 1..)?)),
            c => field.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const WANTED: Wanted<'_> = Wanted { host: "db.example", port: 5432, database: "shop", user: "alice" };

    fn password(line: &str) -> Option<String> {
        password_in(line, &WANTED).map(|password| password.to_string())
    }

    #[test]
    fn lines_match_field_by_field() {
        for line in [
            "db.example:5432:shop:alice:pw",
            "*:*:*:*:pw",
            "db.example:*:shop:*:pw",
            r"db\.example:5432:shop:alice:p\w",
        ] {
            assert_eq!(password(line).as_deref(), Some("pw"), "{line}");
        }
        for line in [
            "",
            "db.example:5432:shop:alice",
            "db.example:5432:shop:alice:",
            "other:5432:shop:alice:pw",
            "db.example:5433:shop:alice:pw",
            "db.example:5432:shop2:alice:pw",
            "db.example:5432:shop:bob:pw",
            "DB.example:5432:shop:alice:pw",
            "#db.example:5432:shop:alice:pw",
            r"\*:*:*:*:pw",
            "**:*:*:*:pw",
        ] {
            assert_eq!(password(line), None, "{line}");
        }
    }

    #[test]
    fn colons_and_backslashes_are_escaped() {
        let wanted = Wanted { host: "::1", port: 1, database: r"a\b", user: "*" };
        let line = r"\:\:1:1:a\\b:\*:p:w\:x\\y";
        assert_eq!(password_in(line, &wanted).unwrap().as_str(), r"p:w:x\y");
    }

    #[test]
    fn the_first_match_counts_and_the_file_must_be_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        std::fs::write(&path, "x:*:*:*:no\n*:*:shop:*:first\n*:*:*:*:second\n").unwrap();
        let mode = |bits| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(bits)).unwrap();
        mode(0o600);
        assert_eq!(find(&path, &WANTED).unwrap().unwrap().as_str(), "first");
        mode(0o640);
        assert_eq!(find(&path, &WANTED).unwrap_err().code(), "K0401");
    }
}
