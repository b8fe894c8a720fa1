//! Waiting: time, capacity, flags, and events whose source is gone.

mod util;

use std::collections::BTreeSet;
use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use mio_js_core::{Event, Handle, Mirror, Misuse, readiness};
use socket2::SockRef;
use util::*;

/// Writable connections, registered with the tokens 0, 1, 2, ….
fn ready(mirror: &mut Mirror, poller: Handle, count: u64) -> Vec<Handle> {
    (0..count)
        .map(|token| {
            let (client, _) = pair(mirror);
            mirror
                .register(poller, client, token, WRITABLE)
                .expect("registered");
            client
        })
        .collect()
}

/// Waits as a waiter does, and puts back what was found.
fn find_by_lending(mirror: &mut Mirror, poller: Handle) {
    let (waiter, notified) = TestWaiter::spawn();
    waiter.lend(mirror, poller);
    notified.recv_timeout(PATIENCE).expect("events");
    assert!(waiter.collect(mirror, poller));
}

fn tokens(events: &[Event]) -> Vec<u64> {
    let mut tokens: Vec<u64> = events.iter().map(|event| event.token).collect();
    tokens.sort_unstable();
    tokens
}

#[test]
fn a_timeout_is_never_early() {
    let (mut mirror, poller) = mirror();
    for timeout in [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_micros(1500),
        Duration::from_millis(120),
    ] {
        let start = Instant::now();
        assert_eq!(poll(&mut mirror, poller, 8, timeout), []);
        assert!(start.elapsed() >= timeout);
    }
}

#[test]
fn zero_does_not_wait_and_does_not_ask() {
    let (mut mirror, poller) = mirror();
    let poller = mirror.poller(poller).unwrap();
    let start = Instant::now();
    for _ in 0..100 {
        let count = poller.poll(8, Some(Duration::ZERO), || panic!("asked"));
        assert_eq!(count.unwrap(), 0);
    }
    assert!(start.elapsed() < Duration::from_millis(100));
}

#[test]
fn a_wait_without_end_ends_when_the_caller_says_so() {
    let (sender, ended) = mpsc::channel();
    // A thread, so that a wait that does not end is a failure.
    thread::spawn(move || {
        let (mut mirror, poller) = mirror();
        let poller = mirror.poller(poller).unwrap();
        for timeout in [None, Some(Duration::MAX), Some(Duration::from_secs(3600))] {
            let (mut asked, start) = (0, Instant::now());
            let count = poller.poll(8, timeout, || {
                asked += 1;
                asked < 3
            });
            sender
                .send((count.unwrap(), asked, start.elapsed()))
                .unwrap();
        }
    });
    for _ in 0..3 {
        let (count, asked, elapsed) = ended.recv_timeout(PATIENCE).unwrap();
        assert_eq!((count, asked), (0, 3));
        assert!(elapsed >= Duration::from_millis(200));
        assert!(elapsed < Duration::from_secs(5));
    }
}

#[test]
fn what_is_ready_needs_no_asking() {
    let (mut mirror, poller) = mirror();
    ready(&mut mirror, poller, 1);
    let poller = mirror.poller(poller).unwrap();
    let count = poller.poll(8, None, || panic!("asked"));
    assert_eq!(count.unwrap(), 1);
}

#[test]
fn what_does_not_fit_comes_later_and_once() {
    for capacity in [1, 2, 3, 7] {
        let (mut mirror, poller) = mirror();
        ready(&mut mirror, poller, 10);
        let mut found = Vec::new();
        while found.len() < 10 {
            let events = poll(&mut mirror, poller, capacity, PATIENCE);
            assert!(!events.is_empty());
            found.extend(events);
        }
        assert_eq!(tokens(&found), (0..10).collect::<Vec<_>>());
        no_event(&mut mirror, poller);
    }
}

#[test]
fn capacity_may_change_with_each_poll() {
    let (mut mirror, poller) = mirror();
    ready(&mut mirror, poller, 9);
    let mut found = BTreeSet::new();
    for capacity in [1, 4, 2, 64].into_iter().cycle() {
        let events = poll(&mut mirror, poller, capacity, PATIENCE);
        assert!(!events.is_empty());
        assert!(events.iter().all(|event| found.insert(event.token)));
        if found.len() == 9 {
            break;
        }
    }
    no_event(&mut mirror, poller);
}

#[test]
fn what_a_larger_wait_found_fits_into_smaller_polls() {
    let (mut mirror, poller) = mirror();
    ready(&mut mirror, poller, 5);
    find_by_lending(&mut mirror, poller);
    assert!(mirror.poller(poller).unwrap().has_ready());
    let mut found = Vec::new();
    for expected in [2, 2, 1] {
        let events = poll(&mut mirror, poller, 2, Duration::ZERO);
        assert_eq!(events.len(), expected);
        found.extend(events);
    }
    assert_eq!(tokens(&found), [0, 1, 2, 3, 4]);
    assert!(!mirror.poller(poller).unwrap().has_ready());
    no_event(&mut mirror, poller);
}

#[test]
fn an_event_is_current_until_its_registration_ends() {
    let (mut mirror, poller) = mirror();
    let sources = ready(&mut mirror, poller, 2);
    let first = event_for(&mut mirror, poller, 0).registration.unwrap();
    mirror.reregister(poller, sources[0], 5, BOTH).unwrap();
    assert!(mirror.poller(poller).unwrap().is_current(first));
    mirror.deregister(poller, sources[0]).unwrap();
    assert!(!mirror.poller(poller).unwrap().is_current(first));
    mirror.register(poller, sources[0], 0, BOTH).unwrap();
    assert!(!mirror.poller(poller).unwrap().is_current(first));
    let second = event_for(&mut mirror, poller, 0).registration.unwrap();
    mirror.close_source(sources[0]).unwrap();
    assert!(!mirror.poller(poller).unwrap().is_current(second));
}

#[test]
fn a_source_that_leaves_takes_its_events_along() {
    let (mut mirror, poller) = mirror();
    let sources = ready(&mut mirror, poller, 4);
    find_by_lending(&mut mirror, poller);
    mirror.close_source(sources[0]).unwrap();
    mirror.deregister(poller, sources[1]).unwrap();
    // The same tokens again, in sources that are not ready.
    for token in [0, 1] {
        let (server, _) = listener(&mut mirror);
        mirror.register(poller, server, token, READABLE).unwrap();
    }
    assert_eq!(tokens(&poll(&mut mirror, poller, 64, PATIENCE)), [2, 3]);
    no_event(&mut mirror, poller);
}

#[test]
fn what_happened_is_counted() {
    let (mut mirror, poller) = mirror();
    assert_eq!(mirror.poller(poller).unwrap().stats(), [0; 6]);
    no_event(&mut mirror, poller);
    let [polls, empty, events, ..] = mirror.poller(poller).unwrap().stats();
    assert!(polls > 0 && polls == empty && events == 0);

    let sources = ready(&mut mirror, poller, 3);
    find_by_lending(&mut mirror, poller);
    mirror.close_source(sources[0]).unwrap();
    assert_eq!(poll(&mut mirror, poller, 64, PATIENCE).len(), 2);
    let waker = mirror.poller(poller).unwrap().open_waker(9).unwrap();
    waker.wake().unwrap();
    assert_eq!(poll(&mut mirror, poller, 64, PATIENCE).len(), 1);
    // Two waits that found something, three events, of which one is a wake; one event too late; two
    // sources that are left.
    assert_eq!(
        mirror.poller(poller).unwrap().stats(),
        [polls + 2, empty, 3, 1, 1, 2]
    );
}

#[test]
fn a_source_that_leaves_during_a_wait_takes_its_events_along() {
    let (mut mirror, poller) = mirror();
    let sources = ready(&mut mirror, poller, 3);
    let (waiter, notified) = TestWaiter::spawn();
    waiter.lend(&mut mirror, poller);
    notified.recv_timeout(PATIENCE).unwrap();
    mirror.close_source(sources[1]).unwrap();
    assert!(waiter.collect(&mut mirror, poller));
    assert_eq!(tokens(&poll(&mut mirror, poller, 64, PATIENCE)), [0, 2]);
}

#[test]
fn nothing_ready_is_left_when_all_sources_have_left() {
    let (mut mirror, poller) = mirror();
    let sources = ready(&mut mirror, poller, 3);
    find_by_lending(&mut mirror, poller);
    for source in sources {
        mirror.close_source(source).unwrap();
    }
    assert!(!mirror.poller(poller).unwrap().has_ready());
    no_event(&mut mirror, poller);
}

#[test]
fn an_event_that_was_found_before_has_the_token_of_the_last_registration() {
    let (mut mirror, poller) = mirror();
    let sources = ready(&mut mirror, poller, 1);
    find_by_lending(&mut mirror, poller);
    mirror.reregister(poller, sources[0], 9, WRITABLE).unwrap();
    let events = poll(&mut mirror, poller, 64, PATIENCE);
    assert_eq!(tokens(&events), [9]);
}

#[test]
fn a_poller_that_is_lent_is_busy() {
    let (mut mirror, poller) = mirror();
    ready(&mut mirror, poller, 1);
    let selector = mirror.poller(poller).unwrap();
    assert!(!selector.is_lent());
    let driver = selector.lend(8).unwrap();
    assert!(selector.is_lent());
    refused(selector.lend(8), Misuse::Busy);
    let outcome = selector.poll(8, Some(Duration::ZERO), || true);
    refused(outcome, Misuse::Busy);
    let interrupted = Err(io::ErrorKind::Interrupted.into());
    selector.put_back(driver, interrupted).unwrap();
    assert!(!selector.is_lent());
    assert_eq!(tokens(&poll(&mut mirror, poller, 8, PATIENCE)), [0]);
}

#[test]
fn an_error_of_a_wait_is_told_and_the_poller_works_on() {
    let (mut mirror, poller) = mirror();
    ready(&mut mirror, poller, 1);
    let selector = mirror.poller(poller).unwrap();
    let driver = selector.lend(8).unwrap();
    let failure = selector.put_back(driver, Err(io::ErrorKind::OutOfMemory.into()));
    assert!(failure.unwrap_err().code() < 0);
    assert_eq!(tokens(&poll(&mut mirror, poller, 8, PATIENCE)), [0]);
}

#[test]
fn registering_works_while_the_poller_is_lent() {
    let (mut mirror, poller) = mirror();
    let (client, _) = pair(&mut mirror);
    let driver = mirror.poller(poller).unwrap().lend(8).unwrap();
    mirror.register(poller, client, 1, WRITABLE).unwrap();
    mirror.reregister(poller, client, 2, WRITABLE).unwrap();
    let selector = mirror.poller(poller).unwrap();
    let interrupted = Err(io::ErrorKind::Interrupted.into());
    selector.put_back(driver, interrupted).unwrap();
    assert_eq!(tokens(&poll(&mut mirror, poller, 8, PATIENCE)), [2]);
}

#[test]
fn an_interrupt_is_no_event_and_hides_none() {
    let (mut mirror, poller) = mirror();
    let selector = mirror.poller(poller).unwrap();
    selector.signal().unwrap().interrupt().unwrap();
    let start = Instant::now();
    no_event(&mut mirror, poller);
    assert!(start.elapsed() >= SILENCE);
    for timeout in [PATIENCE, Duration::ZERO] {
        let (client, _) = pair(&mut mirror);
        let selector = mirror.poller(poller).unwrap();
        selector.signal().unwrap().interrupt().unwrap();
        mirror.register(poller, client, 1, WRITABLE).unwrap();
        assert_eq!(tokens(&poll(&mut mirror, poller, 64, timeout)), [1]);
        mirror.close_source(client).unwrap();
    }
}

#[test]
fn an_interrupt_does_not_take_the_place_of_an_event() {
    let (mut mirror, poller) = mirror();
    let selector = mirror.poller(poller).unwrap();
    selector.signal().unwrap().interrupt().unwrap();
    ready(&mut mirror, poller, 1);
    // There is room for one event, and one source is ready.
    assert_eq!(tokens(&poll(&mut mirror, poller, 1, Duration::ZERO)), [0]);
}

#[test]
#[cfg(unix)]
fn the_selector_is_itself_a_descriptor_that_turns_readable() {
    let (mut mirror, poller) = mirror();
    let raw = mirror.poller(poller).unwrap().as_raw();
    let mut outer = mio::Poll::new().unwrap();
    let mut events = mio::Events::with_capacity(4);
    let mut source = mio::unix::SourceFd(&raw);
    let registry = outer.registry();
    registry
        .register(&mut source, mio::Token(0), READABLE)
        .unwrap();
    outer.poll(&mut events, Some(SILENCE)).unwrap();
    assert!(events.is_empty());
    ready(&mut mirror, poller, 1);
    outer.poll(&mut events, Some(PATIENCE)).unwrap();
    assert!(events.iter().any(mio::event::Event::is_readable));
    assert_eq!(tokens(&poll(&mut mirror, poller, 4, Duration::ZERO)), [0]);
}

/// The flags as mio has them on Linux; elsewhere the portable ones among them.
#[track_caller]
fn has_flags(event: Event, flags: u32) {
    if cfg!(target_os = "linux") {
        assert_eq!(event.readiness, flags);
    } else {
        assert_ne!(event.readiness & flags, 0);
    }
}

#[test]
fn the_flags_are_those_of_mio() {
    use readiness::*;

    let (mut mirror, poller) = mirror();
    let (client, server) = std_pair();
    let server = adopt(&mut mirror, server);
    mirror.register(poller, server, 1, BOTH).unwrap();
    has_flags(event_for(&mut mirror, poller, 1), WRITABLE);
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let flags = READABLE | WRITABLE | READ_CLOSED;
    has_flags(event_for(&mut mirror, poller, 1), flags);

    let (client, server) = std_pair();
    let server = adopt(&mut mirror, server);
    mirror
        .register(poller, server, 2, mio::Interest::READABLE)
        .unwrap();
    let linger = SockRef::from(&client).set_linger(Some(Duration::ZERO));
    linger.unwrap();
    drop(client);
    let flags = READABLE | ERROR | READ_CLOSED | WRITE_CLOSED;
    has_flags(event_for(&mut mirror, poller, 2), flags);

    let waker = mirror.poller(poller).unwrap().open_waker(3).unwrap();
    waker.wake().unwrap();
    let wake = event_for(&mut mirror, poller, 3);
    assert_eq!(wake.readiness, READABLE);
    assert_eq!(wake.registration, None);
}

#[test]
#[cfg(any(target_os = "linux", target_os = "android"))]
fn an_urgent_byte_is_priority() {
    let (mut mirror, poller) = mirror();
    let (client, server) = std_pair();
    let server = adopt(&mut mirror, server);
    let interest = mio::Interest::PRIORITY;
    mirror.register(poller, server, 1, interest).unwrap();
    SockRef::from(&client).send_out_of_band(b"!").unwrap();
    let event = event_for(&mut mirror, poller, 1);
    assert_ne!(event.readiness & readiness::PRIORITY, 0);
    // The stream itself has nothing, so whoever reads it does not spin.
    assert_eq!(read(&mut mirror, server), None);
    no_event(&mut mirror, poller);
}
