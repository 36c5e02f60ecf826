//! Plans made from what a server really does: the statements are run in a twin of the source, which is read after each phase.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::fingerprint::{Digest, object_digests};
use pgseal_catalog::outside::Outside;
use pgseal_catalog::plan::{
    Binding, Checkpoint, Cost, FORMAT, Inputs, Lock, LockMode, Phase, Plan, Source, Step, Timeouts, VERSION,
};
use pgseal_catalog::{Fact, FactId, Scope, Snapshot};

use crate::pipeline::snapshot;
use crate::server::{Database, Server};

/// A plan and what it starts from.
#[derive(Debug, Clone)]
pub struct Forged {
    /// The plan.
    pub plan: Plan,
    /// The statements that made the source.
    pub source: String,
}

impl Forged {
    /// The fingerprint after so many phases.
    pub fn state(&self, phases: usize) -> Digest {
        match phases {
            0 => self.plan.source.fingerprint,
            phases => self.plan.phases[phases - 1].checkpoint.fingerprint,
        }
    }

    /// The statements of all phases, each with its phase from 1.
    pub fn statements(&self) -> Vec<(usize, &str)> {
        let phases = self.plan.phases.iter().enumerate();
        phases.flat_map(|(index, phase)| phase.steps.iter().map(move |step| (index + 1, step.sql.as_str()))).collect()
    }

    /// A new database that is at the plan's source.
    pub fn database<'server>(&self, server: &'server Server) -> Database<'server> {
        let database = server.database("fault");
        database.batch(&self.source);
        database
    }
}

/// The only statement of a phase that cannot run in a transaction.
fn outside<'s>(statements: &[&'s str]) -> Option<&'s str> {
    match statements {
        [only] if Outside::of(only).is_some_and(|statement| statement != Outside::AddValue) => Some(only),
        _ => None,
    }
}

/// Makes the plan that runs some phases of statements in the database that `source` makes. A phase of one statement that cannot run
/// in a transaction is one outside of it.
///
/// # Panics
/// When the server or the capture refuses something.
pub fn forge(server: &Server, source: &str, phases: &[&[&str]]) -> Forged {
    let twin = server.database("twin");
    twin.batch(source);
    let first = captured(&twin);
    let mut before = first.clone();
    let mut touched = BTreeSet::new();
    let mut made = Vec::new();
    for statements in phases {
        let mut client = twin.connect();
        client.batch_execute("SET search_path = ''; SET check_function_bodies = off").unwrap();
        if let Some(statement) = outside(statements) {
            client.batch_execute(statement).unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        } else {
            let mut transaction = client.transaction().unwrap();
            for statement in *statements {
                transaction.batch_execute(statement).unwrap_or_else(|error| panic!("{statement}: {error:?}"));
            }
            transaction.commit().unwrap();
        }
        let after = captured(&twin);
        let objects = differing(&before, &after);
        made.push(phase(statements, &before, &after, &objects));
        touched.extend(objects.into_keys());
        before = after;
    }
    let facts = first.catalog.iter().filter(|fact| touched.contains(&fact.id.object())).map(Fact::recorded).collect();
    let plan = Plan {
        format: FORMAT.to_owned(),
        version: VERSION,
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
        server_major: u32::from(server.major()),
        binding: Binding::default(),
        scope: Scope::default(),
        inputs: Inputs { snapshot: Digest::of(&first.to_bytes()), schema: BTreeMap::new() },
        source: Source { fingerprint: first.fingerprint(), objects: object_digests(&first.catalog), facts },
        target: before.fingerprint(),
        settings: BTreeMap::from([("check_function_bodies".to_owned(), "off".to_owned())]),
        timeouts: Timeouts { lock_ms: 2_000, statement_ms: 60_000, lock_retries: 5 },
        hazards: BTreeSet::new(),
        phases: made,
        notes: Vec::new(),
    };
    Forged { plan, source: source.to_owned() }
}

fn captured(database: &Database<'_>) -> Snapshot {
    snapshot(database).unwrap_or_else(|error| panic!("{error}"))
}

/// The objects that a phase touches, with what becomes of them.
fn differing(before: &Snapshot, after: &Snapshot) -> BTreeMap<FactId, Option<Digest>> {
    let (before, after) = (object_digests(&before.catalog), object_digests(&after.catalog));
    let ids: BTreeSet<&FactId> = before.keys().chain(after.keys()).collect();
    ids.into_iter()
        .filter(|id| before.get(*id) != after.get(*id))
        .map(|id| (id.clone(), after.get(id).copied()))
        .collect()
}

fn phase(
    statements: &[&str],
    before: &Snapshot,
    after: &Snapshot,
    objects: &BTreeMap<FactId, Option<Digest>>,
) -> Phase {
    let locks = objects.keys().filter(|id| before.catalog.contains(id)).filter_map(|id| match id {
        FactId::Table(relation) => Some(Lock { relation: relation.clone(), mode: LockMode::AccessExclusive }),
        _ => None,
    });
    let step = |sql: &&str| Step {
        sql: (*sql).to_owned(),
        search_path: None,
        creates: BTreeSet::new(),
        alters: BTreeSet::new(),
        destroys: BTreeSet::new(),
        locks: Vec::new(),
        hazards: Vec::new(),
        cost: Cost::Instant,
    };
    Phase {
        transaction: outside(statements).is_none(),
        search_path: Vec::new(),
        locks: locks.collect(),
        steps: statements.iter().map(step).collect(),
        checkpoint: Checkpoint { fingerprint: after.fingerprint(), objects: objects.clone() },
    }
}
