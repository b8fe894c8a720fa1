//! Descriptors that nobody has taken.
#![cfg(any(target_os = "android", target_os = "linux"))]

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::time::Duration;

use mio_js_core::lent::{Keeper, taken};

/// A connection, as a number, and its peer.
fn connection() -> (RawFd, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let peer = TcpStream::connect(listener.local_addr().expect("an address")).expect("a peer");
    let (stream, _) = listener.accept().expect("a connection");
    (stream.into_raw_fd(), peer)
}

#[allow(unsafe_code, reason = "a descriptor that was lent has no other form")]
fn own(raw: RawFd) -> OwnedFd {
    // SAFETY: the test has taken it, and does so once.
    unsafe { OwnedFd::from_raw_fd(raw) }
}

/// Whether the peer hears of the end; what is open says nothing for a while.
fn is_over(peer: &mut TcpStream) -> bool {
    let patience = Some(Duration::from_millis(500));
    peer.set_read_timeout(patience).expect("a socket");
    peer.read(&mut [0]).is_ok_and(|count| count == 0)
}

#[test]
fn what_nobody_has_taken_is_closed_with_its_keeper() {
    let (keeper, other) = (Keeper::default(), Keeper::default());
    let (raw, mut peer) = connection();
    keeper.lend(raw);
    drop(other);
    assert!(!is_over(&mut peer));
    drop(keeper);
    assert!(is_over(&mut peer));
}

#[test]
fn what_was_taken_stays_open() {
    let keeper = Keeper::default();
    let (raw, mut peer) = connection();
    keeper.lend(raw);
    taken(raw);
    drop(keeper);
    assert!(!is_over(&mut peer));
    drop(own(raw));
    assert!(is_over(&mut peer));
}

#[test]
fn the_last_keeper_has_it_and_only_what_was_lent() {
    let (first, second) = (Keeper::default(), Keeper::default());
    let (raw, mut peer) = connection();
    first.lend(raw);
    second.take_over(raw);
    drop(first);
    assert!(!is_over(&mut peer));
    drop(second);
    assert!(is_over(&mut peer));
    let (raw, mut peer) = connection();
    let third = Keeper::default();
    third.take_over(raw);
    drop(third);
    assert!(!is_over(&mut peer));
    drop(own(raw));
}

#[test]
fn a_number_that_is_somebody_elses_by_then_stays_open() {
    let keeper = Keeper::default();
    let (raw, mut peer) = connection();
    keeper.lend(raw);
    let (other, mut friend) = connection();
    // In one step: the number is never free for what runs beside this.
    assert_eq!(replace(&own(other), raw), raw);
    assert!(is_over(&mut peer));
    drop(keeper);
    assert!(!is_over(&mut friend));
    drop(own(raw));
    assert!(is_over(&mut friend));
}

#[allow(unsafe_code, reason = "the system call has no safe form here")]
fn replace(descriptor: &OwnedFd, raw: RawFd) -> RawFd {
    // SAFETY: the number that is replaced is owned by nobody but the keeper under test.
    unsafe { libc::dup2(descriptor.as_raw_fd(), raw) }
}
