//! Rows, and comparisons of rows with each other.
//!
//! Follows `transformRowExpr`, `make_row_comparison_op` and `make_row_distinct_op`, parse_expr.c
//! (PG 18).

use pg_query::protobuf::RowExpr as RawRow;

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_expr::transform_expr;
use super::parse_node::{ParseState, make_bool_const};
use super::parse_oper::make_op;
use super::parse_star;
use crate::env::Oid;
use crate::tree::{BoolExpr, CoercionForm, Expr, Location, OpExpr, RowCompareExpr, RowExpr};

/// The most fields that a row may have.
const MAX_FIELDS: usize = 1664;

/// `ROW(…)` or `(a, b)`.
pub(super) fn transform_row(ps: &mut ParseState<'_>, raw: &RawRow) -> Analyzed<Expr> {
    let mut args = Vec::with_capacity(raw.args.len());
    for field in &raw.args {
        match parse_star::expand_star(ps, field)? {
            Some(columns) => args.extend(columns.into_iter().map(|(_, column)| column)),
            None => args.push(transform_expr(ps, field)?),
        }
    }
    if args.len() > MAX_FIELDS {
        return Err(AnalyzeError::rejected(
            sqlstate::TOO_MANY_COLUMNS,
            format!("ROW expressions can have at most {MAX_FIELDS} entries"),
            raw.location,
        ));
    }
    let colnames = (1..=args.len()).map(|i| format!("f{i}")).collect();
    Ok(Expr::RowExpr(RowExpr {
        args,
        row_type: Oid::RECORD,
        format: CoercionForm::ImplicitCast,
        colnames,
        location: Location::NONE,
    }))
}

fn unequal(location: i32) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, "unequal number of entries in row expressions", location)
}

/// Compares two rows by an operator.
pub(super) fn make_row_comparison(
    ps: &ParseState<'_>,
    name: &[&str],
    left: Vec<Expr>,
    right: Vec<Expr>,
    location: i32,
) -> Analyzed<Expr> {
    if left.len() != right.len() {
        return Err(unequal(location));
    }
    if left.is_empty() {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "cannot compare rows of zero length",
            location,
        ));
    }
    let mut ops = Vec::with_capacity(left.len());
    for (l, r) in left.into_iter().zip(right) {
        let op = make_op(ps, name, Some(l), r, location)?;
        if op.result_type != Oid::BOOL {
            return Err(AnalyzeError::rejected(
                sqlstate::DATATYPE_MISMATCH,
                format!("row comparison operator must yield type boolean, not type {}", ps.shown(op.result_type)),
                location,
            ));
        }
        ops.push(op);
    }
    if ops.len() == 1
        && let Some(op) = ops.pop()
    {
        return Ok(Expr::OpExpr(op));
    }
    let kinds: Vec<Vec<(Comparison, Oid)>> = ops.iter().map(|op| interpretations(ps, op.opno)).collect();
    let common = Comparison::ALL.into_iter().find(|c| kinds.iter().all(|k| k.iter().any(|(kind, _)| kind == c)));
    let Some(common) = common else {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            format!(
                "could not determine interpretation of row comparison operator {}",
                name.last().copied().unwrap_or("")
            ),
            location,
        )
        .hint("Row comparison operators must be associated with btree operator families."));
    };
    let all = |ops: Vec<OpExpr>| ops.into_iter().map(Expr::OpExpr).collect();
    match common {
        Comparison::Equal => Ok(Expr::BoolExpr(BoolExpr::And(all(ops)))),
        Comparison::NotEqual => Ok(Expr::BoolExpr(BoolExpr::Or(all(ops)))),
        Comparison::Less | Comparison::LessOrEqual | Comparison::GreaterOrEqual | Comparison::Greater => {
            Ok(ordered_comparison(ops, &kinds, common))
        }
    }
}

fn ordered_comparison(ops: Vec<OpExpr>, kinds: &[Vec<(Comparison, Oid)>], common: Comparison) -> Expr {
    let opfamilies = kinds.iter().filter_map(|k| k.iter().find(|(kind, _)| *kind == common).map(|(_, f)| *f)).collect();
    let opnos = ops.iter().map(|op| op.opno).collect();
    let mut largs = Vec::with_capacity(ops.len());
    let mut rargs = Vec::with_capacity(ops.len());
    for op in ops {
        let mut args = op.args.into_iter();
        largs.extend(args.next());
        rargs.extend(args.next());
    }
    Expr::RowCompareExpr(RowCompareExpr { opnos, opfamilies, input_collations: Vec::new(), largs, rargs })
}

/// What an operator does in an ordering; in the order of btree's strategies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
    NotEqual,
}

impl Comparison {
    const ALL: [Comparison; 6] = [
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Equal,
        Comparison::GreaterOrEqual,
        Comparison::Greater,
        Comparison::NotEqual,
    ];

    fn of_strategy(strategy: i16) -> Option<Comparison> {
        let i = usize::try_from(strategy).ok()?.checked_sub(1)?;
        Self::ALL.get(..5)?.get(i).copied()
    }
}

/// What an operator does in each btree family; follows `get_op_btree_interpretation`.
fn interpretations(ps: &ParseState<'_>, opno: Oid) -> Vec<(Comparison, Oid)> {
    let btree = |opno: Oid| {
        ps.env
            .families_of_operator(opno)
            .into_iter()
            .filter(|(family, op)| family.method == Oid::BTREE_AM && !op.ordering)
            .filter_map(|(family, op)| Comparison::of_strategy(op.strategy).map(|c| (c, family.oid)))
            .collect::<Vec<_>>()
    };
    let found = btree(opno);
    if !found.is_empty() {
        return found;
    }
    // "<>" is in no family: it is the negator of an equality
    let Some(negator) = ps.env.operator_by_oid(opno).and_then(|o| o.negator.valid()) else {
        return Vec::new();
    };
    btree(negator)
        .into_iter()
        .filter(|(c, _)| *c == Comparison::Equal)
        .map(|(_, family)| (Comparison::NotEqual, family))
        .collect()
}

/// `a IS DISTINCT FROM b`, field by field when both are row constructors.
pub(super) fn make_distinct(
    ps: &ParseState<'_>,
    name: &[&str],
    left: Expr,
    right: Expr,
    location: i32,
) -> Analyzed<Expr> {
    match (left, right) {
        (Expr::RowExpr(l), Expr::RowExpr(r)) => {
            if l.args.len() != r.args.len() {
                return Err(unequal(location));
            }
            let mut result: Option<Expr> = None;
            for (l, r) in l.args.into_iter().zip(r.args) {
                let one = distinct_op(ps, name, l, r, location)?;
                result = Some(match result {
                    None => one,
                    Some(before) => Expr::BoolExpr(BoolExpr::Or(vec![before, one])),
                });
            }
            Ok(result.unwrap_or_else(|| make_bool_const(false)))
        }
        (left, right) => distinct_op(ps, name, left, right, location),
    }
}

fn distinct_op(ps: &ParseState<'_>, name: &[&str], left: Expr, right: Expr, location: i32) -> Analyzed<Expr> {
    let op = make_op(ps, name, Some(left), right, location)?;
    if op.result_type != Oid::BOOL {
        return Err(AnalyzeError::rejected(
            sqlstate::DATATYPE_MISMATCH,
            "IS DISTINCT FROM requires = operator to yield boolean",
            location,
        ));
    }
    Ok(Expr::DistinctExpr(op))
}
