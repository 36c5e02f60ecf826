//! A set of ids, as a fact's edges: small, kept in order in one piece of memory.

use serde::{Deserialize, Deserializer, Serialize};

use crate::id::FactId;

/// The ids of other facts, each once, in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Needs(Vec<FactId>);

impl Needs {
    /// No ids.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Puts an id in; says whether it is new.
    pub fn insert(&mut self, id: FactId) -> bool {
        match self.0.binary_search(&id) {
            Ok(_) => false,
            Err(at) => {
                self.0.insert(at, id);
                true
            }
        }
    }

    /// Takes an id out; says whether it was there.
    pub fn remove(&mut self, id: &FactId) -> bool {
        self.0.binary_search(id).map(|at| self.0.remove(at)).is_ok()
    }

    /// Keeps those that a condition holds for.
    pub fn retain(&mut self, keep: impl FnMut(&FactId) -> bool) {
        self.0.retain(keep);
    }

    /// Whether an id is among them.
    #[must_use]
    pub fn contains(&self, id: &FactId) -> bool {
        self.0.binary_search(id).is_ok()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, FactId> {
        self.0.iter()
    }
}

impl FromIterator<FactId> for Needs {
    fn from_iter<I: IntoIterator<Item = FactId>>(ids: I) -> Self {
        let mut ids: Vec<FactId> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        // there are very many of them, with one id or two
        ids.shrink_to_fit();
        Self(ids)
    }
}

impl<const N: usize> From<[FactId; N]> for Needs {
    fn from(ids: [FactId; N]) -> Self {
        ids.into_iter().collect()
    }
}

impl Extend<FactId> for Needs {
    fn extend<I: IntoIterator<Item = FactId>>(&mut self, ids: I) {
        let ids = ids.into_iter();
        // a few find their places, many are sorted at once
        if ids.size_hint().0 <= 8 {
            ids.for_each(|id| {
                self.insert(id);
            });
        } else {
            self.0.extend(ids);
            self.0.sort_unstable();
            self.0.dedup();
        }
    }
}

impl IntoIterator for Needs {
    type Item = FactId;
    type IntoIter = std::vec::IntoIter<FactId>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Needs {
    type Item = &'a FactId;
    type IntoIter = std::slice::Iter<'a, FactId>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for Needs {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Vec::<FactId>::deserialize(d).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_are_there_once_and_in_order() {
        let id = |text: &str| text.parse::<FactId>().unwrap();
        let mut needs: Needs = [id("table:s.b"), id("table:s.a"), id("table:s.b")].into();
        assert!(!needs.insert(id("table:s.a")) && needs.insert(id("schema:s")));
        needs.extend((0..20).rev().map(|n| id(&format!("table:s.c{}", n / 2))));
        assert!(needs.iter().is_sorted() && needs.len() == 13);
        assert!(
            needs.contains(&id("table:s.c9")) && needs.remove(&id("table:s.c9")) && !needs.remove(&id("table:s.c9"))
        );
        let text = serde_json::to_string(&needs).unwrap();
        assert_eq!(serde_json::from_str::<Needs>(&text).unwrap(), needs);
    }
}
