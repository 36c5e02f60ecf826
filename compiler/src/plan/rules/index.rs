//! Indexes.

use pgseal_catalog::facts::{Index, IndexStorage};
use pgseal_catalog::plan::{Cost, LockMode};
use pgseal_catalog::{FactId, QualifiedName};

use super::super::action::{Action, Verb};
use super::{Alteration, Context};
use crate::elaborate::Model;

pub(super) fn create(ctx: &Context<'_>, name: &QualifiedName, index: &Index) -> Vec<Action> {
    let id = FactId::Index(name.clone());
    let only = is_on_parent_only(ctx, &index.table, &index.storage);
    let action = Action::new(Verb::Create, id.clone(), ctx.to().create_index(name, index, only))
        .scanning(ctx.header, &index.table, LockMode::Share, "the index is built over every row")
        .costing(Cost::Rewrite);
    let mut out = vec![action];
    for sql in ctx.to().index_follow_ups(name, index) {
        out.push(Action::new(Verb::Alter, id.clone(), sql).locking(&index.table, LockMode::ShareUpdateExclusive));
    }
    if let Some(parent) = index.attached_to.as_ref().filter(|parent| ctx.working.index(parent).is_some()) {
        let sql = ctx.to().attach_index(parent, name);
        out.push(Action::new(Verb::Alter, id, sql).locking(&index.table, LockMode::AccessExclusive));
    }
    out
}

/// Whether an index is made without its partitions': on a partitioned table, one that is not valid was.
pub(super) fn is_on_parent_only(ctx: &Context<'_>, table: &QualifiedName, storage: &IndexStorage) -> bool {
    !storage.valid && ctx.desired.table(table).is_some_and(|table| table.partition_key.is_some())
}

/// Whether a table leaves the partitioned table that it is a partition of, or joins one: what its indexes are parts of follows.
pub(crate) fn moves(ctx: &Context<'_>, table: &QualifiedName) -> bool {
    let parent = |model: &Model| {
        model.table(table).and_then(|table| table.partition_of.as_ref()).map(|partition| partition.parent.clone())
    };
    parent(ctx.working) != parent(ctx.desired)
}

pub(super) fn drop(ctx: &Context<'_>, name: &QualifiedName, index: &Index) -> Action {
    let sql = ctx.from().plain(format!("DROP INDEX {}", ctx.from().qualified(name)));
    Action::new(Verb::Drop, FactId::Index(name.clone()), sql).locking(&index.table, LockMode::AccessExclusive)
}

pub(super) fn alter(ctx: &Context<'_>, name: &QualifiedName, from: &Index, to: &Index) -> Alteration {
    let id = FactId::Index(name.clone());
    let object = format!("INDEX {}", ctx.to().qualified(name));
    let mut rest = from.clone();
    let mut out = Vec::new();
    let mode = LockMode::ShareUpdateExclusive;
    for sql in ctx.to().option_changes(&object, &from.storage.options, &to.storage.options) {
        out.push(Action::new(Verb::Alter, id.clone(), sql).locking(&to.table, mode));
    }
    rest.storage.options.clone_from(&to.storage.options);
    if from.storage.tablespace != to.storage.tablespace {
        let tablespace = to.storage.tablespace.as_ref().map_or_else(|| "pg_default".to_owned(), |t| ctx.to().name(t));
        let sql = ctx.to().plain(format!("ALTER {object} SET TABLESPACE {tablespace}"));
        let action = Action::new(Verb::Alter, id.clone(), sql);
        out.push(action.scanning(ctx.header, &to.table, mode, "the index is moved to another tablespace"));
        rest.storage.tablespace.clone_from(&to.storage.tablespace);
    }
    if from.storage.clustered != to.storage.clustered {
        let moved = !to.storage.clustered
            && ctx.desired.indexes(&to.table).iter().any(|(other, index)| other != name && index.storage.clustered);
        if !moved {
            let sql = ctx.to().cluster_on(&to.table, to.storage.clustered.then_some(name));
            out.push(Action::new(Verb::Alter, id.clone(), sql).locking(&to.table, mode));
        }
        rest.storage.clustered = to.storage.clustered;
    }
    if from.storage.statistics != to.storage.statistics {
        let keys = from.storage.statistics.keys().chain(to.storage.statistics.keys());
        let keys: std::collections::BTreeSet<u16> = keys.copied().collect();
        for key in keys {
            let target = to.storage.statistics.get(&key).copied();
            if from.storage.statistics.get(&key).copied() != target {
                let sql = format!("ALTER {object} ALTER COLUMN {key} SET STATISTICS {}", target.unwrap_or(-1));
                out.push(Action::new(Verb::Alter, id.clone(), ctx.to().plain(sql)).locking(&to.table, mode));
            }
        }
        rest.storage.statistics.clone_from(&to.storage.statistics);
    }
    if let (None, Some(parent)) = (&from.attached_to, &to.attached_to) {
        let sql = ctx.to().attach_index(parent, name);
        out.push(Action::new(Verb::Alter, id, sql).locking(&to.table, LockMode::AccessExclusive));
        rest.attached_to.clone_from(&to.attached_to);
    }
    if moves(ctx, &to.table) {
        rest.attached_to.clone_from(&to.attached_to);
    }
    // a partitioned index becomes valid with its last partition's
    let partitioned = ctx.desired.table(&to.table).is_some_and(|table| table.partition_key.is_some());
    if partitioned && to.storage.valid {
        rest.storage.valid = true;
    }
    if rest == *to { Alteration::InPlace(out) } else { Alteration::Replace }
}
