//! The transformation of raw expressions, node by node.
//!
//! Follows parse_expr.c (PG 18). A thin dispatcher; operators are in `parse_a_expr`, rows and comparisons of rows are in
//! `parse_row`, alternatives in `parse_case`, subscripts in `parse_subscript`, SQL/JSON in `parse_json`, SQL/XML in `parse_xml`.
//! Subqueries, aggregates, window functions and sets are refused as the server refuses them in a
//! schema's expressions; a node that is not known is refused by name.

use pg_query::protobuf::{
    AArrayExpr, CollateClause, ColumnRef, FuncCall, Node, NullTestType as RawNullTest, TypeCast, TypeName, node,
};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_a_expr::{transform_a_expr, transform_bool, transform_boolean_test};
use super::parse_case::{transform_case, transform_coalesce, transform_min_max, transform_sql_value_function};
use super::parse_coerce::{Coercion, coerce_to_boolean, coerce_to_target_type, is_rowtype, no_cast, place_or};
use super::parse_common::{coerce_to_common_type, select_common_type};
use super::parse_expr_kind::ParseExprKind;
use super::parse_func::{CallSyntax, Decoration, array_type_of, parse_column, parse_func, parse_func_decorated};
use super::parse_node::{
    DEPTH_LIMIT, ParseState, missing, own_location, raw_location, require_own_database, string_of, strings_of,
    transform_const,
};
use super::parse_relation::{column_by_name, item_by_name, missing_column, missing_relation, scan_item_for_column};
use super::parse_row::transform_row;
use super::parse_subscript::transform_indirection;
use super::{parse_agg, parse_json, parse_json_agg, parse_json_func, parse_sublink, parse_xml};
use crate::env::{Major, Oid};
use crate::stack::on_large;
use crate::tree::{
    ArrayExpr, CoerceToDomainValue, CollateExpr, Expr, Location, NamedArgExpr, NullTest, NullTestType, expr_type,
};

/// How deep the caller's own stack is used before a larger one takes over.
const OWN_STACK_DEPTH: usize = 48;

/// Transforms a raw expression. Collations are not assigned yet: that is
/// [`super::assign_expr_collations`]'s part, once the whole expression has its final type.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn transform_expr(ps: &mut ParseState<'_>, raw: &Node) -> Analyzed<Expr> {
    let mut expr = descend(ps, raw_location(raw), |ps| dispatch(ps, raw)).map_err(|e| e.at(raw_location(raw)))?;
    match (&raw.node, expr) {
        // a column has the place of this reference, not one that its relation gave it
        (Some(node::Node::ColumnRef(reference)), var @ Expr::Var(_)) => expr = var.placed(reference.location),
        (_, other) => {
            expr = other;
            expr.locate(own_location(raw));
        }
    }
    Ok(expr)
}

/// Goes one level down: no input is nested so deep that it overflows the stack.
pub(super) fn descend<'a, T: Send>(
    ps: &mut ParseState<'a>,
    location: i32,
    work: impl FnOnce(&mut ParseState<'a>) -> Analyzed<T> + Send,
) -> Analyzed<T> {
    if ps.depth >= DEPTH_LIMIT {
        return Err(AnalyzeError::too_deep(location));
    }
    ps.depth += 1;
    let result = if ps.depth < OWN_STACK_DEPTH {
        work(ps)
    } else {
        on_large(|| work(ps)).unwrap_or_else(|error| {
            let feature = format!("a deeply nested expression where {error}");
            Err(AnalyzeError::unsupported("unsupported.expression.stack", feature, location))
        })
    };
    ps.depth -= 1;
    result
}

fn dispatch(ps: &mut ParseState<'_>, raw: &Node) -> Analyzed<Expr> {
    use node::Node as N;
    let Some(raw) = &raw.node else {
        return Err(missing("content"));
    };
    match raw {
        N::ColumnRef(n) => transform_column_ref(ps, n),
        N::ParamRef(n) => ps.parameters.by_number(ps.env, n.number).ok_or_else(|| {
            AnalyzeError::rejected(
                sqlstate::UNDEFINED_PARAMETER,
                format!("there is no parameter ${}", n.number),
                n.location,
            )
        }),
        N::AConst(n) => transform_const(ps, n),
        N::AIndirection(n) => transform_indirection(ps, n),
        N::AArrayExpr(n) => transform_array(ps, n, None),
        N::TypeCast(n) => transform_type_cast(ps, n),
        N::CollateClause(n) => transform_collate(ps, n),
        N::AExpr(n) => transform_a_expr(ps, n),
        N::BoolExpr(n) => transform_bool(ps, n),
        N::FuncCall(n) => transform_func_call(ps, n),
        N::GroupingFunc(n) => parse_agg::transform_grouping_func(ps, n),
        N::MergeSupportFunc(n) => transform_merge_action(ps, n.location),
        N::NamedArgExpr(n) => Ok(Expr::NamedArgExpr(NamedArgExpr {
            arg: Box::new(transform_child(ps, n.arg.as_deref())?),
            name: n.name.clone(),
            argnumber: 0,
            location: Location::NONE,
        })),
        N::SubLink(n) => parse_sublink::transform_sublink(ps, n),
        N::CaseExpr(n) => transform_case(ps, n),
        N::RowExpr(n) => transform_row(ps, n),
        N::CoalesceExpr(n) => transform_coalesce(ps, n),
        N::MinMaxExpr(n) => transform_min_max(ps, n),
        N::SqlvalueFunction(n) => transform_sql_value_function(n),
        N::XmlExpr(n) => parse_xml::transform_xml(ps, n),
        N::XmlSerialize(n) => parse_xml::transform_xml_serialize(ps, n),
        N::NullTest(n) => {
            let arg = transform_child(ps, n.arg.as_deref())?;
            let test = match RawNullTest::try_from(n.nulltesttype) {
                Ok(RawNullTest::IsNotNull) => NullTestType::IsNotNull,
                _ => NullTestType::IsNull,
            };
            let arg_is_row = is_rowtype(ps.env, expr_type(&arg));
            Ok(Expr::NullTest(NullTest { arg: Box::new(arg), test, arg_is_row }))
        }
        N::BooleanTest(n) => transform_boolean_test(ps, n),
        N::SetToDefault(n) => {
            Err(AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, "DEFAULT is not allowed in this context", n.location))
        }
        N::JsonObjectConstructor(n) => parse_json::transform_object(ps, n),
        N::JsonArrayConstructor(n) => parse_json::transform_array(ps, n),
        N::JsonArrayQueryConstructor(n) => {
            ps.require(Major::V16, "JSON_ARRAY", n.location)?;
            parse_sublink::transform_json_array_query(ps, n)
        }
        N::JsonObjectAgg(n) => parse_json_agg::transform_object_agg(ps, n),
        N::JsonArrayAgg(n) => parse_json_agg::transform_array_agg(ps, n),
        N::JsonIsPredicate(n) => parse_json::transform_is_json(ps, n),
        N::JsonParseExpr(n) => parse_json::transform_parse(ps, n),
        N::JsonScalarExpr(n) => parse_json::transform_scalar(ps, n),
        N::JsonSerializeExpr(n) => parse_json::transform_serialize(ps, n),
        N::JsonFuncExpr(n) => parse_json_func::transform_func(ps, n),
        _ => Err(AnalyzeError::unsupported("unsupported.expression.node", "this kind of expression", -1)),
    }
}

/// Transforms a child that the grammar always gives.
pub(super) fn transform_child(ps: &mut ParseState<'_>, raw: Option<&Node>) -> Analyzed<Expr> {
    transform_expr(ps, raw.ok_or_else(|| missing("operand"))?)
}

/// The type and modifier of a type name; follows `typenameTypeIdAndMod`.
pub(super) fn type_name(ps: &ParseState<'_>, name: Option<&TypeName>) -> Analyzed<(Oid, i32)> {
    let name = name.ok_or_else(|| missing("type"))?;
    if name.setof {
        return Err(AnalyzeError::rejected(sqlstate::DATATYPE_MISMATCH, "cannot cast to a set", name.location));
    }
    ps.env
        .lookup_type_name(ps.path, name)
        .map_err(|e| AnalyzeError::rejected(e.sqlstate(), e.to_string(), name.location))
}

// ---- columns ----------------------------------------------------------------------------------

fn transform_column_ref(ps: &mut ParseState<'_>, cref: &ColumnRef) -> Analyzed<Expr> {
    let location = cref.location;
    if let Some(error) = ps.kind.refuse_column(location) {
        return Err(error);
    }
    let star = cref.fields.last().is_some_and(|f| matches!(f.node, Some(node::Node::AStar(_))));
    let fields = strings_of(&cref.fields);
    if let (Some(value), false, ["value"]) = (ps.domain_value, star, fields.as_slice()) {
        return Ok(Expr::CoerceToDomainValue(CoerceToDomainValue {
            ty: value.ty,
            typmod: value.typmod,
            collation: value.collation,
            location: Location::NONE,
        }));
    }
    let (schema, relation, column) = match (fields.as_slice(), star) {
        ([column], false) => return bare_column(ps, column, location),
        ([relation], true) => (None, *relation, None),
        ([relation, column], false) => (None, *relation, Some(*column)),
        ([schema, relation], true) => (Some(*schema), *relation, None),
        ([schema, relation, column], false) => (Some(*schema), *relation, Some(*column)),
        ([database, schema, relation], true) => {
            require_own_database(ps.env, database, || fields.join("."), location)?;
            (Some(*schema), *relation, None)
        }
        ([database, schema, relation, column], false) => {
            require_own_database(ps.env, database, || fields.join("."), location)?;
            (Some(*schema), *relation, Some(*column))
        }
        _ => {
            return Err(AnalyzeError::rejected(
                sqlstate::SYNTAX_ERROR,
                format!("improper qualified name (too many dotted names): {}", fields.join(".")),
                location,
            ));
        }
    };
    let Some((item, up)) = item_by_name(ps, schema, relation, location)? else {
        if schema.is_none()
            && let Some(parameter) = ps.parameters.of_function(ps.env, relation)
        {
            // function.argument, or argument.field
            return match column {
                Some(column) => match ps.parameters.qualified(ps.env, relation, column) {
                    Some(argument) => Ok(argument),
                    None => parse_column(ps, column, parameter, location)?
                        .ok_or_else(|| missing_relation(ps, relation, location)),
                },
                None => Ok(parameter),
            };
        }
        if let (None, Some(column)) = (schema, column)
            && let Some(argument) = ps.parameters.qualified(ps.env, relation, column)
        {
            return Ok(argument);
        }
        if let (Some(function), Some(field)) = (schema, column)
            && let Some(argument) = ps.parameters.qualified(ps.env, function, relation)
        {
            return parse_column(ps, field, argument, location)?
                .ok_or_else(|| missing_relation(ps, relation, location));
        }
        return Err(missing_relation(ps, relation, location));
    };
    let Some(column) = column else {
        return item.whole_row(up);
    };
    if let Some(var) = scan_item_for_column(ps, item, up, column, location)? {
        return Ok(var);
    }
    let row = item.whole_row(up)?;
    parse_column(ps, column, row, location)?.ok_or_else(|| missing_column(Some(relation), column, location))
}

fn bare_column(ps: &ParseState<'_>, name: &str, location: i32) -> Analyzed<Expr> {
    if let Some(var) = column_by_name(ps, name, location)? {
        return Ok(var);
    }
    if let Some((item, up)) = item_by_name(ps, None, name, location)? {
        return item.whole_row(up);
    }
    ps.parameters.by_name(ps.env, name).ok_or_else(|| missing_column(None, name, location))
}

// ---- calls ------------------------------------------------------------------------------------

fn transform_func_call(ps: &mut ParseState<'_>, call: &FuncCall) -> Analyzed<Expr> {
    let name = strings_of(&call.funcname);
    let mut args = Vec::with_capacity(call.args.len());
    for arg in &call.args {
        args.push(transform_expr(ps, arg)?);
    }
    let mut syntax = CallSyntax::of(call);
    if syntax.format == crate::tree::CoercionForm::SqlSyntax {
        check_sql_syntax(ps, &name, args.len(), call.location)?;
        if name == ["pg_catalog", "system_user"] && ps.major() < 16 {
            if let Some(error) = ps.kind.refuse_column(call.location) {
                return Err(error);
            }
            return bare_column(ps, "system_user", call.location);
        }
    }
    if call.agg_within_group {
        for sort in &call.agg_order {
            if let Some(node::Node::SortBy(sort)) = &sort.node {
                let raw = sort.node.as_deref().ok_or_else(|| missing("sort key"))?;
                args.push(ps.of_kind(ParseExprKind::OrderBy, |ps| transform_expr(ps, raw))?);
            }
        }
        syntax.ordered = false;
    }
    let filter = match call.agg_filter.as_deref() {
        None => None,
        Some(raw) => {
            let filter = ps.of_kind(ParseExprKind::Filter, |ps| transform_expr(ps, raw))?;
            Some(coerce_to_boolean(ps, filter, "FILTER", raw_location(raw))?)
        }
    };
    let decoration = Decoration { order: &call.agg_order, filter, over: call.over.as_deref() };
    parse_func_decorated(ps, &name, args, &syntax, decoration, call.location)
}

/// What only later majors' grammar reads.
fn check_sql_syntax(ps: &ParseState<'_>, name: &[&str], arg_count: usize, location: i32) -> Analyzed<()> {
    if name == ["pg_catalog", "timezone"] && arg_count == 1 {
        ps.require(Major::V17, "AT LOCAL", location)?;
    }
    Ok(())
}

fn transform_merge_action(ps: &mut ParseState<'_>, location: i32) -> Analyzed<Expr> {
    if ps.major() < 17 {
        return parse_func(ps, &["merge_action"], Vec::new(), &CallSyntax::plain(), location);
    }
    if std::iter::once(ps.kind).chain(ps.outer.iter().map(|o| o.kind)).any(|k| k == ParseExprKind::MergeReturning) {
        return Ok(Expr::MergeSupportFunc);
    }
    Err(AnalyzeError::rejected(
        sqlstate::SYNTAX_ERROR,
        "MERGE_ACTION() can only be used in the RETURNING list of a MERGE command",
        location,
    ))
}

// ---- arrays, casts, collations ----------------------------------------------------------------

/// What an `ARRAY[…]` that is cast right away is cast to.
#[derive(Debug, Clone, Copy)]
struct ArrayTarget {
    array: Oid,
    element: Oid,
    typmod: i32,
}

fn transform_array(ps: &mut ParseState<'_>, a: &AArrayExpr, target: Option<ArrayTarget>) -> Analyzed<Expr> {
    let mut elements = Vec::with_capacity(a.elements.len());
    let mut multidims = false;
    for raw in &a.elements {
        if let Some(node::Node::AArrayExpr(inner)) = &raw.node {
            elements.push(descend(ps, inner.location, |ps| transform_array(ps, inner, target))?);
            multidims = true;
        } else {
            let e = transform_expr(ps, raw)?;
            let ty = expr_type(&e);
            if ty != Oid::INT2VECTOR && ty != Oid::OIDVECTOR && ps.env.element_type_of(ty).is_some() {
                multidims = true;
            }
            elements.push(e);
        }
    }
    let locations: Vec<i32> = a.elements.iter().map(raw_location).collect();
    let (array_type, element_type, coerced) = match target {
        Some(t) => {
            let to = if multidims { t.array } else { t.element };
            let mut coerced = Vec::with_capacity(elements.len());
            for (e, at) in elements.into_iter().zip(locations) {
                let source = expr_type(&e);
                let at = place_or(&e, at);
                let e = coerce_to_target_type(ps, e, to, t.typmod, Coercion::explicit(-1))
                    .map_err(|e| e.at(at))?
                    .ok_or_else(|| no_cast(ps, source, to, at))?;
                coerced.push(e);
            }
            (t.array, t.element, coerced)
        }
        None => untyped_array(ps, a, elements, multidims, &locations)?,
    };
    Ok(Expr::ArrayExpr(ArrayExpr {
        array_type,
        collation: Oid::INVALID,
        element_type,
        elements: coerced,
        multidims,
        location: Location::NONE,
    }))
}

fn untyped_array(
    ps: &ParseState<'_>,
    a: &AArrayExpr,
    elements: Vec<Expr>,
    multidims: bool,
    locations: &[i32],
) -> Analyzed<(Oid, Oid, Vec<Expr>)> {
    if elements.is_empty() {
        return Err(AnalyzeError::rejected(
            sqlstate::INDETERMINATE_DATATYPE,
            "cannot determine type of empty array",
            a.location,
        )
        .hint("Explicitly cast to the desired type, for example ARRAY[]::integer[]."));
    }
    let common = select_common_type(ps, &elements, "ARRAY", locations)?;
    let (array_type, element_type) = if multidims {
        let element = ps.env.element_type_of(common).ok_or_else(|| {
            AnalyzeError::rejected(
                sqlstate::UNDEFINED_OBJECT,
                format!("could not find element type for data type {}", ps.shown(common)),
                a.location,
            )
        })?;
        (common, element)
    } else {
        (array_type_of(ps, common, a.location)?, common)
    };
    let mut coerced = Vec::with_capacity(elements.len());
    for (e, at) in elements.into_iter().zip(locations) {
        coerced.push(coerce_to_common_type(ps, e, common, "ARRAY", *at)?);
    }
    Ok((array_type, element_type, coerced))
}

fn transform_type_cast(ps: &mut ParseState<'_>, cast: &TypeCast) -> Analyzed<Expr> {
    let (target, typmod) = type_name(ps, cast.type_name.as_ref())?;
    let raw = cast.arg.as_deref().ok_or_else(|| missing("operand"))?;
    let expr = match &raw.node {
        Some(node::Node::AArrayExpr(array)) => {
            let (base, base_typmod) = ps.env.base_type_and_typmod(target, typmod);
            let hint =
                ps.env.element_type_of(base).map(|element| ArrayTarget { array: base, element, typmod: base_typmod });
            transform_array(ps, array, hint)?
        }
        _ => transform_expr(ps, raw)?,
    };
    let source = expr_type(&expr);
    let location = if cast.location >= 0 { cast.location } else { cast.type_name.as_ref().map_or(-1, |t| t.location) };
    coerce_to_target_type(ps, expr, target, typmod, Coercion::explicit(location))
        .map_err(|e| e.at(raw_location(raw)))?
        .ok_or_else(|| no_cast(ps, source, target, location))
}

fn transform_collate(ps: &mut ParseState<'_>, c: &CollateClause) -> Analyzed<Expr> {
    let arg = transform_child(ps, c.arg.as_deref())?;
    let ty = expr_type(&arg);
    if !ps.env.type_collation(ty).is_valid() && ty != Oid::UNKNOWN {
        return Err(AnalyzeError::rejected(
            sqlstate::DATATYPE_MISMATCH,
            format!("collations are not supported by type {}", ps.shown(ty)),
            c.location,
        ));
    }
    let names: Vec<&str> = c.collname.iter().filter_map(string_of).collect();
    let collation = lookup_collation(ps, &names, c.location)?;
    Ok(Expr::CollateExpr(CollateExpr { arg: Box::new(arg), collation, location: Location::NONE }))
}

/// The collation that a name means; follows `LookupCollation`.
///
/// # Errors
///
/// When there is none.
pub(super) fn lookup_collation(ps: &ParseState<'_>, names: &[&str], location: i32) -> Analyzed<Oid> {
    let (schema, name) = super::parse_node::split_name(ps.env, names, location)?;
    if let Some(schema) = schema
        && !ps.env.schema_exists(schema)
    {
        return Err(AnalyzeError::rejected(
            sqlstate::UNDEFINED_SCHEMA,
            format!("schema \"{schema}\" does not exist"),
            location,
        ));
    }
    ps.env.lookup_collation(ps.path, schema, name).map(|c| c.oid).ok_or_else(|| {
        AnalyzeError::rejected(
            sqlstate::UNDEFINED_OBJECT,
            format!("collation \"{}\" for encoding \"UTF8\" does not exist", names.join(".")),
            location,
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use pg_query::protobuf::{BoolExpr as RawBoolExpr, BoolExprType};

    use super::super::{ParseExprKind, TOO_DEEP, assign_expr_collations, parse_expr_text};
    use super::*;
    use crate::env::{Env, SearchPath};

    fn analysed(text: &str) -> Analyzed<Expr> {
        let env = Env::for_major(Major::V17);
        let path = SearchPath::empty();
        let mut ps = ParseState::new(&env, &path, ParseExprKind::FunctionDefault);
        let mut expr = transform_expr(&mut ps, &parse_expr_text(text)?)?;
        assert_eq!(ps.depth, 0);
        assign_expr_collations(&env, &mut expr)?;
        Ok(expr)
    }

    fn chain(length: usize) -> String {
        vec!["1"; length].join(" + ")
    }

    #[test]
    fn a_thousand_levels_are_analysed_and_more_are_refused() {
        let around = |before: &str, middle: &str, after: &str, levels: usize| {
            format!("{}{middle}{}", before.repeat(levels), after.repeat(levels))
        };
        let shapes: [(&str, &str, &str); 10] = [
            ("1 + ", "1", ""),
            ("1 < length(1 || (", "'x'", ")::text)"),
            ("not ", "true", ""),
            ("(", "1", ")"),
            ("abs(", "1", ")"),
            ("case when true then ", "1", " end"),
            ("coalesce(", "1", ")"),
            ("", "1", "::bigint::int"),
            ("", "'a'", " collate \"C\" || 'b'"),
            ("true and (false or ", "true", ")"),
        ];
        for (before, middle, after) in shapes {
            for (levels, limit) in [(400, true), (1000, false), (2500, false), (20_000, false)] {
                let answer = on_large(|| analysed(&around(before, middle, after, levels)).map(|_| ())).unwrap();
                match answer {
                    Ok(()) => {}
                    Err(error) if !limit && error.code() == TOO_DEEP => {}
                    Err(error) => panic!("{levels} × {before}…{after}: {error}"),
                }
            }
        }
        assert!(on_large(|| analysed(&chain(1001)).is_ok()).unwrap());
        let nested = around("ARRAY[", "1", "]", 20);
        assert!(analysed(&nested).is_ok_and(|e| expr_type(&e) == Oid::INT4ARRAY));
        let deep = on_large(|| analysed(&around("ARRAY[", "1", "]", 1000)).map(|_| ())).unwrap();
        assert!(deep.is_ok(), "{deep:?}");
        let flat = vec!["true"; 5000].join(" AND ");
        assert!(analysed(&flat).is_ok());
    }

    /// Without a large stack at the caller's: one takes over in time.
    #[test]
    fn a_larger_stack_takes_over() {
        let env = Env::for_major(Major::V17);
        let path = SearchPath::empty();
        let leaf = parse_expr_text("true").unwrap();
        let wrapped = |depth: usize| {
            (0..depth).fold(leaf.clone(), |inner, _| Node {
                node: Some(node::Node::BoolExpr(Box::new(RawBoolExpr {
                    xpr: None,
                    boolop: BoolExprType::NotExpr.into(),
                    args: vec![inner],
                    location: -1,
                }))),
            })
        };
        let mut ps = ParseState::new(&env, &path, ParseExprKind::FunctionDefault);
        assert!(transform_expr(&mut ps, &wrapped(DEPTH_LIMIT - 2)).is_ok());
        let error = transform_expr(&mut ps, &wrapped(DEPTH_LIMIT + 2)).unwrap_err();
        assert_eq!(error.code(), TOO_DEEP);
    }

    #[test]
    fn errors_carry_the_place_and_the_servers_code() {
        for (text, code, at) in [
            ("1 + nosuch", sqlstate::UNDEFINED_COLUMN, 4),
            ("lower(1)", sqlstate::UNDEFINED_FUNCTION, 0),
            ("1 + (SELECT 2)", sqlstate::FEATURE_NOT_SUPPORTED, 4),
            ("true AND count(*) > 1", sqlstate::GROUPING_ERROR, 9),
            ("CASE WHEN true THEN 1 ELSE true END", sqlstate::DATATYPE_MISMATCH, 20),
            ("$1", sqlstate::UNDEFINED_PARAMETER, 0),
        ] {
            let error = analysed(text).unwrap_err().moved_back(super::super::PREFIX_LENGTH);
            assert_eq!((error.code(), error.location()), (code, Some(at)), "{text}: {error}");
        }
    }
}
