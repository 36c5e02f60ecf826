//! Writes the compiler's tables of built-in objects: `generate_builtins FOLDER`, with the tests' servers installed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pgseal_tests::server::{MAJORS, Server};
use pgseal_tests::{builtins, manifests};

fn main() {
    let folder = std::env::args().nth(1).expect("usage: generate_builtins FOLDER");
    let databases: Vec<_> = MAJORS.into_iter().map(|major| Server::shared(major).database("builtins")).collect();
    let mut sessions: Vec<_> = databases.iter().map(|database| database.connect()).collect();
    let mut files = builtins::generate(&mut sessions);
    let (extensions, missing) = manifests::generate();
    files.insert(manifests::FILE, extensions);
    for (file, text) in files {
        let path = std::path::Path::new(&folder).join(file);
        std::fs::write(&path, &text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("{:>8} bytes  {}", text.len(), path.display());
    }
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(String::as_str).collect();
        println!("not installable here, so their members are not known: {}", names.join(", "));
    }
}
