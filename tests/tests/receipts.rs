//! Receipts on a real server: what they say of runs that end well, are refused or fail, and how they are held against each other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::ops::Deref;

use pgseal_catalog::Digest;
use pgseal_catalog::receipt::{Command, Outcome, Receipt};
use pgseal_tests::faults::{Trial, forge};
use pgseal_tests::program::{Ended, run_agent, says};
use pgseal_tests::schema::Document;
use pgseal_tests::server::{Database, Server};
use serde_json::Value;

const SOURCE: &str = "CREATE SCHEMA shop; CREATE TABLE shop.orders (id bigint PRIMARY KEY, note text);
    INSERT INTO shop.orders VALUES (1, 'for your eyes only');";
const PHASES: &[&[&str]] = &[
    &["ALTER TABLE shop.orders ADD COLUMN total numeric", "CREATE INDEX orders_note ON shop.orders (note)"],
    &["COMMENT ON TABLE shop.orders IS 'orders'"],
];

/// A database at the source of a plan, and an agent with a memory and a folder of receipts.
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
        stage.desk.private_folder("receipts");
        stage
    }

    fn agent(&self, line: &str) -> Ended {
        let mut arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        arguments.extend(self.database.options());
        run_agent(&self.desk.path(""), arguments)
    }

    /// `apply` or `check`, with what else is given.
    fn run(&self, command: &str) -> Ended {
        self.agent(&format!(
            "{command} --plan plan.json --trust trust.toml --receipt receipts --key agent.pem --state state"
        ))
    }

    fn receipt(&self, number: u64) -> Receipt {
        let bytes = self.desk.bytes(&format!("receipts/receipt-{number:06}.json"));
        Document::Receipt.expect(&bytes);
        Receipt::from_bytes(&bytes).unwrap()
    }

    /// How many receipts and seals there are.
    fn files(&self) -> usize {
        let names = fs::read_dir(self.desk.path("receipts")).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name != ".lock").count()
    }

    fn verify(&self, more: &str) -> Ended {
        self.desk.run(&format!("receipt verify receipts --trust trust.toml{more}"))
    }

    fn take_away(&self, number: u64) {
        fs::remove_file(self.desk.path(&format!("receipts/receipt-{number:06}.json"))).unwrap();
    }
}

#[test]
fn every_run_leaves_a_receipt_in_the_chain() {
    let stage = Stage::new();
    stage.run("check").expect(0);
    let check = stage.receipt(1);
    assert_eq!((check.command, check.outcome, check.exit_code), (Command::Check, Outcome::Applicable, 0));
    assert_eq!((check.before, check.phases.len()), (Some(stage.forged.state(0)), 0));

    stage.run("apply").expect(0);
    let applied = stage.receipt(2);
    assert_eq!((applied.command, applied.outcome), (Command::Apply, Outcome::Applied));
    let phases: Vec<(u32, usize, Digest)> =
        applied.phases.iter().map(|phase| (phase.phase, phase.steps.len(), phase.checkpoint)).collect();
    assert_eq!(phases, [(1, 2, stage.forged.state(1)), (2, 1, stage.forged.state(2))]);
    assert_eq!((applied.before, applied.after), (Some(stage.forged.state(0)), Some(stage.forged.plan.target)));
    let signers: Vec<(&str, &[String])> =
        applied.signers.iter().map(|signer| (signer.name.as_str(), signer.statements.as_slice())).collect();
    assert_eq!(signers, [("alice", &["signed".to_owned()][..])]);
    assert!(applied.key.is_some_and(|key| key.len() == 64));
    let policy = applied.policy.unwrap();
    assert_eq!((policy.version, policy.sha256), (1, Digest::of(&stage.desk.bytes("trust.toml"))));
    assert_eq!(applied.database.as_deref(), Some(stage.database.name()));

    stage.run("apply").expect(0);
    assert_eq!(stage.receipt(3).outcome, Outcome::NothingToDo);

    // refused by the policy, by drift and for want of a plan
    let plan = stage.desk.bytes("plan.json");
    stage.desk.write("plan.json", &[&plan[..], b" "].concat());
    stage.run("apply").expect(3);
    let refused = stage.receipt(4);
    assert_eq!((refused.outcome, refused.exit_code, refused.code.as_deref()), (Outcome::Refused, 3, Some("K0113")));
    assert!(refused.signers.is_empty() && refused.database.is_none() && refused.policy.is_some());
    stage.desk.write("plan.json", &plan);
    stage.database.batch("CREATE TABLE public.beside ()");
    stage.run("apply").expect(4);
    let drift = stage.receipt(5);
    assert_eq!((drift.outcome, drift.code.as_deref()), (Outcome::Refused, Some("A0301")));
    assert_eq!(drift.details, ["table public.beside: should not be there"]);
    fs::remove_file(stage.desk.path("plan.json")).unwrap();
    stage.run("apply").expect(1);
    let unread = stage.receipt(6);
    assert_eq!((unread.outcome, unread.plan), (Outcome::Failed, None));

    let ended = stage.verify("").expect(0);
    says(&ended, &["receipts 1 to 6\n", "1: ", "could be applied", "[K0113]", "[A0301]", "signed by agent ("]);
    stage.verify(" --from-first").expect(0);
    let last = Digest::of(&stage.desk.bytes("receipts/receipt-000006.json")).to_string();
    says(&ended, &[&format!("the sha256 of 6 is {last}")]);
    let memory = String::from_utf8(stage.desk.bytes("state/state.json")).unwrap();
    assert!(memory.contains(&last), "the agent does not remember its last receipt: {memory}");
}

#[test]
fn what_is_missing_is_named() {
    let stage = Stage::new();
    (0..5).for_each(|_| drop(stage.run("apply").expect(0)));
    let third = Digest::of(&stage.desk.bytes("receipts/receipt-000003.json")).to_string();
    stage.verify(" --from-first --plan plan.json").expect(0);
    stage.take_away(3);
    let missing = format!("receipt 3 is missing before \"receipts/receipt-000004.json\"; the sha256 of 3 is {third}");
    says(&stage.verify("").expect(3), &["[R0201]", &missing]);
    stage.take_away(2);
    says(&stage.verify("").expect(3), &["receipts 2 to 3 are missing"]);
    stage.take_away(1);
    says(&stage.verify("").expect(0), &["receipts 4 to 5; receipts 1 to 3 were not given"]);
    says(&stage.verify(" --from-first").expect(3), &["[R0201]", "receipts 1 to 3 are missing"]);
    // what the agent remembers, and not what lies there, is what the next one follows
    stage.take_away(5);
    stage.run("apply").expect(0);
    assert_eq!(stage.receipt(6).chain.number, 6);
    says(&stage.verify("").expect(3), &["receipt 5 is missing"]);
    // a name that is taken is found out before anything runs
    stage.desk.write("receipts/receipt-000007.json", b"{}");
    says(&stage.run("apply").expect(1), &["[K0403]"]);
    assert_eq!(stage.desk.bytes("receipts/receipt-000007.json"), b"{}");
}

#[test]
fn receipts_without_a_memory_follow_what_lies_there() {
    let stage = Stage::new();
    let apply =
        |to: &str| stage.agent(&format!("apply --plan plan.json --trust trust.toml --key agent.pem --receipt {to}"));
    (0..2).for_each(|_| says(&apply("receipts").expect(0), &["is taken as it was found, without --state and --pin"]));
    stage.verify(" --from-first").expect(0);
    assert_eq!(stage.receipt(2).chain.number, 2);
    (0..3).for_each(|_| drop(apply("receipt.json").expect(0)));
    assert_eq!(Receipt::from_bytes(&stage.desk.bytes("receipt.json")).unwrap().chain.number, 3);
    // two chains of one key are told apart
    let ended = stage.desk.run("receipt verify receipts receipt.json --trust trust.toml").expect(0);
    assert_eq!(ended.out.matches("chain ").count(), 2, "{}", ended.out);
    // what is no receipt is not in the place of one, and is found out before anything runs
    stage.desk.write("receipt.json", b"no receipt");
    says(&apply("receipt.json").expect(3), &["[R0301]"]);
    assert_eq!(stage.desk.bytes("receipt.json"), b"no receipt");
    stage.desk.write("receipts/receipt-000009.json", b"no receipt");
    says(&apply("receipts").expect(3), &["[R0301]", "receipt-000009.json"]);
    // nor is a receipt of another number, or one that this agent did not seal
    fs::copy(stage.desk.path("receipts/receipt-000002.json"), stage.desk.path("receipts/receipt-000009.json")).unwrap();
    says(&apply("receipts").expect(3), &["[R0301]", "it says that it is number 2"]);
    fs::remove_file(stage.desk.path("receipts/receipt-000009.json")).unwrap();
    let second = String::from_utf8(stage.desk.bytes("receipts/receipt-000002.json")).unwrap();
    stage.desk.write("receipts/receipt-000002.json", second.replace("nothing_to_do", "failed").as_bytes());
    says(&apply("receipts").expect(3), &["[R0301]", "did not seal it"]);
    stage.desk.write("receipts/receipt-000002.json", second.as_bytes());
    // a seal alone is nothing
    stage.desk.write("receipts/receipt-000003.json.sig", b"left by a run that was killed");
    apply("receipts").expect(0);
    stage.verify(" --from-first").expect(0);
    // one that was left without its seal, in the place of an older one, is no obstacle to the next
    stage.desk.write("receipt.json", second.as_bytes());
    fs::remove_file(stage.desk.path("receipt.json.sig")).unwrap();
    apply("receipt.json").expect(0);
    assert_eq!(Receipt::from_bytes(&stage.desk.bytes("receipt.json")).unwrap().chain.number, 3);
}

#[test]
fn agents_share_a_folder_of_receipts() {
    let stage = Stage::new();
    let line = "check --plan plan.json --trust trust.toml --key agent.pem --receipt receipts";
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6).map(|_| scope.spawn(|| stage.agent(line))).collect();
        runs.into_iter().for_each(|run| drop(run.join().unwrap().expect(0)));
    });
    let ended = stage.verify(" --from-first").expect(0);
    says(&ended, &["receipts 1 to 6\n"]);
    assert_eq!(stage.files(), 12);
}

/// What was applied is applied, whatever comes into the place of its receipt in the meantime.
#[test]
fn a_receipt_that_is_lost_is_no_refusal() {
    let stage = Stage::new();
    stage.put(|plan| plan.timeouts.lock_ms = 20_000);
    let line = "apply --plan plan.json --trust trust.toml --key agent.pem --receipt one.json";
    let mut other = stage.database.connect();
    let mut transaction = other.transaction().unwrap();
    transaction.batch_execute("SELECT * FROM shop.orders").unwrap();
    let ended = std::thread::scope(|scope| {
        let run = scope.spawn(|| stage.agent(line));
        stage.database.wait_until(Database::IS_BLOCKED, "t");
        stage.desk.write("one.json", b"garbage");
        transaction.rollback().unwrap();
        run.join().unwrap()
    });
    says(&ended.expect(1), &["[R0301]", "the plan was applied, but its receipt was not written"]);
    assert_eq!(stage.database.text("SELECT to_regclass('shop.orders_note') IS NULL"), "f");
    assert_eq!(stage.desk.bytes("one.json"), b"garbage");
}

/// A receipt that whoever trusts this policy would have to refuse is not written, nor is anything done that would need one.
#[test]
fn a_key_that_may_not_seal_receipts_is_refused_before_anything_runs() {
    let stage = Stage::new();
    let apply = |key: &str| {
        let line = "apply --plan plan.json --trust trust.toml --receipt receipts --state state --key";
        stage.agent(&format!("{line} {key}"))
    };
    stage.run("check").expect(0);
    says(&apply("alice.pem").expect(3), &["[R0304]", "\"alice\"", "signs"]);
    let policy = String::from_utf8(stage.desk.bytes("trust.toml")).unwrap();
    let changed = |line: &str| {
        let mut next = policy.replace("policy_version = 1", "policy_version = 2");
        let agent = next.rfind("name = ").unwrap();
        next.insert_str(agent, &format!("{line}\n"));
        stage.desk.write("trust.toml", next.as_bytes());
        fs::remove_file(stage.desk.path("trust.toml.sig")).ok();
        fs::remove_dir_all(stage.desk.path("state")).unwrap();
        stage.desk.private_folder("state");
    };
    for line in ["revoked = true", "not_after = 2020-01-01T00:00:00Z"] {
        changed(line);
        let line = "apply --plan plan.json --trust trust.toml --receipt one.json --key agent.pem --state state";
        says(&stage.agent(line).expect(3), &["[R0304]", "\"agent\""]);
        assert!(!stage.desk.path("one.json").exists());
    }
    assert_eq!(stage.files(), 2, "only the first one");
    assert_eq!(stage.database.text("SELECT to_regclass('shop.orders_note') IS NULL"), "t");
    // a key that this policy says nothing of may be one that readers of receipts know
    let line = "apply --plan plan.json --trust trust.toml --receipt one.json --key mallory.pem --state state";
    stage.agent(line).expect(0);
}

/// A clock that went back between two receipts is told; setting it right is no crime.
#[test]
fn a_clock_that_went_back_is_told() {
    use pgseal_keys::{AgentHost, Seal, Signer, Statement, key_file, seal_path};
    let stage = Stage::new();
    (0..3).for_each(|_| drop(stage.run("check").expect(0)));
    assert!(!stage.verify("").expect(0).out.contains("clock"));
    let signer: Signer<AgentHost> = key_file::read_private(&stage.desk.path("agent.pem"), None).unwrap();
    let last = Receipt { finished_at: "2020-01-01T00:00:00Z".to_owned(), ..stage.receipt(3) }.to_bytes();
    let path = stage.desk.path("receipts/receipt-000003.json");
    let mut seal = Seal::<pgseal_keys::Receipt>::default();
    seal.sign(&signer, Statement::Signed, &last).unwrap();
    fs::write(&path, last).unwrap();
    fs::write(seal_path(&path), seal.to_bytes()).unwrap();
    let ended = stage.verify(" --from-first").expect(0);
    says(&ended, &["  3: note: the clock of the agent's host went back before 3\n"]);
    assert_eq!(ended.out.matches("clock").count(), 1);
}

/// Two memories never go on with one chain, and a receipt without a seal never ends up among sealed ones.
#[test]
fn a_folder_of_receipts_is_one_memorys() {
    let stage = Stage::new();
    stage.run("check").expect(0);
    stage.desk.private_folder("other");
    let other = "check --plan plan.json --trust trust.toml --receipt receipts --key agent.pem --state other";
    says(&stage.agent(other).expect(1), &["[K0403]", "each memory has a folder of its own"]);
    let unsealed = "check --plan plan.json --trust trust.toml --receipt receipts --state state";
    says(&stage.agent(unsealed).expect(3), &["[R0302]", "--key"]);
    assert_eq!(stage.files(), 2);
    // where its number is free, too: it would be in the way of the next one
    stage.desk.private_folder("others");
    // of one second, two memories could begin with the very same receipt
    std::thread::sleep(std::time::Duration::from_millis(1100));
    stage.agent("check --plan plan.json --trust trust.toml --receipt others --key agent.pem --state other").expect(0);
    says(&stage.agent(other).expect(3), &["[R0305]", "receipts/receipt-000001.json", "move it"]);
    assert_eq!(stage.files(), 2);
    stage.desk.private_folder("new");
    let new = "check --plan plan.json --trust trust.toml --receipt others --key agent.pem --state new";
    for end in ["json", "json.sig"] {
        let name = |number| stage.desk.path(&format!("others/receipt-00000{number}.{end}"));
        fs::rename(name(1), name(4)).unwrap();
    }
    says(&stage.agent(new).expect(3), &["[R0305]"]);
    stage.run("check").expect(0);
    stage.verify(" --from-first").expect(0);
}

#[test]
fn a_memory_that_cannot_be_used_leaves_receipts_alone() {
    let stage = Stage::new();
    stage.run("check").expect(0);
    let to_file = "check --plan plan.json --trust trust.toml --receipt receipt.json --key agent.pem --state state";
    stage.agent(to_file).expect(0);
    let (receipt, memory) = (stage.desk.bytes("receipt.json"), stage.desk.bytes("state/state.json"));
    let refused = |code: &str| {
        says(&stage.run("check").expect(3), &[code]);
        says(&stage.agent(to_file).expect(3), &[code]);
        assert_eq!(stage.desk.bytes("receipt.json"), receipt, "{code}");
        assert_eq!(stage.files(), 2, "{code}");
    };
    let mode = |mode: u32| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(stage.desk.path("state"), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o777);
    refused("[K0502]");
    mode(0o700);
    stage.desk.write("state/state.json", b"{}");
    refused("[K0503]");
    stage.desk.write("state/state.json", &memory);
    fs::rename(stage.desk.path("state"), stage.desk.path("away")).unwrap();
    refused("[K0501]");
}

/// What a receipt is written to, its seal and the memory's word for it get their names one after the other; the agent can be killed in
/// between.
#[test]
fn a_run_that_is_killed_before_its_receipt_has_a_name_is_told() {
    for sealed in [false, true] {
        let stage = Stage::new();
        stage.run("check").expect(0);
        stage.run("apply").expect(0);
        let second = Digest::of(&stage.desk.bytes("receipts/receipt-000002.json"));
        let unnamed = |name: &str, aside: &str| {
            fs::rename(stage.desk.path(&format!("receipts/{name}")), stage.desk.path(&format!("receipts/{aside}")))
                .unwrap();
        };
        unnamed("receipt-000002.json", ".pgseal-Hk3f9x");
        if !sealed {
            unnamed("receipt-000002.json.sig", ".pgseal-2mNq0b");
        }
        // nothing tells that it is missing but the memory, until the next run goes on behind it
        stage.verify(" --from-first").expect(0);
        stage.run("apply").expect(0);
        let third = stage.receipt(3);
        assert_eq!((third.outcome, third.chain.previous), (Outcome::NothingToDo, Some(second)));
        let ended = stage.verify("").expect(3);
        says(&ended, &["[R0201]", "receipt 2 is missing before ", &format!("; the sha256 of 2 is {second}")]);
        assert_eq!(stage.database.text("SELECT count(*) FROM pgseal.ledger"), "2");
    }
    // in the place of an older one the seal comes last
    let stage = Stage::new();
    let check = || {
        let line = "check --plan plan.json --trust trust.toml --receipt receipt.json --key agent.pem --state state";
        stage.agent(line).expect(0);
    };
    let show = || stage.desk.run("receipt show receipt.json --trust trust.toml");
    (0..2).for_each(|_| check());
    show().expect(0);
    fs::remove_file(stage.desk.path("receipt.json.sig")).unwrap();
    says(&show().expect(3), &["[K0100]", "an agent seals its receipts where it is run with --key"]);
    check();
    says(&show().expect(0), &["number 3"]);
}

#[test]
fn a_place_that_cannot_be_written_is_found_out_before_anything_runs() {
    let stage = Stage::new();
    let apply = |to: &str| stage.agent(&format!("apply --plan plan.json --trust trust.toml --receipt {to}"));
    says(&apply("nowhere/").expect(1), &["receipt folder \"nowhere/\" is not there", "mkdir"]);
    says(&apply("nowhere/receipt.json").expect(1), &["[K0406]"]);
    assert_eq!(stage.database.text("SELECT to_regclass('shop.orders_note') IS NULL"), "t");
    // a key that asks for a passphrase is not asked for at a terminal
    stage.desk.write("secret", b"correct horse\n");
    fs::set_permissions(stage.desk.path("secret"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    stage.desk.run("keygen --out locked.pem --passphrase-file secret").expect(0);
    let ended = apply("receipt.json --key locked.pem").expect(2);
    says(&ended, &["[K0412]", "hint: give it with --passphrase-file\n"]);
}

#[test]
fn a_chain_goes_over_to_another_key_only_where_that_is_said() {
    let stage = Stage::new();
    // without a memory nothing tells an exchanged key from another agent's
    let memoryless = |key: &str, to: &str| {
        stage.agent(&format!("check --plan plan.json --trust trust.toml --key {key} --receipt {to}"))
    };
    stage.desk.private_folder("own");
    memoryless("agent.pem", "own").expect(0);
    says(&memoryless("mallory.pem", "own").expect(3), &["[R0303]", "own/receipt-000001.json", "a folder of its own"]);
    assert_eq!(fs::read_dir(stage.desk.path("own")).unwrap().count(), 3, "a receipt, its seal and the lock");
    memoryless("agent.pem", "own").expect(0);
    // in the place of another's a chain of its own begins
    for (key, number) in [("agent.pem", 1), ("agent.pem", 2), ("mallory.pem", 1), ("mallory.pem", 2), ("agent.pem", 1)]
    {
        memoryless(key, "one.json").expect(0);
        assert_eq!(Receipt::from_bytes(&stage.desk.bytes("one.json")).unwrap().chain.number, number, "{key}");
    }
    let key = fs::read_to_string(stage.desk.path("mallory.pub.pem")).unwrap();
    let mut policy = String::from_utf8(stage.desk.bytes("trust.toml")).unwrap();
    policy.push_str(&format!("\n[[keys]]\nname = \"new\"\nkey = '''\n{key}'''\nsigns = [\"receipt\"]\n"));
    stage.desk.write("trust.toml", policy.as_bytes());
    let check = |key: &str| {
        let line = format!("check --plan plan.json --trust trust.toml --key {key} --receipt receipts --state state");
        stage.agent(&line).expect(0)
    };
    says(&check("agent.pem"), &["is the first one that this agent sees"]);
    check("mallory.pem");
    check("mallory.pem");
    assert_ne!(stage.receipt(1).key, stage.receipt(2).key);
    says(&stage.verify("").expect(3), &["[R0204]", "receipt 2 is sealed by another key"]);
    stage.verify(" --allow-key-change").expect(0);
    // every receipt that is bad is named
    for number in [1, 3] {
        let file = format!("receipts/receipt-{number:06}.json");
        let bytes = stage.desk.bytes(&file);
        stage.desk.write(&file, &[&bytes[..], b" "].concat());
    }
    let refused = stage.verify(" --allow-key-change").expect(3);
    says(&refused, &["error[K0113]: 2 of 3 receipts are refused", "receipt-000001.json", "receipt-000003.json"]);
}

#[test]
fn a_failure_is_told_without_what_is_in_rows() {
    let stage = Stage::new();
    stage.put(|plan| {
        plan.phases[1].steps[0].sql =
            "ALTER TABLE shop.orders ALTER COLUMN note TYPE integer USING note::integer".to_owned();
    });
    let ended = stage.run("apply").expect(5);
    says(&ended, &["for your eyes only"]);
    let bytes = stage.desk.bytes("receipts/receipt-000001.json");
    assert!(!String::from_utf8(bytes).unwrap().contains("eyes"));
    let receipt = stage.receipt(1);
    assert_eq!((receipt.outcome, receipt.code.as_deref()), (Outcome::Failed, Some("A0401")));
    assert!(receipt.message.unwrap().contains("phase 2, step 1: the server refused the statement with SQLSTATE 22P02"));
    assert_eq!(receipt.phases.len(), 1);
    let unfinished = receipt.unfinished.unwrap();
    assert_eq!((unfinished.phase, unfinished.step, unfinished.steps.len()), (2, Some(1), 1));
    stage.verify(" --plan plan.json").expect(0);
    says(
        &stage.desk.run("receipt show receipts/receipt-000001.json --trust trust.toml").expect(0),
        &["ended at statement 1"],
    );
    stage.desk.put(&stage.forged.plan);
    says(&stage.verify(" --plan plan.json").expect(3), &["[R0101]"]);
}

/// `RAISE` may use the SQLSTATE of a server that ends the session: the session lives, and what is raised is no message of its end.
#[test]
fn an_error_that_claims_the_end_of_the_session_is_told_without_rows() {
    let stage = Stage::new();
    stage.put(|plan| {
        let mut fails = plan.phases[1].steps[0].clone();
        fails.sql = "ALTER TABLE shop.orders ADD COLUMN raised integer DEFAULT shop.raises()".to_owned();
        plan.phases[1].steps[0].sql = "CREATE FUNCTION shop.raises() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION '%', (SELECT note FROM shop.orders ORDER BY 1 LIMIT 1) USING ERRCODE = '57P01'; END $$"
            .to_owned();
        plan.phases[1].steps.insert(1, fails);
    });
    says(&stage.run("apply").expect(5), &["for your eyes only"]);
    let bytes = stage.desk.bytes("receipts/receipt-000001.json");
    assert!(!String::from_utf8(bytes).unwrap().contains("eyes only"));
    let receipt = stage.receipt(1);
    assert_eq!((receipt.outcome, receipt.code.as_deref()), (Outcome::Failed, Some("A0401")));
    assert!(receipt.message.unwrap().contains("SQLSTATE 57P01"));
}

#[test]
fn waiting_for_locks_is_told() {
    let stage = Stage::new();
    stage.put(|plan| {
        plan.timeouts.lock_ms = 300;
        plan.timeouts.lock_retries = 1;
    });
    let mut other = stage.database.connect();
    let mut transaction = other.transaction().unwrap();
    transaction.batch_execute("SELECT * FROM shop.orders").unwrap();
    stage.run("apply").expect(7);
    transaction.rollback().unwrap();
    let unfinished = stage.receipt(1).unfinished.unwrap();
    assert_eq!((unfinished.phase, unfinished.step, unfinished.waits.len()), (1, None, 1));
    assert!(unfinished.waits[0].duration_ms >= 300 && unfinished.duration_ms >= 300, "{unfinished:?}");

    stage.put(|plan| plan.timeouts.lock_ms = 20_000);
    let mut transaction = other.transaction().unwrap();
    transaction.batch_execute("SELECT * FROM shop.orders").unwrap();
    let ended = std::thread::scope(|scope| {
        let run = scope.spawn(|| stage.run("apply"));
        stage.database.wait_until(Database::IS_BLOCKED, "t");
        std::thread::sleep(std::time::Duration::from_millis(2_500));
        transaction.rollback().unwrap();
        run.join().unwrap()
    });
    ended.expect(0);
    let receipt = stage.receipt(2);
    assert!(receipt.phases[0].lock_wait_ms > 0, "{receipt:?}");
}

#[test]
fn check_lists_what_would_be_executed() {
    let stage = Stage::new();
    let check = |more: &str| stage.agent(&format!("check --plan plan.json --trust trust.toml{more}"));
    let ended = check("").expect(0);
    let first = PHASES[0][0];
    says(
        &ended,
        &["phase 1 of 2: in one transaction, to ", &format!("\n  {first};\n"), "the plan can be applied: 3 steps"],
    );
    PHASES[0].iter().for_each(|sql| stage.database.batch(sql));
    let ended = check("").expect(0);
    says(&ended, &["phase 1 of 2: there already\nphase 2 of 2: in one transaction"]);
    assert!(!ended.out.contains(first));
    let listed: Value = serde_json::from_str(&check(" --json").expect(0).out).unwrap();
    assert_eq!(listed["found"], 1);
    assert_eq!(listed["phases"][0]["state"], "there");
    assert_eq!(listed["phases"][1]["statements"][0], PHASES[1][0]);
    stage.database.batch(PHASES[1][0]);
    says(&check("").expect(0), &["phase 2 of 2: there already", "nothing to do"]);
    stage.database.batch("COMMENT ON TABLE shop.orders IS NULL; DROP INDEX shop.orders_note");
    assert_eq!(check(" --json").expect(4).out, "");
}

#[test]
fn drift_from_a_plan_is_told() {
    let stage = Stage::new();
    let drift = |more: &str| stage.agent(&format!("drift --plan plan.json{more}"));
    says(&drift("").expect(0), &["no drift: the database is at the plan's source"]);
    drift(" --expect source").expect(0);
    let ended = drift(" --expect target --json").expect(4);
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&told["drift"], &told["differences"][0]["object"]), (&true.into(), &"table:shop.orders".into()));
    PHASES[0].iter().for_each(|sql| stage.database.batch(sql));
    says(&drift("").expect(0), &["the database has 1 of 2 phases behind it"]);
    stage.database.batch(PHASES[1][0]);
    says(&drift(" --expect target").expect(0), &["no drift: the database is at the plan's target"]);
    let told: Value = serde_json::from_str(&drift(" --json").expect(0).out).unwrap();
    assert_eq!((&told["drift"], &told["phases"]), (&false.into(), &2.into()));
    // of what the plan promises there are digests only: one fact that is wrong is found out all the same
    for (change, undo, what) in [
        (
            "ALTER TABLE shop.orders ADD COLUMN hotfix integer",
            "ALTER TABLE shop.orders DROP COLUMN hotfix",
            "column hotfix should not be there",
        ),
        (
            "ALTER TABLE shop.orders ALTER COLUMN note TYPE character varying(99)",
            "ALTER TABLE shop.orders ALTER COLUMN note TYPE text",
            "column note type should be \"text\" and is \"character varying(99)\"",
        ),
        (
            "ALTER TABLE shop.orders DROP CONSTRAINT orders_pkey",
            "ALTER TABLE shop.orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id)",
            "constraint orders_pkey is missing",
        ),
        // what was made by the plan, and changed since
        (
            "ALTER TABLE shop.orders ALTER COLUMN total TYPE text",
            "ALTER TABLE shop.orders ALTER COLUMN total TYPE numeric USING NULL",
            "differs from what the plan expects",
        ),
    ] {
        stage.database.batch(change);
        says(&drift(" --expect target").expect(4), &[&format!("table shop.orders: {what}\n")]);
        stage.database.batch(undo);
    }
    drift(" --expect target").expect(0);
    stage.database.batch("CREATE TABLE shop.extra ()");
    says(&drift("").expect(4), &["table shop.extra: should not be there"]);
    drift(" --snapshot plan.json").expect(2);
    stage.agent("drift").expect(2);
}

/// The fingerprint decides, also where a plan lists objects that do not lead to it.
#[test]
fn a_plan_at_odds_with_its_own_objects_hides_no_drift() {
    let stage = Stage::new();
    let promised = Digest::of(b"another");
    stage.put(|plan| {
        plan.phases.last_mut().unwrap().checkpoint.fingerprint = promised;
        plan.target = promised;
    });
    PHASES.iter().flat_map(|phase| phase.iter()).for_each(|sql| stage.database.batch(sql));
    for expect in ["target", "any"] {
        let ended = stage.agent(&format!("drift --plan plan.json --expect {expect}")).expect(4);
        says(&ended, &["differs from the plan in its fingerprint, ", "in no object that the plan lists"]);
        let told: Value =
            serde_json::from_str(&stage.agent(&format!("drift --plan plan.json --json --expect {expect}")).out)
                .unwrap();
        assert_eq!((&told["drift"], &told["phases"]), (&true.into(), &Value::Null));
    }
}

#[test]
fn what_is_read_drives_no_terminal_and_adds_no_line() {
    let stage = Stage::new();
    let name = "\"x\u{1b}[2J\napplied: all well\"";
    let is_harmless = |ended: &Ended| {
        let all = format!("{}{}", ended.err, ended.out);
        assert!(!all.contains('\u{1b}') && !all.lines().any(|line| line.starts_with("applied: all well")));
        says(ended, &["x\u{FFFD}[2J"]);
    };
    let phase = format!("CREATE TABLE shop.{name} (a integer)");
    let forged = forge(stage.database.server(), SOURCE, &[&[&phase]]);
    stage.desk.put(&forged.plan);
    let apply = || stage.desk.apply(&stage.database);
    is_harmless(&stage.desk.check(&stage.database).expect(0));
    is_harmless(&apply().expect(0));
    stage.desk.put(&stage.forged.plan);
    is_harmless(&stage.agent("drift --plan plan.json").expect(4));
    is_harmless(&apply().expect(4));
    // a step that fails, and the server's own words for it
    stage.database.batch(&format!("ALTER TABLE shop.{name} RENAME TO y"));
    let twice = forge(
        stage.database.server(),
        &format!("{SOURCE}; CREATE TABLE shop.y (a integer)"),
        &[&["ALTER TABLE shop.orders ADD CHECK (id > 0)", "ALTER TABLE shop.orders ADD COLUMN total numeric"]],
    );
    let mut plan = twice.plan;
    plan.phases[0].steps[0].sql = format!("ALTER TABLE shop.orders DROP COLUMN {name}");
    stage.desk.put(&plan);
    is_harmless(&apply().expect(5));
}

#[test]
fn what_happens_is_told_to_programs() {
    let stage = Stage::new();
    let lines =
        |ended: &Ended| -> Vec<Value> { ended.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let words = |lines: &[Value]| -> Vec<String> {
        lines.iter().map(|line| line["event"].as_str().unwrap().to_owned()).collect()
    };
    let ended = stage.run("--log-format json apply").expect(0);
    let told = lines(&ended);
    let steps = ["step", "step", "phase_committed", "step", "phase_committed", "applied", "receipt"];
    assert_eq!(words(&told), [&["policy_first_seen"][..], &steps].concat());
    assert!(told.iter().all(|line| line["time"].is_string() && line["message"].is_string()));
    assert_eq!((&told[3]["phase"], &told[3]["phases"]), (&1.into(), &2.into()));
    stage.database.batch("CREATE TABLE shop.extra ()");
    let told = lines(&stage.run("apply --log-format json --quiet").expect(4));
    assert_eq!(words(&told), ["error"]);
    assert_eq!((&told[0]["code"], &told[0]["exit_code"]), (&"A0301".into(), &4.into()));
    assert_eq!(told[0]["details"][0], "table shop.extra: should not be there");
}
