//! Key files: PKCS#8 PEM for private keys, SPKI PEM for public ones, as OpenSSL 3 reads and writes them.
//!
//! Private keys are encrypted unless the caller says otherwise: PBES2 with scrypt (N = 2^14, r = 8,
//! p = 5, the most that OpenSSL's default memory limit accepts) and AES-256-CBC. Reading bounds what
//! a file can make us compute before the passphrase is tried. Secrets are wiped when dropped.

use std::fmt;
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes};
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::pem::PemLabel;
use pkcs8::der::{Decode, SecretDocument};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef};
use thiserror::Error;
use zeroize::Zeroizing;

use pgseal_catalog::Exit;

use crate::files::{self, Access, FileError, Guard};
use crate::key::{PublicKey, PublicKeyError};
use crate::pbes2::{self, Cost, Problem};
use crate::signer::{Place, Signer};

/// The largest key or passphrase file that is read, in bytes.
pub const MAX_KEY_FILE_BYTES: u64 = 16 * 1024;

/// What a new key file asks of scrypt.
const COST: Cost = Cost { log_n: 14, block_size: 8, parallelization: 5 };

/// The most memory that a key file may ask scrypt for, in bytes (128 · r · (N + p)).
const MAX_SCRYPT_MEMORY: u64 = 1024 * 1024 * 1024;
/// The most work that a key file may ask scrypt for (N · r · p).
const MAX_SCRYPT_WORK: u64 = 1 << 25;
/// The most PBKDF2 iterations that a key file may ask for.
const MAX_PBKDF2_ITERATIONS: u32 = 10_000_000;

/// Why a key file was not read or written.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The file itself is the problem.
    #[error(transparent)]
    File(#[from] FileError),
    /// The content is no PKCS#8 PEM private key.
    #[error("file \"{}\" is not a PKCS#8 PEM private key", path.display())]
    NotAPrivateKey {
        /// The file.
        path: PathBuf,
    },
    /// The content is the public half.
    #[error("file \"{}\" is a public key, and the private one is needed", path.display())]
    PublicForPrivate {
        /// The file.
        path: PathBuf,
    },
    /// The private key is of another algorithm, or its halves do not match.
    #[error("file \"{}\" does not hold an Ed25519 key", path.display())]
    NotEd25519 {
        /// The file.
        path: PathBuf,
    },
    /// The key is encrypted and no passphrase was given.
    #[error("private key \"{}\" is encrypted and no passphrase was given", path.display())]
    PassphraseNeeded {
        /// The file.
        path: PathBuf,
    },
    /// The passphrase does not open the key.
    #[error("the passphrase does not open private key \"{}\"", path.display())]
    WrongPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// The encryption is one that this program does not read.
    #[error("private key \"{}\" is encrypted in an unsupported way", path.display())]
    UnsupportedEncryption {
        /// The file.
        path: PathBuf,
    },
    /// The key derivation parameters ask for too much memory or time.
    #[error("private key \"{}\" asks for too costly a key derivation", path.display())]
    TooCostly {
        /// The file.
        path: PathBuf,
    },
    /// The passphrase is empty or not text.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The passphrase file is not one line of text.
    #[error("passphrase file \"{}\" is not one line of text", path.display())]
    NotAPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// The content is no usable public key.
    #[error("file \"{}\": {source}", path.display())]
    NotAPublicKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with the key.
        source: PublicKeyError,
    },
    /// The operating system has no randomness, or an encoder failed.
    #[error("could not make a key: {detail}")]
    Generation {
        /// What failed.
        detail: String,
    },
}

impl KeyFileError {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::NotAPrivateKey { .. } | Self::PublicForPrivate { .. } => "K0410",
            Self::NotEd25519 { .. } => "K0411",
            Self::PassphraseNeeded { .. } => "K0412",
            Self::WrongPassphrase { .. } => "K0413",
            Self::UnsupportedEncryption { .. } => "K0414",
            Self::TooCostly { .. } => "K0415",
            Self::EmptyPassphrase => "K0416",
            Self::NotAPassphrase { .. } => "K0417",
            Self::Generation { .. } => "K0418",
            Self::NotAPublicKey { source, .. } => source.code(),
        }
    }

    /// 1 where the environment is to blame, 2 for wrong usage, 3 for a refusal.
    pub fn exit_code(&self) -> Exit {
        match self {
            Self::File(error) => error.exit_code(),
            Self::PassphraseNeeded { .. } | Self::EmptyPassphrase | Self::NotAPassphrase { .. } => Exit::Usage,
            Self::Generation { .. } => Exit::Environment,
            Self::NotAPrivateKey { .. }
            | Self::PublicForPrivate { .. }
            | Self::NotEd25519 { .. }
            | Self::WrongPassphrase { .. }
            | Self::UnsupportedEncryption { .. }
            | Self::TooCostly { .. }
            | Self::NotAPublicKey { .. } => Exit::Refused,
        }
    }

    /// What to do about it, if that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File(error) => error.hint(),
            Self::PassphraseNeeded { .. } => Some("give it with --passphrase-file, or run this on a terminal"),
            Self::NotAPrivateKey { .. } | Self::NotEd25519 { .. } => {
                Some("make one with \"pgseal keygen\" or \"openssl genpkey -algorithm ed25519\"")
            }
            Self::PublicForPrivate { .. } => Some("give the private key, NAME.pem: NAME.pub.pem is its public half"),
            Self::NotAPublicKey { source: PublicKeyError::Malformed, .. } => {
                Some("give the public key, NAME.pub.pem, as \"pgseal keygen\" or \"openssl pkey -pubout\" writes it")
            }
            Self::UnsupportedEncryption { .. } | Self::TooCostly { .. } => {
                Some("convert it with \"openssl pkcs8 -topk8 -scrypt\"")
            }
            Self::WrongPassphrase { .. }
            | Self::EmptyPassphrase
            | Self::NotAPassphrase { .. }
            | Self::Generation { .. }
            | Self::NotAPublicKey { .. } => None,
        }
    }
}

/// A passphrase: not empty, wiped when dropped, never printed.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase as typed.
    ///
    /// # Errors
    /// [`KeyFileError::EmptyPassphrase`].
    pub fn new(text: Zeroizing<String>) -> Result<Self, KeyFileError> {
        if text.is_empty() {
            return Err(KeyFileError::EmptyPassphrase);
        }
        Ok(Self(text))
    }

    /// Reads a passphrase from a private file that holds it in one line.
    ///
    /// # Errors
    /// See [`KeyFileError`]; the file must not be accessible by others.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let bytes = files::read(path, Guard::Private, MAX_KEY_FILE_BYTES)?;
        let wrong = || KeyFileError::NotAPassphrase { path: path.to_owned() };
        let text = std::str::from_utf8(&bytes).map_err(|_| wrong())?;
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.contains(['\n', '\r', '\0']) {
            return Err(wrong());
        }
        Self::new(Zeroizing::new(line.to_owned()))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// How a new private key is protected in its file.
#[derive(Debug, Clone, Copy)]
pub enum Protection<'a> {
    /// Encrypted with this passphrase.
    Encrypted(&'a Passphrase),
    /// By the file's mode only.
    Plain,
}

/// Refuses names that are taken, before anybody is asked for a passphrase.
///
/// # Errors
/// [`FileError::Exists`].
pub fn check_free(paths: &[&Path]) -> Result<(), KeyFileError> {
    match paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        Some(path) => Err(FileError::Exists { path: (*path).to_owned() }.into()),
        None => Ok(()),
    }
}

/// Makes a new key and writes both halves: the private one to `private` (0600), the public one to
/// `public`. Neither file may exist.
///
/// # Errors
/// See [`KeyFileError`].
pub fn generate(private: &Path, public: &Path, protection: Protection<'_>) -> Result<PublicKey, KeyFileError> {
    check_free(&[private, public])?;
    let mut seed = Zeroizing::new([0; 32]);
    fill(&mut *seed)?;
    let key = SigningKey::from_bytes(&seed);
    let public_key = PublicKey::from_verifying_key(key.verifying_key());
    let pem = private_pem(&key, protection)?;
    let private = files::prepare_file(private, Access::Owner, pem.as_bytes())?;
    let pem = public_key.to_pem().map_err(generation)?;
    files::prepare_file(public, Access::Everybody, pem.as_bytes())?.put_new()?;
    // both halves or neither: a name can also be one that the file system does not take
    private.put_new().inspect_err(|_| drop(std::fs::remove_file(public)))?;
    Ok(public_key)
}

/// Reads a private key for use in the given place.
///
/// # Errors
/// See [`KeyFileError`]; the file must not be accessible by others.
pub fn read_private<P: Place>(path: &Path, passphrase: Option<&Passphrase>) -> Result<Signer<P>, KeyFileError> {
    let bytes = private_bytes(path)?;
    private_from_pem(path, &bytes, passphrase).map(Signer::new)
}

/// Whether the private key file needs a passphrase, by the label of its PEM block.
///
/// # Errors
/// See [`KeyFileError`].
pub fn is_encrypted(path: &Path) -> Result<bool, KeyFileError> {
    let bytes = private_bytes(path)?;
    let (label, _) = open_pem(path, &bytes)?;
    Ok(label == Label::Encrypted)
}

/// The bytes of a private key file. That it is the public half is said first: its mode is none of a private file.
fn private_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let is_public = |bytes: &[u8]| bytes.trim_ascii_start().starts_with(b"-----BEGIN PUBLIC KEY-----");
    let read = files::read(path, Guard::Private, MAX_KEY_FILE_BYTES);
    let public = match &read {
        Ok(bytes) => is_public(bytes),
        Err(FileError::NotPrivate { .. }) => {
            files::read(path, Guard::Untrusted, MAX_KEY_FILE_BYTES).is_ok_and(|bytes| is_public(&bytes))
        }
        Err(_) => false,
    };
    if public { Err(KeyFileError::PublicForPrivate { path: path.to_owned() }) } else { Ok(read?) }
}

/// Reads a public key file.
///
/// # Errors
/// See [`KeyFileError`]; the file must not be writable by everybody.
pub fn read_public(path: &Path) -> Result<PublicKey, KeyFileError> {
    let bytes = files::read(path, Guard::Trusted, MAX_KEY_FILE_BYTES)?;
    std::str::from_utf8(&bytes)
        .map_err(|_| PublicKeyError::Malformed)
        .and_then(PublicKey::from_text)
        .map_err(|source| KeyFileError::NotAPublicKey { path: path.to_owned(), source })
}

fn private_pem(key: &SigningKey, protection: Protection<'_>) -> Result<Zeroizing<String>, KeyFileError> {
    // Without the public half: OpenSSL before 3.4 does not read PKCS#8 version 2.
    let plain = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let document = plain.to_pkcs8_der().map_err(generation)?;
    match protection {
        Protection::Plain => document.to_pem(PrivateKeyInfoRef::PEM_LABEL, LineEnding::LF).map_err(generation),
        Protection::Encrypted(passphrase) => encrypt(&document, passphrase)?
            .to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF)
            .map_err(generation),
    }
}

fn encrypt(document: &SecretDocument, passphrase: &Passphrase) -> Result<SecretDocument, KeyFileError> {
    let mut salt = [0; 16];
    fill(&mut salt)?;
    let mut iv = [0; 16];
    fill(&mut iv)?;
    let parameters = pbes2::scrypt_aes256(COST, &salt, iv);
    let encrypted = parameters.and_then(|parameters| {
        let text = pbes2::encrypt(&parameters, passphrase.0.as_bytes(), document.as_bytes())?;
        Ok((parameters, text))
    });
    let (parameters, text) = encrypted.map_err(|_| generation("the key could not be encrypted"))?;
    let encrypted_data = OctetStringRef::new(&text).map_err(generation)?;
    let info = EncryptedPrivateKeyInfoRef { encryption_algorithm: parameters.into(), encrypted_data };
    SecretDocument::encode_msg(&info).map_err(generation)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Plain,
    Encrypted,
}

fn open_pem(path: &Path, bytes: &[u8]) -> Result<(Label, SecretDocument), KeyFileError> {
    let wrong = || KeyFileError::NotAPrivateKey { path: path.to_owned() };
    let text = std::str::from_utf8(bytes).map_err(|_| wrong())?;
    let (label, document) = SecretDocument::from_pem(text).map_err(|_| wrong())?;
    match label {
        label if label == PrivateKeyInfoRef::PEM_LABEL => Ok((Label::Plain, document)),
        label if label == EncryptedPrivateKeyInfoRef::PEM_LABEL => Ok((Label::Encrypted, document)),
        _ => Err(wrong()),
    }
}

fn private_from_pem(
    path: &Path,
    bytes: &[u8],
    passphrase: Option<&Passphrase>,
) -> Result<Box<SigningKey>, KeyFileError> {
    let (label, document) = open_pem(path, bytes)?;
    let document = match (label, passphrase) {
        (Label::Plain, _) => document,
        (Label::Encrypted, Some(passphrase)) => decrypt(path, &document, passphrase)?,
        (Label::Encrypted, None) => {
            return Err(KeyFileError::PassphraseNeeded { path: path.to_owned() });
        }
    };
    let info = PrivateKeyInfoRef::try_from(document.as_bytes())
        .map_err(|_| KeyFileError::NotAPrivateKey { path: path.to_owned() })?;
    // in one place from here on: a key that is moved leaves a copy behind
    SigningKey::try_from(info).map(Box::new).map_err(|_| KeyFileError::NotEd25519 { path: path.to_owned() })
}

fn decrypt(path: &Path, document: &SecretDocument, passphrase: &Passphrase) -> Result<SecretDocument, KeyFileError> {
    let unsupported = || KeyFileError::UnsupportedEncryption { path: path.to_owned() };
    let info = EncryptedPrivateKeyInfoRef::from_der(document.as_bytes()).map_err(|_| unsupported())?;
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
        return Err(unsupported());
    };
    check_cost(path, &parameters.kdf)?;
    let wrong = || KeyFileError::WrongPassphrase { path: path.to_owned() };
    let plain = pbes2::decrypt(parameters, passphrase.0.as_bytes(), info.encrypted_data.as_bytes());
    let plain = plain.map_err(|problem| match problem {
        Problem::Unsupported => unsupported(),
        Problem::Wrong => wrong(),
    })?;
    SecretDocument::try_from(plain.as_slice()).map_err(|_| wrong())
}

/// Refuses parameters that would exhaust memory or time, before anything is derived.
fn check_cost(path: &Path, kdf: &Kdf) -> Result<(), KeyFileError> {
    let affordable = match kdf {
        Kdf::Scrypt(scrypt) => {
            let n = scrypt.cost_parameter;
            let block = n.checked_mul(u64::from(scrypt.block_size));
            let blocks = n.checked_add(u64::from(scrypt.parallelization));
            let memory = blocks.and_then(|blocks| blocks.checked_mul(128 * u64::from(scrypt.block_size)));
            let work = block.and_then(|block| block.checked_mul(u64::from(scrypt.parallelization)));
            n.is_power_of_two()
                && n > 1
                && scrypt.block_size > 0
                && scrypt.parallelization > 0
                && memory.is_some_and(|memory| memory <= MAX_SCRYPT_MEMORY)
                && work.is_some_and(|work| work <= MAX_SCRYPT_WORK)
        }
        Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count <= MAX_PBKDF2_ITERATIONS,
        _ => {
            return Err(KeyFileError::UnsupportedEncryption { path: path.to_owned() });
        }
    };
    if affordable { Ok(()) } else { Err(KeyFileError::TooCostly { path: path.to_owned() }) }
}

fn fill(bytes: &mut [u8]) -> Result<(), KeyFileError> {
    getrandom::fill(bytes).map_err(generation)
}

fn generation(error: impl fmt::Display) -> KeyFileError {
    KeyFileError::Generation { detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use pkcs8::pkcs5::pbes2::{Salt, ScryptParams};

    use super::*;

    /// Many lanes take as much memory as a large N does.
    #[test]
    fn lanes_of_scrypt_take_memory_too() {
        let code = |cost_parameter: u64, block_size: u16, parallelization: u16| {
            let salt = Salt::new([0; 16]).unwrap();
            let kdf = Kdf::Scrypt(ScryptParams { salt, cost_parameter, block_size, parallelization, key_length: None });
            check_cost(Path::new("key.pem"), &kdf).map_or_else(|error| error.code(), |()| "affordable")
        };
        assert_eq!(code(1 << 14, 8, 5), "affordable");
        assert_eq!(code(2, 32_767, 200), "affordable");
        assert_eq!(code(2, 32_767, 512), "K0415");
        assert_eq!(code(1 << 20, 16, 1), "K0415");
    }
}
