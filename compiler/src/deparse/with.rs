//! `WITH`.
//!
//! Follows `get_with_clause`, ruleutils.c (PG 18).

use super::layout::{INDENT_STD, Layout};
use super::query::Around;
use super::{Implicit, Printed, Printer};
use crate::env::Oid;
use crate::tree::{CommonTableExpr, CteCycle, CteMaterialize, Expr, Query};

impl<'a> Printer<'a> {
    /// Prints the queries of a `WITH`, nothing when there are none.
    pub(super) fn with_clause(&mut self, query: &'a Query) -> Printed {
        if query.ctes.is_empty() {
            return Ok(());
        }
        self.open_clauses();
        for (at, cte) in query.ctes.iter().enumerate() {
            self.push(match (at, query.has_recursive) {
                (0, true) => "WITH RECURSIVE ",
                (0, false) => "WITH ",
                _ => ", ",
            });
            self.common_table(cte)?;
        }
        if self.layout == Layout::Lines {
            self.keyword("", -INDENT_STD, 0, 0);
        } else {
            self.push(" ");
        }
        Ok(())
    }

    fn common_table(&mut self, cte: &'a CommonTableExpr) -> Printed {
        self.push_ident(&cte.name);
        if !cte.alias_columns.is_empty() {
            self.push("(");
            self.name_list(cte.alias_columns.iter().map(String::as_str));
            self.push(")");
        }
        self.push(match cte.materialized {
            CteMaterialize::Default => " AS (",
            CteMaterialize::Always => " AS MATERIALIZED (",
            CteMaterialize::Never => " AS NOT MATERIALIZED (",
        });
        self.keyword("", 0, 0, 0);
        self.query(&cte.query, Around::named())?;
        self.keyword("", 0, 0, 0);
        self.push(")");
        if let Some(search) = &cte.search {
            self.push(if search.breadth_first { " SEARCH BREADTH" } else { " SEARCH DEPTH" });
            self.push(" FIRST BY ");
            self.name_list(search.columns.iter().map(String::as_str));
            self.push(" SET ");
            self.push_ident(&search.sequence_column);
        }
        if let Some(cycle) = &cte.cycle {
            self.cycle(cycle)?;
        }
        Ok(())
    }

    fn cycle(&mut self, cycle: &'a CteCycle) -> Printed {
        self.push(" CYCLE ");
        self.name_list(cycle.columns.iter().map(String::as_str));
        self.push(" SET ");
        self.push_ident(&cycle.mark_column);
        if !(is_boolean(&cycle.mark_value, "t") && is_boolean(&cycle.mark_default, "f")) {
            self.push(" TO ");
            self.expr(&cycle.mark_value, Implicit::Hidden)?;
            self.push(" DEFAULT ");
            self.expr(&cycle.mark_default, Implicit::Hidden)?;
        }
        self.push(" USING ");
        self.push_ident(&cycle.path_column);
        Ok(())
    }

    /// Prints names with commas between them.
    pub(super) fn name_list<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        for (at, name) in names.enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.push_ident(name);
        }
    }
}

fn is_boolean(expr: &Expr, value: &str) -> bool {
    matches!(expr, Expr::Const(literal) if literal.ty == Oid::BOOL && literal.value.as_deref() == Some(value))
}
