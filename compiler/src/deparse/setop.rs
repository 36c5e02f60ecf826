//! `UNION`, `INTERSECT` and `EXCEPT`.
//!
//! Follows `get_setop_query`, ruleutils.c (PG 18).

use super::layout::{INDENT_STD, Layout};
use super::query::Around;
use super::{DeparseError, Printed, Printer};
use crate::tree::{RteKind, SetOperand, SetOperation, SetOperationStmt};

impl<'a> Printer<'a> {
    /// Prints a set operation. Another one on its left side is parenthesised where it is another operation, one on its right
    /// side always.
    pub(super) fn set_operation(&mut self, set: &'a SetOperationStmt) -> Printed {
        let other = matches!(&set.left, SetOperand::Nested(left) if left.op != set.op || left.all != set.all);
        if other {
            self.push("(");
            self.keyword("", INDENT_STD, 0, 0);
        }
        self.set_operand(&set.left)?;
        if other {
            self.keyword(") ", -INDENT_STD, 0, 0);
        } else if self.layout == Layout::Lines {
            self.keyword("", 0, 0, 0);
        } else {
            self.push(" ");
        }
        self.push(match set.op {
            SetOperation::Union => "UNION ",
            SetOperation::Intersect => "INTERSECT ",
            SetOperation::Except => "EXCEPT ",
        });
        if set.all {
            self.push("ALL ");
        }
        let nested = matches!(set.right, SetOperand::Nested(_));
        let indent = if nested { INDENT_STD } else { 0 };
        if nested {
            self.push("(");
        }
        self.keyword("", indent, 0, 0);
        let before = std::mem::replace(&mut self.context.names_matter, false);
        self.set_operand(&set.right)?;
        self.context.names_matter = before;
        self.move_by(-indent);
        if nested {
            self.keyword(")", 0, 0, 0);
        }
        Ok(())
    }

    fn set_operand(&mut self, operand: &'a SetOperand) -> Printed {
        let varno = match operand {
            SetOperand::Nested(set) => return self.set_operation(set),
            SetOperand::Entry(varno) => *varno,
        };
        let RteKind::Subquery(query) = &self.entry(varno)?.kind else {
            return Err(DeparseError::Malformed { node: "set operation" });
        };
        let parens = !query.ctes.is_empty()
            || !query.sort_clause.is_empty()
            || !query.row_marks.is_empty()
            || query.limit_offset.is_some()
            || query.limit_count.is_some()
            || query.set_operations.is_some();
        let around =
            Around { view: self.context.view.clone(), names_matter: self.context.names_matter, ..Around::named() };
        self.parenthesised(parens, |printer| printer.query(query, around))
    }
}
