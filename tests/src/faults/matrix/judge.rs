//! What must hold after a fault, whatever it was: the database equals the source or a checkpoint, the ledger and the receipts say so
//! too, and the next run gets to the target.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use pgseal_agent::capture::capture;
use pgseal_catalog::Scope;
use pgseal_catalog::receipt::Outcome;
use postgres::{Client, SimpleQueryMessage};

use super::Play;
use super::plays::ROWS;
use super::stage::Site;
use crate::program::Ended;

/// Where a database is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// At the source, or behind so many phases.
    State(usize),
    /// In the midst of a phase outside a transaction, which the next run clears up.
    Within,
}

/// Turns a broken expectation into a failure of the run.
macro_rules! ensure {
    ($so:expr, $($said:tt)+) => {
        if !$so {
            return Err(format!($($said)+));
        }
    };
}
pub(super) use ensure;

/// A session that looks at a database.
pub struct Look(Client);

impl Look {
    fn texts(&mut self, sql: &str) -> Result<Vec<String>, String> {
        let rows = self.0.simple_query(sql).map_err(|error| format!("{sql}: {error}"))?;
        let text = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
            _ => None,
        };
        Ok(rows.iter().filter_map(text).collect())
    }

    fn is_so(&mut self, sql: &str) -> Result<bool, String> {
        Ok(self.texts(&format!("SELECT {sql}"))? == ["t"])
    }

    /// Waits until nobody but the harness is in the database: what a run that is gone left to the server is over then.
    fn settled(&mut self) -> Result<(), String> {
        let alone = "NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
                     AND backend_type = 'client backend' AND pid <> pg_backend_pid())";
        let end = Instant::now() + Duration::from_secs(30);
        while !self.is_so(alone)? {
            ensure!(Instant::now() < end, "a session of the agent stays");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn invalid(&mut self) -> Result<Vec<String>, String> {
        self.texts("SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid ORDER BY 1")
    }
}

impl Site<'_> {
    /// Looks where the database is after a run that ended like this; none for one that was killed.
    ///
    /// # Errors
    /// What does not hold.
    pub fn judge(&self, ended: Option<&Ended>) -> Result<Found, String> {
        let mut look = Look(self.database.connect());
        look.settled()?;
        let found = self.found(&mut look)?;
        self.ledger_tells(&mut look, found)?;
        if let Some(ended) = ended {
            self.is_told(ended, found)?;
        }
        ensure!(look.texts(ROWS)? == [self.stage.rows.as_str()], "the rows are others");
        Ok(found)
    }

    /// Looks that the database is nowhere where the plan's own statements lead.
    ///
    /// # Errors
    /// It is somewhere.
    pub fn is_elsewhere(&self) -> Result<(), String> {
        let mut look = Look(self.database.connect());
        look.settled()?;
        match self.found(&mut look) {
            Ok(Found::State(state)) => Err(format!("the database is at {state} phases")),
            Ok(Found::Within) | Err(_) => Ok(()),
        }
    }

    /// Where the database is.
    fn found(&self, look: &mut Look) -> Result<Found, String> {
        let live = capture(&mut look.0, &Scope::default(), String::new()).map_err(|error| error.to_string())?;
        let (live, phases) = (live.fingerprint(), self.stage.forged.plan.phases.len());
        if let Some(state) = (0..=phases).find(|phases| self.stage.forged.state(*phases) == live) {
            return Ok(Found::State(state));
        }
        // only what a statement outside a transaction leaves; that all else is in order shows when the next run goes on
        let begun =
            !look.invalid()?.is_empty() || look.is_so("EXISTS (SELECT FROM pg_inherits WHERE inhdetachpending)")?;
        ensure!(
            begun && self.stage.play == Play::Outside,
            "the database is neither at the source nor at a checkpoint nor in the midst of a statement outside a transaction"
        );
        Ok(Found::Within)
    }

    /// The ledger has every phase that the database has, and none that it has not.
    fn ledger_tells(&self, look: &mut Look, found: Found) -> Result<(), String> {
        if self.stage.play == Play::Unledgered {
            ensure!(look.is_so("to_regnamespace('pgseal') IS NULL")?, "there is a ledger of a role that may keep none");
            return Ok(());
        }
        let mut rows: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        if look.is_so("to_regclass('pgseal.ledger') IS NOT NULL")? {
            for row in look.texts("SELECT phase || ' ' || event FROM pgseal.ledger")? {
                let (phase, event) = row.split_once(' ').unwrap_or_default();
                let new = rows.entry(phase.parse().unwrap_or_default()).or_default().insert(event.to_owned());
                ensure!(new || event == "started", "the ledger has phase {row} twice");
            }
        }
        let Found::State(state) = found else { return Ok(()) };
        for phase in 1..=self.stage.forged.plan.phases.len() {
            let events: Vec<&str> = rows.get(&phase).into_iter().flatten().map(String::as_str).collect();
            let right = match (phase <= state, self.stage.play.is_outside(phase)) {
                (true, false) => events == ["committed"],
                (false, false) => events.is_empty(),
                // the run may have been ended before it could say so
                (true, true) => events.contains(&"started"),
                (false, true) => events.is_empty() || (phase == state + 1 && events == ["started"]),
            };
            ensure!(right, "{state} phases are there, and the ledger says of phase {phase}: {events:?}");
        }
        Ok(())
    }

    /// What the agent said, its receipt and the database agree.
    fn is_told(&self, ended: &Ended, found: Found) -> Result<(), String> {
        let Some(code) = ended.code else { return Err(format!("the agent was ended by a signal: {ended:?}")) };
        ensure!(code == 0 || ended.err.contains("error["), "exit {code} without a reason: {}", ended.err);
        ensure!(!ended.err.contains("panicked"), "a panic: {}", ended.err);
        let last = self.stage.forged.plan.phases.len();
        ensure!(code != 0 || found == Found::State(last), "exit 0, and the database is at {found:?}");
        // who lost the connection cannot know what came of the statement, and says so
        let known = !ended.err.contains("[A0701]") && found == Found::Within;
        ensure!(
            !known || ended.err.contains("could not be cleared up"),
            "what is left is not mentioned: {}",
            ended.err
        );
        let receipts = self.receipts();
        let Some(receipt) = receipts.last() else { return Ok(()) };
        ensure!(i32::from(receipt.exit_code) == code, "exit {code}, and the receipt says {}", receipt.exit_code);
        let at_target = matches!(receipt.outcome, Outcome::Applied | Outcome::NothingToDo);
        ensure!(at_target == (code == 0), "exit {code}, and the receipt says {:?}", receipt.outcome);
        ensure!(code != 0 || receipt.after == Some(self.stage.forged.plan.target), "{:?} after exit 0", receipt.after);
        for phase in &receipt.phases {
            let state = self.stage.forged.state(phase.phase as usize);
            ensure!(phase.checkpoint == state, "the receipt has another checkpoint after phase {}", phase.phase);
            let there = match found {
                Found::State(found) => phase.phase as usize <= found,
                Found::Within => true,
            };
            ensure!(there, "the receipt has phase {} committed, and the database is at {found:?}", phase.phase);
        }
        Ok(())
    }

    /// The next run gets to the target, and says what it cleared up.
    ///
    /// # Errors
    /// What does not hold.
    pub fn finishes(&self, found: Found) -> Result<(), String> {
        let ended = self.apply();
        ensure!(ended.code == Some(0), "the next run ends with {:?}: {}", ended.code, ended.err);
        let phases = self.stage.forged.plan.phases.len();
        let now = self.judge(Some(&ended))?;
        ensure!(now == Found::State(phases), "after the next run the database is at {now:?}");
        let receipts = self.receipts();
        let Some(receipt) = receipts.last() else { return Err("the next run leaves no receipt".to_owned()) };
        let expected = if found == Found::State(phases) { Outcome::NothingToDo } else { Outcome::Applied };
        ensure!(receipt.outcome == expected, "the next run was {:?}, from {found:?}", receipt.outcome);
        if let Found::State(state) = found {
            let ran: Vec<usize> = receipt.phases.iter().map(|phase| phase.phase as usize).collect();
            ensure!(
                ran == (state + 1..=phases).collect::<Vec<_>>(),
                "from {state} phases the next run committed {ran:?}"
            );
        }
        let mut look = Look(self.database.connect());
        ensure!(look.invalid()?.is_empty(), "the next run leaves {:?}", look.invalid());
        self.ledger_is_whole(&mut look)?;
        let verified = self.desk.run("receipt verify receipts --trust trust.toml --from-first --plan plan.json");
        ensure!(verified.code == Some(0), "the receipts are no chain: {}", verified.err);
        let stray = self.stray();
        ensure!(stray.is_empty(), "files are left: {stray:?}");
        Ok(())
    }

    fn ledger_is_whole(&self, look: &mut Look) -> Result<(), String> {
        if self.stage.play == Play::Unledgered {
            return Ok(());
        }
        let rows = "SELECT phase || ' ' || event FROM pgseal.ledger WHERE event <> 'started' ORDER BY phase";
        let phases = 1..=self.stage.forged.plan.phases.len();
        let word = |phase: usize| if self.stage.play.is_outside(phase) { "finished" } else { "committed" };
        let expected: Vec<String> = phases.map(|phase| format!("{phase} {}", word(phase))).collect();
        let found = look.texts(rows)?;
        ensure!(found == expected, "at the target the ledger says {found:?}");
        Ok(())
    }

    /// Files in the agent's folders that no run leaves on purpose.
    fn stray(&self) -> Vec<String> {
        let files = |name: &str| {
            let entries = std::fs::read_dir(self.desk.path(name)).expect("a folder");
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        let state = files("state").into_iter().filter(|name| name != "state.json" && name != "lock");
        let receipts = files("receipts").into_iter().filter(|name| !name.starts_with("receipt-") && name != ".lock");
        state.chain(receipts).collect()
    }
}
