//! What goes along with the two programs when they are handed out: man pages and shell completions from the definitions of their
//! command lines, and bills of materials from the crates that they are made of. The programs themselves carry none of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use clap_complete::{Generator as _, Shell};
use serde_json::{Value, json};

use crate::program::run;
use crate::server::repository;

/// The packages of the two programs, which are also the names of the programs.
pub const PROGRAMS: [&str; 2] = ["pgseal", "pgseal-agent"];

/// The shells that there are completions for.
pub const SHELLS: [Shell; 5] = [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh];

/// The definition of a program's command line.
///
/// # Panics
/// When there is no such program.
pub fn definition(program: &str) -> clap::Command {
    match program {
        "pgseal" => pgseal::cli::definition(),
        "pgseal-agent" => pgseal_agent::cli::definition(),
        other => panic!("there is no program \"{other}\""),
    }
}

/// A program's completions for a shell, as it prints them itself.
///
/// # Panics
/// When there is no such program.
pub fn completions(program: &str, shell: Shell) -> Vec<u8> {
    match program {
        "pgseal" => pgseal::cli::completions(shell),
        "pgseal-agent" => pgseal_agent::cli::completions(shell),
        other => panic!("there is no program \"{other}\""),
    }
}

/// Writes everything into a folder: `man/`, `completions/`, and a bill of materials for each program.
///
/// # Errors
/// A file that cannot be written.
pub fn write(folder: &Path) -> io::Result<()> {
    let (man, scripts) = (folder.join("man"), folder.join("completions"));
    fs::create_dir_all(&man)?;
    fs::create_dir_all(&scripts)?;
    for program in PROGRAMS {
        clap_mangen::generate_to(definition(program), &man)?;
        for shell in SHELLS {
            fs::write(scripts.join(shell.file_name(program)), completions(program, shell))?;
        }
        let mut bill = serde_json::to_vec_pretty(&bill_of_materials(program))?;
        bill.push(b'\n');
        fs::write(folder.join(format!("{program}.cdx.json")), bill)?;
    }
    Ok(())
}

/// Name and version of a crate.
pub type Crate = (String, String);

/// The crates that a package is made of when it is built by itself, itself included; `edges` as `cargo tree` has them. What the tests
/// alone turn on is not in it.
///
/// # Panics
/// When cargo cannot tell.
pub fn crates_of(package: &str, edges: &str) -> BTreeSet<Crate> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}", "-p", package, "-e", edges]);
    let ended = run(cargo.current_dir(repository())).expect(0);
    let crates = ended.out.lines().filter(|line| !line.is_empty()).map(|line| {
        let mut words = line.split(' ');
        let name = words.next().expect("a name").to_owned();
        (name, words.next().expect("a version").trim_start_matches('v').to_owned())
    });
    crates.collect()
}

/// A CycloneDX document: every crate of a program with its version, licence and checksum, and who depends on whom. The same crates
/// give the same bytes, so it has neither a time nor a number of its own.
///
/// # Panics
/// When cargo cannot tell, or a crate is not in the lock file.
pub fn bill_of_materials(program: &str) -> Value {
    let linked = crates_of(program, "normal,no-proc-macro");
    let built = crates_of(program, "normal,build");
    let checksums = checksums();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host()]);
    let metadata: Value = serde_json::from_str(&run(cargo.current_dir(repository())).expect(0).out).expect("JSON");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let known = |package: &Value| (text(&package["name"]), text(&package["version"]));
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let mut components = BTreeMap::new();
    let mut dependencies = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let package = &packages[&text(&node["id"])];
        let own = known(package);
        if !built.contains(&own) {
            continue;
        }
        let to: BTreeSet<String> = list(&node["dependencies"])
            .iter()
            .map(|id| known(&packages[&text(id)]))
            .filter(|to| built.contains(to))
            .map(|to| reference(&to))
            .collect();
        dependencies.insert(reference(&own), json!({ "ref": reference(&own), "dependsOn": to }));
        components.insert(reference(&own), component(package, &own, linked.contains(&own), checksums.get(&own)));
    }
    let itself = built.iter().find(|(name, _)| name == program).expect("a program is made of itself");
    let mut itself = components.remove(&reference(itself)).expect("a program is a package");
    itself["type"] = "application".into();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": itself },
        "components": components.into_values().collect::<Vec<_>>(),
        "dependencies": dependencies.into_values().collect::<Vec<_>>(),
    })
}

fn reference((name, version): &Crate) -> String {
    format!("pkg:cargo/{name}@{version}")
}

fn component(package: &Value, own: &Crate, linked: bool, checksum: Option<&String>) -> Value {
    let license = package["license"].as_str().unwrap_or("NOASSERTION").replace('/', " OR ");
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(own),
        "name": own.0,
        "version": own.1,
        "purl": reference(own),
        // what only runs while the program is built is not in it
        "scope": if linked { "required" } else { "excluded" },
        "licenses": [{ "expression": license }],
    });
    if let Some(checksum) = checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(source) = package["repository"].as_str() {
        component["externalReferences"] = json!([{ "type": "vcs", "url": source }]);
    }
    component
}

/// The checksums of the lock file.
fn checksums() -> BTreeMap<Crate, String> {
    let lock = fs::read_to_string(repository().join("Cargo.lock")).expect("the lock file");
    let lock: toml::Table = lock.parse().expect("the lock file is TOML");
    let packages = lock.get("package").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let text =
        |package: &toml::Value, field: &str| package.get(field).and_then(|value| value.as_str()).map(str::to_owned);
    packages
        .iter()
        .filter_map(|package| Some(((text(package, "name")?, text(package, "version")?), text(package, "checksum")?)))
        .collect()
}

/// The platform that this runs on.
fn host() -> String {
    let ended = run(Command::new("rustc").arg("-vV")).expect(0);
    ended.out.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc says its host").to_owned()
}
