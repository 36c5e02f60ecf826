//! Target lists and `RETURNING`, and the expressions of them that `ORDER BY` and its like name.
//!
//! Follows `get_target_list`, `get_returning_clause` and `get_rule_sortgroupclause`, ruleutils.c (PG 15, 18).

use super::aggregate::SortKeys;
use super::constant::Label;
use super::variable::Place;
use super::{DeparseError, Implicit, Printed, Printer};
use crate::env::Major;
use crate::tree::{Expr, Query, TargetEntry};

impl<'a> Printer<'a> {
    /// Prints the outputs, each on a line, with a name where they would have another.
    pub(super) fn target_list(&mut self, list: &'a [TargetEntry]) -> Printed {
        for (at, target) in list.iter().filter(|target| !target.junk).enumerate() {
            self.push(if at > 0 { ", " } else { " " });
            self.item(at == 0, |printer| printer.target(at, target))?;
        }
        Ok(())
    }

    fn target(&mut self, at: usize, target: &'a TargetEntry) -> Printed {
        let own = match &target.expr {
            Expr::Var(var) => self.variable(var, 0, Place::Toplevel)?,
            expr => {
                self.expr(expr, Implicit::Shown)?;
                // where nobody asks, the name that the server falls back to is as good as any
                (!self.context.names_matter).then(|| "?column?".into())
            }
        };
        let Some(name) = self.output_name(at, target) else { return Ok(()) };
        if own.as_deref() != Some(name) {
            let name = self.env.quote_ident(name);
            self.push(" AS ");
            self.push(&name);
        }
        Ok(())
    }

    /// `RETURNING`.
    pub(super) fn returning(&mut self, query: &'a Query) -> Printed {
        if query.returning.is_empty() {
            return Ok(());
        }
        self.clause(" RETURNING", 1);
        let aliases = [("OLD", &query.returning_old_alias, "old"), ("NEW", &query.returning_new_alias, "new")];
        let mut any = false;
        for (row, alias, usual) in aliases {
            let Some(alias) = alias.as_deref().filter(|alias| *alias != usual) else { continue };
            self.push(if any { ", " } else { " WITH (" });
            self.push(row);
            self.push(" AS ");
            self.push_ident(alias);
            any = true;
        }
        if any {
            self.push(")");
        }
        self.target_list(&query.returning)
    }

    /// Prints an expression of the target list where it is sorted or grouped by, so that it cannot be read as anything else;
    /// gives the expression.
    pub(super) fn sort_group(
        &mut self,
        reference: u32,
        list: &'a [TargetEntry],
        keys: SortKeys,
    ) -> Result<&'a Expr, DeparseError> {
        let found = list.iter().find(|target| target.sort_group_ref == reference);
        let target = found.ok_or(DeparseError::Malformed { node: "sort or group clause" })?;
        match (&target.expr, keys) {
            (_, SortKeys::Numbers) => self.out.push_str(&target.resno.to_string()),
            (Expr::Const(literal), SortKeys::Expressions) => self.constant(literal, Label::Always),
            (Expr::Var(var), SortKeys::Expressions) => {
                let before = std::mem::replace(&mut self.context.in_order_by, true);
                self.variable(var, 0, Place::Inner)?;
                self.context.in_order_by = before;
            }
            (expr, SortKeys::Expressions) => {
                let like_a_function = match expr {
                    Expr::FuncExpr(_) | Expr::Aggref(_) | Expr::WindowFunc(_) => true,
                    Expr::JsonConstructorExpr(_) => self.env.major() >= Major::V16,
                    _ => false,
                };
                self.parenthesised(like_a_function, |printer| printer.expr(expr, Implicit::Shown))?;
            }
        }
        Ok(&target.expr)
    }
}
