//! Every case of the corpora: captured, compiled, applied and captured again, there and back; dumped,
//! loaded, and planned against its own dump.

use pgseal::diagnostic::{Diagnostic, codes};
use pgseal::syntax::{RowStatements, SyntaxOptions, read_text};
use pgseal_catalog::Snapshot;
use pgseal_tests::corpus::{self, Case, Side};
use pgseal_tests::pipeline::{apply, expect_same, migrate, plan, round_trip, round_trip_with, snapshot, statements};
use pgseal_tests::runner::{self, Breadth, Stop};
use pgseal_tests::server::{Database, Server};

/// Cases whose two sides have the same facts, on purpose.
const SAME_FACTS: [&str; 1] = ["column/order_differs_only"];

#[test]
fn own_cases_go_there_and_back() {
    let cases = corpus::own();
    let tally = runner::run(
        "own cases",
        Breadth::Newest,
        &cases,
        |case| case.name.clone(),
        Case::is_for,
        |case, server| {
            // our own cases have to be right: what a server does not accept is a failure here
            there_and_back(case, server).and_then(|sides| change_shows(case, &sides)).map_err(|stop| match stop {
                Stop::Rejected(rejection) => Stop::Failed(format!("case: {rejection}")),
                other => other,
            })
        },
    );
    tally.conclude();
}

#[test]
fn cases_beside_the_repository_go_there_and_back() {
    let Some(cases) = corpus::beside(&[corpus::MODELED_KINDS.as_slice(), &corpus::TOLD_KINDS].concat()) else { return };
    let tally = runner::run(
        "cases of the corpus beside",
        Breadth::One,
        &cases,
        |case| case.name.clone(),
        Case::is_for,
        |case, server| {
            let unmodeled = case.unmodeled();
            if !unmodeled.is_empty() {
                is_told(case, server)?;
                return Err(Stop::Unmodeled(unmodeled));
            }
            there_and_back(case, server).map(|_| ())
        },
    );
    tally.conclude();
}

/// What is not modeled of a case is told: in the schema by a code at its place, in the database by a note of the plan, or by a
/// refusal. And what is there stays there as long as what it is on does.
fn is_told(case: &Case, server: &Server) -> Result<(), Stop> {
    for side in [Side::Old, Side::New] {
        let sql = case.sql(side);
        let options = SyntaxOptions { row_statements: RowStatements::Skip, ..SyntaxOptions::default() };
        let text = read_text("schema.sql", &sql, &options);
        let (found, told) = (corpus::count_unmodeled(&sql), text.unmanaged.len());
        // a statement that makes a role is refused, or a block that does
        if !text.diagnostics.has_errors() && told < found {
            return Err(Stop::Failed(format!("syntax: {told} of {found} statements are told of in {side}")));
        }
        for unmanaged in &text.unmanaged {
            let is_note =
                |d: &&Diagnostic| d.code == codes::NOT_YET_MANAGED && d.message.starts_with(unmanaged.kind.plural());
            if text.diagnostics.iter().find(is_note).is_none_or(|note| note.span.is_none()) {
                return Err(Stop::Failed(format!("syntax: no note in {side} of {}", unmanaged.kind.plural())));
            }
        }
    }
    let database = server.scratch();
    case.load(&database, Side::Old)?;
    let before = snapshot(&database)?;
    let plan = match plan(&before, &case.sql(Side::New)) {
        Ok(plan) => plan,
        Err(refusal) if refusal.contains("PGS") || refusal.contains("is not managed yet and needs") => return Ok(()),
        Err(refusal) => return Err(refusal.into()),
    };
    for other in &before.unmodeled {
        if !plan.notes.iter().any(|note| note.contains(&other.kind)) {
            return Err(Stop::Failed(format!("plan: no note says that there is {other:?}")));
        }
    }
    apply(&database, &plan)?;
    let after = snapshot(&database)?;
    for other in before.unmodeled.iter().filter(|other| other.needs.iter().all(|id| after.catalog.contains(id))) {
        if !after.unmodeled.contains(other) {
            return Err(Stop::Failed(format!("apply: {other:?} is gone{}", statements(&plan))));
        }
    }
    Ok(())
}

#[test]
fn schemas_beside_the_repository_make_the_round_trip() {
    let Some(schemas) = corpus::schemas() else { return };
    let tally = runner::run(
        "whole schemas of the corpus beside",
        Breadth::One,
        &schemas,
        corpus::Schema::name,
        |_, _| true,
        |schema, server| {
            let database = server.scratch();
            corpus::load(&database, &schema.sql)?;
            let made = snapshot(&database)?;
            let copy = round_trip_with(server, &made, &corpus::unmodeled_statements(&schema.sql))?;
            let written = schema.in_plain_statements()?;
            for (name, of) in [("the original", &made), ("the copy", &copy)] {
                let plan = plan(of, &written)?;
                if !plan.phases.is_empty() {
                    return Err(Stop::Failed(format!("replan: {name} needs steps{}", statements(&plan))));
                }
                for other in &made.unmodeled {
                    if !plan.notes.iter().any(|note| note.contains(&other.kind)) {
                        return Err(Stop::Failed(format!("replan: no note says that there is {other:?}")));
                    }
                }
            }
            Ok(())
        },
    );
    for (major, name, reason) in &tally.rejections {
        println!("  {name} does not load on {major}: {reason}");
    }
    tally.conclude();
}

/// What the two sides of a case are.
struct Sides {
    old: Snapshot,
    new: Snapshot,
}

/// The two sides of a case of ours have other facts, unless they are meant not to.
fn change_shows(case: &Case, sides: &Sides) -> Result<(), Stop> {
    let same = sides.old.fingerprint() == sides.new.fingerprint();
    if same && !SAME_FACTS.contains(&case.name.as_str()) {
        return Err(Stop::Failed("capture: the change does not show".to_owned()));
    }
    Ok(())
}

fn there_and_back(case: &Case, server: &Server) -> Result<Sides, Stop> {
    let (old_database, new_database) = (server.scratch(), server.scratch());
    case.load(&old_database, Side::Old)?;
    case.load(&new_database, Side::New)?;
    let old = captured(&old_database, Side::Old)?;
    let new = captured(&new_database, Side::New)?;
    for (side, made) in [(Side::Old, &old), (Side::New, &new)] {
        round_trip(server, made).map_err(|text| format!("{text}\n({side})"))?;
    }
    migrate(&old_database, &old, &case.sql(Side::New), &new).map_err(|text| format!("{text}\n(old to new)"))?;
    migrate(&new_database, &new, &case.sql(Side::Old), &old).map_err(|text| format!("{text}\n(new to old)"))?;
    Ok(Sides { old, new })
}

/// Captures a side: nothing in it is unmodeled, and a file holds what memory held.
fn captured(database: &Database<'_>, side: Side) -> Result<Snapshot, Stop> {
    let snapshot = snapshot(database).map_err(|error| format!("{error}\n({side})"))?;
    if !snapshot.unmodeled.is_empty() {
        return Err(Stop::Failed(format!("capture: unmodeled in {side}: {:?}", snapshot.unmodeled)));
    }
    let read = Snapshot::from_bytes(&snapshot.to_bytes())
        .map_err(|error| format!("capture: {side} cannot be read back: {error}"))?;
    if read != snapshot {
        return Err(Stop::Failed(format!("capture: what was read back of {side} is not what was written")));
    }
    Ok(snapshot)
}

/// A database with another history and the same schema is the same.
#[test]
fn history_does_not_show() {
    let cases = corpus::own();
    let wanted: Vec<Case> =
        cases.into_iter().filter(|case| case.name.contains("every") || case.name.contains("many")).collect();
    let tally = runner::run(
        "own cases with a history",
        Breadth::Newest,
        &wanted,
        |case| case.name.clone(),
        Case::is_for,
        |case, server| {
            let (plain, used) = (server.scratch(), server.scratch());
            used.batch(
                "CREATE TABLE earlier (a serial, b text); ALTER TABLE earlier DROP COLUMN a; DROP TABLE earlier",
            );
            case.load(&plain, Side::New)?;
            case.load(&used, Side::New)?;
            expect_same("the database with a history", &snapshot(&used)?, "the other", &snapshot(&plain)?)?;
            Ok(())
        },
    );
    tally.conclude();
}
