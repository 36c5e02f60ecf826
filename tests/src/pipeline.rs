//! The steps of the way from a database to its next state, each as one call with an error for people to read. The first
//! word of an error says which part of the way it comes from.

use std::sync::OnceLock;

use pgseal_agent::apply::Report;
use pgseal_agent::capture::capture;
use pgseal_agent::connect::{ConnectionArgs, Environment, Session, Settings};
use pgseal_catalog::plan::Plan;
use pgseal_catalog::{Scope, Snapshot};
use pgseal_keys::key_file::{self, Protection};
use pgseal_keys::policy::InitialKey;
use pgseal_keys::{
    self as keys, Admitted, LiveTarget, PlanFacts, Seal, Signer, Statement, TrustPolicy, Unverified, Workstation,
};

use crate::difference::difference;
use crate::server::Database;

/// Captures a database as superuser, with every schema in scope.
///
/// # Errors
/// What the capture says.
pub fn snapshot(database: &Database<'_>) -> Result<Snapshot, String> {
    let scope = Scope::default();
    capture(&mut database.connect(), &scope, "2026-01-01T00:00:00Z".to_owned())
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
    match pgseal_agent::apply::apply(&mut session, &admitted, &mut Report::default(), &mut |_| {}) {
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
    opened.authorize(None).and_then(|authorized| authorized.admit(&live)).map_err(|error| error.to_string())
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
        let trusted = InitialKey { name: "tests".to_owned(), key, roles: Vec::new() };
        let policy = TrustPolicy::initial(&[trusted], 1).expect("a policy");
        Keys { signer, policy: TrustPolicy::read(policy.as_bytes()).expect("the policy") }
    })
}

fn statements(plan: &Plan) -> String {
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
