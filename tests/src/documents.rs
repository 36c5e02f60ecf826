//! Small documents for tests that are about seals rather than about what is sealed.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::plan::{Binding, Inputs, Source, Timeouts};
use pgseal_catalog::receipt::Outcome;
use pgseal_catalog::snapshot::Header;
use pgseal_catalog::{Catalog, Digest, Plan, Scope, Snapshot, Symbols, plan, receipt};

/// A plan without steps, for a database that there is not.
pub fn plan() -> Plan {
    let digest = Digest::of(b"");
    Plan {
        format: plan::FORMAT.to_owned(),
        version: plan::VERSION,
        compiler: "0.1.0".to_owned(),
        server_major: 18,
        binding: Binding::default(),
        scope: Scope::default(),
        inputs: Inputs { snapshot: digest, schema: BTreeMap::new() },
        source: Source { fingerprint: digest, objects: BTreeMap::new(), facts: Vec::new() },
        target: digest,
        settings: BTreeMap::new(),
        timeouts: Timeouts { lock_ms: 1, statement_ms: 1, lock_retries: 1 },
        hazards: BTreeSet::new(),
        phases: Vec::new(),
        notes: Vec::new(),
    }
}

/// A snapshot of an empty database.
pub fn snapshot() -> Snapshot {
    let header = Header {
        server_version_num: 180_004,
        server_version: "18.4".to_owned(),
        captured_at: "2026-01-01T00:00:00Z".to_owned(),
        database: "shop".to_owned(),
        system_identifier: None,
        encoding: "UTF8".to_owned(),
        collate: "C".to_owned(),
        ctype: "C".to_owned(),
        locale_provider: "libc".to_owned(),
        settings: BTreeMap::new(),
        roles: BTreeSet::new(),
        extensions_available: BTreeMap::new(),
        collations: BTreeSet::new(),
        lost_columns: BTreeSet::new(),
        statistics: BTreeMap::new(),
    };
    Snapshot {
        header,
        scope: Scope::default(),
        catalog: Catalog::new(),
        symbols: Symbols::default(),
        unmodeled: Vec::new(),
    }
}

/// The receipt of a run in which there was nothing to do.
pub fn receipt() -> receipt::Receipt {
    receipt::Receipt {
        format: receipt::FORMAT.to_owned(),
        version: receipt::VERSION,
        agent: "0.1.0".to_owned(),
        key: None,
        command: receipt::Command::Apply,
        chain: receipt::Link::FIRST,
        plan: Some(Digest::of(&plan().to_bytes())),
        target: None,
        policy: None,
        signers: Vec::new(),
        database: Some("shop".to_owned()),
        system_identifier: None,
        started_at: "2026-01-01T00:00:00Z".to_owned(),
        finished_at: "2026-01-01T00:00:01Z".to_owned(),
        outcome: Outcome::NothingToDo,
        exit_code: 0,
        code: None,
        message: None,
        details: Vec::new(),
        before: None,
        after: None,
        phases: Vec::new(),
        unfinished: None,
    }
}
