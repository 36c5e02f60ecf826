//! Whole queries as text: what we print of views, against what each server prints of them.

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::Node;
use pgseal::analyze::{Parameters, analyze_statement, analyze_view_query, cook_policy, parse_expr_text};
use pgseal::deparse::{FunctionBody, Scope, deparse_expression, deparse_function_body, deparse_view};
use pgseal::elaborate::Model;
use pgseal::env::{ColumnRow, Env, Major, Oid, RelationKind, RelationRow, SearchPath, Sym, TypeKind, TypeRow};
use pgseal::tree::Query;
use pgseal_tests::queries::{
    SCHEMA, Stage, VIEWS, WRITES, json_tables, majors, random, stages, statements, view_aliases, world, world_of,
};
use pgseal_tests::server::{Server, repository};
use pgseal_tests::{corpus, pipeline};
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

/// Takes views through a server: the server's text of each, then the text that it gives when that is read back.
fn compare_views(major: u16, queries: &[String]) -> Vec<String> {
    let server = Server::shared(major);
    let database = server.scratch();
    let mut session = database.connect();
    session.batch_execute(SCHEMA).unwrap();
    let env = world(&mut session, major);
    let path = SearchPath::new(["public"]);
    let mut tally = Tally::default();
    let mut again = Tally::default();
    let mut taken = 0;
    for query in queries {
        session.batch_execute("SET search_path = public").unwrap();
        let raw = query_of(query);
        if let Err(error) = session.batch_execute(&format!("CREATE VIEW public.v AS {query}")) {
            let code = error.code().map_or("", |code| code.code());
            match ours(&env, &path, &raw, &[]) {
                // what a view refuses, and a query does not
                Ok(_) if ["42701", "42P16"].contains(&code) => {}
                Ok(_) => {
                    taken += 1;
                    println!("{major} taken though the server says {error:?}: {query}");
                }
                // a query may be wrong in several ways, of which the server looks for some first
                Err((own, message)) if own != code => println!("{major} {own} {message} | {code} {error:?} | {query}"),
                Err(_) => {}
            }
            continue;
        }
        session.batch_execute("SET search_path = ''").unwrap();
        let first = said(&mut session, "public.v");
        tally.note(query, &first, ours(&env, &path, &raw, &[]));
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
    let mut problems = Vec::new();
    for (what, tally) in [("as written", tally), ("as printed", again)] {
        println!("{major} {what}: {} exact, refused {:?}, {taken} taken", tally.exact, tally.refused);
        problems.extend(tally.failures.into_iter().map(|failure| format!("{major} {what}: {failure}")));
    }
    problems
}

fn expect_none(problems: &[String]) {
    assert!(problems.is_empty(), "{} differ\n{}", problems.len(), problems.join("\n"));
}

/// Views by hand: exactly the server's text, and the same again from that text.
#[test]
fn the_text_of_views() {
    let only = std::env::var("PGSEAL_CASE").unwrap_or_default();
    let queries: Vec<String> = VIEWS.lines().filter(|line| line.contains(&only)).map(str::to_owned).collect();
    let problems: Vec<String> = majors().into_iter().flat_map(|major| compare_views(major, &queries)).collect();
    expect_none(&problems);
}

/// Views by chance, from another seed on each major.
#[test]
fn the_text_of_random_views() {
    let count = std::env::var("PGSEAL_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(300);
    let mut problems = Vec::new();
    for major in majors() {
        problems.extend(compare_views(major, &random::queries(0x9E37_79B9_7F4A_7C15 ^ u64::from(major), count)));
    }
    expect_none(&problems);
}

/// `JSON_TABLE` by chance, where servers know it.
#[test]
fn the_text_of_random_json_tables() {
    let count = std::env::var("PGSEAL_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(150);
    let mut problems = Vec::new();
    for major in majors().into_iter().filter(|major| *major >= 17) {
        problems.extend(compare_views(major, &json_tables::queries(0x5DEE_CE66_D1CE_4E5B ^ u64::from(major), count)));
    }
    expect_none(&problems);
}

/// What is done to tables under views: names change, columns come.
const CHANGES: &str = "ALTER TABLE a RENAME COLUMN name TO label; ALTER TABLE a RENAME COLUMN id TO a_id; \
    ALTER TABLE b RENAME COLUMN day TO amount_1; ALTER TABLE a ADD COLUMN x integer; ALTER TABLE b ADD COLUMN v text; \
    ALTER TABLE b ADD COLUMN id_1 text; ALTER TABLE gone RENAME COLUMN three TO \"Three\"; \
    ALTER TABLE gone ADD COLUMN two integer; ALTER TABLE old RENAME TO a_1; ALTER TABLE t RENAME TO x; \
    ALTER TABLE wide ADD COLUMN c41 integer; ALTER TABLE \"Odd Table\" RENAME TO even";

/// Views after their tables have changed: the tree is the same, the text is not.
#[test]
fn the_text_of_views_over_changed_tables() {
    let only = std::env::var("PGSEAL_CASE").unwrap_or_default();
    let mut problems = Vec::new();
    for stage in stages() {
        let Stage { major, mut session, env, path, .. } = stage;
        let mut trees = Vec::new();
        for (at, query) in VIEWS.lines().filter(|line| line.contains(&only)).enumerate() {
            if session.batch_execute(&format!("CREATE VIEW public.v{at} AS {query}")).is_ok() {
                trees.push((at, query, analyze_view_query(&env, &path, &query_of(query), &[]).unwrap()));
            }
        }
        session.batch_execute(CHANGES).unwrap();
        let tables = ["a", "b", "x", "gone", "wide", "even", "a_1", "child"];
        let changed = world_of(&mut session, major, tables);
        session.batch_execute("SET search_path = ''").unwrap();
        let mut tally = Tally::default();
        for (at, query, tree) in trees {
            let said = said(&mut session, &format!("public.v{at}"));
            tally.note(query, &said, deparse_view(&changed, &tree).map_err(|e| ("deparse".to_owned(), e.to_string())));
        }
        println!("{major} changed: {} exact, refused {:?}", tally.exact, tally.refused);
        problems.extend(tally.failures.into_iter().map(|failure| format!("{major} changed: {failure}")));
    }
    expect_none(&problems);
}

/// A function around a body, with what its arguments mean.
fn function_around(body: &str, returns: &str) -> (String, Parameters) {
    let argument = |name: &str, ty| (name.to_owned(), ty);
    let parameters = Parameters {
        function: Some("bodies".to_owned()),
        arguments: vec![argument("one", Oid::INT4), argument("two", Oid::TEXT), argument("", Oid::INT4)],
    };
    let create =
        format!("CREATE FUNCTION public.bodies(one integer, two text, integer) RETURNS {returns} LANGUAGE sql {body}");
    (create, parameters)
}

/// What we print of the body of a function.
fn own_body(env: &Env, path: &SearchPath, create: &str, parameters: &Parameters) -> Result<String, (String, String)> {
    let Some(NodeEnum::CreateFunctionStmt(raw)) = query_of(create).node else { panic!("{create}") };
    let raw = *raw.sql_body.unwrap();
    let statements: Vec<Node> = match &raw.node {
        Some(NodeEnum::List(outer)) => match outer.items.first().map(|inner| &inner.node) {
            Some(Some(NodeEnum::List(inner))) => inner.items.clone(),
            _ => Vec::new(),
        },
        _ => vec![raw.clone()],
    };
    let queries: Result<Vec<Query>, _> =
        statements.iter().map(|raw| analyze_statement(env, path, raw, parameters)).collect();
    let queries = queries.map_err(|e| (e.code().to_owned(), e.to_string()))?;
    let body = match queries.as_slice() {
        [only] if only.is_return => FunctionBody::Return(only),
        all => FunctionBody::Atomic(all),
    };
    let names: Vec<String> = parameters.arguments.iter().map(|(name, _)| name.clone()).collect();
    let function = parameters.function.as_deref().unwrap_or_default();
    deparse_function_body(env, function, &names, body).map_err(|e| ("deparse".to_owned(), e.to_string()))
}

/// What the server prints of it, none when it does not take it.
fn said_of_body(session: &mut Client, create: &str) -> Result<String, postgres::Error> {
    session.batch_execute(create)?;
    session.batch_execute("SET search_path = ''")?;
    let rows = session.query("SELECT pg_get_function_sqlbody('public.bodies'::regproc)", &[])?;
    session.batch_execute("DROP FUNCTION public.bodies")?;
    Ok(rows.first().unwrap().get(0))
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
    for stage in stages() {
        let Stage { major, mut session, env, .. } = stage;
        for body in BODIES {
            let (create, parameters) = function_around(body, "integer");
            let said = said_of_body(&mut session, &create).unwrap_or_else(|error| panic!("{body}: {error:?}"));
            assert_eq!(own_body(&env, &SearchPath::empty(), &create, &parameters), Ok(said), "{major}");
        }
    }
}

/// Subqueries in the conditions of policies.
#[test]
fn the_text_of_policies() {
    const CONDITIONS: &[&str] = &[
        "id = 1 AND name IS NOT NULL",
        "EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id)",
        "EXISTS (SELECT 1 FROM a x WHERE x.id = a.id AND a.name = x.name)",
        "EXISTS (SELECT 1 FROM a WHERE id = 3)",
        "id IN (SELECT a_1.id FROM a a_1, a WHERE a.id = a_1.id)",
        "id IN (SELECT id FROM b WHERE b.name = a.name UNION SELECT k FROM t)",
        "(SELECT count(*) FROM b WHERE b.id = a.id AND EXISTS (SELECT 1 FROM t WHERE t.k = a.id OR t.k = b.id)) > 1",
        "CASE WHEN flag THEN (SELECT CASE WHEN true THEN a.flag END FROM b LIMIT 1) ELSE false END",
        "(WITH q AS (SELECT a.id AS i) SELECT i > 0 FROM q)",
        "a.* IS NOT NULL AND (a).id = ANY (ARRAY(SELECT b.id FROM b))",
        "name = current_user OR id = (SELECT max(s.id) FROM (SELECT b.id FROM b WHERE b.a_id = a.id ORDER BY b.id) s)",
        "EXISTS (SELECT a.id FROM generate_series(1, a.id) a_1 WHERE a_1 = a.id)",
        "id = ANY ((SELECT array_agg(b.id) FROM b)::integer[])",
    ];
    let mut problems = Vec::new();
    for stage in stages() {
        let Stage { major, mut session, env, path, .. } = stage;
        let relation = env.lookup_relation(&path, None, "a").unwrap();
        for condition in CONDITIONS {
            session.batch_execute("SET search_path = public").unwrap();
            session
                .batch_execute(&format!("CREATE POLICY p ON a USING ({condition}); SET search_path = ''"))
                .unwrap_or_else(|error| panic!("{condition}: {error:?}"));
            let rows = session.query("SELECT pg_get_expr(polqual, polrelid) FROM pg_policy", &[]).unwrap();
            let said: String = rows.first().unwrap().get(0);
            session.batch_execute("DROP POLICY p ON public.a").unwrap();
            let raw = parse_expr_text(condition).unwrap();
            let expr = cook_policy(&env, &path, relation, &raw).unwrap_or_else(|e| panic!("{condition}: {e}"));
            let own = deparse_expression(&env, Scope::Relation("a"), &expr).unwrap();
            if own != said {
                problems.push(format!("{major} {condition}\n--- ours\n{own}\n--- said\n{said}"));
            }
        }
    }
    expect_none(&problems);
}

/// The functions that the server itself has with a body in SQL's own syntax: what it prints of them, read and printed again.
#[test]
fn the_bodies_of_the_servers_own_functions() {
    const FUNCTIONS: &str = "SELECT proname::text, coalesce(proargnames, '{}'), \
        ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes) WITH ORDINALITY AS u (t, n) ORDER BY n), \
        pg_get_function_sqlbody(oid) FROM pg_proc WHERE prosqlbody IS NOT NULL ORDER BY oid";
    let mut problems = Vec::new();
    for major in majors() {
        let server = Server::shared(major);
        let database = server.scratch();
        let mut session = database.connect();
        session.batch_execute("SET search_path = ''").unwrap();
        let env = Env::for_major(Major::from_number(u32::from(major)).unwrap());
        let mut tally = Tally::default();
        for row in session.query(FUNCTIONS, &[]).unwrap() {
            let (name, names, types, said): (String, Vec<String>, Vec<String>, String) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            let arguments = types
                .iter()
                .enumerate()
                .map(|(at, ty)| (names.get(at).cloned().unwrap_or_default(), env.parse_format_type(ty).unwrap().0));
            let parameters = Parameters { function: Some(name.clone()), arguments: arguments.collect() };
            let create = format!("CREATE FUNCTION f() RETURNS void LANGUAGE sql {said}");
            let own = own_body(&env, &SearchPath::empty(), &create, &parameters);
            tally.note(&name, &said, own);
        }
        println!("{major} own functions: {} exact, refused {:?}", tally.exact, tally.refused);
        assert!(tally.exact > 10, "{major}: {}", tally.exact);
        problems.extend(tally.failures.into_iter().map(|failure| format!("{major} own function: {failure}")));
    }
    expect_none(&problems);
}

/// Statements that write, in the bodies of functions.
#[test]
fn the_text_of_writes() {
    let only = std::env::var("PGSEAL_CASE").unwrap_or_default();
    let mut problems = Vec::new();
    for stage in stages() {
        let Stage { major, mut session, env, path, .. } = stage;
        let mut tally = Tally::default();
        for statement in WRITES.lines().filter(|line| line.contains(&only)) {
            session.batch_execute("SET search_path = public").unwrap();
            let (create, parameters) = function_around(&format!("BEGIN ATOMIC {statement}; END"), "void");
            match said_of_body(&mut session, &create) {
                Ok(said) => tally.note(statement, &said, own_body(&env, &path, &create, &parameters)),
                Err(error) => println!("{major} not taken: {statement}\n  {error:?}"),
            }
        }
        println!("{major} writes: {} exact, refused {:?}", tally.exact, tally.refused);
        problems.extend(tally.failures.into_iter().map(|failure| format!("{major}: {failure}")));
    }
    expect_none(&problems);
}

/// Queries as deep as the grammar reads them are printed, in a time that grows with their length.
#[test]
fn deep_queries_are_printed() {
    let env = Env::for_major(Major::V18);
    let nested = |depth: usize, open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let deep = [
        nested(700, "SELECT oid FROM (", "SELECT oid FROM pg_class", ") x"),
        nested(700, "SELECT oid FROM pg_class WHERE oid IN (", "SELECT oid FROM pg_class", ")"),
        nested(500, "SELECT CASE WHEN true THEN (", "SELECT 1", ") END AS c"),
        nested(500, "WITH q AS (", "SELECT 1 AS x", ") SELECT x FROM q"),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(1500)),
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
    expect_none(&problems);
}

const RELATIONS: &str = "SELECT c.oid::text, n.nspname::text, c.relname::text, c.relkind::text FROM pg_class c \
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= 16384 AND c.relkind IN ('v', 'm') \
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY c.oid";
const COLUMNS: &str = "SELECT attname::text, attnum, format_type(atttypid, atttypmod), attcollation FROM pg_attribute \
    WHERE attrelid = $1::text::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum";

/// Adds a view to what is known, as a relation that others can read.
fn add_view(
    session: &mut Client,
    env: &mut Env,
    oid: &str,
    schema: &str,
    name: &str,
    kind: &str,
) -> Result<(), String> {
    let mut columns = Vec::new();
    for row in session.query(COLUMNS, &[&oid]).unwrap() {
        let ty: &str = row.get(2);
        let (type_oid, typmod) = env.parse_format_type(ty).map_err(|error| format!("{ty}: {error}"))?;
        let collation: u32 = row.get(3);
        columns.push(ColumnRow {
            name: Sym::from(row.get::<_, &str>(0)),
            number: row.get(1),
            type_oid,
            typmod,
            collation: if collation < 16384 { Oid(collation) } else { env.type_collation(type_oid) },
            not_null: false,
            generated: false,
        });
    }
    let mut ty = TypeRow::user(schema, name, TypeKind::Composite);
    let own = env.allocate_oid();
    ty.relation = own;
    let row_type = env.put_type_with_array(ty);
    env.put_relation(RelationRow {
        oid: own,
        schema: Sym::from(schema),
        name: Sym::from(name),
        kind: if kind == "m" { RelationKind::MaterializedView } else { RelationKind::View },
        row_type,
        columns,
        parents: Vec::new(),
        of_type: Oid::INVALID,
        primary_key: None,
        extension: None,
    });
    Ok(())
}

/// The views of the schemas of products and of the cases beside the repository: as the server prints them, and that again.
#[test]
fn the_text_of_the_views_of_real_schemas() {
    let only = std::env::var("PGSEAL_CASE").unwrap_or_default();
    let mut sources: Vec<(String, String)> = Vec::new();
    for schema in corpus::schemas().unwrap_or_default() {
        sources.push((format!("{} {}", schema.product, schema.date), schema.sql));
    }
    for case in
        corpus::beside(&["create_view", "create_materialized_view", "dependency", "comment"]).unwrap_or_default()
    {
        sources.push((case.name.clone(), case.sql(corpus::Side::New)));
    }
    sources.retain(|(name, sql)| name.contains(&only) && sql.to_lowercase().contains("view"));
    let mut problems = Vec::new();
    // the oldest and the newest tell most; all of them take minutes
    let all = std::env::var_os("PGSEAL_FULL").is_some() || std::env::var_os("PGSEAL_MAJORS").is_some();
    for major in majors().into_iter().filter(|major| all || [14, 18].contains(major)) {
        let server = Server::shared(major);
        let mut tally = Tally::default();
        let mut again = Tally::default();
        for (source, sql) in &sources {
            let database = server.scratch();
            if corpus::load(&database, sql).is_err() {
                continue;
            }
            let mut session = database.connect();
            session.batch_execute("SET search_path = ''").unwrap();
            let model = pipeline::snapshot(&database).map(|s| Model::from_snapshot(&s).map_err(|e| e.to_string()));
            let model = match model {
                Ok(Ok(model)) => model,
                Ok(Err(error)) | Err(error) => {
                    *tally.refused.entry(format!("a whole schema: {error}")).or_default() += 1;
                    continue;
                }
            };
            let mut env = model.env().clone();
            let raws: BTreeMap<String, Node> = statements(sql)
                .into_iter()
                .filter_map(|statement| match statement.node {
                    Some(NodeEnum::ViewStmt(view)) if view.aliases.is_empty() => {
                        Some((view.view?.relname, *view.query?))
                    }
                    Some(NodeEnum::CreateTableAsStmt(made)) => Some((made.into?.rel?.relname, *made.query?)),
                    _ => None,
                })
                .collect();
            for row in session.query(RELATIONS, &[]).unwrap() {
                let (oid, schema, name, kind): (&str, &str, &str, &str) =
                    (row.get(0), row.get(1), row.get(2), row.get(3));
                let label = format!("{source}: {name}");
                let rows = session.query("SELECT pg_get_viewdef($1::text::oid)", &[&oid]).unwrap();
                let text: String = rows.first().unwrap().get(0);
                if let Some(raw) = raws.get(name) {
                    match ours(&env, &SearchPath::new(["public"]), raw, &[]) {
                        // the script may have had another search path, or renamed columns since
                        Ok(own) if own != text && sql.contains("search_path") => {}
                        Err((code, _)) if code == "42P01" => {}
                        own => tally.note(&label, &text, own),
                    }
                }
                if session.batch_execute(&format!("CREATE SCHEMA aside; CREATE VIEW aside.v AS {text}")).is_ok() {
                    let reloaded = said(&mut session, "aside.v");
                    session.batch_execute("DROP SCHEMA aside CASCADE").unwrap();
                    again.note(&label, &reloaded, ours(&env, &SearchPath::empty(), &query_of(&text), &[]));
                }
                if let Err(error) = add_view(&mut session, &mut env, oid, schema, name, kind) {
                    println!("{label}: {error}");
                }
            }
        }
        for (what, tally) in [("real, as written", tally), ("real, as printed", again)] {
            println!("{major} {what}: {} exact, refused {:?}", tally.exact, tally.refused);
            problems.extend(tally.failures.into_iter().map(|failure| format!("{major} {what}: {failure}")));
        }
    }
    expect_none(&problems);
}
