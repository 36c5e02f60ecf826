//! Subscripts and field selections: `a[1]`, `a[1:2]`, `j['k']`, `(row).field`.
//!
//! Follows `transformIndirection`, parse_expr.c, `transformContainerSubscripts`, parse_node.c, and
//! the transform functions of arraysubs.c and jsonbsubs.c (PG 18).

use pg_query::protobuf::{AIndices, AIndirection, Node, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_coerce::{Coercion, can_coerce_type, coerce_to_target_type, coerce_type, is_complex};
use super::parse_expr::{transform_child, transform_expr};
use super::parse_func::parse_column;
use super::parse_node::{ParseState, make_const, raw_location, string_of};
use super::parse_relation::missing_column;
use crate::env::{CastContext, Oid, Subscript, TypeKind};
use crate::tree::{Expr, Slice, SubscriptingRef, Subscripts, expr_type, expr_typmod};

/// The most dimensions that an array can have.
const MAX_DIMENSIONS: usize = 6;

/// A value followed by subscripts and fields.
pub(super) fn transform_indirection(ps: &mut ParseState<'_>, ind: &AIndirection) -> Analyzed<Expr> {
    let mut result = transform_child(ps, ind.arg.as_deref())?;
    let location = ind.arg.as_deref().map_or(-1, raw_location);
    let mut subscripts: Vec<&AIndices> = Vec::new();
    for step in &ind.indirection {
        match &step.node {
            Some(node::Node::AIndices(indices)) => subscripts.push(indices),
            Some(node::Node::AStar(_)) => {
                return Err(AnalyzeError::rejected(
                    sqlstate::FEATURE_NOT_SUPPORTED,
                    "row expansion via \"*\" is not supported here",
                    location,
                ));
            }
            _ => {
                let name = string_of(step).unwrap_or_default();
                if !subscripts.is_empty() {
                    result = subscripted(ps, result, &subscripts, location)?;
                    subscripts.clear();
                }
                let whole = result.clone();
                result = match parse_column(ps, name, result, location)? {
                    Some(field) => field,
                    None => return Err(unknown_attribute(ps, &whole, name, location)),
                };
            }
        }
    }
    if subscripts.is_empty() { Ok(result) } else { subscripted(ps, result, &subscripts, location) }
}

fn unknown_attribute(ps: &ParseState<'_>, arg: &Expr, name: &str, location: i32) -> AnalyzeError {
    if let Expr::Var(var) = arg
        && var.attno == 0
    {
        return missing_column(Some(&var.name), name, location);
    }
    let ty = expr_type(arg);
    let shown = ps.shown(ty);
    if is_complex(ps.env, ty) {
        AnalyzeError::rejected(
            sqlstate::UNDEFINED_COLUMN,
            format!("column \"{name}\" not found in data type {shown}"),
            location,
        )
    } else if ty == Oid::RECORD {
        AnalyzeError::rejected(
            sqlstate::UNDEFINED_COLUMN,
            format!("could not identify column \"{name}\" in record data type"),
            location,
        )
    } else {
        AnalyzeError::rejected(
            sqlstate::WRONG_OBJECT_TYPE,
            format!("column notation .{name} applied to type {shown}, which is not a composite type"),
            location,
        )
    }
}

/// `transformContainerSubscripts`.
pub(super) fn subscripted(ps: &mut ParseState<'_>, arg: Expr, indices: &[&AIndices], location: i32) -> Analyzed<Expr> {
    let (base, typmod) = ps.env.base_type_and_typmod(expr_type(&arg), expr_typmod(&arg));
    let container = match base {
        Oid::INT2VECTOR => Oid::INT2ARRAY,
        Oid::OIDVECTOR => Oid::OIDARRAY,
        other => other,
    };
    let refuse = |ps: &ParseState<'_>| {
        AnalyzeError::rejected(
            sqlstate::DATATYPE_MISMATCH,
            format!("cannot subscript type {} because it does not support subscripting", ps.shown(container)),
            location,
        )
    };
    // Whether a type of a user's or an extension's own can be subscripted is not known.
    let own = ps.env.type_by_oid(container).is_some_and(|row| row.oid >= Oid::FIRST_USER && row.kind == TypeKind::Base);
    match ps.env.subscript(container) {
        Subscript::None if own => Err(AnalyzeError::unsupported(
            "unsupported.expression.subscript",
            format!("subscripting of type {}", ps.env.format_type_be(container)),
            location,
        )),
        Subscript::None => Err(refuse(ps)),
        Subscript::Other => Err(AnalyzeError::unsupported(
            "unsupported.expression.subscript",
            format!("subscripting of type {}", ps.shown(container)),
            location,
        )),
        Subscript::Jsonb => jsonb_subscripts(ps, arg, container, indices),
        Subscript::Array | Subscript::RawArray => array_subscripts(ps, arg, container, typmod, indices),
    }
}

fn array_subscripts(
    ps: &mut ParseState<'_>,
    arg: Expr,
    container: Oid,
    typmod: i32,
    indices: &[&AIndices],
) -> Analyzed<Expr> {
    let element_type = ps.env.type_by_oid(container).map_or(Oid::INVALID, |row| row.element);
    if indices.len() > MAX_DIMENSIONS {
        return Err(AnalyzeError::rejected(
            "54000",
            format!("number of array dimensions ({}) exceeds the maximum allowed ({MAX_DIMENSIONS})", indices.len()),
            -1,
        ));
    }
    let slices = indices.iter().any(|i| i.is_slice);
    let mut bounds = Vec::with_capacity(indices.len());
    for i in indices {
        let upper = array_bound(ps, i.uidx.as_deref())?;
        let mut lower = array_bound(ps, i.lidx.as_deref())?;
        if slices && !i.is_slice {
            // a lone subscript among slices is the upper bound of a slice from 1
            lower = Some(make_const(Oid::INT4, Oid::INVALID, Some("1".to_owned())));
        }
        bounds.push(Slice { lower, upper });
    }
    let (subscripts, result_type) = if slices {
        (Subscripts::Slices(bounds), container)
    } else {
        let elements = bounds.into_iter().filter_map(|b| b.upper).collect();
        (Subscripts::Elements(elements), element_type)
    };
    Ok(Expr::SubscriptingRef(SubscriptingRef {
        container_type: container,
        element_type,
        result_type,
        typmod,
        collation: Oid::INVALID,
        subscripts,
        arg: Box::new(arg),
    }))
}

fn array_bound(ps: &mut ParseState<'_>, raw: Option<&Node>) -> Analyzed<Option<Expr>> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    let expr = transform_expr(ps, raw)?;
    let coerced = coerce_to_target_type(ps, expr, Oid::INT4, -1, Coercion::assignment(-1))?;
    coerced.map(Some).ok_or_else(|| {
        AnalyzeError::rejected(sqlstate::DATATYPE_MISMATCH, "array subscript must have type integer", raw_location(raw))
    })
}

fn jsonb_subscripts(ps: &mut ParseState<'_>, arg: Expr, container: Oid, indices: &[&AIndices]) -> Analyzed<Expr> {
    let mut keys = Vec::with_capacity(indices.len());
    for i in indices {
        if i.is_slice {
            let at = i.uidx.as_deref().or(i.lidx.as_deref()).map_or(-1, raw_location);
            return Err(AnalyzeError::rejected(
                sqlstate::DATATYPE_MISMATCH,
                "jsonb subscript does not support slices",
                at,
            ));
        }
        let raw = i.uidx.as_deref();
        let key = transform_child(ps, raw)?;
        keys.push(jsonb_key(ps, key, raw.map_or(-1, raw_location))?);
    }
    Ok(Expr::SubscriptingRef(SubscriptingRef {
        container_type: container,
        element_type: Oid::INVALID,
        result_type: Oid::JSONB,
        typmod: -1,
        collation: Oid::INVALID,
        subscripts: Subscripts::Elements(keys),
        arg: Box::new(arg),
    }))
}

/// A key is text or an integer, whichever its type can become without being asked to.
fn jsonb_key(ps: &ParseState<'_>, key: Expr, location: i32) -> Analyzed<Expr> {
    let source = expr_type(&key);
    let target = if source == Oid::UNKNOWN {
        Oid::TEXT
    } else {
        let mut possible = [Oid::INT4, Oid::TEXT]
            .into_iter()
            .filter(|t| can_coerce_type(ps.env, &[source], &[*t], CastContext::Implicit));
        match (possible.next(), possible.next()) {
            (Some(one), None) => one,
            (Some(_), Some(_)) => {
                return Err(subscript_type(ps, source, location)
                    .hint("jsonb subscript must be coercible to only one type, integer or text."));
            }
            _ => {
                return Err(subscript_type(ps, source, location)
                    .hint("jsonb subscript must be coercible to either integer or text."));
            }
        }
    };
    coerce_type(ps, key, source, target, -1, Coercion::implicit())
}

fn subscript_type(ps: &ParseState<'_>, ty: Oid, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(
        sqlstate::DATATYPE_MISMATCH,
        format!("subscript type {} is not supported", ps.shown(ty)),
        location,
    )
}
