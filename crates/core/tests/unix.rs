//! Unix sockets: addresses, queues, datagrams, and what a descriptor must be to become one.
#![cfg(unix)]

mod util;

use std::net::Shutdown;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use mio_js_core::unix::address::{SockAddr, decode, encode, local, peer};
use mio_js_core::unix::{datagram, listener, stream};
use mio_js_core::{Handle, Io, Mirror, Misuse, transfer};
use util::*;

/// A directory that is gone after the test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("mio-js-core-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a directory");
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn at(path: &Path) -> SockAddr {
    encode(bytes(path)).expect("an address")
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

fn listen(mirror: &mut Mirror, path: &Path) -> Handle {
    let socket = listener::bind(&at(path), 8).expect("a listener");
    mirror.open_source(socket).expect("room")
}

fn connect(mirror: &mut Mirror, path: &Path) -> Handle {
    let (socket, connected) = stream::connect(&at(path)).expect("a connection");
    assert!(connected);
    mirror.open_connected(socket).expect("room")
}

#[test]
fn who_connects_is_accepted_and_both_know_the_listeners_address() {
    let directory = Directory::new();
    let path = directory.path("socket");
    let (mut mirror, poller) = mirror();
    let server = listen(&mut mirror, &path);
    assert!(mirror.accept_unix(server).unwrap_err().is_would_block());
    mirror.register(poller, server, 1, READABLE).unwrap();
    no_event(&mut mirror, poller);
    let client = connect(&mut mirror, &path);
    event_for(&mut mirror, poller, 1);
    let (accepted, from) = mirror.accept_unix(server).unwrap();
    assert!(decode(&from).is_empty());
    for (source, name) in [(client, &b""[..]), (accepted, bytes(&path))] {
        let io = mirror.source(source).unwrap().io();
        assert_eq!(decode(&local(io).unwrap()), name);
    }
    let io = mirror.source(client).unwrap().io();
    assert_eq!(decode(&peer(io).unwrap()), bytes(&path));
    write(&mut mirror, client, b"hello");
    assert_eq!(read(&mut mirror, accepted).unwrap(), b"hello");
    assert_eq!(read(&mut mirror, accepted), None);
}

#[test]
fn a_bound_peer_is_accepted_with_its_path() {
    let directory = Directory::new();
    let path = directory.path("socket");
    let (mut mirror, _) = mirror();
    let server = listen(&mut mirror, &path);
    let theirs = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    theirs.bind(&at(&directory.path("client"))).unwrap();
    theirs.connect(&at(&path)).unwrap();
    let (_, from) = mirror.accept_unix(server).unwrap();
    assert_eq!(decode(&from), bytes(&directory.path("client")));
}

#[test]
#[cfg(target_os = "linux")]
fn an_abstract_name_is_told_to_the_byte() {
    let mut name = format!("\0mio-js-core-{}", std::process::id()).into_bytes();
    name.resize(108, 0);
    let (mut mirror, _) = mirror();
    let socket = listener::bind(&encode(&name).unwrap(), 8).unwrap();
    assert_eq!(decode(&local(&socket).unwrap()), name);
    let server = mirror.open_source(socket).unwrap();
    let theirs = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    let mut own = name.clone();
    own[107] = 1;
    theirs.bind(&encode(&own).unwrap()).unwrap();
    theirs.connect(&encode(&name).unwrap()).unwrap();
    let (_, from) = mirror.accept_unix(server).unwrap();
    assert_eq!(decode(&from), own);
}

#[test]
fn the_address_of_another_kind_of_source_is_refused() {
    let (mut mirror, _) = mirror();
    let (client, _) = pair(&mut mirror);
    let io = mirror.source(client).unwrap().io();
    refused(local(io), Misuse::WrongSource);
    refused(peer(io), Misuse::WrongSource);
}

#[test]
fn what_is_in_the_way_of_a_listener_stays_there() {
    let directory = Directory::new();
    let path = directory.path("file");
    std::fs::write(&path, "mine").unwrap();
    let failure = listener::bind(&at(&path), 8).unwrap_err();
    assert_eq!(failure.code(), -libc::EADDRINUSE);
    let failure = datagram::open(Some(&at(&path))).unwrap_err();
    assert_eq!(failure.code(), -libc::EADDRINUSE);
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
}

#[test]
fn a_stream_whose_listener_is_gone_was_connected_nevertheless() {
    let directory = Directory::new();
    let path = directory.path("socket");
    let (mut mirror, _) = mirror();
    let server = listen(&mut mirror, &path);
    let client = connect(&mut mirror, &path);
    mirror.close_source(server).unwrap();
    for _ in 0..2 {
        assert!(mirror.source(client).unwrap().finish_connect().unwrap());
    }
    let failure = stream::connect(&at(&path)).unwrap_err();
    assert_eq!(failure.code(), -libc::ECONNREFUSED);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_queue_is_would_block() {
    let directory = Directory::new();
    let path = directory.path("socket");
    let _server = listener::bind(&at(&path), 0).unwrap();
    let mut clients = Vec::new();
    let failure = loop {
        match stream::connect(&at(&path)) {
            Ok((client, _)) => clients.push(client),
            Err(failure) => break failure,
        }
        assert!(clients.len() < 8, "a queue for none takes eight");
    };
    assert!(failure.is_would_block());
}

#[test]
fn a_pair_of_streams_is_connected_and_ends_one_way_at_a_time() {
    let (mut mirror, _) = mirror();
    let [first, second] = mirror.open_pair(stream::pair().unwrap()).unwrap();
    assert!(mirror.source(first).unwrap().finish_connect().unwrap());
    write(&mut mirror, first, b"bye");
    let io = mirror.source(first).unwrap().io();
    transfer::shutdown(io, Shutdown::Write).unwrap();
    let failure = transfer::write(io, b"x").unwrap_err();
    assert_eq!(failure.code(), -libc::EPIPE);
    let buffers = [std::io::IoSlice::new(b"x")];
    let failure = transfer::write_vectored(io, &buffers).unwrap_err();
    assert_eq!(failure.code(), -libc::EPIPE);
    assert_eq!(transfer::write(io, b"").unwrap(), 0);
    assert_eq!(transfer::write_vectored(io, &[]).unwrap(), 0);
    assert_eq!(read(&mut mirror, second).unwrap(), b"bye");
    assert_eq!(read(&mut mirror, second).unwrap(), b"");
    write(&mut mirror, second, b"still");
    assert_eq!(read(&mut mirror, first).unwrap(), b"still");
}

#[test]
fn datagrams_keep_their_borders_and_tell_when_they_were_cut() {
    let (first, second) = datagram::pair().unwrap();
    let mut buffer = [0; 4];
    let receive = |buffer: &mut [u8]| datagram::receive(&second, buffer);
    assert!(receive(&mut buffer).unwrap_err().is_would_block());
    for bytes in [&b"abc"[..], b"", b"abcdefg", b"z"] {
        assert_eq!(datagram::send(&first, bytes, None).unwrap(), bytes.len());
    }
    assert_eq!(receive(&mut buffer).unwrap().0, 3);
    assert_eq!(receive(&mut buffer).unwrap().0, 0);
    let (count, from) = receive(&mut buffer).unwrap();
    let whole = cfg!(any(target_os = "linux", target_os = "android"));
    assert_eq!(count, if whole { 7 } else { 5 });
    assert_eq!(&buffer, b"abcd");
    assert!(decode(&from).is_empty());
    assert_eq!(receive(&mut buffer).unwrap().0, 1);
}

#[test]
fn a_datagram_goes_to_an_address_and_comes_from_one() {
    let directory = Directory::new();
    let (here, there) = (directory.path("here"), directory.path("there"));
    let ours = datagram::open(Some(&at(&here))).unwrap();
    let theirs = UnixDatagram::bind(&there).unwrap();
    assert_eq!(
        datagram::send(&ours, b"ping", Some(&at(&there))).unwrap(),
        4
    );
    let mut buffer = [0; 8];
    let (count, from) = theirs.recv_from(&mut buffer).unwrap();
    assert_eq!((count, from.as_pathname()), (4, Some(here.as_path())));
    theirs.send_to(b"pong!", &here).unwrap();
    let (count, from) = datagram::receive(&ours, &mut buffer).unwrap();
    assert_eq!((count, decode(&from)), (5, bytes(&there)));
    let failure = datagram::send(&ours, b"x", None).unwrap_err();
    assert!([-libc::ENOTCONN, -libc::EDESTADDRREQ].contains(&failure.code()));
    drop(theirs);
    let failure = datagram::send(&ours, b"x", Some(&at(&there))).unwrap_err();
    assert_eq!(failure.code(), -libc::ECONNREFUSED);
}

#[test]
fn a_descriptor_of_another_kind_is_refused_and_stays_its_owners() {
    let directory = Directory::new();
    let (mut mirror, _) = mirror();
    let listener = UnixListener::bind(directory.path("listener")).unwrap();
    let (stream, _peer) = UnixStream::pair().unwrap();
    let datagram = UnixDatagram::unbound().unwrap();
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let adopters = [
        (listener.as_raw_fd(), Io::adopt_unix_listener as fn(_) -> _),
        (stream.as_raw_fd(), Io::adopt_unix_stream),
        (datagram.as_raw_fd(), Io::adopt_unix_datagram),
        (tcp.as_raw_fd(), Io::adopt_tcp_listener),
    ];
    for (place, (raw, _)) in adopters.iter().enumerate() {
        for (other, (_, adopt)) in adopters.iter().enumerate() {
            if place != other {
                refused(mirror.adopt(*raw, adopt), Misuse::DescriptorType);
            }
        }
    }
    assert!(!mirror.owns(stream.as_raw_fd()));
    listener.local_addr().unwrap();
    mirror
        .adopt(stream.into_raw_fd(), Io::adopt_unix_stream)
        .unwrap();
    mirror
        .adopt(listener.into_raw_fd(), Io::adopt_unix_listener)
        .unwrap();
    mirror
        .adopt(datagram.into_raw_fd(), Io::adopt_unix_datagram)
        .unwrap();
    assert_eq!(mirror.census().1, 3);
}
