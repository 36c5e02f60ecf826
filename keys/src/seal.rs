//! The seal: the detached signatures on one document, `plan.json.sig`.
//!
//! ```json
//! {
//!   "format": "pgseal-seal",
//!   "version": 1,
//!   "payloadType": "application/vnd.pgseal.plan+json",
//!   "signatures": [
//!     { "keyid": "<64 hex digits>", "statement": "signed", "sig": "<base64>" }
//!   ]
//! }
//! ```
//!
//! A seal has exactly one byte form: entries ascend by key id and statement, no entry is there twice,
//! hexadecimal is lower case, base64 is canonical, white space is as [`Seal::to_bytes`] writes it.
//! Any other spelling is refused, so that no byte of a seal can be changed without a refusal.
//! A `reproduced` signature is made over its own payload type (see [`crate::kind`]); the field only
//! says which one to check it with.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::marker::PhantomData;

use serde::Deserialize;
use thiserror::Error;

use crate::key::{KeyId, PublicKey, Signature};
use crate::kind::{Kind, Statement};
use crate::pae;
use crate::signer::{MaySign, Place, Signer};

/// The largest seal that is read, in bytes.
pub const MAX_SEAL_BYTES: u64 = 64 * 1024;
/// The most signatures on one document.
pub const MAX_SIGNATURES: usize = 64;

const FORMAT: &str = "pgseal-seal";
const VERSION: u64 = 1;

/// Why a seal was not read, or a signature not added.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SealError {
    /// More bytes than any valid seal.
    #[error("the seal is larger than {MAX_SEAL_BYTES} bytes")]
    TooLarge,
    /// Not JSON, or not the JSON of a seal.
    #[error("the seal is malformed: {detail}")]
    Malformed {
        /// What the reader found.
        detail: String,
    },
    /// Another format.
    #[error("the file is not a seal: its format is \"{found}\"")]
    WrongFormat {
        /// The format named in the file.
        found: String,
    },
    /// Another version of the format.
    #[error("seal version {found} is not supported")]
    UnknownVersion {
        /// The version named in the file.
        found: u64,
    },
    /// A seal on another kind of document.
    #[error("the seal is not for a {expected}: its payload type is \"{found}\"")]
    WrongPayloadType {
        /// The kind of document at hand.
        expected: &'static str,
        /// The payload type named in the seal.
        found: String,
    },
    /// The list of signatures is empty.
    #[error("the seal holds no signature")]
    NoSignature,
    /// The list of signatures is longer than any valid one.
    #[error("the seal holds more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// A key id is not 64 lower-case hexadecimal digits.
    #[error("signature {index} has a malformed key id")]
    MalformedKeyId {
        /// Counted from 1.
        index: usize,
    },
    /// A signature is not the canonical base64 of 64 bytes.
    #[error("signature {index} is not the canonical base64 of 64 bytes")]
    MalformedSignature {
        /// Counted from 1.
        index: usize,
    },
    /// A statement that documents of this kind cannot carry.
    #[error("signature {index} states \"{statement}\", which a {kind} cannot carry")]
    UnknownStatement {
        /// Counted from 1.
        index: usize,
        /// The statement.
        statement: String,
        /// The kind of document.
        kind: &'static str,
    },
    /// Two signatures with one key id and statement.
    #[error("signature {index} is there twice")]
    Duplicate {
        /// Counted from 1.
        index: usize,
    },
    /// The same content in another spelling.
    #[error("the seal is not in its canonical byte form")]
    NotCanonical,
    /// A signature does not belong to the key and document.
    #[error("the signature of key {}{key_id} does not match the {kind}", name.as_ref().map(|name| format!("\"{name}\", ")).unwrap_or_default())]
    BadSignature {
        /// The key's id.
        key_id: String,
        /// Its name in the policy, where there is one.
        name: Option<String>,
        /// The kind of document.
        kind: &'static str,
    },
}

impl SealError {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "K0101",
            Self::Malformed { .. } => "K0102",
            Self::NoSignature => "K0103",
            Self::WrongFormat { .. } => "K0104",
            Self::UnknownVersion { .. } => "K0105",
            Self::WrongPayloadType { .. } => "K0106",
            Self::TooManySignatures => "K0107",
            Self::MalformedKeyId { .. } => "K0108",
            Self::MalformedSignature { .. } => "K0109",
            Self::UnknownStatement { .. } => "K0110",
            Self::Duplicate { .. } => "K0111",
            Self::NotCanonical => "K0112",
            Self::BadSignature { .. } => "K0113",
        }
    }
}

/// The signatures on a document of kind `K`. Being in a seal says nothing about being valid: only the
/// verifier decides that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal<K: Kind> {
    signatures: BTreeMap<(KeyId, Statement), Signature>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Default for Seal<K> {
    fn default() -> Self {
        Self { signatures: BTreeMap::new(), kind: PhantomData }
    }
}

impl<K: Kind> Seal<K> {
    /// Reads the one byte form of a seal.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn read(bytes: &[u8]) -> Result<Self, SealError> {
        if bytes.len() as u64 > MAX_SEAL_BYTES {
            return Err(SealError::TooLarge);
        }
        let malformed = |error: serde_json::Error| SealError::Malformed { detail: error.to_string() };
        // The head first, so that another version is named as such and not by its unknown fields.
        let head: Head = serde_json::from_slice(bytes).map_err(malformed)?;
        if head.format != FORMAT {
            return Err(SealError::WrongFormat { found: head.format });
        }
        if head.version != VERSION {
            return Err(SealError::UnknownVersion { found: head.version });
        }
        let wire: Wire = serde_json::from_slice(bytes).map_err(malformed)?;
        let seal = Self::from_wire(wire)?;
        if seal.to_bytes() != bytes {
            return Err(SealError::NotCanonical);
        }
        Ok(seal)
    }

    fn from_wire(wire: Wire) -> Result<Self, SealError> {
        if wire.payload_type != K::PAYLOAD_TYPE {
            return Err(SealError::WrongPayloadType { expected: K::NAME, found: wire.payload_type });
        }
        if wire.signatures.is_empty() {
            return Err(SealError::NoSignature);
        }
        if wire.signatures.len() > MAX_SIGNATURES {
            return Err(SealError::TooManySignatures);
        }
        let mut seal = Self::default();
        for (index, entry) in (1..).zip(wire.signatures) {
            let key_id = KeyId::from_hex(&entry.keyid).ok_or(SealError::MalformedKeyId { index })?;
            let statement = match entry.statement.as_str() {
                "signed" => Statement::Signed,
                "reproduced" if K::REPRODUCED_TYPE.is_some() => Statement::Reproduced,
                _ => {
                    let statement = entry.statement;
                    return Err(SealError::UnknownStatement { index, statement, kind: K::NAME });
                }
            };
            let signature = Signature::from_base64(&entry.sig).ok_or(SealError::MalformedSignature { index })?;
            if seal.signatures.insert((key_id, statement), signature).is_some() {
                return Err(SealError::Duplicate { index });
            }
        }
        Ok(seal)
    }

    /// The one byte form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!(
            "{{\n  \"format\": \"{FORMAT}\",\n  \"version\": {VERSION},\n  \"payloadType\": \"{}\",\n  \"signatures\": [",
            K::PAYLOAD_TYPE
        );
        let mut separator = "";
        for ((key_id, statement), signature) in &self.signatures {
            // Writing to a string cannot fail; every value is free of characters that JSON escapes.
            let _ = write!(
                text,
                "{separator}\n    {{\n      \"keyid\": \"{key_id}\",\n      \"statement\": \"{statement}\",\n      \"sig\": \"{}\"\n    }}",
                signature.to_base64()
            );
            separator = ",";
        }
        text.push_str("\n  ]\n}\n");
        text.into_bytes()
    }

    /// Signs `document` and adds the signature.
    ///
    /// # Errors
    /// See [`Seal::attach`].
    pub fn sign<P: Place + MaySign<K>>(
        &mut self,
        signer: &Signer<P>,
        statement: Statement,
        document: &[u8],
    ) -> Result<(), SealError> {
        let signature = signer.sign::<K>(statement, document).ok_or_else(|| no_such_statement::<K>(statement))?;
        self.attach(&signer.public_key(), statement, signature, document)
    }

    /// Adds a signature that was made elsewhere over [`pae::to_be_signed`], after checking it. The
    /// order in which signatures are added does not show, and a second one of the same key and
    /// statement collapses with the first.
    ///
    /// # Errors
    /// [`SealError::BadSignature`] when it does not match, or when the seal already holds a bad
    /// signature under that key's id; [`SealError::TooManySignatures`].
    pub fn attach(
        &mut self,
        key: &PublicKey,
        statement: Statement,
        signature: Signature,
        document: &[u8],
    ) -> Result<(), SealError> {
        let message = pae::to_be_signed::<K>(statement, document).ok_or_else(|| no_such_statement::<K>(statement))?;
        let entry = (key.id(), statement);
        let present = self.signatures.get(&entry).copied();
        for candidate in [Some(signature), present].into_iter().flatten() {
            if !key.accepts(&message, &candidate) {
                return Err(SealError::BadSignature { key_id: key.id().to_string(), name: None, kind: K::NAME });
            }
        }
        if present.is_none() && self.signatures.len() >= MAX_SIGNATURES {
            return Err(SealError::TooManySignatures);
        }
        // Signers that add randomness make several valid signatures: the smallest is kept.
        let kept = present.map_or(signature, |present| present.min(signature));
        self.signatures.insert(entry, kept);
        Ok(())
    }

    /// The entries, in the order of the file.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (KeyId, Statement, Signature)> + '_ {
        self.signatures.iter().map(|((key_id, statement), signature)| (*key_id, *statement, *signature))
    }

    /// The key ids and statements, unverified, for display only.
    pub fn claims(&self) -> impl Iterator<Item = (KeyId, Statement)> + '_ {
        self.signatures.keys().copied()
    }
}

fn no_such_statement<K: Kind>(statement: Statement) -> SealError {
    SealError::UnknownStatement { index: 1, statement: statement.to_string(), kind: K::NAME }
}

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u64,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<WireSignature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    keyid: String,
    statement: String,
    sig: String,
}
