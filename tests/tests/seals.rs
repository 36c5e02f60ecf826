//! Keys, seals and trust policies through the command line, as reviewers use it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use pgseal_catalog::fingerprint::Digest;
use pgseal_catalog::plan::{FORMAT, HazardKind, Inputs, Plan, Source, Timeouts, VERSION};
use pgseal_keys::policy::HAZARDS;
use pgseal_keys::{Statement, pae};
use pgseal_tests::program::{Ended, run_compiler, says};

/// A folder with a plan, two reviewers and a policy that trusts both.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(threshold: u32) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.write("plan.json", &plan().to_bytes());
        for name in ["alice", "bob", "mallory"] {
            desk.run(&format!("keygen --out {name}.pem --no-passphrase")).expect(0);
        }
        let init = format!("trust init --key alice.pub.pem --key bob.pub.pem --threshold {threshold} --out trust.toml");
        desk.run(&init).expect(0);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn run(&self, arguments: &str) -> Ended {
        run_compiler(self.0.path(), arguments.split(' '))
    }

    fn sign(&self, name: &str) {
        self.run(&format!("sign plan.json --key {name}.pem")).expect(0);
    }

    fn verify(&self) -> Ended {
        self.run("verify plan.json --trust trust.toml")
    }

    /// Expects a refusal by seal or policy with this code.
    #[track_caller]
    fn refuses(&self, code: &str) {
        let ended = self.verify().expect(3);
        assert!(ended.err.contains(&format!("[{code}]")), "{}", ended.err);
        assert_eq!(ended.out, "");
    }
}

/// A plan without steps, small enough to try every byte of it.
fn plan() -> Plan {
    let digest = Digest::of(b"");
    Plan {
        format: FORMAT.to_owned(),
        version: VERSION,
        compiler: "0.1.0".to_owned(),
        server_major: 18,
        binding: Default::default(),
        scope: Default::default(),
        inputs: Inputs { snapshot: digest, schema: BTreeMap::new() },
        source: Source { fingerprint: digest, objects: BTreeMap::new(), facts: Vec::new() },
        target: digest,
        settings: BTreeMap::new(),
        timeouts: Timeouts { lock_ms: 1, statement_ms: 1, lock_retries: 1 },
        hazards: BTreeSet::new(),
        phases: Vec::new(),
        notes: Vec::new(),
    }
}

#[test]
fn policies_know_every_hazard_of_plans() {
    let plans: BTreeSet<&str> = HazardKind::ALL.iter().map(|kind| kind.word()).collect();
    assert_eq!(plans, BTreeSet::from(HAZARDS));
}

#[test]
fn two_reviewers_sign_in_either_order() {
    let (first, second) = (Desk::new(2), Desk::new(2));
    for name in ["alice", "bob"] {
        for file in [format!("{name}.pem"), format!("{name}.pub.pem")] {
            fs::copy(first.path(&file), second.path(&file)).unwrap();
        }
    }
    first.refuses("K0100");
    first.sign("alice");
    first.refuses("K0302");
    first.sign("alice");
    first.refuses("K0302");
    first.sign("mallory");
    first.refuses("K0302");
    first.sign("bob");
    let ended = first.verify().expect(0);
    assert!(ended.out.contains("signed by alice") && ended.out.contains("signed by bob"), "{}", ended.out);
    assert!(!ended.out.contains("mallory"));
    fs::remove_file(first.path("plan.json.sig")).unwrap();
    first.sign("alice");
    first.sign("bob");
    second.sign("bob");
    second.sign("alice");
    assert_eq!(first.bytes("plan.json.sig"), second.bytes("plan.json.sig"));
}

#[test]
fn every_changed_byte_of_plan_and_seal_is_refused() {
    let desk = Desk::new(1);
    desk.sign("alice");
    desk.verify().expect(0);
    for (name, codes) in [("plan.json", &["K0113"][..]), ("plan.json.sig", &["K01", "K0301"])] {
        let good = desk.bytes(name);
        for position in 0..good.len() {
            let mut bad = good.clone();
            // Another bit for every position.
            bad[position] ^= 1 << (position % 8);
            desk.write(name, &bad);
            let ended = desk.verify();
            let known = codes.iter().any(|code| ended.err.contains(&format!("error[{code}")));
            assert!(ended.code == Some(3) && known, "{name} byte {position}: {ended:?}");
        }
        desk.write(name, &good[..good.len() - 1]);
        desk.verify().expect(3);
        desk.write(name, &[&good[..], b"\n"].concat());
        desk.verify().expect(3);
        desk.write(name, &good);
    }
    desk.verify().expect(0);
}

#[test]
fn what_was_checked_is_said_in_words() {
    let desk = Desk::new(1);
    let policy = String::from_utf8(desk.bytes("trust.toml")).unwrap();
    let policy = policy.replacen("threshold = 1", "threshold = 1\nrequire_ledger = true", 1)
        + "[[targets]]\nlabel = \"production\"\ndatabase = \"shop\"\n";
    desk.write("trust.toml", policy.as_bytes());
    let mut bound = plan();
    bound.binding.targets = ["production".to_owned(), "staging".to_owned()].into();
    bound.binding.not_before = Some(1_600_000_000);
    bound.binding.expires = Some(32_000_000_000);
    bound.binding.system_identifier = Some("7000000000000000001".to_owned());
    bound.binding.sequence = Some(4);
    desk.write("plan.json", &bound.to_bytes());
    desk.sign("alice");
    let said = desk.verify().expect(0).out;
    for line in [
        "plan.json: accepted",
        "signed by alice (",
        "trust policy: version 1, satisfied; it demands 1 signature of any plan",
        "hazards: none",
        "valid from: 2020-09-13T12:26:40Z",
        "expires: 2984-01-15T08:53:20Z",
        "target: production",
        "content: 0 steps in 0 phases for PostgreSQL 18, compiler 0.1.0",
        "left to the agent: database \"shop\" (trust policy)",
        "left to the agent: system identifier 7000000000000000001 (plan)",
        "left to the agent: a ledger that the role may write (trust policy)",
        "left to the agent: no plan with a higher number was begun there (plan)",
        "left to the agent: the catalog at ",
    ] {
        assert!(said.contains(line), "\"{line}\" is not said:\n{said}");
    }
    let shown = desk.run("show plan.json").expect(0).out;
    for line in [
        "for the server with system identifier 7000000000000000001",
        "expires at 2984-01-15T08:53:20Z",
        "number 4 among",
    ] {
        assert!(shown.contains(line), "\"{line}\" is not shown:\n{shown}");
    }
}

#[test]
fn plans_are_bound_by_options_that_make_sense() {
    let desk = Desk::new(1);
    desk.write("snapshot.json", &pgseal_tests::documents::snapshot().to_bytes());
    desk.write("schema.sql", b"CREATE SCHEMA shop;\n");
    let plan =
        |more: &str| desk.run(&format!("plan --snapshot snapshot.json --schema schema.sql --out plan.json{more}"));
    for wrong in [
        " --sequence 1",
        " --valid-from 2027-01-01",
        " --valid-from tomorrow",
        " --expires 1960-01-01T00:00:00Z",
        " --valid-from 2027-01-02T00:00:00Z --expires 2027-01-01T00:00:00Z",
        " --valid-from 2027-01-01T00:00:00Z --expires 2027-01-01T00:00:00Z",
        " --system-identifier 007",
        " --system-identifier shop",
    ] {
        let said = plan(wrong).expect(2).err;
        assert!(!said.contains("nowhere"), "{said}");
    }
    plan(" --expires 2020-01-01T00:00:00Z").expect(0);
    desk.sign("alice");
    let said = desk.verify().expect(3).err;
    assert!(
        said.contains("[K0317]: ") && said.contains("the plan expired at 2020-01-01T00:00:00Z, and it is 2"),
        "{said}"
    );
    fs::remove_file(desk.path("plan.json.sig")).unwrap();
    plan(" --valid-from 2999-01-01T00:00:00Z").expect(0);
    desk.sign("alice");
    let said = desk.verify().expect(3).err;
    assert!(
        said.contains("[K0318]: ") && said.contains("not valid before 2999-01-01T00:00:00Z, and it is 2"),
        "{said}"
    );
    fs::remove_file(desk.path("plan.json.sig")).unwrap();
    let all = " --target staging --target production --database shop --system-identifier 7000000000000000001 \
               --valid-from 2027-01-01T00:00:00Z --expires 2027-02-01T01:00:00+01:00 --sequence 12";
    plan(&all.split_whitespace().map(|word| format!(" {word}")).collect::<String>()).expect(0);
    let binding = Plan::from_bytes(&desk.bytes("plan.json")).unwrap().binding;
    assert_eq!(binding.targets, BTreeSet::from(["production".to_owned(), "staging".to_owned()]));
    assert_eq!(binding.database.as_deref(), Some("shop"));
    assert_eq!(binding.system_identifier.as_deref(), Some("7000000000000000001"));
    assert_eq!((binding.not_before, binding.expires), (Some(1_798_761_600), Some(1_801_440_000)));
    assert_eq!(binding.sequence, Some(12));
    // what a plan is bound to is taken from it when it is made again
    let said = desk.run("reproduce plan.json --snapshot snapshot.json --schema schema.sql").expect(0).err;
    for line in ["taken from the plan", "  number 12 among", "  for database shop", "  lock timeout "] {
        assert!(said.contains(line), "\"{line}\" is not said:\n{said}");
    }
    // the same catalog in another file is told as such
    desk.write("other.json", &[&desk.bytes("snapshot.json")[..], b"\n"].concat());
    let said = desk.run("reproduce plan.json --snapshot other.json --schema schema.sql").expect(3).err;
    assert!(said.contains("[K0340]: ") && said.contains(", and this one has "), "{said}");
    assert!(said.contains("(the same schema, "), "{said}");
}

#[test]
fn strangers_and_policies_are_refused() {
    let desk = Desk::new(1);
    desk.sign("mallory");
    desk.refuses("K0301");
    desk.sign("alice");
    desk.verify().expect(0);
    let policy = String::from_utf8(desk.bytes("trust.toml")).unwrap();
    for (from, to, code) in [
        ("name = \"alice\"", "name = \"alice\"\nrevoked = true", "K0304"),
        ("name = \"alice\"", "name = \"alice\"\nnot_after = 2020-01-01T00:00:00Z", "K0305"),
        ("name = \"alice\"", "name = \"alice\"\nnot_before = 2999-01-01T00:00:00Z", "K0306"),
        ("name = \"alice\"", "name = \"alice\"\nsigns = [\"receipt\"]", "K0307"),
        ("threshold = 1", "threshold = 1\nrequire_cosign = true", "K0302"),
        ("threshold = 1", "threshold = 1\nmax_plan_age = \"1d\"", "K0320"),
        ("threshold = 1", "threshold = 1\nmin_compiler_version = \"9.0.0\"", "K0321"),
        ("threshold = 1", "treshold = 1", "K0202"),
        ("version = 1", "version = 2", "K0204"),
    ] {
        desk.write("trust.toml", policy.replacen(from, to, 1).as_bytes());
        desk.refuses(code);
    }
    desk.write("trust.toml", policy.as_bytes());
    desk.chmod("trust.toml", 0o666);
    desk.refuses("K0402");
    fs::remove_file(desk.path("trust.toml")).unwrap();
    desk.verify().expect(1);
}

#[test]
fn keys_are_kept_and_asked_for() {
    let desk = Desk::new(1);
    desk.run("keygen --out alice.pem --no-passphrase").expect(1);
    desk.run("keygen --out new.pem").expect(2);
    desk.write("secret", b"correct horse\n");
    desk.run("keygen --out locked.pem --passphrase-file secret").expect(3);
    desk.chmod("secret", 0o600);
    desk.run("keygen --out locked.pem --passphrase-file secret").expect(0);
    desk.run("sign plan.json --key locked.pem").expect(2);
    desk.run("sign plan.json --key locked.pem --passphrase-file secret").expect(0);
    desk.write("secret", b"wrong\n");
    let ended = desk.run("sign plan.json --key locked.pem --passphrase-file secret").expect(3);
    assert!(ended.err.contains("[K0413]"), "{}", ended.err);
    let ended = desk.run("sign plan.json --key alice.pub.pem").expect(3);
    assert!(ended.err.contains("[K0410]") && ended.err.contains("is a public key"), "{}", ended.err);
    let ended = desk.run("trust init --key alice.pem --out other.toml").expect(3);
    assert!(ended.err.contains("[K0420]") && ended.err.contains("NAME.pub.pem"), "{}", ended.err);
    desk.chmod("alice.pem", 0o640);
    let ended = desk.run("sign plan.json --key alice.pem").expect(3);
    assert!(ended.err.contains("[K0401]"), "{}", ended.err);
    // What is no plan is not signed.
    desk.write("plan.json", b"{}");
    desk.run("sign plan.json --key bob.pem").expect(10);
}

#[test]
fn a_seal_of_another_plan_is_not_added_to() {
    let desk = Desk::new(1);
    desk.sign("alice");
    let changed = Plan { compiler: "0.2.0".to_owned(), ..plan() };
    desk.write("plan.json", &changed.to_bytes());
    let seal = desk.bytes("plan.json.sig");
    let ended = desk.run("sign plan.json --key alice.pem").expect(3);
    assert!(ended.err.contains("[K0113]") && ended.err.contains("hint:"), "{}", ended.err);
    assert_eq!(desk.bytes("plan.json.sig"), seal);
}

#[test]
fn of_two_who_sign_at_once_both_have_signed() {
    let desk = Desk::new(2);
    for _ in 0..8 {
        fs::remove_file(desk.path("plan.json.sig")).ok();
        std::thread::scope(|scope| {
            let desk = &desk;
            for name in ["alice", "bob"] {
                scope.spawn(move || desk.sign(name));
            }
        });
        desk.verify().expect(0);
    }
}

#[test]
fn what_does_not_count_is_told_and_what_the_agent_needs() {
    let desk = Desk::new(1);
    ["alice", "bob", "mallory"].iter().for_each(|name| desk.sign(name));
    let policy = String::from_utf8(desk.bytes("trust.toml")).unwrap();
    let policy = policy.replacen("threshold = 1", "threshold = 1\nrequire_state = true", 1);
    desk.write("trust.toml", policy.replacen("name = \"bob\"", "name = \"bob\"\nrevoked = true", 1).as_bytes());
    let said = desk.verify().expect(0).out;
    for line in [
        "not counted: key \"bob\" is revoked\n",
        "not counted: the trust policy does not know key ",
        "left to the agent: a memory of earlier runs, --state (trust policy)\n",
    ] {
        assert!(said.contains(line), "\"{line}\" is not said:\n{said}");
    }
}

#[test]
fn a_plan_goes_through_a_pipe() {
    let desk = Desk::new(1);
    desk.write("snapshot.json", &pgseal_tests::documents::snapshot().to_bytes());
    desk.write("schema.sql", b"CREATE SCHEMA shop;\n");
    let plan = "plan --snapshot snapshot.json --schema schema.sql --out /dev/stdout";
    assert!(desk.run(plan).expect(0).out.contains("\"pgseal-plan\""));
    // there is no place for its seal
    desk.run(&format!("{plan} --key alice.pem")).expect(2);
    assert!(!Path::new("/dev/stdout.sig").exists());
}

#[test]
fn a_signer_elsewhere_takes_part() {
    let desk = Desk::new(1);
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(desk.0.path()).output()
    };
    if openssl("version").is_err() {
        println!("skipped: needs openssl");
        return;
    }
    desk.run("sign plan.json --export-tbs plan.tbs").expect(0);
    assert!(openssl("pkeyutl -sign -rawin -inkey bob.pem -in plan.tbs -out bob.sig").unwrap().status.success());
    assert!(!Path::exists(&desk.path("plan.json.sig")));
    // Another's key, another's bytes, no signature at all.
    desk.run("sign plan.json --attach bob.sig --public-key alice.pub.pem").expect(3);
    assert!(openssl("pkeyutl -sign -rawin -inkey bob.pem -in plan.json -out bare.sig").unwrap().status.success());
    desk.run("sign plan.json --attach bare.sig --public-key bob.pub.pem").expect(3);
    desk.write("short.sig", &[0; 63]);
    desk.run("sign plan.json --attach short.sig --public-key bob.pub.pem").expect(10);
    assert!(!Path::exists(&desk.path("plan.json.sig")));
    desk.run("sign plan.json --attach bob.sig --public-key bob.pub.pem").expect(0);
    desk.verify().expect(0);
    // made over what somebody exports who compiled the plan again
    let reproduced = pae::to_be_signed::<pgseal_keys::Plan>(Statement::Reproduced, &desk.bytes("plan.json")).unwrap();
    desk.write("again.tbs", &reproduced);
    assert!(openssl("pkeyutl -sign -rawin -inkey bob.pem -in again.tbs -out again.sig").unwrap().status.success());
    let refused = desk.run("sign plan.json --attach again.sig --public-key bob.pub.pem").expect(3);
    says(&refused, &["[K0113]", "add it with \"pgseal cosign --attach\""]);
    for wrong in [
        "--attach bob.sig",
        "--public-key bob.pub.pem",
        "--key bob.pem --export-tbs x",
        "--export-tbs x --attach bob.sig",
    ] {
        desk.run(&format!("sign plan.json {wrong}")).expect(2);
    }
    desk.run("sign plan.json").expect(2);
}

#[test]
fn an_export_never_takes_the_place_of_what_is_signed() {
    let desk = Desk::new(1);
    let plan = desk.bytes("plan.json");
    fs::hard_link(desk.path("plan.json"), desk.path("second-name")).unwrap();
    std::os::unix::fs::symlink("plan.json", desk.path("link")).unwrap();
    let itself = format!("{}/plan.json", desk.0.path().display());
    for export in ["plan.json", "./plan.json", &itself, "link", "second-name", "plan.json.sig", "./plan.json.sig"] {
        says(&desk.run(&format!("sign plan.json --export-tbs {export}")).expect(2), &["--export-tbs", "itself"]);
    }
    says(&desk.run("sign link --export-tbs plan.json").expect(2), &["the plan itself"]);
    says(&desk.run("trust sign trust.toml --export-tbs trust.toml").expect(2), &["the trust policy itself"]);
    desk.sign("alice");
    says(&desk.run("sign plan.json --export-tbs plan.json.sig").expect(2), &["the seal itself"]);
    assert!(desk.bytes("plan.json") == plan);
    desk.verify().expect(0);
    desk.run("sign plan.json --export-tbs -").expect(0);
    desk.run("sign plan.json --export-tbs plan.tbs").expect(0);
    desk.run("sign plan.json --export-tbs plan.tbs").expect(0);
}

#[test]
fn what_comes_by_a_stream_has_no_place_for_a_seal() {
    let desk = Desk::new(1);
    for stream in ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
        for document in ["plan.json", "trust.toml"] {
            let of_policy = if document == "plan.json" { "" } else { "trust " };
            let line = format!("pgseal {of_policy}sign {stream} --key alice.pem < {document}");
            let path = pgseal_tests::program::folder_of_programs();
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("{}/{line}", path.display())]).current_dir(desk.0.path());
            says(&pgseal_tests::program::run(&mut shell).expect(2), &["there is no place for FILE.sig"]);
        }
    }
    assert!(!Path::new("/dev/stdin.sig").exists());
}

#[test]
fn passphrases_are_typed_on_a_terminal() {
    let desk = Desk::new(1);
    let folder = pgseal_tests::program::folder_of_programs();
    // `script` gives the program a terminal, and types what it is given
    let typed = |arguments: &str, lines: &str| {
        let line = format!("{}/pgseal {arguments}", folder.display());
        let mut script = Command::new("script");
        script.args(["-q", "-e", "-c", &line, "/dev/null"]).current_dir(desk.0.path());
        script.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let Ok(mut child) = script.spawn() else { return None };
        let mut input = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        let (mut said, mut lines, mut read) = (Vec::new(), lines.lines(), [0; 256]);
        loop {
            let bytes = output.read(&mut read).unwrap();
            said.extend_from_slice(&read[..bytes]);
            if bytes == 0 {
                break;
            }
            if said.ends_with(b": ")
                && let Some(line) = lines.next()
            {
                // the terminal is told to show nothing right behind the prompt
                std::thread::sleep(std::time::Duration::from_millis(200));
                writeln!(input, "{line}").unwrap();
            }
        }
        let status = child.wait().unwrap();
        Some((status.code(), String::from_utf8_lossy(&said).into_owned()))
    };
    let Some((code, said)) = typed("keygen --out typed.pem", "correct horse\ncorrect horse") else {
        println!("skipped: needs script");
        return;
    };
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Passphrase for the new key: "), "{said}");
    assert!(!said.contains("horse"), "the passphrase is shown: {said}");
    desk.write("secret", b"correct horse\n");
    desk.chmod("secret", 0o600);
    desk.run("sign plan.json --key typed.pem --passphrase-file secret").expect(0);
    assert_eq!(typed("sign plan.json --key typed.pem", "correct horse").unwrap().0, Some(0));
    let (code, said) = typed("sign plan.json --key typed.pem", "wrong").unwrap();
    assert!(code == Some(3) && said.contains("[K0413]"), "{said}");
    let (code, said) = typed("keygen --out other.pem", "one\nanother").unwrap();
    assert!(code == Some(2) && said.contains("not the same"), "{said}");
    assert!(!desk.path("other.pem").exists());
}

#[test]
fn policies_are_shown_in_words() {
    let desk = Desk::new(2);
    let said = desk.run("trust show trust.toml").expect(0).out;
    let sha256 = Digest::of(&desk.bytes("trust.toml"));
    for line in [
        "trust.toml: trust policy version 1\n".to_owned(),
        format!("sha256: {sha256}\n"),
        "a plan needs the signatures of 2 distinct keys\n".to_owned(),
        "  alice (".to_owned(),
    ] {
        assert!(said.contains(&line), "\"{line}\" is not said:\n{said}");
    }
    desk.chmod("trust.toml", 0o666);
    desk.run("trust show trust.toml").expect(3);
}
