//! The corpora themselves: every case of the project's own loads on every major that it is for, both sides; of the
//! corpus beside the repository it is counted what the servers accept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use pgseal_tests::corpus::{self, Side};
use pgseal_tests::server::{MAJORS, Server};

#[test]
fn own_cases_load_on_every_major_and_show_a_change() {
    let cases = corpus::own();
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    let mut failures = Vec::new();
    for case in &cases {
        let unmodeled = case.unmodeled();
        if !unmodeled.is_empty() {
            failures.push(format!("{}: holds {unmodeled:?}", case.name));
        }
        if case.old.trim() == case.new.trim() {
            failures.push(format!("{}: both sides are the same", case.name));
        }
    }
    for major in MAJORS {
        let mut loaded = 0;
        for case in cases.iter().filter(|case| case.is_for(major)) {
            for side in [Side::Old, Side::New] {
                let database = Server::shared(major).scratch();
                match case.load(&database, side) {
                    Ok(()) => loaded += 1,
                    Err(rejection) => failures.push(format!("{} ({side}) on {major}: {rejection}", case.name)),
                }
            }
        }
        println!("major {major}: {loaded} sides loaded");
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Each kind of the model has cases of its own, so that none is forgotten when kinds are added.
#[test]
fn own_cases_cover_the_kinds() {
    let kinds: BTreeSet<String> =
        corpus::own().iter().filter_map(|case| case.name.split('/').next().map(str::to_owned)).collect();
    for kind in [
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
    ] {
        assert!(kinds.contains(kind), "no case of kind \"{kind}\"");
    }
}
