//! The one verifier, as a chain of types that each consume the one before:
//!
//! ```text
//! Unverified ──verify──▶ Verified ──open──▶ Opened ──authorize──▶ Authorized ──admit──▶ Admitted
//!  bytes, seal            seal and           parsed   hazards, time,     the live database
//!                         quorum hold                 target hold        is the one meant
//! ```
//!
//! Their fields are private, so only this module makes them: nothing is parsed before its seal holds,
//! and whatever takes an [`Admitted`] plan cannot be given one that skipped a step. The time is a
//! parameter (seconds since 1970), never the clock, and is the same for all steps.
//!
//! What has not been through a step cannot be given to what needs it:
//!
//! ```compile_fail,E0308
//! use pgseal_keys::{Admitted, Plan, Unverified};
//! fn act(_: &Admitted<()>) {}
//! let received = Unverified::<Plan>::new(b"{}".to_vec(), None);
//! act(&received);
//! ```
//!
//! ```compile_fail,E0308
//! use pgseal_keys::{Admitted, Authorized};
//! fn act(_: &Admitted<()>) {}
//! fn before_the_database_was_seen(authorized: &Authorized<()>) {
//!     act(authorized);
//! }
//! ```
//!
//! ```compile_fail,E0451
//! use pgseal_keys::{Plan, TrustPolicy, Verified};
//! fn forge(policy: &TrustPolicy) -> Verified<'_, Plan> {
//!     Verified { document: Vec::new(), tally: todo!(), policy, now: 0, kind: Default::default() }
//! }
//! ```
//!
//! ```compile_fail,E0599
//! use pgseal_keys::{Plan, Unverified};
//! fn parse_before_verifying(received: Unverified<Plan>) {
//!     let _ = received.open(|_| Err::<((), pgseal_keys::PlanFacts), ()>(()));
//! }
//! ```

use std::collections::BTreeSet;
use std::marker::PhantomData;

use pgseal_catalog::hex;
use sha2::{Digest, Sha256};

use crate::in_force::Memory;
use crate::key::KeyId;
use crate::kind::{Kind, Plan, Receipt, Statement};
use crate::pae;
use crate::policy::{HAZARDS, HazardRule, LedgerRule, MemoryRule, ProgramVersion, TargetRule, TrustPolicy, TrustedKey};
use crate::refusal::{Refusal, Scope};
use crate::seal::{Seal, SealError};
use crate::state::{Mark, State, StateError, check_mark};
use crate::tally::Tally;
use crate::tally::not_counted;
pub use crate::tally::{CountedSigner, SetAside};

/// A document and its seal as they were received.
#[derive(Debug)]
#[must_use]
pub struct Unverified<K: Kind> {
    document: Vec<u8>,
    seal: Option<Vec<u8>>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Unverified<K> {
    /// Takes the exact bytes received; `None` when there is no seal.
    pub fn new(document: Vec<u8>, seal: Option<Vec<u8>>) -> Self {
        Self { document, seal, kind: PhantomData }
    }

    /// Verifies every signature over the exact bytes, and what the policy demands of every document
    /// of this kind: distinct keys, roles, co-signing.
    ///
    /// # Errors
    /// See [`Refusal`]. A wrong signature under the id of a key of the policy refuses the whole seal;
    /// one under an unknown id counts nothing.
    pub fn verify(self, policy: &TrustPolicy, now: u64) -> Result<Verified<'_, K>, Refusal> {
        let tally = self.tallied(policy, now)?;
        tally.satisfies_policy::<K>(policy)?;
        Ok(Verified { document: self.document, tally, policy, now, kind: PhantomData })
    }

    /// Who signed, as that policy counts.
    pub(crate) fn tallied(&self, policy: &TrustPolicy, now: u64) -> Result<Tally, Refusal> {
        let Checked { valid, unknown } = self.check(policy)?;
        let mut tally = Tally::default();
        unknown.into_iter().for_each(|key_id| tally.note_unknown(key_id));
        valid.into_iter().for_each(|(trusted, statement)| tally.note::<K>(trusted, statement, now));
        Ok(tally)
    }

    /// Verifies every signature by a key of the policy over the exact bytes.
    fn check<'p>(&self, policy: &'p TrustPolicy) -> Result<Checked<'p>, Refusal> {
        if self.document.len() as u64 > K::MAX_BYTES {
            return Err(Refusal::DocumentTooLarge { kind: K::NAME, limit: K::MAX_BYTES });
        }
        let seal = self.seal.as_ref().ok_or(Refusal::NoSeal { kind: K::NAME })?;
        let mut checked = Checked { valid: Vec::new(), unknown: Vec::new() };
        for (key_id, statement, signature) in Seal::<K>::read(seal)?.entries() {
            let Some(trusted) = policy.keys().iter().find(|trusted| trusted.key.id() == key_id) else {
                checked.unknown.push(key_id);
                continue;
            };
            let bad = || {
                let name = Some(trusted.name.clone());
                SealError::BadSignature { key_id: key_id.to_string(), name, kind: K::NAME }
            };
            let message = pae::to_be_signed::<K>(statement, &self.document).ok_or_else(bad)?;
            if !trusted.key.accepts(&message, &signature) {
                return Err(bad().into());
            }
            checked.valid.push((trusted, statement));
        }
        Ok(checked)
    }
}

/// What the signatures under a document are.
struct Checked<'p> {
    valid: Vec<(&'p TrustedKey, Statement)>,
    unknown: Vec<KeyId>,
}

impl Unverified<Receipt> {
    /// Verifies a receipt as of the time at which its run ended, which `ended` reads in it (seconds since 1970): a key that has
    /// expired since was good then. That time is the agent's word, so a key that is not to be believed is revoked. `ended` is asked
    /// only where a key that may sign receipts and is not revoked has sealed these bytes.
    ///
    /// # Errors
    /// See [`Unverified::verify`]; whatever `ended` returns.
    pub fn verify_as_of_its_end<E: From<Refusal>>(
        self,
        policy: &TrustPolicy,
        ended: impl FnOnce(&[u8]) -> Result<u64, E>,
    ) -> Result<Verified<'_, Receipt>, E> {
        let Checked { valid, unknown } = self.check(policy)?;
        let may_speak = |trusted: &TrustedKey| !trusted.revoked && trusted.signs.contains(&Receipt::PURPOSE);
        let now = if valid.iter().any(|(trusted, _)| may_speak(trusted)) { ended(&self.document)? } else { 0 };
        let mut tally = Tally::default();
        unknown.into_iter().for_each(|key_id| tally.note_unknown(key_id));
        valid.into_iter().for_each(|(trusted, statement)| tally.note::<Receipt>(trusted, statement, now));
        tally.satisfies_policy::<Receipt>(policy)?;
        Ok(Verified { document: self.document, tally, policy, now, kind: PhantomData })
    }
}

/// A document whose seal satisfies the policy. What it says has not been looked at yet.
#[derive(Debug)]
#[must_use]
pub struct Verified<'p, K: Kind> {
    document: Vec<u8>,
    tally: Tally,
    policy: &'p TrustPolicy,
    now: u64,
    kind: PhantomData<fn() -> K>,
}

impl<'p, K: Kind> Verified<'p, K> {
    /// The bytes that were verified.
    pub fn document(&self) -> &[u8] {
        &self.document
    }

    /// The bytes that were verified, for whoever parses them.
    #[must_use]
    pub fn into_document(self) -> Vec<u8> {
        self.document
    }

    /// The SHA-256 of these bytes in hexadecimal.
    pub fn digest(&self) -> String {
        hex::text(&Sha256::digest(&self.document))
    }

    /// The keys whose signatures count, in a fixed order.
    pub fn signers(&self) -> Vec<CountedSigner> {
        self.tally.counted().cloned().collect()
    }

    /// Valid signatures that do not count, with the reason.
    pub fn set_aside(&self) -> &[SetAside] {
        self.tally.set_aside()
    }

    /// The ids of keys that the policy does not know; their signatures were not checked.
    pub fn unknown(&self) -> &[KeyId] {
        self.tally.unknown()
    }
}

impl<'p> Verified<'p, Plan> {
    /// Parses the plan. The caller's reader returns the plan and the facts that the policy judges.
    ///
    /// # Errors
    /// Whatever the reader returns.
    pub fn open<T, E>(self, reader: impl FnOnce(&[u8]) -> Result<(T, PlanFacts), E>) -> Result<Opened<'p, T>, E> {
        let (plan, facts) = reader(&self.document)?;
        Ok(Opened { plan, facts, verified: self })
    }
}

/// What the policy judges in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanFacts {
    /// The names of the plan's hazards.
    pub hazards: BTreeSet<String>,
    /// Not to be applied before, in seconds since 1970.
    pub valid_from: Option<u64>,
    /// Not to be applied from then on, in seconds since 1970.
    pub expires: Option<u64>,
    /// The labels of the targets that the plan is meant for; none means any.
    pub targets: BTreeSet<String>,
    /// The name that the database must have.
    pub database: Option<String>,
    /// The identifier that the server must have, in decimal digits.
    pub system_identifier: Option<String>,
    /// The plan's place in the order of the plans of its targets.
    pub sequence: Option<u64>,
    /// The version of the compiler that made it.
    pub compiler_version: String,
}

/// A verified plan that has been parsed.
#[derive(Debug)]
#[must_use]
pub struct Opened<'p, T> {
    plan: T,
    facts: PlanFacts,
    verified: Verified<'p, Plan>,
}

impl<T> Opened<'_, T> {
    /// The plan, to be shown; it is not yet allowed to act on it.
    pub fn plan(&self) -> &T {
        &self.plan
    }

    /// The seal's outcome.
    pub fn verified(&self) -> &Verified<'_, Plan> {
        &self.verified
    }

    /// Evaluates what the policy says about the plan's content and the chosen target, and what is remembered of the target's plans.
    /// Without a label the only target there is will be taken.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn authorize(self, label: Option<&str>, memory: &Memory) -> Result<Authorized<T>, Refusal> {
        let Verified { policy, now, ref tally, .. } = self.verified;
        check_time(&self.facts, policy, now)?;
        check_compiler(&self.facts, policy)?;
        let left = match memory {
            Memory::Elsewhere => left_to_memory(&self.facts, policy, label),
            Memory::Kept(_) | Memory::Absent => Vec::new(),
        };
        let (label, rule) = choose_target(&self.facts, policy, label, memory)?;
        let order = check_order(&self.facts, label.as_deref(), memory, &self.verified)?;
        check_hazards(&self.facts, policy, tally)?;
        check_environment(&self.facts, policy, rule, tally)?;
        let expectations = Expectations {
            label,
            policy: Identity {
                database: rule.and_then(|rule| rule.database.clone()),
                system_identifier: rule.and_then(|rule| rule.system_identifier).map(|id| id.to_string()),
            },
            plan: Identity {
                database: self.facts.database.clone(),
                system_identifier: self.facts.system_identifier.clone(),
            },
            memory: left,
        };
        Ok(Authorized {
            digest: self.verified.digest(),
            signers: self.verified.signers(),
            set_aside: self.verified.tally.set_aside().to_vec(),
            unknown: self.verified.tally.unknown().to_vec(),
            memory: policy.memory,
            ledger: policy.ledger,
            ledger_schema: policy.ledger_schema.clone(),
            plan: self.plan,
            expectations,
            order,
        })
    }
}

/// A plan's place among those of its target.
#[derive(Debug, Clone)]
enum Order {
    /// It has none.
    Free,
    /// It may be begun, which is to be remembered.
    Next { state: State, label: String, mark: Mark },
    /// Another agent has to judge it.
    Unjudged,
}

/// A plan with a number needs a memory, and a target whose plans it is one of.
fn check_order(
    facts: &PlanFacts,
    label: Option<&str>,
    memory: &Memory,
    verified: &Verified<'_, Plan>,
) -> Result<Order, Refusal> {
    let Some(sequence) = facts.sequence else {
        return no_number(label, memory).map(|()| Order::Free);
    };
    let label = label.ok_or(Refusal::SequenceNotEnforceable)?;
    match memory {
        Memory::Absent => Err(Refusal::SequenceNotEnforceable),
        Memory::Elsewhere => Ok(Order::Unjudged),
        Memory::Kept(state) => {
            let mark = Mark::new(sequence, pgseal_catalog::Digest::of(&verified.document));
            check_mark(state.mark(label), label, mark)?;
            Ok(Order::Next { state: state.clone(), label: label.to_owned(), mark })
        }
    }
}

/// Where plans have numbers, one without would pass by all of them.
fn no_number(label: Option<&str>, memory: &Memory) -> Result<(), Refusal> {
    let Memory::Kept(state) = memory else { return Ok(()) };
    let Some(label) = label else {
        let labels: Vec<String> = state.marked().map(str::to_owned).collect();
        return if labels.is_empty() { Ok(()) } else { Err(Refusal::TargetNotChosen { labels }) };
    };
    match state.mark(label) {
        Some(mark) => Err(Refusal::SequenceMissing { label: label.to_owned(), remembered: mark.sequence }),
        None => Ok(()),
    }
}

/// What only the memory of an agent elsewhere tells, a line each.
fn left_to_memory(facts: &PlanFacts, policy: &TrustPolicy, label: Option<&str>) -> Vec<&'static str> {
    let mut lines = vec![match facts.sequence {
        Some(_) => "no plan with a higher number was begun there (plan)",
        None => "no plan with a number was begun there (plan)",
    }];
    if label.is_none() && policy.targets().is_empty() && facts.sequence.is_some() {
        lines.push("no plan of another target was begun there, where --target is not said (plan)");
    }
    lines
}

fn check_time(facts: &PlanFacts, policy: &TrustPolicy, now: u64) -> Result<(), Refusal> {
    if let Some(valid_from) = facts.valid_from.filter(|start| now < *start) {
        return Err(Refusal::PlanNotYetValid { valid_from, now });
    }
    if let Some(expires) = facts.expires.filter(|end| now >= *end) {
        return Err(Refusal::PlanExpired { expires, now });
    }
    if let Some(max_age) = policy.max_plan_age {
        let start = facts.valid_from.ok_or(Refusal::PlanUndated)?;
        if now.saturating_sub(start) > max_age {
            return Err(Refusal::PlanTooOld);
        }
    }
    Ok(())
}

fn check_compiler(facts: &PlanFacts, policy: &TrustPolicy) -> Result<(), Refusal> {
    let Some(demanded) = policy.min_compiler_version else {
        return Ok(());
    };
    match ProgramVersion::parse(&facts.compiler_version) {
        Some(version) if version >= demanded => Ok(()),
        Some(_) | None => Err(Refusal::CompilerTooOld { demanded, found: facts.compiler_version.clone() }),
    }
}

/// The label of the target, and the policy's rule for it. A plan's own word is taken where nobody else says it, unless plans of other
/// targets were begun: this database may be one of those, and no plan chooses whose order it is held against.
fn choose_target<'p>(
    facts: &PlanFacts,
    policy: &'p TrustPolicy,
    label: Option<&str>,
    memory: &Memory,
) -> Result<(Option<String>, Option<&'p TargetRule>), Refusal> {
    let rules = policy.targets();
    let choice: BTreeSet<&str> = match (label, rules) {
        (Some(label), _) => BTreeSet::from([label]),
        (None, []) => {
            let begun = match memory {
                Memory::Kept(state) if !facts.targets.is_empty() => Some(state.marked()),
                Memory::Kept(_) | Memory::Elsewhere | Memory::Absent => None,
            };
            facts.targets.iter().map(String::as_str).chain(begun.into_iter().flatten()).collect()
        }
        (None, rules) => rules.iter().map(|rule| rule.label.as_str()).collect(),
    };
    let label = match Vec::from_iter(choice).as_slice() {
        [] => return Ok((None, None)),
        [label] => (*label).to_owned(),
        several => {
            let labels = several.iter().map(|label| (*label).to_owned()).collect();
            return Err(Refusal::TargetNotChosen { labels });
        }
    };
    let rule = rules.iter().find(|rule| rule.label == label);
    if rule.is_none() && !rules.is_empty() {
        return Err(Refusal::TargetUnknown { label });
    }
    if !facts.targets.is_empty() && !facts.targets.contains(&label) {
        return Err(Refusal::PlanForOtherTarget { label, meant_for: facts.targets.iter().cloned().collect() });
    }
    Ok((Some(label), rule))
}

fn check_hazards(facts: &PlanFacts, policy: &TrustPolicy, tally: &Tally) -> Result<(), Refusal> {
    for hazard in &facts.hazards {
        if !HAZARDS.contains(&hazard.as_str()) {
            return Err(Refusal::UnknownHazard { hazard: hazard.clone() });
        }
        let rule = policy.hazards.get(hazard);
        if rule == Some(&HazardRule::Forbidden) {
            return Err(Refusal::HazardForbidden { by: Scope::Overall, hazard: hazard.clone() });
        }
        if policy.allowed_hazards.as_ref().is_some_and(|allowed| !allowed.contains(hazard)) {
            return Err(Refusal::HazardNotAllowed { hazard: hazard.clone() });
        }
        if let Some(HazardRule::Needs(demand)) = rule {
            tally.satisfies::<Plan>(demand, &Scope::Hazard(hazard.clone()))?;
        }
    }
    Ok(())
}

fn check_environment(
    facts: &PlanFacts,
    policy: &TrustPolicy,
    target: Option<&TargetRule>,
    tally: &Tally,
) -> Result<(), Refusal> {
    let environment = target.and_then(|rule| rule.environment.as_ref());
    let Some((name, rule)) = environment.and_then(|name| policy.environments.get_key_value(name)) else {
        return Ok(());
    };
    let scope = Scope::Environment(name.clone());
    if let Some(hazard) = facts.hazards.intersection(&rule.forbidden_hazards).next() {
        return Err(Refusal::HazardForbidden { by: scope, hazard: hazard.clone() });
    }
    tally.satisfies::<Plan>(&rule.demand, &scope)
}

/// What one document demands of the database; what is absent is not demanded.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    database: Option<String>,
    system_identifier: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Expectations {
    label: Option<String>,
    policy: Identity,
    plan: Identity,
    memory: Vec<&'static str>,
}

/// A plan that the policy lets through, for a database that is still to be seen.
#[derive(Debug)]
#[must_use]
pub struct Authorized<T> {
    plan: T,
    digest: String,
    signers: Vec<CountedSigner>,
    set_aside: Vec<SetAside>,
    unknown: Vec<KeyId>,
    memory: MemoryRule,
    ledger: LedgerRule,
    ledger_schema: String,
    expectations: Expectations,
    order: Order,
}

/// What the connected database says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveTarget {
    /// `current_database()`.
    pub database: String,
    /// `system_identifier` of `pg_control_system()` in decimal digits; `None` when the role may not read it.
    pub system_identifier: Option<String>,
}

impl<T> Authorized<T> {
    /// The plan; it may be compared with a database, not executed yet.
    pub fn plan(&self) -> &T {
        &self.plan
    }

    /// The SHA-256 of the plan's bytes in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The keys whose signatures counted.
    pub fn signers(&self) -> &[CountedSigner] {
        &self.signers
    }

    /// Signatures that do not count, and why, a line each.
    #[must_use]
    pub fn not_counted(&self) -> Vec<String> {
        not_counted(&self.set_aside, &self.unknown)
    }

    /// The label of the target, if plan or policy name any.
    pub fn target(&self) -> Option<&str> {
        self.expectations.label.as_deref()
    }

    /// What is expected of the database, a line each, and of the agent's memory.
    #[must_use]
    pub fn expectations(&self) -> Vec<String> {
        let Expectations { policy, plan, memory, .. } = &self.expectations;
        let mut lines = Vec::new();
        for (by, identity) in [("trust policy", policy), ("plan", plan)] {
            lines.extend(identity.database.iter().map(|name| format!("database \"{name}\" ({by})")));
            lines.extend(identity.system_identifier.iter().map(|id| format!("system identifier {id} ({by})")));
        }
        if self.ledger == LedgerRule::Required {
            lines.push("a ledger that the role may write (trust policy)".to_owned());
        }
        if self.memory == MemoryRule::Required {
            lines.push("a memory of earlier runs, --state (trust policy)".to_owned());
        }
        lines.extend(memory.iter().map(|line| (*line).to_owned()));
        lines
    }

    /// Compares the connected database with what policy and plan demand.
    ///
    /// # Errors
    /// [`Refusal::OtherDatabase`], [`Refusal::OtherServer`]; [`Refusal::SequenceNotEnforceable`] where the plan was judged without
    /// the memory that its number needs.
    pub fn admit(self, live: &LiveTarget) -> Result<Admitted<T>, Refusal> {
        let Expectations { policy, plan, .. } = &self.expectations;
        for (by, identity) in [("the trust policy", policy), ("the plan", plan)] {
            if let Some(expected) = identity.database.as_ref().filter(|expected| **expected != live.database) {
                return Err(Refusal::OtherDatabase { by, expected: expected.clone(), found: live.database.clone() });
            }
            let found = live.system_identifier.as_ref();
            if let Some(expected) = identity.system_identifier.as_ref().filter(|expected| Some(*expected) != found) {
                return Err(Refusal::OtherServer { by, expected: expected.clone(), found: found.cloned() });
            }
        }
        let begun = match self.order {
            Order::Free => None,
            Order::Next { state, label, mark } => Some((state, label, mark)),
            Order::Unjudged => return Err(Refusal::SequenceNotEnforceable),
        };
        Ok(Admitted {
            plan: self.plan,
            digest: self.digest,
            signers: self.signers,
            ledger: self.ledger,
            ledger_schema: self.ledger_schema,
            begun,
        })
    }
}

/// A plan that may be executed on the connected database.
#[derive(Debug)]
#[must_use]
pub struct Admitted<T> {
    plan: T,
    digest: String,
    signers: Vec<CountedSigner>,
    ledger: LedgerRule,
    ledger_schema: String,
    /// What is to be remembered once the plan is begun.
    begun: Option<(State, String, Mark)>,
}

impl<T> Admitted<T> {
    /// Remembers that the plan was begun, before its first statement: a run that is killed has begun it.
    ///
    /// # Errors
    /// A later plan was begun since, or the memory cannot be written.
    pub fn begin(&self) -> Result<(), StateError> {
        match &self.begun {
            Some((state, label, mark)) => state.clone().begin(label, *mark),
            None => Ok(()),
        }
    }

    /// Whether every phase must be noted in the database.
    #[must_use]
    pub fn ledger(&self) -> LedgerRule {
        self.ledger
    }

    /// The schema that the ledger is in: the agent's own, and a plain name.
    pub fn ledger_schema(&self) -> &str {
        &self.ledger_schema
    }

    /// The plan.
    pub fn plan(&self) -> &T {
        &self.plan
    }

    /// The SHA-256 of the plan's bytes in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The keys whose signatures counted.
    pub fn signers(&self) -> &[CountedSigner] {
        &self.signers
    }
}
