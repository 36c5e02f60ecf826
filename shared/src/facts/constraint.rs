//! Constraints of tables.

use serde::{Deserialize, Serialize};

use super::{Enabled, Expression, IndexKey, IndexStorage, is_false, is_true, is_zero, yes};
use crate::id::{Name, QualifiedName};

/// A table's constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// What it demands.
    pub is: ConstraintKind,
    /// DEFERRABLE.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deferrable: bool,
    /// INITIALLY DEFERRED.
    #[serde(default, skip_serializing_if = "is_false")]
    pub initially_deferred: bool,
    /// False for NOT VALID.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub validated: bool,
    /// False for NOT ENFORCED (18 and later).
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub enforced: bool,
    /// `conislocal`: defined here, not only inherited.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub is_local: bool,
    /// `coninhcount`: how many parents it comes from.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub inherit_count: u32,
    /// The constraint of the partitioned table that it is a part of (`conparentid`): that table and the constraint's name.
    /// (Keys and foreign keys; checks and not-nulls inherit by name.)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<(QualifiedName, Name)>,
    /// The triggers by which the server keeps it (a foreign key, or a deferrable key) that do not fire as usual, in order: what
    /// `ALTER TABLE … DISABLE TRIGGER ALL` leaves. No schema says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switched: Vec<SwitchedTrigger>,
}

/// A trigger of the server's own that does not fire as usual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchedTrigger {
    /// The table that it is on: the constraint's, or the one that a foreign key references, or a partition of that.
    pub table: QualifiedName,
    /// The function in `pg_catalog` that it calls, which is what tells it from its siblings: its name holds an OID.
    pub function: Name,
    /// `tgenabled`.
    pub enabled: Enabled,
}

impl Constraint {
    /// What its index has besides the definition; none for a constraint without an index.
    #[must_use]
    pub fn index(&self) -> Option<&IndexStorage> {
        match &self.is {
            ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => Some(&key.index),
            ConstraintKind::Exclusion(exclusion) => Some(&exclusion.index),
            ConstraintKind::ForeignKey(_) | ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => None,
        }
    }

    /// As [`Self::index`], to be changed.
    pub fn index_mut(&mut self) -> Option<&mut IndexStorage> {
        match &mut self.is {
            ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => Some(&mut key.index),
            ConstraintKind::Exclusion(exclusion) => Some(&mut exclusion.index),
            ConstraintKind::ForeignKey(_) | ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => None,
        }
    }
}

/// `contype`, with what belongs to each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintKind {
    /// PRIMARY KEY.
    PrimaryKey(KeyConstraint),
    /// UNIQUE.
    Unique(KeyConstraint),
    /// FOREIGN KEY.
    ForeignKey(ForeignKey),
    /// CHECK.
    Check(Check),
    /// EXCLUDE.
    Exclusion(Exclusion),
    /// NOT NULL (18 and later).
    NotNull(NotNull),
}

/// PRIMARY KEY or UNIQUE; the index has the constraint's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConstraint {
    /// In order.
    pub columns: Vec<Name>,
    /// INCLUDE columns, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Name>,
    /// NULLS NOT DISTINCT (15 and later).
    #[serde(default, skip_serializing_if = "is_false")]
    pub nulls_not_distinct: bool,
    /// WITHOUT OVERLAPS on the last column (18 and later).
    #[serde(default, skip_serializing_if = "is_false")]
    pub without_overlaps: bool,
    /// The index's keys, only when they are not what the constraint alone would give (a key made with USING INDEX whose
    /// collation or operator class is special).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_keys: Option<Vec<IndexKey>>,
    /// What its index has besides.
    #[serde(default, skip_serializing_if = "IndexStorage::is_default")]
    pub index: IndexStorage,
}

/// FOREIGN KEY.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    /// Referencing columns.
    pub columns: Vec<Name>,
    /// The referenced table.
    pub references: QualifiedName,
    /// Referenced columns, pairwise.
    pub referenced_columns: Vec<Name>,
    /// MATCH. (Which of several fitting indexes of the referenced table it leans on is the server's choice and no part of the
    /// fact; the edges of a snapshot name it.)
    #[serde(default, skip_serializing_if = "MatchType::is_default")]
    pub match_type: MatchType,
    /// ON UPDATE.
    #[serde(default, skip_serializing_if = "ForeignKeyAction::is_default")]
    pub on_update: ForeignKeyAction,
    /// ON DELETE.
    #[serde(default, skip_serializing_if = "ForeignKeyAction::is_default")]
    pub on_delete: ForeignKeyAction,
    /// ON DELETE SET … (columns), 15 and later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_delete_columns: Vec<Name>,
    /// PERIOD on the last column (18 and later).
    #[serde(default, skip_serializing_if = "is_false")]
    pub period: bool,
}

/// `confmatchtype`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchType {
    /// MATCH SIMPLE.
    #[default]
    Simple,
    /// MATCH FULL.
    Full,
    /// MATCH PARTIAL, which no server has implemented.
    Partial,
}

impl MatchType {
    fn is_default(&self) -> bool {
        *self == Self::Simple
    }
}

/// `confupdtype`, `confdeltype`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignKeyAction {
    /// NO ACTION.
    #[default]
    NoAction,
    /// RESTRICT.
    Restrict,
    /// CASCADE.
    Cascade,
    /// SET NULL.
    SetNull,
    /// SET DEFAULT.
    SetDefault,
}

impl ForeignKeyAction {
    fn is_default(&self) -> bool {
        *self == Self::NoAction
    }
}

/// CHECK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// `pg_get_expr(conbin, conrelid)`.
    pub expression: Expression,
    /// NO INHERIT.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_inherit: bool,
}

/// EXCLUDE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// The access method.
    pub method: Name,
    /// In order.
    pub elements: Vec<ExclusionElement>,
    /// INCLUDE columns, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Name>,
    /// WHERE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<Expression>,
    /// What its index has besides.
    #[serde(default, skip_serializing_if = "IndexStorage::is_default")]
    pub index: IndexStorage,
}

/// One element of EXCLUDE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExclusionElement {
    /// What is indexed.
    pub key: IndexKey,
    /// The operator, qualified unless it is in `pg_catalog`: `=`, `&&`, `OPERATOR(app.===)`.
    pub operator: String,
}

/// NOT NULL as a constraint of its own (18 and later).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotNull {
    /// The column.
    pub column: Name,
    /// NO INHERIT.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_inherit: bool,
}
