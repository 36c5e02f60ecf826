//! The functions behind an aggregate. Follows `lookup_agg_function`, pg_aggregate.c (PG 14 to 18).

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_candidate::{match_argtypes, select_candidate};
use super::parse_polymorphic::{enforce_generic_type_consistency, is_polymorphic};
use crate::env::{Env, FuncLookup, Oid, ProcKind, ProcRow, SearchPath};

/// A function that an aggregate calls, and what it returns there.
#[derive(Debug, Clone, Copy)]
pub struct AggregateFunction<'a> {
    /// The function.
    pub row: &'a ProcRow,
    /// Its result for these arguments; still polymorphic where they are.
    pub result: Oid,
}

/// The function of a name that takes arguments of these types without any conversion at run time. `variadic` is the type that the
/// aggregate's last argument repeats, invalid for none.
///
/// # Errors
/// None, one that returns a set, takes other arguments, or would need conversions.
pub fn lookup_agg_function<'a>(
    env: &'a Env,
    path: &SearchPath,
    name: (Option<&str>, &str),
    types: &[Oid],
    variadic: Oid,
) -> Analyzed<AggregateFunction<'a>> {
    let (schema, bare) = name;
    let shown = |types: &[Oid]| {
        let types: Vec<String> = types.iter().map(|oid| env.format_type_be(*oid)).collect();
        let qualifier = schema.map(|schema| format!("{schema}.")).unwrap_or_default();
        format!("{qualifier}{bare}({})", types.join(", "))
    };
    if let Some(schema) = schema
        && !env.schema_exists(schema)
    {
        return Err(AnalyzeError::rejected(
            sqlstate::UNDEFINED_SCHEMA,
            format!("schema \"{schema}\" does not exist"),
            -1,
        ));
    }
    let missing = || {
        AnalyzeError::rejected(sqlstate::UNDEFINED_FUNCTION, format!("function {} does not exist", shown(types)), -1)
    };
    let (row, mut declared) = candidate(env, path, schema, bare, types).ok_or_else(missing)?;
    if row.kind != ProcKind::Function {
        return Err(missing());
    }
    let mismatch = |message: String| AnalyzeError::rejected(sqlstate::DATATYPE_MISMATCH, message, -1);
    if row.returns_set {
        return Err(mismatch(format!("function {} returns a set", shown(types))));
    }
    if variadic == Oid::ANY && row.variadic != Oid::ANY {
        return Err(mismatch(format!(
            "function {} must accept VARIADIC ANY to be used in this aggregate",
            shown(types)
        )));
    }
    let result = result_type(env, types, &mut declared, row.result)?;
    for (given, wanted) in types.iter().zip(&declared) {
        if !env.is_binary_coercible(*given, *wanted) {
            return Err(mismatch(format!("function {} requires run-time type coercion", shown(&declared))));
        }
    }
    Ok(AggregateFunction { row, result })
}

/// `func_get_detail` without defaults, expansion of variadic arguments, and casts.
fn candidate<'a>(
    env: &'a Env,
    path: &SearchPath,
    schema: Option<&str>,
    name: &str,
    types: &[Oid],
) -> Option<(&'a ProcRow, Vec<Oid>)> {
    let lookup = FuncLookup {
        schema,
        name,
        arg_count: Some(types.len()),
        arg_names: &[],
        expand_variadic: false,
        expand_defaults: false,
        include_out_args: false,
    };
    let mut candidates = env.func_candidates(path, &lookup);
    let best = match candidates.iter().position(|c| c.args == types) {
        Some(at) => candidates.swap_remove(at),
        None => {
            let with_args: Vec<_> = candidates.into_iter().map(|c| (c.args.clone(), c)).collect();
            let mut fitting = match_argtypes(env, types, with_args, |c| &c.0);
            match fitting.len() {
                0 | 1 => fitting.pop()?.1,
                _ => select_candidate(env, types, fitting, |c| &c.0)?.1,
            }
        }
    };
    Some((env.proc_by_oid(best.oid)?, best.args))
}

/// `enforce_generic_type_consistency` where arguments may stay polymorphic: one that is declared as just that polymorphic type
/// says nothing of what it stands for.
fn result_type(env: &Env, types: &[Oid], declared: &mut [Oid], result: Oid) -> Analyzed<Oid> {
    let open = |given: Oid, wanted: Oid| is_polymorphic(given) && given == wanted;
    if !types.iter().zip(&*declared).any(|(given, wanted)| open(*given, *wanted)) {
        return enforce_generic_type_consistency(env, types, declared, result);
    }
    let telling: Vec<usize> = types
        .iter()
        .zip(&*declared)
        .enumerate()
        .filter(|(_, (given, wanted))| !open(**given, **wanted))
        .map(|(at, _)| at)
        .collect();
    let pick = |list: &[Oid]| -> Vec<Oid> { telling.iter().filter_map(|at| list.get(*at).copied()).collect() };
    let (given, mut wanted) = (pick(types), pick(declared));
    if wanted.iter().any(|oid| is_polymorphic(*oid)) {
        let result = enforce_generic_type_consistency(env, &given, &mut wanted, result)?;
        for (at, oid) in telling.iter().zip(wanted) {
            if let Some(place) = declared.get_mut(*at) {
                *place = oid;
            }
        }
        return Ok(result);
    }
    Ok(match result {
        Oid::ANYNONARRAY | Oid::ANYENUM => Oid::ANYELEMENT,
        Oid::ANYCOMPATIBLENONARRAY => Oid::ANYCOMPATIBLE,
        other => other,
    })
}
