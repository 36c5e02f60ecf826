//! The compiler: `schema.sql` and a snapshot in, a plan out. Each stage is a pure function.

pub mod analyze;
pub mod bodies;
pub mod cli;
pub mod compile;
pub mod deparse;
pub mod diagnostic;
pub mod diff;
pub mod dump;
pub mod elaborate;
pub mod env;
mod grammar;
pub mod plan;
pub mod prove;
pub mod render;
pub mod report;
mod stack;
pub mod syntax;
pub mod tree;
