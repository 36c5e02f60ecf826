//! The steps of the way from a database to its next state, each as one call with an error for people to read. The first
//! word of an error says which part of the way it comes from.

use std::sync::OnceLock;

use pgseal::compile::{self, CompileError, CompileOptions};
use pgseal::diagnostic::Severity;
use pgseal::diagnostic::render::{Colour, render_all};
use pgseal::elaborate::Model;
use pgseal::prove;
use pgseal::render::Sql;
use pgseal::syntax::{self, RowStatements, SchemaText, SyntaxOptions, read_text};
use pgseal_agent::apply::{Means, Report};
use pgseal_agent::capture::capture;
use pgseal_agent::connect::{ConnectionArgs, Environment, Session, Settings};
use pgseal_catalog::plan::Plan;
use pgseal_catalog::{Digest, Scope, Snapshot};
use pgseal_keys::key_file::{self, Protection};
use pgseal_keys::policy::InitialKey;
use pgseal_keys::{
    self as keys, Admitted, LiveTarget, Memory, PlanFacts, Seal, Signer, Statement, TrustPolicy, Unverified,
    Workstation,
};

use crate::difference::{difference, only_spellings_differ};
use crate::schema::Document;
use crate::server::{Database, Server};

/// Captures a database as superuser, with every schema in scope.
///
/// # Errors
/// What the capture says.
pub fn snapshot(database: &Database<'_>) -> Result<Snapshot, String> {
    let scope = Scope::default();
    database
        .in_session(|client| capture(client, &scope, "2026-01-01T00:00:00Z".to_owned()))
        .map_err(|error| format!("capture: {error}"))
}

/// Expects two snapshots to be of the same schema.
///
/// # Errors
/// How they differ, fact by fact; that fingerprints and facts disagree, if they do.
pub fn expect_same(left_name: &str, left: &Snapshot, right_name: &str, right: &Snapshot) -> Result<(), String> {
    let text = difference(left_name, &left.catalog, right_name, &right.catalog);
    match (text.is_empty(), left.fingerprint() == right.fingerprint()) {
        (true, true) => Ok(()),
        (false, _) => Err(format!("{left_name} is not {right_name}:\n{text}")),
        (true, false) => Err(format!("{left_name} and {right_name} have equal facts and unequal fingerprints")),
    }
}

/// Compiles the plan from a snapshot to a schema.
///
/// # Errors
/// `compile: …` with the diagnostics or the reason why there is no plan.
pub fn plan(from: &Snapshot, sql: &str) -> Result<Plan, String> {
    let text = schema_text(from, sql);
    let digest = Digest::of(&from.to_bytes());
    match compile::compile(from, digest, &text, &CompileOptions::default()) {
        Ok(compiled) => Ok(compiled.plan),
        Err(error) => Err(format!("compile: {}", explain(&error, &text))),
    }
}

/// Brings a database to the next schema, and holds the plan to all its promises: its source and target are what the
/// server has and gets, every checkpoint is met, and nothing is left to plan.
///
/// # Errors
/// Which promise is broken, with the plan's SQL where that helps.
pub fn migrate(database: &Database<'_>, from: &Snapshot, sql: &str, to: &Snapshot) -> Result<Plan, String> {
    let (plan, after) = carried_out(database, from, sql)?;
    expect_same_to_a_plan("the database after the plan", &after, "the schema made at once", to)
        .map_err(|text| format!("apply: {text}{}", statements(&plan)))?;
    expect_nothing_left(&plan, &after, sql)?;
    Ok(plan)
}

/// [`migrate`] where what the schema makes at once is printed otherwise, because columns stand in another order.
///
/// # Errors
/// As those of [`migrate`].
pub fn migrate_in_place(database: &Database<'_>, from: &Snapshot, sql: &str) -> Result<Plan, String> {
    let (plan, after) = carried_out(database, from, sql)?;
    expect_nothing_left(&plan, &after, sql)?;
    Ok(plan)
}

/// Plans and applies; holds the plan to its source, its checkpoints and its target.
fn carried_out(database: &Database<'_>, from: &Snapshot, sql: &str) -> Result<(Plan, Snapshot), String> {
    let plan = plan(from, sql)?;
    if plan.source.fingerprint != from.fingerprint() {
        return Err("compile: the plan's source is not the snapshot".to_owned());
    }
    let read =
        Plan::from_bytes(&plan.to_bytes()).map_err(|error| format!("compile: the plan cannot be read: {error}"))?;
    let faults = Document::Plan.faults(&plan.to_bytes());
    if !faults.is_empty() {
        return Err(format!("compile: the plan is not of its published form: {}", faults.join("; ")));
    }
    if read != plan {
        return Err("compile: what was read back is not the plan".to_owned());
    }
    can_be_undone(from, &plan)?;
    apply(database, &plan)?;
    let after = snapshot(database)?;
    if after.fingerprint() != plan.target {
        return Err(format!("apply: the database is not at the plan's target{}", statements(&plan)));
    }
    Ok((plan, after))
}

fn expect_nothing_left(plan: &Plan, after: &Snapshot, sql: &str) -> Result<(), String> {
    let again = self::plan(after, sql).map_err(|text| format!("replan: {text}"))?;
    if !again.phases.is_empty() {
        return Err(format!(
            "replan: there are steps left{}\nthe first plan was{}",
            statements(&again),
            statements(plan)
        ));
    }
    Ok(())
}

/// Seals a plan, verifies the seal and applies it as the agent does.
///
/// # Errors
/// `apply: …` with what the agent says.
pub fn apply(database: &Database<'_>, plan: &Plan) -> Result<(), String> {
    let admitted = admit(database, plan).map_err(|error| format!("apply: {error}"))?;
    let server = database.server();
    let arguments = ConnectionArgs {
        host: Some(server.host().to_owned()),
        port: Some(server.port().to_string()),
        user: Some("postgres".to_owned()),
        db: Some(database.name().to_owned()),
        ..ConnectionArgs::default()
    };
    let settings =
        Settings::resolve(&arguments, &Environment::new(&[], None, None)).map_err(|error| format!("apply: {error}"))?;
    let mut session = Session::open(&settings).map_err(|error| format!("apply: {error}"))?;
    match pgseal_agent::apply::apply(&mut session, &admitted, &Means::default(), &mut Report::default(), &mut |_| {}) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("apply: {error}\n{}{}", error.detail().join("\n"), statements(plan))),
    }
}

fn admit(database: &Database<'_>, plan: &Plan) -> Result<Admitted<Plan>, String> {
    let keys = keys();
    let document = plan.to_bytes();
    let mut seal = Seal::<keys::Plan>::default();
    seal.sign(&keys.signer, Statement::Signed, &document).map_err(|error| error.to_string())?;
    let received = Unverified::<keys::Plan>::new(document, Some(seal.to_bytes()));
    let verified = received.verify(&keys.policy, 0).map_err(|error| error.to_string())?;
    let opened = verified
        .open(|bytes| {
            let plan = Plan::from_bytes(bytes).map_err(|error| error.to_string())?;
            let facts = PlanFacts {
                hazards: plan.hazards.iter().map(|hazard| hazard.word().to_owned()).collect(),
                compiler_version: plan.compiler.clone(),
                ..PlanFacts::default()
            };
            Ok::<_, String>((plan, facts))
        })
        .map_err(|error| error.clone())?;
    let live = LiveTarget { database: database.name().to_owned(), system_identifier: None };
    opened
        .authorize(None, &Memory::Absent)
        .and_then(|authorized| authorized.admit(&live))
        .map_err(|error| error.to_string())
}

/// A signer, and a policy that trusts it with everything.
struct Keys {
    signer: Signer<Workstation>,
    policy: TrustPolicy,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (private, public) = (folder.path().join("key.pem"), folder.path().join("key.pub.pem"));
        let key = key_file::generate(&private, &public, Protection::Plain).expect("a key");
        let signer = key_file::read_private(&private, None).expect("the key");
        let trusted = InitialKey { name: "tests".to_owned(), key, roles: Vec::new(), signs: Vec::new() };
        let policy = TrustPolicy::initial(&[trusted], 1).expect("a policy");
        Keys { signer, policy: TrustPolicy::read(policy.as_bytes()).expect("the policy") }
    })
}

/// Dumps a snapshot as SQL.
///
/// # Errors
/// `dump: …`
pub fn dump(snapshot: &Snapshot) -> Result<String, String> {
    Ok(pgseal::dump::dump(snapshot).map_err(|error| format!("dump: {error}"))?.script())
}

/// Takes a snapshot to SQL and back: the dump makes the same schema in an empty database, and planned against its own
/// snapshot it has no step. Where the server prints an expression otherwise after reading it once more, the next round must
/// be exact.
///
/// # Errors
/// `dump: …` with what differs or is left.
pub fn round_trip(server: &Server, original: &Snapshot) -> Result<(), String> {
    round_trip_with(server, original, "").map(|_| ())
}

/// [`round_trip`] of a database with objects that are not modelled: the statements that make those are run after the dump. The
/// copy is handed back.
///
/// # Errors
/// `dump: …` with what differs or is left; that what is not modelled differs.
pub fn round_trip_with(server: &Server, original: &Snapshot, unmodeled: &str) -> Result<Snapshot, String> {
    let sql = dump(original)?;
    let copy = reloaded(server, &sql, unmodeled)?;
    if copy.unmodeled != original.unmodeled {
        return Err(format!("dump: not modelled are {:?}, of the original {:?}", copy.unmodeled, original.unmodeled));
    }
    if let Err(text) = expect_same("the database made by the dump", &copy, "the original", original) {
        if !only_spellings_differ(&copy.catalog, &original.catalog) {
            return expect_same_to_a_plan("the database made by the dump", &copy, "the original", original)
                .map_err(|_| format!("dump: {text}\nthe dump was\n{sql}"))
                .map(|()| copy);
        }
        // the judge is the server, not our own opinion of what is the same
        expect_same("the second dump", &reloaded(server, &dump(&copy)?, unmodeled)?, "the first", &copy)
            .map_err(|text| format!("dump: {text}"))?;
    }
    let plan = plan(original, &sql).map_err(|text| format!("dump: {text}\nthe dump was\n{sql}"))?;
    if plan.phases.is_empty() {
        Ok(copy)
    } else {
        Err(format!("dump: the dump is not what it is made of{}", statements(&plan)))
    }
}

/// Expects a model to be as before when a plan's statements are taken back in it: the same facts, and names that mean the same, so
/// that the statements run again with the same result. A plan is decided, taken back and proven in one model.
fn can_be_undone(from: &Snapshot, plan: &Plan) -> Result<(), String> {
    let mut model = Model::from_snapshot(from).map_err(|error| error.to_string())?;
    let before = model.catalog().clone();
    let savepoint = model.savepoint();
    let mut results = Vec::new();
    for _ in 0..2 {
        for phase in &plan.phases {
            for step in &phase.steps {
                let search_path = Some(step.search_path.clone().unwrap_or_else(|| phase.search_path.clone()));
                prove::run(&mut model, &Sql { text: step.sql.clone(), search_path })
                    .map_err(|error| format!("undo: {error}{}", statements(plan)))?;
            }
        }
        results.push(model.catalog().clone());
        model.rollback(savepoint);
        if *model.catalog() != before {
            return Err(format!("undo: something is left of the plan{}", statements(plan)));
        }
    }
    if results.windows(2).all(|pair| matches!(pair, [first, second] if first == second)) {
        Ok(())
    } else {
        Err(format!("undo: the statements do something else the second time{}", statements(plan)))
    }
}

/// The schema that a dump makes, with what it cannot hold run after it.
fn reloaded(server: &Server, sql: &str, unmodeled: &str) -> Result<Snapshot, String> {
    let empty = server.scratch();
    crate::corpus::load(&empty, sql)
        .map_err(|rejection| format!("dump: does not load: {rejection}\nthe dump was\n{sql}"))?;
    if !unmodeled.is_empty() {
        crate::corpus::load(&empty, unmodeled)
            .map_err(|rejection| format!("dump: what is not modelled does not load after it: {rejection}"))?;
    }
    snapshot(&empty)
}

/// Expects two snapshots to be of the same schema, or to differ in nothing that a migration could change: spellings of
/// expressions that settle on the same text, names of inherited constraints.
fn expect_same_to_a_plan(left_name: &str, left: &Snapshot, right_name: &str, right: &Snapshot) -> Result<(), String> {
    let exactly = expect_same(left_name, left, right_name, right);
    if exactly.is_ok() {
        return exactly;
    }
    let model = |snapshot: &Snapshot| Model::from_snapshot(snapshot).map_err(|error| error.to_string());
    let deltas = pgseal::diff::diff(&model(left)?, &model(right)?);
    if deltas.is_empty() { Ok(()) } else { exactly }
}

fn schema_text(like: &Snapshot, sql: &str) -> SchemaText {
    let settings = syntax::Settings::of_server(&like.header.settings);
    read_text("schema.sql", sql, &SyntaxOptions { row_statements: RowStatements::Skip, settings })
}

fn explain(error: &CompileError, text: &SchemaText) -> String {
    match error {
        CompileError::Schema(diagnostics) => {
            let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
            render_all(errors, &text.sources, Colour::Never)
        }
        other => other.to_string(),
    }
}

/// A plan's statements, for the message of a failure.
pub fn statements(plan: &Plan) -> String {
    let mut text = String::from("\nthe plan:");
    for phase in &plan.phases {
        text.push_str(if phase.transaction { "\n  -- transaction" } else { "\n  -- no transaction" });
        for step in &phase.steps {
            text.push_str("\n  ");
            text.push_str(&step.sql.replace('\n', "\n  "));
            text.push(';');
        }
    }
    text
}
