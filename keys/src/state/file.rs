//! `state.json`: the bytes of an agent's memory.

use std::collections::BTreeMap;

use pgseal_catalog::receipt::Link;
use pgseal_catalog::{Digest, canonical};
use serde::{Deserialize, Serialize};

use super::MAX_STATE_BYTES;
use crate::policy::TrustPolicy;

/// The file's name within the folder.
pub(super) const NAME: &str = "state.json";

const FORMAT: &str = "pgseal-state";
const VERSION: u32 = 1;

/// A plan that was begun on a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Its number among the plans of the target.
    pub sequence: u64,
    /// The SHA-256 of its file.
    pub plan: Digest,
}

/// A trust policy that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RememberedPolicy {
    /// Its version, which is in the text too.
    pub version: u64,
    /// The whole file.
    pub text: String,
}

/// The receipt that was written last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RememberedReceipt {
    /// Its place in the chain.
    pub link: Link,
    /// The SHA-256 of its file.
    pub sha256: Digest,
}

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contents {
    format: String,
    version: u32,
    /// The latest time that was seen, in seconds since 1970.
    pub time: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<RememberedPolicy>,
    /// By label of the target.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sequences: BTreeMap<String, Mark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<RememberedReceipt>,
}

impl Default for Contents {
    fn default() -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            time: 0,
            policy: None,
            sequences: BTreeMap::new(),
            receipt: None,
        }
    }
}

/// What every version of the file begins to be read by.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

/// Why the bytes are no memory of this program's.
pub(super) enum Unread {
    /// They are one of another version.
    Version(u32),
    /// What is wrong with them.
    Malformed(String),
}

impl From<String> for Unread {
    fn from(detail: String) -> Self {
        Self::Malformed(detail)
    }
}

impl Contents {
    /// Reads the bytes strictly: what was not written here is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unread> {
        // The head first, so that another version is named as such and not by its unknown fields.
        let head = serde_json::from_slice(bytes).ok().filter(|head: &Head| head.format == FORMAT);
        if let Some(other) = head.map(|head| head.version).filter(|version| *version != VERSION) {
            return Err(Unread::Version(other));
        }
        let contents: Self =
            canonical::from_bytes("memory", bytes, MAX_STATE_BYTES).map_err(|error| error.to_string())?;
        if contents.format != FORMAT || contents.version != VERSION {
            return Err(format!("its format is \"{}\", version {}", contents.format, contents.version).into());
        }
        if contents.to_bytes() != bytes {
            return Err("it is not in its canonical byte form".to_owned().into());
        }
        if let Some(policy) = &contents.policy {
            let read = TrustPolicy::read(policy.text.as_bytes()).map_err(|error| error.to_string())?;
            if read.policy_version() != policy.version {
                return Err("it names another version than its policy does".to_owned().into());
            }
        }
        Ok(contents)
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_document(self)
    }
}
