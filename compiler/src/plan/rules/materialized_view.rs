//! Materialized views. Their query cannot be replaced: another query is another view, filled anew.

use pgseal_catalog::facts::MaterializedView;
use pgseal_catalog::plan::{Cost, LockMode};
use pgseal_catalog::{FactId, QualifiedName};

use super::super::action::{Action, Verb};
use super::{Alteration, Context};
use crate::diff::same_expression;
use crate::elaborate::Part;

pub(super) fn create(ctx: &Context<'_>, name: &QualifiedName, view: &MaterializedView) -> Vec<Action> {
    let id = FactId::MaterializedView(name.clone());
    let create = Action::new(Verb::Create, id.clone(), ctx.to().create_materialized_view(name, view));
    let mut out = vec![create.costing(Cost::Rewrite)];
    for column in &view.columns {
        let follow_ups = ctx.to().alter_materialized_column(name, None, column);
        out.extend(follow_ups.into_iter().map(|sql| Action::new(Verb::Alter, id.clone(), sql)));
    }
    out
}

pub(super) fn alter(
    ctx: &Context<'_>,
    name: &QualifiedName,
    from: &MaterializedView,
    to: &MaterializedView,
) -> Alteration {
    let id = FactId::MaterializedView(name.clone());
    let same_columns = from.columns.len() == to.columns.len()
        && from
            .columns
            .iter()
            .zip(&to.columns)
            .all(|(a, b)| a.name == b.name && a.data_type == b.data_type && a.collation == b.collation);
    if !same_columns || !same_expression(ctx.working, &id, &from.query, ctx.desired, &to.query, Part::Query) {
        return Alteration::Replace;
    }
    let mut out = Vec::new();
    let object = ctx.to().object(&id);
    let light = |sql| Action::new(Verb::Alter, id.clone(), sql).locking(name, LockMode::ShareUpdateExclusive);
    let rewriting = |what: String, detail: &str| {
        let sql = ctx.to().plain(format!("ALTER {object} {what}"));
        Action::new(Verb::Alter, id.clone(), sql).rewriting(ctx.header, name, detail)
    };
    if from.access_method != to.access_method {
        if ctx.major() < 15 {
            return Alteration::Replace;
        }
        let method = to.access_method.as_ref().map_or_else(|| "heap".to_owned(), |method| ctx.to().name(method));
        let detail = "the view is written anew by another access method";
        out.push(rewriting(format!("SET ACCESS METHOD {method}"), detail));
    }
    if from.tablespace != to.tablespace {
        let tablespace = to.tablespace.as_ref().map_or_else(|| "pg_default".to_owned(), |t| ctx.to().name(t));
        out.push(rewriting(format!("SET TABLESPACE {tablespace}"), "the view is moved to another tablespace"));
    }
    out.extend(ctx.to().option_changes(&object, &from.options, &to.options).into_iter().map(light));
    for (a, b) in from.columns.iter().zip(&to.columns) {
        if a.storage.is_some() && b.storage.is_none() && ctx.major() < 16 {
            return Alteration::Replace;
        }
        out.extend(ctx.to().alter_materialized_column(name, Some(a), b).into_iter().map(light));
    }
    Alteration::InPlace(out)
}
