//! What a lane tells the program: records of six words, and the bytes that belong to them.

use std::net::SocketAddr;

use super::handover::Merge;
use super::id::Id;
use super::reader::BUFFER;

/// Words of a record: kind and buffer, index, generation, two values, bytes acknowledged.
pub const RECORD: usize = 6;
/// The most records of a batch.
pub const MAX_RECORDS: usize = 4096;
/// The most bytes of a batch, donated buffers apart.
pub const MAX_DATA: usize = 256 * 1024;
/// The bytes of one [`put_address`]: two of them come with a new connection.
pub(super) const ADDRESS: usize = 24;
/// Records that are kept free for what cannot wait: connections that end.
const RESERVE: usize = 1024;

/// What a record says. The facade has the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A connection was accepted. Values: listener, offset of both addresses.
    Open = 1,
    /// An own connection is made. Values: 0, offset of both addresses.
    Connected = 2,
    /// Bytes arrived. Values: how many, offset (0 in a donated buffer).
    Data = 3,
    /// Everything that was written is with the system, which the program asked to know.
    Drained = 4,
    /// The peer has sent everything.
    End = 5,
    /// Nothing happened for as long as the program set.
    Timeout = 6,
    /// The connection has ended. Values: error number or 0, [`Syscall`].
    Closed = 7,
    /// The descriptor is the program's. Values: its low and high half.
    Detached = 8,
    /// Only acknowledges.
    Wrote = 9,
    /// The listener of this lane, whose number is the index, is closed.
    ListenerClosed = 10,
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Syscall {
    /// Nothing, or a limit of this package.
    None = 0,
    /// Connecting.
    Connect = 1,
    /// Reading.
    Read = 2,
    /// Writing.
    Write = 3,
    /// Setting an option.
    SetOption = 4,
    /// Registering with the selector.
    Register = 5,
    /// Binding to the own address.
    Bind = 6,
}

/// A batch for the program.
#[derive(Debug)]
pub struct Completions<B> {
    /// The records. Offsets count from the start of `data`.
    pub words: Vec<u32>,
    /// The bytes that records mean.
    pub data: Vec<u8>,
    /// The donated buffers that records mean, in their order.
    pub buffers: Vec<B>,
    /// How many more donated buffers would be of use.
    pub wanted: u32,
}

impl<B> Default for Completions<B> {
    fn default() -> Self {
        Self {
            words: Vec::new(),
            data: Vec::new(),
            buffers: Vec::new(),
            wanted: 0,
        }
    }
}

impl<B> Completions<B> {
    /// How many records there are.
    pub fn len(&self) -> usize {
        self.words.len() / RECORD
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Forgets everything, but keeps the memory.
    pub fn clear(&mut self) {
        self.words.clear();
        self.data.clear();
        self.buffers.clear();
        self.wanted = 0;
    }

    /// Whether one more read, of up to `len` bytes, or accept may be reported.
    pub(super) fn has_room(&self, len: usize) -> bool {
        let large = self.buffers.len() * BUFFER;
        self.len() < MAX_RECORDS - RESERVE && self.data.len() + large + len <= MAX_DATA
    }

    /// Whether anything at all may be reported.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= MAX_RECORDS
    }

    #[inline]
    pub(super) fn push(&mut self, kind: Kind, buffer: u32, id: Id, a: u32, b: u32, acked: u32) {
        let head = kind as u32 | (buffer << 8);
        self.words
            .extend_from_slice(&[head, id.index, id.generation, a, b, acked]);
    }
}

impl<B> Merge for Completions<B> {
    fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    fn merge(&mut self, other: &mut Self) -> bool {
        if self.words.is_empty() {
            std::mem::swap(self, other);
            other.clear();
            return true;
        }
        if self.len() + other.len() > MAX_RECORDS || self.data.len() + other.data.len() > MAX_DATA {
            return false;
        }
        // Small: at most MAX_DATA.
        let moved = self.data.len() as u32;
        for record in other.words.as_chunks::<RECORD>().0 {
            let mut record = *record;
            if has_offset(record[0]) {
                record[4] += moved;
            }
            self.words.extend_from_slice(&record);
        }
        self.data.append(&mut other.data);
        self.buffers.append(&mut other.buffers);
        self.wanted = other.wanted;
        other.clear();
        true
    }
}

fn has_offset(head: u32) -> bool {
    const OPEN: u32 = Kind::Open as u32;
    const CONNECTED: u32 = Kind::Connected as u32;
    const DATA: u32 = Kind::Data as u32;
    matches!(head, OPEN | CONNECTED | DATA)
}

/// Appends an address: family (4, 6, 1 for a Unix socket, 0 for none), 0, port, scope, IP.
pub(super) fn put_address(data: &mut Vec<u8>, address: Option<SocketAddr>, is_unix: bool) {
    let mut out = [0; ADDRESS];
    match address {
        Some(SocketAddr::V4(address)) => {
            out[0] = 4;
            out[2..4].copy_from_slice(&address.port().to_le_bytes());
            out[8..12].copy_from_slice(&address.ip().octets());
        }
        Some(SocketAddr::V6(address)) => {
            out[0] = 6;
            out[2..4].copy_from_slice(&address.port().to_le_bytes());
            out[4..8].copy_from_slice(&address.scope_id().to_le_bytes());
            out[8..].copy_from_slice(&address.ip().octets());
        }
        None => out[0] = u8::from(is_unix),
    }
    data.extend_from_slice(&out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(data: &[u8]) -> Completions<()> {
        let mut batch = Completions::default();
        batch.push(Kind::Data, 0, Id::accepted(1, 2), data.len() as u32, 0, 0);
        batch.data.extend_from_slice(data);
        batch
    }

    #[test]
    fn merging_moves_offsets() {
        let mut first = batch(b"abc");
        let mut second = batch(b"de");
        second.push(Kind::End, 0, Id::accepted(1, 2), 0, 0, 0);
        assert!(first.merge(&mut second));
        assert!(second.is_empty());
        assert_eq!(first.data, b"abcde");
        assert_eq!(first.words[RECORD + 4], 3);
        assert_eq!(first.words[2 * RECORD + 4], 0);
    }

    #[test]
    fn merging_stops_at_the_limits() {
        let mut first = batch(&[0; MAX_DATA - 1]);
        let mut second = batch(b"ab");
        assert!(!first.merge(&mut second));
        assert_eq!(second.len(), 1);
    }
}
