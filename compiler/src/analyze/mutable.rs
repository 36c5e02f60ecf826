//! Whether an expression's value can change with anything but its inputs.
//!
//! Follows `contain_mutable_functions`, clauses.c (PG 18). Functions are taken as they are marked;
//! the planner's inlining of SQL functions is not followed.

use crate::env::{Env, Oid, TypeKind, Volatility};
use crate::tree::{Expr, expr_type};

/// Whether any function, operator or conversion in the expression is not immutable.
#[must_use]
pub fn contain_mutable_functions(env: &Env, expr: &Expr) -> bool {
    expr.any(|e| is_mutable(env, e))
}

/// Whether any function or operator in the expression is volatile: whether evaluating it for each row gives each row a value
/// of its own. Follows `contain_volatile_functions`, clauses.c (PG 18).
#[must_use]
pub fn contain_volatile_functions(env: &Env, expr: &Expr) -> bool {
    expr.any(|e| is_volatile(env, e))
}

fn is_volatile(env: &Env, expr: &Expr) -> bool {
    let volatile = |proc: Oid| env.proc_by_oid(proc).is_some_and(|p| p.volatility == Volatility::Volatile);
    match expr {
        Expr::FuncExpr(f) => volatile(f.funcid),
        Expr::OpExpr(o) | Expr::DistinctExpr(o) | Expr::NullIfExpr(o) => volatile(o.funcid),
        Expr::ScalarArrayOpExpr(o) => volatile(o.funcid),
        Expr::Aggref(a) => volatile(a.funcid),
        Expr::WindowFunc(w) => volatile(w.funcid),
        Expr::SubLink(s) => s.query.any(&mut |e| is_volatile(env, e)),
        _ => false,
    }
}

fn proc_is_mutable(env: &Env, proc: Oid) -> bool {
    env.proc_by_oid(proc).is_some_and(|p| p.volatility != Volatility::Immutable)
}

/// The built-in SQL functions that do nothing but turn an argument of any type into text; the server looks through
/// them.
const TEXT_WRAPPERS: [&str; 4] = ["textanycat", "anytextcat", "quote_literal", "quote_nullable"];

/// Whether a call can give another result for the same arguments. The server looks into the body of an SQL function;
/// what a user's own does in there is not known here, so it is given the benefit of the doubt.
fn call_is_mutable(env: &Env, proc: Oid, args: &[Expr]) -> bool {
    let Some(row) = env.proc_by_oid(proc) else {
        return false;
    };
    if row.volatility == Volatility::Immutable {
        return false;
    }
    if row.language != Oid::SQL_LANGUAGE {
        return true;
    }
    if proc >= Oid::FIRST_USER {
        return false;
    }
    !TEXT_WRAPPERS.contains(&row.name.as_str()) || args.iter().any(|a| output_is_mutable(env, expr_type(a)))
}

fn operator_is_mutable(env: &Env, operator: Oid) -> bool {
    env.operator_by_oid(operator).is_some_and(|o| proc_is_mutable(env, o.proc))
}

fn is_mutable(env: &Env, expr: &Expr) -> bool {
    match expr {
        Expr::FuncExpr(f) => call_is_mutable(env, f.funcid, &f.args),
        Expr::OpExpr(o) | Expr::DistinctExpr(o) | Expr::NullIfExpr(o) => call_is_mutable(env, o.funcid, &o.args),
        Expr::ScalarArrayOpExpr(o) => proc_is_mutable(env, o.funcid),
        Expr::RowCompareExpr(r) => r.opnos.iter().any(|o| operator_is_mutable(env, *o)),
        Expr::CoerceViaIO(c) => input_is_mutable(env, c.result_type) || output_is_mutable(env, expr_type(&c.arg)),
        Expr::SqlValueFunction(_) => true,
        Expr::JsonConstructorExpr(j) => j.args.iter().any(|a| !to_json_is_immutable(env, expr_type(a))),
        Expr::JsonExpr(j) => !matches!(*j.path, Expr::Const(_)),
        Expr::Var(_)
        | Expr::Const(_)
        | Expr::Param(_)
        | Expr::SubscriptingRef(_)
        | Expr::NamedArgExpr(_)
        | Expr::BoolExpr(_)
        | Expr::FieldSelect(_)
        | Expr::RelabelType(_)
        | Expr::ArrayCoerceExpr(_)
        | Expr::ConvertRowtypeExpr(_)
        | Expr::CollateExpr(_)
        | Expr::CaseExpr(_)
        | Expr::CaseTestExpr(_)
        | Expr::ArrayExpr(_)
        | Expr::RowExpr(_)
        | Expr::CoalesceExpr(_)
        | Expr::MinMaxExpr(_)
        | Expr::XmlExpr(_)
        | Expr::JsonValueExpr(_)
        | Expr::JsonIsPredicate(_)
        | Expr::NullTest(_)
        | Expr::BooleanTest(_)
        | Expr::CoerceToDomain(_)
        | Expr::CoerceToDomainValue(_)
        | Expr::GroupingFunc(_)
        | Expr::SubLinkOutput(_)
        | Expr::MultiAssignment(_)
        | Expr::FieldStore(_)
        | Expr::SubscriptAssignment(_)
        | Expr::SetToDefault(_)
        | Expr::MergeSupportFunc => false,
        Expr::Aggref(a) => proc_is_mutable(env, a.funcid),
        Expr::WindowFunc(w) => proc_is_mutable(env, w.funcid),
        Expr::SubLink(s) => s.query.any(&mut |e| is_mutable(env, e)),
    }
}

/// The types whose text depends on settings or on the catalog, in both directions.
fn text_is_mutable(env: &Env, ty: Oid) -> bool {
    let Some(row) = env.type_by_oid(ty) else {
        return false;
    };
    if row.is_true_array() {
        return true;
    }
    match row.kind {
        TypeKind::Composite | TypeKind::Enum | TypeKind::Range | TypeKind::Multirange => true,
        TypeKind::Base | TypeKind::Domain | TypeKind::Pseudo => matches!(
            ty,
            Oid::DATE
                | Oid::TIME
                | Oid::TIMETZ
                | Oid::TIMESTAMP
                | Oid::TIMESTAMPTZ
                | Oid::INTERVAL
                | Oid::XML
                | Oid::MONEY
                | Oid::ACLITEM
                | Oid::REGPROC
                | Oid::REGPROCEDURE
                | Oid::REGOPER
                | Oid::REGOPERATOR
                | Oid::REGCLASS
                | Oid::REGTYPE
                | Oid::REGROLE
                | Oid::REGNAMESPACE
                | Oid::REGCOLLATION
                | Oid::REGCONFIG
                | Oid::REGDICTIONARY
                | Oid::RECORD
        ),
    }
}

fn input_is_mutable(env: &Env, ty: Oid) -> bool {
    let domain = env.type_by_oid(ty).is_some_and(|row| row.kind == TypeKind::Domain);
    domain || text_is_mutable(env, ty)
}

fn output_is_mutable(env: &Env, ty: Oid) -> bool {
    let ty = env.base_type(ty);
    // these are read with the catalog or the settings in hand, but always written alike
    let fixed = matches!(ty, Oid::TIME | Oid::TIMETZ | Oid::XML);
    !fixed && text_is_mutable(env, ty)
}

/// `to_json_is_immutable` and `to_jsonb_is_immutable`: the categories of json.c.
fn to_json_is_immutable(env: &Env, ty: Oid) -> bool {
    let ty = env.base_type(ty);
    match ty {
        Oid::BOOL
        | Oid::INT2
        | Oid::INT4
        | Oid::INT8
        | Oid::FLOAT4
        | Oid::FLOAT8
        | Oid::NUMERIC
        | Oid::JSON
        | Oid::JSONB => true,
        Oid::DATE | Oid::TIMESTAMP | Oid::TIMESTAMPTZ => false,
        _ => {
            let nested = env.type_by_oid(ty).is_some_and(|row| row.is_true_array() || row.kind == TypeKind::Composite);
            !nested && !output_is_mutable(env, ty)
        }
    }
}
