//! Facts by id, to be found without a search: the catalog keeps them in order, this one keeps them at hand.
//!
//! Invariant: it holds the facts of the model's catalog, and no others. Its order is never seen.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;
use pgseal_catalog::{Catalog, Fact, FactId};

/// The facts of a catalog by id.
#[derive(Debug, Clone, Default)]
pub(super) struct FactIndex(HashSet<ById, FixedState>);

impl FactIndex {
    /// The facts of a catalog.
    pub(super) fn of(catalog: &Catalog) -> Self {
        Self(catalog.iter_shared().map(|fact| ById(Arc::clone(fact))).collect())
    }

    /// The fact at an address.
    pub(super) fn get(&self, id: &FactId) -> Option<&Fact> {
        self.0.get(id).map(|ById(fact)| fact.as_ref())
    }

    /// Puts a fact in, in the place of the one of the same id.
    pub(super) fn put(&mut self, fact: Arc<Fact>) {
        self.0.replace(ById(fact));
    }

    /// Takes the fact of an id out.
    pub(super) fn remove(&mut self, id: &FactId) {
        self.0.remove(id);
    }
}

#[derive(Debug, Clone)]
struct ById(Arc<Fact>);

impl Borrow<FactId> for ById {
    fn borrow(&self) -> &FactId {
        &self.0.id
    }
}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for ById {}
