//! What all handles of libuv have in common: memory, a tag, a clean-up hook.

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::ptr;

use mio_js_core::{Misuse, Result};
use napi::sys;

use super::{Libuv, Loop, RawHandle, check};
use crate::env::Environment;
use crate::ffi::{AsyncHook, guard};

/// The functions that a handle calls, each with the handle's tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calls {
    /// The event came: 0, or libuv's negative number. It may drop the handle.
    pub(crate) ready: fn(&Environment, u64, i32),
    /// The environment ends: this must drop the handle.
    pub(crate) end: fn(&Environment, u64),
}

/// What belongs to a handle of libuv. Lives until the handle is closed, by that handle's data.
#[derive(Debug)]
pub(super) struct State {
    /// The handle itself, as words: libuv's structures hold pointers and 64-bit numbers.
    memory: Box<[Cell<u64>]>,
    environment: *const Environment,
    tag: u64,
    calls: Calls,
    /// Whether it was started, where handles are.
    pub(super) active: Cell<bool>,
    hook: RefCell<Option<AsyncHook>>,
}

/// A handle that is initialised and does not keep the loop alive. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Handle {
    /// Leaked by `new`, freed by `closed`.
    state: *const State,
    pub(super) libuv: &'static Libuv,
}

impl Handle {
    /// Makes a handle of a kind of `uv_handle_type`, which `init` initialises.
    pub(super) fn new(
        env: sys::napi_env,
        environment: &Environment,
        tag: u64,
        calls: Calls,
        kind: c_int,
        init: impl FnOnce(&Libuv, Loop, RawHandle) -> c_int,
    ) -> Result<Self> {
        let libuv = Libuv::get()?;
        let mut event_loop = ptr::null_mut();
        // SAFETY: `env` is that of the running call.
        let status = unsafe { sys::napi_get_uv_event_loop(env, &mut event_loop) };
        if status != sys::Status::napi_ok || event_loop.is_null() {
            return Err(Misuse::Unsupported.into());
        }
        // SAFETY: asks for a constant.
        let size = unsafe { (libuv.handle_size)(kind) };
        let state = Box::new(State {
            memory: (0..size.div_ceil(8)).map(|_| Cell::new(0)).collect(),
            environment,
            tag,
            calls,
            active: Cell::new(false),
            hook: RefCell::default(),
        });
        let raw = state.raw();
        // When this fails libuv did not take the handle, and the memory is still ours alone.
        check(init(libuv, event_loop.cast(), raw))?;
        let state: *mut State = Box::into_raw(state);
        // SAFETY: initialised above.
        unsafe { (libuv.handle_set_data)(raw, state.cast()) };
        // SAFETY: initialised above.
        unsafe { (libuv.unref)(raw) };
        let hook = AsyncHook::new(env, Some(end), state.cast());
        // SAFETY: leaked just now, freed by `closed` only.
        unsafe { &*state }.hook.replace(Some(hook));
        Ok(Self { state, libuv })
    }

    pub(super) fn state(&self) -> &State {
        // SAFETY: freed by `closed`, which libuv calls after `Drop` asked it to.
        unsafe { &*self.state }
    }

    pub(super) fn raw(&self) -> RawHandle {
        self.state().raw()
    }

    /// Whether the event loop stays alive while the handle is active.
    pub(super) fn keep_alive(&self, alive: bool) {
        if alive {
            // SAFETY: rule "loop"; the handle is initialised and not closing.
            unsafe { (self.libuv.r#ref)(self.raw()) };
        } else {
            // SAFETY: as above.
            unsafe { (self.libuv.unref)(self.raw()) };
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: rule "loop"; initialised, and not closed yet since only this does it. libuv
        // forgets a descriptor within the call, so it may be closed right after.
        unsafe { (self.libuv.close)(self.raw(), closed) };
    }
}

impl State {
    fn raw(&self) -> RawHandle {
        self.memory.as_ptr().cast_mut().cast()
    }

    /// Calls what waits for the handle.
    ///
    /// # Safety
    ///
    /// libuv is calling back for `handle`, which [`Handle::new`] made.
    pub(super) unsafe fn ready(handle: RawHandle, status: c_int, is_over: bool) {
        let Ok(libuv) = Libuv::get() else { return };
        // SAFETY: the caller's promise.
        let data = unsafe { (libuv.handle_get_data)(handle) };
        // SAFETY: `new` set the data before anything could be called back, and a handle that is
        // called back is not closed. It is not used after the call below, which may close it.
        let state = unsafe { &*data.cast::<Self>() };
        if is_over {
            state.active.set(false);
        }
        let (calls, tag) = (state.calls, state.tag);
        // SAFETY: rule "end".
        let environment = unsafe { &*state.environment };
        guard(|| (calls.ready)(environment, tag, status));
    }
}

unsafe extern "C" fn closed(handle: RawHandle) {
    let Ok(libuv) = Libuv::get() else { return };
    // SAFETY: `new` set the data of every handle that is closed.
    let data = unsafe { (libuv.handle_get_data)(handle) };
    // SAFETY: rule "memory"; leaked by `new`, and libuv calls this once.
    let state = unsafe { Box::from_raw(data.cast::<State>()) };
    guard(|| {
        if let Some(hook) = state.hook.take() {
            hook.close();
        }
    });
}

/// The environment ends. It waits until `closed` takes the hook off.
unsafe extern "C" fn end(_hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: the state lives until `closed`, which also takes this hook off.
    let state = unsafe { &*data.cast::<State>() };
    let (calls, tag) = (state.calls, state.tag);
    // SAFETY: rule "end".
    let environment = unsafe { &*state.environment };
    // A handle that is closing already has no owner that could be found, and nothing happens.
    guard(|| (calls.end)(environment, tag));
}
