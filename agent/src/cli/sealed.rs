//! The sealed plan that a command is about, and the database that it is let through for.

use std::path::{Path, PathBuf};

use pgseal_catalog::receipt::PolicyRecord;
use pgseal_catalog::{Digest, Failure, Plan};
use pgseal_keys::{self as keys, Admitted, Authorized, InForce, LiveTarget, Received, Vouched};
use serde_json::json;

use super::receipt::Draft;
use super::said::{Log, seconds};
use crate::apply::ApplyError;
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
    /// Folder in which this agent remembers the latest trust policy, plan number and time that it has seen, so as not to go back
    #[arg(long, value_name = "DIR", env = "PGSEAL_STATE")]
    state: Option<PathBuf>,
    /// SHA-256 that the trust policy's file must have, as "pgseal trust show" says it; without it, the first policy that an agent
    /// sees is accepted as it is found
    #[arg(long, value_name = "SHA256")]
    pin: Option<Digest>,
    /// Seal, if it is not beside the plan
    #[arg(long, value_name = "FILE")]
    seal: Option<PathBuf>,
    /// Which of the policy's targets this database is
    #[arg(long, value_name = "LABEL")]
    target: Option<String>,
}

impl SealedPlan {
    /// Reads plan and seal.
    pub fn read(&self) -> Result<Received<keys::Plan>, Failure> {
        Received::read(&self.plan, self.seal.as_deref())
    }

    /// The folder of the agent's memory.
    pub fn state(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    /// Verifies the seal, parses the plan and asks the policy; what was found goes to the draft of the receipt, also where the policy
    /// refuses what the plan holds.
    pub fn authorize(
        &self,
        received: Received<keys::Plan>,
        draft: &mut Draft,
        log: Log,
    ) -> Result<Authorized<Plan>, Failure> {
        draft.target.clone_from(&self.target);
        let now = seconds()?;
        let trust = InForce::on_agent(&self.trust, self.state(), self.pin, now)?;
        tell_policy(&trust, log);
        draft.check_key(trust.policy(), now)?;
        draft.policy = Some(PolicyRecord { version: trust.policy().policy_version(), sha256: trust.digest() });
        let authorized = received.authorize(&trust, self.target.as_deref(), now, &mut draft.signers)?;
        draft.target = authorized.target().map(str::to_owned);
        Ok(authorized)
    }
}

/// Says how the policy came into force, where that is not what is in the memory.
fn tell_policy(trust: &InForce, log: Log) {
    let (version, sha256) = (trust.policy().policy_version(), trust.digest());
    let members = json!({ "version": version, "sha256": sha256 });
    match (trust.vouched(), trust.before()) {
        (Vouched::ByItsPlaceAtFirst, _) => {
            let said = format!(
                "trust policy version {version} is the first one that this agent sees, and accepted as it is; its sha256 is {sha256}"
            );
            log.say("policy_first_seen", &said, members);
        }
        (Vouched::ByItsPlace, _) => {
            let said = format!(
                "trust policy version {version} is taken as it was found, without --state and --pin; its sha256 is {sha256}"
            );
            log.say("policy_as_found", &said, members);
        }
        (Vouched::ByThePolicyBefore, Some(before)) => {
            let (from, changes) = (before.policy_version(), trust.policy().changes_since(before));
            let mut said = vec![format!("trust policy version {version} follows version {from} from now on")];
            said.extend(changes.iter().map(|change| format!("  {change}")));
            let members = json!({ "version": version, "sha256": sha256, "before": from, "changes": changes });
            log.say_lines("policy_followed", &said, members);
        }
        (Vouched::ByPin | Vouched::ByMemory | Vouched::ByThePolicyBefore, _) => {}
    }
}

/// What the connected database says it is.
pub(super) fn live_target(session: &mut Session) -> Result<LiveTarget, Failure> {
    let failed = |source: StatementError| Failure::from(ApplyError::Agent { what: "the database's identity", source });
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
