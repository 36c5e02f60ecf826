//! Plans written by hand, for tests of the agent alone: the statements are given, and the checkpoints are what captures
//! of real databases say.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::fingerprint::object_digests;
use pgseal_catalog::plan::{
    Binding, Checkpoint, Cost, FORMAT, Inputs, Lock, LockMode, Phase, Plan, Source, Step, Timeouts, VERSION,
};
use pgseal_catalog::{Digest, Fact, QualifiedName, Snapshot};

/// A plan of one transaction that brings `from` to `to` by these statements; it locks the named tables first.
pub fn plan(from: &Snapshot, statements: &[String], to: &Snapshot, locks: &[QualifiedName]) -> Plan {
    let (before, after) = (object_digests(&from.catalog), object_digests(&to.catalog));
    let touched = before.keys().chain(after.keys()).filter(|object| before.get(object) != after.get(object));
    let objects: BTreeMap<_, _> = touched.map(|object| (object.clone(), after.get(object).copied())).collect();
    let facts: Vec<Fact> =
        from.catalog.iter().filter(|fact| objects.contains_key(&fact.id.object())).cloned().collect();
    let locks: Vec<Lock> =
        locks.iter().map(|relation| Lock { relation: relation.clone(), mode: LockMode::AccessExclusive }).collect();
    let phase = Phase {
        transaction: true,
        search_path: Vec::new(),
        locks,
        steps: statements.iter().map(|sql| step(sql)).collect(),
        checkpoint: Checkpoint { fingerprint: to.fingerprint(), objects },
    };
    Plan {
        format: FORMAT.to_owned(),
        version: VERSION,
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
        server_major: from.major(),
        binding: Binding::default(),
        scope: from.scope.clone(),
        inputs: Inputs { snapshot: Digest::of(&from.to_bytes()), schema: BTreeMap::new() },
        source: Source { fingerprint: from.fingerprint(), objects: before, facts },
        target: to.fingerprint(),
        settings: BTreeMap::new(),
        timeouts: Timeouts { lock_ms: 20_000, statement_ms: 0, lock_retries: 2 },
        hazards: BTreeSet::new(),
        phases: vec![phase],
        notes: Vec::new(),
    }
}

fn step(sql: &str) -> Step {
    Step {
        sql: sql.to_owned(),
        search_path: None,
        creates: BTreeSet::new(),
        alters: BTreeSet::new(),
        destroys: BTreeSet::new(),
        locks: Vec::new(),
        hazards: Vec::new(),
        cost: Cost::Instant,
    }
}
