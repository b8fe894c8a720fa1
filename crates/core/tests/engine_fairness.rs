//! One connection and the others: nobody waits for one who sends or reads much, or not at all.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use engine::*;
use mio_js_core::engine::{Id, Io, Profile};

/// Each of these sends a message and waits for the echo, so many times.
fn ping_pong(program: &mut Program, others: &[(Id, Peer)], rounds: usize) {
    let before: Vec<usize> = others
        .iter()
        .map(|(id, _)| program.story(*id).received.len())
        .collect();
    for round in 1..=rounds {
        for (_, peer) in others {
            peer.write(b"ping");
        }
        for ((id, peer), before) in others.iter().zip(&before) {
            program.until_received(*id, before + round * 4);
            program.write(*id, b"pong");
            assert_eq!(peer.read(4), b"pong");
        }
    }
}

fn accept(program: &mut Program, profile: &Profile, count: usize) -> Vec<(Id, Peer)> {
    let address = program.serve(profile.clone());
    (0..count).map(|_| program.accept(address)).collect()
}

#[test]
fn who_does_not_read_holds_up_nobody() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let connections = accept(&mut program, &Profile::default(), 21);
        let (slow, peer) = &connections[0];
        let bytes = pattern(1, 10_000_000);
        program.write(*slow, &bytes);
        ping_pong(&mut program, &connections[1..], 20);
        assert!(program.counters().pending_bytes.get() > 0);
        let reading = peer.reading();
        program.ask(op::SHUTDOWN, *slow);
        program.until(|_| reading.is_finished());
        same_bytes(&reading.join().unwrap(), &bytes);
    }
}

#[test]
fn who_never_stops_sending_holds_up_nobody() {
    for io in EVERY_IO {
        let mut program = Program::new(io).donating();
        let connections = accept(&mut program, &Profile::default(), 21);
        let (flood, stop) = (connections[0].1.share(), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                let bytes = vec![1; 1 << 20];
                while !stop.load(Ordering::Relaxed) {
                    flood.write(&bytes);
                }
                flood.finish();
            });
            program.until_received(connections[0].0, 1 << 20);
            ping_pong(&mut program, &connections[1..], 20);
            // Where others use the processors as well, the flood takes its time.
            program.until(|program| program.counters().budget_hits.get() > 0);
            stop.store(true, Ordering::Relaxed);
            program.until_event(connections[0].0, &Event::End);
        });
        let received = program.story(connections[0].0).received.len();
        assert_eq!(received % (1 << 20), 0, "all of it");
    }
}

/// How much of one connection comes before what others have sent is bounded by the budget.
#[test]
fn in_one_turn_a_connection_reads_no_more_than_its_budget() {
    const BUDGET: usize = 64 * 1024;
    let profile = Profile {
        read_budget: BUDGET as u64,
        ..Profile::default()
    };
    let mut program = Program::new(Io::Inline);
    let connections = accept(&mut program, &profile, 11);
    let (greedy, peer) = &connections[0];
    let queued = peer.fill();
    assert!(queued > 8 * BUDGET, "{queued} bytes");
    peer.finish();
    for (_, peer) in &connections[1..] {
        peer.write(b"small");
    }
    program.until(|program| {
        let mut others = connections[1..].iter();
        others.all(|(id, _)| program.story(*id).received == b"small")
    });
    let mut read = 0;
    for (_, id, event) in &program.ledger().log {
        match event {
            Event::Data(count) if id == greedy => read += count,
            Event::Data(5) => assert!(read <= 2 * BUDGET, "after {read} bytes"),
            _ => {}
        }
    }
    program.until_event(*greedy, &Event::End);
    assert_eq!(program.story(*greedy).received.len(), queued);
}

/// The same for what is written.
#[test]
fn who_reads_as_fast_as_it_can_holds_up_nobody() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let connections = accept(&mut program, &Profile::default(), 6);
        let (fast, peer) = &connections[0];
        let reading = peer.reading();
        let bytes = pattern(1, 20_000_000);
        program.write_large(*fast, &bytes);
        ping_pong(&mut program, &connections[1..], 20);
        program.ask(op::SHUTDOWN, *fast);
        program.until(|_| reading.is_finished());
        same_bytes(&reading.join().unwrap(), &bytes);
    }
}

/// A budget of nothing would never read anything, and never stop trying.
#[test]
fn the_smallest_budget_still_reads() {
    let profile = Profile {
        read_budget: 0,
        ..Profile::default()
    };
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(profile.clone());
        peer.write(b"hello");
        assert_eq!(program.until_received(id, 5), b"hello");
    }
}
