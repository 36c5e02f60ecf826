//! What holds queries, over what gets another name, another schema or more columns: what the model makes of the statement, against
//! what each server prints after it. A refusal by name is counted, a wrong fact is a failure.

use std::collections::BTreeMap;

use pgseal::elaborate::{Model, execute};
use pgseal::syntax::{SyntaxOptions, read_text};
use pgseal_catalog::facts::Payload;
use pgseal_catalog::{Catalog, Fact, FactId, Snapshot};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::queries::{BODIES, RULES, SCHEMA, VIEWS, WRITES, grammar, majors};
use pgseal_tests::server::Server;
use postgres::Client;

/// What is renamed, and how it gets its name back.
const RENAMES: [(&str, &str); 24] = [
    ("ALTER TABLE a RENAME TO other", "ALTER TABLE other RENAME TO a"),
    ("ALTER TABLE b RENAME TO a_1", "ALTER TABLE a_1 RENAME TO b"),
    ("ALTER TABLE t RENAME TO \"T\"", "ALTER TABLE \"T\" RENAME TO t"),
    ("ALTER TABLE gone RENAME TO went", "ALTER TABLE went RENAME TO gone"),
    ("ALTER TABLE typed RENAME TO \"Typed\"", "ALTER TABLE \"Typed\" RENAME TO typed"),
    ("ALTER TABLE a RENAME COLUMN id TO key", "ALTER TABLE a RENAME COLUMN key TO id"),
    ("ALTER TABLE a RENAME COLUMN name TO \"order\"", "ALTER TABLE a RENAME COLUMN \"order\" TO name"),
    ("ALTER TABLE a RENAME COLUMN j TO amount", "ALTER TABLE a RENAME COLUMN amount TO j"),
    ("ALTER TABLE b RENAME COLUMN id TO b_id", "ALTER TABLE b RENAME COLUMN b_id TO id"),
    ("ALTER TABLE t RENAME COLUMN k TO one", "ALTER TABLE t RENAME COLUMN one TO k"),
    ("ALTER TABLE gone RENAME COLUMN one TO \"One\"", "ALTER TABLE gone RENAME COLUMN \"One\" TO one"),
    ("ALTER TABLE a RENAME CONSTRAINT a_pkey TO only_one", "ALTER TABLE a RENAME CONSTRAINT only_one TO a_pkey"),
    ("ALTER VIEW va RENAME TO other", "ALTER VIEW other RENAME TO va"),
    ("ALTER TYPE mood RENAME TO temper", "ALTER TYPE temper RENAME TO mood"),
    ("ALTER TYPE pair RENAME TO twins", "ALTER TYPE twins RENAME TO pair"),
    ("ALTER TYPE pair RENAME ATTRIBUTE x TO z", "ALTER TYPE pair RENAME ATTRIBUTE z TO x"),
    ("ALTER FUNCTION over(integer) RENAME TO beyond", "ALTER FUNCTION beyond(integer) RENAME TO over"),
    ("ALTER FUNCTION over(integer) SET SCHEMA aside", "ALTER FUNCTION aside.over(integer) SET SCHEMA public"),
    ("ALTER TABLE a SET SCHEMA aside", "ALTER TABLE aside.a SET SCHEMA public"),
    ("ALTER VIEW va SET SCHEMA aside", "ALTER VIEW aside.va SET SCHEMA public"),
    ("ALTER TYPE mood SET SCHEMA aside", "ALTER TYPE aside.mood SET SCHEMA public"),
    ("ALTER SCHEMA public RENAME TO \"Else\"", "ALTER SCHEMA \"Else\" RENAME TO public"),
    ("ALTER TABLE a ADD COLUMN a_id integer", "ALTER TABLE a DROP COLUMN a_id"),
    ("ALTER TABLE t ADD COLUMN extra integer", "ALTER TABLE t DROP COLUMN extra"),
];

/// Conditions of policies on table a.
const POLICIES: &str = "\
EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id)
id IN (SELECT b.id FROM b) AND name <> 'x'
EXISTS (SELECT FROM b x(one, two, three) WHERE x.two = id AND x.three = name)
name = (SELECT t.label FROM t JOIN b ON b.id = t.k WHERE t.k = a.id LIMIT 1)
over(id) > 1 AND (SELECT count(*) FROM a other WHERE other.id > a.id) > 2
id = ANY (ARRAY( SELECT va.id FROM va))";

fn name_of(number: usize) -> String {
    format!("query_{number}")
}

fn is_full() -> bool {
    std::env::var_os("PGSEAL_FULL").is_some()
}

/// The statements that make what holds a query.
fn objects(major: u16) -> Vec<String> {
    let count = std::env::var("PGSEAL_COUNT").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    let first = u64::from(major) * 1_000_000;
    let generated = (first..first + count).map(|seed| grammar::query(seed, major).text);
    let written =
        VIEWS.lines().filter(|line| line.starts_with("SELECT") || line.starts_with("WITH")).map(str::to_owned);
    let arguments = "one integer, two text, rec a, integer";
    let bodies = BODIES
        .lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(result, body)| format!("CREATE FUNCTION query_#({arguments}) RETURNS {result} LANGUAGE sql {body}"));
    let writes = WRITES
        .lines()
        .map(|line| format!("CREATE FUNCTION query_#({arguments}) RETURNS void LANGUAGE sql BEGIN ATOMIC {line}; END"));
    let rules = RULES.lines().map(|line| format!("CREATE RULE query_# AS {line}"));
    let policies = POLICIES.lines().map(|line| format!("CREATE POLICY query_# ON a USING ({line})"));
    let views = written.chain(generated).map(|query| format!("CREATE VIEW query_# AS {query}"));
    let only = std::env::var("PGSEAL_CASE").unwrap_or_default();
    views.chain(bodies).chain(writes).chain(rules).chain(policies).filter(|text| text.contains(&only)).collect()
}

/// The objects that the server takes, by number.
fn create(session: &mut Client, major: u16) -> Vec<usize> {
    let mut taken = Vec::new();
    for (number, statement) in objects(major).into_iter().enumerate() {
        if session.batch_execute(&statement.replace("query_#", &name_of(number))).is_ok() {
            taken.push(number);
        }
    }
    taken
}

/// The number of what holds a query, from its id.
fn number_of(id: &FactId) -> Option<usize> {
    let name = match id {
        FactId::View(name) => &name.name,
        FactId::Rule(_, name) | FactId::ViewRule(_, name) | FactId::Policy(_, name) => name,
        FactId::Function(routine) => &routine.name.name,
        _ => return None,
    };
    name.as_str().strip_prefix("query_")?.parse().ok()
}

/// What holds queries, by number.
fn holders(catalog: &Catalog) -> BTreeMap<usize, &Fact> {
    catalog.iter().filter_map(|fact| Some((number_of(&fact.id)?, fact))).collect()
}

/// The sequences, with what they belong to.
fn sequences(catalog: &Catalog) -> Vec<(FactId, Payload)> {
    let is_sequence = |fact: &&Fact| matches!(fact.payload, Payload::Sequence(_));
    catalog.iter().filter(is_sequence).map(|fact| (fact.id.clone(), fact.payload.clone())).collect()
}

/// The database with one of them.
fn with_one(whole: &Snapshot, number: usize) -> Snapshot {
    let stays = |fact: &Fact| number_of(&fact.id).is_none_or(|own| own == number);
    Snapshot { catalog: whole.catalog.iter().filter(|fact| stays(fact)).cloned().collect(), ..whole.clone() }
}

#[test]
fn queries_follow_renames() {
    let mut problems = Vec::new();
    // the oldest and the newest tell most
    let all = is_full() || std::env::var_os("PGSEAL_MAJORS").is_some();
    for major in majors().into_iter().filter(|major| all || [14, 18].contains(major)) {
        let database = Server::shared(major).scratch();
        let mut session = database.connect();
        session.batch_execute("SET client_min_messages = error; CREATE SCHEMA aside").unwrap();
        session.batch_execute(SCHEMA).unwrap();
        session.batch_execute(grammar::SCHEMA).unwrap();
        session.batch_execute("CREATE SEQUENCE of_view OWNED BY va.id").unwrap();
        let numbers = create(&mut session, major);
        let whole = snapshot(&database).unwrap();
        let mut models: Vec<(usize, Model)> =
            numbers.iter().map(|&number| (number, Model::from_snapshot(&with_one(&whole, number)).unwrap())).collect();
        let mut tally: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
        for (there, back) in RENAMES {
            session.batch_execute("SET search_path = public").unwrap();
            session.batch_execute(there).unwrap_or_else(|error| panic!("{there}: {error:?}"));
            let after = snapshot(&database).unwrap();
            let said = holders(&after.catalog);
            let sequences_said = sequences(&after.catalog);
            let read = read_text("schema.sql", &format!("{there};"), &SyntaxOptions::default());
            for (number, model) in &mut models {
                let before = holders(model.catalog()).get(number).map(|fact| (*fact).clone()).unwrap();
                let savepoint = model.savepoint();
                let ran = execute(model, &read.statements[0]);
                let own = holders(model.catalog()).get(number).map(|fact| (*fact).clone());
                let sequences = ran.is_ok().then(|| sequences(model.catalog()));
                model.rollback(savepoint);
                if sequences.is_some_and(|own| own != sequences_said) {
                    problems.push(format!("{major} {there}: {}: the sequences differ", before.id.path()));
                }
                let [exact, unmoved, refused] = tally.entry(before.id.kind().words()).or_default();
                match (ran, own, said.get(number)) {
                    (Err(problem), ..) if problem.message.starts_with("another ") => {
                        if std::env::var_os("PGSEAL_REFUSED").is_some() {
                            println!("{major} {there}: {}: {}", before.id.path(), problem.message);
                        }
                        *refused += 1;
                    }
                    (Err(problem), ..) => {
                        problems.push(format!("{major} {there}: {}: {}", before.id.path(), problem.message));
                    }
                    (Ok(_), Some(own), Some(said)) if own.id == said.id && own.payload == said.payload => {
                        *if own.payload == before.payload { unmoved } else { exact } += 1;
                    }
                    (Ok(_), own, said) => problems.push(format!(
                        "{major} {there}\n--- before\n{:?}\n--- ours\n{:?}\n--- said\n{:?}",
                        before.payload,
                        own.map(|fact| (fact.id.path(), fact.payload)),
                        said.map(|fact| (fact.id.path(), &fact.payload)),
                    )),
                }
            }
            session.batch_execute("SET search_path = public").unwrap();
            session.batch_execute(back).unwrap();
        }
        for (kind, [exact, unmoved, refused]) in &tally {
            println!("{major}: {kind}: {exact} exact, {unmoved} not concerned, {refused} refused");
            assert!(*exact > 5 || std::env::var_os("PGSEAL_CASE").is_some(), "{major}: {kind}: {exact}");
        }
    }
    assert!(problems.is_empty(), "{} differ\n{}", problems.len(), problems.join("\n"));
}
