//! The interpreter of DDL against servers: what a schema elaborates to offline is what a server's catalog holds after
//! running it, fact by fact, on every major.

use std::collections::BTreeSet;

use pgseal::diagnostic::Severity;
use pgseal::elaborate::{self, Model};
use pgseal::syntax::{RowStatements, SyntaxOptions, read_text};
use pgseal_catalog::facts::Payload;
use pgseal_catalog::{Catalog, FactId, Kind, Snapshot};
use pgseal_tests::corpus::{self, Case, Rejection, Side};
use pgseal_tests::difference::difference;
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::runner::{self, Breadth, Stop};
use pgseal_tests::server::Server;

#[test]
fn own_cases_elaborate_to_what_servers_hold() {
    let cases = corpus::own();
    let tally = runner::run(
        "own cases, elaborated",
        Breadth::One,
        &cases,
        |case| case.name.clone(),
        Case::is_for,
        |case, server| {
            [Side::Old, Side::New].into_iter().try_for_each(|side| {
                check(&case.sql(side), |database| case.load(database, side), server).map_err(|stop| on_side(side, stop))
            })
        },
    );
    tally.conclude();
}

#[test]
fn cases_beside_the_repository_elaborate_to_what_servers_hold() {
    let Some(cases) = corpus::beside(&corpus::MODELED_KINDS) else { return };
    let tally = runner::run(
        "cases beside, elaborated",
        Breadth::One,
        &cases,
        |case| case.name.clone(),
        Case::is_for,
        |case, server| {
            let unmodeled = case.unmodeled();
            if !unmodeled.is_empty() {
                return Err(Stop::Unmodeled(unmodeled));
            }
            for side in [Side::Old, Side::New] {
                check(&case.sql(side), |database| case.load(database, side), server)
                    .map_err(|stop| on_side(side, stop))?;
            }
            Ok(())
        },
    );
    tally.conclude();
}

#[test]
fn whole_schemas_elaborate_to_what_servers_hold() {
    let Some(schemas) = corpus::schemas() else { return };
    let tally = runner::run(
        "schemas, elaborated",
        Breadth::One,
        &schemas,
        corpus::Schema::name,
        |_, _| true,
        |schema, server| check(&schema.in_plain_statements()?, |database| corpus::load(database, &schema.sql), server),
    );
    tally.conclude();
}

fn on_side(side: Side, stop: Stop) -> Stop {
    match stop {
        Stop::Failed(reason) => Stop::Failed(format!("{reason}\n  (side {side})")),
        other => other,
    }
}

fn check(
    sql: &str,
    load: impl FnOnce(&pgseal_tests::server::Database<'_>) -> Result<(), Rejection>,
    server: &Server,
) -> Result<(), Stop> {
    let database = server.scratch();
    load(&database)?;
    let captured = snapshot(&database)?;
    same_as_elaborated(sql, &captured)
}

fn same_as_elaborated(sql: &str, captured: &Snapshot) -> Result<(), Stop> {
    let options = SyntaxOptions { row_statements: RowStatements::Skip, ..SyntaxOptions::default() };
    let text = read_text("schema.sql", sql, &options);
    let mut model = Model::empty_like(captured).map_err(|error| error.to_string())?;
    let mut diagnostics = text.diagnostics.clone();
    diagnostics.append(elaborate::elaborate(&mut model, &text.statements));
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| {
            let place = diagnostic
                .span
                .and_then(|span| Some((text.sources.file(span.source)?, span)))
                .map(|(file, span)| format!(" at line {}: {}", file.place(span.start).line, text.sources.text(span)))
                .unwrap_or_default();
            let detail = diagnostic.detail.as_deref().unwrap_or_default();
            format!("{} {}{place} {detail}", diagnostic.code, diagnostic.message)
        })
        .collect();
    if !errors.is_empty() {
        return Err(Stop::Failed(format!("refused: {}", errors.join("\n"))));
    }
    let differences = difference("server", &captured.catalog, "model", model.catalog());
    if !differences.is_empty() {
        return Err(Stop::Failed(format!("differs: {differences}")));
    }
    edges_of_rules_are_the_same(&captured.catalog, model.catalog())
}

/// What rules need: a server does not note the relation where it notes one of its columns.
fn edges_of_rules_are_the_same(server: &Catalog, model: &Catalog) -> Result<(), Stop> {
    for fact in server.iter().filter(|fact| matches!(fact.payload, Payload::Rule(_))) {
        let edges = |catalog: &Catalog| -> BTreeSet<FactId> {
            let needs = catalog.fact(&fact.id).map(|fact| fact.needs.clone()).unwrap_or_default();
            let owners: BTreeSet<FactId> = needs.iter().filter(|id| id.object() != **id).map(FactId::object).collect();
            let is_noted = |id: &FactId| !owners.contains(id) && *id != fact.id.object() && id.kind() != Kind::Schema;
            needs.into_iter().filter(is_noted).collect()
        };
        let (server, model) = (edges(server), edges(model));
        if server != model {
            return Err(Stop::Failed(format!("{} needs {server:?} on the server, {model:?} in the model", fact.id)));
        }
    }
    Ok(())
}
