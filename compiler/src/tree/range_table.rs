//! The range table of a query: relations, joins, subqueries, functions, `VALUES` and what else `FROM` can name, as
//! `parsenodes.h` (PG 18) has them. The invariants are those of [`Query`].

use super::{Expr, Oid, Query};

/// A name that a relation goes by, with names for its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The name.
    pub name: String,
    /// Names of the columns, fewer than there are or none where the user gave no more. In an `eref`, one for each column; that
    /// of a dropped column is empty.
    pub columns: Vec<String>,
}

/// An entry of the range table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeTblEntry {
    /// What it is.
    pub kind: RteKind,
    /// The alias that the user wrote.
    pub alias: Option<Alias>,
    /// The names that it and its columns go by in the query.
    pub eref: Alias,
    /// Whether `LATERAL` was written (or implied, for functions).
    pub lateral: bool,
    /// Whether it stands in `FROM`.
    pub in_from: bool,
}

/// What an entry of the range table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RteKind {
    /// A table, view or other relation.
    Relation(RelationRte),
    /// A subquery in `FROM`.
    Subquery(Box<Query>),
    /// A join.
    Join(JoinRte),
    /// Functions in `FROM`.
    Function(FunctionRte),
    /// `XMLTABLE` or `JSON_TABLE`.
    TableFunc(Box<TableFunc>),
    /// `VALUES` of several rows, or in `FROM`.
    Values(ValuesRte),
    /// A reference to a common table expression.
    Cte(CteRte),
    /// `old` or `new` of a rule, or another name without a relation behind it.
    NamedRelation(RelationRte),
}

/// A relation in the range table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationRte {
    /// Its identifier in the environment.
    pub oid: Oid,
    /// Whether its children count (no `ONLY`).
    pub inherits: bool,
    /// `TABLESAMPLE`.
    pub sample: Option<TableSample>,
}

/// `TABLESAMPLE method (arguments) REPEATABLE (seed)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSample {
    /// The method's function.
    pub handler: Oid,
    /// Its arguments.
    pub args: Vec<Expr>,
    /// The seed.
    pub repeatable: Option<Expr>,
}

/// The kinds of joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinType {
    /// `JOIN`, `CROSS JOIN`.
    Inner,
    /// `LEFT JOIN`.
    Left,
    /// `FULL JOIN`.
    Full,
    /// `RIGHT JOIN`.
    Right,
}

/// A join in the range table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRte {
    /// What kind.
    pub join_type: JoinType,
    /// How many of the first columns are merged by `USING` or `NATURAL`.
    pub merged_columns: usize,
    /// An expression for each column: a column of an input, or what merges two. None where a dropped column stood.
    pub alias_vars: Vec<Option<Expr>>,
    /// For each column, its number in the left input, 0 for none; as `joinleftcols`.
    pub left_columns: Vec<i16>,
    /// For each column, its number in the right input, 0 for none; as `joinrightcols`.
    pub right_columns: Vec<i16>,
    /// `USING (…) AS alias`.
    pub using_alias: Option<String>,
}

/// Functions in the range table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionRte {
    /// One, or several of `ROWS FROM`.
    pub functions: Vec<RangeTblFunction>,
    /// `WITH ORDINALITY`.
    pub ordinality: bool,
}

/// One function of a [`FunctionRte`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeTblFunction {
    /// The call.
    pub expr: Expr,
    /// How many columns it gives.
    pub column_count: usize,
    /// Its column definition list; empty when it needs none.
    pub definitions: Vec<ColumnDefinition>,
}

/// A column with a type, in a column definition list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Oid,
    /// Its type's modifier.
    pub typmod: i32,
    /// Its collation.
    pub collation: Oid,
}

/// `VALUES` in the range table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValuesRte {
    /// The rows.
    pub rows: Vec<Vec<Expr>>,
    /// Type, modifier and collation of each column; the name is empty.
    pub columns: Vec<ColumnDefinition>,
}

/// A reference to a common table expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CteRte {
    /// Its name.
    pub name: String,
    /// How many queries further out its `WITH` is.
    pub levels_up: u32,
    /// Whether it is the recursive reference in its own query.
    pub self_reference: bool,
    /// Name, type, modifier and collation of each column, those of `SEARCH` and `CYCLE` included.
    pub columns: Vec<ColumnDefinition>,
}

/// `XMLTABLE` or `JSON_TABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableFunc {
    /// `XMLTABLE`.
    Xml(XmlTable),
    /// `JSON_TABLE` (17).
    Json(JsonTable),
}

/// `XMLTABLE(…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlTable {
    /// `XMLNAMESPACES`: the address and its prefix, none for the default one.
    pub namespaces: Vec<(Option<String>, Expr)>,
    /// The document.
    pub document: Expr,
    /// The row expression.
    pub row: Expr,
    /// The columns.
    pub columns: Vec<XmlTableColumn>,
}

/// A column of an [`XmlTable`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlTableColumn {
    /// Name and type.
    pub definition: ColumnDefinition,
    /// `FOR ORDINALITY`.
    pub ordinality: bool,
    /// `PATH`.
    pub path: Option<Expr>,
    /// `DEFAULT`.
    pub default: Option<Expr>,
    /// `NOT NULL`.
    pub not_null: bool,
}

/// `JSON_TABLE(…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonTable {
    /// The document, brought to jsonb.
    pub document: Expr,
    /// The columns of the root and below.
    pub root: JsonTablePath,
    /// `PASSING`.
    pub passing: Vec<(String, Expr)>,
    /// The table's own `ON ERROR`.
    pub on_error: Option<super::JsonBehavior>,
}

/// The root of a `JSON_TABLE`, or a `NESTED PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonTablePath {
    /// The path, as jsonpath prints it.
    pub path: String,
    /// Its name, given or invented.
    pub name: String,
    /// Its columns, nested ones in their place.
    pub columns: Vec<JsonTableColumn>,
}

/// A column of a `JSON_TABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonTableColumn {
    /// `name FOR ORDINALITY`.
    Ordinality(ColumnDefinition),
    /// A value: the [`JsonExpr`](super::JsonExpr) that makes it.
    Value(ColumnDefinition, Box<Expr>),
    /// `NESTED PATH`.
    Nested(JsonTablePath),
}
