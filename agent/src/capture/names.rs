//! The names behind OIDs: schemas, types, routines, collations, operator classes, access methods, languages.

use pgseal_catalog::{Name, QualifiedName, Routine};

use super::address::ByNumbers;
use super::error::CaptureError;
use super::functions::ProcRow;
use super::opclasses::OpclassRow;
use super::session::Session;
use super::types::TypeRow;

/// A row of `pg_collation`.
pub(super) struct CollationRow {
    pub oid: u32,
    pub schema: u32,
    pub name: Name,
    pub deterministic: bool,
    /// Whether it can be used with the database's encoding.
    pub usable: bool,
}

/// A row of `pg_am`.
pub(super) struct MethodRow {
    pub oid: u32,
    pub name: Name,
    pub kind: char,
    pub can_order: bool,
    pub can_unique: bool,
    pub can_multi_column: bool,
    pub can_exclude: bool,
    pub can_include: bool,
}

pub(super) fn read_namespaces(s: &mut Session<'_>) -> Result<Vec<(u32, Name)>, CaptureError> {
    s.rows("schemas", "SELECT oid, nspname FROM pg_namespace", |c| Ok((c.next()?, c.name()?)))
}

pub(super) fn read_collations(s: &mut Session<'_>) -> Result<Vec<CollationRow>, CaptureError> {
    s.rows(
        "collations",
        "SELECT oid, collnamespace, collname, collisdeterministic, collencoding IN (-1, (SELECT encoding FROM pg_database \
         WHERE datname = current_database())) FROM pg_collation",
        |c| {
            Ok(CollationRow {
                oid: c.next()?,
                schema: c.next()?,
                name: c.name()?,
                deterministic: c.next()?,
                usable: c.next()?,
            })
        },
    )
}

pub(super) fn read_methods(s: &mut Session<'_>) -> Result<Vec<MethodRow>, CaptureError> {
    let can = |what| format!("coalesce(pg_indexam_has_property(oid, '{what}'), false)");
    let sql = format!(
        "SELECT oid, amname, amtype, {}, {}, {}, {}, {} FROM pg_am",
        can("can_order"),
        can("can_unique"),
        can("can_multi_col"),
        can("can_exclude"),
        can("can_include"),
    );
    s.rows("access methods", &sql, |c| {
        Ok(MethodRow {
            oid: c.next()?,
            name: c.name()?,
            kind: c.letter()?,
            can_order: c.next()?,
            can_unique: c.next()?,
            can_multi_column: c.next()?,
            can_exclude: c.next()?,
            can_include: c.next()?,
        })
    })
}

pub(super) fn read_languages(s: &mut Session<'_>) -> Result<Vec<(u32, Name)>, CaptureError> {
    s.rows("languages", "SELECT oid, lanname FROM pg_language", |c| Ok((c.next()?, c.name()?)))
}

/// Looks names up by OID. An OID that is not there is an error: the rows are of one snapshot.
pub(super) struct Names {
    schemas: ByNumbers<u32, Name>,
    types: ByNumbers<u32, String>,
    routines: ByNumbers<u32, Routine>,
    collations: ByNumbers<u32, QualifiedName>,
    opclasses: ByNumbers<u32, QualifiedName>,
    methods: ByNumbers<u32, (Name, bool)>,
    languages: ByNumbers<u32, Name>,
}

impl Names {
    pub fn new(
        namespaces: &[(u32, Name)],
        types: &[TypeRow],
        procs: &[ProcRow],
        collations: &[CollationRow],
        opclasses: &[OpclassRow],
        methods: &[MethodRow],
        languages: &[(u32, Name)],
    ) -> Result<Self, CaptureError> {
        let mut names = Self {
            schemas: namespaces.iter().cloned().collect(),
            types: types.iter().map(|row| (row.oid, row.text.clone())).collect(),
            routines: ByNumbers::default(),
            collations: ByNumbers::default(),
            opclasses: ByNumbers::default(),
            methods: methods.iter().map(|row| (row.oid, (row.name.clone(), row.can_order))).collect(),
            languages: languages.iter().cloned().collect(),
        };
        for row in procs {
            let arguments = row.input_types.iter().map(|&oid| names.type_text(oid)).collect::<Result<_, _>>()?;
            let routine = Routine { name: names.qualified(row.schema, &row.name)?, arguments };
            names.routines.insert(row.oid, routine);
        }
        for row in collations {
            let name = names.qualified(row.schema, &row.name)?;
            names.collations.insert(row.oid, name);
        }
        for row in opclasses {
            let name = names.qualified(row.schema, &row.name)?;
            names.opclasses.insert(row.oid, name);
        }
        Ok(names)
    }

    /// A name in the schema of that OID.
    pub fn qualified(&self, schema: u32, name: &Name) -> Result<QualifiedName, CaptureError> {
        Ok(QualifiedName::new(self.schema(schema)?.clone(), name.clone()))
    }

    /// The schema of that OID.
    pub fn schema(&self, oid: u32) -> Result<&Name, CaptureError> {
        self.schemas.get(&oid).ok_or_else(|| missing("schema", oid))
    }

    /// The type of that OID, as `format_type` prints it without a modifier.
    pub fn type_text(&self, oid: u32) -> Result<String, CaptureError> {
        self.types.get(&oid).cloned().ok_or_else(|| missing("type", oid))
    }

    /// The routine of that OID.
    pub fn routine(&self, oid: u32) -> Result<Routine, CaptureError> {
        self.routines.get(&oid).cloned().ok_or_else(|| missing("function", oid))
    }

    /// The routine of that OID, none for zero.
    pub fn routine_if_any(&self, oid: u32) -> Result<Option<Routine>, CaptureError> {
        if oid == 0 { Ok(None) } else { self.routine(oid).map(Some) }
    }

    /// The collation of that OID.
    pub fn collation(&self, oid: u32) -> Result<QualifiedName, CaptureError> {
        self.collations.get(&oid).cloned().ok_or_else(|| missing("collation", oid))
    }

    /// The collation of that OID, unless it is none or the one that the type or column has anyway.
    pub fn collation_unless(&self, oid: u32, usual: u32) -> Result<Option<QualifiedName>, CaptureError> {
        if oid == 0 || oid == usual { Ok(None) } else { self.collation(oid).map(Some) }
    }

    /// The operator class of that OID.
    pub fn opclass(&self, oid: u32) -> Result<QualifiedName, CaptureError> {
        self.opclasses.get(&oid).cloned().ok_or_else(|| missing("operator class", oid))
    }

    /// The access method of that OID.
    pub fn method(&self, oid: u32) -> Result<&Name, CaptureError> {
        self.methods.get(&oid).map(|(name, _)| name).ok_or_else(|| missing("access method", oid))
    }

    /// Whether keys of that access method have an order.
    pub fn can_order(&self, method: u32) -> bool {
        self.methods.get(&method).is_some_and(|(_, can)| *can)
    }

    /// The language of that OID.
    pub fn language(&self, oid: u32) -> Result<&Name, CaptureError> {
        self.languages.get(&oid).ok_or_else(|| missing("language", oid))
    }
}

fn missing(what: &'static str, oid: u32) -> CaptureError {
    CaptureError::unexpected(what, format!("there is no row with the OID {oid} that another row refers to"))
}
