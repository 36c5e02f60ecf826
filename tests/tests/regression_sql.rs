//! PostgreSQL's own regression SQL: what it leaves behind, elaborated from the server's print and compared; and none of its
//! statements makes the compiler panic.
//!
//! The suite is read where a source package was unpacked: `PGSEAL_PG_SOURCE` names the folder that holds `postgresql-18.6` and
//! its like. Without it the tests say so and go on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pgseal::diff::expressions;
use pgseal::elaborate::{Model, elaborate};
use pgseal::syntax::{RowStatements, SyntaxOptions, read_text};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::server::{Database, MAJORS, Server};

/// The suites that are there, by major, oldest first.
fn suites() -> Vec<(u16, PathBuf)> {
    let Ok(root) = std::env::var("PGSEAL_PG_SOURCE") else {
        println!("PGSEAL_PG_SOURCE is not set: PostgreSQL's regression SQL is left out");
        return Vec::new();
    };
    let mut found: Vec<(u16, PathBuf)> = std::fs::read_dir(root)
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name()?.to_str()?.strip_prefix("postgresql-")?.split('.').next()?.parse().ok()?;
            let suite = path.join("src/test/regress");
            suite.join("parallel_schedule").exists().then_some((name, suite))
        })
        .collect();
    found.sort();
    found
}

/// The suite that fits a server best: that of the nearest major, of two as near the older.
fn suite_for(major: u16, suites: &[(u16, PathBuf)]) -> Option<&Path> {
    suites.iter().min_by_key(|(of, _)| (of.abs_diff(major), *of)).map(|(_, path)| path.as_path())
}

/// The files of a suite in the order in which it runs them.
fn files(suite: &Path) -> Vec<PathBuf> {
    let schedule = std::fs::read_to_string(suite.join("parallel_schedule")).unwrap();
    let lines = schedule.lines().filter_map(|line| line.strip_prefix("test:"));
    let names = lines.flat_map(str::split_whitespace).map(|name| suite.join("sql").join(format!("{name}.sql")));
    names.filter(|path| path.exists()).collect()
}

/// Not run: they change the cluster, wait, or take minutes for no object that stays.
const LEFT_OUT: [&str; 8] = [
    "tablespace",
    "stats",
    "subscription",
    "database",
    "create_role",
    "vacuum_parallel",
    "infinite_recurse",
    "psql_pipeline",
];

fn psql(database: &Database<'_>) -> Command {
    let mut command = Command::new("psql");
    command
        .args(["-X", "-q", "-d"])
        .arg(database.name())
        .env("PGHOST", database.server().host())
        .env("PGPORT", database.server().port().to_string())
        .env("PGUSER", "postgres")
        .env("PGOPTIONS", "-c statement_timeout=30s")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn await_server(database: &Database<'_>) {
    for _ in 0..600 {
        if psql(database).args(["-c", "SELECT 1"]).status().expect("psql").success() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the server does not come back");
}

fn run_suite(database: &Database<'_>, suite: &Path) {
    for file in files(suite) {
        if LEFT_OUT.iter().any(|name| file.file_stem().is_some_and(|stem| stem == *name)) {
            continue;
        }
        let mut run = psql(database);
        run.arg("-f").arg(&file).env("PG_ABS_SRCDIR", suite);
        // a statement of the suite that makes the server restart takes only its own file along
        if run.status().expect("psql").code() == Some(2) {
            await_server(database);
        }
    }
}

fn majors() -> Vec<u16> {
    match std::env::var("PGSEAL_MAJORS") {
        Ok(list) => list.split(',').filter_map(|m| m.parse().ok()).collect(),
        Err(_) => MAJORS.to_vec(),
    }
}

#[test]
fn what_the_suite_leaves_behind_is_elaborated_exactly() {
    let suites = suites();
    let mut failures = Vec::new();
    for major in majors() {
        let Some(suite) = suite_for(major, &suites) else { return };
        let database = Server::shared(major).database("regression");
        run_suite(&database, suite);
        let snapshot = snapshot(&database).unwrap();
        let model = Model::from_snapshot(&snapshot).unwrap();
        let (mut exact, mut refused, mut wrong) = (0_usize, BTreeMap::<String, usize>::new(), 0_usize);
        for fact in snapshot.catalog.iter() {
            for (part, text) in expressions(&fact.payload) {
                match model.stored_text(&fact.id, part, text.as_str()) {
                    Ok(again) if again == text.0 => exact += 1,
                    Ok(again) => {
                        wrong += 1;
                        failures.push(format!("{major} {} {part:?}\n  says {}\n  ours {again}", fact.id, text.0));
                    }
                    Err(problem) => {
                        if std::env::var_os("PGSEAL_PROGRESS").is_some() {
                            eprintln!("{major} {} {part:?}: {}\n  {}", fact.id, problem.message, text.0);
                        }
                        *refused.entry(problem.message.clone()).or_default() += 1;
                    }
                }
            }
        }
        let count: usize = refused.values().sum();
        println!(
            "{major}: {} facts, {} not modeled; expressions {exact} exact, {count} refused, {wrong} wrong",
            snapshot.catalog.len(),
            snapshot.unmodeled.len()
        );
        for (message, count) in &refused {
            println!("  {count:>5} {message}");
        }
        assert!(exact > 400, "{major}: {exact}");
    }
    assert!(failures.is_empty(), "{} wrong\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn no_statement_makes_the_compiler_panic() {
    let suites = suites();
    let Some((_, suite)) = suites.last() else { return };
    for major in majors() {
        let database = Server::shared(major).scratch();
        let snapshot = snapshot(&database).unwrap();
        for file in files(suite) {
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            let ended = catch_unwind(AssertUnwindSafe(|| {
                let options = SyntaxOptions { row_statements: RowStatements::Skip, ..SyntaxOptions::default() };
                let read = read_text("schema.sql", &text, &options);
                let mut model = Model::empty_like(&snapshot).unwrap();
                elaborate(&mut model, &read.statements).len()
            }));
            assert!(ended.is_ok(), "{major}: {}", file.display());
        }
    }
}
