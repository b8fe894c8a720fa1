//! Connections that are given away: nothing is lost or told twice at the seam.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread;

use engine::*;
use mio_js_core::engine::{Id, Profile};

/// Waits until the connection is the program's.
#[allow(unsafe_code, reason = "a descriptor in a record has no other form")]
fn detached(program: &mut Program, id: Id) -> OwnedFd {
    let Event::Detached(raw) = program.until_end(id) else {
        panic!("it was not given away");
    };
    let raw = i32::try_from(raw).expect("a descriptor");
    // SAFETY: the lane has said that it is the program's now, and says so once.
    unsafe { OwnedFd::from_raw_fd(raw) }
}

#[test]
fn a_connection_is_given_away_in_mid_stream() {
    for io in EVERY_IO {
        let mut program = Program::new(io).donating();
        let (id, peer) = program.accepted(Profile::default());
        let (there, back) = (pattern(1, 5_000_000), pattern(2, 5_000_000));
        let (before, after) = there.split_at(3_000_000);
        let (writer, bytes) = (peer.share(), before.to_vec());
        let writing = thread::spawn(move || writer.write(&bytes));
        let reading = peer.reading();
        let (first, rest) = back.split_at(2_000_000);
        program.write(id, first);
        program.until_received(id, 1_000_000);
        program.ask(op::DETACH, id);
        let socket = Peer::new(detached(&mut program, id));
        let mut received = program.story(id).received.clone();
        let continuing = socket.write_and_finish(rest.to_vec());
        received.append(&mut socket.read(before.len() - received.len()));
        writing.join().unwrap();
        let writing = peer.write_and_finish(after.to_vec());
        received.append(&mut socket.read_all().unwrap());
        same_bytes(&received, &there);
        same_bytes(&reading.join().unwrap(), &back);
        for thread in [writing, continuing] {
            thread.join().unwrap();
        }
        let story = program.story(id);
        assert_eq!(story.acked, story.written);
    }
}

#[test]
fn nothing_is_told_of_a_connection_that_was_given_away() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.ask(op::DETACH, id);
        let socket = Peer::new(detached(&mut program, id));
        let told = program.story(id).events.len();
        peer.write(b"for somebody else");
        peer.finish();
        program.write(id, b"stale");
        program.pass(SILENCE);
        assert_eq!(program.story(id).events.len(), told);
        assert_eq!(program.counters().stale_submissions.get(), 1);
        assert_eq!(socket.read_all().unwrap(), b"for somebody else");
    }
}

#[test]
fn a_connection_is_given_away_after_what_is_written() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let peer = peer.narrow();
        let bytes = pattern(1, 8_000_000);
        program.write(id, &bytes);
        program.ask(op::DETACH, id);
        program.pass(SILENCE);
        assert!(program.story(id).is_open());
        // From here on it is somebody else's to read.
        peer.write(b"later");
        program.pass(SILENCE);
        let reader = peer.share();
        let reading = thread::spawn(move || reader.read(8_000_000));
        let socket = Peer::new(detached(&mut program, id));
        same_bytes(&reading.join().unwrap(), &bytes);
        assert_eq!(program.story(id).received, b"");
        assert_eq!(socket.read(5), b"later");
    }
}

#[test]
fn a_connection_that_is_shut_down_is_given_away_after_its_fin() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let asked = Submission::default().write(id, b"end");
        program.submit(asked.ask(op::SHUTDOWN, id).ask(op::DETACH, id));
        let socket = Peer::new(detached(&mut program, id));
        assert_eq!(peer.read_all().unwrap(), b"end");
        peer.write(b"half open");
        assert_eq!(socket.read(9), b"half open");
    }
}

#[test]
fn a_connection_wanders_between_programs() {
    let bytes = pattern(1, 10_000_000);
    for io in EVERY_IO {
        let (peer, mut socket) = UnixStream::pair()
            .map(|(a, b)| (Peer::new(a), b.into()))
            .unwrap();
        let writing = peer.write_and_finish(bytes.clone());
        let mut received = Vec::new();
        for _ in 0..5 {
            let mut program = Program::new(io);
            let id = program.adopt(socket, Profile::default());
            // Where a program is slow to let go, an earlier one may have read all of it.
            program.until(|program| {
                let story = program.story(id);
                !story.received.is_empty() || story.has(&Event::End)
            });
            program.ask(op::DETACH, id);
            socket = detached(&mut program, id);
            received.extend_from_slice(&program.story(id).received);
        }
        let mut program = Program::new(io);
        let id = program.adopt(socket, Profile::default());
        program.until_event(id, &Event::End);
        received.extend_from_slice(&program.story(id).received);
        same_bytes(&received, &bytes);
        writing.join().unwrap();
    }
}

#[test]
fn a_connection_that_was_given_away_and_that_nobody_has_collected_ends_with_its_lane() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.is_attentive = false;
        program.ask(op::DETACH, id);
        if program.is_inline(0) {
            program.turn(0);
        }
        program.until(|program| program.counters().closed.get() == 1);
        drop(program);
        assert!(peer.read_all().unwrap().is_empty());
    }
}
