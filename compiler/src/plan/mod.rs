//! From the source database and the desired one to a plan: deltas, actions, one order, phases.
//!
//! The plan is made in rounds (see `round.rs`); every statement runs in the model as soon as it is decided, so that the next
//! round sees what it really did. A plan that the model cannot carry to the desired catalog is not emitted.

pub mod action;
mod casts;
mod inherit;
pub(crate) mod misplaced;
mod order;
mod phases;
mod rebuild;
mod rename;
mod returning;
mod round;
mod rules;
mod slots;
mod soft;
mod switched;
mod unmodeled;
mod volatile;

use std::collections::{BTreeMap, BTreeSet};

use pgseal_catalog::fingerprint::Digest;
use pgseal_catalog::plan::{Binding, FORMAT, HazardKind, Inputs, Plan, Source, Timeouts, VERSION};
use pgseal_catalog::{Fact, FactId, Snapshot};

use crate::diff::{self, Comparison};
use crate::elaborate::{Misplaced, Model};
use crate::prove::{self, Proof};
use crate::stack::let_go;

use self::returning::LostColumns;
pub use action::{Action, Verb};
pub use casts::Conversion;
pub use order::Grouping;

/// How many rounds a plan may take. Each settles what the one before could not know; three do for everything known.
const MAX_ROUNDS: u32 = 8;

/// What a plan is made with, besides the two databases.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// Where and when it may be applied.
    pub binding: Binding,
    /// How long to wait and to run.
    pub timeouts: Timeouts,
    /// Digests of what it is made from.
    pub inputs: Inputs,
    /// What its readers should know besides.
    pub notes: Vec<String>,
}

/// The timeouts of a plan for which none were asked for: 3 s for a lock, tried ten times more, no limit on a statement.
#[must_use]
pub fn default_timeouts() -> Timeouts {
    Timeouts { lock_ms: 3_000, statement_ms: 0, lock_retries: 10 }
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Something that is not modelled needs what would change.
    #[error("{kind} \"{name}\" is not managed yet and needs {}, which the change would drop or retype", .touched.in_words())]
    Unmodeled {
        /// Postgres's words for its kind.
        kind: String,
        /// Its name.
        name: String,
        /// What it needs.
        touched: Box<FactId>,
    },
    /// A constraint whose triggers do not fire, of which no schema can speak.
    #[error(
        "{} is switched off in the database: a trigger by which the server keeps it does not fire as usual on {}",
        .constraint.in_words(), .table.in_words()
    )]
    SwitchedOff {
        /// The constraint.
        constraint: Box<FactId>,
        /// The table that the trigger is on.
        table: Box<FactId>,
    },
    /// A query that names columns by place, of a table whose columns stand in another order in the database.
    #[error(
        "{} cannot be told for the database, where the columns of {} stand in another order than in the schema",
        .query.in_words(), .table.in_words()
    )]
    Misplaced {
        /// What holds the query.
        query: Box<FactId>,
        /// The table.
        table: Box<FactId>,
    },
    /// A rule with `RETURNING` on a table that lost a column.
    #[error(
        "{} has a RETURNING list, which no server takes on {}: a column of it was dropped",
        .rule.in_words(), .table.in_words()
    )]
    LostColumns {
        /// The rule.
        rule: Box<FactId>,
        /// The table.
        table: Box<FactId>,
    },
    /// Needs that go round in a circle.
    #[error("cannot order the changes of {}", names(.facts))]
    Cycle {
        /// The facts on the circle, and behind it.
        facts: Vec<FactId>,
    },
    /// The model does not accept a statement of the plan.
    #[error("the model refuses a statement of the plan: {detail}; the statement was: {sql}")]
    Refused {
        /// The statement.
        sql: String,
        /// The model's reason.
        detail: String,
    },
    /// The rounds come to no end.
    #[error("no statement brings {} to what the schema says", names(.facts))]
    Unreachable {
        /// The facts that still differ.
        facts: Vec<FactId>,
    },
    /// The finished plan did not prove itself.
    #[error(transparent)]
    Unproven(#[from] prove::ProofError),
}

fn names(facts: &[FactId]) -> String {
    const SHOWN: usize = 10;
    let mut out = facts.iter().take(SHOWN).map(FactId::in_words).collect::<Vec<_>>().join(", ");
    if facts.len() > SHOWN {
        out.push_str(&format!(" and {} more", facts.len() - SHOWN));
    }
    out
}

impl PlanError {
    /// Whether it is the user's database or schema that cannot be planned, rather than a fault of the compiler.
    #[must_use]
    pub fn is_limitation(&self) -> bool {
        matches!(
            self,
            Self::Unmodeled { .. } | Self::SwitchedOff { .. } | Self::Misplaced { .. } | Self::LostColumns { .. }
        )
    }
}

impl From<Misplaced> for PlanError {
    fn from(misplaced: Misplaced) -> Self {
        Self::Misplaced { query: misplaced.query, table: misplaced.table }
    }
}

/// Makes the plan that brings the database of a snapshot to the desired one. `source` is the model of the snapshot, with all its
/// facts, `objects` the digests of its objects, `comparison` how it differs from the desired one; of the snapshot itself only what
/// surrounds the facts is looked at.
///
/// # Errors
/// See [`PlanError`].
pub fn make_plan(
    snapshot: &Snapshot,
    mut source: Model,
    objects: BTreeMap<FactId, Digest>,
    desired: &Model,
    comparison: Comparison,
    options: PlanOptions,
) -> Result<Plan, PlanError> {
    let schema = desired;
    let undecided = source.savepoint();
    let Decided { actions, comparison, laid } =
        decide_in_place(snapshot, &mut source, desired, Some(comparison), Grouping::ByKind)?;
    let desired = laid.as_ref().unwrap_or(schema);
    source.rollback(undecided);
    let phases = phases::split(desired, actions);
    let proof = prove::prove(&mut source, objects.clone(), desired, &comparison, phases)?;
    source.rollback(undecided);
    let Proof { phases, touched, target } = proof;
    let hazards: BTreeSet<HazardKind> =
        phases.iter().flat_map(|p| &p.steps).flat_map(|step| &step.hazards).map(|hazard| hazard.kind).collect();
    let facts =
        source.catalog().iter().filter(|fact| touched.contains(&fact.id.object())).map(Fact::recorded).collect();
    let mut notes = options.notes;
    for table in diff::reordered_tables(source.catalog(), schema.catalog()) {
        notes.push(format!(
            "{}: its columns stand in another order than in the schema; order cannot be changed",
            table.in_words()
        ));
    }
    let_go(source);
    Ok(Plan {
        format: FORMAT.to_owned(),
        version: VERSION,
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
        server_major: snapshot.major(),
        binding: options.binding,
        scope: snapshot.scope.clone(),
        inputs: options.inputs,
        source: Source { fingerprint: pgseal_catalog::fingerprint::roll_up(&objects), objects, facts },
        target,
        settings: session_settings(),
        timeouts: options.timeouts,
        hazards,
        phases,
        notes,
    })
}

/// What the agent sets in its session before it runs anything, so that statements mean there what they meant here. Bodies of
/// functions are not checked, as when a dump is restored: they may name what a later statement makes.
fn session_settings() -> BTreeMap<String, String> {
    [
        ("check_function_bodies", "off"),
        ("standard_conforming_strings", "on"),
        ("default_tablespace", ""),
        ("default_table_access_method", "heap"),
        ("row_security", "off"),
        ("xmloption", "content"),
        ("array_nulls", "on"),
        ("transform_null_equals", "off"),
        ("DateStyle", "ISO, MDY"),
        ("IntervalStyle", "postgres"),
        ("TimeZone", "UTC"),
        ("extra_float_digits", "1"),
        ("bytea_output", "hex"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

/// What is decided on.
#[derive(Debug)]
pub struct Decided {
    /// The statements.
    pub actions: Vec<Action>,
    /// How the two databases differ.
    pub comparison: Comparison,
    /// The desired one, where queries are printed otherwise in this database, whose columns stand in another order.
    pub laid: Option<Model>,
}

/// How often the order of columns may come out otherwise than was expected: once for each way in which it depends on itself.
const MAX_LAYOUTS: u32 = 3;

/// Decides on every statement as [`decide`] does, for a database where columns will stand in the order that the statements leave them
/// in. The model is left behind them. `comparison` is how the two differ, where that is known.
///
/// # Errors
/// See [`PlanError`].
pub fn decide_in_place(
    snapshot: &Snapshot,
    working: &mut Model,
    desired: &Model,
    mut comparison: Option<Comparison>,
    grouping: Grouping,
) -> Result<Decided, PlanError> {
    let undecided = working.savepoint();
    let mut laid = diff::laid_out_like(working, desired)?;
    for _ in 0..MAX_LAYOUTS {
        let target = laid.as_ref().unwrap_or(desired);
        let known = comparison.take().filter(|_| laid.is_none());
        let comparison = known.unwrap_or_else(|| Comparison::of(working, target));
        let decided = decide(snapshot, working, target, &comparison, grouping);
        match (diff::laid_out_like(working, target), decided) {
            (Ok(None), decided) => return Ok(Decided { actions: decided?, comparison, laid }),
            (Ok(Some(other)), _) => laid = Some(other),
            (Err(misplaced), _) => return Err(misplaced.into()),
        }
        working.rollback(undecided);
    }
    let target = laid.as_ref().unwrap_or(desired);
    let comparison = Comparison::of(working, target);
    let actions = decide(snapshot, working, target, &comparison, grouping)?;
    Ok(Decided { actions, comparison, laid })
}

/// Decides on every statement that brings one database, in which they are run, to another, round by round. `comparison` is how
/// the two differ.
///
/// # Errors
/// See [`PlanError`].
pub fn decide(
    snapshot: &Snapshot,
    working: &mut Model,
    desired: &Model,
    comparison: &Comparison,
    grouping: Grouping,
) -> Result<Vec<Action>, PlanError> {
    let mut actions = Vec::new();
    let mut lost = LostColumns::before(snapshot);
    let mut comparison = comparison.clone();
    let mut number = 1;
    while !comparison.deltas.is_empty() {
        switched::check(working, desired, &comparison.deltas)?;
        let ctx = rules::Context { working, desired, header: &snapshot.header };
        let mut round = round::plan_round(&ctx, &comparison.deltas, number, grouping)?;
        if round.is_empty() && number > 1 || number > MAX_ROUNDS {
            let facts = comparison.deltas.iter().map(|delta| delta.id().clone()).collect();
            return Err(PlanError::Unreachable { facts });
        }
        unmodeled::check(snapshot, working, desired, &round)?;
        round.sort_by_key(|action| !action.commit_before_use);
        let before = working.savepoint();
        for action in &round {
            lost.follow(working, desired, action)?;
            prove::run(working, &action.sql)
                .map_err(|detail| PlanError::Refused { sql: action.sql.text.clone(), detail })?;
        }
        actions.append(&mut round);
        comparison = comparison.after(working.changes_since(before).into_keys(), working, desired);
        number += 1;
    }
    Ok(actions)
}
