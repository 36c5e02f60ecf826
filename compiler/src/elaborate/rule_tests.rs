//! Rules against the model alone: what servers refuse, in the words of a server of major 18, and what goes along.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::tests::run;

const SCHEMA: &str = "CREATE TABLE t (a integer, b text); CREATE TABLE u (a integer, b text, CONSTRAINT u_a UNIQUE (a)); \
     CREATE VIEW v AS SELECT a, b FROM t; CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; CREATE SEQUENCE s; \
     CREATE RULE r AS ON UPDATE TO t WHERE old.a > 1 DO ALSO INSERT INTO u (a, b) VALUES (new.a, old.b); \
     CREATE RULE r AS ON DELETE TO v DO INSTEAD DELETE FROM t WHERE t.a = old.a;";

#[test]
fn rules_may_come_before_what_they_use() {
    let (model, diagnostics) = run(
        18,
        "COMMENT ON RULE late ON later IS 'x'; ALTER TABLE later DISABLE RULE late;
         CREATE RULE late AS ON INSERT TO later WHERE f(new.a) > 1 DO ALSO INSERT INTO last (a) VALUES (new.a) \
         ON CONFLICT ON CONSTRAINT one DO NOTHING;
         CREATE TABLE last (a integer); ALTER TABLE last ADD CONSTRAINT one UNIQUE (a); CREATE TABLE later (a integer);
         CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';",
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let fact = model.fact(&"rule:public.later.late".parse().unwrap()).unwrap();
    let needs: Vec<String> = fact.needs.iter().map(ToString::to_string).collect();
    for need in
        ["constraint:public.last.one", "column:public.last.a", "function:public.f(integer)", "table:public.later"]
    {
        assert!(needs.contains(&need.to_owned()), "{needs:?}");
    }
    assert!(format!("{fact:?}").contains("Disabled"), "{fact:?}");
}

#[test]
fn rules_are_refused_as_servers_refuse_them() {
    for (sql, words) in [
        ("CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING", "rule \"r\" for relation \"t\" already exists"),
        ("CREATE RULE x AS ON INSERT TO nowhere DO INSTEAD NOTHING", "relation \"nowhere\" does not exist"),
        ("CREATE RULE x AS ON INSERT TO m DO INSTEAD NOTHING", "rules on materialized views are not supported"),
        ("CREATE RULE x AS ON INSERT TO s DO INSTEAD NOTHING", "relation \"s\" cannot have rules"),
        ("CREATE RULE x AS ON INSERT TO pg_catalog.pg_class DO INSTEAD NOTHING", "is a system catalog"),
        ("CREATE RULE x AS ON SELECT TO t DO INSTEAD SELECT 1", "relation \"t\" cannot have ON SELECT rules"),
        ("CREATE RULE \"_RETURN\" AS ON SELECT TO v DO INSTEAD SELECT a, b FROM t", "\"v\" is already a view"),
        ("CREATE OR REPLACE RULE \"_RETURN\" AS ON SELECT TO v DO INSTEAD SELECT a, b FROM t", "a rule ON SELECT"),
        ("CREATE RULE \"_RETURN\" AS ON INSERT TO v DO INSTEAD NOTHING", "must not be named \"_RETURN\""),
        (
            "CREATE RULE x AS ON INSERT TO t DO ALSO INSERT INTO u VALUES (1, '') ON CONFLICT ON CONSTRAINT no DO NOTHING",
            "constraint \"no\" for table \"u\" does not exist",
        ),
        ("DROP RULE x ON t", "rule \"x\" for relation \"t\" does not exist"),
        ("DROP RULE r ON nowhere", "relation \"nowhere\" does not exist"),
        ("DROP RULE \"_RETURN\" ON v CASCADE", "because view v requires it"),
        ("COMMENT ON RULE x ON v IS 'x'", "rule \"x\" for relation \"v\" does not exist"),
        ("ALTER RULE x ON t RENAME TO y", "rule \"x\" for relation \"t\" does not exist"),
        ("CREATE RULE q AS ON INSERT TO t DO ALSO NOTHING; ALTER RULE q ON t RENAME TO r", "already exists"),
        ("ALTER RULE \"_RETURN\" ON v RENAME TO x", "renaming an ON SELECT rule is not allowed"),
        ("ALTER RULE r ON v RENAME TO \"_RETURN\"", "already exists"),
        ("ALTER RULE r ON m RENAME TO x", "relation \"m\" cannot have rules"),
        ("ALTER TABLE t DISABLE RULE x", "rule \"x\" for relation \"t\" does not exist"),
        ("ALTER TABLE v DISABLE RULE r", "cannot be performed on relation \"v\""),
        ("ALTER TABLE u ALTER b TYPE varchar", "cannot alter type of a column used by a view or rule"),
        ("ALTER TABLE u DROP COLUMN b", "because other objects depend on it"),
        ("DROP TABLE u", "because other objects depend on it"),
    ] {
        let (_, diagnostics) = run(18, &format!("{SCHEMA}{sql};"));
        let found: Vec<&str> = diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert!(found.len() == 1 && found[0].contains(words), "{sql}: {found:?}");
    }
    let (_, diagnostics) =
        run(15, &format!("{SCHEMA}CREATE RULE \"_RETURN\" AS ON SELECT TO u DO INSTEAD SELECT 1 AS a, ''::text AS b;"));
    assert!(format!("{diagnostics:?}").contains("a rule ON SELECT, which makes a view"), "{diagnostics:?}");
}

#[test]
fn rules_go_with_what_they_use() {
    for (sql, gone) in [
        ("ALTER TABLE u DROP COLUMN b CASCADE", "rule:public.t.r"),
        ("DROP TABLE u CASCADE", "rule:public.t.r"),
        ("DROP VIEW v", "view_rule:public.v.r"),
        ("DROP TABLE t CASCADE", "rule:public.t.r"),
        ("DROP RULE r ON v", "view_rule:public.v.r"),
        ("DROP RULE IF EXISTS r ON t", "rule:public.t.r"),
        ("DROP RULE IF EXISTS r ON nowhere; DROP RULE IF EXISTS x ON t", "none"),
    ] {
        let (model, diagnostics) = run(18, &format!("{SCHEMA}{sql};"));
        assert!(diagnostics.is_empty(), "{sql}: {diagnostics:?}");
        let left: Vec<String> = model.catalog().iter().map(|fact| fact.id.to_string()).collect();
        assert!(!left.contains(&gone.to_owned()), "{sql}");
        assert_eq!(left.iter().any(|id| id == "rule:public.t.r"), gone != "rule:public.t.r", "{sql}");
    }
}

#[test]
fn a_rule_follows_its_own_table_to_another_name() {
    let (model, diagnostics) = run(
        18,
        "CREATE TABLE t (a integer); CREATE TABLE u (a integer); CREATE SCHEMA x;
         CREATE RULE r AS ON UPDATE TO t WHERE old.a > 1 DO ALSO INSERT INTO u (a) VALUES (new.a);
         COMMENT ON RULE r ON t IS 'x'; ALTER TABLE t RENAME TO z; ALTER TABLE z SET SCHEMA x; ALTER RULE r ON x.z RENAME TO q;",
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert!(model.contains(&"comment:rule:x.z.q".parse().unwrap()));
    let rule = model.fact(&"rule:x.z.q".parse().unwrap()).unwrap();
    assert!(rule.needs.contains(&"column:x.z.a".parse().unwrap()), "{rule:?}");
    // it names its own table in what it does
    let (model, diagnostics) = run(
        18,
        "CREATE TABLE t (a integer); CREATE RULE r AS ON UPDATE TO t DO ALSO SELECT 1 FROM t; ALTER TABLE t RENAME TO z;",
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let rule = format!("{:?}", model.fact(&"rule:public.z.r".parse().unwrap()).unwrap());
    assert!(rule.contains("FROM public.z"), "{rule}");
    // by a name that the printer may have made up
    let (_, diagnostics) = run(
        18,
        "CREATE TABLE t (a integer); CREATE RULE r AS ON UPDATE TO t DO ALSO SELECT 1 FROM t, t t_1; ALTER TABLE t RENAME TO z;",
    );
    assert!(format!("{diagnostics:?}").contains("another name for"), "{diagnostics:?}");
}
