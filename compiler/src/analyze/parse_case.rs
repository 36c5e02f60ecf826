//! Alternatives and constants by name: `CASE`, `COALESCE`, `GREATEST`, `LEAST`, `CURRENT_DATE` and its like.
//!
//! Follows `transformCaseExpr`, `transformCoalesceExpr`, `transformMinMaxExpr` and `transformSQLValueFunction`,
//! parse_expr.c (PG 18).

use pg_query::protobuf::{
    CaseExpr as RawCaseExpr, CoalesceExpr as RawCoalesce, MinMaxExpr as RawMinMax, MinMaxOp as RawMinMaxOp, Node,
    SqlValueFunction as RawSvf, SqlValueFunctionOp as RawSvfOp, node,
};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_coerce::coerce_to_boolean;
use super::parse_collate::assign_expr_collations;
use super::parse_common::{coerce_to_common_type, select_common_type};
use super::parse_expr::{transform_child, transform_expr};
use super::parse_node::{ParseState, missing, null_of_unknown, raw_location};
use super::parse_oper::make_op;
use crate::env::Oid;
use crate::tree::{
    CaseExpr, CaseTestExpr, CaseWhen, CoalesceExpr, Expr, Location, MinMaxExpr, MinMaxOp, SqlValueFunction,
    SqlValueFunctionOp, expr_collation, expr_type, expr_typmod,
};

pub(super) fn transform_case(ps: &mut ParseState<'_>, c: &RawCaseExpr) -> Analyzed<Expr> {
    let sets = ps.set_calls;
    let arg = match c.arg.as_deref() {
        None => None,
        Some(raw) => {
            let mut arg = transform_expr(ps, raw)?;
            if expr_type(&arg) == Oid::UNKNOWN {
                arg = coerce_to_common_type(ps, arg, Oid::TEXT, "CASE", raw_location(raw))?;
            }
            assign_expr_collations(ps.env, &mut arg)?;
            Some(arg)
        }
    };
    let placeholder = arg.as_ref().map(|arg| {
        Expr::CaseTestExpr(CaseTestExpr {
            ty: expr_type(arg),
            typmod: expr_typmod(arg),
            collation: expr_collation(arg),
        })
    });
    let mut conditions = Vec::new();
    let mut results = Vec::new();
    let mut locations = Vec::new();
    for when in &c.args {
        let Some(node::Node::CaseWhen(when)) = &when.node else {
            return Err(missing("branch"));
        };
        let raw = when.expr.as_deref();
        let condition = transform_child(ps, raw)?;
        let condition = match &placeholder {
            None => condition,
            Some(p) => make_op(ps, &["="], Some(p.clone()), condition, when.location).map(Expr::OpExpr)?,
        };
        let location = raw.map_or(-1, raw_location);
        conditions.push(coerce_to_boolean(ps, condition, "CASE/WHEN", location)?);
        results.push(transform_child(ps, when.result.as_deref())?);
        locations.push(when.result.as_deref().map_or(-1, raw_location));
    }
    let default = match c.defresult.as_deref() {
        None => null_of_unknown(),
        Some(raw) => transform_expr(ps, raw)?,
    };
    refuse_sets(ps, sets, "CASE")?;
    let default_location = c.defresult.as_deref().map_or(-1, raw_location);
    let mut alternatives = vec![default];
    alternatives.extend(results);
    let mut all_locations = vec![default_location];
    all_locations.extend(locations);
    let ty = select_common_type(ps, &alternatives, "CASE", &all_locations)?;
    let mut coerced = Vec::with_capacity(alternatives.len());
    for (i, (e, at)) in alternatives.into_iter().zip(all_locations).enumerate() {
        let construct = if i == 0 { "CASE/ELSE" } else { "CASE/WHEN" };
        coerced.push(coerce_to_common_type(ps, e, ty, construct, at)?);
    }
    let mut coerced = coerced.into_iter();
    let default = coerced.next().ok_or_else(|| missing("default"))?;
    let whens = conditions.into_iter().zip(coerced).map(|(condition, result)| CaseWhen { condition, result }).collect();
    Ok(Expr::CaseExpr(CaseExpr {
        ty,
        collation: Oid::INVALID,
        arg: arg.map(Box::new),
        whens,
        default: Box::new(default),
        location: Location::NONE,
    }))
}

/// Sets cannot be chosen between.
fn refuse_sets(ps: &ParseState<'_>, before: usize, construct: &str) -> Analyzed<()> {
    if ps.set_calls == before {
        return Ok(());
    }
    Err(AnalyzeError::rejected(
        sqlstate::FEATURE_NOT_SUPPORTED,
        format!("set-returning functions are not allowed in {construct}"),
        ps.last_set,
    )
    .hint("You might be able to move the set-returning function into a LATERAL FROM item."))
}

/// Transforms arguments and brings them to their common type.
fn common_arguments(ps: &mut ParseState<'_>, raw: &[Node], construct: &str) -> Analyzed<(Oid, Vec<Expr>)> {
    let mut args = Vec::with_capacity(raw.len());
    for r in raw {
        args.push(transform_expr(ps, r)?);
    }
    let locations: Vec<i32> = raw.iter().map(raw_location).collect();
    let ty = select_common_type(ps, &args, construct, &locations)?;
    let args = args
        .into_iter()
        .zip(locations)
        .map(|(e, at)| coerce_to_common_type(ps, e, ty, construct, at))
        .collect::<Analyzed<Vec<_>>>()?;
    Ok((ty, args))
}

pub(super) fn transform_coalesce(ps: &mut ParseState<'_>, c: &RawCoalesce) -> Analyzed<Expr> {
    let sets = ps.set_calls;
    let (ty, args) = common_arguments(ps, &c.args, "COALESCE")?;
    refuse_sets(ps, sets, "COALESCE")?;
    Ok(Expr::CoalesceExpr(CoalesceExpr { ty, collation: Oid::INVALID, args, location: Location::NONE }))
}

pub(super) fn transform_min_max(ps: &mut ParseState<'_>, m: &RawMinMax) -> Analyzed<Expr> {
    let (op, construct) = match RawMinMaxOp::try_from(m.op) {
        Ok(RawMinMaxOp::IsLeast) => (MinMaxOp::Least, "LEAST"),
        _ => (MinMaxOp::Greatest, "GREATEST"),
    };
    let (ty, args) = common_arguments(ps, &m.args, construct)?;
    Ok(Expr::MinMaxExpr(MinMaxExpr {
        ty,
        collation: Oid::INVALID,
        input_collation: Oid::INVALID,
        op,
        args,
        location: Location::NONE,
    }))
}

pub(super) fn transform_sql_value_function(f: &RawSvf) -> Analyzed<Expr> {
    use SqlValueFunctionOp as Op;
    // a precision above six is six
    let precision = f.typmod.min(6);
    let (op, ty, typmod) = match RawSvfOp::try_from(f.op) {
        Ok(RawSvfOp::SvfopCurrentDate) => (Op::CurrentDate, Oid::DATE, -1),
        Ok(RawSvfOp::SvfopCurrentTime) => (Op::CurrentTime, Oid::TIMETZ, -1),
        Ok(RawSvfOp::SvfopCurrentTimeN) => (Op::CurrentTimeN, Oid::TIMETZ, precision),
        Ok(RawSvfOp::SvfopCurrentTimestamp) => (Op::CurrentTimestamp, Oid::TIMESTAMPTZ, -1),
        Ok(RawSvfOp::SvfopCurrentTimestampN) => (Op::CurrentTimestampN, Oid::TIMESTAMPTZ, precision),
        Ok(RawSvfOp::SvfopLocaltime) => (Op::LocalTime, Oid::TIME, -1),
        Ok(RawSvfOp::SvfopLocaltimeN) => (Op::LocalTimeN, Oid::TIME, precision),
        Ok(RawSvfOp::SvfopLocaltimestamp) => (Op::LocalTimestamp, Oid::TIMESTAMP, -1),
        Ok(RawSvfOp::SvfopLocaltimestampN) => (Op::LocalTimestampN, Oid::TIMESTAMP, precision),
        Ok(RawSvfOp::SvfopCurrentRole) => (Op::CurrentRole, Oid::NAME, -1),
        Ok(RawSvfOp::SvfopCurrentUser) => (Op::CurrentUser, Oid::NAME, -1),
        Ok(RawSvfOp::SvfopUser) => (Op::User, Oid::NAME, -1),
        Ok(RawSvfOp::SvfopSessionUser) => (Op::SessionUser, Oid::NAME, -1),
        Ok(RawSvfOp::SvfopCurrentCatalog) => (Op::CurrentCatalog, Oid::NAME, -1),
        Ok(RawSvfOp::SvfopCurrentSchema) => (Op::CurrentSchema, Oid::NAME, -1),
        Ok(RawSvfOp::SqlvalueFunctionOpUndefined) | Err(_) => return Err(missing("function")),
    };
    Ok(Expr::SqlValueFunction(SqlValueFunction { op, ty, typmod, location: Location::NONE }))
}
