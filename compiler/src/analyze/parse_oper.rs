//! Operators: which one a name and two types mean, and the node that applies it.
//!
//! Follows parse_oper.c (PG 18).

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_candidate::{match_argtypes, select_candidate};
use super::parse_expr_kind::ParseExprKind;
use super::parse_func::{array_type_of, make_fn_arguments};
use super::parse_node::{ParseState, split_name};
use super::parse_polymorphic::{enforce_generic_type_consistency, is_polymorphic};
use crate::env::{Env, Oid, OperatorRow, SearchPath};
use crate::tree::{Expr, Location, OpExpr, Quantifier, ScalarArrayOpExpr, expr_type};

/// The operator that `name` means between two operands, the left one invalid for a prefix operator.
pub(super) fn oper<'a>(
    ps: &ParseState<'a>,
    name: &[&str],
    left: Oid,
    right: Oid,
    location: i32,
) -> Analyzed<&'a OperatorRow> {
    let (schema, bare) = split_name(ps.env, name, location)?;
    if let Some(schema) = schema
        && !ps.env.schema_exists(schema)
    {
        return Err(AnalyzeError::rejected(
            sqlstate::UNDEFINED_SCHEMA,
            format!("schema \"{schema}\" does not exist"),
            location,
        ));
    }
    if let Some(row) = exact(ps, schema, bare, left, right) {
        return Ok(row);
    }
    if let Some(row) = ps.env.remembered_operator(schema, bare, left, right) {
        return Ok(row);
    }
    let prefix = !left.is_valid();
    let inputs: Vec<Oid> = if prefix { vec![right] } else { vec![left, right] };
    let candidates: Vec<(Oid, Vec<Oid>)> = ps
        .env
        .oper_candidates(ps.path, schema, bare, prefix)
        .into_iter()
        .map(|c| {
            let args = if prefix { vec![c.right] } else { vec![c.left, c.right] };
            (c.oid, args)
        })
        .collect();
    let mut fitting = match_argtypes(ps.env, &inputs, candidates, |c| &c.1);
    let several = fitting.len() > 1;
    let chosen = if several { select_candidate(ps.env, &inputs, fitting, |c| &c.1) } else { fitting.pop() };
    let row = chosen
        .and_then(|(oid, _)| ps.env.operator_by_oid(oid))
        .ok_or_else(|| not_found(ps, name, left, right, several, location))?;
    ps.env.remember_operator(schema, bare, left, right, row);
    Ok(row)
}

/// The operator that a bare name finds between operands of these types (the left one invalid for a prefix
/// operator); `None` when it finds none, or no single one.
#[must_use]
pub fn operator_meant(env: &Env, path: &SearchPath, name: &str, left: Oid, right: Oid) -> Option<Oid> {
    // The place of the expression matters to errors only.
    let ps = ParseState::new(env, path, ParseExprKind::CheckConstraint);
    oper(&ps, &[name], left, right, -1).ok().map(|row| row.oid)
}

/// `binary_oper_exact`, and the exact match of a prefix operator.
fn exact<'a>(ps: &ParseState<'a>, schema: Option<&str>, name: &str, left: Oid, right: Oid) -> Option<&'a OperatorRow> {
    if !left.is_valid() {
        return ps.env.lookup_operator(ps.path, schema, name, left, right);
    }
    let (mut l, mut r, mut assumed) = (left, right, false);
    if l == Oid::UNKNOWN && r.is_valid() {
        l = r;
        assumed = true;
    } else if r == Oid::UNKNOWN {
        r = l;
        assumed = true;
    }
    if let Some(row) = ps.env.lookup_operator(ps.path, schema, name, l, r) {
        return Some(row);
    }
    if assumed {
        let base = ps.env.base_type(l);
        if base != l {
            return ps.env.lookup_operator(ps.path, schema, name, base, base);
        }
    }
    None
}

/// `op_signature_string`.
fn signature(ps: &ParseState<'_>, name: &[&str], left: Oid, right: Oid) -> String {
    let right = ps.shown(right);
    if left.is_valid() {
        format!("{} {} {right}", ps.shown(left), name.join("."))
    } else {
        format!("{} {right}", name.join("."))
    }
}

fn not_found(ps: &ParseState<'_>, name: &[&str], left: Oid, right: Oid, several: bool, location: i32) -> AnalyzeError {
    let signature = signature(ps, name, left, right);
    if several {
        return AnalyzeError::rejected(
            sqlstate::AMBIGUOUS_FUNCTION,
            format!("operator is not unique: {signature}"),
            location,
        )
        .hint(
            "Could not choose a best candidate operator. You might need to add explicit type \
             casts.",
        );
    }
    let hint = if left.is_valid() {
        "No operator matches the given name and argument types. You might need to add explicit \
         type casts."
    } else {
        "No operator matches the given name and argument type. You might need to add an explicit \
         type cast."
    };
    AnalyzeError::rejected(sqlstate::UNDEFINED_FUNCTION, format!("operator does not exist: {signature}"), location)
        .hint(hint)
}

fn check_shell(ps: &ParseState<'_>, row: &OperatorRow, name: &[&str], location: i32) -> Analyzed<()> {
    if row.proc.is_valid() {
        return Ok(());
    }
    Err(AnalyzeError::rejected(
        sqlstate::UNDEFINED_FUNCTION,
        format!("operator is only a shell: {}", signature(ps, name, row.left, row.right)),
        location,
    ))
}

/// Applies an operator to its operands; follows `make_op`.
pub(super) fn make_op(
    ps: &ParseState<'_>,
    name: &[&str],
    left: Option<Expr>,
    right: Expr,
    location: i32,
) -> Analyzed<OpExpr> {
    let left_type = left.as_ref().map_or(Oid::INVALID, expr_type);
    let right_type = expr_type(&right);
    let row = oper(ps, name, left_type, right_type, location)?;
    check_shell(ps, row, name, location)?;
    let (args, actual, mut declared) = match left {
        None => (vec![right], vec![right_type], vec![row.right]),
        Some(left) => (vec![left, right], vec![left_type, right_type], vec![row.left, row.right]),
    };
    let result_type =
        enforce_generic_type_consistency(ps.env, &actual, &mut declared, row.result).map_err(|e| e.at(location))?;
    refuse_internal(&declared, result_type, location)?;
    let args = make_fn_arguments(ps, args, &actual, &declared).map_err(|e| e.at(location))?;
    let retset = ps.env.proc_by_oid(row.proc).is_some_and(|p| p.returns_set);
    if let Some(error) = ps.kind.refuse_set(location).filter(|_| retset) {
        return Err(error);
    }
    Ok(OpExpr {
        opno: row.oid,
        funcid: row.proc,
        result_type,
        retset,
        collation: Oid::INVALID,
        input_collation: Oid::INVALID,
        args,
        location: Location::NONE,
    })
}

/// Nothing of type `internal` can be passed or returned.
pub(super) fn refuse_internal(declared: &[Oid], result: Oid, location: i32) -> Analyzed<()> {
    let what = if declared.contains(&Oid::INTERNAL) {
        "accepting"
    } else if result == Oid::INTERNAL {
        "returning"
    } else {
        return Ok(());
    };
    Err(AnalyzeError::rejected(
        sqlstate::FEATURE_NOT_SUPPORTED,
        format!("functions {what} type \"internal\" cannot be called explicitly"),
        location,
    ))
}

/// Applies an operator to a scalar and each element of an array; follows `make_scalar_array_op`.
pub(super) fn make_scalar_array_op(
    ps: &ParseState<'_>,
    name: &[&str],
    quantifier: Quantifier,
    scalar: Expr,
    array: Expr,
    location: i32,
) -> Analyzed<Expr> {
    let env = ps.env;
    let wrong = |message: &str| AnalyzeError::rejected(sqlstate::WRONG_OBJECT_TYPE, message, location);
    let left_type = expr_type(&scalar);
    let array_type = expr_type(&array);
    let element = if array_type == Oid::UNKNOWN {
        Oid::UNKNOWN
    } else {
        env.base_element_type_of(array_type).ok_or_else(|| wrong("op ANY/ALL (array) requires array on right side"))?
    };
    let row = oper(ps, name, left_type, element, location)?;
    check_shell(ps, row, name, location)?;
    let mut declared = vec![row.left, row.right];
    let result = enforce_generic_type_consistency(env, &[left_type, element], &mut declared, row.result)
        .map_err(|e| e.at(location))?;
    if result != Oid::BOOL {
        return Err(wrong("op ANY/ALL (array) requires operator to yield boolean"));
    }
    if env.proc_by_oid(row.proc).is_some_and(|p| p.returns_set) {
        return Err(wrong("op ANY/ALL (array) requires operator not to return a set"));
    }
    let right = declared.get(1).copied().unwrap_or_default();
    let resolved_array = if is_polymorphic(right) { array_type } else { array_type_of(ps, right, location)? };
    let left = declared.first().copied().unwrap_or_default();
    let mut args = make_fn_arguments(ps, vec![scalar, array], &[left_type, array_type], &[left, resolved_array])
        .map_err(|e| e.at(location))?
        .into_iter();
    let (Some(scalar), Some(array)) = (args.next(), args.next()) else {
        return Err(super::parse_node::missing("operands"));
    };
    Ok(Expr::ScalarArrayOpExpr(ScalarArrayOpExpr {
        opno: row.oid,
        funcid: row.proc,
        quantifier,
        input_collation: Oid::INVALID,
        scalar: Box::new(scalar),
        array: Box::new(array),
        location: Location::NONE,
    }))
}
