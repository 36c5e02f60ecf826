//! The stage as a whole, on texts in memory.

#![allow(clippy::unwrap_used, clippy::panic)]

use pg_query::NodeEnum;

use super::*;
use crate::diagnostic::Severity;

fn read(text: &str) -> SchemaText {
    read_text("s.sql", text, &SyntaxOptions::default())
}

fn skipping(text: &str) -> SchemaText {
    let options = SyntaxOptions { row_statements: RowStatements::Skip, ..SyntaxOptions::default() };
    read_text("s.sql", text, &options)
}

/// Code and marked text of each diagnostic.
fn said(schema: &SchemaText) -> Vec<(&'static str, String)> {
    let text = |span| schema.sources.text(span).to_owned();
    schema.diagnostics.iter().map(|d| (d.code.id(), d.span.map_or(String::new(), text))).collect()
}

fn codes(schema: &SchemaText) -> Vec<&'static str> {
    schema.diagnostics.iter().map(|d| d.code.id()).collect()
}

fn texts(schema: &SchemaText) -> Vec<&str> {
    schema.statements.iter().map(Statement::text).collect()
}

fn folder(files: &[(&str, &str)]) -> SchemaText {
    let reader =
        files.iter().fold(MemoryReader::new(), |reader, (path, text)| reader.with(&format!("db/{path}"), *text));
    read_schema(&reader, &["db/"], &SyntaxOptions::default())
}

fn main_with(files: &[(&str, &str)]) -> SchemaText {
    let reader =
        files.iter().fold(MemoryReader::new(), |reader, (path, text)| reader.with(&format!("db/{path}"), *text));
    read_schema(&reader, &["db/main.sql"], &SyntaxOptions::default())
}

#[test]
fn concurrently_is_told_to_be_left_out() {
    let schema = read("create table t (a int); create index concurrently i on t (a)");
    assert_eq!(codes(&schema), ["PGS1038"]);
    assert_eq!(schema.statements.len(), 2);
}

#[test]
fn a_dump_is_read_with_its_settings() {
    let schema = read(
        "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET statement_timeout = 0;\n\
         SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\
         SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\n\
         SET xmloption = content;\nSET row_security = off;\nSET default_tablespace = '';\n\
         SET default_table_access_method = heap;\nCREATE TABLE public.t (\n    a integer\n);\n\
         ALTER TABLE public.t OWNER TO joe;\nCOPY public.t (a) FROM stdin;\n1\n\\.\n\n\
         SELECT pg_catalog.setval('public.s', 1, false);\n\\unrestrict abc\n",
    );
    assert_eq!(texts(&schema), ["CREATE TABLE public.t (\n    a integer\n)"]);
    assert_eq!(codes(&schema), ["PGS1035", "PGS1031", "PGS1032"]);
    assert!(!schema.diagnostics.has_errors());
    let settings = &schema.statements[0].settings;
    assert_eq!(settings.search_path, Vec::<String>::new());
    assert!(!settings.check_function_bodies);
    assert_eq!(schema.unmanaged.len(), 1);
}

#[test]
fn statistics_in_a_dump_are_passed_over() {
    let schema = read(
        "SELECT * FROM pg_catalog.pg_restore_relation_stats(\n\t'version', '180000'::integer,\n\t'schemaname', 'public'\n);\n\
         SELECT * FROM pg_catalog.pg_restore_attribute_stats('attname', 'a'); SELECT * FROM pg_catalog.f('a');\n\
         VACUUM; ANALYZE t; REINDEX TABLE t",
    );
    assert_eq!(codes(&schema), ["PGS1034", "PGS1021"]);
}

#[test]
fn settings_follow_the_script() {
    let path =
        |schema: &SchemaText| schema.statements.iter().map(|s| s.settings.search_path.join(",")).collect::<Vec<_>>();
    let schema = read(
        "create schema a; set search_path to \"B\", c; create schema b; begin; set local search_path = d; \
         create schema c; commit; create schema d; reset search_path; create schema e; set schema 'x'; \
         create schema f; set search_path to default; create schema g; set search_path = ''; create schema h; \
         select set_config('search_path', 'q, \"R\"', false); create schema i; discard all; create schema j",
    );
    assert_eq!(codes(&schema), Vec::<&str>::new());
    let initial = "$user,public";
    assert_eq!(path(&schema), [initial, "B,c", "d", "B,c", initial, "x", initial, "", "q,R", initial]);
}

#[test]
fn settings_that_change_meaning_are_refused_by_name() {
    for setting in [
        "standard_conforming_strings = off",
        "client_encoding = latin1",
        "transform_null_equals = on",
        "datestyle = 'SQL, DMY'",
        "timezone = 'UTC'",
        "time zone interval '1' hour to minute",
        "no_such_setting = 1",
        "check_function_bodies = maybe",
        "default_toast_compression = 'zip'",
        "search_path from current",
    ] {
        let schema = read(&format!("set {setting}; create schema a"));
        assert_eq!(codes(&schema), ["PGS1025"], "{setting}");
    }
    for setting in ["lock_timeout = 0", "my.setting = 'x'", "client_encoding = 'UTF8'", "xmloption = content"] {
        assert_eq!(codes(&read(&format!("set {setting}"))), Vec::<&str>::new(), "{setting}");
    }
    assert_eq!(codes(&read("set local search_path = a")), ["PGS1036"]);
    assert_eq!(codes(&read("set role joe; set session authorization joe")), ["PGS1035"]);
}

#[test]
fn rows_queries_and_code_are_refused_unless_skipped() {
    let cases = [
        ("insert into t values (1)", "PGS1020", "PGS1030"),
        ("update t set a = 1", "PGS1020", "PGS1030"),
        ("delete from t", "PGS1020", "PGS1030"),
        ("merge into t using u on true when matched then delete", "PGS1020", "PGS1030"),
        ("truncate t", "PGS1020", "PGS1030"),
        ("copy t to '/tmp/x'", "PGS1020", "PGS1030"),
        ("copy t from '/tmp/x'", "PGS1020", "PGS1030"),
        ("select f()", "PGS1021", "PGS1030"),
        ("select set_config('search_path', '', false) from t", "PGS1021", "PGS1030"),
        ("explain select 1", "PGS1021", "PGS1030"),
        ("do $$ begin end $$", "PGS1022", "PGS1037"),
        ("call p()", "PGS1022", "PGS1037"),
    ];
    for (text, refused, skipped) in cases {
        let schema = read(text);
        assert_eq!(codes(&schema), [refused], "{text}");
        assert!(schema.diagnostics.iter().all(|d| d.is_error() && d.hint.is_some()), "{text}");
        let schema = skipping(text);
        assert_eq!(codes(&schema), [skipped], "{text}");
        assert!(!schema.diagnostics.has_errors(), "{text}");
    }
}

#[test]
fn what_has_no_place_in_a_schema_is_refused_even_when_rows_are_skipped() {
    for (text, code) in [
        ("create role joe", "PGS1023"),
        ("alter role joe set search_path = x", "PGS1023"),
        ("drop role joe", "PGS1023"),
        ("grant joe to ann", "PGS1023"),
        ("create database d", "PGS1023"),
        ("alter database d set search_path = x", "PGS1023"),
        ("alter database d owner to x", "PGS1023"),
        ("drop database d", "PGS1023"),
        ("comment on database d is 'x'", "PGS1023"),
        ("create tablespace t location '/x'", "PGS1023"),
        ("alter system set work_mem = '1'", "PGS1023"),
        ("create table t as select 1", "PGS1024"),
        ("select 1 into t", "PGS1024"),
        ("cluster t using i", "PGS1024"),
        ("drop owned by joe", "PGS1024"),
        ("rollback", "PGS1026"),
        ("savepoint a", "PGS1026"),
        ("prepare transaction 'a'", "PGS1026"),
    ] {
        assert_eq!(codes(&skipping(text)), [code], "{text}");
    }
}

#[test]
fn kinds_that_are_not_managed_are_counted() {
    let schema = read(
        "create table t (a int);\ncreate foreign table v (a int) server s;\ncomment on foreign table v is 'x';\n\
         create index on t (a);\ngrant select on t to joe;\ngrant select on v to joe;\n\
         alter table t owner to joe, add column b int;\n\
         alter table v alter a set default 1;\ncomment on column v.a is 'x';\n\
         comment on column public.t.a is 'y';\ncreate trigger g instead of insert on v execute function f();\n",
    );
    let kinds: Vec<_> = schema.unmanaged.iter().map(|u| u.kind.plural()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "foreign tables").count(), 5);
    assert_eq!(kinds.iter().filter(|kind| **kind == "privileges").count(), 2);
    assert_eq!(schema.statements.len(), 4);
    let NodeEnum::AlterTableStmt(alter) = &schema.statements[2].node else { panic!("not ALTER TABLE") };
    assert_eq!(alter.cmds.len(), 1);
    assert_eq!(schema.diagnostics.count(Severity::Note), schema.diagnostics.len());
    assert!(schema.diagnostics.iter().any(|d| d.message == "foreign tables are not managed yet (5 statements)"));
}

#[test]
fn every_form_of_a_managed_kind_is_handed_on() {
    for text in [
        "alter table t rename to u",
        "alter table t rename a to b",
        "alter table t rename constraint a to b",
        "alter index i rename to j",
        "alter sequence s rename to r",
        "alter type t rename to u",
        "alter type t rename attribute a to b",
        "alter type t rename value 'a' to 'b'",
        "alter type t add attribute a int, drop attribute b",
        "alter domain d rename to e",
        "alter domain d rename constraint a to b",
        "alter domain d add check (value > 0)",
        "alter function f(int) rename to g",
        "alter procedure p() rename to q",
        "alter routine p() rename to q",
        "alter schema s rename to r",
        "alter trigger g on t rename to h",
        "alter table t set schema s",
        "alter function f() set schema s",
        "alter type t set schema s",
        "alter extension e set schema s",
        "alter extension e update",
        "alter sequence s set schema r",
        "alter sequence s owned by t.a",
        "alter index i set (fillfactor = 10)",
        "alter index i attach partition j",
        "alter function f() immutable",
        "alter function f() depends on extension e",
        "alter trigger g on t depends on extension e",
        "alter table t attach partition p default",
        "alter table t detach partition p",
        "alter table t cluster on i, replica identity full, disable trigger g, set unlogged",
        "comment on table t is 'x'",
        "comment on column t.a is 'x'",
        "comment on constraint c on t is 'x'",
        "comment on constraint c on domain d is 'x'",
        "comment on trigger g on t is 'x'",
        "comment on index i is 'x'",
        "comment on function f(int) is 'x'",
        "comment on type t is 'x'",
        "comment on schema s is 'x'",
        "comment on extension e is 'x'",
        "comment on sequence s is 'x'",
        "comment on domain d is 'x'",
        "drop table t, u",
        "drop index i",
        "drop index concurrently i",
        "drop sequence s",
        "drop type t",
        "drop domain d",
        "drop function f(int)",
        "drop routine f",
        "drop procedure p",
        "drop trigger g on t",
        "drop schema s",
        "drop extension e",
        "create type t as enum ('a')",
        "create type t as (a int)",
        "create type t as range (subtype = int)",
        "create domain d as int",
        "create constraint trigger g after insert on t for each row execute function f()",
        "create unlogged table t (a int) partition by list (a)",
        "create aggregate a(int) (sfunc = f, stype = int)",
        "comment on aggregate a(int) is 'x'",
        "create policy p on t using (true)",
        "alter policy p on t rename to q",
        "drop policy p on t",
        "alter table t enable row level security, force row level security",
        "create rule r as on insert to t do (delete from u; notify u)",
        "alter table t disable rule r, enable always rule s",
        "drop rule r on t",
    ] {
        let schema = read(text);
        assert_eq!(codes(&schema), Vec::<&str>::new(), "{text}");
        assert_eq!(texts(&schema), [text]);
    }
}

#[test]
fn every_other_kind_is_noted() {
    for text in [
        "create statistics s on a, b from t",
        "create cast (a as b) with function f(a)",
        "create operator + (leftarg = a, function = f)",
        "create operator class c for type a using btree as operator 1 <",
        "create operator family f using btree; alter operator family f using btree add operator 1 < (a, b)",
        "create collation c (provider = icu, locale = 'x'); drop collation c",
        "create type t; create type t (input = f, output = g)",
        "create language l handler h; drop language l",
        "create event trigger e on ddl_command_end execute function f(); alter event trigger e disable",
        "create foreign data wrapper w; create server s foreign data wrapper w; create user mapping for public server s",
        "create foreign table f (a int) server s; alter foreign table f add b int; alter table f add c int",
        "create publication p; alter publication p add table t",
        "create subscription s connection 'x' publication p",
        "create text search configuration c (copy = simple); alter text search configuration c drop mapping for word",
        "security label on table t is 'x'",
        "alter default privileges grant select on tables to joe",
        "revoke all on schema s from public",
        "alter function f() owner to joe; alter schema s owner to joe; alter type t owner to joe",
        "create access method m type table handler h",
        "create transform for a language sql (from sql with function f(a))",
        "create conversion c for 'LATIN1' to 'UTF8' from f",
    ] {
        let schema = read(text);
        assert!(!schema.diagnostics.has_errors(), "{text}: {:?}", schema.diagnostics);
        assert!(codes(&schema).contains(&"PGS1035"), "{text}");
        assert!(schema.statements.iter().all(|s| s.text().contains("extension")), "{text}: {:?}", texts(&schema));
    }
}

#[test]
fn temporary_objects_are_passed_over() {
    let schema = skipping(
        "create temp table t (a int); create index on t (a); alter table t add b int; insert into t values (1);\n\
         comment on table t is 'x'; create temp sequence q; create temporary view w as select 1; drop table t;\n\
         create table t (a int); create index i on t (a); create table pg_temp.u (a int); drop table pg_temp.u",
    );
    assert_eq!(texts(&schema), ["create table t (a int)", "create index i on t (a)"]);
    assert_eq!(codes(&schema), ["PGS1033"]);
}

#[test]
fn the_elements_of_a_schema_are_statements_with_its_path() {
    let schema =
        read("set search_path = p; create schema s create view v as select 1 create table t (a int) create sequence q");
    let kinds: Vec<_> = schema
        .statements
        .iter()
        .map(|s| match &s.node {
            NodeEnum::CreateSchemaStmt(create) => format!("schema {}", create.schema_elts.len()),
            NodeEnum::CreateSeqStmt(_) => "sequence".to_owned(),
            NodeEnum::CreateStmt(_) => "table".to_owned(),
            _ => "other".to_owned(),
        })
        .collect();
    assert_eq!(kinds, ["schema 0", "sequence", "table", "other"]);
    assert_eq!(schema.statements[0].settings.search_path, ["p"]);
    assert_eq!(schema.statements[2].settings.search_path, ["s", "p"]);
    assert_eq!(schema.unmanaged.len(), 0);
}

#[test]
fn places_are_exact_in_every_form_of_text() {
    for prefix in ["", "\u{feff}", "-- ünï\r\n", "/* a /* b */ ; ' */", "create schema s;\r\n\\echo x\r\n"] {
        let schema = read(&format!("{prefix}create table \"é;\" (a int default 'x;--'\n);"));
        assert_eq!(codes(&schema), Vec::<&str>::new(), "{prefix}");
        let statement = schema.statements.last().unwrap();
        assert_eq!(statement.text(), "create table \"é;\" (a int default 'x;--'\n)", "{prefix}");
        let NodeEnum::CreateStmt(create) = &statement.node else { panic!("not a table") };
        let place = statement.span_at(create.relation.as_ref().unwrap().location);
        assert_eq!(schema.sources.text(place), "\"é;\"", "{prefix}");
        assert_eq!(statement.span_at(-1), statement.span);
        assert_eq!(schema.sources.text(statement.first_line()), "create table \"é;\" (a int default 'x;--'");
    }
}

#[test]
fn statements_after_a_wrong_one_keep_their_places() {
    let schema = read("create tabel x;\ncreate table t (a int);\nbad;");
    assert_eq!(said(&schema), [("PGS1001", "tabel".into()), ("PGS1001", "bad".into())]);
    let statement = &schema.statements[0];
    let NodeEnum::CreateStmt(create) = &statement.node else { panic!("not a table") };
    assert_eq!(schema.sources.text(statement.span_at(create.relation.as_ref().unwrap().location)), "t");
}

#[test]
fn lexical_faults_have_codes() {
    assert_eq!(said(&read("create schema a; select 'x")), [("PGS1004", "'".into())]);
    assert_eq!(codes(&read("create schema a; /* x")), ["PGS1004"]);
    assert_eq!(codes(&read("create function f() as $$ x $q$")), ["PGS1004"]);
    assert_eq!(codes(&read("copy t from stdin;\n1\n")), ["PGS1031", "PGS1004"]);
    assert_eq!(said(&read("create schema a;\0")), [("PGS1003", "\0".into())]);
    assert_eq!(codes(&read("create schema :x")), ["PGS1006"]);
    assert_eq!(codes(&read("\\connect x")), ["PGS1007"]);
    assert_eq!(codes(&read("create schema a \\gexec\n;")), ["PGS1008"]);
    let reader = MemoryReader::new().with("s.sql", b"create schema \xe9;".to_vec());
    let schema = read_schema(&reader, &["s.sql"], &SyntaxOptions::default());
    assert_eq!(said(&schema), [("PGS1002", "\u{fffd}".into())]);
    let reader = MemoryReader::new().with("s.sql", b"\xff\xfec\0".to_vec());
    assert_eq!(codes(&read_schema(&reader, &["s.sql"], &SyntaxOptions::default())), ["PGS1002"]);
}

#[test]
fn nothing_is_a_schema_too() {
    for text in ["", ";", "-- x", "\u{feff}", "\r\n;;\r\n"] {
        let schema = read(text);
        assert!(schema.statements.is_empty() && schema.diagnostics.is_empty(), "{text:?}");
    }
}

#[test]
fn includes_are_read_in_place() {
    let schema = main_with(&[
        ("main.sql", "create schema a;\n\\ir sub/b.sql\n\\i c.sql\ncreate schema d;\n"),
        ("sub/b.sql", "set search_path = x; create schema b;\n\\ir ../e.sql\n\\i c.sql"),
        ("c.sql", "create schema c"),
        ("e.sql", "create schema e"),
    ]);
    assert_eq!(codes(&schema), Vec::<&str>::new());
    assert_eq!(
        texts(&schema),
        [
            "create schema a",
            "create schema b",
            "create schema e",
            "create schema c",
            "create schema c",
            "create schema d"
        ]
    );
    assert_eq!(schema.statements[5].settings.search_path, ["x"]);
    let names: Vec<_> = schema.sources.iter().map(|(_, file)| file.name().to_owned()).collect();
    assert_eq!(names, ["db/main.sql", "db/sub/b.sql", "db/e.sql", "db/c.sql", "db/c.sql"]);
}

#[test]
fn includes_stay_inside_and_end() {
    let code = |text: &str| codes(&main_with(&[("main.sql", text), ("a.sql", "\\ir main.sql")]));
    assert_eq!(code("\\ir ../x.sql"), ["PGS1009"]);
    assert_eq!(code("\\i /etc/passwd"), ["PGS1009"]);
    assert_eq!(code("\\i nothing.sql"), ["PGS1013"]);
    assert_eq!(code("\\i main.sql"), ["PGS1010"]);
    assert_eq!(code("\\i a.sql"), ["PGS1010"]);
    let deep: Vec<(String, String)> = (0..40).map(|n| (format!("{n}.sql"), format!("\\ir {}.sql", n + 1))).collect();
    let reader = deep.iter().fold(MemoryReader::new(), |reader, (path, text)| reader.with(path, text.as_str()));
    assert_eq!(codes(&read_schema(&reader, &["0.sql"], &SyntaxOptions::default())), ["PGS1011"]);
}

#[test]
fn doubling_includes_are_bounded() {
    // each file includes the next twice: 2^20 files without the limit
    let reader = (0..20).fold(MemoryReader::new(), |reader, n| {
        reader.with(&format!("{n}.sql"), format!("\\ir {0}.sql\n\\ir {0}.sql\n", n + 1))
    });
    let reader = reader.with("20.sql", "");
    assert_eq!(codes(&read_schema(&reader, &["0.sql"], &SyntaxOptions::default())), ["PGS1012"]);
}

#[test]
fn folders_are_read_in_byte_order_or_from_their_main_file() {
    let schema = folder(&[
        ("b.sql", "create schema b"),
        ("B.sql", "set search_path = q; create schema c"),
        ("a/z.sql", "create schema z"),
        ("x.txt", "bad"),
    ]);
    assert_eq!(texts(&schema), ["create schema c", "create schema z", "create schema b"]);
    assert_eq!(schema.statements[2].settings.search_path, ["$user", "public"]);
    let schema = folder(&[("main.sql", "\\ir a.sql"), ("a.sql", "create schema a"), ("b.sql", "create schema b")]);
    assert_eq!(texts(&schema), ["create schema a"]);
    assert_eq!(codes(&schema), ["PGS1015"]);
    assert_eq!(codes(&folder(&[("x.txt", "")])), ["PGS1014"]);
    assert_eq!(codes(&read_schema(&MemoryReader::new(), &[], &SyntaxOptions::default())), ["PGS1014"]);
    assert_eq!(codes(&read_schema(&MemoryReader::new(), &["x.sql"], &SyntaxOptions::default())), ["PGS1013"]);
}

#[test]
fn files_are_named_the_same_on_every_machine() {
    let names = |folder: &str| {
        let reader = MemoryReader::new()
            .with(&format!("{folder}a/main.sql"), "\\ir sub/x.sql")
            .with(&format!("{folder}a/sub/x.sql"), "\u{feff}create schema x")
            .with(&format!("{folder}b/y.sql"), "create schema y");
        let (first, second) = (format!("{folder}a/main.sql"), format!("{folder}b/y.sql"));
        read_schema(&reader, &[&first, &second], &SyntaxOptions::default()).digests
    };
    let digests = names("home/joe/");
    assert_eq!(digests.keys().collect::<Vec<_>>(), ["2:y.sql", "main.sql", "sub/x.sql"]);
    assert_eq!(digests["sub/x.sql"], pgseal_catalog::Digest::of("\u{feff}create schema x".as_bytes()));
    assert_eq!(digests, names("/srv/"));
}

#[test]
fn diagnostics_come_in_the_order_of_places() {
    let schema = read("insert into t values (1);\nbad;\ncreate role x;\n\\c y\n");
    assert_eq!(codes(&schema), ["PGS1020", "PGS1001", "PGS1023", "PGS1007"]);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    #[test]
    fn files_read_apart_and_together_give_the_same_statements(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "create table t (a int)", "create index on t (a)", "comment on table t is E'\\';'",
                "create function g() returns text language sql as $q$ select ';' $q$",
                "create type \"a;b\" as enum ('x', 'y;')", "create schema /* ; */ s",
            ]), 1..10),
    ) {
        let joined = read(&parts.join(";\n"));
        proptest::prop_assert!(joined.diagnostics.is_empty());
        proptest::prop_assert_eq!(texts(&joined), parts.clone());
        let reader = parts.iter().zip(10..).fold(MemoryReader::new(), |reader, (text, n)| reader.with(&format!("d/{n}.sql"), *text));
        let apart = read_schema(&reader, &["d/"], &SyntaxOptions::default());
        proptest::prop_assert_eq!(texts(&apart), parts);
    }

    #[test]
    fn no_text_makes_the_stage_panic(text in "(create |table |[a-z]|'|\"|\\$\\$|;|\\(|\\)|\\\\|\n|--|/\\*|\\*/|:|é|copy t from stdin;|\\\\i x|begin atomic ){0,30}") {
        let schema = read(&text);
        for statement in &schema.statements {
            proptest::prop_assert!(!statement.text().is_empty());
        }
        let _ = crate::diagnostic::render::render_all(&schema.diagnostics, &schema.sources, crate::diagnostic::render::Colour::Never);
    }
}
