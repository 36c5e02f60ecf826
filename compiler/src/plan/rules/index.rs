//! Indexes.

use pgseal_catalog::facts::Index;
use pgseal_catalog::plan::{Cost, LockMode};
use pgseal_catalog::{FactId, QualifiedName};

use super::super::action::{Action, Verb};
use super::{Alteration, Context};

pub(super) fn create(ctx: &Context<'_>, name: &QualifiedName, index: &Index) -> Vec<Action> {
    let id = FactId::Index(name.clone());
    // on a partitioned table an index that is not valid was made without its partitions'
    let only =
        !index.storage.valid && ctx.desired.table(&index.table).is_some_and(|table| table.partition_key.is_some());
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
    // a partitioned index becomes valid with its last partition's
    let partitioned = ctx.desired.table(&to.table).is_some_and(|table| table.partition_key.is_some());
    if partitioned && to.storage.valid {
        rest.storage.valid = true;
    }
    if rest == *to { Alteration::InPlace(out) } else { Alteration::Replace }
}
