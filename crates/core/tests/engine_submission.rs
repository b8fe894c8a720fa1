//! What a program asks: malformed, out of date, for many at once, and in its order.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use engine::*;
use mio_js_core::engine::{Id, Profile};

#[test]
fn a_malformed_submission_is_refused_as_a_whole() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let (index, generation) = (id.index, id.generation);
        let write = |len| [1, index, generation, len];
        for (words, data) in [
            (&write(4)[..], &b"abc"[..]),
            (&write(2), b"abc"),
            (&write(u32::MAX), b"abc"),
            (&[write(3), write(1)].concat(), b"abc"),
            (&write(3)[..3], b"abc"),
            (&[&write(3)[..], &[4]].concat(), b"abc"),
            (&[&write(3)[..], &[0, 0, 0, 0]].concat(), b"abc"),
            (
                &[&write(3)[..], &[16, index, generation, 0]].concat(),
                b"abc",
            ),
            (&[&write(3)[..], &[u32::MAX; 4]].concat(), b"abc"),
            (&[2, 1, 3, 0, index], b"abc"),
            (&[2, 2, 3, 0, index, generation], b"abc"),
            (&[2, u32::MAX, 3, 0, index, generation], b"abc"),
            (&[2, 1 << 31, 3, 0, index, generation], b"abc"),
            (&[2, 1, 4, 0, index, generation], b"abc"),
            (
                &[&write(3)[..], &[10, index, generation, 1]].concat(),
                b"abc0123456789a",
            ),
            (&[], b"abc"),
        ] {
            program.refuses(words, data);
        }
        program.submit(Submission::default());
        program.write(id, b"only this");
        program.ask(op::SHUTDOWN, id);
        assert_eq!(peer.read_all().unwrap(), b"only this");
        assert_eq!(program.counters().stale_submissions.get(), 0);
    }
}

#[test]
fn whatever_is_asked_of_nobody_is_counted_and_forgotten() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (id, peer) = program.accepted(Profile::default());
        let strangers = [
            Id {
                generation: id.generation + 1,
                ..id
            },
            Id {
                generation: u32::MAX,
                ..id
            },
            Id {
                index: id.index + 1,
                ..id
            },
            Id {
                index: (1 << 31) - 1,
                ..id
            },
            Id::chosen(0, 0),
            Id::chosen(u32::MAX, u32::MAX),
        ];
        for stranger in strangers {
            let mut asked = Submission::default().write(stranger, b"nobody");
            for op in [3, 4, 5, 6, 7, 8, 12, 14] {
                asked = asked.ask(op, stranger);
            }
            asked = asked.nodelay(stranger, true).timeout(stranger, 1);
            asked = asked.keepalive(stranger, true, [1, 1, 1]);
            program.submit(asked);
            program.write_large(stranger, b"nobody either");
        }
        program.submit(Submission::default().close_listener(77));
        program.settle(id);
        let stale = program.counters().stale_submissions.get();
        assert_eq!(stale, 13 * strangers.len() as u64);
        assert_eq!(program.ledger().open(), [id]);
        peer.write(b"alive");
        program.until_received(id, 5);
    }
}

#[test]
fn what_is_asked_of_a_connection_that_has_ended_is_forgotten() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(Profile::default());
        let (old, _peer) = program.accept(address);
        program.ask(op::RESET, old);
        program.until_end(old);
        program.step(SILENCE);
        program.step(SILENCE);
        let (new, peer) = program.accept(address);
        program.write(old, b"for the one before");
        program.ask(op::RESET, old);
        program.write(new, b"for this one");
        program.ask(op::SHUTDOWN, new);
        assert_eq!(peer.read_all().unwrap(), b"for this one");
    }
}

#[test]
fn a_broadcast_reaches_those_who_are_there() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(Profile::default());
        let connections: Vec<_> = (0..10).map(|_| program.accept(address)).collect();
        let ids: Vec<Id> = connections.iter().map(|(id, _)| *id).collect();
        for id in &ids[..4] {
            program.ask(op::RESET, *id);
            program.until_end(*id);
        }
        let stranger = Id::chosen(5, 5);
        let everybody = [&ids[..], &[stranger]].concat();
        let submission = Submission::default()
            .write(ids[9], b"<")
            .broadcast(&everybody, b"to all")
            .broadcast(&[], b"to none")
            .broadcast(&ids, b"")
            .write(ids[9], b">");
        program.submit(submission);
        for (n, (id, peer)) in connections.iter().enumerate().skip(4) {
            let expected: &[u8] = if n == 9 { b"<to all>" } else { b"to all" };
            program.ask(op::SHUTDOWN, *id);
            assert_eq!(peer.read_all().unwrap(), expected);
        }
        assert_eq!(program.counters().stale_submissions.get(), 4 + 4 + 1);
    }
}

/// Who is named twice is written to twice.
#[test]
fn writes_of_one_submission_keep_their_order() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(Profile::default());
        let ((a, first), (b, second)) = (program.accept(address), program.accept(address));
        let mut submission = Submission::default();
        let (mut to_a, mut to_b) = (Vec::new(), Vec::new());
        for n in 0..300_u32 {
            let bytes = pattern(n.into(), n as usize * 7 % 400);
            let (both, one) = ([a, b, a], [a, b][n as usize % 2]);
            if n % 3 == 0 {
                submission = submission.broadcast(&both, &bytes);
                to_a.extend_from_slice(&bytes.repeat(2));
                to_b.extend_from_slice(&bytes);
            } else {
                submission = submission.write(one, &bytes);
                [&mut to_a, &mut to_b][n as usize % 2].extend_from_slice(&bytes);
            }
        }
        program.submit(submission);
        // After all of these, though it is another way to write.
        program.write_large(a, b"large");
        to_a.extend_from_slice(b"large");
        program.submit(
            Submission::default()
                .ask(op::SHUTDOWN, a)
                .ask(op::SHUTDOWN, b),
        );
        let reading = [first.reading(), second.reading()];
        program.until(|_| reading.iter().all(|thread| thread.is_finished()));
        let [found_a, found_b] = reading.map(|thread| thread.join().unwrap());
        same_bytes(&found_a, &to_a);
        same_bytes(&found_b, &to_b);
    }
}

#[test]
fn options_of_a_connection_reach_its_socket() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let (_peer, socket) = Peer::pair();
        let watched = Peer::new(socket.try_clone().unwrap());
        let id = program.adopt(socket, Profile::default());
        for on in [true, false] {
            let asked = Submission::default().nodelay(id, on);
            program.submit(asked.keepalive(id, on, [77, 7, 3]));
            program.settle(id);
            let socket = watched.socket();
            assert_eq!(socket.tcp_nodelay().unwrap(), on);
            assert_eq!(socket.keepalive().unwrap(), on);
            assert_eq!(socket.tcp_keepalive_time().unwrap().as_secs(), 77);
            assert_eq!(socket.tcp_keepalive_interval().unwrap().as_secs(), 7);
            assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
        }
    }
}
