//! Names that only one object can have at a time: what takes one waits until what had it is gone.

use pgseal_catalog::facts::{ConstraintKind, Payload};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName, Routine};

/// A name within its namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// `pg_class`.
    Relation(QualifiedName),
    /// `pg_type`.
    Type(QualifiedName),
    /// `pg_proc`.
    Routine(Routine),
    /// `pg_constraint` of one table.
    Constraint(QualifiedName, Name),
    /// The not-null constraint of a column, of which there is one.
    NotNull(QualifiedName, Name),
    /// The primary key of a table, of which there is one.
    PrimaryKey(QualifiedName),
}

/// The names that a fact takes besides its own id.
#[must_use]
pub fn slots(fact: &Fact) -> Vec<Slot> {
    match (&fact.id, &fact.payload) {
        (FactId::Table(name) | FactId::Composite(name), _) => {
            vec![Slot::Relation(name.clone()), Slot::Type(name.clone())]
        }
        (FactId::Sequence(name) | FactId::Index(name), _) => vec![Slot::Relation(name.clone())],
        (FactId::Enum(name) | FactId::Domain(name), _) => vec![Slot::Type(name.clone())],
        (FactId::Range(name), Payload::Range(range)) => {
            vec![Slot::Type(name.clone()), Slot::Type(range.multirange.clone())]
        }
        (FactId::Function(routine) | FactId::Procedure(routine) | FactId::Aggregate(routine), _) => {
            vec![Slot::Routine(routine.clone())]
        }
        (FactId::Column(..), Payload::Column(column)) => {
            column.identity.iter().map(|identity| Slot::Relation(identity.sequence.clone())).collect()
        }
        (FactId::Constraint(table, name), Payload::Constraint(constraint)) => {
            let index = || Slot::Relation(QualifiedName::new(table.schema.clone(), name.clone()));
            let own = Slot::Constraint(table.clone(), name.clone());
            match &constraint.is {
                ConstraintKind::PrimaryKey(_) => vec![own, index(), Slot::PrimaryKey(table.clone())],
                ConstraintKind::Unique(_) | ConstraintKind::Exclusion(_) => vec![own, index()],
                ConstraintKind::NotNull(not_null) => vec![own, Slot::NotNull(table.clone(), not_null.column.clone())],
                ConstraintKind::ForeignKey(_) | ConstraintKind::Check(_) => vec![own],
            }
        }
        _ => Vec::new(),
    }
}
