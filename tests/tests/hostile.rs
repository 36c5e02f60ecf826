//! Roles, databases and neighbours that are set up to change what a plan does: it does the same, or nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ops::Deref;

use pgseal_catalog::Name;
use pgseal_catalog::receipt::Outcome;
use pgseal_tests::faults::{Desk, Trial, forge};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::program::{Ended, says};
use pgseal_tests::server::{MAJORS, Server};

const SOURCE: &str = "
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id integer PRIMARY KEY, total numeric);
CREATE FUNCTION shop.fee(numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 0.1';
INSERT INTO shop.orders SELECT n, n FROM generate_series(1, 10) n";

/// Names that mean what they mean in schema `shop`, and values that a setting could change.
const PHASES: &[&[&str]] = &[
    &[
        "ALTER TABLE orders ADD COLUMN placed date DEFAULT '02/03/2026'",
        "ALTER TABLE orders ADD CONSTRAINT fair CHECK (fee(total) <= total)",
        "CREATE TABLE items (id integer REFERENCES orders, what text DEFAULT E'a\\nb')",
        "CREATE FUNCTION later() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM not_there_yet'",
        "CREATE TABLE not_there_yet (a timestamptz DEFAULT '2026-01-01 12:00')",
    ],
    &["CREATE INDEX CONCURRENTLY orders_placed ON orders (placed)"],
    &["CREATE VIEW dear AS SELECT * FROM orders WHERE lower(total::text) > 'a'"],
];

/// The same with every name in full, as the promise is made from it.
const QUALIFIED: &[&[&str]] = &[
    &[
        "ALTER TABLE shop.orders ADD COLUMN placed date DEFAULT '02/03/2026'",
        "ALTER TABLE shop.orders ADD CONSTRAINT fair CHECK (shop.fee(total) <= total)",
        "CREATE TABLE shop.items (id integer REFERENCES shop.orders, what text DEFAULT E'a\\nb')",
        "CREATE FUNCTION shop.later() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM not_there_yet'",
        "CREATE TABLE shop.not_there_yet (a timestamptz DEFAULT '2026-01-01 12:00')",
    ],
    &["CREATE INDEX CONCURRENTLY orders_placed ON shop.orders (placed)"],
    &["CREATE VIEW shop.dear AS SELECT * FROM shop.orders WHERE pg_catalog.lower(total::text) > 'a'"],
];

struct Stage(Trial<'static>);

impl Deref for Stage {
    type Target = Trial<'static>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Stage {
    /// A plan whose names mean what they mean in `shop`, and the role that is to apply it: it owns what it changes, no more.
    fn new(server: &'static Server, role: &str) -> Stage {
        let mut forged = forge(server, SOURCE, QUALIFIED);
        for (phase, statements) in forged.plan.phases.iter_mut().zip(PHASES) {
            phase.search_path = vec![Name::new("shop").unwrap()];
            for (step, sql) in phase.steps.iter_mut().zip(*statements) {
                step.sql = (*sql).to_owned();
            }
        }
        let database = server.database("hostile");
        let admin = format!(
            "DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE \"{}\" TO {role}",
            database.name()
        );
        database.batch(&admin);
        database.batch(&format!("SET SESSION AUTHORIZATION {role}; {SOURCE}"));
        Stage(Trial { database, desk: Desk::new(&forged.plan), forged })
    }

    fn apply_as(&self, role: &str) -> Ended {
        self.apply_as_with(role, &[])
    }

    fn apply_as_with(&self, role: &str, more: &[&str]) -> Ended {
        let mut connection = self.database.options();
        connection[5] = role.to_owned();
        connection.extend(more.iter().map(|word| (*word).to_owned()));
        self.desk.apply_with(&connection)
    }

    /// Who owns what the plan and the agent made.
    fn owners(&self) -> Vec<String> {
        self.database.texts(
            "SELECT relnamespace::regnamespace || '.' || relname || ' ' || relowner::regrole FROM pg_class
             WHERE oid IN (to_regclass('shop.items'), to_regclass('shop.dear'), to_regclass('pgseal.ledger')) ORDER BY 1",
        )
    }

    fn expect_target(&self) {
        self.desk.expect_receipt(Outcome::Applied, 0);
        assert_eq!(snapshot(&self.database).unwrap().fingerprint(), self.forged.plan.target);
    }

    fn end(self, role: &str) {
        self.database.batch(&format!("REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}"));
        let server = self.database.server();
        drop(self.0.database);
        server.connect("postgres").batch_execute(&format!("DROP ROLE {role}")).unwrap();
    }
}

/// Every setting of a role or database that could get in the way.
#[test]
fn settings_of_role_and_database_change_nothing() {
    const ROLE: &str = "hostile_settings";
    for major in MAJORS {
        let stage = Stage::new(Server::shared(major), ROLE);
        let database = stage.database.name();
        let mut settings = vec![
            ("search_path", "evil, shop, pg_catalog"),
            ("default_transaction_read_only", "on"),
            ("default_transaction_isolation", "serializable"),
            ("default_transaction_deferrable", "on"),
            ("check_function_bodies", "on"),
            ("row_security", "on"),
            ("DateStyle", "SQL, DMY"),
            ("TimeZone", "Asia/Tokyo"),
            ("IntervalStyle", "iso_8601"),
            ("standard_conforming_strings", "off"),
            ("backslash_quote", "off"),
            ("quote_all_identifiers", "on"),
            ("transform_null_equals", "on"),
            ("array_nulls", "off"),
            ("bytea_output", "escape"),
            ("extra_float_digits", "-15"),
            ("xmloption", "document"),
            ("client_min_messages", "debug5"),
            ("statement_timeout", "1ms"),
            ("lock_timeout", "1ms"),
            ("idle_in_transaction_session_timeout", "1ms"),
            ("idle_session_timeout", "100ms"),
            ("synchronous_commit", "off"),
            ("enable_seqscan", "off"),
        ];
        if major >= 17 {
            settings.push(("transaction_timeout", "50ms"));
        }
        for (number, (name, value)) in settings.iter().enumerate() {
            let whose = match number % 3 {
                0 => format!("ROLE {ROLE}"),
                1 => format!("ROLE {ROLE} IN DATABASE \"{database}\""),
                _ => format!("DATABASE \"{database}\""),
            };
            let value = if *name == "search_path" { (*value).to_owned() } else { format!("'{value}'") };
            let mut admin = stage.database.server().connect("postgres");
            admin.batch_execute(&format!("ALTER {whose} SET {name} = {value}")).unwrap();
        }
        // what comes first in the path of the role, with the names of the plan; it is in a schema that is in no scope
        let mut admin = stage.database.server().connect(database);
        admin
            .batch_execute(&format!(
                "SET default_transaction_read_only = off; SET search_path = ''; CREATE SCHEMA pgseal_evil;
                 GRANT ALL ON SCHEMA pgseal_evil TO PUBLIC;
                 CREATE TABLE pgseal_evil.orders (id integer PRIMARY KEY, total numeric);
                 CREATE FUNCTION pgseal_evil.fee(numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 9';
                 CREATE FUNCTION pgseal_evil.lower(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
                 CREATE FUNCTION pgseal_evil.current_database() RETURNS name LANGUAGE sql AS 'SELECT ''x''::name';
                 ALTER ROLE {ROLE} IN DATABASE \"{database}\" SET search_path = pgseal_evil, shop, pg_catalog"
            ))
            .unwrap();
        drop(admin);
        stage.apply_as(ROLE).expect(0);
        let mut admin = stage.database.server().connect("postgres");
        admin.batch_execute(&format!("ALTER DATABASE \"{database}\" RESET ALL")).unwrap();
        stage.expect_target();
        assert_eq!(
            stage.database.text("SELECT count(*) FROM pg_class WHERE relnamespace = 'pgseal_evil'::regnamespace"),
            "2"
        );
        stage.end(ROLE);
    }
}

/// Triggers that are switched off by the role's settings are switched on again, or the plan is refused.
#[test]
fn a_session_in_which_triggers_do_not_fire_is_mended_or_refused() {
    const ROLE: &str = "hostile_replica";
    for major in [14, 18] {
        let stage = Stage::new(Server::shared(major), ROLE);
        stage.database.batch(&format!("ALTER ROLE {ROLE} SET session_replication_role = replica"));
        let ended = stage.apply_as(ROLE).expect(1);
        assert!(ended.err.contains("[A0108]"), "{ended:?}");
        stage.database.batch(&format!("ALTER ROLE {ROLE} SUPERUSER"));
        stage.apply_as(ROLE).expect(0);
        stage.expect_target();
        stage.end(ROLE);
    }
}

/// An event trigger that adds something is found in the result; one that refuses makes the statement fail.
#[test]
fn event_triggers_cannot_change_what_is_done() {
    const ROLE: &str = "hostile_events";
    for major in [14, 18] {
        let stage = Stage::new(Server::shared(major), ROLE);
        stage.database.batch("CREATE SCHEMA pgseal_trap");
        for (body, code) in [
            ("EXECUTE ''ALTER TABLE shop.orders ALTER COLUMN total SET DEFAULT 1''", 6),
            ("EXECUTE ''COMMENT ON SCHEMA shop IS ''''x''''''", 6),
            ("SET LOCAL search_path = pgseal_trap; RAISE EXCEPTION ''no''", 5),
        ] {
            stage.database.batch(&format!(
                "CREATE FUNCTION pgseal_trap.trap() RETURNS event_trigger SECURITY DEFINER LANGUAGE plpgsql AS 'BEGIN {body}; END';
                 CREATE EVENT TRIGGER trap ON ddl_command_end WHEN TAG IN ('CREATE FUNCTION') EXECUTE FUNCTION pgseal_trap.trap()"
            ));
            let ended = stage.apply_as(ROLE);
            assert_eq!(ended.code, Some(code), "{major}: {body}: {ended:?}");
            assert_eq!(snapshot(&stage.database).unwrap().fingerprint(), stage.forged.state(0), "{major}: {body}");
            stage.database.batch("DROP EVENT TRIGGER trap; DROP FUNCTION pgseal_trap.trap()");
        }
        stage.apply_as(ROLE).expect(0);
        stage.expect_target();
        stage.database.batch("DROP SCHEMA pgseal_trap");
        stage.end(ROLE);
    }
}

/// Who can set a role for the database does not get what the agent makes.
#[test]
fn a_role_that_the_database_sets_is_not_acted_as() {
    const ROLE: &str = "hostile_owner";
    for major in MAJORS {
        let stage = Stage::new(Server::shared(major), ROLE);
        let set = format!("ALTER DATABASE \"{}\" SET role = '{ROLE}'", stage.database.name());
        stage.database.batch(&set);
        stage.apply_as("postgres").expect(0);
        // a session there would begin as that role
        let reset = format!("ALTER DATABASE \"{}\" RESET role", stage.database.name());
        stage.database.server().connect("postgres").batch_execute(&reset).unwrap();
        stage.expect_target();
        let expected = ["pgseal.ledger postgres", "shop.dear postgres", "shop.items postgres"];
        assert_eq!(stage.owners(), expected, "{major}");
        stage.end(ROLE);
    }
}

/// A member that has none of the owner's rights by itself acts as the owner where that is asked for.
#[test]
fn a_member_acts_as_the_owner() {
    const ROLE: &str = "hostile_group";
    const MEMBER: &str = "hostile_member";
    for major in MAJORS {
        let stage = Stage::new(Server::shared(major), ROLE);
        stage.database.batch(&format!(
            "DROP ROLE IF EXISTS {MEMBER}; CREATE ROLE {MEMBER} LOGIN NOINHERIT; GRANT {ROLE} TO {MEMBER}"
        ));
        stage.apply_as(MEMBER).expect(5);
        says(&stage.apply_as_with(MEMBER, &["--role", "hostile_nobody"]).expect(1), &["[C0113]", "hostile_nobody"]);
        let foreign = stage.apply_as_with(ROLE, &["--role", "postgres"]).expect(1);
        says(&foreign, &["[C0113]", "could not act as role \"postgres\"", "is a member of"]);
        // what the user's own session waits for is seen
        stage.desk.put(&stage.changed(|plan| (plan.timeouts.lock_ms, plan.timeouts.lock_retries) = (3_000, 0)));
        let mut other = stage.database.connect();
        let mut held = other.transaction().unwrap();
        held.batch_execute("LOCK TABLE shop.orders IN ACCESS SHARE MODE").unwrap();
        let ended = stage.apply_as_with(MEMBER, &["--role", ROLE]).expect(7);
        says(&ended, &["a lock on shop.orders was not granted"]);
        held.rollback().unwrap();
        stage.apply_as_with(MEMBER, &["--role", ROLE]).expect(0);
        stage.expect_target();
        assert_eq!(stage.owners(), ["pgseal.ledger", "shop.dear", "shop.items"].map(|name| format!("{name} {ROLE}")));
        stage.database.batch(&format!("DROP ROLE {MEMBER}"));
        stage.end(ROLE);
    }
}
