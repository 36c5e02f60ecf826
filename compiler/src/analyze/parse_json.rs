//! SQL/JSON: constructors and `IS JSON` (16 and later). The query functions are in `parse_json_func`.
//!
//! Follows the `transformJson…` functions, parse_expr.c (PG 18). What an older server's grammar
//! reads as an ordinary function call is analysed as one.

use pg_query::protobuf as raw;
use pg_query::protobuf::{Node, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_coerce::{Coercion, call, coerce_to_specific_type, coerce_to_target_type, no_cast};
use super::parse_expr::{transform_child, transform_expr, type_name};
use super::parse_func::{CallSyntax, parse_func};
use super::parse_node::{ParseState, make_const, missing};
use crate::env::{Major, Oid, TypeKind};
use crate::tree::{
    CaseTestExpr, CoercionForm, Expr, JsonConstructorExpr, JsonConstructorType, JsonEncoding, JsonFormat,
    JsonFormatType, JsonIsPredicate, JsonReturning, JsonValueExpr, JsonValueType, Location, expr_type,
};

pub(super) const NO_FORMAT: JsonFormat =
    JsonFormat { format_type: JsonFormatType::Default, encoding: JsonEncoding::Default };

pub(super) fn format_of(raw: Option<&raw::JsonFormat>) -> JsonFormat {
    let Some(raw) = raw else { return NO_FORMAT };
    JsonFormat {
        format_type: match raw::JsonFormatType::try_from(raw.format_type) {
            Ok(raw::JsonFormatType::JsFormatJson) => JsonFormatType::Json,
            Ok(raw::JsonFormatType::JsFormatJsonb) => JsonFormatType::Jsonb,
            _ => JsonFormatType::Default,
        },
        encoding: match raw::JsonEncoding::try_from(raw.encoding) {
            Ok(raw::JsonEncoding::JsEncUtf8) => JsonEncoding::Utf8,
            Ok(raw::JsonEncoding::JsEncUtf16) => JsonEncoding::Utf16,
            Ok(raw::JsonEncoding::JsEncUtf32) => JsonEncoding::Utf32,
            _ => JsonEncoding::Default,
        },
    }
}

pub(super) fn mismatch(message: impl Into<String>, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::DATATYPE_MISMATCH, message, location)
}

fn unsupported_by_server(message: impl Into<String>, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::FEATURE_NOT_SUPPORTED, message, location)
}

pub(super) fn category(ps: &ParseState<'_>, ty: Oid) -> char {
    ps.env.category(ty).map_or('X', |(c, _)| c)
}

/// A function of `pg_catalog` by its argument types.
pub(super) fn built_in(ps: &ParseState<'_>, name: &str, args: &[Oid]) -> Analyzed<Oid> {
    ps.env
        .lookup_proc(ps.path, Some("pg_catalog"), name, args)
        .map(|p| p.oid)
        .ok_or_else(|| missing("conversion function"))
}

/// `makeJsonByteaToTextConversion`.
fn bytea_to_text(ps: &ParseState<'_>, arg: Expr, format: JsonFormat) -> Analyzed<Expr> {
    let func = built_in(ps, "convert_from", &[Oid::BYTEA, Oid::NAME])?;
    let args = vec![arg, encoding_const(format)];
    Ok(call(func, Oid::TEXT, args, CoercionForm::ExplicitCall))
}

fn encoding_const(format: JsonFormat) -> Expr {
    let name = match format.encoding {
        JsonEncoding::Utf16 => "UTF16",
        JsonEncoding::Utf32 => "UTF32",
        JsonEncoding::Utf8 | JsonEncoding::Default => "UTF8",
    };
    make_const(Oid::NAME, Oid::INVALID, Some(name.to_owned()))
}

/// Where a value is used, which decides how it is read.
pub(super) struct ValueUse<'s> {
    pub(super) construct: &'s str,
    pub(super) default_format: JsonFormatType,
    pub(super) target: Oid,
    pub(super) passing: bool,
}

/// `transformJsonValueExpr`.
pub(super) fn transform_value(
    ps: &mut ParseState<'_>,
    value: Option<&raw::JsonValueExpr>,
    usage: &ValueUse<'_>,
) -> Analyzed<Expr> {
    let value = value.ok_or_else(|| missing("value"))?;
    let location = value.raw_expr.as_deref().map_or(-1, super::parse_node::raw_location);
    let mut expr = transform_child(ps, value.raw_expr.as_deref())?;
    let written = format_of(value.format.as_ref());
    let format_location = value.format.as_ref().map_or(-1, |f| f.location);
    if expr_type(&expr) == Oid::UNKNOWN {
        expr = coerce_to_specific_type(ps, expr, Oid::TEXT, usage.construct, location)?;
    }
    let original = expr.clone();
    let mut ty = expr_type(&expr);
    let is_json = ty == Oid::JSON || ty == Oid::JSONB;
    let format = if written.format_type != JsonFormatType::Default {
        if written.encoding != JsonEncoding::Default && ty != Oid::BYTEA {
            return Err(mismatch("JSON ENCODING clause is only allowed for bytea input type", format_location));
        }
        if is_json { JsonFormatType::Default } else { written.format_type }
    } else if usage.passing {
        if passed_as_is(ps, ty) {
            return Ok(expr);
        }
        usage.default_format
    } else if is_json {
        JsonFormatType::Default
    } else {
        usage.default_format
    };
    let only_cast = usage.target.is_valid();
    if format == JsonFormatType::Default && !(only_cast && ty != usage.target) {
        return Ok(expr);
    }
    if !usage.passing && !only_cast && ty != Oid::BYTEA && category(ps, ty) != 'S' {
        let kind = if written.format_type == JsonFormatType::Default { "implicit" } else { "explicit" };
        return Err(mismatch(
            format!("cannot use non-string types with {kind} FORMAT JSON clause"),
            if format_location >= 0 { format_location } else { location },
        ));
    }
    if format == JsonFormatType::Json && ty == Oid::BYTEA {
        expr = bytea_to_text(ps, expr, written)?;
        ty = Oid::TEXT;
    }
    let target = if only_cast {
        usage.target
    } else if format == JsonFormatType::Jsonb {
        Oid::JSONB
    } else {
        Oid::JSON
    };
    let before = expr.clone();
    let coerced = coerce_to_target_type(ps, expr, target, -1, Coercion::explicit(location))?;
    let coerced = match coerced {
        Some(c) => c,
        None if only_cast => return Err(no_cast(ps, ty, target, location)),
        None => {
            let name = if target == Oid::JSON { "to_json" } else { "to_jsonb" };
            let func = built_in(ps, name, &[Oid::ANYELEMENT])?;
            call(func, target, vec![before.clone()], CoercionForm::ExplicitCall)
        }
    };
    if coerced == before {
        return Ok(original);
    }
    Ok(Expr::JsonValueExpr(JsonValueExpr { raw: Box::new(original), formatted: Box::new(coerced), format: written }))
}

/// The types that the path functions take as they are.
fn passed_as_is(ps: &ParseState<'_>, ty: Oid) -> bool {
    matches!(
        ty,
        Oid::BOOL
            | Oid::NUMERIC
            | Oid::INT2
            | Oid::INT4
            | Oid::INT8
            | Oid::FLOAT4
            | Oid::FLOAT8
            | Oid::TEXT
            | Oid::VARCHAR
            | Oid::DATE
            | Oid::TIME
            | Oid::TIMETZ
            | Oid::TIMESTAMP
            | Oid::TIMESTAMPTZ
    ) || category(ps, ty) == 'S'
}

/// `transformJsonOutput`.
pub(super) fn transform_output(
    ps: &ParseState<'_>,
    output: Option<&raw::JsonOutput>,
    allow_format: bool,
) -> Analyzed<JsonReturning> {
    let Some(output) = output else {
        return Ok(JsonReturning { format: NO_FORMAT, ty: Oid::INVALID, typmod: -1 });
    };
    let raw_format = output.returning.as_ref().and_then(|r| r.format.as_ref());
    let mut format = format_of(raw_format);
    let location = raw_format.map_or(-1, |f| f.location);
    if output.type_name.as_ref().is_some_and(|t| t.setof) {
        return Err(unsupported_by_server("returning SETOF types is not supported in SQL/JSON functions", -1));
    }
    let (ty, typmod) = type_name(ps, output.type_name.as_ref())?;
    if ps.env.type_by_oid(ty).is_some_and(|row| row.kind == TypeKind::Pseudo) {
        return Err(unsupported_by_server("returning pseudo-types is not supported in SQL/JSON functions", -1));
    }
    if format.format_type == JsonFormatType::Default {
        format.format_type = JsonFormatType::of_type(ty);
    } else {
        check_output_format(ps, format, ty, allow_format, location)?;
    }
    Ok(JsonReturning { format, ty, typmod })
}

fn check_output_format(
    ps: &ParseState<'_>,
    format: JsonFormat,
    ty: Oid,
    allow_format: bool,
    location: i32,
) -> Analyzed<()> {
    let known = matches!(ty, Oid::BYTEA | Oid::JSON | Oid::JSONB);
    if !allow_format && !known && category(ps, ty) != 'S' {
        return Err(unsupported_by_server("cannot use JSON format with non-string output types", location));
    }
    if format.format_type == JsonFormatType::Json {
        if ty != Oid::BYTEA && format.encoding != JsonEncoding::Default {
            return Err(unsupported_by_server("cannot set JSON encoding for non-bytea output types", location));
        }
        if !matches!(format.encoding, JsonEncoding::Default | JsonEncoding::Utf8) {
            return Err(unsupported_by_server("unsupported JSON encoding", location)
                .hint("Only UTF8 JSON encoding is supported."));
        }
    }
    Ok(())
}

/// `transformJsonConstructorOutput`.
pub(super) fn constructor_output(
    ps: &ParseState<'_>,
    output: Option<&raw::JsonOutput>,
    args: &[Expr],
) -> Analyzed<JsonReturning> {
    let mut returning = transform_output(ps, output, true)?;
    if !returning.ty.is_valid() {
        returning.ty = if args.iter().any(|a| expr_type(a) == Oid::JSONB) { Oid::JSONB } else { Oid::JSON };
        returning.format.format_type = JsonFormatType::of_type(returning.ty);
        returning.typmod = -1;
    }
    Ok(returning)
}

/// `makeJsonConstructorExpr`.
pub(super) fn constructor(
    ps: &ParseState<'_>,
    ty: JsonConstructorType,
    args: Vec<Expr>,
    returning: JsonReturning,
    absent_on_null: bool,
    unique: bool,
    location: i32,
) -> Analyzed<Expr> {
    let made = if returning.format.format_type == JsonFormatType::Jsonb { Oid::JSONB } else { Oid::JSON };
    let placeholder = Expr::CaseTestExpr(CaseTestExpr { ty: made, typmod: -1, collation: Oid::INVALID });
    let coercion = if returning.ty.is_valid() && returning.ty != made {
        Some(Box::new(coerce_result(ps, placeholder, returning, location)?))
    } else {
        None
    };
    Ok(Expr::JsonConstructorExpr(JsonConstructorExpr {
        ty,
        args,
        func: None,
        coercion,
        returning,
        absent_on_null,
        unique,
        location: Location::NONE,
    }))
}

/// `coerceJsonFuncExpr`.
pub(super) fn coerce_result(
    ps: &ParseState<'_>,
    made: Expr,
    returning: JsonReturning,
    location: i32,
) -> Analyzed<Expr> {
    let source = expr_type(&made);
    if returning.format.format_type == JsonFormatType::Json && returning.ty == Oid::BYTEA {
        let text = coerce_to_specific_type(ps, made, Oid::TEXT, "JSON_FUNCTION", location)?;
        let func = built_in(ps, "convert_to", &[Oid::TEXT, Oid::NAME])?;
        let args = vec![text, encoding_const(returning.format)];
        return Ok(call(func, Oid::BYTEA, args, CoercionForm::ExplicitCall));
    }
    coerce_to_target_type(ps, made, returning.ty, returning.typmod, Coercion::assignment(location))?
        .ok_or_else(|| no_cast(ps, source, returning.ty, location))
}

/// `JSON_OBJECT(k : v, …)`.
pub(super) fn transform_object(ps: &mut ParseState<'_>, n: &raw::JsonObjectConstructor) -> Analyzed<Expr> {
    if ps.major() < 16 && n.exprs.is_empty() && n.output.is_none() {
        return old_call(ps, "json_object", Vec::new(), n.location);
    }
    ps.require(Major::V16, "JSON_OBJECT with keys", n.location)?;
    let mut args = Vec::with_capacity(n.exprs.len() * 2);
    for pair in &n.exprs {
        let Some(node::Node::JsonKeyValue(pair)) = &pair.node else {
            return Err(missing("key"));
        };
        args.push(transform_child(ps, pair.key.as_deref())?);
        args.push(transform_value(ps, pair.value.as_deref(), &constructor_value("JSON_OBJECT()"))?);
    }
    let returning = constructor_output(ps, n.output.as_ref(), &args)?;
    constructor(ps, JsonConstructorType::Object, args, returning, n.absent_on_null, n.unique, n.location)
}

pub(super) fn constructor_value(construct: &str) -> ValueUse<'_> {
    ValueUse { construct, default_format: JsonFormatType::Default, target: Oid::INVALID, passing: false }
}

/// `JSON_ARRAY(v, …)`.
pub(super) fn transform_array(ps: &mut ParseState<'_>, n: &raw::JsonArrayConstructor) -> Analyzed<Expr> {
    let plain = n.output.is_none()
        && n.exprs.iter().all(|v| match &v.node {
            Some(node::Node::JsonValueExpr(v)) => is_plain(Some(v)),
            _ => false,
        });
    if ps.major() < 16 && plain {
        let args = plain_values(&n.exprs);
        return old_call(ps, "json_array", args, n.location);
    }
    ps.require(Major::V16, "JSON_ARRAY", n.location)?;
    let mut args = Vec::with_capacity(n.exprs.len());
    for value in &n.exprs {
        let Some(node::Node::JsonValueExpr(value)) = &value.node else {
            return Err(missing("value"));
        };
        args.push(transform_value(ps, Some(value), &constructor_value("JSON_ARRAY()"))?);
    }
    let returning = constructor_output(ps, n.output.as_ref(), &args)?;
    constructor(ps, JsonConstructorType::Array, args, returning, n.absent_on_null, false, n.location)
}

fn plain_values(values: &[Node]) -> Vec<&Node> {
    values
        .iter()
        .filter_map(|v| match &v.node {
            Some(node::Node::JsonValueExpr(v)) => v.raw_expr.as_deref(),
            _ => None,
        })
        .collect()
}

/// Whether a value has no `FORMAT`.
pub(super) fn is_plain(value: Option<&raw::JsonValueExpr>) -> bool {
    value.is_none_or(|v| format_of(v.format.as_ref()) == NO_FORMAT)
}

/// What the grammar of an older major reads as an ordinary call.
pub(super) fn old_call(ps: &mut ParseState<'_>, name: &str, raw_args: Vec<&Node>, location: i32) -> Analyzed<Expr> {
    let mut args = Vec::with_capacity(raw_args.len());
    for raw in raw_args {
        args.push(transform_expr(ps, raw)?);
    }
    parse_func(ps, &[name], args, &CallSyntax::plain(), location)
}

/// `transformJsonParseArg`: the value and its type.
fn parse_arg(
    ps: &mut ParseState<'_>,
    raw: Option<&Node>,
    raw_format: Option<&raw::JsonFormat>,
) -> Analyzed<(Expr, Oid)> {
    let location = raw.map_or(-1, super::parse_node::raw_location);
    let expr = transform_child(ps, raw)?;
    let format = format_of(raw_format);
    let ty = expr_type(&expr);
    if ty == Oid::BYTEA {
        let text = bytea_to_text(ps, expr.clone(), format)?;
        return Ok((
            Expr::JsonValueExpr(JsonValueExpr { raw: Box::new(expr), formatted: Box::new(text), format }),
            Oid::TEXT,
        ));
    }
    let (expr, ty) = if ty == Oid::UNKNOWN || category(ps, ty) == 'S' {
        let text = coerce_to_target_type(ps, expr, Oid::TEXT, -1, Coercion::implicit())?
            .ok_or_else(|| no_cast(ps, ty, Oid::TEXT, location))?;
        (text, Oid::TEXT)
    } else {
        (expr, ty)
    };
    if format.encoding != JsonEncoding::Default {
        return Err(unsupported_by_server(
            "cannot use JSON FORMAT ENCODING clause for non-bytea input types",
            raw_format.map_or(-1, |f| f.location),
        ));
    }
    Ok((expr, ty))
}

/// `a IS JSON`.
pub(super) fn transform_is_json(ps: &mut ParseState<'_>, n: &raw::JsonIsPredicate) -> Analyzed<Expr> {
    ps.require(Major::V16, "IS JSON", n.location)?;
    let (arg, ty) = parse_arg(ps, n.expr.as_deref(), n.format.as_ref())?;
    if !matches!(ty, Oid::TEXT | Oid::JSON | Oid::JSONB) {
        return Err(mismatch(format!("cannot use type {} in IS JSON predicate", ps.shown(ty)), n.location));
    }
    let item_type = match raw::JsonValueType::try_from(n.item_type) {
        Ok(raw::JsonValueType::JsTypeObject) => JsonValueType::Object,
        Ok(raw::JsonValueType::JsTypeArray) => JsonValueType::Array,
        Ok(raw::JsonValueType::JsTypeScalar) => JsonValueType::Scalar,
        _ => JsonValueType::Any,
    };
    Ok(Expr::JsonIsPredicate(JsonIsPredicate {
        arg: Box::new(arg),
        format: NO_FORMAT,
        item_type,
        unique_keys: n.unique_keys,
    }))
}

/// `transformJsonReturning`.
fn json_returning(ps: &ParseState<'_>, output: Option<&raw::JsonOutput>, construct: &str) -> Analyzed<JsonReturning> {
    if output.is_none() {
        return Ok(JsonReturning {
            format: JsonFormat { format_type: JsonFormatType::Json, encoding: JsonEncoding::Default },
            ty: Oid::JSON,
            typmod: -1,
        });
    }
    let returning = transform_output(ps, output, false)?;
    if !matches!(returning.ty, Oid::JSON | Oid::JSONB) {
        let location = output.and_then(|o| o.type_name.as_ref()).map_or(-1, |t| t.location);
        return Err(mismatch(
            format!("cannot use type {} in RETURNING clause of {construct}", ps.shown(returning.ty)),
            location,
        )
        .hint("Try returning json or jsonb."));
    }
    Ok(returning)
}

/// `JSON(text)`.
pub(super) fn transform_parse(ps: &mut ParseState<'_>, n: &raw::JsonParseExpr) -> Analyzed<Expr> {
    if ps.major() < 17 && n.output.is_none() && !n.unique_keys && is_plain(n.expr.as_deref()) {
        let args = n.expr.as_deref().and_then(|v| v.raw_expr.as_deref()).into_iter().collect();
        return old_call(ps, "json", args, n.location);
    }
    ps.require(Major::V17, "JSON()", n.location)?;
    let returning = json_returning(ps, n.output.as_ref(), "JSON()")?;
    let value = n.expr.as_deref();
    let arg = if n.unique_keys {
        let (arg, ty) =
            parse_arg(ps, value.and_then(|v| v.raw_expr.as_deref()), value.and_then(|v| v.format.as_ref()))?;
        if ty != Oid::TEXT {
            return Err(mismatch("cannot use non-string types with WITH UNIQUE KEYS clause", n.location));
        }
        arg
    } else {
        transform_value(
            ps,
            value,
            &ValueUse {
                construct: "JSON()",
                default_format: JsonFormatType::Json,
                target: returning.ty,
                passing: false,
            },
        )?
    };
    constructor(ps, JsonConstructorType::Parse, vec![arg], returning, false, n.unique_keys, n.location)
}

/// `JSON_SCALAR(v)`.
pub(super) fn transform_scalar(ps: &mut ParseState<'_>, n: &raw::JsonScalarExpr) -> Analyzed<Expr> {
    if ps.major() < 17 && n.output.is_none() {
        let args = n.expr.as_deref().into_iter().collect();
        return old_call(ps, "json_scalar", args, n.location);
    }
    ps.require(Major::V17, "JSON_SCALAR", n.location)?;
    let mut arg = transform_child(ps, n.expr.as_deref())?;
    let returning = json_returning(ps, n.output.as_ref(), "JSON_SCALAR()")?;
    if expr_type(&arg) == Oid::UNKNOWN {
        arg = coerce_to_specific_type(ps, arg, Oid::TEXT, "JSON_SCALAR", n.location)?;
    }
    constructor(ps, JsonConstructorType::Scalar, vec![arg], returning, false, false, n.location)
}

/// `JSON_SERIALIZE(v)`.
pub(super) fn transform_serialize(ps: &mut ParseState<'_>, n: &raw::JsonSerializeExpr) -> Analyzed<Expr> {
    if ps.major() < 17 && n.output.is_none() && is_plain(n.expr.as_deref()) {
        let args = n.expr.as_deref().and_then(|v| v.raw_expr.as_deref()).into_iter().collect();
        return old_call(ps, "json_serialize", args, n.location);
    }
    ps.require(Major::V17, "JSON_SERIALIZE", n.location)?;
    let arg = transform_value(
        ps,
        n.expr.as_deref(),
        &ValueUse {
            construct: "JSON_SERIALIZE()",
            default_format: JsonFormatType::Json,
            target: Oid::INVALID,
            passing: false,
        },
    )?;
    let returning = match n.output.as_ref() {
        None => JsonReturning {
            format: JsonFormat { format_type: JsonFormatType::Json, encoding: JsonEncoding::Default },
            ty: Oid::TEXT,
            typmod: -1,
        },
        output => {
            let returning = transform_output(ps, output, true)?;
            if returning.ty != Oid::BYTEA && category(ps, returning.ty) != 'S' {
                return Err(mismatch(
                    format!("cannot use type {} in RETURNING clause of JSON_SERIALIZE()", ps.shown(returning.ty)),
                    -1,
                )
                .hint("Try returning a string type or bytea."));
            }
            returning
        }
    };
    constructor(ps, JsonConstructorType::Serialize, vec![arg], returning, false, false, n.location)
}
