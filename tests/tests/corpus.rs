//! Every case of the corpora on every major: captured, compiled, applied and captured again, there and back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pgseal_catalog::Snapshot;
use pgseal_tests::corpus::{self, Case, Side};
use pgseal_tests::pipeline::{expect_same, snapshot};
use pgseal_tests::runner::{self, Stop};
use pgseal_tests::server::Server;

/// Cases whose two sides have the same facts, on purpose.
const SAME_FACTS: [&str; 1] = ["column/order_differs_only"];

/// What a capture says of our own cases: nothing in them is unmodeled, a file holds what memory held, a database with
/// another history but the same schema is the same, and the change of each case shows.
#[test]
fn own_cases_are_captured() {
    let cases = corpus::own();
    let tally = runner::run(
        "own cases, captured",
        &cases,
        |case| case.name.clone(),
        Case::is_for,
        |case, server| {
            let old = captured(case, Side::Old, server, "")?;
            let new = captured(case, Side::New, server, "")?;
            let history =
                "CREATE TABLE earlier (a serial, b text); ALTER TABLE earlier DROP COLUMN a; DROP TABLE earlier;";
            let again = captured(case, Side::New, server, history)?;
            expect_same("the first capture", &new, "the second", &again)?;
            if old.fingerprint() == new.fingerprint() && !SAME_FACTS.contains(&case.name.as_str()) {
                return Err(Stop::Failed("the change does not show in the capture".to_owned()));
            }
            Ok(())
        },
    );
    tally.conclude();
}

fn captured(case: &Case, side: Side, server: &Server, history: &str) -> Result<Snapshot, Stop> {
    let database = server.scratch();
    database.batch(history);
    case.load(&database, side).map_err(|rejection| Stop::Failed(format!("{side}: {rejection}")))?;
    let snapshot = snapshot(&database).map_err(|error| format!("{side}: {error}"))?;
    if !snapshot.unmodeled.is_empty() {
        return Err(Stop::Failed(format!("{side}: unmodeled: {:?}", snapshot.unmodeled)));
    }
    let read =
        Snapshot::from_bytes(&snapshot.to_bytes()).map_err(|error| format!("{side}: cannot be read back: {error}"))?;
    if read != snapshot {
        return Err(Stop::Failed(format!("{side}: what was read back is not what was written")));
    }
    Ok(snapshot)
}
