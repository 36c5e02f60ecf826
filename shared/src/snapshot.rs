//! The snapshot file: a catalog captured from a server, with a header.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::canonical::{self, ReadError};
use crate::catalog::{Catalog, Fact};
use crate::fingerprint::{self, Digest};
use crate::id::{FactId, Name, QualifiedName};
use crate::limits;
use crate::needs::Needs;
use crate::parts::processors;
use crate::recorded::{check_head, edited};
use crate::symbols::{HOME, Symbols};

/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 1;
/// The format's name.
pub const FORMAT: &str = "pgseal-snapshot";

/// Which part of a database a snapshot or a plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The schemas in scope; none: every schema that is not Postgres's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schemas: Option<BTreeSet<Name>>,
    /// Objects left alone: patterns over the text form of ids (`table:app.tmp_*`), as read from the ignore file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Whether owners are managed. Not yet: always false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub owners: bool,
    /// Whether grants are managed. Not yet: always false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub grants: bool,
}

/// Where the agent keeps its ledger unless the trust policy names another schema.
pub const AGENTS_SCHEMA: &str = "pgseal";

/// Whether a schema is one that an agent may keep its ledger in: `pgseal`, or a plain name that begins with `pgseal_`, but for those
/// that stand for the homes of extensions while a capture lists what these would make. Nothing in
/// them is ever captured, planned or part of a fingerprint, so that a policy may name one of them at any time.
#[must_use]
pub fn is_agents_schema(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    plain
        && name.len() <= 63
        && !name.starts_with(HOME)
        && name.strip_prefix(AGENTS_SCHEMA).is_some_and(|rest| matches!(rest.bytes().next(), None | Some(b'_')))
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Scope {
    /// Whether a schema is in scope (Postgres's own never are, nor are those of the agent, see [`is_agents_schema`]).
    #[must_use]
    pub fn holds_schema(&self, schema: &Name) -> bool {
        let name = schema.as_str();
        if name.starts_with("pg_") || name == "information_schema" || is_agents_schema(name) {
            return false;
        }
        self.schemas.as_ref().is_none_or(|schemas| schemas.contains(schema))
    }

    /// Whether a fact is in scope: by its schema, and not ignored. What belongs to an ignored object is ignored with it.
    /// Extensions are in scope wherever their schema is not restricted away.
    #[must_use]
    pub fn holds(&self, id: &FactId) -> bool {
        let in_schemas = match id {
            FactId::Schema(name) => self.holds_schema(name),
            FactId::Comment(on) => return self.holds(on),
            other => other.schema().is_none_or(|schema| self.holds_schema(schema)),
        };
        in_schemas
            && (self.ignore.is_empty() || !(self.ignores(&id.to_string()) || self.ignores(&id.object().to_string())))
    }

    /// Whether an object that is not modelled is in scope: by its schema (one without is), and not ignored under
    /// `kind:name`, the kind's words joined by underscores (`materialized_view:app.v`).
    #[must_use]
    pub fn holds_unmodeled(&self, schema: Option<&Name>, text: &str) -> bool {
        schema.is_none_or(|schema| self.holds_schema(schema)) && !self.ignores(text)
    }

    fn ignores(&self, text: &str) -> bool {
        self.ignore.iter().any(|pattern| matches_pattern(pattern, text))
    }
}

/// Whether a text matches a pattern, in which `*` stands for any run of characters and `?` for one.
#[must_use]
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || text.get(t) == Some(&c) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((star_p, star_t)) => {
                    p = star_p + 1;
                    t = star_t + 1;
                    star = Some((star_p, star_t + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|&c| c == '*')
}

/// What a snapshot says about the server and the database, outside the fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// `server_version_num`, e.g. 180004.
    pub server_version_num: u32,
    /// `server_version`.
    pub server_version: String,
    /// When it was captured, UTC, RFC 3339.
    pub captured_at: String,
    /// The database's name.
    pub database: String,
    /// The cluster's system identifier, where the role may read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_identifier: Option<String>,
    /// The database's encoding.
    pub encoding: String,
    /// `datcollate`.
    pub collate: String,
    /// `datctype`.
    pub ctype: String,
    /// `datlocprovider` in words: `libc`, `icu`, `builtin`.
    pub locale_provider: String,
    /// Settings that change what DDL means, as the database has them for new sessions.
    pub settings: BTreeMap<String, String>,
    /// Role names.
    pub roles: BTreeSet<String>,
    /// Extensions that could be installed.
    pub extensions_available: BTreeMap<String, AvailableExtension>,
    /// Collations of the database beyond those that every database has; referenced by name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub collations: BTreeSet<QualifiedName>,
    /// Tables that once had more columns: a server refuses some rules on them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub lost_columns: BTreeSet<QualifiedName>,
    /// Size estimates per table and index.
    pub statistics: BTreeMap<QualifiedName, SizeEstimate>,
}

/// An extension that could be installed (`pg_available_extension_versions`, the default version's row).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvailableExtension {
    /// The default version.
    pub version: String,
    /// The comment that installing it puts on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The schema that it insists on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Name>,
    /// What must be installed before.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub requires: BTreeSet<Name>,
}

/// `pg_class` estimates of one table or index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizeEstimate {
    /// `reltuples`, rounded; -1 when never analysed.
    pub rows: i64,
    /// Bytes on disk without indexes.
    pub bytes: i64,
}

/// Something that the database holds and this version does not model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unmodeled {
    /// Postgres's words for its kind: `view`, `policy`, `cast` …
    pub kind: String,
    /// Its name as `pg_describe_object` or an equivalent prints it.
    pub name: String,
    /// The facts it depends on: a plan that touches one is refused.
    #[serde(default, skip_serializing_if = "Needs::is_empty")]
    pub needs: Needs,
}

/// A catalog captured from a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The server and the database.
    pub header: Header,
    /// What part of it.
    pub scope: Scope,
    /// The facts in scope.
    pub catalog: Catalog,
    /// What names resolve to besides facts: members of extensions, objects not yet modelled.
    pub symbols: Symbols,
    /// What is there and not modelled, sorted.
    pub unmodeled: Vec<Unmodeled>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    header: Header,
    scope: Scope,
    fingerprint: Digest,
    #[serde(deserialize_with = "shared")]
    facts: Vec<Arc<Fact>>,
    symbols: Symbols,
    unmodeled: Vec<Unmodeled>,
}

/// Facts as a catalog holds them: each where it stays, so that a growing list is not copied with all that is in it.
fn shared<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Arc<Fact>>, D::Error> {
    struct Facts;
    impl<'de> Visitor<'de> for Facts {
        type Value = Vec<Arc<Fact>>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of facts")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut facts: A) -> Result<Vec<Arc<Fact>>, A::Error> {
            let mut out = Vec::new();
            while let Some(fact) = facts.next_element()? {
                out.push(Arc::new(fact));
            }
            Ok(out)
        }
    }
    d.deserialize_seq(Facts)
}

impl Snapshot {
    /// The major version of the server.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.header.server_version_num / 10_000
    }

    /// The fingerprint of its facts.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        fingerprint::fingerprint(&self.catalog)
    }

    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_and_fingerprint().0
    }

    /// The bytes of the file, and the fingerprint that is in them.
    #[must_use]
    pub fn to_bytes_and_fingerprint(&self) -> (Vec<u8>, Digest) {
        let fingerprint = self.fingerprint();
        let facts: Vec<&Fact> = self.catalog.iter().collect();
        let bytes = canonical::to_document_of(&[
            ("facts", &|out, indent| canonical::write_long_list(out, &facts, indent)),
            ("fingerprint", &|out, indent| canonical::write(out, &fingerprint, indent)),
            ("format", &|out, indent| canonical::write(out, FORMAT, indent)),
            ("header", &|out, indent| canonical::write(out, &self.header, indent)),
            ("scope", &|out, indent| canonical::write(out, &self.scope, indent)),
            ("symbols", &|out, indent| canonical::write(out, &self.symbols, indent)),
            ("unmodeled", &|out, indent| canonical::write(out, &self.unmodeled, indent)),
            ("version", &|out, indent| canonical::write(out, &VERSION, indent)),
        ]);
        (bytes, fingerprint)
    }

    /// Reads a file's bytes strictly; the fingerprint in it must be that of its facts.
    ///
    /// # Errors
    /// Over a limit, malformed, another format or version, a fact twice, a payload of another kind than its id, a wrong
    /// fingerprint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        Self::with_digests(bytes, processors()).map(|(snapshot, _)| snapshot)
    }

    /// Reads a file's bytes as [`Self::from_bytes`] does; also returns the digest of every object, which that takes. The digests
    /// are made on that many threads.
    ///
    /// # Errors
    /// As there.
    pub fn with_digests(bytes: &[u8], threads: usize) -> Result<(Self, BTreeMap<FactId, Digest>), ReadError> {
        const NAME: &str = "snapshot";
        let inconsistent = |detail: String| ReadError::Inconsistent { document: NAME, detail };
        let document: Document = canonical::from_bytes(NAME, bytes, limits::MAX_SNAPSHOT_BYTES)?;
        check_head(&document.format, document.version, document.facts.len())?;
        if let Some(fact) = document.facts.iter().find(|fact| !fact.payload.fits(fact.id.kind())) {
            return Err(inconsistent(format!("fact {} has the payload of another kind", fact.id)));
        }
        let mut facts = document.facts;
        facts.sort_by(|a, b| a.id.cmp(&b.id));
        if let Some((twice, _)) = facts.iter().zip(facts.iter().skip(1)).find(|(a, b)| a.id == b.id) {
            return Err(inconsistent(format!("fact {} is there twice", twice.id)));
        }
        let catalog: Catalog = facts.into_iter().collect();
        let snapshot = Self {
            header: document.header,
            scope: document.scope,
            catalog,
            symbols: document.symbols,
            unmodeled: document.unmodeled,
        };
        let digests = fingerprint::object_digests_on(threads, &snapshot.catalog);
        if fingerprint::roll_up(&digests) != document.fingerprint {
            return Err(edited());
        }
        Ok((snapshot, digests))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::facts::{Payload, Schema};

    #[test]
    fn the_agents_schemas_are_not_those_of_extensions() {
        for name in ["pgseal", "pgseal_ledger", "pgseal_2"] {
            assert!(is_agents_schema(name), "{name}");
        }
        for name in
            ["pgsealed", "Pgseal", "pgseal_A", "seal", "", &crate::symbols::home_of(&Name::new("cube").unwrap())]
        {
            assert!(!is_agents_schema(name), "{name}");
        }
    }

    /// What a schema is read against is the same in the outline, and of the facts only extensions are in it.
    #[test]
    fn an_outline_holds_the_extensions() {
        let snapshot = sample([
            Fact::new("schema:a".parse().unwrap(), Payload::Schema(Schema::default())),
            Fact::new(
                "extension:ltree".parse().unwrap(),
                Payload::Extension(crate::facts::Extension {
                    schema: Name::new("public").unwrap(),
                    version: "1.2".to_owned(),
                }),
            ),
        ]);
        let bytes = snapshot.to_bytes();
        let outline = Snapshot::outline(&bytes).unwrap();
        assert_eq!(outline.header, snapshot.header);
        assert_eq!(outline.scope, snapshot.scope);
        assert_eq!(outline.symbols, snapshot.symbols);
        let ids: Vec<String> = outline.catalog.iter().map(|fact| fact.id.to_string()).collect();
        assert_eq!(ids, ["extension:ltree"]);
        assert!(snapshot.is_outlined_by(&outline));
        // what is not laid out as it is written here gets no outline, or one that is not the snapshot's
        assert_eq!(Snapshot::outline(&bytes[1..]), None);
        let text = String::from_utf8(bytes).unwrap();
        let moved = text.replace("\"id\": \"extension", "\"id\":  \"extension");
        assert_ne!(moved, text);
        assert_eq!(Snapshot::from_bytes(moved.as_bytes()).unwrap(), snapshot);
        assert!(!snapshot.is_outlined_by(&Snapshot::outline(moved.as_bytes()).unwrap()));
        let compact: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(Snapshot::outline(compact.to_string().as_bytes()), None);
    }

    fn sample(facts: impl IntoIterator<Item = Fact>) -> Snapshot {
        let header = Header {
            server_version_num: 180_004,
            server_version: "18.4".to_owned(),
            captured_at: "2026-01-01T00:00:00Z".to_owned(),
            database: "shop".to_owned(),
            system_identifier: None,
            encoding: "UTF8".to_owned(),
            collate: "C".to_owned(),
            ctype: "C".to_owned(),
            locale_provider: "libc".to_owned(),
            settings: BTreeMap::new(),
            roles: BTreeSet::new(),
            extensions_available: BTreeMap::new(),
            collations: BTreeSet::new(),
            lost_columns: BTreeSet::new(),
            statistics: BTreeMap::new(),
        };
        Snapshot {
            header,
            scope: Scope::default(),
            catalog: facts.into_iter().collect(),
            symbols: Symbols::default(),
            unmodeled: Vec::new(),
        }
    }

    #[test]
    fn the_file_is_canonical_and_reads_back() {
        let fact = |name: &str| Fact::new(FactId::Schema(Name::new(name).unwrap()), Payload::Schema(Schema::default()));
        for catalog in [Catalog::new(), [fact("b"), fact("a")].into_iter().collect()] {
            let snapshot = sample(catalog);
            let (bytes, fingerprint) = snapshot.to_bytes_and_fingerprint();
            assert_eq!(fingerprint, snapshot.fingerprint());
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(
                String::from_utf8(canonical::to_document(&value)).unwrap(),
                String::from_utf8(bytes.clone()).unwrap()
            );
            assert_eq!(Snapshot::from_bytes(&bytes).unwrap(), snapshot);
        }
    }
}
