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
    edges: Vec<HashSet<usize, FixedState>>,
}

impl Dependents {
    fn number(&mut self, id: &FactId) -> usize {
        match self.ids.get_index_of(id) {
            Some(number) => number,
            None => {
                self.edges.push(HashSet::default());
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
                edges.remove(&dependent);
            }
        }
    }

    /// The facts that need a fact, in the order of ids.
    pub(super) fn of(&self, id: &FactId) -> Vec<&FactId> {
        let edges = self.ids.get_index_of(id).and_then(|number| self.edges.get(number));
        let mut out: Vec<&FactId> =
            edges.into_iter().flatten().filter_map(|number| self.ids.get_index(*number)).collect();
        out.sort_unstable();
        out
    }
}
