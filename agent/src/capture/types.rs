//! Types: every row of `pg_type`, and the facts of enums, domains, composite and range types.

use pgseal_catalog::facts::{Attribute, Composite, Domain, Enum, Expression, Payload, Range};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::address::{ByNumbers, class};
use super::build::Build;
use super::error::CaptureError;
use super::session::{FIRST_NORMAL_OID, Session};

/// A row of `pg_type`, with its row of `pg_range`.
pub(super) struct TypeRow {
    pub oid: u32,
    pub schema: u32,
    pub name: Name,
    pub text: String,
    pub kind: char,
    pub category: char,
    pub preferred: bool,
    pub length: i16,
    pub by_value: bool,
    pub alignment: char,
    pub storage: char,
    pub delimiter: char,
    pub element: u32,
    pub array: u32,
    pub collation: u32,
    pub base: u32,
    pub base_text: Option<String>,
    pub not_null: bool,
    pub has_default: bool,
    pub default: Option<String>,
    pub modifier_in: u32,
    pub modifier_out: u32,
    pub input: u32,
    pub relation: u32,
    pub defined: bool,
    pub range: Option<RangeRow>,
}

/// A row of `pg_range`.
pub(super) struct RangeRow {
    pub subtype: u32,
    pub multirange: u32,
    pub collation: u32,
    pub opclass: u32,
    pub canonical: u32,
    pub diff: u32,
}

impl TypeRow {
    /// Whether it was made by a user or an extension.
    pub fn is_user(&self) -> bool {
        self.oid >= FIRST_NORMAL_OID
    }
}

pub(super) fn read_types(s: &mut Session<'_>) -> Result<Vec<TypeRow>, CaptureError> {
    s.rows(
        "types",
        "SELECT t.oid, t.typnamespace, t.typname, format_type(t.oid, NULL), t.typtype, t.typcategory, t.typispreferred, \
         t.typlen, t.typbyval, t.typalign, t.typstorage, t.typdelim, t.typelem, t.typarray, t.typcollation, t.typbasetype, \
         CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END, t.typnotnull, \
         t.typtype = 'd' AND t.typdefaultbin IS NOT NULL, CASE WHEN t.typtype = 'd' THEN pg_get_expr(t.typdefaultbin, 0) END, \
         t.typmodin::oid, t.typmodout::oid, t.typinput::oid, t.typrelid, t.typisdefined, \
         r.rngtypid IS NOT NULL, r.rngsubtype, r.rngmultitypid, r.rngcollation, r.rngsubopc, r.rngcanonical::oid, \
         r.rngsubdiff::oid \
         FROM pg_type t LEFT JOIN pg_range r ON r.rngtypid = t.oid",
        |c| {
            let mut row = TypeRow {
                oid: c.next()?,
                schema: c.next()?,
                name: c.name()?,
                text: c.next()?,
                kind: c.letter()?,
                category: c.letter()?,
                preferred: c.next()?,
                length: c.next()?,
                by_value: c.next()?,
                alignment: c.letter()?,
                storage: c.letter()?,
                delimiter: c.letter()?,
                element: c.next()?,
                array: c.next()?,
                collation: c.next()?,
                base: c.next()?,
                base_text: c.next()?,
                not_null: c.next()?,
                has_default: c.next()?,
                default: c.next()?,
                modifier_in: c.next()?,
                modifier_out: c.next()?,
                input: c.next()?,
                relation: c.next()?,
                defined: c.next()?,
                range: None,
            };
            if c.next()? {
                row.range = Some(RangeRow {
                    subtype: c.next()?,
                    multirange: c.next()?,
                    collation: c.next()?,
                    opclass: c.next()?,
                    canonical: c.next()?,
                    diff: c.next()?,
                });
            }
            Ok(row)
        },
    )
}

/// The labels of every enum, in order.
pub(super) fn read_labels(s: &mut Session<'_>) -> Result<ByNumbers<u32, Vec<String>>, CaptureError> {
    let rows: Vec<(u32, String)> =
        s.rows("enum labels", "SELECT enumtypid, enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder", |c| {
            Ok((c.next()?, c.next()?))
        })?;
    let mut labels: ByNumbers<u32, Vec<String>> = ByNumbers::default();
    for (oid, label) in rows {
        labels.entry(oid).or_default().push(label);
    }
    Ok(labels)
}

/// Adds the facts of every type in scope.
pub(super) fn add_types(b: &mut Build<'_>) -> Result<(), CaptureError> {
    for row in &b.raw.types {
        if !row.is_user() || !row.defined || b.is_member(class::TYPE, row.oid) {
            continue;
        }
        let name = b.names.qualified(row.schema, &row.name)?;
        let (id, payload) = match row.kind {
            'e' => (FactId::Enum(name), enumeration(b, row)),
            'd' => (FactId::Domain(name.clone()), domain(b, row, &name)?),
            'r' => (FactId::Range(name.clone()), range(b, row, &name)?),
            'c' if b.class(row.relation).is_some_and(|relation| relation.kind == 'c') => {
                (FactId::Composite(name), composite(b, row.relation)?)
            }
            _ => continue,
        };
        if !b.scope.holds(&id) {
            continue;
        }
        let fact = b.nodes.add_at(class::TYPE, row.oid, Fact::new(id, payload));
        if row.array != 0 {
            b.nodes.part(class::TYPE, row.array, fact);
        }
        if let Some(range) = &row.range {
            b.add_row_type(range.multirange, fact);
        }
        if row.kind == 'c' {
            b.nodes.part(class::CLASS, row.relation, fact);
        }
    }
    Ok(())
}

fn enumeration(b: &Build<'_>, row: &TypeRow) -> Payload {
    Payload::Enum(Enum { labels: b.raw.labels.get(&row.oid).cloned().unwrap_or_default() })
}

fn domain(b: &Build<'_>, row: &TypeRow, name: &QualifiedName) -> Result<Payload, CaptureError> {
    if row.has_default && row.default.is_none() {
        return Err(CaptureError::Concurrent { what: format!("domain {name}") });
    }
    let usual = b.type_row(row.base).map_or(0, |base| base.collation);
    Ok(Payload::Domain(Domain {
        base: row.base_text.clone().unwrap_or_default(),
        collation: b.names.collation_unless(row.collation, usual)?,
        not_null: row.not_null,
        not_null_name: b.domain_not_null(row.oid),
        default: row.default.clone().map(Expression),
    }))
}

fn composite(b: &Build<'_>, relation: u32) -> Result<Payload, CaptureError> {
    let attributes = b.attributes(relation).iter().map(|attribute| {
        let usual = b.type_row(attribute.type_oid).map_or(0, |row| row.collation);
        Ok(Attribute {
            name: attribute.name.clone(),
            data_type: attribute.type_text.clone(),
            collation: b.names.collation_unless(attribute.collation, usual)?,
        })
    });
    Ok(Payload::Composite(Composite { attributes: attributes.collect::<Result<_, CaptureError>>()? }))
}

fn range(b: &Build<'_>, row: &TypeRow, name: &QualifiedName) -> Result<Payload, CaptureError> {
    let Some(range) = &row.range else {
        return Err(CaptureError::unexpected("range type", format!("{name} has no row in pg_range")));
    };
    let multirange = b
        .type_row(range.multirange)
        .ok_or_else(|| CaptureError::unexpected("range type", format!("{name} has no multirange type")))?;
    Ok(Payload::Range(Range {
        subtype: b.names.type_text(range.subtype)?,
        subtype_opclass: b.names.opclass(range.opclass)?,
        collation: b.names.collation_unless(range.collation, 0)?,
        canonical: b.names.routine_if_any(range.canonical)?,
        subtype_diff: b.names.routine_if_any(range.diff)?,
        multirange: b.names.qualified(multirange.schema, &multirange.name)?,
    }))
}
