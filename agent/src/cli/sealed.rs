//! A sealed plan: read with limits, verified over the exact bytes, then parsed, then judged by the trust policy.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use pgseal_catalog::{Digest, Plan};
use pgseal_keys::files::{self, Guard};
use pgseal_keys::policy::MAX_POLICY_BYTES;
use pgseal_keys::seal::MAX_SEAL_BYTES;
use pgseal_keys::{self as keys, Admitted, Authorized, Kind as _, LiveTarget, PlanFacts, TrustPolicy, Unverified};

use super::failure::{Exit, Failure};
use crate::connect::{Session, StatementError};

/// Which plan, and what it must satisfy.
#[derive(Debug, clap::Args)]
pub(super) struct SealedPlan {
    /// Plan to apply; its seal is FILE.sig
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// Trust policy
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// Seal, if it is not beside the plan
    #[arg(long, value_name = "FILE")]
    seal: Option<PathBuf>,
    /// Which of the policy's targets this database is
    #[arg(long, value_name = "LABEL")]
    target: Option<String>,
}

/// The bytes of a plan and its seal, of which nothing is known yet.
pub(super) struct Received {
    document: Vec<u8>,
    seal: Option<Vec<u8>>,
}

impl Received {
    /// The digest of the plan's bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.document)
    }
}

impl SealedPlan {
    /// Reads plan and seal.
    pub fn read(&self) -> Result<Received, Failure> {
        let document = files::read(&self.plan, Guard::Untrusted, keys::Plan::MAX_BYTES)?.to_vec();
        let beside = seal_path(&self.plan);
        let seal = match (&self.seal, beside.try_exists()) {
            (None, Ok(false)) => None,
            (None, _) => Some(files::read(&beside, Guard::Untrusted, MAX_SEAL_BYTES)?.to_vec()),
            (Some(path), _) => Some(files::read(path, Guard::Untrusted, MAX_SEAL_BYTES)?.to_vec()),
        };
        Ok(Received { document, seal })
    }

    /// Verifies the seal, parses the plan and asks the policy; returns the key ids that counted as well, also where the policy
    /// refuses what the plan holds.
    pub fn authorize(&self, received: Received, signers: &mut Vec<String>) -> Result<Authorized<Plan>, Failure> {
        let policy = TrustPolicy::read(&files::read(&self.trust, Guard::Trusted, MAX_POLICY_BYTES)?)?;
        let verified = Unverified::<keys::Plan>::new(received.document, received.seal).verify(&policy, now()?)?;
        *signers = verified.signers().iter().map(|signer| signer.key.id().to_string()).collect();
        signers.sort();
        let opened = verified
            .open(|bytes| {
                let plan = Plan::from_bytes(bytes).map_err(Failure::from)?;
                let facts = plan_facts(&plan)?;
                Ok::<_, Failure>((plan, facts))
            })
            .map_err(|failure| failure.about(&self.plan.display().to_string()))?;
        Ok(opened.authorize(self.target.as_deref())?)
    }
}

/// What the connected database says it is.
pub(super) fn live_target(session: &mut Session) -> Result<LiveTarget, Failure> {
    let failed =
        |error: StatementError| Failure::from_error(Exit::Environment, &error).about("the database's identity");
    let text = |session: &mut Session, sql: &str| {
        let rows = session.rows(sql)?;
        Ok(rows.first().and_then(|row| row.column(0)).map(str::to_owned))
    };
    let database = text(session, "SELECT pg_catalog.current_database()").map_err(failed)?.unwrap_or_default();
    let may = "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')";
    let system_identifier = match text(session, may).map_err(failed)?.as_deref() {
        Some("t") => text(session, "SELECT system_identifier FROM pg_catalog.pg_control_system()").map_err(failed)?,
        _ => None,
    };
    Ok(LiveTarget { database, system_identifier })
}

/// Lets a plan through for the connected database.
pub(super) fn admit(authorized: Authorized<Plan>, live: &LiveTarget) -> Result<Admitted<Plan>, Failure> {
    Ok(authorized.admit(live)?)
}

/// Where the seal of a document lies.
pub(super) fn seal_path(document: &Path) -> PathBuf {
    let mut path = document.as_os_str().to_owned();
    path.push(".sig");
    PathBuf::from(path)
}

/// Seconds since 1970.
fn now() -> Result<u64, Failure> {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map(|since| since.as_secs()).map_err(|_| Failure::new(Exit::Environment, "the clock is before 1970"))
}

/// What a trust policy judges in a plan.
fn plan_facts(plan: &Plan) -> Result<PlanFacts, Failure> {
    let seconds = |time: Option<i64>| {
        time.map(u64::try_from)
            .transpose()
            .map_err(|_| Failure::new(Exit::InvalidInput, "the plan's validity lies before 1970"))
    };
    Ok(PlanFacts {
        hazards: plan.hazards.iter().map(|hazard| hazard.word().to_owned()).collect::<BTreeSet<_>>(),
        valid_from: seconds(plan.binding.not_before)?,
        expires: seconds(plan.binding.expires)?,
        targets: plan.binding.targets.clone(),
        database: plan.binding.database.clone(),
        system_identifier: plan.binding.system_identifier.clone(),
        sequence: plan.binding.sequence,
        compiler_version: plan.compiler.clone(),
    })
}
