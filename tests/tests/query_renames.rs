//! Views over what gets another name: what the model makes of the rename, against what each server prints after it. A refusal by
//! name is counted, a wrong text is a failure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pgseal::elaborate::{Model, execute};
use pgseal::syntax::{SyntaxOptions, read_text};
use pgseal_catalog::facts::Payload;
use pgseal_catalog::{Fact, FactId, Name, QualifiedName, Snapshot};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::queries::{SCHEMA, VIEWS, grammar, majors};
use pgseal_tests::server::Server;
use postgres::Client;

/// What is renamed, and how it gets its name back.
const RENAMES: [(&str, &str); 11] = [
    ("ALTER TABLE a RENAME TO other", "ALTER TABLE other RENAME TO a"),
    ("ALTER TABLE b RENAME TO a_1", "ALTER TABLE a_1 RENAME TO b"),
    ("ALTER TABLE typed RENAME TO \"Typed\"", "ALTER TABLE \"Typed\" RENAME TO typed"),
    ("ALTER TABLE a RENAME COLUMN id TO key", "ALTER TABLE a RENAME COLUMN key TO id"),
    ("ALTER TABLE a RENAME COLUMN name TO \"order\"", "ALTER TABLE a RENAME COLUMN \"order\" TO name"),
    ("ALTER TABLE a RENAME COLUMN j TO amount", "ALTER TABLE a RENAME COLUMN amount TO j"),
    ("ALTER TABLE b RENAME COLUMN id TO b_id", "ALTER TABLE b RENAME COLUMN b_id TO id"),
    ("ALTER VIEW va RENAME TO other", "ALTER VIEW other RENAME TO va"),
    ("ALTER TYPE mood RENAME TO temper", "ALTER TYPE temper RENAME TO mood"),
    ("ALTER TYPE pair RENAME TO twins", "ALTER TYPE twins RENAME TO pair"),
    ("ALTER FUNCTION over(integer) RENAME TO beyond", "ALTER FUNCTION beyond(integer) RENAME TO over"),
];

fn view_name(number: usize) -> String {
    format!("query_{number}")
}

fn is_full() -> bool {
    std::env::var_os("PGSEAL_FULL").is_some()
}

/// The views that the server takes.
fn create(session: &mut Client, major: u16) -> Vec<usize> {
    let count = std::env::var("PGSEAL_COUNT").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    let first = u64::from(major) * 1_000_000;
    let generated = (first..first + count).map(|seed| grammar::query(seed, major).text);
    let written =
        VIEWS.lines().filter(|line| line.starts_with("SELECT") || line.starts_with("WITH")).map(str::to_owned);
    let mut taken = Vec::new();
    for (number, query) in written.chain(generated).enumerate() {
        if session.batch_execute(&format!("CREATE VIEW public.{} AS {query}", view_name(number))).is_ok() {
            taken.push(number);
        }
    }
    taken
}

/// The database with one of the views.
fn with_one(whole: &Snapshot, number: usize) -> Snapshot {
    let is_other = |fact: &Fact| match &fact.id {
        FactId::View(name) => name.name.as_str().starts_with("query_") && name.name.as_str() != view_name(number),
        _ => false,
    };
    Snapshot { catalog: whole.catalog.iter().filter(|fact| !is_other(fact)).cloned().collect(), ..whole.clone() }
}

#[test]
fn views_follow_renames() {
    let mut problems = Vec::new();
    // the oldest and the newest tell most
    let all = is_full() || std::env::var_os("PGSEAL_MAJORS").is_some();
    for major in majors().into_iter().filter(|major| all || [14, 18].contains(major)) {
        let database = Server::shared(major).scratch();
        let mut session = database.connect();
        session.batch_execute("SET client_min_messages = error").unwrap();
        session.batch_execute(SCHEMA).unwrap();
        session.batch_execute(grammar::SCHEMA).unwrap();
        let views = create(&mut session, major);
        let whole = snapshot(&database).unwrap();
        let mut models: Vec<(usize, Model)> =
            views.iter().map(|&number| (number, Model::from_snapshot(&with_one(&whole, number)).unwrap())).collect();
        let (mut exact, mut unmoved, mut refused) = (0, 0, 0);
        for (there, back) in RENAMES {
            session.batch_execute(there).unwrap();
            session.batch_execute("SET search_path = ''").unwrap();
            let read = read_text("schema.sql", &format!("{there};"), &SyntaxOptions::default());
            for (number, model) in &mut models {
                let id = view(*number);
                let before = text(model, &id).unwrap();
                let savepoint = model.savepoint();
                let ran = execute(model, &read.statements[0]);
                let own = text(model, &id);
                model.rollback(savepoint);
                match ran {
                    Err(problem) if problem.message.starts_with("another name for") => refused += 1,
                    Err(problem) => problems.push(format!("{major} {there}: {}: {}", id.path(), problem.message)),
                    Ok(_) => {
                        let said: String = session
                            .query_one(
                                &format!("SELECT pg_get_viewdef('public.{}'::regclass)", view_name(*number)),
                                &[],
                            )
                            .unwrap()
                            .get(0);
                        let said = said.strip_suffix(';').unwrap_or(&said);
                        match own {
                            Some(own) if own == said && own == before => unmoved += 1,
                            Some(own) if own == said => exact += 1,
                            own => problems.push(format!(
                                "{major} {there}\n--- before\n{before}\n--- ours\n{}\n--- said\n{said}",
                                own.unwrap_or_default()
                            )),
                        }
                    }
                }
            }
            session.batch_execute("RESET search_path").unwrap();
            session.batch_execute(back).unwrap();
        }
        println!("{major}: {exact} exact, {unmoved} not concerned, {refused} refused");
        assert!(exact > 100, "{major}: {exact}");
    }
    assert!(problems.is_empty(), "{} differ\n{}", problems.len(), problems.join("\n"));
}

fn view(number: usize) -> FactId {
    FactId::View(QualifiedName::new(Name::new("public").unwrap(), Name::new(view_name(number)).unwrap()))
}

fn text(model: &Model, id: &FactId) -> Option<String> {
    match &model.fact(id)?.payload {
        Payload::View(view) => Some(view.query.as_str().to_owned()),
        _ => None,
    }
}
