//! Operators as they are written: with one operand or two, `ANY` and `ALL`, `IN`, `BETWEEN`, `IS DISTINCT FROM`, `NULLIF`, and
//! the boolean ones.
//!
//! Follows `transformAExprOp` and its neighbours, `transformBoolExpr` and `transformBooleanTest`, parse_expr.c (PG 18). Which
//! operator is meant is the business of `parse_oper`.

use pg_query::protobuf::{
    AExpr, AExprKind, BoolExpr as RawBoolExpr, BoolExprType, BoolTestType as RawBoolTest,
    BooleanTest as RawBooleanTest, Node, SubLinkType, node,
};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_coerce::{coerce_to_boolean, place_or};
use super::parse_common::{coerce_to_common_type, common_type, verify_common_type};
use super::parse_expr::{transform_child, transform_expr};
use super::parse_node::{ParseState, missing, raw_location, strings_of};
use super::parse_oper::{make_op, make_scalar_array_op};
use super::parse_query::uses_level;
use super::parse_row::{make_distinct, make_row_comparison};
use super::parse_sublink;
use crate::env::Oid;
use crate::tree::{
    ArrayExpr, BoolExpr, BoolTestType, BooleanTest, Expr, NullTest, NullTestType, Quantifier, expr_type,
};

pub(super) fn transform_a_expr(ps: &mut ParseState<'_>, a: &AExpr) -> Analyzed<Expr> {
    let kind = AExprKind::try_from(a.kind).unwrap_or(AExprKind::Undefined);
    match kind {
        AExprKind::AexprOp | AExprKind::AexprLike | AExprKind::AexprIlike | AExprKind::AexprSimilar => {
            transform_op(ps, a)
        }
        AExprKind::AexprOpAny => transform_op_array(ps, a, Quantifier::Any),
        AExprKind::AexprOpAll => transform_op_array(ps, a, Quantifier::All),
        AExprKind::AexprDistinct | AExprKind::AexprNotDistinct => {
            transform_distinct(ps, a, kind == AExprKind::AexprNotDistinct)
        }
        AExprKind::AexprNullif => transform_nullif(ps, a),
        AExprKind::AexprIn => transform_in(ps, a),
        AExprKind::AexprBetween
        | AExprKind::AexprNotBetween
        | AExprKind::AexprBetweenSym
        | AExprKind::AexprNotBetweenSym => transform_between(ps, a, kind),
        AExprKind::Undefined => Err(missing("kind")),
    }
}

fn is_row(raw: Option<&Node>) -> bool {
    raw.is_some_and(|n| matches!(n.node, Some(node::Node::RowExpr(_))))
}

fn transform_op(ps: &mut ParseState<'_>, a: &AExpr) -> Analyzed<Expr> {
    let name = strings_of(&a.name);
    let left = a.lexpr.as_deref();
    let right = a.rexpr.as_deref();
    if is_row(left) && is_row(right) {
        let left = transform_child(ps, left)?;
        let right = transform_child(ps, right)?;
        return match (left, right) {
            (Expr::RowExpr(l), Expr::RowExpr(r)) => make_row_comparison(ps, &name, l.args, r.args, a.location),
            _ => Err(missing("rows")),
        };
    }
    // "row op (subquery)" is the subquery's business
    if let (Some(row), Some(node::Node::SubLink(link))) = (left, right.and_then(|r| r.node.as_ref()))
        && is_row(left)
        && link.sub_link_type == SubLinkType::ExprSublink as i32
    {
        let mut link = (**link).clone();
        link.sub_link_type = SubLinkType::RowcompareSublink as i32;
        link.testexpr = Some(Box::new(row.clone()));
        link.oper_name.clone_from(&a.name);
        link.location = a.location;
        return parse_sublink::transform_sublink(ps, &link);
    }
    let left = left.map(|l| transform_expr(ps, l)).transpose()?;
    let right = transform_child(ps, right)?;
    let op = make_op(ps, &name, left, right, a.location)?;
    let retset = op.retset;
    let op = Expr::OpExpr(op);
    if retset {
        ps.set_calls += 1;
        ps.last_set = place_or(&op, a.location);
    }
    Ok(op)
}

fn transform_op_array(ps: &mut ParseState<'_>, a: &AExpr, quantifier: Quantifier) -> Analyzed<Expr> {
    let left = transform_child(ps, a.lexpr.as_deref())?;
    let right = transform_child(ps, a.rexpr.as_deref())?;
    make_scalar_array_op(ps, &strings_of(&a.name), quantifier, left, right, a.location)
}

fn is_null_constant(raw: Option<&Node>) -> bool {
    raw.is_some_and(|n| matches!(&n.node, Some(node::Node::AConst(c)) if c.isnull))
}

fn transform_distinct(ps: &mut ParseState<'_>, a: &AExpr, negated: bool) -> Analyzed<Expr> {
    let (left, right) = (a.lexpr.as_deref(), a.rexpr.as_deref());
    let tested = if is_null_constant(right) {
        Some(left)
    } else if is_null_constant(left) {
        Some(right)
    } else {
        None
    };
    if let Some(tested) = tested {
        return Ok(Expr::NullTest(NullTest {
            arg: Box::new(transform_child(ps, tested)?),
            test: if negated { NullTestType::IsNull } else { NullTestType::IsNotNull },
            arg_is_row: false,
        }));
    }
    let left = transform_child(ps, left)?;
    let right = transform_child(ps, right)?;
    let result = make_distinct(ps, &strings_of(&a.name), left, right, a.location)?;
    Ok(if negated { Expr::BoolExpr(BoolExpr::Not(Box::new(result))) } else { result })
}

fn transform_nullif(ps: &mut ParseState<'_>, a: &AExpr) -> Analyzed<Expr> {
    let left = transform_child(ps, a.lexpr.as_deref())?;
    let right = transform_child(ps, a.rexpr.as_deref())?;
    let mut op = make_op(ps, &strings_of(&a.name), Some(left), right, a.location)?;
    if op.result_type != Oid::BOOL {
        return Err(AnalyzeError::rejected(
            sqlstate::DATATYPE_MISMATCH,
            "NULLIF requires = operator to yield boolean",
            a.location,
        ));
    }
    op.result_type = op.args.first().map_or(Oid::INVALID, expr_type);
    Ok(Expr::NullIfExpr(op))
}

fn transform_in(ps: &mut ParseState<'_>, a: &AExpr) -> Analyzed<Expr> {
    let name = strings_of(&a.name);
    let any = name.first() != Some(&"<>");
    let scalar = transform_child(ps, a.lexpr.as_deref())?;
    let items: &[Node] = match a.rexpr.as_deref().and_then(|n| n.node.as_ref()) {
        Some(node::Node::List(list)) => &list.items,
        _ => return Err(missing("list")),
    };
    let mut all = Vec::new();
    for item in items {
        all.push(transform_expr(ps, item)?);
    }
    let constant_count = all.iter().filter(|e| !uses_level(e, 0)).count();
    let mut result = None;
    let mut rest = all;
    if constant_count > 1
        && let Some((element_type, array_type)) = in_array_type(ps, &scalar, &rest)
    {
        let (with_vars, without): (Vec<Expr>, Vec<Expr>) = rest.into_iter().partition(|e| uses_level(e, 0));
        let elements = without
            .into_iter()
            .map(|e| coerce_to_common_type(ps, e, element_type, "IN", a.location))
            .collect::<Analyzed<Vec<_>>>()?;
        let array = ArrayExpr::of_list(array_type, element_type, elements);
        let quantifier = if any { Quantifier::Any } else { Quantifier::All };
        result = Some(make_scalar_array_op(ps, &name, quantifier, scalar.clone(), array, a.location)?);
        rest = with_vars;
    }
    for item in rest {
        let comparison = match (&scalar, item) {
            (Expr::RowExpr(l), Expr::RowExpr(r)) => make_row_comparison(ps, &name, l.args.clone(), r.args, a.location)?,
            (_, item) => make_op(ps, &name, Some(scalar.clone()), item, a.location).map(Expr::OpExpr)?,
        };
        let comparison = coerce_to_boolean(ps, comparison, "IN", a.location)?;
        result = Some(match result {
            None => comparison,
            Some(before) if any => Expr::BoolExpr(BoolExpr::Or(vec![before, comparison])),
            Some(before) => Expr::BoolExpr(BoolExpr::And(vec![before, comparison])),
        });
    }
    result.ok_or_else(|| missing("list"))
}

/// The element and array type of an `IN` list, when it can be an array.
fn in_array_type(ps: &ParseState<'_>, scalar: &Expr, items: &[Expr]) -> Option<(Oid, Oid)> {
    let types: Vec<Oid> =
        std::iter::once(scalar).chain(items.iter().filter(|e| !uses_level(e, 0))).map(expr_type).collect();
    let common = common_type(ps.env, &types).ok()?;
    if common == Oid::RECORD || !verify_common_type(ps.env, common, &types) {
        return None;
    }
    Some((common, ps.env.array_type_of(common)?))
}

fn transform_between(ps: &mut ParseState<'_>, a: &AExpr, kind: AExprKind) -> Analyzed<Expr> {
    let bounds: &[Node] = match a.rexpr.as_deref().and_then(|n| n.node.as_ref()) {
        Some(node::Node::List(list)) => &list.items,
        _ => return Err(missing("bounds")),
    };
    let [low, high] = bounds else {
        return Err(missing("bounds"));
    };
    let value = a.lexpr.as_deref();
    let location = a.location;
    let mut pair = |first: (&str, &Node), second: (&str, &Node), all: bool| -> Analyzed<Expr> {
        let mut sides = Vec::with_capacity(2);
        for (name, bound) in [first, second] {
            sides.push(compare(ps, name, value, bound, location)?);
        }
        Ok(Expr::BoolExpr(if all { BoolExpr::And(sides) } else { BoolExpr::Or(sides) }))
    };
    match kind {
        AExprKind::AexprNotBetween => pair(("<", low), (">", high), false),
        AExprKind::AexprBetweenSym => {
            let straight = pair((">=", low), ("<=", high), true)?;
            let swapped = pair((">=", high), ("<=", low), true)?;
            Ok(Expr::BoolExpr(BoolExpr::Or(vec![straight, swapped])))
        }
        AExprKind::AexprNotBetweenSym => {
            let straight = pair(("<", low), (">", high), false)?;
            let swapped = pair(("<", high), (">", low), false)?;
            Ok(Expr::BoolExpr(BoolExpr::And(vec![straight, swapped])))
        }
        _ => pair((">=", low), ("<=", high), true),
    }
}

/// One of the comparisons that `BETWEEN` stands for.
fn compare(ps: &mut ParseState<'_>, name: &str, value: Option<&Node>, bound: &Node, location: i32) -> Analyzed<Expr> {
    let rows = is_row(value) && is_row(Some(bound));
    let left = transform_child(ps, value)?;
    let right = transform_expr(ps, bound)?;
    let result = match (left, right) {
        (Expr::RowExpr(l), Expr::RowExpr(r)) if rows => make_row_comparison(ps, &[name], l.args, r.args, location)?,
        (left, right) => make_op(ps, &[name], Some(left), right, location).map(Expr::OpExpr)?,
    };
    coerce_to_boolean(ps, result, "AND", location)
}

pub(super) fn transform_bool(ps: &mut ParseState<'_>, b: &RawBoolExpr) -> Analyzed<Expr> {
    let op = BoolExprType::try_from(b.boolop).unwrap_or(BoolExprType::Undefined);
    let name = match op {
        BoolExprType::OrExpr => "OR",
        BoolExprType::NotExpr => "NOT",
        _ => "AND",
    };
    let mut args = Vec::with_capacity(b.args.len());
    for raw in &b.args {
        let arg = transform_expr(ps, raw)?;
        args.push(coerce_to_boolean(ps, arg, name, raw_location(raw))?);
    }
    Ok(Expr::BoolExpr(match op {
        BoolExprType::OrExpr => BoolExpr::Or(args),
        BoolExprType::NotExpr => {
            let arg = args.pop().ok_or_else(|| missing("operand"))?;
            BoolExpr::Not(Box::new(arg))
        }
        _ => BoolExpr::And(args),
    }))
}

pub(super) fn transform_boolean_test(ps: &mut ParseState<'_>, b: &RawBooleanTest) -> Analyzed<Expr> {
    let (test, clause) = match RawBoolTest::try_from(b.booltesttype) {
        Ok(RawBoolTest::IsNotTrue) => (BoolTestType::IsNotTrue, "IS NOT TRUE"),
        Ok(RawBoolTest::IsFalse) => (BoolTestType::IsFalse, "IS FALSE"),
        Ok(RawBoolTest::IsNotFalse) => (BoolTestType::IsNotFalse, "IS NOT FALSE"),
        Ok(RawBoolTest::IsUnknown) => (BoolTestType::IsUnknown, "IS UNKNOWN"),
        Ok(RawBoolTest::IsNotUnknown) => (BoolTestType::IsNotUnknown, "IS NOT UNKNOWN"),
        _ => (BoolTestType::IsTrue, "IS TRUE"),
    };
    let arg = transform_child(ps, b.arg.as_deref())?;
    let location = b.arg.as_deref().map_or(-1, raw_location);
    let arg = coerce_to_boolean(ps, arg, clause, location)?;
    Ok(Expr::BooleanTest(BooleanTest { arg: Box::new(arg), test }))
}
