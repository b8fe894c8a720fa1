//! What happens although nothing happens.

use std::io;

#[cfg(unix)]
use libc::ETIMEDOUT;
#[cfg(windows)]
use windows_sys::Win32::Networking::WinSock::WSAETIMEDOUT as ETIMEDOUT;

use super::{Cause, Connection, Fate, Flag};
use crate::engine::completion::{Kind, Syscall};
use crate::engine::context::Context;
use crate::engine::id::Id;
use crate::error::Misuse;

impl Connection {
    /// The program wants to be told when nothing happens for so many milliseconds.
    pub(in crate::engine) fn set_timeout<B>(
        &mut self,
        id: Id,
        context: &mut Context<B>,
        timeout: u32,
    ) {
        self.timeout = timeout;
        self.active_at = context.now;
        self.unset(Flag::TimedOut);
        context.arm(id, self);
    }

    /// Whether the peer has not sent anything. What a paused connection has not read counts.
    fn is_silent(&self) -> bool {
        let may_have_some = self.has(Flag::Paused) && self.has(Flag::Readable);
        self.has(Flag::Silent) && !may_have_some
    }

    /// When something is to be done although nothing happens.
    pub(in crate::engine) fn deadline(&self) -> Option<u64> {
        let after = |since, time| (time > 0).then(|| due(since, time));
        let profile = &self.profile;
        let candidates = if self.has(Flag::Closing) {
            [Some(self.linger_until), None, None, None]
        } else {
            [
                self.end_of_silence(),
                after(self.progress_at, profile.idle_timeout),
                self.is_silent()
                    .then(|| after(self.opened_at, profile.first_byte_timeout))
                    .flatten(),
                (!self.has(Flag::TimedOut) && !self.has(Flag::Connecting))
                    .then(|| after(self.active_at, self.timeout.into()))
                    .flatten(),
            ]
        };
        let retry = self.stream.retry_at();
        candidates.into_iter().chain([retry]).flatten().min()
    }

    /// When the peer counts as ended, as we have: see [`Stream::silence`]. What is not read may be
    /// anything.
    ///
    /// [`Stream::silence`]: crate::engine::stream::Stream::silence
    fn end_of_silence(&self) -> Option<u64> {
        let silence = self.stream.silence()?;
        let is_due = self.has(Flag::Finished)
            && ![Flag::Ended, Flag::Paused, Flag::Readable]
                .into_iter()
                .any(|flag| self.has(flag));
        is_due.then(|| self.active_at.saturating_add(silence))
    }

    /// A deadline came up, perhaps too early.
    pub(in crate::engine) fn expire<B>(&mut self, id: Id, context: &mut Context<B>) -> Fate {
        // What has arrived for it counts first; it has its turn when there is room.
        if self.has(Flag::Scheduled) && !self.has(Flag::Closing) {
            context.arm(id, self);
            return Fate::Lives;
        }
        let now = context.now;
        let over = |since, time| time > 0 && due(since, time) <= now;
        if self.stream.retry_at().is_some_and(|at| at <= now)
            && let Err(cause) = self.retry(id, context)
        {
            return Fate::Ends(cause);
        }
        if self.end_of_silence().is_some_and(|at| at <= now) && !self.has(Flag::Closing) {
            return self.ended(id, context);
        }
        let counters = &context.counters;
        if self.has(Flag::Closing) {
            if self.linger_until <= now {
                counters.linger_timeouts.add(1);
                if self.queue.is_empty() {
                    return Fate::Ends(Cause::NONE);
                }
                return Fate::Ends(Cause::io(timed_out(), Syscall::Write));
            }
        } else if self.is_silent() && over(self.opened_at, self.profile.first_byte_timeout) {
            counters.first_byte_timeouts.add(1);
            return Fate::Ends(Cause::misuse(Misuse::FirstByteTimeout));
        } else if over(self.progress_at, self.profile.idle_timeout) {
            counters.idle_timeouts.add(1);
            return Fate::Ends(Cause::misuse(Misuse::IdleTimeout));
        } else if over(self.active_at, self.timeout.into())
            && !self.has(Flag::TimedOut)
            && !self.has(Flag::Connecting)
        {
            self.set(Flag::TimedOut);
            self.emit(id, context, Kind::Timeout);
        }
        context.arm(id, self);
        Fate::Lives
    }
}

/// When a time is over for certain: the millisecond that it began in had begun before.
fn due(since: u64, time: u64) -> u64 {
    since.saturating_add(time).saturating_add(1)
}

fn timed_out() -> io::Error {
    io::Error::from_raw_os_error(ETIMEDOUT)
}
