//! Queries that name columns by place, planned for databases where the columns of tables stand in another order: they mean what
//! they mean in the schema. A server with the schema's own order, and the same rows, is the judge.

use pgseal_tests::pipeline::{migrate_in_place, plan, round_trip, snapshot};
use pgseal_tests::queries::majors;
use pgseal_tests::server::{Database, Server};
use postgres::Client;

/// The tables of the schema.
const TABLES: &str = "
    CREATE TABLE p (a integer, b text, c integer, d text);
    CREATE TABLE q (a integer, e text, c2 integer);
    CREATE TABLE log (k integer, what text);
    CREATE TABLE watched (k integer, what text);
    ALTER TABLE watched ENABLE ROW LEVEL SECURITY;
";

/// The same tables as they came about elsewhere.
const ELSEWHERE: [(&str, &str); 4] = [
    (
        "backwards",
        "CREATE TABLE p (d text, c integer, b text, a integer);
         CREATE TABLE q (c2 integer, e text, a integer);
         CREATE TABLE log (what text, k integer);
         CREATE TABLE watched (what text, k integer);
         ALTER TABLE watched ENABLE ROW LEVEL SECURITY;",
    ),
    (
        "some are missing",
        "CREATE TABLE p (a integer, d text);
         CREATE TABLE q (a integer, c2 integer);
         CREATE TABLE log (what text);
         CREATE TABLE watched (k integer, what text);",
    ),
    (
        "there are more",
        "CREATE TABLE p (z integer, a integer, y text, b text, c integer, x integer, d text);
         CREATE TABLE q (e text, y integer, a integer, c2 integer);
         CREATE TABLE log (k integer, z text, what text);
         CREATE TABLE watched (k integer, z integer, what text);",
    ),
    (
        "some went and came",
        "CREATE TABLE p (z integer, b text, c integer, d text);
         ALTER TABLE p DROP COLUMN z; ALTER TABLE p DROP COLUMN b; ALTER TABLE p ADD COLUMN a integer;
         CREATE TABLE q (e text, c2 integer, z integer);
         CREATE TABLE log (k integer, what text);
         CREATE TABLE watched (k integer, what text);",
    ),
];

/// What returns rows of a table.
const FUNCTIONS: &str = "
    CREATE FUNCTION rows_of_p() RETURNS SETOF p LANGUAGE sql AS 'SELECT p.* FROM public.p';
";

const VIEWS: [&str; 28] = [
    "SELECT x.one, x.two FROM p x(one, two)",
    "SELECT x.four FROM p x(one, two, three, four)",
    "SELECT x.one, x.d FROM p x(one)",
    "SELECT j.n, j.k FROM (p JOIN q USING (a)) j(k, l, m, n)",
    "SELECT j.k, j.v FROM (p JOIN q ON p.a = q.a) j(k, l, m, n, u, v)",
    "SELECT j.* FROM (p CROSS JOIN q) j(c1, c2, c3, c4, c5, c6, c7)",
    "SELECT r.a, r.d FROM rows_of_p() r",
    "SELECT r.b FROM rows_of_p() r, q WHERE q.a = r.a",
    "SELECT r.w, r.o FROM rows_of_p() WITH ORDINALITY r(t, u, v, w, o)",
    "SELECT f.k, f.j FROM ROWS FROM (rows_of_p(), generate_series(1, 2)) f(g, h, i, j, k)",
    "SELECT * FROM p",
    "SELECT p.*, q.e FROM p, q",
    "SELECT * FROM p NATURAL JOIN q",
    "SELECT * FROM p x(k, l) JOIN q y(k, m) USING (k)",
    "SELECT (ROW(1, 'x', 3, 'y')::p).d AS d",
    "SELECT (s.x).b FROM (SELECT p AS x FROM p) s",
    "SELECT (s.x).d FROM (SELECT x AS x FROM p x(one, two)) s",
    "SELECT x.one, y.due FROM p x(one) JOIN q y(uno, due) ON x.one = y.uno",
    "SELECT x.one, (SELECT z.two FROM q z(one, two) WHERE z.one = x.one LIMIT 1) AS other FROM p x(one)",
    "SELECT a AS k, b FROM p UNION SELECT y.uno, y.due FROM q y(uno, due)",
    "WITH w AS (SELECT * FROM p x(k)) SELECT w.k, w.d FROM w",
    "WITH w(k, l) AS (SELECT * FROM p) SELECT w.k, w.l FROM w",
    "SELECT k FROM p x(k) FULL JOIN q y(k) USING (k)",
    "SELECT x.k, count(*) AS n FROM p x(k, l) GROUP BY x.k, x.l HAVING max(x.l) > 'a'",
    "SELECT x.k FROM p x(k, l) ORDER BY x.l DESC, x.k LIMIT 2",
    "SELECT l.k, l.m FROM p x(a1), LATERAL (SELECT y.uno, y.due FROM q y(uno, due) WHERE y.uno = x.a1) l(k, m)",
    "SELECT x.k FROM p x(k) WHERE x.k IN (SELECT z.n FROM q z(n)) AND EXISTS (SELECT FROM q v(r, s) WHERE v.s = x.b)",
    "SELECT a, b AS c FROM p",
];

const OTHERS: &str = "
    CREATE MATERIALIZED VIEW stored AS SELECT x.one, x.two FROM p x(one, two);
    CREATE RULE to_log AS ON INSERT TO p DO ALSO INSERT INTO log VALUES (new.a, new.b);
    CREATE RULE to_log AS ON INSERT TO q DO ALSO INSERT INTO log SELECT z.one, z.two FROM p z(one, two) WHERE z.one = new.a;
    CREATE RULE gone_to_log AS ON DELETE TO q WHERE old.a > 1 AND EXISTS (SELECT FROM p z(k, l) WHERE z.l = old.e)
        DO ALSO INSERT INTO log (what) SELECT j.k5 FROM (p CROSS JOIN q) j(k1, k2, k3, k4, k5, k6) WHERE j.k1 = old.a;
    CREATE POLICY seen ON watched USING (EXISTS (SELECT FROM p z(one, two) WHERE z.two = what AND z.one = k));
    CREATE FUNCTION second() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT x.two FROM p x(one, two); END;
    CREATE FUNCTION noted(what text) RETURNS void LANGUAGE sql
        BEGIN ATOMIC INSERT INTO log VALUES (7, what); UPDATE p SET c = 9 WHERE p.b = noted.what; END;
";

const ROWS: &str = "
    INSERT INTO p (a, b, c, d) VALUES (1, 'b1', 11, 'd1'), (2, 'b2', 12, 'd2'), (3, 'b3', 13, 'd3');
    INSERT INTO q (a, e, c2) VALUES (1, 'b1', 21), (2, 'e2', 22), (4, 'b3', 24);
    INSERT INTO watched (k, what) VALUES (1, 'b1'), (2, 'b1'), (3, 'b3');
    DELETE FROM q WHERE a = 2;
    SELECT noted('b2');
    REFRESH MATERIALIZED VIEW stored;
    DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
";

fn schema() -> String {
    let views: String =
        VIEWS.iter().enumerate().map(|(number, query)| format!("CREATE VIEW v{number} AS {query};\n")).collect();
    format!("{TABLES}{FUNCTIONS}{views}{OTHERS}")
}

/// What is read of each view and of what else writes rows.
fn read(session: &mut Client) -> Vec<(String, String)> {
    let mut wanted: Vec<String> = (0..VIEWS.len()).map(|number| format!("SELECT * FROM v{number}")).collect();
    wanted.extend(
        ["SELECT * FROM stored", "SELECT second()", "SELECT k, what FROM log", "SELECT a, b, c, d FROM p"]
            .map(str::to_owned),
    );
    wanted.push("SELECT k, what FROM watched".to_owned());
    let mut out = Vec::new();
    for query in wanted {
        if query.ends_with("watched") {
            session.batch_execute("SET ROLE reader").unwrap();
        }
        let sql = format!("SELECT coalesce(string_agg(x::text, ' ' ORDER BY x::text), '') FROM ({query}) x");
        let said: String = session.query_one(&sql, &[]).map(|row| row.get(0)).unwrap_or_else(|e| format!("{e:?}"));
        out.push((query, said));
    }
    session.batch_execute("RESET ROLE").unwrap();
    out
}

fn fill(database: &Database<'_>) -> Vec<(String, String)> {
    let mut session = database.connect();
    session.batch_execute(ROWS).unwrap();
    read(&mut session)
}

/// The schema, statement by statement, as far as the server takes it over other tables.
fn create_what_fits(database: &Database<'_>) {
    let mut session = database.connect();
    session.batch_execute(FUNCTIONS).unwrap();
    for (number, query) in VIEWS.iter().enumerate() {
        session.batch_execute(&format!("CREATE VIEW v{number} AS {query}")).ok();
    }
    for statement in OTHERS.split(";\n").map(str::trim).filter(|text| !text.is_empty()) {
        session.batch_execute(statement).ok();
    }
}

#[test]
fn queries_mean_what_the_schema_says() {
    let mut problems = Vec::new();
    let all = std::env::var_os("PGSEAL_FULL").is_some() || std::env::var_os("PGSEAL_MAJORS").is_some();
    for major in majors().into_iter().filter(|major| all || [14, 18].contains(major)) {
        let server = Server::shared(major);
        let made = server.scratch();
        made.batch(&schema());
        let right = fill(&made);
        assert!(right.iter().all(|(query, said)| !said.contains("Error") || query.is_empty()), "{right:#?}");
        for (name, tables) in ELSEWHERE {
            for with_views in [false, true] {
                let what = format!("{major}, {name}{}", if with_views { ", the queries were there" } else { "" });
                let database = server.scratch();
                database.batch(tables);
                if with_views {
                    create_what_fits(&database);
                }
                let from = snapshot(&database).unwrap();
                if let Err(text) = migrate_in_place(&database, &from, &schema()) {
                    problems.push(format!("{what}: {text}"));
                    continue;
                }
                if let Err(text) = round_trip(server, &snapshot(&database).unwrap()) {
                    problems.push(format!("{what}: {text}"));
                }
                for ((query, said), (_, right)) in fill(&database).into_iter().zip(&right) {
                    if said != *right {
                        problems.push(format!("{what}: {query}\n  gives {said}\n  not   {right}"));
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

/// Queries whose text is not what is printed of it again, over columns that stand in another order: what was written tells.
#[test]
fn queries_that_settle_mean_what_the_schema_says() {
    let schema = "CREATE TABLE p (a integer, b text, c varchar(10));
        CREATE VIEW plain AS SELECT a FROM p WHERE c IN ('x', 'y');
        CREATE VIEW by_place AS SELECT x.one FROM p x(one, two, three) WHERE x.three IN ('x', 'y');
        CREATE MATERIALIZED VIEW stored AS SELECT x.two FROM p x(one, two, three) WHERE x.three IN ('x', 'y');
        CREATE TABLE log (a integer, b text);
        CREATE RULE to_log AS ON INSERT TO p WHERE new.c IN ('x', 'y')
            DO ALSO INSERT INTO log SELECT x.one, x.two FROM p x(one, two, three) WHERE x.three IN ('x', 'y');
        CREATE FUNCTION f() RETURNS SETOF integer LANGUAGE sql BEGIN ATOMIC
            SELECT x.one FROM p x(one, two, three) WHERE x.three IN ('x', 'y'); END;
        ALTER TABLE log ENABLE ROW LEVEL SECURITY;
        CREATE POLICY seen ON log USING (EXISTS (SELECT FROM p x(one, two, three) WHERE x.three IN ('x', 'y') AND x.one = a));";
    for major in majors() {
        let database = Server::shared(major).scratch();
        database.batch("CREATE TABLE p (c varchar(10), b text, a integer)");
        let from = snapshot(&database).unwrap();
        migrate_in_place(&database, &from, schema).unwrap_or_else(|error| panic!("{major}: {error}"));
    }
}

/// Where neither the stored text nor what was written tells, the plan is refused at the place of the table in the query.
#[test]
fn what_cannot_be_told_is_refused_at_its_place() {
    let schema = "CREATE TABLE p (a integer, b text, c varchar(10));
CREATE FUNCTION former() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE VIEW by_place AS SELECT x.one, former() AS f
    FROM p x(one, two, three) WHERE x.three IN ('x', 'y');
ALTER FUNCTION former() RENAME TO later;";
    let database = Server::shared(18).scratch();
    database.batch("CREATE TABLE p (c varchar(10), b text, a integer)");
    let refused = plan(&snapshot(&database).unwrap(), schema).unwrap_err();
    for part in
        ["PGS4003", "view public.by_place", "table public.p", "schema.sql:4:10", "    FROM p x(one", "pgseal dump"]
    {
        assert!(refused.contains(part), "{part}: {refused}");
    }
}
