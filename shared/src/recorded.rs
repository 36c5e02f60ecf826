//! A snapshot as what a database is compared with: its facts are told apart and shown, and nothing has to understand them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::canonical::{self, ReadError};
use crate::catalog::RecordedFact;
use crate::facts::Payload;
use crate::fingerprint::{self, Digest};
use crate::id::FactId;
use crate::limits;
use crate::snapshot::{FORMAT, Header, Scope, VERSION};

/// What a snapshot file says that a database can differ from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// What part of the database.
    pub scope: Scope,
    /// The fingerprint of the facts.
    pub fingerprint: Digest,
    /// The digest of each object.
    pub digests: BTreeMap<FactId, Digest>,
    /// The facts of each object, in the order of their ids.
    pub objects: BTreeMap<FactId, Vec<RecordedFact>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    #[serde(rename = "header")]
    _header: Header,
    scope: Scope,
    fingerprint: Digest,
    facts: Vec<RecordedFact>,
    #[serde(rename = "symbols")]
    _symbols: IgnoredAny,
    #[serde(rename = "unmodeled")]
    _unmodeled: IgnoredAny,
}

impl Recorded {
    /// Reads a snapshot file's bytes as [`Snapshot::from_bytes`](crate::Snapshot::from_bytes) does, but for what no fingerprint is
    /// made of: symbols and what is not modelled are passed over.
    ///
    /// # Errors
    /// As there.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        const NAME: &str = "snapshot";
        let inconsistent = |detail: String| ReadError::Inconsistent { document: NAME, detail };
        let document: Document = canonical::from_bytes(NAME, bytes, limits::MAX_SNAPSHOT_BYTES)?;
        check_head(&document.format, document.version, document.facts.len())?;
        let mut objects: BTreeMap<FactId, Vec<RecordedFact>> = BTreeMap::new();
        for fact in document.facts {
            if fact.payload.variant() != Some(Payload::kind_for(fact.id.kind()).word()) {
                return Err(inconsistent(format!("fact {} has the payload of another kind", fact.id)));
            }
            objects.entry(fact.id.object()).or_default().push(fact);
        }
        let mut digests = BTreeMap::new();
        for (object, facts) in &mut objects {
            facts.sort_unstable_by(|a, b| a.id.cmp(&b.id));
            if let Some((twice, _)) = facts.iter().zip(facts.iter().skip(1)).find(|(a, b)| a.id == b.id) {
                return Err(inconsistent(format!("fact {} is there twice", twice.id)));
            }
            digests.insert(object.clone(), fingerprint::object_digest(object, &*facts));
        }
        let fingerprint = fingerprint::roll_up(&digests);
        if fingerprint != document.fingerprint {
            return Err(edited());
        }
        Ok(Self { scope: document.scope, fingerprint, digests, objects })
    }
}

/// Refuses what is no snapshot of this version, and one with too many facts.
pub(crate) fn check_head(format: &str, version: u32, facts: usize) -> Result<(), ReadError> {
    const NAME: &str = "snapshot";
    if format != FORMAT {
        return Err(ReadError::WrongFormat { document: NAME, found: format.to_owned() });
    }
    if version != VERSION {
        return Err(ReadError::WrongVersion { document: NAME, found: version, supported: VERSION });
    }
    Ok(limits::check("number of facts in the snapshot", facts as u64, limits::MAX_FACTS as u64, "facts")?)
}

/// The fingerprint in a snapshot is another than its facts have.
pub(crate) fn edited() -> ReadError {
    ReadError::Inconsistent {
        document: "snapshot",
        detail: "its fingerprint is not that of its facts: the file was edited or damaged".to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Snapshot;

    /// A snapshot with a table that has a column, whose fingerprint is right.
    fn sample() -> Value {
        let header = json!({
            "server_version_num": 180_004, "server_version": "18.4", "captured_at": "2026-01-01T00:00:00Z",
            "database": "shop", "encoding": "UTF8", "collate": "C", "ctype": "C", "locale_provider": "libc",
            "settings": {}, "roles": [], "extensions_available": {}, "statistics": {},
        });
        let facts = json!([
            { "id": "column:app.orders.id", "payload": { "column": { "type": "bigint" } }, "position": 1 },
            { "id": "table:app.orders", "payload": { "table": {} }, "needs": ["schema:app"] },
            { "id": "schema:app", "payload": { "schema": {} } },
        ]);
        let mut document = json!({
            "format": FORMAT, "version": VERSION, "header": header, "scope": {}, "facts": facts,
            "symbols": serde_json::to_value(crate::Symbols::default()).unwrap(), "unmodeled": [],
            "fingerprint": "0".repeat(64),
        });
        let facts: Vec<crate::Fact> = serde_json::from_value(document["facts"].clone()).unwrap();
        document["fingerprint"] = fingerprint::fingerprint(&facts.into_iter().collect()).to_string().into();
        document
    }

    #[test]
    fn it_is_what_the_snapshot_is() {
        let bytes = sample().to_string().into_bytes();
        let (recorded, snapshot) = (Recorded::from_bytes(&bytes).unwrap(), Snapshot::from_bytes(&bytes).unwrap());
        assert_eq!(recorded.fingerprint, snapshot.fingerprint());
        assert_eq!(recorded.digests, fingerprint::object_digests(&snapshot.catalog));
        assert_eq!(recorded.scope, snapshot.scope);
        let facts: Vec<RecordedFact> = recorded.objects.into_values().flatten().collect();
        for (recorded, fact) in facts.iter().zip(snapshot.catalog.iter()) {
            assert_eq!(recorded.id, fact.id);
            assert_eq!(recorded.payload, fact.recorded().payload);
        }
        assert_eq!(facts.len(), 3);
    }

    #[test]
    fn it_refuses_what_a_snapshot_is_refused_for() {
        let change = |path: &str, value: Value| {
            let mut document = sample();
            *document.pointer_mut(path).unwrap() = value;
            document
        };
        let mut unknown = sample();
        unknown["more"] = json!(1);
        let twice = sample()["facts"][0].clone();
        for (document, says) in [
            (change("/format", json!("pgseal-plan")), "this is a plan, not a snapshot"),
            (change("/version", json!(2)), "snapshot version 2 is not supported"),
            (change("/facts/2", twice), "fact column:app.orders.id is there twice"),
            (change("/facts/2/payload", json!({ "table": {} })), "fact schema:app has the payload of another kind"),
            (change("/facts/0/payload/column/type", json!("text")), "its fingerprint is not that of its facts"),
            (change("/header/database", json!(1)), "malformed snapshot"),
            (unknown, "unknown field `more`"),
        ] {
            let bytes = document.to_string().into_bytes();
            let (recorded, snapshot) =
                (Recorded::from_bytes(&bytes).unwrap_err(), Snapshot::from_bytes(&bytes).unwrap_err());
            assert!(recorded.to_string().contains(says), "{recorded}");
            assert_eq!((recorded.code(), recorded.to_string()), (snapshot.code(), snapshot.to_string()));
        }
    }

    #[test]
    fn every_payload_is_told_by_its_word() {
        for &kind in crate::Kind::ALL {
            let of = Payload::kind_for(kind).word();
            let payload: Result<Payload, _> = serde_json::from_value(json!({ of: {} }));
            // a word that is no variant's would be refused as such
            let refused = payload.err().map(|error| error.to_string()).unwrap_or_default();
            assert_eq!(
                refused.contains("unknown variant"),
                kind == crate::Kind::Attribute
                    || kind == crate::Kind::ViewColumn
                    || kind == crate::Kind::MaterializedViewColumn,
                "{of}: {refused}"
            );
        }
    }
}
