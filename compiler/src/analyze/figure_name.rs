//! The name that an expression gives to the column that holds it.
//!
//! Follows `FigureColnameInternal`, parse_target.c (PG 18).

use pg_query::NodeEnum;
use pg_query::protobuf::{AExprKind, JsonExprOp, MinMaxOp, Node, SqlValueFunctionOp, SubLinkType, XmlExprOp, a_const};

use super::parse_node::string_of;
use crate::env::Major;
use crate::tree::{Expr, SubLink, SubLinkKind};

/// The name of an index's column over an expression; none for an expression without one.
#[must_use]
pub fn index_column_name(major: Major, raw: &Node) -> Option<String> {
    figure(major, raw, &|raw| subquery_name(major, raw)).map(|(_, name)| name)
}

/// The name of an output column: `analysed` is what its expression became.
pub(super) fn column_name(major: Major, raw: &Node, analysed: &Expr) -> String {
    let names = |raw: &Node| subquery_name(major, raw).or_else(|| analysed_name(analysed));
    figure(major, raw, &names).map_or_else(|| "?column?".to_owned(), |(_, name)| name)
}

/// The name that the only column of a subquery has, as far as it is written there.
fn subquery_name(major: Major, raw: &Node) -> Option<String> {
    let NodeEnum::SelectStmt(select) = raw.node.as_ref()? else { return None };
    let mut leftmost = select;
    while let Some(left) = leftmost.larg.as_ref() {
        leftmost = left;
    }
    if !leftmost.values_lists.is_empty() {
        return Some("column1".to_owned());
    }
    let NodeEnum::ResTarget(target) = leftmost.target_list.first()?.node.as_ref()? else { return None };
    if !target.name.is_empty() {
        return Some(target.name.clone());
    }
    let value = target.val.as_deref()?;
    if let Some(NodeEnum::ColumnRef(column)) = &value.node
        && column.fields.last().is_some_and(|f| matches!(f.node, Some(NodeEnum::AStar(_))))
    {
        return None;
    }
    Some(figure(major, value, &|raw| subquery_name(major, raw)).map_or_else(|| "?column?".to_owned(), |(_, name)| name))
}

/// The name that the only column of the last subquery has.
fn analysed_name(analysed: &Expr) -> Option<String> {
    let mut name = None;
    analysed.visit(&mut |e| {
        if let Expr::SubLink(SubLink { kind: SubLinkKind::Expr, query, .. }) = e {
            name = query.target_list.first().and_then(|target| target.name.clone());
        }
    });
    name
}

/// The name with its strength: 2 is a good name, 1 a makeshift.
fn figure(major: Major, raw: &Node, names: &dyn Fn(&Node) -> Option<String>) -> Option<(u8, String)> {
    let strong = |name: &str| Some((2, name.to_owned()));
    let boolean = matches!(&raw.node, Some(NodeEnum::AConst(a)) if matches!(a.val, Some(a_const::Val::Boolval(_))));
    if boolean && major < Major::V15 {
        // a boolean was a string under a cast
        return Some((1, "bool".to_owned()));
    }
    match raw.node.as_ref()? {
        NodeEnum::ColumnRef(column) => column.fields.iter().rev().find_map(string_of).and_then(strong),
        NodeEnum::AIndirection(indirection) => match indirection.indirection.iter().rev().find_map(string_of) {
            Some(field) => strong(field),
            None => figure(major, indirection.arg.as_deref()?, names),
        },
        NodeEnum::FuncCall(call) => strong(call.funcname.last().and_then(string_of)?),
        NodeEnum::AExpr(expr) if expr.kind == AExprKind::AexprNullif as i32 => strong("nullif"),
        NodeEnum::TypeCast(cast) => match cast.arg.as_deref().and_then(|arg| figure(major, arg, names)) {
            Some((2, name)) => Some((2, name)),
            weaker => match cast.type_name.as_ref().and_then(|ty| ty.names.last()).and_then(string_of) {
                Some(name) => Some((1, name.to_owned())),
                None => weaker,
            },
        },
        NodeEnum::CollateClause(clause) => figure(major, clause.arg.as_deref()?, names),
        NodeEnum::GroupingFunc(_) => strong("grouping"),
        NodeEnum::MergeSupportFunc(_) => strong("merge_action"),
        NodeEnum::SubLink(link) => match SubLinkType::try_from(link.sub_link_type).ok()? {
            SubLinkType::ExistsSublink => strong("exists"),
            SubLinkType::ArraySublink => strong("array"),
            SubLinkType::ExprSublink => names(link.subselect.as_deref()?).map(|name| (2, name)),
            _ => None,
        },
        NodeEnum::CaseExpr(case) => match case.defresult.as_deref().and_then(|default| figure(major, default, names)) {
            Some((2, name)) => Some((2, name)),
            _ => Some((1, "case".to_owned())),
        },
        NodeEnum::AArrayExpr(_) => strong("array"),
        NodeEnum::RowExpr(_) => strong("row"),
        NodeEnum::CoalesceExpr(_) => strong("coalesce"),
        NodeEnum::MinMaxExpr(expr) => strong(if expr.op == MinMaxOp::IsLeast as i32 { "least" } else { "greatest" }),
        NodeEnum::SqlvalueFunction(function) => {
            use SqlValueFunctionOp as Op;
            strong(match Op::try_from(function.op).ok()? {
                Op::SvfopCurrentDate => "current_date",
                Op::SvfopCurrentTime | Op::SvfopCurrentTimeN => "current_time",
                Op::SvfopCurrentTimestamp | Op::SvfopCurrentTimestampN => "current_timestamp",
                Op::SvfopLocaltime | Op::SvfopLocaltimeN => "localtime",
                Op::SvfopLocaltimestamp | Op::SvfopLocaltimestampN => "localtimestamp",
                Op::SvfopCurrentRole => "current_role",
                Op::SvfopCurrentUser => "current_user",
                Op::SvfopUser => "user",
                Op::SvfopSessionUser => "session_user",
                Op::SvfopCurrentCatalog => "current_catalog",
                Op::SvfopCurrentSchema => "current_schema",
                Op::SqlvalueFunctionOpUndefined => return None,
            })
        }
        NodeEnum::XmlExpr(expr) => strong(match XmlExprOp::try_from(expr.op).ok()? {
            XmlExprOp::IsXmlconcat => "xmlconcat",
            XmlExprOp::IsXmlelement => "xmlelement",
            XmlExprOp::IsXmlforest => "xmlforest",
            XmlExprOp::IsXmlparse => "xmlparse",
            XmlExprOp::IsXmlpi => "xmlpi",
            XmlExprOp::IsXmlroot => "xmlroot",
            XmlExprOp::IsXmlserialize => "xmlserialize",
            XmlExprOp::IsDocument | XmlExprOp::Undefined => return None,
        }),
        NodeEnum::XmlSerialize(_) => strong("xmlserialize"),
        NodeEnum::JsonParseExpr(_) => strong("json"),
        NodeEnum::JsonScalarExpr(_) => strong("json_scalar"),
        NodeEnum::JsonSerializeExpr(_) => strong("json_serialize"),
        NodeEnum::JsonObjectConstructor(_) => strong("json_object"),
        NodeEnum::JsonArrayConstructor(_) | NodeEnum::JsonArrayQueryConstructor(_) => strong("json_array"),
        NodeEnum::JsonObjectAgg(_) => strong("json_objectagg"),
        NodeEnum::JsonArrayAgg(_) => strong("json_arrayagg"),
        NodeEnum::JsonFuncExpr(expr) => strong(match JsonExprOp::try_from(expr.op).ok()? {
            JsonExprOp::JsonExistsOp => "json_exists",
            JsonExprOp::JsonQueryOp => "json_query",
            JsonExprOp::JsonValueOp => "json_value",
            _ => return None,
        }),
        _ => None,
    }
}
