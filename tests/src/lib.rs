//! The end-to-end tests of pgseal on real servers, the corpora and their runner.
//!
//! - [`server`] starts, stops and cleans up Postgres servers of majors 14 to 18.
//! - [`dist`] makes man pages, completions and bills of materials of the two programs.
//! - [`expressions`] makes expressions by the thousand and asks servers what they make of them.
//! - [`corpus`] reads schema changes (`old.sql`, `new.sql`) and whole schemas, and loads them into databases.
//! - [`runner`] runs a check over many cases and majors at once and counts.
//! - [`difference`] shows how two catalogs differ.
//! - [`generated_schema`] makes a schema of any size, for the benchmark.
//! - [`manifests`] makes the compiler's lists of what contrib extensions bring.
//! - [`faults`] makes plans of several phases by hand, and stops their runs where a test wants to.
//! - [`pipeline`] has the steps from a database to its next state, as library calls.
//! - [`queries`] has a small schema with views of every kind over it.
//! - [`program`] runs the two programs as a user does.
//!
//! The tests themselves are under `tests/`; the corpus of the project is under `corpus/`. A failed expectation of the
//! harness itself (no server installed, a server that does not start) panics: that is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod attacks;
pub mod builtins;
pub mod corpus;
pub mod difference;
pub mod dist;
pub mod documents;
pub mod expressions;
pub mod faults;
pub mod generated_schema;
pub mod manifests;
pub mod pipeline;
pub mod program;
pub mod queries;
pub mod runner;
pub mod schema;
pub mod server;
