//! `pgseal cosign` and `pgseal reproduce`: make the plan again, and trust nobody's machine but one's own.

use std::path::{Path, PathBuf};

use pgseal_catalog::{Plan, limits};
use pgseal_keys::{self as keys, Kind as _, Statement};

use super::files::{print, read_input, shown};
use super::inputs::{InputOptions, Inputs};
use super::said::Terminal;
use super::signing::{SignOptions, check_place, sign};
use crate::compile::CompileOptions;
use crate::report;
use pgseal_catalog::{Exit, Failure};

const COSIGN_EXAMPLES: &str = "\
Example:
  pgseal cosign plan.json --snapshot prod.json --schema schema.sql --key reviewer.pem

The plan is compiled again from your snapshot and your schema, and signed only if every byte is
the same.";

const REPRODUCE_EXAMPLES: &str = "\
Example:
  pgseal reproduce plan.json --snapshot prod.json --schema schema.sql

Exit code 0: the same bytes. 3: other bytes, and the message says what differs.";

/// Compile a plan again and sign it if the bytes are the same
#[derive(Debug, clap::Args)]
#[command(after_help = COSIGN_EXAMPLES)]
pub(super) struct CosignArguments {
    /// Plan to reproduce and sign; the signature goes to FILE.sig
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    inputs: InputOptions,
    #[command(flatten)]
    how: SignOptions,
}

/// Compile a plan again and compare the bytes
#[derive(Debug, clap::Args)]
#[command(after_help = REPRODUCE_EXAMPLES)]
pub(super) struct ReproduceArguments {
    /// Plan to reproduce
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    inputs: InputOptions,
}

pub(super) fn cosign(arguments: &CosignArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    check_place(&arguments.plan, keys::Plan::NAME, &arguments.how)?;
    // a wrong passphrase should not cost a compilation
    let hand = arguments.how.hand()?;
    let bytes = reproduced(&arguments.plan, &arguments.inputs, terminal)?;
    sign::<keys::Plan>(&arguments.plan, &bytes, &hand, Statement::Reproduced)?;
    Ok(Exit::Done)
}

pub(super) fn reproduce(arguments: &ReproduceArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let bytes = reproduced(&arguments.plan, &arguments.inputs, terminal)?;
    let digest = pgseal_catalog::Digest::of(&bytes);
    print(format!("{}: reproduced, sha256 {digest}\n", shown(&arguments.plan)).as_bytes())?;
    Ok(Exit::Done)
}

/// The bytes of the plan, if compiling it again gives the same.
fn reproduced(path: &Path, options: &InputOptions, terminal: &Terminal) -> Result<Vec<u8>, Failure> {
    let bytes = read_input(path, limits::MAX_PLAN_BYTES)?;
    let theirs = Plan::from_bytes(&bytes).map_err(|error| Failure::from(error).about(&shown(path)))?;
    let inputs = options.read()?;
    if let Some(detail) = other_inputs(&theirs, &inputs) {
        return Err(not_reproduced(path, detail));
    }
    // what a compilation cannot know is taken from the plan, and shown to whoever vouches for it
    tell_terms(&theirs);
    let compile_options = CompileOptions { binding: theirs.binding.clone(), timeouts: theirs.timeouts };
    let ours = inputs.compile(&compile_options, terminal)?.plan;
    if ours.to_bytes() == bytes {
        return Ok(bytes);
    }
    Err(not_reproduced(path, difference(&theirs, &ours)))
}

/// Says what of a plan follows from no input.
fn tell_terms(plan: &Plan) {
    use std::io::Write as _;
    let mut said = "taken from the plan, and from nothing else:\n".to_owned();
    for line in report::human::binding(plan).iter().chain([&report::human::waits(plan)]) {
        said.push_str(&format!("  {line}\n"));
    }
    // with standard error gone there is nobody to tell
    let _ = std::io::stderr().write_all(said.as_bytes());
}

fn not_reproduced(path: &Path, detail: String) -> Failure {
    Failure::new(Exit::Refused, format!("{} is not what these inputs compile to", shown(path)))
        .with_code("K0340")
        .with_detail(detail)
}

/// Which input is not the one that the plan was made from.
fn other_inputs(plan: &Plan, inputs: &Inputs) -> Option<String> {
    if plan.inputs.snapshot != inputs.snapshot_digest() {
        let (theirs, ours) = (plan.inputs.snapshot, inputs.snapshot_digest());
        let said = format!("the plan was made from a snapshot with sha256 {theirs}, and this one has {ours}");
        let same = inputs.snapshot_fingerprint() == Some(plan.source.fingerprint);
        let why = "the same schema, other statistics or another capture: use the file that the plan was made from";
        return Some(if same { format!("{said} ({why})") } else { said });
    }
    let ours = inputs.schema_digests();
    for (name, digest) in &plan.inputs.schema {
        match ours.get(name) {
            None => return Some(format!("the plan was also made from schema file \"{name}\"")),
            Some(found) if found != digest => {
                return Some(format!("schema file \"{name}\" had sha256 {digest} when the plan was made"));
            }
            Some(_) => {}
        }
    }
    ours.keys()
        .find(|name| !plan.inputs.schema.contains_key(*name))
        .map(|name| format!("the plan was made without schema file \"{name}\""))
}

/// The first thing in which two plans from the same inputs differ.
fn difference(theirs: &Plan, ours: &Plan) -> String {
    if theirs.compiler != ours.compiler {
        return format!("it was compiled by version {}, this is {}", theirs.compiler, ours.compiler);
    }
    let steps = |plan: &Plan| -> Vec<String> {
        plan.phases.iter().flat_map(|phase| &phase.steps).map(|step| step.sql.clone()).collect()
    };
    let (theirs_sql, ours_sql) = (steps(theirs), steps(ours));
    let differs = theirs_sql.iter().zip(&ours_sql).position(|(a, b)| a != b);
    match differs {
        Some(at) => format!("step {} is another statement", at + 1),
        None if theirs_sql.len() != ours_sql.len() => {
            format!("it has {} steps instead of {}", theirs_sql.len(), ours_sql.len())
        }
        None if theirs.target != ours.target => "it promises another result".to_owned(),
        None => "its statements are the same, but not what it says about them".to_owned(),
    }
}
