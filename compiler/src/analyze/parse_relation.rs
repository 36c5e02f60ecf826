//! The relations in scope and what their columns are called.
//!
//! Follows the parts of parse_relation.c (PG 18) that serve one or two relations without joins:
//! a table under its own name, or `old` and `new` of a trigger.

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_expr_kind::ParseExprKind;
use super::parse_node::ParseState;
use crate::env::{ColumnRow, Oid, RelationKind, RelationRow};
use crate::tree::{Expr, Var};

/// A relation whose columns can be named.
#[derive(Debug, Clone)]
pub struct NamespaceItem<'a> {
    /// The relation.
    pub relation: &'a RelationRow,
    /// Its position in the range table, from 1.
    pub varno: u32,
    /// The name that it goes by.
    pub refname: String,
    /// Whether it goes by an alias, so that no schema can qualify it.
    pub aliased: bool,
    /// Whether its columns can be named without it.
    pub columns_visible: bool,
}

impl<'a> NamespaceItem<'a> {
    /// A table under its own name.
    #[must_use]
    pub fn table(relation: &'a RelationRow) -> Self {
        Self { relation, varno: 1, refname: relation.name.as_str().to_owned(), aliased: false, columns_visible: true }
    }

    /// `old` (1) and `new` (2) of a trigger.
    #[must_use]
    pub fn trigger_rows(relation: &'a RelationRow) -> [Self; 2] {
        [(1, "old"), (2, "new")].map(|(varno, name)| Self {
            relation,
            varno,
            refname: name.to_owned(),
            aliased: true,
            columns_visible: true,
        })
    }

    fn var(&self, column: &ColumnRow) -> Expr {
        Expr::Var(Var {
            varno: self.varno,
            attno: column.number,
            name: column.name.as_str().to_owned(),
            ty: column.type_oid,
            typmod: column.typmod,
            collation: column.collation,
            levels_up: 0,
            returning: crate::tree::VarReturning::Default,
            syntactic: crate::tree::Syntactic::default(),
        })
    }

    /// The row as a whole; follows `makeWholeRowVar`.
    pub(super) fn whole_row(&self) -> Expr {
        let ty = self.relation.row_type.valid().unwrap_or(Oid::RECORD);
        Expr::Var(Var {
            varno: self.varno,
            attno: 0,
            name: self.refname.clone(),
            ty,
            typmod: -1,
            collation: Oid::INVALID,
            levels_up: 0,
            returning: crate::tree::VarReturning::Default,
            syntactic: crate::tree::Syntactic::default(),
        })
    }

    /// Every column, as `expandNSItemVars` gives them.
    pub(super) fn all_columns(&self) -> Vec<Expr> {
        self.relation.columns.iter().map(|c| self.var(c)).collect()
    }
}

/// The column of that name of one relation; follows `scanNSItemForColumn`.
pub(super) fn scan_item_for_column(
    ps: &ParseState<'_>,
    item: &NamespaceItem<'_>,
    name: &str,
    location: i32,
) -> Analyzed<Option<Expr>> {
    if let Some(column) = item.relation.column(name) {
        return Ok(Some(item.var(column)));
    }
    if item.relation.kind == RelationKind::CompositeType {
        return Ok(None);
    }
    let Some(column) = ps.env.system_column(name) else {
        return Ok(None);
    };
    const TABLE_OID: i16 = -6;
    if column.number != TABLE_OID {
        let message = match ps.kind {
            ParseExprKind::CheckConstraint => {
                Some(format!("system column \"{name}\" reference in check constraint is invalid"))
            }
            ParseExprKind::GeneratedColumn => {
                Some(format!("cannot use system column \"{name}\" in column generation expression"))
            }
            _ => None,
        };
        if let Some(message) = message {
            return Err(AnalyzeError::rejected(sqlstate::INVALID_COLUMN_REFERENCE, message, location));
        }
    }
    Ok(Some(item.var(&column)))
}

/// The column that a bare name means; follows `colNameToVar`.
pub(super) fn column_by_name(ps: &ParseState<'_>, name: &str, location: i32) -> Analyzed<Option<Expr>> {
    let mut found = None;
    for item in ps.namespace.iter().filter(|i| i.columns_visible) {
        if let Some(var) = scan_item_for_column(ps, item, name, location)? {
            if found.is_some() {
                return Err(AnalyzeError::rejected(
                    sqlstate::AMBIGUOUS_COLUMN,
                    format!("column reference \"{name}\" is ambiguous"),
                    location,
                ));
            }
            found = Some(var);
        }
    }
    Ok(found)
}

/// The relation that a name means; follows `refnameNamespaceItem`.
pub(super) fn item_by_name<'s, 'a>(
    ps: &'s ParseState<'a>,
    schema: Option<&str>,
    name: &str,
) -> Option<&'s NamespaceItem<'a>> {
    ps.namespace.iter().find(|item| match schema {
        None => item.refname == name,
        Some(schema) => !item.aliased && item.relation.name.as_str() == name && item.relation.schema.as_str() == schema,
    })
}

/// The relation that a whole-row variable stands for.
pub(super) fn item_by_varno<'s, 'a>(ps: &'s ParseState<'a>, varno: u32) -> Option<&'s NamespaceItem<'a>> {
    ps.namespace.iter().find(|item| item.varno == varno)
}

/// `column … does not exist`; follows `errorMissingColumn`.
pub(super) fn missing_column(relation: Option<&str>, column: &str, location: i32) -> AnalyzeError {
    let message = match relation {
        Some(relation) => format!("column {relation}.{column} does not exist"),
        None => format!("column \"{column}\" does not exist"),
    };
    AnalyzeError::rejected(sqlstate::UNDEFINED_COLUMN, message, location)
}

/// `missing FROM-clause entry …`; follows `errorMissingRTE`.
pub(super) fn missing_relation(relation: &str, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(
        sqlstate::UNDEFINED_TABLE,
        format!("missing FROM-clause entry for table \"{relation}\""),
        location,
    )
}
