//! What the user wrote, kept beside the facts that it became.
//!
//! Postgres does not print expressions at a fixed point, so a statement of a plan carries the user's own text, read under the
//! user's own search path: then the server stores what the desired catalog says. Facts that come from a snapshot have nothing
//! written; their stored text is used.

use std::collections::BTreeMap;

use pgseal_catalog::{FactId, Name};

/// Which expression of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A column's default.
    Default,
    /// A check constraint's condition.
    Check,
    /// A generated column's expression.
    Generated,
    /// An index's key expression, by key number from 0.
    IndexKey(u16),
    /// An index's or exclusion constraint's predicate.
    Predicate,
    /// A trigger's condition.
    When,
    /// A function argument's default, by argument number from 0.
    ArgumentDefault(u16),
    /// A domain's default.
    DomainDefault,
    /// A partition's bound.
    PartitionBound,
    /// A partition key's expression, by key number from 0.
    PartitionKey(u16),
    /// An exclusion element's expression, by element number from 0.
    ExclusionKey(u16),
}

/// An expression as the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its text, without enclosing parentheses of the syntax around it.
    pub sql: String,
    /// The search path that it was read under, `pg_catalog` left out.
    pub search_path: Vec<Name>,
}

/// Everything that was written, by fact and part.
#[derive(Debug, Clone, Default)]
pub struct WrittenTexts {
    texts: BTreeMap<FactId, BTreeMap<Part, Written>>,
}

impl WrittenTexts {
    /// What was written for a part of a fact.
    #[must_use]
    pub fn text(&self, id: &FactId, part: Part) -> Option<&Written> {
        self.texts.get(id)?.get(&part)
    }

    /// Records what was written; returns what it replaces.
    pub fn put(&mut self, id: FactId, part: Part, written: Written) -> Option<Written> {
        self.texts.entry(id).or_default().insert(part, written)
    }

    /// Forgets one part of a fact.
    pub fn take(&mut self, id: &FactId, part: Part) -> Option<Written> {
        let parts = self.texts.get_mut(id)?;
        let taken = parts.remove(&part);
        if parts.is_empty() {
            self.texts.remove(id);
        }
        taken
    }

    /// Everything written for a fact, taken out (to be dropped, or put back under a new id).
    pub fn take_all(&mut self, id: &FactId) -> BTreeMap<Part, Written> {
        self.texts.remove(id).unwrap_or_default()
    }

    /// Puts back what [`Self::take_all`] took, under an id.
    pub fn put_all(&mut self, id: FactId, parts: BTreeMap<Part, Written>) {
        if !parts.is_empty() {
            self.texts.insert(id, parts);
        }
    }
}
