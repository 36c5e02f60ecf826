//! The seal's byte form: one, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod common;

use common::{PLAN, agent, seal_by, sealed, signer};
use pgseal_keys::seal::{MAX_SIGNATURES, SealError};
use pgseal_keys::{Plan, Receipt, Seal, Signature, Snapshot, Statement};

fn code(bytes: &[u8]) -> &'static str {
    Seal::<Plan>::read(bytes).map_or_else(|error| error.code(), |_| "read")
}

fn text(seeds: &[u8]) -> String {
    String::from_utf8(sealed(seeds)).unwrap()
}

/// The seal with one part of its text exchanged.
fn with(from: &str, to: &str) -> Vec<u8> {
    let text = text(&[1]);
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn the_bytes_are_pinned() {
    let expected = concat!(
        "{\n",
        "  \"format\": \"pgseal-seal\",\n",
        "  \"version\": 1,\n",
        "  \"payloadType\": \"application/vnd.pgseal.plan+json\",\n",
        "  \"signatures\": [\n",
        "    {\n",
        "      \"keyid\": \"fd110d301d2f077de1414b8f99f441b1403fab207b2052fbd2c065e4ee8e7dc2\",\n",
        "      \"statement\": \"signed\",\n",
        "      \"sig\": \"Q9oAAtpT4a1skHO4LwKfdAURb415zLIfIYk7VNc3bVUlkG69u7LvGVmwDabzLM8TVKRD+XhtK5yWqUl6es14Bg==\"\n",
        "    }\n",
        "  ]\n",
        "}\n",
    );
    assert_eq!(text(&[1]), expected);
    assert_eq!(code(expected.as_bytes()), "read");
}

#[test]
fn the_order_of_signing_does_not_show() {
    let orders: [&[u8]; 4] = [&[1, 2, 3], &[3, 2, 1], &[2, 1, 3], &[1, 2, 3, 3, 2, 1]];
    for order in orders {
        assert_eq!(sealed(order), sealed(&[1, 2, 3]));
    }
    assert_ne!(sealed(&[1, 2]), sealed(&[1, 2, 3]));
}

#[test]
fn a_seal_that_was_read_can_be_added_to() {
    let mut seal = Seal::<Plan>::read(&sealed(&[2])).unwrap();
    seal.sign(&signer(1), Statement::Signed, PLAN).unwrap();
    assert_eq!(seal.to_bytes(), sealed(&[1, 2]));
    assert_eq!(seal.claims().count(), 2);
}

#[test]
fn one_key_may_sign_and_reproduce() {
    let key = signer(1);
    let bytes = seal_by::<Plan, _>(PLAN, &[(&key, Statement::Reproduced), (&key, Statement::Signed)]);
    assert_eq!(Seal::<Plan>::read(&bytes).unwrap().claims().count(), 2);
}

#[test]
fn attaching_checks_the_signature() {
    let key = signer(1);
    let good = key.sign::<Plan>(Statement::Signed, PLAN).unwrap();
    let mut seal = Seal::<Plan>::default();
    let refused = [
        seal.attach(&key.public_key(), Statement::Signed, good, b"another document"),
        seal.attach(&signer(2).public_key(), Statement::Signed, good, PLAN),
        seal.attach(&key.public_key(), Statement::Reproduced, good, PLAN),
        seal.attach(&key.public_key(), Statement::Signed, Signature::from_bytes([0; 64]), PLAN),
    ];
    for outcome in refused {
        assert_eq!(outcome.unwrap_err().code(), "K0113");
    }
    seal.attach(&key.public_key(), Statement::Signed, good, PLAN).unwrap();
    assert_eq!(seal.to_bytes(), sealed(&[1]));
}

#[test]
fn adding_to_a_seal_with_a_bad_signature_of_the_same_key_is_refused() {
    let mut seal = Seal::<Plan>::read(&sealed(&[1])).unwrap();
    let refused = seal.sign(&signer(1), Statement::Signed, b"another document").unwrap_err();
    assert_eq!(refused.code(), "K0113");
}

#[test]
fn there_is_room_for_so_many_signatures_and_no_more() {
    let mut seal = Seal::<Plan>::default();
    for seed in 0..MAX_SIGNATURES {
        seal.sign(&signer(u8::try_from(seed).unwrap()), Statement::Signed, PLAN).unwrap();
    }
    assert_eq!(code(&seal.to_bytes()), "read");
    let refused = seal.sign(&signer(200), Statement::Signed, PLAN).unwrap_err();
    assert_eq!(refused, SealError::TooManySignatures);
    // A second signature of a key that is there collapses and needs no room.
    seal.sign(&signer(1), Statement::Signed, PLAN).unwrap();
}

#[test]
fn refuses_what_is_not_the_json_of_a_seal() {
    for bytes in [
        &b""[..],
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{\"format\": \"pgseal-seal\"}",
        &sealed(&[1])[..100],
        &[&sealed(&[1])[..], b"x"].concat(),
        &[&sealed(&[1])[..], &sealed(&[1])[..]].concat(),
        &with("\"version\": 1", "\"version\": \"1\""),
        &with("\"version\": 1", "\"version\": 1.0"),
        &with("\"version\": 1", "\"version\": -1"),
        &with("\"version\": 1", "\"version\": 1, \"extra\": 0"),
        &with("\"version\": 1", "\"version\": 1, \"version\": 1"),
        &with("\"format\": \"pgseal-seal\"", "\"format\": \"pgseal-seal\", \"format\": \"pgseal-seal\""),
        &with("\"signatures\"", "\"signatures\": [], \"signatures\""),
        &with("\"keyid\"", "\"key\": \"\", \"keyid\""),
        &with("\"sig\"", "\"sig\": \"\", \"sig\""),
        &with("\"statement\": \"signed\",", ""),
        &with("\"sig\": \"", "\"sig\": null, \"was\": \""),
    ] {
        assert_eq!(code(bytes), "K0102", "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn refuses_deep_nesting() {
    let deep = with("\"version\": 1", &format!("\"version\": 1, \"x\": {}{}", "[".repeat(10_000), "]".repeat(10_000)));
    assert_eq!(code(&deep), "K0102");
}

#[test]
fn refuses_other_formats_versions_and_kinds() {
    assert_eq!(code(&with("pgseal-seal", "pgseal-plan")), "K0104");
    assert_eq!(code(&with("\"version\": 1", "\"version\": 0")), "K0105");
    assert_eq!(code(&with("\"version\": 1", "\"version\": 2")), "K0105");
    // Another version is named as such whatever else is in it.
    assert_eq!(code(&with("\"version\": 1", "\"version\": 2, \"new\": true")), "K0105");
    assert_eq!(code(&with("pgseal.plan+json", "pgseal.receipt+json")), "K0106");
    assert_eq!(code(&with("pgseal.plan+json", "pgseal.plan.reproduced+json")), "K0106");
    let snapshot = seal_by::<Snapshot, _>(PLAN, &[(&agent(1), Statement::Signed)]);
    assert_eq!(code(&snapshot), "K0106");
    assert!(Seal::<Receipt>::read(&snapshot).is_err());
    assert!(Seal::<Snapshot>::read(&snapshot).is_ok());
}

#[test]
fn refuses_too_few_and_too_many() {
    assert_eq!(code(&Seal::<Plan>::default().to_bytes()), "K0103");
    let padded = |length: usize| [&sealed(&[1])[..], &vec![b' '; length - sealed(&[1]).len()]].concat();
    assert_eq!(code(&padded(64 * 1024)), "K0112");
    assert_eq!(code(&padded(64 * 1024 + 1)), "K0101");
    let one = "    {\n      \"keyid\": \"0\",\n      \"statement\": \"signed\",\n      \"sig\": \"\"\n    }";
    let many = vec![one; MAX_SIGNATURES + 1].join(",\n");
    let text = text(&[1]);
    let (head, _) = text.split_once("[\n").unwrap();
    assert_eq!(code(format!("{head}[\n{many}\n  ]\n}}\n").as_bytes()), "K0107");
}

#[test]
fn refuses_malformed_entries() {
    let text = text(&[1]);
    let key_id = signer(1).public_key().id().to_string();
    let sig = text.split("\"sig\": \"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(code(&with(&key_id, &key_id.to_uppercase())), "K0108");
    assert_eq!(code(&with(&key_id, &key_id[..62])), "K0108");
    assert_eq!(code(&with(&key_id, "")), "K0108");
    assert_eq!(code(&with(sig, "")), "K0109");
    assert_eq!(code(&with(sig, &sig[..84])), "K0109");
    assert_eq!(code(&with(sig, sig.trim_end_matches('='))), "K0109");
    assert_eq!(code(&with(sig, &format!("{sig}AAAA"))), "K0109");
    assert_eq!(code(&with(sig, &format!("-{}", &sig[1..]))), "K0109");
    assert_eq!(code(&with(sig, &format!(" {sig}"))), "K0109");
    assert_eq!(code(&with("\"signed\"", "\"approved\"")), "K0110");
    assert_eq!(code(&with("\"signed\"", "\"\"")), "K0110");
    let entry = text.split("[\n").nth(1).unwrap().split("\n  ]").next().unwrap();
    assert_eq!(code(&with(entry, &format!("{entry},\n{entry}"))), "K0111");
}

#[test]
fn a_receipt_cannot_be_reproduced() {
    let bytes = seal_by::<Receipt, _>(PLAN, &[(&agent(1), Statement::Signed)]);
    let text = String::from_utf8(bytes).unwrap().replace("\"signed\"", "\"reproduced\"");
    assert_eq!(Seal::<Receipt>::read(text.as_bytes()).unwrap_err().code(), "K0110");
    assert_eq!(agent(1).sign::<Receipt>(Statement::Reproduced, PLAN), None);
}

#[test]
fn refuses_every_other_spelling_of_the_same_content() {
    let text = text(&[1, 2]);
    let entries: Vec<&str> =
        text.split("[\n").nth(1).unwrap().split("\n  ]").next().unwrap().split(",\n    {").collect();
    let (first, second) = (entries[0], format!("    {{{}", entries[1]));
    let swapped = text.replace(&format!("{first},\n{second}"), &format!("{second},\n{first}"));
    assert_ne!(swapped, text);
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    for other in [
        swapped,
        compact,
        text.trim_end().to_owned(),
        format!("{text}\n"),
        format!(" {text}"),
        text.replace('\n', "\r\n"),
        text.replace("  ", "\t"),
        text.replace("pgseal-seal", "pgseal\\u002dseal"),
        text.replace("plan+json", "plan\\u002bjson"),
        text.replacen(
            "\"format\": \"pgseal-seal\",\n  \"version\": 1,",
            "\"version\": 1,\n  \"format\": \"pgseal-seal\",",
            1,
        ),
    ] {
        assert_ne!(other, text);
        assert_eq!(code(other.as_bytes()), "K0112", "{other}");
    }
}
