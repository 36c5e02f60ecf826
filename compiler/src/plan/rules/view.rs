//! Views.

use pgseal_catalog::facts::View;
use pgseal_catalog::plan::LockMode;
use pgseal_catalog::{FactId, QualifiedName};

use super::super::action::{Action, Verb};
use super::{Alteration, Context};
use crate::diff::same_expression;
use crate::elaborate::Part;

pub(super) fn create(ctx: &Context<'_>, name: &QualifiedName, view: &View) -> Vec<Action> {
    let id = FactId::View(name.clone());
    let mut out = vec![Action::new(Verb::Create, id, ctx.to().create_view(name, view, false))];
    out.extend(defaults(ctx, name, None, view));
    out
}

/// `DROP VIEW` or `DROP MATERIALIZED VIEW`.
pub(super) fn drop(ctx: &Context<'_>, id: &FactId, name: &QualifiedName) -> Action {
    let sql = ctx.from().plain(format!("DROP {}", ctx.from().object(id)));
    Action::new(Verb::Drop, id.clone(), sql).locking(name, LockMode::AccessExclusive)
}

/// The defaults of columns that differ.
fn defaults(ctx: &Context<'_>, name: &QualifiedName, from: Option<&View>, to: &View) -> Vec<Action> {
    let mut out = Vec::new();
    for (at, column) in (0_u16..).zip(&to.columns) {
        let before = from.and_then(|from| from.columns.get(usize::from(at))).and_then(|c| c.default.as_ref());
        if before != column.default.as_ref() {
            let sql = ctx.to().set_view_default(name, at, &column.name, column.default.as_ref());
            let action = Action::new(Verb::Alter, FactId::View(name.clone()), sql);
            out.push(action.locking(name, LockMode::AccessExclusive));
        }
    }
    out
}

/// `CREATE OR REPLACE VIEW` where Postgres allows it: the columns stay as they are, and others may follow.
pub(super) fn alter(ctx: &Context<'_>, name: &QualifiedName, from: &View, to: &View) -> Alteration {
    let same = from
        .columns
        .iter()
        .zip(&to.columns)
        .all(|(a, b)| a.name == b.name && a.data_type == b.data_type && a.collation == b.collation);
    if !same || to.columns.len() < from.columns.len() {
        return Alteration::Replace;
    }
    let id = FactId::View(name.clone());
    let alter = |sql| Action::new(Verb::Alter, id.clone(), sql).locking(name, LockMode::AccessExclusive);
    let same_query = to.columns.len() == from.columns.len()
        && same_expression(ctx.working, &id, &from.query, ctx.desired, &to.query, Part::Query);
    let mut out = Vec::new();
    if same_query {
        let object = ctx.to().object(&id);
        out.extend(ctx.to().option_changes(&object, &from.options, &to.options).into_iter().map(alter));
    } else {
        out.push(alter(ctx.to().create_view(name, to, true)));
    }
    out.extend(defaults(ctx, name, Some(from), to));
    Alteration::InPlace(out)
}
