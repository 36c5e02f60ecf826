//! The inputs of the commands that compile: a snapshot and a schema.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pgseal_catalog::{Digest, FactId, Snapshot, limits, processors};

use super::files::{FileSystem, is_stream, read_input, shown};
use super::said::Terminal;
use super::verify::now;
use crate::compile::{CompileError, CompileOptions, Compiled, Desired, Source, compile_from};
use crate::diagnostic::codes;
use crate::plan::PlanError;
use crate::stack;
use crate::syntax::{RowStatements, SchemaFiles, SchemaText, Settings, SiftedStatements, SyntaxOptions, read_schema};
use pgseal_catalog::{Exit, Failure};
use pgseal_keys::{self as keys, Received};

/// Options of every command that compiles.
#[derive(Debug, clap::Args)]
pub(super) struct InputOptions {
    /// Snapshot that pgseal-agent captured, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(super) snapshot: PathBuf,
    /// Trust policy that names the agent's key: a snapshot that this key did not sign (FILE.sig) is refused
    #[arg(long, value_name = "FILE")]
    pub(super) snapshot_trust: Option<PathBuf>,
    #[command(flatten)]
    pub(super) schema: SchemaOptions,
}

/// Where the schema is.
#[derive(Debug, clap::Args)]
pub(super) struct SchemaOptions {
    /// SQL file, or folder (its main.sql, else all its *.sql); several are read in turn; - is standard input
    #[arg(long = "schema", value_name = "FILE|DIR", required = true, num_args = 1..)]
    pub(super) schema: Vec<String>,
    #[command(flatten)]
    pub(super) reading: ReadingOptions,
}

/// How the schema is read.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct ReadingOptions {
    /// Pass over statements on rows, queries and DO blocks instead of refusing them
    #[arg(long)]
    pub(super) skip_dml: bool,
}

/// A snapshot and the digest of its file.
#[derive(Debug)]
pub(super) struct LoadedSnapshot {
    pub(super) snapshot: Snapshot,
    pub(super) digest: Digest,
    /// The digest of every object.
    pub(super) objects: BTreeMap<FactId, Digest>,
}

/// Both inputs, read and not looked into.
#[derive(Debug)]
pub(super) struct Inputs {
    /// The snapshot's file.
    path: PathBuf,
    bytes: Vec<u8>,
    /// Of the snapshot; none where it is not laid out as the agent writes it.
    outline: Option<Snapshot>,
    files: SchemaFiles,
    reading: ReadingOptions,
}

impl InputOptions {
    pub(super) fn read(&self) -> Result<Inputs, Failure> {
        if is_stream(&self.snapshot) && self.schema.schema.iter().any(|schema| schema == "-") {
            return Err(Failure::new(Exit::Usage, "snapshot and schema cannot both come from standard input"));
        }
        let arguments: Vec<&str> = self.schema.schema.iter().map(String::as_str).collect();
        let (bytes, files) = std::thread::scope(|scope| {
            let read = || SchemaFiles::read(&FileSystem, &arguments);
            let files = stack::spawn(scope, read);
            let bytes = self.bytes().map(|bytes| (Snapshot::outline(&bytes), bytes));
            (bytes, files.map_or_else(|_| read(), stack::joined))
        });
        let (outline, bytes) = bytes?;
        Ok(Inputs { path: self.snapshot.clone(), bytes, outline, files, reading: self.schema.reading })
    }
}

impl InputOptions {
    /// The bytes of the snapshot; where a trust policy is named, only those that a key of it signed.
    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let Some(trust) = &self.snapshot_trust else {
            return read_input(&self.snapshot, limits::MAX_SNAPSHOT_BYTES);
        };
        if is_stream(&self.snapshot) {
            let message =
                "a snapshot on standard input has no seal: --snapshot-trust needs a file with FILE.sig beside it";
            return Err(Failure::new(Exit::Usage, message));
        }
        let policy = keys::read_policy(trust)?;
        let received = Received::<keys::Snapshot>::read(&self.snapshot, None)?;
        let verified = received
            .unverified()
            .verify(&policy, now()?)
            .map_err(|refusal| Failure::from(refusal).about(&shown(&self.snapshot)))?;
        Ok(verified.into_document())
    }
}

impl Inputs {
    /// The digest of the snapshot's file.
    pub(super) fn snapshot_digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// What the snapshot says that the catalog is, where it can be read.
    pub(super) fn snapshot_fingerprint(&self) -> Option<Digest> {
        Snapshot::from_bytes(&self.bytes).ok().map(|snapshot| snapshot.fingerprint())
    }

    /// The digests of the schema's files: see [`SchemaText::digests`].
    pub(super) fn schema_digests(&self) -> &BTreeMap<String, Digest> {
        self.files.digests()
    }

    /// Compiles the plan; says what there is to say about the schema.
    pub(super) fn compile(self, options: &CompileOptions, terminal: &Terminal) -> Result<Compiled, Failure> {
        let (source, desired, sifted) = self.read()?;
        let text = self.files.into_text(sifted);
        check(&text, terminal)?;
        let compiled = match compile_from(source, desired, &text, options) {
            Ok(compiled) => {
                terminal.say(&compiled.diagnostics, &text.sources)?;
                Ok(compiled)
            }
            Err(error) => Err(compile_failure(&error, &text, terminal)),
        };
        stack::let_go(text);
        compiled
    }

    /// Both sides. What is wrong with the snapshot is what is said first.
    fn read(&self) -> Result<(Source, Desired, SiftedStatements), Failure> {
        if let Some(outline) = &self.outline
            && let Some(read) = self.read_beside(outline)?
        {
            return Ok(read);
        }
        // not laid out as the agent writes it
        let loaded = loaded(&self.path, &self.bytes, processors())?;
        let (desired, sifted) = self.desired(&loaded.snapshot)?;
        Ok((source(loaded)?, desired, sifted))
    }

    /// Parses the schema and elaborates what is parsed, against the outline of the snapshot, beside the reading of the whole
    /// snapshot; none when the outline is not the snapshot's.
    fn read_beside(&self, outline: &Snapshot) -> Result<Option<(Source, Desired, SiftedStatements)>, Failure> {
        let whole = || {
            // one thread parses and one elaborates, which takes longer
            let loaded = loaded(&self.path, &self.bytes, processors().saturating_sub(2))?;
            if loaded.snapshot.is_outlined_by(outline) { source(loaded).map(Some) } else { Ok(None) }
        };
        std::thread::scope(|scope| {
            let reading = stack::spawn(scope, whole);
            let desired = self.desired(outline);
            let source = reading.map_or_else(|_| whole(), stack::joined)?;
            let (desired, sifted) = desired?;
            Ok(source.map(|source| (source, desired, sifted)))
        })
    }

    fn desired(&self, server: &Snapshot) -> Result<(Desired, SiftedStatements), Failure> {
        Desired::read(server, &self.files, &syntax_options(&self.reading, server))
            .map_err(|error| Failure::from_error(Exit::InvalidInput, &error))
    }
}

/// The database of a snapshot.
fn source(loaded: LoadedSnapshot) -> Result<Source, Failure> {
    let LoadedSnapshot { snapshot, digest, objects } = loaded;
    Source::new(snapshot, digest, objects).map_err(|error| Failure::from_error(Exit::InvalidInput, &error))
}

/// Stops at errors of syntax: what follows from a statement that could not be read is noise.
pub(super) fn check(text: &SchemaText, terminal: &Terminal) -> Result<(), Failure> {
    if text.diagnostics.has_errors() { terminal.say(&text.diagnostics, &text.sources) } else { Ok(()) }
}

/// Turns a compiler's error into a failure, saying what is wrong with the schema.
pub(super) fn compile_failure(error: &CompileError, text: &SchemaText, terminal: &Terminal) -> Failure {
    if let CompileError::Schema(diagnostics) = error
        && let Err(failure) = terminal.say(diagnostics, &text.sources)
    {
        return failure;
    }
    let failure = Failure::from_error(Exit::InvalidInput, error);
    if let CompileError::Plan(plan) = error
        && let PlanError::SwitchedOff { table, .. } = &**plan
    {
        return failure.with_code(codes::SWITCHED_OFF.id()).with_hint(switched_on_by(table));
    }
    match error {
        CompileError::Schema(_) | CompileError::Snapshot(_) => failure,
        CompileError::Plan(plan) if plan.is_limitation() => failure
            .with_code(codes::UNMANAGED_IN_THE_WAY.id())
            .with_hint("leave what it needs as it is in the schema, or move it out of the way first"),
        CompileError::Plan(_) => failure
            .with_code(codes::NO_PLAN.id())
            .with_detail("nothing was written: a plan that cannot be proven is not a plan")
            .with_hint("this is a fault of pgseal: please report it with the snapshot and the schema"),
    }
}

/// What switches the constraints of a table on again.
fn switched_on_by(table: &FactId) -> String {
    let name = match table {
        FactId::Table(name) => name.to_string(),
        other => other.in_words(),
    };
    format!(
        "ALTER TABLE {name} ENABLE TRIGGER ALL switches it on again, and triggers of the schema that are disabled as well; look \
         for rows that it forbids, and capture the database anew"
    )
}

/// Reads a snapshot strictly.
pub(super) fn read_snapshot(path: &Path) -> Result<LoadedSnapshot, Failure> {
    loaded(path, &read_input(path, limits::MAX_SNAPSHOT_BYTES)?, processors())
}

/// A snapshot from the bytes of its file, on that many threads.
fn loaded(path: &Path, bytes: &[u8], threads: usize) -> Result<LoadedSnapshot, Failure> {
    let (snapshot, objects) =
        Snapshot::with_digests(bytes, threads).map_err(|error| Failure::from(error).about(&shown(path)))?;
    Ok(LoadedSnapshot { snapshot, digest: Digest::of(bytes), objects })
}

/// Reads schema text as a new session of the snapshot's database would.
pub(super) fn read_text(arguments: &[&str], reading: &ReadingOptions, snapshot: &Snapshot) -> SchemaText {
    read_schema(&FileSystem, arguments, &syntax_options(reading, snapshot))
}

fn syntax_options(reading: &ReadingOptions, snapshot: &Snapshot) -> SyntaxOptions {
    let row_statements = if reading.skip_dml { RowStatements::Skip } else { RowStatements::Refuse };
    let settings = Settings::of_server(&snapshot.header.settings);
    SyntaxOptions { row_statements, settings }
}
