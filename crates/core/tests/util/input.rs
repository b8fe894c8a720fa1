//! Whatever a program may pass as bytes, and what must be true of it.
//!
//! The fuzzer and the test of its corpus share it: see `corpus.rs` and `fuzz/`.
#![allow(dead_code, reason = "each fuzz target uses one of them")]

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio_js_core::engine::{Command, Completions, Id, Io, Kind, Lane, Limits, Profile, Stream};
use mio_js_core::option::{self, Settings, SockRef};
use mio_js_core::{ENCODED_ADDRESS_LEN, Misuse, encode_address, parse_address, parse_ip, unix};

/// Numbers from the beginning of the bytes, and zeros where these end.
fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let mut taken = [0; N];
    let count = N.min(bytes.len());
    taken[..count].copy_from_slice(&bytes[..count]);
    *bytes = &bytes[count..];
    taken
}

/// The address that the facade would read.
fn decode(encoded: &[u8; ENCODED_ADDRESS_LEN]) -> SocketAddr {
    let number = |at: usize| {
        let bytes = encoded[at..at + 4].try_into().expect("four bytes");
        u32::from_le_bytes(bytes)
    };
    let text = std::str::from_utf8(&encoded[12..12 + encoded[1] as usize]).expect("text");
    let port = u16::from_le_bytes([encoded[2], encoded[3]]);
    let address = parse_address(text, port, number(4), number(8)).expect("an address");
    assert_eq!(encoded[0], if address.is_ipv4() { 4 } else { 6 });
    address
}

/// The text of an address and its numbers, and the bytes of a path.
pub(crate) fn address(mut bytes: &[u8]) {
    if let Ok(address) = unix::address::encode(bytes) {
        assert_eq!(
            unix::address::decode(&address),
            bytes,
            "an address of another socket"
        );
    }
    let port = u16::from_le_bytes(take(&mut bytes));
    let flowinfo = u32::from_le_bytes(take(&mut bytes));
    let scope = u32::from_le_bytes(take(&mut bytes));
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let ip = parse_ip(text);
    assert_eq!(ip.as_ref().ok(), text.parse::<IpAddr>().ok().as_ref());
    let Ok(address) = parse_address(text, port, flowinfo, scope) else {
        assert!(ip.is_err(), "an IP address that is none with a port");
        return;
    };
    assert_eq!(address.port(), port);
    // Only a scope may follow, and each other spelling is refused.
    assert!(ip.is_ok_and(|ip| ip == address.ip()) || text.contains('%'));
    let mut encoded = [0xdd; ENCODED_ADDRESS_LEN];
    encode_address(&address, &mut encoded);
    assert_eq!(decode(&encoded), address);
}

/// Options by name, as a program lists them, and one by its numbers.
pub(crate) fn option(mut bytes: &[u8]) {
    let level = i32::from_le_bytes(take(&mut bytes));
    let name = i32::from_le_bytes(take(&mut bytes));
    let [size] = take(&mut bytes);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let socket = SockRef::from(&socket);
    // Nothing behind the value is touched, and no more of it is told than there is.
    let mut value = [0xdd; 320];
    let (inside, behind) = value.split_at_mut(size.into());
    if let Ok(count) = option::by_number(&socket, level, name, inside) {
        assert!(count <= inside.len());
    }
    assert!(
        behind.iter().all(|&byte| byte == 0xdd),
        "it was written behind the value"
    );
    if let Ok(settings) = Settings::parse(bytes) {
        // What the system makes of them is its own.
        drop(settings.apply(&socket));
        assert!(
            bytes.is_empty() || bytes.contains(&0),
            "a name without an end"
        );
    }
}

/// Memory that is never donated.
#[derive(Debug)]
pub(crate) struct Nothing;

impl AsMut<[u8]> for Nothing {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut []
    }
}

impl mio_js_core::engine::Buffer for Nothing {
    fn slot(&self) -> u32 {
        0
    }
}

const DETACH: u32 = 12;

/// The words of a submission and its bytes, for a lane with some connections. Whatever they say, the
/// lane goes on, and each connection ends at most once.
pub(crate) fn submission(bytes: &[u8]) {
    let mut lane = Lane::<Nothing>::new(Io::Inline, Limits::default(), || ()).expect("a lane");
    let mut peers = Vec::new();
    for index in 0..3 {
        let (peer, socket) = UnixStream::pair().expect("two sockets");
        let stream = Stream::adopt(std::os::fd::IntoRawFd::into_raw_fd(socket)).expect("a stream");
        lane.command(Command::Adopt {
            id: Id::chosen(index, 1),
            stream,
            profile: Arc::new(Profile::default()),
        });
        peers.push(peer);
    }
    let (words, rest) = words_of(bytes);
    let outcome = lane.submit(&words, rest);
    if let Err(failure) = outcome {
        assert_eq!(failure.code(), Misuse::Range.code());
    }
    let mut ends = Vec::new();
    let mut batch = Completions::default();
    let mut turn = |lane: &mut Lane<Nothing>, ends: &mut Vec<[u32; 2]>| {
        lane.turn().expect("a turn");
        while lane.collect(&mut batch) {
            for record in batch.words.chunks(mio_js_core::engine::RECORD) {
                if record[0] & 0xff == Kind::Closed as u32 {
                    ends.push([record[1], record[2]]);
                }
            }
        }
    };
    for _ in 0..3 {
        turn(&mut lane, &mut ends);
    }
    let mut once = ends.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ends.len(), "a connection ended twice");
    // It still does what it is asked for.
    let last = Id::chosen(77, 1);
    let (_peer, socket) = UnixStream::pair().expect("two sockets");
    let stream = Stream::adopt(std::os::fd::IntoRawFd::into_raw_fd(socket)).expect("a stream");
    lane.command(Command::Adopt {
        id: last,
        stream,
        profile: Arc::new(Profile::default()),
    });
    let words = [5, last.index, last.generation, 0];
    lane.submit(&words, &[]).expect("a reset");
    let deadline = Instant::now() + Duration::from_secs(5);
    while !ends.contains(&[last.index, last.generation]) {
        assert!(Instant::now() < deadline, "the lane does not answer");
        turn(&mut lane, &mut ends);
    }
}

/// So many words, and the rest as bytes. Ids are mostly those that there are.
fn words_of(mut bytes: &[u8]) -> (Vec<u32>, &[u8]) {
    let [count] = take(&mut bytes);
    let mut words = Vec::new();
    for _ in 0..count.min(64) {
        let [small, high] = take(&mut bytes);
        // Ids that there are, and large numbers, are as interesting as small ones.
        let word = match high {
            0..0xe0 => small.into(),
            0xe0..0xf0 => Id::chosen(small.into(), 0).index,
            high => u32::from_le_bytes([small, high, high, high]),
        };
        words.push(word);
    }
    // A descriptor in a record would have no owner. Behind a broadcast, records begin anywhere.
    for word in words.iter_mut().filter(|word| **word == DETACH) {
        *word = 0xff;
    }
    (words, bytes)
}
