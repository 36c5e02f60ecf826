//! A plan with something of everything, for the tests of the reports.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::plan::{
    Binding, Checkpoint, Cost, FORMAT, Hazard, HazardKind, Inputs, Lock, LockMode, Phase, Source, Step, Timeouts,
    VERSION,
};
use pgseal_catalog::{Digest, FactId, Name, Plan, QualifiedName, Scope};

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn qualified(text: &str) -> QualifiedName {
    QualifiedName::new(name("app"), name(text))
}

fn digest(digit: &str) -> Digest {
    digit.repeat(64).parse().unwrap()
}

fn step(sql: &str) -> Step {
    Step {
        sql: sql.to_owned(),
        search_path: None,
        creates: BTreeSet::new(),
        alters: BTreeSet::new(),
        destroys: BTreeSet::new(),
        locks: Vec::new(),
        hazards: Vec::new(),
        cost: Cost::Instant,
    }
}

/// Two phases, four steps, one hazard.
pub(crate) fn plan() -> Plan {
    let orders = FactId::Table(qualified("orders"));
    let users = FactId::Table(qualified("users"));
    let old = FactId::Column(qualified("users"), name("old"));
    let lock = Lock { relation: qualified("users"), mode: LockMode::AccessExclusive };
    let first = Phase {
        transaction: true,
        search_path: vec![name("app"), name("pub\"lic")],
        locks: vec![lock.clone()],
        steps: vec![
            Step {
                creates: BTreeSet::from([orders.clone(), FactId::Column(qualified("orders"), name("id"))]),
                ..step("CREATE TABLE app.orders (\n    id integer\n)")
            },
            Step {
                alters: BTreeSet::from([users]),
                destroys: BTreeSet::from([old]),
                locks: vec![lock],
                hazards: vec![Hazard {
                    kind: HazardKind::DataLoss,
                    relation: Some(qualified("users")),
                    rows: Some(1_200_000),
                    bytes: Some(340 * 1024 * 1024),
                    detail: "column \"old\" goes".to_owned(),
                }],
                cost: Cost::Rewrite,
                ..step("ALTER TABLE app.users DROP COLUMN old")
            },
            Step {
                creates: BTreeSet::from([FactId::Comment(Box::new(orders))]),
                ..step("COMMENT ON TABLE app.orders IS 'x'")
            },
        ],
        checkpoint: Checkpoint { fingerprint: digest("1"), objects: BTreeMap::new() },
    };
    let second = Phase {
        transaction: false,
        search_path: Vec::new(),
        locks: Vec::new(),
        steps: vec![Step {
            destroys: BTreeSet::from([FactId::Index(qualified("i"))]),
            ..step("DROP INDEX CONCURRENTLY app.i")
        }],
        checkpoint: Checkpoint { fingerprint: digest("2"), objects: BTreeMap::new() },
    };
    Plan {
        format: FORMAT.to_owned(),
        version: VERSION,
        compiler: "0.1.0".to_owned(),
        server_major: 17,
        binding: Binding { targets: BTreeSet::from(["production".to_owned()]), ..Binding::default() },
        scope: Scope::default(),
        inputs: Inputs { snapshot: digest("a"), schema: BTreeMap::new() },
        source: Source { fingerprint: digest("0"), objects: BTreeMap::new(), facts: Vec::new() },
        target: digest("2"),
        settings: BTreeMap::from([("check_function_bodies".to_owned(), "off".to_owned())]),
        timeouts: Timeouts { lock_ms: 5000, statement_ms: 0, lock_retries: 3 },
        hazards: BTreeSet::from([HazardKind::DataLoss]),
        phases: vec![first, second],
        notes: vec!["column order differs".to_owned()],
    }
}
