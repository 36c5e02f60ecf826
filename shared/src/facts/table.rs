//! Tables: plain, partitioned, partitions, inheriting, typed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CollationName, Expression, TablespaceName, is_false};
use crate::id::{Name, QualifiedName};

/// `relpersistence`, without temporary, which no snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Persistence {
    /// Logged.
    #[default]
    Permanent,
    /// UNLOGGED.
    Unlogged,
}

impl Persistence {
    fn is_default(&self) -> bool {
        *self == Self::Permanent
    }
}

/// A table without its columns, constraints, defaults, indexes and triggers, which are facts of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Logged or not.
    #[serde(default, skip_serializing_if = "Persistence::is_default")]
    pub persistence: Persistence,
    /// PARTITION BY.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<PartitionKey>,
    /// PARTITION OF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<Partition>,
    /// INHERITS, in order. Never set together with `partition_of`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<QualifiedName>,
    /// OF: the composite type of a typed table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_type: Option<QualifiedName>,
    /// WITH (…): `reloptions`, those of the toast table with the prefix `toast.`; values as stored.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Only when it is not `heap`. Partitioned tables have one from 17 on, when it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_method: Option<Name>,
    /// Only when it is not the database's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<TablespaceName>,
    /// REPLICA IDENTITY.
    #[serde(default, skip_serializing_if = "ReplicaIdentity::is_default")]
    pub replica_identity: ReplicaIdentity,
    /// ENABLE ROW LEVEL SECURITY.
    #[serde(default, skip_serializing_if = "is_false")]
    pub row_security: bool,
    /// FORCE ROW LEVEL SECURITY.
    #[serde(default, skip_serializing_if = "is_false")]
    pub force_row_security: bool,
}

/// `relreplident`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaIdentity {
    /// The primary key.
    #[default]
    Default,
    /// The whole row.
    Full,
    /// Nothing.
    Nothing,
    /// The index of that name (in the table's schema).
    Index(Name),
}

impl ReplicaIdentity {
    fn is_default(&self) -> bool {
        *self == Self::Default
    }
}

/// What rows are distributed by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionKey {
    /// LIST, RANGE or HASH.
    pub strategy: PartitionStrategy,
    /// In order.
    pub parts: Vec<PartitionKeyPart>,
}

/// `partstrat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartitionStrategy {
    /// LIST.
    List,
    /// RANGE.
    Range,
    /// HASH.
    Hash,
}

/// One column or expression of a partition key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionKeyPart {
    /// A column's name or an expression.
    pub target: super::KeyTarget,
    /// Only when it differs from the column's or expression's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<CollationName>,
    /// Only when it is not the type's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opclass: Option<QualifiedName>,
}

/// What makes a table a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// The partitioned table.
    pub parent: QualifiedName,
    /// `pg_get_expr(relpartbound, oid)`: `FOR VALUES …` or `DEFAULT`.
    pub bound: Expression,
}
