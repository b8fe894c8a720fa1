//! The state machine: submissions in, completions out.
//!
//! It knows no threads and no JavaScript, and never waits but in [`Machine::select`]. Whoever drives
//! it applies submissions, selects, and works; in any order, from any thread, as long as it is one at
//! a time. What a turn could not finish (a budget was used up) it does in the next, without an event.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::accept::Acceptance;
use super::command::Command;
use super::completion::{ADDRESS, Completions, Kind};
use super::connection::{Cause, Connection, Fate, Flag};
use super::context::Context;
use super::counters::Counters;
use super::id::{Id, Subject, WAKER_TOKEN, subject};
use super::listener::Listener;
use super::owned::LaneKey;
use super::reader::Buffer;
use super::retiring::Retiring;
use super::table::Table;
use super::timer::TICK;
use crate::error::{Misuse, Result};
use crate::poller::Driver;

/// Events of one wait.
const EVENTS: usize = 1024;

/// What bounds a whole lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that may wait to be written, in all connections: a write beyond it closes its one.
    pub max_pending: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pending: 256 * 1024 * 1024,
        }
    }
}

/// One selector, and everything that is watched by it.
#[derive(Debug)]
pub(super) struct Machine<B> {
    // First, as they are to be dropped before the selector, which ends what they leave behind.
    pub(super) table: Table<Connection>,
    pub(super) listeners: Vec<Option<Listener<B>>>,
    pub(super) acceptance: Acceptance,
    driver: Option<Driver>,
    waker: Arc<mio::Waker>,
    start: Instant,
    pub(super) context: Context<B>,
    /// What was closed here, and is not yet where the selector has to be waited for first.
    pub(super) retiring: Vec<Retiring>,
    /// Connections that were written to in the submission that is being applied.
    pub(super) dirty: Vec<Id>,
    due: Vec<(u64, Id)>,
}

impl<B: Buffer> Machine<B> {
    /// Errors: EMFILE and others, when there is no selector to be had.
    pub(super) fn new(limits: Limits) -> Result<Self> {
        let poll = mio::Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Arc::new(mio::Waker::new(&registry, WAKER_TOKEN)?);
        let events = mio::Events::with_capacity(EVENTS);
        Ok(Self {
            driver: Some(Driver {
                poll,
                events,
                timeout: None,
            }),
            waker,
            start: Instant::now(),
            context: Context::new(registry, limits.max_pending),
            table: Table::default(),
            listeners: Vec::new(),
            acceptance: Acceptance::default(),
            retiring: Vec::new(),
            dirty: Vec::new(),
            due: Vec::new(),
        })
    }

    /// What makes [`Machine::select`] return, from any thread.
    pub(super) fn waker(&self) -> &Arc<mio::Waker> {
        &self.waker
    }

    /// What happened so far.
    pub(super) fn counters(&self) -> &Arc<Counters> {
        &self.context.counters
    }

    /// Which lane this is, where sockets are looked up.
    pub(super) fn key(&self) -> LaneKey {
        self.context.key
    }

    /// The selector, for those who watch it, or something by it.
    pub(super) fn registry(&self) -> &mio::Registry {
        &self.context.registry
    }

    /// Waits for events, for at most `timeout`, and not at all if there is something to do anyway.
    /// Says whether there were any. Hides EINTR.
    pub(super) fn select(&mut self, timeout: Option<Duration>) -> Result<bool> {
        let mut driver = self.driver.take().ok_or(Misuse::Busy)?;
        let timeout = self.wait(timeout);
        let outcome = driver.poll.poll(&mut driver.events, timeout);
        self.put_back(driver, outcome)
    }

    /// Gives the selector away, for a wait in another thread: until there is something to do.
    pub(super) fn lend(&mut self) -> Result<Driver> {
        let mut driver = self.driver.take().ok_or(Misuse::Busy)?;
        driver.timeout = self.delay();
        Ok(driver)
    }

    /// Takes the selector back, with what its wait brought.
    pub(super) fn put_back(&mut self, driver: Driver, outcome: io::Result<()>) -> Result<bool> {
        self.context.counters.polls.add(1);
        self.tick();
        self.note_wait();
        let result = match outcome {
            Ok(()) => {
                for event in &driver.events {
                    self.note(event);
                }
                Ok(!driver.events.is_empty())
            }
            Err(error) if is_interrupt(&error) => Ok(false),
            Err(error) => Err(error.into()),
        };
        self.driver = Some(driver);
        result
    }

    /// Remembers what an event says; acts on nothing yet.
    fn note(&mut self, event: &mio::event::Event) {
        match subject(event.token()) {
            Subject::Waker => {}
            Subject::Listener(index) => {
                if let Some(Some(listener)) = self.listeners.get_mut(index as usize) {
                    listener.ready = true;
                    self.acceptance.wanted = true;
                }
            }
            Subject::Connection(index) => {
                let Some((id, connection)) = self.table.by_index(index) else {
                    return;
                };
                let hint = event.is_read_closed() || event.is_error() || event.is_priority();
                if event.is_readable() || hint {
                    connection.set(Flag::Readable);
                }
                if hint {
                    connection.set(Flag::Hint);
                }
                let is_writable =
                    event.is_writable() || event.is_write_closed() || event.is_error();
                if is_writable && connection.stream.is_writable_now() {
                    connection.set(Flag::Writable);
                }
                self.context.schedule(id, connection);
            }
        }
    }

    /// Does what the events, the deadlines and the turns before left to do.
    pub(super) fn work(&mut self) {
        self.context.counters.turns.add(1);
        self.look_again();
        self.accept();
        // What is scheduled from here on waits for the next turn, so that all get theirs.
        for _ in 0..self.context.ready.len() {
            let Some(index) = self.context.ready.pop_front() else {
                break;
            };
            self.serve(index);
        }
        self.context.seat_waiting();
        // After what has arrived.
        self.expire();
        self.report();
        self.context
            .counters
            .pending_bytes
            .set(self.context.pending);
    }

    /// Has what arrived meanwhile come before a deadline that is over: since the selector was asked,
    /// the thread may have been busy for longer than that, or the process stopped.
    fn look_again(&mut self) {
        let tick = self.context.now / TICK;
        if self.context.wheel.next().is_none_or(|next| next > tick) {
            return;
        }
        let Some(mut driver) = self.driver.take() else {
            return;
        };
        // What fails here does so in the next wait as well, and is told there.
        if driver
            .poll
            .poll(&mut driver.events, Some(Duration::ZERO))
            .is_ok()
        {
            for event in &driver.events {
                self.note(event);
            }
        }
        self.driver = Some(driver);
    }

    fn serve(&mut self, index: u32) {
        let Some((id, connection)) = self.table.by_index(index) else {
            return;
        };
        connection.unset(Flag::Scheduled);
        let context = &mut self.context;
        if connection.has(Flag::Connecting) && connection.has(Flag::Writable) {
            if !context.has_room(2 * ADDRESS) {
                context.schedule(id, connection);
                return;
            }
            match connection.connected() {
                Ok(false) => return,
                Ok(true) => {
                    connection.opened(id, context);
                    let ends = connection.ends();
                    context.counters.connected.add(1);
                    context.emit_open(Kind::Connected, id, 0, ends);
                }
                Err(cause) => return self.settle(id, Fate::Ends(cause)),
            }
        }
        let mut fate = connection.read(id, context);
        if fate == Fate::Lives && connection.has(Flag::Writable) {
            fate = connection.flush(id, context, &[]);
        }
        self.settle(id, fate);
    }

    /// Lets what came of a connection take effect.
    pub(super) fn settle(&mut self, id: Id, fate: Fate) {
        match fate {
            Fate::Lives => {}
            Fate::Ends(cause) => self.end(id, cause, true),
            Fate::Goes => self.end(id, Cause::NONE, false),
            Fate::Leaves => self.leave(id),
        }
    }

    fn remove(&mut self, id: Id) -> Option<Connection> {
        let mut connection = self.table.remove(id)?;
        let pending = connection.pending() as u64;
        connection.loses_bytes = pending > 0;
        self.context.pending -= pending;
        self.context.counters.closed.add(1);
        // Before it is closed: a descriptor that was duplicated would go on to report.
        drop(connection.stream.deregister(&self.context.registry));
        if let Some(server) = &connection.server {
            server.leave();
        }
        Some(connection)
    }

    /// `resets`: if it loses bytes, so that the peer does not take what it got for all there was.
    fn end(&mut self, id: Id, cause: Cause, resets: bool) {
        let Some(mut connection) = self.remove(id) else {
            return;
        };
        if cause != Cause::NONE {
            self.context.counters.errors.add(1);
        }
        if resets && connection.loses_bytes {
            connection.set_reset();
        }
        let acked = connection.take_acked();
        let waits = connection.stream.lingers_for();
        drop(connection);
        self.retire(waits, Kind::Closed, id, cause, acked);
    }

    fn leave(&mut self, id: Id) {
        let Some(mut connection) = self.remove(id) else {
            return;
        };
        let acked = connection.take_acked();
        // A named pipe is never asked to leave.
        let raw = connection.stream.into_raw();
        if let Some(raw) = raw {
            self.context.keeper.lend(raw);
        }
        // The type's width differs between systems.
        #[allow(clippy::unnecessary_cast, reason = "u64 on Windows")]
        let raw = raw.unwrap_or_default() as u64;
        let (low, high) = (raw as u32, (raw >> 32) as u32);
        self.context.emit(Kind::Detached, id, low, high, acked);
    }

    /// Carries out a command, in the middle of the submission with these bytes.
    pub(super) fn command(&mut self, command: Command<B>, data: &[u8]) {
        match command {
            Command::Listen(listen) => self.listen(listen),
            Command::Connect {
                id,
                socket,
                target,
                local,
                options,
                profile,
            } => self.connect(id, socket, &target, local, &options, profile),
            Command::Adopt {
                id,
                stream,
                profile,
            } => self.adopt(id, stream, profile),
            Command::Deal(dealt) => self.acceptance.dealt.push_back(dealt),
            Command::Write { id, bytes } => self.write_owned(id, data, bytes),
            Command::Donate(buffer) => self.context.reader.donate(buffer),
        }
    }

    fn expire(&mut self) {
        let mut due = std::mem::take(&mut self.due);
        self.context
            .wheel
            .advance(self.context.now / TICK, &mut due);
        for (tick, id) in due.drain(..) {
            let Some(connection) = self.table.get_mut(id) else {
                continue;
            };
            // An earlier deadline has replaced this entry.
            if connection.timer != tick {
                continue;
            }
            connection.timer = 0;
            let fate = connection.expire(id, &mut self.context);
            self.settle(id, fate);
        }
        self.due = due;
    }

    /// Says which bytes the system took, where no other record has.
    fn report(&mut self) {
        for id in self.context.take_unreported() {
            if let Some(connection) = self.table.get_mut(id) {
                connection.unset(Flag::Unreported);
                if connection.acked > 0 {
                    connection.emit(id, &mut self.context, Kind::Wrote);
                }
            }
        }
    }

    /// Brings the clock up to date.
    pub(super) fn tick(&mut self) {
        self.context.now = self.start.elapsed().as_millis() as u64;
    }

    /// Whether there is something to do although nothing happens.
    pub(super) fn has_work(&self) -> bool {
        let has_some = !self.context.ready.is_empty() || self.acceptance.can_go_on();
        (has_some && !self.context.starved) || !self.retiring.is_empty()
    }

    /// How long until there is something to do although nothing happens; `None`: for ever.
    pub(super) fn delay(&self) -> Option<Duration> {
        if self.has_work() {
            return Some(Duration::ZERO);
        }
        let deadline = match (self.context.deadline(), self.acceptance.retry_at()) {
            (Some(timer), Some(accept)) => timer.min(accept),
            (timer, accept) => timer.or(accept)?,
        };
        let deadline = self.start + Duration::from_millis(deadline);
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    fn wait(&self, timeout: Option<Duration>) -> Option<Duration> {
        match (timeout, self.delay()) {
            (Some(timeout), Some(delay)) => Some(timeout.min(delay)),
            (timeout, delay) => timeout.or(delay),
        }
    }

    /// What there is to tell.
    pub(super) fn out(&mut self) -> &mut Completions<B> {
        &mut self.context.out
    }

    /// The batch was handed over, and what waited for room may go on. `alone`: the program has
    /// taken everything that was handed over before.
    pub(super) fn taken(&mut self, alone: bool) {
        // Ends that wait for room, or for the selector, are no part of what was handed over.
        let is_complete = !self.context.has_overflow() && self.retiring.is_empty();
        self.table.handed_over(alone, is_complete);
        self.context.refill();
    }
}

fn is_interrupt(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}
