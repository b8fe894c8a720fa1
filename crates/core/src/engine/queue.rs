//! What a connection still has to write.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use super::stream::Stream;

/// Small writes are gathered in chunks of up to this size.
const GATHER: usize = 64 * 1024;
/// Buffers of one system call: far below IOV_MAX (1024), and enough to fill any socket's buffer.
const SLICES: usize = 64;
/// The most that one call of [`Queue::flush`] writes, so that a fast reader does not starve others.
const BUDGET: usize = 1024 * 1024;

#[derive(Debug)]
struct Chunk {
    bytes: Vec<u8>,
    /// What has been written of it.
    start: usize,
}

/// Bytes in order, in as few chunks as is cheap.
#[derive(Debug, Default)]
pub(super) struct Queue {
    chunks: VecDeque<Chunk>,
    len: usize,
}

/// How a flush ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flush {
    /// Nothing is left.
    Empty,
    /// The system takes no more for now, and will say when it does.
    Blocked,
    /// The budget is used up.
    Unfinished,
}

impl Queue {
    /// The bytes in it.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a copy.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.len += bytes.len();
        if let Some(last) = self.chunks.back_mut()
            && last.bytes.len() + bytes.len() <= GATHER
        {
            last.bytes.extend_from_slice(bytes);
            return;
        }
        self.push_chunk(bytes.to_vec());
    }

    /// Adds a buffer without copying it.
    pub(super) fn push_owned(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.len += bytes.len();
            self.push_chunk(bytes);
        }
    }

    fn push_chunk(&mut self, bytes: Vec<u8>) {
        self.chunks.push_back(Chunk { bytes, start: 0 });
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Writes what the system takes. Returns the bytes written as well when it fails.
    pub(super) fn flush(&mut self, stream: &Stream) -> (usize, io::Result<Flush>) {
        let mut written = 0;
        while !self.is_empty() {
            if written >= BUDGET {
                return (written, Ok(Flush::Unfinished));
            }
            match self.write(stream) {
                Ok(count) => {
                    written += count;
                    self.consume(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return (written, Ok(Flush::Blocked));
                }
                Err(error) => return (written, Err(error)),
            }
        }
        // What an idle connection does not need it does not keep.
        self.chunks = VecDeque::new();
        (written, Ok(Flush::Empty))
    }

    fn write(&self, stream: &Stream) -> io::Result<usize> {
        if let [only] = self.chunks.as_slices().0
            && self.chunks.len() == 1
        {
            return stream.write(&only.bytes[only.start..]);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        for (slice, chunk) in slices.iter_mut().zip(&self.chunks) {
            *slice = IoSlice::new(&chunk.bytes[chunk.start..]);
            count += 1;
        }
        stream.write_vectored(&slices[..count])
    }

    fn consume(&mut self, mut count: usize) {
        self.len -= count;
        while let Some(first) = self.chunks.front_mut() {
            let left = first.bytes.len() - first.start;
            if count < left {
                first.start += count;
                return;
            }
            count -= left;
            self.chunks.pop_front();
        }
    }
}
