//! What a command says on standard error, for people or for programs, and the time it says in its documents.

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::ValueEnum;
use serde_json::{Map, Value};

use pgseal_catalog::shown::one_line;
use pgseal_catalog::{Exit, Failure};
use pgseal_keys::moment;

/// What it means that there is no ledger.
pub(super) const WITHOUT_LEDGER: &str = "so nothing will refuse the plan a second time (it takes CREATE on the database, or USAGE on its schema \
                                         and SELECT and INSERT)";

/// How what happens is told on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum LogFormat {
    /// In sentences
    #[default]
    Human,
    /// One JSON object per line
    Json,
}

impl LogFormat {
    /// Whether arguments that cannot be understood ask for JSON nevertheless.
    pub fn is_json_in(arguments: &[OsString]) -> bool {
        let apart =
            arguments.windows(2).any(|two| matches!(two, [name, value] if name == "--log-format" && value == "json"));
        apart || arguments.iter().any(|argument| argument == "--log-format=json")
    }
}

/// Where a command tells what happens.
///
/// In JSON, every line has `time`, `event` (a stable word), `message` (the sentence) and what belongs to the event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log {
    format: LogFormat,
    quiet: bool,
}

impl Log {
    pub fn new(format: LogFormat) -> Self {
        Self { format, quiet: false }
    }

    /// The same log, which tells only errors where that was asked for.
    pub fn unless(self, quiet: bool) -> Self {
        Self { quiet: self.quiet || quiet, ..self }
    }

    /// Tells an event; a closed standard error is no reason to fail.
    pub fn say(&self, event: &'static str, message: &str, members: Value) {
        self.say_lines(event, &[message.to_owned()], members);
    }

    /// Tells an event in several lines. For people, what is in one stays on it, and nothing in it drives their terminal: it may come
    /// from a plan or a database.
    pub fn say_lines(&self, event: &'static str, lines: &[String], members: Value) {
        if self.quiet {
            return;
        }
        match self.format {
            LogFormat::Human => {
                let text: String = lines.iter().map(|line| one_line(line) + "\n").collect();
                drop(io::stderr().write_all(text.as_bytes()));
            }
            LogFormat::Json => print(&line(event, &lines.join("\n"), members)),
        }
    }

    /// Tells an event that has nothing to it but its sentence.
    pub fn note(&self, event: &'static str, message: &str) {
        self.say(event, message, Value::Null);
    }

    /// Tells why the command did not do what it was asked, quiet or not.
    pub fn failure(&self, failure: &Failure) {
        match self.format {
            LogFormat::Human => drop(io::stderr().write_all(failure.render("pgseal-agent").as_bytes())),
            LogFormat::Json => {
                let mut members = Map::new();
                let mut add = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
                add("exit_code", failure.exit.number().into());
                failure.code().into_iter().for_each(|code| add("code", code.into()));
                add("details", failure.details().to_vec().into());
                failure.hint().into_iter().for_each(|hint| add("hint", hint.into()));
                print(&line("error", failure.message(), members.into()));
            }
        }
    }
}

fn line(event: &'static str, message: &str, members: Value) -> Value {
    let mut all = Map::new();
    all.insert("time".to_owned(), now().unwrap_or_default().into());
    all.insert("event".to_owned(), event.into());
    all.insert("message".to_owned(), message.into());
    if let Value::Object(members) = members {
        all.extend(members);
    }
    Value::Object(all)
}

fn print(line: &Value) {
    // in one piece: other programs may write to the same pipe
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Writes to standard output.
pub(super) fn print_out(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Writes bytes to standard output.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|error| Failure::from_error(Exit::Environment, &error).about("standard output"))
}

/// Now, UTC, to the second, RFC 3339.
pub(super) fn now() -> Result<String, Failure> {
    seconds().map(moment::written)
}

/// Seconds since 1970.
pub(super) fn seconds() -> Result<u64, Failure> {
    crate::clock::seconds().ok_or_else(|| Failure::new(Exit::Environment, "the clock is before 1970"))
}
