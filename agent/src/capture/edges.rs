//! Edges: what each fact needs, as `pg_depend` records it, and what follows from where a fact belongs.

use std::collections::HashMap;

use pgseal_catalog::facts::Payload;
use pgseal_catalog::{Fact, FactId, Needs};

use super::address::{Address, Found, class};
use super::build::Build;
use super::error::CaptureError;
use super::session::Session;

/// A row of `pg_depend`.
pub(super) struct DependRow {
    pub of: Address,
    pub of_part: i32,
    pub on: Address,
    pub on_part: i32,
    pub kind: char,
}

pub(super) fn read_depends(s: &mut Session<'_>) -> Result<Vec<DependRow>, CaptureError> {
    // the triggers behind a foreign key, four each, lean on nothing else
    s.rows(
        "dependencies",
        "SELECT classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype FROM pg_depend \
         WHERE objid >= 16384 AND (refobjid >= 16384 OR refclassid = 'pg_namespace'::regclass) \
         AND NOT (deptype = 'i' AND classid = 'pg_trigger'::regclass AND refclassid = 'pg_constraint'::regclass)",
        |c| {
            Ok(DependRow {
                of: (c.next()?, c.next()?),
                of_part: c.next()?,
                on: (c.next()?, c.next()?),
                on_part: c.next()?,
                kind: c.letter()?,
            })
        },
    )
}

/// Adds the edges between facts, and from what is not modelled to facts.
pub(super) fn add_edges(b: &mut Build<'_>) {
    // the rule behind a view, the row type of a view, a constraint of a table outside the scope: parts of what is not modelled
    for row in &b.raw.depends {
        if b.nodes.find(row.of, 0).is_some() {
            continue;
        }
        let is_part = match b.nodes.find(row.on, 0) {
            Some(Found::Unmodeled(_)) => matches!(row.kind, 'i' | 'a'),
            // the rule that is what a view shows
            Some(Found::Fact(FactId::View(_) | FactId::MaterializedView(_), _)) => {
                row.kind == 'i' && row.of.0 == class::REWRITE
            }
            _ => false,
        };
        if is_part {
            b.nodes.alias(row.of, row.on);
        }
    }
    let found = edges(b);
    let mut edges = found.as_slice();
    let ids: Vec<&FactId> = b.catalog.iter().map(|fact| &fact.id).collect();
    let mut needs: Vec<Needs> = Vec::with_capacity(ids.len());
    for at in 0..ids.len() {
        let count = edges.iter().take_while(|(of, _)| *of == at).count();
        let (own, rest) = edges.split_at(count);
        needs.push(own.iter().filter_map(|(_, on)| ids.get(*on).copied().cloned()).collect());
        edges = rest;
    }
    drop(found);
    for (fact, needs) in b.catalog.facts_mut().zip(needs) {
        fact.needs = needs;
    }
}

/// The edges between facts, each once and sorted: the places in the catalog of what needs something and of what it needs. Edges from
/// what is not modelled are added to it.
fn edges(b: &mut Build<'_>) -> Vec<(usize, usize)> {
    let places: HashMap<&FactId, usize> = b.catalog.iter().enumerate().map(|(at, fact)| (&fact.id, at)).collect();
    let mut edges = Vec::with_capacity(b.raw.depends.len());
    for row in &b.raw.depends {
        let Some(Found::Fact(on, _)) = b.nodes.find(row.on, row.on_part) else { continue };
        match b.nodes.find(row.of, row.of_part) {
            Some(Found::Fact(of, _)) if of != on && !b.is_member(row.of.0, row.of.1) => {
                if let (Some(of), Some(on)) = (places.get(of), places.get(on)) {
                    edges.push((*of, *on));
                }
            }
            Some(Found::Unmodeled(entry)) => {
                if let Some(entry) = b.unmodeled.get_mut(entry) {
                    entry.needs.insert(on.clone());
                }
            }
            _ => {}
        }
    }
    for (at, fact) in b.catalog.iter().enumerate() {
        if let Some(owner) = owner(fact)
            && let Some(owner) = places.get(&owner)
        {
            edges.push((at, *owner));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// What a fact belongs to.
fn owner(fact: &Fact) -> Option<FactId> {
    if let Payload::Index(index) = &fact.payload {
        return Some(FactId::Table(index.table.clone()));
    }
    match &fact.id {
        FactId::Default(table, column) => Some(FactId::Column(table.clone(), column.clone())),
        FactId::Comment(on) => match on.as_ref() {
            FactId::Attribute(..) | FactId::ViewColumn(..) | FactId::MaterializedViewColumn(..) => Some(on.object()),
            other => Some(other.clone()),
        },
        other => Some(other.object()).filter(|object| object != other),
    }
}
