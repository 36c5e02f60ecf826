//! Windows and the functions over them.
//!
//! Follows `get_rule_windowclause`, `get_rule_windowspec`, `get_window_frame_options` and `get_windowfunc_expr_helper`,
//! ruleutils.c (PG 15, 18).

use super::aggregate::{JsonAggregate, SortKeys};
use super::namespace::position;
use super::{DeparseError, Implicit, Printed, Printer};
use crate::env::Oid;
use crate::tree::{
    Expr, FrameBound, FrameExclusion, FrameMode, Query, TargetEntry, WindowClause, WindowFrame, WindowFunc, expr_type,
};

impl<'a> Printer<'a> {
    /// `WINDOW name AS (…)`, for the windows that have a name.
    pub(super) fn window_clause(&mut self, query: &'a Query) -> Printed {
        let mut any = false;
        for window in &query.windows {
            let Some(name) = &window.name else { continue };
            if any {
                self.push(", ");
            } else {
                self.clause(" WINDOW ", 1);
            }
            any = true;
            self.push_ident(name);
            self.push(" AS ");
            self.window(window, &query.target_list)?;
        }
        Ok(())
    }

    fn window(&mut self, window: &'a WindowClause, list: &'a [TargetEntry]) -> Printed {
        self.push("(");
        let mut space = false;
        let mut part = |printer: &mut Self, word: &str| {
            if std::mem::replace(&mut space, true) {
                printer.push(" ");
            }
            printer.push(word);
        };
        if let Some(base) = &window.ref_name {
            part(self, "");
            self.push_ident(base);
        } else if !window.partition.is_empty() {
            part(self, "PARTITION BY ");
            for (at, clause) in window.partition.iter().enumerate() {
                if at > 0 {
                    self.push(", ");
                }
                self.sort_group(clause.target, list, SortKeys::Expressions)?;
            }
        }
        if !window.order.is_empty() && !window.copied_order {
            part(self, "ORDER BY ");
            self.order_by(&window.order, list, SortKeys::Expressions)?;
        }
        if let Some(frame) = &window.frame {
            part(self, "");
            self.frame(frame)?;
        }
        self.push(")");
        Ok(())
    }

    fn frame(&mut self, frame: &'a WindowFrame) -> Printed {
        self.push(match frame.mode {
            FrameMode::Range => "RANGE ",
            FrameMode::Rows => "ROWS ",
            FrameMode::Groups => "GROUPS ",
        });
        if frame.between {
            self.push("BETWEEN ");
        }
        self.frame_bound(&frame.start)?;
        if frame.between {
            self.push(" AND ");
            self.frame_bound(&frame.end)?;
        }
        self.push(match frame.exclude {
            FrameExclusion::NoOthers => "",
            FrameExclusion::CurrentRow => " EXCLUDE CURRENT ROW",
            FrameExclusion::Group => " EXCLUDE GROUP",
            FrameExclusion::Ties => " EXCLUDE TIES",
        });
        Ok(())
    }

    fn frame_bound(&mut self, bound: &'a FrameBound) -> Printed {
        match bound {
            FrameBound::UnboundedPreceding => self.push("UNBOUNDED PRECEDING"),
            FrameBound::CurrentRow => self.push("CURRENT ROW"),
            FrameBound::UnboundedFollowing => self.push("UNBOUNDED FOLLOWING"),
            FrameBound::Preceding(offset) => {
                self.expr(offset, Implicit::Hidden)?;
                self.push(" PRECEDING");
            }
            FrameBound::Following(offset) => {
                self.expr(offset, Implicit::Hidden)?;
                self.push(" FOLLOWING");
            }
        }
        Ok(())
    }

    /// Prints a call with `OVER`.
    pub(super) fn window_func(&mut self, node: &'a WindowFunc, json: Option<&JsonAggregate>) -> Printed {
        match json {
            Some(json) => self.push(json.name),
            None => {
                let types: Vec<Oid> = node.args.iter().map(expr_type).collect();
                let names: Vec<String> = node
                    .args
                    .iter()
                    .filter_map(|arg| if let Expr::NamedArgExpr(named) = arg { Some(named.name.clone()) } else { None })
                    .collect();
                self.function_name(node.funcid, &names, &types, false)?;
            }
        }
        self.push("(");
        match (json, node.args.as_slice()) {
            _ if node.star => self.push("*"),
            (Some(json), [key, value, ..]) if json.object => {
                self.expr(key, Implicit::Hidden)?;
                self.push(" : ");
                self.expr(value, Implicit::Hidden)?;
            }
            (_, args) => self.list(args, Implicit::Shown)?,
        }
        if let Some(json) = json {
            self.push(&json.options);
        }
        if let Some(filter) = node.filter.as_deref() {
            self.push(") FILTER (WHERE ");
            self.expr(filter, Implicit::Hidden)?;
        }
        self.push(") OVER ");
        let windows: &'a [WindowClause] = self.context.windows;
        let window = windows.get(position(node.window)).ok_or(DeparseError::Malformed { node: "window" })?;
        match &window.name {
            Some(name) => {
                self.push_ident(name);
                Ok(())
            }
            None => self.window(window, self.context.targets),
        }
    }
}
