//! Joins.
//!
//! Follows `transformFromClauseItem` for joins and `buildMergedJoinVar`, parse_clause.c (PG 18).

use pg_query::protobuf::{JoinExpr as RawJoin, JoinType as RawType};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_clause::{Joined, from_item};
use super::parse_coerce::{Coercion, coerce_to_boolean, coerce_type, relabel};
use super::parse_collate::assign_expr_collations;
use super::parse_common::{common_typmod, select_common_type};
use super::parse_expr::transform_expr;
use super::parse_expr_kind::ParseExprKind;
use super::parse_node::{ParseState, missing, raw_location, strings_of};
use super::parse_oper::make_op;
use super::parse_relation::{NamespaceColumn, NamespaceItem, check_conflicts};
use super::parse_rte::alias_of;
use crate::env::{Major, Oid};
use crate::tree::{
    BoolExpr, CoalesceExpr, CoercionForm, Expr, FromItem, JoinExpr, JoinRte, JoinType, Location, Syntactic, Var,
    expr_collation, expr_type, expr_typmod,
};

/// A join.
pub(super) fn transform_join(ps: &mut ParseState<'_>, raw: &RawJoin) -> Analyzed<Joined> {
    let join_type = match RawType::try_from(raw.jointype) {
        Ok(RawType::JoinLeft) => JoinType::Left,
        Ok(RawType::JoinFull) => JoinType::Full,
        Ok(RawType::JoinRight) => JoinType::Right,
        _ => JoinType::Inner,
    };
    let left_raw = raw.larg.as_deref().ok_or_else(|| missing("input"))?;
    let right_raw = raw.rarg.as_deref().ok_or_else(|| missing("input"))?;
    let (left, mut left_names, left_item) = from_item(ps, left_raw)?;
    let lateral_ok = matches!(join_type, JoinType::Inner | JoinType::Left);
    let before = ps.namespace.len();
    ps.namespace.extend(left_names.iter().cloned().map(|mut name| {
        name.lateral_only = true;
        name.lateral_ok = lateral_ok;
        name
    }));
    let right = from_item(ps, right_raw);
    ps.namespace.truncate(before);
    let (right, right_names, right_item) = right?;
    check_conflicts(&left_names, &right_names)?;
    left_names.extend(right_names);
    let mut names = left_names;

    let using: Vec<String> = if raw.is_natural {
        let common = left_item.columns.iter().filter(|c| c.var.is_some());
        common
            .filter(|c| right_item.columns.iter().any(|r| r.var.is_some() && r.name == c.name))
            .map(|c| c.name.clone())
            .collect()
    } else {
        strings_of(&raw.using_clause).into_iter().map(str::to_owned).collect()
    };
    let merged = merged_places(ps, join_type, &using, &left_item, &right_item)?;
    let quals = if !merged.is_empty() {
        Some(using_condition(ps, &merged)?)
    } else if let Some(on) = raw.quals.as_deref() {
        // the condition sees the inputs and nothing beside them
        let own = std::mem::replace(&mut ps.namespace, visible(&names));
        let condition = ps.of_kind(ParseExprKind::JoinOn, |ps| transform_expr(ps, on));
        ps.namespace = own;
        Some(coerce_to_boolean(ps, condition?, "JOIN/ON", raw_location(on))?)
    } else {
        None
    };
    let rtindex = u32::try_from(ps.level.rtable.len() + 1).map_err(|_| missing("join"))?;
    let mut columns = Vec::new();
    let mut rte = JoinRte {
        join_type,
        merged_columns: merged.len(),
        alias_vars: Vec::new(),
        left_columns: Vec::new(),
        right_columns: Vec::new(),
        using_alias: raw.join_using_alias.as_ref().map(|alias| alias.aliasname.clone()),
    };
    for m in &merged {
        let expr = merged_var(ps, join_type, &m.left, &m.right)?;
        let var = merged_column(&expr, m, rtindex, columns.len() + 1)?;
        columns.push(NamespaceColumn { name: m.name.clone(), var: Some(var), in_star: true });
        rte.alias_vars.push(Some(expr));
        rte.left_columns.push(m.left_at);
        rte.right_columns.push(m.right_at);
    }
    for (item, is_left) in [(&left_item, true), (&right_item, false)] {
        for (at, c) in (1_i16..).zip(&item.columns) {
            let used = merged.iter().any(|m| if is_left { m.left_at == at } else { m.right_at == at });
            let Some(var) = c.var.as_ref().filter(|_| !used) else { continue };
            columns.push(NamespaceColumn { name: c.name.clone(), var: Some(var.clone()), in_star: c.in_star });
            rte.alias_vars.push(Some(Expr::Var(var.clone())));
            rte.left_columns.push(if is_left { at } else { 0 });
            rte.right_columns.push(if is_left { 0 } else { at });
        }
    }
    let alias = alias_of(raw.alias.as_ref());
    if alias.is_some() {
        for (at, c) in (1_i16..).zip(&mut columns) {
            if let Some(var) = &mut c.var {
                var.syntactic = Syntactic(Some((rtindex, at)));
            }
        }
    }
    let merged_count = merged.len();
    let item = ps.add_join(rte, columns, alias.clone())?;
    if let Some(using_alias) = &raw.join_using_alias {
        let own = NamespaceItem {
            refname: using_alias.aliasname.clone(),
            columns: item.columns.iter().take(merged_count).cloned().collect(),
            whole: super::parse_relation::WholeRow::Columns,
            relation_visible: true,
            ..item.clone()
        };
        check_conflicts(std::slice::from_ref(&own), &names)?;
        names.push(own);
    }
    if alias.is_some() {
        names.clear();
    } else {
        for name in &mut names {
            name.columns_visible = false;
        }
        // a join below without a name cannot be meant any more
        names.retain(|name| name.relation_visible);
    }
    names.push(item.clone());
    let tree = FromItem::Join(Box::new(JoinExpr {
        join_type,
        natural: raw.is_natural,
        left,
        right,
        using: (raw.is_natural || !using.is_empty()).then_some(using),
        using_alias: raw.join_using_alias.as_ref().map(|alias| alias.aliasname.clone()),
        quals,
        alias,
        rtindex,
    }));
    Ok((tree, names, item))
}

/// The names of the inputs as the condition of their join sees them.
fn visible(names: &[NamespaceItem]) -> Vec<NamespaceItem> {
    let mut names = names.to_vec();
    for name in &mut names {
        name.lateral_only = false;
        name.lateral_ok = true;
    }
    names
}

/// A column of `USING`, in both inputs.
struct Merged {
    name: String,
    left: Var,
    right: Var,
    left_at: i16,
    right_at: i16,
}

fn merged_places(
    ps: &ParseState<'_>,
    join_type: JoinType,
    using: &[String],
    left: &NamespaceItem,
    right: &NamespaceItem,
) -> Analyzed<Vec<Merged>> {
    let mut found: Vec<Merged> = Vec::with_capacity(using.len());
    for name in using {
        if found.iter().any(|m| m.name == *name) {
            return Err(AnalyzeError::rejected(
                sqlstate::DUPLICATE_COLUMN,
                format!("column name \"{name}\" appears more than once in USING clause"),
                -1,
            ));
        }
        let place = |item: &NamespaceItem, side: &str| -> Analyzed<(i16, Var)> {
            let mut matching = (1_i16..)
                .zip(&item.columns)
                .filter(|(_, c)| c.name == *name)
                .filter_map(|(at, c)| c.var.clone().map(|var| (at, var)));
            match (matching.next(), matching.next()) {
                (Some(one), None) => Ok(one),
                (None, _) => Err(AnalyzeError::rejected(
                    sqlstate::UNDEFINED_COLUMN,
                    format!("column \"{name}\" specified in USING clause does not exist in {side} table"),
                    -1,
                )),
                (Some(_), Some(_)) => Err(AnalyzeError::rejected(
                    sqlstate::AMBIGUOUS_COLUMN,
                    format!("common column name \"{name}\" appears more than once in {side} table"),
                    -1,
                )),
            }
        };
        let (left_at, left) = place(left, "left")?;
        let (right_at, right) = place(right, "right")?;
        if ps.env.major() < Major::V16 {
            // there, types that do not match are seen before there is an operator to be found
            merged_var(ps, join_type, &left, &right)?;
        }
        found.push(Merged { name: name.clone(), left, right, left_at, right_at });
    }
    Ok(found)
}

/// `transformJoinUsingClause`.
fn using_condition(ps: &mut ParseState<'_>, merged: &[Merged]) -> Analyzed<Expr> {
    let mut parts = Vec::with_capacity(merged.len());
    for m in merged {
        let (left, right) = (Expr::Var(m.left.clone()), Expr::Var(m.right.clone()));
        let op = make_op(ps, &["="], Some(left), right, -1)?;
        parts.push(coerce_to_boolean(ps, Expr::OpExpr(op), "JOIN/USING", -1)?);
    }
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            parts.push(last);
            Ok(Expr::BoolExpr(BoolExpr::And(parts)))
        }
        (None, _) => Err(missing("condition")),
    }
}

/// What a merged column holds; follows `buildMergedJoinVar`.
fn merged_var(ps: &ParseState<'_>, join_type: JoinType, left: &Var, right: &Var) -> Analyzed<Expr> {
    let pair = [Expr::Var(left.clone()), Expr::Var(right.clone())];
    let ty = select_common_type(ps, &pair, "JOIN/USING", &[-1, -1])?;
    let typmod = common_typmod(pair.iter(), ty);
    let side = |expr: Expr| -> Analyzed<Expr> {
        let source = expr_type(&expr);
        if source != ty {
            coerce_type(ps, expr, source, ty, typmod, Coercion::implicit())
        } else if expr_typmod(&expr) != typmod {
            Ok(relabel(expr, ty, typmod, Oid::INVALID, CoercionForm::ImplicitCast))
        } else {
            Ok(expr)
        }
    };
    let [left, right] = pair;
    let (left, right) = (side(left)?, side(right)?);
    let mut result = match join_type {
        JoinType::Inner => {
            if !matches!(left, Expr::Var(_)) && matches!(right, Expr::Var(_)) {
                right
            } else {
                left
            }
        }
        JoinType::Left => left,
        JoinType::Right => right,
        JoinType::Full => Expr::CoalesceExpr(CoalesceExpr {
            ty,
            collation: Oid::INVALID,
            args: vec![left, right],
            location: Location::NONE,
        }),
    };
    assign_expr_collations(ps.env, &mut result)?;
    Ok(result)
}

/// How a merged column is referred to: as an input's column where it is nothing else.
fn merged_column(expr: &Expr, m: &Merged, rtindex: u32, at: usize) -> Analyzed<Var> {
    match expr {
        Expr::Var(var) if *var == m.left => Ok(m.left.clone()),
        Expr::Var(var) if *var == m.right => Ok(m.right.clone()),
        _ => Ok(Var {
            varno: rtindex,
            attno: i16::try_from(at).map_err(|_| missing("column"))?,
            name: m.name.clone(),
            ty: expr_type(expr),
            typmod: expr_typmod(expr),
            collation: expr_collation(expr),
            levels_up: 0,
            returning: crate::tree::VarReturning::Default,
            syntactic: Syntactic::default(),
            location: Location::NONE,
        }),
    }
}
