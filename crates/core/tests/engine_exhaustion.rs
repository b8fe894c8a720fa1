//! A process that has no descriptor left. Each test runs again in a process of its own that may have
//! few of them.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::fs::File;
use std::process::Command as Process;
use std::time::{Duration, Instant};

use engine::*;
use libc::EMFILE;
use mio_js_core::engine::{BindOptions, Lane, Limits, Syscall, Target, bind};
use socket2::{Domain, Socket, Type};

const LIMIT: u32 = 64;
const CONFINED: &str = "MIO_JS_CONFINED";

/// Whether this process may have few descriptors. If not, another one runs the test.
fn is_confined(test: &str) -> bool {
    if std::env::var_os(CONFINED).is_some() {
        return true;
    }
    let script = format!("ulimit -n {LIMIT} && exec \"$0\" --exact \"$1\" --nocapture");
    let this = std::env::current_exe().expect("the test itself");
    let mut shell = Process::new("sh");
    shell.arg("-c").arg(script).arg(this).arg(test);
    let output = shell.env(CONFINED, "1").output().expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

/// Takes all descriptors that are left.
fn hog() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

/// Sockets that are not connected yet.
fn clients(count: usize) -> Vec<Socket> {
    let socket = || Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    std::iter::repeat_with(socket).take(count).collect()
}

/// How many turns the lane makes while nothing is to be done.
fn turns_in_vain(program: &mut Program) -> u64 {
    program.pass(Duration::from_millis(50));
    let before = program.counters().turns.get();
    program.pass(Duration::from_millis(300));
    program.counters().turns.get() - before
}

#[test]
fn who_cannot_be_served_is_told_at_once_and_the_others_go_on() {
    if !is_confined("who_cannot_be_served_is_told_at_once_and_the_others_go_on") {
        return;
    }
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let options = Options::default();
        let (address, shared) = program.listen(&options);
        let address = address.expect("of TCP");
        let (id, peer) = program.accept(address);
        let clients = clients(10);
        let hogged = hog();
        let start = Instant::now();
        for client in &clients {
            client.connect(&address.into()).expect("room in the queue");
        }
        program.until(|_| shared.values()[2] == 10);
        assert!(start.elapsed() < PATIENCE / 2);
        for client in clients {
            assert_eq!(Peer::new(client).read_all().unwrap_or_default(), b"");
        }
        peer.write(b"ping");
        program.until_received(id, 4);
        program.write(id, b"pong");
        assert_eq!(peer.read(4), b"pong");
        let turns = turns_in_vain(&mut program);
        assert!(turns < 30, "{turns} turns");
        drop(hogged);
        let (next, other) = program.accept(address);
        other.write(b"next");
        program.until_received(next, 4);
    }
}

#[test]
fn without_a_spare_descriptor_clients_wait_and_are_served_later() {
    if !is_confined("without_a_spare_descriptor_clients_wait_and_are_served_later") {
        return;
    }
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (address, shared) = program.listen(&Options::default());
        let address = address.expect("of TCP");
        let clients = clients(10);
        let hogged = hog();
        for client in &clients {
            client.connect(&address.into()).expect("room in the queue");
        }
        program.until(|_| shared.values()[3] > 0);
        let turns = turns_in_vain(&mut program);
        assert!(turns < 30, "{turns} turns");
        assert_eq!(program.ledger().accepted(), []);
        // No event tells of those who wait already.
        drop(hogged);
        program.until(|program| program.ledger().accepted().len() == clients.len());
        assert_eq!(shared.values()[2], 0, "nobody was sent away");
    }
}

#[test]
fn what_cannot_be_opened_fails_and_leaves_nothing_behind() {
    if !is_confined("what_cannot_be_opened_fails_and_leaves_nothing_behind") {
        return;
    }
    let hogged = hog();
    let total = hogged.len();
    drop(hogged);
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let hogged = hog();
        let nowhere = Target::Ip(([127, 0, 0, 1], 1).into());
        let id = program.connect(nowhere.clone());
        let end = Event::Closed(-EMFILE, Syscall::Connect as u32);
        assert_eq!(program.story(id).events, [end]);
        let refusal = bind(&nowhere, &BindOptions::default()).expect_err("no socket");
        assert_eq!(refusal.failure.code(), -EMFILE);
        drop(hogged);
        // A lane needs several: each may be the one that is not to be had.
        for left in 0.. {
            let mut hogged = hog();
            hogged.truncate(hogged.len() - left);
            match Lane::<Block>::new(io, Limits::default(), || ()) {
                Ok(_) => break,
                Err(failure) => assert_eq!(failure.code(), -EMFILE),
            }
        }
    }
    assert_eq!(hog().len(), total, "nothing is left open");
}
