//! Expressions over users' own types and functions, in every place where one can stand, against what each server
//! stores or answers.

use pgseal::analyze::{
    AnalyzeError, Analyzed, DefaultKind, Target, TriggerEvents, cook_constraint, cook_default, cook_domain_check,
    cook_index_expression, cook_index_predicate, cook_partition_bound_value, cook_partition_key, cook_trigger_when,
    cook_using, is_null_default, parse_expr_text,
};
use pgseal::deparse::{Scope, deparse_expression};
use pgseal::env::{
    ArgMode, ColumnRow, Env, Major, Oid, ProcArg, ProcKind, ProcRow, RangeLink, RelationKind, RelationRow, SearchPath,
    Sym, TypeKind, TypeRow, Volatility,
};
use pgseal::tree::Expr;
use pgseal_tests::server::{MAJORS, Server};
use postgres::Client;

const SCHEMA: &str = r#"
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN posint AS integer CHECK (VALUE > 0);
CREATE DOMAIN posint2 AS posint;
CREATE DOMAIN vc5 AS character varying(5);
CREATE DOMAIN ia AS integer[];
CREATE DOMAIN num102 AS numeric(10,2);
CREATE DOMAIN ctext AS text COLLATE "C";
CREATE TYPE comp AS (a integer, b text, c numeric(5,2));
CREATE DOMAIN dcomp AS comp;
CREATE TYPE frange AS RANGE (subtype = double precision);
CREATE TABLE par (x integer, y text);
CREATE TABLE chi (z integer) INHERITS (par);
CREATE SEQUENCE app.seq;
CREATE FUNCTION f1(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION f1(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 1::bigint';
CREATE FUNCTION f2(a integer, b text DEFAULT 'x', c integer DEFAULT 3) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION fv(VARIADIC integer[]) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION fpoly(anyelement, anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION fcompat(anycompatible, anycompatible) RETURNS anycompatiblearray LANGUAGE sql IMMUTABLE AS 'SELECT ARRAY[$1,$2]';
CREATE FUNCTION fpar(par) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION area(comp) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 1.0';
CREATE FUNCTION fvol() RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE FUNCTION fset() RETURNS SETOF integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE PROCEDURE proc1(integer) LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION app.f1(integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''a''';
CREATE FUNCTION fmood(mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE TABLE u (id integer, txt text, ts timestamp with time zone, d date, m mood, p posint, q posint2, v vc5, ia ia, n num102,
    ct ctext, c comp, dc dcomp, fr frange, ma mood[], pa posint[], ca comp[], ch chi, big bigint, num numeric(8,3),
    g integer GENERATED ALWAYS AS (id + 1) STORED, v10 character varying(10), ch4 character(4), "Odd Name" integer);
CREATE FUNCTION trig() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION try(statement text, question text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    BEGIN
        PERFORM set_config('search_path', 'public', true);
        EXECUTE statement;
        PERFORM set_config('search_path', '', true);
        EXECUTE question INTO answer;
        RAISE EXCEPTION USING ERRCODE = 'ZZ999';
    EXCEPTION
        WHEN SQLSTATE 'ZZ999' THEN RETURN 'ok ' || coalesce(answer, '<nothing>');
        WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
    END;
END $$;
"#;

/// The names of this test's world, by hand.
struct World {
    env: Env,
    table: RelationRow,
    path: SearchPath,
}

fn sym(text: &str) -> Sym {
    Sym::from(text)
}

impl World {
    fn new(major: u16) -> Self {
        let mut env = Env::for_major(Major::from_number(u32::from(major)).unwrap());
        env.add_schema("app");
        let mut mood = TypeRow::user("public", "mood", TypeKind::Enum);
        mood.labels = ["sad", "ok", "happy"].map(sym).to_vec();
        let mood = env.put_type_with_array(mood);
        let numeric = env.parse_format_type("numeric(5,2)").unwrap().1;
        let mut world = World { env, table: relation("none", Oid::INVALID), path: SearchPath::new(["public"]) };
        let posint = world.domain("posint", "integer");
        world.domain("posint2", "posint");
        world.domain("vc5", "character varying(5)");
        world.domain("ia", "integer[]");
        world.domain("num102", "numeric(10,2)");
        let ctext = world.domain("ctext", "text");
        let mut row = world.env.type_by_oid(ctext).unwrap().clone();
        row.collation = Oid::C_COLLATION;
        world.env.put_type(row);
        let comp =
            world.table("comp", &[("a", "integer"), ("b", "text"), ("c", "numeric(5,2)")], RelationKind::CompositeType);
        assert!(numeric > 0 && posint.is_valid());
        world.domain("dcomp", "comp");
        world.range();
        let par = world.table("par", &[("x", "integer"), ("y", "text")], RelationKind::Table);
        let chi = world.table("chi", &[("x", "integer"), ("y", "text"), ("z", "integer")], RelationKind::Table);
        let mut row = world.env.relation_by_oid(chi.0).unwrap().clone();
        row.parents.push(par.0);
        world.env.put_relation(row);
        let mut sequence = relation("seq", Oid::INVALID);
        sequence.schema = sym("app");
        sequence.kind = RelationKind::Sequence;
        world.env.put_relation(sequence);
        world.functions(mood, comp.1, par.1);
        let table = world.table("u", &COLUMNS, RelationKind::Table);
        let mut row = world.env.relation_by_oid(table.0).unwrap().clone();
        row.columns.iter_mut().find(|c| c.name.as_str() == "g").unwrap().generated = true;
        world.env.put_relation(row.clone());
        world.table = row;
        world
    }

    fn named(&self, ty: &str) -> (Oid, i32) {
        let raw = parse_expr_text(&format!("NULL::{ty}")).unwrap();
        match raw.node {
            Some(pg_query::NodeEnum::TypeCast(cast)) => {
                self.env.lookup_type_name(&self.path, cast.type_name.as_ref().unwrap()).unwrap()
            }
            _ => panic!("no type: {ty}"),
        }
    }

    fn domain(&mut self, name: &str, base: &str) -> Oid {
        let (base, typmod) = self.named(base);
        let under = self.env.type_by_oid(base).unwrap().clone();
        let mut row = TypeRow::user("public", name, TypeKind::Domain);
        row.base = base;
        row.base_typmod = typmod;
        row.category = under.category;
        row.collation = under.collation;
        self.env.put_type_with_array(row)
    }

    fn range(&mut self) {
        let (range, multirange) = (self.env.allocate_oid(), self.env.allocate_oid());
        let link =
            RangeLink { range, subtype: Oid::FLOAT8, multirange, collation: Oid::INVALID, opclass: Oid::INVALID };
        for (oid, name, kind) in [(range, "frange", TypeKind::Range), (multirange, "fmultirange", TypeKind::Multirange)]
        {
            let mut row = TypeRow::user("public", name, kind);
            row.oid = oid;
            row.range = Some(link);
            self.env.put_type_with_array(row);
        }
        self.function("frange", &[Oid::FLOAT8, Oid::FLOAT8], range);
        self.function("frange", &[Oid::FLOAT8, Oid::FLOAT8, Oid::TEXT], range);
        self.function("fmultirange", &[range], multirange);
    }

    fn table(&mut self, name: &str, columns: &[(&str, &str)], kind: RelationKind) -> (Oid, Oid) {
        let oid = self.env.allocate_oid();
        let mut row_type = TypeRow::user("public", name, TypeKind::Composite);
        row_type.relation = oid;
        let row_type = self.env.put_type_with_array(row_type);
        let mut row = relation(name, oid);
        row.kind = kind;
        row.row_type = row_type;
        for (number, (column, ty)) in (1..).zip(columns) {
            let (type_oid, typmod) = self.named(ty);
            row.columns.push(ColumnRow {
                name: sym(column),
                number,
                type_oid,
                typmod,
                collation: self.env.type_collation(type_oid),
                not_null: false,
                generated: false,
            });
        }
        self.env.put_relation(row);
        (oid, row_type)
    }

    fn functions(&mut self, mood: Oid, comp: Oid, par: Oid) {
        self.function("f1", &[Oid::INT4], Oid::INT4);
        self.function("f1", &[Oid::INT8], Oid::INT8);
        let f2 = self.function("f2", &[Oid::INT4, Oid::TEXT, Oid::INT4], Oid::INT4);
        let mut row = self.env.proc_by_oid(f2).unwrap().clone();
        row.default_count = 2;
        for (argument, name) in row.parameters.iter_mut().zip(["a", "b", "c"]) {
            argument.name = sym(name);
        }
        self.env.put_proc(row);
        let fv = self.function("fv", &[Oid::INT4ARRAY], Oid::INT4);
        let mut row = self.env.proc_by_oid(fv).unwrap().clone();
        row.variadic = Oid::INT4;
        row.parameters.iter_mut().for_each(|p| p.mode = ArgMode::Variadic);
        self.env.put_proc(row);
        self.function("fpoly", &[Oid::ANYELEMENT, Oid::ANYARRAY], Oid::ANYELEMENT);
        self.function("fcompat", &[Oid::ANYCOMPATIBLE, Oid::ANYCOMPATIBLE], Oid::ANYCOMPATIBLEARRAY);
        self.function("fpar", &[par], Oid::INT4);
        self.function("area", &[comp], Oid::NUMERIC);
        let fvol = self.function("fvol", &[], Oid::INT4);
        let mut row = self.env.proc_by_oid(fvol).unwrap().clone();
        row.volatility = Volatility::Volatile;
        self.env.put_proc(row);
        let fset = self.function("fset", &[], Oid::INT4);
        let mut row = self.env.proc_by_oid(fset).unwrap().clone();
        row.returns_set = true;
        self.env.put_proc(row);
        let procedure = self.function("proc1", &[Oid::INT4], Oid::INVALID);
        let mut row = self.env.proc_by_oid(procedure).unwrap().clone();
        row.kind = ProcKind::Procedure;
        self.env.put_proc(row);
        let other = self.function("f1", &[Oid::INT4], Oid::TEXT);
        let mut row = self.env.proc_by_oid(other).unwrap().clone();
        row.schema = sym("app");
        self.env.put_proc(row);
        self.function("fmood", &[mood], Oid::BOOL);
    }

    fn function(&mut self, name: &str, args: &[Oid], result: Oid) -> Oid {
        self.env.put_proc(ProcRow {
            oid: Oid::INVALID,
            schema: sym("public"),
            name: sym(name),
            kind: ProcKind::Function,
            args: args.to_vec(),
            parameters: args.iter().map(|ty| ProcArg { type_oid: *ty, mode: ArgMode::In, name: sym("") }).collect(),
            default_count: 0,
            variadic: Oid::INVALID,
            result,
            returns_set: false,
            volatility: Volatility::Immutable,
            strict: false,
            leakproof: false,
            language: Oid::SQL_LANGUAGE,
            aggregate: None,
            extension: None,
        })
    }
}

fn relation(name: &str, oid: Oid) -> RelationRow {
    RelationRow {
        oid,
        schema: sym("public"),
        name: sym(name),
        kind: RelationKind::Table,
        row_type: Oid::INVALID,
        columns: Vec::new(),
        parents: Vec::new(),
        of_type: Oid::INVALID,
        primary_key: None,
        extension: None,
    }
}

const COLUMNS: [(&str, &str); 24] = [
    ("id", "integer"),
    ("txt", "text"),
    ("ts", "timestamp with time zone"),
    ("d", "date"),
    ("m", "mood"),
    ("p", "posint"),
    ("q", "posint2"),
    ("v", "vc5"),
    ("ia", "ia"),
    ("n", "num102"),
    ("ct", "ctext"),
    ("c", "comp"),
    ("dc", "dcomp"),
    ("fr", "frange"),
    ("ma", "mood[]"),
    ("pa", "posint[]"),
    ("ca", "comp[]"),
    ("ch", "chi"),
    ("big", "bigint"),
    ("num", "numeric(8,3)"),
    ("g", "integer"),
    ("v10", "character varying(10)"),
    ("ch4", "character(4)"),
    ("Odd Name", "integer"),
];

/// The statement that stores an expression, and the question for its text.
fn on_server(place: &str, text: &str) -> (String, String) {
    let (place, of) = place.split_once(' ').unwrap_or((place, ""));
    match place {
        "check" => (
            format!("ALTER TABLE u ADD CONSTRAINT k CHECK ({text}) NOT VALID"),
            "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conrelid = 'public.u'::regclass AND conname = 'k'".into(),
        ),
        "value" => (
            format!("ALTER TABLE u ADD CONSTRAINT k CHECK (({text}) IS NOT NULL) NOT VALID"),
            "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conrelid = 'public.u'::regclass AND conname = 'k'".into(),
        ),
        "default" => (
            format!("ALTER TABLE u ALTER COLUMN {of} SET DEFAULT {text}"),
            format!(
                "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
                 WHERE adrelid = 'public.u'::regclass AND attname = '{of}'"
            ),
        ),
        "generated" => (
            format!("ALTER TABLE u ADD COLUMN gen {of} GENERATED ALWAYS AS ({text}) STORED"),
            "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
             WHERE adrelid = 'public.u'::regclass AND attname = 'gen'"
                .into(),
        ),
        "virtual" => (
            format!("ALTER TABLE u ADD COLUMN gen {of} GENERATED ALWAYS AS ({text}) VIRTUAL"),
            "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
             WHERE adrelid = 'public.u'::regclass AND attname = 'gen'"
                .into(),
        ),
        "index" => (
            format!("CREATE INDEX i ON u (({text}))"),
            "SELECT coalesce(pg_get_expr(indexprs, indrelid), pg_get_indexdef(indexrelid, 1, false))
             FROM pg_index WHERE indexrelid = 'public.i'::regclass"
                .into(),
        ),
        "predicate" => (
            format!("CREATE INDEX i ON u (id) WHERE {text}"),
            "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = 'public.i'::regclass".into(),
        ),
        "trigger" => (
            format!("CREATE TRIGGER r {of} ON u FOR EACH ROW WHEN ({text}) EXECUTE FUNCTION trig()"),
            r"SELECT substring(pg_get_triggerdef(oid) from ' WHEN \((.*)\) EXECUTE FUNCTION ') FROM pg_trigger
              WHERE tgrelid = 'public.u'::regclass AND tgname = 'r'"
                .into(),
        ),
        "using" => (
            format!("ALTER TABLE u ALTER COLUMN big TYPE {of} USING {text}"),
            "SELECT '-'".into(),
        ),
        "key" => (
            format!("CREATE TABLE pt (LIKE u INCLUDING GENERATED) PARTITION BY RANGE (({text}))"),
            "SELECT coalesce(pg_get_expr(partexprs, partrelid), substring(pg_get_partkeydef(partrelid) from '\\((.*)\\)'))
             FROM pg_partitioned_table WHERE partrelid = 'public.pt'::regclass"
                .into(),
        ),
        "bound" => (
            format!("CREATE TABLE pt (k {of}) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF pt FOR VALUES IN ({text})"),
            "SELECT substring(pg_get_expr(relpartbound, oid) from 'IN \\((.*)\\)') FROM pg_class WHERE oid = 'public.p1'::regclass".into(),
        ),
        "domain" => (
            format!("CREATE DOMAIN dd AS {of} CONSTRAINT k CHECK ({text})"),
            "SELECT pg_get_expr(conbin, 0) FROM pg_constraint WHERE contypid = 'public.dd'::regtype AND contype = 'c'".into(),
        ),
        "argument" => (
            format!("CREATE FUNCTION fa(a {of} DEFAULT {text}) RETURNS integer LANGUAGE sql AS 'SELECT 1'"),
            "SELECT pg_get_expr(proargdefaults, 0) FROM pg_proc WHERE proname = 'fa'".into(),
        ),
        _ => panic!("no such place: {place}"),
    }
}

/// What the compiler makes of it: text, nothing, or an error.
fn ours(world: &World, place: &str, text: &str) -> Analyzed<Option<String>> {
    let (place, of) = place.split_once(' ').unwrap_or((place, ""));
    let text = if place == "value" { format!("({text}) IS NOT NULL") } else { text.to_owned() };
    let raw = parse_expr_text(&text)?;
    let (env, path, table) = (&world.env, &world.path, &world.table);
    let print = |scope: Scope<'_>, expr: &Expr| Some(deparse_expression(env, scope, expr).unwrap());
    let own = Scope::Relation("u");
    let key = |key: pgseal::analyze::IndexKey| match key.column() {
        Some(number) => Some(env.quote_ident(&table.column_by_number(number).unwrap().name)),
        None => print(own, &key.expr),
    };
    match place {
        "check" | "value" => cook_constraint(env, path, table, &raw).map(|e| print(own, &e)),
        "default" => {
            let column = table.column(of).unwrap();
            let target = Target { name: of, type_oid: column.type_oid, typmod: column.typmod };
            let expr = cook_default(env, path, None, &raw, &target, DefaultKind::Plain)?;
            Ok(if is_null_default(&expr) { None } else { print(own, &expr) })
        }
        "generated" | "virtual" => {
            let (type_oid, typmod) = world.named(of);
            let target = Target { name: "gen", type_oid, typmod };
            let kind = if place == "virtual" { DefaultKind::GeneratedVirtual } else { DefaultKind::Generated };
            cook_default(env, path, Some(table), &raw, &target, kind).map(|e| print(own, &e))
        }
        "argument" => {
            let (type_oid, typmod) = world.named(of);
            let target = Target { name: "a", type_oid, typmod };
            cook_default(env, path, None, &raw, &target, DefaultKind::FunctionArgument)
                .map(|e| print(Scope::Nothing, &e))
        }
        "index" => cook_index_expression(env, path, table, &raw).map(key),
        "key" => cook_partition_key(env, path, table, &raw).map(key),
        "predicate" => cook_index_predicate(env, path, table, &raw).map(|e| e.and_then(|e| print(own, &e))),
        "trigger" => {
            let events = TriggerEvents {
                for_each_row: true,
                before: of.contains("BEFORE"),
                insert: of.contains("INSERT"),
                delete: of.contains("DELETE"),
            };
            cook_trigger_when(env, path, table, &raw, events).map(|e| print(Scope::Trigger, &e))
        }
        "using" => {
            let (type_oid, typmod) = world.named(of);
            let target = Target { name: "big", type_oid, typmod };
            cook_using(env, path, table, Some(&raw), &target).map(|_| Some("-".to_owned()))
        }
        "bound" => {
            let (type_oid, typmod) = world.named(of);
            let target = Target { name: "k", type_oid, typmod };
            let value = cook_partition_bound_value(env, path, &raw, &target, env.type_collation(type_oid))?;
            Ok(Some(value.value.map_or("NULL".to_owned(), |v| {
                let bare =
                    !v.starts_with('-') && (type_oid == Oid::INT4 || (type_oid == Oid::NUMERIC && v.contains('.')));
                if type_oid == Oid::BOOL {
                    if v == "t" { "true".to_owned() } else { "false".to_owned() }
                } else if bare {
                    v
                } else {
                    format!("'{}'", v.replace('\'', "''"))
                }
            })))
        }
        "domain" => {
            let (ty, typmod) = world.named(of);
            cook_domain_check(env, path, ty, typmod, &raw).map(|e| print(Scope::Nothing, &e))
        }
        _ => panic!("no such place: {place}"),
    }
}

fn cases() -> Vec<(&'static str, &'static str)> {
    include_str!("analyze_objects.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("no place in: {line}")))
        .collect()
}

fn server_answer(session: &mut Client, place: &str, text: &str) -> String {
    let (statement, question) = on_server(place, text);
    session.query_one("SELECT public.try($1, $2)", &[&statement, &question]).expect("an answer").get(0)
}

#[test]
fn users_objects_resolve_as_on_the_server() {
    let mut failures = Vec::new();
    let mut refused = 0;
    for major in MAJORS {
        let database = Server::shared(major).database("analyze_objects");
        let mut session = database.connect();
        session.batch_execute(SCHEMA).unwrap();
        let world = World::new(major);
        for (place, text) in cases() {
            if place.starts_with("virtual") && major < 18 {
                continue;
            }
            let theirs = server_answer(&mut session, place, text);
            let own = match ours(&world, place, text) {
                Ok(stored) => format!("ok {}", stored.as_deref().unwrap_or("<nothing>")),
                Err(AnalyzeError::Unsupported(what)) => {
                    refused += 1;
                    println!("{major} refused {}: {place}: {text}", what.code);
                    continue;
                }
                Err(error) => format!("{} {error}", error.code()),
            };
            // messages may name what only the whole statement knows; the code may not differ
            let same = if own.starts_with("ok ") { own == theirs } else { own.get(..5) == theirs.get(..5) };
            if !same {
                failures.push(format!("{major} {place}: {text}\n    own    {own}\n    server {theirs}"));
            } else if own != theirs {
                println!("{major} {place}: {text}\n    own    {own}\n    server {theirs}");
            }
        }
    }
    assert!(failures.is_empty(), "{} differences\n{}", failures.len(), failures.join("\n"));
    assert!(refused < cases().len(), "nearly nothing is covered");
}
