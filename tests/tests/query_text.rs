//! Whole queries as text: what we print of views, against what each server prints of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::Node;
use pgseal::analyze::{Parameters, analyze_statement, analyze_view_query};
use pgseal::deparse::{FunctionBody, deparse_function_body, deparse_view};
use pgseal::env::{Env, Major, Oid, SearchPath};
use pgseal::tree::Query;
use pgseal_tests::queries::{SCHEMA, VIEWS, majors, statements, view_aliases, world};
use pgseal_tests::server::{Server, repository};
use postgres::Client;

/// What the server prints of a view under an empty search path.
fn said(session: &mut Client, view: &str) -> String {
    let rows = session.query("SELECT pg_get_viewdef($1::text::regclass)", &[&view]).unwrap();
    rows.first().unwrap().get(0)
}

/// What we print of it, or why not.
fn ours(env: &Env, path: &SearchPath, raw: &Node, aliases: &[String]) -> Result<String, (String, String)> {
    let query = analyze_view_query(env, path, raw, aliases).map_err(|e| (e.code().to_owned(), e.to_string()))?;
    deparse_view(env, &query).map_err(|e| ("deparse".to_owned(), e.to_string()))
}

/// The query in the text of a view.
fn query_of(text: &str) -> Node {
    statements(text).remove(0)
}

/// What came of the views of one major.
#[derive(Default)]
struct Tally {
    exact: usize,
    refused: BTreeMap<String, usize>,
    failures: Vec<String>,
}

impl Tally {
    fn note(&mut self, name: &str, said: &str, ours: Result<String, (String, String)>) {
        match ours {
            Ok(own) if own == said => self.exact += 1,
            Ok(own) => self.failures.push(format!("{name}\n--- ours\n{own}\n--- said\n{said}")),
            Err((code, message)) if code.starts_with("unsupported.") => {
                *self.refused.entry(format!("{code} {message}")).or_default() += 1;
            }
            Err((code, message)) => self.failures.push(format!("{name}\n  {code} {message}")),
        }
    }
}

/// Views by hand: exactly the server's text, and the same again from that text.
#[test]
fn the_text_of_views() {
    let only = std::env::var("PGSEAL_CASE").unwrap_or_default();
    let mut problems = Vec::new();
    for major in majors() {
        let server = Server::shared(major);
        let database = server.scratch();
        let mut session = database.connect();
        session.batch_execute(SCHEMA).unwrap();
        let env = world(&mut session, major);
        let path = SearchPath::new(["public"]);
        let mut tally = Tally::default();
        let mut again = Tally::default();
        for query in VIEWS.lines().filter(|line| line.contains(&only)) {
            session.batch_execute("SET search_path = public").unwrap();
            if session.batch_execute(&format!("CREATE VIEW public.v AS {query}")).is_err() {
                continue;
            }
            session.batch_execute("SET search_path = ''").unwrap();
            let first = said(&mut session, "public.v");
            tally.note(query, &first, ours(&env, &path, &query_of(query), &[]));
            // what was printed, read again: as after a dump
            session.batch_execute("DROP VIEW public.v").unwrap();
            if session.batch_execute(&format!("CREATE VIEW public.v AS {first}")).is_err() {
                // there are views whose text the server itself cannot read back
                println!("{major} not read back: {query}");
                continue;
            }
            let second = said(&mut session, "public.v");
            again.note(query, &second, ours(&env, &SearchPath::empty(), &query_of(&first), &[]));
            session.batch_execute("DROP VIEW public.v").unwrap();
        }
        for (what, tally) in [("as written", tally), ("as printed", again)] {
            println!("{major} {what}: {} exact, refused {:?}", tally.exact, tally.refused);
            problems.extend(tally.failures.into_iter().map(|failure| format!("{major} {what}: {failure}")));
        }
    }
    assert!(problems.is_empty(), "{} differ\n{}", problems.len(), problems.join("\n"));
}

/// The body of a function, its arguments by name and by number.
#[test]
fn the_bodies_of_functions() {
    const BODIES: &[&str] = &[
        "RETURN one + 1",
        "RETURN (SELECT max(id) + one FROM public.a)",
        "RETURN (SELECT max(id) FROM public.a WHERE name = bodies.two AND a.id = one)",
        "RETURN CASE WHEN one > 1 THEN 2 ELSE (SELECT CASE WHEN true THEN 1 END) END",
        "RETURN (WITH q AS (SELECT 1 AS x) SELECT x FROM q UNION (SELECT one ORDER BY 1) LIMIT 1)",
        "RETURN $3",
        "BEGIN ATOMIC SELECT one; END",
        "BEGIN ATOMIC SELECT one + $3; SELECT id FROM public.a WHERE id = one ORDER BY id LIMIT $3; END",
        "BEGIN ATOMIC VALUES (1), (2); SELECT 1 UNION SELECT one; END",
        "BEGIN ATOMIC SELECT x.id, 1 AS two FROM (SELECT id, name FROM public.a WHERE name = two) x, public.b y; \
         SELECT count(*)::integer FROM public.a; END",
    ];
    let argument = |name: &str, ty| (name.to_owned(), ty);
    let parameters = Parameters {
        function: Some("bodies".to_owned()),
        arguments: vec![argument("one", Oid::INT4), argument("two", Oid::TEXT), argument("", Oid::INT4)],
    };
    let names: Vec<String> = parameters.arguments.iter().map(|(name, _)| name.clone()).collect();
    for major in majors() {
        let server = Server::shared(major);
        let database = server.scratch();
        let mut session = database.connect();
        session.batch_execute(SCHEMA).unwrap();
        let env = world(&mut session, major);
        let path = SearchPath::empty();
        session.batch_execute("SET search_path = ''").unwrap();
        for body in BODIES {
            let create =
                format!("CREATE FUNCTION public.bodies(one integer, two text, integer) RETURNS integer LANGUAGE sql {body}");
            session.batch_execute(&create).unwrap_or_else(|error| panic!("{body}: {error:?}"));
            let rows = session.query("SELECT pg_get_function_sqlbody('public.bodies'::regproc)", &[]).unwrap();
            let said: String = rows.first().unwrap().get(0);
            session.batch_execute("DROP FUNCTION public.bodies").unwrap();
            let Some(NodeEnum::CreateFunctionStmt(raw)) = query_of(&create).node else { panic!("{create}") };
            let raw = *raw.sql_body.unwrap();
            let statements: Vec<Node> = match &raw.node {
                Some(NodeEnum::List(outer)) => match outer.items.first().map(|inner| &inner.node) {
                    Some(Some(NodeEnum::List(inner))) => inner.items.clone(),
                    _ => Vec::new(),
                },
                _ => vec![raw.clone()],
            };
            let queries: Vec<Query> = statements
                .iter()
                .map(|raw| analyze_statement(&env, &path, raw, &parameters).unwrap_or_else(|e| panic!("{body}: {e}")))
                .collect();
            let body = match queries.as_slice() {
                [only] if only.is_return => FunctionBody::Return(only),
                all => FunctionBody::Atomic(all),
            };
            assert_eq!(deparse_function_body(&env, "bodies", &names, body).unwrap(), said, "{major}");
        }
    }
}

/// Queries as deep as the grammar reads them are printed, in a time that grows with their length.
#[test]
fn deep_queries_are_printed() {
    let env = Env::for_major(Major::V18);
    let nested = |depth: usize, open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let deep = [
        nested(200, "SELECT oid FROM (", "SELECT oid FROM pg_class", ") x"),
        nested(200, "SELECT oid FROM pg_class WHERE oid IN (", "SELECT oid FROM pg_class", ")"),
        nested(200, "SELECT CASE WHEN true THEN (", "SELECT 1", ") END AS c"),
        nested(150, "WITH q AS (", "SELECT 1 AS x", ") SELECT x FROM q"),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(700)),
        (0..300).fold("SELECT 1 AS one FROM pg_am".to_owned(), |text, i| format!("{text} JOIN pg_am x{i} USING (oid)")),
    ];
    let all = || {
        for text in &deep {
            let raw = query_of(text);
            let before = std::time::Instant::now();
            let query = analyze_view_query(&env, &SearchPath::empty(), &raw, &[]).unwrap_or_else(|e| panic!("{e}"));
            let between = std::time::Instant::now();
            let printed = deparse_view(&env, &query).unwrap();
            let times = (between - before, between.elapsed());
            println!("{} bytes: {} bytes, analysed and printed in {times:?}", text.len(), printed.len());
            assert!(printed.ends_with(';'));
        }
    };
    // analysis does not ask for room itself when it is called alone
    std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(1 << 30).spawn_scoped(scope, all).unwrap().join().unwrap();
    });
}

/// The server's own views, out of the scripts that made them.
#[test]
fn the_text_of_the_servers_own_views() {
    let only = std::env::var("PGSEAL_CASE").unwrap_or_default();
    let mut problems = Vec::new();
    for major in majors() {
        let server = Server::shared(major);
        let database = server.scratch();
        let mut session = database.connect();
        let env = Env::for_major(Major::from_number(u32::from(major)).unwrap());
        let root = std::env::var("PGSEAL_SERVERS").map_or_else(|_| repository().join(".servers"), Into::into);
        let mut tally = Tally::default();
        let mut again = Tally::default();
        session.batch_execute("SET search_path = ''").unwrap();
        for (file, schema) in [("system_views.sql", "pg_catalog"), ("information_schema.sql", "information_schema")] {
            let folder = root.join(major.to_string()).join("share");
            let found = [folder.join(file), folder.join("postgresql").join(file)].into_iter().find(|p| p.exists());
            let text = std::fs::read_to_string(found.expect("the server's scripts")).unwrap();
            let path = SearchPath::new([schema]);
            for statement in statements(&text) {
                let Some(NodeEnum::ViewStmt(view)) = statement.node else { continue };
                let name = view.view.as_ref().unwrap().relname.clone();
                if !name.contains(&only) {
                    continue;
                }
                let said = self::said(&mut session, &format!("{schema}.{name}"));
                let own = ours(&env, &path, view.query.as_deref().unwrap(), &view_aliases(&view));
                tally.note(&name, &said, own);
                // a view of the bootstrap may have columns that no other can have
                if session.batch_execute(&format!("CREATE VIEW public.v AS {said}")).is_err() {
                    continue;
                }
                let reloaded = self::said(&mut session, "public.v");
                session.batch_execute("DROP VIEW public.v").unwrap();
                again.note(&name, &reloaded, ours(&env, &SearchPath::empty(), &query_of(&said), &[]));
            }
        }
        for (what, tally) in [("as written", tally), ("as printed", again)] {
            println!("{major} {what}: {} exact, refused {:?}", tally.exact, tally.refused);
            problems.extend(tally.failures.into_iter().map(|failure| format!("{major} {what}: {failure}")));
        }
    }
    assert!(problems.is_empty(), "{} differ\n{}", problems.len(), problems.join("\n"));
}
