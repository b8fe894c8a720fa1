//! A signal from another thread to the event loop.

use std::ffi::c_int;

use mio_js_core::Result;
use napi::sys;

use super::handle::{Calls, Handle, State};
use super::{Libuv, RawHandle};
use crate::env::Environment;

/// `UV_ASYNC` of `uv_handle_type`.
const UV_ASYNC: c_int = 1;

/// "Something happened", from any thread. Signals that come before one was received merge, and one
/// that is sent while another is received arrives in a later turn of the loop.
#[derive(Debug)]
pub(crate) struct UvSignal(Handle);

/// A handle of libuv that only `uv_async_send` is called with.
struct Target {
    libuv: &'static Libuv,
    handle: RawHandle,
}

// SAFETY: `uv_async_send` may be called from any thread.
unsafe impl Send for Target {}
// SAFETY: as above, and by several at once.
unsafe impl Sync for Target {}

impl Target {
    fn send(&self) {
        // SAFETY: the handle is not closing, see `UvSignal::sender`. It cannot fail otherwise.
        unsafe { (self.libuv.async_send)(self.handle) };
    }
}

impl UvSignal {
    pub(crate) fn new(
        env: sys::napi_env,
        environment: &Environment,
        tag: u64,
        calls: Calls,
    ) -> Result<Self> {
        let handle = Handle::new(env, environment, tag, calls, UV_ASYNC, |libuv, at, raw| {
            // SAFETY: rule "memory"; the memory has the size that libuv asked for, the loop is that
            // of this thread. The data is set before this thread can turn the loop.
            unsafe { (libuv.async_init)(at, raw, sent) }
        })?;
        Ok(Self(handle))
    }

    /// What another thread may send with, as long as it ends before the signal is dropped.
    pub(crate) fn sender(&self) -> impl Fn() + Send + Sync + use<> {
        let target = self.target();
        move || target.send()
    }

    /// Sends from this thread.
    pub(crate) fn send(&self) {
        self.target().send();
    }

    fn target(&self) -> Target {
        Target {
            libuv: self.0.libuv,
            handle: self.0.raw(),
        }
    }

    /// Whether the event loop stays alive for the sake of this signal.
    pub(crate) fn keep_alive(&self, alive: bool) {
        self.0.keep_alive(alive);
    }
}

unsafe extern "C" fn sent(handle: RawHandle) {
    // SAFETY: libuv calls this for handles that were initialised above.
    unsafe { State::ready(handle, 0, false) };
}
