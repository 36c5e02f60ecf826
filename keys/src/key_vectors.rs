//! Ed25519: the examples of RFC 8032, and encodings that only strict verification refuses.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    ::hex::decode(text).unwrap().try_into().unwrap()
}

fn key(text: &str) -> Result<PublicKey, PublicKeyError> {
    PublicKey::from_bytes(&bytes(text))
}

fn signature(text: &str) -> Signature {
    Signature::from_bytes(bytes(text))
}

/// Public key, message, signature of section 7.1, tests 1 to 3.
const RFC_8032: [(&str, &str, &str); 3] = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
];

#[test]
fn accepts_the_examples_of_rfc_8032() {
    for (public, message, sig) in RFC_8032 {
        assert!(key(public).unwrap().accepts(&::hex::decode(message).unwrap(), &signature(sig)));
    }
}

#[test]
fn refuses_every_flipped_bit_of_an_example() {
    let (public, message, sig) = RFC_8032[2];
    let (public, message) = (key(public).unwrap(), ::hex::decode(message).unwrap());
    for position in 0..512 {
        let mut bad: [u8; 64] = bytes(sig);
        bad[position / 8] ^= 1 << (position % 8);
        assert!(!public.accepts(&message, &Signature::from_bytes(bad)), "bit {position}");
    }
    for position in 0..16 {
        let mut other = message.clone();
        other[position / 8] ^= 1 << (position % 8);
        assert!(!public.accepts(&other, &signature(sig)), "bit {position}");
    }
}

#[test]
fn refuses_an_example_under_another_key() {
    let (_, message, sig) = RFC_8032[2];
    let other = key(RFC_8032[1].0).unwrap();
    assert!(!other.accepts(&::hex::decode(message).unwrap(), &signature(sig)));
}

/// Every encoding of a point of small order, canonical or not.
#[test]
fn refuses_keys_of_small_order() {
    let weak = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    for text in weak {
        let refusal = key(text).unwrap_err();
        assert!(
            matches!(refusal, PublicKeyError::Weak | PublicKeyError::NotCanonical | PublicKeyError::Malformed),
            "{text}"
        );
    }
    assert_eq!(key(weak[0]), Err(PublicKeyError::Weak));
    assert_eq!(key(weak[6]), Err(PublicKeyError::Weak));
}

#[test]
fn refuses_every_encoding_at_or_above_the_prime() {
    for first in 0xed..=0xff {
        for last in [0x7f, 0xff] {
            let mut text = [0xff; 32];
            text[0] = first;
            text[31] = last;
            assert_eq!(PublicKey::from_bytes(&text), Err(PublicKeyError::NotCanonical));
        }
    }
}

#[test]
fn refuses_what_is_no_point() {
    let text = "0200000000000000000000000000000000000000000000000000000000000000";
    assert_eq!(key(text), Err(PublicKeyError::Malformed));
}

/// Made for the key with the seed 07…07 over "pgseal": the first is honest, the others satisfy the
/// verification equation, with or without the cofactor, and are malleable.
#[test]
fn refuses_signatures_that_lax_verification_accepts() {
    let public = key("ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c").unwrap();
    let accepts = |text| public.accepts(b"pgseal", &signature(text));
    assert!(accepts(
        "6bcc35c859df5ca9b8152eb6560aef5690f4f838813b3cb1ff5a6b36d87cdf43f3d6e0fac25b031787b44fdb12ff8cfbb647b7124f718ff98cb698c2e4ff8f02"
    ));
    let lax = [
        (
            "S plus the group order",
            "6bcc35c859df5ca9b8152eb6560aef5690f4f838813b3cb1ff5a6b36d87cdf43e0aad657ddbe156f5d51477ef1f86b10b747b7124f718ff98cb698c2e4ff8f12",
        ),
        (
            "R is the identity",
            "01000000000000000000000000000000000000000000000000000000000000002d75b2b9eb748dc86b05b55c38edc50d65bafc9f4b632e1607cfcfd34ee2640f",
        ),
        (
            "R of order 8",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05bf9be74675a446793cd86f548aeddce0e97cefae690dad0343f44df09a1f8207",
        ),
        (
            "R with a part of order 8",
            "bca4f0b8ce7976b6d802f10bcbf32a2535d516791047228da43f4eddb73edae30fe9bf46bb4ad774555f668f72637a5bc352ab212a8aebbb7e3c0a7ec506c303",
        ),
        (
            "R not canonical",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f19c49ae34c93280f777eb2508cf0e1f9b9201483925d24a5b09243cba160d90a",
        ),
        (
            "all zero",
            "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        ),
    ];
    for (name, text) in lax {
        assert!(!accepts(text), "{name}");
    }
}

/// 200 and more, written by `generated/ed25519_edges.py` with nothing but integers.
#[test]
fn the_edges_are_as_an_independent_hand_has_them() {
    let mut count = 0;
    let lines = include_str!("generated/ed25519_edges.txt").lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, verdict, public, message, sig] = fields[..] else { panic!("malformed: {line}") };
        let message = ::hex::decode(message.trim_start_matches('-')).unwrap();
        let found = match key(public) {
            Err(_) => "key",
            Ok(public) if public.accepts(&message, &signature(sig)) => "accept",
            Ok(_) => "refuse",
        };
        assert_eq!(found, verdict, "{name}");
        count += 1;
    }
    assert_eq!(count, 225);
}

#[test]
fn spki_has_one_form() {
    let public = key(RFC_8032[0].0).unwrap();
    let der = public.to_spki_der();
    assert_eq!(PublicKey::from_spki_der(&der), Ok(public));
    for position in 0..12 {
        let mut bad = der.clone();
        bad[position] ^= 1;
        assert_eq!(PublicKey::from_spki_der(&bad), Err(PublicKeyError::Malformed));
    }
    assert_eq!(PublicKey::from_spki_der(&der[..43]), Err(PublicKeyError::Malformed));
    assert_eq!(PublicKey::from_spki_der(&[&der[..], &[0]].concat()), Err(PublicKeyError::Malformed));
    assert_eq!(PublicKey::from_text(&public.to_spki_base64()), Ok(public));
    assert_eq!(PublicKey::from_text(&public.to_pem().unwrap()), Ok(public));
    assert_eq!(PublicKey::from_text(""), Err(PublicKeyError::Malformed));
    assert_eq!(PublicKey::from_text("-----BEGIN PUBLIC KEY-----"), Err(PublicKeyError::Malformed));
}

#[test]
fn the_key_id_is_pinned() {
    let id = key(RFC_8032[0].0).unwrap().id();
    assert_eq!(KeyId::from_hex(&id.to_string()), Some(id));
    assert_eq!(id.to_string(), "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9");
    assert_eq!(KeyId::from_hex(&id.to_string().to_uppercase()), None);
    assert_eq!(KeyId::from_hex(&id.short()), None);
}

#[test]
fn signature_files_are_raw_or_base64() {
    let raw: [u8; 64] = bytes(RFC_8032[0].2);
    let expected = Signature::from_bytes(raw);
    assert_eq!(Signature::from_file_bytes(&raw), Some(expected));
    assert_eq!(Signature::from_file_bytes(format!("{}\n", expected.to_base64()).as_bytes()), Some(expected));
    assert_eq!(Signature::from_file_bytes(&raw[..63]), None);
    assert_eq!(Signature::from_file_bytes(b""), None);
    let canonical = expected.to_base64();
    assert_eq!(Signature::from_base64(canonical.trim_end_matches('=')), None);
    // The last two characters carry four unused bits, which must be zero.
    assert!(canonical.ends_with("Cw=="));
    assert_eq!(Signature::from_base64(&canonical.replace("Cw==", "Cx==")), None);
}

#[test]
fn keys_and_signatures_are_shown_and_ordered_by_their_bytes() {
    let public = key("8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c").unwrap();
    let other = key("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").unwrap();
    assert_eq!(format!("{public:?}"), "PublicKey(MCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=)");
    let id = public.id();
    assert_eq!(format!("{id:?}"), format!("KeyId({id})"));
    assert_eq!(id.to_string().len(), 64);
    assert_eq!(id.short(), id.to_string()[..16]);
    let signature = Signature::from_bytes([7; 64]);
    assert_eq!(format!("{signature:?}"), format!("Signature({})", signature.to_base64()));
    assert_eq!(public.partial_cmp(&other), Some(std::cmp::Ordering::Less));
    assert_eq!(other.partial_cmp(&public), Some(std::cmp::Ordering::Greater));
}
