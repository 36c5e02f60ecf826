//! Soft edges: what the bodies of functions that are strings ask of the order of a round.
//!
//! Postgres knows nothing of them, and most plans would run without. But what a plan's statement evaluates (a default of a
//! new column, a check, a key of an index) may call a function, and what that function reads must be there by then. So a function
//! comes after what its new body names, and lets go of what its old body names before that goes. Where that leads round in
//! a circle, or against what Postgres does know, it is left out: a soft edge never stands in the way of a plan.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::FactId;

use super::action::Verb;
use super::order::Node;
use super::rules::Context;
use crate::bodies::used_by;

type Edges = BTreeSet<(usize, usize)>;

/// The soft edges of a round that can be had along with the hard ones.
pub(super) fn edges(ctx: &Context<'_>, nodes: &[Node], hard: &Edges) -> Edges {
    let is_routine = |node: &&Node| matches!(node.about, FactId::Function(_) | FactId::Procedure(_));
    if nodes.len() < 2 || !nodes.iter().any(|node| is_routine(&node)) {
        return Edges::new();
    }
    let makers = by_object(nodes, |node| &node.creates);
    let breakers = by_object(nodes, |node| &node.destroys);
    let mut soft = Edges::new();
    for (n, node) in nodes.iter().enumerate().filter(|(_, node)| is_routine(node)) {
        if node.verb != Verb::Drop && !makers.is_empty() {
            for used in used_by(ctx.desired, &node.about) {
                soft.extend(makers.get(&used).into_iter().flatten().map(|&before| (before, n)));
            }
        }
        if node.verb != Verb::Create && !breakers.is_empty() {
            for used in used_by(ctx.working, &node.about) {
                soft.extend(breakers.get(&used).into_iter().flatten().map(|&after| (n, after)));
            }
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
