//! The compiler's tables of built-in objects are what the servers hold today.

use std::path::Path;

use pgseal_tests::server::{MAJORS, Server};
use pgseal_tests::{builtins, manifests};

#[test]
fn generating_again_gives_the_same_bytes() {
    let databases: Vec<_> = MAJORS.into_iter().map(|major| Server::shared(major).database("builtins")).collect();
    let mut sessions: Vec<_> = databases.iter().map(|database| database.connect()).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../compiler/src/env/generated");
    let mut total = 0;
    let (extensions, _) = manifests::generate();
    let mut files = builtins::generate(&mut sessions);
    files.insert(manifests::FILE, extensions);
    for (file, text) in files {
        let checked_in = std::fs::read_to_string(folder.join(file)).unwrap();
        assert!(checked_in == text, "{file} differs from what the servers hold: run `make generate`");
        total += text.len();
    }
    assert!(total < 1_200_000, "the tables of built-ins have grown to {total} bytes");
}
