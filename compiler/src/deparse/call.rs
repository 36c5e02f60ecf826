//! Function calls, operators and casts.
//!
//! Follows `get_func_expr`, `get_oper_expr` and `get_coercion_expr`, ruleutils.c (PG 18).

use super::constant::Label;
use super::{DeparseError, Implicit, Printer};
use crate::env::Oid;
use crate::tree::{CoercionForm, Expr, FuncExpr, OpExpr, expr_type};

impl<'a> Printer<'a> {
    /// Prints a call in the form it was written in.
    pub(super) fn func_expr(&mut self, node: &'a FuncExpr, implicit: Implicit) -> Result<(), DeparseError> {
        match node.format {
            CoercionForm::ExplicitCast | CoercionForm::ImplicitCast => {
                let Some(arg) = node.args.first() else {
                    return Err(DeparseError::Malformed { node: "cast function" });
                };
                let typmod = node.length_coercion().unwrap_or(-1);
                self.coercion(arg, node.result_type, typmod, node.format, implicit)
            }
            CoercionForm::SqlSyntax => {
                if self.func_sql_syntax(node)? {
                    return Ok(());
                }
                self.plain_call(node)
            }
            CoercionForm::ExplicitCall => self.plain_call(node),
        }
    }

    fn plain_call(&mut self, node: &'a FuncExpr) -> Result<(), DeparseError> {
        let argtypes: Vec<Oid> = node.args.iter().map(expr_type).collect();
        let argnames: Vec<String> = node
            .args
            .iter()
            .filter_map(|arg| match arg {
                Expr::NamedArgExpr(named) => Some(named.name.clone()),
                _ => None,
            })
            .collect();
        self.function_name(node.funcid, &argnames, &argtypes, node.variadic)?;
        self.push("(");
        for (at, arg) in node.args.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            if node.variadic && at + 1 == node.args.len() {
                self.push("VARIADIC ");
            }
            self.expr(arg, Implicit::Shown)?;
        }
        self.push(")");
        Ok(())
    }

    /// Prints an operator with its operands.
    pub(super) fn oper_expr(&mut self, node: &'a OpExpr) -> Result<(), DeparseError> {
        self.push("(");
        match node.args.as_slice() {
            [left, right] => {
                self.expr(left, Implicit::Shown)?;
                self.push(" ");
                self.operator_name(node.opno, expr_type(left), expr_type(right))?;
                self.push(" ");
                self.expr(right, Implicit::Shown)?;
            }
            [arg] => {
                self.operator_name(node.opno, Oid::INVALID, expr_type(arg))?;
                self.push(" ");
                self.expr(arg, Implicit::Shown)?;
            }
            _ => return Err(DeparseError::Malformed { node: "operator" }),
        }
        self.push(")");
        Ok(())
    }

    /// Prints a cast, or only what is cast where an implicit one is not shown.
    pub(super) fn coercion(
        &mut self,
        arg: &'a Expr,
        ty: Oid,
        typmod: i32,
        format: CoercionForm,
        implicit: Implicit,
    ) -> Result<(), DeparseError> {
        if format == CoercionForm::ImplicitCast && implicit == Implicit::Hidden {
            return self.expr(arg, Implicit::Hidden);
        }
        match arg {
            // A literal under its own length coercion: one label is enough.
            Expr::Const(literal) if literal.ty == ty && literal.typmod == -1 => self.constant(literal, Label::Never),
            _ => {
                self.push("(");
                self.expr(arg, Implicit::Hidden)?;
                self.push(")");
            }
        }
        self.push_label(ty, typmod);
        Ok(())
    }
}
