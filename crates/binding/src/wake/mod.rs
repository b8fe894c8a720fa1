//! How readiness reaches the JavaScript thread while its event loop runs.
//!
//! `pollAsync` must wait for the system's selector and for everything that Node waits for, at the
//! same time, in one thread. There are two ways, and neither is right everywhere.
//!
//! **`uv`**: a selector of epoll or kqueue is itself a descriptor that turns readable, so libuv can
//! watch it next to everything else. It costs no thread, no lock and no context switch: one system
//! call more than a bare `poll`, per batch. But libuv cannot watch a completion port on Windows,
//! and libuv must be there: in Node and Electron it is part of the process, and its functions are
//! found by name at run time, never linked. Whether it is there cannot be found out from here, as
//! Bun has all the names and aborts when some are called; the facade decides by the runtime.
//!
//! **`thread`**: a thread of our own waits in the selector and signals the event loop through
//! Node-API. It works wherever Node-API does. It costs a thread for each poller that waits, and
//! two context switches and a write to a pipe or eventfd for each batch.
//!
//! Both have the same contract. [`watch`] starts one wait with a callback. The callback is called
//! once, from the event loop, when there may be events (and there may be none: then the facade
//! watches again), and the facade collects them by a `poll` with timeout zero. [`unwatch`] ends a
//! wait, and no event that arrived meanwhile is lost. While a wait is pending the process stays
//! alive.
//!
//! When the environment ends, hooks take the wake-ups down before anything that they use: libuv
//! closes a handle only in a later turn of its loop, so that hook is asynchronous; the thread is
//! joined in its hook, which runs before Node-API closes the signal.
//!
//! Engines are woken by the same two means (see `engine`), on the handles of `libuv`.

#[cfg(unix)]
pub(crate) mod libuv;
mod thread;
#[cfg(unix)]
mod uv;

use std::collections::hash_map::Entry;

use mio_js_core::{Handle, Misuse, Result};

use crate::env::Environment;
use crate::ffi::{Call, Callback};
use crate::poll::MAX_CAPACITY;

/// The wake-up of one poller, made with its first wait.
#[derive(Debug)]
pub(crate) enum Wake {
    #[cfg(unix)]
    Uv(uv::UvWake),
    Thread(thread::ThreadWake),
}

/// What JavaScript asks for: `uv` is 0, `thread` is 1.
const UV: u32 = 0;

impl Wake {
    fn new(call: &Call<'_>, poller: Handle, kind: u32) -> Result<Self> {
        if kind != UV {
            return Ok(Self::Thread(thread::ThreadWake::new(call, poller)?));
        }
        #[cfg(unix)]
        return Ok(Self::Uv(uv::UvWake::new(call, poller)?));
        #[cfg(not(unix))]
        Err(Misuse::Unsupported.into())
    }

    fn start(
        &mut self,
        state: &Environment,
        poller: Handle,
        capacity: usize,
        callback: Callback,
    ) -> Result<()> {
        match self {
            #[cfg(unix)]
            Self::Uv(wake) => wake.start(callback),
            Self::Thread(wake) => {
                let driver = state.mirror()?.poller(poller)?.lend(capacity)?;
                wake.start(driver, callback);
                Ok(())
            }
        }
    }

    fn is_waiting(&self) -> bool {
        match self {
            #[cfg(unix)]
            Self::Uv(wake) => wake.is_waiting(),
            Self::Thread(wake) => wake.is_waiting(),
        }
    }

    fn stop(&mut self, state: &Environment, poller: Handle) -> Result<()> {
        match self {
            #[cfg(unix)]
            Self::Uv(wake) => {
                wake.stop();
                Ok(())
            }
            Self::Thread(wake) => wake.stop(state, poller),
        }
    }

    /// Ends the wait and everything behind it. The poller's descriptor must still be open.
    pub(crate) fn close(mut self, state: &Environment, poller: Handle) {
        // How the wait ended is of no interest any more.
        drop(self.stop(state, poller));
    }
}

/// `watch(poller, kind, capacity, callback)`: starts a wait; `callback(0)` when there may be
/// events, `callback(code)` when waiting failed. Returns 1, and does not wait, if events are there
/// already.
pub(crate) fn watch(call: &mut Call<'_>) -> Result<bool> {
    let poller = call.handle(0)?;
    let kind = call.u32(1)?;
    let capacity = call.integer(2, 1.0..=MAX_CAPACITY as f64)? as usize;
    let state = call.state();
    let mut wakes = state.wakes()?;
    let wake = match wakes.entry(poller) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(Wake::new(call, poller, kind)?),
    };
    if wake.is_waiting() {
        return Err(Misuse::Busy.into());
    }
    if state.mirror()?.poller(poller)?.has_ready() {
        return Ok(true);
    }
    let callback = Callback::new(call.env(), call.value(3))?;
    wake.start(state, poller, capacity, callback)?;
    Ok(false)
}

/// `unwatch(poller)`: ends the wait, if there is one.
pub(crate) fn unwatch(call: &mut Call<'_>) -> Result<()> {
    let poller = call.handle(0)?;
    let state = call.state();
    let mut wakes = state.wakes()?;
    match wakes.get_mut(&poller) {
        Some(wake) => wake.stop(state, poller),
        None => Ok(()),
    }
}
