//! The state of one query in the making, the queries around it, and the parameters of a function's body.
//!
//! PostgreSQL links its parse states to each other; here one state holds them all, the query at hand apart from those
//! around it, which wait in a stack.

use pg_query::protobuf::{LockingClause, WindowDef};

use super::error::Analyzed;
use super::parse_expr_kind::ParseExprKind;
use super::parse_node::ParseState;
use super::parse_relation::NamespaceItem;
use crate::env::{Env, Oid};
use crate::tree::{CommonTableExpr, Expr, FromItem, Location, Param, RangeTblEntry};

/// A query of a `WITH`, analysed or about to be.
#[derive(Debug, Clone)]
pub(super) struct CteEntry {
    /// Its name.
    pub(super) name: String,
    /// What is known of it; the columns before the query, when it is recursive.
    pub(super) cte: CommonTableExpr,
    /// Whether the query is there.
    pub(super) analysed: bool,
    /// Whether it returns rows.
    pub(super) returns: bool,
    /// The columns that `SEARCH` and `CYCLE` add, with what they hold.
    pub(super) extra: Vec<crate::tree::ColumnDefinition>,
}

/// What one query in the making holds.
#[derive(Debug, Default)]
pub(super) struct Level {
    pub(super) rtable: Vec<RangeTblEntry>,
    pub(super) join_list: Vec<FromItem>,
    pub(super) ctes: Vec<CteEntry>,
    /// Names of `WITH` that come later.
    pub(super) future_ctes: Vec<String>,
    pub(super) window_defs: Vec<WindowDef>,
    pub(super) has_aggs: bool,
    pub(super) has_windows: bool,
    pub(super) lateral_active: bool,
    /// Whether a query further out locks all rows of this one.
    pub(super) locked_from_parent: bool,
    /// The locking clauses of this query.
    pub(super) locking: Vec<LockingClause>,
    /// Whether outputs of unknown type become text.
    pub(super) resolve_unknowns: bool,
    /// Whether this query is that of the `WITH` entry at that position of the query around it.
    pub(super) parent_cte: Option<usize>,
    /// The relation that is written.
    pub(super) target: Option<NamespaceItem>,
}

/// A query further out.
#[derive(Debug)]
pub(super) struct Outer {
    pub(super) kind: ParseExprKind,
    pub(super) namespace: Vec<NamespaceItem>,
    pub(super) level: Level,
}

impl<'a> ParseState<'a> {
    /// Does something where expressions stand in another place.
    pub(super) fn of_kind<T>(&mut self, kind: ParseExprKind, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.kind, kind);
        let result = work(self);
        self.kind = before;
        result
    }

    /// Does something one query further in.
    pub(super) fn inside<T>(&mut self, level: Level, work: impl FnOnce(&mut Self) -> Analyzed<T>) -> Analyzed<T> {
        let outer = Outer {
            kind: std::mem::replace(&mut self.kind, ParseExprKind::Other),
            namespace: std::mem::take(&mut self.namespace),
            level: std::mem::replace(&mut self.level, level),
        };
        self.outer.push(outer);
        // what returns sets in there is that query's own business
        let sets = (self.set_calls, self.last_set);
        let result = work(self);
        (self.set_calls, self.last_set) = sets;
        if let Some(outer) = self.outer.pop() {
            self.kind = outer.kind;
            self.namespace = outer.namespace;
            self.level = outer.level;
        }
        result
    }

    /// The query that many steps further out, 0 for the one at hand.
    pub(super) fn level_up(&self, up: usize) -> Option<&Level> {
        if up == 0 {
            Some(&self.level)
        } else {
            self.outer.len().checked_sub(up).and_then(|i| self.outer.get(i)).map(|o| &o.level)
        }
    }

    /// The names that can be used that many queries further out.
    pub(super) fn namespace_up(&self, up: usize) -> Option<&[NamespaceItem]> {
        if up == 0 {
            Some(&self.namespace)
        } else {
            self.outer.len().checked_sub(up).and_then(|i| self.outer.get(i)).map(|o| o.namespace.as_slice())
        }
    }

    /// The entry of the range table that a column's relation is.
    pub(super) fn entry(&self, varno: u32, up: u32) -> Option<&RangeTblEntry> {
        let level = self.level_up(usize::try_from(up).ok()?)?;
        level.rtable.get(usize::try_from(varno).ok()?.checked_sub(1)?)
    }
}

/// What `$n` and the names of arguments mean.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// The name of the function, for `function.argument`.
    pub function: Option<String>,
    /// Name (empty for none) and type of each.
    pub arguments: Vec<(String, Oid)>,
}

impl Parameters {
    fn param(&self, env: &Env, index: usize) -> Option<Expr> {
        let (_, ty) = self.arguments.get(index)?;
        let number = i32::try_from(index + 1).ok()?;
        Some(Expr::Param(Param {
            number,
            ty: *ty,
            typmod: -1,
            collation: env.type_collation(*ty),
            location: Location::NONE,
        }))
    }

    pub(super) fn by_number(&self, env: &Env, number: i32) -> Option<Expr> {
        self.param(env, usize::try_from(number).ok()?.checked_sub(1)?)
    }

    pub(super) fn by_name(&self, env: &Env, name: &str) -> Option<Expr> {
        let index = self.arguments.iter().position(|(own, _)| !own.is_empty() && own == name)?;
        self.param(env, index)
    }

    /// The argument that the first part of `argument.field` names.
    pub(super) fn of_function(&self, env: &Env, name: &str) -> Option<Expr> {
        self.by_name(env, name)
    }

    /// `function.argument`.
    pub(super) fn qualified(&self, env: &Env, function: &str, argument: &str) -> Option<Expr> {
        if self.function.as_deref() == Some(function) { self.by_name(env, argument) } else { None }
    }
}
