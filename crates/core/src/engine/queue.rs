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

    /// Keeps the first `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        while self.len > len
            && let Some(mut last) = self.chunks.pop_back()
        {
            let excess = self.len - len;
            let left = last.bytes.len() - last.start;
            self.len -= left.min(excess);
            if excess < left {
                last.bytes.truncate(last.bytes.len() - excess);
                self.chunks.push_back(last);
            }
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content(queue: &Queue) -> Vec<u8> {
        let rests = queue.chunks.iter().map(|chunk| &chunk.bytes[chunk.start..]);
        rests.collect::<Vec<_>>().concat()
    }

    #[test]
    fn the_first_bytes_are_kept_wherever_the_chunks_end() {
        for len in [0, 1, 2, 3, 4, 5, 6, 7, 100] {
            let mut queue = Queue::default();
            queue.push(b"abc");
            queue.push_owned(b"defg".to_vec());
            queue.consume(1);
            queue.truncate(len);
            assert_eq!(content(&queue), b"bcdefg"[..len.min(6)]);
            assert_eq!(queue.len(), len.min(6));
            queue.push(b"h");
            assert_eq!(content(&queue).last(), Some(&b'h'));
        }
    }

    proptest! {
        #[test]
        fn bytes_stay_in_order(
            steps in prop::collection::vec((0_u8..4, 0_usize..100_000, any::<u8>()), 0..30),
        ) {
            let (mut queue, mut expected) = (Queue::default(), Vec::new());
            for (step, amount, byte) in steps {
                match step {
                    0 => queue.push(&vec![byte; amount]),
                    1 => queue.push_owned(vec![byte; amount]),
                    2 => queue.consume(amount.min(expected.len())),
                    _ => queue.truncate(amount),
                }
                match step {
                    0 | 1 => expected.extend(vec![byte; amount]),
                    2 => drop(expected.drain(..amount.min(expected.len()))),
                    _ => expected.truncate(amount),
                }
                prop_assert_eq!(queue.len(), expected.len());
            }
            prop_assert!(content(&queue) == expected);
        }
    }
}
