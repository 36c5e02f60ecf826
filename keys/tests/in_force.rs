//! How one trust policy follows another, and what an agent remembers.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use common::*;
use pgseal_catalog::Digest;
use pgseal_keys::in_force::successor;
use pgseal_keys::verifier::PlanFacts;
use pgseal_keys::{
    Admitted, Authorized, InForce, Kind, LiveTarget, Memory, Plan, Seal, Signer, Statement, TrustPolicy,
    TrustPolicyDocument, Unverified, Workstation,
};

/// A policy of that version: the lines of its head, then the entries.
fn version(number: u64, head: &str, entries: &[String]) -> String {
    let first = policy_text(head, entries);
    first.replacen("policy_version = 1", &format!("policy_version = {number}"), 1)
}

fn seal_of(policy: &str, seeds: &[u8]) -> Option<Vec<u8>> {
    let signers: Vec<Signer<Workstation>> = seeds.iter().map(|seed| signer(*seed)).collect();
    let statements: Vec<_> = signers.iter().map(|signer| (signer, Statement::Signed)).collect();
    Some(seal_by::<TrustPolicyDocument, _>(policy.as_bytes(), &statements))
}

fn follows(old: &str, new: &str, seal: Option<Vec<u8>>) -> &'static str {
    let old = TrustPolicy::read(old.as_bytes()).unwrap();
    successor(&old, new.as_bytes(), seal, NOW).map_or_else(|refusal| refusal.code(), |_| "follows")
}

fn three() -> Vec<String> {
    vec![key_entry(1, ""), key_entry(2, "roles = [\"security\"]"), key_entry(3, "")]
}

#[test]
fn a_successor_is_signed_by_the_old_and_the_new() {
    let old = version(1, "threshold = 2", &three());
    let new = version(
        2,
        "threshold = 2",
        &[key_entry(1, ""), key_entry(2, "revoked = true"), key_entry(4, ""), key_entry(5, "")],
    );
    let judge = |seeds: &[u8]| follows(&old, &new, seal_of(&new, seeds));
    assert_eq!(follows(&old, &new, None), "K0100");
    // one of the old, none of the old, enough of the new only
    assert_eq!(judge(&[1]), "K0334");
    assert_eq!(judge(&[9]), "K0301");
    assert_eq!(judge(&[4, 5]), "K0301");
    assert_eq!(judge(&[1, 4]), "K0334");
    // enough of the old only: in the new, key 2 is revoked and key 3 unknown
    assert_eq!(judge(&[1, 2]), "K0304");
    assert_eq!(judge(&[1, 3]), "K0334");
    let said = |seeds: &[u8]| {
        let old = TrustPolicy::read(old.as_bytes()).unwrap();
        let refusal = successor(&old, new.as_bytes(), seal_of(&new, seeds), NOW).unwrap_err();
        (refusal.to_string(), refusal.detail().unwrap())
    };
    let (message, detail) = said(&[1, 4]);
    assert!(message.starts_with("by the old policy (version 1): a change"), "{message}");
    assert!(message.ends_with("demands signatures of 2 distinct keys and there is 1"), "{message}");
    assert!(detail.contains("; what does not: the trust policy does not know key "), "{detail}");
    let (message, detail) = said(&[1, 2]);
    assert!(message.starts_with("by the new policy (version 2): key "), "{message}");
    assert!(detail.starts_with("it demands signatures of 2 distinct keys for a change; what counts: "), "{detail}");
    assert!(detail.ends_with(" is revoked"), "{detail}");
    // enough of both
    assert_eq!(judge(&[1, 2, 4]), "follows");
    assert_eq!(judge(&[1, 3, 5]), "follows");
    // a wrong signature of a key of either spoils it
    let spoiled = |seed: u8| {
        let good = String::from_utf8(seal_of(&new, &[1, 2, 4]).unwrap()).unwrap();
        let other = String::from_utf8(seal_of(&old, &[1, 2, 4]).unwrap()).unwrap();
        let id = signer(seed).public_key().id().to_string();
        let sig = |text: &str| {
            text.split(&id).nth(1).unwrap().split("\"sig\": \"").nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        let bad = good.replace(&sig(&good), &sig(&other));
        follows(&old, &new, Some(bad.into_bytes()))
    };
    for seed in [1, 2, 4] {
        assert_eq!(spoiled(seed), "K0113", "{seed}");
    }
}

#[test]
fn versions_only_rise() {
    let old = version(5, "", &three());
    for (number, code) in [(1, "K0332"), (4, "K0332"), (5, "K0333"), (6, "follows"), (1_000_000, "follows")] {
        let new = version(number, "max_plan_age = \"30d\"", &three());
        assert_eq!(follows(&old, &new, seal_of(&new, &[1])), code, "{number}");
    }
    assert_eq!(follows(&old, &old, seal_of(&old, &[1])), "K0333");
    let broken = version(6, "treshold = 1", &three());
    assert_eq!(follows(&old, &broken, seal_of(&broken, &[1])), "K0202");
}

#[test]
fn changes_have_a_demand_of_their_own() {
    let table = "[policy_changes]\nthreshold = 2\nroles = { security = 1 }\n".to_owned();
    let old = version(1, "", &[three(), vec![table.clone()]].concat());
    let new = version(2, "", &three());
    let judge = |seeds: &[u8]| follows(&old, &new, seal_of(&new, seeds));
    assert_eq!(judge(&[1]), "K0334");
    assert_eq!(judge(&[1, 3]), "K0335");
    assert_eq!(judge(&[1, 2]), "follows");
    // for plans, one key is enough
    let policy = TrustPolicy::read(old.as_bytes()).unwrap();
    assert_eq!(verdict(&policy, &sealed(&[3])), "accepted");
    // what could never be met is refused at once
    let read = |entries: &[String], table: &str| {
        let text = policy_text("", &[entries, &[table.to_owned()]].concat());
        TrustPolicy::read(text.as_bytes()).map_or_else(|error| error.code(), |_| "read")
    };
    assert_eq!(read(&three(), &table), "read");
    assert_eq!(read(&three(), "[policy_changes]\nthreshold = 4"), "K0208");
    assert_eq!(read(&three(), "[policy_changes]\nthreshold = 1\n[environments.x]\nthreshold = 2"), "K0211");
    assert_eq!(read(&three(), "[policy_changes]\nthreshold = 0"), "K0205");
    assert_eq!(read(&three(), "[policy_changes]\nroles = { security = 1 }"), "K0202");
    assert_eq!(read(&three(), "[policy_changes]\nthreshold = 1\nroles = { auditor = 1 }"), "K0208");
    assert_eq!(read(&[key_entry(1, "signs = [\"plan\"]")], "[policy_changes]\nthreshold = 1"), "K0208");
}

#[test]
fn a_signature_on_a_plan_is_none_on_a_policy() {
    let old = version(1, "", &three());
    let new = version(2, "", &three());
    let mut seal = Seal::<Plan>::default();
    seal.sign(&signer(1), Statement::Signed, new.as_bytes()).unwrap();
    let text = String::from_utf8(seal.to_bytes()).unwrap();
    assert_eq!(follows(&old, &new, Some(text.clone().into_bytes())), "K0106");
    let relabelled = text.replace("pgseal.plan+json", "pgseal.trust-policy+toml");
    assert_eq!(follows(&old, &new, Some(relabelled.into_bytes())), "K0113");
    let plans_only = version(1, "", &[key_entry(1, "signs = [\"plan\"]"), key_entry(2, "")]);
    assert_eq!(follows(&plans_only, &new, seal_of(&new, &[1])), "K0307");
}

/// A folder with a policy and a state folder.
struct Host(tempfile::TempDir);

impl Host {
    fn new() -> Self {
        let host = Self(tempfile::tempdir().unwrap());
        fs::create_dir(host.path("state")).unwrap();
        host.chmod("state", 0o700);
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn put(&self, policy: &str, seeds: &[u8]) {
        fs::write(self.path("trust.toml"), policy).unwrap();
        fs::remove_file(self.path("trust.toml.sig")).ok();
        if !seeds.is_empty() {
            fs::write(self.path("trust.toml.sig"), seal_of(policy, seeds).unwrap()).unwrap();
        }
    }

    /// What an agent here says at a time: its code, or "accepted".
    fn says(&self, now: u64) -> String {
        match self.enter(now) {
            Ok(_) => "accepted".to_owned(),
            Err(code) => code,
        }
    }

    fn enter(&self, now: u64) -> Result<InForce, String> {
        InForce::on_agent(&self.path("trust.toml"), Some(&self.path("state")), None, now).map_err(|failure| {
            let text = failure.render("x");
            text.split('[').nth(1).and_then(|rest| rest.split(']').next()).unwrap_or(&text).to_owned()
        })
    }
}

#[test]
fn an_agent_goes_only_forward() {
    let host = Host::new();
    let (first, second, third) = (version(1, "", &three()), version(2, "", &three()), version(3, "", &three()));
    host.put(&first, &[]);
    assert_eq!(host.says(NOW), "accepted");
    assert_eq!(host.says(NOW), "accepted");
    assert_eq!(host.says(NOW - 1), "K0331");
    assert_eq!(host.says(NOW + 10), "accepted");
    assert_eq!(host.says(NOW + 9), "K0331");
    host.put(&second, &[]);
    assert_eq!(host.says(NOW + 10), "K0100");
    host.put(&second, &[9]);
    assert_eq!(host.says(NOW + 10), "K0301");
    host.put(&second, &[1]);
    let before = |trust: InForce| trust.before().map(TrustPolicy::policy_version);
    assert_eq!(host.enter(NOW + 10).map(before), Ok(Some(1)));
    // once accepted, it needs no seal any more
    host.put(&second, &[]);
    assert_eq!(host.enter(NOW + 10).map(before), Ok(None));
    host.put(&first, &[1]);
    assert_eq!(host.says(NOW + 10), "K0332");
    host.put(&format!("{second}# another comment\n"), &[1]);
    assert_eq!(host.says(NOW + 10), "K0333");
    host.put(&third, &[1]);
    assert_eq!(host.says(NOW + 10), "accepted");
}

/// In the memory it is in quotes, where it is longer.
#[test]
fn the_largest_policy_is_remembered() {
    let host = Host::new();
    let first = version(1, "", &three());
    let quotes = usize::try_from(TrustPolicyDocument::MAX_BYTES).unwrap() - first.len() - 2;
    host.put(&format!("{first}#{}\n", "\"".repeat(quotes)), &[]);
    assert_eq!(host.says(NOW), "accepted");
    assert_eq!(host.says(NOW), "accepted");
    host.put(&format!("{first}#{}\n", "\"".repeat(quotes + 1)), &[]);
    assert_eq!(host.says(NOW), "K0405");
}

#[test]
fn a_policy_may_demand_a_memory() {
    let host = Host::new();
    host.put(&version(1, "require_state = true", &three()), &[]);
    let without = InForce::on_agent(&host.path("trust.toml"), None, None, NOW).unwrap_err();
    assert!(without.render("x").contains("[K0330]"));
    assert_eq!(host.says(NOW), "accepted");
}

#[test]
fn a_pin_names_the_one_policy() {
    let host = Host::new();
    let (first, second) = (version(1, "", &three()), version(2, "", &three()));
    host.put(&first, &[]);
    let enter = |pinned: &str| {
        InForce::on_agent(&host.path("trust.toml"), None, Some(Digest::of(pinned.as_bytes())), NOW)
            .map(|trust| trust.policy().policy_version())
            .map_err(|failure| failure.render("x").contains("[K0336]"))
    };
    assert_eq!(enter(&first), Ok(1));
    assert_eq!(enter(&second), Err(true));
    host.put(&second, &[1]);
    assert_eq!(enter(&first), Err(true));
    assert_eq!(enter(&second), Ok(2));
}

#[test]
fn a_memory_that_others_could_have_changed_is_refused() {
    let host = Host::new();
    host.put(&version(1, "", &three()), &[]);
    host.says(NOW);
    let advised = |advice: &str| {
        let trust = InForce::on_agent(&host.path("trust.toml"), Some(&host.path("state")), None, NOW);
        let said = trust.unwrap_err().render("x");
        assert!(said.contains(advice), "{said}");
    };
    for mode in [0o770, 0o720, 0o702, 0o777, 0o1777] {
        host.chmod("state", mode);
        advised("run \"chmod 700\" on it");
        assert_eq!(host.says(NOW), "K0502", "{mode:o}");
    }
    host.chmod("state", 0o755);
    assert_eq!(host.says(NOW), "accepted");
    host.chmod("state/state.json", 0o666);
    assert_eq!(host.says(NOW), "K0402");
    // a group may come in, and must not write; where it may not come in, its rights mean nothing
    for (folder, mode, said) in [
        (0o755, 0o660, "K0402"),
        (0o750, 0o620, "K0402"),
        (0o701, 0o660, "K0402"),
        (0o755, 0o644, "accepted"),
        (0o700, 0o660, "accepted"),
        (0o744, 0o660, "accepted"),
    ] {
        host.chmod("state", folder);
        host.chmod("state/state.json", mode);
        assert_eq!(host.says(NOW), said, "{folder:o} {mode:o}");
    }
    host.chmod("state", 0o755);
    host.chmod("state/state.json", 0o660);
    advised("run \"chmod g-w\" on it");
    host.chmod("state/state.json", 0o600);
    let good = fs::read_to_string(host.path("state/state.json")).unwrap();
    for bad in [
        String::new(),
        "{}".to_owned(),
        good.replace("\"time\"", "\"tim\""),
        good.replace("pgseal-state", "pgseal-plan"),
        good.replacen("\"version\": 1\n  },", "\"version\": 7\n  },", 1),
        good.replace("\"time\": 18", "\"time\": 1, \"time\": 18"),
        good.replace("\"time\":", "\"more\": 1, \"time\":"),
        format!("{good}\n"),
        good.trim_end().to_owned(),
        good.replace("[[keys]]", "[[kays]]"),
    ] {
        assert_ne!(bad, good);
        fs::write(host.path("state/state.json"), &bad).unwrap();
        assert_eq!(host.says(NOW), "K0503", "{bad}");
    }
    advised("see \"Recover\" in AGENT.md");
    // whatever else a later version holds
    let later = good.replace("\n  \"version\": 1\n}", "\n  \"version\": 2,\n  \"weather\": \"fair\"\n}");
    assert_ne!(later, good);
    fs::write(host.path("state/state.json"), &later).unwrap();
    assert_eq!(host.says(NOW), "K0506");
    advised("is of version 2, which this agent does not know");
    advised("a newer agent wrote it");
    fs::remove_file(host.path("state/state.json")).unwrap();
    // a link to nowhere is no first run
    std::os::unix::fs::symlink(host.path("nowhere"), host.path("state/state.json")).unwrap();
    assert_eq!(host.says(NOW), "K0406");
    fs::remove_dir_all(host.path("state")).unwrap();
    assert_eq!(host.says(NOW), "K0501");
    advised("mkdir -m 700");
    fs::write(host.path("state"), "").unwrap();
    assert_eq!(host.says(NOW), "K0501");
}

/// Lets [`PLAN`] with a number through on that host.
fn admit(host: &Host, document: &[u8], sequence: u64, label: Option<&str>) -> Result<Admitted<()>, &'static str> {
    admit_facts(host, document, PlanFacts { sequence: Some(sequence), ..PlanFacts::default() }, label)
}

fn admit_facts(
    host: &Host,
    document: &[u8],
    facts: PlanFacts,
    label: Option<&str>,
) -> Result<Admitted<()>, &'static str> {
    let trust = host.enter(NOW).unwrap();
    let mut seal = Seal::<Plan>::default();
    seal.sign(&signer(1), Statement::Signed, document).unwrap();
    let verified =
        Unverified::<Plan>::new(document.to_vec(), Some(seal.to_bytes())).verify(trust.policy(), NOW).unwrap();
    let opened = verified.open(|_| Ok::<_, std::convert::Infallible>(((), facts))).unwrap();
    let authorized = opened.authorize(label, trust.memory()).map_err(|refusal| refusal.code())?;
    let live = LiveTarget { database: "shop".to_owned(), system_identifier: None };
    authorized.admit(&live).map_err(|refusal| refusal.code())
}

#[test]
fn plans_of_a_target_come_in_order() {
    let host = Host::new();
    host.put(&version(1, "", &three()), &[]);
    let judge = |document: &[u8], number, label| match admit(&host, document, number, Some(label)) {
        Ok(admitted) => admitted.begin().map_or_else(|error| error.code(), |()| "begun"),
        Err(code) => code,
    };
    assert_eq!(judge(b"five", 5, "production"), "begun");
    assert_eq!(judge(b"five", 5, "production"), "begun");
    assert_eq!(judge(b"another five", 5, "production"), "K0329");
    assert_eq!(judge(b"four", 4, "production"), "K0328");
    assert_eq!(judge(b"four", 4, "staging"), "begun");
    assert_eq!(judge(b"seven", 7, "production"), "begun");
    assert_eq!(judge(b"five", 5, "production"), "K0328");
    // without a number, where others had one
    let without = |label| admit_facts(&host, b"none", PlanFacts::default(), label).map(|_| ());
    assert_eq!(without(Some("production")), Err("K0337"));
    assert_eq!(without(None), Err("K0322"));
    assert_eq!(without(Some("elsewhere")), Ok(()));
    // the plan alone says which target it is: it would choose whose order it is held against
    let meant_for = |label: &str, sequence, said| {
        let targets = [label.to_owned()].into();
        admit_facts(&host, b"meant", PlanFacts { targets, sequence, ..PlanFacts::default() }, said).map(|_| ())
    };
    assert_eq!(meant_for("elsewhere", None, None), Err("K0322"));
    assert_eq!(meant_for("elsewhere", Some(9), None), Err("K0322"));
    assert_eq!(meant_for("elsewhere", Some(9), Some("elsewhere")), Ok(()));
    assert_eq!(meant_for("elsewhere", None, Some("production")), Err("K0324"));
    // being let through is not yet being begun
    assert!(admit(&host, b"nine", 9, Some("production")).is_ok());
    let eight = admit(&host, b"eight", 8, Some("production")).unwrap();
    assert_eq!(judge(b"nine", 9, "production"), "begun");
    assert_eq!(eight.begin().unwrap_err().code(), "K0328");
    assert_eq!(admit(&host, b"ten", 10, None).map(|_| ()).unwrap_err(), "K0327");
}

/// Where the plans of one target only were begun, a plan for it needs nobody to say so.
#[test]
fn the_only_target_that_is_remembered_need_not_be_said() {
    let host = Host::new();
    host.put(&version(1, "", &three()), &[]);
    let facts = |sequence| PlanFacts { targets: ["shop".to_owned()].into(), sequence, ..PlanFacts::default() };
    let judge = |sequence| admit_facts(&host, format!("{sequence:?}").as_bytes(), facts(sequence), None);
    judge(Some(5)).unwrap().begin().unwrap();
    let _ = judge(Some(6)).unwrap();
    assert_eq!(judge(Some(4)).map(|_| ()), Err("K0328"));
    assert_eq!(judge(None).map(|_| ()), Err("K0337"));
}

/// Judges [`PLAN`] for an agent elsewhere.
fn authorize_elsewhere(facts: PlanFacts, label: Option<&str>) -> Authorized<()> {
    let policy = policy("", &three());
    let verified = Unverified::<Plan>::new(PLAN.to_vec(), Some(sealed(&[1]))).verify(&policy, NOW).unwrap();
    let opened = verified.open(|_| Ok::<_, std::convert::Infallible>(((), facts))).unwrap();
    opened.authorize(label, &Memory::Elsewhere).unwrap()
}

#[test]
fn what_only_the_memory_elsewhere_tells_is_left_to_it() {
    let facts = |sequence| PlanFacts { targets: ["shop".to_owned()].into(), sequence, ..PlanFacts::default() };
    let numbered = "no plan with a number was begun there (plan)";
    let (higher, other) = (
        "no plan with a higher number was begun there (plan)",
        "no plan of another target was begun there, where --target is not said (plan)",
    );
    assert_eq!(authorize_elsewhere(facts(None), None).expectations(), [numbered]);
    assert_eq!(authorize_elsewhere(facts(None), Some("shop")).expectations(), [numbered]);
    assert_eq!(authorize_elsewhere(facts(Some(1)), None).expectations(), [higher, other]);
    assert_eq!(authorize_elsewhere(facts(Some(1)), Some("shop")).expectations(), [higher]);
}

#[test]
fn a_plan_that_was_judged_elsewhere_is_not_admitted() {
    let facts = PlanFacts { sequence: Some(1), ..PlanFacts::default() };
    let authorized = authorize_elsewhere(facts, Some("production"));
    let live = LiveTarget { database: "shop".to_owned(), system_identifier: None };
    assert_eq!(authorized.admit(&live).map(|_| ()).unwrap_err().code(), "K0327");
}

/// Two policies that may each follow the first, and not each other: whatever the order, one of them is refused.
#[test]
fn of_two_successors_one_is_accepted() {
    let first = version(1, "threshold = 1", &three());
    let second = version(2, "threshold = 3", &three());
    let third = version(3, "threshold = 1", &three());
    for round in 0..40 {
        let host = Host::new();
        host.put(&first, &[]);
        assert_eq!(host.says(NOW), "accepted");
        host.put(&second, &[1, 2, 3]);
        let other = host.path("other.toml");
        fs::write(&other, &third).unwrap();
        fs::write(host.path("other.toml.sig"), seal_of(&third, &[1]).unwrap()).unwrap();
        let enter = |path: PathBuf| InForce::on_agent(&path, Some(&host.path("state")), None, NOW).is_ok();
        let (enter, start) = (&enter, &std::sync::Barrier::new(2));
        let run = |path: PathBuf| {
            move || {
                start.wait();
                enter(path)
            }
        };
        let accepted = std::thread::scope(|scope| {
            let runs = [scope.spawn(run(host.path("trust.toml"))), scope.spawn(run(other))];
            runs.map(|run| run.join().unwrap())
        });
        assert_eq!(accepted.iter().filter(|accepted| **accepted).count(), 1, "round {round}: {accepted:?}");
    }
}

/// Whoever can put another folder in its place takes all away that is remembered, also where that one is empty and this user's.
#[test]
fn a_memory_that_others_could_exchange_is_refused() {
    let host = Host::new();
    fs::create_dir(host.path("open")).unwrap();
    fs::rename(host.path("state"), host.path("open/state")).unwrap();
    let opened = |path: &str| match pgseal_keys::State::open(&host.path(path)) {
        Ok(_) => "opened",
        Err(error) => error.code(),
    };
    host.chmod("open", 0o755);
    assert_eq!(opened("open/state"), "opened");
    host.chmod("open", 0o777);
    assert_eq!(opened("open/state"), "K0407");
    std::os::unix::fs::symlink("open/state", host.path("link")).unwrap();
    assert_eq!(opened("link"), "K0407");
    assert_eq!(fs::read_dir(host.path("open/state")).unwrap().count(), 0, "something was left in it");
}

#[test]
fn a_memory_of_another_user_is_refused() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let host = Host::new();
    host.put(&version(1, "", &three()), &[]);
    if fs::metadata(host.path("state")).unwrap().uid() != 0 {
        println!("skipped: only root can give a folder to somebody else");
        return;
    }
    // empty: nothing in it would say whose it is
    chown(host.path("state"), Some(65_534), None).unwrap();
    assert_eq!(host.says(NOW), "K0504");
    assert_eq!(fs::read_dir(host.path("state")).unwrap().count(), 0, "something was left in it");
    chown(host.path("state"), Some(0), None).unwrap();
    assert_eq!(host.says(NOW), "accepted");
    // the lock is no way to somebody else's file
    fs::remove_file(host.path("state/lock")).unwrap();
    std::os::unix::fs::symlink(host.path("victim"), host.path("state/lock")).unwrap();
    assert_eq!(host.says(NOW), "K0406");
    assert!(!host.path("victim").exists());
}

/// Many agents with one memory: nothing that one of them remembered is lost.
#[test]
fn agents_share_a_memory() {
    let host = Host::new();
    host.put(&version(1, "", &three()), &[]);
    host.says(NOW);
    std::thread::scope(|scope| {
        for agent in 0..8 {
            let host = &host;
            scope.spawn(move || {
                let label = format!("database-{agent}");
                for number in 1..=10 {
                    admit(host, format!("plan {number}").as_bytes(), number, Some(&label)).unwrap().begin().unwrap();
                }
            });
        }
    });
    for agent in 0..8 {
        assert_eq!(admit(&host, b"plan 9", 9, Some(&format!("database-{agent}"))).map(|_| ()).unwrap_err(), "K0328");
    }
}
