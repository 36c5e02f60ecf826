//! Connection strings, the service file and the password file.
//!
//! What must hold besides: what is accepted is the same when it is read again, has a port and a user, and no secret is in what is
//! printed of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use pgseal_agent::connect::{ConnectionArgs, Environment, Settings};

use super::folder;
use crate::Said;
use crate::seeds::SECRET;

fn resolve(arguments: &ConnectionArgs, environment: &Environment) -> Said {
    let settings = Settings::resolve(arguments, environment).map_err(|error| error.to_string())?;
    assert!(settings.port > 0 && !settings.user.is_empty() && !settings.database.is_empty(), "{settings:?}");
    let shown = format!("{settings:?}\n{settings}");
    let again = Settings::resolve(arguments, environment).expect("what was read once is read again");
    assert_eq!(shown, format!("{again:?}\n{again}"), "a connection is two things");
    let elsewhere = [&settings.user, &settings.database, &settings.application_name];
    let host = format!("{:?}", settings.host);
    if !elsewhere.into_iter().chain([&host]).any(|text| text.contains(SECRET)) {
        assert!(!shown.contains(SECRET), "a password is shown: {shown}");
    }
    Ok(())
}

/// `--dsn`.
pub fn dsn(bytes: &[u8]) -> Said {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let arguments = ConnectionArgs { dsn: Some(text.to_owned()), ..ConnectionArgs::default() };
    resolve(&arguments, &Environment::new(&[], None, Some("user")))
}

/// `~/.pg_service.conf` and `~/.pgpass`: the first line says which service, the rest is both files.
pub fn files(bytes: &[u8]) -> Said {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (first, rest) = bytes.split_at(end);
    let service = std::str::from_utf8(first).map_err(|error| error.to_string())?;
    let home = folder().join(format!("{:?}-home", std::thread::current().id()));
    fs::create_dir_all(&home).expect("a folder");
    private(&home, 0o700);
    for name in [".pg_service.conf", ".pgpass"] {
        fs::write(home.join(name), rest).expect("a file is written");
        private(&home.join(name), 0o600);
    }
    let arguments = ConnectionArgs { service: Some(service.to_owned()), ..ConnectionArgs::default() };
    resolve(&arguments, &Environment::new(&[], Some(&home), Some("user")))
}

fn private(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode is set");
}
