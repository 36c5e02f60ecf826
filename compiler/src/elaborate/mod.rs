//! The interpreter of DDL: a database as facts, and what statements make of it.
//!
//! Used twice: `schema.sql` over an empty database gives the desired catalog, and a plan's own statements over the source
//! catalog give the catalog that each checkpoint promises. So it predicts a server's catalog exactly, or refuses by name.

mod bind;
mod model;
mod needs;
mod symbols;

pub use model::{Model, ModelError, Part, Savepoint, Written};
