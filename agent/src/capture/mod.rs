//! Capture: reads a database into a snapshot.
//!
//! One read-only REPEATABLE READ transaction with an empty search path, a fixed number of queries whatever the number of
//! objects, and no right beyond connecting: only system catalogs that every role may read. Rows come by OID and are put
//! together here; nothing of physical history (OIDs, attribute numbers, dropped columns) reaches a payload.
//!
//! What a fact cannot say is listed as unmodeled, never left out. A server of another major version than 14 to 18 is refused.

mod address;
mod aggregates;
mod build;
mod comments;
mod constraints;
mod edges;
mod error;
mod extensions;
mod functions;
mod header;
mod indexes;
mod names;
mod opclasses;
mod operators;
mod policies;
mod prospective;
mod relations;
mod rules;
mod session;
mod symbols;
mod text;
mod triggers;
mod types;
mod unmodeled;
mod views;

use std::collections::BTreeSet;
use std::sync::Mutex;

use pgseal_catalog::{Catalog, Name, Scope, Snapshot, both};
use postgres::Client;

use address::{Nodes, class};
use build::{Build, ByOid, Raw, Rest};
pub use error::CaptureError;
use opclasses::DefaultOpclasses;
use session::Session;
pub(crate) use unmodeled::DETACHING;

/// Begins a transaction of a capture's own.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Captures a database in a transaction of its own. `captured_at` is what the snapshot says of the time: UTC, RFC 3339.
///
/// # Errors
/// A server of another version, a missing right, a broken connection, a schema change at the same time.
pub fn capture(client: &mut Client, scope: &Scope, captured_at: String) -> Result<Snapshot, CaptureError> {
    in_transaction(client, BEGIN, |client| capture_within(client, scope, captured_at))
}

/// Captures a database, and lists the members of extensions that it could have: they are created, with what they require,
/// and rolled back with the transaction. One that is installed already is left as it is.
///
/// # Errors
/// As [`capture`]; an extension that cannot be created.
pub fn capture_with_extensions(
    client: &mut Client,
    scope: &Scope,
    captured_at: String,
    extensions: &BTreeSet<Name>,
) -> Result<Snapshot, CaptureError> {
    in_transaction(client, "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE", |client| {
        let mut snapshot = capture_within(client, scope, captured_at.clone())?;
        let mut created = BTreeSet::new();
        for extension in extensions {
            prospective::create(client, &snapshot.header.extensions_available, extension, &mut created)?;
        }
        if !created.is_empty() {
            let mut listed = capture_within(client, scope, captured_at)?.symbols;
            listed.keep_members(|extension| created.contains(extension));
            snapshot.symbols.append(listed);
        }
        Ok(snapshot)
    })
}

/// Does something in a transaction that is rolled back, also where it fails.
fn in_transaction<T>(
    client: &mut Client,
    begin: &str,
    work: impl FnOnce(&mut Client) -> Result<T, CaptureError>,
) -> Result<T, CaptureError> {
    const WHAT: &str = "the database";
    client.batch_execute(begin).map_err(|error| CaptureError::query(WHAT, error))?;
    let done = work(client);
    let ended = client.batch_execute("ROLLBACK").map_err(|error| CaptureError::query(WHAT, error));
    // why it failed says more than that the end of it failed too
    let done = done?;
    ended.map(|()| done)
}

/// Captures a database as a running transaction sees it. Settings are pinned with SET LOCAL: the caller takes a savepoint where
/// they must not last.
///
/// # Errors
/// As [`capture`].
pub fn capture_within(client: &mut Client, scope: &Scope, captured_at: String) -> Result<Snapshot, CaptureError> {
    let mut session = Session::open(client)?;
    let database = header::read_database(&mut session)?;
    let mut header = header::read_header(&mut session, &database, captured_at)?;
    build(&mut session, scope, Extent::Everything, |build, rest, in_scope| {
        header.statistics = build.statistics(database.block_size)?;
        let collations = &build.raw.collations;
        header.collations = header::machine_collations(collations, |row| build.names.qualified(row.schema, &row.name))?;
        header.lost_columns = build.lost_columns();
        unmodeled::finish(build, in_scope);
        let symbols = symbols::symbols(build, rest)?;
        let (catalog, unmodeled) = (std::mem::take(&mut build.catalog), std::mem::take(&mut build.unmodeled));
        Ok(Snapshot { header, scope: scope.clone(), catalog, symbols, unmodeled })
    })
}

/// Reads the facts only, which is quicker: what a fingerprint is made from. In a transaction of its own.
///
/// # Errors
/// As [`capture`].
pub(crate) fn facts(client: &mut Client, scope: &Scope) -> Result<Catalog, CaptureError> {
    in_transaction(client, BEGIN, |client| facts_within(client, scope))
}

/// Reads the facts as a running transaction sees them. Settings are pinned as by [`capture_within`].
///
/// # Errors
/// As [`capture`].
pub(crate) fn facts_within(client: &mut Client, scope: &Scope) -> Result<Catalog, CaptureError> {
    build(&mut Session::open(client)?, scope, Extent::Facts, |build, _, _| Ok(std::mem::take(&mut build.catalog)))
}

/// What is read of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Everything that a snapshot holds.
    Everything,
    /// What facts are made from.
    Facts,
}

/// Reads rows, makes facts and their edges of them, and hands them on; what is not modelled is listed where everything was read, with
/// whether each entry is in scope by itself.
fn build<T>(
    session: &mut Session<'_>,
    scope: &Scope,
    extent: Extent,
    hand_on: impl FnOnce(&mut Build<'_>, &Rest, &[bool]) -> Result<T, CaptureError>,
) -> Result<T, CaptureError> {
    let raw = Raw::read(session)?;
    let constraint_rows = constraints::read_constraints(session)?;
    let switched = triggers::read_switched(session)?;
    let names = raw.names()?;
    let by_oid = ByOid::new(&raw, &constraint_rows);
    let opclasses = DefaultOpclasses::new(&raw.opclasses, &raw.binary_casts, &by_oid.types);
    let mut build = Build {
        raw: &raw,
        by_oid: &by_oid,
        scope,
        names: &names,
        opclasses: &opclasses,
        nodes: Nodes::default(),
        catalog: Catalog::new(),
        unmodeled: Vec::new(),
        identity_sequences: Vec::new(),
    };
    let rest = read_beside(session, extent, || {
        extensions::add_extensions(&mut build)?;
        types::add_types(&mut build)?;
        relations::add_relations(&mut build)?;
        views::add_views(&mut build)?;
        for (sequence, table, column) in std::mem::take(&mut build.identity_sequences) {
            if let Some(column) = build.nodes.column_at(table, column) {
                build.nodes.part(class::CLASS, sequence, column);
            }
        }
        constraints::add_constraints(&mut build, &constraint_rows, &switched)?;
        indexes::add_indexes(&mut build)?;
        functions::add_functions(&mut build)?;
        aggregates::add_aggregates(&mut build)
    })?;
    // many, and not needed any more
    drop(constraint_rows);
    triggers::add_triggers(&mut build, &rest.triggers)?;
    policies::add_policies(&mut build, &rest.policies)?;
    rules::add_rules(&mut build, &rest.rules)?;
    let in_scope = match extent {
        Extent::Everything => unmodeled::add_unmodeled(&mut build, &rest)?,
        Extent::Facts => Vec::new(),
    };
    comments::add_comments(&mut build, &rest.comments)?;
    edges::add_edges(&mut build);
    hand_on(&mut build, &rest, &in_scope)
}

/// Reads the rest on a thread of its own while other work is done on this one, so that the server and this program do their parts at
/// the same time. Where there is no other thread to be had, one comes after the other.
fn read_beside(
    session: &mut Session<'_>,
    extent: Extent,
    work: impl FnOnce() -> Result<(), CaptureError>,
) -> Result<Rest, CaptureError> {
    let session = Mutex::new(Some(session));
    let read = || session.lock().ok()?.take().map(|session| Rest::read(session, extent));
    let (rest, done) = both(read, work);
    let rest = rest.unwrap_or_else(|| Err(CaptureError::unexpected("end", "a thread that was reading is gone")))?;
    done.map(|()| rest)
}
