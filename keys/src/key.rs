//! Public keys, signatures and key ids.
//!
//! A [`PublicKey`] is always a canonical encoding of a point that is not of small order: what cannot
//! be used for strict verification cannot be constructed. A [`KeyId`] is derived from the key and is
//! a hint only; nothing in this crate trusts by id.

use std::cmp::Ordering;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::pkcs8::{DecodePublicKey, EncodePublicKey, spki::der::pem::LineEnding};
use pgseal_catalog::hex;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The fixed head of the SPKI encoding of an Ed25519 public key (RFC 8410).
const SPKI_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why bytes are not a usable Ed25519 public key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PublicKeyError {
    /// The bytes are not an Ed25519 key in the expected encoding.
    #[error("not an Ed25519 public key in SPKI form")]
    Malformed,
    /// The point's encoding is not the canonical one.
    #[error("the Ed25519 public key is not in canonical form")]
    NotCanonical,
    /// The point is of small order: signatures under it prove nothing.
    #[error("the Ed25519 public key is of small order")]
    Weak,
}

impl PublicKeyError {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "K0420",
            Self::NotCanonical => "K0421",
            Self::Weak => "K0422",
        }
    }
}

/// An Ed25519 public key that strict verification can use.
#[derive(Clone, Copy)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads the 32 bytes of a compressed point.
    ///
    /// # Errors
    /// Refuses encodings that are not canonical, are no point, or are of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, PublicKeyError> {
        if !is_canonical(bytes) {
            return Err(PublicKeyError::NotCanonical);
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::Malformed)?;
        if key.is_weak() {
            return Err(PublicKeyError::Weak);
        }
        Ok(Self(key))
    }

    /// Reads the DER form of SubjectPublicKeyInfo, byte for byte as RFC 8410 has it.
    ///
    /// # Errors
    /// See [`PublicKeyError`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let raw = der
            .strip_prefix(&SPKI_HEAD)
            .and_then(|raw| <&[u8; 32]>::try_from(raw).ok())
            .ok_or(PublicKeyError::Malformed)?;
        Self::from_bytes(raw)
    }

    /// Reads a key as PEM text (`-----BEGIN PUBLIC KEY-----`) or as the base64 of its SPKI form.
    ///
    /// # Errors
    /// See [`PublicKeyError`].
    pub fn from_text(text: &str) -> Result<Self, PublicKeyError> {
        let text = text.trim();
        if text.starts_with("-----BEGIN") {
            let key = VerifyingKey::from_public_key_pem(text).map_err(|_| PublicKeyError::Malformed)?;
            Self::from_bytes(key.as_bytes())
        } else {
            let der = STANDARD.decode(text).map_err(|_| PublicKeyError::Malformed)?;
            Self::from_spki_der(&der)
        }
    }

    /// The 32 bytes of the compressed point.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The DER form of SubjectPublicKeyInfo, 44 bytes.
    pub fn to_spki_der(&self) -> Vec<u8> {
        let mut der = SPKI_HEAD.to_vec();
        der.extend_from_slice(self.as_bytes());
        der
    }

    /// The base64 of the SPKI form, one line, as trust policies write it.
    pub fn to_spki_base64(&self) -> String {
        STANDARD.encode(self.to_spki_der())
    }

    /// The SPKI PEM text, as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// Only when the PEM encoder fails.
    pub fn to_pem(&self) -> Result<String, PublicKeyError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|_| PublicKeyError::Malformed)
    }

    /// The key id: the SHA-256 of the SPKI form.
    pub fn id(&self) -> KeyId {
        KeyId(Sha256::digest(self.to_spki_der()).into())
    }

    /// Whether `signature` is this key's over `message`, by strict verification.
    pub(crate) fn accepts(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(message, &signature).is_ok()
    }

    pub(crate) fn from_verifying_key(key: VerifyingKey) -> Self {
        Self(key)
    }
}

/// Whether the y coordinate (the sign bit aside) is below the field's prime 2^255 - 19.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = bytes;
    let at_or_above_prime = *first >= 0xed && middle.iter().all(|byte| *byte == 0xff) && (*last & 0x7f) == 0x7f;
    !at_or_above_prime
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for PublicKey {}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_spki_base64())
    }
}

/// The SHA-256 of a public key's SPKI form: names a key to people, and is a hint to the verifier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId([u8; 32]);

impl KeyId {
    /// Reads 64 lower-case hexadecimal digits; anything else is `None`.
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::read(text).map(Self)
    }

    /// The first 16 hexadecimal digits, for messages.
    pub fn short(&self) -> String {
        hex::text(&self.0).chars().take(16).collect()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The 64 bytes of an Ed25519 signature, not yet verified against anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Takes the 64 bytes that a signer returned.
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Reads a detached signature file: 64 raw bytes (as `openssl pkeyutl` writes), or their base64
    /// with an optional line end. Anything else is `None`.
    pub fn from_file_bytes(bytes: &[u8]) -> Option<Self> {
        if let Ok(raw) = <[u8; 64]>::try_from(bytes) {
            return Some(Self(raw));
        }
        let text = std::str::from_utf8(bytes).ok()?.trim_end();
        Self::from_base64(text)
    }

    /// Reads canonical padded base64 of 64 bytes; anything else is `None`.
    pub fn from_base64(text: &str) -> Option<Self> {
        let raw = STANDARD.decode(text).ok()?;
        let signature = Self(raw.try_into().ok()?);
        (signature.to_base64() == text).then_some(signature)
    }

    /// The canonical padded base64.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// The 64 bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", self.to_base64())
    }
}

#[cfg(test)]
#[path = "key_vectors.rs"]
mod vectors;
