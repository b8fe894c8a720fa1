//! What the connections of a lane share while one of them is worked on.

use std::collections::VecDeque;
use std::sync::Arc;

use mio::Registry;

use super::completion::{Completions, Kind, MAX_RECORDS, put_address};
use super::connection::{Connection, Flag};
use super::counters::Counters;
use super::id::Id;
use super::owned::LaneKey;
use super::reader::Reader;
use super::timer::{TICK, Wheel};
use crate::lent::Keeper;

/// Milliseconds until bytes that the system took are reported although nothing else happens.
const ACK_DELAY: u64 = 50;

/// Everything but the connections themselves.
#[derive(Debug)]
pub(super) struct Context<B> {
    /// Which lane this is, where sockets are looked up.
    pub(super) key: LaneKey,
    /// Of descriptors that were given away, until the program has them.
    pub(super) keeper: Keeper,
    pub(super) registry: Registry,
    pub(super) out: Completions<B>,
    /// Records that did not fit any more.
    overflow: VecDeque<(Kind, Id, u32, u32, u32)>,
    pub(super) reader: Reader<B>,
    pub(super) wheel: Wheel<Id>,
    pub(super) counters: Arc<Counters>,
    /// Milliseconds since the lane began.
    pub(super) now: u64,
    /// Connections with something to do, by index: each once.
    pub(super) ready: VecDeque<u32>,
    /// Connections that found no room in this turn.
    waiting: Vec<u32>,
    /// Reading or accepting stopped, as the batch is full.
    pub(super) starved: bool,
    /// Connections with bytes that were taken and not reported.
    unreported: Vec<Id>,
    report_at: Option<u64>,
    /// Bytes taken since something was reported early.
    since_report: u64,
    /// Bytes that wait to be written, in all connections.
    pub(super) pending: u64,
    pub(super) max_pending: u64,
}

impl<B> Context<B> {
    pub(super) fn new(registry: Registry, max_pending: u64) -> Self {
        Self {
            key: LaneKey::new(),
            keeper: Keeper::default(),
            registry,
            out: Completions::default(),
            overflow: VecDeque::new(),
            reader: Reader::default(),
            wheel: Wheel::default(),
            counters: Arc::default(),
            now: 0,
            ready: VecDeque::new(),
            waiting: Vec::new(),
            starved: false,
            unreported: Vec::new(),
            report_at: None,
            since_report: 0,
            pending: 0,
            max_pending,
        }
    }

    /// Whether one more read of `len` bytes, or accept, may be reported. If not, work stops until
    /// the batch is taken.
    pub(super) fn has_room(&mut self, len: usize) -> bool {
        let room = self.overflow.is_empty() && self.out.has_room(len);
        self.starved |= !room;
        room
    }

    /// Reports something that is not [`Kind::Data`].
    pub(super) fn emit(&mut self, kind: Kind, id: Id, a: u32, b: u32, acked: u32) {
        if !self.overflow.is_empty() || self.out.is_full() {
            self.overflow.push_back((kind, id, a, b, acked));
        } else {
            self.out.push(kind, 0, id, a, b, acked);
        }
    }

    /// Reports a connection with its addresses. There must be room.
    pub(super) fn emit_open(&mut self, kind: Kind, id: Id, a: u32, ends: Ends) {
        // At most MAX_DATA.
        let offset = self.out.data.len() as u32;
        put_address(&mut self.out.data, ends.peer, ends.is_unix);
        put_address(&mut self.out.data, ends.local, ends.is_unix);
        self.out.push(kind, 0, id, a, offset, 0);
    }

    /// Whether so much waits to be written that a connection must not add to it.
    pub(super) fn is_over(&self, connection: &Connection) -> bool {
        // Who has nothing waiting must not be closed for what others do not read.
        let pending = connection.pending() as u64;
        pending > connection.profile.max_pending || (pending > 0 && self.pending > self.max_pending)
    }

    /// Puts a connection on the list of those that have something to do.
    pub(super) fn schedule(&mut self, id: Id, connection: &mut Connection) {
        if !connection.has(Flag::Scheduled) {
            connection.set(Flag::Scheduled);
            self.ready.push_back(id.index);
        }
    }

    /// Puts a connection that found no room before all others, in the next turn: who has filled the
    /// batch must not fill the next as well.
    pub(super) fn wait_for_room(&mut self, id: Id, connection: &mut Connection) {
        if !connection.has(Flag::Scheduled) {
            connection.set(Flag::Scheduled);
            self.waiting.push(id.index);
        }
    }

    /// Puts those that found no room first, in their order.
    pub(super) fn seat_waiting(&mut self) {
        for index in self.waiting.drain(..).rev() {
            self.ready.push_front(index);
        }
    }

    /// Bytes of a connection were taken: some record has to say so.
    pub(super) fn took(&mut self, id: Id, connection: &mut Connection, count: usize) {
        self.pending -= count as u64;
        self.counters.bytes_written.add(count as u64);
        connection.acked += count as u64;
        self.since_report += count as u64;
        if self.since_report > self.max_pending / 8 {
            // The program counts these as pending, and must not run into its limit for it.
            self.since_report = 0;
            self.report_at = Some(self.now);
        }
        if !connection.has(Flag::Unreported) {
            connection.set(Flag::Unreported);
            self.unreported.push(id);
            if self.report_at.is_none() {
                self.report_at = Some(self.now + ACK_DELAY);
            }
        }
    }

    /// The connections whose bytes are to be reported now, if it is time.
    pub(super) fn take_unreported(&mut self) -> Vec<Id> {
        if self.report_at.is_some_and(|at| at <= self.now) {
            self.report_at = None;
            return std::mem::take(&mut self.unreported);
        }
        Vec::new()
    }

    /// Makes sure that the connection comes up at its next deadline, or before.
    pub(super) fn arm(&mut self, id: Id, connection: &mut Connection) {
        let Some(deadline) = connection.deadline() else {
            return;
        };
        let tick = deadline.div_ceil(TICK);
        if connection.timer == 0 || tick < connection.timer {
            connection.timer = self.wheel.insert(tick, id);
        }
    }

    /// When something is to be done although nothing happens.
    pub(super) fn deadline(&self) -> Option<u64> {
        let timer = self.wheel.next().map(|tick| tick * TICK);
        match (timer, self.report_at) {
            (Some(timer), Some(report)) => Some(timer.min(report)),
            (timer, report) => timer.or(report),
        }
    }

    /// Whether there is something that did not fit.
    pub(super) fn has_overflow(&self) -> bool {
        !self.overflow.is_empty()
    }

    /// The batch was taken: what did not fit comes into the next.
    pub(super) fn refill(&mut self) {
        self.starved = false;
        while self.out.len() < MAX_RECORDS
            && let Some((kind, id, a, b, acked)) = self.overflow.pop_front()
        {
            self.out.push(kind, 0, id, a, b, acked);
        }
    }
}

/// Both ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) peer: Option<std::net::SocketAddr>,
    pub(super) local: Option<std::net::SocketAddr>,
    pub(super) is_unix: bool,
}
