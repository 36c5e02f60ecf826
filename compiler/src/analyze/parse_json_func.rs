//! SQL/JSON: the query functions `JSON_EXISTS`, `JSON_QUERY` and `JSON_VALUE` (17 and later), on their own and behind the
//! columns of a `JSON_TABLE`.
//!
//! Follows `transformJsonFuncExpr`, `transformJsonPassingArgs` and `transformJsonBehavior`, parse_expr.c (PG 18).

use pg_query::protobuf as raw;
use pg_query::protobuf::{Node, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_coerce::{Coercion, coerce_to_target_type, place_or};
use super::parse_expr::transform_child;
use super::parse_json::{
    NO_FORMAT, ValueUse, category, format_of, is_plain, mismatch, old_call, transform_output, transform_value,
};
use super::parse_node::{ParseState, make_const, missing};
use crate::env::{CastContext, Major, Oid};
use crate::tree::{
    CoercionForm, Expr, JsonBehavior, JsonExpr, JsonExprOp, JsonFormat, JsonFormatType, JsonPassing, JsonReturning,
    JsonWrapper, Location, expr_collation, expr_type,
};

fn function_name(op: JsonExprOp) -> &'static str {
    match op {
        JsonExprOp::Exists => "JSON_EXISTS",
        JsonExprOp::Query => "JSON_QUERY",
        JsonExprOp::Value => "JSON_VALUE",
    }
}

/// `JSON_EXISTS`, `JSON_QUERY`, `JSON_VALUE`.
pub(super) fn transform_func(ps: &mut ParseState<'_>, n: &raw::JsonFuncExpr) -> Analyzed<Expr> {
    let (op, default_format) = match raw::JsonExprOp::try_from(n.op) {
        Ok(raw::JsonExprOp::JsonExistsOp) => (JsonExprOp::Exists, JsonFormatType::Default),
        Ok(raw::JsonExprOp::JsonQueryOp) => (JsonExprOp::Query, JsonFormatType::Jsonb),
        Ok(raw::JsonExprOp::JsonValueOp) => (JsonExprOp::Value, JsonFormatType::Default),
        _ => return Err(missing("function")),
    };
    let name = function_name(op);
    if ps.major() < 17 && is_plain_call(n) {
        let mut args: Vec<&Node> = Vec::new();
        args.extend(n.context_item.as_deref().and_then(|v| v.raw_expr.as_deref()));
        args.extend(n.pathspec.as_deref());
        return old_call(ps, &name.to_ascii_lowercase(), args, n.location);
    }
    ps.require(Major::V17, name, n.location)?;
    check_syntax(n, op)?;
    let usage = ValueUse { construct: name, default_format, target: Oid::JSONB, passing: false };
    let formatted = transform_value(ps, n.context_item.as_deref(), &usage)?;
    let format = format_of(n.context_item.as_deref().and_then(|c| c.format.as_ref()));
    query_function(ps, n, op, formatted, format)
}

/// Whether an older server reads it as a function call.
fn is_plain_call(n: &raw::JsonFuncExpr) -> bool {
    n.output.is_none()
        && n.passing.is_empty()
        && n.on_empty.is_none()
        && n.on_error.is_none()
        && matches!(
            raw::JsonWrapper::try_from(n.wrapper),
            Ok(raw::JsonWrapper::Undefined | raw::JsonWrapper::JswUnspec)
        )
        && matches!(
            raw::JsonQuotes::try_from(n.quotes),
            Ok(raw::JsonQuotes::Undefined | raw::JsonQuotes::JsQuotesUnspec)
        )
        && is_plain(n.context_item.as_deref())
}

/// The function that makes a column of a `JSON_TABLE` out of a document.
pub(super) fn column_function(
    ps: &mut ParseState<'_>,
    n: &raw::JsonFuncExpr,
    op: JsonExprOp,
    document: Expr,
) -> Analyzed<Expr> {
    check_syntax(n, op)?;
    query_function(ps, n, op, document, NO_FORMAT)
}

/// A path, brought to its type.
pub(super) fn transform_path(ps: &mut ParseState<'_>, path: Option<&Node>) -> Analyzed<Expr> {
    let location = path.map_or(-1, super::parse_node::raw_location);
    let path = transform_child(ps, path)?;
    let ty = expr_type(&path);
    let how = Coercion { context: CastContext::Explicit, form: CoercionForm::ImplicitCast, location };
    coerce_to_target_type(ps, path, Oid::JSONPATH, -1, how)?.ok_or_else(|| {
        mismatch(format!("JSON path expression must be of type jsonpath, not of type {}", ps.shown(ty)), location)
    })
}

/// `transformJsonPassingArgs`.
pub(super) fn transform_passing(
    ps: &mut ParseState<'_>,
    construct: &str,
    raw_passing: &[Node],
) -> Analyzed<Vec<JsonPassing>> {
    let mut passing = Vec::with_capacity(raw_passing.len());
    let usage = ValueUse { construct, default_format: JsonFormatType::Jsonb, target: Oid::INVALID, passing: true };
    for arg in raw_passing {
        let Some(node::Node::JsonArgument(arg)) = &arg.node else {
            return Err(missing("argument"));
        };
        let value = transform_value(ps, arg.val.as_deref(), &usage)?;
        passing.push(JsonPassing { name: arg.name.clone(), value });
    }
    Ok(passing)
}

fn query_function(
    ps: &mut ParseState<'_>,
    n: &raw::JsonFuncExpr,
    op: JsonExprOp,
    formatted: Expr,
    format: JsonFormat,
) -> Analyzed<Expr> {
    let path = transform_path(ps, n.pathspec.as_deref())?;
    let passing = transform_passing(ps, function_name(op), &n.passing)?;
    let mut returning = transform_output(ps, n.output.as_ref(), false)?;
    if !returning.ty.is_valid() {
        returning.ty = match op {
            JsonExprOp::Exists => Oid::BOOL,
            JsonExprOp::Query => Oid::JSONB,
            JsonExprOp::Value => Oid::TEXT,
        };
        returning.typmod = -1;
    }
    let quotes_omitted = raw::JsonQuotes::try_from(n.quotes) == Ok(raw::JsonQuotes::JsQuotesOmit);
    let mut collation = ps.env.type_collation(returning.ty);
    match op {
        JsonExprOp::Exists => collation = Oid::INVALID,
        JsonExprOp::Value => returning.format = NO_FORMAT,
        JsonExprOp::Query => {}
    }
    let on_error_default = match op {
        JsonExprOp::Exists => JsonBehavior::False,
        JsonExprOp::Query | JsonExprOp::Value => JsonBehavior::Null,
    };
    let on_empty = match op {
        JsonExprOp::Exists => None,
        JsonExprOp::Query | JsonExprOp::Value => {
            Some(transform_behavior(ps, n.on_empty.as_deref(), JsonBehavior::Null, returning, collation)?)
        }
    };
    let on_error = Some(transform_behavior(ps, n.on_error.as_deref(), on_error_default, returning, collation)?);
    Ok(Expr::JsonExpr(JsonExpr {
        op,
        formatted: Box::new(formatted),
        format,
        path: Box::new(path),
        returning,
        passing,
        on_empty,
        on_error,
        wrapper: match (op, raw::JsonWrapper::try_from(n.wrapper)) {
            (JsonExprOp::Query, Ok(raw::JsonWrapper::JswNone)) => JsonWrapper::None,
            (JsonExprOp::Query, Ok(raw::JsonWrapper::JswConditional)) => JsonWrapper::Conditional,
            (JsonExprOp::Query, Ok(raw::JsonWrapper::JswUnconditional)) => JsonWrapper::Unconditional,
            _ => JsonWrapper::Unspecified,
        },
        omit_quotes: match op {
            JsonExprOp::Value => true,
            JsonExprOp::Query => quotes_omitted,
            JsonExprOp::Exists => false,
        },
        collation,
        location: Location::NONE,
    }))
}

fn check_syntax(n: &raw::JsonFuncExpr, op: JsonExprOp) -> Analyzed<()> {
    let name = function_name(op);
    let syntax = |message: String, at: i32| AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, message, at);
    if op != JsonExprOp::Query
        && let Some(format) = n.output.as_ref().and_then(|o| o.returning.as_ref()).and_then(|r| r.format.as_ref())
        && format_of(Some(format)) != NO_FORMAT
    {
        return Err(syntax(format!("cannot specify FORMAT JSON in RETURNING clause of {name}()"), format.location));
    }
    let wrapped = matches!(
        raw::JsonWrapper::try_from(n.wrapper),
        Ok(raw::JsonWrapper::JswConditional | raw::JsonWrapper::JswUnconditional)
    );
    if op == JsonExprOp::Query && wrapped && raw::JsonQuotes::try_from(n.quotes) == Ok(raw::JsonQuotes::JsQuotesOmit) {
        return Err(syntax(
            "SQL/JSON QUOTES behavior must not be specified when WITH WRAPPER is used".to_owned(),
            n.location,
        ));
    }
    check_behaviors(n, op)
}

/// What may stand before `ON EMPTY` and `ON ERROR`.
fn check_behaviors(n: &raw::JsonFuncExpr, op: JsonExprOp) -> Analyzed<()> {
    use raw::JsonBehaviorType as B;
    let (allowed, words, columns): (&[B], _, _) = match op {
        JsonExprOp::Exists => (
            &[B::JsonBehaviorError, B::JsonBehaviorTrue, B::JsonBehaviorFalse, B::JsonBehaviorUnknown],
            "ERROR, TRUE, FALSE, or UNKNOWN",
            "EXISTS columns",
        ),
        JsonExprOp::Value => (
            &[B::JsonBehaviorError, B::JsonBehaviorNull, B::JsonBehaviorDefault],
            "ERROR, NULL, or DEFAULT expression",
            "scalar columns",
        ),
        JsonExprOp::Query => (
            &[
                B::JsonBehaviorError,
                B::JsonBehaviorNull,
                B::JsonBehaviorEmpty,
                B::JsonBehaviorEmptyArray,
                B::JsonBehaviorEmptyObject,
                B::JsonBehaviorDefault,
            ],
            "ERROR, NULL, EMPTY ARRAY, EMPTY OBJECT, or DEFAULT expression",
            "formatted columns",
        ),
    };
    for (behavior, clause) in [(&n.on_empty, "ON EMPTY"), (&n.on_error, "ON ERROR")] {
        let Some(b) = behavior.as_deref() else { continue };
        if B::try_from(b.btype).is_ok_and(|t| allowed.contains(&t)) {
            continue;
        }
        let (message, place) = if n.column_name.is_empty() {
            (format!("invalid {clause} behavior"), format!("{}()", function_name(op)))
        } else {
            (format!("invalid {clause} behavior for column \"{}\"", n.column_name), columns.to_owned())
        };
        return Err(AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, message, b.location)
            .detail(format!("Only {words} is allowed in {clause} for {place}.")));
    }
    Ok(())
}

/// `transformJsonBehavior`.
pub(super) fn transform_behavior(
    ps: &mut ParseState<'_>,
    raw_behavior: Option<&raw::JsonBehavior>,
    default: JsonBehavior,
    returning: JsonReturning,
    collation: Oid,
) -> Analyzed<JsonBehavior> {
    use raw::JsonBehaviorType as B;
    let Some(b) = raw_behavior else {
        return Ok(default);
    };
    Ok(match B::try_from(b.btype) {
        Ok(B::JsonBehaviorNull) => JsonBehavior::Null,
        Ok(B::JsonBehaviorError) => JsonBehavior::Error,
        Ok(B::JsonBehaviorEmpty) => JsonBehavior::Empty,
        Ok(B::JsonBehaviorTrue) => JsonBehavior::True,
        Ok(B::JsonBehaviorFalse) => JsonBehavior::False,
        Ok(B::JsonBehaviorUnknown) => JsonBehavior::Unknown,
        Ok(B::JsonBehaviorEmptyArray) => JsonBehavior::EmptyArray,
        Ok(B::JsonBehaviorEmptyObject) => JsonBehavior::EmptyObject,
        Ok(B::JsonBehaviorDefault) => {
            let expr = transform_child(ps, b.expr.as_deref())?;
            let expr = default_behavior(ps, expr, returning, collation, b.location)?;
            JsonBehavior::Default(Box::new(expr))
        }
        Ok(B::Undefined) | Err(_) => default,
    })
}

/// The expression of `DEFAULT expr`, checked and brought to the returned type.
fn default_behavior(
    ps: &ParseState<'_>,
    expr: Expr,
    returning: JsonReturning,
    collation: Oid,
    location: i32,
) -> Analyzed<Expr> {
    let location = place_or(&expr, location);
    if !is_simple_default(&expr) {
        return Err(mismatch(
            "can only specify a constant, non-aggregate function, or operator expression for \
             DEFAULT",
            location,
        ));
    }
    if expr.contains_var() {
        return Err(mismatch("DEFAULT expression must not contain column references", location));
    }
    let sets = |e: &Expr| matches!(e, Expr::FuncExpr(f) if f.retset) || matches!(e, Expr::OpExpr(o) if o.retset);
    if expr.any(sets) {
        return Err(mismatch("DEFAULT expression must not return a set", location));
    }
    let ty = expr_type(&expr);
    let own = expr_collation(&expr).valid().unwrap_or_else(|| ps.env.type_collation(ty));
    if collation.is_valid() && own.is_valid() && own != collation {
        return Err(AnalyzeError::rejected(
            sqlstate::COLLATION_MISMATCH,
            "collation of DEFAULT expression conflicts with RETURNING clause",
            location,
        ));
    }
    let is_null = matches!(&expr, Expr::Const(c) if c.value.is_none());
    // (later minor releases of 17 and 18 bring it to the modifier too)
    if ty == returning.ty {
        return Ok(expr);
    }
    let boolean = ty == Oid::BOOL && ps.env.base_type(returning.ty) != Oid::INT4;
    if is_null || ty == Oid::JSONB || boolean {
        if ty == Oid::BOOL {
            return Ok(make_const(Oid::JSONB, Oid::INVALID, Some("false".to_owned())));
        }
        return Ok(expr);
    }
    let context = match category(ps, returning.ty) {
        'S' | 'V' => CastContext::Assignment,
        _ => CastContext::Explicit,
    };
    let how = Coercion { context, form: CoercionForm::ExplicitCast, location };
    coerce_to_target_type(ps, expr, returning.ty, returning.typmod, how)?.ok_or_else(|| {
        AnalyzeError::rejected(
            sqlstate::CANNOT_COERCE,
            format!("cannot cast behavior expression of type {} to {}", ps.shown(ty), ps.shown(returning.ty)),
            location,
        )
        .hint(format!("You will need to explicitly cast the expression to type {}.", ps.shown(returning.ty)))
    })
}

/// `ValidJsonBehaviorDefaultExpr`.
fn is_simple_default(expr: &Expr) -> bool {
    match expr {
        Expr::Const(_) | Expr::FuncExpr(_) | Expr::OpExpr(_) => true,
        Expr::CoerceViaIO(_)
        | Expr::CoerceToDomain(_)
        | Expr::ArrayCoerceExpr(_)
        | Expr::ConvertRowtypeExpr(_)
        | Expr::RelabelType(_)
        | Expr::CollateExpr(_) => expr.children().into_iter().any(is_simple_default),
        _ => false,
    }
}
