//! The agent's apply on real servers: plans whose promises are what two captures say, run as a user runs the program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use pgseal_catalog::fingerprint::object_digests;
use pgseal_catalog::plan::{
    Binding, Checkpoint, Cost, FORMAT, Inputs, Lock, LockMode, Phase, Plan, Source, Step, Timeouts, VERSION,
};
use pgseal_catalog::receipt::{Outcome, Receipt};
use pgseal_catalog::{Digest, Fact, FactId, Name, Scope, Snapshot};
use pgseal_keys::policy::InitialKey;
use pgseal_keys::{self as keys, Seal, Statement, TrustPolicy, Unverified, Workstation, key_file};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::program::{Ended, agent, run};
use pgseal_tests::server::{Database, MAJORS, Server};

const OLD: &str =
    "CREATE TABLE orders (id integer PRIMARY KEY, total numeric(10,2)); INSERT INTO orders VALUES (1, 2.5)";

/// The phases of the plan that most tests use.
const PHASES: [&[&str]; 2] = [
    &["CREATE TABLE public.customers (id integer)", "ALTER TABLE public.orders ADD COLUMN customer integer"],
    &["CREATE INDEX orders_customer ON public.orders (customer)"],
];

fn step(sql: &str) -> Step {
    Step {
        sql: sql.to_owned(),
        search_path: None,
        creates: BTreeSet::new(),
        alters: BTreeSet::new(),
        destroys: BTreeSet::new(),
        locks: Vec::new(),
        hazards: Vec::new(),
        cost: Cost::Instant,
    }
}

/// A plan over a database that is `old`, whose promises come from running it on a scratch copy.
fn plan(server: &Server, old: &str, phases: &[&[&str]]) -> Plan {
    let scratch = server.database("promise");
    scratch.batch(old);
    let source: Snapshot = snapshot(&scratch).unwrap();
    let mut before = object_digests(&source.catalog);
    let mut made = Vec::new();
    for statements in phases {
        statements.iter().for_each(|statement| scratch.batch(statement));
        let after = snapshot(&scratch).unwrap();
        let objects = object_digests(&after.catalog);
        let ids: BTreeSet<&FactId> = before.keys().chain(objects.keys()).collect();
        let changed = ids.into_iter().filter(|id| before.get(*id) != objects.get(*id));
        let changed: BTreeMap<FactId, Option<Digest>> =
            changed.map(|id| (id.clone(), objects.get(id).copied())).collect();
        let locks = changed.keys().filter(|id| before.contains_key(*id)).filter_map(|id| match id {
            FactId::Table(name) => Some(Lock { relation: name.clone(), mode: LockMode::AccessExclusive }),
            _ => None,
        });
        made.push(Phase {
            transaction: true,
            search_path: vec![Name::new("public").unwrap()],
            locks: locks.collect(),
            steps: statements.iter().map(|statement| step(statement)).collect(),
            checkpoint: Checkpoint { fingerprint: after.fingerprint(), objects: changed },
        });
        before = objects;
    }
    Plan {
        format: FORMAT.to_owned(),
        version: VERSION,
        compiler: "0.1.0".to_owned(),
        server_major: u32::from(server.major()),
        binding: Binding::default(),
        scope: Scope::default(),
        inputs: Inputs { snapshot: Digest::of(b""), schema: BTreeMap::new() },
        target: made.last().map_or(source.fingerprint(), |phase| phase.checkpoint.fingerprint),
        source: Source {
            fingerprint: source.fingerprint(),
            objects: object_digests(&source.catalog),
            facts: source.catalog.iter().map(Fact::recorded).collect(),
        },
        settings: BTreeMap::from([("check_function_bodies".to_owned(), "off".to_owned())]),
        timeouts: Timeouts { lock_ms: 300, statement_ms: 0, lock_retries: 1 },
        hazards: BTreeSet::new(),
        phases: made,
        notes: Vec::new(),
    }
}

/// A folder with keys, a policy and a sealed plan.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(plan: &Plan) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for name in ["alice", "agent"] {
            let (private, public) = (desk.path(&format!("{name}.pem")), desk.path(&format!("{name}.pub.pem")));
            key_file::generate(&private, &public, key_file::Protection::Plain).unwrap();
        }
        let key = key_file::read_public(&desk.path("alice.pub.pem")).unwrap();
        let policy = TrustPolicy::initial(
            &[InitialKey { name: "alice".to_owned(), key, roles: Vec::new(), signs: Vec::new() }],
            1,
        )
        .unwrap();
        fs::write(desk.path("trust.toml"), policy).unwrap();
        desk.seal(&plan.to_bytes());
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn seal(&self, bytes: &[u8]) {
        let signer = key_file::read_private::<Workstation>(&self.path("alice.pem"), None).unwrap();
        let mut seal = Seal::<keys::Plan>::default();
        seal.sign(&signer, Statement::Signed, bytes).unwrap();
        fs::write(self.path("plan.json"), bytes).unwrap();
        fs::write(self.path("plan.json.sig"), seal.to_bytes()).unwrap();
    }

    fn agent(&self, command: &str, database: &Database<'_>) -> Ended {
        let mut words = vec![command, "--plan", "plan.json", "--trust", "trust.toml"];
        if command == "apply" {
            words.extend(["--receipt", "receipt.json", "--key", "agent.pem"]);
        }
        run(agent().current_dir(self.0.path()).args(words).args(database.options()))
    }

    fn apply(&self, database: &Database<'_>) -> Ended {
        self.agent("apply", database)
    }

    fn receipt(&self) -> Receipt {
        Receipt::from_bytes(&fs::read(self.path("receipt.json")).unwrap()).unwrap()
    }
}

fn old_database(server: &Server) -> Database<'_> {
    let database = server.database("live");
    database.batch(OLD);
    database
}

#[test]
fn a_plan_is_applied_once() {
    for major in MAJORS {
        let server = Server::shared(major);
        let plan = plan(server, OLD, &PHASES);
        let (desk, database) = (Desk::new(&plan), old_database(server));
        desk.agent("check", &database).expect(0);
        assert_eq!(
            snapshot(&database).unwrap().fingerprint(),
            plan.source.fingerprint,
            "{major}: check changes nothing"
        );
        desk.apply(&database).expect(0);
        assert_eq!(snapshot(&database).unwrap().fingerprint(), plan.target, "{major}");
        let receipt = desk.receipt();
        assert_eq!((receipt.outcome, receipt.exit_code), (Outcome::Applied, 0), "{major}");
        assert_eq!(receipt.plan, Some(Digest::of(&plan.to_bytes())), "{major}");
        assert_eq!((receipt.before, receipt.after), (Some(plan.source.fingerprint), Some(plan.target)), "{major}");
        assert_eq!(receipt.phases.iter().map(|phase| phase.steps.len()).collect::<Vec<_>>(), [2, 1], "{major}");
        assert_eq!(receipt.signers.len(), 1, "{major}");
        let ledger = database.texts("SELECT phase || ' ' || checkpoint FROM pgseal.ledger ORDER BY phase");
        let expected: Vec<String> =
            plan.phases.iter().zip(1..).map(|(phase, n)| format!("{n} {}", phase.checkpoint.fingerprint)).collect();
        assert_eq!(ledger, expected, "{major}");

        let first = fs::read(desk.path("receipt.json")).unwrap();
        desk.apply(&database).expect(0);
        let second = desk.receipt();
        assert_eq!(
            (second.outcome, second.chain.previous),
            (Outcome::NothingToDo, Some(Digest::of(&first))),
            "{major}"
        );
        assert_eq!(database.text("SELECT count(*) FROM pgseal.ledger"), "2", "{major}");
    }
}

#[test]
fn the_receipt_is_sealed_by_the_agent() {
    let server = Server::shared(18);
    let (desk, database) = (Desk::new(&plan(server, OLD, &PHASES)), old_database(server));
    desk.apply(&database).expect(0);
    let key = key_file::read_public(&desk.path("agent.pub.pem")).unwrap();
    let policy =
        TrustPolicy::initial(&[InitialKey { name: "agent".to_owned(), key, roles: Vec::new(), signs: Vec::new() }], 1)
            .unwrap();
    let policy =
        TrustPolicy::read(format!("{policy}signs = [\"plan\", \"receipt\", \"trust-policy\"]\n").as_bytes()).unwrap();
    let seal = fs::read(desk.path("receipt.json.sig")).unwrap();
    let document = fs::read(desk.path("receipt.json")).unwrap();
    let verified =
        Unverified::<keys::Receipt>::new(document.clone(), Some(seal.clone())).verify(&policy, 1_800_000_000);
    assert!(verified.is_ok(), "{verified:?}");
    assert!(Unverified::<keys::Plan>::new(document, Some(seal)).verify(&policy, 1_800_000_000).is_err());
}

#[test]
fn a_run_that_stopped_between_phases_goes_on() {
    for major in [14, 18] {
        let server = Server::shared(major);
        let plan = plan(server, OLD, &PHASES);
        let (desk, database) = (Desk::new(&plan), old_database(server));
        PHASES[0].iter().for_each(|statement| database.batch(statement));
        let ended = desk.apply(&database).expect(0);
        assert!(ended.err.contains("1 of 2 phases are there already"), "{major}: {}", ended.err);
        assert_eq!(snapshot(&database).unwrap().fingerprint(), plan.target, "{major}");
        assert_eq!(desk.receipt().phases.iter().map(|phase| phase.phase).collect::<Vec<_>>(), [2], "{major}");
    }
}

#[test]
fn drift_is_refused_and_explained() {
    for major in [14, 18] {
        let server = Server::shared(major);
        let plan = plan(server, OLD, &PHASES);
        let desk = Desk::new(&plan);
        for (change, said) in [
            (
                "ALTER TABLE orders ALTER COLUMN total TYPE numeric(12,2)",
                "column total type was \"numeric(10,2)\" when the plan was made and is \"numeric(12,2)\"",
            ),
            ("CREATE TABLE extra (a integer)", "table public.extra: should not be there"),
            ("DROP TABLE orders", "table public.orders: is missing"),
            ("ALTER TABLE orders ADD COLUMN more text", "column more was not there when the plan was made"),
            ("COMMENT ON COLUMN orders.id IS 'x'", "comment on column id was not there when the plan was made"),
        ] {
            let database = old_database(server);
            database.batch(change);
            let before = snapshot(&database).unwrap();
            for command in ["check", "apply"] {
                let ended = desk.agent(command, &database).expect(4);
                assert!(ended.err.contains(said), "{major}: {change}: {}", ended.err);
            }
            assert_eq!(desk.receipt().outcome, Outcome::Refused, "{major}");
            assert_eq!(snapshot(&database).unwrap(), before, "{major}: nothing was changed");
        }
    }
}

#[test]
fn drift_since_a_snapshot_is_told() {
    let server = Server::shared(18);
    let database = old_database(server);
    let folder = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| run(agent().current_dir(folder.path()).args(words).args(database.options()));
    run(&["capture", "--out", "snapshot.json"]).expect(0);
    run(&["drift", "--snapshot", "snapshot.json"]).expect(0);
    database.batch(
        "ALTER TABLE orders ALTER COLUMN total SET NOT NULL; CREATE SCHEMA more; COMMENT ON TABLE orders IS 'x'",
    );
    let ended = run(&["drift", "--snapshot", "snapshot.json"]).expect(4);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(
        lines,
        [
            "schema more: was not there when the snapshot was taken",
            "table public.orders: column total not_null was not set when the snapshot was taken and is \"true\"",
            "table public.orders: constraint orders_total_not_null was not there when the snapshot was taken",
            "table public.orders: comment was not there when the snapshot was taken",
        ]
    );
}

#[test]
fn a_statement_that_fails_takes_its_phase_back() {
    for major in [14, 18] {
        let server = Server::shared(major);
        let mut plan = plan(server, OLD, &PHASES);
        plan.phases[1].steps.insert(0, step("ALTER TABLE public.orders ADD CHECK (total > 100)"));
        let (desk, database) = (Desk::new(&plan), old_database(server));
        let ended = desk.apply(&database).expect(5);
        assert!(
            ended.err.contains("phase 2, step 1") && ended.err.contains("sqlstate: 23514"),
            "{major}: {}",
            ended.err
        );
        let after = snapshot(&database).unwrap().fingerprint();
        assert_eq!(after, plan.phases[0].checkpoint.fingerprint, "{major}: the first phase stays");
        let receipt = desk.receipt();
        assert_eq!(
            (receipt.outcome, receipt.after, receipt.phases.len()),
            (Outcome::Failed, Some(after), 1),
            "{major}"
        );
    }
}

#[test]
fn a_broken_promise_is_rolled_back() {
    for major in [14, 18] {
        let server = Server::shared(major);
        let mut plan = plan(server, OLD, &PHASES[..1]);
        plan.phases[0].steps[1].sql.push_str(" DEFAULT 1");
        let (desk, database) = (Desk::new(&plan), old_database(server));
        let ended = desk.apply(&database).expect(6);
        assert!(
            ended.err.contains("table public.orders: default customer should not be there"),
            "{major}: {}",
            ended.err
        );
        assert_eq!(snapshot(&database).unwrap().fingerprint(), plan.source.fingerprint, "{major}");
    }
}

#[test]
fn locks_are_waited_for_within_bounds() {
    for major in [14, 18] {
        let server = Server::shared(major);
        let (desk, database) = (Desk::new(&plan(server, OLD, &PHASES)), old_database(server));
        let mut other = database.connect();
        let mut transaction = other.transaction().unwrap();
        transaction.batch_execute("SELECT * FROM orders").unwrap();
        let ended = desk.apply(&database).expect(7);
        assert!(ended.err.contains("phase 1: try 1 met a lock"), "{major}: {}", ended.err);
        transaction.rollback().unwrap();
        desk.apply(&database).expect(0);
    }
}

#[test]
fn what_must_not_run_is_refused_by_name() {
    let server = Server::shared(17);
    let good = plan(server, OLD, &PHASES);
    let database = old_database(server);
    let refuse = |change: &dyn Fn(&mut Plan), code: &str| {
        let mut plan = good.clone();
        change(&mut plan);
        let desk = Desk::new(&plan);
        let ended = desk.apply(&database).expect(3);
        assert!(ended.err.contains(code), "{code}: {}", ended.err);
        assert_eq!(desk.receipt().outcome, Outcome::Refused);
    };
    refuse(&|plan| plan.server_major = 16, "A0101");
    refuse(&|plan| drop(plan.settings.insert("role".to_owned(), "postgres".to_owned())), "A0102");
    refuse(&|plan| plan.phases[0].steps[0].sql = "/* x */ commit".to_owned(), "A0103");
    refuse(&|plan| plan.phases[1].transaction = false, "A0104");
    refuse(&|plan| plan.binding.database = Some("other".to_owned()), "K0325");
    refuse(&|plan| plan.binding.expires = Some(1), "K0317");
    assert_eq!(snapshot(&database).unwrap().fingerprint(), good.source.fingerprint);

    // a string of two statements is one statement too many for the server
    let mut plan = good.clone();
    plan.phases[0].steps[0].sql.push_str("; SELECT 1");
    Desk::new(&plan).apply(&database).expect(5);
    assert_eq!(snapshot(&database).unwrap().fingerprint(), good.source.fingerprint);
}
