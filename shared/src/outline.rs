//! The outline of a snapshot: what a schema is read against. It takes a fraction of the time that the whole snapshot takes, so
//! that a schema need not wait.

use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::catalog::{Catalog, Fact};
use crate::id::Kind;
use crate::snapshot::{Header, Scope, Snapshot};
use crate::symbols::Symbols;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rest {
    #[serde(rename = "fingerprint")]
    _fingerprint: IgnoredAny,
    #[serde(rename = "format")]
    _format: IgnoredAny,
    header: Header,
    scope: Scope,
    symbols: Symbols,
    #[serde(rename = "unmodeled")]
    _unmodeled: IgnoredAny,
    #[serde(rename = "version")]
    _version: IgnoredAny,
}

/// How the list of facts begins in the readable canonical form, how it ends before the next member, and how a fact and the
/// id of an extension do. None of it is within a string: those hold no line feeds.
const FACTS: &[u8] = b"{\n  \"facts\": [\n";
const FACTS_END: &[u8] = b"\n  ],\n  \"fingerprint\": ";
const FACT: &[u8] = b"    {\n      \"id\": \"";
const EXTENSION: &[u8] = b"\n      \"id\": \"extension:";

impl Snapshot {
    /// The header, the scope, the symbols and the installed extensions of a snapshot; all other facts are passed over. Nothing is
    /// verified: what is made with it is only of use if [`Snapshot::is_outlined_by`] holds of the whole snapshot. None where the
    /// bytes are not laid out as this version writes them.
    #[must_use]
    pub fn outline(bytes: &[u8]) -> Option<Self> {
        let end = memmem::rfind(bytes, FACTS_END)?;
        let facts = bytes.get(..end)?.strip_prefix(FACTS)?;
        let rest = [b"{", bytes.get(end + b"\n  ],\n  ".len()..)?].concat();
        let rest: Rest = serde_json::from_slice(&rest).ok()?;
        let mut catalog = Catalog::new();
        for id in memmem::find_iter(facts, EXTENSION) {
            let fact = facts.get(id.checked_sub(b"    {".len())?..).filter(|fact| fact.starts_with(FACT))?;
            catalog.insert(serde_json::Deserializer::from_slice(fact).into_iter::<Fact>().next()?.ok()?);
        }
        Some(Self { header: rest.header, scope: rest.scope, catalog, symbols: rest.symbols, unmodeled: Vec::new() })
    }

    /// Whether an outline says what the whole snapshot says.
    #[must_use]
    pub fn is_outlined_by(&self, outline: &Self) -> bool {
        let extensions = self.catalog.iter().filter(|fact| fact.id.kind() == Kind::Extension);
        self.header == outline.header
            && self.scope == outline.scope
            && self.symbols == outline.symbols
            && extensions.eq(outline.catalog.iter())
    }
}
