//! The places where an expression can stand, and what each of them forbids.

use super::error::{AnalyzeError, sqlstate};

/// Where an expression stands; follows `ParseExprKind`, parse_node.h (PG 18).
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
    /// A place that forbids nothing.
    Other,
    /// `JOIN … ON`.
    JoinOn,
    /// `JOIN … USING`.
    JoinUsing,
    /// A subquery in `FROM`.
    FromSubselect,
    /// A function in `FROM`.
    FromFunction,
    /// `WHERE`.
    Where,
    /// `HAVING`.
    Having,
    /// `FILTER`.
    Filter,
    /// `PARTITION BY` of a window.
    WindowPartition,
    /// `ORDER BY` of a window.
    WindowOrder,
    /// An offset of a window's `RANGE` frame.
    WindowFrameRange,
    /// An offset of a window's `ROWS` frame.
    WindowFrameRows,
    /// An offset of a window's `GROUPS` frame.
    WindowFrameGroups,
    /// The target list of a `SELECT`.
    SelectTarget,
    /// The target list of an `INSERT`.
    InsertTarget,
    /// A value that an `UPDATE` assigns.
    UpdateSource,
    /// A subscript of what an `UPDATE` assigns to.
    UpdateTarget,
    /// A condition of a `MERGE`.
    MergeWhen,
    /// `GROUP BY`.
    GroupBy,
    /// `ORDER BY`.
    OrderBy,
    /// `DISTINCT ON`.
    DistinctOn,
    /// `LIMIT`.
    Limit,
    /// `OFFSET`.
    Offset,
    /// `RETURNING` of anything but a `MERGE`.
    Returning,
    /// `RETURNING` of a `MERGE`.
    MergeReturning,
    /// `VALUES` of several rows.
    Values,
    /// `VALUES` of an `INSERT` with a single row.
    ValuesSingle,
    /// A value of a `CYCLE` clause.
    CycleMark,
}

/// What is placed, as far as messages differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placed {
    Aggregate,
    Window,
    Set,
}

impl ParseExprKind {
    /// The place as messages about aggregates, window and set-returning functions name it, none where they may stand.
    fn forbids(self, what: Placed) -> Option<&'static str> {
        Some(match self {
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
            Self::JoinOn | Self::JoinUsing => "JOIN conditions",
            Self::FromSubselect if what == Placed::Aggregate => "FROM clause of their own query level",
            Self::FromFunction if what != Placed::Set => "functions in FROM",
            Self::WindowPartition | Self::WindowOrder if what == Placed::Window => "window definitions",
            Self::WindowFrameRange if what == Placed::Aggregate => "window RANGE",
            Self::WindowFrameRows if what == Placed::Aggregate => "window ROWS",
            Self::WindowFrameGroups if what == Placed::Aggregate => "window GROUPS",
            Self::WindowFrameRange | Self::WindowFrameRows | Self::WindowFrameGroups => "window definitions",
            Self::MergeWhen => "MERGE WHEN conditions",
            Self::Having if what == Placed::Aggregate => return None,
            Self::InsertTarget | Self::GroupBy | Self::ValuesSingle if what == Placed::Set => return None,
            Self::FromSubselect
            | Self::Where
            | Self::Having
            | Self::Filter
            | Self::InsertTarget
            | Self::UpdateSource
            | Self::UpdateTarget
            | Self::GroupBy
            | Self::Limit
            | Self::Offset
            | Self::Returning
            | Self::MergeReturning
            | Self::Values
            | Self::ValuesSingle
            | Self::CycleMark => self.name(),
            Self::Other
            | Self::FromFunction
            | Self::WindowPartition
            | Self::WindowOrder
            | Self::SelectTarget
            | Self::OrderBy
            | Self::DistinctOn => return None,
        })
    }

    /// The place by its keyword; follows `ParseExprKindName`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CheckConstraint | Self::DomainCheck => "CHECK",
            Self::ColumnDefault | Self::FunctionDefault => "DEFAULT",
            Self::IndexExpression => "index expression",
            Self::IndexPredicate => "index predicate",
            Self::StatsExpression => "statistics expression",
            Self::AlterColTransform => "USING",
            Self::TriggerWhen => "WHEN",
            Self::PartitionBound => "partition bound",
            Self::PartitionExpression => "PARTITION BY",
            Self::GeneratedColumn => "GENERATED AS",
            Self::Policy => "POLICY",
            Self::Other => "expression",
            Self::JoinOn => "JOIN/ON",
            Self::JoinUsing => "JOIN/USING",
            Self::FromSubselect => "sub-SELECT in FROM",
            Self::FromFunction => "function in FROM",
            Self::Where => "WHERE",
            Self::Having => "HAVING",
            Self::Filter => "FILTER",
            Self::WindowPartition => "window PARTITION BY",
            Self::WindowOrder => "window ORDER BY",
            Self::WindowFrameRange => "window RANGE",
            Self::WindowFrameRows => "window ROWS",
            Self::WindowFrameGroups => "window GROUPS",
            Self::SelectTarget => "SELECT",
            Self::InsertTarget => "INSERT",
            Self::UpdateSource | Self::UpdateTarget => "UPDATE",
            Self::MergeWhen => "MERGE WHEN",
            Self::GroupBy => "GROUP BY",
            Self::OrderBy => "ORDER BY",
            Self::DistinctOn => "DISTINCT ON",
            Self::Limit => "LIMIT",
            Self::Offset => "OFFSET",
            Self::Returning | Self::MergeReturning => "RETURNING",
            Self::Values | Self::ValuesSingle => "VALUES",
            Self::CycleMark => "CYCLE",
        }
    }

    /// The place as messages about subqueries name it, none where they may stand.
    fn forbids_subquery(self) -> Option<&'static str> {
        Some(match self {
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
            Self::Policy
            | Self::Other
            | Self::JoinOn
            | Self::JoinUsing
            | Self::FromSubselect
            | Self::FromFunction
            | Self::Where
            | Self::Having
            | Self::Filter
            | Self::WindowPartition
            | Self::WindowOrder
            | Self::WindowFrameRange
            | Self::WindowFrameRows
            | Self::WindowFrameGroups
            | Self::SelectTarget
            | Self::InsertTarget
            | Self::UpdateSource
            | Self::UpdateTarget
            | Self::MergeWhen
            | Self::GroupBy
            | Self::OrderBy
            | Self::DistinctOn
            | Self::Limit
            | Self::Offset
            | Self::Returning
            | Self::MergeReturning
            | Self::Values
            | Self::ValuesSingle
            | Self::CycleMark => return None,
        })
    }

    /// The refusal of a set-returning function; follows `check_srf_call_placement`.
    #[must_use]
    pub fn refuse_set(self, location: i32) -> Option<AnalyzeError> {
        self.forbids(Placed::Set).map(|place| {
            AnalyzeError::rejected(
                sqlstate::FEATURE_NOT_SUPPORTED,
                format!("set-returning functions are not allowed in {place}"),
                location,
            )
        })
    }

    /// The refusal of an aggregate; follows `check_agglevels_and_constraints`.
    #[must_use]
    pub fn refuse_aggregate(self, location: i32) -> Option<AnalyzeError> {
        self.forbids(Placed::Aggregate).map(|place| {
            AnalyzeError::rejected(
                sqlstate::GROUPING_ERROR,
                format!("aggregate functions are not allowed in {place}"),
                location,
            )
        })
    }

    /// The refusal of a window function; follows `transformWindowFuncCall`.
    #[must_use]
    pub fn refuse_window(self, location: i32) -> Option<AnalyzeError> {
        self.forbids(Placed::Window).map(|place| {
            AnalyzeError::rejected(
                sqlstate::WINDOWING_ERROR,
                format!("window functions are not allowed in {place}"),
                location,
            )
        })
    }

    /// The refusal of `GROUPING`.
    #[must_use]
    pub fn refuse_grouping(self, location: i32) -> Option<AnalyzeError> {
        self.forbids(Placed::Aggregate).map(|place| {
            AnalyzeError::rejected(
                sqlstate::GROUPING_ERROR,
                format!("grouping operations are not allowed in {place}"),
                location,
            )
        })
    }

    /// The refusal of a subquery; follows `transformSubLink`.
    #[must_use]
    pub fn refuse_subquery(self, location: i32) -> Option<AnalyzeError> {
        self.forbids_subquery().map(|place| {
            AnalyzeError::rejected(sqlstate::FEATURE_NOT_SUPPORTED, format!("cannot use subquery in {place}"), location)
        })
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
