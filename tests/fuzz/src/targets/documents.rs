//! Plans, snapshots and receipts.
//!
//! What must hold: what is accepted has one byte form, which is accepted, says the same and stays as it is. A snapshot with a wrong
//! fingerprint is refused, so the reader is also given what the mutated facts really amount to.

use pgseal_catalog::receipt::Receipt;
use pgseal_catalog::{Catalog, Fact, Plan, Recorded, Snapshot, fingerprint, restraint};

use crate::Said;

/// `plan.json`: parsed, and asked what no plan may do.
pub fn plan(bytes: &[u8]) -> Said {
    let plan = Plan::from_bytes(bytes).map_err(|error| error.to_string())?;
    let written = plan.to_bytes();
    let again = Plan::from_bytes(&written).expect("a plan of our own is read");
    assert!(again == plan, "a plan says something else when it is read again");
    assert_eq!(again.to_bytes(), written, "a plan has more than one byte form");
    restraint::check(&plan).map_err(|error| error.to_string())
}

/// `snapshot.json`, whole and in outline.
pub fn snapshot(bytes: &[u8]) -> Said {
    let said = read_snapshot(bytes);
    if let Some(repaired) = with_its_fingerprint(bytes) {
        return read_snapshot(&repaired);
    }
    said
}

fn read_snapshot(bytes: &[u8]) -> Said {
    let outline = Snapshot::outline(bytes);
    let recorded = Recorded::from_bytes(bytes).map(|recorded| recorded.fingerprint);
    let snapshot = Snapshot::from_bytes(bytes).map_err(|error| error.to_string())?;
    let (written, fingerprint) = snapshot.to_bytes_and_fingerprint();
    assert_eq!(fingerprint, snapshot.fingerprint(), "two ways to one fingerprint");
    assert_eq!(written, snapshot.to_bytes(), "two ways to the same bytes");
    let again = Snapshot::from_bytes(&written).expect("a snapshot of our own is read");
    assert!(again == snapshot, "a snapshot says something else when it is read again");
    let of_own = Snapshot::outline(&written).expect("a snapshot of our own has an outline");
    assert!(snapshot.is_outlined_by(&of_own), "the outline of a snapshot says something else");
    if let Some(outline) = outline.filter(|_| written == bytes) {
        assert!(snapshot.is_outlined_by(&outline), "the outline of a snapshot says something else");
    }
    // what it is compared with is the same snapshot, if it is laid out as it is written here
    let of_own = Recorded::from_bytes(&written).expect("a snapshot of our own is compared with");
    assert_eq!(of_own.fingerprint, fingerprint, "a snapshot that is compared with has another fingerprint");
    assert_eq!(of_own.digests, fingerprint::object_digests(&snapshot.catalog), "its objects are others");
    if let Ok(recorded) = recorded {
        assert_eq!(recorded, fingerprint, "a snapshot that is compared with has another fingerprint");
    }
    Ok(())
}

/// The same with the fingerprint that its facts have, where they can be read at all.
fn with_its_fingerprint(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut document: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let facts: Vec<Fact> = serde_json::from_value(document.get("facts")?.clone()).ok()?;
    if facts.iter().any(|fact| !fact.payload.fits(fact.id.kind())) {
        return None;
    }
    let catalog: Catalog = facts.into_iter().collect();
    let found = fingerprint::fingerprint(&catalog).to_string();
    *document.get_mut("fingerprint")? = found.into();
    serde_json::to_vec(&document).ok()
}

/// `receipt.json`.
pub fn receipt(bytes: &[u8]) -> Said {
    let receipt = Receipt::from_bytes(bytes).map_err(|error| error.to_string())?;
    let written = receipt.to_bytes();
    let again = Receipt::from_bytes(&written).expect("a receipt of our own is read");
    assert_eq!(again, receipt, "a receipt says something else when it is read again");
    assert_eq!(again.to_bytes(), written, "a receipt has more than one byte form");
    Ok(())
}
