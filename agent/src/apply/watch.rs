//! What a long statement is doing and whom it waits for, read from the server's views over a second connection, which is opened when it
//! is needed.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use pgseal_catalog::{Exit, Failure};

use super::error::Place;
use super::run::Run;
use super::{Another, Event, Means};
use crate::connect::{Row, Session, StatementError, deadline};

/// How often the server is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// The shortest time after which it is asked first.
const SHORTEST: Duration = Duration::from_millis(20);

/// How long a second connection is waited for where there is nothing else to do.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a session does, how much of it is done and how much there is, in whatever unit the server counts; what it waits for, and in a row
/// each who is in its way. Who may not see what others do sees less of them.
const PROGRESS: &str = "
SELECT coalesce(
    p.phase,
    CASE WHEN a.wait_event_type OPERATOR(pg_catalog.=) 'Lock' THEN 'waiting for a lock' END),
    CAST(CASE WHEN p.phase OPERATOR(pg_catalog.~~) 'waiting%' THEN p.lockers_done
         WHEN p.blocks_total OPERATOR(pg_catalog.>) 0 THEN p.blocks_done ELSE p.tuples_done END AS pg_catalog.text),
    CAST(CASE WHEN p.phase OPERATOR(pg_catalog.~~) 'waiting%' THEN p.lockers_total
         WHEN p.blocks_total OPERATOR(pg_catalog.>) 0 THEN p.blocks_total ELSE p.tuples_total END AS pg_catalog.text),
    (SELECT CASE WHEN c.relname IS NULL THEN l.locktype
                 ELSE pg_catalog.concat(n.nspname, '.', c.relname) END
     FROM pg_catalog.pg_locks AS l
     LEFT JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) l.relation
     LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
     WHERE l.pid OPERATOR(pg_catalog.=) a.pid AND NOT l.granted LIMIT 1),
    CAST(w.pid AS pg_catalog.text), CAST(b.usename AS pg_catalog.text),
    CAST(b.application_name AS pg_catalog.text), coalesce(b.state, b.backend_type)
FROM pg_catalog.pg_stat_activity AS a
LEFT JOIN pg_catalog.pg_stat_progress_create_index AS p ON p.pid OPERATOR(pg_catalog.=) a.pid
LEFT JOIN LATERAL pg_catalog.unnest(CASE WHEN a.wait_event_type OPERATOR(pg_catalog.=) 'Lock'
    THEN pg_catalog.pg_blocking_pids(a.pid) END) AS w(pid) ON true
LEFT JOIN pg_catalog.pg_stat_activity AS b ON b.pid OPERATOR(pg_catalog.=) w.pid
WHERE a.pid OPERATOR(pg_catalog.=) CAST($1 AS pg_catalog.int4)";

/// How far a statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What it does, in the server's words.
    pub what: String,
    /// How much is done, and of how much.
    pub share: Option<(u64, u64)>,
    /// What it waits for, where that is a lock.
    pub waits: Option<Waiting>,
}

/// A lock that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The relation, or what else the server says is locked.
    pub on: Option<String>,
    /// The process ids of the sessions that are in the way.
    pub pids: Vec<String>,
    /// The same sessions in words; no more than a few.
    pub sessions: Vec<String>,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sessions.join(", "))?;
        match self.pids.len().saturating_sub(self.sessions.len()) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The most sessions that are told.
const MOST_SESSIONS: usize = 3;

/// Who is in the way, where somebody is.
fn waiting(rows: &[Row]) -> Option<Waiting> {
    let blockers = rows.iter().filter(|row| row.column(4).is_some());
    let pids: Vec<String> = blockers.clone().filter_map(|row| row.column(4)).map(str::to_owned).collect();
    let sessions = blockers.take(MOST_SESSIONS).map(session_in_words).collect();
    let on = rows.first().and_then(|row| row.column(3)).map(|on| match on {
        "transactionid" | "virtualxid" => "a transaction".to_owned(),
        "object" => "an object of the catalog".to_owned(),
        other => other.to_owned(),
    });
    (!pids.is_empty()).then_some(Waiting { on, pids, sessions })
}

fn session_in_words(row: &Row) -> String {
    let said = |index: usize| row.column(index).filter(|text| !text.is_empty());
    let pid = match said(4) {
        // the server's word for it
        None | Some("0") => return "a prepared transaction".to_owned(),
        Some(pid) => pid,
    };
    let mut words = format!("process {pid}");
    if let Some(role) = said(5) {
        words.push_str(&format!(" of role \"{role}\""));
    }
    let application = said(6).map(|name| format!("application \"{name}\""));
    let more: Vec<String> = application.into_iter().chain(said(7).map(str::to_owned)).collect();
    if !more.is_empty() {
        words.push_str(&format!(" ({})", more.join(", ")));
    }
    words
}

/// The second connection, on a thread of its own: however it stalls, nobody waits for it who holds locks.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    asks: Option<Sender<Ask>>,
    /// It could not be opened, or stalled: a run goes on without.
    blind: bool,
    last: Option<Progress>,
}

/// What the second connection is asked: what that session does, and whom to tell.
#[derive(Debug)]
struct Ask {
    pid: i32,
    reply: Sender<Heard>,
}

/// What comes while a statement is waited for.
#[derive(Debug)]
enum Heard {
    /// The statement is over.
    Ended,
    /// What was seen of it.
    Seen(Option<Progress>),
}

impl Watcher {
    /// Does something with a second connection that is opened for it, if that takes no longer than it may.
    pub fn glance<T: Send + 'static>(
        &mut self,
        means: &Means,
        look: impl FnOnce(&mut Session) -> Option<T> + Send + 'static,
    ) -> Option<T> {
        let another = means.another.as_ref().filter(|_| !self.blind)?;
        let another = Arc::clone(another);
        let seen = deadline::within(Some(PATIENCE), move || {
            onlooker(&another, Some(PATIENCE)).ok().and_then(|mut session| look(&mut session))
        });
        self.blind = !matches!(seen, Some(Some(_)));
        seen.flatten()
    }

    /// Closes it, to be opened again when it is needed.
    pub fn rest(&mut self) {
        *self = Self::default();
    }

    /// Asks what a session does; says whether an answer may come.
    fn ask(&mut self, means: &Means, ask: Ask) -> bool {
        if self.blind {
            return false;
        }
        if self.asks.is_none() {
            self.asks = means.another.as_ref().and_then(|another| begin(Arc::clone(another)));
        }
        let asked = self.asks.as_ref().is_some_and(|asks| asks.send(ask).is_ok());
        self.blind = !asked;
        asked
    }

    /// Whether that is new.
    fn is_news(&mut self, found: &Progress) -> bool {
        let news = self.last.as_ref() != Some(found);
        self.last = Some(found.clone());
        news
    }
}

/// Starts the thread, which opens the connection and answers until nobody can ask any more, or the connection fails.
fn begin(another: Another) -> Option<Sender<Ask>> {
    let (sender, asks) = channel::<Ask>();
    let watch = move || {
        let Ok(mut session) = onlooker(&another, None) else { return };
        for ask in asks {
            let Ok(seen) = look(&mut session, ask.pid) else { return };
            ask.reply.send(Heard::Seen(seen)).ok();
        }
    };
    std::thread::Builder::new().name("watcher".to_owned()).spawn(watch).ok()?;
    Some(sender)
}

/// Another session, of the user itself: a role that it acts as may not see what the user's sessions wait for.
fn onlooker(another: &Another, within: Option<Duration>) -> Result<Session, Failure> {
    let mut session = another(within)?;
    session.simple("SET ROLE NONE").map_err(|error| Failure::from_error(Exit::Environment, &error))?;
    Ok(session)
}

/// What a session does.
fn look(session: &mut Session, pid: i32) -> Result<Option<Progress>, StatementError> {
    let rows = session.query_text(PROGRESS, &[&pid.to_string()])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let number = |index| row.column(index).and_then(|text| text.parse::<u64>().ok());
    Ok(row.column(0).map(|what| Progress {
        what: what.to_owned(),
        share: number(1).zip(number(2)).filter(|(_, total)| *total > 0),
        waits: waiting(&rows),
    }))
}

impl Run<'_> {
    /// Runs something that may take long or wait for locks, and tells how far it is; and for how long it was seen to wait. Whom it was
    /// last seen to wait for is kept.
    pub(super) fn watched<R: Send>(
        &mut self,
        place: Place,
        run: impl FnOnce(&mut Session) -> R + Send,
    ) -> (Result<R, StatementError>, Duration) {
        let interrupt = self.means.interrupt.clone();
        let run = move |session: &mut Session| {
            let answer = run(session);
            interrupt.returned();
            answer
        };
        let mut waited = Duration::ZERO;
        if self.means.another.is_none() {
            return (Ok(run(self.session)), waited);
        }
        // a lock that is waited for no longer than that is to be seen as well
        let first = match self.plan.timeouts.lock_ms {
            0 => PERIOD,
            limit => PERIOD.min(Duration::from_millis(limit / 2).max(SHORTEST)),
        };
        let (sender, heard) = channel();
        let (session, watcher, means) = (&mut *self.session, &mut self.watcher, self.means);
        let pid = session.backend_pid();
        watcher.last = None;
        let ended = sender.clone();
        let answer = std::thread::scope(|scope| {
            let statement = scope.spawn(move || {
                let answer = run(session);
                ended.send(Heard::Ended).ok();
                answer
            });
            // one question at a time: a connection that stalls is not asked again
            let (mut may_ask, mut period, mut looked) = (true, first, Instant::now());
            while !statement.is_finished() {
                match heard.recv_timeout(std::mem::replace(&mut period, PERIOD)) {
                    Ok(Heard::Ended) => break,
                    Ok(Heard::Seen(seen)) => {
                        may_ask = true;
                        let since = std::mem::replace(&mut looked, Instant::now()).elapsed();
                        let Some(progress) = seen else { continue };
                        if progress.waits.is_some() {
                            waited += since;
                            self.waits.clone_from(&progress.waits);
                        }
                        if watcher.is_news(&progress) {
                            (self.tell)(&Event::Progress { place, progress: &progress });
                        }
                    }
                    Err(_) => may_ask = may_ask && !watcher.ask(means, Ask { pid, reply: sender.clone() }),
                }
            }
            statement.join()
        });
        let lost = |_| StatementError::Lost { detail: "the statement was not run to its end".to_owned() };
        (answer.map_err(lost), waited)
    }
}
