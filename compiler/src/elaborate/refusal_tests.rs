//! What servers refuse of types, sequences, routines, triggers and extensions, in the words of a server of major 18.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::tests::run;

/// Statements, and what the server says of the last one.
const REFUSED: &[(&str, &str)] = &[
    ("CREATE TYPE m AS ENUM ('a'); ALTER TYPE m ADD VALUE 'a';", "enum label \"a\" already exists"),
    ("CREATE TYPE m AS ENUM ('a'); ALTER TYPE m ADD VALUE 'b' BEFORE 'z';", "\"z\" is not an existing enum label"),
    ("CREATE TYPE m AS ENUM ('a'); ALTER TYPE m RENAME VALUE 'z' TO 'b';", "\"z\" is not an existing enum label"),
    ("CREATE TABLE m (a integer); CREATE TYPE m AS ENUM ();", "type \"m\" already exists"),
    ("CREATE DOMAIN d AS anyelement;", "\"anyelement\" is not a valid base type for a domain"),
    ("CREATE DOMAIN d AS integer COLLATE \"C\";", "collations are not supported by type integer"),
    ("CREATE DOMAIN d AS integer NULL NOT NULL;", "conflicting NULL/NOT NULL constraints"),
    ("CREATE DOMAIN d AS integer UNIQUE;", "unique constraints not possible for domains"),
    (
        "CREATE DOMAIN d AS integer; ALTER DOMAIN d DROP CONSTRAINT c;",
        "constraint \"c\" of domain \"d\" does not exist",
    ),
    (
        "CREATE DOMAIN d AS integer CONSTRAINT c CHECK (VALUE > 0) CONSTRAINT c CHECK (VALUE > 1);",
        "constraint \"c\" for domain \"d\" already exists",
    ),
    ("CREATE TYPE c AS (a integer, a text);", "column \"a\" specified more than once"),
    ("CREATE TYPE c AS (a anyarray);", "column \"a\" has pseudo-type anyarray"),
    ("CREATE TYPE c AS (a integer); ALTER TYPE c DROP ATTRIBUTE b;", "column \"b\" of relation \"c\" does not exist"),
    (
        "CREATE TYPE c AS (a integer); CREATE TABLE t (v c[]); ALTER TYPE c ALTER ATTRIBUTE a TYPE text;",
        "cannot alter type \"c\" because column \"t.v\" uses it",
    ),
    ("CREATE TYPE r AS RANGE (subtype_diff = f);", "type attribute \"subtype\" is required"),
    ("CREATE TYPE r AS RANGE (subtype = integer, colour = red);", "type attribute \"colour\" not recognized"),
    (
        "CREATE TYPE r AS RANGE (subtype = json);",
        "data type json has no default operator class for access method \"btree\"",
    ),
    (
        "CREATE TYPE r AS RANGE (subtype = integer, subtype_diff = int4mi);",
        "range subtype diff function int4mi(integer, integer) must return type double precision",
    ),
    (
        "CREATE TYPE r AS RANGE (subtype = integer, collation = \"C\");",
        "range collation specified but subtype does not support collation",
    ),
    ("CREATE SEQUENCE s INCREMENT 0;", "INCREMENT must not be zero"),
    ("CREATE SEQUENCE s MINVALUE 5 MAXVALUE 4;", "MINVALUE (5) must be less than MAXVALUE (4)"),
    ("CREATE SEQUENCE s AS text;", "sequence type must be smallint, integer, or bigint"),
    ("CREATE SEQUENCE s OWNED BY nothing;", "invalid OWNED BY option"),
    ("CREATE TABLE t (a integer); CREATE SEQUENCE s OWNED BY t.b;", "column \"b\" of relation \"t\" does not exist"),
    (
        "CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY); ALTER SEQUENCE t_a_seq OWNED BY NONE;",
        "cannot change ownership of identity sequence",
    ),
    (
        "CREATE FUNCTION f(a integer, a text) RETURNS void LANGUAGE sql AS '';",
        "parameter name \"a\" used more than once",
    ),
    (
        "CREATE FUNCTION f(a integer DEFAULT 1, b text) RETURNS void LANGUAGE sql AS '';",
        "input parameters after one with a default value must also have defaults",
    ),
    ("CREATE FUNCTION f(VARIADIC a integer) RETURNS void LANGUAGE sql AS '';", "VARIADIC parameter must be an array"),
    ("CREATE FUNCTION f(a integer) LANGUAGE sql AS '';", "function result type must be specified"),
    (
        "CREATE FUNCTION f(OUT a integer) RETURNS text LANGUAGE sql AS '';",
        "function result type must be integer because of OUT parameters",
    ),
    ("CREATE FUNCTION f() RETURNS anyelement LANGUAGE sql AS '';", "cannot determine result data type"),
    (
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql ROWS 5 AS '';",
        "ROWS is not applicable when function does not return a set",
    ),
    ("CREATE FUNCTION f() RETURNS integer LANGUAGE sql COST 0 AS '';", "COST must be positive"),
    ("CREATE FUNCTION f() RETURNS integer LANGUAGE plnothing AS '';", "language \"plnothing\" does not exist"),
    ("CREATE FUNCTION f() RETURNS trigger LANGUAGE sql AS '';", "SQL functions cannot return type trigger"),
    (
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql SET work_mem = 'a', 'b' AS '';",
        "SET work_mem takes only one argument",
    ),
    ("CREATE PROCEDURE p() LANGUAGE sql IMMUTABLE AS '';", "invalid attribute in procedure definition"),
    (
        "CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';",
        "function \"f\" already exists with same argument types",
    ),
    (
        "CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE OR REPLACE FUNCTION f(b integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';",
        "cannot change name of input parameter \"a\"",
    ),
    (
        "CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE OR REPLACE FUNCTION f(a integer) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';",
        "cannot change return type of existing function",
    ),
    (
        "CREATE FUNCTION f(a integer DEFAULT 1) RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE OR REPLACE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';",
        "cannot remove parameter defaults from existing function",
    ),
    (
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS ''; CREATE OR REPLACE PROCEDURE f() LANGUAGE sql AS '';",
        "cannot change routine kind",
    ),
    (
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS ''; CREATE FUNCTION f(integer) RETURNS void LANGUAGE sql AS ''; ALTER FUNCTION f STABLE;",
        "function name \"f\" is not unique",
    ),
    ("ALTER PROCEDURE p(integer) SECURITY DEFINER;", "procedure p(integer) does not exist"),
    (
        "CREATE TABLE t (a integer); CREATE FUNCTION f() RETURNS void LANGUAGE sql AS ''; CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f();",
        "function f must return type trigger",
    ),
    (
        "CREATE TABLE t (a integer); CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f();",
        "function f() does not exist",
    ),
    (
        "CREATE TABLE t (a integer); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE TRIGGER g INSTEAD OF INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
        "\"t\" is a table",
    ),
    (
        "CREATE TABLE t (a integer); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE TRIGGER g BEFORE TRUNCATE ON t FOR EACH ROW EXECUTE FUNCTION f();",
        "TRUNCATE FOR EACH ROW triggers are not supported",
    ),
    (
        "CREATE TABLE t (a integer); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE TRIGGER g BEFORE INSERT ON t REFERENCING NEW TABLE AS n EXECUTE FUNCTION f();",
        "transition table name can only be specified for an AFTER trigger",
    ),
    (
        "CREATE TABLE t (a integer); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW WHEN (OLD.a > 1) EXECUTE FUNCTION f();",
        "INSERT trigger's WHEN condition cannot reference OLD values",
    ),
    (
        "CREATE TABLE t (a integer); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE TRIGGER g AFTER UPDATE OF a, a ON t EXECUTE FUNCTION f();",
        "column \"a\" specified more than once",
    ),
    (
        "CREATE TABLE t (a integer); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f(); CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f();",
        "trigger \"g\" for relation \"t\" already exists",
    ),
    ("CREATE EXTENSION nothing;", "extension \"nothing\" is not available"),
];

/// Statements that servers accept and the model does not, with the code of the refusal.
const NOT_COVERED: &[(&str, &str)] = &[
    ("CREATE FUNCTION f() RETURNS void LANGUAGE sql SET work_mem FROM CURRENT AS '';", "PGS2010"),
    ("CREATE TYPE r AS RANGE (subtype = integer, canonical = f);", "PGS2010"),
    ("CREATE TYPE r AS RANGE (subtype = integer); ALTER TYPE r RENAME TO s;", "PGS2010"),
    ("CREATE TYPE r AS RANGE (subtype = text); CREATE TABLE t (a r DEFAULT '[a,b]');", "PGS3002"),
    ("ALTER EXTENSION plpgsql ADD TABLE t;", "PGS2010"),
    ("CREATE TYPE c AS (a integer); CREATE TABLE t OF c; ALTER TYPE c ADD ATTRIBUTE b text CASCADE;", "PGS2010"),
];

#[test]
fn what_servers_refuse_is_refused_in_their_words() {
    for (sql, message) in REFUSED {
        let (_, diagnostics) = run(18, sql);
        let said: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        assert_eq!(said, [*message], "{sql}");
    }
}

#[test]
fn what_is_not_covered_is_refused_by_code() {
    for (sql, code) in NOT_COVERED {
        let (_, diagnostics) = run(18, sql);
        let codes: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code.id()).collect();
        assert_eq!(codes, [*code], "{sql}: {diagnostics:?}");
    }
}

/// Behind what `dump` and `pg_dump` write there is no schema to create in.
#[test]
fn a_name_without_a_schema_is_told_what_to_write() {
    let hints = |sql: &str| -> Vec<Option<String>> {
        let (_, diagnostics) = run(18, sql);
        diagnostics.iter().map(|diagnostic| diagnostic.hint.clone()).collect()
    };
    for empty in ["SET search_path = '';", "SELECT pg_catalog.set_config('search_path', '', false);"] {
        let found = hints(&format!("{empty} CREATE TABLE w (a integer);"));
        assert!(matches!(found.as_slice(), [Some(hint)] if hint.contains("\"public.name\"")), "{found:?}");
    }
    assert_eq!(hints("SET search_path = nowhere; CREATE TABLE w (a integer);"), [None]);
}
