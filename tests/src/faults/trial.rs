//! A database at the state that a plan was made for, and the plan, signed, at a desk.

use std::path::Path;
use std::process::Child;

use pgseal_catalog::receipt::Outcome;
use pgseal_catalog::{Digest, Plan};

use super::{Desk, Forged, forge};
use crate::pipeline::snapshot;
use crate::program::Ended;
use crate::server::{Database, Server};

/// What a test of applying begins with.
#[derive(Debug)]
pub struct Trial<'server> {
    /// A database of its own, at the source of the plan.
    pub database: Database<'server>,
    /// Where the plan lies, signed.
    pub desk: Desk,
    /// The plan, and what it was made from.
    pub forged: Forged,
}

impl<'server> Trial<'server> {
    /// A plan of these phases for a database that a script made.
    ///
    /// # Panics
    /// As [`forge`] does.
    pub fn new(server: &'server Server, source: &str, phases: &[&[&str]]) -> Self {
        Self::of(server, forge(server, source, phases))
    }

    /// The same of a plan that was changed before it is signed.
    ///
    /// # Panics
    /// When no database can be made.
    pub fn of(server: &'server Server, forged: Forged) -> Self {
        Self { database: forged.database(server), desk: Desk::new(&forged.plan), forged }
    }

    /// The fingerprint of the database as it is.
    ///
    /// # Panics
    /// When it cannot be captured.
    pub fn fingerprint(&self) -> Digest {
        snapshot(&self.database).unwrap().fingerprint()
    }

    /// Whether the database is what the plan promised.
    ///
    /// # Panics
    /// When it cannot be captured.
    pub fn is_at_target(&self) -> bool {
        self.fingerprint() == self.forged.plan.target
    }

    /// The plan, changed.
    #[must_use]
    pub fn changed(&self, change: impl FnOnce(&mut Plan)) -> Plan {
        let mut plan = self.forged.plan.clone();
        change(&mut plan);
        plan
    }

    /// Puts the plan, changed and signed, in its own place at the desk.
    ///
    /// # Panics
    /// When it cannot be signed.
    pub fn put(&self, change: impl FnOnce(&mut Plan)) {
        self.desk.put(&self.changed(change));
    }

    /// Applies what lies at the desk, and expects that exit code.
    ///
    /// # Panics
    /// When it is another.
    #[track_caller]
    pub fn apply(&self, code: i32) -> Ended {
        self.desk.apply(&self.database).expect(code)
    }

    /// Applies what lies at the desk, all of it.
    ///
    /// # Panics
    /// When the database or the receipt says that it was not.
    #[track_caller]
    pub fn applies(&self) {
        self.apply(0);
        assert_eq!(self.desk.expect_receipt(Outcome::Applied, 0).after, Some(self.forged.plan.target));
        assert!(self.is_at_target());
    }

    /// Begins to apply what lies at the desk.
    ///
    /// # Panics
    /// When the agent cannot be started.
    pub fn spawn(&self) -> Child {
        self.desk.spawn_with(&self.database, Path::new(self.database.server().host()), &[])
    }

    /// What the ledger says of each phase, in order of time.
    ///
    /// # Panics
    /// When there is none.
    pub fn ledger(&self) -> Vec<String> {
        self.database.texts("SELECT phase || ' ' || event FROM pgseal.ledger ORDER BY noted_at")
    }
}
