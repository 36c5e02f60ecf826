//! Columns and parameters.
//!
//! Follows `get_variable` and `get_parameter`, ruleutils.c (PG 18).

use std::rc::Rc;

use super::namespace::{Namespace, QueryNamespace, position};
use super::{DeparseError, Printer, Scope};
use crate::env::Major;
use crate::tree::{Expr, Param, RteKind, TargetEntry, Var, VarReturning};

/// Where a column reference stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Where the grammar would expand `t.*`.
    Toplevel,
    /// Anywhere else.
    Inner,
}

/// What a column is printed as.
struct Reference {
    relation: Option<Rc<str>>,
    /// None for the whole row.
    column: Option<Rc<str>>,
}

impl<'a> Printer<'a> {
    /// Prints a column, `further` queries further out than it says; gives the name of the column, none for a whole row.
    pub(super) fn variable(
        &mut self,
        var: &'a Var,
        further: u32,
        place: Place,
    ) -> Result<Option<Rc<str>>, DeparseError> {
        let up = var.levels_up.saturating_add(further);
        let outer = usize::try_from(up).ok().and_then(|up| self.namespaces.len().checked_sub(up + 1));
        let namespace = outer.and_then(|at| self.namespaces.get(at));
        let found = match namespace {
            Some(Namespace::Query(query)) => {
                let (varno, attno) = var.syntactic.0.unwrap_or((var.varno, var.attno));
                if let Some(inner) = column_of_unnamed_join(query, varno, attno)? {
                    return self.variable(inner, up, place);
                }
                reference(query, var, varno, attno)?
            }
            Some(Namespace::Scope(scope)) => in_scope(*scope, var),
            Some(Namespace::Function(..)) => return Err(DeparseError::Malformed { node: "column" }),
            None if self.namespaces.is_empty() => in_scope(Scope::Nothing, var),
            None => return Err(DeparseError::Malformed { node: "column" }),
        };
        let prefixed = match &found.column {
            None => true,
            Some(_) if var.returning != VarReturning::Default => true,
            Some(_) if matches!(namespace, Some(Namespace::Scope(Scope::Trigger))) => true,
            Some(column) => self.context.prefix || self.is_output_name(column, var),
        };
        if let Some(relation) = found.relation.filter(|_| prefixed) {
            self.push_ident(&relation);
            self.push(".");
        }
        match &found.column {
            Some(column) => self.push_ident(column),
            None => {
                self.push("*");
                if place == Place::Toplevel {
                    self.push_label(var.ty, var.typmod);
                }
            }
        }
        Ok(found.column)
    }

    /// Whether a bare column in `ORDER BY` would be taken for an output of the same name that is something else; only where
    /// columns of a single relation are bare does the server look.
    fn is_output_name(&self, column: &str, var: &Var) -> bool {
        if !self.context.in_order_by || self.context.in_group_by || self.env.major() < Major::V16 {
            return false;
        }
        let outputs = self.context.targets.iter().filter(|target| !target.junk);
        outputs.enumerate().any(|(at, target)| {
            self.output_name(at, target) == Some(column) && !matches!(&target.expr, Expr::Var(own) if own == var)
        })
    }

    /// What an output is called: as the view has it, or as the query says.
    pub(super) fn output_name<'s>(&'s self, at: usize, target: &'s TargetEntry) -> Option<&'s str> {
        let of_view = self.context.view.as_ref().and_then(|names| names.get(at).copied());
        of_view.or(target.name.as_deref())
    }

    /// Prints a parameter: by name where the function around gives one.
    pub(super) fn parameter(&mut self, param: &Param) {
        let name = match self.namespaces.first() {
            Some(Namespace::Function(function, arguments)) => usize::try_from(param.number)
                .ok()
                .and_then(|number| arguments.get(number.checked_sub(1)?))
                // beside arguments with names, one without is printed by its empty name
                .filter(|_| arguments.iter().any(|name| !name.is_empty()))
                .map(|name| (*function, name.as_str())),
            _ => None,
        };
        let Some((function, argument)) = name else {
            self.out.push_str(&format!("${}", param.number));
            return;
        };
        let columns_in_scope =
            self.namespaces.iter().any(|n| matches!(n, Namespace::Query(query) if !query.relations.is_empty()));
        if columns_in_scope {
            self.push_ident(function);
            self.push(".");
        }
        self.push_ident(argument);
    }
}

/// The input's column that a column of a join without an alias is, if it is only that.
fn column_of_unnamed_join<'a>(
    namespace: &QueryNamespace<'a>,
    varno: u32,
    attno: i16,
) -> Result<Option<&'a Var>, DeparseError> {
    let entry = namespace.query.rtable.get(position(varno)).ok_or(DeparseError::Malformed { node: "column" })?;
    let (RteKind::Join(join), None) = (&entry.kind, &entry.alias) else { return Ok(None) };
    let at = usize::try_from(attno).ok().and_then(|n| n.checked_sub(1));
    Ok(match at.and_then(|at| join.alias_vars.get(at)) {
        Some(Some(Expr::Var(inner))) => Some(inner),
        _ => None,
    })
}

fn reference(namespace: &QueryNamespace<'_>, var: &Var, varno: u32, attno: i16) -> Result<Reference, DeparseError> {
    let query = namespace.query;
    let returned = |alias: &Option<String>, usual: &str| Some(Rc::from(alias.as_deref().unwrap_or(usual)));
    let relation = match var.returning {
        VarReturning::Old => returned(&query.returning_old_alias, "old"),
        VarReturning::New => returned(&query.returning_new_alias, "new"),
        VarReturning::Default => namespace.relations.get(position(varno)).cloned().flatten(),
    };
    let column = match usize::try_from(attno) {
        Ok(0) => None,
        Ok(number) => {
            let columns = namespace.columns.get(position(varno)).ok_or(DeparseError::Malformed { node: "column" })?;
            let name = columns.names.get(number - 1).ok_or(DeparseError::Malformed { node: "column" })?;
            Some(name.clone().unwrap_or_else(|| Rc::from("?dropped?column?")))
        }
        // a system column
        Err(_) => Some(Rc::from(var.name.as_str())),
    };
    Ok(Reference { relation, column })
}

/// A column of what an expression is about.
fn in_scope(scope: Scope<'_>, var: &Var) -> Reference {
    let relation = match scope {
        Scope::Nothing => None,
        Scope::Relation(name) => Some(Rc::from(name)),
        Scope::Trigger => Some(Rc::from(if var.varno == 1 { "old" } else { "new" })),
    };
    Reference { relation, column: (var.attno != 0).then(|| Rc::from(var.name.as_str())) }
}
