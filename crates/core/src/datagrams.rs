//! Many datagrams at once: one piece of memory with a slot of the same size for each, a table of their
//! lengths, and one of their peers.
//!
//! All three belong to the caller, so nothing in them is believed. Where the system can, a batch is one
//! system call; elsewhere it is one for each datagram, and what is reported is the same.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use mio::net::UdpSocket;

use crate::error::{Failure, Misuse, Result};
use crate::source::Source;
use crate::transfer::retry;
use crate::udp;

#[cfg(any(target_os = "android", target_os = "linux", target_os = "netbsd"))]
use many as system;
#[cfg(not(any(target_os = "android", target_os = "linux", target_os = "netbsd")))]
use single as system;

/// The length of a peer's record: family (0 for none, 4 or 6) and port (u16), flow information, scope
/// (u32), all little-endian, and the IP address.
pub const PEER_LEN: usize = 28;

/// The length of a length.
const LENGTH: usize = size_of::<u32>();

/// Writes a peer's record.
pub fn encode_peer(peer: Option<SocketAddr>, record: &mut [u8; PEER_LEN]) {
    *record = [0; PEER_LEN];
    let Some(peer) = peer else { return };
    record[2..4].copy_from_slice(&peer.port().to_le_bytes());
    match peer {
        SocketAddr::V4(peer) => {
            record[0] = 4;
            record[12..16].copy_from_slice(&peer.ip().octets());
        }
        SocketAddr::V6(peer) => {
            record[0] = 6;
            record[4..8].copy_from_slice(&peer.flowinfo().to_le_bytes());
            record[8..12].copy_from_slice(&peer.scope_id().to_le_bytes());
            record[12..].copy_from_slice(&peer.ip().octets());
        }
    }
}

/// Reads a peer's record; `None` for the peer that the socket is connected to.
///
/// Errors: [`Misuse::Address`] for a family that is none.
pub fn decode_peer(record: &[u8; PEER_LEN]) -> Result<Option<SocketAddr>> {
    let [family, _, p0, p1, f0, f1, f2, f3, s0, s1, s2, s3, ip @ ..] = *record;
    let port = u16::from_le_bytes([p0, p1]);
    match family {
        0 => Ok(None),
        4 => {
            let [a, b, c, d, ..] = ip;
            Ok(Some(SocketAddr::new(
                Ipv4Addr::new(a, b, c, d).into(),
                port,
            )))
        }
        6 => {
            let flowinfo = u32::from_le_bytes([f0, f1, f2, f3]);
            let scope = u32::from_le_bytes([s0, s1, s2, s3]);
            let peer = SocketAddrV6::new(Ipv6Addr::from(ip), port, flowinfo, scope);
            Ok(Some(peer.into()))
        }
        _ => Err(Misuse::Address.into()),
    }
}

/// Receives as many datagrams as there are, or as there are lengths, and writes the length and the
/// sender of each. A length is as in [`udp`]: more than `size` for a datagram that was cut.
///
/// Errors: the system's, would-block included, if they come before the first datagram; a later one is
/// reported by the next call, or by [`Source::take_error`]. [`Misuse::BytesRange`] for tables or
/// memory that are too short.
pub fn receive(
    source: &mut Source,
    size: usize,
    memory: &mut [u8],
    lengths: &mut [u8],
    peers: &mut [u8],
) -> Result<usize> {
    let socket = udp::of(&source.io)?;
    let (lengths, _) = lengths.as_chunks_mut::<LENGTH>();
    let (peers, _) = peers.as_chunks_mut::<PEER_LEN>();
    let count = lengths.len();
    let len = room(size, count, memory.len(), peers.len())?;
    let memory = &mut memory[..len];
    collect(count, system::BATCH, &mut source.deferred, |done| {
        system::receive(socket, &mut memory[done * size..], size, |at, len, peer| {
            let len = u32::try_from(len).unwrap_or(u32::MAX);
            lengths[done + at] = len.to_ne_bytes();
            encode_peer(peer, &mut peers[done + at]);
        })
    })
}

/// Sends `count` datagrams from number `start` on, each to its peer, and returns how many were taken.
///
/// Errors: the system's, would-block included, and [`Misuse::BytesRange`] for a length of more than
/// `size`, if it is the first datagram that they are about. Those before a later one are sent, and a
/// call that starts with it tells. What the system says of a datagram that was sent before
/// (ECONNREFUSED) may be lost. [`Misuse::BytesRange`], with nothing sent, for tables or memory that are
/// too short.
pub fn send(
    source: &Source,
    size: usize,
    (start, count): (usize, usize),
    memory: &[u8],
    lengths: &[u8],
    peers: &[u8],
) -> Result<usize> {
    let socket = udp::of(&source.io)?;
    let (lengths, _) = lengths.as_chunks::<LENGTH>();
    let (peers, _) = peers.as_chunks::<PEER_LEN>();
    room(size, lengths.len(), memory.len(), peers.len())?;
    let end = start.saturating_add(count);
    if end > lengths.len() {
        return Err(Misuse::BytesRange.into());
    }
    let datagram = |at: usize| -> Result<Datagram<'_>> {
        let len = u32::from_ne_bytes(lengths[at]) as usize;
        if len > size {
            return Err(Misuse::BytesRange.into());
        }
        Ok((&memory[at * size..][..len], decode_peer(&peers[at])?))
    };
    let mut done = start;
    while done < end {
        let wanted = system::BATCH.min(end - done);
        let sent = datagram(done).and_then(|_| {
            retry(|| {
                let good = (done..done + wanted).map_while(|at| datagram(at).ok());
                system::send(socket, good)
            })
        });
        match sent {
            Ok(sent) if sent == wanted => done += sent,
            Ok(sent) => return Ok(done + sent - start),
            Err(failure) if done == start => return Err(failure),
            Err(_) => break,
        }
    }
    Ok(done - start)
}

/// The bytes of a datagram and where it goes; to the peer without.
type Datagram<'bytes> = (&'bytes [u8], Option<SocketAddr>);

/// The bytes of `count` slots, if there is room for them.
fn room(size: usize, count: usize, memory: usize, peers: usize) -> Result<usize> {
    let len = size.checked_mul(count).filter(|len| *len <= memory);
    let len = len.filter(|_| size > 0 && count <= peers);
    Ok(len.ok_or(Misuse::BytesRange)?)
}

/// Repeats `receive`, which is told how many there are already, until `count` or would-block.
fn collect(
    count: usize,
    batch: usize,
    deferred: &mut Option<io::Error>,
    mut receive: impl FnMut(usize) -> io::Result<usize>,
) -> Result<usize> {
    if let Some(error) = deferred.take() {
        return Err(error.into());
    }
    let mut done = 0;
    while done < count {
        match retry(|| receive(done)) {
            Ok(received) => {
                let is_full = received == batch.min(count - done);
                done += received;
                if !is_full {
                    break;
                }
            }
            Err(failure) if done == 0 => return Err(failure),
            Err(failure) => {
                if !failure.is_would_block()
                    && let Failure::Io(error) = failure
                {
                    *deferred = Some(error);
                }
                break;
            }
        }
    }
    Ok(done)
}

/// A batch by one system call.
#[cfg(any(target_os = "android", target_os = "linux", target_os = "netbsd"))]
mod many {
    use std::os::fd::AsFd;

    use super::*;
    use crate::raw::datagrams;

    pub(super) use crate::raw::datagrams::BATCH;

    pub(super) fn receive(
        socket: &UdpSocket,
        memory: &mut [u8],
        size: usize,
        put: impl FnMut(usize, usize, Option<SocketAddr>),
    ) -> io::Result<usize> {
        socket.try_io(|| datagrams::receive(socket.as_fd(), memory, size, put))
    }

    pub(super) fn send<'bytes>(
        socket: &UdpSocket,
        datagrams: impl Iterator<Item = Datagram<'bytes>>,
    ) -> io::Result<usize> {
        socket.try_io(|| datagrams::send(socket.as_fd(), datagrams))
    }
}

/// One datagram by one system call.
#[cfg(any(
    test,
    not(any(target_os = "android", target_os = "linux", target_os = "netbsd"))
))]
mod single {
    use socket2::SockRef;

    use super::*;

    pub(super) const BATCH: usize = 1;

    pub(super) fn receive(
        socket: &UdpSocket,
        memory: &mut [u8],
        size: usize,
        mut put: impl FnMut(usize, usize, Option<SocketAddr>),
    ) -> io::Result<usize> {
        let Some(slot) = memory.get_mut(..size) else {
            return Ok(0);
        };
        let receive = || udp::receive_from(&SockRef::from(socket), slot, false);
        let (len, from) = socket.try_io(receive)?;
        put(0, len, from.as_socket());
        Ok(1)
    }

    pub(super) fn send<'bytes>(
        socket: &UdpSocket,
        mut datagrams: impl Iterator<Item = Datagram<'bytes>>,
    ) -> io::Result<usize> {
        match datagrams.next() {
            None => return Ok(0),
            Some((bytes, Some(to))) => socket.send_to(bytes, to)?,
            Some((bytes, None)) => socket.send(bytes)?,
        };
        Ok(1)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_record_keeps_every_field(ip: IpAddr, port: u16, flowinfo: u32, scope: u32) {
            let peer = match ip {
                IpAddr::V4(_) => SocketAddr::new(ip, port),
                IpAddr::V6(ip) => SocketAddrV6::new(ip, port, flowinfo, scope).into(),
            };
            let mut record = [0xee; PEER_LEN];
            encode_peer(Some(peer), &mut record);
            prop_assert_eq!(decode_peer(&record).unwrap(), Some(peer));
            encode_peer(None, &mut record);
            prop_assert_eq!(decode_peer(&record).unwrap(), None);
        }

        #[test]
        fn any_bytes_are_a_peer_or_an_error(record: [u8; PEER_LEN]) {
            prop_assert_eq!(decode_peer(&record).is_ok(), [0, 4, 6].contains(&record[0]));
        }
    }

    /// Two sockets, the second with three datagrams waiting.
    fn waiting() -> (UdpSocket, UdpSocket) {
        let any = "127.0.0.1:0".parse().unwrap();
        let (from, to) = (UdpSocket::bind(any).unwrap(), UdpSocket::bind(any).unwrap());
        for bytes in [b"one".as_slice(), b"", b"longer"] {
            from.send_to(bytes, to.local_addr().unwrap()).unwrap();
        }
        (from, to)
    }

    type Told = Vec<(usize, usize, Option<SocketAddr>)>;

    fn drain(
        count: usize,
        batch: usize,
        mut receive: impl FnMut(&mut [u8], &mut Told) -> io::Result<usize>,
    ) -> (usize, Vec<u8>, Vec<usize>, Vec<Option<SocketAddr>>) {
        let (mut memory, mut deferred) = (vec![b'.'; 4 * count], None);
        let mut told = Told::new();
        let done = collect(count, batch, &mut deferred, |done| {
            let mut here = Told::new();
            let received = receive(&mut memory[4 * done..], &mut here);
            told.extend(here.iter().map(|(at, len, from)| (done + at, *len, *from)));
            received
        });
        let done = done.unwrap();
        assert!(deferred.is_none());
        let places: Vec<_> = told.iter().map(|(at, ..)| *at).collect();
        assert_eq!(places, (0..done).collect::<Vec<_>>());
        let lens = told.iter().map(|(_, len, _)| *len).collect();
        (
            done,
            memory,
            lens,
            told.iter().map(|(.., from)| *from).collect(),
        )
    }

    #[test]
    fn one_by_one_and_all_at_once_are_the_same() {
        let (from, to) = waiting();
        let peer = from.local_addr().unwrap();
        let (done, memory, lens, peers) = drain(5, single::BATCH, |memory, told| {
            single::receive(&to, memory, 4, |at, len, from| told.push((at, len, from)))
        });
        assert_eq!(done, 3);
        assert_eq!(&memory[..12], b"one.....long");
        assert!(lens[2] > 4);
        assert_eq!(peers, [Some(peer); 3]);
        #[cfg(any(target_os = "android", target_os = "linux", target_os = "netbsd"))]
        {
            let (from, to) = waiting();
            let peer = from.local_addr().unwrap();
            let all = drain(5, many::BATCH, |memory, told| {
                many::receive(&to, memory, 4, |at, len, from| told.push((at, len, from)))
            });
            assert_eq!(all, (done, memory, lens, vec![Some(peer); 3]));
        }
    }

    #[test]
    fn sent_one_by_one_they_arrive() {
        let (from, to) = waiting();
        let address = to.local_addr().unwrap();
        from.connect(address).unwrap();
        let mut datagrams = [(b"a".as_slice(), None), (b"b", Some(address))].into_iter();
        assert_eq!(single::send(&from, &mut datagrams).unwrap(), 1);
        assert_eq!(single::send(&from, &mut datagrams).unwrap(), 1);
        assert_eq!(single::send(&from, &mut datagrams).unwrap(), 0);
        let mut received = [0; 8];
        let lens = [3, 0, 6, 1, 1].map(|_| to.recv(&mut received).unwrap());
        assert_eq!(lens, [3, 0, 6, 1, 1]);
        assert_eq!(received[0], b'b');
    }

    #[test]
    fn an_error_after_the_first_datagrams_comes_with_the_next_call() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let mut deferred = None;
        let mut steps = vec![Ok(2), Err(refused()), Ok(1), Ok(2)];
        steps.reverse();
        let mut receive = |count| {
            collect(count, 2, &mut deferred, |_| steps.pop().expect("a step"))
                .map_err(|failure| format!("{failure:?}"))
        };
        assert_eq!(receive(8), Ok(2));
        assert!(receive(8).unwrap_err().contains("ConnectionRefused"));
        assert_eq!(receive(8), Ok(1));
        assert_eq!(receive(2), Ok(2));
    }

    #[test]
    fn a_signal_ends_nothing_and_would_block_is_told_alone() {
        let mut deferred = None;
        let mut steps = vec![
            Err(io::ErrorKind::WouldBlock.into()),
            Err(io::ErrorKind::WouldBlock.into()),
            Ok(1),
            Err(io::ErrorKind::Interrupted.into()),
        ];
        let mut receive = || collect(4, 1, &mut deferred, |_| steps.pop().expect("a step"));
        assert_eq!(receive().unwrap(), 1);
        assert!(receive().unwrap_err().is_would_block());
        assert!(deferred.is_none());
    }
}
