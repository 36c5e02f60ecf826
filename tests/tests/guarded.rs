//! What guards a phase on a real server: against what its own statements set off, against others at the same moment, and against
//! doubt about what became of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use pgseal_catalog::Digest;
use pgseal_catalog::plan::{Lock, LockMode};
use pgseal_catalog::receipt::Outcome;
use pgseal_catalog::{Fact, Payload, Snapshot};
use pgseal_tests::faults::{Desk, Proxy, Stop, Trial, When, forge};
use pgseal_tests::pipeline::{dump, migrate_in_place, plan, snapshot};
use pgseal_tests::program::{finish, says};
use pgseal_tests::server::{Database, MAJORS, Options, Server};

const SOURCE: &str = "CREATE SCHEMA shop;
    CREATE TABLE shop.orders (id bigint PRIMARY KEY, total integer);
    CREATE TABLE shop.items (id bigint, order_id bigint);
    CREATE VIEW shop.open AS SELECT id FROM shop.orders;
    CREATE MATERIALIZED VIEW shop.totals AS SELECT sum(total) FROM shop.orders;
    COMMENT ON TABLE shop.items IS 'of orders';
    CREATE TABLE shop.one (id integer);
    INSERT INTO shop.one VALUES (1);";
/// A statement that runs a function of the database, once.
const FILL: &str = "ALTER TABLE shop.one ADD COLUMN filled integer DEFAULT shop.fill()";
/// Whether the database is to misbehave: a setting that only the real one has, not the twin that the plan is made with.
const IF_ARMED: &str = "IF current_setting('app.armed', true) = 'on' THEN";

/// Lets the database misbehave.
fn arm(database: &Database<'_>) {
    database.batch(&format!("ALTER DATABASE \"{}\" SET app.armed = on", database.name()));
}

/// What COMMIT would run is run before the promise is checked.
#[test]
fn deferred_triggers_run_before_the_promise_is_checked() {
    let source = format!(
        "{SOURCE}
        CREATE FUNCTION shop.meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {IF_ARMED}
            ALTER TABLE shop.items ADD COLUMN more integer; END IF; RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER meddle AFTER INSERT ON shop.orders DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION shop.meddle();
        CREATE FUNCTION shop.fill() RETURNS integer LANGUAGE sql AS 'INSERT INTO shop.orders VALUES (1, 1) RETURNING 1';"
    );
    for major in MAJORS {
        let stage = Trial::new(Server::shared(major), &source, &[&[FILL]]);
        arm(&stage.database);
        says(&stage.apply(6), &["[A0501]", "table shop.items"]);
        assert_eq!(
            (stage.fingerprint(), stage.database.text("SELECT count(*) FROM shop.orders")),
            (stage.forged.state(0), "0".into())
        );
        // and one that fails, fails there
        stage.database.batch(
            "CREATE OR REPLACE FUNCTION shop.meddle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'",
        );
    }
}

/// What a statement runs cannot put something in the catalog's place, nor have something run behind the look at it.
#[test]
fn what_a_statement_leaves_in_the_session_does_not_deceive() {
    // what stands in the way of seeing it, or what COMMIT would run, which is then not run at all
    let ways = [
        (
            6,
            "EXECUTE 'CREATE VIEW pg_temp.pg_proc AS SELECT * FROM pg_catalog.pg_proc WHERE proname <> $x$door$x$';
         PERFORM shop.late();",
        ),
        (
            6,
            "EXECUTE 'CREATE TEMPORARY TABLE pg_proc AS SELECT * FROM pg_catalog.pg_proc WHERE proname <> $x$door$x$';
         PERFORM shop.late();",
        ),
        (0, "EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT shop.late()';"),
    ];
    for major in MAJORS {
        for (code, way) in ways {
            let source = format!(
                "{SOURCE}
                CREATE FUNCTION shop.late() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
                    EXECUTE 'CREATE FUNCTION shop.door() RETURNS integer LANGUAGE sql AS $x$SELECT 1$x$'; RETURN 1; END $$;
                CREATE FUNCTION shop.fill() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN {IF_ARMED} {way} END IF; RETURN 1; END $$;"
            );
            let stage = Trial::new(Server::shared(major), &source, &[&[FILL]]);
            arm(&stage.database);
            let ended = stage.apply(code);
            let state = if code == 0 { stage.forged.plan.target } else { stage.forged.state(0) };
            assert_eq!(stage.fingerprint(), state, "{major}: {way}: {ended:?}");
        }
    }
}

/// A constraint that is deferred is checked before COMMIT, and its failure is the plan's.
#[test]
fn deferred_constraints_fail_as_statements_do() {
    let source = format!(
        "{SOURCE} ALTER TABLE shop.items ADD FOREIGN KEY (order_id) REFERENCES shop.orders DEFERRABLE INITIALLY DEFERRED;
        CREATE FUNCTION shop.fill() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN {IF_ARMED}
            INSERT INTO shop.items VALUES (1, 7); END IF; RETURN 1; END $$;"
    );
    let stage = Trial::new(Server::shared(18), &source, &[&[FILL]]);
    arm(&stage.database);
    says(&stage.apply(5), &["[A0401]", "23503"]);
    assert_eq!(stage.fingerprint(), stage.forged.state(0));
}

/// A view that a phase replaces cannot be replaced by others in the meantime: the phase would undo that unseen.
#[test]
fn views_of_a_phase_are_locked_from_its_beginning() {
    const SLOW: &str = "ALTER TABLE shop.items ADD COLUMN what text";
    let phase: &[&str] = &[
        SLOW,
        "CREATE OR REPLACE VIEW shop.open AS SELECT id FROM shop.orders WHERE total > 0",
        "DROP MATERIALIZED VIEW shop.totals",
    ];
    for major in MAJORS {
        let stage = Trial::new(Server::shared(major), SOURCE, &[phase]);
        let stop = Stop { when: When::Before, sql: Some(SLOW.to_owned()), nth: 1 };
        let proxy = Proxy::pausing(stage.database.server(), stop);
        let child = stage.desk.spawn(&stage.database, proxy.host());
        assert!(proxy.wait_frozen(Duration::from_secs(60)));
        for hotfix in [
            "CREATE OR REPLACE VIEW shop.open AS SELECT id FROM shop.orders WHERE total > 1",
            "ALTER MATERIALIZED VIEW shop.totals RENAME TO sums",
        ] {
            let refused = stage.database.try_batch(&format!("SET lock_timeout = 300; {hotfix}")).unwrap_err();
            assert!(refused.contains("lock timeout"), "{major}: {refused}");
        }
        proxy.go_on();
        let ended = finish(child);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(stage.fingerprint(), stage.forged.plan.target);
    }
}

/// A lock that the role may not take by itself is taken by the statement that needs it.
#[test]
fn a_right_to_refer_is_enough_for_a_foreign_key() {
    let key = "ALTER TABLE shop.items ADD CONSTRAINT items_order FOREIGN KEY (order_id) REFERENCES shop.orders (id)";
    for major in [14, 18] {
        let server = Server::shared(major);
        let stage = Trial::new(server, SOURCE, &[&[key]]);
        stage.put(|plan| {
            let relation = "shop.orders".parse().unwrap();
            plan.phases[0].locks.retain(|lock| lock.relation != relation);
            plan.phases[0].locks.push(Lock { relation, mode: LockMode::ShareRowExclusive });
        });
        stage.database.batch(
            "DROP ROLE IF EXISTS guarded_role; CREATE ROLE guarded_role LOGIN; GRANT USAGE ON SCHEMA shop TO guarded_role;
             ALTER TABLE shop.items OWNER TO guarded_role; GRANT REFERENCES ON shop.orders TO guarded_role",
        );
        let mut options = stage.database.options();
        options[5] = "guarded_role".to_owned();
        let ended = stage.desk.apply_with(&options).expect(0);
        assert_eq!(stage.fingerprint(), stage.forged.plan.target, "{ended:?}");
        stage.database.batch("DROP OWNED BY guarded_role; DROP ROLE guarded_role");
    }
}

/// Whoever makes the ledger's schema or table in the instant before the agent does gets no rows, and their triggers never run.
#[test]
fn a_ledger_that_appears_in_between_is_not_trusted() {
    for first in ["CREATE SCHEMA pgseal", "CREATE TABLE pgseal.ledger ("] {
        let stage = Trial::new(Server::shared(18), SOURCE, &[&["COMMENT ON TABLE shop.items IS 'x'"]]);
        let stop = Stop { when: When::Before, sql: Some(first.to_owned()), nth: 1 };
        if first.starts_with("CREATE TABLE") {
            stage.database.batch("CREATE SCHEMA pgseal");
        }
        let proxy = Proxy::pausing(stage.database.server(), stop);
        let child = stage.desk.spawn(&stage.database, proxy.host());
        assert!(proxy.wait_frozen(Duration::from_secs(60)), "{:?}", proxy.requests());
        stage.database.batch(
            "DROP ROLE IF EXISTS guarded_mallory; CREATE ROLE guarded_mallory; CREATE SCHEMA IF NOT EXISTS pgseal;
             GRANT ALL ON SCHEMA pgseal TO guarded_mallory; SET ROLE guarded_mallory;
             CREATE TABLE pgseal.ledger (plan text, phase integer, event text, before text, checkpoint text, signers text[],
                 agent text, role text, began_at timestamptz, noted_at timestamptz);
             CREATE FUNCTION pgseal.grab() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN ALTER ROLE guarded_mallory SUPERUSER; RETURN NEW; END';
             CREATE TRIGGER grab BEFORE INSERT ON pgseal.ledger FOR EACH ROW EXECUTE FUNCTION pgseal.grab();
             GRANT ALL ON pgseal.ledger TO PUBLIC",
        );
        proxy.go_on();
        let ended = finish(child);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        says(&ended, &["[A0106]", "guarded_mallory"]);
        assert_eq!(stage.database.text("SELECT rolsuper FROM pg_roles WHERE rolname = 'guarded_mallory'"), "f");
        assert_eq!(stage.fingerprint(), stage.forged.state(0));
        stage.database.batch("DROP SCHEMA pgseal CASCADE; DROP OWNED BY guarded_mallory; DROP ROLE guarded_mallory");
    }
}

/// A statement that ends its session does so each time: it is not tried for ever, and not without a pause.
#[test]
fn a_statement_that_ends_its_session_is_not_tried_for_ever() {
    let source = format!(
        "{SOURCE} CREATE SEQUENCE shop.tries;
        CREATE FUNCTION shop.fill() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN {IF_ARMED}
            PERFORM nextval('shop.tries'), pg_terminate_backend(pg_backend_pid()); END IF; RETURN 1; END $$;"
    );
    let stage = Trial::new(Server::shared(18), &source, &[&[FILL]]);
    arm(&stage.database);
    let ended = stage.apply(1);
    says(&ended, &["[A0701]"]);
    assert_eq!(stage.database.text("SELECT last_value FROM shop.tries"), "4");
    assert_eq!(stage.fingerprint(), stage.forged.state(0));
}

/// A phase that changes nothing that shows, and a COMMIT without an answer: the ledger knows, and without one nobody does.
#[test]
fn doubt_is_settled_by_the_ledger_or_told() {
    let phases: &[&[&str]] =
        &[&["COMMENT ON TABLE shop.items IS 'of orders'"], &["COMMENT ON TABLE shop.items IS 'x'"]];
    for (ledger, when) in [(true, When::Answered), (true, When::Before), (false, When::Answered), (false, When::Before)]
    {
        let stage = Trial::new(Server::shared(18), SOURCE, phases);
        assert_eq!(stage.forged.state(0), stage.forged.state(1));
        let role = if ledger { "postgres" } else { "guarded_owner" };
        if !ledger {
            stage.database.batch(&format!(
                "DROP ROLE IF EXISTS guarded_owner; CREATE ROLE guarded_owner LOGIN; ALTER SCHEMA shop OWNER TO guarded_owner;
                 ALTER TABLE shop.items OWNER TO guarded_owner; REVOKE CREATE ON DATABASE \"{}\" FROM guarded_owner",
                stage.database.name()
            ));
        }
        let stop = Stop { when, sql: Some("COMMIT".to_owned()), nth: 1 };
        let proxy = Proxy::cutting(stage.database.server(), stop);
        // the longest that can be said is as good as any
        let more = ["--reconnect", "18446744073709551615"];
        let ended = finish(stage.desk.spawn_as(role, &stage.database, proxy.host(), &more));
        if ledger {
            assert_eq!(ended.code, Some(0), "{when:?}: {ended:?}");
            let receipt = stage.desk.expect_receipt(Outcome::Applied, 0);
            let phases: Vec<u32> = receipt.phases.iter().map(|phase| phase.phase).collect();
            assert_eq!(phases, [1, 2], "{when:?}");
            assert_eq!(stage.database.text("SELECT count(*) FROM pgseal.ledger"), "2");
        } else {
            assert_eq!(ended.code, Some(8), "{when:?}: {ended:?}");
            says(&ended, &["[A0702]", "phase 1"]);
            stage.desk.expect_receipt(Outcome::Failed, 8);
            stage.database.batch("DROP OWNED BY guarded_owner CASCADE; DROP ROLE guarded_owner");
        }
    }
}

/// What became of a COMMIT is told of the phase that it was of, also where a run goes on from the middle of a plan.
#[test]
fn doubt_is_settled_for_the_phase_that_it_is_of() {
    let phases: &[&[&str]] = &[
        &["COMMENT ON TABLE shop.items IS 'x'"],
        &["COMMENT ON TABLE shop.items IS 'y'"],
        &["COMMENT ON TABLE shop.items IS 'z'"],
    ];
    for when in [When::Before, When::Answered] {
        let stage = Trial::new(Server::shared(18), SOURCE, phases);
        stage.database.batch(phases[0][0]);
        let stop = Stop { when, sql: Some("COMMIT".to_owned()), nth: 1 };
        let proxy = Proxy::cutting(stage.database.server(), stop);
        let ended = finish(stage.desk.spawn_with(&stage.database, proxy.host(), &["--reconnect", "30"]));
        assert_eq!(ended.code, Some(0), "{when:?}: {ended:?}");
        assert_eq!(ended.err.matches("phase 2 of 3: committed").count(), 1, "{ended:?}");
        let receipt = stage.desk.expect_receipt(Outcome::Applied, 0);
        let phases: Vec<(u32, Digest)> = receipt.phases.iter().map(|phase| (phase.phase, phase.checkpoint)).collect();
        assert_eq!(phases, [(2, stage.forged.state(2)), (3, stage.forged.state(3))], "{when:?}");
        stage.desk.run("receipt verify receipt.json --trust trust.toml --plan plan.json").expect(0);
    }
}

/// What has a view's or materialized view's name by the time that it is locked is neither planned nor run.
#[test]
fn what_is_locked_by_its_name_is_not_run() {
    let phase: &[&str] = &["ALTER TABLE shop.items ADD COLUMN what text", "DROP MATERIALIZED VIEW shop.totals"];
    let source = format!(
        "{SOURCE} CREATE SEQUENCE public.calls;
        CREATE FUNCTION public.called(bigint) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
            $$ BEGIN PERFORM nextval('public.calls'); RETURN true; END $$;"
    );
    let stage = Trial::new(Server::shared(18), &source, &[phase]);
    // after the first look, before the lock
    let stop = Stop { when: When::Before, sql: Some("SAVEPOINT pgseal_lock; PREPARE".to_owned()), nth: 1 };
    let proxy = Proxy::pausing(stage.database.server(), stop);
    let child = stage.desk.spawn(&stage.database, proxy.host());
    assert!(proxy.wait_frozen(Duration::from_secs(60)), "{:?}", proxy.requests());
    stage.database.batch(
        "DROP MATERIALIZED VIEW shop.totals; CREATE VIEW shop.totals AS SELECT sum(total) FROM shop.orders WHERE public.called(1)",
    );
    proxy.go_on();
    let ended = finish(child);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    says(&ended, &["[A0302]", "shop.totals"]);
    assert_eq!(stage.database.text("SELECT is_called FROM public.calls"), "f");
}

/// A plan's end counts while it waits, too.
#[test]
fn a_plan_that_expires_while_it_waits_is_not_begun_again() {
    let stage = Trial::new(Server::shared(18), SOURCE, &[&["ALTER TABLE shop.items ADD COLUMN what text"]]);
    let soon = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap() + Duration::from_secs(4);
    stage.put(|plan| {
        plan.binding.expires = Some(soon.as_secs().try_into().unwrap());
        (plan.timeouts.lock_ms, plan.timeouts.lock_retries) = (200, 10_000);
    });
    let mut other = stage.database.connect();
    let mut held = other.transaction().unwrap();
    held.batch_execute("LOCK TABLE shop.items IN SHARE MODE").unwrap();
    says(&stage.apply(3), &["[A0111]", "phase 1: the plan expired"]);
    stage.desk.expect_receipt(Outcome::Refused, 3);
    held.rollback().unwrap();
    assert_eq!(stage.fingerprint(), stage.forged.state(0));
}

/// A standby is not where plans are applied, and that is said before anything is remembered of them.
#[test]
fn a_standby_is_refused() {
    for major in MAJORS {
        let server = Server::start(
            &Options::new(major)
                .setting("wal_level", "replica")
                .setting("max_wal_senders", "10")
                .setting("max_connections", "100")
                .file("standby.signal", ""),
        );
        let forged = forge(Server::shared(major), "", &[&["CREATE SCHEMA shop"]]);
        let desk = Desk::new(&forged.plan);
        let host = server.host().to_owned();
        let port = server.port().to_string();
        let options = ["--host", &host, "--port", &port, "--user", "postgres", "--db", "postgres"].map(str::to_owned);
        says(&desk.apply_with(&options).expect(1), &["[A0110]", "primary"]);
        desk.expect_receipt(Outcome::Failed, 1);
    }
}

const KEYS: &str = "CREATE SCHEMA app;
    CREATE TABLE app.p (id integer PRIMARY KEY, u integer CONSTRAINT p_u UNIQUE DEFERRABLE);
    CREATE TABLE app.c (p integer CONSTRAINT c_fk REFERENCES app.p);
    CREATE TABLE app.parted (id integer PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE app.parted_1 PARTITION OF app.parted FOR VALUES FROM (1) TO (10);
    CREATE TABLE app.of_parted (p integer CONSTRAINT of_parted_fk REFERENCES app.parted) PARTITION BY RANGE (p);
    CREATE TABLE app.of_parted_1 PARTITION OF app.of_parted FOR VALUES FROM (1) TO (10);";

/// Which triggers of which constraints are switched, by what the snapshot says.
fn switched(snapshot: &Snapshot) -> Vec<String> {
    let of = |fact: &Fact| match &fact.payload {
        Payload::Constraint(constraint) => constraint
            .switched
            .iter()
            .map(|trigger| format!("{} {} {} {:?}", fact.id, trigger.table, trigger.function.as_str(), trigger.enabled))
            .collect(),
        _ => Vec::new(),
    };
    snapshot.catalog.iter().flat_map(of).collect()
}

/// The server keeps foreign keys and deferrable keys by triggers of its own, which a superuser can switch off.
#[test]
fn constraints_that_are_switched_off_show() {
    for major in MAJORS {
        let server = Server::shared(major);
        let database = server.database("keys");
        database.batch(KEYS);
        let before = snapshot(&database).unwrap();
        assert_eq!(switched(&before), Vec::<String>::new());
        for (table, expected) in [
            (
                "c",
                &["constraint:app.c.c_fk app.c RI_FKey_check_ins", "constraint:app.c.c_fk app.c RI_FKey_check_upd"][..],
            ),
            (
                "p",
                &[
                    "constraint:app.c.c_fk app.p RI_FKey_noaction_del",
                    "constraint:app.c.c_fk app.p RI_FKey_noaction_upd",
                    "constraint:app.p.p_u app.p unique_key_recheck",
                ],
            ),
            (
                "of_parted_1",
                &[
                    "constraint:app.of_parted_1.of_parted_fk app.of_parted_1 RI_FKey_check_ins",
                    "constraint:app.of_parted_1.of_parted_fk app.of_parted_1 RI_FKey_check_upd",
                ],
            ),
            (
                "parted_1",
                &[
                    "constraint:app.of_parted.of_parted_fk app.parted_1 RI_FKey_noaction_del",
                    "constraint:app.of_parted.of_parted_fk app.parted_1 RI_FKey_noaction_upd",
                ],
            ),
        ] {
            database.batch(&format!("ALTER TABLE app.{table} DISABLE TRIGGER ALL"));
            let off = snapshot(&database).unwrap();
            let expected: Vec<String> = expected.iter().map(|trigger| format!("{trigger} Disabled")).collect();
            assert_eq!(switched(&off), expected, "{major}: {table}");
            assert_ne!(off.fingerprint(), before.fingerprint(), "{major}: {table}");
            let again = Snapshot::from_bytes(&off.to_bytes()).unwrap();
            assert_eq!(again.fingerprint(), off.fingerprint());
            // a schema cannot say so: what stays is refused by name, and a dump says what it leaves out
            let refused = plan(&off, KEYS).unwrap_err();
            assert!(refused.contains("is switched off in the database"), "{major}: {refused}");
            assert!(dump(&off).unwrap().contains("-- switched off in the database"));
            database.batch(&format!("ALTER TABLE app.{table} ENABLE TRIGGER ALL"));
            assert_eq!(snapshot(&database).unwrap().fingerprint(), before.fingerprint(), "{major}: {table}");
        }
        assert!(plan(&before, KEYS).unwrap().phases.is_empty());
        database.batch("ALTER TABLE app.c DISABLE TRIGGER ALL");
        let off = snapshot(&database).unwrap();
        let without = KEYS.replace(" CONSTRAINT c_fk REFERENCES app.p", "");
        migrate_in_place(&database, &off, &without).unwrap();
        for all in ["c", "p"] {
            let refused = plan(&before, &format!("{KEYS} ALTER TABLE app.{all} DISABLE TRIGGER ALL;")).unwrap_err();
            assert!(refused.contains("DISABLE TRIGGER USER"), "{refused}");
        }
        let user = format!("{KEYS} ALTER TABLE app.c DISABLE TRIGGER USER;");
        assert!(plan(&before, &user).unwrap().phases.is_empty());
    }
}

#[test]
fn a_plan_does_not_switch_constraints_off_behind_its_promise() {
    let stage = Trial::new(Server::shared(18), KEYS, &[&["COMMENT ON TABLE app.c IS 'c'"]]);
    let mut plan = stage.forged.plan.clone();
    let mut step = plan.phases[0].steps[0].clone();
    step.sql = "ALTER TABLE app.c DISABLE TRIGGER ALL".to_owned();
    plan.phases[0].steps.push(step);
    stage.desk.put(&plan);
    says(&stage.apply(6), &["[A0501]", "constraint c_fk switched"]);
    assert_eq!(stage.fingerprint(), stage.forged.state(0));
}
