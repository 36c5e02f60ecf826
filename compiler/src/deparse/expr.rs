//! The dispatcher over node kinds, and the nodes that are no call, cast or literal.
//!
//! Follows `get_rule_expr`, ruleutils.c (PG 18). Each call prints one term that cannot be
//! torn apart, parenthesised where it must be.

use super::layout::INDENT_VAR;
use super::variable::Place;
use super::{DeparseError, Implicit, Printed, Printer};
use crate::env::{Oid, TypeKind};
use crate::tree::{
    ArrayExpr, BoolExpr, BoolTestType, BooleanTest, CaseExpr, CoercionForm, Expr, FieldSelect, MinMaxOp, NullTest,
    NullTestType, OpExpr, Quantifier, RowCompareExpr, RowExpr, ScalarArrayOpExpr, SqlValueFunction, SqlValueFunctionOp,
    SubLinkKind, SubscriptingRef, Subscripts, expr_type, strip_implicit_coercions,
};

impl<'a> Printer<'a> {
    /// Prints an expression.
    pub(super) fn expr(&mut self, expr: &'a Expr, implicit: Implicit) -> Printed {
        match expr {
            Expr::Var(n) => self.variable(n, 0, Place::Inner).map(|_| ()),
            Expr::Const(n) => {
                self.constant(n, super::constant::Label::IfNeeded);
                Ok(())
            }
            Expr::Param(n) => {
                self.parameter(n);
                Ok(())
            }
            Expr::SubscriptingRef(n) => self.subscripting(n, implicit),
            Expr::FuncExpr(n) => self.func_expr(n, implicit),
            Expr::NamedArgExpr(n) => {
                self.push_ident(&n.name);
                self.push(" => ");
                self.expr(&n.arg, implicit)
            }
            Expr::OpExpr(n) => self.oper_expr(n),
            Expr::DistinctExpr(n) => self.distinct(n),
            Expr::NullIfExpr(n) => self.keyword_call("NULLIF(", &n.args),
            Expr::ScalarArrayOpExpr(n) => self.scalar_array_op(n),
            Expr::BoolExpr(n) => self.bool_expr(n),
            Expr::FieldSelect(n) => self.field_select(n),
            Expr::RelabelType(n) => self.coercion(&n.arg, n.result_type, n.typmod, n.format, implicit),
            Expr::CoerceViaIO(n) => self.coercion(&n.arg, n.result_type, -1, n.format, implicit),
            Expr::ArrayCoerceExpr(n) => self.coercion(&n.arg, n.result_type, n.typmod, n.format, implicit),
            Expr::ConvertRowtypeExpr(n) => self.coercion(&n.arg, n.result_type, -1, n.format, implicit),
            Expr::CollateExpr(n) => {
                self.push("(");
                self.expr(&n.arg, implicit)?;
                self.collate(n.collation)?;
                self.push(")");
                Ok(())
            }
            Expr::CaseExpr(n) => self.case_expr(n),
            // Only reached in a tree that parse analysis does not make.
            Expr::CaseTestExpr(_) => {
                self.push("CASE_TEST_EXPR");
                Ok(())
            }
            Expr::ArrayExpr(n) => self.array_expr(n),
            Expr::RowExpr(n) => self.row_expr(n),
            Expr::RowCompareExpr(n) => self.row_compare(n),
            Expr::CoalesceExpr(n) => self.keyword_call("COALESCE(", &n.args),
            Expr::MinMaxExpr(n) => match n.op {
                MinMaxOp::Greatest => self.keyword_call("GREATEST(", &n.args),
                MinMaxOp::Least => self.keyword_call("LEAST(", &n.args),
            },
            Expr::SqlValueFunction(n) => {
                self.sql_value_function(n);
                Ok(())
            }
            Expr::XmlExpr(n) => self.xml_expr(n),
            Expr::JsonValueExpr(n) => self.json_value(n),
            Expr::JsonConstructorExpr(n) => self.json_constructor(n),
            Expr::JsonIsPredicate(n) => self.json_is_predicate(n),
            Expr::JsonExpr(n) => self.json_expr(n, implicit),
            Expr::NullTest(n) => self.null_test(n),
            Expr::BooleanTest(n) => self.boolean_test(n),
            Expr::CoerceToDomain(n) => self.coercion(&n.arg, n.result_type, n.typmod, n.format, implicit),
            Expr::CoerceToDomainValue(_) => {
                self.push("VALUE");
                Ok(())
            }
            Expr::Aggref(n) => self.aggregate(n, None),
            Expr::GroupingFunc(n) => self.keyword_call("GROUPING(", &n.args),
            Expr::WindowFunc(n) => self.window_func(n, None),
            Expr::SubLink(n) => self.sublink(n),
            // What is assigned is named beside the value; only the value is left to print.
            Expr::FieldStore(n) => match n.new_values.first() {
                Some(value) => self.expr(value, implicit),
                None => Err(DeparseError::Malformed { node: "assignment" }),
            },
            Expr::SubscriptAssignment(n) => self.expr(&n.value, implicit),
            Expr::SetToDefault(_) => {
                self.push("DEFAULT");
                Ok(())
            }
            Expr::MergeSupportFunc => {
                self.push("MERGE_ACTION()");
                Ok(())
            }
            Expr::SubLinkOutput(_) | Expr::MultiAssignment(_) => {
                Err(DeparseError::Malformed { node: "the output of a subquery" })
            }
        }
    }

    /// Prints expressions with commas between them.
    pub(super) fn list(&mut self, exprs: &'a [Expr], implicit: Implicit) -> Printed {
        self.separated(exprs, |printer, expr| printer.expr(expr, implicit))
    }

    fn separated(&mut self, exprs: &'a [Expr], mut print: impl FnMut(&mut Self, &'a Expr) -> Printed) -> Printed {
        for (at, expr) in exprs.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            print(self, expr)?;
        }
        Ok(())
    }

    /// Prints an expression where the grammar would expand a bare `t.*`.
    pub(super) fn toplevel(&mut self, expr: &'a Expr, implicit: Implicit) -> Printed {
        match expr {
            Expr::Var(var) => self.variable(var, 0, Place::Toplevel).map(|_| ()),
            _ => self.expr(expr, implicit),
        }
    }

    /// Prints expressions where the grammar would expand a bare `t.*`.
    fn list_toplevel(&mut self, exprs: &'a [Expr]) -> Printed {
        self.separated(exprs, |printer, expr| printer.toplevel(expr, Implicit::Shown))
    }

    fn keyword_call(&mut self, opening: &str, args: &'a [Expr]) -> Printed {
        self.push(opening);
        self.list(args, Implicit::Shown)?;
        self.push(")");
        Ok(())
    }

    fn subscripting(&mut self, node: &'a SubscriptingRef, implicit: Implicit) -> Printed {
        let bare = matches!(*node.arg, Expr::Var(_) | Expr::FieldSelect(_));
        self.parenthesised(!bare, |printer| printer.expr(&node.arg, implicit))?;
        self.subscripts(&node.subscripts)
    }

    /// Prints `[…]` for each dimension.
    pub(super) fn subscripts(&mut self, subscripts: &'a Subscripts) -> Printed {
        match subscripts {
            Subscripts::Elements(elements) => {
                for element in elements {
                    self.push("[");
                    self.expr(element, Implicit::Hidden)?;
                    self.push("]");
                }
            }
            Subscripts::Slices(slices) => {
                for slice in slices {
                    self.push("[");
                    if let Some(lower) = &slice.lower {
                        self.expr(lower, Implicit::Hidden)?;
                    }
                    self.push(":");
                    if let Some(upper) = &slice.upper {
                        self.expr(upper, Implicit::Hidden)?;
                    }
                    self.push("]");
                }
            }
        }
        Ok(())
    }

    pub(super) fn parenthesised(&mut self, needed: bool, print: impl FnOnce(&mut Self) -> Printed) -> Printed {
        if needed {
            self.push("(");
        }
        print(self)?;
        if needed {
            self.push(")");
        }
        Ok(())
    }

    fn distinct(&mut self, node: &'a OpExpr) -> Printed {
        let [left, right] = node.args.as_slice() else {
            return Err(DeparseError::Malformed { node: "IS DISTINCT FROM" });
        };
        self.push("(");
        self.expr(left, Implicit::Shown)?;
        self.push(" IS DISTINCT FROM ");
        self.expr(right, Implicit::Shown)?;
        self.push(")");
        Ok(())
    }

    fn scalar_array_op(&mut self, node: &'a ScalarArrayOpExpr) -> Printed {
        self.push("(");
        self.expr(&node.scalar, Implicit::Shown)?;
        let array = expr_type(&node.array);
        let element = self.env.base_element_type_of(array).unwrap_or(Oid::INVALID);
        self.push(" ");
        self.operator_name(node.opno, expr_type(&node.scalar), element)?;
        self.push(match node.quantifier {
            Quantifier::Any => " ANY (",
            Quantifier::All => " ALL (",
        });
        self.expr(&node.array, Implicit::Shown)?;
        // A bare subquery would be read as one of several rows, not as one that gives the array.
        if let Expr::SubLink(link) = &*node.array
            && link.kind == SubLinkKind::Expr
        {
            self.push_label(link.result_type, link.typmod);
        }
        self.push("))");
        Ok(())
    }

    fn bool_expr(&mut self, node: &'a BoolExpr) -> Printed {
        let (args, word) = match node {
            BoolExpr::And(args) => (args, " AND "),
            BoolExpr::Or(args) => (args, " OR "),
            BoolExpr::Not(arg) => {
                self.push("(NOT ");
                self.expr(arg, Implicit::Hidden)?;
                self.push(")");
                return Ok(());
            }
        };
        self.push("(");
        for (at, arg) in args.iter().enumerate() {
            if at > 0 {
                self.push(word);
            }
            self.expr(arg, Implicit::Hidden)?;
        }
        self.push(")");
        Ok(())
    }

    fn field_select(&mut self, node: &'a FieldSelect) -> Printed {
        let bare = matches!(*node.arg, Expr::SubscriptingRef(_) | Expr::FieldSelect(_));
        self.parenthesised(!bare, |printer| printer.expr(&node.arg, Implicit::Shown))?;
        self.push(".");
        // A named type's fields may have been renamed; a record's are known by what made it.
        let field = self.env.relation_of_type(self.env.base_type(expr_type(&node.arg)));
        let name = field.and_then(|row| row.column_by_number(node.fieldnum)).map(|column| column.name.as_str());
        self.push_ident(name.unwrap_or(&node.name));
        Ok(())
    }

    fn case_expr(&mut self, node: &'a CaseExpr) -> Printed {
        self.keyword("CASE", 0, INDENT_VAR, 0);
        if let Some(arg) = &node.arg {
            self.push(" ");
            self.expr(arg, Implicit::Shown)?;
        }
        for when in &node.whens {
            // In a simple CASE the condition is "placeholder = value": only the value was written.
            let condition = match &when.condition {
                Expr::OpExpr(op) if node.arg.is_some() => match op.args.as_slice() {
                    [left, right] if matches!(strip_implicit_coercions(left), Expr::CaseTestExpr(_)) => right,
                    _ => &when.condition,
                },
                condition => condition,
            };
            self.space_if_plain();
            self.keyword("WHEN ", 0, 0, 0);
            self.expr(condition, Implicit::Hidden)?;
            self.push(" THEN ");
            self.expr(&when.result, Implicit::Shown)?;
        }
        self.space_if_plain();
        self.keyword("ELSE ", 0, 0, 0);
        self.expr(&node.default, Implicit::Shown)?;
        self.space_if_plain();
        self.keyword("END", -INDENT_VAR, 0, 0);
        Ok(())
    }

    fn array_expr(&mut self, node: &'a ArrayExpr) -> Printed {
        self.push("ARRAY[");
        self.list(&node.elements, Implicit::Shown)?;
        self.push("]");
        if node.elements.is_empty() {
            self.push_label(node.array_type, -1);
        }
        Ok(())
    }

    fn row_expr(&mut self, node: &'a RowExpr) -> Printed {
        self.push("ROW(");
        self.list_toplevel(&node.args)?;
        if node.row_type != Oid::RECORD {
            // Columns added to the type after the row was written read as NULL.
            let width = self.env.relation_of_type(node.row_type).map_or(0, |relation| relation.columns.len());
            for at in node.args.len()..width {
                self.push(if at > 0 { ", NULL" } else { "NULL" });
            }
        }
        self.push(")");
        if node.format == CoercionForm::ExplicitCast {
            self.push_label(node.row_type, -1);
        }
        Ok(())
    }

    fn row_compare(&mut self, node: &'a RowCompareExpr) -> Printed {
        let (Some(opno), Some(left), Some(right)) = (node.opnos.first(), node.largs.first(), node.rargs.first()) else {
            return Err(DeparseError::Malformed { node: "row comparison" });
        };
        self.push("(ROW(");
        self.list_toplevel(&node.largs)?;
        self.push(") ");
        self.operator_name(*opno, expr_type(left), expr_type(right))?;
        self.push(" ROW(");
        self.list_toplevel(&node.rargs)?;
        self.push("))");
        Ok(())
    }

    fn sql_value_function(&mut self, node: &SqlValueFunction) {
        use SqlValueFunctionOp as Op;
        let (word, precise) = match node.op {
            Op::CurrentDate => ("CURRENT_DATE", false),
            Op::CurrentTime => ("CURRENT_TIME", false),
            Op::CurrentTimeN => ("CURRENT_TIME", true),
            Op::CurrentTimestamp => ("CURRENT_TIMESTAMP", false),
            Op::CurrentTimestampN => ("CURRENT_TIMESTAMP", true),
            Op::LocalTime => ("LOCALTIME", false),
            Op::LocalTimeN => ("LOCALTIME", true),
            Op::LocalTimestamp => ("LOCALTIMESTAMP", false),
            Op::LocalTimestampN => ("LOCALTIMESTAMP", true),
            Op::CurrentRole => ("CURRENT_ROLE", false),
            Op::CurrentUser => ("CURRENT_USER", false),
            Op::User => ("USER", false),
            Op::SessionUser => ("SESSION_USER", false),
            Op::CurrentCatalog => ("CURRENT_CATALOG", false),
            Op::CurrentSchema => ("CURRENT_SCHEMA", false),
        };
        self.push(word);
        if precise {
            self.out.push_str(&format!("({})", node.typmod));
        }
    }

    fn null_test(&mut self, node: &'a NullTest) -> Printed {
        self.push("(");
        self.expr(&node.arg, Implicit::Shown)?;
        // A row tested as a whole must not read as a test of its fields.
        let by_field_or_scalar = node.arg_is_row || !self.is_row_type(expr_type(&node.arg));
        self.push(match (node.test, by_field_or_scalar) {
            (NullTestType::IsNull, true) => " IS NULL)",
            (NullTestType::IsNotNull, true) => " IS NOT NULL)",
            (NullTestType::IsNull, false) => " IS NOT DISTINCT FROM NULL)",
            (NullTestType::IsNotNull, false) => " IS DISTINCT FROM NULL)",
        });
        Ok(())
    }

    fn boolean_test(&mut self, node: &'a BooleanTest) -> Printed {
        self.push("(");
        self.expr(&node.arg, Implicit::Hidden)?;
        self.push(match node.test {
            BoolTestType::IsTrue => " IS TRUE)",
            BoolTestType::IsNotTrue => " IS NOT TRUE)",
            BoolTestType::IsFalse => " IS FALSE)",
            BoolTestType::IsNotFalse => " IS NOT FALSE)",
            BoolTestType::IsUnknown => " IS UNKNOWN)",
            BoolTestType::IsNotUnknown => " IS NOT UNKNOWN)",
        });
        Ok(())
    }

    /// Follows `type_is_rowtype`, lsyscache.c.
    fn is_row_type(&self, ty: Oid) -> bool {
        ty == Oid::RECORD
            || self.env.type_by_oid(self.env.base_type(ty)).is_some_and(|row| row.kind == TypeKind::Composite)
    }

    /// ` COLLATE name`
    pub(super) fn collate(&mut self, collation: Oid) -> Printed {
        self.push(" COLLATE ");
        self.collation_name(collation)
    }
}
