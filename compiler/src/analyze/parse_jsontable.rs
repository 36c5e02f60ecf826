//! `JSON_TABLE` (17 and later).
//!
//! Follows `transformJsonTable`, parse_jsontable.c (PG 18): the columns of a path come before those of the paths nested in
//! it; a path without a name gets the next free number when its parent's own columns are done.

use std::collections::BTreeSet;

use pg_query::protobuf as raw;
use pg_query::protobuf::{Node, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::literal::quoted_json;
use super::parse_collate::assign_expr_collations;
use super::parse_expr::{descend, type_name};
use super::parse_expr_kind::ParseExprKind;
use super::parse_json::{NO_FORMAT, ValueUse, transform_value};
use super::parse_json_func::{column_function, transform_behavior, transform_passing, transform_path};
use super::parse_node::{ParseState, missing};
use super::parse_query::uses_level;
use super::parse_relation::NamespaceItem;
use super::parse_rte::{alias_of, column};
use crate::env::{Major, Oid, TypeKind};
use crate::tree::{
    CaseTestExpr, ColumnDefinition, Expr, JsonBehavior, JsonExprOp, JsonFormatType, JsonReturning, JsonTable,
    JsonTableColumn, JsonTablePath, TableFunc, expr_collation, expr_type, expr_typmod,
};

const CONSTRUCT: &str = "JSON_TABLE";

/// `transformJsonTable`.
pub(super) fn json_table(ps: &mut ParseState<'_>, table: &raw::JsonTable) -> Analyzed<NamespaceItem> {
    ps.require(Major::V17, CONSTRUCT, table.location)?;
    check_on_error(table)?;
    let lateral = std::mem::replace(&mut ps.level.lateral_active, true);
    let made = ps.of_kind(ParseExprKind::FromFunction, |ps| parts(ps, table));
    ps.level.lateral_active = lateral;
    let (made, columns) = made?;
    let function = TableFunc::Json(made);
    let lateral = table.lateral || function.expressions().into_iter().any(|expr| uses_level(expr, 0));
    ps.add_table_func(function, &columns, alias_of(table.alias.as_ref()), lateral, table.location)
}

fn check_on_error(table: &raw::JsonTable) -> Analyzed<()> {
    use raw::JsonBehaviorType as B;
    let Some(behavior) = table.on_error.as_deref() else { return Ok(()) };
    match B::try_from(behavior.btype) {
        Ok(B::JsonBehaviorError | B::JsonBehaviorEmpty | B::JsonBehaviorEmptyArray) => Ok(()),
        _ => Err(AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, "invalid ON ERROR behavior", behavior.location)
            .detail("Only EMPTY [ ARRAY ] or ERROR is allowed in the top-level ON ERROR clause.")),
    }
}

/// The names of paths that got none.
#[derive(Default)]
struct Invented {
    next: usize,
}

impl Invented {
    fn name_of(&mut self, path: &raw::JsonTablePathSpec) -> String {
        if !path.name.is_empty() {
            return path.name.clone();
        }
        let name = format!("json_table_path_{}", self.next);
        self.next += 1;
        name
    }
}

/// The table, and its columns in the order that its row has them.
fn parts(ps: &mut ParseState<'_>, table: &raw::JsonTable) -> Analyzed<(JsonTable, Vec<ColumnDefinition>)> {
    let path = table.pathspec.as_deref().ok_or_else(|| missing("path"))?;
    let mut invented = Invented::default();
    let name = invented.name_of(path);
    check_names(ps, &mut BTreeSet::from([name.clone()]), &table.columns)?;
    let usage =
        ValueUse { construct: CONSTRUCT, default_format: JsonFormatType::Jsonb, target: Oid::JSONB, passing: false };
    let document = transform_value(ps, table.context_item.as_deref(), &usage)?;
    let root = path_text(ps, path)?;
    let passing = transform_passing(ps, CONSTRUCT, &table.passing)?;
    let returning = JsonReturning { format: NO_FORMAT, ty: expr_type(&document), typmod: -1 };
    let on_error =
        transform_behavior(ps, table.on_error.as_deref(), JsonBehavior::EmptyArray, returning, Oid::INVALID)?;
    let mut work = Columns { table, document: expr_type(&document), invented, definitions: Vec::new() };
    let columns = work.of_path(ps, &table.columns)?;
    let made = JsonTable {
        document,
        root: JsonTablePath { path: root, name, columns },
        passing: passing.into_iter().map(|passing| (passing.name, passing.value)).collect(),
        on_error: Some(on_error),
    };
    Ok((made, work.definitions))
}

/// A path as jsonpath prints it.
fn path_text(ps: &mut ParseState<'_>, path: &raw::JsonTablePathSpec) -> Analyzed<String> {
    match transform_path(ps, path.string.as_deref())? {
        Expr::Const(value) => value.value.ok_or_else(|| missing("path")),
        _ => Err(missing("path")),
    }
}

fn table_column(node: &Node) -> Analyzed<&raw::JsonTableColumn> {
    match &node.node {
        Some(node::Node::JsonTableColumn(column)) => Ok(column),
        _ => Err(missing("column")),
    }
}

fn is_nested(column: &raw::JsonTableColumn) -> bool {
    raw::JsonTableColumnType::try_from(column.coltype) == Ok(raw::JsonTableColumnType::JtcNested)
}

/// Columns and paths share one space of names; follows `CheckDuplicateColumnOrPathNames`.
fn check_names(ps: &mut ParseState<'_>, taken: &mut BTreeSet<String>, columns: &[Node]) -> Analyzed<()> {
    for node in columns {
        let column = table_column(node)?;
        let nested = is_nested(column);
        let (name, location) = match column.pathspec.as_deref() {
            Some(path) if nested => (&path.name, path.name_location),
            _ => (&column.name, column.location),
        };
        if !name.is_empty() && !taken.insert(name.clone()) {
            return Err(AnalyzeError::rejected(
                sqlstate::DUPLICATE_ALIAS,
                format!("duplicate JSON_TABLE column or path name: {name}"),
                location,
            ));
        }
        if nested {
            descend(ps, column.location, |ps| check_names(ps, taken, &column.columns))?;
        }
    }
    Ok(())
}

/// `JsonTableParseContext`.
struct Columns<'r> {
    table: &'r raw::JsonTable,
    /// The type of the document.
    document: Oid,
    invented: Invented,
    definitions: Vec<ColumnDefinition>,
}

impl Columns<'_> {
    /// `transformJsonTableColumns` and, once the path's own columns are done, `transformJsonTableNestedColumns`.
    fn of_path(&mut self, ps: &mut ParseState<'_>, columns: &[Node]) -> Analyzed<Vec<JsonTableColumn>> {
        let mut made = Vec::with_capacity(columns.len());
        let mut numbered = false;
        for node in columns {
            let column = table_column(node)?;
            if !is_nested(column) {
                made.push(self.own(ps, column, &mut numbered)?);
            }
        }
        for node in columns {
            let column = table_column(node)?;
            if is_nested(column) {
                let path = column.pathspec.as_deref().ok_or_else(|| missing("path"))?;
                let name = self.invented.name_of(path);
                let inner = descend(ps, column.location, |ps| self.of_path(ps, &column.columns))?;
                let path = path_text(ps, path)?;
                made.push(JsonTableColumn::Nested(JsonTablePath { path, name, columns: inner }));
            }
        }
        Ok(made)
    }

    fn own(
        &mut self,
        ps: &mut ParseState<'_>,
        raw: &raw::JsonTableColumn,
        numbered: &mut bool,
    ) -> Analyzed<JsonTableColumn> {
        use raw::JsonTableColumnType as T;
        let op = match T::try_from(raw.coltype) {
            Ok(T::JtcForOrdinality) => {
                if std::mem::replace(numbered, true) {
                    return Err(AnalyzeError::rejected(
                        sqlstate::SYNTAX_ERROR,
                        "only one FOR ORDINALITY column is allowed",
                        raw.location,
                    ));
                }
                let definition = column(raw.name.clone(), Oid::INT4, -1, Oid::INVALID);
                self.definitions.push(definition.clone());
                return Ok(JsonTableColumn::Ordinality(definition));
            }
            Ok(T::JtcRegular) if has_query_options(raw) => JsonExprOp::Query,
            // refused where the function's result is looked at
            Ok(T::JtcRegular) if raw.type_name.as_ref().is_some_and(|name| name.setof) => JsonExprOp::Value,
            Ok(T::JtcRegular) => {
                let (ty, _) = type_name(ps, raw.type_name.as_ref())?;
                if is_composite(ps, ty) { JsonExprOp::Query } else { JsonExprOp::Value }
            }
            Ok(T::JtcFormatted) => JsonExprOp::Query,
            Ok(T::JtcExists) => JsonExprOp::Exists,
            Ok(T::JtcNested | T::Undefined) | Err(_) => return Err(missing("kind of column")),
        };
        let document = Expr::CaseTestExpr(CaseTestExpr { ty: self.document, typmod: -1, collation: Oid::INVALID });
        let mut value = column_function(ps, &function_of(raw, &self.table.passing), op, document)?;
        assign_expr_collations(ps.env, &mut value)?;
        let definition = column(raw.name.clone(), expr_type(&value), expr_typmod(&value), expr_collation(&value));
        self.definitions.push(definition.clone());
        Ok(JsonTableColumn::Value(definition, Box::new(value)))
    }
}

/// Whether `WRAPPER` or `QUOTES` say something, as only `JSON_QUERY` knows them.
fn has_query_options(raw: &raw::JsonTableColumn) -> bool {
    use raw::{JsonQuotes as Q, JsonWrapper as W};
    !matches!(Q::try_from(raw.quotes), Ok(Q::Undefined | Q::JsQuotesUnspec))
        || !matches!(W::try_from(raw.wrapper), Ok(W::Undefined | W::JswUnspec))
}

/// `isCompositeType`.
fn is_composite(ps: &ParseState<'_>, ty: Oid) -> bool {
    let base = ps.env.base_type(ty);
    matches!(base, Oid::JSON | Oid::JSONB | Oid::RECORD)
        || ps.env.element_type_of(base).is_some()
        || ps.env.type_by_oid(base).is_some_and(|row| row.kind == TypeKind::Composite)
}

/// `transformJsonTableColumn`: the function that a column stands for, all but its document.
fn function_of(raw: &raw::JsonTableColumn, passing: &[Node]) -> raw::JsonFuncExpr {
    let path = match raw.pathspec.as_deref() {
        Some(path) => path.string.clone(),
        None => {
            let sval = format!("$.{}", quoted_json(&raw.name));
            let val = Some(raw::a_const::Val::Sval(raw::String { sval }));
            Some(Box::new(Node { node: Some(node::Node::AConst(raw::AConst { isnull: false, location: -1, val })) }))
        }
    };
    raw::JsonFuncExpr {
        op: 0,
        column_name: raw.name.clone(),
        context_item: None,
        pathspec: path,
        passing: passing.to_vec(),
        output: Some(raw::JsonOutput {
            type_name: raw.type_name.clone(),
            returning: Some(raw::JsonReturning { format: raw.format, typid: 0, typmod: -1 }),
        }),
        on_empty: raw.on_empty.clone(),
        on_error: raw.on_error.clone(),
        wrapper: raw.wrapper,
        quotes: raw.quotes,
        location: raw.location,
    }
}
