//! Views by a grammar over everything that their queries can hold: what we print, against what each server prints, with the
//! refusals counted by construct.
//!
//! 300 on each major; 5,000 with `PGSEAL_FULL=1`, or as many as `PGSEAL_COUNT` says. A failure names its seed: `PGSEAL_SEED=…`
//! with `PGSEAL_MAJORS=…` makes that view alone.

use std::collections::BTreeMap;

use pgseal::analyze::analyze_view_query;
use pgseal::deparse::deparse_view;
use pgseal::elaborate::Model;
use pgseal::env::{Env, SearchPath};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::queries::grammar::{self, Generated};
use pgseal_tests::queries::{SCHEMA, majors};
use pgseal_tests::server::Server;
use postgres::Client;

/// What came of the views that hold a construct.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    seen: usize,
    refused: usize,
    wrong: usize,
}

/// What we print, or the code of an error and its words.
fn ours(env: &Env, path: &SearchPath, query: &str) -> Result<String, (String, String)> {
    let parsed = pg_query::parse(query, 0).map_err(|e| ("42601".to_owned(), e.to_string()))?;
    let raw = parsed.protobuf.stmts.into_iter().find_map(|s| s.stmt).expect("a statement");
    let tree = analyze_view_query(env, path, &raw, &[]).map_err(|e| (e.code().to_owned(), e.to_string()))?;
    deparse_view(env, &tree).map_err(|e| ("deparse".to_owned(), e.to_string()))
}

/// What the server prints of a view over a query, or its refusal.
fn said(session: &mut Client, path: &str, query: &str) -> Result<String, postgres::Error> {
    session.batch_execute(&format!("SET search_path = {path}; CREATE VIEW public.v AS {query}"))?;
    session.batch_execute("SET search_path = ''").unwrap();
    let rows = session.query("SELECT pg_get_viewdef('public.v'::regclass)", &[]).unwrap();
    session.batch_execute("DROP VIEW public.v").unwrap();
    Ok(rows.first().unwrap().get(0))
}

#[derive(Default)]
struct Run {
    counts: BTreeMap<&'static str, Count>,
    problems: Vec<String>,
    exact: usize,
    refused: BTreeMap<String, usize>,
    not_taken: usize,
}

impl Run {
    fn note(&mut self, of: &Generated, what: &str, said: &str, ours: Result<String, (String, String)>) {
        let (refused, problem) = match ours {
            Ok(own) if own == said => (false, None),
            Ok(own) => (false, Some(format!("--- ours\n{own}\n--- said\n{said}"))),
            Err((code, words)) if code.starts_with("unsupported.") => {
                *self.refused.entry(format!("{code} {words}")).or_default() += 1;
                (true, None)
            }
            Err((code, words)) => (false, Some(format!("ours {code} {words}"))),
        };
        self.exact += usize::from(!refused && problem.is_none());
        for construct in &of.constructs {
            let count = self.counts.entry(construct).or_default();
            count.seen += 1;
            count.refused += usize::from(refused);
            count.wrong += usize::from(problem.is_some());
        }
        if let Some(problem) = problem {
            self.problems.push(format!("{what}, seed {}: {}\n{problem}", of.seed, of.text));
        }
    }

    fn view(&mut self, session: &mut Client, env: &Env, of: &Generated) {
        let own = ours(env, &SearchPath::new(["public"]), &of.text);
        let first = match said(session, "public", &of.text) {
            Ok(first) => first,
            Err(error) => {
                let code = error.code().map_or("", |code| code.code()).to_owned();
                self.not_taken += 1;
                // views refuse some columns that queries may have
                if !matches!(&own, Err((ours, _)) if *ours == code) && !["42701", "42P16"].contains(&code.as_str()) {
                    let own = own.map(|_| "taken".to_owned());
                    self.problems
                        .push(format!("refused, seed {}: {}\n  said {error:?}\n  ours {own:?}", of.seed, of.text));
                }
                return;
            }
        };
        self.note(of, "as written", &first, own);
        // there are views whose text the server itself cannot read back
        if let Ok(second) = said(session, "''", &first) {
            let again = ours(env, &SearchPath::empty(), &first);
            self.note(of, "as printed", &second, again);
        }
    }
}

#[test]
fn views_by_grammar_are_printed_exactly() {
    let named = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let full = if std::env::var_os("PGSEAL_FULL").is_some() { 5000 } else { 300 };
    let count = named("PGSEAL_COUNT").unwrap_or(full);
    let only = named("PGSEAL_SEED");
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    let mut problems = Vec::new();
    for major in majors() {
        let database = Server::shared(major).scratch();
        let mut session = database.connect();
        session.batch_execute(SCHEMA).unwrap();
        session.batch_execute(grammar::SCHEMA).unwrap();
        session.batch_execute("SET client_min_messages = error").unwrap();
        let model = Model::from_snapshot(&snapshot(&database).unwrap()).unwrap();
        let mut run = Run::default();
        let first = u64::from(major) * 1_000_000;
        let seeds = only.map_or(first..first + count, |seed| seed..seed + 1);
        for seed in seeds {
            run.view(&mut session, model.env(), &grammar::query(seed, major));
        }
        println!("{major}: {} exact, {} not taken, refused {:?}", run.exact, run.not_taken, run.refused);
        for (construct, own) in run.counts {
            let count = counts.entry(construct).or_default();
            count.seen += own.seen;
            count.refused += own.refused;
            count.wrong += own.wrong;
        }
        problems.extend(run.problems.into_iter().map(|problem| format!("{major} {problem}")));
    }
    println!("{:>8} {:>8} {:>6}  construct", "seen", "refused", "wrong");
    for (construct, count) in &counts {
        println!("{:>8} {:>8} {:>6}  {construct}", count.seen, count.refused, count.wrong);
    }
    assert!(problems.is_empty(), "{} differ\n{}", problems.len(), problems.join("\n"));
}
