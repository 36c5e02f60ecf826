//! What an agent refuses, and that a refused or failed run leaves the database as it was: drift, locks held by others, failing
//! statements, broken promises, plans that the policy does not let through. Each ends with its own exit code and a receipt.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::Path;
use std::time::{Duration, Instant};

use pgseal_catalog::plan::{Cost, Hazard, HazardKind};
use pgseal_catalog::receipt::Outcome;
use pgseal_catalog::{Digest, Name};
use pgseal_tests::faults::{Desk, Proxy, Stop, Trial, When, forge};
use pgseal_tests::program::{Ended, run_agent, says};
use pgseal_tests::server::{Database, MAJORS, Server};

const SOURCE: &str = "
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE TABLE shop.customers (id integer PRIMARY KEY, name text DEFAULT 'anon');
CREATE TABLE shop.orders (
    id bigint PRIMARY KEY,
    customer integer REFERENCES shop.customers,
    total numeric(10,2) DEFAULT 0 CONSTRAINT total_positive CHECK (total >= 0),
    state shop.state DEFAULT 'new'
);
COMMENT ON TABLE shop.orders IS 'what was bought';
CREATE TABLE shop.untouched (a integer);
CREATE FUNCTION shop.double(x integer) RETURNS integer LANGUAGE sql AS 'SELECT x * 2';
INSERT INTO shop.orders (id, total) VALUES (1, 10), (2, 2000);
";

/// A plan of two phases that touches the enum, the orders and the function, and leaves `untouched` alone.
const PHASES: &[&[&str]] = &[
    &[
        "ALTER TYPE shop.state ADD VALUE 'sent'",
        "ALTER TABLE shop.orders ADD COLUMN note text",
        "COMMENT ON TABLE shop.orders IS 'orders'",
        "CREATE OR REPLACE FUNCTION shop.double(x integer) RETURNS integer LANGUAGE sql AS 'SELECT x + x'",
    ],
    &["ALTER TABLE shop.orders ALTER COLUMN state SET DEFAULT 'sent'::shop.state"],
];

/// A database at the source of a sealed plan.
struct Stage(Trial<'static>);

impl Deref for Stage {
    type Target = Trial<'static>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Stage {
    fn new(major: u16) -> Stage {
        Stage::with(major, PHASES)
    }

    fn with(major: u16, phases: &[&[&str]]) -> Stage {
        Stage(Trial::new(Server::shared(major), SOURCE, phases))
    }

    /// Applies, expects an exit code and a receipt of it, and that nothing changed, the ledger included.
    #[track_caller]
    fn refused(&self, code: u8, outcome: Outcome) -> Ended {
        let (before, ledger) = (self.fingerprint(), self.ledger());
        let ended = self.desk.apply(&self.database).expect(i32::from(code));
        let receipt = self.desk.expect_receipt(outcome, code);
        assert!(receipt.message.is_some(), "{receipt:?}");
        assert_eq!(receipt.phases, []);
        assert_eq!(self.desk.leftovers(), Vec::<String>::new());
        assert_eq!(self.fingerprint(), before, "the database was changed");
        assert_eq!(self.ledger(), ledger, "something was left behind");
        ended
    }

    fn ledger(&self) -> String {
        self.database.text("SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('pgseal')")
    }
}

#[test]
fn drift_is_refused_and_explained() {
    // the change, how to undo it, and what the refusal says
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "ALTER TABLE shop.orders ADD COLUMN hotfix text",
            "ALTER TABLE shop.orders DROP COLUMN hotfix",
            &["table shop.orders: column hotfix was not there"],
        ),
        (
            "ALTER TABLE shop.orders ALTER COLUMN total TYPE numeric(12,2)",
            "ALTER TABLE shop.orders ALTER COLUMN total TYPE numeric(10,2)",
            &["table shop.orders: column total", "numeric(10,2)", "numeric(12,2)"],
        ),
        (
            "ALTER TABLE shop.orders ALTER COLUMN total SET DEFAULT 1",
            "ALTER TABLE shop.orders ALTER COLUMN total SET DEFAULT 0",
            &["table shop.orders: default total", "\"0\"", "\"1\""],
        ),
        (
            "ALTER TABLE shop.orders DROP CONSTRAINT total_positive",
            "ALTER TABLE shop.orders ADD CONSTRAINT total_positive CHECK (total >= 0)",
            &["table shop.orders: constraint total_positive is missing"],
        ),
        (
            "CREATE INDEX hotfix ON shop.orders (customer)",
            "DROP INDEX shop.hotfix",
            &["index shop.hotfix", "should not be there"],
        ),
        (
            "COMMENT ON TABLE shop.orders IS 'changed'",
            "COMMENT ON TABLE shop.orders IS 'what was bought'",
            &["table shop.orders: comment", "\"what was bought\"", "\"changed\""],
        ),
        (
            "CREATE OR REPLACE FUNCTION shop.double(x integer) RETURNS integer LANGUAGE sql AS 'SELECT x * 3'",
            "CREATE OR REPLACE FUNCTION shop.double(x integer) RETURNS integer LANGUAGE sql AS 'SELECT x * 2'",
            &["function shop.double(integer)", "\"SELECT x * 2\"", "\"SELECT x * 3\""],
        ),
        ("CREATE EXTENSION cube SCHEMA shop", "DROP EXTENSION cube", &["extension cube", "should not be there"]),
        (
            "ALTER TYPE shop.state ADD VALUE 'lost' BEFORE 'paid'",
            "ALTER TABLE shop.orders ALTER COLUMN state DROP DEFAULT, ALTER COLUMN state TYPE text; DROP TYPE shop.state;
             CREATE TYPE shop.state AS ENUM ('new', 'paid');
             ALTER TABLE shop.orders ALTER COLUMN state TYPE shop.state USING state::shop.state,
                 ALTER COLUMN state SET DEFAULT 'new'",
            &["shop.state", "lost"],
        ),
        (
            "ALTER TABLE shop.orders RENAME TO purchases",
            "ALTER TABLE shop.purchases RENAME TO orders",
            &["table shop.orders: is missing", "table shop.purchases: should not be there"],
        ),
        // in what the plan does not touch
        (
            "ALTER TABLE shop.untouched ALTER COLUMN a TYPE bigint",
            "ALTER TABLE shop.untouched ALTER COLUMN a TYPE integer",
            &["table shop.untouched: differs"],
        ),
        ("CREATE TABLE public.beside ()", "DROP TABLE public.beside", &["table public.beside: should not be there"]),
    ];
    for major in [14, 18] {
        let stage = Stage::new(major);
        for (change, undo, words) in cases {
            stage.database.batch(change);
            let ended = stage.refused(4, Outcome::Refused);
            says(&ended, words);
            let checked = stage.desk.check(&stage.database).expect(4);
            assert_eq!(checked.err, ended.err, "check and apply differ");
            stage.database.batch(undo);
        }
        stage.applies();
    }
}

#[test]
fn drift_between_the_phases_is_refused() {
    for major in MAJORS {
        let stage = Stage::new(major);
        // both sides of the first COMMIT are done, the second phase has not begun
        let stop = Stop { when: When::Answered, sql: Some("COMMIT".to_owned()), nth: 1 };
        let proxy = Proxy::start(stage.database.server(), Some(stop));
        let mut child = stage.desk.spawn(&stage.database, proxy.host());
        assert!(proxy.wait_frozen(Duration::from_secs(60)));
        child.kill().unwrap();
        child.wait().unwrap();
        drop(proxy);
        assert_eq!(stage.fingerprint(), stage.forged.state(1));
        stage.database.batch("ALTER TABLE shop.customers ALTER COLUMN name SET DEFAULT 'nobody'");
        says(&stage.refused(4, Outcome::Refused), &["table shop.customers: differs"]);
        stage.database.batch("ALTER TABLE shop.customers ALTER COLUMN name SET DEFAULT 'anon'");
        stage.applies();
    }
}

#[test]
fn drift_while_waiting_for_a_lock_is_refused() {
    for major in [14, 18] {
        let stage = Stage::new(major);
        let mut other = stage.database.connect();
        let mut change = other.transaction().unwrap();
        change.batch_execute("LOCK TABLE shop.orders IN ACCESS SHARE MODE").unwrap();
        let child = stage.desk.spawn(&stage.database, Path::new(stage.database.server().host()));
        stage.database.wait_until(Database::IS_BLOCKED, "t");
        // another table, which nobody has locked
        change.batch_execute("ALTER TABLE shop.untouched ADD COLUMN hotfix integer").unwrap();
        change.commit().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{said}");
        let what = "table shop.untouched: column hotfix was not there when the phase began\n";
        assert!(said.contains("[A0302]") && said.contains(what), "{said}");
        stage.desk.expect_receipt(Outcome::Refused, 4);
        stage.database.batch("ALTER TABLE shop.untouched DROP COLUMN hotfix");
        stage.applies();
    }
}

#[test]
fn two_agents_do_not_interleave() {
    for major in MAJORS {
        let stage = Stage::new(major);
        let second = Desk::new(&stage.forged.plan);
        let stop = Stop { when: When::Before, sql: Some(PHASES[0][2].to_owned()), nth: 1 };
        let proxy = Proxy::start(stage.database.server(), Some(stop));
        let mut child = stage.desk.spawn(&stage.database, proxy.host());
        assert!(proxy.wait_frozen(Duration::from_secs(60)));
        // one in the middle of a phase: the other gives up in bounded time
        let ended = second.apply(&stage.database).expect(7);
        says(&ended, &["[A0201]", "of role \"postgres\" holds the advisory lock"]);
        second.expect_receipt(Outcome::Failed, 7);
        child.kill().unwrap();
        child.wait().unwrap();
        drop(proxy);
        assert_eq!(stage.fingerprint(), stage.forged.state(0));

        // both from the start: one applies, the other waits and finds nothing to do, or gives up
        let host = Path::new(stage.database.server().host());
        let both = [&stage.desk, &second].map(|desk| desk.spawn(&stage.database, host));
        let codes: BTreeSet<_> = both.map(|child| child.wait_with_output().unwrap().status.code()).into();
        assert!(codes.contains(&Some(0)) && codes.is_subset(&BTreeSet::from([Some(0), Some(7)])), "{codes:?}");
        assert_eq!(stage.fingerprint(), stage.forged.plan.target);
        assert_eq!(stage.database.text("SELECT count(*) FROM pgseal.ledger"), "2");
    }
}

#[test]
fn a_lock_held_by_others_is_waited_for_in_bounds() {
    for major in MAJORS {
        let stage = Stage::new(major);
        // who is in the way is seen where a second connection is as quick
        let is_seen = [14, 18].contains(&major);
        let plan = stage.changed(|plan| {
            plan.timeouts.lock_ms = if is_seen { 2_000 } else { 100 };
            plan.timeouts.lock_retries = 2;
        });
        stage.desk.put(&plan);
        let mut other = stage.database.connect();
        other.batch_execute("SET application_name = 'nightly report'").unwrap();
        let pid: i32 = other.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
        let holder =
            format!("held by process {pid} of role \"postgres\" (application \"nightly report\", idle in transaction)");
        for mode in ["ACCESS SHARE", "ROW EXCLUSIVE"] {
            let mut lock = other.transaction().unwrap();
            lock.batch_execute(&format!("LOCK TABLE shop.orders IN {mode} MODE")).unwrap();
            let began = Instant::now();
            let ended = stage.refused(7, Outcome::Failed);
            says(&ended, &["[A0601]", "3 times"]);
            if is_seen {
                says(&ended, &["phase 1: a lock on shop.orders was not granted", &holder, "or end it"]);
                let told = stage.desk.receipt().message.unwrap();
                assert!(told.contains("on shop.orders") && told.contains(&holder), "{told}");
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
            lock.rollback().unwrap();
        }
        // a lock that the reading of definitions meets first, where the server takes one for that
        let mut lock = other.transaction().unwrap();
        lock.batch_execute("LOCK TABLE shop.orders IN ACCESS EXCLUSIVE MODE").unwrap();
        let began = Instant::now();
        let ended = stage.desk.apply(&stage.database).expect(7);
        if is_seen {
            says(&ended, &["a lock on shop.orders was not granted", &holder]);
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        stage.desk.expect_receipt(Outcome::Failed, 7);
        lock.rollback().unwrap();
        assert_eq!(stage.fingerprint(), stage.forged.state(0));
        stage.applies();
    }
}

#[test]
fn a_failing_statement_leaves_nothing() {
    for major in MAJORS {
        let statement = "ALTER TABLE shop.orders ADD CONSTRAINT total_small CHECK (total < 1000)";
        let empty = SOURCE.split("INSERT").next().unwrap();
        let server = Server::shared(major);
        // the twin has no rows, so the statement succeeds there
        let forged = forge(server, empty, &[&["ALTER TABLE shop.orders ADD COLUMN note text", statement]]);
        let database = server.database("rows");
        database.batch(SOURCE);
        let stage = Stage(Trial { database, desk: Desk::new(&forged.plan), forged });
        let ended = stage.refused(5, Outcome::Failed);
        says(&ended, &["[A0401]", "phase 1, step 2", "total_small", "sqlstate: 23514"]);
        stage.database.batch("DELETE FROM shop.orders WHERE total > 1000");
        stage.applies();
    }
}

#[test]
fn a_later_phase_that_fails_keeps_the_earlier() {
    let server = Server::shared(18);
    let empty = SOURCE.split("INSERT").next().unwrap();
    let check = "ALTER TABLE shop.orders ADD CONSTRAINT total_small CHECK (total < 1000)";
    let forged = forge(server, empty, &[&["ALTER TABLE shop.orders ADD COLUMN note text"], &[check]]);
    let database = server.database("rows");
    database.batch(SOURCE);
    let stage = Stage(Trial { database, desk: Desk::new(&forged.plan), forged });
    stage.desk.apply(&stage.database).expect(5);
    let receipt = stage.desk.expect_receipt(Outcome::Failed, 5);
    assert_eq!((receipt.phases.len(), receipt.after), (1, Some(stage.forged.state(1))));
    assert_eq!(stage.fingerprint(), stage.forged.state(1));
    stage.database.batch("DELETE FROM shop.orders WHERE total > 1000");
    stage.applies();
}

#[test]
fn a_result_that_was_not_promised_is_rolled_back() {
    for major in MAJORS {
        let stage = Stage::new(major);
        stage.database.batch(
            "CREATE FUNCTION pg_temp.x() RETURNS integer LANGUAGE sql AS 'SELECT 1';
             CREATE SCHEMA pgseal;
             CREATE FUNCTION pgseal.meddle() RETURNS event_trigger LANGUAGE plpgsql AS
                 'BEGIN EXECUTE ''ALTER TABLE shop.untouched ALTER COLUMN a SET DEFAULT 1''; END';
             CREATE EVENT TRIGGER meddle ON ddl_command_end WHEN TAG IN ('COMMENT')
                 EXECUTE FUNCTION pgseal.meddle()",
        );
        let ended = stage.refused(6, Outcome::Failed);
        // the table is none of the plan's, and what it was is known from before the phase
        says(&ended, &["[A0501]", "table shop.untouched: default a was not there when the phase began\n"]);
        stage.database.batch("DROP EVENT TRIGGER meddle");
        stage.applies();
    }
}

#[test]
fn a_checkpoint_that_is_wrong_is_never_committed() {
    let stage = Stage::new(18);
    let other = stage.changed(|plan| plan.phases[0].checkpoint.fingerprint = Digest::of(b"something else"));
    stage.desk.put(&other);
    says(&stage.refused(6, Outcome::Failed), &["[A0501]"]);
}

#[test]
fn statements_cannot_leave_their_transaction() {
    let stage = Stage::new(18);
    for sql in [
        "COMMIT",
        " /* x /* y */ */ rollback",
        "-- x\nEND",
        "SAVEPOINT pgseal_capture",
        "ABORT",
        "PREPARE TRANSACTION 'x'",
        // a comment ends there for a server
        "--x\rCOMMIT",
    ] {
        let plan = stage.changed(|plan| plan.phases[0].steps[1].sql = sql.to_owned());
        stage.desk.put(&plan);
        says(&stage.refused(3, Outcome::Refused), &["[A0103]", "phase 1, step 2"]);
    }
    // nor is anything run whose result is not promised; a server passes over a semicolon in front
    for sql in [
        ";COMMIT",
        "VACUUM shop.orders",
        "SET session_replication_role = replica",
        "GRANT ALL ON shop.orders TO PUBLIC",
        "CREATE ROLE fault_mallory SUPERUSER",
        "DO 'BEGIN COMMIT; END'",
        "SELECT pg_catalog.set_config('role', 'postgres', false)",
        "-- nothing",
    ] {
        let plan = stage.changed(|plan| plan.phases[0].steps[1].sql = sql.to_owned());
        stage.desk.put(&plan);
        says(&stage.refused(3, Outcome::Refused), &["[A0109]", "phase 1, step 2"]);
    }
    // two in one string, which the server refuses
    let plan =
        stage.changed(|plan| plan.phases[0].steps[1].sql = "COMMENT ON TABLE shop.orders IS NULL; COMMIT".to_owned());
    stage.desk.put(&plan);
    says(&stage.refused(5, Outcome::Failed), &["[A0401]", "42601"]);
    // what cannot run in a transaction at all
    let plan = stage
        .changed(|plan| plan.phases[0].steps[1].sql = "CREATE INDEX CONCURRENTLY i ON shop.orders (id)".to_owned());
    stage.desk.put(&plan);
    says(&stage.refused(5, Outcome::Failed), &["[A0401]", "25001"]);
    for (name, value) in [("role", "postgres"), ("session_authorization", "postgres"), ("lock_timeout", "0")] {
        let plan = stage.changed(|plan| _ = plan.settings.insert(name.to_owned(), value.to_owned()));
        stage.desk.put(&plan);
        says(&stage.refused(3, Outcome::Refused), &["[A0102]", name]);
    }
}

#[test]
fn the_policy_refuses_before_the_server_is_asked() {
    let stage = Stage::new(18);
    let (desk, plan) = (&stage.desk, &stage.forged.plan);
    let policy = String::from_utf8(desk.bytes("trust.toml")).unwrap();
    // nobody listens there: whoever got as far as connecting would end with 1
    let nowhere = ["--host", "/nonexistent", "--db", "shop", "--user", "postgres"].map(str::to_owned);
    let refused = |code: u8, words: &[&str]| {
        let ended = desk.apply_with(&nowhere).expect(i32::from(code));
        says(&ended, words);
        let receipt = desk.expect_receipt(Outcome::Refused, code);
        assert_eq!((receipt.database, receipt.before, receipt.phases.len()), (None, None, 0));
    };

    desk.put_unsigned(plan);
    refused(3, &["[K0100]"]);
    desk.sign("mallory");
    refused(3, &["[K0301]"]);
    desk.put(plan);
    desk.write("plan.json", &stage.changed(|plan| plan.phases[0].steps[1].sql.push(' ')).to_bytes());
    refused(3, &["[K0113]"]);

    desk.put(&stage.changed(|plan| plan.binding.expires = Some(1_600_000_000)));
    refused(3, &["[K0317]"]);
    desk.put(&stage.changed(|plan| plan.binding.not_before = Some(32_000_000_000)));
    refused(3, &["[K0318]"]);

    let hazard = |kind| Hazard { kind, relation: None, rows: None, bytes: None, detail: "rows go".to_owned() };
    let hazardous = stage.changed(|plan| {
        plan.phases[0].steps[1].hazards = vec![hazard(HazardKind::DataLoss)];
        plan.phases[0].steps[1].cost = Cost::Rewrite;
        plan.hazards = BTreeSet::from([HazardKind::DataLoss]);
    });
    desk.put(&hazardous);
    desk.write(
        "trust.toml",
        policy.replacen("threshold = 1", "threshold = 1\nallowed_hazards = [\"full-scan\"]", 1).as_bytes(),
    );
    refused(3, &["[K0311]", "data-loss"]);
    desk.write(
        "trust.toml",
        policy.replacen("threshold = 1", "threshold = 1\nforbidden_hazards = [\"data-loss\"]", 1).as_bytes(),
    );
    refused(3, &["[K0309]", "data-loss"]);
    desk.write("trust.toml", policy.replacen("threshold = 1", "threshold = 2", 1).as_bytes());
    desk.apply_with(&nowhere).expect(3);
    desk.write("trust.toml", policy.as_bytes());

    // sealed, and yet no plan: the agent's own reading is as strict as the seal
    let seal = |text: &[u8]| seal_anything(desk, text);
    let good = String::from_utf8(plan.to_bytes()).unwrap();
    for (what, text) in [
        ("no JSON", "plan".to_owned()),
        ("another version", good.replacen("\"version\": 1", "\"version\": 2", 1)),
        ("an unknown field", good.replacen("\"version\": 1", "\"version\": 1,\n  \"run_as\": \"postgres\"", 1)),
        ("a key twice", good.replacen("\"version\": 1", "\"version\": 1,\n  \"version\": 1", 1)),
        ("trailing bytes", format!("{good}{{}}")),
        ("a hazard that no step has", good.replacen("\"hazards\": []", "\"hazards\": [\"data-loss\"]", 1)),
    ] {
        assert_ne!(text, good, "{what}");
        seal(text.as_bytes());
        let ended = desk.apply_with(&nowhere).expect(10);
        assert!(ended.err.contains("plan.json"), "{what}: {}", ended.err);
        desk.expect_receipt(Outcome::Refused, 10);
    }

    // with everything in order, there is no such server
    desk.put(plan);
    desk.apply_with(&nowhere).expect(1);
    desk.expect_receipt(Outcome::Failed, 1);
    let closed = ["--host", "127.0.0.1", "--port", "1", "--db", "shop", "--user", "postgres"].map(str::to_owned);
    desk.apply_with(&closed).expect(1);
    let mut no_database = stage.database.options();
    no_database[7] = "no_such_database".to_owned();
    says(&desk.apply_with(&no_database).expect(1), &["no_such_database"]);
}

/// Signs bytes that `pgseal sign` would refuse, as an HSM that signs anything would.
fn seal_anything(desk: &Desk, bytes: &[u8]) {
    use pgseal_keys::{Plan, Seal, Statement, Workstation, key_file};
    let signer = key_file::read_private::<Workstation>(&desk.path("alice.pem"), None).unwrap();
    let mut seal = Seal::<Plan>::default();
    seal.sign(&signer, Statement::Signed, bytes).unwrap();
    desk.write("plan.json", bytes);
    desk.write("plan.json.sig", &seal.to_bytes());
}

#[test]
fn a_plan_for_elsewhere_is_refused() {
    let stage = Stage::new(18);
    stage.desk.put(&stage.changed(|plan| plan.server_major = 17));
    says(&stage.refused(3, Outcome::Refused), &["[A0101]", "17", "18"]);
    stage.desk.put(&stage.changed(|plan| plan.binding.database = Some("another".to_owned())));
    says(&stage.refused(3, Outcome::Refused), &["[K0325]", "another"]);
    stage.desk.put(&stage.changed(|plan| plan.binding.system_identifier = Some("1".to_owned())));
    says(&stage.refused(3, Outcome::Refused), &["[K0326]"]);
    stage.desk.put(&stage.changed(|plan| plan.binding.database = Some(stage.database.name().to_owned())));
    stage.applies();
}

#[test]
fn wrong_usage_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["apply"][..],
        &["apply", "--plan", "plan.json"],
        &["apply", "--plan", "plan.json", "--trust", "trust.toml", "--force"],
        &["apply", "--plan", "plan.json", "--trust", "trust.toml", "--key", "agent.pem"],
        &["capture"],
        &["bogus"],
    ] {
        let ended = run_agent(folder.path(), arguments).expect(2);
        assert!(!ended.err.is_empty());
    }
    // a plan that is not there is the environment's fault
    run_agent(folder.path(), ["apply", "--plan", "plan.json", "--trust", "trust.toml", "--host", "/x"]).expect(1);
}

#[test]
fn a_role_that_owns_the_objects_can_apply() {
    for major in MAJORS {
        let server = Server::shared(major);
        let mut admin = server.connect("postgres");
        // roles are the server's, not the database's
        admin.batch_execute("DROP ROLE IF EXISTS fault_owner; DROP ROLE IF EXISTS fault_nobody").unwrap();
        admin.batch_execute("CREATE ROLE fault_owner LOGIN; CREATE ROLE fault_nobody LOGIN").unwrap();
        {
            let forged = forge(server, SOURCE, PHASES);
            let database = server.database("owned");
            database.batch(&format!("GRANT CREATE ON DATABASE \"{}\" TO fault_owner", database.name()));
            database.batch(&format!("SET SESSION AUTHORIZATION fault_owner; {SOURCE}"));
            let desk = Desk::new(&forged.plan);
            let stage = Stage(Trial { database, desk, forged });
            let connection = |role: &str| {
                let mut options = stage.database.options();
                options[5] = role.to_owned();
                options
            };
            // reads everything, and may change nothing
            let out = stage.desk.path("snapshot.json");
            let mut arguments = vec!["capture".to_owned(), "--out".to_owned(), out.display().to_string()];
            arguments.extend(connection("fault_nobody"));
            run_agent(Path::new("/"), arguments).expect(0);
            std::fs::remove_file(out).unwrap();
            let ended = stage.desk.apply_with(&connection("fault_nobody"));
            assert!(matches!(ended.code, Some(1 | 5)), "{ended:?}");
            says(&ended, &["permission denied"]);
            stage.desk.expect_receipt(Outcome::Failed, u8::try_from(ended.code.unwrap()).unwrap());
            assert_eq!(stage.fingerprint(), stage.forged.state(0));

            // without the right to make schemas there is no ledger, and the plan is applied all the same
            let grant = format!("REVOKE CREATE ON DATABASE \"{}\" FROM fault_owner", stage.database.name());
            stage.database.batch(&grant);
            let ended = stage.desk.apply_with(&connection("fault_owner")).expect(0);
            assert!(ended.out.contains("ledger") || ended.err.contains("ledger"), "{ended:?}");
            stage.desk.expect_receipt(Outcome::Applied, 0);
            assert_eq!(stage.fingerprint(), stage.forged.plan.target);
            assert_eq!(stage.ledger(), "0");
        }
        admin.batch_execute("DROP ROLE fault_owner; DROP ROLE fault_nobody").unwrap();
    }
}

#[test]
fn receipts_form_a_chain() {
    let stage = Stage::new(18);
    let arguments = stage.desk.arguments("apply", &stage.database.options());
    let folder = stage.desk.path("");
    run_agent(&folder, &arguments).expect(0);
    let first = stage.desk.bytes("receipt.json");
    stage.desk.run("receipt show receipt.json --trust trust.toml --plan plan.json").expect(0);
    run_agent(&folder, &arguments).expect(0);
    let second = stage.desk.expect_receipt(Outcome::NothingToDo, 0);
    assert_eq!(second.chain.previous, Some(Digest::of(&first)));
    stage.database.batch("CREATE TABLE public.beside ()");
    run_agent(&folder, &arguments).expect(4);
    let third = stage.desk.expect_receipt(Outcome::Refused, 4);
    assert_ne!(third.chain.previous, second.chain.previous);
    stage.desk.run("receipt show receipt.json --trust trust.toml --plan plan.json").expect(0);
}

#[test]
fn plans_set_the_search_path_they_say() {
    let stage = Stage::new(18);
    let mut plan = stage.forged.plan.clone();
    plan.phases[0].search_path = vec![Name::new("shop").unwrap()];
    plan.phases[0].steps[1].sql = "ALTER TABLE orders ADD COLUMN note text".to_owned();
    stage.desk.put(&plan);
    stage.applies();
}

/// Grants go with a table that goes; a function that would be made anew would lose them.
#[test]
fn grants_are_not_lost_on_the_way() {
    let server = Server::shared(18);
    let database = server.scratch();
    database.batch(
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;
         CREATE TABLE t (a integer); GRANT SELECT ON t TO pg_monitor",
    );
    let from = pgseal_tests::pipeline::snapshot(&database).unwrap();
    let kept = "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 2';";
    pgseal_tests::pipeline::plan(&from, kept).unwrap();
    let anew = "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (a integer);";
    let refused = pgseal_tests::pipeline::plan(&from, anew).unwrap_err();
    assert!(refused.contains("grants \"on function public.f()\" is not managed yet"), "{refused}");
}
