//! `pgseal sign`: a reviewer's signature on a plan.

use std::path::{Path, PathBuf};

use pgseal_catalog::Plan;
use pgseal_keys::files::{self, Access, Guard};
use pgseal_keys::seal::MAX_SEAL_BYTES;
use pgseal_keys::{self as keys, Kind as _, Seal, Signer, Statement, Workstation};

use super::exit::Exit;
use super::failure::Failure;
use super::files::{is_stream, print};
use super::passphrase::{KeyOptions, signer};

const EXAMPLES: &str = "\
Examples:
  pgseal show plan.json                         # look before you sign
  pgseal sign plan.json --key alice.pem         # writes plan.json.sig, or adds to it

The signature covers the exact bytes of the file: any later change voids it.";

/// Sign a plan after reviewing it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Plan to sign; the signature goes to FILE.sig
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    key: KeyOptions,
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
    let signer = signer(&arguments.key.key, &arguments.key.passphrase)?;
    let seal = add_signature(&arguments.plan, &bytes, &signer, Statement::Signed)?;
    let said = format!("{}: signed with key {}\n", seal.display(), signer.public_key().id());
    print(said.as_bytes())?;
    Ok(Exit::Done)
}

/// Where the seal of a document lies.
pub(super) fn seal_path(document: &Path) -> PathBuf {
    let mut path = document.as_os_str().to_owned();
    path.push(".sig");
    PathBuf::from(path)
}

/// Adds a signature over `bytes` to the seal beside the plan; returns the seal's path.
pub(super) fn add_signature(
    plan: &Path,
    bytes: &[u8],
    signer: &Signer<Workstation>,
    statement: Statement,
) -> Result<PathBuf, Failure> {
    let path = seal_path(plan);
    let mut seal = match path.try_exists() {
        Ok(false) => Seal::<keys::Plan>::default(),
        _ => {
            let present = files::read(&path, Guard::Untrusted, MAX_SEAL_BYTES)?;
            Seal::read(&present).map_err(|error| Failure::from(error).about(&path.display().to_string()))?
        }
    };
    seal.sign(signer, statement, bytes).map_err(|error| {
        Failure::from(error).with_hint(format!("\"{}\" may belong to an earlier plan: remove it if so", path.display()))
    })?;
    files::replace(&path, Access::Everybody, &seal.to_bytes())?;
    Ok(path)
}
