//! From the analysed tree to the text that the server prints.
//!
//! What comes out is, letter for letter, what `pg_get_expr(tree, relation)` prints (which indents `CASE`, and parenthesises
//! everything) on the environment's major with an empty `search_path`. Laid out after ruleutils.c (PG 15, 18), one file per topic:
//!
//! | file | prints |
//! |---|---|
//! | `expr` | the dispatcher: every node kind |
//! | `constant` | literals and their labels |
//! | `call` | function calls, operators, casts |
//! | `sql_syntax` | calls in the syntax of the standard (`EXTRACT`, `OVERLAY`, `TRIM` …) |
//! | `json`, `xml` | SQL/JSON and SQL/XML |
//! | `names` | when a name needs its schema |
//! | `bound` | partition bounds |
//!
//! It refuses what minor releases of one major print differently. Otherwise a tree is printed, or it is malformed
//! or names an object that is missing, which is a defect of the caller.

mod bound;
mod call;
mod constant;
mod expr;
mod json;
mod names;
mod sql_syntax;
mod xml;

#[cfg(test)]
mod tests;

use crate::env::{Env, Oid};
use crate::tree::{Expr, on_stack_for};

pub use bound::{BoundDatum, PartitionBound, deparse_partition_bound};

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
    let printed = on_stack_for(expr, || {
        let mut printer = Printer::new(env, scope);
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
    scope: Scope<'a>,
    out: String,
    /// How many spaces a line starts with.
    indent: i32,
}

impl<'a> Printer<'a> {
    fn new(env: &'a Env, scope: Scope<'a>) -> Self {
        Self { env, scope, out: String::new(), indent: 0 }
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
