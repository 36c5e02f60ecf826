//! Reading trust policies: what is refused, by code.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::*;
use pgseal_keys::TrustPolicy;
use pgseal_keys::policy::{HAZARDS, InitialKey, MAX_POLICY_BYTES};

fn read(text: &str) -> &'static str {
    TrustPolicy::read(text.as_bytes()).map_or_else(|error| error.code(), |_| "read")
}

/// A policy with one plain key and these lines before it.
fn head(lines: &str) -> &'static str {
    read(&policy_text(lines, &[key_entry(1, "")]))
}

/// A policy whose only key has these lines.
fn key(lines: &str) -> &'static str {
    read(&policy_text("", &[key_entry(1, lines)]))
}

/// A policy with one plain key and these tables after it.
fn tables(lines: &str) -> &'static str {
    read(&policy_text("", &[key_entry(1, ""), lines.to_owned()]))
}

#[test]
fn the_first_policy_is_pinned() {
    let key = InitialKey {
        name: "alice \"a\"".to_owned(),
        key: signer(1).public_key(),
        roles: vec!["dba".to_owned()],
        signs: Vec::new(),
    };
    let text = TrustPolicy::initial(&[key], 1).unwrap();
    let is_said = |line: &&str| !line.is_empty() && (!line.starts_with("# ") || line.starts_with("# id "));
    let said: Vec<&str> = text.lines().filter(is_said).collect();
    let expected = format!(
        "format = \"pgseal-trust\"\nversion = 1\npolicy_version = 1\nthreshold = 1\n\
         [[keys]]\nname = \"alice \\\"a\\\"\"\n# id {}\nkey = \"{}\"\nroles = [\"dba\"]",
        signer(1).public_key().id(),
        signer(1).public_key().to_spki_base64(),
    );
    assert_eq!(said.join("\n"), expected);
    let policy = TrustPolicy::read(text.as_bytes()).unwrap();
    assert_eq!(policy.keys()[0].name, "alice \"a\"");
    assert_eq!((policy.policy_version(), policy.threshold()), (1, 1));
    assert!(policy.targets().is_empty());
}

#[test]
fn the_examples_in_a_first_policy_can_be_turned_on() {
    let key = InitialKey {
        name: "alice".to_owned(),
        key: signer(1).public_key(),
        roles: vec!["dba".to_owned()],
        signs: Vec::new(),
    };
    let other = InitialKey { name: "bob".to_owned(), key: signer(2).public_key(), roles: vec![], signs: Vec::new() };
    let text = TrustPolicy::initial(&[key, other], 1).unwrap();
    let is_example =
        |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(name, _)| !name.contains(' '));
    let turned_on: Vec<&str> =
        text.lines().map(|line| line.strip_prefix("# ").filter(|rest| is_example(rest)).unwrap_or(line)).collect();
    // a revoked key counts for nothing
    let turned_on = turned_on.join("\n").replace("revoked = true", "revoked = false");
    assert!(turned_on.matches("\n[").count() >= 5, "{turned_on}");
    let policy = TrustPolicy::read(turned_on.as_bytes()).unwrap();
    assert_eq!(policy.targets().len(), 1);
}

#[test]
fn a_first_policy_that_could_not_be_read_is_not_written() {
    let key = |name: &str, seed: u8| InitialKey {
        name: name.to_owned(),
        key: signer(seed).public_key(),
        roles: vec![],
        signs: Vec::new(),
    };
    let code = |keys: &[InitialKey], threshold| TrustPolicy::initial(keys, threshold).unwrap_err().code();
    assert_eq!(code(&[], 1), "K0202");
    assert_eq!(code(&[key("a", 1)], 0), "K0205");
    assert_eq!(code(&[key("a", 1)], 2), "K0208");
    assert_eq!(code(&[key("a", 1), key("b", 1)], 1), "K0207");
    assert_eq!(code(&[key("a", 1), key("a", 2)], 1), "K0207");
    assert_eq!(code(&[key("", 1)], 1), "K0205");
    assert_eq!(code(&[key("a\nb", 1)], 1), "K0205");
}

#[test]
fn a_full_policy_is_read() {
    let text = policy_text(
        "threshold = 2\nmax_plan_age = \"30d\"\nmin_compiler_version = \"0.1.0\"\nrequire_cosign = true\n\
         allowed_hazards = [\"full-scan\", \"data-loss\"]\nforbidden_hazards = [\"table-rewrite\"]\n\
         role_thresholds = { reviewer = 1 }\n[hazards.data-loss]\nthreshold = 2\nroles = { dba = 1 }\n\
         [environments.production]\nthreshold = 2\nforbidden_hazards = [\"data-loss\"]\n",
        &[
            key_entry(1, "roles = [\"reviewer\", \"dba\"]\nsigns = [\"plan\", \"trust-policy\"]\nnot_after = 2030-01-01T00:00:00Z"),
            key_entry(2, "roles = []\nrevoked = false"),
            "[[targets]]\nlabel = \"shop\"\nenvironment = \"production\"\nsystem_identifier = \"18446744073709551615\"\n".to_owned(),
        ],
    );
    let policy = TrustPolicy::read(text.as_bytes()).unwrap();
    assert_eq!(policy.targets()[0].system_identifier, Some(u64::MAX));
    assert_eq!(policy.keys().len(), 2);
}

#[test]
fn pem_and_base64_name_the_same_key() {
    let pem = signer(1).public_key().to_pem().unwrap();
    let text = policy_text("", &[format!("[[keys]]\nname = \"a\"\nkey = '''\n{pem}'''\n")]);
    let policy = TrustPolicy::read(text.as_bytes()).unwrap();
    assert_eq!(policy.keys()[0].key, signer(1).public_key());
    let twice = policy_text("", &[format!("[[keys]]\nname = \"a\"\nkey = '''\n{pem}'''\n"), key_entry(1, "")]);
    assert_eq!(read(&twice), "K0207");
}

#[test]
fn refuses_what_is_not_the_toml_of_a_policy() {
    assert_eq!(read(""), "K0202");
    assert_eq!(read("format = \"pgseal-trust\""), "K0202");
    assert_eq!(read("{}"), "K0202");
    assert_eq!(TrustPolicy::read(b"format = \"\xff\"").unwrap_err().code(), "K0202");
    assert_eq!(read(&policy_text("", &[])), "K0202");
    for lines in [
        "unknown = 1",
        "treshold = 2",
        "threshold = 1\nthreshold = 1",
        "threshold = \"1\"",
        "threshold = -1",
        "threshold = 1.0",
        "threshold = 99999999999",
        "require_cosign = \"no\"",
        "require_cosign = 0",
        "allowed_hazards = \"data-loss\"",
        "max_plan_age = 30",
        "role_thresholds = []",
        "keys = []",
    ] {
        assert_eq!(head(lines), "K0202", "{lines}");
    }
    for lines in
        ["unknown = 1", "role = \"dba\"", "revoked = \"yes\"", "not_after = \"2030-01-01\"", "name = \"again\""]
    {
        assert_eq!(key(lines), "K0202", "{lines}");
    }
    for lines in [
        "[unknown]",
        "[hazards.data-loss]\nunknown = 1",
        "[environments.x]\nunknown = 1",
        "[[targets]]\nlabel = \"x\"\nunknown = 1",
        "[[targets]]\ndatabase = \"x\"",
        "[[targets]]\nlabel = \"x\"\nsystem_identifier = 7000",
        "[keys]",
    ] {
        assert_eq!(tables(lines), "K0202", "{lines}");
    }
}

#[test]
fn a_malformed_policy_is_reported_with_its_line() {
    let text = policy_text("treshold = 2", &[key_entry(1, "")]);
    let message = TrustPolicy::read(text.as_bytes()).unwrap_err().to_string();
    assert!(message.contains("line 4") && message.contains("treshold") && !message.contains('\n'), "{message}");
}

#[test]
fn refuses_deep_nesting_and_size() {
    assert_eq!(head(&format!("x = {}{}", "[".repeat(5_000), "]".repeat(5_000))), "K0202");
    assert_eq!(head(&format!("x{} = 1", ".x".repeat(20_000))), "K0202");
    let large = policy_text(&" ".repeat(usize::try_from(MAX_POLICY_BYTES).unwrap()), &[key_entry(1, "")]);
    assert_eq!(read(&large), "K0201");
    let padded = |length: u64| {
        let text = policy_text("", &[key_entry(1, "")]);
        let room = usize::try_from(length).unwrap() - text.len() - 1;
        format!("{text}#{}", " ".repeat(room))
    };
    assert_eq!(read(&padded(MAX_POLICY_BYTES)), "read");
    assert_eq!(read(&padded(MAX_POLICY_BYTES + 1)), "K0201");
    let entries: Vec<String> = (0..=255).map(|seed| key_entry(seed, "")).collect();
    assert_eq!(read(&policy_text("", &entries)), "read");
    let more = [entries, vec![key_entry(0, "")]].concat();
    assert_eq!(read(&policy_text("", &more)), "K0205");
    assert_eq!(read(&policy_text("keys = []", &[])), "K0205");
}

#[test]
fn refuses_other_formats_and_versions() {
    let text = policy_text("", &[key_entry(1, "")]);
    assert_eq!(read(&text.replace("pgseal-trust", "pgseal-seal")), "K0203");
    assert_eq!(read(&text.replace("\nversion = 1", "\nversion = 0")), "K0204");
    assert_eq!(read(&text.replace("\nversion = 1", "\nversion = 2\nnew = true")), "K0204");
    assert_eq!(read(&text.replace("policy_version = 1", "policy_version = 0")), "K0205");
    assert_eq!(read(&text.replace("policy_version = 1", "policy_version = -1")), "K0202");
    assert_eq!(read(&text.replace("policy_version = 1", "")), "K0202");
}

#[test]
fn refuses_values_that_make_no_sense() {
    for lines in [
        "threshold = 0",
        "role_thresholds = { dba = 0 }",
        "role_thresholds = { \"\" = 1 }",
        "role_thresholds = { DBA = 1 }",
        "max_plan_age = \"\"",
        "max_plan_age = \"30\"",
        "max_plan_age = \"d\"",
        "max_plan_age = \"0d\"",
        "max_plan_age = \"-1d\"",
        "max_plan_age = \"+1d\"",
        "max_plan_age = \"1.5d\"",
        "max_plan_age = \"1w\"",
        "max_plan_age = \"1é\"",
        "max_plan_age = \"99999999999999999999d\"",
        "max_plan_age = \"999999999999999999d\"",
        "min_compiler_version = \"1\"",
        "min_compiler_version = \"1.2\"",
        "min_compiler_version = \"1.2.3.4\"",
        "min_compiler_version = \"1.2.x\"",
        "min_compiler_version = \"1.2.3-rc1\"",
        "min_compiler_version = \"+1.2.3\"",
        "allowed_hazards = [\"full-scan\", \"full-scan\"]",
        "allowed_hazards = [\"\"]",
    ] {
        assert_eq!(head(lines), "K0205", "{lines}");
    }
    for lines in [
        "roles = [\"dba\", \"dba\"]",
        "roles = [\"\"]",
        "roles = [\"d b\"]",
        "signs = []",
        "signs = [\"plans\"]",
        "signs = [\"plan\", \"plan\"]",
        "not_after = 2030-01-01",
        "not_after = 2030-01-01T00:00:00",
        "not_after = 1960-01-01T00:00:00Z",
        "not_before = 2030-01-01T00:00:00Z\nnot_after = 2030-01-01T00:00:00Z",
        "not_before = 2031-01-01T00:00:00Z\nnot_after = 2030-01-01T00:00:00Z",
    ] {
        assert_eq!(key(lines), "K0205", "{lines}");
    }
    for lines in [
        "[hazards.data-loss]",
        "[hazards.data-loss]\nforbidden = false",
        "[hazards.data-loss]\nforbidden = true\nthreshold = 1",
        "[hazards.data-loss]\nforbidden = true\nroles = { dba = 1 }",
        "[hazards.data-loss]\nthreshold = 0",
        "[environments.x]\nthreshold = 0",
        "[environments.\"\"]",
        "[[targets]]\nlabel = \"\"",
        "[[targets]]\nlabel = \" x\"",
        "[[targets]]\nlabel = \"x\"\n[[targets]]\nlabel = \"x\"",
        "[[targets]]\nlabel = \"x\"\ndatabase = \"\"",
        "[[targets]]\nlabel = \"x\"\nsystem_identifier = \"\"",
        "[[targets]]\nlabel = \"x\"\nsystem_identifier = \"007\"",
        "[[targets]]\nlabel = \"x\"\nsystem_identifier = \"-1\"",
    ] {
        assert_eq!(tables(lines), "K0205", "{lines}");
    }
    let both = "forbidden_hazards = [\"data-loss\"]\n[hazards.data-loss]\nthreshold = 1\n";
    assert_eq!(head(both), "K0205");
}

#[test]
fn refuses_keys_that_are_none() {
    let with = |value: &str| read(&policy_text("", &[format!("[[keys]]\nname = \"a\"\nkey = \"{value}\"\n")]));
    let good = signer(1).public_key().to_spki_base64();
    assert_eq!(with(&good), "read");
    assert_eq!(with(""), "K0206");
    assert_eq!(with("alice"), "K0206");
    assert_eq!(with(&good[..58]), "K0206");
    assert_eq!(with(&good.replacen("MCow", "MCox", 1)), "K0206");
    // The identity, a point of small order.
    assert_eq!(with("MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), "K0206");
    // An X25519 key.
    assert_eq!(with(&good.replacen("MCowBQYDK2VwAyEA", "MCowBQYDK2VuAyEA", 1)), "K0206");
}

#[test]
fn it_is_said_what_a_new_version_changes() {
    let old = policy("threshold = 2", &[key_entry(1, ""), key_entry(2, ""), key_entry(3, "")]);
    let new = policy(
        "threshold = 2\nrequire_ledger = true",
        &[key_entry(1, ""), key_entry(2, "revoked = true"), key_entry(3, "")],
    );
    assert!(old.changes_since(&old).is_empty());
    let (forth, back) = (new.changes_since(&old), old.changes_since(&new));
    let other = |line: &str| match line.strip_prefix("now: ") {
        Some(rest) => format!("no longer: {rest}"),
        None => line.replacen("no longer: ", "now: ", 1),
    };
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(sorted(back), sorted(forth.iter().map(|line| other(line)).collect()));
    let of =
        |start: &str, part: &str| forth.iter().filter(|line| line.starts_with(start) && line.contains(part)).count();
    assert_eq!(
        (of("no longer: ", "key-2"), of("now: ", "key-2"), of("now: ", "must be noted")),
        (1, 1, 1),
        "{forth:#?}"
    );
    assert_eq!((of("", "key-1"), of("", "key-3"), of("", "2 distinct keys")), (0, 0, 0), "{forth:#?}");
}

#[test]
fn it_is_said_what_a_change_needs() {
    let two = [key_entry(1, "signs = [\"plan\"]"), key_entry(2, "")];
    let hint = |text: &str| TrustPolicy::read(text.as_bytes()).unwrap_err().hint();
    let changes = hint(&policy_text("threshold = 2", &two)).unwrap();
    assert!(changes.contains("\"trust-policy\""), "{changes}");
    assert_eq!(hint(&policy_text("threshold = 3", &two)), None);
}

#[test]
fn refuses_demands_that_could_never_be_met() {
    let two = [key_entry(1, "roles = [\"dba\"]"), key_entry(2, "")];
    let with = |lines: &str| read(&policy_text(lines, &two));
    assert_eq!(with("threshold = 2"), "read");
    assert_eq!(with("threshold = 3"), "K0208");
    assert_eq!(with("role_thresholds = { dba = 1 }"), "read");
    assert_eq!(with("role_thresholds = { dba = 2 }"), "K0208");
    assert_eq!(with("role_thresholds = { auditor = 1 }"), "K0208");
    assert_eq!(with("[hazards.data-loss]\nthreshold = 3"), "K0208");
    assert_eq!(with("[hazards.data-loss]\nroles = { auditor = 1 }"), "K0208");
    assert_eq!(with("[environments.x]\nthreshold = 3"), "K0208");
    let revoked = [key_entry(1, ""), key_entry(2, "revoked = true")];
    assert_eq!(read(&policy_text("threshold = 2", &revoked)), "K0208");
    let receipts = [key_entry(1, ""), key_entry(2, "signs = [\"receipt\"]")];
    assert_eq!(read(&policy_text("threshold = 2", &receipts)), "K0208");
    // nobody could ever change it, and it would say so only then
    let plans = [key_entry(1, "signs = [\"plan\"]"), key_entry(2, "signs = [\"plan\", \"snapshot\"]")];
    assert_eq!(read(&policy_text("", &plans)), "K0208");
    assert_eq!(read(&policy_text("", &[plans[0].clone(), key_entry(2, "")])), "read");
    // Keys for snapshots alone: readable, and no plan is ever accepted under it.
    let snapshots = [key_entry(1, "signs = [\"snapshot\"]")];
    assert_eq!(read(&policy_text("", &snapshots)), "read");
    assert_eq!(verdict(&policy("", &snapshots), &sealed(&[1])), "K0307");
}

/// Whoever can change a policy can take its rules away: a change needs what the strictest of them needs.
#[test]
fn a_change_needs_the_most_that_any_plan_needs() {
    let three = [key_entry(1, "roles = [\"dba\"]"), key_entry(2, "roles = [\"dba\", \"security\"]"), key_entry(3, "")];
    let last = |head: &str, tables: &str| {
        let policy = policy(&format!("{head}\n{tables}"), &three);
        policy.in_words().into_iter().find(|line| line.starts_with("the next version")).unwrap()
    };
    let needs = |head: &str, tables: &str, demand: &str| {
        assert_eq!(last(head, tables), format!("the next version of this policy needs the signatures of {demand}"));
    };
    needs("", "", "1 key");
    needs("threshold = 2", "", "2 distinct keys");
    needs("role_thresholds = { dba = 2 }", "", "1 key, 2 of them with role \"dba\"");
    needs(
        "",
        "[environments.production]\nthreshold = 2\nroles = { dba = 1 }",
        "2 distinct keys, 1 of them with role \"dba\"",
    );
    needs("", "[hazards.data-loss]\nthreshold = 3", "3 distinct keys");
    needs("forbidden_hazards = [\"data-loss\"]", "", "1 key");
    needs("require_cosign = true", "", "2 distinct keys");
    let both =
        "[hazards.full-scan]\nroles = { dba = 2 }\n[environments.a]\nthreshold = 2\nroles = { dba = 1, security = 1 }";
    needs("", both, "2 distinct keys, 2 of them with role \"dba\", 1 of them with role \"security\"");
    // said, and less than that
    let refused = |head: &str, tables: &str| {
        TrustPolicy::read(policy_text(&format!("{head}\n{tables}"), &three).as_bytes()).unwrap_err()
    };
    let error = refused("threshold = 2", "[policy_changes]\nthreshold = 1");
    assert_eq!(error.code(), "K0211");
    let said = "the trust policy, line 5: \"policy_changes.threshold\" is 1, and \"threshold\" demands 2 for plans";
    assert_eq!((error.to_string().as_str(), error.hint().is_some()), (said, true));
    for (head, tables, by) in [
        ("role_thresholds = { dba = 1 }", "", "role_thresholds.dba"),
        // of two that demand as much, the first
        ("threshold = 2", "[hazards.data-loss]\nthreshold = 2", "and \"threshold\" demands 2"),
        ("require_cosign = true", "", "and \"require_cosign\" demands 2"),
        ("require_cosign = true\nthreshold = 2", "", "and \"threshold\" demands 2"),
        ("", "[environments.production]\nthreshold = 2", "environments.production.threshold"),
        ("", "[hazards.data-loss]\nroles = { security = 1 }", "hazards.data-loss.roles.security"),
    ] {
        let error = refused(head, &format!("[policy_changes]\nthreshold = 1\n{tables}"));
        assert!(error.code() == "K0211" && error.to_string().contains(by), "{error}");
    }
    let strong =
        "[policy_changes]\nthreshold = 3\nroles = { security = 1 }\n[hazards.data-loss]\nroles = { security = 1 }";
    needs("threshold = 2", strong, "3 distinct keys, 1 of them with role \"security\"");
    // the default that no keys could give
    let keys = [key_entry(1, "roles = [\"dba\"]\nsigns = [\"plan\"]"), key_entry(2, "")];
    assert_eq!(read(&policy_text("role_thresholds = { dba = 1 }", &keys)), "K0208");
    // but those who write so that keys of the role sign plans only may leave it out, and the role alone
    let told = |head: &str| read(&policy_text(&format!("{head}\n[policy_changes]\nthreshold = 1"), &keys));
    assert_eq!(told("role_thresholds = { dba = 1 }"), "read");
    assert_eq!(told("threshold = 2\nrole_thresholds = { dba = 1 }"), "K0211");
    assert_eq!(read(&policy_text("", &keys)), "read");
    assert_eq!(read(&policy_text("require_cosign = true", &[key_entry(1, "")])), "K0208");
}

#[test]
fn targets_are_so_many_and_each_once() {
    let many = |count: usize| {
        let list: String = (0..count).map(|n| format!("[[targets]]\nlabel = \"t{n}\"\n")).collect();
        tables(&list)
    };
    assert_eq!((many(4096), many(4097)), ("read", "K0205"));
    assert_eq!(tables("[[targets]]\nlabel = \"a\"\n[[targets]]\nlabel = \"a\""), "K0205");
}

#[test]
fn refuses_unknown_hazards_and_environments() {
    assert_eq!(head("allowed_hazards = [\"dataloss\"]"), "K0209");
    let text = policy_text("allowed_hazards = [\"dataloss\"]", &[key_entry(1, "")]);
    let hint = TrustPolicy::read(text.as_bytes()).unwrap_err().hint().unwrap();
    assert!(HAZARDS.iter().all(|hazard| hint.contains(hazard)), "{hint}");
    assert_eq!(head("forbidden_hazards = [\"data-los\"]"), "K0209");
    assert_eq!(tables("[hazards.dataloss]\nthreshold = 1"), "K0209");
    assert_eq!(tables("[environments.x]\nforbidden_hazards = [\"dataloss\"]"), "K0209");
    let target = "[[targets]]\nlabel = \"x\"\nenvironment = \"production\"";
    assert_eq!(tables(target), "K0210");
    let text = policy_text("", &[key_entry(1, "")]) + "\n" + target;
    let hint = TrustPolicy::read(text.as_bytes()).unwrap_err().hint().unwrap();
    assert!(hint.contains("[environments.NAME]"), "{hint}");
    assert_eq!(tables(&format!("[environments.production]\n{target}")), "read");
}

/// Names and words have 128 characters at most.
#[test]
fn names_end_somewhere() {
    let (longest, longer) = ("d".repeat(128), "d".repeat(129));
    let label = |name: &str| tables(&format!("[[targets]]\nlabel = \"{name}\""));
    assert_eq!((label(&longest), label(&longer), label(&"é".repeat(128))), ("read", "K0205", "read"));
    let role = |name: &str| key(&format!("roles = [\"{name}\"]"));
    assert_eq!((role(&longest), role(&longer)), ("read", "K0205"));
}

#[test]
fn ledger_and_state_are_switches() {
    assert_eq!(head("require_ledger = true\nrequire_state = false"), "read");
    assert_eq!(head("require_ledger = \"yes\""), "K0202");
}

#[test]
fn a_policy_is_told_in_words() {
    let text = |seed| signer(seed).public_key().to_spki_base64();
    let words = TrustPolicy::read(FULL_IN_WORDS.replace("KEY1", &text(1)).replace("KEY2", &text(2)).as_bytes());
    let words = words.unwrap().in_words().join("\n");
    for line in [
        "a plan needs the signatures of 2 distinct keys, 1 of them with role \"dba\"",
        "one of its signers, who are two at least, must have compiled it again (cosign)",
        "it must begin to be valid at most 30 days ago",
        "no other hazards are allowed than blocks-writes, data-loss",
        "a plan with hazard \"data-loss\" needs the signatures of 2 distinct keys, 1 of them with role \"dba\"",
        "hazard \"table-rewrite\" is never allowed",
        "in environment \"production\" it needs the signatures of 2 distinct keys; never allowed there: full-scan",
        "  shop: environment \"production\", database \"shop\", system identifier 7",
        "every phase must be noted in the database",
        "the agent must have a memory (--state)",
        "the next version of this policy needs the signatures of 2 distinct keys, 1 of them with role \"dba\"",
        "signs plans, trust policies; roles dba; until 2027-01-01T00:00:00Z",
        "signs plans, trust policies",
    ] {
        assert!(words.contains(line), "\"{line}\" is not said:\n{words}");
    }
}

#[test]
fn what_a_policy_leaves_open_is_told_too() {
    let words = |head: &str| {
        policy(
            head,
            &[
                key_entry(1, ""),
                key_entry(2, "revoked = true"),
                key_entry(3, "signs = [\"receipt\"]\nnot_before = 2027-01-15T08:00:00Z"),
            ],
        )
        .in_words()
    };
    let said = |head: &str, line: &str| assert!(words(head).iter().any(|said| said == line), "{:#?}", words(head));
    let short = |seed| signer(seed).public_key().id().short();
    said("", &format!("  key-2 ({}) signs plans, trust policies; REVOKED: counts nothing", short(2)));
    said("", &format!("  key-3 ({}) signs receipts; from 2027-01-15T08:00:00Z", short(3)));
    said("", "any hazard is allowed that is not named here");
    said("", "it may be applied to any database that it was made for");
    said("allowed_hazards = []", "no hazard is allowed");
    said("min_compiler_version = \"1.2.3\"", "it must be of compiler 1.2.3 or later");
    for (age, line) in [("90s", "90 seconds"), ("15m", "15 minutes"), ("36h", "36 hours"), ("48h", "2 days")] {
        said(&format!("max_plan_age = \"{age}\""), &format!("it must begin to be valid at most {line} ago"));
    }
    assert!(!words("").iter().any(|line| line.contains("cosign") || line.contains("memory") || line.contains("noted")));
}

const FULL_IN_WORDS: &str = r#"
format = "pgseal-trust"
version = 1
policy_version = 4
threshold = 2
role_thresholds = { dba = 1 }
require_cosign = true
require_ledger = true
require_state = true
max_plan_age = "30d"
allowed_hazards = ["blocks-writes", "data-loss"]
forbidden_hazards = ["table-rewrite"]
[[keys]]
name = "alice"
key = "KEY1"
roles = ["dba"]
not_after = 2027-01-01T00:00:00Z
[[keys]]
name = "bob"
key = "KEY2"
[policy_changes]
threshold = 2
roles = { dba = 1 }
[hazards.data-loss]
threshold = 2
roles = { dba = 1 }
[environments.production]
threshold = 2
forbidden_hazards = ["full-scan"]
[[targets]]
label = "shop"
environment = "production"
database = "shop"
system_identifier = "7"
"#;
