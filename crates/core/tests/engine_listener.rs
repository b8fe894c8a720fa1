//! Servers of an engine: whom they accept, how many, and what they leave behind.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use engine::*;
use libc::{EADDRINUSE, ENAMETOOLONG, ENOENT};
use mio_js_core::engine::{BindOptions, Profile, Target, bind};
use socket2::{Domain, Socket, Type};

/// A path that no other test has.
fn path(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("mio-js-{name}-{}", std::process::id()));
    drop(fs::remove_file(&path));
    path
}

#[test]
fn an_accepted_connection_knows_its_listener_and_its_peer() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let options = Options {
            listener: 7,
            ..Options::default()
        };
        let address = program.listen(&options).0.unwrap();
        let (id, peer) = program.accept(address);
        let open = Event::Open(7, Address::Ip(peer.local_addr()), Address::Unknown);
        assert_eq!(program.story(id).events, [open]);
        assert!(!id.is_chosen());
    }
}

#[test]
fn behind_a_wildcard_the_own_address_is_told_as_well() {
    for ip in ["0.0.0.0", "::"] {
        let mut program = Program::new(mio_js_core::engine::Io::Inline);
        let options = Options {
            target: Target::Ip(SocketAddr::new(ip.parse().unwrap(), 0)),
            ..Options::default()
        };
        let port = program.listen(&options).0.unwrap().port();
        let (id, _peer) = program.accept(([127, 0, 0, 1], port).into());
        let Event::Open(0, Address::Ip(_), Address::Ip(local)) = program.story(id).events[0] else {
            panic!("{:?}", program.story(id).events);
        };
        assert_eq!(local.port(), port);
        assert!(local.ip().to_canonical().is_loopback());
    }
}

#[test]
fn listening_fails_at_once_and_for_the_systems_reason() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let file = path("regular");
    fs::write(&file, "mine").unwrap();
    let long = PathBuf::from("/tmp/".to_owned() + &"x".repeat(104));
    for (target, code) in [
        (Target::Ip(taken.local_addr().unwrap()), EADDRINUSE),
        (Target::Path(file.clone()), EADDRINUSE),
        (Target::Path("/no/such/directory/socket".into()), ENOENT),
        (Target::Path(long), ENAMETOOLONG),
    ] {
        let refusal = bind(&target, &BindOptions::default()).unwrap_err();
        assert_eq!(refusal.failure.code(), -code, "{target:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    fs::remove_file(&file).unwrap();
}

#[test]
fn whoever_is_one_too_many_is_dropped_and_counted() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let options = Options {
            max_connections: 2,
            ..Options::default()
        };
        let (address, shared) = program.listen(&options);
        let address = address.unwrap();
        let (first, _peer) = program.accept(address);
        let (_, _other) = program.accept(address);
        let dropped = Peer::connect(address).reading();
        program.until(|_| dropped.is_finished());
        assert_eq!(dropped.join().unwrap(), b"");
        assert_eq!(program.ledger().accepted().len(), 2);
        assert_eq!(shared.values()[..3], [2, 1, 0], "accepted, dropped, shed");
        // A place that is free again is given to the next.
        program.ask(op::RESET, first);
        program.until_end(first);
        program.accept(address);
        assert_eq!(shared.values()[5], 2, "open");
    }
}

#[test]
fn connections_outlive_their_listener_and_do_not_count_for_the_next() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let options = Options {
            max_connections: 1,
            ..Options::default()
        };
        let address = program.listen(&options).0.unwrap();
        let (old, peer) = program.accept(address);
        program.submit(Submission::default().close_listener(0));
        program.until(|program| program.ledger().closed == [(0, 0)]);
        peer.write(b"still here");
        program.until_received(old, 10);
        // The number is free, and another server has it.
        let (address, shared) = program.listen(&options);
        let address = address.unwrap();
        program.ask(op::RESET, old);
        program.until_end(old);
        assert_eq!(shared.values()[5], 0, "none of them is open");
        program.accept(address);
        assert_eq!(shared.values()[5], 1);
    }
}

#[test]
fn a_closed_listener_resets_who_waits_and_keeps_who_was_accepted() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(Profile::default());
        let (id, peer) = program.accept(address);
        // Nobody accepts these before the listener is closed, if it runs here.
        let waiting: Vec<Peer> = (0..100).map(|_| Peer::connect(address)).collect();
        let closing = Submission::default().close_listener(0).close_listener(0);
        program.submit(closing);
        program.until(|program| program.ledger().closed == [(0, 0)]);
        let accepted = program.ledger().accepted();
        let lost = waiting.iter().filter(|peer| {
            let port = Address::Ip(peer.local_addr());
            let open = Event::Open(0, port, Address::Unknown);
            !accepted.iter().any(|id| program.story(*id).has(&open))
        });
        for peer in lost {
            assert!(peer.is_reset());
        }
        assert!(std::net::TcpStream::connect(address).is_err());
        peer.write(b"still here");
        program.until_received(id, 10);
        assert_eq!(program.ledger().closed.len(), 1);
    }
}

#[test]
fn who_was_reset_in_the_queue_stops_nobody() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(Profile::default());
        for _ in 0..20 {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.connect(&address.into()).unwrap();
            Peer::new(socket).reset();
        }
        let last = Peer::connect(address);
        last.write(b"alive");
        program.until(|program| {
            let mut stories = program.ledger().stories.values();
            stories.any(|story| story.received == b"alive")
        });
        // Whoever was accepted nevertheless ends with an error, once.
        program.until(|program| program.ledger().open().len() == 1);
    }
}
