//! Runs statements over a model: in any order for a schema, in strict order for a plan.
//!
//! A statement is atomic: what it did is undone when it fails. In a schema, a statement that fails for the lack of a name waits
//! for that name and is run again when something of that name appears; what still waits at the end is reported. So a file may
//! use what a later line defines, and the work is not quadratic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pg_query::NodeEnum;
use pgseal_catalog::{FactId, Name};

use super::error::{Elaborated, Problem};
use super::foreign_key::PendingForeignKey;
use super::model::Model;
use super::stored_query::holds_query;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::env::SearchPath;
use crate::syntax::{Settings, Statement};

/// Whether a statement may use what a later one makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As in a schema: every statement describes what should be there in the end.
    Any,
    /// As on a server.
    Strict,
}

/// One statement at work.
#[derive(Debug)]
pub(super) struct Interpreter<'m> {
    pub(super) model: &'m mut Model,
    pub(super) settings: Arc<Settings>,
    pub(super) path: SearchPath,
    pub(super) order: Order,
    /// Foreign keys of new tables toward tables that are not there yet.
    pub(super) pending: Vec<PendingForeignKey>,
    pub(super) notes: Vec<Diagnostic>,
}

/// Runs the statements of a schema; they may come in any order. What cannot be carried out is left out and reported.
pub fn elaborate(model: &mut Model, statements: &[Statement]) -> Diagnostics {
    let mut run = SchemaRun::default();
    run.go_on(model, statements);
    run.finish(statements)
}

/// Runs one statement as a server would: with nothing but what is there.
///
/// # Errors
/// What the server would refuse, and what is not covered; the model is then as it was.
pub fn execute(model: &mut Model, statement: &Statement) -> Result<Diagnostics, Box<Problem>> {
    let savepoint = model.savepoint();
    let mut interpreter = Interpreter::new(model, &statement.settings, Order::Strict);
    let result = interpreter.statement(statement);
    let notes = std::mem::take(&mut interpreter.notes);
    match result {
        Ok(()) => Ok(notes.into_iter().collect()),
        Err(problem) => {
            model.rollback(savepoint);
            Err(problem)
        }
    }
}

/// A run over the statements of a schema, which may still be coming.
#[derive(Debug, Default)]
pub struct SchemaRun {
    /// How many statements have had their turn.
    done: usize,
    /// Who waits for a name.
    waiting: BTreeMap<String, BTreeSet<usize>>,
    /// What is wrong with a statement so far.
    problems: BTreeMap<usize, Box<Problem>>,
    /// Foreign keys set aside, by the statement that they come from.
    pending: BTreeMap<usize, Vec<PendingForeignKey>>,
    notes: Diagnostics,
    /// Which statement gave a fact its queries.
    places: QueryPlaces,
}

/// The number of the statement that gave a fact its queries, by fact.
pub type QueryPlaces = BTreeMap<FactId, usize>;

impl SchemaRun {
    /// Runs the statements that have not had their turn. `statements` are all so far, from the first on. Returns the numbers of
    /// those that are carried out, whose trees are not looked at again.
    pub fn go_on(&mut self, model: &mut Model, statements: &[Statement]) -> Vec<usize> {
        let mut tried = Vec::new();
        for (number, statement) in statements.iter().enumerate().skip(self.done) {
            tried.push(number);
            let mut ready = self.attempt(model, number, statement);
            while let Some(next) = ready.pop_first() {
                if let Some(statement) = statements.get(next) {
                    tried.push(next);
                    ready.extend(self.attempt(model, next, statement));
                }
            }
            model.commit();
        }
        self.done = self.done.max(statements.len());
        tried.retain(|number| !self.problems.contains_key(number));
        tried
    }

    /// Takes out where queries come from.
    #[must_use]
    pub fn take_places(&mut self) -> QueryPlaces {
        std::mem::take(&mut self.places)
    }

    /// Adds what to do to the problems that come from the lack of one of these relations.
    pub fn advise(&mut self, relations: &BTreeSet<&str>, advice: impl Fn(&str) -> String) {
        for problem in self.problems.values_mut().filter(|problem| problem.hint.is_none()) {
            let missing = problem.missing.as_deref().filter(|name| relations.contains(name));
            if let (Some("42P01"), Some(name)) = (problem.sqlstate, missing) {
                problem.hint = Some(advice(name));
            }
        }
    }

    /// What there is to say in the end of all statements.
    #[must_use]
    pub fn finish(self, statements: &[Statement]) -> Diagnostics {
        let mut diagnostics = self.notes;
        for (number, problem) in self.problems {
            if let Some(statement) = statements.get(number) {
                diagnostics.push(problem.diagnostic(statement));
            }
        }
        diagnostics.sorted()
    }

    /// Runs a statement, or what was set aside of it; returns who may be tried again.
    fn attempt(&mut self, model: &mut Model, number: usize, statement: &Statement) -> BTreeSet<usize> {
        let savepoint = model.savepoint();
        let before = model.journal_length();
        let set_aside = self.pending.remove(&number);
        let mut interpreter = Interpreter::new(model, &statement.settings, Order::Any);
        let result = match &set_aside {
            Some(pending) => interpreter.add_pending(pending),
            None => interpreter.statement(statement),
        };
        let pending = std::mem::take(&mut interpreter.pending);
        let notes = std::mem::take(&mut interpreter.notes);
        self.problems.remove(&number);
        match result {
            Ok(()) => {
                self.note_places(model, before, number, statement);
                self.notes.extend(notes.into_iter().map(|note| placed(note, statement)));
                let woken =
                    if self.waiting.is_empty() { BTreeSet::new() } else { self.wake(&model.appeared_since(before)) };
                if let Some(first) = pending.first() {
                    self.problems.insert(number, first.problem.clone());
                    for name in pending.iter().filter_map(|p| p.problem.missing.clone()) {
                        self.waiting.entry(name).or_default().insert(number);
                    }
                    self.pending.insert(number, pending);
                }
                woken
            }
            Err(problem) => {
                model.rollback(savepoint);
                if let Some(name) = &problem.missing {
                    self.waiting.entry(name.clone()).or_default().insert(number);
                }
                if let Some(set_aside) = set_aside {
                    self.pending.insert(number, set_aside);
                }
                self.problems.insert(number, problem);
                BTreeSet::new()
            }
        }
    }

    /// Notes which queries a statement gave, or gave another name.
    fn note_places(&mut self, model: &Model, before: usize, number: usize, statement: &Statement) {
        let gives = matches!(
            statement.node,
            NodeEnum::ViewStmt(_)
                | NodeEnum::CreateTableAsStmt(_)
                | NodeEnum::RuleStmt(_)
                | NodeEnum::CreatePolicyStmt(_)
                | NodeEnum::AlterPolicyStmt(_)
                | NodeEnum::CreateFunctionStmt(_)
        );
        for id in model.changed_since(before) {
            if !model.fact(id).is_some_and(|fact| holds_query(&fact.payload)) {
                continue;
            }
            if gives {
                self.places.insert(id.clone(), number);
            } else {
                self.places.entry(id.clone()).or_insert(number);
            }
        }
    }

    fn wake(&mut self, names: &BTreeSet<String>) -> BTreeSet<usize> {
        if names.contains(EVERYTHING) {
            return std::mem::take(&mut self.waiting).into_values().flatten().collect();
        }
        names.iter().filter_map(|name| self.waiting.remove(name)).flatten().collect()
    }
}

/// A note without a place of its own is about the whole statement.
fn placed(note: Diagnostic, statement: &Statement) -> Diagnostic {
    if note.span.is_some() { note } else { note.at(statement.first_line()) }
}

/// Stands for every name: an extension brings members of any.
const EVERYTHING: &str = "";

impl Model {
    fn appeared_since(&self, before: usize) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for id in self.changed_since(before) {
            names_of(id, &mut names);
        }
        names
    }
}

/// The bare names under which a fact may have been missed.
fn names_of(id: &FactId, names: &mut BTreeSet<String>) {
    let mut add = |name: &Name| {
        names.insert(name.as_str().to_owned());
    };
    match id {
        FactId::Schema(name) => add(name),
        FactId::Extension(_) => {
            names.insert(EVERYTHING.to_owned());
        }
        FactId::Enum(name)
        | FactId::Domain(name)
        | FactId::Composite(name)
        | FactId::Range(name)
        | FactId::Sequence(name)
        | FactId::Table(name)
        | FactId::View(name)
        | FactId::MaterializedView(name)
        | FactId::Index(name) => add(&name.name),
        FactId::Column(owner, name)
        | FactId::Default(owner, name)
        | FactId::Constraint(owner, name)
        | FactId::Trigger(owner, name)
        | FactId::Policy(owner, name)
        | FactId::Rule(owner, name)
        | FactId::ViewTrigger(owner, name)
        | FactId::ViewRule(owner, name)
        | FactId::ViewColumn(owner, name)
        | FactId::MaterializedViewColumn(owner, name)
        | FactId::DomainConstraint(owner, name)
        | FactId::Attribute(owner, name) => {
            add(&owner.name);
            add(name);
        }
        FactId::Function(routine) | FactId::Procedure(routine) | FactId::Aggregate(routine) => add(&routine.name.name),
        FactId::Comment(_) => {}
    }
}

impl<'m> Interpreter<'m> {
    pub(super) fn new(model: &'m mut Model, settings: &Arc<Settings>, order: Order) -> Self {
        let path = SearchPath::new(settings.search_path.iter().filter(|name| *name != "$user"));
        Self { model, settings: Arc::clone(settings), path, order, pending: Vec::new(), notes: Vec::new() }
    }

    fn add_pending(&mut self, pending: &[PendingForeignKey]) -> Elaborated<()> {
        for one in pending {
            self.add_foreign_key_set_aside(one)?;
        }
        Ok(())
    }
}
