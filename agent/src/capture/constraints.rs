//! Constraints of tables and of domains.

use pgseal_catalog::facts::{
    Check, Constraint, ConstraintKind, DomainConstraint, Exclusion, ExclusionElement, Expression, ForeignKey,
    ForeignKeyAction, KeyConstraint, MatchType, NotNull, Payload, SwitchedTrigger,
};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::address::{ByNumbers, class};
use super::build::Build;
use super::error::CaptureError;
use super::indexes;
use super::session::Session;
use super::triggers::{SwitchedRow, enabled};

/// A row of `pg_constraint`.
pub(super) struct ConstraintRow {
    pub oid: u32,
    pub name: Name,
    pub kind: char,
    pub table: u32,
    pub domain: u32,
    pub deferrable: bool,
    pub initially_deferred: bool,
    pub validated: bool,
    pub enforced: bool,
    pub is_local: bool,
    pub inherit_count: i32,
    pub parent: u32,
    pub index: u32,
    pub references: u32,
    pub on_update: char,
    pub on_delete: char,
    pub match_type: char,
    pub columns: Vec<i16>,
    pub referenced_columns: Vec<i16>,
    pub on_delete_columns: Vec<i16>,
    pub period: bool,
    pub no_inherit: bool,
    pub expression: Option<String>,
    pub operators: Vec<String>,
}

pub(super) fn read_constraints(s: &mut Session<'_>) -> Result<Vec<ConstraintRow>, CaptureError> {
    let sql = format!(
        "SELECT c.oid, c.conname, c.contype, c.conrelid, c.contypid, c.condeferrable, c.condeferred, c.convalidated, {}, \
         c.conislocal, c.coninhcount::int4, c.conparentid, c.conindid, c.confrelid, c.confupdtype, c.confdeltype, \
         c.confmatchtype, c.conkey, c.confkey, {}, {}, c.connoinherit, \
         CASE WHEN c.contype = 'c' THEN pg_get_expr(c.conbin, c.conrelid) END, \
         CASE WHEN c.contype = 'x' THEN ARRAY(SELECT CASE WHEN n.nspname = 'pg_catalog' THEN o.oprname::text \
         ELSE 'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')' END \
         FROM unnest(c.conexclop) WITH ORDINALITY e (oid, at) JOIN pg_operator o ON o.oid = e.oid \
         JOIN pg_namespace n ON n.oid = o.oprnamespace ORDER BY e.at) END \
         FROM pg_constraint c WHERE c.oid >= 16384 AND c.contype <> 't' AND c.connamespace NOT IN \
         (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast$|temp_|toast_temp_)')",
        s.since(18, "c.conenforced", "true"),
        s.since(15, "c.confdelsetcols", "NULL::int2[]"),
        s.since(18, "c.conperiod", "false"),
    );
    s.rows("constraints", &sql, |c| {
        let numbers = || Ok::<_, CaptureError>(c.next::<Option<Vec<i16>>>()?.unwrap_or_default());
        Ok(ConstraintRow {
            oid: c.next()?,
            name: c.name()?,
            kind: c.letter()?,
            table: c.next()?,
            domain: c.next()?,
            deferrable: c.next()?,
            initially_deferred: c.next()?,
            validated: c.next()?,
            enforced: c.next()?,
            is_local: c.next()?,
            inherit_count: c.next()?,
            parent: c.next()?,
            index: c.next()?,
            references: c.next()?,
            on_update: c.letter()?,
            on_delete: c.letter()?,
            match_type: c.letter()?,
            columns: numbers()?,
            referenced_columns: numbers()?,
            on_delete_columns: numbers()?,
            period: c.next()?,
            no_inherit: c.next()?,
            expression: c.next()?,
            operators: c.next::<Option<Vec<String>>>()?.unwrap_or_default(),
        })
    })
}

/// Adds the facts of constraints.
pub(super) fn add_constraints(
    b: &mut Build<'_>,
    rows: &[ConstraintRow],
    switched: &[SwitchedRow],
) -> Result<(), CaptureError> {
    let by_oid: ByNumbers<u32, &ConstraintRow> = rows.iter().map(|row| (row.oid, row)).collect();
    let mut off: ByNumbers<u32, Vec<SwitchedTrigger>> = ByNumbers::default();
    for row in switched {
        if let Some(constraint) = by_oid.get(&row.constraint) {
            let (table, function) = (b.relation_name(row.table)?, row.function.clone());
            let trigger = SwitchedTrigger { table, function, enabled: enabled(row.enabled) };
            off.entry(told(constraint, &by_oid).oid).or_default().push(trigger);
        }
    }
    for row in rows {
        if row.domain != 0 {
            add_domain_constraint(b, row)?;
        } else {
            let mut switched = off.remove(&row.oid).unwrap_or_default();
            switched.sort_by(|a, z| (&a.table, &a.function).cmp(&(&z.table, &z.function)));
            add_table_constraint(b, row, &by_oid, switched)?;
        }
    }
    Ok(())
}

fn add_domain_constraint(b: &mut Build<'_>, row: &ConstraintRow) -> Result<(), CaptureError> {
    let Some(number) = b.nodes.number_at(class::TYPE, row.domain) else { return Ok(()) };
    let Some(FactId::Domain(domain)) = b.nodes.id(number).cloned() else { return Ok(()) };
    if row.kind == 'n' {
        // its name is a part of the domain
        b.nodes.part(class::CONSTRAINT, row.oid, number);
        return Ok(());
    }
    let id = FactId::DomainConstraint(domain, row.name.clone());
    if !b.scope.holds(&id) {
        return Ok(());
    }
    let check = DomainConstraint { expression: expression(row, &id)?, validated: row.validated };
    b.nodes.add_at(class::CONSTRAINT, row.oid, Fact::new(id, Payload::DomainConstraint(check)));
    Ok(())
}

fn expression(row: &ConstraintRow, id: &FactId) -> Result<Expression, CaptureError> {
    row.expression.clone().map(Expression).ok_or_else(|| CaptureError::Concurrent { what: id.in_words() })
}

/// The row at the top of a chain of parents, and whether every row of the chain is there.
fn root<'a>(row: &'a ConstraintRow, by_oid: &ByNumbers<u32, &'a ConstraintRow>) -> &'a ConstraintRow {
    let mut top = row;
    for _ in 0..by_oid.len() {
        match by_oid.get(&top.parent) {
            Some(parent) if top.parent != 0 => top = parent,
            _ => break,
        }
    }
    top
}

/// Whether it is the server's own row for one partition of the referenced table.
fn is_of_partition(row: &ConstraintRow, by_oid: &ByNumbers<u32, &ConstraintRow>) -> bool {
    row.kind == 'f' && row.references != root(row, by_oid).references
}

/// The constraint that a fact tells of: itself, or the one that a row of the server's own belongs to.
fn told<'a>(row: &'a ConstraintRow, by_oid: &ByNumbers<u32, &'a ConstraintRow>) -> &'a ConstraintRow {
    let mut told = row;
    for _ in 0..by_oid.len() {
        match by_oid.get(&told.parent) {
            Some(parent) if is_of_partition(told, by_oid) => told = parent,
            _ => break,
        }
    }
    told
}

fn add_table_constraint(
    b: &mut Build<'_>,
    row: &ConstraintRow,
    by_oid: &ByNumbers<u32, &ConstraintRow>,
    switched: Vec<SwitchedTrigger>,
) -> Result<(), CaptureError> {
    let Some(FactId::Table(table)) = b.nodes.fact_at(class::CLASS, row.table).cloned() else { return Ok(()) };
    if is_of_partition(row, by_oid) {
        return Ok(());
    }
    let id = FactId::Constraint(table, row.name.clone());
    if !b.scope.holds(&id) {
        return Ok(());
    }
    let is = match row.kind {
        'p' => ConstraintKind::PrimaryKey(key(b, row)?),
        'u' => ConstraintKind::Unique(key(b, row)?),
        'f' => ConstraintKind::ForeignKey(foreign_key(b, row)?),
        'c' => ConstraintKind::Check(Check { expression: expression(row, &id)?, no_inherit: row.no_inherit }),
        'x' => ConstraintKind::Exclusion(exclusion(b, row)?),
        'n' => {
            let column = b.column_names(row.table, &row.columns)?.into_iter().next();
            let column = column.ok_or_else(|| CaptureError::unexpected("constraint", format!("{id} has no column")))?;
            ConstraintKind::NotNull(NotNull { column, no_inherit: row.no_inherit })
        }
        other => return Err(CaptureError::unexpected("constraint", format!("{id} has the kind '{other}'"))),
    };
    let parent = match by_oid.get(&row.parent) {
        Some(parent) if row.parent != 0 => Some((b.relation_name(parent.table)?, parent.name.clone())),
        _ => None,
    };
    let constraint = Constraint {
        is,
        deferrable: row.deferrable,
        initially_deferred: row.initially_deferred,
        validated: row.validated,
        enforced: row.enforced,
        is_local: row.is_local,
        inherit_count: u32::try_from(row.inherit_count).unwrap_or_default(),
        parent,
        switched,
    };
    let fact = b.nodes.add_at(class::CONSTRAINT, row.oid, Fact::new(id, Payload::Constraint(constraint)));
    if matches!(row.kind, 'p' | 'u' | 'x') {
        b.nodes.part(class::CLASS, row.index, fact);
    }
    Ok(())
}

fn key(b: &Build<'_>, row: &ConstraintRow) -> Result<KeyConstraint, CaptureError> {
    let index = b.index_or_error(row.index)?;
    let relation = b.class_or_error(row.index)?;
    let keys = indexes::keys(b, index, relation)?;
    let columns = indexes::plain_columns(&keys)
        .ok_or_else(|| CaptureError::unexpected("constraint", format!("{} is over an expression", row.name)))?;
    Ok(KeyConstraint {
        columns,
        include: indexes::include(b, index)?,
        nulls_not_distinct: index.nulls_not_distinct,
        without_overlaps: row.period,
        index_keys: (!indexes::are_plain(&keys)).then_some(keys),
        index: indexes::storage(b, index, relation),
    })
}

fn foreign_key(b: &Build<'_>, row: &ConstraintRow) -> Result<ForeignKey, CaptureError> {
    let references: QualifiedName = b.relation_name(row.references)?;
    Ok(ForeignKey {
        columns: b.column_names(row.table, &row.columns)?,
        references,
        referenced_columns: b.column_names(row.references, &row.referenced_columns)?,
        match_type: match row.match_type {
            'f' => MatchType::Full,
            'p' => MatchType::Partial,
            _ => MatchType::Simple,
        },
        on_update: action(row.on_update)?,
        on_delete: action(row.on_delete)?,
        on_delete_columns: b.column_names(row.table, &row.on_delete_columns)?,
        period: row.period,
    })
}

fn action(letter: char) -> Result<ForeignKeyAction, CaptureError> {
    Ok(match letter {
        'a' => ForeignKeyAction::NoAction,
        'r' => ForeignKeyAction::Restrict,
        'c' => ForeignKeyAction::Cascade,
        'n' => ForeignKeyAction::SetNull,
        'd' => ForeignKeyAction::SetDefault,
        other => return Err(CaptureError::unexpected("foreign key action", format!("'{other}'"))),
    })
}

fn exclusion(b: &Build<'_>, row: &ConstraintRow) -> Result<Exclusion, CaptureError> {
    let index = b.index_or_error(row.index)?;
    let relation = b.class_or_error(row.index)?;
    let keys = indexes::keys(b, index, relation)?;
    if keys.len() != row.operators.len() {
        return Err(CaptureError::unexpected("constraint", format!("{} lacks an operator", row.name)));
    }
    let elements = keys.into_iter().zip(row.operators.iter().cloned());
    Ok(Exclusion {
        method: b.names.method(relation.method)?.clone(),
        elements: elements.map(|(key, operator)| ExclusionElement { key, operator }).collect(),
        include: indexes::include(b, index)?,
        predicate: indexes::predicate(index, relation)?,
        index: indexes::storage(b, index, relation),
    })
}
