//! Expressions analysed and printed by the compiler, against what each server stores.
//!
//! Every operator, cast and function of the server in every shape, the syntax that no catalog lists, and all of it put
//! together at random. The compiler
//! must store the same text or refuse by a code: there is no list of exceptions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pgseal::elaborate::Model;
use pgseal_tests::expressions::judge::{Judge, Verdict, columns};
use pgseal_tests::expressions::oracle::{Answer, Round, answers, prepare};
use pgseal_tests::expressions::{Case, SCHEMA, generated, handwritten, random};
use pgseal_tests::pipeline::snapshot;
use pgseal_tests::server::{MAJORS, Server};

/// What the compiler may refuse: literals whose normal form it does not know, and what minor releases print differently.
const REFUSALS: [&str; 5] = [
    "deparse.unsettled",
    "unsupported.expression.subscript",
    "unsupported.literal.jsonpath",
    "unsupported.literal.text-search-object",
    "unsupported.literal.type",
];

/// How many expressions of one major have to be stored with the same text.
const EXACT: usize = 21_000;

/// How many expressions over user objects.
const EXACT_OVER_USER_OBJECTS: usize = 1000;

#[derive(Default)]
struct Figures {
    exact: usize,
    refused: BTreeMap<String, usize>,
    both_reject: usize,
    lenient: usize,
    wrong: usize,
    complaints: String,
}

impl Figures {
    fn count(&mut self, case: &Case, answer: &Answer, verdict: Verdict) {
        match verdict {
            Verdict::Exact => self.exact += 1,
            Verdict::BothReject => self.both_reject += 1,
            Verdict::Lenient => self.lenient += 1,
            Verdict::Refused(code) => *self.refused.entry(code).or_default() += 1,
            Verdict::Wrong(own) => {
                self.wrong += 1;
                if self.wrong <= 20 {
                    let Case { place, text } = case;
                    writeln!(self.complaints, "{place:?} {text}\n  compiler: {own}\n  server: {answer:?}").unwrap();
                }
            }
        }
    }
}

fn on_every_major(compare: fn(u16) -> Figures, least: usize) {
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
        assert!(figures.exact >= least, "on {major}, only {} expressions were compared", figures.exact);
    }
}

#[test]
fn expressions_are_stored_with_the_servers_own_text() {
    on_every_major(compare, EXACT);
}

fn compare(major: u16) -> Figures {
    let database = Server::shared(major).database("expressions");
    let mut session = database.connect();
    session.batch_execute(SCHEMA).unwrap();
    prepare(&mut session);
    let mut cases = generated::cases(&mut session);
    cases.extend(handwritten::cases());
    cases.extend(random::cases(&mut session, 88_172_645_463_325_252 + u64::from(major), 1500));
    cases.sort();
    cases.dedup();
    let judge = Judge::new(major, &columns(&mut session));
    let mut figures = Figures::default();
    let first = answers(&mut session, Round { path: "public", tag: "a", batch: Some(60) }, &cases);
    for (case, answer) in cases.iter().zip(&first) {
        figures.count(case, answer, judge.verdict(case, answer));
    }
    // What was stored is run again, since that need not be stored as it is: a part suffices.
    let mut again: Vec<Case> = cases
        .iter()
        .zip(&first)
        .step_by(5)
        .filter_map(|(case, answer)| match answer {
            Answer::Stored(text) => Some(Case { place: case.place.clone(), text: text.clone() }),
            _ => None,
        })
        .collect();
    again.dedup();
    let second = answers(&mut session, Round { path: "", tag: "b", batch: Some(60) }, &again);
    for (case, answer) in again.iter().zip(&second) {
        figures.count(case, answer, judge.verdict(case, answer));
    }
    figures
}

#[test]
fn user_objects_are_named_as_the_server_names_them() {
    on_every_major(compare_over_user_objects, EXACT_OVER_USER_OBJECTS);
}

fn compare_over_user_objects(major: u16) -> Figures {
    let database = Server::shared(major).database("userobjects");
    let mut session = database.connect();
    session.batch_execute(handwritten::USER_OBJECTS).unwrap();
    let model = Model::from_snapshot(&snapshot(&database).unwrap()).unwrap();
    prepare(&mut session);
    let cases = handwritten::over_user_objects();
    let mut figures = Figures::default();
    for (path, tag) in [(&["public"][..], "a"), (&["app", "public", "ext"], "b"), (&["ext"], "c")] {
        let judge = Judge::of_model(&model, path);
        let answers = answers(&mut session, Round { path: &path.join(", "), tag, batch: None }, &cases);
        for (case, answer) in cases.iter().zip(&answers) {
            figures.count(case, answer, judge.verdict(case, answer));
        }
    }
    figures
}
