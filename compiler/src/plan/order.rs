//! One deterministic topological order of a round's nodes: the least node that nothing holds back goes next, by drops before
//! changes and creations, by a rank per kind, by object and id.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use pgseal_catalog::{FactId, Kind};

use super::action::{Action, Verb};

/// Actions that run one after another with nothing between: what one fact takes.
#[derive(Debug, Clone)]
pub struct Node {
    /// At least one.
    pub actions: Vec<Action>,
    /// The fact that it is about.
    pub about: FactId,
    /// What it does.
    pub verb: Verb,
    /// Facts that are there after it.
    pub creates: BTreeSet<FactId>,
    /// Facts that are gone after it.
    pub destroys: BTreeSet<FactId>,
    /// What it stands with in a dump: its object, or the table of an index.
    pub group: FactId,
}

impl Node {
    /// A node of these actions, about the first one's fact.
    #[must_use]
    pub fn new(actions: Vec<Action>) -> Option<Self> {
        let first = actions.first()?;
        let (about, verb) = (first.about.clone(), first.verb);
        let creates = actions.iter().flat_map(|action| action.creates.iter().cloned()).collect();
        let destroys = actions.iter().flat_map(|action| action.destroys.iter().cloned()).collect();
        let group = about.object();
        Some(Self { actions, about, verb, creates, destroys, group })
    }
}

/// The nodes that hold each other back.
#[derive(Debug)]
pub struct Cycle(pub Vec<usize>);

/// What stands together where nothing else decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Facts of one kind, as in a plan.
    ByKind,
    /// Facts of one object and the indexes on it, as in a dump.
    ByObject,
}

/// Puts the nodes in order; an edge `(a, b)` puts `a` before `b`.
///
/// # Errors
/// A cycle.
pub fn order(nodes: &[Node], edges: &BTreeSet<(usize, usize)>, grouping: Grouping) -> Result<Vec<usize>, Cycle> {
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut waits: Vec<usize> = vec![0; nodes.len()];
    for &(a, b) in edges.iter().filter(|(a, b)| a != b) {
        if let (Some(list), Some(count)) = (after.get_mut(a), waits.get_mut(b)) {
            list.push(b);
            *count += 1;
        }
    }
    let keys: Vec<_> = nodes.iter().map(key).collect();
    let mut ready: BinaryHeap<Reverse<(&Key, usize)>> = BinaryHeap::new();
    // what became ready and stands with what went last
    let mut near: BinaryHeap<Reverse<(&Key, usize)>> = BinaryHeap::new();
    let mut done: Vec<bool> = vec![false; nodes.len()];
    let mut group: Option<&FactId> = None;
    for (n, (count, key)) in waits.iter().zip(&keys).enumerate() {
        if *count == 0 {
            ready.push(Reverse((key, n)));
        }
    }
    let mut out = Vec::with_capacity(nodes.len());
    while let Some(Reverse((_, n))) = near.pop().or_else(|| ready.pop()) {
        let Some(finished) = done.get_mut(n).filter(|finished| !**finished) else { continue };
        *finished = true;
        out.push(n);
        let own = nodes.get(n).map(|node| &node.group);
        if own != group {
            near.clear();
            group = own;
        }
        for &next in after.get(n).into_iter().flatten() {
            if let (Some(count), Some(key)) = (waits.get_mut(next), keys.get(next)) {
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse((key, next)));
                    if grouping == Grouping::ByObject && nodes.get(next).map(|node| &node.group) == group {
                        near.push(Reverse((key, next)));
                    }
                }
            }
        }
    }
    if out.len() == nodes.len() {
        return Ok(out);
    }
    Err(Cycle(waits.iter().enumerate().filter(|(_, count)| **count > 0).map(|(n, _)| n).collect()))
}

type Key = (u8, Reverse<u8>, u8, FactId, FactId);

fn key(node: &Node) -> Key {
    let rank = rank(node.about.kind());
    match node.verb {
        Verb::Drop => (0, Reverse(rank), 0, node.about.object(), node.about.clone()),
        Verb::Alter | Verb::Create => (1, Reverse(0), rank, node.about.object(), node.about.clone()),
    }
}

/// In which order kinds are created where nothing else decides, as `pg_dump` does it; they are dropped the other way round.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Schema => 0,
        Kind::Extension => 1,
        Kind::Enum => 2,
        Kind::Composite => 3,
        Kind::Domain => 4,
        Kind::DomainConstraint => 5,
        Kind::Range => 6,
        Kind::Sequence => 7,
        Kind::Function => 8,
        Kind::Procedure => 9,
        Kind::Aggregate => 10,
        Kind::Table => 11,
        Kind::Column | Kind::Attribute => 12,
        Kind::Default => 13,
        Kind::Constraint => 14,
        Kind::Index => 16,
        Kind::View | Kind::ViewColumn | Kind::MaterializedView | Kind::MaterializedViewColumn => 15,
        Kind::Trigger | Kind::ViewTrigger => 17,
        Kind::Policy => 18,
        Kind::Rule | Kind::ViewRule => 19,
        Kind::Comment => 20,
    }
}
