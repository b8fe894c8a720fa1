//! Writes, and attempts to connect, that go on when the call has returned: those of Windows' named
//! pipes alone. For all other streams these functions are nothing.

#[cfg(windows)]
use super::pipe::{EOF_DELAY, LINGERS_FOR};
use super::stream::Stream;
use crate::error::Result;

impl Stream {
    /// Whether a write is only begun when it returns, and an event tells that it is done. Nothing more
    /// can be written until then.
    #[inline]
    pub(super) fn writes_later(&self) -> bool {
        #[cfg(windows)]
        return matches!(self, Self::Pipe(_));
        #[cfg(not(windows))]
        false
    }

    /// Bytes of a write that is not done yet.
    #[inline]
    pub(super) fn in_flight(&self) -> usize {
        #[cfg(windows)]
        if let Self::Pipe(pipe) = self {
            return pipe.in_flight();
        }
        0
    }

    /// A write of so many bytes has begun.
    pub(super) fn sent(&mut self, count: usize) {
        #[cfg(windows)]
        if let Self::Pipe(pipe) = self {
            pipe.sent(count);
        }
        let _ = count;
    }

    /// No write is under way any more: how many bytes were.
    #[inline]
    pub(super) fn landed(&mut self) -> usize {
        #[cfg(windows)]
        if let Self::Pipe(pipe) = self {
            return pipe.landed();
        }
        0
    }

    /// An event tells that it is writable: whether it is so.
    #[inline]
    pub(super) fn is_writable_now(&mut self) -> bool {
        #[cfg(windows)]
        if let Self::Pipe(pipe) = self {
            return pipe.is_writable_now();
        }
        true
    }

    /// How many waits of the selector it takes after it was dropped until the peer learns of it.
    #[inline]
    pub(super) fn lingers_for(&self) -> u64 {
        #[cfg(windows)]
        if matches!(self, Self::Pipe(_)) {
            return LINGERS_FOR;
        }
        0
    }

    /// When to try again to connect, on the lane's clock.
    #[inline]
    pub(super) fn retry_at(&self) -> Option<u64> {
        #[cfg(windows)]
        if let Self::Pipe(pipe) = self {
            return pipe.retry_at();
        }
        None
    }

    /// Tries again to connect. Says whether there is something to watch now.
    pub(super) fn retry(&mut self, now: u64) -> Result<bool> {
        #[cfg(windows)]
        if let Self::Pipe(pipe) = self {
            return pipe.retry(now);
        }
        let _ = now;
        Ok(true)
    }

    /// How many milliseconds of silence are the end of whoever has ended, where no FIN can tell.
    #[inline]
    pub(super) fn silence(&self) -> Option<u64> {
        #[cfg(windows)]
        return matches!(self, Self::Pipe(_)).then_some(EOF_DELAY);
        #[cfg(not(windows))]
        None
    }
}
