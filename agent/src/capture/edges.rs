//! Edges: what each fact needs, as `pg_depend` records it, and what follows from where a fact belongs.

use pgseal_catalog::facts::Payload;
use pgseal_catalog::snapshot::Unmodeled;
use pgseal_catalog::{Fact, FactId, Needs, both, in_parts, processors};

use super::address::{Address, FactNumber, Found, Node, Nodes, class};
use super::build::Build;
use super::error::CaptureError;
use super::session::Session;

/// How many facts have what they need put together at once by one thread.
const FACTS_AT_ONCE: usize = 2000;

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

/// Makes the catalog: the facts with the edges between them. Adds the edges from what is not modelled to facts.
pub(super) fn add_edges(b: &mut Build<'_>) {
    // the rule behind a view, the row type of a view, a constraint of a table outside the scope: parts of what is not modelled
    for row in &b.raw.depends {
        if b.nodes.find(row.of, 0).is_some() {
            continue;
        }
        let is_part = match b.nodes.find_id(row.on, 0) {
            Some(Found::Unmodeled) => matches!(row.kind, 'i' | 'a'),
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
    let (nodes, unmodeled) = (&b.nodes, &mut b.unmodeled);
    let by_extension = |at: Address| b.by_oid.is_member(at);
    let (order, pairs) = both(|| nodes.in_order(), || pairs(nodes, &b.raw.depends, by_extension, unmodeled));
    let found = edges(nodes, &order, &pairs);
    drop(pairs);
    let mut edges = found.as_slice();
    let mut of_facts = Vec::with_capacity(order.len());
    for at in 0..order.len() {
        let count = edges.iter().take_while(|(of, _)| *of == at).count();
        let (own, rest) = edges.split_at(count);
        of_facts.push(own);
        edges = rest;
    }
    let id = |place: usize| order.get(place).and_then(|number| nodes.id(*number)).cloned();
    let needs_of = |edges: &&[(usize, usize)]| edges.iter().filter_map(|(_, on)| id(*on)).collect();
    let of_part = |part: &[&[(usize, usize)]]| part.iter().map(needs_of).collect::<Vec<Needs>>();
    let mut needs = Vec::with_capacity(order.len());
    in_parts(&of_facts, FACTS_AT_ONCE, processors(), of_part, |part| needs.extend(part));
    drop(of_facts);
    drop(found);
    b.catalog = b.nodes.catalog(&order, needs);
}

/// The edges between facts that the server notes, by their numbers: what needs something and what it needs. Those from what is not
/// modelled are added to it.
fn pairs(
    nodes: &Nodes,
    depends: &[DependRow],
    is_member: impl Fn(Address) -> bool,
    unmodeled: &mut [Unmodeled],
) -> Vec<(FactNumber, FactNumber)> {
    let mut pairs = Vec::with_capacity(depends.len());
    for row in depends {
        let Some((Node::Fact(on), _)) = nodes.find(row.on, row.on_part) else { continue };
        match nodes.find(row.of, row.of_part) {
            Some((Node::Fact(of), _)) if of != on && !is_member(row.of) => pairs.push((of, on)),
            Some((Node::Unmodeled(entry), _)) => {
                let (Some(entry), Some(on)) = (unmodeled.get_mut(entry), nodes.id(on)) else { continue };
                entry.needs.insert(on.clone());
            }
            _ => {}
        }
    }
    pairs
}

/// Those edges, and what follows from where a fact belongs, each once and sorted, by places in the order of the facts.
fn edges(nodes: &Nodes, order: &[FactNumber], pairs: &[(FactNumber, FactNumber)]) -> Vec<(usize, usize)> {
    let mut places = vec![0; order.len()];
    for (at, number) in order.iter().enumerate() {
        if let Some(place) = places.get_mut(number.place()) {
            *place = at;
        }
    }
    let place = |number: FactNumber| places.get(number.place()).copied();
    let mut edges = Vec::with_capacity(pairs.len() + order.len());
    edges.extend(pairs.iter().filter_map(|(of, on)| place(*of).zip(place(*on))));
    let facts: Vec<&Fact> = order.iter().filter_map(|number| nodes.fact(*number)).collect();
    let mut owners = Owners { facts: &facts, last: 0 };
    for (at, fact) in facts.iter().enumerate() {
        edges.extend(owner(fact).and_then(|owner| owners.place(&owner)).map(|owner| (at, owner)));
    }
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// Finds what facts belong to among all facts, sorted by their ids. What is asked for mostly stands where the last one did, or next to
/// it: the columns of a table follow one another, and those of the next table follow them.
struct Owners<'a> {
    facts: &'a [&'a Fact],
    last: usize,
}

impl Owners<'_> {
    fn place(&mut self, id: &FactId) -> Option<usize> {
        let is_at = |place: &usize| self.facts.get(*place).is_some_and(|fact| fact.id == *id);
        let near = [self.last, self.last + 1].into_iter().find(is_at);
        let found = near.or_else(|| self.facts.binary_search_by(|fact| fact.id.cmp(id)).ok())?;
        self.last = found;
        Some(found)
    }
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
