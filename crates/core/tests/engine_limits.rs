//! How much may wait to be written, and what becomes of those who do not read.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::time::Duration;

use engine::*;
use mio_js_core::Misuse;
use mio_js_core::engine::{Id, Limits, Profile};

fn over() -> Event {
    Event::Closed(Misuse::PendingLimit.code(), 0)
}

fn at_most(max_pending: u64) -> Profile {
    Profile {
        max_pending,
        ..Profile::default()
    }
}

/// Connections whose peers do not read, and their peers.
fn slow(program: &mut Program, count: usize, profile: &Profile) -> Vec<(Id, Peer)> {
    let address = program.serve(profile.clone());
    let accept = |_| {
        let (id, peer) = program.accept(address);
        (id, peer.narrow())
    };
    (0..count).map(accept).collect()
}

#[test]
fn a_connection_that_does_not_read_is_closed_for_it() {
    const MOST: u64 = 100_000;
    const PIECE: usize = 50_000;
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = slow(&mut program, 1, &at_most(MOST)).remove(0);
        while program.story(id).is_open() {
            program.write(id, &[1; PIECE]);
            program.step(Duration::from_millis(1));
            assert!(program.counters().pending_bytes.get() <= MOST + PIECE as u64);
            assert!(program.story(id).written < 100_000_000, "it never ends");
        }
        assert_eq!(program.story(id).end(), Some(&over()));
        assert_eq!(program.counters().pending_limit.get(), 1);
        program.until(|program| program.counters().pending_bytes.get() == 0);
        drop(peer);
    }
}

#[test]
fn many_writes_in_one_submission_are_bounded_as_well() {
    const MOST: u64 = 100_000;
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, _peer) = slow(&mut program, 1, &at_most(MOST)).remove(0);
        let mut submission = Submission::default();
        for _ in 0..200 {
            submission = submission.write(id, &[1; 50_000]);
        }
        program.submit(submission);
        assert_eq!(program.until_end(id), over());
    }
}

#[test]
fn one_write_may_be_larger_than_the_limit() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(at_most(1000));
        let bytes = pattern(1, 6_000_000);
        let reading = peer.reading();
        program.write(id, &bytes);
        program.ask(op::SHUTDOWN, id);
        program.until(|_| reading.is_finished());
        same_bytes(&reading.join().unwrap(), &bytes);
        assert!(program.story(id).is_open());
    }
}

#[test]
fn the_lane_as_a_whole_has_a_limit() {
    const MOST: u64 = 2_000_000;
    const PIECE: usize = 100_000;
    for io in EVERY_IO {
        let limits = Limits { max_pending: MOST };
        let mut program = Program::with(io, 1, limits);
        let connections = slow(&mut program, 10, &Profile::default());
        for _ in 0..200 {
            for (id, _) in &connections {
                program.write(*id, &[1; PIECE]);
            }
            program.step(Duration::from_millis(1));
            let pending = program.counters().pending_bytes.get();
            assert!(pending <= MOST + PIECE as u64, "{pending}");
        }
        let ends = connections
            .iter()
            .filter_map(|(id, _)| program.story(*id).end());
        let ends: Vec<&Event> = ends.collect();
        assert!(!ends.is_empty());
        assert!(ends.iter().all(|end| **end == over()));
    }
}

/// Those who do not read must not take away the connection of one who does.
#[test]
fn whoever_has_nothing_waiting_is_not_closed_for_the_others() {
    const MOST: u64 = 1_000_000;
    for io in EVERY_IO {
        let mut program = Program::with(io, 1, Limits { max_pending: MOST });
        let greedy = slow(&mut program, 1, &Profile::default()).remove(0);
        let address = program.serve(Profile::default());
        let (id, peer) = program.accept(address);
        program.write(greedy.0, &vec![1; 20_000_000]);
        program.settle(id);
        program.until(|program| program.counters().pending_bytes.get() > MOST);
        program.write(id, b"small");
        program.ask(op::SHUTDOWN, id);
        assert_eq!(peer.read_all().unwrap_or_default(), b"small");
    }
}

#[test]
fn a_broadcast_closes_who_does_not_read_and_reaches_the_others() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let connections = slow(&mut program, 20, &at_most(500_000));
        let (mut ids, mut readers) = (Vec::new(), Vec::new());
        let bytes = pattern(1, 200_000);
        for (n, (id, peer)) in connections.iter().enumerate() {
            ids.push(*id);
            if n % 4 == 0 {
                readers.push((*id, peer));
            }
        }
        // Long enough for everybody's buffers, and no faster than readers read.
        for _ in 0..50 {
            program.submit(Submission::default().broadcast(&ids, &bytes));
            for (_, peer) in &readers {
                assert!(program.until_read(peer, bytes.len()) == bytes);
            }
        }
        let closed = ids
            .iter()
            .filter(|id| program.story(**id).end() == Some(&over()));
        assert_eq!(closed.count(), 15);
        for (id, _) in readers {
            assert!(program.story(id).is_open());
        }
        assert!(program.counters().stale_submissions.get() > 0);
    }
}

#[test]
fn a_condemned_connection_ends_at_once_with_the_same_error() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = slow(&mut program, 1, &Profile::default()).remove(0);
        program.write(id, &vec![1; 10_000_000]);
        program.ask(op::CONDEMN, id);
        assert_eq!(program.until_end(id), over());
        assert_eq!(program.counters().pending_bytes.get(), 0);
        drop(peer);
    }
}
