//! The verifier: what gets through, and everything that does not.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use std::collections::BTreeSet;

use common::*;
use pgseal_keys::pae;
use pgseal_keys::verifier::{CountedSigner, LiveTarget, PlanFacts};
use pgseal_keys::{
    Kind, Plan, Receipt, Refusal, Seal, Snapshot, Statement, TrustPolicy, TrustPolicyDocument, Unverified,
};

fn one_key() -> TrustPolicy {
    policy("", &[key_entry(1, "")])
}

fn two_of_three() -> TrustPolicy {
    policy("threshold = 2", &[key_entry(1, ""), key_entry(2, ""), key_entry(3, "")])
}

fn facts(hazards: &[&str]) -> PlanFacts {
    PlanFacts {
        hazards: hazards.iter().map(|hazard| (*hazard).to_owned()).collect(),
        compiler_version: "0.1.0".to_owned(),
        ..PlanFacts::default()
    }
}

#[test]
fn accepts_what_a_trusted_key_signed() {
    let policy = one_key();
    let verified = Unverified::<Plan>::new(PLAN.to_vec(), Some(sealed(&[1]))).verify(&policy, NOW).unwrap();
    assert_eq!(verified.document(), PLAN);
    assert_eq!(verified.signers().len(), 1);
    assert_eq!(verified.signers()[0].name, "key-1");
    assert!(verified.unknown().is_empty() && verified.set_aside().is_empty());
    assert_eq!(verified.digest().len(), 64);
}

#[test]
fn it_is_said_which_signatures_do_not_count() {
    let policy = policy("", &[key_entry(1, ""), key_entry(2, "revoked = true")]);
    let authorized = authorize(&policy, &[1, 2, 3], facts(&[]), None).unwrap();
    let stranger = signer(3).public_key().id().short();
    assert_eq!(stranger, signer(3).public_key().id().to_string()[..16]);
    let said = authorized.not_counted();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("key-2") && said[0].contains("revoked"), "{said:?}");
    assert_eq!(said[1], format!("the trust policy does not know key {stranger}"));
}

/// What a receipt says of the time is read only where a key sealed it that may seal receipts.
#[test]
fn the_end_of_a_run_is_the_word_of_a_key_for_receipts() {
    let asked = |more: &str, seal: Option<u8>| {
        let policy = policy("", &[key_entry(1, more), key_entry(2, "")]);
        let receipt = b"{}\n";
        let seal = seal.map(|seed| seal_by::<Receipt, _>(receipt, &[(&agent(seed), Statement::Signed)]));
        let mut asked = false;
        let verified = Unverified::<Receipt>::new(receipt.to_vec(), seal).verify_as_of_its_end(&policy, |bytes| {
            assert_eq!(bytes, receipt);
            asked = true;
            Ok::<_, Refusal>(NOW)
        });
        (asked, verified.map_or_else(|refusal| refusal.code(), |_| "accepted"))
    };
    assert_eq!(asked("", Some(1)), (false, "K0307"));
    assert_eq!(asked("signs = [\"receipt\"]", Some(1)), (true, "accepted"));
    assert_eq!(asked("signs = [\"receipt\"]\nrevoked = true", Some(1)), (false, "K0304"));
    assert_eq!(asked("signs = [\"plan\"]", Some(1)), (false, "K0307"));
    assert_eq!(asked("signs = [\"receipt\"]", Some(3)), (false, "K0301"));
    assert_eq!(asked("signs = [\"receipt\"]", None), (false, "K0100"));
    let expired = format!("signs = [\"receipt\"]\nnot_after = {}", pgseal_keys::moment::written(NOW));
    assert_eq!(asked(&expired, Some(1)), (true, "K0305"));
}

#[test]
fn refuses_every_changed_byte_of_plan_and_seal() {
    let (one, two) = (one_key(), two_of_three());
    for (policy, seal) in [(&one, sealed(&[1])), (&two, sealed(&[1, 2])), (&two, sealed(&[1, 2, 3]))] {
        assert_eq!(verdict(policy, &seal), "accepted");
        let three = seal.len() == sealed(&[1, 2, 3]).len();
        for position in 0..PLAN.len() {
            for bit in 0..8 {
                let mut plan = PLAN.to_vec();
                plan[position] ^= 1 << bit;
                assert_eq!(verdict_on(policy, &plan, Some(&seal), NOW), "K0113", "plan byte {position} bit {bit}");
            }
        }
        for position in 0..seal.len() {
            for bit in 0..8 {
                let mut altered = seal.clone();
                altered[position] ^= 1 << bit;
                let verdict = verdict(policy, &altered);
                // With one signature to spare, a changed key id merely makes it a stranger's.
                let stranger = three && verdict == "accepted";
                if stranger {
                    let seal = Seal::<Plan>::read(&altered).unwrap();
                    let known = [1, 2, 3].map(|seed| signer(seed).public_key().id());
                    assert_eq!(seal.claims().filter(|(id, _)| known.contains(id)).count(), 2);
                } else {
                    assert!(verdict.starts_with('K'), "seal byte {position} bit {bit}: {verdict}");
                }
            }
        }
    }
}

#[test]
fn refuses_every_truncation() {
    let (policy, seal) = (one_key(), sealed(&[1]));
    for length in 0..PLAN.len() {
        assert_eq!(verdict_on(&policy, &PLAN[..length], Some(&seal), NOW), "K0113");
    }
    for length in 0..seal.len() {
        assert!(verdict(&policy, &seal[..length]).starts_with("K01"), "{length}");
    }
    assert_eq!(verdict_on(&policy, &[PLAN, b" "].concat(), Some(&seal), NOW), "K0113");
    let altered = Unverified::<Plan>::new([PLAN, b" "].concat(), Some(seal.clone()));
    let said = altered.verify(&policy, NOW).map(drop).unwrap_err().to_string();
    assert!(said.starts_with("the signature of key \"") && said.contains("\", "), "{said}");
}

#[test]
fn refuses_the_unsigned() {
    assert_eq!(verdict_on(&one_key(), PLAN, None, NOW), "K0100");
    assert_eq!(verdict(&one_key(), &Seal::<Plan>::default().to_bytes()), "K0103");
    assert_eq!(verdict(&one_key(), b""), "K0102");
}

#[test]
fn refuses_strangers() {
    assert_eq!(verdict(&one_key(), &sealed(&[2])), "K0301");
    assert_eq!(verdict(&one_key(), &sealed(&[2, 3, 4])), "K0301");
    // Beside a trusted one, a stranger does neither harm nor good.
    assert_eq!(verdict(&one_key(), &sealed(&[1, 9])), "accepted");
    assert_eq!(verdict(&two_of_three(), &sealed(&[1, 9])), "K0302");
}

#[test]
fn a_strangers_signature_under_a_trusted_id_refuses_the_whole_seal() {
    let text = String::from_utf8(sealed(&[9])).unwrap();
    let forged = text.replace(&signer(9).public_key().id().to_string(), &signer(1).public_key().id().to_string());
    assert_eq!(verdict(&one_key(), forged.as_bytes()), "K0113");
}

#[test]
fn one_signature_under_two_ids_counts_once() {
    let policy = two_of_three();
    let text = String::from_utf8(sealed(&[1])).unwrap();
    let entry = text.split("[\n").nth(1).unwrap().split("\n  ]").next().unwrap();
    let own = signer(1).public_key().id().to_string();
    for other in [signer(2).public_key().id().to_string(), "00".repeat(32), "ff".repeat(32)] {
        let copy = entry.replace(&own, &other);
        let (first, second) = if other < own { (copy.as_str(), entry) } else { (entry, copy.as_str()) };
        let forged = text.replace(entry, &format!("{first},\n{second}"));
        let expected = if other.starts_with("00") || other.starts_with("ff") { "K0302" } else { "K0113" };
        assert_eq!(verdict(&policy, forged.as_bytes()), expected);
    }
}

#[test]
fn one_key_that_signs_twice_counts_once() {
    let key = signer(1);
    let seal = seal_by::<Plan, _>(PLAN, &[(&key, Statement::Signed), (&key, Statement::Reproduced)]);
    assert_eq!(verdict(&two_of_three(), &seal), "K0302");
    assert_eq!(verdict(&one_key(), &seal), "accepted");
}

#[test]
fn counts_to_the_threshold() {
    let policy = two_of_three();
    assert_eq!(verdict(&policy, &sealed(&[1])), "K0302");
    assert_eq!(verdict(&policy, &sealed(&[1, 2])), "accepted");
    assert_eq!(verdict(&policy, &sealed(&[3, 2])), "accepted");
}

#[test]
fn refuses_signatures_on_other_kinds() {
    // Signed by the same key over the same bytes, but as a snapshot.
    let entries = [key_entry(1, "signs = [\"plan\", \"snapshot\", \"receipt\"]"), key_entry(2, "")];
    let policy = policy("", &entries);
    let snapshot = seal_by::<Snapshot, _>(PLAN, &[(&agent(1), Statement::Signed)]);
    let as_plan = String::from_utf8(snapshot.clone()).unwrap().replace(Snapshot::PAYLOAD_TYPE, Plan::PAYLOAD_TYPE);
    assert_eq!(verdict(&policy, &snapshot), "K0106");
    assert_eq!(verdict(&policy, as_plan.as_bytes()), "K0113");
    let verified = Unverified::<Snapshot>::new(PLAN.to_vec(), Some(snapshot.clone())).verify(&policy, NOW);
    assert!(verified.is_ok());
    assert_eq!(
        Unverified::<Receipt>::new(PLAN.to_vec(), Some(snapshot)).verify(&policy, NOW).unwrap_err().code(),
        "K0106"
    );
}

#[test]
fn refuses_a_plain_signature_that_claims_reproduction() {
    let text = String::from_utf8(sealed(&[1])).unwrap().replace("\"signed\"", "\"reproduced\"");
    assert_eq!(verdict(&one_key(), text.as_bytes()), "K0113");
}

#[test]
fn refuses_a_signature_over_the_bare_bytes() {
    // As a signer that leaves out the pre-authentication encoding would make it.
    let key = signer(1);
    let inner = pae::to_be_signed::<Plan>(Statement::Signed, PLAN).unwrap();
    let mut seal = Seal::<Plan>::default();
    seal.sign(&key, Statement::Signed, &inner).unwrap();
    assert_eq!(verdict(&one_key(), &seal.to_bytes()), "K0113");
}

#[test]
fn a_key_may_sign_only_what_the_policy_says() {
    let policy = policy("", &[key_entry(1, "signs = [\"snapshot\", \"receipt\"]")]);
    assert_eq!(verdict(&policy, &sealed(&[1])), "K0307");
    let plan_key = one_key();
    let receipt = seal_by::<Receipt, _>(PLAN, &[(&agent(1), Statement::Signed)]);
    let refused = Unverified::<Receipt>::new(PLAN.to_vec(), Some(receipt)).verify(&plan_key, NOW).unwrap_err();
    assert_eq!(refused.code(), "K0307");
}

#[test]
fn snapshots_need_one_signature_whatever_plans_need() {
    let entries = [key_entry(1, ""), key_entry(2, ""), key_entry(5, "signs = [\"snapshot\"]")];
    let policy = policy("threshold = 2\nrequire_cosign = true", &entries);
    let snapshot = seal_by::<Snapshot, _>(PLAN, &[(&agent(5), Statement::Signed)]);
    assert!(Unverified::<Snapshot>::new(PLAN.to_vec(), Some(snapshot)).verify(&policy, NOW).is_ok());
    // And that key does not count for plans.
    assert_eq!(verdict(&policy, &sealed(&[1, 5])), "K0307");
}

#[test]
fn revoked_expired_and_future_keys_do_not_count() {
    let other = key_entry(2, "");
    let with = |line: &str| policy("", &[key_entry(1, line), other.clone()]);
    // NOW is 2027-01-15T08:00:00Z.
    for (line, expected) in [
        ("revoked = true", "K0304"),
        ("revoked = false", "accepted"),
        ("not_after = 2027-01-15T08:00:00Z", "K0305"),
        ("not_after = 2027-01-15T08:00:01Z", "accepted"),
        ("not_after = 2027-01-15T09:00:00+01:00", "K0305"),
        ("not_after = 2020-01-01T00:00:00Z", "K0305"),
        ("not_before = 2027-01-15T08:00:01Z", "K0306"),
        ("not_before = 2027-01-15T08:00:00Z", "accepted"),
        ("not_before = 2020-01-01T00:00:00Z\nnot_after = 2030-01-01T00:00:00Z", "accepted"),
    ] {
        let policy = with(line);
        assert_eq!(verdict(&policy, &sealed(&[1])), expected, "{line}");
        // The other key is enough by itself.
        assert_eq!(verdict(&policy, &sealed(&[1, 2])), "accepted", "{line}");
    }
}

/// A program that seals asks before it does anything whether its seal would count: by its own entry, and not by another key's.
#[test]
fn a_key_is_told_before_it_seals_why_that_would_not_count() {
    let policy = policy("", &[key_entry(1, "signs = [\"receipt\"]"), key_entry(2, "revoked = true"), key_entry(4, "")]);
    let of = |seed: u8| policy.objection::<Receipt>(&signer(seed).public_key(), NOW).map(|refusal| refusal.code());
    assert_eq!(of(1), None);
    assert_eq!(of(2), Some("K0304"));
    assert_eq!(of(3), None, "of a key that is not named, the seal is refused as a stranger's");
    let not_for_receipts = policy.objection::<Receipt>(&signer(4).public_key(), NOW).unwrap();
    assert!(matches!(not_for_receipts, Refusal::KeyNotForKind { .. }), "{not_for_receipts}");
    assert_eq!(policy.objection::<Plan>(&signer(4).public_key(), NOW), None);
}

#[test]
fn roles_are_demanded_of_distinct_keys() {
    let entries =
        [key_entry(1, "roles = [\"dba\", \"reviewer\"]"), key_entry(2, "roles = [\"reviewer\"]"), key_entry(3, "")];
    let policy = policy("threshold = 2\nrole_thresholds = { dba = 1, reviewer = 1 }", &entries);
    assert_eq!(verdict(&policy, &sealed(&[2, 3])), "K0303");
    assert_eq!(verdict(&policy, &sealed(&[1])), "K0302");
    assert_eq!(verdict(&policy, &sealed(&[1, 3])), "accepted");
    assert_eq!(verdict(&policy, &sealed(&[1, 2])), "accepted");
}

#[test]
fn a_missing_role_is_explained_by_the_key_that_has_it() {
    let with = |line: &str| {
        let entries =
            [key_entry(1, &format!("roles = [\"dba\"]\n{line}")), key_entry(2, ""), key_entry(3, "roles = [\"dba\"]")];
        verdict(&policy("role_thresholds = { dba = 1 }", &entries), &sealed(&[1, 2]))
    };
    assert_eq!(with(""), "accepted");
    assert_eq!(with("not_after = 2020-01-01T00:00:00Z"), "K0305");
    assert_eq!(with("revoked = true"), "K0304");
    assert_eq!(with("signs = [\"receipt\"]"), "K0307");
}

#[test]
fn co_signing_is_demanded() {
    let policy = policy("require_cosign = true", &[key_entry(1, ""), key_entry(2, "")]);
    assert_eq!(verdict(&policy, &sealed(&[1, 2])), "K0308");
    let (first, second, stranger) = (signer(1), signer(2), signer(9));
    let seal = seal_by::<Plan, _>(PLAN, &[(&first, Statement::Signed), (&second, Statement::Reproduced)]);
    assert_eq!(verdict(&policy, &seal), "accepted");
    let seal = seal_by::<Plan, _>(
        PLAN,
        &[(&first, Statement::Signed), (&second, Statement::Signed), (&stranger, Statement::Reproduced)],
    );
    assert_eq!(verdict(&policy, &seal), "K0308");
    // it takes two, whatever the threshold says
    let seal = seal_by::<Plan, _>(PLAN, &[(&first, Statement::Reproduced)]);
    assert_eq!(verdict(&policy, &seal), "K0302");
    let seal = seal_by::<Plan, _>(PLAN, &[(&first, Statement::Signed), (&first, Statement::Reproduced)]);
    assert_eq!(verdict(&policy, &seal), "K0302");
    let seal = seal_by::<Plan, _>(PLAN, &[(&first, Statement::Reproduced), (&second, Statement::Reproduced)]);
    assert_eq!(verdict(&policy, &seal), "accepted");
}

#[test]
fn hazards_are_judged() {
    let entries = [key_entry(1, ""), key_entry(2, "roles = [\"dba\"]"), key_entry(3, "")];
    let policy = policy(
        "forbidden_hazards = [\"table-rewrite\"]\nallowed_hazards = [\"data-loss\", \"blocks-reads\", \"table-rewrite\"]\n\
         [hazards.data-loss]\nthreshold = 2\nroles = { dba = 1 }\n",
        &entries,
    );
    let judge = |seeds: &[u8], hazards: &[&str]| judged(&policy, seeds, facts(hazards), None);
    assert_eq!(judge(&[1], &[]), "accepted");
    assert_eq!(judge(&[1], &["blocks-reads"]), "accepted");
    assert_eq!(judge(&[1, 2, 3], &["table-rewrite"]), "K0309");
    assert_eq!(judge(&[1, 2, 3], &["blocks-reads", "full-scan"]), "K0311");
    assert_eq!(judge(&[1, 2, 3], &["something-new"]), "K0312");
    assert_eq!(judge(&[1], &["data-loss"]), "K0313");
    assert_eq!(judge(&[2], &["data-loss"]), "K0313");
    assert_eq!(judge(&[1, 3], &["data-loss"]), "K0314");
    assert_eq!(judge(&[1, 2], &["data-loss"]), "accepted");
    // who is asked to do what
    let refusal = authorize(&policy, &[1, 3], facts(&["data-loss"]), None).unwrap_err();
    assert_eq!((refusal.code(), refusal.exit_code().number()), ("K0314", 3));
    assert_eq!(refusal.hint(), Some("somebody with that role has to add a signature with \"pgseal sign\""));
    assert!(refusal.to_string().contains("data-loss") && refusal.to_string().contains("dba"), "{refusal}");
}

#[test]
fn an_empty_list_of_allowed_hazards_allows_none() {
    let policy = policy("allowed_hazards = []", &[key_entry(1, "")]);
    assert_eq!(judged(&policy, &[1], facts(&[]), None), "accepted");
    assert_eq!(judged(&policy, &[1], facts(&["full-scan"]), None), "K0311");
}

#[test]
fn time_is_judged() {
    let aged = policy("max_plan_age = \"2h\"", &[key_entry(1, "")]);
    let free = one_key();
    let at = |valid_from, expires| PlanFacts { valid_from, expires, ..facts(&[]) };
    assert_eq!(judged(&free, &[1], at(None, Some(NOW)), None), "K0317");
    assert_eq!(judged(&free, &[1], at(None, Some(NOW + 1)), None), "accepted");
    assert_eq!(judged(&free, &[1], at(Some(NOW + 1), None), None), "K0318");
    assert_eq!(judged(&free, &[1], at(Some(NOW), None), None), "accepted");
    assert_eq!(judged(&free, &[1], at(Some(0), None), None), "accepted");
    assert_eq!(judged(&aged, &[1], at(None, None), None), "K0320");
    assert_eq!(judged(&aged, &[1], at(Some(NOW - 7_201), None), None), "K0319");
    assert_eq!(judged(&aged, &[1], at(Some(NOW - 7_200), None), None), "accepted");
}

#[test]
fn the_compiler_version_is_judged() {
    let policy = policy("min_compiler_version = \"0.10.0\"", &[key_entry(1, "")]);
    for (version, expected) in [
        ("0.9.9", "K0321"),
        ("0.10.0", "accepted"),
        ("1.0.0", "accepted"),
        ("", "K0321"),
        ("0.10", "K0321"),
        ("0.10.0-beta", "K0321"),
        ("99999999999.0.0", "K0321"),
    ] {
        let facts = PlanFacts { compiler_version: version.to_owned(), ..PlanFacts::default() };
        assert_eq!(judged(&policy, &[1], facts, None), expected, "{version}");
    }
}

const TARGETS: &str = "
[environments.production]
threshold = 2
roles = { dba = 1 }
forbidden_hazards = [\"data-loss\"]
[[targets]]
label = \"staging\"
database = \"shop\"
[[targets]]
label = \"prod\"
environment = \"production\"
database = \"shop\"
system_identifier = \"7000000000000000001\"
";

fn targeted() -> TrustPolicy {
    let entries = [TARGETS.to_owned(), key_entry(1, ""), key_entry(2, "roles = [\"dba\"]"), key_entry(3, "")];
    policy("", &entries)
}

fn meant_for(labels: &[&str]) -> PlanFacts {
    PlanFacts { targets: labels.iter().map(|label| (*label).to_owned()).collect(), ..facts(&[]) }
}

#[test]
fn targets_and_environments_are_judged() {
    let policy = targeted();
    let judge = |seeds: &[u8], facts, label| judged(&policy, seeds, facts, label);
    assert_eq!(judge(&[1], facts(&[]), None), "K0322");
    assert_eq!(judge(&[1], facts(&[]), Some("elsewhere")), "K0323");
    assert_eq!(judge(&[1], facts(&[]), Some("staging")), "accepted");
    assert_eq!(judge(&[1], facts(&[]), Some("prod")), "K0315");
    assert_eq!(judge(&[1, 3], facts(&[]), Some("prod")), "K0316");
    assert_eq!(judge(&[1, 2], facts(&[]), Some("prod")), "accepted");
    assert_eq!(judge(&[1, 2], facts(&["data-loss"]), Some("prod")), "K0310");
    assert_eq!(judge(&[1, 2], facts(&["data-loss"]), Some("staging")), "accepted");
    assert_eq!(judge(&[1, 2], meant_for(&["staging"]), Some("prod")), "K0324");
    assert_eq!(judge(&[1, 2], meant_for(&["staging", "prod"]), Some("prod")), "accepted");
}

#[test]
fn a_plans_own_targets_bind_without_any_in_the_policy() {
    let policy = one_key();
    assert_eq!(judged(&policy, &[1], meant_for(&["a", "b"]), None), "K0322");
    assert_eq!(judged(&policy, &[1], meant_for(&["a", "b"]), Some("c")), "K0324");
    assert_eq!(judged(&policy, &[1], meant_for(&["a", "b"]), Some("b")), "accepted");
    assert_eq!(judged(&policy, &[1], meant_for(&["a"]), None), "accepted");
    assert_eq!(authorize(&policy, &[1], meant_for(&["a"]), None).unwrap().target(), Some("a"));
    assert_eq!(authorize(&policy, &[1], facts(&[]), None).unwrap().target(), None);
}

#[test]
fn the_live_database_must_be_the_one_meant() {
    let policy = targeted();
    let live = |database: &str, id: Option<u64>| LiveTarget {
        database: database.to_owned(),
        system_identifier: id.map(|id| id.to_string()),
    };
    let admit = |facts: PlanFacts, label, live: &LiveTarget| {
        authorize(&policy, &[1, 2], facts, Some(label))
            .unwrap()
            .admit(live)
            .map_or_else(|refusal| refusal.code(), |_| "admitted")
    };
    let id = 7_000_000_000_000_000_001;
    assert_eq!(admit(facts(&[]), "prod", &live("shop", Some(id))), "admitted");
    assert_eq!(admit(facts(&[]), "prod", &live("shop", Some(id + 1))), "K0326");
    assert_eq!(admit(facts(&[]), "prod", &live("shop", None)), "K0326");
    assert_eq!(admit(facts(&[]), "prod", &live("Shop", Some(id))), "K0325");
    assert_eq!(admit(facts(&[]), "staging", &live("shop", None)), "admitted");
    assert_eq!(admit(facts(&[]), "staging", &live("other", None)), "K0325");
    let bound = |database: Option<&str>, id: Option<u64>| PlanFacts {
        targets: BTreeSet::from(["staging".to_owned()]),
        database: database.map(str::to_owned),
        system_identifier: id.map(|id| id.to_string()),
        ..facts(&[])
    };
    assert_eq!(admit(bound(Some("shop"), Some(5)), "staging", &live("shop", Some(5))), "admitted");
    assert_eq!(admit(bound(Some("shop"), Some(5)), "staging", &live("shop", Some(6))), "K0326");
    assert_eq!(admit(bound(Some("store"), None), "staging", &live("shop", Some(5))), "K0325");
}

#[test]
fn without_any_binding_every_database_will_do() {
    let admitted = authorize(&one_key(), &[1], facts(&[]), None).unwrap();
    let live = LiveTarget { database: "anything".to_owned(), system_identifier: None };
    let admitted = admitted.admit(&live).unwrap();
    assert_eq!(admitted.signers().len(), 1);
}

#[test]
fn every_refusal_is_of_the_same_class() {
    let refused = Unverified::<Plan>::new(PLAN.to_vec(), None).verify(&one_key(), NOW).map(|_| ()).unwrap_err();
    assert_eq!(refused.exit_code().number(), 3);
    assert_eq!(refused.to_string(), "the plan has no seal");
    assert!(refused.hint().is_some());
}

#[test]
fn the_plan_is_parsed_only_after_its_seal_holds() {
    // The reader's own error comes through, and only for a verified plan.
    let policy = one_key();
    let verified = Unverified::<Plan>::new(PLAN.to_vec(), Some(sealed(&[1]))).verify(&policy, NOW).unwrap();
    let mut seen = BTreeSet::new();
    let outcome = verified.open(|bytes| {
        seen.insert(bytes.to_vec());
        Err::<((), PlanFacts), _>("malformed plan")
    });
    assert_eq!(outcome.map(|_| ()).unwrap_err(), "malformed plan");
    assert_eq!(seen, BTreeSet::from([PLAN.to_vec()]));
}

#[test]
fn a_sequence_number_is_refused_until_it_can_be_enforced() {
    let facts = PlanFacts { sequence: Some(1), ..facts(&[]) };
    assert_eq!(judged(&one_key(), &[1], facts, None), "K0327");
}

/// What `verify` tells besides: who else signed, and why that did not count.
#[test]
fn signatures_that_do_not_count_are_told() {
    let policy = policy("", &[key_entry(1, ""), key_entry(2, "revoked = true")]);
    assert_eq!(policy.threshold(), 1);
    assert_eq!(two_of_three().threshold(), 2);
    let verified = Unverified::<Plan>::new(PLAN.to_vec(), Some(sealed(&[1, 2, 3, 4]))).verify(&policy, NOW).unwrap();
    assert_eq!(verified.signers().iter().map(|signer| signer.name.as_str()).collect::<Vec<_>>(), ["key-1"]);
    assert_eq!(verified.set_aside().iter().map(|entry| entry.reason.code()).collect::<Vec<_>>(), ["K0304"]);
    let mut strangers = [3, 4].map(|seed| signer(seed).public_key().id());
    strangers.sort();
    assert_eq!(verified.unknown(), strangers);
}

/// The limit of a kind is the largest document that is taken.
#[test]
fn a_document_may_be_as_large_as_its_kind() {
    let policy = one_key();
    let verdict = |length: u64| {
        let document = vec![b'#'; usize::try_from(length).unwrap()];
        let seal = seal_by::<TrustPolicyDocument, _>(&document, &[(&signer(1), Statement::Signed)]);
        match Unverified::<TrustPolicyDocument>::new(document.clone(), Some(seal)).verify(&policy, NOW) {
            Ok(verified) => {
                assert_eq!(verified.into_document(), document);
                "accepted"
            }
            Err(refusal) => refusal.code(),
        }
    };
    assert_eq!(verdict(TrustPolicyDocument::MAX_BYTES), "accepted");
    assert_eq!(verdict(TrustPolicyDocument::MAX_BYTES + 1), "K0114");
}

/// What the agent is told of a plan that was let through: bytes, signers, target and what the database must be.
#[test]
fn an_authorized_plan_says_what_is_expected() {
    let policy = policy(
        "require_ledger = true\nledger_schema = \"pgseal_ops\"",
        &[key_entry(1, ""), "\n[[targets]]\nlabel = \"staging\"\ndatabase = \"shop\"\n".to_owned()],
    );
    let facts = PlanFacts {
        targets: BTreeSet::from(["staging".to_owned()]),
        database: Some("shop".to_owned()),
        system_identifier: Some("7".to_owned()),
        ..facts(&[])
    };
    let digest = "9f197f0812a03e1dcd2f2dc4e62fb08abe5ce9f5141a32e6998c7c742ca432a4";
    let authorized = authorize(&policy, &[1], facts, Some("staging")).unwrap();
    assert_eq!(authorized.target(), Some("staging"));
    assert_eq!(
        authorized.expectations(),
        [
            "database \"shop\" (trust policy)",
            "database \"shop\" (plan)",
            "system identifier 7 (plan)",
            "a ledger that the role may write (trust policy)"
        ]
    );
    let names = |signers: &[CountedSigner]| signers.iter().map(|signer| signer.name.clone()).collect::<Vec<_>>();
    assert_eq!((authorized.digest(), names(authorized.signers())), (digest, vec!["key-1".to_owned()]));
    let live = LiveTarget { database: "shop".to_owned(), system_identifier: Some("7".to_owned()) };
    let admitted = authorized.admit(&live).unwrap();
    assert_eq!((admitted.digest(), names(admitted.signers())), (digest, vec!["key-1".to_owned()]));
    assert_eq!(admitted.ledger_schema(), "pgseal_ops");
    let free = authorize(&one_key(), &[1], self::facts(&[]), None).unwrap();
    assert_eq!((free.target(), free.expectations()), (None, Vec::new()));
}
