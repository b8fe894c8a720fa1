//! What waits for the selector of a lane that is inline, and for its next deadline.
//!
//! Where libuv is, it watches the descriptor and has a timer. Elsewhere the selector is lent to a
//! thread that waits in it; that thread knows the deadline of the moment when it got the selector,
//! and is interrupted when an earlier one comes up.

use std::time::{Duration, Instant};

use mio_js_core::engine::{Io, Lane};
use mio_js_core::{Result, Waiter};

use super::Tag;
use super::bell::{Bell, Kind};
#[cfg(unix)]
use super::{deliver, end_lane};
use crate::ffi::{Call, Donated};
#[cfg(unix)]
use crate::wake::libuv::{Calls, UvPoll, UvTimer};

/// What waits, if anything does.
#[derive(Debug)]
enum Means {
    /// The lane is never inline.
    Nothing,
    #[cfg(unix)]
    Uv {
        poll: UvPoll,
        timer: UvTimer,
    },
    Thread {
        waiter: Waiter,
        is_lent: bool,
    },
}

/// Waits for one lane, whenever it is inline.
#[derive(Debug)]
pub(super) struct Watch {
    means: Means,
    /// The moment for which the timer, or the thread, is set.
    armed: Option<Instant>,
}

impl Watch {
    pub(super) fn new(
        call: &Call<'_>,
        io: Io,
        kind: Kind,
        lane: &Lane<Donated>,
        bell: &Bell,
        tag: Tag,
    ) -> Result<Self> {
        let means = match kind {
            _ if io == Io::Thread => Means::Nothing,
            #[cfg(unix)]
            Kind::Uv => {
                let (env, state, tag) = (call.env(), call.state(), tag.bits());
                let calls = |ready| Calls {
                    ready,
                    end: end_lane,
                };
                let watched = lane.watched_raw();
                Means::Uv {
                    poll: UvPoll::new(env, state, watched, tag, calls(deliver::ready))?,
                    timer: UvTimer::new(env, state, tag, calls(deliver::over))?,
                }
            }
            Kind::Portable | Kind::Turns => {
                let _ = (call, lane, tag);
                Means::Thread {
                    waiter: Waiter::spawn(bell.sender())?,
                    is_lent: false,
                }
            }
        };
        Ok(Self { means, armed: None })
    }

    /// The timer has called.
    #[cfg(unix)]
    pub(super) fn is_over(&mut self) {
        self.armed = None;
    }

    /// Whether the lane is without its selector now.
    pub(super) fn is_lent(&self) -> bool {
        matches!(self.means, Means::Thread { is_lent: true, .. })
    }

    /// The lane's turn, if it is inline and has its selector, or could have it.
    pub(super) fn turn(&mut self, lane: &mut Lane<Donated>) -> Result<()> {
        if let Means::Thread { waiter, is_lent } = &mut self.means
            && *is_lent
        {
            let Some((driver, outcome)) = waiter.collect() else {
                // It still waits: this is about what the program asked for.
                return Ok(());
            };
            *is_lent = false;
            self.armed = None;
            return lane.put_back(driver, outcome);
        }
        lane.turn()
    }

    /// Begins to wait if the lane is inline, ends it if not.
    pub(super) fn follow(&mut self, lane: &mut Lane<Donated>) -> Result<()> {
        let is_inline = lane.is_inline();
        match &mut self.means {
            Means::Nothing => return Ok(()),
            #[cfg(unix)]
            Means::Uv { poll, .. } if is_inline => poll.start()?,
            #[cfg(unix)]
            Means::Uv { poll, timer } => {
                poll.stop();
                timer.stop();
            }
            Means::Thread { waiter, is_lent } if is_inline && !*is_lent => {
                self.armed = lane.delay().and_then(after);
                waiter.start(lane.lend()?);
                *is_lent = true;
            }
            Means::Thread { .. } => {}
        }
        if is_inline {
            return self.arm(lane);
        }
        self.armed = None;
        Ok(())
    }

    /// Sees to it that the lane turns at its next deadline, or before.
    pub(super) fn arm(&mut self, lane: &Lane<Donated>) -> Result<()> {
        let Some(delay) = lane.delay() else {
            return Ok(());
        };
        let deadline = after(delay);
        if self.armed.is_some() && self.armed <= deadline {
            return Ok(());
        }
        match &self.means {
            Means::Nothing => {}
            #[cfg(unix)]
            Means::Uv { timer, .. } => timer.start(delay)?,
            Means::Thread { .. } if self.is_lent() => lane.interrupt(),
            Means::Thread { .. } => {}
        }
        self.armed = deadline;
        Ok(())
    }

    /// Ends it for good, while the selector is still there.
    pub(super) fn end(&mut self, lane: &Lane<Donated>) {
        if let Means::Thread { waiter, is_lent } = &mut self.means
            && std::mem::take(is_lent)
        {
            // Dropping the waiter would wait for its wait.
            drop(waiter.cancel(|| lane.interrupt()));
        }
        self.means = Means::Nothing;
    }
}

/// `None` for a moment that is too far away to be one.
fn after(delay: Duration) -> Option<Instant> {
    Instant::now().checked_add(delay)
}
