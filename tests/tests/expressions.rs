//! Expressions analysed and printed by the compiler, against what each server stores.
//!
//! Every operator, cast and function of the server in every shape, and the syntax that no catalog lists. The compiler
//! must store the same text or refuse by a code: there is no list of exceptions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pgseal_tests::expressions::judge::{Judge, Verdict, columns};
use pgseal_tests::expressions::oracle::answers;
use pgseal_tests::expressions::{SCHEMA, generated, handwritten};
use pgseal_tests::server::{MAJORS, Server};

/// What the compiler may refuse: literals whose normal form it does not know, and what minor releases print differently.
const REFUSALS: [&str; 8] = [
    "deparse.unsettled",
    "unsupported.literal.jsonpath",
    "unsupported.literal.line",
    "unsupported.literal.money",
    "unsupported.literal.multirange",
    "unsupported.literal.tsquery",
    "unsupported.literal.tsvector",
    "unsupported.literal.type",
];

/// How many expressions of one major have to be stored with the same text.
const EXACT: usize = 16_500;

#[derive(Default)]
struct Figures {
    exact: usize,
    refused: BTreeMap<String, usize>,
    both_reject: usize,
    lenient: usize,
    wrong: usize,
    complaints: String,
}

#[test]
fn expressions_are_stored_with_the_servers_own_text() {
    let figures: Vec<(u16, Figures)> = std::thread::scope(|scope| {
        let majors = MAJORS.map(|major| (major, scope.spawn(move || compare(major))));
        majors.into_iter().map(|(major, thread)| (major, thread.join().expect("the comparison"))).collect()
    });
    for (major, figures) in &figures {
        println!(
            "{major}: {} exact, {} refused by both, {} refused {:?}, {} taken though the server rejects them, {} wrong",
            figures.exact,
            figures.both_reject,
            figures.refused.values().sum::<usize>(),
            figures.refused,
            figures.lenient,
            figures.wrong
        );
    }
    for (major, figures) in &figures {
        assert_eq!(figures.wrong, 0, "on {major}:\n{}", figures.complaints);
        for code in figures.refused.keys() {
            assert!(REFUSALS.contains(&code.as_str()), "on {major}, refused: {code}");
        }
        assert!(figures.exact >= EXACT, "on {major}, only {} expressions were compared", figures.exact);
    }
}

fn compare(major: u16) -> Figures {
    let database = Server::shared(major).database("expressions");
    let mut session = database.connect();
    session.batch_execute(SCHEMA).unwrap();
    let mut cases = generated::cases(&mut session);
    cases.extend(handwritten::cases());
    cases.sort();
    cases.dedup();
    let judge = Judge::new(major, &columns(&mut session));
    let answers = answers(&mut session, &cases);
    let mut figures = Figures::default();
    for (case, answer) in cases.iter().zip(&answers) {
        match judge.verdict(case, answer) {
            Verdict::Exact => figures.exact += 1,
            Verdict::BothReject => figures.both_reject += 1,
            Verdict::Lenient => figures.lenient += 1,
            Verdict::Refused(code) => *figures.refused.entry(code).or_default() += 1,
            Verdict::Wrong(own) => {
                figures.wrong += 1;
                if figures.wrong <= 20 {
                    writeln!(
                        figures.complaints,
                        "{:?} {}\n  compiler: {own}\n  server: {answer:?}",
                        case.place, case.text
                    )
                    .unwrap();
                }
            }
        }
    }
    figures
}
