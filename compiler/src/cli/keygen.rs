//! `pgseal keygen`: a new signing key.

use std::path::{Path, PathBuf};

use pgseal_keys::key_file::{self, Passphrase, Protection};

use super::files::print;
use super::passphrase::ask_for_new;
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  pgseal keygen --out alice.pem      # asks for a passphrase; writes alice.pem and alice.pub.pem
  pgseal keygen --out alice.pem --passphrase-file secret.txt
  pgseal keygen --out ci.pem --no-passphrase               # only its file mode protects it

The files are PKCS#8 and SPKI PEM: openssl pkey -in alice.pem -pubout reads them.";

/// Make a signing key: a private file and its public half
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Private key to write; the public half goes beside it as NAME.pub.pem. Neither may exist
    #[arg(long, value_name = "NAME.pem")]
    out: PathBuf,
    /// File that holds the passphrase in one line (mode 0600); without it, it is asked for on the terminal
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    passphrase_file: Option<PathBuf>,
    /// Write the key unencrypted
    #[arg(long)]
    no_passphrase: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let public = public_path(&arguments.out)?;
    key_file::check_free(&[&arguments.out, &public])?;
    let passphrase = match &arguments.passphrase_file {
        Some(path) => Some(Passphrase::read(path)?),
        None if arguments.no_passphrase => None,
        None => Some(ask_for_new()?),
    };
    let protection = passphrase.as_ref().map_or(Protection::Plain, Protection::Encrypted);
    let key = key_file::generate(&arguments.out, &public, protection)?;
    let text = format!(
        "private key: {}\npublic key:  {}\nkey id:      {}\n",
        arguments.out.display(),
        public.display(),
        key.id()
    );
    print(text.as_bytes())?;
    Ok(Exit::Done)
}

/// `x.pem` → `x.pub.pem`, `x` → `x.pub.pem`.
fn public_path(private: &Path) -> Result<PathBuf, Failure> {
    let stem = match private.extension() {
        Some(extension) if extension == "pem" => private.file_stem(),
        Some(_) | None => private.file_name(),
    };
    let mut name = stem.ok_or_else(|| Failure::new(Exit::Usage, "--out must name a file"))?.to_owned();
    name.push(".pub.pem");
    Ok(private.with_file_name(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_public_half_lies_beside() {
        assert_eq!(public_path(Path::new("a/b.pem")).unwrap(), Path::new("a/b.pub.pem"));
        assert_eq!(public_path(Path::new("key")).unwrap(), Path::new("key.pub.pem"));
        assert!(public_path(Path::new("..")).is_err());
    }
}
