//! The edges that a fact's id and payload alone show: what it belongs to and what it names.
//!
//! Edges to types, functions, collations and operator classes need name resolution and are added where the fact is made.

use pgseal_catalog::facts::{ConstraintKind, Payload};
use pgseal_catalog::{FactId, Needs, QualifiedName};

/// Adds what a fact structurally needs. `is_materialized` says whether a name is a materialized view's: an index does not say
/// what it is on.
pub(super) fn structural(
    id: &FactId,
    payload: &Payload,
    needs: &mut Needs,
    is_materialized: impl Fn(&QualifiedName) -> bool,
) {
    if let Some(schema) = id.schema()
        && schema.as_str() != "pg_catalog"
        && !matches!(id, FactId::Comment(_))
    {
        needs.insert(FactId::Schema(schema.clone()));
    }
    match id {
        FactId::Column(table, _)
        | FactId::Constraint(table, _)
        | FactId::Trigger(table, _)
        | FactId::Policy(table, _)
        | FactId::Rule(table, _) => {
            needs.insert(FactId::Table(table.clone()));
        }
        FactId::Default(table, column) => {
            needs.insert(FactId::Column(table.clone(), column.clone()));
        }
        FactId::DomainConstraint(domain, _) => {
            needs.insert(FactId::Domain(domain.clone()));
        }
        FactId::ViewTrigger(view, _) | FactId::ViewRule(view, _) => {
            needs.insert(FactId::View(view.clone()));
        }
        FactId::Comment(on) => {
            needs.insert(match on.as_ref() {
                FactId::Attribute(..) | FactId::ViewColumn(..) | FactId::MaterializedViewColumn(..) => on.object(),
                other => other.clone(),
            });
        }
        _ => {}
    }
    match payload {
        Payload::Table(table) => {
            needs.extend(table.partition_of.iter().map(|p| FactId::Table(p.parent.clone())));
            needs.extend(table.inherits.iter().map(|parent| FactId::Table(parent.clone())));
            needs.extend(table.of_type.iter().map(|of| FactId::Composite(of.clone())));
        }
        Payload::Sequence(sequence) => needs.extend(sequence.owner()),
        Payload::Index(index) if is_materialized(&index.table) => {
            needs.insert(FactId::MaterializedView(index.table.clone()));
        }
        Payload::Index(index) => {
            needs.insert(FactId::Table(index.table.clone()));
            needs.extend(index.attached_to.iter().map(|parent| FactId::Index(parent.clone())));
            for key in &index.keys {
                if let pgseal_catalog::facts::KeyTarget::Column(column) = &key.target {
                    needs.insert(FactId::Column(index.table.clone(), column.clone()));
                }
            }
            for column in &index.include {
                needs.insert(FactId::Column(index.table.clone(), column.clone()));
            }
        }
        Payload::Constraint(constraint) => {
            if let Some((table, name)) = &constraint.parent {
                needs.insert(FactId::Constraint(table.clone(), name.clone()));
            }
            if let FactId::Constraint(table, _) = id {
                constraint_columns(table, &constraint.is, needs);
            }
        }
        Payload::Trigger(trigger) => {
            if let FactId::Trigger(table, _) = id {
                needs.extend(trigger.update_of.iter().map(|column| FactId::Column(table.clone(), column.clone())));
            }
            needs.extend(
                trigger.constraint.iter().filter_map(|c| c.from.as_ref()).map(|from| FactId::Table(from.clone())),
            );
        }
        Payload::Extension(extension) if extension.schema.as_str() != "pg_catalog" => {
            needs.insert(FactId::Schema(extension.schema.clone()));
        }
        _ => {}
    }
    needs.remove(id);
}

fn constraint_columns(table: &pgseal_catalog::QualifiedName, kind: &ConstraintKind, needs: &mut Needs) {
    let mut column = |name: &pgseal_catalog::Name| {
        needs.insert(FactId::Column(table.clone(), name.clone()));
    };
    match kind {
        ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => {
            key.columns.iter().chain(&key.include).for_each(&mut column);
        }
        ConstraintKind::ForeignKey(key) => {
            key.columns.iter().for_each(&mut column);
            needs.insert(FactId::Table(key.references.clone()));
            for name in &key.referenced_columns {
                needs.insert(FactId::Column(key.references.clone(), name.clone()));
            }
        }
        ConstraintKind::Exclusion(exclusion) => {
            for element in &exclusion.elements {
                if let pgseal_catalog::facts::KeyTarget::Column(name) = &element.key.target {
                    column(name);
                }
            }
            exclusion.include.iter().for_each(&mut column);
        }
        ConstraintKind::NotNull(not_null) => column(&not_null.column),
        ConstraintKind::Check(_) => {}
    }
}
