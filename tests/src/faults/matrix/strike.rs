//! The faults: each is one run with something in its way, and what may come of it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use postgres::error::SqlState;

use super::judge::{Found, ensure};
use super::stage::{Site, Stage, finish};
use super::stranger::{DDL, Stranger};
use super::{Case, Fault};
use crate::faults::{Proxy, Stop, When};
use crate::program::{Ended, agent};

/// How long a run may take to get to its point.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs a case. `Ok(Some)` says why it cannot be run here.
///
/// # Errors
/// What does not hold.
pub fn strike(case: &Case, stage: &Stage<'_>) -> Result<Option<&'static str>, String> {
    let site = stage.site();
    match case.fault {
        Fault::CutRequest | Fault::CutAnswer => cut(case, &site)?,
        Fault::KillAgent => kill_agent(case, &site)?,
        Fault::EndSession | Fault::KillBackend | Fault::KillServer | Fault::StopServer => end_server(case, &site)?,
        Fault::Lock => lock(case, &site)?,
        Fault::DiskFull => return fill_disk(case, &site),
        Fault::Ddl => ddl(case, &site)?,
    }
    Ok(None)
}

/// The stop before or after the case's request.
fn stop(case: &Case, when: When) -> Stop {
    Stop { when, sql: None, nth: case.point }
}

fn before_or_after(case: &Case) -> When {
    if case.way.is_multiple_of(2) { When::Before } else { When::Answered }
}

/// A run that is to get over the loss of its connection does.
fn gets_over(case: &Case, site: &Site<'_>, ended: &Ended, replaces: bool) -> Result<(), String> {
    if replaces && case.point >= site.stage.begun {
        ensure!(ended.code == Some(0), "another connection was there, and the run ends with {ended:?}");
    }
    ensure!(matches!(ended.code, Some(0 | 1 | 8)), "a lost connection ends with {ended:?}");
    Ok(())
}

fn cut(case: &Case, site: &Site<'_>) -> Result<(), String> {
    let replaces = case.way >= 3;
    let exchange = site.stage.exchanges.get(case.point - 1).ok_or("no such request")?;
    let when = match (case.fault, case.way % 3) {
        (Fault::CutRequest, 0) => When::Asked(0),
        (Fault::CutRequest, 1) => When::Asked(exchange.asked / 2),
        (Fault::CutRequest, _) => When::Asked(usize::MAX),
        (_, 0) => When::Answering(0),
        (_, 1) => When::Answering(exchange.answered / 2),
        (_, _) => When::Answering(exchange.answered.saturating_sub(1)),
    };
    let proxy = Proxy::cutting(site.stage.server(), stop(case, when));
    let ended = finish(site.spawn(proxy.host(), &["--reconnect", if replaces { "20" } else { "0" }]));
    gets_over(case, site, &ended, replaces)?;
    let found = site.judge(Some(&ended))?;
    site.finishes(found)
}

fn kill_agent(case: &Case, site: &Site<'_>) -> Result<(), String> {
    let proxy = Proxy::start(site.stage.server(), Some(stop(case, before_or_after(case))));
    let mut child = site.spawn(proxy.host(), &[]);
    arrives(&proxy, &mut child)?;
    child.kill().map_err(|error| error.to_string())?;
    child.wait().map_err(|error| error.to_string())?;
    ensure!(site.receipts().is_empty(), "a receipt of a run that did not end");
    drop(proxy);
    let found = site.judge(None)?;
    site.finishes(found)
}

fn end_server(case: &Case, site: &Site<'_>) -> Result<(), String> {
    let (server, replaces) = (site.stage.server(), case.way >= 2);
    let proxy = Proxy::pausing(server, stop(case, before_or_after(case)));
    let mut child = site.spawn(proxy.host(), &["--reconnect", if replaces { "30" } else { "0" }]);
    arrives(&proxy, &mut child)?;
    match case.fault {
        Fault::KillServer => server.kill(),
        Fault::StopServer => server.stop_immediate(),
        Fault::KillBackend => {
            let logged = server.log().len();
            signal(sessions(site, "pid::text")?.first().ok_or("there is no session")?, "KILL")?;
            wait("the server does not start again", || {
                server.log().get(logged..).is_some_and(|log| log.contains("ready to accept connections"))
            })?;
        }
        _ => drop(sessions(site, "pg_terminate_backend(pid)::text")?),
    }
    // a run that tries again may meet a server that is not there yet
    let restarts_late = case.point.is_multiple_of(2);
    let goes_down = matches!(case.fault, Fault::KillServer | Fault::StopServer);
    if goes_down && !restarts_late {
        server.restart();
    }
    proxy.go_on();
    if goes_down && restarts_late {
        if replaces {
            std::thread::sleep(Duration::from_millis(300));
        } else {
            // it ends by itself; what it says is read below
            wait("the run does not end", || matches!(child.try_wait(), Ok(Some(_))))?;
        }
        server.restart();
    }
    let ended = finish(child);
    gets_over(case, site, &ended, replaces)?;
    let found = site.judge(Some(&ended))?;
    site.finishes(found)
}

/// One column about the agent's sessions, the first one first.
fn sessions(site: &Site<'_>, column: &str) -> Result<Vec<String>, String> {
    let sql = format!(
        "SELECT {column} FROM pg_stat_activity WHERE datname = '{}' AND backend_type = 'client backend' ORDER BY backend_start",
        site.database.name()
    );
    let rows = site.stage.server().connect("postgres").query(&sql, &[]).map_err(|error| error.to_string())?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Locks that others hold; all but the last are on what the plans touch.
const LOCKS: [(&str, &str); 5] = [
    ("shop.orders", "ACCESS SHARE"),
    ("shop.customers", "ROW EXCLUSIVE"),
    ("shop.orders", "ACCESS EXCLUSIVE"),
    ("shop.log", "ACCESS SHARE"),
    ("pgseal.ledger", "EXCLUSIVE"),
];

fn lock(case: &Case, site: &Site<'_>) -> Result<(), String> {
    let proxy = Proxy::pausing(site.stage.server(), stop(case, When::Before));
    let mut child = site.spawn(proxy.host(), &["--reconnect", "20"]);
    arrives(&proxy, &mut child)?;
    let mut other = site.database.connect();
    let mut held = other.transaction().map_err(|error| error.to_string())?;
    let (relation, mode) = LOCKS[case.way % LOCKS.len()];
    // nobody waits in front of the agent, whose own lock may be there already
    let locked = held.batch_execute(&format!("LOCK TABLE {relation} IN {mode} MODE NOWAIT"));
    let granted = match locked.as_ref().err().and_then(|error| error.code()) {
        None => locked.is_ok(),
        Some(code)
            if [SqlState::LOCK_NOT_AVAILABLE, SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME]
                .contains(code) =>
        {
            false
        }
        Some(code) => return Err(format!("the lock cannot be taken: {}", code.code())),
    };
    if !granted {
        drop(held);
        drop(other);
        proxy.go_on();
        let ended = finish(child);
        ensure!(ended.code == Some(0), "nobody was in the way, and the run ends with {ended:?}");
        let found = site.judge(Some(&ended))?;
        return site.finishes(found);
    }
    proxy.go_on();
    let ended = match case.way / LOCKS.len() {
        0 => {
            let ended = finish(child);
            ensure!(matches!(ended.code, Some(0 | 7)), "a lock of others ends with {ended:?}");
            let told = ended.code == Some(0) || ["[A0601]", "[A0602]"].iter().any(|code| ended.err.contains(code));
            ensure!(told, "a lock of others is not told: {}", ended.err);
            Some(ended)
        }
        1 => {
            waits_or_ends(site, &mut child)?;
            child.kill().map_err(|error| error.to_string())?;
            let ended = finish(child);
            ended.code.is_some().then_some(ended)
        }
        _ => {
            waits_or_ends(site, &mut child)?;
            let waiting = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND wait_event_type = 'Lock'",
                site.database.name()
            );
            let mut admin = site.stage.server().connect("postgres");
            admin.batch_execute(&waiting).map_err(|error| error.to_string())?;
            held.rollback().map_err(|error| error.to_string())?;
            drop(other);
            let ended = finish(child);
            ensure!(matches!(ended.code, Some(0 | 7)), "a session that is ended while it waits ends with {ended:?}");
            let found = site.judge(Some(&ended))?;
            return site.finishes(found);
        }
    };
    held.rollback().map_err(|error| error.to_string())?;
    drop(other);
    let found = site.judge(ended.as_ref())?;
    site.finishes(found)
}

/// Waits until a session waits for a lock, or the run is over.
fn waits_or_ends(site: &Site<'_>, child: &mut Child) -> Result<(), String> {
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND wait_event_type = 'Lock'",
        site.database.name()
    );
    let mut admin = site.stage.server().connect("postgres");
    wait("nobody waits, and the run does not end", || {
        let count: i64 = admin.query_one(&waiting, &[]).map_or(0, |row| row.get(0));
        count > 0 || matches!(child.try_wait(), Ok(Some(_)))
    })
}

/// What is full: 1 everything from the start, 2 the receipt (by a limit on the length of files), 3 the receipts' folder (a file system
/// without room), 4 the memory's folder (the same). In the second way the run ends with a refusal besides.
fn fill_disk(case: &Case, site: &Site<'_>) -> Result<Option<&'static str>, String> {
    const BLOCK: usize = 512;
    let (memory, receipt) = site.stage.written;
    let room = memory.div_ceil(BLOCK);
    let full = "mount -t tmpfs -o size=4096,mode=0700 none $0 && head -c 4096 /dev/zero >$0/full; exec \"$@\"";
    let (shell, folder) = match case.point {
        1 => ("trap '' XFSZ; ulimit -f 0; exec \"$@\"".to_owned(), None),
        // how long a receipt is varies with the times in it
        2 if receipt <= (room + 1) * BLOCK => return Ok(Some("the receipt is no longer than the memory")),
        2 => (format!("trap '' XFSZ; ulimit -f {room}; exec \"$@\""), None),
        3 => (full.to_owned(), Some("receipts")),
        _ => (full.to_owned(), Some("state")),
    };
    if folder.is_some() && !may_mount() {
        return Ok(Some("no right to mount a file system"));
    }
    // the receipt of a refusal is shorter than the memory
    let refused = case.way == 1 && case.point != 2;
    let beside = DDL[case.point % DDL.len()];
    if refused {
        site.database.batch(beside.change);
    }
    // a file system of its own goes with the process
    let mut command = Command::new(if folder.is_some() { "unshare" } else { "sh" });
    command.args(folder.iter().flat_map(|_| ["--mount", "sh"]));
    command.args(["-c", &shell, folder.unwrap_or("sh")]).arg(agent().get_program());
    command.args(site.arguments(Path::new(site.stage.server().host()), &[])).stdin(Stdio::null());
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    let ended = finish(site.spawn_as(command));
    let begins = matches!(case.point, 2 | 3);
    let last = site.stage.forged.plan.phases.len();
    let expected = if refused && begins { 4 } else { 1 };
    ensure!(ended.code == Some(expected), "without room on the disk the run ends with {ended:?}");
    let said = match (begins, refused) {
        (true, false) => "the plan was applied, but its receipt was not written",
        (true, true) => "no receipt: ",
        (false, _) => "could not write file",
    };
    ensure!(ended.err.contains(said), "\"{said}\" is not said: {}", ended.err);
    ensure!(site.receipts().is_empty(), "there is a receipt");
    if refused {
        site.database.batch(beside.undo);
    }
    let found = site.judge(Some(&ended))?;
    let expected = if begins && !refused { last } else { 0 };
    ensure!(found == Found::State(expected), "the database is at {found:?}");
    site.finishes(found)?;
    Ok(None)
}

fn may_mount() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", "mount -t tmpfs -o size=4096 none /mnt"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Somebody changes the schema at that point. The agent is done before or after it, or refuses; never in between.
fn ddl(case: &Case, site: &Site<'_>) -> Result<(), String> {
    let proxy = Proxy::pausing(site.stage.server(), stop(case, When::Before));
    let mut child = site.spawn(proxy.host(), &[]);
    arrives(&proxy, &mut child)?;
    let ddl = DDL[case.way % DDL.len()];
    let stranger = Stranger::starts(&site.database, ddl);
    let at_once = stranger.is_done_or_waits(&site.database);
    proxy.go_on();
    let ended = finish(child);
    let changed = match at_once.unwrap_or_else(|| stranger.ends()) {
        Ok(()) => true,
        // the server chose the stranger to break a deadlock
        Err(reason) if reason.starts_with(SqlState::T_R_DEADLOCK_DETECTED.code()) => false,
        Err(reason) => return Err(format!("the stranger's statement fails: {reason}: {}", ddl.change)),
    };
    drop(proxy);
    ensure!(matches!(ended.code, Some(0 | 4..=7)), "DDL of others ends with {ended:?}");
    if changed {
        site.is_elsewhere().map_err(|found| format!("{found}, without the stranger's change: {}", ddl.change))?;
        let next = site.apply();
        ensure!(next.code == Some(4), "with the stranger's change the next run ends with {next:?}");
        ensure!(next.err.contains(ddl.object), "\"{}\" is not named: {}", ddl.object, next.err);
        site.database.batch(ddl.undo);
    }
    let found = site.judge(None)?;
    let last = site.stage.forged.plan.phases.len();
    ensure!(
        ended.code != Some(0) || found == Found::State(last),
        "exit 0, and but for the stranger's change the database is at {found:?}"
    );
    site.finishes(found)
}

/// Waits until the run is at its point, or over.
fn arrives(proxy: &Proxy, child: &mut Child) -> Result<(), String> {
    let end = Instant::now() + LIMIT;
    while !proxy.wait_frozen(Duration::from_millis(100)) {
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("the run does not get there: {status}"));
        }
        ensure!(Instant::now() < end, "the run does not get there in time");
    }
    Ok(())
}

fn wait(never: &str, mut so: impl FnMut() -> bool) -> Result<(), String> {
    let end = Instant::now() + LIMIT;
    while !so() {
        ensure!(Instant::now() < end, "{never}");
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn signal(pid: &str, name: &str) -> Result<(), String> {
    let sent = Command::new("kill").args([&format!("-{name}"), pid]).status().map_err(|error| error.to_string())?;
    ensure!(sent.success(), "process {pid} cannot be sent {name}");
    Ok(())
}
