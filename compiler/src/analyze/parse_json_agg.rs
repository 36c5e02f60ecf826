//! `JSON_OBJECTAGG` and `JSON_ARRAYAGG` (16 and later).
//!
//! Follows `transformJsonObjectAgg`, `transformJsonArrayAgg` and `transformJsonAggConstructor`, parse_expr.c (PG 18).

use pg_query::protobuf::{JsonAggConstructor, JsonArrayAgg, JsonObjectAgg};

use super::error::Analyzed;
use super::parse_agg::{aggregate_call, window_call};
use super::parse_coerce::coerce_to_boolean;
use super::parse_expr::{transform_child, transform_expr};
use super::parse_expr_kind::ParseExprKind;
use super::parse_func::{CallSyntax, Decoration, Prepared};
use super::parse_json::{constructor, constructor_output, constructor_value, transform_value};
use super::parse_node::{ParseState, missing, raw_location};
use crate::env::{Major, Oid};
use crate::tree::{Expr, JsonConstructorType, JsonFormatType, JsonReturning};

pub(super) fn transform_object_agg(ps: &mut ParseState<'_>, n: &JsonObjectAgg) -> Analyzed<Expr> {
    let ctor = n.constructor.as_deref().ok_or_else(|| missing("constructor"))?;
    ps.require(Major::V16, "JSON_OBJECTAGG", ctor.location)?;
    let pair = n.arg.as_deref().ok_or_else(|| missing("key"))?;
    let key = transform_child(ps, pair.key.as_deref())?;
    let value = transform_value(ps, pair.value.as_deref(), &constructor_value("JSON_OBJECTAGG()"))?;
    let args = vec![key, value];
    let returning = constructor_output(ps, ctor.output.as_ref(), &args)?;
    let suffix = match (n.absent_on_null, n.unique) {
        (true, true) => "_unique_strict",
        (true, false) => "_strict",
        (false, true) => "_unique",
        (false, false) => "",
    };
    let name = format!("object_agg{suffix}");
    make(ps, ctor, JsonConstructorType::ObjectAgg, args, returning, &name, n.absent_on_null, n.unique)
}

pub(super) fn transform_array_agg(ps: &mut ParseState<'_>, n: &JsonArrayAgg) -> Analyzed<Expr> {
    let ctor = n.constructor.as_deref().ok_or_else(|| missing("constructor"))?;
    ps.require(Major::V16, "JSON_ARRAYAGG", ctor.location)?;
    let arg = transform_value(ps, n.arg.as_deref(), &constructor_value("JSON_ARRAYAGG()"))?;
    let args = vec![arg];
    let returning = constructor_output(ps, ctor.output.as_ref(), &args)?;
    let name = if n.absent_on_null { "agg_strict" } else { "agg" };
    make(ps, ctor, JsonConstructorType::ArrayAgg, args, returning, name, n.absent_on_null, false)
}

#[expect(clippy::too_many_arguments, reason = "what a constructor is made of")]
fn make(
    ps: &mut ParseState<'_>,
    ctor: &JsonAggConstructor,
    ty: JsonConstructorType,
    args: Vec<Expr>,
    returning: JsonReturning,
    name: &str,
    absent_on_null: bool,
    unique: bool,
) -> Analyzed<Expr> {
    let (prefix, result_type) = if returning.format.format_type == JsonFormatType::Jsonb {
        ("jsonb_", Oid::JSONB)
    } else {
        ("json_", Oid::JSON)
    };
    let name = format!("{prefix}{name}");
    let env = ps.env;
    let row = env.procs_named(&name).find(|row| row.schema == *"pg_catalog").ok_or_else(|| missing("aggregate"))?;
    let filter = match ctor.agg_filter.as_deref() {
        None => None,
        Some(raw) => {
            let filter = ps.of_kind(ParseExprKind::Filter, |ps| transform_expr(ps, raw))?;
            Some(coerce_to_boolean(ps, filter, "FILTER", raw_location(raw))?)
        }
    };
    let decoration = Decoration { order: &ctor.agg_order, filter, over: ctor.over.as_deref() };
    let prepared = Prepared { args, result_type, variadic: false };
    let syntax = CallSyntax::plain();
    let call = if ctor.over.is_some() {
        window_call(ps, &[&name], row, prepared, &syntax, decoration, ctor.location)?
    } else {
        aggregate_call(ps, &[&name], row, prepared, &syntax, decoration, ctor.location)?
    };
    let mut made = constructor(ps, ty, Vec::new(), returning, absent_on_null, unique, ctor.location)?;
    if let Expr::JsonConstructorExpr(json) = &mut made {
        json.func = Some(Box::new(call));
    }
    Ok(made)
}
