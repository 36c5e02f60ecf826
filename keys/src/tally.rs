//! Counting signers. This is the only place of the project that counts keys, and it counts distinct
//! keys: not signatures, not key ids, not names.

use std::collections::{BTreeMap, BTreeSet};

use crate::key::{KeyId, PublicKey};
use crate::kind::{Kind, Purpose, Statement};
use crate::policy::{Demand, TrustPolicy, TrustedKey};
use crate::refusal::{Refusal, Scope};

/// A key whose valid signature counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedSigner {
    /// The key's name in the policy.
    pub name: String,
    /// The key.
    pub key: PublicKey,
    /// Its roles.
    pub roles: BTreeSet<String>,
    /// What it stated.
    pub statements: BTreeSet<Statement>,
}

/// A valid signature that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The reason, as the refusal that it leads to when the signature was needed.
    pub reason: Refusal,
    /// The key's roles.
    pub roles: BTreeSet<String>,
}

/// Who signed a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    counted: BTreeMap<PublicKey, CountedSigner>,
    set_aside: Vec<SetAside>,
    unknown: Vec<KeyId>,
}

impl Tally {
    /// Notes a valid signature of a key of the policy.
    pub(crate) fn note<K: Kind>(&mut self, trusted: &TrustedKey, statement: Statement, now: u64) {
        if let Some(reason) = objection::<K>(trusted, now) {
            self.set_aside.push(SetAside { reason, roles: trusted.roles.clone() });
            return;
        }
        self.counted
            .entry(trusted.key)
            .or_insert_with(|| CountedSigner {
                name: trusted.name.clone(),
                key: trusted.key,
                roles: trusted.roles.clone(),
                statements: BTreeSet::new(),
            })
            .statements
            .insert(statement);
    }

    /// Notes a signature by a key that the policy does not know: it cannot be checked and counts nothing.
    pub(crate) fn note_unknown(&mut self, key_id: KeyId) {
        self.unknown.push(key_id);
    }

    pub(crate) fn counted(&self) -> impl Iterator<Item = &CountedSigner> {
        self.counted.values()
    }

    pub(crate) fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    pub(crate) fn unknown(&self) -> &[KeyId] {
        &self.unknown
    }

    /// The number of distinct keys whose signature counts and that are eligible.
    fn distinct_keys(&self, eligible: impl Fn(&CountedSigner) -> bool) -> u32 {
        u32::try_from(self.counted.values().filter(|signer| eligible(signer)).count()).unwrap_or(u32::MAX)
    }

    /// What holds for every document of kind `K`, whatever it says.
    pub(crate) fn satisfies_policy<K: Kind>(&self, policy: &TrustPolicy) -> Result<(), Refusal> {
        if !K::NEEDS_QUORUM {
            let one = Demand { threshold: 1, roles: BTreeMap::new() };
            return self.satisfies::<K>(&one, &Scope::Overall);
        }
        if K::PURPOSE == Purpose::TrustPolicy {
            return self.satisfies::<K>(&policy.changes, &Scope::PolicyChange);
        }
        self.satisfies::<K>(&policy.demand, &Scope::Overall)?;
        let reproduced = self.distinct_keys(|signer| signer.statements.contains(&Statement::Reproduced));
        if policy.require_cosign && K::REPRODUCED_TYPE.is_some() && reproduced == 0 {
            return Err(Refusal::CosignMissing);
        }
        Ok(())
    }

    /// Whether enough distinct keys signed, in all and for each role.
    pub(crate) fn satisfies<K: Kind>(&self, demand: &Demand, scope: &Scope) -> Result<(), Refusal> {
        let present = self.distinct_keys(|_| true);
        // At least one key whatever a demand says: a threshold of zero cannot be read, nor be met.
        let demanded = demand.threshold.max(1);
        if present < demanded {
            return Err(self.shortfall::<K>(Refusal::TooFewKeys { scope: scope.clone(), demanded, present }));
        }
        for (role, demanded) in &demand.roles {
            let present = self.distinct_keys(|signer| signer.roles.contains(role));
            if present < *demanded {
                let (scope, role, demanded) = (scope.clone(), role.clone(), *demanded);
                let missing = Refusal::RoleMissing { scope, role: role.clone(), demanded, present };
                // the reason of a key that has the role, where one signed and does not count
                let reason = self.set_aside.iter().find(|aside| aside.roles.contains(&role));
                return Err(reason.map_or(missing, |aside| aside.reason.clone()));
            }
        }
        Ok(())
    }

    /// The most telling reason why too few keys count.
    fn shortfall<K: Kind>(&self, otherwise: Refusal) -> Refusal {
        if let Some(SetAside { reason, .. }) = self.set_aside.first() {
            return reason.clone();
        }
        if self.counted.is_empty() && !self.unknown.is_empty() {
            let keys = self.unknown.iter().map(KeyId::short).collect();
            return Refusal::UnknownSigner { kind: K::NAME, keys };
        }
        otherwise
    }
}

impl TrustPolicy {
    /// Why a document of kind `K` would not count that this key sealed now; none where the policy does not name the key.
    pub fn objection<K: Kind>(&self, key: &PublicKey, now: u64) -> Option<Refusal> {
        objection::<K>(self.keys.iter().find(|trusted| trusted.key == *key)?, now)
    }
}

/// Signatures that do not count, and why, a line each.
pub(crate) fn not_counted(set_aside: &[SetAside], unknown: &[KeyId]) -> Vec<String> {
    let reasons = set_aside.iter().map(|aside| aside.reason.to_string());
    reasons.chain(unknown.iter().map(|key| format!("the trust policy does not know key {}", key.short()))).collect()
}

/// Why a valid signature of this key does not count, if so.
fn objection<K: Kind>(trusted: &TrustedKey, now: u64) -> Option<Refusal> {
    let name = || trusted.name.clone();
    if trusted.revoked {
        Some(Refusal::KeyRevoked { name: name() })
    } else if !trusted.signs.contains(&K::PURPOSE) {
        Some(Refusal::KeyNotForKind { name: name(), kind: K::NAME })
    } else if trusted.not_before.is_some_and(|start| now < start) {
        Some(Refusal::KeyNotYetValid { name: name() })
    } else if trusted.not_after.is_some_and(|end| now >= end) {
        Some(Refusal::KeyExpired { name: name() })
    } else {
        None
    }
}
