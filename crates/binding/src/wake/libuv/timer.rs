//! A moment in the event loop's time.

use std::ffi::c_int;
use std::time::Duration;

use mio_js_core::Result;
use napi::sys;

use super::handle::{Calls, Handle, State};
use super::{RawHandle, check};
use crate::env::Environment;

/// `UV_TIMER` of `uv_handle_type`.
const UV_TIMER: c_int = 13;

/// Calls once when a time is over. It never keeps the event loop alive.
#[derive(Debug)]
pub(crate) struct UvTimer(Handle);

impl UvTimer {
    pub(crate) fn new(
        env: sys::napi_env,
        environment: &Environment,
        tag: u64,
        calls: Calls,
    ) -> Result<Self> {
        let handle = Handle::new(env, environment, tag, calls, UV_TIMER, |libuv, at, raw| {
            // SAFETY: rule "memory"; the memory has the size that libuv asked for, the loop is that
            // of this thread.
            unsafe { (libuv.timer_init)(at, raw) }
        })?;
        Ok(Self(handle))
    }

    /// Starts, instead of what was started before. It may call early by as much as the turn of the
    /// loop has lasted already, as libuv counts from its beginning. No delay is a millisecond:
    /// libuv calls timers until none is due, and one that is started for now again and again would
    /// keep the loop there.
    pub(crate) fn start(&self, delay: Duration) -> Result<()> {
        let milliseconds = delay.as_nanos().div_ceil(1_000_000).max(1);
        let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        // SAFETY: rule "loop"; the handle is initialised and not closing.
        check(unsafe { (self.0.libuv.timer_start)(self.0.raw(), over, milliseconds, 0) })?;
        self.0.state().active.set(true);
        Ok(())
    }

    pub(crate) fn stop(&self) {
        if self.0.state().active.replace(false) {
            // SAFETY: rule "loop"; the handle is initialised and not closing.
            unsafe { (self.0.libuv.timer_stop)(self.0.raw()) };
        }
    }
}

unsafe extern "C" fn over(handle: RawHandle) {
    // SAFETY: libuv calls this for handles that were started above, once.
    unsafe { State::ready(handle, 0, true) };
}
