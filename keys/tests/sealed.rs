//! Sealed documents in files: what is read with what, what is parsed after it was verified, and in which order names are given.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use common::*;
use pgseal_catalog::plan::{Binding, Hazard, HazardKind, Inputs, Phase, Plan as PlanFile, Source, Step, Timeouts};
use pgseal_catalog::plan::{Checkpoint, Cost};
use pgseal_catalog::{Catalog, Digest, Failure, Scope, fingerprint::fingerprint};
use pgseal_keys::files::Access;
use pgseal_keys::sealed::{Received, prepare_sealed, seal_path, write_sealed};
use pgseal_keys::{InForce, LiveTarget, Plan, TrustPolicyDocument, Workstation};

/// A plan of a statement that loses data, made by version 0.1.0.
fn plan() -> PlanFile {
    let nothing = fingerprint(&Catalog::new());
    let hazard =
        Hazard { kind: HazardKind::DataLoss, relation: None, rows: None, bytes: None, detail: "rows go".to_owned() };
    let step = Step {
        sql: "DROP TABLE shop.orders".to_owned(),
        search_path: None,
        creates: BTreeSet::new(),
        alters: BTreeSet::new(),
        destroys: BTreeSet::new(),
        locks: Vec::new(),
        cost: Cost::Instant,
        hazards: vec![hazard],
    };
    let phase = Phase {
        transaction: true,
        search_path: Vec::new(),
        locks: Vec::new(),
        steps: vec![step],
        checkpoint: Checkpoint { fingerprint: nothing, objects: BTreeMap::new() },
    };
    PlanFile {
        format: "pgseal-plan".to_owned(),
        version: 1,
        compiler: "0.1.0".to_owned(),
        server_major: 18,
        binding: Binding::default(),
        scope: Scope::default(),
        inputs: Inputs { snapshot: Digest::of(b""), schema: BTreeMap::new() },
        source: Source { fingerprint: nothing, objects: BTreeMap::new(), facts: Vec::new() },
        target: nothing,
        settings: BTreeMap::new(),
        timeouts: Timeouts { lock_ms: 0, statement_ms: 0, lock_retries: 0 },
        hazards: BTreeSet::from([HazardKind::DataLoss]),
        phases: vec![phase],
        notes: Vec::new(),
    }
}

struct Desk(tempfile::TempDir);

impl Desk {
    fn new(policy: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::write(desk.path("trust.toml"), policy).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, plan: &PlanFile, seed: Option<u8>) {
        let signer = seed.map(signer);
        write_sealed::<Plan, Workstation>(
            &self.path("plan.json"),
            Access::Everybody,
            &plan.to_bytes(),
            signer.as_ref(),
        )
        .unwrap();
    }

    /// What an agent says about the plan for a target and a database.
    fn judge(&self, target: Option<&str>, database: &str, system_identifier: &str) -> Result<PlanFile, Failure> {
        let trust = InForce::on_agent(&self.path("trust.toml"), None, None, NOW)?;
        let mut signers = Vec::new();
        let authorized =
            Received::<Plan>::read(&self.path("plan.json"), None)?.authorize(&trust, target, NOW, &mut signers)?;
        assert_eq!(signers.len(), 1);
        let live = LiveTarget { database: database.to_owned(), system_identifier: Some(system_identifier.to_owned()) };
        let admitted = authorized.admit(&live)?;
        admitted.begin()?;
        Ok(admitted.plan().clone())
    }

    fn code(&self, target: Option<&str>) -> String {
        code(self.judge(target, "shop", "7"))
    }
}

fn code<T>(judged: Result<T, Failure>) -> String {
    match judged {
        Ok(_) => "accepted".to_owned(),
        Err(failure) => {
            let text = failure.render("x");
            text.split('[').nth(1).and_then(|rest| rest.split(']').next()).unwrap_or(&text).to_owned()
        }
    }
}

#[test]
fn a_plan_is_read_with_the_seal_beside_it() {
    let desk = Desk::new(&policy_text("", &[key_entry(1, "")]));
    desk.put(&plan(), Some(1));
    assert_eq!(desk.judge(None, "shop", "7").unwrap(), plan());
    // the seal of what was there before is gone: this one was never signed
    let mut other = plan();
    other.notes = vec!["another".to_owned()];
    desk.put(&other, None);
    assert!(!seal_path(&desk.path("plan.json")).exists());
    assert_eq!(fs::read(desk.path("plan.json")).unwrap(), other.to_bytes());
    assert_eq!(desk.code(None), "K0100");
    desk.put(&other, Some(1));
    assert_eq!(desk.judge(None, "shop", "7").unwrap(), other);
    desk.put(&other, Some(2));
    assert_eq!(desk.code(None), "K0301");
}

#[test]
fn a_name_that_must_be_free_is_never_taken_from_another() {
    let desk = Desk::new("");
    let (path, seal) = (desk.path("plan.json"), desk.path("plan.json.sig"));
    let bytes = plan().to_bytes();
    let put = || {
        prepare_sealed::<Plan, Workstation>(&path, Access::Everybody, &bytes, Some(&signer(1)))
            .unwrap()
            .never_replacing()
            .put()
    };
    // what a run leaves that is killed between seal and document
    fs::write(&seal, "left").unwrap();
    put().unwrap();
    assert!(fs::metadata(&path).is_ok() && fs::read(&seal).unwrap() != b"left");
    fs::write(&path, "another").unwrap();
    fs::write(&seal, "of another").unwrap();
    assert_eq!(code(put()), "K0403");
    assert_eq!((fs::read(&path).unwrap(), fs::read(&seal).unwrap()), (b"another".to_vec(), b"of another".to_vec()));
    assert_eq!(fs::read_dir(desk.0.path()).unwrap().count(), 3, "something was left");
}

/// A run that is killed in between leaves nothing that nobody signed, and no seal beside another document.
#[test]
fn the_seal_comes_first_and_goes_first() {
    let desk = Desk::new("");
    let (path, seal) = (desk.path("plan.json"), desk.path("plan.json.sig"));
    let prepared =
        |bytes: &[u8]| prepare_sealed::<Plan, Workstation>(&path, Access::Everybody, bytes, Some(&signer(1))).unwrap();
    // the document cannot get its name any more
    let first = plan().to_bytes();
    let ready = prepared(&first);
    let aside = |path: &PathBuf| fs::read(path).is_ok_and(|bytes| bytes == first);
    let aside = fs::read_dir(desk.0.path()).unwrap().map(|entry| entry.unwrap().path()).find(aside).unwrap();
    fs::remove_file(aside).unwrap();
    ready.put().unwrap_err();
    assert!(seal.exists() && !path.exists());
    // an older seal that cannot be removed: its document stays
    fs::remove_file(&seal).unwrap();
    fs::write(&path, "another").unwrap();
    fs::create_dir(&seal).unwrap();
    prepared(&first).put().unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), b"another");
    assert!(seal.is_dir());
}

#[test]
fn a_policy_does_not_follow_itself() {
    let old = policy_text("", &[key_entry(1, "")]);
    let desk = Desk::new(&old);
    let follow = |policy: &str, old: &str| {
        let path = desk.path("new.toml");
        write_sealed::<TrustPolicyDocument, Workstation>(
            &path,
            Access::Everybody,
            policy.as_bytes(),
            Some(&signer(1)),
        )?;
        let (before, new) = Received::<TrustPolicyDocument>::read(&path, None)?.succeed(old.as_bytes(), NOW)?;
        Ok::<_, Failure>((before.policy_version(), new.policy_version()))
    };
    assert_eq!(code(follow(&old, &old)), "K0338");
    let new = old.replace("policy_version = 1", "policy_version = 2");
    assert_eq!(follow(&new, &old).unwrap(), (1, 2));
}

#[test]
fn a_seal_is_named_or_lies_beside() {
    let desk = Desk::new(&policy_text("", &[key_entry(1, "")]));
    desk.put(&plan(), Some(1));
    fs::rename(desk.path("plan.json.sig"), desk.path("elsewhere.sig")).unwrap();
    let policy = policy("", &[key_entry(1, "")]);
    let verify = |seal: Option<&str>| {
        let seal = seal.map(|name| desk.path(name));
        let received = Received::<Plan>::read(&desk.path("plan.json"), seal.as_deref())?;
        assert_eq!(received.digest(), Digest::of(&plan().to_bytes()));
        Ok::<_, Failure>(received.unverified().verify(&policy, NOW)?.digest().to_owned())
    };
    assert_eq!(code(verify(None)), "K0100");
    assert_eq!(code(verify(Some("elsewhere.sig"))), "accepted");
    // one that was named is read, there or not
    assert_eq!(code(verify(Some("plan.json.sig"))), "K0406");
}

/// What the agent knows of a plan is what the plan says: each of it can be what it is refused for.
#[test]
fn everything_that_a_plan_says_is_judged() {
    let judged = |head: &str, tables: &str, edit: &dyn Fn(&mut PlanFile), target: Option<&str>| {
        let desk = Desk::new(&format!("{}{tables}", policy_text(head, &[key_entry(1, "")])));
        let mut plan = plan();
        edit(&mut plan);
        desk.put(&plan, Some(1));
        desk.code(target)
    };
    let now = i64::try_from(NOW).unwrap();
    let targets = "\n[[targets]]\nlabel = \"staging\"\n\n[[targets]]\nlabel = \"production\"\n";
    assert_eq!(judged("", "", &|_| (), None), "accepted");
    assert_eq!(judged("allowed_hazards = [\"data-loss\"]", "", &|_| (), None), "accepted");
    assert_eq!(judged("allowed_hazards = [\"full-scan\"]", "", &|_| (), None), "K0311");
    assert_eq!(judged("min_compiler_version = \"0.1.0\"", "", &|_| (), None), "accepted");
    assert_eq!(judged("min_compiler_version = \"0.1.1\"", "", &|_| (), None), "K0321");
    let old = Desk::new(&policy_text("min_compiler_version = \"0.1.1\"", &[key_entry(1, "")]));
    old.put(&plan(), Some(1));
    assert!(old.judge(None, "shop", "7").unwrap_err().render("x").contains("0.1.1"));
    let from = |start: i64| move |plan: &mut PlanFile| plan.binding.not_before = Some(start);
    assert_eq!(judged("", "", &from(now), None), "accepted");
    assert_eq!(judged("", "", &from(now + 1), None), "K0318");
    let until = |end: i64| move |plan: &mut PlanFile| plan.binding.expires = Some(end);
    assert_eq!(judged("", "", &until(now + 1), None), "accepted");
    assert_eq!(judged("", "", &until(now), None), "K0317");
    let of = |label: &'static str| move |plan: &mut PlanFile| plan.binding.targets = BTreeSet::from([label.to_owned()]);
    assert_eq!(judged("", targets, &of("staging"), Some("staging")), "accepted");
    assert_eq!(judged("", targets, &of("staging"), Some("production")), "K0324");
    let of = |name: &'static str| move |plan: &mut PlanFile| plan.binding.database = Some(name.to_owned());
    assert_eq!(judged("", "", &of("shop"), None), "accepted");
    assert_eq!(judged("", "", &of("shopping"), None), "K0325");
    let of = |number: &'static str| move |plan: &mut PlanFile| plan.binding.system_identifier = Some(number.to_owned());
    assert_eq!(judged("", "", &of("7"), None), "accepted");
    assert_eq!(judged("", "", &of("8"), None), "K0326");
    let numbered = |plan: &mut PlanFile| {
        plan.binding.targets = BTreeSet::from(["staging".to_owned()]);
        plan.binding.sequence = Some(1);
    };
    assert_eq!(judged("", targets, &numbered, Some("staging")), "K0327");
}
