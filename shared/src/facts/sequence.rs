//! Sequences, and the options that they share with identity columns.

use serde::{Deserialize, Serialize};

use super::{TypeText, is_false};
use crate::id::FactId;

/// What a sequence counts (`pg_sequence`), every value as stored, defaults written out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceOptions {
    /// `smallint`, `integer` or `bigint`.
    #[serde(rename = "type")]
    pub data_type: TypeText,
    /// START.
    pub start: i64,
    /// INCREMENT BY.
    pub increment: i64,
    /// MINVALUE.
    pub min: i64,
    /// MAXVALUE.
    pub max: i64,
    /// CACHE.
    pub cache: i64,
    /// CYCLE.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cycle: bool,
}

/// A sequence that is not an identity column's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// What it counts.
    pub options: SequenceOptions,
    /// UNLOGGED (15 and later).
    #[serde(default, skip_serializing_if = "is_false")]
    pub unlogged: bool,
    /// OWNED BY: a column of a table or a view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<FactId>,
}

impl Sequence {
    /// The fact that it goes with: a column, or the view that has it, since columns of views are no facts.
    #[must_use]
    pub fn owner(&self) -> Option<FactId> {
        self.owned_by.as_ref().map(|owner| match owner {
            FactId::ViewColumn(..) => owner.object(),
            other => other.clone(),
        })
    }
}
