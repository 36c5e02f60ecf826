//! Runs that are ended by a signal, lose their connection, or have a proxy in between: what is told, what is in the database, and
//! that the same run or the next one gets to the end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use pgseal_catalog::receipt::Outcome;
use pgseal_tests::faults::{Pooler, Pooling, Proxy, Stop, Trial, When, forge};
use pgseal_tests::program::{finish, says};
use pgseal_tests::server::{Database, MAJORS, Options, Server};

const SOURCE: &str = "CREATE SCHEMA shop; CREATE TABLE shop.orders (id integer PRIMARY KEY, note text);
    INSERT INTO shop.orders SELECT generate_series(1, 10)";
const FIRST: &str = "CREATE TABLE shop.items (a integer)";
const SECOND: &str = "ALTER TABLE shop.orders ADD COLUMN total numeric";
const PHASES: &[&[&str]] = &[&[FIRST], &[SECOND], &["COMMENT ON TABLE shop.items IS 'x'"]];
const OUTSIDE: &str = "CREATE INDEX CONCURRENTLY orders_note ON shop.orders (note)";

fn stage<'server>(server: &'server Server, phases: &[&[&str]]) -> Trial<'server> {
    let mut forged = forge(server, SOURCE, phases);
    // whoever waits here does so until it is told otherwise
    forged.plan.timeouts.lock_ms = 60_000;
    Trial::of(server, forged)
}

/// With minutes to find another connection, should this one be lost.
fn spawn_over(stage: &Trial<'_>, proxy: &Proxy) -> Child {
    stage.desk.spawn_with(&stage.database, proxy.host(), &["--reconnect", "600"])
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_signal_cancels_and_rolls_back() {
    for (major, name) in [(14, "TERM"), (18, "INT")] {
        let stage = stage(Server::shared(major), PHASES);
        let mut other = stage.database.connect();
        let mut held = other.transaction().unwrap();
        held.batch_execute("SELECT * FROM shop.orders").unwrap();
        let child = stage.spawn();
        stage.database.wait_until(Database::IS_BLOCKED, "t");
        let began = Instant::now();
        signal(&child, name);
        let ended = finish(child);
        assert_eq!(ended.code, Some(8), "{ended:?}");
        says(&ended, &["[A0801]", "phase 2: stopped by a signal"]);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        let receipt = stage.desk.expect_receipt(Outcome::Failed, 8);
        assert_eq!((receipt.phases.len(), receipt.after), (1, Some(stage.forged.state(1))));
        held.rollback().unwrap();
        assert_eq!(stage.fingerprint(), stage.forged.state(1));
        stage.applies();
    }
}

/// Neither a session that is slow to open nor one that is to take the place of a lost one is waited for any longer.
#[test]
fn a_signal_ends_the_wait_for_a_session() {
    let server = Server::shared(18);
    let stage = stage(server, PHASES);
    let first = Stop { when: When::Before, sql: Some("SET statement_timeout".to_owned()), nth: 1 };
    for name in ["TERM", "INT"] {
        let proxy = Proxy::pausing(server, first.clone());
        let child = spawn_over(&stage, &proxy);
        assert!(proxy.wait_frozen(Duration::from_secs(60)));
        let began = Instant::now();
        signal(&child, name);
        let ended = finish(child);
        assert_eq!(ended.code, Some(8), "{ended:?}");
        says(&ended, &["[A0801]", "before anything of the plan was begun"]);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        let receipt = stage.desk.expect_receipt(Outcome::Failed, 8);
        assert_eq!((receipt.code.as_deref(), receipt.before), (Some("A0801"), None));
    }
    let proxy = Proxy::cutting(server, Stop { when: When::Before, sql: Some("COMMIT".to_owned()), nth: 1 });
    proxy.mute_from(3);
    let child = spawn_over(&stage, &proxy);
    assert!(proxy.wait_frozen(Duration::from_secs(60)));
    // by then it waits for the third one
    std::thread::sleep(Duration::from_secs(3));
    let began = Instant::now();
    signal(&child, "TERM");
    let ended = finish(child);
    assert_eq!(ended.code, Some(8), "{ended:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    stage.desk.expect_receipt(Outcome::Failed, 8);
    drop(proxy);
    assert_eq!(stage.fingerprint(), stage.forged.state(0));
    stage.applies();
}

/// The host swallows the request to cancel; the statement would wait for a minute, ten times.
#[test]
fn a_request_to_cancel_that_gets_lost_is_sent_again() {
    let stage = stage(Server::shared(18), PHASES);
    let mut other = stage.database.connect();
    let mut held = other.transaction().unwrap();
    held.batch_execute("SELECT * FROM shop.orders").unwrap();
    let proxy = Proxy::start(stage.database.server(), None);
    let child = stage.desk.spawn(&stage.database, proxy.host());
    stage.database.wait_until(Database::IS_BLOCKED, "t");
    // by then whoever looks on is connected
    std::thread::sleep(Duration::from_secs(3));
    let began = Instant::now();
    proxy.mute_from(1);
    signal(&child, "TERM");
    std::thread::sleep(Duration::from_secs(2));
    proxy.mute_from(usize::MAX);
    let ended = finish(child);
    assert_eq!(ended.code, Some(8), "{ended:?}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    held.rollback().unwrap();
    stage.applies();
}

#[test]
fn a_signal_ends_a_pause() {
    let stage = stage(Server::shared(18), PHASES);
    let mut plan = stage.forged.plan.clone();
    (plan.timeouts.lock_ms, plan.timeouts.lock_retries) = (100, 10_000);
    stage.desk.put(&plan);
    let mut other = stage.database.connect();
    let mut held = other.transaction().unwrap();
    held.batch_execute("SELECT * FROM shop.orders").unwrap();
    let child = stage.spawn();
    stage.database.wait_until(Database::IS_BLOCKED, "t");
    // pauses grow: by now it pauses more than it waits
    std::thread::sleep(Duration::from_secs(4));
    signal(&child, "TERM");
    let ended = finish(child);
    assert_eq!(ended.code, Some(8), "{ended:?}");
    says(&ended, &["[A0801]"]);
    held.rollback().unwrap();
    stage.desk.put(&stage.forged.plan);
}

#[test]
fn a_signal_ends_a_concurrent_build_and_clears_up() {
    let stage = stage(Server::shared(17), &[&[OUTSIDE]]);
    let mut other = stage.database.connect();
    let mut held = other.transaction().unwrap();
    held.batch_execute("UPDATE shop.orders SET note = 'x'").unwrap();
    let child = stage.spawn();
    stage.database.wait_until(Database::IS_BLOCKED, "t");
    signal(&child, "INT");
    // clearing up waits for the same lock: it is given free when the build is cancelled, not before, or the build might succeed
    stage.database.wait_until(
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
            AND query LIKE 'CREATE INDEX%')",
        "t",
    );
    held.rollback().unwrap();
    let ended = finish(child);
    assert_eq!(ended.code, Some(8), "{ended:?}");
    assert_eq!(stage.fingerprint(), stage.forged.state(0), "{ended:?}");
    stage.applies();
}

/// The connection is cut at the COMMIT, done or not: the same run finds out which, and goes on.
#[test]
fn a_lost_connection_is_replaced() {
    for major in MAJORS {
        let server = Server::shared(major);
        for (when, sql, nth) in [
            (When::Before, "COMMIT", 1),
            (When::Answered, "COMMIT", 1),
            (When::Answered, "COMMIT", 3),
            (When::Before, SECOND, 1),
            (When::Answered, SECOND, 1),
        ] {
            let stage = stage(server, PHASES);
            let proxy = Proxy::cutting(server, Stop { when, sql: Some(sql.to_owned()), nth });
            let ended = finish(stage.desk.spawn_with(&stage.database, proxy.host(), &[]));
            assert_eq!(ended.code, Some(0), "{major}, {when:?} {sql}: {ended:?}");
            says(&ended, &["the connection was lost"]);
            let receipt = stage.desk.expect_receipt(Outcome::Applied, 0);
            assert_eq!(
                receipt.phases.iter().map(|phase| phase.phase).collect::<Vec<_>>(),
                [1, 2, 3],
                "{major}, {when:?} {sql}"
            );
            assert_eq!(receipt.before, Some(stage.forged.state(0)));
            assert_eq!(stage.fingerprint(), stage.forged.plan.target);
            assert_eq!(stage.ledger(), ["1 committed", "2 committed", "3 committed"]);
        }
    }
}

/// Whatever the second connection meets, the answer to the statement is received, and the locks go.
#[test]
fn a_second_connection_that_stalls_is_not_waited_for() {
    for (major, connection) in [(14, 3), (18, 3), (18, 2)] {
        let stage = stage(Server::shared(major), PHASES);
        let proxy = Proxy::start(stage.database.server(), None);
        proxy.mute_from(connection);
        // of the second phase the statement is held, not its lock, which would be taken before it
        let event = "CREATE FUNCTION public.held() RETURNS event_trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(42); END';
            CREATE EVENT TRIGGER held ON ddl_command_start WHEN TAG IN (''ALTER TABLE'')
                EXECUTE FUNCTION public.held()"
            .replace("''ALTER TABLE''", "'ALTER TABLE'");
        let mut plan = forge(stage.database.server(), &format!("{SOURCE}; {event}"), PHASES).plan;
        plan.timeouts.lock_ms = 60_000;
        stage.desk.put(&plan);
        stage.database.batch(&event);
        let mut other = stage.database.connect();
        other.batch_execute("SELECT pg_advisory_lock(42)").unwrap();
        let child = stage.desk.spawn_with(&stage.database, proxy.host(), &[]);
        stage.database.wait_until(Database::IS_BLOCKED, "t");
        std::thread::sleep(Duration::from_millis(2_500));
        let began = Instant::now();
        other.batch_execute("SELECT pg_advisory_unlock(42)").unwrap();
        let ended = finish(child);
        assert_eq!(ended.code, Some(0), "{major}, {connection}: {ended:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert_eq!(stage.fingerprint(), plan.target);
        stage.desk.expect_receipt(Outcome::Applied, 0);
    }
}

/// A lost connection is not tried to be replaced for longer than it may, also when what answers is mute.
#[test]
fn a_listener_that_falls_mute_ends_the_run_in_time() {
    let server = Server::shared(18);
    let stage = stage(server, PHASES);
    let proxy = Proxy::cutting(server, Stop { when: When::Before, sql: Some("COMMIT".to_owned()), nth: 1 });
    proxy.mute_from(3);
    let began = Instant::now();
    let ended = finish(stage.desk.spawn_with(&stage.database, proxy.host(), &["--reconnect", "3"]));
    assert_eq!(ended.code, Some(8), "{ended:?}");
    says(&ended, &["[A0701]"]);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    drop(proxy);
    stage.applies();
}

#[test]
fn a_connection_lost_before_anything_is_begun_has_a_code() {
    let stage = stage(Server::shared(18), PHASES);
    let sql = "SELECT pg_catalog.current_database()".to_owned();
    let proxy = Proxy::cutting(stage.database.server(), Stop { when: When::Answering(7), sql: Some(sql), nth: 1 });
    let ended = finish(stage.desk.spawn_with(&stage.database, proxy.host(), &[]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    says(&ended, &["[A0402]", "the database's identity"]);
    stage.desk.expect_receipt(Outcome::Failed, 1);
    stage.applies();
}

#[test]
fn a_connection_lost_while_an_index_is_built_is_replaced() {
    for (major, when) in [(14, When::Answered), (18, When::Answered), (18, When::Before)] {
        let server = Server::shared(major);
        let stage = stage(server, &[&[OUTSIDE], &[SECOND]]);
        let proxy = Proxy::cutting(server, Stop { when, sql: Some(OUTSIDE.to_owned()), nth: 1 });
        let ended = finish(stage.desk.spawn_with(&stage.database, proxy.host(), &[]));
        assert_eq!(ended.code, Some(0), "{major}: {ended:?}");
        assert_eq!(stage.fingerprint(), stage.forged.plan.target);
        stage.desk.expect_receipt(Outcome::Applied, 0);
    }
}

#[test]
fn a_server_that_starts_again_is_waited_for() {
    for major in [14, 18] {
        let server = Server::start(&Options::new(major).setting("synchronous_commit", "on"));
        let stage = stage(&server, PHASES);
        let mut other = stage.database.connect();
        let mut held = other.transaction().unwrap();
        held.batch_execute("SELECT * FROM shop.orders").unwrap();
        let child = stage.spawn();
        stage.database.wait_until(Database::IS_BLOCKED, "t");
        server.stop_immediate();
        std::thread::sleep(Duration::from_millis(500));
        server.restart();
        drop(held.rollback());
        let ended = finish(child);
        assert_eq!(ended.code, Some(0), "{major}: {ended:?}");
        assert_eq!(stage.fingerprint(), stage.forged.plan.target);
        stage.desk.expect_receipt(Outcome::Applied, 0);
    }
}

#[test]
fn a_pool_of_transactions_is_refused() {
    for major in MAJORS {
        let server = Server::shared(major);
        for (pooling, code, state) in [
            (Pooling::Shared, 1, 0),
            (Pooling::Turns, 1, 0),
            (Pooling::FromPhase(1), 1, 0),
            (Pooling::FromPhase(2), 8, 1),
        ] {
            let stage = stage(server, PHASES);
            let pooler = Pooler::start(server, pooling);
            let ended = finish(stage.desk.spawn(&stage.database, pooler.host()));
            assert_eq!(ended.code, Some(code), "{major}, {pooling:?}: {ended:?}");
            says(&ended, &["[A0202]", "proxy"]);
            drop(pooler);
            assert_eq!(stage.fingerprint(), stage.forged.state(state), "{major}, {pooling:?}");
            stage.applies();
        }
    }
}
