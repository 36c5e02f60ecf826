//! The stage as a whole, on texts in memory.

#![allow(clippy::unwrap_used, clippy::panic)]
