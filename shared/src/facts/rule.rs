//! Rewrite rules.

use serde::{Deserialize, Serialize};

use super::trigger::Enabled;
use super::{Expression, is_false};

/// A rule of a table or a view, besides the one that makes a view a view.
///
/// Its texts are parts of what `pg_get_ruledef` prints under an empty search path, without blanks around them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// ON.
    pub event: RuleEvent,
    /// DO INSTEAD.
    #[serde(default, skip_serializing_if = "is_false")]
    pub instead: bool,
    /// WHERE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Expression>,
    /// What it does, in order; none for NOTHING.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Expression>,
    /// `ev_enabled`.
    #[serde(default, skip_serializing_if = "Enabled::is_default")]
    pub enabled: Enabled,
}

/// `ev_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleEvent {
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
}
