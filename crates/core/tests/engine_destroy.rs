//! Connections of an engine that the program lets go of: closed at once, and never reset by us.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::os::fd::IntoRawFd;
use std::sync::Arc;

use engine::*;
use mio_js_core::engine::{Command, Profile, Stream, Target};

/// More than a connection's buffers hold in both systems.
const MUCH: usize = 8_000_000;

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
