//! Phases that cannot run in a transaction: what they do, what is left when somebody is killed in the middle, and that the next run
//! clears up exactly what the plan itself makes, and goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ops::Deref;
use std::time::{Duration, Instant};

use pgseal_catalog::receipt::Outcome;
use pgseal_catalog::{FactId, Name, QualifiedName};
use pgseal_tests::faults::{Proxy, Stop, Trial, When, forge};
use pgseal_tests::program::says;
use pgseal_tests::server::{Database, MAJORS, Server};

const SOURCE: &str = "
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE TABLE shop.orders (id integer PRIMARY KEY, email text, total numeric DEFAULT 0);
CREATE INDEX orders_total ON shop.orders (total);
INSERT INTO shop.orders SELECT n, n || '@example.org' FROM generate_series(1, 100) n;
CREATE TABLE shop.log (at date) PARTITION BY RANGE (at);
CREATE TABLE shop.log_1 PARTITION OF shop.log FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
";

const UNIQUE: &str = "CREATE UNIQUE INDEX CONCURRENTLY orders_email ON shop.orders (lower(email))";
const DROP: &str = "DROP INDEX CONCURRENTLY shop.orders_total";
const REINDEX: &str = "REINDEX INDEX CONCURRENTLY shop.orders_total";
const DETACH: &str = "ALTER TABLE shop.log DETACH PARTITION shop.log_1 CONCURRENTLY";
const VALUE: &str = "ALTER TYPE shop.state ADD VALUE 'sent'";

struct Stage(Trial<'static>);

impl Deref for Stage {
    type Target = Trial<'static>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Stage {
    fn new(major: u16, phases: &[&[&str]]) -> Stage {
        let server = Server::shared(major);
        let mut forged = forge(server, SOURCE, phases);
        for phase in &mut forged.plan.phases {
            for step in phase.steps.iter_mut().filter(|step| step.sql == REINDEX) {
                step.alters.insert(index("orders_total"));
            }
        }
        Stage(Trial::of(server, forged))
    }

    fn invalid(&self) -> Vec<String> {
        self.database.texts("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid ORDER BY 1")
    }

    /// Starts to apply, and kills the agent when a statement waits for others in a state that the query sees.
    fn kill_when(&self, state: &str) {
        let mut child = self.spawn();
        let end = Instant::now() + Duration::from_secs(60);
        while self.database.text(state) != "t" {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("ended with {status:?}: {:?}", child.wait_with_output());
            }
            assert!(Instant::now() < end, "never: {state}");
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        self.database.wait_until(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND application_name <> 'pgseal-tests' AND backend_type = 'client backend'",
            "0",
        );
    }
}

fn index(name: &str) -> FactId {
    FactId::Index(QualifiedName { schema: Name::new("shop").unwrap(), name: Name::new(name).unwrap() })
}

#[test]
fn they_run_one_by_one_between_others() {
    for major in MAJORS {
        let phases: &[&[&str]] =
            &[&["ALTER TABLE shop.orders ADD COLUMN note text"], &[UNIQUE], &[VALUE], &[REINDEX], &[DETACH], &[DROP]];
        let stage = Stage::new(major, phases);
        stage.desk.put(&stage.changed(|plan| plan.phases[2].transaction = false));
        stage.apply(0);
        assert!(stage.is_at_target(), "{major}");
        let receipt = stage.desk.expect_receipt(Outcome::Applied, 0);
        assert_eq!(receipt.phases.iter().map(|phase| phase.steps.len()).collect::<Vec<_>>(), [1; 6]);
        let mut expected = vec!["1 committed".to_owned()];
        expected.extend((2..=6).flat_map(|phase| [format!("{phase} started"), format!("{phase} finished")]));
        assert_eq!(stage.ledger(), expected, "{major}");
        stage.apply(0);
        stage.desk.expect_receipt(Outcome::NothingToDo, 0);
    }
}

/// An index that is built anew leaves no trace but in the ledger.
#[test]
fn what_changes_nothing_that_shows_is_done_once() {
    let stage = Stage::new(18, &[&["ALTER TABLE shop.orders ADD COLUMN note text"], &[REINDEX]]);
    let file = || stage.database.text("SELECT pg_relation_filenode('shop.orders_total')");
    let before = file();
    stage.apply(0);
    let after = file();
    assert_ne!(before, after);
    stage.desk.check(&stage.database).expect(0);
    stage.apply(0);
    stage.desk.expect_receipt(Outcome::NothingToDo, 0);
    assert_eq!(file(), after);
}

#[test]
fn a_killed_build_is_cleared_up_and_done_again() {
    for major in MAJORS {
        let stage = Stage::new(major, &[&[UNIQUE], &["COMMENT ON INDEX shop.orders_email IS 'x'"]]);
        let mut other = stage.database.connect();
        let mut held = other.transaction().unwrap();
        // the build waits for those who write
        held.batch_execute("UPDATE shop.orders SET total = 1 WHERE id = 1").unwrap();
        stage.kill_when("SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'orders_email')");
        assert_eq!(stage.invalid(), ["shop.orders_email"], "{major}");
        assert_eq!(stage.ledger(), ["1 started"], "{major}");
        held.rollback().unwrap();
        stage.desk.check(&stage.database).expect(0);
        assert_eq!(stage.invalid(), ["shop.orders_email"], "{major}: check changes nothing");
        let ended = stage.apply(0);
        says(&ended, &["clearing up", "orders_email"]);
        assert!(stage.is_at_target() && stage.invalid().is_empty(), "{major}");
        assert_eq!(stage.ledger(), ["1 started", "1 started", "1 finished", "2 committed"], "{major}");
    }
}

#[test]
fn other_invalid_indexes_are_drift() {
    for major in [14, 18] {
        let stage = Stage::new(major, &[&[UNIQUE]]);
        let invalid = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.orders_email'::regclass";
        for (another, said) in [
            // of the name, and something else
            ("CREATE INDEX orders_email ON shop.orders (email)", "index shop.orders_email"),
            // as it would be, on another table, or besides something else that differs
            (
                "CREATE UNIQUE INDEX orders_email ON shop.orders (lower(email)); CREATE TABLE shop.more ()",
                "table shop.more",
            ),
        ] {
            stage.database.batch(&format!("{another}; {invalid}"));
            let ended = stage.apply(4);
            says(&ended, &["[A0301]", said]);
            assert_eq!(stage.invalid(), ["shop.orders_email"], "{major}: it is left alone");
            stage.database.batch("DROP INDEX shop.orders_email; DROP TABLE IF EXISTS shop.more");
        }
        // a valid one of the right kind that somebody made meanwhile is the plan's result
        stage.database.batch(&UNIQUE.replace("CONCURRENTLY ", ""));
        stage.apply(0);
        stage.desk.expect_receipt(Outcome::NothingToDo, 0);
    }
}

#[test]
fn a_build_that_fails_leaves_nothing() {
    for major in MAJORS {
        let stage = Stage::new(major, &[&[UNIQUE]]);
        stage.database.batch("UPDATE shop.orders SET email = 'twice' WHERE id < 3");
        let before = stage.fingerprint();
        let ended = stage.apply(5);
        says(&ended, &["[A0401]", "phase 1, step 1", "sqlstate: 23505", "clearing up"]);
        stage.desk.expect_receipt(Outcome::Failed, 5);
        assert_eq!((stage.fingerprint(), stage.invalid().is_empty()), (before, true), "{major}");
        assert_eq!(stage.ledger(), ["1 started"]);
        stage.database.batch("UPDATE shop.orders SET email = id");
        stage.apply(0);
        assert!(stage.is_at_target());
    }
}

#[test]
fn waiting_is_told_and_bounded() {
    let stage = Stage::new(18, &[&[UNIQUE]]);
    let mut plan = stage.changed(|plan| plan.timeouts.lock_ms = 2_500);
    plan.timeouts.lock_retries = 1;
    stage.desk.put(&plan);
    let mut other = stage.database.connect();
    let pid: i32 = other.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    let mut held = other.transaction().unwrap();
    held.batch_execute("UPDATE shop.orders SET total = 1 WHERE id = 1").unwrap();
    let ended = stage.apply(7);
    // whoever is in the way of the build is in the way of clearing up as well
    says(
        &ended,
        &["[A0601]", "waiting for writers before build", &format!("held by process {pid}"), "cleared up for now"],
    );
    assert_eq!(stage.invalid(), ["shop.orders_email"]);
    held.rollback().unwrap();
    says(&stage.apply(0), &["clearing up"]);
    assert!(stage.is_at_target() && stage.invalid().is_empty());
}

/// The run before got to the end of the statement and could not say so: the next one does, or a plan that was used would not be known.
#[test]
fn a_killed_run_is_noted_as_finished() {
    for major in [14, 18] {
        let stage = Stage::new(major, &[&[UNIQUE]]);
        let stop = Stop { when: When::Answered, sql: Some(UNIQUE.to_owned()), nth: 1 };
        let proxy = Proxy::start(stage.database.server(), Some(stop));
        let mut child = stage.desk.spawn(&stage.database, proxy.host());
        assert!(proxy.wait_frozen(Duration::from_secs(60)));
        child.kill().unwrap();
        child.wait().unwrap();
        drop(proxy);
        assert!(stage.is_at_target(), "{major}");
        assert_eq!(stage.ledger(), ["1 started"]);
        stage.apply(0);
        stage.desk.expect_receipt(Outcome::NothingToDo, 0);
        assert_eq!(stage.ledger(), ["1 started", "1 finished"], "{major}");
        stage.database.batch("DROP INDEX shop.orders_email");
        says(&stage.apply(3), &["[A0107]"]);
    }
}

/// An index that is half dropped can only be dropped: where that waits for too long, it is said what is left.
#[test]
fn a_drop_that_waits_for_too_long_is_told() {
    let stage = Stage::new(18, &[&[DROP]]);
    stage.desk.put(&stage.changed(|plan| (plan.timeouts.lock_ms, plan.timeouts.lock_retries) = (300, 0)));
    let mut other = stage.database.connect();
    let mut held = other.transaction().unwrap();
    held.batch_execute("SELECT * FROM shop.orders").unwrap();
    says(&stage.apply(7), &["[A0601]", "cleared up for now"]);
    assert_eq!(stage.invalid(), ["shop.orders_total"]);
    held.rollback().unwrap();
    stage.apply(0);
    assert!(stage.is_at_target());
}

/// How long a statement waited for others is seen from the second connection.
#[test]
fn waiting_is_in_the_receipt() {
    let stage = Stage::new(18, &[&[UNIQUE]]);
    stage.desk.put(&stage.changed(|plan| plan.timeouts.lock_ms = 60_000));
    let mut other = stage.database.connect();
    let mut held = other.transaction().unwrap();
    held.batch_execute("UPDATE shop.orders SET total = 1 WHERE id = 1").unwrap();
    let child = stage.spawn();
    stage.database.wait_until(Database::IS_BLOCKED, "t");
    std::thread::sleep(Duration::from_secs(4));
    held.rollback().unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    let receipt = stage.desk.expect_receipt(Outcome::Applied, 0);
    let step = receipt.phases[0].steps[0];
    assert!((1_000..=step.duration_ms).contains(&step.lock_wait_ms), "{step:?}");
}

#[test]
fn a_killed_drop_is_done_again() {
    for major in [14, 18] {
        let stage = Stage::new(major, &[&[DROP]]);
        let mut other = stage.database.connect();
        let mut held = other.transaction().unwrap();
        held.batch_execute("SELECT * FROM shop.orders").unwrap();
        stage.kill_when("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = 'shop.orders_total'::regclass");
        held.rollback().unwrap();
        assert_eq!(stage.invalid(), ["shop.orders_total"], "{major}");
        stage.apply(0);
        assert!(stage.is_at_target(), "{major}");
        assert_eq!(stage.ledger(), ["1 started", "1 started", "1 finished"], "{major}");
    }
}

#[test]
fn a_killed_reindex_is_done_again() {
    for major in [14, 18] {
        let stage = Stage::new(major, &[&[REINDEX]]);
        let mut other = stage.database.connect();
        let mut held = other.transaction().unwrap();
        held.batch_execute("UPDATE shop.orders SET total = 1 WHERE id = 1").unwrap();
        stage.kill_when("SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'orders_total_ccnew')");
        held.rollback().unwrap();
        assert_eq!(stage.invalid(), ["shop.orders_total_ccnew"], "{major}");
        says(&stage.apply(0), &["clearing up", "orders_total_ccnew"]);
        assert!(stage.is_at_target() && stage.invalid().is_empty(), "{major}");
        stage.apply(0);
        stage.desk.expect_receipt(Outcome::NothingToDo, 0);
    }
}

#[test]
fn a_killed_detaching_is_finished() {
    for major in MAJORS {
        let stage = Stage::new(major, &[&[DETACH], &["COMMENT ON TABLE shop.log_1 IS 'x'"]]);
        let mut plan = stage.forged.plan.clone();
        plan.timeouts.lock_ms = 60_000;
        stage.desk.put(&plan);
        let mut other = stage.database.connect();
        let mut held = other.transaction().unwrap();
        held.batch_execute("SELECT * FROM shop.log").unwrap();
        stage.kill_when("SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = 'shop.log_1'::regclass");
        held.rollback().unwrap();
        says(&stage.apply(0), &["clearing up", "shop.log_1"]);
        assert!(stage.is_at_target(), "{major}");
        assert_eq!(stage.ledger(), ["1 started", "1 finished", "2 committed"], "{major}");
        stage.desk.run("receipt verify receipt.json --trust trust.toml --plan plan.json").expect(0);
    }
}

#[test]
fn a_result_that_was_not_promised_is_told() {
    let stage = Stage::new(18, &[&[UNIQUE]]);
    stage.desk.put(&stage.changed(|plan| {
        plan.phases[0].steps[0].sql = "CREATE INDEX CONCURRENTLY orders_email ON shop.orders (email)".to_owned();
    }));
    says(&stage.apply(6), &["[A0502]", "index shop.orders_email"]);
    stage.desk.expect_receipt(Outcome::Failed, 6);
    assert_eq!(stage.ledger(), ["1 started"]);
    // it is no half-built index of the plan's
    says(&stage.apply(4), &["[A0301]"]);
}

#[test]
fn only_what_cannot_run_in_a_transaction_may_run_outside() {
    let stage = Stage::new(18, &[&["ALTER TABLE shop.orders ADD COLUMN note text"]]);
    for sql in [
        "ALTER TABLE shop.orders ADD COLUMN note text",
        "VACUUM shop.orders",
        "DROP TABLE shop.orders -- CONCURRENTLY",
        "--x\rDROP TABLE shop.orders/*\nCREATE INDEX CONCURRENTLY i ON shop.orders (id)*/",
    ] {
        stage.desk.put(&stage.changed(|plan| {
            plan.phases[0].transaction = false;
            plan.phases[0].steps[0].sql = sql.to_owned();
        }));
        says(&stage.apply(3), &["[A0104]"]);
    }
    // and what must run outside fails within
    stage.desk.put(&stage.changed(|plan| plan.phases[0].steps[0].sql = UNIQUE.to_owned()));
    says(&stage.apply(5), &["[A0401]", "25001"]);
}
