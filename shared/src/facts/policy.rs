//! Row security policies.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Expression, is_false};
use crate::id::Name;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// FOR.
    #[serde(default, skip_serializing_if = "PolicyCommand::is_default")]
    pub command: PolicyCommand,
    /// AS RESTRICTIVE.
    #[serde(default, skip_serializing_if = "is_false")]
    pub restrictive: bool,
    /// TO: the roles that it is for; none means PUBLIC, all of them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<Name>,
    /// USING, as `pg_get_expr` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using: Option<Expression>,
    /// WITH CHECK, as `pg_get_expr` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Expression>,
}

/// `polcmd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyCommand {
    /// ALL.
    #[default]
    All,
    /// SELECT.
    Select,
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
}

impl PolicyCommand {
    fn is_default(&self) -> bool {
        *self == Self::All
    }
}
