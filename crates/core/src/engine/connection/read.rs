//! Reading, and what it says about the peer.

use std::io;

use super::{Cause, Connection, Fate, Flag, take_acked};
use crate::engine::completion::{Kind, Syscall};
use crate::engine::context::Context;
use crate::engine::id::Id;
use crate::engine::reader::{BUFFER, Buffer};

/// Reads of one connection in one turn.
const READS: usize = 32;
/// Received bytes alone count as progress only this many at a time: see [`Connection::received`].
const PROGRESS: u32 = 64;
/// On epoll and kqueue what arrives after a short read is a new event. Elsewhere only a read that
/// would have blocked asks for one.
const SHORT_READ_DRAINS: bool = cfg!(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
));

impl Connection {
    /// Reads what there is, within the budgets.
    pub(in crate::engine) fn read<B: Buffer>(&mut self, id: Id, context: &mut Context<B>) -> Fate {
        let drop_input = self.has(Flag::Closing);
        let waits = self.has(Flag::Connecting) || (self.has(Flag::Paused) && !drop_input);
        if waits || self.has(Flag::Ended) || !self.has(Flag::Readable) {
            return Fate::Lives;
        }
        let mut budget = self.profile.read_budget as usize;
        for reads in 0..READS {
            // However small the budget is, something is read.
            if budget == 0 && reads > 0 {
                break;
            }
            let outcome = if drop_input {
                context.reader.discard(&self.stream)
            } else if context.has_room(BUFFER) {
                let Context { reader, out, .. } = context;
                reader.read(&self.stream, out, id, || take_acked(&mut self.acked))
            } else {
                if reads == 0 {
                    context.wait_for_room(id, self);
                } else {
                    context.schedule(id, self);
                }
                return Fate::Lives;
            };
            match outcome {
                Ok(0) => return self.ended(id, context),
                Ok(count) => {
                    self.received(id, context, count);
                    budget = budget.saturating_sub(count);
                    if count < BUFFER && self.short_read_drains() {
                        return self.drained(id, context);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if reads == 0 {
                        context.counters.spurious_events.add(1);
                    }
                    return self.drained(id, context);
                }
                Err(error) => return Fate::Ends(self.cause(error, Syscall::Read)),
            }
        }
        context.counters.budget_hits.add(1);
        context.schedule(id, self);
        Fate::Lives
    }

    /// Whether a read that did not fill the buffer has taken everything: what arrives later is a new
    /// event then.
    fn short_read_drains(&self) -> bool {
        // A read of a Unix socket ends where descriptors were sent along.
        SHORT_READ_DRAINS && !self.has(Flag::Hint) && !self.stream.is_unix()
    }

    /// Nothing is left to read for now.
    pub(super) fn drained<B>(&mut self, id: Id, context: &mut Context<B>) -> Fate {
        self.unset(Flag::Readable);
        if self.stream.silence().is_some() {
            context.arm(id, self);
        }
        self.failed.map_or(Fate::Lives, Fate::Ends)
    }

    pub(super) fn ended<B>(&mut self, id: Id, context: &mut Context<B>) -> Fate {
        self.set(Flag::Ended);
        self.unset(Flag::Readable);
        if let Some(cause) = self.failed {
            return Fate::Ends(cause);
        }
        if !self.has(Flag::Closing) {
            self.touch(id, context);
            self.emit(id, context, Kind::End);
        }
        if self.has(Flag::Finished) {
            return Fate::Ends(Cause::NONE);
        }
        Fate::Lives
    }

    /// Bytes were read. They alone count as progress only 64 at a time, so that a peer that sends
    /// one now and then, to hold its place, is found idle all the same; what the program answers
    /// counts always.
    pub(super) fn received<B>(&mut self, id: Id, context: &mut Context<B>, count: usize) {
        self.unset(Flag::Silent);
        self.trickle = self.trickle.saturating_add(count as u32);
        if self.trickle >= PROGRESS {
            self.trickle = 0;
            self.progress_at = context.now;
        }
        context.counters.bytes_read.add(count as u64);
        self.touch(id, context);
    }

    pub(super) fn touch<B>(&mut self, id: Id, context: &mut Context<B>) {
        self.active_at = context.now;
        if self.has(Flag::TimedOut) {
            self.unset(Flag::TimedOut);
            context.arm(id, self);
        }
    }
}
