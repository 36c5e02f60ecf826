//! A catalog: a set of facts with their edges, ordered by id.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::canonical::Tree;
use crate::facts::Payload;
use crate::id::{FactId, Name, QualifiedName};
use crate::needs::Needs;

/// One addressable thing in a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact<P = Payload> {
    /// Its address.
    pub id: FactId,
    /// What it says: the only part that is in the fingerprint.
    pub payload: P,
    /// What it depends on, as Postgres records it. Outside the fingerprint: it follows from the payload.
    #[serde(default, skip_serializing_if = "Needs::is_empty")]
    pub needs: Needs,
    /// A column's position among the columns of its table, from 1, without gaps. Outside the fingerprint: it is physical
    /// history, kept for what depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
}

/// A fact as documents carry it where nothing has to understand it: its payload is JSON, to be compared with that of another.
pub type RecordedFact = Fact<Tree>;

impl<P> Fact<P> {
    /// A fact without edges and position.
    #[must_use]
    pub fn new(id: FactId, payload: P) -> Self {
        Self { id, payload, needs: Needs::new(), position: None }
    }
}

impl Fact {
    /// It as documents carry it, without its edges.
    #[must_use]
    pub fn recorded(&self) -> RecordedFact {
        Fact { position: self.position, ..Fact::new(self.id.clone(), Tree::of(&self.payload)) }
    }
}

/// A set of facts, each id once. Copies share their facts until they change them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalog {
    facts: BTreeMap<FactId, Arc<Fact>>,
}

impl Catalog {
    /// An empty catalog.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a fact in; returns the one it replaces.
    pub fn insert(&mut self, fact: Fact) -> Option<Arc<Fact>> {
        self.insert_shared(Arc::new(fact))
    }

    /// Takes a fact out.
    pub fn remove(&mut self, id: &FactId) -> Option<Fact> {
        self.facts.remove(id).map(Arc::unwrap_or_clone)
    }

    /// Puts a fact in that others may hold too; returns the one it replaces.
    pub fn insert_shared(&mut self, fact: Arc<Fact>) -> Option<Arc<Fact>> {
        self.facts.insert(fact.id.clone(), fact)
    }

    /// Takes a fact out that others may hold too.
    pub fn remove_shared(&mut self, id: &FactId) -> Option<Arc<Fact>> {
        self.facts.remove(id)
    }

    /// The fact at an address.
    #[must_use]
    pub fn fact(&self, id: &FactId) -> Option<&Fact> {
        self.facts.get(id).map(Arc::as_ref)
    }

    /// The fact at an address, to be changed (its id must stay).
    pub fn fact_mut(&mut self, id: &FactId) -> Option<&mut Fact> {
        self.facts.get_mut(id).map(Arc::make_mut)
    }

    /// Whether there is a fact at an address.
    #[must_use]
    pub fn contains(&self, id: &FactId) -> bool {
        self.facts.contains_key(id)
    }

    /// Every fact in the order of ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Fact> {
        self.facts.values().map(Arc::as_ref)
    }

    /// Every fact in the order of ids, to be held by others too.
    pub fn iter_shared(&self) -> impl Iterator<Item = &Arc<Fact>> {
        self.facts.values()
    }

    /// Every fact in the order of ids, to be changed (their ids must stay).
    pub fn facts_mut(&mut self) -> impl Iterator<Item = &mut Fact> {
        self.facts.values_mut().map(Arc::make_mut)
    }

    /// How many facts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// The columns of a table, by position.
    #[must_use]
    pub fn columns<'a>(&'a self, table: &QualifiedName) -> Vec<(&'a Name, &'a Fact)> {
        let mut columns: Vec<_> = self
            .members(table, FactId::Column)
            .filter_map(|fact| match &fact.id {
                FactId::Column(_, name) => Some((name, fact)),
                _ => None,
            })
            .collect();
        columns.sort_by_key(|(_, fact)| fact.position);
        columns
    }

    /// The constraints of a table, by name.
    pub fn constraints<'a>(&'a self, table: &QualifiedName) -> impl Iterator<Item = &'a Fact> + use<'a> {
        self.members(table, FactId::Constraint)
    }

    /// The defaults of a table's columns, by column name.
    pub fn defaults<'a>(&'a self, table: &QualifiedName) -> impl Iterator<Item = &'a Fact> + use<'a> {
        self.members(table, FactId::Default)
    }

    /// The triggers of a table, by name.
    pub fn triggers<'a>(&'a self, table: &QualifiedName) -> impl Iterator<Item = &'a Fact> + use<'a> {
        self.members(table, FactId::Trigger)
    }

    /// The check constraints of a domain, by name.
    pub fn domain_constraints<'a>(&'a self, domain: &QualifiedName) -> impl Iterator<Item = &'a Fact> + use<'a> {
        self.members(domain, FactId::DomainConstraint)
    }

    /// The facts whose ids `make` builds from an owner and a member name: a range scan, not a search.
    fn members<'a>(
        &'a self,
        owner: &QualifiedName,
        make: fn(QualifiedName, Name) -> FactId,
    ) -> impl Iterator<Item = &'a Fact> + use<'a> {
        // "\u{1}" is the least name there can be
        let owner = owner.clone();
        let least = Name::new("\u{1}").ok().map(|least| make(owner.clone(), least));
        let kind = least.as_ref().map(FactId::kind);
        let facts = least.map(|least| self.facts.range(least..));
        facts.into_iter().flatten().map(|(_, fact)| fact.as_ref()).take_while(move |fact| match &fact.id {
            FactId::Column(o, _)
            | FactId::Default(o, _)
            | FactId::Constraint(o, _)
            | FactId::Trigger(o, _)
            | FactId::DomainConstraint(o, _)
            | FactId::Attribute(o, _) => *o == owner && Some(fact.id.kind()) == kind,
            _ => false,
        })
    }
}

impl Extend<Fact> for Catalog {
    fn extend<I: IntoIterator<Item = Fact>>(&mut self, facts: I) {
        for fact in facts {
            self.insert(fact);
        }
    }
}

impl FromIterator<Fact> for Catalog {
    fn from_iter<I: IntoIterator<Item = Fact>>(facts: I) -> Self {
        Self { facts: facts.into_iter().map(|fact| (fact.id.clone(), Arc::new(fact))).collect() }
    }
}

impl FromIterator<Arc<Fact>> for Catalog {
    fn from_iter<I: IntoIterator<Item = Arc<Fact>>>(facts: I) -> Self {
        Self { facts: facts.into_iter().map(|fact| (fact.id.clone(), fact)).collect() }
    }
}

impl IntoIterator for Catalog {
    type Item = Fact;
    type IntoIter = std::iter::Map<std::collections::btree_map::IntoValues<FactId, Arc<Fact>>, fn(Arc<Fact>) -> Fact>;
    fn into_iter(self) -> Self::IntoIter {
        self.facts.into_values().map(Arc::unwrap_or_clone)
    }
}
