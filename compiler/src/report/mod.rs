//! A plan for its readers: [`human`] for a terminal, [`sql`] for a script.
//!
//! Everything printed comes from the plan alone, so that a reviewer who has only `plan.json` sees the same as its author.
//! Names, statements and notes are printed without control characters other than line ends: a plan from elsewhere
//! cannot drive the reader's terminal, or hide a statement behind a comment.

pub mod delta;
pub mod human;
pub(crate) mod quantity;
#[cfg(test)]
pub(crate) mod sample;
pub mod sql;

use pgseal_catalog::shown::{one_line, visible};
