//! One target under libFuzzer: the one that `PGSEAL_FUZZ_TARGET` names. With `PGSEAL_FUZZ_SEEDS=FOLDER` its seeds are written there,
//! and nothing is run.
#![no_main]
#![allow(clippy::expect_used)]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use pgseal_fuzz::{TARGETS, Target};

fn target() -> &'static Target {
    static TARGET: OnceLock<&'static Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let name = std::env::var("PGSEAL_FUZZ_TARGET").expect("PGSEAL_FUZZ_TARGET names a target");
        let target = TARGETS.iter().find(|target| target.name == name).expect("there is such a target");
        if let Some(folder) = std::env::var_os("PGSEAL_FUZZ_SEEDS") {
            for (n, seed) in (target.seeds)().iter().enumerate() {
                let path = std::path::Path::new(&folder).join(format!("seed-{n}"));
                std::fs::write(path, seed).expect("a seed is written");
            }
            std::process::exit(0);
        }
        target
    })
}

fuzz_target!(|bytes: &[u8]| {
    // what a reader says is its own business; a broken promise is a panic
    drop((target().read)(bytes));
});
