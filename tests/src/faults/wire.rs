//! A wire between an agent and its server over TCP that spoils what the server says next: one bit of a TLS record is another one. It
//! can fall mute: it takes further connections then, and never says anything on them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A running wire; it takes no more connections when the value goes away.
#[derive(Debug)]
pub struct Wire {
    port: u16,
    spoil: Arc<AtomicBool>,
    mute: Arc<AtomicBool>,
    closed: Arc<AtomicBool>,
}

impl Wire {
    /// Listens on a free port of 127.0.0.1, in front of another one.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn before(server: u16) -> Wire {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("the port").port();
        let wire = Wire { port, spoil: Arc::default(), mute: Arc::default(), closed: Arc::default() };
        let (spoil, mute, closed) = (Arc::clone(&wire.spoil), Arc::clone(&wire.mute), Arc::clone(&wire.closed));
        thread::spawn(move || {
            let mut kept = Vec::new();
            for agent in listener.incoming().map_while(Result::ok) {
                if closed.load(Ordering::SeqCst) {
                    return;
                }
                if mute.load(Ordering::SeqCst) {
                    kept.push(agent);
                    continue;
                }
                connect(agent, server, &spoil);
            }
        });
        wire
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Takes connections from now on without ever answering.
    pub fn fall_mute(&self) {
        self.mute.store(true, Ordering::SeqCst);
    }

    /// Spoils what the server says next, once.
    pub fn spoil(&self) {
        self.spoil.store(true, Ordering::SeqCst);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // wakes the thread that accepts
        TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

fn connect(agent: TcpStream, server: u16, spoil: &Arc<AtomicBool>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { return };
    let (Ok(from_agent), Ok(to_server)) = (agent.try_clone(), server.try_clone()) else { return };
    let spoil = Arc::clone(spoil);
    thread::spawn(move || pass(from_agent, to_server, |_| {}));
    thread::spawn(move || {
        pass(server, agent, |bytes| {
            if let Some(last) = bytes.last_mut().filter(|_| spoil.swap(false, Ordering::SeqCst)) {
                *last ^= 1;
            }
        });
    });
}

fn pass(mut from: TcpStream, mut to: TcpStream, change: impl Fn(&mut [u8])) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        change(&mut bytes[..count]);
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}
