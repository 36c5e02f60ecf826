//! SQL/JSON.
//!
//! Follows `get_json_constructor`, `get_json_returning`, `get_json_format` and `get_json_expr_options`,
//! ruleutils.c (PG 18).

use super::aggregate::JsonAggregate;
use super::constant::Label;
use super::{DeparseError, Implicit, Printer};
use crate::env::Oid;
use crate::tree::{
    Expr, JsonBehavior, JsonConstructorExpr, JsonConstructorType, JsonEncoding, JsonExpr, JsonExprOp, JsonFormat,
    JsonFormatType, JsonIsPredicate, JsonReturning, JsonValueExpr, JsonValueType, JsonWrapper,
};

impl<'a> Printer<'a> {
    pub(super) fn json_value(&mut self, node: &'a JsonValueExpr) -> Result<(), DeparseError> {
        self.expr(&node.raw, Implicit::Hidden)?;
        self.json_format(node.format);
        Ok(())
    }

    fn json_format(&mut self, format: JsonFormat) {
        self.push(match format.format_type {
            JsonFormatType::Default => return,
            JsonFormatType::Json => " FORMAT JSON",
            JsonFormatType::Jsonb => " FORMAT JSONB",
        });
        self.push(match format.encoding {
            JsonEncoding::Default => "",
            JsonEncoding::Utf8 => " ENCODING UTF8",
            JsonEncoding::Utf16 => " ENCODING UTF16",
            JsonEncoding::Utf32 => " ENCODING UTF32",
        });
    }

    fn json_returning(&mut self, returning: JsonReturning, format_implied: bool) {
        if !returning.ty.is_valid() {
            return;
        }
        self.push(" RETURNING ");
        self.out.push_str(&self.env.format_type(returning.ty, returning.typmod));
        if !format_implied || returning.format.format_type != JsonFormatType::of_type(returning.ty) {
            self.json_format(returning.format);
        }
    }

    pub(super) fn json_constructor(&mut self, node: &'a JsonConstructorExpr) -> Result<(), DeparseError> {
        self.push(match node.ty {
            JsonConstructorType::Object => "JSON_OBJECT(",
            JsonConstructorType::Array => "JSON_ARRAY(",
            JsonConstructorType::Parse => "JSON(",
            JsonConstructorType::Scalar => "JSON_SCALAR(",
            JsonConstructorType::Serialize => "JSON_SERIALIZE(",
            JsonConstructorType::ObjectAgg | JsonConstructorType::ArrayAgg => return self.json_aggregate(node),
        });
        for (at, arg) in node.args.iter().enumerate() {
            if at > 0 {
                self.push(if node.ty == JsonConstructorType::Object && at % 2 == 1 { " : " } else { ", " });
            }
            self.expr(arg, Implicit::Shown)?;
        }
        self.json_constructor_options(node);
        self.push(")");
        Ok(())
    }

    /// `ABSENT ON NULL`, `WITH UNIQUE KEYS` and `RETURNING`.
    fn json_constructor_options(&mut self, node: &JsonConstructorExpr) {
        match node.ty {
            JsonConstructorType::Object | JsonConstructorType::ObjectAgg if node.absent_on_null => {
                self.push(" ABSENT ON NULL");
            }
            JsonConstructorType::Array | JsonConstructorType::ArrayAgg if !node.absent_on_null => {
                self.push(" NULL ON NULL");
            }
            _ => {}
        }
        if node.unique {
            self.push(" WITH UNIQUE KEYS");
        }
        if !matches!(node.ty, JsonConstructorType::Parse | JsonConstructorType::Scalar) {
            self.json_returning(node.returning, true);
        }
    }

    /// `JSON_OBJECTAGG(…)` and `JSON_ARRAYAGG(…)`; follows `get_json_agg_constructor`.
    fn json_aggregate(&mut self, node: &'a JsonConstructorExpr) -> Result<(), DeparseError> {
        // What follows the arguments is printed in the middle of the call.
        let options = {
            let before = std::mem::take(&mut self.out);
            self.json_constructor_options(node);
            std::mem::replace(&mut self.out, before)
        };
        let syntax = JsonAggregate {
            name: if node.ty == JsonConstructorType::ObjectAgg { "JSON_OBJECTAGG" } else { "JSON_ARRAYAGG" },
            options,
            object: node.ty == JsonConstructorType::ObjectAgg,
        };
        match node.func.as_deref() {
            Some(Expr::Aggref(aggregate)) => self.aggregate(aggregate, Some(&syntax)),
            Some(Expr::WindowFunc(function)) => self.window_func(function, Some(&syntax)),
            _ => Err(DeparseError::Malformed { node: "JSON aggregate" }),
        }
    }

    pub(super) fn json_is_predicate(&mut self, node: &'a JsonIsPredicate) -> Result<(), DeparseError> {
        self.push("(");
        self.expr(&node.arg, Implicit::Shown)?;
        self.push(match node.item_type {
            JsonValueType::Any => " IS JSON",
            JsonValueType::Object => " IS JSON OBJECT",
            JsonValueType::Array => " IS JSON ARRAY",
            JsonValueType::Scalar => " IS JSON SCALAR",
        });
        self.push(if node.unique_keys { " WITH UNIQUE KEYS)" } else { ")" });
        Ok(())
    }

    pub(super) fn json_expr(&mut self, node: &'a JsonExpr, implicit: Implicit) -> Result<(), DeparseError> {
        self.push(match node.op {
            JsonExprOp::Exists => "JSON_EXISTS(",
            JsonExprOp::Query => "JSON_QUERY(",
            JsonExprOp::Value => "JSON_VALUE(",
        });
        self.expr(&node.formatted, implicit)?;
        self.push(", ");
        match &*node.path {
            Expr::Const(path) => self.constant(path, Label::Never),
            path => self.expr(path, implicit)?,
        }
        for (at, passing) in node.passing.iter().enumerate() {
            self.push(if at == 0 { " PASSING " } else { ", " });
            self.expr(&passing.value, implicit)?;
            self.push(" AS ");
            self.push_ident(&passing.name);
        }
        if node.op != JsonExprOp::Exists || node.returning.ty != Oid::BOOL {
            self.json_returning(node.returning, node.op == JsonExprOp::Query);
        }
        let usual = if node.op == JsonExprOp::Exists { JsonBehavior::False } else { JsonBehavior::Null };
        self.json_options(node, &usual)?;
        self.push(")");
        Ok(())
    }

    /// What follows the path: `WRAPPER`, `QUOTES`, `ON EMPTY` and `ON ERROR`; follows `get_json_expr_options`.
    pub(super) fn json_options(&mut self, node: &'a JsonExpr, usual: &JsonBehavior) -> Result<(), DeparseError> {
        if node.op == JsonExprOp::Query {
            self.push(match node.wrapper {
                JsonWrapper::Conditional => " WITH CONDITIONAL WRAPPER",
                JsonWrapper::Unconditional => " WITH UNCONDITIONAL WRAPPER",
                JsonWrapper::None | JsonWrapper::Unspecified => " WITHOUT WRAPPER",
            });
            self.push(if node.omit_quotes { " OMIT QUOTES" } else { " KEEP QUOTES" });
        }
        for (behavior, event) in [(&node.on_empty, " ON EMPTY"), (&node.on_error, " ON ERROR")] {
            if let Some(behavior) = behavior.as_ref().filter(|behavior| *behavior != usual) {
                self.json_behavior(behavior)?;
                self.push(event);
            }
        }
        Ok(())
    }

    pub(super) fn json_behavior(&mut self, behavior: &'a JsonBehavior) -> Result<(), DeparseError> {
        self.push(match behavior {
            JsonBehavior::Null => " NULL",
            JsonBehavior::Error => " ERROR",
            JsonBehavior::Empty => " EMPTY",
            JsonBehavior::True => " TRUE",
            JsonBehavior::False => " FALSE",
            JsonBehavior::Unknown => " UNKNOWN",
            JsonBehavior::EmptyArray => " EMPTY ARRAY",
            JsonBehavior::EmptyObject => " EMPTY OBJECT",
            JsonBehavior::Default(value) => {
                self.push(" DEFAULT ");
                return self.expr(value, Implicit::Hidden);
            }
        });
        Ok(())
    }
}
