//! A spelling for each expression that makes a server store exactly what the snapshot says.
//!
//! What a server prints is not always what it would store again: `v IN ('p', 'q')` on a varchar is stored as
//! `((v)::text = ANY ((ARRAY['p'::character varying, …])::text[]))`, and that text, run again, as something else. For such a text
//! the list is written again as the user once did; whether it is right, the interpreter says. A text for which no spelling is
//! found stays as it is: it means the same, and is only stored in other words.

use pg_query::NodeEnum;
use pg_query::protobuf::{AArrayExpr, AExpr, AExprKind, List, Node, SelectStmt};
use pgseal_catalog::FactId;

use crate::analyze;
use crate::diff;
use crate::elaborate::{Model, Part, Written};

/// Gives every expression whose stored text would not be stored again a spelling that is.
pub(super) fn respell(model: &mut Model) {
    let mut found: Vec<(FactId, Part, Written)> = Vec::new();
    for fact in model.catalog().iter() {
        for (part, stored) in diff::expressions(&fact.payload) {
            if !stored.as_str().contains("ARRAY[") {
                continue;
            }
            let gives_it = |text: &str| model.stored_text(&fact.id, part, text).is_ok_and(|again| again == stored.0);
            if gives_it(stored.as_str()) {
                continue;
            }
            let spelled = candidates(part, stored.as_str()).into_iter().find(|text| gives_it(text));
            found.extend(spelled.map(|sql| (fact.id.clone(), part, Written::text(sql, Vec::new()))));
        }
    }
    for (id, part, written) in found {
        model.set_written(&id, part, written);
    }
}

/// Other ways to write an expression or a query.
fn candidates(part: Part, text: &str) -> Vec<String> {
    let parsed = match part {
        Part::Query | Part::Action(_) => analyze::parse_statement_text(text),
        _ => analyze::parse_expr_text(text),
    };
    let Ok(raw) = parsed else { return Vec::new() };
    [Casts::Dropped, Casts::Kept]
        .into_iter()
        .filter_map(|casts| {
            let mut tree = raw.clone();
            respell_node(&mut tree, casts);
            match part {
                Part::Query | Part::Action(_) => analyze::print_raw_statement(&tree),
                _ => analyze::print_raw_expression(&tree),
            }
        })
        .collect()
}

/// What becomes of the casts on the left of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Casts {
    Dropped,
    Kept,
}

fn respell_node(node: &mut Node, casts: Casts) {
    match &mut node.node {
        Some(NodeEnum::AExpr(expr)) => {
            respell_list(expr, casts);
            for side in [&mut expr.lexpr, &mut expr.rexpr].into_iter().flatten() {
                respell_node(side, casts);
            }
        }
        Some(NodeEnum::BoolExpr(expr)) => expr.args.iter_mut().for_each(|arg| respell_node(arg, casts)),
        Some(NodeEnum::FuncCall(call)) => call.args.iter_mut().for_each(|arg| respell_node(arg, casts)),
        Some(NodeEnum::CoalesceExpr(expr)) => expr.args.iter_mut().for_each(|arg| respell_node(arg, casts)),
        Some(NodeEnum::List(list)) => list.items.iter_mut().for_each(|item| respell_node(item, casts)),
        Some(NodeEnum::TypeCast(cast)) => cast.arg.iter_mut().for_each(|arg| respell_node(arg, casts)),
        Some(NodeEnum::NullTest(test)) => test.arg.iter_mut().for_each(|arg| respell_node(arg, casts)),
        Some(NodeEnum::BooleanTest(test)) => test.arg.iter_mut().for_each(|arg| respell_node(arg, casts)),
        Some(NodeEnum::CaseExpr(case)) => {
            case.arg.iter_mut().chain(&mut case.defresult).for_each(|arg| respell_node(arg, casts));
            case.args.iter_mut().for_each(|when| respell_node(when, casts));
        }
        Some(NodeEnum::CaseWhen(when)) => {
            when.expr.iter_mut().chain(&mut when.result).for_each(|arg| respell_node(arg, casts));
        }
        Some(NodeEnum::SubLink(link)) => {
            link.testexpr.iter_mut().chain(&mut link.subselect).for_each(|arg| respell_node(arg, casts));
        }
        Some(NodeEnum::SelectStmt(select)) => respell_query(select, casts),
        Some(NodeEnum::ResTarget(target)) => target.val.iter_mut().for_each(|arg| respell_node(arg, casts)),
        Some(NodeEnum::SortBy(sort)) => sort.node.iter_mut().for_each(|arg| respell_node(arg, casts)),
        Some(NodeEnum::JoinExpr(join)) => {
            let parts = join.larg.iter_mut().chain(&mut join.rarg).chain(&mut join.quals);
            parts.for_each(|arg| respell_node(arg, casts));
        }
        Some(NodeEnum::RangeSubselect(sub)) => sub.subquery.iter_mut().for_each(|arg| respell_node(arg, casts)),
        Some(NodeEnum::CommonTableExpr(cte)) => cte.ctequery.iter_mut().for_each(|arg| respell_node(arg, casts)),
        _ => {}
    }
}

fn respell_query(select: &mut SelectStmt, casts: Casts) {
    for side in [&mut select.larg, &mut select.rarg].into_iter().flatten() {
        respell_query(side, casts);
    }
    let lists = [
        &mut select.target_list,
        &mut select.from_clause,
        &mut select.group_clause,
        &mut select.sort_clause,
        &mut select.values_lists,
    ];
    lists.into_iter().flatten().for_each(|item| respell_node(item, casts));
    let conditions = select.where_clause.iter_mut().chain(&mut select.having_clause);
    conditions.for_each(|condition| respell_node(condition, casts));
    let ctes = select.with_clause.iter_mut().flat_map(|with| &mut with.ctes);
    ctes.for_each(|cte| respell_node(cte, casts));
}

/// `x = ANY (ARRAY[…])` to `x IN (…)`, `x <> ALL (ARRAY[…])` to `x NOT IN (…)`.
fn respell_list(expr: &mut AExpr, casts: Casts) {
    let operator = expr.name.first().and_then(|name| match &name.node {
        Some(NodeEnum::String(text)) => Some(text.sval.clone()),
        _ => None,
    });
    let is_list = match (expr.kind(), operator.as_deref()) {
        (AExprKind::AexprOpAny, Some("=")) | (AExprKind::AexprOpAll, Some("<>")) => true,
        _ => return,
    };
    let Some(array) = expr.rexpr.as_deref().and_then(array_below_casts).filter(|_| is_list) else { return };
    let items = array.elements.iter().map(without_cast).collect();
    expr.kind = AExprKind::AexprIn as i32;
    expr.rexpr = Some(Box::new(Node { node: Some(NodeEnum::List(List { items })) }));
    if let (Casts::Dropped, Some(left)) = (casts, &mut expr.lexpr) {
        **left = without_cast(left);
    }
}

fn array_below_casts(node: &Node) -> Option<&AArrayExpr> {
    match &node.node {
        Some(NodeEnum::AArrayExpr(array)) => Some(array),
        Some(NodeEnum::TypeCast(cast)) => cast.arg.as_deref().and_then(array_below_casts),
        _ => None,
    }
}

fn without_cast(node: &Node) -> Node {
    match &node.node {
        Some(NodeEnum::TypeCast(cast)) => cast.arg.as_deref().map_or_else(|| node.clone(), without_cast),
        _ => node.clone(),
    }
}
