//! Key columns of indexes, exclusion constraints and partition keys.
//!
//! Follows `pg_get_indexdef_worker`, `pg_get_partkeydef_worker` and `get_opclass_name`, ruleutils.c (PG 18).

use super::call::looks_like_function;
use super::{DeparseError, Implicit, Printer, Scope, print_with};
use crate::env::{Env, Oid};
use crate::tree::{Expr, expr_collation, expr_type};

/// What one key is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyColumn<'a> {
    /// A column.
    Column {
        /// Its name.
        name: &'a str,
        /// Its type.
        ty: Oid,
        /// Its collation.
        collation: Oid,
    },
    /// An expression.
    Expression(&'a Expr),
}

/// An expression as it stands in a key list: in parentheses unless it reads as a function call.
///
/// # Errors
///
/// When the tree names an object that the environment lacks.
pub fn deparse_index_expression(env: &Env, relation: &str, expr: &Expr) -> Result<String, DeparseError> {
    print_with(env, Scope::Relation(relation), expr, |printer| printer.key_expression(expr))
}

/// A key with its collation and operator class where they are not the usual ones. `options` says that the
/// operator class has options, which makes the server always name it.
///
/// # Errors
///
/// When the tree, the collation or the operator class names an object that the environment lacks.
pub fn deparse_key_column(
    env: &Env,
    relation: &str,
    column: &KeyColumn<'_>,
    collation: Oid,
    opclass: Oid,
    options: bool,
) -> Result<String, DeparseError> {
    let mut printer = Printer::new(env, Scope::Relation(relation));
    let (ty, own_collation) = match column {
        KeyColumn::Column { name, ty, collation } => {
            printer.push_ident(name);
            (*ty, *collation)
        }
        KeyColumn::Expression(expr) => {
            printer.out = deparse_index_expression(env, relation, expr)?;
            (expr_type(expr), expr_collation(expr))
        }
    };
    if collation.is_valid() && collation != own_collation {
        printer.collate(collation)?;
    }
    printer.opclass(opclass, if options { None } else { Some(ty) })?;
    Ok(printer.out)
}

impl Printer<'_> {
    fn key_expression(&mut self, expr: &Expr) -> Result<(), DeparseError> {
        self.parenthesised(!looks_like_function(expr), |printer| printer.expr(expr, Implicit::Hidden))
    }

    /// ` opclass`, unless it is the default of the type given.
    fn opclass(&mut self, opclass: Oid, ty: Option<Oid>) -> Result<(), DeparseError> {
        let Some(row) = self.env.opclass_by_oid(opclass) else {
            return Err(DeparseError::Missing { kind: "opclass", oid: opclass });
        };
        if ty.is_some_and(|ty| self.env.default_opclass(ty, row.method) == Some(opclass)) {
            return Ok(());
        }
        self.push(" ");
        let visible = self.env.opclass_is_visible(&super::names::EMPTY_PATH, opclass);
        let text = self.env.quote_qualified((!visible).then_some(row.schema.as_str()), &row.name);
        self.out.push_str(&text);
        Ok(())
    }
}
