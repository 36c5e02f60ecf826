//! Keys, seals and trust of pgseal.
//!
//! This crate owns everything that decides whether a document may be acted on:
//!
//! - [`key_file`]: Ed25519 key files (PKCS#8 and SPKI PEM, as OpenSSL reads and writes them),
//! - [`kind`] and [`pae`]: what exactly is signed, so that a receipt can never pass for a plan,
//! - [`signer`]: signers typed by what they may sign,
//! - [`seal`]: the detached signature file `plan.json.sig`,
//! - [`policy`]: the trust policy `trust.toml`,
//! - [`state`]: what an agent remembers between runs,
//! - [`in_force`]: the policy that is in force, and how another comes into force,
//! - [`verifier`]: the one verifier, whose proof types nobody else can make,
//! - [`moment`]: times as people write them,
//! - [`lock`]: locks between runs,
//! - [`sealed`]: the one way from files to a plan that the verifier let through.
//!
//! It refuses by default: an unknown field, an unknown version, a byte that is not in its canonical
//! place. It never reads the clock, the environment or a
//! socket; only key generation asks the operating system for randomness. Every refusal has a stable
//! code (`K0103`, …) and an exit code.
#![forbid(unsafe_code)]

mod failure;
pub mod files;
pub mod in_force;
pub mod key;
pub mod key_file;
pub mod kind;
pub mod lock;
pub mod moment;
pub mod pae;
mod pbes2;
pub mod policy;
pub mod refusal;
pub mod seal;
pub mod sealed;
pub mod signer;
pub mod state;
#[cfg(unix)]
mod stream;
mod tally;
pub mod verifier;
#[cfg(unix)]
mod way;

pub use in_force::{InForce, Memory, Vouched};
pub use key::{KeyId, PublicKey, Signature};
pub use kind::{Kind, Plan, Receipt, Snapshot, Statement, TrustPolicyDocument};
pub use policy::{LedgerRule, TrustPolicy};
pub use refusal::Refusal;
pub use seal::Seal;
pub use sealed::{PreparedDocument, Received, prepare_sealed, read_policy, seal_path, write_sealed};
pub use signer::{AgentHost, MaySign, Signer, Workstation};
pub use state::{Mark, State};
pub use verifier::{Admitted, Authorized, CountedSigner, LiveTarget, Opened, PlanFacts, Unverified, Verified};
