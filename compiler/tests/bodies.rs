//! Bodies that are strings: the warnings about them, and the order that they give a plan.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use pgseal::compile::{CompileError, CompileOptions, Compiled, compile};
use pgseal::syntax::{SchemaText, SyntaxOptions, read_text};
use pgseal_catalog::snapshot::Header;
use pgseal_catalog::symbols::Symbols;
use pgseal_catalog::{Catalog, Digest, Scope, Snapshot};

fn empty() -> Snapshot {
    let header = Header {
        server_version_num: 170_000,
        server_version: "17.0".to_owned(),
        captured_at: "2026-01-01T00:00:00Z".to_owned(),
        database: "app".to_owned(),
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
    };
    Snapshot {
        header,
        scope: Scope::default(),
        catalog: Catalog::new(),
        symbols: Symbols::default(),
        unmodeled: Vec::new(),
    }
}

fn read(schema: &str) -> SchemaText {
    read_text("schema.sql", schema, &SyntaxOptions::default())
}

fn compiled(before: &str, after: &str) -> (Compiled, SchemaText) {
    let empty = empty();
    let (model, _) = pgseal::compile::desired(&empty, &read(before)).unwrap();
    let snapshot = Snapshot { catalog: model.into_catalog(), ..empty };
    let text = read(after);
    let compiled = compile(&snapshot, Digest::of(b""), &text, &CompileOptions::default()).unwrap();
    (compiled, text)
}

/// The warnings about a schema made anew: the place, the code, the message.
fn warned(after: &str) -> Vec<String> {
    let (compiled, text) = compiled("", after);
    let shown = compiled.diagnostics.iter().map(|diagnostic| {
        let place = diagnostic.span.map_or_else(String::new, |span| {
            let file = text.sources.file(span.source).unwrap();
            let place = file.place(span.start);
            format!("{}:{} {:?} ", place.line, place.column, file.slice(span.start, span.end))
        });
        format!("{place}{} {}", diagnostic.code, diagnostic.message)
    });
    shown.collect()
}

/// The statements of a plan, each by its first words.
fn steps(before: &str, after: &str) -> Vec<String> {
    let (compiled, _) = compiled(before, after);
    let steps = compiled.plan.phases.iter().flat_map(|phase| &phase.steps);
    steps.map(|step| step.sql.split_whitespace().take(3).collect::<Vec<_>>().join(" ")).collect()
}

const TABLES: &str = "CREATE TABLE t (id integer PRIMARY KEY, name text); CREATE TYPE mood AS ENUM ('sad');\n";

#[test]
fn names_that_are_nowhere_are_reported_where_they_stand() {
    let schema = format!(
        "{TABLES}CREATE FUNCTION f(n integer) RETURNS integer LANGUAGE plpgsql AS $$\nDECLARE\n  m mood;\n  o wrong;\n  r gone%ROWTYPE;\n\
         BEGIN\n  SELECT name INTO o FROM t JOIN nowhere USING (id);\n  PERFORM app.missing(n);\n  RETURN nothing(1);\nEND $$;"
    );
    assert_eq!(
        warned(&schema),
        [
            "5:5 \"wrong\" PGS3010 type \"wrong\" does not exist",
            "6:5 \"gone\" PGS3010 relation \"gone\" does not exist",
            "8:34 \"nowhere\" PGS3010 relation \"nowhere\" does not exist",
            "9:11 \"app\" PGS3010 function \"app.missing\" does not exist",
            "10:10 \"nothing\" PGS3010 function \"nothing\" does not exist",
        ]
    );
}

#[test]
fn bodies_in_sql_are_analysed() {
    let schema = format!(
        "{TABLES}CREATE FUNCTION a(n integer) RETURNS text LANGUAGE sql AS 'SELECT name || ''x'' FROM t WHERE id = n AND oops';\n\
         CREATE FUNCTION b() RETURNS integer LANGUAGE sql AS $_$ SELECT name FROM t $_$;\n\
         CREATE FUNCTION c() RETURNS integer LANGUAGE sql AS $$ SELECT id FROM u $$;\n\
         CREATE FUNCTION d() RETURNS integer LANGUAGE sql AS $$ SELECT id FROM FROM t $$;\n\
         CREATE FUNCTION e() RETURNS SETOF t LANGUAGE sql AS $$ SELECT id, name FROM t $$;\n\
         CREATE FUNCTION g() RETURNS SETOF t LANGUAGE sql AS $$ SELECT id FROM t $$;"
    );
    assert_eq!(
        warned(&schema),
        [
            "2:105 \"oops\" PGS3011 column \"oops\" does not exist",
            "3:1 \"CREATE FUNCTION b() RETURNS integer LANGUAGE sql AS $_$ SELECT name FROM t $_$\" PGS3011 return type mismatch in \
             function declared to return integer",
            "4:71 \"u\" PGS3010 relation \"u\" does not exist",
            "5:71 \"FROM\" PGS3012 syntax error at or near \"FROM\"",
            "7:1 \"CREATE FUNCTION g() RETURNS SETOF t LANGUAGE sql AS $$ SELECT id FROM t $$\" PGS3011 return type mismatch in function \
             declared to return t",
        ]
    );
}

#[test]
fn what_may_come_from_elsewhere_is_not_reported() {
    let plpgsql =
        |body: &str| format!("{TABLES}CREATE FUNCTION f(p t) RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$;");
    for body in [
        "BEGIN CREATE TEMP TABLE scratch (a int); INSERT INTO scratch VALUES (1); RETURN NEW; END",
        "BEGIN EXECUTE 'create table made (a int)'; PERFORM * FROM made; END",
        "DECLARE r record; x r.a%TYPE; y p.id%TYPE; z public.t.id%TYPE; BEGIN r.a := NEW.id; END",
        "BEGIN WITH q AS (SELECT 1) SELECT * INTO p FROM q; END",
        "BEGIN <<l>> FOR i IN 1..10 LOOP EXIT l WHEN i > 3; END LOOP; END",
        "DECLARE c CURSOR FOR SELECT * FROM t; BEGIN FOR r IN c LOOP UPDATE t SET name = 'x' WHERE CURRENT OF c; END LOOP; END",
        "BEGIN PERFORM set_config('a.b', 'c', true), nextval('nowhere'), text(1), TG_ARGV[0]; EXECUTE format('x %I', TG_TABLE_NAME); END",
        "BEGIN PERFORM 1 FROM pg_temp.x, pg_catalog.pg_class, information_schema.tables; END",
        "BEGIN SELECT * FROM t FOR UPDATE OF t; RAISE SQLSTATE 'AB123' USING MESSAGE = 'x'; END",
    ] {
        assert_eq!(warned(&plpgsql(body)), Vec::<String>::new(), "{body}");
    }
    let maker = "CREATE FUNCTION make() RETURNS void LANGUAGE sql AS 'CREATE TEMPORARY TABLE IF NOT EXISTS session_rows (a int)';\n\
                 CREATE FUNCTION use() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM session_rows';";
    assert_eq!(warned(maker), Vec::<String>::new());
    let transition = "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1 FROM fresh; END';\n\
                      CREATE TRIGGER x AFTER INSERT ON t REFERENCING NEW TABLE AS fresh EXECUTE FUNCTION f();";
    assert_eq!(warned(transition), Vec::<String>::new());
    let other_schema = "CREATE SCHEMA app; CREATE TABLE app.t (a int);\n\
                        CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT a FROM t';";
    assert_eq!(warned(other_schema), Vec::<String>::new());
    let own_path = "CREATE SCHEMA app; CREATE TABLE app.t (a int);\n\
                    CREATE FUNCTION f() RETURNS integer LANGUAGE sql SET search_path = public AS 'SELECT a FROM t';";
    assert_eq!(warned(own_path), ["2:93 \"t\" PGS3010 relation \"t\" does not exist"]);
    let polymorphic = "CREATE FUNCTION f(a anyelement) RETURNS anyelement LANGUAGE sql AS 'SELECT a.b';";
    assert_eq!(warned(polymorphic), Vec::<String>::new());
    let unmanaged = "CREATE FOREIGN TABLE far (a int) SERVER s; CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT a FROM far';";
    assert!(!warned(unmanaged).iter().any(|said| said.contains("PGS30")), "{:?}", warned(unmanaged));
}

#[test]
fn unchanged_bodies_are_left_alone() {
    let wrong = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM 1 FROM nowhere; END';";
    let (same, _) = compiled(wrong, &format!("{wrong} CREATE TABLE t (a int);"));
    assert!(same.diagnostics.is_empty());
    let (changed, _) = compiled(wrong, &wrong.replace("PERFORM 1", "PERFORM 2"));
    assert_eq!(changed.diagnostics.len(), 1);
}

#[test]
fn a_function_comes_after_what_its_body_names() {
    let after = "CREATE TABLE z_limits (most integer);\n\
        CREATE FUNCTION most() RETURNS integer LANGUAGE sql AS 'SELECT most FROM z_limits';\n\
        CREATE FUNCTION allowed(n integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN n < most(); END';\n\
        CREATE TABLE t (n integer CHECK (allowed(n)));";
    let before = "CREATE TABLE t (n integer);";
    assert_eq!(
        steps(before, after),
        [
            "CREATE TABLE public.z_limits",
            "CREATE FUNCTION public.most()",
            "CREATE FUNCTION public.allowed(n",
            "ALTER TABLE public.t",
        ]
    );
    assert_eq!(
        steps(after, before),
        [
            "ALTER TABLE public.t",
            "DROP FUNCTION public.allowed(integer)",
            "DROP FUNCTION public.most()",
            "DROP TABLE public.z_limits"
        ]
    );
}

#[test]
fn a_function_lets_go_before_what_it_named_goes() {
    let before =
        "CREATE TABLE old (a integer); CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT a FROM old';";
    let after =
        "CREATE TABLE new (a integer); CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT a FROM new';";
    assert_eq!(steps(before, after), ["CREATE TABLE public.new", "CREATE OR REPLACE", "DROP TABLE public.old"]);
}

#[test]
fn circles_are_no_obstacle() {
    let after = "CREATE FUNCTION f(n integer) RETURNS boolean LANGUAGE sql AS 'SELECT g(n) OR EXISTS (SELECT FROM t)';\n\
        CREATE FUNCTION g(n integer) RETURNS boolean LANGUAGE sql AS 'SELECT f(n)';\n\
        CREATE TABLE t (a integer CHECK (f(a)));";
    assert_eq!(steps("", after).len(), 3);
    assert_eq!(steps(after, "").len(), 3);
}

#[test]
fn a_new_column_comes_before_the_function_that_reads_it() {
    let before = "CREATE TABLE t (a integer);";
    let after =
        "CREATE TABLE t (a integer, b integer); CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT b FROM t';";
    assert_eq!(steps(before, after), ["ALTER TABLE public.t", "CREATE FUNCTION public.f()"]);
}

#[test]
fn nested_as_deep_as_you_like() {
    for body in
        ["(".repeat(100_000), format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000)), "BEGIN ".repeat(50_000)]
    {
        for language in ["sql", "plpgsql"] {
            let schema = format!("CREATE FUNCTION f() RETURNS integer LANGUAGE {language} AS $$ {body} $$;");
            let _ = warned(&schema);
        }
    }
}

#[test]
fn a_view_over_a_foreign_table_that_is_not_there_says_what_to_do() {
    let text = read("CREATE FOREIGN TABLE far (a integer) SERVER s;\nCREATE VIEW v AS SELECT a FROM far;");
    let Err(CompileError::Schema(said)) = pgseal::compile::desired(&empty(), &text) else { panic!("taken") };
    let error = said.iter().find(|diagnostic| diagnostic.is_error()).unwrap();
    assert_eq!(error.message, "relation \"far\" does not exist");
    assert!(error.hint.as_deref().unwrap().starts_with("\"far\" is a foreign table"), "{error:?}");
}
