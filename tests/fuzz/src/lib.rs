//! Fuzzing of every reader of bytes that may come from an enemy.
//!
//! A [`Target`] is a reader with seeds and with what must hold of it: it never panics, what it accepts is read the same again, and
//! nothing is let through that no trusted key signed. The same targets run in three ways:
//!
//! - `tests/smoke.rs`: for a second each, in `make test`,
//! - the program `fuzz`: as long as one likes, with the mutator of [`mutate`], which learns from what readers say,
//! - the program `fuzz-guided`: guided by coverage (libFuzzer), which `make fuzz` prefers.
//!
//! A broken promise is a panic: that is what all three look for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod mutate;
pub mod run;
mod seeds;
pub mod targets;

/// How a reader ended: what it said, for telling new ways to end from known ones.
pub type Said = Result<(), String>;

/// A reader of untrusted bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Inputs to begin with, each of which the reader accepts or refuses for a reason worth changing.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many of the seeds, from the first, have to be accepted: a target whose good inputs are refused tests nothing.
    pub good: usize,
    /// Reads bytes and checks what must hold.
    pub read: fn(&[u8]) -> Said,
}

/// Every target.
pub const TARGETS: [Target; 13] = [
    Target { name: "seal", seeds: seeds::seals, good: 2, read: targets::keys::seal },
    Target { name: "verify", seeds: seeds::sealed, good: 4, read: targets::verify::verify },
    Target { name: "succession", seeds: seeds::successors, good: 1, read: targets::verify::succession },
    Target { name: "policy", seeds: seeds::policies, good: 2, read: targets::keys::policy },
    Target { name: "state", seeds: seeds::states, good: 1, read: targets::keys::state },
    Target { name: "public-key", seeds: seeds::public_keys, good: 2, read: targets::keys::public_key },
    Target { name: "private-key", seeds: seeds::private_keys, good: 3, read: targets::keys::private_key },
    Target { name: "signature", seeds: seeds::signatures, good: 2, read: targets::keys::signature },
    Target { name: "plan", seeds: seeds::plans, good: 1, read: targets::documents::plan },
    Target { name: "snapshot", seeds: seeds::snapshots, good: 1, read: targets::documents::snapshot },
    Target { name: "receipt", seeds: seeds::receipts, good: 1, read: targets::documents::receipt },
    Target { name: "dsn", seeds: seeds::connection_strings, good: 4, read: targets::connection::dsn },
    Target { name: "files", seeds: seeds::connection_files, good: 2, read: targets::connection::files },
];
