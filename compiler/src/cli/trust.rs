//! `pgseal trust`: the policy that an agent demands.

use std::path::{Path, PathBuf};

use pgseal_keys::TrustPolicy;
use pgseal_keys::files::{self, Access};
use pgseal_keys::key_file;
use pgseal_keys::policy::InitialKey;

use super::files::print;
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  pgseal trust init --key alice.pub.pem --out trust.toml
  pgseal trust init --key alice.pub.pem --key bob.pub.pem --threshold 2 --out trust.toml

The file is read by pgseal-agent apply and pgseal verify. Each key is named after its file.";

/// Work with the trust policy of an agent
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Init(InitArguments),
}

/// Write a first trust policy
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InitArguments {
    /// Public key that may sign plans (repeat for several)
    #[arg(long = "key", value_name = "NAME.pub.pem", required = true)]
    keys: Vec<PathBuf>,
    /// How many distinct keys must sign a plan
    #[arg(long, value_name = "N", default_value_t = 1)]
    threshold: u32,
    /// Policy to write; it must not exist
    #[arg(long, value_name = "FILE", default_value = "trust.toml")]
    out: PathBuf,
}

pub(super) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(arguments) => init(arguments),
    }
}

fn init(arguments: &InitArguments) -> Result<Exit, Failure> {
    let keys: Vec<InitialKey> = arguments.keys.iter().map(|path| initial_key(path)).collect::<Result<_, _>>()?;
    let text = TrustPolicy::initial(&keys, arguments.threshold)
        .map_err(|error| Failure::from(error).with_exit(Exit::Usage))?;
    files::create(&arguments.out, Access::Everybody, text.as_bytes())?;
    let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
    let said = format!("{}: a plan needs {} of {}\n", arguments.out.display(), arguments.threshold, names.join(", "));
    print(said.as_bytes())?;
    Ok(Exit::Done)
}

fn initial_key(path: &Path) -> Result<InitialKey, Failure> {
    let key = key_file::read_public(path)?;
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = file.strip_suffix(".pem").unwrap_or(&file);
    let name = name.strip_suffix(".pub").unwrap_or(name).to_owned();
    Ok(InitialKey { name, key, roles: Vec::new() })
}
