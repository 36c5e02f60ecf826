//! What the programs are made of: licences, bans and sources as `deny.toml` has them, for every crate of this platform; how many
//! crates the agent is made of, and how large it is.
//!
//! `cargo deny` reads the same file. There is no binary of it that understands the cargo of today and can be had from a package
//! index, and to compile it takes longer than everything else in `make lint`; so this is what holds in continuous integration.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use pgseal_tests::dist::crates_of;
use pgseal_tests::program::run;
use pgseal_tests::server::repository;
use serde::Deserialize;
use serde_json::Value;

/// How many crates end up in the agent, itself included; and with what runs only while it is compiled (macros).
const AGENT_CRATES: usize = 120;
const AGENT_CRATES_TO_BUILD: usize = 136;

/// How large the agent is, built for release and stripped. Measured, and 5 % more.
const AGENT_BYTES: u64 = 3_930_000;

/// The same with the C library in it, as `make dist` builds it; scripts/dist.sh looks here.
const STATIC_AGENT_BYTES: u64 = 4_920_000;

#[derive(Deserialize)]
struct Rules {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    name: String,
    #[serde(default)]
    wrappers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

fn rules() -> Rules {
    toml::from_str(&fs::read_to_string(repository().join("deny.toml")).unwrap()).unwrap()
}

/// The packages of this platform, and who depends on whom by name.
fn metadata() -> (Vec<Value>, BTreeMap<String, BTreeSet<String>>) {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(rustc.stdout).unwrap();
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host]);
    let ended = run(cargo.current_dir(repository())).expect(0);
    let metadata: Value = serde_json::from_str(&ended.out).unwrap();
    let packages = metadata["packages"].as_array().unwrap().clone();
    let name: BTreeMap<&str, &str> =
        packages.iter().map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap())).collect();
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        for to in node["dependencies"].as_array().unwrap() {
            let user = name[node["id"].as_str().unwrap()].to_owned();
            users.entry(name[to.as_str().unwrap()].to_owned()).or_default().insert(user);
        }
    }
    (packages, users)
}

/// Whether an expression of SPDX can be satisfied with licences that are allowed; `/` is an older way to write OR.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let all = any_of(&words, &mut at, allowed);
    all && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut any = all_of(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        // both sides are read, whatever the first one says
        any |= all_of(words, at, allowed);
    }
    any
}

fn all_of(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut all = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        all &= one(words, at, allowed);
    }
    all
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let word = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if word == "(" {
        let inner = any_of(words, at, allowed);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return inner && closed;
    }
    let mut license = word.to_owned();
    if words.get(*at) == Some(&"WITH") {
        license = format!("{license} WITH {}", words.get(*at + 1).copied().unwrap_or_default());
        *at += 2;
    }
    allowed.contains(&license)
}

#[test]
fn expressions_of_licences_are_understood() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for good in
        ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(GPL-3.0 OR ISC) AND MIT", "Apache-2.0 WITH LLVM-exception OR X"]
    {
        assert!(satisfied(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "MIT AND (GPL-3.0 OR X)", "MIT ISC", "(MIT"] {
        assert!(!satisfied(bad, &allowed), "{bad}");
    }
}

#[test]
fn every_licence_is_allowed() {
    let rules = rules();
    let (packages, _) = metadata();
    let own = |package: &Value| package["source"].is_null();
    for package in packages.iter().filter(|package| !own(package)) {
        let license = package["license"].as_str().unwrap_or_default();
        assert!(satisfied(license, &rules.licenses.allow), "{} is under \"{license}\"", package["id"]);
    }
}

#[test]
fn every_crate_comes_from_the_one_registry() {
    let allowed: Vec<String> = rules().sources.allow_registry.iter().map(|url| format!("registry+{url}")).collect();
    let (packages, _) = metadata();
    for package in packages {
        if let Some(source) = package["source"].as_str() {
            assert!(allowed.iter().any(|url| url == source), "{} comes from {source}", package["id"]);
        }
    }
    // and the lock file has nothing else for other platforms either, each with its checksum
    let lock = fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    for entry in lock.split("[[package]]").skip(1).filter(|entry| entry.contains("source = ")) {
        assert!(allowed.iter().any(|url| entry.contains(&format!("source = \"{url}\""))), "{entry}");
        assert!(entry.contains("\nchecksum = \""), "{entry}");
    }
}

#[test]
fn nothing_that_is_banned_is_used() {
    let (_, users) = metadata();
    for Ban { name, wrappers } in rules().bans.deny {
        for user in users.get(&name).into_iter().flatten() {
            assert!(wrappers.contains(user), "\"{user}\" uses \"{name}\", which is banned but for {wrappers:?}");
        }
    }
}

#[test]
fn the_agent_is_made_of_few_crates() {
    let linked = crates_of("pgseal-agent", "normal,no-proc-macro").len();
    let built = crates_of("pgseal-agent", "normal").len();
    println!("pgseal-agent: {linked} crates, {built} with those that are needed to build it");
    assert!(linked <= AGENT_CRATES, "the agent holds {linked} crates; {AGENT_CRATES} is the limit");
    assert!(built <= AGENT_CRATES_TO_BUILD, "the agent takes {built} crates; {AGENT_CRATES_TO_BUILD} is the limit");
    for banned in ["pg_query", "pgseal", "openssl", "native-tls", "aws-lc-rs"] {
        assert!(crates_of("pgseal-agent", "normal,build").iter().all(|(name, _)| name != banned), "{banned}");
    }
}

/// Builds the agent as it is shipped: that takes minutes the first time, and is also what `make build` and `make demo` leave behind.
#[test]
fn the_agent_is_small() {
    if std::env::var_os("PGSEAL_FULL").is_none() {
        println!("left out: PGSEAL_FULL=1 builds the agent for release; make dist measures it too");
        return;
    }
    let target = repository().join("target");
    let mut build = Command::new(repository().join("scripts/agent.sh"));
    run(build.args(["--quiet", "--target-dir"]).arg(&target)).expect(0);
    let bytes = fs::metadata(target.join("agent/pgseal-agent")).unwrap().len();
    println!("pgseal-agent: {bytes} bytes");
    const { assert!(AGENT_BYTES < STATIC_AGENT_BYTES) };
    assert!(bytes <= AGENT_BYTES, "the agent has {bytes} bytes; {AGENT_BYTES} is the limit");
}
