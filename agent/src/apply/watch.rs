//! What a long statement is doing, read from the server's progress views over a second connection, which is opened when it is needed.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::error::Place;
use super::run::Run;
use super::{Event, Means};
use crate::connect::{Session, StatementError};

/// How often the server is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// What a session does, how much of it is done and how much there is, in whatever unit the server counts; and who is in its way.
const PROGRESS: &str = "
SELECT coalesce(
    p.phase,
    CASE WHEN a.wait_event_type OPERATOR(pg_catalog.=) 'Lock' THEN 'waiting for a lock' END),
    CAST(CASE WHEN p.phase OPERATOR(pg_catalog.~~) 'waiting%' THEN p.lockers_done
         WHEN p.blocks_total OPERATOR(pg_catalog.>) 0 THEN p.blocks_done ELSE p.tuples_done END AS pg_catalog.text),
    CAST(CASE WHEN p.phase OPERATOR(pg_catalog.~~) 'waiting%' THEN p.lockers_total
         WHEN p.blocks_total OPERATOR(pg_catalog.>) 0 THEN p.blocks_total ELSE p.tuples_total END AS pg_catalog.text),
    CASE WHEN a.wait_event_type OPERATOR(pg_catalog.=) 'Lock'
         THEN pg_catalog.array_to_string(pg_catalog.pg_blocking_pids(a.pid), ', ') END
FROM pg_catalog.pg_stat_activity AS a
LEFT JOIN pg_catalog.pg_stat_progress_create_index AS p ON p.pid OPERATOR(pg_catalog.=) a.pid
WHERE a.pid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.int4)";

/// How far a statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What it does, in the server's words.
    pub what: String,
    /// How much is done, and of how much.
    pub share: Option<(u64, u64)>,
    /// The process ids of the sessions that it waits for.
    pub blocked_by: Option<String>,
}

/// The second connection.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    session: Option<Session>,
    /// It could not be opened, or broke: a run goes on without.
    blind: bool,
    last: Option<Progress>,
}

impl Watcher {
    /// The second connection, opened now if there is none.
    pub fn session(&mut self, means: &Means<'_>) -> Option<&mut Session> {
        if self.session.is_none() && !self.blind {
            self.session = means.another.and_then(|another| another().ok());
            self.blind = self.session.is_none();
        }
        self.session.as_mut()
    }

    /// Closes it, to be opened again when it is needed.
    pub fn rest(&mut self) {
        *self = Self::default();
    }

    /// What a session does.
    fn look(&mut self, means: &Means<'_>, pid: i32) -> Option<Progress> {
        let rows = self.session(means)?.query_text(PROGRESS, &[&pid.to_string()]);
        let Ok(rows) = rows else {
            (self.session, self.blind) = (None, true);
            return None;
        };
        let row = rows.first()?;
        let number = |index| row.column(index).and_then(|text| text.parse::<u64>().ok());
        Some(Progress {
            what: row.column(0)?.to_owned(),
            share: number(1).zip(number(2)).filter(|(_, total)| *total > 0),
            blocked_by: row.column(3).filter(|pids| !pids.is_empty()).map(str::to_owned),
        })
    }

    /// Whether that is new.
    fn is_news(&mut self, found: &Progress) -> bool {
        let news = self.last.as_ref() != Some(found);
        self.last = Some(found.clone());
        news
    }
}

impl Run<'_> {
    /// Runs a statement of the plan, and tells how far it is when it takes long; and for how long it was seen to wait for locks.
    pub(super) fn watched(&mut self, place: Place, sql: &str) -> (Result<u64, StatementError>, Duration) {
        let mut waited = Duration::ZERO;
        if self.means.another.is_none() {
            return (self.session.execute(sql), waited);
        }
        let (sender, receiver) = channel();
        let (session, watcher, means) = (&mut *self.session, &mut self.watcher, self.means);
        let pid = session.backend_pid();
        watcher.last = None;
        std::thread::scope(|scope| {
            scope.spawn(move || sender.send(session.execute(sql)).ok());
            loop {
                match receiver.recv_timeout(PERIOD) {
                    Ok(answer) => return (answer, waited),
                    Err(RecvTimeoutError::Timeout) => {
                        let Some(progress) = watcher.look(means, pid) else { continue };
                        if progress.blocked_by.is_some() {
                            waited += PERIOD;
                        }
                        if watcher.is_news(&progress) {
                            (self.tell)(&Event::Progress { place, progress: &progress });
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => {
                        let detail = "the statement was not run to its end".to_owned();
                        return (Err(StatementError::Client { detail }), waited);
                    }
                }
            }
        })
    }
}
