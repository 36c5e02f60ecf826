//! The options of CREATE AGGREGATE, each read once; the last of several counts, as on a server.

use pg_query::NodeEnum;
use pg_query::protobuf::{DefElem, Node};
use pgseal_catalog::facts::{FinalModify, Parallel};

use super::aggregate::modify_of;
use super::error::{Elaborated, Problem};
use super::names::{name_parts, string_of};
use super::options::{definitions, value_of};

/// What a definition says.
#[derive(Debug, Default)]
pub(super) struct Options<'s> {
    pub(super) plain: StateOptions<'s>,
    pub(super) moving: StateOptions<'s>,
    pub(super) inverse: Option<&'s DefElem>,
    pub(super) combine: Option<&'s DefElem>,
    pub(super) serialize: Option<&'s DefElem>,
    pub(super) deserialize: Option<&'s DefElem>,
    pub(super) sort_operator: Option<&'s DefElem>,
    pub(super) base_type: Option<&'s DefElem>,
    pub(super) hypothetical: bool,
    parallel: Option<&'s DefElem>,
}

/// What it says of one mode.
#[derive(Debug, Default)]
pub(super) struct StateOptions<'s> {
    pub(super) function: Option<&'s DefElem>,
    pub(super) state_type: Option<&'s DefElem>,
    pub(super) final_function: Option<&'s DefElem>,
    pub(super) final_extra: bool,
    pub(super) initial: Option<&'s DefElem>,
    final_modify: Option<&'s DefElem>,
    space: Option<&'s DefElem>,
}

impl<'s> Options<'s> {
    /// Sorts the options of a definition.
    pub(super) fn read(nodes: &'s [Node]) -> Elaborated<Self> {
        let mut read = Self::default();
        for element in definitions(nodes) {
            let place = match element.defname.as_str() {
                "sfunc" | "sfunc1" => &mut read.plain.function,
                "stype" | "stype1" => &mut read.plain.state_type,
                "sspace" => &mut read.plain.space,
                "finalfunc" => &mut read.plain.final_function,
                "finalfunc_modify" => &mut read.plain.final_modify,
                "initcond" | "initcond1" => &mut read.plain.initial,
                "msfunc" => &mut read.moving.function,
                "mstype" => &mut read.moving.state_type,
                "msspace" => &mut read.moving.space,
                "mfinalfunc" => &mut read.moving.final_function,
                "mfinalfunc_modify" => &mut read.moving.final_modify,
                "minitcond" => &mut read.moving.initial,
                "minvfunc" => &mut read.inverse,
                "combinefunc" => &mut read.combine,
                "serialfunc" => &mut read.serialize,
                "deserialfunc" => &mut read.deserialize,
                "sortop" => &mut read.sort_operator,
                "basetype" => &mut read.base_type,
                "parallel" => &mut read.parallel,
                "finalfunc_extra" => {
                    read.plain.final_extra = truth(element)?;
                    continue;
                }
                "mfinalfunc_extra" => {
                    read.moving.final_extra = truth(element)?;
                    continue;
                }
                "hypothetical" => {
                    read.hypothetical |= truth(element)?;
                    continue;
                }
                other => {
                    return Err(Problem::invalid("42601", format!("aggregate attribute \"{other}\" not recognized"))
                        .at(element.location));
                }
            };
            *place = Some(element);
        }
        Ok(read)
    }

    /// Refuses options of the moving mode without its type, and the type without its functions.
    pub(super) fn check_moving(&self) -> Elaborated<()> {
        let refused =
            |option: &str, how: &str| Err(Problem::invalid("42P13", format!("aggregate {option} {how} mstype")));
        if self.moving.state_type.is_some() {
            for (option, given) in [("msfunc", self.moving.function), ("minvfunc", self.inverse)] {
                if given.is_none() {
                    return Err(Problem::invalid(
                        "42P13",
                        format!("aggregate {option} must be specified when mstype is specified"),
                    ));
                }
            }
            return Ok(());
        }
        for (option, given) in [
            ("msfunc", self.moving.function.is_some()),
            ("minvfunc", self.inverse.is_some()),
            ("mfinalfunc", self.moving.final_function.is_some()),
            ("msspace", self.moving.space()? != 0),
            ("minitcond", self.moving.initial.is_some()),
        ] {
            if given {
                return refused(option, "must not be specified without");
            }
        }
        Ok(())
    }

    pub(super) fn parallel(&self) -> Elaborated<Option<Parallel>> {
        let Some(element) = self.parallel else { return Ok(None) };
        match value_of(element)?.as_deref() {
            Some("safe") => Ok(Some(Parallel::Safe)),
            Some("restricted") => Ok(Some(Parallel::Restricted)),
            Some("unsafe") => Ok(Some(Parallel::Unsafe)),
            _ => Err(Problem::invalid("42601", "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE")
                .at(element.location)),
        }
    }

    /// The dotted name that an option gives (`defGetQualifiedName`).
    pub(super) fn name(element: &DefElem) -> Elaborated<Vec<String>> {
        let parts = match element.arg.as_deref() {
            Some(node) => match string_of(node) {
                Some(text) => vec![text.to_owned()],
                None => name_parts(node),
            },
            None => Vec::new(),
        };
        if parts.is_empty() {
            return Err(
                Problem::invalid("42601", format!("{} requires a parameter", element.defname)).at(element.location)
            );
        }
        Ok(parts)
    }

    /// The text that an option gives.
    pub(super) fn text(element: &DefElem) -> Elaborated<Option<String>> {
        value_of(element)
    }
}

impl StateOptions<'_> {
    pub(super) fn initial(&self) -> Elaborated<Option<String>> {
        match self.initial {
            Some(element) => value_of(element),
            None => Ok(None),
        }
    }

    pub(super) fn space(&self) -> Elaborated<i32> {
        let Some(element) = self.space else { return Ok(0) };
        value_of(element)?.and_then(|text| text.parse().ok()).ok_or_else(|| {
            Problem::invalid("42601", format!("{} requires an integer value", element.defname)).at(element.location)
        })
    }

    pub(super) fn final_modify(&self) -> Elaborated<Option<FinalModify>> {
        let Some(element) = self.final_modify else { return Ok(None) };
        match value_of(element)?.as_deref().and_then(modify_of) {
            Some(found) => Ok(Some(found)),
            None => Err(Problem::invalid(
                "42601",
                format!("parameter \"{}\" must be READ_ONLY, SHAREABLE, or READ_WRITE", element.defname),
            )
            .at(element.location)),
        }
    }
}

/// `defGetBoolean`.
fn truth(element: &DefElem) -> Elaborated<bool> {
    let refused =
        || Problem::invalid("42601", format!("{} requires a Boolean value", element.defname)).at(element.location);
    if let Some(Node { node: Some(NodeEnum::Integer(number)) }) = element.arg.as_deref() {
        return match number.ival {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(refused()),
        };
    }
    match value_of(element)?.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("true" | "on") => Ok(true),
        Some("false" | "off") => Ok(false),
        Some(_) => Err(refused()),
    }
}
