//! The formats that both programs agree on: facts, catalogs, snapshots, plans and receipts, their canonical bytes, their
//! fingerprints and the limits on reading them.
//!
//! Nothing in this crate does input or output, reads a clock or understands SQL.

pub mod canonical;
pub mod catalog;
pub mod facts;
pub mod fingerprint;
pub mod id;
pub mod limits;
pub mod plan;
pub mod receipt;
pub mod snapshot;
pub mod symbols;

pub use catalog::{Catalog, Fact};
pub use facts::Payload;
pub use fingerprint::Digest;
pub use id::{FactId, Kind, Name, QualifiedName, Routine};
pub use plan::Plan;
pub use snapshot::{Scope, Snapshot};
