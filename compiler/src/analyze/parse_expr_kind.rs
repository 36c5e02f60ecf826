//! The places where an expression can stand, and what each of them forbids.

use super::error::{AnalyzeError, sqlstate};

/// Where an expression stands; follows `ParseExprKind`, parse_node.h (PG 18), for the places that
/// belong to a schema's definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseExprKind {
    /// A table's `CHECK`.
    CheckConstraint,
    /// A domain's `CHECK`.
    DomainCheck,
    /// A column's `DEFAULT`.
    ColumnDefault,
    /// The default of a function's argument.
    FunctionDefault,
    /// An expression of an index.
    IndexExpression,
    /// The `WHERE` of an index.
    IndexPredicate,
    /// An expression of extended statistics.
    StatsExpression,
    /// `ALTER COLUMN … TYPE … USING`.
    AlterColTransform,
    /// A trigger's `WHEN`.
    TriggerWhen,
    /// A value of a partition's bound.
    PartitionBound,
    /// An expression of a partition key.
    PartitionExpression,
    /// A generated column's expression.
    GeneratedColumn,
    /// A policy's `USING` or `WITH CHECK`.
    Policy,
}

impl ParseExprKind {
    /// The place as messages about aggregates, window and set-returning functions name it.
    #[must_use]
    pub fn in_plural(self) -> &'static str {
        match self {
            Self::CheckConstraint | Self::DomainCheck => "check constraints",
            Self::ColumnDefault | Self::FunctionDefault => "DEFAULT expressions",
            Self::IndexExpression => "index expressions",
            Self::IndexPredicate => "index predicates",
            Self::StatsExpression => "statistics expressions",
            Self::AlterColTransform => "transform expressions",
            Self::TriggerWhen => "trigger WHEN conditions",
            Self::PartitionBound => "partition bound",
            Self::PartitionExpression => "partition key expressions",
            Self::GeneratedColumn => "column generation expressions",
            Self::Policy => "policy expressions",
        }
    }

    /// The place as messages about subqueries name it.
    #[must_use]
    pub fn in_singular(self) -> &'static str {
        match self {
            Self::CheckConstraint | Self::DomainCheck => "check constraint",
            Self::ColumnDefault | Self::FunctionDefault => "DEFAULT expression",
            Self::IndexExpression => "index expression",
            Self::IndexPredicate => "index predicate",
            Self::StatsExpression => "statistics expression",
            Self::AlterColTransform => "transform expression",
            Self::TriggerWhen => "trigger WHEN condition",
            Self::PartitionBound => "partition bound",
            Self::PartitionExpression => "partition key expression",
            Self::GeneratedColumn => "column generation expression",
            Self::Policy => "policy expression",
        }
    }

    /// The refusal of a set-returning function; follows `check_srf_call_placement`.
    #[must_use]
    pub fn refuse_set(self, location: i32) -> AnalyzeError {
        AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            format!("set-returning functions are not allowed in {}", self.in_plural()),
            location,
        )
    }

    /// The refusal of an aggregate; follows `check_agglevels_and_constraints`.
    #[must_use]
    pub fn refuse_aggregate(self, location: i32) -> AnalyzeError {
        AnalyzeError::rejected(
            sqlstate::GROUPING_ERROR,
            format!("aggregate functions are not allowed in {}", self.in_plural()),
            location,
        )
    }

    /// The refusal of a window function; follows `transformWindowFuncCall`.
    #[must_use]
    pub fn refuse_window(self, location: i32) -> AnalyzeError {
        AnalyzeError::rejected(
            sqlstate::WINDOWING_ERROR,
            format!("window functions are not allowed in {}", self.in_plural()),
            location,
        )
    }

    /// The refusal of `GROUPING`.
    #[must_use]
    pub fn refuse_grouping(self, location: i32) -> AnalyzeError {
        AnalyzeError::rejected(
            sqlstate::GROUPING_ERROR,
            format!("grouping operations are not allowed in {}", self.in_plural()),
            location,
        )
    }

    /// The refusal of a subquery; follows `transformSubLink`. A policy may hold one, which is not
    /// covered yet.
    #[must_use]
    pub fn refuse_subquery(self, location: i32) -> AnalyzeError {
        if self == Self::Policy {
            return AnalyzeError::unsupported(
                "unsupported.expression.subquery",
                "a subquery in a policy expression",
                location,
            );
        }
        AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            format!("cannot use subquery in {}", self.in_singular()),
            location,
        )
    }

    /// The refusal of a column, where none may be named; follows `transformColumnRef`.
    #[must_use]
    pub fn refuse_column(self, location: i32) -> Option<AnalyzeError> {
        let place = match self {
            Self::ColumnDefault => "DEFAULT expression",
            Self::PartitionBound => "partition bound expression",
            _ => return None,
        };
        Some(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            format!("cannot use column reference in {place}"),
            location,
        ))
    }
}
