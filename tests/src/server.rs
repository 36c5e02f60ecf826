//! Postgres servers for the tests: started on demand, never as root, never left behind.
//!
//! [`Server::shared`] is one server per major and test process, with as many databases as the tests ask for
//! ([`Server::database`]). A test that stops, kills or configures its server takes a private one ([`Server::start`]).
//!
//! Each server is the child of a small shell (`server.sh`) that reads commands from a pipe. When the pipe closes, the
//! shell stops the server and removes its folder: so nothing is left after a panic or a SIGKILL of the test process
//! either, where neither `Drop` nor an exit handler runs.
//!
//! Invariants: the server listens on a unix socket in its own folder, on TCP only when asked; the superuser is
//! `postgres` without a password unless the options bring their own `pg_hba.conf`; encoding UTF8, locale C.UTF-8, UTC.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls, SimpleQueryMessage};

/// The server majors that pgseal supports, oldest first.
pub const MAJORS: [u16; 5] = [14, 15, 16, 17, 18];

/// The user and group that servers run as when the tests run as root (`nobody`).
const UNPRIVILEGED: u32 = 65534;

const START_LIMIT: Duration = Duration::from_secs(60);

const SETTINGS: &str = "
listen_addresses = ''
port = 5432
fsync = off
full_page_writes = off
synchronous_commit = off
autovacuum = off
jit = off
shared_buffers = '32MB'
max_connections = 60
wal_level = minimal
max_wal_senders = 0
max_wal_size = '256MB'
checkpoint_timeout = '1h'
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_checkpoints = off
";

/// What a private server is to be like.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server's major version.
    pub major: u16,
    /// Whether it listens on a free port of 127.0.0.1 too.
    pub tcp: bool,
    /// Further settings, name and value; they win over the harness's own.
    pub settings: Vec<(String, String)>,
    /// The whole `pg_hba.conf`, when the default (trust everybody) will not do.
    pub hba: Option<String>,
    /// Files to put into the server's folder before it starts, by name (`server.crt`, `server.key`); mode 0600.
    pub files: Vec<(String, String)>,
}

impl Options {
    /// The options of a server that differs from a shared one in nothing.
    pub fn new(major: u16) -> Self {
        Options { major, tcp: false, settings: Vec::new(), hba: None, files: Vec::new() }
    }

    /// Adds a setting; the value is quoted as needed.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the server listen on a free port of 127.0.0.1 too.
    #[must_use]
    pub fn tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    /// Replaces `pg_hba.conf`. Keep a line such as `local all postgres trust`, which the harness connects by.
    #[must_use]
    pub fn hba(mut self, lines: &str) -> Self {
        self.hba = Some(lines.to_owned());
        self
    }

    /// Puts a file into the server's folder before it starts; settings name it by [`Options`]' relative name.
    #[must_use]
    pub fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }
}

/// A running Postgres server.
#[derive(Debug)]
pub struct Server {
    major: u16,
    port: u16,
    folder: PathBuf,
    guard: Mutex<Guard>,
    scratch: Mutex<Vec<Scratch>>,
}

/// A database that is lent.
#[derive(Debug)]
struct Scratch {
    name: String,
    kept: Option<Kept>,
}

/// A session that stays: what it read of the catalog once, it need not read again.
struct Kept(Client);

impl std::fmt::Debug for Kept {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Kept")
    }
}

/// The shell that owns the server, and the two ends of the conversation with it.
#[derive(Debug)]
struct Guard {
    shell: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pid: Option<u32>,
}

impl Server {
    /// The server of a major that all tests of this process share, started when first asked for.
    ///
    /// # Panics
    /// When that major is not installed or does not start.
    pub fn shared(major: u16) -> &'static Server {
        static SHARED: [OnceLock<Server>; MAJORS.len()] = [const { OnceLock::new() }; MAJORS.len()];
        let place = MAJORS.iter().position(|known| *known == major);
        let place = place.unwrap_or_else(|| panic!("there is no server of major {major} to share"));
        SHARED[place].get_or_init(|| Server::start(&Options::new(major)))
    }

    /// Starts a server of the caller's own; it goes away with the value.
    ///
    /// # Panics
    /// When that major is not installed or does not start.
    pub fn start(options: &Options) -> Server {
        let home = home_of(options.major);
        let root = running_as_root();
        let mut command = Command::new("sh");
        command.arg("-c").arg(include_str!("server.sh")).arg("pgseal-tests-server");
        command.arg(temporary_folders(root)).arg(&home);
        command.current_dir("/").process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env_remove("PGDATA").env("LC_ALL", "C.UTF-8");
        if root {
            command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
        }
        let mut shell = command.spawn().unwrap_or_else(|error| panic!("cannot start sh to guard a server: {error}"));
        let commands = shell.stdin.take();
        let mut answers = BufReader::new(shell.stdout.take().expect("standard output is a pipe"));
        let folder = PathBuf::from(answer(&mut answers, "a temporary folder"));

        let port = if options.tcp { free_port() } else { 5432 };
        configure(&folder, options, port, root);
        let guard = Mutex::new(Guard { shell, commands, answers, pid: None });
        let server = Server { major: options.major, port, folder, guard, scratch: Mutex::default() };
        server.launch();
        server
    }

    /// The server's major version.
    pub fn major(&self) -> u16 {
        self.major
    }

    /// The folder of the unix socket, which is what to pass as a host.
    pub fn host(&self) -> &str {
        self.folder.to_str().expect("temporary folders have plain names")
    }

    /// The port: of the socket's name, and of 127.0.0.1 where the options asked for TCP.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's own folder: `log`, `data/`, the socket. It is removed with the server.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The process id of the server's first process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.guard().pid
    }

    /// The process id of the shell that guards the server.
    pub fn guard_pid(&self) -> u32 {
        self.guard().shell.id()
    }

    /// What the server logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Connects as superuser to a database by its name.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn connect(&self, database: &str) -> Client {
        self.config(database).connect(NoTls).unwrap_or_else(|error| {
            panic!("cannot connect to database \"{database}\" on Postgres {}: {}", self.major, describe(&error))
        })
    }

    /// The connection settings of the superuser for a database.
    pub fn config(&self, database: &str) -> postgres::Config {
        let mut config = Client::configure();
        config.host_path(&self.folder).port(self.port).user("postgres").dbname(database);
        config.application_name("pgseal-tests").connect_timeout(Duration::from_secs(20));
        config
    }

    /// Makes an empty database with a name of its own that starts with `prefix`; it is dropped with the value.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn database(&self, prefix: &str) -> Database<'_> {
        self.database_like(prefix, "template0")
    }

    /// Makes a database as a copy of another that nobody is connected to; it is dropped with the value.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn copy_of(&self, template: &Database<'_>) -> Database<'_> {
        self.database_like("copy", &template.name)
    }

    fn database_like(&self, prefix: &str, template: &str) -> Database<'_> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let prefix: String = prefix.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let name = format!("{}_{}", prefix.to_lowercase(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let statement = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"");
        self.connect("postgres").batch_execute(&statement).unwrap_or_else(|error| {
            panic!("cannot make database \"{name}\" on Postgres {}: {}", self.major, describe(&error))
        });
        Database { server: self, name, after: After::Drop, kept: Mutex::default() }
    }

    /// Lends an empty database that is emptied afterwards and lent again, which is many times quicker than to make
    /// and drop one. Not for tests that change settings of the database itself.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn scratch(&self) -> Database<'_> {
        let idle = self.scratch.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut database = match idle {
            Some(Scratch { name, kept }) => Database { server: self, name, after: After::Drop, kept: Mutex::new(kept) },
            None => self.database("scratch"),
        };
        database.after = After::Empty;
        database
    }

    /// Stops the server at once without a checkpoint, as `pg_ctl stop -m immediate` does; it recovers when restarted.
    pub fn stop_immediate(&self) {
        self.halt("QUIT");
    }

    /// Stops the server in order, ending all sessions, as `pg_ctl stop -m fast` does.
    pub fn stop(&self) {
        self.halt("INT");
    }

    /// Kills the server's first process (SIGKILL), as a crash would; the other processes end when they notice.
    pub fn kill(&self) {
        self.halt("KILL");
    }

    /// Starts the server again, after stopping it where it still runs.
    pub fn restart(&self) {
        if self.pid().is_some() {
            self.stop();
        }
        self.launch();
    }

    fn guard(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn halt(&self, signal: &str) {
        let mut guard = self.guard();
        guard.say(&format!("halt {signal}"));
        guard.pid = None;
    }

    /// Starts the server and waits until it accepts connections. After a kill, processes of the previous run may hold
    /// on to the shared memory for a moment: then it tries again.
    fn launch(&self) {
        let limit = Instant::now() + START_LIMIT;
        loop {
            let logged = fs::metadata(self.folder.join("log")).map_or(0, |log| log.len());
            let pid = self.guard().say("start");
            self.guard().pid = pid.parse().ok();
            let complaint = loop {
                let status = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
                let mut lines = status.lines();
                if lines.next().map(str::trim) == Some(pid.as_str()) && lines.nth(6).map(str::trim) == Some("ready") {
                    return;
                }
                let log = read_from(&self.folder.join("log"), logged);
                // of this process: those of a killed run may still say their last
                if log.contains(&format!("[{pid}] FATAL:")) || Instant::now() > limit {
                    break log;
                }
                std::thread::sleep(Duration::from_millis(10));
            };
            assert!(
                complaint.contains("pre-existing shared memory block") && Instant::now() < limit,
                "Postgres {} does not start:\n{complaint}",
                self.major
            );
            self.halt("KILL");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Guard {
    fn say(&mut self, command: &str) -> String {
        let pipe = self.commands.as_mut().expect("the pipe is open while the server lives");
        writeln!(pipe, "{command}").and_then(|()| pipe.flush()).expect("the shell that guards the server is gone");
        answer(&mut self.answers, command)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.commands = None;
        self.shell.wait().ok();
    }
}

/// A database of one test, dropped with the value (or emptied, see [`Server::scratch`]).
#[derive(Debug)]
pub struct Database<'server> {
    server: &'server Server,
    name: String,
    after: After,
    kept: Mutex<Option<Kept>>,
}

/// What becomes of a database after its test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Drop,
    Empty,
}

impl<'server> Database<'server> {
    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server it is on.
    pub fn server(&self) -> &'server Server {
        self.server
    }

    /// A new session of the superuser.
    pub fn connect(&self) -> Client {
        self.server.connect(&self.name)
    }

    /// Works in a session of the superuser that a lent database keeps ([`Server::scratch`]), which starts out warm; in a new one
    /// elsewhere. What is set there and outlives its transaction has to be taken back.
    ///
    /// # Panics
    /// When the server refuses the session.
    pub fn in_session<T>(&self, work: impl FnOnce(&mut Client) -> T) -> T {
        self.try_in_session(work).unwrap_or_else(|error| panic!("{}: {}", self.place(), describe(&error)))
    }

    fn try_in_session<T>(&self, work: impl FnOnce(&mut Client) -> T) -> Result<T, postgres::Error> {
        let connect = || self.server.config(&self.name).connect(NoTls);
        if self.after == After::Drop {
            return Ok(work(&mut connect()?));
        }
        let mut place = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // the server may have been stopped meanwhile
        let kept = place.take().filter(|Kept(client)| !client.is_closed());
        let kept = kept.and_then(|Kept(mut client)| client.simple_query("").is_ok().then_some(client));
        let mut client = kept.map_or_else(connect, Ok)?;
        let done = work(&mut client);
        *place = Some(Kept(client));
        Ok(done)
    }

    /// The connection string, as libpq writes it.
    pub fn dsn(&self) -> String {
        format!("host={} port={} user=postgres dbname={}", self.server.host(), self.server.port, self.name)
    }

    /// The connection options of the command lines: `--host`, `--port`, `--user`, `--db`, each with its value.
    pub fn options(&self) -> Vec<String> {
        let port = self.server.port.to_string();
        ["--host", self.server.host(), "--port", &port, "--user", "postgres", "--db", &self.name]
            .map(str::to_owned)
            .into()
    }

    /// Runs statements in a session of their own, as one simple query.
    ///
    /// # Errors
    /// What the server said, with the error's fields.
    pub fn try_batch(&self, sql: &str) -> Result<(), String> {
        self.connect().batch_execute(sql).map_err(|error| describe(&error))
    }

    /// Runs statements in a session of their own, as one simple query.
    ///
    /// # Panics
    /// When the server refuses one.
    pub fn batch(&self, sql: &str) {
        self.try_batch(sql).unwrap_or_else(|error| panic!("{}: {error}\nin: {sql}", self.place()));
    }

    /// The first column of all rows of a query, as text; NULL is the empty text.
    ///
    /// # Panics
    /// When the server refuses the query.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.connect().simple_query(sql);
        let rows = rows.unwrap_or_else(|error| panic!("{}: {}\nin: {sql}", self.place(), describe(&error)));
        rows.iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
                _ => None,
            })
            .collect()
    }

    /// Whether a session in this database waits for a lock; of others on the same server it says nothing.
    pub const IS_BLOCKED: &'static str =
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";

    /// Waits until a query gives that answer.
    ///
    /// # Panics
    /// When it does not within a minute.
    #[track_caller]
    pub fn wait_until(&self, sql: &str, answer: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        while self.text(sql) != answer {
            assert!(Instant::now() < end, "never: {sql}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The first column of the only row of a query, as text.
    ///
    /// # Panics
    /// When the server refuses the query or it gives another number of rows than one.
    pub fn text(&self, sql: &str) -> String {
        let mut rows = self.texts(sql);
        assert_eq!(rows.len(), 1, "{}: one row expected of: {sql}", self.place());
        rows.remove(0)
    }

    fn place(&self) -> String {
        format!("database \"{}\" on Postgres {}", self.name, self.server.major)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        let lent = self.after == After::Empty && !std::thread::panicking();
        if lent && self.try_in_session(empty).unwrap_or(false) {
            let name = std::mem::take(&mut self.name);
            let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner).take();
            self.server.scratch.lock().unwrap_or_else(PoisonError::into_inner).push(Scratch { name, kept });
            return;
        }
        // best effort: the server may have been stopped on purpose, and goes away with its databases
        if let Ok(mut client) = self.server.config("postgres").connect(NoTls) {
            client.batch_execute(&format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.name)).ok();
        }
    }
}

/// Drops everything in a database that was not there at the start, and says whether that was possible.
fn empty(client: &mut Client) -> bool {
    if client.batch_execute(include_str!("empty.sql")).is_err() {
        return false;
    }
    client
        .simple_query("SELECT 1 FROM pgseal_left")
        .is_ok_and(|rows| !rows.iter().any(|message| matches!(message, SimpleQueryMessage::Row(_))))
        && client.batch_execute("DISCARD ALL").is_ok()
}

/// What a server's error says: message, detail, hint and SQLSTATE, each where there is one.
pub fn describe(error: &postgres::Error) -> String {
    let Some(server) = error.as_db_error() else {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            write!(text, ": {inner}").ok();
            cause = inner.source();
        }
        return text;
    };
    let mut text = format!("{} ({})", server.message(), server.code().code());
    for (what, value) in [("detail", server.detail()), ("hint", server.hint()), ("context", server.where_())] {
        if let Some(value) = value {
            write!(text, "\n  {what}: {value}").ok();
        }
    }
    text
}

/// The repository's root folder.
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

fn home_of(major: u16) -> PathBuf {
    let servers = std::env::var_os("PGSEAL_SERVERS").map_or_else(|| repository().join(".servers"), PathBuf::from);
    let home = servers.join(major.to_string());
    assert!(
        home.join("bin/postgres").exists() && home.join("template.tar").exists(),
        "Postgres {major} is not installed in {}: run `make test`, or `scripts/servers.sh` alone",
        home.display()
    );
    home.canonicalize().unwrap_or(home)
}

fn running_as_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Where temporary folders go: the name of a socket in them has to stay under 108 bytes, and the unprivileged user
/// must be able to write there.
fn temporary_folders(root: bool) -> PathBuf {
    let usual = std::env::temp_dir();
    if root || usual.as_os_str().len() > 70 { PathBuf::from("/tmp") } else { usual }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("the port's address").port()
}

fn configure(folder: &Path, options: &Options, port: u16, root: bool) {
    let mut settings = SETTINGS.to_owned();
    if options.tcp {
        settings.push_str("listen_addresses = '127.0.0.1'\n");
    }
    writeln!(settings, "port = {port}").ok();
    for (name, value) in &options.settings {
        writeln!(settings, "{name} = '{}'", value.replace('\'', "''")).ok();
    }
    let main = folder.join("data/postgresql.conf");
    let mut file = fs::OpenOptions::new().append(true).open(&main).expect("postgresql.conf of the template");
    file.write_all(settings.as_bytes()).expect("write postgresql.conf");

    let mut files = options.files.clone();
    files.extend(options.hba.iter().map(|lines| ("pg_hba.conf".to_owned(), lines.clone())));
    for (name, text) in files {
        let path = folder.join("data").join(&name);
        fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {name}: {error}"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set the mode");
        if root {
            chown(&path, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).expect("hand the file over");
        }
    }
}

fn answer(answers: &mut BufReader<ChildStdout>, question: &str) -> String {
    let mut line = String::new();
    let read = answers.read_line(&mut line);
    assert!(
        read.is_ok_and(|length| length > 0),
        "the shell that guards a server did not answer \"{question}\" (is the servers' folder closed to other users?)"
    );
    line.trim_end().to_owned()
}

fn read_from(path: &Path, offset: u64) -> String {
    let mut text = String::new();
    if let Ok(mut file) = fs::File::open(path)
        && file.seek(SeekFrom::Start(offset)).is_ok()
    {
        file.read_to_string(&mut text).ok();
    }
    text
}
