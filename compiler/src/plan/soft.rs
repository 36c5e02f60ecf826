//! Soft edges: what the bodies of functions that are strings ask of the order of a round.
//!
//! Postgres knows nothing of them, and most plans would run without. But what a plan's statement evaluates (a default of a
//! new column, a check, a key of an index, the rows of a materialized view) may call a function, and what that function reads must
//! be there by then, whether the plan touches the function or not. So such a statement comes after what it runs into, a function
//! comes after what its new body names, and lets go of what its old body names before that goes. Where that leads round in
//! a circle, or against what Postgres does know, it is left out: a soft edge never stands in the way of a plan.
//!
//! What a statement only stores (a view, a trigger, a policy) asks for nothing: no body runs when it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pgseal_catalog::{FactId, Kind};

use super::action::Verb;
use super::order::Node;
use super::rules::Context;
use crate::bodies::used_by;
use crate::elaborate::Model;

type Edges = BTreeSet<(usize, usize)>;

/// The soft edges of a round that can be had along with the hard ones.
pub(super) fn edges(ctx: &Context<'_>, nodes: &[Node], hard: &Edges) -> Edges {
    if nodes.len() < 2 {
        return Edges::new();
    }
    let makers = by_object(nodes, |node| &node.creates);
    let breakers = by_object(nodes, |node| &node.destroys);
    let mut after = Bodies::of(ctx.desired);
    let mut before = Bodies::of(ctx.working);
    let mut soft = Edges::new();
    for (n, node) in nodes.iter().enumerate() {
        let is_routine = matches!(node.about, FactId::Function(_) | FactId::Procedure(_));
        if !makers.is_empty() && node.verb != Verb::Drop {
            let used = match is_routine {
                true => after.names(&node.about),
                false if evaluates(node) => Rc::new(after.run_into(node)),
                false => continue,
            };
            let makers = used.iter().filter_map(|used| makers.get(used)).flatten();
            soft.extend(makers.map(|&maker| (maker, n)));
        }
        if is_routine && node.verb != Verb::Create && !breakers.is_empty() {
            let used = before.names(&node.about);
            let breakers = used.iter().filter_map(|used| breakers.get(used)).flatten();
            soft.extend(breakers.map(|&breaker| (n, breaker)));
        }
    }
    soft.retain(|(a, b)| a != b);
    if soft.is_empty() {
        return soft;
    }
    let components = components(nodes.len(), hard.union(&soft).copied());
    soft.retain(|(a, b)| components.get(*a) != components.get(*b));
    soft
}

/// Whether the server may run a function while it carries out the statements of a node. A table that is made is empty.
fn evaluates(node: &Node) -> bool {
    let runs = |id: &FactId| match id.kind() {
        Kind::Column
        | Kind::Default
        | Kind::Constraint
        | Kind::DomainConstraint
        | Kind::Domain
        | Kind::Index
        | Kind::MaterializedView => true,
        Kind::Schema
        | Kind::Extension
        | Kind::Enum
        | Kind::Composite
        | Kind::Attribute
        | Kind::Range
        | Kind::Sequence
        | Kind::Table
        | Kind::Function
        | Kind::Procedure
        | Kind::Aggregate
        | Kind::Trigger
        | Kind::Policy
        | Kind::Rule
        | Kind::View
        | Kind::ViewColumn
        | Kind::ViewTrigger
        | Kind::ViewRule
        | Kind::MaterializedViewColumn
        | Kind::Comment => false,
    };
    runs(&node.about) && !node.creates.iter().any(|id| matches!(id, FactId::Table(_)))
}

/// What the bodies of a database's routines name, each read once.
struct Bodies<'m> {
    model: &'m Model,
    read: BTreeMap<FactId, Rc<BTreeSet<FactId>>>,
}

impl<'m> Bodies<'m> {
    fn of(model: &'m Model) -> Self {
        Self { model, read: BTreeMap::new() }
    }

    fn names(&mut self, routine: &FactId) -> Rc<BTreeSet<FactId>> {
        if let Some(known) = self.read.get(routine) {
            return Rc::clone(known);
        }
        let found = Rc::new(used_by(self.model, routine));
        self.read.insert(routine.clone(), Rc::clone(&found));
        found
    }

    /// What the functions read that a node runs, and those that they call, also through views.
    fn run_into(&mut self, node: &Node) -> BTreeSet<FactId> {
        let own = node.creates.iter().chain([&node.about]);
        let mut waiting: Vec<FactId> =
            own.filter_map(|id| self.model.fact(id)).flat_map(|fact| fact.needs.clone()).collect();
        let mut seen: BTreeSet<FactId> = BTreeSet::new();
        let mut found = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            let runs_more =
                matches!(id, FactId::Function(_) | FactId::Procedure(_) | FactId::Aggregate(_) | FactId::View(_));
            if !runs_more || !seen.insert(id.clone()) {
                continue;
            }
            waiting.extend(self.model.fact(&id).into_iter().flat_map(|fact| fact.needs.iter().cloned()));
            let names = self.names(&id);
            waiting.extend(names.iter().cloned());
            found.extend(names.iter().cloned());
        }
        found
    }
}

/// Who makes, or breaks, an object or a column of it.
fn by_object(nodes: &[Node], facts: impl Fn(&Node) -> &BTreeSet<FactId>) -> BTreeMap<FactId, Vec<usize>> {
    let mut out: BTreeMap<FactId, Vec<usize>> = BTreeMap::new();
    for (n, node) in nodes.iter().enumerate() {
        let mut objects: BTreeSet<FactId> = BTreeSet::new();
        for id in facts(node) {
            let object = id.object();
            if object == *id || matches!(id, FactId::Column(..)) {
                objects.insert(object);
            }
        }
        for object in objects {
            out.entry(object).or_default().push(n);
        }
    }
    out
}

/// The number of the strongly connected component of every node, by Tarjan's algorithm with a stack of its own.
fn components(count: usize, edges: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (a, b) in edges {
        if let Some(list) = after.get_mut(a) {
            list.push(b);
        }
    }
    let mut component = vec![NONE; count];
    let mut found = vec![NONE; count];
    let mut low = vec![NONE; count];
    let mut open: Vec<usize> = Vec::new();
    let (mut next, mut components) = (0, 0);
    for root in 0..count {
        if found.get(root) != Some(&NONE) {
            continue;
        }
        let mut path = vec![(root, 0_usize)];
        while let Some((n, at)) = path.last_mut() {
            let n = *n;
            if *at == 0 {
                set(&mut found, n, next);
                set(&mut low, n, next);
                next += 1;
                open.push(n);
            }
            let to = after.get(n).and_then(|list| list.get(*at)).copied();
            *at += 1;
            match to {
                Some(to) if get(&found, to) == NONE => path.push((to, 0)),
                Some(to) if get(&component, to) == NONE => {
                    let least = get(&low, n).min(get(&found, to));
                    set(&mut low, n, least);
                }
                Some(_) => {}
                None => {
                    path.pop();
                    if get(&low, n) == get(&found, n) {
                        while let Some(member) = open.pop() {
                            set(&mut component, member, components);
                            if member == n {
                                break;
                            }
                        }
                        components += 1;
                    }
                    if let Some((parent, _)) = path.last() {
                        let least = get(&low, *parent).min(get(&low, n));
                        set(&mut low, *parent, least);
                    }
                }
            }
        }
    }
    component
}

fn get(list: &[usize], at: usize) -> usize {
    list.get(at).copied().unwrap_or(usize::MAX)
}

fn set(list: &mut [usize], at: usize, value: usize) {
    if let Some(slot) = list.get_mut(at) {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_components() {
        let found = components(6, [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 3), (5, 5)].into_iter());
        let same = |a: usize, b: usize| found.get(a) == found.get(b);
        assert!(same(0, 1) && same(1, 2) && same(3, 4));
        assert!(!same(2, 3) && !same(0, 5) && !same(4, 5));
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let count = 200_000;
        let found = components(count, (1..count).map(|n| (n - 1, n)));
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), count);
    }
}
