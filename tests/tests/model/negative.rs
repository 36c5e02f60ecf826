//! Wrong statements: what a server refuses for a reason of names or types, we refuse with the same SQLSTATE at the same place; and
//! what we refuse, the server refuses.
//!
//! The statements lie in `negative/`, one a line, laid out by topic, over the objects of `negative/world.sql`. A query is taken as
//! that of a view; a statement of `writes.sql` as the body of a function. `[16]` in front: from that major on. Exceptions, each with
//! its reason, are in `negative/exceptions.txt`.

use std::collections::{BTreeMap, BTreeSet};

use pgseal::elaborate::{Model, execute};
use pgseal::syntax::{SyntaxOptions, read_text};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::server::{Database, MAJORS, Server};
use postgres::Client;
use postgres::error::ErrorPosition;

const WORLD: &str = include_str!("negative/world.sql");

/// The topics, with what stands around a statement of theirs that is not one of DDL.
const TOPICS: [(&str, &str, Around); 10] = [
    ("names", include_str!("negative/names.sql"), Around::View),
    ("types", include_str!("negative/types.sql"), Around::View),
    ("aggregates", include_str!("negative/aggregates.sql"), Around::View),
    ("queries", include_str!("negative/queries.sql"), Around::View),
    ("json", include_str!("negative/json.sql"), Around::View),
    ("writes", include_str!("negative/writes.sql"), Around::Body),
    ("tables", include_str!("negative/tables.sql"), Around::Nothing),
    ("partitions", include_str!("negative/partitions.sql"), Around::Nothing),
    ("objects", include_str!("negative/objects.sql"), Around::Nothing),
    ("rules", include_str!("negative/rules.sql"), Around::Nothing),
];

#[derive(Clone, Copy)]
enum Around {
    Nothing,
    View,
    Body,
}

impl Around {
    fn put(self, statement: &str) -> String {
        match self {
            Around::Nothing => statement.to_owned(),
            Around::View => format!("CREATE VIEW public.n AS {statement}"),
            Around::Body => format!(
                "CREATE FUNCTION public.bodies(one integer, two text, integer) RETURNS void LANGUAGE sql \
                 BEGIN ATOMIC {statement}; END"
            ),
        }
    }
}

/// What one of the two says of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Taken,
    /// A SQLSTATE, the place in characters from one where there is one, and the words.
    Rejected(String, Option<u32>, String),
    /// Ours alone: not covered.
    Unsupported(String),
}

fn said(session: &mut Client, statement: &str) -> Answer {
    session.batch_execute("BEGIN").unwrap();
    let answer = match session.batch_execute(statement) {
        Ok(()) => Answer::Taken,
        Err(error) => {
            let error = error.as_db_error().unwrap_or_else(|| panic!("{statement}: {error:?}"));
            let place = match error.position() {
                Some(ErrorPosition::Original(at)) => Some(*at),
                _ => None,
            };
            Answer::Rejected(error.code().code().to_owned(), place, error.message().to_owned())
        }
    };
    session.batch_execute("ROLLBACK").unwrap();
    answer
}

fn ours(model: &mut Model, statement: &str) -> Answer {
    let read = read_text("schema.sql", &format!("{statement};"), &SyntaxOptions::default());
    let place = |at: u32| u32::try_from(statement.get(..at as usize).unwrap_or(statement).chars().count() + 1).ok();
    if let Some(error) = read.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
        let code = error.sqlstate.map_or("", |state| state.as_str());
        if code.is_empty() {
            return Answer::Unsupported(error.message.clone());
        }
        return Answer::Rejected(code.to_owned(), error.span.and_then(|span| place(span.start)), error.message.clone());
    }
    let before = model.savepoint();
    for parsed in &read.statements {
        let result = execute(model, parsed);
        if let Err(problem) = result {
            model.rollback(before);
            let Some(code) = problem.sqlstate else { return Answer::Unsupported(problem.message) };
            let at = (problem.location >= 0).then(|| problem.diagnostic(parsed).span).flatten();
            return Answer::Rejected(code.to_owned(), at.and_then(|span| place(span.start)), problem.message);
        }
    }
    model.rollback(before);
    if read.statements.is_empty() { Answer::Unsupported("left out".to_owned()) } else { Answer::Taken }
}

/// How two answers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Same,
    /// The same SQLSTATE; the server names no place, and we do.
    PlaceAdded,
    Unsupported,
    /// The server takes the statement, and so do we: it is not wrong on this major.
    NotWrong,
    Code,
    Place,
    TakenByUs,
    TakenByTheServer,
}

fn compare(said: &Answer, ours: &Answer) -> Outcome {
    match (said, ours) {
        (_, Answer::Unsupported(_)) => Outcome::Unsupported,
        (Answer::Taken, Answer::Taken) => Outcome::NotWrong,
        (Answer::Taken, _) => Outcome::TakenByTheServer,
        (_, Answer::Taken) => Outcome::TakenByUs,
        (Answer::Rejected(code, place, _), Answer::Rejected(own_code, own_place, _)) => match (place, own_place) {
            _ if code != own_code => Outcome::Code,
            (None, Some(_)) => Outcome::PlaceAdded,
            _ if place == own_place => Outcome::Same,
            _ => Outcome::Place,
        },
        (Answer::Unsupported(_), _) => Outcome::Unsupported,
    }
}

/// The statements that may differ, with the majors that they may differ on.
fn exceptions() -> BTreeMap<&'static str, BTreeSet<u16>> {
    let mut all: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
    for line in include_str!("negative/exceptions.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (majors, statement) = line.split_once(": ").unwrap_or_else(|| panic!("no majors: {line}"));
        let majors = match majors {
            "all" => MAJORS.to_vec(),
            some => some.split(',').map(|major| major.parse().unwrap()).collect(),
        };
        all.entry(statement).or_default().extend(majors);
    }
    all
}

fn majors() -> Vec<u16> {
    match (std::env::var("PGSEAL_MAJORS"), std::env::var_os("PGSEAL_FULL")) {
        (Ok(list), _) => list.split(',').filter_map(|m| m.parse().ok()).collect(),
        (_, Some(_)) => MAJORS.to_vec(),
        _ => vec![14, 18],
    }
}

fn model_of(database: &Database<'_>) -> Model {
    let model = Model::from_snapshot(&snapshot(database).unwrap()).unwrap();
    assert_eq!(snapshot(database).unwrap().unmodeled.len(), 0, "the world is modeled");
    model
}

#[test]
fn what_servers_refuse_is_refused_alike() {
    let only = std::env::var("PGSEAL_CASE").unwrap_or_default();
    let exceptions = exceptions();
    let mut used: BTreeSet<(&str, u16)> = BTreeSet::new();
    let mut problems: BTreeMap<(Outcome, String), Vec<u16>> = BTreeMap::new();
    let mut distinct: BTreeSet<&str> = BTreeSet::new();
    let majors = majors();
    for major in &majors {
        let database = Server::shared(*major).scratch();
        let mut session = database.connect();
        session.batch_execute(WORLD).unwrap();
        let mut model = model_of(&database);
        session.batch_execute("SET check_function_bodies = on; SET client_min_messages = error").unwrap();
        for (topic, text, around) in TOPICS {
            let mut tally: BTreeMap<Outcome, usize> = BTreeMap::new();
            for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("--")) {
                let (since, statement) = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
                    Some((since, rest)) => (since.parse().unwrap(), rest),
                    None => (0, line),
                };
                if *major < since || !(statement.contains(&only) || topic == only) {
                    continue;
                }
                let whole = around.put(statement);
                let (said, ours) = (said(&mut session, &whole), ours(&mut model, &whole));
                let outcome = compare(&said, &ours);
                *tally.entry(outcome).or_default() += 1;
                match outcome {
                    Outcome::Same | Outcome::PlaceAdded => {
                        distinct.insert(statement);
                        continue;
                    }
                    Outcome::NotWrong => continue,
                    // what is not covered is refused by name, which is no claim about the server
                    Outcome::Unsupported => {
                        if std::env::var_os("PGSEAL_PROGRESS").is_some() {
                            println!("{major} {topic}: {statement}\n    said {said:?}\n    ours {ours:?}");
                        }
                        continue;
                    }
                    Outcome::Code | Outcome::Place | Outcome::TakenByUs | Outcome::TakenByTheServer => {}
                }
                if exceptions.get(statement).is_some_and(|majors| majors.contains(major)) {
                    used.insert((statement, *major));
                    continue;
                }
                let told = format!("{topic}: {whole}\n    said {said:?}\n    ours {ours:?}");
                problems.entry((outcome, told)).or_default().push(*major);
            }
            println!("{major} {topic}: {tally:?}");
        }
    }
    println!("{} distinct wrong statements", distinct.len());
    let list: Vec<String> =
        problems.iter().map(|((outcome, told), majors)| format!("{outcome:?} {majors:?} {told}")).collect();
    assert!(list.is_empty(), "{} differ\n{}", list.len(), list.join("\n"));
    if only.is_empty() {
        let named = exceptions.iter().flat_map(|(text, on)| on.iter().map(move |major| (*text, *major)));
        let idle: Vec<_> = named.filter(|one| majors.contains(&one.1) && !used.contains(one)).collect();
        assert!(idle.is_empty(), "no exceptions any more: {idle:?}");
        assert!(distinct.len() >= 500, "{}", distinct.len());
    }
}
