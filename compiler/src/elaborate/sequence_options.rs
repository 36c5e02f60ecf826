//! What a sequence counts: the options of CREATE SEQUENCE, of identity columns and of `serial`.
//!
//! Follows `init_params`, sequence.c (PG 17).

use pg_query::NodeEnum;
use pg_query::protobuf::{DefElem, Node};
use pgseal_catalog::facts::SequenceOptions;

use super::error::{Elaborated, Problem};
use super::options::value_of;
use super::run::Interpreter;
use crate::env::Oid;

/// The range of a sequence's type.
fn limits(data_type: &str) -> (i64, i64) {
    match data_type {
        "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    }
}

/// A number among the options.
fn number(element: &DefElem) -> Elaborated<i64> {
    let text = value_of(element)?.unwrap_or_default();
    text.parse().map_err(|_| {
        Problem::invalid("22003", format!("value \"{text}\" is out of range for type bigint")).at(element.location)
    })
}

impl Interpreter<'_> {
    /// The options of a sequence: `before` is what it counts now, none for a new one; `fixed` is the type that the options may not
    /// choose (an identity column's, or `serial`'s). Options that belong to others (`owned_by`, `restart`, names) are passed over.
    pub(super) fn sequence_options(
        &self,
        before: Option<&SequenceOptions>,
        fixed: Option<&str>,
        nodes: &[Node],
    ) -> Elaborated<SequenceOptions> {
        let mut named: std::collections::BTreeMap<&str, &DefElem> = std::collections::BTreeMap::new();
        for element in super::options::definitions(nodes) {
            if named.insert(element.defname.as_str(), element).is_some() {
                return Err(Problem::invalid("42601", "conflicting or redundant options").at(element.location));
            }
        }
        let data_type = match (fixed, named.get("as")) {
            (Some(fixed), None) => fixed.to_owned(),
            (fixed, Some(element)) => {
                let chosen = self.sequence_type(element)?;
                if let Some(fixed) = fixed
                    && fixed != chosen
                {
                    return Err(Problem::unsupported("AS in the options of an identity column").at(element.location));
                }
                chosen
            }
            (None, None) => before.map_or_else(|| "bigint".to_owned(), |b| b.data_type.clone()),
        };
        let (type_min, type_max) = limits(&data_type);
        // a changed type takes bounds along that were the old type's
        let (mut reset_min, mut reset_max) = (false, false);
        if let Some(before) = before
            && before.data_type != data_type
        {
            let (old_min, old_max) = limits(&before.data_type);
            reset_max = before.max == old_max;
            reset_min = before.min == old_min;
        }
        let increment = match named.get("increment") {
            Some(element) => number(element)?,
            None => before.map_or(1, |b| b.increment),
        };
        if increment == 0 {
            return Err(Problem::invalid("22023", "INCREMENT must not be zero"));
        }
        let cycle = match named.get("cycle") {
            Some(element) => value_of(element)?.is_none_or(|v| v == "true" || v == "1"),
            None => before.is_some_and(|b| b.cycle),
        };
        let max = match (named.get("maxvalue"), before) {
            (Some(element), _) if element.arg.is_some() => number(element)?,
            (None, Some(before)) if !reset_max => before.max,
            _ if increment > 0 || reset_max => type_max,
            _ => -1,
        };
        let min = match (named.get("minvalue"), before) {
            (Some(element), _) if element.arg.is_some() => number(element)?,
            (None, Some(before)) if !reset_min => before.min,
            _ if increment < 0 || reset_min => type_min,
            _ => 1,
        };
        let out_of_range = |what: &str, value: i64| {
            Problem::invalid("22023", format!("{what} ({value}) is out of range for sequence data type {data_type}"))
        };
        if max < type_min || max > type_max {
            return Err(out_of_range("MAXVALUE", max));
        }
        if min < type_min || min > type_max {
            return Err(out_of_range("MINVALUE", min));
        }
        if min >= max {
            return Err(Problem::invalid("22023", format!("MINVALUE ({min}) must be less than MAXVALUE ({max})")));
        }
        let start = match (named.get("start"), before) {
            (Some(element), _) => number(element)?,
            (None, Some(before)) => before.start,
            (None, None) if increment > 0 => min,
            (None, None) => max,
        };
        if start < min {
            return Err(Problem::invalid(
                "22023",
                format!("START value ({start}) cannot be less than MINVALUE ({min})"),
            ));
        }
        if start > max {
            return Err(Problem::invalid(
                "22023",
                format!("START value ({start}) cannot be greater than MAXVALUE ({max})"),
            ));
        }
        let cache = match named.get("cache") {
            Some(element) => number(element)?,
            None => before.map_or(1, |b| b.cache),
        };
        if cache <= 0 {
            return Err(Problem::invalid("22023", format!("CACHE ({cache}) must be greater than zero")));
        }
        Ok(SequenceOptions { data_type, start, increment, min, max, cache, cycle })
    }

    fn sequence_type(&self, element: &DefElem) -> Elaborated<String> {
        let Some(NodeEnum::TypeName(ty)) = element.arg.as_ref().and_then(|arg| arg.node.as_ref()) else {
            return Err(Problem::internal("a sequence's type is no type name"));
        };
        let (oid, _) =
            self.model.env.lookup_type_name(&self.path, ty).map_err(|e| Box::<Problem>::from(e).at(ty.location))?;
        match oid {
            Oid::INT2 | Oid::INT4 | Oid::INT8 => Ok(self.model.env.format_type(oid, -1)),
            _ => Err(Problem::invalid("22023", "sequence type must be smallint, integer, or bigint").at(ty.location)),
        }
    }
}
