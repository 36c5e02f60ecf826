//! The dispatcher over node kinds, and the nodes that are no call, cast or literal.
//!
//! Follows `get_rule_expr` and `get_variable`, ruleutils.c (PG 18). Each call prints one term that cannot be
//! torn apart, parenthesised where it must be.

use super::{DeparseError, Implicit, Printer, Scope};
use crate::env::{Oid, TypeKind};
use crate::tree::{
    ArrayExpr, BoolExpr, BoolTestType, BooleanTest, CaseExpr, CoercionForm, Expr, FieldSelect, MinMaxOp, NullTest,
    NullTestType, OpExpr, Quantifier, RowCompareExpr, RowExpr, ScalarArrayOpExpr, SqlValueFunction, SqlValueFunctionOp,
    SubscriptingRef, Subscripts, Var, expr_type, strip_implicit_coercions,
};

/// How far what is inside a `CASE` is moved to the right (`PRETTYINDENT_VAR`).
const INDENT: i32 = 4;
/// Beyond this many spaces, deeper levels are moved by less (`PRETTYINDENT_LIMIT`).
const INDENT_LIMIT: i32 = 40;

type Printed = Result<(), DeparseError>;

impl Printer<'_> {
    /// Prints an expression.
    pub(super) fn expr(&mut self, expr: &Expr, implicit: Implicit) -> Printed {
        match expr {
            Expr::Var(n) => {
                self.variable(n, Place::Inner);
                Ok(())
            }
            Expr::Const(n) => {
                self.constant(n, super::constant::Label::IfNeeded);
                Ok(())
            }
            Expr::Param(n) => {
                self.out.push_str(&format!("${}", n.number));
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
            Expr::Aggref(_)
            | Expr::GroupingFunc(_)
            | Expr::WindowFunc(_)
            | Expr::SubLink(_)
            | Expr::SubLinkOutput(_)
            | Expr::MultiAssignment(_)
            | Expr::FieldStore(_)
            | Expr::SubscriptAssignment(_)
            | Expr::SetToDefault(_)
            | Expr::MergeSupportFunc => Err(DeparseError::Malformed { node: "a node of a query" }),
        }
    }

    /// Prints expressions with commas between them.
    pub(super) fn list(&mut self, exprs: &[Expr], implicit: Implicit) -> Printed {
        self.separated(exprs, |printer, expr| printer.expr(expr, implicit))
    }

    fn separated(&mut self, exprs: &[Expr], mut print: impl FnMut(&mut Self, &Expr) -> Printed) -> Printed {
        for (at, expr) in exprs.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            print(self, expr)?;
        }
        Ok(())
    }

    /// Prints expressions where the grammar would expand a bare `t.*`.
    fn list_toplevel(&mut self, exprs: &[Expr]) -> Printed {
        self.separated(exprs, |printer, expr| match expr {
            Expr::Var(var) => {
                printer.variable(var, Place::Toplevel);
                Ok(())
            }
            _ => printer.expr(expr, Implicit::Shown),
        })
    }

    fn keyword_call(&mut self, opening: &str, args: &[Expr]) -> Printed {
        self.push(opening);
        self.list(args, Implicit::Shown)?;
        self.push(")");
        Ok(())
    }

    fn variable(&mut self, var: &Var, place: Place) {
        let (refname, prefixed) = match self.scope {
            Scope::Nothing => (None, false),
            Scope::Relation(name) => (Some(name), false),
            Scope::Trigger => (Some(if var.varno == 1 { "old" } else { "new" }), true),
        };
        let whole_row = var.attno == 0;
        if let Some(refname) = refname.filter(|_| prefixed || whole_row) {
            self.push_ident(refname);
            self.push(".");
        }
        if whole_row {
            self.push("*");
            if place == Place::Toplevel {
                self.push_label(var.ty, var.typmod);
            }
        } else {
            self.push_ident(&var.name);
        }
    }

    fn subscripting(&mut self, node: &SubscriptingRef, implicit: Implicit) -> Printed {
        let bare = matches!(*node.arg, Expr::Var(_) | Expr::FieldSelect(_));
        self.parenthesised(!bare, |printer| printer.expr(&node.arg, implicit))?;
        match &node.subscripts {
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

    fn distinct(&mut self, node: &OpExpr) -> Printed {
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

    fn scalar_array_op(&mut self, node: &ScalarArrayOpExpr) -> Printed {
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
        self.push("))");
        Ok(())
    }

    fn bool_expr(&mut self, node: &BoolExpr) -> Printed {
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

    fn field_select(&mut self, node: &FieldSelect) -> Printed {
        let bare = matches!(*node.arg, Expr::SubscriptingRef(_) | Expr::FieldSelect(_));
        self.parenthesised(!bare, |printer| printer.expr(&node.arg, Implicit::Shown))?;
        self.push(".");
        self.push_ident(&node.name);
        Ok(())
    }

    fn case_expr(&mut self, node: &CaseExpr) -> Printed {
        self.keyword("CASE", 0, INDENT);
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
            self.keyword("WHEN ", 0, 0);
            self.expr(condition, Implicit::Hidden)?;
            self.push(" THEN ");
            self.expr(&when.result, Implicit::Shown)?;
        }
        self.keyword("ELSE ", 0, 0);
        self.expr(&node.default, Implicit::Shown)?;
        self.keyword("END", -INDENT, 0);
        Ok(())
    }

    /// Prints a word on a line of its own; follows `appendContextKeyword`.
    fn keyword(&mut self, word: &str, before: i32, after: i32) {
        self.indent += before;
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.push("\n");
        let level = self.indent.max(0);
        let spaces =
            if level < INDENT_LIMIT { level } else { (INDENT_LIMIT + (level - INDENT_LIMIT) / INDENT) % INDENT_LIMIT };
        self.out.extend((0..spaces).map(|_| ' '));
        self.push(word);
        self.indent = (self.indent + after).max(0);
    }

    fn array_expr(&mut self, node: &ArrayExpr) -> Printed {
        self.push("ARRAY[");
        self.list(&node.elements, Implicit::Shown)?;
        self.push("]");
        if node.elements.is_empty() {
            self.push_label(node.array_type, -1);
        }
        Ok(())
    }

    fn row_expr(&mut self, node: &RowExpr) -> Printed {
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

    fn row_compare(&mut self, node: &RowCompareExpr) -> Printed {
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

    fn null_test(&mut self, node: &NullTest) -> Printed {
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

    fn boolean_test(&mut self, node: &BooleanTest) -> Printed {
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

/// Where a column reference stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Where the grammar would expand `t.*`.
    Toplevel,
    /// Anywhere else.
    Inner,
}
