//! What a run that was killed leaves of a statement outside a transaction, recognised from the state of the database: only what
//! the plan itself makes, takes away or builds anew, and only where everything else is as the plan expects it before that phase.

use std::collections::BTreeMap;

use pgseal_catalog::facts::{Index, Payload};
use pgseal_catalog::fingerprint::{object_digest, object_digests, roll_up};
use pgseal_catalog::outside::Outside;
use pgseal_catalog::plan::{Phase, Plan, Step};
use pgseal_catalog::{Digest, Fact, FactId, QualifiedName, Snapshot};

use super::drift::Expected;
use crate::capture::DETACHING;

/// What the server puts behind the name of an index that it builds anew, or is about to drop after that.
const REINDEX_SUFFIXES: [&str; 2] = ["_ccnew", "_ccold"];
/// The longest name, in bytes: a longer one is cut before the suffix.
const LONGEST_NAME: usize = 63;

/// One thing left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leftover {
    /// An invalid index that was being built: it goes, and is built again.
    Built(QualifiedName),
    /// An index that was being dropped, and is invalid: the statement is run again.
    HalfDropped,
    /// A partition that was being detached: that is finished.
    Detaching {
        /// The partitioned table.
        parent: QualifiedName,
        /// The partition.
        partition: QualifiedName,
    },
}

/// What is left of the phase of that index; none where the database is not at its beginning but for that.
pub(super) fn of_phase(plan: &Plan, index: usize, live: &Snapshot) -> Option<Vec<Leftover>> {
    let phase = plan.phases.get(index).filter(|phase| !phase.transaction)?;
    let step = phase.steps.first()?;
    let expected = Expected::new(plan);
    let statement = Outside::of(&step.sql)?;
    if statement == Outside::Detach {
        return detaching(phase, &expected.objects(index), live);
    }
    let invalid = || {
        live.catalog.iter().filter_map(|fact| match &fact.payload {
            Payload::Index(index) if !index.storage.valid => Some((fact, index)),
            _ => None,
        })
    };
    let mut digests = object_digests(&live.catalog);
    let mut found = Vec::new();
    for (fact, content) in invalid() {
        let FactId::Index(name) = &fact.id else { continue };
        let promise = phase.checkpoint.objects.get(&fact.id);
        match statement {
            Outside::CreateIndex if promise == Some(&Some(healed(live, fact))) => {
                digests.remove(&fact.id);
                found.push(Leftover::Built(name.clone()));
            }
            Outside::Reindex if is_shadow(name, content, step) => {
                digests.remove(&fact.id);
                found.push(Leftover::Built(name.clone()));
            }
            Outside::DropIndex if promise == Some(&None) => {
                digests.insert(fact.id.clone(), healed(live, fact));
                found.push(Leftover::HalfDropped);
            }
            Outside::CreateIndex | Outside::Reindex | Outside::DropIndex | Outside::AddValue | Outside::Detach => {}
        }
    }
    (!found.is_empty() && roll_up(&digests) == expected.fingerprint(index)).then_some(found)
}

/// The digest of an index as it would be if it were valid.
fn healed(live: &Snapshot, index: &Fact) -> Digest {
    let mut facts: Vec<Fact> = live.catalog.iter().filter(|fact| fact.id.object() == index.id).cloned().collect();
    for fact in &mut facts {
        if let Payload::Index(index) = &mut fact.payload {
            index.storage.valid = true;
        }
    }
    object_digest(&index.id, &facts)
}

/// Whether an index is what REINDEX CONCURRENTLY makes beside one that the step says it changes.
fn is_shadow(name: &QualifiedName, index: &Index, step: &Step) -> bool {
    let numbered = name.name.as_str().trim_end_matches(|c: char| c.is_ascii_digit());
    let Some(stem) = REINDEX_SUFFIXES.iter().find_map(|suffix| numbered.strip_suffix(suffix)) else { return false };
    let of = |whole: &str| {
        // a name that was cut is full
        stem == whole || (name.name.as_str().len() == LONGEST_NAME && whole.starts_with(stem))
    };
    step.alters.iter().any(|id| match id {
        FactId::Index(altered) => altered.schema == name.schema && of(altered.name.as_str()),
        FactId::Constraint(table, altered) => *table == index.table && of(altered.as_str()),
        FactId::Table(table) => *table == index.table,
        _ => false,
    })
}

/// The partition of the phase that is being detached; what the phase touches is between two states then, so it is only what it does
/// not touch that must be as expected.
fn detaching(phase: &Phase, expected: &BTreeMap<&FactId, Digest>, live: &Snapshot) -> Option<Vec<Leftover>> {
    let touched = |id: &FactId| phase.checkpoint.objects.contains_key(id);
    let found = live.unmodeled.iter().filter(|entry| entry.kind == DETACHING).find_map(|entry| {
        entry.needs.iter().find_map(|id| match (id, live.catalog.fact(id).map(|fact| &fact.payload)) {
            (FactId::Table(name), Some(Payload::Table(table))) if touched(id) => {
                let parent = table.partition_of.as_ref()?.parent.clone();
                Some(Leftover::Detaching { parent, partition: name.clone() })
            }
            _ => None,
        })
    })?;
    let digests = object_digests(&live.catalog);
    let as_before = expected.iter().filter(|(id, _)| !touched(id)).all(|(id, digest)| digests.get(*id) == Some(digest));
    let no_more = digests.keys().all(|id| touched(id) || expected.contains_key(id));
    (as_before && no_more).then(|| vec![found])
}
