//! What may depend on what, asserted from `cargo metadata`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use pgseal_tests::server::repository;
use serde_json::Value;

/// Crates that open a socket, speak TLS or talk to Postgres, or bring a runtime made for that.
const NETWORK: [&str; 36] = [
    "async-std",
    "attohttpc",
    "curl",
    "curl-sys",
    "diesel",
    "h2",
    "hyper",
    "hyper-util",
    "isahc",
    "libpq-sys",
    "mio",
    "native-tls",
    "openssl",
    "openssl-sys",
    "postgres",
    "postgres-native-tls",
    "postgres-protocol",
    "pq-sys",
    "quinn",
    "reqwest",
    "ring",
    "rustls",
    "rustls-native-certs",
    "rustls-webpki",
    "smol",
    "socket2",
    "sqlx",
    "sqlx-core",
    "sqlx-postgres",
    "tokio",
    "tokio-postgres",
    "tokio-postgres-rustls",
    "tokio-rustls",
    "tungstenite",
    "ureq",
    "webpki",
];

/// Crates that parse SQL.
const SQL_PARSERS: [&str; 8] = [
    "pg_query",
    "pg_parse",
    "postgres-parser",
    "sqlparser",
    "squawk-parser",
    "squawk-syntax",
    "sqlite3-parser",
    "pg_raw_parse",
];

#[test]
fn the_crates_depend_on_each_other_as_agreed() {
    let workspace = Workspace::read();
    let agreed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::from([
        ("pgseal", BTreeSet::from(["pgseal-catalog", "pgseal-keys"])),
        ("pgseal-agent", BTreeSet::from(["pgseal-catalog", "pgseal-keys"])),
        ("pgseal-catalog", BTreeSet::new()),
        // allowed, whether or not it is used
        ("pgseal-keys", BTreeSet::from(["pgseal-catalog"])),
    ]);
    for member in &workspace.members {
        let name = workspace.name(member);
        if ["pgseal-tests", "pgseal-fuzz"].contains(&name) {
            continue;
        }
        let allowed = agreed.get(name).unwrap_or_else(|| panic!("crate \"{name}\" is new: what may it depend on?"));
        let edges: BTreeSet<&str> = workspace
            .edges(member, Edges::All)
            .filter(|to| workspace.members.contains(*to))
            .map(|to| workspace.name(to))
            .collect();
        assert!(edges.is_subset(allowed), "\"{name}\" depends on {edges:?}, agreed is {allowed:?}");
        if name != "pgseal-keys" {
            assert_eq!(&edges, allowed, "\"{name}\" does not use what it was made for");
        }
    }
}

#[test]
fn the_compiler_has_no_network() {
    let workspace = Workspace::read();
    for root in ["pgseal", "pgseal-catalog", "pgseal-keys"] {
        let tree = workspace.tree(root);
        println!("{root}: {} crates", tree.len());
        let found: Vec<&&str> = tree.iter().filter(|name| NETWORK.contains(name)).collect();
        assert!(found.is_empty(), "the tree of \"{root}\" holds {found:?}");
    }
}

#[test]
fn no_room_of_the_compiler_names_the_network_or_a_process() {
    for folder in ["compiler", "shared"] {
        for file in sources(&repository().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            for word in ["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs", "UnixStream", "process::Command"] {
                assert!(!text.contains(word), "{} names {word}", file.display());
            }
        }
    }
}

#[test]
fn the_agent_has_no_sql_parser_and_no_compiler() {
    let workspace = Workspace::read();
    let tree = workspace.tree("pgseal-agent");
    println!("pgseal-agent: {} crates in its tree", tree.len());
    let found: Vec<&&str> = tree
        .iter()
        .filter(|name| SQL_PARSERS.contains(name) || **name == "pgseal" || **name == "pgseal-tests")
        .collect();
    assert!(found.is_empty(), "the agent's tree holds {found:?}");
}

#[test]
fn every_crate_forbids_unsafe_code() {
    let root = repository();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""), "the workspace's lints forbid unsafe code");
    for member in ["shared", "keys", "compiler", "agent", "tests", "tests/fuzz"] {
        let manifest = fs::read_to_string(root.join(member).join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{member}/Cargo.toml takes the workspace's lints");
        for file in sources(&root.join(member)) {
            let text = fs::read_to_string(&file).unwrap();
            let allowed = ["allow", "expect", "warn"].map(|level| format!("{level}(unsafe_code)"));
            assert!(!allowed.iter().any(|text_of_lint| text.contains(text_of_lint)), "{} lifts a ban", file.display());
        }
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let listed = manifest.split("[workspace.dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let mut reason = false;
    for line in listed.lines().filter(|line| !line.trim().is_empty()) {
        if line.starts_with('#') {
            reason = true;
        } else {
            assert!(reason, "no reason above: {line}");
        }
    }
    for member in ["shared", "keys", "compiler", "agent", "tests", "tests/fuzz"] {
        let manifest = fs::read_to_string(repository().join(member).join("Cargo.toml")).unwrap();
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            } else if section.contains("dependencies") && line.contains('=') {
                assert!(line.contains("workspace = true"), "{member}/Cargo.toml has a version of its own: {line}");
            }
        }
    }
}

/// Every test file runs: cargo finds what lies in `tests/`, unless a manifest turns that off or lists other files.
#[test]
fn no_test_file_is_forgotten() {
    for member in ["shared", "keys", "compiler", "agent", "tests", "tests/fuzz"] {
        let manifest = fs::read_to_string(repository().join(member).join("Cargo.toml")).unwrap();
        assert!(!manifest.contains("autotests"), "{member}/Cargo.toml: tests are found by themselves");
        assert!(!manifest.contains("[[test]]"), "{member}/Cargo.toml: tests are found by themselves");
        assert!(!manifest.contains("test = false"), "{member}/Cargo.toml: a target opts out of its tests");
        let folder = repository().join(member).join("tests");
        for file in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
            let path = file.path();
            if is_source(&path) {
                let text = fs::read_to_string(&path).unwrap();
                assert!(text.contains("#[test]") || text.contains("proptest!"), "{} tests nothing", path.display());
            }
            let Ok(main) = fs::read_to_string(path.join("main.rs")) else { continue };
            for part in fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()) {
                let name = part.file_stem().unwrap().to_str().unwrap();
                if is_source(&part) && name != "main" {
                    let text = fs::read_to_string(&part).unwrap();
                    assert!(text.contains("#[test]"), "{} tests nothing", part.display());
                    assert!(
                        main.contains(&format!("\nmod {name};\n")),
                        "{} is not part of its program",
                        part.display()
                    );
                }
            }
        }
    }
}

fn is_source(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Which dependencies count: what is compiled in, or those for tests and build scripts too.
#[derive(Clone, Copy, PartialEq)]
enum Edges {
    Normal,
    All,
}

/// The platform that the tests run on: the packages of others may not have been downloaded.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc says its version");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc says its host").to_owned()
}

struct Workspace {
    members: BTreeSet<String>,
    names: BTreeMap<String, String>,
    /// package -> (package, is it compiled in)
    dependencies: BTreeMap<String, Vec<(String, bool)>>,
}

impl Workspace {
    fn read() -> Workspace {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host()])
            .current_dir(repository())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = |value: &Value| value.as_array().unwrap().clone();
        let dependency = |value: &Value| {
            let normal = list(&value["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            (text(&value["pkg"]), normal)
        };
        Workspace {
            members: list(&metadata["workspace_members"]).iter().map(text).collect(),
            names: list(&metadata["packages"])
                .iter()
                .map(|package| (text(&package["id"]), text(&package["name"])))
                .collect(),
            dependencies: list(&metadata["resolve"]["nodes"])
                .iter()
                .map(|node| (text(&node["id"]), list(&node["deps"]).iter().map(dependency).collect()))
                .collect(),
        }
    }

    fn name(&self, package: &str) -> &str {
        &self.names[package]
    }

    fn edges(&self, package: &str, edges: Edges) -> impl Iterator<Item = &String> {
        self.dependencies[package].iter().filter(move |(_, normal)| edges == Edges::All || *normal).map(|(to, _)| to)
    }

    /// The names of all crates that end up in a crate, itself included.
    fn tree(&self, root: &str) -> BTreeSet<&str> {
        let start = self.members.iter().find(|member| self.name(member) == root).expect("a member of the workspace");
        let mut seen = BTreeSet::from([start]);
        let mut open = vec![start];
        while let Some(package) = open.pop() {
            for to in self.edges(package, Edges::Normal) {
                if seen.insert(to) {
                    open.push(to);
                }
            }
        }
        seen.into_iter().map(|package| self.name(package)).collect()
    }
}

/// The Rust files under a crate's `src`.
fn sources(member: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![member.join("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if is_source(&path) {
                found.push(path);
            }
        }
    }
    found
}
