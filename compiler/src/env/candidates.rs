//! The routines and operators that a call could mean, before argument types choose among them.
//!
//! Follows `FuncnameGetCandidates`, `MatchNamedCall` and `OpernameGetCandidates`, namespace.c (PG 18).

use super::{Env, Oid, OperatorRow, ProcRow, SearchPath};

/// How a call is written.
#[derive(Clone, Copy, Debug)]
pub struct FuncLookup<'a> {
    /// The schema, when the name has one.
    pub schema: Option<&'a str>,
    /// The routine's name.
    pub name: &'a str,
    /// How many arguments are given; `None` asks for every routine of the name.
    pub arg_count: Option<usize>,
    /// The names of the last arguments, when they are passed by name.
    pub arg_names: &'a [&'a str],
    /// Whether a variadic routine may take its last arguments one by one.
    pub expand_variadic: bool,
    /// Whether arguments may be left to their defaults.
    pub expand_defaults: bool,
    /// Whether arguments are given for `OUT` parameters too (`CALL`).
    pub include_out_args: bool,
}

/// A routine that a call could mean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FuncCandidate {
    /// The routine; invalid when several of the same signature cannot be told apart.
    pub oid: Oid,
    /// Position of its schema in the search path.
    pub path_position: usize,
    /// How many arguments the routine itself has.
    pub nominal_arg_count: usize,
    /// How many of `args` stand for the variadic argument.
    pub variadic_count: usize,
    /// How many arguments are left to their defaults.
    pub default_count: usize,
    /// For a call with named arguments: which parameter each argument (then each default) goes to.
    pub arg_numbers: Option<Vec<usize>>,
    /// The effective argument types, in the call's order.
    pub args: Vec<Oid>,
}

impl FuncCandidate {
    /// The argument types that the call itself gives, defaults left out.
    fn given(&self) -> &[Oid] {
        self.args.get(..self.args.len().saturating_sub(self.default_count)).unwrap_or_default()
    }
}

/// An operator that a call could mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OperCandidate {
    /// The operator.
    pub oid: Oid,
    /// The left operand's type, invalid for a prefix operator.
    pub left: Oid,
    /// The right operand's type.
    pub right: Oid,
}

impl Env {
    /// The routines that a call could mean.
    #[must_use]
    pub fn func_candidates(&self, path: &SearchPath, lookup: &FuncLookup<'_>) -> Vec<FuncCandidate> {
        let mut found: Vec<FuncCandidate> = Vec::new();
        for row in self.procs_named(lookup.name) {
            let position = match lookup.schema {
                Some(schema) if row.schema == *schema => 0,
                Some(_) => continue,
                None => match path.position(&row.schema) {
                    Some(position) => position,
                    None => continue,
                },
            };
            let Some(candidate) = match_proc(row, lookup, position) else {
                continue;
            };
            let rival = found.iter().position(|before| before.given() == candidate.given());
            match rival.and_then(|at| found.get_mut(at).map(|before| (at, before))) {
                None => found.push(candidate),
                Some((at, before)) => match preference(before, &candidate) {
                    Preference::Before => {}
                    Preference::After => {
                        found.remove(at);
                        found.push(candidate);
                    }
                    Preference::Ambiguous => before.oid = Oid::INVALID,
                },
            }
        }
        // The server builds its list from the front.
        found.reverse();
        found
    }

    /// The operators of that name and arity that a call could mean.
    #[must_use]
    pub fn oper_candidates(
        &self,
        path: &SearchPath,
        schema: Option<&str>,
        name: &str,
        prefix: bool,
    ) -> Vec<OperCandidate> {
        let mut found: Vec<(usize, OperCandidate)> = Vec::new();
        for row in self.operators_named(name) {
            if is_prefix(row) != prefix {
                continue;
            }
            let position = match schema {
                Some(schema) if row.schema == *schema => 0,
                Some(_) => continue,
                None => match path.position(&row.schema) {
                    Some(position) => position,
                    None => continue,
                },
            };
            let candidate = OperCandidate { oid: row.oid, left: row.left, right: row.right };
            let rival =
                found.iter_mut().find(|(_, before)| before.left == candidate.left && before.right == candidate.right);
            match rival {
                None => found.push((position, candidate)),
                Some(before) if before.0 > position => *before = (position, candidate),
                Some(_) => {}
            }
        }
        found.into_iter().rev().map(|(_, candidate)| candidate).collect()
    }
}

fn is_prefix(row: &OperatorRow) -> bool {
    !row.left.is_valid()
}

enum Preference {
    Before,
    After,
    Ambiguous,
}

/// Chooses between two routines that the call's arguments cannot tell apart.
fn preference(before: &FuncCandidate, after: &FuncCandidate) -> Preference {
    if after.path_position != before.path_position {
        if after.path_position > before.path_position { Preference::Before } else { Preference::After }
    } else if after.variadic_count > 0 && before.variadic_count == 0 {
        Preference::Before
    } else if after.variadic_count == 0 && before.variadic_count > 0 {
        Preference::After
    } else {
        Preference::Ambiguous
    }
}

/// The candidate that a routine gives for a call, if the number and names of the arguments allow it.
fn match_proc(row: &ProcRow, lookup: &FuncLookup<'_>, path_position: usize) -> Option<FuncCandidate> {
    let with_out: Vec<Oid>;
    let types: &[Oid] = if lookup.include_out_args && !row.parameters.is_empty() {
        with_out = row.parameters.iter().map(|p| p.type_oid).collect();
        &with_out
    } else {
        &row.args
    };
    let nominal = types.len();
    let given = lookup.arg_count;
    let named = !lookup.arg_names.is_empty();
    if named && row.variadic.is_valid() && lookup.expand_variadic {
        return None;
    }
    let variadic =
        !named && lookup.expand_variadic && row.variadic.is_valid() && given.is_some_and(|given| nominal <= given);
    let mut default_count = 0;
    if let Some(given) = given {
        if nominal > given && lookup.expand_defaults {
            if given + usize::from(row.default_count) < nominal {
                return None;
            }
            default_count = nominal - given;
        } else if nominal != given && !variadic {
            return None;
        }
    }
    let arg_numbers = match given {
        Some(given) if named => Some(match_named_call(row, lookup, given, nominal)?),
        _ => None,
    };
    let effective = given.map_or(nominal, |given| nominal.max(given));
    let mut args: Vec<Oid> = match &arg_numbers {
        Some(numbers) => numbers.iter().filter_map(|at| types.get(*at).copied()).collect(),
        None => types.to_vec(),
    };
    let mut variadic_count = 0;
    if variadic {
        variadic_count = effective + 1 - nominal;
        args.truncate(nominal.saturating_sub(1));
        args.resize(effective, row.variadic);
    }
    Some(FuncCandidate {
        oid: row.oid,
        path_position,
        nominal_arg_count: nominal,
        variadic_count,
        default_count,
        arg_numbers,
        args,
    })
}

/// Maps the arguments of a call with named ones to parameters; `None` when they do not fit.
fn match_named_call(row: &ProcRow, lookup: &FuncLookup<'_>, given: usize, nominal: usize) -> Option<Vec<usize>> {
    if row.parameters.is_empty() {
        return None;
    }
    let positional = given.checked_sub(lookup.arg_names.len())?;
    let mut taken = vec![false; nominal.max(given)];
    let mut numbers: Vec<usize> = Vec::with_capacity(nominal);
    for (at, slot) in taken.iter_mut().enumerate().take(positional) {
        *slot = true;
        numbers.push(at);
    }
    for name in lookup.arg_names {
        let (at, _) = row
            .parameters
            .iter()
            .filter(|p| lookup.include_out_args || p.mode.is_input())
            .enumerate()
            .find(|(_, p)| !p.name.is_empty() && p.name == *name)?;
        let slot = taken.get_mut(at)?;
        if *slot {
            return None;
        }
        *slot = true;
        numbers.push(at);
    }
    if given < nominal {
        let first_default = nominal.checked_sub(usize::from(row.default_count))?;
        for (at, slot) in taken.iter().enumerate().take(nominal).skip(positional) {
            if *slot {
                continue;
            }
            if at < first_default {
                return None;
            }
            numbers.push(at);
        }
    }
    (numbers.len() == nominal).then_some(numbers)
}
