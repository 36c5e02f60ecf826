//! Bodies that are strings order a plan: what runs while it is applied finds what it reads, on tables that hold rows.

use pgseal_tests::pipeline::{migrate, snapshot};
use pgseal_tests::server::{MAJORS, Server};

/// What is there before, with rows, and what shall be. Without the edges, each would be applied in an order that fails: by
/// kind and name alone, what runs the function comes before what the function reads.
const CASES: &[(&str, &str, &str)] = &[
    (
        "the default of a new column calls a function that reads another new column",
        "CREATE TABLE a (id integer); CREATE TABLE b (id integer); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);",
        "CREATE TABLE a (id integer, v integer DEFAULT f());
         CREATE TABLE b (id integer, step integer);
         CREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS
            $$BEGIN RETURN (SELECT max(step) FROM public.b); END$$;",
    ),
    (
        "a materialized view calls a function that reads another one",
        "CREATE TABLE t (n integer); INSERT INTO t VALUES (1);",
        "CREATE TABLE t (n integer);
         CREATE MATERIALIZED VIEW z_double AS SELECT n * 2 AS n FROM t;
         CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT sum(n) FROM public.z_double';
         CREATE MATERIALIZED VIEW a_total AS SELECT total() AS total;",
    ),
    (
        "a default calls a function that calls a function that reads a new column",
        "CREATE TABLE a (n integer); CREATE TABLE z (id integer); INSERT INTO a VALUES (1); INSERT INTO z VALUES (1);",
        "CREATE TABLE a (n integer, allowed boolean DEFAULT is_allowed(1));
         CREATE TABLE z (id integer, most integer);
         CREATE FUNCTION is_allowed(n integer) RETURNS boolean LANGUAGE plpgsql AS
            $$BEGIN RETURN n < public.most_allowed(); END$$;
         CREATE FUNCTION most_allowed() RETURNS integer LANGUAGE sql AS
            'SELECT coalesce(max(most), 10) FROM public.z';",
    ),
    (
        "the default of a new column calls a function that stays as it is and reads another new column",
        "CREATE TABLE a (id integer); CREATE TABLE b (id integer); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);
         CREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS
            $$BEGIN RETURN (SELECT max(step) FROM public.b); END$$;",
        "CREATE TABLE a (id integer, v integer DEFAULT f());
         CREATE TABLE b (id integer, step integer);
         CREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS
            $$BEGIN RETURN (SELECT max(step) FROM public.b); END$$;",
    ),
    (
        "a materialized view looks through a view at a function that calls one that reads another materialized view",
        "CREATE TABLE t (n integer); INSERT INTO t VALUES (1);
         CREATE FUNCTION total() RETURNS bigint LANGUAGE plpgsql AS
            $$BEGIN RETURN (SELECT sum(n) FROM public.z_double); END$$;
         CREATE FUNCTION over_total() RETURNS bigint LANGUAGE sql AS 'SELECT public.total()';
         CREATE VIEW v AS SELECT over_total() AS total;",
        "CREATE TABLE t (n integer);
         CREATE FUNCTION total() RETURNS bigint LANGUAGE plpgsql AS
            $$BEGIN RETURN (SELECT sum(n) FROM public.z_double); END$$;
         CREATE FUNCTION over_total() RETURNS bigint LANGUAGE sql AS 'SELECT public.total()';
         CREATE VIEW v AS SELECT over_total() AS total;
         CREATE MATERIALIZED VIEW z_double AS SELECT n * 2 AS n FROM t;
         CREATE MATERIALIZED VIEW a_total AS SELECT total FROM v;",
    ),
    (
        "a function lets go of a column before it goes, and is called before that",
        "CREATE TABLE a (n integer); CREATE TABLE b (old integer); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);
         CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT max(old) FROM public.b';",
        "CREATE TABLE a (n integer, v integer DEFAULT f());
         CREATE TABLE b (new integer);
         CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT max(new) FROM public.b';",
    ),
];

#[test]
fn what_runs_finds_what_it_reads() {
    let mut problems = Vec::new();
    for major in [MAJORS[0], MAJORS[MAJORS.len() - 1]] {
        let server = Server::shared(major);
        for (what, before, after) in CASES {
            let (wanted, database) = (server.scratch(), server.scratch());
            wanted.batch("SET check_function_bodies = off");
            let steps: Vec<&str> = after.split(";\n").collect();
            // what is made by hand is made in an order that runs
            let (last, first): (Vec<&str>, Vec<&str>) = steps.into_iter().partition(|s| {
                s.contains("f()") && s.contains("TABLE a") || s.contains("is_allowed(1)") || s.contains("a_total")
            });
            wanted.batch(&format!("SET check_function_bodies = off; {}; {};", first.join(";\n"), last.join(";\n")));
            database.batch(&format!("SET check_function_bodies = off; {before}"));
            let from = snapshot(&database).unwrap();
            let to = snapshot(&wanted).unwrap();
            if let Err(error) = migrate(&database, &from, after, &to) {
                problems.push(format!("{major} {what}: {error}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
