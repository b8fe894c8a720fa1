//! Connections of an engine that the program lets go of: closed at once, or when they have sent what
//! must not be dropped; and not reset by us, unless that takes too long.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::*;
use libc::ETIMEDOUT;
use mio_js_core::engine::{Command, Id, Io, Profile, Stream, Syscall, Target};

/// More than a connection's buffers hold in both systems.
const MUCH: usize = 8_000_000;
/// A system call, as a close tells it.
const WRITE: u32 = Syscall::Write as u32;

#[test]
fn what_was_written_before_is_sent_and_a_fin() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let bytes = pattern(3, 40_000);
        let submission = Submission::default().write(id, b"first ").write(id, &bytes);
        program.submit(submission.ask(op::DESTROY, id));
        assert_eq!(program.until_end(id), WELL);
        assert_eq!(program.story(id).events.len(), 2, "opened and closed");
        assert_eq!(program.story(id).acked, 40_006);
        let received = peer.read_all().unwrap();
        assert_eq!(&received[..6], b"first ");
        same_bytes(&received[6..], &bytes);
        assert_eq!(program.counters().pending_bytes.get(), 0);
        assert_eq!(program.counters().errors.get(), 0);
    }
}

#[test]
fn what_the_system_does_not_take_is_dropped_without_a_reset() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let peer = peer.narrow();
        let bytes = pattern(4, MUCH);
        let submission = Submission::default().write(id, &bytes);
        program.submit(submission.ask(op::DESTROY, id));
        assert_eq!(program.until_end(id), WELL);
        let received = peer.read_all().expect("a FIN");
        assert!(received.len() < MUCH);
        same_bytes(&received, &bytes[..received.len()]);
        assert_eq!(program.story(id).acked, received.len() as u64);
        assert_eq!(program.counters().pending_bytes.get(), 0);
    }
}

#[test]
fn the_system_keeps_what_it_took_before() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let reading = peer.reading();
        let bytes = pattern(5, 100_000);
        program.write(id, &bytes);
        program.settle(id);
        program.ask(op::DESTROY, id);
        assert_eq!(program.until_end(id), WELL);
        same_bytes(&reading.join().unwrap(), &bytes);
    }
}

#[test]
fn neither_the_peer_nor_the_linger_time_is_waited_for() {
    for io in EVERY_IO {
        for before in [op::CLOSE, op::SHUTDOWN, op::PAUSE, op::WANT_DRAIN] {
            let mut program = Program::new(io);
            let profile = Profile {
                linger: 1_000_000,
                ..Profile::default()
            };
            let (id, peer) = program.accepted(profile);
            let peer = peer.narrow();
            program.write(id, &pattern(6, MUCH));
            program.ask(before, id);
            program.pass(SILENCE);
            assert!(program.story(id).is_open());
            program.ask(op::DESTROY, id);
            assert_eq!(program.until_end(id), WELL);
            assert_eq!(program.story(id).events.len(), 2, "opened and closed");
            let received = peer.read_all().expect("a FIN");
            assert_eq!(program.story(id).acked, received.len() as u64);
        }
    }
}

#[test]
fn a_half_closed_connection_is_closed() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        peer.finish();
        program.until_event(id, &Event::End);
        let submission = Submission::default().write(id, b"bye");
        program.submit(submission.ask(op::DESTROY, id));
        assert_eq!(program.until_end(id), WELL);
        assert_eq!(peer.read_all().unwrap(), b"bye");
    }
}

/// The system does that, when it closes what was not read.
#[cfg(target_os = "linux")]
#[test]
fn unread_input_makes_it_a_reset() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.ask(op::PAUSE, id);
        program.settle(id);
        peer.write(b"nobody reads this");
        program.ask(op::DESTROY, id);
        assert_eq!(program.until_end(id), WELL);
        assert_eq!(program.story(id).received, b"");
        assert!(peer.is_reset());
    }
}

#[test]
fn what_had_failed_before_is_no_error() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.ask(op::PAUSE, id);
        program.settle(id);
        peer.reset();
        program.write(id, b"hello?");
        program.pass(SILENCE);
        assert!(program.story(id).is_open());
        program.ask(op::DESTROY, id);
        assert_eq!(program.until_end(id), WELL);
        assert_eq!(program.counters().errors.get(), 0);
    }
}

#[test]
fn it_wins_over_giving_the_descriptor_away() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let peer = peer.narrow();
        program.write(id, &pattern(7, MUCH));
        let submission = Submission::default().ask(op::DETACH, id);
        program.submit(submission.ask(op::DESTROY, id));
        assert_eq!(program.until_end(id), WELL);
        peer.read_all().expect("a FIN");
    }
}

#[test]
fn one_that_was_just_adopted_sends_as_well() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (peer, socket) = Peer::pair();
        let id = program.next_id();
        program.command(Command::Adopt {
            id,
            stream: Stream::adopt(socket.into_raw_fd()).expect("a connection"),
            profile: Arc::default(),
        });
        let submission = Submission::default().write(id, b"short visit");
        program.submit(submission.ask(op::DESTROY, id));
        assert_eq!(program.until_end(id), WELL);
        assert_eq!(peer.read_all().unwrap(), b"short visit");
    }
}

#[test]
fn a_connect_in_progress_is_given_up() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(Profile::default());
        let id = program.next_id();
        program.command(Command::Connect {
            id,
            socket: None,
            target: Target::Ip(address),
            local: None,
            options: Default::default(),
            profile: Arc::default(),
        });
        program.ask(op::DESTROY, id);
        assert_eq!(program.until_end(id), WELL);
        program.ask(op::DESTROY, id);
        program.until(|program| program.counters().stale_submissions.get() == 1);
    }
}

/// A connection that must send [`MUCH`] after the program has let go of it, and more that it may
/// drop. Its peer has not read yet.
fn sending(io: Io, linger: u64) -> (Program, Id, Peer) {
    let mut program = Program::new(io);
    let profile = Profile {
        linger,
        ..Profile::default()
    };
    let (id, peer) = program.accepted(profile);
    let peer = peer.narrow();
    let submission = Submission::default().write(id, &pattern(8, MUCH));
    let submission = submission.write(id, &pattern(9, 50_000));
    program.submit(submission.let_go(id, 50_000));
    (program, id, peer)
}

#[test]
fn what_must_not_be_dropped_is_sent_and_then_a_fin() {
    for io in EVERY_IO {
        let (mut program, id, peer) = sending(io, 1_000_000);
        program.pass(SILENCE);
        assert!(program.story(id).is_open());
        let reading = peer.reading();
        assert_eq!(program.until_end(id), WELL);
        same_bytes(&reading.join().unwrap(), &pattern(8, MUCH));
        assert_eq!(program.story(id).events.len(), 2, "opened and closed");
        assert_eq!(program.story(id).acked, MUCH as u64);
        let counters = program.counters();
        assert_eq!(counters.pending_bytes.get(), 0);
        assert_eq!(counters.errors.get(), 0);
        assert_eq!(counters.linger_timeouts.get(), 0);
    }
}

#[test]
fn what_may_be_dropped_is_not_counted_as_pending() {
    let (mut program, id, peer) = sending(Io::Inline, 1_000_000);
    program.until(|program| {
        let pending = program.counters().pending_bytes.get();
        pending + program.story(id).acked == MUCH as u64
    });
    drop(peer);
}

#[test]
fn nothing_is_waited_for_if_only_the_rest_is_left() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let peer = peer.narrow();
        let bytes = pattern(3, MUCH);
        let submission = Submission::default().write(id, b"called back");
        program.submit(submission.write(id, &bytes).let_go(id, MUCH as u32));
        assert_eq!(program.until_end(id), WELL);
        let received = peer.read_all().expect("a FIN");
        assert_eq!(&received[..11], b"called back");
        assert!(received.len() < MUCH);
    }
}

#[test]
fn a_peer_that_has_ended_or_still_sends_gets_all_of_it() {
    for io in EVERY_IO {
        for sends in [false, true] {
            let (mut program, id, peer) = sending(io, 1_000_000);
            let writing = peer.write_and_finish(vec![1; if sends { MUCH } else { 0 }]);
            program.pass(SILENCE);
            let reading = peer.reading();
            assert_eq!(program.until_end(id), WELL);
            same_bytes(&reading.join().unwrap(), &pattern(8, MUCH));
            drop(writing.join());
            assert_eq!(program.story(id).events.len(), 2, "opened and closed");
        }
    }
}

#[test]
fn in_whatever_state_it_is_sent() {
    for io in EVERY_IO {
        for before in [
            op::CLOSE,
            op::SHUTDOWN,
            op::PAUSE,
            op::WANT_DRAIN,
            op::DETACH,
        ] {
            let mut program = Program::new(io);
            let (id, peer) = program.accepted(Profile::default());
            let peer = peer.narrow();
            let bytes = pattern(6, MUCH);
            program.submit(Submission::default().write(id, &bytes).ask(before, id));
            program.submit(Submission::default().let_go(id, 0));
            for after in [
                op::PAUSE,
                op::RESUME,
                op::WANT_DRAIN,
                op::SHUTDOWN,
                op::DETACH,
            ] {
                program.ask(after, id);
            }
            program.write(id, b"too late");
            let reading = peer.reading();
            assert_eq!(program.until_end(id), WELL);
            same_bytes(&reading.join().unwrap(), &bytes);
            assert_eq!(program.story(id).events.len(), 2, "opened and closed");
            assert_eq!(program.counters().pending_bytes.get(), 0);
        }
    }
}

#[test]
fn a_peer_that_does_not_read_is_reset_when_the_linger_time_is_over() {
    for io in EVERY_IO {
        let start = Instant::now();
        let (mut program, id, peer) = sending(io, 100);
        let end = program.until_end(id);
        assert_eq!(end, Event::Closed(-ETIMEDOUT, WRITE));
        assert!(start.elapsed() >= Duration::from_millis(95));
        assert!(peer.is_reset());
        let counters = program.counters();
        assert_eq!(counters.linger_timeouts.get(), 1);
        assert_eq!(counters.pending_bytes.get(), 0);
    }
}

#[test]
fn what_is_still_sent_can_be_given_up() {
    for io in EVERY_IO {
        for ask in [op::RESET, op::DESTROY] {
            let (mut program, id, peer) = sending(io, 1_000_000);
            program.pass(SILENCE);
            program.ask(ask, id);
            assert_eq!(program.until_end(id), WELL);
            if ask == op::RESET {
                assert!(peer.is_reset());
            } else {
                assert!(peer.read_all().expect("a FIN").len() < MUCH);
            }
            program.turn(0);
            program.until(|program| program.counters().pending_bytes.get() == 0);
        }
    }
}

#[test]
fn a_peer_that_resets_ends_it() {
    for io in EVERY_IO {
        let (mut program, id, peer) = sending(io, 1_000_000);
        program.pass(SILENCE);
        peer.reset();
        assert!(matches!(program.until_end(id), Event::Closed(code, _) if code < 0));
        assert_eq!(program.story(id).events.len(), 2, "opened and closed");
        assert_eq!(program.counters().pending_bytes.get(), 0);
    }
}
