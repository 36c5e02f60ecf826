//! What servers do with statements at the edge of what can be known without one: done alike, or refused by a code at its place.

use pgseal::elaborate::{Model, execute};
use pgseal::syntax::{SyntaxOptions, read_text};
use pgseal_agent::capture::capture_within;
use pgseal_catalog::{Catalog, Scope};
use pgseal_tests::difference::difference;
use pgseal_tests::pipeline::{migrate, plan, round_trip, snapshot};
use pgseal_tests::queries::majors;
use pgseal_tests::server::Server;
use postgres::Client;

/// The SQLSTATE and the words, or what is there then.
type Answer = Result<Catalog, (String, String)>;

fn said(session: &mut Client, statement: &str) -> Answer {
    session.batch_execute("BEGIN").unwrap();
    let answer = match session.batch_execute(statement) {
        Ok(()) => Ok(capture_within(session, &Scope::default(), "2026-01-01T00:00:00Z".to_owned()).unwrap().catalog),
        Err(error) => {
            let error = error.as_db_error().unwrap_or_else(|| panic!("{statement}: {error:?}"));
            Err((error.code().code().to_owned(), error.message().to_owned()))
        }
    };
    session.batch_execute("ROLLBACK").unwrap();
    answer
}

fn ours(model: &mut Model, statement: &str) -> Answer {
    let read = read_text("schema.sql", &format!("{statement};"), &SyntaxOptions::default());
    let before = model.savepoint();
    let mut answer = match read.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
        Some(error) => Err((error.sqlstate.map_or("", |state| state.as_str()).to_owned(), error.message.clone())),
        None => Ok(()),
    };
    for parsed in &read.statements {
        if let Err(problem) = execute(model, parsed) {
            answer = Err((problem.sqlstate.unwrap_or("not covered").to_owned(), problem.message));
            break;
        }
    }
    let answer = answer.map(|()| model.catalog().clone());
    model.rollback(before);
    answer
}

/// The statements that are answered otherwise than by the server; what is not covered is told apart, and handed back.
fn compare(setup: &str, statements: &[&str], majors: &[u16]) -> Vec<(u16, String, String)> {
    let mut refused = Vec::new();
    let mut problems = Vec::new();
    for &major in majors {
        let database = Server::shared(major).scratch();
        let mut session = database.connect();
        // as plans are applied: what only the rewriter finds in a body is found when it runs
        session
            .batch_execute(&format!("SET client_min_messages = error; SET check_function_bodies = off; {setup}"))
            .unwrap();
        let mut model = Model::from_snapshot(&snapshot(&database).unwrap()).unwrap();
        for statement in statements {
            match (said(&mut session, statement), ours(&mut model, statement)) {
                (_, Err((code, message))) if code == "not covered" => {
                    refused.push((major, (*statement).to_owned(), message));
                }
                (Err(said), Err(ours)) if said == ours => {}
                (Ok(said), Ok(ours)) => {
                    let text = difference("ours", &ours, "the server's", &said);
                    if !text.is_empty() {
                        problems.push(format!("{major} {statement}\n{text}"));
                    }
                }
                (said, ours) => problems.push(format!(
                    "{major} {statement}\n  said {:?}\n  ours {:?}",
                    said.map(|_| "taken"),
                    ours.map(|_| "taken")
                )),
            }
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
    refused
}

const OVERLOADS: &str = "
    CREATE SCHEMA other;
    CREATE FUNCTION one() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE FUNCTION f() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE TABLE literals (a regproc DEFAULT 'f'::regproc, b regprocedure DEFAULT 'f()'::regprocedure, c regproc DEFAULT 'one'::regproc);
    CREATE VIEW named AS SELECT 'one'::regproc AS b, 'f()'::regprocedure AS c;
    CREATE VIEW by_name_alone AS SELECT 'f'::regproc AS a;
    CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE TABLE calls (a integer DEFAULT f() + f(1), b integer CHECK (f(b) > f()), c integer GENERATED ALWAYS AS (f() + f(2)) STORED);
    CREATE INDEX by_calls ON calls (f(a), (f() + f(b))) WHERE f(a) > f();
    CREATE VIEW called AS SELECT f() + f(1) AS x;
    CREATE DOMAIN d AS integer DEFAULT f() + f(1) CHECK (f(VALUE) > f());
    CREATE TABLE calls_one (a integer DEFAULT f(), b integer DEFAULT f(1), CHECK (f(a) > 1), CHECK (f() < a));
    CREATE VIEW called_one AS SELECT f() AS x, 'one'::regproc AS y;
    CREATE FUNCTION g(x integer DEFAULT f() + f(1)) RETURNS integer LANGUAGE sql RETURN f(x) + f();
";

#[test]
fn one_of_several_functions_of_a_name_is_renamed() {
    let statements = [
        "ALTER FUNCTION f(integer) RENAME TO g2",
        "ALTER FUNCTION f() RENAME TO g2",
        "ALTER FUNCTION f(integer) SET SCHEMA other",
        "ALTER FUNCTION f() SET SCHEMA other",
        "ALTER FUNCTION one() RENAME TO two",
        "ALTER FUNCTION one() SET SCHEMA other",
        "ALTER FUNCTION one() RENAME TO f2; CREATE FUNCTION f2(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ];
    let refused = compare(OVERLOADS, &statements, &majors());
    // one expression that calls two of them does not tell which is which
    let told = |(_, statement, message): &(u16, String, String)| {
        statement.contains("FUNCTION f(")
            && (message.contains("beside another one") || message.contains("view public.by_name_alone uses"))
    };
    assert!(refused.iter().all(told), "{refused:#?}");
    let apart = OVERLOADS.lines().filter(|line| {
        !["calls (", "by_calls", "DOMAIN", "FUNCTION g(", "by_name_alone"].iter().any(|word| line.contains(word))
    });
    let refused = compare(&apart.collect::<String>(), &statements, &majors());
    assert!(refused.is_empty(), "{refused:#?}");
}

const MATERIALIZED: &str = "
    CREATE SCHEMA other;
    CREATE TABLE t (id integer PRIMARY KEY, name text);
    CREATE MATERIALIZED VIEW mv AS SELECT id, lower(name) AS name FROM t;
    CREATE UNIQUE INDEX mv_id ON mv (id);
    CREATE INDEX mv_name ON mv (upper(name)) WHERE name <> 'x';
    COMMENT ON MATERIALIZED VIEW mv IS 'x';
    COMMENT ON COLUMN mv.name IS 'y';
    COMMENT ON INDEX mv_id IS 'z';
    CREATE VIEW over AS SELECT mv.id, mv AS whole FROM mv;
    CREATE FUNCTION reads() RETURNS SETOF mv LANGUAGE sql BEGIN ATOMIC SELECT * FROM mv; END;
    CREATE FUNCTION takes(mv) RETURNS text LANGUAGE sql AS 'SELECT $1.name';
    CREATE MATERIALIZED VIEW second AS SELECT m.id FROM mv m JOIN over USING (id);
    CREATE SEQUENCE s;
    CREATE TABLE other.taken (id integer);
";

#[test]
fn materialized_views_move_with_all_that_is_theirs() {
    let statements = [
        "ALTER MATERIALIZED VIEW mv SET SCHEMA other",
        "ALTER TABLE mv SET SCHEMA other",
        "ALTER MATERIALIZED VIEW mv RENAME TO taken",
        "ALTER MATERIALIZED VIEW mv RENAME TO taken; ALTER MATERIALIZED VIEW taken SET SCHEMA other",
        "ALTER MATERIALIZED VIEW second SET SCHEMA other; ALTER MATERIALIZED VIEW mv SET SCHEMA other",
        "ALTER MATERIALIZED VIEW mv SET SCHEMA nowhere",
        "ALTER MATERIALIZED VIEW mv SET SCHEMA public",
        "ALTER MATERIALIZED VIEW over SET SCHEMA other",
        "ALTER VIEW mv SET SCHEMA other",
        "ALTER SEQUENCE s OWNED BY mv.id",
        "CREATE SEQUENCE n OWNED BY mv.id",
    ];
    let refused = compare(MATERIALIZED, &statements, &majors());
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn a_materialized_view_in_another_schema_is_planned() {
    for major in [14, 18] {
        let server = Server::shared(major);
        let (made, database) = (server.scratch(), server.scratch());
        let moved = format!("{MATERIALIZED}; ALTER MATERIALIZED VIEW mv SET SCHEMA other;");
        database.batch(MATERIALIZED);
        made.batch(&moved);
        let (from, to) = (snapshot(&database).unwrap(), snapshot(&made).unwrap());
        round_trip(server, &to).unwrap();
        migrate(&database, &from, &moved, &to).unwrap_or_else(|error| panic!("{major}: {error}"));
    }
}

/// On 15 and 16 no statement may merge into a table with rules: servers look at the rules that are there when they read the
/// statement. (No server takes MERGE as the action of a rule.)
#[test]
fn merge_into_tables_with_rules() {
    let setup = "
        CREATE TABLE plain (id integer, name text);
        CREATE TABLE ruled (id integer, name text);
        CREATE TABLE log (id integer);
        CREATE RULE r AS ON INSERT TO ruled DO ALSO INSERT INTO log VALUES (new.id);
        CREATE FUNCTION merges() RETURNS void LANGUAGE sql BEGIN ATOMIC
            MERGE INTO plain USING log ON plain.id = log.id WHEN MATCHED THEN DELETE; END;";
    let merge = "MERGE INTO ruled USING log ON ruled.id = log.id WHEN MATCHED THEN DELETE";
    let statements = [
        format!("CREATE FUNCTION n() RETURNS void LANGUAGE sql BEGIN ATOMIC {merge}; END"),
        format!("CREATE PROCEDURE n() LANGUAGE sql BEGIN ATOMIC SELECT 1; {merge}; END"),
        format!("DROP RULE r ON ruled; CREATE FUNCTION n() RETURNS void LANGUAGE sql BEGIN ATOMIC {merge}; END"),
        "CREATE RULE n AS ON INSERT TO plain DO ALSO NOTHING".to_owned(),
        "CREATE RULE n AS ON INSERT TO log DO ALSO NOTHING".to_owned(),
    ];
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    for major in majors().into_iter().filter(|major| *major >= 15) {
        let refused = compare(setup, &statements, &[major]);
        let expected: &[&str] = if major < 17 { &["CREATE RULE n AS ON INSERT TO plain DO ALSO NOTHING"] } else { &[] };
        assert_eq!(refused.iter().map(|(_, statement, _)| statement.as_str()).collect::<Vec<_>>(), expected, "{major}");
    }
    // at its place in the file, in whichever order
    let database = Server::shared(15).scratch();
    let refused = plan(
        &snapshot(&database).unwrap(),
        &format!(
            "CREATE TABLE ruled (id integer);\nCREATE TABLE log (id integer);\nCREATE FUNCTION n() RETURNS void LANGUAGE sql \
             BEGIN ATOMIC {merge}; END;\n\nCREATE RULE r AS ON INSERT TO ruled DO ALSO NOTHING;"
        ),
    )
    .unwrap_err();
    for part in ["PGS2010", "schema.sql:5:1", "function public.n()", "table public.ruled"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
}

/// A server takes no rule with RETURNING on a table that ever lost a column, which no fact tells.
#[test]
fn rules_with_returning_on_tables_that_lost_a_column() {
    let schema = "CREATE TABLE t (a integer, c text);
CREATE TABLE u (a integer, c text);
CREATE RULE r AS ON DELETE TO t
    DO INSTEAD DELETE FROM u WHERE u.a = old.a RETURNING *;";
    for major in majors() {
        let server = Server::shared(major);
        let whole = server.scratch();
        whole.batch("CREATE TABLE t (a integer, c text)");
        let made = server.scratch();
        made.batch(schema);
        let to = snapshot(&made).unwrap();
        migrate(&whole, &snapshot(&whole).unwrap(), schema, &to).unwrap_or_else(|error| panic!("{major}: {error}"));
        for before in [
            "CREATE TABLE t (a integer, b integer, c text)",
            "CREATE TABLE t (a integer, c text, b integer); ALTER TABLE t DROP COLUMN b",
            "CREATE TABLE t (a integer, b integer); ALTER TABLE t DROP COLUMN b; ALTER TABLE t ADD COLUMN c text",
        ] {
            let database = server.scratch();
            database.batch(before);
            let refused = plan(&snapshot(&database).unwrap(), schema).unwrap_err();
            for part in ["PGS4004", "schema.sql:3:1", "rule public.t.r", "table public.t"] {
                assert!(refused.contains(part), "{major} {before} {part}: {refused}");
            }
        }
    }
}
