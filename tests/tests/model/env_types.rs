//! How the compiler reads and prints type names, against what each server says.

use pg_query::NodeEnum;
use pg_query::protobuf::TypeName;
use pgseal::env::{Env, Major, Oid, SearchPath};
use pgseal_tests::server::{MAJORS, Server};
use postgres::{Client, SimpleQueryMessage};

const SCHEMA: &str = r#"
CREATE SCHEMA "Odd Schema";
CREATE TYPE "Odd Schema"."select" AS ENUM ('a');
CREATE TYPE public.mood AS ENUM ('ok');
CREATE TABLE public.known (id int, "Name" numeric(4,1), tags text[]);
"#;

fn env_of(major: u16) -> Env {
    Env::for_major(Major::from_number(major.into()).unwrap())
}

fn rows(session: &mut Client, statement: &str) -> Vec<Vec<Option<String>>> {
    let messages = session.simple_query(statement).unwrap_or_else(|error| panic!("{error:?}\nin: {statement}"));
    messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
            _ => None,
        })
        .collect()
}

/// Every type of a fresh database with modifiers that suit it, and what the server prints for each.
const FORMATTED: &str = "
WITH sample(typname, typmod) AS (
    SELECT y, m FROM unnest(ARRAY['numeric', '_numeric']) y,
        unnest(ARRAY[65540, 655366, 655367, (1000 << 16) + 4, (10 << 16) + 4 + 10]) m
    UNION ALL SELECT y, m FROM unnest(ARRAY['varchar', '_varchar', 'bpchar', '_bpchar']) y, unnest(ARRAY[5, 14, 10485764]) m
    UNION ALL SELECT y, m FROM unnest(ARRAY['bit', '_bit', 'varbit', '_varbit']) y, unnest(ARRAY[1, 8, 83886080]) m
    UNION ALL SELECT y, m FROM unnest(ARRAY['time', 'timetz', 'timestamp', 'timestamptz', '_timestamptz']) y,
        generate_series(0, 6) m
    UNION ALL SELECT y, (f << 16) | p FROM unnest(ARRAY['interval', '_interval']) y,
        unnest(ARRAY[4, 2, 8, 1024, 2048, 4096, 6, 1032, 3080, 7176, 3072, 7168, 6144, 32767]) f,
        unnest(ARRAY[0, 3, 6, 65535]) p
    UNION ALL SELECT typname, -1 FROM pg_type
    UNION ALL SELECT typname, NULL FROM pg_type
)
SELECT t.oid, typnamespace::regnamespace::text, typname, typmod, format_type(t.oid, typmod)
FROM pg_type t JOIN sample USING (typname)
WHERE t.oid < 16384 AND typnamespace::regnamespace::text IN ('pg_catalog', 'information_schema')";

#[test]
fn types_are_printed_as_the_server_prints_them_and_read_back() {
    for major in MAJORS {
        let database = Server::shared(major).database("formattype");
        let mut session = database.connect();
        session.batch_execute("SET search_path = ''").unwrap();
        let env = env_of(major);
        let path = SearchPath::empty();
        let mut compared = 0;
        for row in rows(&mut session, FORMATTED) {
            let [oid, schema, name, typmod, text] = row.try_into().unwrap();
            let (schema, name, text) = (schema.unwrap(), name.unwrap(), text.unwrap());
            let typmod: Option<i32> = typmod.map(|typmod| typmod.parse().unwrap());
            let found =
                env.lookup_type(&path, Some(&schema), &name).unwrap_or_else(|| panic!("{major}: {schema}.{name}"));
            let oid: u32 = oid.unwrap().parse().unwrap();
            assert!(oid >= 10_000 || found.oid == Oid(oid), "{major}: {name}");
            assert_eq!(env.format_type_under(&path, found.oid, typmod), text, "{major}: {name} {typmod:?}");
            if let Some(typmod) = typmod {
                let read = env.parse_format_type(&text).unwrap_or_else(|error| panic!("{major}: {error}"));
                let all_fields = found.typmod_in.as_deref() == Some("intervaltypmodin") && typmod == 0x7FFF_FFFF;
                assert_eq!(read, (found.oid, if all_fields { -1 } else { typmod }), "{major}: {text}");
            }
            compared += 1;
        }
        assert!(compared > 1000, "{major}: {compared}");
    }
}

#[test]
fn what_is_no_printed_type_is_refused() {
    let env = env_of(17);
    let wrong = [
        "",
        "[]",
        "int",
        "integer[][]",
        "numeric(",
        "numeric(1,2",
        "timestamp",
        "time(3)",
        "interval day to year",
        "Text",
        "nowhere.text",
        "varchar(0)",
        "text(3)",
        "integer ",
        "bit varying(x)",
        "\"text",
        "pg_catalog.",
        "character  varying",
    ];
    for text in wrong {
        assert!(env.parse_format_type(text).is_err(), "{text:?} was read");
    }
}

#[test]
fn identifiers_are_quoted_as_the_server_quotes_them() {
    for major in MAJORS {
        let database = Server::shared(major).database("quoteident");
        let mut session = database.connect();
        let env = env_of(major);
        let statement = "SELECT w, quote_ident(w) FROM (SELECT word FROM pg_get_keywords()
            UNION ALL SELECT unnest(ARRAY['', 'a', '_a', 'a1', '1a', 'A', 'aB', 'a b', 'a\"b', 'é', 'a$', '$a', 'json_scalar',
                'absent', 'merge', 'a.b', 'system_user', 'virtual', 'without'])) x(w)";
        for row in rows(&mut session, statement) {
            let [word, quoted] = row.try_into().unwrap();
            let word = word.unwrap();
            assert_eq!(Some(env.quote_ident(&word)), quoted, "{major}: {word}");
        }
    }
}

/// The type name of `SELECT NULL::<text>`.
fn type_name(text: &str) -> TypeName {
    let parsed = pg_query::parse(&format!("CREATE TABLE t (c {text})"), pg_query::ParserOptions::default()).unwrap();
    let statement = parsed.protobuf.stmts.into_iter().next().unwrap().stmt.unwrap();
    let Some(NodeEnum::CreateStmt(create)) = statement.node else { panic!("not a table") };
    match create.table_elts.into_iter().next().unwrap().node {
        Some(NodeEnum::ColumnDef(column)) => column.type_name.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn type_names_mean_what_they_mean_to_the_server() {
    let names = [
        "int",
        "integer[]",
        "int4[][3]",
        "pg_catalog.int8",
        "numeric",
        "numeric(10)",
        "numeric(10,2)",
        "numeric(3,-2)",
        "numeric(3,5)",
        "numeric(1001)",
        "numeric(0)",
        "numeric(1,2,3)",
        "numeric(1000,1001)",
        "dec(5,1)",
        "varchar",
        "varchar(10)",
        "varchar(0)",
        "varchar(10485761)",
        "\"varchar\"(1,2)",
        "varchar(5)[]",
        "char",
        "char(3)",
        "\"char\"",
        "bpchar",
        "bpchar(4)",
        "character varying(7)",
        "nchar(2)",
        "bit",
        "bit(5)",
        "bit varying",
        "bit varying(9)",
        "bit(0)",
        "varbit(3)",
        "time",
        "time(3)",
        "time(9)",
        "time with time zone",
        "time(2) with time zone",
        "timestamp",
        "timestamp(0)",
        "timestamp(6) without time zone",
        "timestamptz",
        "timestamptz(3)",
        "timestamp(1) with time zone",
        "interval",
        "interval year",
        "interval day to second",
        "interval day to second(3)",
        "interval(4)",
        "interval second(2)",
        "interval hour to minute",
        "interval(9)",
        "text(3)",
        "\"int4\"(3)",
        "nothing",
        "nowhere.text",
        "public.text",
        "pg_catalog.text",
        "float",
        "float(10)",
        "float(30)",
        "double precision",
        "real",
        "boolean",
        "json",
        "jsonb",
        "xml",
        "mood",
        "public.mood",
        "mood[]",
        "\"Odd Schema\".\"select\"",
        "\"select\"",
        "known",
        "known[]",
        "\"varchar\"(foo)",
        "\"varchar\"('7')",
        "\"varchar\"(99999999999)",
        "numeric(2.5)",
        "\"interval\"(1000)",
        "_int4",
        "_int4[]",
        "a.b.c.d",
        "information_schema.sql_identifier",
        "pg_class",
        "national character varying(3)[]",
        "tid",
        "xid8",
        "int4multirange",
        "tstzrange[]",
    ];
    for major in MAJORS {
        let database = Server::shared(major).database("typenames");
        database.batch(SCHEMA);
        let mut session = database.connect();
        let env = env_with_schema(major);
        let path = SearchPath::new(["public"]);
        for name in names {
            let created = session.batch_execute(&format!("DROP TABLE IF EXISTS x; CREATE TABLE x (c {name})"));
            let ours = env.lookup_type_name(&path, &type_name(name));
            match (created, ours) {
                (Ok(()), Ok((oid, typmod))) => {
                    let column = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute
                                  WHERE attrelid = 'x'::regclass AND attname = 'c'";
                    let said = rows(&mut session, column)[0][0].clone().unwrap();
                    assert_eq!(env.format_type_under(&path, oid, Some(typmod)), said, "{major}: {name}");
                }
                (Err(error), Err(ours)) => {
                    let said = error.as_db_error().expect("an error of the server");
                    assert_eq!(ours.sqlstate(), said.code().code(), "{major}: {name}: {ours} / {said}");
                    if ours.sqlstate() != "0A000" && ours.sqlstate() != "42601" {
                        assert_eq!(ours.to_string(), said.message(), "{major}: {name}");
                    }
                }
                (said, ours) => panic!("{major}: {name}: {said:?} but here {ours:?}"),
            }
        }
        let percent = [("known.id", "integer"), ("public.known.\"Name\"", "numeric"), ("known.tags", "text[]")];
        for (name, expected) in percent {
            let parsed = pg_query::parse(
                &format!("CREATE FUNCTION f(a {name}%TYPE) RETURNS int LANGUAGE sql AS ''"),
                pg_query::ParserOptions::default(),
            )
            .unwrap();
            let Some(NodeEnum::CreateFunctionStmt(function)) = parsed.protobuf.stmts[0].stmt.clone().unwrap().node
            else {
                panic!("not a function")
            };
            let Some(NodeEnum::FunctionParameter(parameter)) = &function.parameters[0].node else {
                panic!("not a parameter")
            };
            let (oid, typmod) = env.lookup_type_name(&path, parameter.arg_type.as_ref().unwrap()).unwrap();
            assert_eq!(env.format_type(oid, typmod), expected);
        }
    }
}

/// What `SCHEMA` makes.
fn env_with_schema(major: u16) -> Env {
    use pgseal::env::{ColumnRow, RelationKind, RelationRow, TypeKind, TypeRow};
    let mut env = env_of(major);
    env.add_schema("Odd Schema");
    env.put_type_with_array(TypeRow::user("Odd Schema", "select", TypeKind::Enum));
    env.put_type_with_array(TypeRow::user("public", "mood", TypeKind::Enum));
    let relation = env.allocate_oid();
    let row = TypeRow::user("public", "known", TypeKind::Composite);
    let row_type = env.put_type_with_array(TypeRow { relation, ..row });
    let columns = [("id", Oid::INT4, -1), ("Name", Oid::NUMERIC, (4 << 16) + 5), ("tags", Oid::TEXTARRAY, -1)];
    env.put_relation(RelationRow {
        oid: relation,
        schema: "public".into(),
        name: "known".into(),
        kind: RelationKind::Table,
        row_type,
        columns: (1i16..)
            .zip(columns)
            .map(|(number, (name, type_oid, typmod))| ColumnRow {
                name: name.into(),
                number,
                type_oid,
                typmod,
                collation: env.type_collation(type_oid),
                not_null: false,
                generated: false,
            })
            .collect(),
        parents: Vec::new(),
        of_type: Oid::INVALID,
        primary_key: None,
        extension: None,
    });
    env
}

/// Puts an index without a named operator class on a column of every type, for every access method.
const INDEX_EVERYTHING: &str = "
CREATE TABLE found (type text, method text, class text);
DO $$
DECLARE y record; m record;
BEGIN
  FOR y IN SELECT oid, format_type(oid, -1) AS name FROM pg_type
           WHERE oid < 16384 AND typnamespace = 'pg_catalog'::regnamespace AND typtype <> 'p' AND typrelid = 0 LOOP
    BEGIN
      EXECUTE format('CREATE TABLE x (c %s)', y.name);
    EXCEPTION WHEN OTHERS THEN CONTINUE;
    END;
    FOR m IN SELECT amname FROM pg_am WHERE amtype = 'i' LOOP
      BEGIN
        EXECUTE format('CREATE INDEX x_i ON x USING %I (c)', m.amname);
        INSERT INTO found SELECT y.name, m.amname, opcname FROM pg_index JOIN pg_opclass o ON o.oid = indclass[0]
          WHERE indexrelid = 'x_i'::regclass;
        DROP INDEX x_i;
      EXCEPTION WHEN undefined_object THEN INSERT INTO found VALUES (y.name, m.amname, '');
                WHEN feature_not_supported OR undefined_function THEN NULL;
      END;
    END LOOP;
    DROP TABLE x;
  END LOOP;
END $$";

#[test]
fn indexes_get_the_default_operator_class_that_the_server_gives_them() {
    for major in [14, 18] {
        let database = Server::shared(major).database("opclasses");
        let mut session = database.connect();
        session.batch_execute(INDEX_EVERYTHING).unwrap();
        let env = env_of(major);
        let found = rows(&mut session, "SELECT type, method, class FROM found");
        assert!(found.len() > 1000, "{major}: {}", found.len());
        for row in found {
            let [name, method, class]: [String; 3] =
                row.into_iter().map(Option::unwrap).collect::<Vec<_>>().try_into().unwrap();
            let (oid, _) = env.parse_format_type(&name).unwrap();
            let method_oid = env.lookup_access_method(&method).unwrap().oid;
            let ours = env.default_opclass(oid, method_oid).and_then(|oid| env.opclass_by_oid(oid));
            assert_eq!(ours.map_or("", |row| &row.name), class, "{major}: {name} using {method}");
        }
    }
}
