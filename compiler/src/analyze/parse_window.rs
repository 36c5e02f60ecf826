//! Windows: what they divide and sort by, and their frames.
//!
//! Follows `transformWindowDefinitions` and `transformFrameOffset`, parse_clause.c (PG 18).

use pg_query::protobuf::{Node, WindowDef};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_agg::place_in;
use super::parse_coerce::{can_coerce_type, coerce_to_specific_type};
use super::parse_expr::transform_expr;
use super::parse_expr_kind::ParseExprKind;
use super::parse_node::{ParseState, missing, raw_location};
use super::parse_query::uses_level;
use super::parse_sort::{transform_group, transform_sort};
use crate::env::{CastContext, Oid};
use crate::tree::{
    Expr, FrameBound, FrameExclusion, FrameMode, SortGroupClause, TargetEntry, WindowClause, WindowFrame, expr_type,
};

/// The bits of `frameOptions`, parsenodes.h.
mod bits {
    pub(super) const NON_DEFAULT: i32 = 0x1;
    pub(super) const ROWS: i32 = 0x4;
    pub(super) const GROUPS: i32 = 0x8;
    pub(super) const BETWEEN: i32 = 0x10;
    pub(super) const START_UNBOUNDED_PRECEDING: i32 = 0x20;
    pub(super) const END_UNBOUNDED_PRECEDING: i32 = 0x40;
    pub(super) const START_UNBOUNDED_FOLLOWING: i32 = 0x80;
    pub(super) const END_UNBOUNDED_FOLLOWING: i32 = 0x100;
    pub(super) const START_CURRENT_ROW: i32 = 0x200;
    pub(super) const END_CURRENT_ROW: i32 = 0x400;
    pub(super) const START_PRECEDING: i32 = 0x800;
    pub(super) const END_PRECEDING: i32 = 0x1000;
    pub(super) const START_FOLLOWING: i32 = 0x2000;
    pub(super) const END_FOLLOWING: i32 = 0x4000;
    pub(super) const EXCLUDE_CURRENT_ROW: i32 = 0x8000;
    pub(super) const EXCLUDE_GROUP: i32 = 0x10000;
    pub(super) const EXCLUDE_TIES: i32 = 0x20000;
}

/// The support function of btree families that frames by `RANGE` need.
const IN_RANGE: i16 = 3;

fn windowing(message: String, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::WINDOWING_ERROR, message, location)
}

/// The windows of a query, in the order of their numbers.
pub(super) fn transform_windows(
    ps: &mut ParseState<'_>,
    defs: &[WindowDef],
    list: &mut Vec<TargetEntry>,
) -> Analyzed<Vec<WindowClause>> {
    let mut windows: Vec<WindowClause> = Vec::with_capacity(defs.len());
    for def in defs {
        let at = def.location;
        if !def.name.is_empty() && windows.iter().any(|w| w.name.as_deref() == Some(&def.name)) {
            return Err(windowing(format!("window \"{}\" is already defined", def.name), at));
        }
        let base = if def.refname.is_empty() {
            None
        } else {
            let found = windows.iter().find(|w| w.name.as_deref() == Some(&def.refname));
            Some(found.cloned().ok_or_else(|| {
                AnalyzeError::rejected(
                    sqlstate::UNDEFINED_OBJECT,
                    format!("window \"{}\" does not exist", def.refname),
                    at,
                )
            })?)
        };
        let order = transform_sort(ps, &def.order_clause, list, ParseExprKind::WindowOrder, true)?;
        let own =
            transform_group(ps, &def.partition_clause, list, &order, ParseExprKind::WindowPartition, true)?.clauses;
        let (partition, order, copied_order) = match &base {
            None => (own, order, false),
            Some(base) => {
                if !own.is_empty() {
                    return Err(windowing(
                        format!("cannot override PARTITION BY clause of window \"{}\"", def.refname),
                        at,
                    ));
                }
                if !order.is_empty() && !base.order.is_empty() {
                    return Err(windowing(
                        format!("cannot override ORDER BY clause of window \"{}\"", def.refname),
                        at,
                    ));
                }
                if base.frame.is_some() {
                    let error =
                        windowing(format!("cannot copy window \"{}\" because it has a frame clause", def.refname), at);
                    let plain = def.name.is_empty() && order.is_empty() && def.frame_options & bits::NON_DEFAULT == 0;
                    return Err(if plain { error.hint("Omit the parentheses in this OVER clause.") } else { error });
                }
                if order.is_empty() {
                    (base.partition.clone(), base.order.clone(), true)
                } else {
                    (base.partition.clone(), order, false)
                }
            }
        };
        let frame = transform_frame(ps, def, &order, list)?;
        windows.push(WindowClause {
            name: (!def.name.is_empty()).then(|| def.name.clone()),
            ref_name: (!def.refname.is_empty()).then(|| def.refname.clone()),
            partition,
            order,
            frame,
            copied_order,
        });
    }
    Ok(windows)
}

fn transform_frame(
    ps: &mut ParseState<'_>,
    def: &WindowDef,
    order: &[SortGroupClause],
    list: &[TargetEntry],
) -> Analyzed<Option<WindowFrame>> {
    let options = def.frame_options;
    if options & bits::NON_DEFAULT == 0 {
        return Ok(None);
    }
    let mode = if options & bits::ROWS != 0 {
        FrameMode::Rows
    } else if options & bits::GROUPS != 0 {
        FrameMode::Groups
    } else {
        FrameMode::Range
    };
    let with_offset =
        options & (bits::START_PRECEDING | bits::START_FOLLOWING | bits::END_PRECEDING | bits::END_FOLLOWING) != 0;
    let mut key = None;
    if mode == FrameMode::Range && with_offset {
        let [clause] = order else {
            return Err(windowing(
                "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column".to_owned(),
                def.location,
            ));
        };
        key = range_key(ps, clause, list);
    }
    if mode == FrameMode::Groups && order.is_empty() {
        return Err(windowing("GROUPS mode requires an ORDER BY clause".to_owned(), def.location));
    }
    let start = match options {
        o if o & bits::START_UNBOUNDED_PRECEDING != 0 => FrameBound::UnboundedPreceding,
        o if o & bits::START_UNBOUNDED_FOLLOWING != 0 => FrameBound::UnboundedFollowing,
        o if o & bits::START_CURRENT_ROW != 0 => FrameBound::CurrentRow,
        o if o & bits::START_PRECEDING != 0 => {
            FrameBound::Preceding(offset(ps, mode, key, def.start_offset.as_deref())?)
        }
        o if o & bits::START_FOLLOWING != 0 => {
            FrameBound::Following(offset(ps, mode, key, def.start_offset.as_deref())?)
        }
        _ => return Err(missing("frame start")),
    };
    let end = match options {
        o if o & bits::END_UNBOUNDED_PRECEDING != 0 => FrameBound::UnboundedPreceding,
        o if o & bits::END_UNBOUNDED_FOLLOWING != 0 => FrameBound::UnboundedFollowing,
        o if o & bits::END_CURRENT_ROW != 0 => FrameBound::CurrentRow,
        o if o & bits::END_PRECEDING != 0 => FrameBound::Preceding(offset(ps, mode, key, def.end_offset.as_deref())?),
        o if o & bits::END_FOLLOWING != 0 => FrameBound::Following(offset(ps, mode, key, def.end_offset.as_deref())?),
        _ => return Err(missing("frame end")),
    };
    let exclude = match options {
        o if o & bits::EXCLUDE_CURRENT_ROW != 0 => FrameExclusion::CurrentRow,
        o if o & bits::EXCLUDE_GROUP != 0 => FrameExclusion::Group,
        o if o & bits::EXCLUDE_TIES != 0 => FrameExclusion::Ties,
        _ => FrameExclusion::NoOthers,
    };
    Ok(Some(WindowFrame { mode, between: options & bits::BETWEEN != 0, start, end, exclude }))
}

/// The family and input type by which the only sort key of a window is ordered; follows `get_ordering_op_properties`.
fn range_key(ps: &ParseState<'_>, clause: &SortGroupClause, _: &[TargetEntry]) -> Option<(Oid, Oid)> {
    ps.env
        .families_of_operator(clause.sort_op)
        .into_iter()
        .find(|(family, op)| {
            family.method == Oid::BTREE_AM && !op.ordering && matches!(op.strategy, 1 | 5) && op.left == op.right
        })
        .map(|(family, op)| (family.oid, op.left))
}

fn offset(ps: &mut ParseState<'_>, mode: FrameMode, key: Option<(Oid, Oid)>, raw: Option<&Node>) -> Analyzed<Expr> {
    let raw = raw.ok_or_else(|| missing("frame offset"))?;
    let location = raw_location(raw);
    let (kind, construct) = match mode {
        FrameMode::Rows => (ParseExprKind::WindowFrameRows, "ROWS"),
        FrameMode::Range => (ParseExprKind::WindowFrameRange, "RANGE"),
        FrameMode::Groups => (ParseExprKind::WindowFrameGroups, "GROUPS"),
    };
    let expr = ps.of_kind(kind, |ps| transform_expr(ps, raw))?;
    let target = match mode {
        FrameMode::Rows | FrameMode::Groups => Oid::INT8,
        FrameMode::Range => range_type(ps, key, expr_type(&expr), location)?,
    };
    let expr = coerce_to_specific_type(ps, expr, target, construct, location)?;
    refuse_columns(&expr, construct, location)?;
    Ok(expr)
}

/// The type of an offset that the sort key can be moved by.
fn range_type(ps: &ParseState<'_>, key: Option<(Oid, Oid)>, given: Oid, location: i32) -> Analyzed<Oid> {
    let refused = |message: String| AnalyzeError::rejected(sqlstate::FEATURE_NOT_SUPPORTED, message, location);
    let (family, input) = key.ok_or_else(|| missing("ordering operator"))?;
    let mut procs: Vec<(Oid, Oid)> = ps
        .env
        .opfamily_by_oid(family)
        .map(|row| {
            row.procs.iter().filter(|p| p.left == input && p.number == IN_RANGE).map(|p| (p.right, p.proc)).collect()
        })
        .unwrap_or_default();
    procs.sort_unstable();
    let preferred = if given == Oid::UNKNOWN { input } else { given };
    let prefix = format!("RANGE with offset PRECEDING/FOLLOWING is not supported for column type {}", ps.shown(input));
    if procs.is_empty() {
        return Err(refused(prefix));
    }
    let matching: Vec<Oid> = procs
        .iter()
        .map(|(right, _)| *right)
        .filter(|right| can_coerce_type(ps.env, &[given], &[*right], CastContext::Implicit))
        .collect();
    let Some(last) = matching.last().copied() else {
        return Err(refused(format!("{prefix} and offset type {}", ps.shown(given)))
            .hint("Cast the offset value to an appropriate type."));
    };
    if matching.contains(&preferred) {
        return Ok(preferred);
    }
    if matching.len() != 1 {
        return Err(refused(format!(
            "RANGE with offset PRECEDING/FOLLOWING has multiple interpretations for column type {} and offset type {}",
            ps.shown(input),
            ps.shown(given)
        ))
        .hint("Cast the offset value to the exact intended type."));
    }
    Ok(last)
}

/// `checkExprIsVarFree`.
pub(super) fn refuse_columns(expr: &Expr, construct: &str, location: i32) -> Analyzed<()> {
    if uses_level(expr, 0) {
        let at = place_in(&[expr], |e, depth| matches!(e, Expr::Var(var) if var.levels_up == depth));
        return Err(AnalyzeError::rejected(
            sqlstate::INVALID_COLUMN_REFERENCE,
            format!("argument of {construct} must not contain variables"),
            if at >= 0 { at } else { location },
        ));
    }
    Ok(())
}
