//! What queries are printed for: views, and the bodies of functions.
//!
//! Follows `make_viewdef` and `print_function_sqlbody`, ruleutils.c (PG 15, 18).

use std::rc::Rc;

use super::layout::Layout;
use super::namespace::Namespace;
use super::query::Around;
use super::{DeparseError, Printer, Scope};
use crate::env::{Env, Major};
use crate::tree::{Query, on_stack_for_query};

/// The text of a view's query, as `pg_get_viewdef(oid)` gives it: with a space in front and a semicolon behind.
///
/// # Errors
///
/// When the tree names an object that the environment lacks.
pub fn deparse_view(env: &Env, query: &Query) -> Result<String, DeparseError> {
    let printed = on_stack_for_query(query, || {
        let mut printer = Printer::new(env, Scope::Nothing);
        let outputs = query.target_list.iter().filter(|target| !target.junk);
        let names = outputs.map(|target| target.name.as_deref().unwrap_or_default()).collect();
        // until 15, the rows of the view's own rule were part of its query
        let reserved: &[&str] = if env.major() < Major::V16 { &["old", "new"] } else { &[] };
        printer.query(query, Around { view: Some(Rc::new(names)), names_matter: true, reserved })?;
        printer.push(";");
        Ok(printer.out)
    });
    printed.unwrap_or(Err(DeparseError::TooDeep))
}

/// How the body of a function was written.
#[derive(Debug, Clone, Copy)]
pub enum FunctionBody<'a> {
    /// `RETURN expression`.
    Return(&'a Query),
    /// `BEGIN ATOMIC … END`.
    Atomic(&'a [Query]),
}

/// The text of a function's body, as `pg_get_function_sqlbody(oid)` gives it. `arguments` are the names of all parameters, empty
/// for one without a name.
///
/// # Errors
///
/// When the tree names an object that the environment lacks.
pub fn deparse_function_body(
    env: &Env,
    function: &str,
    arguments: &[String],
    body: FunctionBody<'_>,
) -> Result<String, DeparseError> {
    let statement = |query: &Query, layout: Layout, indent: i32| {
        let printed = on_stack_for_query(query, || {
            let mut printer = Printer::new(env, Scope::Nothing);
            printer.namespaces.push(Namespace::Function(function, arguments));
            printer.layout = layout;
            printer.indent = indent;
            printer.query(query, Around::unnamed())?;
            Ok(printer.out)
        });
        printed.unwrap_or(Err(DeparseError::TooDeep))
    };
    match body {
        FunctionBody::Return(query) => statement(query, Layout::Plain, 0),
        FunctionBody::Atomic(queries) => {
            let mut out = String::from("BEGIN ATOMIC\n");
            for query in queries {
                out.push_str(&statement(query, Layout::Lines, 1)?);
                out.push_str(";\n");
            }
            out.push_str("END");
            Ok(out)
        }
    }
}
