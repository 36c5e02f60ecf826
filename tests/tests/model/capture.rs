//! Capture on real servers of every major: every property, every object, whatever the history, whoever asks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use pgseal_agent::capture::{capture, capture_with_extensions};
use pgseal_catalog::{Catalog, FactId, Kind, Scope, Snapshot, canonical};
use pgseal_tests::corpus;
use pgseal_tests::program::{run_agent, says};
use pgseal_tests::server::{Database, MAJORS, Options, Server};
use serde_json::Value;

const TIME: &str = "2026-01-01T00:00:00Z";

fn snapshot(database: &Database<'_>) -> Snapshot {
    snapshot_of(database, &Scope::default())
}

fn snapshot_of(database: &Database<'_>, scope: &Scope) -> Snapshot {
    capture(&mut database.connect(), scope, TIME.to_owned()).unwrap_or_else(|error| panic!("{error}"))
}

/// A snapshot's file, without the roles, which other tests make and drop at the same time.
fn text(mut snapshot: Snapshot) -> Vec<String> {
    snapshot.header.roles.clear();
    String::from_utf8(snapshot.to_bytes()).unwrap().lines().map(str::to_owned).collect()
}

#[track_caller]
fn expect_same_text(left: Snapshot, right: Snapshot, context: &str) {
    let (left, right) = (text(left), text(right));
    let differing = left.iter().zip(&right).enumerate().find(|(_, (left, right))| left != right);
    assert!(differing.is_none() && left.len() == right.len(), "{context}: {differing:?}");
}

/// A database with every property of every kind that the major has.
fn rich(server: &Server) -> Database<'_> {
    let database = server.database("rich");
    database.batch(include_str!("capture/rich.sql"));
    if server.major() >= 15 {
        database.batch(include_str!("capture/rich_15.sql"));
    }
    if server.major() >= 18 {
        database.batch(include_str!("capture/rich_18.sql"));
    }
    database
}

fn parse_facts(text: &str) -> BTreeMap<FactId, Value> {
    let line = |line: &str| {
        let (id, payload) = line.split_once('\t').unwrap();
        (id.parse().unwrap(), serde_json::from_str(payload).unwrap())
    };
    text.lines().map(line).collect()
}

fn payloads(catalog: &Catalog) -> BTreeMap<FactId, Value> {
    let payload = |fact: &pgseal_catalog::Fact| {
        let Value::Object(map) = canonical::to_value(&fact.payload) else { panic!("a payload is an object") };
        map.into_iter().next().unwrap().1
    };
    catalog.iter().map(|fact| (fact.id.clone(), payload(fact))).collect()
}

#[test]
fn every_property_is_read() {
    let common = parse_facts(include_str!("capture/facts.txt"));
    for major in MAJORS {
        let mut expected = common.clone();
        expected.extend(parse_facts(match major {
            14 => include_str!("capture/facts_14.txt"),
            15 => include_str!("capture/facts_15.txt"),
            16 => include_str!("capture/facts_16.txt"),
            17 => include_str!("capture/facts_17.txt"),
            _ => include_str!("capture/facts_18.txt"),
        }));
        let found = payloads(&snapshot(&rich(Server::shared(major))).catalog);
        for id in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
            assert_eq!(found.get(id), expected.get(id), "{major}: {id}");
        }
    }
}

#[test]
fn a_snapshot_reads_back_and_a_second_one_is_the_same() {
    for major in MAJORS {
        let database = rich(Server::shared(major));
        let first = snapshot(&database);
        let bytes = first.to_bytes();
        assert!(Snapshot::from_bytes(&bytes).unwrap() == first, "{major}");
        expect_same_text(snapshot(&database), first, &major.to_string());
    }
}

#[test]
fn edges_lead_to_facts_and_never_in_circles() {
    for major in MAJORS {
        let catalog = snapshot(&rich(Server::shared(major))).catalog;
        let mut left: BTreeMap<&FactId, BTreeSet<&FactId>> = BTreeMap::new();
        for fact in catalog.iter() {
            assert!(!fact.needs.contains(&fact.id), "{major}: {} needs itself", fact.id);
            for id in &fact.needs {
                assert!(catalog.contains(id), "{major}: {} needs {id}, which is no fact", fact.id);
            }
            left.insert(&fact.id, fact.needs.iter().collect());
        }
        while !left.is_empty() {
            let free: Vec<&FactId> = left.iter().filter(|(_, needs)| needs.is_empty()).map(|(id, _)| *id).collect();
            assert!(!free.is_empty(), "{major}: a circle among {:#?}", left.keys().collect::<Vec<_>>());
            for id in free {
                left.remove(id);
                for needs in left.values_mut() {
                    needs.remove(id);
                }
            }
        }
        let needs = |of: &str, on: &str| {
            let fact = catalog.fact(&of.parse().unwrap()).unwrap();
            assert!(fact.needs.contains(&on.parse().unwrap()), "{major}: {of} does not need {on}");
        };
        needs("column:app.users.m", "enum:app.mood");
        needs("column:app.users.arr", "enum:app.mood");
        needs("column:app.users.mail", "domain:app.email");
        needs("column:app.users.h", "extension:hstore");
        needs("column:app.users.gen", "column:app.users.\"Name\"");
        needs("default:app.users.ser", "sequence:app.users_ser_seq");
        needs("sequence:app.users_ser_seq", "column:app.users.ser");
        needs("constraint:app.orders.fk", "constraint:app.users.users_pkey");
        needs("constraint:app.orders_1.fk", "constraint:app.orders.fk");
        needs("index:app.orders_1_uid_idx", "index:app.orders_uid");
        needs("table:app.orders_1", "table:app.orders");
        needs("view_rule:app.v.vr", "column:app.users.id");
        needs("view_rule:app.v.vr", "view:app.v");
        needs("rule:app.users.\"R; DO\"", "column:app.parent.note");
        needs("table:app.child", "table:app.parent");
        needs("table:app.typed", "composite:app.address");
        needs("trigger:app.orders_1.pt", "trigger:app.orders.pt");
        needs("trigger:app.users.t1", "function:app.tf()");
        needs("function:app.h(app.mood,app.address[],app.frange)", "range:app.frange");
        needs("comment:table:app.users", "table:app.users");
    }
}

#[test]
fn history_does_not_show() {
    let straight = "
        CREATE TABLE t (a integer, b text DEFAULT 'x' NOT NULL, c integer CHECK (c > 0), d integer GENERATED ALWAYS AS (a + 1) STORED);
        CREATE INDEX ON t (b, lower(b));
        CREATE TYPE e AS ENUM ('a', 'b', 'c');
        CREATE TYPE y AS (p integer, q text);
        CREATE FUNCTION f(e) RETURNS integer LANGUAGE sql AS 'SELECT 1';";
    let crooked = "
        CREATE TYPE e AS ENUM ('a', 'c');
        CREATE TYPE y AS (zz integer, p integer, q text);
        ALTER TYPE y DROP ATTRIBUTE zz;
        CREATE TABLE t (gone integer, a integer, b text, gone2 text, c bigint);
        CREATE INDEX ON t (gone2);
        ALTER TABLE t DROP COLUMN gone, DROP COLUMN gone2, ALTER COLUMN c TYPE integer;
        CREATE INDEX ON t (b, lower(b));
        ALTER TABLE t ALTER COLUMN b SET DEFAULT 'y', ADD CHECK (c > 0);
        ALTER TABLE t ALTER COLUMN b SET DEFAULT 'x', ALTER COLUMN b SET NOT NULL, ADD COLUMN d integer GENERATED ALWAYS AS (a + 1) STORED;
        ALTER TYPE e ADD VALUE 'b' AFTER 'a';
        CREATE FUNCTION f(e) RETURNS integer LANGUAGE sql AS 'SELECT 2';
        CREATE OR REPLACE FUNCTION f(e) RETURNS integer LANGUAGE sql AS 'SELECT 1';";
    for major in MAJORS {
        let (one, other) = (Server::shared(major).database("one"), Server::shared(major).database("other"));
        one.batch(straight);
        other.batch(crooked);
        let (one, other) = (snapshot(&one), snapshot(&other));
        assert_eq!(payloads(&one.catalog), payloads(&other.catalog), "{major}");
        assert_eq!(one.fingerprint(), other.fingerprint(), "{major}");
        let table = "public.t".parse().unwrap();
        let positions: Vec<u32> = other.catalog.columns(&table).iter().filter_map(|(_, fact)| fact.position).collect();
        assert_eq!(positions, [1, 2, 3, 4], "{major}");
    }
}

#[test]
fn a_role_without_rights_sees_the_same() {
    for major in MAJORS {
        let server = Server::shared(major);
        let database = rich(server);
        server
            .connect("postgres")
            .batch_execute("DROP ROLE IF EXISTS nobody_at_all; CREATE ROLE nobody_at_all LOGIN")
            .unwrap();
        // the schema itself is closed to others, and so is everything in it
        let all = snapshot(&database);
        let mut client = server.config(database.name()).user("nobody_at_all").connect(postgres::NoTls).unwrap();
        let seen =
            capture(&mut client, &Scope::default(), TIME.to_owned()).unwrap_or_else(|error| panic!("{major}: {error}"));
        drop(client);
        expect_same_text(seen, all, &major.to_string());
        server.connect("postgres").batch_execute("DROP ROLE nobody_at_all").unwrap();
    }
}

#[test]
fn the_settings_of_the_session_do_not_show() {
    for major in MAJORS {
        let database = rich(Server::shared(major));
        let all = snapshot(&database);
        let mut client = database.connect();
        client
            .batch_execute(
                "SET search_path = app, public; SET \"DateStyle\" = 'German'; SET \"IntervalStyle\" = iso_8601; \
                 SET \"TimeZone\" = 'Asia/Tokyo'; SET quote_all_identifiers = on; SET bytea_output = escape; \
                 SET extra_float_digits = -3; SET standard_conforming_strings = off",
            )
            .unwrap();
        let seen = capture(&mut client, &Scope::default(), TIME.to_owned()).unwrap();
        expect_same_text(seen, all, &major.to_string());
        let path: String = client.query_one("SHOW search_path", &[]).unwrap().get(0);
        assert_eq!(path, "app, public", "{major}: the session's own settings are left as they were");
    }
}

#[test]
fn the_number_of_queries_is_fixed() {
    for major in [14, 18] {
        let server =
            Server::start(&Options::new(major).setting("log_statement", "all").setting("log_min_messages", "log"));
        let queries = |database: &Database<'_>| {
            let before = server.log().len();
            snapshot(database);
            let log = server.log();
            log.get(before..).unwrap().matches("LOG:  execute").count()
                + log.get(before..).unwrap().matches("LOG:  statement").count()
        };
        let empty = queries(&server.database("empty"));
        let full = queries(&rich(&server));
        assert_eq!(empty, full, "{major}");
        assert!((10..45).contains(&full), "{major}: {full} queries");
    }
}

/// Every object that is not a part of another one, by the name that the server gives it.
const EVERY_OBJECT: &str = "
    SELECT DISTINCT i.type || ' ' || i.identity
    FROM (SELECT classid, objid FROM pg_depend WHERE objid >= 16384
          UNION SELECT refclassid, refobjid FROM pg_depend WHERE refobjid >= 16384
          UNION SELECT classid, objid FROM pg_shdepend WHERE objid >= 16384
                AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())) o (class, oid)
    LEFT JOIN pg_class c ON o.class = 'pg_class'::regclass AND c.oid = o.oid
    LEFT JOIN pg_attrdef d ON o.class = 'pg_attrdef'::regclass AND d.oid = o.oid
    LEFT JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum,
    LATERAL pg_identify_object(o.class, o.oid, 0) i
    WHERE NOT EXISTS (SELECT FROM pg_depend p WHERE p.classid = o.class AND p.objid = o.oid AND p.objsubid = 0
                      AND p.deptype IN ('i', 'e') AND p.refobjid >= 16384)
    AND (c.oid IS NULL OR c.relkind <> 't' AND c.relpersistence <> 't' AND c.relnamespace <> 'pg_toast'::regnamespace)
    AND coalesce(a.attgenerated, '') = ''
    AND i.type NOT IN ('operator of access method', 'function of access method')";

/// How the server names what stands for a fact.
fn server_names(catalog: &Catalog) -> BTreeSet<String> {
    let name = |id: &FactId| {
        let member = |kind: &str, owner: &dyn std::fmt::Display, name: &dyn std::fmt::Display| {
            Some(format!("{kind} {name} on {owner}"))
        };
        match id {
            FactId::Schema(n) => Some(format!("schema {n}")),
            FactId::Extension(n) => Some(format!("extension {n}")),
            FactId::Enum(n) | FactId::Domain(n) | FactId::Composite(n) | FactId::Range(n) => Some(format!("type {n}")),
            FactId::Sequence(n) => Some(format!("sequence {n}")),
            FactId::Table(n) => Some(format!("table {n}")),
            FactId::Index(n) => Some(format!("index {n}")),
            FactId::Default(t, c) => Some(format!("default value for {t}.{c}")),
            FactId::Constraint(t, n) => member("table constraint", t, n),
            FactId::DomainConstraint(d, n) => member("domain constraint", d, n),
            FactId::Trigger(t, n) => member("trigger", t, n),
            FactId::Policy(t, n) => member("policy", t, n),
            FactId::Function(r) => Some(format!("function {r}")),
            FactId::Procedure(r) => Some(format!("procedure {r}")),
            FactId::Aggregate(r) => Some(format!("aggregate {r}")),
            FactId::View(n) => Some(format!("view {n}")),
            FactId::MaterializedView(n) => Some(format!("materialized view {n}")),
            FactId::ViewTrigger(v, n) => member("trigger", v, n),
            FactId::Rule(on, n) | FactId::ViewRule(on, n) => member("rule", on, n),
            FactId::Column(..)
            | FactId::Comment(_)
            | FactId::Attribute(..)
            | FactId::ViewColumn(..)
            | FactId::MaterializedViewColumn(..) => None,
        }
    };
    catalog.iter().filter_map(|fact| name(&fact.id)).collect()
}

#[test]
fn nothing_is_missed() {
    for major in MAJORS {
        let database = rich(Server::shared(major));
        let snapshot = snapshot(&database);
        let mut known = server_names(&snapshot.catalog);
        for entry in &snapshot.unmodeled {
            let kind = match entry.kind.as_str() {
                "base type" | "shell type" => "type",
                kind => kind,
            };
            known.insert(format!("{kind} {}", entry.name));
        }
        // a domain's not-null constraint is a property of the domain
        let found = database.texts(&format!("SET search_path = ''; {EVERY_OBJECT}"));
        let is_known = |name: &&String| {
            // 14 qualifies the types of arguments
            known.contains(*name) || known.contains(&name.replace("pg_catalog.", "")) || name.contains("email_not_null")
        };
        let missed: Vec<&String> = found.iter().filter(|name| !is_known(name)).collect();
        assert!(missed.is_empty(), "{major}: missed {missed:#?}\nknown: {known:#?}");
        assert!(found.len() > 80, "{major}: {}", found.len());
    }
}

#[test]
fn what_is_not_modelled_names_the_facts_it_needs() {
    for major in MAJORS {
        let database = rich(Server::shared(major));
        let snapshot = snapshot(&database);
        let entry = |kind: &str, name: &str| {
            let found = snapshot.unmodeled.iter().find(|entry| entry.kind == kind && entry.name == name);
            let found = found.unwrap_or_else(|| panic!("{major}: no {kind} {name} in {:#?}", snapshot.unmodeled));
            found.needs.iter().map(ToString::to_string).collect::<BTreeSet<_>>()
        };
        let view = snapshot.catalog.fact(&"view:app.v".parse().unwrap()).unwrap();
        assert!(view.needs.contains(&"column:app.users.\"Name\"".parse().unwrap()), "{major}: {:?}", view.needs);
        let view = snapshot.catalog.fact(&"materialized_view:app.mv".parse().unwrap()).unwrap();
        assert!(view.needs.contains(&"table:app.orders".parse().unwrap()), "{major}: {:?}", view.needs);
        assert!(entry("statistics object", "app.st").contains("column:app.users.tot"));
        assert!(entry("foreign table", "app.ft").contains("enum:app.mood"));
        assert!(entry("event trigger", "evt").contains("function:app.et()"));
        assert!(entry("publication relation", "app.parent in publication pub").contains("table:app.parent"));
        assert!(entry("cast", "(app.mood AS app.address)").contains("composite:app.address"));
        assert!(entry("grants", "on table app.orders").contains("table:app.orders"));
        assert!(entry("grants", "on table column app.orders.k").contains("column:app.orders.k"));
        let untouched =
            snapshot.unmodeled.iter().filter(|entry| entry.kind == "grants" && entry.name.contains("users"));
        assert_eq!(untouched.count(), 0, "{major}");
        for (kind, name) in [
            ("grants", "on schema app"),
            ("grants", "on function app.vt()"),
            ("collation", "app.coll"),
            ("default acl", "for role postgres in schema app on tables"),
            ("foreign-data wrapper", "w"),
            ("server", "srv"),
            ("operator", "app.===(integer,integer)"),
            ("operator class", "app.oc USING btree"),
            ("text search configuration", "app.tsc"),
            ("publication", "pub"),
        ] {
            entry(kind, name);
        }
        assert!(
            !snapshot.unmodeled.iter().any(|entry| entry.name.contains("frange")),
            "{major}: parts of a range type"
        );
    }
}

#[test]
fn symbols_hold_what_names_resolve_to() {
    for major in MAJORS {
        let snapshot = snapshot(&rich(Server::shared(major)));
        let symbols = &snapshot.symbols;
        let hstore = symbols.types.iter().find(|row| row.name.to_string() == "public.hstore").unwrap();
        assert_eq!(hstore.extension.as_ref().unwrap().as_str(), "hstore");
        assert_eq!(hstore.array.as_ref().unwrap().to_string(), "public._hstore");
        assert!(symbols.types.iter().all(|row| row.extension.is_some()), "{major}: {:#?}", symbols.types);
        let foreign = symbols.relations.iter().find(|row| row.name.to_string() == "app.ft").unwrap();
        assert!(!foreign.columns.is_empty(), "{major}");
        assert!(!symbols.functions.iter().any(|row| row.name.to_string().contains("frange(")), "{major}");
        let equal = symbols.operators.iter().find(|row| row.operator == "=" && row.right == "public.citext").unwrap();
        assert_eq!(equal.commutator.as_ref().unwrap().1, "=");
        assert!(
            symbols.casts.iter().any(|row| row.source == "public.citext" && row.target == "text" && row.method == 'b')
        );
        let opclass = symbols.opclasses.iter().find(|row| row.name.to_string() == "app.oc").unwrap();
        assert_eq!(opclass.operators.len(), 5);
        assert!(snapshot.header.extensions_available.contains_key("hstore"), "{major}");
    }
}

#[test]
fn the_scope_draws_the_line() {
    for major in MAJORS {
        let database = Server::shared(major).database("scope");
        database.batch(
            "CREATE SCHEMA app; CREATE SCHEMA other;
             CREATE TYPE other.mood AS ENUM ('a', 'b');
             CREATE TABLE other.base (id integer PRIMARY KEY, m other.mood);
             CREATE TABLE app.t (id integer REFERENCES other.base, m other.mood, a other.mood[]);
             CREATE TABLE app.tmp_1 (id integer);
             CREATE TABLE other.uses (id integer, t app.t);
             CREATE VIEW other.v AS SELECT id FROM app.t;
             CREATE VIEW other.w AS SELECT id FROM other.base;
             CREATE RULE r AS ON INSERT TO app.t DO ALSO INSERT INTO other.base (id) VALUES (new.id);
             CREATE RULE r AS ON INSERT TO other.base DO ALSO NOTHING;
             CREATE RULE s AS ON INSERT TO other.base DO ALSO DELETE FROM app.t WHERE t.id = new.id;",
        );
        let scope = Scope {
            schemas: Some(BTreeSet::from(["app".to_owned().try_into_name()])),
            ignore: vec!["table:app.tmp_*".to_owned()],
            ..Scope::default()
        };
        let snapshot = snapshot_of(&database, &scope);
        let ids: Vec<String> = snapshot.catalog.iter().map(|fact| fact.id.to_string()).collect();
        assert!(ids.contains(&"table:app.t".to_owned()), "{major}: {ids:?}");
        assert!(
            ids.iter().all(|id| !id.contains("other") && !id.contains("tmp_1") && !id.contains("public")),
            "{major}: {ids:?}"
        );
        let relations: Vec<String> = snapshot.symbols.relations.iter().map(|row| row.name.to_string()).collect();
        assert!(relations.contains(&"other.base".to_owned()) && relations.contains(&"app.tmp_1".to_owned()), "{major}");
        let mood = snapshot.symbols.types.iter().find(|row| row.name.to_string() == "other.mood").unwrap();
        assert_eq!(mood.labels, ["a", "b"]);
        // outside the scope, only what leans on a fact is named
        let unmodeled: Vec<(&str, &str)> =
            snapshot.unmodeled.iter().map(|entry| (entry.kind.as_str(), entry.name.as_str())).collect();
        assert_eq!(unmodeled, [("rule", "s on other.base"), ("table", "other.uses"), ("view", "other.v")], "{major}");
        assert!(Snapshot::from_bytes(&snapshot.to_bytes()).unwrap() == snapshot, "{major}");
    }
}

/// A name in `--schemas` may be misspelt: that it holds nothing is said.
#[test]
fn schemas_that_are_not_there_are_told() {
    let database = Server::shared(18).database("missing_schema");
    database.batch("CREATE SCHEMA app; CREATE TABLE app.t (id integer)");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ignored"), "schema:left_alone").unwrap();
    let told = |schemas: &str| {
        let line = format!("--log-format json capture --out s.json --ignore-file ignored --schemas {schemas}");
        let mut arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        arguments.extend(database.options());
        let ended = run_agent(folder.path(), &arguments).expect(0);
        let lines = ended.err.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let missing = lines.filter(|line| line["event"] == "schema_missing");
        missing.map(|line| line["schema"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told("app,ap"), ["ap"]);
    assert_eq!(told("App,left_alone"), ["App"]);
    assert_eq!(told("app"), [""; 0]);
}

#[test]
fn a_snapshot_goes_to_standard_output() {
    let database = Server::shared(18).database("to_stream");
    database.batch("CREATE SCHEMA app");
    let folder = tempfile::tempdir().unwrap();
    let capture = |arguments: &str| {
        let mut arguments: Vec<String> = format!("capture {arguments}").split(' ').map(str::to_owned).collect();
        arguments.extend(database.options());
        run_agent(folder.path(), &arguments)
    };
    let ended = capture("--out -").expect(0);
    assert!(Snapshot::from_bytes(ended.out.as_bytes()).is_ok(), "{}", ended.out);
    assert!(ended.err.contains("into standard output"), "{}", ended.err);
    says(&capture("--out - --key agent.pem").expect(2), &["there is no place for FILE.sig"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

trait IntoName {
    fn try_into_name(self) -> pgseal_catalog::Name;
}

impl IntoName for String {
    fn try_into_name(self) -> pgseal_catalog::Name {
        pgseal_catalog::Name::new(self).unwrap()
    }
}

#[test]
fn the_ledger_and_temporary_objects_do_not_show() {
    for major in MAJORS {
        let database = Server::shared(major).database("ledger");
        let before = snapshot(&database);
        database.batch("CREATE SCHEMA pgseal; CREATE TABLE pgseal.ledger (a integer PRIMARY KEY)");
        let mut client = database.connect();
        client
            .batch_execute(
                "CREATE TEMPORARY TABLE x (a serial PRIMARY KEY); CREATE TEMPORARY VIEW y AS SELECT 1 AS a; \
                 CREATE TYPE pg_temp.z AS ENUM ('a'); CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            )
            .unwrap();
        let after = capture(&mut client, &Scope::default(), TIME.to_owned()).unwrap();
        expect_same_text(after.clone(), before, &major.to_string());
        assert_eq!(after.catalog.iter().map(|fact| fact.id.kind()).collect::<Vec<_>>(), [Kind::Schema], "{major}");
    }
}

#[test]
fn whole_schemas_of_products_are_captured() {
    let Some(schemas) = corpus::schemas() else { return };
    // loading them takes minutes: the oldest and the newest major, or all
    let majors = if std::env::var_os("PGSEAL_LONG").is_some() { MAJORS.to_vec() } else { vec![14, 18] };
    for major in majors {
        let mut captured = 0;
        for schema in &schemas {
            let database = Server::shared(major).database("product");
            if corpus::load(&database, &schema.sql).is_err() {
                continue;
            }
            let snapshot = snapshot(&database);
            assert!(snapshot.catalog.len() > 10, "{major}: {}", schema.product);
            let read = Snapshot::from_bytes(&snapshot.to_bytes()).unwrap();
            assert!(read == snapshot, "{major}: {}", schema.product);
            captured += 1;
        }
        println!("{major}: {captured} of {} schemas captured", schemas.len());
        assert!(captured > 0, "{major}");
    }
}

/// Members of extensions that are not there are listed, nothing stays, and a plan that creates them knows their names.
#[test]
fn extensions_that_are_not_there_can_be_listed() {
    for major in MAJORS {
        let server = Server::shared(major);
        let database = server.database("prospective");
        database.batch("CREATE SCHEMA tools; CREATE EXTENSION hstore SCHEMA tools");
        let names = |names: &[&str]| names.iter().map(|name| pgseal_catalog::Name::new(*name).unwrap()).collect();
        let wanted: BTreeSet<pgseal_catalog::Name> = names(&["earthdistance", "hstore", "citext"]);
        let before = snapshot(&database);
        let listed =
            capture_with_extensions(&mut database.connect(), &Scope::default(), TIME.to_owned(), &wanted).unwrap();
        assert_eq!(listed.catalog, before.catalog, "{major}");
        expect_same_text(snapshot(&database), before.clone(), "nothing stays");
        let of = |name: &str| {
            let mut symbols = listed.symbols.clone();
            symbols.keep_members(|own| own.as_str() == name);
            symbols.set_extension(None);
            serde_json::to_string(&symbols).unwrap()
        };
        let generated = include_str!("../../../compiler/src/env/generated/extensions.tsv");
        for name in ["earthdistance", "cube", "citext"] {
            let list = of(name);
            assert!(generated.lines().any(|line| line.ends_with(&list)), "{name} on {major}: {list}");
        }
        let sql = "CREATE SCHEMA tools; CREATE EXTENSION hstore SCHEMA tools; CREATE SCHEMA e;
            CREATE EXTENSION cube SCHEMA e; CREATE EXTENSION earthdistance SCHEMA e; CREATE EXTENSION citext;
            CREATE TABLE t (a citext CHECK (a <> 'x'), b e.cube, c tools.hstore DEFAULT tools.hstore('a', 'b'));";
        let made = server.scratch();
        made.batch(sql);
        pgseal_tests::pipeline::migrate(&database, &listed, sql, &snapshot(&made)).unwrap();

        let refused = |name: &str, client: &mut postgres::Client| {
            let wanted = names(&[name]);
            capture_with_extensions(client, &Scope::default(), TIME.to_owned(), &wanted).unwrap_err().code()
        };
        assert_eq!(refused("no_such_extension", &mut database.connect()), "C0207");
        let mut client = database.connect();
        client.batch_execute("SET ROLE pg_monitor").unwrap();
        assert_eq!(refused("pageinspect", &mut client), "C0208");
    }
}
