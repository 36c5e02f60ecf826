//! `make bench`: time, memory and size of both programs on a generated schema of 1,400 tables, as ratios to what everybody
//! has: one single-threaded `pg_query::parse` of the same file, and `pg_dump -s` of the same database.
//!
//! The programs are those in the folder of this one (release builds). The server's major is the newest that the installed
//! `pg_dump` can read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pg_query::NodeEnum;
use pg_query::protobuf::Node;
use pgseal::analyze::analyze_view_query;
use pgseal::deparse::deparse_view;
use pgseal::env::{Env, Major, SearchPath};
use pgseal_tests::generated_schema::generate;
use pgseal_tests::queries::{statements, view_aliases};
use pgseal_tests::server::{Database, MAJORS, Options, Server, repository};

/// How many tables each round has, unless the arguments say otherwise; the last is the one that ratios are given for.
const ROUNDS: [usize; 3] = [350, 700, 1400];
const REPEATS: usize = 3;
/// The argument with which this program parses a file and says how many nanoseconds that took.
const PARSE: &str = "--parse";

fn main() {
    let mut arguments = std::env::args().skip(1);
    if let (Some(PARSE), Some(file)) = (arguments.next().as_deref(), arguments.next()) {
        return parse_once(Path::new(&file));
    }
    let folder = tempfile::Builder::new().prefix("pgseal-bench.").tempdir().expect("a temporary folder");
    let programs = std::env::current_exe().expect("the path of this program");
    let programs = Programs(programs.parent().expect("a program lies in a folder").to_owned());
    let client = pg_dump_major();
    let major = MAJORS.into_iter().rev().find(|major| *major <= client);
    let major = major.unwrap_or_else(|| panic!("pg_dump {client} is older than every supported server"));
    println!("Postgres {major}, pg_dump {client}; medians of {REPEATS} runs; release builds\n");

    let named: Vec<usize> =
        std::env::args().skip(1).map(|tables| tables.parse().expect("a number of tables")).collect();
    let sizes = if named.is_empty() { ROUNDS.to_vec() } else { named };
    let rounds: Vec<Round> =
        sizes.iter().map(|tables| Round::measure(*tables, major, &programs, folder.path())).collect();
    println!(
        "\n{:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>11} {:>11}",
        "tables", "pg_dump", "capture", "dump", "parse", "plan", "capture MB", "plan MB"
    );
    for round in &rounds {
        println!(
            "{:>7} {:>7}ms {:>7}ms {:>7}ms {:>7}ms {:>7}ms {:>11.1} {:>11.1}",
            round.tables,
            round.pg_dump.as_millis(),
            round.capture.time.as_millis(),
            round.dump.time.as_millis(),
            round.parse.as_millis(),
            round.plan.time.as_millis(),
            round.capture.peak_mb,
            round.plan.peak_mb,
        );
    }
    let (first, last) = (rounds.first().expect("rounds"), rounds.last().expect("rounds"));
    let times = last.tables as f64 / first.tables as f64;
    println!();
    verdict("plan with one changed table / one parse of schema.sql", ratio(last.plan.time, last.parse), 2.0);
    verdict("capture / pg_dump -s", ratio(last.capture.time, last.pg_dump), 0.5);
    verdict(
        &format!("growth of plan from {} to {} tables, per table", first.tables, last.tables),
        ratio(last.plan.time, first.plan.time) / times,
        1.1,
    );
    verdict(
        &format!("growth of capture from {} to {} tables, per table", first.tables, last.tables),
        ratio(last.capture.time, first.capture.time) / times,
        1.1,
    );
    verdict(
        "analysis and printing of all views of information_schema, ms",
        own_views(major).as_secs_f64() * 1000.0,
        50.0,
    );
    let size = fs::metadata(programs.path("pgseal-agent")).map_or(0, |file| file.len());
    verdict("size of the agent, MB", size as f64 / 1e6, 5.0);
}

/// The time that the views of the server's own information schema take, from raw trees to printed text, on one core.
fn own_views(major: u16) -> Duration {
    let root = std::env::var("PGSEAL_SERVERS").map_or_else(|_| repository().join(".servers"), Into::into);
    let folder = root.join(major.to_string()).join("share");
    let file = "information_schema.sql";
    let found = [folder.join(file), folder.join("postgresql").join(file)].into_iter().find(|path| path.exists());
    let text = fs::read_to_string(found.expect("the server's scripts")).expect("a script");
    let views: Vec<(Node, Vec<String>)> = statements(&text)
        .into_iter()
        .filter_map(|statement| match statement.node {
            Some(NodeEnum::ViewStmt(view)) => {
                let aliases = view_aliases(&view);
                view.query.map(|query| (*query, aliases))
            }
            _ => None,
        })
        .collect();
    let env = Env::for_major(Major::from_number(u32::from(major)).expect("a known major"));
    let path = SearchPath::new(["information_schema"]);
    median(|| {
        let start = Instant::now();
        for (raw, aliases) in &views {
            let query = analyze_view_query(&env, &path, raw, aliases).expect("a view of the server's own");
            assert!(!deparse_view(&env, &query).expect("its text").is_empty());
        }
        start.elapsed()
    })
}

/// Time and peak memory of one program.
struct Cost {
    time: Duration,
    peak_mb: f64,
}

struct Round {
    tables: usize,
    pg_dump: Duration,
    capture: Cost,
    dump: Cost,
    parse: Duration,
    plan: Cost,
}

impl Round {
    fn measure(tables: usize, major: u16, programs: &Programs, folder: &Path) -> Round {
        let schema = generate(tables);
        let counts: Vec<String> = schema.counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
        println!("{}; {} bytes of SQL", counts.join(", "), schema.sql.len());
        let file = |name: &str| folder.join(format!("{tables}-{name}"));
        let server = Server::start(&Options::new(major).setting("max_locks_per_transaction", "4096"));
        let database = server.database("bench");
        database.batch(&schema.sql);
        database.batch("ANALYZE");

        let pg_dump = median(|| run(pg_dump(&database)).time);
        let capture = programs.cost("pgseal-agent", || {
            let mut arguments = vec!["capture".to_owned(), "--out".to_owned(), text(&file("snapshot.json"))];
            arguments.extend(database.options());
            arguments
        });
        let changed = schema.sql.replacen(
            "CREATE TABLE table_7 (\n",
            "CREATE TABLE table_7 (\n    added text DEFAULT 'x' NOT NULL,\n",
            1,
        );
        assert_ne!(changed, schema.sql, "there is a table to change");
        fs::write(file("schema.sql"), &changed).expect("write schema.sql");
        let parse = median(|| parse_in_new_process(&file("schema.sql")));
        let dump = programs.cost("pgseal", || {
            vec!["dump".to_owned(), text(&file("snapshot.json")), "--out".to_owned(), text(&file("dump.sql"))]
        });
        let plan = programs.cost("pgseal", || {
            let mut arguments = vec!["plan".to_owned(), "--snapshot".to_owned(), text(&file("snapshot.json"))];
            arguments.extend([
                "--schema".to_owned(),
                text(&file("schema.sql")),
                "--out".to_owned(),
                text(&file("plan.json")),
            ]);
            arguments
        });
        let plan_text = fs::read_to_string(file("plan.json")).expect("a plan");
        assert!(plan_text.contains("ADD COLUMN"), "the plan holds the change");
        Round { tables, pg_dump, capture, dump, parse, plan }
    }
}

/// The folder of the two programs.
struct Programs(PathBuf);

impl Programs {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The median time and the highest memory of some runs. A file that the program writes is there from the last.
    fn cost(&self, name: &str, arguments: impl Fn() -> Vec<String>) -> Cost {
        let mut peak_mb: f64 = 0.0;
        let time = median(|| {
            let mut command = Command::new(self.path(name));
            command.args(arguments());
            let cost = run(command);
            peak_mb = peak_mb.max(cost.peak_mb);
            cost.time
        });
        Cost { time, peak_mb }
    }
}

/// Runs a program to its end and watches its memory.
fn run(mut command: Command) -> Cost {
    let errors = tempfile::tempfile().expect("a temporary file");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors.try_clone().expect("a file"));
    let start = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let status = Path::new("/proc").join(child.id().to_string()).join("status");
    let mut peak_kb = 0.0;
    let ended = loop {
        if let Some(ended) = child.try_wait().expect("wait for the program") {
            break ended;
        }
        let now = fs::read_to_string(&status).unwrap_or_default();
        let line = now.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let value = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
        peak_kb = value.unwrap_or(0.0).max(peak_kb);
        std::thread::sleep(Duration::from_millis(2));
    };
    let time = start.elapsed();
    let code = ended.code();
    // 9: the plan is written, not signed, as no key was given
    if !matches!(code, Some(0 | 9)) {
        let mut file = errors;
        let mut text = String::new();
        std::io::Seek::rewind(&mut file).ok();
        std::io::Read::read_to_string(&mut file, &mut text).ok();
        panic!("{command:?} ended with {code:?}:\n{text}");
    }
    Cost { time, peak_mb: peak_kb / 1024.0 }
}

/// Parses a file, once, on one thread.
fn parse_once(file: &Path) {
    let text = fs::read_to_string(file).expect("a file to parse");
    let start = Instant::now();
    let parsed = pg_query::parse(&text, 0);
    let time = start.elapsed();
    assert!(parsed.is_ok(), "the schema parses");
    println!("{}", time.as_nanos());
}

/// How long it takes to parse a file in a process that has just started, as the programs that are measured have; without its start.
fn parse_in_new_process(file: &Path) -> Duration {
    let own = std::env::current_exe().expect("the path of this program");
    let output = Command::new(own).arg(PARSE).arg(file).output().expect("run this program");
    let nanoseconds = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of nanoseconds");
    Duration::from_nanos(nanoseconds)
}

fn pg_dump(database: &Database<'_>) -> Command {
    let mut command = Command::new("pg_dump");
    command.args(["--schema-only", "--file=/dev/null", "--dbname"]).arg(database.dsn());
    command
}

fn pg_dump_major() -> u16 {
    let output =
        Command::new("pg_dump").arg("--version").output().expect("pg_dump is installed: scripts/setup.sh bench");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let major = version.and_then(|version| version.split('.').next()).and_then(|major| major.parse().ok());
    major.unwrap_or_else(|| panic!("pg_dump does not say its version: {text}"))
}

fn median(mut measure: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..REPEATS).map(|_| measure()).collect();
    times.sort();
    times[REPEATS / 2]
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn verdict(what: &str, value: f64, aim: f64) {
    let reached = if value <= aim { "reached" } else { "missed" };
    println!("{what}: {value:.2} (aim: at most {aim}, {reached})");
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
