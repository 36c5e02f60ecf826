//! The formats that both programs agree on: facts, catalogs, snapshots, plans and receipts, their canonical bytes, their
//! fingerprints and the limits on reading them; and how both programs end and say why.
//!
//! Nothing in this crate does input or output, reads a clock or understands SQL.

pub mod canonical;
pub mod catalog;
pub mod exit;
pub mod facts;
pub mod failure;
pub mod fingerprint;
pub mod hex;
pub mod id;
pub mod limits;
pub mod needs;
mod outline;
pub mod outside;
mod parts;
pub mod plan;
pub mod receipt;
pub mod recorded;
pub mod restraint;
pub mod shown;
pub mod snapshot;
mod subject;
pub mod symbols;

pub use catalog::{Catalog, Fact, RecordedFact};
pub use exit::Exit;
pub use facts::Payload;
pub use failure::Failure;
pub use fingerprint::Digest;
pub use id::{FactId, Kind, Name, QualifiedName, Routine};
pub use needs::Needs;
pub use parts::{both, in_parts, processors};
pub use plan::Plan;
pub use recorded::Recorded;
pub use snapshot::{Scope, Snapshot};
pub use symbols::Symbols;
