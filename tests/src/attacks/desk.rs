//! The desk of an attack: a folder with a plan, a snapshot, a receipt, the keys of five people and an agent, and a policy.

use std::cell::OnceCell;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use pgseal_catalog::{Digest, canonical, receipt};
use pgseal_keys::signer::Place;
use pgseal_keys::{
    AgentHost, Kind, MaySign, Plan, Receipt, Seal, Signer, Snapshot, Statement, TrustPolicyDocument, Workstation,
    key_file, seal_path,
};
use serde_json::Value;

use super::{Attack, Step};
use crate::documents;
use crate::program::{Ended, run_agent, run_compiler};
use crate::server::{Database, Server};

/// Whom the policy names, with their roles. `mallory` has a key that it does not name.
const PEOPLE: [(&str, &str); 4] =
    [("alice", "\"reviewer\""), ("bob", "\"reviewer\""), ("carol", "\"dba\""), ("agent", "")];

/// The folder in which an attack happens.
#[derive(Debug)]
pub struct AttackDesk {
    folder: tempfile::TempDir,
    first_policy: Digest,
    database: OnceCell<Database<'static>>,
}

impl AttackDesk {
    /// A desk with everything in order, as the attack's folder wants it.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new(attack: &Attack) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut desk = Self { folder, first_policy: Digest::of(b""), database: OnceCell::new() };
        for entry in fs::read_dir(keys()).expect("the keys").map(|entry| entry.expect("a key")) {
            fs::copy(entry.path(), desk.path(&entry.file_name().to_string_lossy())).expect("a copied key");
        }
        desk.write("plan.json", &documents::plan().to_bytes());
        desk.write("snapshot.json", &documents::snapshot().to_bytes());
        desk.write("schema.sql", b"CREATE SCHEMA shop;\n");
        desk.write("receipt.json", &desk.receipt().to_bytes());
        let policy = desk.policy(attack);
        desk.write("trust.toml", policy.as_bytes());
        desk.first_policy = Digest::of(policy.as_bytes());
        fs::create_dir(desk.path("state")).expect("a folder");
        desk.chmod("state", 0o700);
        desk.forge("snapshot.json", "snapshot", "agent");
        desk.forge("receipt.json", "receipt", "agent");
        desk.chain();
        desk
    }

    /// The plan is one for the desk's database, from its snapshot and `schema.sql`.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn plan_for_database(&self) {
        let mut capture: Vec<String> = "capture --out snapshot.json".split(' ').map(str::to_owned).collect();
        capture.extend(self.database().options());
        fs::remove_file(self.path("snapshot.json")).expect("the other snapshot");
        fs::remove_file(self.path("plan.json")).expect("the other plan");
        self.agent(&capture).expect(0);
        self.pgseal("plan --snapshot snapshot.json --schema schema.sql --out plan.json").expect(0);
    }

    /// The database of this desk, empty at first.
    pub fn database(&self) -> &Database<'static> {
        self.database.get_or_init(|| Server::shared(18).scratch())
    }

    /// A receipt of the agent's.
    fn receipt(&self) -> receipt::Receipt {
        let key = self.signer::<AgentHost>("agent").public_key().id().to_string();
        receipt::Receipt { key: Some(key), ..documents::receipt() }
    }

    /// Three receipts that follow each other.
    fn chain(&self) {
        fs::create_dir(self.path("receipts")).expect("a folder");
        let mut receipt = self.receipt();
        for number in 1..=3 {
            let file = format!("receipts/receipt-{number:06}.json");
            let bytes = receipt.to_bytes();
            self.write(&file, &bytes);
            self.forge(&file, "receipt", "agent");
            receipt.chain = receipt.chain.next(Digest::of(&bytes));
        }
    }

    fn policy(&self, attack: &Attack) -> String {
        let mut text = format!("format = \"pgseal-trust\"\nversion = 1\npolicy_version = 1\n{}\n", attack.policy);
        for (name, roles) in PEOPLE {
            let lines = attack.keys.get(name).map_or("", String::as_str);
            let signs = if name == "agent" { "signs = [\"snapshot\", \"receipt\"]\n" } else { "" };
            let key = self.key(name);
            let _ = write!(text, "\n[[keys]]\nname = \"{name}\"\nkey = \"{key}\"\nroles = [{roles}]\n{signs}{lines}\n");
        }
        text.push_str(&attack.tables);
        text
    }

    /// The digest of the policy as it was first.
    pub fn first_policy(&self) -> Digest {
        self.first_policy
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where a file lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// The bytes of a file.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("cannot read {name}: {error}"))
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).expect("text")
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap_or_else(|error| panic!("cannot write {name}: {error}"));
    }

    fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).expect("a mode");
    }

    fn signer<P: Place>(&self, name: &str) -> Signer<P> {
        key_file::read_private(&self.path(&format!("{name}.pem")), None).expect("a key")
    }

    fn key(&self, name: &str) -> String {
        self.signer::<Workstation>(name).public_key().to_spki_base64()
    }

    /// Runs `pgseal` here; arguments are separated by one blank.
    pub fn pgseal(&self, arguments: &str) -> Ended {
        run_compiler(self.folder(), arguments.split(' '))
    }

    /// Runs `pgseal-agent` here.
    pub fn agent(&self, arguments: &[String]) -> Ended {
        run_agent(self.folder(), arguments)
    }

    /// Does one thing.
    ///
    /// # Panics
    /// When it cannot be done, or has no effect.
    pub fn act(&self, step: &Step, attack: &Attack) {
        match step {
            Step::Sign(name) => self.seal::<Plan, Workstation>("plan.json", name, Statement::Signed),
            Step::Reproduce(name) => self.seal::<Plan, Workstation>("plan.json", name, Statement::Reproduced),
            Step::Forge { file, kind, by } => self.forge(file, kind, by),
            Step::Plan { at, to } => self.plan(at, to.as_deref()),
            Step::Replace { file, from, to } => self.replace(file, from, to),
            // behind every other, as the order of a seal has it
            Step::Echo(file) => self.repeat(file, Some(&"f".repeat(64))),
            Step::Repeat(file) => self.repeat(file, None),
            Step::Append { file, text, times } => {
                let bytes = [self.bytes(file), text.repeat(*times).into_bytes()].concat();
                self.write(file, &bytes);
            }
            Step::Truncate { file, bytes } => {
                let length = fs::metadata(self.path(file)).expect("a file").len();
                self.resize(file, length.checked_sub(*bytes).expect("a longer file"));
            }
            Step::Grow { file, bytes } => self.resize(file, *bytes),
            Step::Write { file, text } => self.write(file, text.as_bytes()),
            Step::Copy { file, to } => _ = fs::copy(self.path(file), self.path(to)).expect("a copy"),
            Step::Link { file, to } => {
                fs::remove_file(self.path(file)).ok();
                std::os::unix::fs::symlink(to, self.path(file)).expect("a link");
            }
            Step::Remove(name) if self.path(name).is_dir() => fs::remove_dir_all(self.path(name)).expect("it goes"),
            Step::Remove(name) => fs::remove_file(self.path(name)).expect("it goes"),
            Step::Chmod { file, mode } => self.chmod(file, u32::from_str_radix(mode, 8).expect("octal digits")),
            Step::Run(arguments) => _ = self.pgseal(arguments).expect(0),
            Step::Accepted => super::judge::accepted(self, attack),
            Step::Applied => super::judge::applied(self, attack),
            Step::Sql(statements) => self.database().batch(statements),
        }
    }

    fn plan(&self, at: &str, to: Option<&str>) {
        let mut plan: Value = serde_json::from_slice(&self.bytes("plan.json")).expect("a plan");
        let (parent, name) = at.rsplit_once('/').expect("a pointer");
        let place = plan.pointer_mut(parent).unwrap_or_else(|| panic!("the plan has no {parent}"));
        match (place, to) {
            (Value::Object(members), Some(to)) => {
                _ = members.insert(name.to_owned(), serde_json::from_str(to).expect("JSON"));
            }
            (Value::Object(members), None) => _ = members.remove(name).expect("something to remove"),
            (other, _) => panic!("{parent} is {other}"),
        }
        self.write("plan.json", &canonical::to_document(&plan));
        fs::remove_file(self.path("plan.json.sig")).ok();
    }

    fn replace(&self, file: &str, from: &str, to: &str) {
        let resolve = |text: &str| {
            let mut text = text.to_owned();
            for name in ["alice", "bob", "carol", "agent", "mallory"] {
                let id = self.signer::<Workstation>(name).public_key().id().to_string();
                text = text.replace(&format!("{{id:{name}}}"), &id);
                text = text.replace(&format!("{{key:{name}}}"), &self.key(name));
            }
            text
        };
        let (text, from) = (self.text(file), resolve(from));
        assert!(text.contains(&from), "{file} does not hold {from}:\n{text}");
        self.write(file, text.replace(&from, &resolve(to)).as_bytes());
    }

    /// Writes the only signature of a seal a second time, under that id or its own.
    fn repeat(&self, file: &str, id: Option<&str>) {
        let text = self.text(file);
        let entry = text.split_once("[\n").and_then(|(_, rest)| rest.split_once("\n  ]")).expect("a seal").0;
        let own = entry.split('"').nth(3).expect("an id");
        let again = entry.replace(own, id.unwrap_or(own));
        self.write(file, text.replace(entry, &format!("{entry},\n{again}")).as_bytes());
    }

    fn resize(&self, file: &str, length: u64) {
        fs::File::options().write(true).open(self.path(file)).and_then(|file| file.set_len(length)).expect("a length");
    }

    fn forge(&self, file: &str, kind: &str, by: &str) {
        match kind {
            "plan" => self.seal::<Plan, Workstation>(file, by, Statement::Signed),
            "trust-policy" => self.seal::<TrustPolicyDocument, Workstation>(file, by, Statement::Signed),
            "snapshot" => self.seal::<Snapshot, AgentHost>(file, by, Statement::Signed),
            "receipt" => self.seal::<Receipt, AgentHost>(file, by, Statement::Signed),
            other => panic!("no kind \"{other}\""),
        }
    }

    /// Adds a signature to the seal beside a file; one on other bytes or of another kind is begun anew.
    fn seal<K: Kind, P: Place + MaySign<K>>(&self, file: &str, by: &str, statement: Statement) {
        let path = seal_path(&self.path(file));
        let document = self.bytes(file);
        let mut seal = fs::read(&path).ok().and_then(|bytes| Seal::<K>::read(&bytes).ok()).unwrap_or_default();
        let signer = self.signer::<P>(by);
        if seal.sign(&signer, statement, &document).is_err() {
            seal = Seal::default();
            seal.sign(&signer, statement, &document).expect("a signature");
        }
        fs::write(path, seal.to_bytes()).expect("a seal");
    }
}

/// A folder with everybody's keys, made once: whose they are is all that matters.
fn keys() -> &'static Path {
    static KEYS: OnceLock<tempfile::TempDir> = OnceLock::new();
    KEYS.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["alice", "bob", "carol", "agent", "mallory"] {
            let (private, public) = (format!("{name}.pem"), format!("{name}.pub.pem"));
            let (private, public) = (folder.path().join(private), folder.path().join(public));
            key_file::generate(&private, &public, key_file::Protection::Plain).expect("a key");
        }
        folder
    })
    .path()
}
