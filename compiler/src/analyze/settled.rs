//! Expressions and queries as a server printed them, read back to raw trees.

use pg_query::protobuf::{LimitOption, Node, ParseResult, RawStmt, ResTarget, SelectStmt, SetOperation, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use crate::grammar::{self, GrammarError};

/// What is put in front of an expression so that the parser takes it; locations in the raw tree
/// count from its start ([`AnalyzeError::moved_back`] undoes that).
const PREFIX: &str = "SELECT ";
/// The length of what stands in front of the expression in the raw tree's locations, in bytes.
pub const PREFIX_LENGTH: u32 = 7;

/// Reads one expression.
///
/// # Errors
///
/// When the text is no single expression.
pub fn parse_expr_text(text: &str) -> Analyzed<Node> {
    let parsed = grammar::parse(&format!("{PREFIX}{text}")).map_err(|error| match error {
        GrammarError::TooDeep => AnalyzeError::too_deep(-1),
        GrammarError::Refused(message) => AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, message, -1),
    })?;
    let bad = || AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, "expected a single expression", -1);
    let mut statements = parsed.protobuf.stmts.into_iter();
    let (Some(first), None) = (statements.next(), statements.next()) else {
        return Err(bad());
    };
    let Some(node::Node::SelectStmt(select)) = first.stmt.and_then(|s| s.node) else {
        return Err(bad());
    };
    let plain = select.from_clause.is_empty()
        && select.where_clause.is_none()
        && select.group_clause.is_empty()
        && select.having_clause.is_none()
        && select.window_clause.is_empty()
        && select.sort_clause.is_empty()
        && select.limit_count.is_none()
        && select.limit_offset.is_none()
        && select.locking_clause.is_empty()
        && select.distinct_clause.is_empty()
        && select.into_clause.is_none()
        && select.larg.is_none();
    let mut targets = select.target_list.into_iter();
    match (plain, targets.next().and_then(|t| t.node), targets.next()) {
        (true, Some(node::Node::ResTarget(target)), None) if target.name.is_empty() => {
            target.val.map(|v| *v).ok_or_else(bad)
        }
        _ => Err(bad()),
    }
}

/// Reads one statement.
///
/// # Errors
///
/// When the text is no single statement.
pub fn parse_statement_text(text: &str) -> Analyzed<Node> {
    let parsed = grammar::parse(text).map_err(|error| match error {
        GrammarError::TooDeep => AnalyzeError::too_deep(-1),
        GrammarError::Refused(message) => AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, message, -1),
    })?;
    let mut statements = parsed.protobuf.stmts.into_iter();
    match (statements.next().and_then(|first| first.stmt), statements.next()) {
        (Some(first), None) => Ok(*first),
        _ => Err(AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, "expected a single statement", -1)),
    }
}

/// The text of a raw statement, by the grammar's own printer; none for a tree that it cannot print.
#[must_use]
pub fn print_raw_statement(statement: &Node) -> Option<String> {
    let tree = ParseResult {
        version: 180_000,
        stmts: vec![RawStmt { stmt: Some(Box::new(statement.clone())), stmt_location: 0, stmt_len: 0 }],
    };
    pg_query::deparse(&tree, pg_query::DeparseOptions::default()).ok()
}

/// The text of a raw expression, by the grammar's own printer; none for a tree that it cannot print.
#[must_use]
pub fn print_raw_expression(expression: &Node) -> Option<String> {
    let target = ResTarget { val: Some(Box::new(expression.clone())), ..ResTarget::default() };
    let select = SelectStmt {
        target_list: vec![Node { node: Some(node::Node::ResTarget(Box::new(target))) }],
        limit_option: LimitOption::Default as i32,
        op: SetOperation::SetopNone as i32,
        ..SelectStmt::default()
    };
    let statement = Node { node: Some(node::Node::SelectStmt(Box::new(select))) };
    let text = print_raw_statement(&statement)?;
    text.strip_prefix(PREFIX).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_single_expressions() {
        assert!(parse_expr_text("(a + 1)").is_ok());
        assert!(parse_expr_text("a, b").is_err());
        assert!(parse_expr_text("a FROM t").is_err());
        assert!(parse_expr_text("a; SELECT 2").is_err());
        assert!(parse_expr_text("").is_err());
    }
}
