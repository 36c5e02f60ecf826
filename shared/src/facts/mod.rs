//! Typed payloads, one file per kind or family of kinds.
//!
//! Everything in a payload is part of the fingerprint, so nothing in it may depend on physical history (attribute numbers,
//! OIDs, dropped columns). Types are texts as `format_type` prints them under an empty search path (`character varying(20)`,
//! `app.mood[]`); expressions are texts as `pg_get_expr` prints them (not pretty) under an empty search path. A property at its
//! default is left out of the JSON.

mod aggregate;
mod column;
mod constraint;
mod function;
mod index;
mod policy;
mod rule;
mod sequence;
mod table;
mod trigger;
mod types;
mod view;

use serde::{Deserialize, Serialize};

pub use aggregate::{Aggregate, AggregateKind, AggregateState, FinalModify, MovingState};
pub use column::{Column, ColumnStorage, Default, Generated, GeneratedKind, Identity, IdentityKind};
pub use constraint::{
    Check, Constraint, ConstraintKind, Exclusion, ExclusionElement, ForeignKey, ForeignKeyAction, KeyConstraint,
    MatchType, NotNull, SwitchedTrigger,
};
pub use function::{Argument, ArgumentMode, Body, Function, Parallel, RoutineKind, Volatility};
pub use index::{Index, IndexKey, IndexStorage, KeyTarget, NullsOrder, SortOrder};
pub use policy::{Policy, PolicyCommand};
pub use rule::{Rule, RuleEvent};
pub use sequence::{Sequence, SequenceOptions};
pub use table::{Partition, PartitionKey, PartitionKeyPart, PartitionStrategy, Persistence, ReplicaIdentity, Table};
pub use trigger::{ConstraintTrigger, Enabled, Trigger, TriggerEvent, TriggerLevel, TriggerTiming};
pub use types::{Attribute, Composite, Domain, DomainConstraint, Enum, Extension, Range, Schema};
pub use view::{MaterializedView, MaterializedViewColumn, View, ViewColumn};

use crate::id::{Kind, Name, QualifiedName};

/// A type as `format_type` prints it under an empty search path, with its modifier.
pub type TypeText = String;

/// A set-or-not property, left out of the JSON when it does not hold.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

#[allow(clippy::trivially_copy_pass_by_ref)]
pub(crate) fn is_true(value: &bool) -> bool {
    *value
}

#[allow(clippy::trivially_copy_pass_by_ref)]
pub(crate) fn is_zero(value: &u32) -> bool {
    *value == 0
}

pub(crate) fn yes() -> bool {
    true
}

/// An expression as `pg_get_expr` prints it, not pretty, under an empty search path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expression(pub String);

impl Expression {
    /// The printed text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A comment's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    /// Never empty: an empty comment is no comment.
    pub text: String,
}

/// What a fact says. The variant always agrees with the kind of the fact's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// A schema.
    Schema(Schema),
    /// An installed extension.
    Extension(Extension),
    /// An enum type.
    Enum(Enum),
    /// A domain.
    Domain(Domain),
    /// A domain's check constraint.
    DomainConstraint(DomainConstraint),
    /// A composite type.
    Composite(Composite),
    /// A range type.
    Range(Range),
    /// A sequence.
    Sequence(Sequence),
    /// A table.
    Table(Table),
    /// A column.
    Column(Column),
    /// A column's default.
    Default(Default),
    /// A table's constraint.
    Constraint(Constraint),
    /// An index.
    Index(Index),
    /// A function.
    Function(Function),
    /// A procedure.
    Procedure(Function),
    /// An aggregate.
    Aggregate(Box<Aggregate>),
    /// A trigger.
    Trigger(Trigger),
    /// A row security policy.
    Policy(Policy),
    /// A rewrite rule.
    Rule(Rule),
    /// A view.
    View(View),
    /// A materialized view.
    MaterializedView(MaterializedView),
    /// A comment.
    Comment(Comment),
}

impl Payload {
    /// Whether a fact of a kind may say this: the payload is of that kind, or a trigger's or rule's, which those of views have
    /// too.
    #[must_use]
    pub fn fits(&self, kind: Kind) -> bool {
        self.kind() == Self::kind_for(kind)
    }

    /// The kind that the payloads of facts of a kind belong to; [`Kind::word`] says how JSON has it.
    pub(crate) fn kind_for(kind: Kind) -> Kind {
        match kind {
            Kind::ViewTrigger => Kind::Trigger,
            Kind::ViewRule => Kind::Rule,
            kind => kind,
        }
    }

    /// The kind that the payload belongs to.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Schema(_) => Kind::Schema,
            Self::Extension(_) => Kind::Extension,
            Self::Enum(_) => Kind::Enum,
            Self::Domain(_) => Kind::Domain,
            Self::DomainConstraint(_) => Kind::DomainConstraint,
            Self::Composite(_) => Kind::Composite,
            Self::Range(_) => Kind::Range,
            Self::Sequence(_) => Kind::Sequence,
            Self::Table(_) => Kind::Table,
            Self::Column(_) => Kind::Column,
            Self::Default(_) => Kind::Default,
            Self::Constraint(_) => Kind::Constraint,
            Self::Index(_) => Kind::Index,
            Self::Function(_) => Kind::Function,
            Self::Procedure(_) => Kind::Procedure,
            Self::Aggregate(_) => Kind::Aggregate,
            Self::Trigger(_) => Kind::Trigger,
            Self::Policy(_) => Kind::Policy,
            Self::Rule(_) => Kind::Rule,
            Self::View(_) => Kind::View,
            Self::MaterializedView(_) => Kind::MaterializedView,
            Self::Comment(_) => Kind::Comment,
        }
    }
}

/// A collation that differs from its type's own, by name.
pub type CollationName = QualifiedName;

/// A tablespace that is not the database's default, by name.
pub type TablespaceName = Name;
