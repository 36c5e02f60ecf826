//! Aggregates.

use pgseal_catalog::facts::{Aggregate, AggregateKind, AggregateState, FinalModify, MovingState, Parallel, Payload};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::address::{ByNumbers, class};
use super::build::Build;
use super::error::CaptureError;
use super::functions::{ProcRow, arguments};
use super::session::Session;

/// A row of `pg_aggregate`.
pub(super) struct AggregateRow {
    pub function: u32,
    kind: char,
    direct_arguments: i16,
    plain: StateRow,
    moving: StateRow,
    combine: u32,
    serialize: u32,
    deserialize: u32,
    inverse: u32,
    sort_operator: Option<(u32, Name)>,
}

/// The columns that plain and moving mode have each.
struct StateRow {
    function: u32,
    state_type: u32,
    space: i32,
    initial: Option<String>,
    final_function: u32,
    final_extra: bool,
    final_modify: char,
}

pub(super) fn read_aggregates(s: &mut Session<'_>) -> Result<Vec<AggregateRow>, CaptureError> {
    s.rows(
        "aggregates",
        "SELECT a.aggfnoid::oid, a.aggkind, a.aggnumdirectargs, a.aggtransfn::oid, a.aggtranstype, a.aggtransspace, \
         a.agginitval, a.aggfinalfn::oid, a.aggfinalextra, a.aggfinalmodify, a.aggmtransfn::oid, a.aggmtranstype, \
         a.aggmtransspace, a.aggminitval, a.aggmfinalfn::oid, a.aggmfinalextra, a.aggmfinalmodify, a.aggcombinefn::oid, \
         a.aggserialfn::oid, a.aggdeserialfn::oid, a.aggminvtransfn::oid, o.oprnamespace, o.oprname \
         FROM pg_aggregate a LEFT JOIN pg_operator o ON o.oid = a.aggsortop WHERE a.aggfnoid::oid >= 16384",
        |c| {
            let state = || {
                Ok::<_, CaptureError>(StateRow {
                    function: c.next()?,
                    state_type: c.next()?,
                    space: c.next()?,
                    initial: c.next()?,
                    final_function: c.next()?,
                    final_extra: c.next()?,
                    final_modify: c.letter()?,
                })
            };
            Ok(AggregateRow {
                function: c.next()?,
                kind: c.letter()?,
                direct_arguments: c.next()?,
                plain: state()?,
                moving: state()?,
                combine: c.next()?,
                serialize: c.next()?,
                deserialize: c.next()?,
                inverse: c.next()?,
                sort_operator: match (c.next::<Option<u32>>()?, c.next::<Option<&str>>()?) {
                    (Some(schema), Some(operator)) => Some((schema, Name::new(operator)?)),
                    _ => None,
                },
            })
        },
    )
}

/// Adds the facts of aggregates.
pub(super) fn add_aggregates(b: &mut Build<'_>) -> Result<(), CaptureError> {
    let rows: ByNumbers<u32, &AggregateRow> = b.raw.aggregates.iter().map(|row| (row.function, row)).collect();
    for row in &b.raw.procs {
        if row.kind != 'a' || !row.is_user() || b.is_member(class::PROC, row.oid) {
            continue;
        }
        let id = FactId::Aggregate(b.names.routine(row.oid)?);
        if !b.scope.holds(&id) {
            continue;
        }
        let own = rows.get(&row.oid).ok_or_else(|| CaptureError::Concurrent { what: id.in_words() })?;
        let aggregate = aggregate(b, row, own, &id)?;
        b.nodes.add_at(class::PROC, row.oid, Fact::new(id, Payload::Aggregate(Box::new(aggregate))));
    }
    Ok(())
}

fn aggregate(b: &Build<'_>, row: &ProcRow, own: &AggregateRow, id: &FactId) -> Result<Aggregate, CaptureError> {
    Ok(Aggregate {
        kind: match own.kind {
            'o' => AggregateKind::OrderedSet,
            'h' => AggregateKind::HypotheticalSet,
            _ => AggregateKind::Normal,
        },
        arguments: arguments(b, row, id)?,
        direct_arguments: u16::try_from(own.direct_arguments).unwrap_or_default(),
        returns: b.names.type_text(row.returns)?,
        state: state(b, &own.plain)?,
        moving: match own.moving.state_type {
            0 => None,
            _ => Some(MovingState { state: state(b, &own.moving)?, inverse: b.names.routine(own.inverse)? }),
        },
        combine: b.names.routine_if_any(own.combine)?,
        serialize: b.names.routine_if_any(own.serialize)?,
        deserialize: b.names.routine_if_any(own.deserialize)?,
        sort_operator: match &own.sort_operator {
            Some((schema, operator)) => Some(QualifiedName::new(b.names.schema(*schema)?.clone(), operator.clone())),
            None => None,
        },
        parallel: match row.parallel {
            's' => Parallel::Safe,
            'r' => Parallel::Restricted,
            _ => Parallel::Unsafe,
        },
    })
}

fn state(b: &Build<'_>, row: &StateRow) -> Result<AggregateState, CaptureError> {
    Ok(AggregateState {
        function: b.names.routine(row.function)?,
        data_type: b.names.type_text(row.state_type)?,
        space: row.space,
        initial: row.initial.clone(),
        final_function: b.names.routine_if_any(row.final_function)?,
        final_extra: row.final_extra,
        final_modify: match row.final_modify {
            's' => FinalModify::Shareable,
            'w' => FinalModify::ReadWrite,
            _ => FinalModify::ReadOnly,
        },
    })
}
