//! `pgseal plan`: snapshot and schema in, plan out.

use std::path::{Path, PathBuf};

use pgseal_catalog::Plan;
use pgseal_catalog::plan::{Binding, HazardKind, Timeouts};

use super::files::{is_stream, print, write_output};
use super::inputs::InputOptions;
use super::passphrase::{PassphraseOption, signer};
use super::said::Terminal;
use super::sign;
use crate::compile::CompileOptions;
use crate::diagnostic::render::Colour;
use crate::report;
use pgseal_catalog::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  pgseal plan --snapshot prod.json --schema schema.sql                     # look only
  pgseal plan --snapshot prod.json --schema schema/ --out plan.json --key me.pem
  pgseal plan --snapshot prod.json --schema schema.sql --out plan.json --key me.pem \\
    --allow data-loss
  pgseal plan --snapshot prod.json --schema schema.sql --out plan.json \\
    --target staging --target production --expires 2027-01-01T00:00:00Z

A plan that loses data is written for review but not signed (exit 9), unless --allow data-loss
is given.
The same inputs give the same bytes on every machine: pgseal cosign and pgseal reproduce rely on
it.";

/// Make a plan that brings a database to a schema
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    inputs: InputOptions,
    /// Plan to write, or - for standard output; nothing is written without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Private key that signs the plan; the signature goes to FILE.sig (needs --out)
    #[arg(long, value_name = "FILE", requires = "out")]
    key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseOption,
    /// Sign a plan although it has this hazard: data-loss
    #[arg(long, value_enum, value_name = "HAZARD", hide_possible_values = true)]
    allow: Vec<Allowed>,
    /// Report for people: - for standard output (the default), or a file
    #[arg(long, value_name = "FILE")]
    output_human: Option<PathBuf>,
    /// The statements as a script to read: - for standard output, or a file
    #[arg(long, value_name = "FILE")]
    output_sql: Option<PathBuf>,
    /// Exit with 20 when there are changes
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    limits: LimitOptions,
}

/// Hazards that stand in the way of signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Allowed {
    /// Rows or values go
    DataLoss,
}

/// Where the plan may be applied, and how long it may wait there.
#[derive(Debug, clap::Args)]
struct LimitOptions {
    /// Target that the plan is for, as trust policies name it (repeat for several); any without it
    #[arg(long, value_name = "LABEL")]
    target: Vec<String>,
    /// Name that the database must have
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    /// Identifier that the server must have (system_identifier of pg_control_system())
    #[arg(long, value_name = "NUMBER")]
    system_identifier: Option<String>,
    /// The plan is not applied before this time, such as 2027-01-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    valid_from: Option<i64>,
    /// The plan is not applied from this time on
    #[arg(long, value_name = "TIME", value_parser = moment)]
    expires: Option<i64>,
    /// The plan's place among the plans of its targets: an agent with a memory goes only forward (needs --target)
    #[arg(long, value_name = "N", requires = "target")]
    sequence: Option<u64>,
    /// The plan may be applied more than once to the same database
    #[arg(long)]
    reusable: bool,
    /// How long a statement waits for a lock, in milliseconds; 0 for no limit
    #[arg(long, value_name = "MS")]
    lock_timeout: Option<u64>,
    /// How often a phase is tried again after a lock timeout
    #[arg(long, value_name = "N")]
    lock_retries: Option<u32>,
    /// How long a statement may run, in milliseconds; 0 for no limit
    #[arg(long, value_name = "MS")]
    statement_timeout: Option<u64>,
}

/// A time as seconds since 1970. What begins or ends when is an option, never this machine's clock: everybody must be able to make
/// the same plan again.
fn moment(text: &str) -> Result<i64, String> {
    pgseal_keys::moment::read(text)
        .and_then(|seconds| i64::try_from(seconds).ok())
        .ok_or_else(|| "a time with its offset is needed, like 2027-01-01T00:00:00Z".to_owned())
}

impl LimitOptions {
    fn compile_options(&self) -> Result<CompileOptions, Failure> {
        let options = CompileOptions::default();
        let timeouts = Timeouts {
            lock_ms: self.lock_timeout.unwrap_or(options.timeouts.lock_ms),
            lock_retries: self.lock_retries.unwrap_or(options.timeouts.lock_retries),
            statement_ms: self.statement_timeout.unwrap_or(options.timeouts.statement_ms),
        };
        let binding = Binding {
            targets: self.target.iter().cloned().collect(),
            database: self.database.clone(),
            system_identifier: self.system_identifier.clone(),
            not_before: self.valid_from,
            expires: self.expires,
            sequence: self.sequence,
            reusable: self.reusable,
        };
        binding
            .check()
            .map_err(|reason| Failure::new(Exit::Usage, format!("the plan could never be applied: {reason}")))?;
        Ok(CompileOptions { binding, timeouts })
    }
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    check_streams(arguments)?;
    // a wrong passphrase should not cost a compilation
    let signer = arguments.key.as_deref().map(|key| signer(key, &arguments.passphrase)).transpose()?;
    let options = arguments.limits.compile_options()?;
    let inputs = arguments.inputs.read()?;
    let plan = inputs.compile(&options, terminal)?.plan;
    let bytes = plan.to_bytes();
    let refused = plan.hazards.contains(&HazardKind::DataLoss) && !arguments.allow.contains(&Allowed::DataLoss);

    if let Some(path) = &arguments.out {
        match (&signer, is_stream(path)) {
            (_, true) => print(&bytes)?,
            (Some(signer), false) if !refused => sign::write_signed(path, &bytes, signer)?,
            (_, false) => sign::write_unsigned(path, &bytes)?,
        }
    }
    if let Some(path) = &arguments.output_sql {
        write_output(path, report::sql::render(&plan).as_bytes())?;
    }
    write_human(arguments, &plan, terminal)?;
    if refused {
        eprint_not_signed(arguments.out.as_deref(), signer.is_some());
        return Ok(Exit::NotSigned);
    }
    let changes = !plan.phases.is_empty();
    Ok(if changes && arguments.detailed_exitcode { Exit::Changes } else { Exit::Done })
}

fn check_streams(arguments: &Arguments) -> Result<(), Failure> {
    let outputs = [&arguments.out, &arguments.output_human, &arguments.output_sql];
    if outputs.into_iter().flatten().filter(|path| is_stream(path)).count() > 1 {
        return Err(Failure::new(Exit::Usage, "only one output can go to standard output"));
    }
    let goes_by = |path: &Path| is_stream(path) || pgseal_keys::files::is_stream(path);
    if arguments.key.is_some() && arguments.out.as_deref().is_some_and(goes_by) {
        let message = "a plan on standard output cannot be signed: there is no place for FILE.sig";
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(())
}

/// Writes the report where it was asked for; to standard output when nothing else goes there.
fn write_human(arguments: &Arguments, plan: &Plan, terminal: &Terminal) -> Result<(), Failure> {
    match &arguments.output_human {
        Some(path) if !is_stream(path) => write_output(path, report::human::render(plan, Colour::Never).as_bytes()),
        Some(_) => print(report::human::render(plan, terminal.output_colour()).as_bytes()),
        None if [&arguments.out, &arguments.output_sql].into_iter().flatten().any(|path| is_stream(path)) => Ok(()),
        None => print(report::human::render(plan, terminal.output_colour()).as_bytes()),
    }
}

fn eprint_not_signed(out: Option<&Path>, keyed: bool) {
    use std::io::Write as _;
    let what = match out {
        Some(path) => format!("{} was written for review, not signed", path.display()),
        None => "the plan would not be signed".to_owned(),
    };
    let hint = match (keyed, out) {
        (true, _) => "\"pgseal sign\" signs it after review, and --allow data-loss at once",
        (false, Some(_)) => "\"pgseal sign\" signs it after review; with --allow data-loss the exit code is 0",
        (false, None) => "--out writes it, and \"pgseal sign\" signs it after review",
    };
    let text = format!("pgseal: {what}: it loses data\n  hint: {hint}\n");
    // with standard error gone, the exit code still says it
    let _ = std::io::stderr().write_all(text.as_bytes());
}
