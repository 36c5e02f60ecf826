//! Triggers.

use serde::{Deserialize, Serialize};

use super::{Expression, is_false};
use crate::id::{Name, QualifiedName, Routine};

/// A trigger that is not internal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// BEFORE, AFTER or INSTEAD OF.
    pub timing: TriggerTiming,
    /// In the order INSERT, DELETE, UPDATE, TRUNCATE.
    pub events: Vec<TriggerEvent>,
    /// UPDATE OF, in order of declaration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub update_of: Vec<Name>,
    /// FOR EACH.
    pub level: TriggerLevel,
    /// WHEN, as `pg_get_triggerdef` prints it inside its parentheses (`old` and `new` qualify).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expression>,
    /// What it calls.
    pub function: Routine,
    /// String arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// REFERENCING OLD TABLE AS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_table: Option<Name>,
    /// REFERENCING NEW TABLE AS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_table: Option<Name>,
    /// CREATE CONSTRAINT TRIGGER.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<ConstraintTrigger>,
    /// `tgenabled`.
    #[serde(default, skip_serializing_if = "Enabled::is_default")]
    pub enabled: Enabled,
    /// It is the copy on a partition of its parent's trigger of the same name (`tgparentid`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub cloned: bool,
}

/// What a constraint trigger has besides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstraintTrigger {
    /// DEFERRABLE.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deferrable: bool,
    /// INITIALLY DEFERRED.
    #[serde(default, skip_serializing_if = "is_false")]
    pub initially_deferred: bool,
    /// FROM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<QualifiedName>,
}

/// When it fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerTiming {
    /// BEFORE.
    Before,
    /// AFTER.
    After,
    /// INSTEAD OF.
    InsteadOf,
}

/// What it fires on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerEvent {
    /// INSERT.
    Insert,
    /// DELETE.
    Delete,
    /// UPDATE.
    Update,
    /// TRUNCATE.
    Truncate,
}

/// FOR EACH.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerLevel {
    /// ROW.
    Row,
    /// STATEMENT.
    Statement,
}

/// `tgenabled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enabled {
    /// ENABLE.
    #[default]
    Origin,
    /// DISABLE.
    Disabled,
    /// ENABLE REPLICA.
    Replica,
    /// ENABLE ALWAYS.
    Always,
}

impl Enabled {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::Origin
    }
}
