//! The harness itself: servers start, stop, restart, and never outlive the test process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pgseal_tests::server::{MAJORS, Options, Server};

const ROLE_OF_CHILD: &str = "PGSEAL_TESTS_CHILD";

#[test]
fn every_major_serves_databases_of_its_own() {
    for major in MAJORS {
        let server = Server::shared(major);
        let (one, two) = (server.database("One-and"), server.database("One-and"));
        assert_ne!(one.name(), two.name());
        one.batch("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
        assert_eq!(one.texts("SELECT a FROM t ORDER BY 1"), ["1", "2"]);
        assert_eq!(two.text("SELECT to_regclass('t') IS NULL"), "t");
        assert_eq!(one.text("SHOW server_encoding"), "UTF8");
        assert!(one.text("SHOW server_version").starts_with(&major.to_string()));
        assert!(one.try_batch("SELECT 1/0").unwrap_err().contains("division by zero (22012)"));
        let name = one.name().to_owned();
        drop(one);
        let gone = two.text(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"));
        assert_eq!(gone, "0", "a database is dropped with its value");
    }
}

#[test]
fn contrib_extensions_are_there() {
    let database = Server::shared(18).database("contrib");
    database.batch("CREATE EXTENSION btree_gist; CREATE EXTENSION hstore; CREATE EXTENSION pgcrypto");
}

#[test]
fn a_scratch_database_is_emptied_and_lent_again() {
    let server = Server::start(&Options::new(15));
    let first = server.scratch();
    let name = first.name().to_owned();
    first.batch(
        "CREATE SCHEMA s; CREATE EXTENSION hstore SCHEMA s; CREATE TYPE m AS ENUM ('a'); CREATE DOMAIN d AS m;
         CREATE TABLE t (id serial PRIMARY KEY, d d); CREATE VIEW v AS SELECT * FROM t; CREATE TYPE r AS RANGE (subtype = m);
         CREATE FUNCTION f(t) RETURNS SETOF t LANGUAGE sql AS 'TABLE t'; CREATE PROCEDURE p() LANGUAGE sql AS '';
         CREATE AGGREGATE agg (integer) (sfunc = int4pl, stype = integer); CREATE SEQUENCE q; CREATE TABLE s.t ();
         CREATE FUNCTION same(integer, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
         CREATE OPERATOR === (leftarg = integer, rightarg = text, function = same)",
    );
    drop(first);
    let second = server.scratch();
    assert_eq!(second.name(), name, "it could be emptied");
    assert_eq!(
        second.text("SELECT count(*) FROM pg_class WHERE oid >= 16384 AND relnamespace = 'public'::regnamespace"),
        "0"
    );
    second.batch("COMMENT ON SCHEMA public IS 'changed'");
    drop(second);
    let third = server.scratch();
    assert_ne!(third.name(), name, "what cannot be emptied is dropped");
    assert_eq!(third.text(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'")), "0");
}

#[test]
fn a_private_server_is_configured_stopped_killed_and_restarted() {
    let hba = "local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    let server = Server::start(&Options::new(17).tcp().hba(hba).setting("work_mem", "5MB").file("note.txt", "here"));
    let folder = server.folder().to_owned();
    assert!(folder.join("data/note.txt").exists());
    let database = server.database("private");
    assert_eq!(database.text("SHOW work_mem"), "5MB");
    database.batch("CREATE TABLE kept (); CREATE ROLE tester LOGIN PASSWORD 'secret'");

    let config = format!("host=127.0.0.1 port={} user=tester dbname={}", server.port(), database.name());
    assert!(postgres::Client::connect(&config, postgres::NoTls).is_err(), "no password, no session");
    let mut client = postgres::Client::connect(&format!("{config} password=secret"), postgres::NoTls).unwrap();
    client.simple_query("SELECT 1").unwrap();

    for end in [Server::stop, Server::stop_immediate, Server::kill] {
        end(&server);
        assert!(server.config(database.name()).connect(postgres::NoTls).is_err());
        server.restart();
        assert_eq!(database.text("SELECT count(*) FROM kept"), "0");
    }
    server.restart();
    assert_eq!(database.text("SELECT count(*) FROM kept"), "0");
    drop(database);
    drop(server);
    assert!(!folder.exists(), "the folder goes with the server");
}

#[test]
fn nothing_is_left_of_a_process_that_was_killed() {
    let (mut child, left) = start_child("hold");
    child.kill().unwrap();
    child.wait().unwrap();
    left.vanishes();
}

#[test]
fn nothing_is_left_of_a_process_that_panicked() {
    let (mut child, left) = start_child("panic");
    assert!(!child.wait().unwrap().success());
    left.vanishes();
}

/// Not a test of its own: what the two tests above run in a process of its own.
#[test]
#[ignore = "runs in a child process of other tests"]
fn child() {
    let Ok(role) = std::env::var(ROLE_OF_CHILD) else { return };
    let server = Server::shared(16);
    let database = server.database("child");
    let mut client = database.connect();
    client.simple_query("CREATE TABLE t ()").unwrap();
    println!("\nheld {} {} {}", server.pid().unwrap(), server.guard_pid(), server.host());
    if role == "panic" {
        panic!("on purpose");
    }
    std::thread::sleep(Duration::from_secs(600));
}

struct Left {
    processes: [u32; 2],
    folder: PathBuf,
}

impl Left {
    fn vanishes(&self) {
        let limit = Instant::now() + Duration::from_secs(20);
        while self.folder.exists() || self.processes.iter().any(|pid| lives(*pid)) {
            assert!(Instant::now() < limit, "still there: {:?}, {}", self.processes, self.folder.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn start_child(role: &str) -> (Child, Left) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--ignored", "--nocapture"])
        .env(ROLE_OF_CHILD, role)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let held = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("held ").map(str::to_owned));
    let held = held.expect("the child says what it holds");
    let parts: Vec<&str> = held.split(' ').collect();
    let left =
        Left { processes: [parts[0].parse().unwrap(), parts[1].parse().unwrap()], folder: PathBuf::from(parts[2]) };
    if role == "hold" {
        assert!(left.folder.exists() && left.processes.iter().all(|pid| lives(*pid)));
    }
    (child, left)
}

/// Whether a process runs; one that has ended and only waits to be reaped by the first process does not.
fn lives(pid: u32) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}
