//! The arguments and the result of a function or procedure.
//!
//! Follows `interpret_function_parameter_list` and `compute_return_type`, functioncmds.c, and
//! `check_valid_polymorphic_signature`, parse_coerce.c (PG 14 to 18).

use pg_query::NodeEnum;
use pg_query::protobuf::{CreateFunctionStmt, FunctionParameter, FunctionParameterMode, Node, TypeName};
use pgseal_catalog::Needs;
use pgseal_catalog::facts::{Argument, ArgumentMode};

use super::error::{Elaborated, Problem};
use super::names::name;
use super::run::Interpreter;
use crate::env::{Oid, TypeKind};

/// How many input arguments a routine may have (`FUNC_MAX_ARGS`).
const MOST_ARGUMENTS: usize = 100;

/// Arguments and result as the server keeps them.
#[derive(Debug, Default)]
pub(super) struct Signature {
    pub(super) arguments: Vec<Argument>,
    /// The type of each argument.
    pub(super) types: Vec<Oid>,
    /// The type of each default, where an argument has one.
    pub(super) default_types: Vec<Option<Oid>>,
    /// The result.
    pub(super) returns: Oid,
    pub(super) returns_set: bool,
    /// What OUT arguments make of the result.
    required: Option<Oid>,
    /// What types and defaults need.
    pub(super) needs: Needs,
}

impl Signature {
    /// The types of the input arguments.
    pub(super) fn input_types(&self) -> Vec<Oid> {
        let inputs = self.arguments.iter().zip(&self.types).filter(|(argument, _)| argument.mode.is_input());
        inputs.map(|(_, oid)| *oid).collect()
    }
}

impl Interpreter<'_> {
    /// Reads the arguments and the result of CREATE FUNCTION or PROCEDURE.
    pub(super) fn read_signature(&self, statement: &CreateFunctionStmt) -> Elaborated<Signature> {
        let mut signature = Signature::default();
        let parameters: Vec<&FunctionParameter> = statement.parameters.iter().filter_map(parameter_of).collect();
        self.read_parameters(&parameters, statement.is_procedure, &mut signature)?;
        if signature.input_types().len() > MOST_ARGUMENTS {
            return Err(Problem::invalid(
                "54023",
                format!("functions cannot have more than {MOST_ARGUMENTS} arguments"),
            ));
        }
        self.read_result(statement, &mut signature)?;
        self.check_pseudo_types(&signature)?;
        Ok(signature)
    }

    /// Reads the arguments alone.
    pub(super) fn read_parameters(
        &self,
        parameters: &[&FunctionParameter],
        is_procedure: bool,
        signature: &mut Signature,
    ) -> Elaborated<()> {
        let (mut variadic, mut defaults, mut outputs) = (false, false, 0_usize);
        for (at, parameter) in parameters.iter().enumerate() {
            let refused = |what: &str| -> Box<Problem> { Problem::invalid("42P13", what).at(parameter.location) };
            let mode = mode_of(parameter);
            let Some(ty) = &parameter.arg_type else { return Err(Problem::internal("an argument without a type")) };
            let oid = self.argument_type(ty)?;
            if ty.setof {
                return Err(refused(if is_procedure {
                    "procedures cannot accept set arguments"
                } else {
                    "functions cannot accept set arguments"
                }));
            }
            if mode.is_input() && variadic {
                return Err(refused("VARIADIC parameter must be the last input parameter"));
            }
            if matches!(mode, ArgumentMode::Out | ArgumentMode::InOut | ArgumentMode::Table) {
                if is_procedure {
                    if variadic {
                        return Err(refused("VARIADIC parameter must be the last parameter"));
                    }
                    signature.required = Some(Oid::RECORD);
                } else if outputs == 0 {
                    signature.required = Some(oid);
                }
                outputs += 1;
            }
            if mode == ArgumentMode::Variadic {
                variadic = true;
                let is_array = matches!(oid, Oid::ANYARRAY | Oid::ANYCOMPATIBLEARRAY | Oid::ANY)
                    || self.env().element_type_of(oid).is_some();
                if !is_array {
                    return Err(refused("VARIADIC parameter must be an array"));
                }
            }
            if !parameter.name.is_empty() && parameters.iter().take(at).any(|before| clashes(before, parameter)) {
                return Err(refused(&format!("parameter name \"{}\" used more than once", parameter.name)));
            }
            let default = match parameter.defexpr.as_deref() {
                Some(_) if !mode.is_input() => {
                    return Err(refused("only input parameters can have default values"));
                }
                Some(raw) => {
                    defaults = true;
                    let text = self.env().format_type_be(oid);
                    let cooked = self.model.argument_default_over(&self.path, &text, raw)?;
                    signature.needs.extend(cooked.needs);
                    signature.default_types.push(Some(cooked.ty));
                    Some(cooked.text)
                }
                None if mode.is_input() && defaults => {
                    return Err(refused("input parameters after one with a default value must also have defaults"));
                }
                None if is_procedure && defaults => {
                    return Err(refused("procedure OUT parameters cannot appear after one with a default value"));
                }
                None => {
                    signature.default_types.push(None);
                    None
                }
            };
            self.type_needs(oid, &mut signature.needs);
            signature.types.push(oid);
            signature.arguments.push(Argument {
                mode,
                name: if parameter.name.is_empty() { None } else { Some(name(&parameter.name)?) },
                data_type: self.env().format_type_be(oid),
                default,
            });
        }
        if outputs > 1 {
            signature.required = Some(Oid::RECORD);
        }
        Ok(())
    }

    fn argument_type(&self, ty: &TypeName) -> Elaborated<Oid> {
        self.env()
            .lookup_type_name(&self.path, ty)
            .map(|(oid, _)| oid)
            .map_err(|error| Box::<Problem>::from(error).at(ty.location))
    }

    fn read_result(&self, statement: &CreateFunctionStmt, signature: &mut Signature) -> Elaborated<()> {
        match (&statement.return_type, signature.required) {
            _ if statement.is_procedure => signature.returns = signature.required.unwrap_or(Oid::VOID),
            (Some(ty), required) => {
                signature.returns = self.argument_type(ty)?;
                signature.returns_set = ty.setof;
                if let Some(required) = required
                    && required != signature.returns
                {
                    return Err(Problem::invalid(
                        "42P13",
                        format!(
                            "function result type must be {} because of OUT parameters",
                            self.env().format_type_be(required)
                        ),
                    )
                    .at(ty.location));
                }
            }
            (None, Some(required)) => signature.returns = required,
            (None, None) => return Err(Problem::invalid("42P13", "function result type must be specified")),
        }
        let returns = signature.returns;
        self.type_needs(returns, &mut signature.needs);
        Ok(())
    }

    /// Refuses results that no argument tells the type of, and `internal` without an `internal` argument.
    fn check_pseudo_types(&self, signature: &Signature) -> Elaborated<()> {
        let inputs = signature.input_types();
        let outputs = signature
            .arguments
            .iter()
            .zip(&signature.types)
            .filter(|(argument, _)| !matches!(argument.mode, ArgumentMode::In | ArgumentMode::Variadic))
            .map(|(_, oid)| *oid);
        for oid in std::iter::once(signature.returns).chain(outputs) {
            if let Some(detail) = polymorphic_detail(self.env(), oid, &inputs) {
                return Err(Problem::invalid("42P13", "cannot determine result data type").detail(detail));
            }
            if oid == Oid::INTERNAL && !inputs.contains(&Oid::INTERNAL) {
                return Err(Problem::invalid("42P13", "unsafe use of pseudo-type \"internal\"")
                    .detail("A result of type internal requires at least one input of type internal."));
            }
        }
        Ok(())
    }

    /// Refuses types that a language's validator refuses, whatever the body (`fmgr_sql_validator`, `plpgsql_validator`).
    pub(super) fn check_language_types(
        &self,
        language: &str,
        signature: &Signature,
        is_procedure: bool,
    ) -> Elaborated<()> {
        let pseudo = |oid: Oid| self.env().type_by_oid(oid).is_some_and(|row| row.kind == TypeKind::Pseudo);
        let (speaker, sqlstate, accepts) = match language {
            "sql" => ("SQL", "42P13", "have arguments of type"),
            "plpgsql" => ("PL/pgSQL", "0A000", "accept type"),
            _ => return Ok(()),
        };
        let returns = signature.returns;
        let fine = matches!(returns, Oid::VOID | Oid::RECORD)
            || polymorphic_source(returns).is_some()
            || (language == "plpgsql" && matches!(returns, Oid::TRIGGER | Oid::EVENT_TRIGGER));
        if pseudo(returns) && !fine && !is_procedure {
            return Err(Problem::invalid(
                sqlstate,
                format!("{speaker} functions cannot return type {}", self.env().format_type_be(returns)),
            ));
        }
        for oid in signature.input_types() {
            let fine = polymorphic_source(oid).is_some() || (language == "plpgsql" && oid == Oid::RECORD);
            if pseudo(oid) && !fine {
                return Err(Problem::invalid(
                    sqlstate,
                    format!("{speaker} functions cannot {accepts} {}", self.env().format_type_be(oid)),
                ));
            }
        }
        Ok(())
    }
}

fn parameter_of(node: &Node) -> Option<&FunctionParameter> {
    match &node.node {
        Some(NodeEnum::FunctionParameter(parameter)) => Some(parameter),
        _ => None,
    }
}

fn mode_of(parameter: &FunctionParameter) -> ArgumentMode {
    match FunctionParameterMode::try_from(parameter.mode) {
        Ok(FunctionParameterMode::FuncParamOut) => ArgumentMode::Out,
        Ok(FunctionParameterMode::FuncParamInout) => ArgumentMode::InOut,
        Ok(FunctionParameterMode::FuncParamVariadic) => ArgumentMode::Variadic,
        Ok(FunctionParameterMode::FuncParamTable) => ArgumentMode::Table,
        _ => ArgumentMode::In,
    }
}

/// Whether two parameters may not have one name: a pure input and a pure output may.
fn clashes(before: &FunctionParameter, parameter: &FunctionParameter) -> bool {
    let side = |parameter: &FunctionParameter| match mode_of(parameter) {
        ArgumentMode::In | ArgumentMode::Variadic => 'i',
        ArgumentMode::Out | ArgumentMode::Table => 'o',
        ArgumentMode::InOut => 'b',
    };
    before.name == parameter.name && !matches!((side(before), side(parameter)), ('i', 'o') | ('o', 'i'))
}

/// The types one of which an input must be of for a polymorphic result; none for other types.
fn polymorphic_source(oid: Oid) -> Option<&'static [Oid]> {
    match oid {
        Oid::ANYRANGE | Oid::ANYMULTIRANGE => Some(&[Oid::ANYRANGE, Oid::ANYMULTIRANGE]),
        Oid::ANYCOMPATIBLERANGE | Oid::ANYCOMPATIBLEMULTIRANGE => {
            Some(&[Oid::ANYCOMPATIBLERANGE, Oid::ANYCOMPATIBLEMULTIRANGE])
        }
        Oid::ANYELEMENT | Oid::ANYARRAY | Oid::ANYNONARRAY | Oid::ANYENUM => {
            Some(&[Oid::ANYELEMENT, Oid::ANYARRAY, Oid::ANYNONARRAY, Oid::ANYENUM, Oid::ANYRANGE, Oid::ANYMULTIRANGE])
        }
        Oid::ANYCOMPATIBLE | Oid::ANYCOMPATIBLEARRAY | Oid::ANYCOMPATIBLENONARRAY => Some(&[
            Oid::ANYCOMPATIBLE,
            Oid::ANYCOMPATIBLEARRAY,
            Oid::ANYCOMPATIBLENONARRAY,
            Oid::ANYCOMPATIBLERANGE,
            Oid::ANYCOMPATIBLEMULTIRANGE,
        ]),
        _ => None,
    }
}

/// Whether a type is polymorphic.
pub(super) fn is_polymorphic(oid: Oid) -> bool {
    polymorphic_source(oid).is_some()
}

/// Why a result or a state of a type cannot be told from inputs of these types; none when it can
/// (`check_valid_polymorphic_signature`).
pub(super) fn polymorphic_detail(env: &crate::env::Env, oid: Oid, inputs: &[Oid]) -> Option<String> {
    let wanted = polymorphic_source(oid)?;
    if inputs.iter().any(|input| wanted.contains(input)) {
        return None;
    }
    let listed = list_with_or(&wanted.iter().map(|w| env.format_type_be(*w)).collect::<Vec<_>>());
    Some(format!("A result of type {} requires at least one input of type {listed}.", env.format_type_be(oid)))
}

fn list_with_or(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} or {two}"),
        [first @ .., last] => format!("{}, or {last}", first.join(", ")),
    }
}
