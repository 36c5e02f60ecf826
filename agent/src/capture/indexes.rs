//! Indexes: every row of `pg_index`, the keys that constraints share with them, and the facts of those that stand alone.

use std::collections::BTreeMap;

use pgseal_catalog::facts::{Expression, Index, IndexKey, IndexStorage, KeyTarget, NullsOrder, Payload, SortOrder};
use pgseal_catalog::{Fact, FactId, Name};

use super::address::class;
use super::build::Build;
use super::error::CaptureError;
use super::relations::{ClassRow, USER_RELATIONS};
use super::session::Session;
use super::text;

/// `INDOPTION_DESC`.
const DESCENDING: i16 = 1;
/// `INDOPTION_NULLS_FIRST`.
const NULLS_FIRST: i16 = 2;

/// A row of `pg_index`.
pub(super) struct IndexRow {
    pub oid: u32,
    pub table: u32,
    pub key_count: i16,
    pub unique: bool,
    pub nulls_not_distinct: bool,
    pub clustered: bool,
    pub valid: bool,
    pub replica_identity: bool,
    pub columns: Vec<i16>,
    pub collations: Vec<u32>,
    pub opclasses: Vec<u32>,
    pub flags: Vec<i16>,
    pub has_predicate: bool,
    pub predicate: Option<String>,
    pub has_expressions: bool,
    pub expressions: Option<String>,
    pub definition: Option<String>,
}

pub(super) fn read_indexes(s: &mut Session<'_>) -> Result<Vec<IndexRow>, CaptureError> {
    let sql = format!(
        "SELECT i.indexrelid, i.indrelid, i.indnkeyatts, i.indisunique, {}, i.indisclustered, i.indisvalid, \
         i.indisreplident, i.indkey::int2[], i.indcollation::oid[], i.indclass::oid[], i.indoption::int2[], \
         i.indpred IS NOT NULL, CASE WHEN i.indpred IS NOT NULL THEN pg_get_expr(i.indpred, i.indrelid) END, \
         i.indexprs IS NOT NULL, CASE WHEN i.indexprs IS NOT NULL THEN pg_get_expr(i.indexprs, i.indrelid) END, \
         CASE WHEN i.indexprs IS NOT NULL THEN pg_get_indexdef(i.indexrelid) END \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE {USER_RELATIONS}",
        s.since(15, "i.indnullsnotdistinct", "false"),
    );
    s.rows("indexes", &sql, |c| {
        Ok(IndexRow {
            oid: c.next()?,
            table: c.next()?,
            key_count: c.next()?,
            unique: c.next()?,
            nulls_not_distinct: c.next()?,
            clustered: c.next()?,
            valid: c.next()?,
            replica_identity: c.next()?,
            columns: c.next()?,
            collations: c.next()?,
            opclasses: c.next()?,
            flags: c.next()?,
            has_predicate: c.next()?,
            predicate: c.next()?,
            has_expressions: c.next()?,
            expressions: c.next()?,
            definition: c.next()?,
        })
    })
}

/// Adds the facts of the indexes that no constraint owns.
pub(super) fn add_indexes(b: &mut Build<'_>) -> Result<(), CaptureError> {
    for row in &b.raw.indexes {
        if b.is_owned_by_constraint(row.oid) || b.nodes.fact_at(class::CLASS, row.table).is_none() {
            continue;
        }
        let relation = b.class_or_error(row.oid)?;
        let name = b.names.qualified(relation.schema, &relation.name)?;
        let id = FactId::Index(name);
        if b.is_member(class::CLASS, row.oid) || !b.scope.holds(&id) {
            continue;
        }
        let parent = b.raw.parents(row.oid).first();
        let index = Index {
            table: b.relation_name(row.table)?,
            method: b.names.method(relation.method)?.clone(),
            keys: keys(b, row, relation)?,
            include: include(b, row)?,
            unique: row.unique,
            nulls_not_distinct: row.nulls_not_distinct,
            predicate: predicate(row, relation)?,
            storage: storage(b, row, relation),
            attached_to: parent.map(|&oid| b.relation_name(oid)).transpose()?,
        };
        b.nodes.add_at(class::CLASS, row.oid, Fact::new(id, Payload::Index(index)));
    }
    Ok(())
}

fn concurrent(relation: &ClassRow) -> CaptureError {
    CaptureError::Concurrent { what: format!("index {}", relation.name) }
}

/// The predicate of an index.
pub(super) fn predicate(row: &IndexRow, relation: &ClassRow) -> Result<Option<Expression>, CaptureError> {
    if row.has_predicate && row.predicate.is_none() {
        return Err(concurrent(relation));
    }
    Ok(row.predicate.clone().map(Expression))
}

/// The INCLUDE columns of an index.
pub(super) fn include(b: &Build<'_>, row: &IndexRow) -> Result<Vec<Name>, CaptureError> {
    let from = usize::try_from(row.key_count).unwrap_or_default();
    b.column_names(row.table, row.columns.get(from..).unwrap_or_default())
}

/// What an index has besides its definition.
pub(super) fn storage(b: &Build<'_>, row: &IndexRow, relation: &ClassRow) -> IndexStorage {
    let attributes = b.attributes(row.oid).iter();
    let statistics: BTreeMap<u16, i32> = attributes
        .filter_map(|attribute| Some((u16::try_from(attribute.number).ok()?, attribute.statistics?)))
        .collect();
    IndexStorage {
        options: relation.options.clone(),
        tablespace: relation.tablespace.clone(),
        clustered: row.clustered,
        valid: row.valid,
        statistics,
        comment: None,
    }
}

/// The keys of an index.
pub(super) fn keys(b: &Build<'_>, row: &IndexRow, relation: &ClassRow) -> Result<Vec<IndexKey>, CaptureError> {
    if row.has_expressions && row.expressions.is_none() {
        return Err(concurrent(relation));
    }
    let mut expressions = row.expressions.as_deref().map(text::split_list).unwrap_or_default().into_iter();
    let printed = match &row.definition {
        Some(definition) => Some(text::printed_keys(definition).ok_or_else(|| concurrent(relation))?),
        None => None,
    };
    let count = usize::try_from(row.key_count).unwrap_or_default();
    let mut keys = Vec::with_capacity(count);
    for at in 0..count {
        let missing = || CaptureError::unexpected("index", format!("{} lacks parts of key {}", relation.name, at + 1));
        let number = *row.columns.get(at).ok_or_else(missing)?;
        let opclass = *row.opclasses.get(at).ok_or_else(missing)?;
        let collation = row.collations.get(at).copied().unwrap_or_default();
        let attribute_number = i16::try_from(at + 1).map_err(|_| missing())?;
        let opclass_options =
            b.attribute(row.oid, attribute_number).map(|attribute| attribute.options.clone()).unwrap_or_default();
        let (target, collation, opclass_name) = if number > 0 {
            let column = b.attribute(row.table, number).ok_or_else(|| concurrent(relation))?;
            (
                KeyTarget::Column(column.name.clone()),
                b.names.collation_unless(collation, column.collation)?,
                b.opclass_unless_default(opclass, column.type_oid)?,
            )
        } else {
            let expression = expressions.next().ok_or_else(|| concurrent(relation))?;
            let says = printed.as_ref().and_then(|keys| keys.get(at)).copied().ok_or_else(|| concurrent(relation))?;
            (
                KeyTarget::Expression(Expression(expression.to_owned())),
                if says.collation { Some(b.names.collation(collation)?) } else { None },
                if says.opclass { Some(b.names.opclass(opclass)?) } else { None },
            )
        };
        let opclass = match opclass_name {
            None if !opclass_options.is_empty() => Some(b.names.opclass(opclass)?),
            named => named,
        };
        let flags = if b.names.can_order(relation.method) { row.flags.get(at).copied().unwrap_or_default() } else { 0 };
        let (order, nulls) = direction(flags);
        keys.push(IndexKey { target, collation, opclass, opclass_options, order, nulls });
    }
    Ok(keys)
}

fn direction(flags: i16) -> (SortOrder, Option<NullsOrder>) {
    let nulls_first = flags & NULLS_FIRST != 0;
    if flags & DESCENDING == 0 {
        (SortOrder::Ascending, nulls_first.then_some(NullsOrder::First))
    } else {
        (SortOrder::Descending, (!nulls_first).then_some(NullsOrder::Last))
    }
}

/// The column names of keys, none when one is an expression.
pub(super) fn plain_columns(keys: &[IndexKey]) -> Option<Vec<Name>> {
    keys.iter()
        .map(|key| match &key.target {
            KeyTarget::Column(name) => Some(name.clone()),
            KeyTarget::Expression(_) => None,
        })
        .collect()
}

/// Whether keys say no more than their columns.
pub(super) fn are_plain(keys: &[IndexKey]) -> bool {
    keys.iter().all(|key| {
        key.collation.is_none()
            && key.opclass.is_none()
            && key.opclass_options.is_empty()
            && key.order == SortOrder::Ascending
            && key.nulls.is_none()
    })
}

/// The name of an index as its table's replica identity, where it is one.
pub(super) fn replica_identity_name(b: &Build<'_>, table: u32) -> Option<Name> {
    let row = b.indexes_of(table).find(|row| row.replica_identity)?;
    b.class(row.oid).map(|relation| relation.name.clone())
}
