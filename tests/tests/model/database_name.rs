//! Names with the database in front: taken where it is the database at hand, as servers do.

use pgseal::elaborate::{Model, execute};
use pgseal::syntax::{SyntaxOptions, read_text};
use pgseal_agent::capture::capture_within;
use pgseal_catalog::{Catalog, Scope};
use pgseal_tests::difference::difference;
use pgseal_tests::pipeline::{migrate, snapshot};
use pgseal_tests::queries::majors;
use pgseal_tests::server::{MAJORS, Server};
use postgres::Client;
use postgres::error::ErrorPosition;

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

/// Every other place where a name may have three parts, over the objects of [`WORLD`]; each is taken with the own database's name,
/// and refused with another one.
const PLACES: &str = "
CREATE VIEW n AS SELECT 1 OPERATOR(DATABASE.pg_catalog.+) 1 AS x
CREATE VIEW n AS SELECT OPERATOR(DATABASE.pg_catalog.-) a.id AS x FROM a
CREATE VIEW n AS SELECT id OPERATOR(DATABASE.public.<+>) 2 AS x FROM a
CREATE VIEW n AS SELECT 1 FROM a WHERE id OPERATOR(DATABASE.pg_catalog.=) ANY (ARRAY[1, 2])
CREATE VIEW n AS SELECT 1 FROM a WHERE id OPERATOR(DATABASE.pg_catalog.<) ALL (SELECT 1)
CREATE VIEW n AS SELECT 1 FROM a WHERE (id, name) OPERATOR(DATABASE.pg_catalog.<) (1, 'x')
CREATE VIEW n AS SELECT 1 FROM a WHERE (id, name) OPERATOR(DATABASE.pg_catalog.=) (SELECT 1, 'x')
CREATE VIEW n AS SELECT 1 FROM a WHERE name OPERATOR(DATABASE.pg_catalog.~~) 'x%'
CREATE VIEW n AS SELECT id FROM a ORDER BY id USING OPERATOR(DATABASE.pg_catalog.>)
CREATE VIEW n AS SELECT array_agg(id ORDER BY id USING OPERATOR(DATABASE.pg_catalog.>)) AS x FROM a
CREATE VIEW n AS SELECT name COLLATE DATABASE.pg_catalog.\"C\" AS x FROM a
CREATE VIEW n AS SELECT DATABASE.pg_catalog.max(id) AS x, DATABASE.public.total(id) AS y FROM a
CREATE VIEW n AS SELECT DATABASE.pg_catalog.rank() OVER (ORDER BY id) AS x FROM a
CREATE VIEW n AS SELECT * FROM DATABASE.pg_catalog.generate_series(1, 2) g
CREATE VIEW n AS SELECT * FROM ROWS FROM (DATABASE.public.rows_of() AS (x DATABASE.pg_catalog.int4)) g
CREATE VIEW n AS SELECT id::DATABASE.pg_catalog.int8, CAST(name AS DATABASE.public.short) FROM a
CREATE VIEW n AS SELECT DATABASE.pg_catalog.int4 '1' AS x
CREATE VIEW n AS SELECT 1 AS x FROM a TABLESAMPLE DATABASE.pg_catalog.bernoulli (10)
CREATE VIEW n AS SELECT 'DATABASE.public.a'::regclass AS x
CREATE VIEW n AS SELECT 'DATABASE.public.fired'::regproc AS x
CREATE VIEW n AS SELECT 'DATABASE.public.twice(DATABASE.pg_catalog.int4)'::regprocedure AS x
CREATE VIEW n AS SELECT 'DATABASE.public.<+>'::regoper AS x
CREATE VIEW n AS SELECT 'DATABASE.public.<+>(integer,integer)'::regoperator AS x
CREATE VIEW n AS SELECT 'DATABASE.public.mood'::regtype AS x
CREATE VIEW n AS SELECT 'DATABASE.pg_catalog.\"C\"'::regcollation AS x
CREATE VIEW n AS SELECT 'DATABASE.pg_catalog.english'::regconfig AS x
CREATE VIEW n AS SELECT 'DATABASE.pg_catalog.simple'::regdictionary AS x
CREATE VIEW n AS SELECT DATABASE.public.a.* FROM a
CREATE VIEW n AS SELECT DATABASE.public.a.id FROM a GROUP BY DATABASE.public.a.id
CREATE VIEW n AS SELECT id FROM a x WHERE EXISTS (SELECT FROM DATABASE.public.b WHERE DATABASE.public.b.a_id = x.id)
CREATE VIEW n AS SELECT XMLSERIALIZE(CONTENT '<x/>'::xml AS DATABASE.pg_catalog.text) AS x
[16] CREATE VIEW n AS SELECT JSON_OBJECT('x': 1 RETURNING DATABASE.pg_catalog.jsonb) AS x
CREATE TABLE n (x integer CHECK (x OPERATOR(DATABASE.pg_catalog.>) 1) DEFAULT 1 OPERATOR(DATABASE.pg_catalog.+) 1)
CREATE TABLE n (x text COLLATE DATABASE.pg_catalog.\"C\")
CREATE TABLE n (x DATABASE.public.mood[], y DATABASE.public.a)
CREATE TABLE n OF DATABASE.public.pair
CREATE TABLE n () INHERITS (DATABASE.public.parent)
CREATE TABLE n (LIKE DATABASE.public.a)
CREATE TABLE n PARTITION OF DATABASE.public.ranged FOR VALUES FROM (1) TO (2)
CREATE TABLE n (x integer, EXCLUDE USING btree (x WITH OPERATOR(DATABASE.pg_catalog.=)))
CREATE TABLE n (x text, EXCLUDE USING btree (x DATABASE.pg_catalog.text_pattern_ops WITH OPERATOR(DATABASE.pg_catalog.=)))
CREATE TABLE n (x text) PARTITION BY RANGE (x COLLATE DATABASE.pg_catalog.\"C\" DATABASE.pg_catalog.text_ops)
CREATE TABLE n (x integer DEFAULT nextval('DATABASE.public.s'))
CREATE TABLE n (x integer GENERATED ALWAYS AS (abs(1) OPERATOR(DATABASE.pg_catalog.+) 1) STORED)
CREATE TABLE n (x integer GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME DATABASE.public.named))
CREATE TABLE DATABASE.public.n (x integer)
CREATE SCHEMA n CREATE TABLE x (y DATABASE.public.mood)
CREATE INDEX n ON DATABASE.public.a (name COLLATE DATABASE.pg_catalog.\"C\" DATABASE.pg_catalog.text_pattern_ops)
CREATE INDEX n ON a ((id OPERATOR(DATABASE.pg_catalog.+) 1)) WHERE id OPERATOR(DATABASE.pg_catalog.>) 1
ALTER TABLE DATABASE.public.b ALTER COLUMN name TYPE DATABASE.pg_catalog.text COLLATE DATABASE.pg_catalog.\"C\" USING name
ALTER TABLE b ALTER COLUMN id TYPE bigint USING id OPERATOR(DATABASE.pg_catalog.+) 1
ALTER TABLE DATABASE.public.parent RENAME TO n
ALTER TABLE ranged ATTACH PARTITION DATABASE.public.loose FOR VALUES FROM (1) TO (2)
ALTER TABLE child NO INHERIT DATABASE.public.parent
ALTER TABLE b ADD FOREIGN KEY (a_id) REFERENCES DATABASE.public.a
ALTER SEQUENCE DATABASE.public.s AS DATABASE.pg_catalog.int2 OWNED BY DATABASE.public.a.id
CREATE SEQUENCE DATABASE.public.n
CREATE DOMAIN DATABASE.public.n AS DATABASE.pg_catalog.text COLLATE DATABASE.pg_catalog.\"C\"
ALTER DOMAIN DATABASE.public.short ADD CHECK (VALUE OPERATOR(DATABASE.pg_catalog.<>) 'x')
CREATE TYPE DATABASE.public.n AS (x DATABASE.public.mood, y text COLLATE DATABASE.pg_catalog.\"C\")
CREATE TYPE DATABASE.public.n AS ENUM ('x')
CREATE TYPE n AS RANGE (subtype = DATABASE.pg_catalog.text, collation = DATABASE.pg_catalog.\"C\")
CREATE TYPE n AS RANGE (subtype = text, subtype_opclass = DATABASE.pg_catalog.text_pattern_ops)
CREATE TYPE n AS RANGE (subtype = float8, subtype_diff = DATABASE.pg_catalog.float8mi)
CREATE TYPE n AS RANGE (subtype = float8, multirange_type_name = DATABASE.public.many)
ALTER TYPE DATABASE.public.mood ADD VALUE 'new'
ALTER TYPE DATABASE.public.pair ADD ATTRIBUTE z DATABASE.public.mood
ALTER TYPE DATABASE.public.mood RENAME TO n
CREATE FUNCTION DATABASE.public.n(DATABASE.public.mood) RETURNS SETOF DATABASE.public.a LANGUAGE sql AS 'SELECT * FROM public.a'
CREATE FUNCTION n(x integer DEFAULT 1 OPERATOR(DATABASE.pg_catalog.+) 1) RETURNS TABLE (y DATABASE.public.mood) LANGUAGE sql AS 'SELECT ''ok''::public.mood'
CREATE FUNCTION n(x integer) RETURNS integer LANGUAGE sql RETURN x OPERATOR(DATABASE.pg_catalog.+) 1
CREATE FUNCTION n() RETURNS void LANGUAGE sql BEGIN ATOMIC INSERT INTO DATABASE.public.b (id) VALUES (1) ON CONFLICT (id DATABASE.pg_catalog.int4_ops) DO NOTHING; END
CREATE FUNCTION n() RETURNS void LANGUAGE sql BEGIN ATOMIC INSERT INTO b (name) VALUES ('x') ON CONFLICT (name COLLATE DATABASE.pg_catalog.\"default\") DO NOTHING; END
CREATE FUNCTION n() RETURNS void LANGUAGE sql BEGIN ATOMIC UPDATE DATABASE.public.b SET id = 1 FROM DATABASE.public.a WHERE DATABASE.public.a.id = 1; DELETE FROM DATABASE.public.b USING DATABASE.public.a; END
ALTER FUNCTION DATABASE.public.only_one() STABLE
ALTER FUNCTION only_one() RENAME TO n
DROP FUNCTION DATABASE.public.only_one()
DROP FUNCTION only_one(DATABASE.public.mood)
CREATE AGGREGATE DATABASE.public.n(DATABASE.pg_catalog.int4) (sfunc = DATABASE.pg_catalog.int4pl, stype = DATABASE.pg_catalog.int4, combinefunc = DATABASE.pg_catalog.int4pl, finalfunc = DATABASE.pg_catalog.int4um)
CREATE AGGREGATE n(integer) (sfunc = int4larger, stype = integer, sortop = OPERATOR(DATABASE.pg_catalog.>))
DROP AGGREGATE DATABASE.public.total(integer)
COMMENT ON AGGREGATE DATABASE.public.total(DATABASE.pg_catalog.int4) IS 'x'
COMMENT ON FUNCTION DATABASE.public.only_one() IS 'x'
COMMENT ON TYPE DATABASE.public.mood IS 'x'
COMMENT ON DOMAIN DATABASE.public.short IS 'x'
COMMENT ON CONSTRAINT short_check ON DOMAIN DATABASE.public.short IS 'x'
COMMENT ON CONSTRAINT a_pkey ON DATABASE.public.a IS 'x'
COMMENT ON TRIGGER t ON DATABASE.public.a IS 'x'
COMMENT ON COLUMN DATABASE.public.a.id IS 'x'
COMMENT ON TABLE DATABASE.public.a IS 'x'
COMMENT ON INDEX DATABASE.public.a_pkey IS 'x'
COMMENT ON VIEW DATABASE.public.av IS 'x'
COMMENT ON SEQUENCE DATABASE.public.s IS 'x'
DROP TABLE DATABASE.public.child
DROP VIEW DATABASE.public.av
DROP SEQUENCE DATABASE.public.s
DROP TYPE DATABASE.public.pair
DROP DOMAIN DATABASE.public.short
DROP TRIGGER t ON DATABASE.public.a
CREATE TRIGGER n AFTER INSERT ON DATABASE.public.a FOR EACH ROW WHEN (new.id OPERATOR(DATABASE.pg_catalog.>) 1) EXECUTE FUNCTION DATABASE.public.fired()
CREATE CONSTRAINT TRIGGER n AFTER INSERT ON a FROM DATABASE.public.b FOR EACH ROW EXECUTE FUNCTION fired()
CREATE POLICY n ON DATABASE.public.a USING (id OPERATOR(DATABASE.pg_catalog.>) 1)
CREATE RULE n AS ON INSERT TO DATABASE.public.a WHERE new.id OPERATOR(DATABASE.pg_catalog.>) 1 DO ALSO INSERT INTO DATABASE.public.b (id) VALUES (new.id OPERATOR(DATABASE.pg_catalog.+) 1)
CREATE MATERIALIZED VIEW DATABASE.public.n AS SELECT 1 OPERATOR(DATABASE.pg_catalog.+) 1 AS x
ALTER VIEW DATABASE.public.av ALTER COLUMN id SET DEFAULT 1 OPERATOR(DATABASE.pg_catalog.+) 1
";

const WORLD: &str = "
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (x integer, y text);
CREATE DOMAIN short AS character varying(5) CONSTRAINT short_check CHECK (VALUE <> '');
CREATE TABLE a (id integer PRIMARY KEY, name text);
CREATE TABLE b (id integer PRIMARY KEY, a_id integer, name text UNIQUE);
CREATE TABLE parent (k integer);
CREATE TABLE child (extra integer) INHERITS (parent);
CREATE TABLE ranged (k integer NOT NULL, t text) PARTITION BY RANGE (k);
CREATE TABLE loose (k integer NOT NULL, t text);
CREATE VIEW av AS SELECT id, name FROM a;
CREATE SEQUENCE s;
CREATE FUNCTION only_one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION only_one(mood) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * $1';
CREATE FUNCTION rows_of() RETURNS SETOF record LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE AGGREGATE total(integer) (sfunc = int4pl, stype = integer);
CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION fired();
CREATE OPERATOR <+> (FUNCTION = int4pl, LEFTARG = integer, RIGHTARG = integer);
";

/// What is answered: taken, or the SQLSTATE, the place in characters from one where there is one, and the words.
type Answer = Result<(), (String, Option<u32>, String)>;

/// What the server says, and what is there then.
fn said(session: &mut Client, statement: &str) -> (Answer, Catalog) {
    session.batch_execute("BEGIN").unwrap();
    let answer = session.batch_execute(statement).map_err(|error| {
        let error = error.as_db_error().unwrap_or_else(|| panic!("{statement}: {error:?}"));
        let place = match error.position() {
            Some(ErrorPosition::Original(at)) => Some(*at),
            _ => None,
        };
        (error.code().code().to_owned(), place, error.message().to_owned())
    });
    let catalog = match answer {
        Ok(()) => capture_within(session, &Scope::default(), "2026-01-01T00:00:00Z".to_owned()).unwrap().catalog,
        Err(_) => Catalog::default(),
    };
    session.batch_execute("ROLLBACK").unwrap();
    (answer, catalog)
}

fn ours(model: &mut Model, statement: &str) -> (Answer, Catalog) {
    let read = read_text("schema.sql", &format!("{statement};"), &SyntaxOptions::default());
    let place = |at: u32| u32::try_from(statement.get(..at as usize).unwrap_or(statement).chars().count() + 1).ok();
    let before = model.savepoint();
    let mut answer = match read.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
        Some(error) => Err((error.code.id().to_owned(), None, error.message.clone())),
        None => Ok(()),
    };
    for parsed in &read.statements {
        if let Err(problem) = execute(model, parsed) {
            let at = (problem.location >= 0).then(|| problem.diagnostic(parsed).span).flatten();
            let code = problem.sqlstate.unwrap_or("not covered").to_owned();
            answer = Err((code, at.and_then(|span| place(span.start)), problem.message));
            break;
        }
    }
    let catalog = model.catalog().clone();
    model.rollback(before);
    (answer, catalog)
}

#[test]
fn every_place_takes_the_own_database_and_no_other() {
    let mut problems = Vec::new();
    let only = std::env::var("PGSEAL_CASE").unwrap_or_default();
    let all = std::env::var_os("PGSEAL_FULL").is_some() || std::env::var_os("PGSEAL_MAJORS").is_some();
    for major in majors().into_iter().filter(|major| all || [14, 18].contains(major)) {
        let database = Server::shared(major).scratch();
        let mut session = database.connect();
        session.batch_execute(&format!("{WORLD}; SET client_min_messages = error")).unwrap();
        let mut model = Model::from_snapshot(&snapshot(&database).unwrap()).unwrap();
        let own = format!("\"{}\"", database.name());
        for line in PLACES.lines().filter(|line| !line.is_empty() && line.contains(&only)) {
            let (since, statement) = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
                Some((since, rest)) => (since.parse().unwrap(), rest),
                None => (0, line),
            };
            if major < since {
                continue;
            }
            let told = statement.replace("DATABASE", &own);
            let ((said_so, theirs), (own_answer, own_catalog)) = (said(&mut session, &told), ours(&mut model, &told));
            if said_so.is_err() || own_answer.is_err() {
                problems.push(format!("{major} {told}\n    said {said_so:?}\n    ours {own_answer:?}"));
            }
            let text = difference("ours", &own_catalog, "the server's", &theirs);
            if !text.is_empty() && said_so.is_ok() {
                problems.push(format!("{major} {told}\n{text}"));
            }
            for (place, _) in statement.match_indices("DATABASE") {
                let (before, after) = statement.split_at(place);
                let told = format!(
                    "{}{}",
                    before.replace("DATABASE", &own),
                    after.replacen("DATABASE", "other", 1).replace("DATABASE", &own)
                );
                let ((said_so, _), (own_answer, _)) = (said(&mut session, &told), ours(&mut model, &told));
                let alike = match (&said_so, &own_answer) {
                    (Err((code, place, words)), Err((own_code, own_place, own_words))) => {
                        code == own_code && words == own_words && (place == own_place || place.is_none())
                    }
                    // not looked at by servers either
                    (Ok(()), Ok(())) => statement.contains("SEQUENCE NAME"),
                    _ => false,
                };
                if !alike {
                    problems.push(format!("{major} {told}\n    said {said_so:?}\n    ours {own_answer:?}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}
