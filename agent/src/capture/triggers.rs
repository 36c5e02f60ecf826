//! Triggers that are not internal, and their copies on partitions.

use pgseal_catalog::facts::{
    ConstraintTrigger, Enabled, Expression, Payload, Trigger, TriggerEvent, TriggerLevel, TriggerTiming,
};
use pgseal_catalog::{Fact, FactId, Name};

use super::address::class;
use super::build::Build;
use super::error::CaptureError;
use super::session::Session;
use super::text;

/// `TRIGGER_TYPE_ROW` and its kin.
mod bit {
    pub const ROW: i16 = 1;
    pub const BEFORE: i16 = 1 << 1;
    pub const INSERT: i16 = 1 << 2;
    pub const DELETE: i16 = 1 << 3;
    pub const UPDATE: i16 = 1 << 4;
    pub const TRUNCATE: i16 = 1 << 5;
    pub const INSTEAD: i16 = 1 << 6;
}

/// A row of `pg_trigger`.
pub(super) struct TriggerRow {
    pub oid: u32,
    pub table: u32,
    pub name: Name,
    pub function: u32,
    pub bits: i16,
    pub enabled: char,
    pub parent: u32,
    pub constraint: u32,
    pub from: u32,
    pub deferrable: bool,
    pub initially_deferred: bool,
    pub columns: Vec<i16>,
    pub arguments: Vec<u8>,
    pub argument_count: i16,
    pub old_table: Option<String>,
    pub new_table: Option<String>,
    pub has_condition: bool,
    pub definition: Option<String>,
}

pub(super) fn read_triggers(s: &mut Session<'_>) -> Result<Vec<TriggerRow>, CaptureError> {
    // 14 marks the copies on partitions as internal
    let wanted = s.since(15, "NOT t.tgisinternal", "(NOT t.tgisinternal OR t.tgparentid <> 0)");
    let sql = format!(
        "SELECT t.oid, t.tgrelid, t.tgname, t.tgfoid, t.tgtype, t.tgenabled, t.tgparentid, t.tgconstraint, \
         t.tgconstrrelid, t.tgdeferrable, t.tginitdeferred, t.tgattr::int2[], t.tgargs, t.tgnargs, t.tgoldtable, \
         t.tgnewtable, t.tgqual IS NOT NULL, CASE WHEN t.tgqual IS NOT NULL THEN pg_get_triggerdef(t.oid, false) END \
         FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE {wanted} AND c.relpersistence <> 't'"
    );
    s.rows("triggers", &sql, |c| {
        Ok(TriggerRow {
            oid: c.next()?,
            table: c.next()?,
            name: c.name()?,
            function: c.next()?,
            bits: c.next()?,
            enabled: c.letter()?,
            parent: c.next()?,
            constraint: c.next()?,
            from: c.next()?,
            deferrable: c.next()?,
            initially_deferred: c.next()?,
            columns: c.next()?,
            arguments: c.next()?,
            argument_count: c.next()?,
            old_table: c.next()?,
            new_table: c.next()?,
            has_condition: c.next()?,
            definition: c.next()?,
        })
    })
}

/// A trigger by which the server keeps a constraint and that does not fire as usual.
pub(super) struct SwitchedRow {
    pub constraint: u32,
    pub table: u32,
    pub function: Name,
    pub enabled: char,
}

pub(super) fn read_switched(s: &mut Session<'_>) -> Result<Vec<SwitchedRow>, CaptureError> {
    // the constraint of a constraint trigger is the trigger itself
    let sql = "SELECT t.tgconstraint, t.tgrelid, p.proname, t.tgenabled FROM pg_trigger t \
               JOIN pg_constraint c ON c.oid = t.tgconstraint JOIN pg_proc p ON p.oid = t.tgfoid \
               WHERE t.tgisinternal AND t.tgenabled <> 'O' AND c.contype <> 't'";
    s.rows("triggers of constraints", sql, |c| {
        Ok(SwitchedRow { constraint: c.next()?, table: c.next()?, function: c.name()?, enabled: c.letter()? })
    })
}

/// Adds the facts of the triggers of tables and views.
pub(super) fn add_triggers(b: &mut Build<'_>, rows: &[TriggerRow]) -> Result<(), CaptureError> {
    for row in rows {
        let id = match b.nodes.fact_at(class::CLASS, row.table) {
            Some(FactId::Table(table)) => FactId::Trigger(table.clone(), row.name.clone()),
            Some(FactId::View(view)) => FactId::ViewTrigger(view.clone(), row.name.clone()),
            _ => continue,
        };
        if b.is_member(class::TRIGGER, row.oid) || !b.scope.holds(&id) {
            continue;
        }
        let trigger = trigger(b, row, &id)?;
        let fact = b.nodes.add_at(class::TRIGGER, row.oid, Fact::new(id, Payload::Trigger(trigger)));
        if row.constraint != 0 {
            b.nodes.part(class::CONSTRAINT, row.constraint, fact);
        }
    }
    Ok(())
}

fn trigger(b: &Build<'_>, row: &TriggerRow, id: &FactId) -> Result<Trigger, CaptureError> {
    let has = |bit: i16| row.bits & bit != 0;
    let events = [
        (bit::INSERT, TriggerEvent::Insert),
        (bit::DELETE, TriggerEvent::Delete),
        (bit::UPDATE, TriggerEvent::Update),
        (bit::TRUNCATE, TriggerEvent::Truncate),
    ];
    let constraint = if row.constraint == 0 {
        None
    } else {
        Some(ConstraintTrigger {
            deferrable: row.deferrable,
            initially_deferred: row.initially_deferred,
            from: if row.from == 0 { None } else { Some(b.relation_name(row.from)?) },
        })
    };
    Ok(Trigger {
        timing: if has(bit::INSTEAD) {
            TriggerTiming::InsteadOf
        } else if has(bit::BEFORE) {
            TriggerTiming::Before
        } else {
            TriggerTiming::After
        },
        events: events.into_iter().filter(|(bit, _)| has(*bit)).map(|(_, event)| event).collect(),
        update_of: b.column_names(row.table, &row.columns)?,
        level: if has(bit::ROW) { TriggerLevel::Row } else { TriggerLevel::Statement },
        when: condition(row, id)?,
        function: b.names.routine(row.function)?,
        arguments: arguments(row, id)?,
        old_table: row.old_table.as_deref().map(Name::new).transpose()?,
        new_table: row.new_table.as_deref().map(Name::new).transpose()?,
        constraint,
        enabled: enabled(row.enabled),
        cloned: row.parent != 0,
    })
}

/// `tgenabled`.
pub(super) fn enabled(letter: char) -> Enabled {
    match letter {
        'D' => Enabled::Disabled,
        'R' => Enabled::Replica,
        'A' => Enabled::Always,
        _ => Enabled::Origin,
    }
}

fn condition(row: &TriggerRow, id: &FactId) -> Result<Option<Expression>, CaptureError> {
    if !row.has_condition {
        return Ok(None);
    }
    let definition = row.definition.as_deref().ok_or_else(|| CaptureError::Concurrent { what: id.in_words() })?;
    let text = text::trigger_condition(definition)
        .ok_or_else(|| CaptureError::unexpected("trigger", format!("{id} has no condition where one is expected")))?;
    Ok(Some(Expression(text.to_owned())))
}

/// The arguments: each ends in a zero byte, all in the encoding of the database, which the driver does not convert.
fn arguments(row: &TriggerRow, id: &FactId) -> Result<Vec<String>, CaptureError> {
    let count = usize::try_from(row.argument_count).unwrap_or_default();
    row.arguments
        .split(|&byte| byte == 0)
        .take(count)
        .map(|bytes| {
            String::from_utf8(bytes.to_vec())
                .map_err(|_| CaptureError::unexpected("trigger", format!("{id} has an argument that is not UTF-8")))
        })
        .collect()
}
