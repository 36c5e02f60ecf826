//! The DSSE pre-authentication encoding: the exact bytes that a signature covers.
//!
//! `DSSEv1 SP len(type) SP type SP len(body) SP body`, lengths in decimal bytes
//! (<https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>). Two different pairs of
//! type and body never encode to the same bytes.

use crate::kind::{Kind, Statement, payload_type};

/// Encodes a payload type and a body.
pub fn encode(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {} {} ", payload_type.len(), payload_type, body.len());
    let mut bytes = Vec::with_capacity(head.len() + body.len());
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The bytes that an external signer (an HSM, `openssl pkeyutl -sign -rawin`) has to sign so that
/// [`crate::Seal::attach`] accepts the result; `None` when documents of kind `K` cannot carry the
/// statement.
pub fn to_be_signed<K: Kind>(statement: Statement, document: &[u8]) -> Option<Vec<u8>> {
    payload_type::<K>(statement).map(|payload_type| encode(payload_type, document))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Plan, Receipt, Snapshot, TrustPolicyDocument};

    #[test]
    fn encodes_the_example_of_the_protocol() {
        let bytes = encode("http://example.com/HelloWorld", b"hello world");
        assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn lengths_are_bytes_not_characters() {
        assert_eq!(encode("é", "ü€".as_bytes()), "DSSEv1 2 é 5 ü€".as_bytes());
        assert_eq!(encode("", b""), b"DSSEv1 0  0 ");
    }

    #[test]
    fn every_kind_and_statement_signs_other_bytes() {
        let all = [
            to_be_signed::<Plan>(Statement::Signed, b"x"),
            to_be_signed::<Plan>(Statement::Reproduced, b"x"),
            to_be_signed::<Snapshot>(Statement::Signed, b"x"),
            to_be_signed::<Receipt>(Statement::Signed, b"x"),
            to_be_signed::<TrustPolicyDocument>(Statement::Signed, b"x"),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().flatten().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(all[0].as_deref(), Some(&b"DSSEv1 32 application/vnd.pgseal.plan+json 1 x"[..]));
        assert_eq!(to_be_signed::<Receipt>(Statement::Reproduced, b"x"), None);
    }
}
