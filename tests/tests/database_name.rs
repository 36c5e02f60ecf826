//! Names with the database in front: taken where it is the database at hand, as servers do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pgseal_tests::pipeline::{migrate, snapshot};
use pgseal_tests::server::{MAJORS, Server};

const SCHEMA: &str = "
CREATE TYPE DATABASE.public.mood AS ENUM ('sad', 'ok');
CREATE TABLE DATABASE.public.t (id integer PRIMARY KEY, m DATABASE.public.mood, n integer CHECK (DATABASE.public.t.n > 0),
    u integer REFERENCES DATABASE.public.t (id));
CREATE INDEX ON DATABASE.public.t (DATABASE.pg_catalog.abs(n));
CREATE FUNCTION DATABASE.public.f(DATABASE.public.t.n%TYPE) RETURNS DATABASE.public.mood LANGUAGE sql
    AS 'SELECT ''ok''::public.mood';
CREATE VIEW DATABASE.public.v AS SELECT DATABASE.public.t.id, DATABASE.public.f(t.n), count(*) OVER () AS c
    FROM DATABASE.public.t WHERE DATABASE.public.t.n > 1;
CREATE VIEW w AS SELECT DATABASE.public.v.* FROM DATABASE.public.v;
COMMENT ON COLUMN DATABASE.public.t.id IS 'x';
ALTER TABLE DATABASE.public.t ADD COLUMN added integer;
ALTER SEQUENCE DATABASE.public.s OWNED BY DATABASE.public.t.id;
";

#[test]
fn the_own_database_may_stand_in_front() {
    for major in MAJORS {
        let server = Server::shared(major);
        let (made, empty) = (server.scratch(), server.scratch());
        let schema =
            |database: &str| format!("CREATE SEQUENCE s;{}", SCHEMA.replace("DATABASE", &format!("\"{database}\"")));
        made.batch(&schema(made.name()));
        let from = snapshot(&empty).unwrap();
        migrate(&empty, &from, &schema(empty.name()), &snapshot(&made).unwrap())
            .unwrap_or_else(|error| panic!("{major}: {error}"));
    }
}

/// What servers take and we do not: a refusal by a code.
#[test]
fn an_operator_in_the_own_database_is_refused_by_name() {
    let database = Server::shared(18).scratch();
    let from = snapshot(&database).unwrap();
    let schema = format!("CREATE VIEW v AS SELECT 1 OPERATOR(\"{}\".pg_catalog.+) 1 AS x;", database.name());
    database.batch(&schema);
    let refused = pgseal_tests::pipeline::plan(&from, &schema).unwrap_err();
    assert!(refused.contains("PGS3002") && refused.contains("an operator with the database's name"), "{refused}");
}
