//! The outline of a snapshot: what a schema is read against. It takes a fraction of the time that the whole snapshot takes, so
//! that a schema need not wait.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::catalog::{Catalog, Fact};
use crate::facts::Payload;
use crate::id::FactId;
use crate::snapshot::{Header, Scope, Snapshot};
use crate::symbols::Symbols;

#[derive(Deserialize)]
struct Outline {
    header: Header,
    scope: Scope,
    symbols: Symbols,
    facts: Extensions,
}

impl Snapshot {
    /// The header, the scope, the symbols and the installed extensions of a snapshot; all other facts are passed over. Nothing is
    /// verified, and nothing may be emitted before the whole snapshot was read with [`Snapshot::from_bytes`]. None where the
    /// bytes are not written as this version writes them.
    #[must_use]
    pub fn outline(bytes: &[u8]) -> Option<Self> {
        let outline: Outline = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            header: outline.header,
            scope: outline.scope,
            catalog: outline.facts.0,
            symbols: outline.symbols,
            unmodeled: Vec::new(),
        })
    }
}

/// The extensions among the facts of a snapshot, without their edges.
struct Extensions(Catalog);

impl<'de> Deserialize<'de> for Extensions {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Facts;
        impl<'de> Visitor<'de> for Facts {
            type Value = Extensions;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of facts")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut facts: A) -> Result<Extensions, A::Error> {
                let mut catalog = Catalog::new();
                while let Some(Extension(found)) = facts.next_element()? {
                    catalog.extend(found);
                }
                Ok(Extensions(catalog))
            }
        }
        d.deserialize_seq(Facts)
    }
}

/// A fact if it is an extension.
struct Extension(Option<Fact>);

impl<'de> Deserialize<'de> for Extension {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Extension;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a fact")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Extension, A::Error> {
                // the id comes first in canonical form: it says whether the rest is wanted
                match members.next_entry::<Cow<'de, str>, Cow<'de, str>>()? {
                    Some((key, id)) if key == "id" => {
                        if !id.starts_with("extension:") {
                            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                            return Ok(Extension(None));
                        }
                        let id: FactId = id.parse().map_err(Error::custom)?;
                        let mut payload: Option<Payload> = None;
                        while let Some(key) = members.next_key::<Cow<'de, str>>()? {
                            if key == "payload" {
                                payload = Some(members.next_value()?);
                            } else {
                                members.next_value::<IgnoredAny>()?;
                            }
                        }
                        let payload = payload.ok_or_else(|| Error::missing_field("payload"))?;
                        Ok(Extension(Some(Fact::new(id, payload))))
                    }
                    _ => Err(Error::custom("a fact does not begin with its id")),
                }
            }
        }
        d.deserialize_map(Members)
    }
}
