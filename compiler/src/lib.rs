//! The compiler: `schema.sql` and a snapshot in, a plan out. Each stage is a pure function.

pub mod analyze;
mod aside;
pub mod cli;
pub mod compile;
pub mod deparse;
pub mod diagnostic;
pub mod diff;
pub mod dump;
pub mod elaborate;
pub mod env;
pub mod plan;
pub mod prove;
pub mod render;
pub mod report;
pub mod syntax;
pub mod tree;
