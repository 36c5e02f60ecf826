//! SECURITY.md names what shows each of its claims, and all of that exists.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;

use pgseal_tests::server::repository;

/// What stands between backquotes and has the form of a folder of attacks or of a test.
fn named(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).filter(|name| name.starts_with("attacks/") || name.contains("::")).collect()
}

fn sources_of(file: &str) -> Vec<PathBuf> {
    ["tests/tests", "tests/tests/model", "keys/tests"]
        .iter()
        .map(|folder| repository().join(folder).join(format!("{file}.rs")))
        .filter(|path| path.is_file())
        .collect()
}

#[test]
fn everything_that_shows_a_claim_exists() {
    let text = fs::read_to_string(repository().join("SECURITY.md")).unwrap();
    let named = named(&text);
    assert!(named.len() > 50, "only {} are named", named.len());
    for name in named {
        if let Some(attack) = name.strip_prefix("attacks/") {
            let path = repository().join("tests/attacks").join(attack).join("attack.toml");
            assert!(attack == "…" || path.is_file(), "there is no attack {attack}");
            continue;
        }
        let (file, test) = name.split_once("::").unwrap();
        let there = |path: &PathBuf| fs::read_to_string(path).unwrap().contains(&format!("\n#[test]\nfn {test}() "));
        assert!(file == "file" || sources_of(file).iter().any(there), "there is no test {name}");
    }
}

#[test]
fn every_row_of_the_threat_model_is_shown_by_something() {
    let text = fs::read_to_string(repository().join("SECURITY.md")).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 10, "{} rows", rows.len());
    for row in rows {
        assert!(!named(row.rsplit('|').nth(1).unwrap()).is_empty(), "nothing shows: {row}");
    }
}
