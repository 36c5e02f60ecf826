//! The choice among several functions or operators by the types of the arguments.
//!
//! Follows `func_match_argtypes` and `func_select_candidate`, parse_func.c (PG 18).

use super::parse_coerce::can_coerce_type;
use crate::env::{CastContext, Env, Oid};

/// The string category, which wins for literals of unknown type.
const STRING: char = 'S';

/// Keeps the candidates that the arguments can be passed to without being cast.
pub(super) fn match_argtypes<C>(
    env: &Env,
    inputs: &[Oid],
    candidates: Vec<C>,
    args_of: impl Fn(&C) -> &[Oid],
) -> Vec<C> {
    candidates.into_iter().filter(|c| can_coerce_type(env, inputs, args_of(c), CastContext::Implicit)).collect()
}

/// The best candidate, `None` when no single one is better than the rest.
pub(super) fn select_candidate<C>(
    env: &Env,
    inputs: &[Oid],
    candidates: Vec<C>,
    args_of: impl Fn(&C) -> &[Oid],
) -> Option<C> {
    let mut bases: Vec<Oid> = inputs.iter().map(|t| if *t == Oid::UNKNOWN { *t } else { env.base_type(*t) }).collect();
    let unknowns = bases.iter().filter(|t| **t == Oid::UNKNOWN).count();

    // most exact matches
    let candidates =
        keep_best(candidates, |c| bases.iter().zip(args_of(c)).filter(|(b, a)| **b != Oid::UNKNOWN && b == a).count());
    let candidates = match sole(candidates) {
        Ok(one) => return Some(one),
        Err(many) => many,
    };

    // most exact matches or preferred types
    let categories: Vec<char> = bases.iter().map(|b| env.category(*b).map_or('X', |(c, _)| c)).collect();
    let candidates = keep_best(candidates, |c| {
        bases
            .iter()
            .zip(&categories)
            .zip(args_of(c))
            .filter(|((b, category), a)| **b != Oid::UNKNOWN && (b == a || env.is_preferred(Some(**category), **a)))
            .count()
    });
    let candidates = match sole(candidates) {
        Ok(one) => return Some(one),
        Err(many) => many,
    };
    if unknowns == 0 {
        return None;
    }

    let candidates = match sole(resolve_unknowns(env, &bases, candidates, &args_of)) {
        Ok(one) => return Some(one),
        Err(many) => many,
    };

    // the known arguments all have one type: suppose that the unknown ones have it too
    if unknowns < bases.len() {
        let mut known = bases.iter().copied().filter(|b| *b != Oid::UNKNOWN);
        let first = known.next()?;
        if known.all(|k| k == first) {
            bases.fill(first);
            let mut fitting =
                candidates.into_iter().filter(|c| can_coerce_type(env, &bases, args_of(c), CastContext::Implicit));
            if let (Some(one), None) = (fitting.next(), fitting.next()) {
                return Some(one);
            }
        }
    }
    None
}

/// Keeps the candidates with the highest score.
fn keep_best<C>(candidates: Vec<C>, score: impl Fn(&C) -> usize) -> Vec<C> {
    let scored: Vec<(usize, C)> = candidates.into_iter().map(|c| (score(&c), c)).collect();
    let best = scored.iter().map(|(s, _)| *s).max().unwrap_or(0);
    scored.into_iter().filter(|(s, _)| *s == best).map(|(_, c)| c).collect()
}

fn sole<C>(mut candidates: Vec<C>) -> Result<C, Vec<C>> {
    if candidates.len() == 1
        && let Some(one) = candidates.pop()
    {
        return Ok(one);
    }
    Err(candidates)
}

/// Chooses a category for each argument of unknown type and keeps the candidates that accept it.
fn resolve_unknowns<C>(env: &Env, bases: &[Oid], candidates: Vec<C>, args_of: &impl Fn(&C) -> &[Oid]) -> Vec<C> {
    let category = |ty: Oid| env.category(ty).unwrap_or(('X', false));
    let mut slots: Vec<Option<(char, bool)>> = vec![None; bases.len()];
    for (i, slot) in slots.iter_mut().enumerate() {
        if bases.get(i) != Some(&Oid::UNKNOWN) {
            continue;
        }
        let mut conflict = false;
        for c in &candidates {
            let Some(arg) = args_of(c).get(i) else {
                continue;
            };
            let (current, preferred) = category(*arg);
            match slot {
                None => *slot = Some((current, preferred)),
                Some((chosen, has_preferred)) if *chosen == current => *has_preferred |= preferred,
                Some(_) if current == STRING => *slot = Some((current, preferred)),
                Some(_) => conflict = true,
            }
        }
        if conflict && slot.is_none_or(|(chosen, _)| chosen != STRING) {
            return candidates;
        }
    }
    let fits = |c: &C| {
        slots.iter().zip(args_of(c)).all(|(slot, arg)| {
            slot.is_none_or(|(chosen, has_preferred)| {
                let (current, preferred) = category(*arg);
                current == chosen && (preferred || !has_preferred)
            })
        })
    };
    if candidates.iter().any(&fits) { candidates.into_iter().filter(|c| fits(c)).collect() } else { candidates }
}
