//! How connections of an engine end: each once, after all that had arrived.

#[path = "util/engine/mod.rs"]
mod engine;

use std::time::{Duration, Instant};

use engine::*;
use libc::{ECONNRESET, EPIPE, ETIMEDOUT};
use mio_js_core::engine::{Profile, Syscall};

const READ: u32 = Syscall::Read as u32;
const WRITE: u32 = Syscall::Write as u32;

/// More than a connection's buffers hold in both systems.
const MUCH: usize = 8_000_000;

/// Whether this is what a system says of a connection that the peer has reset.
fn is_broken(end: &Event) -> bool {
    let Event::Closed(code, syscall) = *end else {
        return false;
    };
    (code == -ECONNRESET && syscall != 0) || (code == -EPIPE && syscall == WRITE)
}

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
fn data_before_a_reset_comes_before_the_error() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let bytes = pattern(1, 30_000);
        peer.write(&bytes);
        peer.reset();
        assert_eq!(program.until_end(id), Event::Closed(-ECONNRESET, READ));
        same_bytes(&program.story(id).received, &bytes);
        assert_eq!(program.counters().errors.get(), 1);
    }
}

#[test]
fn writing_to_a_peer_that_has_reset_is_one_error_after_all_data() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.ask(op::PAUSE, id);
        program.settle(id);
        peer.write(b"data");
        peer.reset();
        program.ask(op::RESUME, id);
        for _ in 0..3 {
            program.write(id, b"nobody reads this");
        }
        let end = program.until_end(id);
        assert!(is_broken(&end), "{end:?}");
        assert_eq!(program.story(id).received, b"data");
        assert_eq!(program.counters().pending_bytes.get(), 0);
    }
}

#[test]
fn a_reset_is_not_told_while_paused() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.ask(op::PAUSE, id);
        program.settle(id);
        peer.reset();
        program.pass(SILENCE);
        assert!(program.story(id).is_open());
        program.write(id, b"hello?");
        program.pass(SILENCE);
        // What had arrived comes first, and so not before it reads again.
        assert!(program.story(id).is_open());
        program.ask(op::RESUME, id);
        let end = program.until_end(id);
        assert!(is_broken(&end), "{end:?}");
    }
}

/// Whatever is asked of a connection whose write has failed, it does not linger for ever.
#[test]
fn a_connection_that_has_failed_ends_whatever_is_asked_then() {
    for io in EVERY_IO {
        for op in [op::PAUSE, op::DETACH, op::CLOSE, op::SHUTDOWN, op::RESET] {
            let mut program = Program::new(io);
            let (id, peer) = program.accepted(Profile::default());
            program.ask(op::PAUSE, id);
            program.settle(id);
            peer.reset();
            program.pass(Duration::from_millis(1));
            program.ask(op::RESUME, id);
            program.write(id, b"hello?");
            program.ask(op, id);
            if op == op::PAUSE {
                program.ask(op::RESUME, id);
            }
            program.until_end(id);
        }
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

#[test]
fn a_reset_drops_what_is_unsent_and_tells_the_peer() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.write(id, &pattern(1, MUCH));
        program.ask(op::RESET, id);
        program.ask(op::RESET, id);
        assert_eq!(program.until_end(id), WELL);
        assert!(peer.is_reset());
        program.until(|program| program.counters().stale_submissions.get() == 1);
        assert_eq!(program.counters().pending_bytes.get(), 0);
    }
}
