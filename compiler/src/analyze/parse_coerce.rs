//! Coercion of typed expressions: which conversions exist, and the nodes that carry them out.
//!
//! Follows parse_coerce.c (PG 18; the differences to 14–17 do not show in expressions). Polymorphic
//! types are in `parse_polymorphic`, common types in `parse_common`.

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::literal;
use super::parse_node::{ParseState, make_const};
use super::parse_polymorphic::{check_generic_type_consistency, is_polymorphic};
use super::parse_relation::item_of_var;
use crate::env::{CastContext, CastMethod, Env, Oid, TypeKind};
use crate::tree::{
    ArrayCoerceExpr, CaseTestExpr, CoerceToDomain, CoerceViaIO, CoercionForm, CollateExpr, Const, ConvertRowtypeExpr,
    Expr, FuncExpr, Location, RelabelType, RowExpr, expr_collation, expr_location, expr_type, expr_typmod,
};

/// How a value of one type becomes one of another; follows `CoercionPathType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoercionPath {
    /// Not at all.
    None,
    /// By a function.
    Function(Oid),
    /// Without doing anything.
    Relabel,
    /// Element by element.
    Array,
    /// Through text.
    ViaIo,
}

/// Where a coercion happens and how it is to be printed.
#[derive(Debug, Clone, Copy)]
pub struct Coercion {
    /// Which casts may be used.
    pub context: CastContext,
    /// How it was written.
    pub form: CoercionForm,
    /// Where.
    pub location: i32,
}

impl Coercion {
    /// What the context alone asks for.
    #[must_use]
    pub fn implicit() -> Self {
        Self { context: CastContext::Implicit, form: CoercionForm::ImplicitCast, location: -1 }
    }

    /// What an assignment asks for.
    #[must_use]
    pub fn assignment(location: i32) -> Self {
        Self { context: CastContext::Assignment, form: CoercionForm::ImplicitCast, location }
    }

    /// What the user wrote.
    #[must_use]
    pub fn explicit(location: i32) -> Self {
        Self { context: CastContext::Explicit, form: CoercionForm::ExplicitCast, location }
    }
}

/// Whether values of the type are rows, domains looked through (`ISCOMPLEX`).
pub(super) fn is_complex(env: &Env, ty: Oid) -> bool {
    env.type_by_oid(env.base_type(ty)).is_some_and(|row| row.relation.is_valid())
}

/// `type_is_rowtype`.
pub(super) fn is_rowtype(env: &Env, ty: Oid) -> bool {
    ty == Oid::RECORD || env.type_by_oid(env.base_type(ty)).is_some_and(|row| row.kind == TypeKind::Composite)
}

fn is_complex_array(env: &Env, ty: Oid) -> bool {
    env.element_type_of(ty).is_some_and(|e| is_complex(env, e))
}

/// Coerces to a type and its modifier; `None` when there is no way.
///
/// # Errors
///
/// When a literal is not valid for the type.
pub fn coerce_to_target_type(
    ps: &ParseState<'_>,
    expr: Expr,
    target: Oid,
    typmod: i32,
    how: Coercion,
) -> Analyzed<Option<Expr>> {
    let source = expr_type(&expr);
    if !can_coerce_type(ps.env, &[source], &[target], how.context) {
        return Ok(None);
    }
    // the collation goes on top again afterwards
    let mut collation = None;
    let mut inner = expr;
    while let Expr::CollateExpr(c) = inner {
        collation.get_or_insert(c.collation);
        inner = *c.arg;
    }
    let (result, changed) = coerce_type_changed(ps, inner, source, target, typmod, how)?;
    let hide = changed && !matches!(result, Expr::Const(_));
    let result = coerce_type_typmod(ps, result, target, typmod, how, hide)?;
    Ok(Some(match collation {
        Some(collation) if ps.env.type_collation(target).is_valid() => {
            Expr::CollateExpr(CollateExpr { arg: Box::new(result), collation, location: Location::NONE })
        }
        _ => result,
    }))
}

/// Coerces to a type that [`can_coerce_type`] allows; the modifier is applied by
/// [`coerce_to_target_type`].
///
/// # Errors
///
/// When a literal is not valid for the type.
pub fn coerce_type(
    ps: &ParseState<'_>,
    expr: Expr,
    source: Oid,
    target: Oid,
    typmod: i32,
    how: Coercion,
) -> Analyzed<Expr> {
    Ok(coerce_type_changed(ps, expr, source, target, typmod, how)?.0)
}

fn coerce_type_changed(
    ps: &ParseState<'_>,
    expr: Expr,
    source: Oid,
    target: Oid,
    typmod: i32,
    how: Coercion,
) -> Analyzed<(Expr, bool)> {
    let env = ps.env;
    if target == source {
        return Ok((expr, false));
    }
    match target {
        Oid::ANY | Oid::ANYELEMENT | Oid::ANYNONARRAY | Oid::ANYCOMPATIBLE | Oid::ANYCOMPATIBLENONARRAY => {
            return Ok((expr, false));
        }
        Oid::ANYARRAY
        | Oid::ANYENUM
        | Oid::ANYRANGE
        | Oid::ANYMULTIRANGE
        | Oid::ANYCOMPATIBLEARRAY
        | Oid::ANYCOMPATIBLERANGE
        | Oid::ANYCOMPATIBLEMULTIRANGE
            if source != Oid::UNKNOWN =>
        {
            let base = env.base_type(source);
            if base == source {
                return Ok((expr, false));
            }
            return Ok((relabel(expr, base, -1, Oid::INVALID, how.form), true));
        }
        _ => {}
    }
    if source == Oid::UNKNOWN
        && let Expr::Const(c) = &expr
    {
        return Ok((coerce_literal(ps, c, target, typmod, how)?, true));
    }
    if let Expr::CollateExpr(c) = expr {
        let (inner, _) = coerce_type_changed(ps, *c.arg, source, target, typmod, how)?;
        let result = if env.type_collation(target).is_valid() {
            Expr::CollateExpr(CollateExpr { arg: Box::new(inner), collation: c.collation, location: Location::NONE })
        } else {
            inner
        };
        return Ok((result, true));
    }
    let path = find_coercion_pathway(env, target, source, how.context);
    if path != CoercionPath::None {
        let (base, base_typmod) = env.base_type_and_typmod(target, typmod);
        if path != CoercionPath::Relabel {
            let mut result = build_coercion_expression(ps, expr, path, base, base_typmod, how)?;
            if target != base {
                hide_coercion_node(&mut result);
                result = coerce_to_domain(ps, result, base, base_typmod, target, how)?;
            }
            return Ok((result, true));
        }
        if base != target {
            return Ok((coerce_to_domain(ps, expr, base, base_typmod, target, how)?, true));
        }
        return Ok((relabel(expr, target, -1, Oid::INVALID, how.form), true));
    }
    if source == Oid::RECORD && is_complex(env, target) {
        return Ok((coerce_record_to_complex(ps, expr, target, how)?, true));
    }
    if target == Oid::RECORD && is_complex(env, source) {
        return Ok((expr, false));
    }
    if target == Oid::RECORDARRAY && is_complex_array(env, source) {
        return Ok((expr, false));
    }
    if inherits_from(env, source, target) {
        let base = env.base_type(source);
        let arg = if base == source { expr } else { relabel(expr, base, -1, Oid::INVALID, CoercionForm::ImplicitCast) };
        return Ok((
            Expr::ConvertRowtypeExpr(ConvertRowtypeExpr {
                arg: Box::new(arg),
                result_type: target,
                format: how.form,
                location: Location::NONE,
            }),
            true,
        ));
    }
    Err(AnalyzeError::rejected(
        "XX000",
        format!("failed to find conversion function from {} to {}", ps.shown(source), ps.shown(target)),
        how.location,
    ))
}

/// A literal of unknown type, read by the target's input function.
fn coerce_literal(ps: &ParseState<'_>, literal: &Const, target: Oid, typmod: i32, how: Coercion) -> Analyzed<Expr> {
    let (base, base_typmod) = ps.env.base_type_and_typmod(target, typmod);
    // an interval's fields decide how its text is read; other modifiers are applied later
    let input_typmod = if base == Oid::INTERVAL { base_typmod } else { -1 };
    let value = match &literal.value {
        None => None,
        Some(text) => {
            let read = literal::type_input(ps, base, input_typmod, text);
            Some(read.map_err(|e| e.at(literal.location.offset()).at(how.location))?)
        }
    };
    let result = Expr::Const(Const {
        ty: base,
        typmod: input_typmod,
        collation: ps.env.type_collation(base),
        value,
        location: literal.location,
    });
    if base == target { Ok(result) } else { coerce_to_domain(ps, result, base, base_typmod, target, how) }
}

pub(super) fn relabel(arg: Expr, result_type: Oid, typmod: i32, collation: Oid, format: CoercionForm) -> Expr {
    Expr::RelabelType(RelabelType {
        arg: Box::new(arg),
        result_type,
        typmod,
        collation,
        format,
        location: Location::NONE,
    })
}

/// Whether arguments of these types can be passed for those; follows `can_coerce_type`.
#[must_use]
pub fn can_coerce_type(env: &Env, sources: &[Oid], targets: &[Oid], context: CastContext) -> bool {
    let mut generic = false;
    for (source, target) in sources.iter().copied().zip(targets.iter().copied()) {
        if source == target {
            continue;
        }
        if source == Oid::INTERNAL || target == Oid::INTERNAL {
            return false;
        }
        if target == Oid::ANY {
            continue;
        }
        if is_polymorphic(target) {
            generic = true;
            continue;
        }
        if source == Oid::UNKNOWN {
            continue;
        }
        let possible = find_coercion_pathway(env, target, source, context) != CoercionPath::None
            || (source == Oid::RECORD && is_complex(env, target))
            || (target == Oid::RECORD && is_complex(env, source))
            || (target == Oid::RECORDARRAY && is_complex_array(env, source))
            || inherits_from(env, source, target);
        if !possible {
            return false;
        }
    }
    !generic || check_generic_type_consistency(env, sources, targets)
}

/// Wraps a value of a domain's base type into the domain; follows `coerce_to_domain`.
///
/// # Errors
///
/// When the base type's modifier cannot be applied.
pub(super) fn coerce_to_domain(
    ps: &ParseState<'_>,
    arg: Expr,
    base: Oid,
    base_typmod: i32,
    domain: Oid,
    how: Coercion,
) -> Analyzed<Expr> {
    if base == domain {
        return Ok(arg);
    }
    let inner = Coercion { form: CoercionForm::ImplicitCast, ..how };
    let arg = coerce_type_typmod(ps, arg, base, base_typmod, inner, false)?;
    Ok(Expr::CoerceToDomain(CoerceToDomain {
        arg: Box::new(arg),
        result_type: domain,
        typmod: -1,
        collation: Oid::INVALID,
        format: how.form,
        location: Location::NONE,
    }))
}

fn coerce_type_typmod(
    ps: &ParseState<'_>,
    mut expr: Expr,
    target: Oid,
    typmod: i32,
    how: Coercion,
    hide_input: bool,
) -> Analyzed<Expr> {
    if typmod == expr_typmod(&expr) {
        return Ok(expr);
    }
    if hide_input {
        hide_coercion_node(&mut expr);
    }
    let path = if typmod < 0 { CoercionPath::None } else { find_typmod_coercion_function(ps.env, target) };
    if path != CoercionPath::None {
        return build_coercion_expression(ps, expr, path, target, typmod, how);
    }
    Ok(apply_relabel(expr, target, typmod, how.form))
}

/// `applyRelabelType` as `coerce_type_typmod` calls it: stacked labels are one label.
fn apply_relabel(expr: Expr, ty: Oid, typmod: i32, format: CoercionForm) -> Expr {
    let collation = expr_collation(&expr);
    let mut arg = expr;
    while let Expr::RelabelType(r) = arg {
        arg = *r.arg;
    }
    if let Expr::Const(mut c) = arg {
        // a constant takes the new label itself
        c.ty = ty;
        c.typmod = typmod;
        c.collation = collation;
        return Expr::Const(c);
    }
    let unchanged = expr_type(&arg) == ty && expr_typmod(&arg) == typmod && expr_collation(&arg) == collation;
    if unchanged {
        return arg;
    }
    relabel(arg, ty, typmod, collation, format)
}

/// Marks the topmost conversion as implied; follows `hide_coercion_node`.
pub(super) fn hide_coercion_node(expr: &mut Expr) {
    let slot = match expr {
        Expr::FuncExpr(f) => &mut f.format,
        Expr::RelabelType(r) => &mut r.format,
        Expr::CoerceViaIO(c) => &mut c.format,
        Expr::ArrayCoerceExpr(a) => &mut a.format,
        Expr::ConvertRowtypeExpr(c) => &mut c.format,
        Expr::RowExpr(r) => &mut r.format,
        Expr::CoerceToDomain(c) => &mut c.format,
        _ => return,
    };
    *slot = CoercionForm::ImplicitCast;
}

fn build_coercion_expression(
    ps: &ParseState<'_>,
    expr: Expr,
    path: CoercionPath,
    target: Oid,
    typmod: i32,
    how: Coercion,
) -> Analyzed<Expr> {
    match path {
        CoercionPath::Function(func) => {
            let count = ps.env.proc_by_oid(func).map_or(1, |p| p.args.len());
            let mut args = vec![expr];
            if count >= 2 {
                args.push(make_const(Oid::INT4, Oid::INVALID, Some(typmod.to_string())));
            }
            if count == 3 {
                args.push(super::parse_node::make_bool_const(how.context == CastContext::Explicit));
            }
            Ok(call(func, target, args, how.form))
        }
        CoercionPath::Array => array_coercion(ps, expr, target, typmod, how),
        CoercionPath::ViaIo => Ok(Expr::CoerceViaIO(CoerceViaIO {
            arg: Box::new(expr),
            result_type: target,
            collation: Oid::INVALID,
            format: how.form,
            location: Location::NONE,
        })),
        CoercionPath::Relabel | CoercionPath::None => Ok(relabel(expr, target, -1, Oid::INVALID, how.form)),
    }
}

/// A call of a function that returns no set; follows `makeFuncExpr`.
pub(super) fn call(funcid: Oid, result_type: Oid, args: Vec<Expr>, format: CoercionForm) -> Expr {
    Expr::FuncExpr(FuncExpr {
        funcid,
        result_type,
        retset: false,
        variadic: false,
        format,
        collation: Oid::INVALID,
        input_collation: Oid::INVALID,
        args,
        location: Location::NONE,
    })
}

fn array_coercion(ps: &ParseState<'_>, expr: Expr, target: Oid, typmod: i32, how: Coercion) -> Analyzed<Expr> {
    let (source, source_typmod) = ps.env.base_type_and_typmod(expr_type(&expr), expr_typmod(&expr));
    let element = Expr::CaseTestExpr(CaseTestExpr {
        ty: ps.env.element_type_of(source).unwrap_or(Oid::INVALID),
        typmod: source_typmod,
        collation: Oid::INVALID,
    });
    let target_element = ps.env.element_type_of(target).unwrap_or(Oid::INVALID);
    let elem_expr = coerce_to_target_type(ps, element, target_element, typmod, how)?.ok_or_else(|| {
        AnalyzeError::rejected("XX000", "failed to coerce array element type as expected", how.location)
    })?;
    Ok(Expr::ArrayCoerceExpr(ArrayCoerceExpr {
        arg: Box::new(expr),
        typmod: expr_typmod(&elem_expr),
        elem_expr: Box::new(elem_expr),
        result_type: target,
        collation: Oid::INVALID,
        format: how.form,
        location: Location::NONE,
    }))
}

fn cannot_cast(ps: &ParseState<'_>, source: Oid, target: Oid, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(
        sqlstate::CANNOT_COERCE,
        format!("cannot cast type {} to {}", ps.shown(source), ps.shown(target)),
        location,
    )
}

/// The error of a cast that does not exist.
pub(super) fn no_cast(ps: &ParseState<'_>, source: Oid, target: Oid, location: i32) -> AnalyzeError {
    cannot_cast(ps, source, target, location)
}

/// `ROW(…)` to a composite type, field by field; follows `coerce_record_to_complex`.
fn coerce_record_to_complex(ps: &ParseState<'_>, expr: Expr, target: Oid, how: Coercion) -> Analyzed<Expr> {
    let env = ps.env;
    let own = expr_location(&expr);
    let location = if how.location >= 0 { how.location } else { own };
    let fail = || cannot_cast(ps, Oid::RECORD, target, location);
    let args = match expr {
        Expr::RowExpr(row) => row.args,
        Expr::Var(var) if var.attno == 0 => {
            item_of_var(ps, &var).map(|item| item.all_columns(var.levels_up)).ok_or_else(fail)?
        }
        _ => return Err(fail()),
    };
    let (base, base_typmod) = env.base_type_and_typmod(target, -1);
    let relation = env.relation_of_type(base).ok_or_else(fail)?;
    let mut fields = Vec::new();
    let mut args = args.into_iter();
    for (i, column) in relation.columns.iter().enumerate() {
        let Some(arg) = args.next() else {
            return Err(fail().detail("Input has too few columns."));
        };
        let at = if how.location >= 0 { how.location } else { expr_location(&arg) };
        let source = expr_type(&arg);
        let inner = Coercion { form: CoercionForm::ImplicitCast, location: -1, ..how };
        let field = coerce_to_target_type(ps, arg, column.type_oid, column.typmod, inner)?.ok_or_else(|| {
            cannot_cast(ps, Oid::RECORD, target, at).detail(format!(
                "Cannot cast type {} to {} in column {}.",
                ps.shown(source),
                ps.shown(column.type_oid),
                i + 1
            ))
        })?;
        fields.push(field);
    }
    if args.next().is_some() {
        return Err(fail().detail("Input has too many columns."));
    }
    let mut row =
        RowExpr { args: fields, row_type: base, format: how.form, colnames: Vec::new(), location: Location::NONE };
    if base == target {
        return Ok(Expr::RowExpr(row));
    }
    row.format = CoercionForm::ImplicitCast;
    coerce_to_domain(ps, Expr::RowExpr(row), base, base_typmod, target, how)
}

/// Where an expression was written, or else that.
pub(super) fn place_or(expr: &Expr, location: i32) -> i32 {
    match expr_location(expr) {
        at if at >= 0 => at,
        _ => location,
    }
}

/// Coerces the argument of a construct to boolean; follows `coerce_to_boolean`.
///
/// # Errors
///
/// When the type has no assignment cast to boolean.
pub fn coerce_to_boolean(ps: &ParseState<'_>, expr: Expr, construct: &str, location: i32) -> Analyzed<Expr> {
    coerce_to_specific_type(ps, expr, Oid::BOOL, construct, location)
}

/// Coerces the argument of a construct to a type; follows `coerce_to_specific_type`.
///
/// # Errors
///
/// When there is no assignment cast.
pub fn coerce_to_specific_type(
    ps: &ParseState<'_>,
    expr: Expr,
    target: Oid,
    construct: &str,
    location: i32,
) -> Analyzed<Expr> {
    let source = expr_type(&expr);
    if source == target {
        return Ok(expr);
    }
    let location = place_or(&expr, location);
    coerce_to_target_type(ps, expr, target, -1, Coercion::assignment(-1))?.ok_or_else(|| {
        AnalyzeError::rejected(
            sqlstate::DATATYPE_MISMATCH,
            format!("argument of {construct} must be type {}, not type {}", ps.shown(target), ps.shown(source)),
            location,
        )
    })
}

/// How a value of `source` becomes one of `target`; follows `find_coercion_pathway`.
#[must_use]
pub fn find_coercion_pathway(env: &Env, target: Oid, source: Oid, context: CastContext) -> CoercionPath {
    let source = env.base_type(source);
    let target = env.base_type(target);
    if source == target {
        return CoercionPath::Relabel;
    }
    if source == Oid::INTERNAL || target == Oid::INTERNAL {
        return CoercionPath::None;
    }
    if let Some(cast) = env.cast(source, target) {
        if context < cast.context {
            return CoercionPath::None;
        }
        return match cast.method {
            CastMethod::Function => CoercionPath::Function(cast.func),
            CastMethod::InOut => CoercionPath::ViaIo,
            CastMethod::Binary => CoercionPath::Relabel,
        };
    }
    if target != Oid::OIDVECTOR
        && target != Oid::INT2VECTOR
        && let (Some(t), Some(s)) = (env.element_type_of(target), env.element_type_of(source))
        && find_coercion_pathway(env, t, s, context) != CoercionPath::None
    {
        return CoercionPath::Array;
    }
    let is_string = |ty| env.category(ty).is_some_and(|(c, _)| c == 'S');
    if (context >= CastContext::Assignment && is_string(target))
        || (context >= CastContext::Explicit && is_string(source))
    {
        return CoercionPath::ViaIo;
    }
    CoercionPath::None
}

/// How a type's modifier is applied; follows `find_typmod_coercion_function`.
#[must_use]
pub fn find_typmod_coercion_function(env: &Env, ty: Oid) -> CoercionPath {
    let Some(row) = env.type_by_oid(ty) else {
        return CoercionPath::None;
    };
    let array = row.is_true_array();
    let ty = if array { row.element } else { ty };
    match env.cast(ty, ty).and_then(|c| c.func.valid()) {
        None => CoercionPath::None,
        Some(_) if array => CoercionPath::Array,
        Some(func) => CoercionPath::Function(func),
    }
}

/// Whether rows of `source` are rows of `target` by inheritance or by `OF`; follows
/// `typeInheritsFrom` and `typeIsOfTypedTable`.
fn inherits_from(env: &Env, source: Oid, target: Oid) -> bool {
    let relation =
        |ty: Oid| env.type_by_oid(ty).and_then(|row| row.relation.valid()).and_then(|r| env.relation_by_oid(r));
    let Some(child) = relation(env.base_type(source)) else {
        return false;
    };
    if child.of_type == target && target.is_valid() {
        return true;
    }
    let Some(parent) = relation(target) else {
        return false;
    };
    let mut queue = child.parents.clone();
    let mut visited = Vec::new();
    while let Some(next) = queue.pop() {
        if next == parent.oid {
            return true;
        }
        if visited.contains(&next) {
            continue;
        }
        visited.push(next);
        if let Some(row) = env.relation_by_oid(next) {
            queue.extend(row.parents.iter().copied());
        }
    }
    false
}
