//! The header of a snapshot: the server, the database, its settings, roles and available extensions.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::QualifiedName;
use pgseal_catalog::id::Name;
use pgseal_catalog::snapshot::{AvailableExtension, Header};

use super::error::CaptureError;
use super::names::CollationRow;
use super::session::{FIRST_NORMAL_OID, Session};

/// Settings that change what DDL means or how definitions are printed.
const SETTINGS: &[&str] = &[
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "array_nulls",
    "backslash_quote",
    "bytea_output",
    "check_function_bodies",
    "default_table_access_method",
    "default_tablespace",
    "default_toast_compression",
    "default_with_oids",
    "extra_float_digits",
    "lc_monetary",
    "max_identifier_length",
    "max_index_keys",
    "quote_all_identifiers",
    "search_path",
    "standard_conforming_strings",
    "transform_null_equals",
    "xmlbinary",
    "xmloption",
];

/// The OIDs below which initdb's own rows of `pg_collation` have numbers given by hand.
const FIRST_GENERATED_OID: u32 = 10_000;

/// Collations that every database has, also where initdb gives them a number of its own.
const EVERYWHERE: [&str; 7] = ["default", "C", "POSIX", "ucs_basic", "unicode", "pg_c_utf8", "pg_unicode_fast"];

/// What the database says of itself.
pub(super) struct Database {
    server_version_num: i32,
    server_version: String,
    name: String,
    encoding: String,
    collate: String,
    ctype: String,
    provider: char,
    may_read_control: bool,
    /// Bytes per page.
    pub block_size: i64,
}

pub(super) fn read_database(s: &mut Session<'_>) -> Result<Database, CaptureError> {
    let sql = format!(
        "SELECT current_setting('server_version_num')::int4, current_setting('server_version'), d.datname::text, \
         pg_encoding_to_char(d.encoding)::text, d.datcollate::text, d.datctype::text, {}, \
         has_function_privilege('pg_control_system()', 'EXECUTE'), current_setting('block_size')::int8 \
         FROM pg_database d WHERE d.datname = current_database()",
        s.since(15, "d.datlocprovider", "'c'::\"char\""),
    );
    s.row("the database", &sql, |c| {
        Ok(Database {
            server_version_num: c.next()?,
            server_version: c.next()?,
            name: c.next()?,
            encoding: c.next()?,
            collate: c.next()?,
            ctype: c.next()?,
            provider: c.letter()?,
            may_read_control: c.next()?,
            block_size: c.next()?,
        })
    })
}

/// Reads the rest of the header and puts it together; statistics come later.
pub(super) fn read_header(
    s: &mut Session<'_>,
    database: &Database,
    captured_at: String,
) -> Result<Header, CaptureError> {
    let system_identifier = if database.may_read_control {
        let sql = "SELECT system_identifier::text FROM pg_control_system()";
        Some(s.row("the system identifier", sql, |c| c.next())?)
    } else {
        None
    };
    Ok(Header {
        server_version_num: u32::try_from(database.server_version_num).unwrap_or_default(),
        server_version: database.server_version.clone(),
        captured_at,
        database: database.name.clone(),
        system_identifier,
        encoding: database.encoding.clone(),
        collate: database.collate.clone(),
        ctype: database.ctype.clone(),
        locale_provider: match database.provider {
            'c' => "libc".to_owned(),
            'i' => "icu".to_owned(),
            'b' => "builtin".to_owned(),
            other => return Err(CaptureError::unexpected("locale provider", format!("'{other}'"))),
        },
        settings: read_settings(s)?,
        roles: s.rows("roles", "SELECT rolname::text FROM pg_roles", |c| c.next())?.into_iter().collect(),
        extensions_available: read_available(s)?,
        collations: BTreeSet::new(),
        lost_columns: BTreeSet::new(),
        statistics: BTreeMap::new(),
    })
}

/// What a new session gets, whoever opens it: what is set for the database, else for all databases, else what the server has.
/// Where the own role has a setting of its own, the server's value is hidden behind it, and the built-in default stands in.
fn read_settings(s: &mut Session<'_>) -> Result<BTreeMap<String, String>, CaptureError> {
    let list = SETTINGS.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "WITH own AS (SELECT r.setdatabase, r.setrole, split_part(e, '=', 1) AS name, \
         substr(e, strpos(e, '=') + 1) AS value FROM pg_db_role_setting r, unnest(r.setconfig) e \
         WHERE r.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) \
         AND r.setrole IN (0, (SELECT u.oid FROM pg_roles u WHERE u.rolname = session_user))) \
         SELECT g.name, coalesce(\
         (SELECT o.value FROM own o WHERE o.setdatabase <> 0 AND o.setrole = 0 AND lower(o.name) = lower(g.name)), \
         (SELECT o.value FROM own o WHERE o.setdatabase = 0 AND o.setrole = 0 AND lower(o.name) = lower(g.name)), \
         CASE WHEN EXISTS (SELECT FROM own o WHERE o.setrole <> 0 AND lower(o.name) = lower(g.name)) THEN g.boot_val \
         ELSE g.reset_val END, '') FROM pg_settings g WHERE g.name IN ({list})"
    );
    Ok(s.rows("settings", &sql, |c| Ok((c.next()?, c.next()?)))?.into_iter().collect())
}

fn read_available(s: &mut Session<'_>) -> Result<BTreeMap<String, AvailableExtension>, CaptureError> {
    let rows = s.rows(
        "available extensions",
        "SELECT v.name::text, v.version, v.comment, v.schema::text, v.requires::text[] \
         FROM pg_available_extension_versions() v JOIN pg_available_extensions() a ON a.name = v.name \
         AND a.default_version = v.version",
        |c| {
            let name: String = c.next()?;
            let version = c.next()?;
            let comment = c.next()?;
            let schema: Option<&str> = c.next()?;
            let requires: Option<Vec<String>> = c.next()?;
            Ok((
                name,
                AvailableExtension {
                    version,
                    comment,
                    schema: schema.map(Name::new).transpose()?,
                    requires: requires.unwrap_or_default().into_iter().map(Name::new).collect::<Result<_, _>>()?,
                },
            ))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// The collations that initdb found on the machine, usable in this database.
pub(super) fn machine_collations(
    rows: &[CollationRow],
    name: impl Fn(&CollationRow) -> Result<QualifiedName, CaptureError>,
) -> Result<BTreeSet<QualifiedName>, CaptureError> {
    rows.iter()
        .filter(|row| (FIRST_GENERATED_OID..FIRST_NORMAL_OID).contains(&row.oid) && row.usable)
        .filter(|row| !EVERYWHERE.contains(&row.name.as_str()))
        .map(name)
        .collect()
}
