//! A proxy that gives each transaction of a client whichever session of the server it likes, as proxies that pool transactions do.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tempfile::TempDir;

use super::proxy::read_message;
use crate::server::Server;

const SOCKET: &str = ".s.PGSQL.5432";

/// Which session a transaction gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// All clients take turns in the same one.
    Shared,
    /// A client's transactions go to two in turn.
    Turns,
    /// A client gets another one from the transaction of its so many-th phase on.
    FromPhase(usize),
}

/// A running pooler; it goes away with the value.
#[derive(Debug)]
pub struct Pooler {
    folder: TempDir,
    closed: Arc<AtomicBool>,
}

impl Pooler {
    /// Listens in a folder of its own, in front of a server.
    ///
    /// # Panics
    /// When there is no room for a socket.
    pub fn start(server: &Server, pooling: Pooling) -> Pooler {
        let folder = TempDir::new().expect("a temporary folder");
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("a socket");
        let closed = Arc::new(AtomicBool::new(false));
        let (target, ending) = (server.folder().join(format!(".s.PGSQL.{}", server.port())), Arc::clone(&closed));
        let shared: Arc<Mutex<Option<Backend>>> = Arc::default();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if ending.load(Ordering::SeqCst) {
                    return;
                }
                let (target, shared) = (target.clone(), Arc::clone(&shared));
                thread::spawn(move || match pooling {
                    Pooling::Shared => serve_shared(client, &target, &shared),
                    Pooling::Turns => serve_by_two(client, &target, None),
                    Pooling::FromPhase(phase) => serve_by_two(client, &target, Some(phase)),
                });
            }
        });
        Pooler { folder, closed }
    }

    /// The folder of the socket, which is what to pass as a host.
    pub fn host(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        UnixStream::connect(self.folder.path().join(SOCKET)).ok();
    }
}

/// A session of the server, and how it greeted.
#[derive(Debug)]
struct Backend {
    stream: UnixStream,
    greeting: Vec<u8>,
}

impl Backend {
    fn open(target: &PathBuf, startup: &[u8]) -> Option<Backend> {
        let mut stream = UnixStream::connect(target).ok()?;
        stream.write_all(startup).ok()?;
        let mut greeting = Vec::new();
        answer(&mut stream, &mut greeting)?;
        Some(Backend { stream, greeting })
    }
}

/// Passes on what the server says until it is ready; says in what state.
fn answer(server: &mut impl Read, client: &mut impl Write) -> Option<u8> {
    loop {
        let message = read_message(server, true)?;
        client.write_all(&message).ok()?;
        match message.first()? {
            b'Z' => return message.last().copied(),
            b'E' if message.windows(6).any(|bytes| bytes == b"VFATAL") => return None,
            _ => {}
        }
    }
}

/// Passes on what the client sends until the server has to answer; the first message is given.
fn ask(mut message: Vec<u8>, client: &mut impl Read, server: &mut impl Write) -> Option<()> {
    loop {
        server.write_all(&message).ok()?;
        if matches!(message.first()?, b'Q' | b'S') {
            return Some(());
        }
        message = read_message(client, true)?;
    }
}

/// Runs one transaction of the client; the first message is given.
fn transaction(first: Vec<u8>, client: &mut UnixStream, server: &mut UnixStream) -> Option<()> {
    let mut message = first;
    loop {
        ask(message, client, server)?;
        if answer(server, client)? == b'I' {
            return Some(());
        }
        message = read_message(client, true).filter(|message| message.first() != Some(&b'X'))?;
    }
}

fn serve_shared(mut client: UnixStream, target: &PathBuf, shared: &Mutex<Option<Backend>>) {
    let Some(startup) = read_message(&mut client, false) else { return };
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    {
        let mut backend = lock();
        if backend.is_none() {
            *backend = Backend::open(target, &startup);
        }
        let Some(backend) = backend.as_ref() else { return };
        client.write_all(&backend.greeting).ok();
    }
    while let Some(message) = read_message(&mut client, true).filter(|message| message.first() != Some(&b'X')) {
        let mut backend = lock();
        let Some(backend) = backend.as_mut() else { return };
        if transaction(message, &mut client, &mut backend.stream).is_none() {
            return;
        }
    }
}

fn serve_by_two(mut client: UnixStream, target: &PathBuf, from_phase: Option<usize>) {
    let Some(startup) = read_message(&mut client, false) else { return };
    let open = || Backend::open(target, &startup);
    let (Some(first), Some(second)) = (open(), open()) else { return };
    client.write_all(&first.greeting).ok();
    let mut backends = [first, second];
    let (mut run, mut phases) = (0, 0);
    while let Some(message) = read_message(&mut client, true).filter(|message| message.first() != Some(&b'X')) {
        run += 1;
        phases += usize::from(message.windows(22).any(|bytes| bytes == b"SET LOCAL lock_timeout"));
        let at = usize::from(from_phase.map_or(run % 2 == 0, |from| phases >= from));
        if transaction(message, &mut client, &mut backends[at].stream).is_none() {
            return;
        }
    }
}
