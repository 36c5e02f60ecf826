//! Extensions and user-defined types.

use pgseal_catalog::facts::{Composite, Domain, DomainConstraint, Enum, Extension};
use pgseal_catalog::plan::HazardKind;
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::super::action::{Action, Verb};
use super::{Alteration, Context};
use crate::render::literal;

pub(super) fn create_domain_constraint(
    ctx: &Context<'_>,
    domain: &QualifiedName,
    name: &Name,
    payload: &DomainConstraint,
) -> Vec<Action> {
    let id = FactId::DomainConstraint(domain.clone(), name.clone());
    let mut action = Action::new(Verb::Create, id, ctx.to().add_domain_constraint(domain, name, payload));
    if payload.validated {
        action = scan_users(ctx, action, domain, "every column of the domain is checked");
    }
    vec![action]
}

/// Marks the tables with a column of a domain as read from end to end.
fn scan_users(ctx: &Context<'_>, mut action: Action, domain: &QualifiedName, detail: &str) -> Action {
    let id = FactId::Domain(domain.clone());
    let tables: std::collections::BTreeSet<QualifiedName> = ctx
        .working
        .dependents(&id)
        .filter_map(|dependent| match dependent {
            FactId::Column(table, _) => Some(table.clone()),
            _ => None,
        })
        .collect();
    for table in tables {
        action = action.scanning(ctx.header, &table, pgseal_catalog::plan::LockMode::Share, detail);
    }
    action
}

pub(super) fn drop_domain_constraint(ctx: &Context<'_>, domain: &QualifiedName, name: &Name) -> Action {
    let sql = format!("ALTER DOMAIN {} DROP CONSTRAINT {}", ctx.from().qualified(domain), ctx.from().name(name));
    Action::new(Verb::Drop, FactId::DomainConstraint(domain.clone(), name.clone()), ctx.from().plain(sql))
}

pub(super) fn alter_domain_constraint(
    ctx: &Context<'_>,
    domain: &QualifiedName,
    name: &Name,
    from: &DomainConstraint,
    to: &DomainConstraint,
) -> Alteration {
    if to.validated && !from.validated && from.expression == to.expression {
        let sql = format!("ALTER DOMAIN {} VALIDATE CONSTRAINT {}", ctx.to().qualified(domain), ctx.to().name(name));
        let id = FactId::DomainConstraint(domain.clone(), name.clone());
        let action = Action::new(Verb::Alter, id, ctx.to().plain(sql));
        return Alteration::InPlace(vec![scan_users(ctx, action, domain, "every column of the domain is checked")]);
    }
    Alteration::Replace
}

pub(super) fn alter_domain(ctx: &Context<'_>, name: &QualifiedName, from: &Domain, to: &Domain) -> Alteration {
    if from.base != to.base || from.collation != to.collation {
        return Alteration::Replace;
    }
    let id = FactId::Domain(name.clone());
    let alter = |what: &str| {
        let sql = ctx.to().plain(format!("ALTER DOMAIN {} {what}", ctx.to().qualified(name)));
        Action::new(Verb::Alter, id.clone(), sql)
    };
    let mut out = Vec::new();
    if from.default != to.default {
        out.push(Action::new(Verb::Alter, id.clone(), ctx.to().domain_default(name, to)));
    }
    let renamed = from.not_null && to.not_null && from.not_null_name != to.not_null_name;
    if renamed {
        if let (Some(old), Some(new)) = (&from.not_null_name, &to.not_null_name) {
            out.push(alter(&format!("RENAME CONSTRAINT {} TO {}", ctx.to().name(old), ctx.to().name(new))));
        }
    } else if from.not_null != to.not_null {
        let action = match (&to.not_null_name, to.not_null) {
            (Some(constraint), true) => alter(&format!("ADD CONSTRAINT {} NOT NULL", ctx.to().name(constraint))),
            (None, true) => alter("SET NOT NULL"),
            (_, false) => alter("DROP NOT NULL"),
        };
        out.push(if to.not_null {
            scan_users(ctx, action, name, "every column of the domain is checked")
        } else {
            action
        });
    }
    Alteration::InPlace(out)
}

/// New labels can be put anywhere; nothing else about an enum can change in place.
pub(super) fn alter_enum(ctx: &Context<'_>, name: &QualifiedName, from: &Enum, to: &Enum) -> Alteration {
    let mut kept = to.labels.iter().filter(|label| from.labels.contains(label));
    if !from.labels.iter().all(|label| kept.next() == Some(label)) || kept.next().is_some() {
        return Alteration::Replace;
    }
    let mut present: Vec<&String> = from.labels.iter().collect();
    let mut out = Vec::new();
    for (n, label) in to.labels.iter().enumerate() {
        if present.contains(&label) {
            continue;
        }
        // what stands before it in the new order is there by now, so it goes behind that
        let place = match n.checked_sub(1).and_then(|before| to.labels.get(before)) {
            Some(before) if present.last() == Some(&before) => String::new(),
            Some(before) => format!(" AFTER {}", literal(before)),
            None => present.first().map_or_else(String::new, |first| format!(" BEFORE {}", literal(first))),
        };
        present.insert(n.min(present.len()), label);
        let sql = format!("ALTER TYPE {} ADD VALUE {}{place}", ctx.to().qualified(name), literal(label));
        let mut action = Action::new(Verb::Alter, FactId::Enum(name.clone()), ctx.to().plain(sql));
        action.commit_before_use = true;
        out.push(action);
    }
    Alteration::InPlace(out)
}

pub(super) fn alter_extension(ctx: &Context<'_>, name: &Name, from: &Extension, to: &Extension) -> Alteration {
    let id = FactId::Extension(name.clone());
    let alter = |what: String| {
        Action::new(Verb::Alter, id.clone(), ctx.to().plain(format!("ALTER EXTENSION {} {what}", ctx.to().name(name))))
    };
    let mut out = Vec::new();
    if from.version != to.version {
        out.push(alter(format!("UPDATE TO {}", literal(&to.version))));
    }
    if from.schema != to.schema {
        out.push(alter(format!("SET SCHEMA {}", ctx.to().name(&to.schema))));
    }
    Alteration::InPlace(out)
}

/// Attributes can be dropped, added at the end and retyped while no column holds the type.
pub(super) fn alter_composite(ctx: &Context<'_>, name: &QualifiedName, from: &Composite, to: &Composite) -> Alteration {
    let kept: Vec<_> = from.attributes.iter().filter(|a| to.attributes.iter().any(|b| a.name == b.name)).collect();
    let in_order = kept.iter().zip(&to.attributes).all(|(a, b)| a.name == b.name);
    if !in_order {
        return Alteration::Replace;
    }
    let id = FactId::Composite(name.clone());
    let used = stored_somewhere(ctx, &id);
    let alter = |what: String| {
        Action::new(Verb::Alter, id.clone(), ctx.to().plain(format!("ALTER TYPE {} {what}", ctx.to().qualified(name))))
    };
    let mut out = Vec::new();
    for gone in from.attributes.iter().filter(|a| !to.attributes.iter().any(|b| a.name == b.name)) {
        let mut action = alter(format!("DROP ATTRIBUTE {}", ctx.to().name(&gone.name)));
        if used {
            action = action.hazard(ctx.header, HazardKind::DataLoss, None, "the attribute's values go");
        }
        out.push(action);
    }
    for (old, new) in kept.iter().zip(&to.attributes) {
        if *old != new {
            if used {
                return Alteration::Replace;
            }
            let collate = ctx.to().collate(new.collation.as_ref());
            out.push(alter(format!("ALTER ATTRIBUTE {} TYPE {}{collate}", ctx.to().name(&new.name), new.data_type)));
        }
    }
    for new in to.attributes.iter().skip(kept.len()) {
        out.push(alter(format!("ADD ATTRIBUTE {}", ctx.to().attribute(new))));
    }
    Alteration::InPlace(out)
}

/// Whether a column holds values of a type, also inside other types.
fn stored_somewhere(ctx: &Context<'_>, id: &FactId) -> bool {
    let mut seen = std::collections::BTreeSet::from([id.clone()]);
    let mut next = vec![id.clone()];
    while let Some(id) = next.pop() {
        for dependent in ctx.working.dependents(&id) {
            match dependent {
                FactId::Column(..) => return true,
                FactId::Composite(_) | FactId::Domain(_) | FactId::Range(_) if seen.insert(dependent.clone()) => {
                    next.push(dependent.clone());
                }
                _ => {}
            }
        }
    }
    false
}
