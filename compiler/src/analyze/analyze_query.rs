//! Whole queries: those of views, of rules, and of the bodies of functions.
//!
//! Follows `DefineView` and `parse_analyze_fixedparams` (PG 18).

use pg_query::protobuf::{Node, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_expr_kind::ParseExprKind;
use super::parse_level::{Level, Parameters};
use super::parse_node::ParseState;
use super::parse_query::transform_statement;
use super::parse_rte::output_columns;
use crate::env::{Env, SearchPath};
use crate::tree::{ColumnDefinition, CommandType, Query};

/// The query of a view, its outputs under the names that the view gives them.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn analyze_view_query(env: &Env, path: &SearchPath, raw: &Node, aliases: &[String]) -> Analyzed<Query> {
    if matches!(&raw.node, Some(node::Node::SelectStmt(select)) if select.into_clause.is_some()) {
        return Err(AnalyzeError::rejected(sqlstate::FEATURE_NOT_SUPPORTED, "views must not contain SELECT INTO", -1));
    }
    let mut query = analyze_statement(env, path, raw, &Parameters::default())?;
    if query.command != CommandType::Select {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "views must not contain data-modifying statements in WITH",
            -1,
        ));
    }
    if query.ctes.iter().any(|cte| cte.query.command != CommandType::Select) {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "views must not contain data-modifying statements in WITH",
            -1,
        ));
    }
    let mut names = aliases.iter();
    for (target, name) in query.target_list.iter_mut().filter(|t| !t.junk).zip(&mut names) {
        target.name = Some(name.clone());
    }
    if names.next().is_some() {
        return Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            "CREATE VIEW specifies more column names than columns",
            -1,
        ));
    }
    Ok(query)
}

/// A statement with what its parameters mean.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn analyze_statement(env: &Env, path: &SearchPath, raw: &Node, parameters: &Parameters) -> Analyzed<Query> {
    let mut ps = ParseState::new(env, path, ParseExprKind::Other);
    ps.parameters = parameters.clone();
    ps.level = Level { resolve_unknowns: true, ..Level::default() };
    transform_statement(&mut ps, raw)
}

/// Name, type, modifier and collation of each column that a query returns.
#[must_use]
pub fn query_columns(query: &Query) -> Vec<ColumnDefinition> {
    output_columns(query)
}
