//! Writing, and what follows when everything is written.

use std::io;

use super::{Cause, Connection, Fate, Flag};
use crate::engine::completion::{Kind, Syscall};
use crate::engine::context::Context;
use crate::engine::id::Id;
use crate::engine::queue::Flush;
use crate::engine::submission::EVERYTHING;

impl Connection {
    /// Writes what is queued, and then what is loose in `data`.
    pub(in crate::engine) fn flush<B>(
        &mut self,
        id: Id,
        context: &mut Context<B>,
        data: &[u8],
    ) -> Fate {
        if self.has(Flag::Writable) {
            self.landed(id, context);
        }
        let (start, end) = std::mem::take(&mut self.loose);
        let mut loose = &data[start..end];
        let is_connected = !self.has(Flag::Connecting);
        let can_write = self.has(Flag::Writable) && is_connected;
        if self.failed.is_some() {
            context.pending -= loose.len() as u64;
            return Fate::Lives;
        }
        // The usual case: nothing waits, and the system takes all of it.
        if self.queue.is_empty() && can_write && !loose.is_empty() {
            match self.stream.write(loose) {
                Ok(count) => {
                    self.wrote(id, context, count);
                    loose = &loose[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if let Err(error) = self.block(id, context) {
                        context.pending -= loose.len() as u64;
                        return self.fail(id, context, error);
                    }
                }
                Err(error) => {
                    context.pending -= loose.len() as u64;
                    return self.fail(id, context, error);
                }
            }
        }
        self.queue.push(loose);
        if !self.queue.is_empty() && self.has(Flag::Writable) && can_write {
            let (count, outcome) = self.queue.flush(&self.stream);
            if count > 0 {
                self.wrote(id, context, count);
            }
            match outcome {
                Ok(Flush::Empty) => {}
                Ok(Flush::Blocked) => {
                    if let Err(error) = self.block(id, context) {
                        return self.fail(id, context, error);
                    }
                }
                Ok(Flush::Unfinished) => context.schedule(id, self),
                Err(error) => return self.fail(id, context, error),
            }
        }
        if self.queue.is_empty() && is_connected && self.has(Flag::Writable) {
            return self.written(id, context);
        }
        Fate::Lives
    }

    /// What was under way is with the system.
    fn landed<B>(&mut self, id: Id, context: &mut Context<B>) {
        let count = self.stream.landed();
        if count > 0 {
            self.taken(id, context, count);
        }
    }

    /// The system takes no more for now, and shall say when it does.
    fn block<B>(&mut self, id: Id, context: &mut Context<B>) -> io::Result<()> {
        self.unset(Flag::Writable);
        if self.has(Flag::WatchesWrite) {
            return Ok(());
        }
        self.stream.reregister(&context.registry, id.token())?;
        self.set(Flag::WatchesWrite);
        Ok(())
    }

    pub(super) fn wrote<B>(&mut self, id: Id, context: &mut Context<B>, count: usize) {
        if self.stream.writes_later() {
            self.stream.sent(count);
            self.unset(Flag::Writable);
        } else {
            self.taken(id, context, count);
        }
    }

    fn taken<B>(&mut self, id: Id, context: &mut Context<B>, count: usize) {
        self.progress_at = context.now;
        self.touch(id, context);
        context.took(id, self, count);
    }

    /// Everything is with the system.
    pub(super) fn written<B>(&mut self, id: Id, context: &mut Context<B>) -> Fate {
        if self.has(Flag::LetGo) {
            return Fate::Goes;
        }
        if self.has(Flag::WantDrain) {
            self.unset(Flag::WantDrain);
            self.emit(id, context, Kind::Drained);
        }
        if self.has(Flag::Finishing) && !self.has(Flag::Finished) {
            self.set(Flag::Finished);
            if self.has(Flag::Ended) && !self.has(Flag::Detaching) {
                // Closing sends the FIN.
                return Fate::Ends(Cause::NONE);
            }
            if let Err(error) = self.stream.shutdown_write()
                && error.kind() != io::ErrorKind::NotConnected
            {
                return self.fail(id, context, error);
            }
            if self.stream.silence().is_some() {
                if self.has(Flag::Closing) {
                    // The peer would not learn in any other way, and can read all of it still.
                    return Fate::Ends(Cause::NONE);
                }
                self.active_at = context.now;
                context.arm(id, self);
            }
        }
        if self.has(Flag::Detaching) {
            return Fate::Leaves;
        }
        Fate::Lives
    }

    /// A write failed. What has arrived before is still the program's, when it reads again.
    pub(super) fn fail<B>(&mut self, id: Id, context: &mut Context<B>, error: io::Error) -> Fate {
        let cause = self.cause(error, Syscall::Write);
        context.pending -= (self.queue.len() + self.stream.landed()) as u64;
        self.queue.clear();
        // Who waits for `drain` before it reads again would wait for ever.
        let waits = self.has(Flag::Paused) && self.has(Flag::WantDrain);
        if waits || self.has(Flag::Detaching) || self.has(Flag::Ended) || self.has(Flag::Closing) {
            return Fate::Ends(cause);
        }
        self.failed = Some(cause);
        self.set(Flag::Readable);
        context.schedule(id, self);
        Fate::Lives
    }

    /// Nothing more will be asked or told: has the system take what it takes without waiting. The
    /// rest is dropped, but for what is before its last `droppable` bytes: that is still written, as
    /// long as a close would wait for it.
    pub(in crate::engine) fn destroy<B>(
        &mut self,
        id: Id,
        context: &mut Context<B>,
        data: &[u8],
        droppable: u32,
    ) -> Fate {
        self.unset(Flag::WantDrain);
        self.unset(Flag::Detaching);
        if self.pending() == 0 || (self.has(Flag::Connecting) && self.connected() != Ok(true)) {
            return Fate::Goes;
        }
        // There may be room, or a connection, of which no event has told yet.
        self.unset(Flag::Connecting);
        if self.stream.in_flight() == 0 {
            self.set(Flag::Writable);
        }
        let mut fate = self.flush(id, context, data);
        while fate == Fate::Lives && self.has(Flag::Writable) && !self.queue.is_empty() {
            fate = self.flush(id, context, data);
        }
        let kept = self.pending().saturating_sub(droppable as usize);
        if fate != Fate::Lives || kept == 0 || droppable == EVERYTHING {
            return Fate::Goes;
        }
        let queued = kept.saturating_sub(self.stream.in_flight());
        context.pending -= (self.queue.len() - queued) as u64;
        self.queue.truncate(queued);
        if !self.has(Flag::Closing) {
            self.close(id, context);
        }
        self.set(Flag::LetGo);
        Fate::Lives
    }

    /// A FIN shall follow what is queued.
    pub(in crate::engine) fn shutdown(&mut self) {
        self.set(Flag::Finishing);
    }
}
