//! Bodies of functions and procedures in the syntax of the standard: `RETURN …` and `BEGIN ATOMIC … END`.
//!
//! Follows `interpret_AS_clause`, functioncmds.c (PG 14 to 18).

use pg_query::NodeEnum;
use pg_query::protobuf::Node;
use pgseal_catalog::facts::{ArgumentMode, Expression, Function, Payload, RoutineKind};
use pgseal_catalog::{FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::model::{Model, Written};
use super::run::Interpreter;
use super::stored_query::body_statement;
use crate::analyze::{self, DeclaredResult, Parameters, SqlBody};
use crate::deparse::{FunctionBody, deparse_function_body};
use crate::env::{Oid, SearchPath};
use crate::tree::ColumnDefinition;

pub(super) fn called(name: &Option<Name>) -> String {
    name.as_ref().map_or_else(String::new, |name| name.as_str().to_owned())
}

impl Model {
    /// What a body of a function comes to, and what it uses.
    pub(super) fn sql_body_over(
        &self,
        path: &SearchPath,
        name: &QualifiedName,
        function: &Function,
        raw: &Node,
    ) -> Elaborated<(Expression, Needs)> {
        let (parameters, result) = self.body_context(name, function);
        let body =
            analyze::analyze_function_body(&self.env, path, raw, &parameters, &result).map_err(Box::<Problem>::from)?;
        let names: Vec<String> = function.arguments.iter().map(|argument| called(&argument.name)).collect();
        let (printed, queries) = match &body {
            SqlBody::Return(query) => (FunctionBody::Return(query), std::slice::from_ref(&**query)),
            SqlBody::Atomic(queries) => (FunctionBody::Atomic(queries), queries.as_slice()),
        };
        let text =
            deparse_function_body(&self.env, name.name.as_str(), &names, printed).map_err(Box::<Problem>::from)?;
        let mut needs = Needs::new();
        for query in queries {
            needs.extend(self.needs_of(&analyze::query_dependencies(&self.env, query))?);
        }
        Ok((Expression(text), needs))
    }

    /// What parameters mean in the body of a function, and what it has to return.
    pub(crate) fn body_context(&self, name: &QualifiedName, function: &Function) -> (Parameters, DeclaredResult) {
        let inputs = function.arguments.iter().filter(|argument| argument.mode.is_input());
        let parameters = Parameters {
            function: Some(name.name.as_str().to_owned()),
            arguments: inputs.map(|a| (called(&a.name), self.stored_type(&a.data_type).0)).collect(),
        };
        (parameters, self.declared_result(function))
    }

    fn declared_result(&self, function: &Function) -> DeclaredResult {
        let outputs: Vec<ColumnDefinition> = function
            .arguments
            .iter()
            .filter(|argument| matches!(argument.mode, ArgumentMode::Out | ArgumentMode::InOut | ArgumentMode::Table))
            .map(|argument| {
                let (ty, typmod) = self.stored_type(&argument.data_type);
                let name = argument.name.as_ref().map_or_else(String::new, |name| name.as_str().to_owned());
                ColumnDefinition { name, ty, typmod, collation: self.env.type_collation(ty) }
            })
            .collect();
        DeclaredResult {
            ty: function.returns.as_ref().map_or(Oid::VOID, |text| self.stored_type(text).0),
            columns: Some(outputs).filter(|outputs| outputs.len() > 1),
            procedure: function.kind == RoutineKind::Procedure,
        }
    }

    /// What a stored body becomes when it is elaborated again.
    pub(super) fn body_again(&self, id: &FactId, text: &str) -> Elaborated<String> {
        let (FactId::Function(routine) | FactId::Procedure(routine)) = id else {
            return Err(Problem::internal("a body without its function"));
        };
        let Some(Payload::Function(function) | Payload::Procedure(function)) = self.fact(id).map(|fact| &fact.payload)
        else {
            return Err(Problem::internal("a body without its function"));
        };
        match body_statement(text)?.sql_body.as_deref() {
            Some(raw) => Ok(self.sql_body_over(&SearchPath::empty(), &routine.name, function, raw)?.0.0),
            None => Err(Problem::internal("no body")),
        }
    }
}

impl Interpreter<'_> {
    /// A body as it was written; none where the grammar's own printer cannot print it.
    pub(super) fn written_body(&self, raw: &Node) -> Option<Written> {
        let returned = |node: &Node| match &node.node {
            Some(NodeEnum::ReturnStmt(statement)) => {
                let value = analyze::print_raw_expression(statement.returnval.as_deref()?)?;
                Some(format!("RETURN {value}"))
            }
            _ => analyze::print_raw_statement(node),
        };
        let sql = match &raw.node {
            Some(NodeEnum::List(outer)) => {
                let statements = match outer.items.first().and_then(|item| item.node.as_ref()) {
                    Some(NodeEnum::List(inner)) => inner.items.as_slice(),
                    _ => &[],
                };
                let mut sql = String::from("BEGIN ATOMIC\n");
                for statement in statements {
                    sql.push_str(&format!("    {};\n", returned(statement)?));
                }
                sql.push_str("END");
                sql
            }
            _ => returned(raw)?,
        };
        let search_path = self.path.explicit().iter().filter_map(|schema| Name::new(schema.as_str()).ok()).collect();
        Some(Written::text(sql, search_path))
    }
}
