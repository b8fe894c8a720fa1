//! Bytes through connections of an engine: all of them, in order, in both directions.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::os::unix::net::UnixStream;

use engine::*;
use mio_js_core::engine::{Id, Profile};

const MANY: usize = 10_000_000;

/// Sends bytes in both directions at once, and ends both.
fn both_ways(program: &mut Program, id: Id, peer: &Peer, len: usize) {
    let (there, back) = (pattern(1, len), pattern(2, len));
    let reading = peer.reading();
    let writing = peer.write_and_finish(there.clone());
    // Pieces of all sizes, some of them by themselves.
    let mut rest = &back[..];
    for size in [1, 0, 100, 70_000, 300_000, 1_000_000, usize::MAX] {
        let (piece, next) = rest.split_at(size.min(rest.len()));
        rest = next;
        if size == 300_000 {
            program.write_large(id, piece);
        } else {
            program.write(id, piece);
        }
        program.step(SILENCE);
    }
    program.ask(op::SHUTDOWN, id);
    assert_eq!(program.until_end(id), WELL);
    writing.join().expect("everything written");
    same_bytes(&reading.join().expect("everything read"), &back);
    let story = program.story(id);
    same_bytes(&story.received, &there);
    assert_eq!((story.acked, story.written), (len as u64, len as u64));
    let counters = program.counters();
    assert_eq!(counters.bytes_read.get(), len as u64);
    assert_eq!(counters.bytes_written.get(), len as u64);
    assert_eq!(counters.pending_bytes.get(), 0);
}

#[test]
fn a_small_message_is_echoed() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        for n in 1..100 {
            peer.write(b"ping");
            program.until_received(id, n * 4);
            program.write(id, b"pong");
            assert_eq!(peer.read(4), b"pong");
        }
    }
}

#[test]
fn much_goes_both_ways() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        both_ways(&mut program, id, &peer, MANY);
        assert_eq!(program.story(id).donated, 0);
    }
}

#[test]
fn much_goes_both_ways_through_donated_memory() {
    for io in EVERY_IO {
        let mut program = Program::new(io).donating();
        let (id, peer) = program.accepted(Profile::default());
        both_ways(&mut program, id, &peer, MANY);
        assert!(program.story(id).donated > 0);
    }
}

#[test]
fn a_unix_socket_is_no_different() {
    for io in EVERY_IO {
        let mut program = Program::new(io).donating();
        let (peer, other) = UnixStream::pair().unwrap();
        let id = program.adopt(other, Profile::default());
        assert!(
            program
                .story(id)
                .has(&Event::Connected(Address::Unix, Address::Unix))
        );
        both_ways(&mut program, id, &Peer::new(peer), 1_000_000);
    }
}

/// More pieces than one vectored write may have.
#[test]
fn thousands_of_small_writes_keep_their_order() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let (mut submission, mut expected) = (Submission::default(), Vec::new());
        for n in 0..5_000_u32 {
            let bytes = n.to_le_bytes();
            let piece = &bytes[..n as usize % 5];
            submission = submission.write(id, piece);
            expected.extend_from_slice(piece);
        }
        program.submit(submission.ask(op::SHUTDOWN, id));
        let reading = peer.reading();
        program.until(|_| reading.is_finished());
        same_bytes(&reading.join().unwrap(), &expected);
    }
}

#[test]
fn drained_comes_once_for_each_time_it_is_wanted_and_acknowledges_all() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let peer = peer.narrow();
        for round in 1..=2 {
            let bytes = pattern(round, 8_000_000);
            program.write(id, &bytes);
            program.ask(op::WANT_DRAIN, id);
            program.ask(op::WANT_DRAIN, id);
            program.pass(SILENCE);
            let drained = |program: &Program| {
                let events = program.story(id).events.iter();
                events.filter(|event| **event == Event::Drained).count() as u64
            };
            assert_eq!(drained(&program), round - 1, "nobody reads yet");
            let reader = peer.share();
            let reading = std::thread::spawn(move || reader.read(8_000_000));
            program.until(|program| drained(program) == round);
            let story = program.story(id);
            assert_eq!(story.acked, story.written);
            same_bytes(&reading.join().unwrap(), &bytes);
        }
        program.ask(op::WANT_DRAIN, id);
        program.until(|program| program.story(id).events.len() == 4);
    }
}

#[test]
fn what_the_system_took_is_acknowledged_although_nothing_else_happens() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.write(id, b"hello");
        program.until(|program| program.story(id).acked == 5);
        assert_eq!(program.story(id).events.len(), 1);
        assert_eq!(peer.read(5), b"hello");
    }
}

/// What is read from the socket before urgent data is no sign that there is nothing behind it.
#[test]
fn urgent_data_does_not_hold_up_what_follows() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        peer.write(b"abc");
        peer.socket().send_out_of_band(b"!").unwrap();
        peer.write(b"def");
        let received = program.until_received(id, 6);
        assert_eq!(received, b"abcdef");
    }
}

/// A read of a Unix socket ends where descriptors were sent along, whatever is behind.
#[cfg(target_os = "linux")]
#[test]
fn descriptors_that_are_sent_along_do_not_hold_up_what_follows() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (peer, other) = UnixStream::pair().unwrap();
        let peer = Peer::new(peer);
        peer.send_descriptor(b"abc");
        peer.write(b"def");
        let id = program.adopt(other, Profile::default());
        let received = program.until_received(id, 6);
        assert_eq!(received, b"abcdef");
    }
}
