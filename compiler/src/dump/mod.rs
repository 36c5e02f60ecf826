//! `schema.sql` from a snapshot alone: the plan from an empty database to the snapshot's, written as a script.
//!
//! So a dump is ordered and proven as every plan is, and loads into an empty database with psql. Names are written in full;
//! the script sets an empty search path first.

mod spelling;

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::shown::one_line;
use pgseal_catalog::{Fact, FactId, Kind, Payload, Snapshot};

use crate::elaborate::{Model, ModelError};
use crate::plan::{self, Grouping, PlanError};

/// Why a snapshot cannot be dumped.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// Its server is not supported.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// No script leads to it.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// A dump: statements in order, each with the object that it belongs to.
#[derive(Debug)]
pub struct Dump {
    preamble: String,
    statements: Vec<(FactId, String)>,
}

/// One file of a dump into a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpFile {
    /// Relative to the folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Dumps a snapshot.
///
/// # Errors
/// See [`DumpError`].
pub fn dump(snapshot: &Snapshot) -> Result<Dump, DumpError> {
    // nothing that is not modelled stands in the way of making objects in an empty database
    let mut free = snapshot.clone();
    free.unmodeled.clear();
    for mut fact in switched_off(snapshot).cloned() {
        if let Payload::Constraint(constraint) = &mut fact.payload {
            constraint.switched.clear();
        }
        free.catalog.insert(fact);
    }
    let mut desired = Model::from_snapshot(&free)?;
    spelling::respell(&mut desired);
    let mut working = Model::empty_like(snapshot)?;
    let decided = plan::decide_in_place(&free, &mut working, &desired, None, Grouping::ByObject)?;
    let desired = decided.laid.unwrap_or(desired);
    let statements = decided
        .actions
        .into_iter()
        .map(|action| {
            let object = match (&action.about, desired.fact(&action.about).map(|fact| &fact.payload)) {
                (_, Some(Payload::Index(index))) => desired.indexed(index),
                (about, _) => about.object(),
            };
            (object, action.sql.text)
        })
        .collect();
    Ok(Dump { preamble: preamble(snapshot), statements })
}

/// The constraints that are switched off in the database.
fn switched_off(snapshot: &Snapshot) -> impl Iterator<Item = &Fact> {
    let is_off =
        |fact: &&Fact| matches!(&fact.payload, Payload::Constraint(constraint) if !constraint.switched.is_empty());
    snapshot.catalog.iter().filter(is_off)
}

fn preamble(snapshot: &Snapshot) -> String {
    let mut out = String::from("-- schema, written by pgseal dump\n");
    out.push_str(&format!("-- from a server of major version {}\n", snapshot.major()));
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for other in &snapshot.unmodeled {
        *kinds.entry(other.kind.as_str()).or_default() += 1;
    }
    if !kinds.is_empty() {
        out.push_str("--\n-- not managed yet, and not in this file:\n");
        for (kind, count) in kinds {
            out.push_str(&format!("--   {kind}: {count}\n"));
        }
    }
    let off: Vec<&Fact> = switched_off(snapshot).collect();
    if !off.is_empty() {
        out.push_str("--\n-- switched off in the database, and on in this file:\n");
        off.iter().for_each(|fact| out.push_str(&format!("--   {}\n", one_line(&fact.id.in_words()))));
    }
    out.push_str("\nSET check_function_bodies = off;\nSELECT pg_catalog.set_config('search_path', '', false);\n");
    out
}

impl Dump {
    /// The whole dump as one script.
    #[must_use]
    pub fn script(&self) -> String {
        let mut out = self.preamble.clone();
        let mut last: Option<&FactId> = None;
        for (object, sql) in &self.statements {
            if last != Some(object) {
                out.push_str(&format!("\n-- {}\n", object.in_words().replace(['\n', '\r'], " ")));
                last = Some(object);
            }
            out.push_str(sql);
            out.push_str(";\n");
        }
        out
    }

    /// One file per object, and `main.sql`, which includes them in order. What can only come later than other objects (a
    /// foreign key to a table further down) stands in a second file of the object, `….2.sql`.
    #[must_use]
    pub fn files(&self) -> Vec<DumpFile> {
        let mut main = self.preamble.clone();
        main.push('\n');
        let mut files: Vec<DumpFile> = Vec::new();
        let mut parts: BTreeMap<&FactId, u32> = BTreeMap::new();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut paths: BTreeMap<&FactId, String> = BTreeMap::new();
        let mut last: Option<&FactId> = None;
        for (object, sql) in &self.statements {
            if last != Some(object) {
                let stem = paths.entry(object).or_insert_with(|| free_stem(object, &mut taken));
                let part = parts.entry(object).or_default();
                *part += 1;
                let path = if *part == 1 { format!("{stem}.sql") } else { format!("{stem}.{part}.sql") };
                main.push_str(&format!("\\ir {path}\n"));
                files.push(DumpFile { path, text: format!("-- {}\n", object.in_words().replace(['\n', '\r'], " ")) });
                last = Some(object);
            }
            if let Some(file) = files.last_mut() {
                file.text.push_str(sql);
                file.text.push_str(";\n");
            }
        }
        files.push(DumpFile { path: "main.sql".to_owned(), text: main });
        files
    }
}

/// A path without its ending that no other object has, also where case does not count.
fn free_stem(object: &FactId, taken: &mut BTreeSet<String>) -> String {
    let folder = match object.kind() {
        Kind::Schema => "schemas",
        Kind::Extension => "extensions",
        Kind::Enum | Kind::Composite | Kind::Range => "types",
        Kind::Domain => "domains",
        Kind::Sequence => "sequences",
        Kind::Function => "functions",
        Kind::Procedure => "procedures",
        Kind::Aggregate => "aggregates",
        Kind::Index => "indexes",
        _ => "tables",
    };
    let clean = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect()
    };
    let name = match object {
        FactId::Function(routine) | FactId::Procedure(routine) | FactId::Aggregate(routine) => {
            clean(routine.name.name.as_str())
        }
        FactId::Schema(name) | FactId::Extension(name) => clean(name.as_str()),
        other => {
            other.path().split_once('.').map_or_else(|| clean(&other.path()), |(_, name)| clean(name.trim_matches('"')))
        }
    };
    let schema = object.schema().map_or_else(String::new, |schema| format!("{}/", clean(schema.as_str())));
    let stem = format!("{schema}{folder}/{name}");
    let mut candidate = stem.clone();
    let mut n = 2;
    while !taken.insert(candidate.to_lowercase()) {
        candidate = format!("{stem}-{n}");
        n += 1;
    }
    candidate
}
