//! Function calls: which function a name and its arguments mean, and what the call may be.
//!
//! Follows parse_func.c (PG 18). What is special about aggregates and window functions is in `parse_agg`.

use pg_query::protobuf::{FuncCall, Node, WindowDef};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_agg;
use super::parse_candidate::{match_argtypes, select_candidate};
use super::parse_coerce::{Coercion, CoercionPath, coerce_type, find_coercion_pathway, is_complex, place_or};
use super::parse_expr_kind::ParseExprKind;
use super::parse_node::{ParseState, split_name};
use super::parse_oper::refuse_internal;
use super::parse_polymorphic::{enforce_generic_type_consistency, is_polymorphic};
use super::parse_relation::{item_of_var, scan_item_for_column};
use super::parse_rte::Returned;
use crate::env::{AggregateKind, CastContext, Env, FuncCandidate, FuncLookup, Oid, ProcKind, ProcRow, SearchPath};
use crate::tree::{ArrayExpr, CoercionForm, Expr, FieldSelect, FuncExpr, Location, expr_location, expr_type};

/// The most arguments that a call may have.
const FUNC_MAX_ARGS: usize = 100;

/// How a call is written, beyond its name and arguments.
#[derive(Debug, Clone)]
pub(super) struct CallSyntax {
    pub(super) ordered: bool,
    pub(super) filtered: bool,
    pub(super) over: bool,
    pub(super) within_group: bool,
    pub(super) star: bool,
    pub(super) distinct: bool,
    pub(super) variadic: bool,
    pub(super) format: CoercionForm,
}

impl CallSyntax {
    pub(super) fn of(call: &FuncCall) -> Self {
        use pg_query::protobuf::CoercionForm as Raw;
        Self {
            ordered: !call.agg_order.is_empty(),
            filtered: call.agg_filter.is_some(),
            over: call.over.is_some(),
            within_group: call.agg_within_group,
            star: call.agg_star,
            distinct: call.agg_distinct,
            variadic: call.func_variadic,
            format: match Raw::try_from(call.funcformat) {
                Ok(Raw::CoerceSqlSyntax) => CoercionForm::SqlSyntax,
                Ok(Raw::CoerceExplicitCast) => CoercionForm::ExplicitCast,
                Ok(Raw::CoerceImplicitCast) => CoercionForm::ImplicitCast,
                _ => CoercionForm::ExplicitCall,
            },
        }
    }

    /// A plain call.
    pub(super) fn plain() -> Self {
        Self {
            ordered: false,
            filtered: false,
            over: false,
            within_group: false,
            star: false,
            distinct: false,
            variadic: false,
            format: CoercionForm::ExplicitCall,
        }
    }
}

/// What a call carries that only aggregates and window functions can.
#[derive(Debug, Default)]
pub(super) struct Decoration<'r> {
    /// `ORDER BY` inside, or `WITHIN GROUP`.
    pub(super) order: &'r [Node],
    /// `FILTER`, transformed.
    pub(super) filter: Option<Expr>,
    /// `OVER`.
    pub(super) over: Option<&'r WindowDef>,
}

/// What a name and arguments turned out to mean.
enum Detail<'a> {
    NotFound,
    Multiple,
    /// A cast that is written like a call, to this type.
    Coercion(Oid),
    Found(FuncCandidate, &'a ProcRow),
}

/// A call of an ordinary function; follows `ParseFuncOrColumn` for a call.
pub(super) fn parse_func(
    ps: &mut ParseState<'_>,
    name: &[&str],
    args: Vec<Expr>,
    syntax: &CallSyntax,
    location: i32,
) -> Analyzed<Expr> {
    parse_func_decorated(ps, name, args, syntax, Decoration::default(), location)
}

/// A call; follows `ParseFuncOrColumn`.
pub(super) fn parse_func_decorated(
    ps: &mut ParseState<'_>,
    name: &[&str],
    args: Vec<Expr>,
    syntax: &CallSyntax,
    decoration: Decoration<'_>,
    location: i32,
) -> Analyzed<Expr> {
    if args.len() > FUNC_MAX_ARGS {
        return Err(too_many(location));
    }
    let actual: Vec<Oid> = args.iter().map(expr_type).collect();
    let arg_names = named_arguments(&args)?;
    let plain = !syntax.ordered
        && !syntax.filtered
        && !syntax.star
        && !syntax.distinct
        && !syntax.over
        && !syntax.variadic
        && arg_names.is_empty();
    let detail = func_get_detail(ps, name, &args, &arg_names, &actual, !syntax.variadic, location)?;
    let (candidate, row) = match detail {
        Detail::Found(candidate, row) => (candidate, row),
        Detail::Coercion(target) => {
            check_plain(name, syntax, location)?;
            return cast_like_call(ps, args, &actual, target, location);
        }
        Detail::Multiple => {
            return Err(AnalyzeError::rejected(
                sqlstate::AMBIGUOUS_FUNCTION,
                format!("function {} is not unique", signature(ps, name, &arg_names, &actual)),
                location,
            )
            .hint(
                "Could not choose a best candidate function. You might need to add explicit type \
                 casts.",
            ));
        }
        Detail::NotFound => {
            if plain
                && let ([bare], [first]) = (name, actual.as_slice())
                && (*first == Oid::RECORD || is_complex(ps.env, *first))
                && let Some(arg) = args.first()
                && let Some(field) = complex_projection(ps, bare, arg, location)?
            {
                return Ok(field);
            }
            return Err(AnalyzeError::rejected(
                sqlstate::UNDEFINED_FUNCTION,
                format!("function {} does not exist", signature(ps, name, &arg_names, &actual)),
                location,
            )
            .hint(
                "No function matches the given name and argument types. You might need to add \
                 explicit type casts.",
            ));
        }
    };
    check_kind(ps, name, row, syntax, &actual, &arg_names, location)?;
    match row.kind {
        ProcKind::Function | ProcKind::Procedure => {
            let call = build_call(ps, candidate, row, args, actual, syntax, location)?;
            if matches!(&call, Expr::FuncExpr(f) if f.retset) {
                ps.set_calls += 1;
                ps.last_set = location;
            }
            Ok(call)
        }
        ProcKind::Aggregate | ProcKind::Window => {
            let ordered = if syntax.within_group { decoration.order.len() } else { 0 };
            let prepared = prepare(ps, candidate, row, args, actual, syntax, ordered, location)?;
            if decoration.over.is_some() {
                parse_agg::window_call(ps, name, row, prepared, syntax, decoration, location)
            } else {
                parse_agg::aggregate_call(ps, name, row, prepared, syntax, decoration, location)
            }
        }
    }
}

/// The function that a bare name finds for arguments of these types, the last ones named; `None` when it finds
/// none, or no single one. Whether the arguments are literals plays no part.
#[must_use]
pub fn function_meant(
    env: &Env,
    path: &SearchPath,
    name: &str,
    arg_names: &[String],
    types: &[Oid],
    expand_variadic: bool,
) -> Option<Oid> {
    // The place of the expression matters to errors only.
    let ps = ParseState::new(env, path, ParseExprKind::CheckConstraint);
    match func_get_detail(&ps, &[name], &[], arg_names, types, expand_variadic, -1) {
        Ok(Detail::Found(_, row)) if row.kind != ProcKind::Procedure => Some(row.oid),
        _ => None,
    }
}

fn too_many(location: i32) -> AnalyzeError {
    AnalyzeError::rejected(
        sqlstate::TOO_MANY_ARGUMENTS,
        format!("cannot pass more than {FUNC_MAX_ARGS} arguments to a function"),
        location,
    )
}

fn named_arguments(args: &[Expr]) -> Analyzed<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for arg in args {
        match arg {
            Expr::NamedArgExpr(na) => {
                if names.contains(&na.name) {
                    return Err(AnalyzeError::rejected(
                        sqlstate::SYNTAX_ERROR,
                        format!("argument name \"{}\" used more than once", na.name),
                        expr_location(arg),
                    ));
                }
                names.push(na.name.clone());
            }
            _ if !names.is_empty() => {
                return Err(AnalyzeError::rejected(
                    sqlstate::SYNTAX_ERROR,
                    "positional argument cannot follow named argument",
                    expr_location(arg),
                ));
            }
            _ => {}
        }
    }
    Ok(names)
}

/// `func_signature_string`.
fn signature(ps: &ParseState<'_>, name: &[&str], arg_names: &[String], types: &[Oid]) -> String {
    let positional = types.len().saturating_sub(arg_names.len());
    let args: Vec<String> = types
        .iter()
        .enumerate()
        .map(|(i, ty)| {
            let ty = ps.shown(*ty);
            match i.checked_sub(positional).and_then(|j| arg_names.get(j)) {
                Some(n) => format!("{n} => {ty}"),
                None => ty,
            }
        })
        .collect();
    format!("{}({})", name.join("."), args.join(", "))
}

/// `func_get_detail`.
fn func_get_detail<'a>(
    ps: &ParseState<'a>,
    name: &[&str],
    args: &[Expr],
    arg_names: &[String],
    types: &[Oid],
    expand_variadic: bool,
    location: i32,
) -> Analyzed<Detail<'a>> {
    let env = ps.env;
    let (schema, bare) = split_name(ps.env, name, location)?;
    if let Some(schema) = schema
        && !env.schema_exists(schema)
    {
        return Err(AnalyzeError::rejected(
            sqlstate::UNDEFINED_SCHEMA,
            format!("schema \"{schema}\" does not exist"),
            location,
        ));
    }
    let arg_name_refs: Vec<&str> = arg_names.iter().map(String::as_str).collect();
    let candidates = env.func_candidates(
        ps.path,
        &FuncLookup {
            schema,
            name: bare,
            arg_count: Some(types.len()),
            arg_names: &arg_name_refs,
            expand_variadic,
            expand_defaults: true,
            include_out_args: false,
        },
    );
    let exact = candidates.iter().position(|c| c.args.get(..types.len()) == Some(types));
    let mut candidates = candidates;
    let best = match exact {
        Some(i) => candidates.swap_remove(i),
        None => {
            if arg_names.is_empty()
                && let ([source], Some(arg)) = (types, args.first())
                && let Some(target) = cast_target(ps, schema, bare, *source, arg)
            {
                return Ok(Detail::Coercion(target));
            }
            let given = |c: &FuncCandidate| -> Vec<Oid> { c.args.iter().copied().take(types.len()).collect() };
            let with_args: Vec<(Vec<Oid>, FuncCandidate)> = candidates.into_iter().map(|c| (given(&c), c)).collect();
            let mut fitting = match_argtypes(env, types, with_args, |c| &c.0);
            if fitting.len() > 1 {
                match select_candidate(env, types, fitting, |c| &c.0) {
                    Some((_, best)) => best,
                    None => return Ok(Detail::Multiple),
                }
            } else {
                match fitting.pop() {
                    Some((_, best)) => best,
                    None => return Ok(Detail::NotFound),
                }
            }
        }
    };
    if !best.oid.is_valid() {
        return Ok(Detail::Multiple);
    }
    if !arg_names.is_empty()
        && !expand_variadic
        && let (Some(numbers), Some(last)) = (&best.arg_numbers, types.len().checked_sub(1))
        && numbers.get(last) != Some(&last)
    {
        return Ok(Detail::NotFound);
    }
    match env.proc_by_oid(best.oid) {
        Some(row) => Ok(Detail::Found(best, row)),
        None => Ok(Detail::NotFound),
    }
}

/// The type that a call with one argument casts to, if its name is that of a type.
fn cast_target(ps: &ParseState<'_>, schema: Option<&str>, name: &str, source: Oid, arg: &Expr) -> Option<Oid> {
    let row = ps.env.lookup_type(ps.path, schema, name)?;
    if !row.defined || row.relation.is_valid() {
        return None;
    }
    let target = row.oid;
    if source == Oid::UNKNOWN && matches!(arg, Expr::Const(_)) {
        return Some(target);
    }
    let is_cast = match find_coercion_pathway(ps.env, target, source, CastContext::Explicit) {
        CoercionPath::Relabel => true,
        CoercionPath::ViaIo => {
            !((source == Oid::RECORD || is_complex(ps.env, source))
                && ps.env.category(target).is_some_and(|(c, _)| c == 'S'))
        }
        CoercionPath::None | CoercionPath::Function(_) | CoercionPath::Array => false,
    };
    is_cast.then_some(target)
}

fn cast_like_call(ps: &ParseState<'_>, args: Vec<Expr>, actual: &[Oid], target: Oid, location: i32) -> Analyzed<Expr> {
    let (Some(arg), Some(source)) = (args.into_iter().next(), actual.first()) else {
        return Err(super::parse_node::missing("argument"));
    };
    let how = Coercion { context: CastContext::Explicit, form: CoercionForm::ExplicitCall, location };
    coerce_type(ps, arg, *source, target, -1, how)
}

fn wrong(message: String, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::WRONG_OBJECT_TYPE, message, location)
}

/// What only aggregates and window functions may be decorated with.
fn check_plain(name: &[&str], syntax: &CallSyntax, location: i32) -> Analyzed<()> {
    let name = name.join(".");
    let message = if syntax.star {
        format!("{name}(*) specified, but {name} is not an aggregate function")
    } else if syntax.distinct {
        format!("DISTINCT specified, but {name} is not an aggregate function")
    } else if syntax.within_group {
        format!("WITHIN GROUP specified, but {name} is not an aggregate function")
    } else if syntax.ordered {
        format!("ORDER BY specified, but {name} is not an aggregate function")
    } else if syntax.filtered {
        format!("FILTER specified, but {name} is not an aggregate function")
    } else if syntax.over {
        format!("OVER specified, but {name} is not a window function nor an aggregate function")
    } else {
        return Ok(());
    };
    Err(wrong(message, location))
}

fn check_kind(
    ps: &ParseState<'_>,
    name: &[&str],
    row: &ProcRow,
    syntax: &CallSyntax,
    actual: &[Oid],
    arg_names: &[String],
    location: i32,
) -> Analyzed<()> {
    let shown = name.join(".");
    match row.kind {
        ProcKind::Function => check_plain(name, syntax, location),
        ProcKind::Procedure => {
            Err(wrong(format!("{} is a procedure", signature(ps, name, arg_names, actual)), location)
                .hint("To call a procedure, use CALL."))
        }
        ProcKind::Window => {
            if !syntax.over {
                return Err(wrong(format!("window function {shown} requires an OVER clause"), location));
            }
            if syntax.within_group {
                return Err(wrong(format!("window function {shown} cannot have WITHIN GROUP"), location));
            }
            no_names(arg_names, "window functions", location)
        }
        ProcKind::Aggregate => {
            let ordered_set = row.aggregate.is_some_and(|a| a.kind != AggregateKind::Normal);
            if ordered_set && !syntax.within_group {
                return Err(wrong(format!("WITHIN GROUP is required for ordered-set aggregate {shown}"), location));
            }
            if ordered_set && syntax.over {
                return Err(AnalyzeError::rejected(
                    sqlstate::FEATURE_NOT_SUPPORTED,
                    format!("OVER is not supported for ordered-set aggregate {shown}"),
                    location,
                ));
            }
            if !ordered_set && syntax.within_group {
                return Err(wrong(
                    format!("{shown} is not an ordered-set aggregate, so it cannot have WITHIN GROUP"),
                    location,
                ));
            }
            if actual.is_empty() && !syntax.star && !syntax.within_group {
                return Err(wrong(
                    format!("{shown}(*) must be used to call a parameterless aggregate function"),
                    location,
                ));
            }
            no_names(arg_names, "aggregates", location)
        }
    }
}

fn no_names(arg_names: &[String], what: &str, location: i32) -> Analyzed<()> {
    if arg_names.is_empty() {
        return Ok(());
    }
    Err(AnalyzeError::rejected(sqlstate::FEATURE_NOT_SUPPORTED, format!("{what} cannot use named arguments"), location))
}

/// The arguments of a call, ready to be passed.
pub(super) struct Prepared {
    pub(super) args: Vec<Expr>,
    pub(super) result_type: Oid,
    pub(super) variadic: bool,
}

fn build_call(
    ps: &ParseState<'_>,
    candidate: FuncCandidate,
    row: &ProcRow,
    args: Vec<Expr>,
    actual: Vec<Oid>,
    syntax: &CallSyntax,
    location: i32,
) -> Analyzed<Expr> {
    let prepared = prepare(ps, candidate, row, args, actual, syntax, 0, location)?;
    if let Some(error) = ps.kind.refuse_set(location).filter(|_| row.returns_set) {
        return Err(error);
    }
    Ok(Expr::FuncExpr(FuncExpr {
        funcid: row.oid,
        result_type: prepared.result_type,
        retset: row.returns_set,
        variadic: prepared.variadic,
        format: syntax.format,
        collation: Oid::INVALID,
        input_collation: Oid::INVALID,
        args: prepared.args,
        location: Location::at(location),
    }))
}

/// Coerces the arguments of a call; the last `sorted` of them are those of `WITHIN GROUP`.
#[expect(clippy::too_many_arguments, reason = "what a call is made of")]
fn prepare(
    ps: &ParseState<'_>,
    candidate: FuncCandidate,
    row: &ProcRow,
    mut args: Vec<Expr>,
    actual: Vec<Oid>,
    syntax: &CallSyntax,
    sorted: usize,
    location: i32,
) -> Analyzed<Prepared> {
    let env = ps.env;
    let given = args.len();
    if let Some(numbers) = &candidate.arg_numbers {
        for (arg, number) in args.iter_mut().zip(numbers) {
            if let Expr::NamedArgExpr(na) = arg {
                na.argnumber = *number;
            }
        }
    }
    let mut declared = candidate.args.clone();
    let mut all_actual = actual.clone();
    for ty in declared.iter().skip(given) {
        // the default's own type matters only where the parameter's is polymorphic
        if is_polymorphic(*ty) {
            return Err(AnalyzeError::unsupported(
                "unsupported.expression.polymorphic-default",
                format!("a call of \"{}\" that leaves a polymorphic argument to its default", row.name.as_str()),
                location,
            ));
        }
        all_actual.push(*ty);
    }
    let result_type =
        enforce_generic_type_consistency(env, &all_actual, &mut declared, row.result).map_err(|e| e.at(location))?;
    refuse_internal(&declared, result_type, location)?;
    let mut actual = actual;
    if row.aggregate.is_some_and(|a| a.kind == AggregateKind::Hypothetical) {
        parse_agg::unify_hypothetical(ps, row.name.as_str(), &mut args, &mut actual, &declared, sorted, location)?;
    }
    let mut args = make_fn_arguments(ps, args, &actual, &declared).map_err(|e| e.at(location))?;
    let mut variadic = syntax.variadic && row.variadic.is_valid();
    if candidate.variadic_count > 0 && row.variadic != Oid::ANY {
        let elements = args.split_off(given.saturating_sub(candidate.variadic_count));
        let element_type = elements.first().map_or(Oid::INVALID, expr_type);
        let array_type = array_type_of(ps, element_type, location)?;
        args.push(ArrayExpr::of_list(array_type, element_type, elements));
        variadic = true;
    }
    if given > 0 && row.variadic == Oid::ANY && variadic {
        let last = actual.last().copied().unwrap_or_default();
        if env.base_element_type_of(last).is_none() {
            return Err(AnalyzeError::rejected(
                sqlstate::DATATYPE_MISMATCH,
                "VARIADIC argument must be an array",
                args.last().map_or(location, |last| place_or(last, location)),
            ));
        }
    }
    Ok(Prepared { args, result_type, variadic })
}

/// The array type of a type, which must have one.
pub(super) fn array_type_of(ps: &ParseState<'_>, element: Oid, location: i32) -> Analyzed<Oid> {
    ps.env.array_type_of(element).ok_or_else(|| {
        AnalyzeError::rejected(
            sqlstate::UNDEFINED_OBJECT,
            format!("could not find array type for data type {}", ps.shown(element)),
            location,
        )
    })
}

/// Coerces arguments to the declared types; follows `make_fn_arguments`.
pub(super) fn make_fn_arguments(
    ps: &ParseState<'_>,
    args: Vec<Expr>,
    actual: &[Oid],
    declared: &[Oid],
) -> Analyzed<Vec<Expr>> {
    let mut out = Vec::with_capacity(args.len());
    for ((arg, actual), declared) in args.into_iter().zip(actual).zip(declared) {
        if actual == declared {
            out.push(arg);
            continue;
        }
        let how = Coercion::implicit();
        out.push(match arg {
            Expr::NamedArgExpr(mut na) => {
                *na.arg = coerce_type(ps, *na.arg, *actual, *declared, -1, how)?;
                Expr::NamedArgExpr(na)
            }
            other => coerce_type(ps, other, *actual, *declared, -1, how)?,
        });
    }
    Ok(out)
}

/// A field of a composite value, or a function of one argument in dot notation; follows
/// `ParseFuncOrColumn` for a column.
pub(super) fn parse_column(ps: &ParseState<'_>, name: &str, arg: Expr, location: i32) -> Analyzed<Option<Expr>> {
    let ty = expr_type(&arg);
    if (ty == Oid::RECORD || is_complex(ps.env, ty))
        && let Some(field) = complex_projection(ps, name, &arg, location)?
    {
        return Ok(Some(field));
    }
    let args = vec![arg];
    let names = [name];
    match func_get_detail(ps, &names, &args, &[], &[ty], true, location)? {
        Detail::NotFound | Detail::Multiple => Ok(None),
        Detail::Coercion(target) => cast_like_call(ps, args, &[ty], target, location).map(Some),
        Detail::Found(candidate, row) => {
            let syntax = CallSyntax::plain();
            check_kind(ps, &names, row, &syntax, &[ty], &[], location)?;
            if matches!(row.kind, ProcKind::Aggregate | ProcKind::Window) {
                return Err(AnalyzeError::unsupported(
                    "unsupported.expression.aggregate-as-field",
                    "an aggregate called in the notation of a field",
                    location,
                ));
            }
            build_call(ps, candidate, row, args, vec![ty], &syntax, location).map(Some)
        }
    }
}

/// `ParseComplexProjection`.
fn complex_projection(ps: &ParseState<'_>, name: &str, arg: &Expr, location: i32) -> Analyzed<Option<Expr>> {
    if let Expr::Var(var) = arg
        && var.attno == 0
        && let Some(item) = item_of_var(ps, var)
    {
        return scan_item_for_column(ps, item, var.levels_up, name, location);
    }
    let base = ps.env.base_type(expr_type(arg));
    let field = if base == Oid::RECORD {
        match super::parse_rte::result_of(ps, arg)? {
            Some(Returned::Row(columns, _)) => (1_i16..)
                .zip(columns)
                .find(|(_, c)| c.name == name)
                .map(|(number, c)| (number, c.ty, c.typmod, c.collation)),
            Some(Returned::Scalar(_)) | None => None,
        }
    } else {
        ps.env
            .relation_of_type(base)
            .and_then(|r| r.column(name))
            .map(|c| (c.number, c.type_oid, c.typmod, c.collation))
    };
    Ok(field.map(|(fieldnum, result_type, typmod, collation)| {
        Expr::FieldSelect(FieldSelect {
            arg: Box::new(arg.clone()),
            fieldnum,
            name: name.to_owned(),
            result_type,
            typmod,
            collation,
        })
    }))
}
