//! Whole queries as text: what we print of views, against what each server prints of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::Node;
use pgseal::analyze::analyze_view_query;
use pgseal::deparse::deparse_view;
use pgseal::env::{Env, Major, SearchPath};
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
