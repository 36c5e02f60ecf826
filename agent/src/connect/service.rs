//! The connection service file: `[name]` sections of `option=value` lines.

use std::path::{Path, PathBuf};

use pgseal_keys::files::{self, Guard};
use zeroize::Zeroizing;

use super::dsn::Pairs;
use super::{ConnectError, Environment};

/// The largest service file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// Finds a service: first in the user's file (`PGSERVICEFILE`, else `~/.pg_service.conf`), then in
/// `pg_service.conf` of `PGSYSCONFDIR`. Returns its options and the file.
pub(super) fn find(service: &str, environment: &Environment) -> Result<(Pairs, PathBuf), ConnectError> {
    let named = environment.variable("PGSERVICEFILE").map(|path| PathBuf::from(path.as_str()));
    let own = match named {
        Some(path) => Some(path),
        None => environment.in_home(".pg_service.conf").filter(|path| path.exists()),
    };
    let system = environment
        .variable("PGSYSCONFDIR")
        .map(|folder| Path::new(folder.as_str()).join("pg_service.conf"))
        .filter(|path| path.exists());
    for path in own.into_iter().chain(system) {
        let bytes = files::read(&path, Guard::Trusted, MAX_BYTES)?;
        if let Some(pairs) = section(service, &path, &bytes)? {
            return Ok((pairs, path));
        }
    }
    Err(ConnectError::ServiceNotFound { service: service.to_owned() })
}

fn section(service: &str, path: &Path, bytes: &[u8]) -> Result<Option<Pairs>, ConnectError> {
    let at = |line, detail| ConnectError::MalformedFile { path: path.to_owned(), line, detail };
    let text = std::str::from_utf8(bytes).map_err(|_| at(1, "not UTF-8 text"))?;
    let mut found: Option<Pairs> = None;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            let name = header.strip_suffix(']').ok_or_else(|| at(number, "a section has no \"]\""))?;
            found = (name == service).then(Pairs::new);
            continue;
        }
        let Some(pairs) = &mut found else {
            continue;
        };
        if line.starts_with("ldap") {
            return Err(at(number, "services by LDAP are not supported"));
        }
        let (option, value) = line.split_once('=').ok_or_else(|| at(number, "missing \"=\""))?;
        if option == "service" {
            return Err(at(number, "a service cannot name a service"));
        }
        pairs.push((option.to_owned(), Zeroizing::new(value.to_owned())));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const FILE: &str =
        "# comment\nnonsense outside of sections\n[a]\nhost=h1\n\n# more\n dbname=d =1\n[b]\nhost = h2\n[a]\nhost=h3\n";

    fn in_file(service: &str, text: &str) -> Result<Option<Vec<(String, String)>>, &'static str> {
        section(service, Path::new("f"), text.as_bytes())
            .map(|found| found.map(|pairs| pairs.into_iter().map(|(o, v)| (o, v.to_string())).collect()))
            .map_err(|error| error.code())
    }

    #[test]
    fn the_first_section_of_the_name_counts() {
        let expected = [("host", "h1"), ("dbname", "d =1")].map(|(o, v)| (o.to_owned(), v.to_owned()));
        assert_eq!(in_file("a", FILE), Ok(Some(expected.to_vec())));
        assert_eq!(in_file("c", FILE), Ok(None));
    }

    #[test]
    fn malformed_lines_are_refused() {
        assert_eq!(in_file("a", "[a\nhost=h"), Err("C0107"));
        assert_eq!(in_file("a", "[a]\nhost"), Err("C0107"));
        assert_eq!(in_file("a", "[a]\nservice=b"), Err("C0107"));
        assert_eq!(in_file("a", "[a]\nldap://x/y?z?one?o"), Err("C0107"));
        // Another section's lines are none of our business.
        assert_eq!(in_file("b", "[a]\nhost\n[b]\n"), Ok(Some(vec![])));
    }

    #[test]
    fn files_are_searched_in_libpqs_order() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".pg_service.conf"), "[a]\nhost=home\n").unwrap();
        std::fs::write(folder.path().join("pg_service.conf"), "[a]\nhost=system\n[s]\nhost=system\n").unwrap();
        std::fs::write(folder.path().join("named"), "[a]\nhost=named\n").unwrap();
        let home = folder.path();
        let system = home.to_str().unwrap();
        let named = home.join("named");
        let host = |service: &str, variables: &[(&str, &str)]| {
            find(service, &Environment::new(variables, Some(home), None)).map(|(pairs, _)| pairs[0].1.to_string())
        };
        assert_eq!(host("a", &[]).unwrap(), "home");
        assert_eq!(host("a", &[("PGSERVICEFILE", named.to_str().unwrap())]).unwrap(), "named");
        assert_eq!(host("s", &[("PGSYSCONFDIR", system)]).unwrap(), "system");
        assert_eq!(host("s", &[]).unwrap_err().code(), "C0106");
        assert_eq!(host("a", &[("PGSERVICEFILE", "/nonexistent")]).unwrap_err().code(), "K0406");
    }
}
