//! The fast wake-up: libuv watches the selector's descriptor.
//!
//! Watching is level-triggered and stays on between two waits, as a program that polls in a loop
//! would otherwise pay two system calls for each batch. When the descriptor turns readable and
//! nobody waits, watching stops.

use mio_js_core::{Handle, Result};

use super::Wake;
use super::libuv::{Calls, UvPoll};
use crate::env::Environment;
use crate::ffi::{Call, Callback};

/// The handle of libuv, and the callback of the wait that is going on.
#[derive(Debug)]
pub(crate) struct UvWake {
    callback: Option<Callback>,
    poll: UvPoll,
}

impl UvWake {
    pub(super) fn new(call: &Call<'_>, poller: Handle) -> Result<Self> {
        let state = call.state();
        let descriptor = state.mirror()?.poller(poller)?.watched_raw();
        let calls = Calls { ready, end };
        Ok(Self {
            callback: None,
            poll: UvPoll::new(call.env(), state, descriptor, poller.bits(), calls)?,
        })
    }

    /// Calls `callback` once, when the descriptor is readable, and keeps the loop alive until then.
    pub(super) fn start(&mut self, callback: Callback) -> Result<()> {
        self.poll.start()?;
        self.poll.keep_alive(true);
        self.callback = Some(callback);
        Ok(())
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.callback.is_some()
    }

    /// Forgets the wait. Watching goes on until the descriptor turns readable.
    pub(super) fn stop(&mut self) {
        if self.callback.take().is_some() {
            self.poll.keep_alive(false);
        }
    }

    /// The descriptor is readable: the callback to call, if somebody waits.
    fn finish(&mut self) -> Option<Callback> {
        let callback = self.callback.take();
        if callback.is_some() {
            self.poll.keep_alive(false);
        } else {
            self.poll.stop();
        }
        callback
    }
}

/// The descriptor is readable, or `status` says why that cannot be known.
fn ready(state: &Environment, poller: u64, status: i32) {
    let poller = Handle::from_bits(poller);
    let callback = match state
        .wakes()
        .ok()
        .as_mut()
        .and_then(|wakes| wakes.get_mut(&poller))
    {
        Some(Wake::Uv(wake)) => wake.finish(),
        _ => None,
    };
    // Nothing is borrowed any more: the callback polls.
    if let Some(callback) = callback {
        callback.call(status);
    }
}

/// The environment ends.
fn end(state: &Environment, poller: u64) {
    // Fails only for a poller that is closed, and then there is nothing left to end.
    drop(state.remove_wake(Handle::from_bits(poller)));
}
