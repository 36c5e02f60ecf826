//! Aggregates: ordinary, ordered-set and hypothetical-set ones.

use serde::{Deserialize, Serialize};

use super::function::Parallel;
use super::{Argument, TypeText, is_false};
use crate::id::{QualifiedName, Routine};

/// An aggregate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// `aggkind`.
    #[serde(default, skip_serializing_if = "AggregateKind::is_default")]
    pub kind: AggregateKind,
    /// Every argument in order, direct ones first, of mode IN or VARIADIC and without defaults. Where a variadic argument is
    /// both the last direct and the last aggregated one, it is listed once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Argument>,
    /// How many of the arguments are direct (`aggnumdirectargs`); zero for ordinary aggregates.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub direct_arguments: u16,
    /// What it returns (`prorettype`), which follows from its functions.
    pub returns: TypeText,
    /// SFUNC, STYPE and what goes with them.
    pub state: AggregateState,
    /// MSFUNC, MSTYPE and what goes with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<MovingState>,
    /// COMBINEFUNC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combine: Option<Routine>,
    /// SERIALFUNC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serialize: Option<Routine>,
    /// DESERIALFUNC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deserialize: Option<Routine>,
    /// SORTOP: the schema and characters of an operator over the argument's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_operator: Option<QualifiedName>,
    /// `proparallel`.
    #[serde(default, skip_serializing_if = "Parallel::is_default")]
    pub parallel: Parallel,
}

/// How an aggregate goes from row to row and to its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AggregateState {
    /// SFUNC or MSFUNC.
    pub function: Routine,
    /// STYPE or MSTYPE.
    #[serde(rename = "type")]
    pub data_type: TypeText,
    /// SSPACE or MSSPACE, in bytes; zero leaves the estimate to the server.
    #[serde(default, skip_serializing_if = "is_none_given")]
    pub space: i32,
    /// INITCOND or MINITCOND, as written: it is read when the aggregate runs. An empty one is not the same as none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<String>,
    /// FINALFUNC or MFINALFUNC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_function: Option<Routine>,
    /// FINALFUNC_EXTRA or MFINALFUNC_EXTRA.
    #[serde(default, skip_serializing_if = "is_false")]
    pub final_extra: bool,
    /// FINALFUNC_MODIFY or MFINALFUNC_MODIFY.
    #[serde(default, skip_serializing_if = "FinalModify::is_default")]
    pub final_modify: FinalModify,
}

/// The moving-aggregate mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovingState {
    /// As for the plain mode.
    pub state: AggregateState,
    /// MINVFUNC.
    pub inverse: Routine,
}

/// `aggkind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AggregateKind {
    /// An ordinary aggregate.
    #[default]
    Normal,
    /// With WITHIN GROUP.
    OrderedSet,
    /// With WITHIN GROUP, and HYPOTHETICAL.
    HypotheticalSet,
}

impl AggregateKind {
    fn is_default(&self) -> bool {
        *self == Self::Normal
    }

    /// What a final function may do to the state when nothing is said.
    #[must_use]
    pub fn usual_modify(self) -> FinalModify {
        match self {
            Self::Normal => FinalModify::ReadOnly,
            Self::OrderedSet | Self::HypotheticalSet => FinalModify::ReadWrite,
        }
    }
}

/// `aggfinalmodify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinalModify {
    /// READ_ONLY.
    #[default]
    ReadOnly,
    /// SHAREABLE.
    Shareable,
    /// READ_WRITE.
    ReadWrite,
}

impl FinalModify {
    fn is_default(&self) -> bool {
        *self == Self::ReadOnly
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(value: &u16) -> bool {
    *value == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_none_given(value: &i32) -> bool {
    *value == 0
}
