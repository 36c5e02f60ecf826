//! From raw expressions and queries (PostgreSQL 18's grammar) to typed trees, by the rules of one
//! server major.
//!
//! Laid out as PostgreSQL's `src/backend/parser`: one file per topic, the same names. Owns the
//! expressions of a schema's definition (defaults, checks, generated columns, index expressions and
//! predicates, domain checks, trigger conditions, policies, partition keys and bounds, `USING`), the
//! queries of views, the bodies of functions, and rules. Refuses what
//! the server refuses there, with its SQLSTATE and words, and by a stable code what is not covered.
//!
//! Invariants: nothing is folded; every implicit coercion is a node; a literal is in the normal form
//! of its type; nesting is bounded, so that no input overflows the stack.

mod analyze_query;
mod cook;
mod depend;
mod error;
mod evaluate;
mod figure_name;
mod function_body;
mod literal;
mod lookup_agg;
mod mutable;
mod parse_a_expr;
mod parse_agg;
mod parse_assign;
mod parse_candidate;
mod parse_case;
mod parse_clause;
mod parse_coerce;
mod parse_collate;
mod parse_common;
mod parse_cte;
mod parse_expr;
mod parse_expr_kind;
mod parse_flatten;
mod parse_func;
mod parse_grouped;
mod parse_join;
mod parse_json;
mod parse_json_agg;
mod parse_json_func;
mod parse_jsontable;
mod parse_level;
mod parse_locking;
mod parse_merge;
mod parse_modify;
mod parse_node;
mod parse_oper;
mod parse_polymorphic;
mod parse_query;
mod parse_recursion;
mod parse_relation;
mod parse_row;
mod parse_rte;
mod parse_set;
mod parse_sort;
mod parse_star;
mod parse_sublink;
mod parse_subscript;
mod parse_target;
mod parse_window;
mod parse_xml;
mod raw_walk;
mod rule;
mod settled;
mod updatable;

pub use analyze_query::{analyze_statement, analyze_view_query, query_columns};
pub use cook::{
    DefaultKind, IndexKey, Target, TriggerEvents, cook_constraint, cook_default, cook_domain_check,
    cook_index_expression, cook_index_predicate, cook_partition_key, cook_policy, cook_trigger_when, cook_using,
    is_null_default,
};
pub use depend::{Dependencies, dependencies, query_dependencies};
pub use error::{AnalyzeError, Analyzed, Rejection, TOO_DEEP, Unsupported, sqlstate};
pub use evaluate::cook_partition_bound_value;
pub use figure_name::index_column_name;
pub use function_body::{DeclaredResult, SqlBody, analyze_function_body, analyze_string_body};
pub use literal::print_float4;
pub use lookup_agg::{AggregateFunction, lookup_agg_function};
pub use mutable::{contain_mutable_functions, contain_volatile_functions};
pub use parse_coerce::{
    Coercion, CoercionPath, can_coerce_type, coerce_to_boolean, coerce_to_specific_type, coerce_to_target_type,
    find_coercion_pathway, find_typmod_coercion_function,
};
pub use parse_collate::assign_expr_collations;
pub use parse_common::{coerce_to_common_type, select_common_type};
pub use parse_expr::transform_expr;
pub use parse_expr_kind::ParseExprKind;
pub use parse_func::function_meant;
pub use parse_level::Parameters;
pub use parse_node::{DEPTH_LIMIT, DomainValue, ParseState, raw_location};
pub use parse_oper::operator_meant;
pub use parse_polymorphic::is_polymorphic;
pub use parse_relation::NamespaceItem;
pub(crate) use parse_sort::type_operators;
pub use rule::{AnalyzedRule, analyze_rule};
pub use settled::{PREFIX_LENGTH, parse_expr_text, parse_statement_text, print_raw_expression, print_raw_statement};
pub use updatable::why_not_updatable;
