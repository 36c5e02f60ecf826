//! The session that a capture reads through: pinned settings, one query per kind, rows decoded cell by cell.

use std::cell::Cell;
use std::collections::BTreeMap;

use pgseal_catalog::id::Name;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{FromSql, ToSql, Type};
use postgres::{Client, Row};

use super::error::CaptureError;

/// The first OID of objects that are not made by initdb.
pub(super) const FIRST_NORMAL_OID: u32 = 16384;

/// What is pinned for the length of the transaction: everything that changes how definitions are printed, and, where the session
/// has no limit of its own, how long the capture may wait for locks (printing an expression locks its table for a moment). `lc_messages` is left alone: only a
/// superuser may set it, and no printed definition depends on it. Where the path does not name it, `pg_temp` is searched first, and
/// whatever ran in the session before could stand in the catalog's place.
const PINNED: &str = "
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL quote_all_identifiers = off;
SET LOCAL standard_conforming_strings = on;
SET LOCAL escape_string_warning = off;
SET LOCAL bytea_output = hex;
SET LOCAL extra_float_digits = 3;
SET LOCAL \"DateStyle\" = 'ISO, MDY';
SET LOCAL \"IntervalStyle\" = postgres;
SET LOCAL \"TimeZone\" = 'UTC';
SET LOCAL lc_monetary = 'C';
SET LOCAL xmlbinary = base64;
SET LOCAL row_security = off;
SET LOCAL enable_hashjoin = on;
SET LOCAL enable_mergejoin = on;
SET LOCAL enable_seqscan = on;
SET LOCAL jit = off;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL statement_timeout = '10min';
SELECT pg_catalog.set_config('lock_timeout', '30s', true) WHERE pg_catalog.current_setting('lock_timeout') = '0';";

/// A session inside the capture's transaction.
pub(super) struct Session<'a> {
    client: &'a mut Client,
    /// The server's major version.
    pub major: u32,
}

impl<'a> Session<'a> {
    /// Pins the settings (until the end of the surrounding transaction or savepoint) and asks for the version.
    pub fn open(client: &'a mut Client) -> Result<Self, CaptureError> {
        const WHAT: &str = "the server's version";
        client.batch_execute(PINNED).map_err(|error| CaptureError::query("the session's settings", error))?;
        let row = client
            .query_typed_one(
                "SELECT current_setting('server_version_num')::int4, current_setting('server_version')",
                &[],
            )
            .map_err(|error| CaptureError::query(WHAT, error))?;
        let cells = Cells::new(WHAT, &row);
        let number: i32 = cells.next()?;
        let version: String = cells.next()?;
        let major = u32::try_from(number / 10_000).unwrap_or_default();
        if !(14..=18).contains(&major) {
            return Err(CaptureError::UnsupportedServer { version });
        }
        Ok(Self { client, major })
    }

    /// Runs one query and decodes its rows.
    pub fn rows<T>(
        &mut self,
        what: &'static str,
        sql: &str,
        read: impl Fn(&Cells<'_>) -> Result<T, CaptureError>,
    ) -> Result<Vec<T>, CaptureError> {
        let mut found = Vec::new();
        self.each_row(what, sql, &mut |row| {
            found.push(read(&Cells::new(what, row))?);
            Ok(())
        })?;
        Ok(found)
    }

    /// One row at a time: all of them, as they came, would be the most that a capture holds. One function for every kind of row.
    fn each_row(
        &mut self,
        what: &'static str,
        sql: &str,
        read: &mut dyn FnMut(&Row) -> Result<(), CaptureError>,
    ) -> Result<(), CaptureError> {
        let none: [(&(dyn ToSql + Sync), Type); 0] = [];
        let mut rows = self.client.query_typed_raw(sql, none).map_err(|error| CaptureError::query(what, error))?;
        while let Some(row) = rows.next().map_err(|error| CaptureError::query(what, error))? {
            read(&row)?;
        }
        Ok(())
    }

    /// Runs a query of exactly one row.
    pub fn row<T>(
        &mut self,
        what: &'static str,
        sql: &str,
        read: impl Fn(&Cells<'_>) -> Result<T, CaptureError>,
    ) -> Result<T, CaptureError> {
        let row = self.client.query_typed_one(sql, &[]).map_err(|error| CaptureError::query(what, error))?;
        read(&Cells::new(what, &row))
    }

    /// A column that servers have from a major on, or what stands for it before.
    pub fn since(&self, major: u32, column: &'static str, before: &'static str) -> &'static str {
        if self.major >= major { column } else { before }
    }
}

/// The cells of one row, read from left to right.
pub(super) struct Cells<'a> {
    what: &'static str,
    row: &'a Row,
    at: Cell<usize>,
}

impl<'a> Cells<'a> {
    fn new(what: &'static str, row: &'a Row) -> Self {
        Self { what, row, at: Cell::new(0) }
    }

    /// The next cell.
    pub fn next<T: FromSql<'a>>(&self) -> Result<T, CaptureError> {
        let at = self.at.get();
        self.at.set(at + 1);
        self.row.try_get(at).map_err(|error| {
            let column = self.row.columns().get(at).map_or("?", postgres::Column::name);
            CaptureError::unexpected(self.what, format!("column \"{column}\": {error}"))
        })
    }

    /// The next cell as a name.
    pub fn name(&self) -> Result<Name, CaptureError> {
        Ok(Name::new(self.next::<&str>()?)?)
    }

    /// The next cell, of the type `"char"`.
    pub fn letter(&self) -> Result<char, CaptureError> {
        let byte: i8 = self.next()?;
        Ok(char::from(u8::try_from(byte).unwrap_or_default()))
    }

    /// The next cell, an array of `name=value`.
    pub fn options(&self) -> Result<BTreeMap<String, String>, CaptureError> {
        let list: Option<Vec<String>> = self.next()?;
        Ok(list.unwrap_or_default().iter().map(|entry| split_option(entry)).collect())
    }
}

fn split_option(entry: &str) -> (String, String) {
    match entry.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => (entry.to_owned(), String::new()),
    }
}
