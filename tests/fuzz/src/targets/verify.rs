//! The promise that the whole project rests on: only bytes that trusted keys signed get through.
//!
//! An input is a document and a seal, with the document's length (four bytes, little-endian) in front. What trusted keys signed is
//! known: `seeds::signed` lists it, so whatever else is accepted is a forgery.

use pgseal_keys::in_force::successor;
use pgseal_keys::{Kind, Plan, Receipt, Snapshot, TrustPolicy, TrustPolicyDocument, Unverified};

use crate::Said;
use crate::seeds::{NOW, POLICY, joined, signed};

/// Splits an input; a length that is too long takes everything.
fn split(input: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let Some((head, rest)) = input.split_first_chunk::<4>() else { return (input.to_vec(), None) };
    let length = usize::try_from(u32::from_le_bytes(*head)).unwrap_or(usize::MAX).min(rest.len());
    let (document, seal) = rest.split_at(length);
    (document.to_vec(), (!seal.is_empty()).then(|| seal.to_vec()))
}

/// Document and seal of each kind.
pub fn verify(input: &[u8]) -> Said {
    let (document, seal) = split(input);
    let policy = TrustPolicy::read(POLICY.as_bytes()).expect("the policy of the seeds is one");
    let judged = [
        judge::<Plan>(&document, &seal, &policy),
        judge::<Receipt>(&document, &seal, &policy),
        judge::<Snapshot>(&document, &seal, &policy),
        judge::<TrustPolicyDocument>(&document, &seal, &policy),
    ];
    assert!(judged.iter().flatten().count() <= 1, "one seal is good for several kinds");
    let [first, ..] = &judged;
    if judged.iter().any(Result::is_ok) { Ok(()) } else { first.clone() }
}

fn judge<K: Kind>(document: &[u8], seal: &Option<Vec<u8>>, policy: &TrustPolicy) -> Said {
    let received = Unverified::<K>::new(document.to_vec(), seal.clone());
    let verified = received.verify(policy, NOW).map_err(|refusal| refusal.to_string())?;
    assert_eq!(verified.document(), document, "other bytes come out than were verified");
    let known = signed().iter().any(|(kind, bytes)| *kind == K::NAME && bytes == document);
    assert!(known, "a {} was let through that nobody signed: {}", K::NAME, String::from_utf8_lossy(document));
    for signer in verified.signers() {
        let trusted = policy.keys().iter().find(|key| key.key == signer.key).expect("a key of the policy");
        assert!(!trusted.revoked && trusted.signs.contains(&K::PURPOSE), "a key counted that must not");
    }
    Ok(())
}

/// A policy and its seal, to follow the one that is in force.
pub fn succession(input: &[u8]) -> Said {
    let (document, seal) = split(input);
    let old = TrustPolicy::read(POLICY.as_bytes()).expect("the policy of the seeds is one");
    let new = successor(&old, &document, seal, NOW).map_err(|refusal| refusal.to_string())?;
    assert!(new.policy_version() > old.policy_version(), "a policy was followed by an older one");
    let known = signed().iter().any(|(kind, bytes)| *kind == TrustPolicyDocument::NAME && *bytes == document);
    assert!(known, "a policy came into force that nobody signed");
    // and it is the same whoever asks
    let (again, _) = split(&joined(&document, b""));
    assert_eq!(again, document);
    Ok(())
}
