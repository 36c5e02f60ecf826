//! Makes the compiler's lists of what contrib extensions bring, from real servers, one of each major.
//!
//! A line holds the extension's name, its version, a bit for each major (1 for 14), and its members as the symbols of a
//! snapshot (canonical JSON). What is the same on several majors is written once. Each extension is installed into a fresh
//! database, in a schema named by [`home_of`], and so are those that it requires: the compiler puts the real schemas in
//! their place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use pgseal_catalog::Name;
use pgseal_catalog::symbols::home_of;

use crate::pipeline::snapshot;
use crate::server::{Database, MAJORS, Server};

/// The file, under `compiler/src/env/generated`.
pub const FILE: &str = "extensions.tsv";

/// The lines of the file, and the extensions that a server could not install (they need libraries that it lacks).
pub fn generate() -> (String, BTreeSet<String>) {
    let mut found: BTreeMap<(String, String, String), u32> = BTreeMap::new();
    let mut missing = BTreeSet::new();
    for (bit, major) in MAJORS.into_iter().enumerate() {
        let server = Server::shared(major);
        let available = server.scratch().texts(
            "SELECT v.name || ' ' || v.version || ' ' || coalesce(v.schema, '-')
             FROM pg_available_extension_versions v JOIN pg_available_extensions a ON a.name = v.name AND a.default_version = v.version
             WHERE v.name <> 'plpgsql' ORDER BY 1",
        );
        for row in available {
            let mut words = row.split(' ');
            let (Some(name), Some(version), Some(fixed)) = (words.next(), words.next(), words.next()) else {
                panic!("an available extension without name, version and schema: {row}");
            };
            let database = server.scratch();
            match install(&database, name, fixed) {
                Ok(()) => {}
                Err(_) => {
                    missing.insert(name.to_owned());
                    continue;
                }
            }
            let mut symbols = snapshot(&database).unwrap_or_else(|error| panic!("{name} on {major}: {error}")).symbols;
            symbols.keep_members(|own| own.as_str() == name);
            // that they are its own goes without saying
            symbols.set_extension(None);
            let text = serde_json::to_string(&symbols).expect("symbols are JSON");
            *found.entry((name.to_owned(), version.to_owned(), text)).or_default() |= 1 << bit;
        }
    }
    let mut out = String::from("# What contrib extensions bring, Postgres 14 to 18, made by `make generate`.\n");
    for ((name, version, symbols), majors) in found {
        let _ = writeln!(out, "{name}\t{version}\t{majors:x}\t{symbols}");
    }
    (out, missing)
}

/// Installs an extension and what it requires, each in the schema that stands for its own.
fn install(database: &Database<'_>, name: &str, fixed: &str) -> Result<(), String> {
    let requires = database.texts(&format!(
        "SELECT r || ' ' || coalesce(f.schema, '-') FROM pg_available_extensions a
         JOIN pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version
         CROSS JOIN unnest(v.requires) AS r
         JOIN pg_available_extensions b ON b.name = r
         JOIN pg_available_extension_versions f ON f.name = b.name AND f.version = b.default_version
         WHERE a.name = '{name}' ORDER BY 1"
    ));
    for row in requires.iter().filter(|row| !row.starts_with("plpgsql ")) {
        let (required, schema) = row.split_once(' ').unwrap_or((row, "-"));
        install(database, required, schema)?;
    }
    if fixed != "-" {
        return database.try_batch(&format!("CREATE EXTENSION IF NOT EXISTS \"{name}\""));
    }
    let home = home_of(&Name::new(name).expect("an extension has a name"));
    database.try_batch(&format!(
        "CREATE SCHEMA IF NOT EXISTS {home}; CREATE EXTENSION IF NOT EXISTS \"{name}\" SCHEMA {home}"
    ))
}
