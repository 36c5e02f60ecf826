//! Every way to cheat under `tests/attacks/` is refused, with its own code, and before a connection is opened where that is possible.
//! `PGSEAL_ATTACK=part-of-a-name` runs some of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pgseal_tests::attacks::{Judge, read_all, run};
use pgseal_tests::server::repository;

#[test]
fn every_attack_is_refused() {
    let attacks = read_all(&repository().join("tests/attacks"));
    let part = std::env::var("PGSEAL_ATTACK").unwrap_or_default();
    let chosen: Vec<_> = attacks.iter().filter(|attack| attack.name.contains(&part)).collect();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(attack) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(reason) = run(attack) {
                        failures.lock().unwrap().push(format!("{}: {}\n{reason}", attack.name, attack.attack));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let codes: BTreeMap<&str, usize> = chosen.iter().fold(BTreeMap::new(), |mut codes, attack| {
        *codes.entry(attack.code.as_str()).or_default() += 1;
        codes
    });
    let offline = chosen.iter().filter(|attack| !matches!(attack.judge, Judge::Live | Judge::Real)).count();
    println!("{} attacks, {offline} of them without a connection, {} codes", chosen.len(), codes.len());
    assert!(failures.is_empty(), "{} of {}:\n\n{}", failures.len(), chosen.len(), failures.join("\n\n"));
    assert!(!part.is_empty() || attacks.len() >= 60, "there are {} attacks", attacks.len());
}

#[test]
fn every_attack_says_what_it_is() {
    let mut told = BTreeMap::new();
    for attack in read_all(&repository().join("tests/attacks")) {
        assert!(attack.attack.ends_with('.') && !attack.by.is_empty(), "{} is not described", attack.name);
        if let Some(other) = told.insert(attack.attack.clone(), attack.name.clone()) {
            panic!("{other} and {} are the same attack", attack.name);
        }
    }
}
