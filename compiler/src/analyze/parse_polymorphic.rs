//! Polymorphic arguments and results: what `anyelement` and its kin stand for in one call.
//!
//! Follows `check_generic_type_consistency` and `enforce_generic_type_consistency`, parse_coerce.c
//! (PG 18).

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_common::{common_type, verify_common_type};
use crate::env::{Env, Oid};

/// Whether a type is a polymorphic pseudo-type (`IsPolymorphicType`).
#[must_use]
pub fn is_polymorphic(ty: Oid) -> bool {
    is_family1(ty)
        || matches!(
            ty,
            Oid::ANYCOMPATIBLE
                | Oid::ANYCOMPATIBLEARRAY
                | Oid::ANYCOMPATIBLENONARRAY
                | Oid::ANYCOMPATIBLERANGE
                | Oid::ANYCOMPATIBLEMULTIRANGE
        )
}

fn is_family1(ty: Oid) -> bool {
    matches!(ty, Oid::ANYELEMENT | Oid::ANYARRAY | Oid::ANYNONARRAY | Oid::ANYENUM | Oid::ANYRANGE | Oid::ANYMULTIRANGE)
}

fn is_array_domain(env: &Env, ty: Oid) -> bool {
    env.base_element_type_of(ty).is_some()
}

fn subtype(env: &Env, range: Oid) -> Option<Oid> {
    env.range(range).map(|l| l.subtype)
}

fn range_of(env: &Env, multirange: Oid) -> Option<Oid> {
    env.multirange(multirange).map(|l| l.range)
}

fn multirange_of(env: &Env, range: Oid) -> Oid {
    env.range(range).map_or(Oid::INVALID, |l| l.multirange)
}

/// What the arguments say about the polymorphic types, once collected.
#[derive(Default)]
struct Seen {
    element: Oid,
    array: Oid,
    range: Oid,
    multirange: Oid,
    nonarray: bool,
    is_enum: bool,
    any_multirange: bool,
    compatible: Vec<Oid>,
    compatible_range: Oid,
    compatible_subtype: Oid,
    compatible_multirange: Oid,
    compatible_multirange_range: Oid,
    compatible_nonarray: bool,
    compatible_array: bool,
    any_compatible_range: bool,
    any_compatible_multirange: bool,
    family1_args: usize,
    family2: bool,
    unknowns: bool,
}

/// A contradiction between arguments, in the server's words.
struct Clash {
    message: String,
    detail: Option<String>,
}

impl Clash {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), detail: None }
    }

    fn versus(message: impl Into<String>, env: &Env, a: Oid, b: Oid) -> Self {
        Self {
            message: message.into(),
            detail: Some(format!("{} versus {}", env.format_type_be(a), env.format_type_be(b))),
        }
    }

    fn error(self) -> AnalyzeError {
        let e = AnalyzeError::rejected(sqlstate::DATATYPE_MISMATCH, self.message, -1);
        match self.detail {
            Some(d) => e.detail(d),
            None => e,
        }
    }
}

fn not_alike(env: &Env, name: &str, a: Oid, b: Oid) -> Clash {
    Clash::versus(format!("arguments declared \"{name}\" are not all alike"), env, a, b)
}

fn not_a(env: &Env, name: &str, what: &str, ty: Oid) -> Clash {
    Clash::new(format!("argument declared {name} is not {what} but type {}", env.format_type_be(ty)))
}

fn claim(env: &Env, slot: &mut Oid, actual: Oid, name: &str) -> Result<(), Clash> {
    if slot.is_valid() && *slot != actual {
        return Err(not_alike(env, name, *slot, actual));
    }
    *slot = actual;
    Ok(())
}

/// Notes what each argument says.
fn collect(env: &Env, actual: &[Oid], declared: &[Oid]) -> Result<Seen, Clash> {
    let mut s = Seen::default();
    for (actual, declared) in actual.iter().copied().zip(declared.iter().copied()) {
        let unknown = actual == Oid::UNKNOWN;
        let base = env.base_type(actual);
        match declared {
            Oid::ANYELEMENT | Oid::ANYNONARRAY | Oid::ANYENUM => {
                s.family1_args += 1;
                s.nonarray |= declared == Oid::ANYNONARRAY;
                s.is_enum |= declared == Oid::ANYENUM;
                s.unknowns |= unknown;
                if !unknown {
                    claim(env, &mut s.element, actual, "anyelement")?;
                }
            }
            Oid::ANYARRAY => {
                s.family1_args += 1;
                s.unknowns |= unknown;
                if !unknown {
                    claim(env, &mut s.array, base, "anyarray")?;
                }
            }
            Oid::ANYRANGE => {
                s.family1_args += 1;
                s.unknowns |= unknown;
                if !unknown {
                    claim(env, &mut s.range, base, "anyrange")?;
                }
            }
            Oid::ANYMULTIRANGE => {
                s.family1_args += 1;
                s.any_multirange = true;
                s.unknowns |= unknown;
                if !unknown {
                    claim(env, &mut s.multirange, base, "anymultirange")?;
                }
            }
            Oid::ANYCOMPATIBLE | Oid::ANYCOMPATIBLENONARRAY => {
                s.family2 = true;
                s.compatible_nonarray |= declared == Oid::ANYCOMPATIBLENONARRAY;
                if !unknown {
                    s.compatible.push(actual);
                }
            }
            Oid::ANYCOMPATIBLEARRAY => {
                s.family2 = true;
                s.compatible_array = true;
                if !unknown {
                    s.compatible.push(
                        env.element_type_of(base).ok_or_else(|| not_a(env, "anycompatiblearray", "an array", base))?,
                    );
                }
            }
            Oid::ANYCOMPATIBLERANGE => {
                s.family2 = true;
                s.any_compatible_range = true;
                if !unknown {
                    let fresh = !s.compatible_range.is_valid();
                    claim(env, &mut s.compatible_range, base, "anycompatiblerange")?;
                    if fresh {
                        s.compatible_subtype =
                            subtype(env, base).ok_or_else(|| not_a(env, "anycompatiblerange", "a range type", base))?;
                        s.compatible.push(s.compatible_subtype);
                    }
                }
            }
            Oid::ANYCOMPATIBLEMULTIRANGE => {
                s.family2 = true;
                s.any_compatible_multirange = true;
                if !unknown {
                    claim(env, &mut s.compatible_multirange, base, "anycompatiblemultirange")?;
                    s.compatible_multirange_range = range_of(env, base)
                        .ok_or_else(|| not_a(env, "anycompatiblemultirange", "a multirange type", base))?;
                }
            }
            _ => {}
        }
    }
    Ok(s)
}

/// Brings arrays, ranges and multiranges in line with their elements.
fn reconcile_family1(env: &Env, s: &mut Seen) -> Result<(), Clash> {
    if s.array.is_valid() && s.array != Oid::ANYARRAY {
        let element = env.element_type_of(s.array).ok_or_else(|| not_a(env, "anyarray", "an array", s.array))?;
        if s.element.is_valid() && s.element != element {
            return Err(Clash::versus(
                "argument declared anyarray is not consistent with argument declared anyelement",
                env,
                s.array,
                s.element,
            ));
        }
        s.element = element;
    }
    if s.multirange.is_valid() {
        let range = range_of(env, s.multirange)
            .ok_or_else(|| not_a(env, "anymultirange", "a multirange type", s.multirange))?;
        if s.range.is_valid() && s.range != range {
            return Err(Clash::versus(
                "argument declared anymultirange is not consistent with argument declared anyrange",
                env,
                s.multirange,
                s.range,
            ));
        }
        s.range = range;
    }
    if s.range.is_valid() {
        let sub = subtype(env, s.range).ok_or_else(|| not_a(env, "anyrange", "a range type", s.range))?;
        if s.element.is_valid() && s.element != sub {
            return Err(Clash::versus(
                "argument declared anyrange is not consistent with argument declared anyelement",
                env,
                s.range,
                s.element,
            ));
        }
        s.element = sub;
    }
    Ok(())
}

fn reconcile_compatible_ranges(env: &Env, s: &mut Seen) -> Result<(), Clash> {
    if !s.compatible_multirange.is_valid() {
        return Ok(());
    }
    if s.compatible_range.is_valid() {
        if s.compatible_multirange_range != s.compatible_range {
            return Err(Clash::versus(
                "argument declared anycompatiblemultirange is not consistent with argument \
                 declared anycompatiblerange",
                env,
                s.compatible_multirange,
                s.compatible_range,
            ));
        }
        return Ok(());
    }
    s.compatible_range = s.compatible_multirange_range;
    s.compatible_subtype = subtype(env, s.compatible_range)
        .ok_or_else(|| not_a(env, "anycompatiblemultirange", "a multirange type", s.compatible_multirange))?;
    s.any_compatible_range = true;
    s.compatible.push(s.compatible_subtype);
    Ok(())
}

/// Whether the actual types fit the declared ones together.
#[must_use]
pub fn check_generic_type_consistency(env: &Env, actual: &[Oid], declared: &[Oid]) -> bool {
    let Ok(mut s) = collect(env, actual, declared) else {
        return false;
    };
    if reconcile_family1(env, &mut s).is_err() {
        return false;
    }
    if s.nonarray && is_array_domain(env, s.element) {
        return false;
    }
    if s.is_enum && !env.is_enum(s.element) {
        return false;
    }
    if reconcile_compatible_ranges(env, &mut s).is_err() {
        return false;
    }
    if s.compatible.is_empty() {
        return true;
    }
    let Ok(common) = common_type(env, &s.compatible) else {
        return false;
    };
    verify_common_type(env, common, &s.compatible)
        && !(s.compatible_nonarray && is_array_domain(env, common))
        && !(s.compatible_subtype.is_valid() && s.compatible_subtype != common)
}

fn undetermined(name: &str) -> Clash {
    Clash::new(format!("could not determine polymorphic type {name} because input has type unknown"))
}

fn array_of(env: &Env, element: Oid) -> Analyzed<Oid> {
    env.array_type_of(element).ok_or_else(|| {
        AnalyzeError::rejected(
            sqlstate::UNDEFINED_OBJECT,
            format!("could not find array type for data type {}", env.format_type_be(element)),
            -1,
        )
    })
}

/// Replaces the polymorphic types in `declared` by what they stand for, and answers the actual
/// result type.
///
/// # Errors
///
/// When the arguments contradict each other or leave a type open.
pub fn enforce_generic_type_consistency(env: &Env, actual: &[Oid], declared: &mut [Oid], result: Oid) -> Analyzed<Oid> {
    let mut s = collect(env, actual, declared).map_err(Clash::error)?;
    s.nonarray |= result == Oid::ANYNONARRAY;
    s.is_enum |= result == Oid::ANYENUM;
    s.any_multirange |= result == Oid::ANYMULTIRANGE;
    s.compatible_nonarray |= result == Oid::ANYCOMPATIBLENONARRAY;
    s.compatible_array |= result == Oid::ANYCOMPATIBLEARRAY;
    s.any_compatible_range |= result == Oid::ANYCOMPATIBLERANGE;
    s.any_compatible_multirange |= result == Oid::ANYCOMPATIBLEMULTIRANGE;
    if s.family1_args == 0 && !s.family2 {
        return Ok(result);
    }
    if s.family1_args > 0 {
        resolve_family1(env, &mut s, result)?;
    }
    let mut compatible = Oid::INVALID;
    let mut compatible_array = Oid::INVALID;
    if s.family2 {
        (compatible, compatible_array) = resolve_family2(env, &mut s)?;
    }
    for (declared, actual) in declared.iter_mut().zip(actual.iter().copied()) {
        *declared = match *declared {
            Oid::ANYCOMPATIBLE | Oid::ANYCOMPATIBLENONARRAY => compatible,
            Oid::ANYCOMPATIBLEARRAY => compatible_array,
            Oid::ANYCOMPATIBLERANGE => s.compatible_range,
            Oid::ANYCOMPATIBLEMULTIRANGE => s.compatible_multirange,
            d if actual != Oid::UNKNOWN => d,
            Oid::ANYELEMENT | Oid::ANYNONARRAY | Oid::ANYENUM => s.element,
            Oid::ANYARRAY => {
                if !s.array.is_valid() {
                    s.array = array_of(env, s.element)?;
                }
                s.array
            }
            Oid::ANYRANGE => s.range.valid().ok_or_else(|| undetermined("anyrange").error())?,
            Oid::ANYMULTIRANGE => s.multirange.valid().ok_or_else(|| undetermined("anymultirange").error())?,
            d => d,
        };
    }
    resolve_result(env, &s, result, compatible, compatible_array)
}

fn resolve_family1(env: &Env, s: &mut Seen, result: Oid) -> Analyzed<()> {
    if s.array == Oid::ANYARRAY {
        if s.family1_args != 1 || (result != Oid::ANYARRAY && is_family1(result)) {
            return Err(Clash::new("cannot determine element type of \"anyarray\" argument").error());
        }
        s.element = Oid::ANYELEMENT;
    }
    reconcile_family1(env, s).map_err(Clash::error)?;
    if s.any_multirange && !s.multirange.is_valid() && s.range.is_valid() {
        s.multirange = multirange_of(env, s.range);
    }
    if !s.element.is_valid() {
        return Err(Clash::new("could not determine polymorphic type because input has type unknown").error());
    }
    if s.element == Oid::ANYELEMENT {
        return Ok(());
    }
    if s.nonarray && is_array_domain(env, s.element) {
        return Err(Clash::new(format!(
            "type matched to anynonarray is an array type: {}",
            env.format_type_be(s.element)
        ))
        .error());
    }
    if s.is_enum && !env.is_enum(s.element) {
        return Err(Clash::new(format!(
            "type matched to anyenum is not an enum type: {}",
            env.format_type_be(s.element)
        ))
        .error());
    }
    Ok(())
}

fn resolve_family2(env: &Env, s: &mut Seen) -> Analyzed<(Oid, Oid)> {
    reconcile_compatible_ranges(env, s).map_err(Clash::error)?;
    if !s.compatible_multirange.is_valid() && s.any_compatible_multirange && s.compatible_range.is_valid() {
        s.compatible_multirange = multirange_of(env, s.compatible_range);
    }
    let (common, array) = if s.compatible.is_empty() {
        // only unknown literals: they are text
        (Oid::TEXT, Oid::TEXTARRAY)
    } else {
        let common = common_type(env, &s.compatible).map_err(|(a, b, _)| {
            Clash::new(format!(
                "argument types {} and {} cannot be matched",
                env.format_type_be(a),
                env.format_type_be(b)
            ))
            .error()
        })?;
        if !verify_common_type(env, common, &s.compatible) {
            return Err(Clash::new("arguments of anycompatible family cannot be cast to a common type").error());
        }
        let array = if s.compatible_array { array_of(env, common)? } else { Oid::INVALID };
        (common, array)
    };
    for (wanted, actual, name) in [
        (s.any_compatible_range, s.compatible_range, "anycompatiblerange"),
        (s.any_compatible_multirange, s.compatible_multirange, "anycompatiblemultirange"),
    ] {
        if !wanted {
            continue;
        }
        if !actual.is_valid() {
            return Err(undetermined(name).error());
        }
        if s.compatible_subtype != common {
            return Err(Clash::new(format!(
                "{name} type {} does not match anycompatible type {}",
                env.format_type_be(actual),
                env.format_type_be(common)
            ))
            .error());
        }
    }
    if !s.compatible.is_empty() && s.compatible_nonarray && is_array_domain(env, common) {
        return Err(Clash::new(format!(
            "type matched to anycompatiblenonarray is an array type: {}",
            env.format_type_be(common)
        ))
        .error());
    }
    Ok((common, array))
}

fn resolve_result(env: &Env, s: &Seen, result: Oid, compatible: Oid, compatible_array: Oid) -> Analyzed<Oid> {
    let need =
        |ty: Oid, name: &str| ty.valid().ok_or_else(|| Clash::new(format!("could not identify {name} type")).error());
    match result {
        Oid::ANYELEMENT | Oid::ANYNONARRAY | Oid::ANYENUM => Ok(s.element),
        Oid::ANYARRAY => match s.array.valid() {
            Some(array) => Ok(array),
            None => array_of(env, s.element),
        },
        Oid::ANYRANGE => s.range.valid().ok_or_else(|| undetermined("anyrange").error()),
        Oid::ANYMULTIRANGE => s.multirange.valid().ok_or_else(|| undetermined("anymultirange").error()),
        Oid::ANYCOMPATIBLE | Oid::ANYCOMPATIBLENONARRAY => need(compatible, "anycompatible"),
        Oid::ANYCOMPATIBLEARRAY => need(compatible_array, "anycompatiblearray"),
        Oid::ANYCOMPATIBLERANGE => need(s.compatible_range, "anycompatiblerange"),
        Oid::ANYCOMPATIBLEMULTIRANGE => need(s.compatible_multirange, "anycompatiblemultirange"),
        other => Ok(other),
    }
}
