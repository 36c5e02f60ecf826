//! The ledger in the database: what it says, that a plan is used once, and that a ledger of somebody else's is not touched.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ops::Deref;

use pgseal_catalog::Digest;
use pgseal_catalog::plan::Plan;
use pgseal_catalog::receipt::Outcome;
use pgseal_keys::key_file;
use pgseal_tests::faults::{Trial, forge};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::program::{run_agent, says};
use pgseal_tests::server::{MAJORS, Server};

const SOURCE: &str = "CREATE SCHEMA shop; CREATE TABLE shop.orders (id integer PRIMARY KEY)";
const PHASES: &[&[&str]] =
    &[&["ALTER TABLE shop.orders ADD COLUMN note text"], &["CREATE INDEX orders_note ON shop.orders (note)"]];
const BACK: &str = "ALTER TABLE shop.orders DROP COLUMN note";

struct Stage(Trial<'static>);

impl Deref for Stage {
    type Target = Trial<'static>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Stage {
    fn new(major: u16) -> Stage {
        Stage(Trial::new(Server::shared(major), SOURCE, PHASES))
    }

    fn rows(&self) -> String {
        self.database.text("SELECT count(*) FROM pgseal.ledger")
    }

    fn policy(&self, lines: &str) {
        let policy = String::from_utf8(self.desk.bytes("trust.toml")).unwrap();
        let policy = policy.replacen("threshold = 1", &format!("threshold = 1\n{lines}"), 1);
        self.desk.write("trust.toml", policy.as_bytes());
    }
}

#[test]
fn it_says_what_was_run_and_who_signed_it() {
    for major in MAJORS {
        let stage = Stage::new(major);
        stage.apply(0);
        assert!(stage.desk.receipt().phases.iter().all(|phase| !phase.without_ledger));
        let plan = Digest::of(&stage.desk.bytes("plan.json"));
        let id = key_file::read_public(&stage.desk.path("alice.pub.pem")).unwrap().id();
        let rows = stage.database.texts(
            "SELECT concat_ws(' ', plan, phase, event, before, checkpoint, agent, role, signers) FROM pgseal.ledger \
             WHERE began_at <= noted_at ORDER BY noted_at",
        );
        let (state, version) = (|phases| stage.forged.state(phases), env!("CARGO_PKG_VERSION"));
        let row = |phase: usize| {
            let (before, after) = (state(phase - 1), state(phase));
            format!("{plan} {phase} committed {before} {after} {version} postgres {{\"alice {id}\"}}")
        };
        assert_eq!(rows, [row(1), row(2)], "{major}");
    }
}

#[test]
fn a_plan_is_used_once() {
    for major in MAJORS {
        let stage = Stage::new(major);
        stage.apply(0);
        // at the target it is no use, only nothing to do
        stage.apply(0);
        stage.desk.expect_receipt(Outcome::NothingToDo, 0);
        stage.database.batch(BACK);
        assert_eq!(stage.fingerprint(), stage.forged.state(0));
        let ended = stage.apply(3);
        says(&ended, &["[A0107]", "phase 1"]);
        stage.desk.expect_receipt(Outcome::Refused, 3);
        assert_eq!(stage.desk.check(&stage.database).expect(3).err, ended.err);
        assert_eq!((stage.fingerprint(), stage.rows()), (stage.forged.state(0), "2".to_owned()), "{major}");
        // the same for a part of it
        stage.database.batch("ALTER TABLE shop.orders ADD COLUMN note text");
        says(&stage.apply(3), &["[A0107]", "phase 2"]);
        stage.database.batch(BACK);

        let mut again: Plan = stage.forged.plan.clone();
        again.binding.reusable = true;
        stage.desk.put(&again);
        for rows in ["4", "6"] {
            stage.apply(0);
            stage.desk.expect_receipt(Outcome::Applied, 0);
            assert_eq!((stage.fingerprint(), stage.rows()), (again.target, rows.to_owned()), "{major}");
            stage.database.batch(BACK);
        }
    }
}

/// A run that stopped in the middle is no use before: its rows are of phases that are there.
#[test]
fn a_run_that_stopped_is_continued() {
    let stage = Stage::new(18);
    let mut held = stage.database.connect();
    stage.database.batch("CREATE TABLE public.beside ()");
    says(&stage.apply(4), &["[A0301]"]);
    stage.database.batch("DROP TABLE public.beside");
    let mut failing = stage.forged.plan.clone();
    failing.phases[1].steps[0].sql = "CREATE INDEX orders_note ON shop.orders (missing)".to_owned();
    stage.desk.put(&failing);
    stage.apply(5);
    assert_eq!(stage.fingerprint(), stage.forged.state(1));
    assert_eq!(stage.rows(), "1");
    stage.apply(5);
    held.batch_execute("ALTER TABLE shop.orders ADD COLUMN missing text").unwrap();
    stage.apply(4);
}

#[test]
fn a_ledger_of_somebody_else_is_not_touched() {
    for major in [14, 18] {
        let stage = Stage::new(major);
        let admin = |sql: &str| stage.database.batch(sql);
        admin("DROP ROLE IF EXISTS ledger_mallory; CREATE ROLE ledger_mallory");
        // a trigger of the table would run as whoever applies
        admin(
            "CREATE SCHEMA pgseal AUTHORIZATION ledger_mallory; SET ROLE ledger_mallory; \
             CREATE TABLE pgseal.ledger (plan text, phase integer, event text, before text, checkpoint text, signers text[], \
                 agent text, role text, began_at timestamptz, noted_at timestamptz); \
             CREATE FUNCTION pgseal.grab() RETURNS trigger LANGUAGE plpgsql AS \
                 'BEGIN ALTER ROLE ledger_mallory SUPERUSER; RETURN NEW; END'; \
             CREATE TRIGGER grab BEFORE INSERT ON pgseal.ledger FOR EACH ROW EXECUTE FUNCTION pgseal.grab()",
        );
        let before = stage.fingerprint();
        for command in ["apply", "check"] {
            let arguments = stage.desk.arguments(command, &stage.database.options());
            says(&run_agent(&stage.desk.path(""), arguments).expect(3), &["[A0106]", "ledger_mallory"]);
        }
        // the same for the schema alone, whose owner could drop what is in it
        admin("DROP TABLE pgseal.ledger");
        says(&stage.apply(3), &["[A0106]", "ledger_mallory"]);
        assert_eq!((stage.fingerprint(), stage.rows_there()), (before, "0".to_owned()));
        assert_eq!(stage.database.text("SELECT rolsuper FROM pg_roles WHERE rolname = 'ledger_mallory'"), "f");
        admin("DROP SCHEMA pgseal CASCADE; DROP ROLE ledger_mallory");

        for shape in ["CREATE TABLE pgseal.ledger (a integer)", "CREATE VIEW pgseal.ledger AS SELECT 1 AS plan"] {
            admin(&format!("CREATE SCHEMA pgseal; {shape}"));
            says(&stage.apply(3), &["[A0106]", "this version"]);
            admin("DROP SCHEMA pgseal CASCADE");
        }
        stage.apply(0);
    }
}

impl Stage {
    fn rows_there(&self) -> String {
        self.database.text("SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('pgseal')")
    }
}

/// What others may do with what the agent makes does not run with the agent's rights, nor do they take rows away.
#[test]
fn nobody_else_writes_a_new_ledger_or_hangs_a_trigger_on_it() {
    for major in MAJORS {
        let stage = Stage::new(major);
        stage.database.batch(
            "DROP ROLE IF EXISTS ledger_reader; CREATE ROLE ledger_reader;
             ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO ledger_reader, PUBLIC;
             ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO ledger_reader",
        );
        stage.apply(0);
        let rights = "SELECT privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
             AS privilege WHERE has_table_privilege('ledger_reader', 'pgseal.ledger', privilege)";
        assert_eq!(stage.database.texts(rights), ["SELECT"], "{major}");
        stage.database.batch(
            "ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM ledger_reader, PUBLIC;
             DROP OWNED BY ledger_reader; DROP ROLE ledger_reader",
        );
    }
}

/// What writing to the ledger sets off would run in the transaction of a phase.
#[test]
fn a_ledger_that_sets_something_off_is_not_written() {
    for major in [14, 18] {
        let stage = Stage::new(major);
        stage.database.batch(
            "CREATE SCHEMA pgseal; CREATE TABLE pgseal.ledger (plan text NOT NULL, phase int NOT NULL, event text NOT NULL,
                 before text NOT NULL, checkpoint text NOT NULL, signers text[] NOT NULL, agent text NOT NULL,
                 role text NOT NULL DEFAULT SESSION_USER, began_at timestamptz NOT NULL DEFAULT now(),
                 noted_at timestamptz NOT NULL DEFAULT clock_timestamp());",
        );
        for (made, undo) in [
            (
                "CREATE FUNCTION pgseal.grab() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DROP TABLE shop.orders; RETURN NEW; END';
                 CREATE TRIGGER grab BEFORE INSERT ON pgseal.ledger FOR EACH ROW EXECUTE FUNCTION pgseal.grab()",
                "DROP TRIGGER grab ON pgseal.ledger",
            ),
            (
                "CREATE RULE grab AS ON INSERT TO pgseal.ledger DO ALSO DELETE FROM shop.orders",
                "DROP RULE grab ON pgseal.ledger",
            ),
            (
                "ALTER TABLE pgseal.ledger ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE pgseal.ledger DISABLE ROW LEVEL SECURITY",
            ),
        ] {
            stage.database.batch(made);
            for command in ["apply", "check"] {
                let arguments = stage.desk.arguments(command, &stage.database.options());
                says(&run_agent(&stage.desk.path(""), arguments).expect(3), &["[A0106]", "triggers"]);
            }
            assert_eq!(stage.fingerprint(), stage.forged.state(0), "{major}: {made}");
            stage.database.batch(undo);
        }
        stage.applies();
    }
}

/// A role that may write the ledger and not read it does not know whether the plan was used before.
#[test]
fn a_ledger_that_cannot_be_read_is_none() {
    let stage = Stage::new(18);
    let other = forge(stage.database.server(), SOURCE, &[&["CREATE TABLE shop.more ()"]]);
    stage.apply(0);
    stage.database.batch(BACK);
    stage.database.batch(
        "DROP ROLE IF EXISTS ledger_writer; CREATE ROLE ledger_writer LOGIN; GRANT USAGE ON SCHEMA pgseal TO ledger_writer; \
         GRANT INSERT ON pgseal.ledger TO ledger_writer; GRANT ALL ON SCHEMA shop TO ledger_writer",
    );
    let mut connection = stage.database.options();
    connection[5] = "ledger_writer".to_owned();
    stage.desk.put(&other.plan);
    stage.policy("require_ledger = true");
    says(&stage.desk.apply_with(&connection).expect(3), &["[A0105]"]);
    stage.database.batch("GRANT SELECT ON pgseal.ledger TO ledger_writer");
    stage.desk.apply_with(&connection).expect(0);
    assert_eq!(stage.database.text("SELECT role FROM pgseal.ledger ORDER BY noted_at DESC LIMIT 1"), "ledger_writer");
    stage.database.batch("DROP OWNED BY ledger_writer; DROP ROLE ledger_writer");
}

/// The rights that README lists, each of which is needed; without more there is no ledger, which is told.
#[test]
fn a_role_with_the_listed_rights_applies() {
    const OTHERS: &str = "CREATE SCHEMA app; CREATE TABLE app.others (id integer PRIMARY KEY);
        CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TYPE app.state AS ENUM ('new');
        CREATE TABLE app.own (id integer)";
    const MAKES: &[&[&str]] = &[&[
        "CREATE TABLE app.made (a integer REFERENCES app.others, b app.state)",
        "ALTER TABLE app.own ADD COLUMN more integer",
        "CREATE TRIGGER t BEFORE INSERT ON app.own FOR EACH ROW EXECUTE FUNCTION app.f()",
    ]];
    for major in MAJORS {
        let trial = Trial::new(Server::shared(major), OTHERS, MAKES);
        trial.database.batch(
            "DROP ROLE IF EXISTS ledger_exact; CREATE ROLE ledger_exact LOGIN; ALTER TABLE app.own OWNER TO ledger_exact;
             REVOKE ALL ON FUNCTION app.f() FROM PUBLIC; REVOKE ALL ON TYPE app.state FROM PUBLIC",
        );
        let grants = [
            "USAGE ON SCHEMA app",
            "CREATE ON SCHEMA app",
            "REFERENCES ON app.others",
            "EXECUTE ON FUNCTION app.f()",
            "USAGE ON TYPE app.state",
        ];
        let mut connection = trial.database.options();
        connection[5] = "ledger_exact".to_owned();
        for left_out in grants {
            for grant in grants.iter().filter(|grant| **grant != left_out) {
                trial.database.batch(&format!("GRANT {grant} TO ledger_exact"));
            }
            trial.desk.apply_with(&connection).expect(5);
            assert_eq!(trial.fingerprint(), trial.forged.state(0), "{major}: {left_out}");
            for grant in grants {
                trial.database.batch(&format!("REVOKE {grant} FROM ledger_exact"));
            }
        }
        for grant in grants {
            trial.database.batch(&format!("GRANT {grant} TO ledger_exact"));
        }
        let checked = run_agent(&trial.desk.path(""), trial.desk.arguments("check", &connection)).expect(0);
        says(&checked, &["the role may not keep the ledger", "can be applied"]);
        says(&trial.desk.apply_with(&connection).expect(0), &["phase 1: the role may not keep the ledger"]);
        assert!(trial.desk.expect_receipt(Outcome::Applied, 0).phases[0].without_ledger);
        assert!(trial.is_at_target(), "{major}");
        trial.database.batch("DROP OWNED BY ledger_exact; DROP ROLE ledger_exact");
    }
}

#[test]
fn the_policy_says_in_which_schema_it_is() {
    for major in [14, 18] {
        let stage = Stage::new(major);
        stage.policy("ledger_schema = \"pgseal_ops\"");
        let before = stage.fingerprint();
        stage.apply(0);
        assert_eq!(stage.fingerprint(), stage.forged.plan.target, "{major}: it is in no fingerprint");
        assert_eq!(stage.database.text("SELECT count(*) FROM pgseal_ops.ledger"), "2");
        assert_eq!(stage.rows_there(), "0");
        stage.database.batch(BACK);
        assert_eq!(stage.fingerprint(), before);
        says(&stage.apply(3), &["[A0107]"]);
        let captured = snapshot(&stage.database).unwrap();
        assert!(
            !String::from_utf8_lossy(&captured.to_bytes()).contains("pgseal_ops"),
            "{major}: nothing of it is captured"
        );
    }
}
