//! Keys with fixed seeds, policies and seals for the tests of this crate.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, missing_docs)]

use std::io::Write as _;

use base64::Engine as _;
use pgseal_keys::signer::Place;
use pgseal_keys::verifier::PlanFacts;
use pgseal_keys::{
    AgentHost, Authorized, Kind, MaySign, Memory, Plan, Refusal, Seal, Signer, Statement, TrustPolicy, Unverified,
    Workstation, key_file,
};

pub const NOW: u64 = 1_800_000_000;
pub const PLAN: &[u8] = b"{\"format\":\"pgseal-plan\",\"phases\":[],\"version\":1}\n";

/// A signer whose seed is 32 times the same byte, through a key file.
pub fn signer_at<P: Place>(seed: u8) -> Signer<P> {
    let head = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let der = [&head[..], &[seed; 32]].concat();
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n").unwrap();
    key_file::read_private(file.path(), None).unwrap()
}

pub fn signer(seed: u8) -> Signer<Workstation> {
    signer_at(seed)
}

pub fn agent(seed: u8) -> Signer<AgentHost> {
    signer_at(seed)
}

/// A `[[keys]]` entry named after the seed, with further lines.
pub fn key_entry(seed: u8, more: &str) -> String {
    let key = signer(seed).public_key().to_spki_base64();
    format!("\n[[keys]]\nname = \"key-{seed}\"\nkey = \"{key}\"\n{more}\n")
}

/// A policy: the lines for the head, then the entries.
pub fn policy_text(head: &str, entries: &[String]) -> String {
    format!("format = \"pgseal-trust\"\nversion = 1\npolicy_version = 1\n{head}\n{}", entries.concat())
}

pub fn policy(head: &str, entries: &[String]) -> TrustPolicy {
    TrustPolicy::read(policy_text(head, entries).as_bytes()).unwrap()
}

pub fn seal_by<K: Kind, P: Place + MaySign<K>>(document: &[u8], signers: &[(&Signer<P>, Statement)]) -> Vec<u8> {
    let mut seal = Seal::<K>::default();
    for (signer, statement) in signers {
        seal.sign(signer, *statement, document).unwrap();
    }
    seal.to_bytes()
}

/// A plain seal on the plan by the keys with these seeds.
pub fn sealed(seeds: &[u8]) -> Vec<u8> {
    let mut seal = Seal::<Plan>::default();
    for seed in seeds {
        seal.sign(&signer(*seed), Statement::Signed, PLAN).unwrap();
    }
    seal.to_bytes()
}

/// Verifies [`PLAN`] under a seal and returns the refusal's code, or "accepted".
pub fn verdict(policy: &TrustPolicy, seal: &[u8]) -> &'static str {
    verdict_on(policy, PLAN, Some(seal), NOW)
}

pub fn verdict_on(policy: &TrustPolicy, document: &[u8], seal: Option<&[u8]>, now: u64) -> &'static str {
    match Unverified::<Plan>::new(document.to_vec(), seal.map(<[u8]>::to_vec)).verify(policy, now) {
        Ok(_) => "accepted",
        Err(refusal) => refusal.code(),
    }
}

/// Takes [`PLAN`], signed by the keys with these seeds, through to the authorization.
pub fn authorize(
    policy: &TrustPolicy,
    seeds: &[u8],
    facts: PlanFacts,
    label: Option<&str>,
) -> Result<Authorized<()>, Refusal> {
    Unverified::<Plan>::new(PLAN.to_vec(), Some(sealed(seeds)))
        .verify(policy, NOW)?
        .open(|_| Ok::<_, std::convert::Infallible>(((), facts)))
        .unwrap()
        .authorize(label, &Memory::Absent)
}

/// The code of the refusal of [`authorize`], or "accepted".
pub fn judged(policy: &TrustPolicy, seeds: &[u8], facts: PlanFacts, label: Option<&str>) -> &'static str {
    match authorize(policy, seeds, facts, label) {
        Ok(_) => "accepted",
        Err(refusal) => refusal.code(),
    }
}
