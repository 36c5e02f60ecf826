//! Fingerprints: SHA-256 over the facts of a catalog, rolled up fact → object → catalog.
//!
//! * fact: `"pgseal-fact-v1" NUL id NUL payload` (compact canonical JSON of the payload)
//! * object: `"pgseal-object-v1" NUL object-id NUL`, then for each of its facts in the order of ids `id NUL digest` (32 bytes)
//! * catalog: `"pgseal-catalog-v1" NUL`, then for each object in the order of ids `object-id NUL digest`
//!
//! Ids are in their text form and sorted as [`FactId`] sorts. Edges and positions are in none of them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::canonical::{self, Appended};
use crate::catalog::{Catalog, Fact};
use crate::hex;
use crate::id::FactId;
use crate::parts::{in_parts, processors};

/// A SHA-256 digest; 64 lower-case hexadecimal digits in text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The raw digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hexadecimal digits, not \"{0}\"")]
pub struct DigestError(String);

impl FromStr for Digest {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Self, DigestError> {
        hex::read(text).map(Self).ok_or_else(|| DigestError(text.chars().take(80).collect()))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Puts an id's text and a zero byte behind what is there.
fn write_id(text: &mut Vec<u8>, id: &FactId) {
    // appending to a vector cannot fail
    let _ = id.write(&mut Appended(text));
    text.push(0);
}

/// The digest of one fact.
#[must_use]
pub fn fact_digest<P: Serialize>(fact: &Fact<P>) -> Digest {
    let mut id = Vec::new();
    write_id(&mut id, &fact.id);
    Hasher::default().fact(&id, &fact.payload)
}

/// The digest of one object from its facts, which must be in the order of ids.
#[must_use]
pub fn object_digest<'a, P: Serialize + 'a>(object: &FactId, facts: impl IntoIterator<Item = &'a Fact<P>>) -> Digest {
    Hasher::default().object(object, facts)
}

/// Makes digests; what is hashed is put together in memory that is used again and again.
#[derive(Default)]
struct Hasher {
    object: Vec<u8>,
    fact: Vec<u8>,
}

impl Hasher {
    /// The digest of a fact; `id` is the text of its id, with the zero byte.
    fn fact<P: Serialize>(&mut self, id: &[u8], payload: &P) -> Digest {
        self.fact.clear();
        self.fact.extend_from_slice(b"pgseal-fact-v1\0");
        self.fact.extend_from_slice(id);
        canonical::append(&mut self.fact, payload);
        Digest::of(&self.fact)
    }

    fn object<'a, P: Serialize + 'a>(
        &mut self,
        object: &FactId,
        facts: impl IntoIterator<Item = &'a Fact<P>>,
    ) -> Digest {
        let mut text = std::mem::take(&mut self.object);
        text.clear();
        text.extend_from_slice(b"pgseal-object-v1\0");
        write_id(&mut text, object);
        for fact in facts {
            let start = text.len();
            write_id(&mut text, &fact.id);
            let digest = self.fact(text.get(start..).unwrap_or_default(), &fact.payload);
            text.extend_from_slice(&digest.0);
        }
        let digest = Digest::of(&text);
        self.object = text;
        digest
    }
}

/// How many objects have their digests made at once by one thread.
const OBJECTS_AT_ONCE: usize = 256;

/// The digest of every object of a catalog.
#[must_use]
pub fn object_digests(catalog: &Catalog) -> BTreeMap<FactId, Digest> {
    object_digests_on(processors(), catalog)
}

/// The digest of every object of a catalog, made on that many threads.
pub(crate) fn object_digests_on(threads: usize, catalog: &Catalog) -> BTreeMap<FactId, Digest> {
    let facts: Vec<&Fact> = catalog.iter().collect();
    // the columns of a table follow one another, as its constraints do
    let mut runs: Vec<(FactId, &[&Fact])> = Vec::new();
    let mut rest = facts.as_slice();
    while let Some(first) = rest.first() {
        let object = first.id.object_ref();
        let count = rest.iter().take_while(|fact| fact.id.object_ref() == object).count();
        let (run, others) = rest.split_at(count);
        runs.push((first.id.object(), run));
        rest = others;
    }
    // in the order of objects, each with its facts in their order: within a kind they are in that order already
    runs.sort_by(|(a, _), (z, _)| a.cmp(z));
    let objects: Vec<&[(FactId, &[&Fact])]> = runs.chunk_by(|(a, _), (z, _)| a == z).collect();
    let mut digests: Vec<Digest> = Vec::with_capacity(objects.len());
    let digests_of = |part: &[&[(FactId, &[&Fact])]]| {
        let mut hasher = Hasher::default();
        let facts_of = |runs: &[(FactId, &[&Fact])]| {
            let (object, _) = runs.first()?;
            Some(hasher.object(object, runs.iter().flat_map(|(_, facts)| facts.iter().copied())))
        };
        part.iter().copied().filter_map(facts_of).collect::<Vec<Digest>>()
    };
    in_parts(&objects, OBJECTS_AT_ONCE, threads, digests_of, |part| digests.extend(part));
    let ids = objects.iter().filter_map(|runs| runs.first()).map(|(object, _)| object.clone());
    ids.zip(digests).collect()
}

/// The fingerprint of a catalog from the digests of its objects.
#[must_use]
pub fn roll_up(objects: &BTreeMap<FactId, Digest>) -> Digest {
    let mut text = b"pgseal-catalog-v1\0".to_vec();
    for (object, digest) in objects {
        write_id(&mut text, object);
        text.extend_from_slice(&digest.0);
    }
    Digest::of(&text)
}

/// The fingerprint of a catalog.
#[must_use]
pub fn fingerprint(catalog: &Catalog) -> Digest {
    roll_up(&object_digests(catalog))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::facts::{Comment, Payload, Schema, Table};

    fn sample() -> Catalog {
        let id = |text: &str| text.parse::<FactId>().unwrap();
        [
            Fact::new(id("schema:app"), Payload::Schema(Schema::default())),
            Fact::new(id("table:app.orders"), Payload::Table(Table::default())),
            Fact::new(id("comment:table:app.orders"), Payload::Comment(Comment { text: "what was bought".into() })),
        ]
        .into_iter()
        .collect()
    }

    #[test]
    fn golden() {
        assert_eq!(fingerprint(&Catalog::new()), Digest::of(b"pgseal-catalog-v1\0"));
        let digests = object_digests(&sample());
        assert_eq!(digests.len(), 2);
        assert_eq!(fingerprint(&sample()).to_string(), GOLDEN);
    }

    const GOLDEN: &str = "563729a9fdfbb1551f1f6d4a9445f027857823d8591b0b4b2c3f83e91f1f6306";

    #[test]
    fn history_is_not_in_it() {
        let mut other = sample();
        let id: FactId = "table:app.orders".parse().unwrap();
        let fact = other.fact_mut(&id).unwrap();
        fact.position = Some(7);
        fact.needs.insert("schema:app".parse().unwrap());
        assert_eq!(fingerprint(&other), fingerprint(&sample()));
    }

    #[test]
    fn a_payload_is_in_it() {
        let mut other = sample();
        other.insert(Fact::new(
            "comment:table:app.orders".parse().unwrap(),
            Payload::Comment(Comment { text: "x".into() }),
        ));
        assert_ne!(fingerprint(&other), fingerprint(&sample()));
    }
}
