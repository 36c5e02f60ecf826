//! A small schema and views over it, with what the compiler has to know of the schema.
#![allow(clippy::unwrap_used)]

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, ViewStmt};
use pgseal::env::{
    ArgMode, ColumnRow, Env, Major, Oid, PrimaryKey, ProcArg, ProcKind, ProcRow, RelationKind, RelationRow, SearchPath,
    Sym, TypeKind, TypeRow, Volatility,
};
use postgres::Client;

use crate::server::{Database, MAJORS, Server};

pub mod chance;
pub mod grammar;
mod grammar_expr;
mod grammar_from;
pub mod json_tables;
pub mod random;

/// Tables and functions.
pub const SCHEMA: &str = include_str!("schema.sql");
/// The queries of views over them, one a line.
pub const VIEWS: &str = include_str!("views.sql");
/// Statements that write, one a line, as they stand in the body of a function of `one integer` and `two text`.
pub const WRITES: &str = include_str!("writes.sql");

/// The bodies of functions, one a line, after the types that they return.
pub const BODIES: &str = include_str!("bodies.sql");
/// Rules, one a line.
pub const RULES: &str = include_str!("rules.sql");

/// The statements of a script.
///
/// # Panics
///
/// When they cannot be read.
#[must_use]
pub fn statements(text: &str) -> Vec<Node> {
    let parsed = pg_query::parse(text, 0).unwrap_or_else(|error| panic!("{error}\nin: {text}"));
    parsed.protobuf.stmts.into_iter().filter_map(|s| s.stmt.map(|s| *s)).collect()
}

/// The majors to run on: all, or those that `PGSEAL_MAJORS` names.
#[must_use]
pub fn majors() -> Vec<u16> {
    match std::env::var("PGSEAL_MAJORS") {
        Ok(list) => list.split(',').filter_map(|m| m.parse().ok()).collect(),
        Err(_) => MAJORS.to_vec(),
    }
}

/// A major at work: a session on a database with [`SCHEMA`], and what the compiler knows of it.
#[allow(missing_debug_implementations, reason = "a session has nothing to show")]
pub struct Stage {
    /// The major.
    pub major: u16,
    /// The session.
    pub session: Client,
    /// What names mean there.
    pub env: Env,
    /// The search path, `public`.
    pub path: SearchPath,
    /// What the session is on.
    pub database: Database<'static>,
}

/// A stage on each of [`majors`], one after the other.
///
/// # Panics
///
/// When a server cannot be readied.
pub fn stages() -> impl Iterator<Item = Stage> {
    majors().into_iter().map(|major| {
        let database = Server::shared(major).scratch();
        let mut session = database.connect();
        session.batch_execute(SCHEMA).unwrap();
        let env = world(&mut session, major);
        Stage { major, session, env, path: SearchPath::new(["public"]), database }
    })
}

/// The names that a `CREATE VIEW` gives its columns.
#[must_use]
pub fn view_aliases(view: &ViewStmt) -> Vec<String> {
    let names = view.aliases.iter().filter_map(|a| match &a.node {
        Some(NodeEnum::String(s)) => Some(s.sval.clone()),
        _ => None,
    });
    names.collect()
}

/// The tables and functions of [`SCHEMA`], from what the server says of them.
///
/// # Panics
///
/// When the server does not know them.
#[must_use]
pub fn world(session: &mut Client, major: u16) -> Env {
    world_of(session, major, TABLES)
}

/// The tables of [`SCHEMA`].
pub const TABLES: [&str; 8] = ["a", "b", "t", "gone", "wide", "Odd Table", "old", "child"];

/// The same where the tables have other names.
///
/// # Panics
///
/// When the server does not know them.
#[must_use]
pub fn world_of(session: &mut Client, major: u16, tables: [&str; 8]) -> Env {
    let mut env = Env::for_major(Major::from_number(u32::from(major)).unwrap());
    let mut parent = Oid::INVALID;
    for (known_as, table) in TABLES.into_iter().zip(tables) {
        let mut ty = TypeRow::user("public", table, TypeKind::Composite);
        let relation = env.allocate_oid();
        ty.relation = relation;
        let row_type = env.put_type_with_array(ty);
        if known_as == "t" {
            parent = relation;
        }
        let rows = session
            .query(
                "SELECT attname::text, attnum, format_type(atttypid, atttypmod), attcollation, attnotnull FROM pg_attribute \
                 WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                &[&env.quote_ident(table)],
            )
            .unwrap();
        let columns = rows
            .iter()
            .map(|row| {
                let (type_oid, typmod) = env.parse_format_type(row.get(2)).unwrap();
                ColumnRow {
                    name: Sym::from(row.get::<_, &str>(0)),
                    number: row.get(1),
                    type_oid,
                    typmod,
                    collation: Oid(row.get(3)),
                    not_null: row.get(4),
                    generated: false,
                }
            })
            .collect();
        env.put_relation(RelationRow {
            oid: relation,
            schema: Sym::from("public"),
            name: Sym::from(table),
            kind: RelationKind::Table,
            row_type,
            columns,
            parents: if known_as == "child" { vec![parent] } else { Vec::new() },
            of_type: Oid::INVALID,
            primary_key: matches!(known_as, "a" | "b").then(|| PrimaryKey { name: Sym::from("pk"), columns: vec![1] }),
            extension: None,
        });
    }
    let a = env.lookup_type(&SearchPath::new(["public"]), None, tables[0]).unwrap().oid;
    function(&mut env, "pairs", &[Oid::INT4], Oid::RECORD, true, &[("x", Oid::INT4), ("y", Oid::TEXT)]);
    function(&mut env, "rows_of_a", &[], a, true, &[]);
    function(&mut env, "anon", &[], Oid::RECORD, true, &[]);
    let many = [("one", Oid::ANYELEMENT), ("many", Oid::ANYARRAY)];
    function(&mut env, "both_of", &[Oid::ANYELEMENT], Oid::RECORD, false, &many);
    env
}

fn function(env: &mut Env, name: &str, args: &[Oid], result: Oid, returns_set: bool, out: &[(&str, Oid)]) {
    let mut parameters: Vec<ProcArg> = Vec::new();
    if !out.is_empty() {
        parameters.extend(args.iter().map(|ty| ProcArg { type_oid: *ty, mode: ArgMode::In, name: Sym::from("") }));
        parameters.extend(out.iter().map(|(n, ty)| ProcArg { type_oid: *ty, mode: ArgMode::Out, name: Sym::from(*n) }));
    }
    env.put_proc(ProcRow {
        oid: Oid::INVALID,
        schema: Sym::from("public"),
        name: Sym::from(name),
        kind: ProcKind::Function,
        args: args.to_vec(),
        parameters,
        default_count: 0,
        variadic: Oid::INVALID,
        result,
        returns_set,
        volatility: Volatility::Volatile,
        strict: false,
        leakproof: false,
        language: Oid::SQL_LANGUAGE,
        aggregate: None,
        extension: None,
    });
}
