//! Datagrams, one at a time and many at once, and what hostile tables can do: nothing.

mod util;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use mio_js_core::datagrams::{self, PEER_LEN, decode_peer, encode_peer};
use mio_js_core::{Handle, Io, Mirror, Misuse, Result, udp};
use proptest::prelude::*;
use util::*;

/// A socket of the loopback address, and its own.
fn socket(mirror: &mut Mirror) -> (Handle, SocketAddr) {
    let socket = udp::bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    let address = socket.local_addr().expect("an address");
    (mirror.open_source(socket).expect("room"), address)
}

fn io(mirror: &mut Mirror, socket: Handle) -> &Io {
    mirror.source(socket).expect("an open source").io()
}

fn send(mirror: &mut Mirror, socket: Handle, bytes: &[u8], to: SocketAddr) {
    let sent = udp::send(io(mirror, socket), bytes, Some(to)).expect("room");
    assert_eq!(sent, bytes.len());
}

/// Waits for what may take a moment.
fn wait<T>(mut operation: impl FnMut() -> Result<T>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match operation() {
            Err(failure) if failure.is_would_block() && Instant::now() < deadline => {}
            outcome => return outcome,
        }
    }
}

/// Memory and tables for datagrams of four bytes.
struct Tables {
    memory: Vec<u8>,
    lengths: Vec<u8>,
    peers: Vec<u8>,
}

const SIZE: usize = 4;

impl Tables {
    fn new(count: usize) -> Self {
        Self {
            memory: vec![b'.'; count * SIZE],
            lengths: vec![0xee; count * 4],
            peers: vec![0xee; count * PEER_LEN],
        }
    }

    fn receive(&mut self, mirror: &mut Mirror, socket: Handle) -> Result<usize> {
        let source = mirror.source(socket)?;
        let Self {
            memory,
            lengths,
            peers,
        } = self;
        datagrams::receive(source, SIZE, memory, lengths, peers)
    }

    fn send(
        &self,
        mirror: &mut Mirror,
        socket: Handle,
        start: usize,
        count: usize,
    ) -> Result<usize> {
        let source = mirror.source(socket)?;
        let part = (start, count);
        datagrams::send(source, SIZE, part, &self.memory, &self.lengths, &self.peers)
    }

    fn length(&self, index: usize) -> u32 {
        let (lengths, _) = self.lengths.as_chunks();
        u32::from_ne_bytes(lengths[index])
    }

    fn set_length(&mut self, index: usize, length: u32) {
        self.lengths[index * 4..][..4].copy_from_slice(&length.to_ne_bytes());
    }

    fn peer(&self, index: usize) -> Option<SocketAddr> {
        decode_peer(&self.peers.as_chunks().0[index]).expect("a peer")
    }

    fn set_peer(&mut self, index: usize, peer: Option<SocketAddr>) {
        encode_peer(peer, &mut self.peers.as_chunks_mut().0[index]);
    }
}

#[test]
fn a_datagram_that_is_cut_counts_more_than_there_is_room_for() {
    let (mut mirror, _) = mirror();
    let ((from, peer), (to, address)) = (socket(&mut mirror), socket(&mut mirror));
    for room in [0, 1, 5] {
        send(&mut mirror, from, b"abcdef", address);
        for peek in [true, false] {
            let mut buffer = vec![b'.'; room];
            let to = io(&mut mirror, to);
            let (count, told) = wait(|| udp::receive(to, &mut buffer, peek)).unwrap();
            let linux = cfg!(any(target_os = "android", target_os = "linux"));
            assert_eq!(count, if linux { 6 } else { room + 1 });
            assert_eq!(told, Some(peer));
            assert_eq!(buffer, b"abcdef"[..room]);
        }
        let mut buffer = [0; 8];
        let outcome = udp::receive(io(&mut mirror, to), &mut buffer, false);
        assert!(outcome.unwrap_err().is_would_block());
    }
}

#[test]
fn an_empty_datagram_is_one() {
    let (mut mirror, poller) = mirror();
    let ((from, peer), (to, address)) = (socket(&mut mirror), socket(&mut mirror));
    mirror.register(poller, to, 1, READABLE).unwrap();
    send(&mut mirror, from, b"", address);
    event_for(&mut mirror, poller, 1);
    for peek in [true, true, false] {
        let mut buffer = [0; 8];
        let outcome = udp::receive(io(&mut mirror, to), &mut buffer, peek).unwrap();
        assert_eq!(outcome, (0, Some(peer)));
    }
    no_event(&mut mirror, poller);
}

#[test]
fn many_are_received_in_order_with_lengths_and_peers() {
    let (mut mirror, _) = mirror();
    let ((from, peer), (to, address)) = (socket(&mut mirror), socket(&mut mirror));
    // More than one batch of the system's.
    for number in 0..100_u8 {
        send(
            &mut mirror,
            from,
            &vec![number; usize::from(number % 7)],
            address,
        );
    }
    let mut tables = Tables::new(150);
    let mut done = 0;
    while done < 100 {
        let count = wait(|| tables.receive(&mut mirror, to)).unwrap();
        for index in 0..count {
            let number = done + index;
            let length = number % 7;
            let told = tables.length(index) as usize;
            if length > SIZE {
                assert!(told > SIZE, "{told}");
            } else {
                assert_eq!(told, length);
            }
            let bytes = &tables.memory[index * SIZE..][..SIZE.min(length)];
            assert!(bytes.iter().all(|byte| usize::from(*byte) == number));
            assert_eq!(tables.peer(index), Some(peer));
        }
        done += count;
    }
    assert_eq!(done, 100);
    assert!(
        tables
            .receive(&mut mirror, to)
            .unwrap_err()
            .is_would_block()
    );
}

#[test]
fn no_more_are_received_than_there_are_lengths() {
    let (mut mirror, _) = mirror();
    let ((from, _), (to, address)) = (socket(&mut mirror), socket(&mut mirror));
    for bytes in [b"a", b"b", b"c"] {
        send(&mut mirror, from, bytes, address);
    }
    let mut tables = Tables::new(4);
    tables.lengths.truncate(2 * 4 + 3);
    assert_eq!(wait(|| tables.receive(&mut mirror, to)).unwrap(), 2);
    assert_eq!(tables.memory, b"a...b...........");
    assert!(
        tables.peers[2 * PEER_LEN..]
            .iter()
            .all(|byte| *byte == 0xee)
    );
    assert_eq!(tables.receive(&mut mirror, to).unwrap(), 1);
}

#[test]
fn what_was_received_is_sent_back_as_it_is() {
    let (mut mirror, _) = mirror();
    let (to, address) = socket(&mut mirror);
    let clients = [
        socket(&mut mirror),
        socket(&mut mirror),
        socket(&mut mirror),
    ];
    for (number, (client, _)) in clients.iter().enumerate() {
        send(&mut mirror, *client, &vec![b'x'; number], address);
    }
    let mut tables = Tables::new(70);
    assert_eq!(wait(|| tables.receive(&mut mirror, to)).unwrap(), 3);
    assert_eq!(tables.send(&mut mirror, to, 0, 3).unwrap(), 3);
    for (number, (client, _)) in clients.into_iter().enumerate() {
        let mut buffer = [0; 8];
        let client = io(&mut mirror, client);
        let outcome = wait(|| udp::receive(client, &mut buffer, false)).unwrap();
        assert_eq!(outcome, (number, Some(address)));
    }
}

#[test]
fn without_a_peer_it_goes_to_that_of_the_socket() {
    let (mut mirror, _) = mirror();
    let ((from, peer), (to, address)) = (socket(&mut mirror), socket(&mut mirror));
    let mut tables = Tables::new(2);
    tables.lengths.fill(0);
    tables.peers.fill(0);
    assert!(tables.send(&mut mirror, from, 0, 2).is_err());
    udp::connect(io(&mut mirror, from), address).unwrap();
    assert_eq!(tables.send(&mut mirror, from, 0, 2).unwrap(), 2);
    assert_eq!(wait(|| tables.receive(&mut mirror, to)).unwrap(), 2);
    assert_eq!((tables.length(1), tables.peer(1)), (0, Some(peer)));
}

#[test]
fn an_error_ends_a_batch_before_it_and_begins_the_next() {
    let (mut mirror, _) = mirror();
    let ((from, _), (to, address)) = (socket(&mut mirror), socket(&mut mirror));
    let mut tables = Tables::new(70);
    for index in 0..70 {
        tables.set_length(index, 1);
        tables.set_peer(index, Some(address));
    }
    // Too long; of another family than the socket; of no family; the last one of a batch.
    tables.set_length(2, SIZE as u32 + 1);
    tables.set_peer(5, Some((Ipv6Addr::LOCALHOST, 9).into()));
    tables.peers[7 * PEER_LEN] = 5;
    tables.set_length(63, u32::MAX);
    let mut sent = vec![];
    let mut start = 0;
    while start < 70 {
        match tables.send(&mut mirror, from, start, 70 - start) {
            Ok(count) => {
                assert_ne!(count, 0);
                sent.extend(start..start + count);
                start += count;
            }
            Err(failure) => {
                match start {
                    2 | 63 => refused::<()>(Err(failure), Misuse::BytesRange),
                    7 => refused::<()>(Err(failure), Misuse::Address),
                    5 => assert!(matches!(failure, mio_js_core::Failure::Io(_))),
                    _ => panic!("{failure:?} at {start}"),
                }
                start += 1;
            }
        }
    }
    let expected: Vec<_> = (0..70)
        .filter(|index| ![2, 5, 7, 63].contains(index))
        .collect();
    assert_eq!(sent, expected);
    let mut received = 0;
    while received < sent.len() {
        received += wait(|| tables.receive(&mut mirror, to)).unwrap();
    }
    assert_eq!(received, sent.len());
    assert!(
        tables
            .receive(&mut mirror, to)
            .unwrap_err()
            .is_would_block()
    );
}

#[test]
#[cfg(unix)]
fn a_dead_peer_is_told_once_and_the_socket_works_on() {
    let (mut mirror, _) = mirror();
    let ((from, peer), (to, address)) = (socket(&mut mirror), socket(&mut mirror));
    udp::connect(io(&mut mirror, from), address).unwrap();
    mirror.close_source(to).unwrap();
    let from_io = io(&mut mirror, from);
    assert_eq!(udp::send(from_io, b"x", None).unwrap(), 1);
    let mut tables = Tables::new(3);
    let failure = wait(|| tables.receive(&mut mirror, from)).unwrap_err();
    assert_eq!(failure.code(), -libc::ECONNREFUSED);
    assert!(
        tables
            .receive(&mut mirror, from)
            .unwrap_err()
            .is_would_block()
    );
    let (other, address) = socket(&mut mirror);
    udp::connect(io(&mut mirror, from), address).unwrap();
    send(&mut mirror, other, b"y", peer);
    assert_eq!(wait(|| tables.receive(&mut mirror, from)).unwrap(), 1);
}

#[test]
fn a_stream_is_no_socket_for_datagrams() {
    let (mut mirror, _) = mirror();
    let (stream, _) = pair(&mut mirror);
    let mut tables = Tables::new(1);
    refused(tables.receive(&mut mirror, stream), Misuse::WrongSource);
    refused(tables.send(&mut mirror, stream, 0, 1), Misuse::WrongSource);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_sizes_reach_outside(
        size in prop_oneof![0_usize..70, Just(usize::MAX), Just(usize::MAX / 2 + 1)],
        memory in 0_usize..300,
        lengths in 0_usize..40,
        peers in 0_usize..300,
        start in prop_oneof![0_usize..12, Just(usize::MAX)],
        count in prop_oneof![0_usize..12, Just(usize::MAX)],
        tampered in prop_oneof![0_u32..100, any::<u32>()],
    ) {
        let (mut mirror, _) = mirror();
        let ((from, peer), (to, address)) = (socket(&mut mirror), socket(&mut mirror));
        send(&mut mirror, from, b"0123456789", address);
        // One past the end, to see that it is left alone.
        let (mut bytes, mut table, mut records) = (
            vec![0xee; memory + 1],
            vec![0xee; lengths + 1],
            vec![0xee; peers + 1],
        );
        let slots = lengths / 4;
        let fits = size > 0 && peers / PEER_LEN >= slots
            && size.checked_mul(slots).is_some_and(|len| len <= memory);
        let outcome = wait(|| datagrams::receive(
            mirror.source(to).unwrap(),
            size,
            &mut bytes[..memory],
            &mut table[..lengths],
            &mut records[..peers],
        ));
        prop_assert_eq!((bytes[memory], table[lengths], records[peers]), (0xee, 0xee, 0xee));
        if !fits {
            refused(outcome, Misuse::BytesRange);
        } else if slots > 0 {
            prop_assert_eq!(outcome.unwrap(), 1);
            prop_assert_eq!(&bytes[..size.min(10)], &b"0123456789"[..size.min(10)]);
            prop_assert!(bytes[size.min(10)..].iter().all(|byte| *byte == 0xee));
        } else {
            prop_assert_eq!(outcome.unwrap(), 0);
        }
        for record in records[..peers].as_chunks_mut().0 {
            encode_peer(Some(peer), record);
        }
        for length in table[..lengths].as_chunks_mut::<4>().0 {
            *length = tampered.to_ne_bytes();
        }
        let sent = datagrams::send(
            mirror.source(to).unwrap(),
            size,
            (start, count),
            &bytes[..memory],
            &table[..lengths],
            &records[..peers],
        );
        let is_part = start.saturating_add(count) <= slots;
        if !fits || !is_part || (count > 0 && tampered as usize > size) {
            refused(sent, Misuse::BytesRange);
        } else {
            prop_assert!(sent.is_ok_and(|sent| sent == count));
        }
    }
}
