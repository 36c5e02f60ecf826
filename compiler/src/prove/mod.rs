//! The proof: the plan's own statements, run in the model of the source database, lead to the desired catalog; the fingerprint
//! after each phase is that phase's checkpoint.
//!
//! The interpreter is the one that elaborated the schema. It sees the text of each statement under the search path that the
//! plan records, and nothing else of how the plan was made.

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::fingerprint::{Digest, object_digest, roll_up};
use pgseal_catalog::plan::{Checkpoint, Cost, Hazard, HazardKind, Lock, LockMode, Phase, Step};
use pgseal_catalog::snapshot::Header;
use pgseal_catalog::{FactId, Name, QualifiedName};

use crate::diagnostic::Severity;
use crate::diff::{Comparison, Delta};
use crate::elaborate::{self, Model};
use crate::plan::action::{self, Action};
use crate::render::Sql;
use crate::syntax::{self, RowStatements, Settings, SyntaxOptions};

/// Why a plan is not proven. Either is a fault of the compiler, and the plan is not emitted.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// A statement does not run in the model.
    #[error("the plan cannot be proven: {detail}; the statement was: {sql}")]
    Refused {
        /// The statement.
        sql: String,
        /// The model's reason.
        detail: String,
    },
    /// The result is not the desired catalog.
    #[error("the plan cannot be proven: it does not bring {} to what the schema says", .0.in_words())]
    Differs(Box<FactId>),
}

/// A proven plan's phases.
#[derive(Debug)]
pub struct Proof {
    /// With their checkpoints.
    pub phases: Vec<Phase>,
    /// The objects that the plan touches.
    pub touched: BTreeSet<FactId>,
    /// The fingerprint after the last phase.
    pub target: Digest,
}

/// Runs the phases in the model of the source database, whose objects have these digests, and records what each leads to; the
/// model stays where the last one leads. `comparison` is how it differed from the desired one.
///
/// # Errors
/// See [`ProofError`].
pub fn prove(
    working: &mut Model,
    mut digests: BTreeMap<FactId, Digest>,
    desired: &Model,
    comparison: &Comparison,
    phases: Vec<Vec<Action>>,
) -> Result<Proof, ProofError> {
    let mut touched = BTreeSet::new();
    let mut changed = BTreeSet::new();
    let mut out = Vec::new();
    for actions in phases {
        let there: BTreeSet<QualifiedName> = relations(working);
        let indexes: BTreeSet<QualifiedName> = indexes(working);
        let search_path = common_search_path(&actions);
        let mut steps = Vec::new();
        let mut objects: BTreeMap<FactId, Option<Digest>> = BTreeMap::new();
        for action in actions {
            let before = working.savepoint();
            run(working, &action.sql).map_err(|detail| ProofError::Refused { sql: action.sql.text.clone(), detail })?;
            let changes = working.changes_since(before);
            changed.extend(changes.keys().cloned());
            let step = step(working, changes, action, &there, &search_path);
            for id in step.creates.iter().chain(&step.alters).chain(&step.destroys) {
                objects.insert(id.object(), None);
            }
            steps.push(step);
        }
        let locks = strongest(&steps);
        let tables: Vec<&Lock> = locks.iter().filter(|lock| !indexes.contains(&lock.relation)).collect();
        held(working.header(), &tables, &mut steps);
        refresh(working, &mut objects, &mut digests);
        touched.extend(objects.keys().cloned());
        out.push(Phase {
            transaction: true,
            search_path,
            locks,
            steps,
            checkpoint: Checkpoint { fingerprint: roll_up(&digests), objects },
        });
    }
    if let Some(delta) = comparison.after(changed, working, desired).deltas.first() {
        return Err(ProofError::Differs(Box::new(Delta::id(delta).clone())));
    }
    let target = out.last().map_or_else(|| roll_up(&digests), |phase: &Phase| phase.checkpoint.fingerprint);
    Ok(Proof { phases: out, touched, target })
}

/// Runs one statement of a plan in a model, strictly.
///
/// # Errors
/// The model's reason, in one line.
pub fn run(model: &mut Model, sql: &Sql) -> Result<(), String> {
    let search_path = sql.search_path.iter().flatten().map(|name| name.as_str().to_owned()).collect();
    let settings = Settings { search_path, check_function_bodies: false, ..Settings::default() };
    let options = SyntaxOptions { row_statements: RowStatements::Refuse, settings };
    let text = syntax::read_text("plan", &sql.text, &options);
    if let Some(error) = text.diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(error.message.clone());
    }
    let [statement] = text.statements.as_slice() else {
        return Err(format!("it is {} statements", text.statements.len()));
    };
    elaborate::execute(model, statement).map_err(|problem| problem.message.clone())?;
    Ok(())
}

/// What a statement did, as the model saw it.
fn step(
    working: &Model,
    changes: BTreeMap<FactId, bool>,
    action: Action,
    there: &BTreeSet<QualifiedName>,
    phase_path: &[Name],
) -> Step {
    let (mut creates, mut alters, mut destroys) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (id, was_there) in changes {
        match (was_there, working.contains(&id)) {
            (false, true) => creates.insert(id),
            (true, true) => alters.insert(id),
            (true, false) => destroys.insert(id),
            (false, false) => false,
        };
    }
    let Action { sql, mut locks, mut hazards, mut cost, .. } = action;
    let takes_long = |hazards: &[Hazard]| {
        hazards.iter().any(|hazard| matches!(hazard.kind, HazardKind::FullScan | HazardKind::TableRewrite))
    };
    let took_long = takes_long(&hazards);
    // who waits for a relation that the plan itself has made? nobody
    locks.retain(|lock| there.contains(&lock.relation));
    hazards.retain(|hazard| hazard.relation.as_ref().is_none_or(|relation| there.contains(relation)));
    if took_long && !takes_long(&hazards) {
        // a table that has no rows yet
        cost = Cost::Instant;
    }
    let search_path = sql.search_path.filter(|path| path != phase_path);
    Step { sql: sql.text, search_path, creates, alters, destroys, locks, hazards, cost }
}

/// Notes who waits for a phase's locks besides those whom its steps declare: a phase has all its locks from its beginning to its end,
/// so whoever waits for one of them waits for every step that takes long. It is noted at the first of those.
fn held(header: &Header, locks: &[&Lock], steps: &mut [Step]) {
    let is_long = |step: &&mut Step| step.cost != Cost::Instant;
    let mut declared: BTreeSet<(HazardKind, QualifiedName)> = BTreeSet::new();
    for hazard in steps.iter().flat_map(|step| &step.hazards) {
        declared.extend(hazard.relation.clone().map(|relation| (hazard.kind, relation)));
    }
    let mut long: Vec<&mut Step> = steps.iter_mut().filter(is_long).collect();
    let mut first_of: BTreeMap<QualifiedName, usize> = BTreeMap::new();
    for (at, step) in long.iter().enumerate() {
        for lock in &step.locks {
            first_of.entry(lock.relation.clone()).or_insert(at);
        }
    }
    for lock in locks {
        let Some(step) = long.get_mut(first_of.get(&lock.relation).copied().unwrap_or_default()) else { return };
        for (kind, from) in
            [(HazardKind::BlocksReads, LockMode::AccessExclusive), (HazardKind::BlocksWrites, LockMode::Share)]
        {
            if lock.mode >= from && !declared.contains(&(kind, lock.relation.clone())) {
                let detail = format!("{} stays locked until the phase is committed", lock.relation);
                step.hazards.push(action::hazard(header, kind, Some(&lock.relation), &detail));
            }
        }
    }
}

/// The indexes of a database.
fn indexes(model: &Model) -> BTreeSet<QualifiedName> {
    let ids = model.catalog().iter().map(|fact| &fact.id);
    ids.filter_map(|id| if let FactId::Index(name) = id { Some(name.clone()) } else { None }).collect()
}

/// The relations of a database.
fn relations(model: &Model) -> BTreeSet<QualifiedName> {
    model
        .catalog()
        .iter()
        .filter_map(|fact| match &fact.id {
            FactId::Table(name) | FactId::Sequence(name) | FactId::Index(name) => Some(name.clone()),
            _ => None,
        })
        .collect()
}

/// The path that most statements of a phase were written under; the first of them, where several are.
fn common_search_path(actions: &[Action]) -> Vec<Name> {
    let mut counts: BTreeMap<&Vec<Name>, usize> = BTreeMap::new();
    for path in actions.iter().filter_map(|action| action.sql.search_path.as_ref()) {
        *counts.entry(path).or_default() += 1;
    }
    let most = counts.values().max().copied().unwrap_or(0);
    counts.into_iter().find(|(_, count)| *count == most).map(|(path, _)| path.clone()).unwrap_or_default()
}

/// The strongest lock on each relation, in the order of their names: the order in which they are taken.
fn strongest(steps: &[Step]) -> Vec<Lock> {
    let mut modes: BTreeMap<&QualifiedName, LockMode> = BTreeMap::new();
    for lock in steps.iter().flat_map(|step| &step.locks) {
        let mode = modes.entry(&lock.relation).or_insert(lock.mode);
        *mode = (*mode).max(lock.mode);
    }
    modes.into_iter().map(|(relation, mode)| Lock { relation: relation.clone(), mode }).collect()
}

/// Digests the touched objects anew.
fn refresh(working: &Model, objects: &mut BTreeMap<FactId, Option<Digest>>, digests: &mut BTreeMap<FactId, Digest>) {
    let mut facts: BTreeMap<FactId, Vec<&pgseal_catalog::Fact>> = BTreeMap::new();
    for fact in working.catalog().iter() {
        let object = fact.id.object();
        if objects.contains_key(&object) {
            facts.entry(object).or_default().push(fact);
        }
    }
    for (object, digest) in objects {
        *digest = facts.remove(object).map(|facts| object_digest(object, facts));
        match digest {
            Some(digest) => digests.insert(object.clone(), *digest),
            None => digests.remove(object),
        };
    }
}
