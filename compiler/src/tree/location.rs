//! Where an analysed expression was written, for the carets of errors that are only found once it is analysed.
//!
//! Follows `exprLocation`, nodeFuncs.c (PG 18): a node holds the place of the token that stands for it (an operator, the name of
//! a function), and the place of an expression is the leftmost of that and its operands'. A place is no part of what an expression
//! is: expressions that were written at different places are equal.

use super::{BoolExpr, Expr, RowCompareExpr, TargetEntry};

/// A byte offset in the text that was parsed, or none.
#[derive(Clone, Copy)]
pub struct Location(i32);

impl Location {
    /// Not written anywhere.
    pub const NONE: Location = Location(-1);

    /// The offset as the grammar gives it, -1 for none.
    #[must_use]
    pub fn at(offset: i32) -> Location {
        Location(offset)
    }

    /// The offset, -1 for none.
    #[must_use]
    pub fn offset(self) -> i32 {
        self.0
    }
}

impl Default for Location {
    fn default() -> Self {
        Self::NONE
    }
}

impl PartialEq for Location {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Location {}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

fn leftmost(one: i32, other: i32) -> i32 {
    match (one < 0, other < 0) {
        (true, _) => other,
        (_, true) => one,
        _ => one.min(other),
    }
}

fn first(list: &[Expr]) -> i32 {
    list.iter().map(expr_location).find(|at| *at >= 0).unwrap_or(-1)
}

/// The place of an expression, -1 where there is none (`exprLocation`).
#[must_use]
pub fn expr_location(expr: &Expr) -> i32 {
    match expr {
        Expr::Var(n) => n.location.0,
        Expr::Const(n) => n.location.0,
        Expr::Param(n) => n.location.0,
        Expr::CoerceToDomainValue(n) => n.location.0,
        Expr::SetToDefault(n) => n.location.0,
        Expr::MultiAssignment(n) => n.location.0,
        Expr::Aggref(n) => n.location.0,
        Expr::GroupingFunc(n) => n.location.0,
        Expr::WindowFunc(n) => n.location.0,
        Expr::ArrayExpr(n) => n.location.0,
        Expr::RowExpr(n) => n.location.0,
        Expr::CaseExpr(n) => n.location.0,
        Expr::CoalesceExpr(n) => n.location.0,
        Expr::MinMaxExpr(n) => n.location.0,
        Expr::SqlValueFunction(n) => n.location.0,
        Expr::JsonConstructorExpr(n) => n.location.0,
        Expr::JsonExpr(n) => n.location.0,
        Expr::FuncExpr(n) => leftmost(n.location.0, first(&n.args)),
        Expr::XmlExpr(n) => leftmost(n.location.0, first(&n.args)),
        Expr::OpExpr(n) | Expr::DistinctExpr(n) | Expr::NullIfExpr(n) => leftmost(n.location.0, first(&n.args)),
        Expr::ScalarArrayOpExpr(n) => leftmost(n.location.0, expr_location(&n.scalar)),
        Expr::NamedArgExpr(n) => leftmost(n.location.0, expr_location(&n.arg)),
        Expr::RelabelType(n) => leftmost(n.location.0, expr_location(&n.arg)),
        Expr::CoerceViaIO(n) => leftmost(n.location.0, expr_location(&n.arg)),
        Expr::ArrayCoerceExpr(n) => leftmost(n.location.0, expr_location(&n.arg)),
        Expr::ConvertRowtypeExpr(n) => leftmost(n.location.0, expr_location(&n.arg)),
        Expr::CoerceToDomain(n) => leftmost(n.location.0, expr_location(&n.arg)),
        Expr::SubLink(n) => n.location.0,
        Expr::BoolExpr(BoolExpr::And(args) | BoolExpr::Or(args)) => first(args),
        Expr::BoolExpr(BoolExpr::Not(arg)) => expr_location(arg),
        Expr::RowCompareExpr(RowCompareExpr { largs, .. }) => first(largs),
        Expr::SubscriptingRef(n) => expr_location(&n.arg),
        Expr::FieldSelect(n) => expr_location(&n.arg),
        Expr::CollateExpr(n) => expr_location(&n.arg),
        Expr::NullTest(n) => expr_location(&n.arg),
        Expr::BooleanTest(n) => expr_location(&n.arg),
        Expr::JsonValueExpr(n) => expr_location(&n.raw),
        Expr::JsonIsPredicate(n) => expr_location(&n.arg),
        Expr::CaseTestExpr(_)
        | Expr::SubLinkOutput(_)
        | Expr::FieldStore(_)
        | Expr::SubscriptAssignment(_)
        | Expr::MergeSupportFunc => -1,
    }
}

/// The place of the first entry of a list that has one.
#[must_use]
pub fn list_location(list: &[TargetEntry]) -> i32 {
    list.iter().map(|target| expr_location(&target.expr)).find(|at| *at >= 0).unwrap_or(-1)
}

impl Expr {
    /// The place that the node itself holds.
    pub fn location_mut(&mut self) -> Option<&mut Location> {
        Some(match self {
            Expr::Var(n) => &mut n.location,
            Expr::Const(n) => &mut n.location,
            Expr::Param(n) => &mut n.location,
            Expr::CoerceToDomainValue(n) => &mut n.location,
            Expr::SetToDefault(n) => &mut n.location,
            Expr::Aggref(n) => &mut n.location,
            Expr::GroupingFunc(n) => &mut n.location,
            Expr::WindowFunc(n) => &mut n.location,
            Expr::ArrayExpr(n) => &mut n.location,
            Expr::RowExpr(n) => &mut n.location,
            Expr::CaseExpr(n) => &mut n.location,
            Expr::CoalesceExpr(n) => &mut n.location,
            Expr::MinMaxExpr(n) => &mut n.location,
            Expr::SqlValueFunction(n) => &mut n.location,
            Expr::JsonConstructorExpr(n) => &mut n.location,
            Expr::JsonExpr(n) => &mut n.location,
            Expr::FuncExpr(n) => &mut n.location,
            Expr::XmlExpr(n) => &mut n.location,
            Expr::OpExpr(n) | Expr::DistinctExpr(n) | Expr::NullIfExpr(n) => &mut n.location,
            Expr::ScalarArrayOpExpr(n) => &mut n.location,
            Expr::NamedArgExpr(n) => &mut n.location,
            Expr::RelabelType(n) => &mut n.location,
            Expr::CoerceViaIO(n) => &mut n.location,
            Expr::ArrayCoerceExpr(n) => &mut n.location,
            Expr::ConvertRowtypeExpr(n) => &mut n.location,
            Expr::CoerceToDomain(n) => &mut n.location,
            Expr::CollateExpr(n) => &mut n.location,
            Expr::SubLink(n) => &mut n.location,
            Expr::BoolExpr(_)
            | Expr::RowCompareExpr(_)
            | Expr::SubscriptingRef(_)
            | Expr::FieldSelect(_)
            | Expr::NullTest(_)
            | Expr::BooleanTest(_)
            | Expr::JsonValueExpr(_)
            | Expr::JsonIsPredicate(_)
            | Expr::CaseTestExpr(_)
            | Expr::SubLinkOutput(_)
            | Expr::MultiAssignment(_)
            | Expr::FieldStore(_)
            | Expr::SubscriptAssignment(_)
            | Expr::MergeSupportFunc => return None,
        })
    }

    /// Notes the place of the node, unless it has one.
    pub fn locate(&mut self, offset: i32) {
        if let Some(slot) = self.location_mut()
            && slot.0 < 0
        {
            slot.0 = offset;
        }
    }

    /// The same at another place.
    #[must_use]
    pub fn placed(mut self, offset: i32) -> Expr {
        if let Some(slot) = self.location_mut() {
            slot.0 = offset;
        }
        self
    }
}
