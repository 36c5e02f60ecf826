//! An action: one statement with what it creates, changes and destroys, what it locks and what could hurt.

use std::collections::BTreeSet;

use pgseal_catalog::plan::{Cost, Hazard, HazardKind, Lock, LockMode};
use pgseal_catalog::snapshot::Header;
use pgseal_catalog::{FactId, QualifiedName};

use crate::render::Sql;

/// What an action does to its main fact; decides where it stands among others that nothing orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// It goes.
    Drop,
    /// It changes in place.
    Alter,
    /// It comes.
    Create,
}

/// What else the order of a round has to know about a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes a column's type or generation expression.
    Retypes,
    /// It makes a column an identity column, which must be not null by then.
    GivesIdentity,
    /// It makes an identity column a plain one, which may be null only afterwards.
    DropsIdentity,
    /// It links its object to another one, after both are there, and nothing waits for it.
    Links,
    /// It frees its object from another one, before that goes.
    LetsGo,
}

/// One statement of a plan in the making.
#[derive(Debug, Clone)]
pub struct Action {
    /// The statement.
    pub sql: Sql,
    /// What it does to its main fact.
    pub verb: Verb,
    /// The fact that it is about.
    pub about: FactId,
    /// Facts that are there only after it.
    pub creates: BTreeSet<FactId>,
    /// Facts that are gone after it.
    pub destroys: BTreeSet<FactId>,
    /// Relations that it locks, as far as they were there before.
    pub locks: Vec<Lock>,
    /// What could hurt.
    pub hazards: Vec<Hazard>,
    /// How its duration grows.
    pub cost: Cost,
    /// It must be committed before what needs its fact runs (a new enum value).
    pub commit_before_use: bool,
    /// What the order has to know besides.
    pub effect: Option<Effect>,
}

/// A hazard, with the size of the relation when the snapshot was taken.
#[must_use]
pub fn hazard(header: &Header, kind: HazardKind, relation: Option<&QualifiedName>, detail: &str) -> Hazard {
    let size = relation.and_then(|relation| header.statistics.get(relation));
    Hazard {
        kind,
        relation: relation.cloned(),
        rows: size.map(|size| size.rows),
        bytes: size.map(|size| size.bytes),
        detail: detail.to_owned(),
    }
}

impl Action {
    /// An action that is instant and harms nobody.
    #[must_use]
    pub fn new(verb: Verb, about: FactId, sql: Sql) -> Self {
        let mut action = Self {
            sql,
            verb,
            about: about.clone(),
            creates: BTreeSet::new(),
            destroys: BTreeSet::new(),
            locks: Vec::new(),
            hazards: Vec::new(),
            cost: Cost::Instant,
            commit_before_use: false,
            effect: None,
        };
        match verb {
            Verb::Create => action.creates.insert(about),
            Verb::Drop => action.destroys.insert(about),
            Verb::Alter => false,
        };
        action
    }

    /// Sets what the order has to know besides.
    #[must_use]
    pub fn with(mut self, effect: Effect) -> Self {
        self.effect = Some(effect);
        self
    }

    /// Adds a lock.
    #[must_use]
    pub fn locking(mut self, relation: &QualifiedName, mode: LockMode) -> Self {
        self.locks.push(Lock { relation: relation.clone(), mode });
        self
    }

    /// Sets how its duration grows.
    #[must_use]
    pub fn costing(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self
    }

    /// Adds a hazard, with the size of the relation when the snapshot was taken.
    #[must_use]
    pub fn hazard(mut self, header: &Header, kind: HazardKind, relation: Option<&QualifiedName>, detail: &str) -> Self {
        self.hazards.push(hazard(header, kind, relation, detail));
        self
    }

    /// The relation is read from end to end under the action's lock on it.
    #[must_use]
    pub fn scanning(self, header: &Header, relation: &QualifiedName, mode: LockMode, detail: &str) -> Self {
        self.locking(relation, mode)
            .hazard(header, HazardKind::FullScan, Some(relation), detail)
            .blocking(header, relation, mode, detail)
            .costing(Cost::Scan)
    }

    /// The relation is written anew under the action's lock on it.
    #[must_use]
    pub fn rewriting(self, header: &Header, relation: &QualifiedName, detail: &str) -> Self {
        let mode = LockMode::AccessExclusive;
        self.locking(relation, mode)
            .hazard(header, HazardKind::TableRewrite, Some(relation), detail)
            .blocking(header, relation, mode, detail)
            .costing(Cost::Rewrite)
    }

    /// For as long as the action takes, others wait: whom depends on the lock mode.
    #[must_use]
    pub fn blocking(self, header: &Header, relation: &QualifiedName, mode: LockMode, detail: &str) -> Self {
        let mut action = self;
        if mode >= LockMode::AccessExclusive {
            action = action.hazard(header, HazardKind::BlocksReads, Some(relation), detail);
        }
        if mode >= LockMode::Share {
            action = action.hazard(header, HazardKind::BlocksWrites, Some(relation), detail);
        }
        action
    }
}
