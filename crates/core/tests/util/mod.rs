//! The vocabulary of the tests: mirrors with connected pairs, expected events, expected misuse.
#![allow(dead_code, reason = "not every test file uses all of it")]

use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use mio::Interest;
use mio_js_core::{
    Driver, Event, Failure, Handle, Io, Mirror, Misuse, Waiter, WakeSignal, tcp, transfer,
};

/// Long for any event on loopback.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long nothing must happen where nothing may.
pub(crate) const SILENCE: Duration = Duration::from_millis(50);

pub(crate) const READABLE: Interest = Interest::READABLE;
pub(crate) const WRITABLE: Interest = Interest::WRITABLE;
pub(crate) const BOTH: Interest = READABLE.add(WRITABLE);

/// A mirror with one poller.
pub(crate) fn mirror() -> (Mirror, Handle) {
    let mut mirror = Mirror::default();
    let poller = mirror.open_poller().expect("a selector");
    (mirror, poller)
}

/// A listener on a port that the system chooses.
pub(crate) fn listener(mirror: &mut Mirror) -> (Handle, SocketAddr) {
    let socket = tcp::listener::bind((Ipv4Addr::LOCALHOST, 0).into(), 128).expect("a port");
    let address = socket.local_addr().expect("an address");
    (mirror.open_source(socket).expect("room"), address)
}

/// Two ends of one connection.
pub(crate) fn pair(mirror: &mut Mirror) -> (Handle, Handle) {
    let (client, server) = std_pair();
    (adopt(mirror, client), adopt(mirror, server))
}

/// Two ends of one connection, outside of any mirror.
pub(crate) fn std_pair() -> (std::net::TcpStream, std::net::TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let client = std::net::TcpStream::connect(address).expect("a connection");
    let (server, _) = listener.accept().expect("the other end");
    (client, server)
}

/// Stores a stream as a source.
pub(crate) fn adopt(mirror: &mut Mirror, stream: std::net::TcpStream) -> Handle {
    stream.set_nonblocking(true).expect("a socket");
    let stream = mio::net::TcpStream::from_std(stream);
    mirror.open_source(Io::TcpStream(stream)).expect("room")
}

/// The events of one poll.
pub(crate) fn poll(
    mirror: &mut Mirror,
    poller: Handle,
    capacity: usize,
    timeout: Duration,
) -> Vec<Event> {
    let poller = mirror.poller(poller).expect("an open poller");
    let count = poller
        .poll(capacity, Some(timeout), || true)
        .expect("events");
    assert!(count <= capacity);
    (0..count)
        .map(|_| poller.take().expect("an event that was announced"))
        .collect()
}

/// Polls until there is an event with this token, and returns it; others are dropped.
pub(crate) fn event_for(mirror: &mut Mirror, poller: Handle, token: u64) -> Event {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let events = poll(mirror, poller, 64, PATIENCE);
        if let Some(event) = events.into_iter().find(|event| event.token == token) {
            return event;
        }
    }
    panic!("no event for token {token}");
}

/// Asserts that nothing becomes ready.
pub(crate) fn no_event(mirror: &mut Mirror, poller: Handle) {
    assert_eq!(poll(mirror, poller, 64, SILENCE), []);
}

pub(crate) fn write(mirror: &mut Mirror, stream: Handle, bytes: &[u8]) {
    let source = mirror.source(stream).expect("an open source");
    let count = transfer::write(source.io(), bytes).expect("room in the socket");
    assert_eq!(count, bytes.len());
}

/// Reads what there is; `None` for would-block.
pub(crate) fn read(mirror: &mut Mirror, stream: Handle) -> Option<Vec<u8>> {
    let source = mirror.source(stream).expect("an open source");
    let mut buffer = vec![0; 4096];
    match transfer::read(source.io(), &mut buffer) {
        Ok(count) => {
            buffer.truncate(count);
            Some(buffer)
        }
        Err(failure) if failure.is_would_block() => None,
        Err(failure) => panic!("{failure:?}"),
    }
}

/// Asserts that an operation was refused for this reason.
#[track_caller]
pub(crate) fn refused<T>(outcome: Result<T, Failure>, misuse: Misuse) {
    match outcome {
        Err(Failure::Misuse(found)) => assert_eq!(found, misuse),
        Err(Failure::Io(error)) => panic!("{error:?}, where {misuse:?} should be"),
        Ok(_) => panic!("no failure, where {misuse:?} should be"),
    }
}

/// A waiter whose wait ends with the test, even when that fails.
pub(crate) struct TestWaiter {
    waiter: Waiter,
    /// Of the poller that was lent last.
    signal: RefCell<Option<Arc<WakeSignal>>>,
}

impl TestWaiter {
    /// Also returns what hears of each driver that can be collected.
    pub(crate) fn spawn() -> (Self, Receiver<()>) {
        let (sender, notified) = mpsc::channel();
        // Nobody listens any more when a test ends.
        let waiter = Waiter::spawn(move || _ = sender.send(())).expect("a thread");
        let signal = RefCell::default();
        (Self { waiter, signal }, notified)
    }

    /// Lends the driver of a poller.
    pub(crate) fn lend(&self, mirror: &mut Mirror, poller: Handle) {
        let selector = mirror.poller(poller).expect("an open poller");
        let signal = Arc::clone(selector.signal().expect("a descriptor"));
        self.signal.replace(Some(signal));
        self.waiter.start(selector.lend(64).expect("nobody has it"));
    }

    /// Ends the wait. Whether there was one.
    pub(crate) fn end(&self, mirror: &mut Mirror, poller: Handle) -> bool {
        let signal = self.signal.borrow().clone();
        let done = self.waiter.cancel(|| interrupt(signal.as_deref()));
        put_back(mirror, poller, done)
    }

    /// Takes the driver back if the wait is over.
    pub(crate) fn collect(&self, mirror: &mut Mirror, poller: Handle) -> bool {
        put_back(mirror, poller, self.waiter.collect())
    }
}

impl Deref for TestWaiter {
    type Target = Waiter;

    fn deref(&self) -> &Waiter {
        &self.waiter
    }
}

impl Drop for TestWaiter {
    fn drop(&mut self) {
        let signal = self.signal.take();
        drop(self.waiter.cancel(|| interrupt(signal.as_deref())));
    }
}

fn interrupt(signal: Option<&WakeSignal>) {
    let signal = signal.expect("what was lent");
    signal.interrupt().expect("a wake-up");
}

/// Puts back what a waiter gave, if it gave something.
pub(crate) fn put_back(
    mirror: &mut Mirror,
    poller: Handle,
    done: Option<(Driver, io::Result<()>)>,
) -> bool {
    let Some((driver, outcome)) = done else {
        return false;
    };
    let selector = mirror.poller(poller).expect("an open poller");
    let outcome = selector.put_back(driver, outcome);
    outcome.expect("no error of the wait");
    true
}

/// Tells threads to stop, however the test ends.
pub(crate) struct StopOnDrop<'a>(pub(crate) &'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
