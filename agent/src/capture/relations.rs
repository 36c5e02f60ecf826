//! Relations: every row of `pg_class`, and the facts of tables, columns, defaults and sequences.

use std::collections::BTreeMap;

use pgseal_catalog::facts::{
    Column, ColumnStorage, Default, Expression, Generated, GeneratedKind, Identity, IdentityKind, KeyTarget, Partition,
    PartitionKey, PartitionKeyPart, PartitionStrategy, Payload, Persistence, ReplicaIdentity, Sequence,
    SequenceOptions, Table,
};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::address::{ByNumbers, Numbers, class};
use super::build::Build;
use super::error::CaptureError;
use super::session::Session;
use super::text;
use super::types::TypeRow;

/// Relations made by users and extensions, in a schema that is not temporary and not the toast tables' own.
pub(super) const USER_RELATIONS: &str = "c.oid >= 16384 AND c.relpersistence <> 't' AND c.relnamespace NOT IN \
     (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast$|temp_|toast_temp_)')";

/// A row of `pg_class`.
pub(super) struct ClassRow {
    pub oid: u32,
    pub schema: u32,
    pub name: Name,
    pub kind: char,
    pub persistence: char,
    pub options: BTreeMap<String, String>,
    pub toast_options: BTreeMap<String, String>,
    pub method: u32,
    pub tablespace: Option<Name>,
    pub replica_identity: char,
    pub is_partition: bool,
    pub bound: Option<String>,
    pub of_type: u32,
    pub row_type: u32,
    pub row_security: bool,
    pub force_row_security: bool,
    pub rows: f32,
    pub pages: i64,
}

pub(super) fn read_classes(s: &mut Session<'_>) -> Result<Vec<ClassRow>, CaptureError> {
    let sql = format!(
        "SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relpersistence, c.reloptions, t.reloptions, c.relam, \
         ts.spcname, c.relreplident, c.relispartition, \
         CASE WHEN c.relispartition AND c.relkind IN ('r', 'p', 'f') THEN pg_get_expr(c.relpartbound, c.oid) END, \
         c.reloftype, c.reltype, c.relrowsecurity, c.relforcerowsecurity, c.reltuples, \
         c.relpages::int8 + coalesce(t.relpages, 0) \
         FROM pg_class c LEFT JOIN pg_class t ON t.oid = c.reltoastrelid AND c.reltoastrelid <> 0 \
         LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace WHERE {USER_RELATIONS}"
    );
    s.rows("relations", &sql, |c| {
        Ok(ClassRow {
            oid: c.next()?,
            schema: c.next()?,
            name: c.name()?,
            kind: c.letter()?,
            persistence: c.letter()?,
            options: c.options()?,
            toast_options: c.options()?,
            method: c.next()?,
            tablespace: c.next::<Option<&str>>()?.map(Name::new).transpose()?,
            replica_identity: c.letter()?,
            is_partition: c.next()?,
            bound: c.next()?,
            of_type: c.next()?,
            row_type: c.next()?,
            row_security: c.next()?,
            force_row_security: c.next()?,
            rows: c.next()?,
            pages: c.next()?,
        })
    })
}

/// A row of `pg_inherits`.
pub(super) struct InheritsRow {
    pub child: u32,
    pub parent: u32,
    pub detach_pending: bool,
}

pub(super) fn read_inherits(s: &mut Session<'_>) -> Result<Vec<InheritsRow>, CaptureError> {
    s.rows(
        "inheritance",
        "SELECT inhrelid, inhparent, inhdetachpending FROM pg_inherits ORDER BY inhrelid, inhseqno",
        |c| Ok(InheritsRow { child: c.next()?, parent: c.next()?, detach_pending: c.next()? }),
    )
}

/// A row of `pg_partitioned_table`.
pub(super) struct PartitionedRow {
    pub strategy: char,
    pub columns: Vec<i16>,
    pub opclasses: Vec<u32>,
    pub collations: Vec<u32>,
    pub expressions: Option<String>,
    pub definition: Option<String>,
}

pub(super) fn read_partitioned(s: &mut Session<'_>) -> Result<ByNumbers<u32, PartitionedRow>, CaptureError> {
    let rows = s.rows(
        "partition keys",
        "SELECT partrelid, partstrat, partattrs::int2[], partclass::oid[], partcollation::oid[], \
         CASE WHEN partexprs IS NOT NULL THEN pg_get_expr(partexprs, partrelid) END, \
         CASE WHEN partexprs IS NOT NULL THEN pg_get_partkeydef(partrelid) END FROM pg_partitioned_table",
        |c| {
            Ok((
                c.next::<u32>()?,
                PartitionedRow {
                    strategy: c.letter()?,
                    columns: c.next()?,
                    opclasses: c.next()?,
                    collations: c.next()?,
                    expressions: c.next()?,
                    definition: c.next()?,
                },
            ))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// A row of `pg_attribute`, with its default.
pub(super) struct AttributeRow {
    pub relation: u32,
    pub number: i16,
    pub name: Name,
    pub type_text: String,
    pub type_oid: u32,
    pub collation: u32,
    pub not_null: bool,
    pub identity: char,
    pub generated: char,
    pub storage: char,
    pub compression: char,
    pub statistics: Option<i32>,
    pub options: BTreeMap<String, String>,
    pub is_local: bool,
    pub inherit_count: i32,
    pub default_oid: Option<u32>,
    pub default: Option<String>,
    /// A column that was: only that there was one is told.
    is_dropped: bool,
}

/// The attributes by relation and number, and the relations with one that was dropped.
pub(super) fn read_attributes(s: &mut Session<'_>) -> Result<(Vec<AttributeRow>, Vec<u32>), CaptureError> {
    // only what a generated column is made of has columns in it; for anything else the server need not open the table, which takes
    // it longer than printing
    let sql = format!(
        "SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid, a.attcollation, \
         a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attcompression, nullif(a.attstattarget, -1)::int4, \
         a.attoptions, a.attislocal, a.attinhcount::int4, d.oid, \
         pg_get_expr(d.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE d.adrelid END), a.attisdropped \
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         WHERE a.attnum > 0 AND {USER_RELATIONS} AND (c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') \
         OR c.relkind IN ('i', 'I') AND (a.attstattarget >= 0 OR a.attoptions IS NOT NULL))"
    );
    let mut rows = s.rows("columns", &sql, |c| {
        Ok(AttributeRow {
            relation: c.next()?,
            number: c.next()?,
            name: c.name()?,
            type_text: c.next()?,
            type_oid: c.next()?,
            collation: c.next()?,
            not_null: c.next()?,
            identity: c.letter()?,
            generated: c.letter()?,
            storage: c.letter()?,
            compression: c.letter()?,
            statistics: c.next()?,
            options: c.options()?,
            is_local: c.next()?,
            inherit_count: c.next()?,
            default_oid: c.next()?,
            default: c.next()?,
            is_dropped: c.next()?,
        })
    })?;
    // asked behind that: the text of a default that was dropped meanwhile, with the sequence in it, would be another
    let gone = s.rows(
        "tables that are gone",
        "SELECT d.adrelid FROM (SELECT DISTINCT adrelid FROM pg_attrdef OFFSET 0) d \
         WHERE has_table_privilege(d.adrelid, 'SELECT') IS NULL",
        |c| c.next::<u32>(),
    )?;
    let lost = rows.iter().filter(|row| row.is_dropped).map(|row| row.relation).collect();
    rows.retain(|row| !row.is_dropped);
    if !gone.is_empty() {
        let gone: Numbers<u32> = gone.into_iter().collect();
        rows.iter_mut().filter(|row| gone.contains(&row.relation)).for_each(|row| row.default = None);
    }
    rows.sort_unstable_by_key(|row| (row.relation, row.number));
    Ok((rows, lost))
}

/// A row of `pg_sequence`, with the column that owns it.
pub(super) struct SequenceRow {
    pub options: SequenceOptions,
    /// The table and column, and whether the column is its identity.
    pub owner: Option<(u32, i16, bool)>,
}

pub(super) fn read_sequences(s: &mut Session<'_>) -> Result<ByNumbers<u32, SequenceRow>, CaptureError> {
    let rows = s.rows(
        "sequences",
        "SELECT s.seqrelid, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, \
         s.seqcycle, d.refobjid, d.refobjsubid::int2, d.deptype = 'i' FROM pg_sequence s LEFT JOIN pg_depend d \
         ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.objsubid = 0 \
         AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')",
        |c| {
            let oid: u32 = c.next()?;
            let options = SequenceOptions {
                data_type: c.next()?,
                start: c.next()?,
                increment: c.next()?,
                min: c.next()?,
                max: c.next()?,
                cache: c.next()?,
                cycle: c.next()?,
            };
            let owner = match (c.next()?, c.next()?, c.next()?) {
                (Some(table), Some(column), Some(identity)) => Some((table, column, identity)),
                _ => None,
            };
            Ok((oid, SequenceRow { options, owner }))
        },
    )?;
    Ok(rows.into_iter().collect())
}

/// Adds the facts of tables, their columns and defaults, and of sequences.
pub(super) fn add_relations(b: &mut Build<'_>) -> Result<(), CaptureError> {
    for row in &b.raw.classes {
        if b.is_member(class::CLASS, row.oid) {
            continue;
        }
        let name = b.names.qualified(row.schema, &row.name)?;
        match row.kind {
            'r' | 'p' => {
                let id = FactId::Table(name.clone());
                if !b.scope.holds(&id) {
                    continue;
                }
                let table = table(b, row, &name)?;
                let fact = b.nodes.add_at(class::CLASS, row.oid, Fact::new(id, Payload::Table(table)));
                b.add_row_type(row.row_type, fact);
                add_columns(b, row, &name)?;
            }
            'S' => add_sequence(b, row, name)?,
            _ => {}
        }
    }
    Ok(())
}

fn table(b: &Build<'_>, row: &ClassRow, name: &QualifiedName) -> Result<Table, CaptureError> {
    let parents = b.raw.parents(row.oid).iter().map(|&oid| b.relation_name(oid)).collect::<Result<Vec<_>, _>>()?;
    let (mut partition_of, mut inherits) = (None, Vec::new());
    if row.is_partition {
        let parent = parents.into_iter().next();
        let (Some(parent), Some(bound)) = (parent, row.bound.clone()) else {
            return Err(CaptureError::Concurrent { what: format!("table {name}") });
        };
        partition_of = Some(Partition { parent, bound: Expression(bound) });
    } else {
        inherits = parents;
    }
    let method = if row.method == 0 { None } else { Some(b.names.method(row.method)?.clone()) };
    Ok(Table {
        persistence: if row.persistence == 'u' { Persistence::Unlogged } else { Persistence::Permanent },
        partition_key: b.raw.partitioned.get(&row.oid).map(|key| partition_key(b, row, name, key)).transpose()?,
        partition_of,
        inherits,
        of_type: if row.of_type == 0 { None } else { Some(b.type_name(row.of_type)?) },
        options: options(row),
        access_method: method.filter(|method| method != "heap"),
        tablespace: row.tablespace.clone(),
        row_security: row.row_security,
        force_row_security: row.force_row_security,
        replica_identity: match row.replica_identity {
            'f' => ReplicaIdentity::Full,
            'n' => ReplicaIdentity::Nothing,
            'i' => match b.replica_identity_index(row.oid) {
                Some(index) => ReplicaIdentity::Index(index),
                // its index is gone: the server then behaves as with NOTHING
                None => ReplicaIdentity::Nothing,
            },
            _ => ReplicaIdentity::Default,
        },
    })
}

fn partition_key(
    b: &Build<'_>,
    row: &ClassRow,
    name: &QualifiedName,
    key: &PartitionedRow,
) -> Result<PartitionKey, CaptureError> {
    let concurrent = || CaptureError::Concurrent { what: format!("table {name}") };
    let mut expressions = key.expressions.as_deref().map(text::split_list).unwrap_or_default().into_iter();
    let printed = key.definition.as_deref().map(|text| text::printed_keys(text).ok_or_else(concurrent)).transpose()?;
    let mut parts = Vec::new();
    for (at, &number) in key.columns.iter().enumerate() {
        let opclass = *key.opclasses.get(at).ok_or_else(concurrent)?;
        let collation = key.collations.get(at).copied().unwrap_or_default();
        let part = if number > 0 {
            let column = b.attribute(row.oid, number).ok_or_else(concurrent)?;
            PartitionKeyPart {
                target: KeyTarget::Column(column.name.clone()),
                collation: b.names.collation_unless(collation, column.collation)?,
                opclass: b.opclass_unless_default(opclass, column.type_oid)?,
            }
        } else {
            let expression = expressions.next().ok_or_else(concurrent)?;
            let says = printed.as_ref().and_then(|keys| keys.get(at)).copied().ok_or_else(concurrent)?;
            PartitionKeyPart {
                target: KeyTarget::Expression(Expression(expression.to_owned())),
                collation: if says.collation { Some(b.names.collation(collation)?) } else { None },
                opclass: if says.opclass { Some(b.names.opclass(opclass)?) } else { None },
            }
        };
        parts.push(part);
    }
    let strategy = match key.strategy {
        'l' => PartitionStrategy::List,
        'r' => PartitionStrategy::Range,
        'h' => PartitionStrategy::Hash,
        other => return Err(CaptureError::unexpected("partition key", format!("{name} has the strategy '{other}'"))),
    };
    Ok(PartitionKey { strategy, parts })
}

fn add_columns(b: &mut Build<'_>, row: &ClassRow, table: &QualifiedName) -> Result<(), CaptureError> {
    let mut position = 0;
    for attribute in b.attributes(row.oid) {
        position += 1;
        let id = FactId::Column(table.clone(), attribute.name.clone());
        if !b.scope.holds(&id) {
            continue;
        }
        let column = column(b, row, attribute, &id)?;
        let fact = Fact { position: Some(position), ..Fact::new(id.clone(), Payload::Column(column)) };
        let fact = b.nodes.add_column(row.oid, attribute.number, fact);
        if let Some(oid) = attribute.default_oid {
            let Some(text) = attribute.default.clone() else {
                return Err(CaptureError::Concurrent { what: format!("default of {}", id.in_words()) });
            };
            if attribute.generated == '\0' {
                let default = FactId::Default(table.clone(), attribute.name.clone());
                let payload = Payload::Default(Default { expression: Expression(text) });
                b.nodes.add_at(class::ATTRDEF, oid, Fact::new(default, payload));
            } else {
                b.nodes.part(class::ATTRDEF, oid, fact);
            }
        }
    }
    Ok(())
}

fn column(b: &Build<'_>, row: &ClassRow, attribute: &AttributeRow, id: &FactId) -> Result<Column, CaptureError> {
    let data_type = b.type_row(attribute.type_oid);
    let generated = match attribute.generated {
        '\0' => None,
        kind => {
            let text = attribute.default.clone();
            let text = text.ok_or_else(|| CaptureError::Concurrent { what: id.in_words() })?;
            let kind = if kind == 'v' { GeneratedKind::Virtual } else { GeneratedKind::Stored };
            Some(Generated { kind, expression: Expression(text) })
        }
    };
    let identity = match attribute.identity {
        '\0' => None,
        kind => {
            let (sequence, options) = b.identity_sequence(row.oid, attribute, id)?;
            let kind = if kind == 'a' { IdentityKind::Always } else { IdentityKind::ByDefault };
            Some(Identity { kind, sequence, options })
        }
    };
    Ok(Column {
        data_type: attribute.type_text.clone(),
        collation: b.names.collation_unless(attribute.collation, data_type.map_or(0, |row| row.collation))?,
        not_null: attribute.not_null,
        identity,
        generated,
        storage: storage(attribute, data_type),
        compression: compression(attribute)?,
        statistics: attribute.statistics,
        options: attribute.options.clone(),
        is_local: attribute.is_local,
        inherit_count: u32::try_from(attribute.inherit_count).unwrap_or_default(),
    })
}

/// The storage of a column where it is not its type's.
pub(super) fn storage(attribute: &AttributeRow, data_type: Option<&TypeRow>) -> Option<ColumnStorage> {
    let storage = match attribute.storage {
        'p' => ColumnStorage::Plain,
        'e' => ColumnStorage::External,
        'm' => ColumnStorage::Main,
        _ => ColumnStorage::Extended,
    };
    data_type.is_some_and(|row| row.storage != attribute.storage).then_some(storage)
}

/// The compression that a column was given.
pub(super) fn compression(attribute: &AttributeRow) -> Result<Option<Name>, CaptureError> {
    Ok(match attribute.compression {
        'p' => Some(Name::new("pglz")?),
        'l' => Some(Name::new("lz4")?),
        _ => None,
    })
}

/// The options of a relation and its TOAST table.
pub(super) fn options(row: &ClassRow) -> BTreeMap<String, String> {
    let mut options = row.options.clone();
    options.extend(row.toast_options.iter().map(|(option, value)| (format!("toast.{option}"), value.clone())));
    options
}

fn add_sequence(b: &mut Build<'_>, row: &ClassRow, name: QualifiedName) -> Result<(), CaptureError> {
    let Some(sequence) = b.raw.sequences.get(&row.oid) else {
        return Err(CaptureError::unexpected("sequence", format!("{name} has no row in pg_sequence")));
    };
    let mut owned_by = None;
    if let Some((table, number, identity)) = sequence.owner {
        if identity {
            // it belongs to the column's identity
            b.identity_sequences.push((row.oid, table, number));
            return Ok(());
        }
        if let Some(column) = b.attribute(table, number) {
            let owner = b.relation_name(table)?;
            owned_by = Some(match b.class(table).map(|row| row.kind) {
                Some('v') => FactId::ViewColumn(owner, column.name.clone()),
                _ => FactId::Column(owner, column.name.clone()),
            });
        }
    }
    let id = FactId::Sequence(name);
    if !b.scope.holds(&id) {
        return Ok(());
    }
    let sequence = Sequence { options: sequence.options.clone(), unlogged: row.persistence == 'u', owned_by };
    b.nodes.add_at(class::CLASS, row.oid, Fact::new(id, Payload::Sequence(sequence)));
    Ok(())
}
