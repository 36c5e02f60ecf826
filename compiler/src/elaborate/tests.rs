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
            lost_columns: BTreeSet::new(),
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

#[test]
fn views_may_come_before_what_they_show() {
    let (model, diagnostics) = run(
        18,
        "CREATE VIEW v AS SELECT a, f(a) AS x FROM late JOIN w USING (a); CREATE VIEW w AS SELECT a FROM late;
         CREATE FUNCTION f(integer) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'; CREATE TABLE late (a integer);",
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert!(ids(&model).contains(&"view:public.v".to_owned()), "{:?}", ids(&model));
}

#[test]
fn views_are_refused_as_servers_refuse_them() {
    let table = "CREATE TABLE t (a integer, b text); CREATE VIEW v AS SELECT a, b FROM t;";
    for (sql, words) in [
        ("CREATE VIEW v AS SELECT 1", "relation \"v\" already exists"),
        ("CREATE OR REPLACE VIEW t AS SELECT 1 AS x", "\"t\" is not a view"),
        ("CREATE OR REPLACE VIEW v AS SELECT a FROM t", "cannot drop columns from view"),
        ("CREATE OR REPLACE VIEW v AS SELECT a AS x, b FROM t", "cannot change name of view column \"a\" to \"x\""),
        ("CREATE OR REPLACE VIEW v AS SELECT a + 1.0 AS a, b FROM t", "cannot change data type of view column \"a\""),
        ("CREATE VIEW w AS SELECT a, a FROM t", "column \"a\" specified more than once"),
        ("CREATE VIEW w AS SELECT ROW(1) AS r", "column \"r\" has pseudo-type record"),
        ("CREATE VIEW w (a, b, c) AS SELECT a FROM t", "CREATE VIEW specifies more column names than columns"),
        ("CREATE VIEW w WITH (check_option=some) AS SELECT a FROM t", "invalid value for enum option"),
        ("CREATE VIEW w WITH (security_barrier=some) AS SELECT a FROM t", "invalid value for boolean option"),
        ("CREATE VIEW w WITH (fillfactor=10) AS SELECT a FROM t", "unrecognized parameter \"fillfactor\""),
        ("CREATE VIEW w AS SELECT DISTINCT a FROM t WITH CHECK OPTION", "automatically updatable"),
        ("CREATE VIEW w AS SELECT a + 1 AS b FROM t WITH CHECK OPTION", "automatically updatable"),
        ("CREATE UNLOGGED VIEW w AS SELECT a FROM t", "views cannot be unlogged"),
        ("ALTER VIEW v RENAME COLUMN a TO b", "already exists"),
        ("ALTER VIEW v ADD COLUMN c integer", "cannot be performed on relation \"v\""),
        ("DROP TABLE t", "because other objects depend on it"),
        ("ALTER TABLE t DROP COLUMN a", "because other objects depend on it"),
        ("ALTER TABLE t ALTER a TYPE bigint", "cannot alter type of a column used by a view or rule"),
        ("CREATE VIEW w AS SELECT t.a FROM t, t t_1; ALTER TABLE t RENAME TO z", "another name for"),
        (
            "CREATE TABLE u (a integer, b text); CREATE VIEW w AS SELECT j.a FROM (t JOIN u USING (a)) j (a, x, y); ALTER TABLE t RENAME b TO z",
            "another name for a column of table public.t, which view public.w joins,",
        ),
        ("DROP VIEW t", "\"t\" is not a view"),
        ("DROP TABLE v", "\"v\" is not a table"),
        ("COMMENT ON COLUMN v.z IS 'x'", "column \"z\" of relation \"v\" does not exist"),
    ] {
        let text = read_text("schema.sql", &format!("{table}\n{sql};"), &SyntaxOptions::default());
        if text.diagnostics.has_errors() {
            // the grammar of some statements refuses by itself
            assert!(sql.contains("UNLOGGED"), "{sql}: {:?}", text.diagnostics);
            continue;
        }
        let mut model = Model::empty_like(&empty(18)).unwrap();
        let diagnostics = elaborate(&mut model, &text.statements);
        let said: Vec<&str> = diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert!(said.iter().any(|message| message.contains(words)), "{sql}: {said:?}");
    }
}

#[test]
fn triggers_of_views_are_refused_as_servers_refuse_them() {
    let base = "CREATE TABLE t (a integer, b text); CREATE VIEW v AS SELECT a, b FROM t; \
                CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";
    for (sql, words) in [
        ("CREATE TRIGGER g BEFORE INSERT ON v FOR EACH ROW EXECUTE FUNCTION f()", "\"v\" is a view"),
        ("CREATE TRIGGER g BEFORE TRUNCATE ON v EXECUTE FUNCTION f()", "\"v\" is a view"),
        ("CREATE TRIGGER g INSTEAD OF INSERT ON v EXECUTE FUNCTION f()", "INSTEAD OF triggers must be FOR EACH ROW"),
        (
            "CREATE TRIGGER g INSTEAD OF INSERT ON v FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION f()",
            "INSTEAD OF triggers cannot have WHEN conditions",
        ),
        (
            "CREATE TRIGGER g INSTEAD OF UPDATE OF a ON v FOR EACH ROW EXECUTE FUNCTION f()",
            "INSTEAD OF triggers cannot have column lists",
        ),
        ("CREATE TRIGGER g AFTER INSERT ON v REFERENCING NEW TABLE AS n EXECUTE FUNCTION f()", "\"v\" is a view"),
        ("CREATE TRIGGER g INSTEAD OF INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()", "\"t\" is a table"),
    ] {
        let (_, diagnostics) = run(18, &format!("{base}\n{sql};"));
        let said: Vec<&str> = diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert!(said.iter().any(|message| message.contains(words)), "{sql}: {said:?}");
    }
}
