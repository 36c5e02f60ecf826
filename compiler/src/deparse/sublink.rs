//! Subqueries in expressions.
//!
//! Follows `get_sublink_expr`, ruleutils.c (PG 18).

use super::query::Around;
use super::{DeparseError, Implicit, Printed, Printer};
use crate::tree::{BoolExpr, Expr, OpExpr, SubLink, SubLinkKind, expr_type};

const MALFORMED: DeparseError = DeparseError::Malformed { node: "comparison with a subquery" };

impl<'a> Printer<'a> {
    /// Prints a subquery with what is compared with it.
    pub(super) fn sublink(&mut self, node: &'a SubLink) -> Printed {
        self.push(if node.kind == SubLinkKind::Array { "ARRAY(" } else { "(" });
        let parens = match &node.kind {
            SubLinkKind::Expr | SubLinkKind::Array | SubLinkKind::MultiExpr(_) => false,
            SubLinkKind::Exists => {
                self.push("EXISTS ");
                true
            }
            SubLinkKind::Any(test, _) => {
                let operator = self.compared(test)?;
                self.push(" ");
                if operator == "=" {
                    self.push("IN ");
                } else {
                    self.push(&operator);
                    self.push(" ANY ");
                }
                true
            }
            SubLinkKind::All(test, _) => {
                let operator = self.compared(test)?;
                self.push(" ");
                self.push(&operator);
                self.push(" ALL ");
                true
            }
            SubLinkKind::RowCompare(test, _) => {
                let operator = self.compared(test)?;
                self.push(" ");
                self.push(&operator);
                self.push(" ");
                true
            }
        };
        self.parenthesised(parens, |printer| printer.query(&node.query, Around::unnamed()))?;
        self.push(")");
        Ok(())
    }

    /// Prints what is compared; gives the name of the operator, of the first where there are several.
    fn compared(&mut self, test: &'a Expr) -> Result<String, DeparseError> {
        match test {
            Expr::OpExpr(op) => {
                let [left, right] = op.args.as_slice() else { return Err(MALFORMED) };
                self.expr(left, Implicit::Shown)?;
                self.operator_text(op.opno, expr_type(left), expr_type(right))
            }
            Expr::BoolExpr(BoolExpr::And(parts) | BoolExpr::Or(parts)) => {
                let mut operator = None;
                self.push("(");
                for (at, part) in parts.iter().enumerate() {
                    let Expr::OpExpr(OpExpr { opno, args, .. }) = part else { return Err(MALFORMED) };
                    let [left, right] = args.as_slice() else { return Err(MALFORMED) };
                    if at > 0 {
                        self.push(", ");
                    }
                    self.expr(left, Implicit::Shown)?;
                    if operator.is_none() {
                        operator = Some(self.operator_text(*opno, expr_type(left), expr_type(right))?);
                    }
                }
                self.push(")");
                operator.ok_or(MALFORMED)
            }
            Expr::RowCompareExpr(row) => {
                let (Some(opno), Some(left), Some(right)) = (row.opnos.first(), row.largs.first(), row.rargs.first())
                else {
                    return Err(MALFORMED);
                };
                self.push("(");
                self.list(&row.largs, Implicit::Shown)?;
                self.push(")");
                self.operator_text(*opno, expr_type(left), expr_type(right))
            }
            _ => Err(MALFORMED),
        }
    }
}
