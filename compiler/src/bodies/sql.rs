//! Bodies in `LANGUAGE sql`: analysed as the server does it when the function runs first.

use pg_query::protobuf::{Node, ParseResult};
use pgseal_catalog::facts::{Function, Payload};
use pgseal_catalog::{FactId, QualifiedName};

use super::names::is_query;
use crate::analyze::{AnalyzeError, analyze_string_body, is_polymorphic, sqlstate};
use crate::elaborate::Model;
use crate::env::{Oid, SearchPath};

/// What the server would say of a body; nothing where that cannot be known.
pub(super) fn problem_of(
    model: &Model,
    name: &QualifiedName,
    function: &Function,
    parsed: &ParseResult,
    written_under: &[String],
) -> Option<AnalyzeError> {
    let statements: Vec<&Node> = parsed.stmts.iter().filter_map(|statement| statement.stmt.as_deref()).collect();
    // a statement that makes something may be what the next one needs
    if !statements.iter().all(|statement| statement.node.as_ref().is_some_and(is_query)) {
        return None;
    }
    let (parameters, result) = model.body_context(name, function);
    let open = |ty: Oid| !ty.is_valid() || is_polymorphic(ty);
    if open(result.ty) || parameters.arguments.iter().any(|(_, ty)| open(*ty)) {
        return None;
    }
    let own = own_search_path(function);
    let path = SearchPath::new(own.as_deref().unwrap_or(written_under).iter().filter(|name| *name != "$user"));
    let first = analyze_string_body(model.env(), &path, &statements, &parameters, &result).err()?;
    let error = match own {
        Some(_) => first,
        // the path that the function runs with is not known: what is found in any schema may be found
        None if is_about_names(&first) => {
            let schemas = model.catalog().iter().filter_map(|fact| match (&fact.id, &fact.payload) {
                (FactId::Schema(name), Payload::Schema(_)) => Some(name.as_str()),
                _ => None,
            });
            let wide =
                SearchPath::new(written_under.iter().map(String::as_str).filter(|s| *s != "$user").chain(schemas));
            analyze_string_body(model.env(), &wide, &statements, &parameters, &result).err()?
        }
        None => first,
    };
    error.sqlstate().is_some().then_some(error)
}

fn is_about_names(error: &AnalyzeError) -> bool {
    matches!(
        error.sqlstate(),
        Some(
            sqlstate::UNDEFINED_TABLE
                | sqlstate::UNDEFINED_FUNCTION
                | sqlstate::UNDEFINED_OBJECT
                | sqlstate::UNDEFINED_COLUMN
                | sqlstate::UNDEFINED_SCHEMA
                | sqlstate::AMBIGUOUS_FUNCTION
        )
    )
}

/// The search path that a function brings.
pub(super) fn own_search_path(function: &Function) -> Option<Vec<String>> {
    let setting = function.settings.iter().find_map(|setting| setting.strip_prefix("search_path="))?;
    Some(setting.split(',').map(|schema| super::plpgsql::folded(schema.trim())).filter(|s| !s.is_empty()).collect())
}
