//! Constraints of tables.

use std::collections::BTreeSet;

use pgseal_catalog::facts::{Constraint, ConstraintKind, Payload};
use pgseal_catalog::plan::{Cost, LockMode};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::super::action::{Action, Verb};
use super::{Alteration, Context, index};

pub(super) fn create(ctx: &Context<'_>, table: &QualifiedName, name: &Name, constraint: &Constraint) -> Vec<Action> {
    let id = FactId::Constraint(table.clone(), name.clone());
    if let Some((sql, using)) = ctx.to().constraint_using_index(table, name, constraint) {
        let index = Action::new(Verb::Create, id.clone(), sql)
            .scanning(ctx.header, table, LockMode::Share, "an index over every row is built")
            .costing(Cost::Rewrite);
        return vec![index, Action::new(Verb::Alter, id, using).locking(table, LockMode::AccessExclusive)];
    }
    let only = constraint.index().is_some_and(|storage| index::is_on_parent_only(ctx, table, storage));
    let action = Action::new(Verb::Create, id.clone(), ctx.to().add_constraint(table, name, constraint, only));
    let scans = constraint.validated && constraint.enforced;
    let action = match &constraint.is {
        ConstraintKind::ForeignKey(key) => {
            let mode = LockMode::ShareRowExclusive;
            let action = action.locking(&key.references, mode);
            if scans {
                action.scanning(ctx.header, table, mode, "every row is looked up in the referenced table")
            } else {
                action.locking(table, mode)
            }
        }
        ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => {
            if scans {
                action.scanning(ctx.header, table, LockMode::AccessExclusive, "every row is checked")
            } else {
                action.locking(table, LockMode::AccessExclusive)
            }
        }
        ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclusion(_) => action
            .scanning(ctx.header, table, LockMode::AccessExclusive, "an index over every row is built")
            .costing(Cost::Rewrite),
    };
    let mut out = vec![action];
    if let Some((of, parent)) = &constraint.parent
        && constraint.index().is_some()
        && ctx.working.constraint(of, parent).is_some()
    {
        out.push(attach(ctx, table, name, of, parent));
    }
    if let Some(storage) = constraint.index() {
        let index = QualifiedName::new(table.schema.clone(), name.clone());
        if storage.clustered {
            let sql = ctx.to().cluster_on(table, Some(&index));
            out.push(Action::new(Verb::Alter, id.clone(), sql).locking(table, LockMode::ShareUpdateExclusive));
        }
        out.extend(storage.statistics.iter().map(|(key, target)| statistics(ctx, &id, &index, *key, *target)));
        if storage.comment.is_some() {
            out.push(comment(ctx, &id, &index, storage.comment.as_deref()));
        }
    }
    out
}

fn statistics(ctx: &Context<'_>, id: &FactId, index: &QualifiedName, key: u16, target: i32) -> Action {
    let sql = format!("ALTER INDEX {} ALTER COLUMN {key} SET STATISTICS {target}", ctx.to().qualified(index));
    Action::new(Verb::Alter, id.clone(), ctx.to().plain(sql))
}

fn comment(ctx: &Context<'_>, id: &FactId, index: &QualifiedName, text: Option<&str>) -> Action {
    Action::new(Verb::Alter, id.clone(), ctx.to().comment_on_index(index, text))
}

/// Makes the index of a key a part of a partitioned one.
fn attach(ctx: &Context<'_>, table: &QualifiedName, name: &Name, of: &QualifiedName, parent: &Name) -> Action {
    let index = |table: &QualifiedName, name: &Name| QualifiedName::new(table.schema.clone(), name.clone());
    let sql = ctx.to().attach_index(&index(of, parent), &index(table, name));
    Action::new(Verb::Alter, FactId::Constraint(table.clone(), name.clone()), sql)
        .locking(table, LockMode::AccessExclusive)
}

/// The table of a key or an index that is made without its partitions'.
pub(crate) fn on_parent_only<'f>(ctx: &Context<'_>, fact: &'f Fact) -> Option<&'f QualifiedName> {
    let (table, storage) = match (&fact.id, &fact.payload) {
        (FactId::Constraint(table, _), Payload::Constraint(constraint)) => (table, constraint.index()?),
        (_, Payload::Index(index)) => (&index.table, &index.storage),
        _ => return None,
    };
    Some(table).filter(|table| index::is_on_parent_only(ctx, table, storage))
}

/// Whether children have a constraint from its table, under its name or for its column.
pub(crate) fn is_inherited_by_name(fact: &Fact) -> bool {
    match &fact.payload {
        Payload::Constraint(Constraint { is: ConstraintKind::Check(check), .. }) => !check.no_inherit,
        Payload::Constraint(Constraint { is: ConstraintKind::NotNull(not_null), .. }) => !not_null.no_inherit,
        _ => false,
    }
}

pub(super) fn drop(ctx: &Context<'_>, table: &QualifiedName, name: &Name, constraint: &Constraint) -> Action {
    let what = format!("DROP CONSTRAINT {}", ctx.from().name(name));
    let id = FactId::Constraint(table.clone(), name.clone());
    // what children keep becomes theirs
    let kept = |child: &QualifiedName| ctx.desired.constraint(child, name).is_some_and(|kept| kept.is == constraint.is);
    let by_name = matches!(constraint.is, ConstraintKind::Check(_) | ConstraintKind::NotNull(_));
    let only = by_name && super::table::leaves_to_children(ctx, table, &id, kept);
    let action = Action::new(Verb::Drop, id, ctx.from().alter_table_only(table, only, &what))
        .locking(table, LockMode::AccessExclusive);
    match &constraint.is {
        ConstraintKind::ForeignKey(key) => action.locking(&key.references, LockMode::AccessExclusive),
        _ => action,
    }
}

pub(super) fn alter(
    ctx: &Context<'_>,
    table: &QualifiedName,
    name: &Name,
    from: &Constraint,
    to: &Constraint,
) -> Alteration {
    let id = FactId::Constraint(table.clone(), name.clone());
    let alter = |what: &str, mode: LockMode| {
        Action::new(Verb::Alter, id.clone(), ctx.to().alter_table(table, what)).locking(table, mode)
    };
    let quoted = ctx.to().name(name);
    let mut rest = from.clone();
    let mut out = Vec::new();
    let index = QualifiedName::new(table.schema.clone(), name.clone());
    if let (Some(a), Some(b)) = (from.index(), to.index()) {
        let object = format!("INDEX {}", ctx.to().qualified(&index));
        for sql in ctx.to().option_changes(&object, &a.options, &b.options) {
            out.push(Action::new(Verb::Alter, id.clone(), sql).locking(table, LockMode::ShareUpdateExclusive));
        }
        if a.tablespace != b.tablespace {
            let tablespace = b.tablespace.as_ref().map_or_else(|| "pg_default".to_owned(), |t| ctx.to().name(t));
            let sql = ctx.to().plain(format!("ALTER {object} SET TABLESPACE {tablespace}"));
            out.push(Action::new(Verb::Alter, id.clone(), sql).scanning(
                ctx.header,
                table,
                LockMode::ShareUpdateExclusive,
                "the index is moved to another tablespace",
            ));
        }
        if a.clustered != b.clustered && (b.clustered || !another_is_clustered(ctx, table, name)) {
            let sql = ctx.to().cluster_on(table, b.clustered.then_some(&index));
            out.push(Action::new(Verb::Alter, id.clone(), sql).locking(table, LockMode::ShareUpdateExclusive));
        }
        let keys: BTreeSet<u16> = a.statistics.keys().chain(b.statistics.keys()).copied().collect();
        for key in keys {
            let (before, after) = (a.statistics.get(&key), b.statistics.get(&key));
            if before != after {
                out.push(statistics(ctx, &id, &index, key, after.copied().unwrap_or(-1)));
            }
        }
        if a.comment != b.comment {
            out.push(comment(ctx, &id, &index, b.comment.as_deref()));
        }
        if let Some(rest) = rest.index_mut() {
            rest.statistics.clone_from(&b.statistics);
            rest.comment.clone_from(&b.comment);
            rest.options.clone_from(&b.options);
            rest.tablespace.clone_from(&b.tablespace);
            rest.clustered = b.clustered;
        }
    }
    if matches!(from.is, ConstraintKind::ForeignKey(_))
        && (from.deferrable, from.initially_deferred) != (to.deferrable, to.initially_deferred)
    {
        let words = match (to.deferrable, to.initially_deferred) {
            (false, _) => "NOT DEFERRABLE",
            (true, false) => "DEFERRABLE INITIALLY IMMEDIATE",
            (true, true) => "DEFERRABLE INITIALLY DEFERRED",
        };
        out.push(alter(&format!("ALTER CONSTRAINT {quoted} {words}"), LockMode::AccessExclusive));
        rest.deferrable = to.deferrable;
        rest.initially_deferred = to.initially_deferred;
    }
    if matches!(from.is, ConstraintKind::ForeignKey(_)) && from.enforced != to.enforced {
        let words = if to.enforced { "ENFORCED" } else { "NOT ENFORCED" };
        let action = alter(&format!("ALTER CONSTRAINT {quoted} {words}"), LockMode::AccessExclusive);
        out.push(if to.enforced {
            action.scanning(
                ctx.header,
                table,
                LockMode::ShareRowExclusive,
                "every row is looked up in the referenced table",
            )
        } else {
            action
        });
        rest.enforced = to.enforced;
        rest.validated = to.enforced;
    }
    if !rest.validated && to.validated && to.enforced {
        let mode = LockMode::ShareUpdateExclusive;
        let action =
            Action::new(Verb::Alter, id.clone(), ctx.to().alter_table(table, &format!("VALIDATE CONSTRAINT {quoted}")));
        out.push(action.scanning(ctx.header, table, mode, "every row is checked"));
        rest.validated = true;
    }
    // what follows from the parents is none of its own business
    rest.is_local = to.is_local;
    rest.inherit_count = to.inherit_count;
    match (&from.parent, &to.parent) {
        (None, Some((of, parent))) if to.index().is_some() => {
            out.push(attach(ctx, table, name, of, parent));
            rest.parent.clone_from(&to.parent);
        }
        (Some(_), _) if to.index().is_some() && !index::moves(ctx, table) => {}
        _ => rest.parent.clone_from(&to.parent),
    }
    // a partitioned key becomes valid with its last partition's
    if ctx.desired.table(table).is_some_and(|table| table.partition_key.is_some())
        && to.index().is_some_and(|storage| storage.valid)
        && let Some(rest) = rest.index_mut()
    {
        rest.valid = true;
    }
    if rest == *to { Alteration::InPlace(out) } else { Alteration::Replace }
}

/// Whether clustering moves to another index of the table, which says it all.
fn another_is_clustered(ctx: &Context<'_>, table: &QualifiedName, name: &Name) -> bool {
    let index =
        ctx.desired.indexes(table).into_iter().any(|(other, index)| other.name != *name && index.storage.clustered);
    index
        || ctx
            .desired
            .constraints(table)
            .any(|(other, constraint)| other != name && constraint.index().is_some_and(|storage| storage.clustered))
}
