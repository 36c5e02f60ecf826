//! The SQL-standard bodies of functions: `RETURN expression` and `BEGIN ATOMIC … END`.
//!
//! Follows `interpret_AS_clause`, functioncmds.c, and `check_sql_fn_retval`, executor/functions.c (PG 18). What the body returns
//! is checked against what the function is declared to return, on a copy: no coercion is stored.

use pg_query::protobuf::{Node, node};

use super::analyze_query::analyze_statement;
use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_coerce::{Coercion, coerce_to_target_type};
use super::parse_expr_kind::ParseExprKind;
use super::parse_level::Parameters;
use super::parse_node::ParseState;
use super::parse_polymorphic::is_polymorphic;
use super::parse_rte::{output_columns, outputs, relation_columns};
use crate::env::{Env, Oid, SearchPath, TypeKind};
use crate::tree::{ColumnDefinition, CommandType, Expr, Query};

/// An analysed body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlBody {
    /// `RETURN expression`.
    Return(Box<Query>),
    /// `BEGIN ATOMIC … END`.
    Atomic(Vec<Query>),
}

/// What a function is declared to return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredResult {
    /// Its type.
    pub ty: Oid,
    /// The columns that its output arguments make, none where there are not several.
    pub columns: Option<Vec<ColumnDefinition>>,
    /// Whether it is a procedure.
    pub procedure: bool,
}

/// The body of a function, `sql_body` of the raw statement, with what its parameters mean.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn analyze_function_body(
    env: &Env,
    path: &SearchPath,
    raw: &Node,
    parameters: &Parameters,
    result: &DeclaredResult,
) -> Analyzed<SqlBody> {
    if parameters.arguments.iter().any(|(_, ty)| is_polymorphic(*ty)) {
        return Err(invalid("SQL function with unquoted function body cannot have polymorphic arguments".to_owned()));
    }
    let body = match &raw.node {
        Some(node::Node::List(outer)) => {
            let statements = match outer.items.first().and_then(|n| n.node.as_ref()) {
                Some(node::Node::List(inner)) => inner.items.as_slice(),
                _ => &[],
            };
            let mut queries = Vec::with_capacity(statements.len());
            for statement in statements {
                queries.push(analyze_body_statement(env, path, statement, parameters)?);
            }
            SqlBody::Atomic(queries)
        }
        _ => SqlBody::Return(Box::new(analyze_body_statement(env, path, raw, parameters)?)),
    };
    let last = match &body {
        SqlBody::Return(query) => Some(&**query),
        SqlBody::Atomic(queries) => queries.last(),
    };
    check_result(env, path, last, result)?;
    Ok(body)
}

/// The statements of a body that is a string, with what its parameters mean.
///
/// # Errors
///
/// What the server would say when the function runs, or what is not covered.
pub fn analyze_string_body(
    env: &Env,
    path: &SearchPath,
    statements: &[&Node],
    parameters: &Parameters,
    result: &DeclaredResult,
) -> Analyzed<()> {
    let mut last = None;
    for statement in statements {
        // what a CALL calls has been looked up by name; its arguments are the server's to judge
        last = match &statement.node {
            Some(node::Node::CallStmt(_)) => None,
            _ => Some(analyze_body_statement(env, path, statement, parameters)?),
        };
    }
    check_result(env, path, last.as_ref(), result)
}

fn analyze_body_statement(env: &Env, path: &SearchPath, raw: &Node, parameters: &Parameters) -> Analyzed<Query> {
    let known = matches!(
        &raw.node,
        Some(
            node::Node::SelectStmt(_)
                | node::Node::InsertStmt(_)
                | node::Node::UpdateStmt(_)
                | node::Node::DeleteStmt(_)
                | node::Node::MergeStmt(_)
                | node::Node::ReturnStmt(_)
        )
    );
    if !known {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "this command is not yet supported in unquoted SQL function body",
            -1,
        ));
    }
    analyze_statement(env, path, raw, parameters)
}

fn invalid(message: String) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::INVALID_FUNCTION_DEFINITION, message, -1)
}

/// `check_sql_fn_retval`, where no rule of a table takes the last statement's place.
fn check_result(env: &Env, path: &SearchPath, last: Option<&Query>, result: &DeclaredResult) -> Analyzed<()> {
    if result.ty == Oid::VOID {
        return Ok(());
    }
    let shown = env.format_type_under(path, result.ty, None);
    let mismatch =
        |detail: String| invalid(format!("return type mismatch in function declared to return {shown}")).detail(detail);
    let returns = |q: &&Query| q.command == CommandType::Select || !q.returning.is_empty();
    let Some(last) = last.filter(returns) else {
        return Err(mismatch(
            "Function's final statement must be SELECT or INSERT/UPDATE/DELETE/MERGE RETURNING.".to_owned(),
        ));
    };
    let columns = output_columns(last);
    let values: Vec<&Expr> = outputs(last).map(|target| &target.expr).collect();
    let ps = ParseState::new(env, path, ParseExprKind::SelectTarget);
    // one way or the other the value is brought to the type, which for a row may fail inside of it
    let fits = |value: &Expr, to: Oid, typmod: i32| -> Analyzed<bool> {
        coerce_to_target_type(&ps, value.clone(), to, typmod, Coercion::assignment(-1)).map(|made| made.is_some())
    };
    let kind = env.type_by_oid(result.ty).map(|row| row.kind);
    let is_row = kind == Some(TypeKind::Composite) || result.ty == Oid::RECORD;
    if !is_row {
        if kind == Some(TypeKind::Pseudo) {
            return Err(invalid(format!("SQL functions cannot return type {shown}")));
        }
        return match (values.as_slice(), columns.as_slice()) {
            ([only], _) if fits(only, result.ty, -1)? => Ok(()),
            (_, [only]) => {
                let actual = env.format_type_under(path, only.ty, None);
                Err(mismatch(format!("Actual return type is {actual}.")))
            }
            _ => Err(mismatch("Final statement must return exactly one column.".to_owned())),
        };
    }
    if let ([only], false) = (values.as_slice(), result.procedure)
        && fits(only, result.ty, -1)?
    {
        return Ok(());
    }
    let declared = match &result.columns {
        Some(columns) => columns.clone(),
        None => match env.relation_of_type(result.ty) {
            Some(relation) => relation_columns(relation),
            None => return Ok(()),
        },
    };
    for (at, ((value, actual), wanted)) in values.iter().zip(&columns).zip(&declared).enumerate() {
        if !fits(value, wanted.ty, wanted.typmod)? {
            return Err(mismatch(format!(
                "Final statement returns {} instead of {} at column {}.",
                env.format_type_under(path, actual.ty, None),
                env.format_type_under(path, wanted.ty, None),
                at + 1
            )));
        }
    }
    match columns.len().cmp(&declared.len()) {
        std::cmp::Ordering::Greater => Err(mismatch("Final statement returns too many columns.".to_owned())),
        std::cmp::Ordering::Less => Err(mismatch("Final statement returns too few columns.".to_owned())),
        std::cmp::Ordering::Equal => Ok(()),
    }
}
