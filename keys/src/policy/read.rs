//! Reading a trust policy: strict, whole or not at all.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::snapshot::{AGENTS_SCHEMA, is_agents_schema};
use serde::Deserialize;
use toml::Spanned;

use super::changes::Least;
use super::{
    Demand, EnvironmentRule, HAZARDS, HazardRule, LedgerRule, MAX_KEYS, MAX_POLICY_BYTES, MAX_TARGETS, MemoryRule,
    PolicyError, ProgramVersion, TargetRule, TrustPolicy, TrustedKey,
};
use crate::key::PublicKey;
use crate::kind::Purpose;
use crate::moment;

const FORMAT: &str = "pgseal-trust";
const VERSION: i64 = 1;
const MAX_NAME_CHARS: usize = 128;

#[derive(Deserialize)]
struct Head {
    format: String,
    version: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: i64,
    policy_version: u64,
    #[serde(default = "one")]
    threshold: u32,
    #[serde(default)]
    role_thresholds: BTreeMap<String, u32>,
    #[serde(default)]
    require_cosign: bool,
    #[serde(default)]
    require_ledger: bool,
    ledger_schema: Option<String>,
    #[serde(default)]
    require_state: bool,
    min_compiler_version: Option<String>,
    max_plan_age: Option<String>,
    allowed_hazards: Option<Vec<String>>,
    #[serde(default)]
    forbidden_hazards: Vec<String>,
    keys: Vec<WireKey>,
    policy_changes: Option<Spanned<WireChanges>>,
    #[serde(default)]
    hazards: BTreeMap<String, WireHazard>,
    #[serde(default)]
    environments: BTreeMap<String, WireEnvironment>,
    #[serde(default)]
    targets: Vec<WireTarget>,
}

fn one() -> u32 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKey {
    name: String,
    key: String,
    #[serde(default)]
    roles: Vec<String>,
    signs: Option<Vec<String>>,
    not_before: Option<toml::value::Datetime>,
    not_after: Option<toml::value::Datetime>,
    #[serde(default)]
    revoked: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHazard {
    threshold: Option<u32>,
    #[serde(default)]
    roles: BTreeMap<String, u32>,
    #[serde(default)]
    forbidden: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireChanges {
    threshold: u32,
    #[serde(default)]
    roles: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEnvironment {
    #[serde(default = "one")]
    threshold: u32,
    #[serde(default)]
    roles: BTreeMap<String, u32>,
    #[serde(default)]
    forbidden_hazards: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireTarget {
    label: String,
    environment: Option<String>,
    database: Option<String>,
    system_identifier: Option<String>,
}

pub(super) fn read(bytes: &[u8]) -> Result<TrustPolicy, PolicyError> {
    if bytes.len() as u64 > MAX_POLICY_BYTES {
        return Err(PolicyError::TooLarge);
    }
    let text =
        std::str::from_utf8(bytes).map_err(|_| PolicyError::Malformed { detail: "not UTF-8 text".to_owned() })?;
    // The head first, so that another version is named as such and not by its unknown fields.
    let head: Head = toml::from_str(text).map_err(|error| malformed(text, &error))?;
    if head.format != FORMAT {
        return Err(PolicyError::WrongFormat { found: head.format });
    }
    if head.version != VERSION {
        return Err(PolicyError::UnknownVersion { found: head.version });
    }
    let wire: Wire = toml::from_str(text).map_err(|error| malformed(text, &error))?;
    let keys = read_keys(wire.keys)?;
    let reach = Reach { keys: &keys, purpose: Purpose::Plan };
    let demand = reach.demand("", wire.threshold, "role_thresholds", wire.role_thresholds)?;
    let cosigner = wire.require_cosign && wire.threshold < 2;
    let demand = if wire.require_cosign { with_cosigner(&reach, demand)? } else { demand };
    let hazards = read_hazards(&reach, wire.hazards, wire.forbidden_hazards)?;
    let environments = read_environments(&reach, wire.environments)?;
    let least = Least::of(&demand, cosigner, &hazards, &environments);
    let changes = read_changes(text, &keys, wire.policy_changes, least)?;
    let policy = TrustPolicy {
        policy_version: positive(wire.policy_version)?,
        demand,
        changes,
        require_cosign: wire.require_cosign,
        ledger: if wire.require_ledger { LedgerRule::Required } else { LedgerRule::Optional },
        ledger_schema: ledger_schema(wire.ledger_schema)?,
        memory: if wire.require_state { MemoryRule::Required } else { MemoryRule::Optional },
        min_compiler_version: wire.min_compiler_version.map(compiler_version).transpose()?,
        max_plan_age: wire.max_plan_age.map(|text| duration("max_plan_age", &text)).transpose()?,
        allowed_hazards: wire.allowed_hazards.map(|list| hazard_set("allowed_hazards", list)).transpose()?,
        hazards,
        environments,
        targets: read_targets(wire.targets)?,
        keys,
    };
    check_environments(&policy)?;
    Ok(policy)
}

fn malformed(text: &str, error: &toml::de::Error) -> PolicyError {
    let detail = match error.span() {
        Some(span) => format!("line {}: {}", line_at(text, span.start), error.message()),
        None => error.message().to_owned(),
    };
    PolicyError::Malformed { detail: detail.replace('\n', " ") }
}

/// The line of a place in the text, from 1.
fn line_at(text: &str, at: usize) -> usize {
    text.get(..at).map_or(0, |before| before.matches('\n').count()) + 1
}

fn invalid(field: impl Into<String>, reason: impl Into<String>) -> PolicyError {
    PolicyError::Invalid { field: field.into(), reason: reason.into() }
}

fn positive(policy_version: u64) -> Result<u64, PolicyError> {
    if policy_version == 0 {
        return Err(invalid("policy_version", "must be at least 1"));
    }
    Ok(policy_version)
}

fn ledger_schema(name: Option<String>) -> Result<String, PolicyError> {
    let name = name.unwrap_or_else(|| AGENTS_SCHEMA.to_owned());
    if is_agents_schema(&name) {
        return Ok(name);
    }
    let reason = format!(
        "\"{name}\" must be \"{AGENTS_SCHEMA}\" or begin with \"{AGENTS_SCHEMA}_\": what is there is in no fingerprint"
    );
    Err(invalid("ledger_schema", reason))
}

fn compiler_version(text: String) -> Result<ProgramVersion, PolicyError> {
    ProgramVersion::parse(&text)
        .ok_or_else(|| invalid("min_compiler_version", format!("\"{text}\" is not a version like \"1.2.3\"")))
}

/// A duration of the form `90s`, `15m`, `12h` or `30d`, in seconds.
fn duration(field: &str, text: &str) -> Result<u64, PolicyError> {
    let wrong = || invalid(field, format!("\"{text}\" is not a duration like \"30d\", \"12h\", \"15m\" or \"90s\""));
    let mut chars = text.chars();
    let unit = match chars.next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        Some(_) | None => return Err(wrong()),
    };
    let digits = chars.as_str();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    match number.checked_mul(unit) {
        Some(0) | None => Err(wrong()),
        Some(seconds) => Ok(seconds),
    }
}

/// A time with an offset, in seconds since 1970.
fn instant(field: &str, value: &toml::value::Datetime) -> Result<u64, PolicyError> {
    moment::of(value).ok_or_else(|| invalid(field, "must be a time with its offset, like 2027-01-01T00:00:00Z"))
}

fn check_name(field: &str, name: &str) -> Result<(), PolicyError> {
    let printable = !name.chars().any(char::is_control) && name.trim() == name;
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || !printable {
        return Err(invalid(field, "must be 1 to 128 printable characters"));
    }
    Ok(())
}

fn check_word(field: &str, word: &str) -> Result<(), PolicyError> {
    let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if word.is_empty() || word.len() > MAX_NAME_CHARS || !plain {
        return Err(invalid(field, format!("\"{word}\" must be of lower-case letters, digits and \"-\"")));
    }
    Ok(())
}

fn word_set(field: &str, words: Vec<String>) -> Result<BTreeSet<String>, PolicyError> {
    let mut set = BTreeSet::new();
    for word in words {
        check_word(field, &word)?;
        if set.contains(&word) {
            return Err(invalid(field, format!("\"{word}\" is there twice")));
        }
        set.insert(word);
    }
    Ok(set)
}

fn hazard_set(field: &str, hazards: Vec<String>) -> Result<BTreeSet<String>, PolicyError> {
    let set = word_set(field, hazards)?;
    set.iter().try_for_each(|hazard| check_hazard(field, hazard))?;
    Ok(set)
}

fn check_hazard(field: &str, hazard: &str) -> Result<(), PolicyError> {
    if HAZARDS.contains(&hazard) {
        return Ok(());
    }
    Err(PolicyError::UnknownHazard { field: field.to_owned(), hazard: hazard.to_owned() })
}

fn read_keys(wire: Vec<WireKey>) -> Result<Vec<TrustedKey>, PolicyError> {
    if wire.is_empty() || wire.len() > MAX_KEYS {
        return Err(invalid("keys", format!("must list 1 to {MAX_KEYS} keys")));
    }
    let mut keys: Vec<TrustedKey> = Vec::with_capacity(wire.len());
    for entry in wire {
        let key = read_key(entry)?;
        if let Some(first) = keys.iter().find(|other| other.key == key.key || other.name == key.name) {
            return Err(PolicyError::DuplicateKey { first: first.name.clone(), second: key.name });
        }
        keys.push(key);
    }
    Ok(keys)
}

fn read_key(wire: WireKey) -> Result<TrustedKey, PolicyError> {
    check_name("keys.name", &wire.name)?;
    let name = wire.name;
    let field = |part: &str| format!("keys.{name}.{part}");
    let key = PublicKey::from_text(&wire.key).map_err(|source| PolicyError::BadKey { name: name.clone(), source })?;
    let not_before = wire.not_before.as_ref().map(|time| instant(&field("not_before"), time)).transpose()?;
    let not_after = wire.not_after.as_ref().map(|time| instant(&field("not_after"), time)).transpose()?;
    if let (Some(start), Some(end)) = (not_before, not_after)
        && start >= end
    {
        return Err(invalid(field("not_after"), "must be later than not_before"));
    }
    let signs = match wire.signs {
        None => BTreeSet::from([Purpose::Plan, Purpose::TrustPolicy]),
        Some(words) => purposes(&field("signs"), words)?,
    };
    let roles = word_set(&field("roles"), wire.roles)?;
    Ok(TrustedKey { key, roles, signs, not_before, not_after, revoked: wire.revoked, name })
}

fn purposes(field: &str, words: Vec<String>) -> Result<BTreeSet<Purpose>, PolicyError> {
    let words = word_set(field, words)?;
    if words.is_empty() {
        return Err(invalid(field, "must not be empty"));
    }
    words
        .iter()
        .map(|word| {
            Purpose::ALL
                .into_iter()
                .find(|purpose| purpose.word() == word)
                .ok_or_else(|| invalid(field, format!("\"{word}\" is none of plan, trust-policy, snapshot, receipt")))
        })
        .collect()
}

/// Whoever compiled a plan again did so for somebody else's: that takes two.
fn with_cosigner(reach: &Reach<'_>, demand: Demand) -> Result<Demand, PolicyError> {
    let threshold = demand.threshold.max(2);
    reach.check("require_cosign", threshold, |_| true)?;
    Ok(Demand { threshold, ..demand })
}

/// What the next version of the policy needs: what is said, which must be no less than what any plan needs, or else just that.
/// Unlike for plans, a policy that no key could change is refused: it would say so only when it has to be changed. One that lets nobody
/// sign plans either, and says nothing of changes, is for snapshots and receipts, and may stay as it is.
fn read_changes(
    text: &str,
    keys: &[TrustedKey],
    rule: Option<Spanned<WireChanges>>,
    least: Least,
) -> Result<Demand, PolicyError> {
    let reach = Reach { keys, purpose: Purpose::TrustPolicy };
    let sign = |purpose| keys.iter().any(|key| key.signs.contains(&purpose));
    let check_changeable = |demanded| {
        let field = "policy_changes.threshold".to_owned();
        if sign(Purpose::TrustPolicy) {
            Ok(())
        } else {
            Err(PolicyError::Unreachable { field, demanded, available: 0 })
        }
    };
    let Some(rule) = rule else {
        let Demand { threshold, roles } = least.demand();
        if sign(Purpose::Plan) {
            check_changeable(threshold)?;
        }
        return reach.demand("policy_changes.", threshold, "roles", roles);
    };
    let line = line_at(text, rule.span().start);
    let WireChanges { threshold, roles } = rule.into_inner();
    let demand = reach.demand("policy_changes.", threshold, "roles", roles)?;
    check_changeable(demand.threshold)?;
    // said by whoever wrote the table: a role whose keys sign plans only has no say
    let of_policies = keys.iter().filter(|key| key.signs.contains(&Purpose::TrustPolicy));
    let roles = of_policies.flat_map(|key| key.roles.iter().map(String::as_str)).collect();
    least.among(&roles).check(line, &demand)?;
    Ok(demand)
}

/// Checks that demands could be met by the keys that may sign documents of a kind and are not revoked.
struct Reach<'a> {
    keys: &'a [TrustedKey],
    purpose: Purpose,
}

impl Reach<'_> {
    fn demand(
        &self,
        prefix: &str,
        threshold: u32,
        roles_field: &str,
        roles: BTreeMap<String, u32>,
    ) -> Result<Demand, PolicyError> {
        self.check(&format!("{prefix}threshold"), threshold, |_| true)?;
        for (role, count) in &roles {
            let field = format!("{prefix}{roles_field}.{role}");
            check_word(&field, role)?;
            self.check(&field, *count, |key| key.roles.contains(role))?;
        }
        Ok(Demand { threshold, roles })
    }

    fn check(&self, field: &str, demanded: u32, eligible: impl Fn(&TrustedKey) -> bool) -> Result<(), PolicyError> {
        if demanded == 0 {
            return Err(invalid(field, "must be at least 1"));
        }
        let mut signers = self.keys.iter().filter(|key| key.signs.contains(&self.purpose)).peekable();
        // A policy that trusts no key with plans (for snapshots and receipts only) accepts none anyway.
        if signers.peek().is_none() {
            return Ok(());
        }
        let available = signers.filter(|key| !key.revoked && eligible(key)).count();
        let available = u32::try_from(available).unwrap_or(u32::MAX);
        if available < demanded {
            return Err(PolicyError::Unreachable { field: field.to_owned(), demanded, available });
        }
        Ok(())
    }
}

fn read_hazards(
    reach: &Reach<'_>,
    rules: BTreeMap<String, WireHazard>,
    forbidden: Vec<String>,
) -> Result<BTreeMap<String, HazardRule>, PolicyError> {
    let mut hazards = BTreeMap::new();
    for (hazard, rule) in rules {
        let field = format!("hazards.{hazard}");
        check_hazard(&field, &hazard)?;
        let rule = match (rule.forbidden, rule.threshold, rule.roles.is_empty()) {
            (true, None, true) => HazardRule::Forbidden,
            (true, _, _) => {
                return Err(invalid(field, "is forbidden and has a threshold or roles"));
            }
            (false, None, true) => return Err(invalid(field, "demands nothing")),
            (false, threshold, _) => {
                HazardRule::Needs(reach.demand(&format!("{field}."), threshold.unwrap_or(1), "roles", rule.roles)?)
            }
        };
        hazards.insert(hazard, rule);
    }
    for hazard in hazard_set("forbidden_hazards", forbidden)? {
        if hazards.insert(hazard.clone(), HazardRule::Forbidden).is_some() {
            let reason = format!("\"{hazard}\" has a rule of its own");
            return Err(invalid("forbidden_hazards", reason));
        }
    }
    Ok(hazards)
}

fn read_environments(
    reach: &Reach<'_>,
    wire: BTreeMap<String, WireEnvironment>,
) -> Result<BTreeMap<String, EnvironmentRule>, PolicyError> {
    wire.into_iter()
        .map(|(name, rule)| {
            check_name("environments", &name)?;
            let prefix = format!("environments.{name}.");
            let forbidden_hazards = hazard_set(&format!("{prefix}forbidden_hazards"), rule.forbidden_hazards)?;
            let demand = reach.demand(&prefix, rule.threshold, "roles", rule.roles)?;
            Ok((name, EnvironmentRule { demand, forbidden_hazards }))
        })
        .collect()
}

fn read_targets(wire: Vec<WireTarget>) -> Result<Vec<TargetRule>, PolicyError> {
    if wire.len() > MAX_TARGETS {
        return Err(invalid("targets", format!("must list at most {MAX_TARGETS} targets")));
    }
    let mut targets: Vec<TargetRule> = Vec::with_capacity(wire.len());
    let mut labels = BTreeSet::new();
    for WireTarget { label, environment, database, system_identifier } in wire {
        check_name("targets.label", &label)?;
        if !labels.insert(label.clone()) {
            return Err(invalid("targets.label", format!("\"{label}\" is there twice")));
        }
        let field = format!("targets.{label}.system_identifier");
        let system_identifier = system_identifier.map(|text| read_system_identifier(&field, &text)).transpose()?;
        if database.as_deref() == Some("") {
            return Err(invalid(format!("targets.{label}.database"), "must not be empty"));
        }
        targets.push(TargetRule { label, environment, database, system_identifier });
    }
    Ok(targets)
}

fn read_system_identifier(field: &str, text: &str) -> Result<u64, PolicyError> {
    let number = text.parse::<u64>().ok().filter(|number| number.to_string() == text);
    number.ok_or_else(|| invalid(field, "must be the number that pg_control_system() shows"))
}

fn check_environments(policy: &TrustPolicy) -> Result<(), PolicyError> {
    for target in &policy.targets {
        if let Some(environment) = &target.environment
            && !policy.environments.contains_key(environment)
        {
            return Err(PolicyError::UnknownEnvironment {
                label: target.label.clone(),
                environment: environment.clone(),
            });
        }
    }
    Ok(())
}
