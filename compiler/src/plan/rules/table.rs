//! Tables.

use std::collections::BTreeSet;

use pgseal_catalog::facts::{Column, Payload, Persistence, ReplicaIdentity, Table};
use pgseal_catalog::plan::{HazardKind, LockMode};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::super::action::{Action, Effect, Verb};
use super::{Alteration, Context, default_clauses};
use crate::render::TableFold;

/// `CREATE TABLE` with its columns and nothing else; what can be folded into it is put there by [`create_folded`].
pub(super) fn create(ctx: &Context<'_>, name: &QualifiedName, table: &Table) -> Vec<Action> {
    create_folded(ctx, name, table, &BTreeSet::new(), &[])
}

/// Whether a new partition is made as a table of its own and attached then: its columns stand in another order than its
/// parent's.
#[must_use]
pub fn is_attached_later(ctx: &Context<'_>, name: &QualifiedName, table: &Table) -> bool {
    let names = |of: &QualifiedName| -> Vec<Name> {
        ctx.desired.catalog().columns(of).into_iter().map(|(column, _)| column.clone()).collect()
    };
    table.partition_of.as_ref().is_some_and(|partition| names(&partition.parent) != names(name))
}

/// The columns that a new table's definition spells out: those that are its own; all of them where it is attached later.
#[must_use]
pub fn columns_of_new_table(ctx: &Context<'_>, name: &QualifiedName) -> Vec<(Name, Column)> {
    let all = ctx.desired.table(name).is_some_and(|table| is_attached_later(ctx, name, table));
    ctx.desired
        .catalog()
        .columns(name)
        .into_iter()
        .filter_map(|(column, fact)| match &fact.payload {
            Payload::Column(payload) if payload.is_local || all => Some((column.clone(), payload.clone())),
            _ => None,
        })
        .collect()
}

/// `CREATE TABLE` with its columns, those defaults and those constraints; and `ATTACH PARTITION` where that comes later.
#[must_use]
pub fn create_folded(
    ctx: &Context<'_>,
    name: &QualifiedName,
    table: &Table,
    defaults: &BTreeSet<Name>,
    constraints: &[Name],
) -> Vec<Action> {
    let later = is_attached_later(ctx, name, table);
    let mut creates: BTreeSet<FactId> = BTreeSet::new();
    let mut fold = TableFold {
        columns: Vec::new(),
        constraints: constraints.to_vec(),
        as_partition: table.partition_of.is_some() && !later,
        inherits: table.inherits.iter().cloned().collect(),
    };
    for (column, payload) in columns_of_new_table(ctx, name) {
        let mut clauses = default_clauses(ctx, name, &column, &payload);
        clauses.default = defaults.contains(&column);
        clauses.inherits_identity = !payload.is_local;
        if clauses.default {
            creates.insert(FactId::Default(name.clone(), column.clone()));
        }
        creates.insert(FactId::Column(name.clone(), column.clone()));
        let says_nothing =
            !clauses.default && clauses.not_null.is_none() && payload.identity.is_none() && payload.generated.is_none();
        if table.of_type.is_some() && says_nothing {
            continue;
        }
        fold.columns.push((column, clauses));
    }
    creates.extend(constraints.iter().map(|constraint| FactId::Constraint(name.clone(), constraint.clone())));
    let mut action = Action::new(Verb::Create, FactId::Table(name.clone()), ctx.to().create_table(name, table, &fold));
    action.creates.extend(creates);
    if let Some(partition) = &table.partition_of {
        action = action.locking(&partition.parent, LockMode::AccessExclusive);
    }
    for parent in &table.inherits {
        action = action.locking(parent, LockMode::ShareUpdateExclusive);
    }
    let attach = ctx.to().attach_partition(name, table).filter(|_| later);
    let attach = attach.map(|sql| Action::new(Verb::Alter, FactId::Table(name.clone()), sql));
    let switches = row_security(ctx, name, &Table::default(), table);
    std::iter::once(action).chain(attach).chain(switches).collect()
}

pub(super) fn drop(ctx: &Context<'_>, name: &QualifiedName, table: &Table) -> Option<Action> {
    let sql = ctx.from().plain(format!("DROP TABLE {}", ctx.from().qualified(name)));
    let mut action = Action::new(Verb::Drop, FactId::Table(name.clone()), sql)
        .locking(name, LockMode::AccessExclusive)
        .hazard(ctx.header, HazardKind::DataLoss, Some(name), "the table's rows go");
    if let Some(partition) = &table.partition_of {
        action = action.locking(&partition.parent, LockMode::AccessExclusive);
    }
    Some(action)
}

/// Whether a fact that goes for good is only taken from the table itself, because a child keeps it for its own. (Nothing is
/// taken from a partitioned table alone.)
pub(super) fn leaves_to_children(
    ctx: &Context<'_>,
    table: &QualifiedName,
    id: &FactId,
    keeps: impl Fn(&QualifiedName) -> bool,
) -> bool {
    let partitioned = ctx.working.table(table).is_some_and(|table| table.partition_key.is_some());
    !partitioned && !ctx.desired.contains(id) && ctx.working.children(table).iter().any(keeps)
}

pub(super) fn alter(ctx: &Context<'_>, name: &QualifiedName, from: &Table, to: &Table) -> Alteration {
    if from.partition_key != to.partition_key {
        return Alteration::Replace;
    }
    let id = FactId::Table(name.clone());
    let alter = |what: &str| {
        Action::new(Verb::Alter, id.clone(), ctx.to().alter_table(name, what)).locking(name, LockMode::AccessExclusive)
    };
    let mut out = Vec::new();
    partition_change(ctx, name, from, to, &mut out);
    if from.of_type != to.of_type {
        out.push(match &to.of_type {
            Some(of_type) => alter(&format!("OF {}", ctx.to().qualified(of_type))),
            None => alter("NOT OF"),
        });
    }
    for parent in from.inherits.iter().filter(|parent| !to.inherits.contains(parent)) {
        out.push(alter(&format!("NO INHERIT {}", ctx.to().qualified(parent))));
    }
    for parent in to.inherits.iter().filter(|parent| !from.inherits.contains(parent)) {
        out.push(alter(&format!("INHERIT {}", ctx.to().qualified(parent))));
    }
    if from.persistence != to.persistence {
        let (sql, detail) = match to.persistence {
            Persistence::Permanent => ("SET LOGGED", "the table is written anew to be logged"),
            Persistence::Unlogged => ("SET UNLOGGED", "the table is written anew to be unlogged"),
        };
        out.push(
            Action::new(Verb::Alter, id.clone(), ctx.to().alter_table(name, sql)).rewriting(ctx.header, name, detail),
        );
    }
    if from.access_method != to.access_method {
        let method = to.access_method.as_ref().map_or_else(|| "heap".to_owned(), |method| ctx.to().name(method));
        let sql = ctx.to().alter_table(name, &format!("SET ACCESS METHOD {method}"));
        let action = Action::new(Verb::Alter, id.clone(), sql);
        out.push(action.rewriting(ctx.header, name, "the table is written anew by another access method"));
    }
    if from.tablespace != to.tablespace {
        let tablespace = to.tablespace.as_ref().map_or_else(|| "pg_default".to_owned(), |t| ctx.to().name(t));
        let sql = ctx.to().alter_table(name, &format!("SET TABLESPACE {tablespace}"));
        let action = Action::new(Verb::Alter, id.clone(), sql);
        out.push(action.rewriting(ctx.header, name, "the table is moved to another tablespace"));
    }
    let object = format!("TABLE {}", ctx.to().qualified(name));
    for sql in ctx.to().option_changes(&object, &from.options, &to.options) {
        out.push(Action::new(Verb::Alter, id.clone(), sql).locking(name, LockMode::ShareUpdateExclusive));
    }
    out.extend(row_security(ctx, name, from, to));
    if from.replica_identity != to.replica_identity {
        out.push(replica_identity(ctx, name, &to.replica_identity));
    }
    Alteration::InPlace(out)
}

/// The switches of row security, for which no policy waits.
fn row_security(ctx: &Context<'_>, name: &QualifiedName, from: &Table, to: &Table) -> Vec<Action> {
    let switches = [
        (from.row_security, to.row_security, ["DISABLE", "ENABLE"]),
        (from.force_row_security, to.force_row_security, ["NO FORCE", "FORCE"]),
    ];
    switches
        .into_iter()
        .filter(|(before, after, _)| before != after)
        .map(|(_, on, [off_word, on_word])| {
            let what = format!("{} ROW LEVEL SECURITY", if on { on_word } else { off_word });
            Action::new(Verb::Alter, FactId::Table(name.clone()), ctx.to().alter_table(name, &what))
                .locking(name, LockMode::AccessExclusive)
                .with(Effect::Links)
        })
        .collect()
}

/// `REPLICA IDENTITY`, which may name an index that the same plan makes: an action of its own.
pub(crate) fn replica_identity(ctx: &Context<'_>, name: &QualifiedName, identity: &ReplicaIdentity) -> Action {
    Action::new(Verb::Alter, FactId::Table(name.clone()), ctx.to().replica_identity(name, identity))
        .locking(name, LockMode::AccessExclusive)
        .with(Effect::Links)
}

fn partition_change(ctx: &Context<'_>, name: &QualifiedName, from: &Table, to: &Table, out: &mut Vec<Action>) {
    if from.partition_of == to.partition_of {
        return;
    }
    let id = FactId::Table(name.clone());
    if let Some(old) = &from.partition_of {
        let what = format!("DETACH PARTITION {}", ctx.to().qualified(name));
        out.push(
            Action::new(Verb::Alter, id.clone(), ctx.to().alter_table(&old.parent, &what))
                .locking(&old.parent, LockMode::AccessExclusive)
                .locking(name, LockMode::AccessExclusive),
        );
    }
    if let (Some(new), Some(sql)) = (&to.partition_of, ctx.to().attach_partition(name, to)) {
        out.push(Action::new(Verb::Alter, id, sql).locking(&new.parent, LockMode::ShareUpdateExclusive).scanning(
            ctx.header,
            name,
            LockMode::AccessExclusive,
            "every row is checked against the partition's bound",
        ));
    }
}
