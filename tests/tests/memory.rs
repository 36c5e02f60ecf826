//! What an agent remembers and signs, and what a policy demands of the database, on a real server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ops::Deref;

use pgseal_catalog::Plan;
use pgseal_catalog::plan::Binding;
use pgseal_catalog::receipt::Outcome;
use pgseal_tests::faults::Trial;
use pgseal_tests::program::{Ended, run_agent, says};
use pgseal_tests::server::Server;

const SOURCE: &str = "CREATE SCHEMA shop; CREATE TABLE shop.orders (id bigint PRIMARY KEY);";
const PHASES: &[&[&str]] =
    &[&["ALTER TABLE shop.orders ADD COLUMN note text"], &["COMMENT ON TABLE shop.orders IS 'orders'"]];

/// A database at the source of a plan, and an agent with a memory.
struct Stage(Trial<'static>);

impl Deref for Stage {
    type Target = Trial<'static>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Stage {
    fn new() -> Self {
        let server = Server::shared(18);
        let stage = Self(Trial::new(server, SOURCE, PHASES));
        stage.desk.private_folder("state");
        stage
    }

    fn numbered(&self, sequence: u64) -> Plan {
        let targets = ["shop".to_owned()].into();
        Plan {
            binding: Binding { targets, sequence: Some(sequence), ..Binding::default() },
            ..self.forged.plan.clone()
        }
    }

    fn agent(&self, command: &str, connection: &[String]) -> Ended {
        let mut arguments = self.desk.arguments(command, connection);
        arguments.extend(["--state", "state"].map(str::to_owned));
        run_agent(&self.desk.path(""), arguments)
    }

    fn apply(&self) -> Ended {
        self.agent("apply", &self.database.options())
    }

    fn memory(&self) -> String {
        String::from_utf8(self.desk.bytes("state/state.json")).unwrap()
    }

    fn policy(&self, from: &str, to: &str) {
        let policy = String::from_utf8(self.desk.bytes("trust.toml")).unwrap();
        assert!(policy.contains(from), "{policy}");
        self.desk.write("trust.toml", policy.replacen(from, to, 1).as_bytes());
    }
}

#[test]
fn a_plan_counts_as_begun_only_when_it_fits() {
    let stage = Stage::new();
    stage.desk.put(&stage.numbered(7));
    stage.database.batch("CREATE TABLE public.beside ()");
    says(&stage.apply().expect(4), &["[A0301]"]);
    stage.agent("check", &stage.database.options()).expect(4);
    assert!(!stage.memory().contains("\"sequence\""), "a plan that was refused is remembered");
    stage.database.batch("DROP TABLE public.beside");
    // looking is not beginning
    stage.agent("check", &stage.database.options()).expect(0);
    assert!(!stage.memory().contains("\"sequence\""));
    stage.desk.put(&stage.numbered(6));
    stage.apply().expect(0);
    assert!(stage.memory().contains("\"sequence\": 6"), "{}", stage.memory());
    // the same once more is nothing to do; an earlier one is refused, and so is another of that number
    stage.apply().expect(0);
    stage.desk.expect_receipt(Outcome::NothingToDo, 0);
    stage.desk.put(&stage.numbered(5));
    says(&stage.apply().expect(3), &["[K0328]"]);
    let other = Plan { notes: vec!["another".to_owned()], ..stage.numbered(6) };
    stage.desk.put(&other);
    says(&stage.apply().expect(3), &["[K0329]"]);
    stage.desk.put(&stage.numbered(7));
    stage.apply().expect(0);
    assert!(stage.memory().contains("\"sequence\": 7"));
}

/// A plan that expired while the agent looked on has expired for good, whatever the clock says next.
#[test]
fn what_a_run_saw_last_is_remembered() {
    let stage = Stage::new();
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let soon = now() + 4;
    let mut plan = stage.forged.plan.clone();
    plan.binding.expires = Some(soon.try_into().unwrap());
    (plan.timeouts.lock_ms, plan.timeouts.lock_retries) = (200, 10_000);
    stage.desk.put(&plan);
    let mut other = stage.database.connect();
    let mut held = other.transaction().unwrap();
    held.batch_execute("LOCK TABLE shop.orders IN SHARE MODE").unwrap();
    let mut arguments: Vec<String> =
        "apply --plan plan.json --trust trust.toml --state state".split(' ').map(str::to_owned).collect();
    arguments.extend(stage.database.options());
    says(&run_agent(&stage.desk.path(""), &arguments).expect(3), &["[A0111]"]);
    held.rollback().unwrap();
    let remembered = || {
        let memory = stage.memory();
        memory.split("\"time\": ").nth(1).unwrap().split(',').next().unwrap().parse::<u64>().unwrap()
    };
    assert!(remembered() >= soon, "{} is not {soon} yet", remembered());
    // and the time of a receipt is
    stage.desk.put(&stage.forged.plan);
    let before = now();
    stage.apply().expect(0);
    assert!(remembered() >= before);
}

#[test]
fn a_ledger_that_is_demanded_is_kept_or_nothing_is_done() {
    let stage = Stage::new();
    let mut admin = stage.database.connect();
    admin.batch_execute("DROP ROLE IF EXISTS ledger_owner; CREATE ROLE ledger_owner LOGIN").unwrap();
    admin
        .batch_execute("ALTER SCHEMA shop OWNER TO ledger_owner; ALTER TABLE shop.orders OWNER TO ledger_owner")
        .unwrap();
    let mut connection = stage.database.options();
    connection[5] = "ledger_owner".to_owned();
    stage.policy("threshold = 1", "threshold = 1\nrequire_ledger = true");
    for command in ["check", "apply"] {
        says(&stage.agent(command, &connection).expect(3), &["[A0105]"]);
    }
    let receipt = stage.desk.expect_receipt(Outcome::Refused, 3);
    assert_eq!(receipt.phases, []);
    admin.batch_execute(&format!("GRANT CREATE ON DATABASE \"{}\" TO ledger_owner", stage.database.name())).unwrap();
    stage.agent("check", &connection).expect(0);
    stage.agent("apply", &connection).expect(0);
    assert_eq!(stage.database.text("SELECT count(*) FROM pgseal.ledger"), "2");
    admin.batch_execute("REASSIGN OWNED BY ledger_owner TO postgres; DROP OWNED BY ledger_owner").unwrap();
    admin.batch_execute("DROP ROLE ledger_owner").unwrap();
}

#[test]
fn a_policy_is_changed_in_the_field() {
    let stage = Stage::new();
    stage.apply().expect(0);
    std::fs::copy(stage.desk.path("trust.toml"), stage.desk.path("old.pem")).unwrap();
    stage.policy("policy_version = 1", "policy_version = 2\nmin_compiler_version = \"0.1.0\"");
    says(&stage.apply().expect(3), &["[K0100]"]);
    let ended = stage.desk.run("trust sign trust.toml --key mallory.pem").expect(0);
    says(&ended, &["note: by \"trust.toml\" itself that key may sign no policies"]);
    says(&stage.apply().expect(3), &["[K0301]"]);
    stage.desk.run("trust verify trust.toml --after old.pem").expect(3);
    says(&stage.desk.run("trust verify old.pem --after old.pem").expect(3), &["[K0338]"]);
    let ended = stage.desk.run("trust sign trust.toml --key alice.pem").expect(0);
    assert!(!ended.err.contains("note:"), "{}", ended.err);
    let ended = stage.desk.run("trust verify trust.toml --after old.pem").expect(0);
    says(&ended, &["version 2 may follow version 1", "now: it must be of compiler 0.1.0 or later"]);
    says(
        &stage.apply().expect(0),
        &["trust policy version 2 follows version 1", "now: it must be of compiler 0.1.0 or later"],
    );
    std::fs::copy(stage.desk.path("old.pem"), stage.desk.path("trust.toml")).unwrap();
    says(&stage.apply().expect(3), &["[K0332]"]);
}

#[test]
fn snapshots_are_signed_where_they_are_captured() {
    let stage = Stage::new();
    let capture = |more: &[&str]| {
        let mut arguments = ["capture", "--out", "snapshot.json"].map(str::to_owned).to_vec();
        arguments.extend(more.iter().map(|text| (*text).to_owned()));
        arguments.extend(stage.database.options());
        run_agent(&stage.desk.path(""), arguments)
    };
    let plan = |more: &str| {
        stage.desk.run(&format!("plan --snapshot snapshot.json --schema schema.sql --snapshot-trust trust.toml{more}"))
    };
    capture(&["--key", "agent.pem"]).expect(0);
    stage.desk.run("dump snapshot.json --out schema.sql").expect(0);
    plan("").expect(0);
    plan(" --out other.json").expect(0);
    stage
        .desk
        .run("reproduce other.json --snapshot snapshot.json --schema schema.sql --snapshot-trust trust.toml")
        .expect(0);
    // a capture without a key leaves no seal of an earlier one
    capture(&[]).expect(0);
    assert!(!stage.desk.path("snapshot.json.sig").exists());
    let ended = plan("").expect(3);
    says(&ended, &["[K0100]"]);
    says(&ended, &["capture it with --key"]);
    // a key that is none is found out before anything is captured
    std::fs::remove_file(stage.desk.path("snapshot.json")).unwrap();
    capture(&["--key", "agent.pub.pem"]).expect(3);
    assert!(!stage.desk.path("snapshot.json").exists());
}
