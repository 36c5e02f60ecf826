//! The node structs of the analysed expression tree, in the order of `primnodes.h` (PG 18).

use super::{Expr, Location, Oid};

/// A reference to a column of a relation in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Var {
    /// Position of the relation in the range table, from 1.
    pub varno: u32,
    /// Attribute number: above 0 a column, 0 the whole row, below 0 a system column.
    pub attno: i16,
    /// Name of the column; of the relation for a whole row.
    pub name: String,
    /// Type.
    pub ty: Oid,
    /// Type modifier, -1 for none.
    pub typmod: i32,
    /// Collation.
    pub collation: Oid,
    /// 0 for a relation of this query, n for one n queries further out.
    pub levels_up: u32,
    /// Whether `RETURNING` asks for the old or the new row by name (18).
    pub returning: super::VarReturning,
    /// The relation and column by which it was named, when that is a join with an alias (`varnosyn`, `varattnosyn`).
    pub syntactic: Syntactic,
    /// Where it was written.
    pub location: Location,
}

/// The place by which a column was named, where that is not the column's own: it is how the column is printed, and
/// plays no part in whether two columns are the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct Syntactic(pub Option<(u32, i16)>);

impl PartialEq for Syntactic {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Syntactic {}

/// A literal value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Const {
    /// Type.
    pub ty: Oid,
    /// Type modifier, -1 for none.
    pub typmod: i32,
    /// Collation.
    pub collation: Oid,
    /// What the type's output function prints (`t` or `f` for a boolean); none for NULL.
    pub value: Option<String>,
    /// Where it was written.
    pub location: Location,
}

/// A numbered parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Number, from 1.
    pub number: i32,
    /// Type.
    pub ty: Oid,
    /// Type modifier, -1 for none.
    pub typmod: i32,
    /// Collation.
    pub collation: Oid,
    /// Where it was written.
    pub location: Location,
}

/// The subscripts of a [`SubscriptingRef`], outermost dimension first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subscripts {
    /// `[i][j]`: fetches one element.
    Elements(Vec<Expr>),
    /// `[l:u][l:u]`: fetches a slice; a bound left out is none.
    Slices(Vec<Slice>),
}

/// One dimension of a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Lower bound.
    pub lower: Option<Expr>,
    /// Upper bound.
    pub upper: Option<Expr>,
}

/// A subscripted array or jsonb value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptingRef {
    /// Type of the container.
    pub container_type: Oid,
    /// Its element type.
    pub element_type: Oid,
    /// Type of the result.
    pub result_type: Oid,
    /// Type modifier of the result.
    pub typmod: i32,
    /// Collation of the result.
    pub collation: Oid,
    /// Subscripts.
    pub subscripts: Subscripts,
    /// The container.
    pub arg: Box<Expr>,
}

/// How a coercion or call was written, which decides how it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CoercionForm {
    /// Printed as a function call.
    ExplicitCall,
    /// Printed as a cast.
    ExplicitCast,
    /// Hidden where the context gives it back.
    ImplicitCast,
    /// Printed in the syntax that the SQL standard demands (`EXTRACT(… FROM …)`).
    SqlSyntax,
}

/// A function call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FuncExpr {
    /// Function.
    pub funcid: Oid,
    /// Type of the result, polymorphism resolved.
    pub result_type: Oid,
    /// Whether it returns a set.
    pub retset: bool,
    /// Whether the variadic arguments are one array in the last place.
    pub variadic: bool,
    /// How to print it.
    pub format: CoercionForm,
    /// Collation of the result.
    pub collation: Oid,
    /// Collation that the function works with.
    pub input_collation: Oid,
    /// Arguments; defaulted ones are left out, as in stored expressions.
    pub args: Vec<Expr>,
    /// Where it was written.
    pub location: Location,
}

/// A named argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedArgExpr {
    /// The value.
    pub arg: Box<Expr>,
    /// Name of the parameter.
    pub name: String,
    /// Position of the parameter, from 0.
    pub argnumber: usize,
    /// Where it was written.
    pub location: Location,
}

/// An operator with its operands; also the body of `IS DISTINCT FROM` and `NULLIF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpExpr {
    /// Operator.
    pub opno: Oid,
    /// Its function.
    pub funcid: Oid,
    /// Type of the result.
    pub result_type: Oid,
    /// Whether it returns a set.
    pub retset: bool,
    /// Collation of the result.
    pub collation: Oid,
    /// Collation that the operator works with.
    pub input_collation: Oid,
    /// One operand (prefix) or two.
    pub args: Vec<Expr>,
    /// Where it was written.
    pub location: Location,
}

/// A scalar compared with each element of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalarArrayOpExpr {
    /// Operator.
    pub opno: Oid,
    /// Its function.
    pub funcid: Oid,
    /// `ANY` or `ALL`.
    pub quantifier: Quantifier,
    /// Collation that the operator works with.
    pub input_collation: Oid,
    /// The scalar.
    pub scalar: Box<Expr>,
    /// The array.
    pub array: Box<Expr>,
    /// Where it was written.
    pub location: Location,
}

/// `ANY` or `ALL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// One element suffices.
    Any,
    /// Every element must.
    All,
}

/// The boolean connectives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoolExpr {
    /// All of them.
    And(Vec<Expr>),
    /// One of them.
    Or(Vec<Expr>),
    /// Not.
    Not(Box<Expr>),
}

/// A field of a composite value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSelect {
    /// The composite value.
    pub arg: Box<Expr>,
    /// Attribute number of the field, from 1.
    pub fieldnum: i16,
    /// Name of the field.
    pub name: String,
    /// Type of the field.
    pub result_type: Oid,
    /// Its type modifier.
    pub typmod: i32,
    /// Its collation.
    pub collation: Oid,
}

/// A cast that changes only the label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelabelType {
    /// The value.
    pub arg: Box<Expr>,
    /// Type of the result.
    pub result_type: Oid,
    /// Type modifier of the result.
    pub typmod: i32,
    /// Collation of the result.
    pub collation: Oid,
    /// How to print it.
    pub format: CoercionForm,
    /// Where it was written.
    pub location: Location,
}

/// A cast through text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoerceViaIO {
    /// The value.
    pub arg: Box<Expr>,
    /// Type of the result.
    pub result_type: Oid,
    /// Collation of the result.
    pub collation: Oid,
    /// How to print it.
    pub format: CoercionForm,
    /// Where it was written.
    pub location: Location,
}

/// A cast of each element of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayCoerceExpr {
    /// The array.
    pub arg: Box<Expr>,
    /// What is done to one element, over a [`CaseTestExpr`].
    pub elem_expr: Box<Expr>,
    /// Type of the result.
    pub result_type: Oid,
    /// Type modifier of the result.
    pub typmod: i32,
    /// Collation of the result.
    pub collation: Oid,
    /// How to print it.
    pub format: CoercionForm,
    /// Where it was written.
    pub location: Location,
}

/// A cast from a child's row type to the parent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertRowtypeExpr {
    /// The row.
    pub arg: Box<Expr>,
    /// The parent's row type.
    pub result_type: Oid,
    /// How to print it.
    pub format: CoercionForm,
    /// Where it was written.
    pub location: Location,
}

/// An explicit collation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollateExpr {
    /// The value.
    pub arg: Box<Expr>,
    /// The collation.
    pub collation: Oid,
    /// Where it was written.
    pub location: Location,
}

/// `CASE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseExpr {
    /// Type of the result.
    pub ty: Oid,
    /// Collation of the result.
    pub collation: Oid,
    /// The value compared in a simple `CASE`.
    pub arg: Option<Box<Expr>>,
    /// The branches; in a simple `CASE` each condition is `CaseTestExpr = value`.
    pub whens: Vec<CaseWhen>,
    /// `ELSE`; a NULL constant when the user left it out.
    pub default: Box<Expr>,
    /// Where it was written.
    pub location: Location,
}

/// A branch of `CASE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseWhen {
    /// Condition.
    pub condition: Expr,
    /// Result.
    pub result: Expr,
}

/// A placeholder for the value of the enclosing `CASE` or array cast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseTestExpr {
    /// Type.
    pub ty: Oid,
    /// Type modifier.
    pub typmod: i32,
    /// Collation.
    pub collation: Oid,
}

/// `ARRAY[…]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayExpr {
    /// Type of the array.
    pub array_type: Oid,
    /// Collation.
    pub collation: Oid,
    /// Type of the elements.
    pub element_type: Oid,
    /// Elements, or sub-arrays.
    pub elements: Vec<Expr>,
    /// Whether the elements are sub-arrays.
    pub multidims: bool,
    /// Where it was written.
    pub location: Location,
}

impl ArrayExpr {
    /// The array that a list of elements of one type comes to.
    #[must_use]
    pub fn of_list(array_type: Oid, element_type: Oid, elements: Vec<Expr>) -> Expr {
        Expr::ArrayExpr(Self {
            array_type,
            collation: Oid::INVALID,
            element_type,
            elements,
            multidims: false,
            location: Location::NONE,
        })
    }
}

/// `ROW(…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowExpr {
    /// Fields.
    pub args: Vec<Expr>,
    /// `record` or a composite type.
    pub row_type: Oid,
    /// How to print it.
    pub format: CoercionForm,
    /// Names of the fields.
    pub colnames: Vec<String>,
    /// Where it was written.
    pub location: Location,
}

/// A row comparison by `<`, `<=`, `>=` or `>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCompareExpr {
    /// Operator of each pair.
    pub opnos: Vec<Oid>,
    /// Operator family of each pair.
    pub opfamilies: Vec<Oid>,
    /// Collation of each pair.
    pub input_collations: Vec<Oid>,
    /// Left side.
    pub largs: Vec<Expr>,
    /// Right side.
    pub rargs: Vec<Expr>,
}

/// `COALESCE(…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoalesceExpr {
    /// Type of the result.
    pub ty: Oid,
    /// Collation of the result.
    pub collation: Oid,
    /// Arguments.
    pub args: Vec<Expr>,
    /// Where it was written.
    pub location: Location,
}

/// Which extreme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinMaxOp {
    /// `GREATEST`.
    Greatest,
    /// `LEAST`.
    Least,
}

/// `GREATEST(…)` or `LEAST(…)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinMaxExpr {
    /// Type of the result.
    pub ty: Oid,
    /// Collation of the result.
    pub collation: Oid,
    /// Collation of the comparison.
    pub input_collation: Oid,
    /// Which.
    pub op: MinMaxOp,
    /// Arguments.
    pub args: Vec<Expr>,
    /// Where it was written.
    pub location: Location,
}

/// The functions without parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlValueFunctionOp {
    /// `CURRENT_DATE`
    CurrentDate,
    /// `CURRENT_TIME`
    CurrentTime,
    /// `CURRENT_TIME(n)`
    CurrentTimeN,
    /// `CURRENT_TIMESTAMP`
    CurrentTimestamp,
    /// `CURRENT_TIMESTAMP(n)`
    CurrentTimestampN,
    /// `LOCALTIME`
    LocalTime,
    /// `LOCALTIME(n)`
    LocalTimeN,
    /// `LOCALTIMESTAMP`
    LocalTimestamp,
    /// `LOCALTIMESTAMP(n)`
    LocalTimestampN,
    /// `CURRENT_ROLE`
    CurrentRole,
    /// `CURRENT_USER`
    CurrentUser,
    /// `USER`
    User,
    /// `SESSION_USER`
    SessionUser,
    /// `CURRENT_CATALOG`
    CurrentCatalog,
    /// `CURRENT_SCHEMA`
    CurrentSchema,
}

/// `CURRENT_DATE` and its like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlValueFunction {
    /// Which.
    pub op: SqlValueFunctionOp,
    /// Type of the result.
    pub ty: Oid,
    /// Precision, -1 for none.
    pub typmod: i32,
    /// Where it was written.
    pub location: Location,
}

/// The SQL/XML constructors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XmlExprOp {
    /// `XMLCONCAT(…)`
    Concat,
    /// `XMLELEMENT(NAME …)`
    Element,
    /// `XMLFOREST(…)`
    Forest,
    /// `XMLPARSE(…)`: value, keep whitespace (boolean constant).
    Parse,
    /// `XMLPI(NAME …)`
    Pi,
    /// `XMLROOT(…)`: value, version, standalone (integer constant: 0 yes, 1 no, 2 no value, NULL left out).
    Root,
    /// `XMLSERIALIZE(…)`
    Serialize,
    /// `… IS DOCUMENT`
    IsDocument,
}

/// `DOCUMENT` or `CONTENT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XmlOption {
    /// A document.
    Document,
    /// A fragment.
    Content,
}

/// A value with a name, in `XMLATTRIBUTES` and `XMLFOREST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlNamedArg {
    /// Name as XML writes it (already escaped).
    pub name: String,
    /// Value.
    pub arg: Expr,
}

/// An SQL/XML expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlExpr {
    /// Which.
    pub op: XmlExprOp,
    /// Name of the element or instruction, as XML writes it.
    pub name: Option<String>,
    /// Attributes, or the members of a forest.
    pub named_args: Vec<XmlNamedArg>,
    /// Other arguments.
    pub args: Vec<Expr>,
    /// `DOCUMENT` or `CONTENT`.
    pub option: XmlOption,
    /// `INDENT` of `XMLSERIALIZE` (16+).
    pub indent: bool,
    /// Type of `XMLSERIALIZE`, else `xml`.
    pub ty: Oid,
    /// Its type modifier.
    pub typmod: i32,
    /// Where it was written.
    pub location: Location,
}

/// `IS NULL` or `IS NOT NULL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullTestType {
    /// `IS NULL`
    IsNull,
    /// `IS NOT NULL`
    IsNotNull,
}

/// A test for NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NullTest {
    /// The value.
    pub arg: Box<Expr>,
    /// Which test.
    pub test: NullTestType,
    /// Whether it is done field by field, because the value is a row.
    pub arg_is_row: bool,
}

/// The tests of a boolean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoolTestType {
    /// `IS TRUE`
    IsTrue,
    /// `IS NOT TRUE`
    IsNotTrue,
    /// `IS FALSE`
    IsFalse,
    /// `IS NOT FALSE`
    IsNotFalse,
    /// `IS UNKNOWN`
    IsUnknown,
    /// `IS NOT UNKNOWN`
    IsNotUnknown,
}

/// A test of a boolean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BooleanTest {
    /// The value.
    pub arg: Box<Expr>,
    /// Which test.
    pub test: BoolTestType,
}

/// A cast to a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoerceToDomain {
    /// The value, already of the domain's base type.
    pub arg: Box<Expr>,
    /// The domain.
    pub result_type: Oid,
    /// Type modifier, -1 as a rule.
    pub typmod: i32,
    /// Collation of the result.
    pub collation: Oid,
    /// How to print it.
    pub format: CoercionForm,
    /// Where it was written.
    pub location: Location,
}

/// `VALUE` in a domain's check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoerceToDomainValue {
    /// Base type of the domain.
    pub ty: Oid,
    /// Type modifier.
    pub typmod: i32,
    /// Collation.
    pub collation: Oid,
    /// Where it was written.
    pub location: Location,
}
