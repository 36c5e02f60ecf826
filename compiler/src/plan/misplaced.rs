//! Refusals of a plan that are about one query of the schema, at its place in the file.

use pgseal_catalog::FactId;

use super::PlanError;
use crate::bodies::place_of_relation;
use crate::diagnostic::{Diagnostic, codes};
use crate::elaborate::QueryPlaces;
use crate::syntax::SchemaText;

/// The refusal with its place, for errors that are about a query of the schema; none for others.
pub(crate) fn diagnostic(error: &PlanError, places: &QueryPlaces, text: &SchemaText) -> Option<Diagnostic> {
    let statement = |query: &FactId| places.get(query).and_then(|number| text.statements.get(*number));
    let whole = |query| statement(query).map(|statement| statement.first_line());
    match error {
        PlanError::Misplaced { query, table } => {
            let at_table = statement(query).and_then(|statement| {
                let FactId::Table(table) = &**table else { return None };
                Some(statement.span_within(place_of_relation(statement.text(), table.name.as_str())?))
            });
            let hint =
                "bring the columns of the table into the database's order in the schema, as `pgseal dump` shows it";
            let said = Diagnostic::error(codes::MISPLACED, error.to_string()).with_hint(hint);
            Some(said.at_opt(at_table.or_else(|| whole(query))))
        }
        PlanError::LostColumns { rule, .. } => {
            let hint = "leave the RETURNING list out, or put the rule on a view over the table";
            Some(Diagnostic::error(codes::LOST_COLUMNS, error.to_string()).with_hint(hint).at_opt(whole(rule)))
        }
        PlanError::Unmodeled { .. }
        | PlanError::SwitchedOff { .. }
        | PlanError::Cycle { .. }
        | PlanError::Refused { .. }
        | PlanError::Unreachable { .. }
        | PlanError::Unproven(_) => None,
    }
}
