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

use crate::canonical;
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
    struct Bytes<'a>(&'a mut Vec<u8>);
    impl fmt::Write for Bytes<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0.extend_from_slice(part.as_bytes());
            Ok(())
        }
    }
    // appending to a vector cannot fail
    let _ = id.write(&mut Bytes(text));
    text.push(0);
}

/// The digest of one fact.
#[must_use]
pub fn fact_digest<P: Serialize>(fact: &Fact<P>) -> Digest {
    fact_digest_in(&mut Vec::new(), fact)
}

/// The digest of one fact; its text is put together in a buffer that is used again and again.
fn fact_digest_in<P: Serialize>(text: &mut Vec<u8>, fact: &Fact<P>) -> Digest {
    text.clear();
    text.extend_from_slice(b"pgseal-fact-v1\0");
    write_id(text, &fact.id);
    canonical::append(text, &fact.payload);
    Digest::of(text)
}

/// The digest of one object from its facts, which must be in the order of ids.
#[must_use]
pub fn object_digest<'a, P: Serialize + 'a>(object: &FactId, facts: impl IntoIterator<Item = &'a Fact<P>>) -> Digest {
    let mut text = b"pgseal-object-v1\0".to_vec();
    write_id(&mut text, object);
    let mut buffer = Vec::new();
    for fact in facts {
        write_id(&mut text, &fact.id);
        text.extend_from_slice(&fact_digest_in(&mut buffer, fact).0);
    }
    Digest::of(&text)
}

/// From that many objects on, their digests are made on several threads.
const MANY_OBJECTS: usize = 512;

/// The digest of every object of a catalog.
#[must_use]
pub fn object_digests(catalog: &Catalog) -> BTreeMap<FactId, Digest> {
    object_digests_on(processors(), catalog)
}

/// The digest of every object of a catalog, made on that many threads.
pub(crate) fn object_digests_on(threads: usize, catalog: &Catalog) -> BTreeMap<FactId, Digest> {
    let mut objects: BTreeMap<FactId, Vec<&Fact>> = BTreeMap::new();
    // the columns of a table follow one another, as its constraints do: one search for each run of them
    let mut facts = catalog.iter().map(|fact| (fact.id.object(), fact)).peekable();
    while let Some((object, fact)) = facts.next() {
        let mut run = vec![fact];
        while let Some((_, fact)) = facts.next_if(|(next, _)| *next == object) {
            run.push(fact);
        }
        objects.entry(object).or_default().append(&mut run);
    }
    let objects: Vec<(FactId, Vec<&Fact>)> = objects.into_iter().collect();
    let digests = in_parts(&objects, MANY_OBJECTS, threads, |part| {
        part.iter().map(|(object, facts)| object_digest(object, facts.iter().copied())).collect::<Vec<Digest>>()
    });
    let mut of_objects = BTreeMap::new();
    of_objects.extend(objects.into_iter().map(|(object, _)| object).zip(digests.into_iter().flatten()));
    of_objects
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
