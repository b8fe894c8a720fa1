//! Deadlines of connections, and what counts as progress.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::thread;
use std::time::{Duration, Instant};

use engine::*;
use mio_js_core::Misuse;
use mio_js_core::engine::{Id, Io, Profile};

fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn idle(idle_timeout: u64) -> Profile {
    Profile {
        idle_timeout,
        ..Profile::default()
    }
}

fn first_byte(first_byte_timeout: u64) -> Profile {
    Profile {
        first_byte_timeout,
        ..Profile::default()
    }
}

fn idled() -> Event {
    Event::Closed(Misuse::IdleTimeout.code(), 0)
}

fn timeouts(program: &Program, id: Id) -> usize {
    let events = program.story(id).events.iter();
    events.filter(|event| **event == Event::Timeout).count()
}

/// How slow the test itself was: the machine may have other things to do.
struct Pace {
    last: Instant,
    slowest: Duration,
}

impl Pace {
    fn begin() -> Self {
        Self {
            last: Instant::now(),
            slowest: Duration::ZERO,
        }
    }

    fn step(&mut self) {
        self.slowest = self.slowest.max(self.last.elapsed());
        self.last = Instant::now();
    }
}

#[test]
fn a_connection_on_which_nothing_happens_is_closed() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(idle(100));
        let start = Instant::now();
        let (id, _peer) = program.accept(address);
        assert_eq!(program.until_end(id), idled());
        let elapsed = start.elapsed();
        assert!(elapsed >= milliseconds(95), "{elapsed:?}");
        assert_eq!(program.counters().idle_timeouts.get(), 1);
        assert_eq!(program.counters().errors.get(), 1);
    }
}

#[test]
fn progress_in_either_direction_keeps_a_connection() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(idle(150));
        let mut pace = Pace::begin();
        for round in 0..18 {
            if round % 2 == 0 {
                program.write(id, b"x");
            } else {
                peer.write(&[0; 64]);
            }
            program.pass(milliseconds(25));
            pace.step();
        }
        assert!(program.story(id).is_open() || pace.slowest > milliseconds(100));
        assert_eq!(program.until_end(id), idled());
    }
}

#[test]
fn a_byte_now_and_then_is_no_progress() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(idle(150));
        let start = Instant::now();
        while program.story(id).is_open() {
            let elapsed = start.elapsed();
            assert!(elapsed < milliseconds(600), "one byte holds the place");
            peer.write(b"x");
            program.pass(milliseconds(15));
        }
        assert_eq!(program.story(id).end(), Some(&idled()));
    }
}

#[test]
fn a_byte_now_and_then_that_is_answered_is_progress() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(idle(150));
        let mut pace = Pace::begin();
        for n in 1..=20 {
            if !program.story(id).is_open() {
                break;
            }
            peer.write(b"x");
            program.until_received(id, n);
            program.write(id, b"y");
            program.pass(milliseconds(20));
            pace.step();
        }
        assert!(program.story(id).is_open() || pace.slowest > milliseconds(100));
    }
}

#[test]
fn what_has_arrived_in_time_counts_however_late_it_is_looked_at() {
    for profile in [idle(150), first_byte(150)] {
        let mut program = Program::new(Io::Inline);
        let (id, peer) = program.accepted(profile);
        program.submit(Submission::default().timeout(id, 150));
        program.pass(milliseconds(10));
        // It may be silent for the rest of a deadline, and the program is busy for longer.
        peer.write(&[0; 64]);
        thread::sleep(milliseconds(300));
        program.until_received(id, 64);
        let story = program.story(id);
        assert!(story.is_open(), "{story:?}");
        assert_eq!(timeouts(&program, id), 0);
    }
}

#[test]
fn whoever_does_not_read_is_idle_and_so_is_who_is_paused() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(idle(100));
        let (slow, peer) = program.accept(address);
        let _peer = peer.narrow();
        program.write(slow, &vec![1; 10_000_000]);
        assert_eq!(program.until_end(slow), idled());
        let (paused, peer) = program.accept(address);
        program.ask(op::PAUSE, paused);
        peer.write(&[1; 1000]);
        assert_eq!(program.until_end(paused), idled());
        assert_eq!(program.counters().pending_bytes.get(), 0);
    }
}

#[test]
fn whoever_sends_nothing_at_first_is_closed() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(first_byte(300));
        let ((silent, _peer), (id, other)) = (program.accept(address), program.accept(address));
        other.write(b"x");
        program.until_received(id, 1);
        program.write(silent, b"writing to it is no answer");
        let code = Misuse::FirstByteTimeout.code();
        assert_eq!(program.until_end(silent), Event::Closed(code, 0));
        assert_eq!(program.counters().first_byte_timeouts.get(), 1);
        program.pass(milliseconds(320));
        assert!(program.story(id).is_open());
    }
}

#[test]
fn the_program_is_told_once_for_each_idle_period() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        program.submit(Submission::default().timeout(id, 30));
        program.until(|program| timeouts(program, id) == 1);
        program.pass(milliseconds(100));
        assert_eq!(timeouts(&program, id), 1);
        peer.write(b"x");
        program.until(|program| timeouts(program, id) == 2);
        program.write(id, b"x");
        program.until(|program| timeouts(program, id) == 3);
        // Set anew, it counts from then.
        program.submit(Submission::default().timeout(id, 30));
        program.until(|program| timeouts(program, id) == 4);
        program.submit(Submission::default().timeout(id, 0));
        peer.write(b"x");
        program.pass(milliseconds(100));
        assert_eq!(timeouts(&program, id), 4);
        assert!(program.story(id).is_open());
    }
}

#[test]
fn a_shorter_time_than_before_counts_at_once() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, _peer) = program.accepted(idle(3_600_000));
        program.submit(Submission::default().timeout(id, u32::MAX));
        program.submit(Submission::default().timeout(id, 1));
        program.until(|program| timeouts(program, id) == 1);
        // And a longer one does not come early.
        program.submit(Submission::default().timeout(id, 1_000_000));
        program.pass(SILENCE);
        assert_eq!(timeouts(&program, id), 1);
    }
}

#[test]
fn hundreds_of_deadlines_come_without_a_turn_for_each_millisecond() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(idle(200));
        let peers: Vec<Peer> = (0..200).map(|_| Peer::connect(address)).collect();
        program.until(|program| program.ledger().accepted().len() == peers.len());
        let polls = program.counters().polls.get();
        program.until(|program| program.ledger().open().is_empty());
        let stories = program.ledger().stories.values();
        assert!(
            stories
                .into_iter()
                .all(|story| story.end() == Some(&idled()))
        );
        // The loop of these tests turns every 10 ms by itself.
        let turns = program.counters().polls.get() - polls;
        assert!(turns < 120, "{turns} turns");
    }
}

#[test]
fn a_lane_without_deadlines_rests() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, _peer) = program.accepted(Profile::default());
        program.settle(id);
        program.pass(milliseconds(100));
        let polls = program.counters().polls.get();
        program.pass(milliseconds(200));
        let turns = program.counters().polls.get() - polls;
        assert!(turns <= 1, "{turns} turns");
        assert_eq!(program.lane().delay(), None);
    }
}
