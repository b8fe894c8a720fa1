//! Carrying out submissions.
//!
//! Writes are gathered first and sent at the end, so that what one submission writes to a connection
//! leaves in as few system calls as possible, straight from the submission's own bytes if nothing
//! waits before them.

use std::collections::VecDeque;

use super::command::Command;
use super::connection::{Cause, Connection, Fate, Flag};
use super::id::Id;
use super::keepalive::KeepAlive;
use super::machine::Machine;
use super::reader::Buffer;
use super::submission::{Request, Requests, Submissions};
use crate::error::Misuse;

impl<B: Buffer> Machine<B> {
    /// Carries out everything and leaves `submissions` empty, with its memory.
    pub(super) fn apply(&mut self, submissions: &mut Submissions<B>) {
        let Submissions {
            words,
            data,
            commands,
        } = submissions;
        self.apply_parts(words, data, commands);
        submissions.clear();
    }

    /// Carries out well-formed records, and the commands that they name.
    pub(super) fn apply_parts(
        &mut self,
        words: &[u32],
        data: &[u8],
        commands: &mut VecDeque<Command<B>>,
    ) {
        self.tick();
        for request in Requests::new(words, data).flatten() {
            match request {
                Request::Write(id, start, end) => self.write(id, data, (start, end)),
                Request::Broadcast { ids, payload } => {
                    for pair in words[ids.0..ids.1].as_chunks::<2>().0 {
                        let [index, generation] = *pair;
                        self.write(Id { index, generation }, data, payload);
                    }
                }
                Request::Command => {
                    if let Some(command) = commands.pop_front() {
                        self.command(command, data);
                    }
                }
                Request::CloseListener(index) => self.close_listener(index),
                request => self.apply_to_one(request, data),
            }
        }
        self.flush(data);
    }

    /// Writes much at once, straight from the program's memory.
    pub(super) fn write_now(&mut self, id: Id, bytes: &[u8]) {
        self.tick();
        self.write(id, bytes, (0, bytes.len()));
        self.flush(bytes);
    }

    /// Sends what was written.
    fn flush(&mut self, data: &[u8]) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for id in dirty.drain(..) {
            if let Some(connection) = self.table.get_mut(id) {
                connection.unset(Flag::Dirty);
                let fate = connection.flush(id, &mut self.context, data);
                self.settle(id, fate);
            }
        }
        self.dirty = dirty;
    }

    /// Whether the connection is there still; counts if not.
    fn exists(&mut self, id: Id) -> bool {
        let exists = self.table.get_mut(id).is_some();
        if !exists {
            self.context.counters.stale_submissions.add(1);
        }
        exists
    }

    /// Adds to what a connection has to write, unless too much waits already.
    fn write(&mut self, id: Id, data: &[u8], range: (usize, usize)) {
        if !self.may_write(id, data) {
            return;
        }
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        self.context.pending += (range.1 - range.0) as u64;
        if connection.loose.1 == range.0 && connection.loose.0 < connection.loose.1 {
            connection.loose.1 = range.1;
        } else {
            let (start, end) = std::mem::replace(&mut connection.loose, range);
            connection.queue.push(&data[start..end]);
        }
        touch(&mut self.dirty, id, connection);
    }

    /// As a write, of bytes that need not be copied.
    pub(super) fn write_owned(&mut self, id: Id, data: &[u8], bytes: Vec<u8>) {
        if !self.may_write(id, data) {
            return;
        }
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        self.context.pending += bytes.len() as u64;
        let (start, end) = std::mem::take(&mut connection.loose);
        connection.queue.push(&data[start..end]);
        connection.queue.push_owned(bytes);
        touch(&mut self.dirty, id, connection);
    }

    /// Whether a connection may be written to. One for which too many bytes wait already, even after
    /// the system was asked to take them, ends here.
    fn may_write(&mut self, id: Id, data: &[u8]) -> bool {
        if !self.exists(id) {
            return false;
        }
        let Some(connection) = self.table.get_mut(id) else {
            return false;
        };
        if connection.has(Flag::Finishing) {
            return false;
        }
        if !self.context.is_over(connection) {
            return true;
        }
        let fate = connection.flush(id, &mut self.context, data);
        if fate != Fate::Lives {
            self.settle(id, fate);
            return false;
        }
        if self.context.is_over(connection) {
            self.condemn(id);
            return false;
        }
        true
    }

    fn condemn(&mut self, id: Id) {
        self.context.counters.pending_limit.add(1);
        self.settle(id, Fate::Ends(Cause::misuse(Misuse::PendingLimit)));
    }

    fn apply_to_one(&mut self, request: Request, data: &[u8]) {
        let (Request::Shutdown(id)
        | Request::Close(id)
        | Request::Reset(id)
        | Request::Pause(id)
        | Request::Resume(id)
        | Request::WantDrain(id)
        | Request::Nodelay(id, _)
        | Request::Keepalive(id, ..)
        | Request::Timeout(id, _)
        | Request::Detach(id)
        | Request::Condemn(id)
        | Request::Destroy(id, _)) = request
        else {
            return;
        };
        if !self.exists(id) {
            return;
        }
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        let context = &mut self.context;
        match request {
            Request::Shutdown(_) => {
                connection.shutdown();
                touch(&mut self.dirty, id, connection);
            }
            Request::Close(_) if connection.has(Flag::Connecting) && connection.pending() == 0 => {
                self.settle(id, Fate::Ends(Cause::NONE));
            }
            Request::Close(_) => {
                connection.close(id, context);
                touch(&mut self.dirty, id, connection);
            }
            Request::Reset(_) => {
                connection.set_reset();
                self.settle(id, Fate::Ends(Cause::NONE));
            }
            Request::Pause(_) => {
                connection.set(Flag::Paused);
                if let Some(cause) = connection.failed
                    && connection.has(Flag::WantDrain)
                {
                    self.settle(id, Fate::Ends(cause));
                }
            }
            Request::Resume(_) => {
                connection.unset(Flag::Paused);
                context.schedule(id, connection);
                if connection.stream.silence().is_some() {
                    context.arm(id, connection);
                }
            }
            Request::WantDrain(_) => {
                if let Some(cause) = connection.failed
                    && connection.has(Flag::Paused)
                {
                    return self.settle(id, Fate::Ends(cause));
                }
                connection.set(Flag::WantDrain);
                touch(&mut self.dirty, id, connection);
            }
            // A socket that refuses an option is at its end, which reading will tell.
            Request::Nodelay(_, nodelay) => drop(connection.stream.set_nodelay(nodelay)),
            Request::Keepalive(_, on, start) => {
                let times = on.then(|| keepalive(&data[start..]));
                drop(connection.stream.set_keepalive(times.as_ref()));
            }
            Request::Timeout(_, timeout) => connection.set_timeout(id, context, timeout),
            Request::Detach(_) if !connection.stream.is_separable() => {
                self.settle(id, Fate::Ends(Cause::misuse(Misuse::Unsupported)));
            }
            Request::Detach(_) => {
                if let Some(cause) = connection.failed {
                    return self.settle(id, Fate::Ends(cause));
                }
                connection.set(Flag::Paused);
                connection.set(Flag::Detaching);
                touch(&mut self.dirty, id, connection);
            }
            Request::Condemn(_) => self.condemn(id),
            Request::Destroy(_, droppable) => {
                let fate = connection.destroy(id, context, data, droppable);
                self.settle(id, fate);
            }
            _ => {}
        }
    }
}

/// Has the connection flushed at the end of the submission.
fn touch(dirty: &mut Vec<Id>, id: Id, connection: &mut Connection) {
    if !connection.has(Flag::Dirty) {
        connection.set(Flag::Dirty);
        dirty.push(id);
    }
}

fn keepalive(payload: &[u8]) -> KeepAlive {
    let number = |at: usize| {
        payload
            .get(at..at + 4)
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, u32::from_le_bytes)
    };
    KeepAlive {
        delay: number(0),
        interval: number(4),
        count: number(8),
    }
}
