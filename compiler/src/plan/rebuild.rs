//! A type that cannot change in place is made anew around the columns that hold it: the old one is renamed away, the new one
//! is made, each column is converted, the old one goes.

use std::collections::BTreeSet;

use pgseal_catalog::facts::Payload;
use pgseal_catalog::plan::HazardKind;
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::action::{Action, Verb};
use super::order::Node;
use super::rules::{self, Context};

/// What the old type is called for the time being.
const OLD_SUFFIX: &str = "__pgseal_old";

/// Whether a type that has to be replaced is held by columns, so that dropping it would take them along.
pub(super) fn is_wanted(ctx: &Context<'_>, id: &FactId) -> bool {
    matches!(id, FactId::Enum(_) | FactId::Domain(_) | FactId::Range(_) | FactId::Composite(_))
        && !columns(ctx, id).is_empty()
}

/// The columns that hold the type itself or an array of it, and stay.
fn columns(ctx: &Context<'_>, id: &FactId) -> BTreeSet<(QualifiedName, Name)> {
    ctx.working
        .dependents(id)
        .filter_map(|dependent| match dependent {
            FactId::Column(table, column) => {
                let here = ctx.working.column(table, column)?;
                let there = ctx.desired.column(table, column)?;
                let holds = names_type(ctx, &here.data_type, id) && here.data_type == there.data_type;
                (holds && here.is_local).then(|| (table.clone(), column.clone()))
            }
            _ => None,
        })
        .collect()
}

/// Whether a type text is the type or an array of it.
fn names_type(ctx: &Context<'_>, text: &str, id: &FactId) -> bool {
    let Some(name) = type_name(id) else { return false };
    let plain = ctx.from().qualified(name);
    text == plain || text == format!("{plain}[]")
}

fn type_name(id: &FactId) -> Option<&QualifiedName> {
    match id {
        FactId::Enum(name) | FactId::Domain(name) | FactId::Range(name) | FactId::Composite(name) => Some(name),
        _ => None,
    }
}

/// What must be out of the way: everything that needs the type but for the columns that are converted, and what needs those
/// columns and names the type in an expression.
pub(super) fn blockers(ctx: &Context<'_>, id: &FactId) -> Vec<FactId> {
    let columns = columns(ctx, id);
    let held = |dependent: &FactId| match dependent {
        FactId::Column(table, column) => columns.contains(&(table.clone(), column.clone())),
        _ => false,
    };
    let mut out: Vec<FactId> = ctx
        .working
        .dependents(id)
        .filter(|dependent| !held(dependent))
        .filter(|dependent| !matches!(dependent, FactId::Comment(_) | FactId::DomainConstraint(..)))
        .cloned()
        .collect();
    for (table, column) in &columns {
        let column = FactId::Column(table.clone(), column.clone());
        for dependent in ctx.working.dependents(&column) {
            let Some(fact) = ctx.working.fact(dependent) else { continue };
            let blocks = match &fact.payload {
                Payload::Trigger(_)
                | Payload::Policy(_)
                | Payload::View(_)
                | Payload::MaterializedView(_)
                | Payload::Column(_) => true,
                Payload::Constraint(_) | Payload::Index(_) => !crate::diff::expressions(&fact.payload).is_empty(),
                _ => false,
            };
            if blocks {
                out.push(dependent.clone());
            }
        }
    }
    out
}

/// The actions that make the type anew, as one node.
pub(super) fn node(ctx: &Context<'_>, id: &FactId) -> Option<Node> {
    let name = type_name(id)?;
    let old = QualifiedName::new(name.schema.clone(), Name::truncated(&old_name(&name.name)).ok()?);
    let word = if matches!(id, FactId::Domain(_)) { "DOMAIN" } else { "TYPE" };
    let plain = |text: String| Action::new(Verb::Alter, id.clone(), ctx.to().plain(text));
    let mut actions =
        vec![plain(format!("ALTER {word} {} RENAME TO {}", ctx.to().qualified(name), ctx.to().name(&old.name)))];
    if let Payload::Range(range) = &ctx.working.fact(id)?.payload {
        let moved = Name::truncated(&old_name(&range.multirange.name)).ok()?;
        actions.push(plain(format!(
            "ALTER TYPE {} RENAME TO {}",
            ctx.to().qualified(&range.multirange),
            ctx.to().name(&moved)
        )));
    }
    actions.extend(rules::create(ctx, ctx.desired.fact(id)?).into_iter().map(|mut action| {
        action.verb = Verb::Alter;
        action.creates.clear();
        action
    }));
    if let FactId::Domain(domain) = id {
        for fact in ctx.desired.catalog().domain_constraints(domain) {
            actions.extend(rules::create(ctx, fact));
        }
    }
    for (table, column) in columns(ctx, id) {
        actions.extend(convert(ctx, id, &table, &column)?);
    }
    actions.push(plain(format!("DROP {word} {}", ctx.to().qualified(&old))));
    if let Some(Payload::Comment(comment)) =
        ctx.desired.fact(&FactId::Comment(Box::new(id.clone()))).map(|fact| &fact.payload)
    {
        actions.push(plain(ctx.to().comment(id, Some(&comment.text)).text));
    }
    let mut node = Node::new(actions)?;
    node.verb = Verb::Alter;
    Some(node)
}

fn old_name(name: &Name) -> String {
    let room = pgseal_catalog::id::MAX_NAME_BYTES - OLD_SUFFIX.len();
    let mut end = name.as_str().len().min(room);
    while !name.as_str().is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{OLD_SUFFIX}", name.as_str().get(..end).unwrap_or_default())
}

/// Converts one column: its default goes and comes back around it.
fn convert(ctx: &Context<'_>, id: &FactId, table: &QualifiedName, column: &Name) -> Option<Vec<Action>> {
    let data_type = &ctx.desired.column(table, column)?.data_type;
    let column_id = FactId::Column(table.clone(), column.clone());
    let default_id = FactId::Default(table.clone(), column.clone());
    let mut out = Vec::new();
    if ctx.working.contains(&default_id) {
        out.push(Action::new(Verb::Alter, column_id.clone(), ctx.to().alter_column(table, column, "DROP DEFAULT")));
    }
    let quoted = ctx.to().name(column);
    let array = if data_type.ends_with("[]") { "[]" } else { "" };
    let using = match id {
        FactId::Domain(_) => format!("{quoted}::{data_type}"),
        _ => format!("{quoted}::text{array}::{data_type}"),
    };
    let sql = ctx.to().alter_column(table, column, &format!("TYPE {data_type} USING {using}"));
    let mut action = Action::new(Verb::Alter, column_id.clone(), sql).rewriting(
        ctx.header,
        table,
        "the table is written anew with the converted values",
    );
    if matches!(id, FactId::Domain(_)) {
        action = action.hazard(
            ctx.header,
            HazardKind::DataLoss,
            Some(table),
            "values may lose what the domain's new type cannot hold",
        );
    }
    out.push(action);
    if let Some(Payload::Default(default)) = ctx.desired.fact(&default_id).map(|fact| &fact.payload) {
        out.push(Action::new(Verb::Alter, column_id, ctx.to().set_default(table, column, default)));
    }
    Some(out)
}
