//! The fault matrix: connections cut at a byte, agent and server killed, locks held, disks full and schemas changed by others, at points
//! all along plans of four shapes. After each the database is at the source or at a checkpoint, and the next run finishes or says why
//! not.
//!
//! A sample of it is run; with `PGSEAL_FULL=1` all of it on five majors, with a table of counts at the end (and, with
//! `PGSEAL_PROGRESS=1`, failures as they come). `PGSEAL_CASE=name` runs one case or, with a part of a name, those of the matrix;
//! `PGSEAL_MAJORS=18` only those on some majors. `PGSEAL_SEED=n` moves the points along.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use pgseal_tests::faults::{Case, Counts, Desk, Fault, Play, Stage, cases, strike};
use pgseal_tests::server::{MAJORS, Options, Server};

/// What of the matrix is run when nobody asks for more.
const SAMPLE: [(u16, Play); 4] = [(18, Play::Outside), (14, Play::Phases), (16, Play::One), (18, Play::Unledgered)];

/// What to run, as the environment says.
struct Wish {
    case: String,
    majors: Vec<u16>,
    whole: bool,
    seed: usize,
}

impl Wish {
    fn read() -> Wish {
        let text = |name: &str| std::env::var(name).unwrap_or_default();
        let case = text("PGSEAL_CASE");
        Wish {
            whole: std::env::var_os("PGSEAL_FULL").is_some() || !case.is_empty(),
            case,
            majors: text("PGSEAL_MAJORS").split(',').filter_map(|major| major.trim().parse().ok()).collect(),
            seed: text("PGSEAL_SEED").parse().unwrap_or_default(),
        }
    }

    fn pairs(&self) -> Vec<(u16, Play)> {
        let all = MAJORS.into_iter().flat_map(|major| Play::ALL.map(|play| (major, play)));
        let all: Vec<_> = if self.whole || !self.majors.is_empty() { all.collect() } else { SAMPLE.into() };
        let named = |play: Play| match self.case.split('/').nth(1) {
            Some(word) => word == play.word(),
            None => true,
        };
        let wanted = |major: u16| self.majors.is_empty() || self.majors.contains(&major);
        all.into_iter().filter(|(major, play)| wanted(*major) && named(*play)).collect()
    }

    fn wants(&self, fault: Fault) -> bool {
        let word = self.case.split('/').next().unwrap_or_default();
        if self.case.contains('/') { fault.word() == word } else { fault.word().contains(word) }
    }
}

/// The servers that are stopped and killed, each started when it is needed; what was committed must survive that. The machine itself
/// does not fail, so fsync stays off.
#[derive(Default)]
struct Own([OnceLock<Server>; MAJORS.len()]);

impl Own {
    fn server(&self, major: u16) -> &Server {
        let place = MAJORS.iter().position(|known| *known == major).unwrap();
        self.0[place].get_or_init(|| Server::start(&Options::new(major).setting("synchronous_commit", "on")))
    }
}

/// The cases of a plan on a server, and whether it is one that goes down.
struct Batch<'server> {
    stage: Stage<'server>,
    cases: Vec<Case>,
    exclusive: bool,
}

/// Runs something for each item, on twice as many threads as there are processors: a run waits more than it works.
fn each<T: Sync>(items: &[T], run: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 * std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    run(item);
                }
            });
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the stages that the wish is about.
fn prepare<'server>(wish: &Wish, keys: &Desk, own: &'server Own) -> Vec<Batch<'server>> {
    let mut wanted = Vec::new();
    for (major, play) in wish.pairs() {
        wanted.push((major, play, false));
        // in the sample the server goes down on one major
        let goes_down = matches!(play, Play::Phases | Play::Outside) && (wish.whole || major == 18);
        if goes_down && Fault::ALL.into_iter().any(|fault| fault.is_of_the_server() && wish.wants(fault)) {
            wanted.push((major, play, true));
        }
    }
    let batches = Mutex::new(Vec::new());
    each(&wanted, |(major, play, exclusive)| {
        let server = if *exclusive { own.server(*major) } else { Server::shared(*major) };
        let stage = Stage::new(server, *play, keys);
        let of_kind = |fault: Fault| fault.is_of_the_server() == *exclusive;
        let cases = match Case::parse(&wish.case, *major) {
            Some(case) if of_kind(case.fault) => vec![case],
            Some(_) => Vec::new(),
            None => cases(&stage, |fault| wish.wants(fault) && of_kind(fault), wish.whole, wish.seed),
        };
        lock(&batches).push(Batch { stage, cases, exclusive: *exclusive });
    });
    batches.into_inner().unwrap()
}

#[test]
fn every_fault_leaves_the_source_or_a_checkpoint() {
    let began = Instant::now();
    let (wish, own) = (Wish::read(), Own::default());
    let keys = Desk::with_keys();
    let batches = prepare(&wish, &keys, &own);
    println!("prepared in {:.1} s", began.elapsed().as_secs_f64());
    let progress = std::env::var_os("PGSEAL_PROGRESS").is_some();
    let (counts, slowest) = (Mutex::new(Counts::default()), Mutex::new(Vec::new()));
    let run = |stage: &Stage<'_>, case: &Case| {
        let started = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| strike(case, stage))).unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<String>().cloned();
            Err(format!("panic: {}", text.unwrap_or_else(|| "of an unknown kind".to_owned())))
        });
        let mut counts = lock(&counts);
        counts.add(case, result);
        lock(&slowest).push((started.elapsed(), case.to_string()));
        if progress {
            println!("{case} on {} after {:.1} s", case.major, started.elapsed().as_secs_f64());
            if let Some(failure) = counts.failures().last().filter(|failure| failure.contains(&format!("{case} on"))) {
                println!("{failure}");
            }
            if counts.total() % 100 == 0 {
                println!("{counts}");
            }
        }
    };
    // a server that goes down serves one case at a time; the others take turns, so that no server has all the work
    let mut jobs: Vec<Vec<(&Stage<'_>, &Case)>> = Vec::new();
    for major in MAJORS {
        let down = batches.iter().filter(|batch| batch.exclusive && batch.stage.server().major() == major);
        jobs.push(down.flat_map(|batch| batch.cases.iter().map(|case| (&batch.stage, case))).collect());
    }
    let shared: Vec<&Batch<'_>> = batches.iter().filter(|batch| !batch.exclusive).collect();
    let longest = shared.iter().map(|batch| batch.cases.len()).max().unwrap_or_default();
    for number in 0..longest {
        jobs.extend(shared.iter().filter_map(|batch| Some(vec![(&batch.stage, batch.cases.get(number)?)])));
    }
    each(&jobs, |job| job.iter().for_each(|(stage, case)| run(stage, case)));
    let counts = counts.into_inner().unwrap();
    println!("\n{counts}{:.0} s", began.elapsed().as_secs_f64());
    let mut slowest = slowest.into_inner().unwrap();
    slowest.sort();
    let shown: Vec<String> =
        slowest.iter().rev().take(5).map(|(time, case)| format!("{case} {:.1} s", time.as_secs_f64())).collect();
    println!("slowest: {}", shown.join(", "));
    drop(batches);
    let failures = counts.failures();
    assert!(failures.is_empty(), "{} of {} runs failed\n{}", failures.len(), counts.total(), failures.join("\n"));
    assert!(counts.total() > 0 || !wish.case.is_empty(), "nothing ran");
}
