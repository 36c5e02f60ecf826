//! The trust policy that is in force for an agent, and how another one comes into force.
//!
//! The first policy that an agent with a memory sees is accepted as it is: whoever installs the agent vouches for it. From then on a
//! policy is the one that is remembered, byte for byte, or its successor, as in The Update Framework's rotation of the root: of a
//! strictly higher version, signed by the threshold that the *old* policy sets for changes, and by the one that it sets itself, so
//! that a change never leaves a policy that its own keys could not change again. Anything else is refused. An older version is
//! refused whoever signed it, and so is a clock that goes back, with which an expired plan could be valid again.

use std::path::Path;

use pgseal_catalog::{Digest, Failure};

use crate::files::{self, Guard};
use crate::kind::TrustPolicyDocument;
use crate::policy::{MAX_POLICY_BYTES, MemoryRule, TrustPolicy};
use crate::refusal::{Judge, Refusal, wanted};
use crate::seal::MAX_SEAL_BYTES;
use crate::sealed::seal_path;
use crate::state::{Accepted, State, StateError};
use crate::tally::{Tally, not_counted};
use crate::verifier::Unverified;

/// What is remembered of earlier runs.
#[derive(Debug, Clone)]
pub enum Memory {
    /// The agent's own memory.
    Kept(State),
    /// That of an agent elsewhere, which will be asked there: nothing is admitted here.
    Elsewhere,
    /// Nothing.
    Absent,
}

/// A trust policy that may be acted on, and what is remembered under it.
#[derive(Debug, Clone)]
pub struct InForce {
    policy: TrustPolicy,
    digest: Digest,
    memory: Memory,
    vouched: Vouched,
    before: Option<TrustPolicy>,
}

/// How often a policy is held against the one that is remembered, where others change that in the meantime.
const TRIES: usize = 8;

/// Who says that a policy may be acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouched {
    /// Whoever put the file there.
    ByItsPlace,
    /// The same, and the agent has a memory, which starts with it.
    ByItsPlaceAtFirst,
    /// Whoever said its digest.
    ByPin,
    /// The agent's memory, which has it.
    ByMemory,
    /// The agent's memory, which had the one that it follows.
    ByThePolicyBefore,
}

impl InForce {
    /// Reads the policy that an agent acts on; with a state folder it must be the one that the agent remembers or its successor,
    /// and is remembered; with a pin its file must have that digest. `now` is seconds since 1970.
    ///
    /// # Errors
    /// A file that others may write or that cannot be read; a policy that is not one, not the pinned one, or not one that may
    /// follow; a clock that went back.
    pub fn on_agent(path: &Path, state: Option<&Path>, pin: Option<Digest>, now: u64) -> Result<Self, Failure> {
        let bytes = files::read(path, Guard::Trusted, MAX_POLICY_BYTES)?;
        if let Some(pinned) = pin.filter(|pinned| *pinned != Digest::of(&bytes)) {
            return Err(Refusal::PolicyNotPinned { pinned, found: Digest::of(&bytes) }.into());
        }
        let by_pin_or = |otherwise| if pin.is_some() { Vouched::ByPin } else { otherwise };
        let (policy, digest) = (TrustPolicy::read(&bytes)?, Digest::of(&bytes));
        let Some(folder) = state else {
            if policy.memory == MemoryRule::Required {
                return Err(Refusal::StateRequired.into());
            }
            let vouched = by_pin_or(Vouched::ByItsPlace);
            return Ok(Self { policy, digest, memory: Memory::Absent, vouched, before: None });
        };
        let mut state = State::open(folder)?;
        state.check_clock(now)?;
        let text = String::from_utf8_lossy(&bytes);
        for _ in 0..TRIES {
            let (vouched, before) = match state.policy() {
                None => (by_pin_or(Vouched::ByItsPlaceAtFirst), None),
                Some(known) if known == bytes.as_slice() => (by_pin_or(Vouched::ByMemory), None),
                Some(known) => {
                    let old = TrustPolicy::read(known)?;
                    successor(&old, &bytes, read_seal(path)?, now)?;
                    (Vouched::ByThePolicyBefore, Some(old))
                }
            };
            match state.accept(now, policy.policy_version(), &text)? {
                Accepted::Remembered => {
                    return Ok(Self { policy, digest, memory: Memory::Kept(state), vouched, before });
                }
                // what it was held against is no longer the latest
                Accepted::NotSinceOthersDid => state = State::open(folder)?,
            }
        }
        Err(StateError::Unsteady { path: state.folder().to_owned() }.into())
    }

    /// Reads the policy of an agent elsewhere, to say what that agent would say.
    ///
    /// # Errors
    /// A file that others may write or that cannot be read; a policy that is not one.
    pub fn elsewhere(path: &Path) -> Result<Self, Failure> {
        let bytes = files::read(path, Guard::Trusted, MAX_POLICY_BYTES)?;
        let (policy, digest) = (TrustPolicy::read(&bytes)?, Digest::of(&bytes));
        Ok(Self { policy, digest, memory: Memory::Elsewhere, vouched: Vouched::ByItsPlace, before: None })
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &TrustPolicy {
        &self.policy
    }

    /// Who says that it may be acted on.
    #[must_use]
    pub fn vouched(&self) -> Vouched {
        self.vouched
    }

    /// The policy that it follows, where it was accepted just now in the place of another one.
    #[must_use]
    pub fn before(&self) -> Option<&TrustPolicy> {
        self.before.as_ref()
    }

    /// SHA-256 of its file.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What is remembered under it.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }
}

/// Reads the policy that may follow `old`: of a higher version, signed as both policies demand. `now` is seconds since 1970.
///
/// # Errors
/// See [`Refusal`].
pub fn successor(old: &TrustPolicy, bytes: &[u8], seal: Option<Vec<u8>>, now: u64) -> Result<TrustPolicy, Refusal> {
    let new = TrustPolicy::read(bytes)?;
    let (found, remembered) = (new.policy_version(), old.policy_version());
    if found < remembered {
        return Err(Refusal::PolicyRollback { found, remembered });
    }
    if found == remembered {
        return Err(Refusal::PolicyChanged { version: found });
    }
    let received = Unverified::<TrustPolicyDocument>::new(bytes.to_vec(), seal);
    for (judge, policy) in [(Judge::Old, old), (Judge::New, &new)] {
        let tally = received.tallied(policy, now)?;
        tally.satisfies_policy::<TrustPolicyDocument>(policy).map_err(|refusal| Refusal::Change {
            judge,
            version: policy.policy_version(),
            refusal: Box::new(refusal),
            detail: counted(policy, &tally),
        })?;
    }
    Ok(new)
}

/// What a policy demands of a change, what counts by it and what does not.
fn counted(policy: &TrustPolicy, tally: &Tally) -> String {
    let names: Vec<String> = tally.counted().map(|signer| format!("\"{}\"", signer.name)).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let mut said = format!("it demands {} for a change; what counts: {names}", wanted(policy.changes.threshold));
    let others = not_counted(tally.set_aside(), tally.unknown());
    if !others.is_empty() {
        said.push_str("; what does not: ");
        said.push_str(&others.join(", "));
    }
    said
}

/// The seal beside a policy, where there is one.
fn read_seal(policy: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let path = seal_path(policy);
    if matches!(path.try_exists(), Ok(false)) {
        return Ok(None);
    }
    Ok(Some(files::read(&path, Guard::Untrusted, MAX_SEAL_BYTES)?.to_vec()))
}
