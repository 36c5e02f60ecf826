//! The program as a user runs it, as far as it needs no server.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use pgseal_catalog::facts::{Payload, Schema, Table};
use pgseal_catalog::plan::{Binding, FORMAT, Inputs, Source, Timeouts, VERSION};
use pgseal_catalog::snapshot::Header;
use pgseal_catalog::symbols::Symbols;
use pgseal_catalog::{Catalog, Digest, Fact, Plan, Scope, Snapshot};

struct Ended {
    code: i32,
    out: String,
    err: String,
}

fn ended(output: &Output) -> Ended {
    Ended {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

fn pgseal(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgseal"));
    ended(&command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap())
}

fn plan() -> Plan {
    Plan {
        format: FORMAT.to_owned(),
        version: VERSION,
        compiler: "0.1.0".to_owned(),
        server_major: 17,
        binding: Binding::default(),
        scope: Scope::default(),
        inputs: Inputs { snapshot: Digest::of(b""), schema: BTreeMap::new() },
        source: Source { fingerprint: Digest::of(b""), objects: BTreeMap::new(), facts: Vec::new() },
        target: Digest::of(b""),
        settings: BTreeMap::new(),
        timeouts: Timeouts { lock_ms: 1000, statement_ms: 0, lock_retries: 0 },
        hazards: BTreeSet::new(),
        phases: Vec::new(),
        notes: Vec::new(),
    }
}

/// A folder with a plan, two keys and a policy that trusts the first.
fn desk() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("plan.json"), plan().to_bytes()).unwrap();
    assert_eq!(pgseal(path, &["keygen", "--out", "a.pem", "--no-passphrase"]).code, 0);
    assert_eq!(pgseal(path, &["keygen", "--out", "b.pem", "--no-passphrase"]).code, 0);
    assert_eq!(pgseal(path, &["trust", "init", "--key", "a.pub.pem", "--out", "trust.toml"]).code, 0);
    folder
}

#[test]
fn a_signed_plan_is_accepted_and_a_changed_one_is_not() {
    let desk = desk();
    let path = desk.path();
    let verify = || pgseal(path, &["verify", "plan.json", "--trust", "trust.toml"]);
    assert_eq!(verify().code, 3);
    assert_eq!(pgseal(path, &["sign", "plan.json", "--key", "b.pem"]).code, 0);
    assert_eq!(verify().code, 3);
    assert_eq!(pgseal(path, &["sign", "plan.json", "--key", "a.pem"]).code, 0);
    let accepted = verify();
    assert_eq!((accepted.code, accepted.err.as_str()), (0, ""));
    assert!(accepted.out.starts_with("plan.json: accepted\n") && accepted.out.contains("signed by a ("));

    let mut bytes = std::fs::read(path.join("plan.json")).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(path.join("plan.json"), bytes).unwrap();
    let refused = verify();
    assert_eq!((refused.code, refused.out.as_str()), (3, ""));
    assert!(refused.err.starts_with("pgseal: error[K"), "{}", refused.err);
}

#[test]
fn openssl_can_sign_in_place_of_the_program() {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("skipped: openssl is not installed");
        return;
    }
    let desk = desk();
    let path = desk.path();
    assert_eq!(pgseal(path, &["sign", "plan.json", "--export-tbs", "to-sign.bin"]).code, 0);
    let openssl = ["pkeyutl", "-sign", "-rawin", "-inkey", "a.pem", "-in", "to-sign.bin", "-out", "a.sig"];
    let signed = Command::new("openssl").args(openssl).current_dir(path).output().unwrap();
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    let wrong = ["sign", "plan.json", "--attach", "a.sig", "--public-key", "b.pub.pem"];
    assert_eq!(pgseal(path, &wrong).code, 3);
    assert_eq!(pgseal(path, &["sign", "plan.json", "--attach", "a.sig", "--public-key", "a.pub.pem"]).code, 0);
    assert_eq!(pgseal(path, &["verify", "plan.json", "--trust", "trust.toml"]).code, 0);
}

#[test]
fn what_is_no_plan_is_not_signed() {
    let desk = desk();
    let path = desk.path();
    std::fs::write(path.join("plan.json"), b"{}").unwrap();
    assert_eq!(pgseal(path, &["sign", "plan.json", "--key", "a.pem"]).code, 10);
    assert!(!path.join("plan.json.sig").exists());
    assert_eq!(pgseal(path, &["sign", "-", "--key", "a.pem"]).code, 2);
    assert_eq!(pgseal(path, &["sign", "plan.json"]).code, 2);
    assert_eq!(pgseal(path, &["sign", "none.json", "--key", "a.pem"]).code, 1);
}

#[test]
fn a_plan_is_shown_from_a_file_and_from_standard_input() {
    let desk = desk();
    let path = desk.path();
    let shown = pgseal(path, &["show", "plan.json"]);
    assert_eq!(shown.code, 0);
    assert!(shown.out.starts_with("Plan for PostgreSQL 17\n"), "{}", shown.out);
    assert!(!shown.out.contains('\u{1b}'));
    assert!(pgseal(path, &["--color", "always", "show", "plan.json"]).out.contains('\u{1b}'));
    assert!(pgseal(path, &["show", "plan.json", "--form", "sql"]).out.contains("-- no changes"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_pgseal"))
        .args(["show", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"nonsense").unwrap();
    let refused = ended(&child.wait_with_output().unwrap());
    assert_eq!(refused.code, 10);
    assert!(refused.err.starts_with("pgseal: error[D0101]: standard input: malformed plan"), "{}", refused.err);
}

#[test]
fn a_file_of_another_kind_is_told_as_what_it_is() {
    let desk = desk();
    let path = desk.path();
    std::fs::write(path.join("prod.json"), snapshot().to_bytes()).unwrap();
    std::fs::write(path.join("schema.sql"), "-- ours\nCREATE SCHEMA shop;\n").unwrap();
    let says = |arguments: &[&str], said: &str| {
        let ended = pgseal(path, arguments);
        assert_eq!(ended.code, 10, "{}", ended.err);
        assert!(ended.err.contains(said), "{}", ended.err);
        assert_eq!(ended.err.matches("error[").count(), 1, "{}", ended.err);
    };
    says(&["show", "prod.json"], "error[D0104]: prod.json: this is a snapshot, not a plan");
    says(&["show", "schema.sql"], "error[D0101]: schema.sql: malformed plan: this is not a JSON object");
    let plan = |snapshot, schema| ["plan", "--snapshot", snapshot, "--schema", schema, "--out", "new.json"];
    says(&plan("plan.json", "schema.sql"), "error[D0104]: plan.json: this is a plan, not a snapshot");
    says(&plan("prod.json", "prod.json"), "it is a snapshot");
}

#[test]
fn wrong_usage_and_help() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(pgseal(folder.path(), &[]).code, 2);
    assert_eq!(pgseal(folder.path(), &["keygen", "--out", "x.pem"]).code, 2);
    let help = pgseal(folder.path(), &["--help"]);
    assert_eq!(help.code, 0);
    assert!(help.out.contains("Exit codes:") && help.err.is_empty());
    assert!(pgseal(folder.path(), &["completions", "bash"]).out.contains("_pgseal"));
}

#[test]
fn new_keys_replace_nothing() {
    let desk = desk();
    let before = std::fs::read(desk.path().join("a.pem")).unwrap();
    assert_eq!(pgseal(desk.path(), &["keygen", "--out", "a.pem", "--no-passphrase"]).code, 1);
    assert_eq!(std::fs::read(desk.path().join("a.pem")).unwrap(), before);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name: &str| std::fs::metadata(desk.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("a.pem"), mode("a.pub.pem"), mode("trust.toml")), (0o600, 0o644, 0o644));
    }
}

fn snapshot() -> Snapshot {
    Snapshot {
        header: Header {
            server_version_num: 170_000,
            server_version: "17.0".to_owned(),
            captured_at: "2026-01-01T00:00:00Z".to_owned(),
            database: "app".to_owned(),
            system_identifier: None,
            encoding: "UTF8".to_owned(),
            collate: "C".to_owned(),
            ctype: "C".to_owned(),
            locale_provider: "libc".to_owned(),
            settings: BTreeMap::new(),
            roles: BTreeSet::new(),
            extensions_available: BTreeMap::new(),
            collations: BTreeSet::new(),
            lost_columns: BTreeSet::new(),
            statistics: BTreeMap::new(),
        },
        scope: Scope::default(),
        catalog: Catalog::new(),
        symbols: Symbols::default(),
        unmodeled: Vec::new(),
    }
}

/// A comparison warns about the bodies of a schema that the other side does not have, at their place in the file.
#[test]
fn diff_warns_about_bodies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let body = |name: &str, table: &str| {
        format!("CREATE FUNCTION {name}() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM 1 FROM {table}; END';\n")
    };
    std::fs::write(path.join("like.json"), snapshot().to_bytes()).unwrap();
    std::fs::write(path.join("old.sql"), body("f", "nowhere") + &body("g", "gone")).unwrap();
    std::fs::write(path.join("new.sql"), body("f", "nowhere") + &body("g", "missing")).unwrap();
    let ended = pgseal(path, &["diff", "old.sql", "new.sql", "--like", "like.json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    for (file, relation) in [("old.sql:2", "gone"), ("new.sql:2", "missing")] {
        assert!(ended.err.contains(&format!("relation \"{relation}\" does not exist")), "{}", ended.err);
        assert!(ended.err.contains(file), "{}", ended.err);
    }
    assert!(!ended.err.contains("nowhere\" does"), "{}", ended.err);
    let ended = pgseal(path, &["diff", "like.json", "new.sql"]);
    assert_eq!(ended.err.matches("PGS3010").count(), 2, "{}", ended.err);
}

/// A folder with the snapshot of a database that has a table in a schema of its own, and a key.
fn shop() -> tempfile::TempDir {
    let folder = desk();
    let fact = |id: &str, payload| Fact::new(id.parse().unwrap(), payload);
    let facts = [
        fact("schema:shop", Payload::Schema(Schema::default())),
        fact("table:shop.orders", Payload::Table(Table::default())),
    ];
    let snapshot = Snapshot { catalog: facts.into_iter().collect(), ..snapshot() };
    std::fs::write(folder.path().join("snapshot.json"), snapshot.to_bytes()).unwrap();
    std::fs::remove_file(folder.path().join("plan.json")).unwrap();
    folder
}

#[test]
fn a_schema_that_creates_nothing_is_told() {
    let folder = shop();
    let path = folder.path();
    let plan = |schema: &str, more: &[&str]| {
        std::fs::write(path.join("schema.sql"), schema).unwrap();
        let line = ["plan", "--snapshot", "snapshot.json", "--schema", "schema.sql", "--out", "plan.json"];
        pgseal(path, &[more, &line].concat())
    };
    for nothing in ["", "\n", "-- to be written\n", "/* CREATE SCHEMA shop; */ ;\n", "SET search_path = shop;\n"] {
        let ended = plan(nothing, &[]);
        assert_eq!(ended.code, 9, "{nothing:?}: {}", ended.err);
        let said = "warning[PGS4005]: the schema creates nothing: this plan drops everything that is in scope\n  \
                    detail: what was read: \"schema.sql\"\n  hint: look whether --schema names the right files";
        assert!(ended.err.starts_with(said), "{nothing:?}: {}", ended.err);
        // and whoever reads the plan is told as well
        let shown = pgseal(path, &["show", "plan.json"]);
        assert!(shown.out.contains("note: the schema creates nothing"), "{}", shown.out);
    }
    let ended = plan("", &["--messages", "json"]);
    for member in ["\"code\": \"PGS4005\"", "\"severity\": \"warning\""] {
        assert!(ended.err.contains(member), "{}", ended.err);
    }
    let ended = plan("CREATE SCHEMA shop;", &[]);
    assert!(ended.code == 9 && !ended.err.contains("PGS4005"), "{}", ended.err);
    // there is nothing to drop
    std::fs::write(path.join("snapshot.json"), snapshot().to_bytes()).unwrap();
    let ended = plan("", &[]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
}

#[test]
fn a_plan_that_loses_data_is_not_signed_and_says_what_to_do() {
    let folder = shop();
    let path = folder.path();
    std::fs::write(path.join("schema.sql"), "CREATE SCHEMA shop;").unwrap();
    let line = ["plan", "--snapshot", "snapshot.json", "--schema", "schema.sql"];
    for (more, said) in [
        (
            &[][..],
            "pgseal: the plan would not be signed: it loses data\n  \
             hint: --out writes it, and \"pgseal sign\" signs it after review\n",
        ),
        (
            &["--out", "plan.json"],
            "pgseal: plan.json was written for review, not signed: it loses data\n  \
             hint: \"pgseal sign\" signs it after review; with --allow data-loss the exit code is 0\n",
        ),
        (
            &["--out", "plan.json", "--key", "a.pem"],
            "pgseal: plan.json was written for review, not signed: it loses data\n  \
             hint: \"pgseal sign\" signs it after review, and --allow data-loss at once\n",
        ),
    ] {
        let ended = pgseal(path, &[&line, more].concat());
        assert_eq!((ended.code, ended.err.as_str()), (9, said), "{more:?}");
        assert!(!path.join("plan.json.sig").exists());
    }
    // what the hints say is so
    assert_eq!(pgseal(path, &["sign", "plan.json", "--key", "a.pem"]).code, 0);
    assert_eq!(pgseal(path, &["verify", "plan.json", "--trust", "trust.toml"]).code, 0);
    let more = ["--out", "other.json", "--key", "a.pem", "--allow", "data-loss"];
    assert_eq!(pgseal(path, &[&line[..], &more].concat()).code, 0);
    assert!(path.join("other.json.sig").exists());
}
