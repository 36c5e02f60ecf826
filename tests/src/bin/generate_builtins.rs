//! Writes the compiler's tables of built-in objects: `generate_builtins FOLDER`, with the tests' servers installed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pgseal_tests::builtins;
use pgseal_tests::server::{MAJORS, Server};

fn main() {
    let folder = std::env::args().nth(1).expect("usage: generate_builtins FOLDER");
    let databases: Vec<_> = MAJORS.into_iter().map(|major| Server::shared(major).database("builtins")).collect();
    let mut sessions: Vec<_> = databases.iter().map(|database| database.connect()).collect();
    for (file, text) in builtins::generate(&mut sessions) {
        let path = std::path::Path::new(&folder).join(file);
        std::fs::write(&path, &text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("{:>8} bytes  {}", text.len(), path.display());
    }
}
