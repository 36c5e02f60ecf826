//! What the compiler says about Postgres, held against servers of all majors: captured, analysed, written, planned.
//!
//! One program, so that it is linked once and starts a server of each major once. What configures, stops or kills its server has a
//! program of its own beside this folder, except where it starts a private one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod analyze_objects;
mod body_names;
mod capture;
mod corpus;
mod corpus_whole;
mod database_name;
mod depth;
mod elaborate;
mod env_builtins;
mod env_rows;
mod env_types;
mod expressions;
mod known_limits;
mod negative;
mod queries;
mod query_bodies;
mod query_grammar;
mod query_layout;
mod query_renames;
mod query_text;
mod query_writes;
mod soft_order;
