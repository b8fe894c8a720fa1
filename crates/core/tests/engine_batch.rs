//! Batches: what they hold at most, what waits when they are full, and when a slot is free again.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::*;
use mio_js_core::engine::{Command, Limits, MAX_DATA, MAX_RECORDS, Profile, Target};

/// A Unix socket: thousands of connections take no port each.
fn at_path(name: &str, program: &mut Program, deals: bool) -> PathBuf {
    let path = std::env::temp_dir().join(format!("mio-js-{name}-{}", std::process::id()));
    drop(std::fs::remove_file(&path));
    let options = Options {
        target: Target::Path(path.clone()),
        deals,
        ..Options::default()
    };
    program.listen(&options);
    path
}

/// Lets everything be done that can be without a program that collects.
fn neglect(program: &mut Program, time: Duration) {
    program.is_attentive = false;
    program.pass(time);
}

/// Leaves so many records for the program to take: connections that cannot be made.
fn fill(program: &mut Program, lane: usize, records: usize) {
    program.is_attentive = false;
    for _ in 0..records {
        let id = program.next_id();
        let nowhere = Command::Connect {
            id,
            socket: None,
            target: Target::Path("".into()),
            local: None,
            options: Default::default(),
            profile: Arc::default(),
        };
        program.command_to(lane, nowhere);
    }
}

#[test]
fn a_program_that_does_not_look_loses_nothing_and_reading_stops_meanwhile() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(Profile::default());
        let bytes = pattern(1, 4_000_000);
        let connections: Vec<_> = (0..4).map(|_| program.accept(address)).collect();
        program.is_attentive = false;
        let writers: Vec<_> = connections
            .iter()
            .map(|(_, peer)| peer.write_and_finish(bytes.clone()))
            .collect();
        program.pass(Duration::from_millis(100));
        // One batch here, one there, and one donated buffer at most beyond.
        let read = program.counters().bytes_read.get();
        assert!(read <= 2 * MAX_DATA as u64, "{read}");
        program.is_attentive = true;
        for (id, _) in &connections {
            program.until_event(*id, &Event::End);
            same_bytes(&program.story(*id).received, &bytes);
        }
        for writer in writers {
            writer.join().unwrap();
        }
    }
}

#[test]
fn thousands_of_messages_wait_for_a_program_that_does_not_look() {
    const ROUNDS: usize = 60;
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(Profile::default());
        let connections: Vec<_> = (0..100).map(|_| program.accept(address)).collect();
        program.is_attentive = false;
        for round in 0..ROUNDS {
            for (_, peer) in &connections {
                peer.write(&[round as u8]);
            }
            program.pass(Duration::from_millis(1));
        }
        program.is_attentive = true;
        let expected: Vec<u8> = (0..ROUNDS as u8).collect();
        for (id, _) in &connections {
            assert_eq!(program.until_received(*id, ROUNDS), expected);
        }
    }
}

#[test]
fn a_full_batch_has_room_for_no_address_either() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(Profile::default());
        let (id, peer) = program.accept(address);
        let writer = peer.write_and_finish(pattern(1, 2_000_000));
        neglect(&mut program, Duration::from_millis(50));
        let others: Vec<Peer> = (0..50).map(|_| Peer::connect(address)).collect();
        program.pass(Duration::from_millis(50));
        // The ledger knows the limits of a batch.
        program.is_attentive = true;
        program.until(|program| program.ledger().accepted().len() == 1 + others.len());
        program.until_event(id, &Event::End);
        writer.join().unwrap();
    }
}

#[test]
fn more_ends_than_a_batch_has_room_for_all_come() {
    const COUNT: usize = 300;
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let path = at_path("many", &mut program, false);
        for n in 0..COUNT {
            let peer = Peer::connect_path(&path);
            peer.write(&(n as u32).to_le_bytes());
            peer.finish();
        }
        program.until(|program| {
            let stories = program.ledger().stories.values();
            stories.filter(|story| story.has(&Event::End)).count() == COUNT
        });
        let numbers = program.ledger().stories.values().map(|story| {
            let bytes = story.received[..].try_into().expect("four bytes");
            u32::from_le_bytes(bytes)
        });
        let mut numbers: Vec<u32> = numbers.collect();
        numbers.sort_unstable();
        assert!(numbers.iter().copied().eq(0..COUNT as u32));
        let ids = program.ledger().open();
        fill(&mut program, 0, 2 * MAX_RECORDS);
        let mut closing = Submission::default();
        for id in ids {
            closing = closing.ask(op::SHUTDOWN, id);
        }
        program.submit(closing);
        program.is_attentive = true;
        program.until(|program| program.ledger().open().is_empty());
        let accepted = program.ledger().accepted();
        assert!(
            accepted
                .iter()
                .all(|id| program.story(*id).end() == Some(&WELL))
        );
    }
}

#[test]
fn connections_that_are_dealt_to_a_full_lane_wait_for_room() {
    for io in EVERY_IO {
        let mut program = Program::with(io, 2, Limits::default());
        let path = at_path("full", &mut program, true);
        let mut peers: Vec<Peer> = (0..2).map(|_| Peer::connect_path(&path)).collect();
        let accepted = |program: &Program| {
            let accepted = |lane| program.ledger_of(lane).accepted().len();
            accepted(0) + accepted(1)
        };
        program.until(|program| accepted(program) == 2);
        fill(&mut program, 1, 2 * MAX_RECORDS);
        peers.extend((0..100).map(|_| Peer::connect_path(&path)));
        program.pass(Duration::from_millis(30));
        // The ledger knows how many records a batch may have.
        program.is_attentive = true;
        program.until(|program| accepted(program) == 102);
    }
}

#[test]
fn a_slot_is_not_reused_before_its_end_was_taken() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let path = at_path("reuse", &mut program, false);
        for _ in 0..300 {
            let _peer = Peer::connect_path(&path);
            let known = program.ledger().accepted().len();
            program.until(|program| program.ledger().accepted().len() > known);
            // Ends and begins in the same batch, if the machine is not careful.
            let old = program.ledger().open();
            neglect(&mut program, Duration::ZERO);
            for id in old {
                program.ask(op::RESET, id);
            }
            let _next = Peer::connect_path(&path);
            for _ in 0..3 {
                program.step(Duration::ZERO);
            }
            program.is_attentive = true;
            program.until(|program| program.ledger().accepted().len() > known + 1);
        }
        let slots = program.ledger().stories.keys().map(|id| id.index);
        assert!(slots.max().unwrap() < 20, "slots are reused in the end");
    }
}

/// What does not fit into a batch waits in a queue: also there an end keeps its slot taken.
#[test]
fn a_slot_is_not_reused_before_an_end_that_waits_for_room_was_taken() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let path = at_path("waits", &mut program, false);
        let _peer = Peer::connect_path(&path);
        program.until(|program| program.ledger().accepted().len() == 1);
        let id = program.ledger().accepted()[0];
        fill(&mut program, 0, 4 * MAX_RECORDS);
        program.ask(op::RESET, id);
        let _others: Vec<Peer> = (0..10).map(|_| Peer::connect_path(&path)).collect();
        program.pass(Duration::from_millis(20));
        program.is_attentive = true;
        program.until(|program| program.ledger().accepted().len() == 11);
        assert_eq!(program.until_end(id), WELL);
        let ends = program.ledger().stories.values();
        assert_eq!(
            ends.filter(|story| story.end().is_some()).count(),
            4 * MAX_RECORDS + 1
        );
    }
}
