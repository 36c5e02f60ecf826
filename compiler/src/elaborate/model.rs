//! The model: a database as the interpreter of DDL sees it while statements run.
//!
//! Owns the facts ([`Catalog`], in order, and `FactIndex`, at hand), the name-resolution environment ([`Env`]), which is kept in step with them on every change, the
//! reverse edges, what the user wrote for each expression, and the journal that makes a statement atomic.
//!
//! Invariants: the environment is a function of the facts and the symbols, so undoing a change of a fact undoes it there too;
//! every change goes through [`Model::put`], [`Model::take`] and [`Model::set_written`]; the reverse edges hold exactly the
//! `needs` of the facts that are there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;
use pg_query::protobuf::Node;
use pgseal_catalog::facts::{Column, Constraint, Index, MaterializedView, Payload, Schema, Table, View};
use pgseal_catalog::snapshot::Header;
use pgseal_catalog::{Catalog, Fact, FactId, Name, QualifiedName, Snapshot};

use super::bind::Bindings;
use super::dependents::Dependents;
use super::fact_index::FactIndex;
use super::symbols::{Stage, SymbolIndex};
use crate::analyze;
use crate::env::{Env, Major, Oid, RelationKind, RelationRow, Surroundings};

/// The part of a fact that an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A column's default.
    Default,
    /// A check constraint, of a table or a domain.
    Check,
    /// A generated column.
    Generated,
    /// A key of an index, from 0.
    IndexKey(u16),
    /// The predicate of an index or an exclusion constraint.
    Predicate,
    /// A trigger's condition.
    When,
    /// USING of a policy.
    Using,
    /// WITH CHECK of a policy.
    WithCheck,
    /// The body of a function in the syntax of the standard.
    Body,
    /// WHERE of a rule.
    Condition,
    /// What a rule does, from 0.
    Action(u16),
    /// The query of a view.
    Query,
    /// The list of a view's columns, where it was written: no expression, only words for a statement.
    ViewColumns,
    /// The default of a column of a view, from 0.
    ViewDefault(u16),
    /// The default of an argument, from 0.
    ArgumentDefault(u16),
    /// A domain's default.
    DomainDefault,
    /// A partition's bound.
    PartitionBound,
    /// A part of a partition key, from 0.
    PartitionKey(u16),
    /// An element of an exclusion constraint, from 0.
    ExclusionKey(u16),
}

/// An expression as the user wrote it.
#[derive(Debug, Clone)]
pub struct Written {
    words: Words,
    /// The search path it was read with.
    pub search_path: Vec<Name>,
}

/// Most expressions are never asked for their text, so it is made when it is.
#[derive(Debug, Clone)]
enum Words {
    Text(String),
    Tree(Arc<Node>),
}

impl Written {
    /// An expression in these words.
    #[must_use]
    pub fn text(sql: String, search_path: Vec<Name>) -> Self {
        Self { words: Words::Text(sql), search_path }
    }

    /// An expression as it was read.
    #[must_use]
    pub fn tree(raw: &Node, search_path: Vec<Name>) -> Self {
        Self { words: Words::Tree(Arc::new(raw.clone())), search_path }
    }

    /// Its text; none for a tree that cannot be printed.
    #[must_use]
    pub fn sql(&self) -> Option<String> {
        match &self.words {
            Words::Text(sql) => Some(sql.clone()),
            Words::Tree(raw) => analyze::print_raw_expression(raw),
        }
    }
}

/// A place in the journal to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Savepoint(usize);

/// Why a snapshot is no database that can be worked on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// A server version that is not known.
    #[error("server version {0} is not supported: majors 14 to 18 are")]
    UnsupportedMajor(u32),
}

/// One change that can be undone.
#[derive(Debug, Clone)]
enum Undo {
    /// The fact that was at an address before.
    Fact(FactId, Option<Arc<Fact>>),
    /// What was written before.
    Written(FactId, Part, Option<Box<Written>>),
}

/// A database: facts, and what names mean in it.
#[derive(Debug, Clone)]
pub struct Model {
    pub(super) header: Arc<Header>,
    pub(super) catalog: Catalog,
    index: FactIndex,
    pub(super) env: Env,
    pub(super) symbols: Arc<SymbolIndex>,
    pub(super) bindings: Bindings,
    dependents: Dependents,
    // these two are looked into and never gone through, so that their order does not matter
    /// How many constraints of a schema have a name.
    constraint_names: HashMap<(Name, Name), u32, FixedState>,
    written: HashMap<FactId, Vec<(Part, Written)>, FixedState>,
    journal: Vec<Undo>,
}

impl Model {
    /// The database that a snapshot was taken of.
    ///
    /// # Errors
    /// A server version that is not known.
    pub fn from_snapshot(snapshot: &Snapshot) -> Result<Self, ModelError> {
        let mut model = Self::bare(snapshot)?;
        model.load(snapshot.catalog.clone());
        Ok(model)
    }

    /// The same, with the facts taken out of the snapshot.
    ///
    /// # Errors
    /// A server version that is not known.
    pub fn taken_from(snapshot: &mut Snapshot) -> Result<Self, ModelError> {
        let mut model = Self::bare(snapshot)?;
        model.load(std::mem::take(&mut snapshot.catalog));
        Ok(model)
    }

    /// The database that `schema.sql` is run in: the snapshot's server, settings, roles and available extensions, schema
    /// `public`, and nothing else.
    ///
    /// # Errors
    /// A server version that is not known.
    pub fn empty_like(snapshot: &Snapshot) -> Result<Self, ModelError> {
        let mut model = Self::bare(snapshot)?;
        model.load(initial_facts().into_iter().filter(|fact| snapshot.scope.holds(&fact.id)).collect());
        Ok(model)
    }

    fn bare(snapshot: &Snapshot) -> Result<Self, ModelError> {
        let number = snapshot.major();
        let major = Major::from_number(number).ok_or(ModelError::UnsupportedMajor(number))?;
        Ok(Self {
            header: Arc::new(snapshot.header.clone()),
            catalog: Catalog::new(),
            index: FactIndex::default(),
            env: Env::for_major(major).within(Surroundings {
                database: Some(snapshot.header.database.clone()),
                monetary_locale: snapshot.header.settings.get("lc_monetary").cloned(),
            }),
            symbols: Arc::new(SymbolIndex::new(&snapshot.symbols, &snapshot.header.collations, homes(snapshot))),
            bindings: Bindings::default(),
            dependents: Dependents::default(),
            constraint_names: HashMap::default(),
            written: HashMap::default(),
            journal: Vec::new(),
        })
    }

    /// Puts many facts at once: names first, then what they say, so that their order does not matter.
    fn load(&mut self, mut facts: Catalog) {
        let materialized: BTreeSet<QualifiedName> = facts
            .iter()
            .filter_map(|fact| match &fact.id {
                FactId::MaterializedView(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        for fact in facts.facts_mut() {
            super::needs::structural(&fact.id, &fact.payload, &mut fact.needs, |name| materialized.contains(name));
        }
        self.env.remove_schema("public");
        self.bind_loose_symbols(Stage::Types);
        for fact in facts.iter() {
            self.declare(fact);
        }
        self.bind_loose_symbols(Stage::Relations);
        for fact in facts.iter() {
            self.define(fact);
            self.link(fact);
        }
        self.index = FactIndex::of(&facts);
        self.catalog = facts;
        self.bind_loose_symbols(Stage::Routines);
    }

    /// The server's major version.
    #[must_use]
    pub fn major(&self) -> Major {
        self.env.major()
    }

    /// What the snapshot says of the server and the database.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The facts.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The facts, the rest thrown away.
    #[must_use]
    pub fn into_catalog(self) -> Catalog {
        self.catalog
    }

    /// What names mean.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// What the user wrote for an expression; none when it comes from a snapshot or was changed since.
    #[must_use]
    pub fn written(&self, id: &FactId, part: Part) -> Option<&Written> {
        self.written.get(id)?.iter().find(|(of, _)| *of == part).map(|(_, written)| written)
    }

    fn written_parts(&self, id: &FactId) -> Vec<Part> {
        self.written.get(id).into_iter().flatten().map(|(part, _)| *part).collect()
    }

    /// The facts that need a fact, in the order of ids.
    pub fn dependents(&self, id: &FactId) -> impl Iterator<Item = &FactId> {
        self.dependents.of(id, |_| true).into_iter()
    }

    /// The fact behind an identifier of the environment: a user's own object, or the extension of a member; none for
    /// built-in objects and unmodelled ones.
    #[must_use]
    pub fn fact_of(&self, oid: Oid) -> Option<&FactId> {
        self.bindings.fact_of(oid)
    }

    /// The row of a relation in the environment.
    #[must_use]
    pub fn relation_row(&self, name: &QualifiedName) -> Option<&RelationRow> {
        self.env.relations_named(name.name.as_str()).find(|row| row.schema == *name.schema.as_str())
    }
}

/// Changes.
impl Model {
    /// Marks a place to go back to.
    pub fn savepoint(&self) -> Savepoint {
        Savepoint(self.journal.len())
    }

    /// Undoes every change since a savepoint.
    pub fn rollback(&mut self, to: Savepoint) {
        while self.journal.len() > to.0 {
            match self.journal.pop() {
                Some(Undo::Fact(id, before)) => {
                    self.exchange(&id, before);
                }
                Some(Undo::Written(id, part, before)) => {
                    self.exchange_written(&id, part, before.map(|written| *written));
                }
                None => break,
            }
        }
    }

    /// Forgets what could be undone.
    pub fn commit(&mut self) {
        self.journal.clear();
    }

    /// Every fact that changed since a savepoint, and whether it was there then.
    #[must_use]
    pub fn changes_since(&self, savepoint: Savepoint) -> BTreeMap<FactId, bool> {
        let mut out = BTreeMap::new();
        for undo in self.journal.iter().skip(savepoint.0) {
            if let Undo::Fact(id, before) = undo {
                out.entry(id.clone()).or_insert(before.is_some());
            }
        }
        out
    }

    /// Puts a fact in, or replaces the one of the same id. What it structurally needs is added to its edges.
    pub fn put(&mut self, fact: Fact) {
        let fact = self.with_structural_needs(fact);
        let id = fact.id.clone();
        let before = self.exchange(&id, Some(Arc::new(fact)));
        self.journal.push(Undo::Fact(id, before));
    }

    /// Takes a fact out, with what was written for it.
    pub fn take(&mut self, id: &FactId) -> Option<Arc<Fact>> {
        for part in self.written_parts(id) {
            self.forget_written(id, part);
        }
        let before = self.exchange(id, None)?;
        self.journal.push(Undo::Fact(id.clone(), Some(Arc::clone(&before))));
        Some(before)
    }

    /// Keeps what the user wrote for an expression.
    pub fn set_written(&mut self, id: &FactId, part: Part, written: Written) {
        let before = self.exchange_written(id, part, Some(written));
        self.journal.push(Undo::Written(id.clone(), part, before.map(Box::new)));
    }

    /// Forgets what the user wrote: the stored text stands for itself from now on.
    pub fn forget_written(&mut self, id: &FactId, part: Part) {
        if let Some(before) = self.exchange_written(id, part, None) {
            self.journal.push(Undo::Written(id.clone(), part, Some(Box::new(before))));
        }
    }

    /// Forgets everything the user wrote for a fact.
    pub fn forget_all_written(&mut self, id: &FactId) {
        for part in self.written_parts(id) {
            self.forget_written(id, part);
        }
    }

    /// Puts facts in the place of others at once, so that they may name each other in any order.
    pub(super) fn replace(&mut self, changed: BTreeMap<FactId, Fact>) {
        for id in changed.keys().rev() {
            self.take(id);
        }
        let facts: Vec<Fact> = changed.into_values().map(|fact| self.with_structural_needs(fact)).collect();
        for fact in &facts {
            self.declare(fact);
        }
        for fact in facts {
            self.define(&fact);
            self.link(&fact);
            let id = fact.id.clone();
            let fact = Arc::new(fact);
            self.index.put(Arc::clone(&fact));
            let before = self.catalog.insert_shared(fact);
            self.journal.push(Undo::Fact(id, before));
        }
    }

    fn exchange(&mut self, id: &FactId, after: Option<Arc<Fact>>) -> Option<Arc<Fact>> {
        match after {
            Some(after) => {
                self.index.put(Arc::clone(&after));
                let before = self.catalog.insert_shared(Arc::clone(&after));
                match &before {
                    Some(before) => {
                        if before.needs != after.needs || constraint_names(before) != constraint_names(&after) {
                            self.unlink(before);
                            self.link(&after);
                        }
                        self.redefine(before, &after);
                    }
                    None => {
                        self.declare(&after);
                        self.define(&after);
                        self.link(&after);
                    }
                }
                before
            }
            None => {
                let before = self.catalog.remove_shared(id)?;
                self.index.remove(id);
                self.unlink(&before);
                self.unbind(&before);
                Some(before)
            }
        }
    }

    fn exchange_written(&mut self, id: &FactId, part: Part, after: Option<Written>) -> Option<Written> {
        match after {
            Some(after) => {
                let parts = self.written.entry(id.clone()).or_default();
                match parts.iter_mut().find(|(of, _)| *of == part) {
                    Some((_, before)) => Some(std::mem::replace(before, after)),
                    None => {
                        parts.push((part, after));
                        None
                    }
                }
            }
            None => {
                let parts = self.written.get_mut(id)?;
                let at = parts.iter().position(|(of, _)| *of == part)?;
                let (_, before) = parts.remove(at);
                if parts.is_empty() {
                    self.written.remove(id);
                }
                Some(before)
            }
        }
    }

    /// Whether a constraint of a schema has that name: of a table, of a domain, or a constraint trigger.
    #[must_use]
    pub fn constraint_name_taken(&self, schema: &Name, name: &Name) -> bool {
        self.constraint_names.contains_key(&(schema.clone(), name.clone()))
    }

    /// How long the journal is.
    pub(super) fn journal_length(&self) -> usize {
        self.journal.len()
    }

    /// The facts that were put in or changed since the journal had a length.
    pub(super) fn changed_since(&self, length: usize) -> impl Iterator<Item = &FactId> {
        self.journal.iter().skip(length).filter_map(|undo| match undo {
            Undo::Fact(id, _) if self.contains(id) => Some(id),
            _ => None,
        })
    }

    /// Adds to a fact's edges those that follow from its id and payload.
    fn with_structural_needs(&self, mut fact: Fact) -> Fact {
        let is_materialized = |name: &QualifiedName| {
            self.relation_row(name).is_some_and(|row| row.kind == RelationKind::MaterializedView)
        };
        super::needs::structural(&fact.id, &fact.payload, &mut fact.needs, is_materialized);
        fact
    }

    fn link(&mut self, fact: &Fact) {
        if let Some(name) = constraint_names(fact) {
            *self.constraint_names.entry(name).or_insert(0) += 1;
        }
        self.dependents.link(fact);
    }

    fn unlink(&mut self, fact: &Fact) {
        if let Some(name) = constraint_names(fact)
            && let Some(count) = self.constraint_names.get_mut(&name)
        {
            *count -= 1;
            if *count == 0 {
                self.constraint_names.remove(&name);
            }
        }
        self.dependents.unlink(fact);
    }
}

/// Questions about facts.
impl Model {
    /// The fact at an address.
    #[must_use]
    pub fn fact(&self, id: &FactId) -> Option<&Fact> {
        self.index.get(id)
    }

    /// Whether there is a fact at an address.
    #[must_use]
    pub fn contains(&self, id: &FactId) -> bool {
        self.index.get(id).is_some()
    }

    /// A table.
    #[must_use]
    pub fn table(&self, name: &QualifiedName) -> Option<&Table> {
        match &self.fact(&FactId::Table(name.clone()))?.payload {
            Payload::Table(table) => Some(table),
            _ => None,
        }
    }

    /// A view.
    #[must_use]
    pub fn view(&self, name: &QualifiedName) -> Option<&View> {
        match &self.fact(&FactId::View(name.clone()))?.payload {
            Payload::View(view) => Some(view),
            _ => None,
        }
    }

    /// A materialized view.
    #[must_use]
    pub fn materialized_view(&self, name: &QualifiedName) -> Option<&MaterializedView> {
        match &self.fact(&FactId::MaterializedView(name.clone()))?.payload {
            Payload::MaterializedView(view) => Some(view),
            _ => None,
        }
    }

    /// A column.
    #[must_use]
    pub fn column(&self, table: &QualifiedName, column: &Name) -> Option<&Column> {
        match &self.fact(&FactId::Column(table.clone(), column.clone()))?.payload {
            Payload::Column(column) => Some(column),
            _ => None,
        }
    }

    /// The columns of a table in order.
    #[must_use]
    pub fn columns(&self, table: &QualifiedName) -> Vec<(Name, Column)> {
        self.catalog
            .columns(table)
            .into_iter()
            .filter_map(|(name, fact)| match &fact.payload {
                Payload::Column(column) => Some((name.clone(), column.clone())),
                _ => None,
            })
            .collect()
    }

    /// A constraint.
    #[must_use]
    pub fn constraint(&self, table: &QualifiedName, name: &Name) -> Option<&Constraint> {
        match &self.fact(&FactId::Constraint(table.clone(), name.clone()))?.payload {
            Payload::Constraint(constraint) => Some(constraint),
            _ => None,
        }
    }

    /// The constraints of a table by name.
    pub fn constraints(&self, table: &QualifiedName) -> impl Iterator<Item = (&Name, &Constraint)> {
        self.catalog.constraints(table).filter_map(|fact| match (&fact.id, &fact.payload) {
            (FactId::Constraint(_, name), Payload::Constraint(constraint)) => Some((name, constraint)),
            _ => None,
        })
    }

    /// Copies of the constraints of a table by name, to be gone through while the table changes.
    #[must_use]
    pub fn constraints_copied(&self, table: &QualifiedName) -> Vec<(Name, Constraint)> {
        self.constraints(table).map(|(name, constraint)| (name.clone(), constraint.clone())).collect()
    }

    /// An index that no constraint owns.
    #[must_use]
    pub fn index(&self, name: &QualifiedName) -> Option<&Index> {
        match &self.fact(&FactId::Index(name.clone()))?.payload {
            Payload::Index(index) => Some(index),
            _ => None,
        }
    }

    /// What an index is on: a table, or a materialized view.
    #[must_use]
    pub fn indexed(&self, index: &Index) -> FactId {
        match self.materialized_view(&index.table) {
            Some(_) => FactId::MaterializedView(index.table.clone()),
            None => FactId::Table(index.table.clone()),
        }
    }

    /// The indexes of a table or a materialized view that no constraint owns, by name.
    #[must_use]
    pub fn indexes(&self, table: &QualifiedName) -> Vec<(QualifiedName, Index)> {
        let of_view = FactId::MaterializedView(table.clone());
        let is_index = |id: &FactId| matches!(id, FactId::Index(_));
        self.dependents
            .of(&FactId::Table(table.clone()), is_index)
            .into_iter()
            .chain(self.dependents.of(&of_view, is_index))
            .filter_map(|id| match id {
                FactId::Index(name) => Some((name.clone(), self.index(name)?.clone())),
                _ => None,
            })
            .filter(|(_, index)| index.table == *table)
            .collect()
    }

    /// The tables that inherit from a table or are its partitions, directly, by name.
    #[must_use]
    pub fn children(&self, table: &QualifiedName) -> Vec<QualifiedName> {
        self.dependents
            .of(&FactId::Table(table.clone()), |id| matches!(id, FactId::Table(_)))
            .into_iter()
            .filter_map(|id| match id {
                FactId::Table(child) => Some(child.clone()),
                _ => None,
            })
            .filter(|child| self.parents(child).contains(table))
            .collect()
    }

    /// The tables that a table inherits from or is a partition of.
    #[must_use]
    pub fn parents(&self, table: &QualifiedName) -> Vec<QualifiedName> {
        match self.table(table) {
            Some(found) => found.partition_of.iter().map(|p| p.parent.clone()).chain(found.inherits.clone()).collect(),
            None => Vec::new(),
        }
    }
}

/// The schemas that hold a snapshot's extensions.
fn homes(snapshot: &Snapshot) -> BTreeMap<Name, Name> {
    snapshot
        .catalog
        .iter()
        .filter_map(|fact| match (&fact.id, &fact.payload) {
            (FactId::Extension(extension), Payload::Extension(found)) => {
                Some((extension.clone(), found.schema.clone()))
            }
            _ => None,
        })
        .collect()
}

/// The names that a fact takes among the constraints of a schema (`pg_constraint`).
fn constraint_names(fact: &Fact) -> Option<(Name, Name)> {
    match (&fact.id, &fact.payload) {
        (FactId::Constraint(owner, name) | FactId::DomainConstraint(owner, name), _) => {
            Some((owner.schema.clone(), name.clone()))
        }
        (FactId::Trigger(table, name), Payload::Trigger(trigger)) if trigger.constraint.is_some() => {
            Some((table.schema.clone(), name.clone()))
        }
        (FactId::Domain(domain), Payload::Domain(found)) => {
            found.not_null_name.as_ref().map(|name| (domain.schema.clone(), name.clone()))
        }
        _ => None,
    }
}

/// What every new database holds and a capture names. Extension plpgsql, its comment and the standard comment on schema public
/// are in every database too, and no facts: no schema says so.
fn initial_facts() -> Vec<Fact> {
    Name::new("public")
        .ok()
        .map(|public| Fact::new(FactId::Schema(public), Payload::Schema(Schema::default())))
        .into_iter()
        .collect()
}
