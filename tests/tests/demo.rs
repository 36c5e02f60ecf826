//! The story that `make demo` tells holds: the script ends with an error as soon as something is not as it says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::Command;

use pgseal_tests::program::{folder_of_programs, run};
use pgseal_tests::server::repository;

#[test]
fn the_demo_ends_well_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(repository().join("scripts/demo.sh"));
    demo.env("PGSEAL_PROGRAMS", folder_of_programs()).env("TMPDIR", folder.path());
    let ended = run(&mut demo).expect(0);
    for part in ["9. Somebody edits the plan", "error[A0301]", "error[K0113]", "The story took"] {
        assert!(ended.out.contains(part), "\"{part}\" is not in the story:\n{}\n{}", ended.out, ended.err);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was left behind");
}
