//! Expressions made ready to be stored: transformed, coerced to what their place demands, given
//! collations, and checked against what the place forbids.
//!
//! Follows heap.c (`cookDefault`, `cookConstraint`), typecmds.c, indexcmds.c, trigger.c,
//! functioncmds.c and tablecmds.c (PG 18).

use pg_query::protobuf::Node;

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::mutable::contain_mutable_functions;
use super::parse_coerce::{Coercion, coerce_to_boolean, coerce_to_specific_type, coerce_to_target_type};
use super::parse_collate::assign_expr_collations;
use super::parse_expr::transform_expr;
use super::parse_expr_kind::ParseExprKind;
use super::parse_node::{DomainValue, ParseState, raw_location};
use super::parse_relation::NamespaceItem;
use crate::env::{Env, Oid, RelationRow, SearchPath};
use crate::tree::{Expr, expr_collation, expr_type};

/// The column, domain or argument that an expression is for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// Its type.
    pub type_oid: Oid,
    /// Its type modifier, -1 for none.
    pub typmod: i32,
}

/// What sort of default an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultKind {
    /// A column's or a domain's `DEFAULT`.
    Plain,
    /// `GENERATED ALWAYS AS (…) STORED`.
    Generated,
    /// `GENERATED ALWAYS AS (…) VIRTUAL` (18).
    GeneratedVirtual,
    /// The default of a function's argument.
    FunctionArgument,
}

fn invalid(message: impl Into<String>, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::INVALID_OBJECT_DEFINITION, message, location)
}

/// A default or generation expression, coerced to its column.
///
/// `relation` is needed for a generation expression, and only there.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn cook_default(
    env: &Env,
    path: &SearchPath,
    relation: Option<&RelationRow>,
    raw: &Node,
    target: &Target<'_>,
    kind: DefaultKind,
) -> Analyzed<Expr> {
    let place = match kind {
        DefaultKind::Plain => ParseExprKind::ColumnDefault,
        DefaultKind::Generated | DefaultKind::GeneratedVirtual => ParseExprKind::GeneratedColumn,
        DefaultKind::FunctionArgument => ParseExprKind::FunctionDefault,
    };
    let mut ps = ParseState::new(env, path, place);
    let generated = matches!(kind, DefaultKind::Generated | DefaultKind::GeneratedVirtual);
    if let (true, Some(relation)) = (generated, relation) {
        ps = ps.with(NamespaceItem::table(relation));
    }
    let location = raw_location(raw);
    let expr = transform_expr(&mut ps, raw)?;
    if kind == DefaultKind::FunctionArgument {
        let mut expr =
            coerce_to_specific_type(&ps, expr, target.type_oid, "DEFAULT", location).map_err(|e| e.at(location))?;
        assign_expr_collations(env, &mut expr).map_err(|e| e.at(location))?;
        return Ok(expr);
    }
    if generated {
        check_generated(&expr, relation, location)?;
        if contain_mutable_functions(env, &expr) {
            return Err(invalid("generation expression is not immutable", location));
        }
        if kind == DefaultKind::GeneratedVirtual {
            check_virtual(&expr, location)?;
        }
    }
    let source = expr_type(&expr);
    let mut expr = coerce_to_target_type(&ps, expr, target.type_oid, target.typmod, Coercion::assignment(-1))
        .map_err(|e| e.at(location))?
        .ok_or_else(|| {
            AnalyzeError::rejected(
                sqlstate::DATATYPE_MISMATCH,
                format!(
                    "column \"{}\" is of type {} but default expression is of type {}",
                    target.name,
                    env.format_type_under(path, target.type_oid, None),
                    env.format_type_under(path, source, None)
                ),
                location,
            )
            .hint("You will need to rewrite or cast the expression.")
        })?;
    assign_expr_collations(env, &mut expr).map_err(|e| e.at(location))?;
    Ok(expr)
}

/// `check_virtual_generated_security`: whoever reads the table runs the expression, so nothing in it may be a user's.
fn check_virtual(expr: &Expr, location: i32) -> Analyzed<()> {
    let user = |oid: &Oid| *oid >= Oid::FIRST_USER;
    let used = |e: &Expr| match e {
        Expr::FuncExpr(f) => user(&f.funcid),
        Expr::OpExpr(o) | Expr::DistinctExpr(o) | Expr::NullIfExpr(o) => user(&o.funcid),
        Expr::ScalarArrayOpExpr(o) => user(&o.funcid),
        Expr::RowCompareExpr(r) => r.opnos.iter().any(user),
        _ => false,
    };
    let refuse = |what: &str| {
        AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            format!("generation expression uses user-defined {what}"),
            location,
        )
        .detail(format!("Virtual generated columns that make use of user-defined {what}s are not yet supported."))
    };
    if expr.any(used) {
        return Err(refuse("function"));
    }
    if expr.any(|e| user(&expr_type(e))) {
        return Err(refuse("type"));
    }
    Ok(())
}

/// Whether a default is a bare NULL, which a server does not store.
#[must_use]
pub fn is_null_default(expr: &Expr) -> bool {
    matches!(expr, Expr::Const(c) if c.value.is_none())
}

/// `check_nested_generated`.
fn check_generated(expr: &Expr, relation: Option<&RelationRow>, location: i32) -> Analyzed<()> {
    for var in expr.vars() {
        if var.attno == 0 {
            return Err(invalid("cannot use whole-row variable in column generation expression", location)
                .detail("This would cause the generated column to depend on its own value."));
        }
        let generated = relation.and_then(|r| r.column_by_number(var.attno)).is_some_and(|c| c.generated);
        if generated {
            return Err(invalid(
                format!("cannot use generated column \"{}\" in column generation expression", var.name),
                location,
            )
            .detail("A generated column cannot reference another generated column."));
        }
    }
    Ok(())
}

/// Transforms a condition, makes it boolean and gives it collations.
fn condition(ps: &mut ParseState<'_>, raw: &Node, construct: &str) -> Analyzed<Expr> {
    let location = raw_location(raw);
    let expr = transform_expr(ps, raw)?;
    let mut expr = coerce_to_boolean(ps, expr, construct, location).map_err(|e| e.at(location))?;
    assign_expr_collations(ps.env, &mut expr).map_err(|e| e.at(location))?;
    Ok(expr)
}

/// A table's `CHECK`.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn cook_constraint(env: &Env, path: &SearchPath, relation: &RelationRow, raw: &Node) -> Analyzed<Expr> {
    let mut ps = ParseState::new(env, path, ParseExprKind::CheckConstraint).with(NamespaceItem::table(relation));
    condition(&mut ps, raw, "CHECK")
}

/// A policy's `USING` or `WITH CHECK`.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn cook_policy(env: &Env, path: &SearchPath, relation: &RelationRow, raw: &Node) -> Analyzed<Expr> {
    let mut ps = ParseState::new(env, path, ParseExprKind::Policy).with(NamespaceItem::table(relation));
    condition(&mut ps, raw, "POLICY")
}

/// A domain's `CHECK`, where `VALUE` is a value of the base type.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn cook_domain_check(env: &Env, path: &SearchPath, base_type: Oid, typmod: i32, raw: &Node) -> Analyzed<Expr> {
    let mut ps = ParseState::new(env, path, ParseExprKind::DomainCheck);
    ps.domain_value = Some(DomainValue { ty: base_type, typmod, collation: env.type_collation(base_type) });
    condition(&mut ps, raw, "CHECK")
}

/// An expression of an index or a partition key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexKey {
    /// The expression, an explicit collation on its top taken off.
    pub expr: Expr,
    /// Its type.
    pub type_oid: Oid,
    /// Its collation, the explicit one included.
    pub collation: Oid,
}

impl IndexKey {
    fn of(expr: Expr) -> Self {
        let type_oid = expr_type(&expr);
        let collation = expr_collation(&expr);
        let mut inner = expr;
        while let Expr::CollateExpr(c) = inner {
            inner = *c.arg;
        }
        Self { expr: inner, type_oid, collation }
    }

    /// The column that the expression is, when it is nothing more than one.
    #[must_use]
    pub fn column(&self) -> Option<i16> {
        match &self.expr {
            Expr::Var(var) if var.attno > 0 => Some(var.attno),
            _ => None,
        }
    }
}

/// An expression of an index.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn cook_index_expression(env: &Env, path: &SearchPath, relation: &RelationRow, raw: &Node) -> Analyzed<IndexKey> {
    let location = raw_location(raw);
    let mut ps = ParseState::new(env, path, ParseExprKind::IndexExpression).with(NamespaceItem::table(relation));
    let mut expr = transform_expr(&mut ps, raw)?;
    assign_expr_collations(env, &mut expr).map_err(|e| e.at(location))?;
    let key = IndexKey::of(expr);
    if key.column().is_none() && contain_mutable_functions(env, &key.expr) {
        return Err(invalid("functions in index expression must be marked IMMUTABLE", location));
    }
    refuse_system_columns(&key.expr, location)?;
    if matches!(key.type_oid, Oid::RECORD | Oid::RECORDARRAY | Oid::UNKNOWN | Oid::ANYARRAY | Oid::VOID) {
        return Err(AnalyzeError::rejected(
            sqlstate::INVALID_TABLE_DEFINITION,
            format!("column \"expr\" has pseudo-type {}", env.format_type_under(path, key.type_oid, None)),
            location,
        ));
    }
    Ok(key)
}

fn refuse_system_columns(expr: &Expr, location: i32) -> Analyzed<()> {
    if expr.vars().iter().any(|v| v.attno < 0) {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "index creation on system columns is not supported",
            location,
        ));
    }
    Ok(())
}

/// The `WHERE` of an index; `None` when it is the constant true, which is not stored.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn cook_index_predicate(
    env: &Env,
    path: &SearchPath,
    relation: &RelationRow,
    raw: &Node,
) -> Analyzed<Option<Expr>> {
    let location = raw_location(raw);
    let mut ps = ParseState::new(env, path, ParseExprKind::IndexPredicate).with(NamespaceItem::table(relation));
    let expr = condition(&mut ps, raw, "WHERE")?;
    if contain_mutable_functions(env, &expr) {
        return Err(invalid("functions in index predicate must be marked IMMUTABLE", location));
    }
    refuse_system_columns(&expr, location)?;
    let constant_true = matches!(&expr, Expr::Const(c) if c.ty == Oid::BOOL && c.value.as_deref() == Some("t"));
    Ok((!constant_true).then_some(expr))
}

/// When a trigger fires, as far as its condition depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TriggerEvents {
    /// `FOR EACH ROW`.
    pub for_each_row: bool,
    /// `BEFORE`.
    pub before: bool,
    /// On `INSERT`.
    pub insert: bool,
    /// On `DELETE`.
    pub delete: bool,
}

/// A trigger's `WHEN`.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn cook_trigger_when(
    env: &Env,
    path: &SearchPath,
    relation: &RelationRow,
    raw: &Node,
    events: TriggerEvents,
) -> Analyzed<Expr> {
    let location = raw_location(raw);
    let mut ps = ParseState::new(env, path, ParseExprKind::TriggerWhen);
    ps.namespace.extend(NamespaceItem::trigger_rows(relation));
    let expr = condition(&mut ps, raw, "WHEN")?;
    for var in expr.vars() {
        if !events.for_each_row {
            return Err(invalid("statement trigger's WHEN condition cannot reference column values", location));
        }
        if var.varno == 1 {
            if events.insert {
                return Err(invalid("INSERT trigger's WHEN condition cannot reference OLD values", location));
            }
            continue;
        }
        if events.delete {
            return Err(invalid("DELETE trigger's WHEN condition cannot reference NEW values", location));
        }
        if !events.before {
            continue;
        }
        if var.attno < 0 {
            return Err(AnalyzeError::rejected(
                sqlstate::FEATURE_NOT_SUPPORTED,
                "BEFORE trigger's WHEN condition cannot reference NEW system columns",
                location,
            ));
        }
        let touches_generated =
            relation.columns.iter().any(|c| c.generated && (var.attno == 0 || c.number == var.attno));
        if touches_generated {
            return Err(invalid("BEFORE trigger's WHEN condition cannot reference NEW generated columns", location));
        }
    }
    Ok(expr)
}

/// An expression of a partition key.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn cook_partition_key(env: &Env, path: &SearchPath, relation: &RelationRow, raw: &Node) -> Analyzed<IndexKey> {
    let location = raw_location(raw);
    let mut ps = ParseState::new(env, path, ParseExprKind::PartitionExpression).with(NamespaceItem::table(relation));
    let mut expr = transform_expr(&mut ps, raw)?;
    assign_expr_collations(env, &mut expr).map_err(|e| e.at(location))?;
    let key = IndexKey::of(expr);
    if matches!(key.type_oid, Oid::RECORD | Oid::UNKNOWN) {
        return Err(AnalyzeError::rejected(
            "42P16",
            format!("partition key column has pseudo-type {}", env.format_type_under(path, key.type_oid, None)),
            location,
        ));
    }
    for var in key.expr.vars() {
        if var.attno < 0 {
            return Err(invalid("partition key expressions cannot contain system column references", location));
        }
        let generated = relation.columns.iter().find(|c| c.generated && (var.attno == 0 || c.number == var.attno));
        if let Some(column) = generated {
            return Err(invalid("cannot use generated column in partition key", location)
                .detail(format!("Column \"{}\" is a generated column.", column.name.as_str())));
        }
    }
    if key.column().is_none() {
        if contain_mutable_functions(env, &key.expr) {
            return Err(invalid("functions in partition key expression must be marked IMMUTABLE", location));
        }
        if !key.expr.contains_var() {
            return Err(invalid("cannot use constant expression as partition key", location));
        }
    }
    Ok(key)
}

/// How `ALTER COLUMN … TYPE` makes the new values; without `USING`, of the column itself.
///
/// # Errors
///
/// What the server would say, or what is not covered.
pub fn cook_using(
    env: &Env,
    path: &SearchPath,
    relation: &RelationRow,
    raw: Option<&Node>,
    target: &Target<'_>,
) -> Analyzed<Expr> {
    let mut ps = ParseState::new(env, path, ParseExprKind::AlterColTransform).with(NamespaceItem::table(relation));
    let location = raw.map_or(-1, raw_location);
    let expr = match raw {
        Some(raw) => transform_expr(&mut ps, raw)?,
        None => super::parse_relation::column_by_name(&ps, target.name, -1)?
            .ok_or_else(|| super::parse_relation::missing_column(None, target.name, -1))?,
    };
    let how = Coercion::assignment(-1);
    let mut expr = coerce_to_target_type(&ps, expr, target.type_oid, target.typmod, how)
        .map_err(|e| e.at(location))?
        .ok_or_else(|| {
        let (name, ty) = (target.name, env.format_type_under(path, target.type_oid, None));
        let (message, hint) = if raw.is_some() {
            (
                format!(
                    "result of USING clause for column \"{name}\" cannot be cast \
                         automatically to type {ty}"
                ),
                "You might need to add an explicit cast.".to_owned(),
            )
        } else {
            let shown = env.format_type(target.type_oid, target.typmod);
            (
                format!("column \"{name}\" cannot be cast automatically to type {ty}"),
                format!("You might need to specify \"USING {}::{shown}\".", env.quote_ident(name)),
            )
        };
        AnalyzeError::rejected(sqlstate::DATATYPE_MISMATCH, message, location).hint(hint)
    })?;
    assign_expr_collations(env, &mut expr).map_err(|e| e.at(location))?;
    Ok(expr)
}
