//! The chain of an agent's receipts: whether they follow each other, and which are missing.
//!
//! Every receipt names the digest of the one before and that of the first, and the agent signs that. So none can be left out of the
//! middle, put elsewhere or told twice without being found out. It also names the key that seals it, so that no other agent's key can
//! go on where this one was, even one that is trusted with receipts. Only at its end can a chain be cut off unnoticed: what nobody has
//! heard of leaves no trace in what came before.

use std::collections::BTreeMap;
use std::fmt;

use super::Link;
use crate::fingerprint::Digest;

/// A receipt that was found genuine, for its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// What messages call it: its file.
    pub name: String,
    /// SHA-256 of its file.
    pub digest: Digest,
    /// Its place.
    pub link: Link,
    /// The id of the key that sealed it.
    pub key: Option<String>,
}

/// How much of a chain is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All between the lowest and the highest number that are there.
    Between,
    /// All from the first receipt on.
    FromFirst,
}

/// Whether all of a chain must be sealed by one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// It must.
    One,
    /// The agent's key was exchanged: a chain may go over to another one.
    MayChange,
}

/// A chain without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// The digest of its first receipt, whether that is there or not.
    pub first: Digest,
    /// The lowest number that is there.
    pub from: u64,
    /// The highest number that is there.
    pub to: u64,
    /// The digest of the receipt with the highest number.
    pub last: Digest,
}

/// Receipts that are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The lowest number.
    pub from: u64,
    /// The highest number.
    pub to: u64,
    /// The digest of the one with the highest number, which its successor names.
    pub last: Option<Digest>,
    /// What the receipt after them is called.
    pub before: String,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from == self.to {
            true => write!(f, "receipt {} is missing", self.to)?,
            false => write!(f, "receipts {} to {} are missing", self.from, self.to)?,
        }
        // one call may be about the folders of several agents
        write!(f, " before \"{}\"", self.before)?;
        match self.last {
            Some(last) => write!(f, "; the sha256 of {} is {last}", self.to),
            None => Ok(()),
        }
    }
}

/// Why receipts are not a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Some are missing.
    #[error("the chain of receipts has gaps")]
    Gaps {
        /// Which, in order.
        gaps: Vec<Gap>,
    },
    /// Two different receipts have the same number.
    #[error("two receipts are number {number} of the same chain")]
    Fork {
        /// The number.
        number: u64,
        /// What they are called.
        names: [String; 2],
    },
    /// A receipt is sealed by another key than the one before it.
    #[error("receipt {number} is sealed by another key than the one before it")]
    OtherKey {
        /// Its number.
        number: u64,
        /// What it is called.
        name: String,
        /// The keys, the earlier one first.
        keys: [String; 2],
    },
    /// A receipt names another one before it than the one that is there.
    #[error("receipt {number} does not follow the one before it")]
    Broken {
        /// Its number.
        number: u64,
        /// What it is called.
        name: String,
        /// What the one before it is called.
        before: String,
    },
}

impl ChainError {
    /// The stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Gaps { .. } => "R0201",
            Self::Fork { .. } => "R0202",
            Self::Broken { .. } => "R0203",
            Self::OtherKey { .. } => "R0204",
        }
    }

    /// The facts behind it, a line each.
    #[must_use]
    pub fn detail(&self) -> Vec<String> {
        match self {
            Self::Gaps { gaps } => gaps.iter().map(Gap::to_string).collect(),
            Self::Fork { names, .. } => names.iter().map(|name| format!("\"{name}\"")).collect(),
            Self::OtherKey { name, keys: [before, after], .. } => {
                vec![format!("\"{name}\" is sealed by key {after}, and the one before it by key {before}")]
            }
            Self::Broken { name, before, .. } => {
                vec![format!("\"{name}\" names another predecessor than \"{before}\"")]
            }
        }
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Gaps { .. } => Some("ask for them where the agent runs: each receipt is there once it was written"),
            Self::OtherKey { .. } => Some(
                "if the agent's own key was exchanged there, say --allow-key-change; if not, somebody else went on with its chain",
            ),
            Self::Fork { .. } | Self::Broken { .. } => {
                Some("the agent's memory was put back to an earlier state, or somebody else has its key")
            }
        }
    }
}

/// Sorts receipts into chains, in the order of their first receipts, and looks that nothing is missing in any.
///
/// # Errors
/// See [`ChainError`].
pub fn judge(receipts: &[Placed], extent: Extent, keys: Keys) -> Result<Vec<Chain>, ChainError> {
    let mut chains: BTreeMap<Digest, BTreeMap<u64, &Placed>> = BTreeMap::new();
    for receipt in receipts {
        let numbers = chains.entry(receipt.link.chain(receipt.digest)).or_default();
        if let Some(other) = numbers.insert(receipt.link.number, receipt)
            && other.digest != receipt.digest
        {
            let names = [other.name.clone(), receipt.name.clone()];
            return Err(ChainError::Fork { number: receipt.link.number, names });
        }
    }
    let mut gaps = Vec::new();
    let mut found = Vec::new();
    for (first, numbers) in &chains {
        let mut before: Option<&Placed> = None;
        for receipt in numbers.values() {
            let number = receipt.link.number;
            let expected = match (before, extent) {
                (Some(before), _) => before.link.number.saturating_add(1),
                (None, Extent::FromFirst) => 1,
                (None, Extent::Between) => number,
            };
            if expected < number {
                let (to, before) = (number.saturating_sub(1), receipt.name.clone());
                gaps.push(Gap { from: expected, to, last: receipt.link.previous, before });
            } else if let Some(before) = before.filter(|before| receipt.link.previous != Some(before.digest)) {
                let (name, before) = (receipt.name.clone(), before.name.clone());
                return Err(ChainError::Broken { number, name, before });
            }
            if let Some(before) = before.filter(|before| keys == Keys::One && before.key != receipt.key) {
                let said = |key: &Option<String>| key.clone().unwrap_or_else(|| "none".to_owned());
                let (name, keys) = (receipt.name.clone(), [said(&before.key), said(&receipt.key)]);
                return Err(ChainError::OtherKey { number, name, keys });
            }
            before = Some(receipt);
        }
        if let (Some(lowest), Some(highest)) = (numbers.values().next(), before) {
            let (from, to) = (lowest.link.number, highest.link.number);
            found.push(Chain { first: *first, from, to, last: highest.digest });
        }
    }
    if gaps.is_empty() { Ok(found) } else { Err(ChainError::Gaps { gaps }) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn judge(receipts: &[Placed], extent: Extent) -> Result<Vec<Chain>, ChainError> {
        super::judge(receipts, extent, Keys::One)
    }

    fn chain(seed: &str, length: u64) -> Vec<Placed> {
        let mut link = Link::FIRST;
        let mut all = Vec::new();
        for number in 1..=length {
            let digest = Digest::of(format!("{seed}{number}").as_bytes());
            all.push(Placed { name: format!("{seed}{number}.json"), digest, link, key: Some(seed.to_owned()) });
            link = link.next(digest);
        }
        all
    }

    fn without(mut all: Vec<Placed>, numbers: &[u64]) -> Vec<Placed> {
        all.retain(|receipt| !numbers.contains(&receipt.link.number));
        all
    }

    #[test]
    fn receipts_in_any_order_are_sorted_into_their_chains() {
        let (a, b) = (chain("a", 4), chain("b", 1));
        let mut all = [a.clone(), b.clone(), a.clone()].concat();
        all.reverse();
        let mut found = judge(&all, Extent::FromFirst).unwrap();
        found.sort_by_key(|chain| std::cmp::Reverse(chain.to));
        let expected = [
            Chain { first: a[0].digest, from: 1, to: 4, last: a[3].digest },
            Chain { first: b[0].digest, from: 1, to: 1, last: b[0].digest },
        ];
        assert_eq!(found, expected);
        assert_eq!(judge(&[], Extent::FromFirst), Ok(Vec::new()));
    }

    #[test]
    fn what_is_missing_is_named() {
        let all = without(chain("a", 9), &[1, 2, 4, 6, 7]);
        let ChainError::Gaps { gaps } = judge(&all, Extent::Between).unwrap_err() else { panic!("gaps") };
        let digest = |number: usize| Some(chain("a", 9)[number - 1].digest);
        let gap = |from: u64, to: usize| {
            let before = format!("a{}.json", to + 1);
            Gap { from, to: u64::try_from(to).unwrap(), last: digest(to), before }
        };
        assert_eq!(gaps, [gap(4, 4), gap(6, 7)]);
        let said = format!("receipts 6 to 7 are missing before \"a8.json\"; the sha256 of 7 is {}", digest(7).unwrap());
        assert_eq!(gaps[1].to_string(), said);
        let ChainError::Gaps { gaps } = judge(&all, Extent::FromFirst).unwrap_err() else { panic!("gaps") };
        assert_eq!(gaps[0], gap(1, 2));
        let tail = without(chain("a", 9), &[1, 2]);
        assert_eq!(judge(&tail, Extent::Between).unwrap()[0].from, 3);
    }

    #[test]
    fn receipts_that_do_not_follow_are_refused() {
        let mut forked = chain("a", 3);
        let (name, key) = ("other.json".to_owned(), Some("a".to_owned()));
        forked.push(Placed { name, digest: Digest::of(b"x"), link: forked[1].link, key });
        assert_eq!(judge(&forked, Extent::Between).unwrap_err().code(), "R0202");
        let mut broken = chain("a", 4);
        broken[2].link.previous = Some(Digest::of(b"x"));
        assert_eq!(judge(&broken, Extent::Between).unwrap_err().code(), "R0203");
    }

    #[test]
    fn a_chain_is_one_keys_unless_that_was_exchanged() {
        let mut extended = chain("a", 4);
        extended[3].key = Some("b".to_owned());
        let error = judge(&extended, Extent::Between).unwrap_err();
        assert_eq!((error.code(), error.to_string().contains("receipt 4")), ("R0204", true));
        assert_eq!(super::judge(&extended, Extent::FromFirst, Keys::MayChange).unwrap()[0].to, 4);
        extended[3].key = None;
        assert_eq!(judge(&extended, Extent::Between).unwrap_err().code(), "R0204");
    }

    #[test]
    fn places_are_consistent_or_refused() {
        let (one, other) = (Digest::of(b"1"), Digest::of(b"2"));
        let link = |number, first, previous| Link { number, first, previous };
        assert!(Link::FIRST.is_consistent() && Link::FIRST.next(one).next(other).is_consistent());
        for wrong in [
            link(0, None, None),
            link(1, Some(one), Some(one)),
            link(1, None, Some(one)),
            link(2, Some(one), None),
            link(2, Some(one), Some(other)),
            link(3, None, Some(one)),
        ] {
            assert!(!wrong.is_consistent(), "{wrong:?}");
        }
    }
}
