//! The memory that sockets are read into.
//!
//! Every read goes into one buffer of 64 KiB. What is small is copied from there into the batch, so
//! that the program gets chunks of their own size. What is large stays where it is: if the buffer was
//! donated by the program, it goes back to it as the chunk, without a copy, and the next donated one
//! takes its place. Nothing is donated until large reads show that it would be of use.

use std::io;

use super::completion::{Completions, Kind};
use super::id::Id;
use super::stream::Stream;

/// The size of a donated buffer, and the most that one read gets.
pub const BUFFER: usize = 64 * 1024;
/// Reads from here on are large: below, a donated buffer would be pinned by less than half of it.
const LARGE: usize = BUFFER / 2;
/// How many donated buffers a lane likes to have.
const STOCK: usize = 48;

/// Memory of the program's.
pub trait Buffer: AsMut<[u8]> + Send + 'static {
    /// Which one it is: less than 2^24 - 1.
    fn slot(&self) -> u32;
}

#[derive(Debug)]
pub(super) struct Reader<B> {
    own: Vec<u8>,
    donated: Vec<B>,
}

impl<B> Default for Reader<B> {
    fn default() -> Self {
        Self {
            own: vec![0; BUFFER],
            donated: Vec::new(),
        }
    }
}

impl<B: Buffer> Reader<B> {
    /// Takes a buffer. One of another size is dropped: it could not be filled safely.
    pub(super) fn donate(&mut self, mut buffer: B) {
        if buffer.as_mut().len() == BUFFER {
            self.donated.push(buffer);
        }
    }

    /// Reads once, and reports what came: `Ok(0)` is the end, which is not reported.
    pub(super) fn read(
        &mut self,
        stream: &Stream,
        out: &mut Completions<B>,
        id: Id,
        acked: impl FnOnce() -> u32,
    ) -> io::Result<usize> {
        let Some(buffer) = self.donated.last_mut() else {
            let count = stream.read(&mut self.own)?;
            if count >= LARGE {
                out.wanted = STOCK as u32;
            }
            copy(&self.own[..count], out, id, acked);
            return Ok(count);
        };
        let count = stream.read(buffer.as_mut())?;
        if count < LARGE {
            copy(&buffer.as_mut()[..count], out, id, acked);
        } else if let Some(buffer) = self.donated.pop() {
            out.push(Kind::Data, buffer.slot() + 1, id, count as u32, 0, acked());
            out.buffers.push(buffer);
            out.wanted = (STOCK - self.donated.len().min(STOCK)) as u32;
        }
        Ok(count)
    }

    /// Reads once, and forgets it.
    pub(super) fn discard(&mut self, stream: &Stream) -> io::Result<usize> {
        stream.read(&mut self.own)
    }
}

fn copy<B>(bytes: &[u8], out: &mut Completions<B>, id: Id, acked: impl FnOnce() -> u32) {
    if bytes.is_empty() {
        return;
    }
    // At most MAX_DATA.
    let offset = out.data.len() as u32;
    out.data.extend_from_slice(bytes);
    out.push(Kind::Data, 0, id, bytes.len() as u32, offset, acked());
}
