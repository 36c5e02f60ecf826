//! Walks over the tree: every direct child once, in the order of `expression_tree_walker`.

use super::{Expr, JsonBehavior, Query, SubLinkKind, Subscripts, Var};
use crate::stack;

/// Collects the direct children of a node, shared (`iter`, `as_ref`) or mutable (`iter_mut`, `as_mut`).
macro_rules! children {
    ($expr:expr, $iter:ident, $opt:ident, $deref:ident $(, $mutable:tt)?) => {{
        let mut found: Vec<&$($mutable)? Expr> = Vec::new();
        match $expr {
            Expr::Var(_)
            | Expr::Const(_)
            | Expr::Param(_)
            | Expr::CaseTestExpr(_)
            | Expr::SqlValueFunction(_)
            | Expr::CoerceToDomainValue(_)
            | Expr::SubLinkOutput(_)
            | Expr::MultiAssignment(_)
            | Expr::SetToDefault(_)
            | Expr::MergeSupportFunc => {}
            Expr::SubscriptingRef(n) => {
                match &$($mutable)? n.subscripts {
                    Subscripts::Elements(upper) => found.extend(upper.$iter()),
                    Subscripts::Slices(slices) => {
                        for slice in slices.$iter() {
                            found.extend(slice.upper.$opt());
                            found.extend(slice.lower.$opt());
                        }
                    }
                }
                found.push(&$($mutable)? n.arg);
            }
            Expr::FuncExpr(n) => found.extend(n.args.$iter()),
            Expr::NamedArgExpr(n) => found.push(&$($mutable)? n.arg),
            Expr::OpExpr(n) | Expr::DistinctExpr(n) | Expr::NullIfExpr(n) => found.extend(n.args.$iter()),
            Expr::ScalarArrayOpExpr(n) => {
                found.push(&$($mutable)? n.scalar);
                found.push(&$($mutable)? n.array);
            }
            Expr::BoolExpr(n) => match n {
                super::BoolExpr::And(args) | super::BoolExpr::Or(args) => found.extend(args.$iter()),
                super::BoolExpr::Not(arg) => found.push(arg),
            },
            Expr::FieldSelect(n) => found.push(&$($mutable)? n.arg),
            Expr::RelabelType(n) => found.push(&$($mutable)? n.arg),
            Expr::CoerceViaIO(n) => found.push(&$($mutable)? n.arg),
            Expr::ArrayCoerceExpr(n) => {
                found.push(&$($mutable)? n.arg);
                found.push(&$($mutable)? n.elem_expr);
            }
            Expr::ConvertRowtypeExpr(n) => found.push(&$($mutable)? n.arg),
            Expr::CollateExpr(n) => found.push(&$($mutable)? n.arg),
            Expr::CaseExpr(n) => {
                found.extend(n.arg.$deref());
                for when in n.whens.$iter() {
                    found.push(&$($mutable)? when.condition);
                    found.push(&$($mutable)? when.result);
                }
                found.push(&$($mutable)? n.default);
            }
            Expr::ArrayExpr(n) => found.extend(n.elements.$iter()),
            Expr::RowExpr(n) => found.extend(n.args.$iter()),
            Expr::RowCompareExpr(n) => {
                found.extend(n.largs.$iter());
                found.extend(n.rargs.$iter());
            }
            Expr::CoalesceExpr(n) => found.extend(n.args.$iter()),
            Expr::MinMaxExpr(n) => found.extend(n.args.$iter()),
            Expr::XmlExpr(n) => {
                for named in n.named_args.$iter() {
                    found.push(&$($mutable)? named.arg);
                }
                found.extend(n.args.$iter());
            }
            Expr::JsonValueExpr(n) => {
                found.push(&$($mutable)? n.raw);
                found.push(&$($mutable)? n.formatted);
            }
            Expr::JsonConstructorExpr(n) => {
                found.extend(n.args.$iter());
                found.extend(n.func.$deref());
                found.extend(n.coercion.$deref());
            }
            Expr::JsonIsPredicate(n) => found.push(&$($mutable)? n.arg),
            Expr::JsonExpr(n) => {
                found.push(&$($mutable)? n.formatted);
                found.push(&$($mutable)? n.path);
                for passing in n.passing.$iter() {
                    found.push(&$($mutable)? passing.value);
                }
                if let Some(JsonBehavior::Default(value)) = &$($mutable)? n.on_empty {
                    found.push(value);
                }
                if let Some(JsonBehavior::Default(value)) = &$($mutable)? n.on_error {
                    found.push(value);
                }
            }
            Expr::NullTest(n) => found.push(&$($mutable)? n.arg),
            Expr::BooleanTest(n) => found.push(&$($mutable)? n.arg),
            Expr::CoerceToDomain(n) => found.push(&$($mutable)? n.arg),
            Expr::Aggref(n) => {
                found.extend(n.direct_args.$iter());
                for arg in n.args.$iter() {
                    found.push(&$($mutable)? arg.expr);
                }
                found.extend(n.filter.$deref());
            }
            Expr::GroupingFunc(n) => found.extend(n.args.$iter()),
            Expr::WindowFunc(n) => {
                found.extend(n.args.$iter());
                found.extend(n.filter.$deref());
            }
            Expr::SubLink(n) => match &$($mutable)? n.kind {
                SubLinkKind::Any(test, _) | SubLinkKind::All(test, _) | SubLinkKind::RowCompare(test, _) => {
                    found.push(test);
                }
                SubLinkKind::Exists | SubLinkKind::Expr | SubLinkKind::Array | SubLinkKind::MultiExpr(_) => {}
            },
            Expr::FieldStore(n) => {
                found.push(&$($mutable)? n.arg);
                found.extend(n.new_values.$iter());
            }
            Expr::SubscriptAssignment(n) => {
                match &$($mutable)? n.place.subscripts {
                    Subscripts::Elements(upper) => found.extend(upper.$iter()),
                    Subscripts::Slices(slices) => {
                        for slice in slices.$iter() {
                            found.extend(slice.upper.$opt());
                            found.extend(slice.lower.$opt());
                        }
                    }
                }
                found.push(&$($mutable)? n.place.arg);
                found.push(&$($mutable)? n.value);
            }
        }
        found
    }};
}

impl Expr {
    /// The direct children. A JSON input gives both its raw and its formatted form; a subquery what it is compared by, not
    /// what is in it.
    #[must_use]
    pub fn children(&self) -> Vec<&Expr> {
        children!(self, iter, as_ref, as_deref)
    }

    /// The direct children, to be changed in place.
    #[must_use]
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        children!(self, iter_mut, as_mut, as_deref_mut, mut)
    }

    /// Visits this node and everything below it, parents first.
    pub fn visit<'a>(&'a self, visitor: &mut impl FnMut(&'a Expr)) {
        let mut waiting = vec![self];
        while let Some(expr) = waiting.pop() {
            visitor(expr);
            waiting.extend(expr.children().into_iter().rev());
        }
    }

    /// Whether this node or any below it satisfies a condition.
    #[must_use]
    pub fn any(&self, mut condition: impl FnMut(&Expr) -> bool) -> bool {
        let mut waiting = vec![self];
        while let Some(expr) = waiting.pop() {
            if condition(expr) {
                return true;
            }
            waiting.extend(expr.children());
        }
        false
    }

    /// How many nodes the longest way down has, this one included; into subqueries too.
    #[must_use]
    pub fn depth(&self) -> usize {
        super::query_walk::depth(super::query_walk::Part::Expr(self))
    }

    /// Every column reference, in order of appearance.
    #[must_use]
    pub fn vars(&self) -> Vec<&Var> {
        let mut found = Vec::new();
        self.visit(&mut |expr| {
            if let Expr::Var(var) = expr {
                found.push(var);
            }
        });
        found
    }

    /// Whether it refers to any column (`contain_var_clause`).
    #[must_use]
    pub fn contains_var(&self) -> bool {
        self.any(|expr| matches!(expr, Expr::Var(_)))
    }
}

/// Above this depth a walk that calls itself is given a stack of its own.
const OWN_STACK_DEPTH: usize = 64;
/// The same for queries, of which each level takes more steps.
const OWN_STACK_QUERY_DEPTH: usize = 16;

/// Calls a function that follows the tree by calling itself, on a stack that is large enough for it. `None` when the
/// system has no room for such a stack.
pub fn on_stack_for<T: Send>(expr: &Expr, walk: impl FnOnce() -> T + Send) -> Option<T> {
    let small = if expr.any(|e| matches!(e, Expr::SubLink(_))) { OWN_STACK_QUERY_DEPTH } else { OWN_STACK_DEPTH };
    on_stack(expr.depth() <= small, walk)
}

/// The same for a query.
pub fn on_stack_for_query<T: Send>(query: &Query, walk: impl FnOnce() -> T + Send) -> Option<T> {
    on_stack(query.depth() <= OWN_STACK_QUERY_DEPTH, walk)
}

fn on_stack<T: Send>(small: bool, walk: impl FnOnce() -> T + Send) -> Option<T> {
    if small || stack::is_large() {
        return Some(walk());
    }
    stack::on_large(walk).ok()
}
