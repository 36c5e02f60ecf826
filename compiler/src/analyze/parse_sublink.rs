//! Subqueries in expressions.
//!
//! Follows `transformSubLink` and `transformJsonArrayQueryConstructor`, parse_expr.c (PG 18).

use pg_query::protobuf::{
    ColumnRef, FuncCall, JsonAggConstructor, JsonArrayAgg, JsonArrayQueryConstructor, JsonValueExpr, Node,
    RangeSubselect, ResTarget, SelectStmt, String as RawString, SubLink as RawSubLink, SubLinkType, node,
};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_expr::transform_child;
use super::parse_level::Level;
use super::parse_node::{ParseState, missing, strings_of};
use super::parse_query::sub_analyze;
use super::parse_row::make_row_comparison;
use crate::env::Oid;
use crate::tree::{
    Expr, Location, Query, SubLink, SubLinkKind, SubLinkOutput, TargetEntry, expr_collation, expr_type, expr_typmod,
};

/// The outputs of a query that are no junk.
pub(super) fn outputs(query: &Query) -> impl Iterator<Item = &TargetEntry> {
    query.target_list.iter().filter(|target| !target.junk)
}

/// A subquery in an expression.
pub(super) fn transform_sublink(ps: &mut ParseState<'_>, raw: &RawSubLink) -> Analyzed<Expr> {
    if let Some(error) = ps.kind.refuse_subquery(raw.location) {
        return Err(error);
    }
    let select = raw.subselect.as_deref().ok_or_else(|| missing("subquery"))?;
    let level = Level { resolve_unknowns: true, ..Level::default() };
    let query = sub_analyze(ps, select, level)?;
    let syntax = |message: &str| AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, message, raw.location);
    let boolean = |kind: SubLinkKind, query: Query| {
        Expr::SubLink(SubLink {
            kind,
            query: Box::new(query),
            result_type: Oid::BOOL,
            typmod: -1,
            collation: Oid::INVALID,
            location: Location::NONE,
        })
    };
    let ty = SubLinkType::try_from(raw.sub_link_type).unwrap_or(SubLinkType::Undefined);
    match ty {
        SubLinkType::ExistsSublink => Ok(boolean(SubLinkKind::Exists, query)),
        SubLinkType::ExprSublink | SubLinkType::ArraySublink => {
            let mut columns = outputs(&query);
            let (Some(only), None) = (columns.next(), columns.next()) else {
                return Err(syntax("subquery must return only one column"));
            };
            let (own, typmod, collation) = (expr_type(&only.expr), expr_typmod(&only.expr), expr_collation(&only.expr));
            let (kind, result_type) = if ty == SubLinkType::ExprSublink {
                (SubLinkKind::Expr, own)
            } else {
                let array = ps.env.promoted_array_type_of(own).ok_or_else(|| {
                    AnalyzeError::rejected(
                        sqlstate::UNDEFINED_OBJECT,
                        format!("could not find array type for data type {}", ps.shown(own)),
                        raw.location,
                    )
                })?;
                (SubLinkKind::Array, array)
            };
            drop(columns);
            Ok(Expr::SubLink(SubLink {
                kind,
                query: Box::new(query),
                result_type,
                typmod,
                collation,
                location: Location::NONE,
            }))
        }
        SubLinkType::AnySublink | SubLinkType::AllSublink | SubLinkType::RowcompareSublink => {
            let mut name: Vec<&str> = strings_of(&raw.oper_name);
            if name.is_empty() {
                name.push("=");
            }
            let left = match transform_child(ps, raw.testexpr.as_deref())? {
                Expr::RowExpr(row) => row.args,
                other => vec![other],
            };
            let right: Vec<Expr> = outputs(&query)
                .map(|target| {
                    Expr::SubLinkOutput(SubLinkOutput {
                        column: i32::from(target.resno),
                        ty: expr_type(&target.expr),
                        typmod: expr_typmod(&target.expr),
                        collation: expr_collation(&target.expr),
                    })
                })
                .collect();
            if left.len() < right.len() {
                return Err(syntax("subquery has too many columns"));
            }
            if left.len() > right.len() {
                return Err(syntax("subquery has too few columns"));
            }
            let test = Box::new(make_row_comparison(ps, &name, left, right, raw.location)?);
            let name = name.into_iter().map(str::to_owned).collect();
            let kind = match ty {
                SubLinkType::AnySublink => SubLinkKind::Any(test, name),
                SubLinkType::AllSublink => SubLinkKind::All(test, name),
                _ => SubLinkKind::RowCompare(test, name),
            };
            Ok(boolean(kind, query))
        }
        // its number is for the statement to give
        SubLinkType::MultiexprSublink => Ok(Expr::SubLink(SubLink {
            kind: SubLinkKind::MultiExpr(0),
            query: Box::new(query),
            result_type: Oid::RECORD,
            typmod: -1,
            collation: Oid::INVALID,
            location: Location::NONE,
        })),
        SubLinkType::CteSublink | SubLinkType::Undefined => Err(missing("kind of subquery")),
    }
}

fn node_of(inner: node::Node) -> Node {
    Node { node: Some(inner) }
}

fn string(text: &str) -> Node {
    node_of(node::Node::String(RawString { sval: text.to_owned() }))
}

/// `JSON_ARRAY(SELECT …)` is `(SELECT JSON_ARRAYAGG(a …) FROM (SELECT …) q(a))`.
pub(super) fn transform_json_array_query(ps: &mut ParseState<'_>, raw: &JsonArrayQueryConstructor) -> Analyzed<Expr> {
    let query = raw.query.as_deref().ok_or_else(|| missing("subquery"))?;
    let level = Level { resolve_unknowns: true, ..Level::default() };
    let columns = outputs(&sub_analyze(ps, query, level)?).count();
    if columns != 1 {
        return Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            "subquery must return only one column",
            raw.location,
        ));
    }
    let column =
        node_of(node::Node::ColumnRef(ColumnRef { fields: vec![string("q"), string("a")], location: raw.location }));
    let value = JsonValueExpr { raw_expr: Some(Box::new(column)), formatted_expr: None, format: raw.format };
    let aggregate = JsonArrayAgg {
        constructor: Some(Box::new(JsonAggConstructor {
            output: raw.output.clone(),
            agg_filter: None,
            agg_order: Vec::new(),
            over: None,
            location: raw.location,
        })),
        arg: Some(Box::new(value)),
        absent_on_null: raw.absent_on_null,
    };
    let target = ResTarget {
        val: Some(Box::new(node_of(node::Node::JsonArrayAgg(Box::new(aggregate))))),
        location: raw.location,
        ..ResTarget::default()
    };
    let from = RangeSubselect {
        lateral: false,
        subquery: Some(Box::new(query.clone())),
        alias: Some(pg_query::protobuf::Alias { aliasname: "q".to_owned(), colnames: vec![string("a")] }),
    };
    let select = SelectStmt {
        target_list: vec![node_of(node::Node::ResTarget(Box::new(target)))],
        from_clause: vec![node_of(node::Node::RangeSubselect(Box::new(from)))],
        ..SelectStmt::default()
    };
    let link = RawSubLink {
        xpr: None,
        sub_link_type: SubLinkType::ExprSublink as i32,
        sub_link_id: 0,
        testexpr: None,
        oper_name: Vec::new(),
        subselect: Some(Box::new(node_of(node::Node::SelectStmt(Box::new(select))))),
        location: raw.location,
    };
    transform_sublink(ps, &link)
}

/// A call of `unnest` with one argument, as the grammar would give it.
pub(super) fn unnest_call(arg: &Node, location: i32) -> Node {
    node_of(node::Node::FuncCall(Box::new(FuncCall {
        funcname: vec![string("pg_catalog"), string("unnest")],
        args: vec![arg.clone()],
        location,
        funcformat: pg_query::protobuf::CoercionForm::CoerceExplicitCall as i32,
        ..FuncCall::default()
    })))
}
