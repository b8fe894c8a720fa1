//! Echo under stress: many peers at once, chunks of every size, and every byte back in its order; some
//! peers go without a word. `npm run test:sanitizers` runs it under valgrind as well.

#[cfg(unix)]
#[path = "util/engine/mod.rs"]
mod engine;
mod util;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mio_js_core::{Handle, Mirror, transfer};
use util::{BOTH, PATIENCE, READABLE, listener, mirror, poll};

const PEERS: usize = 16;
const ROUNDS: usize = 12;

/// An instrument takes many times as long, and whoever is not heard may only have to wait.
const LONG: Duration = Duration::from_secs(12 * PATIENCE.as_secs());

/// Bytes that say where they are from.
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..65_536).map(|_| next()).collect()
});

/// All that a peer says: chunks from one byte to more than a read takes at once.
fn chunks(peer: usize) -> impl Iterator<Item = &'static [u8]> {
    (0..ROUNDS).map(move |round| {
        let count = 1 + (peer * 7919 + round * round * 4099) % 40_000;
        let start = (peer * 631 + round * 97) % (BYTES.len() - count);
        &BYTES[start..start + count]
    })
}

/// Says all of it, and compares what comes back meanwhile.
fn talk(address: SocketAddr, peer: usize) {
    let mut stream = TcpStream::connect(address).expect("a listener");
    stream.set_read_timeout(Some(LONG)).expect("a socket");
    stream.set_write_timeout(Some(LONG)).expect("a socket");
    if peer % 4 == 3 {
        // Unread bytes make an RST of what closes.
        for chunk in chunks(peer).take(ROUNDS / 3) {
            stream.write_all(chunk).expect("a connection");
        }
        stream.read_exact(&mut [0; 8]).expect("an echo");
        return;
    }
    let mut writer = stream.try_clone().expect("a descriptor");
    let writing = thread::spawn(move || {
        for chunk in chunks(peer) {
            writer.write_all(chunk).expect("a connection");
        }
        writer.shutdown(Shutdown::Write).expect("a connection");
    });
    let expected: Vec<u8> = chunks(peer).flatten().copied().collect();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).expect("all of it");
    assert!(received == expected, "peer {peer} heard something else");
    writing.join().expect("no panic");
}

/// All peers at once.
fn talkers(address: SocketAddr) -> Vec<JoinHandle<()>> {
    let talker = |peer| thread::spawn(move || talk(address, peer));
    (0..PEERS).map(talker).collect()
}

fn join(talkers: Vec<JoinHandle<()>>) {
    for talker in talkers {
        talker.join().expect("no panic");
    }
}

/// A connection of the mirror's server.
struct Client {
    stream: Handle,
    unsent: Vec<u8>,
}

impl Client {
    /// Does all that can be done now; whether there can be more.
    fn go_on(&mut self, mirror: &mut Mirror, buffer: &mut [u8]) -> bool {
        let source = mirror.source(self.stream).expect("an open source");
        loop {
            while !self.unsent.is_empty() {
                match transfer::write(source.io(), &self.unsent) {
                    Ok(count) => drop(self.unsent.drain(..count)),
                    Err(failure) => return failure.is_would_block(),
                }
            }
            match transfer::read(source.io(), buffer) {
                Ok(0) => return false,
                Ok(count) => self.unsent.extend_from_slice(&buffer[..count]),
                Err(failure) => return failure.is_would_block(),
            }
        }
    }
}

#[test]
fn a_poller_echoes_whatever_many_peers_say() {
    let (mut mirror, poller) = mirror();
    let (listener, address) = listener(&mut mirror);
    mirror.register(poller, listener, 0, READABLE).unwrap();
    let talkers = talkers(address);
    let (mut clients, mut accepted) = (BTreeMap::new(), 0);
    let mut buffer = vec![0; 16 * 1024];
    let mut heard = Instant::now();
    while accepted < PEERS as u64 || !clients.is_empty() {
        assert!(heard.elapsed() < LONG, "{} peers wait", clients.len());
        for event in poll(&mut mirror, poller, 8, PATIENCE) {
            heard = Instant::now();
            if event.token == 0 {
                while let Some(stream) = accept(&mut mirror, listener) {
                    accepted += 1;
                    let outcome = mirror.register(poller, stream, accepted, BOTH);
                    outcome.expect("an open selector");
                    let unsent = Vec::new();
                    clients.insert(accepted, Client { stream, unsent });
                }
            } else if let Some(client) = clients.get_mut(&event.token)
                && !client.go_on(&mut mirror, &mut buffer)
            {
                mirror.close_source(client.stream).unwrap();
                clients.remove(&event.token);
            }
        }
    }
    join(talkers);
    mirror.close_source(listener).unwrap();
    assert_eq!(mirror.census(), (1, 0));
}

/// The next connection, if there is one now.
fn accept(mirror: &mut Mirror, listener: Handle) -> Option<Handle> {
    match mirror.accept(listener) {
        Ok((stream, _)) => Some(stream),
        Err(failure) if failure.is_would_block() => None,
        Err(failure) => panic!("{failure:?}"),
    }
}

#[cfg(unix)]
#[test]
fn an_engine_echoes_whatever_many_peers_say() {
    use engine::{EVERY_IO, Event, Program, op};
    use mio_js_core::engine::Profile;

    for io in EVERY_IO {
        for donates in [false, true] {
            let mut program = Program::new(io);
            if donates {
                program = program.donating();
            }
            let address = program.serve(Profile::default());
            let talkers = talkers(address);
            // How much of each connection was echoed, and whether its end was answered.
            let mut echoed = BTreeMap::new();
            let mut heard = Instant::now();
            let is_over = |program: &Program| {
                let ids = program.ledger().accepted();
                ids.len() == PEERS && ids.iter().all(|&id| program.story(id).end().is_some())
            };
            while !is_over(&program) {
                program.step(Duration::from_millis(20));
                for id in program.ledger().accepted() {
                    let (count, is_answered) = echoed.entry(id).or_insert((0, false));
                    let story = program.story(id);
                    if story.end().is_some() {
                        continue;
                    }
                    let fresh = story.received[*count..].to_vec();
                    let has_ended = story.has(&Event::End) && !*is_answered;
                    if !fresh.is_empty() {
                        heard = Instant::now();
                        *count += fresh.len();
                        program.write(id, &fresh);
                    }
                    if has_ended {
                        *is_answered = true;
                        program.ask(op::SHUTDOWN, id);
                    }
                }
                assert!(heard.elapsed() < LONG, "nobody says anything");
            }
            join(talkers);
        }
    }
}
