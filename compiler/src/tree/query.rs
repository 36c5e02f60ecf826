//! Analysed queries, as `parsenodes.h` (PG 18) has them after parse analysis.
//!
//! Invariants:
//! - The range table is numbered from 1; a [`Var`](super::Var) with `levels_up` 0 refers to it, one with n to the range table of
//!   the n-th query further out.
//! - A join is an entry of the range table too, with its columns as expressions over the inputs; a merged column of `USING`
//!   is a [`Var`](super::Var) of the join only where no input column stands for it, as in PostgreSQL.
//! - Grouped expressions stand in the target list as they were written: the range table entry that PG 18 makes for a GROUP BY
//!   is not modelled, as its printer takes it out again.
//! - An `INSERT ... SELECT` has its source as a subquery in the range table; several rows of VALUES are an entry of it.

use super::{Alias, ColumnDefinition, Expr, JoinType, Location, Oid, RangeTblEntry};

/// What a query does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandType {
    /// `SELECT`, `VALUES`, `TABLE`.
    Select,
    /// `UPDATE`.
    Update,
    /// `INSERT`.
    Insert,
    /// `DELETE`.
    Delete,
    /// `MERGE`.
    Merge,
    /// `NOTIFY`, the one utility statement that a rule may hold.
    Notify,
    /// `DO NOTHING` in a rule or a `MERGE` arm.
    Nothing,
}

impl Query {
    /// A query that does nothing yet.
    #[must_use]
    pub fn new(command: CommandType) -> Self {
        Self {
            command,
            result_relation: 0,
            has_aggs: false,
            has_recursive: false,
            ctes: Vec::new(),
            rtable: Vec::new(),
            jointree: FromExpr::default(),
            target_list: Vec::new(),
            overriding: Overriding::NotSet,
            on_conflict: None,
            returning: Vec::new(),
            returning_old_alias: None,
            returning_new_alias: None,
            group_clause: Vec::new(),
            group_distinct: false,
            grouping_sets: Vec::new(),
            having: None,
            windows: Vec::new(),
            distinct_clause: Vec::new(),
            has_distinct_on: false,
            sort_clause: Vec::new(),
            limit_offset: None,
            limit_count: None,
            limit_option: LimitOption::Count,
            row_marks: Vec::new(),
            set_operations: None,
            merge_actions: Vec::new(),
            merge_condition: None,
            notify: None,
            is_return: false,
            constraint_deps: Vec::new(),
        }
    }
}

/// An analysed query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What it does.
    pub command: CommandType,
    /// Position of the table that is written, 0 for none.
    pub result_relation: u32,
    /// Whether it computes aggregates.
    pub has_aggs: bool,
    /// Whether its `WITH` is `RECURSIVE`.
    pub has_recursive: bool,
    /// `WITH`.
    pub ctes: Vec<CommonTableExpr>,
    /// The range table.
    pub rtable: Vec<RangeTblEntry>,
    /// `FROM` and `WHERE`.
    pub jointree: FromExpr,
    /// The target list, junk entries last.
    pub target_list: Vec<TargetEntry>,
    /// `OVERRIDING` of an `INSERT`.
    pub overriding: Overriding,
    /// `ON CONFLICT` of an `INSERT`.
    pub on_conflict: Option<Box<OnConflict>>,
    /// `RETURNING`; empty for none.
    pub returning: Vec<TargetEntry>,
    /// `RETURNING WITH (OLD AS …)` (18).
    pub returning_old_alias: Option<String>,
    /// `RETURNING WITH (NEW AS …)` (18).
    pub returning_new_alias: Option<String>,
    /// `GROUP BY`.
    pub group_clause: Vec<SortGroupClause>,
    /// `GROUP BY DISTINCT`.
    pub group_distinct: bool,
    /// `GROUPING SETS` and their like; empty for a plain `GROUP BY`.
    pub grouping_sets: Vec<GroupingSet>,
    /// `HAVING`.
    pub having: Option<Expr>,
    /// `WINDOW` and the windows written in place, in the order of their numbers (from 1).
    pub windows: Vec<WindowClause>,
    /// `DISTINCT` or `DISTINCT ON`; empty for none.
    pub distinct_clause: Vec<SortGroupClause>,
    /// Whether it is `DISTINCT ON`.
    pub has_distinct_on: bool,
    /// `ORDER BY`.
    pub sort_clause: Vec<SortGroupClause>,
    /// `OFFSET`.
    pub limit_offset: Option<Expr>,
    /// `LIMIT`.
    pub limit_count: Option<Expr>,
    /// `LIMIT` or `FETCH FIRST … WITH TIES`.
    pub limit_option: LimitOption,
    /// `FOR UPDATE` and its like; those pushed down into subqueries included, as [`RowMark::pushed_down`].
    pub row_marks: Vec<RowMark>,
    /// The tree of set operations, over subqueries of the range table.
    pub set_operations: Option<Box<SetOperationStmt>>,
    /// The arms of a `MERGE`.
    pub merge_actions: Vec<MergeAction>,
    /// The join condition of a `MERGE` (on all majors, wherever that major keeps it).
    pub merge_condition: Option<Expr>,
    /// The name and payload of a `NOTIFY`.
    pub notify: Option<(String, Option<String>)>,
    /// Whether it was written `RETURN expression`, as the body of a function.
    pub is_return: bool,
    /// The primary keys, by table and name of the constraint, that make ungrouped columns depend on grouped ones.
    pub constraint_deps: Vec<(Oid, String)>,
}

/// `OVERRIDING` of an `INSERT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overriding {
    /// Not given.
    #[default]
    NotSet,
    /// `OVERRIDING USER VALUE`.
    UserValue,
    /// `OVERRIDING SYSTEM VALUE`.
    SystemValue,
}

/// How `LIMIT` was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitOption {
    /// `LIMIT n`, `FETCH FIRST n ROWS ONLY`.
    #[default]
    Count,
    /// `FETCH FIRST n ROWS WITH TIES`.
    WithTies,
}

/// `FROM` with `WHERE`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FromExpr {
    /// What stands between the commas.
    pub items: Vec<FromItem>,
    /// `WHERE`.
    pub quals: Option<Expr>,
}

/// An item of `FROM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromItem {
    /// The entry of the range table at that position.
    Entry(u32),
    /// A join.
    Join(Box<JoinExpr>),
}

/// A join in `FROM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinExpr {
    /// What kind.
    pub join_type: JoinType,
    /// `NATURAL`.
    pub natural: bool,
    /// Left input.
    pub left: FromItem,
    /// Right input.
    pub right: FromItem,
    /// `USING`, or the columns that `NATURAL` found; none without either. An empty list is a `NATURAL` join that found none.
    pub using: Option<Vec<String>>,
    /// `USING (…) AS alias`.
    pub using_alias: Option<String>,
    /// `ON`, or what `USING` amounts to; none for a cross join.
    pub quals: Option<Expr>,
    /// The alias of the whole join.
    pub alias: Option<Alias>,
    /// Its position in the range table.
    pub rtindex: u32,
}

/// An entry of a target list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetEntry {
    /// The expression.
    pub expr: Expr,
    /// Its position: of the result, or of the column that is written.
    pub resno: i16,
    /// Its name; none for junk.
    pub name: Option<String>,
    /// What sort and group clauses call it, 0 for none.
    pub sort_group_ref: u32,
    /// Whether it is not part of the result.
    pub junk: bool,
    /// The relation and column number that it plainly is, invalid for none (`resorigtbl`).
    pub origin: Option<(Oid, i16)>,
}

/// An expression of the target list in `ORDER BY`, `GROUP BY`, `DISTINCT` or a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortGroupClause {
    /// The target's [`TargetEntry::sort_group_ref`].
    pub target: u32,
    /// The equality operator.
    pub eq_op: Oid,
    /// The ordering operator, invalid when it cannot be sorted.
    pub sort_op: Oid,
    /// `DESC` (18 keeps it apart from the operator; set on every major).
    pub reverse: bool,
    /// `NULLS FIRST`, given or by default.
    pub nulls_first: bool,
}

/// An element of `GROUP BY` with grouping sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupingSet {
    /// `()`.
    Empty,
    /// One or several expressions, by their target.
    Simple(Vec<u32>),
    /// `ROLLUP (…)`.
    Rollup(Vec<GroupingSet>),
    /// `CUBE (…)`.
    Cube(Vec<GroupingSet>),
    /// `GROUPING SETS (…)`.
    Sets(Vec<GroupingSet>),
}

/// A window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowClause {
    /// Its name; none when it was written in place.
    pub name: Option<String>,
    /// The window that it starts from.
    pub ref_name: Option<String>,
    /// `PARTITION BY`, that of the window it starts from included.
    pub partition: Vec<SortGroupClause>,
    /// `ORDER BY`, that of the window it starts from included.
    pub order: Vec<SortGroupClause>,
    /// The frame, none where nothing was written.
    pub frame: Option<WindowFrame>,
    /// Whether `ORDER BY` is that of the window it starts from.
    pub copied_order: bool,
}

/// The frame of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowFrame {
    /// `RANGE`, `ROWS` or `GROUPS`.
    pub mode: FrameMode,
    /// Whether `BETWEEN` was written.
    pub between: bool,
    /// Where it starts.
    pub start: FrameBound,
    /// Where it ends.
    pub end: FrameBound,
    /// `EXCLUDE`.
    pub exclude: FrameExclusion,
}

/// What a frame counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameMode {
    /// `RANGE`.
    Range,
    /// `ROWS`.
    Rows,
    /// `GROUPS`.
    Groups,
}

/// An end of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameBound {
    /// `UNBOUNDED PRECEDING`.
    UnboundedPreceding,
    /// `expression PRECEDING`.
    Preceding(Expr),
    /// `CURRENT ROW`.
    CurrentRow,
    /// `expression FOLLOWING`.
    Following(Expr),
    /// `UNBOUNDED FOLLOWING`.
    UnboundedFollowing,
}

/// `EXCLUDE` of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FrameExclusion {
    /// Not given, or `NO OTHERS`.
    #[default]
    NoOthers,
    /// `CURRENT ROW`.
    CurrentRow,
    /// `GROUP`.
    Group,
    /// `TIES`.
    Ties,
}

/// `FOR UPDATE` and its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowMark {
    /// Position of the relation.
    pub rtindex: u32,
    /// How strong.
    pub strength: LockStrength,
    /// What to do about rows that are locked.
    pub wait: LockWait,
    /// Whether it came from an outer query, and is not printed.
    pub pushed_down: bool,
}

/// How strongly rows are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockStrength {
    /// `FOR KEY SHARE`.
    KeyShare,
    /// `FOR SHARE`.
    Share,
    /// `FOR NO KEY UPDATE`.
    NoKeyUpdate,
    /// `FOR UPDATE`.
    Update,
}

/// What to do about rows that are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockWait {
    /// Wait.
    Block,
    /// `SKIP LOCKED`.
    Skip,
    /// `NOWAIT`.
    Error,
}

/// A set operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetOperationStmt {
    /// Which.
    pub op: SetOperation,
    /// `ALL`.
    pub all: bool,
    /// Left side.
    pub left: SetOperand,
    /// Right side.
    pub right: SetOperand,
    /// Type, modifier and collation of each column of the result; the name is empty.
    pub columns: Vec<ColumnDefinition>,
    /// How equal rows are found; empty for `UNION ALL`. There is no target behind them.
    pub group_clauses: Vec<SortGroupClause>,
}

/// The set operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOperation {
    /// `UNION`.
    Union,
    /// `INTERSECT`.
    Intersect,
    /// `EXCEPT`.
    Except,
}

/// A side of a set operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetOperand {
    /// The subquery at that position of the range table.
    Entry(u32),
    /// Another set operation.
    Nested(Box<SetOperationStmt>),
}

/// A common table expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonTableExpr {
    /// Its name.
    pub name: String,
    /// The names of columns that the user gave.
    pub alias_columns: Vec<String>,
    /// `MATERIALIZED` or `NOT MATERIALIZED`.
    pub materialized: CteMaterialize,
    /// Its query.
    pub query: Box<Query>,
    /// `SEARCH`.
    pub search: Option<CteSearch>,
    /// `CYCLE`.
    pub cycle: Option<CteCycle>,
    /// Name, type, modifier and collation of each column of the query, those of `SEARCH` and `CYCLE` left out.
    pub columns: Vec<ColumnDefinition>,
    /// Whether it refers to itself.
    pub recursive: bool,
}

/// `MATERIALIZED` of a common table expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CteMaterialize {
    /// Not given.
    #[default]
    Default,
    /// `MATERIALIZED`.
    Always,
    /// `NOT MATERIALIZED`.
    Never,
}

/// `SEARCH BREADTH | DEPTH FIRST BY columns SET column`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CteSearch {
    /// The columns to order by.
    pub columns: Vec<String>,
    /// Whether breadth comes first.
    pub breadth_first: bool,
    /// The column that it adds.
    pub sequence_column: String,
}

/// `CYCLE columns SET column TO value DEFAULT value USING column`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CteCycle {
    /// The columns that tell a cycle.
    pub columns: Vec<String>,
    /// The column that marks one.
    pub mark_column: String,
    /// What it holds on a cycle.
    pub mark_value: Expr,
    /// What it holds elsewhere.
    pub mark_default: Expr,
    /// The column of the path.
    pub path_column: String,
}

/// `ON CONFLICT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnConflict {
    /// What is done.
    pub action: OnConflictAction,
    /// The columns or expressions that conflict.
    pub elements: Vec<InferenceElem>,
    /// The predicate of a partial index.
    pub arbiter_where: Option<Expr>,
    /// `ON CONSTRAINT`: its name.
    pub constraint: Option<String>,
    /// Position of `excluded` in the range table, 0 for none.
    pub excluded_relation: u32,
}

/// What `ON CONFLICT` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnConflictAction {
    /// `DO NOTHING`.
    Nothing,
    /// `DO UPDATE SET … WHERE …`.
    Update(Vec<TargetEntry>, Option<Expr>),
}

/// A column or expression of `ON CONFLICT (…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InferenceElem {
    /// The expression.
    pub expr: Expr,
    /// `COLLATE`, invalid for none.
    pub collation: Oid,
    /// The operator class, invalid for none.
    pub opclass: Oid,
}

/// An arm of a `MERGE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeAction {
    /// Which rows it is for.
    pub matched: MergeMatch,
    /// What is done: update, insert, delete or nothing.
    pub command: CommandType,
    /// `OVERRIDING` of an insert.
    pub overriding: Overriding,
    /// `AND condition`.
    pub condition: Option<Expr>,
    /// What is written.
    pub target_list: Vec<TargetEntry>,
}

/// Which rows an arm of a `MERGE` is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeMatch {
    /// `WHEN MATCHED`.
    Matched,
    /// `WHEN NOT MATCHED BY SOURCE` (17).
    NotMatchedBySource,
    /// `WHEN NOT MATCHED`, `WHEN NOT MATCHED BY TARGET`.
    NotMatchedByTarget,
}

/// An aggregate call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggref {
    /// The aggregate.
    pub funcid: Oid,
    /// Type of the result.
    pub result_type: Oid,
    /// Collation of the result.
    pub collation: Oid,
    /// Collation that it works with.
    pub input_collation: Oid,
    /// Types of its arguments, direct ones first, as declared after polymorphism was resolved.
    pub arg_types: Vec<Oid>,
    /// The direct arguments of an ordered-set aggregate.
    pub direct_args: Vec<Expr>,
    /// The arguments, and the sort expressions that are none, as junk.
    pub args: Vec<TargetEntry>,
    /// `ORDER BY` or `WITHIN GROUP`.
    pub order: Vec<SortGroupClause>,
    /// `DISTINCT`.
    pub distinct: Vec<SortGroupClause>,
    /// `FILTER`.
    pub filter: Option<Box<Expr>>,
    /// `count(*)`.
    pub star: bool,
    /// `VARIADIC` was written, or its last arguments were gathered into one array.
    pub variadic: bool,
    /// What sort of aggregate it is.
    pub kind: crate::env::AggregateKind,
    /// How many queries further out it belongs.
    pub levels_up: u32,
    /// Where it was written.
    pub location: Location,
}

/// `GROUPING(…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupingFunc {
    /// The expressions, each one of the `GROUP BY`.
    pub args: Vec<Expr>,
    /// Their targets' sort-group references.
    pub refs: Vec<u32>,
    /// How many queries further out it belongs.
    pub levels_up: u32,
    /// Where it was written.
    pub location: Location,
}

/// A call of a window function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowFunc {
    /// The function.
    pub funcid: Oid,
    /// Type of the result.
    pub result_type: Oid,
    /// Collation of the result.
    pub collation: Oid,
    /// Collation that it works with.
    pub input_collation: Oid,
    /// The arguments.
    pub args: Vec<Expr>,
    /// `FILTER`.
    pub filter: Option<Box<Expr>>,
    /// Number of its window, from 1.
    pub window: u32,
    /// `(*)`.
    pub star: bool,
    /// Whether it is an aggregate.
    pub aggregate: bool,
    /// Where it was written.
    pub location: Location,
}

/// What a subquery in an expression is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubLinkKind {
    /// `EXISTS (…)`.
    Exists,
    /// `(…)` for one value.
    Expr,
    /// `ARRAY (…)`.
    Array,
    /// `UPDATE … SET (a, b) = (SELECT …)`; its number, from 1.
    MultiExpr(i32),
    /// `test op ANY (…)`, `IN`: the comparisons, over [`Expr::SubLinkOutput`](super::Expr), and the operator's name as written.
    Any(Box<Expr>, Vec<String>),
    /// `test op ALL (…)`.
    All(Box<Expr>, Vec<String>),
    /// `row op (…)`.
    RowCompare(Box<Expr>, Vec<String>),
}

/// A subquery in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubLink {
    /// What it is for.
    pub kind: SubLinkKind,
    /// The subquery.
    pub query: Box<Query>,
    /// Type of the whole: boolean for the kinds that test something.
    pub result_type: Oid,
    /// Its modifier.
    pub typmod: i32,
    /// Its collation.
    pub collation: Oid,
    /// Where it was written.
    pub location: Location,
}

/// A column of the subquery of a [`SubLink`], in its comparisons (a parameter in PostgreSQL).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubLinkOutput {
    /// Which column, from 1.
    pub column: i32,
    /// Type.
    pub ty: Oid,
    /// Type modifier.
    pub typmod: i32,
    /// Collation.
    pub collation: Oid,
}

/// A column of the result of a [`SubLinkKind::MultiExpr`], assigned in an `UPDATE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultiAssignment {
    /// The subquery's number, from 1.
    pub sublink: i32,
    /// Which column, from 1.
    pub column: i32,
    /// Where the value was written.
    pub location: Location,
    /// Type.
    pub ty: Oid,
    /// Type modifier.
    pub typmod: i32,
    /// Collation.
    pub collation: Oid,
}

/// Assignment to fields of a composite column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldStore {
    /// The composite value.
    pub arg: Box<Expr>,
    /// New values.
    pub new_values: Vec<Expr>,
    /// The attribute numbers and names that they are for.
    pub fields: Vec<(i16, String)>,
    /// Type of the whole.
    pub result_type: Oid,
}

/// Assignment to elements of an array column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptAssignment {
    /// The place, as it would be fetched.
    pub place: super::SubscriptingRef,
    /// The new value.
    pub value: Box<Expr>,
}

/// `DEFAULT` in `VALUES` or `SET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetToDefault {
    /// Type of the column.
    pub ty: Oid,
    /// Its modifier.
    pub typmod: i32,
    /// Its collation.
    pub collation: Oid,
    /// Where it was written.
    pub location: Location,
}

/// `old.…` or `new.…` in `RETURNING` (18), around what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VarReturning {
    /// Neither.
    #[default]
    Default,
    /// `old`.
    Old,
    /// `new`.
    New,
}
