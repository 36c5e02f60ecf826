//! The attributes of a function or procedure: everything between its result and its body.
//!
//! Follows `compute_function_attributes` and `compute_common_attribute`, functioncmds.c (PG 14 to 18).

use pg_query::NodeEnum;
use pg_query::protobuf::{DefElem, Node, VariableSetStmt};
use pgseal_catalog::facts::{Function, Parallel, Volatility};
use pgseal_catalog::{Needs, Routine};

use super::error::{Elaborated, Problem};
use super::names::{name_parts, string_of};
use super::options::{definitions, value_of};
use super::run::Interpreter;
use crate::analyze::print_float4;
use crate::env::Oid;

/// The attributes that a statement gives, none twice.
#[derive(Debug, Default)]
pub(super) struct Attributes<'s> {
    pub(super) body: Option<&'s DefElem>,
    pub(super) language: Option<&'s DefElem>,
    pub(super) transform: Option<&'s DefElem>,
    pub(super) window: Option<&'s DefElem>,
    volatility: Option<&'s DefElem>,
    strict: Option<&'s DefElem>,
    security: Option<&'s DefElem>,
    leakproof: Option<&'s DefElem>,
    cost: Option<&'s DefElem>,
    pub(super) rows: Option<&'s DefElem>,
    support: Option<&'s DefElem>,
    parallel: Option<&'s DefElem>,
    settings: Vec<&'s VariableSetStmt>,
}

impl<'s> Attributes<'s> {
    /// Sorts the clauses of CREATE (or, with `altering`, ALTER) FUNCTION or PROCEDURE.
    pub(super) fn read(nodes: &'s [Node], is_procedure: bool, altering: bool) -> Elaborated<Self> {
        let mut read = Self::default();
        for element in definitions(nodes) {
            let refused =
                || Problem::invalid("42P13", "invalid attribute in procedure definition").at(element.location);
            if is_procedure && !matches!(element.defname.as_str(), "as" | "language" | "transform" | "security" | "set")
            {
                return Err(refused());
            }
            let place = match element.defname.as_str() {
                "as" if !altering => &mut read.body,
                "language" if !altering => &mut read.language,
                "transform" if !altering => &mut read.transform,
                "window" if !altering => &mut read.window,
                "volatility" => &mut read.volatility,
                "strict" => &mut read.strict,
                "security" => &mut read.security,
                "leakproof" => &mut read.leakproof,
                "cost" => &mut read.cost,
                "rows" => &mut read.rows,
                "support" => &mut read.support,
                "parallel" => &mut read.parallel,
                "set" => {
                    if let Some(NodeEnum::VariableSetStmt(clause)) = element.arg.as_ref().and_then(|a| a.node.as_ref())
                    {
                        read.settings.push(clause);
                    }
                    continue;
                }
                other => {
                    return Err(
                        Problem::unsupported(format!("attribute \"{other}\" of a function")).at(element.location)
                    );
                }
            };
            if place.replace(element).is_some() {
                return Err(Problem::invalid("42601", "conflicting or redundant options").at(element.location));
            }
        }
        Ok(read)
    }
}

impl Interpreter<'_> {
    /// Gives a function the attributes that CREATE and ALTER share. What they need is added to `needs`.
    pub(super) fn set_attributes(
        &self,
        function: &mut Function,
        given: &Attributes<'_>,
        needs: &mut Needs,
    ) -> Elaborated<()> {
        if let Some(element) = given.volatility {
            function.volatility = match word(element) {
                "immutable" => Volatility::Immutable,
                "stable" => Volatility::Stable,
                _ => Volatility::Volatile,
            };
        }
        if let Some(element) = given.strict {
            function.strict = truth(element)?;
        }
        if let Some(element) = given.security {
            function.security_definer = truth(element)?;
        }
        if let Some(element) = given.leakproof {
            function.leakproof = truth(element)?;
        }
        if let Some(element) = given.parallel {
            function.parallel = match word(element) {
                "safe" => Parallel::Safe,
                "restricted" => Parallel::Restricted,
                "unsafe" => Parallel::Unsafe,
                _ => {
                    return Err(Problem::invalid(
                        "42601",
                        "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE",
                    )
                    .at(element.location));
                }
            };
        }
        if let Some(element) = given.cost {
            function.cost = positive(element, "COST")?;
        }
        if let Some(element) = given.rows {
            let rows = positive(element, "ROWS")?;
            if !function.returns_set {
                return Err(Problem::invalid("22023", "ROWS is not applicable when function does not return a set")
                    .at(element.location));
            }
            function.rows = Some(rows);
        }
        if let Some(element) = given.support {
            function.support = Some(self.support_function(element, needs)?);
        }
        self.change_settings(&mut function.settings, &given.settings)
    }

    fn support_function(&self, element: &DefElem, needs: &mut Needs) -> Elaborated<Routine> {
        let nodes: Vec<Node> = element.arg.iter().map(|arg| arg.as_ref().clone()).collect();
        let row = self.routine_by_types(&nodes, &[Oid::INTERNAL]).map_err(|p| p.at(element.location))?;
        if row.result != Oid::INTERNAL {
            let written = nodes.iter().flat_map(name_parts).collect::<Vec<_>>().join(".");
            return Err(Problem::invalid("42P17", format!("support function {written} must return type internal"))
                .at(element.location));
        }
        let oid = row.oid;
        needs.extend(self.model.fact_of(oid).cloned());
        self.routine_called(oid)
    }
}

/// The word that a clause is.
fn word(element: &DefElem) -> &str {
    element.arg.as_deref().and_then(string_of).unwrap_or_default()
}

/// The truth value that a clause is.
pub(super) fn truth(element: &DefElem) -> Elaborated<bool> {
    match element.arg.as_ref().and_then(|arg| arg.node.as_ref()) {
        Some(NodeEnum::Boolean(value)) => Ok(value.boolval),
        Some(NodeEnum::Integer(value)) => Ok(value.ival != 0),
        None => Ok(false),
        Some(_) => Err(Problem::internal(format!("\"{}\" without a truth value", element.defname))),
    }
}

/// A positive number, as the server prints a `real`.
fn positive(element: &DefElem, what: &str) -> Elaborated<String> {
    let text = value_of(element)?.unwrap_or_default();
    let value: f64 = text.parse().map_err(|_| {
        Problem::invalid("42601", format!("{} requires a numeric value", element.defname)).at(element.location)
    })?;
    #[allow(clippy::cast_possible_truncation)]
    let value = value as f32;
    if value.is_nan() || value <= 0.0 {
        return Err(Problem::invalid("22023", format!("{what} must be positive")).at(element.location));
    }
    Ok(print_float4(value))
}
