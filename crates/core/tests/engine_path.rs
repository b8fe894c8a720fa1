//! Servers of an engine at a path: the file that they have, and lanes that deal connections out.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::thread;

use engine::*;
use mio_js_core::engine::{Io, Limits, Target};

/// A path that no other test has.
fn path(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("mio-js-{name}-{}", std::process::id()));
    drop(fs::remove_file(&path));
    path
}

fn at_path(path: &std::path::Path) -> Options {
    Options {
        target: Target::Path(path.to_path_buf()),
        ..Options::default()
    }
}

#[test]
fn bursts_of_short_connections_lose_nothing() {
    const BURSTS: usize = 4;
    const COUNT: usize = 250;
    for io in EVERY_IO {
        let path = path("bursts");
        let mut program = Program::new(io);
        program.listen(&at_path(&path));
        let bytes = pattern(1, 1000);
        let burst = || {
            for _ in 0..COUNT {
                Peer::connect_path(&path).write(&bytes);
            }
        };
        let ended = |program: &Program| {
            let stories = program.ledger().stories.values();
            stories.filter(|story| story.has(&Event::End)).count()
        };
        thread::scope(|scope| {
            for _ in 0..BURSTS {
                scope.spawn(burst);
            }
            program.until(|program| ended(program) == BURSTS * COUNT);
        });
        let mut stories = program.ledger().stories.values();
        assert!(stories.all(|story| story.received == bytes));
        for id in program.ledger().open() {
            program.ask(op::CLOSE, id);
        }
        program.until(|program| program.ledger().open().is_empty());
    }
}

#[test]
fn a_server_at_a_path_removes_its_file_and_no_other() {
    for io in EVERY_IO {
        let path = path("unlink");
        let mut program = Program::new(io);
        program.listen(&at_path(&path));
        assert!(path.exists());
        program.submit(Submission::default().close_listener(0));
        program.until(|program| !program.ledger().closed.is_empty());
        assert!(!path.exists());
        // Another server takes the place of one that runs still.
        program.listen(&at_path(&path));
        fs::remove_file(&path).unwrap();
        let other = UnixListener::bind(&path).unwrap();
        drop(program);
        assert!(path.exists());
        let _peer = Peer::connect_path(&path);
        other.accept().unwrap();
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn connections_at_a_path_are_dealt_out_to_all_lanes() {
    for io in EVERY_IO {
        let path = path("deal");
        let mut program = Program::with(io, 3, Limits::default());
        let options = Options {
            deals: true,
            ..at_path(&path)
        };
        let (_, shared) = program.listen(&options);
        let peers: Vec<Peer> = (0..30).map(|_| Peer::connect_path(&path)).collect();
        let counts = |program: &Program| [0, 1, 2].map(|n| program.ledger_of(n).accepted().len());
        program.until(|program| counts(program).iter().sum::<usize>() == 30);
        assert_eq!(counts(&program), [10, 10, 10]);
        assert_eq!(shared.values()[5], 30);
        for (n, peer) in peers.iter().enumerate() {
            peer.write(&[n as u8]);
        }
        let received = |program: &Program, lane: usize| {
            let stories = program.ledger_of(lane).stories.values();
            let mut bytes: Vec<u8> = stories.flat_map(|story| story.received.clone()).collect();
            bytes.sort_unstable();
            bytes
        };
        program.until(|program| (0..3).all(|lane| received(program, lane).len() == 10));
        let mut all: Vec<u8> = (0..3).flat_map(|lane| received(&program, lane)).collect();
        all.sort_unstable();
        assert_eq!(all, (0..30).collect::<Vec<u8>>());
        // Each lane closes its part; the socket is the first one's.
        for lane in 0..3 {
            program.submit_to(lane, Submission::default().close_listener(0));
        }
        program.until(|program| (0..3).all(|lane| program.ledger_of(lane).closed == [(0, 0)]));
        assert!(!path.exists());
        assert!(peers[0].socket().peer_addr().is_ok());
    }
}

/// It is on its way from one lane to another when the server is closed there, and another has its
/// number.
#[test]
fn a_connection_that_was_dealt_for_a_closed_server_is_reset() {
    for io in EVERY_IO {
        let path = path("late");
        let mut program = Program::with(io, 2, Limits::default());
        let options = Options {
            deals: true,
            ..at_path(&path)
        };
        let (_, old) = program.listen(&options);
        let peers: Vec<Peer> = (0..100).map(|_| Peer::connect_path(&path)).collect();
        if io == Io::Inline {
            program.turn(0);
        }
        for lane in [1, 0] {
            program.submit_to(lane, Submission::default().close_listener(0));
        }
        program.until(|program| {
            [0, 1]
                .iter()
                .all(|lane| program.ledger_of(*lane).closed.len() == 1)
        });
        let (_, new) = program.listen(&options);
        let last: Vec<Peer> = (0..2).map(|_| Peer::connect_path(&path)).collect();
        program.until(|_| new.values()[5] == 2);
        program.pass(SILENCE);
        let accepted = |lane: usize| program.ledger_of(lane).accepted().len() as u64;
        assert_eq!(accepted(0) + accepted(1), old.values()[5] + 2);
        if io == Io::Inline {
            assert!(old.values()[5] < old.values()[0], "some were on their way");
        }
        drop((program, last));
        // Nobody is left without an answer.
        for peer in peers {
            assert!(peer.read_all().unwrap_or_default().is_empty());
        }
    }
}
