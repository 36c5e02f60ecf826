//! Views and materialized views.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CollationName, ColumnStorage, Expression, TablespaceName, TypeText};
use crate::id::Name;

/// A view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// What it shows, in order: a view's columns are positional.
    pub columns: Vec<ViewColumn>,
    /// `pg_get_viewdef(oid)` without the semicolon at its end, printed under an empty search path.
    pub query: Expression,
    /// WITH (…): `reloptions`, values as stored; WITH CHECK OPTION is `check_option` here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// A column of a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewColumn {
    /// Its name.
    pub name: Name,
    /// Its type, with modifier.
    #[serde(rename = "type")]
    pub data_type: TypeText,
    /// Only when it differs from the type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<CollationName>,
    /// ALTER VIEW … ALTER COLUMN … SET DEFAULT, as `pg_get_expr` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
}

/// A materialized view. Whether it holds rows already is no part of the fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterializedView {
    /// What it holds, in order.
    pub columns: Vec<MaterializedViewColumn>,
    /// `pg_get_viewdef(oid)` without the semicolon at its end, printed under an empty search path.
    pub query: Expression,
    /// WITH (…): `reloptions`, those of the TOAST table with `toast.` in front, values as stored.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Only when it is not `heap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_method: Option<Name>,
    /// Only when it is not the database's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<TablespaceName>,
}

/// A column of a materialized view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterializedViewColumn {
    /// Its name.
    pub name: Name,
    /// Its type, with modifier.
    #[serde(rename = "type")]
    pub data_type: TypeText,
    /// Only when it differs from the type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<CollationName>,
    /// Only when it differs from the type's (`typstorage`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<ColumnStorage>,
    /// `pglz` or `lz4`, only when set on the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<Name>,
    /// SET STATISTICS, only when set on the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<i32>,
    /// `attoptions` (`n_distinct`, `n_distinct_inherited`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}
