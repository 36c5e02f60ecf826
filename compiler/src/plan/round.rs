//! One round: from the deltas between the working and the desired database to a list of actions in order.
//!
//! A plan is made in rounds because much of what a statement does follows from it (a partition gets its parent's columns,
//! constraints, indexes and triggers; a dropped column takes its indexes along). A round plans what somebody declared; its
//! statements run in the model; what still differs is the next round's. What follows from a parent is left out of the first
//! round, and planned later only if it did not follow.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::facts::{Constraint, ConstraintKind, IndexStorage, Payload, Persistence};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::action::{Action, Effect, Verb};
use super::inherit::{
    self, comes_with_its_table, has_parents_not_null, is_derived, is_inherited, is_kept_by_children,
    joins_parents_not_null, stays_a_part, whole,
};
use super::order::{self, Grouping, Node};
use super::rules::{self, Alteration, Context};
use super::slots::{Slot, slots};
use super::{PlanError, rebuild, rename, soft};
use crate::diff::Delta;
use crate::elaborate::Model;

/// What a round has to do, fact by fact.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Facts to be dropped.
    pub drops: BTreeSet<FactId>,
    /// Facts to be created.
    pub creates: BTreeSet<FactId>,
    /// Facts that change in place, with their actions.
    pub alters: BTreeMap<FactId, Vec<Action>>,
    /// Types that are made anew around the columns that hold them.
    pub rebuilds: BTreeSet<FactId>,
    /// Facts that go from one id to another.
    pub renames: BTreeMap<FactId, (FactId, Action)>,
}

/// How much is folded into `CREATE TABLE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folding {
    /// Defaults and constraints.
    Everything,
    /// Only what needs nothing that the round creates.
    Harmless,
}

/// The actions of one round, in order.
///
/// # Errors
/// A cycle of needs; a change that would touch something not modelled.
pub(super) fn plan_round(
    ctx: &Context<'_>,
    deltas: &[Delta],
    number: u32,
    grouping: Grouping,
) -> Result<Vec<Action>, PlanError> {
    let mut work = Work::default();
    rename::pair(ctx, deltas, number, &mut work);
    for delta in deltas {
        take_up(ctx, delta, number, &mut work);
    }
    spread(ctx, &mut work);
    for folding in [Folding::Everything, Folding::Harmless] {
        let nodes = nodes(ctx, &work, folding);
        let mut edges = edges(ctx, &work, &nodes);
        edges.extend(soft::edges(ctx, &nodes, &edges));
        match order::order(&nodes, &edges, grouping) {
            Ok(order) => {
                return Ok(order
                    .into_iter()
                    .filter_map(|n| nodes.get(n))
                    .flat_map(|node| node.actions.clone())
                    .collect());
            }
            Err(order::Cycle(stuck)) if folding == Folding::Harmless => {
                let facts = stuck.into_iter().filter_map(|n| nodes.get(n)).map(|node| node.about.clone()).collect();
                return Err(PlanError::Cycle { facts });
            }
            Err(_) => {}
        }
    }
    Ok(Vec::new())
}

fn take_up(ctx: &Context<'_>, delta: &Delta, number: u32, work: &mut Work) {
    let id = delta.id();
    let (old, new) = (ctx.working.fact(id), ctx.desired.fact(id));
    let first = number == 1;
    match delta {
        Delta::Removed(_) => {
            let Some(old) = old else { return };
            let renamed = work.renames.contains_key(id)
                || matches!(id, FactId::Comment(on) if work.renames.contains_key(on.as_ref()));
            if !(renamed || first && (is_derived(old) || joins_parents_not_null(ctx, old))) {
                work.drops.insert(id.clone());
            }
        }
        Delta::Added(_) => {
            let Some(new) = new else { return };
            let renamed = work.renames.values().any(|(to, _)| to == id)
                || matches!(id, FactId::Comment(on) if work.renames.values().any(|(to, _)| to == on.as_ref()));
            let waits = is_derived(new) || comes_with_its_table(ctx, new) || has_parents_not_null(ctx, new);
            if !(renamed || first && waits) {
                work.creates.insert(id.clone());
            }
        }
        Delta::Changed { .. } => {
            let (Some(old), Some(new)) = (old, new) else { return };
            let follows = |fact: &Fact| is_derived(fact) || matches!(fact.id, FactId::Column(..)) && is_inherited(fact);
            if first && follows(old) && follows(new) {
                return;
            }
            match rules::alter(ctx, old, new) {
                Alteration::InPlace(actions) if actions.is_empty() => {}
                Alteration::InPlace(actions) => {
                    work.alters.insert(id.clone(), actions);
                }
                Alteration::Replace if rebuild::is_wanted(ctx, id) => {
                    work.rebuilds.insert(id.clone());
                }
                Alteration::Replace => {
                    work.drops.insert(id.clone());
                    // as a part of something larger it comes back by itself
                    if !(first && whole(new).is_some()) {
                        work.creates.insert(id.clone());
                    }
                }
            }
        }
    }
}

/// Spreads to what has to go, and come back, around what goes or is retyped; follows the working database's edges.
fn spread(ctx: &Context<'_>, work: &mut Work) {
    let mut next: Vec<FactId> = work.drops.iter().cloned().collect();
    for (id, actions) in &work.alters {
        if actions.iter().any(|action| action.effect == Some(Effect::Retypes)) {
            around_retyped(ctx, id, &work.alters, &mut next);
        }
    }
    for id in &work.rebuilds {
        next.extend(rebuild::blockers(ctx, id));
    }
    let mut seen: BTreeSet<FactId> = BTreeSet::new();
    while let Some(id) = next.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        if !work.drops.contains(&id) {
            // a trigger's copy or a partition's part goes with what it follows from
            let Some(fact) = ctx.working.fact(&id) else { continue };
            if is_derived(fact) {
                continue;
            }
            work.drops.insert(id.clone());
            work.alters.remove(&id);
            if ctx.desired.fact(&id).is_some_and(|new| whole(new).is_none()) {
                work.creates.insert(id.clone());
            }
        }
        next.extend(ctx.working.fact(&id).filter(|fact| stays_a_part(ctx, fact)).and_then(whole));
        for dependent in ctx.working.dependents(&id) {
            if work.drops.contains(dependent)
                || outlives_owner(ctx, work, dependent, &id)
                || stops_needing(ctx, work, dependent, &id)
            {
                continue;
            }
            next.push(dependent.clone());
        }
    }
    // what belongs to a table that is made anew is made anew with it
    let tables: Vec<QualifiedName> = work
        .drops
        .iter()
        .filter_map(|id| match id {
            FactId::Table(table) if work.creates.contains(id) => Some(table.clone()),
            _ => None,
        })
        .collect();
    for table in tables {
        let object = FactId::Table(table);
        for fact in ctx.desired.catalog().iter().filter(|fact| fact.id.object() == object && !is_derived(fact)) {
            work.creates.insert(fact.id.clone());
            work.alters.remove(&fact.id);
        }
        for fact in ctx.working.catalog().iter().filter(|fact| fact.id.object() == object) {
            work.drops.insert(fact.id.clone());
            work.alters.remove(&fact.id);
        }
    }
}

/// A sequence that there shall be keeps its position when its owner is made anew: it leaves before and comes back after.
fn outlives_owner(ctx: &Context<'_>, work: &mut Work, dependent: &FactId, owner: &FactId) -> bool {
    let sequence = |model: &Model| match model.fact(dependent).map(|fact| &fact.payload) {
        Some(Payload::Sequence(sequence)) => Some(sequence.clone()),
        _ => None,
    };
    let (Some(before), Some(after), FactId::Sequence(name)) = (sequence(ctx.working), sequence(ctx.desired), dependent)
    else {
        return false;
    };
    if before.owner().as_ref() != Some(owner) {
        return false;
    }
    let actions = work.alters.entry(dependent.clone()).or_default();
    if after.owned_by.is_some() {
        actions.retain(|action| !is_late(action));
        actions.push(rules::leave_owner(ctx, name));
        actions.push(rules::set_owner(ctx, name, &after));
    }
    true
}

/// A fact that is changed in place, and then no longer needs the other, can stay.
fn stops_needing(ctx: &Context<'_>, work: &Work, dependent: &FactId, id: &FactId) -> bool {
    let changes = work.alters.contains_key(dependent) || work.renames.contains_key(dependent);
    changes && !still_needs(ctx.desired, dependent, id)
}

fn still_needs(model: &Model, dependent: &FactId, id: &FactId) -> bool {
    model.fact(dependent).is_some_and(|fact| fact.needs.contains(id))
}

/// What stands in the way of changing a column's type or expression, or would be rebuilt under another meaning.
fn around_retyped(ctx: &Context<'_>, id: &FactId, alters: &BTreeMap<FactId, Vec<Action>>, next: &mut Vec<FactId>) {
    let FactId::Column(table, _) = id else { return };
    for dependent in ctx.working.dependents(id) {
        let Some(fact) = ctx.working.fact(dependent) else { continue };
        let changed = ctx.desired.fact(dependent).is_none_or(|other| other.payload != fact.payload);
        let goes = match &fact.payload {
            Payload::Trigger(_)
            | Payload::Policy(_)
            | Payload::Rule(_)
            | Payload::View(_)
            | Payload::MaterializedView(_)
            | Payload::Function(_)
            | Payload::Procedure(_) => true,
            Payload::Column(_) => matches!(dependent, FactId::Column(t, _) if t == table) && dependent != id,
            Payload::Constraint(Constraint { is: ConstraintKind::ForeignKey(_), .. }) => true,
            Payload::Constraint(constraint) => {
                changed || matches!(constraint.is, ConstraintKind::Check(_) | ConstraintKind::Exclusion(_))
            }
            Payload::Index(_) => changed || !crate::diff::expressions(&fact.payload).is_empty(),
            _ => false,
        };
        let is_made_anew = matches!(
            fact.payload,
            Payload::Constraint(_)
                | Payload::Trigger(_)
                | Payload::Policy(_)
                | Payload::Rule(_)
                | Payload::View(_)
                | Payload::MaterializedView(_)
                | Payload::Column(_)
                | Payload::Function(_)
                | Payload::Procedure(_)
        );
        if goes && (is_made_anew || !alters.contains_key(dependent)) {
            next.push(dependent.clone());
        }
    }
}

fn nodes(ctx: &Context<'_>, work: &Work, folding: Folding) -> Vec<Node> {
    let mut nodes = Vec::new();
    let taken = subsumed(ctx, work);
    let mut containers: BTreeMap<FactId, BTreeSet<FactId>> = BTreeMap::new();
    for (id, container) in &taken {
        containers.entry(container.clone()).or_default().insert(id.clone());
    }
    for id in work.drops.iter().filter(|id| !taken.contains_key(*id)) {
        let Some(fact) = ctx.working.fact(id) else { continue };
        let Some(action) = rules::drop(ctx, fact) else { continue };
        if let Some(mut node) = Node::new(vec![action]) {
            node.destroys.extend(containers.remove(id).into_iter().flatten());
            nodes.push(node);
        }
    }
    for actions in work.alters.values() {
        nodes.extend(alter_nodes(actions));
    }
    for id in &work.rebuilds {
        nodes.extend(rebuild::node(ctx, id));
    }
    for (from, (to, action)) in &work.renames {
        if let Some(mut node) = Node::new(vec![action.clone()]) {
            node.destroys.insert(from.clone());
            node.creates.insert(to.clone());
            nodes.push(node);
        }
    }
    create_nodes(ctx, work, folding, &mut nodes);
    nodes
}

/// Who owns a sequence, and which index is a table's identity, are actions that wait for other things than the rest.
fn alter_nodes(actions: &[Action]) -> Vec<Node> {
    let (late, early): (Vec<Action>, Vec<Action>) = actions.iter().cloned().partition(is_late);
    let mut nodes: Vec<Node> = Node::new(early).into_iter().collect();
    nodes.extend(late.into_iter().filter_map(|action| Node::new(vec![action])));
    nodes
}

fn is_late(action: &Action) -> bool {
    matches!(action.effect, Some(Effect::Links | Effect::LetsGo))
}

fn lets_go(node: &Node) -> bool {
    node.actions.iter().any(|action| action.effect == Some(Effect::LetsGo))
}

fn create_nodes(ctx: &Context<'_>, work: &Work, folding: Folding, nodes: &mut Vec<Node>) {
    let mut folded: BTreeSet<FactId> = BTreeSet::new();
    let new_tables = work.creates.iter().filter_map(|id| match id {
        FactId::Table(name) => Some(name),
        _ => None,
    });
    for name in new_tables {
        let Some(table) = ctx.desired.table(name) else { continue };
        let harmless = |id: &FactId| {
            folding == Folding::Everything
                || ctx.desired.fact(id).is_some_and(|fact| {
                    let own = FactId::Table(name.clone());
                    fact.needs.iter().all(|need| need.object() == own || !work.creates.contains(need))
                })
        };
        let later = rules::is_attached_later(ctx, name, table);
        let defaults = rules::columns_of_new_table(ctx, name)
            .into_iter()
            .map(|(column, _)| column)
            .filter(|column| {
                let id = FactId::Default(name.clone(), column.clone());
                let is_there = ctx.desired.contains(&id);
                (work.creates.contains(&id) || is_there && later) && harmless(&id)
            })
            .collect();
        let constraints: Vec<_> = ctx
            .desired
            .constraints(name)
            .filter(|(constraint, payload)| {
                let id = FactId::Constraint(name.clone(), (*constraint).clone());
                // a check of the parent must be there before the table is attached
                let of_parent = later && matches!(payload.is, ConstraintKind::Check(_));
                (can_be_folded(payload) && work.creates.contains(&id) || of_parent) && harmless(&id)
            })
            .map(|(constraint, _)| constraint.clone())
            .collect();
        let mut actions = rules::create_folded(ctx, name, table, &defaults, &constraints);
        for (column, payload) in rules::columns_of_new_table(ctx, name) {
            let id = FactId::Column(name.clone(), column.clone());
            for sql in ctx.to().column_follow_ups(name, &column, &payload) {
                actions.push(Action::new(Verb::Alter, id.clone(), sql));
            }
            folded.insert(id);
            if ctx.major() >= 18 {
                folded.extend(
                    rules::not_null_constraint(ctx, name, &column)
                        .map(|(constraint, _)| FactId::Constraint(name.clone(), constraint)),
                );
            }
        }
        folded.extend(defaults.into_iter().map(|column| FactId::Default(name.clone(), column)));
        folded.extend(constraints.into_iter().map(|constraint| FactId::Constraint(name.clone(), constraint)));
        if table.replica_identity != pgseal_catalog::facts::ReplicaIdentity::Default {
            nodes.extend(Node::new(vec![rules::replica_identity(ctx, name, &table.replica_identity)]));
        }
        nodes.extend(Node::new(actions));
    }
    for id in work.creates.iter().filter(|id| !folded.contains(*id) && !matches!(id, FactId::Table(_))) {
        let Some(fact) = ctx.desired.fact(id) else { continue };
        if is_made_with_another(ctx, work, fact, &folded) {
            continue;
        }
        let node = Node::new(rules::create(ctx, fact)).map(|mut node| {
            if let Payload::Index(index) = &fact.payload {
                node.group = ctx.desired.indexed(index);
            }
            node
        });
        nodes.extend(node);
        if let (FactId::Sequence(name), Payload::Sequence(sequence)) = (&fact.id, &fact.payload)
            && sequence.owned_by.is_some()
        {
            nodes.extend(Node::new(vec![rules::set_owner(ctx, name, sequence)]));
        }
    }
}

/// A new column brings its default and its not-null constraint.
fn is_made_with_another(ctx: &Context<'_>, work: &Work, fact: &Fact, folded: &BTreeSet<FactId>) -> bool {
    let is_new = |table: &QualifiedName, column: &Name| {
        let id = FactId::Column(table.clone(), column.clone());
        work.creates.contains(&id) && !folded.contains(&id)
    };
    match (&fact.id, &fact.payload) {
        (FactId::Default(table, column), _) => is_new(table, column),
        (FactId::Constraint(table, name), Payload::Constraint(constraint)) => match &constraint.is {
            ConstraintKind::NotNull(not_null) => {
                is_new(table, &not_null.column)
                    && rules::not_null_constraint(ctx, table, &not_null.column).is_some_and(|(own, _)| own == *name)
            }
            _ => false,
        },
        _ => false,
    }
}

fn can_be_folded(constraint: &Constraint) -> bool {
    let plain = match &constraint.is {
        ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => key.index_keys.is_none() && key.index.valid,
        ConstraintKind::Exclusion(_) | ConstraintKind::Check(_) => true,
        ConstraintKind::ForeignKey(_) | ConstraintKind::NotNull(_) => false,
    };
    let said_apart = |index: &IndexStorage| index.clustered || !index.statistics.is_empty() || index.comment.is_some();
    let plain = plain && !constraint.index().is_some_and(said_apart);
    plain && (constraint.validated || !constraint.enforced) && constraint.is_local && constraint.parent.is_none()
}

/// Facts that go with another one that goes: no statement of their own. Maps each to what takes it along.
fn subsumed(ctx: &Context<'_>, work: &Work) -> BTreeMap<FactId, FactId> {
    let mut taken: BTreeMap<FactId, FactId> = BTreeMap::new();
    let goes = |id: &FactId| work.drops.contains(id);
    for id in &work.drops {
        let Some(fact) = ctx.working.fact(id) else { continue };
        let object = id.object();
        if is_foreign_key_between_dropped(work, fact)
            || is_over_other_dropped(work, fact)
            || is_kept_by_children(ctx, work, fact)
        {
            continue;
        }
        if object != *id && goes(&object) {
            taken.insert(id.clone(), object);
            continue;
        }
        let container = match (&fact.payload, id) {
            (Payload::Index(index), _) => (whole(fact).into_iter())
                .chain([FactId::Table, FactId::MaterializedView].map(|make| make(index.table.clone())))
                .find(|container| goes(container))
                .or_else(|| fact.needs.iter().find(|need| matches!(need, FactId::Column(..)) && goes(need)).cloned()),
            // a column takes along the constraints of its table; a foreign key to a column that goes is in its way
            (Payload::Constraint(constraint), FactId::Constraint(table, _)) => {
                let own = |need: &FactId| match (need, &constraint.is) {
                    (FactId::Column(of, name), ConstraintKind::ForeignKey(key)) => {
                        of == table && key.columns.contains(name)
                    }
                    (need, _) => matches!(need, FactId::Column(of, _) if of == table),
                };
                let columns = || fact.needs.iter().filter(|need| matches!(need, FactId::Column(..)) && goes(need));
                let column = if columns().all(own) { columns().next().cloned() } else { None };
                whole(fact).filter(|whole| goes(whole)).or(column)
            }
            (Payload::Default(_), FactId::Default(table, column)) => {
                Some(FactId::Column(table.clone(), column.clone())).filter(|column| goes(column))
            }
            (Payload::Sequence(sequence), _) => sequence.owner().filter(|owner| goes(owner)).map(|owner| {
                let object = owner.object();
                if goes(&object) { object } else { owner }
            }),
            (Payload::Comment(_), FactId::Comment(on)) if goes(on) => Some(on.as_ref().clone()),
            _ => None,
        };
        if let Some(container) = container {
            taken.insert(id.clone(), container);
        }
    }
    // what is taken along by something taken along goes with the outermost
    let resolve = |start: &FactId| {
        let mut at = start;
        for _ in 0..8 {
            match taken.get(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        at.clone()
    };
    taken.keys().map(|id| (id.clone(), resolve(id))).collect()
}

/// A policy or a rule of one relation that names another is dropped first where both go.
fn is_over_other_dropped(work: &Work, fact: &Fact) -> bool {
    let own = fact.id.object();
    let other = |need: &&FactId| match need.object() {
        FactId::Table(_) => need.object() != own,
        FactId::View(_) | FactId::MaterializedView(_) => {
            matches!(fact.payload, Payload::Rule(_)) && need.object() != own
        }
        _ => false,
    };
    matches!(fact.payload, Payload::Policy(_) | Payload::Rule(_))
        && fact.needs.iter().filter(other).any(|need| work.drops.contains(&need.object()))
}

/// A foreign key between two tables that both go is dropped first: neither table can go while it points at the other.
fn is_foreign_key_between_dropped(work: &Work, fact: &Fact) -> bool {
    let Payload::Constraint(Constraint { is: ConstraintKind::ForeignKey(key), parent: None, .. }) = &fact.payload
    else {
        return false;
    };
    let references = FactId::Table(key.references.clone());
    references != fact.id.object() && work.drops.contains(&references) && references > fact.id.object()
}

/// Who does what, by fact.
pub(super) struct Doers {
    pub(super) creators: BTreeMap<FactId, usize>,
    pub(super) destroyers: BTreeMap<FactId, usize>,
    pub(super) alterers: BTreeMap<FactId, Vec<usize>>,
    freed: BTreeMap<Slot, usize>,
}

fn edges(ctx: &Context<'_>, work: &Work, nodes: &[Node]) -> BTreeSet<(usize, usize)> {
    let mut doers = Doers {
        creators: BTreeMap::new(),
        destroyers: BTreeMap::new(),
        alterers: BTreeMap::new(),
        freed: BTreeMap::new(),
    };
    for (n, node) in nodes.iter().enumerate() {
        for id in &node.creates {
            doers.creators.insert(id.clone(), n);
        }
        for id in &node.destroys {
            doers.destroyers.insert(id.clone(), n);
            if let Some(fact) = ctx.working.fact(id) {
                doers.freed.extend(slots(fact).into_iter().map(|slot| (slot, n)));
            }
        }
        if node.verb == Verb::Alter {
            doers.alterers.entry(node.about.clone()).or_default().push(n);
            // an identity column that becomes a plain one gives up the name of its sequence
            let kept = ctx.desired.fact(&node.about).map(slots).unwrap_or_default();
            let before = ctx.working.fact(&node.about).map(slots).unwrap_or_default();
            doers.freed.extend(before.into_iter().filter(|slot| !kept.contains(slot)).map(|slot| (slot, n)));
        }
    }
    let mut out = BTreeSet::new();
    for (n, node) in nodes.iter().enumerate() {
        for id in &node.creates {
            edges_of_create(ctx, &doers, nodes, n, id, &mut out);
        }
        for id in &node.destroys {
            edges_of_drop(ctx, work, &doers, nodes, n, id, &mut out);
        }
        if node.verb == Verb::Alter {
            edges_of_alter(ctx, &doers, nodes, n, node, &mut out);
        }
    }
    out
}

fn edges_of_create(
    ctx: &Context<'_>,
    doers: &Doers,
    nodes: &[Node],
    n: usize,
    id: &FactId,
    out: &mut BTreeSet<(usize, usize)>,
) {
    let Some(fact) = ctx.desired.fact(id) else { return };
    let owner = match &fact.payload {
        Payload::Sequence(sequence) => sequence.owner(),
        _ => None,
    };
    for need in fact.needs.iter().filter(|need| Some(*need) != owner.as_ref()) {
        // a column that a table has from its parents comes with the table
        let creator = doers.creators.get(need).or_else(|| match need {
            FactId::Column(table, _) => doers.creators.get(&FactId::Table(table.clone())),
            _ => None,
        });
        out.extend(creator.map(|&before| (before, n)));
        out.extend(made_room(ctx, doers, need).filter(|&before| before != n).map(|before| (before, n)));
        for &before in doers.alterers.get(need).into_iter().flatten() {
            let late = nodes.get(before).is_some_and(|node| node.actions.iter().any(is_late));
            if before != n && !late && !gives_identity(fact, nodes, before) {
                out.insert((before, n));
            } else if !late && before != n {
                out.insert((n, before));
            }
        }
    }
    out.extend(doers.destroyers.get(id).filter(|&&before| before != n).map(|&before| (before, n)));
    inherit::edges_of_own_definition(ctx, doers, n, id, out);
    for slot in slots(fact) {
        out.extend(doers.freed.get(&slot).filter(|&&before| before != n).map(|&before| (before, n)));
    }
    // a partitioned index without its partitions' would reach those that come or are attached later
    if let Some(table) = rules::on_parent_only(ctx, fact) {
        for child in ctx.desired.children(table) {
            let child = FactId::Table(child);
            let comes = doers.creators.get(&child).into_iter();
            let joins = doers.alterers.get(&child).into_iter().flatten();
            out.extend(comes.chain(joins).filter(|&&before| before != n).map(|&before| (before, n)));
        }
    }
    // a key makes its columns not null by itself, under a name of its own choosing
    if let Payload::Constraint(Constraint { is: ConstraintKind::PrimaryKey(key), .. }) = &fact.payload {
        let table = match id {
            FactId::Constraint(table, _) => table,
            _ => return,
        };
        for (name, constraint) in ctx.desired.constraints(table) {
            if let ConstraintKind::NotNull(not_null) = &constraint.is
                && key.columns.contains(&not_null.column)
            {
                let first = doers.creators.get(&FactId::Constraint(table.clone(), name.clone()));
                out.extend(first.filter(|&&first| first != n).map(|&first| (first, n)));
            }
        }
    }
}

/// What takes a column away that shall not be there: what names the columns of its table by place waits for that.
fn made_room(ctx: &Context<'_>, doers: &Doers, need: &FactId) -> Option<usize> {
    let gone = matches!(need, FactId::Column(..)) && !ctx.desired.contains(need);
    doers.destroyers.get(need).filter(|_| gone).copied()
}

/// A not-null constraint comes before its column becomes an identity column.
fn gives_identity(fact: &Fact, nodes: &[Node], alterer: usize) -> bool {
    let not_null = matches!(&fact.payload, Payload::Constraint(Constraint { is: ConstraintKind::NotNull(_), .. }));
    not_null
        && nodes
            .get(alterer)
            .is_some_and(|node| node.actions.iter().any(|action| action.effect == Some(Effect::GivesIdentity)))
}

fn edges_of_drop(
    ctx: &Context<'_>,
    work: &Work,
    doers: &Doers,
    nodes: &[Node],
    n: usize,
    id: &FactId,
    out: &mut BTreeSet<(usize, usize)>,
) {
    for dependent in ctx.working.dependents(id) {
        out.extend(doers.destroyers.get(dependent).filter(|&&before| before != n).map(|&before| (before, n)));
        for &before in doers.alterers.get(dependent).into_iter().flatten() {
            // changed in place, it stops needing what goes; but if what goes comes back and is needed, the change waits for that
            let frees = !work.creates.contains(id) || !still_needs(ctx.desired, dependent, id);
            if before != n && (frees || nodes.get(before).is_some_and(lets_go)) {
                out.insert((before, n));
            }
        }
    }
    let Some(fact) = ctx.working.fact(id) else { return };
    let is_late = |n: usize| nodes.get(n).is_some_and(|node| node.actions.iter().any(is_late));
    let is_of_table = |need: &FactId| {
        is_inherited(fact) && matches!(need, FactId::Table(table) if inherit::table_of(fact) == Some(table))
    };
    inherit::edges_of_inherited_drop(ctx, doers, n, fact, is_late, out);
    // what only goes under another name is not in the way of what it needs
    let needs = fact.needs.iter().filter(|need| !(work.renames.contains_key(id) || is_of_table(need)));
    for need in needs {
        for &after in doers.alterers.get(need).into_iter().flatten() {
            // a sequence leaves its owner before that goes, whoever else uses it
            if matches!(need, FactId::Sequence(_)) && is_late(after) {
                continue;
            }
            let drops_identity = nodes
                .get(after)
                .is_some_and(|node| node.actions.iter().any(|action| action.effect == Some(Effect::DropsIdentity)));
            let not_null =
                matches!(&fact.payload, Payload::Constraint(Constraint { is: ConstraintKind::NotNull(_), .. }));
            if after != n {
                out.insert(if drops_identity && not_null { (after, n) } else { (n, after) });
            }
        }
    }
    // a column stays not null as long as it is in the key
    if let (
        Payload::Constraint(Constraint { is: ConstraintKind::NotNull(not_null), .. }),
        FactId::Constraint(table, _),
    ) = (&fact.payload, id)
    {
        for (name, constraint) in ctx.working.constraints(table) {
            if let ConstraintKind::PrimaryKey(key) = &constraint.is
                && key.columns.contains(&not_null.column)
            {
                let first = doers.destroyers.get(&FactId::Constraint(table.clone(), name.clone()));
                out.extend(first.filter(|&&first| first != n).map(|&first| (first, n)));
            }
        }
    }
}

/// A logged table may not reference an unlogged one: who references becomes unlogged first and logged last.
fn edges_of_persistence(
    ctx: &Context<'_>,
    doers: &Doers,
    n: usize,
    about: &FactId,
    out: &mut BTreeSet<(usize, usize)>,
) {
    let FactId::Table(name) = about else { return };
    let (Some(from), Some(to)) = (ctx.working.table(name), ctx.desired.table(name)) else { return };
    if from.persistence == to.persistence {
        return;
    }
    for (_, constraint) in ctx.working.constraints(name) {
        let ConstraintKind::ForeignKey(key) = &constraint.is else { continue };
        let referenced = doers.alterers.get(&FactId::Table(key.references.clone()));
        for &other in referenced.into_iter().flatten().filter(|&&other| other != n) {
            out.insert(match to.persistence {
                Persistence::Unlogged => (n, other),
                Persistence::Permanent => (other, n),
            });
        }
    }
}

fn edges_of_alter(
    ctx: &Context<'_>,
    doers: &Doers,
    nodes: &[Node],
    n: usize,
    node: &Node,
    out: &mut BTreeSet<(usize, usize)>,
) {
    let Some(fact) = ctx.desired.fact(&node.about) else { return };
    // the object itself may be made in this round (who owns a new sequence)
    out.extend(doers.creators.get(&node.about).filter(|&&before| before != n).map(|&before| (before, n)));
    if lets_go(node) {
        return;
    }
    let late = node.actions.iter().any(is_late);
    if late {
        let others = doers.alterers.get(&node.about).into_iter().flatten();
        out.extend(others.filter(|&&other| nodes.get(other).is_some_and(lets_go)).map(|&before| (before, n)));
    }
    let owner = match &fact.payload {
        Payload::Sequence(sequence) if !late => sequence.owner(),
        _ => None,
    };
    for need in fact.needs.iter().filter(|need| Some(*need) != owner.as_ref()) {
        let creates_later = nodes.get(*doers.creators.get(need).unwrap_or(&usize::MAX)).is_some_and(|creator| {
            creator.creates.iter().any(|id| ctx.desired.fact(id).is_some_and(|f| gives_identity(f, nodes, n)))
        });
        out.extend(made_room(ctx, doers, need).filter(|&before| before != n).map(|before| (before, n)));
        if !creates_later {
            out.extend(doers.creators.get(need).filter(|&&before| before != n).map(|&before| (before, n)));
        }
        for &before in doers.alterers.get(need).into_iter().flatten() {
            if before != n && !nodes.get(before).is_some_and(|node| node.actions.iter().any(is_late)) {
                out.insert((before, n));
            }
        }
    }
    // the index that a table is identified by, and the parents that it joins, are made before
    if let Payload::Table(table) = &fact.payload
        && let pgseal_catalog::facts::ReplicaIdentity::Index(index) = &table.replica_identity
        && late
        && let FactId::Table(name) = &node.about
    {
        let index_name = QualifiedName::new(name.schema.clone(), index.clone());
        for id in [FactId::Index(index_name), FactId::Constraint(name.clone(), index.clone())] {
            out.extend(doers.creators.get(&id).filter(|&&before| before != n).map(|&before| (before, n)));
        }
    }
    for slot in slots(fact) {
        let own = ctx.working.fact(&node.about).map(slots).unwrap_or_default();
        if !own.contains(&slot) {
            out.extend(doers.freed.get(&slot).filter(|&&before| before != n).map(|&before| (before, n)));
        }
    }
    edges_of_persistence(ctx, doers, n, &node.about, out);
    // parents are changed before their children, so that what is inherited is merged and not in the way
    if let FactId::Column(table, column) = &node.about {
        for parent in ctx.desired.parents(table) {
            for &before in doers.alterers.get(&FactId::Column(parent, column.clone())).into_iter().flatten() {
                out.insert((before, n));
            }
        }
    }
}
