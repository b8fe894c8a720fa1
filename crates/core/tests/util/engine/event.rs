//! What a record says.

use std::net::{IpAddr, SocketAddr};

use mio_js_core::RawDescriptor;
use mio_js_core::engine::{Completions, Id, Kind, RECORD, Syscall};
use mio_js_core::lent::taken;

use super::Block;

/// One end of a connection, as a record tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Unknown,
    Ip(SocketAddr),
    Unix,
}

/// What happened to a connection or listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The listener, and both ends.
    Open(u32, Address, Address),
    Connected(Address, Address),
    /// How many bytes; see [`Record::bytes`].
    Data(usize),
    Drained,
    End,
    Timeout,
    /// The error number, 0 for none, and what failed.
    Closed(i32, u32),
    Detached(u64),
    Wrote,
    ListenerClosed(i32, u32),
}

impl Event {
    /// Whether nothing may follow.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self, Self::Closed(..) | Self::Detached(_))
    }
}

/// Closed without an error.
pub(crate) const WELL: Event = Event::Closed(0, Syscall::None as u32);

/// A record of a batch, taken apart.
pub(crate) struct Record {
    pub(crate) id: Id,
    pub(crate) event: Event,
    pub(crate) bytes: Vec<u8>,
    /// The slot of the donated buffer that they were in.
    pub(crate) donated: Option<u32>,
    pub(crate) acked: u32,
}

/// Takes a batch apart. Every byte and buffer must belong to a record, in their order.
pub(crate) fn records(batch: &mut Completions<Block>) -> Vec<Record> {
    let (words, rest) = batch.words.as_chunks::<RECORD>();
    assert_eq!(rest, [], "half a record");
    let (mut used, mut buffers) = (0, batch.buffers.drain(..));
    let mut place = |offset: u32, len: usize| {
        assert!(offset as usize >= used, "bytes that another record has");
        used = offset as usize + len;
        batch.data.get(offset as usize..used).expect("bytes of it")
    };
    let records = words
        .iter()
        .map(|&[head, index, generation, a, b, acked]| {
            let (kind, buffer) = (head & 0xff, head >> 8);
            assert!(buffer == 0 || kind == Kind::Data as u32, "{kind}");
            let (mut bytes, mut donated) = (Vec::new(), None);
            let event = match kind {
                1 => ends(place(b, 48), |peer, local| Event::Open(a, peer, local)),
                2 => ends(place(b, 48), Event::Connected),
                3 if buffer == 0 => {
                    bytes = place(b, a as usize).to_vec();
                    Event::Data(a as usize)
                }
                3 => {
                    let mut block = buffers.next().expect("the buffer of the record");
                    assert_eq!(block.slot + 1, buffer);
                    assert_eq!(b, 0);
                    block.memory.truncate(a as usize);
                    assert_eq!(block.memory.len(), a as usize);
                    bytes = block.memory;
                    donated = Some(block.slot);
                    Event::Data(a as usize)
                }
                4 => Event::Drained,
                5 => Event::End,
                6 => Event::Timeout,
                7 => Event::Closed(a as i32, b),
                8 => {
                    let raw = u64::from(a) | u64::from(b) << 32;
                    taken(raw as RawDescriptor);
                    Event::Detached(raw)
                }
                9 => Event::Wrote,
                10 => Event::ListenerClosed(a as i32, b),
                _ => panic!("no such record: {kind}"),
            };
            let id = Id { index, generation };
            Record {
                id,
                event,
                bytes,
                donated,
                acked,
            }
        })
        .collect();
    assert!(buffers.next().is_none(), "a buffer that no record has");
    records
}

fn ends(bytes: &[u8], event: impl FnOnce(Address, Address) -> Event) -> Event {
    let (peer, local) = bytes.split_at(24);
    event(address(peer), address(local))
}

fn address(bytes: &[u8]) -> Address {
    let number = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let ip = match bytes[0] {
        0 => return Address::Unknown,
        1 => return Address::Unix,
        4 => <[u8; 4]>::try_from(&bytes[8..12]).map(IpAddr::from),
        6 => <[u8; 16]>::try_from(&bytes[8..]).map(IpAddr::from),
        family => panic!("no such family: {family}"),
    };
    Address::Ip(SocketAddr::new(ip.expect("all its bytes"), number(2)))
}
