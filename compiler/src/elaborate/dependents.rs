//! The reverse edges: who needs a fact.
//!
//! Ids are numbered as they come, so that an edge is a number in a set. Numbers stay with their ids for as long as the model
//! lives; nothing that can be seen from outside depends on them.

use std::collections::HashSet;

use foldhash::fast::FixedState;
use indexmap::IndexSet;
use pgseal_catalog::{Fact, FactId};

/// Which facts need which.
#[derive(Debug, Clone, Default)]
pub(super) struct Dependents {
    ids: IndexSet<FactId, FixedState>,
    /// Who needs the fact of a number.
    edges: Vec<Edges>,
}

/// The numbers of the facts that need one: most are needed by a handful, a schema by everything in it.
#[derive(Debug, Clone)]
enum Edges {
    Few(Vec<usize>),
    Many(HashSet<usize, FixedState>),
}

impl Edges {
    /// So many are looked through one by one.
    const FEW: usize = 8;

    fn insert(&mut self, number: usize) {
        match self {
            Self::Few(few) if few.contains(&number) => {}
            Self::Few(few) if few.len() < Self::FEW => few.push(number),
            Self::Few(few) => *self = Self::Many(few.iter().copied().chain([number]).collect()),
            Self::Many(many) => {
                many.insert(number);
            }
        }
    }

    fn remove(&mut self, number: usize) {
        match self {
            Self::Few(few) => few.retain(|other| *other != number),
            Self::Many(many) => {
                many.remove(&number);
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        let (few, many) = match self {
            Self::Few(few) => (Some(few), None),
            Self::Many(many) => (None, Some(many)),
        };
        few.into_iter().flatten().chain(many.into_iter().flatten()).copied()
    }
}

impl Dependents {
    fn number(&mut self, id: &FactId) -> usize {
        match self.ids.get_index_of(id) {
            Some(number) => number,
            None => {
                self.edges.push(Edges::Few(Vec::new()));
                self.ids.insert_full(id.clone()).0
            }
        }
    }

    /// Takes in the edges of a fact.
    pub(super) fn link(&mut self, fact: &Fact) {
        let dependent = self.number(&fact.id);
        for need in &fact.needs {
            let number = self.number(need);
            if let Some(edges) = self.edges.get_mut(number) {
                edges.insert(dependent);
            }
        }
    }

    /// Takes away the edges of a fact.
    pub(super) fn unlink(&mut self, fact: &Fact) {
        let Some(dependent) = self.ids.get_index_of(&fact.id) else { return };
        for need in &fact.needs {
            if let Some(edges) = self.ids.get_index_of(need).and_then(|number| self.edges.get_mut(number)) {
                edges.remove(dependent);
            }
        }
    }

    /// The facts that need a fact and that a condition holds for, in the order of ids.
    pub(super) fn of(&self, id: &FactId, wanted: impl Fn(&FactId) -> bool) -> Vec<&FactId> {
        let edges = self.ids.get_index_of(id).and_then(|number| self.edges.get(number));
        let ids = edges.into_iter().flat_map(Edges::iter).filter_map(|number| self.ids.get_index(number));
        let mut out: Vec<&FactId> = ids.filter(|id| wanted(id)).collect();
        out.sort_unstable();
        out
    }
}
