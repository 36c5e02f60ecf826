//! Network addresses: `inet`, `cidr`, `macaddr`, `macaddr8`.
//!
//! Follows network.c, inet_net_pton.c, mac.c and mac8.c (PG 18).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::number::is_space;
use super::{Normal, Refusal, invalid_syntax, reject};

/// An address with the number of bits of its network.
enum Address {
    V4(u32, u32),
    V6(u128, u32),
}

/// `inet`: an address, with its network only when that is not the whole.
pub(super) fn inet(text: &str) -> Normal {
    let bad = || invalid_syntax("inet", text);
    let (host, bits) = split(text).ok_or_else(bad)?;
    Ok(match address(host, bits, false).ok_or_else(bad)? {
        Address::V4(a, 32) => Ipv4Addr::from(a).to_string(),
        Address::V4(a, n) => format!("{}/{n}", Ipv4Addr::from(a)),
        Address::V6(a, 128) => Ipv6Addr::from(a).to_string(),
        Address::V6(a, n) => format!("{}/{n}", Ipv6Addr::from(a)),
    })
}

/// `cidr`: a network, no bit set to the right of its mask.
pub(super) fn cidr(text: &str) -> Normal {
    let bad = || invalid_syntax("cidr", text);
    let (host, bits) = split(text).ok_or_else(bad)?;
    match address(host, bits, true).ok_or_else(bad)? {
        Address::V4(a, n) => {
            let rest = u32::MAX.checked_shr(n).unwrap_or(0);
            if a & rest != 0 {
                return Err(host_bits(text));
            }
            Ok(format!("{}/{n}", Ipv4Addr::from(a)))
        }
        Address::V6(a, n) => {
            let rest = u128::MAX.checked_shr(n).unwrap_or(0);
            if a & rest != 0 {
                return Err(host_bits(text));
            }
            Ok(format!("{}/{n}", Ipv6Addr::from(a)))
        }
    }
}

fn host_bits(text: &str) -> Refusal {
    reject("22P02", format!("invalid cidr value: \"{text}\"")).detail("Value has bits set to right of mask.")
}

fn split(text: &str) -> Option<(&str, Option<u32>)> {
    match text.split_once('/') {
        None => Some((text, None)),
        Some((host, bits)) => {
            if bits.is_empty() || !bits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            Some((host, Some(bits.parse().ok()?)))
        }
    }
}

fn address(host: &str, bits: Option<u32>, network: bool) -> Option<Address> {
    if host.contains(':') {
        let a: Ipv6Addr = host.parse().ok()?;
        let bits = bits.unwrap_or(128);
        return (bits <= 128).then_some(Address::V6(u128::from(a), bits));
    }
    let mut octets = Vec::new();
    for part in host.split('.') {
        if part.is_empty() || part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        octets.push(part.parse::<u8>().ok()?);
    }
    let given = octets.len();
    if given > 4 || (given < 4 && !network && bits.is_none()) {
        return None;
    }
    let bits = bits.unwrap_or_else(|| default_bits(&octets));
    if bits > 32 || (given < 4 && u32::try_from(given).ok()? * 8 < bits && !network) {
        return None;
    }
    octets.resize(4, 0);
    let bytes: [u8; 4] = octets.try_into().ok()?;
    Some(Address::V4(u32::from(Ipv4Addr::from(bytes)), bits))
}

/// The size of a network written without one: by class, or by what was written if that is more.
fn default_bits(octets: &[u8]) -> u32 {
    if octets.len() == 4 {
        return 32;
    }
    let class = match octets.first().copied().unwrap_or(0) {
        240.. => 32,
        224..=239 => 8,
        192..=223 => 24,
        128..=191 => 16,
        _ => 8,
    };
    let written = u32::try_from(octets.len()).unwrap_or(4) * 8;
    class.max(written)
}

/// The bytes of a hardware address in any of the usual spellings.
fn hardware(text: &str, lengths: &[usize]) -> Option<Vec<u8>> {
    let body = text.trim_matches(is_space);
    let mut digits = String::new();
    let mut separator = None;
    let mut group = 0_usize;
    let mut groups = Vec::new();
    for c in body.chars() {
        if c.is_ascii_hexdigit() {
            digits.push(c);
            group += 1;
        } else if matches!(c, ':' | '-' | '.') {
            if separator.is_some_and(|s| s != c) {
                return None;
            }
            separator = Some(c);
            groups.push(group);
            group = 0;
        } else {
            return None;
        }
    }
    groups.push(group);
    let uniform = groups.iter().all(|g| Some(g) == groups.first());
    if !uniform || !digits.len().is_multiple_of(2) {
        return None;
    }
    let bytes = hex::decode(digits).ok()?;
    lengths.contains(&bytes.len()).then_some(bytes)
}

fn print_bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")
}

/// `macaddr`.
pub(super) fn macaddr(text: &str) -> Normal {
    hardware(text, &[6]).map(|b| print_bytes(&b)).ok_or_else(|| invalid_syntax("macaddr", text))
}

/// `macaddr8`; six bytes are widened by `ff:fe` in the middle.
pub(super) fn macaddr8(text: &str) -> Normal {
    let bytes = hardware(text, &[6, 8]).ok_or_else(|| invalid_syntax("macaddr8", text))?;
    Ok(match bytes.as_slice() {
        [a, b, c, d, e, f] => print_bytes(&[*a, *b, *c, 0xff, 0xfe, *d, *e, *f]),
        other => print_bytes(other),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(inet("192.168.0.1/24").unwrap(), "192.168.0.1/24");
        assert_eq!(inet("192.168.0.1/32").unwrap(), "192.168.0.1");
        assert_eq!(inet("::1").unwrap(), "::1");
        assert_eq!(cidr("10.1").unwrap(), "10.1.0.0/16");
        assert_eq!(cidr("10").unwrap(), "10.0.0.0/8");
        assert!(cidr("10.0.0.1/8").is_err());
        assert_eq!(macaddr("08002B:010203").unwrap(), "08:00:2b:01:02:03");
        assert_eq!(macaddr8("08:00:2b:01:02:03").unwrap(), "08:00:2b:ff:fe:01:02:03");
    }
}
