//! Statements against the model alone; the servers' word is in the project's end-to-end tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::snapshot::Header;
use pgseal_catalog::symbols::Symbols;
use pgseal_catalog::{Catalog, Scope, Snapshot};

use super::{Model, elaborate};
use crate::diagnostic::Diagnostics;
use crate::syntax::{SyntaxOptions, read_text};

fn empty(major: u32) -> Snapshot {
    Snapshot {
        header: Header {
            server_version_num: major * 10_000,
            server_version: major.to_string(),
            captured_at: "2026-01-01T00:00:00Z".to_owned(),
            database: "d".to_owned(),
            system_identifier: None,
            encoding: "UTF8".to_owned(),
            collate: "C".to_owned(),
            ctype: "C".to_owned(),
            locale_provider: "libc".to_owned(),
            settings: BTreeMap::new(),
            roles: BTreeSet::new(),
            extensions_available: BTreeMap::new(),
            collations: BTreeSet::new(),
            statistics: BTreeMap::new(),
        },
        scope: Scope::default(),
        catalog: Catalog::new(),
        symbols: Symbols::default(),
        unmodeled: Vec::new(),
    }
}

pub(super) fn run(major: u32, sql: &str) -> (Model, Diagnostics) {
    let text = read_text("schema.sql", sql, &SyntaxOptions::default());
    assert!(!text.diagnostics.has_errors(), "{:?}", text.diagnostics);
    let mut model = Model::empty_like(&empty(major)).unwrap();
    let diagnostics = elaborate(&mut model, &text.statements);
    (model, diagnostics)
}

fn ids(model: &Model) -> Vec<String> {
    model.catalog().iter().map(|fact| fact.id.to_string()).collect()
}

#[test]
fn any_order_gives_the_same_catalog() {
    let forward = "CREATE TABLE a (id serial PRIMARY KEY); CREATE TABLE b (a integer REFERENCES a, c integer CHECK (c > 0)); \
                   CREATE INDEX ON b (c); COMMENT ON TABLE b IS 'b';";
    let backward = "COMMENT ON TABLE b IS 'b'; CREATE INDEX ON b (c); \
                    CREATE TABLE b (a integer REFERENCES a, c integer CHECK (c > 0)); CREATE TABLE a (id serial PRIMARY KEY);";
    let (one, first) = run(17, forward);
    let (two, second) = run(17, backward);
    assert!(first.is_empty() && second.is_empty(), "{first:?} {second:?}");
    assert_eq!(ids(&one), ids(&two));
    assert_eq!(one.catalog(), two.catalog());
}

#[test]
fn a_failed_statement_leaves_nothing_and_all_are_reported() {
    let (model, diagnostics) = run(17, "CREATE TABLE a (id serial, x nowhere); CREATE INDEX ON b (c);");
    assert_eq!(diagnostics.len(), 2, "{diagnostics:?}");
    assert_eq!(ids(&model), ["schema:public"]);
}

#[test]
fn renames_reach_everything() {
    let (model, diagnostics) = run(
        17,
        "CREATE TABLE draft (id serial PRIMARY KEY, v text CHECK (v <> '')); \
         ALTER TABLE draft RENAME TO final; ALTER TABLE final RENAME COLUMN v TO value; \
         ALTER SEQUENCE draft_id_seq RENAME TO final_id_seq;",
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert!(ids(&model).contains(&"column:public.final.value".to_owned()));
    let text = model.fact(&"default:public.final.id".parse().unwrap()).unwrap();
    assert!(format!("{text:?}").contains("nextval('public.final_id_seq'::regclass)"), "{text:?}");
}

#[test]
fn foreign_keys_of_partitions_go_with_the_parents() {
    let schema = "CREATE TABLE p (id integer PRIMARY KEY); \
         CREATE TABLE r (id integer NOT NULL, p_id integer REFERENCES p, PRIMARY KEY (id)) PARTITION BY RANGE (id); \
         CREATE TABLE r_1 PARTITION OF r FOR VALUES FROM (1) TO (10) PARTITION BY RANGE (id); \
         CREATE TABLE r_1_1 PARTITION OF r_1 FOR VALUES FROM (1) TO (5);";
    for change in
        ["ALTER TABLE r DROP CONSTRAINT r_p_id_fkey; DROP TABLE p;", "ALTER TABLE r DROP COLUMN p_id; DROP TABLE p;"]
    {
        let (model, diagnostics) = run(18, &format!("{schema}{change}"));
        assert!(diagnostics.is_empty(), "{change} {diagnostics:?}");
        assert!(!ids(&model).iter().any(|id| id.contains("fkey")), "{:?}", ids(&model));
    }
}
