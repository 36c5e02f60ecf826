//! From the analysed tree to the text that the server prints.
//!
//! What comes out is, letter for letter, what `pg_get_expr(tree, relation)` (which indents `CASE`, and parenthesises
//! everything), `pg_get_viewdef`, `pg_get_ruledef` and `pg_get_function_sqlbody` print on the environment's major with an
//! empty `search_path`. Laid out after ruleutils.c (PG 15, 18), one file per topic:
//!
//! | file | prints |
//! |---|---|
//! | `expr` | the dispatcher: every node kind |
//! | `constant` | literals and their labels |
//! | `variable` | columns and parameters |
//! | `call` | function calls, operators, casts |
//! | `sql_syntax` | calls in the syntax of the standard (`EXTRACT`, `OVERLAY`, `TRIM` …) |
//! | `json`, `xml` | SQL/JSON and SQL/XML |
//! | `aggregate`, `window`, `sublink` | aggregates, window functions, subqueries |
//! | `query` | whole queries: the clauses of `SELECT` |
//! | `with`, `setop`, `target`, `from`, `from_function` | the parts of a query that their names say |
//! | `dml` | statements that write |
//! | `whole` | views, rules, the bodies of functions: what queries are printed for |
//! | `namespace`, `columns` | what relations and columns are called, so that each name means one thing |
//! | `names` | when a name needs its schema |
//! | `layout` | lines and their indentation |
//! | `bound` | partition bounds |
//!
//! It refuses what minor releases of one major print differently, but follows the latest where the older text could not be
//! read back. Otherwise a tree is printed, or it is malformed
//! or names an object that is missing, which is a defect of the caller.

mod aggregate;
mod bound;
mod call;
mod columns;
mod constant;
mod dml;
mod expr;
mod from;
mod from_function;
mod json;
mod layout;
mod names;
mod namespace;
mod query;
mod setop;
mod sql_syntax;
mod sublink;
mod target;
mod variable;
mod whole;
mod window;
mod with;
mod xml;

#[cfg(test)]
mod query_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::env::{Env, Oid};
use crate::tree::{Expr, on_stack_for};

use layout::Layout;
use namespace::Namespace;
use query::Context;

pub use bound::{BoundDatum, PartitionBound, deparse_partition_bound};
pub use whole::{
    FunctionBody, Rule, RuleEvent, RuleTexts, deparse_function_body, deparse_rule, deparse_rule_texts, deparse_view,
};

type Printed = Result<(), DeparseError>;

/// What the columns of an expression belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// No relation: a domain's check, a function's default.
    Nothing,
    /// One relation, whose columns are printed bare.
    Relation(&'a str),
    /// The old (1) and new (2) row of a trigger, printed with `old.` and `new.`.
    Trigger,
}

/// Why a tree could not be printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeparseError {
    /// An identifier without its row.
    #[error("cache lookup failed for {kind} {oid}")]
    Missing {
        /// What sort of object.
        kind: &'static str,
        /// Its identifier.
        oid: Oid,
    },
    /// Something that minor releases of the same major print differently.
    #[error("{what} is printed differently by releases of the same major version")]
    Unsettled {
        /// What.
        what: String,
    },
    /// The tree is too deep for the memory there is.
    #[error("the expression is nested too deep for the memory of this system")]
    TooDeep,
    /// A node whose arguments no parse analysis makes.
    #[error("unexpected arguments of {node}")]
    Malformed {
        /// The node.
        node: &'static str,
    },
}

/// The text of an expression.
///
/// # Errors
///
/// When the tree names an object that the environment lacks.
pub fn deparse_expression(env: &Env, scope: Scope<'_>, expr: &Expr) -> Result<String, DeparseError> {
    laid_out(env, scope, expr, Layout::Lines)
}

/// The text of the default of a function's argument, as `pg_get_function_arg_default` gives it: in one line.
///
/// # Errors
///
/// When the tree names an object that the environment lacks.
pub fn deparse_argument_default(env: &Env, expr: &Expr) -> Result<String, DeparseError> {
    laid_out(env, Scope::Nothing, expr, Layout::Plain)
}

fn laid_out(env: &Env, scope: Scope<'_>, expr: &Expr, layout: Layout) -> Result<String, DeparseError> {
    let printed = on_stack_for(expr, || {
        let mut printer = Printer::new(env, scope);
        printer.layout = layout;
        printer.expr(expr, Implicit::Hidden)?;
        Ok(printer.out)
    });
    printed.unwrap_or(Err(DeparseError::TooDeep))
}

/// Whether an implicit cast on top of an expression is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Implicit {
    /// It is, because the function or operator around it was chosen by the type.
    Shown,
    /// It is not, because the place gives it back.
    Hidden,
}

/// Prints into one buffer.
struct Printer<'a> {
    env: &'a Env,
    out: String,
    /// Where the item at hand starts in the buffer; what is before that is not touched any more.
    floor: usize,
    /// How many spaces a line starts with.
    indent: i32,
    layout: Layout,
    /// The query in the printing.
    context: Context<'a>,
    /// That query and those around it, the outermost first.
    namespaces: Vec<Namespace<'a>>,
    /// How often each name of a relation is among them.
    names_in_scope: BTreeMap<Rc<str>, usize>,
    /// The last number that a name was given: the name with any smaller number is among them too.
    numbers_in_scope: BTreeMap<Rc<str>, usize>,
    /// How often each query of a `WITH` is.
    ctes_in_scope: BTreeMap<&'a str, usize>,
}

impl<'a> Printer<'a> {
    fn new(env: &'a Env, scope: Scope<'a>) -> Self {
        let mut printer = Self {
            env,
            out: String::new(),
            floor: 0,
            indent: 0,
            layout: Layout::Lines,
            context: Context::default(),
            namespaces: Vec::new(),
            names_in_scope: BTreeMap::new(),
            numbers_in_scope: BTreeMap::new(),
            ctes_in_scope: BTreeMap::new(),
        };
        let names: &[&str] = match scope {
            Scope::Nothing => return printer,
            Scope::Relation(name) => &[name],
            Scope::Trigger => &["old", "new"],
        };
        for name in names {
            printer.names_in_scope.insert(Rc::from(*name), 1);
        }
        printer.namespaces.push(Namespace::Scope(scope));
        printer
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn push_ident(&mut self, name: &str) {
        self.env.push_ident(&mut self.out, name);
    }

    /// `::type`
    fn push_label(&mut self, ty: Oid, typmod: i32) {
        self.out.push_str("::");
        self.out.push_str(&self.env.format_type(ty, typmod));
    }
}
