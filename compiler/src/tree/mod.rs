//! The analysed expression tree: what parse analysis makes of a raw expression and what the printer reads.
//!
//! Mirrors PostgreSQL's `primnodes.h` node by node, as sum types. Every name is resolved (types, functions,
//! operators and collations are [`Oid`]s), every implicit coercion is a node of its own, nothing is folded.
//!
//! Invariants:
//! - [`Oid::INVALID`] means "none" exactly where it does in PostgreSQL (collations above all).
//! - A [`Const`] holds the text that the output function of its type prints, never the text that the user wrote.
//! - A [`Location`] is for errors only: it takes no part in what is equal, and is not printed.
//!
//! Aggregates, window functions, subqueries and whole queries are in `query`: no default, check, index, domain, trigger
//! condition or partition bound may contain one.

mod json;
mod location;
mod nodefuncs;
mod nodes;
mod query;
mod query_walk;
mod range_table;
mod renumber;
mod walk;

pub use crate::env::Oid;
pub use json::*;
pub use location::{Location, expr_location, list_location};
pub use nodefuncs::{
    expr_collation, expr_input_collation, expr_is_length_coercion, expr_set_collation, expr_set_input_collation,
    expr_type, expr_typmod, strip_implicit_coercions,
};
pub use nodes::*;
pub use query::*;
pub use range_table::*;
pub use renumber::{Places, Renumbering, with_column_names};
pub use walk::{on_stack_for, on_stack_for_query};

/// An analysed expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A column, system column or whole row of a relation.
    Var(Var),
    /// A literal value.
    Const(Const),
    /// A numbered parameter (`$1`).
    Param(Param),
    /// A subscripted container: `a[1]`, `a[1:2]`, `j['k']`.
    SubscriptingRef(SubscriptingRef),
    /// A function call, or a cast done by a function.
    FuncExpr(FuncExpr),
    /// A named argument of a function call.
    NamedArgExpr(NamedArgExpr),
    /// An operator with one or two operands.
    OpExpr(OpExpr),
    /// `a IS DISTINCT FROM b`; the operator is the type's `=`.
    DistinctExpr(OpExpr),
    /// `NULLIF(a, b)`; the operator is the type's `=`.
    NullIfExpr(OpExpr),
    /// `a op ANY (array)` or `a op ALL (array)`.
    ScalarArrayOpExpr(ScalarArrayOpExpr),
    /// `AND`, `OR`, `NOT`.
    BoolExpr(BoolExpr),
    /// A field of a composite value.
    FieldSelect(FieldSelect),
    /// A binary-compatible cast.
    RelabelType(RelabelType),
    /// A cast through the output and input functions.
    CoerceViaIO(CoerceViaIO),
    /// A cast of an array, element by element.
    ArrayCoerceExpr(ArrayCoerceExpr),
    /// A cast of a row of a child table to its parent's row type.
    ConvertRowtypeExpr(ConvertRowtypeExpr),
    /// `a COLLATE c`.
    CollateExpr(CollateExpr),
    /// `CASE … END`.
    CaseExpr(CaseExpr),
    /// The operand of a simple `CASE`, or the element in an [`ArrayCoerceExpr`].
    CaseTestExpr(CaseTestExpr),
    /// `ARRAY[…]`.
    ArrayExpr(ArrayExpr),
    /// `ROW(…)`.
    RowExpr(RowExpr),
    /// `ROW(…) < ROW(…)`.
    RowCompareExpr(RowCompareExpr),
    /// `COALESCE(…)`.
    CoalesceExpr(CoalesceExpr),
    /// `GREATEST(…)` or `LEAST(…)`.
    MinMaxExpr(MinMaxExpr),
    /// `CURRENT_DATE` and its like.
    SqlValueFunction(SqlValueFunction),
    /// The SQL/XML constructors and `IS DOCUMENT`.
    XmlExpr(XmlExpr),
    /// An input of an SQL/JSON function with its format.
    JsonValueExpr(JsonValueExpr),
    /// `JSON_OBJECT(…)`, `JSON_ARRAY(…)`, `JSON(…)` …
    JsonConstructorExpr(JsonConstructorExpr),
    /// `a IS JSON`.
    JsonIsPredicate(JsonIsPredicate),
    /// `JSON_EXISTS`, `JSON_QUERY`, `JSON_VALUE`.
    JsonExpr(JsonExpr),
    /// `a IS NULL`.
    NullTest(NullTest),
    /// `a IS TRUE` and its like.
    BooleanTest(BooleanTest),
    /// A cast to a domain, which checks its constraints.
    CoerceToDomain(CoerceToDomain),
    /// `VALUE` in a domain's check.
    CoerceToDomainValue(CoerceToDomainValue),
    /// An aggregate call.
    Aggref(Box<Aggref>),
    /// `GROUPING(…)`.
    GroupingFunc(GroupingFunc),
    /// A call of a window function.
    WindowFunc(Box<WindowFunc>),
    /// A subquery.
    SubLink(SubLink),
    /// A column of a subquery, in what it is compared by.
    SubLinkOutput(SubLinkOutput),
    /// A column of `UPDATE … SET (…) = (SELECT …)`.
    MultiAssignment(MultiAssignment),
    /// Assignment to fields of a composite column.
    FieldStore(FieldStore),
    /// Assignment to elements of an array column.
    SubscriptAssignment(Box<SubscriptAssignment>),
    /// `DEFAULT` in `VALUES` or `SET`.
    SetToDefault(SetToDefault),
    /// `merge_action()` (17).
    MergeSupportFunc,
}
