//! The SQL/JSON nodes: constructors and `IS JSON` (16+), query functions (17+).

use super::{Expr, Location, Oid};

/// Encoding named in a `FORMAT` clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonEncoding {
    /// Not named.
    Default,
    /// `UTF8`
    Utf8,
    /// `UTF16`
    Utf16,
    /// `UTF32`
    Utf32,
}

/// Kind of a `FORMAT` clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFormatType {
    /// Not named.
    Default,
    /// `FORMAT JSON`
    Json,
    /// What `RETURNING jsonb` implies.
    Jsonb,
}

/// A `FORMAT` clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonFormat {
    /// Kind.
    pub format_type: JsonFormatType,
    /// Encoding.
    pub encoding: JsonEncoding,
}

/// A `RETURNING` clause, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonReturning {
    /// Format.
    pub format: JsonFormat,
    /// Type, invalid when there is none to print.
    pub ty: Oid,
    /// Type modifier.
    pub typmod: i32,
}

/// An input value with its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonValueExpr {
    /// As the user wrote it.
    pub raw: Box<Expr>,
    /// Coerced to json or jsonb.
    pub formatted: Box<Expr>,
    /// Format.
    pub format: JsonFormat,
}

/// Which constructor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonConstructorType {
    /// `JSON_OBJECT(k : v, …)`
    Object,
    /// `JSON_ARRAY(v, …)`
    Array,
    /// `JSON(text)` (17+)
    Parse,
    /// `JSON_SCALAR(v)` (17+)
    Scalar,
    /// `JSON_SERIALIZE(v)` (17+)
    Serialize,
    /// `JSON_OBJECTAGG(k : v)`, its aggregate the constructor's function.
    ObjectAgg,
    /// `JSON_ARRAYAGG(v)`, its aggregate the constructor's function.
    ArrayAgg,
}

/// An SQL/JSON constructor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonConstructorExpr {
    /// Which.
    pub ty: JsonConstructorType,
    /// Arguments; keys and values alternate in an object.
    pub args: Vec<Expr>,
    /// The function that does the work, where there is one.
    pub func: Option<Box<Expr>>,
    /// Coercion to the returned type.
    pub coercion: Option<Box<Expr>>,
    /// `RETURNING`.
    pub returning: JsonReturning,
    /// `ABSENT ON NULL`.
    pub absent_on_null: bool,
    /// `WITH UNIQUE KEYS`.
    pub unique: bool,
    /// Where it was written.
    pub location: Location,
}

/// What `IS JSON` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonValueType {
    /// `IS JSON`
    Any,
    /// `IS JSON OBJECT`
    Object,
    /// `IS JSON ARRAY`
    Array,
    /// `IS JSON SCALAR`
    Scalar,
}

/// `a IS JSON`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonIsPredicate {
    /// The value.
    pub arg: Box<Expr>,
    /// Format.
    pub format: JsonFormat,
    /// What it asks for.
    pub item_type: JsonValueType,
    /// `WITH UNIQUE KEYS`.
    pub unique_keys: bool,
}

/// Which query function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonExprOp {
    /// `JSON_EXISTS`
    Exists,
    /// `JSON_QUERY`
    Query,
    /// `JSON_VALUE`
    Value,
}

/// Array wrapper of `JSON_QUERY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonWrapper {
    /// Not named.
    Unspecified,
    /// `WITHOUT WRAPPER`
    None,
    /// `WITH CONDITIONAL WRAPPER`
    Conditional,
    /// `WITH UNCONDITIONAL WRAPPER`
    Unconditional,
}

/// What happens on an error or an empty result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonBehavior {
    /// `NULL`
    Null,
    /// `ERROR`
    Error,
    /// `EMPTY`
    Empty,
    /// `TRUE`
    True,
    /// `FALSE`
    False,
    /// `UNKNOWN`
    Unknown,
    /// `EMPTY ARRAY`
    EmptyArray,
    /// `EMPTY OBJECT`
    EmptyObject,
    /// `DEFAULT expr`
    Default(Box<Expr>),
}

/// A variable passed to a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPassing {
    /// Name.
    pub name: String,
    /// Value.
    pub value: Expr,
}

/// `JSON_EXISTS`, `JSON_QUERY` or `JSON_VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonExpr {
    /// Which.
    pub op: JsonExprOp,
    /// The document, as jsonb.
    pub formatted: Box<Expr>,
    /// Format of the document.
    pub format: JsonFormat,
    /// The path, as jsonpath.
    pub path: Box<Expr>,
    /// `RETURNING`.
    pub returning: JsonReturning,
    /// `PASSING`.
    pub passing: Vec<JsonPassing>,
    /// `… ON EMPTY`.
    pub on_empty: Option<JsonBehavior>,
    /// `… ON ERROR`.
    pub on_error: Option<JsonBehavior>,
    /// Wrapper.
    pub wrapper: JsonWrapper,
    /// `OMIT QUOTES`.
    pub omit_quotes: bool,
    /// Collation of the result.
    pub collation: Oid,
    /// Where it was written.
    pub location: Location,
}
