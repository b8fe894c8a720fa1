//! Connections that exist already, and that the program gives to an engine.
#![cfg(unix)]

#[path = "util/engine/mod.rs"]
mod engine;

use std::fs::File;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;

use engine::*;
use libc::{EBADF, ENOTSOCK};
use mio_js_core::Misuse;
use mio_js_core::engine::{Command, Profile, Stream};

#[allow(unsafe_code, reason = "a descriptor in a record has no other form")]
fn own(raw: RawFd) -> OwnedFd {
    // SAFETY: the lane has said that it is the program's now, and says so once.
    unsafe { OwnedFd::from_raw_fd(raw) }
}

/// The number of the error that adopting is refused with.
fn refusal(raw: RawFd) -> i32 {
    Stream::adopt(raw).expect_err("no connection").code()
}

#[test]
fn a_connection_is_taken_over_with_what_it_has() {
    for io in EVERY_IO {
        let (peer, socket) = Peer::pair();
        peer.write(b"before");
        let mut program = Program::new(io);
        let id = program.adopt(socket, Profile::default());
        assert_eq!(program.until_received(id, 6), b"before");
        program.write(id, b"after");
        program.ask(op::CLOSE, id);
        assert_eq!(peer.read_all().unwrap(), b"after");
        drop(peer);
        assert_eq!(program.until_end(id), WELL);
    }
}

#[test]
fn what_is_written_is_sent_although_the_connection_is_closed_at_once() {
    for io in EVERY_IO {
        let (peer, socket) = Peer::pair();
        peer.write(b"nobody reads this");
        let mut program = Program::new(io);
        let id = program.next_id();
        let raw = socket.into_raw_fd();
        program.command(Command::Adopt {
            id,
            stream: Stream::adopt(raw).unwrap(),
            profile: Arc::default(),
        });
        program.submit(Submission::default().write(id, b"bye").ask(op::CLOSE, id));
        let reading = peer.reading();
        program.until(|_| reading.is_finished());
        assert_eq!(reading.join().unwrap(), b"bye");
        drop(peer);
        assert_eq!(program.until_end(id), WELL);
    }
}

#[test]
fn a_connection_whose_peer_is_gone_is_taken_over_all_the_same() {
    for io in EVERY_IO {
        let (peer, socket) = UnixStream::pair().unwrap();
        let peer = Peer::new(peer);
        peer.write(b"last words");
        drop(peer);
        let mut program = Program::new(io);
        let id = program.adopt(socket, Profile::default());
        program.until_event(id, &Event::End);
        assert_eq!(program.story(id).received, b"last words");
        program.ask(op::CLOSE, id);
        assert_eq!(program.until_end(id), WELL);
    }
}

#[test]
fn what_is_no_connection_is_not_taken_over_and_stays_open() {
    assert_eq!(refusal(-1), -EBADF);
    let file = File::open("/dev/null").unwrap();
    assert_eq!(refusal(file.as_raw_fd()), -ENOTSOCK);
    assert!(file.metadata().is_ok());
    let (udp, tcp) = (
        UdpSocket::bind(("127.0.0.1", 0)).unwrap(),
        TcpListener::bind(("127.0.0.1", 0)).unwrap(),
    );
    assert_eq!(refusal(udp.as_raw_fd()), Misuse::DescriptorType.code());
    assert_eq!(refusal(tcp.as_raw_fd()), Misuse::DescriptorType.code());
    assert!(udp.local_addr().is_ok() && tcp.local_addr().is_ok());
    let path = std::env::temp_dir().join(format!("mio-js-other-{}", std::process::id()));
    let unix = UnixListener::bind(&path).unwrap();
    assert_eq!(refusal(unix.as_raw_fd()), Misuse::DescriptorType.code());
    std::fs::remove_file(&path).unwrap();
}

/// It would have two owners.
#[test]
fn what_an_engine_has_is_not_taken_over_again_before_it_was_given_away() {
    for io in EVERY_IO {
        let (peer, socket) = Peer::pair();
        let raw = socket.as_raw_fd();
        let mut program = Program::new(io);
        let id = program.adopt(socket, Profile::default());
        assert_eq!(refusal(raw), Misuse::DescriptorOwned.code());
        program.ask(op::DETACH, id);
        assert_eq!(program.until_end(id), Event::Detached(raw as u64));
        peer.write(b"again");
        let id = program.adopt(own(raw), Profile::default());
        assert_eq!(program.until_received(id, 5), b"again");
    }
}
