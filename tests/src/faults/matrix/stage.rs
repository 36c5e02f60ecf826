//! A plan ready to be applied on one server, and each run of it: a copy of the database and of the agent's folder.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use pgseal_catalog::receipt::Receipt;

use super::Play;
use super::plays::{OWNER, ROWS};
use crate::faults::{Desk, Exchange, Forged, Proxy, forge};
use crate::program::{Ended, agent};
use crate::server::{Database, Server};

/// A plan on a server, and how a run of it goes when nothing is in its way.
#[derive(Debug)]
pub struct Stage<'server> {
    /// The plan's shape.
    pub play: Play,
    /// The plan.
    pub forged: Forged,
    template: Database<'server>,
    desk: Desk,
    /// The requests of an undisturbed run.
    pub exchanges: Vec<Exchange>,
    /// The first of them (from 1) after which the agent replaces a connection that it loses.
    pub begun: usize,
    /// The bytes of its memory and of its receipt.
    pub written: (usize, usize),
    /// The rows that must stay.
    pub rows: String,
}

impl<'server> Stage<'server> {
    /// Makes the plan, and runs it once.
    ///
    /// # Panics
    /// When anything of that fails.
    pub fn new(server: &'server Server, play: Play, keys: &Desk) -> Stage<'server> {
        if play == Play::Unledgered {
            let role =
                format!("DO $$BEGIN IF to_regrole('{OWNER}') IS NULL THEN CREATE ROLE {OWNER} LOGIN; END IF; END$$");
            server.connect("postgres").batch_execute(&role).expect("a role");
        }
        let mut forged = forge(server, &play.source(), play.phases());
        for (index, phase) in forged.plan.phases.iter_mut().enumerate() {
            phase.transaction = !play.is_outside(index + 1);
        }
        // who waits for a lock does not do so for long
        (forged.plan.timeouts.lock_ms, forged.plan.timeouts.lock_retries) = (200, 1);
        let desk = keys.again();
        desk.put(&forged.plan);
        for folder in ["state", "receipts"] {
            fs::remove_dir_all(desk.path(folder)).ok();
        }
        let template = forged.database(server);
        let rows = template.text(ROWS);
        let mut stage = Stage { play, forged, template, desk, exchanges: Vec::new(), begun: 0, written: (0, 0), rows };
        stage.learn();
        stage
    }

    fn learn(&mut self) {
        let proxy = Proxy::start(self.server(), None);
        let site = self.site();
        let ended = finish(site.spawn(proxy.host(), &[]));
        assert_eq!(ended.code, Some(0), "{} on {}: {ended:?}", self.play.word(), self.server().major());
        let exchanges = proxy.exchanges();
        let begun = exchanges.iter().position(|exchange| exchange.sql.starts_with("SET lock_timeout"));
        let length = |name: &str| site.desk.bytes(name).len();
        let written = (length("state/state.json"), length("receipts/receipt-000001.json"));
        drop(site);
        self.begun = begun.expect("a run begins") + 1;
        self.written = written;
        self.exchanges = exchanges;
    }

    /// The server.
    pub fn server(&self) -> &'server Server {
        self.template.server()
    }

    /// A new database at the plan's source, and an agent that has seen nothing yet.
    pub fn site(&self) -> Site<'_> {
        let desk = self.desk.again();
        desk.private_folder("state");
        desk.private_folder("receipts");
        Site { stage: self, database: self.server().copy_of(&self.template), desk }
    }

    /// Whether a request, counted from 1, is one that runs again and again to read the catalog.
    pub fn is_of_a_capture(&self, point: usize) -> bool {
        let Some(exchange) = self.exchanges.get(point - 1) else { return false };
        let own =
            ["COMMIT", "BEGIN ISOLATION LEVEL READ COMMITTED", "SAVEPOINT", "ROLLBACK", "SELECT pg_catalog.set_config"];
        let times = self.exchanges.iter().filter(|other| other.sql == exchange.sql).count();
        times > 2 && !own.iter().any(|words| exchange.sql.starts_with(words))
    }
}

/// A database, and an agent with its memory and a folder of receipts.
#[derive(Debug)]
pub struct Site<'stage> {
    /// What is applied.
    pub stage: &'stage Stage<'stage>,
    /// To where.
    pub database: Database<'stage>,
    /// By whom.
    pub desk: Desk,
}

impl Site<'_> {
    /// The arguments of a run over a socket.
    pub fn arguments(&self, host: &Path, more: &[&str]) -> Vec<String> {
        let fixed = "apply --plan plan.json --trust trust.toml --receipt receipts --key agent.pem --state state";
        let host = host.to_str().expect("a plain folder name");
        let connection = ["--host", host, "--user", self.stage.play.role(), "--db", self.database.name()];
        fixed.split(' ').chain(connection).chain(more.iter().copied()).map(str::to_owned).collect()
    }

    /// Starts a run over a socket.
    ///
    /// # Panics
    /// When the agent cannot be started.
    pub fn spawn(&self, host: &Path, more: &[&str]) -> Child {
        let mut command = agent();
        command.args(self.arguments(host, more));
        self.spawn_as(command)
    }

    /// Starts a command in the agent's folder.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn_as(&self, mut command: Command) -> Child {
        command.current_dir(self.desk.folder()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the agent starts")
    }

    /// Applies, undisturbed, to the end.
    pub fn apply(&self) -> Ended {
        finish(self.spawn(Path::new(self.stage.server().host()), &[]))
    }

    /// The receipts, in order.
    ///
    /// # Panics
    /// When one cannot be read.
    pub fn receipts(&self) -> Vec<Receipt> {
        let entries = fs::read_dir(self.desk.path("receipts")).expect("the receipts");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        paths.iter().map(|path| Receipt::from_bytes(&fs::read(path).expect("a file")).expect("a receipt")).collect()
    }
}

/// Waits for a program's end.
///
/// # Panics
/// When that cannot be waited for.
pub fn finish(child: Child) -> Ended {
    let output = child.wait_with_output().expect("the agent's end");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}
