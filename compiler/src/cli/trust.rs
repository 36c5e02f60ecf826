//! `pgseal trust`: the policy that an agent demands.

use std::path::{Path, PathBuf};

use pgseal_keys::files::{self, Access, Guard};
use pgseal_keys::key_file;
use pgseal_keys::kind::Purpose;
use pgseal_keys::policy::InitialKey;
use pgseal_keys::{Kind as _, Received, Statement, TrustPolicy, TrustPolicyDocument};

use super::files::print;
use super::signing::{SignOptions, check_place, sign};
use super::verify::now;
use pgseal_catalog::{Digest, Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  pgseal trust init --key alice.pub.pem --out trust.toml
  pgseal trust init --key alice.pub.pem --key bob.pub.pem --threshold 2 --out trust.toml
  pgseal trust init --key alice.pub.pem --agent-key agent.pub.pem --out trust.toml

The file is read by pgseal-agent apply and pgseal verify. Each key is named after its file.";

/// Work with the trust policy of an agent
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Init(InitArguments),
    Show(ShowArguments),
    Sign(SignArguments),
    Verify(VerifyArguments),
}

/// Write a first trust policy
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InitArguments {
    /// Public key that may sign plans (repeat for several)
    #[arg(long = "key", value_name = "NAME.pub.pem", required = true)]
    keys: Vec<PathBuf>,
    /// Public key of an agent, which may sign snapshots and receipts and no plans (repeat for several)
    #[arg(long = "agent-key", value_name = "NAME.pub.pem")]
    agent_keys: Vec<PathBuf>,
    /// How many distinct keys must sign a plan
    #[arg(long, value_name = "N", default_value_t = 1)]
    threshold: u32,
    /// Policy to write; it must not exist
    #[arg(long, value_name = "FILE", default_value = "trust.toml")]
    out: PathBuf,
}

/// Say in words what a trust policy demands, and its sha256
#[derive(Debug, clap::Args)]
pub(super) struct ShowArguments {
    /// Policy to show
    #[arg(value_name = "POLICY")]
    policy: PathBuf,
}

fn show(arguments: &ShowArguments) -> Result<Exit, Failure> {
    let path = arguments.policy.display();
    let bytes = files::read(&arguments.policy, Guard::Trusted, TrustPolicyDocument::MAX_BYTES)?;
    let policy = TrustPolicy::read(&bytes).map_err(|error| Failure::from(error).about(&path.to_string()))?;
    let mut said =
        format!("{path}: trust policy version {}\nsha256: {}\n", policy.policy_version(), Digest::of(&bytes));
    for line in policy.in_words() {
        said.push_str(&shown(&line));
        said.push('\n');
    }
    print(said.as_bytes())?;
    Ok(Exit::Done)
}

/// What a terminal could take for a command is replaced.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

const SIGN_EXAMPLES: &str = "\
Examples:
  pgseal trust sign trust.toml --key alice.pem         # writes trust.toml.sig, or adds to it
  pgseal trust sign trust.toml --export-tbs to-sign.bin
  pgseal trust sign trust.toml --attach alice.sig --public-key alice.pub.pem

An agent with a memory (pgseal-agent --state) accepts a changed policy only with a higher
policy_version, signed by the keys that its present policy demands for that.";

/// Sign the next version of a trust policy after reviewing it
#[derive(Debug, clap::Args)]
#[command(after_help = SIGN_EXAMPLES)]
pub(super) struct SignArguments {
    /// Policy to sign; the signature goes to FILE.sig
    #[arg(value_name = "POLICY")]
    policy: PathBuf,
    #[command(flatten)]
    how: SignOptions,
}

const VERIFY_EXAMPLES: &str = "\
Example:
  pgseal trust verify next/trust.toml --after trust.toml

Exit code 0: agents that hold the old policy accept the new one. 3: they do not, and the message
says why.";

/// Check whether a trust policy may follow another one
#[derive(Debug, clap::Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(super) struct VerifyArguments {
    /// New policy; its seal is FILE.sig
    #[arg(value_name = "POLICY")]
    policy: PathBuf,
    /// Policy that agents hold now
    #[arg(long, value_name = "FILE")]
    after: PathBuf,
}

pub(super) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(arguments) => init(arguments),
        Command::Show(arguments) => show(arguments),
        Command::Sign(arguments) => sign_policy(arguments),
        Command::Verify(arguments) => verify(arguments),
    }
}

fn sign_policy(arguments: &SignArguments) -> Result<Exit, Failure> {
    check_place(&arguments.policy, TrustPolicyDocument::NAME, &arguments.how)?;
    let bytes = files::read(&arguments.policy, Guard::Trusted, TrustPolicyDocument::MAX_BYTES)?;
    // nobody should sign what an agent will not read
    let policy = TrustPolicy::read(&bytes);
    let policy = policy.map_err(|error| Failure::from(error).about(&arguments.policy.display().to_string()))?;
    let hand = arguments.how.hand()?;
    sign::<TrustPolicyDocument>(&arguments.policy, &bytes, &hand, Statement::Signed)?;
    if let Some(key) = hand.public_key()
        && !policy
            .keys()
            .iter()
            .any(|known| known.key == key && known.signs.contains(&Purpose::TrustPolicy) && !known.revoked)
    {
        let said = format!(
            "note: by \"{}\" itself that key may sign no policies: its signature counts where the version before it says so \
             (pgseal trust verify --after)\n",
            arguments.policy.display()
        );
        // with standard error gone, the signature is there all the same
        let _ = std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes());
    }
    Ok(Exit::Done)
}

fn verify(arguments: &VerifyArguments) -> Result<Exit, Failure> {
    let old = files::read(&arguments.after, Guard::Trusted, TrustPolicyDocument::MAX_BYTES)?;
    let received = Received::<TrustPolicyDocument>::read(&arguments.policy, None)?;
    let (old, new) = received.succeed(&old, now()?)?;
    let mut said = format!(
        "{}: version {} may follow version {}\n",
        arguments.policy.display(),
        new.policy_version(),
        old.policy_version()
    );
    for change in new.changes_since(&old) {
        said.push_str(&format!("  {}\n", shown(&change)));
    }
    print(said.as_bytes())?;
    Ok(Exit::Done)
}

fn init(arguments: &InitArguments) -> Result<Exit, Failure> {
    let keys: Vec<InitialKey> =
        arguments.keys.iter().map(|path| initial_key(path, Vec::new())).collect::<Result<_, _>>()?;
    let says = || vec![Purpose::Snapshot, Purpose::Receipt];
    let agents: Vec<InitialKey> =
        arguments.agent_keys.iter().map(|path| initial_key(path, says())).collect::<Result<_, _>>()?;
    let all: Vec<InitialKey> = keys.iter().chain(&agents).cloned().collect();
    let text =
        TrustPolicy::initial(&all, arguments.threshold).map_err(|error| Failure::from(error).with_exit(Exit::Usage))?;
    files::create(&arguments.out, Access::Everybody, text.as_bytes())?;
    let names: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
    let said = format!("{}: a plan needs {} of {}\n", arguments.out.display(), arguments.threshold, names.join(", "));
    print(said.as_bytes())?;
    Ok(Exit::Done)
}

fn initial_key(path: &Path, signs: Vec<Purpose>) -> Result<InitialKey, Failure> {
    let key = key_file::read_public(path)?;
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = file.strip_suffix(".pem").unwrap_or(&file);
    let name = name.strip_suffix(".pub").unwrap_or(name).to_owned();
    Ok(InitialKey { name, key, roles: Vec::new(), signs })
}
