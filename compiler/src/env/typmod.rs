//! Type modifiers: from what the grammar gives to the number that is stored, and from that to text.
//!
//! Follows each built-in type's typmod input and output function: numeric.c, varchar.c, varbit.c, date.c,
//! timestamp.c (PG 14 and 18). The modifiers of pgvector's types, plain integers, are known as well; those of
//! other extensions are refused, since only the extension knows them.

use super::type_name::TypeNameError;
use super::{Major, Sym, TypeRow};

/// The header of a varlena, which several modifiers count in.
const VARHDRSZ: i32 = 4;
const MAX_ATTR_SIZE: i32 = 10 * 1024 * 1024;
const MAX_FRACTION: i32 = 6;
const INTERVAL_FULL_RANGE: i32 = 0x7FFF;
const INTERVAL_FULL_PRECISION: i32 = 0xFFFF;

const MONTH: i32 = 1 << 1;
const YEAR: i32 = 1 << 2;
const DAY: i32 = 1 << 3;
const HOUR: i32 = 1 << 10;
const MINUTE: i32 = 1 << 11;
const SECOND: i32 = 1 << 12;

/// The field lists that an interval can be restricted to.
pub(super) const INTERVAL_FIELDS: [(i32, &str); 14] = [
    (YEAR, " year"),
    (MONTH, " month"),
    (DAY, " day"),
    (HOUR, " hour"),
    (MINUTE, " minute"),
    (SECOND, " second"),
    (YEAR | MONTH, " year to month"),
    (DAY | HOUR, " day to hour"),
    (DAY | HOUR | MINUTE, " day to minute"),
    (DAY | HOUR | MINUTE | SECOND, " day to second"),
    (HOUR | MINUTE, " hour to minute"),
    (HOUR | MINUTE | SECOND, " hour to second"),
    (MINUTE | SECOND, " minute to second"),
    (INTERVAL_FULL_RANGE, ""),
];

/// Packs an interval's modifier (`INTERVAL_TYPMOD`); no precision is every digit.
pub(super) fn interval_typmod(fields: i32, precision: Option<i32>) -> i32 {
    ((fields & INTERVAL_FULL_RANGE) << 16) | (precision.unwrap_or(INTERVAL_FULL_PRECISION) & 0xFFFF)
}

/// The modifier that a type makes of the words in its parentheses.
///
/// # Errors
///
/// What the type's own function would say, with its SQLSTATE.
pub(super) fn typmod_in(major: Major, row: &TypeRow, words: &[Sym]) -> Result<i32, TypeNameError> {
    let Some(function) = &row.typmod_in else {
        return Err(TypeNameError::ModifierNotAllowed { name: row.name.clone() });
    };
    match function.as_str() {
        "numerictypmodin" => numeric_in(major, &numbers(words)?),
        "bpchartypmodin" => length_in("char", MAX_ATTR_SIZE, VARHDRSZ, &numbers(words)?),
        "varchartypmodin" => length_in("varchar", MAX_ATTR_SIZE, VARHDRSZ, &numbers(words)?),
        "bittypmodin" => length_in("bit", MAX_ATTR_SIZE * 8, 0, &numbers(words)?),
        "varbittypmodin" => length_in("varbit", MAX_ATTR_SIZE * 8, 0, &numbers(words)?),
        "timetypmodin" => fraction_in("TIME", "", &numbers(words)?),
        "timetztypmodin" => fraction_in("TIME", " WITH TIME ZONE", &numbers(words)?),
        "timestamptypmodin" => fraction_in("TIMESTAMP", "", &numbers(words)?),
        "timestamptztypmodin" => fraction_in("TIMESTAMP", " WITH TIME ZONE", &numbers(words)?),
        "intervaltypmodin" => interval_in(&numbers(words)?),
        "vector_typmod_in" => dimensions_in("vector", 16000, &numbers(words)?),
        "halfvec_typmod_in" => dimensions_in("halfvec", 16000, &numbers(words)?),
        "sparsevec_typmod_in" => dimensions_in("sparsevec", 1_000_000_000, &numbers(words)?),
        _ => Err(TypeNameError::UnknownModifier { name: row.name.clone() }),
    }
}

/// The text of a modifier, as it stands after the type's name. A type with an output function of an extension
/// has no modifier here, since its input is refused.
pub(super) fn typmod_out(major: Major, row: &TypeRow, typmod: i32) -> String {
    let Some(function) = &row.typmod_out else {
        return format!("({typmod})");
    };
    match function.as_str() {
        "numerictypmodout" => numeric_out(major, typmod),
        "bpchartypmodout" | "varchartypmodout" => length_out(typmod, VARHDRSZ),
        "bittypmodout" | "varbittypmodout" => length_out(typmod, 0),
        "timetypmodout" | "timestamptypmodout" => fraction_out(typmod, " without time zone"),
        "timetztypmodout" | "timestamptztypmodout" => fraction_out(typmod, " with time zone"),
        "intervaltypmodout" => interval_out(typmod),
        _ => format!("({typmod})"),
    }
}

/// The scale that a numeric modifier stands for.
fn numeric_scale(major: Major, typmod: i32) -> i32 {
    let packed = typmod - VARHDRSZ;
    match major {
        Major::V14 => packed & 0xFFFF,
        Major::V15 | Major::V16 | Major::V17 | Major::V18 => ((packed & 0x7FF) ^ 1024) - 1024,
    }
}

fn numeric_in(major: Major, numbers: &[i32]) -> Result<i32, TypeNameError> {
    let (precision, scale) = match numbers {
        [precision] => (*precision, 0),
        [precision, scale] => (*precision, *scale),
        _ => return Err(invalid("invalid NUMERIC type modifier".to_owned())),
    };
    if !(1..=1000).contains(&precision) {
        return Err(invalid(format!("NUMERIC precision {precision} must be between 1 and 1000")));
    }
    let packed = match major {
        Major::V14 => {
            if scale < 0 || scale > precision {
                return Err(invalid(format!("NUMERIC scale {scale} must be between 0 and precision {precision}")));
            }
            (precision << 16) | scale
        }
        Major::V15 | Major::V16 | Major::V17 | Major::V18 => {
            if !(-1000..=1000).contains(&scale) {
                return Err(invalid(format!("NUMERIC scale {scale} must be between -1000 and 1000")));
            }
            (precision << 16) | (scale & 0x7FF)
        }
    };
    Ok(packed + VARHDRSZ)
}

fn numeric_out(major: Major, typmod: i32) -> String {
    if typmod < VARHDRSZ {
        return String::new();
    }
    let precision = ((typmod - VARHDRSZ) >> 16) & 0xFFFF;
    format!("({precision},{})", numeric_scale(major, typmod))
}

fn length_in(name: &str, most: i32, header: i32, numbers: &[i32]) -> Result<i32, TypeNameError> {
    let [length] = numbers else {
        return Err(invalid("invalid type modifier".to_owned()));
    };
    if *length < 1 {
        return Err(invalid(format!("length for type {name} must be at least 1")));
    }
    if *length > most {
        return Err(invalid(format!("length for type {name} cannot exceed {most}")));
    }
    Ok(length + header)
}

fn length_out(typmod: i32, header: i32) -> String {
    if typmod < header || (header > 0 && typmod == header) {
        return String::new();
    }
    format!("({})", typmod - header)
}

fn fraction_in(name: &str, zone: &str, numbers: &[i32]) -> Result<i32, TypeNameError> {
    let [digits] = numbers else {
        return Err(invalid("invalid type modifier".to_owned()));
    };
    if *digits < 0 {
        return Err(invalid(format!("{name}({digits}){zone} precision must not be negative")));
    }
    Ok((*digits).min(MAX_FRACTION))
}

fn fraction_out(typmod: i32, zone: &str) -> String {
    if typmod >= 0 { format!("({typmod}){zone}") } else { zone.to_owned() }
}

fn interval_in(numbers: &[i32]) -> Result<i32, TypeNameError> {
    if let [fields, ..] = numbers
        && !INTERVAL_FIELDS.iter().any(|(known, _)| known == fields)
    {
        return Err(invalid("invalid INTERVAL type modifier".to_owned()));
    }
    match numbers {
        [INTERVAL_FULL_RANGE] => Ok(-1),
        [fields] => Ok(interval_typmod(*fields, None)),
        [_, digits] if *digits < 0 => Err(invalid(format!("INTERVAL({digits}) precision must not be negative"))),
        [fields, digits] => Ok(interval_typmod(*fields, Some((*digits).min(MAX_FRACTION)))),
        _ => Err(invalid("invalid INTERVAL type modifier".to_owned())),
    }
}

fn interval_out(typmod: i32) -> String {
    if typmod < 0 {
        return String::new();
    }
    let fields = (typmod >> 16) & INTERVAL_FULL_RANGE;
    let text = INTERVAL_FIELDS.iter().find(|(known, _)| *known == fields).map_or("", |(_, text)| *text);
    match typmod & 0xFFFF {
        INTERVAL_FULL_PRECISION => text.to_owned(),
        digits => format!("{text}({digits})"),
    }
}

fn dimensions_in(name: &str, most: i32, numbers: &[i32]) -> Result<i32, TypeNameError> {
    let [dimensions] = numbers else {
        return Err(invalid("invalid type modifier".to_owned()));
    };
    if *dimensions < 1 {
        return Err(invalid(format!("dimensions for type {name} must be at least 1")));
    }
    if *dimensions > most {
        return Err(invalid(format!("dimensions for type {name} cannot exceed {most}")));
    }
    Ok(*dimensions)
}

/// Reads the words as 32-bit integers (`ArrayGetIntegerTypmods`).
fn numbers(words: &[Sym]) -> Result<Vec<i32>, TypeNameError> {
    words
        .iter()
        .map(|word| {
            let text = word.trim();
            text.parse().map_err(|_| {
                let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
                if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
                    TypeNameError::ModifierOutOfRange { word: word.clone() }
                } else {
                    TypeNameError::ModifierNotInteger { word: word.clone() }
                }
            })
        })
        .collect()
}

fn invalid(message: String) -> TypeNameError {
    TypeNameError::InvalidModifier { message }
}
