//! The corpora themselves: every case of the project's own loads on every major that it is for, both sides; of the
//! corpus beside the repository it is counted what the servers accept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use pgseal_tests::corpus::{self, Case, Side};
use pgseal_tests::runner::{self, Stop};
use pgseal_tests::server::Server;

/// The kinds that the project's own corpus has to have cases of, so that none is forgotten.
const KINDS: [&str; 22] = [
    "column",
    "comment",
    "composite",
    "constraint",
    "domain",
    "enum",
    "extension",
    "function",
    "identity",
    "index",
    "inheritance",
    "like",
    "order",
    "partition",
    "pg18",
    "procedure",
    "range",
    "schema",
    "sequence",
    "serial",
    "table",
    "trigger",
];

#[test]
fn own_cases_load_on_every_major_and_show_a_change() {
    let cases = corpus::own();
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    let tally = runner::run(
        "own cases, loaded",
        &cases,
        |case| case.name.clone(),
        Case::is_for,
        |case, server| {
            let unmodeled = case.unmodeled();
            if !unmodeled.is_empty() {
                return Err(Stop::Failed(format!("holds {unmodeled:?}")));
            }
            if case.old.trim() == case.new.trim() {
                return Err(Stop::Failed("both sides are the same".to_owned()));
            }
            // our own cases have to be right: what a server does not accept fails here
            load_both(case, server).map_err(|stop| match stop {
                Stop::Rejected(rejection) => Stop::Failed(rejection.to_string()),
                other => other,
            })
        },
    );
    tally.conclude();
}

#[test]
fn own_cases_cover_the_kinds() {
    let cases = corpus::own();
    let kinds: BTreeSet<&str> = cases.iter().filter_map(|case| case.name.split('/').next()).collect();
    assert_eq!(kinds, BTreeSet::from(KINDS));
}

fn load_both(case: &Case, server: &Server) -> Result<(), Stop> {
    for side in [Side::Old, Side::New] {
        case.load(&server.scratch(), side)?;
    }
    Ok(())
}

#[test]
fn the_schema_of_the_benchmark_loads() {
    for major in [14, 18] {
        let database = Server::shared(major).scratch();
        corpus::load(&database, &pgseal_tests::generated_schema::generate(60).sql).unwrap();
        assert_eq!(database.text("SELECT count(*) FROM pg_class WHERE relname ~ '^table_[0-9]+$'"), "60");
    }
}
