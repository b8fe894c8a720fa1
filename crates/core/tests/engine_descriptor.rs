//! Listening on and connecting with sockets that somebody else has made.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsRawFd, IntoRawFd};
use std::sync::Arc;

use engine::*;
use mio_js_core::Misuse;
use mio_js_core::engine::{
    BindOptions, Command, Listen, ListenerShared, Profile, Target, Unconnected, listen_on,
};
use socket2::{Domain, Socket, Type};

fn any() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn bound(kind: Type) -> Socket {
    let socket = Socket::new(Domain::IPV4, kind, None).expect("a socket");
    socket.bind(&any().into()).expect("a port");
    socket
}

fn options() -> BindOptions {
    BindOptions {
        backlog: 16,
        ..BindOptions::default()
    }
}

#[test]
fn a_bound_socket_is_made_to_listen() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let socket = bound(Type::STREAM);
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let bound = listen_on(socket.into_raw_fd(), &options()).expect("a listener");
        assert_eq!(bound.local_addr().unwrap(), Some(address));
        let watched = program.lane().watch(0, bound);
        program.command(Command::Listen(Listen {
            listener: 0,
            socket: Some(watched.map_err(|(_, error)| error).expect("watched")),
            ports: Vec::new(),
            profile: Arc::new(Profile::default()),
            shared: ListenerShared::new(10),
        }));
        let (id, peer) = program.accept(address);
        program.write(id, b"welcome");
        assert_eq!(peer.read(7), b"welcome");
    }
}

#[test]
fn what_cannot_listen_is_left_to_the_caller() {
    let code = |socket: &Socket| {
        let outcome = listen_on(socket.as_raw_fd(), &options());
        outcome.map(drop).expect_err("refused").failure.code()
    };
    let kind = Misuse::DescriptorType.code();
    assert_eq!(code(&bound(Type::DGRAM)), kind);
    let (_peer, connected) = Peer::pair();
    let connected = Socket::from(connected);
    assert_eq!(code(&connected), kind);
    connected.send(b"still open").unwrap();
    // What was never bound to a path cannot be connected to.
    let unnamed = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    assert_eq!(code(&unnamed), -libc::EINVAL);
    assert!(unnamed.local_addr().is_ok());
    assert_eq!(
        listen_on(i32::MAX, &options())
            .map(drop)
            .expect_err("refused")
            .failure
            .code(),
        -libc::EBADF
    );
}

#[test]
fn a_bound_socket_connects() {
    for io in EVERY_IO {
        let mut program = Program::new(io);
        let address = program.serve(Profile::default());
        for port in [address.port(), 1] {
            let socket = bound(Type::STREAM);
            let local = socket.local_addr().unwrap().as_socket().unwrap();
            let raw = socket.into_raw_fd();
            let id = program.next_id();
            program.command(Command::Connect {
                id,
                socket: Some(Unconnected::adopt(raw).expect("no peer")),
                target: Target::Ip((Ipv4Addr::LOCALHOST, port).into()),
                local: None,
                options: Default::default(),
                profile: Arc::default(),
            });
            let again = Unconnected::adopt(raw)
                .map(drop)
                .map_err(|failure| failure.code());
            program.until(|program| program.ledger().has_begun(id));
            if port == 1 {
                assert_eq!(program.until_end(id), Event::Closed(-libc::ECONNREFUSED, 1));
                continue;
            }
            assert_eq!(again, Err(Misuse::DescriptorOwned.code()));
            assert_eq!(program.lane().descriptor(id), Some(raw));
            let ends = Event::Connected(Address::Ip(address), Address::Ip(local));
            assert_eq!(program.story(id).events, [ends]);
        }
    }
}

#[test]
fn what_cannot_connect_is_left_to_the_caller() {
    let code = |raw| {
        Unconnected::adopt(raw)
            .map(drop)
            .expect_err("refused")
            .code()
    };
    let kind = Misuse::DescriptorType.code();
    let datagrams = bound(Type::DGRAM);
    assert_eq!(code(datagrams.as_raw_fd()), kind);
    let (_peer, connected) = Peer::pair();
    assert_eq!(code(connected.as_raw_fd()), kind);
    let listening = bound(Type::STREAM);
    listening.listen(1).unwrap();
    if cfg!(not(any(target_vendor = "apple", target_os = "openbsd"))) {
        assert_eq!(code(listening.as_raw_fd()), kind);
    }
    assert_eq!(code(i32::MAX), -libc::EBADF);
    assert!(datagrams.local_addr().is_ok() && listening.local_addr().is_ok());
}
