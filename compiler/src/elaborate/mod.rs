//! The interpreter of DDL: a database as facts, and what statements make of it.
//!
//! Used twice: `schema.sql` over an empty database gives the desired catalog, and a plan's own statements over the source
//! catalog give the catalog that each checkpoint promises. So it predicts a server's catalog exactly, or refuses by name.

mod address;
mod aggregate;
mod aggregate_options;
mod alter;
mod alter_column;
mod alter_constraint;
mod alter_type;
mod bind;
mod check;
mod column_definition;
mod comment;
mod composite;
mod create_table;
mod dependents;
mod dispatch;
mod domain;
mod drop;
mod edit;
mod enum_type;
mod error;
mod expression;
mod extension;
mod fact_index;
mod foreign_key;
mod function;
mod function_arguments;
mod function_attributes;
mod function_settings;
mod function_sql_body;
mod index;
mod inherit;
mod inherit_alter;
mod key_constraint;
mod layout;
mod like;
mod manifest;
mod materialized_view;
mod merge_rules;
mod model;
mod names;
mod needs;
mod not_null;
mod operator_names;
mod options;
mod partition;
mod policy;
mod range;
#[cfg(test)]
mod refusal_tests;
mod rename;
mod rename_query;
mod retext;
mod rewrite;
mod routine_lookup;
mod rule;
#[cfg(test)]
mod rule_tests;
mod run;
mod schema;
mod sequence;
mod sequence_options;
mod stored_query;
mod symbols;
#[cfg(test)]
mod tests;
mod trigger;
mod user_type;
mod view;

pub use error::Problem;
pub use layout::{Layout, Misplaced, Orders};
pub use model::{Model, ModelError, Part, Savepoint, Written};
pub use run::{Order, QueryPlaces, SchemaRun, elaborate, execute};
