//! Functions, `XMLTABLE` and `JSON_TABLE` in `FROM`.
//!
//! Follows the `RTE_FUNCTION` arm of `get_from_clause_item`, `get_rule_expr_funccall`, `get_from_clause_coldeflist`,
//! `get_xmltable` and `get_json_table`, ruleutils.c (PG 18).

use super::columns::Columns;
use super::layout::INDENT_VAR;
use super::{DeparseError, Implicit, Printed, Printer};
use crate::env::{Oid, PG_CATALOG};
use crate::tree::{
    CoercionForm, ColumnDefinition, Expr, FunctionRte, JsonBehavior, JsonExpr, JsonExprOp, JsonFormatType, JsonTable,
    JsonTableColumn, JsonTablePath, RangeTblFunction, TableFunc, XmlTable, expr_type, expr_typmod,
};

impl<'a> Printer<'a> {
    /// Prints functions in `FROM`; gives the column definitions that belong behind the alias.
    pub(super) fn function_source(
        &mut self,
        node: &'a FunctionRte,
    ) -> Result<Option<&'a [ColumnDefinition]>, DeparseError> {
        let mut definitions = None;
        match node.functions.as_slice() {
            // with both, nothing would tell whether the definitions include the number of the row
            [only] if only.definitions.is_empty() || !node.ordinality => {
                self.function_call(&only.expr)?;
                definitions = (!only.definitions.is_empty()).then_some(only.definitions.as_slice());
            }
            functions if functions.iter().all(|function| self.is_unnest(function)) => {
                self.push("UNNEST(");
                let args = functions.iter().filter_map(|function| match &function.expr {
                    Expr::FuncExpr(call) => Some(&call.args),
                    _ => None,
                });
                for (at, arg) in args.flatten().enumerate() {
                    if at > 0 {
                        self.push(", ");
                    }
                    self.expr(arg, Implicit::Shown)?;
                }
                self.push(")");
            }
            functions => {
                self.push("ROWS FROM(");
                for (at, function) in functions.iter().enumerate() {
                    if at > 0 {
                        self.push(", ");
                    }
                    self.function_call(&function.expr)?;
                    if !function.definitions.is_empty() {
                        self.push(" AS ");
                        self.column_definitions(&function.definitions, None)?;
                    }
                }
                self.push(")");
            }
        }
        if node.ordinality {
            self.push(" WITH ORDINALITY");
        }
        Ok(definitions)
    }

    fn is_unnest(&self, function: &RangeTblFunction) -> bool {
        let Expr::FuncExpr(call) = &function.expr else { return false };
        function.definitions.is_empty()
            && self.env.proc_by_oid(call.funcid).is_some_and(|row| {
                row.schema == PG_CATALOG && row.name == *"unnest" && row.args.as_slice() == [Oid::ANYARRAY]
            })
    }

    /// Prints what the grammar takes for a function call, in a cast where it is none.
    fn function_call(&mut self, expr: &'a Expr) -> Printed {
        let like_a_function = match expr {
            Expr::FuncExpr(call) => matches!(call.format, CoercionForm::ExplicitCall | CoercionForm::SqlSyntax),
            Expr::NullIfExpr(_)
            | Expr::CoalesceExpr(_)
            | Expr::MinMaxExpr(_)
            | Expr::SqlValueFunction(_)
            | Expr::XmlExpr(_)
            | Expr::JsonExpr(_) => true,
            _ => false,
        };
        if like_a_function {
            return self.expr(expr, Implicit::Shown);
        }
        self.push("CAST(");
        self.expr(expr, Implicit::Hidden)?;
        self.push(" AS ");
        let ty = self.env.format_type(expr_type(expr), expr_typmod(expr));
        self.push(&ty);
        self.push(")");
        Ok(())
    }

    /// `(name type, …)`, under the names that the columns go by where they are also the relation's.
    pub(super) fn column_definitions(
        &mut self,
        definitions: &'a [ColumnDefinition],
        columns: Option<&Columns>,
    ) -> Printed {
        self.push("(");
        for (at, definition) in definitions.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            let name = columns.and_then(|columns| columns.names.get(at)).and_then(Option::as_deref);
            self.push_ident(name.unwrap_or(&definition.name));
            self.push(" ");
            self.definition_type(definition);
            if definition.collation.is_valid() && definition.collation != self.env.type_collation(definition.ty) {
                self.collate(definition.collation)?;
            }
        }
        self.push(")");
        Ok(())
    }

    fn definition_type(&mut self, definition: &ColumnDefinition) {
        let ty = self.env.format_type(definition.ty, definition.typmod);
        self.push(&ty);
    }

    /// Prints `XMLTABLE` or `JSON_TABLE`.
    pub(super) fn table_func(&mut self, node: &'a TableFunc) -> Printed {
        match node {
            TableFunc::Xml(table) => self.xml_table(table),
            TableFunc::Json(table) => self.json_table(table),
        }
    }

    fn xml_table(&mut self, table: &'a XmlTable) -> Printed {
        self.push("XMLTABLE(");
        if !table.namespaces.is_empty() {
            self.push("XMLNAMESPACES (");
            for (at, (name, uri)) in table.namespaces.iter().enumerate() {
                if at > 0 {
                    self.push(", ");
                }
                if name.is_none() {
                    self.push("DEFAULT ");
                }
                self.expr(uri, Implicit::Shown)?;
                if let Some(name) = name {
                    self.push(" AS ");
                    self.push_ident(name);
                }
            }
            self.push("), ");
        }
        self.push("(");
        self.expr(&table.row, Implicit::Shown)?;
        self.push(") PASSING (");
        self.expr(&table.document, Implicit::Shown)?;
        self.push(")");
        for (at, column) in table.columns.iter().enumerate() {
            self.push(if at > 0 { ", " } else { " COLUMNS " });
            self.push_ident(&column.definition.name);
            if column.ordinality {
                self.push(" FOR ORDINALITY");
                continue;
            }
            self.push(" ");
            self.definition_type(&column.definition);
            for (word, expr) in [(" DEFAULT (", &column.default), (" PATH (", &column.path)] {
                if let Some(expr) = expr {
                    self.push(word);
                    self.expr(expr, Implicit::Shown)?;
                    self.push(")");
                }
            }
            if column.not_null {
                self.push(" NOT NULL");
            }
        }
        self.push(")");
        Ok(())
    }

    fn json_table(&mut self, table: &'a JsonTable) -> Printed {
        self.push("JSON_TABLE(");
        self.move_by(INDENT_VAR);
        self.keyword("", 0, 0, 0);
        self.expr(&table.document, Implicit::Shown)?;
        self.push(", ");
        self.json_table_path(&table.root);
        for (at, (name, value)) in table.passing.iter().enumerate() {
            if at == 0 {
                self.push(" ");
                self.keyword("PASSING ", 0, 0, 0);
                self.move_by(INDENT_VAR);
            } else {
                self.push(", ");
            }
            self.keyword("", 0, 0, 0);
            self.expr(value, Implicit::Hidden)?;
            self.push(" AS ");
            self.push_ident(name);
        }
        if !table.passing.is_empty() {
            self.move_by(-INDENT_VAR);
        }
        self.json_table_columns(&table.root)?;
        if let Some(behavior) = table.on_error.as_ref().filter(|behavior| **behavior != JsonBehavior::EmptyArray) {
            self.json_behavior(behavior)?;
            self.push(" ON ERROR");
        }
        self.move_by(-INDENT_VAR);
        self.keyword(")", 0, 0, 0);
        Ok(())
    }

    fn json_table_path(&mut self, path: &JsonTablePath) {
        self.quote_literal(&path.path);
        self.push(" AS ");
        self.push_ident(&path.name);
    }

    fn json_table_columns(&mut self, path: &'a JsonTablePath) -> Printed {
        self.push(" ");
        self.keyword("COLUMNS (", 0, 0, 0);
        self.move_by(INDENT_VAR);
        let mut any = false;
        // those of nested paths come behind the path's own
        for column in &path.columns {
            let (definition, value) = match column {
                JsonTableColumn::Ordinality(definition) => (definition, None),
                JsonTableColumn::Value(definition, value) => (definition, Some(value)),
                JsonTableColumn::Nested(_) => continue,
            };
            if std::mem::replace(&mut any, true) {
                self.push(", ");
            }
            self.keyword("", 0, 0, 0);
            self.push_ident(&definition.name);
            match value.map(|value| &**value) {
                None => self.push(" FOR ORDINALITY"),
                Some(Expr::JsonExpr(json)) => self.json_table_value(definition, json)?,
                Some(_) => return Err(DeparseError::Malformed { node: "JSON_TABLE" }),
            }
        }
        for column in &path.columns {
            let JsonTableColumn::Nested(nested) = column else { continue };
            if std::mem::replace(&mut any, true) {
                self.push(",");
            }
            self.push(" ");
            self.keyword("NESTED PATH ", 0, 0, 0);
            self.json_table_path(nested);
            self.json_table_columns(nested)?;
        }
        self.move_by(-INDENT_VAR);
        self.keyword(")", 0, 0, 0);
        Ok(())
    }

    fn json_table_value(&mut self, definition: &ColumnDefinition, json: &'a JsonExpr) -> Printed {
        self.push(" ");
        self.definition_type(definition);
        let usual = match json.op {
            JsonExprOp::Exists => {
                self.push(" EXISTS");
                JsonBehavior::False
            }
            JsonExprOp::Query => {
                if self.env.category(definition.ty).is_some_and(|(category, _)| category == 'S') {
                    let binary = json.format.format_type == JsonFormatType::Jsonb;
                    self.push(if binary { " FORMAT JSONB" } else { " FORMAT JSON" });
                }
                JsonBehavior::Null
            }
            JsonExprOp::Value => JsonBehavior::Null,
        };
        self.push(" PATH ");
        match &*json.path {
            Expr::Const(path) => self.constant(path, super::constant::Label::Never),
            path => self.expr(path, Implicit::Shown)?,
        }
        self.json_options(json, &usual)
    }
}
