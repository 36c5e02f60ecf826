//! A socket between an agent and its server that freezes the conversation at a chosen request, so that either side can be
//! killed at exactly that point. The programs know nothing of it.
//!
//! A request is one `Query` or `Parse` message; the server has answered it when it is ready for the next. Frozen means: what
//! the agent sends is swallowed, what the server answers is withheld. When either side goes away, so does the other's socket.
//!
//! A proxy that cuts ends the conversation there instead, and lets the next one through; it can do so at any byte of a request or
//! of its answer. One that pauses holds the conversation until it is told to go on. Each can be told to fall mute: it takes further
//! connections then, and never says anything on them.
//!
//! Only the first of several connections at a time counts. A second one, over which an agent looks at what a long statement does, comes
//! and goes with the speed of the machine; it is let through as it is.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::server::Server;

const SOCKET: &str = ".s.PGSQL.5432";

/// On which side of a request the conversation freezes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The server never hears of it.
    Before,
    /// The server has done it, and the agent never hears so.
    Answered,
    /// So many bytes of it get through; all of it when it has no more.
    Asked(usize),
    /// So many bytes of the answer get through; all of it when it has no more.
    Answering(usize),
}

/// Where the conversation freezes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// On which side of the request.
    pub when: When,
    /// How the text of the request begins; any when there is none.
    pub sql: Option<String>,
    /// At which request of that text, from 1.
    pub nth: usize,
}

/// What a proxy does at its stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Freeze,
    Cut,
    Pause,
}

/// A request, and how long it and its answer were on the wire, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Its text.
    pub sql: String,
    /// The bytes up to where the server has to answer.
    pub asked: usize,
    /// The bytes of the answer.
    pub answered: usize,
}

/// A running proxy; connections through it end with the value.
#[derive(Debug)]
pub struct Proxy {
    folder: TempDir,
    shared: Arc<Shared>,
    frozen: Receiver<()>,
    go_on: Sender<()>,
}

#[derive(Debug)]
struct Shared {
    server: PathBuf,
    stop: Option<Stop>,
    then: Then,
    seen: Mutex<Vec<Exchange>>,
    streams: Mutex<Vec<UnixStream>>,
    /// There is a connection that counts.
    talking: AtomicBool,
    withhold: AtomicBool,
    /// How much of what the server says gets through before the cut.
    answering: Mutex<Option<usize>>,
    closed: AtomicBool,
    /// Connections from this one on get no answer.
    mute_from: AtomicUsize,
    frozen: Mutex<Sender<()>>,
    going_on: Mutex<Receiver<()>>,
}

impl Proxy {
    /// Listens in a folder of its own, in front of a server.
    ///
    /// # Panics
    /// When there is no room for a socket.
    pub fn start(server: &Server, stop: Option<Stop>) -> Proxy {
        Self::new(server, stop, Then::Freeze)
    }

    /// Listens in a folder of its own, in front of a server, and cuts the connection at a stop, once.
    ///
    /// # Panics
    /// When there is no room for a socket.
    pub fn cutting(server: &Server, stop: Stop) -> Proxy {
        Self::new(server, Some(stop), Then::Cut)
    }

    /// Listens in a folder of its own, in front of a server, and holds the conversation at a stop until [`Proxy::go_on`], once.
    ///
    /// # Panics
    /// When there is no room for a socket.
    pub fn pausing(server: &Server, stop: Stop) -> Proxy {
        Self::new(server, Some(stop), Then::Pause)
    }

    fn new(server: &Server, stop: Option<Stop>, then: Then) -> Proxy {
        let folder = TempDir::new().expect("a temporary folder");
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("a socket");
        let (sender, frozen) = channel();
        let (go_on, going_on) = channel();
        let shared = Arc::new(Shared {
            server: server.folder().join(format!(".s.PGSQL.{}", server.port())),
            stop,
            then,
            seen: Mutex::default(),
            streams: Mutex::default(),
            talking: AtomicBool::new(false),
            withhold: AtomicBool::new(false),
            answering: Mutex::default(),
            closed: AtomicBool::new(false),
            mute_from: AtomicUsize::new(usize::MAX),
            frozen: Mutex::new(sender),
            going_on: Mutex::new(going_on),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for (number, agent) in (1..).zip(listener.incoming().map_while(Result::ok)) {
                if accepting.closed.load(Ordering::SeqCst) {
                    return;
                }
                if number >= accepting.mute_from.load(Ordering::SeqCst) {
                    lock(&accepting.streams).push(agent);
                    continue;
                }
                accepting.serve(agent);
            }
        });
        Proxy { folder, shared, frozen, go_on }
    }

    /// The folder of the socket, which is what to pass as a host.
    pub fn host(&self) -> &Path {
        self.folder.path()
    }

    /// Takes connections from this one on, counted from 1, without ever answering.
    pub fn mute_from(&self, connection: usize) {
        self.shared.mute_from.store(connection, Ordering::SeqCst);
    }

    /// Waits until the conversation is frozen.
    pub fn wait_frozen(&self, limit: Duration) -> bool {
        self.frozen.recv_timeout(limit).is_ok()
    }

    /// Lets a conversation that is held go on.
    pub fn go_on(&self) {
        self.go_on.send(()).ok();
    }

    /// The text of every request so far, in order.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.shared.seen).iter().map(|exchange| exchange.sql.clone()).collect()
    }

    /// Every request so far with its length, in order.
    pub fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.shared.seen).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.go_on();
        for stream in lock(&self.shared.streams).iter() {
            stream.shutdown(Shutdown::Both).ok();
        }
        // wakes the thread that accepts
        UnixStream::connect(self.folder.path().join(SOCKET)).ok();
    }
}

impl Shared {
    fn serve(self: &Arc<Self>, agent: UnixStream) {
        let Ok(server) = UnixStream::connect(&self.server) else { return };
        let pair = || Some((agent.try_clone().ok()?, server.try_clone().ok()?));
        let (Some(there), Some(back), Some(kept)) = (pair(), pair(), pair()) else { return };
        lock(&self.streams).extend([kept.0, kept.1]);
        let counts = !self.talking.swap(true, Ordering::SeqCst);
        let shared = Arc::clone(self);
        thread::spawn(move || {
            if counts {
                shared.requests_of(&there.0, &there.1);
                // before either side can know of it: the connection that comes next takes its place
                shared.talking.store(false, Ordering::SeqCst);
            } else {
                io::copy(&mut &there.0, &mut &there.1).ok();
            }
            there.1.shutdown(Shutdown::Both).ok();
            there.0.shutdown(Shutdown::Both).ok();
        });
        let shared = Arc::clone(self);
        thread::spawn(move || {
            if counts {
                shared.answers_of(&back.1, &back.0);
                shared.talking.store(false, Ordering::SeqCst);
            } else {
                io::copy(&mut &back.1, &mut &back.0).ok();
            }
            back.0.shutdown(Shutdown::Both).ok();
            back.1.shutdown(Shutdown::Both).ok();
        });
    }

    /// Passes on what the agent sends, until it is to be frozen or the agent is gone.
    fn requests_of(&self, mut agent: &UnixStream, mut server: &UnixStream) {
        // the first message has no letter
        let Some(first) = read_message(&mut agent, false) else { return };
        if server.write_all(&first).is_err() {
            return;
        }
        // how much of this request is let through, where that is the stop
        let mut asked: Option<usize> = None;
        while let Some(message) = read_message(&mut agent, true) {
            if let Some(sql) = text_of(&message) {
                match self.notice(sql) {
                    None => {}
                    Some(When::Answered) => self.withhold.store(true, Ordering::SeqCst),
                    Some(When::Asked(bytes)) => asked = Some(bytes),
                    Some(When::Answering(bytes)) => *lock(&self.answering) = Some(bytes),
                    Some(When::Before) => match self.then {
                        Then::Pause => self.hold(),
                        Then::Cut => return self.say_frozen(),
                        Then::Freeze => {
                            self.say_frozen();
                            while read_message(&mut agent, true).is_some() {}
                            return;
                        }
                    },
                }
            }
            if let Some(exchange) = lock(&self.seen).last_mut() {
                exchange.asked += message.len();
            }
            let through = asked.map_or(message.len(), |left| left.min(message.len()));
            if server.write_all(&message[..through]).is_err() {
                return;
            }
            if let Some(left) = &mut asked {
                *left -= through;
                if *left == 0 || ends_a_request(&message) {
                    return self.say_frozen();
                }
            }
        }
    }

    fn answers_of(&self, mut server: &UnixStream, mut agent: &UnixStream) {
        while let Some(message) = read_message(&mut server, true) {
            let is_ready = message.first() == Some(&b'Z');
            if let Some(exchange) = lock(&self.seen).last_mut() {
                exchange.answered += message.len();
            }
            if self.withhold.load(Ordering::SeqCst) {
                if is_ready {
                    match self.then {
                        // what was withheld is only that the server is ready: the rest went through
                        Then::Pause => {
                            self.withhold.store(false, Ordering::SeqCst);
                            self.hold();
                        }
                        Then::Cut => {
                            self.withhold.store(false, Ordering::SeqCst);
                            return self.say_frozen();
                        }
                        Then::Freeze => {
                            self.say_frozen();
                            continue;
                        }
                    }
                } else if self.then != Then::Pause {
                    continue;
                }
            }
            let left = *lock(&self.answering);
            let through = left.map_or(message.len(), |left| left.min(message.len()));
            if agent.write_all(&message[..through]).is_err() {
                return;
            }
            if let Some(left) = left {
                let rest = left - through;
                if rest == 0 || is_ready {
                    *lock(&self.answering) = None;
                    return self.say_frozen();
                }
                *lock(&self.answering) = Some(rest);
            }
        }
    }

    /// Notes a request, and says whether it is the one to stop at.
    fn notice(&self, sql: String) -> Option<When> {
        let mut seen = lock(&self.seen);
        seen.push(Exchange { sql, asked: 0, answered: 0 });
        let stop = self.stop.as_ref()?;
        let last = seen.last()?;
        let alike = |exchange: &Exchange| stop.sql.as_ref().is_none_or(|wanted| exchange.sql.starts_with(wanted));
        (alike(last) && seen.iter().filter(|exchange| alike(exchange)).count() == stop.nth).then_some(stop.when)
    }

    /// Holds the conversation until it may go on.
    fn hold(&self) {
        self.say_frozen();
        lock(&self.going_on).recv().ok();
    }

    fn say_frozen(&self) {
        lock(&self.frozen).send(()).ok();
    }
}

/// One message with its head; none at the end.
pub(super) fn read_message(stream: &mut impl Read, letter: bool) -> Option<Vec<u8>> {
    let head = if letter { 5 } else { 4 };
    let mut message = vec![0; head];
    stream.read_exact(&mut message).ok()?;
    let length = u32::from_be_bytes(message[head - 4..].try_into().ok()?) as usize;
    message.resize(head + length.checked_sub(4)?, 0);
    stream.read_exact(&mut message[head..]).ok()?;
    Some(message)
}

/// Whether the server has to answer after this message.
fn ends_a_request(message: &[u8]) -> bool {
    matches!(message.first(), Some(b'Q' | b'S'))
}

/// The statement of a `Query` or `Parse` message.
fn text_of(message: &[u8]) -> Option<String> {
    let mut texts = message.get(5..)?.split(|byte| *byte == 0);
    let text = match message.first()? {
        b'Q' => texts.next()?,
        b'P' => texts.nth(1)?,
        _ => return None,
    };
    Some(String::from_utf8_lossy(text).into_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
