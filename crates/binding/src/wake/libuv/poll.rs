//! Watching a descriptor.

use std::ffi::c_int;
use std::os::fd::RawFd;

use mio_js_core::Result;
use napi::sys;

use super::handle::{Calls, Handle, State};
use super::{RawHandle, check};
use crate::env::Environment;

/// `UV_POLL` of `uv_handle_type`, `UV_READABLE` of `uv_poll_event`.
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;

/// Calls as long as a descriptor is readable, in each turn of the loop. Made stopped.
#[derive(Debug)]
pub(crate) struct UvPoll(Handle);

impl UvPoll {
    /// The descriptor must stay open until the handle is dropped.
    pub(crate) fn new(
        env: sys::napi_env,
        environment: &Environment,
        descriptor: RawFd,
        tag: u64,
        calls: Calls,
    ) -> Result<Self> {
        let handle = Handle::new(env, environment, tag, calls, UV_POLL, |libuv, at, raw| {
            // SAFETY: rule "memory"; the memory has the size that libuv asked for, the loop is that
            // of this thread.
            unsafe { (libuv.poll_init)(at, raw, descriptor) }
        })?;
        Ok(Self(handle))
    }

    /// Starts to watch; nothing if it does already.
    pub(crate) fn start(&self) -> Result<()> {
        if !self.0.state().active.get() {
            // SAFETY: rule "loop"; the handle is initialised and not closing.
            check(unsafe { (self.0.libuv.poll_start)(self.0.raw(), UV_READABLE, readable) })?;
            self.0.state().active.set(true);
        }
        Ok(())
    }

    /// Stops to watch; nothing if it does not, as after an error.
    pub(crate) fn stop(&self) {
        if self.0.state().active.replace(false) {
            // SAFETY: rule "loop"; the handle is initialised and not closing.
            unsafe { (self.0.libuv.poll_stop)(self.0.raw()) };
        }
    }

    /// Whether watching keeps the event loop alive.
    pub(crate) fn keep_alive(&self, alive: bool) {
        self.0.keep_alive(alive);
    }
}

unsafe extern "C" fn readable(handle: RawHandle, status: c_int, _events: c_int) {
    // SAFETY: libuv calls this for handles that were started above. After an error it has stopped
    // to watch already.
    unsafe { State::ready(handle, status, status < 0) };
}
