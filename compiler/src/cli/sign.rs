//! `pgseal sign`: a reviewer's signature on a plan.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use pgseal_catalog::Plan;
use pgseal_keys::files::{self, Guard};
use pgseal_keys::{self as keys, Kind as _, Signer, Statement, Workstation, seal_path};

use super::files::write_output;
use super::signing::{SignOptions, add, check_place, sign};
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

/// Sign a plan after reviewing it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Plan to sign; the signature goes to FILE.sig
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    how: SignOptions,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    check_place(&arguments.plan, keys::Plan::NAME, &arguments.how)?;
    let bytes = files::read(&arguments.plan, Guard::Untrusted, keys::Plan::MAX_BYTES)?;
    // nobody should sign what an agent will not read
    Plan::from_bytes(&bytes).map_err(|error| Failure::from(error).about(&arguments.plan.display().to_string()))?;
    sign::<keys::Plan>(&arguments.plan, &bytes, &arguments.how.hand()?, Statement::Signed)?;
    Ok(Exit::Done)
}

/// Writes a plan and its author's signature.
pub(super) fn write_signed(plan: &Path, bytes: &[u8], signer: &Signer<Workstation>) -> Result<(), Failure> {
    write_unsigned(plan, bytes)?;
    add::<keys::Plan>(plan, bytes, signer, Statement::Signed)
}

/// Writes a plan. Signatures on the very same bytes stay; those on an earlier plan of that name are void, and go.
pub(super) fn write_unsigned(plan: &Path, bytes: &[u8]) -> Result<(), Failure> {
    // what is no file is not read: from a pipe it would wait for what this is about to write
    let same = files::read(plan, Guard::Untrusted, keys::Plan::MAX_BYTES).is_ok_and(|present| *present == bytes);
    let seal = seal_path(plan);
    if !same && matches!(seal.try_exists(), Ok(true)) {
        std::fs::remove_file(&seal).map_err(|error| {
            Failure::new(Exit::Environment, format!("could not remove the old seal \"{}\": {error}", seal.display()))
        })?;
        let note = format!("pgseal: {} was removed: its signatures were on an earlier plan\n", seal.display());
        // with standard error gone, what it says is gone too
        let _ = std::io::stderr().write_all(note.as_bytes());
    }
    write_output(plan, bytes)
}
