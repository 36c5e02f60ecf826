//! The whole way: a snapshot and the text of a schema in, a plan out. A pure function: no clock, no environment.

use std::collections::{BTreeMap, BTreeSet};

use pg_query::NodeEnum;
use pgseal_catalog::fingerprint::{Digest, object_digests};
use pgseal_catalog::plan::{Binding, Inputs, Plan, Timeouts};
use pgseal_catalog::{FactId, Snapshot, processors};

use crate::bodies;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::diff::Comparison;
use crate::elaborate::{Model, ModelError, QueryPlaces, SchemaRun};
use crate::plan::{self, PlanError, PlanOptions};
use crate::stack::{joined, let_go, spawn};
use crate::syntax::{SchemaFiles, SchemaText, SiftedStatements, SyntaxOptions};

/// What a plan is compiled with, besides snapshot and schema.
#[derive(Debug, Clone)]
pub struct CompileOptions {
    /// Where and when it may be applied.
    pub binding: Binding,
    /// How long to wait and to run.
    pub timeouts: Timeouts,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self { binding: Binding::default(), timeouts: plan::default_timeouts() }
    }
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The schema's text is not accepted; the diagnostics say why and where.
    #[error("the schema is not valid")]
    Schema(Diagnostics),
    /// The snapshot's server is not supported.
    #[error(transparent)]
    Snapshot(#[from] ModelError),
    /// No plan leads there.
    #[error(transparent)]
    Plan(#[from] Box<PlanError>),
}

/// A plan, and what there is to say of the schema.
#[derive(Debug)]
pub struct Compiled {
    /// The plan.
    pub plan: Plan,
    /// Warnings and notes.
    pub diagnostics: Diagnostics,
}

/// The database that a schema describes, on the server of a snapshot.
///
/// # Errors
/// A schema with errors, a server that is not supported.
pub fn desired(snapshot: &Snapshot, text: &SchemaText) -> Result<(Model, Diagnostics), CompileError> {
    let checked = Desired::of(snapshot, text)?.checked(text)?;
    Ok((checked.model, checked.diagnostics))
}

/// A database that a schema describes, as far as it was understood.
#[derive(Debug)]
pub struct Desired {
    model: Model,
    run: SchemaRun,
}

/// A database that a schema without errors describes.
struct Checked {
    model: Model,
    diagnostics: Diagnostics,
    places: QueryPlaces,
}

impl Desired {
    fn of(snapshot: &Snapshot, text: &SchemaText) -> Result<Self, ModelError> {
        let mut model = Model::empty_like(snapshot)?;
        let mut run = SchemaRun::default();
        run.go_on(&mut model, &text.statements);
        Ok(Self { model, run })
    }

    /// Elaborates a schema while it is still being parsed.
    ///
    /// # Errors
    /// A server that is not supported.
    pub fn read(
        snapshot: &Snapshot,
        schema: &SchemaFiles,
        options: &SyntaxOptions,
    ) -> Result<(Self, SiftedStatements), ModelError> {
        let mut model = Model::empty_like(snapshot)?;
        let mut run = SchemaRun::default();
        // this thread elaborates what the others parse
        let threads = processors().saturating_sub(1).max(1);
        let mut sifted = std::thread::scope(|scope| {
            schema.parse(threads, scope).sift(options, |statements| {
                let mut done = run.go_on(&mut model, statements);
                done.retain(|n| statements.get(*n).is_some_and(|statement| !bodies::may_point_at(&statement.node)));
                done
            })
        });
        if sifted.need_all_trees() {
            sifted = std::thread::scope(|scope| schema.parse(processors(), scope).sift(options, |_| Vec::new()));
            model = Model::empty_like(snapshot)?;
            run = SchemaRun::default();
            run.go_on(&mut model, sifted.statements());
        }
        Ok((Self { model, run }, sifted))
    }

    /// The database, and what there is to say of the schema.
    fn checked(mut self, text: &SchemaText) -> Result<Checked, CompileError> {
        let mut diagnostics = text.diagnostics.clone();
        let places = self.run.take_places();
        self.run.advise(&foreign_tables(text), |name| {
            format!(
                "\"{name}\" is a foreign table, which pgseal does not manage yet: create it in the database, then capture again"
            )
        });
        diagnostics.append(self.run.finish(&text.statements));
        let diagnostics = diagnostics.sorted();
        if diagnostics.has_errors() {
            return Err(CompileError::Schema(diagnostics));
        }
        Ok(Checked { model: self.model, diagnostics, places })
    }
}

/// The foreign tables of a schema, by bare name: those are not managed, so that only the snapshot knows them.
fn foreign_tables(text: &SchemaText) -> BTreeSet<&str> {
    text.unmanaged
        .iter()
        .filter_map(|other| match &other.statement.node {
            NodeEnum::CreateForeignTableStmt(create) => {
                create.base_stmt.as_ref()?.relation.as_ref().map(|relation| relation.relname.as_str())
            }
            _ => None,
        })
        .collect()
}

/// The database that a plan starts from.
#[derive(Debug)]
pub struct Source {
    /// Without its facts, which are in the model.
    snapshot: Snapshot,
    digest: Digest,
    objects: BTreeMap<FactId, Digest>,
    model: Model,
}

impl Source {
    /// The database of a snapshot; `digest` is that of its file, `objects` are those of its objects.
    ///
    /// # Errors
    /// A server version that is not known.
    pub fn new(mut snapshot: Snapshot, digest: Digest, objects: BTreeMap<FactId, Digest>) -> Result<Self, ModelError> {
        let model = Model::taken_from(&mut snapshot)?;
        Ok(Self { snapshot, digest, objects, model })
    }
}

/// Compiles the plan that brings the database of a snapshot to the schema.
///
/// # Errors
/// See [`CompileError`].
pub fn compile(
    snapshot: &Snapshot,
    snapshot_digest: Digest,
    text: &SchemaText,
    options: &CompileOptions,
) -> Result<Compiled, CompileError> {
    let source = Source::new(snapshot.clone(), snapshot_digest, object_digests(&snapshot.catalog))?;
    compiled(source, Desired::of(snapshot, text)?.checked(text)?, text, options)
}

/// Compiles as [`compile`] does, from what was read apart.
///
/// # Errors
/// See [`CompileError`].
pub fn compile_from(
    source: Source,
    desired: Desired,
    text: &SchemaText,
    options: &CompileOptions,
) -> Result<Compiled, CompileError> {
    compiled(source, desired.checked(text)?, text, options)
}

fn compiled(
    source: Source,
    desired: Checked,
    text: &SchemaText,
    options: &CompileOptions,
) -> Result<Compiled, CompileError> {
    let Checked { model: desired, mut diagnostics, places } = desired;
    let (comparison, warnings) = std::thread::scope(|scope| {
        let warn = || bodies::warnings(&source.snapshot, &source.model, &desired, text, &diagnostics);
        let warnings = spawn(scope, warn);
        let comparison = Comparison::of(&source.model, &desired);
        (comparison, warnings.map_or_else(|_| warn(), joined))
    });
    diagnostics.append(warnings);
    let diagnostics = diagnostics.sorted();
    let mut plan = match plan_from(source, &desired, comparison, text, options) {
        Ok(plan) => plan,
        Err(error) => {
            let Some(said) = plan::misplaced::diagnostic(&error, &places, text) else {
                return Err(Box::new(error).into());
            };
            return Err(CompileError::Schema(diagnostics.into_iter().chain([said]).collect::<Diagnostics>().sorted()));
        }
    };
    let_go(desired);
    let diagnostics = match everything_dropped(&plan, text) {
        Some(warning) => {
            plan.notes.insert(0, warning.message.clone());
            diagnostics.into_iter().chain([warning]).collect::<Diagnostics>().sorted()
        }
        None => diagnostics,
    };
    Ok(Compiled { plan, diagnostics })
}

/// A schema without a statement is mostly the wrong file, and the plan that it makes the last one that is wanted. It is told to whoever
/// makes the plan, and in the plan to whoever reads it.
fn everything_dropped(plan: &Plan, text: &SchemaText) -> Option<Diagnostic> {
    /// How many files are named.
    const NAMED: usize = 5;
    let drops = plan.phases.iter().flat_map(|phase| &phase.steps).any(|step| !step.destroys.is_empty());
    if !text.statements.is_empty() || !drops {
        return None;
    }
    let mut files: Vec<String> = text.digests.keys().take(NAMED).map(|file| format!("\"{file}\"")).collect();
    if let Some(more) = text.digests.len().checked_sub(NAMED).filter(|more| *more > 0) {
        files.push(format!("{more} more"));
    }
    let message = "the schema creates nothing: this plan drops everything that is in scope";
    let warning = Diagnostic::warning(codes::EVERYTHING_DROPPED, message);
    let warning =
        if files.is_empty() { warning } else { warning.with_detail(format!("what was read: {}", files.join(", "))) };
    Some(warning.with_hint("look whether --schema names the right files, and whether they hold what they should"))
}

fn plan_from(
    source: Source,
    desired: &Model,
    comparison: Comparison,
    text: &SchemaText,
    options: &CompileOptions,
) -> Result<Plan, PlanError> {
    let Source { snapshot, digest, objects, model } = source;
    let options = PlanOptions {
        binding: options.binding.clone(),
        timeouts: options.timeouts,
        inputs: Inputs { snapshot: digest, schema: text.digests.clone() },
        notes: notes(&snapshot),
    };
    let plan = plan::make_plan(&snapshot, model, objects, desired, comparison, options)?;
    let_go(snapshot);
    Ok(plan)
}

/// What the readers of a plan should know of the database: what it holds that is not managed.
fn notes(snapshot: &Snapshot) -> Vec<String> {
    /// How many objects of one kind are named.
    const NAMED: usize = 10;
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for other in &snapshot.unmodeled {
        kinds.entry(&other.kind).or_default().push(&other.name);
    }
    let mut notes = Vec::new();
    for (kind, names) in kinds {
        if names.len() > NAMED {
            notes.push(format!(
                "{kind} {} and {} more of this kind are not managed yet and stay as they are",
                names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", "),
                names.len() - NAMED
            ));
        } else {
            let rest = match kind {
                "grants" => "are not managed yet and stay as they are",
                _ => "is not managed yet and stays as it is",
            };
            notes.extend(names.iter().map(|name| format!("{kind} {name} {rest}")));
        }
    }
    notes
}
