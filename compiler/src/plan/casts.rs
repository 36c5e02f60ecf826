//! How a column's values get from one type to another (`ATColumnChangeRequiresRewrite`, `ATPrepAlterColumnType`, tablecmds.c).

use pgseal_catalog::facts::ColumnStorage;

use crate::elaborate::Model;
use crate::env::{CastContext, CastMethod, Env, Oid, TypeKind};

/// What it takes, from the cheapest to the dearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conversion {
    /// The stored bytes stay as they are.
    Relabel,
    /// An implicit cast.
    Implicit,
    /// An assignment cast.
    Assignment,
    /// Only an explicit cast: `USING column::type`.
    Explicit,
}

/// How values of one type become another's; none when there is no cast.
#[must_use]
pub fn conversion(model: &Model, from: &str, to: &str) -> Option<Conversion> {
    let env = model.env();
    let (source, source_mod) = env.parse_format_type(from).ok()?;
    let (target, target_mod) = env.parse_format_type(to).ok()?;
    if source == target {
        return Some(if widens(source, source_mod, target_mod) { Conversion::Relabel } else { Conversion::Assignment });
    }
    let found = cast(env, source, target)?;
    // a modifier of the target is put upon the values after the cast; character strings keep theirs when it only grows
    let keeps = target_mod < 0 || (source == Oid::VARCHAR && source_mod >= 0 && target_mod >= source_mod);
    Some(if found == Conversion::Relabel && !keeps { Conversion::Assignment } else { found })
}

/// Whether a change of modifier leaves every value as it is.
fn widens(data_type: Oid, from: i32, to: i32) -> bool {
    if from == to || to < 0 {
        return true;
    }
    if from < 0 {
        return false;
    }
    const VARLENA_HEADER: i32 = 4;
    match data_type {
        Oid::VARCHAR | Oid::VARBIT => to >= from,
        Oid::NUMERIC => {
            let parts =
                |modifier: i32| (((modifier - VARLENA_HEADER) >> 16) & 0xffff, (modifier - VARLENA_HEADER) & 0x7ff);
            let ((from_precision, from_scale), (to_precision, to_scale)) = (parts(from), parts(to));
            from_scale == to_scale && to_precision >= from_precision
        }
        Oid::TIME | Oid::TIMETZ | Oid::TIMESTAMP | Oid::TIMESTAMPTZ => to >= from,
        _ => false,
    }
}

/// Follows `find_coercion_pathway`, parse_coerce.c.
fn cast(env: &Env, source: Oid, target: Oid) -> Option<Conversion> {
    let (source_base, target_base) = (env.base_type(source), env.base_type(target));
    if source_base == target_base {
        // into a domain values are checked, out of one they are not
        return Some(if target == target_base { Conversion::Relabel } else { Conversion::Implicit });
    }
    if let Some(cast) = env.cast(source_base, target_base) {
        return Some(match (cast.method, cast.context) {
            (CastMethod::Binary, _) if target == target_base => Conversion::Relabel,
            (_, CastContext::Implicit) => Conversion::Implicit,
            (_, CastContext::Assignment) => Conversion::Assignment,
            (_, CastContext::Explicit) => Conversion::Explicit,
        });
    }
    if let (Some(a), Some(b)) = (env.element_type_of(source_base), env.element_type_of(target_base)) {
        // the elements one by one
        return cast(env, a, b).map(|found| found.max(Conversion::Implicit));
    }
    // through text, as the last resort
    let is_string = |oid: Oid| env.category(oid).is_some_and(|(category, _)| category == 'S');
    if is_string(target_base) {
        return Some(Conversion::Assignment);
    }
    if is_string(source_base) {
        return Some(Conversion::Explicit);
    }
    None
}

/// Whether values may lose something on the way without an error: fractions, times of day, digits.
#[must_use]
pub fn may_lose(model: &Model, from: &str, to: &str, conversion: Conversion) -> bool {
    let env = model.env();
    let (Ok((source, source_mod)), Ok((target, target_mod))) = (env.parse_format_type(from), env.parse_format_type(to))
    else {
        return true;
    };
    if conversion == Conversion::Relabel {
        return false;
    }
    if source == target {
        // strings that are too long are an error, not cut; numbers and times are rounded
        return !matches!(source, Oid::VARCHAR | Oid::BPCHAR | Oid::BIT | Oid::VARBIT)
            && !widens(source, source_mod, target_mod);
    }
    let is_string = |oid: Oid| env.category(oid).is_some_and(|(category, _)| category == 'S');
    let is_integer = |oid: Oid| matches!(oid, Oid::INT2 | Oid::INT4 | Oid::INT8);
    if is_integer(source) && is_integer(target) || is_string(target) && target_mod < 0 || is_string(source) {
        return false;
    }
    if env.type_by_oid(source).is_some_and(|row| matches!(row.kind, TypeKind::Enum | TypeKind::Domain)) {
        return false;
    }
    conversion > Conversion::Implicit
}

/// The storage mode that columns of a type have unless told otherwise.
#[must_use]
pub fn type_storage(model: &Model, data_type: &str) -> Option<ColumnStorage> {
    let (oid, _) = model.env().parse_format_type(data_type).ok()?;
    match model.env().type_by_oid(oid)?.storage {
        'p' => Some(ColumnStorage::Plain),
        'e' => Some(ColumnStorage::External),
        'x' => Some(ColumnStorage::Extended),
        'm' => Some(ColumnStorage::Main),
        _ => None,
    }
}
