//! Connections of an engine that are reset, by either side.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::time::Duration;

use engine::*;
use libc::{ECONNRESET, EPIPE};
use mio_js_core::engine::{Io, Profile, Syscall};

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

/// Many read again only when everything is written, which would never come.
#[test]
fn a_reset_is_told_to_who_waits_for_drain_even_while_paused() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let peer = peer.narrow();
        program.write(id, &vec![1; MUCH]);
        let asked = Submission::default().ask(op::WANT_DRAIN, id);
        program.submit(asked.ask(op::PAUSE, id));
        program.pass(SILENCE);
        peer.reset();
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

/// The program may set options of a connection from its own thread at any time.
#[test]
fn no_linger_that_is_set_meanwhile_undoes_a_reset() {
    for _ in 0..20 {
        let mut program = Program::new(Io::Thread);
        let (id, peer) = program.accepted(Profile::default());
        program.write(id, &pattern(1, MUCH));
        program.ask(op::RESET, id);
        let lane = program.lane();
        while lane
            .with_socket(id, |socket| Ok(socket.set_linger(None)?))
            .is_ok()
        {}
        assert_eq!(program.until_end(id), WELL);
        assert!(peer.is_reset());
    }
}
