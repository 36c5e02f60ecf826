//! The agent: beside the database, it captures snapshots and applies sealed plans.

pub mod apply;
pub mod capture;
pub mod cli;
mod clock;
pub mod connect;
