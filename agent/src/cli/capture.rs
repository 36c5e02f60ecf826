//! `pgseal-agent capture`: a snapshot of a database, in a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pgseal_catalog::{Digest, FactId, Name, Scope, Snapshot};
use pgseal_keys::files::{self, Access, Guard};
use pgseal_keys::{self as keys, write_sealed};
use serde_json::json;

use super::said::{Log, now, print_bytes};
use super::signer;
use crate::connect::{ConnectionArgs, Environment, Session, Settings};
use pgseal_catalog::{Exit, Failure};

/// The largest ignore file that is read, in bytes.
const MAX_IGNORE_BYTES: u64 = 1024 * 1024;

/// The ignore file that is read when none is named and this one is there.
const IGNORE_FILE: &str = ".pgsealignore";

const EXAMPLES: &str = "\
Examples:
  pgseal-agent capture --db shop --out snapshot.json
  pgseal-agent capture --dsn service=shop --schemas app,audit --out snapshot.json
  pgseal-agent capture --db shop --with-extension postgis --out snapshot.json
  pgseal-agent capture --db shop --out snapshot.json --key agent.pem    # and snapshot.json.sig

An ignore file holds a pattern per line over kinds and names, such as \"table:app.tmp_*\";
# starts a comment.";

/// Capture a snapshot of a database
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// File to write the snapshot to, or - for standard output; an older one of that name is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Schemas to capture [default: all but Postgres's own]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    schemas: Vec<String>,
    /// Extensions that schema.sql creates and that neither the database nor contrib has: they are created and rolled back, so that
    /// the snapshot can list their members. Needs the right to create them
    #[arg(long = "with-extension", value_name = "NAMES", value_delimiter = ',')]
    with_extensions: Vec<String>,
    /// Patterns of objects to leave alone [default: .pgsealignore, if there is one]
    #[arg(long, value_name = "FILE")]
    ignore_file: Option<PathBuf>,
    /// Private key of this agent that signs the snapshot; the signature goes to FILE.sig
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// File that holds the key's passphrase in one line (mode 0600)
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
    // last: what comes behind it would be listed under its heading
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(super) fn run(arguments: &Arguments, log: Log) -> Result<Exit, Failure> {
    let to_stream = arguments.out.as_os_str() == "-";
    if arguments.key.is_some() && (to_stream || files::is_stream(&arguments.out)) {
        let message = "a snapshot on standard output cannot be signed: there is no place for FILE.sig";
        return Err(Failure::new(Exit::Usage, message));
    }
    let scope = scope(arguments)?;
    // a wrong passphrase should not cost a capture
    let signer = signer::read(arguments.key.as_deref(), arguments.passphrase_file.as_deref())?;
    let extensions = names(&arguments.with_extensions, "--with-extension")?;
    let settings = Settings::resolve(&arguments.connection, &Environment::of_process())?;
    let mut session = Session::open(&settings)?;
    let snapshot = if extensions.is_empty() {
        crate::capture::capture(session.client(), &scope, now()?)?
    } else {
        crate::capture::capture_with_extensions(session.client(), &scope, now()?, &extensions)?
    };
    let (bytes, fingerprint) = snapshot.to_bytes_and_fingerprint();
    if to_stream {
        print_bytes(&bytes)?;
    } else {
        write_sealed::<keys::Snapshot, _>(&arguments.out, Access::Owner, &bytes, signer.as_ref())?;
    }
    report(log, &snapshot, fingerprint, if to_stream { Path::new("standard output") } else { &arguments.out });
    note_missing(log, &snapshot);
    // the snapshot is written: a session that ends badly changes nothing
    session.close().ok();
    // the program ends: what takes a while to take apart goes with it
    std::mem::forget((snapshot, bytes));
    Ok(Exit::Done)
}

fn names(given: &[String], option: &str) -> Result<BTreeSet<Name>, Failure> {
    let read = |name: &String| {
        Name::new(name.trim())
            .map_err(|error| Failure::from_error(Exit::Usage, &error).about(&format!("option {option}")))
    };
    given.iter().map(read).collect()
}

fn scope(arguments: &Arguments) -> Result<Scope, Failure> {
    let schemas = names(&arguments.schemas, "--schemas")?;
    for name in &schemas {
        if name.as_str().starts_with("pg_") || name == "information_schema" {
            return Err(Failure::new(Exit::Usage, format!("schema \"{}\" is Postgres's own", name.as_str())));
        }
    }
    let ignore = match &arguments.ignore_file {
        Some(path) => patterns(path)?,
        None if Path::new(IGNORE_FILE).exists() => patterns(Path::new(IGNORE_FILE))?,
        None => Vec::new(),
    };
    Ok(Scope { schemas: (!schemas.is_empty()).then_some(schemas), ignore, ..Scope::default() })
}

fn patterns(path: &Path) -> Result<Vec<String>, Failure> {
    let bytes = files::read(path, Guard::Untrusted, MAX_IGNORE_BYTES)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        Failure::from_error(Exit::InvalidInput, &error).about(&format!("file \"{}\"", path.display()))
    })?;
    let lines = text.lines().map(|line| line.split_once('#').map_or(line, |(before, _)| before).trim());
    let found: BTreeSet<String> = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
    Ok(found.into_iter().collect())
}

/// Says which schemas were asked for and are not there: a name may be misspelt.
fn note_missing(log: Log, snapshot: &Snapshot) {
    let (scope, database) = (&snapshot.scope, &snapshot.header.database);
    for name in scope.schemas.iter().flatten() {
        let id = FactId::Schema(name.clone());
        if scope.holds(&id) && !snapshot.catalog.contains(&id) {
            let said = format!(
                "note: --schemas names \"{}\", and the snapshot holds no such schema of database \"{database}\"",
                name.as_str()
            );
            log.say("schema_missing", &said, json!({ "schema": name, "database": database }));
        }
    }
}

fn report(log: Log, snapshot: &Snapshot, fingerprint: Digest, out: &Path) {
    let header = &snapshot.header;
    let (facts, out) = (snapshot.catalog.len(), out.display().to_string());
    let (database, version) = (&header.database, &header.server_version);
    log.say_lines(
        "captured",
        &[
            format!("captured {facts} facts of database \"{database}\" (server {version}) into {out}"),
            format!("fingerprint {fingerprint}"),
        ],
        json!({ "facts": facts, "database": header.database, "fingerprint": fingerprint, "file": out }),
    );
    let names: Vec<String> =
        snapshot.unmodeled.iter().take(20).map(|entry| format!("{} {}", entry.kind, entry.name)).collect();
    let count = snapshot.unmodeled.len();
    let first = match count {
        0 => return,
        1 => "note: one object is of a kind that is not modelled yet:".to_owned(),
        count => format!("note: {count} objects are of kinds that are not modelled yet:"),
    };
    let mut lines = vec![first];
    lines.extend(names.iter().map(|name| format!("  {name}")));
    if count > names.len() {
        lines.push(format!("  … and {} more, all of them in the snapshot", count - names.len()));
    }
    log.say_lines("unmodeled", &lines, json!({ "count": count, "objects": names }));
}
