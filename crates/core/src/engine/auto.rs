//! When a lane runs on the JavaScript thread, and when on its own.
//!
//! Inline, a message costs one pass of the event loop and no hand-over: the shortest way for the only
//! message there is. On the I/O thread each batch costs two wake-ups and two context switches, and in
//! return the JavaScript thread is free of every system call: much the cheaper way when a batch is
//! large, and the only one that reads and writes while JavaScript computes.
//!
//! So the measure is what a batch has to do: its records, and one more for each 8 KiB, as copying 8 KiB
//! through the kernel takes about as long as a small system call. It is averaged over the last sixteen
//! batches or so, since one burst is no load. Above [`BUSY`] the lane goes to the thread, below [`QUIET`] it comes
//! back; between the two it stays where it is. A JavaScript thread that is busy with something else
//! makes its batches larger by itself, and so is relieved, too.
//!
//! The way back is slower than the way out: a lane stays on the thread for at least [`STAY`] batches,
//! so that a load near the border moves it rarely.

use super::completion::Completions;

/// Work of a batch, averaged, from which on a lane goes to its thread.
const BUSY: f32 = 6.0;
/// Work of a batch, averaged, below which it comes back.
const QUIET: f32 = 1.5;
/// The fewest batches between two moves.
const STAY: u32 = 64;
/// How much of the average the newest batch makes up.
const WEIGHT: f32 = 1.0 / 16.0;
/// Bytes that cost as much as a record.
const BYTES_OF_RECORD: f32 = 8192.0;

/// The rule, and what it remembers.
#[derive(Debug, Default)]
pub(super) struct Auto {
    work: f32,
    batches: u32,
}

impl Auto {
    /// Takes a batch into account.
    pub(super) fn observe<B>(&mut self, batch: &Completions<B>) {
        let bytes = batch.data.len() + batch.buffers.len() * super::reader::BUFFER;
        let work = batch.len() as f32 + bytes as f32 / BYTES_OF_RECORD;
        self.work += (work - self.work) * WEIGHT;
        self.batches = self.batches.saturating_add(1);
    }

    /// Whether an inline lane should go to its thread.
    pub(super) fn is_busy(&self) -> bool {
        self.work > BUSY
    }

    /// Whether a lane should come back from its thread.
    pub(super) fn is_quiet(&self) -> bool {
        self.work < QUIET && self.batches >= STAY
    }

    /// The lane moves.
    pub(super) fn moved(&mut self) {
        self.batches = 0;
    }
}
