//! Warnings about what bodies in PL/pgSQL name: a server where the body runs is the judge. What fails there for the lack of a name
//! is warned of with its SQLSTATE; what runs is not warned of.

use pgseal::compile::{CompileError, CompileOptions, compile};
use pgseal::syntax::{RowStatements, Settings, SyntaxOptions, read_text};
use pgseal_catalog::{Digest, Snapshot};
use pgseal_tests::corpus::{self, Side};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::queries::majors;
use pgseal_tests::runner::{self, Breadth, Stop};
use pgseal_tests::server::Server;

const WORLD: &str = "
    CREATE SCHEMA app;
    CREATE SCHEMA \"Odd s\";
    CREATE TYPE mood AS ENUM ('sad');
    CREATE TYPE pair AS (x integer, y text);
    CREATE DOMAIN short AS text;
    CREATE TABLE t (id integer PRIMARY KEY, name text, m mood);
    CREATE TABLE app.only_there (id integer);
    CREATE TABLE \"Odd s\".\"Odd t\" (\"Odd c\" integer);
    CREATE FUNCTION app.helper(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
    CREATE PROCEDURE does() LANGUAGE plpgsql AS 'BEGIN NULL; END';
    CREATE FUNCTION makes() RETURNS void LANGUAGE plpgsql AS 'BEGIN CREATE TEMP TABLE IF NOT EXISTS passing (a integer); END';
";

/// Clauses of the function, and a body that fails for what it names.
const WRONG: [(&str, &str); 37] = [
    ("", "DECLARE x nosuch; BEGIN RETURN 1; END"),
    ("", "DECLARE x app.nosuch; BEGIN RETURN 1; END"),
    ("", "DECLARE x nosuch[]; BEGIN RETURN 1; END"),
    ("", "DECLARE x CONSTANT nosuch := 1; BEGIN RETURN 1; END"),
    ("", "DECLARE x nosuch%ROWTYPE; BEGIN RETURN 1; END"),
    ("", "DECLARE x app.nosuch%ROWTYPE; BEGIN RETURN 1; END"),
    ("", "DECLARE x t.nosuch%TYPE; BEGIN RETURN 1; END"),
    ("", "DECLARE x public.t.nosuch%TYPE; BEGIN RETURN 1; END"),
    ("", "DECLARE x nosuch.id%TYPE; BEGIN RETURN 1; END"),
    ("", "DECLARE x pair.nosuch%TYPE; BEGIN RETURN 1; END"),
    ("", "DECLARE x \"Odd s\".\"Odd t\".\"odd c\"%TYPE; BEGIN RETURN 1; END"),
    ("", "BEGIN DECLARE x nosuch; BEGIN RETURN 1; END; END"),
    ("", "DECLARE c CURSOR (k nosuch, l integer) FOR SELECT 1; BEGIN RETURN 1; END"),
    ("", "DECLARE c CURSOR FOR SELECT * FROM nosuch; BEGIN OPEN c; RETURN 1; END"),
    ("", "BEGIN PERFORM 1 FROM nosuch; RETURN 1; END"),
    ("", "BEGIN INSERT INTO nosuch VALUES (1); RETURN 1; END"),
    ("", "BEGIN UPDATE nosuch SET x = 1; RETURN 1; END"),
    ("", "BEGIN DELETE FROM t USING app.nosuch; RETURN 1; END"),
    ("", "DECLARE x integer; BEGIN SELECT id INTO STRICT x FROM t NATURAL JOIN nosuch; RETURN 1; END"),
    ("", "DECLARE r record; BEGIN FOR r IN SELECT * FROM nosuch LOOP END LOOP; RETURN 1; END"),
    ("", "BEGIN IF EXISTS (SELECT FROM nosuch) THEN RETURN 2; END IF; RETURN 1; END"),
    ("", "BEGIN RETURN (SELECT count(*) FROM app.nosuch); END"),
    ("", "BEGIN RETURN nosuch(1); END"),
    ("", "BEGIN PERFORM app.nosuch(1); RETURN 1; END"),
    ("", "BEGIN CALL nosuch(); RETURN 1; END"),
    ("", "DECLARE x integer; BEGIN x := nosuch(1); RETURN x; END"),
    ("", "BEGIN EXECUTE 'SELECT $1' USING nosuch(2); RETURN 1; END"),
    ("", "BEGIN RAISE NOTICE '%', nosuch(1); RETURN 1; END"),
    ("", "BEGIN WHILE nosuch(1) LOOP NULL; END LOOP; RETURN 1; END"),
    ("", "BEGIN CASE nosuch(1) WHEN 1 THEN RETURN 2; ELSE RETURN 1; END CASE; END"),
    ("", "DECLARE x integer; BEGIN FOREACH x IN ARRAY nosuch(1) LOOP NULL; END LOOP; RETURN 1; END"),
    ("", "DECLARE c refcursor; BEGIN OPEN c FOR SELECT * FROM nosuch; RETURN 1; END"),
    ("", "BEGIN PERFORM 1 / 0; RETURN 1; EXCEPTION WHEN division_by_zero THEN RETURN nosuch(1); END"),
    ("", "BEGIN RETURN '1'::nosuch; END"),
    ("", "BEGIN RETURN (CAST(ROW(1, 'x') AS app.nosuch)).x; END"),
    ("SET search_path = public", "BEGIN PERFORM 1 FROM only_there; RETURN 1; END"),
    ("SET search_path = public, pg_temp", "BEGIN RETURN helper(1); END"),
];

/// Bodies that run.
const RIGHT: [(&str, &str); 30] = [
    ("", "DECLARE x t%ROWTYPE; y public.t.id%TYPE; z t.ctid%TYPE; m mood; p pair; s short[]; BEGIN RETURN 1; END"),
    (
        "",
        "DECLARE x pair.x%TYPE; y \"Odd s\".\"Odd t\".\"Odd c\"%TYPE; z \"Odd s\".\"Odd t\"%ROWTYPE; BEGIN RETURN 1; END",
    ),
    ("", "DECLARE x integer; y x%TYPE; BEGIN RETURN 1; END"),
    ("", "<<own>> DECLARE x integer; y own.x%TYPE; BEGIN RETURN own.x; END"),
    ("", "DECLARE r t; x integer; BEGIN SELECT * INTO r FROM t; x := r.id; RETURN 1; END"),
    (
        "",
        "BEGIN CREATE TEMP TABLE here (a integer) ON COMMIT DROP; INSERT INTO here VALUES (1); RETURN (SELECT a FROM here); END",
    ),
    ("", "BEGIN CREATE TEMP TABLE here ON COMMIT DROP AS SELECT 1 AS a; RETURN (SELECT a FROM pg_temp.here); END"),
    ("", "BEGIN CREATE TABLE made (a integer); INSERT INTO made VALUES (1); DROP TABLE made; RETURN 1; END"),
    ("", "BEGIN CREATE TYPE made AS (a integer); DROP TYPE made; RETURN 1; END"),
    ("", "BEGIN CREATE SEQUENCE made; PERFORM nextval('made'); DROP SEQUENCE made; RETURN 1; END"),
    ("", "BEGIN CREATE VIEW made AS SELECT 1 AS a; PERFORM a FROM made; DROP VIEW made; RETURN 1; END"),
    (
        "",
        "BEGIN EXECUTE 'CREATE TABLE made (a integer)'; PERFORM * FROM made; EXECUTE 'DROP TABLE made'; RETURN 1; END",
    ),
    (
        "",
        "DECLARE n text := 'made'; BEGIN EXECUTE format('CREATE TEMP TABLE %I (a integer) ON COMMIT DROP', n); EXECUTE 'SELECT a FROM ' || n; RETURN 1; END",
    ),
    ("", "BEGIN PERFORM makes(); PERFORM 1 FROM passing; RETURN 1; END"),
    ("", "BEGIN RETURN (WITH q AS (SELECT 1 AS a), r AS (SELECT a FROM q) SELECT a FROM r); END"),
    (
        "",
        "BEGIN WITH RECURSIVE q AS (SELECT 1 AS a UNION SELECT a FROM q) DELETE FROM t USING q WHERE id = q.a; RETURN 1; END",
    ),
    ("", "BEGIN WITH gone AS (DELETE FROM t RETURNING *) INSERT INTO t SELECT * FROM gone; RETURN 1; END"),
    ("", "BEGIN SET LOCAL search_path = app; RETURN (SELECT count(*) FROM only_there); END"),
    ("SET search_path = public", "BEGIN SET LOCAL search_path = app; RETURN (SELECT count(*) FROM only_there); END"),
    (
        "SET search_path = public",
        "BEGIN PERFORM set_config('search_path', 'app', true); RETURN (SELECT count(*) FROM only_there); END",
    ),
    ("SET search_path = app", "BEGIN RETURN (SELECT count(*) FROM only_there WHERE id = helper(1)); END"),
    (
        "SET search_path = ''",
        "BEGIN RETURN (SELECT count(*) FROM app.only_there, public.t WHERE t.m = 'sad'::public.mood); END",
    ),
    ("SET search_path = app, public", "BEGIN RETURN helper(1) + (SELECT count(*) FROM t, only_there); END"),
    ("", "BEGIN RETURN (SELECT count(*) FROM pg_class, pg_catalog.pg_type, information_schema.schemata); END"),
    (
        "",
        "BEGIN RETURN int4(1) + length(text('x')) + coalesce(greatest(1, 2), 3) + extract(year FROM now())::integer; END",
    ),
    (
        "",
        "BEGIN CALL does(); RAISE NOTICE '%', current_date; RETURN grouping(1) FROM (SELECT 1) q GROUP BY 1; EXCEPTION WHEN others THEN RETURN 1; END",
    ),
    (
        "",
        "DECLARE c CURSOR (k integer, l numeric(3, 1)) FOR SELECT id FROM t WHERE id = k; BEGIN FOR r IN c(1, 2) LOOP NULL; END LOOP; RETURN 1; END",
    ),
    ("", "DECLARE t integer := 1; name text; BEGIN RETURN t; END"),
    (
        "",
        "BEGIN RETURN (SELECT q.a FROM unnest(ARRAY[1]) WITH ORDINALITY q(a, b), LATERAL (SELECT q.b) s, json_to_record('{}') AS j(k mood)); END",
    ),
    ("", "DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT 1 AS nosuch' LOOP RETURN r.nosuch; END LOOP; RETURN 1; END"),
];

fn function(clauses: &str, body: &str) -> String {
    format!("CREATE FUNCTION public.f() RETURNS integer LANGUAGE plpgsql {clauses} AS $body$ {body} $body$")
}

/// The warnings about bodies: the SQLSTATE, and the words.
fn warned(empty: &Snapshot, sql: &str) -> Result<Vec<(String, String)>, String> {
    let settings = Settings::of_server(&empty.header.settings);
    let text = read_text("schema.sql", sql, &SyntaxOptions { row_statements: RowStatements::Skip, settings });
    let compiled = match compile(empty, Digest::of(b""), &text, &CompileOptions::default()) {
        Ok(compiled) => compiled,
        Err(CompileError::Schema(said)) => {
            let said: Vec<String> =
                said.iter().filter(|d| d.is_error()).map(|d| format!("{} {}", d.code, d.message)).collect();
            return Err(said.join("\n"));
        }
        Err(error) => return Err(error.to_string()),
    };
    let about_bodies = compiled.diagnostics.iter().filter(|d| d.code.id().starts_with("PGS301"));
    Ok(about_bodies
        .map(|d| {
            assert!(d.span.is_some(), "no place: {}", d.message);
            (d.sqlstate.map_or("", |state| state.as_str()).to_owned(), d.message.clone())
        })
        .collect())
}

#[test]
fn what_fails_on_a_server_is_warned_of_and_what_runs_is_not() {
    let mut problems = Vec::new();
    for major in majors() {
        let server = Server::shared(major);
        let empty = snapshot(&server.scratch()).unwrap();
        let database = server.scratch();
        let mut session = database.connect();
        session
            .batch_execute(&format!("SET client_min_messages = error; SET check_function_bodies = off; {WORLD}"))
            .unwrap();
        for (runs, (clauses, body)) in WRONG.iter().map(|one| (false, one)).chain(RIGHT.iter().map(|one| (true, one))) {
            session.batch_execute(&format!("BEGIN; {}", function(clauses, body))).unwrap();
            let said = session.batch_execute("SELECT public.f()");
            session.batch_execute("ROLLBACK").unwrap();
            let said = said.err().map(|error| error.as_db_error().unwrap().code().code().to_owned());
            let warned = warned(&empty, &format!("{WORLD};\n{}", function(clauses, body))).unwrap();
            let alike = match &said {
                None => runs && warned.is_empty(),
                // 14 calls it an error of syntax
                Some(code) if code == "42601" && body.contains("%TYPE") => !runs && warned.len() == 1,
                Some(code) => !runs && matches!(warned.as_slice(), [(state, _)] if state == code),
            };
            if !alike {
                problems.push(format!("{major} {clauses} {body}\n  said {said:?}\n  ours {warned:?}"));
            }
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

/// The bodies of the corpora: what is warned of is not there on a server, whatever its schema.
#[test]
fn warnings_about_the_corpora_are_true() {
    let mut texts: Vec<(String, String)> = Vec::new();
    for schema in corpus::schemas().unwrap_or_default() {
        let Ok(sql) = schema.in_plain_statements() else { continue };
        texts.push((schema.name(), sql));
    }
    let kinds = [
        "create_function",
        "create_procedure",
        "create_trigger",
        "create_table",
        "create_view",
        "dependency",
        "create_type",
    ];
    for case in corpus::own().into_iter().chain(corpus::beside(&kinds).unwrap_or_default()) {
        let sql = case.sql(Side::New);
        if sql.to_ascii_lowercase().contains("plpgsql") {
            texts.push((case.name.clone(), sql));
        }
    }
    let all: std::sync::Mutex<std::collections::BTreeSet<String>> = std::sync::Mutex::default();
    let tally = runner::run(
        "bodies of the corpora",
        Breadth::Newest,
        &texts,
        |(name, _)| name.clone(),
        |_, _| true,
        |(name, sql), server| {
            let database = server.scratch();
            corpus::load(&database, sql)?;
            // what cannot be read offline has no warnings
            let Ok(warned) = warned(&snapshot(&server.scratch())?, sql) else { return Ok(()) };
            for (state, message) in warned {
                all.lock().unwrap().insert(format!("{name}: {state} {message}"));
                let shown = message.split('"').nth(1).unwrap_or("");
                let bare = shown.rsplit('.').next().unwrap_or("").replace('\'', "''");
                let there = match state.as_str() {
                    "42P01" => format!("SELECT count(*) FROM pg_class WHERE relname = '{bare}'"),
                    "42704" => format!("SELECT count(*) FROM pg_type WHERE typname = '{bare}'"),
                    "42883" => format!("SELECT count(*) FROM pg_proc WHERE proname = '{bare}'"),
                    _ => continue,
                };
                if message.ends_with("does not exist") && !shown.contains('(') && database.text(&there) != "0" {
                    return Err(Stop::Failed(format!("warning: {state} {message}, and it is there")));
                }
            }
            Ok(())
        },
    );
    for line in all.into_inner().unwrap() {
        println!("  {line}");
    }
    tally.conclude();
}
