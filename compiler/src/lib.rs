//! The compiler: `schema.sql` and a snapshot in, a plan out. Each stage is a pure function.

pub mod analyze;
pub mod cli;
pub mod deparse;
pub mod diagnostic;
pub mod elaborate;
pub mod env;
pub mod render;
pub mod report;
pub mod syntax;
pub mod tree;
