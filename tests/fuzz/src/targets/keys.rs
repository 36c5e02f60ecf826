//! Seals, trust policies, an agent's memory, keys and signatures.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use pgseal_keys::key_file::Passphrase;
use pgseal_keys::policy::MAX_KEYS;
use pgseal_keys::{
    AgentHost, Plan, PublicKey, Receipt, Seal, Signature, Signer, Snapshot, State, Statement, TrustPolicy,
    TrustPolicyDocument, Unverified, key_file,
};

use super::{file, folder};
use crate::Said;
use crate::seeds::{NOW, stranger};

/// `*.sig`: there is one byte form of every seal, and a seal is of one kind.
pub fn seal(bytes: &[u8]) -> Said {
    let read = [
        Seal::<Plan>::read(bytes).map(|seal| seal.to_bytes()),
        Seal::<Receipt>::read(bytes).map(|seal| seal.to_bytes()),
        Seal::<Snapshot>::read(bytes).map(|seal| seal.to_bytes()),
        Seal::<TrustPolicyDocument>::read(bytes).map(|seal| seal.to_bytes()),
    ];
    let accepted = read.iter().flatten().count();
    assert!(accepted <= 1, "one seal is of several kinds");
    for written in read.iter().flatten() {
        assert_eq!(written, bytes, "a seal was read in another byte form than the one there is");
    }
    let [first, ..] = read;
    if accepted == 1 { Ok(()) } else { first.map(drop).map_err(|error| error.to_string()) }
}

/// `trust.toml`: what is accepted holds together, and is content with neither nothing nor a stranger.
pub fn policy(bytes: &[u8]) -> Said {
    let policy = TrustPolicy::read(bytes).map_err(|error| error.to_string())?;
    assert!(TrustPolicy::read(bytes).is_ok_and(|again| again == policy), "a policy says two things");
    assert!(policy.policy_version() >= 1 && policy.threshold() >= 1, "a policy without a threshold");
    assert!((1..=MAX_KEYS).contains(&policy.keys().len()), "a policy without keys, or with too many");
    for (n, key) in policy.keys().iter().enumerate() {
        let others = policy.keys().iter().skip(n + 1);
        assert!(others.into_iter().all(|other| other.key != key.key && other.name != key.name), "a key is there twice");
        let window = (key.not_before, key.not_after);
        assert!(!matches!(window, (Some(start), Some(end)) if start >= end), "a key is never valid");
    }
    let document = b"{}".to_vec();
    let unsigned = Unverified::<Plan>::new(document.clone(), None).verify(&policy, NOW);
    assert!(unsigned.is_err(), "a policy accepts what nobody signed");
    let mut seal = Seal::<Plan>::default();
    let known = policy.keys().iter().any(|key| key.key == stranger().public_key());
    if !known {
        seal.sign(stranger(), Statement::Signed, &document).expect("a stranger signs");
        seal.sign(stranger(), Statement::Reproduced, &document).expect("a stranger signs");
        let strange = Unverified::<Plan>::new(document, Some(seal.to_bytes())).verify(&policy, NOW);
        assert!(strange.is_err(), "a policy accepts what a stranger signed");
    }
    Ok(())
}

/// `state.json` of an agent.
pub fn state(bytes: &[u8]) -> Said {
    let memory = folder().join(format!("{:?}-memory", std::thread::current().id()));
    fs::create_dir_all(&memory).expect("a folder");
    fs::set_permissions(&memory, fs::Permissions::from_mode(0o700)).expect("a private folder");
    fs::write(memory.join("state.json"), bytes).expect("a file is written");
    State::open(&memory).map(drop).map_err(|error| error.to_string())
}

/// A public key, as PEM or in one line: there is one line for each.
pub fn public_key(bytes: &[u8]) -> Said {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let key = PublicKey::from_text(text).map_err(|error| error.to_string())?;
    for written in [key.to_spki_base64(), key.to_pem().expect("a key is written")] {
        assert!(PublicKey::from_text(&written).is_ok_and(|again| again == key), "a key of our own is not read");
    }
    assert!(PublicKey::from_bytes(key.as_bytes()).is_ok(), "a key that was read is not fit for use");
    Ok(())
}

/// A private key file, encrypted or not: what is read signs what its public half verifies, and no passphrase is done without.
pub fn private_key(bytes: &[u8]) -> Said {
    let path = file("key.pem", bytes);
    let encrypted = key_file::is_encrypted(&path).map_err(|error| error.to_string())?;
    let plain: Result<Signer<AgentHost>, _> = key_file::read_private(&path, None);
    assert!(!encrypted || plain.is_err(), "an encrypted key is read without a passphrase");
    let passphrase = Passphrase::new("hunter2zz".to_owned().into()).expect("a passphrase");
    let signer = key_file::read_private::<AgentHost>(&path, Some(&passphrase)).map_err(|error| error.to_string())?;
    let mut seal = Seal::<Receipt>::default();
    seal.sign(&signer, Statement::Signed, b"{}").expect("a key signs");
    Ok(())
}

/// A detached signature, raw or in base64: there is one base64 of each.
pub fn signature(bytes: &[u8]) -> Said {
    let signature = Signature::from_file_bytes(bytes).ok_or("no signature")?;
    let again = Signature::from_base64(&signature.to_base64()).expect("a signature of our own is read");
    assert_eq!(again, signature, "a signature has more than one base64");
    Ok(())
}
