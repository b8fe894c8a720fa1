//! How connections of an engine end: each once, after all that had arrived.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::time::{Duration, Instant};

use engine::*;
use libc::ETIMEDOUT;
use mio_js_core::engine::{Profile, Syscall};

const WRITE: u32 = Syscall::Write as u32;

/// More than a connection's buffers hold in both systems.
const MUCH: usize = 8_000_000;

#[test]
fn data_and_fin_in_one_segment_are_data_and_an_end() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        #[cfg(target_os = "linux")]
        peer.socket().set_tcp_cork(true).unwrap();
        peer.write(b"bye");
        peer.finish();
        program.until_event(id, &Event::End);
        assert_eq!(program.story(id).events[1..], [Event::Data(3), Event::End]);
        program.ask(op::SHUTDOWN, id);
        assert_eq!(program.until_end(id), WELL);
        assert_eq!(peer.read_all().unwrap(), b"");
    }
}

#[test]
fn a_fin_alone_is_an_end() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        peer.finish();
        program.until_event(id, &Event::End);
        program.write(id, b"still here");
        assert_eq!(peer.read(10), b"still here");
        program.ask(op::SHUTDOWN, id);
        assert_eq!(program.until_end(id), WELL);
    }
}

#[test]
fn a_fin_that_comes_while_paused_is_told_after_resuming() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.ask(op::PAUSE, id);
        program.settle(id);
        peer.write(b"late");
        peer.finish();
        program.pass(SILENCE);
        assert_eq!(program.story(id).events.len(), 2, "opened and drained");
        program.ask(op::RESUME, id);
        program.until_event(id, &Event::End);
        assert_eq!(program.story(id).events[2..], [Event::Data(4), Event::End]);
    }
}

#[test]
fn whoever_has_ended_still_gets_everything() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let bytes = pattern(1, 10_000_000);
        peer.finish();
        program.until_event(id, &Event::End);
        let reading = peer.reading();
        program.write(id, &bytes);
        program.ask(op::SHUTDOWN, id);
        assert_eq!(program.until_end(id), WELL);
        same_bytes(&reading.join().unwrap(), &bytes);
        assert_eq!(program.story(id).acked, bytes.len() as u64);
    }
}

#[test]
fn shutting_down_twice_and_on_both_sides_is_one_end() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.write(id, b"last");
        program.ask(op::SHUTDOWN, id);
        peer.finish();
        program.ask(op::SHUTDOWN, id);
        program.write(id, b"too late");
        assert_eq!(program.until_end(id), WELL);
        assert_eq!(program.story(id).events[1..], [Event::End, WELL]);
        assert_eq!(peer.read_all().unwrap(), b"last");
    }
}

#[test]
fn closing_with_unread_input_takes_nothing_from_the_peer() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.ask(op::PAUSE, id);
        let writing = peer.write_and_finish(pattern(1, MUCH));
        let bytes = pattern(2, 100_000);
        program.pass(SILENCE);
        program.write(id, &bytes);
        program.ask(op::CLOSE, id);
        let reading = peer.reading();
        assert_eq!(program.until_end(id), WELL);
        same_bytes(&reading.join().unwrap(), &bytes);
        writing.join().expect("and it could write everything");
        let told = &program.story(id).events;
        assert!(!told.contains(&Event::End), "{told:?}");
        assert_eq!(program.counters().linger_timeouts.get(), 0);
    }
}

/// It has got everything, and how it ends is no business of the program's any more.
#[test]
fn a_reset_of_a_peer_that_was_closed_is_no_error() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.submit(Submission::default().write(id, b"bye").ask(op::CLOSE, id));
        assert_eq!(peer.read_all().unwrap(), b"bye");
        peer.write(b"unread");
        peer.reset();
        assert_eq!(program.until_end(id), WELL);
        assert_eq!(program.counters().errors.get(), 0);
    }
}

#[test]
fn a_close_does_not_wait_longer_than_it_may() {
    let profile = Profile {
        linger: 100,
        ..Profile::default()
    };
    for io in EVERY_IO {
        for reads in [false, true] {
            let mut program = Program::new(io);
            let (id, peer) = program.accepted(profile.clone());
            let peer = peer.narrow();
            program.write(id, &pattern(1, if reads { 1000 } else { MUCH }));
            let start = Instant::now();
            program.ask(op::CLOSE, id);
            let expected = if reads {
                peer.read(1000);
                WELL
            } else {
                Event::Closed(-ETIMEDOUT, WRITE)
            };
            assert_eq!(program.until_end(id), expected);
            assert!(start.elapsed() >= Duration::from_millis(95));
            let counters = program.counters();
            assert_eq!(counters.linger_timeouts.get(), 1);
            assert_eq!(counters.pending_bytes.get(), 0);
        }
    }
}
