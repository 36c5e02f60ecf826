//! Functions and procedures: CREATE [OR REPLACE] and ALTER.
//!
//! Follows `CreateFunction` and `AlterFunction`, functioncmds.c, and `ProcedureCreate`, pg_proc.c (PG 14 to 18). A body is kept
//! byte for byte and not looked into; bodies in the syntax of the standard (`BEGIN ATOMIC`, `RETURN`) are not managed yet.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterFunctionStmt, CreateFunctionStmt, FunctionParameter, Node};
use pgseal_catalog::facts::{
    Argument, ArgumentMode, Body, Expression, Function, Parallel, Payload, RoutineKind, Volatility,
};
use pgseal_catalog::{Fact, FactId, Needs, QualifiedName, Routine};

use super::dispatch::object_type;
use super::error::{Elaborated, Problem};
use super::function_arguments::{Signature, is_polymorphic};
use super::function_attributes::{Attributes, truth};
use super::model::Part;
use super::names::{name, name_parts, string_of};
use super::run::Interpreter;
use crate::analyze::parse_expr_text;
use crate::env::{Oid, ProcKind, SearchPath};

impl Interpreter<'_> {
    /// Carries out CREATE FUNCTION or PROCEDURE.
    pub(super) fn create_function(&mut self, statement: &CreateFunctionStmt) -> Elaborated<()> {
        let new = self.creation_name_of(&statement.funcname)?;
        let given = Attributes::read(&statement.options, statement.is_procedure, false)?;
        let language = given.language.and_then(|element| element.arg.as_deref()).and_then(string_of);
        let Some(language) = language.or(statement.sql_body.is_some().then_some("sql")) else {
            return Err(Problem::invalid("42P13", "no language specified"));
        };
        let Some(language) = self.env().lookup_language(language).cloned() else {
            return Err(Problem::undefined("42704", format!("language \"{language}\" does not exist"), language));
        };
        let signature = self.read_signature(statement)?;
        self.check_language_types(&language.name, &signature, statement.is_procedure)?;
        let mut needs = signature.needs.clone();
        needs.extend(self.model.fact_of(language.oid).cloned());
        let is_compiled = matches!(language.oid, Oid::INTERNAL_LANGUAGE | Oid::C_LANGUAGE);
        let mut function = Function {
            kind: if statement.is_procedure {
                RoutineKind::Procedure
            } else if given.window.map(truth).transpose()?.unwrap_or_default() {
                RoutineKind::Window
            } else {
                RoutineKind::Function
            },
            arguments: signature.arguments.clone(),
            returns: match statement.is_procedure && signature.returns == Oid::VOID {
                true => None,
                false => Some(self.env().format_type_be(signature.returns)),
            },
            returns_set: signature.returns_set,
            language: name(&language.name)?,
            body: match statement.sql_body {
                Some(_) => Body::Sql(Expression(String::new())),
                None => self.body(&given, language.oid, &new)?,
            },
            volatility: Volatility::Volatile,
            strict: false,
            security_definer: false,
            leakproof: false,
            parallel: Parallel::Unsafe,
            cost: if is_compiled { "1" } else { "100" }.to_owned(),
            rows: signature.returns_set.then(|| "1000".to_owned()),
            support: None,
            transforms: self.transforms(&given)?,
            settings: Vec::new(),
        };
        self.set_attributes(&mut function, &given, &mut needs)?;
        if let Some(raw) = statement.sql_body.as_deref() {
            if given.body.is_some() {
                return Err(Problem::invalid("42P13", "duplicate function body specified"));
            }
            if language.oid != Oid::SQL_LANGUAGE {
                return Err(Problem::invalid("42P13", "inline SQL function body only valid for language SQL"));
            }
            let (text, used) = self.model.sql_body_over(&self.path, &new, &function, raw)?;
            function.body = Body::Sql(text);
            needs.extend(used);
        }
        let inputs = signature.input_types();
        let routine =
            Routine { name: new, arguments: inputs.iter().map(|oid| self.env().format_type_be(*oid)).collect() };
        self.may_replace(statement, &routine, &inputs, &function, &signature)?;
        self.put_routine(routine, function, needs, statement)
    }

    fn put_routine(
        &mut self,
        routine: Routine,
        function: Function,
        needs: Needs,
        statement: &CreateFunctionStmt,
    ) -> Elaborated<()> {
        let (id, payload) = match function.kind {
            RoutineKind::Procedure => (FactId::Procedure(routine), Payload::Procedure(function)),
            RoutineKind::Function | RoutineKind::Window => (FactId::Function(routine), Payload::Function(function)),
        };
        let mut fact = Fact::new(id.clone(), payload);
        fact.needs = needs;
        self.model.check_merges(&fact)?;
        self.model.forget_all_written(&id);
        self.model.put(fact);
        let parameters = statement.parameters.iter().filter_map(parameter_of);
        for (at, parameter) in (0_u16..).zip(parameters) {
            if let Some(raw) = parameter.defexpr.as_deref() {
                self.remember(&id, Part::ArgumentDefault(at), raw);
            }
        }
        if let Some(written) = statement.sql_body.as_deref().and_then(|raw| self.written_body(raw)) {
            self.model.set_written(&id, Part::Body, written);
        }
        Ok(())
    }

    /// What the function does, from `AS`.
    fn body(&self, given: &Attributes<'_>, language: Oid, new: &QualifiedName) -> Elaborated<Body> {
        let items: Vec<String> = match given.body.and_then(|element| element.arg.as_deref()) {
            Some(Node { node: Some(NodeEnum::List(list)) }) => {
                list.items.iter().filter_map(string_of).map(str::to_owned).collect()
            }
            Some(node) => string_of(node).map(str::to_owned).into_iter().collect(),
            None => return Err(Problem::invalid("42P13", "no function body specified")),
        };
        match (items.as_slice(), language) {
            ([object], Oid::C_LANGUAGE) => {
                Ok(Body::Library { object: object.clone(), symbol: new.name.as_str().to_owned() })
            }
            ([object, symbol], Oid::C_LANGUAGE) => {
                let symbol = if symbol == "-" { new.name.as_str() } else { symbol };
                Ok(Body::Library { object: object.clone(), symbol: symbol.to_owned() })
            }
            ([source], Oid::INTERNAL_LANGUAGE) if source.is_empty() => Ok(Body::Source(new.name.as_str().to_owned())),
            ([source], _) => Ok(Body::Source(source.clone())),
            _ => {
                let language = self.env().language_by_oid(language).map(|row| row.name.to_string()).unwrap_or_default();
                Err(Problem::invalid("42P13", format!("only one AS item needed for language \"{language}\"")))
            }
        }
    }

    /// The types of `TRANSFORM FOR TYPE`, arrays by their elements. Whether there is such a transform is the server's to say.
    fn transforms(&self, given: &Attributes<'_>) -> Elaborated<Vec<String>> {
        let Some(Node { node: Some(NodeEnum::List(list)) }) =
            given.transform.and_then(|element| element.arg.as_deref())
        else {
            return Ok(Vec::new());
        };
        let mut types = Vec::new();
        for node in &list.items {
            let Some(NodeEnum::TypeName(ty)) = &node.node else { continue };
            let (oid, _) = self
                .env()
                .lookup_type_name(&self.path, ty)
                .map_err(|error| Box::<Problem>::from(error).at(ty.location))?;
            let oid = self.env().base_element_type_of(oid).unwrap_or(oid);
            types.push(self.env().format_type_be(oid));
        }
        Ok(types)
    }

    /// Refuses to make a routine where there is one, unless it may take its place.
    fn may_replace(
        &self,
        statement: &CreateFunctionStmt,
        routine: &Routine,
        inputs: &[Oid],
        function: &Function,
        signature: &Signature,
    ) -> Elaborated<()> {
        let (schema, bare) = (routine.name.schema.as_str(), routine.name.name.as_str());
        let Some(old) = self.env().lookup_proc(&SearchPath::empty(), Some(schema), bare, inputs) else {
            return Ok(());
        };
        if !statement.replace {
            return Err(Problem::duplicate(
                "42723",
                format!("function \"{bare}\" already exists with same argument types"),
            ));
        }
        let (kind, what) = match old.kind {
            ProcKind::Function => (Some(RoutineKind::Function), "a function"),
            ProcKind::Procedure => (Some(RoutineKind::Procedure), "a procedure"),
            ProcKind::Window => (Some(RoutineKind::Window), "a window function"),
            ProcKind::Aggregate => (None, "an aggregate function"),
        };
        if kind != Some(function.kind) {
            return Err(
                Problem::invalid("42809", "cannot change routine kind").detail(format!("\"{bare}\" is {what}."))
            );
        }
        let id = self.routine_fact(old.oid)?;
        let (Some(Payload::Function(before)) | Some(Payload::Procedure(before))) =
            self.model.fact(&id).map(|fact| &fact.payload)
        else {
            return Err(Problem::internal(format!("{} is gone", id.in_words())));
        };
        let drop = if function.kind == RoutineKind::Procedure { "DROP PROCEDURE" } else { "DROP FUNCTION" };
        let hint = format!("Use {drop} {} first.", self.signature(bare, inputs));
        if before.returns != function.returns || before.returns_set != function.returns_set {
            let message = match function.kind {
                RoutineKind::Procedure => "cannot change whether a procedure has output parameters",
                RoutineKind::Function | RoutineKind::Window => "cannot change return type of existing function",
            };
            return Err(Problem::invalid("42P13", message).hint(hint));
        }
        if signature.returns == Oid::RECORD && result_row(before) != result_row(function) {
            return Err(Problem::invalid("42P13", "cannot change return type of existing function")
                .detail("Row type defined by OUT parameters is different.")
                .hint(hint));
        }
        let inputs_of = |function: &Function| -> Vec<Argument> {
            function.arguments.iter().filter(|argument| argument.mode.is_input()).cloned().collect()
        };
        let (old_inputs, new_inputs) = (inputs_of(before), inputs_of(function));
        for (old, new) in old_inputs.iter().zip(&new_inputs) {
            if let Some(old_name) = &old.name
                && new.name.as_ref() != Some(old_name)
            {
                return Err(Problem::invalid(
                    "42P13",
                    format!("cannot change name of input parameter \"{}\"", old_name.as_str()),
                )
                .hint(hint));
            }
        }
        self.may_replace_defaults(&old_inputs, &new_inputs, signature, &hint)
    }

    fn may_replace_defaults(
        &self,
        old_inputs: &[Argument],
        new_inputs: &[Argument],
        signature: &Signature,
        hint: &str,
    ) -> Elaborated<()> {
        let count = |inputs: &[Argument]| inputs.iter().filter(|argument| argument.default.is_some()).count();
        if count(new_inputs) < count(old_inputs) {
            return Err(Problem::invalid("42P13", "cannot remove parameter defaults from existing function").hint(hint));
        }
        let new_types = signature
            .arguments
            .iter()
            .zip(signature.types.iter().zip(&signature.default_types))
            .filter(|(argument, _)| argument.mode.is_input());
        for (old, (_, (ty, default))) in old_inputs.iter().zip(new_types) {
            if let Some(text) = &old.default
                && is_polymorphic(*ty)
            {
                let raw = parse_expr_text(text.as_str()).map_err(Box::<Problem>::from)?;
                let cooked = self.model.argument_default_over(&SearchPath::empty(), &old.data_type, &raw)?;
                if Some(cooked.ty) != *default {
                    return Err(Problem::invalid(
                        "42P13",
                        "cannot change data type of existing parameter default value",
                    )
                    .hint(hint));
                }
            }
        }
        Ok(())
    }

    /// Carries out ALTER FUNCTION, PROCEDURE or ROUTINE.
    pub(super) fn alter_function(&mut self, statement: &AlterFunctionStmt) -> Elaborated<()> {
        let Some(object) = &statement.func else { return Err(Problem::internal("a function without a name")) };
        let Some(oid) = self.routine_with_args(object_type(statement.objtype), object, false)? else {
            return Ok(());
        };
        let kind = self.env().proc_by_oid(oid).map(|row| row.kind);
        if kind == Some(ProcKind::Aggregate) {
            let written = object.objname.iter().flat_map(name_parts).collect::<Vec<_>>().join(".");
            return Err(Problem::invalid("42809", format!("\"{written}\" is an aggregate function")));
        }
        let id = self.routine_fact(oid)?;
        let Some(mut fact) = self.model.fact(&id).cloned() else {
            return Err(Problem::internal(format!("{} is gone", id.in_words())));
        };
        let (Payload::Function(function) | Payload::Procedure(function)) = &mut fact.payload else {
            return Err(Problem::internal(format!("{} is no routine", id.in_words())));
        };
        let given = Attributes::read(&statement.actions, kind == Some(ProcKind::Procedure), true)?;
        let support = function.support.clone();
        self.set_attributes(function, &given, &mut fact.needs)?;
        if let Some(old) = support
            && function.support.as_ref() != Some(&old)
        {
            fact.needs.remove(&FactId::Function(old));
        }
        self.model.put(fact);
        Ok(())
    }
}

/// The row that OUT arguments make, where there are enough for one (`build_function_result_tupdesc_d`).
fn result_row(function: &Function) -> Option<Vec<(String, String)>> {
    let outputs: Vec<(String, String)> = function
        .arguments
        .iter()
        .filter(|argument| !matches!(argument.mode, ArgumentMode::In | ArgumentMode::Variadic))
        .zip(1_usize..)
        .map(|(argument, at)| {
            let column = argument.name.as_ref().map_or_else(|| format!("column{at}"), |name| name.as_str().to_owned());
            (column, argument.data_type.clone())
        })
        .collect();
    (outputs.len() >= 2 || (function.kind == RoutineKind::Procedure && !outputs.is_empty())).then_some(outputs)
}

fn parameter_of(node: &Node) -> Option<&FunctionParameter> {
    match &node.node {
        Some(NodeEnum::FunctionParameter(parameter)) => Some(parameter),
        _ => None,
    }
}
