//! Which routine a name with argument types means.
//!
//! Follows `LookupFuncName` and `LookupFuncWithArgs`, parse_func.c (PG 14 to 18).

use pg_query::NodeEnum;
use pg_query::protobuf::{FunctionParameterMode, Node, ObjectType, ObjectWithArgs};
use pgseal_catalog::{FactId, QualifiedName, Routine};

use super::error::{Elaborated, Problem};
use super::names::{name, name_parts};
use super::run::Interpreter;
use crate::env::{FuncLookup, Oid, ProcKind, ProcRow};

/// What a lookup of one name found.
enum Found {
    Nothing,
    One(Oid),
    Several,
}

impl Interpreter<'_> {
    /// A name with argument types as messages print it (`func_signature_string`).
    pub(super) fn signature(&self, routine: &str, args: &[Oid]) -> String {
        let args: Vec<String> = args.iter().map(|oid| self.env().format_type_be(*oid)).collect();
        format!("{routine}({})", args.join(", "))
    }

    /// The address of a routine.
    pub(super) fn routine_called(&self, oid: Oid) -> Elaborated<Routine> {
        let row = self.env().proc_by_oid(oid).ok_or_else(|| Problem::internal("a routine without its row"))?;
        Ok(Routine {
            name: QualifiedName::new(name(&row.schema)?, name(&row.name)?),
            arguments: row.args.iter().map(|oid| self.env().format_type_be(*oid)).collect(),
        })
    }

    /// The routine of exactly these input types, which must be there (`LookupFuncName`).
    pub(super) fn routine_by_types(&self, nodes: &[Node], args: &[Oid]) -> Elaborated<&ProcRow> {
        let parts: Vec<String> = nodes.iter().flat_map(name_parts).collect();
        let (schema, routine) = self.split_name(&parts)?;
        self.env().lookup_proc(&self.path, schema, routine, args).ok_or_else(|| {
            let signature = self.signature(&parts.join("."), args);
            Problem::undefined("42883", format!("function {signature} does not exist"), routine)
        })
    }

    /// The routine that ALTER, DROP or COMMENT names; none when it is missing and may be.
    pub(super) fn routine_with_args(
        &self,
        kind: ObjectType,
        object: &ObjectWithArgs,
        missing_ok: bool,
    ) -> Elaborated<Option<Oid>> {
        let parts: Vec<String> = object.objname.iter().flat_map(name_parts).collect();
        let (schema, routine) = match self.split_name(&parts) {
            Err(problem) if missing_ok && problem.sqlstate == Some("3F000") => return Ok(None),
            other => other?,
        };
        let mut args = Vec::with_capacity(object.objargs.len());
        for node in &object.objargs {
            let Some(NodeEnum::TypeName(ty)) = &node.node else {
                return Err(Problem::internal("an argument without a type"));
            };
            match self.env().lookup_type_name(&self.path, ty) {
                Ok((oid, _)) => args.push(oid),
                Err(_) if missing_ok => return Ok(None),
                Err(error) => return Err(Box::<Problem>::from(error).at(ty.location)),
            }
        }
        let mut found = if object.args_unspecified {
            self.any_routine(schema, routine, kind)
        } else {
            self.input_routine(schema, routine, &args)
        };
        if matches!(kind, ObjectType::ObjectProcedure | ObjectType::ObjectRoutine)
            && !object.objfuncargs.is_empty()
            && !matches!(found, Found::Several)
            && !has_modes(&object.objfuncargs)
        {
            found = combine(found, self.full_routine(schema, routine, &args, kind));
        }
        match found {
            Found::One(oid) => {
                self.check_routine_kind(oid, kind, &parts.join("."), &args)?;
                Ok(Some(oid))
            }
            Found::Nothing if missing_ok => Ok(None),
            Found::Nothing => Err(self.no_routine(kind, object.args_unspecified, &parts, &args)),
            Found::Several => {
                let mut problem =
                    Problem::invalid("42725", format!("{} name \"{}\" is not unique", word(kind), parts.join(".")));
                if object.args_unspecified {
                    problem =
                        problem.hint(format!("Specify the argument list to select the {} unambiguously.", word(kind)));
                }
                Err(problem)
            }
        }
    }

    fn input_routine(&self, schema: Option<&str>, routine: &str, args: &[Oid]) -> Found {
        match self.env().lookup_proc(&self.path, schema, routine, args) {
            Some(row) => Found::One(row.oid),
            None => Found::Nothing,
        }
    }

    /// The only routine of that name and kind.
    fn any_routine(&self, schema: Option<&str>, routine: &str, kind: ObjectType) -> Found {
        let lookup = FuncLookup {
            schema,
            name: routine,
            arg_count: None,
            arg_names: &[],
            expand_variadic: false,
            expand_defaults: false,
            include_out_args: false,
        };
        let mut found = Found::Nothing;
        for candidate in self.env().func_candidates(&self.path, &lookup) {
            let Some(row) = self.env().proc_by_oid(candidate.oid) else { return Found::Several };
            let fits = match kind {
                ObjectType::ObjectFunction => row.kind != ProcKind::Procedure && row.kind != ProcKind::Aggregate,
                ObjectType::ObjectProcedure => row.kind == ProcKind::Procedure,
                ObjectType::ObjectAggregate => row.kind == ProcKind::Aggregate,
                _ => true,
            };
            if fits {
                match found {
                    Found::Nothing => found = Found::One(row.oid),
                    _ => return Found::Several,
                }
            }
        }
        found
    }

    /// The routine whose arguments, OUT ones included, are of exactly these types.
    fn full_routine(&self, schema: Option<&str>, routine: &str, args: &[Oid], kind: ObjectType) -> Found {
        let mut best: Option<(usize, Oid)> = None;
        let mut several = false;
        for row in self.env().procs_named(routine) {
            if kind == ObjectType::ObjectProcedure && row.kind != ProcKind::Procedure {
                continue;
            }
            let position = match schema {
                Some(schema) if row.schema == *schema => 0,
                Some(_) => continue,
                None => match self.path.position(&row.schema) {
                    Some(position) => position,
                    None => continue,
                },
            };
            let same = match row.kind {
                ProcKind::Procedure if !row.parameters.is_empty() => {
                    row.parameters.iter().map(|p| p.type_oid).eq(args.iter().copied())
                }
                _ => row.args == args,
            };
            if !same {
                continue;
            }
            match best {
                Some((before, _)) if before < position => {}
                Some((before, _)) if before == position => several = true,
                _ => {
                    best = Some((position, row.oid));
                    several = false;
                }
            }
        }
        match best {
            Some(_) if several => Found::Several,
            Some((_, oid)) => Found::One(oid),
            None => Found::Nothing,
        }
    }

    fn check_routine_kind(&self, oid: Oid, kind: ObjectType, routine: &str, args: &[Oid]) -> Elaborated<()> {
        let Some(row) = self.env().proc_by_oid(oid) else { return Err(Problem::internal("a routine without its row")) };
        let what = match kind {
            ObjectType::ObjectFunction if row.kind == ProcKind::Procedure => "a function",
            ObjectType::ObjectProcedure if row.kind != ProcKind::Procedure => "a procedure",
            ObjectType::ObjectAggregate if row.kind != ProcKind::Aggregate => {
                let message = match args {
                    [] => format!("function {routine}(*) is not an aggregate"),
                    _ => format!("function {} is not an aggregate", self.signature(routine, args)),
                };
                return Err(Problem::invalid("42809", message));
            }
            _ => return Ok(()),
        };
        Err(Problem::invalid("42809", format!("{} is not {what}", self.signature(routine, args))))
    }

    fn no_routine(&self, kind: ObjectType, unspecified: bool, parts: &[String], args: &[Oid]) -> Box<Problem> {
        let (a, word) = match kind {
            ObjectType::ObjectProcedure => ("a", "procedure"),
            ObjectType::ObjectAggregate => ("an", "aggregate"),
            _ => ("a", "function"),
        };
        let routine = parts.join(".");
        let bare = parts.last().map(String::as_str).unwrap_or_default();
        let message = if unspecified {
            format!("could not find {a} {word} named \"{routine}\"")
        } else if kind == ObjectType::ObjectAggregate && args.is_empty() {
            format!("aggregate {routine}(*) does not exist")
        } else {
            format!("{word} {} does not exist", self.signature(&routine, args))
        };
        Problem::undefined("42883", message, bare)
    }

    /// The fact that a routine is.
    pub(super) fn routine_fact(&self, oid: Oid) -> Elaborated<FactId> {
        let routine = self.routine_called(oid)?;
        match self.model.fact_of(oid) {
            Some(id @ (FactId::Function(_) | FactId::Procedure(_) | FactId::Aggregate(_))) => Ok(id.clone()),
            Some(other) => Err(Problem::unsupported(format!(
                "a change of routine {routine}, which belongs to {},",
                other.in_words()
            ))),
            None => Err(Problem::unsupported(format!(
                "a change of routine {routine}, which is built in, of a kind not managed yet, or outside of the scope,"
            ))),
        }
    }
}

fn word(kind: ObjectType) -> &'static str {
    match kind {
        ObjectType::ObjectProcedure => "procedure",
        ObjectType::ObjectRoutine => "routine",
        ObjectType::ObjectAggregate => "aggregate",
        _ => "function",
    }
}

fn has_modes(parameters: &[Node]) -> bool {
    parameters.iter().any(|node| {
        matches!(&node.node, Some(NodeEnum::FunctionParameter(parameter))
            if FunctionParameterMode::try_from(parameter.mode) != Ok(FunctionParameterMode::FuncParamDefault))
    })
}

fn combine(by_input: Found, by_all: Found) -> Found {
    match (by_input, by_all) {
        (Found::One(a), Found::One(b)) if a != b => Found::Several,
        (_, Found::One(oid)) => Found::One(oid),
        (_, Found::Several) => Found::Several,
        (found, Found::Nothing) => found,
    }
}
