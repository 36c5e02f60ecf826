//! The agent or the server dies at any moment, or somebody changes the schema meanwhile: the database is at the plan's
//! source or at its target, never between, and the next run goes on from there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use pgseal_catalog::{Name, QualifiedName, Snapshot};
use pgseal_tests::handmade;
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::program::{Ended, agent, run, run_compiler};
use pgseal_tests::server::{Database, Options, Server};

const STATEMENTS: usize = 20;

/// A table of one row; a column added with the default `hold(n)` runs that function, which waits while the test holds
/// the advisory lock of that number.
const SOURCE: &str = "
CREATE FUNCTION hold(n integer) RETURNS integer LANGUAGE plpgsql VOLATILE AS
    'BEGIN PERFORM pg_catalog.pg_advisory_xact_lock_shared(4711, n); RETURN n; END';
CREATE TABLE t (id integer);
INSERT INTO t VALUES (1);
";

/// A database, a sealed plan of twenty statements for it, and the two states it may be in.
struct Stage<'server> {
    database: Database<'server>,
    folder: tempfile::TempDir,
    source: Snapshot,
    target: Snapshot,
}

impl<'server> Stage<'server> {
    fn new(server: &'server Server) -> Self {
        let statements: Vec<String> = (1..=STATEMENTS)
            .map(|n| format!("ALTER TABLE public.t ADD COLUMN c{n} integer DEFAULT public.hold({n})"))
            .collect();
        let made = server.database("target");
        made.batch(SOURCE);
        made.batch(&statements.join(";"));
        let target = snapshot(&made).unwrap();

        let database = server.database("faults");
        database.batch(SOURCE);
        let source = snapshot(&database).unwrap();
        let table = QualifiedName::new(Name::new("public").unwrap(), Name::new("t").unwrap());
        let plan = handmade::plan(&source, &statements, &target, &[table]);

        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("plan.json"), plan.to_bytes()).unwrap();
        for arguments in [
            "keygen --out me.pem --no-passphrase",
            "trust init --key me.pub.pem --out trust.toml",
            "sign plan.json --key me.pem",
        ] {
            run_compiler(folder.path(), arguments.split(' ')).expect(0);
        }
        Stage { database, folder, source, target }
    }

    fn command(&self) -> std::process::Command {
        let mut command = agent();
        command.current_dir(self.folder.path());
        command.args(["apply", "--plan", "plan.json", "--trust", "trust.toml"]).args(self.database.options());
        command
    }

    fn apply(&self) -> Ended {
        run(&mut self.command())
    }

    /// Starts the agent, and lets it come to statement `n` and no further while `meanwhile` runs.
    fn stopped_at(&self, n: usize, meanwhile: impl FnOnce(&mut Child)) {
        let mut holder = self.database.connect();
        holder.simple_query(&format!("SELECT pg_advisory_lock(4711, {n})")).unwrap();
        let mut child = self.start();
        self.waits_for_lock(&format!("locktype = 'advisory' AND classid = 4711 AND objid = {n}"));
        meanwhile(&mut child);
        drop(holder);
        child.wait().unwrap();
    }

    fn start(&self) -> Child {
        let log = fs::File::create(self.log()).unwrap();
        self.command().stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn waits_for_lock(&self, condition: &str) {
        let sql = format!("SELECT count(*) FROM pg_locks WHERE NOT granted AND {condition}");
        self.until(&sql, "1");
    }

    fn until(&self, sql: &str, answer: &str) {
        let limit = Instant::now() + Duration::from_secs(60);
        while self.database.text(sql) != answer {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            assert!(Instant::now() < limit, "never: {sql}\nthe agent said:\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the sessions of dead agents are gone.
    fn is_alone(&self) {
        let others = "SELECT count(*) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        self.until(others, "0");
    }

    #[track_caller]
    fn is_at_source(&self) {
        assert_eq!(snapshot(&self.database).unwrap().fingerprint(), self.source.fingerprint(), "not at the source");
    }

    #[track_caller]
    fn is_at_target(&self) {
        assert_eq!(snapshot(&self.database).unwrap().fingerprint(), self.target.fingerprint(), "not at the target");
    }
}

#[test]
fn the_agent_is_killed_at_each_statement() {
    for major in [14, 18] {
        let stage = Stage::new(Server::shared(major));
        for n in 1..=STATEMENTS {
            stage.stopped_at(n, |child| child.kill().unwrap());
            stage.is_alone();
            stage.is_at_source();
        }
        stage.apply().expect(0);
        stage.is_at_target();
        stage.apply().expect(0);
        stage.is_at_target();
    }
}

#[test]
fn the_server_is_killed_at_each_statement() {
    let server = Server::start(&Options::new(18));
    let stage = Stage::new(&server);
    for n in 1..=STATEMENTS {
        stage.stopped_at(n, |child| {
            server.kill();
            assert_eq!(child.wait().unwrap().code(), Some(1), "{}", fs::read_to_string(stage.log()).unwrap());
        });
        server.restart();
        stage.is_at_source();
    }
    stage.apply().expect(0);
    stage.is_at_target();
}

#[test]
fn the_agent_is_killed_at_any_time() {
    let server = Server::shared(17);
    let mut reached = [0, 0];
    for round in 0..25 {
        let stage = Stage::new(server);
        let mut child = stage.start();
        std::thread::sleep(Duration::from_millis(20 * round));
        child.kill().ok();
        child.wait().unwrap();
        stage.is_alone();
        let found = snapshot(&stage.database).unwrap().fingerprint();
        if found == stage.target.fingerprint() {
            reached[1] += 1;
        } else {
            stage.is_at_source();
            reached[0] += 1;
        }
        stage.apply().expect(0);
        stage.is_at_target();
    }
    println!("killed at any time: {} at the source, {} at the target", reached[0], reached[1]);
}

#[test]
fn drift_before_apply_is_refused_and_explained() {
    let stage = Stage::new(Server::shared(16));
    stage.database.batch("ALTER TABLE t ADD COLUMN hotfix text");
    let drifted = snapshot(&stage.database).unwrap().fingerprint();
    let ended = stage.apply().expect(4);
    assert!(ended.err.contains("hotfix"), "{}", ended.err);
    assert_eq!(snapshot(&stage.database).unwrap().fingerprint(), drifted);
    stage.database.batch("ALTER TABLE t DROP COLUMN hotfix");
    stage.apply().expect(0);
    stage.is_at_target();
}

#[test]
fn drift_between_capture_and_lock_is_refused() {
    let stage = Stage::new(Server::shared(15));
    let mut other = stage.database.connect();
    let mut change = other.transaction().unwrap();
    change.batch_execute("LOCK TABLE t").unwrap();
    let child = stage.start();
    stage.waits_for_lock("locktype = 'relation' AND mode = 'AccessExclusiveLock'");
    change.batch_execute("ALTER TABLE t ADD COLUMN hotfix text").unwrap();
    change.commit().unwrap();
    let ended = child.wait_with_output().unwrap();
    let log = fs::read_to_string(stage.log()).unwrap();
    assert_eq!(ended.status.code(), Some(4), "{log}");
    assert!(log.contains("hotfix"), "{log}");
    stage.database.batch("ALTER TABLE t DROP COLUMN hotfix");
    stage.is_at_source();
}

#[test]
fn drift_beside_the_locked_tables_is_refused_before_commit() {
    let stage = Stage::new(Server::shared(15));
    stage.stopped_at(7, |_| stage.database.batch("CREATE TABLE beside ()"));
    let log = fs::read_to_string(stage.log()).unwrap();
    assert!(log.contains("beside"), "{log}");
    stage.database.batch("DROP TABLE beside");
    stage.is_at_source();
}
