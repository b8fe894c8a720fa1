//! Descriptors of somebody else's: watched, never closed, and told apart when numbers come back.
#![cfg(unix)]

mod util;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio_js_core::{Failure, Handle, Io, Kind, Mirror, Misuse, readiness, unix};
use util::*;

/// Held by each test: numbers are the process's, and these tests count on which is given out next.
static NUMBERS: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    NUMBERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn borrow(mirror: &mut Mirror, raw: &impl AsRawFd) -> Handle {
    let io = Io::borrow(raw.as_raw_fd()).expect("pollable");
    mirror.open_source(io).expect("room")
}

/// Two ends of a connection that are not the mirror's.
fn theirs() -> (UnixStream, UnixStream) {
    let (one, other) = UnixStream::pair().expect("a pair");
    one.set_nonblocking(true).expect("a socket");
    (one, other)
}

#[track_caller]
fn system<T>(outcome: Result<T, Failure>, errno: i32) {
    match outcome {
        Err(Failure::Io(error)) => assert_eq!(error.raw_os_error(), Some(errno)),
        Err(Failure::Misuse(misuse)) => panic!("{misuse:?}, where {errno} should be"),
        Ok(_) => panic!("no failure, where {errno} should be"),
    }
}

/// A pair of the mirror's whose first end has this number, which must be free.
fn pair_at(mirror: &mut Mirror, raw: RawFd) -> (Handle, Handle) {
    let [first, second] = mirror
        .open_pair(unix::stream::pair().expect("a pair"))
        .expect("room");
    let source = mirror.source(first).expect("an open source");
    assert_eq!(source.io().as_raw(), raw);
    (first, second)
}

#[test]
fn a_borrowed_descriptor_is_watched_and_stays_open() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let (mut one, mut other) = theirs();
    let source = borrow(&mut mirror, &one);
    mirror.register(poller, source, 1, READABLE).unwrap();
    no_event(&mut mirror, poller);
    other.write_all(b"x").unwrap();
    let event = event_for(&mut mirror, poller, 1);
    assert_ne!(event.readiness & readiness::READABLE, 0);
    mirror.deregister(poller, source).unwrap();
    mirror.register(poller, source, 2, BOTH).unwrap();
    event_for(&mut mirror, poller, 2);
    mirror.close_source(source).unwrap();
    assert_eq!(mirror.census(), (1, 0));
    let mut byte = [0];
    assert_eq!(one.read(&mut byte).unwrap(), 1);
    other.write_all(b"y").unwrap();
    no_event(&mut mirror, poller);
}

#[test]
fn giving_a_borrowed_descriptor_away_gives_its_number() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let (one, mut other) = theirs();
    let source = borrow(&mut mirror, &one);
    mirror.register(poller, source, 1, READABLE).unwrap();
    assert_eq!(mirror.into_raw(source).unwrap(), one.as_raw_fd());
    other.write_all(b"x").unwrap();
    no_event(&mut mirror, poller);
}

#[test]
fn one_poller_watches_another() {
    let _alone = alone();
    let (mut mirror, outer) = mirror();
    let inner = mirror.open_poller().unwrap();
    let (client, server) = pair(&mut mirror);
    mirror.register(inner, client, 1, READABLE).unwrap();
    let raw = mirror.poller(inner).unwrap().as_raw();
    let io = Io::borrow(raw).unwrap();
    let selector = mirror.open_source(io).unwrap();
    mirror.register(outer, selector, 7, READABLE).unwrap();
    no_event(&mut mirror, outer);
    write(&mut mirror, server, b"x");
    event_for(&mut mirror, outer, 7);
    event_for(&mut mirror, inner, 1);
    no_event(&mut mirror, outer);
}

#[test]
fn files_directories_and_closed_numbers_are_refused() {
    let _alone = alone();
    let file = File::open(file!().trim_start_matches("crates/core/")).unwrap();
    let directory = File::open("/").unwrap();
    for opened in [&file, &directory] {
        refused(Io::borrow(opened.as_raw_fd()), Misuse::NotPollable);
    }
    let raw = file.as_raw_fd();
    drop(file);
    for raw in [raw, -1, RawFd::MAX, RawFd::MIN] {
        system(Io::borrow(raw), libc::EBADF);
    }
}

#[test]
#[cfg(any(target_os = "linux", target_os = "android"))]
fn what_the_system_refuses_to_watch_is_registered_nowhere() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let null = File::open("/dev/null").unwrap();
    let source = borrow(&mut mirror, &null);
    for _ in 0..2 {
        system(mirror.register(poller, source, 1, READABLE), libc::EPERM);
        refused(mirror.deregister(poller, source), Misuse::NotRegistered);
    }
    assert!(mirror.poller(poller).unwrap().open_waker(1).is_ok());
    no_event(&mut mirror, poller);
}

#[test]
fn a_poller_takes_a_descriptor_once_whoever_brings_it() {
    let _alone = alone();
    let (mut mirror, first) = mirror();
    let second = mirror.open_poller().unwrap();
    let (one, mut other) = theirs();
    let (source, again) = (borrow(&mut mirror, &one), borrow(&mut mirror, &one));
    mirror.register(first, source, 1, READABLE).unwrap();
    for _ in 0..2 {
        let outcome = mirror.register(first, again, 2, READABLE);
        refused(outcome, Misuse::AlreadyRegistered);
    }
    mirror.register(second, again, 3, READABLE).unwrap();
    other.write_all(b"x").unwrap();
    event_for(&mut mirror, first, 1);
    event_for(&mut mirror, second, 3);
    mirror.deregister(first, source).unwrap();
    mirror.deregister(second, again).unwrap();
    mirror.register(first, again, 4, READABLE).unwrap();
    event_for(&mut mirror, first, 4);
}

#[test]
fn a_source_and_its_borrowed_descriptor_exclude_each_other() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let other = mirror.open_poller().unwrap();
    let (client, server) = pair(&mut mirror);
    let raw = mirror.source(client).unwrap().io().as_raw();
    let borrowed = mirror.open_source(Io::borrow(raw).unwrap()).unwrap();
    for (first, second) in [(client, borrowed), (borrowed, client)] {
        mirror.register(poller, first, 1, READABLE).unwrap();
        let outcome = mirror.register(poller, second, 2, READABLE);
        refused(outcome, Misuse::AlreadyRegistered);
        mirror.register(other, second, 3, READABLE).unwrap();
        write(&mut mirror, server, b"x");
        event_for(&mut mirror, poller, 1);
        event_for(&mut mirror, other, 3);
        mirror.deregister(poller, first).unwrap();
        mirror.deregister(other, second).unwrap();
    }
}

#[test]
fn a_descriptor_that_is_borrowed_can_be_adopted() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let (one, mut other) = theirs();
    let borrowed = borrow(&mut mirror, &one);
    mirror.register(poller, borrowed, 1, READABLE).unwrap();
    let raw = one.into_raw_fd();
    let owned = mirror.adopt(raw, Io::adopt_unix_stream).unwrap();
    let outcome = mirror.register(poller, owned, 2, READABLE);
    refused(outcome, Misuse::AlreadyRegistered);
    other.write_all(b"x").unwrap();
    event_for(&mut mirror, poller, 1);
    mirror.close_source(borrowed).unwrap();
    mirror.register(poller, owned, 2, READABLE).unwrap();
    event_for(&mut mirror, poller, 2);
}

/// Asserts that a source that lost its number stays away from who has it now.
fn has_lost(mirror: &mut Mirror, poller: Handle, lost: Handle, now: Handle, peer: Handle) {
    refused(
        mirror.reregister(poller, lost, 9, WRITABLE),
        Misuse::NotRegistered,
    );
    refused(mirror.deregister(poller, lost), Misuse::NotRegistered);
    write(mirror, peer, b"x");
    event_for(mirror, poller, 2);
    mirror.close_source(lost).expect("an open source");
    assert_eq!(read(mirror, now), Some(b"x".to_vec()));
    write(mirror, peer, b"y");
    event_for(mirror, poller, 2);
}

#[test]
fn a_number_that_comes_back_as_a_socket_of_ours_is_not_the_old_ones_any_more() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let (one, other) = theirs();
    let raw = one.as_raw_fd();
    let lost = borrow(&mut mirror, &one);
    mirror.register(poller, lost, 1, READABLE).unwrap();
    drop(one);
    let (now, peer) = pair_at(&mut mirror, raw);
    mirror.register(poller, now, 2, READABLE).unwrap();
    has_lost(&mut mirror, poller, lost, now, peer);
    drop(other);
}

#[test]
fn a_number_that_comes_back_is_lost_before_it_is_registered_again() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let (one, other) = theirs();
    let raw = one.as_raw_fd();
    let lost = borrow(&mut mirror, &one);
    mirror.register(poller, lost, 1, READABLE).unwrap();
    let registration = {
        drop(other);
        event_for(&mut mirror, poller, 1).registration.unwrap()
    };
    drop(one);
    assert!(mirror.poller(poller).unwrap().is_current(registration));
    let (now, peer) = pair_at(&mut mirror, raw);
    assert!(!mirror.poller(poller).unwrap().is_current(registration));
    mirror.register(poller, now, 2, READABLE).unwrap();
    has_lost(&mut mirror, poller, lost, now, peer);
}

#[test]
fn a_number_that_comes_back_as_a_connected_stream_is_lost_at_once() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let (one, other) = theirs();
    let raw = one.as_raw_fd();
    let lost = borrow(&mut mirror, &one);
    mirror.register(poller, lost, 1, READABLE).unwrap();
    drop(other);
    let registration = event_for(&mut mirror, poller, 1).registration.unwrap();
    drop(one);
    let (now, peer) = unix::stream::pair().unwrap();
    let (now, peer) = (
        mirror.open_connected(now).unwrap(),
        mirror.open_connected(peer).unwrap(),
    );
    assert_eq!(mirror.source(now).unwrap().io().as_raw(), raw);
    assert!(!mirror.poller(poller).unwrap().is_current(registration));
    mirror.register(poller, now, 2, READABLE).unwrap();
    has_lost(&mut mirror, poller, lost, now, peer);
}

/// A pipe, so that every system can tell.
#[test]
fn a_number_that_comes_back_as_somebody_elses_is_lost_when_it_is_asked_about() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    for step in 0..3 {
        let (one, other) = theirs();
        let raw = one.as_raw_fd();
        let lost = borrow(&mut mirror, &one);
        mirror.register(poller, lost, 1, READABLE).unwrap();
        drop((one, other));
        let (reader, mut writer) = std::io::pipe().unwrap();
        assert_eq!(reader.as_raw_fd(), raw);
        match step {
            0 => refused(
                mirror.reregister(poller, lost, 9, READABLE),
                Misuse::NotRegistered,
            ),
            1 => refused(mirror.deregister(poller, lost), Misuse::NotRegistered),
            _ => mirror.close_source(lost).unwrap(),
        }
        writer.write_all(b"x").unwrap();
        no_event(&mut mirror, poller);
        let now = borrow(&mut mirror, &reader);
        mirror.register(poller, now, 2, READABLE).unwrap();
        event_for(&mut mirror, poller, 2);
        mirror.close_source(now).unwrap();
    }
}

#[test]
fn a_number_that_comes_back_as_a_shared_source_is_lost_when_that_is_taken() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let mut elsewhere = Mirror::default();
    let (one, other) = theirs();
    let raw = one.as_raw_fd();
    let lost = borrow(&mut mirror, &one);
    mirror.register(poller, lost, 1, READABLE).unwrap();
    drop(other);
    let registration = event_for(&mut mirror, poller, 1).registration.unwrap();
    drop(one);
    // A pipe, so that every system can tell.
    let (sender, receiver) = mio_js_core::pipe::new().unwrap();
    let receiver = elsewhere.open_source(receiver).unwrap();
    assert_eq!(elsewhere.source(receiver).unwrap().io().as_raw(), raw);
    let id = elsewhere.share(receiver, Kind::Receiver).unwrap();
    let now = mirror.take_shared(id, Kind::Receiver).unwrap();
    assert!(!mirror.poller(poller).unwrap().is_current(registration));
    let peer = mirror.open_source(sender).unwrap();
    mirror.register(poller, now, 2, READABLE).unwrap();
    has_lost(&mut mirror, poller, lost, now, peer);
}

#[test]
fn what_is_borrowed_while_it_is_shared_stays_watched() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let (now, peer) = pair(&mut mirror);
    let raw = mirror.source(now).unwrap().io().as_raw();
    let borrowed = mirror.open_source(Io::borrow(raw).unwrap()).unwrap();
    let id = mirror.share(now, Kind::TcpStream).unwrap();
    mirror.register(poller, borrowed, 1, READABLE).unwrap();
    mirror.take_shared(id, Kind::TcpStream).unwrap();
    write(&mut mirror, peer, b"x");
    event_for(&mut mirror, poller, 1);
    mirror.reregister(poller, borrowed, 2, READABLE).unwrap();
    event_for(&mut mirror, poller, 2);
}

/// Elsewhere all sockets may look alike, and the stale source has to be closed first.
#[test]
#[cfg(any(target_os = "linux", target_os = "android"))]
fn a_number_that_comes_back_may_be_adopted_and_watched() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let (one, other) = theirs();
    let raw = one.as_raw_fd();
    let lost = borrow(&mut mirror, &one);
    mirror.register(poller, lost, 1, READABLE).unwrap();
    drop((one, other));
    let (one, other) = theirs();
    assert_eq!(one.into_raw_fd(), raw);
    let now = mirror.adopt(raw, Io::adopt_unix_stream).unwrap();
    let peer = other.into_raw_fd();
    let peer = mirror.adopt(peer, Io::adopt_unix_stream).unwrap();
    mirror.register(poller, now, 2, READABLE).unwrap();
    has_lost(&mut mirror, poller, lost, now, peer);
}

#[test]
fn a_number_that_comes_back_may_be_borrowed_again() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let (one, other) = theirs();
    let lost = borrow(&mut mirror, &one);
    mirror.register(poller, lost, 1, READABLE).unwrap();
    let raw = one.as_raw_fd();
    drop((one, other));
    // Of another type, so that every system can tell.
    let (reader, mut writer) = std::io::pipe().unwrap();
    assert_eq!(reader.as_raw_fd(), raw);
    let now = borrow(&mut mirror, &reader);
    mirror.register(poller, now, 2, READABLE).unwrap();
    refused(mirror.deregister(poller, lost), Misuse::NotRegistered);
    mirror.close_source(lost).unwrap();
    writer.write_all(b"x").unwrap();
    event_for(&mut mirror, poller, 2);
}

#[test]
fn a_stale_source_of_one_poller_takes_nothing_away_in_another() {
    let _alone = alone();
    let (mut mirror, first) = mirror();
    let second = mirror.open_poller().unwrap();
    let (one, other) = theirs();
    let raw = one.as_raw_fd();
    let lost = borrow(&mut mirror, &one);
    mirror.register(first, lost, 1, READABLE).unwrap();
    drop((one, other));
    let (reader, mut writer) = std::io::pipe().unwrap();
    assert_eq!(reader.as_raw_fd(), raw);
    let (now, again) = (borrow(&mut mirror, &reader), borrow(&mut mirror, &reader));
    mirror.register(second, now, 2, READABLE).unwrap();
    mirror.register(first, again, 3, READABLE).unwrap();
    refused(mirror.deregister(first, lost), Misuse::NotRegistered);
    writer.write_all(b"x").unwrap();
    event_for(&mut mirror, second, 2);
    event_for(&mut mirror, first, 3);
}

#[test]
fn registering_looks_at_the_number_anew() {
    let _alone = alone();
    let (mut mirror, poller) = mirror();
    let (one, other) = theirs();
    let raw = one.as_raw_fd();
    let source = borrow(&mut mirror, &one);
    drop((one, other));
    system(mirror.register(poller, source, 1, READABLE), libc::EBADF);
    let file = File::open("/").unwrap();
    assert_eq!(file.as_raw_fd(), raw);
    let outcome = mirror.register(poller, source, 1, READABLE);
    refused(outcome, Misuse::NotPollable);
    drop(file);
    let (one, mut other) = theirs();
    assert_eq!(one.as_raw_fd(), raw);
    mirror.register(poller, source, 1, READABLE).unwrap();
    other.write_all(b"x").unwrap();
    event_for(&mut mirror, poller, 1);
    // It is what it was registered as.
    let again = borrow(&mut mirror, &one);
    let outcome = mirror.register(poller, again, 2, READABLE);
    refused(outcome, Misuse::AlreadyRegistered);
}

#[test]
fn closing_a_poller_frees_what_is_borrowed() {
    let _alone = alone();
    let (mut mirror, first) = mirror();
    let second = mirror.open_poller().unwrap();
    let (one, mut other) = theirs();
    let source = borrow(&mut mirror, &one);
    mirror.register(first, source, 1, READABLE).unwrap();
    mirror.close_poller(first).unwrap();
    mirror.register(second, source, 2, READABLE).unwrap();
    other.write_all(b"x").unwrap();
    event_for(&mut mirror, second, 2);
}
