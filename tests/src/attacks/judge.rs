//! Who has to refuse an attack, and the run of one.

use serde::Deserialize;

use super::{Attack, AttackDesk, Step};
use crate::program::Ended;

/// Who has to refuse an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    /// `pgseal-agent apply`, before it opens a connection: nobody listens where it is told to go, and an honest plan gets that far.
    /// `pgseal verify` must say the same.
    #[default]
    Apply,
    /// `pgseal-agent apply` on a database, which must stay as it was. An honest plan is let through and meets drift.
    Live,
    /// `pgseal-agent apply` on the database that the plan is made for, which must stay as it was. An honest plan is applied.
    Real,
    /// `pgseal plan --snapshot-trust`.
    Snapshot,
    /// `pgseal receipt show`.
    Receipt,
    /// `pgseal receipt verify receipts`, on a chain of three.
    Receipts,
    /// `pgseal sign`, with a key that is called `signer.pem`.
    Sign,
    /// `pgseal cosign`.
    Cosign,
    /// `pgseal trust verify next.toml --after trust.toml`.
    Successor,
}

impl Judge {
    /// How an honest run ends.
    fn lets_through(self) -> i32 {
        match self {
            // nobody listens
            Self::Apply => 1,
            // drift: the plan is of no real database
            Self::Live => 4,
            Self::Real
            | Self::Snapshot
            | Self::Receipt
            | Self::Receipts
            | Self::Sign
            | Self::Cosign
            | Self::Successor => 0,
        }
    }
}

/// Runs an attack: honestly, which is let through, and as it is, which is refused.
///
/// # Errors
/// What went otherwise.
pub fn run(attack: &Attack) -> Result<(), String> {
    let honest = AttackDesk::new(attack);
    play(&honest, attack, &attack.honest);
    let ended = ask(&honest, attack);
    if ended.code != Some(attack.judge.lets_through()) {
        return Err(format!("the honest run is not let through: {ended:?}"));
    }
    if attack.judge == Judge::Apply && !ended.err.contains("[C0") {
        return Err(format!("the honest run ends otherwise than by the connection: {}", ended.err));
    }

    let desk = AttackDesk::new(attack);
    play(&desk, attack, &attack.steps);
    let untouched = attack.untouched.as_ref().map(|name| (name, desk.bytes(name)));
    if attack.judge == Judge::Apply && attack.verify {
        let said = desk.pgseal(&format!("verify plan.json --trust trust.toml{}", arguments(&desk, attack)));
        refused(attack, &said).map_err(|reason| format!("pgseal verify: {reason}"))?;
    }
    refused(attack, &ask(&desk, attack))?;
    if let Some(name) = &attack.written {
        let found = desk.path(name).symlink_metadata().map_err(|error| format!("{name} was not written: {error}"))?;
        if !found.is_file() {
            return Err(format!("{name} is no file of its own"));
        }
    }
    match untouched {
        Some((name, bytes)) if desk.bytes(name) != bytes => Err(format!("{name} was touched")),
        Some(_) | None => Ok(()),
    }
}

fn play(desk: &AttackDesk, attack: &Attack, steps: &[Step]) {
    attack.setup.iter().for_each(|step| desk.act(step, attack));
    if attack.judge == Judge::Real {
        desk.plan_for_database();
    }
    steps.iter().for_each(|step| desk.act(step, attack));
}

fn refused(attack: &Attack, ended: &Ended) -> Result<(), String> {
    let code = format!("error[{}]", attack.code);
    if ended.code == Some(attack.exit) && ended.err.contains(&code) && ended.out.is_empty() {
        return Ok(());
    }
    Err(format!("expected exit {} and {code}, got {:?}:\n{}{}", attack.exit, ended.code, ended.out, ended.err))
}

/// The agent lets the plan of this desk through, and gets as far as connecting.
pub(super) fn accepted(desk: &AttackDesk, attack: &Attack) {
    apply(desk, attack, &nowhere()).expect(1);
}

/// Further arguments, each with a blank in front; `{policy}` is the digest of the policy as it was first.
fn arguments(desk: &AttackDesk, attack: &Attack) -> String {
    let arguments = attack.arguments.replace("{policy}", &desk.first_policy().to_string());
    if arguments.is_empty() { String::new() } else { format!(" {arguments}") }
}

fn nowhere() -> Vec<String> {
    ["--host", "/nonexistent", "--db", "shop", "--user", "postgres"].map(str::to_owned).into()
}

fn apply(desk: &AttackDesk, attack: &Attack, connection: &[String]) -> Ended {
    let mut line = "apply --plan plan.json --trust trust.toml --quiet --receipt applied.json".to_owned();
    if attack.state {
        line.push_str(" --state state");
    }
    line.push_str(&arguments(desk, attack));
    let mut all: Vec<String> = line.split(' ').map(str::to_owned).collect();
    all.extend_from_slice(connection);
    desk.agent(&all)
}

fn ask(desk: &AttackDesk, attack: &Attack) -> Ended {
    let more = arguments(desk, attack);
    match attack.judge {
        Judge::Apply => apply(desk, attack, &nowhere()),
        Judge::Live | Judge::Real => live(desk, attack),
        Judge::Snapshot => desk.pgseal(&format!(
            "plan --snapshot snapshot.json --schema schema.sql --output-human report --snapshot-trust trust.toml{more}"
        )),
        Judge::Receipt => silently(desk.pgseal(&format!("receipt show receipt.json --trust trust.toml{more}"))),
        Judge::Receipts => silently(desk.pgseal(&format!("receipt verify receipts --trust trust.toml{more}"))),
        Judge::Sign => silently(desk.pgseal(&format!("sign plan.json --key signer.pem{more}"))),
        Judge::Cosign => silently(
            desk.pgseal(&format!("cosign plan.json --snapshot snapshot.json --schema schema.sql --key bob.pem{more}")),
        ),
        Judge::Successor => silently(desk.pgseal(&format!("trust verify next.toml --after trust.toml{more}"))),
    }
}

/// The agent applies the plan to the database of this desk.
pub(super) fn applied(desk: &AttackDesk, attack: &Attack) {
    apply(desk, attack, &desk.database().options()).expect(0);
}

/// What is said when all went well is not what an attack is told by.
fn silently(ended: Ended) -> Ended {
    if ended.code == Some(0) { Ended { out: String::new(), ..ended } } else { ended }
}

/// Applies to the desk's database; where that is refused, nothing was made in it.
fn live(desk: &AttackDesk, attack: &Attack) -> Ended {
    let count = "SELECT count(*) FROM pg_class";
    let before = desk.database().text(count);
    let ended = apply(desk, attack, &desk.database().options());
    if ended.code != Some(0) {
        assert_eq!(desk.database().text(count), before, "{}: something was left in the database", attack.name);
    }
    silently(ended)
}
