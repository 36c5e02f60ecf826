//! `pgseal sign`: a reviewer's signature on a plan.

use std::path::{Path, PathBuf};

use pgseal_catalog::Plan;
use pgseal_keys::files::{self, Access, Guard};
use pgseal_keys::seal::MAX_SEAL_BYTES;
use pgseal_keys::seal_path;
use pgseal_keys::{self as keys, Kind as _, Seal, Signature, Signer, Statement, Workstation, key_file, pae};

use super::files::{is_stream, print, write_output};
use super::passphrase::{PassphraseOption, signer};
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  pgseal show plan.json                         # look before you sign
  pgseal sign plan.json --key alice.pem         # writes plan.json.sig, or adds to it

With a key in an HSM, or on another machine:
  pgseal sign plan.json --export-tbs to-sign.bin
  openssl pkeyutl -sign -rawin -inkey alice.pem -in to-sign.bin -out alice.sig
  pgseal sign plan.json --attach alice.sig --public-key alice.pub.pem

The signature covers the exact bytes of the file: any later change voids it.";

/// A detached signature is 64 bytes, or as many in base64 with a line end.
const MAX_SIGNATURE_BYTES: u64 = 1024;

/// Sign a plan after reviewing it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group(clap::ArgGroup::new("how").required(true).args(["key", "export", "attach"])))]
pub(super) struct Arguments {
    /// Plan to sign; the signature goes to FILE.sig
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
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

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if is_stream(&arguments.plan) {
        return Err(Failure::new(
            Exit::Usage,
            "a plan on standard input cannot be signed: there is no place for FILE.sig",
        ));
    }
    let bytes = files::read(&arguments.plan, Guard::Untrusted, keys::Plan::MAX_BYTES)?;
    // nobody should sign what an agent will not read
    Plan::from_bytes(&bytes).map_err(|error| Failure::from(error).about(&arguments.plan.display().to_string()))?;
    if let Some(path) = &arguments.export {
        let to_be_signed = pae::to_be_signed::<keys::Plan>(Statement::Signed, &bytes)
            .ok_or_else(|| Failure::new(Exit::Environment, "plans cannot be signed"))?;
        write_output(path, &to_be_signed)?;
        return Ok(Exit::Done);
    }
    let mut seal = read_seal(&arguments.plan)?;
    let id = match (&arguments.key, &arguments.attach, &arguments.public_key) {
        (Some(key), _, _) => {
            let signer = signer(key, &arguments.passphrase)?;
            add_signature(&mut seal, &arguments.plan, &bytes, &signer, Statement::Signed)?;
            signer.public_key().id()
        }
        (None, Some(attach), Some(public_key)) => {
            let key = key_file::read_public(public_key)?;
            let signature = files::read(attach, Guard::Untrusted, MAX_SIGNATURE_BYTES)?;
            let signature = Signature::from_file_bytes(&signature).ok_or_else(|| {
                Failure::new(Exit::InvalidInput, format!("\"{}\" is not an Ed25519 signature", attach.display()))
            })?;
            seal.attach(&key, Statement::Signed, signature, &bytes)?;
            key.id()
        }
        // the argument group admits no other
        _ => return Err(Failure::new(Exit::Usage, "one of --key, --export-tbs and --attach is needed")),
    };
    let path = write_seal(&arguments.plan, &seal)?;
    print(format!("{}: signed with key {id}\n", path.display()).as_bytes())?;
    Ok(Exit::Done)
}

/// The seal beside a plan, empty where there is none.
fn read_seal(plan: &Path) -> Result<Seal<keys::Plan>, Failure> {
    let path = seal_path(plan);
    if matches!(path.try_exists(), Ok(false)) {
        return Ok(Seal::default());
    }
    let present = files::read(&path, Guard::Untrusted, MAX_SEAL_BYTES)?;
    Seal::read(&present).map_err(|error| Failure::from(error).about(&path.display().to_string()))
}

fn write_seal(plan: &Path, seal: &Seal<keys::Plan>) -> Result<PathBuf, Failure> {
    let path = seal_path(plan);
    files::replace(&path, Access::Everybody, &seal.to_bytes())?;
    Ok(path)
}

/// Adds a signature to the seal beside a plan; returns the seal's path.
pub(super) fn add(
    plan: &Path,
    bytes: &[u8],
    signer: &Signer<Workstation>,
    statement: Statement,
) -> Result<PathBuf, Failure> {
    let mut seal = read_seal(plan)?;
    add_signature(&mut seal, plan, bytes, signer, statement)?;
    write_seal(plan, &seal)
}

/// Writes a plan and its author's signature.
pub(super) fn write_signed(plan: &Path, bytes: &[u8], signer: &Signer<Workstation>) -> Result<(), Failure> {
    write_unsigned(plan, bytes)?;
    add(plan, bytes, signer, Statement::Signed).map(drop)
}

/// Writes a plan. Signatures on the very same bytes stay; those on an earlier plan of that name are void, and go.
pub(super) fn write_unsigned(plan: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let same = std::fs::read(plan).is_ok_and(|present| present == bytes);
    let seal = seal_path(plan);
    if !same && matches!(seal.try_exists(), Ok(true)) {
        std::fs::remove_file(&seal).map_err(|error| {
            Failure::new(Exit::Environment, format!("could not remove the old seal \"{}\": {error}", seal.display()))
        })?;
    }
    write_output(plan, bytes)
}

fn add_signature(
    seal: &mut Seal<keys::Plan>,
    plan: &Path,
    bytes: &[u8],
    signer: &Signer<Workstation>,
    statement: Statement,
) -> Result<(), Failure> {
    seal.sign(signer, statement, bytes).map_err(|error| {
        let path = seal_path(plan);
        Failure::from(error).with_hint(format!("\"{}\" may belong to an earlier plan: remove it if so", path.display()))
    })
}
