//! The rules between pollers and sources, the same in debug and in release builds.

mod util;

use std::io::{Read, Write};

use mio_js_core::{Handle, Io, Misuse, Waker, tcp, transfer};
use util::*;

#[test]
fn registering_twice_is_refused_whatever_the_poller() {
    let (mut mirror, first) = mirror();
    let second = mirror.open_poller().unwrap();
    let (client, server) = pair(&mut mirror);
    mirror.register(first, client, 1, BOTH).unwrap();
    event_for(&mut mirror, first, 1);
    for poller in [first, second] {
        let outcome = mirror.register(poller, client, 2, WRITABLE);
        refused(outcome, Misuse::AlreadyRegistered);
    }
    no_event(&mut mirror, first);
    no_event(&mut mirror, second);
    write(&mut mirror, server, b"x");
    let event = event_for(&mut mirror, first, 1);
    assert_ne!(event.readiness & mio_js_core::readiness::READABLE, 0);
}

#[test]
fn what_is_not_registered_is_neither_reregistered_nor_deregistered() {
    let (mut mirror, poller) = mirror();
    let (client, _) = pair(&mut mirror);
    for _ in 0..2 {
        let outcome = mirror.reregister(poller, client, 1, BOTH);
        refused(outcome, Misuse::NotRegistered);
        refused(mirror.deregister(poller, client), Misuse::NotRegistered);
        no_event(&mut mirror, poller);
        mirror.register(poller, client, 1, BOTH).unwrap();
        mirror.deregister(poller, client).unwrap();
    }
}

#[test]
fn another_poller_neither_reregisters_nor_deregisters() {
    let (mut mirror, first) = mirror();
    let second = mirror.open_poller().unwrap();
    let (client, server) = pair(&mut mirror);
    mirror.register(first, client, 1, READABLE).unwrap();
    let outcome = mirror.reregister(second, client, 2, WRITABLE);
    refused(outcome, Misuse::RegisteredElsewhere);
    refused(mirror.deregister(second, client), Misuse::NotRegistered);
    no_event(&mut mirror, first);
    no_event(&mut mirror, second);
    write(&mut mirror, server, b"x");
    event_for(&mut mirror, first, 1);
    mirror.deregister(first, client).unwrap();
}

#[test]
fn a_deregistered_source_goes_to_any_poller() {
    let (mut mirror, first) = mirror();
    let second = mirror.open_poller().unwrap();
    let (client, _) = pair(&mut mirror);
    for (token, poller) in [(1, first), (2, first), (3, second), (4, first)] {
        mirror.register(poller, client, token, BOTH).unwrap();
        event_for(&mut mirror, poller, token);
        mirror.deregister(poller, client).unwrap();
    }
    no_event(&mut mirror, first);
    no_event(&mut mirror, second);
}

#[test]
fn reregister_replaces_token_and_interest_and_rearms() {
    let (mut mirror, poller) = mirror();
    let (client, server) = pair(&mut mirror);
    mirror.register(poller, client, 1, READABLE).unwrap();
    no_event(&mut mirror, poller);
    mirror.reregister(poller, client, 2, WRITABLE).unwrap();
    let first = event_for(&mut mirror, poller, 2);
    mirror.reregister(poller, client, 2, WRITABLE).unwrap();
    let again = event_for(&mut mirror, poller, 2);
    assert_eq!(first.registration, again.registration);
    write(&mut mirror, server, b"x");
    no_event(&mut mirror, poller);
}

#[test]
fn a_token_is_any_number_of_53_bits_and_may_be_shared() {
    let (mut mirror, poller) = mirror();
    let (client, server) = pair(&mut mirror);
    for token in [0, 1 << 32, (1 << 53) - 1] {
        mirror.register(poller, client, token, WRITABLE).unwrap();
        mirror.register(poller, server, token, WRITABLE).unwrap();
        let events = poll(&mut mirror, poller, 64, PATIENCE);
        assert!(!events.is_empty());
        assert!(events.iter().all(|event| event.token == token));
        mirror.deregister(poller, client).unwrap();
        mirror.deregister(poller, server).unwrap();
    }
}

#[test]
fn closed_and_forged_handles_are_refused() {
    let (mut mirror, poller) = mirror();
    let (client, _) = pair(&mut mirror);
    let gone = mirror.open_poller().unwrap();
    mirror.close_poller(gone).unwrap();
    refused(mirror.close_poller(gone), Misuse::PollClosed);
    for handle in [gone, Handle::from_bits(u64::MAX), Handle::from_bits(77)] {
        refused(mirror.poller(handle), Misuse::PollClosed);
        refused(mirror.register(handle, client, 1, BOTH), Misuse::PollClosed);
        let outcome = mirror.reregister(handle, client, 1, BOTH);
        refused(outcome, Misuse::PollClosed);
        refused(mirror.deregister(handle, client), Misuse::PollClosed);
    }
    mirror.close_source(client).unwrap();
    for handle in [client, Handle::from_bits(u64::MAX), Handle::from_bits(77)] {
        refused(mirror.source(handle), Misuse::SourceClosed);
        refused(mirror.close_source(handle), Misuse::SourceClosed);
        refused(mirror.into_raw(handle), Misuse::SourceClosed);
        refused(mirror.accept(handle), Misuse::SourceClosed);
        let outcome = mirror.register(poller, handle, 1, BOTH);
        refused(outcome, Misuse::SourceClosed);
    }
}

#[test]
fn a_method_of_another_kind_of_source_is_refused() {
    let (mut mirror, _) = mirror();
    let (client, _) = pair(&mut mirror);
    let (server, _) = listener(&mut mirror);
    refused(mirror.accept(client), Misuse::WrongSource);
    let outcome = transfer::read(mirror.source(server).unwrap().io(), &mut [0]);
    refused(outcome, Misuse::WrongSource);
    let outcome = mirror.source(server).unwrap().finish_connect();
    refused(outcome, Misuse::WrongSource);
}

#[test]
fn the_handle_of_a_closed_source_never_names_another() {
    let (mut mirror, poller) = mirror();
    let (first, _) = pair(&mut mirror);
    mirror.register(poller, first, 1, BOTH).unwrap();
    let event = event_for(&mut mirror, poller, 1);
    let registration = event.registration.unwrap();
    mirror.close_source(first).unwrap();
    let (second, _) = pair(&mut mirror);
    assert_ne!(first, second);
    refused(mirror.source(first), Misuse::SourceClosed);
    mirror.register(poller, second, 1, BOTH).unwrap();
    assert!(!mirror.poller(poller).unwrap().is_current(registration));
    let event = event_for(&mut mirror, poller, 1);
    assert_ne!(event.registration, Some(registration));
}

#[test]
fn the_sources_of_a_closed_poller_are_registered_nowhere() {
    let (mut mirror, first) = mirror();
    let (client, server) = pair(&mut mirror);
    mirror.register(first, client, 1, BOTH).unwrap();
    mirror.register(first, server, 2, BOTH).unwrap();
    mirror.close_poller(first).unwrap();
    assert_eq!(mirror.census(), (0, 2));
    let second = mirror.open_poller().unwrap();
    assert_ne!(first, second);
    refused(mirror.deregister(second, client), Misuse::NotRegistered);
    mirror.register(second, client, 3, BOTH).unwrap();
    event_for(&mut mirror, second, 3);
    mirror.close_source(client).unwrap();
    mirror.close_source(server).unwrap();
    assert_eq!(mirror.census(), (1, 0));
}

/// Whether the system has something to say, be it of nobody.
#[cfg(unix)]
fn is_selector_readable(mirror: &mut mio_js_core::Mirror, poller: Handle) -> bool {
    let raw = mirror.poller(poller).expect("an open poller").as_raw();
    let mut outer = mio::Poll::new().expect("a selector");
    let mut events = mio::Events::with_capacity(1);
    let mut source = mio::unix::SourceFd(&raw);
    let registered = outer
        .registry()
        .register(&mut source, mio::Token(0), READABLE);
    registered.expect("a selector can be watched");
    outer.poll(&mut events, Some(SILENCE)).expect("no signal");
    !events.is_empty()
}

#[test]
fn closing_deregisters_what_is_duplicated_elsewhere() {
    let (mut mirror, poller) = mirror();
    let (client, server) = std_pair();
    let duplicate = server.try_clone().unwrap();
    let server = adopt(&mut mirror, server);
    mirror.register(poller, server, 1, BOTH).unwrap();
    mirror.close_source(server).unwrap();
    (&client).write_all(b"x").unwrap();
    #[cfg(unix)]
    assert!(!is_selector_readable(&mut mirror, poller));
    no_event(&mut mirror, poller);
    let mut byte = [0];
    duplicate.set_nonblocking(false).unwrap();
    (&duplicate).read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"x");
}

#[test]
fn a_descriptor_that_is_given_away_is_open_and_deregistered() {
    let (mut mirror, poller) = mirror();
    let (client, server) = pair(&mut mirror);
    mirror.register(poller, server, 1, BOTH).unwrap();
    let raw = mirror.into_raw(server).unwrap();
    assert_eq!(mirror.census(), (1, 1));
    write(&mut mirror, client, b"x");
    no_event(&mut mirror, poller);
    let again = mirror.adopt(raw, Io::adopt_tcp_stream).unwrap();
    assert_ne!(again, server);
    assert_eq!(mirror.source(again).unwrap().io().as_raw(), raw);
    mirror.register(poller, again, 2, READABLE).unwrap();
    event_for(&mut mirror, poller, 2);
    assert_eq!(read(&mut mirror, again), Some(b"x".to_vec()));
}

#[test]
fn a_descriptor_has_one_owner_and_the_right_kind() {
    let (mut mirror, _) = mirror();
    let (client, _) = pair(&mut mirror);
    let (server, _) = listener(&mut mirror);
    let raw = mirror.source(client).unwrap().io().as_raw();
    let outcome = mirror.adopt(raw, Io::adopt_tcp_stream);
    refused(outcome, Misuse::DescriptorOwned);
    let raw = mirror.into_raw(server).unwrap();
    let outcome = mirror.adopt(raw, Io::adopt_tcp_stream);
    refused(outcome, Misuse::DescriptorType);
    let listener = mirror.adopt(raw, Io::adopt_tcp_listener).unwrap();
    let raw = mirror.into_raw(client).unwrap();
    let outcome = mirror.adopt(raw, Io::adopt_tcp_listener);
    refused(outcome, Misuse::DescriptorType);
    mirror.adopt(raw, Io::adopt_tcp_stream).unwrap();
    assert!(mirror.source(listener).unwrap().io().local_addr().is_ok());
}

#[test]
fn accepted_connections_are_sources_of_their_own() {
    let (mut mirror, poller) = mirror();
    let (server, address) = listener(&mut mirror);
    assert!(mirror.accept(server).unwrap_err().is_would_block());
    mirror.register(poller, server, 1, READABLE).unwrap();
    no_event(&mut mirror, poller);
    let client = std::net::TcpStream::connect(address).unwrap();
    event_for(&mut mirror, poller, 1);
    let (accepted, peer) = mirror.accept(server).unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    mirror.close_source(server).unwrap();
    mirror.register(poller, accepted, 2, READABLE).unwrap();
    (&client).write_all(b"x").unwrap();
    event_for(&mut mirror, poller, 2);
    assert_eq!(read(&mut mirror, accepted), Some(b"x".to_vec()));
}

#[test]
fn why_connecting_failed_is_told_each_time() {
    let (mut mirror, poller) = mirror();
    let (server, address) = listener(&mut mirror);
    mirror.close_source(server).unwrap();
    let stream = tcp::stream::connect(address).unwrap();
    let client = mirror.open_source(stream).unwrap();
    mirror.register(poller, client, 1, WRITABLE).unwrap();
    event_for(&mut mirror, poller, 1);
    for _ in 0..2 {
        let failure = mirror.source(client).unwrap().finish_connect().unwrap_err();
        #[cfg(unix)]
        assert_eq!(failure.code(), -libc::ECONNREFUSED);
        assert!(failure.code() < 0);
    }
}

#[test]
fn dropping_a_mirror_closes_everything() {
    let (mut mirror, poller) = mirror();
    let (client, server) = std_pair();
    let server = adopt(&mut mirror, server);
    mirror.register(poller, server, 1, BOTH).unwrap();
    let waker = mirror.poller(poller).unwrap().open_waker(2).unwrap();
    drop(mirror);
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!((&client).read(&mut [0]).unwrap(), 0);
    refused(waker.wake(), Misuse::WakerClosed);
    let id = waker.id();
    drop(waker);
    assert!(Waker::find(id).is_none());
}
