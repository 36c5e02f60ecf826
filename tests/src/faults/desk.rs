//! A folder with a plan, its seal, the keys and the policy of an agent, and the agent run there.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use pgseal_catalog::receipt::{Outcome, Receipt};
use pgseal_catalog::{Digest, Plan};

use crate::program::{Ended, agent, run_agent, run_compiler};
use crate::server::Database;

/// A folder with `alice` whom the policy trusts, `mallory` whom it does not, and the agent's own key.
#[derive(Debug)]
pub struct Desk(tempfile::TempDir);

impl Desk {
    /// A desk with a signed plan.
    ///
    /// # Panics
    /// When the compiler does not do its part.
    pub fn new(plan: &Plan) -> Desk {
        let desk = Desk::with_keys();
        desk.put(plan);
        desk
    }

    /// A desk with keys and a policy.
    ///
    /// # Panics
    /// When the compiler does not do its part.
    pub fn with_keys() -> Desk {
        let desk = Desk(tempfile::tempdir().expect("a temporary folder"));
        for name in ["alice", "mallory", "agent"] {
            desk.run(&format!("keygen --out {name}.pem --no-passphrase")).expect(0);
        }
        desk.run("trust init --key alice.pub.pem --agent-key agent.pub.pem --out trust.toml").expect(0);
        desk
    }

    /// Another desk with the same files.
    ///
    /// # Panics
    /// When they cannot be copied.
    pub fn again(&self) -> Desk {
        let desk = Desk(tempfile::tempdir().expect("a temporary folder"));
        for entry in fs::read_dir(self.0.path()).expect("the desk") {
            let entry = entry.expect("an entry");
            fs::copy(entry.path(), desk.0.path().join(entry.file_name())).expect("a copy");
        }
        desk
    }

    /// Makes a folder that the agent's user alone may open, as its memory must be.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn private_folder(&self, name: &str) {
        fs::DirBuilder::new().mode(0o700).create(self.path(name)).expect("a folder");
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Replaces the plan by another, signed by alice.
    ///
    /// # Panics
    /// When the compiler does not do its part.
    pub fn put(&self, plan: &Plan) {
        self.put_unsigned(plan);
        self.sign("alice");
    }

    /// Replaces the plan by another without a seal.
    pub fn put_unsigned(&self, plan: &Plan) {
        fs::remove_file(self.path("plan.json.sig")).ok();
        self.write("plan.json", &plan.to_bytes());
    }

    /// Adds somebody's signature.
    ///
    /// # Panics
    /// When the compiler does not do its part.
    pub fn sign(&self, name: &str) {
        self.run(&format!("sign plan.json --key {name}.pem")).expect(0);
    }

    /// Where a file of the desk lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file of the desk.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap_or_else(|error| panic!("cannot write {name}: {error}"));
    }

    /// Reads a file of the desk.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("cannot read {name}: {error}"))
    }

    /// Runs the compiler at the desk; arguments are separated by one blank.
    pub fn run(&self, arguments: &str) -> Ended {
        run_compiler(self.0.path(), arguments.split(' '))
    }

    /// The arguments that apply the plan of this desk, with a receipt that the agent signs.
    pub fn arguments(&self, command: &str, connection: &[String]) -> Vec<String> {
        let mut all: Vec<String> = [command, "--plan", "plan.json", "--trust", "trust.toml"].map(str::to_owned).into();
        if command == "apply" {
            all.extend(["--receipt", "receipt.json", "--key", "agent.pem"].map(str::to_owned));
        }
        all.extend_from_slice(connection);
        all
    }

    /// Applies the plan to a database; the receipt of an earlier run is removed first.
    pub fn apply(&self, database: &Database<'_>) -> Ended {
        self.apply_with(&database.options())
    }

    /// Applies the plan over a connection.
    pub fn apply_with(&self, connection: &[String]) -> Ended {
        self.forget_receipt();
        run_agent(self.0.path(), self.arguments("apply", connection))
    }

    /// Asks what `apply` would say.
    pub fn check(&self, database: &Database<'_>) -> Ended {
        run_agent(self.0.path(), self.arguments("check", &database.options()))
    }

    /// Starts to apply the plan to a database behind a socket in another folder; a connection that is lost ends the run.
    ///
    /// # Panics
    /// When the agent cannot be started.
    pub fn spawn(&self, database: &Database<'_>, host: &Path) -> Child {
        self.spawn_with(database, host, &["--reconnect", "0"])
    }

    /// The same with further arguments.
    ///
    /// # Panics
    /// When the agent cannot be started.
    pub fn spawn_with(&self, database: &Database<'_>, host: &Path, more: &[&str]) -> Child {
        self.spawn_as("postgres", database, host, more)
    }

    /// The same as a role.
    ///
    /// # Panics
    /// When the agent cannot be started.
    pub fn spawn_as(&self, role: &str, database: &Database<'_>, host: &Path, more: &[&str]) -> Child {
        self.forget_receipt();
        let host = host.to_str().expect("a plain folder name");
        let connection = ["--host", host, "--user", role, "--db", database.name()].map(str::to_owned);
        let mut command = agent();
        command.current_dir(self.0.path()).args(self.arguments("apply", &connection)).args(more);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the agent starts")
    }

    fn forget_receipt(&self) {
        for name in ["receipt.json", "receipt.json.sig"] {
            fs::remove_file(self.path(name)).ok();
        }
    }

    /// The receipt of the last run: whole, and of this plan.
    ///
    /// # Panics
    /// When it is not.
    pub fn receipt(&self) -> Receipt {
        let receipt = Receipt::from_bytes(&self.bytes("receipt.json")).expect("a whole receipt");
        assert_eq!(receipt.plan, Some(Digest::of(&self.bytes("plan.json"))), "the receipt is of another plan");
        assert!(self.path("receipt.json.sig").exists(), "the receipt has no seal");
        receipt
    }

    /// Whether there is a receipt.
    pub fn has_receipt(&self) -> bool {
        // a seal alone is what a run leaves that is killed before its receipt has a name
        self.path("receipt.json").exists()
    }

    /// Expects the receipt of a run that ended like this.
    ///
    /// # Panics
    /// When it says something else.
    #[track_caller]
    pub fn expect_receipt(&self, outcome: Outcome, exit_code: u8) -> Receipt {
        let receipt = self.receipt();
        assert_eq!((receipt.outcome, receipt.exit_code), (outcome, exit_code), "{receipt:#?}");
        receipt
    }
}

impl Desk {
    /// The files beside those that belong there: what is left of a file that was being written.
    ///
    /// # Panics
    /// When the folder cannot be read.
    pub fn leftovers(&self) -> Vec<String> {
        let known = |name: &str| {
            ["plan.json", "receipt.json"].iter().any(|file| name == *file || name == format!("{file}.sig"))
                || name == "trust.toml"
                || name.ends_with(".pem")
        };
        let entries = fs::read_dir(self.0.path()).expect("the desk");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.filter(|name| !known(name)).collect()
    }
}
