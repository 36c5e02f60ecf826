//! The project's own corpus as a whole, and the schema of the benchmark. That each case loads is seen where it is run.

use std::collections::BTreeSet;

use pgseal_tests::corpus;
use pgseal_tests::server::Server;

/// The kinds that the project's own corpus has to have cases of, so that none is forgotten.
const KINDS: [&str; 28] = [
    "aggregate",
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
    "materialized_view",
    "order",
    "partition",
    "pg18",
    "policy",
    "procedure",
    "range",
    "rule",
    "schema",
    "sequence",
    "serial",
    "table",
    "trigger",
    "view",
    "view_rule",
];

#[test]
fn own_cases_are_many_and_show_a_change() {
    let cases = corpus::own();
    assert!(cases.len() >= 240, "only {} cases", cases.len());
    for case in &cases {
        assert_eq!(case.unmodeled(), BTreeSet::new(), "{} holds what is not modeled", case.name);
        assert_ne!(case.old.trim(), case.new.trim(), "{}: both sides are the same", case.name);
    }
}

#[test]
fn own_cases_cover_the_kinds() {
    let cases = corpus::own();
    let kinds: BTreeSet<&str> = cases.iter().filter_map(|case| case.name.split('/').next()).collect();
    assert_eq!(kinds, BTreeSet::from(KINDS));
}

#[test]
fn the_schema_of_the_benchmark_loads() {
    for major in [14, 18] {
        let database = Server::shared(major).scratch();
        corpus::load(&database, &pgseal_tests::generated_schema::generate(60).sql).unwrap();
        assert_eq!(database.text("SELECT count(*) FROM pg_class WHERE relname ~ '^table_[0-9]+$'"), "60");
    }
}
