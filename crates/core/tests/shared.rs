//! Sources that move from one mirror to another, as threads of JavaScript give them away.

mod util;

use std::collections::HashSet;
#[cfg(unix)]
use std::net::Ipv4Addr;
use std::sync::Barrier;
use std::thread;

use mio_js_core::{Handle, Io, Kind, Mirror, Misuse, tcp};
#[cfg(unix)]
use mio_js_core::{pipe, udp, unix};
use util::*;

const STREAM: Kind = Kind::TcpStream;

fn ended(mirror: &mut Mirror, poller: Handle, stream: Handle) {
    mirror.register(poller, stream, 9, READABLE).expect("room");
    event_for(mirror, poller, 9);
    assert_eq!(read(mirror, stream).as_deref(), Some(&b""[..]));
}

#[test]
fn a_stream_moves_with_its_unread_bytes_to_another_poller() {
    let (mut here, first) = mirror();
    let (mut there, second) = mirror();
    let (client, server) = pair(&mut here);
    here.register(first, client, 1, BOTH).unwrap();
    write(&mut here, server, b"unread");
    event_for(&mut here, first, 1);
    let id = here.share(client, STREAM).unwrap();
    assert!(id < 1 << 53);
    refused(here.share(client, STREAM), Misuse::SourceClosed);
    no_event(&mut here, first);

    let taken = there.take_shared(id, STREAM).unwrap();
    there.register(second, taken, 2, BOTH).unwrap();
    event_for(&mut there, second, 2);
    assert_eq!(read(&mut there, taken).unwrap(), b"unread");
    refused(there.take_shared(id, STREAM), Misuse::SharedSourceGone);
    refused(here.take_shared(id, STREAM), Misuse::SharedSourceGone);
    drop(here);
    write(&mut there, taken, b"alive");
}

#[test]
fn another_kind_is_refused_and_takes_nothing() {
    let (mut here, _) = mirror();
    let (client, _) = pair(&mut here);
    let (listener, _) = listener(&mut here);
    for (source, kind) in [(client, Kind::TcpListener), (listener, STREAM)] {
        refused(here.share(source, kind), Misuse::WrongSource);
    }
    let id = here.share(client, STREAM).unwrap();
    for kind in (0..8).filter_map(Kind::moving) {
        if kind != STREAM {
            refused(here.take_shared(id, kind), Misuse::SharedSourceKind);
        }
    }
    here.take_shared(id, STREAM).unwrap();
}

#[test]
fn the_numbers_of_kinds_are_those_of_the_facade() {
    for number in 0..8 {
        assert_eq!(Kind::moving(number).map(|kind| kind as u32), Some(number));
    }
    assert_eq!(Kind::moving(Kind::Borrowed as u32), None);
}

#[test]
#[cfg(unix)]
fn what_belongs_to_somebody_else_cannot_be_given_away() {
    let (mut here, _) = mirror();
    let (client, _) = pair(&mut here);
    let raw = here.source(client).unwrap().io().as_raw();
    let borrowed = here.open_source(Io::borrow(raw).unwrap()).unwrap();
    refused(here.share(borrowed, Kind::Borrowed), Misuse::WrongSource);
    refused(here.share(borrowed, STREAM), Misuse::WrongSource);
    assert_eq!(here.census(), (1, 3));
}

#[test]
fn whoever_shared_a_source_can_take_it_back() {
    let (mut here, poller) = mirror();
    let (client, server) = pair(&mut here);
    let id = here.share(client, STREAM).unwrap();
    assert_eq!(here.census(), (1, 2));
    let back = here.take_shared(id, STREAM).unwrap();
    assert_eq!(here.census(), (1, 2));
    refused(here.source(client).map(drop), Misuse::SourceClosed);
    here.close_source(back).unwrap();
    ended(&mut here, poller, server);
}

#[test]
fn what_nobody_took_is_closed_with_the_mirror_that_shared_it_and_no_other() {
    let (mut there, poller) = mirror();
    let (mut here, mut neighbour) = (Mirror::default(), Mirror::default());
    let (client, server) = std_pair();
    let (client, server) = (adopt(&mut here, client), adopt(&mut there, server));
    let (other, _) = pair(&mut neighbour);
    let lost = here.share(client, STREAM).unwrap();
    let kept = neighbour.share(other, STREAM).unwrap();
    drop(here);
    ended(&mut there, poller, server);
    refused(there.take_shared(lost, STREAM), Misuse::SharedSourceGone);
    there.take_shared(kept, STREAM).unwrap();
}

#[test]
fn the_descriptor_of_a_source_on_its_way_is_nobody_elses_to_take() {
    let (mut here, mut there) = (Mirror::default(), Mirror::default());
    let (client, _) = pair(&mut here);
    let raw = here.source(client).unwrap().io().as_raw();
    let id = here.share(client, STREAM).unwrap();
    for mirror in [&mut here, &mut there] {
        let outcome = mirror.adopt(raw, Io::adopt_tcp_stream);
        refused(outcome, Misuse::DescriptorOwned);
    }
    there.take_shared(id, STREAM).unwrap();
}

#[test]
fn the_descriptor_of_a_source_that_was_taken_is_nobody_elses_until_it_is_given_away() {
    let (mut here, mut there) = (Mirror::default(), Mirror::default());
    let (client, server) = pair(&mut here);
    let raw = here.source(client).unwrap().io().as_raw();
    let id = here.share(client, STREAM).unwrap();
    let taken = there.take_shared(id, STREAM).unwrap();
    let outcome = here.adopt(raw, Io::adopt_tcp_stream);
    refused(outcome, Misuse::DescriptorOwned);
    // Not by halves either, when it comes and goes.
    let id = there.share(taken, STREAM).unwrap();
    let taken = there.take_shared(id, STREAM).unwrap();
    let outcome = here.adopt(raw, Io::adopt_tcp_stream);
    refused(outcome, Misuse::DescriptorOwned);
    assert_eq!(there.into_raw(taken).unwrap(), raw);
    let back = here.adopt(raw, Io::adopt_tcp_stream).unwrap();
    write(&mut here, server, b"alive");
    let poller = here.open_poller().unwrap();
    here.register(poller, back, 1, READABLE).unwrap();
    event_for(&mut here, poller, 1);
    assert_eq!(read(&mut here, back).unwrap(), b"alive");
}

#[test]
fn a_connect_that_failed_is_remembered() {
    let (mut here, mut there) = (Mirror::default(), Mirror::default());
    let (gone, address) = listener(&mut here);
    here.close_source(gone).unwrap();
    // Some systems refuse at once, and then there is nothing to move.
    let Ok(stream) = tcp::stream::connect(address) else {
        return;
    };
    let stream = here.open_source(stream).unwrap();
    let poller = here.open_poller().unwrap();
    here.register(poller, stream, 1, WRITABLE).unwrap();
    event_for(&mut here, poller, 1);
    // The system tells why only once.
    here.source(stream).unwrap().take_error().unwrap().unwrap();
    let id = here.share(stream, STREAM).unwrap();
    let stream = there.take_shared(id, STREAM).unwrap();
    for _ in 0..2 {
        let outcome = there.source(stream).unwrap().finish_connect();
        let refusal = outcome.expect_err("nobody listens");
        assert!(!refusal.is_would_block());
    }
}

#[test]
#[cfg(unix)]
fn every_kind_that_is_owned_moves_and_works() {
    let (mut here, mut there) = (Mirror::default(), Mirror::default());
    let poller = there.open_poller().unwrap();
    let mut moved = |io: Io| {
        let kind = io.kind();
        let source = here.open_source(io).unwrap();
        let id = here.share(source, kind).unwrap();
        (kind, there.take_shared(id, kind).unwrap())
    };
    let mut ends = vec![
        moved(tcp::listener::bind((Ipv4Addr::LOCALHOST, 0).into(), 1).unwrap()),
        moved(udp::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap()),
    ];
    let (sender, receiver) = pipe::new().unwrap();
    let (one, other) = unix::stream::pair().unwrap();
    let (datagram, _) = unix::datagram::pair().unwrap();
    ends.extend([sender, receiver, one, other, datagram].map(&mut moved));
    for (token, (kind, source)) in ends.iter().enumerate() {
        assert_eq!(there.source(*source).unwrap().io().kind(), *kind);
        let interest = match kind {
            Kind::Sender => WRITABLE,
            _ => READABLE,
        };
        there
            .register(poller, *source, token as u64, interest)
            .unwrap();
    }
    for [from, to] in [[2, 3], [4, 5]] {
        write(&mut there, ends[from].1, b"moved");
        event_for(&mut there, poller, to as u64);
        assert_eq!(read(&mut there, ends[to].1).unwrap(), b"moved");
    }
}

#[test]
fn numbers_do_not_count() {
    let mut here = Mirror::default();
    let ids: Vec<u64> = (0..100)
        .map(|_| {
            let (client, server) = pair(&mut here);
            here.close_source(server).unwrap();
            here.share(client, STREAM).unwrap()
        })
        .collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    assert!(ids.windows(2).all(|two| two[0].abs_diff(two[1]) > 1_000));
    for id in ids {
        for neighbour in [id.wrapping_sub(1), id + 1, id ^ 1 << 52] {
            refused(
                here.take_shared(neighbour, STREAM),
                Misuse::SharedSourceGone,
            );
        }
        here.take_shared(id, STREAM).unwrap();
    }
}

#[test]
fn of_many_threads_that_ask_for_one_number_one_gets_it() {
    const THREADS: usize = 4;
    let barrier = Barrier::new(THREADS);
    let mut here = Mirror::default();
    for _ in 0..200 {
        let (client, _) = pair(&mut here);
        let id = here.share(client, STREAM).unwrap();
        let taken = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        let mut mirror = Mirror::default();
                        barrier.wait();
                        mirror.take_shared(id, STREAM).is_ok()
                    })
                })
                .collect();
            let outcomes = threads.into_iter().map(|thread| thread.join().unwrap());
            outcomes.filter(|taken| *taken).count()
        });
        assert_eq!(taken, 1);
    }
}
