//! Aggregates, and the order that they and queries sort by.
//!
//! Follows `get_agg_expr_helper` and `get_rule_orderby`, ruleutils.c (PG 15, 18).

use super::{Implicit, Printed, Printer};
use crate::analyze::type_operators;
use crate::env::AggregateKind;
use crate::tree::{Aggref, SortGroupClause, TargetEntry, expr_type};

/// What `ORDER BY` is printed with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SortKeys {
    /// The expressions.
    Expressions,
    /// The numbers of the outputs, over set operations.
    Numbers,
}

/// The syntax of `JSON_OBJECTAGG` and `JSON_ARRAYAGG`, instead of a function's.
pub(super) struct JsonAggregate {
    pub(super) name: &'static str,
    /// What follows the arguments.
    pub(super) options: String,
    /// Whether the arguments are a key and a value.
    pub(super) object: bool,
}

impl<'a> Printer<'a> {
    /// Prints a list of sort keys.
    pub(super) fn order_by(
        &mut self,
        order: &'a [SortGroupClause],
        list: &'a [TargetEntry],
        keys: SortKeys,
    ) -> Printed {
        for (at, clause) in order.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            let key = self.sort_group(clause.target, list, keys)?;
            let ty = expr_type(key);
            let operators = type_operators(self.env, ty);
            if operators.less == Some(clause.sort_op) {
                self.push(if clause.nulls_first { " NULLS FIRST" } else { "" });
            } else if operators.greater == Some(clause.sort_op) {
                self.push(if clause.nulls_first { " DESC" } else { " DESC NULLS LAST" });
            } else {
                self.push(" USING ");
                self.operator_name(clause.sort_op, ty, ty)?;
                self.push(if clause.nulls_first { " NULLS FIRST" } else { " NULLS LAST" });
            }
        }
        Ok(())
    }

    /// Prints an aggregate call.
    pub(super) fn aggregate(&mut self, node: &'a Aggref, json: Option<&JsonAggregate>) -> Printed {
        match json {
            Some(json) => self.push(json.name),
            None => self.function_name(node.funcid, &[], &node.arg_types, node.variadic)?,
        }
        self.push(if node.distinct.is_empty() { "(" } else { "(DISTINCT " });
        match node.kind {
            AggregateKind::OrderedSet | AggregateKind::Hypothetical => {
                self.list(&node.direct_args, Implicit::Shown)?;
                self.push(") WITHIN GROUP (ORDER BY ");
                self.order_by(&node.order, &node.args, SortKeys::Expressions)?;
            }
            AggregateKind::Normal => {
                self.aggregate_arguments(node, json)?;
                if !node.order.is_empty() {
                    self.push(" ORDER BY ");
                    self.order_by(&node.order, &node.args, SortKeys::Expressions)?;
                }
            }
        }
        if let Some(json) = json {
            self.push(&json.options);
        }
        if let Some(filter) = node.filter.as_deref() {
            self.push(") FILTER (WHERE ");
            self.expr(filter, Implicit::Hidden)?;
        }
        self.push(")");
        Ok(())
    }

    fn aggregate_arguments(&mut self, node: &'a Aggref, json: Option<&JsonAggregate>) -> Printed {
        if node.star {
            self.push("*");
            return Ok(());
        }
        let object = json.is_some_and(|json| json.object);
        // what follows key and value is printed among the options
        let most = if object { 2 } else { usize::MAX };
        for (at, arg) in node.args.iter().filter(|arg| !arg.junk).take(most).enumerate() {
            if at > 0 {
                self.push(if object { " : " } else { ", " });
            }
            if node.variadic && json.is_none() && at + 1 == node.arg_types.len() {
                self.push("VARIADIC ");
            }
            self.expr(&arg.expr, Implicit::Shown)?;
        }
        Ok(())
    }
}
