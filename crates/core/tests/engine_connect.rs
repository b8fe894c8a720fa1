//! Connections that the program makes, or takes over.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use engine::*;
use libc::{EADDRNOTAVAIL, ECONNREFUSED, EINVAL, ENAMETOOLONG, ENOENT};
use mio_js_core::engine::{Command, Profile, Syscall, Target};
use socket2::{Domain, SockAddr, Socket, Type};

const CONNECT: u32 = Syscall::Connect as u32;
const BIND: u32 = Syscall::Bind as u32;

/// A listener of TCP.
fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// A port that nobody listens on, as long as the socket is open.
fn silent_port() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&address.into()).expect("a port");
    let address = socket.local_addr().expect("an address");
    (socket, address.as_socket().expect("of TCP"))
}

#[test]
fn a_connection_is_made_and_knows_both_ends() {
    for io in EVERY_IO {
        let (listener, address) = listener();
        let mut program = Program::new(io);
        let id = program.connect(Target::Ip(address));
        let (stream, local) = listener.accept().unwrap();
        let connected = Event::Connected(Address::Ip(address), Address::Ip(local));
        assert_eq!(program.story(id).events, [connected]);
        let peer = Peer::new(stream);
        program.write(id, b"ping");
        assert_eq!(peer.read(4), b"ping");
        peer.write(b"pong");
        assert_eq!(program.until_received(id, 4), b"pong");
        program.ask(op::CLOSE, id);
        assert_eq!(peer.read_all().unwrap(), b"");
        drop(peer);
        assert_eq!(program.until_end(id), WELL);
    }
}

#[test]
fn what_is_asked_before_the_connection_is_made_is_done_then() {
    for io in EVERY_IO {
        let (listener, address) = listener();
        let mut program = Program::new(io);
        let id = program.next_id();
        program.command(Command::Connect {
            id,
            socket: None,
            target: Target::Ip(address),
            local: None,
            options: Default::default(),
            profile: Arc::default(),
        });
        let asked = Submission::default().write(id, b"early");
        program.submit(asked.ask(op::SHUTDOWN, id));
        program.until(|program| program.ledger().has_begun(id));
        let peer = Peer::new(listener.accept().unwrap().0);
        assert_eq!(peer.read_all().unwrap(), b"early");
        drop(peer);
        assert_eq!(program.until_end(id), WELL);
    }
}

#[test]
fn a_connection_can_be_given_up_before_it_is_made() {
    for io in EVERY_IO {
        for op in [op::CLOSE, op::RESET] {
            let (_listener, address) = listener();
            let mut program = Program::new(io);
            let id = program.next_id();
            program.command(Command::Connect {
                id,
                socket: None,
                target: Target::Ip(address),
                local: None,
                options: Default::default(),
                profile: Profile {
                    linger: 1,
                    ..Profile::default()
                }
                .into(),
            });
            program.ask(op, id);
            assert_eq!(program.until_end(id), WELL);
        }
    }
}

#[test]
fn a_refused_connection_says_so_and_nothing_else() {
    for io in EVERY_IO {
        let (_socket, address) = silent_port();
        let mut program = Program::new(io);
        let id = program.connect(Target::Ip(address));
        let refused = Event::Closed(-ECONNREFUSED, CONNECT);
        assert_eq!(program.story(id).events, [refused]);
    }
}

#[test]
fn nobody_is_connected_to_itself() {
    for io in EVERY_IO {
        let (socket, address) = silent_port();
        let mut program = Program::new(io);
        let id = program.next_id();
        drop(socket);
        program.command(Command::Connect {
            id,
            socket: None,
            target: Target::Ip(address),
            local: Some(address),
            options: Default::default(),
            profile: Arc::default(),
        });
        let refused = Event::Closed(-ECONNREFUSED, CONNECT);
        assert_eq!(program.until_end(id), refused);
    }
}

#[test]
fn an_address_that_is_not_local_is_refused() {
    for io in EVERY_IO {
        let (_listener, address) = listener();
        let mut program = Program::new(io);
        let id = program.next_id();
        program.command(Command::Connect {
            id,
            socket: None,
            target: Target::Ip(address),
            local: Some(([192, 0, 2, 1], 0).into()),
            options: Default::default(),
            profile: Arc::default(),
        });
        let end = program.until_end(id);
        assert_eq!(end, Event::Closed(-EADDRNOTAVAIL, BIND));
    }
}

#[test]
fn unix_sockets_have_paths_and_on_linux_abstract_names() {
    let path = std::env::temp_dir().join(format!("mio-js-connect-{}", std::process::id()));
    let name = format!("\0mio-js-connect-{}", std::process::id());
    let mut names = vec![path.as_path()];
    if cfg!(target_os = "linux") {
        names.push(Path::new(&name));
    }
    for io in EVERY_IO {
        for path in &names {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
            socket.bind(&SockAddr::unix(path).unwrap()).unwrap();
            socket.listen(8).unwrap();
            let mut program = Program::new(io);
            let id = program.connect_path(path);
            let connected = Event::Connected(Address::Unix, Address::Unix);
            assert_eq!(program.story(id).events, [connected]);
            let peer = Peer::new(socket.accept().unwrap().0);
            peer.write(b"hello");
            assert_eq!(program.until_received(id, 5), b"hello");
            drop(std::fs::remove_file(path));
        }
    }
}

#[test]
fn impossible_paths_are_refused_and_never_cut() {
    let long = "/tmp/".to_owned() + &"x".repeat(104);
    for (path, code) in [
        ("/no/such/directory/socket", ENOENT),
        (&*long, ENAMETOOLONG),
        ("", EINVAL),
        ("/tmp/with\0nul", EINVAL),
    ] {
        for io in EVERY_IO {
            let mut program = Program::new(io);
            let id = program.connect_path(path);
            let refused = Event::Closed(-code, CONNECT);
            assert_eq!(program.story(id).events, [refused], "{path:?}");
        }
    }
}

/// A Unix socket does not wait for room in the queue of the other side.
#[cfg(target_os = "linux")]
#[test]
fn a_full_queue_is_an_error_of_the_system() {
    let name = format!("\0mio-js-full-{}", std::process::id());
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    socket.bind(&SockAddr::unix(&name).unwrap()).unwrap();
    socket.listen(0).unwrap();
    let _queued = Peer::connect_path(Path::new(&name));
    let mut program = Program::new(mio_js_core::engine::Io::Inline);
    let id = program.connect_path(&name);
    assert_eq!(
        program.story(id).events,
        [Event::Closed(-libc::EAGAIN, CONNECT)]
    );
}
