//! The state of one analysis, and literals as the grammar gives them.
//!
//! Follows parse_node.c (PG 18).

use pg_query::protobuf::{AConst, Node, a_const, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::literal;
use super::parse_expr_kind::ParseExprKind;
use super::parse_level::{Level, Outer, Parameters};
use super::parse_relation::NamespaceItem;
use crate::env::{Env, InDatabase, Major, Oid, SearchPath};
use crate::tree::{Const, Expr, Location};

/// How deep an expression may be nested before it is refused.
pub const DEPTH_LIMIT: usize = 2000;

/// `VALUE` in a domain's check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainValue {
    /// The domain's base type.
    pub ty: Oid,
    /// Its modifier.
    pub typmod: i32,
    /// Its collation.
    pub collation: Oid,
}

/// Everything that the meaning of an expression depends on.
#[derive(Debug)]
pub struct ParseState<'a> {
    /// What names can mean.
    pub env: &'a Env,
    /// The schemas that bare names are looked for in.
    pub path: &'a SearchPath,
    /// Where the expression stands.
    pub kind: ParseExprKind,
    /// The relations whose columns can be named.
    pub namespace: Vec<NamespaceItem>,
    /// What `VALUE` means, in a domain's check.
    pub domain_value: Option<DomainValue>,
    /// How many expressions and queries enclose the one at hand.
    pub(super) depth: usize,
    /// The query that is being made.
    pub(super) level: Level,
    /// The queries around it, outermost first.
    pub(super) outer: Vec<Outer>,
    /// What `$n` and the names of arguments mean.
    pub(super) parameters: Parameters,
    /// How many calls of set-returning functions there have been.
    pub(super) set_calls: usize,
    /// Where the last of them was.
    pub(super) last_set: i32,
}

impl<'a> ParseState<'a> {
    /// A state with no relation in scope.
    #[must_use]
    pub fn new(env: &'a Env, path: &'a SearchPath, kind: ParseExprKind) -> Self {
        Self {
            env,
            path,
            kind,
            namespace: Vec::new(),
            domain_value: None,
            depth: 0,
            level: Level::default(),
            outer: Vec::new(),
            parameters: Parameters::default(),
            set_calls: 0,
            last_set: -1,
        }
    }

    /// The same with one more relation in scope.
    #[must_use]
    pub fn with(mut self, item: NamespaceItem) -> Self {
        self.namespace.push(item);
        self
    }

    /// The number of the server's major version.
    pub(super) fn major(&self) -> u32 {
        self.env.major().number()
    }

    /// A type as messages show it: with its schema only where the path needs it.
    pub(super) fn shown(&self, ty: Oid) -> String {
        self.env.format_type_under(self.path, ty, None)
    }

    /// Refuses what only later majors know, as those servers' grammar does.
    pub(super) fn require(&self, first: Major, what: &str, location: i32) -> Analyzed<()> {
        if self.env.major() >= first {
            return Ok(());
        }
        Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            format!("syntax error: {what} is not known before PostgreSQL {first}"),
            location,
        ))
    }
}

/// A constant without modifier.
#[must_use]
pub fn make_const(ty: Oid, collation: Oid, value: Option<String>) -> Expr {
    Expr::Const(Const { ty, typmod: -1, collation, value, location: Location::NONE })
}

/// A boolean constant.
#[must_use]
pub fn make_bool_const(value: bool) -> Expr {
    make_const(Oid::BOOL, Oid::INVALID, Some(if value { "t" } else { "f" }.to_owned()))
}

/// A NULL of unknown type.
#[must_use]
pub fn null_of_unknown() -> Expr {
    make_const(Oid::UNKNOWN, Oid::INVALID, None)
}

/// The constant of a literal in the grammar; follows `make_const`, parse_node.c (PG 18).
pub(super) fn transform_const(ps: &ParseState<'_>, a: &AConst) -> Analyzed<Expr> {
    if a.isnull {
        return Ok(null_of_unknown());
    }
    let (ty, value) = match &a.val {
        Some(a_const::Val::Ival(v)) => (Oid::INT4, v.ival.to_string()),
        Some(a_const::Val::Boolval(v)) => (Oid::BOOL, if v.boolval { "t" } else { "f" }.to_owned()),
        Some(a_const::Val::Sval(v)) => (Oid::UNKNOWN, v.sval.clone()),
        Some(a_const::Val::Bsval(v)) => (Oid::BIT, literal::bits(&v.bsval).map_err(|e| e.at(a.location))?),
        Some(a_const::Val::Fval(v)) => float_const(ps, &v.fval, a.location)?,
        // protobuf leaves out a message whose every field has its default: zero
        None => (Oid::INT4, "0".to_owned()),
    };
    Ok(make_const(ty, Oid::INVALID, Some(value)))
}

/// A number that the lexer did not take for a 32-bit integer.
fn float_const(ps: &ParseState<'_>, text: &str, location: i32) -> Analyzed<(Oid, String)> {
    let plain = text.strip_prefix('-').unwrap_or(text).bytes().all(|b| b.is_ascii_digit());
    if !plain && ps.major() < 16 && (text.contains('_') || text.contains(['x', 'X', 'o', 'O'])) {
        return Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            format!("trailing junk after numeric literal at or near \"{text}\""),
            location,
        ));
    }
    if let Ok(small) = literal::int8(text, 18) {
        let ty = if small.parse::<i32>().is_ok() { Oid::INT4 } else { Oid::INT8 };
        return Ok((ty, small));
    }
    let value = literal::numeric(text, 18).map_err(|e| e.at(location))?;
    Ok((Oid::NUMERIC, value))
}

/// The text of a `String` node.
pub(super) fn string_of(node: &Node) -> Option<&str> {
    match &node.node {
        Some(node::Node::String(s)) => Some(&s.sval),
        _ => None,
    }
}

/// The texts of a list of `String` nodes.
pub(super) fn strings_of(nodes: &[Node]) -> Vec<&str> {
    nodes.iter().filter_map(string_of).collect()
}

/// Splits `[[database.]schema.]name`; follows `DeconstructQualifiedName`.
pub(super) fn split_name<'n>(env: &Env, names: &[&'n str], location: i32) -> Analyzed<(Option<&'n str>, &'n str)> {
    match names {
        [name] => Ok((None, name)),
        [schema, name] => Ok((Some(schema), name)),
        [database, schema, name] => {
            require_own_database(env, database, || names.join("."), location)?;
            Ok((Some(schema), name))
        }
        _ => Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            format!("improper qualified name (too many dotted names): {}", names.join(".")),
            location,
        )),
    }
}

/// Refuses a name with another database in front; `shown` is how the message shows it.
pub(super) fn require_own_database(
    env: &Env,
    database: &str,
    shown: impl FnOnce() -> String,
    location: i32,
) -> Analyzed<()> {
    match env.surroundings().in_database(database) {
        InDatabase::Own => Ok(()),
        InDatabase::Other => Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            format!("cross-database references are not implemented: {}", shown()),
            location,
        )),
        InDatabase::Unknown => Err(AnalyzeError::unsupported(
            "unsupported.expression.database-name",
            "a name with the database's name in front",
            location,
        )),
    }
}

/// A node that should be there but is not: the grammar never leaves it out.
pub(super) fn missing(what: &str) -> AnalyzeError {
    AnalyzeError::unsupported("unsupported.expression.node", format!("a raw expression without its {what}"), -1)
}

/// The place of the token that stands for a raw node: an operator's, where [`raw_location`] is that of its left operand.
pub(super) fn own_location(node: &Node) -> i32 {
    use node::Node as N;
    match &node.node {
        Some(N::AExpr(x)) => x.location,
        Some(N::BoolExpr(x)) => x.location,
        Some(N::FuncCall(x)) => x.location,
        Some(N::TypeCast(x)) if x.location >= 0 => x.location,
        Some(N::TypeCast(x)) => x.type_name.as_ref().map_or(-1, |t| t.location),
        Some(N::CollateClause(x)) => x.location,
        Some(N::SubLink(x)) => x.location,
        Some(N::NamedArgExpr(x)) => x.location,
        _ => raw_location(node),
    }
}

/// The location that the grammar gave a raw node, -1 when it has none.
#[must_use]
pub fn raw_location(node: &Node) -> i32 {
    use node::Node as N;
    let Some(n) = &node.node else { return -1 };
    let first = |list: &[Node]| list.first().map_or(-1, raw_location);
    let arg = |a: &Option<Box<Node>>| a.as_deref().map_or(-1, raw_location);
    let least = |a: i32, b: i32| match (a < 0, b < 0) {
        (true, _) => b,
        (_, true) => a,
        _ => a.min(b),
    };
    match n {
        N::ColumnRef(x) => x.location,
        N::ParamRef(x) => x.location,
        N::AConst(x) => x.location,
        N::AExpr(x) => least(x.location, arg(&x.lexpr)),
        N::BoolExpr(x) => least(x.location, first(&x.args)),
        N::FuncCall(x) => least(x.location, first(&x.args)),
        N::TypeCast(x) => least(least(x.location, arg(&x.arg)), x.type_name.as_ref().map_or(-1, |t| t.location)),
        N::CollateClause(x) => arg(&x.arg),
        N::AIndirection(x) => arg(&x.arg),
        N::AArrayExpr(x) => x.location,
        N::RowExpr(x) => x.location,
        N::CaseExpr(x) => x.location,
        N::CaseWhen(x) => x.location,
        N::CoalesceExpr(x) => x.location,
        N::MinMaxExpr(x) => x.location,
        N::SqlvalueFunction(x) => x.location,
        N::XmlExpr(x) => x.location,
        N::XmlSerialize(x) => x.location,
        N::NullTest(x) => least(x.location, arg(&x.arg)),
        N::BooleanTest(x) => least(x.location, arg(&x.arg)),
        N::SubLink(x) => least(x.location, arg(&x.testexpr)),
        N::NamedArgExpr(x) => least(x.location, arg(&x.arg)),
        N::GroupingFunc(x) => x.location,
        N::MergeSupportFunc(x) => x.location,
        N::SetToDefault(x) => x.location,
        N::JsonObjectConstructor(x) => x.location,
        N::JsonArrayConstructor(x) => x.location,
        N::JsonArrayQueryConstructor(x) => x.location,
        N::JsonIsPredicate(x) => x.location,
        N::JsonParseExpr(x) => x.location,
        N::JsonScalarExpr(x) => x.location,
        N::JsonSerializeExpr(x) => x.location,
        N::JsonFuncExpr(x) => x.location,
        N::RangeVar(x) => x.location,
        N::RangeTableSample(x) => arg(&x.relation),
        N::ColumnDef(x) => x.location,
        N::SortBy(x) => arg(&x.node),
        N::ResTarget(x) => x.location,
        N::WindowDef(x) => x.location,
        N::List(l) => l.items.iter().map(raw_location).find(|at| *at >= 0).unwrap_or(-1),
        _ => -1,
    }
}
