//! Columns and their defaults.

use pgseal_catalog::facts::{Column, ConstraintKind, Default, GeneratedKind, Payload};
use pgseal_catalog::plan::{Cost, HazardKind, LockMode};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::super::action::{Action, Effect, Verb};
use super::super::casts::{self, Conversion};
use super::super::volatile;
use super::{Alteration, Context};
use crate::render::{ColumnClauses, options_within};

/// What is written with a new column in any case: NOT NULL (on 18 and later with its constraint's name).
#[must_use]
pub fn default_clauses(ctx: &Context<'_>, table: &QualifiedName, name: &Name, column: &Column) -> ColumnClauses {
    let mut clauses = ColumnClauses::default();
    if ctx.major() < 18 {
        clauses.not_null = column.not_null.then_some(None);
    } else if let Some((constraint, no_inherit)) = not_null_constraint(ctx, table, name) {
        // the name that the server would give it need not be said
        let implied = format!("{}_{}_not_null", table.name.as_str(), name.as_str());
        clauses.not_null = Some((constraint != implied.as_str()).then_some(constraint));
        clauses.not_null_no_inherit = no_inherit;
    }
    clauses
}

/// The name of a column's own, valid not-null constraint in the desired catalog, and whether it is NO INHERIT.
pub(crate) fn not_null_constraint(ctx: &Context<'_>, table: &QualifiedName, column: &Name) -> Option<(Name, bool)> {
    ctx.desired.catalog().constraints(table).find_map(|fact| match (&fact.id, &fact.payload) {
        (FactId::Constraint(_, name), Payload::Constraint(constraint)) => match &constraint.is {
            ConstraintKind::NotNull(not_null)
                if not_null.column == *column && constraint.validated && is_own(ctx, table, constraint) =>
            {
                Some((name.clone(), not_null.no_inherit))
            }
            _ => None,
        },
        _ => None,
    })
}

/// What a definition spells out: what is local; everything of a partition that is attached later.
fn is_own(ctx: &Context<'_>, table: &QualifiedName, constraint: &pgseal_catalog::facts::Constraint) -> bool {
    constraint.is_local || ctx.desired.table(table).is_some_and(|found| super::is_attached_later(ctx, table, found))
}

pub(super) fn create(ctx: &Context<'_>, table: &QualifiedName, name: &Name, column: &Column) -> Vec<Action> {
    let id = FactId::Column(table.clone(), name.clone());
    let mut clauses = default_clauses(ctx, table, name, column);
    let default_id = FactId::Default(table.clone(), name.clone());
    clauses.default = ctx.desired.contains(&default_id);
    let mut action = Action::new(Verb::Create, id.clone(), ctx.to().add_column(table, name, column, &clauses))
        .locking(table, LockMode::AccessExclusive);
    if clauses.default {
        action.creates.insert(default_id.clone());
    }
    if let Some((constraint, _)) = not_null_constraint(ctx, table, name).filter(|_| ctx.major() >= 18) {
        action.creates.insert(FactId::Constraint(table.clone(), constraint));
    }
    let detail = if column.identity.is_some() {
        Some("every row gets a value of the identity sequence")
    } else if column.generated.as_ref().is_some_and(|generated| generated.kind == GeneratedKind::Stored) {
        Some("every row gets the generated value")
    } else if clauses.default && volatile::default_is_volatile(ctx.desired, table, name) {
        Some("every row gets a value of the volatile default")
    } else if volatile::domain_is_checked(ctx.desired, &column.data_type) {
        Some("every row is checked against the domain")
    } else {
        None
    };
    if let Some(detail) = detail {
        action = action.rewriting(ctx.header, table, detail);
    }
    let mut out = vec![action];
    for sql in ctx.to().column_follow_ups(table, name, column) {
        out.push(Action::new(Verb::Alter, id.clone(), sql).locking(table, LockMode::ShareUpdateExclusive));
    }
    out
}

pub(super) fn drop(ctx: &Context<'_>, table: &QualifiedName, name: &Name, column: &Column) -> Action {
    let what = format!("DROP COLUMN {}", ctx.from().name(name));
    let id = FactId::Column(table.clone(), name.clone());
    let kept = |child: &QualifiedName| ctx.desired.column(child, name).is_some();
    let only = super::table::leaves_to_children(ctx, table, &id, kept);
    let action = Action::new(Verb::Drop, id, ctx.from().alter_table_only(table, only, &what))
        .locking(table, LockMode::AccessExclusive);
    if column.generated.as_ref().is_some_and(|generated| generated.kind == GeneratedKind::Virtual) {
        return action;
    }
    action.hazard(ctx.header, HazardKind::DataLoss, Some(table), &format!("the values of column {} go", name.as_str()))
}

pub(super) fn create_default(ctx: &Context<'_>, table: &QualifiedName, name: &Name, default: &Default) -> Vec<Action> {
    let id = FactId::Default(table.clone(), name.clone());
    let sql = ctx.to().set_default(table, name, default);
    vec![Action::new(Verb::Create, id, sql).locking(table, LockMode::AccessExclusive)]
}

pub(super) fn drop_default(ctx: &Context<'_>, table: &QualifiedName, name: &Name) -> Action {
    let sql = ctx.from().alter_column(table, name, "DROP DEFAULT");
    Action::new(Verb::Drop, FactId::Default(table.clone(), name.clone()), sql).locking(table, LockMode::AccessExclusive)
}

pub(super) fn alter(ctx: &Context<'_>, table: &QualifiedName, name: &Name, from: &Column, to: &Column) -> Alteration {
    let id = FactId::Column(table.clone(), name.clone());
    let mut out = Vec::new();
    let alter = |what: &str, mode: LockMode| {
        Action::new(Verb::Alter, id.clone(), ctx.to().alter_column(table, name, what)).locking(table, mode)
    };
    match (&from.generated, &to.generated) {
        (None, None) => {}
        (Some(a), Some(b)) if a == b => {}
        (Some(a), Some(b)) if a.kind == b.kind && ctx.major() >= 17 => {
            let Some(sql) = ctx.to().set_expression(table, name, to) else { return Alteration::Replace };
            let action = Action::new(Verb::Alter, id.clone(), sql).with(Effect::Retypes);
            out.push(match b.kind {
                GeneratedKind::Stored => action.rewriting(ctx.header, table, "every row gets the new generated value"),
                GeneratedKind::Virtual => action.locking(table, LockMode::AccessExclusive),
            });
        }
        (Some(a), None) if a.kind == GeneratedKind::Stored => {
            out.push(alter("DROP EXPRESSION", LockMode::AccessExclusive));
        }
        _ => return Alteration::Replace,
    }
    if from.data_type != to.data_type || from.collation != to.collation {
        let Some(action) = retype(ctx, table, name, from, to) else { return Alteration::Replace };
        out.extend(around_default(ctx, table, name, action));
    }
    if from.data_type != to.data_type
        && let (Some(old), Some(_)) = (&from.identity, &to.identity)
    {
        let within = options_within(&old.options, &to.data_type);
        let changes = ctx.to().sequence_changes(&old.options, &within, " ");
        if !changes.is_empty() {
            let sql = ctx.to().plain(format!("ALTER SEQUENCE {}{changes}", ctx.to().qualified(&old.sequence)));
            out.insert(0, Action::new(Verb::Alter, id.clone(), sql));
        }
    }
    if let Err(Unalterable) = identity(ctx, table, name, from, to, &mut out) {
        return Alteration::Replace;
    }
    if from.not_null != to.not_null && ctx.major() < 18 {
        if to.not_null {
            let action = Action::new(Verb::Alter, id.clone(), ctx.to().alter_column(table, name, "SET NOT NULL"));
            let at = out.iter().position(|action| action.effect == Some(Effect::GivesIdentity)).unwrap_or(out.len());
            out.insert(
                at,
                action.scanning(ctx.header, table, LockMode::AccessExclusive, "every row is checked for nulls"),
            );
        } else {
            out.push(alter("DROP NOT NULL", LockMode::AccessExclusive));
        }
    }
    if from.storage != to.storage {
        let storage = to.storage.or_else(|| casts::type_storage(ctx.desired, &to.data_type));
        let Some(storage) = storage else { return Alteration::Replace };
        let word = crate::render::storage_word(storage);
        out.push(alter(&format!("SET STORAGE {word}"), LockMode::AccessExclusive));
    }
    if from.compression != to.compression {
        let word = to.compression.as_ref().map_or("default", Name::as_str);
        out.push(alter(&format!("SET COMPRESSION {word}"), LockMode::AccessExclusive));
    }
    if from.statistics != to.statistics {
        let target = to.statistics.unwrap_or(-1);
        out.push(alter(&format!("SET STATISTICS {target}"), LockMode::ShareUpdateExclusive));
    }
    let object = format!("TABLE {} ALTER COLUMN {}", ctx.to().qualified(table), ctx.to().name(name));
    for sql in ctx.to().option_changes(&object, &from.options, &to.options) {
        out.push(Action::new(Verb::Alter, id.clone(), sql).locking(table, LockMode::ShareUpdateExclusive));
    }
    Alteration::InPlace(out)
}

/// The default goes before its column's type changes and comes back afterwards: converting it is not always possible, and
/// leaves other words than a default of the new type has.
fn around_default(ctx: &Context<'_>, table: &QualifiedName, name: &Name, retype: Action) -> Vec<Action> {
    let default_id = FactId::Default(table.clone(), name.clone());
    let column_id = FactId::Column(table.clone(), name.clone());
    let is_there = ctx.working.contains(&default_id);
    let mut out = Vec::new();
    if is_there {
        let sql = ctx.from().alter_column(table, name, "DROP DEFAULT");
        out.push(Action::new(Verb::Alter, column_id.clone(), sql).locking(table, LockMode::AccessExclusive));
    }
    out.push(retype);
    if let Some(Payload::Default(default)) =
        ctx.desired.fact(&default_id).map(|fact| &fact.payload).filter(|_| is_there)
    {
        let sql = ctx.to().set_default(table, name, default);
        out.push(Action::new(Verb::Alter, column_id, sql).locking(table, LockMode::AccessExclusive));
    }
    out
}

/// `ALTER COLUMN … TYPE`, where a cast exists.
fn retype(ctx: &Context<'_>, table: &QualifiedName, name: &Name, from: &Column, to: &Column) -> Option<Action> {
    let conversion = casts::conversion(ctx.desired, &from.data_type, &to.data_type)?;
    let collate = ctx.to().collate(to.collation.as_ref());
    let mut what = format!("TYPE {}{collate}", to.data_type);
    if conversion == Conversion::Explicit {
        what.push_str(&format!(" USING {}::{}", ctx.to().name(name), to.data_type));
    }
    let id = FactId::Column(table.clone(), name.clone());
    let action = Action::new(Verb::Alter, id, ctx.to().alter_column(table, name, &what)).with(Effect::Retypes);
    let mut action = match conversion {
        Conversion::Relabel if from.collation == to.collation => action.locking(table, LockMode::AccessExclusive),
        Conversion::Relabel | Conversion::Implicit | Conversion::Assignment | Conversion::Explicit => action
            .rewriting(ctx.header, table, "the table is written anew with the converted values")
            .costing(Cost::Rewrite),
    };
    if casts::may_lose(ctx.desired, &from.data_type, &to.data_type, conversion) {
        let detail = format!("values of column {} may lose what {} cannot hold", name.as_str(), to.data_type);
        action = action.hazard(ctx.header, HazardKind::DataLoss, Some(table), &detail);
    }
    Some(action)
}

/// Nothing in place brings one to the other.
struct Unalterable;

fn identity(
    ctx: &Context<'_>,
    table: &QualifiedName,
    name: &Name,
    from: &Column,
    to: &Column,
    out: &mut Vec<Action>,
) -> Result<(), Unalterable> {
    let id = FactId::Column(table.clone(), name.clone());
    let alter = |what: &str| {
        Action::new(Verb::Alter, id.clone(), ctx.to().alter_column(table, name, what))
            .locking(table, LockMode::AccessExclusive)
    };
    match (&from.identity, &to.identity) {
        (None, None) => {}
        (Some(_), None) => out.push(alter("DROP IDENTITY").with(Effect::DropsIdentity).hazard(
            ctx.header,
            HazardKind::DataLoss,
            Some(table),
            "the sequence's position goes",
        )),
        (None, Some(new)) => {
            let what = format!(
                "ADD GENERATED {} AS IDENTITY (SEQUENCE NAME {}{})",
                crate::render::identity_word(new.kind),
                ctx.to().qualified(&new.sequence),
                ctx.to().identity_options(to, &new.options)
            );
            out.push(alter(&what).with(Effect::GivesIdentity));
            out.extend(ctx.to().identity_retype(to, new).map(|sql| Action::new(Verb::Alter, id.clone(), sql)));
        }
        (Some(old), Some(new)) => {
            if old.sequence.schema != new.sequence.schema {
                return Err(Unalterable);
            }
            if old.sequence != new.sequence {
                let sql = format!(
                    "ALTER SEQUENCE {} RENAME TO {}",
                    ctx.to().qualified(&old.sequence),
                    ctx.to().name(&new.sequence.name)
                );
                out.push(Action::new(Verb::Alter, id.clone(), ctx.to().plain(sql)));
            }
            let mut what = String::new();
            if old.kind != new.kind {
                what.push_str(&format!(" SET GENERATED {}", crate::render::identity_word(new.kind)));
            }
            // the sequence's type follows the column's when that changes; otherwise it is the sequence's own
            let mut options = old.options.clone();
            if from.data_type != to.data_type {
                options = options_within(&options, &to.data_type);
                options.data_type.clone_from(&to.data_type);
            }
            let retyped = options.data_type != new.options.data_type;
            if !retyped {
                what.push_str(&ctx.to().sequence_changes(&options, &new.options, " SET "));
            }
            if !what.is_empty() {
                out.push(alter(what.trim_start()));
            }
            if retyped {
                let changes = ctx.to().sequence_changes(&options, &new.options, " ");
                let sql = ctx.to().plain(format!("ALTER SEQUENCE {}{changes}", ctx.to().qualified(&new.sequence)));
                out.push(Action::new(Verb::Alter, id.clone(), sql));
            }
        }
    }
    Ok(())
}
