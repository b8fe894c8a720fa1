//! A lane that moves between the program's thread and its own: when, and that nobody notices.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use engine::*;
use mio_js_core::engine::{Id, Io, Profile};

/// As many as make a batch large.
const CROWD: usize = 24;

/// Connections, and what was sent over each so far.
struct Crowd {
    program: Program,
    members: Vec<(Id, Peer, Vec<u8>)>,
    round: u64,
}

impl Crowd {
    fn gather() -> Self {
        let mut program = Program::new(Io::Auto);
        let address = program.serve(Profile::default());
        let mut member = |_| {
            let (id, peer) = program.accept(address);
            (id, peer, Vec::new())
        };
        let members = (0..CROWD).map(&mut member).collect();
        Self {
            program,
            members,
            round: 0,
        }
    }

    /// The first of them send and get an answer. Returns where the lane is then.
    fn talk(&mut self, count: usize) -> bool {
        self.round += 1;
        let message = pattern(self.round, 40);
        for (_, peer, sent) in &mut self.members[..count] {
            peer.write(&message);
            sent.extend_from_slice(&message);
        }
        for (id, peer, sent) in &self.members[..count] {
            self.program.until_received(*id, sent.len());
            self.program.write(*id, &message);
            assert!(self.program.until_read(peer, message.len()) == message);
        }
        self.program.is_inline(0)
    }

    /// Talks until the lane is there. Returns how often.
    fn talk_until(&mut self, count: usize, is_inline: bool) -> usize {
        let talks = (1..2000).find(|_| self.talk(count) == is_inline);
        talks.expect("a move in the end")
    }

    fn check(&self) {
        for (id, _, sent) in &self.members {
            same_bytes(&self.program.story(*id).received, sent);
        }
    }
}

#[test]
fn a_busy_lane_goes_to_its_thread_and_a_quiet_one_comes_back() {
    let mut crowd = Crowd::gather();
    assert!(crowd.program.is_inline(0));
    let away = crowd.talk_until(CROWD, false);
    assert!(away < 64, "after {away} batches");
    let back = crowd.talk_until(1, true);
    assert!(back > 16, "one move does not follow upon the other");
    assert_eq!(crowd.program.counters().moves.get(), 2);
    crowd.check();
}

#[test]
fn a_single_connection_stays_inline() {
    let mut crowd = Crowd::gather();
    for _ in 0..300 {
        assert!(crowd.talk(1));
    }
    assert_eq!(crowd.program.counters().moves.get(), 0);
}

#[test]
fn bulk_is_work_for_the_thread() {
    let mut program = Program::new(Io::Auto).donating();
    let (id, peer) = program.accepted(Profile::default());
    let bytes = pattern(1, 20_000_000);
    let writing = peer.write_and_finish(bytes.clone());
    program.until_event(id, &Event::End);
    writing.join().unwrap();
    same_bytes(&program.story(id).received, &bytes);
    assert!(program.counters().moves.get() > 0);
}

/// All the while somebody reads slowly what was written at the beginning, and somebody is closed.
#[test]
fn a_hundred_moves_lose_and_reorder_nothing() {
    const MUCH: usize = 12_000_000;
    let mut crowd = Crowd::gather();
    let address = crowd.program.serve(Profile::default());
    let (slow, peer) = crowd.program.accept(address);
    let peer = peer.narrow();
    let bytes = pattern(1, MUCH);
    crowd.program.write(slow, &bytes);
    let (mut read, mut moves) = (Vec::new(), 0);
    while moves < 100 {
        crowd.talk_until(CROWD, false);
        read.extend_from_slice(&crowd.program.until_read(&peer, MUCH / 100));
        crowd.talk_until(1, true);
        read.extend_from_slice(&crowd.program.until_read(&peer, MUCH / 100));
        moves += 2;
        let (id, other) = crowd.program.accept(address);
        crowd.program.ask(op::CLOSE, id);
        drop(other);
        assert_eq!(crowd.program.until_end(id), WELL);
    }
    assert!(crowd.program.counters().moves.get() >= 100);
    crowd.program.ask(op::SHUTDOWN, slow);
    let reading = peer.reading();
    crowd.program.until(|_| reading.is_finished());
    read.append(&mut reading.join().unwrap());
    same_bytes(&read, &bytes);
    let story = crowd.program.story(slow);
    assert_eq!(story.written, MUCH as u64);
    crowd.check();
}

/// What is asked while the machine is on its way is done when it has arrived.
#[test]
fn submissions_follow_the_machine_in_their_order() {
    let mut crowd = Crowd::gather();
    for _ in 0..10 {
        crowd.talk_until(CROWD, false);
        let (id, peer, _) = &crowd.members[0];
        let (id, peer) = (*id, peer.share());
        let mut expected = Vec::new();
        let mut number = 0_u32;
        while !crowd.talk(1) {
            // One of these comes between the recall and the return.
            for _ in 0..5 {
                number += 1;
                expected.extend_from_slice(&number.to_le_bytes());
                crowd.program.write(id, &number.to_le_bytes());
            }
            let found = crowd.program.until_read(&peer, 20);
            assert!(found == expected[expected.len() - 20..]);
        }
    }
    crowd.check();
}
