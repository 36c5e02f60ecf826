//! Indexes, and what constraints that own an index share with them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CollationName, Expression, TablespaceName, is_false, is_true, yes};
use crate::id::{Name, QualifiedName};

/// An index that no constraint owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The table it is on.
    pub table: QualifiedName,
    /// The access method: `btree`, `gin` …
    pub method: Name,
    /// Key columns and expressions, in order.
    pub keys: Vec<IndexKey>,
    /// INCLUDE columns, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Name>,
    /// UNIQUE.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unique: bool,
    /// NULLS NOT DISTINCT (15 and later).
    #[serde(default, skip_serializing_if = "is_false")]
    pub nulls_not_distinct: bool,
    /// WHERE: `pg_get_expr(indpred, indrelid)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<Expression>,
    /// Options, tablespace, clustering, validity.
    #[serde(default, skip_serializing_if = "IndexStorage::is_default")]
    pub storage: IndexStorage,
    /// The partitioned index that it is attached to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached_to: Option<QualifiedName>,
}

/// What an index has besides its definition; constraints that own an index have it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexStorage {
    /// WITH (…): `reloptions`, values as stored.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Only when it is not the database's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<TablespaceName>,
    /// The table is CLUSTERed on it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub clustered: bool,
    /// `indisvalid`: false after a failed concurrent build, and on a partitioned index until every partition's is attached.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub valid: bool,
    /// ALTER COLUMN n SET STATISTICS of expression keys: key number (from 1) to target.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub statistics: BTreeMap<u16, i32>,
    /// What COMMENT ON INDEX says of a constraint's index, which is another than the constraint's comment. (The comment of an
    /// index that no constraint owns is a fact of its own.)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Default for IndexStorage {
    fn default() -> Self {
        Self {
            options: BTreeMap::new(),
            tablespace: None,
            clustered: false,
            valid: true,
            statistics: BTreeMap::new(),
            comment: None,
        }
    }
}

impl IndexStorage {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a key of an index or of a partition key is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyTarget {
    /// A column.
    Column(Name),
    /// An expression, as `pg_get_indexdef(index, n, false)` or `pg_get_partkeydef` print it without their outer parentheses
    /// (that is, `pg_get_expr`).
    Expression(Expression),
}

/// One key of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexKey {
    /// A column or an expression.
    pub target: KeyTarget,
    /// Only when it differs from the column's or expression's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<CollationName>,
    /// Only when it is not the type's default for the method, or has options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opclass: Option<QualifiedName>,
    /// The operator class's options.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub opclass_options: BTreeMap<String, String>,
    /// ASC or DESC.
    #[serde(default, skip_serializing_if = "SortOrder::is_default")]
    pub order: SortOrder,
    /// Only when it is not the order's default (LAST for ASC, FIRST for DESC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nulls: Option<NullsOrder>,
}

/// The direction of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// ASC.
    #[default]
    Ascending,
    /// DESC.
    Descending,
}

impl SortOrder {
    fn is_default(&self) -> bool {
        *self == Self::Ascending
    }
}

/// Where nulls go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullsOrder {
    /// NULLS FIRST.
    First,
    /// NULLS LAST.
    Last,
}
