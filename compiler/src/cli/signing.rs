//! Signing a document: with a key file, or elsewhere over exported bytes.

use std::path::{Path, PathBuf};

use pgseal_catalog::Digest;
use pgseal_keys::files::{self, Access, Guard};
use pgseal_keys::lock::{self, Lock};
use pgseal_keys::seal::MAX_SEAL_BYTES;
use pgseal_keys::{Kind, MaySign, Seal, Signature, Signer, Statement, Workstation, key_file, pae, seal_path};

use super::files::{is_stream, print, write_output};
use super::passphrase::{PassphraseOption, signer};
use pgseal_catalog::{Exit, Failure};

/// A detached signature is 64 bytes, or as many in base64 with a line end.
const MAX_SIGNATURE_BYTES: u64 = 1024;

/// Who signs, and where.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("how").required(true).args(["key", "export", "attach"])))]
#[group(skip)]
pub(super) struct SignOptions {
    /// Private key that signs (PEM, as keygen or OpenSSL writes it)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseOption,
    /// Write the bytes to be signed elsewhere
    #[arg(long = "export-tbs", value_name = "FILE")]
    export: Option<PathBuf>,
    /// Add a signature made elsewhere over the exported bytes
    #[arg(long, value_name = "FILE", requires = "public_key")]
    attach: Option<PathBuf>,
    /// Public key of the attached signature
    #[arg(long, value_name = "FILE", requires = "attach")]
    public_key: Option<PathBuf>,
}

/// How a document is going to be signed: a key that cannot be read is found out before anything else is done.
pub(super) enum Hand {
    /// With a key file.
    Here(Box<Signer<Workstation>>),
    /// Elsewhere, over the bytes that this file gets.
    Export(PathBuf),
    /// Elsewhere, and this is the signature.
    Attach {
        /// Its bytes.
        signature: Signature,
        /// The key that made it.
        key: Box<pgseal_keys::PublicKey>,
    },
}

impl Hand {
    /// The key that signs, where that is known here.
    pub(super) fn public_key(&self) -> Option<pgseal_keys::PublicKey> {
        match self {
            Self::Here(signer) => Some(signer.public_key()),
            Self::Export(_) => None,
            Self::Attach { key, .. } => Some(**key),
        }
    }
}

impl SignOptions {
    /// Reads what signing takes.
    pub(super) fn hand(&self) -> Result<Hand, Failure> {
        match (&self.key, &self.export, &self.attach, &self.public_key) {
            (Some(key), ..) => Ok(Hand::Here(Box::new(signer(key, &self.passphrase)?))),
            (None, Some(export), ..) => Ok(Hand::Export(export.clone())),
            (None, None, Some(attach), Some(public_key)) => {
                let key = Box::new(key_file::read_public(public_key)?);
                let bytes = files::read(attach, Guard::Untrusted, MAX_SIGNATURE_BYTES)?;
                let signature = Signature::from_file_bytes(&bytes).ok_or_else(|| {
                    Failure::new(Exit::InvalidInput, format!("\"{}\" is not an Ed25519 signature", attach.display()))
                })?;
                Ok(Hand::Attach { signature, key })
            }
            // the argument group admits no other
            _ => Err(Failure::new(Exit::Usage, "one of --key, --export-tbs and --attach is needed")),
        }
    }
}

/// Refuses a document that has no place for its seal, and an export in the place of either.
pub(super) fn check_place(document: &Path, kind: &str, how: &SignOptions) -> Result<(), Failure> {
    if is_stream(document) || files::is_stream(document) || document == Path::new("/dev/stdin") {
        let message = format!("a {kind} on standard input cannot be signed: there is no place for FILE.sig");
        return Err(Failure::new(Exit::Usage, message));
    }
    let Some(export) = how.export.as_deref().filter(|export| !is_stream(export)) else { return Ok(()) };
    for (what, taken) in [(kind, document), ("seal", &seal_path(document))] {
        if is_same(export, taken) {
            let message = format!("--export-tbs \"{}\" is the {what} itself, and would replace it", export.display());
            return Err(Failure::new(Exit::Usage, message).with_hint("choose another name for it"));
        }
    }
    Ok(())
}

/// Whether two paths lead to one file, or would.
fn is_same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let new = || Some(std::fs::canonicalize(folder).ok()?.join(path.file_name()?));
        std::fs::canonicalize(path).ok().or_else(new)
    };
    let same_path = whole(one).is_some_and(|path| whole(other) == Some(path));
    same_path || is_linked(one, other)
}

/// Whether two names are of one file.
#[cfg(unix)]
fn is_linked(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    id(one).is_some_and(|one| id(other) == Some(one))
}

#[cfg(not(unix))]
fn is_linked(_: &Path, _: &Path) -> bool {
    false
}

/// Adds a statement about a document to the seal beside it, or exports what is to be signed; says so.
pub(super) fn sign<K: Kind>(document: &Path, bytes: &[u8], hand: &Hand, statement: Statement) -> Result<(), Failure>
where
    Workstation: MaySign<K>,
{
    let id = match hand {
        Hand::Export(export) => {
            let to_be_signed = pae::to_be_signed::<K>(statement, bytes)
                .ok_or_else(|| Failure::new(Exit::Usage, format!("a {} cannot be {statement}", K::NAME)))?;
            return write_output(export, &to_be_signed);
        }
        Hand::Here(signer) => {
            add::<K>(document, bytes, signer, statement)?;
            signer.public_key().id()
        }
        Hand::Attach { signature, key } => {
            let _held = alone_at(document)?;
            let mut seal = read_seal::<K>(document)?;
            seal.attach(key, statement, *signature, bytes).map_err(|error| {
                let failure = Failure::from(error);
                match made_for::<K>(key, statement, *signature, bytes) {
                    Some(command) => failure.with_hint(format!(
                        "it was made over what \"pgseal {command} --export-tbs\" wrote: add it with \"pgseal {command} --attach\""
                    )),
                    None => failure,
                }
            })?;
            write_seal(document, &seal)?;
            key.id()
        }
    };
    let (seal, digest) = (seal_path(document), Digest::of(bytes));
    let said = format!("{}: {statement} with key {id}\n{} sha256: {digest}\n", seal.display(), K::NAME);
    print(said.as_bytes())
}

/// The command whose export a signature was made over, where that is the other one.
fn made_for<K: Kind>(
    key: &pgseal_keys::PublicKey,
    statement: Statement,
    signature: Signature,
    bytes: &[u8],
) -> Option<&'static str> {
    let (other, command) = match statement {
        Statement::Signed => (Statement::Reproduced, "cosign"),
        Statement::Reproduced => (Statement::Signed, "sign"),
    };
    Seal::<K>::default().attach(key, other, signature, bytes).is_ok().then_some(command)
}

/// Adds a key's statement about a document to the seal beside it.
pub(super) fn add<K: Kind>(
    document: &Path,
    bytes: &[u8],
    signer: &Signer<Workstation>,
    statement: Statement,
) -> Result<(), Failure>
where
    Workstation: MaySign<K>,
{
    let _held = alone_at(document)?;
    let mut seal = read_seal::<K>(document)?;
    seal.sign(signer, statement, bytes).map_err(|error| {
        let path = seal_path(document);
        let hint = format!("\"{}\" may belong to an earlier {}: remove it if so", path.display(), K::NAME);
        Failure::from(error).with_hint(hint)
    })?;
    write_seal(document, &seal)
}

/// Keeps others from adding to the seal beside a document, from reading it until it is written: one of two signatures would go.
fn alone_at(document: &Path) -> Result<Lock, Failure> {
    Ok(lock::around(&seal_path(document))?)
}

fn write_seal<K: Kind>(document: &Path, seal: &Seal<K>) -> Result<(), Failure> {
    Ok(files::replace(&seal_path(document), Access::Everybody, &seal.to_bytes())?)
}

/// The seal beside a document, empty where there is none.
fn read_seal<K: Kind>(document: &Path) -> Result<Seal<K>, Failure> {
    let path = seal_path(document);
    if matches!(path.try_exists(), Ok(false)) {
        return Ok(Seal::default());
    }
    let present = files::read(&path, Guard::Untrusted, MAX_SEAL_BYTES)?;
    Seal::read(&present).map_err(|error| Failure::from(error).about(&path.display().to_string()))
}
