//! The difference between two catalogs at fact grain: one generic comparison, no code per kind.
//!
//! Postgres does not print expressions at a fixed point, so two expressions count as equal when they settle on the same text
//! ("Two spellings, one meaning"). The position of a column is no difference that can be planned; it is reported beside.

mod equal;
mod layout;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::facts::ConstraintKind;
use pgseal_catalog::{Catalog, Fact, FactId, Payload, QualifiedName, canonical};
use serde_json::Value;

use crate::elaborate::Model;

pub use equal::{expressions, expressions_mut, same_expression};
pub use layout::laid_out_like;

/// A difference between two catalogs.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    /// Only the second has it.
    Added(FactId),
    /// Only the first has it.
    Removed(FactId),
    /// Both have it, with other properties.
    Changed {
        /// Which fact.
        id: FactId,
        /// What differs, by path.
        properties: Vec<Property>,
    },
}

/// One property that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// Its path in the payload: `type`, `identity.options.start`.
    pub path: String,
    /// In the first catalog; null where it is not set.
    pub from: Value,
    /// In the second catalog; null where it is not set.
    pub to: Value,
}

impl Delta {
    /// The fact that differs.
    #[must_use]
    pub fn id(&self) -> &FactId {
        match self {
            Self::Added(id) | Self::Removed(id) | Self::Changed { id, .. } => id,
        }
    }
}

/// What a comparison of two databases found, and what to look at again when the first of them changes.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Every difference that a statement could make up for, in the order of ids.
    pub deltas: Vec<Delta>,
    /// The facts that only one has, or that do not say the same word for word. All others stay alike until they change.
    unlike: BTreeSet<FactId>,
}

impl Comparison {
    /// Compares two databases.
    #[must_use]
    pub fn of(from: &Model, to: &Model) -> Self {
        let unlike = unlike(from.catalog(), to.catalog());
        Self { deltas: deltas(from, to, &unlike), unlike }
    }

    /// Compares again, after these facts of the first changed (and no others).
    #[must_use]
    pub fn after(&self, changed: impl IntoIterator<Item = FactId>, from: &Model, to: &Model) -> Self {
        let mut unlike = self.unlike.clone();
        unlike.extend(changed);
        unlike.retain(|id| from.fact(id).map(|fact| &fact.payload) != to.fact(id).map(|fact| &fact.payload));
        Self { deltas: deltas(from, to, &unlike), unlike }
    }
}

/// The facts that only one catalog has, or that do not say the same word for word.
fn unlike(from: &Catalog, to: &Catalog) -> BTreeSet<FactId> {
    let mut out = Vec::new();
    let (mut left, mut right) = (from.iter().peekable(), to.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return out.into_iter().collect(),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.id.cmp(&b.id),
        };
        match order {
            Ordering::Less => out.extend(left.next().map(|fact| fact.id.clone())),
            Ordering::Greater => out.extend(right.next().map(|fact| fact.id.clone())),
            Ordering::Equal => {
                if let (Some(a), Some(b)) = (left.next(), right.next())
                    && a.payload != b.payload
                {
                    out.push(a.id.clone());
                }
            }
        }
    }
}

/// Every difference from one database to another that a statement could make up for, in the order of ids.
#[must_use]
pub fn diff(from: &Model, to: &Model) -> Vec<Delta> {
    match laid_out_like(from, to) {
        Ok(Some(laid)) => Comparison::of(from, &laid).deltas,
        Ok(None) | Err(_) => Comparison::of(from, to).deltas,
    }
}

fn deltas(from: &Model, to: &Model, unlike: &BTreeSet<FactId>) -> Vec<Delta> {
    let mut deltas: Vec<Delta> = unlike
        .iter()
        .filter_map(|id| match (from.fact(id), to.fact(id)) {
            (Some(a), Some(b)) => changed(from, a, to, b),
            (Some(_), None) => Some(Delta::Removed(id.clone())),
            (None, Some(_)) => Some(Delta::Added(id.clone())),
            (None, None) => None,
        })
        .collect();
    let aside: BTreeSet<FactId> =
        renamed_inherited_not_nulls(from, to, &deltas).into_iter().flat_map(|(old, new)| [old, new]).collect();
    if !aside.is_empty() {
        deltas.retain(|delta| !aside.contains(delta.id()));
    }
    deltas
}

/// Not-null constraints that a table has from its parents, under other names than they shall have. No statement renames
/// them; like the order of columns they tell how the table came about.
fn renamed_inherited_not_nulls(from: &Model, to: &Model, deltas: &[Delta]) -> Vec<(FactId, FactId)> {
    let column = |fact: &Fact| match (&fact.id, &fact.payload) {
        (FactId::Constraint(table, _), Payload::Constraint(constraint)) if constraint.inherit_count > 0 => {
            match &constraint.is {
                ConstraintKind::NotNull(not_null) => Some((table.clone(), not_null.column.clone())),
                _ => None,
            }
        }
        _ => None,
    };
    let mut gone = BTreeMap::new();
    for delta in deltas {
        if let Delta::Removed(id) = delta {
            gone.extend(from.fact(id).and_then(|fact| Some((column(fact)?, fact))));
        }
    }
    let mut out = Vec::new();
    for delta in deltas {
        let Delta::Added(id) = delta else { continue };
        let Some(new) = to.fact(id) else { continue };
        let Some(old) = column(new).and_then(|key| gone.get(&key)) else { continue };
        let mut there = old.payload.clone();
        forget_where_defined(&mut there, &new.payload);
        if there == new.payload {
            out.push((old.id.clone(), id.clone()));
        }
    }
    out
}

/// Whether something that a table has from its parents is defined in it as well tells how the table came about: no statement
/// takes such a definition back, and it only matters when the parents lose theirs, which is planned from what is there then.
fn forget_where_defined(payload: &mut Payload, other: &Payload) {
    match (payload, other) {
        (Payload::Column(a), Payload::Column(b)) if a.inherit_count > 0 && b.inherit_count > 0 => {
            a.is_local = b.is_local;
        }
        (Payload::Constraint(a), Payload::Constraint(b)) if a.inherit_count > 0 && b.inherit_count > 0 => {
            a.is_local = b.is_local;
        }
        _ => {}
    }
}

fn changed(from: &Model, a: &Fact, to: &Model, b: &Fact) -> Option<Delta> {
    let (mut left, right) = equal::settle(from, &a.id, &a.payload, to, &b.payload);
    forget_where_defined(&mut left, &right);
    if left == right {
        return None;
    }
    Some(Delta::Changed { id: a.id.clone(), properties: properties(&left, &right) })
}

/// What differs between two payloads, property by property.
#[must_use]
pub fn properties(from: &Payload, to: &Payload) -> Vec<Property> {
    let mut out = Vec::new();
    compare(&mut out, "", &inside(from), &inside(to));
    out
}

/// The payload without the tag of its kind.
fn inside(payload: &Payload) -> Value {
    match canonical::to_value(payload) {
        Value::Object(map) => map.into_iter().next().map_or(Value::Null, |(_, value)| value),
        other => other,
    }
}

fn compare(out: &mut Vec<Property>, path: &str, from: &Value, to: &Value) {
    if from == to {
        return;
    }
    if let (Value::Object(a), Value::Object(b)) = (from, to) {
        let keys: BTreeMap<&String, ()> = a.keys().chain(b.keys()).map(|key| (key, ())).collect();
        for key in keys.into_keys() {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            compare(out, &path, a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
        }
    } else {
        out.push(Property { path: path.to_owned(), from: from.clone(), to: to.clone() });
    }
}

/// The tables whose columns stand in another order, though they have the same ones.
#[must_use]
pub fn reordered_tables(from: &Catalog, to: &Catalog) -> Vec<FactId> {
    // two orders of the same columns differ in the position of some column
    let mut moved: BTreeSet<&QualifiedName> = BTreeSet::new();
    let mut theirs = to.iter().filter(|fact| matches!(fact.id, FactId::Column(..))).peekable();
    for fact in from.iter() {
        let FactId::Column(table, _) = &fact.id else { continue };
        while theirs.next_if(|other| other.id < fact.id).is_some() {}
        if theirs.peek().is_some_and(|other| other.id == fact.id && other.position != fact.position) {
            moved.insert(table);
        }
    }
    let mut out = Vec::new();
    for table in moved {
        let names =
            |catalog: &Catalog| catalog.columns(table).into_iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let (a, b) = (names(from), names(to));
        if a.len() == b.len() && a.iter().all(|name| b.contains(name)) {
            out.push(FactId::Table(table.clone()));
        }
    }
    out
}
