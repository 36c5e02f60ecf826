//! DDL of others at the same time: what it is, how it is undone, and a session that runs it while an agent is at work.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::server::Database;

/// A statement that changes what is in the scope of the plan in every one of its states, and one that takes exactly that back.
#[derive(Debug, Clone, Copy)]
pub struct Ddl {
    /// What is done.
    pub change: &'static str,
    /// What undoes it.
    pub undo: &'static str,
    /// How the agent calls the object that differs.
    pub object: &'static str,
}

const fn ddl(change: &'static str, undo: &'static str, object: &'static str) -> Ddl {
    Ddl { change, undo, object }
}

/// What strangers do: to what the plans touch, to what they use, to what they leave alone, and beside them.
pub const DDL: [Ddl; 12] = [
    ddl("CREATE TABLE shop.stranger (a integer PRIMARY KEY)", "DROP TABLE shop.stranger", "table shop.stranger"),
    ddl(
        "ALTER TABLE shop.orders ADD COLUMN stranger integer",
        "ALTER TABLE shop.orders DROP COLUMN stranger",
        "table shop.orders",
    ),
    ddl(
        "CREATE OR REPLACE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN OLD; END$$",
        "CREATE OR REPLACE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$",
        "function shop.touch",
    ),
    ddl("CREATE INDEX stranger ON shop.customers (name)", "DROP INDEX shop.stranger", "index shop.stranger"),
    ddl("DROP VIEW shop.beside", "CREATE VIEW shop.beside AS SELECT 1 AS one", "view shop.beside"),
    ddl(
        "ALTER DOMAIN shop.email ADD CONSTRAINT stranger CHECK (VALUE <> '')",
        "ALTER DOMAIN shop.email DROP CONSTRAINT stranger",
        "domain shop.email",
    ),
    ddl(
        "COMMENT ON COLUMN shop.customers.id IS 'stranger'",
        "COMMENT ON COLUMN shop.customers.id IS NULL",
        "table shop.customers",
    ),
    ddl(
        "ALTER TYPE shop.state RENAME VALUE 'new' TO 'stranger'",
        "ALTER TYPE shop.state RENAME VALUE 'stranger' TO 'new'",
        "type shop.state",
    ),
    ddl(
        "ALTER SEQUENCE shop.numbers INCREMENT BY 2",
        "ALTER SEQUENCE shop.numbers INCREMENT BY 1",
        "sequence shop.numbers",
    ),
    ddl(
        "ALTER TABLE shop.customers RENAME COLUMN name TO stranger",
        "ALTER TABLE shop.customers RENAME COLUMN stranger TO name",
        "table shop.customers",
    ),
    ddl("CREATE SCHEMA stranger", "DROP SCHEMA stranger", "schema stranger"),
    ddl(
        "CREATE TRIGGER stranger AFTER INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch()",
        "DROP TRIGGER stranger ON shop.orders",
        "table shop.orders",
    ),
];

/// A stranger's session that runs a statement.
#[derive(Debug)]
pub struct Stranger {
    done: Receiver<Result<(), String>>,
    pid: i32,
}

impl Stranger {
    /// Lets a stranger run a statement in a database, for as long as it takes.
    ///
    /// # Panics
    /// When the server lets nobody in.
    pub fn starts(database: &Database<'_>, ddl: Ddl) -> Stranger {
        let mut client = database.connect();
        let pid = client.query_one("SELECT pg_backend_pid()", &[]).expect("a session").get(0);
        let (sender, done) = channel();
        thread::spawn(move || {
            let ran = client.batch_execute(ddl.change).map_err(|error| {
                error
                    .as_db_error()
                    .map_or_else(|| error.to_string(), |error| format!("{} {error}", error.code().code()))
            });
            // the session ends before anybody hears of it
            drop(client);
            sender.send(ran).ok();
        });
        Stranger { done, pid }
    }

    /// Waits until the statement is done or waits for a lock.
    pub fn is_done_or_waits(&self, database: &Database<'_>) -> Option<Result<(), String>> {
        let waits = format!("SELECT EXISTS (SELECT FROM pg_locks WHERE pid = {} AND NOT granted)", self.pid);
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end {
            if let Ok(ran) = self.done.recv_timeout(Duration::from_millis(10)) {
                return Some(ran);
            }
            if database.text(&waits) == "t" {
                return None;
            }
        }
        None
    }

    /// Waits until it is done.
    ///
    /// # Errors
    /// Why it failed, with the SQLSTATE first.
    pub fn ends(self) -> Result<(), String> {
        self.done.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| Err("it did not end".to_owned()))
    }
}
