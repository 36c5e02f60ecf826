//! Expressions that are nested a thousand levels deep, against servers: stored as the server stores them, planned, applied,
//! and nothing left to plan.

use pgseal_tests::pipeline::{migrate, snapshot};
use pgseal_tests::server::{MAJORS, Server};

/// What follows a deep tree calls itself, as the program does on a stack of this size.
const STACK: usize = 1 << 30;

fn schema() -> String {
    let chain = |operand: &str, operator: &str| vec![operand; 1001].join(operator);
    let around =
        |before: &str, middle: &str, after: &str| format!("{}{middle}{}", before.repeat(300), after.repeat(300));
    format!(
        "CREATE TABLE deep (
            sum integer DEFAULT {},
            line text DEFAULT {},
            calls integer DEFAULT {},
            cases integer DEFAULT {},
            casts integer DEFAULT 1{},
            CONSTRAINT nots CHECK ({}),
            CONSTRAINT sums CHECK ({} > 0),
            CONSTRAINT mixed CHECK ({}),
            CONSTRAINT parentheses CHECK ({}sum > 0{})
        );
        CREATE DOMAIN deep_value AS integer CHECK ({} < 5);",
        chain("1", " + "),
        chain("'x'", " || "),
        around("abs(", "1", ")"),
        around("CASE WHEN true THEN ", "1", " END"),
        "::bigint::integer".repeat(150),
        around("NOT ", "sum IS NULL", ""),
        chain("sum", " - "),
        around("sum > 1 AND (sum < 2 OR ", "sum = 3", ")"),
        "(".repeat(3000),
        ")".repeat(3000),
        chain("VALUE", " * "),
    )
}

#[test]
fn a_thousand_levels_go_the_whole_way() {
    let sql = schema();
    for major in [MAJORS[0], MAJORS[MAJORS.len() - 1]] {
        let server = Server::shared(major);
        let walk = || {
            let (made, planned) = (server.database("deep_made"), server.database("deep_planned"));
            made.batch(&sql);
            let wanted = snapshot(&made).unwrap();
            let plan = migrate(&planned, &snapshot(&planned).unwrap(), &sql, &wanted).unwrap();
            assert!(!plan.phases.is_empty());
            let again = migrate(&made, &wanted, &sql, &wanted).unwrap();
            assert!(again.phases.is_empty(), "on {major} there is something left to plan");
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, walk).unwrap();
            thread.join().unwrap();
        });
    }
}
