//! A type that cannot change in place is made anew around the columns that hold it: the old one is renamed away, the new one
//! is made, each column is converted, the old one goes.
//!
//! A renamed range type leaves its constructor functions and its multirange's where they are, in the way of the new ones. So the
//! columns of a range type hold text while it is made anew.

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

/// The columns that hold the type itself or an array of it, and stay; those that children have from them follow.
fn columns(ctx: &Context<'_>, id: &FactId) -> BTreeSet<(QualifiedName, Name)> {
    ctx.working
        .dependents(id)
        .filter_map(|dependent| match dependent {
            FactId::Column(table, column) => {
                let here = ctx.working.column(table, column)?;
                let there = ctx.desired.column(table, column)?;
                let holds = names_type(ctx, &here.data_type, id) && here.data_type == there.data_type;
                (holds && here.inherit_count == 0).then(|| (table.clone(), column.clone()))
            }
            _ => None,
        })
        .collect()
}

/// Whether a type text is the type or an array of it, or of the multirange type that comes with it.
fn names_type(ctx: &Context<'_>, text: &str, id: &FactId) -> bool {
    let multirange = match ctx.working.fact(id).map(|fact| &fact.payload) {
        Some(Payload::Range(range)) => Some(&range.multirange),
        _ => None,
    };
    let element = text.strip_suffix("[]").unwrap_or(text);
    type_name(id).into_iter().chain(multirange).any(|name| element == ctx.from().qualified(name))
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
        FactId::Column(table, column) => {
            let inherited = ctx.working.column(table, column).is_some_and(|here| here.inherit_count > 0);
            inherited || columns.contains(&(table.clone(), column.clone()))
        }
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
                | Payload::Rule(_)
                | Payload::View(_)
                | Payload::MaterializedView(_)
                | Payload::Column(_) => true,
                // text has other operator classes than ranges
                Payload::Constraint(_) | Payload::Index(_) => {
                    matches!(id, FactId::Range(_)) || !crate::diff::expressions(&fact.payload).is_empty()
                }
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
    if matches!(id, FactId::Range(_)) {
        return range_node(ctx, id, name);
    }
    let old = QualifiedName::new(name.schema.clone(), Name::truncated(&old_name(&name.name)).ok()?);
    let word = if matches!(id, FactId::Domain(_)) { "DOMAIN" } else { "TYPE" };
    let plain = |text: String| Action::new(Verb::Alter, id.clone(), ctx.to().plain(text));
    let mut actions =
        vec![plain(format!("ALTER {word} {} RENAME TO {}", ctx.to().qualified(name), ctx.to().name(&old.name)))];
    actions.extend(made(ctx, id)?);
    if let FactId::Domain(domain) = id {
        for fact in ctx.desired.catalog().domain_constraints(domain) {
            actions.extend(rules::create(ctx, fact));
        }
    }
    for (table, column) in columns(ctx, id) {
        actions.extend(drop_default(ctx, &table, &column));
        actions.push(convert(ctx, id, &table, &column)?);
        actions.extend(set_default(ctx, &table, &column));
    }
    actions.push(plain(format!("DROP {word} {}", ctx.to().qualified(&old))));
    actions.extend(comment(ctx, id));
    let mut node = Node::new(actions)?;
    node.verb = Verb::Alter;
    Some(node)
}

/// The actions that make a range type anew while its columns hold text.
fn range_node(ctx: &Context<'_>, id: &FactId, name: &QualifiedName) -> Option<Node> {
    let columns = columns(ctx, id);
    let mut actions = Vec::new();
    for (table, column) in &columns {
        actions.extend(drop_default(ctx, table, column));
        let as_text = if ctx.working.column(table, column)?.data_type.ends_with("[]") { "text[]" } else { "text" };
        let sql =
            ctx.to().alter_column(table, column, &format!("TYPE {as_text} USING {}::{as_text}", ctx.to().name(column)));
        let action = Action::new(Verb::Alter, FactId::Column(table.clone(), column.clone()), sql);
        actions.push(action.rewriting(ctx.header, table, "the table is written anew with the ranges as text"));
    }
    let drop = ctx.to().plain(format!("DROP TYPE {}", ctx.to().qualified(name)));
    actions.push(Action::new(Verb::Alter, id.clone(), drop));
    actions.extend(made(ctx, id)?);
    for (table, column) in &columns {
        actions.push(convert(ctx, id, table, column)?);
        actions.extend(set_default(ctx, table, column));
    }
    actions.extend(comment(ctx, id));
    let mut node = Node::new(actions)?;
    node.verb = Verb::Alter;
    node.about = id.clone();
    node.group = id.clone();
    Some(node)
}

/// What makes the new type, as a change of the old one.
fn made(ctx: &Context<'_>, id: &FactId) -> Option<Vec<Action>> {
    let mut actions = rules::create(ctx, ctx.desired.fact(id)?);
    for action in &mut actions {
        action.verb = Verb::Alter;
        action.creates.clear();
    }
    Some(actions)
}

fn comment(ctx: &Context<'_>, id: &FactId) -> Option<Action> {
    match &ctx.desired.fact(&FactId::Comment(Box::new(id.clone())))?.payload {
        Payload::Comment(comment) => {
            Some(Action::new(Verb::Alter, id.clone(), ctx.to().comment(id, Some(&comment.text))))
        }
        _ => None,
    }
}

fn old_name(name: &Name) -> String {
    let room = pgseal_catalog::id::MAX_NAME_BYTES - OLD_SUFFIX.len();
    let mut end = name.as_str().len().min(room);
    while !name.as_str().is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{OLD_SUFFIX}", name.as_str().get(..end).unwrap_or_default())
}

/// A default goes before its column is converted, and comes back afterwards.
fn drop_default(ctx: &Context<'_>, table: &QualifiedName, column: &Name) -> Option<Action> {
    ctx.working.fact(&FactId::Default(table.clone(), column.clone()))?;
    let id = FactId::Column(table.clone(), column.clone());
    Some(Action::new(Verb::Alter, id, ctx.to().alter_column(table, column, "DROP DEFAULT")))
}

fn set_default(ctx: &Context<'_>, table: &QualifiedName, column: &Name) -> Option<Action> {
    let default = ctx.desired.fact(&FactId::Default(table.clone(), column.clone()))?;
    let Payload::Default(default) = &default.payload else { return None };
    let id = FactId::Column(table.clone(), column.clone());
    Some(Action::new(Verb::Alter, id, ctx.to().set_default(table, column, default)))
}

/// Converts one column.
fn convert(ctx: &Context<'_>, id: &FactId, table: &QualifiedName, column: &Name) -> Option<Action> {
    let data_type = &ctx.desired.column(table, column)?.data_type;
    let column_id = FactId::Column(table.clone(), column.clone());
    let quoted = ctx.to().name(column);
    let array = if data_type.ends_with("[]") { "[]" } else { "" };
    let using = match id {
        FactId::Domain(_) | FactId::Range(_) => format!("{quoted}::{data_type}"),
        _ => format!("{quoted}::text{array}::{data_type}"),
    };
    let sql = ctx.to().alter_column(table, column, &format!("TYPE {data_type} USING {using}"));
    let mut action = Action::new(Verb::Alter, column_id, sql).rewriting(
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
    Some(action)
}
