//! `pgseal receipt`: what an agent says it did, once its signature is checked, and whether its receipts are complete.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pgseal_catalog::receipt::{Chain, Command as Asked, Extent, Keys, Outcome, Placed, Receipt, judge};
use pgseal_catalog::{Digest, Exit, Failure, Plan, limits};
use pgseal_keys::files::{self, Guard};
use pgseal_keys::{self as keys, Received, TrustPolicy, Unverified, Verified, moment};

use super::files::print;

/// Check the receipts of agents
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Show(ShowArguments),
    Verify(VerifyArguments),
}

const SHOW_EXAMPLES: &str = "\
Examples:
  pgseal receipt show receipt.json --trust trust.toml
  pgseal receipt show receipt.json --trust trust.toml --plan plan.json   # is it about this plan?

Exit code 0 means that the receipt is genuine, not that the run went well: read its outcome.";

/// Check an agent's receipt and show what it says
#[derive(Debug, clap::Args)]
#[command(after_help = SHOW_EXAMPLES)]
pub(super) struct ShowArguments {
    /// Receipt to check; its seal is FILE.sig
    #[arg(value_name = "RECEIPT")]
    receipt: PathBuf,
    /// Trust policy that names the agent's key
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// Plan that it must be about
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  pgseal receipt verify receipts/ --trust trust.toml
  pgseal receipt verify one.json two.json --trust trust.toml --plan plan.json
  pgseal receipt verify receipts/ --trust trust.toml --from-first

Every receipt names the one before, so what is missing between two of them is found out, and told
by its number and sha256. What comes after the last one is not: compare its sha256 with what the
agent's state folder remembers. Receipts of several agents are told apart, and a chain is of one
key: another agent's, though trusted, cannot go on with it (--allow-key-change after a rotation).
A clock that went back between two receipts is told, and is no reason to refuse them.

Exit code 0 means that the receipts are genuine and complete, not that the runs went well.";

/// Check receipts: who signed them, that none is missing between them, and which plans they are about
#[derive(Debug, clap::Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(super) struct VerifyArguments {
    /// Receipts to check, or folders of them (*.json); the seal of each is FILE.sig
    #[arg(value_name = "RECEIPT|DIR", required = true)]
    receipts: Vec<PathBuf>,
    /// Trust policy that names the agents' keys
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// Plan that they are about (repeat for several); each receipt must be about one of them
    #[arg(long = "plan", value_name = "FILE")]
    plans: Vec<PathBuf>,
    /// Demand every receipt from the agent's first one on
    #[arg(long)]
    from_first: bool,
    /// Accept that a chain goes over to another key: the agent's own was exchanged
    #[arg(long)]
    allow_key_change: bool,
}

pub(super) fn run(command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Show(arguments) => show(arguments),
        Command::Verify(arguments) => verify(arguments),
    }
}

/// A receipt whose signature was checked.
struct Genuine {
    name: String,
    signers: String,
    digest: Digest,
    receipt: Receipt,
}

impl Genuine {
    fn read(path: &Path, policy: &TrustPolicy) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let received = Received::<keys::Receipt>::read(path, None)?;
        let digest = received.digest();
        let unverified: Unverified<keys::Receipt> = received.unverified();
        let mut read = None;
        let verified = unverified.verify_as_of_its_end(policy, |bytes| {
            let receipt = Receipt::from_bytes(bytes).map_err(Failure::from)?;
            let ended = moment::read(&receipt.finished_at);
            read = Some(receipt);
            ended.ok_or_else(|| Failure::new(Exit::InvalidInput, "the receipt does not say when its run ended"))
        });
        let verified = verified.map_err(|failure| with_advice(failure).about(&name))?;
        let receipt = read.ok_or_else(|| Failure::new(Exit::Refused, "the receipt was not read").about(&name))?;
        if !verified.signers().iter().any(|signer| Some(signer.key.id().to_string()) == receipt.key) {
            return Err(other_key_named(receipt.key.as_deref(), &verified).about(&name));
        }
        let signers: Vec<String> =
            verified.signers().iter().map(|signer| format!("{} ({})", signer.name, signer.key.id().short())).collect();
        Ok(Self { name, signers: signers.join(", "), digest, receipt })
    }
}

/// A receipt names the key that seals it, so that no other agent's key can go on with its chain.
fn other_key_named(named: Option<&str>, verified: &Verified<keys::Receipt>) -> Failure {
    let sealed: Vec<String> =
        verified.signers().iter().map(|signer| format!("{} of {}", signer.key.id(), signer.name)).collect();
    let sealed = format!("it is sealed by key {}", sealed.join(", "));
    let failure = Failure::new(Exit::Refused, "the receipt does not name the key that sealed it").with_code("R0102");
    match named {
        Some(named) => failure.with_detail(format!("it names key {named}")).with_detail(sealed).with_hint(
            "somebody else's receipt was sealed again, or the agent's key was exchanged while it ran: ask who has that key",
        ),
        None => failure.with_detail("it names no key").with_detail(sealed).with_hint(
            "agents of early versions named none: verify theirs with the pgseal of that time, and let the new agent begin a new folder",
        ),
    }
}

/// Advice for whoever holds a receipt, who is not the one that seals it.
fn with_advice(failure: Failure) -> Failure {
    let advice = match failure.code() {
        Some("K0100" | "K0103") => "an agent seals its receipts where it is run with --key",
        Some("K0113") => "it or its seal was altered since: get both again from where the agent runs",
        Some("K0301") => "if this is an agent's key, the trust policy has to name it",
        Some("K0304") => "what a revoked key has sealed proves nothing: look at pgseal.ledger in the database",
        Some("K0305" | "K0306") => "the key was not valid when, by its own word, the run ended",
        Some(_) | None => return failure,
    };
    failure.with_hint(advice)
}

/// A plan to hold receipts against.
struct Known {
    digest: Digest,
    plan: Plan,
}

impl Known {
    fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = files::read(path, Guard::Untrusted, limits::MAX_PLAN_BYTES)?;
        let plan = Plan::from_bytes(&bytes).map_err(|error| Failure::from(error).about(&path.display().to_string()))?;
        Ok(Self { digest: Digest::of(&bytes), plan })
    }
}

fn show(arguments: &ShowArguments) -> Result<Exit, Failure> {
    let policy = keys::read_policy(&arguments.trust)?;
    let genuine = Genuine::read(&arguments.receipt, &policy)?;
    if let Some(path) = &arguments.plan {
        matches_one(&genuine, &[Known::read(path)?])?;
    }
    let said = format!("signed by {}\n{}", genuine.signers, describe(&genuine.receipt));
    print(said.as_bytes())?;
    Ok(Exit::Done)
}

fn verify(arguments: &VerifyArguments) -> Result<Exit, Failure> {
    let policy = keys::read_policy(&arguments.trust)?;
    let plans: Vec<Known> = arguments.plans.iter().map(|path| Known::read(path)).collect::<Result<_, _>>()?;
    let (mut receipts, mut bad) = (Vec::new(), Vec::new());
    for path in expand(&arguments.receipts)? {
        let genuine = Genuine::read(&path, &policy).and_then(|genuine| match plans.is_empty() {
            true => Ok(genuine),
            false => matches_one(&genuine, &plans).map(|()| genuine),
        });
        match genuine {
            Ok(genuine) => receipts.push(genuine),
            Err(failure) => bad.push(failure),
        }
    }
    refuse(bad, receipts.len())?;
    let placed: Vec<Placed> = receipts
        .iter()
        .map(|Genuine { name, digest, receipt, .. }| Placed {
            name: name.clone(),
            digest: *digest,
            link: receipt.chain,
            key: receipt.key.clone(),
        })
        .collect();
    let extent = if arguments.from_first { Extent::FromFirst } else { Extent::Between };
    let keys = if arguments.allow_key_change { Keys::MayChange } else { Keys::One };
    let chains = judge(&placed, extent, keys)?;
    receipts.sort_by(|a, z| {
        let key = |genuine: &Genuine| (genuine.receipt.chain.chain(genuine.digest), genuine.receipt.chain.number);
        key(a).cmp(&key(z)).then_with(|| a.name.cmp(&z.name))
    });
    // the same receipt may be given twice
    receipts.dedup_by_key(|genuine| genuine.digest);
    print(told(&receipts, &chains).as_bytes())?;
    Ok(Exit::Done)
}

/// Names every receipt that is refused, not only the first.
fn refuse(mut bad: Vec<Failure>, good: usize) -> Result<(), Failure> {
    if bad.len() < 2 {
        return bad.pop().map_or(Ok(()), Err);
    }
    let message = format!("{} of {} receipts are refused", bad.len(), bad.len().saturating_add(good));
    let mut all = Failure::new(bad.first().map_or(Exit::Refused, |first| first.exit), message);
    if let Some(code) = bad.first().and_then(Failure::code) {
        all = all.with_code(code);
    }
    Err(bad.iter().fold(all, |all, failure| {
        let code = failure.code().map_or_else(String::new, |code| format!(" [{code}]"));
        all.with_detail(format!("{}{code}", failure.message()))
    }))
}

/// The files that are named, and those in the folders that are named.
fn expand(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in named {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let failed = |error: std::io::Error| {
            Failure::from_error(Exit::Environment, &error).about(&format!("folder \"{}\"", path.display()))
        };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                found.push(path);
            }
        }
        if found.is_empty() {
            let message = format!("there is no receipt (*.json) in folder \"{}\"", path.display());
            return Err(Failure::new(Exit::InvalidInput, message));
        }
        found.sort();
        all.append(&mut found);
    }
    Ok(all)
}

/// A line per receipt, chain by chain.
fn told(receipts: &[Genuine], chains: &[Chain]) -> String {
    let mut said = String::new();
    for chain in chains {
        let before = match chain.from {
            1 => String::new(),
            2 => "; receipt 1 was not given".to_owned(),
            from => format!("; receipts 1 to {} were not given", from - 1),
        };
        // writing to a string cannot fail
        let _ = match chain.from == chain.to {
            true => writeln!(said, "chain {}: receipt {}{before}", short(chain.first), chain.to),
            false => writeln!(said, "chain {}: receipts {} to {}{before}", short(chain.first), chain.from, chain.to),
        };
        let mut before = None;
        for genuine in receipts.iter().filter(|genuine| genuine.receipt.chain.chain(genuine.digest) == chain.first) {
            let Receipt { chain, finished_at, .. } = &genuine.receipt;
            let _ = writeln!(said, "  {}: {finished_at} {}", chain.number, plain(&summary(genuine)));
            let ended = moment::read(finished_at);
            if ended < before {
                let _ = writeln!(said, "  {0}: note: the clock of the agent's host went back before {0}", chain.number);
            }
            before = ended;
        }
        let _ = writeln!(said, "  the sha256 of {} is {}", chain.to, chain.last);
    }
    said
}

fn summary(genuine: &Genuine) -> String {
    let receipt = &genuine.receipt;
    let mut text = match receipt.command {
        Asked::Apply => "apply".to_owned(),
        Asked::Check => "check".to_owned(),
    };
    if let Some(plan) = receipt.plan {
        let _ = write!(text, " of plan {}", short(plan));
    }
    if let Some(database) = &receipt.database {
        let _ = write!(text, " to \"{database}\"");
    }
    let _ = write!(text, ": {}", outcome(receipt));
    if let Some(code) = &receipt.code {
        let _ = write!(text, " [{code}]");
    }
    let _ = write!(text, "; signed by {}", genuine.signers);
    text
}

fn short(digest: Digest) -> String {
    digest.to_string().chars().take(12).collect()
}

/// What a terminal could take for a command is replaced.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

/// Checks that a receipt is about one of these plans, statement by statement.
fn matches_one(genuine: &Genuine, plans: &[Known]) -> Result<(), Failure> {
    let about = |failure: Failure| failure.about(&genuine.name);
    let named = plans.iter().find(|known| Some(known.digest) == genuine.receipt.plan);
    let Some(known) = named else {
        let of = genuine.receipt.plan.map_or("none that could be read".to_owned(), |digest| digest.to_string());
        let failure = other_plan(format!("the receipt's is {of}"));
        return Err(about(
            plans.iter().fold(failure, |failure, known| failure.with_detail(format!("not {}", known.digest))),
        ));
    };
    matches_plan(&genuine.receipt, &known.plan).map_err(about)
}

fn other_plan(detail: String) -> Failure {
    Failure::new(Exit::Refused, "the receipt is about another plan").with_code("R0101").with_detail(detail)
}

/// Checks that what was executed are the plan's own statements, and what was reached its checkpoints.
fn matches_plan(receipt: &Receipt, plan: &Plan) -> Result<(), Failure> {
    let phase =
        |number: u32| usize::try_from(number).ok().and_then(|n| n.checked_sub(1)).and_then(|n| plan.phases.get(n));
    let unknown = |number: u32| other_plan(format!("the plan has no phase {number}"));
    let same = |step: &pgseal_catalog::plan::Step, ran: Digest| Digest::of(step.sql.as_bytes()) == ran;
    for record in &receipt.phases {
        let phase = phase(record.phase).ok_or_else(|| unknown(record.phase))?;
        let all = phase.steps.len() == record.steps.len()
            && phase.steps.iter().zip(&record.steps).all(|(step, ran)| same(step, ran.sql));
        // outside a transaction an earlier try or run may have got that far
        let found_done = !phase.transaction && record.steps.is_empty();
        if !(all || found_done) || phase.checkpoint.fingerprint != record.checkpoint {
            let detail = format!("phase {} ran other statements or reached another checkpoint", record.phase);
            return Err(other_plan(detail));
        }
    }
    if let Some(record) = &receipt.unfinished {
        let phase = phase(record.phase).ok_or_else(|| unknown(record.phase))?;
        let begun = record.steps.len() <= phase.steps.len()
            && phase.steps.iter().zip(&record.steps).all(|(step, ran)| same(step, ran.sql));
        if !begun {
            return Err(other_plan(format!("phase {} began other statements", record.phase)));
        }
    }
    Ok(())
}

fn outcome(receipt: &Receipt) -> &'static str {
    match receipt.outcome {
        Outcome::Applied => "applied, the database is at the target",
        Outcome::NothingToDo => "nothing to do, the database was at the target already",
        Outcome::Applicable => "could be applied, nothing was",
        Outcome::Refused => "refused before anything ran",
        Outcome::Failed if receipt.phases.is_empty() && receipt.unfinished.is_none() => "failed before anything ran",
        Outcome::Failed => "failed, what was not committed was rolled back",
    }
}

fn describe(receipt: &Receipt) -> String {
    let mut text = format!("outcome:  {} (exit code {})\n", outcome(receipt), receipt.exit_code);
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:<9} {}", plain(value));
    };
    let code = receipt.code.as_ref().map_or_else(String::new, |code| format!(" [{code}]"));
    if let Some(message) = &receipt.message {
        line("message:", &format!("{message}{code}"));
    }
    receipt.details.iter().for_each(|detail| line("detail:", detail));
    line(
        "command:",
        match receipt.command {
            Asked::Apply => "apply",
            Asked::Check => "check",
        },
    );
    if let Some(plan) = receipt.plan {
        line("plan:", &plan.to_string());
    }
    for signer in &receipt.signers {
        let key: String = signer.key.chars().take(16).collect();
        line("accepted:", &format!("{} by {} ({key})", signer.statements.join(" and "), signer.name));
    }
    if let Some(policy) = receipt.policy {
        line("policy:", &format!("version {}, {}", policy.version, policy.sha256));
    }
    receipt.target.iter().for_each(|target| line("target:", target));
    receipt.database.iter().for_each(|database| line("database:", database));
    receipt.system_identifier.iter().for_each(|identifier| line("cluster:", identifier));
    line("started:", &receipt.started_at);
    line("finished:", &receipt.finished_at);
    receipt.before.iter().for_each(|before| line("before:", &before.to_string()));
    for record in &receipt.phases {
        let (steps, ms, waited) = (record.steps.len(), record.duration_ms, record.lock_wait_ms);
        let label = format!("phase {}:", record.phase);
        line(&label, &format!("{steps} statements in {ms} ms, {waited} ms for locks, {} retries", record.retries));
        line("", &format!("to {}", record.checkpoint));
        if record.without_ledger {
            line("", "not in the ledger, which the role may not keep");
        }
    }
    if let Some(record) = &receipt.unfinished {
        let place =
            record.step.map_or_else(|| "the agent's own statements".to_owned(), |step| format!("statement {step}"));
        let label = format!("phase {}:", record.phase);
        line(&label, &format!("not committed, ended at {place} after {} ms", record.duration_ms));
    }
    receipt.after.iter().for_each(|after| line("after:", &after.to_string()));
    let link = receipt.chain;
    match link.previous {
        Some(previous) => line("receipt:", &format!("number {}, after {previous}", link.number)),
        None => line("receipt:", &format!("number {}", link.number)),
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use pgseal_catalog::receipt::{FORMAT, Link, PhaseRecord, StepRecord, UnfinishedRecord, VERSION};

    use super::*;
    use crate::report::sample;

    fn receipt(plan: &Plan) -> Receipt {
        let phase = &plan.phases[0];
        let steps = phase.steps.iter().map(|step| StepRecord {
            sql: Digest::of(step.sql.as_bytes()),
            duration_ms: 1,
            lock_wait_ms: 0,
        });
        Receipt {
            format: FORMAT.to_owned(),
            version: VERSION,
            agent: "0.1.0".to_owned(),
            key: None,
            command: Asked::Apply,
            chain: Link::FIRST,
            plan: Some(Digest::of(&plan.to_bytes())),
            target: None,
            policy: None,
            signers: Vec::new(),
            database: Some("app\u{1b}".to_owned()),
            system_identifier: None,
            started_at: "2026-01-01T00:00:00Z".to_owned(),
            finished_at: "2026-01-01T00:00:01Z".to_owned(),
            outcome: Outcome::Failed,
            exit_code: 5,
            code: None,
            message: None,
            details: Vec::new(),
            before: None,
            after: None,
            phases: vec![PhaseRecord {
                phase: 1,
                checkpoint: phase.checkpoint.fingerprint,
                retries: 0,
                duration_ms: 3,
                lock_wait_ms: 2,
                without_ledger: true,
                waits: Vec::new(),
                steps: steps.collect(),
            }],
            unfinished: None,
        }
    }

    fn matches(receipt: &Receipt, plan: &Plan, digest: Digest) -> bool {
        let (name, signers, receipt) = ("r".to_owned(), String::new(), receipt.clone());
        let genuine = Genuine { name, signers, digest: Digest::of(b""), receipt };
        matches_one(&genuine, &[Known { digest, plan: plan.clone() }]).is_ok()
    }

    #[test]
    fn a_receipt_is_held_against_its_plan() {
        let plan = sample::plan();
        let digest = Digest::of(&plan.to_bytes());
        let good = receipt(&plan);
        assert!(matches(&good, &plan, digest));
        assert!(!matches(&good, &plan, Digest::of(b"x")));
        let changed = |change: &dyn Fn(&mut Receipt)| {
            let mut other = good.clone();
            change(&mut other);
            matches(&other, &plan, digest)
        };
        assert!(!changed(&|other| other.plan = None));
        assert!(!changed(&|other| other.phases[0].steps[1].sql = Digest::of(b"x")));
        assert!(!changed(&|other| other.phases[0].phase = 3));
        assert!(!changed(&|other| other.phases[0].phase = 0));
        let mut finished_before = good.clone();
        finished_before.phases[0].steps.clear();
        assert!(!matches(&finished_before, &plan, digest));
        let mut outside = plan.clone();
        outside.phases[0].transaction = false;
        assert!(matches(&finished_before, &outside, digest));
        let unfinished = |phase: u32, steps: usize, first: Option<Digest>| {
            let mut steps = good.phases[0].steps.iter().copied().cycle().take(steps).collect::<Vec<_>>();
            steps.iter_mut().take(1).for_each(|step| step.sql = first.unwrap_or(step.sql));
            UnfinishedRecord { phase, step: Some(1), waits: Vec::new(), duration_ms: 1, steps }
        };
        assert!(changed(&|other| other.unfinished = Some(unfinished(1, 2, None))));
        assert!(!changed(&|other| other.unfinished = Some(unfinished(1, 2, Some(Digest::of(b"x"))))));
        assert!(!changed(&|other| other.unfinished = Some(unfinished(1, 9, None))));
        assert!(!changed(&|other| other.unfinished = Some(unfinished(9, 0, None))));
    }

    #[test]
    fn a_receipt_is_described_without_control_characters() {
        let plan = sample::plan();
        let text = describe(&receipt(&plan));
        assert!(text.starts_with("outcome:  failed, what was not committed was rolled back (exit code 5)\n"));
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains("phase 1:  3 statements in 3 ms, 2 ms for locks, 0 retries\n"), "{text}");
        assert!(text.contains(" not in the ledger, which the role may not keep\n"), "{text}");
        assert!(text.ends_with("receipt:  number 1\n"), "{text}");
    }
}
