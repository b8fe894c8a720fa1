//! One lane of an engine, and what it needs to be driven by an event loop.
//!
//! On its thread a lane rings its bell; while it is inline its watch waits for it.

use mio_js_core::Result;
use mio_js_core::engine::{Completions, Io, Lane, Limits};

use super::bell::{Bell, Kind};
use super::donations::Donations;
use super::watch::Watch;
use super::{Arrays, HEADER, Tag};
use crate::ffi::{Call, Donated, Reference, Scope};

/// In the header: no deadline.
const NEVER: u32 = u32::MAX;

/// The order of the fields matters, see the module `engine`.
#[derive(Debug)]
pub(super) struct EngineLane {
    watch: Watch,
    lane: Lane<Donated>,
    bell: Bell,
    donations: Donations,
    batch: Completions<Donated>,
    /// The batch was collected, and JavaScript has not got it.
    is_collected: bool,
    /// There may be something to deliver.
    pub(super) is_due: bool,
    /// A turn is to be made before collecting.
    needs_turn: bool,
}

impl EngineLane {
    pub(super) fn open(
        call: &Call<'_>,
        io: Io,
        kind: Kind,
        limits: Limits,
        tag: Tag,
    ) -> Result<Self> {
        let bell = Bell::new(call, kind, tag)?;
        let lane = Lane::new(io, limits, bell.sender())?;
        let mut opened = Self {
            watch: Watch::new(call, io, kind, &lane, &bell, tag)?,
            lane,
            bell,
            donations: Donations::default(),
            batch: Completions::default(),
            is_collected: false,
            is_due: false,
            needs_turn: false,
        };
        opened.watch.follow(&mut opened.lane)?;
        Ok(opened)
    }

    /// The core's side of it. Whoever asks it for something calls [`Self::was_changed`] afterwards.
    pub(super) fn core(&mut self) -> &mut Lane<Donated> {
        &mut self.lane
    }

    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Something may be ready.
    pub(super) fn note(&mut self) {
        self.is_due = true;
        self.needs_turn = true;
    }

    /// The bell has rung: for a selector only if a thread waits for it.
    pub(super) fn note_signal(&mut self) {
        self.is_due = true;
        self.needs_turn |= self.watch.is_lent();
    }

    /// The timer has called.
    #[cfg(unix)]
    pub(super) fn note_deadline(&mut self) {
        self.watch.is_over();
        self.note();
    }

    /// Looks at what is new, and puts it into the arrays: the number of records, if there are any.
    pub(super) fn prepare(&mut self, scope: &Scope, arrays: &Arrays) -> Result<Option<u32>> {
        if std::mem::take(&mut self.needs_turn) {
            self.watch.turn(&mut self.lane)?;
        }
        if !std::mem::take(&mut self.is_collected) && !self.lane.collect(&mut self.batch) {
            return Ok(None);
        }
        for buffer in &self.batch.buffers {
            self.donations.give_back(buffer);
        }
        let count = self.batch.len() as u32;
        let mode = u32::from(!self.lane.is_inline());
        let mut head = [0; HEADER];
        // The watch sees to deadlines.
        head[..4].copy_from_slice(&[count, NEVER, self.batch.wanted, mode]);
        arrays.write(scope, head, &self.batch.words, &self.batch.data)?;
        Ok(Some(count))
    }

    /// Everything there was is delivered: the lane may move, and is waited for.
    pub(super) fn rest(&mut self) -> Result<()> {
        self.is_due = false;
        if !self.watch.is_lent() {
            self.lane.settle();
        }
        self.watch.follow(&mut self.lane)
    }

    /// The program asked for something. While a batch is delivered what comes of it is looked at
    /// afterwards; else the event loop has to be told.
    pub(super) fn was_changed(&mut self, is_delivering: bool) -> Result<()> {
        if !self.lane.is_inline() {
            return Ok(());
        }
        if is_delivering || self.is_due {
            self.is_due = true;
            return Ok(());
        }
        if !self.is_collected && self.lane.collect(&mut self.batch) {
            self.is_collected = true;
            self.bell.ring_later();
        }
        self.watch.arm(&self.lane)
    }

    /// Makes the lane turn soon.
    pub(super) fn wake(&self) {
        if self.watch.is_lent() {
            self.lane.interrupt();
        } else {
            self.bell.ring_later();
        }
    }

    /// Keeps the memory of a donated buffer alive.
    pub(super) fn keep(&mut self, donated: &Donated, reference: Reference) -> Result<()> {
        self.donations.keep(donated, reference)
    }
}

impl Drop for EngineLane {
    fn drop(&mut self) {
        self.watch.end(&self.lane);
    }
}
