//! Lanes as such: how they end, how their selector is lent, and what they do without being asked.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use engine::*;
use mio_js_core::engine::{Command, Completions, Id, Io, Lane, Limits, Profile, Stream, Target};
use mio_js_core::{Misuse, Waiter};

fn path(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("mio-js-{name}-{}", std::process::id()));
    drop(std::fs::remove_file(&path));
    path
}

/// Whether this is refused because the selector is somewhere else.
fn is_busy<T>(outcome: mio_js_core::Result<T>) -> bool {
    outcome.is_err_and(|failure| failure.code() == Misuse::Busy.code())
}

#[test]
fn a_lane_that_is_dropped_closes_everything() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(Profile::default());
        let connections: Vec<_> = (0..10).map(|_| program.accept(address)).collect();
        program.write(connections[0].0, &vec![1; 10_000_000]);
        drop(program);
        for (_, peer) in &connections[1..] {
            assert_eq!(peer.read_all().unwrap(), b"");
        }
        assert!(std::net::TcpStream::connect(address).is_err());
    }
}

#[test]
fn a_lane_is_dropped_with_what_nobody_has_collected() {
    for io in EVERY_IO {
        let mut program = Program::new(io).donating();
        let address = program.serve(Profile::default());
        let connections: Vec<_> = (0..10).map(|_| program.accept(address)).collect();
        program.is_attentive = false;
        let writers: Vec<_> = connections
            .into_iter()
            .map(|(_, peer)| std::thread::spawn(move || peer.fill()))
            .collect();
        program.pass(SILENCE);
        drop(program);
        for writer in writers {
            writer.join().unwrap();
        }
    }
}

/// The lanes know each other, and must not keep each other alive.
#[test]
fn lanes_that_deal_to_each_other_are_dropped_wherever_they_are() {
    for io in EVERY_IO {
        let path = path("dropped");
        let mut program = Program::with(io, 2, Limits::default());
        let options = Options {
            target: Target::Path(path.clone()),
            deals: true,
            ..Options::default()
        };
        program.listen(&options);
        let peers: Vec<Peer> = (0..20).map(|_| Peer::connect_path(&path)).collect();
        let accepted = |program: &Program| {
            let accepted = |lane| program.ledger_of(lane).accepted().len();
            accepted(0) + accepted(1)
        };
        program.until(|program| accepted(program) == 20);
        drop(program);
        assert!(!path.exists());
        for peer in &peers {
            assert_eq!(peer.read_all().unwrap(), b"");
        }
    }
}

/// The machine lies between the two threads when the lane is dropped.
#[test]
fn a_lane_is_dropped_while_its_machine_is_on_its_way_back() {
    let path = path("returning");
    let mut program = Program::with(Io::Auto, 2, Limits::default());
    let options = Options {
        target: Target::Path(path.clone()),
        deals: true,
        ..Options::default()
    };
    program.listen(&options);
    let peers: Vec<Peer> = (0..40).map(|_| Peer::connect_path(&path)).collect();
    program.until(|program| program.ledger().accepted().len() == 20);
    let received = |program: &Program| {
        let stories = program.ledger().stories.values();
        stories.map(|story| story.received.len()).sum::<usize>()
    };
    let mut expected = 0;
    let mut talk = |program: &mut Program, count: usize| {
        // Every other connection is the first lane's.
        for peer in &peers[..2 * count] {
            peer.write(b"x");
        }
        expected += count;
        program.until(|program| received(program) == expected);
    };
    // Quiet, until there is something to collect though nobody has sent anything.
    while !program.was_told(0) {
        program.is_attentive = true;
        // On a slow machine it may have come back within a talk, and goes out again.
        while program.is_inline(0) {
            talk(&mut program, 20);
        }
        talk(&mut program, 1);
        program.is_attentive = false;
        program.pass(Duration::from_millis(1));
    }
    assert!(!program.is_inline(0));
    drop(program);
    assert!(!path.exists());
    for peer in &peers {
        assert_eq!(peer.read_all().unwrap(), b"");
    }
}

#[test]
fn an_inline_selector_can_be_lent_to_a_waiter() {
    let mut lane = Lane::<Block>::new(Io::Inline, Limits::default(), || ()).unwrap();
    let (peer, socket) = Peer::pair();
    let raw = std::os::fd::IntoRawFd::into_raw_fd(socket);
    let id = Id::chosen(0, 1);
    lane.command(Command::Adopt {
        id,
        stream: Stream::adopt(raw).unwrap(),
        profile: Profile::default().into(),
    });
    let (mut batch, mut ledger) = (Completions::default(), Ledger::default());
    lane.turn().unwrap();
    while lane.collect(&mut batch) {
        ledger.take(&mut batch);
    }
    let (sender, notified) = mpsc::channel();
    let waiter = Waiter::spawn(move || _ = sender.send(())).unwrap();
    for round in 1..50 {
        peer.write(b"ping");
        while ledger.story(id).received.len() < round * 4 {
            waiter.start(lane.lend().unwrap());
            assert!(is_busy(lane.lend()) && is_busy(lane.turn()));
            // Meanwhile the program goes on: what it asks is done at once.
            let asked = Submission::default().write(id, b"pong");
            ledger.write(id, 4);
            lane.submit(&asked.words, &asked.data).unwrap();
            assert_eq!(peer.read(4), b"pong");
            if round % 2 == 0 {
                lane.interrupt();
            }
            notified.recv_timeout(PATIENCE).unwrap();
            let (driver, outcome) = waiter.collect().unwrap();
            lane.put_back(driver, outcome).unwrap();
            while lane.collect(&mut batch) {
                ledger.take(&mut batch);
            }
        }
    }
    waiter.start(lane.lend().unwrap());
    lane.interrupt();
    notified.recv_timeout(PATIENCE).unwrap();
    drop((lane, waiter));
    assert_eq!(peer.read_all().unwrap(), b"");
}

/// Its thread was busy, or the process stopped, for longer than the deadline after the wait was over.
#[test]
fn who_has_sent_while_nobody_looked_was_not_silent() {
    // So many that they count as progress.
    const BYTES: [u8; 64] = [1; 64];
    const TIME: Duration = Duration::from_millis(100);
    let mut lane = Lane::<Block>::new(Io::Inline, Limits::default(), || ()).unwrap();
    let profile = Arc::new(Profile {
        idle_timeout: TIME.as_millis() as u64,
        ..Profile::default()
    });
    let peers: Vec<_> = (0..2)
        .map(|index| {
            let (peer, socket) = Peer::pair();
            let id = Id::chosen(index, 1);
            lane.command(Command::Adopt {
                id,
                stream: Stream::adopt(std::os::fd::IntoRawFd::into_raw_fd(socket)).unwrap(),
                profile: Arc::clone(&profile),
            });
            (id, peer)
        })
        .collect();
    lane.turn().unwrap();
    let (sender, notified) = mpsc::channel();
    let waiter = Waiter::spawn(move || _ = sender.send(())).unwrap();
    waiter.start(lane.lend().unwrap());
    peers[0].1.write(&BYTES);
    notified.recv_timeout(PATIENCE).unwrap();
    let (driver, outcome) = waiter.collect().unwrap();
    peers[1].1.write(&BYTES);
    std::thread::sleep(2 * TIME);
    lane.put_back(driver, outcome).unwrap();
    let (mut batch, mut ledger) = (Completions::default(), Ledger::default());
    while lane.collect(&mut batch) {
        ledger.take(&mut batch);
    }
    for (id, _) in &peers {
        assert_eq!(ledger.story(*id).received, BYTES);
        assert!(ledger.story(*id).is_open());
    }
}

/// A program that has had enough for now settles a lane whose news it has not collected.
#[test]
fn what_a_lane_has_to_tell_when_it_goes_to_its_thread_is_told() {
    let (sender, notified) = mpsc::channel();
    let notify = move || _ = sender.send(());
    let mut lane = Lane::<Block>::new(Io::Auto, Limits::default(), notify).unwrap();
    let (mut batch, mut ledger) = (Completions::default(), Ledger::default());
    let ids: Vec<Id> = (0..24).map(|index| Id::chosen(index, 1)).collect();
    let (peers, sockets): (Vec<_>, Vec<_>) = ids.iter().map(|_| Peer::pair()).unzip();
    for (id, socket) in ids.iter().zip(sockets) {
        lane.command(Command::Adopt {
            id: *id,
            stream: Stream::adopt(std::os::fd::IntoRawFd::into_raw_fd(socket)).unwrap(),
            profile: Profile::default().into(),
        });
    }
    // Busy, and nobody has asked yet where it should be.
    for round in 1..=50 {
        for peer in &peers {
            peer.write(b"ping");
        }
        let has_come = |ledger: &Ledger, id: &Id| ledger.story(*id).received.len() == round * 4;
        while round == 1 && ledger.stories.len() < ids.len()
            || !ids.iter().all(|id| has_come(&ledger, id))
        {
            lane.turn().unwrap();
            while lane.collect(&mut batch) {
                ledger.take(&mut batch);
            }
        }
    }
    let reset = ids
        .iter()
        .fold(Submission::default(), |all, id| all.ask(op::RESET, *id));
    lane.submit(&reset.words, &reset.data).unwrap();
    assert!(lane.settle(), "it is busy");
    while !ids.iter().all(|id| ledger.story(*id).end().is_some()) {
        notified.recv_timeout(PATIENCE).unwrap();
        while lane.collect(&mut batch) {
            ledger.take(&mut batch);
        }
    }
}

#[test]
fn a_lane_on_its_thread_has_no_selector_to_lend() {
    let mut lane = Lane::<Block>::new(Io::Thread, Limits::default(), || ()).unwrap();
    assert!(!lane.is_inline());
    assert!(is_busy(lane.lend()));
    assert_eq!(lane.delay(), None);
    lane.turn().unwrap();
    assert!(!lane.settle());
}

#[test]
fn lanes_come_and_go() {
    for io in EVERY_IO {
        for n in 0..200 {
            let mut program = Program::new(io);
            if n % 2 == 0 {
                program.serve(Profile::default());
            }
        }
    }
}
