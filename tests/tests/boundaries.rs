//! The agent killed and the server killed at each statement boundary of a plan: the database is at the source, at a checkpoint
//! or at the target, never between, and the next `apply` finishes.
//!
//! A proxy freezes the conversation at a chosen request and then one side gets SIGKILL, so every boundary is met exactly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::time::{Duration, Instant};

use pgseal_catalog::receipt::Outcome;
use pgseal_tests::faults::{Desk, Forged, Proxy, Stop, When, forge};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::program::finish;
use pgseal_tests::server::{Database, Options, Server};

const SOURCE: &str = "
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE DOMAIN shop.email AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE shop.customers (id integer PRIMARY KEY, email shop.email NOT NULL, name text DEFAULT 'anon');
CREATE TABLE shop.orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer integer REFERENCES shop.customers,
    total numeric(10,2) NOT NULL DEFAULT 0 CONSTRAINT total_positive CHECK (total >= 0),
    state shop.state NOT NULL DEFAULT 'new',
    note varchar(20)
);
CREATE INDEX orders_customer ON shop.orders (customer);
CREATE TABLE shop.old (a integer, b text);
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
INSERT INTO shop.customers SELECT n, n || '@example.org' FROM generate_series(1, 50) n;
INSERT INTO shop.orders (customer, total) SELECT n, n * 1.5 FROM generate_series(1, 50) n;
";

/// Twenty statements in three phases: new enum values have to be committed before they can be used.
const PHASES: &[&[&str]] = &[
    &[
        "ALTER TYPE shop.state ADD VALUE 'sent' AFTER 'paid'",
        "ALTER TABLE shop.orders ADD COLUMN placed timestamp with time zone DEFAULT now() NOT NULL",
        "ALTER TABLE shop.orders ALTER COLUMN note TYPE text",
        "CREATE INDEX orders_placed ON shop.orders (placed)",
        "CREATE TABLE shop.items (order_id bigint NOT NULL, line integer NOT NULL, what text, PRIMARY KEY (order_id, line))",
        "ALTER TABLE shop.items ADD CONSTRAINT items_order_fkey FOREIGN KEY (order_id) REFERENCES shop.orders (id)",
        "COMMENT ON TABLE shop.items IS 'lines of an order'",
        "DROP TABLE shop.old",
    ],
    &[
        "ALTER TABLE shop.orders ALTER COLUMN state SET DEFAULT 'sent'::shop.state",
        "ALTER TABLE shop.orders DROP CONSTRAINT total_positive",
        "ALTER TABLE shop.orders ADD CONSTRAINT total_in_range CHECK (total >= 0 AND total < 100000)",
        "CREATE TRIGGER orders_touch BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch()",
        "ALTER TABLE shop.customers ADD COLUMN vip boolean DEFAULT false NOT NULL",
        "ALTER TYPE shop.state ADD VALUE 'lost'",
    ],
    &[
        "ALTER TABLE shop.orders ADD CONSTRAINT lost_is_free CHECK (state <> 'lost'::shop.state OR total = 0)",
        "ALTER TABLE shop.customers ALTER COLUMN name SET NOT NULL",
        "CREATE UNIQUE INDEX customers_email ON shop.customers (lower((email)::text))",
        "DROP INDEX shop.orders_customer",
        "CREATE SEQUENCE shop.invoices START WITH 1000",
        "CREATE FUNCTION shop.total(bigint) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT total FROM shop.orders WHERE id = $1'",
    ],
];

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Agent,
    Server,
}

/// A boundary, and how many phases are committed there.
#[derive(Debug, Clone)]
struct Boundary {
    stop: Stop,
    committed: usize,
}

/// Before each statement, after each phase's last, before its COMMIT and after it.
fn boundaries(forged: &Forged) -> Vec<Boundary> {
    let mut all = Vec::new();
    for (index, phase) in forged.plan.phases.iter().enumerate() {
        let mut add = |when, sql: &str, nth, committed| {
            all.push(Boundary { stop: Stop { when, sql: Some(sql.to_owned()), nth }, committed });
        };
        for step in &phase.steps {
            add(When::Before, &step.sql, 1, index);
        }
        let last = phase.steps.last().unwrap();
        add(When::Answered, &last.sql, 1, index);
        add(When::Before, "COMMIT", index + 1, index);
        add(When::Answered, "COMMIT", index + 1, index + 1);
    }
    all
}

fn server(major: u16) -> Server {
    // what was committed must survive a SIGKILL of the server; the machine itself does not fail here, so fsync stays off
    Server::start(&Options::new(major).setting("synchronous_commit", "on"))
}

/// The rows that no statement of the plan changes.
fn rows(database: &Database<'_>) -> String {
    database.text("SELECT count(*) || ' ' || sum(total) || ' ' || sum(customer) || ' ' || min(id) FROM shop.orders")
}

/// Kills at one stop and looks at what is left; the database must be at a state that `allowed` admits. Then goes on.
fn kill_at(
    template: &Database<'_>,
    desk: &Desk,
    forged: &Forged,
    stop: &Stop,
    victim: Victim,
    allowed: impl Fn(usize) -> bool,
) {
    let place = format!("{victim:?} killed at {stop:?} on {}", template.server().major());
    let server = template.server();
    let database = server.copy_of(template);
    let before = rows(&database);
    let proxy = Proxy::start(server, Some(stop.clone()));
    let mut child = desk.spawn(&database, proxy.host());
    if !proxy.wait_frozen(Duration::from_secs(60)) {
        child.kill().ok();
        panic!("{place}: the run did not get there: {:?}\nrequests: {:#?}", finish(child), proxy.requests());
    }
    match victim {
        Victim::Agent => {
            child.kill().unwrap();
            assert_eq!(finish(child).code, None, "{place}");
            assert!(!desk.has_receipt(), "{place}: a receipt of a run that did not end");
        }
        Victim::Server => {
            server.kill();
            let ended = finish(child);
            assert!(matches!(ended.code, Some(1 | 8)), "{place}: {ended:?}");
            let receipt = desk.receipt();
            assert_eq!(receipt.outcome, Outcome::Failed, "{place}");
            assert_eq!(Some(i32::from(receipt.exit_code)), ended.code, "{place}");
            // 8 says that something may have been committed
            let committed = receipt.phases.len();
            assert!(committed == 0 || ended.code == Some(8), "{place}: {ended:?}");
            server.restart();
        }
    }
    drop(proxy);
    let found = snapshot(&database).unwrap_or_else(|error| panic!("{place}: {error}")).fingerprint();
    let state = (0..=forged.plan.phases.len()).find(|phases| forged.state(*phases) == found);
    let state = state.unwrap_or_else(|| panic!("{place}: the database is between two checkpoints"));
    assert!(allowed(state), "{place}: {state} phases are committed");
    assert_eq!(rows(&database), before, "{place}");

    let ended = desk.apply(&database).expect(0);
    let done = state == forged.plan.phases.len();
    let receipt = desk.expect_receipt(if done { Outcome::NothingToDo } else { Outcome::Applied }, 0);
    assert_eq!(receipt.phases.len(), forged.plan.phases.len() - state, "{place}: {ended:?}");
    assert_eq!(receipt.before, Some(found), "{place}");
    assert_eq!(snapshot(&database).unwrap().fingerprint(), forged.plan.target, "{place}");
    assert_eq!(rows(&database), before, "{place}");
    assert_eq!(desk.leftovers(), Vec::<String>::new(), "{place}");
}

/// Kills at the boundaries that `sample` picks by their number.
fn kill_at_boundaries(major: u16, victim: Victim, sample: impl Fn(usize) -> bool) {
    let began = Instant::now();
    let server = server(major);
    let forged = forge(&server, SOURCE, PHASES);
    assert_eq!(forged.statements().len(), 20);
    let template = forged.database(&server);
    let desk = Desk::new(&forged.plan);
    let all = boundaries(&forged);
    let picked: Vec<&Boundary> = all.iter().enumerate().filter(|(number, _)| sample(*number)).map(|(_, b)| b).collect();
    for boundary in &picked {
        kill_at(&template, &desk, &forged, &boundary.stop, victim, |state| state == boundary.committed);
    }
    println!(
        "{victim:?} killed on {major}: {} of {} boundaries in {:.1} s",
        picked.len(),
        all.len(),
        began.elapsed().as_secs_f64()
    );
}

#[test]
fn the_agent_is_killed_on_18() {
    kill_at_boundaries(18, Victim::Agent, |_| true);
}

#[test]
fn the_agent_is_killed_on_14() {
    kill_at_boundaries(14, Victim::Agent, |_| true);
}

#[test]
fn the_server_is_killed_on_18() {
    kill_at_boundaries(18, Victim::Server, |_| true);
}

#[test]
fn the_server_is_killed_on_14() {
    kill_at_boundaries(14, Victim::Server, |_| true);
}

#[test]
fn either_is_killed_on_15_16_and_17() {
    for (major, offset) in [(15, 0), (16, 2), (17, 4)] {
        kill_at_boundaries(major, Victim::Agent, |number| number % 7 == offset);
        kill_at_boundaries(major, Victim::Server, |number| number % 7 == offset + 1);
    }
}

/// Not only statements of the plan: every request of a run counts, among them those of captures, locks, settings, the ledger.
#[test]
fn either_is_killed_at_any_request() {
    let began = Instant::now();
    let server = server(18);
    let forged = forge(&server, SOURCE, PHASES);
    let template = forged.database(&server);
    let desk = Desk::new(&forged.plan);
    let database = server.copy_of(&template);
    let proxy = Proxy::start(&server, None);
    let ended = finish(desk.spawn(&database, proxy.host()));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    desk.expect_receipt(Outcome::Applied, 0);
    let requests = proxy.requests().len();
    // at a distance that shares no factor with the captures' rhythm
    // but for the last request: it gives the lock back, and whatever becomes of that, the plan is applied
    for (count, nth) in (1..requests).step_by(17).enumerate() {
        let (victim, when) = match count % 4 {
            0 => (Victim::Agent, When::Before),
            1 => (Victim::Server, When::Answered),
            2 => (Victim::Agent, When::Answered),
            _ => (Victim::Server, When::Before),
        };
        let stop = Stop { when, sql: None, nth };
        if victim == Victim::Server && nth < 4 {
            continue;
        }
        kill_at(&template, &desk, &forged, &stop, victim, |_| true);
    }
    println!("{requests} requests, every 17th: {:.1} s", began.elapsed().as_secs_f64());
}

/// Between the boundaries: a statement waits for a lock, the agent dies, and the server notices while it still waits.
#[test]
fn the_agent_is_killed_while_a_statement_runs() {
    for major in [14, 18] {
        let server = Server::shared(major);
        let forged = forge(server, SOURCE, PHASES);
        let database = forged.database(server);
        let mut plan = forged.plan.clone();
        plan.timeouts.lock_ms = 120_000;
        let desk = Desk::new(&plan);
        let mut other = database.connect();
        let mut held = other.transaction().unwrap();
        held.batch_execute("LOCK TABLE shop.orders IN ACCESS SHARE MODE").unwrap();
        let mut child = desk.spawn(&database, Path::new(server.host()));
        database.wait_until(Database::IS_BLOCKED, "t");
        child.kill().unwrap();
        child.wait().unwrap();
        database.wait_until(Database::IS_BLOCKED, "f");
        held.rollback().unwrap();
        assert_eq!(snapshot(&database).unwrap().fingerprint(), forged.state(0));
        desk.apply(&database).expect(0);
        assert_eq!(snapshot(&database).unwrap().fingerprint(), forged.plan.target);
    }
}

/// At no chosen place at all: whatever the agent is doing after so many milliseconds.
#[test]
fn the_agent_is_killed_at_any_time() {
    let server = Server::shared(17);
    let forged = forge(server, SOURCE, PHASES);
    let template = forged.database(server);
    let desk = Desk::new(&forged.plan);
    let database = server.copy_of(&template);
    let began = Instant::now();
    desk.apply(&database).expect(0);
    let whole = began.elapsed();
    let mut found_at = [0; 4];
    for part in 1..=12 {
        let database = server.copy_of(&template);
        let mut child = desk.spawn(&database, Path::new(server.host()));
        std::thread::sleep(whole * part / 12);
        child.kill().ok();
        child.wait().unwrap();
        let alone = "SELECT count(*) FROM pg_stat_activity \
                     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        database.wait_until(alone, "0");
        let found = snapshot(&database).unwrap().fingerprint();
        let state = (0..=3).find(|phases| forged.state(*phases) == found).expect("a checkpoint");
        found_at[state] += 1;
        desk.apply(&database).expect(0);
        assert_eq!(snapshot(&database).unwrap().fingerprint(), forged.plan.target);
    }
    println!("killed at 12 times, with so many phases committed: {found_at:?}");
}
